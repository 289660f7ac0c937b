//! Two registers, reductions of all lanes, and the scalar forms of both.

use super::lanes::{
    bit, bits, fp_format, is_scalar, join, lane, number, ones, operands, saturate, signed, truth,
    width, write,
};
use crate::fp::{self, Env, Format, HALF, Rounding, SINGLE};
use crate::state::Core;
use crate::stop::Stop;

pub(super) fn allocated(word: u32) -> bool {
    let (unsigned, size, opcode) = (bit(word, 29), bits(word, 23, 22), bits(word, 16, 12));
    let (scalar, q) = (is_scalar(word), bit(word, 30));
    let (a, double) = (size >> 1 != 0, size & 1 != 0);
    let doubles = size == 3;
    // Lanes of 64 bits need a whole vector.
    let whole = scalar || !doubles || q;
    let whole_fp = scalar || !double || q;
    match opcode {
        // REV64, REV32, REV16.
        0b00000 => !scalar && size < if unsigned { 2 } else { 3 },
        0b00001 => !scalar && !unsigned && size == 0,
        0b00010 | 0b00110 => !scalar && !doubles,
        0b00011 | 0b00111 => whole,
        0b00100 => !scalar && !doubles,
        // CNT, NOT, RBIT.
        0b00101 => !scalar && (size == 0 || (unsigned && size == 1)),
        0b01000 | 0b01001 | 0b01011 => {
            if scalar {
                doubles
            } else {
                whole
            }
        }
        0b01010 => !unsigned && if scalar { doubles } else { whole },
        0b10010 => !doubles && (unsigned || !scalar),
        0b10011 => unsigned && !scalar && !doubles,
        0b10100 => !doubles,
        0b01100 | 0b01101 => a && whole_fp,
        0b01110 => a && !unsigned && whole_fp,
        0b01111 => a && !scalar && whole_fp,
        0b10110 => !a && if unsigned { double } else { !scalar },
        0b10111 => !a && !unsigned && !scalar,
        0b11000 => !scalar && whole_fp && !(unsigned && a),
        0b11001 => !scalar && whole_fp,
        0b11010 | 0b11011 => whole_fp,
        // FCVTAS, FCVTAU, URECPE, URSQRTE.
        0b11100 if a => !scalar && !double,
        0b11100 | 0b11101 => whole_fp,
        // FRINT32Z to FRINT64X.
        0b11110 => !a && !scalar && whole_fp,
        0b11111 => match (a, unsigned) {
            (false, _) => !scalar && whole_fp,
            (true, true) => !scalar && whole_fp,
            (true, false) => scalar,
        },
        _ => false,
    }
}

pub(super) fn run(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (d, x, _) = operands(core, word);
    let (unsigned, opcode) = (bit(word, 29), bits(word, 16, 12));
    let size = 8 << bits(word, 23, 22);
    let count = width(word, size) / size;
    let env = &mut core.cpu.fp;
    let v = match opcode {
        0b00000 | 0b00001 => {
            let group = match (opcode, unsigned) {
                (0b00000, false) => 64,
                (0b00000, true) => 32,
                _ => 16,
            };
            // Lanes swap places inside their group.
            let per = group / size;
            join(size, (0..count).map(|i| lane(x, size, i / per * per + (per - 1 - i % per))))
        }
        0b00010 | 0b00110 => {
            let wide = size * 2;
            join(
                wide,
                (0..count / 2).map(|i| {
                    let sum = number(lane(x, size, 2 * i), size, unsigned)
                        + number(lane(x, size, 2 * i + 1), size, unsigned);
                    let base = if opcode == 0b00110 { lane(d, wide, i) } else { 0 };
                    base.wrapping_add(sum as u64)
                }),
            )
        }
        0b00101 => match (unsigned, size) {
            (false, _) => {
                join(8, (0..width(word, 8) / 8).map(|i| u64::from(lane(x, 8, i).count_ones())))
            }
            (true, 8) => join(8, (0..width(word, 8) / 8).map(|i| !lane(x, 8, i))),
            _ => join(8, (0..width(word, 8) / 8).map(|i| lane(x, 8, i).reverse_bits() >> 56)),
        },
        0b10010 | 0b10100 => {
            let wide = size * 2;
            let count = if is_scalar(word) { 1 } else { 64 / size };
            let narrow = join(
                size,
                (0..count).map(|i| {
                    let v = lane(x, wide, i);
                    match (opcode, unsigned) {
                        (0b10010, false) => v,
                        (0b10010, true) => saturate(number(v, wide, false), size, true, env),
                        _ => saturate(number(v, wide, unsigned), size, unsigned, env),
                    }
                }),
            );
            upper_or_whole(word, d, narrow)
        }
        0b10011 => {
            let count = 64 / size;
            let first = if bit(word, 30) { count } else { 0 };
            join(size * 2, (0..count).map(|i| lane(x, size, first + i) << size))
        }
        0b00011 | 0b00100 | 0b00111 | 0b01000..=0b01011 => join(
            size,
            (0..count)
                .map(|i| integer(opcode, unsigned, size, lane(d, size, i), lane(x, size, i), env)),
        ),
        0b10110 | 0b10111 => change_precision(word, d, x, env),
        _ => {
            let f = fp_format(word);
            let size = f.bits();
            let count = width(word, size) / size;
            let a = bit(word, 23);
            join(size, (0..count).map(|i| float(opcode, unsigned, a, f, lane(x, size, i), env)))
        }
    };
    write(core, word, v);
    Ok(())
}

