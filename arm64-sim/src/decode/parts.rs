//! What several groups of encodings are decoded with: register fields, and operations of them.

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
        const X: &[$crate::decode::parts::Step] = &[$($module::$function::<u64>),*];
        const W: &[$crate::decode::parts::Step] = &[$($module::$function::<u32>),*];
        (if $wide { X } else { W })[$index as usize]
    }};
}
pub(super) use by_width;

/// A register field as a source, 31 being the zero register.
pub(super) fn source(word: u32, lo: u32) -> u8 {
    bits(word, lo + 4, lo) as u8
}

/// A register field as a destination, 31 being the zero register.
pub(super) fn dest(word: u32, lo: u32) -> u8 {
    match source(word, lo) {
        31 => SINK,
        r => r,
    }
}

/// A register field as a source or destination, 31 being the stack pointer.
pub(super) fn or_sp(word: u32, lo: u32) -> u8 {
    match source(word, lo) {
        31 => SP,
        r => r,
    }
}

/// What an instruction does.
pub(super) type Step = fn(&mut Core, &Straight) -> Outcome;

/// An instruction on registers.
pub(super) fn compute(run: Step, d: u8, n: u8, m: u8, imm: u32) -> Op {
    Op::Straight(Straight { run, d, n, m, imm })
}

/// A constant in a general register.
pub(super) fn constant(d: u8, v: u64) -> Op {
    match u32::try_from(v) {
        Ok(imm) => compute(integer::constant::<u64>, d, ZR, ZR, imm),
        Err(_) => Op::Wide { d, n: ZR, v, run: integer::wide_constant::<u64> },
    }
}

/// Finds or makes the index of a branch target.
pub(crate) type Link<'a> = dyn FnMut(u64) -> u32 + 'a;
