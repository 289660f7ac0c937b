//! `jitsu stages`: what every stage makes of a program. The text is the same on every host.

use std::io::{self, BufWriter, Write};

use driver::pipeline::{self, Observer, Settings, Stage};
use indexmap::IndexMap;
use ir::Function;

use crate::args::{Args, Choice, LEVEL, WITHOUT};
use crate::input::Program;
use crate::times::Times;
use crate::{Failure, asm, diff, input};

pub(crate) const OPTIONS: &[Choice] = &[
    Choice {
        name: "pass",
        value: Some("STAGE"),
        doc: "Only this stage or pass: source, ir, ssa, a pass, lower, allocate, asm.",
    },
    Choice { name: "only-changed", value: None, doc: "Leave out passes that changed nothing." },
    Choice { name: "diff", value: None, doc: "Show passes as the change they make." },
    Choice {
        name: "times",
        value: None,
        doc: "Show no texts, but how long each stage took, over all functions.",
    },
    LEVEL,
    WITHOUT,
];

/// The stages that are no passes.
const STAGES: [&str; 6] = ["source", "ir", "ssa", "lower", "allocate", "asm"];

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let wanted = args.value("pass");
    if let Some(name) = wanted {
        let names = || STAGES.into_iter().chain(opt::PASSES.iter().map(|pass| pass.name));
        if !names().any(|known| known == name) {
            let meant = match ir::nearest(name, names()) {
                Some(near) => format!("is `{near}` meant?"),
                None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Failure::Usage(format!("error: there is no stage `{name}`; {meant}")));
        }
    }
    let path = args.file("stages")?;
    let function = args.function()?;
    let (level, limit) = (args.level()?, args.limit()?);
    let program = input::load(&path)?;
    let mut out = BufWriter::new(io::stdout());
    let compile = |verify: bool, observer: &mut dyn Observer| {
        let settings = Settings { level, limit, verify, ..Settings::default() };
        pipeline::compile(program.module.clone(), &settings, observer)
            .map_err(|error| input::failed(error, &program))
    };
    if args.has("times") {
        let mut times = Times::new();
        compile(false, &mut times)?;
        write!(out, "{times}")?;
    } else {
        let shown = asm::functions(&program, function.as_deref())?;
        let mut printer = Printer {
            program: &program,
            wanted,
            only_changed: args.has("only-changed"),
            diff: args.has("diff"),
            functions: shown.iter().map(|&name| (name.to_owned(), Shown::default())).collect(),
        };
        compile(true, &mut printer)?;
        if wanted.is_none_or(|name| name == "source") {
            out.write_all(section("source", &program.name, &program.text).as_bytes())?;
        }
        for shown in printer.functions.values() {
            out.write_all(shown.text.as_bytes())?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Collects what the stages make of each function that is to be shown.
struct Printer<'a> {
    program: &'a Program,
    wanted: Option<&'a str>,
    only_changed: bool,
    diff: bool,
    functions: IndexMap<String, Shown>,
}

/// What is to be shown of a function.
#[derive(Default)]
struct Shown {
    text: String,
    /// The IR after the stage before.
    before: String,
}

fn section(stage: &str, what: &str, text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("==== {stage}: {what} ====\n{text}{end}")
}

impl Observer for Printer<'_> {
    fn stage(&mut self, stage: Stage<'_>, func: &Function) {
        let Some(shown) = self.functions.get_mut(&func.name) else { return };
        let is_wanted = self.wanted.is_none_or(|name| name == stage.name());
        let what = format!("@{}", func.name);
        let changed = match stage {
            Stage::Input | Stage::Ssa => true,
            Stage::Pass(report) => report.changes > 0,
            Stage::Lower(_) | Stage::Allocate(_) | Stage::Emit(_) if !is_wanted => return,
            Stage::Lower(machine) => {
                shown.text += &section(stage.name(), &what, &machine.to_string());
                return;
            }
            Stage::Allocate(machine) => {
                shown.text += &section(stage.name(), &what, &machine.to_string());
                return;
            }
            Stage::Emit(code) => {
                shown.text +=
                    &section(stage.name(), &what, &asm::listing(func, code, self.program));
                return;
            }
        };
        let now = func.to_string();
        let before = std::mem::replace(&mut shown.before, now.clone());
        if !is_wanted || (self.only_changed && !changed) {
            return;
        }
        shown.text += &if !changed {
            section(stage.name(), &format!("{what}, no change"), "")
        } else if self.diff && !before.is_empty() {
            section(stage.name(), &what, &diff::show(&before, &now))
        } else {
            section(stage.name(), &what, &now)
        };
    }
}
