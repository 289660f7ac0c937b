//! FRECPE, FRSQRTE, FRECPX: the table-free definitions of the Arm manual, eight bits of result.

use super::number::*;

/// `RecipEstimate`: `a` in 256..512 stands for 0.5..1.0.
pub(crate) fn recip_estimate_fraction(a: u64) -> u64 {
    let a = a * 2 + 1;
    ((1 << 19) / a).div_ceil(2)
}

/// `RecipSqrtEstimate`: `a` in 128..512 stands for 0.25..1.0.
pub(crate) fn rsqrt_estimate_fraction(a: u64) -> u64 {
    let a = if a < 256 { a * 2 + 1 } else { ((a >> 1) << 1).wrapping_add(1) * 2 };
    let mut b = 512u64;
    while a * (b + 1) * (b + 1) < (1 << 28) {
        b += 1;
    }
    b.div_ceil(2)
}

/// `FPRecipEstimate`.
pub(crate) fn recip_estimate(f: Format, a: u64, env: &mut Env) -> u64 {
    let x = unpack(f, a, env);
    match x.class {
        Class::Quiet | Class::Signalling => quieten(f, a, env),
        Class::Infinity => f.zero(x.negative),
        Class::Zero => {
            env.raise(DZC);
            f.inf(x.negative)
        }
        Class::Finite => {
            // Below 2^(-bias - 1) the reciprocal overflows.
            if x.exp < -f.bias() - 1 {
                env.raise(OFC | IXC);
                let to_infinity = match env.rounding() {
                    Rounding::Up => !x.negative,
                    Rounding::Down => x.negative,
                    Rounding::Zero => false,
                    _ => true,
                };
                return if to_infinity { f.inf(x.negative) } else { f.max_finite(x.negative) };
            }
            if env.flushes(f) && x.exp >= f.bias() - 1 {
                env.raise(UFC);
                return f.zero(x.negative);
            }
            let estimate = recip_estimate_fraction((x.sig >> 119) as u64);
            // The estimate is 256..512, for 1.0..2.0; the exponent of the result is -1 - exp.
            exact(f, x.negative, -1 - x.exp, estimate)
        }
    }
}

/// `FPRSqrtEstimate`.
pub(crate) fn rsqrt_estimate(f: Format, a: u64, env: &mut Env) -> u64 {
    let x = unpack(f, a, env);
    match x.class {
        Class::Quiet | Class::Signalling => quieten(f, a, env),
        Class::Zero => {
            env.raise(DZC);
            f.inf(x.negative)
        }
        _ if x.negative => env.invalid(f),
        Class::Infinity => 0,
        Class::Finite => {
            // An odd exponent leaves the fraction in 0.25..0.5, an even one in 0.5..1.0 (value = fraction * 4^k).
            let (scaled, half) = if x.exp.rem_euclid(2) == 0 {
                ((x.sig >> 120) as u64, (-2 - x.exp) / 2)
            } else {
                ((x.sig >> 119) as u64, (-1 - x.exp) / 2)
            };
            exact(f, false, half, rsqrt_estimate_fraction(scaled))
        }
    }
}

/// Packs an estimate of nine bits, `estimate / 256 * 2^exp`, cutting what a subnormal result has no room for.
fn exact(f: Format, negative: bool, exp: i32, estimate: u64) -> u64 {
    let sig = u128::from(estimate) << 119;
    round_with_flush(f, negative, exp, sig, Rounding::Zero, false, &mut Env::default())
}

/// `FPRecpX`: a power of two of about the reciprocal's size.
pub(crate) fn recip_exponent(f: Format, a: u64, env: &mut Env) -> u64 {
    let x = unpack(f, a, env);
    if x.is_nan() {
        return quieten(f, a, env);
    }
    let mask = (1 << f.exp) - 1;
    let field = (a >> f.frac) & mask;
    let inverted = if field == 0 { mask - 1 } else { !field & mask };
    f.zero(x.negative) | (inverted << f.frac)
}
