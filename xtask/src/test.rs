//! `cargo xtask test` and `cargo xtask test-aarch64`: what CI runs, as a list of steps.

use std::process::Command;
use std::time::Instant;

use crate::abi;
use crate::builds;
use crate::setup::{self, LINUX, MACOS, RUNNER};
use crate::sh::{self, Result};
use crate::snapshots;
use crate::tidy;
use crate::verify_encodings;

/// A step's name and what it does.
type Step = (&'static str, fn() -> Result);

/// Every step, in the order of what fails fastest.
const STEPS: &[Step] = &[
    ("set-up", || setup::run(&[])),
    ("tidy", || tidy::run(&[])),
    ("format", || sh::run(sh::cargo(&["fmt", "--all", "--check"]))),
    ("clippy", clippy),
    ("host tests", host_tests),
    ("every two operations", enumerations),
    ("planted faults", planted_faults),
    ("encodings against other assemblers", verify_encodings::sample),
    ("calling convention against gcc", abi::sample),
    ("ARM64 tests under QEMU", emulated_tests),
    ("simulator against QEMU", simulator),
    ("snapshots all in use", snapshots::check),
    ("macOS check", || sh::run(sh::cargo(&["check", "-q", "--workspace", "--target", MACOS]))),
    ("features", builds::features),
    ("the oldest Rust", builds::oldest_rust),
    ("an embedder's program", builds::embedder),
    ("documentation", documentation),
];

/// Runs every step and prints the time of each; the first failure ends it.
pub(crate) fn all(_: &[String]) -> Result {
    let start = Instant::now();
    snapshots::forget()?;
    let mut times = Vec::new();
    for (i, (name, step)) in STEPS.iter().enumerate() {
        eprintln!("== {} of {}: {name}", i + 1, STEPS.len());
        let begun = Instant::now();
        step().map_err(|error| format!("step `{name}`: {error}"))?;
        times.push((name, begun.elapsed()));
    }
    eprintln!("== all {} steps passed; seconds of wall time each:", STEPS.len());
    for (name, time) in times {
        eprintln!("{:>8.1}  {name}", time.as_secs_f64());
    }
    eprintln!("{:>8.1}  in all", start.elapsed().as_secs_f64());
    println!("steps: {} passed, 0 failed", STEPS.len());
    Ok(())
}

fn clippy() -> Result {
    sh::run(sh::cargo(&["clippy", "-q", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn host_tests() -> Result {
    sh::run(recording(sh::cargo(&["test", "-q", "--workspace"])))
}

/// The enumerations of pairs and of addresses, and random allocations, of which a debug build can try only a few.
fn enumerations() -> Result {
    let build = ["test", "-q", "--release"];
    let enumerations = ["-p", "opt", "-p", "driver", "--test", "pairs", "--test", "addresses"];
    sh::run(sh::cargo(&[&build[..], &enumerations].concat()))?;
    sh::run(sh::cargo(&[&build[..], &["-p", "regalloc", "--test", "random"]].concat()))
}

/// Ten faults, others with each commit, of those that tests of a debug build on this machine catch, where all tests have
/// just been built and passed.
fn planted_faults() -> Result {
    let words = ["--sample", "10", "--jobs", "1", "--first-only", "--host-only", "--shared"];
    mutants(&words.map(str::to_owned))
}

/// `cargo xtask mutants`: a program of `testkit` plants the faults.
pub(crate) fn mutants(words: &[String]) -> Result {
    let mut plant = sh::cargo(&["run", "-q", "-p", "testkit", "--bin", "mutants", "--"]);
    // Without QEMU, faults that only ARM64 code shows cannot be tried, and their tests say so.
    if let Ok(runner) = setup::runner() {
        plant.env(RUNNER, runner);
    }
    plant.args(words);
    sh::run(plant)
}

/// What runs under QEMU in `cargo xtask test`: where another machine can make a difference. All else is integers, lists
/// and texts, passed on this machine a step before; `cargo xtask test-aarch64` runs it all.
const UNDER_QEMU: &[(&str, &str)] = &[
    ("-p ir --lib", "the definition of float operations uses the host's"),
    (
        "-p interp -p jitmem -p arm64-sim -p driver -p cli --tests",
        "the host's floats and memory; machine code that runs, faults and returns",
    ),
];

/// Tests of these that are left out all the same: long, passed on this machine a step before, and what they compare
/// depends on no machine. `cargo xtask test-aarch64` runs them all.
const HOST_ONLY: &[(&str, &str)] = &[
    ("damaged_texts_get_an_answer", "texts to errors"),
    ("nearly_right_", "the same"),
    ("simulator_not_optimised", "the optimised programs run in the simulator there too"),
    ("planted_", "faults in tests of `reduce` and `bisect`, which compare what the other tests do"),
    ("programs_touch_only_what_is_their_own", "restricted mode, which native code has not"),
    ("random_programs_do_what_rustc_says", "rustc, which is not of that machine"),
    ("by_definition", "the simulator against integers and tables of bytes"),
    ("what_a_deep_call_needed_is_given_back", "the memory of the process, which is QEMU's there"),
    ("pairs_of", "what the simulator runs, which is compared with QEMU instruction by instruction"),
    ("every_access_at_every_address", "the same"),
];

fn emulated_tests() -> Result {
    // One test asks a debugger what it sees of compiled code.
    if let Err(missing) = setup::programs(["gdb-multiarch"], &["gdb-multiarch"]) {
        eprintln!("what debuggers see is left out: {missing}");
    }
    for (packages, reason) in UNDER_QEMU {
        eprintln!("{packages}: {reason}");
        let skipped = HOST_ONLY.iter().flat_map(|(name, _)| ["--skip", name]);
        let words = packages.split(' ').chain(["--"]).chain(skipped);
        aarch64(&words.map(str::to_owned).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// More random instructions than the ARM64 tests have tried.
fn simulator() -> Result {
    let words = ["-p", "arm64-sim", "--test", "second_opinion"].map(str::to_owned);
    let mut test = cross_test(&words)?;
    test.env("JITSU_SEEDS", "30000");
    sh::run(test)
}

/// Cross-builds the tests of every crate but this one and runs them under QEMU.
pub(crate) fn aarch64(words: &[String]) -> Result {
    sh::run(cross_test(words)?)
}

fn cross_test(words: &[String]) -> Result<Command> {
    setup::targets(&[LINUX])?;
    let mut test = sh::cargo(&["test", "-q"]);
    // A package that is asked for is not all of them.
    if !words.iter().take_while(|word| *word != "--").any(|word| word.starts_with("-p")) {
        test.args(["--workspace", "--exclude", "xtask"]);
    }
    test.args(["--profile", "emulated", "--target", LINUX]);
    test.args(words).env(RUNNER, setup::runner()?);
    Ok(recording(test))
}

/// Snapshots may only be compared, and each one that is compared is written down.
fn recording(mut test: Command) -> Command {
    test.env("INSTA_UPDATE", "no").env("INSTA_SNAPSHOT_REFERENCES_FILE", snapshots::references());
    test
}

fn documentation() -> Result {
    let mut doc = sh::cargo(&["doc", "-q", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    sh::run(doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_every_planted_fault_is_found() {
        mutants(&["--check".to_owned()]).unwrap();
    }

    #[test]
    fn every_test_that_is_left_out_exists() {
        for (name, _) in HOST_ONLY {
            let words = ["grep", "-l", "-E", &format!("(fn|mod) {name}"), "--", "*.rs"];
            assert!(sh::output(sh::command("git", &words)).is_ok(), "{name}");
        }
    }
}
