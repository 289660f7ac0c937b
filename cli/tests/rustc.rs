//! Random programs of the source language, with rustc as the oracle.
//!
//! Programs come in batches. rustc builds a batch with a `main` that calls each program and prints its result or its
//! panic (debug assertions off: arithmetic wraps); the answers become `// run:` and `// trap:` lines of a text test, which
//! runs on every engine at every level.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use cli::filetest;
use driver::Configuration;
use testkit::program::{ATTRIBUTES, program};

/// Programs in one file: enough to hide rustc's start-up, few enough to look at.
const BATCH: usize = 50;

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
fn report(program: fn() -> u64) {
    match std::panic::catch_unwind(program) {
        Ok(value) => println!("== {value}"),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            println!("trap {}", text.unwrap_or_default());
        }
    }
}
"#;

#[test]
fn random_programs_do_what_rustc_says() {
    if Command::new("rustc").arg("--version").output().is_err() {
        eprintln!("skipped: there is no rustc here");
        return;
    }
    let seeds: Vec<u64> = testkit::seeds(100).collect();
    let batches: Vec<&[u64]> = seeds.chunks(BATCH).collect();
    let traps: Vec<usize> = testkit::in_parallel(|thread, threads| {
        let own = batches.iter().skip(thread as usize).step_by(threads as usize);
        own.map(|batch| check(batch)).sum()
    });
    let traps: usize = traps.iter().sum();
    println!("{} programs, {traps} of them trap: rustc and every engine agree", seeds.len());
}

/// Compares a batch; how many programs trap.
fn check(seeds: &[u64]) -> usize {
    let programs: Vec<String> = seeds.iter().map(|&seed| program(seed)).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rustc-{}", seeds[0]));
    std::fs::create_dir_all(&folder).unwrap();
    let answers = ask_rustc(&folder, &programs);
    let (text, configurations) = (test(seeds, &programs, &answers), Configuration::all());
    let report = filetest::run(&text, "batch.rs", &configurations);
    // Silence would agree with everything: each engine must have run them all.
    let all = vec![seeds.len(); configurations.len()];
    if report.passed != all || !report.failures.is_empty() {
        let kept = folder.join("failure.rs");
        std::fs::write(&kept, text).unwrap();
        panic!(
            "{}: {:?} of {} passed, {:#?}",
            kept.display(),
            report.passed,
            all[0],
            report.failures
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
    answers.iter().filter(|answer| !answer.starts_with("== ")).count()
}

/// What rustc's build of each program does: `== VALUE`, or `trap MESSAGE`.
fn ask_rustc(folder: &Path, programs: &[String]) -> Vec<String> {
    let (mut text, mut calls) = (String::from(ATTRIBUTES), String::new());
    for (i, program) in programs.iter().enumerate() {
        let program = program.replace("fn program", "pub fn program");
        let _ = writeln!(text, "mod m{i} {{\n{program}\n}}");
        let _ = writeln!(calls, "    report(m{i}::program);");
    }
    let main = format!("fn main() {{\n    std::panic::set_hook(Box::new(|_| {{}}));\n{calls}}}\n");
    let (source, binary) = (folder.join("oracle.rs"), folder.join("oracle"));
    std::fs::write(&source, text + HARNESS + &main).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-C", "opt-level=1", "-o"]).arg(&binary).arg(&source);
    succeed(&mut rustc);
    let printed = succeed(&mut Command::new(&binary)).stdout;
    let answers: Vec<String> =
        String::from_utf8(printed).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), programs.len(), "{}", source.display());
    answers
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A text test: every program under a name of its own, with what rustc's build of it does.
fn test(seeds: &[u64], programs: &[String], answers: &[String]) -> String {
    let mut text = String::from(ATTRIBUTES);
    for ((seed, program), answer) in seeds.iter().zip(programs).zip(answers) {
        let name = format!("p{seed}_");
        let _ = match answer.strip_prefix("trap ") {
            None => writeln!(text, "// run: @{name}program() {answer}"),
            Some(panic) => {
                let kind = PANICS.iter().find(|(text, _)| panic.contains(text));
                let kind = kind.unwrap_or_else(|| panic!("seed {seed}: unknown panic `{panic}`")).1;
                writeln!(text, "// run: @{name}program()\n// trap: {kind}")
            }
        };
        text += &program
            .replace("HELPER_", &format!("{name}helper"))
            .replace("fn program", &format!("fn {name}program"));
    }
    // Every other batch has the ends of lines of another system.
    if seeds[0] / BATCH as u64 % 2 == 1 { text.replace('\n', "\r\n") } else { text }
}
