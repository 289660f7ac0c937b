//! Three registers of different shapes: long, wide and narrowing.

use super::lanes::{
    bit, bits, is_scalar, join, lane, number, operands, polynomial, saturate, signed, write,
};
use crate::fp::Env;
use crate::state::Core;
use crate::stop::Stop;

pub(super) fn allocated(word: u32) -> bool {
    let (unsigned, size, opcode) = (bit(word, 29), bits(word, 23, 22), bits(word, 15, 12));
    let doubling = matches!(opcode, 0b1001 | 0b1011 | 0b1101);
    if doubling {
        return !unsigned && (size == 1 || size == 2);
    }
    if is_scalar(word) {
        return false;
    }
    match opcode {
        0b1110 => !unsigned && size == 0,
        0b1111 => false,
        _ => size != 3,
    }
}

/// One lane of a multiplication whose result has twice the bits: `+`, `-` or plain, doubling or not.
pub(super) fn long_multiply(d: u64, a: u64, b: u64, size: u32, form: Long, env: &mut Env) -> u64 {
    let wide = size * 2;
    match form {
        Long::Plain { unsigned, accumulate } => {
            let p = (number(a, size, unsigned) * number(b, size, unsigned)) as u64;
            match accumulate {
                Accumulate::No => p,
                Accumulate::Add => d.wrapping_add(p),
                Accumulate::Subtract => d.wrapping_sub(p),
            }
        }
        Long::Doubling { accumulate } => {
            let p = 2 * i128::from(signed(a, size)) * i128::from(signed(b, size));
            let p = saturate(p, wide, false, env);
            let (d, p64) = (i128::from(signed(d, wide)), i128::from(signed(p, wide)));
            match accumulate {
                Accumulate::No => p,
                Accumulate::Add => saturate(d + p64, wide, false, env),
                Accumulate::Subtract => saturate(d - p64, wide, false, env),
            }
        }
    }
}

/// What becomes of a product.
#[derive(Clone, Copy)]
pub(super) enum Accumulate {
    No,
    Add,
    Subtract,
}

/// The long multiplications.
#[derive(Clone, Copy)]
pub(super) enum Long {
    Plain { unsigned: bool, accumulate: Accumulate },
    Doubling { accumulate: Accumulate },
}

pub(super) fn run(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (d, a, b) = operands(core, word);
    let (unsigned, opcode) = (bit(word, 29), bits(word, 15, 12));
    let size = 8 << bits(word, 23, 22);
    let wide = size * 2;
    let scalar = is_scalar(word);
    let upper = !scalar && bit(word, 30);
    // The half of a narrow operand that is used.
    let count = if scalar { 1 } else { 64 / size };
    let first = if upper { count } else { 0 };
    let env = &mut core.cpu.fp;
    let num = |v| number(v, size, unsigned);
    if matches!(opcode, 0b0100 | 0b0110) {
        // ADDHN, SUBHN and with rounding: the upper halves of wide sums.
        let half = if unsigned { 1u64 << (size - 1) } else { 0 };
        let narrow = join(
            size,
            (0..count).map(|i| {
                let (x, y) = (lane(a, wide, i), lane(b, wide, i));
                let sum = if opcode == 0b0100 { x.wrapping_add(y) } else { x.wrapping_sub(y) };
                sum.wrapping_add(half) >> size
            }),
        );
        let v = if upper { d & u128::from(u64::MAX) | narrow << 64 } else { narrow };
        write(core, word, v);
        return Ok(());
    }
    let accumulate = match opcode {
        0b1000 | 0b1001 => Accumulate::Add,
        0b1010 | 0b1011 => Accumulate::Subtract,
        _ => Accumulate::No,
    };
    let v = join(
        wide,
        (0..count).map(|i| {
            let (x, y) = (lane(a, size, first + i), lane(b, size, first + i));
            let (dw, aw) = (lane(d, wide, i), lane(a, wide, i));
            match opcode {
                0b0000 => (num(x) + num(y)) as u64,
                0b0001 => aw.wrapping_add(num(y) as u64),
                0b0010 => (num(x) - num(y)) as u64,
                0b0011 => aw.wrapping_sub(num(y) as u64),
                0b0101 => dw.wrapping_add((num(x) - num(y)).unsigned_abs() as u64),
                0b0111 => (num(x) - num(y)).unsigned_abs() as u64,
                0b1000 | 0b1010 | 0b1100 => {
                    long_multiply(dw, x, y, size, Long::Plain { unsigned, accumulate }, env)
                }
                0b1001 | 0b1011 | 0b1101 => {
                    long_multiply(dw, x, y, size, Long::Doubling { accumulate }, env)
                }
                _ => polynomial(x, y),
            }
        }),
    );
    write(core, word, v);
    Ok(())
}
