//! Comparisons and what depends on them: branches, traps, selections, truth values. A comparison is made where its
//! flags are used, so nothing stands between the two.

use arm64_enc::{
    AddSub, ArithImm, ArithShift, BitNumber, CompareZero, Cond, CondSelect, LogicalImm, Shift,
    Size, TestBit,
};
use ir::{BinaryOp, Extend, FloatCC, Inst, InstData, IntCC, TrapKind, Type, UnaryOp, Value};
use regalloc::{Operand, RegClass, VReg};

use super::{Lower, Result, float_size, int_size};
use crate::error::{Reason, valid};
use crate::minst::{ArithRhs, Op, Src, Test};

/// A condition that is ready to be used: the test, and the register that it looks at.
pub(super) type Ready = (Test, Option<VReg>);

impl Lower<'_> {
    pub(super) fn branch(&mut self, cond: Value) -> Result {
        let (test, reg) = self.condition(cond, true)?;
        self.emit_test(Op::Branch { test }, reg);
        Ok(())
    }

    pub(super) fn trap_if(&mut self, cond: Value, kind: TrapKind) -> Result {
        let (test, reg) = self.condition(cond, true)?;
        let trap = self.trap_site(kind);
        self.emit_test(Op::TrapIf { test, trap }, reg);
        Ok(())
    }

    fn emit_test(&mut self, op: Op, reg: Option<VReg>) {
        match reg {
            Some(reg) => self.emit(op, &[Operand::use_reg(reg)]),
            None => self.emit(op, &[]),
        }
    }

    /// Makes the test whether a value is not zero (`holds`) or zero.
    fn condition(&mut self, cond: Value, holds: bool) -> Result<Ready> {
        let (cond, holds) = self.without_negations(cond, holds);
        if let Some(ready) = self.overflow_test(cond, holds)? {
            return Ok(ready);
        }
        match self.fold_condition(cond).copied() {
            Some(InstData::IntCompare { cc, args: [a, b] }) => {
                let cc = if holds { cc } else { cc.inverse() };
                return self.int_test(cc, a, b);
            }
            Some(InstData::FloatCompare { cc, args }) => {
                let cc = if holds { cc } else { cc.inverse() };
                return Ok((self.float_test(cc, args)?, None));
            }
            Some(InstData::Binary { op: BinaryOp::And, args: [a, b] }) => {
                return self.mask_test(self.func.value_type(cond), a, b, holds);
            }
            _ if self.is_pair_difference(cond) && self.compare_pairs(cond)? => {
                return Ok((Test::Flags(if holds { Cond::Ne } else { Cond::Eq }), None));
            }
            _ => {}
        }
        self.zero_test(cond, holds)
    }

    /// Looks through comparisons with zero and inversions of truth values.
    fn without_negations(&self, mut cond: Value, mut holds: bool) -> (Value, bool) {
        loop {
            match self.fold(cond) {
                Some(&InstData::IntCompare { cc: IntCC::Eq, args: [a, b] })
                    if self.constant(b) == Some(0) && self.is_truth(a) =>
                {
                    (cond, holds) = (a, !holds);
                }
                Some(&InstData::IntCompare { cc: IntCC::Ne, args: [a, b] })
                    if self.constant(b) == Some(0) && self.is_truth(a) =>
                {
                    cond = a;
                }
                Some(&InstData::Binary { op: BinaryOp::Xor, args: [a, b] })
                    if self.constant(b) == Some(1) && self.used_bits(a) <= 1 =>
                {
                    (cond, holds) = (a, !holds);
                }
                Some(&InstData::Unary { op: UnaryOp::Zext | UnaryOp::Sext, arg }) => cond = arg,
                _ => return (cond, holds),
            }
        }
    }

    /// Returns `true` if a value is a comparison that can be folded, possibly extended, or says whether a result did
    /// not fit.
    fn is_truth(&self, value: Value) -> bool {
        match self.fold(value) {
            _ if self.overflow_of(value).is_some() => true,
            Some(InstData::IntCompare { .. } | InstData::FloatCompare { .. }) => true,
            Some(&InstData::Unary { op: UnaryOp::Zext | UnaryOp::Sext, arg }) => matches!(
                self.fold(arg),
                Some(InstData::IntCompare { .. } | InstData::FloatCompare { .. })
            ),
            _ => false,
        }
    }

    /// Tests a register against zero.
    fn zero_test(&mut self, value: Value, holds: bool) -> Result<Ready> {
        let ty = self.func.value_type(value);
        let op = if holds { CompareZero::Cbnz } else { CompareZero::Cbz };
        if ty.bits() >= 32 || self.is_extended(value, Extend::Zero) {
            return Ok((Test::Zero(op, int_size(ty)), Some(self.reg(value))));
        }
        let imm = valid(LogicalImm::new(ty.mask(), Size::W), "the mask of a type")?;
        let value = self.reg(value);
        self.emit_use(Op::TestImm { imm }, &[value]);
        Ok((Test::Flags(if holds { Cond::Ne } else { Cond::Eq }), None))
    }

    /// Tests whether `a & b` is not zero, or zero.
    fn mask_test(&mut self, ty: Type, a: Value, b: Value, holds: bool) -> Result<Ready> {
        let (a, b) = if self.constant(a).is_some() { (b, a) } else { (a, b) };
        let cond = if holds { Cond::Ne } else { Cond::Eq };
        let Some(imm) = self.constant(b) else {
            if ty.bits() < 32 {
                // Undefined bits above the type must not count.
                let extended = self.extended(b, Extend::Zero, Size::W)?;
                let a = self.reg(a);
                self.emit_use(Op::Test { shift: Shift::none(Size::W) }, &[a, extended]);
            } else {
                let (a, b) = (self.reg(a), self.reg(b));
                self.emit_use(Op::Test { shift: Shift::none(int_size(ty)) }, &[a, b]);
            }
            return Ok((Test::Flags(cond), None));
        };
        let mask = imm as u64 & ty.mask();
        if mask.is_power_of_two()
            && let Some(bit) = BitNumber::new(u64::from(mask.trailing_zeros()))
        {
            let op = if holds { TestBit::Tbnz } else { TestBit::Tbz };
            return Ok((Test::Bit(op, bit), Some(self.reg(a))));
        }
        if let Some(imm) = Self::logical_imm(ty, imm) {
            let a = self.reg(a);
            self.emit_use(Op::TestImm { imm }, &[a]);
        } else {
            let (a, b) = (self.reg(a), self.reg(b));
            self.emit_use(Op::Test { shift: Shift::none(int_size(ty)) }, &[a, b]);
        }
        Ok((Test::Flags(cond), None))
    }

    /// Tests an integer comparison, without flags where a branch can look at the register itself.
    fn int_test(&mut self, cc: IntCC, a: Value, b: Value) -> Result<Ready> {
        let ty = self.func.value_type(a);
        if let Some((cc, x, bit)) = self.single_bit(cc, a, b) {
            return self.mask_test(ty, x, bit, cc == IntCC::Ne);
        }
        if self.constant(b) == Some(0) {
            let sign = BitNumber::new(u64::from(ty.bits() - 1));
            match (cc, sign) {
                (IntCC::Eq | IntCC::Ne, _) => {
                    let holds = cc == IntCC::Ne;
                    if let Some((BinaryOp::And, [x, y])) = self.fold_binary(a) {
                        return self.mask_test(ty, x, y, holds);
                    }
                    if self.odd_test(a).is_none() && !self.is_pair_difference(a) {
                        return self.zero_test(a, holds);
                    }
                }
                (IntCC::Slt, Some(sign)) => {
                    return Ok((Test::Bit(TestBit::Tbnz, sign), Some(self.reg(a))));
                }
                (IntCC::Sge, Some(sign)) => {
                    return Ok((Test::Bit(TestBit::Tbz, sign), Some(self.reg(a))));
                }
                _ => {}
            }
        }
        Ok((Test::Flags(self.compare(cc, a, b)?), None))
    }

    /// For a comparison of `x & bit` with `bit`, a power of two: the comparison of it with zero that holds alike, and its
    /// operands.
    fn single_bit(&self, cc: IntCC, a: Value, b: Value) -> Option<(IntCC, Value, Value)> {
        let cc = match cc {
            IntCC::Eq => IntCC::Ne,
            IntCC::Ne => IntCC::Eq,
            _ => return None,
        };
        let (BinaryOp::And, [x, bit]) = self.fold_binary(a)? else { return None };
        let imm = self.constant(bit)?;
        let bits = imm as u64 & self.func.value_type(a).mask();
        (bits.is_power_of_two() && self.constant(b) == Some(imm)).then_some((cc, x, bit))
    }

    /// For a signed remainder by a power of two to be folded: the dividend and the mask of the low bits, which are
    /// zero exactly when the remainder is.
    fn odd_test(&self, value: Value) -> Option<(Value, LogicalImm)> {
        let (BinaryOp::Srem, [dividend, divisor]) = self.fold_binary(value)? else { return None };
        let ty = self.func.value_type(value);
        let magnitude = self.constant(divisor)?.unsigned_abs() & ty.mask();
        let imm = LogicalImm::new(magnitude.wrapping_sub(1), int_size(ty))?;
        magnitude.is_power_of_two().then_some((dividend, imm))
    }

    /// Compares integers; the condition says what the flags mean.
    pub(super) fn compare(&mut self, cc: IntCC, a: Value, b: Value) -> Result<Cond> {
        let (cc, a, b) = match (self.constant(a), self.constant(b)) {
            (Some(_), None) => (cc.swapped(), b, a),
            _ => (cc, a, b),
        };
        let ty = self.func.value_type(a);
        let size = int_size(ty);
        let equality = matches!(cc, IntCC::Eq | IntCC::Ne);
        if let Some((cc, x, bit)) = self.single_bit(cc, a, b) {
            self.tst(ty, x, bit)?;
            return Ok(int_cond(cc));
        }
        if equality && self.constant(b) == Some(0) {
            if self.compare_pairs(a)? {
                return Ok(int_cond(cc));
            }
            if let Some((dividend, imm)) = self.odd_test(a) {
                let dividend = self.reg(dividend);
                self.emit_use(Op::TestImm { imm }, &[dividend]);
                return Ok(int_cond(cc));
            }
            if let Some((BinaryOp::And, [x, y])) = self.fold_binary(a)
                && self.constant(y).is_none_or(|imm| Self::logical_imm(ty, imm).is_some())
            {
                self.tst(ty, x, y)?;
                return Ok(int_cond(cc));
            }
        }
        if ty.bits() < 32 {
            return self.compare_narrow(cc, a, b);
        }
        if let Some(imm) = self.constant(b) {
            if let Some((cc, op, imm)) = compare_imm(size, cc, imm) {
                let a = self.reg(a);
                self.emit_use(Op::Compare { op, size, rhs: ArithRhs::Imm(imm) }, &[a]);
                return Ok(int_cond(cc));
            }
        } else {
            if equality && let Some((UnaryOp::Neg, arg)) = self.fold_unary(b) {
                let (a, arg) = (self.reg(a), self.reg(arg));
                let rhs = ArithRhs::Shifted(ArithShift::none(size));
                self.emit_use(Op::Compare { op: AddSub::Add, size, rhs }, &[a, arg]);
                return Ok(int_cond(cc));
            }
            if let Some((rhs, b)) = self.arith_rhs(ty, b) {
                let a = self.reg(a);
                self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[a, b]);
                return Ok(int_cond(cc));
            }
            if let Some((rhs, a)) = self.arith_rhs(ty, a) {
                let b = self.reg(b);
                self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[b, a]);
                return Ok(int_cond(cc.swapped()));
            }
        }
        let (a, b) = (self.reg(a), self.reg(b));
        let rhs = ArithRhs::Shifted(ArithShift::none(size));
        self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[a, b]);
        Ok(int_cond(cc))
    }

    /// `tst` of two values of which the second may be a constant that is a bitmask immediate.
    fn tst(&mut self, ty: Type, x: Value, y: Value) -> Result {
        if let Some(imm) = self.constant(y).and_then(|imm| Self::logical_imm(ty, imm)) {
            let x = self.reg(x);
            self.emit_use(Op::TestImm { imm }, &[x]);
        } else {
            let y = self.extended(y, Extend::Zero, int_size(ty))?;
            let x = self.reg(x);
            self.emit_use(Op::Test { shift: Shift::none(int_size(ty)) }, &[x, y]);
        }
        Ok(())
    }

    /// Compares 8- or 16-bit integers: the first extended, the second extended by the comparison itself.
    fn compare_narrow(&mut self, cc: IntCC, a: Value, b: Value) -> Result<Cond> {
        let signed = matches!(cc, IntCC::Slt | IntCC::Sle | IntCC::Sgt | IntCC::Sge);
        let extend = if signed { Extend::Sign } else { Extend::Zero };
        let ty = self.func.value_type(a);
        let size = Size::W;
        if let Some(imm) = self.constant(b) {
            let bits = if signed { imm } else { (imm as u64 & ty.mask()) as i64 };
            if let Some((cc, op, imm)) = compare_imm(size, cc, bits) {
                let a = self.extended(a, extend, size)?;
                self.emit_use(Op::Compare { op, size, rhs: ArithRhs::Imm(imm) }, &[a]);
                return Ok(int_cond(cc));
            }
        }
        let a = self.extended(a, extend, size)?;
        let (rhs, b) = self.narrow_rhs(b, extend)?;
        self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[a, b]);
        Ok(int_cond(cc))
    }

    /// The last operand of a 32-bit addition, subtraction or comparison, extended from 8 or 16 bits on the way.
    pub(super) fn narrow_rhs(&mut self, b: Value, extend: Extend) -> Result<(ArithRhs, VReg)> {
        let size = Size::W;
        if self.constant(b).is_some() || self.is_extended(b, extend) {
            let rhs = ArithRhs::Shifted(ArithShift::none(size));
            return Ok((rhs, self.extended(b, extend, size)?));
        }
        let extend = match (self.func.value_type(b), extend) {
            (Type::I8, Extend::Sign) => arm64_enc::Extend::Sxtb,
            (Type::I8, Extend::Zero) => arm64_enc::Extend::Uxtb,
            (_, Extend::Sign) => arm64_enc::Extend::Sxth,
            (_, Extend::Zero) => arm64_enc::Extend::Uxth,
        };
        Ok((ArithRhs::Extended(extend, arm64_enc::ExtendShift::ZERO), self.reg(b)))
    }

    /// Compares floats.
    fn float_test(&mut self, cc: FloatCC, [a, b]: [Value; 2]) -> Result<Test> {
        let (cc, a, b) = if self.is_float_zero(a) && !self.is_float_zero(b) {
            (cc.swapped(), b, a)
        } else {
            (cc, a, b)
        };
        let size = float_size(self.func.value_type(a))?;
        if self.is_float_zero(b) {
            let a = self.reg(a);
            self.emit_use(Op::FpCompareZero { size }, &[a]);
        } else {
            let (a, b) = (self.reg(a), self.reg(b));
            self.emit_use(Op::FpCompare { size }, &[a, b]);
        }
        // `fcmp` sets C and V if the operands are unordered, Z and C if equal, N if less, C if greater.
        Ok(match cc {
            FloatCC::Eq => Test::Flags(Cond::Eq),
            FloatCC::Ne => Test::Flags(Cond::Ne),
            FloatCC::Lt => Test::Flags(Cond::Mi),
            FloatCC::Le => Test::Flags(Cond::Ls),
            FloatCC::Gt => Test::Flags(Cond::Gt),
            FloatCC::Ge => Test::Flags(Cond::Ge),
            FloatCC::Ord => Test::Flags(Cond::Vc),
            FloatCC::Uno => Test::Flags(Cond::Vs),
            FloatCC::Ueq => Test::Either(Cond::Eq, Cond::Vs),
            FloatCC::One => Test::Either(Cond::Mi, Cond::Gt),
            FloatCC::Ult => Test::Flags(Cond::Lt),
            FloatCC::Ule => Test::Flags(Cond::Le),
            FloatCC::Ugt => Test::Flags(Cond::Hi),
            FloatCC::Uge => Test::Flags(Cond::Pl),
        })
    }

    /// Returns `true` if a value is +0 or -0, which compare alike.
    fn is_float_zero(&self, value: Value) -> bool {
        match self.func.def_inst(value) {
            Some((_, &InstData::FloatConst { bits })) => match self.func.value_type(value) {
                Type::F32 => bits as u32 & (u32::MAX >> 1) == 0,
                _ => bits & (u64::MAX >> 1) == 0,
            },
            _ => false,
        }
    }

    /// A condition that is in the flags.
    fn flags(&mut self, cond: Value, holds: bool) -> Result<Test> {
        let (cond, holds) = self.without_negations(cond, holds);
        if let Some(ready) = self.overflow_test(cond, holds)? {
            return self.in_flags(ready);
        }
        match self.fold_condition(cond).copied() {
            Some(InstData::IntCompare { cc, args: [a, b] }) => {
                let cc = if holds { cc } else { cc.inverse() };
                Ok(Test::Flags(self.compare(cc, a, b)?))
            }
            Some(InstData::FloatCompare { cc, args }) => {
                self.float_test(if holds { cc } else { cc.inverse() }, args)
            }
            Some(InstData::Binary { op: BinaryOp::And, args: [a, b] })
                if self.constant(a).is_none() =>
            {
                self.tst(self.func.value_type(cond), a, b)?;
                Ok(Test::Flags(if holds { Cond::Ne } else { Cond::Eq }))
            }
            _ => {
                let ready = self.zero_test(cond, holds)?;
                self.in_flags(ready)
            }
        }
    }

    /// Makes a test of a register one of the flags.
    pub(super) fn in_flags(&mut self, (test, reg): Ready) -> Result<Test> {
        let (test, reg) = match (test, reg) {
            (_, Some(reg)) => (test, reg),
            (test, None) => return Ok(test),
        };
        Ok(Test::Flags(match test {
            Test::Zero(op, size) => {
                let rhs = ArithRhs::Imm(ArithImm::ZERO);
                self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[reg]);
                if op == CompareZero::Cbz { Cond::Eq } else { Cond::Ne }
            }
            Test::Bit(op, bit) => {
                let size = if bit.value() < 32 { Size::W } else { Size::X };
                let imm = valid(LogicalImm::new(1 << bit.value(), size), "the mask of a bit")?;
                self.emit_use(Op::TestImm { imm }, &[reg]);
                if op == TestBit::Tbz { Cond::Eq } else { Cond::Ne }
            }
            Test::Flags(_) | Test::Either(..) => {
                return Err(Reason::Internal("a test of flags with a register"));
            }
        }))
    }

    /// The truth value of a comparison: 1 or 0.
    pub(super) fn truth(&mut self, inst: Inst) -> Result {
        let (out, _) = self.out(inst)?;
        let test = match *self.func.inst(inst) {
            InstData::IntCompare { cc, args: [a, b] } => {
                if let Some(done) = self.sign_bit(out, cc, a, b)? {
                    return Ok(done);
                }
                Test::Flags(self.compare(cc, a, b)?)
            }
            InstData::FloatCompare { cc, args } => self.float_test(cc, args)?,
            _ => return Err(Reason::Internal("not a comparison")),
        };
        match test {
            Test::Flags(cond) => self.emit_def(set(cond), out, &[]),
            Test::Either(first, second) => {
                let one = self.emit_temp(set(first), RegClass::Int, &[]);
                // If the second holds 0 + 1, else what the first gave.
                let op = Op::CondSelect {
                    op: CondSelect::Csinc,
                    size: Size::W,
                    cond: second.invert(),
                    n: Src::Reg,
                    m: Src::Zero,
                };
                self.emit_def(op, out, &[one]);
            }
            Test::Zero(..) | Test::Bit(..) => return Err(Reason::Internal("a test without flags")),
        }
        Ok(())
    }

    /// `x < 0` as a number is the sign bit of `x`.
    fn sign_bit(&mut self, out: VReg, cc: IntCC, a: Value, b: Value) -> Result<Option<()>> {
        let ty = self.func.value_type(a);
        if cc != IntCC::Slt || self.constant(b) != Some(0) {
            return Ok(None);
        }
        let size = int_size(ty);
        let bits = arm64_enc::BitfieldImm::extract(size, ty.bits() - 1, 1);
        let bits = valid(bits, "the sign bit")?;
        let a = self.reg(a);
        self.emit_def(Op::Bitfield { op: arm64_enc::Bitfield::Ubfm, bits }, out, &[a]);
        Ok(Some(()))
    }

    /// `a` if the condition is not zero, else `b`.
    pub(super) fn select(&mut self, inst: Inst, [cond, a, b]: [Value; 3]) -> Result {
        let (out, ty) = self.out(inst)?;
        if ty.is_float() {
            let size = float_size(ty)?;
            let (a, b) = (self.reg(a), self.reg(b));
            match self.flags(cond, true)? {
                Test::Either(first, second) => {
                    let op = Op::FpSelect { size, cond: first };
                    let found = self.emit_temp(op, RegClass::Float, &[a, b]);
                    self.emit_def(Op::FpSelect { size, cond: second }, out, &[a, found]);
                }
                Test::Flags(cond) => self.emit_def(Op::FpSelect { size, cond }, out, &[a, b]),
                _ => return Err(Reason::Internal("a test without flags")),
            }
            return Ok(());
        }
        let size = int_size(ty);
        // What the second operand of the instruction can be made of; by inverting the test, the first as well.
        let (op, plain, other, holds) = match (self.variant(ty, b), self.variant(ty, a)) {
            (Some((op, other)), _) => (op, a, other, true),
            (None, Some((op, other))) => (op, b, other, false),
            (None, None) => (CondSelect::Csel, a, Some(b), true),
        };
        let (n, mut sources) = match self.constant(plain) {
            Some(0) => (Src::Zero, vec![]),
            _ => (Src::Reg, vec![self.reg(plain)]),
        };
        let m = match other.filter(|&other| self.constant(other) != Some(0)) {
            Some(other) => {
                sources.push(self.reg(other));
                Src::Reg
            }
            None => Src::Zero,
        };
        match self.flags(cond, holds)? {
            Test::Flags(cond) => {
                self.emit_def(Op::CondSelect { op, size, cond, n, m }, out, &sources);
            }
            Test::Either(first, second) => {
                let op = Op::CondSelect { op, size, cond: first, n, m };
                let found = self.emit_temp(op, RegClass::Int, &sources);
                let op = CondSelect::Csel;
                let op = Op::CondSelect { op, size, cond: second, n, m: Src::Reg };
                let plain = if n == Src::Reg { sources.first().copied() } else { None };
                let sources: Vec<VReg> = plain.into_iter().chain([found]).collect();
                self.emit_def(op, out, &sources);
            }
            _ => return Err(Reason::Internal("a test without flags")),
        }
        Ok(())
    }

    /// What a conditional select can compute on its second operand: one more, the complement, the negation. `None` for
    /// the operand is zero.
    fn variant(&self, ty: Type, value: Value) -> Option<(CondSelect, Option<Value>)> {
        match self.constant(value) {
            Some(1) => return Some((CondSelect::Csinc, None)),
            // The complement of zero has ones above a narrow type, which its constants do not.
            Some(-1) if ty.bits() >= 32 => return Some((CondSelect::Csinv, None)),
            _ => {}
        }
        if let Some((op, arg)) = self.fold_unary(value) {
            return match op {
                UnaryOp::Not => Some((CondSelect::Csinv, Some(arg))),
                UnaryOp::Neg => Some((CondSelect::Csneg, Some(arg))),
                _ => None,
            };
        }
        match self.fold_binary(value)? {
            (BinaryOp::Add, [arg, one]) if self.constant(one) == Some(1) => {
                Some((CondSelect::Csinc, Some(arg)))
            }
            // A narrow one leaves zeros above its type where its operand has them, as `used_bits` says; this would not.
            (BinaryOp::Xor, [arg, ones]) if self.constant(ones) == Some(-1) && ty.bits() >= 32 => {
                Some((CondSelect::Csinv, Some(arg)))
            }
            (BinaryOp::Sub, [zero, arg]) if self.constant(zero) == Some(0) => {
                Some((CondSelect::Csneg, Some(arg)))
            }
            _ => None,
        }
    }
}

