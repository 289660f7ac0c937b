//! What an instruction reads, writes and does to the flags, for the instructions that code generation writes.

use arm64_enc::{
    AccessSize, Atomic, Bitfield, DpImm, DpReg, Exception, Flags, Fp, FpLiteralOp, IndexMode, Inst,
    LdSt, LiteralOp, MoveWide, OrderedOp, PairMode, Reg, RegSp, Simd, SimdImm, SimdThree, SimdTwo,
    System, VReg,
};

/// Registers: x0 to x30, `sp` at 31, and v0 to v31 from 32 on.
pub(super) type Mask = u64;

pub(super) const SP_BIT: Mask = 1 << 31;

/// The bit of an integer register; the zero register has none.
pub(super) fn x(reg: Reg) -> Mask {
    if reg.is_zr() { 0 } else { 1 << reg.number() }
}

/// The same where 31 is the stack pointer.
pub(super) fn xs(reg: RegSp) -> Mask {
    if reg.is_sp() { SP_BIT } else { 1 << reg.number() }
}

fn v(reg: VReg) -> Mask {
    1 << (32 + reg.number())
}

/// How the address of an access comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// Base and distance.
    Offset(i64),
    /// The base moves by the distance first.
    Pre(i64),
    /// The base moves by the distance afterwards.
    Post(i64),
    /// Base and register.
    Index(Reg),
}

/// An access to memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Access {
    pub(super) base: RegSp,
    pub(super) mode: Mode,
    /// Bytes of each register.
    pub(super) size: i64,
    pub(super) store: bool,
    /// The registers, by bit; the zero register has 0.
    pub(super) first: Mask,
    pub(super) second: Option<Mask>,
}

/// What an instruction does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Effects {
    pub(super) reads: Mask,
    pub(super) writes: Mask,
    pub(super) reads_flags: bool,
    pub(super) writes_flags: bool,
    pub(super) access: Option<Access>,
    /// The distance to a constant, and its size.
    pub(super) literal: Option<(i64, u32)>,
}

impl Effects {
    fn new(reads: Mask, writes: Mask) -> Effects {
        Effects { reads, writes, ..Effects::default() }
    }

    fn set_flags(self, sets: bool) -> Effects {
        Effects { writes_flags: sets, ..self }
    }

    fn with_flags(self) -> Effects {
        Effects { reads_flags: true, ..self }
    }
}

/// The effects of an instruction that does not branch; `None` if it is none that code generation writes.
pub(super) fn effects(inst: Inst) -> Option<Effects> {
    Some(match inst {
        Inst::DpImm(inst) => dp_imm(inst)?,
        Inst::DpReg(inst) => dp_reg(inst)?,
        Inst::LdSt(inst) => load_store(inst)?,
        Inst::Atomic(inst) => atomic(inst)?,
        Inst::Fp(inst) => fp(inst)?,
        Inst::Simd(inst) => simd(inst)?,
        Inst::System(
            System::Barrier { .. }
            | System::Hint { .. }
            | System::Exception { op: Exception::Brk, .. },
        ) => Effects::default(),
        _ => return None,
    })
}

fn dp_imm(inst: DpImm) -> Option<Effects> {
    Some(match inst {
        DpImm::Adr { rd, .. } | DpImm::Adrp { rd, .. } => Effects::new(0, x(rd)),
        DpImm::AddSub { rd, rn, .. } => Effects::new(xs(rn), xs(rd)),
        DpImm::AddSubFlags { rd, rn, .. } => Effects::new(xs(rn), x(rd)).set_flags(true),
        DpImm::Logical { rd, rn, .. } => Effects::new(x(rn), xs(rd)),
        DpImm::LogicalFlags { rd, rn, .. } => Effects::new(x(rn), x(rd)).set_flags(true),
        DpImm::MoveWide { op, rd, .. } => {
            Effects::new(if op == MoveWide::Movk { x(rd) } else { 0 }, x(rd))
        }
        DpImm::Bitfield { op, rd, rn, .. } => {
            Effects::new(x(rn) | if op == Bitfield::Bfm { x(rd) } else { 0 }, x(rd))
        }
        DpImm::Extract { rd, rn, rm, .. } => Effects::new(x(rn) | x(rm), x(rd)),
        _ => return None,
    })
}

