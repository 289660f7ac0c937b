//! The `jitsu` program.
#![forbid(unsafe_code)]

fn main() {}
