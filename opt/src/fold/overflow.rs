//! Arithmetic with overflow and carry, whose operations have two results.

use ir::{CarryOp, InstData, OverflowOp, Type, Value, eval};

use super::{Fold, Step};
use crate::edit;

impl Fold<'_> {
    pub(super) fn overflow(&mut self, op: OverflowOp, [a, b]: [Value; 2]) -> Step {
        let ty = self.ty(a);
        if let (Some(x), Some(y)) = (self.bits(a), self.bits(b)) {
            let (result, over) = eval::overflow(op, ty, x, y);
            return self.two_constants(ty, result, over);
        }
        if op.info().commutative && self.int(a).is_some() {
            return Step::Become(InstData::Overflow { op, args: [b, a] });
        }
        let is_mul = matches!(op, OverflowOp::SmulOverflow | OverflowOp::UmulOverflow);
        let is_sub = matches!(op, OverflowOp::SsubOverflow | OverflowOp::UsubOverflow);
        match self.int(b) {
            Some(0) if is_mul => self.two_constants(ty, 0, false),
            Some(0) => self.never(a),
            Some(1) if is_mul => self.never(a),
            None if is_sub && a == b => self.two_constants(ty, 0, false),
            _ => Step::Keep,
        }
    }

    pub(super) fn carry(&mut self, op: CarryOp, [a, b, carry]: [Value; 3]) -> Step {
        let ty = self.ty(a);
        match (self.int(carry), self.bits(a), self.bits(b)) {
            (Some(0), _, _) => {
                let op = match op {
                    CarryOp::UaddCarry => OverflowOp::UaddOverflow,
                    CarryOp::UsubBorrow => OverflowOp::UsubOverflow,
                };
                Step::Become(InstData::Overflow { op, args: [a, b] })
            }
            (Some(_), Some(x), Some(y)) => {
                let (result, over) = eval::carry(op, ty, x, y, true);
                self.two_constants(ty, result, over)
            }
            _ => Step::Keep,
        }
    }

    fn bits(&self, value: Value) -> Option<u64> {
        edit::const_bits(self.func, value)
    }

    /// The result is `value`, and it always fits.
    fn never(&mut self, value: Value) -> Step {
        Step::AliasTwo(value, self.constant(Type::I8, 0))
    }

    fn two_constants(&mut self, ty: Type, result: u64, over: bool) -> Step {
        let result = self.constant(ty, result as i64);
        Step::AliasTwo(result, self.constant(Type::I8, over.into()))
    }
}
