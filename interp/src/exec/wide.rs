//! Operations on `i128`, whose halves are in two registers in a row, and those with two results.

use ir::eval::{self, wide};
use ir::{BinaryOp, CarryOp, IntCC, OverflowOp, Type, UnaryOp, WideOp};

use super::{handler, next, trap};
use crate::memory;
use crate::op::{Handler, Reg, Window};

#[inline(always)]
fn get(r: &Window, low: Reg) -> u128 {
    wide::concat(r[usize::from(low)], r[usize::from(low.wrapping_add(1))])
}

#[inline(always)]
fn set(r: &mut Window, low: Reg, value: u128) {
    let (first, second) = wide::split(value);
    r[usize::from(low)] = first;
    r[usize::from(low.wrapping_add(1))] = second;
}

/// A handler that writes an `i128`.
macro_rules! wide_value {
    (|$op:ident, $r:ident| $value:expr) => {
        handler!(|$op, rest, $r, machine| {
            let value: u128 = $value;
            set($r, $op.d, value);
            next!($op, rest, $r, machine)
        })
    };
}

/// `d = op(a, b)`; `None` if there is none on `i128`.
pub(crate) fn wide_binary(op: BinaryOp) -> Option<Handler> {
    macro_rules! table {
        ($($op:ident)*) => {
            match op {
                $(BinaryOp::$op => Some(wide_value!(|op, r| {
                    match wide::binary(BinaryOp::$op, get(r, op.a), get(r, op.b)) {
                        Some(value) => value,
                        None => unreachable!("there is one by this table"),
                    }
                })),)*
                _ => None,
            }
        };
    }
    table!(Add Sub Mul And Or Xor Shl Lshr Ashr)
}

/// `d = op(a)` from or to `i128`; `None` if there is none.
pub(crate) fn wide_unary(op: UnaryOp, from: Type, to: Type) -> Option<Handler> {
    macro_rules! widened {
        ($op:ident, $ty:ident) => {
            Some(wide_value!(|op, r| {
                match wide::widen(UnaryOp::$op, Type::$ty, r[usize::from(op.a)]) {
                    Some(value) => value,
                    None => unreachable!("there is one by this table"),
                }
            }))
        };
    }
    macro_rules! narrowed {
        ($ty:ident) => {
            Some(handler!(|op, rest, r, machine| {
                r[usize::from(op.d)] = wide::narrow(Type::$ty, get(r, op.a));
                next!(op, rest, r, machine)
            }))
        };
    }
    match (op, from, to) {
        (UnaryOp::Neg, ..) => Some(wide_value!(|op, r| get(r, op.a).wrapping_neg())),
        (UnaryOp::Not, ..) => Some(wide_value!(|op, r| !get(r, op.a))),
        (UnaryOp::Sext, Type::I8, _) => widened!(Sext, I8),
        (UnaryOp::Sext, Type::I16, _) => widened!(Sext, I16),
        (UnaryOp::Sext, Type::I32, _) => widened!(Sext, I32),
        (UnaryOp::Sext, ..) => widened!(Sext, I64),
        // The bits above the type are zero already.
        (UnaryOp::Zext, ..) => widened!(Zext, I64),
        (UnaryOp::Trunc, _, Type::I8) => narrowed!(I8),
        (UnaryOp::Trunc, _, Type::I16) => narrowed!(I16),
        (UnaryOp::Trunc, _, Type::I32) => narrowed!(I32),
        (UnaryOp::Trunc, ..) => narrowed!(I64),
        _ => None,
    }
}

/// `d = a cc b` of two `i128`.
pub(crate) fn wide_compare(cc: IntCC) -> Handler {
    macro_rules! table {
        ($($cc:ident)*) => {
            match cc {
                $(IntCC::$cc => handler!(|op, rest, r, machine| {
                    let holds = wide::icmp(IntCC::$cc, get(r, op.a), get(r, op.b));
                    r[usize::from(op.d)] = u64::from(holds);
                    next!(op, rest, r, machine)
                }),)*
            }
        };
    }
    table!(Eq Ne Slt Sle Sgt Sge Ult Ule Ugt Uge)
}

/// `d = b` if `a` is not zero, else `d = c`.
pub(crate) fn wide_select() -> Handler {
    wide_value!(|op, r| if r[usize::from(op.a)] != 0 { get(r, op.b) } else { get(r, op.c) })
}

/// `d = op(a, b)` of two words.
pub(crate) fn double(op: WideOp) -> Handler {
    macro_rules! table {
        ($($op:ident)*) => {
            match op {
                $(WideOp::$op => wide_value!(|op, r| {
                    wide::double(WideOp::$op, r[usize::from(op.a)], r[usize::from(op.b)])
                }),)*
            }
        };
    }
    table!(Iconcat SmulWide UmulWide)
}

