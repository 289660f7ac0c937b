//! What a person meets of Jitsu: the `jitsu` program (verbs, options, help; each verb is a file), the runner of text
//! tests, [`filetest`], and [`judge`], which compares the engines.
#![deny(unsafe_code)]

mod args;
mod asm;
mod bisect;
mod case;
mod diff;
pub mod filetest;
mod input;
mod ir;
mod reduce;
mod run;
mod shrink;
mod source;
mod stages;
mod test;
mod times;
mod trust;

pub use case::{Verdict, judge};

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why `jitsu` ends without success; each has its exit code, listed in the help.
#[derive(Debug)]
enum Failure {
    /// The program is wrong, a file cannot be read, or a test failed.
    Wrong(String),
    /// The command line is wrong.
    Usage(String),
    /// The program trapped.
    Trapped(String),
    /// Engines disagree.
    Differ(String),
    /// Everything has been said already, with this exit code.
    Said(u8),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::Wrong(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Trapped(_) => 3,
            Failure::Differ(_) => 4,
            Failure::Said(code) => *code,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Wrong(text)
            | Failure::Usage(text)
            | Failure::Trapped(text)
            | Failure::Differ(text) => f.write_str(text),
            Failure::Said(_) => Ok(()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Whoever read our output has had enough: no reason to say anything.
            io::ErrorKind::BrokenPipe => Failure::Said(BROKEN_PIPE),
            _ => Failure::Wrong(format!("cannot write the output: {error}")),
        }
    }
}

/// What a shell reports for a program that SIGPIPE ended.
const BROKEN_PIPE: u8 = 141;

/// A verb of the command line.
struct Verb {
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    options: &'static [args::Choice],
    run: fn(args::Args) -> Result<(), Failure>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "run",
        usage: "run FILE [ARGUMENT…]",
        doc: "Compile a program (.rs or .ir) and run it.",
        options: run::OPTIONS,
        run: run::run,
    },
    Verb {
        name: "stages",
        usage: "stages FILE [FUNCTION]",
        doc: "Show what every stage of the compiler makes of a program.",
        options: stages::OPTIONS,
        run: stages::run,
    },
    Verb {
        name: "asm",
        usage: "asm FILE [FUNCTION]",
        doc: "Show the machine code, with the source beside it.",
        options: asm::OPTIONS,
        run: asm::run,
    },
    Verb {
        name: "ir",
        usage: "ir FILE",
        doc: "Print a program as IR, in the form that FILE may have: to keep, to edit, to report.",
        options: ir::OPTIONS,
        run: ir::run,
    },
    Verb {
        name: "test",
        usage: "test [FILE OR FOLDER…]",
        doc: "Check text tests (`; run: @f(1, 2) == 3`) on every engine at every level.",
        options: &[],
        run: test::run,
    },
    Verb {
        name: "reduce",
        usage: "reduce FILE",
        doc: "Shrink a program on which engines disagree or fail, as long as they do in the same way.",
        options: reduce::OPTIONS,
        run: reduce::run,
    },
    Verb {
        name: "bisect",
        usage: "bisect FILE",
        doc: "Name the first optimisation without which the answer of a program is right.",
        options: bisect::OPTIONS,
        run: bisect::run,
    },
    Verb { name: "help", usage: "help", doc: "Show this.", options: &[], run: help },
];

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.code();
            let text = failure.to_string();
            if !text.is_empty() {
                // If nobody listens, there is nobody to tell.
                let _ = writeln!(io::stderr(), "{text}");
            }
            ExitCode::from(code)
        }
    }
}

fn dispatch() -> Result<(), Failure> {
    let mut words = std::env::args_os().skip(1);
    let Some(verb) = words.next() else {
        return print_help();
    };
    let verb = verb.to_string_lossy().into_owned();
    if matches!(verb.as_str(), "-h" | "--help") {
        return print_help();
    }
    if matches!(verb.as_str(), "-V" | "--version") {
        writeln!(io::stdout(), "jitsu {}", env!("CARGO_PKG_VERSION"))?;
        return Ok(());
    }
    let Some(found) = VERBS.iter().find(|row| row.name == verb) else {
        let names = VERBS.iter().map(|row| row.name);
        let meant = match ::ir::nearest(&verb, names) {
            Some(near) => format!("; is `{near}` meant?"),
            None if std::path::Path::new(&verb).is_file() => {
                format!("; to run a file: jitsu run {verb}")
            }
            None => "; `jitsu help` lists the commands".to_owned(),
        };
        return Err(Failure::Usage(format!("error: there is no command `{verb}`{meant}")));
    };
    let args = args::Args::read(found.name, found.options, words)?;
    if args.has("help") {
        return verb_help(found);
    }
    (found.run)(args)
}

fn help(_: args::Args) -> Result<(), Failure> {
    print_help()
}

fn print_help() -> Result<(), Failure> {
    let mut text = String::from(
        "Jitsu compiles a strict subset of Rust to ARM64 machine code and runs it at once:\n\
         natively on ARM64, in an exact simulator elsewhere.\n\n\
         Try this first:\n    \
             jitsu run examples/mandelbrot.rs --engine all\n\n\
         Commands:\n",
    );
    for verb in VERBS {
        text.push_str(&format!("  {:<24} {}\n", verb.usage, verb.doc));
    }
    for verb in VERBS.iter().filter(|verb| !verb.options.is_empty()) {
        text.push_str(&format!("\nOptions of `{}`:\n{}", verb.name, option_lines(verb)));
    }
    text.push_str(
        "\nWhat the program prints goes to standard output; everything Jitsu says goes to standard error.\n\
         Exit codes: 0 success; 1 the program is wrong, a file cannot be read, or a test failed; 2 the command\n\
         line is wrong; 3 the program trapped; 4 engines disagree; 141 the reader of the output went away.\n",
    );
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn verb_help(verb: &Verb) -> Result<(), Failure> {
    let text = format!("jitsu {}\n{}\n\n{}", verb.usage, verb.doc, option_lines(verb));
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn option_lines(verb: &Verb) -> String {
    verb.options
        .iter()
        .map(|option| {
            let name = match option.value {
                Some(value) => format!("--{} {value}", option.name),
                None => format!("--{}", option.name),
            };
            format!("  {name:<24} {}\n", option.doc)
        })
        .collect()
}
