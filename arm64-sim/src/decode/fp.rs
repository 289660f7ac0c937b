//! Scalar floating point (`.0011110` and `.0011111` in bits 31 to 24); the rest of `.111` is AdvSIMD.

use super::parts::{by_width, compute, dest, source};
use crate::cpu::{CONDITION, ZR};
use crate::exec::{fp, fp_fast, simd};
use crate::field::{bit, bits};
use crate::op::Op;

/// A function that is generic over a format, for single or double.
macro_rules! by_type {
    ($ty:expr, $function:path) => {{
        use $function as function;
        if $ty == 0 { function::<f32> as $crate::decode::parts::Step } else { function::<f64> }
    }};
}

pub(super) fn decode(word: u32) -> Option<Op> {
    if bits(word, 30, 24) == 0b001_1111 && !bit(word, 31) {
        return three_sources(word);
    }
    if bits(word, 30, 24) != 0b001_1110 {
        return simd::decode(word);
    }
    let cold = |run| Some(Op::Cold { run, word });
    let ty = bits(word, 23, 22);
    let (d, n, m) = (source(word, 0), source(word, 5), source(word, 16));
    if !bit(word, 21) {
        // Fixed point.
        return fp::allocated_fixed(word).then_some(Op::Cold { run: fp::fixed, word });
    }
    if bits(word, 15, 10) == 0 {
        return integer(word);
    }
    // From here bit 31 is zero, and type 10 is unallocated.
    if bit(word, 31) || (ty == 0b10) {
        return None;
    }
    match bits(word, 11, 10) {
        0b01 => {
            // FCCMP, FCCMPE.
            cold(fp::conditional_compare)
        }
        // Half precision.
        0b11 if ty == 3 => cold(fp::select),
        0b11 => {
            let mask = CONDITION[bits(word, 15, 12) as usize];
            Some(compute(by_type!(ty, fp_fast::fcsel), d, n, m, mask.into()))
        }
        0b10 => {
            let run = match bits(word, 15, 12) {
                0b0000 if ty != 3 => by_type!(ty, fp_fast::fmul),
                0b0001 if ty != 3 => by_type!(ty, fp_fast::fdiv),
                0b0010 if ty != 3 => by_type!(ty, fp_fast::fadd),
                0b0011 if ty != 3 => by_type!(ty, fp_fast::fsub),
                0b0000..=0b1000 => return cold(fp::two_sources),
                _ => return None,
            };
            Some(compute(run, d, n, m, 0))
        }
        _ if bit(word, 12) => {
            // FMOV, immediate.
            if bits(word, 9, 5) != 0 {
                return None;
            }
            let v = fp::expand_immediate(bits(word, 20, 13), fp::format(word));
            Some(Op::Wide { d, n: ZR, v, run: |cpu, d, _, v| cpu.set_scalar(d, v) })
        }
        _ if bit(word, 13) => compare(word, ty, n, m),
        _ if bit(word, 14) => {
            let run = match bits(word, 20, 15) {
                0 if ty != 3 => by_type!(ty, fp_fast::fmov),
                1 if ty != 3 => by_type!(ty, fp_fast::fabs),
                2 if ty != 3 => by_type!(ty, fp_fast::fneg),
                3 if ty != 3 => by_type!(ty, fp_fast::fsqrt),
                _ => {
                    return fp::allocated_one_source(word)
                        .then_some(Op::Cold { run: fp::one_source, word });
                }
            };
            Some(compute(run, d, n, ZR, 0))
        }
        _ => None,
    }
}

fn three_sources(word: u32) -> Option<Op> {
    let (d, n, m, a) = (source(word, 0), source(word, 5), source(word, 16), source(word, 10));
    let negate_addend = bit(word, 21);
    // FMSUB and FNMADD negate the product: exactly one of o1 and o0.
    let negate_product = bit(word, 21) != bit(word, 15);
    let imm = fp_fast::fused(a, negate_product, negate_addend);
    match bits(word, 23, 22) {
        ty @ (0 | 1) => Some(compute(by_type!(ty, fp_fast::fmadd), d, n, m, imm)),
        3 => Some(Op::Cold { run: fp::three_sources_half, word }),
        _ => None,
    }
}

fn compare(word: u32, ty: u32, n: u8, m: u8) -> Option<Op> {
    if bits(word, 15, 14) != 0 || bits(word, 2, 0) != 0 {
        return None;
    }
    let zero = bit(word, 3);
    if zero && m != 0 {
        return None;
    }
    Some(match (zero, bit(word, 4), ty) {
        (false, false, 0 | 1) => compute(by_type!(ty, fp_fast::fcmp), ZR, n, m, 0),
        _ => Op::Cold { run: fp::compare, word },
    })
}

/// Conversions and moves between the files.
fn integer(word: u32) -> Option<Op> {
    let (wide, ty, mode, code) =
        (bit(word, 31), bits(word, 23, 22), bits(word, 20, 19), bits(word, 18, 16));
    let (v, x, n) = (source(word, 0), dest(word, 0), source(word, 5));
    Some(match (wide, ty, mode, code) {
        (false, 0, 0, 0b110) => compute(fp_fast::fmov_to_general::<u32>, x, n, ZR, 0),
        (false, 0, 0, 0b111) => compute(fp_fast::fmov_from_general::<u32>, v, n, ZR, 0),
        (true, 1, 0, 0b110) => compute(fp_fast::fmov_to_general::<u64>, x, n, ZR, 0),
        (true, 1, 0, 0b111) => compute(fp_fast::fmov_from_general::<u64>, v, n, ZR, 0),
        (_, 1, 0, 0b010) => compute(by_width!(wide, fp_fast::scvtf), v, n, ZR, 0),
        (_, 1, 3, 0b000) => compute(by_width!(wide, fp_fast::fcvtzs), x, n, ZR, 0),
        _ if fp::allocated_integer(word) => Op::Cold { run: fp::integer, word },
        _ => return None,
    })
}
