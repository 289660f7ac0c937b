//! Which operation an arithmetic instruction, a comparison or a branch becomes.

use ir::{BinaryOp, Block, BlockCall, Entity, FloatCC, Inst, InstData, IntCC, Type, Value, eval};

use crate::error::LoadError;
use crate::exec::{self, ChainEnd, Shape};
use crate::load::{Loader, known};
use crate::op::{Handler, Op, Reg};

/// An integer or float comparison.
#[derive(Clone, Copy)]
struct Comparison {
    cc: Condition,
    ty: Type,
    args: [Value; 2],
}

#[derive(Clone, Copy)]
enum Condition {
    Int(IntCC),
    Float(FloatCC),
}

impl Comparison {
    fn inverse(self) -> Self {
        let cc = match self.cc {
            Condition::Int(cc) => Condition::Int(cc.inverse()),
            Condition::Float(cc) => Condition::Float(cc.inverse()),
        };
        Self { cc, ..self }
    }

    fn swapped(self) -> Self {
        let cc = match self.cc {
            Condition::Int(cc) => Condition::Int(cc.swapped()),
            Condition::Float(cc) => Condition::Float(cc.swapped()),
        };
        Self { cc, args: [self.args[1], self.args[0]], ..self }
    }

    fn handler(self, shape: Shape) -> Option<Handler> {
        match self.cc {
            Condition::Int(cc) => exec::int_compare(cc, self.ty, shape),
            Condition::Float(cc) => exec::float_compare(cc, self.ty, shape),
        }
    }
}

