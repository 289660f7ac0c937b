//! `cargo xtask rules`: how often each rule of folding and of instruction selection fires on the enumeration of pairs and
//! of addresses. A rule that no enumerated function reaches is one that no test asks both ways: the task fails.
//!
//! Rules have no names of their own: a rule is a line of the source, and the compiler's own coverage counts it. So no
//! line of the product is there for this.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sh::{self, Result};

/// Where rules stand.
const FOLDERS: [&str; 2] = ["opt/src/fold/", "codegen/src/lower/"];

/// Files whose lines other tests reach: what is enumerated has none of these.
const ELSEWHERE: &[(&str, &str)] = &[
    ("codegen/src/lower/args.rs", "calls: `cargo xtask abi`, the matrix"),
    ("codegen/src/lower/atomic.rs", "atomic accesses: codegen/tests/atomics.rs, the matrix"),
    (
        "codegen/src/lower/mod.rs",
        "dispatch, entries, edges, calls, data: random modules, the matrix",
    ),
    ("codegen/src/lower/overflow.rs", "every form with every use: codegen/tests/overflow.rs"),
    ("codegen/src/lower/plan.rs", "blocks and edges: random modules"),
    ("codegen/src/lower/switch.rs", "switches: tests/ir, the matrix"),
    ("codegen/src/lower/pair.rs", "comparisons of two halves: the matrix of i128"),
];

/// Lines that are known not to be reached, by their text, and why.
const UNREACHED: &str = "xtask/unreached.txt";

/// One function in so many of the enumeration, unless `--of N` says otherwise.
const PART: u64 = 400;

pub(crate) fn run(words: &[String]) -> Result {
    let [of] = sh::numbers(words, [("--of", PART)])?;
    let tools = llvm_tools()?;
    let target = sh::root().join("target/rules");
    let profiles = target.join("profiles");
    let _ = fs::remove_dir_all(&profiles);
    let binaries = build(&target, &profiles)?;
    for binary in &binaries {
        let mut test = Command::new(binary);
        test.arg("--nocapture")
            .env("JITSU_PAIRS", of.to_string())
            .current_dir(sh::root().join("driver"));
        sh::run(instrumented(test, &target, &profiles))?;
    }
    let merged = target.join("rules.profdata");
    let mut merge = Command::new(tools.join("llvm-profdata"));
    merge.args(["merge", "-sparse", "-o"]).arg(&merged).arg(&profiles);
    sh::run(merge)?;
    let mut export = Command::new(tools.join("llvm-cov"));
    export.args(["export", "--format=lcov", "--instr-profile"]).arg(&merged);
    for (index, binary) in binaries.iter().enumerate() {
        if index > 0 {
            export.arg("--object");
        }
        export.arg(binary);
    }
    report(&sh::output(export)?)
}

/// The folder of rustup's `llvm-tools`, which it gets if they are missing.
fn llvm_tools() -> Result<PathBuf> {
    let sysroot = sh::output(sh::command("rustc", &["--print", "sysroot"]))?;
    let version = sh::output(sh::command("rustc", &["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let tools = PathBuf::from(sysroot.trim()).join("lib/rustlib").join(host).join("bin");
    if !tools.join("llvm-cov").is_file() {
        sh::run(sh::command("rustup", &["component", "add", "llvm-tools"]))?;
    }
    Ok(tools)
}

fn instrumented(mut command: Command, target: &Path, profiles: &Path) -> Command {
    command
        .env("RUSTFLAGS", "-Cinstrument-coverage")
        .env("CARGO_TARGET_DIR", target)
        .env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
    command
}

/// Builds the enumerations; their programs.
fn build(target: &Path, profiles: &Path) -> Result<Vec<PathBuf>> {
    let words = ["test", "--release", "-q", "-p", "opt", "-p", "driver", "--test", "pairs"];
    let more = ["--test", "addresses", "--no-run", "--message-format=json"];
    let json =
        sh::output(instrumented(sh::cargo(&[&words[..], &more].concat()), target, profiles))?;
    let key = "\"executable\":\"";
    let path = |line: &str| {
        let (_, rest) = line.split_once(key)?;
        Some(PathBuf::from(rest.split_once('"')?.0))
    };
    let mut found: Vec<PathBuf> = json.lines().filter_map(path).collect();
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("pairs") || name.starts_with("addresses")
    });
    match found.len() {
        3 => Ok(found),
        other => Err(format!("cargo has built {other} enumerations, not 3")),
    }
}

/// Counts by file and line, of the folders with rules.
fn counts(lcov: &str) -> BTreeMap<String, BTreeMap<usize, u64>> {
    let mut files: BTreeMap<String, BTreeMap<usize, u64>> = BTreeMap::new();
    let root = format!("{}/", sh::root().display());
    let mut current = None;
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            let path = path.strip_prefix(&root).unwrap_or(path);
            let ours = FOLDERS.iter().any(|folder| path.starts_with(folder));
            current = ours.then(|| path.to_owned());
        } else if let (Some(path), Some(data)) = (&current, line.strip_prefix("DA:"))
            && let Some((number, count)) = data.split_once(',')
            && let (Ok(number), Ok(count)) = (number.parse(), count.parse::<u64>())
        {
            *files.entry(path.clone()).or_default().entry(number).or_default() += count;
        }
    }
    files
}

fn report(lcov: &str) -> Result {
    let listed = fs::read_to_string(sh::root().join(UNREACHED)).map_err(|e| e.to_string())?;
    // What cannot happen does not, and a bracket is no rule.
    let stops = |text: &str| text.contains("Reason::") || text.contains("unreachable!");
    let listed = |text: &str| listed.lines().any(|line| line.strip_prefix("- ") == Some(text));
    let known = |text: &str| text.len() < 3 || stops(text) || listed(text);
    let (mut table, mut missing) = (String::new(), Vec::new());
    println!("{:>8} {:>8} {:>8}  file", "lines", "reached", "known");
    for (path, lines) in counts(lcov) {
        if ELSEWHERE.iter().any(|(file, _)| *file == path) {
            continue;
        }
        let text = fs::read_to_string(sh::root().join(&path)).map_err(|e| e.to_string())?;
        let source: Vec<&str> = text.lines().map(str::trim).collect();
        let (mut reached, mut excused) = (0, 0);
        for (&number, &count) in &lines {
            let text = source.get(number - 1).copied().unwrap_or_default();
            let _ = writeln!(table, "{count:>12}  {path}:{number}: {text}");
            match count {
                0 if known(text) => excused += 1,
                0 => missing.push(format!("{path}:{number}: {text}")),
                _ => reached += 1,
            }
        }
        println!("{:>8} {reached:>8} {excused:>8}  {path}", lines.len());
    }
    let file = sh::root().join("target/rules/rules.txt");
    fs::write(&file, table).map_err(|e| e.to_string())?;
    println!("how often each line ran: {}", file.display());
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} lines that no enumerated function reaches; ask for them in testkit/src/pairs.rs, or say why not in \
         {UNREACHED}:\n  {}",
        missing.len(),
        missing.join("\n  ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_over_all_programs() {
        let root = sh::root().display().to_string();
        let part =
            |count| format!("SF:{root}/opt/src/fold/mod.rs\nDA:7,{count}\nDA:9,0\nend_of_record\n");
        let other = format!("SF:{root}/opt/src/dce.rs\nDA:1,5\nend_of_record\n");
        let counts = counts(&(part(3) + &other + &part(4)));
        assert_eq!(counts.len(), 1);
        assert_eq!(counts["opt/src/fold/mod.rs"], BTreeMap::from([(7, 7), (9, 0)]));
    }
}
