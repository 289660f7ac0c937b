//! Slow, obvious arithmetic that the tests compare with: floats as exact numbers of thousands of bits, rounded in one
//! place. It shares no code with what it tests.

use std::cmp::Ordering;

/// Enough for the exact sum of a product of two `f64` and a third.
const WORDS: usize = 72;

/// A natural number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Natural([u64; WORDS]);

impl Natural {
    fn new(value: u128) -> Self {
        let mut words = [0; WORDS];
        words[0] = value as u64;
        words[1] = (value >> 64) as u64;
        Self(words)
    }

    fn bit(&self, index: u32) -> bool {
        let word = self.0.get(index as usize / 64).copied().unwrap_or(0);
        (word >> (index % 64)) & 1 == 1
    }

    /// The number of bits up to the highest one.
    fn length(&self) -> u32 {
        let top = self.0.iter().rposition(|&word| word != 0);
        top.map_or(0, |top| top as u32 * 64 + 64 - self.0[top].leading_zeros())
    }

    fn shl(&self, by: u32) -> Self {
        let (whole, part) = (by as usize / 64, by % 64);
        let word = |i: usize| self.0.get(i).copied().unwrap_or(0);
        Self(std::array::from_fn(|i| {
            let high = i.checked_sub(whole).map_or(0, word) << part;
            let low = i.checked_sub(whole + 1).map_or(0, word);
            if part > 0 { high | low >> (64 - part) } else { high }
        }))
    }

    /// The lowest 64 bits of the number shifted right.
    fn low_after(&self, by: u32) -> u64 {
        (0..64).map(|bit| u64::from(self.bit(by + bit)) << bit).sum()
    }

    /// Returns `true` if any of the lowest `count` bits is set.
    fn any_below(&self, count: u32) -> bool {
        let lowest = self.0.iter().position(|&word| word != 0);
        lowest.is_some_and(|i| i as u32 * 64 + self.0[i].trailing_zeros() < count)
    }

    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    fn add(&self, other: &Self) -> Self {
        let mut carry = 0;
        Self(std::array::from_fn(|i| {
            let sum = u128::from(self.0[i]) + u128::from(other.0[i]) + carry;
            carry = sum >> 64;
            sum as u64
        }))
    }

    fn sub(&self, smaller: &Self) -> Self {
        let mut borrow = 0;
        Self(std::array::from_fn(|i| {
            let difference = i128::from(self.0[i]) - i128::from(smaller.0[i]) + borrow;
            borrow = difference >> 64;
            difference as u64
        }))
    }

    fn low(&self) -> u64 {
        self.0[0]
    }
}

/// A float format of the IEEE 754 standard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    fraction: u32,
    exponent: u32,
}

pub(super) const SINGLE: Format = Format { fraction: 23, exponent: 8 };
pub(super) const DOUBLE: Format = Format { fraction: 52, exponent: 11 };

/// A float that is no NaN.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Number {
    Infinite {
        negative: bool,
    },
    /// `magnitude * 2^exponent`, zero included.
    Finite {
        negative: bool,
        magnitude: u64,
        exponent: i32,
    },
}

impl Format {
    pub(super) fn width(self) -> u32 {
        1 + self.exponent + self.fraction
    }

    fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    /// The exponent of the lowest bit of a subnormal number.
    fn least_exponent(self) -> i32 {
        1 - self.bias() - self.fraction as i32
    }

    /// `None` for a NaN.
    pub(super) fn unpack(self, bits: u64) -> Option<Number> {
        let negative = (bits >> (self.width() - 1)) & 1 == 1;
        let exponent = (bits >> self.fraction) & ((1 << self.exponent) - 1);
        let fraction = bits & ((1 << self.fraction) - 1);
        if exponent == (1 << self.exponent) - 1 {
            return (fraction == 0).then_some(Number::Infinite { negative });
        }
        let magnitude = if exponent == 0 { fraction } else { fraction | 1 << self.fraction };
        let exponent = self.least_exponent() + exponent.max(1) as i32 - 1;
        Some(Number::Finite { negative, magnitude, exponent })
    }

    pub(super) fn infinity(self, negative: bool) -> u64 {
        self.sign(negative) | ((1 << self.exponent) - 1) << self.fraction
    }

    pub(super) fn sign(self, negative: bool) -> u64 {
        u64::from(negative) << (self.width() - 1)
    }

    pub(super) fn default_nan(self) -> u64 {
        self.infinity(false) | 1 << (self.fraction - 1)
    }

