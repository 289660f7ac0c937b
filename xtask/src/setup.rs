//! `cargo xtask setup`: the rustup targets, and QEMU to run ARM64 programs on another host.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::sh::{self, Result};

/// Static ARM64 Linux programs, linked without a cross compiler.
pub(crate) const LINUX: &str = "aarch64-unknown-linux-musl";
/// The variable that tells cargo what runs them.
pub(crate) const RUNNER: &str = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER";
/// Checked, not linked: keeps the macOS code honest.
pub(crate) const MACOS: &str = "aarch64-apple-darwin";
/// No operating system: proves that `arm64-enc` needs none.
pub(crate) const BARE: &str = "aarch64-unknown-none";

/// Debian's name of the program and of the package that has it.
const QEMU: &str = "qemu-aarch64-static";
const QEMU_PACKAGE: &str = "qemu-user-static";

/// Gets everything that the other tasks need; does nothing that is done already.
pub(crate) fn run(_: &[String]) -> Result {
    targets(&[LINUX, MACOS, BARE])?;
    let qemu = runner()?;
    eprintln!("setup: ready; ARM64 programs run with `{qemu}`");
    Ok(())
}

/// Adds the rustup targets that are missing.
pub(crate) fn targets(wanted: &[&str]) -> Result {
    if sh::find_program("rustup").is_none() {
        eprintln!("setup: there is no rustup; {} must come with your Rust", wanted.join(", "));
        return Ok(());
    }
    let installed = sh::output(sh::command("rustup", &["target", "list", "--installed"]))?;
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|target| !installed.lines().any(|l| l == *target)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut words = vec!["target", "add"];
    words.extend(missing);
    sh::run(sh::command("rustup", &words))
}

/// The command that runs an ARM64 Linux program on this host, got if it is missing.
pub(crate) fn runner() -> Result<String> {
    if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
        // Nothing to emulate: `env PROGRAM` is the program itself.
        return Ok("env".to_owned());
    }
    let qemu = match find_qemu() {
        Some(qemu) => qemu,
        None => {
            get_qemu()?;
            find_qemu().ok_or_else(missing_qemu)?
        }
    };
    // `max`: every feature that this QEMU knows, BTI and pointer authentication among them.
    Ok(format!("{} -cpu max", qemu.display()))
}

fn find_qemu() -> Option<PathBuf> {
    let own = own_qemu_dir().join("usr/bin").join(QEMU);
    sh::find_program(QEMU)
        .or_else(|| sh::find_program("qemu-aarch64"))
        .or_else(|| own.is_file().then_some(own))
}

/// Where QEMU is unpacked without root.
fn own_qemu_dir() -> PathBuf {
    sh::root().join("target/qemu")
}

fn apt(words: &[&str]) -> Command {
    let mut command = sh::command("apt-get", words);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    command
}

/// Where these programs are; installs the packages that have them if one is missing.
pub(crate) fn programs<const N: usize>(
    names: [&str; N],
    packages: &[&str],
) -> Result<[PathBuf; N]> {
    let find =
        || names.iter().filter_map(|name| sh::find_program(name)).collect::<Vec<_>>().try_into();
    if let Ok(found) = find() {
        return Ok(found);
    }
    if sh::find_program("apt-get").is_some() {
        // A failure shows below, with what to do about it.
        let _ = install(packages);
    }
    find().map_err(|_| {
        format!(
            "one of {} is missing; on Debian or Ubuntu: `apt-get install {}`",
            names.join(", "),
            packages.join(" ")
        )
    })
}

/// Installs packages, as root on Debian and its kin.
fn install(packages: &[&str]) -> Result {
    // The package list may be missing or old; an old one is good enough if the update fails.
    let _ = sh::run(apt(&["-qq", "update"]));
    let words = ["-qq", "install", "-y", "--no-install-recommends"];
    sh::run(apt(&[&words[..], packages].concat()))
}

fn get_qemu() -> Result {
    if sh::find_program("apt-get").is_none() {
        return Err(missing_qemu());
    }
    if sh::output(sh::command("id", &["-u"]))?.trim() == "0" {
        return install(&[QEMU_PACKAGE]);
    }
    let dir = own_qemu_dir();
    sh::folder(&dir)?;
    let mut download = apt(&["-qq", "download", QEMU_PACKAGE]);
    download.current_dir(&dir);
    sh::run(download).map_err(|_| missing_qemu())?;
    let package = std::fs::read_dir(&dir)
        .map_err(|e| format!("cannot read {}: {e}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ext| ext == "deb"))
        .ok_or_else(missing_qemu)?;
    let mut unpack = sh::command("dpkg", &["-x"]);
    unpack.arg(&package).arg(&dir);
    sh::run(unpack)
}

fn missing_qemu() -> String {
    format!(
        "QEMU's user-mode emulator for ARM64 is missing. Install it so that `{QEMU}` or `qemu-aarch64` is on the \
         PATH (Debian, Ubuntu: `apt-get install {QEMU_PACKAGE}`; Fedora: `dnf install qemu-user-static-aarch64`; \
         Arch: `pacman -S qemu-user-static`), then run `cargo xtask setup` again"
    )
}
