//! `cargo xtask soak --minutes N`: everything that is random, with fresh seeds, in release builds, for a given time.
//!
//! Each row has its share of the time, and runs in rounds whose size follows from how fast the rounds before were. A
//! failure ends its row, not the others. `fuzz-lang` and `verify-sim` are single rounds of a row.

use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::setup::{self, LINUX};
use crate::sh::{self, Result};

/// Minutes, unless `--minutes` says otherwise.
const MINUTES: f64 = 20.0;
/// Seconds that a round takes, about: long beside what starting takes, short beside the whole.
const ROUND: f64 = 20.0;

/// Parts of what is enumerated.
const PARTS: u64 = 100_000;

/// How a test is told how many cases there are to be, and which: by environment variables.
#[derive(Clone, Copy)]
enum Told {
    /// `testkit::seeds`.
    Seeds,
    /// `testkit::cases`.
    Cases,
    /// One part of so many: a case is one of `PARTS` of all.
    Parts,
}
use Told::{Cases, Parts, Seeds};

type Text = &'static str;

/// One kind of random test.
struct Row {
    name: Text,
    /// Parts of the time.
    share: u32,
    /// Cases of the first round.
    first: u64,
    told: Told,
    /// A package and words for `cargo test`, with `qemu` in front if it runs as ARM64.
    test: Text,
    /// What is counted: the number that is asked for is the number that was tried, or the row fails.
    unit: Text,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("modules", 6, 500, Seeds, "driver --test random", "random modules on every engine at every level"),
    row("modules-qemu", 3, 50, Seeds, "qemu driver --test random", "of them as ARM64 under QEMU"),
    row("programs", 4, 100, Seeds, "cli --test rustc", "random programs against rustc"),
    row("pairs", 3, 1, Parts, "opt --test pairs",
        "hundred-thousandths of all pairs of operations, and more of those that stand alone for a rule"),
    row("passes", 3, 500, Cases, "opt --test random", "random functions through each pass and all, three tests each"),
    row("guards", 2, 200, Seeds, "opt --test guards",
        "modules made for what passes must not do, of each kind, through each pass"),
    row("guards-engines", 2, 100, Seeds, "driver --test guards", "of each kind on every engine"),
    row("nearly-right", 2, 1000, Seeds, "cli --test fuzz",
        "texts, programs and lines that are nearly right, for each fuzz target"),
    row("code", 1, 200, Seeds, "codegen --test differential", "random modules compiled by code generation alone"),
    row("interpreter", 1, 500, Cases, "interp --test random", "random modules on the fast and the slow interpreter"),
    row("allocations", 2, 2000, Seeds, "regalloc --test random", "random functions allocated and proved"),
    row("simulator", 2, 100_000, Seeds, "qemu arm64-sim --test second_opinion", "random instructions against QEMU"),
];

const fn row(name: Text, share: u32, first: u64, told: Told, test: Text, unit: Text) -> Row {
    Row { name, share, first, told, test, unit }
}

/// One round of a row, with `--count N` and `--seed S` in the words.
fn once(name: &str, words: &[String], count: u64) -> Result {
    let [count, seed] = sh::numbers(words, [("--count", count), ("--seed", 1)])?;
    let row = ROWS.iter().find(|row| row.name == name).ok_or("no such row")?;
    let mut test = command(row, count, seed)?;
    test.args(["--", "--nocapture"]);
    sh::run(test)
}

/// `cargo xtask fuzz-lang`: random programs of the source language against rustc.
pub(crate) fn programs(words: &[String]) -> Result {
    once("programs", words, 100)
}

/// `cargo xtask verify-sim`: random instructions, the simulator against QEMU or the processor of this machine.
pub(crate) fn instructions(words: &[String]) -> Result {
    once("simulator", words, 1_000_000)
}

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
    // Everything is built first, so that the minutes are those of tests.
    for row in &rows {
        let mut build = command(row, 0, 0)?;
        build.arg("--no-run");
        sh::run(build)?;
    }
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

/// Rounds of one row until its time is over; at least one.
fn soak(row: &Row, seed: u64, seconds: f64) -> Result<Done> {
    let start = Instant::now();
    let mut done = Done { cases: 0, failure: None };
    let mut count = row.first;
    loop {
        let begun = Instant::now();
        let first = seed.wrapping_add(done.cases);
        if let Err(error) = quiet(command(row, count, first)?) {
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
    let mut test = sh::cargo(&["test", "-q", "--release"]);
    let host = row.test.strip_prefix("qemu ");
    if host.is_some() {
        test.args(["--target", LINUX]);
        test.env(setup::RUNNER, setup::runner()?);
    }
    test.arg("-p").args(host.unwrap_or(row.test).split(' '));
    let (names, count) = match row.told {
        Seeds => (["JITSU_SEEDS", "JITSU_FIRST_SEED"], count),
        Cases => (["PROPTEST_CASES", "PROPTEST_RNG_SEED"], count),
        Parts => (["JITSU_PAIRS", "JITSU_PAIRS_PART"], PARTS / count.max(1)),
    };
    test.env(names[0], count.to_string()).env(names[1], first.to_string());
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
    for pair in words.chunks(2) {
        match (pair[0].as_str(), pair.get(1)) {
            ("--only", Some(name)) => only = Some(name.clone()),
            ("--minutes", Some(text)) => {
                minutes = text.parse().map_err(|_| format!("`{text}`: not a number"))?;
            }
            _ => return Err("known are --minutes N and --only ROW".to_owned()),
        }
    }
    Ok((minutes, only))
}
