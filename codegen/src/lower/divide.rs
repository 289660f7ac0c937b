//! Division and remainder: the hardware gives 0 for a division by zero and wraps MIN / -1, so both are checked before,
//! unless the divisor is a constant that excludes them. Powers of two become shifts.

use arm64_enc::{
    AddSub, ArithImm, ArithShift, Bitfield, BitfieldImm, CompareZero, Cond, CondCompare,
    CondSelect, DataProc2, Imm5, LogicalImm, LogicalImmOp, MulAdd, Nzcv, ShiftKind, Size,
};
use ir::{BinaryOp, Extend, Inst, InstData, TrapKind, Type, Value};
use regalloc::{RegClass, VReg};

use super::{Lower, Result, int_size};
use crate::error::valid;
use crate::minst::{ArithRhs, CondRhs, Op, Src, Test};

impl Lower<'_> {
    pub(super) fn divide(&mut self, inst: Inst, op: BinaryOp, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        let signed = matches!(op, BinaryOp::Sdiv | BinaryOp::Srem);
        let extend = if signed { Extend::Sign } else { Extend::Zero };
        let divisor = self.constant(b);
        if let Some(imm) = divisor
            && self.divide_by_power(out, ty, op, a, imm)?
        {
            return Ok(());
        }
        let n = self.extended(a, extend, size)?;
        let m = self.extended(b, extend, size)?;
        if divisor.is_none_or(|imm| imm == 0) {
            let trap = self.trap_site(TrapKind::DivisionByZero);
            self.emit_use(Op::TrapIf { test: Test::Zero(CompareZero::Cbz, size), trap }, &[m]);
        }
        let overflow = op == BinaryOp::Sdiv && divisor.is_none_or(|imm| imm == -1);
        if overflow && ty.bits() >= 32 {
            self.check_overflow(size, n, m)?;
        }
        let operation = if signed { DataProc2::Sdiv } else { DataProc2::Udiv };
        let operation = Op::Binary { op: operation, size };
        if matches!(op, BinaryOp::Srem | BinaryOp::Urem) {
            let quotient = self.emit_temp(operation, RegClass::Int, &[n, m]);
            // MIN % -1: the quotient wraps to MIN, and MIN - MIN * -1 is 0.
            self.emit_def(Op::MulAdd { op: MulAdd::Msub, size }, out, &[quotient, m, n]);
            return Ok(());
        }
        self.emit_def(operation, out, &[n, m]);
        if overflow && ty.bits() < 32 {
            // Of all quotients of sign-extended narrow integers only MIN / -1 does not fit.
            let trap = self.trap_site(TrapKind::IntegerOverflow);
            let imm = valid(ArithImm::new(1 << (ty.bits() - 1)), "the least narrow integer")?;
            let rhs = ArithRhs::Imm(imm);
            self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[out]);
            self.emit(Op::TrapIf { test: Test::Flags(Cond::Eq), trap }, &[]);
        }
        Ok(())
    }

    /// Returns `true` if an instruction is a division that cannot trap.
    pub(super) fn divides_safely(&self, data: &InstData) -> bool {
        let InstData::Binary { op, args: [_, divisor] } = data else { return false };
        let Some(imm) = self.constant(*divisor) else { return false };
        match op {
            BinaryOp::Sdiv => imm != 0 && imm != -1,
            BinaryOp::Udiv | BinaryOp::Srem | BinaryOp::Urem => imm != 0,
            _ => false,
        }
    }

    /// Traps if `n` is MIN and `m` is -1: `m + 1` is zero, and `n - 1` overflows.
    fn check_overflow(&mut self, size: Size, n: VReg, m: VReg) -> Result {
        let one = valid(ArithImm::new(1), "one")?;
        let trap = self.trap_site(TrapKind::IntegerOverflow);
        self.emit_use(Op::Compare { op: AddSub::Add, size, rhs: ArithRhs::Imm(one) }, &[m]);
        let compare = Op::CondCompare {
            op: CondCompare::Ccmp,
            size,
            rhs: CondRhs::Imm(valid(Imm5::new(1), "one")?),
            nzcv: valid(Nzcv::new(0), "no flags")?,
            cond: Cond::Eq,
        };
        self.emit_use(compare, &[n]);
        self.emit(Op::TrapIf { test: Test::Flags(Cond::Vs), trap }, &[]);
        Ok(())
    }

    /// Division by a constant that is a power of two, or the negative of one; by 1 and -1 as well.
    fn divide_by_power(
        &mut self,
        out: VReg,
        ty: Type,
        op: BinaryOp,
        a: Value,
        imm: i64,
    ) -> Result<bool> {
        let size = int_size(ty);
        let bits = imm as u64 & ty.mask();
        let magnitude = imm.unsigned_abs() & ty.mask();
        match op {
            BinaryOp::Udiv | BinaryOp::Urem if bits.is_power_of_two() => {
                let power = bits.trailing_zeros();
                if op == BinaryOp::Udiv {
                    let field = BitfieldImm::extract(size, power, ty.bits() - power);
                    let a = self.reg(a);
                    let bits = valid(field, "a quotient's field")?;
                    self.emit_def(Op::Bitfield { op: Bitfield::Ubfm, bits }, out, &[a]);
                } else if let Some(imm) = LogicalImm::new(bits - 1, size) {
                    let a = self.reg(a);
                    self.emit_def(Op::LogicImm { op: LogicalImmOp::And, imm }, out, &[a]);
                } else {
                    self.int_const(out, ty, 0);
                }
            }
            // MIN is its own magnitude, and -1 may overflow: both take the general way.
            BinaryOp::Sdiv | BinaryOp::Srem
                if magnitude.is_power_of_two()
                    && magnitude > 1
                    && magnitude >> (ty.bits() - 1) == 0 =>
            {
                let a = self.extended(a, Extend::Sign, size)?;
                let power = magnitude.trailing_zeros();
                if op == BinaryOp::Sdiv {
                    self.signed_quotient(out, size, a, power, imm < 0)?;
                } else {
                    self.signed_remainder(out, size, a, power)?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `a` plus what makes the shift round to zero: 2^power - 1 if `a` is negative.
    fn rounded(&mut self, size: Size, a: VReg, power: u32) -> Result<VReg> {
        let sign = if power == 1 {
            a
        } else {
            let bits = valid(BitfieldImm::shift_right(size, size.bits() - 1), "a sign")?;
            self.emit_temp(Op::Bitfield { op: Bitfield::Sbfm, bits }, RegClass::Int, &[a])
        };
        let shift = ArithShift::new(size, ShiftKind::Lsr, size.bits() - power);
        let rhs = ArithRhs::Shifted(valid(shift, "a rounding shift")?);
        Ok(self.emit_temp(Op::AddSub { op: AddSub::Add, size, rhs }, RegClass::Int, &[a, sign]))
    }

    fn signed_quotient(
        &mut self,
        out: VReg,
        size: Size,
        a: VReg,
        power: u32,
        negative: bool,
    ) -> Result {
        let rounded = self.rounded(size, a, power)?;
        if negative {
            let shift = ArithShift::new(size, ShiftKind::Asr, power);
            let shift = valid(shift, "a quotient's shift")?;
            self.emit_def(Op::Neg { shift }, out, &[rounded]);
        } else {
            let bits = valid(BitfieldImm::shift_right(size, power), "a quotient's shift")?;
            self.emit_def(Op::Bitfield { op: Bitfield::Sbfm, bits }, out, &[rounded]);
        }
        Ok(())
    }

    fn signed_remainder(&mut self, out: VReg, size: Size, a: VReg, power: u32) -> Result {
        let mask = (1u64 << power) - 1;
        if power == 1 {
            let one = valid(LogicalImm::new(mask, size), "a mask")?;
            let op = Op::LogicImm { op: LogicalImmOp::And, imm: one };
            let low = self.emit_temp(op, RegClass::Int, &[a]);
            let rhs = ArithRhs::Imm(ArithImm::ZERO);
            self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[a]);
            let op = Op::CondSelect {
                op: CondSelect::Csneg,
                size,
                cond: Cond::Ge,
                n: Src::Reg,
                m: Src::Reg,
            };
            self.emit_def(op, out, &[low, low]);
            return Ok(());
        }
        let rounded = self.rounded(size, a, power)?;
        let imm = valid(LogicalImm::new(size.truncate(!mask), size), "a mask")?;
        let op = Op::LogicImm { op: LogicalImmOp::And, imm };
        let multiple = self.emit_temp(op, RegClass::Int, &[rounded]);
        let rhs = ArithRhs::Shifted(ArithShift::none(size));
        self.emit_def(Op::AddSub { op: AddSub::Sub, size, rhs }, out, &[a, multiple]);
        Ok(())
    }
}
