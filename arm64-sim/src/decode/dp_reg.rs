//! Data processing with registers: `. 101` in bits 28 to 25.

use super::*;
use crate::cpu::{CONDITION, ZR};
use crate::op::{Logic, Shift, Unary};

pub(super) fn decode(word: u32) -> Option<Op> {
    if !bit(word, 28) {
        return if bit(word, 24) { add_sub(word) } else { logical(word) };
    }
    match (bit(word, 24), bits(word, 23, 21)) {
        (true, _) => multiply(word),
        (false, 0b000) => carry(word),
        (false, 0b010) => conditional_compare(word),
        (false, 0b100) => select(word),
        (false, 0b110) => {
            if bit(word, 30) {
                one_source(word)
            } else {
                two_sources(word)
            }
        }
        _ => None,
    }
}

fn add_sub(word: u32) -> Option<Op> {
    let wide = bit(word, 31);
    let (sub, flags) = (bit(word, 30), bit(word, 29));
    let m = source(word, 16);
    if bit(word, 21) {
        // Extended register.
        let by = bits(word, 12, 10) as u8;
        if bits(word, 23, 22) != 0 || by > 4 {
            return None;
        }
        let n = or_sp(word, 5);
        let shift = Shift::EXTENDS[bits(word, 15, 13) as usize];
        let d = if flags { dest(word, 0) } else { or_sp(word, 0) };
        return Some(match (wide, d == SP) {
            (true, true) => Op::ArithSp { n, m, shift, by, sub },
            (false, true) => Op::ColdSp { run: crate::exec::integer::add_extended_wsp, word },
            (true, false) => Op::ArithX { d, n, m, shift, by, sub, flags },
            (false, false) => Op::ArithW { d, n, m, shift, by, sub, flags },
        });
    }
    let shift = Shift::SHIFTS[bits(word, 23, 22) as usize];
    let by = bits(word, 15, 10) as u8;
    if shift == Shift::Ror || (!wide && by >= 32) {
        return None;
    }
    let (d, n) = (dest(word, 0), source(word, 5));
    Some(match (by, wide, sub, flags) {
        (0, true, false, false) => Op::AddX { d, n, m },
        (0, false, false, false) => Op::AddW { d, n, m },
        (0, true, true, false) => Op::SubX { d, n, m },
        (0, false, true, false) => Op::SubW { d, n, m },
        (0, true, false, true) => Op::AddsX { d, n, m },
        (0, false, false, true) => Op::AddsW { d, n, m },
        (0, true, true, true) => Op::SubsX { d, n, m },
        (0, false, true, true) => Op::SubsW { d, n, m },
        (_, true, false, false) if shift == Shift::Lsl => Op::AddLslX { d, n, m, by },
        (_, true, true, false) if shift == Shift::Lsl => Op::SubLslX { d, n, m, by },
        (_, true, ..) => Op::ArithX { d, n, m, shift, by, sub, flags },
        (_, false, ..) => Op::ArithW { d, n, m, shift, by, sub, flags },
    })
}

fn logical(word: u32) -> Option<Op> {
    let wide = bit(word, 31);
    let shift = Shift::SHIFTS[bits(word, 23, 22) as usize];
    let by = bits(word, 15, 10) as u8;
    if !wide && by >= 32 {
        return None;
    }
    let (d, n, m) = (dest(word, 0), source(word, 5), source(word, 16));
    let invert = bit(word, 21);
    let plain = by == 0 && !invert;
    let code = bits(word, 30, 29);
    let (op, flags) = match code {
        0b00 => (Logic::And, false),
        0b01 => (Logic::Orr, false),
        0b10 => (Logic::Eor, false),
        _ => (Logic::And, true),
    };
    Some(match (code, wide) {
        (0b00, true) if plain => Op::AndX { d, n, m },
        (0b00, false) if plain => Op::AndW { d, n, m },
        (0b01, true) if plain && n == ZR => Op::MovX { d, m },
        (0b01, false) if plain && n == ZR => Op::MovW { d, m },
        (0b01, true) if plain => Op::OrrX { d, n, m },
        (0b01, false) if plain => Op::OrrW { d, n, m },
        (0b10, true) if plain => Op::EorX { d, n, m },
        (0b10, false) if plain => Op::EorW { d, n, m },
        (_, true) => Op::LogicX { op, d, n, m, shift, by, invert, flags },
        (_, false) => Op::LogicW { op, d, n, m, shift, by, invert, flags },
    })
}

