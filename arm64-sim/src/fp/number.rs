//! Formats, modes and flags; how a number is unpacked, and the one way in which it is packed again.

/// FPCR.AHP, alternative half-precision format.
pub(crate) const FPCR_AHP: u32 = 1 << 26;
/// FPCR.DN, every NaN result is the default one.
pub(crate) const FPCR_DN: u32 = 1 << 25;
/// FPCR.FZ, single and double subnormals count as zero.
pub(crate) const FPCR_FZ: u32 = 1 << 24;
/// FPCR.FZ16, half-precision subnormals count as zero.
pub(crate) const FPCR_FZ16: u32 = 1 << 19;
/// The bits of FPCR that this processor has; the others read as zero.
pub(crate) const FPCR_BITS: u32 = FPCR_AHP | FPCR_DN | FPCR_FZ | FPCR_FZ16 | (3 << 22);
/// FPSR.IOC, invalid operation.
pub(crate) const IOC: u32 = 1;
/// FPSR.DZC, division by zero.
pub(crate) const DZC: u32 = 1 << 1;
/// FPSR.OFC, overflow.
pub(crate) const OFC: u32 = 1 << 2;
/// FPSR.UFC, underflow.
pub(crate) const UFC: u32 = 1 << 3;
/// FPSR.IXC, inexact.
pub(crate) const IXC: u32 = 1 << 4;
/// FPSR.IDC, a subnormal operand was flushed to zero.
pub(crate) const IDC: u32 = 1 << 7;
/// FPSR.QC, an AdvSIMD integer operation saturated.
pub(crate) const QC: u32 = 1 << 27;
/// The bits of FPSR that this processor has.
pub(crate) const FPSR_BITS: u32 = QC | IDC | IXC | UFC | OFC | DZC | IOC;

/// A binary interchange format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Format {
    /// Bits of the exponent field.
    pub(crate) exp: u32,
    /// Bits of the fraction field.
    pub(crate) frac: u32,
}

/// binary16.
pub(crate) const HALF: Format = Format { exp: 5, frac: 10 };
/// binary32.
pub(crate) const SINGLE: Format = Format { exp: 8, frac: 23 };
/// binary64.
pub(crate) const DOUBLE: Format = Format { exp: 11, frac: 52 };

impl Format {
    pub(crate) const fn bits(self) -> u32 {
        1 + self.exp + self.frac
    }
    pub(crate) const fn bias(self) -> i32 {
        (1 << (self.exp - 1)) - 1
    }
    pub(crate) const fn sign_bit(self) -> u64 {
        1 << (self.exp + self.frac)
    }
    pub(super) const fn quiet_bit(self) -> u64 {
        1 << (self.frac - 1)
    }
    pub(crate) const fn infinity(self) -> u64 {
        ((1 << self.exp) - 1) << self.frac
    }
    pub(crate) const fn default_nan(self) -> u64 {
        self.infinity() | self.quiet_bit()
    }
    pub(crate) fn zero(self, negative: bool) -> u64 {
        if negative { self.sign_bit() } else { 0 }
    }
    pub(crate) fn inf(self, negative: bool) -> u64 {
        self.infinity() | self.zero(negative)
    }
    pub(super) fn max_finite(self, negative: bool) -> u64 {
        (self.infinity() - 1) | self.zero(negative)
    }
    /// `1.5`, the constant of the reciprocal square root step.
    pub(super) fn one_point_five(self) -> u64 {
        ((self.bias() as u64) << self.frac) | self.quiet_bit()
    }
    pub(super) fn two(self, negative: bool) -> u64 {
        ((self.bias() as u64 + 1) << self.frac) | self.zero(negative)
    }
}

/// How an inexact result is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rounding {
    /// To nearest, ties to even.
    Nearest,
    /// Towards plus infinity.
    Up,
    /// Towards minus infinity.
    Down,
    /// Towards zero.
    Zero,
    /// To nearest, ties away from zero.
    Away,
    /// To odd (von Neumann rounding), of FCVTXN.
    Odd,
}

