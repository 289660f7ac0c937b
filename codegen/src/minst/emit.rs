//! From allocated machine instructions to words: the operands are registers now, one `arm64-enc` instruction each but
//! for constants and places in the frame that no immediate reaches.

use std::num::NonZeroU32;

use arm64_enc::simd::{Across, AcrossShape, TwoBytes};
use arm64_enc::{
    AddSub, ArithImm, ArithShift, Assembler, Bitfield, BitfieldImm, Branch, BranchReg, ByteMask,
    CompareZero, Cond, Constant, DpImm, DpReg, Exception, Flags, Fp, FpCompare, FpImm8, FpSize,
    FpUnary, IP0, IP1, Imm16, IndexScale, LR, Label, LdSt, MemExtend, MemOp, Reg, RegSp, Shift,
    Simd, SimdImm, SimdThree, SimdTwo, Size, System, TestBit, VReg, VectorLogical, VectorSize, XZR,
};
use ir::{Function, TrapKind};
use regalloc::{Loc, PReg};

use super::{ArithRhs, CondRhs, Op, Src, Symbol, Test, TrapRef};
use crate::abi::{fp, gp, gp_sp};
use crate::error::{Reason, valid};
use crate::frame::{self, Frame};
use crate::function::MachineFunction;
use crate::unwind::{FrameChange, Rows};

/// Writes machine instructions into an assembler.
pub(crate) struct Emitter<'a> {
    pub(crate) asm: Assembler,
    pub(crate) func: &'a Function,
    pub(crate) mf: &'a MachineFunction,
    pub(crate) frame: &'a Frame,
    /// One for each trap site that is out of line.
    pub(crate) stubs: Vec<(Label, TrapRef)>,
    /// Where `brk` stands.
    pub(crate) trap_sites: Vec<(usize, TrapRef)>,
    pub(crate) rows: Rows,
}

/// The places of an instruction's operands, handed out in order.
pub(super) struct Places<'a>(std::slice::Iter<'a, Loc>);

impl Places<'_> {
    pub(super) fn reg(&mut self) -> Result<PReg, Reason> {
        let reg = self.0.next().and_then(|loc| loc.as_reg());
        valid(reg, "an operand has no register")
    }

    pub(super) fn gp(&mut self) -> Result<Reg, Reason> {
        gp(self.reg()?)
    }

    pub(super) fn gp_sp(&mut self) -> Result<RegSp, Reason> {
        gp_sp(self.reg()?)
    }

    pub(super) fn fp(&mut self) -> Result<VReg, Reason> {
        fp(self.reg()?)
    }

    pub(super) fn src(&mut self, src: Src) -> Result<Reg, Reason> {
        match src {
            Src::Zero => Ok(XZR),
            Src::Reg => self.gp(),
        }
    }
}

