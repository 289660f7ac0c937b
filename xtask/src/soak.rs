//! `cargo xtask soak --minutes N`: everything that is random, with fresh seeds, in release builds, for a given time.
//!
//! Each row has its share of the time, and runs in rounds whose size follows from how fast the rounds before were. A
//! failure ends its row, not the others.

use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::fuzz_lang;
use crate::setup::{self, LINUX};
use crate::sh::{self, Result};

/// Minutes, unless `--minutes` says otherwise.
const MINUTES: f64 = 20.0;
/// Seconds that a round takes, about: long beside what starting takes, short beside the whole.
const ROUND: f64 = 20.0;

/// How a row is run.
enum Run {
    /// Words for `cargo test --release`, and how it is told the cases.
    Test(&'static [&'static str], Told),
    /// The same under QEMU.
    Emulated(&'static [&'static str], Told),
    /// A task of its own.
    Task(fn(count: u64, seed: u64) -> Result),
}

/// Parts of what is enumerated.
const PARTS: u64 = 100_000;

/// How a test is told how many cases there are to be, and which: by environment variables.
#[derive(Clone, Copy)]
enum Told {
    /// The number of cases and the first seed.
    Numbers { count: &'static str, seed: &'static str },
    /// One part of so many: a case is one of `PARTS` of all.
    Parts { of: &'static str, part: &'static str },
}

/// One kind of random test.
struct Row {
    name: &'static str,
    /// What is counted: the number that is asked for is the number that was tried, or the row fails.
    unit: &'static str,
    /// Parts of the time.
    share: u32,
    /// Cases of the first round.
    first: u64,
    run: Run,
}

/// `testkit::seeds`.
const SEEDS: Told = Told::Numbers { count: "JITSU_SEEDS", seed: "JITSU_FIRST_SEED" };
/// `testkit::cases`.
const CASES: Told = Told::Numbers { count: "PROPTEST_CASES", seed: "PROPTEST_RNG_SEED" };

const ROWS: &[Row] = &[
    Row {
        name: "modules",
        unit: "random modules on every engine at every level",
        share: 6,
        first: 500,
        run: Run::Test(&["-p", "driver", "--test", "random"], SEEDS),
    },
    Row {
        name: "modules-qemu",
        unit: "of them as ARM64 under QEMU",
        share: 3,
        first: 50,
        run: Run::Emulated(&["-p", "driver", "--test", "random"], SEEDS),
    },
    Row {
        name: "programs",
        unit: "random programs against rustc",
        share: 4,
        first: 100,
        run: Run::Task(fuzz_lang::soak),
    },
    Row {
        name: "pairs",
        unit: "hundred-thousandths of all pairs of operations, and more of those that stand alone for a rule",
        share: 3,
        first: 1,
        run: Run::Test(
            &["-p", "opt", "--test", "pairs"],
            Told::Parts { of: "JITSU_PAIRS", part: "JITSU_PAIRS_PART" },
        ),
    },
    Row {
        name: "passes",
        unit: "random functions through each pass and all, three tests each",
        share: 3,
        first: 500,
        run: Run::Test(&["-p", "opt", "--test", "random"], CASES),
    },
    Row {
        name: "guards",
        unit: "modules made for what passes must not do, of each kind, through each pass",
        share: 2,
        first: 200,
        run: Run::Test(&["-p", "opt", "--test", "guards"], SEEDS),
    },
    Row {
        name: "guards-engines",
        unit: "of each kind on every engine",
        share: 2,
        first: 100,
        run: Run::Test(&["-p", "driver", "--test", "guards"], SEEDS),
    },
    Row {
        name: "nearly-right",
        unit: "texts, programs and lines that are nearly right, for each fuzz target",
        share: 2,
        first: 1000,
        run: Run::Test(&["-p", "cli", "--test", "fuzz"], SEEDS),
    },
    Row {
        name: "code",
        unit: "random modules compiled by code generation alone",
        share: 1,
        first: 200,
        run: Run::Test(
            &["-p", "codegen", "--test", "differential"],
            Told::Numbers { count: "CODEGEN_SEEDS", seed: "CODEGEN_FIRST" },
        ),
    },
    Row {
        name: "interpreter",
        unit: "random modules on the fast and the slow interpreter",
        share: 1,
        first: 500,
        run: Run::Test(&["-p", "interp", "--test", "random"], CASES),
    },
    Row {
        name: "allocations",
        unit: "random functions allocated and proved",
        share: 2,
        first: 2000,
        run: Run::Test(&["-p", "regalloc", "--test", "random"], SEEDS),
    },
    Row {
        name: "simulator",
        unit: "random instructions against QEMU",
        share: 2,
        first: 100_000,
        run: Run::Emulated(
            &["-p", "arm64-sim", "--test", "second_opinion"],
            Told::Numbers { count: "JITSU_VERIFY_SIM", seed: "JITSU_VERIFY_SEED" },
        ),
    },
];

/// What a row has done.
struct Done {
    cases: u64,
    failure: Option<String>,
}

