//! Text tests: files with the answers in comments, run by every engine at every level.
//!
//! In a `.ir` file the lines start with `;`, in a `.rs` file with `//`:
//!
//! ```text
//! ; run: @f(1, -2, 1.5) == 3         also (1, 2) for several results, and () for none
//! ; run: @f(1, 0)
//! ; trap: division_by_zero           the call before traps so
//! ; error: no value is defined       the file is refused with this text
//! ```
//!
//! In a Markdown file each block that is fenced as `ir` or `rust` and has such lines is a test of its own.

use std::borrow::Cow;

use driver::{Configuration, Engine, EngineKind, Error, Hosts, Options, Value};
use ir::{Module, TrapKind};
use opt::Level;

use crate::source::{Language, Problem};
use crate::trust::trusted;

/// Instructions that a call of a test may run: no test needs as many, and an endless loop ends soon.
const FUEL: u64 = 2_000_000_000;

/// What a call is expected to do.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Expected {
    /// Results, as text.
    Results(String),
    Trap(TrapKind),
}

/// One call of a test file.
#[derive(Clone, Debug)]
struct Run {
    line: usize,
    function: String,
    args: String,
    expected: Expected,
}

/// The lines of a file that are for the runner.
#[derive(Debug, Default)]
struct Directives {
    runs: Vec<Run>,
    /// Texts that errors of a file that is refused must have.
    errors: Vec<(usize, String)>,
}

impl Directives {
    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.errors.is_empty()
    }

    fn expect(&self, trap: TrapKind) -> bool {
        self.runs.iter().any(|run| run.expected == Expected::Trap(trap))
    }
}

/// What is wrong in a test file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The line of the directive, from 1; 0 if it is about the whole file.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// What came of a test file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// For each configuration, in the order given: how many calls did as expected.
    pub passed: Vec<usize>,
    /// `error` lines that the file was refused with.
    pub refused: usize,
    /// What is wrong.
    pub failures: Vec<Failure>,
}

/// Returns `true` if a file may have tests, by the end of its name: `.ir`, `.rs` or `.md`.
#[must_use]
pub fn is_test(name: &str) -> bool {
    is_markdown(name) || Language::of_file(name).is_some()
}

/// Runs the calls of a test file in each configuration. A file that is not a test has none.
#[must_use]
pub fn run(text: &str, name: &str, configurations: &[Configuration]) -> Report {
    let mut all = Report { passed: vec![0; configurations.len()], ..Report::default() };
    for (language, text) in parts(text, name) {
        let report = run_part(&text, name, language, configurations);
        all.passed.iter_mut().zip(report.passed).for_each(|(total, count)| *total += count);
        all.refused += report.refused;
        all.failures.extend(report.failures);
    }
    all
}

fn is_markdown(name: &str) -> bool {
    name.ends_with(".md")
}

