//! A copy of the tree in `target/mutants/N`, where faults are planted, built and tested.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::data::Fault;
use super::place;
use super::suites::Suite;
use super::{Result, output, root};

/// The ARM64 programs that run under QEMU; `cargo xtask mutants` says with what.
const LINUX: &str = "aarch64-unknown-linux-musl";

/// Addresses that a test may have, in KiB: a fault may ask for memory without end.
const MEMORY: &str = "16000000";
/// What `cargo test` prints of a test that fell. The others need not be awaited.
const FAILED: &[u8] = b" ... FAILED\n";
/// Seconds after which a build is given up.
const BUILD_LIMIT: Duration = Duration::from_secs(1200);

/// What a test said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    /// The first test that fell, with its target.
    Failed(String),
    TimedOut,
    /// The last lines of the compiler.
    NotBuilt(String),
}

/// A copy of the tree with its own folder for what is built, or that of the tree.
pub(crate) struct Copy {
    dir: PathBuf,
    target: Target,
    files: HashSet<PathBuf>,
    /// Seconds that each command takes without a fault; an error if it fails.
    baselines: HashMap<Suite, Result<Duration>>,
    limit: Duration,
}

/// Where a copy is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// In a folder of its own, as fast as can be.
    Own,
    /// Where the tree is built and in the same way, so that crates of others are there already; its tests have just passed.
    Shared,
}

impl Copy {
    /// Makes the copy as the tree is now: tracked files and new ones that are not ignored. Files that did not change are
    /// not touched, so that little is built again.
    pub(crate) fn new(number: usize, limit: Duration, target: Target) -> Result<Copy> {
        let dir = root().join(format!("target/mutants/{number}"));
        let listed =
            output("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let mut files = HashSet::new();
        for name in listed.split('\0').filter(|name| !name.is_empty()) {
            let (from, to) = (root().join(name), dir.join(name));
            // A file that is deleted but still tracked.
            let Ok(text) = fs::read(&from) else { continue };
            files.insert(to.clone());
            if fs::read(&to).is_ok_and(|old| old == text) {
                continue;
            }
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)
                    .map_err(|e| format!("cannot create {}: {e}", parent.display()))?;
            }
            write(&to, &text)?;
        }
        let copy = Copy { dir, target, files, baselines: HashMap::new(), limit };
        copy.clean()?;
        Ok(copy)
    }

    /// Removes what tests have written into the copy.
    pub(crate) fn clean(&self) -> Result {
        let mut folders = vec![self.dir.clone()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
            for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
                if path.is_dir() && path != self.dir.join("target") && !path.is_symlink() {
                    folders.push(path);
                } else if !path.is_dir() && !self.files.contains(&path) {
                    let _ = fs::remove_file(&path);
                }
            }
        }
        Ok(())
    }

    /// Leaves a folder for what is built that is the tree's without what was built of the copy: cargo would look for changes
    /// in the copy, not in the tree.
    pub(crate) fn leave(self) -> Result {
        match self.target {
            Target::Own => Ok(()),
            Target::Shared => fs::remove_dir_all(&self.dir)
                .map_err(|e| format!("cannot remove {}: {e}", self.dir.display())),
        }
    }

    /// Plants the fault; what is returned takes it out again.
    pub(crate) fn plant(&self, fault: &Fault) -> Result<Planted> {
        let file = self.dir.join(&fault.file);
        let source = read(&file)?;
        let place = place::find(&source, fault.within.as_deref(), &fault.old.join("\n"))?;
        let mut text = source.clone();
        text.replace_range(place, &fault.new.join("\n"));
        write(&file, text.as_bytes())?;
        Ok(Planted { file, source })
    }

    /// Builds and runs a test while a fault is planted.
    pub(crate) fn test(&self, suite: &Suite) -> Result<Verdict> {
        let limit = match self.baselines.get(suite) {
            Some(Ok(time)) => self.limit.max(*time * 4),
            _ => self.limit,
        };
        let mut build = self.cargo(suite);
        build.arg("--no-run");
        let built = run(build, &self.dir.join("target/build.txt"), BUILD_LIMIT, None)?;
        if built.code != Some(true) {
            let errors: Vec<&str> = built.text.lines().filter(|l| l.starts_with("error")).collect();
            return Ok(Verdict::NotBuilt(errors.join("; ")));
        }
        let log = self.dir.join("target/test.txt");
        let tested = run(self.cargo(suite), &log, limit, Some(FAILED))?;
        Ok(match tested.code {
            Some(true) => Verdict::Passed,
            Some(false) => Verdict::Failed(fallen(&tested.text)),
            None => Verdict::TimedOut,
        })
    }

    /// Whether a command is known to pass without a fault; `None` if it has not been asked.
    pub(crate) fn baseline(&self, suite: &Suite) -> Option<&Result<Duration>> {
        self.baselines.get(suite)
    }

    /// Returns `true` if the tests are taken to pass without a fault.
    pub(crate) fn is_trusted(&self) -> bool {
        self.target == Target::Shared
    }

    /// Runs a command while no fault is planted.
    pub(crate) fn measure(&mut self, suite: &Suite) -> Result {
        let limit = std::mem::replace(&mut self.limit, Duration::from_secs(1800));
        let start = Instant::now();
        let verdict = self.test(suite);
        self.limit = limit;
        let result = match verdict? {
            Verdict::Passed => Ok(start.elapsed()),
            Verdict::Failed(name) => Err(format!("`{suite}` fails without a fault: {name}")),
            Verdict::TimedOut => Err(format!("`{suite}` does not end without a fault")),
            Verdict::NotBuilt(text) => Err(format!("`{suite}` does not build: {text}")),
        };
        self.baselines.insert(suite.clone(), result);
        Ok(())
    }

    fn cargo(&self, suite: &Suite) -> Command {
        // A limit of the shell holds for all that it starts.
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v $0; exec \"$@\"", MEMORY]);
        command.arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.arg("test");
        if suite.emulated {
            command.args(["--profile", "emulated", "--target", LINUX]);
        }
        command
            .args(&suite.words)
            .current_dir(&self.dir)
            .env("INSTA_UPDATE", "no")
            // cargo has set it to the real tree when it started this program.
            .env_remove("INSTA_WORKSPACE_ROOT");
        match self.target {
            Target::Shared => command.env("CARGO_TARGET_DIR", root().join("target")),
            Target::Own => command
                .env("CARGO_TARGET_DIR", self.dir.join("target"))
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                // Tests in release builds are quick either way: what takes time is to build them.
                .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
                .env("CARGO_INCREMENTAL", "1")
                .env("RUSTFLAGS", "-Awarnings"),
        };
        command
    }
}

