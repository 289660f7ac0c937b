//! Float arithmetic. Nothing is contracted: a fused multiply-add comes only from `fma`.

use arm64_enc::{FpBinary, FpTernary, FpUnary};
use ir::{BinaryOp, Inst, UnaryOp, Value};
use regalloc::{Operand, RegClass};

use super::{Lower, Result, float_size};
use crate::error::Reason;
use crate::minst::Op;

impl Lower<'_> {
    pub(super) fn float_unary(&mut self, inst: Inst, op: UnaryOp, arg: Value) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = float_size(ty)?;
        let op = match op {
            UnaryOp::Fneg => {
                // The negation of a product, NaN included, is one instruction.
                if let Some((BinaryOp::Fmul, [a, b])) = self.fold_binary(arg) {
                    let (a, b) = (self.reg(a), self.reg(b));
                    self.emit_def(Op::FpBinary { op: FpBinary::Fnmul, size }, out, &[a, b]);
                    return Ok(());
                }
                FpUnary::Fneg
            }
            UnaryOp::Fabs => FpUnary::Fabs,
            UnaryOp::Fsqrt => FpUnary::Fsqrt,
            UnaryOp::Fceil => FpUnary::Frintp,
            UnaryOp::Ffloor => FpUnary::Frintm,
            UnaryOp::Ftrunc => FpUnary::Frintz,
            UnaryOp::Fnearest => FpUnary::Frintn,
            UnaryOp::Fround => FpUnary::Frinta,
            _ => return Err(Reason::Internal("not a float operation")),
        };
        let arg = self.reg(arg);
        self.emit_def(Op::FpUnary { op, size }, out, &[arg]);
        Ok(())
    }

    pub(super) fn float_binary(&mut self, inst: Inst, op: BinaryOp, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = float_size(ty)?;
        let (a, b) = (self.reg(a), self.reg(b));
        let op = match op {
            BinaryOp::Fadd => FpBinary::Fadd,
            BinaryOp::Fsub => FpBinary::Fsub,
            BinaryOp::Fmul => FpBinary::Fmul,
            BinaryOp::Fdiv => FpBinary::Fdiv,
            BinaryOp::Fmin => FpBinary::Fmin,
            BinaryOp::Fmax => FpBinary::Fmax,
            BinaryOp::Fminnum => FpBinary::Fminnm,
            BinaryOp::Fmaxnum => FpBinary::Fmaxnm,
            BinaryOp::Fcopysign => {
                let bits = 1 << (size.bits() - 1);
                let sign = self.temp(RegClass::Float);
                self.emit(Op::FpConst { size, bits }, &[Operand::def_reg(sign)]);
                let operands = [
                    Operand::reuse(out, 1),
                    Operand::use_reg(a),
                    Operand::use_reg(b),
                    Operand::use_reg(sign),
                ];
                self.emit(Op::VecInsertIfTrue, &operands);
                return Ok(());
            }
            _ => return Err(Reason::Internal("not a float operation")),
        };
        self.emit_def(Op::FpBinary { op, size }, out, &[a, b]);
        Ok(())
    }

    /// `a * b + c`, with the negations of `a` (or `b`) and `c` in the instruction.
    pub(super) fn fma(&mut self, inst: Inst, [a, b, c]: [Value; 3]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = float_size(ty)?;
        // Only the first factor: the instructions negate that one, and a NaN would come out with another sign.
        let (a, negate_product) = self.negated(a);
        let (c, negate_addend) = self.negated(c);
        let op = match (negate_product, negate_addend) {
            (false, false) => FpTernary::Fmadd,
            (true, false) => FpTernary::Fmsub,
            (true, true) => FpTernary::Fnmadd,
            (false, true) => FpTernary::Fnmsub,
        };
        let (a, b, c) = (self.reg(a), self.reg(b), self.reg(c));
        self.emit_def(Op::FpTernary { op, size }, out, &[a, b, c]);
        Ok(())
    }

    /// What a negation to be folded negates.
    fn negated(&self, value: Value) -> (Value, bool) {
        match self.fold_unary(value) {
            Some((UnaryOp::Fneg, arg)) => (arg, true),
            _ => (value, false),
        }
    }
}
