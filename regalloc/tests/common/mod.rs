//! Slow and obvious oracles.

pub(crate) mod dense;
pub(crate) mod execute;
