//! Conversions between formats, to and from integers and fixed point, and rounding to an integral value.

use super::number::*;

/// `FPConvert`: FCVT between formats, in FPCR's rounding mode or the one given (FCVTXN rounds to odd).
pub(crate) fn float_to_float(
    from: Format,
    to: Format,
    a: u64,
    mode: Rounding,
    env: &mut Env,
) -> u64 {
    let alternative = |f| f == HALF && env.fpcr & FPCR_AHP != 0;
    if alternative(from) || alternative(to) {
        return alternative_half(from, to, a, mode, env);
    }
    // FPUnpackCV and FPRoundCV ignore FZ16.
    let x = if from == HALF { unpack_exact(from, a) } else { unpack(from, a, env) };
    match x.class {
        Class::Quiet | Class::Signalling => convert_nan(from, to, a, x, env),
        Class::Infinity => to.inf(x.negative),
        Class::Zero => to.zero(x.negative),
        Class::Finite => {
            let flush = to != HALF && env.flushes(to);
            round_with_flush(to, x.negative, x.exp, x.sig, mode, flush, env)
        }
    }
}

/// `FPConvertNaN`: the top of the payload is kept.
fn convert_nan(from: Format, to: Format, a: u64, x: Num, env: &mut Env) -> u64 {
    if x.class == Class::Signalling {
        env.raise(IOC);
    }
    if env.default_nans() {
        return to.default_nan();
    }
    let payload = a & ((1 << from.frac) - 1);
    let payload = if to.frac >= from.frac {
        payload << (to.frac - from.frac)
    } else {
        payload >> (from.frac - to.frac)
    };
    to.zero(x.negative) | to.default_nan() | payload
}

/// Conversions while FPCR.AHP is set: halves have no infinities and NaNs, and one more binade.
fn alternative_half(from: Format, to: Format, a: u64, mode: Rounding, env: &mut Env) -> u64 {
    const TOP: u64 = 0x7fff;
    if from == HALF {
        let field = (a >> HALF.frac) & 0x1f;
        let fraction = a & 0x3ff;
        let negative = a & HALF.sign_bit() != 0;
        if field != 0x1f {
            let x = unpack_exact(HALF, a);
            return if x.is_zero() {
                to.zero(negative)
            } else {
                round(to, negative, x.exp, x.sig, mode, env)
            };
        }
        return round(to, negative, 16, u128::from(fraction | 0x400) << 117, mode, env);
    }
    let x = unpack(from, a, env);
    let sign = HALF.zero(x.negative);
    match x.class {
        Class::Quiet | Class::Signalling => {
            env.raise(IOC);
            sign
        }
        Class::Infinity => {
            env.raise(IOC);
            sign | TOP
        }
        Class::Zero => sign,
        Class::Finite => {
            // One more binade: round with the exponent one lower where that is out of the subnormal range.
            if x.exp < 15 {
                let mut probe = Env { fpcr: env.fpcr, fpsr: 0 };
                let bits =
                    round_with_flush(HALF, x.negative, x.exp, x.sig, mode, false, &mut probe);
                env.raise(probe.fpsr);
                return bits;
            }
            let (kept, rest) = split(x.sig, 127 - HALF.frac);
            let up = rounds_up(mode, x.negative, kept & 1 != 0, rest);
            let magnitude = ((x.exp + 14) as u64) * 0x400 + kept as u64 + u64::from(up);
            if magnitude > TOP {
                env.raise(IOC);
                return sign | TOP;
            }
            if rest != 0 {
                env.raise(IXC);
            }
            sign | magnitude
        }
    }
}

/// `FixedToFP`: an integer over `2^fraction_bits`.
pub(crate) fn int_to_float(
    f: Format,
    negative: bool,
    magnitude: u64,
    fraction_bits: u32,
    mode: Rounding,
    env: &mut Env,
) -> u64 {
    if magnitude == 0 {
        return 0;
    }
    // Bit 0 of the integer weighs 2^-fraction_bits; bit 127 of a significand weighs 2^exp.
    let sig = u128::from(magnitude);
    round_with_flush(f, negative, 127 - fraction_bits as i32, sig, mode, env.flushes(f), env)
}