fn multiply(word: u32) -> Option<Op> {
    if bits(word, 30, 29) != 0 {
        return None;
    }
    let (d, n, m, a) = (dest(word, 0), source(word, 5), source(word, 16), source(word, 10));
    let wide = bit(word, 31);
    let sub = bit(word, 15);
    Some(match (bits(word, 23, 21), wide, sub) {
        (0b000, true, false) => Op::MaddX { d, n, m, a },
        (0b000, false, false) => Op::MaddW { d, n, m, a },
        (0b000, true, true) => Op::MsubX { d, n, m, a },
        (0b000, false, true) => Op::MsubW { d, n, m, a },
        (0b001, true, _) => Op::Smaddl { d, n, m, a, sub },
        (0b101, true, _) => Op::Umaddl { d, n, m, a, sub },
        (0b010, true, false) => Op::Smulh { d, n, m },
        (0b110, true, false) => Op::Umulh { d, n, m },
        _ => return None,
    })
}

fn carry(word: u32) -> Option<Op> {
    let (d, n, m) = (dest(word, 0), source(word, 5), source(word, 16));
    let (wide, sub, flags) = (bit(word, 31), bit(word, 30), bit(word, 29));
    if bits(word, 15, 10) == 0 {
        return Some(Op::Adc { d, n, m, sub, flags, wide });
    }
    // RMIF, SETF8, SETF16 (FEAT_FlagM).
    if wide && !sub && flags && bits(word, 14, 10) == 1 && !bit(word, 4) {
        return Some(Op::Cold { run: crate::exec::integer::rotate_into_flags, word });
    }
    let set = !wide && !sub && flags && bits(word, 20, 15) == 0 && bits(word, 13, 10) == 0b0010;
    if set && bits(word, 4, 0) == 0b01101 {
        return Some(Op::Cold { run: crate::exec::integer::set_flags, word });
    }
    None
}

fn conditional_compare(word: u32) -> Option<Op> {
    if !bit(word, 29) || bit(word, 10) || bit(word, 4) {
        return None;
    }
    let field = source(word, 16);
    let (m, imm) = if bit(word, 11) { (ZR, field) } else { (field, 0) };
    Some(Op::Ccmp {
        n: source(word, 5),
        m,
        imm,
        nzcv: bits(word, 3, 0) as u8,
        mask: CONDITION[bits(word, 15, 12) as usize],
        sub: bit(word, 30),
        wide: bit(word, 31),
    })
}

fn select(word: u32) -> Option<Op> {
    if bit(word, 29) || bit(word, 11) {
        return None;
    }
    let (d, n, m) = (dest(word, 0), source(word, 5), source(word, 16));
    let mask = CONDITION[bits(word, 15, 12) as usize];
    Some(match (bit(word, 31), bit(word, 30), bit(word, 10)) {
        (true, false, false) => Op::CselX { d, n, m, mask },
        (false, false, false) => Op::CselW { d, n, m, mask },
        (true, false, true) => Op::CsincX { d, n, m, mask },
        (false, false, true) => Op::CsincW { d, n, m, mask },
        (true, true, false) => Op::CsinvX { d, n, m, mask },
        (false, true, false) => Op::CsinvW { d, n, m, mask },
        (true, true, true) => Op::CsnegX { d, n, m, mask },
        (false, true, true) => Op::CsnegW { d, n, m, mask },
    })
}

fn one_source(word: u32) -> Option<Op> {
    if bit(word, 29) || bits(word, 20, 16) != 0 {
        return None;
    }
    let wide = bit(word, 31);
    let op = match (bits(word, 15, 10), wide) {
        (0, _) => Unary::Rbit,
        (1, _) => Unary::Rev16,
        (2, _) => Unary::Rev32,
        (3, true) => Unary::Rev64,
        (4, _) => Unary::Clz,
        (5, _) => Unary::Cls,
        _ => return None,
    };
    let (d, n) = (dest(word, 0), source(word, 5));
    Some(if wide { Op::UnaryX { op, d, n } } else { Op::UnaryW { op, d, n } })
}

fn two_sources(word: u32) -> Option<Op> {
    if bit(word, 29) {
        return None;
    }
    let (d, n, m) = (dest(word, 0), source(word, 5), source(word, 16));
    let wide = bit(word, 31);
    let code = bits(word, 15, 10);
    Some(match (code, wide) {
        (0b000010, true) => Op::UdivX { d, n, m },
        (0b000010, false) => Op::UdivW { d, n, m },
        (0b000011, true) => Op::SdivX { d, n, m },
        (0b000011, false) => Op::SdivW { d, n, m },
        (0b001000..=0b001011, _) => {
            let shift = Shift::SHIFTS[(code & 3) as usize];
            if wide { Op::ShiftX { d, n, m, shift } } else { Op::ShiftW { d, n, m, shift } }
        }
        (0b010000..=0b010111, _) if wide == (code & 3 == 3) => {
            Op::Cold { run: crate::exec::integer::crc32, word }
        }
        _ => return None,
    })
}
