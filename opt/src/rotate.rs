//! Loop rotation: `while` becomes `if` around `do while`, which saves a branch in each round, and lets what a loop does
//! in every round move out of it.
//!
//! Requires: SSA form, no unreachable blocks.
//! Preserves: SSA form.
//! Breaks: preheaders; leaves copies for value numbering and blocks for `simplify_cfg` to merge.
//!
//! The header, which decides whether to leave, is copied: the copy takes the edges that enter the loop, the header itself
//! keeps those that come around. Both now define what the header defined, so every value of the header becomes a
//! variable, and SSA construction puts the parameters where the two meet (R. Cytron et al. 1991, via `ssa::construct`).

use cfg::{FlowGraph, Loop, LoopForest};
use ir::{Block, BlockCall, Function, Inst, InstData, SecondaryMap, Value, ValueDef, Var, VarData};

use crate::Context;

/// A header of more instructions than this stays: its copy would cost more than the branch.
const MAX_HEADER: usize = 24;

/// Rotates loops; returns how many.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let (graph, _, forest) = context.analyses.loops(func);
    let candidates: Vec<Loop> =
        forest.loops().filter(|&l| is_candidate(func, graph, forest, l)).collect();
    if candidates.is_empty() {
        return 0;
    }
    let mut rotation = Rotation {
        vars: SecondaryMap::with_default(None),
        copies: SecondaryMap::with_default(None),
    };
    for &l in &candidates {
        rotation.rotate(func, graph, forest, l);
    }
    rotation.place(func, graph, forest, &candidates);
    rotation.write_and_read(func);
    context.analyses.forget();
    ssa::construct_with(func, &mut context.analyses);
    candidates.len()
}

/// Returns `true` if the header, and no block that leads back to it, decides to leave the loop.
fn is_candidate(func: &Function, graph: &FlowGraph, forest: &LoopForest, l: Loop) -> bool {
    let header = forest.header(l);
    if forest.is_irreducible(l)
        || graph.entry() == Some(header)
        || func.block_insts(header).len() > MAX_HEADER
    {
        return false;
    }
    let leaves = |block: Block| graph.succs(block).iter().any(|&to| !forest.contains(l, to));
    let stays = graph.succs(header).iter().any(|&to| forest.contains(l, to) && to != header);
    let mut latches = graph.preds(header).filter(|&pred| forest.contains(l, pred));
    leaves(header) && stays && !latches.any(leaves)
}

struct Rotation {
    /// The variable of each value of a header.
    vars: SecondaryMap<Value, Option<Var>>,
    /// The copy of each header.
    copies: SecondaryMap<Block, Option<Block>>,
}

impl Rotation {
    fn rotate(&mut self, func: &mut Function, graph: &FlowGraph, forest: &LoopForest, l: Loop) {
        let header = forest.header(l);
        let copy = self.copy(func, header);
        for pred in graph.preds(header).filter(|&pred| !forest.contains(l, pred)) {
            // A rotated header enters other loops where its copy does.
            let twin = self.copies[pred];
            for from in [Some(pred), twin].into_iter().flatten() {
                if let Some(terminator) = func.terminator(from) {
                    func.map_successors(terminator, |_, call| BlockCall {
                        block: if call.block == header { copy } else { call.block },
                        args: call.args,
                    });
                }
            }
        }
        self.copies[header] = Some(copy);
    }

    /// Copies a block, whose values and the copies' become variables.
    fn copy(&mut self, func: &mut Function, block: Block) -> Block {
        let copy = func.create_block();
        if let Some(name) = func.block_name(block).map(str::to_owned) {
            func.set_block_name(copy, &name);
        }
        func.set_cold(copy, func.is_cold(block));
        // A header is small, so a search is fast, and a table over all values for each would not be.
        let mut twins: Vec<(Value, Value)> = Vec::new();
        for param in func.block_params(block).to_vec() {
            let twin = func.append_block_param(copy, func.value_type(param));
            self.share(func, param, twin);
            twins.push((param, twin));
        }
        let mut insts = Vec::with_capacity(func.block_insts(block).len());
        for inst in func.block_insts(block).to_vec() {
            let data = func.copy_data(*func.inst(inst));
            let results = func.results(inst).to_vec();
            let types: Vec<_> = results.iter().map(|&value| func.value_type(value)).collect();
            let span = func.span(inst);
            let new = func.create_inst(data, &types, span);
            func.map_operands(new, |value| {
                let twin = twins.iter().find(|(original, _)| *original == value);
                twin.map_or(value, |&(_, twin)| twin)
            });
            for (index, &result) in results.iter().enumerate() {
                let twin = func.results(new)[index];
                self.share(func, result, twin);
                twins.push((result, twin));
            }
            insts.push(new);
        }
        func.set_block_insts(copy, insts);
        copy
    }

