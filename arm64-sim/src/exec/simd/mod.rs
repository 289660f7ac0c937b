//! AdvSIMD, lane by lane. Each class has a function that finds what a word does, or that it is unallocated; the
//! decoder and the handler ask the same one. Lanes travel as `u64`s, zero above their size.

mod copy;
mod diff;
mod immediate;
mod indexed;
mod shift;
mod three;
mod two;

use crate::field::{bit, bits};
use crate::fp::{DOUBLE, Env, Format, QC, SINGLE};
use crate::op::Op;
use crate::state::{Core, Handler};

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

/// Is this a scalar form?
fn is_scalar(word: u32) -> bool {
    bit(word, 28)
}

/// Bits of the vector that the word works on: one lane of a scalar form.
fn width(word: u32, size: u32) -> u32 {
    if is_scalar(word) {
        size
    } else if bit(word, 30) {
        128
    } else {
        64
    }
}

/// Lane `i` of `size` bits.
fn lane(v: u128, size: u32, i: u32) -> u64 {
    (v >> (i * size)) as u64 & ones(size)
}

/// `size` ones.
fn ones(size: u32) -> u64 {
    u64::MAX >> (64 - size)
}

/// A lane as a signed number.
fn signed(v: u64, size: u32) -> i64 {
    (v << (64 - size)) as i64 >> (64 - size)
}

/// A lane as a number, signed or not.
fn number(v: u64, size: u32, unsigned: bool) -> i128 {
    if unsigned { i128::from(v) } else { i128::from(signed(v, size)) }
}

/// Puts lanes together, from the lowest.
fn join(size: u32, lanes: impl Iterator<Item = u64>) -> u128 {
    lanes.enumerate().fold(0, |v, (i, lane)| v | u128::from(lane & ones(size)) << (i as u32 * size))
}

/// Saturates to a lane, and says so in FPSR.
fn saturate(v: i128, size: u32, unsigned: bool, env: &mut Env) -> u64 {
    let (least, most) = if unsigned {
        (0, (1i128 << size) - 1)
    } else {
        (-(1i128 << (size - 1)), (1i128 << (size - 1)) - 1)
    };
    let r = v.clamp(least, most);
    if r != v {
        env.raise(QC);
    }
    r as u64 & ones(size)
}

/// All ones or all zeros.
fn truth(size: u32, is: bool) -> u64 {
    if is { ones(size) } else { 0 }
}

/// The format that `sz`, bit 22, selects.
fn fp_format(word: u32) -> Format {
    if bit(word, 22) { DOUBLE } else { SINGLE }
}

/// `SHL` by a signed amount as SSHL has it: the exact result as far as it fits 128 bits, shifted right with rounding
/// if asked for.
fn shift_by(v: i128, by: i32, round: bool) -> i128 {
    if by >= 64 {
        // Every lane is pushed out whole: zeros, but far outside of any range to saturate to.
        v.signum() << 100
    } else if by >= 0 {
        v << by
    } else {
        let by = (-by) as u32;
        if by > 100 {
            return if round || v >= 0 { 0 } else { -1 };
        }
        let half = if round { 1i128 << (by - 1) } else { 0 };
        (v + half) >> by
    }
}

/// Carry-less product.
fn polynomial(a: u64, b: u64) -> u64 {
    (0..64).filter(|i| b >> i & 1 != 0).fold(0, |p, i| p ^ a << i)
}

/// Writes the result of a vector instruction.
fn write(core: &mut Core, word: u32, v: u128) {
    core.cpu.set_v(bits(word, 4, 0), v);
}

/// The operands Rd, Rn, Rm.
fn operands(core: &Core, word: u32) -> (u128, u128, u128) {
    let v = |hi, lo| core.cpu.v(bits(word, hi, lo));
    (v(4, 0), v(9, 5), v(20, 16))
}
