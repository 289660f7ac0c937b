//! Loop-invariant code motion: what is the same in every round of a loop is computed once, before it.
//!
//! Requires: SSA form, no unreachable blocks.
//! Preserves: SSA form.
//! Breaks: nothing that is kept elsewhere; adds a preheader to each loop that it moves something out of.
//!
//! Pure instructions move whenever their operands are defined outside of the loop, even if the loop would not have
//! executed them. What may trap moves only from the header, and only if nothing with an effect comes before it there, so
//! that the same trap comes first. Loads move so too, if the loop writes nothing; one whose address is in a stack slot
//! moves from anywhere. Inner loops come first, so that an instruction can move out of several.

use std::num::NonZeroU8;

use cfg::{Analyses, FlowGraph, Loop, LoopForest};
use ir::{
    Block, BlockCall, Effect, Entity, Function, Inst, InstData, LoadKind, MemFacts, SecondaryMap,
    Type, Value, ValueDef,
};

use crate::Context;

/// Moves instructions out of loops; returns how many moves.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let (graph, _, forest) = context.analyses.loops(func);
    if forest.loops().len() == 0 {
        return 0;
    }
    let mut preheaders: SecondaryMap<Block, Option<Preheader>> = SecondaryMap::with_default(None);
    let mut added = 0;
    for l in forest.loops() {
        let may_have = !forest.is_irreducible(l) && graph.entry() != Some(forest.header(l));
        if may_have && preheader(graph, forest, l).is_none() {
            let header = forest.header(l);
            preheaders[header] = Some(Preheader { block: make_preheader(func, header), of: l });
            added += 1;
        }
    }
    if added > 0 {
        enter_by(func, graph, forest, &preheaders);
        context.analyses.forget();
    }
    let moved = hoist(func, &mut context.analyses);
    moved + added
}

/// The only block outside of a loop that leads to its header, if it leads nowhere else.
fn preheader(graph: &FlowGraph, forest: &LoopForest, l: Loop) -> Option<Block> {
    let header = forest.header(l);
    let mut outside = graph.preds(header).filter(|&pred| !forest.contains(l, pred));
    let only = outside.next()?;
    (outside.next().is_none() && graph.succs(only).len() == 1).then_some(only)
}

/// A block that all edges from outside of a loop are to go through.
#[derive(Clone, Copy)]
struct Preheader {
    block: Block,
    of: Loop,
}

/// Makes a block that passes its parameters on to a header.
fn make_preheader(func: &mut Function, header: Block) -> Block {
    let new = func.create_block();
    let mut params = Vec::new();
    for param in func.block_params(header).to_vec() {
        let own = func.append_block_param(new, func.value_type(param));
        if let Some(name) = func.value_name(param).map(str::to_owned) {
            func.set_value_name(own, &name);
        }
        params.push(own);
    }
    let target = func.block_call(header, &params);
    func.append_inst(new, InstData::Jump { target }, &[], None);
    new
}

/// Leads the edges that enter loops through the new preheaders, each of which stands directly before its header. Looks at
/// each edge once, however many of the loops a switch leads to.
fn enter_by(
    func: &mut Function,
    graph: &FlowGraph,
    forest: &LoopForest,
    preheaders: &SecondaryMap<Block, Option<Preheader>>,
) {
    let mut layout = Vec::with_capacity(func.layout().len());
    for block in func.layout().to_vec() {
        layout.extend(preheaders[block].map(|preheader| preheader.block));
        layout.push(block);
        let entered = |to: Block| preheaders[to].filter(|to| !forest.contains(to.of, block));
        let Some(terminator) = func.terminator(block) else { continue };
        if graph.succs(block).iter().any(|&to| entered(to).is_some()) {
            func.map_successors(terminator, |_, call| BlockCall {
                block: entered(call.block).map_or(call.block, |preheader| preheader.block),
                args: call.args,
            });
        }
    }
    func.set_layout(layout);
}