    /// The float nearest to `magnitude * 2^exponent`, ties to even; `more` says that the exact number is a little
    /// further from zero than that.
    fn round(self, negative: bool, magnitude: &Natural, exponent: i32, more: bool) -> u64 {
        if magnitude.length() == 0 {
            return self.sign(negative);
        }
        let precision = self.fraction + 1;
        let wanted =
            (exponent + magnitude.length() as i32 - precision as i32).max(self.least_exponent());
        let (mut kept, up);
        if wanted <= exponent {
            assert!(!more, "too few bits to round");
            kept = magnitude.shl((exponent - wanted) as u32).low();
            up = false;
        } else {
            let dropped = (wanted - exponent) as u32;
            kept = magnitude.low_after(dropped);
            let half = magnitude.bit(dropped - 1);
            up = half && (more || magnitude.any_below(dropped - 1) || kept & 1 == 1);
        }
        kept += u64::from(up);
        // A carry out of the fraction runs into the exponent field, which is what it should do.
        let biased = (wanted - self.least_exponent()) as u64;
        if kept < 1 << self.fraction {
            return self.sign(negative) | kept;
        }
        let bits = (biased << self.fraction) + kept;
        self.sign(negative) | bits.min(self.infinity(false))
    }

    /// The float nearest to an integer.
    pub(super) fn integer(self, negative: bool, magnitude: u128) -> u64 {
        self.round(negative, &Natural::new(magnitude), 0, false)
    }

    /// The float of another format nearest to this one.
    pub(super) fn convert(self, to: Format, a: u64) -> Option<u64> {
        Some(match self.unpack(a)? {
            Number::Infinite { negative } => to.infinity(negative),
            Number::Finite { negative, magnitude, exponent } => {
                to.round(negative, &Natural::new(magnitude.into()), exponent, false)
            }
        })
    }

    /// `a * b + c`; `None` if an operand is NaN. Sums and products are cases of it.
    pub(super) fn fma(self, a: u64, b: u64, c: u64) -> Option<u64> {
        let (a, b, c) = (self.unpack(a)?, self.unpack(b)?, self.unpack(c)?);
        let negative = a.negative() != b.negative();
        let product = match (a, b) {
            (Number::Finite { magnitude: 0, .. }, Number::Infinite { .. })
            | (Number::Infinite { .. }, Number::Finite { magnitude: 0, .. }) => {
                return Some(self.default_nan());
            }
            (Number::Infinite { .. }, _) | (_, Number::Infinite { .. }) => None,
            (
                Number::Finite { magnitude: m, exponent: e, .. },
                Number::Finite { magnitude: n, exponent: f, .. },
            ) => Some((u128::from(m) * u128::from(n), e + f)),
        };
        Some(match (product, c) {
            (None, Number::Infinite { negative: other }) if other != negative => self.default_nan(),
            (None, _) => self.infinity(negative),
            (Some(_), Number::Infinite { negative }) => self.infinity(negative),
            (Some((m, e)), Number::Finite { negative: c_negative, magnitude: n, exponent: f }) => {
                if m == 0 && n == 0 {
                    return Some(self.sign(negative && c_negative));
                }
                let low = e.min(f);
                let x = Natural::new(m).shl((e - low) as u32);
                let y = Natural::new(n.into()).shl((f - low) as u32);
                match (negative == c_negative, x.cmp(&y)) {
                    (true, _) => self.round(negative, &x.add(&y), low, false),
                    (false, Ordering::Equal) => self.sign(false),
                    (false, Ordering::Greater) => self.round(negative, &x.sub(&y), low, false),
                    (false, Ordering::Less) => self.round(c_negative, &y.sub(&x), low, false),
                }
            }
        })
    }

    pub(super) fn add(self, a: u64, b: u64) -> Option<u64> {
        self.fma(a, self.integer(false, 1), b)
    }

    pub(super) fn sub(self, a: u64, b: u64) -> Option<u64> {
        self.unpack(b)?;
        self.add(a, b ^ self.sign(true))
    }

    pub(super) fn mul(self, a: u64, b: u64) -> Option<u64> {
        // Adding a zero of the product's sign leaves the sign of a zero product alone.
        let negative = self.unpack(a)?.negative() != self.unpack(b)?.negative();
        self.fma(a, b, self.sign(negative))
    }

