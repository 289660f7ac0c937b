//! `jitsu stages`: what every stage makes of a program. The text is the same on every host.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use ir::Function;

use super::args::{Args, Choice, LEVEL};
use super::{Failure, asm, diff, input};
use crate::pipeline::{self, Observer, Settings};
use crate::suggest;

pub(super) const OPTIONS: &[Choice] = &[
    Choice {
        name: "pass",
        value: Some("STAGE"),
        doc: "Only this stage or pass: source, ir, ssa, a pass, split, lower, allocate, asm.",
    },
    Choice { name: "only-changed", value: None, doc: "Leave out passes that changed nothing." },
    Choice { name: "diff", value: None, doc: "Show passes as the change they make." },
    LEVEL,
];

/// The stages that are no passes.
const STAGES: [&str; 7] = ["source", "ir", "ssa", "split", "lower", "allocate", "asm"];

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let wanted = args.value("pass");
    if let Some(name) = wanted {
        let names = || STAGES.into_iter().chain(opt::PASSES.iter().map(|pass| pass.name));
        if !names().any(|known| known == name) {
            let meant = match suggest::similar(name, names()) {
                Some(near) => format!("is `{near}` meant?"),
                None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Failure::Usage(format!("error: there is no stage `{name}`; {meant}")));
        }
    }
    let path = args.file("stages")?;
    let function = args.function()?;
    let level = args.level()?;
    let program = input::load(&path)?;
    let functions = asm::functions(&program, function.as_deref())?;
    let mut printer = Printer {
        out: BufWriter::new(io::stdout()),
        wanted,
        only_changed: args.has("only-changed"),
        diff: args.has("diff"),
        function: String::new(),
        before: String::new(),
        error: None,
    };
    if wanted.is_none_or(|name| name == "source") {
        printer.section("source", &program.name);
        printer.text(&program.text);
    }
    let settings = Settings { level, verify: true, ..Settings::default() };
    for func in functions {
        printer.function = format!("@{}", func.name);
        printer.before.clear();
        let code = pipeline::compile_function(func, &settings, &mut printer)
            .map_err(|error| Failure::Wrong(format!("error: {error}")))?;
        if wanted.is_none_or(|name| name == "asm") {
            let title = printer.function.clone();
            printer.section("asm", &title);
            printer.text(&asm::listing(&code, &program));
        }
        if let Some(error) = printer.error.take() {
            return Err(error.into());
        }
    }
    printer.out.flush()?;
    Ok(())
}

struct Printer<'a> {
    out: BufWriter<io::Stdout>,
    wanted: Option<&'a str>,
    only_changed: bool,
    diff: bool,
    function: String,
    /// The IR after the stage before.
    before: String,
    error: Option<io::Error>,
}

impl Printer<'_> {
    fn section(&mut self, stage: &str, what: &str) {
        self.text(&format!("==== {stage}: {what} ====\n"));
    }

    fn text(&mut self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        if let Err(error) = write!(self.out, "{text}{end}") {
            self.error.get_or_insert(error);
        }
    }

    fn wants(&self, stage: &str) -> bool {
        self.wanted.is_none_or(|name| name == stage)
    }
}

impl Observer for Printer<'_> {
    fn ir(&mut self, stage: &str, func: &Function, changed: bool) {
        let now = func.to_string();
        let before = std::mem::replace(&mut self.before, now.clone());
        if !self.wants(stage) || (self.only_changed && !changed) {
            return;
        }
        let title =
            if changed { self.function.clone() } else { format!("{}, no change", self.function) };
        self.section(stage, &title);
        if !changed {
            return;
        }
        if self.diff && !before.is_empty() {
            self.text(&diff::show(&before, &now));
        } else {
            self.text(&now);
        }
    }

    fn machine(&mut self, stage: &str, text: &dyn Display) {
        if self.wants(stage) {
            let title = self.function.clone();
            self.section(stage, &title);
            self.text(&text.to_string());
        }
    }
}
