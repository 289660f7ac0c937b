//! From allocated atomic accesses to words. A read-modify-write without the instructions of Armv8.1 (LSE) is a loop
//! around an exclusive load and store, written in one piece: an access to memory between the two, as the allocator may
//! insert between instructions, could make the store fail for ever.

use arm64_enc::{
    AddSub, ArithShift, Atomic, AtomicOrder, AtomicSize, Barrier, BarrierOption, Cond, CondSelect,
    DpReg, Extend, ExtendShift, Flags, LogicalReg, OrderedOp, Reg, RegSp, Release, Shift, Size,
    System, XZR,
};
use ir::RmwOp;

use super::Op;
use super::emit::{Emitter, Places, reused};
use crate::abi::gp;
use crate::error::{Reason, valid};

/// How a byte and a half word are extended.
const SIGNED: [Extend; 2] = [Extend::Sxtb, Extend::Sxth];
const UNSIGNED: [Extend; 2] = [Extend::Uxtb, Extend::Uxth];

impl Emitter<'_> {
    pub(super) fn atomic(&mut self, op: &Op, at: &mut Places<'_>) -> Result<(), Reason> {
        let order = AtomicOrder::AcquireRelease;
        match *op {
            Op::LoadAcquire { size } => {
                let op = OrderedOp::Ldar;
                self.asm.push(Atomic::Ordered { op, size, rt: at.gp()?, rn: at.gp_sp()? });
            }
            Op::StoreRelease { size, value } => {
                let op = OrderedOp::Stlr;
                self.asm.push(Atomic::Ordered { op, size, rt: at.src(value)?, rn: at.gp_sp()? });
            }
            Op::AtomicRmw { op, size } => {
                let (rt, rs, rn) = (at.gp()?, at.gp()?, at.gp_sp()?);
                self.asm.push(Atomic::ReadModifyWrite { op, size, order, rs, rt, rn });
            }
            Op::AtomicRmwLoop { op, size } => {
                let (old, failed) = (at.gp()?, at.gp()?);
                let new = if op == RmwOp::Xchg { None } else { Some(at.gp()?) };
                let (value, rn) = (at.gp()?, at.gp_sp()?);
                self.rmw_loop(op, size, Loop { old, failed, rn }, new, value)?;
            }
            Op::CompareSwap { size } => {
                let (rt, expected) = (at.reg()?, at.reg()?);
                reused(rt, expected)?;
                let (new, rn) = (at.gp()?, at.gp_sp()?);
                self.asm.push(Atomic::CompareSwap { size, order, rs: gp(rt)?, rt: new, rn });
            }
            Op::CompareSwapLoop { size } => {
                let (old, failed) = (at.gp()?, at.gp()?);
                let (expected, new, rn) = (at.gp()?, at.gp()?, at.gp_sp()?);
                self.cas_loop(size, Loop { old, failed, rn }, expected, new)?;
            }
            Op::Fence => {
                let (op, option) = (Barrier::Dmb, BarrierOption::ISH);
                self.asm.push(System::Barrier { op, option });
            }
            _ => return Err(Reason::Internal("not an atomic access")),
        }
        Ok(())
    }

    fn rmw_loop(
        &mut self,
        op: RmwOp,
        size: AtomicSize,
        regs: Loop,
        new: Option<Reg>,
        value: Reg,
    ) -> Result<(), Reason> {
        let top = self.asm.label();
        self.bind(top)?;
        self.load_exclusive(size, regs);
        if let Some(new) = new {
            self.compute(op, size, new, regs.old, value)?;
        }
        self.store_exclusive(size, regs, new.unwrap_or(value));
        self.asm.cbnz(Size::W, regs.failed, top);
        Ok(())
    }

    fn cas_loop(
        &mut self,
        size: AtomicSize,
        regs: Loop,
        expected: Reg,
        new: Reg,
    ) -> Result<(), Reason> {
        let (top, unequal) = (self.asm.label(), self.asm.label());
        self.bind(top)?;
        self.load_exclusive(size, regs);
        self.compare(size, regs.old, expected, UNSIGNED)?;
        self.asm.b_cond(Cond::Ne, unequal);
        self.store_exclusive(size, regs, new);
        self.asm.cbnz(Size::W, regs.failed, top);
        self.bind(unequal)?;
        // Nothing is to store under the reservation any more. After a store there is none, which does no harm.
        let (op, option) = (Barrier::Clrex, BarrierOption::SY);
        self.asm.push(System::Barrier { op, option });
        Ok(())
    }

    fn load_exclusive(&mut self, size: AtomicSize, Loop { old, rn, .. }: Loop) {
        let acquire = arm64_enc::Acquire::Yes;
        self.asm.push(Atomic::LoadExclusive { size, acquire, rt: old, rn });
    }

    fn store_exclusive(&mut self, size: AtomicSize, Loop { failed, rn, .. }: Loop, new: Reg) {
        let release = Release::Yes;
        self.asm.push(Atomic::StoreExclusive { size, release, rs: failed, rt: new, rn });
    }

    /// `rd` becomes what a read-modify-write stores. Bits above the width may be anything but in the operand of a minimum
    /// or maximum, which is extended.
    fn compute(
        &mut self,
        op: RmwOp,
        size: AtomicSize,
        rd: Reg,
        old: Reg,
        value: Reg,
    ) -> Result<(), Reason> {
        let width = size.size();
        let add_sub = |op| DpReg::AddSubShifted {
            op,
            flags: Flags::Keep,
            rd,
            rn: old,
            rm: value,
            shift: ArithShift::none(width),
        };
        let logic =
            |op| DpReg::LogicalShifted { op, rd, rn: old, rm: value, shift: Shift::none(width) };
        let plain = match op {
            RmwOp::Add => add_sub(AddSub::Add),
            RmwOp::Sub => add_sub(AddSub::Sub),
            RmwOp::And => logic(LogicalReg::And),
            RmwOp::Or => logic(LogicalReg::Orr),
            RmwOp::Xor => logic(LogicalReg::Eor),
            RmwOp::Smin => return self.choose(size, rd, old, value, Cond::Gt, SIGNED),
            RmwOp::Smax => return self.choose(size, rd, old, value, Cond::Lt, SIGNED),
            RmwOp::Umin => return self.choose(size, rd, old, value, Cond::Hi, UNSIGNED),
            RmwOp::Umax => return self.choose(size, rd, old, value, Cond::Lo, UNSIGNED),
            RmwOp::Xchg => return Err(Reason::Internal("an exchange computes nothing")),
        };
        self.asm.push(plain);
        Ok(())
    }

    /// `rd` becomes what was in memory if comparing the operand with it gives `cond`, else the operand.
    fn choose(
        &mut self,
        size: AtomicSize,
        rd: Reg,
        old: Reg,
        value: Reg,
        cond: Cond,
        extend: [Extend; 2],
    ) -> Result<(), Reason> {
        self.compare(size, value, old, extend)?;
        let (op, size) = (CondSelect::Csel, size.size());
        self.asm.push(DpReg::CondSelect { op, size, rd, rn: old, rm: value, cond });
        Ok(())
    }

    /// Compares a register with the low bits of another, extended from a byte or half word.
    fn compare(
        &mut self,
        size: AtomicSize,
        n: Reg,
        m: Reg,
        [byte, half]: [Extend; 2],
    ) -> Result<(), Reason> {
        let (op, rd) = (AddSub::Sub, XZR);
        let extend = match size {
            AtomicSize::B => byte,
            AtomicSize::H => half,
            AtomicSize::W | AtomicSize::X => {
                let shift = ArithShift::none(size.size());
                let flags = Flags::Set;
                self.asm.push(DpReg::AddSubShifted { op, flags, rd, rn: n, rm: m, shift });
                return Ok(());
            }
        };
        let (size, amount) = (Size::W, ExtendShift::ZERO);
        let rn = valid(RegSp::try_from(n).ok(), "the zero register is allocated")?;
        self.asm.push(DpReg::AddSubFlagsExtended { op, size, rd, rn, rm: m, extend, amount });
        Ok(())
    }
}

/// The registers of a loop that all its kinds have.
#[derive(Clone, Copy)]
struct Loop {
    old: Reg,
    /// Not zero if the store failed.
    failed: Reg,
    rn: RegSp,
}
