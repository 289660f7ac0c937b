//! Float operations. NaN results follow the Arm Architecture Reference Manual, shared/functions/float, with FPCR = 0:
//! `FPProcessNaNs`, `FPProcessNaNs3`, `FPMulAdd`, `FPMax`, `FPMaxNum`, `FPRoundInt`, `FPConvertNaN`.

use std::ops::{Add, Div, Mul, Sub};

use super::fma;
use crate::opcode::{BinaryOp, UnaryOp};
use crate::trap::TrapKind;
use crate::types::Type;
use crate::words::FloatCC;

/// What the operations need of `f32` and `f64`.
pub(super) trait Ieee:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    const SIGN: u64;
    /// The bit of the fraction that tells a quiet NaN from a signalling one.
    const QUIET: u64;
    const DEFAULT_NAN: u64;
    fn from_word(word: u64) -> Self;
    fn word(self) -> u64;
    fn nan(self) -> bool;
    fn infinite(self) -> bool;
    fn zero(self) -> bool;
    fn square_root(self) -> Self;
    const FORMAT: fma::Format;
    fn wide(self) -> f64;
    fn rounded(self, op: UnaryOp) -> Self;
}

macro_rules! ieee {
    ($float:ident, $bits:ident, $fraction:literal, $default_nan:expr) => {
        impl Ieee for $float {
            const SIGN: u64 = 1 << ($bits::BITS - 1);
            const QUIET: u64 = 1 << ($fraction - 1);
            const DEFAULT_NAN: u64 = $default_nan;
            #[inline]
            fn from_word(word: u64) -> Self {
                Self::from_bits(word as $bits)
            }
            #[inline]
            fn word(self) -> u64 {
                self.to_bits().into()
            }
            #[inline]
            fn nan(self) -> bool {
                self.is_nan()
            }
            #[inline]
            fn infinite(self) -> bool {
                self.is_infinite()
            }
            #[inline]
            fn zero(self) -> bool {
                self == 0.0
            }
            #[inline]
            fn square_root(self) -> Self {
                self.sqrt()
            }
            const FORMAT: fma::Format = fma::Format {
                fraction: $fraction,
                // The exponent field of all ones is infinity's, so half of it is the bias.
                least_exponent: 2 - (1 << ($bits::BITS - $fraction - 2)) - $fraction,
                infinity: $default_nan & !(1 << ($fraction - 1)),
                sign: 1 << ($bits::BITS - 1),
            };
            #[inline]
            fn wide(self) -> f64 {
                self.into()
            }
            #[inline]
            fn rounded(self, op: UnaryOp) -> Self {
                match op {
                    UnaryOp::Fceil => self.ceil(),
                    UnaryOp::Ffloor => self.floor(),
                    UnaryOp::Fnearest => self.round_ties_even(),
                    UnaryOp::Fround => self.round(),
                    _ => self.trunc(),
                }
            }
        }
    };
}
ieee!(f32, u32, 23, super::F32_DEFAULT_NAN);
ieee!(f64, u64, 52, super::F64_DEFAULT_NAN);

#[inline]
fn is_nan<F: Ieee>(a: u64) -> bool {
    F::from_word(a).nan()
}

#[inline]
fn is_signalling<F: Ieee>(a: u64) -> bool {
    is_nan::<F>(a) && a & F::QUIET == 0
}

/// The first signalling operand, quieted; else the first quiet NaN; else none (`FPProcessNaNs`, `FPProcessNaNs3`).
#[inline]
fn nan_of<F: Ieee, const N: usize>(operands: [u64; N]) -> Option<u64> {
    if !operands.into_iter().any(is_nan::<F>) {
        return None;
    }
    let signalling = operands.into_iter().find(|&a| is_signalling::<F>(a));
    signalling.or_else(|| operands.into_iter().find(|&a| is_nan::<F>(a))).map(|a| a | F::QUIET)
}

/// The bits of a result of operands that were no NaN: a NaN is the default one, whichever the host chose.
#[inline]
fn fresh<F: Ieee>(result: F) -> u64 {
    if result.nan() { F::DEFAULT_NAN } else { result.word() }
}

#[inline]
pub(super) fn neg<F: Ieee>(a: u64) -> u64 {
    a ^ F::SIGN
}

