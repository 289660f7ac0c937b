//! Scalar floating point (`.0011110` and `.0011111` in bits 31 to 24); the rest of `.111` is AdvSIMD.

use super::*;
use crate::cpu::CONDITION;
use crate::exec::{fp, simd};

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
        0b11 => {
            let mask = CONDITION[bits(word, 15, 12) as usize];
            match ty {
                0 => Some(Op::FcselS { d, n, m, mask }),
                1 => Some(Op::FcselD { d, n, m, mask }),
                _ => cold(fp::select),
            }
        }
        0b10 => match (bits(word, 15, 12), ty) {
            (0b0000, 0) => Some(Op::FmulS { d, n, m }),
            (0b0000, 1) => Some(Op::FmulD { d, n, m }),
            (0b0001, 0) => Some(Op::FdivS { d, n, m }),
            (0b0001, 1) => Some(Op::FdivD { d, n, m }),
            (0b0010, 0) => Some(Op::FaddS { d, n, m }),
            (0b0010, 1) => Some(Op::FaddD { d, n, m }),
            (0b0011, 0) => Some(Op::FsubS { d, n, m }),
            (0b0011, 1) => Some(Op::FsubD { d, n, m }),
            (0b0000..=0b1000, _) => cold(fp::two_sources),
            _ => None,
        },
        _ if bit(word, 12) => {
            // FMOV, immediate.
            if bits(word, 9, 5) != 0 {
                return None;
            }
            Some(Op::FImm { d, v: fp::expand_immediate(bits(word, 20, 13), fp::format(word)) })
        }
        _ if bit(word, 13) => compare(word, ty, n, m),
        _ if bit(word, 14) => match (bits(word, 20, 15), ty) {
            (0, 0) => Some(Op::FmovS { d, n }),
            (0, 1) => Some(Op::FmovD { d, n }),
            (1, 1) => Some(Op::FabsD { d, n }),
            (2, 1) => Some(Op::FnegD { d, n }),
            (3, 1) => Some(Op::FsqrtD { d, n }),
            _ => fp::allocated_one_source(word).then_some(Op::Cold { run: fp::one_source, word }),
        },
        _ => None,
    }
}

fn three_sources(word: u32) -> Option<Op> {
    let (d, n, m, a) = (source(word, 0), source(word, 5), source(word, 16), source(word, 10));
    let negate_addend = bit(word, 21);
    // FMSUB and FNMADD negate the product: exactly one of o1 and o0.
    let negate_product = bit(word, 21) != bit(word, 15);
    match bits(word, 23, 22) {
        0 => Some(Op::FmaS { d, n, m, a, negate_product, negate_addend }),
        1 => Some(Op::FmaD { d, n, m, a, negate_product, negate_addend }),
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
        (false, false, 0) => Op::FcmpS { n, m },
        (false, false, 1) => Op::FcmpD { n, m },
        _ => Op::Cold { run: fp::compare, word },
    })
}

/// Conversions and moves between the files.
fn integer(word: u32) -> Option<Op> {
    let (wide, ty, mode, code) =
        (bit(word, 31), bits(word, 23, 22), bits(word, 20, 19), bits(word, 18, 16));
    let (d, n) = (source(word, 0), source(word, 5));
    Some(match (wide, ty, mode, code) {
        (false, 0, 0, 0b110) => Op::FmovWs { d: dest(word, 0), n },
        (false, 0, 0, 0b111) => Op::FmovSw { d, n },
        (true, 1, 0, 0b110) => Op::FmovXd { d: dest(word, 0), n },
        (true, 1, 0, 0b111) => Op::FmovDx { d, n },
        (true, 1, 0, 0b010) => Op::ScvtfDx { d, n },
        (false, 1, 0, 0b010) => Op::ScvtfDw { d, n },
        (true, 1, 3, 0b000) => Op::FcvtzsXd { d: dest(word, 0), n },
        (false, 1, 3, 0b000) => Op::FcvtzsWd { d: dest(word, 0), n },
        _ if fp::allocated_integer(word) => Op::Cold { run: fp::integer, word },
        _ => return None,
    })
}
