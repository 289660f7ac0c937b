//! Literals: integers, and floats in decimal, hexadecimal, and as the bits of a NaN.

use crate::types::Type;

/// Why a literal is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    /// It is not a number.
    Malformed,
    /// It is a number that does not fit.
    Range,
    /// A hexadecimal float with more digits than the type has, which would have to be rounded.
    Inexact,
}

/// A natural number, decimal or `0x…`, with single underscores between digits.
pub(super) fn natural(text: &str) -> Result<u64, Refusal> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    let mut value = Some(0_u64);
    let mut after_digit = false;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = c.to_digit(radix).ok_or(Refusal::Malformed)?;
        value = value.and_then(|v| v.checked_mul(radix.into())?.checked_add(digit.into()));
        after_digit = true;
    }
    if after_digit { value.ok_or(Refusal::Range) } else { Err(Refusal::Malformed) }
}

/// An integer of 64 bits, negated if `negative`.
pub(super) fn integer(text: &str, negative: bool) -> Result<i64, Refusal> {
    let magnitude = natural(text)?;
    if negative {
        0_i64.checked_sub_unsigned(magnitude).ok_or(Refusal::Range)
    } else {
        i64::try_from(magnitude).map_err(|_| Refusal::Range)
    }
}

/// The immediate of an `iconst`: a signed or unsigned number of the type, sign-extended; for an `i128`,
/// a signed number of 64 bits.
pub(super) fn constant(text: &str, negative: bool, ty: Type) -> Result<i64, Refusal> {
    if ty == Type::I128 {
        return integer(text, negative);
    }
    let magnitude = natural(text)?;
    let most = if negative { 1 << (ty.bits() - 1) } else { ty.mask() };
    if magnitude > most {
        return Err(Refusal::Range);
    }
    let bits = if negative { magnitude.wrapping_neg() } else { magnitude };
    Ok(crate::eval::sign_extend(bits, ty))
}

/// The bits of a float literal. A decimal one is rounded to the nearest float, ties to even; one above the greatest
/// float is out of range, one that is too small becomes a subnormal number or zero. A hexadecimal one must be exact.
pub(super) fn float(text: &str, negative: bool, ty: Type) -> Result<u64, Refusal> {
    let magnitude = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => hex_float(hex, ty)?,
        None => decimal_float(text, ty)?,
    };
    Ok(magnitude | u64::from(negative) << (ty.bits() - 1))
}

fn decimal_float(text: &str, ty: Type) -> Result<u64, Refusal> {
    // The library also takes words such as `infinity`; only digits start a literal here.
    let (bits, infinite) = match ty {
        Type::F32 => {
            let value: f32 = text.parse().map_err(|_| Refusal::Malformed)?;
            (value.to_bits().into(), value.is_infinite())
        }
        _ => {
            let value: f64 = text.parse().map_err(|_| Refusal::Malformed)?;
            (value.to_bits(), value.is_infinite())
        }
    };
    if infinite { Err(Refusal::Range) } else { Ok(bits) }
}

/// `1.8p-3`, what follows `0x`.
fn hex_float(text: &str, ty: Type) -> Result<u64, Refusal> {
    let (digits, exponent) = text.split_once(['p', 'P']).ok_or(Refusal::Malformed)?;
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::Malformed);
    }
    let huge = if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
    let mut exponent: i64 = exponent.parse().unwrap_or(huge);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && part.is_empty() {
        return Err(Refusal::Malformed);
    }
    // The digits as one number; once 64 bits are full, more digits only move the exponent, and must be zero.
    let (mut significand, mut lost) = (0_u64, false);
    for (i, c) in whole.chars().chain(part.chars()).enumerate() {
        let digit = c.to_digit(16).ok_or(Refusal::Malformed)?;
        let after_point = i >= whole.len();
        if significand >> 60 == 0 {
            significand = significand << 4 | u64::from(digit);
            exponent = exponent.saturating_sub(if after_point { 4 } else { 0 });
        } else {
            lost |= digit != 0;
            exponent = exponent.saturating_add(if after_point { 0 } else { 4 });
        }
    }
    if significand == 0 {
        return Ok(0);
    }
    let zeros = significand.trailing_zeros();
    significand >>= zeros;
    exponent = exponent.saturating_add(zeros.into());
    let (fraction_bits, bias) = match ty {
        Type::F32 => (23_u32, 127_i64),
        _ => (52, 1023),
    };
    let length = 64 - significand.leading_zeros();
    let top = exponent.saturating_add(i64::from(length) - 1);
    if top > bias {
        return Err(Refusal::Range);
    }
    let least = 1 - bias - i64::from(fraction_bits);
    if lost || length > fraction_bits + 1 || exponent < least {
        return Err(Refusal::Inexact);
    }
    if top < 1 - bias {
        return Ok(significand << (exponent - least));
    }
    let fraction = (significand << (fraction_bits + 1 - length)) & ((1 << fraction_bits) - 1);
    Ok(((top + bias) as u64) << fraction_bits | fraction)
}

