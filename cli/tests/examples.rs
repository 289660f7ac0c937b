//! The programs of `examples/` on every engine that this machine has, against what rustc's build of the same file
//! prints. The expected outputs are stored, so that the test also runs where rustc is not; one test compares them with
//! rustc where it is.

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "../../driver/tests/common/mod.rs"]
mod common;

use common::trusted;
use driver::{Engine, EngineKind, Func, Hosts, Level, Options, Output};

fn programs() -> Vec<(String, PathBuf)> {
    let folder = Path::new("../examples");
    let mut programs: Vec<(String, PathBuf)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    programs.sort();
    assert!(programs.len() >= 12);
    programs
}

fn expected(name: &str) -> String {
    let path = format!("tests/expected/{name}.txt");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs `main` of every program and compares what it prints.
fn check(engine: EngineKind, level: Level) {
    for (name, path) in programs() {
        let text = std::fs::read_to_string(&path).unwrap();
        let module =
            lang::compile(&text, &name).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        let options = trusted(Options::default().engine(engine).level(level).verify(false));
        let engine = Engine::new(module, &Hosts::for_lang(), &options).unwrap();
        let main: Func<(), ()> = engine.func("main").unwrap();
        let (result, printed) = Output::collect(|| main.call(()));
        if let Err(error) = result {
            panic!("{name} on {}, {level:?}: {error}", engine.kind());
        }
        let out = String::from_utf8(printed.out).unwrap();
        assert!(out == expected(&name), "{name} on {}, {level:?}:\n{out}", engine.kind());
        if let Some(statistics) = engine.statistics() {
            executed(&name, level, statistics.instructions);
        }
    }
}

/// Compares how many ARM64 instructions a program executed with what it took when that was looked at last, to 1 %: wrong
/// results have other tests, but none would notice a loop with one more jump.
fn executed(name: &str, level: Level, found: u64) {
    let text = std::fs::read_to_string("tests/expected/executed.txt").unwrap();
    let row = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    let figures: Vec<u64> = row.unwrap_or_default().split(' ').flat_map(str::parse).collect();
    let &[none, speed] = &figures[..] else { panic!("{name}: no figures in executed.txt") };
    let known = if level == Level::None { none } else { speed };
    assert!(
        found.abs_diff(known) * 100 <= known,
        "{name}, {level:?}: {found} instructions, not {known}; if it is meant, write it into executed.txt"
    );
}

#[test]
fn interpreter() {
    check(EngineKind::Interpreter, Level::Speed);
}

#[test]
fn simulator_optimised() {
    check(EngineKind::Simulator, Level::Speed);
}

#[test]
fn simulator_not_optimised() {
    check(EngineKind::Simulator, Level::None);
}

#[test]
fn native() {
    if EngineKind::machine_code() != EngineKind::Native {
        eprintln!(
            "skipped: this machine is not ARM64; `cargo xtask test-aarch64` runs it under QEMU"
        );
        return;
    }
    check(EngineKind::Native, Level::Speed);
    check(EngineKind::Native, Level::None);
}

#[test]
fn the_expected_outputs_are_those_of_rustc() {
    if Command::new("rustc").arg("--version").output().is_err() {
        eprintln!("skipped: there is no rustc here");
        return;
    }
    let folder = std::env::temp_dir().join(format!("jitsu-examples-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, path) in programs() {
        let binary = folder.join(&name);
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition", "2024", "-C", "opt-level=1", "-D", "warnings", "-o"]);
        let built = rustc.arg(&binary).arg(&path).output().unwrap();
        assert!(built.status.success(), "{name}: {}", String::from_utf8_lossy(&built.stderr));
        let output = Command::new(&binary).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected(&name), "{name}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
