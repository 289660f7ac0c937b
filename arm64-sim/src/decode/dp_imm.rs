//! Data processing with an immediate: `... 100 ...` in bits 28 to 26.

use super::parts::{by_width, compute, constant, dest, or_sp, source};
use crate::cpu::{SINK, ZR};
use crate::exec::integer;
use crate::field::{bit, bit_mask, bits, signed};
use crate::op::Op;
use crate::state::Straight;

pub(super) fn decode(word: u32, pc: u64) -> Option<Op> {
    let wide = bit(word, 31);
    let (d, n) = (dest(word, 0), source(word, 5));
    match bits(word, 25, 23) {
        // ADR, ADRP.
        0b000 | 0b001 => {
            let imm = (signed(word, 23, 5) << 2 | i64::from(bits(word, 30, 29))) as u64;
            let v = if wide { (pc & !0xfff).wrapping_add(imm << 12) } else { pc.wrapping_add(imm) };
            Some(constant(d, v))
        }
        0b010 => Some(add_sub(word)),
        0b100 => logical(word),
        0b101 => move_wide(word),
        0b110 if wide == bit(word, 22) => bit_field(word),
        // Extract.
        0b111 => {
            let by = bits(word, 15, 10);
            let fits = bits(word, 30, 29) == 0 && !bit(word, 21) && wide == bit(word, 22);
            (fits && (wide || by < 32))
                .then(|| compute(by_width!(wide, integer::extr), d, n, source(word, 16), by))
        }
        _ => None,
    }
}

/// Add and subtract, 12-bit immediate.
fn add_sub(word: u32) -> Op {
    let (wide, sub, flags) = (bit(word, 31), bit(word, 30), bit(word, 29));
    let imm = bits(word, 21, 10) << if bit(word, 22) { 12 } else { 0 };
    let (d, n) = (dest(word, 0), or_sp(word, 5));
    if flags {
        let run = by_width!(wide, integer::[adds_immediate subs_immediate][sub]);
        return compute(run, d, n, ZR, imm);
    }
    let imm = if sub { imm.wrapping_neg() } else { imm };
    let run = by_width!(wide, integer::add_immediate);
    if d == SINK {
        Op::ToSp(Straight { run, d, n, m: ZR, imm })
    } else {
        compute(run, d, n, ZR, imm)
    }
}

/// Logical, bit mask immediate.
fn logical(word: u32) -> Option<Op> {
    let (wide, opc) = (bit(word, 31), bits(word, 30, 29));
    if !wide && bit(word, 22) {
        return None;
    }
    let v = bit_mask(bit(word, 22), bits(word, 15, 10), bits(word, 21, 16))?;
    let v = if wide { v } else { u64::from(v as u32) };
    let (d, n) = (dest(word, 0), source(word, 5));
    Some(if opc != 0b11 && d == SINK {
        Op::ColdSp { run: integer::logical_immediate_sp, word }
    } else if opc == 0b01 && n == ZR {
        constant(d, v)
    } else {
        let code = opc + if wide { 0 } else { 4 };
        let run = [
            integer::and_immediate::<u64>,
            integer::orr_immediate::<u64>,
            integer::eor_immediate::<u64>,
            integer::ands_immediate::<u64>,
            integer::and_immediate::<u32>,
            integer::orr_immediate::<u32>,
            integer::eor_immediate::<u32>,
            integer::ands_immediate::<u32>,
        ][code as usize];
        Op::Wide { d, n, v, run }
    })
}

fn move_wide(word: u32) -> Option<Op> {
    let wide = bit(word, 31);
    let shift = bits(word, 22, 21) * 16;
    if !wide && shift > 16 {
        return None;
    }
    let (d, imm) = (dest(word, 0), bits(word, 20, 5));
    let v = u64::from(imm) << shift;
    match bits(word, 30, 29) {
        0b00 => Some(constant(d, if wide { !v } else { u64::from(!v as u32) })),
        0b10 => Some(constant(d, v)),
        0b11 => {
            let run = by_width!(wide, integer::movk);
            Some(compute(run, d, source(word, 0), ZR, imm | shift << 16))
        }
        _ => None,
    }
}

fn bit_field(word: u32) -> Option<Op> {
    let wide = bit(word, 31);
    let top = if wide { 63 } else { 31 };
    let (r, s) = (bits(word, 21, 16), bits(word, 15, 10));
    if r > top || s > top {
        return None;
    }
    // Bits s to r of the source go to the bottom, or bits s to 0 to the place that turning right by r gives: both are
    // a shift to the left that puts bit s on top, and one to the right.
    let (left, right) = (top - s, if s >= r { top - s + r } else { r - s - 1 });
    let code = bits(word, 30, 29);
    if code == 3 {
        return None;
    }
    let run = by_width!(wide, integer::[sbfm bfm ubfm][code]);
    Some(compute(run, dest(word, 0), source(word, 5), source(word, 0), left | right << 8))
}
