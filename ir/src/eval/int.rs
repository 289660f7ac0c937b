//! Integer operations. Words come in with zeros above the type and go out so.

use crate::opcode::{BinaryOp, CarryOp, OverflowOp, UnaryOp};
use crate::trap::TrapKind;
use crate::types::Type;
use crate::words::IntCC;

/// The low bits of `bits` that `ty` has, sign-extended: the immediate of the `iconst` with these bits.
#[inline]
#[must_use]
pub const fn sign_extend(bits: u64, ty: Type) -> i64 {
    let unused = 64 - ty.word_bits();
    ((bits << unused) as i64) >> unused
}

/// The low bits of `bits` that `ty` has, zeros above.
#[inline]
#[must_use]
pub const fn truncate(bits: u64, ty: Type) -> u64 {
    bits & ty.mask()
}

#[inline]
pub(super) fn unary(op: UnaryOp, ty: Type, a: u64) -> u64 {
    let unused = 64 - ty.word_bits();
    let result = match op {
        UnaryOp::Neg => a.wrapping_neg(),
        UnaryOp::Not => !a,
        UnaryOp::Abs => sign_extend(a, ty).unsigned_abs(),
        UnaryOp::Clz => u64::from(a.leading_zeros().wrapping_sub(unused)),
        UnaryOp::Ctz => u64::from(a.trailing_zeros().min(ty.bits())),
        UnaryOp::Cls => {
            let signed = sign_extend(a, ty);
            // The bits that differ from the sign bit are the ones of this; the sign bit itself is not counted.
            let differing = (signed ^ (signed >> 63)) as u64;
            u64::from(differing.leading_zeros() - unused - 1)
        }
        UnaryOp::Popcnt => u64::from(a.count_ones()),
        UnaryOp::Bswap => a.swap_bytes() >> unused,
        UnaryOp::Bitrev => a.reverse_bits() >> unused,
        _ => a,
    };
    truncate(result, ty)
}

#[inline]
pub(super) fn binary(op: BinaryOp, ty: Type, a: u64, b: u64) -> Result<u64, TrapKind> {
    let bits = ty.word_bits();
    let (sa, sb) = (sign_extend(a, ty), sign_extend(b, ty));
    // Widths are powers of two, so this is the amount modulo the width.
    let amount = (b as u32) & (bits - 1);
    let result = match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Smulhi => ((i128::from(sa) * i128::from(sb)) >> bits) as u64,
        BinaryOp::Umulhi => ((u128::from(a) * u128::from(b)) >> bits) as u64,
        BinaryOp::Sdiv => {
            check_divisor(b)?;
            if sb == -1 && a == min(ty) {
                return Err(TrapKind::IntegerOverflow);
            }
            sa.wrapping_div(sb) as u64
        }
        BinaryOp::Udiv => {
            check_divisor(b)?;
            a / b
        }
        BinaryOp::Srem => {
            check_divisor(b)?;
            sa.wrapping_rem(sb) as u64
        }
        BinaryOp::Urem => {
            check_divisor(b)?;
            a % b
        }
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::Shl => a << amount,
        BinaryOp::Lshr => a >> amount,
        BinaryOp::Ashr => (sa >> amount) as u64,
        BinaryOp::Rotl => rotate_left(ty, a, amount),
        BinaryOp::Rotr => rotate_left(ty, a, (bits - amount) & (bits - 1)),
        BinaryOp::Smin => sa.min(sb) as u64,
        BinaryOp::Smax => sa.max(sb) as u64,
        BinaryOp::Umin => a.min(b),
        BinaryOp::Umax => a.max(b),
        _ => a,
    };
    Ok(truncate(result, ty))
}

#[inline]
fn check_divisor(b: u64) -> Result<(), TrapKind> {
    if b == 0 { Err(TrapKind::DivisionByZero) } else { Ok(()) }
}

/// The least signed number of the type, as a word.
#[inline]
const fn min(ty: Type) -> u64 {
    1 << (ty.word_bits() - 1)
}

#[inline]
fn rotate_left(ty: Type, a: u64, amount: u32) -> u64 {
    match ty {
        Type::I8 => (a as u8).rotate_left(amount).into(),
        Type::I16 => (a as u16).rotate_left(amount).into(),
        Type::I32 => (a as u32).rotate_left(amount).into(),
        _ => a.rotate_left(amount),
    }
}

#[inline]
pub(super) fn overflow(op: OverflowOp, ty: Type, a: u64, b: u64) -> (u64, bool) {
    let signed = [a, b].map(|word| i128::from(sign_extend(word, ty)));
    let unsigned = [a, b].map(i128::from);
    // Of values of 64 bits, every sum and signed product fits an `i128`; an unsigned product may not, and then it
    // does not fit 64 bits either.
    let (exact, ([x, y], is_signed)) = match op {
        OverflowOp::SaddOverflow => (i128::checked_add as Exact, (signed, true)),
        OverflowOp::UaddOverflow => (i128::checked_add as Exact, (unsigned, false)),
        OverflowOp::SsubOverflow => (i128::checked_sub as Exact, (signed, true)),
        OverflowOp::UsubOverflow => (i128::checked_sub as Exact, (unsigned, false)),
        OverflowOp::SmulOverflow => (i128::checked_mul as Exact, (signed, true)),
        OverflowOp::UmulOverflow => (i128::checked_mul as Exact, (unsigned, false)),
    };
    let wrapped = match op {
        OverflowOp::SaddOverflow | OverflowOp::UaddOverflow => a.wrapping_add(b),
        OverflowOp::SsubOverflow | OverflowOp::UsubOverflow => a.wrapping_sub(b),
        OverflowOp::SmulOverflow | OverflowOp::UmulOverflow => a.wrapping_mul(b),
    };
    let result = truncate(wrapped, ty);
    let kept = if is_signed { sign_extend(result, ty).into() } else { i128::from(result) };
    (result, exact(x, y) != Some(kept))
}

type Exact = fn(i128, i128) -> Option<i128>;

#[inline]
pub(super) fn carry(op: CarryOp, ty: Type, a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (x, y, c) = (i128::from(a), i128::from(b), i128::from(carry));
    let exact = match op {
        CarryOp::UaddCarry => x + y + c,
        CarryOp::UsubBorrow => x - y - c,
    };
    let result = truncate(exact as u64, ty);
    (result, exact != i128::from(result))
}

#[inline]
pub(super) fn compare(cc: IntCC, ty: Type, a: u64, b: u64) -> bool {
    let (sa, sb) = (sign_extend(a, ty), sign_extend(b, ty));
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
