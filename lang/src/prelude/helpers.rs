//! 128-bit integers, in the source language: see the module that this is the source of.

/// The quotient and remainder of two words by one; `u1 < v`.
pub(crate) fn divide_words(u1: u64, u0: u64, v: u64) -> (u64, u64) {
    let s = v.leading_zeros();
    let v = v << s;
    let (vn1, vn0) = (v >> 32, v & 0xffff_ffff);
    let un32 = if s == 0 { u1 } else { (u1 << s) | (u0 >> (64 - s)) };
    let un10 = u0 << s;
    let (un1, un0) = (un10 >> 32, un10 & 0xffff_ffff);
    let q1 = digit(un32, vn1, vn0, un1);
    let un21 = (un32 << 32).wrapping_add(un1).wrapping_sub(q1.wrapping_mul(v));
    let q0 = digit(un21, vn1, vn0, un0);
    let rest = (un21 << 32).wrapping_add(un0).wrapping_sub(q0.wrapping_mul(v));
    ((q1 << 32).wrapping_add(q0), rest >> s)
}

pub(crate) fn digit(u: u64, vn1: u64, vn0: u64, next: u64) -> u64 {
    let mut q = u / vn1;
    let mut rest = u - q * vn1;
    while q >> 32 != 0 || q.wrapping_mul(vn0) > ((rest << 32) | next) {
        q -= 1;
        rest += vn1;
        if rest >> 32 != 0 {
            break;
        }
    }
    q
}

pub(crate) fn udivrem(n: u128, d: u128) -> (u128, u128) {
    let (n1, n0) = ((n >> 64) as u64, n as u64);
    let (d1, d0) = ((d >> 64) as u64, d as u64);
    if d1 == 0 {
        if n1 == 0 {
            let q = n0 / d0;
            return (q as u128, (n0 - q * d0) as u128);
        }
        let high = n1 / d0;
        let (low, rest) = divide_words(n1 - high * d0, n0, d0);
        return (((high as u128) << 64) | low as u128, rest as u128);
    }
    if n < d {
        return (0, n);
    }
    let mut left = d1.leading_zeros() - n1.leading_zeros();
    let mut d = d << left;
    let mut rest = n;
    let mut q = 0u64;
    loop {
        q <<= 1;
        if rest >= d {
            rest -= d;
            q |= 1;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        d >>= 1;
    }
    (q as u128, rest)
}

pub(crate) fn udiv(n: u128, d: u128) -> u128 {
    udivrem(n, d).0
}

pub(crate) fn urem(n: u128, d: u128) -> u128 {
    udivrem(n, d).1
}

pub(crate) fn sdiv(n: i128, d: i128) -> i128 {
    let q = udivrem(n.unsigned_abs(), d.unsigned_abs()).0 as i128;
    if (n < 0) != (d < 0) { q.wrapping_neg() } else { q }
}

pub(crate) fn srem(n: i128, d: i128) -> i128 {
    let rest = udivrem(n.unsigned_abs(), d.unsigned_abs()).1 as i128;
    if n < 0 { rest.wrapping_neg() } else { rest }
}

pub(crate) const fn umul_overflows(a: u128, b: u128) -> bool {
    let (a1, a0) = ((a >> 64) as u64, a as u64);
    let (b1, b0) = ((b >> 64) as u64, b as u64);
    if a1 == 0 && b1 == 0 {
        return false;
    }
    if a1 != 0 && b1 != 0 {
        return true;
    }
    let cross = if a1 != 0 { a1 as u128 * b0 as u128 } else { b1 as u128 * a0 as u128 };
    let carried = cross + ((a0 as u128 * b0 as u128) >> 64);
    carried >> 64 != 0
}

pub(crate) const fn smul_overflows(a: i128, b: i128) -> bool {
    let (x, y) = (a.unsigned_abs(), b.unsigned_abs());
    if umul_overflows(x, y) {
        return true;
    }
    let product = x * y;
    let limit = 1u128 << 127;
    if (a < 0) != (b < 0) { product > limit } else { product >= limit }
}

pub(crate) fn u128_to_f64(x: u128) -> f64 {
    if x >> 64 == 0 {
        return x as u64 as f64;
    }
    let zeros = x.leading_zeros();
    let x = x << zeros;
    let (kept, dropped) = ((x >> 75) as u64, x << 53);
    let half = 1u128 << 127;
    let up = dropped > half || (dropped == half && kept & 1 == 1);
    let exponent = (127 - zeros + 1023) as u64;
    f64::from_bits((exponent << 52) + (kept - (1 << 52)) + up as u64)
}

pub(crate) fn u128_to_f32(x: u128) -> f32 {
    if x >> 64 == 0 {
        return x as u64 as f32;
    }
    let zeros = x.leading_zeros();
    let x = x << zeros;
    let (kept, dropped) = ((x >> 104) as u32, x << 24);
    let half = 1u128 << 127;
    let up = dropped > half || (dropped == half && kept & 1 == 1);
    let exponent = 127 - zeros + 127;
    f32::from_bits((exponent << 23) + (kept - (1 << 23)) + up as u32)
}

pub(crate) fn i128_to_f64(x: i128) -> f64 {
    let size = u128_to_f64(x.unsigned_abs());
    if x < 0 { -size } else { size }
}

pub(crate) fn i128_to_f32(x: i128) -> f32 {
    let size = u128_to_f32(x.unsigned_abs());
    if x < 0 { -size } else { size }
}

/// Of what is not negative and less than 2^128, the integer part.
pub(crate) fn magnitude(x: f64) -> u128 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    if exponent < 0 {
        return 0;
    }
    let kept = (bits & ((1 << 52) - 1)) | (1 << 52);
    if exponent <= 52 {
        (kept >> (52 - exponent)) as u128
    } else {
        (kept as u128) << (exponent - 52)
    }
}

pub(crate) fn f64_to_u128(x: f64) -> u128 {
    if x >= 340282366920938463463374607431768211456.0 {
        return !0;
    }
    if x > 0.0 { magnitude(x) } else { 0 }
}

pub(crate) fn f64_to_i128(x: f64) -> i128 {
    if x >= 170141183460469231731687303715884105728.0 {
        return i128::MAX;
    }
    if x <= -170141183460469231731687303715884105728.0 {
        return i128::MIN;
    }
    if x > 0.0 {
        magnitude(x) as i128
    } else if x < 0.0 {
        -(magnitude(-x) as i128)
    } else {
        0
    }
}
