//! Reading a program, and saying what is wrong with it in the style of rustc.

use std::fs;
use std::io::{self, IsTerminal};
use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use driver::{Error, Hosts, Trap, pipeline};
use ir::{Function, Module, Span};

use crate::Failure;
use crate::source::{Language, Problem};

/// A program: its text and what it means.
#[derive(Debug)]
pub(crate) struct Program {
    /// The file, as it was named.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) language: Language,
    pub(crate) module: Module,
}

impl Program {
    /// The functions of the host that it may call.
    pub(crate) fn hosts(&self) -> Hosts {
        Hosts::for_lang()
    }

    /// The function of this name.
    pub(crate) fn function(&self, name: &str) -> Result<&Function, Failure> {
        let functions = &self.module.functions;
        functions.get(name).ok_or_else(|| {
            let meant = match ir::nearest(name, functions.keys().map(String::as_str)) {
                Some(near) => format!("is `{near}` meant?"),
                None => format!("it has {}", self.some_functions()),
            };
            Failure::Usage(format!("error: `{}` has no function `{name}`; {meant}", self.name))
        })
    }

    /// The names of its functions, if there are many only of some.
    pub(crate) fn some_functions(&self) -> String {
        const MOST: usize = 8;
        let mut names: Vec<&str> =
            self.module.functions.keys().map(String::as_str).take(MOST + 1).collect();
        if names.len() > MOST {
            names[MOST] = "…";
        }
        names.join(", ")
    }
}

