//! AdvSIMD, lane by lane. Each class has a function that finds what a word does, or that it is unallocated; the
//! decoder and the handler ask the same one.

mod copy;
mod diff;
mod immediate;
mod indexed;
mod lanes;
mod shift;
mod three;
mod two;

use crate::field::{bit, bits};
use crate::op::Op;
use crate::state::Handler;

/// Finds the class of a word of the AdvSIMD corner of the table (`.111` in bits 28 to 25).
pub(crate) fn decode(word: u32) -> Option<Op> {
    if bit(word, 31) {
        return None;
    }
    let scalar = bit(word, 30) && bit(word, 28);
    if !scalar && bit(word, 28) {
        return None;
    }
    let run: Option<Handler> = match (bits(word, 27, 24), bit(word, 21), bits(word, 11, 10)) {
        (0b1110, true, 0b01 | 0b11) => three::allocated(word).then_some(three::run),
        (0b1110, true, 0b00) => diff::allocated(word).then_some(diff::run),
        (0b1110, true, 0b10) => match bits(word, 20, 17) {
            0b0000 => two::allocated(word).then_some(two::run),
            0b1000 => two::allocated_reduction(word).then_some(two::reduce),
            _ => None,
        },
        (0b1110, false, _) if !bit(word, 15) => copy::find(word),
        (0b1111, _, 0b00 | 0b10) => indexed::allocated(word).then_some(indexed::run),
        (0b1111, _, 0b01 | 0b11) if !bit(word, 23) => {
            if bits(word, 22, 19) == 0 {
                if scalar || bit(word, 11) {
                    None
                } else {
                    immediate::allocated(word).then_some(immediate::run)
                }
            } else {
                shift::allocated(word).then_some(shift::run)
            }
        }
        _ => None,
    };
    run.map(|run| Op::Cold { run, word })
}