/// The bits of `nan:0x…`.
pub(super) fn nan_bits(text: &str, ty: Type) -> Result<u64, Refusal> {
    let bits = natural(text)?;
    let is_nan = match ty {
        Type::F32 => u32::try_from(bits).is_ok_and(|bits| f32::from_bits(bits).is_nan()),
        _ => f64::from_bits(bits).is_nan(),
    };
    if is_nan { Ok(bits) } else { Err(Refusal::Range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        assert_eq!(constant("255", false, Type::I8), Ok(-1));
        assert_eq!(constant("128", true, Type::I8), Ok(-128));
        assert_eq!(constant("256", false, Type::I8), Err(Refusal::Range));
        assert_eq!(constant("129", true, Type::I8), Err(Refusal::Range));
        assert_eq!(constant("0xffff_ffff_ffff_ffff", false, Type::I64), Ok(-1));
        assert_eq!(constant("9223372036854775809", true, Type::I64), Err(Refusal::Range));
        assert_eq!(natural("18446744073709551616"), Err(Refusal::Range));
        assert_eq!(natural("0x1ffffffffffffffff"), Err(Refusal::Range));
        assert_eq!(integer("9223372036854775808", true), Ok(i64::MIN));
        for bad in ["0x", "1_", "1__0", "_1", "", "1a", "0b1"] {
            assert_eq!(natural(bad), Err(Refusal::Malformed), "{bad}");
        }
    }

    #[test]
    fn decimal_floats_round_to_nearest_even() {
        // Halfway between 2^53 and its successor, and a little more.
        assert_eq!(
            float("9007199254740993", false, Type::F64),
            Ok(9_007_199_254_740_992_f64.to_bits())
        );
        let more = "9007199254740993.0000000000000000000000000000000000000001";
        assert_eq!(float(more, false, Type::F64), Ok(9_007_199_254_740_994_f64.to_bits()));
        assert_eq!(float("1e400", false, Type::F64), Err(Refusal::Range));
        assert_eq!(float("1e39", false, Type::F32), Err(Refusal::Range));
        assert_eq!(float("1e-400", true, Type::F64), Ok((-0.0_f64).to_bits()));
        assert_eq!(float("1.5x", false, Type::F64), Err(Refusal::Malformed));
    }

    #[test]
    fn hexadecimal_floats_are_exact() {
        let f64 = |text| float(text, false, Type::F64);
        assert_eq!(f64("0x1.8p0"), Ok(1.5_f64.to_bits()));
        assert_eq!(f64("0x1p-1074"), Ok(1));
        assert_eq!(f64("0x1p-1075"), Err(Refusal::Inexact));
        assert_eq!(f64("0x1p-1022"), Ok(f64::MIN_POSITIVE.to_bits()));
        assert_eq!(f64("0x0.fffffffffffffp-1022"), Ok(f64::MIN_POSITIVE.to_bits() - 1));
        assert_eq!(f64("0x1.fffffffffffffp1023"), Ok(f64::MAX.to_bits()));
        assert_eq!(f64("0x1p1024"), Err(Refusal::Range));
        assert_eq!(f64("0x1.00000000000001p0"), Err(Refusal::Inexact));
        // One bit more than there is room for.
        assert_eq!(f64("0x1.00000000000008p0"), Err(Refusal::Inexact));
        assert_eq!(float("0x1.000001p0", false, Type::F32), Err(Refusal::Inexact));
        assert_eq!(f64("0x10000000000000000000000p-88"), Ok(1.0_f64.to_bits()));
        assert_eq!(f64("0x1p99999999999999999999"), Err(Refusal::Range));
        assert_eq!(f64("0x0p99999999999999999999"), Ok(0));
        assert_eq!(float("0x1p-149", true, Type::F32), Ok(0x8000_0001));
        assert_eq!(float("0x1.fffffep127", false, Type::F32), Ok(f32::MAX.to_bits().into()));
        for bad in ["0x1", "0xp1", "0x1p", "0x1p+-1", "0x1.2.3p1", "0xgp1"] {
            assert_eq!(f64(bad), Err(Refusal::Malformed), "{bad}");
        }
    }

    #[test]
    fn every_power_of_two_is_read_exactly() {
        let mut power = f64::from_bits(1);
        for exponent in -1074..1024 {
            let text = format!("0x1p{exponent}");
            assert_eq!(float(&text, false, Type::F64), Ok(power.to_bits()), "{text}");
            power *= 2.0;
        }
    }

    #[test]
    fn nans() {
        assert_eq!(nan_bits("0x7ff0000000000001", Type::F64), Ok(0x7ff0_0000_0000_0001));
        assert_eq!(nan_bits("0x7ff0000000000000", Type::F64), Err(Refusal::Range));
        assert_eq!(nan_bits("0x7fc00000", Type::F32), Ok(0x7fc0_0000));
        assert_eq!(nan_bits("0x7ff8000000000000", Type::F32), Err(Refusal::Range));
    }
}
