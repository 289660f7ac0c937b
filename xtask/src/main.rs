//! Set-up, cross-builds, QEMU runs and CI: a table of tasks. `cargo xtask` lists them.
#![forbid(unsafe_code)]

mod abi;
mod builds;
mod rules;
mod setup;
mod sh;
mod snapshots;
mod soak;
mod test;
mod tidy;
mod verify_encodings;

use std::process::ExitCode;

/// What `cargo xtask NAME` does, and what it says about itself.
type Task = (&'static str, fn(&[String]) -> sh::Result, &'static str);

#[rustfmt::skip]
const TASKS: &[Task] = &[
    ("setup", setup::run, "add the rustup targets and get QEMU, with or without root"),
    ("test", test::all,
        "everything CI runs: format, clippy, tidy, host tests, ARM64 tests, macOS check, features, oldest Rust"),
    ("test-aarch64", test::aarch64,
        "cross-build every crate's tests and run them under QEMU; extra words go to `cargo test`"),
    ("tidy", tidy::run, "check the rules of the house that a program can check"),
    ("builds", builds::run,
        "combinations of features, the oldest Rust, and the README's program in a project of its own"),
    ("fuzz-lang", soak::programs, "random programs, rustc against every engine: --count N (100), --seed S (1)"),
    ("mutants", test::mutants,
        "plant small faults one at a time: a test must fall for each; --only FILE[:TEXT], --sample N, --seed S, --jobs N, --limit SECONDS, --first-only, --host-only, --check"),
    ("soak", soak::run, "everything random with fresh seeds in release builds: --minutes N (20), --only ROW"),
    ("verify-encodings", verify_encodings::run,
        "compare words and texts of arm64-enc with LLVM and GNU as; a number: random words per encoding, or --sample"),
    ("rules", rules::run,
        "how often each rule of folding and selection fires on the enumerated pairs; fails on one that never does"),
    ("abi", abi::run,
        "functions of random signatures against gcc, both ways, under QEMU: --count N (3000), --seed S (1)"),
    ("verify-sim", soak::instructions,
        "random instructions, the simulator against QEMU: --count N (1000000), --seed S (1)"),
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let Some((_, run, _)) = TASKS.iter().find(|(task, ..)| *task == name) else {
        let asked = matches!(name.as_str(), "" | "help" | "--help" | "-h");
        if !asked {
            eprintln!("xtask: there is no task `{name}`\n");
        }
        eprintln!("cargo xtask TASK\n");
        for (task, _, help) in TASKS {
            eprintln!("  {task:<18} {help}");
        }
        return ExitCode::from(if asked { 0 } else { 2 });
    };
    match run(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
#[test]
fn every_task_that_a_page_names_exists() {
    for page in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"] {
        let text = std::fs::read_to_string(sh::root().join(page)).unwrap();
        for part in text.split("cargo xtask ").skip(1) {
            let name = part.split(|c: char| c != '-' && !c.is_alphanumeric()).next().unwrap();
            assert!(
                name.is_empty() || TASKS.iter().any(|(task, ..)| *task == name),
                "{page}: {name}"
            );
        }
    }
}