/// Reads and checks a program.
pub(crate) fn load(path: &Path) -> Result<Program, Failure> {
    let name = path.display().to_string();
    let bytes = read(path, &name)?;
    let language = match Language::of_file(&name) {
        Some(language) => language,
        None => {
            return Err(Failure::Wrong(format!(
                "error: `{name}` is neither a Rust file (.rs) nor a text of the IR (.ir)"
            )));
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(Failure::Wrong(not_utf8(&name, &error))),
    };
    let module = compile(&name, &text, language)?;
    Ok(Program { name, text, language, module })
}

fn read(path: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    if path.is_dir() {
        return Err(Failure::Wrong(format!("error: `{name}` is a folder; name a file in it")));
    }
    fs::read(path).map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
            _ => error.to_string(),
        };
        Failure::Wrong(format!("error: cannot read `{name}`: {reason}"))
    })
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> String {
    let offset = error.utf8_error().valid_up_to();
    let before = String::from_utf8_lossy(&error.as_bytes()[..offset]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let byte = error.as_bytes()[offset];
    format!(
        "error: the file is not UTF-8: byte {byte:#04x} at offset {offset}\n  --> {name}:{line}:{column}"
    )
}

fn compile(name: &str, text: &str, language: Language) -> Result<Module, Failure> {
    let problems = match language.read(text, name) {
        Ok(module) if language == Language::Rust => return sound(name, module),
        Ok(module) => return Ok(module),
        Err(problems) => problems,
    };
    let mut shown: Vec<String> =
        problems.iter().map(|problem| render(problem, name, text)).collect();
    let s = if shown.len() == 1 { "" } else { "s" };
    shown.push(format!("error: could not compile `{name}`: {} error{s}", problems.len()));
    Err(Failure::Wrong(shown.join("\n\n")))
}

/// What the front end made keeps the rules of the IR, or it is a defect of ours.
fn sound(name: &str, module: Module) -> Result<Module, Failure> {
    match pipeline::input_errors(&module).into_iter().next() {
        None => Ok(module),
        Some(error) => {
            let func = module.functions.get(&error.function);
            let place = func.map(|func| error.in_context(func)).unwrap_or_default();
            Err(Failure::Wrong(format!("error: {error}\n  --> {name}\n{place}")))
        }
    }
}

/// Longer lines are not shown: nobody could find the place in them.
const LONGEST_LINE: usize = 400;

/// The problem with its place in the source, as rustc shows it.
pub(crate) fn render(problem: &Problem, name: &str, text: &str) -> String {
    let span = clamp(text, problem.span.clone());
    let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
    let title = Level::ERROR.primary_title(problem.message.as_str());
    let title = if problem.code.is_empty() { title } else { title.id(problem.code) };
    let shown = line_end - line_start <= LONGEST_LINE * (1 + text[span.clone()].lines().count());
    let notes = problem.notes.iter().map(|note| Level::NOTE.message(note.as_str()));
    let mut groups = Vec::new();
    if shown {
        let lines = text[..line_start].matches('\n').count() + 1;
        // Only the lines around the place are handed over: the file may be large.
        let annotation =
            AnnotationKind::Primary.span(span.start - line_start..span.end - line_start);
        let annotation = if problem.label.is_empty() {
            annotation
        } else {
            annotation.label(problem.label.as_str())
        };
        let snippet = Snippet::source(&text[line_start..line_end])
            .line_start(lines)
            .path(name)
            .annotation(annotation);
        groups.push(title.element(snippet).elements(notes));
        if let Some(help) = &problem.suggestion {
            let span = clamp(text, help.span.clone());
            if line_start <= span.start && span.end <= line_end {
                let patch = Patch::new(
                    span.start - line_start..span.end - line_start,
                    help.replacement.as_str(),
                );
                let snippet = Snippet::source(&text[line_start..line_end])
                    .line_start(lines)
                    .path(name)
                    .patch(patch);
                groups.push(Level::HELP.secondary_title(help.message.as_str()).element(snippet));
            }
        }
    } else {
        let place = format!("{name}:{}:{}", problem.line, problem.column);
        groups.push(Group::with_title(title).element(Level::NOTE.message(place)).elements(notes));
    }
    let renderer = if io::stderr().is_terminal() { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&groups)
}

/// The nearest range of whole characters inside the text.
fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// How a program ended that could not be made or run.
pub(crate) fn failed(error: Error, program: &Program) -> Failure {
    match error {
        Error::Trap(trap) => Failure::Trapped(render_trap(&trap, program)),
        Error::MissingHost { name, signature, .. } => {
            let hosts = program.hosts();
            let meant = match ir::nearest(&name, hosts.names()) {
                Some(near) => format!("is `{near}` meant?"),
                None => format!("there are {}", hosts.names().collect::<Vec<_>>().join(", ")),
            };
            Failure::Wrong(format!(
                "error: `jitsu` has no host function `{name}` {signature}; {meant}\n  --> {}",
                program.name
            ))
        }
        error => {
            let name = &program.name;
            let report = match error.is_defect() {
                true => format!(
                    "\n  --> {name}\n  = note: this is a defect of Jitsu; `jitsu ir {name}` prints what to report"
                ),
                false => String::new(),
            };
            Failure::Wrong(format!("error: {error}{report}"))
        }
    }
}

/// A trap with its place in the source.
pub(crate) fn render_trap(trap: &Trap, program: &Program) -> String {
    let message = format!("the program trapped: {}", trap.kind);
    let detail = trap.detail.iter().cloned();
    let place = format!("in `{}`", trap.function);
    let report = match trap.span.and_then(|span| span_bytes(&program.text, span)) {
        Some((span, place_span)) if program.language == Language::Rust => render(
            &Problem {
                code: "",
                message,
                label: place,
                line: place_span.line(),
                column: place_span.column(),
                span,
                notes: detail.collect(),
                suggestion: None,
            },
            &program.name,
            &program.text,
        ),
        _ => {
            // A text of the IR may say which source its places are in.
            let file = trap.file.as_ref().unwrap_or(&program.name);
            let at = trap.span.map(|span| format!(":{span}")).unwrap_or_default();
            let detail: String = detail.map(|detail| format!("\n  = note: {detail}")).collect();
            format!("error: {message} {place}\n  --> {file}{at}{detail}")
        }
    };
    format!("{}{}", report.trim_end_matches('\n'), trap.callers)
}

/// The bytes of the character at a place.
fn span_bytes(text: &str, span: Span) -> Option<(Range<usize>, Span)> {
    let line = text.split_inclusive('\n').nth(span.line() as usize - 1)?;
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    let (at, c) = line.char_indices().nth((span.column() as usize).checked_sub(1)?)?;
    Some((start + at..start + at + c.len_utf8(), span))
}
