//! Integer arithmetic when constants are evaluated. Values are `i128`s; those of `u128` are kept as their bits.

use crate::methods::IntOp as I;
use crate::tree::BinOp;
use crate::ty::IntTy;

/// The reason why there is no value.
pub(super) const OVERFLOW: &str = "this arithmetic operation will overflow";

const NOT_HERE: &str = "this is not supported in constants";

type Outcome = Result<i128, &'static str>;

/// Whether one value is less than, equal to or greater than another.
pub(super) fn compare(int: Option<IntTy>, a: i128, b: i128) -> std::cmp::Ordering {
    match int {
        Some(IntTy::U128) => (a as u128).cmp(&(b as u128)),
        _ => a.cmp(&b),
    }
}

/// A value that must fit the type.
pub(super) fn in_range(int: IntTy, value: Option<i128>) -> Outcome {
    match value {
        Some(value) if int.is_wide() || (int.min()..=int.max()).contains(&value) => Ok(value),
        _ => Err(OVERFLOW),
    }
}

/// `a op b`, where overflow is an error.
pub(super) fn binary(op: BinOp, a: i128, b: i128, int: IntTy) -> Outcome {
    let (x, y) = (a as u128, b as u128);
    let unsigned = int == IntTy::U128;
    let back = |value: Option<u128>| value.map(|value| value as i128);
    match op {
        BinOp::Add if unsigned => in_range(int, back(x.checked_add(y))),
        BinOp::Sub if unsigned => in_range(int, back(x.checked_sub(y))),
        BinOp::Mul if unsigned => in_range(int, back(x.checked_mul(y))),
        BinOp::Add => in_range(int, a.checked_add(b)),
        BinOp::Sub => in_range(int, a.checked_sub(b)),
        BinOp::Mul => in_range(int, a.checked_mul(b)),
        BinOp::Div | BinOp::Rem if b == 0 => Err("attempt to divide by zero"),
        BinOp::Div if unsigned => Ok((x / y) as i128),
        BinOp::Rem if unsigned => Ok((x % y) as i128),
        BinOp::Div => in_range(int, a.checked_div(b)),
        BinOp::Rem if a == int.min() && b == -1 => Err(OVERFLOW),
        BinOp::Rem => in_range(int, a.checked_rem(b)),
        BinOp::And => Ok(a & b),
        BinOp::Or => Ok(a | b),
        BinOp::Xor => Ok(a ^ b),
        BinOp::Shl | BinOp::Shr if b < 0 || b >= int.bits().into() => Err(OVERFLOW),
        BinOp::Shl => Ok(int.wrap(a << b)),
        BinOp::Shr if unsigned => Ok((x >> b) as i128),
        BinOp::Shr => Ok(a >> b),
        _ => Err(NOT_HERE),
    }
}

/// `-a`, where overflow is an error.
pub(super) fn negate(a: i128, int: IntTy) -> Outcome {
    in_range(int, a.checked_neg())
}

/// The methods that Jitsu evaluates.
pub(super) fn method(op: I, args: &[i128], int: IntTy) -> Outcome {
    let bits = int.bits();
    let unsigned = int.unsigned().wrap(args[0]) as u128;
    let count = |count: u32| Ok(i128::from(count));
    match (op, args) {
        (I::Binary(op), &[a, b]) => {
            let shift = b as u32 % bits;
            Ok(int.wrap(match op {
                BinOp::Add => a.wrapping_add(b),
                BinOp::Sub => a.wrapping_sub(b),
                BinOp::Mul => a.wrapping_mul(b),
                BinOp::Shl => a << shift,
                BinOp::Shr if int == IntTy::U128 => (unsigned >> shift) as i128,
                BinOp::Shr => a >> shift,
                _ => return Err(NOT_HERE),
            }))
        }
        (I::Pow, &[base, exponent]) => {
            let exponent = u32::try_from(exponent).map_err(|_| OVERFLOW)?;
            match int {
                IntTy::U128 => {
                    unsigned.checked_pow(exponent).map(|power| power as i128).ok_or(OVERFLOW)
                }
                _ => in_range(int, base.checked_pow(exponent)),
            }
        }
        (I::Neg, &[a]) => Ok(int.wrap(a.wrapping_neg())),
        (I::WrappingAbs, &[a]) => Ok(int.wrap(a.wrapping_abs())),
        (I::WrappingPow, &[base, exponent]) => Ok(int.wrap(base.wrapping_pow(exponent as u32))),
        (I::Abs, &[a]) => in_range(int, a.checked_abs()),
        (I::CountOnes, &[_]) => count(unsigned.count_ones()),
        (I::LeadingZeros, &[_]) => count(unsigned.leading_zeros() - (128 - bits)),
        (I::TrailingZeros, &[_]) => count(unsigned.trailing_zeros().min(bits)),
        (I::RotateLeft | I::RotateRight, &[_, n]) => {
            let turn = n as u32 % bits;
            let left = if op == I::RotateLeft { turn } else { (bits - turn) % bits };
            let turned =
                if left == 0 { unsigned } else { unsigned << left | unsigned >> (bits - left) };
            Ok(int.wrap(turned as i128))
        }
        _ => Err(NOT_HERE),
    }
}
