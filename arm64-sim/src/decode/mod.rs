//! From instruction words to [`Op`]s, once, when code is published.
//!
//! The simulator reads the fields of the word itself rather than through `arm64-enc`'s decoder: a field that the
//! encoder and its decoder both misunderstand would cancel out there, and be found here. Tests hold the two readings
//! against each other.

mod branch;
mod dp_imm;
mod dp_reg;
mod fp;
mod ldst;

use crate::cpu::{SINK, SP};
use crate::op::Op;

/// Bits `hi` to `lo` of `word`.
pub(crate) const fn bits(word: u32, hi: u32, lo: u32) -> u32 {
    (word >> lo) & (u32::MAX >> (31 - (hi - lo)))
}

/// Bit `n` of `word`.
pub(crate) const fn bit(word: u32, n: u32) -> bool {
    word >> n & 1 != 0
}

/// Bits `hi` to `lo` of `word` as a signed number.
pub(crate) const fn signed(word: u32, hi: u32, lo: u32) -> i64 {
    ((word << (31 - hi)) as i32 >> (31 - (hi - lo))) as i64
}

/// A register field as a source, 31 being the zero register.
fn source(word: u32, lo: u32) -> u8 {
    bits(word, lo + 4, lo) as u8
}

/// A register field as a destination, 31 being the zero register.
fn dest(word: u32, lo: u32) -> u8 {
    match source(word, lo) {
        31 => SINK,
        r => r,
    }
}

/// A register field as a source or destination, 31 being the stack pointer.
fn or_sp(word: u32, lo: u32) -> u8 {
    match source(word, lo) {
        31 => SP,
        r => r,
    }
}

/// Finds or makes the index of a branch target.
pub(crate) type Link<'a> = dyn FnMut(u64) -> u32 + 'a;

/// Decodes one word at `pc`. Undefined words become [`Op::Undefined`], and those that `known` has heard of but this
/// module has not [`Op::NotExecuted`].
pub(crate) fn decode(word: u32, pc: u64, link: &mut Link<'_>) -> Op {
    let op = match bits(word, 28, 25) {
        0b1000 | 0b1001 => dp_imm::decode(word, pc),
        0b1010 | 0b1011 => branch::decode(word, pc, link),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => ldst::decode(word, pc),
        0b0101 | 0b1101 => dp_reg::decode(word),
        0b0111 | 0b1111 => fp::decode(word),
        _ => None,
    };
    op.unwrap_or_else(|| {
        if arm64_enc::Inst::decode(word).is_some() { Op::NotExecuted } else { Op::Undefined }
    })
}

/// Is there an operation for this word?
pub(crate) fn is_executed(word: u32) -> bool {
    !matches!(decode(word, 0, &mut |_| 0), Op::Undefined | Op::NotExecuted)
}

/// `DecodeBitMasks`, first result: the logical immediate as 64 bits.
pub(crate) fn bit_mask(n: bool, imms: u32, immr: u32) -> Option<u64> {
    let combined = u32::from(n) << 6 | (!imms & 0x3f);
    if combined == 0 {
        return None;
    }
    let size = 1u32 << (31 - combined.leading_zeros());
    let levels = size - 1;
    if size == 1 || imms & levels == levels {
        return None;
    }
    let (ones, turn) = (imms & levels, immr & levels);
    let element = u64::MAX >> (63 - ones);
    let element_mask = u64::MAX >> (64 - size);
    let turned = if turn == 0 {
        element
    } else {
        (element >> turn | element << (size - turn)) & element_mask
    };
    let mut mask = 0;
    for i in 0..64 / size {
        mask |= turned << (i * size);
    }
    Some(mask)
}

#[cfg(test)]
mod tests;
