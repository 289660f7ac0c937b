//! Values: asking for them in registers, looking through them, extending them, and what is known of their bits.

use arm64_enc::{Bitfield, BitfieldImm, Size};
use ir::{
    BinaryOp, Entity, Extend, Inst, InstData, LoadKind, TernaryOp, Type, UnaryOp, Value, ValueDef,
};
use regalloc::{Operand, VReg};

use super::{Lower, Result, int_size};
use crate::error::{Reason, valid};
use crate::function::class_of;
use crate::minst::Op;

/// Left shifts of the last operand by up to this many bits take no time of their own on current cores.
const FREE_SHIFT: u32 = 4;

/// How far the search for known bits follows definitions.
const KNOWN_BITS_DEPTH: u32 = 6;

impl Lower<'_> {
    /// The virtual register of a value.
    pub(super) fn vreg(&self, value: Value) -> VReg {
        VReg::new(value.index() as u32, class_of(self.func.value_type(value)))
    }

    /// The result of an instruction that has one.
    pub(super) fn out(&self, inst: Inst) -> Result<(VReg, Type)> {
        let value = self.func.result(inst).ok_or(Reason::Malformed("it has no result"))?;
        Ok((self.vreg(value), self.func.value_type(value)))
    }

    /// The value in a register, with undefined bits above its type.
    pub(super) fn reg(&mut self, value: Value) -> VReg {
        let source = self.without_copies(value);
        self.ctx.wanted[source.index()] = true;
        self.vreg(source)
    }

    /// Looks through conversions that change no bit of the register that anyone may look at.
    fn without_copies(&self, mut value: Value) -> Value {
        while let Some((_, &InstData::Unary { op, arg })) = self.func.def_inst(value) {
            let from = self.func.value_type(arg);
            match op {
                UnaryOp::Trunc => value = arg,
                UnaryOp::Zext if self.used_bits(arg) <= from.bits() => value = arg,
                UnaryOp::Bswap if from == Type::I8 => value = arg,
                _ => break,
            }
        }
        value
    }

    // ---- Looking at definitions ----

    /// The constant that an integer value is, sign-extended from its type.
    pub(super) fn constant(&self, value: Value) -> Option<i64> {
        match self.func.def_inst(value)?.1 {
            InstData::IntConst { imm } => Some(*imm),
            _ => None,
        }
    }

    /// The definition of a value, if it may be computed at its only use instead of where it stands.
    pub(super) fn fold(&self, value: Value) -> Option<&InstData> {
        (self.ctx.uses[value.index()] == 1).then(|| self.local(value)).flatten()
    }

    /// The definition of a condition, if it may be computed here: also a comparison or mask of whole registers all of
    /// whose users want flags. Users in a row share it in the end.
    pub(super) fn fold_condition(&self, cond: Value) -> Option<&InstData> {
        let data = self.local(cond)?;
        let (uses, as_condition) = (self.ctx.uses[cond.index()], self.ctx.cond_uses[cond.index()]);
        let free = match *data {
            InstData::IntCompare { args: [a, _], .. }
            | InstData::Binary { op: BinaryOp::And, args: [a, _] } => {
                self.func.value_type(a).bits() >= 32
            }
            InstData::FloatCompare { .. } => true,
            _ => false,
        };
        (uses == 1 || free && uses == as_condition).then_some(data)
    }

    /// The definition of a value, if it stands in the current block.
    pub(super) fn local(&self, value: Value) -> Option<&InstData> {
        let (inst, data) = self.func.def_inst(value)?;
        (self.block.is_some() && self.ctx.home[inst.index()] == self.block).then_some(data)
    }

    /// The definition of a value, if it stands in as many loops as the current block: part of it may be computed here
    /// just as well.
    pub(super) fn near(&self, value: Value) -> Option<&InstData> {
        let (inst, data) = self.func.def_inst(value)?;
        let (here, there) = (self.block?, self.ctx.home[inst.index()]?);
        let depth = |block: ir::Block| self.ctx.depth[block.index()];
        (depth(here) == depth(there)).then_some(data)
    }

    /// A binary operation to be folded, with its operands.
    pub(super) fn fold_binary(&self, value: Value) -> Option<(BinaryOp, [Value; 2])> {
        match self.fold(value)? {
            InstData::Binary { op, args } => Some((*op, *args)),
            _ => None,
        }
    }

    /// A unary operation to be folded, with its operand.
    pub(super) fn fold_unary(&self, value: Value) -> Option<(UnaryOp, Value)> {
        match self.fold(value)? {
            InstData::Unary { op, arg } => Some((*op, *arg)),
            _ => None,
        }
    }

    /// A shift or rotation by a constant to be folded: operation, operand, amount below the width.
    pub(super) fn fold_shift(&self, value: Value) -> Option<(BinaryOp, Value, u32)> {
        let (op, arg, amount) = match *self.local(value)? {
            InstData::Binary { op, args: [arg, amount] } => (op, arg, amount),
            _ => return None,
        };
        let ty = self.func.value_type(value);
        // A short left shift is free as part of another instruction, so that all users may take it.
        let short = op == BinaryOp::Shl
            && self.constant(amount).is_some_and(|imm| shift_amount(ty, imm) <= FREE_SHIFT);
        if !short && self.ctx.uses[value.index()] != 1 {
            return None;
        }
        match op {
            BinaryOp::Shl | BinaryOp::Lshr | BinaryOp::Ashr | BinaryOp::Rotr | BinaryOp::Rotl => {
                Some((op, arg, shift_amount(ty, self.constant(amount)?)))
            }
            _ => None,
        }
    }

    // ---- Constants ----

    /// The bits that a register holds for a constant: zero above its type.
    fn const_bits(ty: Type, imm: i64) -> u64 {
        imm as u64 & ty.mask()
    }

    /// Puts a constant into `out`.
    pub(super) fn int_const(&mut self, out: VReg, ty: Type, imm: i64) {
        let op = Op::Const { size: int_size(ty), value: Self::const_bits(ty, imm) };
        self.emit(op, &[Operand::def_reg(out)]);
    }

    /// Puts bits into a new temporary.
    pub(super) fn const_temp(&mut self, size: Size, value: u64) -> VReg {
        let out = self.int_temp();
        let op = Op::Const { size, value: size.truncate(value) };
        self.emit(op, &[Operand::def_reg(out)]);
        out
    }

    // ---- Extension ----

    /// An integer value in a register of `size`, extended from its type.
    pub(super) fn extended(&mut self, value: Value, extend: Extend, size: Size) -> Result<VReg> {
        let ty = self.func.value_type(value);
        if ty.bits() >= size.bits() {
            return Ok(self.reg(value));
        }
        if let Some(imm) = self.constant(value) {
            let bits = match extend {
                Extend::Zero => Self::const_bits(ty, imm),
                Extend::Sign => imm as u64,
            };
            return Ok(self.const_temp(size, bits));
        }
        if self.is_extended(value, extend) {
            return Ok(self.reg(value));
        }
        let source = self.reg(value);
        let op = Self::extension(ty, extend, size)?;
        let out = self.int_temp();
        self.emit_def(op, out, &[source]);
        Ok(out)
    }

    /// Returns `true` if a register with the value is known to hold it extended.
    pub(super) fn is_extended(&self, value: Value, extend: Extend) -> bool {
        let bits = self.func.value_type(value).bits();
        match extend {
            Extend::Zero => self.used_bits(value) <= bits,
            // With the sign bit known to be zero both extensions are the same.
            Extend::Sign => self.used_bits(value) < bits,
        }
    }

    /// The instruction that extends from a type to a register width.
    pub(super) fn extension(from: Type, extend: Extend, to: Size) -> Result<Op> {
        let (op, size) = match extend {
            // A 32-bit operation clears the upper half.
            Extend::Zero => (Bitfield::Ubfm, if from.bits() == 32 { Size::X } else { Size::W }),
            Extend::Sign => (Bitfield::Sbfm, to),
        };
        let bits = valid(BitfieldImm::extract(size, 0, from.bits()), "an extension")?;
        Ok(Op::Bitfield { op, bits })
    }

    /// How many low bits of the register of a value can be other than zero. An upper bound: 64 says nothing.
    ///
    /// It must agree with how each operation is lowered: 32-bit instructions clear the upper half, operations on
    /// narrower types leave undefined bits in the lower.
    pub(super) fn used_bits(&self, value: Value) -> u32 {
        self.used_bits_within(value, KNOWN_BITS_DEPTH)
    }

    fn used_bits_within(&self, value: Value, depth: u32) -> u32 {
        const UNKNOWN: u32 = 64;
        let ty = self.func.value_type(value);
        let (Some(depth), ValueDef::Result(inst, index)) =
            (depth.checked_sub(1), self.func.value_def(value))
        else {
            return UNKNOWN;
        };
        let of = |value: Value| self.used_bits_within(value, depth);
        let word = if ty.bits() == 64 { UNKNOWN } else { 32 };
        match *self.func.inst(inst) {
            InstData::IntConst { imm } => 64 - Self::const_bits(ty, imm).leading_zeros(),
            InstData::IntCompare { .. } | InstData::FloatCompare { .. } => 1,
            InstData::Overflow { .. } | InstData::Carry { .. } if index == 1 => 1,
            // Each of their instructions clears the rest of the register.
            InstData::AtomicLoad { .. }
            | InstData::AtomicRmw { .. }
            | InstData::AtomicCas { .. } => ty.bits(),
            InstData::Load { kind, .. } => match kind {
                LoadKind::Full => ty.bits(),
                LoadKind::Narrow(width, Extend::Zero) => width.as_type().bits(),
                LoadKind::Narrow(_, Extend::Sign) => word,
            },
            InstData::Unary { op, arg } => {
                let from = self.func.value_type(arg);
                match op {
                    UnaryOp::Clz | UnaryOp::Ctz | UnaryOp::Cls | UnaryOp::Popcnt => 7,
                    UnaryOp::Zext => of(arg).min(from.bits()),
                    UnaryOp::Trunc => of(arg),
                    UnaryOp::Bswap if from == Type::I8 => of(arg),
                    _ => word,
                }
            }
            InstData::Binary { op, args: [a, b] } => match op {
                BinaryOp::And => of(a).min(of(b)).min(word),
                BinaryOp::Or | BinaryOp::Xor => of(a).max(of(b)).min(word),
                BinaryOp::Lshr => match self.constant(b) {
                    Some(amount) => ty.bits() - shift_amount(ty, amount),
                    None => word,
                },
                _ => word,
            },
            InstData::Ternary { op: TernaryOp::Select, args: [_, a, b] } => {
                of(a).max(of(b)).min(word)
            }
            _ => UNKNOWN,
        }
    }
}

/// The amount of a shift: modulo the width, as the IR says.
pub(super) fn shift_amount(ty: Type, amount: i64) -> u32 {
    (amount as u64 % u64::from(ty.bits())) as u32
}
