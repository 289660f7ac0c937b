//! The text tests of `tests/`, in every configuration that this machine has.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use cli::filetest;
use driver::Configuration;

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(Path::new("../tests").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| filetest::is_test(&path.display().to_string()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

/// Every file of a folder, as many at once as the machine has processors; how many calls were checked in all.
fn check(folder: &str, configurations: &[Configuration]) -> usize {
    let files = files(folder);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut calls = 0;
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            calls += check_file(path, configurations);
        }
        calls
    };
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

/// How many calls a file has.
fn check_file(path: &Path, configurations: &[Configuration]) -> usize {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).unwrap();
    let report = filetest::run(&text, &name, configurations);
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
    check("ir", &Configuration::all());
}

#[test]
fn side_conditions_of_passes() {
    check("conditions", &Configuration::all());
}

#[test]
fn inputs_of_planted_faults() {
    check("planted", &Configuration::all());
}

/// The examples of the readme, which is a test file like the others.
#[test]
fn the_readme() {
    check(".", &Configuration::all());
}

#[test]
fn files_that_must_be_refused() {
    check("errors", &Configuration::all());
}

#[test]
fn bugs_of_other_compilers() {
    check("bugs", &Configuration::all());
}

#[test]
fn every_operation_on_every_type() {
    // Most lines are about pure operations, where the plain and the optimising way are the two that differ.
    let calls = check("matrix", &Configuration::all());
    assert!(calls > 1500);
}
