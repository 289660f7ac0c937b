//! `cargo xtask verify-sim`: the simulator against the processor of this machine, or QEMU, on random instructions.
//!
//! The comparison is a test of `arm64-sim` that is built for ARM64 and asked for more than its quick sample.

use crate::setup::{self, LINUX};
use crate::sh::{self, Result};

/// Instructions that are compared unless `--count` says otherwise.
const COUNT: &str = "1000000";

/// Instructions of a sample.
const SAMPLE: &str = "30000";

/// A sample for `cargo xtask test`, with the binary that its ARM64 tests have built.
pub(crate) fn sample() -> Result {
    compare(&["--profile", "emulated"], SAMPLE, "1")
}

/// Options: `--count N`, `--seed S`.
pub(crate) fn run(words: &[String]) -> Result {
    let (mut count, mut seed) = (COUNT.to_owned(), "1".to_owned());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let target = match word.as_str() {
            "--count" => &mut count,
            "--seed" => &mut seed,
            "--sample" => return sample(),
            other => return Err(format!("verify-sim has no option `{other}`")),
        };
        let value = words.next().ok_or(format!("{word} needs a number"))?;
        value.parse::<u64>().map_err(|e| format!("{word} {value}: {e}"))?;
        target.clone_from(value);
    }
    compare(&["--release"], &count, &seed)
}

fn compare(profile: &[&str], count: &str, seed: &str) -> Result {
    setup::targets(&[LINUX])?;
    eprintln!(
        "comparing {count} instructions (seed {seed}) with {}",
        setup::runner().unwrap_or_else(|_| "this processor".into())
    );
    let mut test = sh::cargo(&["test", "-q", "-p", "arm64-sim", "--target", LINUX]);
    test.args(profile)
        .args(["--test", "second_opinion", "--", "--nocapture"])
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER", setup::runner()?)
        .env("JITSU_VERIFY_SIM", count)
        .env("JITSU_VERIFY_SEED", seed);
    sh::run(test)
}