/// The tests of a file, each with its lines where they are in the file.
fn parts<'a>(text: &'a str, name: &str) -> Vec<(Language, Cow<'a, str>)> {
    if !is_markdown(name) {
        return Language::of_file(name)
            .map(|language| (language, text.into()))
            .into_iter()
            .collect();
    }
    let mut parts = Vec::new();
    let mut open: Option<(Option<Language>, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, &mut open) {
            (Some(info), None) => {
                let extension = match info.trim() {
                    "rust" => "rs",
                    other => other,
                };
                let language = Language::of_file(&format!("block.{extension}"));
                open = Some((language, "\n".repeat(index + 1)));
            }
            (Some(_), Some(_)) => {
                if let Some((Some(language), block)) = open.take()
                    && directives(&block, language).map_or(true, |found| !found.is_empty())
                {
                    parts.push((language, block.into()));
                }
                open = None;
            }
            (None, Some((_, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    parts
}

fn run_part(
    text: &str,
    name: &str,
    language: Language,
    configurations: &[Configuration],
) -> Report {
    let mut report = Report { passed: vec![0; configurations.len()], ..Report::default() };
    let directives = match directives(text, language) {
        Ok(directives) => directives,
        Err(failure) => {
            report.failures.push(failure);
            return report;
        }
    };
    let module = language.read(text, name);
    if !directives.errors.is_empty() {
        let errors = module.err().map(|problems| texts(&problems));
        check_refusal(&directives, errors, &mut report);
        return report;
    }
    let module = match module {
        Ok(module) => module,
        Err(errors) => {
            report.failures.push(Failure { line: 0, message: texts(&errors).join("\n") });
            return report;
        }
    };
    for (index, configuration) in configurations.iter().enumerate() {
        match engine(&module, configuration, &directives, language) {
            Ok(engine) => {
                for run in &directives.runs {
                    match check(&engine, run) {
                        Ok(()) => report.passed[index] += 1,
                        Err(message) => report.failures.push(Failure {
                            line: run.line,
                            message: format!("{configuration}: {message}"),
                        }),
                    }
                }
            }
            Err(error) => report
                .failures
                .push(Failure { line: 0, message: format!("{configuration}: {error}") }),
        }
    }
    report
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(Problem::to_string).collect()
}

fn engine(
    module: &Module,
    configuration: &Configuration,
    directives: &Directives,
    language: Language,
) -> Result<Engine, Error> {
    let hosts = match language {
        Language::Ir => Hosts::new(),
        Language::Rust => Hosts::for_lang(),
    };
    let mut options = options(configuration, language);
    // The interpreter has other code for calls without a budget. They have their turn here.
    if configuration.level.is_none() && !directives.expect(TrapKind::OutOfFuel) {
        options = options.fuel(None);
    }
    Engine::new(module.clone(), &hosts, &options)
}

/// How a configuration makes its engine.
pub(crate) fn options(configuration: &Configuration, language: Language) -> Options {
    let has_limits = configuration.engine.keeps_limits();
    let options = configuration
        .options()
        .verify(true)
        .fuel(has_limits.then_some(FUEL))
        // Programs of the source language pass texts to the host by address, but only of their own data.
        .restricted(has_limits && language == Language::Ir);
    let options = trusted(options);
    // In the simulator both ways to do an atomic operation have their turn.
    match configuration.engine {
        EngineKind::Simulator => options.lse(configuration.level != Some(Level::None)),
        _ => options,
    }
}

fn check(engine: &Engine, run: &Run) -> Result<(), String> {
    let Some(signature) = engine.signature(&run.function) else {
        return Err(format!("there is no function `{}`", run.function));
    };
    let args = values(&run.args, signature.param_types())?;
    let results = engine.call_values(&run.function, &args);
    match (&run.expected, results) {
        (Expected::Results(text), Ok(results)) => {
            let expected = values(text, signature.result_types())?;
            let same = expected.len() == results.len()
                && expected.iter().zip(&results).all(|(a, b)| a.bits() == b.bits());
            if same {
                Ok(())
            } else {
                Err(format!("expected {}, got {}", list(&expected), list(&results)))
            }
        }
        (Expected::Trap(kind), Err(Error::Trap(trap))) if trap.kind == *kind => Ok(()),
        (Expected::Trap(kind), Ok(results)) => {
            Err(format!("expected the trap {kind}, got {}", list(&results)))
        }
        (_, Err(error)) => Err(error.to_string()),
    }
}

/// Results as `values` reads them: the one, or all in parentheses.
pub(crate) fn list(values: &[Value]) -> String {
    match values {
        [one] => one.to_string(),
        many => format!("({})", separated(many)),
    }
}

/// Values with commas between them.
pub(crate) fn separated(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<String>>().join(", ")
}

/// Values separated by commas, in parentheses or not.
pub(crate) fn values(
    text: &str,
    types: impl ExactSizeIterator<Item = ir::Type>,
) -> Result<Vec<Value>, String> {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let words: Vec<&str> =
        if inner.trim().is_empty() { Vec::new() } else { inner.split(',').collect() };
    if words.len() != types.len() {
        return Err(format!("`{text}` is {} values, not {}", words.len(), types.len()));
    }
    words
        .iter()
        .zip(types)
        .map(|(word, ty)| {
            Value::parse(ty, word).ok_or_else(|| format!("`{}` is no {ty}", word.trim()))
        })
        .collect()
}

fn check_refusal(directives: &Directives, errors: Option<Vec<String>>, report: &mut Report) {
    let Some(errors) = errors else {
        let line = directives.errors.first().map_or(0, |&(line, _)| line);
        let message = "the file is accepted, but should be refused".to_owned();
        report.failures.push(Failure { line, message });
        return;
    };
    for (line, wanted) in &directives.errors {
        if errors.iter().any(|error| error.contains(wanted)) {
            report.refused += 1;
        } else {
            let message = format!("no error has this text; the errors are\n{}", errors.join("\n"));
            report.failures.push(Failure { line: *line, message });
        }
    }
}

fn directives(text: &str, language: Language) -> Result<Directives, Failure> {
    let mut found = Directives::default();
    // A `run` without a result waits for its `trap` line.
    let mut open: Option<Run> = None;
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        let failure = |message: String| Failure { line: line_number, message };
        let Some(comment) = comment(line, language) else { continue };
        if let Some(rest) = comment.strip_prefix("run:") {
            if open.is_some() {
                return Err(failure("the `run` before has neither a result nor a trap".to_owned()));
            }
            let run = parse_run(rest.trim(), line_number).map_err(failure)?;
            match run {
                (run, true) => found.runs.push(run),
                (run, false) => open = Some(run),
            }
        } else if let Some(rest) = comment.strip_prefix("trap:") {
            let kind = TrapKind::from_text(rest.trim())
                .ok_or_else(|| failure(format!("`{}` is no kind of trap", rest.trim())))?;
            let run =
                open.take().ok_or_else(|| failure("no `run` line comes before".to_owned()))?;
            found.runs.push(Run { expected: Expected::Trap(kind), ..run });
        } else if let Some(rest) = comment.strip_prefix("error:") {
            found.errors.push((line_number, rest.trim().to_owned()));
        }
    }
    match open {
        Some(run) => Err(Failure {
            line: run.line,
            message: "the call has neither `== result` nor a `trap` line".to_owned(),
        }),
        None => Ok(found),
    }
}

/// The text of a line that is a comment.
pub(crate) fn comment(line: &str, language: Language) -> Option<&str> {
    let comment = line.trim_start().strip_prefix(language.comment())?;
    Some(comment.trim_start_matches(['/', ';', '!']).trim())
}

/// The function and the arguments of `@f(args)`.
pub(crate) fn call(text: &str) -> Option<(String, &str)> {
    let (function, args) = text.strip_prefix('@')?.strip_suffix(')')?.split_once('(')?;
    Some((function.trim().trim_matches('"').to_owned(), args))
}

/// Reads `@f(args) == results` or `@f(args)`; the second part says whether there are results.
fn parse_run(text: &str, line: usize) -> Result<(Run, bool), String> {
    let (made, results) = match text.split_once("==") {
        Some((made, results)) => (made.trim(), Some(results.trim())),
        None => (text, None),
    };
    let (function, args) = call(made)
        .ok_or_else(|| format!("`{made}` is no call: write `@name(arguments) == results`"))?;
    let run = Run {
        line,
        function,
        args: args.to_owned(),
        expected: Expected::Results(results.unwrap_or_default().to_owned()),
    };
    Ok((run, results.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Report {
        run(text, "test.ir", &Configuration::all())
    }

    const DIVIDE: &str =
        "fn @div(i8, i8) -> i8 {\nblock0(v0: i8, v1: i8):\n  v2: i8 = udiv v0, v1\n  ret v2\n}\n";

    #[test]
    fn calls_are_checked_in_every_configuration() {
        let text = format!(
            "{DIVIDE}; run: @div(200, 3) == 66\n; run: @div(1, 0)\n; trap: division_by_zero\n"
        );
        let report = report(&text);
        assert_eq!(report.failures, []);
        assert!(report.passed.len() >= 5);
        assert!(report.passed.iter().all(|&passed| passed == 2), "{report:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let cases = [
            ("; run: @div(200, 3) == 67", "expected 67, got 66"),
            ("; run: @div(200) == 67", "`200` is 1 values, not 2"),
            ("; run: @dvi(200, 3) == 67", "there is no function `dvi`"),
            ("; run: @div(256, 3) == 67", "`256` is no i8"),
            ("; run: @div(1, 0) == 0", "trap: division_by_zero"),
            (
                "; run: @div(1, 1)\n; trap: division_by_zero",
                "expected the trap division_by_zero, got 1",
            ),
            ("; run: div(1, 1) == 1", "is no call"),
            ("; run: @div(1, 1)", "neither"),
            ("; error: nothing", "accepted"),
        ];
        for (line, message) in cases {
            let report = report(&format!("{DIVIDE}{line}\n"));
            let first = report.failures.first().expect(line);
            assert!(first.message.contains(message), "{line}: {first:?}");
            assert_eq!(first.line, 6, "{line}");
        }
    }

    #[test]
    fn files_that_must_be_refused() {
        let report = report("fn @f() {\nblock0:\n  ret v1\n}\n; error: v1\n");
        assert_eq!((report.refused, report.failures.len()), (1, 0), "{report:?}");
    }

    #[test]
    fn blocks_of_markdown_are_tests_at_their_lines() {
        let text = "# Title\n\n```ir\n; run: @f() == 2\nfn @f() -> i8 {\nblock0:\n  v0: i8 = iconst 1\n  ret v0\n}\n```\n\n```text\n; run: @f() == 1\n```\n";
        let configuration = Configuration { engine: EngineKind::Interpreter, level: None };
        let report = run(text, "page.md", &[configuration]);
        assert_eq!(report.failures.iter().map(|f| f.line).collect::<Vec<_>>(), [4]);
        assert_eq!(run(&text.replace("== 2", "== 1"), "page.md", &[configuration]).passed, [1]);
    }
}
