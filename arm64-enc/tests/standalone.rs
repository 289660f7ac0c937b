//! A crate outside the workspace compiles with this one as its only dependency, for the host and for bare metal.
//!
//! It needs cargo, so it runs where the tests are built: not in cross-built tests under an emulator.
#![cfg(not(target_env = "musl"))]

use std::path::Path;
use std::process::Command;

fn check(target: Option<&str>) -> Result<(), String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--offline", "--manifest-path"])
        .arg(here.join("tests/standalone/Cargo.toml"));
    cargo.arg("--target-dir").arg(here.join("../target/standalone"));
    if let Some(target) = target {
        cargo.args(["--target", target]);
    }
    let output = cargo.output().map_err(|e| format!("cargo did not start: {e}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn compiles_for_the_host() {
    if let Err(error) = check(None) {
        panic!("{error}");
    }
}

#[test]
fn compiles_for_bare_metal() {
    match check(Some("aarch64-unknown-none")) {
        Ok(()) => {}
        // Not installed: `cargo xtask setup` adds it.
        Err(error) if error.contains("target may not be installed") => {
            println!("skipped: the target aarch64-unknown-none is not installed");
        }
        Err(error) => panic!("{error}"),
    }
}
