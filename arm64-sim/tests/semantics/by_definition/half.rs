//! Half precision by search: all its numbers are known, so a result is the one of them that the rounding mode picks. The
//! simulator's arithmetic is the same for all formats.

use super::machine::Machine;
use std::cmp::Ordering;

const INFINITY: u64 = 0x7c00;
const QUIET: u64 = 0x200;
const SIGN: u64 = 0x8000;
const IOC: u64 = 1;
const DZC: u64 = 2;
const OFC: u64 = 4;
const UFC: u64 = 8;
const IXC: u64 = 16;

fn values() -> Vec<u64> {
    let magnitudes = [
        0, 1, 2, 0x1ff, 0x3ff, 0x400, 0x401, 0x7ff, 0x800, 0x1400, 0x3555, 0x3800, 0x3bff, 0x3c00,
        0x3c01, 0x3e00, 0x4000, 0x4200, 0x5640, 0x6801, 0x7800, 0x7bfe, 0x7bff, INFINITY, 0x7c01,
        0x7e00, 0x7fab,
    ];
    magnitudes.into_iter().flat_map(|v| [v, v | SIGN]).collect()
}

fn is_nan(v: u64) -> bool {
    v & 0x7fff > INFINITY
}

/// The magnitude in units of 2^-24, of what is finite; infinity is the number after the last.
fn units(v: u64) -> i128 {
    let (exponent, fraction) = (v >> 10 & 31, i128::from(v & 0x3ff));
    if exponent == 0 { fraction } else { (fraction | 0x400) << (exponent - 1) }
}

/// The number that `mode` (FPCR's field) picks for a magnitude that compares with units of 2^-25 as told, and its flags.
fn pick(negative: bool, mode: u64, compare: impl Fn(i128) -> Ordering) -> (u64, u64) {
    let sign = if negative { SIGN } else { 0 };
    // The last number that is not above.
    let (mut low, mut high) = (0, INFINITY);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if compare(2 * units(middle)) == Ordering::Less { high = middle } else { low = middle }
    }
    if compare(2 * units(low)) == Ordering::Equal {
        return (sign | low, 0);
    }
    // Above the last finite number the next would be 2^16.
    let beyond = compare(2 * units(INFINITY)) != Ordering::Less;
    let up = match mode {
        0 => match compare(units(low) + units(low + 1)) {
            Ordering::Less => false,
            Ordering::Equal => low & 1 == 1,
            Ordering::Greater => true,
        },
        1 => !negative,
        2 => negative,
        _ => false,
    };
    let flags = if low < 0x400 { UFC | IXC } else { IXC };
    let r = low + u64::from(up);
    let overflows = r == INFINITY || beyond;
    (sign | r, if overflows { flags | OFC } else { flags })
}

fn nan_of(a: u64, b: u64) -> Option<(u64, u64)> {
    let signalling = |v| is_nan(v) && v & QUIET == 0;
    for v in [a, b] {
        if signalling(v) {
            return Some((v | QUIET, IOC));
        }
    }
    [a, b].into_iter().find(|&v| is_nan(v)).map(|v| (v, 0))
}

const INVALID: (u64, u64) = (0x7e00, IOC);

fn sum(a: u64, b: u64, mode: u64) -> (u64, u64) {
    if let Some(nan) = nan_of(a, b) {
        return nan;
    }
    let infinite = |v: u64| v & 0x7fff == INFINITY;
    if infinite(a) || infinite(b) {
        return if infinite(a) && infinite(b) && a != b {
            INVALID
        } else {
            (if infinite(a) { a } else { b }, 0)
        };
    }
    let value = |v| if v & SIGN != 0 { -units(v) } else { units(v) };
    let exact: i128 = value(a) + value(b);
    if exact == 0 {
        let sign = if a & SIGN == b & SIGN {
            a & SIGN
        } else if mode == 2 {
            SIGN
        } else {
            0
        };
        return (sign, 0);
    }
    pick(exact < 0, mode, |v| (2 * exact.abs()).cmp(&v))
}

fn product(a: u64, b: u64, mode: u64) -> (u64, u64) {
    if let Some(nan) = nan_of(a, b) {
        return nan;
    }
    let sign = (a ^ b) & SIGN;
    let [zero, infinite] = [0, INFINITY].map(|v| a & 0x7fff == v || b & 0x7fff == v);
    match (zero, infinite) {
        (true, true) => INVALID,
        (true, false) => (sign, 0),
        (false, true) => (sign | INFINITY, 0),
        _ => pick(sign != 0, mode, |v| (units(a) * units(b)).cmp(&(v << 23))),
    }
}

fn quotient(a: u64, b: u64, mode: u64) -> (u64, u64) {
    if let Some(nan) = nan_of(a, b) {
        return nan;
    }
    let sign = (a ^ b) & SIGN;
    match (a & 0x7fff, b & 0x7fff) {
        (0, 0) | (INFINITY, INFINITY) => INVALID,
        (INFINITY, _) => (sign | INFINITY, 0),
        (_, INFINITY) | (0, _) => (sign, 0),
        (_, 0) => (sign | INFINITY, DZC),
        _ => pick(sign != 0, mode, |v| (units(a) << 25).cmp(&(v * units(b)))),
    }
}

fn root(a: u64, _: u64, mode: u64) -> (u64, u64) {
    if let Some(nan) = nan_of(a, 0) {
        return nan;
    }
    match a {
        0 | SIGN | INFINITY => (a, 0),
        _ if a & SIGN != 0 => INVALID,
        _ => pick(false, mode, |v| (units(a) << 26).cmp(&(v * v))),
    }
}

#[test]
fn arithmetic() {
    type Exact = fn(u64, u64, u64) -> (u64, u64);
    let table: [(&str, u32, Exact); 6] = [
        ("fadd h0, h1, h2", 0x1ee2_2820, sum),
        ("fsub h0, h1, h2", 0x1ee2_3820, |a, b, mode| {
            sum(a, if is_nan(b) { b } else { b ^ SIGN }, mode)
        }),
        ("fmul h0, h1, h2", 0x1ee2_0820, product),
        ("fnmul h0, h1, h2", 0x1ee2_8820, |a, b, mode| {
            // The rounded product changes its sign, a NaN too.
            let (v, flags) = product(a, b, mode);
            (v ^ SIGN, flags)
        }),
        ("fdiv h0, h1, h2", 0x1ee2_1820, quotient),
        ("fsqrt h0, h1", 0x1ee1_c020, root),
    ];
    let m = &mut Machine::new();
    for (text, word, f) in table {
        m.load_words(&[word]);
        for mode in 0..4 {
            m.regs.fpcr = mode << 22;
            for a in values() {
                for b in values() {
                    // What is above a half does not count.
                    m.regs.v[1] = u128::from(a) | 0xabcd << 16;
                    m.regs.v[2] = u128::from(b) | 0x1234 << 16;
                    m.regs.fpsr = 0;
                    let after = m.run();
                    let want = f(a, b, mode);
                    let found = (after.v[0] as u64, after.fpsr & 0x1f);
                    assert_eq!(found, want, "`{text}` of {a:#x}, {b:#x}, mode {mode}");
                    assert_eq!(after.v[0] >> 16, 0, "`{text}`: the bits above");
                }
            }
        }
    }
}
