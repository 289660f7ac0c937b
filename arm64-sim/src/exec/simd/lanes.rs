//! Lanes, which travel as `u64`s, zero above their size, and how vectors are taken apart and put together.

pub(super) use crate::field::{bit, bits};
use crate::fp::{DOUBLE, Env, Format, QC, SINGLE};
use crate::state::Core;

/// Is this a scalar form?
pub(super) fn is_scalar(word: u32) -> bool {
    bit(word, 28)
}

/// Bits of the vector that the word works on: one lane of a scalar form.
pub(super) fn width(word: u32, size: u32) -> u32 {
    if is_scalar(word) {
        size
    } else if bit(word, 30) {
        128
    } else {
        64
    }
}

/// Lane `i` of `size` bits.
pub(super) fn lane(v: u128, size: u32, i: u32) -> u64 {
    (v >> (i * size)) as u64 & ones(size)
}

/// `size` ones.
pub(super) fn ones(size: u32) -> u64 {
    u64::MAX >> (64 - size)
}

/// A lane as a signed number.
pub(super) fn signed(v: u64, size: u32) -> i64 {
    (v << (64 - size)) as i64 >> (64 - size)
}

/// A lane as a number, signed or not.
pub(super) fn number(v: u64, size: u32, unsigned: bool) -> i128 {
    if unsigned { i128::from(v) } else { i128::from(signed(v, size)) }
}

/// Puts lanes together, from the lowest.
pub(super) fn join(size: u32, lanes: impl Iterator<Item = u64>) -> u128 {
    lanes.enumerate().fold(0, |v, (i, lane)| v | u128::from(lane & ones(size)) << (i as u32 * size))
}

/// Saturates to a lane, and says so in FPSR.
pub(super) fn saturate(v: i128, size: u32, unsigned: bool, env: &mut Env) -> u64 {
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
pub(super) fn truth(size: u32, is: bool) -> u64 {
    if is { ones(size) } else { 0 }
}

/// The format that `sz`, bit 22, selects.
pub(super) fn fp_format(word: u32) -> Format {
    if bit(word, 22) { DOUBLE } else { SINGLE }
}

/// `SHL` by a signed amount as SSHL has it: the exact result as far as it fits 128 bits, shifted right with rounding
/// if asked for.
pub(super) fn shift_by(v: i128, by: i32, round: bool) -> i128 {
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
pub(super) fn polynomial(a: u64, b: u64) -> u64 {
    (0..64).filter(|i| b >> i & 1 != 0).fold(0, |p, i| p ^ a << i)
}

/// Writes the result of a vector instruction.
pub(super) fn write(core: &mut Core, word: u32, v: u128) {
    core.cpu.set_v(bits(word, 4, 0), v);
}

/// The operands Rd, Rn, Rm.
pub(super) fn operands(core: &Core, word: u32) -> (u128, u128, u128) {
    let v = |hi, lo| core.cpu.v(bits(word, hi, lo));
    (v(4, 0), v(9, 5), v(20, 16))
}
