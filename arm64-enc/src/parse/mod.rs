//! The way back from text: one line of assembly to one instruction.
//!
//! It reads what `Display` writes (decimal or hexadecimal, any case, `#` optional), the base forms that `Display`
//! writes under an alias (not those of AdvSIMD), and the usual other spellings (`cs`, `cc`, `fp`, `lr`). A target is a distance in bytes, as
//! `Display` writes it. Labels, expressions and directives are the business of the [`Assembler`](crate::Assembler).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::Inst;

mod arith;
mod bits;
mod memory;
mod operand;
mod other;
mod simd;

use operand::Operand;

/// Why a line is not an instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing on the line.
    Empty,
    /// An operand is neither register, number, address nor word.
    BadOperand(String),
    /// No instruction has this name and operands of these kinds and values.
    NoSuchInstruction(String),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Empty => f.write_str("the line is empty"),
            ParseError::BadOperand(text) => write!(f, "`{text}` is not an operand"),
            ParseError::NoSuchInstruction(line) => write!(
                f,
                "`{line}` is not an instruction: no encoding has this name with operands of these kinds and values"
            ),
        }
    }
}

impl core::error::Error for ParseError {}

/// A line, taken apart.
struct Line<'a> {
    /// In lower case.
    name: &'a str,
    operands: &'a [Operand<'a>],
}

impl FromStr for Inst {
    type Err = ParseError;

    /// Reads one line of assembly.
    ///
    /// ```
    /// use arm64_enc::Inst;
    /// let inst: Inst = "add x0, x1, #1".parse()?;
    /// assert_eq!(inst.encode(), 0x9100_0420);
    /// assert_eq!("LDR w3, [sp, #0x10]".parse::<Inst>()?.to_string(), "ldr w3, [sp, #16]");
    /// assert!("add x0, x1, #5000".parse::<Inst>().is_err());
    /// # Ok::<(), arm64_enc::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// If the line is not an instruction, or an operand does not fit.
    fn from_str(line: &str) -> Result<Inst, ParseError> {
        // A comment ends the line.
        let line = line.split("//").next().unwrap_or_default().trim();
        let lower = line.to_ascii_lowercase();
        let (name, rest) = lower.split_once(char::is_whitespace).unwrap_or((&lower, ""));
        if name.is_empty() {
            return Err(ParseError::Empty);
        }
        let operands = operand::split(rest)
            .map(|text| Operand::parse(text).ok_or_else(|| ParseError::BadOperand(text.into())))
            .collect::<Result<Vec<_>, _>>()?;
        let parsed = Line { name, operands: &operands };
        arith::parse(&parsed)
            .or_else(|| bits::parse(&parsed))
            .or_else(|| memory::parse(&parsed))
            .or_else(|| other::parse(&parsed))
            .or_else(|| simd::parse(&lower))
            .ok_or_else(|| ParseError::NoSuchInstruction(line.into()))
    }
}

/// The value of an operation field that has this name.
fn named<T: Copy>(all: &[T], name: &str, name_of: impl Fn(T) -> &'static str) -> Option<T> {
    all.iter().copied().find(|&value| name_of(value) == name)
}
