//! Branches, exceptions and system instructions: `101` in bits 28 to 26.

use super::parts::{Link, source};
use crate::cpu::CONDITION;
use crate::exec::system;
use crate::field::{bit, bits, signed};
use crate::op::Op;

pub(super) fn decode(word: u32, pc: u64, link: &mut Link<'_>) -> Option<Op> {
    let mut to = |offset: i64| link(pc.wrapping_add((offset << 2) as u64));
    let t = source(word, 0);
    match bits(word, 31, 25) {
        0b000_1010..=0b000_1011 => Some(Op::B { target: to(signed(word, 25, 0)) }),
        0b100_1010..=0b100_1011 => {
            Some(Op::Bl { target: to(signed(word, 25, 0)), next: pc.wrapping_add(4) })
        }
        0b010_1010 => {
            if bit(word, 24) || bit(word, 4) {
                return None;
            }
            let mask = CONDITION[bits(word, 3, 0) as usize];
            Some(Op::Bcond { mask, target: to(signed(word, 23, 5)) })
        }
        0b001_1010 | 0b101_1010 => {
            let target = to(signed(word, 23, 5));
            let mask = if bit(word, 31) { u64::MAX } else { u32::MAX.into() };
            Some(branch_on(word, t, target, mask))
        }
        0b001_1011 | 0b101_1011 => {
            let target = to(signed(word, 18, 5));
            let mask = 1 << (bits(word, 31, 31) << 5 | bits(word, 23, 19));
            Some(branch_on(word, t, target, mask))
        }
        0b110_1011 => {
            let n = source(word, 5);
            // Without pointer authentication: bits 20 to 16 are ones, 15 to 10 and 4 to 0 zeros.
            if bits(word, 20, 10) != 0b11111_000000 || bits(word, 4, 0) != 0 {
                return None;
            }
            match bits(word, 24, 21) {
                0 => Some(Op::Br { n }),
                1 => Some(Op::Blr { n, next: pc.wrapping_add(4) }),
                2 => Some(Op::Ret { n }),
                _ => None,
            }
        }
        0b110_1010 if bit(word, 24) => system_instruction(word),
        0b110_1010 => {
            let imm = bits(word, 20, 5) as u16;
            match (bits(word, 23, 21), bits(word, 4, 0)) {
                (0b000, 0b00001) => Some(Op::Svc { imm }),
                (0b001, 0b00000) => Some(Op::Brk { imm }),
                (0b010, 0b00000) => Some(Op::Hlt { imm }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// CBZ, CBNZ, TBZ, TBNZ.
fn branch_on(word: u32, t: u8, target: u32, mask: u64) -> Op {
    if bit(word, 24) {
        Op::BranchSet { t, target, mask }
    } else {
        Op::BranchClear { t, target, mask }
    }
}

/// `1101 0101 00 L op0 op1 CRn CRm op2 Rt`.
fn system_instruction(word: u32) -> Option<Op> {
    let (read, op0) = (bit(word, 21), bits(word, 20, 19));
    if bits(word, 23, 22) != 0 {
        return None;
    }
    let (op1, crn, crm, op2) =
        (bits(word, 18, 16), bits(word, 15, 12), bits(word, 11, 8), bits(word, 7, 5));
    let rt = bits(word, 4, 0);
    match (read, op0) {
        // Hints: those that this processor does not know are NOPs by definition.
        (false, 0) if (op1, crn, rt) == (3, 2, 31) => Some(Op::Nop),
        // Barriers, CLREX.
        (false, 0) if (op1, crn, rt) == (3, 3, 31) => match op2 {
            2 => Some(Op::Cold { run: system::clear_exclusive, word }),
            4..=6 => Some(Op::Nop),
            7 if crm == 0 => Some(Op::Nop),
            _ => None,
        },
        // CFINV, XAFLAG, AXFLAG.
        (false, 0) if (op1, crn, crm, rt) == (0, 4, 0, 31) && op2 <= 2 => {
            Some(Op::Cold { run: system::flag_manipulation, word })
        }
        // IC and DC at EL0.
        (false, 1) if (op1, crn) == (3, 7) => {
            system::cache_operation(word).then_some(Op::Cold { run: system::cache, word })
        }
        (_, 2..) => {
            system::known_register(word).then_some(Op::Cold { run: system::move_register, word })
        }
        _ => None,
    }
}
