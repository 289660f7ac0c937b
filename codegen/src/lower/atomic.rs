//! Atomic accesses. All are sequentially consistent: loads acquire, stores release, and AArch64 keeps a load with
//! acquire behind every store with release before it.

use arm64_enc::{ArithShift, AtomicOp, AtomicSize, Cond, LogicalImm, Shift, Size};
use ir::{Extend, Inst, InstData, MemFacts, RmwOp, TrapKind, Type, Value};
use regalloc::{Operand, RegClass, VReg};
use smallvec::SmallVec;

use super::args::access_size;
use super::{Lower, Result, int_size};
use crate::error::{Reason, valid};
use crate::minst::{Op, Src, Test};

impl Lower<'_> {
    pub(super) fn atomic_load(&mut self, inst: Inst, facts: MemFacts, addr: Value) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = atomic_size(ty)?;
        let addr = self.aligned(facts, addr, ty)?;
        self.emit_def(Op::LoadAcquire { size }, out, &[addr]);
        Ok(())
    }

    pub(super) fn atomic_store(&mut self, facts: MemFacts, value: Value, addr: Value) -> Result {
        let ty = self.func.value_type(value);
        let size = atomic_size(ty)?;
        let addr = self.aligned(facts, addr, ty)?;
        if self.constant(value) == Some(0) {
            self.emit_use(Op::StoreRelease { size, value: Src::Zero }, &[addr]);
        } else {
            let value = self.reg(value);
            self.emit_use(Op::StoreRelease { size, value: Src::Reg }, &[value, addr]);
        }
        Ok(())
    }

    pub(super) fn atomic_rmw(
        &mut self,
        inst: Inst,
        op: RmwOp,
        facts: MemFacts,
        value: Value,
        addr: Value,
    ) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = atomic_size(ty)?;
        let addr = self.aligned(facts, addr, ty)?;
        if self.options.lse {
            let (op, value) = self.rmw_operand(op, value);
            // The result is asked for even if nobody uses it: without one the access would not acquire.
            self.emit_def(Op::AtomicRmw { op, size }, out, &[value, addr]);
            return Ok(());
        }
        let value = match op {
            RmwOp::Smin | RmwOp::Smax => self.extended(value, Extend::Sign, int_size(ty))?,
            RmwOp::Umin | RmwOp::Umax => self.extended(value, Extend::Zero, int_size(ty))?,
            _ => self.reg(value),
        };
        let mut operands: SmallVec<[Operand; 5]> = SmallVec::new();
        operands.push(Operand::def_early(out));
        let temps = if op == RmwOp::Xchg { 1 } else { 2 };
        for _ in 0..temps {
            operands.push(Operand::def_early(self.int_temp()));
        }
        operands.extend([Operand::use_reg(value), Operand::use_reg(addr)]);
        self.emit(Op::AtomicRmwLoop { op, size }, &operands);
        Ok(())
    }

    /// The instruction that does an operation, and the register that it takes: there is none that subtracts, and the
    /// one for `and` clears what its operand has.
    fn rmw_operand(&mut self, op: RmwOp, value: Value) -> (AtomicOp, VReg) {
        let size = int_size(self.func.value_type(value));
        let constant = self.constant(value);
        let op = match op {
            RmwOp::Sub => {
                let value = match constant {
                    Some(imm) => self.const_temp(size, imm.wrapping_neg() as u64),
                    None => {
                        let value = self.reg(value);
                        let op = Op::Neg { shift: ArithShift::none(size) };
                        self.emit_temp(op, RegClass::Int, &[value])
                    }
                };
                return (AtomicOp::Add, value);
            }
            RmwOp::And => {
                let value = match constant {
                    Some(imm) => self.const_temp(size, !imm as u64),
                    None => {
                        let value = self.reg(value);
                        let op = Op::Not { shift: Shift::none(size) };
                        self.emit_temp(op, RegClass::Int, &[value])
                    }
                };
                return (AtomicOp::Clr, value);
            }
            RmwOp::Add => AtomicOp::Add,
            RmwOp::Or => AtomicOp::Set,
            RmwOp::Xor => AtomicOp::Eor,
            RmwOp::Xchg => AtomicOp::Swp,
            RmwOp::Smin => AtomicOp::Smin,
            RmwOp::Smax => AtomicOp::Smax,
            RmwOp::Umin => AtomicOp::Umin,
            RmwOp::Umax => AtomicOp::Umax,
        };
        (op, self.reg(value))
    }

    pub(super) fn atomic_cas(
        &mut self,
        inst: Inst,
        facts: MemFacts,
        [expected, new]: [Value; 2],
        addr: Value,
    ) -> Result {
        let (out, ty) = self.out(inst)?;
        let size = atomic_size(ty)?;
        let addr = self.aligned(facts, addr, ty)?;
        let (expected, new) = (self.reg(expected), self.reg(new));
        let uses = [expected, new, addr].map(Operand::use_reg);
        let mut operands: SmallVec<[Operand; 5]> = SmallVec::new();
        let op = if self.options.lse {
            operands.push(Operand::reuse(out, 1));
            Op::CompareSwap { size }
        } else {
            operands.extend([Operand::def_early(out), Operand::def_early(self.int_temp())]);
            Op::CompareSwapLoop { size }
        };
        operands.extend(uses);
        self.emit(op, &operands);
        Ok(())
    }

    /// The register of an address, after a trap if it is not a multiple of the size of the type. Cores trap themselves,
    /// but not all, and not in a way that tells where.
    fn aligned(&mut self, facts: MemFacts, addr: Value, ty: Type) -> Result<VReg> {
        let bytes = ty.bytes();
        let promised = facts.align.is_some_and(|align| align.bytes() >= bytes);
        let register = self.reg(addr);
        if bytes > 1 && !promised && !self.is_aligned(addr, bytes) {
            let imm = LogicalImm::new(u64::from(bytes - 1), Size::X);
            let imm = valid(imm, "the low bits of an address")?;
            self.emit_use(Op::TestImm { imm }, &[register]);
            let trap = self.trap_site(TrapKind::MemoryFault);
            self.emit(Op::TrapIf { test: Test::Flags(Cond::Ne), trap }, &[]);
        }
        Ok(register)
    }

    /// Returns `true` if an address is known to be a multiple of a power of two.
    fn is_aligned(&self, addr: Value, bytes: u32) -> bool {
        let (base, offset) = self.base_and_offset(addr, 0);
        let multiple = |offset: i64| offset & i64::from(bytes - 1) == 0;
        match self.func.def_inst(base) {
            Some((_, &InstData::StackAddr { slot, offset: inside })) => {
                let slot = self.func.slots.get(slot);
                slot.is_some_and(|slot| slot.align >= bytes)
                    && multiple(offset)
                    && multiple(inside.into())
            }
            _ => false,
        }
    }
}

fn atomic_size(ty: Type) -> Result<AtomicSize> {
    match access_size(ty) {
        _ if !ty.is_int() => Err(Reason::Malformed("an atomic access to a float")),
        arm64_enc::AccessSize::B1 => Ok(AtomicSize::B),
        arm64_enc::AccessSize::B2 => Ok(AtomicSize::H),
        arm64_enc::AccessSize::B4 => Ok(AtomicSize::W),
        arm64_enc::AccessSize::B8 => Ok(AtomicSize::X),
        _ => Err(Reason::Malformed("an atomic access to more than 64 bits")),
    }
}
