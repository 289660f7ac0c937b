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

use crate::cpu::{SINK, SP, ZR};
use crate::exec::integer;
use crate::field::bits;
use crate::op::Op;
use crate::state::{Core, Outcome, Straight};

/// A function that is generic over a width, for the width that a word asks for; of several, the one with an index.
macro_rules! by_width {
    ($wide:expr, $module:ident::$function:ident) => {
        by_width!($wide, $module::[$function][0])
    };
    ($wide:expr, $module:ident::[$($function:ident)*][$index:expr]) => {{
        const X: &[$crate::decode::Step] = &[$($module::$function::<u64>),*];
        const W: &[$crate::decode::Step] = &[$($module::$function::<u32>),*];
        (if $wide { X } else { W })[$index as usize]
    }};
}
use by_width;

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

type Step = fn(&mut Core, &Straight) -> Outcome;

/// An instruction on registers.
fn compute(run: Step, d: u8, n: u8, m: u8, imm: u32) -> Op {
    Op::Straight(Straight { run, d, n, m, imm })
}

/// A constant in a general register.
fn constant(d: u8, v: u64) -> Op {
    match u32::try_from(v) {
        Ok(imm) => compute(integer::constant::<u64>, d, ZR, ZR, imm),
        Err(_) => Op::Wide { d, n: ZR, v, run: integer::wide_constant::<u64> },
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

#[cfg(test)]
mod tests;
