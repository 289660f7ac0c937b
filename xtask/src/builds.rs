//! Steps of `cargo xtask test` that only build: every combination of features that somebody may ask for, the oldest Rust,
//! and the README's program as an embedder has it.

use std::fs;

use crate::setup::BARE;
use crate::sh::{self, Result};

/// Third-party crates that an embedder of `driver` builds at most, with its default features.
const MAX_EMBEDDED_CRATES: usize = 10;

/// Crates with the combinations of features that are checked, as words for cargo. All features together are what the
/// tests are built with, because `cli` asks for them.
const COMBINATIONS: &[&[&str]] = &[
    &["-p", "driver", "--no-default-features"],
    &["-p", "driver", "--no-default-features", "--features", "interpreter"],
    &["-p", "driver", "--no-default-features", "--features", "simulator"],
    &["-p", "driver", "--no-default-features", "--features", "lang"],
    &["-p", "driver"],
    // It has no features; without the standard library it must build all the same.
    &["-p", "arm64-enc", "--target", BARE],
];

/// All of them.
pub(crate) fn run(_: &[String]) -> Result {
    features()?;
    oldest_rust()?;
    embedder()
}

/// Each combination builds without a warning.
pub(crate) fn features() -> Result {
    for words in COMBINATIONS {
        let mut clippy = sh::cargo(&["clippy", "-q"]);
        clippy.args(*words).args(["--", "-D", "warnings"]);
        sh::run(clippy)?;
    }
    Ok(())
}

/// The workspace with the oldest Rust that its manifests name, where that is installed.
pub(crate) fn oldest_rust() -> Result {
    for manifest in ["Cargo.toml", "arm64-enc/Cargo.toml"] {
        let text = fs::read_to_string(sh::root().join(manifest))
            .map_err(|e| format!("cannot read {manifest}: {e}"))?;
        let version = text.lines().find_map(|line| line.strip_prefix("rust-version = "));
        let version = version.ok_or_else(|| format!("{manifest} names no rust-version"))?;
        let version = version.trim_matches('"');
        let installed = sh::output(sh::command("rustup", &["toolchain", "list"]))?;
        let Some(toolchain) = installed.lines().find(|line| line.starts_with(version)) else {
            eprintln!(
                "skipped: `rustup toolchain install {version}` adds the oldest Rust of {manifest}"
            );
            continue;
        };
        let toolchain = toolchain.split_whitespace().next().unwrap_or(toolchain);
        let scope: &[&str] = match manifest.split_once('/') {
            Some((package, _)) => &["-p", package],
            None => &["--workspace"],
        };
        // What another compiler has built is of no use to this one, so it has a folder of its own.
        let mut check =
            sh::command("cargo", &["check", "-q", "--target-dir", "target/oldest-rust"]);
        check.args(scope).env("RUSTUP_TOOLCHAIN", toolchain).env_remove("CARGO");
        sh::run(check)?;
    }
    Ok(())
}

/// The README's program in a project of its own that depends on `driver` alone, and how many crates that builds.
pub(crate) fn embedder() -> Result {
    let read = |name: &str| {
        fs::read_to_string(sh::root().join(name)).map_err(|e| format!("cannot read {name}: {e}"))
    };
    let program = program_of(&read("README.md")?)?.to_owned();
    if program != read("driver/examples/embed.rs")? {
        return Err("README.md and driver/examples/embed.rs are not the same program".to_owned());
    }
    let folder = sh::root().join("target/embedder");
    let manifest = "[package]\nname = \"embedder\"\nedition = \"2024\"\n\n[workspace]\n\n\
                    [dependencies]\ndriver = { path = \"../../driver\" }\n";
    // With its own lock file it would ask for the newest versions of everything.
    let lock = read("Cargo.lock")?;
    let files = [("Cargo.toml", manifest), ("Cargo.lock", &lock), ("src/main.rs", &program)];
    sh::folder(&folder.join("src"))?;
    for (name, text) in files {
        fs::write(folder.join(name), text).map_err(|e| format!("cannot write {name}: {e}"))?;
    }
    let project = "target/embedder/Cargo.toml";
    let words = ["run", "-q", "--target-dir", "target", "--manifest-path", project];
    let said = sh::output(sh::cargo(&words))?;
    if said != "the compiled function says 44\n6 * 7 + 2 = 44\n" {
        return Err(format!("the README's program says\n{said}"));
    }

    let words = ["tree", "-e", "normal,build", "--prefix", "none", "--manifest-path", project];
    let tree = sh::output(sh::cargo(&words))?;
    // Our own crates are shown with their path, and a crate that is shown again is marked.
    let shown = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    let mut names: Vec<&str> = shown.filter(|l| !l.contains('/') && !l.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    eprintln!(
        "an embedder of driver builds {} third-party crates: {}",
        names.len(),
        names.join(", ")
    );
    if names.len() > MAX_EMBEDDED_CRATES {
        return Err(format!("that is more than {MAX_EMBEDDED_CRATES}"));
    }
    Ok(())
}

/// The first program of the README.
fn program_of(readme: &str) -> Result<&str> {
    readme
        .split_once("```rust\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(program, _)| program)
        .ok_or_else(|| "README.md has no block of Rust".to_owned())
}