/// The result of a narrowing: of the second form the upper half only.
fn upper_or_whole(word: u32, d: u128, narrow: u128) -> u128 {
    if !is_scalar(word) && bit(word, 30) { d & u128::from(u64::MAX) | narrow << 64 } else { narrow }
}

fn integer(opcode: u32, unsigned: bool, size: u32, d: u64, x: u64, env: &mut Env) -> u64 {
    let s = signed(x, size);
    match (opcode, unsigned) {
        // SUQADD adds an unsigned number to a signed one, USQADD the other way round.
        (0b00011, _) => {
            saturate(number(x, size, !unsigned) + number(d, size, unsigned), size, unsigned, env)
        }
        (0b00100, true) => u64::from(x.leading_zeros()) - u64::from(64 - size),
        (0b00100, false) => {
            let same = (s ^ s >> 63) as u64;
            u64::from(same.leading_zeros()) - u64::from(64 - size) - 1
        }
        (0b00111, false) => saturate(i128::from(s).abs(), size, false, env),
        (0b00111, true) => saturate(-i128::from(s), size, false, env),
        (0b01000, false) => truth(size, s > 0),
        (0b01000, true) => truth(size, s >= 0),
        (0b01001, false) => truth(size, s == 0),
        (0b01001, true) => truth(size, s <= 0),
        (0b01010, _) => truth(size, s < 0),
        (_, false) => s.unsigned_abs(),
        (_, true) => s.wrapping_neg() as u64,
    }
}

fn float(opcode: u32, unsigned: bool, a: bool, f: Format, x: u64, env: &mut Env) -> u64 {
    let current = env.rounding();
    let size = f.bits();
    let to_int = |mode, env: &mut Env| fp::float_to_int(f, x, 0, !unsigned, size, mode, env);
    match (opcode, unsigned, a) {
        (0b01100, false, _) => truth(size, fp::compare_gt(f, x, 0, env)),
        (0b01100, true, _) => truth(size, fp::compare_ge(f, x, 0, env)),
        (0b01101, false, _) => truth(size, fp::compare_eq(f, x, 0, env)),
        (0b01101, true, _) => truth(size, fp::compare_ge(f, 0, x, env)),
        (0b01110, ..) => truth(size, fp::compare_gt(f, 0, x, env)),
        (0b01111, false, _) => x & !f.sign_bit(),
        (0b01111, true, _) => x ^ f.sign_bit(),
        (0b11000, false, false) => fp::round_to_integral(f, x, Rounding::Nearest, false, env),
        (0b11000, false, true) => fp::round_to_integral(f, x, Rounding::Up, false, env),
        (0b11000, true, _) => fp::round_to_integral(f, x, Rounding::Away, false, env),
        (0b11001, false, false) => fp::round_to_integral(f, x, Rounding::Down, false, env),
        (0b11001, false, true) => fp::round_to_integral(f, x, Rounding::Zero, false, env),
        (0b11001, true, false) => fp::round_to_integral(f, x, current, true, env),
        (0b11001, true, true) => fp::round_to_integral(f, x, current, false, env),
        (0b11010, _, false) => to_int(Rounding::Nearest, env),
        (0b11010, _, true) => to_int(Rounding::Up, env),
        (0b11011, _, false) => to_int(Rounding::Down, env),
        (0b11011, _, true) => to_int(Rounding::Zero, env),
        (0b11100, _, false) => to_int(Rounding::Away, env),
        (0b11100, false, true) => unsigned_estimate(x, fp::recip_estimate_fraction, 1 << 31),
        (0b11100, true, true) => unsigned_estimate(x, fp::rsqrt_estimate_fraction, 1 << 30),
        (0b11101, _, false) => {
            let n = number(x, size, unsigned);
            fp::int_to_float(f, n < 0, n.unsigned_abs() as u64, 0, current, env)
        }
        (0b11101, false, true) => fp::recip_estimate(f, x, env),
        (0b11101, true, true) => fp::rsqrt_estimate(f, x, env),
        (0b11110, _, _) | (0b11111, _, false) => {
            let mode = if unsigned { current } else { Rounding::Zero };
            fp::round_to_sized_integral(f, x, mode, if opcode == 0b11110 { 32 } else { 64 }, env)
        }
        (_, true, true) => fp::sqrt(f, x, env),
        _ => fp::recip_exponent(f, x, env),
    }
}

