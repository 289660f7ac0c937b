//! Comparison, minimum and maximum.

use super::number::*;
use core::cmp::Ordering;

fn order(x: Num, y: Num) -> Ordering {
    let key = |n: Num| -> (i32, i64, u128) {
        match n.class {
            Class::Zero => (0, 0, 0),
            Class::Infinity => (1, i64::MAX, 0),
            _ => (1, i64::from(n.exp), n.sig),
        }
    };
    let magnitude = |a: Num, b: Num| key(a).cmp(&key(b));
    match (x.negative && !x.is_zero(), y.negative && !y.is_zero()) {
        (false, false) => magnitude(x, y),
        (true, true) => magnitude(y, x),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// `None` for unordered; a signalling comparison complains about quiet NaNs too.
fn ordering(f: Format, a: u64, b: u64, signalling: bool, env: &mut Env) -> Option<Ordering> {
    let (x, y) = (unpack(f, a, env), unpack(f, b, env));
    if x.is_nan() || y.is_nan() {
        if signalling || x.class == Class::Signalling || y.class == Class::Signalling {
            env.raise(IOC);
        }
        return None;
    }
    Some(order(x, y))
}

/// `FPCompare`: the flags NZCV in bits 3 to 0.
pub(crate) fn compare(f: Format, a: u64, b: u64, signalling: bool, env: &mut Env) -> u8 {
    match ordering(f, a, b, signalling, env) {
        None => 0b0011,
        Some(Ordering::Equal) => 0b0110,
        Some(Ordering::Less) => 0b1000,
        Some(Ordering::Greater) => 0b0010,
    }
}

/// `FPCompareEQ`.
pub(crate) fn compare_eq(f: Format, a: u64, b: u64, env: &mut Env) -> bool {
    ordering(f, a, b, false, env) == Some(Ordering::Equal)
}

/// `FPCompareGE`.
pub(crate) fn compare_ge(f: Format, a: u64, b: u64, env: &mut Env) -> bool {
    matches!(ordering(f, a, b, true, env), Some(Ordering::Greater | Ordering::Equal))
}

/// `FPCompareGT`.
pub(crate) fn compare_gt(f: Format, a: u64, b: u64, env: &mut Env) -> bool {
    ordering(f, a, b, true, env) == Some(Ordering::Greater)
}

fn pick(f: Format, a: u64, b: u64, largest: bool, env: &mut Env) -> u64 {
    let (x, y) = (unpack(f, a, env), unpack(f, b, env));
    if let Some(nan) = propagate(f, &[(a, x), (b, y)], env) {
        return nan;
    }
    if x.is_zero() && y.is_zero() {
        let negative = if largest { x.negative && y.negative } else { x.negative || y.negative };
        return f.zero(negative);
    }
    let first = (order(x, y) == Ordering::Greater) == largest;
    let (bits, n) = if first { (a, x) } else { (b, y) };
    if n.is_zero() { f.zero(n.negative) } else { bits }
}

/// `FPMax`.
pub(crate) fn max(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    pick(f, a, b, true, env)
}

/// `FPMin`.
pub(crate) fn min(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    pick(f, a, b, false, env)
}

/// `FPMaxNum`: a quiet NaN loses against a number.
pub(crate) fn max_num(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    let (a, b) = without_quiet(f, a, b, f.inf(true));
    pick(f, a, b, true, env)
}

/// `FPMinNum`.
pub(crate) fn min_num(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    let (a, b) = without_quiet(f, a, b, f.inf(false));
    pick(f, a, b, false, env)
}

fn without_quiet(f: Format, a: u64, b: u64, neutral: u64) -> (u64, u64) {
    let quiet = |bits| unpack_exact(f, bits).class == Class::Quiet;
    match (quiet(a), quiet(b)) {
        (true, false) => (neutral, b),
        (false, true) => (a, neutral),
        _ => (a, b),
    }
}
