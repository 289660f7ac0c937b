//! IEEE 754 arithmetic with the AArch64 rules, computed on integers: every rounding mode, NaN rule, flush-to-zero
//! control and cumulative flag of the Arm manual's shared pseudo-code (Arm ARM, J1.3 "Shared pseudocode functions"),
//! with no help from the host's floating point. [`crate::exec::fp_fast`] uses the host's where that is known to be the same.
//!
//! A finite number is unpacked to `sig * 2^(exp - 127)` with bit 127 of `sig` set; an exact or sticky result of that
//! form goes through [`number::round`], the only place that packs.

mod arith;
mod convert;
mod estimate;
mod number;
mod select;

pub(crate) use arith::{abd, add, div, mul, mul_add, mulx, recip_step, rsqrt_step, sqrt, sub};
pub(crate) use convert::{
    float_to_float, float_to_int, int_to_float, javascript_to_int, round_to_integral,
    round_to_sized_integral,
};
pub(crate) use estimate::{
    recip_estimate, recip_estimate_fraction, recip_exponent, rsqrt_estimate,
    rsqrt_estimate_fraction,
};
pub(crate) use number::{DOUBLE, Env, FPCR_BITS, FPSR_BITS, Format, HALF, QC, Rounding, SINGLE};
pub(crate) use select::{compare, compare_eq, compare_ge, compare_gt, max, max_num, min, min_num};