    pub(super) fn div(self, a: u64, b: u64) -> Option<u64> {
        let (a, b) = (self.unpack(a)?, self.unpack(b)?);
        let negative = a.negative() != b.negative();
        Some(match (a, b) {
            (Number::Infinite { .. }, Number::Infinite { .. })
            | (Number::Finite { magnitude: 0, .. }, Number::Finite { magnitude: 0, .. }) => {
                self.default_nan()
            }
            (Number::Infinite { .. }, _) | (_, Number::Finite { magnitude: 0, .. }) => {
                self.infinity(negative)
            }
            (_, Number::Infinite { .. }) => self.sign(negative),
            (
                Number::Finite { magnitude: m, exponent: e, .. },
                Number::Finite { magnitude: n, exponent: f, .. },
            ) => {
                // Normalised to 64 bits, the quotient has at least 63 bits, more than any precision.
                let up = m.leading_zeros();
                let dividend = u128::from(m << up.min(63)) << 63;
                let (quotient, rest) = (dividend / u128::from(n), dividend % u128::from(n));
                let exponent = e - f - 63 - up.min(63) as i32;
                self.round(negative, &Natural::new(quotient), exponent, rest != 0)
            }
        })
    }

    pub(super) fn sqrt(self, a: u64) -> Option<u64> {
        Some(match self.unpack(a)? {
            Number::Finite { magnitude: 0, .. } => a,
            number if number.negative() => self.default_nan(),
            Number::Infinite { .. } => a,
            Number::Finite { magnitude, exponent, .. } => {
                let mut up = u128::from(magnitude).leading_zeros() - 1;
                if (exponent - up as i32) % 2 != 0 {
                    up -= 1;
                }
                let square = u128::from(magnitude) << up;
                let root = integer_root(square);
                let rest = root * root != square;
                self.round(false, &Natural::new(root), (exponent - up as i32) / 2, rest)
            }
        })
    }

    /// The integer nearest in the given direction, as a float.
    pub(super) fn integral(self, direction: Direction, a: u64) -> Option<u64> {
        let Number::Finite { negative, magnitude, exponent } = self.unpack(a)? else {
            return Some(a);
        };
        if exponent >= 0 {
            return Some(a);
        }
        let places = exponent.unsigned_abs();
        let (whole, part) = match places {
            0..=63 => (magnitude >> places, magnitude & ((1 << places) - 1)),
            _ => (0, magnitude),
        };
        // The part compared with one half, that is with 2^(places-1).
        let to_half = match places {
            1..=64 => part.cmp(&(1 << (places - 1))),
            _ => Ordering::Less,
        };
        let away = part != 0
            && match direction {
                Direction::Up => !negative,
                Direction::Down => negative,
                Direction::Zero => false,
                Direction::Even => {
                    to_half == Ordering::Greater || to_half == Ordering::Equal && whole % 2 == 1
                }
                Direction::Away => to_half != Ordering::Less,
            };
        Some(self.integer(negative, u128::from(whole) + u128::from(away)))
    }

    /// Toward zero to an integer; `None` for NaN, and clamped far outside of every integer type.
    pub(super) fn to_integer(self, a: u64) -> Option<i128> {
        let clamp = 1_i128 << 100;
        Some(match self.unpack(a)? {
            Number::Infinite { negative } => {
                if negative {
                    -clamp
                } else {
                    clamp
                }
            }
            Number::Finite { negative, magnitude, exponent } => {
                let magnitude = i128::from(magnitude);
                let integer = match exponent {
                    ..=-64 => 0,
                    -63..0 => magnitude >> exponent.unsigned_abs(),
                    0..=40 => magnitude << exponent,
                    _ if magnitude == 0 => 0,
                    _ => clamp,
                };
                if negative { -integer } else { integer }
            }
        })
    }

    /// The order of two numbers; `None` if one is NaN.
    pub(super) fn compare(self, a: u64, b: u64) -> Option<Ordering> {
        let (x, y) = (self.unpack(a)?, self.unpack(b)?);
        // The exact difference, rounded, has the right sign or is zero: subnormals make that so.
        if x == y {
            return Some(Ordering::Equal);
        }
        let difference = self.unpack(self.sub(a, b)?)?;
        Some(match difference {
            Number::Finite { magnitude: 0, .. } => Ordering::Equal,
            _ if difference.negative() => Ordering::Less,
            _ => Ordering::Greater,
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    Up,
    Down,
    Zero,
    Even,
    Away,
}

impl Number {
    pub(super) fn negative(self) -> bool {
        match self {
            Number::Infinite { negative } | Number::Finite { negative, .. } => negative,
        }
    }
}

/// The greatest number whose square is at most `square`, bit by bit.
fn integer_root(square: u128) -> u128 {
    let mut root = 0_u128;
    for bit in (0..64).rev() {
        let tried = root | 1 << bit;
        if tried.checked_mul(tried).is_some_and(|product| product <= square) {
            root = tried;
        }
    }
    root
}
