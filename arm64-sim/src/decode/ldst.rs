//! Loads and stores: `1.0` in bits 27 to 25.

use super::parts::{compute, dest, or_sp, source};
use crate::cpu::ZR;
use crate::exec::ldst::{self, Transfer};
use crate::exec::{atomic, simd_ldst};
use crate::field::{bit, bits, signed};
use crate::op::{Index, Op, Pair};
use crate::stop::Access;
use crate::width::Shift;

pub(super) fn decode(word: u32, pc: u64) -> Option<Op> {
    match (bits(word, 29, 27), bits(word, 25, 24)) {
        (0b001, _) if bit(word, 26) => simd_ldst::decode(word),
        (0b001, 0b00) => atomic::decode_exclusive(word),
        (0b011, 0b00) => literal(word, pc),
        (0b011, 0b01) if !bit(word, 26) => atomic::decode_ordered_unscaled(word),
        (0b101, 0b00 | 0b01) => pair(word),
        (0b111, 0b00) => match (bit(word, 21), bits(word, 11, 10)) {
            (false, mode) => unscaled(word, mode),
            (true, 0b00) => atomic::decode_atomic(word),
            (true, 0b10) => register_offset(word),
            _ => None,
        },
        (0b111, 0b01) => scaled(word),
        _ => None,
    }
}

/// What the single-register forms move; a prefetch moves nothing.
fn transfer(word: u32) -> Option<Transfer> {
    let (size, opc) = (bits(word, 31, 30), bits(word, 23, 22));
    if bit(word, 26) { ldst::vector(size, opc) } else { ldst::general(size, opc) }
}

fn is_prefetch(word: u32) -> bool {
    !bit(word, 26) && bits(word, 31, 30) == 3 && bits(word, 23, 22) == 2
}

/// Register `Rt` of a general load discards into the sink; a store of 31 stores zero; vectors have no such register.
fn moved(word: u32, lo: u32, what: Transfer) -> u8 {
    let general = !bit(word, 26);
    if general && what.access == Access::Read { dest(word, lo) } else { source(word, lo) }
}

/// Writing the base back to a register that is also transferred is constrained unpredictable.
fn clashes(word: u32, second: Option<u8>) -> bool {
    let base = source(word, 5);
    !bit(word, 26) && base != 31 && (source(word, 0) == base || second == Some(base))
}

/// No write-back.
fn plain(word: u32, what: Transfer, offset: i32) -> Op {
    compute(what.at_offset, moved(word, 0, what), or_sp(word, 5), ZR, offset as u32)
}

fn scaled(word: u32) -> Option<Op> {
    if is_prefetch(word) {
        return Some(Op::Nop);
    }
    let what = transfer(word)?;
    Some(plain(word, what, bits(word, 21, 10) as i32 * i32::from(what.size)))
}

fn unscaled(word: u32, mode: u32) -> Option<Op> {
    if is_prefetch(word) {
        return (mode == 0b00).then_some(Op::Nop);
    }
    let what = transfer(word)?;
    let offset = signed(word, 20, 12) as i32;
    match mode {
        0b00 => Some(plain(word, what, offset)),
        // LDTR and STTR: at EL0 they are what they seem.
        0b10 => (!bit(word, 26)).then(|| plain(word, what, offset)),
        _ if clashes(word, None) => None,
        _ => {
            let (t, n, post) = (moved(word, 0, what), or_sp(word, 5), mode == 0b01);
            Some(Op::Back { t, n, post, offset, run: what.one })
        }
    }
}

fn register_offset(word: u32) -> Option<Op> {
    // Sub-word extensions are unallocated here.
    let option = bits(word, 15, 13);
    if option & 0b010 == 0 {
        return None;
    }
    if is_prefetch(word) {
        return Some(Op::Nop);
    }
    let what = transfer(word)?;
    let shift = Shift::EXTENDS[option as usize];
    let by = if bit(word, 12) { what.size.trailing_zeros() } else { 0 };
    let (t, n, m) = (moved(word, 0, what), or_sp(word, 5), source(word, 16));
    Some(match shift {
        Shift::Lsl => compute(what.at_index, t, n, m, by),
        _ => compute(what.at_register, t, n, m, shift.pack(by)),
    })
}

fn literal(word: u32, pc: u64) -> Option<Op> {
    let (vector, opc) = (bit(word, 26), bits(word, 31, 30));
    if opc == 3 {
        // A prefetch, or nothing.
        return (!vector).then_some(Op::Nop);
    }
    let what = match (vector, opc) {
        (false, 2) => ldst::general(2, 2),
        (false, _) => ldst::general(2 + opc, 1),
        (true, 2) => ldst::vector(0, 3),
        (true, _) => ldst::vector(2 + opc, 1),
    }?;
    let address = pc.wrapping_add((signed(word, 23, 5) << 2) as u64);
    Some(Op::Literal { t: moved(word, 0, what), address, run: what.one })
}

fn pair(word: u32) -> Option<Op> {
    let (load, mode) = (bit(word, 22), bits(word, 24, 23));
    let loads = u32::from(load);
    let what = match (bit(word, 26), bits(word, 31, 30)) {
        (false, 0) => ldst::general(2, loads),
        // LDPSW has no form without allocation.
        (false, 1) if load && mode != 0 => ldst::general(2, 2),
        (false, 2) => ldst::general(3, loads),
        (true, 0) => ldst::vector(2, loads),
        (true, 1) => ldst::vector(3, loads),
        (true, 2) => ldst::vector(0, 2 + loads),
        _ => None,
    }?;
    let index = match mode {
        0b01 => Index::Post,
        0b11 => Index::Pre,
        _ => Index::Offset,
    };
    if load && source(word, 0) == source(word, 10) {
        // Two loads into one register: constrained unpredictable.
        return None;
    }
    if index != Index::Offset && clashes(word, Some(source(word, 10))) {
        return None;
    }
    let (t, u, n) = (moved(word, 0, what), moved(word, 10, what), or_sp(word, 5));
    let offset = signed(word, 21, 15) as i16 * i16::from(what.size);
    Some(Op::Pair(Pair { t, u, n, index, offset, run: what.two }))
}