impl Rounding {
    /// The two-bit field of FPCR and of the conversion instructions.
    pub(crate) const fn from_field(bits: u32) -> Rounding {
        match bits & 3 {
            0 => Rounding::Nearest,
            1 => Rounding::Up,
            2 => Rounding::Down,
            _ => Rounding::Zero,
        }
    }
}

/// The control and status registers of one operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Env {
    pub(crate) fpcr: u32,
    pub(crate) fpsr: u32,
}

impl Env {
    pub(crate) const fn rounding(&self) -> Rounding {
        Rounding::from_field(self.fpcr >> 22)
    }
    pub(crate) fn raise(&mut self, flags: u32) {
        self.fpsr |= flags;
    }
    pub(super) fn default_nans(&self) -> bool {
        self.fpcr & FPCR_DN != 0
    }
    pub(super) fn flushes(&self, f: Format) -> bool {
        let control = if f == HALF { FPCR_FZ16 } else { FPCR_FZ };
        self.fpcr & control != 0
    }
    /// The default NaN, as the result of an invalid operation.
    pub(super) fn invalid(&mut self, f: Format) -> u64 {
        self.raise(IOC);
        f.default_nan()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Zero,
    Finite,
    Infinity,
    Quiet,
    Signalling,
}

/// An unpacked operand; `sig` and `exp` have meaning for finite numbers only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Num {
    pub(super) class: Class,
    pub(super) negative: bool,
    pub(super) exp: i32,
    pub(super) sig: u128,
}

impl Num {
    pub(super) fn is_nan(&self) -> bool {
        matches!(self.class, Class::Quiet | Class::Signalling)
    }
    pub(super) fn is_zero(&self) -> bool {
        self.class == Class::Zero
    }
    pub(super) fn is_inf(&self) -> bool {
        self.class == Class::Infinity
    }
    pub(super) fn negate(self) -> Num {
        Num { negative: !self.negative, ..self }
    }
}

/// `FPUnpack`: an operand as arithmetic sees it, subnormals flushed if FPCR says so.
pub(super) fn unpack(f: Format, bits: u64, env: &mut Env) -> Num {
    let n = unpack_exact(f, bits);
    if n.class == Class::Finite && n.exp < 1 - f.bias() && env.flushes(f) {
        // A flushed half raises nothing (FPUnpackBase).
        if f != HALF {
            env.raise(IDC);
        }
        return Num { class: Class::Zero, ..n };
    }
    n
}

/// The operand as it is, FPCR ignored.
pub(super) fn unpack_exact(f: Format, bits: u64) -> Num {
    let negative = bits & f.sign_bit() != 0;
    let fraction = bits & ((1 << f.frac) - 1);
    let field = (bits >> f.frac) & ((1 << f.exp) - 1);
    let class = if field == (1 << f.exp) - 1 {
        if fraction == 0 {
            Class::Infinity
        } else if fraction & f.quiet_bit() != 0 {
            Class::Quiet
        } else {
            Class::Signalling
        }
    } else if field == 0 && fraction == 0 {
        Class::Zero
    } else {
        Class::Finite
    };
    let (mut exp, mut sig) = (0, 0);
    if class == Class::Finite {
        let whole = if field == 0 { fraction } else { fraction | (1 << f.frac) };
        let shift = u128::from(whole).leading_zeros();
        sig = u128::from(whole) << shift;
        // The unit of the fraction is 2^(max(field, 1) - bias - frac); bit 127 of `sig` weighs 2^exp.
        exp = (field.max(1) as i32) - f.bias() - f.frac as i32 + (127 - shift as i32);
    }
    Num { class, negative, exp, sig }
}

/// `FPProcessNaN`: a NaN operand as a result.
pub(super) fn quieten(f: Format, bits: u64, env: &mut Env) -> u64 {
    if bits & f.quiet_bit() == 0 {
        env.raise(IOC);
    }
    if env.default_nans() { f.default_nan() } else { bits | f.quiet_bit() }
}

