//! `cargo xtask fuzz-lang --count N [--seed S]`: random programs of the source language, with rustc as the oracle.
//!
//! Programs come in batches. rustc builds a batch with a `main` that calls each program and prints its result or its
//! panic (debug assertions off: arithmetic wraps); the answers become `// run:` and `// trap:` lines of the same file,
//! and `jitsu test` checks them on every engine at every level.

mod generate;
mod rng;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::sh::{self, Result};

/// Programs in one file: enough to hide rustc's start-up, few enough to look at.
const BATCH: u64 = 100;

/// What rustc's panics are called here.
const PANICS: &[(&str, &str)] = &[
    ("attempt to divide by zero", "division_by_zero"),
    ("attempt to calculate the remainder with a divisor of zero", "division_by_zero"),
    ("attempt to divide with overflow", "integer_overflow"),
    ("attempt to calculate the remainder with overflow", "integer_overflow"),
    ("index out of bounds", "index_out_of_bounds"),
    ("out of range for slice", "index_out_of_bounds"),
    ("slice index starts at", "index_out_of_bounds"),
];

/// The part of the oracle's program that calls each program and prints what comes out.
const HARNESS: &str = r#"
fn report(name: &str, program: fn() -> u64) {
    match std::panic::catch_unwind(program) {
        Ok(value) => println!("{name} == {value}"),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            println!("{name} trap {}", text.unwrap_or_default());
        }
    }
}
"#;

/// Makes, runs and compares as many programs as the words ask for.
pub(crate) fn run(words: &[String]) -> Result {
    let (count, seed) = options(words)?;
    sh::run(sh::cargo(&["build", "-q", "--release", "-p", "cli", "--bin", "jitsu"]))?;
    compare("release", count, seed)
}

/// A hundred programs with the binary that the host tests have built anyway.
pub(crate) fn sample() -> Result {
    sh::run(sh::cargo(&["build", "-q", "-p", "cli", "--bin", "jitsu"]))?;
    compare("debug", 100, 1)
}

/// A round of `cargo xtask soak`, which has built `jitsu` already.
pub(crate) fn soak(count: u64, seed: u64) -> Result {
    compare("release", count, seed)
}

fn compare(profile: &str, count: u64, seed: u64) -> Result {
    let dir = sh::root().join("target/fuzz-lang");
    fs::create_dir_all(&dir).map_err(|e| format!("cannot create {}: {e}", dir.display()))?;
    let start = Instant::now();
    let (mut done, mut traps, mut lines) = (0, 0, 0);
    while done < count {
        let size = BATCH.min(count - done);
        let first = seed.wrapping_add(done);
        let programs: Vec<String> =
            (0..size).map(|i| generate::program(first.wrapping_add(i))).collect();
        let answers = ask_rustc(&dir, &programs)?;
        let (trapped, file) = write_tests(&dir, first, &programs, &answers)?;
        check(profile, &file, programs.len())?;
        done += size;
        traps += trapped;
        lines += programs.iter().map(|p| p.lines().count()).sum::<usize>();
        eprintln!(
            "fuzz-lang: {done} of {count} programs ({lines} lines, {traps} trap), {:.0} s, 0 differences",
            start.elapsed().as_secs_f64()
        );
    }
    println!("{done} programs from seed {seed}: rustc and every engine agree, 0 differences");
    Ok(())
}

fn options(words: &[String]) -> Result<(u64, u64)> {
    let (mut count, mut seed) = (100, 1);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let slot = match word.as_str() {
            "--count" => &mut count,
            "--seed" => &mut seed,
            other => {
                return Err(format!("unknown option `{other}`; known are --count N and --seed S"));
            }
        };
        let value = words.next().ok_or(format!("`{word}` needs a number"))?;
        *slot = value.parse().map_err(|_| format!("`{word} {value}`: not a number"))?;
    }
    Ok((count, seed))
}

