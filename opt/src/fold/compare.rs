//! Comparisons and conditions.

use ir::{BinaryOp, FloatCC, InstData, IntCC, Type, UnaryOp, Value, eval};

use super::binary::{signed_max, signed_min};
use super::{Fold, Step, int_data};

impl Fold<'_> {
    pub(super) fn int_compare(&mut self, cc: IntCC, args: [Value; 2]) -> Step {
        let [a, b] = args;
        let ty = self.ty(a);
        let compare = |cc, args| Step::Become(InstData::IntCompare { cc, args });
        if a == b {
            return truth(eval::icmp(cc, ty, 0, 0));
        }
        match (self.int(a), self.int(b)) {
            (Some(_), None) => return compare(cc.swapped(), [b, a]),
            (_, Some(c)) => return self.compare_with(cc, a, c, ty),
            (None, None) => {}
        }
        match (self.def(a), self.def(b)) {
            (
                Some(InstData::Unary { op: UnaryOp::Zext, arg: x }),
                Some(InstData::Unary { op: UnaryOp::Zext, arg: y }),
            ) if self.ty(x) == self.ty(y) => compare(unsigned(cc), [x, y]),
            (
                Some(InstData::Unary { op: UnaryOp::Sext, arg: x }),
                Some(InstData::Unary { op: UnaryOp::Sext, arg: y }),
            ) if self.ty(x) == self.ty(y) => compare(cc, [x, y]),
            _ => Step::Keep,
        }
    }

    /// A comparison with a constant on the right.
    fn compare_with(&mut self, cc: IntCC, a: Value, c: i64, ty: Type) -> Step {
        let (least, greatest) = (signed_min(ty), signed_max(ty));
        match (cc, c) {
            (IntCC::Ult, 0) | (IntCC::Ugt, -1) => return truth(false),
            (IntCC::Uge, 0) | (IntCC::Ule, -1) => return truth(true),
            (IntCC::Slt, c) if c == least => return truth(false),
            (IntCC::Sge, c) if c == least => return truth(true),
            (IntCC::Sgt, c) if c == greatest => return truth(false),
            (IntCC::Sle, c) if c == greatest => return truth(true),
            (IntCC::Ult, 1) | (IntCC::Ule, 0) => return self.compare_const(IntCC::Eq, a, 0, ty),
            (IntCC::Uge, 1) | (IntCC::Ugt, 0) => return self.compare_const(IntCC::Ne, a, 0, ty),
            (IntCC::Ne, 0) | (IntCC::Eq, 1) if self.is_truth(a) => {
                // A wider truth value is not the comparison's own, but its low bits are.
                return match ty {
                    Type::I8 => Step::Alias(a),
                    _ => Step::Become(InstData::Unary { op: UnaryOp::Trunc, arg: a }),
                };
            }
            (IntCC::Ne, 1) if self.is_truth(a) => return self.compare_const(IntCC::Eq, a, 0, ty),
            _ => {}
        }
        let equality = matches!(cc, IntCC::Eq | IntCC::Ne);
        match self.def(a) {
            Some(InstData::IntCompare { cc: inner, args }) if (cc, c) == (IntCC::Eq, 0) => {
                Step::Become(InstData::IntCompare { cc: inner.inverse(), args })
            }
            Some(InstData::FloatCompare { cc: inner, args }) if (cc, c) == (IntCC::Eq, 0) => {
                Step::Become(InstData::FloatCompare { cc: inner.inverse(), args })
            }
            Some(InstData::Binary { op: BinaryOp::Sub | BinaryOp::Xor, args })
                if equality && c == 0 =>
            {
                Step::Become(InstData::IntCompare { cc, args })
            }
            Some(InstData::Binary { op: BinaryOp::Add, args: [x, y] }) if equality => {
                match self.int(y) {
                    Some(c1) => self.compare_const(cc, x, c.wrapping_sub(c1), ty),
                    None => Step::Keep,
                }
            }
            // Narrower, if the constant has a place there.
            Some(InstData::Unary { op: UnaryOp::Zext, arg })
                if c as u64 & ty.mask() <= self.ty(arg).mask() =>
            {
                let narrow = self.ty(arg);
                self.compare_const(unsigned(cc), arg, c, narrow)
            }
            Some(InstData::Unary { op: UnaryOp::Sext, arg })
                if c == eval::sign_extend(c as u64, self.ty(arg))
                    && (equality || unsigned(cc) != cc) =>
            {
                let narrow = self.ty(arg);
                self.compare_const(cc, arg, c, narrow)
            }
            _ => Step::Keep,
        }
    }

    fn compare_const(&mut self, cc: IntCC, a: Value, c: i64, ty: Type) -> Step {
        let c = self.constant(ty, c);
        Step::Become(InstData::IntCompare { cc, args: [a, c] })
    }

    pub(super) fn float_compare(&mut self, cc: FloatCC, args: [Value; 2]) -> Step {
        let [a, b] = args;
        let is_const = |value| matches!(self.def(value), Some(InstData::FloatConst { .. }));
        if is_const(a) && !is_const(b) {
            return Step::Become(InstData::FloatCompare { cc: cc.swapped(), args: [b, a] });
        }
        Step::Keep
    }

    /// Something simpler that is zero exactly when `cond` is.
    pub(super) fn condition(&self, cond: Value) -> Option<Value> {
        match self.def(cond)? {
            InstData::IntCompare { cc: IntCC::Ne, args: [x, y] } if self.int(y) == Some(0) => {
                Some(x)
            }
            InstData::Unary { op: UnaryOp::Zext | UnaryOp::Sext | UnaryOp::Neg, arg } => Some(arg),
            _ => None,
        }
    }

    /// Something that is zero exactly when `cond` is not.
    pub(super) fn negated_condition(&self, cond: Value) -> Option<Value> {
        match self.def(cond)? {
            InstData::IntCompare { cc: IntCC::Eq, args: [x, y] } if self.int(y) == Some(0) => {
                Some(x)
            }
            _ => None,
        }
    }

    /// Returns `true` if a value can only be 0 or 1.
    pub(super) fn is_truth(&self, value: Value) -> bool {
        match self.def(value) {
            Some(InstData::IntCompare { .. } | InstData::FloatCompare { .. }) => true,
            Some(InstData::IntConst { imm }) => matches!(imm, 0 | 1),
            Some(InstData::Binary {
                op: BinaryOp::And | BinaryOp::Or | BinaryOp::Xor,
                args: [a, b],
            }) => self.is_comparison(a) && self.is_comparison(b),
            Some(InstData::Unary { op: UnaryOp::Zext, arg }) => self.is_comparison(arg),
            _ => false,
        }
    }

    fn is_comparison(&self, value: Value) -> bool {
        matches!(self.def(value), Some(InstData::IntCompare { .. } | InstData::FloatCompare { .. }))
    }
}

fn truth(holds: bool) -> Step {
    Step::Become(int_data(Type::I8, holds.into()))
}

/// What a comparison becomes for operands whose high bits are zero.
fn unsigned(cc: IntCC) -> IntCC {
    match cc {
        IntCC::Slt => IntCC::Ult,
        IntCC::Sle => IntCC::Ule,
        IntCC::Sgt => IntCC::Ugt,
        IntCC::Sge => IntCC::Uge,
        same => same,
    }
}
