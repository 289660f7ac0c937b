//! Register allocation over a trait; knows no IR and no instruction set.
#![forbid(unsafe_code)]
