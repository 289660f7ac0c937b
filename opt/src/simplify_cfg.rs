//! Branch folding, jump threading and block merging: control flow that is known, empty or straight becomes short.
//!
//! Requires: SSA form.
//! Preserves: SSA form; leaves no unreachable blocks.
//! Breaks: loops' preheaders.
//!
//! - A branch or switch on a constant, or whose ways are all the same, becomes a jump.
//! - `trap_if` on a constant goes, or becomes the end of its block.
//! - An edge into an empty block that only jumps, or only branches on a parameter that the edge gives a constant, goes
//!   where that leads (jump threading).
//! - A block is joined to its only predecessor if that has no other successor.
//!
//! Rounds are repeated while they change something, a few times at most.

use cfg::Analyses;
use ir::{Block, BlockCall, Function, InstData, SecondaryMap, Value};

use crate::Context;
use crate::edit::{Aliases, int_const, use_counts};

/// Each round makes the next one's chances; programs need two or three, and the cost stays linear.
const MAX_ROUNDS: usize = 8;

/// Simplifies the flow graph; returns how many changes it made.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let analyses = &mut context.analyses;
    let mut changes = cfg::drop_unreachable(func, analyses);
    for _ in 0..MAX_ROUNDS {
        let mut round = fold_branches(func);
        round += thread_edges(func);
        if round > 0 {
            analyses.forget();
            round += cfg::drop_unreachable(func, analyses);
        }
        round += merge_blocks(func, analyses);
        changes += round;
        if round == 0 {
            break;
        }
    }
    changes
}

/// Terminators that can go only one way, and traps that are certain.
fn fold_branches(func: &mut Function) -> usize {
    let mut changes = 0;
    for index in 0..func.layout().len() {
        let block = func.layout()[index];
        changes += fold_trap_ifs(func, block);
        let Some(terminator) = func.terminator(block) else { continue };
        let target = match *func.inst(terminator) {
            InstData::Branch { cond, then_to, else_to } => {
                if let Some(cond) = int_const(func, cond) {
                    Some(if cond != 0 { then_to } else { else_to })
                } else {
                    same_call(func, then_to, else_to).then_some(then_to)
                }
            }
            InstData::Switch { index, table } => {
                let table = &func.switches[table];
                match int_const(func, index) {
                    Some(index) => {
                        let case = table.cases.iter().find(|(value, _)| *value == index);
                        Some(case.map_or(table.default, |&(_, call)| call))
                    }
                    None => table
                        .cases
                        .iter()
                        .all(|&(_, call)| same_call(func, call, table.default))
                        .then_some(table.default),
                }
            }
            _ => None,
        };
        if let Some(target) = target {
            func.replace(terminator, InstData::Jump { target });
            changes += 1;
        }
    }
    changes
}

fn same_call(func: &Function, a: BlockCall, b: BlockCall) -> bool {
    a.block == b.block && func.list(a.args) == func.list(b.args)
}

fn fold_trap_ifs(func: &mut Function, block: Block) -> usize {
    let known = |func: &Function, inst| match *func.inst(inst) {
        InstData::TrapIf { cond, .. } => int_const(func, cond),
        _ => None,
    };
    if !func.block_insts(block).iter().any(|&inst| known(func, inst).is_some()) {
        return 0;
    }
    let mut changes = 0;
    let mut kept = Vec::new();
    let mut ended = false;
    for inst in func.take_block_insts(block) {
        if ended {
            func.detach(inst);
            continue;
        }
        match (known(func, inst), *func.inst(inst)) {
            (Some(0), _) => changes += 1,
            (Some(_), InstData::TrapIf { kind, .. }) => {
                func.replace(inst, InstData::Trap { kind });
                kept.push(inst);
                ended = true;
                changes += 1;
            }
            _ => kept.push(inst),
        }
    }
    func.set_block_insts(block, kept);
    changes
}

/// Returns `true` if a block has no instruction but its terminator, and nothing but that uses its parameters.
fn is_empty(func: &Function, block: Block, uses: &SecondaryMap<Value, u32>) -> bool {
    let &[only] = func.block_insts(block) else { return false };
    func.block_params(block).iter().all(|&param| {
        let mut here = 0;
        func.for_each_operand(only, |value| here += u32::from(value == param));
        uses[param] == here
    })
}

