//! If-conversion: a branch that only chooses between values becomes a `select`.
//!
//! Requires: SSA form, no unreachable blocks.
//! Preserves: SSA form.
//! Breaks: edges; leaves blocks without predecessors to `simplify_cfg`.
//!
//! A branch whose two ways meet in the next block, each at once or through a block of a few pure instructions that
//! belongs to that way alone, computes both and selects. Only where that is less work than the branch: at most
//! `MAX_SPECULATED` instructions and `MAX_SELECTS` selects.

use cfg::FlowGraph;
use ir::{BinaryOp, Block, BlockCall, Effect, Function, Inst, InstData, TernaryOp, UnaryOp, Value};

use crate::Context;
use crate::edit;

/// Instructions, constants not counted, that both ways together may compute speculatively.
const MAX_SPECULATED: usize = 2;

/// Values that may differ between the two ways.
const MAX_SELECTS: usize = 2;

/// Converts branches; returns how many.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let mut converted = 0;
    // In postorder an inner choice is a straight block when the one around it is looked at.
    let graph = context.analyses.graph(func);
    for &block in graph.postorder() {
        converted += usize::from(convert(func, graph, block).is_some());
    }
    if converted > 0 {
        context.analyses.forget();
    }
    converted
}

/// What one way does before the two meet.
struct Way {
    /// The instructions to compute in any case.
    insts: Vec<Inst>,
    /// The block that they come from.
    arm: Option<Block>,
    /// Where it meets the other, and with what.
    end: BlockCall,
}

fn convert(func: &mut Function, graph: &FlowGraph, block: Block) -> Option<()> {
    let terminator = func.terminator(block)?;
    let InstData::Branch { cond, then_to, else_to } = *func.inst(terminator) else { return None };
    let arms = [arm(func, graph, then_to), arm(func, graph, else_to)];
    let direct = |to: BlockCall| Way { insts: Vec::new(), arm: None, end: to };
    // Through both arms, through one of them, or through none.
    let (then_way, else_way) = match arms {
        [Some(a), Some(b)] if a.end.block == b.end.block => (a, b),
        [Some(a), _] if a.end.block == else_to.block => (a, direct(else_to)),
        [_, Some(b)] if b.end.block == then_to.block => (direct(then_to), b),
        _ if then_to.block == else_to.block => (direct(then_to), direct(else_to)),
        _ => return None,
    };
    let is_const = |inst: &Inst| {
        matches!(func.inst(*inst), InstData::IntConst { .. } | InstData::FloatConst { .. })
    };
    let work = then_way.insts.iter().chain(&else_way.insts).filter(|&inst| !is_const(inst)).count();
    let pairs: Vec<(Value, Value)> = func
        .list(then_way.end.args)
        .iter()
        .copied()
        .zip(func.list(else_way.end.args).iter().copied())
        .collect();
    let selects = pairs.iter().filter(|(a, b)| a != b).count();
    if work > MAX_SPECULATED || selects > MAX_SELECTS || then_way.end.block == block {
        return None;
    }

    let span = func.span(terminator);
    let mut insts = func.take_block_insts(block);
    insts.pop();
    for way in [&then_way, &else_way] {
        insts.extend(&way.insts);
        if let Some(arm) = way.arm {
            let end = func.terminator(arm);
            func.set_block_insts(arm, end.into_iter().collect());
        }
    }
    let mut args = Vec::with_capacity(pairs.len());
    for (a, b) in pairs {
        args.push(if a == b {
            a
        } else {
            let data = InstData::Ternary { op: TernaryOp::Select, args: [cond, a, b] };
            let ty = func.value_type(a);
            edit::emit(func, &mut insts, data, ty, span)
        });
    }
    let target = func.block_call(then_way.end.block, &args);
    insts.push(func.create_inst(InstData::Jump { target }, &[], span));
    func.set_block_insts(block, insts);
    Some(())
}

/// A way through a block that has no other predecessor, no parameters, and only does what may be speculated.
fn arm(func: &Function, graph: &FlowGraph, call: BlockCall) -> Option<Way> {
    let block = call.block;
    if graph.pred_edges(block).len() != 1
        || !func.block_params(block).is_empty()
        || func.is_cold(block)
    {
        return None;
    }
    let InstData::Jump { target } = *func.inst(func.terminator(block)?) else { return None };
    let insts = func.block_insts(block);
    let insts = insts[..insts.len() - 1].to_vec();
    insts.iter().all(|&inst| is_cheap(func, inst)).then_some(Way {
        insts,
        arm: Some(block),
        end: target,
    })
}

/// `true` if a speculated instruction costs about one cycle and no more.
fn is_cheap(func: &Function, inst: Inst) -> bool {
    let data = func.inst(inst);
    if data.opcode().info().effect != Effect::Pure {
        return false;
    }
    match *data {
        InstData::Unary { op, .. } => {
            func.result(inst).is_some_and(|value| func.value_type(value).is_int())
                && !matches!(
                    op,
                    UnaryOp::Popcnt
                        | UnaryOp::Bitcast
                        | UnaryOp::FloatToSintSat
                        | UnaryOp::FloatToUintSat
                )
                || matches!(op, UnaryOp::Fneg | UnaryOp::Fabs)
        }
        InstData::Binary { op, .. } => matches!(
            op,
            BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Xor
                | BinaryOp::Shl
                | BinaryOp::Lshr
                | BinaryOp::Ashr
        ),
        InstData::Ternary { op, .. } => op == TernaryOp::Select,
        _ => true,
    }
}
