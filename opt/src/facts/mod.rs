//! What conditions that were passed say about those to come: redundant bounds checks and branches go.
//!
//! Requires: SSA form, no unreachable blocks; loops that test at the start, as front ends make them, tell most.
//! Preserves: blocks, edges, loops.
//! Breaks: nothing. Conditions that are known become constants, for `simplify_cfg`; checks that cannot fail go at once.
//!
//! A walk over the dominator tree keeps, for the place it is at: the range of each integer, the relation of pairs that
//! were compared, and conditions whose truth is known. A way of a branch and the place after a `trap_if` add to them; all is
//! undone when the walk leaves the subtree. The counter of a loop has a range from where it starts, its step, and the
//! test that it must pass before it steps (compare R. Gupta, *Optimizing array bound checks using flow analysis*, 1993,
//! and R. Bodík et al., *ABCD*, 2000, which do more).

mod counter;
mod def;
mod range;

use std::collections::HashMap;

use cfg::{DomTree, FlowGraph};
use ir::{BinaryOp, Block, Function, Inst, InstData, IntCC, SecondaryMap, TernaryOp, Type, Value};
use smallvec::{SmallVec, smallvec};

use crate::Context;
use crate::edit;
use crate::hash::FastState;
use range::{Range, Relation};

/// Removes and decides redundant conditions; returns how many.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let (graph, dom) = context.analyses.dominators(func);
    let mut facts = Facts {
        ranges: SecondaryMap::with_default(None),
        truths: SecondaryMap::with_default(None),
        relations: HashMap::default(),
        undo: Vec::new(),
        spare: Vec::new(),
        arriving: SecondaryMap::with_default(None),
        changes: 0,
    };
    facts.walk(func, graph, dom);
    facts.changes
}

/// What was known before a fact was added.
enum Undo {
    Range(Value, Option<Range>),
    Truth(Value, Option<bool>),
    Relation((Value, Value), Option<Relation>),
}

struct Facts {
    ranges: SecondaryMap<Value, Option<Range>>,
    truths: SecondaryMap<Value, Option<bool>>,
    /// By pair, the lower value first.
    relations: HashMap<(Value, Value), Relation, FastState>,
    undo: Vec<Undo>,
    /// Memory for the instructions of a block.
    spare: Vec<Inst>,
    /// The union of what the edges seen so far bring to each block parameter, and how many edges that were.
    arriving: SecondaryMap<Value, Option<(Range, u32)>>,
    changes: usize,
}

impl Facts {
    fn walk(&mut self, func: &mut Function, graph: &FlowGraph, dom: &DomTree) {
        enum Step {
            Enter(Block),
            Leave(usize),
        }
        let mut stack: Vec<Step> = graph.entry().map(Step::Enter).into_iter().collect();
        while let Some(step) = stack.pop() {
            match step {
                Step::Leave(length) => self.undo_to(length),
                Step::Enter(block) => {
                    stack.push(Step::Leave(self.undo.len()));
                    self.enter(func, graph, dom, block);
                    self.block(func, block);
                    self.leave(func, block);
                    stack.extend(dom.children(block).iter().rev().map(|&child| Step::Enter(child)));
                }
            }
        }
    }

    fn undo_to(&mut self, length: usize) {
        while self.undo.len() > length {
            match self.undo.pop() {
                Some(Undo::Range(value, old)) => self.ranges[value] = old,
                Some(Undo::Truth(value, old)) => self.truths[value] = old,
                Some(Undo::Relation(pair, Some(old))) => {
                    self.relations.insert(pair, old);
                }
                Some(Undo::Relation(pair, None)) => {
                    self.relations.remove(&pair);
                }
                None => break,
            }
        }
    }

    /// What the way into a block says.
    fn enter(&mut self, func: &Function, graph: &FlowGraph, dom: &DomTree, block: Block) {
        if let &[edge] = graph.pred_edges(block)
            && let Some(terminator) = func.terminator(edge.from)
            && let InstData::Branch { cond, .. } = *func.inst(terminator)
        {
            self.assume(func, cond, edge.index == 0);
        }
        for (index, &param) in func.block_params(block).iter().enumerate() {
            let ty = func.value_type(param);
            if !ty.is_int() {
                continue;
            }
            let edges = graph.pred_edges(block).len() as u32;
            let range = match self.arriving[param] {
                Some((range, seen)) if seen == edges => Some(range),
                Some((range, _)) => counter::range(self, func, graph, dom, block, index, range),
                None => None,
            };
            if let Some(range) = range {
                self.learn_range(param, range.tightened(ty));
            }
        }
    }

    fn block(&mut self, func: &mut Function, block: Block) {
        let mut old = func.take_block_insts(block);
        let mut insts = std::mem::take(&mut self.spare);
        for &inst in &old {
            self.decide(func, inst, &mut insts);
            match *func.inst(inst) {
                InstData::TrapIf { cond, .. } => {
                    if self.truth(func, cond) == Some(false) {
                        func.detach(inst);
                        self.changes += 1;
                        continue;
                    }
                    self.assume(func, cond, false);
                }
                data => {
                    if let Some(result) = func.result(inst)
                        && func.value_type(result).is_int()
                        && let Some(range) = self.range_of_def(func, &data, func.value_type(result))
                    {
                        self.learn_range(result, range);
                    }
                }
            }
            insts.push(inst);
        }
        func.set_block_insts(block, insts);
        old.clear();
        self.spare = old;
    }