/// `d` = the address of the element `b` of the slice `a` with elements of `c` bytes; traps if there is none.
pub(crate) fn slice_addr() -> Handler {
    handler!(|op, rest, r, machine| {
        let (index, size) = (r[usize::from(op.b)], r[usize::from(op.c)] as u32);
        match wide::slice_addr(get(r, op.a), index, size) {
            Some(address) => r[usize::from(op.d)] = address,
            None => return trap(rest, machine, ir::TrapKind::IndexOutOfBounds),
        }
        next!(op, rest, r, machine)
    })
}

/// `d`, `c` = the halves of `a`.
pub(crate) fn split() -> Handler {
    handler!(|op, rest, r, machine| {
        let (low, high) = wide::split(get(r, op.a));
        r[usize::from(op.d)] = low;
        r[usize::from(op.c)] = high;
        next!(op, rest, r, machine)
    })
}

/// `d` = the sixteen bytes at `a` plus the offset `wide`.
pub(crate) fn wide_load() -> Handler {
    handler!(|op, rest, r, machine| {
        let address = r[usize::from(op.a)].wrapping_add_signed(i64::from(op.wide() as i32));
        match memory::read128(address) {
            Ok(value) => {
                set(r, op.d, value);
                next!(op, rest, r, machine)
            }
            Err(_) => trap(rest, machine, ir::TrapKind::MemoryFault),
        }
    })
}

/// The sixteen bytes at `a` plus the offset `wide` = `d`.
pub(crate) fn wide_store() -> Handler {
    handler!(|op, rest, r, machine| {
        let address = r[usize::from(op.a)].wrapping_add_signed(i64::from(op.wide() as i32));
        match memory::write128(address, get(r, op.d)) {
            Ok(()) => next!(op, rest, r, machine),
            Err(_) => trap(rest, machine, ir::TrapKind::MemoryFault),
        }
    })
}

/// `d`, `c` = the result of `op(a, b)` and whether it does not fit; `None` if the operation has no such type.
pub(crate) fn overflow(op: OverflowOp, ty: Type) -> Option<Handler> {
    macro_rules! one {
        ($op:ident, $ty:ident) => {
            Some(handler!(|op, rest, r, machine| {
                let (a, b) = (r[usize::from(op.a)], r[usize::from(op.b)]);
                let (result, over) = eval::overflow(OverflowOp::$op, Type::$ty, a, b);
                r[usize::from(op.d)] = result;
                r[usize::from(op.c)] = u64::from(over);
                next!(op, rest, r, machine)
            }))
        };
    }
    macro_rules! table {
        ($($op:ident)*) => {
            match (op, ty) {
                $(
                    (OverflowOp::$op, Type::I8) => one!($op, I8),
                    (OverflowOp::$op, Type::I16) => one!($op, I16),
                    (OverflowOp::$op, Type::I32) => one!($op, I32),
                    (OverflowOp::$op, Type::I64) => one!($op, I64),
                )*
                _ => None,
            }
        };
    }
    table!(SaddOverflow UaddOverflow SsubOverflow UsubOverflow SmulOverflow UmulOverflow)
}

/// `d` and the `d` of the cell that follows = the result of `op(a, b)` with the carry in `c`, and the carry out; `None`
/// if the operation has no such type.
pub(crate) fn carry(op: CarryOp, ty: Type) -> Option<Handler> {
    macro_rules! one {
        ($op:ident, $ty:ident) => {
            Some(handler!(|op, rest, r, machine| {
                let mut rest = rest;
                let Some(second) = rest.next() else {
                    return trap(rest, machine, ir::TrapKind::Unreachable);
                };
                let [a, b, carry] = [op.a, op.b, op.c].map(|register| r[usize::from(register)]);
                let (result, out) = eval::carry(CarryOp::$op, Type::$ty, a, b, carry != 0);
                r[usize::from(op.d)] = result;
                r[usize::from(second.d)] = u64::from(out);
                next!(second, rest, r, machine)
            }))
        };
    }
    macro_rules! table {
        ($($op:ident)*) => {
            match (op, ty) {
                $(
                    (CarryOp::$op, Type::I8) => one!($op, I8),
                    (CarryOp::$op, Type::I16) => one!($op, I16),
                    (CarryOp::$op, Type::I32) => one!($op, I32),
                    (CarryOp::$op, Type::I64) => one!($op, I64),
                )*
                _ => None,
            }
        };
    }
    table!(UaddCarry UsubBorrow)
}
