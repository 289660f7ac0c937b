//! Division by a constant without dividing.
//!
//! T. Granlund, P. Montgomery, *Division by Invariant Integers using Multiplication*, 1994, with the constants as
//! H. Warren computes them (*Hacker's Delight*, chapter 10). Here in 128-bit arithmetic: for a width of N bits and a
//! divisor d, find the least p such that m = ⌈2^p / d⌉ is exact enough for every dividend; the quotient is then the high
//! half of the product, shifted by p - N.

/// How to divide by an unsigned constant: `umulhi(n, multiplier)`, if `add` averaged with the dividend, then shifted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unsigned {
    /// The low N bits of the multiplier.
    pub(crate) multiplier: u64,
    /// How far to shift right afterwards.
    pub(crate) shift: u32,
    /// `true` if the multiplier has N + 1 bits.
    pub(crate) add: bool,
}

/// How to divide by a signed constant: `smulhi(n, multiplier)`, corrected by the dividend, shifted, plus the sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signed {
    /// The multiplier, as a signed number of N bits.
    pub(crate) multiplier: i64,
    /// How far to shift right afterwards.
    pub(crate) shift: u32,
}

/// For a divisor that is at least 3 and no power of two, of `bits` (32 or 64) bits.
pub(crate) fn unsigned(divisor: u64, bits: u32) -> Unsigned {
    unsigned_below(divisor, bits, bits)
}

/// The same for dividends of at most `dividend_bits` bits; the product still has 2 · `bits`.
pub(crate) fn unsigned_below(divisor: u64, bits: u32, dividend_bits: u32) -> Unsigned {
    let d = u128::from(divisor);
    // The multiplier (2^(bits + shift) + e) / d is exact enough for dividends below 2^k if e ≤ 2^(bits + shift - k).
    // With shift = ⌈log2 d⌉ it always is, as e ≤ d.
    let log = u64::BITS - (divisor - 1).leading_zeros();
    let mut shift = 0;
    loop {
        let (quotient, remainder) = pow2_div(bits + shift, d);
        let error = d - remainder;
        if shift >= log || error <= 1 << (bits + shift - dividend_bits) {
            let multiplier = quotient + 1;
            return Unsigned {
                multiplier: (multiplier & ((1 << bits) - 1)) as u64,
                shift,
                add: multiplier >> bits != 0,
            };
        }
        shift += 1;
    }
}

/// Quotient and remainder of 2^exponent / d, for exponents up to 128 and d ≥ 3.
fn pow2_div(exponent: u32, d: u128) -> (u128, u128) {
    if exponent < 128 {
        return ((1 << exponent) / d, (1 << exponent) % d);
    }
    // 2^128 = 2 · 2^127.
    let (quotient, remainder) = pow2_div(exponent - 1, d);
    (quotient * 2 + remainder * 2 / d, remainder * 2 % d)
}

/// For a divisor whose magnitude is at least 3 and no power of two, of `bits` (32 or 64) bits.
pub(crate) fn signed(divisor: i64, bits: u32) -> Signed {
    let d = u128::from(divisor.unsigned_abs());
    // The greatest dividend in magnitude that must come out right: with remainder d - 1, below 2^(bits - 1) (plus one
    // if the divisor is negative).
    let top = (1u128 << (bits - 1)) + u128::from(divisor < 0);
    let limit = top - 1 - top % d;
    let mut exponent = bits;
    loop {
        let (quotient, remainder) = pow2_div(exponent, d);
        let error = d - remainder;
        // 2^p > limit · (d - 2^p mod d); the product stays below 2^127, as limit < 2^64 and error < 2^63.
        if exponent >= 2 * bits || (1u128 << exponent) > limit * error {
            let multiplier = (quotient + 1) as u64;
            let signed =
                if bits == 64 { multiplier as i64 } else { multiplier as u32 as i32 as i64 };
            let multiplier = if divisor < 0 { signed.wrapping_neg() } else { signed };
            return Signed { multiplier, shift: exponent - bits };
        }
        exponent += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_multipliers_of_the_book() {
        // Hacker's Delight, table 10-1 and 10-2.
        assert_eq!(signed(3, 32), Signed { multiplier: 0x5555_5556, shift: 0 });
        assert_eq!(signed(5, 32), Signed { multiplier: 0x6666_6667, shift: 1 });
        assert_eq!(signed(7, 32), Signed { multiplier: 0x9249_2493_u32 as i32 as i64, shift: 2 });
        assert_eq!(signed(-5, 32), Signed { multiplier: 0x9999_9999_u32 as i32 as i64, shift: 1 });
        assert_eq!(signed(10, 64), Signed { multiplier: 0x6666_6666_6666_6667, shift: 2 });
        assert_eq!(unsigned(3, 32), Unsigned { multiplier: 0xaaaa_aaab, shift: 1, add: false });
        assert_eq!(unsigned(7, 32), Unsigned { multiplier: 0x2492_4925, shift: 3, add: true });
        assert_eq!(unsigned(10, 32), Unsigned { multiplier: 0xcccc_cccd, shift: 3, add: false });
        assert!(!unsigned(625, 64).add);
    }
}
