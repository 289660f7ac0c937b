//! Integer arithmetic: sums, differences, products, minimum and maximum; and where each operation is dispatched.

use arm64_enc::{
    AddSub, ArithImm, ArithShift, Bitfield, BitfieldImm, Cond, CondSelect, Extend as RegExtend,
    ExtendShift, MulAdd, MulAddLong, MulHigh, ShiftKind, Size,
};
use ir::{BinaryOp, Extend, Inst, InstData, TernaryOp, Type, UnaryOp, Value};
use regalloc::{RegClass, VReg};

use super::values::shift_amount;
use super::{Lower, Result, int_size};
use crate::error::{Reason, valid};
use crate::minst::{ArithRhs, Op, Src};

impl Lower<'_> {
    pub(super) fn unary(&mut self, inst: Inst, op: UnaryOp, arg: Value) -> Result {
        match op {
            UnaryOp::Neg => self.neg(inst, arg),
            UnaryOp::Not => self.not(inst, arg),
            UnaryOp::Abs => self.abs(inst, arg),
            UnaryOp::Clz | UnaryOp::Ctz | UnaryOp::Cls | UnaryOp::Popcnt => {
                self.count(inst, op, arg)
            }
            UnaryOp::Bswap | UnaryOp::Bitrev => self.reverse(inst, op, arg),
            UnaryOp::Fneg
            | UnaryOp::Fabs
            | UnaryOp::Fsqrt
            | UnaryOp::Fceil
            | UnaryOp::Ffloor
            | UnaryOp::Ftrunc
            | UnaryOp::Fnearest
            | UnaryOp::Fround => self.float_unary(inst, op, arg),
            _ => self.convert(inst, op, arg),
        }
    }

    pub(super) fn binary(&mut self, inst: Inst, op: BinaryOp, args: [Value; 2]) -> Result {
        match op {
            BinaryOp::Add => self.add(inst, args),
            BinaryOp::Sub => self.sub(inst, args),
            BinaryOp::Mul => self.mul(inst, args),
            BinaryOp::Smulhi | BinaryOp::Umulhi => self.mul_high(inst, op, args),
            BinaryOp::Sdiv | BinaryOp::Udiv | BinaryOp::Srem | BinaryOp::Urem => {
                self.divide(inst, op, args)
            }
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => self.logic(inst, op, args),
            BinaryOp::Shl | BinaryOp::Lshr | BinaryOp::Ashr => self.shift(inst, op, args),
            BinaryOp::Rotl | BinaryOp::Rotr => self.rotate(inst, op, args),
            BinaryOp::Smin | BinaryOp::Smax | BinaryOp::Umin | BinaryOp::Umax => {
                self.min_max(inst, op, args)
            }
            _ => self.float_binary(inst, op, args),
        }
    }

    pub(super) fn ternary(&mut self, inst: Inst, op: TernaryOp, args: [Value; 3]) -> Result {
        match op {
            TernaryOp::Select => self.select(inst, args),
            TernaryOp::Fma => self.fma(inst, args),
        }
    }

    /// An addition or subtraction of a constant, as an immediate of either operation.
    pub(super) fn arith_imm(size: Size, op: AddSub, imm: i64) -> Option<(AddSub, ArithImm)> {
        let opposite = match op {
            AddSub::Add => AddSub::Sub,
            AddSub::Sub => AddSub::Add,
        };
        ArithImm::new(size.truncate(imm as u64)).map(|imm| (op, imm)).or_else(|| {
            ArithImm::new(size.truncate(imm.wrapping_neg() as u64)).map(|imm| (opposite, imm))
        })
    }

    /// The last operand of an addition, subtraction or comparison of type `ty`: a register, or one that is shifted or
    /// extended on the way. `None` leaves it to the caller to ask for the value as it is.
    pub(super) fn arith_rhs(&mut self, ty: Type, value: Value) -> Option<(ArithRhs, VReg)> {
        let size = int_size(ty);
        if let Some((op, arg, amount)) = self.fold_shift(value) {
            // Below 32 bits a right shift would bring in undefined bits.
            let kind = match op {
                BinaryOp::Shl => ShiftKind::Lsl,
                BinaryOp::Lshr if ty.bits() >= 32 => ShiftKind::Lsr,
                BinaryOp::Ashr if ty.bits() >= 32 => ShiftKind::Asr,
                _ => return None,
            };
            if kind == ShiftKind::Lsl
                && let Some(found) = self.extended_rhs(arg, amount)
            {
                return Some(found);
            }
            let shift = ArithShift::new(size, kind, amount)?;
            return Some((ArithRhs::Shifted(shift), self.reg(arg)));
        }
        self.extended_rhs(value, 0)
    }

    /// An extension to be folded, with a left shift after it.
    fn extended_rhs(&mut self, value: Value, amount: u32) -> Option<(ArithRhs, VReg)> {
        let amount = ExtendShift::new(amount)?;
        let (op, arg) = self.fold_unary(value)?;
        let from = self.func.value_type(arg);
        let extend = match (op, from) {
            (UnaryOp::Zext, Type::I8) => RegExtend::Uxtb,
            (UnaryOp::Zext, Type::I16) => RegExtend::Uxth,
            (UnaryOp::Zext, Type::I32) => RegExtend::Uxtw,
            (UnaryOp::Sext, Type::I8) => RegExtend::Sxtb,
            (UnaryOp::Sext, Type::I16) => RegExtend::Sxth,
            (UnaryOp::Sext, Type::I32) => RegExtend::Sxtw,
            _ => return None,
        };
        // What a load can do itself, or what is extended already, costs nothing as it is.
        let free = (op == UnaryOp::Zext && self.is_extended(arg, Extend::Zero))
            || self.is_foldable_load(arg);
        if free && amount == ExtendShift::ZERO {
            return None;
        }
        Some((ArithRhs::Extended(extend, amount), self.reg(arg)))
    }

    pub(super) fn plain(size: Size) -> ArithRhs {
        ArithRhs::Shifted(ArithShift::none(size))
    }

    fn add(&mut self, inst: Inst, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        let (a, b) = if self.constant(a).is_some() { (b, a) } else { (a, b) };
        if let Some(imm) = self.constant(b)
            && let Some((op, imm)) = Self::arith_imm(size, AddSub::Add, imm)
        {
            let rhs = ArithRhs::Imm(imm);
            let a = self.reg(a);
            self.emit_def(Op::AddSub { op, size, rhs }, out, &[a]);
            return Ok(());
        }
        for (product, other) in [(b, a), (a, b)] {
            if self.multiply_add(MulAdd::Madd, out, ty, product, other)? {
                return Ok(());
            }
        }
        for (value, other) in [(b, a), (a, b)] {
            if let Some((UnaryOp::Neg, arg)) = self.fold_unary(value) {
                let (other, arg) = (self.reg(other), self.reg(arg));
                let op = Op::AddSub { op: AddSub::Sub, size, rhs: Self::plain(size) };
                self.emit_def(op, out, &[other, arg]);
                return Ok(());
            }
            if let Some((rhs, value)) = self.arith_rhs(ty, value) {
                let other = self.reg(other);
                self.emit_def(Op::AddSub { op: AddSub::Add, size, rhs }, out, &[other, value]);
                return Ok(());
            }
        }
        let (a, b) = (self.reg(a), self.reg(b));
        let op = Op::AddSub { op: AddSub::Add, size, rhs: Self::plain(size) };
        self.emit_def(op, out, &[a, b]);
        Ok(())
    }

    fn sub(&mut self, inst: Inst, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        if let Some(imm) = self.constant(b)
            && let Some((op, imm)) = Self::arith_imm(size, AddSub::Sub, imm)
        {
            let rhs = ArithRhs::Imm(imm);
            let a = self.reg(a);
            self.emit_def(Op::AddSub { op, size, rhs }, out, &[a]);
            return Ok(());
        }
        if self.constant(a) == Some(0) {
            return self.negate(out, ty, b);
        }
        if self.multiply_add(MulAdd::Msub, out, ty, b, a)? {
            return Ok(());
        }
        if let Some((UnaryOp::Neg, arg)) = self.fold_unary(b) {
            let (a, arg) = (self.reg(a), self.reg(arg));
            let op = Op::AddSub { op: AddSub::Add, size, rhs: Self::plain(size) };
            self.emit_def(op, out, &[a, arg]);
            return Ok(());
        }
        let (rhs, b) = match self.arith_rhs(ty, b) {
            Some(found) => found,
            None => (Self::plain(size), self.reg(b)),
        };
        let a = self.reg(a);
        self.emit_def(Op::AddSub { op: AddSub::Sub, size, rhs }, out, &[a, b]);
        Ok(())
    }

    /// `other ± product`, if `product` is a multiplication to be folded.
    fn multiply_add(
        &mut self,
        op: MulAdd,
        out: VReg,
        ty: Type,
        product: Value,
        other: Value,
    ) -> Result<bool> {
        let Some((BinaryOp::Mul, [n, m])) = self.fold_binary(product) else { return Ok(false) };
        // A multiplication by a power of two is a shift, which folds better.
        if self.constant(m).is_some_and(|imm| power_of_two(ty, imm).is_some()) {
            return Ok(false);
        }
        if let Some((signed, n, m)) = self.widening(ty, n, m) {
            let op = match (signed, op) {
                (Extend::Sign, MulAdd::Madd) => MulAddLong::Smaddl,
                (Extend::Sign, MulAdd::Msub) => MulAddLong::Smsubl,
                (Extend::Zero, MulAdd::Madd) => MulAddLong::Umaddl,
                (Extend::Zero, MulAdd::Msub) => MulAddLong::Umsubl,
            };
            let (n, m, a) = (self.reg(n), self.reg(m), self.reg(other));
            self.emit_def(Op::MulAddLong { op }, out, &[n, m, a]);
            return Ok(true);
        }
        let (n, m, a) = (self.reg(n), self.reg(m), self.reg(other));
        self.emit_def(Op::MulAdd { op, size: int_size(ty) }, out, &[n, m, a]);
        Ok(true)
    }

    /// Whether both factors of a 64-bit product are 32-bit values extended in the same way: what they are before.
    fn widening(&self, ty: Type, n: Value, m: Value) -> Option<(Extend, Value, Value)> {
        if ty != Type::I64 {
            return None;
        }
        let word = |value: Value| -> Option<(Extend, Value)> {
            let (op, arg) = match self.func.def_inst(value)?.1 {
                InstData::Unary { op, arg } => (*op, *arg),
                _ => return None,
            };
            match op {
                _ if self.func.value_type(arg) != Type::I32 => None,
                UnaryOp::Sext => Some((Extend::Sign, arg)),
                UnaryOp::Zext => Some((Extend::Zero, arg)),
                _ => None,
            }
        };
        let ((how, n), (how_m, m)) = (word(n)?, word(m)?);
        (how == how_m).then_some((how, n, m))
    }

    fn mul(&mut self, inst: Inst, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        let (a, b) = if self.constant(a).is_some() { (b, a) } else { (a, b) };
        if let Some(imm) = self.constant(b) {
            if let Some(amount) = power_of_two(ty, imm) {
                let bits = valid(BitfieldImm::lsl(size, amount), "a left shift")?;
                let a = self.reg(a);
                self.emit_def(Op::Bitfield { op: Bitfield::Ubfm, bits }, out, &[a]);
                return Ok(());
            }
            // x * (2^k + 1) = x + (x << k)
            if let Some(amount) = power_of_two(ty, imm.wrapping_sub(1))
                && let Some(shift) = ArithShift::new(size, ShiftKind::Lsl, amount)
            {
                let a = self.reg(a);
                let rhs = ArithRhs::Shifted(shift);
                self.emit_def(Op::AddSub { op: AddSub::Add, size, rhs }, out, &[a, a]);
                return Ok(());
            }
        }
        self.product(MulAdd::Madd, out, ty, a, b);
        Ok(())
    }

    /// A product, or its negation.
    fn product(&mut self, op: MulAdd, out: VReg, ty: Type, a: Value, b: Value) {
        if let Some((how, n, m)) = self.widening(ty, a, b) {
            let op = match (how, op) {
                (Extend::Sign, MulAdd::Madd) => MulAddLong::Smaddl,
                (Extend::Sign, MulAdd::Msub) => MulAddLong::Smsubl,
                (Extend::Zero, MulAdd::Madd) => MulAddLong::Umaddl,
                (Extend::Zero, MulAdd::Msub) => MulAddLong::Umsubl,
            };
            let (n, m) = (self.reg(n), self.reg(m));
            self.emit_def(Op::MulLong { op }, out, &[n, m]);
            return;
        }
        let (a, b) = (self.reg(a), self.reg(b));
        self.emit_def(Op::Mul { op, size: int_size(ty) }, out, &[a, b]);
    }

    fn mul_high(&mut self, inst: Inst, op: BinaryOp, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let signed = op == BinaryOp::Smulhi;
        match ty {
            Type::I64 => {
                let op = if signed { MulHigh::Smulh } else { MulHigh::Umulh };
                let (a, b) = (self.reg(a), self.reg(b));
                self.emit_def(Op::MulHigh { op }, out, &[a, b]);
            }
            Type::I32 => {
                let op = if signed { MulAddLong::Smaddl } else { MulAddLong::Umaddl };
                let (a, b) = (self.reg(a), self.reg(b));
                let product = self.emit_temp(Op::MulLong { op }, RegClass::Int, &[a, b]);
                self.right_shift(out, product, Size::X, 32)?;
            }
            _ => {
                let extend = if signed { Extend::Sign } else { Extend::Zero };
                let a = self.extended(a, extend, Size::W)?;
                let b = self.extended(b, extend, Size::W)?;
                let op = Op::Mul { op: MulAdd::Madd, size: Size::W };
                let product = self.emit_temp(op, RegClass::Int, &[a, b]);
                self.right_shift(out, product, Size::W, ty.bits())?;
            }
        }
        Ok(())
    }

    /// A logical right shift by a constant.
    pub(super) fn right_shift(&mut self, out: VReg, arg: VReg, size: Size, amount: u32) -> Result {
        let bits = valid(BitfieldImm::shift_right(size, amount), "a right shift")?;
        self.emit_def(Op::Bitfield { op: Bitfield::Ubfm, bits }, out, &[arg]);
        Ok(())
    }

    fn neg(&mut self, inst: Inst, arg: Value) -> Result {
        let (out, ty) = self.out(inst)?;
        self.negate(out, ty, arg)
    }

    fn negate(&mut self, out: VReg, ty: Type, arg: Value) -> Result {
        let size = int_size(ty);
        if let Some((BinaryOp::Mul, [n, m])) = self.fold_binary(arg)
            && self.constant(m).is_none()
        {
            self.product(MulAdd::Msub, out, ty, n, m);
            return Ok(());
        }
        if let Some((op, shifted, amount)) = self.fold_shift(arg)
            && let Some(kind) = match op {
                BinaryOp::Shl => Some(ShiftKind::Lsl),
                BinaryOp::Lshr if ty.bits() >= 32 => Some(ShiftKind::Lsr),
                BinaryOp::Ashr if ty.bits() >= 32 => Some(ShiftKind::Asr),
                _ => None,
            }
            && let Some(shift) = ArithShift::new(size, kind, amount)
        {
            let shifted = self.reg(shifted);
            self.emit_def(Op::Neg { shift }, out, &[shifted]);
            return Ok(());
        }
        let arg = self.reg(arg);
        self.emit_def(Op::Neg { shift: ArithShift::none(size) }, out, &[arg]);
        Ok(())
    }

    fn abs(&mut self, inst: Inst, arg: Value) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        let arg = self.extended(arg, Extend::Sign, size)?;
        let rhs = ArithRhs::Imm(ArithImm::ZERO);
        self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[arg]);
        let op = Op::CondSelect {
            op: CondSelect::Csneg,
            size,
            cond: Cond::Pl,
            n: Src::Reg,
            m: Src::Reg,
        };
        self.emit_def(op, out, &[arg, arg]);
        Ok(())
    }

    fn min_max(&mut self, inst: Inst, op: BinaryOp, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = int_size(ty);
        let (extend, cond) = match op {
            BinaryOp::Smin => (Extend::Sign, Cond::Lt),
            BinaryOp::Smax => (Extend::Sign, Cond::Gt),
            BinaryOp::Umin => (Extend::Zero, Cond::Lo),
            BinaryOp::Umax => (Extend::Zero, Cond::Hi),
            _ => return Err(Reason::Internal("not a minimum or maximum")),
        };
        let a = self.extended(a, extend, size)?;
        let b = self.extended(b, extend, size)?;
        self.choose(out, size, cond, a, b);
        Ok(())
    }

    /// The first of two registers if comparing them gives `cond`, else the second.
    pub(super) fn choose(&mut self, out: VReg, size: Size, cond: Cond, a: VReg, b: VReg) {
        self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs: Self::plain(size) }, &[a, b]);
        let op = CondSelect::Csel;
        self.emit_def(Op::CondSelect { op, size, cond, n: Src::Reg, m: Src::Reg }, out, &[a, b]);
    }
}

/// The exponent, if a constant of this type is a power of two above one.
pub(super) fn power_of_two(ty: Type, imm: i64) -> Option<u32> {
    let bits = imm as u64 & ty.mask();
    (bits.is_power_of_two() && bits > 1).then(|| shift_amount(ty, i64::from(bits.trailing_zeros())))
}