impl Emitter<'_> {
    /// Writes an instruction that is not a branch.
    ///
    /// # Errors
    /// If an operand has no register of the right kind.
    pub(crate) fn op(&mut self, op: &Op, locs: &[Loc]) -> Result<(), Reason> {
        let mut at = Places(locs.iter());
        match *op {
            Op::Load { .. }
            | Op::Store { .. }
            | Op::FpLoad { .. }
            | Op::FpStore { .. }
            | Op::FrameAddr { .. }
            | Op::DataAddr { .. }
            | Op::FuncAddr { .. } => self.memory(op, &mut at),
            Op::LoadAcquire { .. }
            | Op::StoreRelease { .. }
            | Op::AtomicRmw { .. }
            | Op::AtomicRmwLoop { .. }
            | Op::CompareSwap { .. }
            | Op::CompareSwapLoop { .. }
            | Op::Fence => self.atomic(op, &mut at),
            Op::Compare { .. }
            | Op::CompareCarry { .. }
            | Op::SetCarry { .. }
            | Op::Test { .. }
            | Op::TestImm { .. }
            | Op::CondCompare { .. }
            | Op::CondSelect { .. } => self.flags(op, &mut at),
            Op::Args
            | Op::Call { .. }
            | Op::CallIndirect
            | Op::TailCall { .. }
            | Op::TailCallIndirect { .. }
            | Op::MakeRoom { .. }
            | Op::Ret
            | Op::Trap { .. }
            | Op::TrapIf { .. } => self.control(op, &mut at),
            Op::Jump | Op::Branch { .. } | Op::JumpTable { .. } => {
                Err(Reason::Internal("a branch is written as a plain instruction"))
            }
            Op::AddSub { .. }
            | Op::Neg { .. }
            | Op::AddSubFlags { .. }
            | Op::NegFlags { .. }
            | Op::AddSubCarry { .. }
            | Op::Logic { .. }
            | Op::Not { .. }
            | Op::LogicImm { .. }
            | Op::Binary { .. }
            | Op::Unary { .. }
            | Op::Reverse { .. }
            | Op::Bitfield { .. }
            | Op::BitInsert { .. }
            | Op::Extract { .. }
            | Op::Mul { .. }
            | Op::MulAdd { .. }
            | Op::MulLong { .. }
            | Op::MulAddLong { .. }
            | Op::MulHigh { .. }
            | Op::Const { .. }
            | Op::Copy => self.integer(op, &mut at),
            _ => self.float(op, &mut at),
        }
    }

    fn integer(&mut self, op: &Op, at: &mut Places<'_>) -> Result<(), Reason> {
        let asm = &mut self.asm;
        match *op {
            Op::AddSub { op, size, rhs: ArithRhs::Imm(imm) } => {
                asm.push(DpImm::AddSub { op, size, rd: at.gp_sp()?, rn: at.gp_sp()?, imm });
            }
            Op::AddSub { op, rhs: ArithRhs::Shifted(shift), .. } => {
                let (rd, rn, rm) = (at.gp()?, at.gp()?, at.gp()?);
                asm.push(DpReg::AddSubShifted { op, flags: Flags::Keep, rd, rn, rm, shift });
            }
            Op::AddSub { op, size, rhs: ArithRhs::Extended(extend, amount) } => {
                let (rd, rn, rm) = (at.gp_sp()?, at.gp_sp()?, at.gp()?);
                asm.push(DpReg::AddSubExtended { op, size, rd, rn, rm, extend, amount });
            }
            Op::Neg { shift } => frame::negate(asm, at.gp()?, at.gp()?, shift),
            Op::AddSubFlags { op, size, rhs } => {
                let rd = at.gp()?;
                add_sub_flags(asm, op, size, rhs, rd, at)?;
            }
            Op::NegFlags { size } => {
                let (op, flags, shift) = (AddSub::Sub, Flags::Set, ArithShift::none(size));
                let (rd, rm) = (at.gp()?, at.gp()?);
                asm.push(DpReg::AddSubShifted { op, flags, rd, rn: XZR, rm, shift });
            }
            Op::AddSubCarry { op, flags, size, n, m } => {
                let (rd, rn, rm) = (at.gp()?, at.src(n)?, at.src(m)?);
                asm.push(DpReg::AddSubCarry { op, flags, size, rd, rn, rm });
            }
            Op::Logic { op, shift } => {
                let (rd, rn, rm) = (at.gp()?, at.gp()?, at.gp()?);
                asm.push(DpReg::LogicalShifted { op, rd, rn, rm, shift });
            }
            Op::Not { shift } => {
                let op = arm64_enc::LogicalReg::Orn;
                asm.push(DpReg::LogicalShifted { op, rd: at.gp()?, rn: XZR, rm: at.gp()?, shift });
            }
            Op::LogicImm { op, imm } => {
                asm.push(DpImm::Logical { op, rd: at.gp_sp()?, rn: at.gp()?, imm });
            }
            Op::Binary { op, size } => {
                asm.push(DpReg::DataProc2 { op, size, rd: at.gp()?, rn: at.gp()?, rm: at.gp()? });
            }
            Op::Unary { op, size } => {
                asm.push(DpReg::DataProc1 { op, size, rd: at.gp()?, rn: at.gp()? });
            }
            Op::Reverse { size } => asm.push(DpReg::Reverse { size, rd: at.gp()?, rn: at.gp()? }),
            // `mov` of a word: cores do it while they rename registers.
            Op::Bitfield { op: Bitfield::Ubfm, bits }
                if Some(bits) == BitfieldImm::extract(Size::X, 0, Size::W.bits()) =>
            {
                let (op, shift) = (arm64_enc::LogicalReg::Orr, Shift::none(Size::W));
                asm.push(DpReg::LogicalShifted { op, rd: at.gp()?, rn: XZR, rm: at.gp()?, shift });
            }
            Op::Bitfield { op, bits } => {
                asm.push(DpImm::Bitfield { op, rd: at.gp()?, rn: at.gp()?, bits });
            }
            Op::BitInsert { bits } => {
                let (rd, old, rn) = (at.reg()?, at.reg()?, at.gp()?);
                reused(rd, old)?;
                let op = arm64_enc::Bitfield::Bfm;
                asm.push(DpImm::Bitfield { op, rd: gp(rd)?, rn, bits });
            }
            Op::Extract { lsb } => {
                asm.push(DpImm::Extract { rd: at.gp()?, rn: at.gp()?, rm: at.gp()?, lsb });
            }
            Op::Mul { op, size } => {
                let (rd, rn, rm) = (at.gp()?, at.gp()?, at.gp()?);
                asm.push(DpReg::MulAdd { op, size, rd, rn, rm, ra: XZR });
            }
            Op::MulAdd { op, size } => {
                let (rd, rn, rm, ra) = (at.gp()?, at.gp()?, at.gp()?, at.gp()?);
                asm.push(DpReg::MulAdd { op, size, rd, rn, rm, ra });
            }
            Op::MulLong { op } => {
                let (rd, rn, rm) = (at.gp()?, at.gp()?, at.gp()?);
                asm.push(DpReg::MulAddLong { op, rd, rn, rm, ra: XZR });
            }
            Op::MulAddLong { op } => {
                let (rd, rn, rm, ra) = (at.gp()?, at.gp()?, at.gp()?, at.gp()?);
                asm.push(DpReg::MulAddLong { op, rd, rn, rm, ra });
            }
            Op::MulHigh { op } => {
                asm.push(DpReg::MulHigh { op, rd: at.gp()?, rn: at.gp()?, rm: at.gp()? });
            }
            Op::Const { size, value } => asm.mov_imm(at.gp()?, size, value),
            Op::Copy => {
                let (rd, rn) = (at.gp()?, at.gp()?);
                if rd != rn {
                    frame::copy(asm, rd, rn);
                }
            }
            _ => return Err(Reason::Internal("not an integer instruction")),
        }
        Ok(())
    }

    fn flags(&mut self, op: &Op, at: &mut Places<'_>) -> Result<(), Reason> {
        let asm = &mut self.asm;
        match *op {
            Op::Compare { op, size, rhs } => add_sub_flags(asm, op, size, rhs, XZR, at)?,
            Op::CompareCarry { op, size, n, m } => {
                let (flags, rd, rn, rm) = (Flags::Set, XZR, at.src(n)?, at.src(m)?);
                asm.push(DpReg::AddSubCarry { op, flags, size, rd, rn, rm });
            }
            // `n - 1` borrows nothing, which sets the flag, if n is not zero.
            Op::SetCarry { op: AddSub::Add, size } => {
                let imm = valid(ArithImm::new(1), "one is no immediate")?;
                asm.push(DpImm::AddSubFlags {
                    op: AddSub::Sub,
                    size,
                    rd: XZR,
                    rn: at.gp_sp()?,
                    imm,
                });
            }
            // `0 - n` borrows, which clears the flag, if n is not zero.
            Op::SetCarry { op: AddSub::Sub, size } => {
                let (op, flags, shift) = (AddSub::Sub, Flags::Set, ArithShift::none(size));
                let rm = at.gp()?;
                asm.push(DpReg::AddSubShifted { op, flags, rd: XZR, rn: XZR, rm, shift });
            }
            Op::Test { shift } => {
                let op = arm64_enc::LogicalReg::Ands;
                asm.push(DpReg::LogicalShifted { op, rd: XZR, rn: at.gp()?, rm: at.gp()?, shift });
            }
            Op::TestImm { imm } => asm.push(DpImm::LogicalFlags { rd: XZR, rn: at.gp()?, imm }),
            Op::CondCompare { op, size, rhs: CondRhs::Reg, nzcv, cond } => {
                let (rn, rm) = (at.gp()?, at.gp()?);
                asm.push(DpReg::CondCompareReg { op, size, rn, rm, nzcv, cond });
            }
            Op::CondCompare { op, size, rhs: CondRhs::Imm(imm), nzcv, cond } => {
                asm.push(DpReg::CondCompareImm { op, size, rn: at.gp()?, imm, nzcv, cond });
            }
            Op::CondSelect { op, size, cond, n, m } => {
                let (rd, rn, rm) = (at.gp()?, at.src(n)?, at.src(m)?);
                asm.push(DpReg::CondSelect { op, size, rd, rn, rm, cond });
            }
            _ => return Err(Reason::Internal("not an instruction on flags")),
        }
        Ok(())
    }

    fn float(&mut self, op: &Op, at: &mut Places<'_>) -> Result<(), Reason> {
        let asm = &mut self.asm;
        match *op {
            Op::FpUnary { op, size } => {
                asm.push(Fp::Unary { op, size, rd: at.fp()?, rn: at.fp()? });
            }
            Op::FpConvert { op } => asm.push(Fp::Convert { op, rd: at.fp()?, rn: at.fp()? }),
            Op::FpBinary { op, size } => {
                asm.push(Fp::Binary { op, size, rd: at.fp()?, rn: at.fp()?, rm: at.fp()? });
            }
            Op::FpTernary { op, size } => {
                let (rd, rn, rm, ra) = (at.fp()?, at.fp()?, at.fp()?, at.fp()?);
                asm.push(Fp::Ternary { op, size, rd, rn, rm, ra });
            }
            Op::FpCompare { size } => {
                let op = FpCompare::Fcmp;
                asm.push(Fp::Compare { op, size, rn: at.fp()?, rm: at.fp()? });
            }
            Op::FpCompareZero { size } => {
                asm.push(Fp::CompareZero { op: FpCompare::Fcmp, size, rn: at.fp()? });
            }
            Op::FpSelect { size, cond } => {
                let (rd, rn, rm) = (at.fp()?, at.fp()?, at.fp()?);
                asm.push(Fp::CondSelect { size, rd, rn, rm, cond });
            }
            Op::FpConst { size, bits } => float_constant(asm, at.fp()?, size, bits)?,
            Op::FpCopy => {
                let (rd, rn) = (at.fp()?, at.fp()?);
                if rd != rn {
                    asm.push(Fp::Unary { op: FpUnary::Fmov, size: FpSize::D, rd, rn });
                }
            }
            Op::FpToInt { op, size, from } => {
                asm.push(Fp::ToInt { op, size, from, rd: at.gp()?, rn: at.fp()? });
            }
            Op::IntToFp { op, size, to } => {
                asm.push(Fp::FromInt { op, size, to, rd: at.fp()?, rn: at.gp()? });
            }
            Op::MoveToGp { op } => asm.push(Fp::MoveToGp { op, rd: at.gp()?, rn: at.fp()? }),
            Op::MoveFromGp { op } => asm.push(Fp::MoveFromGp { op, rd: at.fp()?, rn: at.gp()? }),
            Op::VecCountBits => {
                let (op, q) = (TwoBytes::Cnt, VectorSize::D);
                asm.push(Simd::Two(SimdTwo::Bytes { op, q, rd: at.fp()?, rn: at.fp()? }));
            }
            Op::VecAddAcross => {
                let (op, shape) = (Across::Addv, AcrossShape::B8);
                asm.push(Simd::Two(SimdTwo::Across { op, shape, rd: at.fp()?, rn: at.fp()? }));
            }
            Op::VecInsertIfTrue => {
                let (rd, old, rn, rm) = (at.reg()?, at.reg()?, at.fp()?, at.fp()?);
                reused(rd, old)?;
                let (op, q) = (VectorLogical::Bit, VectorSize::D);
                asm.push(Simd::Three(SimdThree::Logical { op, q, rd: fp(rd)?, rn, rm }));
            }
            _ => return Err(Reason::Internal("not a float instruction")),
        }
        Ok(())
    }

    fn control(&mut self, op: &Op, at: &mut Places<'_>) -> Result<(), Reason> {
        match *op {
            Op::Args => {}
            Op::Call { callee } => self.asm.bl_symbol(Symbol::Function(callee).number()),
            Op::CallIndirect => {
                self.asm.push(Branch::Reg { op: BranchReg::Blr, rn: at.gp()? });
            }
            Op::TailCall { callee, room } => {
                let symbol = Symbol::Function(callee).number();
                self.leave(room, at, |asm| asm.b_symbol(symbol))?;
            }
            // The address may be in a register that the epilogue restores, so it moves to one that it leaves alone;
            // and a branch by `x16` may go to where only calls may land (BTI).
            Op::TailCallIndirect { room } => {
                frame::copy(&mut self.asm, IP0, at.gp()?);
                self.leave(room, at, |asm| {
                    asm.push(Branch::Reg { op: BranchReg::Br, rn: IP0 });
                })?;
            }
            Op::MakeRoom { room } => {
                self.frame.make_room(&mut self.asm, at.gp_sp()?, room.get())?;
            }
            Op::Ret => {
                self.frame.epilogue(&mut self.asm, &mut self.rows)?;
                self.asm.push(Branch::Reg { op: BranchReg::Ret, rn: LR });
                self.rows.push(&self.asm, FrameChange::Body);
            }
            Op::Trap { trap } => self.brk(trap)?,
            Op::TrapIf { test, trap } => {
                let label = self.asm.label();
                self.stubs.push((label, trap));
                let reg = at.0.next().copied();
                self.branch_if(test, reg, label)?;
            }
            _ => return Err(Reason::Internal("not a control instruction")),
        }
        Ok(())
    }

    /// Writes the end of a tail call: the epilogue, and what goes to the callee. If there may be room made for arguments, that
    /// is so if their address is not the one of the function's own.
    fn leave(
        &mut self,
        room: Option<NonZeroU32>,
        at: &mut Places<'_>,
        go: impl Fn(&mut Assembler),
    ) -> Result<(), Reason> {
        let asm = &mut self.asm;
        let (rows, frame) = (&mut self.rows, self.frame);
        if let Some(room) = room {
            let is_own = asm.label();
            frame.compare_with_own(asm, at.gp_sp()?)?;
            asm.b_cond(Cond::Eq, is_own);
            frame.epilogue_into_room(asm, rows, room.get())?;
            go(asm);
            rows.push(asm, FrameChange::Body);
            asm.bind(is_own).map_err(|error| Reason::Assembly(error.to_string()))?;
        }
        frame.epilogue(asm, rows)?;
        go(asm);
        rows.push(asm, FrameChange::Body);
        Ok(())
    }

    /// Writes `brk` with the code of the trap.
    pub(crate) fn brk(&mut self, trap: TrapRef) -> Result<(), Reason> {
        let kind: TrapKind = self.mf.trap(trap).kind;
        let imm = valid(Imm16::new(u64::from(kind.code())), "a trap code is out of range")?;
        self.trap_sites.push((self.asm.offset(), trap));
        self.asm.push(System::Exception { op: Exception::Brk, imm });
        Ok(())
    }

    /// Branches to `target` if the test holds.
    pub(crate) fn branch_if(
        &mut self,
        test: Test,
        reg: Option<Loc>,
        target: Label,
    ) -> Result<(), Reason> {
        let reg = || -> Result<Reg, Reason> {
            let reg = reg.and_then(Loc::as_reg);
            gp(valid(reg, "the operand of a test has no register")?)
        };
        match test {
            Test::Flags(cond) => self.asm.b_cond(cond, target),
            Test::Either(a, b) => {
                self.asm.b_cond(a, target);
                self.asm.b_cond(b, target);
            }
            Test::Zero(CompareZero::Cbz, size) => self.asm.cbz(size, reg()?, target),
            Test::Zero(CompareZero::Cbnz, size) => self.asm.cbnz(size, reg()?, target),
            Test::Bit(TestBit::Tbz, bit) => self.asm.tbz(reg()?, bit, target),
            Test::Bit(TestBit::Tbnz, bit) => self.asm.tbnz(reg()?, bit, target),
        }
        Ok(())
    }

    /// Puts a label here.
    pub(super) fn bind(&mut self, label: Label) -> Result<(), Reason> {
        self.asm.bind(label).map_err(|error| Reason::Assembly(error.to_string()))
    }

    /// Writes the branch through a jump table and the table itself.
    pub(crate) fn jump_table(
        &mut self,
        index: Option<Loc>,
        targets: &[Label],
    ) -> Result<(), Reason> {
        let index = gp(valid(index.and_then(Loc::as_reg), "the index of a jump has no register")?)?;
        let start = self.asm.label();
        self.asm.adr(IP0, start);
        self.asm.push(LdSt::Register {
            op: MemOp::Ldrsw,
            rt: IP1,
            rn: RegSp::X16,
            rm: index,
            extend: MemExtend::Lsl,
            scale: IndexScale::Units,
        });
        self.asm.push(DpReg::AddSubShifted {
            op: AddSub::Add,
            flags: Flags::Keep,
            rd: IP0,
            rn: IP0,
            rm: IP1,
            shift: ArithShift::none(Size::X),
        });
        self.asm.push(Branch::Reg { op: BranchReg::Br, rn: IP0 });
        self.asm.jump_table(start, targets).map_err(|error| Reason::Assembly(error.to_string()))
    }
}

