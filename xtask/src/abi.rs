//! `cargo xtask abi`: the calling convention against gcc. Functions of random signatures are called by C and call C, as
//! ARM64 programs under QEMU; `codegen/examples/abi.rs` writes them.

use crate::setup;
use crate::sh::{self, Result};

const GCC: [&str; 1] = ["aarch64-linux-gnu-gcc"];
const PACKAGES: [&str; 2] = ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"];

/// Signatures of one program: gcc takes a second for a hundred.
const BATCH: u64 = 500;

/// What `cargo xtask test` runs.
pub(crate) fn sample() -> Result {
    run(&["--count".to_owned(), BATCH.to_string()])
}

/// `--count N` signatures (3000), from `--seed S` (1) on.
pub(crate) fn run(words: &[String]) -> Result {
    let [count, seed] = sh::numbers(words, [("--count", 3000), ("--seed", 1)])?;
    let [gcc] = setup::programs(GCC, &PACKAGES)?;
    let runner = setup::runner()?;
    let runner: Vec<&str> = runner.split(' ').collect();
    let dir = sh::root().join("target/abi");
    sh::folder(&dir)?;
    let (dir, mut left, mut seed) = (dir.display().to_string(), count, seed);
    while left > 0 {
        let batch = left.min(BATCH);
        let (some, from) = (batch.to_string(), seed.to_string());
        let words = ["run", "-q", "-p", "codegen", "--example", "abi", "--", &dir, &some, &from];
        sh::run(sh::cargo(&words))?;
        let [c, asm, program] = ["abi.c", "abi.s", "abi"].map(|name| format!("{dir}/{name}"));
        // Without optimisation gcc keeps nothing in registers across calls, with it too little to notice.
        sh::run(sh::command(&gcc, &["-O1", "-w", "-static", "-o", &program, &c, &asm]))?;
        let mut run = sh::command(runner[0], &runner[1..]);
        run.arg(&program);
        sh::run(run)?;
        left -= batch;
        seed += 1;
    }
    Ok(())
}
