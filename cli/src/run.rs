//! `jitsu run`: compile a program and run it, on one engine or on all.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::time::{Duration, Instant};

use driver::{Engine, EngineKind, Error, Options, Output, Printed, Sink, Value};
use ir::TrapKind;

use crate::args::{Args, Choice, LEVEL, WITHOUT, one_of};
use crate::filetest::list;
use crate::input::{self, Program};
use crate::trust::trusted;
use crate::{BROKEN_PIPE, Failure};

pub(crate) const OPTIONS: &[Choice] = &[
    Choice {
        name: "engine",
        value: Some("interp|jit|native|sim|all"),
        doc: "What runs it (default: jit, which is native on ARM64 and sim elsewhere).",
    },
    Choice { name: "entry", value: Some("FUNCTION"), doc: "Where to start (default: main)." },
    LEVEL,
    WITHOUT,
    Choice {
        name: "fuel",
        value: Some("N"),
        doc: "Instructions after which interp and sim trap (default: no limit); native cannot keep it.",
    },
    Choice {
        name: "stats",
        value: None,
        doc: "Also count instructions by class, function and source line (simulator).",
    },
];

/// Which engines run.
#[derive(Clone, Copy)]
enum Engines {
    One(EngineKind),
    All,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let path = args.file("run")?;
    let jit = EngineKind::machine_code();
    let engines = one_of(
        "engine",
        args.value("engine").unwrap_or("jit"),
        &[
            ("interp", Engines::One(EngineKind::Interpreter)),
            ("jit", Engines::One(jit)),
            ("native", Engines::One(EngineKind::Native)),
            ("sim", Engines::One(EngineKind::Simulator)),
            ("all", Engines::All),
        ],
    )?;
    let fuel = match args.value("fuel") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Failure::Usage(format!("error: `--fuel {text}`: it is a number of instructions"))
        })?),
    };
    let options =
        Options::default().level(args.level()?).limit(args.limit()?).fuel(fuel).verify(false);

    let start = Instant::now();
    let program = input::load(&path)?;
    let read = start.elapsed();
    let entry = entry(&program, args.value("entry"))?;
    let values = arguments(&program, &entry, &args.words[1..])?;
    eprint_line(&format!("jitsu: {}: read and checked in {}", program.name, show_time(read)));

    match engines {
        Engines::One(kind) => {
            let engine = make(&program, &on(options, kind))?;
            let output = Output::new(Streamed::default());
            let (results, line) = output.during(|| call(&engine, &entry, &values));
            // What the program printed comes before what is said about it.
            output.flush()?;
            eprint_line(&line);
            show_statistics(&engine, &program, &args);
            match results {
                Ok(results) => print_results(&results),
                Err(error) => Err(input::failed(error, &program)),
            }
        }
        Engines::All => all(&program, &options, &args, &entry, &values),
    }
}

/// The options for an engine. A program has no memory but its own here, so those that can hold it to that do: an address
/// that is not the program's is a trap, as it is in native code, and not the end of this process.
fn on(options: Options, kind: EngineKind) -> Options {
    trusted(options.engine(kind).restricted(kind.keeps_limits()))
}

/// Runs every engine and compares results and output.
fn all(
    program: &Program,
    options: &Options,
    args: &Args,
    entry: &str,
    values: &[Value],
) -> Result<(), Failure> {
    // A budget leaves out those that cannot keep it.
    let has_budget = args.has("fuel");
    let kinds: Vec<EngineKind> =
        EngineKind::available().filter(|kind| !has_budget || kind.keeps_limits()).collect();
    let mut first: Option<(EngineKind, Outcome)> = None;
    for &kind in &kinds {
        let engine = make(program, &on(options.clone(), kind))?;
        let ((results, line), printed) = Output::collect(|| call(&engine, entry, values));
        let outcome = Outcome::new(results, printed);
        if let Some((first_kind, first)) = &first {
            eprint_line(&line);
            if let Some(difference) = first.difference(&outcome) {
                return Err(Failure::Differ(format!(
                    "error: {first_kind} and {kind} disagree: {difference}"
                )));
            }
        } else {
            let mut out = io::stdout().lock();
            out.write_all(&outcome.printed.out)?;
            out.flush()?;
            let _ = io::stderr().write_all(&outcome.printed.err);
            eprint_line(&line);
            first = Some((kind, outcome));
        }
        show_statistics(&engine, program, args);
    }
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    eprint_line(&format!("jitsu: {} agree", names.join(", ")));
    match first.map(|(_, outcome)| outcome.results) {
        Some(Ok(results)) => print_results(&results),
        Some(Err(error)) => Err(input::failed(error, program)),
        None => Ok(()),
    }
}

