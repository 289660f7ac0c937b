//! MOVI, MVNI, ORR, BIC and FMOV with an immediate (`AdvSIMDExpandImm`).

use crate::field::{bit, bits};
use crate::fp::{DOUBLE, SINGLE};
use crate::state::Core;
use crate::stop::Stop;

pub(super) fn allocated(word: u32) -> bool {
    // FMOV of doubles fills both lanes.
    !(bits(word, 15, 12) == 0b1111 && bit(word, 29) && !bit(word, 30))
}

/// The immediate as 64 bits.
fn expand(word: u32) -> u64 {
    let imm = u64::from(bits(word, 18, 16) << 5 | bits(word, 9, 5));
    let (cmode, op) = (bits(word, 15, 12), bit(word, 29));
    let repeat = |v: u64, size: u32| (0..64 / size).fold(0, |r, i| r | v << (i * size));
    match cmode >> 1 {
        0..=3 => repeat(imm << (8 * (cmode >> 1)), 32),
        4 | 5 => repeat(imm << (8 * (cmode >> 1 & 1)), 16),
        6 if cmode & 1 == 0 => repeat(imm << 8 | 0xff, 32),
        6 => repeat(imm << 16 | 0xffff, 32),
        _ => match (cmode & 1, op) {
            (0, false) => repeat(imm, 8),
            (0, true) => (0..8).filter(|i| imm >> i & 1 != 0).fold(0, |r, i| r | 0xff << (i * 8)),
            (_, false) => repeat(crate::exec::fp::expand_immediate(imm as u32, SINGLE), 32),
            (_, true) => crate::exec::fp::expand_immediate(imm as u32, DOUBLE),
        },
    }
}

pub(super) fn run(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (cmode, op) = (bits(word, 15, 12), bit(word, 29));
    let imm = expand(word);
    let both = u128::from(imm) | u128::from(imm) << 64;
    let d = bits(word, 4, 0);
    let old = core.cpu.v(d);
    let changes = cmode & 1 == 1 && cmode < 0b1100;
    let v = match (changes, op) {
        (true, false) => old | both,
        (true, true) => old & !both,
        (false, true) if cmode < 0b1110 => !both,
        _ => both,
    };
    core.cpu.set_v(d, if bit(word, 30) { v } else { v & u128::from(u64::MAX) });
    Ok(())
}
