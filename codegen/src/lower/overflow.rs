//! Arithmetic whose second result says that the first is not exact: overflow, carry and borrow.
//!
//! What the second result is made of is found where the arithmetic stands, and looked at where it is used. Sums and
//! differences of whole registers leave it in the flags: those are *held* for a user if nothing between the two writes
//! flags, so that a chain of carries is a chain of `adcs`. Everything else leaves it in a register: narrow
//! operands are extended and computed exactly in 32 bits, a product has its upper half.

use arm64_enc::{
    AddSub, ArithShift, BitNumber, Bitfield, BitfieldImm, CompareZero, Cond, Extend as RegExtend,
    ExtendShift, Flags, LogicalImm, MulAdd, MulAddLong, MulHigh, ShiftKind, Size, TestBit,
};
use ir::{
    BinaryOp, CarryOp, Entity, Extend, Inst, InstData, OverflowOp, TernaryOp, Type, UnaryOp, Value,
    ValueDef,
};
use regalloc::VReg;
use smallvec::SmallVec;

use super::cond::{Ready, set};
use super::{Lower, Result, int_size};
use crate::error::{Reason, valid};
use crate::minst::{ArithRhs, Op, Src, Test};

/// How many instructions may stand between the flags and their user.
const HOLD_DISTANCE: usize = 24;

/// What the second result of arithmetic is made of.
#[derive(Clone, Copy)]
enum OverflowFlag {
    /// A condition on the flags that it leaves.
    Flags(Cond),
    /// A bit of the register of the first result.
    Bit(BitNumber),
    /// Whether any of these bits is set there.
    Mask(LogicalImm),
    /// Whether that register is not its own low bits extended.
    Extended(RegExtend, Size),
    /// Whether the upper half of the product is not zero.
    HighNotZero,
    /// Whether the upper half of the product is not the sign of the lower.
    HighNotSign,
}

/// An operand of a comparison without the flip of its sign bit.
#[derive(Clone, Copy)]
enum Unflipped {
    Value(Value),
    Const(i64),
}

