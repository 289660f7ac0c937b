//! The host's floating point, where it gives what the architecture asks for: FPCR is zero, nobody looks at FPSR's
//! cumulative flags, and the result is not a NaN. Everything else is left to [`crate::fp`].

use crate::cpu::Cpu;
use crate::fp::{self, DOUBLE, SINGLE};

macro_rules! binary {
    ($name:ident, $t:ty, $bits:ty, $format:expr, $op:tt, $exact:path) => {
        #[inline(always)]
        pub(crate) fn $name(a: u64, b: u64, cpu: &mut Cpu) -> u64 {
            let r = <$t>::from_bits(a as $bits) $op <$t>::from_bits(b as $bits);
            if cpu.host_fp && !r.is_nan() {
                return u64::from(r.to_bits());
            }
            #[cold]
            fn exact(a: u64, b: u64, cpu: &mut Cpu) -> u64 {
                $exact($format, a, b, &mut cpu.fp)
            }
            exact(u64::from(a as $bits), u64::from(b as $bits), cpu)
        }
    };
}
binary!(add_d, f64, u64, DOUBLE, +, fp::add);
binary!(sub_d, f64, u64, DOUBLE, -, fp::sub);
binary!(mul_d, f64, u64, DOUBLE, *, fp::mul);
binary!(div_d, f64, u64, DOUBLE, /, fp::div);
binary!(add_s, f32, u32, SINGLE, +, fp::add);
binary!(sub_s, f32, u32, SINGLE, -, fp::sub);
binary!(mul_s, f32, u32, SINGLE, *, fp::mul);
binary!(div_s, f32, u32, SINGLE, /, fp::div);

#[inline(always)]
pub(crate) fn sqrt_d(a: u64, cpu: &mut Cpu) -> u64 {
    let r = f64::from_bits(a).sqrt();
    if cpu.host_fp && !r.is_nan() {
        return r.to_bits();
    }
    fp::sqrt(DOUBLE, a, &mut cpu.fp)
}

/// `z + x * y` with one rounding.
#[inline(always)]
pub(crate) fn fma_d(z: u64, x: u64, y: u64, cpu: &mut Cpu) -> u64 {
    let r = f64::from_bits(x).mul_add(f64::from_bits(y), f64::from_bits(z));
    if cpu.host_fp && !r.is_nan() {
        return r.to_bits();
    }
    fp::mul_add(DOUBLE, z, x, y, &mut cpu.fp)
}

/// `z + x * y` with one rounding.
#[inline(always)]
pub(crate) fn fma_s(z: u64, x: u64, y: u64, cpu: &mut Cpu) -> u64 {
    let (x, y, z) = (x as u32, y as u32, z as u32);
    let r = f32::from_bits(x).mul_add(f32::from_bits(y), f32::from_bits(z));
    if cpu.host_fp && !r.is_nan() {
        return u64::from(r.to_bits());
    }
    fp::mul_add(SINGLE, u64::from(z), u64::from(x), u64::from(y), &mut cpu.fp)
}

macro_rules! compare {
    ($name:ident, $t:ty, $bits:ty, $format:expr) => {
        #[inline(always)]
        pub(crate) fn $name(a: u64, b: u64, cpu: &mut Cpu) -> u8 {
            let (a, b) = (a as $bits, b as $bits);
            if cpu.host_fp {
                let (x, y) = (<$t>::from_bits(a), <$t>::from_bits(b));
                let unordered = x.is_nan() || y.is_nan();
                // Less: N. Equal: Z and C. Greater: C. Unordered: C and V.
                return u8::from(x < y) << 3
                    | u8::from(x == y) << 2
                    | u8::from(x >= y || unordered) << 1
                    | u8::from(unordered);
            }
            fp::compare($format, u64::from(a), u64::from(b), false, &mut cpu.fp)
        }
    };
}
compare!(compare_d, f64, u64, DOUBLE);
compare!(compare_s, f32, u32, SINGLE);

/// FCVTZS to 64 or 32 bits: Rust's conversion saturates and turns NaN to zero as well.
#[inline(always)]
pub(crate) fn to_int_d(a: u64, wide: bool, cpu: &mut Cpu) -> u64 {
    if cpu.host_fp {
        let x = f64::from_bits(a);
        return if wide { x as i64 as u64 } else { u64::from(x as i32 as u32) };
    }
    let width = if wide { 64 } else { 32 };
    fp::float_to_int(DOUBLE, a, 0, true, width, fp::Rounding::Zero, &mut cpu.fp)
}

/// SCVTF to double.
#[inline(always)]
pub(crate) fn from_int_d(v: i64, cpu: &mut Cpu) -> u64 {
    if cpu.host_fp {
        return (v as f64).to_bits();
    }
    let mode = cpu.fp.rounding();
    fp::int_to_float(DOUBLE, v < 0, v.unsigned_abs(), 0, mode, &mut cpu.fp)
}
