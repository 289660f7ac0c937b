//! Short ways to write the commonest instructions. All others, and all forms of these, are variants of the enums.

use crate::{
    AccessSize, AddSub, ArithImm, ArithShift, Branch, BranchReg, Cond, CondSelect, DpImm, DpReg,
    Exception, Flags, FpMemOp, HintNumber, Imm16, IndexMode, Inst, LR, LdSt, LogicalReg, MemOp,
    MulAdd, PairMode, PairOffset, PairOp, Reg, RegSp, ScaledOffset, Shift, Simm9, Size, System,
    VReg, XZR,
};

/// `nop` is hint 0.
const NOP: HintNumber = HintNumber::ZERO;

impl Inst {
    /// `nop`
    ///
    /// ```
    /// assert_eq!(arm64_enc::Inst::nop().to_string(), "nop");
    /// ```
    #[must_use]
    pub const fn nop() -> Inst {
        Inst::System(System::Hint { number: NOP })
    }

    /// `ret` to the link register.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Inst::ret().encode(), 0xd65f_03c0);
    /// ```
    #[must_use]
    pub const fn ret() -> Inst {
        Inst::Branch(Branch::Reg { op: BranchReg::Ret, rn: LR })
    }

    /// `brk #code`
    ///
    /// ```
    /// use arm64_enc::{Imm16, Inst};
    /// assert_eq!(Inst::brk(Imm16::ZERO).encode(), 0xd420_0000);
    /// ```
    #[must_use]
    pub const fn brk(code: Imm16) -> Inst {
        Inst::System(System::Exception { op: Exception::Brk, imm: code })
    }

    /// `mov rd, rm`, neither being the stack pointer.
    ///
    /// ```
    /// use arm64_enc::{Inst, Size, X1, X2};
    /// assert_eq!(Inst::mov(Size::W, X1, X2).to_string(), "mov w1, w2");
    /// ```
    #[must_use]
    pub const fn mov(size: Size, rd: Reg, rm: Reg) -> Inst {
        Inst::logical(LogicalReg::Orr, size, rd, XZR, rm)
    }

    /// `mov rd, rn`, where either may be the stack pointer.
    ///
    /// ```
    /// use arm64_enc::{Inst, RegSp, SP, Size};
    /// assert_eq!(Inst::mov_sp(Size::X, RegSp::X29, SP).to_string(), "mov x29, sp");
    /// ```
    #[must_use]
    pub const fn mov_sp(size: Size, rd: RegSp, rn: RegSp) -> Inst {
        Inst::DpImm(DpImm::AddSub { op: AddSub::Add, size, rd, rn, imm: ArithImm::ZERO })
    }

    /// A logical operation on two registers as they are.
    ///
    /// ```
    /// use arm64_enc::{Inst, LogicalReg, Size, X0, X1, X2};
    /// assert_eq!(Inst::logical(LogicalReg::Eor, Size::X, X0, X1, X2).to_string(), "eor x0, x1, x2");
    /// ```
    #[must_use]
    pub const fn logical(op: LogicalReg, size: Size, rd: Reg, rn: Reg, rm: Reg) -> Inst {
        Inst::DpReg(DpReg::LogicalShifted { op, rd, rn, rm, shift: Shift::none(size) })
    }

    /// `add rd, rn, rm`
    ///
    /// ```
    /// use arm64_enc::{Inst, Size, X0, X1, X2};
    /// assert_eq!(Inst::add(Size::X, X0, X1, X2).to_string(), "add x0, x1, x2");
    /// ```
    #[must_use]
    pub const fn add(size: Size, rd: Reg, rn: Reg, rm: Reg) -> Inst {
        plain(AddSub::Add, Flags::Keep, size, rd, rn, rm)
    }

    /// `sub rd, rn, rm`
    ///
    /// ```
    /// use arm64_enc::{Inst, Size, X0, X1, X2};
    /// assert_eq!(Inst::sub(Size::W, X0, X1, X2).to_string(), "sub w0, w1, w2");
    /// ```
    #[must_use]
    pub const fn sub(size: Size, rd: Reg, rn: Reg, rm: Reg) -> Inst {
        plain(AddSub::Sub, Flags::Keep, size, rd, rn, rm)
    }

    /// `cmp rn, rm`
    ///
    /// ```
    /// use arm64_enc::{Inst, Size, X1, X2};
    /// assert_eq!(Inst::cmp(Size::X, X1, X2).to_string(), "cmp x1, x2");
    /// ```
    #[must_use]
    pub const fn cmp(size: Size, rn: Reg, rm: Reg) -> Inst {
        plain(AddSub::Sub, Flags::Set, size, XZR, rn, rm)
    }

    /// `add rd, rn, #value`, or `sub` of the opposite if `value` is negative; `None` if neither has it.
    ///
    /// ```
    /// use arm64_enc::{Inst, SP, Size};
    /// assert_eq!(Inst::add_imm(Size::X, SP, SP, -64).unwrap().to_string(), "sub sp, sp, #64");
    /// assert_eq!(Inst::add_imm(Size::X, SP, SP, 4097), None);
    /// ```
    #[must_use]
    pub const fn add_imm(size: Size, rd: RegSp, rn: RegSp, value: i64) -> Option<Inst> {
        let op = if value < 0 { AddSub::Sub } else { AddSub::Add };
        match ArithImm::new(value.unsigned_abs()) {
            Some(imm) => Some(Inst::DpImm(DpImm::AddSub { op, size, rd, rn, imm })),
            None => None,
        }
    }