/// `FPProcessNaNs`, `FPProcessNaNs3`: the first signalling operand, else the first quiet one.
pub(super) fn propagate(f: Format, operands: &[(u64, Num)], env: &mut Env) -> Option<u64> {
    let of = |class| operands.iter().find(|(_, n)| n.class == class).map(|&(bits, _)| bits);
    let bits = of(Class::Signalling).or_else(|| of(Class::Quiet))?;
    Some(quieten(f, bits, env))
}

/// Shifts right and keeps a one in the lowest bit for whatever was lost.
pub(super) fn shift_sticky(sig: u128, by: u32) -> u128 {
    match by {
        0 => sig,
        1..=127 => (sig >> by) | u128::from(sig << (128 - by) != 0),
        _ => u128::from(sig != 0),
    }
}

/// Is the magnitude below which `kept` was cut rounded up?
pub(super) fn rounds_up(mode: Rounding, negative: bool, odd: bool, rest: u128) -> bool {
    const HALF_WAY: u128 = 1 << 127;
    match mode {
        Rounding::Nearest => rest > HALF_WAY || (rest == HALF_WAY && odd),
        Rounding::Away => rest >= HALF_WAY,
        Rounding::Up => rest != 0 && !negative,
        Rounding::Down => rest != 0 && negative,
        Rounding::Zero => false,
        Rounding::Odd => rest != 0 && !odd,
    }
}

/// Splits `sig` at bit `shift`; what is cut off comes back as a fraction of 2^128.
pub(super) fn split(sig: u128, shift: u32) -> (u128, u128) {
    match shift {
        0 => (sig, 0),
        1..=127 => (sig >> shift, sig << (128 - shift)),
        128 => (0, sig),
        _ => (0, u128::from(sig != 0)),
    }
}

/// `FPRound`: packs `±sig * 2^(exp - 127)`, where `sig` need not be normalised and its lowest bit may be sticky.
pub(super) fn round(
    f: Format,
    negative: bool,
    exp: i32,
    sig: u128,
    mode: Rounding,
    env: &mut Env,
) -> u64 {
    round_with_flush(f, negative, exp, sig, mode, env.flushes(f), env)
}

pub(super) fn round_with_flush(
    f: Format,
    negative: bool,
    exp: i32,
    sig: u128,
    mode: Rounding,
    flush: bool,
    env: &mut Env,
) -> u64 {
    if sig == 0 {
        return f.zero(negative);
    }
    let lead = sig.leading_zeros();
    let (sig, exp) = (sig << lead, exp - lead as i32);
    let min = 1 - f.bias();
    let tiny = exp < min;
    if tiny && flush {
        env.raise(UFC);
        return f.zero(negative);
    }
    let mut shift = 127 - f.frac;
    if tiny {
        shift = shift.saturating_add((min - exp) as u32);
    }
    let (kept, rest) = split(sig, shift);
    let kept = kept as u64 + u64::from(rounds_up(mode, negative, kept & 1 != 0, rest));
    if rest != 0 {
        env.raise(if tiny { UFC | IXC } else { IXC });
    }
    // The leading one of a normal number adds one to the exponent field; so does a subnormal that rounds up to it.
    let bits = if tiny {
        kept
    } else if exp > f.bias() {
        f.infinity()
    } else {
        (((exp - min) as u64) << f.frac) + kept
    };
    if bits < f.infinity() {
        return bits | f.zero(negative);
    }
    env.raise(OFC | IXC);
    let to_infinity = match mode {
        Rounding::Nearest | Rounding::Away => true,
        Rounding::Up => !negative,
        Rounding::Down => negative,
        Rounding::Zero | Rounding::Odd => false,
    };
    if to_infinity { f.inf(negative) } else { f.max_finite(negative) }
}