/// URECPE, URSQRTE: a fraction of 32 bits; below `least` the estimate does not fit.
fn unsigned_estimate(x: u64, estimate: fn(u64) -> u64, least: u64) -> u64 {
    if x < least { ones(32) } else { estimate(x >> 23) << 23 }
}

/// FCVTN, FCVTXN, FCVTL.
fn change_precision(word: u32, d: u128, x: u128, env: &mut Env) -> u128 {
    let (opcode, odd) = (bits(word, 16, 12), bit(word, 29));
    let (narrow, wide) = if bit(word, 22) { (SINGLE, fp::DOUBLE) } else { (HALF, SINGLE) };
    let count = if is_scalar(word) { 1 } else { 64 / narrow.bits() };
    let mode = if odd { Rounding::Odd } else { env.rounding() };
    if opcode == 0b10110 {
        let lanes = (0..count)
            .map(|i| fp::float_to_float(wide, narrow, lane(x, wide.bits(), i), mode, env));
        let v = join(narrow.bits(), lanes);
        return upper_or_whole(word, d, v);
    }
    let first = if bit(word, 30) { count } else { 0 };
    join(
        wide.bits(),
        (0..count).map(|i| {
            fp::float_to_float(narrow, wide, lane(x, narrow.bits(), first + i), mode, env)
        }),
    )
}

pub(super) fn allocated_reduction(word: u32) -> bool {
    let (unsigned, size, opcode) = (bit(word, 29), bits(word, 23, 22), bits(word, 16, 12));
    if is_scalar(word) {
        return match opcode {
            0b11011 => !unsigned && size == 3,
            0b01100 | 0b01111 => unsigned,
            0b01101 => unsigned && size < 2,
            _ => false,
        };
    }
    let q = bit(word, 30);
    match opcode {
        0b00011 | 0b01010 | 0b11010 => size < 2 || (size == 2 && q),
        0b11011 => !unsigned && (size < 2 || (size == 2 && q)),
        0b01100 | 0b01111 => unsigned && q && size & 1 == 0,
        _ => false,
    }
}

/// Reductions: of all lanes, or of the two of a scalar form.
pub(super) fn reduce(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (_, x, _) = operands(core, word);
    let (unsigned, opcode, scalar) = (bit(word, 29), bits(word, 16, 12), is_scalar(word));
    let env = &mut core.cpu.fp;
    if unsigned && matches!(opcode, 0b01100 | 0b01101 | 0b01111) {
        let f = fp_format(word);
        let size = f.bits();
        let run = match (opcode, bit(word, 23)) {
            (0b01100, false) => fp::max_num,
            (0b01100, true) => fp::min_num,
            (0b01101, _) => fp::add,
            (_, false) => fp::max,
            (_, true) => fp::min,
        };
        let pair = |i, env: &mut Env| run(f, lane(x, size, i), lane(x, size, i + 1), env);
        let low = pair(0, env);
        let r = if scalar {
            low
        } else {
            let high = pair(2, env);
            run(f, low, high, env)
        };
        write(core, word, u128::from(r));
        return Ok(());
    }
    let size = 8 << bits(word, 23, 22);
    let count = if scalar { 2 } else { width(word, size) / size };
    let lanes = (0..count).map(|i| number(lane(x, size, i), size, unsigned));
    let result_size = if opcode == 0b00011 { size * 2 } else { size };
    let r = match opcode {
        0b01010 => lanes.max(),
        0b11010 => lanes.min(),
        _ => Some(lanes.sum()),
    };
    write(core, word, u128::from(r.unwrap_or(0) as u64 & ones(result_size)));
    Ok(())
}
