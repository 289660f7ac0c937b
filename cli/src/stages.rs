//! `jitsu stages`: what every stage makes of a program. The text is the same on every host.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use driver::pipeline::{self, Observer, Settings};
use indexmap::IndexMap;
use ir::Function;

use crate::args::{Args, Choice, LEVEL};
use crate::{Failure, asm, diff, input};

pub(crate) const OPTIONS: &[Choice] = &[
    Choice {
        name: "pass",
        value: Some("STAGE"),
        doc: "Only this stage or pass: source, ir, ssa, a pass, lower, allocate, asm.",
    },
    Choice { name: "only-changed", value: None, doc: "Leave out passes that changed nothing." },
    Choice { name: "diff", value: None, doc: "Show passes as the change they make." },
    LEVEL,
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
    let level = args.level()?;
    let program = input::load(&path)?;
    let shown = asm::functions(&program, function.as_deref())?;
    let mut printer = Printer {
        wanted,
        only_changed: args.has("only-changed"),
        diff: args.has("diff"),
        functions: shown.iter().map(|&name| (name.to_owned(), Shown::default())).collect(),
    };
    let settings = Settings { level, verify: true, ..Settings::default() };
    let compiled = pipeline::compile(program.module.clone(), &settings, &mut printer)
        .map_err(|error| input::failed(error, &program))?;

    let mut out = BufWriter::new(io::stdout());
    if wanted.is_none_or(|name| name == "source") {
        out.write_all(section("source", &program.name, &program.text).as_bytes())?;
    }
    for code in &compiled {
        let Some(shown) = printer.functions.get(&code.name) else { continue };
        out.write_all(shown.text.as_bytes())?;
        if wanted.is_none_or(|name| name == "asm") {
            let listing = asm::listing(code, &program);
            out.write_all(section("asm", &format!("@{}", code.name), &listing).as_bytes())?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Collects what the stages make of each function that is to be shown.
struct Printer<'a> {
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
    fn ir(&mut self, stage: &str, func: &Function, changed: bool) {
        let Some(shown) = self.functions.get_mut(&func.name) else { return };
        let now = func.to_string();
        let before = std::mem::replace(&mut shown.before, now.clone());
        if self.wanted.is_some_and(|name| name != stage) || (self.only_changed && !changed) {
            return;
        }
        let text = if !changed {
            section(stage, &format!("@{}, no change", func.name), "")
        } else if self.diff && !before.is_empty() {
            section(stage, &format!("@{}", func.name), &diff::show(&before, &now))
        } else {
            section(stage, &format!("@{}", func.name), &now)
        };
        shown.text.push_str(&text);
    }

    fn machine(&mut self, stage: &str, func: &Function, text: &dyn Display) {
        if self.wanted.is_none_or(|name| name == stage)
            && let Some(shown) = self.functions.get_mut(&func.name)
        {
            shown.text.push_str(&section(stage, &format!("@{}", func.name), &text.to_string()));
        }
    }
}
