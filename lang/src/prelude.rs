//! The arithmetic of 128-bit integers beyond the IR's operations, written in the source language itself. The functions
//! are compiled with a program that mentions such a type, and those that nothing calls are left out again.
//!
//! Division by 64 bits at a time is algorithm D of Knuth (TAOCP 4.3.1) for two digits, as in Warren, "Hacker's
//! Delight", 9-4; a divisor of more than 64 bits leaves a quotient of less, found bit by bit. Conversions round once,
//! to even.

/// The functions, found by their names.
pub(crate) const SOURCE: &str = include_str!("prelude/helpers.rs");

#[cfg(test)]
mod helpers;

#[cfg(test)]
mod tests {
    use super::helpers;

    /// Rust's own arithmetic is the oracle: the same source, compiled by rustc.
    #[test]
    fn the_helpers_compute_what_rust_computes() {
        let mut state = 1u64;
        let mut next = || {
            // SplitMix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        // Numbers of every length, runs of ones, and what is near both.
        let mut wide = || {
            let (low, high, shift) = (next(), next(), next() % 128);
            let value = u128::from(high) << 64 | u128::from(low);
            match next() % 8 {
                0 => value >> shift,
                1 => !(value >> shift),
                2 => u128::MAX << shift,
                3 => (1 << shift) - u128::from(low & 1),
                4 => (value >> shift) << (next() % 128),
                _ => value,
            }
        };
        for _ in 0..20_000 {
            let (a, b) = (wide(), wide());
            let (x, y) = (a as i128, b as i128);
            if b != 0 {
                assert_eq!((helpers::udiv(a, b), helpers::urem(a, b)), (a / b, a % b), "{a} {b}");
                let signed = (helpers::sdiv(x, y), helpers::srem(x, y));
                assert_eq!(signed, (x.wrapping_div(y), x.wrapping_rem(y)), "{x} {y}");
            }
            assert_eq!(helpers::umul_overflows(a, b), a.checked_mul(b).is_none(), "{a} {b}");
            assert_eq!(helpers::smul_overflows(x, y), x.checked_mul(y).is_none(), "{x} {y}");
            assert_eq!(helpers::u128_to_f64(a).to_bits(), (a as f64).to_bits(), "{a}");
            assert_eq!(helpers::u128_to_f32(a).to_bits(), (a as f32).to_bits(), "{a}");
            assert_eq!(helpers::i128_to_f64(x).to_bits(), (x as f64).to_bits(), "{x}");
            assert_eq!(helpers::i128_to_f32(x).to_bits(), (x as f32).to_bits(), "{x}");
            let narrow = f64::from(f32::from_bits(b as u32));
            for float in [a as f64, x as f64, a as f64 / 3.0, f64::from_bits(b as u64), narrow] {
                assert_eq!(helpers::f64_to_u128(float), float as u128, "{float}");
                assert_eq!(helpers::f64_to_i128(float), float as i128, "{float}");
            }
        }
    }
}
