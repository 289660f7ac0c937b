//! Conditions of forms, on the word.

use crate::{DpImm, MoveImm, Size};

/// `mov` between registers of which one is the stack pointer.
pub(crate) fn beside_sp(word: u32) -> bool {
    word & 31 == 31 || word >> 5 & 31 == 31
}

/// Returns `true` if `movz` can make the value.
fn is_movz(value: u64, size: Size) -> bool {
    MoveImm::from_value(size, value).is_some()
}

/// A bitmask that neither `movz` nor `movn` can make: they have the name `mov` for what they can.
pub(crate) fn not_wide(word: u32) -> bool {
    match DpImm::decode(word) {
        Some(DpImm::Logical { imm, .. }) => {
            let (value, size) = (imm.value(), imm.size());
            !is_movz(value, size) && !is_movz(size.truncate(!value), size)
        }
        _ => false,
    }
}

/// A shifted zero has no other name.
pub(crate) fn movz_is_mov(word: u32) -> bool {
    word >> 5 & 0xffff != 0 || word >> 21 & 3 == 0
}

/// Nor has `movn` of what `movz` can make.
pub(crate) fn movn_is_mov(word: u32) -> bool {
    match DpImm::decode(word) {
        Some(DpImm::MoveWide { imm, .. }) => {
            movz_is_mov(word) && !is_movz(imm.size().truncate(!imm.value()), imm.size())
        }
        _ => false,
    }
}

/// `immr` and `imms` of a bit-field move and the number of the top bit.
fn bits(word: u32) -> (u32, u32, u32) {
    (word >> 16 & 63, word >> 10 & 63, if word >> 31 == 1 { 63 } else { 31 })
}

pub(crate) fn is_lsl(word: u32) -> bool {
    let (immr, imms, top) = bits(word);
    imms != top && imms + 1 == immr
}

pub(crate) fn to_the_top(word: u32) -> bool {
    let (_, imms, top) = bits(word);
    imms == top
}

/// The field goes up to where it is inserted.
pub(crate) fn inserts(word: u32) -> bool {
    let (immr, imms, _) = bits(word);
    imms < immr
}

pub(crate) fn inserts_or_starts(word: u32) -> bool {
    inserts(word) || bits(word).0 == 0
}

/// Neither `al` nor `nv`.
pub(crate) fn invertible(word: u32) -> bool {
    word >> 13 & 7 != 7
}

/// One of the shifts of `DataProc2`.
pub(crate) fn is_shift(word: u32) -> bool {
    word >> 12 & 15 == 0b0010
}

pub(crate) fn loads(word: u32) -> bool {
    word >> 22 & 3 != 0
}

pub(crate) fn fp_loads(word: u32) -> bool {
    word >> 22 & 1 == 1
}

pub(crate) fn fp_stores(word: u32) -> bool {
    !fp_loads(word)
}

/// `dcps1` and its kin, the exceptions whose number may be left out.
pub(crate) fn debug_state(word: u32) -> bool {
    word >> 21 & 7 == 0b101
}

pub(crate) fn compares_with_zero(word: u32) -> bool {
    matches!(word >> 12 & 31, 0b01000..=0b01010)
}

pub(crate) fn compares_nothing(word: u32) -> bool {
    !compares_with_zero(word)
}

pub(crate) fn fp_compares_with_zero(word: u32) -> bool {
    matches!(word >> 12 & 31, 0b01100..=0b01110)
}

pub(crate) fn fp_compares_nothing(word: u32) -> bool {
    !fp_compares_with_zero(word)
}

/// Words and double words are moved, parts of registers are extended.
pub(crate) fn whole_lane(word: u32) -> bool {
    word >> 16 & 3 == 0
}
