//! Data processing with registers: `. 101` in bits 28 to 25.

use super::parts::{by_width, compute, dest, or_sp, source};
use crate::cpu::{CONDITION, SP, ZR};
use crate::exec::integer;
use crate::field::{bit, bits};
use crate::op::Op;
use crate::state::Straight;
use crate::width::Shift;

pub(super) fn decode(word: u32) -> Option<Op> {
    if !bit(word, 28) {
        return if bit(word, 24) { add_sub(word) } else { logical(word) };
    }
    match (bit(word, 24), bits(word, 23, 21)) {
        (true, _) => multiply(word),
        (false, 0b000) => carry(word),
        (false, 0b010) => conditional_compare(word),
        (false, 0b100) => select(word),
        (false, 0b110) if bit(word, 30) => one_source(word),
        (false, 0b110) => two_sources(word),
        _ => None,
    }
}

/// Rd, Rn and Rm.
fn registers(word: u32) -> (u8, u8, u8) {
    (dest(word, 0), source(word, 5), source(word, 16))
}

fn add_sub(word: u32) -> Option<Op> {
    let (wide, flags) = (bit(word, 31), bit(word, 29));
    let (d, n, m) = registers(word);
    let code = bits(word, 30, 29);
    let run = by_width!(wide, integer::[add_shifted adds_shifted sub_shifted subs_shifted][code]);
    if bit(word, 21) {
        // Extended register.
        let by = bits(word, 12, 10);
        if bits(word, 23, 22) != 0 || by > 4 {
            return None;
        }
        let n = or_sp(word, 5);
        let imm = integer::shifted(Shift::EXTENDS[bits(word, 15, 13) as usize], by, false);
        return Some(match (flags, or_sp(word, 0)) {
            (false, SP) => Op::ToSp(Straight { run, d, n, m, imm }),
            _ => compute(run, d, n, m, imm),
        });
    }
    let shift = Shift::SHIFTS[bits(word, 23, 22) as usize];
    let by = bits(word, 15, 10);
    if shift == Shift::Ror || (!wide && by >= 32) {
        return None;
    }
    Some(if by == 0 {
        compute(by_width!(wide, integer::[add adds sub subs][code]), d, n, m, 0)
    } else if shift == Shift::Lsl && !flags {
        compute(by_width!(wide, integer::[add_lsl sub_lsl][code >> 1]), d, n, m, by)
    } else {
        compute(run, d, n, m, integer::shifted(shift, by, false))
    })
}

fn logical(word: u32) -> Option<Op> {
    let wide = bit(word, 31);
    let (shift, by) = (Shift::SHIFTS[bits(word, 23, 22) as usize], bits(word, 15, 10));
    if !wide && by >= 32 {
        return None;
    }
    let (d, n, m) = registers(word);
    let (code, invert) = (bits(word, 30, 29), bit(word, 21));
    let run = if by > 0 || invert {
        by_width!(wide, integer::[and_shifted orr_shifted eor_shifted ands_shifted][code])
    } else if code == 1 && n == ZR {
        by_width!(wide, integer::mov)
    } else {
        by_width!(wide, integer::[and orr eor ands][code])
    };
    Some(compute(run, d, n, m, integer::shifted(shift, by, invert)))
}

fn multiply(word: u32) -> Option<Op> {
    if bits(word, 30, 29) != 0 {
        return None;
    }
    let (wide, sub) = (bit(word, 31), bits(word, 15, 15));
    let run = match (bits(word, 23, 21), sub) {
        (0b000, _) => by_width!(wide, integer::[madd msub][sub]),
        (0b001, 0) if wide => integer::smaddl::<u64>,
        (0b001, 1) if wide => integer::smsubl::<u64>,
        (0b101, 0) if wide => integer::umaddl::<u64>,
        (0b101, 1) if wide => integer::umsubl::<u64>,
        (0b010, 0) if wide => integer::smulh::<u64>,
        (0b110, 0) if wide => integer::umulh::<u64>,
        _ => return None,
    };
    let (d, n, m) = registers(word);
    Some(compute(run, d, n, m, source(word, 10).into()))
}

fn carry(word: u32) -> Option<Op> {
    let (d, n, m) = registers(word);
    let (wide, sub, flags) = (bit(word, 31), bit(word, 30), bit(word, 29));
    if bits(word, 15, 10) == 0 {
        let run = by_width!(wide, integer::[adc adcs sbc sbcs][bits(word, 30, 29)]);
        return Some(compute(run, d, n, m, 0));
    }
    // RMIF, SETF8, SETF16 (FEAT_FlagM).
    if wide && !sub && flags && bits(word, 14, 10) == 1 && !bit(word, 4) {
        return Some(Op::Cold { run: integer::rotate_into_flags, word });
    }
    let set = !wide && !sub && flags && bits(word, 20, 15) == 0 && bits(word, 13, 10) == 0b0010;
    (set && bits(word, 4, 0) == 0b01101).then_some(Op::Cold { run: integer::set_flags, word })
}

fn conditional_compare(word: u32) -> Option<Op> {
    if !bit(word, 29) || bit(word, 10) || bit(word, 4) {
        return None;
    }
    let run = by_width!(bit(word, 31), integer::[ccmn ccmp][bits(word, 30, 30)]);
    let (m, imm) = if bit(word, 11) { (ZR, bits(word, 20, 16)) } else { (source(word, 16), 0) };
    let mask = CONDITION[bits(word, 15, 12) as usize];
    let imm = integer::conditional(mask, bits(word, 3, 0), imm);
    Some(compute(run, ZR, source(word, 5), m, imm))
}

fn select(word: u32) -> Option<Op> {
    if bit(word, 29) || bit(word, 11) {
        return None;
    }
    let code = bits(word, 30, 30) << 1 | bits(word, 10, 10);
    let run = by_width!(bit(word, 31), integer::[csel csinc csinv csneg][code]);
    let (d, n, m) = registers(word);
    Some(compute(run, d, n, m, CONDITION[bits(word, 15, 12) as usize].into()))
}

fn one_source(word: u32) -> Option<Op> {
    if bit(word, 29) || bits(word, 20, 16) != 0 {
        return None;
    }
    let wide = bit(word, 31);
    let run = match (bits(word, 15, 10), wide) {
        (0, _) => by_width!(wide, integer::rbit),
        (1, _) => by_width!(wide, integer::rev16),
        (2, true) => integer::rev32::<u64>,
        (2, false) => integer::rev::<u32>,
        (3, true) => integer::rev::<u64>,
        (4, _) => by_width!(wide, integer::clz),
        (5, _) => by_width!(wide, integer::cls),
        _ => return None,
    };
    Some(compute(run, dest(word, 0), source(word, 5), ZR, 0))
}

fn two_sources(word: u32) -> Option<Op> {
    if bit(word, 29) {
        return None;
    }
    let wide = bit(word, 31);
    let run = match bits(word, 15, 10) {
        code @ 0b000010..=0b000011 => by_width!(wide, integer::[udiv sdiv][code & 1]),
        code @ 0b001000..=0b001011 => by_width!(wide, integer::[lslv lsrv asrv rorv][code & 3]),
        code @ 0b010000..=0b010111 if wide == (code & 3 == 3) => {
            return Some(Op::Cold { run: integer::crc32, word });
        }
        _ => return None,
    };
    let (d, n, m) = registers(word);
    Some(compute(run, d, n, m, 0))
}