/// What rustc's build of each program does: the right-hand side of a `run` line, or the kind of its trap.
enum Answer {
    Value(String),
    Trap(&'static str),
}

fn ask_rustc(dir: &Path, programs: &[String]) -> Result<Vec<Answer>> {
    let mut text = String::from(generate::ATTRIBUTES);
    for (i, program) in programs.iter().enumerate() {
        let _ =
            writeln!(text, "mod m{i} {{\n{}\n}}", program.replace("fn program", "pub fn program"));
    }
    text.push_str(HARNESS);
    text.push_str("fn main() {\n    std::panic::set_hook(Box::new(|_| {}));\n");
    for i in 0..programs.len() {
        let _ = writeln!(text, "    report(\"{i}\", m{i}::program);");
    }
    text.push_str("}\n");
    let (source, binary) = (dir.join("oracle.rs"), dir.join("oracle"));
    write(&source, &text)?;
    let mut rustc = sh::command("rustc", &["--edition", "2024", "-C", "opt-level=1", "-o"]);
    rustc.arg(&binary).arg(&source);
    sh::output(rustc)?;
    let printed = sh::output(sh::command(&binary, &[]))?;
    let answers: Vec<Answer> = printed.lines().map(answer).collect::<Result<_>>()?;
    if answers.len() == programs.len() {
        Ok(answers)
    } else {
        Err(format!(
            "{} answered {} of {} programs",
            binary.display(),
            answers.len(),
            programs.len()
        ))
    }
}

fn answer(line: &str) -> Result<Answer> {
    let words = line.split_once(' ').map(|(_, rest)| rest).unwrap_or_default();
    if let Some(value) = words.strip_prefix("== ") {
        return Ok(Answer::Value(value.to_owned()));
    }
    let panic = words.strip_prefix("trap ").unwrap_or_default();
    PANICS
        .iter()
        .find(|(text, _)| panic.contains(text))
        .map(|(_, kind)| Answer::Trap(kind))
        .ok_or(format!("the oracle said `{line}`, which is no panic that is known here"))
}

/// Writes one test file: every program under its own name, with what rustc's build of it does.
fn write_tests(
    dir: &Path,
    first: u64,
    programs: &[String],
    answers: &[Answer],
) -> Result<(usize, PathBuf)> {
    let mut text = String::from(generate::ATTRIBUTES);
    let mut trapped = 0;
    for (i, (program, answer)) in programs.iter().zip(answers).enumerate() {
        let name = format!("p{}_", first.wrapping_add(i as u64));
        match answer {
            Answer::Value(value) => {
                let _ = writeln!(text, "// run: @{name}program() == {value}");
            }
            Answer::Trap(kind) => {
                let _ = writeln!(text, "// run: @{name}program()\n// trap: {kind}");
                trapped += 1;
            }
        }
        text.push_str(
            &program
                .replace("HELPER_", &format!("{name}helper"))
                .replace("fn program", &format!("fn {name}program")),
        );
    }
    // Every other batch has the ends of lines of another system.
    if first / BATCH % 2 == 1 {
        text = text.replace('\n', "\r\n");
    }
    let file = dir.join("batch.rs");
    write(&file, &text)?;
    Ok((trapped, file))
}

/// Engines and levels that must have run every program, at least.
const MIN_ENGINES: usize = 3;

fn check(profile: &str, file: &Path, programs: usize) -> Result {
    let jitsu = sh::root().join("target").join(profile).join("jitsu");
    let mut test = sh::command(jitsu, &["test"]);
    test.arg(file);
    let output = test.output().map_err(|e| format!("jitsu did not start: {e}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    // Silence would agree with everything: each engine must say that it ran them all.
    let all = format!(" {programs} calls as expected");
    let engines = printed.lines().filter(|line| line.ends_with(&all)).count();
    if output.status.success() && engines >= MIN_ENGINES {
        return Ok(());
    }
    let kept = file.with_file_name("failure.rs");
    let _ = fs::copy(file, &kept);
    Err(format!(
        "`jitsu test` disagrees with rustc, or ran less than it should; the file is {}\n{printed}{}",
        kept.display(),
        String::from_utf8_lossy(&output.stderr)
    ))
}

fn write(file: &Path, text: &str) -> Result {
    fs::write(file, text).map_err(|e| format!("cannot write {}: {e}", file.display()))
}