    /// Gives a value and its copy one variable.
    fn share(&mut self, func: &mut Function, value: Value, twin: Value) {
        let name = func.value_name(value).unwrap_or_default().to_owned();
        if !name.is_empty() {
            func.set_value_name(twin, &name);
        }
        let var = func.vars.push(VarData { name, ty: func.value_type(value) });
        self.vars[value] = Some(var);
        self.vars[twin] = Some(var);
    }

    /// Puts each copy where the header was, and the header after the last block that leads back to it.
    fn place(
        &self,
        func: &mut Function,
        graph: &FlowGraph,
        forest: &LoopForest,
        candidates: &[Loop],
    ) {
        let mut place: SecondaryMap<Block, usize> = SecondaryMap::with_default(0);
        for (index, &block) in func.layout().iter().enumerate() {
            place[block] = index;
        }
        let mut after: SecondaryMap<Block, Vec<Block>> = SecondaryMap::new();
        for &l in candidates {
            let header = forest.header(l);
            let latches = graph.preds(header).filter(|&pred| forest.contains(l, pred));
            if let Some(last) = latches.max_by_key(|&latch| place[latch]) {
                after[last].push(header);
            }
        }
        let mut layout = Vec::with_capacity(func.layout().len() + candidates.len());
        for &block in func.layout() {
            layout.push(self.copies[block].unwrap_or(block));
            // A header that is the last latch of another loop takes that loop's header with it.
            if self.copies[block].is_none() {
                let mut stack = after[block].clone();
                while let Some(header) = stack.pop() {
                    layout.push(header);
                    stack.extend(after[header].iter().copied());
                }
            }
        }
        func.set_layout(layout);
    }

    /// Writes each variable where its value is defined, and reads it where the value was used in other blocks.
    fn write_and_read(&self, func: &mut Function) {
        let mut home: SecondaryMap<Inst, Option<Block>> = SecondaryMap::with_default(None);
        for &block in func.layout() {
            for &inst in func.block_insts(block) {
                home[inst] = Some(block);
            }
        }
        let mut reads: Vec<Value> = Vec::new();
        for block in func.layout().to_vec() {
            let old = func.take_block_insts(block);
            let mut insts = Vec::with_capacity(old.len());
            for param in func.block_params(block).to_vec() {
                self.write(func, param, &mut insts);
            }
            for inst in old {
                reads.clear();
                func.for_each_operand(inst, |value| {
                    let at_home = match func.value_def(value) {
                        ValueDef::Param(home, _) => home == block,
                        ValueDef::Result(def, _) => home[def] == Some(block),
                        ValueDef::Detached => true,
                    };
                    if self.vars[value].is_some() && !at_home {
                        reads.push(value);
                    }
                });
                if !reads.is_empty() {
                    reads.sort_unstable();
                    reads.dedup();
                    let span = func.span(inst);
                    let mut now = Vec::with_capacity(reads.len());
                    for &value in &reads {
                        let Some(var) = self.vars[value] else { continue };
                        let get = func.create_inst(
                            InstData::VarGet { var },
                            &[func.value_type(value)],
                            span,
                        );
                        insts.push(get);
                        now.push((value, func.results(get)[0]));
                    }
                    func.map_operands(inst, |value| {
                        let found = now.binary_search_by_key(&value, |&(old, _)| old);
                        found.map_or(value, |index| now[index].1)
                    });
                }
                insts.push(inst);
                for result in func.results(inst).to_vec() {
                    self.write(func, result, &mut insts);
                }
            }
            func.set_block_insts(block, insts);
        }
    }

    fn write(&self, func: &mut Function, value: Value, insts: &mut Vec<Inst>) {
        if let Some(var) = self.vars[value] {
            insts.push(func.create_inst(InstData::VarSet { var, value }, &[], None));
        }
    }
}
