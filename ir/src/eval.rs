//! What every pure operation means.

/// The bits of the NaN that an operation on numbers gives, as AArch64 has it with FPCR.DN of no effect.
pub const F32_DEFAULT_NAN: u64 = 0x7fc0_0000;
/// The bits of the NaN that an operation on numbers gives, in `f64`.
pub const F64_DEFAULT_NAN: u64 = 0x7ff8_0000_0000_0000;
