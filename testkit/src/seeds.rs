//! How many random cases a test tries, and which: always the same ones, unless somebody asks for others.

use std::ops::Range;

/// The seeds of a random test: `plain` of them, from 0 on. `JITSU_SEEDS=N` asks for N, `JITSU_FIRST_SEED=S` for those
/// from S on.
#[must_use]
pub fn seeds(plain: u64) -> Range<u64> {
    let first = number("JITSU_FIRST_SEED").unwrap_or(0);
    first..first.saturating_add(number("JITSU_SEEDS").unwrap_or(plain))
}

/// The cases of a property test: `plain` of them, or as many as `PROPTEST_CASES` says, which a configuration with a
/// number of its own would not look at. Which they are is fixed in `.cargo/config.toml`; `PROPTEST_RNG_SEED=S` gives
/// others.
#[must_use]
pub fn cases(plain: u32) -> u32 {
    number("PROPTEST_CASES").and_then(|cases| cases.try_into().ok()).unwrap_or(plain)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
