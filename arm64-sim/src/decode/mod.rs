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
mod parts;

use crate::field::bits;
use crate::op::Op;
pub(crate) use parts::Link;

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

#[cfg(test)]
mod tests;