/// A fault that stands in the copy.
pub(crate) struct Planted {
    file: PathBuf,
    source: String,
}

impl Planted {
    /// Takes the fault out for a while or for good.
    pub(crate) fn remove(&self) -> Result {
        write(&self.file, self.source.as_bytes())
    }
}

/// What a command printed, and whether it succeeded; `None`: it had to be ended.
struct Ended {
    text: String,
    code: Option<bool>,
}

/// Runs a command in a group of its own, so that all of it can be ended: when the time is over, or, as one that failed, when
/// it has printed `failure`.
fn run(mut command: Command, log: &Path, limit: Duration, failure: Option<&[u8]>) -> Result<Ended> {
    if let Some(parent) = log.parent() {
        fs::create_dir_all(parent)
            .map_err(|e| format!("cannot create {}: {e}", parent.display()))?;
    }
    let problem = |e| format!("cannot write {}: {e}", log.display());
    let file = File::create(log).map_err(problem)?;
    command.stdin(Stdio::null()).stdout(file.try_clone().map_err(problem)?).stderr(file);
    let mut child =
        command.process_group(0).spawn().map_err(|e| format!("cargo did not start: {e}"))?;
    let start = Instant::now();
    let end = |child: &mut Child| {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).status();
        let _ = child.wait();
    };
    let mut size = 0;
    let code = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status.success()),
            Ok(None) if start.elapsed() > limit => {
                end(&mut child);
                break None;
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(e) => return Err(format!("cargo was lost: {e}")),
        }
        let before = std::mem::replace(&mut size, fs::metadata(log).map_or(0, |data| data.len()));
        if let Some(failure) = failure
            && size > before
            && fs::read(log).is_ok_and(|text| text.windows(failure.len()).any(|at| at == failure))
        {
            end(&mut child);
            break Some(false);
        }
    };
    let text = fs::read(log).map_err(|e| format!("cannot read {}: {e}", log.display()))?;
    Ok(Ended { text: String::from_utf8_lossy(&text).into_owned(), code })
}

/// The first test that fell, from what `cargo test` printed.
fn fallen(text: &str) -> String {
    let mut target = "";
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("Running ") {
            target = rest.split(" (").next().unwrap_or(rest).trim_start_matches("unittests ");
        }
        if let Some(name) = line.strip_prefix("test ").and_then(|l| l.strip_suffix(" ... FAILED")) {
            names.push(name);
        }
    }
    // A test that ends the process is not named.
    let name = names.first().copied().unwrap_or("(the process ended)");
    format!("{target} {name}")
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))
}

fn write(file: &Path, text: &[u8]) -> Result {
    fs::write(file, text).map_err(|e| format!("cannot write {}: {e}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_what_comes_after_a_failure() {
        let log = std::env::temp_dir().join(format!("mutants-{}.txt", std::process::id()));
        let start = Instant::now();
        let ended = |script: &str, limit: u64| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            run(command, &log, Duration::from_secs(limit), Some(FAILED)).unwrap()
        };
        let failed = ended("echo test a ... ok; echo test b ... FAILED; sleep 600", 300);
        assert_eq!((failed.code, fallen(&failed.text).as_str()), (Some(false), " b"));
        assert_eq!(ended("echo test a ... ok", 300).code, Some(true));
        assert_eq!(ended("sleep 600", 0).code, None);
        assert!(start.elapsed() < Duration::from_secs(200));
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn the_first_test_that_fell_is_named() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/opt-1)\ntest a ... ok\n     \
            Running tests/pairs.rs (target/debug/deps/pairs-1)\ntest b ... ok\ntest c::d ... FAILED\ntest e ... FAILED\n";
        assert_eq!(fallen(text), "tests/pairs.rs c::d");
        assert_eq!(fallen("     Running tests/x.rs (y)\n"), "tests/x.rs (the process ended)");
    }
}
