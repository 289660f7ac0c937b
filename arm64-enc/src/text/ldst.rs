//! Text of loads and stores.

use core::fmt;

use super::{Imm, Target, emit};
use crate::{
    AccessSize, AuthMode, IndexMode, IndexScale, LdSt, MemExtend, MemOp, PairMode, PairSignedMode,
    Prefetch, RangePrefetch, Reg, RegSp, VReg,
};

pub(super) fn write(inst: LdSt, address: Option<u64>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let target = |distance| Target { distance, base: address };
    match inst {
        LdSt::Unsigned { op, rt, rn, offset } => {
            emit!(
                f,
                "{} {}, {}",
                op,
                rt.sized(op.size()),
                base(rn, offset.bytes(op.access()).into())
            )
        }
        LdSt::FpUnsigned { op, rt, rn, offset } => {
            emit!(
                f,
                "{} {}, {}",
                op,
                scalar(rt, op.access()),
                base(rn, offset.bytes(op.access()).into())
            )
        }
        LdSt::PrefetchUnsigned { op, rn, offset } => {
            emit!(f, "prfm {}, {}", PrefetchOp(op), base(rn, offset.bytes(AccessSize::B8).into()))
        }
        LdSt::Indexed { op, mode, rt, rn, offset } => {
            let name = if mode == IndexMode::Unscaled { Name::Unscaled } else { Name::Plain };
            let place = Place { rn, offset: offset.bytes(), mode: mode.into() };
            emit!(f, "{}{} {}, {}", name.stem(op.is_load()), suffix(op), rt.sized(op.size()), place)
        }
        LdSt::FpIndexed { op, mode, rt, rn, offset } => {
            let name = if mode == IndexMode::Unscaled { Name::Unscaled } else { Name::Plain };
            let place = Place { rn, offset: offset.bytes(), mode: mode.into() };
            emit!(f, "{} {}, {}", name.stem(op.is_load()), scalar(rt, op.access()), place)
        }
        LdSt::Unprivileged { op, rt, rn, offset } => {
            let stem = Name::Unprivileged.stem(op.is_load());
            emit!(f, "{}{} {}, {}", stem, suffix(op), rt.sized(op.size()), base(rn, offset.bytes()))
        }
        LdSt::OrderedUnscaled { op, rt, rn, offset } => {
            let stem = Name::Ordered.stem(op.is_load());
            emit!(f, "{}{} {}, {}", stem, suffix(op), rt.sized(op.size()), base(rn, offset.bytes()))
        }
        LdSt::PrefetchUnscaled { op, rn, offset } => {
            emit!(f, "prfum {}, {}", PrefetchOp(op), base(rn, offset.bytes()))
        }
        LdSt::Register { op, rt, rn, rm, extend, scale } => {
            emit!(
                f,
                "{} {}, {}",
                op,
                rt.sized(op.size()),
                Indexed { rn, rm, extend, scale, access: op.access() }
            )
        }
        LdSt::FpRegister { op, rt, rn, rm, extend, scale } => {
            let place = Indexed { rn, rm, extend, scale, access: op.access() };
            emit!(f, "{} {}, {}", op, scalar(rt, op.access()), place)
        }
        LdSt::PrefetchRange { op, rn, rm } => emit!(f, "rprfm {}, {}, [{}]", RangeOp(op), rm, rn),
        LdSt::PrefetchRegister { op, rn, rm, extend, scale } => {
            emit!(
                f,
                "prfm {}, {}",
                PrefetchOp(op.get()),
                Indexed { rn, rm, extend, scale, access: AccessSize::B8 }
            )
        }
        LdSt::Literal { op, rt, offset } => {
            emit!(f, "{} {}, {}", op, rt.sized(op.size()), target(offset.bytes()))
        }
        LdSt::FpLiteral { op, rt, offset } => {
            emit!(f, "{} {}, {}", op, scalar(rt, op.access()), target(offset.bytes()))
        }
        LdSt::PrefetchLiteral { op, offset } => {
            emit!(f, "prfm {}, {}", PrefetchOp(op), target(offset.bytes()))
        }
        LdSt::Pair { op, mode, rt, rt2, rn, offset } => {
            let (size, place) = (
                op.size(),
                Place { rn, offset: offset.bytes(op.access()).into(), mode: mode.into() },
            );
            emit!(
                f,
                "{} {}, {}, {}",
                pair(mode, op.is_load()),
                rt.sized(size),
                rt2.sized(size),
                place
            )
        }
        LdSt::PairSigned { mode, rt, rt2, rn, offset } => {
            let place =
                Place { rn, offset: offset.bytes(AccessSize::B4).into(), mode: mode.into() };
            emit!(f, "ldpsw {}, {}, {}", rt, rt2, place)
        }
        LdSt::FpPair { op, mode, rt, rt2, rn, offset } => {
            let access = op.access();
            let place = Place { rn, offset: offset.bytes(access).into(), mode: mode.into() };
            emit!(
                f,
                "{} {}, {}, {}",
                pair(mode, op.is_load()),
                scalar(rt, access),
                scalar(rt2, access),
                place
            )
        }
        LdSt::Auth { op, mode, rt, rn, offset } => {
            let mode = match mode {
                AuthMode::Offset => Mode::Offset,
                AuthMode::Pre => Mode::Pre,
            };
            emit!(f, "{} {}, {}", op, rt, Place { rn, offset: offset.bytes(), mode })
        }
    }
}

