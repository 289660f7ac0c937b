//! Functions to test with, and slow and obvious oracles.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod dense;
pub(crate) mod execute;
pub(crate) mod testing;
