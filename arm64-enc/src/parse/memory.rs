//! Loads, stores, prefetches, exclusive and atomic accesses.

use super::operand::{Gp, Offset, Operand};
use super::{Line, named};
use crate::{
    AccessSize, Acquire, Atomic, AtomicOp, AtomicOrder, AtomicSize, AuthMode, FpLiteralOp, FpMemOp,
    FpPairOp, IndexMode, IndexScale, IndexedPrefetch, Inst, LdSt, LiteralOp, LoadAuth, MemExtend,
    MemOp, Offset19, OrderedOp, PairMode, PairOffset, PairOp, PairSignedMode, Prefetch,
    RangePrefetch, RegPair, RegSp, Release, ScaledOffset, Simm9, Simm10, Size, VReg, XZR,
};

pub(super) fn parse(line: &Line<'_>) -> Option<Inst> {
    match line.operands {
        [Operand::Gp(t), rest @ ..] => single(line.name, *t, rest)
            .or_else(|| pair(line.name, *t, rest))
            .or_else(|| auth(line.name, *t, rest))
            .or_else(|| atomic(line.name, line.operands)),
        [Operand::Fp(letter, t), rest @ ..] => fp_single(line.name, *letter, *t, rest)
            .or_else(|| fp_pair(line.name, *letter, *t, rest)),
        [op, rest @ ..] if line.name.starts_with("prf") => prefetch(line.name, op, rest),
        [op, rest @ ..] if line.name == "rprfm" => range_prefetch(op, rest),
        _ => None,
    }
}

/// Families of names for one access.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Plain,
    Unscaled,
    Unprivileged,
    Ordered,
}

/// Family, `ldr` or `str`, and what follows.
const STEMS: &[(&str, Family, &str)] = &[
    ("ldapur", Family::Ordered, "ldr"),
    ("stlur", Family::Ordered, "str"),
    ("ldur", Family::Unscaled, "ldr"),
    ("stur", Family::Unscaled, "str"),
    ("ldtr", Family::Unprivileged, "ldr"),
    ("sttr", Family::Unprivileged, "str"),
    ("ldr", Family::Plain, "ldr"),
    ("str", Family::Plain, "str"),
];

fn family(name: &str) -> Option<(Family, &'static str, &str)> {
    STEMS.iter().find_map(|&(stem, family, plain)| Some((family, plain, name.strip_prefix(stem)?)))
}

/// An address, apart.
enum Place<'a> {
    /// Base and offset, which may be zero.
    Offset(RegSp, i64),
    Pre(RegSp, i64),
    Post(RegSp, i64),
    Register(RegSp, Gp, Option<(&'a str, Option<u32>)>),
    Literal(i64),
}

fn place<'a>(operands: &[Operand<'a>]) -> Option<Place<'a>> {
    let small = |value: i128| i64::try_from(value).ok();
    match operands {
        [Operand::Number(distance)] => Some(Place::Literal(small(*distance)?)),
        [Operand::Address { base, offset: Offset::None, pre: false }] => {
            Some(Place::Offset(*base, 0))
        }
        [Operand::Address { base, offset: Offset::None, pre: false }, Operand::Number(by)] => {
            Some(Place::Post(*base, small(*by)?))
        }
        [Operand::Address { base, offset: Offset::Number(by), pre: false }] => {
            Some(Place::Offset(*base, *by))
        }
        [Operand::Address { base, offset: Offset::Number(by), pre: true }] => {
            Some(Place::Pre(*base, *by))
        }
        [Operand::Address { base, offset: Offset::Register(index, how), pre: false }] => {
            Some(Place::Register(*base, *index, *how))
        }
        _ => None,
    }
}

/// The extension of an index register and whether it counts units of the access.
fn index(
    rm: Gp,
    how: Option<(&str, Option<u32>)>,
    access: AccessSize,
) -> Option<(MemExtend, IndexScale)> {
    let Some((name, amount)) = how else {
        return (rm.size == Size::X).then_some((MemExtend::Lsl, IndexScale::Bytes));
    };
    let extend =
        named(MemExtend::ALL, name, MemExtend::name).filter(|extend| extend.source() == rm.size)?;
    let scale = match amount {
        None if extend != MemExtend::Lsl => IndexScale::Bytes,
        // A byte is its own unit: the text `#0` asks for the form with a shift.
        Some(amount) if amount == access.log2() => IndexScale::Units,
        Some(0) => IndexScale::Bytes,
        _ => return None,
    };
    Some((extend, scale))
}

