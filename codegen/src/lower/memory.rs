//! Loads, stores and their addresses.

use arm64_enc::{
    AccessSize, AddSub, ArithImm, IndexScale, MemExtend, MemOp, ScaledOffset, Simm9, Size,
};
use ir::{
    BinaryOp, Entity, Extend, Inst, InstData, LoadKind, StackSlot, StoreKind, Type, UnaryOp, Value,
};
use regalloc::{Operand, VReg};
use smallvec::SmallVec;

use super::args::{access_size, load_op, store_op};
use super::values::shift_amount;
use super::{Lower, Result};
use crate::error::Reason;
use crate::minst::{Addr, ArithRhs, Displacement, FramePlace, Op, Src};

/// The bits below those that one `add` of a shifted immediate covers.
const LOW_BITS: i64 = 0xfff;

type Registers = SmallVec<[VReg; 2]>;

impl Lower<'_> {
    /// Returns `true` if a value is a load whose result only its single user in this block sees, so that the load can
    /// extend it.
    pub(super) fn is_foldable_load(&self, value: Value) -> bool {
        self.func.value_type(value).is_int()
            && matches!(self.fold(value), Some(InstData::Load { kind: LoadKind::Full, .. }))
    }

    /// Lets the load that `arg` is do the sign extension that `inst` is. The load stays where it stands.
    pub(super) fn extend_load(&mut self, inst: Inst, arg: Value) -> bool {
        // A product of extended words has asked for the word, which then has to be in a register of its own.
        if !self.is_foldable_load(arg) || self.ctx.wanted[arg.index()] {
            return false;
        }
        let (Some((load, _)), Some(result)) = (self.func.def_inst(arg), self.func.result(inst))
        else {
            return false;
        };
        self.ctx.extended_load[load.index()] = Some(result);
        true
    }

    pub(super) fn load(&mut self, inst: Inst, kind: LoadKind, addr: Value, offset: i32) -> Result {
        let value = self.func.result(inst).ok_or(Reason::Malformed("a load has no result"))?;
        let memory = kind.memory_type(self.func.value_type(value));
        let (addr, registers) = self.address(addr, offset, access_size(memory))?;
        let (out, op) = match self.ctx.extended_load[inst.index()] {
            Some(extended) => {
                let to = self.func.value_type(extended);
                (self.vreg(extended), signed_load(memory, to, addr))
            }
            None => {
                let op = match kind {
                    LoadKind::Narrow(_, Extend::Sign) => {
                        signed_load(memory, self.func.value_type(value), addr)
                    }
                    // Loads of less than 64 bits clear the rest of the register.
                    LoadKind::Full | LoadKind::Narrow(_, Extend::Zero) => load_op(memory, addr),
                };
                (self.vreg(value), op)
            }
        };
        self.emit_def(op, out, &registers);
        Ok(())
    }

    pub(super) fn store(
        &mut self,
        kind: StoreKind,
        value: Value,
        addr: Value,
        offset: i32,
    ) -> Result {
        let memory = kind.memory_type(self.func.value_type(value));
        let (addr, registers) = self.address(addr, offset, access_size(memory))?;
        if self.is_zero(value) {
            self.emit_use(store_op(memory.as_int(), Src::Zero, addr), &registers);
            return Ok(());
        }
        // Storing the bits of the other kind of register saves the move.
        let (value, memory) = match self.fold_unary(value) {
            Some((UnaryOp::Bitcast, arg)) if kind == StoreKind::Full => {
                (arg, self.func.value_type(arg))
            }
            _ => (value, memory),
        };
        let mut sources: SmallVec<[VReg; 3]> = SmallVec::new();
        sources.push(self.reg(value));
        sources.extend(registers);
        self.emit_use(store_op(memory, Src::Reg, addr), &sources);
        Ok(())
    }

    /// Returns `true` if all bits of a value are zero.
    fn is_zero(&self, value: Value) -> bool {
        match self.func.def_inst(value) {
            Some((_, InstData::IntConst { imm })) => *imm == 0,
            Some((_, InstData::FloatConst { bits })) => *bits == 0,
            _ => false,
        }
    }

    pub(super) fn stack_addr(&mut self, inst: Inst, slot: StackSlot, offset: i32) -> Result {
        if self.func.slots.get(slot).is_none() {
            return Err(Reason::Malformed("the stack slot does not exist"));
        }
        let (out, _) = self.out(inst)?;
        let place = FramePlace::Slot(slot, offset);
        self.emit(Op::FrameAddr { place }, &[Operand::def_reg(out)]);
        Ok(())
    }

    /// How an access reaches `addr + offset`.
    fn address(
        &mut self,
        addr: Value,
        offset: i32,
        access: AccessSize,
    ) -> Result<(Addr, Registers)> {
        let direct = i64::from(offset);
        let (base, total) = self.base_and_offset(addr, direct);
        if let Some((_, &InstData::StackAddr { slot, offset })) = self.func.def_inst(base) {
            let place = total.checked_add(i64::from(offset));
            // Beyond the slot it is the program's own address, in a register: so `lint` can tell whose fault it is when
            // something else in the frame is hit.
            if let (Some(place), Some(data)) = (place, self.func.slots.get(slot))
                && u64::try_from(place).is_ok_and(|from| {
                    from.checked_add(access.bytes().into()).is_some_and(|to| to <= data.size)
                })
                && let Ok(offset) = i32::try_from(place)
            {
                return Ok((Addr::Frame(FramePlace::Slot(slot, offset)), Registers::new()));
            }
        }
        if total == 0
            && let Some(found) = self.index(base, access)
        {
            return Ok(found);
        }
        for (base, offset) in [(base, total), (addr, direct)] {
            if let Some(displacement) = displacement(offset, access) {
                let base = self.reg(base);
                return Ok((Addr::Base(displacement), Registers::from_slice(&[base])));
            }
        }
        let base = self.reg(base);
        Ok(self.reach(base, total, access))
    }

    /// Looks through additions of constants. The sum is exact, so the last of it wraps as the additions do.
    pub(super) fn base_and_offset(&self, mut base: Value, mut offset: i64) -> (Value, i64) {
        while let Some((_, &InstData::Binary { op, args: [a, b] })) = self.func.def_inst(base) {
            let step = match (op, self.constant(a), self.constant(b)) {
                (BinaryOp::Add, _, Some(imm)) => Some((a, imm)),
                (BinaryOp::Add, Some(imm), None) => Some((b, imm)),
                (BinaryOp::Sub, _, Some(imm)) => imm.checked_neg().map(|imm| (a, imm)),
                _ => None,
            };
            let Some((inner, imm)) = step else { break };
            let Some(sum) = offset.checked_add(imm) else { break };
            (base, offset) = (inner, sum);
        }
        (base, offset)
    }

    /// A sum of two values as base and index.
    fn index(&mut self, base: Value, access: AccessSize) -> Option<(Addr, Registers)> {
        let (a, b) = match self.near(base)? {
            InstData::Binary { op: BinaryOp::Add, args: [a, b] } => (*a, *b),
            _ => return None,
        };
        for (base, index) in [(a, b), (b, a)] {
            let (scale, unscaled) = match self.scaled(index, access) {
                Some(inner) => (IndexScale::Units, inner),
                None => (IndexScale::Bytes, index),
            };
            let extended = self.extended_index(unscaled);
            if scale == IndexScale::Units || extended.is_some() {
                let (extend, index) = extended.unwrap_or((MemExtend::Lsl, unscaled));
                let registers = [self.reg(base), self.reg(index)];
                return Some((Addr::Index(extend, scale), Registers::from_slice(&registers)));
            }
        }
        // A product or another shift is better computed together with the sum.
        if self.fold_binary(a).is_some_and(is_scaling)
            || self.fold_binary(b).is_some_and(is_scaling)
        {
            return None;
        }
        let registers = [self.reg(a), self.reg(b)];
        let addr = Addr::Index(MemExtend::Lsl, IndexScale::Bytes);
        Some((addr, Registers::from_slice(&registers)))
    }

    /// What an index counts, if it is a multiple of the access.
    fn scaled(&self, index: Value, access: AccessSize) -> Option<Value> {
        let InstData::Binary { op, args: [inner, amount] } = *self.near(index)? else {
            return None;
        };
        let imm = self.constant(amount)?;
        // The amount is modulo the 64 bits of an address, whatever the width of the access.
        let units = match op {
            BinaryOp::Shl => shift_amount(Type::I64, imm) == access.log2(),
            BinaryOp::Mul => imm == i64::from(access.bytes()),
            _ => false,
        };
        (units && access != AccessSize::B1).then_some(inner)
    }

    /// The 32-bit value that an index extends.
    fn extended_index(&self, index: Value) -> Option<(MemExtend, Value)> {
        let InstData::Unary { op, arg } = *self.near(index)? else { return None };
        if self.func.value_type(arg) != Type::I32 || self.is_foldable_load(arg) {
            return None;
        }
        match op {
            UnaryOp::Zext => Some((MemExtend::Uxtw, arg)),
            UnaryOp::Sext => Some((MemExtend::Sxtw, arg)),
            _ => None,
        }
    }

    /// How an access reaches an offset from a register. If no immediate does, its upper part is added before, or all of it is
    /// an index.
    pub(super) fn reach(
        &mut self,
        base: VReg,
        offset: i64,
        access: AccessSize,
    ) -> (Addr, Registers) {
        if let Some(displacement) = displacement(offset, access) {
            return (Addr::Base(displacement), Registers::from_slice(&[base]));
        }
        let low = offset & LOW_BITS;
        let high = offset - low;
        let op = if high < 0 { AddSub::Sub } else { AddSub::Add };
        if let (Some(imm), Some(displacement)) =
            (ArithImm::new(high.unsigned_abs()), displacement(low, access))
        {
            let rhs = ArithRhs::Imm(imm);
            let near = self.int_temp();
            self.emit_def(Op::AddSub { op, size: Size::X, rhs }, near, &[base]);
            return (Addr::Base(displacement), Registers::from_slice(&[near]));
        }
        let index = self.const_temp(Size::X, offset as u64);
        let addr = Addr::Index(MemExtend::Lsl, IndexScale::Bytes);
        (addr, Registers::from_slice(&[base, index]))
    }
}

fn is_scaling((op, _): (BinaryOp, [Value; 2])) -> bool {
    matches!(op, BinaryOp::Shl | BinaryOp::Mul)
}

/// The immediate for an offset, if there is one.
fn displacement(offset: i64, access: AccessSize) -> Option<Displacement> {
    ScaledOffset::new(offset, access)
        .map(Displacement::Scaled)
        .or_else(|| Simm9::new(offset).map(Displacement::Unscaled))
}

/// A load that extends the sign from its width to the result's.
fn signed_load(memory: Type, to: Type, addr: Addr) -> Op {
    let wide = to == Type::I64;
    let op = match memory {
        Type::I8 if wide => MemOp::LdrsbX,
        Type::I8 => MemOp::LdrsbW,
        Type::I16 if wide => MemOp::LdrshX,
        Type::I16 => MemOp::LdrshW,
        Type::I32 if wide => MemOp::Ldrsw,
        _ => return load_op(memory, addr),
    };
    Op::Load { op, addr }
}
