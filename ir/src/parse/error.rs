//! What is wrong with a text, where, and how to show it.

use std::fmt;

macro_rules! codes {
    ($( $name:ident $code:literal $doc:literal )*) => {
        /// The kind of mistake that an error is about. The codes are stable.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum ParseCode { $( #[doc = $doc] $name, )* }

        impl ParseCode {
            /// All of them, in order.
            pub const ALL: &[ParseCode] = &[ $( ParseCode::$name, )* ];

            /// As messages show it, such as `P004`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( ParseCode::$name => $code, )* }
            }

            /// A line that says what it is about.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $( ParseCode::$name => $doc, )* }
            }
        }
    };
}

codes! {
    Encoding    "P001" "The bytes are not UTF-8."
    Character   "P002" "A character that starts nothing."
    String      "P003" "A string without its end, or with a bad escape."
    Number      "P004" "A number that is not written as one."
    Range       "P005" "A number that does not fit."
    Syntax      "P006" "Something else is expected."
    Item        "P007" "A line that starts no item."
    Opcode      "P008" "An operation that does not exist."
    Type        "P009" "A type that does not exist."
    Word        "P010" "A condition, trap kind or other word that does not exist."
    Results     "P011" "More or fewer results than the operation has."
    Undefined   "P012" "A value, block, variable or stack slot that is not defined."
    Duplicate   "P013" "Something that is defined twice."
    Unknown     "P014" "A function or data object that is not declared."
    Place       "P015" "A line in the wrong place."
    Numbering   "P016" "Numbers that are out of order or leave out too many."
    Name        "P017" "A name where only a number may stand."
    Count       "P018" "Not the number of functions that is wanted."
    Limit       "P019" "More than the reader takes."
}

impl fmt::Display for ParseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A mistake in a text. Lines and columns count from 1, columns in characters; the offset counts bytes from 0.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ParseError {
    /// The kind of mistake.
    pub code: ParseCode,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// The byte where it starts.
    pub offset: usize,
    /// Its length, in bytes.
    pub length: usize,
    /// A sentence that says what is wrong.
    pub message: String,
    /// The remedy, if that can be told.
    pub help: Option<String>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: error[{}]: {}", self.line, self.column, self.code, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

/// How many characters of a long line are shown, and how many of them before the mistake.
const SHOWN: usize = 100;
const SHOWN_BEFORE: usize = 40;

impl ParseError {
    /// The error over several lines: the message, the line of `source` it is about with a caret under the place, and
    /// what to do. `file` is how to call the source.
    #[must_use]
    pub fn render(&self, source: &str, file: &str) -> String {
        let line = source.lines().nth(self.line as usize - 1).unwrap_or("");
        let before = self.column as usize - 1;
        let skipped = if before > SHOWN - SHOWN_BEFORE { before - SHOWN_BEFORE } else { 0 };
        let shown: String = line
            .chars()
            .skip(skipped)
            .take(SHOWN)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let (shown, ellipsis) = (shown.trim_end(), if skipped > 0 { "…" } else { "" });
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let indent = " ".repeat(before - skipped + ellipsis.chars().count());
        let marked = source.get(self.offset..self.offset + self.length).unwrap_or("");
        let room = (shown.chars().count() + skipped).saturating_sub(before);
        let carets = "^".repeat(marked.chars().count().clamp(1, room.max(1)));
        let mut text = format!(
            "error[{}]: {}\n{gutter}--> {file}:{}:{}\n{gutter} |\n{number} | {ellipsis}{shown}\n{gutter} | {indent}{carets}",
            self.code, self.message, self.line, self.column,
        );
        if let Some(help) = &self.help {
            text.push_str(&format!("\n{gutter} = help: {help}"));
        }
        text
    }
}

/// A mistake before its line is known.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(super) code: ParseCode,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// What the functions of the parser return. Boxed, because errors are rare and results are small.
pub(crate) type Parsed<T> = Result<T, Box<Fault>>;

/// A word as a message shows it: not more than a line of it.
pub(super) fn shorten(word: &str) -> String {
    const MOST: usize = 40;
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = word.chars().take(MOST).map(visible).collect();
    if word.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

/// Finds line and column of faults. Asked in the order of the text, it reads the text once.
#[derive(Debug)]
pub(super) struct Locator<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Locator<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // The mark at the start of a file takes up no column.
        let column = u32::from(!text.starts_with('\u{feff}'));
        Self { text, at: 0, line: 1, column }
    }

    /// Line and column of a byte, which must not lie before one asked for earlier.
    pub(super) fn locate(&mut self, offset: usize) -> (u32, u32) {
        let part = self.text.get(self.at..offset).unwrap_or("");
        for c in part.chars() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.at = self.at.max(offset);
        (self.line, self.column)
    }
}
