//! Small realistic faults, planted one at a time; a test must fall for each. `cargo xtask mutants` runs it.
//!
//! The faults are data (`xtask/mutants/*.txt`, see `data.rs`). Each is planted in a copy of the tree, built there and
//! tested in the order of most likely, until a test falls. A fault whose place is not found, or that does not build, is
//! an error in the data. Whether a test passes without any fault is asked when it first falls; CI's sample, which comes when
//! all tests have passed, does not ask.

mod copy;
mod data;
mod place;
mod report;
mod suites;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use copy::{Copy, Target, Verdict};
use data::Fault;

/// An error is a sentence for the person at the terminal.
type Result<T = ()> = std::result::Result<T, String>;

/// Seconds that a test may take before it counts as caught, unless it takes more without a fault.
const LIMIT: u64 = 120;

/// What became of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// The test that fell.
    Caught(String),
    Survived,
    /// The data is wrong, or a test fails without the fault.
    Error(String),
}

struct Done {
    fault: Fault,
    outcome: Outcome,
    time: Duration,
}

struct Options {
    only: Vec<String>,
    sample: Option<usize>,
    seed: Option<u64>,
    jobs: usize,
    first_only: bool,
    /// Leave out faults that only ARM64 code shows, whose tests take a build of their own.
    host_only: bool,
    check: bool,
    limit: u64,
    target: Target,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            sample: None,
            seed: None,
            jobs: 2,
            first_only: false,
            host_only: false,
            check: false,
            limit: LIMIT,
            target: Target::Own,
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mutants: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plants the faults that the words ask for.
fn run(words: &[String]) -> Result {
    let options = options(words)?;
    let mut all = data::read_all()?;
    check_places(&all)?;
    let equivalent = all.iter().filter(|fault| fault.equivalent.is_some()).count();
    eprintln!(
        "mutants: {} faults in the data, {equivalent} of them equivalent; every place is found",
        all.len()
    );
    if options.check {
        return report::equivalents(&all);
    }
    if options.target == Target::Shared {
        // What is built there already are debug builds for this machine.
        all.retain(|fault| fault.tests.iter().all(|test| !test.contains("--release")));
    }
    let chosen = choose(&all, &options)?;
    let start = Instant::now();
    let done = plant_all(chosen, &options)?;
    report::print(&all, &done, options.sample.is_some(), start.elapsed())
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// What a command that runs in the root of the workspace prints.
fn output(program: &str, words: &[&str]) -> Result<String> {
    let output = Command::new(program).args(words).current_dir(root()).output();
    let output = output.map_err(|e| format!("`{program}` did not start: {e}"))?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let failed = || format!("`{program} {}` failed: {}", words.join(" "), text(&output.stderr));
    output.status.success().then(|| text(&output.stdout)).ok_or_else(failed)
}

/// Every place, before anything is built: what moved or changed is named at once.
fn check_places(all: &[Fault]) -> Result {
    let mut errors = Vec::new();
    for fault in all {
        let found = std::fs::read_to_string(root().join(&fault.file))
            .map_err(|e| e.to_string())
            .and_then(|text| place::find(&text, fault.within.as_deref(), &fault.old.join("\n")));
        if let Err(error) = found {
            errors.push(format!("{}: {}: {}: {error}", fault.place, fault.file, fault.wrong));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(format!("the data is out of date:\n  {}", errors.join("\n  ")))
}

/// The faults to plant: not the equivalent ones, in the order of the data.
fn choose(all: &[Fault], options: &Options) -> Result<Vec<Fault>> {
    let wanted = |fault: &Fault| {
        options.only.is_empty()
            || options.only.iter().any(|only| {
                let (name, part) = only.split_once(':').unwrap_or((only, ""));
                let file = fault.place.split(':').next().unwrap_or_default();
                let file = file.rsplit('/').next().unwrap_or_default().trim_end_matches(".txt");
                (name.is_empty() || name == file)
                    && (fault.wrong.contains(part) || fault.file.contains(part))
            })
    };
    let emulated = |fault: &Fault| fault.tests.iter().any(|test| test.starts_with("qemu "));
    let real = |fault: &&Fault| {
        fault.equivalent.is_none() && wanted(fault) && !(options.host_only && emulated(fault))
    };
    let mut chosen: Vec<Fault> = all.iter().filter(real).cloned().collect();
    if chosen.is_empty() {
        return Err("no fault is meant by these words".to_owned());
    }
    if let Some(count) = options.sample {
        let seed = match options.seed {
            Some(seed) => seed,
            None => commits()?,
        };
        eprintln!("mutants: a sample of {count}, --seed {seed}");
        chosen = turn(chosen, count, seed);
    }
    Ok(chosen)
}

/// `count` faults; the next seed gives the next ones, until all have had their turn.
fn turn(mut faults: Vec<Fault>, count: usize, seed: u64) -> Vec<Fault> {
    // In an order that has nothing to do with the data's, so that each sample has faults of several crates.
    faults.sort_by_key(|fault| hash(&fault.wrong));
    let total = faults.len();
    let first = (seed as usize).wrapping_mul(count) % total;
    faults.rotate_left(first);
    faults.truncate(count);
    faults.sort_by(|a, b| a.file.cmp(&b.file));
    faults
}

/// FNV-1a: the same on every host and in every version.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The number of commits, which changes with each.
fn commits() -> Result<u64> {
    let text = output("git", &["rev-list", "--count", "HEAD"])?;
    text.trim().parse().map_err(|e| format!("git counts `{text}` commits: {e}"))
}

/// The faults that wait, by crate: who takes the next one stays in its crate, of which little is built again then.
type Queue = Mutex<BTreeMap<String, Vec<Fault>>>;

fn plant_all(chosen: Vec<Fault>, options: &Options) -> Result<Vec<Done>> {
    let total = chosen.len();
    let mut queue: BTreeMap<String, Vec<Fault>> = BTreeMap::new();
    for fault in chosen.into_iter().rev() {
        queue.entry(fault.room().to_owned()).or_default().push(fault);
    }
    let (queue, done) = (Queue::new(queue), Mutex::new(Vec::new()));
    let jobs = options.jobs.min(total);
    let results: Vec<Result> = std::thread::scope(|scope| {
        let work = |number| {
            let (queue, done) = (&queue, &done);
            move || work(number, queue, done, total, options)
        };
        let threads: Vec<_> = (0..jobs).map(|number| scope.spawn(work(number))).collect();
        let lost = || Err("a worker panicked".to_owned());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| lost())).collect()
    });
    results.into_iter().collect::<Result>()?;
    Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Takes faults until none waits.
fn work(
    number: usize,
    queue: &Queue,
    done: &Mutex<Vec<Done>>,
    total: usize,
    options: &Options,
) -> Result {
    let limit = Duration::from_secs(options.limit);
    let mut copy = Copy::new(number, limit, options.target.clone())?;
    let mut room = String::new();
    while let Some(fault) = take(queue, &mut room) {
        let start = Instant::now();
        let outcome = plant(&mut copy, &fault, options.first_only)?;
        let time = start.elapsed();
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        let said = match &outcome {
            Outcome::Caught(test) => format!("caught    {} [{test}]", fault.wrong),
            Outcome::Survived => format!("SURVIVED  {} [{}]", fault.wrong, fault.place),
            Outcome::Error(error) => {
                format!("ERROR     {} [{}]: {error}", fault.wrong, fault.place)
            }
        };
        done.push(Done { fault, outcome, time });
        let (count, file) = (done.len(), &done[done.len() - 1].fault.file);
        eprintln!("{count:>4} of {total} {:>6.1} s  {file}: {said}", time.as_secs_f64());
    }
    copy.leave()
}

fn take(queue: &Queue, room: &mut String) -> Option<Fault> {
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    if !queue.contains_key(room) {
        room.clone_from(queue.iter().max_by_key(|(_, faults)| faults.len())?.0);
    }
    let faults = queue.get_mut(room)?;
    let fault = faults.pop();
    if faults.is_empty() {
        queue.remove(room);
    }
    fault
}

/// Plants one fault and runs its tests until one falls.
fn plant(copy: &mut Copy, fault: &Fault, first_only: bool) -> Result<Outcome> {
    let planted = match copy.plant(fault) {
        Ok(planted) => planted,
        Err(error) => return Ok(Outcome::Error(error)),
    };
    let mut outcome = Outcome::Survived;
    for suite in suites::of(fault, first_only) {
        if copy.baseline(&suite).is_some_and(Result::is_err) {
            outcome = Outcome::Error(format!("`{suite}` fails without a fault"));
            break;
        }
        let mut verdict = copy.test(&suite)?;
        let unknown = !copy.is_trusted() && copy.baseline(&suite).is_none();
        if !matches!(verdict, Verdict::Passed) && unknown {
            planted.remove()?;
            copy.measure(&suite)?;
            if let Some(Err(error)) = copy.baseline(&suite) {
                outcome = Outcome::Error(error.clone());
                break;
            }
            // The limit is known only now.
            if verdict == Verdict::TimedOut {
                copy.plant(fault)?;
                verdict = copy.test(&suite)?;
            }
        }
        outcome = match verdict {
            Verdict::Passed => continue,
            Verdict::Failed(test) => Outcome::Caught(format!("{}: {test}", suite.words[1])),
            Verdict::TimedOut => Outcome::Caught(format!("{suite}: does not end")),
            Verdict::NotBuilt(text) => Outcome::Error(format!("does not build: {text}")),
        };
        break;
    }
    planted.remove()?;
    copy.clean()?;
    Ok(outcome)
}

fn options(words: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("`{word}` needs a value"));
        let number = |text: &String| {
            text.parse::<u64>().map_err(|_| format!("`{word} {text}`: not a number"))
        };
        match word.as_str() {
            "--only" => options.only.push(value()?.clone()),
            "--sample" => options.sample = Some(number(value()?)? as usize),
            "--seed" => options.seed = Some(number(value()?)?),
            "--jobs" => options.jobs = number(value()?)?.max(1) as usize,
            "--limit" => options.limit = number(value()?)?,
            "--first-only" => options.first_only = true,
            "--host-only" => options.host_only = true,
            "--shared" => options.target = Target::Shared,
            "--check" => options.check = true,
            other => {
                return Err(format!(
                    "unknown option `{other}`; known are --only FILE[:TEXT], --sample N, --seed S, --jobs N, \
                     --limit SECONDS, --first-only, --host-only, --shared and --check"
                ));
            }
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_take_turns() {
        let fault = |i: usize| Fault { wrong: i.to_string(), ..Fault::default() };
        let all: Vec<Fault> = (0..95).map(fault).collect();
        let mut seen = std::collections::HashSet::new();
        for seed in 7..17 {
            let some = turn(all.clone(), 10, seed);
            assert_eq!(some.len(), 10);
            seen.extend(some.into_iter().map(|fault| fault.wrong));
        }
        assert_eq!(seen.len(), 95);
    }
}
