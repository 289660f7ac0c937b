//! A vector and one element of another.

use super::diff::{Accumulate, Long, long_multiply};
use super::lanes::{bit, bits, is_scalar, join, lane, operands, width, write};
use super::three::doubling_high;
use crate::fp::{self, DOUBLE, SINGLE};
use crate::state::Core;
use crate::stop::Stop;

pub(super) fn allocated(word: u32) -> bool {
    let (unsigned, size, opcode) = (bit(word, 29), bits(word, 23, 22), bits(word, 15, 12));
    let (scalar, q) = (is_scalar(word), bit(word, 30));
    let integer = size == 1 || size == 2;
    let float = size == 2 || (size == 3 && !bit(word, 21) && (scalar || q));
    match (unsigned, opcode) {
        (false, 0b0001 | 0b0101) | (_, 0b1001) => float,
        (false, 0b0011 | 0b0111 | 0b1011 | 0b1100 | 0b1101) => integer,
        (false, 0b1000) | (true, 0b0000 | 0b0100) | (_, 0b0010 | 0b0110 | 0b1010) => {
            integer && !scalar
        }
        _ => false,
    }
}

pub(super) fn run(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (d, a, _) = operands(core, word);
    let (unsigned, opcode) = (bit(word, 29), bits(word, 15, 12));
    let (h, l, m) = (bits(word, 11, 11), bits(word, 21, 21), bits(word, 20, 20));
    // Halves have three bits of index and four of register.
    let (size, index, register) = match bits(word, 23, 22) {
        1 => (16, h << 2 | l << 1 | m, bits(word, 19, 16)),
        2 => (32, h << 1 | l, bits(word, 20, 16)),
        _ => (64, h, bits(word, 20, 16)),
    };
    let y = lane(core.cpu.v(register), size, index);
    let env = &mut core.cpu.fp;
    let scalar = is_scalar(word);
    let accumulate = match opcode {
        0b0010 | 0b0011 => Accumulate::Add,
        0b0110 | 0b0111 => Accumulate::Subtract,
        _ => Accumulate::No,
    };
    let long = match opcode {
        0b0010 | 0b0110 | 0b1010 => Some(Long::Plain { unsigned, accumulate }),
        0b0011 | 0b0111 | 0b1011 => Some(Long::Doubling { accumulate }),
        _ => None,
    };
    if let Some(form) = long {
        let count = if scalar { 1 } else { 64 / size };
        let first = if !scalar && bit(word, 30) { count } else { 0 };
        let v = join(
            size * 2,
            (0..count).map(|i| {
                long_multiply(lane(d, size * 2, i), lane(a, size, first + i), y, size, form, env)
            }),
        );
        write(core, word, v);
        return Ok(());
    }
    let f = if size == 64 { DOUBLE } else { SINGLE };
    let v = join(
        size,
        (0..width(word, size) / size).map(|i| {
            let (dw, x) = (lane(d, size, i), lane(a, size, i));
            match (unsigned, opcode) {
                (true, 0b0000) => dw.wrapping_add(x.wrapping_mul(y)),
                (true, 0b0100) => dw.wrapping_sub(x.wrapping_mul(y)),
                (false, 0b0001) => fp::mul_add(f, dw, x, y, env),
                (false, 0b0101) => fp::mul_add(f, dw, x ^ f.sign_bit(), y, env),
                (false, 0b1001) => fp::mul(f, x, y, env),
                (true, 0b1001) => fp::mulx(f, x, y, env),
                (false, 0b1100) => doubling_high(x, y, size, false, env),
                (false, 0b1101) => doubling_high(x, y, size, true, env),
                _ => x.wrapping_mul(y),
            }
        }),
    );
    write(core, word, v);
    Ok(())
}