fn dp_reg(inst: DpReg) -> Option<Effects> {
    Some(match inst {
        DpReg::LogicalShifted { op, rd, rn, rm, .. } => {
            use arm64_enc::LogicalReg::{Ands, Bics};
            Effects::new(x(rn) | x(rm), x(rd)).set_flags(matches!(op, Ands | Bics))
        }
        DpReg::AddSubShifted { flags, rd, rn, rm, .. } => {
            Effects::new(x(rn) | x(rm), x(rd)).set_flags(flags == Flags::Set)
        }
        DpReg::AddSubExtended { rd, rn, rm, .. } => Effects::new(xs(rn) | x(rm), xs(rd)),
        DpReg::AddSubFlagsExtended { rd, rn, rm, .. } => {
            Effects::new(xs(rn) | x(rm), x(rd)).set_flags(true)
        }
        DpReg::AddSubCarry { flags, rd, rn, rm, .. } => {
            Effects::new(x(rn) | x(rm), x(rd)).set_flags(flags == Flags::Set).with_flags()
        }
        DpReg::CondCompareReg { rn, rm, .. } => {
            Effects::new(x(rn) | x(rm), 0).set_flags(true).with_flags()
        }
        DpReg::CondCompareImm { rn, .. } => Effects::new(x(rn), 0).set_flags(true).with_flags(),
        DpReg::CondSelect { rd, rn, rm, .. } => Effects::new(x(rn) | x(rm), x(rd)).with_flags(),
        DpReg::DataProc2 { rd, rn, rm, .. } | DpReg::MulHigh { rd, rn, rm, .. } => {
            Effects::new(x(rn) | x(rm), x(rd))
        }
        DpReg::DataProc1 { rd, rn, .. }
        | DpReg::Reverse { rd, rn, .. }
        | DpReg::Rev32 { rd, rn } => Effects::new(x(rn), x(rd)),
        DpReg::MulAdd { rd, rn, rm, ra, .. } | DpReg::MulAddLong { rd, rn, rm, ra, .. } => {
            Effects::new(x(rn) | x(rm) | x(ra), x(rd))
        }
        _ => return None,
    })
}

/// The effects of an access.
fn accessing(access: Access) -> Effects {
    let regs = access.first | access.second.unwrap_or(0);
    let index = if let Mode::Index(rm) = access.mode { x(rm) } else { 0 };
    let moves = matches!(access.mode, Mode::Pre(_) | Mode::Post(_));
    let base = xs(access.base);
    let back = if moves { base } else { 0 };
    let mut effects = Effects::new(base | index, back);
    if access.store {
        effects.reads |= regs;
    } else {
        effects.writes |= regs;
    }
    Effects { access: Some(access), ..effects }
}

fn single(first: Mask, base: RegSp, mode: Mode, size: AccessSize, store: bool) -> Effects {
    accessing(Access { base, mode, size: size.bytes().into(), store, first, second: None })
}

fn indexed(mode: IndexMode, offset: i64) -> Mode {
    match mode {
        IndexMode::Unscaled => Mode::Offset(offset),
        IndexMode::Pre => Mode::Pre(offset),
        IndexMode::Post => Mode::Post(offset),
    }
}

fn pair_mode(mode: PairMode, offset: i64) -> Option<Mode> {
    Some(match mode {
        PairMode::Offset => Mode::Offset(offset),
        PairMode::Pre => Mode::Pre(offset),
        PairMode::Post => Mode::Post(offset),
        PairMode::NonTemporal => return None,
    })
}

