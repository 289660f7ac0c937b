//! The range of a loop's counter: a parameter of the header that each way around changes by a constant, after a test in
//! the header that bounds it.

use cfg::{DomTree, FlowGraph};
use ir::{BinaryOp, Block, Function, InstData, IntCC, Value, ValueDef};

use super::Facts;
use super::range::Range;
use crate::edit;

/// The test in a header that a counter must pass before it steps.
struct Test {
    cc: IntCC,
    bound: Range,
    /// Where control is once the test has passed.
    passed: Block,
}

/// The range of the numbered parameter of a header, some edges into which the walk has not seen: those that come around.
/// `start` is what the others bring.
pub(super) fn range(
    facts: &Facts,
    func: &Function,
    graph: &FlowGraph,
    dom: &DomTree,
    header: Block,
    index: usize,
    start: Range,
) -> Option<Range> {
    let param = func.block_params(header)[index];
    let ty = func.value_type(param);
    let test = test(facts, func, graph, dom, header, param);
    let mut result = start;
    for &edge in graph.pred_edges(header) {
        if !dom.dominates(header, edge.from) {
            // The walk has seen it, or it is another entry of an irreducible loop.
            let seen = graph.rpo_index(edge.from) < graph.rpo_index(header);
            if seen {
                continue;
            }
            return None;
        }
        let terminator = func.terminator(edge.from)?;
        let mut arg = None;
        let mut at = 0;
        func.for_each_successor(terminator, |call| {
            if at == edge.index {
                arg = func.list(call.args).get(index).copied();
            }
            at += 1;
        });
        let arg = arg?;
        if arg == param {
            continue;
        }
        let (_, &InstData::Binary { op: BinaryOp::Add, args: [x, y] }) = func.def_inst(arg)? else {
            return None;
        };
        let step = edit::int_const(func, y).filter(|_| x == param)?;
        let test = test.as_ref()?;
        // The step may be computed before the test, but gets around only after it.
        if !dom.dominates(test.passed, edge.from) {
            return None;
        }
        result = stepped(result, start, step, test, ty)?;
    }
    Some(result.tightened(ty))
}

fn test(
    facts: &Facts,
    func: &Function,
    graph: &FlowGraph,
    dom: &DomTree,
    header: Block,
    param: Value,
) -> Option<Test> {
    let InstData::Branch { cond, .. } = *func.inst(func.terminator(header)?) else { return None };
    let (_, &InstData::IntCompare { cc, args: [a, b] }) = func.def_inst(cond)? else {
        return None;
    };
    let (cc, other) = match (a == param, b == param) {
        (true, false) => (cc, b),
        (false, true) => (cc.swapped(), a),
        _ => return None,
    };
    // What is known of the bound now is true in every round only if it does not change.
    let fixed = edit::int_const(func, other).is_some()
        || match func.value_def(other) {
            ValueDef::Param(home, _) => dom.strictly_dominates(home, header),
            ValueDef::Result(..) => facts.ranges[other].is_some(),
            ValueDef::Detached => false,
        };
    let bound = if fixed { facts.range(func, other) } else { Range::full(func.value_type(other)) };
    let stays = |index: usize| {
        let to = graph.succs(header)[index];
        (graph.pred_edges(to).len() == 1 && graph.preds(header).any(|pred| dom.dominates(to, pred)))
            .then_some(to)
    };
    match (stays(0), stays(1)) {
        (Some(passed), None) => Some(Test { cc, bound, passed }),
        (None, Some(passed)) => Some(Test { cc: cc.inverse(), bound, passed }),
        _ => None,
    }
}

/// The range if the counter also takes this step whenever it has passed the test.
fn stepped(sum: Range, start: Range, step: i64, test: &Test, ty: ir::Type) -> Option<Range> {
    let full = Range::full(ty);
    let bound = test.bound;
    // The counter when it passed the test is at most, or at least, `last`; one step on is where it can get to.
    match (test.cc, step > 0) {
        (IntCC::Slt | IntCC::Sle, true) => {
            let last = if test.cc == IntCC::Slt { bound.smax.checked_sub(1)? } else { bound.smax };
            let end = last.checked_add(step).filter(|&end| end <= full.smax)?;
            Some(Range { smin: sum.smin.min(start.smin), smax: sum.smax.max(end), ..full })
        }
        (IntCC::Ult | IntCC::Ule, true) => {
            let last = if test.cc == IntCC::Ult { bound.umax.checked_sub(1)? } else { bound.umax };
            let end = last.checked_add(step as u64).filter(|&end| end <= full.umax)?;
            Some(Range { umin: sum.umin.min(start.umin), umax: sum.umax.max(end), ..full })
        }
        (IntCC::Sgt | IntCC::Sge, false) => {
            let last = if test.cc == IntCC::Sgt { bound.smin.checked_add(1)? } else { bound.smin };
            let end = last.checked_add(step).filter(|&end| end >= full.smin)?;
            Some(Range { smin: sum.smin.min(end), smax: sum.smax.max(start.smax), ..full })
        }
        (IntCC::Ugt | IntCC::Uge | IntCC::Ne, false) => {
            let last = match test.cc {
                IntCC::Ugt => bound.umin.checked_add(1)?,
                IntCC::Uge => bound.umin,
                // Down to zero by ones.
                _ if step == -1 && bound.umax == 0 => 1,
                _ => return None,
            };
            let end = last.checked_sub(step.unsigned_abs())?;
            Some(Range { umin: sum.umin.min(end), umax: sum.umax.max(start.umax), ..full })
        }
        _ => None,
    }
}
