//! Text of exclusive, ordered and atomic accesses.

use core::fmt;

use super::emit;
use crate::{Atomic, AtomicOp, AtomicOrder, AtomicSize, Reg, RegSp, Size};

impl fmt::Display for Atomic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Atomic::StoreExclusive { size, release, rs, rt, rn } => {
                let (s, t) = (rs.sized(Size::W), rt.sized(size.size()));
                emit!(f, "st{}xr{} {}, {}, [{}]", release, size, s, t, rn)
            }
            Atomic::LoadExclusive { size, acquire, rt, rn } => {
                emit!(f, "ld{}xr{} {}, [{}]", acquire, size, rt.sized(size.size()), rn)
            }
            Atomic::StoreExclusivePair { size, release, rs, rt, rt2, rn } => {
                let (t, t2) = (rt.sized(size), rt2.sized(size));
                emit!(f, "st{}xp {}, {}, {}, [{}]", release, rs.sized(Size::W), t, t2, rn)
            }
            Atomic::LoadExclusivePair { size, acquire, rt, rt2, rn } => {
                emit!(f, "ld{}xp {}, {}, [{}]", acquire, rt.sized(size), rt2.sized(size), rn)
            }
            Atomic::Ordered { op, size, rt, rn } => {
                emit!(f, "{}{} {}, [{}]", op, size, rt.sized(size.size()), rn)
            }
            Atomic::LoadAcquireRcpc { size, rt, rn } => {
                emit!(f, "ldapr{} {}, [{}]", size, rt.sized(size.size()), rn)
            }
            Atomic::CompareSwap { size, order, rs, rt, rn } => {
                let (s, t) = (rs.sized(size.size()), rt.sized(size.size()));
                emit!(f, "cas{}{} {}, {}, [{}]", order, size, s, t, rn)
            }
            Atomic::CompareSwapPair { size, order, rs, rt, rn } => {
                let (s, s2) = (rs.first().sized(size), rs.second().sized(size));
                let (t, t2) = (rt.first().sized(size), rt.second().sized(size));
                emit!(f, "casp{} {}, {}, {}, {}, [{}]", order, s, s2, t, t2, rn)
            }
            Atomic::ReadModifyWrite { op, size, order, rs, rt, rn } => {
                modify(op, size, order, [rs, rt], rn, f)
            }
        }
    }
}

fn modify(
    op: AtomicOp,
    size: AtomicSize,
    order: AtomicOrder,
    [rs, rt]: [Reg; 2],
    rn: RegSp,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let (s, t) = (rs.sized(size.size()), rt.sized(size.size()));
    // Without a destination there is no load to acquire.
    let only_stores = rt.is_zr() && matches!(order, AtomicOrder::Relaxed | AtomicOrder::Release);
    match op.name().strip_prefix("ld") {
        Some(name) if only_stores => emit!(f, "st{}{}{} {}, [{}]", name, order, size, s, rn),
        _ => emit!(f, "{}{}{} {}, {}, [{}]", op, order, size, s, t, rn),
    }
}
