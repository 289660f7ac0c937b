//! From SSA to ARM64 machine code: lowering, AAPCS64, frames, emission.
#![forbid(unsafe_code)]