/// Leads edges past empty blocks.
fn thread_edges(func: &mut Function) -> usize {
    let uses = use_counts(func);
    let entry = func.entry();
    let mut empty: SecondaryMap<Block, bool> = SecondaryMap::with_default(false);
    for &block in func.layout() {
        empty[block] = Some(block) != entry && is_empty(func, block, &uses);
    }
    let mut changes = 0;
    for index in 0..func.layout().len() {
        let block = func.layout()[index];
        let Some(terminator) = func.terminator(block) else { continue };
        let mut leads_to_empty = false;
        func.for_each_successor(terminator, |call| leads_to_empty |= empty[call.block]);
        if !leads_to_empty {
            continue;
        }
        func.map_successors(terminator, |func, call| {
            let mut call = call;
            // An empty block is left behind once per edge; two steps follow chains without circling in empty loops.
            for _ in 0..2 {
                if !empty[call.block] || call.block == block {
                    break;
                }
                let Some(next) = past(func, call) else { break };
                call = next;
                changes += 1;
            }
            call
        });
    }
    changes
}

/// Where an edge into an empty block leads, if that is one place.
fn past(func: &mut Function, call: BlockCall) -> Option<BlockCall> {
    let terminator = func.terminator(call.block)?;
    let params = func.block_params(call.block);
    let args = func.list(call.args);
    let given = |value: Value| {
        let index = params.iter().position(|&param| param == value);
        index.and_then(|index| args.get(index).copied())
    };
    let next = match *func.inst(terminator) {
        InstData::Jump { target } => target,
        InstData::Branch { cond, then_to, else_to } => {
            let cond = int_const(func, given(cond)?)?;
            if cond != 0 { then_to } else { else_to }
        }
        InstData::Switch { index, table } => {
            let index = int_const(func, given(index)?)?;
            let table = &func.switches[table];
            table.cases.iter().find(|(value, _)| *value == index).map_or(table.default, |c| c.1)
        }
        _ => return None,
    };
    if next.block == call.block {
        return None;
    }
    let args: Vec<Value> =
        func.list(next.args).iter().map(|&value| given(value).unwrap_or(value)).collect();
    Some(func.block_call(next.block, &args))
}

/// Joins blocks to their only predecessors.
fn merge_blocks(func: &mut Function, analyses: &mut Analyses) -> usize {
    let graph = analyses.graph(func);
    let entry = func.entry();
    let mut aliases = Aliases::new();
    let mut merged: SecondaryMap<Block, bool> = SecondaryMap::with_default(false);
    let mut changes = 0;
    for index in 0..func.layout().len() {
        let head = func.layout()[index];
        if merged[head] {
            continue;
        }
        let mut insts: Vec<ir::Inst> = Vec::new();
        let mut last = head;
        // Follows the chain to its end, so that each instruction is moved once.
        while let Some(terminator) = func.terminator(last) {
            let InstData::Jump { target } = *func.inst(terminator) else { break };
            let next = target.block;
            if next == head || Some(next) == entry || graph.pred_edges(next).len() != 1 {
                break;
            }
            for (&param, &arg) in func.block_params(next).iter().zip(func.list(target.args)) {
                aliases.replace(param, arg);
            }
            if func.block_name(head).is_none()
                && let Some(name) = func.block_name(next).map(str::to_owned)
            {
                func.set_block_name(head, &name);
            }
            let mut part = func.take_block_insts(last);
            part.pop();
            insts.append(&mut part);
            merged[next] = true;
            changes += 1;
            last = next;
        }
        if last != head {
            insts.append(&mut func.take_block_insts(last));
            func.set_block_insts(head, insts);
        }
    }
    if changes > 0 {
        let layout = func.layout().iter().copied().filter(|&block| !merged[block]).collect();
        func.set_layout(layout);
        for block in graph.rpo().filter(|&block| merged[block]).collect::<Vec<_>>() {
            func.retain_block_params(block, |_, _| false);
        }
        aliases.apply(func);
        analyses.forget();
    }
    changes
}
