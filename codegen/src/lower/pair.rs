//! Equality of pairs: `((a ^ b) | (c ^ d)) == 0`, which an `i128` compared for equality becomes, as a comparison and
//! one that is made only if the first found no difference.

use arm64_enc::{AddSub, ArithImm, Cond, CondCompare, Imm5, Nzcv, Size};
use ir::{BinaryOp, Value};

use super::{Lower, Result, int_size};
use crate::error::valid;
use crate::minst::{ArithRhs, CondRhs, Op};

/// Two values that are equal if a value is zero. Without the second, it is the value itself and zero.
type Difference = (Value, Option<Value>);

impl Lower<'_> {
    /// Returns `true` if a value to be folded is zero exactly if two pairs of registers are equal.
    pub(super) fn is_pair_difference(&self, value: Value) -> bool {
        matches!(self.pair_differences(value), Some([(_, Some(_)), (_, Some(_))]))
    }

    fn pair_differences(&self, value: Value) -> Option<[Difference; 2]> {
        let (BinaryOp::Or, [x, y]) = self.fold_binary(value)? else { return None };
        if self.func.value_type(value).bits() < Size::W.bits() {
            return None;
        }
        let difference = |value: Value| match self.fold_binary(value) {
            Some((BinaryOp::Xor, [a, b])) => (a, Some(b)),
            _ => (value, None),
        };
        // The first is compared by an instruction with more immediates.
        match [difference(x), difference(y)] {
            [(_, None), (_, None)] => None,
            [first @ (_, None), second] => Some([second, first]),
            both => Some(both),
        }
    }

    /// Compares pairs, so that the condition `eq` is whether `value` is zero.
    pub(super) fn compare_pairs(&mut self, value: Value) -> Result<bool> {
        let Some([(a, b), (c, d)]) = self.pair_differences(value) else { return Ok(false) };
        let size = int_size(self.func.value_type(value));
        let a = self.reg(a);
        let imm = b.map_or(Some(0), |b| self.constant(b));
        match (imm.and_then(|imm| Self::arith_imm(size, AddSub::Sub, imm)), b) {
            (None, Some(b)) => {
                let b = self.reg(b);
                let rhs = Self::plain(size);
                self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[a, b]);
            }
            (imm, _) => {
                let (op, imm) = imm.unwrap_or((AddSub::Sub, ArithImm::ZERO));
                self.emit_use(Op::Compare { op, size, rhs: ArithRhs::Imm(imm) }, &[a]);
            }
        }
        // Unequal already: no flags, so that `eq` does not hold.
        let (nzcv, cond) = (valid(Nzcv::new(0), "no flags")?, Cond::Eq);
        let c = self.reg(c);
        let imm = d.map_or(Some(0), |d| self.constant(d));
        let imm = imm.and_then(|imm| u64::try_from(imm).ok()).and_then(Imm5::new);
        let op = CondCompare::Ccmp;
        match (imm, d) {
            (None, Some(d)) => {
                let d = self.reg(d);
                self.emit_use(Op::CondCompare { op, size, rhs: CondRhs::Reg, nzcv, cond }, &[c, d]);
            }
            (imm, _) => {
                let rhs = CondRhs::Imm(valid(imm, "a small constant")?);
                self.emit_use(Op::CondCompare { op, size, rhs, nzcv, cond }, &[c]);
            }
        }
        Ok(true)
    }
}
