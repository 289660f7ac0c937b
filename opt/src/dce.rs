//! Dead code elimination: instructions whose results nothing needs, and block parameters that only feed each other.
//!
//! Requires: SSA form.
//! Preserves: blocks, edges, loops.
//! Breaks: nothing. Values that were removed are detached.
//!
//! Needed is what has an effect, and what something needed uses (the optimistic marking of R. Cytron et al. 1991,
//! section 7.1, without control dependence): so a web of parameters that only feeds itself goes. A load that nothing
//! uses goes too: reading memory that is not the program's own is the one thing the IR gives no meaning to.

use cfg::FlowGraph;
use ir::{Block, Effect, Function, Inst, SecondaryMap, Value, ValueDef};

use crate::Context;
use crate::edit::EdgeCalls;

/// Returns `true` if an instruction must stay even if nothing uses its results.
fn has_effect(func: &Function, inst: Inst) -> bool {
    match func.inst(inst).opcode().info().effect {
        Effect::Pure | Effect::Reads => false,
        Effect::MayTrap
        | Effect::Writes
        | Effect::Atomic
        | Effect::Variable
        | Effect::Call
        | Effect::Terminator => true,
    }
}

/// Removes dead instructions and parameters; returns how many.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let graph = context.analyses.graph(func);
    let edges = EdgeCalls::new(func);
    let mut needed: SecondaryMap<Value, bool> = SecondaryMap::with_default(false);
    let mut work: Vec<Value> = Vec::new();
    let mut need = |value: Value, work: &mut Vec<Value>| {
        if !std::mem::replace(&mut needed[value], true) {
            work.push(value);
        }
    };
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            if func.inst(inst).is_terminator() {
                // Block arguments are needed only if the parameter is.
                let mut arguments = 0;
                func.for_each_successor(inst, |call| arguments += call.args.len());
                let operands = func.operands(inst);
                let own = operands.len() - arguments;
                operands[..own].iter().for_each(|&value| need(value, &mut work));
            } else if has_effect(func, inst) {
                func.for_each_operand(inst, |value| need(value, &mut work));
            }
        }
    }
    if let Some(entry) = func.entry() {
        func.block_params(entry).iter().for_each(|&value| need(value, &mut work));
    }
    while let Some(value) = work.pop() {
        match func.value_def(value) {
            ValueDef::Result(inst, _) => {
                func.for_each_operand(inst, |value| need(value, &mut work))
            }
            ValueDef::Param(block, index) => {
                for &edge in graph.pred_edges(block) {
                    need(func.list(edges.of(edge).args)[index as usize], &mut work);
                }
            }
            ValueDef::Detached => {}
        }
    }
    sweep(func, graph, &needed)
}

fn sweep(func: &mut Function, graph: &FlowGraph, needed: &SecondaryMap<Value, bool>) -> usize {
    let mut removed = 0;
    let mut narrowed: Vec<(Block, Vec<bool>)> = Vec::new();
    for block in func.layout().to_vec() {
        if func.block_insts(block).iter().any(|&inst| is_dead(func, inst, needed)) {
            let mut insts = func.take_block_insts(block);
            insts.retain(|&inst| {
                let dead = is_dead(func, inst, needed);
                if dead {
                    func.detach(inst);
                    removed += 1;
                }
                !dead
            });
            func.set_block_insts(block, insts);
        }
        let keep: Vec<bool> = func.block_params(block).iter().map(|&value| needed[value]).collect();
        let dead = keep.iter().filter(|keep| !**keep).count();
        if dead > 0 {
            removed += dead;
            func.retain_block_params(block, |index, _| keep[index]);
            narrowed.push((block, keep));
        }
    }
    let mut keeps: SecondaryMap<Block, Option<Vec<bool>>> = SecondaryMap::with_default(None);
    let mut sources: Vec<Block> = Vec::new();
    for (block, keep) in narrowed {
        keeps[block] = Some(keep);
        sources.extend(graph.preds(block));
    }
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let Some(terminator) = func.terminator(source) else { continue };
        func.map_successors(terminator, |func, call| match &keeps[call.block] {
            None => call,
            Some(keep) => {
                let mut keep = keep.iter();
                let mut args = func.list(call.args).to_vec();
                args.retain(|_| keep.next().copied().unwrap_or(true));
                func.block_call(call.block, &args)
            }
        });
    }
    removed
}

fn is_dead(func: &Function, inst: Inst, needed: &SecondaryMap<Value, bool>) -> bool {
    !has_effect(func, inst) && func.results(inst).iter().all(|&value| !needed[value])
}
