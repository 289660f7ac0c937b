//! Bits: logic, shifts, rotations, bit fields, counts and reversals.

use arm64_enc::{
    Bitfield, BitfieldImm, DataProc1, DataProc2, ExtractLsb, FpMove, LogicalImm, LogicalImmOp,
    LogicalReg, Shift, ShiftKind, Size,
};
use ir::{BinaryOp, Extend, Inst, Type, UnaryOp, Value};
use regalloc::{RegClass, VReg};

use super::values::shift_amount;
use super::{Lower, Result, int_size};
use crate::error::{Reason, valid};
use crate::minst::{ArithRhs, Op};

impl Lower<'_> {
    pub(super) fn not(&mut self, inst: Inst, arg: Value) -> Result {
        let (out, ty) = self.out(inst)?;
        if let Some((shift, arg)) = self.logic_shift(ty, arg) {
            self.emit_def(Op::Not { shift }, out, &[arg]);
            return Ok(());
        }
        if let Some((BinaryOp::Xor, [a, b])) = self.fold_binary(arg)
            && self.constant(b).is_none()
        {
            let (a, b) = (self.reg(a), self.reg(b));
            let shift = Shift::none(int_size(ty));
            self.emit_def(Op::Logic { op: LogicalReg::Eon, shift }, out, &[a, b]);
            return Ok(());
        }
        let arg = self.reg(arg);
        self.emit_def(Op::Not { shift: Shift::none(int_size(ty)) }, out, &[arg]);
        Ok(())
    }

    /// A shift by a constant to be folded into the last operand of a logical instruction.
    fn logic_shift(&mut self, ty: Type, value: Value) -> Option<(Shift, VReg)> {
        let (op, arg, amount) = self.fold_shift(value)?;
        let wide = ty.bits() >= 32;
        let (kind, amount) = match op {
            BinaryOp::Shl => (ShiftKind::Lsl, amount),
            BinaryOp::Lshr if wide => (ShiftKind::Lsr, amount),
            BinaryOp::Ashr if wide => (ShiftKind::Asr, amount),
            BinaryOp::Rotr if wide => (ShiftKind::Ror, amount),
            BinaryOp::Rotl if wide => (ShiftKind::Ror, (ty.bits() - amount) % ty.bits()),
            _ => return None,
        };
        let shift = Shift::new(int_size(ty), kind, amount)?;
        Some((shift, self.reg(arg)))
    }

    /// The bitmask immediate of a constant of this type: zero above the type, as the register of the constant is.
    pub(super) fn logical_imm(ty: Type, imm: i64) -> Option<LogicalImm> {
        LogicalImm::new(imm as u64 & ty.mask(), int_size(ty))
    }

    pub(super) fn logic(&mut self, inst: Inst, op: BinaryOp, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let (imm_op, reg_op, not_op) = match op {
            BinaryOp::And => (LogicalImmOp::And, LogicalReg::And, LogicalReg::Bic),
            BinaryOp::Or => (LogicalImmOp::Orr, LogicalReg::Orr, LogicalReg::Orn),
            _ => (LogicalImmOp::Eor, LogicalReg::Eor, LogicalReg::Eon),
        };
        let (a, b) = if self.constant(a).is_some() { (b, a) } else { (a, b) };
        if let Some(imm) = self.constant(b) {
            if op == BinaryOp::Xor && imm == -1 && ty.bits() >= 32 {
                return self.not(inst, a);
            }
            if op == BinaryOp::And
                && let Some(width) = low_mask(imm as u64 & ty.mask())
                && let Some((BinaryOp::Lshr, arg, amount)) = self.fold_shift(a)
                && amount + width <= ty.bits()
                && let Some(bits) = BitfieldImm::extract(int_size(ty), amount, width)
            {
                let arg = self.reg(arg);
                self.emit_def(Op::Bitfield { op: Bitfield::Ubfm, bits }, out, &[arg]);
                return Ok(());
            }
            if let Some(imm) = Self::logical_imm(ty, imm) {
                let a = self.reg(a);
                self.emit_def(Op::LogicImm { op: imm_op, imm }, out, &[a]);
                return Ok(());
            }
        }
        if op == BinaryOp::Or && self.extract(out, ty, a, b)? {
            return Ok(());
        }
        for (value, other) in [(b, a), (a, b)] {
            if let Some((UnaryOp::Not, arg)) = self.fold_unary(value) {
                let found = self.logic_shift(ty, arg);
                let (shift, arg) =
                    found.unwrap_or_else(|| (Shift::none(int_size(ty)), self.reg(arg)));
                let other = self.reg(other);
                self.emit_def(Op::Logic { op: not_op, shift }, out, &[other, arg]);
                return Ok(());
            }
            if let Some((shift, value)) = self.logic_shift(ty, value) {
                let other = self.reg(other);
                self.emit_def(Op::Logic { op: reg_op, shift }, out, &[other, value]);
                return Ok(());
            }
        }
        let (a, b) = (self.reg(a), self.reg(b));
        self.emit_def(Op::Logic { op: reg_op, shift: Shift::none(int_size(ty)) }, out, &[a, b]);
        Ok(())
    }

    /// `(high << k) | (low >> (width - k))`: bits from the middle of two registers side by side.
    fn extract(&mut self, out: VReg, ty: Type, a: Value, b: Value) -> Result<bool> {
        if ty.bits() < 32 {
            return Ok(false);
        }
        let (Some(x), Some(y)) = (self.fold_shift(a), self.fold_shift(b)) else {
            return Ok(false);
        };
        let ((_, high, left), (_, low, right)) = match (x.0, y.0) {
            (BinaryOp::Shl, BinaryOp::Lshr) => (x, y),
            (BinaryOp::Lshr, BinaryOp::Shl) => (y, x),
            _ => return Ok(false),
        };
        // With a shift by zero the other would have to be by the whole width, which is zero as well.
        if left == 0 || left + right != ty.bits() {
            return Ok(false);
        }
        let lsb = valid(ExtractLsb::new(int_size(ty), right), "a bit position")?;
        let (high, low) = (self.reg(high), self.reg(low));
        self.emit_def(Op::Extract { lsb }, out, &[high, low]);
        Ok(true)
    }

    pub(super) fn shift(&mut self, inst: Inst, op: BinaryOp, [arg, amount]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        if let Some(amount) = self.constant(amount) {
            return self.shift_by(out, ty, op, arg, shift_amount(ty, amount));
        }
        let arg = match op {
            BinaryOp::Shl => self.reg(arg),
            BinaryOp::Lshr => self.extended(arg, Extend::Zero, size)?,
            _ => self.extended(arg, Extend::Sign, size)?,
        };
        let amount = self.amount(ty, amount)?;
        let op = match op {
            BinaryOp::Shl => DataProc2::Lslv,
            BinaryOp::Lshr => DataProc2::Lsrv,
            _ => DataProc2::Asrv,
        };
        self.emit_def(Op::Binary { op, size }, out, &[arg, amount]);
        Ok(())
    }

    /// The amount of a variable shift: the hardware takes it modulo 32 or 64, narrower types need a mask.
    fn amount(&mut self, ty: Type, amount: Value) -> Result<VReg> {
        if ty.bits() >= 32 {
            // A mask that the source writes out is what the instruction does anyway.
            if let Some((BinaryOp::And, [value, mask])) = self.fold_binary(amount)
                && self.constant(mask) == Some(i64::from(ty.bits()) - 1)
            {
                return Ok(self.reg(value));
            }
            return Ok(self.reg(amount));
        }
        let amount = self.reg(amount);
        self.mask_amount(ty, amount)
    }

    fn mask_amount(&mut self, ty: Type, amount: VReg) -> Result<VReg> {
        let mask = LogicalImm::new(u64::from(ty.bits()) - 1, Size::W);
        let imm = valid(mask, "the mask of a shift amount")?;
        Ok(self.emit_temp(Op::LogicImm { op: LogicalImmOp::And, imm }, RegClass::Int, &[amount]))
    }

    fn shift_by(&mut self, out: VReg, ty: Type, op: BinaryOp, arg: Value, amount: u32) -> Result {
        let size = int_size(ty);
        let (op, bits, arg) = if op == BinaryOp::Shl {
            // Shifted extensions and low fields are one instruction.
            let field = self.low_field(ty, arg, amount);
            let (op, width, arg) = field.unwrap_or((Bitfield::Ubfm, ty.bits() - amount, arg));
            let bits = if width + amount >= size.bits() {
                BitfieldImm::lsl(size, amount)
            } else {
                BitfieldImm::insert(size, amount, width)
            };
            (op, bits, arg)
        } else {
            let kind = if op == BinaryOp::Lshr { Bitfield::Ubfm } else { Bitfield::Sbfm };
            // ((x << left) >> amount) is a field of x.
            let (lsb, arg) = match self.fold_shift(arg) {
                Some((BinaryOp::Shl, inner, left)) if left <= amount => (amount - left, inner),
                _ => (amount, arg),
            };
            (kind, BitfieldImm::extract(size, lsb, ty.bits() - amount), arg)
        };
        let bits = valid(bits, "a shift by a constant")?;
        let arg = self.reg(arg);
        self.emit_def(Op::Bitfield { op, bits }, out, &[arg]);
        Ok(())
    }

    /// What a left shift moves, if it is a low field cut out or extended by an operation to be folded.
    fn low_field(&self, ty: Type, arg: Value, amount: u32) -> Option<(Bitfield, u32, Value)> {
        if let Some((op, inner)) = self.fold_unary(arg) {
            let width = self.func.value_type(inner).bits();
            // Wider fields lose their top, so that the kind of extension does not matter.
            let width = width.min(ty.bits() - amount);
            return match op {
                UnaryOp::Zext if !self.is_extended(inner, Extend::Zero) => {
                    Some((Bitfield::Ubfm, width, inner))
                }
                UnaryOp::Sext if !self.is_foldable_load(inner) => {
                    Some((Bitfield::Sbfm, width, inner))
                }
                _ => None,
            };
        }
        let (op, [inner, mask]) = self.fold_binary(arg)?;
        let width = low_mask(self.constant(mask)? as u64 & ty.mask())?;
        let width = width.min(ty.bits() - amount);
        (op == BinaryOp::And).then_some((Bitfield::Ubfm, width, inner))
    }

    pub(super) fn rotate(&mut self, inst: Inst, op: BinaryOp, [arg, amount]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        let left = op == BinaryOp::Rotl;
        if ty.bits() < 32 {
            return self.rotate_narrow(out, ty, left, arg, amount);
        }
        if let Some(amount) = self.constant(amount) {
            let amount = shift_amount(ty, amount);
            let right = if left { (ty.bits() - amount) % ty.bits() } else { amount };
            let lsb = valid(ExtractLsb::new(size, right), "a rotation")?;
            let arg = self.reg(arg);
            self.emit_def(Op::Extract { lsb }, out, &[arg, arg]);
            return Ok(());
        }
        let arg = self.reg(arg);
        let mut amount = self.amount(ty, amount)?;
        if left {
            // Rotating left is rotating right by the rest, modulo the width.
            let shift = arm64_enc::ArithShift::none(size);
            amount = self.emit_temp(Op::Neg { shift }, RegClass::Int, &[amount]);
        }
        self.emit_def(Op::Binary { op: DataProc2::Rorv, size }, out, &[arg, amount]);
        Ok(())
    }

    /// Two copies side by side, shifted right.
    fn rotate_narrow(
        &mut self,
        out: VReg,
        ty: Type,
        left: bool,
        arg: Value,
        amount: Value,
    ) -> Result {
        let arg = self.extended(arg, Extend::Zero, Size::W)?;
        let shift = valid(Shift::new(Size::W, ShiftKind::Lsl, ty.bits()), "a copy's shift")?;
        let op = Op::Logic { op: LogicalReg::Orr, shift };
        let twice = self.emit_temp(op, RegClass::Int, &[arg, arg]);
        if let Some(amount) = self.constant(amount) {
            let amount = shift_amount(ty, amount);
            let right = if left { (ty.bits() - amount) % ty.bits() } else { amount };
            return self.right_shift(out, twice, Size::W, right);
        }
        let mut amount = self.reg(amount);
        if left {
            let shift = arm64_enc::ArithShift::none(Size::W);
            amount = self.emit_temp(Op::Neg { shift }, RegClass::Int, &[amount]);
        }
        let amount = self.mask_amount(ty, amount)?;
        let op = Op::Binary { op: DataProc2::Lsrv, size: Size::W };
        self.emit_def(op, out, &[twice, amount]);
        Ok(())
    }

    pub(super) fn count(&mut self, inst: Inst, op: UnaryOp, arg: Value) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        // Leading bits of the register that are not the value's.
        let surplus = size.bits() - ty.bits();
        match op {
            UnaryOp::Clz | UnaryOp::Cls => {
                let (extend, op) = match op {
                    UnaryOp::Clz => (Extend::Zero, DataProc1::Clz),
                    _ => (Extend::Sign, DataProc1::Cls),
                };
                let arg = self.extended(arg, extend, size)?;
                if surplus == 0 {
                    self.emit_def(Op::Unary { op, size }, out, &[arg]);
                    return Ok(());
                }
                let count = self.emit_temp(Op::Unary { op, size }, RegClass::Int, &[arg]);
                let imm = arm64_enc::ArithImm::new(u64::from(surplus));
                let rhs = ArithRhs::Imm(valid(imm, "a count")?);
                let op = Op::AddSub { op: arm64_enc::AddSub::Sub, size, rhs };
                self.emit_def(op, out, &[count]);
            }
            UnaryOp::Ctz => {
                let mut arg = self.reg(arg);
                if surplus != 0 {
                    // A one right above the value stops the count at the width.
                    let imm = LogicalImm::new(1 << ty.bits(), size);
                    let imm = valid(imm, "the bit above a value")?;
                    let op = Op::LogicImm { op: LogicalImmOp::Orr, imm };
                    arg = self.emit_temp(op, RegClass::Int, &[arg]);
                }
                let op = Op::Unary { op: DataProc1::Rbit, size };
                let reversed = self.emit_temp(op, RegClass::Int, &[arg]);
                self.emit_def(Op::Unary { op: DataProc1::Clz, size }, out, &[reversed]);
            }
            _ => {
                let arg = self.extended(arg, Extend::Zero, size)?;
                let op = if size == Size::X { FpMove::XD } else { FpMove::WS };
                let bits = self.emit_temp(Op::MoveFromGp { op }, RegClass::Float, &[arg]);
                let bytes = self.emit_temp(Op::VecCountBits, RegClass::Float, &[bits]);
                let sum = self.emit_temp(Op::VecAddAcross, RegClass::Float, &[bytes]);
                self.emit_def(Op::MoveToGp { op: FpMove::WS }, out, &[sum]);
            }
        }
        Ok(())
    }

    pub(super) fn reverse(&mut self, inst: Inst, op: UnaryOp, arg: Value) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        match (op, ty) {
            (UnaryOp::Bswap, Type::I8) => {
                // Users look through it; only a dump could ask for it.
                let arg = self.reg(arg);
                self.emit_def(Op::Copy, out, &[arg]);
            }
            (UnaryOp::Bswap, Type::I16) => {
                let arg = self.reg(arg);
                self.emit_def(Op::Unary { op: DataProc1::Rev16, size }, out, &[arg]);
            }
            (UnaryOp::Bswap, _) => {
                let arg = self.reg(arg);
                self.emit_def(Op::Reverse { size }, out, &[arg]);
            }
            (UnaryOp::Bitrev, Type::I8 | Type::I16) => {
                let arg = self.reg(arg);
                let op = Op::Unary { op: DataProc1::Rbit, size };
                let reversed = self.emit_temp(op, RegClass::Int, &[arg]);
                self.right_shift(out, reversed, size, size.bits() - ty.bits())?;
            }
            (UnaryOp::Bitrev, _) => {
                let arg = self.reg(arg);
                self.emit_def(Op::Unary { op: DataProc1::Rbit, size }, out, &[arg]);
            }
            _ => return Err(Reason::Internal("not a reversal")),
        }
        Ok(())
    }
}

/// The width of a mask of low ones, neither empty nor full.
fn low_mask(mask: u64) -> Option<u32> {
    (mask != 0 && mask != u64::MAX && mask & (mask + 1) == 0).then(|| mask.trailing_ones())
}
