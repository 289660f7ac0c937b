//! Set-up, cross-builds, QEMU runs and CI: a table of tasks. `cargo xtask` lists them.
#![forbid(unsafe_code)]

mod abi;
mod builds;
mod mutants;
mod rules;
mod setup;
mod sh;
mod snapshots;
mod soak;
mod test;
mod tidy;
mod verify_encodings;

use std::process::ExitCode;

/// One row of the table: what `cargo xtask NAME` does.
struct Task {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> sh::Result,
}

const TASKS: &[Task] = &[
    Task {
        name: "setup",
        help: "add the rustup targets and get QEMU, with or without root",
        run: setup::run,
    },
    Task {
        name: "test",
        help: "everything CI runs: format, clippy, tidy, host tests, ARM64 tests, macOS check, features, oldest Rust",
        run: test::all,
    },
    Task {
        name: "test-aarch64",
        help: "cross-build every crate's tests and run them under QEMU; extra words go to `cargo test`",
        run: test::aarch64,
    },
    Task {
        name: "tidy",
        help: "check the rules of the house that a program can check",
        run: tidy::run,
    },
    Task {
        name: "builds",
        help: "combinations of features, the oldest Rust, and the README's program in a project of its own",
        run: builds::run,
    },
    Task {
        name: "fuzz-lang",
        help: "random programs, rustc against every engine: --count N (100), --seed S (1)",
        run: soak::programs,
    },
    Task {
        name: "mutants",
        help: "plant small faults one at a time: a test must fall for each; --only FILE[:TEXT], --sample N, --seed S, --jobs N, --limit SECONDS, --first-only, --host-only, --check",
        run: mutants::run,
    },
    Task {
        name: "soak",
        help: "everything random with fresh seeds in release builds: --minutes N (20), --only ROW",
        run: soak::run,
    },
    Task {
        name: "verify-encodings",
        help: "compare words and texts of arm64-enc with LLVM and GNU as; a number: random words per encoding, or --sample",
        run: verify_encodings::run,
    },
    Task {
        name: "rules",
        help: "how often each rule of folding and selection fires on the enumerated pairs; fails on one that never does",
        run: rules::run,
    },
    Task {
        name: "abi",
        help: "functions of random signatures against gcc, both ways, under QEMU: --count N (3000), --seed S (1)",
        run: abi::run,
    },
    Task {
        name: "verify-sim",
        help: "random instructions, the simulator against QEMU: --count N (1000000), --seed S (1)",
        run: soak::instructions,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        if !matches!(name.as_str(), "" | "help" | "--help" | "-h") {
            eprintln!("xtask: there is no task `{name}`\n");
        }
        eprintln!("cargo xtask TASK\n");
        for task in TASKS {
            eprintln!("  {:<18} {}", task.name, task.help);
        }
        return if name.is_empty() || name.contains("help") || name == "-h" {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    };
    match (task.run)(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error}");
            ExitCode::FAILURE
        }
    }
}
