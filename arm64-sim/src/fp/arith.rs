//! Addition, multiplication, division, square root and the fused forms.

use super::number::*;

/// `FPAdd`.
pub(crate) fn add(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    let (x, y) = (unpack(f, a, env), unpack(f, b, env));
    if let Some(nan) = propagate(f, &[(a, x), (b, y)], env) {
        return nan;
    }
    sum(f, x, y, env)
}

/// `FPSub`.
pub(crate) fn sub(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    let (x, y) = (unpack(f, a, env), unpack(f, b, env));
    if let Some(nan) = propagate(f, &[(a, x), (b, y)], env) {
        return nan;
    }
    sum(f, x, y.negate(), env)
}

/// `FPAbs(FPSub(..))`, of FABD.
pub(crate) fn abd(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    sub(f, a, b, env) & !f.sign_bit()
}

/// The sum of two numbers that are not NaNs.
fn sum(f: Format, x: Num, y: Num, env: &mut Env) -> u64 {
    let mode = env.rounding();
    match (x.class, y.class) {
        (Class::Infinity, Class::Infinity) if x.negative != y.negative => env.invalid(f),
        (Class::Infinity, _) => f.inf(x.negative),
        (_, Class::Infinity) => f.inf(y.negative),
        (Class::Zero, Class::Zero) => {
            f.zero(if x.negative == y.negative { x.negative } else { mode == Rounding::Down })
        }
        _ => {
            let (negative, exp, sig) = exact_sum(x, y);
            if sig == 0 {
                return f.zero(mode == Rounding::Down);
            }
            round(f, negative, exp, sig, mode, env)
        }
    }
}

/// The sum as an unnormalised number; a zero operand has `sig == 0`.
fn exact_sum(x: Num, y: Num) -> (bool, i32, u128) {
    if x.is_zero() {
        return (y.negative, y.exp, y.sig);
    }
    if y.is_zero() {
        return (x.negative, x.exp, x.sig);
    }
    let (big, small) = if (x.exp, x.sig) >= (y.exp, y.sig) { (x, y) } else { (y, x) };
    // One bit of head room for the carry. A cut addend leaves its sticky bit, and then at most one leading bit
    // cancels, far above it: significands have at most 106 bits here.
    let distance = (big.exp - small.exp) as u32;
    let high = big.sig >> 1;
    let low = shift_sticky(small.sig >> 1, distance);
    let sig = if big.negative == small.negative { high + low } else { high - low };
    (big.negative, big.exp + 1, sig)
}

/// The exact product of two finite numbers.
fn product(x: Num, y: Num) -> Num {
    // Significands have at most 53 bits: the upper halves hold them whole.
    let sig = (x.sig >> 64) * (y.sig >> 64);
    let lead = sig.leading_zeros();
    Num {
        class: Class::Finite,
        negative: x.negative != y.negative,
        exp: x.exp + y.exp + 1 - lead as i32,
        sig: sig << lead,
    }
}

/// `FPMul`.
pub(crate) fn mul(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    multiply(f, a, b, env, false)
}

/// `FPMulX`: infinity times zero is two.
pub(crate) fn mulx(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    multiply(f, a, b, env, true)
}

fn multiply(f: Format, a: u64, b: u64, env: &mut Env, extended: bool) -> u64 {
    let (x, y) = (unpack(f, a, env), unpack(f, b, env));
    if let Some(nan) = propagate(f, &[(a, x), (b, y)], env) {
        return nan;
    }
    let negative = x.negative != y.negative;
    if (x.is_inf() && y.is_zero()) || (x.is_zero() && y.is_inf()) {
        return if extended { f.two(negative) } else { env.invalid(f) };
    }
    if x.is_inf() || y.is_inf() {
        return f.inf(negative);
    }
    if x.is_zero() || y.is_zero() {
        return f.zero(negative);
    }
    let p = product(x, y);
    round(f, negative, p.exp, p.sig, env.rounding(), env)
}