    /// `cmp rn, #value`, or `cmn` with the opposite if `value` is negative; `None` if neither has it.
    ///
    /// ```
    /// use arm64_enc::{Inst, RegSp, Size};
    /// assert_eq!(Inst::cmp_imm(Size::W, RegSp::X3, 10).unwrap().to_string(), "cmp w3, #10");
    /// assert_eq!(Inst::cmp_imm(Size::W, RegSp::X3, -1).unwrap().to_string(), "cmn w3, #1");
    /// ```
    #[must_use]
    pub const fn cmp_imm(size: Size, rn: RegSp, value: i64) -> Option<Inst> {
        let op = if value < 0 { AddSub::Add } else { AddSub::Sub };
        match ArithImm::new(value.unsigned_abs()) {
            Some(imm) => Some(Inst::DpImm(DpImm::AddSubFlags { op, size, rd: XZR, rn, imm })),
            None => None,
        }
    }

    /// `mul rd, rn, rm`
    ///
    /// ```
    /// use arm64_enc::{Inst, Size, X0, X1, X2};
    /// assert_eq!(Inst::mul(Size::X, X0, X1, X2).to_string(), "mul x0, x1, x2");
    /// ```
    #[must_use]
    pub const fn mul(size: Size, rd: Reg, rn: Reg, rm: Reg) -> Inst {
        Inst::DpReg(DpReg::MulAdd { op: MulAdd::Madd, size, rd, rn, rm, ra: XZR })
    }

    /// `cset rd, cond`: 1 if the condition holds, else 0.
    ///
    /// ```
    /// use arm64_enc::{Cond, Inst, Size, X0};
    /// assert_eq!(Inst::cset(Size::W, X0, Cond::Lt).to_string(), "cset w0, lt");
    /// ```
    #[must_use]
    pub const fn cset(size: Size, rd: Reg, cond: Cond) -> Inst {
        // Zero plus one when the opposite fails.
        let (op, cond) = (CondSelect::Csinc, cond.invert());
        Inst::DpReg(DpReg::CondSelect { op, size, rd, rn: XZR, rm: XZR, cond })
    }

    /// A load or store at a base plus a number of bytes, by the scaled form or else by the unscaled one; `None` if
    /// the distance fits neither.
    ///
    /// ```
    /// use arm64_enc::{Inst, MemOp, SP, X0};
    /// let text = |bytes| Inst::access(MemOp::LdrX, X0, SP, bytes).map(|inst| inst.to_string());
    /// assert_eq!(text(32760).unwrap(), "ldr x0, [sp, #32760]");
    /// assert_eq!(text(-8).unwrap(), "ldur x0, [sp, #-8]");
    /// assert_eq!(text(32768), None);
    /// ```
    #[must_use]
    pub const fn access(op: MemOp, rt: Reg, rn: RegSp, bytes: i64) -> Option<Inst> {
        if let Some(offset) = ScaledOffset::new(bytes, op.access()) {
            return Some(Inst::LdSt(LdSt::Unsigned { op, rt, rn, offset }));
        }
        match Simm9::new(bytes) {
            Some(offset) => {
                Some(Inst::LdSt(LdSt::Indexed { op, mode: IndexMode::Unscaled, rt, rn, offset }))
            }
            None => None,
        }
    }

    /// The same for a floating-point and SIMD register.
    ///
    /// ```
    /// use arm64_enc::{FpMemOp, Inst, RegSp, V3};
    /// let inst = Inst::access_fp(FpMemOp::StrD, V3, RegSp::X1, 8).unwrap();
    /// assert_eq!(inst.to_string(), "str d3, [x1, #8]");
    /// ```
    #[must_use]
    pub const fn access_fp(op: FpMemOp, rt: VReg, rn: RegSp, bytes: i64) -> Option<Inst> {
        if let Some(offset) = ScaledOffset::new(bytes, op.access()) {
            return Some(Inst::LdSt(LdSt::FpUnsigned { op, rt, rn, offset }));
        }
        match Simm9::new(bytes) {
            Some(offset) => {
                Some(Inst::LdSt(LdSt::FpIndexed { op, mode: IndexMode::Unscaled, rt, rn, offset }))
            }
            None => None,
        }
    }

    /// `stp` of two double words before the base, which moves there; `None` if the distance does not fit.
    ///
    /// ```
    /// use arm64_enc::{FP, Inst, LR};
    /// assert_eq!(Inst::push_pair(FP, LR, 16).unwrap().to_string(), "stp x29, x30, [sp, #-16]!");
    /// ```
    #[must_use]
    pub const fn push_pair(rt: Reg, rt2: Reg, bytes: i64) -> Option<Inst> {
        stack_pair(PairOp::StpX, PairMode::Pre, rt, rt2, bytes.wrapping_neg())
    }

    /// `ldp` of two double words at the stack pointer, which then moves up; `None` if the distance does not fit.
    ///
    /// ```
    /// use arm64_enc::{FP, Inst, LR};
    /// assert_eq!(Inst::pop_pair(FP, LR, 16).unwrap().to_string(), "ldp x29, x30, [sp], #16");
    /// ```
    #[must_use]
    pub const fn pop_pair(rt: Reg, rt2: Reg, bytes: i64) -> Option<Inst> {
        stack_pair(PairOp::LdpX, PairMode::Post, rt, rt2, bytes)
    }
}

const fn plain(op: AddSub, flags: Flags, size: Size, rd: Reg, rn: Reg, rm: Reg) -> Inst {
    Inst::DpReg(DpReg::AddSubShifted { op, flags, rd, rn, rm, shift: ArithShift::none(size) })
}

const fn stack_pair(op: PairOp, mode: PairMode, rt: Reg, rt2: Reg, bytes: i64) -> Option<Inst> {
    match PairOffset::new(bytes, AccessSize::B8) {
        Some(offset) => Some(Inst::LdSt(LdSt::Pair { op, mode, rt, rt2, rn: crate::SP, offset })),
        None => None,
    }
}
