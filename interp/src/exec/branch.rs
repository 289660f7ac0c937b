//! Comparisons: as a value, in a branch, in a trap, and at the end of a counting loop.

use ir::{FloatCC, IntCC, TrapKind, Type, eval};

use super::{go, handler, next, trap};
use crate::op::{Cell, Handler};

/// What becomes of a comparison, and where its operands are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// `d = a cc b`.
    Value,
    /// Jump to `wide` if `d cc a`.
    Branch,
    /// The same with `a` as an immediate: sign-extended if the comparison is signed, else zero-extended.
    BranchImmediate,
    /// Trap of the kind `c` if `a cc b`.
    Trap,
    /// The same with `b` as such an immediate.
    TrapImmediate,
}

/// The kind of trap that an operation names by its code.
#[cold]
pub(super) fn kind_of(op: &Cell) -> TrapKind {
    TrapKind::from_code(op.c).unwrap_or(TrapKind::Unreachable)
}

macro_rules! shaped {
    ($shape:expr, $holds:expr, $extend:expr) => {{
        match $shape {
            Shape::Value => handler!(|op, rest, r, machine| {
                let holds = $holds(r[usize::from(op.a)], r[usize::from(op.b)]);
                r[usize::from(op.d)] = u64::from(holds);
                next!(op, rest, r, machine)
            }),
            Shape::Branch => handler!(|op, rest, r, machine| {
                if $holds(r[usize::from(op.d)], r[usize::from(op.a)]) {
                    return go!(op.wide() as usize, r, machine);
                }
                next!(op, rest, r, machine)
            }),
            Shape::BranchImmediate => handler!(|op, rest, r, machine| {
                if $holds(r[usize::from(op.d)], $extend(op.a)) {
                    return go!(op.wide() as usize, r, machine);
                }
                next!(op, rest, r, machine)
            }),
            Shape::Trap => handler!(|op, rest, r, machine| {
                if $holds(r[usize::from(op.a)], r[usize::from(op.b)]) {
                    return trap(rest, machine, kind_of(op));
                }
                next!(op, rest, r, machine)
            }),
            Shape::TrapImmediate => handler!(|op, rest, r, machine| {
                if $holds(r[usize::from(op.a)], $extend(op.b)) {
                    return trap(rest, machine, kind_of(op));
                }
                next!(op, rest, r, machine)
            }),
        }
    }};
}

/// An immediate as the operand of a signed comparison.
#[inline(always)]
fn signed(immediate: u16, ty: Type) -> u64 {
    i64::from(immediate as i16) as u64 & ty.mask()
}

/// Hands `$make` a closure that decides the comparison, its type, and a function that extends an immediate.
macro_rules! by_int_condition {
    ($cc:expr, $ty:expr, $make:ident) => {
        by_int_condition!(@rows $cc, $ty, $make,
            any: Eq Ne Ult Ule Ugt Uge;
            I8: Slt Sle Sgt Sge; I16: Slt Sle Sgt Sge; I32: Slt Sle Sgt Sge; I64: Slt Sle Sgt Sge;)
    };
    (@rows $cc:expr, $ty:expr, $make:ident, any: $($any:ident)*; $($sty:ident: $($scc:ident)*;)*) => {
        match ($cc, $ty) {
            // Bits above the type are zero, so that these are the same for all types.
            $((IntCC::$any, _) => Some($make!(
                |a, b| eval::icmp(IntCC::$any, Type::I64, a, b),
                u64::from
            )),)*
            $($((IntCC::$scc, Type::$sty) => Some($make!(
                |a, b| eval::icmp(IntCC::$scc, Type::$sty, a, b),
                |immediate| signed(immediate, Type::$sty)
            )),)*)*
            _ => None,
        }
    };
}

/// The handler of an integer comparison in this shape.
pub(crate) fn int_compare(cc: IntCC, ty: Type, shape: Shape) -> Option<Handler> {
    macro_rules! make {
        ($holds:expr, $extend:expr) => {
            shaped!(shape, $holds, $extend)
        };
    }
    by_int_condition!(cc, ty, make)
}

/// The immediate of an integer comparison with these bits, if it fits.
pub(crate) fn compare_immediate(cc: IntCC, ty: Type, bits: u64) -> Option<u16> {
    if matches!(cc, IntCC::Slt | IntCC::Sle | IntCC::Sgt | IntCC::Sge) {
        i16::try_from(eval::sign_extend(bits, ty)).ok().map(|immediate| immediate as u16)
    } else {
        u16::try_from(bits).ok()
    }
}

/// The handler of a float comparison in this shape, which has no immediate.
pub(crate) fn float_compare(cc: FloatCC, ty: Type, shape: Shape) -> Option<Handler> {
    macro_rules! table {
        ($($cc:ident)*) => {
            match (cc, ty) {
                $((FloatCC::$cc, Type::F32) => {
                    shaped!(shape, |a, b| eval::fcmp(FloatCC::$cc, Type::F32, a, b), u64::from)
                })*
                $((FloatCC::$cc, Type::F64) => {
                    shaped!(shape, |a, b| eval::fcmp(FloatCC::$cc, Type::F64, a, b), u64::from)
                })*
                _ => return None,
            }
        };
    }
    Some(table!(Eq Ne Lt Le Gt Ge Ult Ule Ugt Uge Ueq One Ord Uno))
}

/// The end of a counting loop: `d = d + a`, and jump to `c` if then `d cc b`. With `immediate`, `a` is one.
pub(crate) fn step_and_branch(cc: IntCC, ty: Type, immediate: bool) -> Option<Handler> {
    macro_rules! step {
        ($ty:ident, $holds:expr) => {
            if immediate {
                step!(@ $ty, $holds, |op, r| i64::from(op.a as i16) as u64)
            } else {
                step!(@ $ty, $holds, |op, r| r[usize::from(op.a)])
            }
        };
        (@ $ty:ident, $holds:expr, |$op:ident, $r:ident| $by:expr) => {
            handler!(|$op, rest, $r, machine| {
                let sum = $r[usize::from($op.d)].wrapping_add($by) & Type::$ty.mask();
                $r[usize::from($op.d)] = sum;
                if $holds(sum, $r[usize::from($op.b)]) {
                    return go!(usize::from($op.c), $r, machine);
                }
                next!($op, rest, $r, machine)
            })
        };
    }
    macro_rules! table {
        ($($cc:ident)*) => {
            match (cc, ty) {
                $((IntCC::$cc, Type::I32) => Some(step!(I32, |a, b| eval::icmp(IntCC::$cc, Type::I32, a, b))),)*
                $((IntCC::$cc, Type::I64) => Some(step!(I64, |a, b| eval::icmp(IntCC::$cc, Type::I64, a, b))),)*
                _ => None,
            }
        };
    }
    table!(Eq Ne Slt Sle Sgt Sge Ult Ule Ugt Uge)
}
