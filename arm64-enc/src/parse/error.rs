//! Why a line is not an instruction: where, what is there, and what would be accepted.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::cursor::Cursor;
use crate::text::Form;

/// Why a line is not an instruction.
///
/// ```
/// use arm64_enc::Inst;
/// let error = "ldr x0, [x1, #32768]".parse::<Inst>().unwrap_err();
/// assert_eq!((error.column(), error.given()), (14, "#32768"));
/// let text = error.to_string();
/// assert!(text.starts_with("column 14: `#32768` does not fit: expected a multiple of 8 from 0 to 32760"), "{text}");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    column: usize,
    given: String,
    reason: Reason,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Reason {
    /// There is nothing on the line.
    Empty,
    /// No instruction has this mnemonic.
    Unknown,
    /// What is expected at the column, and the forms of the mnemonic that lead there.
    Expected { name: String, expected: Vec<Expected>, forms: Vec<&'static str> },
}

/// What an operand may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    /// Nothing more.
    End,
    /// An operand of this description.
    Kind(&'static str),
    /// A register or list with this shape or letter.
    Shape(&'static str),
    /// This character.
    Char(char),
    /// This text.
    Text(&'static str),
    /// A number in this range.
    Range { min: i64, max: i64, unit: i64 },
    /// Operands of which an encoding exists.
    Encodable,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Expected::End => f.write_str("the end of the line"),
            Expected::Kind(text) => f.write_str(text),
            Expected::Shape(shape) if shape.len() == 1 => {
                write!(f, "a register {shape}0 to {shape}31")
            }
            Expected::Shape("") => f.write_str("a register v0 to v31"),
            Expected::Shape(shape) => write!(f, "a register v0.{shape} to v31.{shape}"),
            Expected::Char(c) => write!(f, "`{c}`"),
            Expected::Text(text) => write!(f, "`{text}`"),
            Expected::Range { min, max, .. } if min == max => write!(f, "{min}"),
            Expected::Range { min: 0, max, unit } if max == unit => write!(f, "0 or {max}"),
            Expected::Range { min, max, unit: 1 } => write!(f, "{min} to {max}"),
            Expected::Range { min, max, unit } => {
                write!(f, "a multiple of {unit} from {min} to {max}")
            }
            Expected::Encodable => f.write_str("no instruction has these operands together"),
        }
    }
}

impl ParseError {
    pub(super) fn empty() -> ParseError {
        ParseError { column: 1, given: String::new(), reason: Reason::Empty }
    }

    fn unknown(line: &str, name: &[u8]) -> ParseError {
        let column = 1 + Cursor::new(line).at;
        ParseError { column, given: String::from_utf8_lossy(name).into(), reason: Reason::Unknown }
    }

    /// Where the line stops making sense: the number of the first byte, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What stands there: the mnemonic or operand; nothing at the end of the line.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, given) = (self.column, &self.given);
        match &self.reason {
            Reason::Empty => f.write_str("the line is empty"),
            Reason::Unknown => write!(f, "column {column}: no instruction is called `{given}`"),
            Reason::Expected { name, expected, forms } => {
                if *expected == [Expected::Encodable] {
                    write!(f, "column {column}: {}", Expected::Encodable)?;
                    return Ok(());
                }
                if given.is_empty() {
                    write!(f, "column {column}: the line ends too early: expected ")?;
                } else {
                    write!(f, "column {column}: `{given}` does not fit: expected ")?;
                }
                for (i, expected) in expected.iter().enumerate() {
                    write!(f, "{}{expected}", if i == 0 { "" } else { ", or " })?;
                }
                for (i, form) in forms.iter().enumerate() {
                    f.write_str(if i == 0 { "; valid: `" } else { "`, `" })?;
                    show(name, form, f)?;
                }
                f.write_str(if forms.is_empty() { "" } else { "`" })
            }
        }
    }
}

impl core::error::Error for ParseError {}

/// Writes a form as a person would: the mnemonic as it was given, fields by their names.
fn show(name: &str, form: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(name)?;
    let operands = form.split_once(' ').map_or("", |(_, operands)| operands);
    if !operands.is_empty() {
        f.write_str(" ")?;
    }
    let mut is_field = false;
    let mut is_view = false;
    for c in operands.char_indices() {
        match c {
            (i, '{') if !operands.get(i + 1..).unwrap_or_default().starts_with(' ') => {
                (is_field, is_view) = (true, false);
                f.write_str("<")?;
            }
            (_, ':') if is_field => is_view = true,
            (_, '}') if is_field => {
                is_field = false;
                f.write_str(">")?;
            }
            (_, c) if !(is_field && is_view) => fmt::Write::write_char(f, c)?,
            _ => {}
        }
    }
    Ok(())
}

/// How far the forms of a mnemonic fit, and what was expected there.
#[derive(Default)]
pub(super) struct Miss {
    at: usize,
    count: usize,
    noted: [Option<(Expected, &'static str)>; Miss::MOST],
}

impl Miss {
    /// The most expectations that an error names.
    const MOST: usize = 6;

    /// Notes that a form fits up to here.
    pub(super) fn note(&mut self, mut cursor: Cursor<'_>, expected: Expected, form: &Form) {
        cursor.blanks();
        let at = cursor.at;
        if self.count == 0 || at > self.at {
            *self = Miss { at, ..Miss::default() };
        }
        let text = form.text;
        let is_new = || {
            let same = |noted: &Option<(Expected, &'static str)>| {
                noted.is_some_and(|(what, other)| core::ptr::eq(other, text) && what == expected)
            };
            !self.noted.iter().any(same)
        };
        if at == self.at
            && is_new()
            && let Some(place) = self.noted.get_mut(self.count)
        {
            *place = Some((expected, text));
            self.count += 1;
        }
    }

    /// Returns `true` if a form fits to beyond this place.
    pub(super) fn is_after(&self, cursor: Cursor<'_>) -> bool {
        self.count > 0 && self.at > cursor.at
    }

    pub(super) fn error(self, line: &str, name: &[u8]) -> ParseError {
        if self.count == 0 {
            return ParseError::unknown(line, name);
        }
        let mut cursor = Cursor::new(line);
        cursor.at = self.at;
        let mut expected = Vec::new();
        let mut forms = Vec::new();
        for (what, form) in self.noted.into_iter().flatten() {
            if !expected.contains(&what) {
                expected.push(what);
            }
            let form = form.split(';').next().unwrap_or_default();
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        // Where something else is possible, it says more.
        if expected.len() > 1 {
            expected.retain(|what| *what != Expected::Encodable);
        }
        let reason = Reason::Expected {
            name: String::from_utf8_lossy(name).to_ascii_lowercase(),
            expected,
            forms,
        };
        ParseError { column: self.at + 1, given: cursor.given().into(), reason }
    }
}
