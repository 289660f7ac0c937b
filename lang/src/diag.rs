//! Diagnostics: the errors in a program as plain data, so that a terminal, an editor or a test can show them in its
//! own way.

use std::fmt;
use std::ops::Range;

/// A place in the source: where it starts for a person, and the bytes it covers for a program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Place {
    /// Nowhere.
    pub(crate) const NONE: Place = Place { line: 0, column: 0, start: 0, end: 0 };

    /// As the IR keeps it.
    pub(crate) fn to_ir(self) -> Option<ir::Span> {
        ir::Span::new(self.line, self.column)
    }
}

/// A replacement that would help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suggestion {
    /// Its effect: "there is a function with a similar name".
    pub message: String,
    /// The bytes of the source to replace.
    pub span: Range<usize>,
    /// The text to write there.
    pub replacement: String,
}

/// One error in a program.
///
/// Codes that begin with `E` are rustc's codes for the same situation; those that begin with `J` are Jitsu's own:
/// `J0001` syntax, `J0002` Rust that Jitsu does not have, `J0003` a limit, `J0004` a lint that rustc denies, `J0005` a
/// mistake in the compiler.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Diagnostic {
    /// A stable code.
    pub code: &'static str,
    /// The error itself.
    pub message: String,
    /// The text to write under the place; may be empty.
    pub label: String,
    /// The file, as it was named to [`compile`](crate::compile).
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The bytes of the source that it is about.
    pub span: Range<usize>,
    /// Further explanations.
    pub notes: Vec<String>,
    /// A replacement that the author may have meant.
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    pub(crate) fn new(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            label: String::new(),
            file: String::new(),
            line: place.line,
            column: place.column,
            span: place.start as usize..place.end as usize,
            notes: Vec::new(),
            suggestion: None,
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Suggests the name that is nearest to one that is not known.
    pub(crate) fn nearest<'n>(
        self,
        message: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        match ir::nearest(name, known) {
            Some(near) => self.suggest(message, near),
            None => self,
        }
    }

    pub(crate) fn suggest(
        mut self,
        message: impl Into<String>,
        replacement: impl Into<String>,
    ) -> Self {
        self.suggestion = Some(Suggestion {
            message: message.into(),
            span: self.span.clone(),
            replacement: replacement.into(),
        });
        self
    }
}

/// `file:line:column: error[code]: message (label)`, then a line for each note and the suggestion.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, label, file, line, column, .. } = self;
        write!(f, "{file}:{line}:{column}: error[{code}]: {message}")?;
        if !label.is_empty() {
            write!(f, " ({label})")?;
        }
        for note in &self.notes {
            write!(f, "\n  note: {note}")?;
        }
        if let Some(Suggestion { message, replacement, .. }) = &self.suggestion {
            write!(f, "\n  help: {message}: `{replacement}`")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