/// `cset`: 1 if the condition holds.
pub(super) fn set(cond: Cond) -> Op {
    Op::CondSelect {
        op: CondSelect::Csinc,
        size: Size::W,
        cond: cond.invert(),
        n: Src::Zero,
        m: Src::Zero,
    }
}

/// A comparison with a constant as an immediate, if need be with the neighbour of the constant.
fn compare_imm(size: Size, cc: IntCC, imm: i64) -> Option<(IntCC, AddSub, ArithImm)> {
    let direct = |cc: IntCC, imm: i64| {
        let bits = size.truncate(imm as u64);
        if let Some(imm) = ArithImm::new(bits) {
            return Some((cc, AddSub::Sub, imm));
        }
        // x - (-k) and x + k set the same flags, except for k = 0, which is handled above, and k = MIN, which is no
        // immediate.
        let negated = ArithImm::new(size.truncate(imm.wrapping_neg() as u64))?;
        Some((cc, AddSub::Add, negated))
    };
    direct(cc, imm).or_else(|| {
        let (least, most) = match size {
            Size::W => (i64::from(i32::MIN), i64::from(i32::MAX)),
            Size::X => (i64::MIN, i64::MAX),
        };
        let unsigned_most = size.truncate(u64::MAX);
        let bits = size.truncate(imm as u64);
        match cc {
            IntCC::Slt if imm > least => direct(IntCC::Sle, imm - 1),
            IntCC::Sge if imm > least => direct(IntCC::Sgt, imm - 1),
            IntCC::Sle if imm < most => direct(IntCC::Slt, imm + 1),
            IntCC::Sgt if imm < most => direct(IntCC::Sge, imm + 1),
            IntCC::Ult if bits > 0 => direct(IntCC::Ule, imm.wrapping_sub(1)),
            IntCC::Uge if bits > 0 => direct(IntCC::Ugt, imm.wrapping_sub(1)),
            IntCC::Ule if bits < unsigned_most => direct(IntCC::Ult, imm.wrapping_add(1)),
            IntCC::Ugt if bits < unsigned_most => direct(IntCC::Uge, imm.wrapping_add(1)),
            _ => None,
        }
    })
}

/// The condition on the flags of a comparison.
fn int_cond(cc: IntCC) -> Cond {
    match cc {
        IntCC::Eq => Cond::Eq,
        IntCC::Ne => Cond::Ne,
        IntCC::Slt => Cond::Lt,
        IntCC::Sle => Cond::Le,
        IntCC::Sgt => Cond::Gt,
        IntCC::Sge => Cond::Ge,
        IntCC::Ult => Cond::Lo,
        IntCC::Ule => Cond::Ls,
        IntCC::Ugt => Cond::Hi,
        IntCC::Uge => Cond::Hs,
    }
}
