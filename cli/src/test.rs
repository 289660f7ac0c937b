//! `jitsu test`: text tests on every engine at every level, with the counts.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use driver::Configuration;

use crate::Failure;
use crate::args::Args;
use crate::filetest;

/// After so many failures of a file the rest is only counted.
const MOST_SHOWN: usize = 10;

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let roots: Vec<PathBuf> = if args.words.is_empty() {
        vec![PathBuf::from("tests")]
    } else {
        args.words.iter().map(PathBuf::from).collect()
    };
    let mut files = Vec::new();
    for root in &roots {
        collect(root, &mut files)?;
    }
    files.sort();
    files.dedup();
    let configurations = Configuration::all();
    let mut passed = vec![0usize; configurations.len()];
    let (mut refused, mut failures, mut with_calls) = (0, 0, 0);
    let mut progress = Progress { shown: io::stderr().is_terminal() };
    for (index, path) in files.iter().enumerate() {
        let name = path.display().to_string();
        progress.show(index, files.len(), &name);
        let bytes = fs::read(path)
            .map_err(|error| Failure::Wrong(format!("error: cannot read `{name}`: {error}")))?;
        let Ok(text) = String::from_utf8(bytes) else {
            progress.clear();
            failures += 1;
            writeln!(io::stderr(), "{name}: the file is not UTF-8")?;
            continue;
        };
        let report = filetest::run(&text, &name, &configurations);
        for (total, count) in passed.iter_mut().zip(&report.passed) {
            *total += count;
        }
        refused += report.refused;
        with_calls += usize::from(report.passed.iter().any(|&count| count > 0));
        failures += report.failures.len();
        if !report.failures.is_empty() {
            progress.clear();
        }
        for failure in report.failures.iter().take(MOST_SHOWN) {
            writeln!(io::stderr(), "{name}:{}: {}", failure.line, failure.message)?;
        }
        if report.failures.len() > MOST_SHOWN {
            let more = report.failures.len() - MOST_SHOWN;
            writeln!(io::stderr(), "{name}: and {more} more failures")?;
        }
    }
    progress.clear();
    let mut text = format!("{} files, {with_calls} of them with calls\n", files.len());
    for (configuration, count) in configurations.iter().zip(&passed) {
        let name = configuration.to_string();
        text.push_str(&format!("  {name:<24} {count:>7} calls as expected\n"));
    }
    if refused > 0 {
        text.push_str(&format!("  {refused} errors as expected in files that must be refused\n"));
    }
    io::stdout().write_all(text.as_bytes())?;
    match failures {
        0 if files.is_empty() => {
            Err(Failure::Wrong("error: there are no .ir, .rs or .md files".to_owned()))
        }
        0 => Ok(()),
        1 => Err(Failure::Wrong("error: 1 failure".to_owned())),
        n => Err(Failure::Wrong(format!("error: {n} failures"))),
    }
}

/// The test files of a folder and the folders in it, or the file itself.
fn collect(root: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let cannot = |path: &Path, error: io::Error| {
        Failure::Wrong(format!("error: cannot read `{}`: {error}", path.display()))
    };
    if root.is_file() {
        files.push(root.to_owned());
        return Ok(());
    }
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| cannot(&folder, error))? {
            let entry = entry.map_err(|error| cannot(&folder, error))?;
            // Links are not followed: they may go round in circles.
            let kind = entry.file_type().map_err(|error| cannot(&entry.path(), error))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if filetest::is_test(&entry.path().display().to_string()) {
                files.push(entry.path());
            }
        }
    }
    Ok(())
}

/// Which file is being tested, on a terminal.
struct Progress {
    shown: bool,
}

impl Progress {
    fn show(&mut self, index: usize, total: usize, name: &str) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K{}/{total} {name}", index + 1);
        }
    }

    fn clear(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
