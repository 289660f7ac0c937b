//! The range of an instruction's result from those of its operands.

use ir::{BinaryOp, Extend, Function, InstData, LoadKind, TernaryOp, Type, UnaryOp, Value};

use super::Facts;
use super::range::{Range, signed_max, signed_min};
use crate::edit;

impl Facts {
    /// `None` if nothing is known beyond the type.
    pub(super) fn range_of_def(&self, func: &Function, data: &InstData, ty: Type) -> Option<Range> {
        let range = |value: Value| self.range(func, value);
        match *data {
            InstData::IntCompare { .. } | InstData::FloatCompare { .. } => {
                Some(Range::unsigned(0, 1, ty))
            }
            InstData::Unary { op: UnaryOp::Zext, arg } => {
                let arg = range(arg);
                Some(Range::unsigned(arg.umin, arg.umax, ty))
            }
            InstData::Unary { op: UnaryOp::Sext, arg } => {
                let arg = range(arg);
                Some(Range::signed(arg.smin, arg.smax, ty))
            }
            InstData::Unary { op: UnaryOp::Trunc, arg } => {
                let arg = range(arg);
                if arg.umax <= ty.mask() {
                    Some(Range::unsigned(arg.umin, arg.umax, ty))
                } else if arg.smin >= signed_min(ty) && arg.smax <= signed_max(ty) {
                    Some(Range::signed(arg.smin, arg.smax, ty))
                } else {
                    None
                }
            }
            InstData::Unary { op: UnaryOp::Clz | UnaryOp::Ctz | UnaryOp::Popcnt, .. } => {
                Some(Range::unsigned(0, ty.bits().into(), ty))
            }
            InstData::Load { kind: LoadKind::Narrow(width, Extend::Zero), .. } => {
                Some(Range::unsigned(0, width.as_type().mask(), ty))
            }
            InstData::Load { kind: LoadKind::Narrow(width, Extend::Sign), .. } => {
                let width = width.as_type();
                Some(Range::signed(signed_min(width), signed_max(width), ty))
            }
            InstData::Ternary { op: TernaryOp::Select, args: [_, a, b] } => {
                Some(range(a).union(range(b)))
            }
            InstData::Binary { op, args: [a, b] } => {
                binary(op, range(a), range(b), edit::int_const(func, b), ty)
            }
            _ => None,
        }
    }
}

fn binary(op: BinaryOp, a: Range, b: Range, constant: Option<i64>, ty: Type) -> Option<Range> {
    let full = Range::full(ty);
    let amount = constant.map(|c| c.rem_euclid(ty.bits().into()) as u32);
    let fits = |value: &i64| (signed_min(ty)..=signed_max(ty)).contains(value);
    // Bounds of both kinds, where no value in between wraps around.
    let both = |signed: Option<(i64, i64)>, unsigned: Option<(u64, u64)>| {
        let signed = signed.filter(|(min, max)| fits(min) && fits(max));
        let unsigned = unsigned.filter(|(_, max)| *max <= ty.mask());
        let mut range = full;
        if let Some((smin, smax)) = signed {
            range = range.intersect(Range { smin, smax, ..full }, ty);
        }
        if let Some((umin, umax)) = unsigned {
            range = range.intersect(Range { umin, umax, ..full }, ty);
        }
        (signed.is_some() || unsigned.is_some()).then_some(range)
    };
    match op {
        BinaryOp::Add => both(
            a.smin.checked_add(b.smin).zip(a.smax.checked_add(b.smax)),
            a.umin.checked_add(b.umin).zip(a.umax.checked_add(b.umax)),
        )
        .or_else(|| {
            // A negative constant: a subtraction that stays above zero.
            let less = constant.filter(|&c| c < 0)?.unsigned_abs();
            both(None, a.umin.checked_sub(less).zip(a.umax.checked_sub(less)))
        }),
        BinaryOp::Sub => both(
            a.smin.checked_sub(b.smax).zip(a.smax.checked_sub(b.smin)),
            a.umin.checked_sub(b.umax).zip(a.umax.checked_sub(b.umin)),
        ),
        BinaryOp::Mul => both(None, a.umin.checked_mul(b.umin).zip(a.umax.checked_mul(b.umax))),
        BinaryOp::Shl => {
            let amount = amount?;
            let shifted = |value: u64| value.checked_mul(1u64.checked_shl(amount)?);
            both(None, shifted(a.umin).zip(shifted(a.umax)))
        }
        BinaryOp::Lshr => {
            let amount = amount?;
            Some(Range::unsigned(a.umin >> amount, a.umax >> amount, ty))
        }
        BinaryOp::Ashr => {
            let amount = amount?;
            Some(Range::signed(a.smin >> amount, a.smax >> amount, ty))
        }
        BinaryOp::And => Some(Range::unsigned(0, a.umax.min(b.umax), ty)),
        BinaryOp::Urem => Some(Range::unsigned(0, b.umax.saturating_sub(1).min(a.umax), ty)),
        BinaryOp::Udiv => Some(Range::unsigned(0, a.umax, ty)),
        BinaryOp::Umin => Some(Range::unsigned(a.umin.min(b.umin), a.umax.min(b.umax), ty)),
        BinaryOp::Umax => Some(Range::unsigned(a.umin.max(b.umin), a.umax.max(b.umax), ty)),
        BinaryOp::Smin => Some(Range::signed(a.smin.min(b.smin), a.smax.min(b.smax), ty)),
        BinaryOp::Smax => Some(Range::signed(a.smin.max(b.smin), a.smax.max(b.smax), ty)),
        _ => None,
    }
}