/// What a program did.
struct Outcome {
    results: Result<Vec<Value>, Error>,
    printed: Printed,
}

impl Outcome {
    fn new(results: Result<Vec<Value>, Error>, printed: Printed) -> Self {
        Self { results, printed }
    }

    /// Where two outcomes differ.
    fn difference(&self, other: &Self) -> Option<String> {
        let results = match (&self.results, &other.results) {
            (Ok(a), Ok(b)) => {
                let bits = |values: &[Value]| -> Vec<u128> {
                    values.iter().map(|value| value.bits()).collect()
                };
                (bits(a) != bits(b)).then(|| format!("results {} and {}", list(a), list(b)))
            }
            (Err(Error::Trap(a)), Err(Error::Trap(b))) => {
                // How deep a stack is, and what an instruction counts, is each engine's own affair; so the place may differ.
                let own = matches!(a.kind, TrapKind::StackOverflow | TrapKind::OutOfFuel);
                let same_place = own || (a.function == b.function && a.span == b.span);
                (a.kind != b.kind || !same_place).then(|| format!("{a} and {b}"))
            }
            (Err(a), Ok(b)) => Some(format!("{a}, and the result {}", list(b))),
            (Ok(a), Err(b)) => Some(format!("the result {}, and {b}", list(a))),
            (Err(a), Err(b)) => Some(format!("{a}, and {b}")),
        };
        results.or_else(|| {
            (self.printed != other.printed).then(|| {
                let place = self
                    .printed
                    .out
                    .iter()
                    .zip(&other.printed.out)
                    .position(|(a, b)| a != b)
                    .unwrap_or(self.printed.out.len().min(other.printed.out.len()));
                format!("their output differs from byte {place} on")
            })
        })
    }
}

fn make(program: &Program, options: &Options) -> Result<Engine, Failure> {
    let start = Instant::now();
    let engine = Engine::new(program.module.clone(), &program.hosts(), options)
        .map_err(|error| input::failed(error, program))?;
    let kind = engine.kind();
    let functions = program.module.functions.len();
    let s = if functions == 1 { "" } else { "s" };
    let size = match engine.code_bytes() {
        Some(bytes) => format!(", {bytes} bytes of code"),
        None => String::new(),
    };
    eprint_line(&format!(
        "jitsu: {kind}: compiled {functions} function{s} in {}{size}",
        show_time(start.elapsed())
    ));
    Ok(engine)
}

fn call(engine: &Engine, entry: &str, values: &[Value]) -> (Result<Vec<Value>, Error>, String) {
    let start = Instant::now();
    let results = engine.call_values(entry, values);
    let time = show_time(start.elapsed());
    let kind = engine.kind();
    let count = match engine.instructions() {
        Some(count) => format!(", {} ARM64 instructions executed", grouped(count)),
        None => String::new(),
    };
    (results, format!("jitsu: {kind}: ran in {time}{count}"))
}

/// Source lines that `--stats` shows at most: those with the most instructions.
const HOT_LINES: usize = 10;

