//! The text tests of `tests/` and those of `testkit`, in every configuration that this machine has.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cli::filetest;
use driver::Configuration;

/// A test: its name and its text.
type Test = (String, String);

fn files(folder: &str) -> Vec<Test> {
    let mut files: Vec<Test> = std::fs::read_dir(Path::new("../tests").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| filetest::is_test(&path.display().to_string()))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

/// Tests that a program makes when they run.
fn made(files: Vec<testkit::matrix::File>) -> Vec<Test> {
    files.into_iter().map(|file| (file.name, file.text)).collect()
}

/// Every test, as many at once as the machine has processors; how many calls were checked in all.
fn check(tests: &[Test]) -> usize {
    let configurations = Configuration::all();
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut calls = 0;
        while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            calls += check_one(test, &configurations);
        }
        calls
    };
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

/// How many calls a test has.
fn check_one((name, text): &Test, configurations: &[Configuration]) -> usize {
    let report = filetest::run(text, name, configurations);
    if let Some(failure) = report.failures.first() {
        panic!(
            "{name}:{}: {} (and {} more)",
            failure.line,
            failure.message,
            report.failures.len() - 1
        );
    }
    let checked = report.passed.iter().sum::<usize>() + report.refused;
    // A readme may be without examples.
    assert!(checked > 0 || name.ends_with(".md"), "{name} has no test lines");
    checked
}

#[test]
fn control_flow_calls_memory_and_traps() {
    check(&files("ir"));
}

#[test]
fn side_conditions_of_passes() {
    check(&files("conditions"));
}

#[test]
fn inputs_of_planted_faults() {
    check(&files("planted"));
}

/// The examples of the readme, which is a test file like the others.
#[test]
fn the_readme() {
    check(&files("."));
}

#[test]
fn files_that_must_be_refused() {
    check(&files("errors"));
}

#[test]
fn bugs_of_other_compilers() {
    check(&[files("bugs"), made(testkit::bugs::files())].concat());
}

#[test]
fn every_operation_on_every_type() {
    let calls = check(&made(testkit::matrix::files()));
    assert!(calls > 1500);
}