/// `FPToFixed`: `a * 2^fraction_bits` as an integer of `width` bits, saturated; the bits above are zero.
pub(crate) fn float_to_int(
    f: Format,
    a: u64,
    fraction_bits: u32,
    signed: bool,
    width: u32,
    mode: Rounding,
    env: &mut Env,
) -> u64 {
    let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
    let x = unpack(f, a, env);
    let (most, least): (u128, u128) =
        if signed { ((1 << (width - 1)) - 1, 1 << (width - 1)) } else { (u128::from(mask), 0) };
    let saturated = (if x.negative { least.wrapping_neg() } else { most }) as u64 & mask;
    match x.class {
        Class::Quiet | Class::Signalling => {
            env.raise(IOC);
            0
        }
        Class::Infinity => {
            env.raise(IOC);
            saturated
        }
        Class::Zero => 0,
        Class::Finite => {
            let exp = x.exp + fraction_bits as i32;
            if exp > 64 {
                env.raise(IOC);
                return saturated;
            }
            let (kept, rest) = split(x.sig, (127 - exp) as u32);
            let kept = kept + u128::from(rounds_up(mode, x.negative, kept & 1 != 0, rest));
            if kept > if x.negative { least } else { most } {
                env.raise(IOC);
                return saturated;
            }
            if rest != 0 {
                env.raise(IXC);
            }
            (if x.negative { kept.wrapping_neg() } else { kept }) as u64 & mask
        }
    }
}

/// `FPToFixedJS`: FJCVTZS, the low 32 bits of the integer, and whether the conversion was exact (flag Z).
pub(crate) fn javascript_to_int(a: u64, env: &mut Env) -> (u32, bool) {
    let x = unpack(DOUBLE, a, env);
    match x.class {
        Class::Quiet | Class::Signalling | Class::Infinity => {
            env.raise(IOC);
            (0, false)
        }
        Class::Zero => (0, !x.negative),
        Class::Finite => {
            // Above 2^116 all of the low 32 bits are zero.
            let (kept, rest) =
                if x.exp > 127 { (0, 0) } else { split(x.sig, (127 - x.exp) as u32) };
            let low = if x.negative { kept.wrapping_neg() } else { kept } as u32;
            let value = if x.negative { -(kept as i128) } else { kept as i128 };
            let in_range =
                x.exp < 64 && i128::from(i32::MIN) <= value && value <= i128::from(i32::MAX);
            if !in_range {
                env.raise(IOC);
            } else if rest != 0 {
                env.raise(IXC);
            }
            (low, in_range && rest == 0)
        }
    }
}

/// `FPRoundInt`: FRINT*; `exact` is FRINTX, which raises inexact.
pub(crate) fn round_to_integral(
    f: Format,
    a: u64,
    mode: Rounding,
    exact: bool,
    env: &mut Env,
) -> u64 {
    let x = unpack(f, a, env);
    match x.class {
        Class::Quiet | Class::Signalling => quieten(f, a, env),
        Class::Infinity => f.inf(x.negative),
        Class::Zero => f.zero(x.negative),
        Class::Finite => {
            if x.exp >= f.frac as i32 {
                return a;
            }
            let (kept, rest) = split(x.sig, (127 - x.exp) as u32);
            let kept = kept + u128::from(rounds_up(mode, x.negative, kept & 1 != 0, rest));
            if rest != 0 && exact {
                env.raise(IXC);
            }
            // Exact: an integer below 2^(frac + 1).
            round_with_flush(
                f,
                x.negative,
                127,
                kept,
                Rounding::Nearest,
                false,
                &mut Env::default(),
            )
        }
    }
}

/// `FPRoundIntN`: FRINT32X, FRINT32Z, FRINT64X, FRINT64Z; what does not fit becomes the most negative integer.
pub(crate) fn round_to_sized_integral(
    f: Format,
    a: u64,
    mode: Rounding,
    width: u32,
    env: &mut Env,
) -> u64 {
    let x = unpack(f, a, env);
    let least = |env: &mut Env| {
        env.raise(IOC);
        f.sign_bit() | (((f.bias() + width as i32 - 1) as u64) << f.frac)
    };
    match x.class {
        Class::Quiet | Class::Signalling | Class::Infinity => least(env),
        Class::Zero => f.zero(x.negative),
        Class::Finite => {
            if x.exp >= width as i32 {
                return least(env);
            }
            let (kept, rest) = split(x.sig, (127 - x.exp) as u32);
            let kept = kept + u128::from(rounds_up(mode, x.negative, kept & 1 != 0, rest));
            let limit = 1u128 << (width - 1);
            if kept > if x.negative { limit } else { limit - 1 } {
                return least(env);
            }
            if rest != 0 {
                env.raise(IXC);
            }
            round_with_flush(
                f,
                x.negative,
                127,
                kept,
                Rounding::Nearest,
                false,
                &mut Env::default(),
            )
        }
    }
}
