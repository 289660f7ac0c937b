//! A crate outside the workspace compiles with this one as its only dependency, for the host and for bare metal.
//!
//! It needs cargo, so it runs where the tests are built: not in cross-built tests under an emulator.
#![cfg(not(target_env = "musl"))]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

const LIBRARY: &str = "\
#![no_std]
use arm64_enc::{AsmError, Assembler, Branch, BranchReg, Code, Inst, LR, Size, X0};

pub fn constant(value: u64) -> Result<Code, AsmError> {
    let mut asm = Assembler::new();
    asm.mov_imm(X0, Size::X, value);
    asm.push(Branch::Reg { op: BranchReg::Ret, rn: LR });
    asm.finish()
}

pub fn is_known(word: u32) -> bool {
    Inst::decode(word).is_some()
}
";

/// Writes the crate and returns its folder.
fn write_crate() -> io::Result<PathBuf> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standalone");
    fs::create_dir_all(dir.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"standalone\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         arm64-enc = {{ path = {:?} }}\n",
        env!("CARGO_MANIFEST_DIR")
    );
    fs::write(dir.join("Cargo.toml"), manifest)?;
    fs::write(dir.join("src/lib.rs"), LIBRARY)?;
    Ok(dir)
}

#[test]
fn compiles_for_the_host_and_for_bare_metal() {
    let dir = write_crate().unwrap_or_else(|error| panic!("cannot write the crate: {error}"));
    for target in [None, Some("aarch64-unknown-none")] {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["check", "--quiet", "--offline"]).current_dir(&dir);
        cargo.arg("--target-dir").arg(dir.join("target"));
        cargo.args(target.map(|target| format!("--target={target}")));
        let output = cargo.output().unwrap_or_else(|error| panic!("cargo did not start: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        // The bare target is added by `cargo xtask setup`.
        if errors.contains("target may not be installed") {
            println!("skipped: the target {} is not installed", target.unwrap_or_default());
        } else {
            assert!(output.status.success(), "{errors}");
        }
    }
}
