//! A program as text: its language, reading it, and everything that is wrong with it.

use std::fmt;
use std::ops::Range;

use driver::pipeline;
use ir::Module;
use ir::parse::TextPlace;

/// The language of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    /// The text form of the IR.
    Ir,
    /// The source language.
    Rust,
}

impl Language {
    /// The language of a file by the end of its name.
    pub(crate) fn of_file(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1 {
            "ir" => Some(Language::Ir),
            "rs" => Some(Language::Rust),
            _ => None,
        }
    }

    /// What a comment starts with.
    pub(crate) fn comment(self) -> &'static str {
        match self {
            Language::Ir => ";",
            Language::Rust => "//",
        }
    }

    /// The module that a text is, or everything that is wrong with it.
    pub(crate) fn read(self, text: &str, name: &str) -> Result<Module, Vec<Problem>> {
        match self {
            Language::Ir => read_ir(text, name),
            Language::Rust => lang::compile(text, name)
                .map_err(|errors| errors.into_iter().map(Problem::from).collect()),
        }
    }
}

/// A problem in a file.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
    pub(crate) notes: Vec<String>,
    pub(crate) suggestion: Option<lang::Suggestion>,
}

/// `line:column: error[code]: message (label)`, then a line for each note.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: error[{}]: {}", self.line, self.column, self.code, self.message)?;
        if !self.label.is_empty() {
            write!(f, " ({})", self.label)?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n  note: {note}"))
    }
}

impl From<lang::Diagnostic> for Problem {
    fn from(error: lang::Diagnostic) -> Self {
        Problem {
            code: error.code,
            message: error.message,
            label: error.label,
            line: error.line,
            column: error.column,
            span: error.span,
            notes: error.notes,
            suggestion: error.suggestion,
        }
    }
}

impl From<ir::parse::ParseError> for Problem {
    fn from(error: ir::parse::ParseError) -> Self {
        Problem {
            code: error.code.name(),
            message: error.message,
            label: String::new(),
            line: error.line,
            column: error.column,
            span: error.offset..error.offset + error.length,
            notes: error.help.into_iter().collect(),
            suggestion: None,
        }
    }
}

/// A module of the text form, which may name the file that it comes from; every error of the reader, or else of the
/// verifier, in its place.
fn read_ir(text: &str, name: &str) -> Result<Module, Vec<Problem>> {
    let read = ir::parse::module(text);
    let mut module =
        read.map_err(|errors| errors.into_iter().map(Problem::from).collect::<Vec<_>>())?;
    module.source_name.get_or_insert_with(|| name.to_owned());
    let errors = pipeline::input_errors(&module);
    if errors.is_empty() {
        return Ok(module);
    }
    let places = ir::parse::locate(text, &errors);
    let problem = |(error, place): (ir::VerifyError, Option<TextPlace>)| {
        let Some(TextPlace { line, column, range }) = place else {
            unreachable!("every function, import and data object stands in the text: {error}")
        };
        let label = error.block.map(|block| format!("in {block} of @{}", error.function));
        Problem {
            code: error.rule.name(),
            message: error.message,
            label: label.unwrap_or_default(),
            line,
            column,
            span: range,
            notes: Vec::new(),
            suggestion: None,
        }
    };
    Err(errors.into_iter().zip(places).map(problem).collect())
}
