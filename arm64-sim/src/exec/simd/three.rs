//! Three registers of the same shape, and the scalar forms.

use super::lanes::{
    bit, bits, fp_format, is_scalar, join, lane, number, operands, polynomial, saturate, shift_by,
    signed, truth, width, write,
};
use crate::fp::{self, Env, Format};
use crate::state::Core;
use crate::stop::Stop;

/// How the lanes of the operands meet.
#[derive(Clone, Copy)]
enum Action {
    /// Bit by bit: destination, first, second.
    Bits(fn(u128, u128, u128) -> u128),
    /// Lane by lane, integers.
    Lanes(fn(&Ints, u64, u64, u64, &mut Env) -> u64),
    /// Neighbours of the operands put end to end, integers.
    Pairs(fn(&Ints, u64, u64, u64, &mut Env) -> u64),
    /// Lane by lane, floats.
    Floats(fn(Format, u64, u64, u64, &mut Env) -> u64),
    /// Neighbours, floats.
    FloatPairs(fn(Format, u64, u64, u64, &mut Env) -> u64),
}

/// The shape of integer lanes.
struct Ints {
    size: u32,
    unsigned: bool,
}

impl Ints {
    fn num(&self, v: u64) -> i128 {
        number(v, self.size, self.unsigned)
    }
    fn saturate(&self, v: i128, env: &mut Env) -> u64 {
        saturate(v, self.size, self.unsigned, env)
    }
    /// SSHL and its kin: the amount is the low byte, signed.
    fn shift(&self, a: u64, b: u64, round: bool) -> i128 {
        shift_by(self.num(a), i32::from(b as i8), round)
    }
}

