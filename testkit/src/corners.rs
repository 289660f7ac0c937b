//! The values of a type at which rules go wrong: its ends, powers of two, widths, masks, special floats.

use ir::Type;

/// The corners of a type, as bits, without repetition: what constants are made of.
#[must_use]
pub fn corners(ty: Type) -> Vec<u64> {
    let words: Vec<u64> = match ty {
        Type::F32 => FLOATS.iter().map(|&x| (x as f32).to_bits().into()).chain(F32_BITS).collect(),
        Type::F64 => FLOATS.iter().map(|x| x.to_bits()).chain(F64_BITS).collect(),
        _ => {
            let width = ty.bits().min(64);
            let top = 1_u64 << (width - 1);
            let half = 1_u64 << (width / 2);
            let mut words =
                vec![0, 1, u64::MAX, 2, u64::MAX - 1, 3, top, top - 1, top + 1, top - 2];
            words.extend([5, 7, 4, 4_u64.wrapping_neg(), 8, 8_u64.wrapping_neg(), 10, 16, 0x55]);
            words.extend([half, half - 1, half + 1]);
            words.extend([width - 1, width, width + 1].map(u64::from));
            if width >= 32 {
                // Divisors: negative, even, and factors of 2^32 + 1 and 2^64 + 1, whose quotients need no shift.
                words.extend([7_u64.wrapping_neg(), 10_u64.wrapping_neg(), 6, 100, 641, 274_177]);
            }
            words
        }
    };
    let mut unique = Vec::new();
    for word in words {
        let word = word & ty.mask();
        if !unique.contains(&word) {
            unique.push(word);
        }
    }
    unique
}

/// The few corners that every rule must be asked with, where all would be too many.
#[must_use]
pub fn main_corners(ty: Type) -> Vec<u64> {
    corners(ty).into_iter().take(if ty.is_float() { 8 } else { 7 }).collect()
}

const FLOATS: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    0.5,
    2.0,
    2.5,
    -2.5,
    255.0,
    // Of a single bit behind the first.
    3.0,
    2_147_483_648.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_616.0,
];

/// A signalling and a negative quiet NaN with payloads, the least subnormal and normal numbers, the greatest number and
/// the greatest power of two, whose reciprocal is subnormal.
const F32_BITS: [u64; 6] = [0x7f80_0001, 0xffc1_2345, 1, 0x80_0000, 0x7f7f_ffff, 0x7f00_0000];
const F64_BITS: [u64; 6] = [
    0x7ff0_0000_0000_0001,
    0xfff8_1234_5678_9abc,
    1,
    1 << 52,
    0x7fef_ffff_ffff_ffff,
    0x7fe0_0000_0000_0000,
];