impl Lower<'_> {
    /// The instruction of this block whose second result a value is.
    pub(super) fn overflow_of(&self, value: Value) -> Option<Inst> {
        let ValueDef::Result(inst, 1) = self.func.value_def(value) else { return None };
        let data = self.local(value)?;
        matches!(data, InstData::Overflow { .. } | InstData::Carry { .. }).then_some(inst)
    }

    /// Tests whether arithmetic did not fit (`holds`) or did. `None` if the value is something else, or if the flags
    /// that it left are gone here.
    pub(super) fn overflow_test(&mut self, value: Value, holds: bool) -> Result<Option<Ready>> {
        let Some(inst) = self.overflow_of(value) else { return Ok(None) };
        let overflow_flag = self.overflow_flag(inst)?;
        match overflow_flag {
            OverflowFlag::Flags(_) if !self.hold(inst, value) => return Ok(None),
            // Making the test twice takes longer than keeping its result.
            OverflowFlag::Mask(_) | OverflowFlag::Extended(..) | OverflowFlag::HighNotSign
                if self.ctx.uses[value.index()] != 1 =>
            {
                return Ok(None);
            }
            _ => {}
        }
        self.look_at(inst, overflow_flag, holds).map(Some)
    }

    /// Makes the test where all that it looks at is there.
    fn look_at(&mut self, inst: Inst, overflow_flag: OverflowFlag, holds: bool) -> Result<Ready> {
        let (ne, cbnz, tbnz) = match holds {
            true => (Cond::Ne, CompareZero::Cbnz, TestBit::Tbnz),
            false => (Cond::Eq, CompareZero::Cbz, TestBit::Tbz),
        };
        let first = self.func.result(inst).ok_or(Reason::Malformed("it has no result"))?;
        Ok(match overflow_flag {
            OverflowFlag::Flags(cond) => {
                (Test::Flags(if holds { cond } else { cond.invert() }), None)
            }
            OverflowFlag::Bit(bit) => {
                self.inexact.entry(inst).or_default();
                (Test::Bit(tbnz, bit), Some(self.reg(first)))
            }
            OverflowFlag::Mask(imm) => {
                self.inexact.entry(inst).or_default();
                let first = self.reg(first);
                self.emit_use(Op::TestImm { imm }, &[first]);
                (Test::Flags(ne), None)
            }
            OverflowFlag::Extended(extend, size) => {
                self.inexact.entry(inst).or_default();
                let first = self.reg(first);
                let rhs = ArithRhs::Extended(extend, ExtendShift::ZERO);
                self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[first, first]);
                (Test::Flags(ne), None)
            }
            OverflowFlag::HighNotZero => (Test::Zero(cbnz, Size::X), Some(self.high_half(inst))),
            OverflowFlag::HighNotSign => {
                let high = self.high_half(inst);
                let first = self.reg(first);
                let sign = ArithShift::new(Size::X, ShiftKind::Asr, Size::X.bits() - 1);
                let rhs = ArithRhs::Shifted(valid(sign, "the sign of a register")?);
                self.emit_use(Op::Compare { op: AddSub::Sub, size: Size::X, rhs }, &[high, first]);
                (Test::Flags(ne), None)
            }
        })
    }

    /// The register of the upper half of a product.
    fn high_half(&mut self, inst: Inst) -> VReg {
        if let Some(&Some(high)) = self.inexact.get(&inst) {
            return high;
        }
        let high = self.int_temp();
        self.inexact.insert(inst, Some(high));
        high
    }

    fn overflow_flag(&self, inst: Inst) -> Result<OverflowFlag> {
        let first = self.func.result(inst).ok_or(Reason::Malformed("it has no result"))?;
        let ty = self.func.value_type(first);
        let op = match *self.func.inst(inst) {
            InstData::Overflow { op, .. } => op,
            InstData::Carry { op: CarryOp::UaddCarry, .. } => OverflowOp::UaddOverflow,
            InstData::Carry { op: CarryOp::UsubBorrow, .. } => OverflowOp::UsubOverflow,
            _ => return Err(Reason::Internal("not arithmetic that may overflow")),
        };
        let narrow = ty.bits() < Size::W.bits();
        let own_sign = match ty {
            Type::I8 => (RegExtend::Sxtb, Size::W),
            Type::I16 => (RegExtend::Sxth, Size::W),
            _ => (RegExtend::Sxtw, Size::X),
        };
        Ok(match op {
            OverflowOp::UsubOverflow if self.signed_operands(inst).is_some() => {
                OverflowFlag::Flags(Cond::Lt)
            }
            OverflowOp::SaddOverflow | OverflowOp::SsubOverflow if !narrow => {
                OverflowFlag::Flags(Cond::Vs)
            }
            OverflowOp::UaddOverflow if !narrow => OverflowFlag::Flags(Cond::Hs),
            OverflowOp::UsubOverflow if !narrow => OverflowFlag::Flags(Cond::Lo),
            OverflowOp::UaddOverflow | OverflowOp::UsubOverflow => {
                let bit = BitNumber::new(u64::from(ty.bits()));
                OverflowFlag::Bit(valid(bit, "the bit above a narrow type")?)
            }
            OverflowOp::SmulOverflow if ty.bits() == Size::X.bits() => OverflowFlag::HighNotSign,
            OverflowOp::UmulOverflow if ty.bits() == Size::X.bits() => OverflowFlag::HighNotZero,
            OverflowOp::UmulOverflow => {
                let size = if narrow { Size::W } else { Size::X };
                let imm = LogicalImm::new(size.truncate(!ty.mask()), size);
                OverflowFlag::Mask(valid(imm, "the mask above a type")?)
            }
            OverflowOp::SaddOverflow | OverflowOp::SsubOverflow | OverflowOp::SmulOverflow => {
                OverflowFlag::Extended(own_sign.0, own_sign.1)
            }
        })
    }

    // ---- Signed comparisons ----

    /// For a difference of whole registers of which only the borrow is used, and of which both operands have their sign
    /// bit flipped: what they are without that. The borrow then says which is less as signed, as the flags do.
    fn signed_operands(&self, inst: Inst) -> Option<[Unflipped; 2]> {
        let args = match *self.func.inst(inst) {
            InstData::Overflow { op: OverflowOp::UsubOverflow, args } => args,
            InstData::Carry { op: CarryOp::UsubBorrow, args: [a, b, _] } => [a, b],
            _ => return None,
        };
        let first = self.func.result(inst)?;
        let ty = self.func.value_type(first);
        let unused = self.ctx.uses[first.index()] == 0;
        if !unused || ty.bits() < Size::W.bits() {
            return None;
        }
        let sign = i64::MIN >> (64 - ty.bits());
        let unflipped = |value: Value| match *self.func.def_inst(value)?.1 {
            InstData::IntConst { imm } => Some(Unflipped::Const(imm ^ sign)),
            InstData::Binary { op: BinaryOp::Xor, args: [value, flip] }
                if self.constant(flip) == Some(sign) =>
            {
                Some(Unflipped::Value(value))
            }
            _ => None,
        };
        Some([unflipped(args[0])?, unflipped(args[1])?])
    }

    /// An operand in a register; nothing for zero, if that is allowed.
    fn unflipped(&mut self, value: Unflipped, size: Size) -> Option<VReg> {
        match value {
            Unflipped::Value(value) => Some(self.reg(value)),
            Unflipped::Const(0) => None,
            Unflipped::Const(imm) => Some(self.const_temp(size, imm as u64)),
        }
    }

    /// Compares what [`signed_operands`](Self::signed_operands) has found.
    fn signed_compare(&mut self, size: Size, [a, b]: [Unflipped; 2]) {
        let a = match self.unflipped(a, size) {
            Some(a) => a,
            None => self.const_temp(size, 0),
        };
        if let Unflipped::Const(imm) = b
            && let Some((op, imm)) = Self::arith_imm(size, AddSub::Sub, imm)
        {
            self.emit_use(Op::Compare { op, size, rhs: ArithRhs::Imm(imm) }, &[a]);
            return;
        }
        // Zero is an immediate.
        let Some(b) = self.unflipped(b, size) else { return };
        self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs: Self::plain(size) }, &[a, b]);
    }

    // ---- Flags ----

    /// Sees to it that the flags which an instruction of this block leaves are there for the instruction that is being
    /// lowered, a user of `flag`.
    fn hold(&mut self, inst: Inst, flag: Value) -> bool {
        if let Some(held) = self.held {
            // A later user has counted on it.
            return held == inst;
        }
        let Some(block) = self.block else { return false };
        let before = self.func.block_insts(block).get(..self.position).unwrap_or_default();
        for &other in before.iter().rev().take(HOLD_DISTANCE) {
            if other == inst {
                self.held = Some(inst);
                return true;
            }
            match *self.func.inst(other) {
                // Another user, which reads the same flags.
                InstData::Ternary { op: TernaryOp::Select, args: [cond, ..] }
                | InstData::TrapIf { cond, .. }
                    if cond == flag => {}
                ref data if keeps_flags(data) => {}
                _ => return false,
            }
        }
        false
    }

    /// Returns `true` if the flags are to be left for a user that comes.
    fn take_hold(&mut self, inst: Inst) -> bool {
        self.held.take_if(|held| *held == inst).is_some()
    }

    /// The second result as a number, where the instruction stands.
    fn flag_value(&mut self, inst: Inst, flag: Value, overflow_flag: OverflowFlag) -> Result {
        let out = self.vreg(flag);
        if let OverflowFlag::Bit(bit) = overflow_flag {
            let first = self.func.result(inst).ok_or(Reason::Malformed("it has no result"))?;
            let bits = valid(BitfieldImm::extract(Size::W, bit.value().into(), 1), "a bit")?;
            let first = self.reg(first);
            self.emit_def(Op::Bitfield { op: Bitfield::Ubfm, bits }, out, &[first]);
            return Ok(());
        }
        let ready = self.look_at(inst, overflow_flag, true)?;
        match self.in_flags(ready)? {
            Test::Flags(cond) => self.emit_def(set(cond), out, &[]),
            _ => return Err(Reason::Internal("a test without flags")),
        }
        Ok(())
    }

    /// The two results of an instruction.
    fn two_results(&self, inst: Inst) -> Result<[Value; 2]> {
        match *self.func.results(inst) {
            [first, flag] => Ok([first, flag]),
            _ => Err(Reason::Malformed("it does not have two results")),
        }
    }

    fn is_wanted(&self, value: Value) -> bool {
        self.ctx.wanted[value.index()]
    }

    // ---- Overflow ----

    pub(super) fn overflow(&mut self, inst: Inst, op: OverflowOp, args: [Value; 2]) -> Result {
        let [first, flag] = self.two_results(inst)?;
        let overflow_flag = self.overflow_flag(inst)?;
        let held = self.take_hold(inst);
        let looked_at = self.inexact.contains_key(&inst);
        if !held && !looked_at && !self.is_wanted(flag) {
            return match op {
                OverflowOp::SaddOverflow | OverflowOp::UaddOverflow => {
                    self.binary(inst, BinaryOp::Add, args)
                }
                OverflowOp::SsubOverflow | OverflowOp::UsubOverflow => {
                    self.binary(inst, BinaryOp::Sub, args)
                }
                OverflowOp::SmulOverflow | OverflowOp::UmulOverflow => {
                    self.binary(inst, BinaryOp::Mul, args)
                }
            };
        }
        if let Some(operands) = self.signed_operands(inst) {
            let size = int_size(self.func.value_type(first));
            self.signed_compare(size, operands);
            if self.is_wanted(flag) {
                self.flag_value(inst, flag, overflow_flag)?;
            }
            return Ok(());
        }
        match op {
            OverflowOp::SaddOverflow => self.sum(first, AddSub::Add, Extend::Sign, args)?,
            OverflowOp::UaddOverflow => self.sum(first, AddSub::Add, Extend::Zero, args)?,
            OverflowOp::SsubOverflow => self.sum(first, AddSub::Sub, Extend::Sign, args)?,
            OverflowOp::UsubOverflow => self.sum(first, AddSub::Sub, Extend::Zero, args)?,
            OverflowOp::SmulOverflow => self.whole_product(inst, Extend::Sign, args)?,
            OverflowOp::UmulOverflow => self.whole_product(inst, Extend::Zero, args)?,
        }
        if self.is_wanted(flag) {
            self.flag_value(inst, flag, overflow_flag)?;
        }
        self.inexact.remove(&inst);
        Ok(())
    }

    /// A sum or difference with an overflow flag: the flags, or of narrow types all bits in the first result.
    fn sum(&mut self, first: Value, op: AddSub, extend: Extend, [a, b]: [Value; 2]) -> Result {
        let ty = self.func.value_type(first);
        let size = int_size(ty);
        let (a, b) = match op {
            AddSub::Add if self.constant(a).is_some() => (b, a),
            _ => (a, b),
        };
        if ty.bits() < Size::W.bits() {
            let imm = self.constant(b).map(|imm| match extend {
                Extend::Zero => (imm as u64 & ty.mask()) as i64,
                Extend::Sign => imm,
            });
            let out = self.vreg(first);
            let a = self.extended(a, extend, size)?;
            if let Some((op, imm)) = imm.and_then(|imm| Self::arith_imm(size, op, imm)) {
                self.emit_def(Op::AddSub { op, size, rhs: ArithRhs::Imm(imm) }, out, &[a]);
            } else {
                let (rhs, b) = self.narrow_rhs(b, extend)?;
                self.emit_def(Op::AddSub { op, size, rhs }, out, &[a, b]);
            }
            return Ok(());
        }
        let out = self.is_wanted(first).then(|| self.vreg(first));
        if op == AddSub::Sub
            && self.constant(a) == Some(0)
            && let Some(out) = out
        {
            let b = self.reg(b);
            self.emit_def(Op::NegFlags { size }, out, &[b]);
            return Ok(());
        }
        // Adding a number sets the flags that subtracting its negation sets, except for 0, which is an immediate
        // itself, and MIN, which is none.
        if let Some(imm) = self.constant(b)
            && let Some((op, imm)) = Self::arith_imm(size, op, imm)
        {
            let a = self.reg(a);
            self.add_sub_flags(op, size, ArithRhs::Imm(imm), out, &[a]);
            return Ok(());
        }
        let (rhs, a, b) = match self.arith_rhs(ty, b) {
            Some((rhs, b)) => (rhs, self.reg(a), b),
            None if op == AddSub::Sub => (Self::plain(size), self.reg(a), self.reg(b)),
            None => match self.arith_rhs(ty, a) {
                Some((rhs, a)) => (rhs, self.reg(b), a),
                None => (Self::plain(size), self.reg(a), self.reg(b)),
            },
        };
        self.add_sub_flags(op, size, rhs, out, &[a, b]);
        Ok(())
    }

    fn add_sub_flags(
        &mut self,
        op: AddSub,
        size: Size,
        rhs: ArithRhs,
        out: Option<VReg>,
        sources: &[VReg],
    ) {
        match out {
            Some(out) => self.emit_def(Op::AddSubFlags { op, size, rhs }, out, sources),
            None => self.emit_use(Op::Compare { op, size, rhs }, sources),
        }
    }

    /// A product with an overflow flag: up to 32 bits all of it is in the first result, of 64 bits the upper half beside it.
    fn whole_product(&mut self, inst: Inst, extend: Extend, [a, b]: [Value; 2]) -> Result {
        let (out, ty) = self.out(inst)?;
        let signed = extend == Extend::Sign;
        match ty {
            Type::I64 => {
                let high = self.high_half(inst);
                let (a, b) = (self.reg(a), self.reg(b));
                let op = if signed { MulHigh::Smulh } else { MulHigh::Umulh };
                self.emit_def(Op::MulHigh { op }, high, &[a, b]);
                let [first, _] = self.two_results(inst)?;
                if signed || self.is_wanted(first) {
                    self.emit_def(Op::Mul { op: MulAdd::Madd, size: Size::X }, out, &[a, b]);
                }
            }
            Type::I32 => {
                let op = if signed { MulAddLong::Smaddl } else { MulAddLong::Umaddl };
                let (a, b) = (self.reg(a), self.reg(b));
                self.emit_def(Op::MulLong { op }, out, &[a, b]);
            }
            _ => {
                let a = self.extended(a, extend, Size::W)?;
                let b = self.extended(b, extend, Size::W)?;
                self.emit_def(Op::Mul { op: MulAdd::Madd, size: Size::W }, out, &[a, b]);
            }
        }
        Ok(())
    }

    // ---- Carry ----

    pub(super) fn carry(&mut self, inst: Inst, op: CarryOp, [a, b, c]: [Value; 3]) -> Result {
        let (op, plain) = match op {
            CarryOp::UaddCarry => (AddSub::Add, OverflowOp::UaddOverflow),
            CarryOp::UsubBorrow => (AddSub::Sub, OverflowOp::UsubOverflow),
        };
        if self.constant(c) == Some(0) {
            return self.overflow(inst, plain, [a, b]);
        }
        let [first, flag] = self.two_results(inst)?;
        let overflow_flag = self.overflow_flag(inst)?;
        let held = self.take_hold(inst);
        let looked_at = self.inexact.contains_key(&inst);
        let (out, ty) = self.out(inst)?;
        let (size, flag_wanted) = (int_size(ty), self.is_wanted(flag));
        let mut sources: SmallVec<[VReg; 2]> = SmallVec::new();
        let (n, m) = match self.signed_operands(inst) {
            Some(operands) => {
                let [n, m] = operands.map(|operand| match self.unflipped(operand, size) {
                    Some(reg) => {
                        sources.push(reg);
                        Src::Reg
                    }
                    None => Src::Zero,
                });
                (n, m)
            }
            // All bits of a narrow sum count if any one is looked at.
            None => {
                let exact = looked_at || flag_wanted;
                (
                    self.source(a, size, exact, &mut sources)?,
                    self.source(b, size, exact, &mut sources)?,
                )
            }
        };
        self.carry_in(op, c)?;
        let leaves_flags =
            matches!(overflow_flag, OverflowFlag::Flags(_)) && (held || looked_at || flag_wanted);
        if leaves_flags && !self.is_wanted(first) {
            self.emit_use(Op::CompareCarry { op, size, n, m }, &sources);
        } else {
            let flags = if leaves_flags { Flags::Set } else { Flags::Keep };
            self.emit_def(Op::AddSubCarry { op, flags, size, n, m }, out, &sources);
        }
        if flag_wanted {
            self.flag_value(inst, flag, overflow_flag)?;
        }
        self.inexact.remove(&inst);
        Ok(())
    }

    /// An operand that may be the zero register; `exact` if bits above its type have to be zero.
    fn source(
        &mut self,
        value: Value,
        size: Size,
        exact: bool,
        sources: &mut SmallVec<[VReg; 2]>,
    ) -> Result<Src> {
        if self.constant(value) == Some(0) {
            return Ok(Src::Zero);
        }
        sources.push(match exact {
            true => self.extended(value, Extend::Zero, size)?,
            false => self.reg(value),
        });
        Ok(Src::Reg)
    }

    /// Brings a carry or borrow into the flags: that of the instruction before in a chain is there already.
    fn carry_in(&mut self, op: AddSub, carry: Value) -> Result {
        let chained = self.overflow_of(carry).filter(|&inst| {
            let unsigned = match *self.func.inst(inst) {
                InstData::Overflow { op: OverflowOp::UaddOverflow, .. } => AddSub::Add,
                InstData::Carry { op: CarryOp::UaddCarry, .. } => AddSub::Add,
                InstData::Overflow { op: OverflowOp::UsubOverflow, .. } => AddSub::Sub,
                InstData::Carry { op: CarryOp::UsubBorrow, .. } => AddSub::Sub,
                _ => return false,
            };
            let overflow_flag = self.overflow_flag(inst);
            unsigned == op && matches!(overflow_flag, Ok(OverflowFlag::Flags(Cond::Hs | Cond::Lo)))
        });
        if let Some(inst) = chained
            && self.hold(inst, carry)
        {
            return Ok(());
        }
        let ty = self.func.value_type(carry);
        let size = int_size(ty);
        let carry = self.extended(carry, Extend::Zero, size)?;
        self.emit_use(Op::SetCarry { op, size }, &[carry]);
        Ok(())
    }
}

/// Returns `true` if the machine instructions of an operation leave the flags alone, wherever it stands.
fn keeps_flags(data: &InstData) -> bool {
    match data {
        InstData::IntConst { .. }
        | InstData::FloatConst { .. }
        | InstData::Load { .. }
        | InstData::Store { .. }
        | InstData::StackAddr { .. }
        | InstData::DataAddr { .. }
        | InstData::FuncAddr { .. } => true,
        InstData::Unary { op, .. } => matches!(
            op,
            UnaryOp::Neg | UnaryOp::Not | UnaryOp::Sext | UnaryOp::Zext | UnaryOp::Trunc
        ),
        InstData::Binary { op, .. } => matches!(
            op,
            BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::Mul
                | BinaryOp::Smulhi
                | BinaryOp::Umulhi
                | BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Xor
                | BinaryOp::Shl
                | BinaryOp::Lshr
                | BinaryOp::Ashr
        ),
        _ => false,
    }
}