fn load_store(inst: LdSt) -> Option<Effects> {
    Some(match inst {
        LdSt::Unsigned { op, rt, rn, offset } => {
            let mode = Mode::Offset(offset.bytes(op.access()).into());
            single(x(rt), rn, mode, op.access(), !op.is_load())
        }
        LdSt::FpUnsigned { op, rt, rn, offset } => {
            let mode = Mode::Offset(offset.bytes(op.access()).into());
            single(v(rt), rn, mode, op.access(), !op.is_load())
        }
        LdSt::Indexed { op, mode, rt, rn, offset } => {
            single(x(rt), rn, indexed(mode, offset.bytes()), op.access(), !op.is_load())
        }
        LdSt::FpIndexed { op, mode, rt, rn, offset } => {
            single(v(rt), rn, indexed(mode, offset.bytes()), op.access(), !op.is_load())
        }
        LdSt::Register { op, rt, rn, rm, .. } => {
            single(x(rt), rn, Mode::Index(rm), op.access(), !op.is_load())
        }
        LdSt::FpRegister { op, rt, rn, rm, .. } => {
            single(v(rt), rn, Mode::Index(rm), op.access(), !op.is_load())
        }
        LdSt::Literal { op, rt, offset } => {
            let size = if op == LiteralOp::LdrX { 8 } else { 4 };
            Effects { literal: Some((offset.bytes(), size)), ..Effects::new(0, x(rt)) }
        }
        LdSt::FpLiteral { op, rt, offset } => {
            let size = match op {
                FpLiteralOp::LdrS => 4,
                FpLiteralOp::LdrD => 8,
                FpLiteralOp::LdrQ => 16,
            };
            Effects { literal: Some((offset.bytes(), size)), ..Effects::new(0, v(rt)) }
        }
        LdSt::Pair { op, mode, rt, rt2, rn, offset } => accessing(Access {
            base: rn,
            mode: pair_mode(mode, offset.bytes(op.access()).into())?,
            size: op.access().bytes().into(),
            store: !op.is_load(),
            first: x(rt),
            second: Some(x(rt2)),
        }),
        LdSt::FpPair { op, mode, rt, rt2, rn, offset } => accessing(Access {
            base: rn,
            mode: pair_mode(mode, offset.bytes(op.access()).into())?,
            size: op.access().bytes().into(),
            store: !op.is_load(),
            first: v(rt),
            second: Some(v(rt2)),
        }),
        _ => return None,
    })
}

fn atomic(inst: Atomic) -> Option<Effects> {
    let plain = Mode::Offset(0);
    Some(match inst {
        Atomic::LoadExclusive { rt, rn, .. } => single(x(rt), rn, plain, AccessSize::B1, false),
        Atomic::StoreExclusive { rs, rt, rn, .. } => {
            let effects = single(x(rt), rn, plain, AccessSize::B1, true);
            Effects { writes: effects.writes | x(rs), ..effects }
        }
        Atomic::Ordered { op, rt, rn, .. } => {
            let store = matches!(op, OrderedOp::Stlr | OrderedOp::Stllr);
            single(x(rt), rn, plain, AccessSize::B1, store)
        }
        Atomic::CompareSwap { rs, rt, rn, .. } => {
            let effects = single(x(rs), rn, plain, AccessSize::B1, false);
            Effects { reads: effects.reads | x(rs) | x(rt), ..effects }
        }
        Atomic::ReadModifyWrite { rs, rt, rn, .. } => {
            let effects = single(x(rt), rn, plain, AccessSize::B1, false);
            Effects { reads: effects.reads | x(rs), ..effects }
        }
        _ => return None,
    })
}

fn fp(inst: Fp) -> Option<Effects> {
    Some(match inst {
        Fp::Unary { rd, rn, .. } | Fp::Convert { rd, rn, .. } => Effects::new(v(rn), v(rd)),
        Fp::Binary { rd, rn, rm, .. } => Effects::new(v(rn) | v(rm), v(rd)),
        Fp::Ternary { rd, rn, rm, ra, .. } => Effects::new(v(rn) | v(rm) | v(ra), v(rd)),
        Fp::Compare { rn, rm, .. } => Effects::new(v(rn) | v(rm), 0).set_flags(true),
        Fp::CompareZero { rn, .. } => Effects::new(v(rn), 0).set_flags(true),
        Fp::CondCompare { rn, rm, .. } => {
            Effects::new(v(rn) | v(rm), 0).set_flags(true).with_flags()
        }
        Fp::CondSelect { rd, rn, rm, .. } => Effects::new(v(rn) | v(rm), v(rd)).with_flags(),
        Fp::MoveImm { rd, .. } => Effects::new(0, v(rd)),
        Fp::ToInt { rd, rn, .. } | Fp::MoveToGp { rd, rn, .. } => Effects::new(v(rn), x(rd)),
        Fp::FromInt { rd, rn, .. } | Fp::MoveFromGp { rd, rn, .. } => Effects::new(x(rn), v(rd)),
        _ => return None,
    })
}

fn simd(inst: Simd) -> Option<Effects> {
    Some(match inst {
        Simd::Imm(SimdImm::ByteMask { rd, .. }) => Effects::new(0, v(rd)),
        Simd::Two(SimdTwo::Bytes { rd, rn, .. } | SimdTwo::Across { rd, rn, .. }) => {
            Effects::new(v(rn), v(rd))
        }
        Simd::Three(SimdThree::Logical { rd, rn, rm, .. }) => {
            Effects::new(v(rd) | v(rn) | v(rm), v(rd))
        }
        _ => return None,
    })
}
