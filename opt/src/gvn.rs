//! Global value numbering: an instruction that computes what a dominating one has computed is replaced by it.
//!
//! Requires: SSA form, no unreachable blocks (they are left as they are).
//! Preserves: blocks, edges, loops.
//! Breaks: nothing. Pure instructions that were replaced are removed at once, with their values detached.
//!
//! Hash-based, over the dominator tree (P. Briggs, K. Cooper, L. T. Simpson, *Value Numbering*, 1997, section 4). The
//! walk is a preorder, so an entry whose block does not dominate the current one will never be of use again, and the
//! table needs no scopes. Instructions that may trap merge too: the dominating one would have trapped first. A `trap_if`
//! whose condition an equal one tested goes. A load merges if no store or call can come between, and gives what the last
//! store wrote if that was to the same address: memory has a version, which changes with each write and where control
//! flow joins different ones. Each region of memory that accesses name has versions of its own, and a load of memory that
//! nothing writes needs none.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use cfg::{FlowGraph, LoopForest};
use ir::{
    Block, Effect, Function, Inst, InstData, LoadKind, MemFacts, SecondaryMap, StoreKind, Type,
    Value,
};

use crate::Context;
use crate::edit::Aliases;
use crate::hash::FastState;
use crate::region;

/// What makes two instructions compute the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    data: InstData,
    ty: Option<Type>,
    /// The version of memory that a load reads.
    memory: u32,
}

impl Key {
    fn new(data: InstData, ty: Option<Type>, memory: &Memory) -> Self {
        match data {
            InstData::Load { kind, facts, addr, offset } => Self {
                // What was promised for one access holds for the other, which is the same.
                data: InstData::Load { kind, facts: MemFacts::NONE, addr, offset },
                ty,
                memory: memory.version(facts),
            },
            _ => Self { data, ty, memory: 0 },
        }
    }
}

/// Where values were computed first; a `trap_if` has none, no operation has more than two.
#[derive(Clone, Copy)]
struct Leader {
    block: Block,
    values: [Option<Value>; 2],
}

/// Merges equal instructions; returns how many went.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let (graph, dom, forest) = context.analyses.loops(func);
    let mut memory = Memory::new(func, graph, forest);
    let insts: usize = func.layout().iter().map(|&block| func.block_insts(block).len()).sum();
    let mut table: HashMap<Key, Leader, FastState> =
        HashMap::with_capacity_and_hasher(insts, FastState::default());
    let mut aliases = Aliases::new();
    let mut removed = 0;
    for &block in dom.preorder() {
        memory.enter(block);
        let mut insts = func.take_block_insts(block);
        insts.retain(|&inst| {
            aliases.apply_to(func, inst);
            let data = normalized(func, inst);
            memory.pass(inst, &data);
            if let InstData::Store { kind: StoreKind::Full, facts, value, addr, offset } = data {
                let facts = MemFacts { readonly: false, ..facts };
                let data = InstData::Load { kind: LoadKind::Full, facts, addr, offset };
                let key = Key::new(data, Some(func.value_type(value)), &memory);
                table.insert(key, Leader { block, values: [Some(value), None] });
            }
            if !may_merge(&data) {
                return true;
            }
            let results = func.results(inst);
            let values = [results.first().copied(), results.get(1).copied()];
            let ty = values[0].map(|value| func.value_type(value));
            let own = Leader { block, values };
            match table.entry(Key::new(data, ty, &memory)) {
                Entry::Occupied(mut known) if !dom.dominates(known.get().block, block) => {
                    known.insert(own);
                    true
                }
                Entry::Occupied(known) => {
                    for (value, by) in values.into_iter().zip(known.get().values) {
                        if let (Some(value), Some(by)) = (value, by) {
                            aliases.replace(value, by);
                            keep_name(func, value, by);
                        }
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
        InstData::Overflow { op, args: [a, b] } if op.info().commutative && b < a => {
            InstData::Overflow { op, args: [b, a] }
        }
        InstData::Wide { op, args: [a, b] } if op.info().commutative && b < a => {
            InstData::Wide { op, args: [b, a] }
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

/// The versions of memory where the walk is.
struct Memory {
    /// Of each region that accesses name, and of memory as a whole first.
    regions: Vec<(MemFacts, MemoryVersions, u32)>,
}

impl Memory {
    fn new(func: &Function, graph: &FlowGraph, forest: &LoopForest) -> Self {
        let mut last = 0;
        let mut of = |facts: MemFacts| {
            (facts, MemoryVersions::new(func, graph, forest, facts, &mut last), 0)
        };
        let named = region::named(func);
        let regions = std::iter::once(MemFacts::NONE).chain(named).map(&mut of).collect();
        Self { regions }
    }

    /// The walk comes to a block.
    fn enter(&mut self, block: Block) {
        for (_, versions, now) in &mut self.regions {
            *now = versions.at_start[block];
        }
    }

    /// The walk passes an instruction.
    fn pass(&mut self, inst: Inst, data: &InstData) {
        for (facts, versions, now) in &mut self.regions {
            if region::writes(data, *facts) {
                *now = versions.after[inst];
            }
        }
    }

    /// What a load with these facts reads; 0 is what never changes.
    fn version(&self, facts: MemFacts) -> u32 {
        if facts.readonly {
            return 0;
        }
        let own = self.regions.iter().find(|(known, ..)| known.region == facts.region);
        own.map_or(0, |&(_, _, now)| now)
    }
}

/// Which version of memory each block starts with, and each write leaves.
struct MemoryVersions {
    at_start: SecondaryMap<Block, u32>,
    after: SecondaryMap<Inst, u32>,
}

impl MemoryVersions {
    /// The versions of what loads with these facts read, numbered on from `last`.
    fn new(
        func: &Function,
        graph: &FlowGraph,
        forest: &LoopForest,
        facts: MemFacts,
        last: &mut u32,
    ) -> Self {
        let writes = |&inst: &Inst| region::writes(func.inst(inst), facts);
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

        let blocks = func.num_blocks();
        let mut versions = Self {
            at_start: SecondaryMap::with_memory(0, blocks),
            after: SecondaryMap::with_default(0),
        };
        let mut at_end: SecondaryMap<Block, Option<u32>> = SecondaryMap::with_memory(None, blocks);
        let mut fresh = || {
            *last += 1;
            *last
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