#[inline]
pub(super) fn abs<F: Ieee>(a: u64) -> u64 {
    a & !F::SIGN
}

#[inline]
pub(super) fn copysign<F: Ieee>(a: u64, b: u64) -> u64 {
    (a & !F::SIGN) | (b & F::SIGN)
}

#[inline]
pub(super) fn sqrt<F: Ieee>(a: u64) -> u64 {
    nan_of::<F, 1>([a]).unwrap_or_else(|| fresh(F::from_word(a).square_root()))
}

#[inline]
pub(super) fn round<F: Ieee>(op: UnaryOp, a: u64) -> u64 {
    nan_of::<F, 1>([a]).unwrap_or_else(|| fresh(F::from_word(a).rounded(op)))
}

#[inline]
pub(super) fn arithmetic<F: Ieee>(op: BinaryOp, a: u64, b: u64) -> u64 {
    let (x, y) = (F::from_word(a), F::from_word(b));
    let result = match op {
        BinaryOp::Fadd => x + y,
        BinaryOp::Fsub => x - y,
        BinaryOp::Fmul => x * y,
        _ => x / y,
    };
    // A NaN operand makes the result a NaN, so the common case needs one test.
    if result.nan() { nan_of::<F, 2>([a, b]).unwrap_or(F::DEFAULT_NAN) } else { result.word() }
}

/// `a * b + c`. The addend is the first operand as far as NaNs are concerned (`FPMulAdd`).
#[inline]
pub(super) fn fma<F: Ieee>(a: u64, b: u64, c: u64) -> u64 {
    let (x, y) = (F::from_word(a), F::from_word(b));
    let invalid_product = (x.infinite() && y.zero()) || (x.zero() && y.infinite());
    if invalid_product && !is_signalling::<F>(c) {
        return F::DEFAULT_NAN;
    }
    nan_of::<F, 3>([c, a, b]).unwrap_or_else(|| {
        let z = F::from_word(c);
        if x.infinite() || y.infinite() || x.zero() || y.zero() {
            // The product is exact, so that rounding twice is rounding once.
            fresh(x * y + z)
        } else if z.infinite() {
            // The product is finite, however large.
            c
        } else if z.zero() {
            // The product is not zero, though it may round to it, and then it keeps its sign.
            (x * y).word()
        } else {
            fma::exact(x.wide(), y.wide(), z.wide(), F::FORMAT)
        }
    })
}

#[inline]
pub(super) fn min<F: Ieee>(a: u64, b: u64) -> u64 {
    let (x, y) = (F::from_word(a), F::from_word(b));
    nan_of::<F, 2>([a, b]).unwrap_or_else(|| match x.partial_cmp(&y) {
        Some(std::cmp::Ordering::Less) => a,
        Some(std::cmp::Ordering::Greater) => b,
        // Equal numbers have equal bits, but for zeros: the negative one is the lesser.
        _ => a | b,
    })
}

#[inline]
pub(super) fn max<F: Ieee>(a: u64, b: u64) -> u64 {
    let (x, y) = (F::from_word(a), F::from_word(b));
    nan_of::<F, 2>([a, b]).unwrap_or_else(|| match x.partial_cmp(&y) {
        Some(std::cmp::Ordering::Less) => b,
        Some(std::cmp::Ordering::Greater) => a,
        _ => a & b,
    })
}

/// The operand that is not a quiet NaN if exactly one is (`FPMinNum`, `FPMaxNum`).
#[inline]
fn number_of<F: Ieee>(a: u64, b: u64) -> Option<u64> {
    let quiet = |word: u64| is_nan::<F>(word) && !is_signalling::<F>(word);
    match (quiet(a), quiet(b)) {
        // A signalling NaN is then the only one that counts.
        (true, false) => Some(nan_of::<F, 1>([b]).unwrap_or(b)),
        (false, true) => Some(nan_of::<F, 1>([a]).unwrap_or(a)),
        _ => None,
    }
}

#[inline]
pub(super) fn min_num<F: Ieee>(a: u64, b: u64) -> u64 {
    number_of::<F>(a, b).unwrap_or_else(|| min::<F>(a, b))
}

#[inline]
pub(super) fn max_num<F: Ieee>(a: u64, b: u64) -> u64 {
    number_of::<F>(a, b).unwrap_or_else(|| max::<F>(a, b))
}