fn hoist(func: &mut Function, analyses: &mut Analyses) -> usize {
    let (graph, _, forest) = analyses.loops(func);
    let mut home: SecondaryMap<Inst, Option<Block>> = SecondaryMap::with_default(None);
    let mut loop_writes = vec![Writes::default(); forest.loops().len()];
    for block in graph.rpo() {
        for &inst in func.block_insts(block) {
            home[inst] = Some(block);
            if let Some(l) = forest.loop_of(block) {
                loop_writes[l.index()].add(func.inst(inst));
            }
        }
    }
    // What is invariant in a loop stands in no loop inside it: it was moved to the preheader there. So the blocks of a loop
    // are those that no inner loop has, which makes the work linear however deep loops nest; what a loop cannot be moved out
    // of is left to the one around it.
    let mut out_of: Vec<Option<(Loop, Block)>> = Vec::with_capacity(forest.loops().len());
    for l in forest.loops() {
        let to = preheader(graph, forest, l).filter(|_| !forest.is_irreducible(l));
        let around = || forest.parent(l).and_then(|parent| out_of[parent.index()]);
        out_of.push(to.map(|to| (l, to)).or_else(around));
    }
    let mut blocks: Vec<Vec<Block>> = vec![Vec::new(); forest.loops().len()];
    for block in graph.rpo() {
        if let Some((l, _)) = forest.loop_of(block).and_then(|l| out_of[l.index()]) {
            blocks[l.index()].push(block);
        }
    }
    let mut moved = 0;
    for l in forest.loops().rev() {
        if let Some(parent) = forest.parent(l) {
            let inner = loop_writes[l.index()];
            loop_writes[parent.index()].join(inner);
        }
        let Some((_, to)) = out_of[l.index()].filter(|&(own, _)| own == l) else { continue };
        let mut hoisted: Vec<Inst> = Vec::new();
        for &block in &blocks[l.index()] {
            // Whether the loop has done nothing yet that shows when control is here for the first time.
            let mut first = block == forest.header(l);
            let mut insts = func.take_block_insts(block);
            insts.retain(|&inst| {
                let outside = |value: Value| match func.value_def(value) {
                    ValueDef::Param(home, _) => !forest.contains(l, home),
                    ValueDef::Result(def, _) => {
                        home[def].is_none_or(|home| !forest.contains(l, home))
                    }
                    ValueDef::Detached => false,
                };
                let may_move = match func.inst(inst).opcode().info().effect {
                    Effect::Pure => true,
                    Effect::MayTrap => first,
                    Effect::Reads => {
                        !loop_writes[l.index()].may_change(func.inst(inst))
                            && (first || is_safe_load(func, inst))
                    }
                    _ => false,
                };
                let mut invariant = may_move;
                if may_move {
                    func.for_each_operand(inst, |value| invariant &= outside(value));
                }
                if invariant {
                    home[inst] = Some(to);
                    hoisted.push(inst);
                } else {
                    let effect = func.inst(inst).opcode().info().effect;
                    first &= !(effect == Effect::MayTrap || effect.may_write());
                }
                !invariant
            });
            func.set_block_insts(block, insts);
        }
        if !hoisted.is_empty() {
            moved += hoisted.len();
            let mut insts = func.take_block_insts(to);
            let at = insts.len().saturating_sub(1);
            insts.splice(at..at, hoisted);
            func.set_block_insts(to, insts);
        }
    }
    moved
}

/// Which memory the instructions of a loop may write.
#[derive(Clone, Copy, Default)]
struct Writes {
    /// Memory of which nothing is known.
    any: bool,
    /// Whether a region was written: bits by number.
    regions: [u64; (1 << u8::BITS) / u64::BITS as usize],
}

impl Writes {
    fn add(&mut self, data: &InstData) {
        match *data {
            InstData::Store { facts: MemFacts { region: Some(region), .. }, .. } => {
                let (word, bit) = place(region);
                self.regions[word] |= bit;
            }
            _ => self.any |= data.opcode().info().effect.may_write(),
        }
    }

    fn join(&mut self, other: Self) {
        self.any |= other.any;
        self.regions.iter_mut().zip(other.regions).for_each(|(own, other)| *own |= other);
    }

    /// Returns `true` if what a load reads may change.
    fn may_change(&self, load: &InstData) -> bool {
        let InstData::Load { facts, .. } = *load else { return true };
        let written = match facts.region {
            Some(region) => self.regions[place(region).0] & place(region).1 != 0,
            None => self.regions.iter().any(|&word| word != 0),
        };
        !facts.readonly && (self.any || written)
    }
}

/// The word and the bit of a region in a set of regions.
fn place(region: NonZeroU8) -> (usize, u64) {
    (usize::from(region.get()) / u64::BITS as usize, 1 << (u32::from(region.get()) % u64::BITS))
}

/// Returns `true` if a load is certain to read inside a stack slot.
fn is_safe_load(func: &Function, inst: Inst) -> bool {
    let InstData::Load { kind, addr, offset, .. } = *func.inst(inst) else { return false };
    let Some((_, &InstData::StackAddr { slot, offset: base })) = func.def_inst(addr) else {
        return false;
    };
    let result = func.result(inst).map_or(Type::I64, |value| func.value_type(value));
    let memory = match kind {
        LoadKind::Full => result,
        LoadKind::Narrow(width, _) => width.as_type(),
    };
    let start = i64::from(base) + i64::from(offset);
    let end = start + i64::from(memory.bytes());
    start >= 0 && u64::try_from(end).is_ok_and(|end| end <= func.slots[slot].size)
}
