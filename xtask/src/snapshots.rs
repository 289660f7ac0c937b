//! Snapshots that no test compares any more: `insta` writes down each one it reads, and the rest are orphans.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::sh::{self, Result};

/// The file in which test runs write down the snapshots they compare.
pub(crate) fn references() -> PathBuf {
    sh::root().join("target/snapshot-references")
}

/// Forgets what earlier runs wrote down.
pub(crate) fn forget() -> Result {
    let file = references();
    sh::folder(&sh::root().join("target"))?;
    std::fs::write(&file, "").map_err(|e| format!("cannot write {}: {e}", file.display()))
}

/// Fails if the repository has a snapshot that no test run since [`forget`] has compared.
pub(crate) fn check() -> Result {
    let file = references();
    let text = std::fs::read_to_string(&file)
        .map_err(|e| format!("cannot read {}: {e}; run `cargo xtask test`", file.display()))?;
    let real = |path: &str| std::fs::canonicalize(sh::root().join(path)).ok();
    let used: BTreeSet<PathBuf> = text.lines().filter_map(real).collect();
    let tracked = sh::output(sh::command("git", &["ls-files", "*.snap"]))?;
    let orphans: Vec<&str> =
        tracked.lines().filter(|path| real(path).is_some_and(|p| !used.contains(&p))).collect();
    eprintln!(
        "{} snapshots, {} of them not compared by any test",
        tracked.lines().count(),
        orphans.len()
    );
    if orphans.is_empty() {
        Ok(())
    } else {
        Err(format!("delete the snapshots that no test compares:\n  {}", orphans.join("\n  ")))
    }
}
