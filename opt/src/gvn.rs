//! Global value numbering: an instruction that computes what a dominating one has computed is replaced by it.
//!
//! Requires: SSA form, no unreachable blocks (they are left as they are).
//! Preserves: blocks, edges, loops, critical edges split.
//! Breaks: nothing. Pure instructions that were replaced are removed at once, with their values detached.
//!
//! Hash-based, over the dominator tree (P. Briggs, K. Cooper, L. T. Simpson, *Value Numbering*, 1997, section 4). The
//! walk is a preorder, so an entry whose block does not dominate the current one will never be of use again, and the
//! table needs no scopes. Instructions that may trap merge too: the dominating one would have trapped first. A `trap_if`
//! whose condition an equal one tested goes. A load merges if no store or call can come between, and gives what the last
//! store wrote if that was to the same address: memory has a version, which changes with each write and where control
//! flow joins different ones.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use cfg::{DomTree, FlowGraph, LoopForest};
use ir::{Block, Effect, Function, Inst, InstData, LoadKind, SecondaryMap, StoreKind, Type, Value};

use crate::edit::Aliases;
use crate::hash::FastState;

/// What makes two instructions compute the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    data: InstData,
    ty: Option<Type>,
    /// The version of memory that a load reads.
    memory: u32,
}

/// Where a value was computed first; a `trap_if` has none.
#[derive(Clone, Copy)]
struct Leader {
    block: Block,
    value: Option<Value>,
}

/// Merges equal instructions; returns how many went.
pub fn run(func: &mut Function) -> usize {
    let graph = FlowGraph::new(func);
    let dom = DomTree::new(&graph);
    let versions = MemoryVersions::new(func, &graph, &dom);
    let mut table: HashMap<Key, Leader, FastState> = HashMap::default();
    let mut aliases = Aliases::new();
    let mut removed = 0;
    for &block in dom.preorder() {
        let mut memory = versions.at_start[block];
        let mut insts = func.take_block_insts(block);
        insts.retain(|&inst| {
            aliases.apply_to(func, inst);
            let data = normalized(func, inst);
            match data.opcode().info().effect {
                Effect::Writes | Effect::Call => memory = versions.after[inst],
                _ => {}
            }
            if let InstData::Store { kind: StoreKind::Full, value, addr, offset } = data {
                let data = InstData::Load { kind: LoadKind::Full, addr, offset };
                let key = Key { data, ty: Some(func.value_type(value)), memory };
                table.insert(key, Leader { block, value: Some(value) });
            }
            if !may_merge(&data) {
                return true;
            }
            let result = func.result(inst);
            let reads = data.opcode().info().effect == Effect::Reads;
            let ty = result.map(|value| func.value_type(value));
            let key = Key { data, ty, memory: if reads { memory } else { 0 } };
            let own = Leader { block, value: result };
            match table.entry(key) {
                Entry::Occupied(mut known) if !dom.dominates(known.get().block, block) => {
                    known.insert(own);
                    true
                }
                Entry::Occupied(known) => {
                    if let (Some(value), Some(by)) = (result, known.get().value) {
                        aliases.replace(value, by);
                        keep_name(func, value, by);
                    }
                    func.detach(inst);
                    removed += 1;
                    false
                }
                Entry::Vacant(entry) => {
                    entry.insert(own);
                    true
                }
            }
        });
        func.set_block_insts(block, insts);
    }
    // Arguments on back edges, and blocks that cannot be reached, were met before what they use was replaced.
    aliases.apply(func);
    removed
}

fn keep_name(func: &mut Function, value: Value, by: Value) {
    if func.value_name(by).is_none()
        && let Some(name) = func.value_name(value).map(str::to_owned)
    {
        func.set_value_name(by, &name);
    }
}

fn may_merge(data: &InstData) -> bool {
    matches!(data.opcode().info().effect, Effect::Pure | Effect::MayTrap | Effect::Reads)
}

/// The payload with the operands of a commutative operation, and of a comparison, in one order.
fn normalized(func: &Function, inst: Inst) -> InstData {
    match *func.inst(inst) {
        InstData::Binary { op, args: [a, b] } if op.info().commutative && b < a => {
            InstData::Binary { op, args: [b, a] }
        }
        InstData::IntCompare { cc, args: [a, b] } if b < a => {
            InstData::IntCompare { cc: cc.swapped(), args: [b, a] }
        }
        InstData::FloatCompare { cc, args: [a, b] } if b < a => {
            InstData::FloatCompare { cc: cc.swapped(), args: [b, a] }
        }
        data => data,
    }
}

/// Which version of memory each block starts with, and each write leaves.
struct MemoryVersions {
    at_start: SecondaryMap<Block, u32>,
    after: SecondaryMap<Inst, u32>,
}

impl MemoryVersions {
    fn new(func: &Function, graph: &FlowGraph, dom: &DomTree) -> Self {
        let forest = LoopForest::new(graph, dom);
        let writes = |&inst: &Inst| {
            matches!(func.inst(inst).opcode().info().effect, Effect::Writes | Effect::Call)
        };
        // Whether a loop, or one inside it, writes.
        let mut loop_writes = vec![false; forest.loops().len()];
        for block in graph.rpo() {
            if let Some(l) = forest.loop_of(block)
                && func.block_insts(block).iter().any(writes)
            {
                loop_writes[ir::Entity::index(l)] = true;
            }
        }
        for l in forest.loops().rev() {
            if let Some(parent) = forest.parent(l)
                && loop_writes[ir::Entity::index(l)]
            {
                loop_writes[ir::Entity::index(parent)] = true;
            }
        }

        let mut versions =
            Self { at_start: SecondaryMap::with_default(0), after: SecondaryMap::with_default(0) };
        let mut at_end: SecondaryMap<Block, Option<u32>> = SecondaryMap::with_default(None);
        let mut last = 0;
        let mut fresh = || {
            last += 1;
            last
        };
        for block in graph.rpo() {
            let quiet = forest.loop_of(block).filter(|&l| {
                forest.header(l) == block
                    && !forest.is_irreducible(l)
                    && !loop_writes[ir::Entity::index(l)]
            });
            let mut common: Option<u32> = None;
            let mut differ = graph.entry() == Some(block);
            for pred in graph.preds(block).filter(|&pred| graph.is_reachable(pred)) {
                // What comes around a loop that writes nothing is what came in.
                if quiet.is_some_and(|l| forest.contains(l, pred)) {
                    continue;
                }
                match at_end[pred] {
                    Some(version) if common.is_none_or(|common| common == version) => {
                        common = Some(version);
                    }
                    _ => differ = true,
                }
            }
            let mut version = match common {
                Some(version) if !differ => version,
                _ => fresh(),
            };
            versions.at_start[block] = version;
            for &inst in func.block_insts(block) {
                if writes(&inst) {
                    version = fresh();
                    versions.after[inst] = version;
                }
            }
            at_end[block] = Some(version);
        }
        versions
    }
}
