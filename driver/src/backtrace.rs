//! [`Backtrace`]: the calls that a trap ended, with their places in the source.

use std::fmt;

use ir::Span;

/// A function that waits for a call that it made.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Frame {
    /// The function; of a call in a function that was inlined, the one that it became a part of.
    pub function: String,
    /// The source file, if its module names one.
    pub file: Option<String>,
    /// The place of the call in the source, if it is known. In an inlined body it is the place there.
    pub span: Option<Span>,
}

/// The calls that were under way when one ended without a result, the innermost first: those of one call of an engine from
/// Rust, up to it. The frames of a host function that called the engine again are in the error of the outer call, if the host
/// function passes the inner one on.
///
/// A function that ended in a tail call is not there any more. As text it is one line for each frame, each after a line break.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Backtrace(Option<Box<Calls>>);

/// Functions that have not returned, the innermost first, and the number of those beyond.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) frames: Vec<Frame>,
    pub(crate) left_out: usize,
}

impl Calls {
    /// The innermost function, and those that called it.
    pub(crate) fn split(mut self) -> (Frame, Backtrace) {
        /// What is told of code that belongs to no function of a module.
        const NO_FUNCTION: &str = "a veneer";
        let unknown = || Frame { function: NO_FUNCTION.to_owned(), file: None, span: None };
        let innermost = if self.frames.is_empty() { unknown() } else { self.frames.remove(0) };
        (innermost, self.into_backtrace())
    }

    /// All of them as callers of something else.
    pub(crate) fn into_backtrace(mut self) -> Backtrace {
        const MOST: usize = 64;
        self.left_out += self.frames.len().saturating_sub(MOST);
        self.frames.truncate(MOST);
        Backtrace((!self.frames.is_empty()).then(|| Box::new(self)))
    }
}

impl Backtrace {
    /// The frames, the innermost first; at most 64.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        self.0.as_ref().map_or(&[], |calls| &calls.frames)
    }

    /// The number of frames beyond them.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.0.as_ref().map_or(0, |calls| calls.left_out)
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Frame { function, file, span } in self.frames() {
            write!(f, "\n  called from `{function}`{}", At(file.as_deref(), *span))?;
        }
        match self.left_out() {
            0 => Ok(()),
            count => write!(f, "\n  and {count} more"),
        }
    }
}

/// ` at FILE:SPAN`, as far as it is known.
pub(crate) struct At<'a>(pub(crate) Option<&'a str>, pub(crate) Option<Span>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            At(Some(file), Some(span)) => write!(f, " at {file}:{span}"),
            At(None, Some(span)) => write!(f, " at {span}"),
            At(_, None) => Ok(()),
        }
    }
}
