//! `cargo xtask verify-encodings`: the words and texts of `arm64-enc` against LLVM and GNU as. An example program of the
//! crate compares; here it gets the other assemblers.

use std::path::PathBuf;

use crate::setup;
use crate::sh::{self, Result};

const PROGRAMS: [&str; 3] = ["llvm-mc-19", "aarch64-linux-gnu-as", "aarch64-linux-gnu-objcopy"];

/// Debian's packages of them; the versions that the lists of differences were made with are 19.1 and 2.40.
const PACKAGES: [&str; 2] = ["llvm-19", "binutils-aarch64-linux-gnu"];

/// Compares all words; the first word given replaces the number of random words per encoding.
pub(crate) fn run(words: &[String]) -> Result {
    match words.first().map(String::as_str) {
        Some("--sample") => sample(),
        count => verify(setup::programs(PROGRAMS, &PACKAGES)?, &["full", count.unwrap_or("400")]),
    }
}

/// A few words of each encoding, for `cargo xtask test`, if this machine has the other assemblers or gets them.
pub(crate) fn sample() -> Result {
    match setup::programs(PROGRAMS, &PACKAGES) {
        Ok(programs) => verify(programs, &["sample"]),
        Err(missing) => {
            eprintln!("verify-encodings: left out: {missing}");
            Ok(())
        }
    }
}

fn verify(programs: [PathBuf; 3], numbers: &[&str]) -> Result {
    let words = ["run", "-q", "--release", "-p", "arm64-enc", "--example", "verify", "--"];
    let mut example = sh::cargo(&words);
    example.args(programs).arg(sh::root().join("target/verify-encodings")).args(numbers);
    sh::run(example)
}