fn single(name: &str, t: Gp, operands: &[Operand<'_>]) -> Option<Inst> {
    let (family, stem, suffix) = family(name)?;
    let rt = t.zr()?;
    let place = place(operands)?;
    if let Place::Literal(distance) = place {
        let op = LiteralOp::ALL.iter().find(|op| op.name() == name && op.size() == t.size)?;
        return Some(LdSt::Literal { op: *op, rt, offset: Offset19::new(distance)? }.into());
    }
    let fits = |op: &&MemOp| op.name().strip_prefix(stem) == Some(suffix) && op.size() == t.size;
    let op = *MemOp::ALL.iter().find(fits)?;
    let indexed =
        |mode, rn, by| Some(LdSt::Indexed { op, mode, rt, rn, offset: Simm9::new(by)? }.into());
    match (family, place) {
        (Family::Plain, Place::Offset(rn, by)) => match ScaledOffset::new(by, op.access()) {
            Some(offset) => Some(LdSt::Unsigned { op, rt, rn, offset }.into()),
            None => indexed(IndexMode::Unscaled, rn, by),
        },
        (Family::Plain, Place::Pre(rn, by)) => indexed(IndexMode::Pre, rn, by),
        (Family::Plain, Place::Post(rn, by)) => indexed(IndexMode::Post, rn, by),
        (Family::Plain, Place::Register(rn, rm, how)) => {
            let (extend, scale) = index(rm, how, op.access())?;
            Some(LdSt::Register { op, rt, rn, rm: rm.zr()?, extend, scale }.into())
        }
        (Family::Unscaled, Place::Offset(rn, by)) => indexed(IndexMode::Unscaled, rn, by),
        (Family::Unprivileged, Place::Offset(rn, by)) => {
            Some(LdSt::Unprivileged { op, rt, rn, offset: Simm9::new(by)? }.into())
        }
        (Family::Ordered, Place::Offset(rn, by)) => {
            Some(LdSt::OrderedUnscaled { op, rt, rn, offset: Simm9::new(by)? }.into())
        }
        _ => None,
    }
}

/// The width that a scalar's letter stands for.
fn access(letter: char) -> Option<AccessSize> {
    Some(match letter {
        'b' => AccessSize::B1,
        'h' => AccessSize::B2,
        's' => AccessSize::B4,
        'd' => AccessSize::B8,
        'q' => AccessSize::B16,
        _ => return None,
    })
}

fn fp_single(name: &str, letter: char, rt: VReg, operands: &[Operand<'_>]) -> Option<Inst> {
    let (family, stem, suffix) = family(name)?;
    let (access, place) = (access(letter)?, place(operands)?);
    if !suffix.is_empty() {
        return None;
    }
    if let Place::Literal(distance) = place {
        let op = *FpLiteralOp::ALL.iter().find(|op| op.name() == name && op.access() == access)?;
        return Some(LdSt::FpLiteral { op, rt, offset: Offset19::new(distance)? }.into());
    }
    let op = *FpMemOp::ALL.iter().find(|op| op.name() == stem && op.access() == access)?;
    let indexed =
        |mode, rn, by| Some(LdSt::FpIndexed { op, mode, rt, rn, offset: Simm9::new(by)? }.into());
    match (family, place) {
        (Family::Plain, Place::Offset(rn, by)) => match ScaledOffset::new(by, access) {
            Some(offset) => Some(LdSt::FpUnsigned { op, rt, rn, offset }.into()),
            None => indexed(IndexMode::Unscaled, rn, by),
        },
        (Family::Plain, Place::Pre(rn, by)) => indexed(IndexMode::Pre, rn, by),
        (Family::Plain, Place::Post(rn, by)) => indexed(IndexMode::Post, rn, by),
        (Family::Plain, Place::Register(rn, rm, how)) => {
            let (extend, scale) = index(rm, how, access)?;
            Some(LdSt::FpRegister { op, rt, rn, rm: rm.zr()?, extend, scale }.into())
        }
        (Family::Unscaled, Place::Offset(rn, by)) => indexed(IndexMode::Unscaled, rn, by),
        _ => None,
    }
}

fn pair_mode(name: &str, place: &Place<'_>) -> Option<(PairMode, RegSp, i64)> {
    match (name, place) {
        ("ldnp" | "stnp", Place::Offset(rn, by)) => Some((PairMode::NonTemporal, *rn, *by)),
        ("ldp" | "stp" | "ldpsw", Place::Offset(rn, by)) => Some((PairMode::Offset, *rn, *by)),
        ("ldp" | "stp" | "ldpsw", Place::Pre(rn, by)) => Some((PairMode::Pre, *rn, *by)),
        ("ldp" | "stp" | "ldpsw", Place::Post(rn, by)) => Some((PairMode::Post, *rn, *by)),
        _ => None,
    }
}

fn pair(name: &str, t: Gp, operands: &[Operand<'_>]) -> Option<Inst> {
    let [Operand::Gp(t2), rest @ ..] = operands else { return None };
    let (mode, rn, by) = pair_mode(name, &place(rest)?)?;
    let (rt, rt2) = (t.zr()?, t2.zr()?);
    if t.size != t2.size {
        return None;
    }
    if name == "ldpsw" {
        let mode = match mode {
            PairMode::Pre => PairSignedMode::Pre,
            PairMode::Post => PairSignedMode::Post,
            _ => PairSignedMode::Offset,
        };
        let offset = PairOffset::new(by, AccessSize::B4)?;
        return (t.size == Size::X)
            .then_some(LdSt::PairSigned { mode, rt, rt2, rn, offset }.into());
    }
    let is_load = name.starts_with("ld");
    let op = *PairOp::ALL.iter().find(|op| op.size() == t.size && op.is_load() == is_load)?;
    Some(LdSt::Pair { op, mode, rt, rt2, rn, offset: PairOffset::new(by, op.access())? }.into())
}

fn fp_pair(name: &str, letter: char, rt: VReg, operands: &[Operand<'_>]) -> Option<Inst> {
    let [Operand::Fp(letter2, rt2), rest @ ..] = operands else { return None };
    let (mode, rn, by) = pair_mode(name, &place(rest)?)?;
    if letter != *letter2 || name == "ldpsw" {
        return None;
    }
    let (access, is_load) = (access(letter)?, name.starts_with("ld"));
    let op = *FpPairOp::ALL.iter().find(|op| op.access() == access && op.is_load() == is_load)?;
    Some(LdSt::FpPair { op, mode, rt, rt2: *rt2, rn, offset: PairOffset::new(by, access)? }.into())
}

fn auth(name: &str, t: Gp, operands: &[Operand<'_>]) -> Option<Inst> {
    let op = named(LoadAuth::ALL, name, LoadAuth::name)?;
    let (mode, rn, by) = match place(operands)? {
        Place::Offset(rn, by) => (AuthMode::Offset, rn, by),
        Place::Pre(rn, by) => (AuthMode::Pre, rn, by),
        _ => return None,
    };
    (t.size == Size::X)
        .then_some(LdSt::Auth { op, mode, rt: t.zr()?, rn, offset: Simm10::new(by)? }.into())
}

/// A prefetch operation by name or number.
fn prefetch_op(op: &Operand<'_>) -> Option<Prefetch> {
    let name = match op {
        Operand::Number(value) => return Prefetch::new(u64::try_from(*value).ok()?),
        Operand::Word(name) => *name,
        _ => return None,
    };
    (0..24).filter_map(Prefetch::new).find(|op| {
        op.name().is_some_and(|[kind, level, policy]| {
            name.strip_prefix(kind).and_then(|rest| rest.strip_prefix(level)) == Some(policy)
        })
    })
}

fn prefetch(name: &str, op: &Operand<'_>, operands: &[Operand<'_>]) -> Option<Inst> {
    let op = prefetch_op(op)?;
    let unscaled = |rn, by| Some(LdSt::PrefetchUnscaled { op, rn, offset: Simm9::new(by)? }.into());
    match (name, place(operands)?) {
        ("prfm", Place::Offset(rn, by)) => match ScaledOffset::new(by, AccessSize::B8) {
            Some(offset) => Some(LdSt::PrefetchUnsigned { op, rn, offset }.into()),
            None => unscaled(rn, by),
        },
        ("prfum", Place::Offset(rn, by)) => unscaled(rn, by),
        ("prfm", Place::Literal(distance)) => {
            Some(LdSt::PrefetchLiteral { op, offset: Offset19::new(distance)? }.into())
        }
        ("prfm", Place::Register(rn, rm, how)) => {
            let (extend, scale) = index(rm, how, AccessSize::B8)?;
            let op = IndexedPrefetch::new(op)?;
            Some(LdSt::PrefetchRegister { op, rn, rm: rm.zr()?, extend, scale }.into())
        }
        _ => None,
    }
}

fn range_prefetch(op: &Operand<'_>, operands: &[Operand<'_>]) -> Option<Inst> {
    let op = match op {
        Operand::Number(value) => u64::try_from(*value).ok()?,
        Operand::Word("pldkeep") => 0,
        Operand::Word("pstkeep") => 1,
        Operand::Word("pldstrm") => 4,
        Operand::Word("pststrm") => 5,
        _ => return None,
    };
    let [Operand::Gp(m), Operand::Address { base, offset: Offset::None, pre: false }] = operands
    else {
        return None;
    };
    (m.size == Size::X).then_some(
        LdSt::PrefetchRange { op: RangePrefetch::new(op)?, rn: *base, rm: m.zr()? }.into(),
    )
}

/// The width of an atomic access from the end of the name and the width of the register.
fn atomic_size(suffix: &str, size: Size) -> Option<AtomicSize> {
    AtomicSize::ALL.iter().copied().find(|width| width.name() == suffix && width.size() == size)
}

/// What follows `stem` in `name`: the order, then the width.
fn order_and_size(rest: &str, size: Size) -> Option<(AtomicOrder, AtomicSize)> {
    AtomicOrder::ALL
        .iter()
        .find_map(|&order| Some((order, atomic_size(rest.strip_prefix(order.name())?, size)?)))
}

fn atomic(name: &str, operands: &[Operand<'_>]) -> Option<Inst> {
    let (address, registers) = operands.split_last()?;
    let rn = match address {
        Operand::Address { base, offset: Offset::None | Offset::Number(0), pre: false } => *base,
        _ => return None,
    };
    let gp = |index: usize| match registers.get(index)? {
        Operand::Gp(gp) => Some(*gp),
        _ => None,
    };
    match registers.len() {
        1 => one(name, gp(0)?, rn),
        2 => two(name, gp(0)?, gp(1)?, rn),
        3 => {
            // `stxp ws, t, t2`
            let (s, t, t2) = (gp(0)?, gp(1)?, gp(2)?);
            let release = if name == "stlxp" { Release::Yes } else { Release::No };
            let fits = matches!(name, "stxp" | "stlxp") && s.size == Size::W && t.size == t2.size;
            let (rs, rt, rt2) = (s.zr()?, t.zr()?, t2.zr()?);
            fits.then_some(
                Atomic::StoreExclusivePair { size: t.size, release, rs, rt, rt2, rn }.into(),
            )
        }
        4 => {
            let order = named(AtomicOrder::ALL, name.strip_prefix("casp")?, AtomicOrder::name)?;
            let (s, t) = (gp(0)?, gp(2)?);
            let (rs, rt) = (RegPair::new(s.zr()?)?, RegPair::new(t.zr()?)?);
            let size = s.size;
            let fits = [gp(1)?, t, gp(3)?].iter().all(|reg| reg.size == size)
                && rs.second() == gp(1)?.zr()?
                && rt.second() == gp(3)?.zr()?;
            fits.then_some(Atomic::CompareSwapPair { size, order, rs, rt, rn }.into())
        }
        _ => None,
    }
}

fn one(name: &str, t: Gp, rn: RegSp) -> Option<Inst> {
    let rt = t.zr()?;
    for (stem, acquire) in [("ldxr", Acquire::No), ("ldaxr", Acquire::Yes)] {
        if let Some(size) = name.strip_prefix(stem).and_then(|rest| atomic_size(rest, t.size)) {
            return Some(Atomic::LoadExclusive { size, acquire, rt, rn }.into());
        }
    }
    for &op in OrderedOp::ALL {
        if let Some(size) = name.strip_prefix(op.name()).and_then(|rest| atomic_size(rest, t.size))
        {
            return Some(Atomic::Ordered { op, size, rt, rn }.into());
        }
    }
    if let Some(size) = name.strip_prefix("ldapr").and_then(|rest| atomic_size(rest, t.size)) {
        return Some(Atomic::LoadAcquireRcpc { size, rt, rn }.into());
    }
    // `stadd` and its kin load into the zero register.
    let stored = name.strip_prefix("st")?;
    AtomicOp::ALL.iter().find_map(|&op| {
        let rest = stored.strip_prefix(op.name().strip_prefix("ld")?)?;
        let (order, size) = order_and_size(rest, t.size)?;
        let only_stores = matches!(order, AtomicOrder::Relaxed | AtomicOrder::Release);
        only_stores
            .then_some(Atomic::ReadModifyWrite { op, size, order, rs: rt, rt: XZR, rn }.into())
    })
}

fn two(name: &str, s: Gp, t: Gp, rn: RegSp) -> Option<Inst> {
    let (rs, rt) = (s.zr()?, t.zr()?);
    for (stem, release) in [("stxr", Release::No), ("stlxr", Release::Yes)] {
        if let Some(size) = name.strip_prefix(stem).and_then(|rest| atomic_size(rest, t.size)) {
            return (s.size == Size::W)
                .then_some(Atomic::StoreExclusive { size, release, rs, rt, rn }.into());
        }
    }
    if s.size != t.size {
        return None;
    }
    if let "ldxp" | "ldaxp" = name {
        let acquire = if name == "ldaxp" { Acquire::Yes } else { Acquire::No };
        return Some(
            Atomic::LoadExclusivePair { size: t.size, acquire, rt: rs, rt2: rt, rn }.into(),
        );
    }
    if let Some((order, size)) =
        name.strip_prefix("cas").and_then(|rest| order_and_size(rest, t.size))
    {
        return Some(Atomic::CompareSwap { size, order, rs, rt, rn }.into());
    }
    AtomicOp::ALL.iter().find_map(|&op| {
        let (order, size) = order_and_size(name.strip_prefix(op.name())?, t.size)?;
        Some(Atomic::ReadModifyWrite { op, size, order, rs, rt, rn }.into())
    })
}