/// What a word does; `None` if it is unallocated.
fn find(word: u32) -> Option<Action> {
    use Action::{Bits, Lanes, Pairs};
    let (unsigned, size, q, scalar) =
        (bit(word, 29), bits(word, 23, 22), bit(word, 30), is_scalar(word));
    let opcode = bits(word, 15, 11);
    if opcode >= 0b11000 {
        let action = floats(unsigned, size >> 1 != 0, opcode)?;
        if scalar {
            let exists = matches!(
                (opcode, unsigned, size >> 1),
                (0b11011 | 0b11100, false, 0) | (0b11111, false, _)
            ) || matches!(
                (opcode, unsigned, size >> 1),
                (0b11100 | 0b11101, true, _) | (0b11010, true, 1)
            );
            return exists.then_some(action);
        }
        return (size & 1 == 0 || q).then_some(action);
    }
    let doubles = size == 3;
    if !scalar && doubles && !q && opcode != 0b00011 {
        return None;
    }
    // Which sizes exist, for vectors and for scalars.
    let (vector_ok, scalar_ok) = match opcode {
        0b00001 | 0b00101 | 0b01001 | 0b01011 => (true, true),
        0b00110 | 0b00111 | 0b01000 | 0b01010 | 0b10000 | 0b10001 => (true, doubles),
        0b00011 => (true, false),
        0b10110 => (size == 1 || size == 2, size == 1 || size == 2),
        0b10111 => (!unsigned, false),
        0b10011 if unsigned => (size == 0, false),
        _ => (!doubles, false),
    };
    if !(if scalar { scalar_ok } else { vector_ok }) {
        return None;
    }
    Some(match opcode {
        0b00000 => Lanes(|t, _, a, b, _| ((t.num(a) + t.num(b)) >> 1) as u64),
        0b00001 => Lanes(|t, _, a, b, env| t.saturate(t.num(a) + t.num(b), env)),
        0b00010 => Lanes(|t, _, a, b, _| ((t.num(a) + t.num(b) + 1) >> 1) as u64),
        0b00011 => Bits(match (unsigned, size) {
            (false, 0) => |_, a, b| a & b,
            (false, 1) => |_, a, b| a & !b,
            (false, 2) => |_, a, b| a | b,
            (false, _) => |_, a, b| a | !b,
            (true, 0) => |_, a, b| a ^ b,
            (true, 1) => |d, a, b| b ^ ((b ^ a) & d),
            (true, 2) => |d, a, b| d ^ ((d ^ a) & b),
            (true, _) => |d, a, b| d ^ ((d ^ a) & !b),
        }),
        0b00100 => Lanes(|t, _, a, b, _| ((t.num(a) - t.num(b)) >> 1) as u64),
        0b00101 => Lanes(|t, _, a, b, env| t.saturate(t.num(a) - t.num(b), env)),
        0b00110 => Lanes(|t, _, a, b, _| truth(t.size, t.num(a) > t.num(b))),
        0b00111 => Lanes(|t, _, a, b, _| truth(t.size, t.num(a) >= t.num(b))),
        0b01000 => Lanes(|t, _, a, b, _| t.shift(a, b, false) as u64),
        0b01001 => Lanes(|t, _, a, b, env| t.saturate(t.shift(a, b, false), env)),
        0b01010 => Lanes(|t, _, a, b, _| t.shift(a, b, true) as u64),
        0b01011 => Lanes(|t, _, a, b, env| t.saturate(t.shift(a, b, true), env)),
        0b01100 => Lanes(|t, _, a, b, _| t.num(a).max(t.num(b)) as u64),
        0b01101 => Lanes(|t, _, a, b, _| t.num(a).min(t.num(b)) as u64),
        0b01110 => Lanes(|t, _, a, b, _| (t.num(a) - t.num(b)).unsigned_abs() as u64),
        0b01111 => {
            Lanes(|t, d, a, b, _| d.wrapping_add((t.num(a) - t.num(b)).unsigned_abs() as u64))
        }
        0b10000 if unsigned => Lanes(|_, _, a, b, _| a.wrapping_sub(b)),
        0b10000 => Lanes(|_, _, a, b, _| a.wrapping_add(b)),
        0b10001 if unsigned => Lanes(|t, _, a, b, _| truth(t.size, a == b)),
        0b10001 => Lanes(|t, _, a, b, _| truth(t.size, a & b != 0)),
        0b10010 if unsigned => Lanes(|_, d, a, b, _| d.wrapping_sub(a.wrapping_mul(b))),
        0b10010 => Lanes(|_, d, a, b, _| d.wrapping_add(a.wrapping_mul(b))),
        0b10011 if unsigned => Lanes(|_, _, a, b, _| polynomial(a, b)),
        0b10011 => Lanes(|_, _, a, b, _| a.wrapping_mul(b)),
        0b10100 => Pairs(|t, _, a, b, _| t.num(a).max(t.num(b)) as u64),
        0b10101 => Pairs(|t, _, a, b, _| t.num(a).min(t.num(b)) as u64),
        0b10110 if unsigned => Lanes(|t, _, a, b, env| doubling_high(a, b, t.size, true, env)),
        0b10110 => Lanes(|t, _, a, b, env| doubling_high(a, b, t.size, false, env)),
        0b10111 => Pairs(|_, _, a, b, _| a.wrapping_add(b)),
        _ => return None,
    })
}

/// SQDMULH, SQRDMULH.
pub(super) fn doubling_high(a: u64, b: u64, size: u32, round: bool, env: &mut Env) -> u64 {
    let product = 2 * i128::from(signed(a, size)) * i128::from(signed(b, size));
    let half = if round { 1i128 << (size - 1) } else { 0 };
    saturate((product + half) >> size, size, false, env)
}