/// `adds` or `subs`; with the zero register as destination `cmn` or `cmp`.
fn add_sub_flags(
    asm: &mut Assembler,
    op: AddSub,
    size: Size,
    rhs: ArithRhs,
    rd: Reg,
    at: &mut Places<'_>,
) -> Result<(), Reason> {
    match rhs {
        ArithRhs::Imm(imm) => {
            asm.push(DpImm::AddSubFlags { op, size, rd, rn: at.gp_sp()?, imm });
        }
        ArithRhs::Shifted(shift) => {
            let (rn, rm) = (at.gp()?, at.gp()?);
            asm.push(DpReg::AddSubShifted { op, flags: Flags::Set, rd, rn, rm, shift });
        }
        ArithRhs::Extended(extend, amount) => {
            let (rn, rm) = (at.gp_sp()?, at.gp()?);
            asm.push(DpReg::AddSubFlagsExtended { op, size, rd, rn, rm, extend, amount });
        }
    }
    Ok(())
}

/// A destination that must be the register of one of the inputs.
pub(super) fn reused(rd: PReg, old: PReg) -> Result<(), Reason> {
    if rd == old {
        Ok(())
    } else {
        Err(Reason::Internal("a destination is not the register of the input it replaces"))
    }
}

/// A float constant: all bits zero by `movi`, a short one by `fmov`, else from the literal pool.
fn float_constant(asm: &mut Assembler, rd: VReg, size: FpSize, bits: u64) -> Result<(), Reason> {
    let value = match size {
        FpSize::S => f64::from(f32::from_bits(bits as u32)),
        FpSize::D => f64::from_bits(bits),
    };
    if bits == 0 {
        let imm = valid(ByteMask::new(0), "zero is no byte mask")?;
        asm.push(Simd::Imm(SimdImm::ByteMask { q: VectorSize::D, rd, imm }));
    } else if let Some(imm) = FpImm8::new(value) {
        asm.push(Fp::MoveImm { size, rd, imm });
    } else {
        asm.ldr_const_fp(
            rd,
            match size {
                FpSize::S => Constant::Word(bits as u32),
                FpSize::D => Constant::Double(bits),
            },
        );
    }
    Ok(())
}

/// The opposite of a test with one outcome.
pub(crate) fn inverse(test: Test) -> Option<Test> {
    Some(match test {
        Test::Flags(cond) => Test::Flags(cond.invert()),
        Test::Either(..) => return None,
        Test::Zero(CompareZero::Cbz, size) => Test::Zero(CompareZero::Cbnz, size),
        Test::Zero(CompareZero::Cbnz, size) => Test::Zero(CompareZero::Cbz, size),
        Test::Bit(TestBit::Tbz, bit) => Test::Bit(TestBit::Tbnz, bit),
        Test::Bit(TestBit::Tbnz, bit) => Test::Bit(TestBit::Tbz, bit),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_the_hot_types_stay_small() {
        assert!(std::mem::size_of::<Op>() <= 16, "{}", std::mem::size_of::<Op>());
    }
}