/// Families of mnemonics for one access.
#[derive(Clone, Copy)]
enum Name {
    Plain,
    Unscaled,
    Unprivileged,
    Ordered,
}

impl Name {
    fn stem(self, is_load: bool) -> &'static str {
        match (self, is_load) {
            (Name::Plain, true) => "ldr",
            (Name::Plain, false) => "str",
            (Name::Unscaled, true) => "ldur",
            (Name::Unscaled, false) => "stur",
            (Name::Ordered, true) => "ldapur",
            (Name::Ordered, false) => "stlur",
            (Name::Unprivileged, true) => "ldtr",
            (Name::Unprivileged, false) => "sttr",
        }
    }
}

/// What follows `ldr` or `str`.
fn suffix(op: MemOp) -> &'static str {
    op.name().get(3..).unwrap_or_default()
}

fn pair(mode: PairMode, is_load: bool) -> &'static str {
    match (mode, is_load) {
        (PairMode::NonTemporal, true) => "ldnp",
        (PairMode::NonTemporal, false) => "stnp",
        (_, true) => "ldp",
        (_, false) => "stp",
    }
}

fn scalar(reg: VReg, access: AccessSize) -> impl fmt::Display {
    reg.scalar(match access {
        AccessSize::B1 => 'b',
        AccessSize::B2 => 'h',
        AccessSize::B4 => 's',
        AccessSize::B8 => 'd',
        AccessSize::B16 => 'q',
    })
}

/// What an offset does.
#[derive(Clone, Copy)]
enum Mode {
    Offset,
    Pre,
    Post,
}

impl From<IndexMode> for Mode {
    fn from(mode: IndexMode) -> Mode {
        match mode {
            IndexMode::Unscaled => Mode::Offset,
            IndexMode::Pre => Mode::Pre,
            IndexMode::Post => Mode::Post,
        }
    }
}

impl From<PairMode> for Mode {
    fn from(mode: PairMode) -> Mode {
        match mode {
            PairMode::NonTemporal | PairMode::Offset => Mode::Offset,
            PairMode::Pre => Mode::Pre,
            PairMode::Post => Mode::Post,
        }
    }
}

impl From<PairSignedMode> for Mode {
    fn from(mode: PairSignedMode) -> Mode {
        match mode {
            PairSignedMode::Offset => Mode::Offset,
            PairSignedMode::Pre => Mode::Pre,
            PairSignedMode::Post => Mode::Post,
        }
    }
}

/// Base and offset in brackets.
struct Place {
    rn: RegSp,
    offset: i64,
    mode: Mode,
}

fn base(rn: RegSp, offset: i64) -> Place {
    Place { rn, offset, mode: Mode::Offset }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = Imm(self.offset);
        match self.mode {
            Mode::Offset if self.offset == 0 => emit!(f, "[{}]", self.rn),
            Mode::Offset => emit!(f, "[{}, {}]", self.rn, offset),
            Mode::Pre => emit!(f, "[{}, {}]!", self.rn, offset),
            Mode::Post => emit!(f, "[{}], {}", self.rn, offset),
        }
    }
}

/// Base and index register in brackets.
struct Indexed {
    rn: RegSp,
    rm: Reg,
    extend: MemExtend,
    scale: IndexScale,
    access: AccessSize,
}

impl fmt::Display for Indexed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rn, rm) = (self.rn, self.rm.sized(self.extend.source()));
        match (self.extend, self.scale) {
            (MemExtend::Lsl, IndexScale::Bytes) => write!(f, "[{rn}, {rm}]"),
            (extend, IndexScale::Bytes) => write!(f, "[{rn}, {rm}, {extend}]"),
            (extend, IndexScale::Units) => {
                write!(f, "[{rn}, {rm}, {extend} #{}]", self.access.log2())
            }
        }
    }
}

/// A prefetch operation by name, or by number if it has none.
struct PrefetchOp(Prefetch);

impl fmt::Display for PrefetchOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            Some([kind, level, policy]) => write!(f, "{kind}{level}{policy}"),
            None => emit!(f, "{}", Imm(i64::from(self.0.value()))),
        }
    }
}

impl Prefetch {
    /// Kind, level and policy, which together are the name, if there is one.
    pub(crate) fn name(self) -> Option<[&'static str; 3]> {
        let op = self.value();
        let kind = match op >> 3 {
            0b00 => "pld",
            0b01 => "pli",
            0b10 => "pst",
            _ => return None,
        };
        let level = match op >> 1 & 0b11 {
            0b00 => "l1",
            0b01 => "l2",
            0b10 => "l3",
            _ => return None,
        };
        Some([kind, level, if op & 1 == 0 { "keep" } else { "strm" }])
    }
}

/// An operation of `rprfm` by name, or by number if it has none.
struct RangeOp(RangePrefetch);

impl fmt::Display for RangeOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.value() {
            0 => "pldkeep",
            1 => "pstkeep",
            4 => "pldstrm",
            5 => "pststrm",
            number => return emit!(f, "{}", Imm(i64::from(number))),
        })
    }
}
