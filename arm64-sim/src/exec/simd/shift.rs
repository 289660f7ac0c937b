//! Shifts by an immediate, and the conversions of fixed-point numbers that share their encoding.

use super::lanes::{
    bit, bits, is_scalar, join, lane, number, ones, operands, saturate, shift_by, signed, width,
    write,
};
use crate::fp::{self, DOUBLE, Rounding, SINGLE};
use crate::state::Core;
use crate::stop::Stop;

/// Bits of a lane: the highest one of `immh` says.
fn lane_size(word: u32) -> u32 {
    8 << (31 - bits(word, 22, 19).leading_zeros())
}

pub(super) fn allocated(word: u32) -> bool {
    let (unsigned, opcode, scalar) = (bit(word, 29), bits(word, 15, 11), is_scalar(word));
    let size = lane_size(word);
    let doubles = size == 64;
    let plain = if scalar { doubles } else { !doubles || bit(word, 30) };
    match opcode {
        0b00000 | 0b00010 | 0b00100 | 0b00110 | 0b01010 => plain,
        0b01000 => plain && unsigned,
        0b01100 => unsigned && (scalar || !doubles || bit(word, 30)),
        0b01110 => scalar || !doubles || bit(word, 30),
        0b10000 | 0b10001 => !doubles && (unsigned || !scalar),
        0b10010 | 0b10011 => !doubles,
        0b10100 => !doubles && !scalar,
        0b11100 | 0b11111 => size >= 32 && (scalar || !doubles || bit(word, 30)),
        _ => false,
    }
}

pub(super) fn run(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (d, a, _) = operands(core, word);
    let (unsigned, opcode, scalar) = (bit(word, 29), bits(word, 15, 11), is_scalar(word));
    let size = lane_size(word);
    let imm = bits(word, 22, 16);
    let (right, left) = (2 * size - imm, imm - size);
    let env = &mut core.cpu.fp;
    let count = width(word, size) / size;
    let v = match opcode {
        0b10000..=0b10011 => {
            // Narrowing: lanes of twice the size.
            let wide = size * 2;
            let round = opcode & 1 != 0;
            // SHRN and RSHRN cut; the others saturate, SQSHRUN and SQRSHRUN from signed to unsigned.
            let (from_unsigned, to_unsigned) =
                if opcode < 0b10010 { (false, true) } else { (unsigned, unsigned) };
            let cuts = opcode < 0b10010 && !unsigned;
            let count = if scalar { 1 } else { 64 / size };
            let narrow = join(
                size,
                (0..count).map(|i| {
                    let v = shift_by(
                        number(lane(a, wide, i), wide, from_unsigned),
                        -(right as i32),
                        round,
                    );
                    if cuts { v as u64 } else { saturate(v, size, to_unsigned, env) }
                }),
            );
            if !scalar && bit(word, 30) { d & u128::from(u64::MAX) | narrow << 64 } else { narrow }
        }
        0b10100 => {
            let count = 64 / size;
            let first = if bit(word, 30) { count } else { 0 };
            join(
                size * 2,
                (0..count)
                    .map(|i| (number(lane(a, size, first + i), size, unsigned) << left) as u64),
            )
        }
        _ => {
            let f = if size == 64 { DOUBLE } else { SINGLE };
            let mode = env.rounding();
            join(
                size,
                (0..count).map(|i| {
                    let (x, dw) = (lane(a, size, i), lane(d, size, i));
                    let shifted =
                        |round| shift_by(number(x, size, unsigned), -(right as i32), round) as u64;
                    match opcode {
                        0b00000 => shifted(false),
                        0b00010 => dw.wrapping_add(shifted(false)),
                        0b00100 => shifted(true),
                        0b00110 => dw.wrapping_add(shifted(true)),
                        0b01000 => {
                            // A shift by the whole lane inserts nothing.
                            let mask = ones(size).checked_shr(right).unwrap_or(0);
                            dw & !mask | x.checked_shr(right).unwrap_or(0) & mask
                        }
                        0b01010 if unsigned => dw & !(ones(size) << left) | x << left,
                        0b01010 => x << left,
                        0b01100 => saturate(i128::from(signed(x, size)) << left, size, true, env),
                        0b01110 => saturate(number(x, size, unsigned) << left, size, unsigned, env),
                        0b11100 => {
                            let n = number(x, size, unsigned);
                            fp::int_to_float(f, n < 0, n.unsigned_abs() as u64, right, mode, env)
                        }
                        _ => fp::float_to_int(f, x, right, !unsigned, size, Rounding::Zero, env),
                    }
                }),
            )
        }
    };
    write(core, word, v);
    Ok(())
}
