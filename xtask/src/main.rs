//! Set-up, cross-builds, QEMU runs and CI: a table of tasks.
#![forbid(unsafe_code)]

fn main() {}