/// With `--stats`, what the simulator counted.
fn show_statistics(engine: &Engine, program: &Program, args: &Args) {
    if !args.has("stats") {
        return;
    }
    let Some(stats) = engine.statistics() else { return };
    let share = |count: u64| {
        let percent = 100.0 * count as f64 / stats.instructions.max(1) as f64;
        format!("jitsu: {:>15} {percent:5.1}%", grouped(count))
    };
    eprint_line("jitsu: instructions the simulator executed, by class:");
    for &(class, count) in stats.classes.iter().filter(|(_, count)| *count > 0) {
        eprint_line(&format!("{}  {class}", share(count)));
    }
    eprint_line(&format!("{}  of all were taken branches", share(stats.taken_branches)));
    eprint_line("jitsu: by function, with the bytes of its code:");
    let mut functions: Vec<_> = stats.functions.iter().collect();
    functions.sort_by_key(|function| std::cmp::Reverse(function.instructions));
    for function in functions {
        let line = share(function.instructions);
        eprint_line(&format!("{line}  {} ({} bytes)", function.name, function.code_bytes));
    }
    let mut lines = std::collections::BTreeMap::new();
    for (place, count) in stats.functions.iter().flat_map(|function| &function.places) {
        if let Some(place) = place {
            *lines.entry(place.line()).or_insert(0) += count;
        }
    }
    let mut lines: Vec<(u32, u64)> = lines.into_iter().collect();
    lines.sort_by_key(|&(line, count)| (std::cmp::Reverse(count), line));
    eprint_line("jitsu: by source line, the hottest:");
    for (line, count) in lines.into_iter().take(HOT_LINES) {
        let text = program.text.lines().nth(line as usize - 1).unwrap_or_default();
        eprint_line(&format!("{}  {line}: {}", share(count), text.trim()));
    }
}

/// The function to start with.
fn entry(program: &Program, wanted: Option<&str>) -> Result<String, Failure> {
    let functions = &program.module.functions;
    let names = || functions.keys().map(String::as_str);
    if let Some(wanted) = wanted {
        return program.function(wanted).map(|func| func.name.clone());
    }
    if functions.contains_key("main") {
        return Ok("main".to_owned());
    }
    match functions.len() {
        0 => Err(Failure::Wrong(format!(
            "error: `{}` has no function to run; a program starts at `main`",
            program.name
        ))),
        1 => Ok(names().next().unwrap_or_default().to_owned()),
        _ => Err(Failure::Usage(format!(
            "error: `{}` has no function `main`; name one with --entry: {}",
            program.name,
            program.some_functions()
        ))),
    }
}

fn arguments(
    program: &Program,
    entry: &str,
    words: &[std::ffi::OsString],
) -> Result<Vec<Value>, Failure> {
    let Some(func) = program.module.functions.get(entry) else { return Ok(Vec::new()) };
    let expected = func.signature.params.len();
    if words.len() != expected {
        let s = if expected == 1 { "" } else { "s" };
        return Err(Failure::Usage(format!(
            "error: `{entry}` {} takes {expected} argument{s}, but {} were given",
            func.signature,
            words.len()
        )));
    }
    words
        .iter()
        .zip(func.signature.param_types())
        .map(|(word, ty)| {
            let word = word.to_string_lossy();
            Value::parse(ty, &word).ok_or_else(|| {
                Failure::Usage(format!("error: `{word}` is no {ty}, which `{entry}` takes here"))
            })
        })
        .collect()
}

/// A result is what such a call is for, so it goes to standard output.
fn print_results(results: &[Value]) -> Result<(), Failure> {
    if !results.is_empty() {
        writeln!(io::stdout(), "{}", list(results))?;
    }
    Ok(())
}

fn eprint_line(text: &str) {
    // If nobody listens, there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

fn show_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds >= 1.0 {
        format!("{seconds:.2} s")
    } else if seconds >= 1e-3 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{:.0} µs", seconds * 1e6)
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Prints as the program goes on.
struct Streamed {
    out: BufWriter<Stdout>,
    /// Somebody watches: each line is shown at once.
    watched: bool,
}

impl Default for Streamed {
    fn default() -> Self {
        let stdout = io::stdout();
        let watched = stdout.is_terminal();
        Self { out: BufWriter::with_capacity(1 << 16, stdout), watched }
    }
}

impl Sink for Streamed {
    fn print(&mut self, text: &[u8], to_stderr: bool) -> io::Result<()> {
        let written = if to_stderr {
            // What was printed before comes first.
            self.out.flush().and_then(|()| io::stderr().write_all(text))
        } else if text.is_empty() {
            self.out.flush()
        } else if self.watched && text.contains(&b'\n') {
            self.out.write_all(text).and_then(|()| self.out.flush())
        } else {
            self.out.write_all(text)
        };
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            // Nobody reads what the program prints: it need not go on.
            std::process::exit(BROKEN_PIPE.into());
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