fn floats(unsigned: bool, a: bool, opcode: u32) -> Option<Action> {
    use Action::{FloatPairs, Floats};
    Some(match (unsigned, a, opcode) {
        (false, false, 0b11000) => Floats(|f, _, x, y, e| fp::max_num(f, x, y, e)),
        (false, true, 0b11000) => Floats(|f, _, x, y, e| fp::min_num(f, x, y, e)),
        (true, false, 0b11000) => FloatPairs(|f, _, x, y, e| fp::max_num(f, x, y, e)),
        (true, true, 0b11000) => FloatPairs(|f, _, x, y, e| fp::min_num(f, x, y, e)),
        (false, false, 0b11001) => Floats(fp::mul_add),
        (false, true, 0b11001) => Floats(|f, d, x, y, e| fp::mul_add(f, d, x ^ f.sign_bit(), y, e)),
        (false, false, 0b11010) => Floats(|f, _, x, y, e| fp::add(f, x, y, e)),
        (false, true, 0b11010) => Floats(|f, _, x, y, e| fp::sub(f, x, y, e)),
        (true, false, 0b11010) => FloatPairs(|f, _, x, y, e| fp::add(f, x, y, e)),
        (true, true, 0b11010) => Floats(|f, _, x, y, e| fp::abd(f, x, y, e)),
        (false, false, 0b11011) => Floats(|f, _, x, y, e| fp::mulx(f, x, y, e)),
        (true, false, 0b11011) => Floats(|f, _, x, y, e| fp::mul(f, x, y, e)),
        (false, false, 0b11100) => {
            Floats(|f, _, x, y, e| truth(f.bits(), fp::compare_eq(f, x, y, e)))
        }
        (true, false, 0b11100) => {
            Floats(|f, _, x, y, e| truth(f.bits(), fp::compare_ge(f, x, y, e)))
        }
        (true, true, 0b11100) => {
            Floats(|f, _, x, y, e| truth(f.bits(), fp::compare_gt(f, x, y, e)))
        }
        (true, false, 0b11101) => Floats(|f, _, x, y, e| {
            truth(f.bits(), fp::compare_ge(f, x & !f.sign_bit(), y & !f.sign_bit(), e))
        }),
        (true, true, 0b11101) => Floats(|f, _, x, y, e| {
            truth(f.bits(), fp::compare_gt(f, x & !f.sign_bit(), y & !f.sign_bit(), e))
        }),
        (false, false, 0b11110) => Floats(|f, _, x, y, e| fp::max(f, x, y, e)),
        (false, true, 0b11110) => Floats(|f, _, x, y, e| fp::min(f, x, y, e)),
        (true, false, 0b11110) => FloatPairs(|f, _, x, y, e| fp::max(f, x, y, e)),
        (true, true, 0b11110) => FloatPairs(|f, _, x, y, e| fp::min(f, x, y, e)),
        (false, false, 0b11111) => Floats(|f, _, x, y, e| fp::recip_step(f, x, y, e)),
        (false, true, 0b11111) => Floats(|f, _, x, y, e| fp::rsqrt_step(f, x, y, e)),
        (true, false, 0b11111) => Floats(|f, _, x, y, e| fp::div(f, x, y, e)),
        _ => return None,
    })
}

pub(super) fn allocated(word: u32) -> bool {
    find(word).is_some()
}

pub(super) fn run(core: &mut Core, word: u32) -> Result<(), Stop> {
    let Some(action) = find(word) else { return Err(Stop::Undefined) };
    let (d, a, b) = operands(core, word);
    let ints = Ints { size: 8 << bits(word, 23, 22), unsigned: bit(word, 29) };
    let f = fp_format(word);
    let env = &mut core.cpu.fp;
    // Lane `i` of two vectors end to end.
    let both = |size: u32, i: u32, count: u32| {
        if i < count { lane(a, size, i) } else { lane(b, size, i - count) }
    };
    let v = match action {
        Action::Bits(f) => {
            let v = f(d, a, b);
            if bit(word, 30) { v } else { v & u128::from(u64::MAX) }
        }
        Action::Lanes(f) => {
            let size = ints.size;
            let count = width(word, size) / size;
            join(
                size,
                (0..count)
                    .map(|i| f(&ints, lane(d, size, i), lane(a, size, i), lane(b, size, i), env)),
            )
        }
        Action::Pairs(f) => {
            let size = ints.size;
            let count = width(word, size) / size;
            join(
                size,
                (0..count).map(|i| {
                    f(&ints, 0, both(size, 2 * i, count), both(size, 2 * i + 1, count), env)
                }),
            )
        }
        Action::Floats(run) => {
            let size = f.bits();
            let count = width(word, size) / size;
            join(
                size,
                (0..count)
                    .map(|i| run(f, lane(d, size, i), lane(a, size, i), lane(b, size, i), env)),
            )
        }
        Action::FloatPairs(run) => {
            let size = f.bits();
            let count = width(word, size) / size;
            join(
                size,
                (0..count).map(|i| {
                    run(f, 0, both(size, 2 * i, count), both(size, 2 * i + 1, count), env)
                }),
            )
        }
    };
    write(core, word, v);
    Ok(())
}
