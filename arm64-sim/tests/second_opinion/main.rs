//! The simulator against the processor that the test runs on, or QEMU: random instructions with random registers and
//! memory, executed by both, must leave the same registers, flags and memory. On other hosts there is nothing to do.
//!
//! `JITSU_SEEDS=N` asks for N instructions instead of a quick sample; `cargo xtask verify-sim` sets it.

#[cfg(target_arch = "aarch64")]
mod compare;
#[cfg(target_arch = "aarch64")]
mod generate;
#[cfg(target_arch = "aarch64")]
mod native;

#[test]
fn the_processor_agrees() {
    #[cfg(target_arch = "aarch64")]
    compare::run();
    #[cfg(not(target_arch = "aarch64"))]
    println!("skipped: this is no ARM64 machine; `cargo xtask verify-sim` runs it under QEMU");
}