impl Loader<'_> {
    /// A binary operation on words: of two in a row, with an immediate, or plain.
    pub(crate) fn binary(&mut self, op: BinaryOp, value: Value, args: [Value; 2]) {
        let ty = self.func.value_type(value);
        if self.chained(op, value, args) {
            return;
        }
        // A constant on the left of a commutative operation moves to the right.
        let swap = op.info().commutative && self.constant_of(args[0]).is_some();
        let [x, y] = if swap { [args[1], args[0]] } else { args };
        if let Some(bits) = self.constant_of(y)
            && let Some((handler, immediate)) = with_immediate(op, ty, bits)
        {
            let a = self.reg(x);
            self.define(value, |loader, d| loader.push(Op::new(handler, d, a, immediate, 0)));
            return;
        }
        let (a, b) = (self.reg(x), self.reg(y));
        let handler = known(exec::binary(op, ty));
        self.define(value, |loader, d| loader.push(Op::new(handler, d, a, b, 0)));
    }

    /// Two float operations in one, if an operand is part of this one.
    fn chained(&mut self, op: BinaryOp, value: Value, args: [Value; 2]) -> bool {
        let func = self.func;
        let left = self.plan.fused_def(func, args[0]).map(|(_, &data)| (data, ChainEnd::Left, 1));
        let right =
            || self.plan.fused_def(func, args[1]).map(|(_, &data)| (data, ChainEnd::Right, 0));
        let Some((InstData::Binary { op: first, args: [x, y] }, end, other)) = left.or_else(right)
        else {
            return false;
        };
        let Some(handler) = exec::chain([first, op], end, func.value_type(value)) else {
            return false;
        };
        let (a, b, c) = (self.reg(x), self.reg(y), self.reg(args[other]));
        self.define(value, |loader, d| loader.push(Op::new(handler, d, a, b, c)));
        true
    }

    fn comparison(&self, inst: Inst) -> Option<Comparison> {
        match *self.func.inst(inst) {
            InstData::IntCompare { cc, args } => {
                let ty = self.func.value_type(args[0]);
                Some(Comparison { cc: Condition::Int(cc), ty, args })
            }
            InstData::FloatCompare { cc, args } => {
                let ty = self.func.value_type(args[0]);
                Some(Comparison { cc: Condition::Float(cc), ty, args })
            }
            _ => None,
        }
    }

    /// A comparison of words whose result is wanted as a value.
    pub(crate) fn compare(&mut self, inst: Inst, value: Value) {
        let Some(comparison) = self.comparison(inst) else { unreachable!("it compares") };
        let [a, b] = comparison.args.map(|arg| self.reg(arg));
        let handler = known(comparison.handler(Shape::Value));
        self.define(value, |loader, d| loader.push(Op::new(handler, d, a, b, 0)));
    }

    /// The operation of a comparison in one of two shapes: with an immediate, if its constant operand fits, or not. Gives
    /// the handler and the two operands.
    fn shaped(
        &mut self,
        comparison: Comparison,
        immediate: Shape,
        plain: Shape,
    ) -> Option<(Handler, Reg, Reg)> {
        let swap = self.constant_of(comparison.args[0]).is_some();
        let comparison = if swap { comparison.swapped() } else { comparison };
        let [x, y] = comparison.args;
        if let (Condition::Int(cc), Some(bits)) = (comparison.cc, self.constant_of(y))
            && let Some(bits) = exec::compare_immediate(cc, comparison.ty, bits)
        {
            return Some((comparison.handler(immediate)?, self.reg(x), bits));
        }
        let (a, b) = (self.reg(x), self.reg(y));
        Some((comparison.handler(plain)?, a, b))
    }

    /// A trap on a condition.
    pub(crate) fn trap_if(&mut self, cond: Value, code: u16) {
        let fused = self.plan.fused_def(self.func, cond).map(|(inst, _)| inst);
        let comparison = fused.and_then(|inst| self.comparison(inst));
        if let Some(comparison) = comparison
            && let Some((handler, a, b)) =
                self.shaped(comparison, Shape::TrapImmediate, Shape::Trap)
        {
            self.push(Op::new(handler, 0, a, b, code));
            return;
        }
        let d = self.reg(cond);
        self.push(Op::new(exec::trap_nonzero(), d, 0, 0, code));
    }

    /// A conditional branch: the edge that needs no copies is jumped to, or falls through if it is next.
    pub(crate) fn branch(
        &mut self,
        block: Block,
        cond: Value,
        then_to: BlockCall,
        else_to: BlockCall,
        next: Option<Block>,
    ) -> Result<(), LoadError> {
        let then_work = self.has_edge_work(then_to);
        let else_work = self.has_edge_work(else_to);
        if !then_work && (else_work || next != Some(then_to.block)) {
            self.jump_if(cond, true, Some(then_to.block));
            self.goto(block, else_to, next);
        } else if !else_work {
            self.jump_if(cond, false, Some(else_to.block));
            self.goto(block, then_to, next);
        } else {
            let place = self.jump_if(cond, true, None);
            self.goto(block, else_to, None);
            let then_start = self.here()?;
            self.code.cells[place].set_wide(then_start);
            self.goto(block, then_to, next);
        }
        Ok(())
    }

    /// A jump that is taken if `cond` is `wanted`, to the start of `target` or, without one, to a place that is set
    /// later. Gives its own place.
    fn jump_if(&mut self, cond: Value, wanted: bool, target: Option<Block>) -> usize {
        let fused = self.plan.fused_def(self.func, cond).map(|(inst, _)| inst);
        let comparison = fused.and_then(|inst| self.comparison(inst));
        let op = match comparison {
            Some(comparison) => {
                let comparison = if wanted { comparison } else { comparison.inverse() };
                if let Some(target) = target
                    && let Some(op) = self.step(comparison, target)
                {
                    self.push(op);
                    return self.code.cells.len() - 1;
                }
                self.late_step(comparison);
                self.shaped(comparison, Shape::BranchImmediate, Shape::Branch)
                    .map(|(handler, d, a)| Op::with_wide(handler, d, a, 0))
            }
            None => None,
        };
        let op = op.unwrap_or_else(|| {
            let d = self.reg(cond);
            let handler = if wanted { exec::branch_nonzero() } else { exec::branch_zero() };
            Op::with_wide(handler, d, 0, 0)
        });
        match target {
            Some(target) => self.jump_op(op, target),
            None => self.push(op),
        }
        self.code.cells.len() - 1
    }

    /// The sum that this comparison compares, if the branch is to compute it: its place among the operands, and the
    /// instruction.
    fn sum_of(&self, comparison: Comparison) -> Option<(usize, Value, Inst, [Value; 2])> {
        (0..2).find_map(|side| {
            let sum = comparison.args[side];
            match self.func.def_inst(sum)? {
                (inst, &InstData::Binary { args, .. }) if self.plan.is_step(inst) => {
                    Some((side, sum, inst, args))
                }
                _ => None,
            }
        })
    }

    /// The end of a counting loop: addition, comparison and jump back in one, if the sum takes the place of an addend.
    fn step(&mut self, comparison: Comparison, target: Block) -> Option<Op> {
        let (side, sum, _, [x, y]) = self.sum_of(comparison)?;
        let comparison = if side == 0 { comparison } else { comparison.swapped() };
        let Condition::Int(cc) = comparison.cc else { return None };
        let target = u16::try_from(self.starts[target.index()]?).ok()?;
        let place = self.place_of(sum);
        let addend = if self.constant_of(x).is_none() && self.place_of(x) == place {
            y
        } else if self.constant_of(y).is_none() && self.place_of(y) == place {
            x
        } else {
            return None;
        };
        // A sum of the two same ones is compared with the new one, as it should be.
        if place >= crate::emit::WINDOW_REGISTERS {
            return None;
        }
        let immediate = self
            .constant_of(addend)
            .and_then(|bits| i16::try_from(eval::sign_extend(bits, comparison.ty)).ok());
        let handler = exec::step_and_branch(cc, comparison.ty, immediate.is_some())?;
        let a = match immediate {
            Some(immediate) => immediate as u16,
            None => self.reg(addend),
        };
        let b = self.reg(comparison.args[1]);
        Some(Op::new(handler, place as Reg, a, b, target))
    }

    /// The addition that a branch was to do, before it.
    fn late_step(&mut self, comparison: Comparison) {
        if let Some((_, sum, _, args)) = self.sum_of(comparison) {
            self.binary(BinaryOp::Add, sum, args);
        }
    }
}

/// A binary operation with a right operand of these bits as an immediate, if there is one.
fn with_immediate(op: BinaryOp, ty: Type, bits: u64) -> Option<(Handler, u16)> {
    let signed = eval::sign_extend(bits, ty);
    let (op, signed) = match op {
        BinaryOp::Sub => (BinaryOp::Add, signed.checked_neg()?),
        _ => (op, signed),
    };
    let immediate = i16::try_from(signed).ok()?;
    Some((exec::binary_immediate(op, ty)?, immediate as u16))
}
