//! Data processing with an immediate: `... 100 ...` in bits 28 to 26.

use super::*;
use crate::cpu::ZR;

pub(super) fn decode(word: u32, pc: u64) -> Option<Op> {
    let wide = bit(word, 31);
    let (d, n) = (dest(word, 0), source(word, 5));
    Some(match bits(word, 25, 23) {
        // ADR, ADRP.
        0b000 | 0b001 => {
            let imm = (signed(word, 23, 5) << 2 | i64::from(bits(word, 30, 29))) as u64;
            let v = if wide { (pc & !0xfff).wrapping_add(imm << 12) } else { pc.wrapping_add(imm) };
            Op::Imm { d, v }
        }
        // Add and subtract, 12-bit immediate.
        0b010 => {
            let imm = u64::from(bits(word, 21, 10)) << if bit(word, 22) { 12 } else { 0 };
            let (sub, flags) = (bit(word, 30), bit(word, 29));
            let n = or_sp(word, 5);
            let v = if sub { imm.wrapping_neg() } else { imm };
            match (wide, flags, sub) {
                // A 32-bit result for SP: the upper half is zero, which no limit will accept, but it is defined.
                (true, false, _) if or_sp(word, 0) == SP => Op::AddISp { n, v },
                (false, false, _) if or_sp(word, 0) == SP => {
                    Op::ColdSp { run: crate::exec::integer::add_immediate_wsp, word }
                }
                (true, false, _) => Op::AddIX { d, n, v },
                (false, false, _) => Op::AddIW { d, n, v: v as u32 },
                (true, true, false) => Op::AddsIX { d, n, v: imm },
                (false, true, false) => Op::AddsIW { d, n, v: imm as u32 },
                (true, true, true) => Op::SubsIX { d, n, v: imm },
                (false, true, true) => Op::SubsIW { d, n, v: imm as u32 },
            }
        }
        // Logical, bit mask immediate.
        0b100 => {
            if !wide && bit(word, 22) {
                return None;
            }
            let v = bit_mask(bit(word, 22), bits(word, 15, 10), bits(word, 21, 16))?;
            let to_sp = bits(word, 30, 29) != 0b11 && or_sp(word, 0) == SP;
            if to_sp {
                return Some(Op::ColdSp { run: crate::exec::integer::logical_immediate_sp, word });
            }
            let w = v as u32;
            match (bits(word, 30, 29), wide) {
                (0b00, true) => Op::AndIX { d, n, v },
                (0b00, false) => Op::AndIX { d, n, v: u64::from(w) },
                (0b01, true) if n == ZR => Op::Imm { d, v },
                (0b01, false) if n == ZR => Op::Imm { d, v: u64::from(w) },
                (0b01, true) => Op::OrrIX { d, n, v },
                (0b01, false) => Op::OrrIW { d, n, v: w },
                (0b10, true) => Op::EorIX { d, n, v },
                (0b10, false) => Op::EorIW { d, n, v: w },
                (_, true) => Op::AndsIX { d, n, v },
                (_, false) => Op::AndsIW { d, n, v: w },
            }
        }
        // Move wide.
        0b101 => {
            let shift = bits(word, 22, 21) * 16;
            if !wide && shift > 16 {
                return None;
            }
            let imm = bits(word, 20, 5);
            let v = u64::from(imm) << shift;
            match (bits(word, 30, 29), wide) {
                (0b00, true) => Op::Imm { d, v: !v },
                (0b00, false) => Op::Imm { d, v: u64::from(!v as u32) },
                (0b10, _) => Op::Imm { d, v },
                (0b11, true) => Op::MovkX { d, shift: shift as u8, imm: imm as u16 },
                (0b11, false) => Op::MovkW { d, shift: shift as u8, imm: imm as u16 },
                _ => return None,
            }
        }
        // Bit fields.
        0b110 => {
            if wide != bit(word, 22) {
                return None;
            }
            let (r, s) = (bits(word, 21, 16), bits(word, 15, 10));
            bit_field(word, wide, d, n, r, s)?
        }
        // Extract.
        0b111 => {
            let by = bits(word, 15, 10) as u8;
            if bits(word, 30, 29) != 0
                || bit(word, 21)
                || wide != bit(word, 22)
                || (!wide && by >= 32)
            {
                return None;
            }
            let m = source(word, 16);
            if wide { Op::ExtrX { d, n, m, by } } else { Op::ExtrW { d, n, m, by } }
        }
        _ => return None,
    })
}

fn bit_field(word: u32, wide: bool, d: u8, n: u8, r: u32, s: u32) -> Option<Op> {
    let size = if wide { 64 } else { 32 };
    if r >= size || s >= size {
        return None;
    }
    // Bits s to r of the source go to the bottom, or bits s to 0 to the place that turning right by r gives.
    let mask =
        if s >= r { u64::MAX >> (63 - (s - r)) } else { (u64::MAX >> (63 - s)) << (size - r) };
    let rotate = r as u8;
    let top = size - 1;
    Some(match (bits(word, 30, 29), wide) {
        (0b00, _) => {
            let left = (top - s) as u8;
            let right = (if s >= r { top - s + r } else { r - s - 1 }) as u8;
            if wide { Op::SbfX { d, n, left, right } } else { Op::SbfW { d, n, left, right } }
        }
        (0b01, true) => Op::BfX { d, n, rotate, mask },
        (0b01, false) => Op::BfW { d, n, rotate, mask: mask as u32 },
        (0b10, true) if s == 63 => Op::LsrIX { d, n, by: rotate },
        (0b10, false) if s == 31 => Op::LsrIW { d, n, by: rotate },
        (0b10, true) if s + 1 == r => Op::LslIX { d, n, by: (64 - r) as u8 },
        (0b10, false) if s + 1 == r => Op::LslIW { d, n, by: (32 - r) as u8 },
        (0b10, true) => Op::UbfX { d, n, rotate, mask },
        (0b10, false) => Op::UbfW { d, n, rotate, mask: mask as u32 },
        _ => return None,
    })
}