/// Runs every row for its part of the minutes.
pub(crate) fn run(words: &[String]) -> Result {
    let (minutes, only) = options(words)?;
    let rows: Vec<&Row> =
        ROWS.iter().filter(|row| only.as_deref().is_none_or(|only| only == row.name)).collect();
    if rows.is_empty() {
        let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        return Err(format!("no row is called so; there are {}", names.join(", ")));
    }
    build(&rows)?;
    let start = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Seeds of two runs are far apart, and small enough to be read.
    let seed = now.as_secs() % 1_000_000_000 * 10_000;
    let mut done = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        // What the rows before did not use is for those that come.
        let left = (minutes * 60.0 - start.elapsed().as_secs_f64()).max(1.0);
        let shares: u32 = rows[index..].iter().map(|row| row.share).sum();
        let time = left * f64::from(row.share) / f64::from(shares);
        eprintln!("== {} of {}: {}: {time:.0} s", index + 1, rows.len(), row.name);
        done.push(soak(row, seed, time)?);
    }
    let figures: Vec<String> =
        rows.iter().zip(&done).map(|(row, done)| format!("{} {}", done.cases, row.unit)).collect();
    let failures: Vec<&str> = done.iter().filter_map(|done| done.failure.as_deref()).collect();
    println!(
        "soak: {:.1} minutes, seeds from {seed}: {}; {} failures",
        start.elapsed().as_secs_f64() / 60.0,
        figures.join(", "),
        failures.len()
    );
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Builds everything first, so that the minutes are those of tests.
fn build(rows: &[&Row]) -> Result {
    for row in rows {
        match &row.run {
            Run::Test(..) | Run::Emulated(..) => {
                let mut command = command(row, 0, 0)?;
                // Before the words for the test program.
                let words: Vec<_> = command.get_args().map(|w| w.to_owned()).collect();
                command = sh::cargo(&[]);
                command.args(words.iter().take_while(|word| *word != "--")).arg("--no-run");
                sh::run(command)?;
            }
            Run::Task(_) => {
                sh::run(sh::cargo(&["build", "-q", "--release", "-p", "cli", "--bin", "jitsu"]))?;
            }
        }
    }
    Ok(())
}

/// Rounds of one row until its time is over; at least one.
fn soak(row: &Row, seed: u64, seconds: f64) -> Result<Done> {
    let start = Instant::now();
    let mut done = Done { cases: 0, failure: None };
    let mut count = row.first;
    loop {
        let begun = Instant::now();
        let first = seed.wrapping_add(done.cases);
        let outcome = match &row.run {
            Run::Task(task) => task(count, first),
            _ => quiet(command(row, count, first)?),
        };
        if let Err(error) = outcome {
            let text = format!("{}, {count} cases from seed {first}: {error}", row.name);
            eprintln!("{text}");
            done.failure = Some(text);
            return Ok(done);
        }
        done.cases += count;
        let took = begun.elapsed().as_secs_f64();
        let left = seconds - start.elapsed().as_secs_f64();
        eprintln!("{}: {} so far, {:.0} s left", row.name, done.cases, left.max(0.0));
        if left < took.min(1.0) {
            return Ok(done);
        }
        // At most four times as many: the first rounds say little about how fast it is.
        let wanted = count as f64 * left.min(ROUND) / took.max(0.01);
        count = (wanted as u64).clamp(1, count * 4);
    }
}

/// The command of a round.
fn command(row: &Row, count: u64, first: u64) -> Result<Command> {
    let (words, told, emulated) = match row.run {
        Run::Test(words, told) => (words, told, false),
        Run::Emulated(words, told) => (words, told, true),
        Run::Task(_) => return Err("a task is no command".to_owned()),
    };
    let mut test = sh::cargo(&["test", "-q", "--release"]);
    if emulated {
        test.args(["--target", LINUX]);
        test.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER", setup::runner()?);
    }
    test.args(words);
    match told {
        Told::Numbers { count: name, seed } => {
            test.env(name, count.to_string()).env(seed, first.to_string());
        }
        Told::Parts { of, part } => {
            test.env(of, (PARTS / count.max(1)).to_string()).env(part, first.to_string());
        }
    }
    Ok(test)
}

/// Runs a command and shows what it prints only if it fails.
fn quiet(mut command: Command) -> Result {
    let output = command.output().map_err(|e| format!("cargo did not start: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    // A name that no test has any more would pass for ever.
    let ran = |line: &str| {
        line.strip_prefix("test result: ok. ").is_some_and(|rest| !rest.starts_with("0 passed"))
    };
    if output.status.success() {
        let none = || format!("no test ran\n{text}");
        return text.lines().any(ran).then_some(()).ok_or_else(none);
    }
    Err(format!("{}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

fn options(words: &[String]) -> Result<(f64, Option<String>)> {
    let (mut minutes, mut only) = (MINUTES, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("`{word}` needs a value"))?;
        match word.as_str() {
            "--minutes" => {
                minutes = value.parse().map_err(|_| format!("`{word} {value}`: not a number"))?;
            }
            "--only" => only = Some(value.clone()),
            other => {
                return Err(format!("unknown option `{other}`; known are --minutes N, --only ROW"));
            }
        }
    }
    Ok((minutes, only))
}