#[inline]
pub(super) fn compare<F: Ieee>(cc: FloatCC, a: u64, b: u64) -> bool {
    let (x, y) = (F::from_word(a), F::from_word(b));
    let unordered = x.nan() || y.nan();
    match cc {
        FloatCC::Eq => x == y,
        FloatCC::Ne => x != y,
        FloatCC::Lt => x < y,
        FloatCC::Le => x <= y,
        FloatCC::Gt => x > y,
        FloatCC::Ge => x >= y,
        FloatCC::Ord => !unordered,
        FloatCC::Uno => unordered,
        FloatCC::Ueq => unordered || x == y,
        FloatCC::One => !unordered && x != y,
        FloatCC::Ult => unordered || x < y,
        FloatCC::Ule => unordered || x <= y,
        FloatCC::Ugt => unordered || x > y,
        FloatCC::Uge => unordered || x >= y,
    }
}

/// How many more bits the fraction of an `f64` has than that of an `f32`.
const FRACTION_DIFFERENCE: u32 = 52 - 23;

#[inline]
pub(super) fn promote(a: u64) -> u64 {
    if is_nan::<f32>(a) {
        let sign = (a & f32::SIGN) << 32;
        let payload = (a & (f32::QUIET - 1)) << FRACTION_DIFFERENCE;
        return sign | super::F64_DEFAULT_NAN | payload;
    }
    f64::from(f32::from_word(a)).word()
}

#[inline]
pub(super) fn demote(a: u64) -> u64 {
    if is_nan::<f64>(a) {
        let sign = (a & f64::SIGN) >> 32;
        let payload = (a & (f64::QUIET - 1)) >> FRACTION_DIFFERENCE;
        return sign | super::F32_DEFAULT_NAN | payload;
    }
    (f64::from_word(a) as f32).word()
}

#[inline]
pub(super) fn from_signed(to: Type, a: i64) -> u64 {
    match to {
        Type::F32 => (a as f32).word(),
        _ => (a as f64).word(),
    }
}

#[inline]
pub(super) fn from_unsigned(to: Type, a: u64) -> u64 {
    match to {
        Type::F32 => (a as f32).word(),
        _ => (a as f64).word(),
    }
}

/// The number as `f64`, which holds every `f32` exactly.
#[inline]
fn number(from: Type, a: u64) -> f64 {
    match from {
        Type::F32 => f32::from_word(a).into(),
        _ => f64::from_word(a),
    }
}

/// Toward zero; out of range saturates, NaN is 0.
#[inline]
pub(super) fn to_signed(from: Type, to: Type, a: u64) -> u64 {
    let x = number(from, a);
    let result = match to {
        Type::I8 => (x as i8).into(),
        Type::I16 => (x as i16).into(),
        Type::I32 => (x as i32).into(),
        _ => x as i64,
    };
    super::truncate(result as u64, to)
}

/// Toward zero; out of range saturates, NaN is 0.
#[inline]
pub(super) fn to_unsigned(from: Type, to: Type, a: u64) -> u64 {
    let x = number(from, a);
    match to {
        Type::I8 => (x as u8).into(),
        Type::I16 => (x as u16).into(),
        Type::I32 => (x as u32).into(),
        _ => x as u64,
    }
}

/// Two to the power of `exponent`, which is at most 64.
#[inline]
fn power_of_two(exponent: u32) -> f64 {
    (1_u128 << exponent) as f64
}

/// # Errors
/// [`TrapKind::BadConversion`] if the number, rounded toward zero, is none of the signed integers of the type.
#[inline]
pub(super) fn signed_in_range(from: Type, to: Type, a: u64) -> Result<(), TrapKind> {
    let x = number(from, a).trunc();
    let limit = power_of_two(to.word_bits() - 1);
    if x >= -limit && x < limit { Ok(()) } else { Err(TrapKind::BadConversion) }
}

/// # Errors
/// [`TrapKind::BadConversion`] if the number, rounded toward zero, is none of the unsigned integers of the type.
#[inline]
pub(super) fn unsigned_in_range(from: Type, to: Type, a: u64) -> Result<(), TrapKind> {
    let x = number(from, a).trunc();
    // Minus zero is in range.
    if x >= 0.0 && x < power_of_two(to.word_bits()) { Ok(()) } else { Err(TrapKind::BadConversion) }
}
