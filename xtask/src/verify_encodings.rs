//! `cargo xtask verify-encodings`: the words and texts of `arm64-enc` against LLVM and GNU as. An example program of the
//! crate compares; here it gets the other assemblers.

use std::path::PathBuf;

use crate::setup;
use crate::sh::{self, Result};

/// Debian's packages; the versions that the lists of differences were made with are 19.1 and 2.40.
const PACKAGES: [&str; 2] = ["llvm-19", "binutils-aarch64-linux-gnu"];

/// Compares all words; the first word given replaces the number of random words per encoding.
pub(crate) fn run(words: &[String]) -> Result {
    match words.first().map(String::as_str) {
        Some("--sample") => sample(),
        count => verify(find_or_install()?, &["full", count.unwrap_or("400")]),
    }
}

/// A few words of each encoding, for `cargo xtask test`, if this machine has the other assemblers or gets them.
pub(crate) fn sample() -> Result {
    match find_or_install() {
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

/// Finds LLVM's assembler, GNU's and its `objcopy`; installs the packages if they are missing and this is root on Debian.
fn find_or_install() -> Result<[PathBuf; 3]> {
    if find().is_none() && sh::find_program("apt-get").is_some() {
        // A failure shows below, with what to do about it.
        let _ = setup::install(&PACKAGES);
    }
    find().ok_or_else(|| {
        format!(
            "LLVM 19 or GNU as for ARM64 is missing; on Debian or Ubuntu: `apt-get install {}`",
            PACKAGES.join(" ")
        )
    })
}

fn find() -> Option<[PathBuf; 3]> {
    let own = PathBuf::from("/usr/lib/llvm-19/bin/llvm-mc");
    let llvm = sh::find_program("llvm-mc-19").or_else(|| own.is_file().then_some(own))?;
    let [gnu_as, objcopy] = ["aarch64-linux-gnu-as", "aarch64-linux-gnu-objcopy"];
    Some([llvm, sh::find_program(gnu_as)?, sh::find_program(objcopy)?])
}