/// `FPDiv`.
pub(crate) fn div(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    let (x, y) = (unpack(f, a, env), unpack(f, b, env));
    if let Some(nan) = propagate(f, &[(a, x), (b, y)], env) {
        return nan;
    }
    let negative = x.negative != y.negative;
    match (x.class, y.class) {
        (Class::Infinity, Class::Infinity) | (Class::Zero, Class::Zero) => env.invalid(f),
        (Class::Infinity, _) => f.inf(negative),
        (_, Class::Zero) => {
            env.raise(DZC);
            f.inf(negative)
        }
        (Class::Zero, _) | (_, Class::Infinity) => f.zero(negative),
        _ => {
            // x.sig / y.sig is in (1/2, 2): 63 quotient bits and a sticky one are plenty for 53.
            let (n, d) = (x.sig >> 1, y.sig >> 64);
            let sig = ((n / d) << 1) | u128::from(n % d != 0);
            // n / d = (x.sig / y.sig) * 2^63, so `sig` is that times 2^64; move it up to the 2^127 scale.
            round(f, negative, x.exp - y.exp, sig << 63, env.rounding(), env)
        }
    }
}

/// `FPSqrt`.
pub(crate) fn sqrt(f: Format, a: u64, env: &mut Env) -> u64 {
    let x = unpack(f, a, env);
    if x.is_nan() {
        return quieten(f, a, env);
    }
    if x.is_zero() {
        return f.zero(x.negative);
    }
    if x.negative {
        return env.invalid(f);
    }
    if x.is_inf() {
        return f.inf(false);
    }
    // value = m * 2^e with m = sig >> (1 or 2), e even: the root is isqrt(m) * 2^(e/2).
    let e = x.exp - 127;
    let (m, e) = if e.rem_euclid(2) == 0 { (x.sig >> 2, e + 2) } else { (x.sig >> 1, e + 1) };
    let root = m.isqrt();
    let sig = (root << 1) | u128::from(root * root != m);
    round(f, false, e / 2 + 126, sig, env.rounding(), env)
}

/// `FPMulAdd`: `addend + a * b`, rounded once. Callers negate operands for the other three forms.
pub(crate) fn mul_add(f: Format, addend: u64, a: u64, b: u64, env: &mut Env) -> u64 {
    let (z, x, y) = (unpack(f, addend, env), unpack(f, a, env), unpack(f, b, env));
    let undefined = (x.is_inf() && y.is_zero()) || (x.is_zero() && y.is_inf());
    let nan = propagate(f, &[(addend, z), (a, x), (b, y)], env);
    if z.class == Class::Quiet && undefined {
        return env.invalid(f);
    }
    if let Some(nan) = nan {
        return nan;
    }
    let negative = x.negative != y.negative;
    let p_inf = x.is_inf() || y.is_inf();
    let p_zero = x.is_zero() || y.is_zero();
    let mode = env.rounding();
    if undefined || (z.is_inf() && p_inf && z.negative != negative) {
        return env.invalid(f);
    }
    if z.is_inf() {
        return f.inf(z.negative);
    }
    if p_inf {
        return f.inf(negative);
    }
    if z.is_zero() && p_zero {
        return f.zero(if z.negative == negative { negative } else { mode == Rounding::Down });
    }
    if p_zero {
        return round(f, z.negative, z.exp, z.sig, mode, env);
    }
    let (sign, exp, sig) = exact_sum(z, product(x, y));
    if sig == 0 {
        return f.zero(mode == Rounding::Down);
    }
    round(f, sign, exp, sig, mode, env)
}

/// `FPRecipStepFused`: `2 - a * b`.
pub(crate) fn recip_step(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    step(f, f.two(false), 0, a, b, env)
}

/// `FPRSqrtStepFused`: `(3 - a * b) / 2`.
pub(crate) fn rsqrt_step(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    step(f, f.one_point_five(), 1, a, b, env)
}

/// `constant - a * b / 2^halve`, where infinity times zero counts as zero.
fn step(f: Format, constant: u64, halve: i32, a: u64, b: u64, env: &mut Env) -> u64 {
    let a = a ^ f.sign_bit();
    let (x, y) = (unpack(f, a, env), unpack(f, b, env));
    if let Some(nan) = propagate(f, &[(a, x), (b, y)], env) {
        return nan;
    }
    let negative = x.negative != y.negative;
    match (x.class, y.class) {
        (Class::Infinity, Class::Zero) | (Class::Zero, Class::Infinity) => constant,
        (Class::Infinity, _) | (_, Class::Infinity) => f.inf(negative),
        (Class::Zero, _) | (_, Class::Zero) => constant,
        _ => {
            let mut p = product(x, y);
            p.exp -= halve;
            let (sign, exp, sig) = exact_sum(unpack_exact(f, constant), p);
            let mode = env.rounding();
            if sig == 0 {
                return f.zero(mode == Rounding::Down);
            }
            round(f, sign, exp, sig, mode, env)
        }
    }
}
