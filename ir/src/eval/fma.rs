//! Fused multiply-add in integers. The C libraries that hosts without such an instruction fall back on are not all
//! right: musl's gives +0 for a product that rounds to -0, added to +0.

/// The fields of an `f64`.
const FRACTION: u32 = 52;
const LEAST_EXPONENT: i32 = -1074;

/// The format of a result: the bits of its fraction, and the exponent of its least subnormal number.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) fraction: u32,
    pub(super) least_exponent: i32,
    pub(super) infinity: u64,
    pub(super) sign: u64,
}

/// A number other than zero: `magnitude * 2^exponent`, the highest bit of the magnitude at [`TOP`].
#[derive(Clone, Copy)]
struct Number {
    negative: bool,
    magnitude: u128,
    exponent: i32,
}

/// Leaves room for the carry of a sum.
const TOP: u32 = 126;

impl Number {
    fn new(negative: bool, magnitude: u128, exponent: i32) -> Self {
        let up = magnitude.leading_zeros().saturating_sub(127 - TOP);
        Self { negative, magnitude: magnitude << up, exponent: exponent - up as i32 }
    }
}

/// Significand and exponent of a finite number.
fn parts(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let field = ((bits >> FRACTION) & 0x7ff) as i32;
    let fraction = bits & ((1 << FRACTION) - 1);
    let significand = if field == 0 { fraction } else { fraction | 1 << FRACTION };
    (significand, field.max(1) - 1 + LEAST_EXPONENT)
}

/// The bits of `x * y + z`, rounded once, for finite numbers other than zero.
pub(super) fn exact(x: f64, y: f64, z: f64, format: Format) -> u64 {
    let ((mx, ex), (my, ey), (mz, ez)) = (parts(x), parts(y), parts(z));
    let negative = x.is_sign_negative() != y.is_sign_negative();
    let product = Number::new(negative, u128::from(mx) * u128::from(my), ex + ey);
    let addend = Number::new(z.is_sign_negative(), mz.into(), ez);
    let product_larger =
        (product.exponent, product.magnitude) >= (addend.exponent, addend.magnitude);
    let (large, small) = if product_larger { (product, addend) } else { (addend, product) };
    // Bits that are shifted out are kept as one: at least twenty zeros lie below the significant bits, so that either
    // nothing is lost, or so much is shifted that the sum keeps all its length and rounds far above that bit.
    let distance = large.exponent.abs_diff(small.exponent);
    let shifted = match distance {
        0 => small.magnitude,
        1..=127 => {
            let lost = small.magnitude << (128 - distance) != 0;
            small.magnitude >> distance | u128::from(lost)
        }
        _ => 1,
    };
    let same_sign = large.negative == small.negative;
    let magnitude = if same_sign { large.magnitude + shifted } else { large.magnitude - shifted };
    round(large.negative, magnitude, large.exponent, format)
}

/// The bits of the float nearest to `magnitude * 2^exponent`, ties to even; +0 for 0.
fn round(negative: bool, magnitude: u128, exponent: i32, format: Format) -> u64 {
    if magnitude == 0 {
        return 0;
    }
    let length = 128 - magnitude.leading_zeros() as i32;
    let wanted = (exponent + length - format.fraction as i32 - 1).max(format.least_exponent);
    let rounded = match wanted - exponent {
        // Left of its place after numbers that nearly cancelled: exact.
        distance @ ..=0 => (magnitude << distance.unsigned_abs()) as u64,
        distance @ 1..=127 => {
            let kept = (magnitude >> distance) as u64;
            let rest = magnitude & ((1 << distance) - 1);
            let half = 1_u128 << (distance - 1);
            kept + u64::from(rest > half || rest == half && kept & 1 == 1)
        }
        // Less than half of the least number.
        _ => 0,
    };
    // A significand of full length adds one to the exponent field, which is right, as is a carry out of it.
    let bits = (((wanted - format.least_exponent) as u64) << format.fraction) + rounded;
    bits.min(format.infinity) | if negative { format.sign } else { 0 }
}