    /// Makes a condition that is known a constant.
    fn decide(&mut self, func: &mut Function, inst: Inst, insts: &mut Vec<Inst>) {
        let data = *func.inst(inst);
        match data {
            InstData::IntCompare { cc, args: [a, b] } => {
                let known = func.result(inst).and_then(|result| self.truths[result]);
                if let Some(holds) = known.or_else(|| self.compare(func, cc, a, b)) {
                    func.replace(inst, InstData::IntConst { imm: holds.into() });
                    self.changes += 1;
                }
            }
            InstData::Branch { cond, then_to, else_to } => {
                if let Some(cond) = self.known_condition(func, inst, cond, insts) {
                    func.replace(inst, InstData::Branch { cond, then_to, else_to });
                }
            }
            InstData::Ternary { op: TernaryOp::Select, args: [cond, a, b] } => {
                if let Some(cond) = self.known_condition(func, inst, cond, insts) {
                    let args = [cond, a, b];
                    func.replace(inst, InstData::Ternary { op: TernaryOp::Select, args });
                }
            }
            _ => {}
        }
    }

    /// A new constant for a condition, if it is known and no constant already.
    fn known_condition(
        &mut self,
        func: &mut Function,
        inst: Inst,
        cond: Value,
        insts: &mut Vec<Inst>,
    ) -> Option<Value> {
        if edit::int_const(func, cond).is_some() {
            return None;
        }
        let truth = self.truth(func, cond)?;
        self.changes += 1;
        let data = InstData::IntConst { imm: truth.into() };
        Some(edit::emit(func, insts, data, Type::I8, func.span(inst)))
    }

    /// What a block's end brings to the parameters of its successors.
    fn leave(&mut self, func: &Function, block: Block) {
        let Some(terminator) = func.terminator(block) else { return };
        func.for_each_successor(terminator, |call| {
            for (&param, &arg) in func.block_params(call.block).iter().zip(func.list(call.args)) {
                let ty = func.value_type(param);
                if ty.is_int() {
                    let range = self.range(func, arg);
                    let (sum, seen) = self.arriving[param].unwrap_or((range, 0));
                    self.arriving[param] = Some((sum.union(range), seen + 1));
                }
            }
        });
    }

    fn range(&self, func: &Function, value: Value) -> Range {
        let ty = func.value_type(value);
        match edit::int_const(func, value) {
            Some(imm) => Range::constant(imm, ty),
            None => self.ranges[value].unwrap_or(Range::full(ty)),
        }
    }

    /// Whether a value is certainly not zero, or certainly zero.
    fn truth(&self, func: &Function, value: Value) -> Option<bool> {
        if let Some(truth) = self.truths[value] {
            return Some(truth);
        }
        let range = self.range(func, value);
        if range.umin > 0 {
            Some(true)
        } else if range.umax == 0 {
            Some(false)
        } else {
            None
        }
    }

    fn compare(&self, func: &Function, cc: IntCC, a: Value, b: Value) -> Option<bool> {
        let mut relation = self.range(func, a).relation(self.range(func, b));
        let pair = (a.min(b), a.max(b));
        if let Some(&known) = self.relations.get(&pair) {
            relation = relation.and(if a < b { known } else { known.swapped() });
        }
        relation.decides(cc)
    }

    fn learn_range(&mut self, value: Value, range: Range) {
        if self.ranges[value] != Some(range) {
            self.undo.push(Undo::Range(value, self.ranges[value]));
            self.ranges[value] = Some(range);
        }
    }

    fn learn_truth(&mut self, value: Value, truth: bool) {
        if self.truths[value].is_none() {
            self.undo.push(Undo::Truth(value, None));
            self.truths[value] = Some(truth);
        }
    }

    /// Adds that a condition is not zero, or is, and all that follows. A conjunction says something of both of its
    /// sides, to a fixed depth.
    fn assume(&mut self, func: &Function, cond: Value, truth: bool) {
        let mut work: SmallVec<[Value; 8]> = smallvec![cond];
        let mut left = 8;
        while let Some(cond) = work.pop() {
            self.learn_truth(cond, truth);
            let data = func.def_inst(cond).map(|(_, data)| *data);
            match data {
                Some(InstData::IntCompare { cc, args: [a, b] }) => {
                    let cc = if truth { cc } else { cc.inverse() };
                    self.learn_compare(func, cc, a, b);
                }
                Some(InstData::Binary { op: BinaryOp::And, args }) if truth && left > 0 => {
                    left -= 1;
                    work.extend(args);
                }
                Some(InstData::Binary { op: BinaryOp::Or, args }) if !truth && left > 0 => {
                    left -= 1;
                    work.extend(args);
                }
                _ => {}
            }
            let ty = func.value_type(cond);
            if ty.is_int() && edit::int_const(func, cond).is_none() {
                let cc = if truth { IntCC::Ne } else { IntCC::Eq };
                let range = self.range(func, cond).given(cc, Range::constant(0, ty), ty);
                self.learn_range(cond, range);
            }
        }
    }

    fn learn_compare(&mut self, func: &Function, cc: IntCC, a: Value, b: Value) {
        let ty = func.value_type(a);
        let (of_a, of_b) = (self.range(func, a), self.range(func, b));
        if edit::int_const(func, a).is_none() {
            self.learn_range(a, of_a.given(cc, of_b, ty));
        }
        if edit::int_const(func, b).is_none() {
            self.learn_range(b, of_b.given(cc.swapped(), of_a, ty));
        }
        let pair = (a.min(b), a.max(b));
        let new = if a < b { Relation::of(cc) } else { Relation::of(cc.swapped()) };
        let old = self.relations.get(&pair).copied();
        let both = old.unwrap_or(Relation::ANY).and(new);
        self.relations.insert(pair, both);
        self.undo.push(Undo::Relation(pair, old));
    }
}
