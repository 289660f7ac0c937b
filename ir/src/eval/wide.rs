//! What operations with `i128` operands or results mean. A value is its 128 bits.

use crate::opcode::{BinaryOp, UnaryOp, WideOp};
use crate::types::Type;
use crate::words::IntCC;

use super::{sign_extend, truncate};

/// The value with these halves.
#[inline]
#[must_use]
pub const fn concat(low: u64, high: u64) -> u128 {
    low as u128 | (high as u128) << 64
}

/// The low and the high half.
#[inline]
#[must_use]
pub const fn split(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

/// The `i128` that an operation makes of two `i64`.
#[inline]
#[must_use]
pub fn double(op: WideOp, a: u64, b: u64) -> u128 {
    match op {
        WideOp::Iconcat => concat(a, b),
        WideOp::SmulWide => (i128::from(a as i64) * i128::from(b as i64)) as u128,
        WideOp::UmulWide => u128::from(a) * u128::from(b),
    }
}

/// The address of the element of this index in a slice whose elements have `size` bytes, if there is such an element.
#[inline]
#[must_use]
pub const fn slice_addr(slice: u128, index: u64, size: u32) -> Option<u64> {
    let (start, count) = split(slice);
    if index < count { Some(start.wrapping_add(index.wrapping_mul(size as u64))) } else { None }
}

/// The constant of an `iconst`.
#[inline]
#[must_use]
pub const fn constant(imm: i64) -> u128 {
    imm as i128 as u128
}

/// `sext` or `zext` of a word of type `from`; `None` for any other operation.
#[inline]
#[must_use]
pub fn widen(op: UnaryOp, from: Type, a: u64) -> Option<u128> {
    match op {
        UnaryOp::Sext => Some(i128::from(sign_extend(a, from)) as u128),
        UnaryOp::Zext => Some(truncate(a, from).into()),
        _ => None,
    }
}

/// `trunc` to a word of type `to`.
#[inline]
#[must_use]
pub fn narrow(to: Type, a: u128) -> u64 {
    truncate(a as u64, to)
}

/// A unary operation that stays an `i128`; `None` if there is none.
#[inline]
#[must_use]
pub fn unary(op: UnaryOp, a: u128) -> Option<u128> {
    match op {
        UnaryOp::Neg => Some(a.wrapping_neg()),
        UnaryOp::Not => Some(!a),
        _ => None,
    }
}

/// A binary operation on two `i128`; `None` if there is none.
#[inline]
#[must_use]
pub fn binary(op: BinaryOp, a: u128, b: u128) -> Option<u128> {
    // The width is a power of two, so this is the amount modulo the width.
    let amount = b as u32 & 127;
    Some(match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::Shl => a << amount,
        BinaryOp::Lshr => a >> amount,
        BinaryOp::Ashr => (a as i128 >> amount) as u128,
        _ => return None,
    })
}

/// Returns `true` if the comparison holds.
#[inline]
#[must_use]
pub fn icmp(cc: IntCC, a: u128, b: u128) -> bool {
    let (sa, sb) = (a as i128, b as i128);
    match cc {
        IntCC::Eq => a == b,
        IntCC::Ne => a != b,
        IntCC::Slt => sa < sb,
        IntCC::Sle => sa <= sb,
        IntCC::Sgt => sa > sb,
        IntCC::Sge => sa >= sb,
        IntCC::Ult => a < b,
        IntCC::Ule => a <= b,
        IntCC::Ugt => a > b,
        IntCC::Uge => a >= b,
    }
}
