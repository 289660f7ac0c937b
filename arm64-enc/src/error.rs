//! The error of an operand that does not fit its field.

use core::fmt;

/// An operand that no encoding holds: which one, its value, and what would fit.
///
/// ```
/// use arm64_enc::Imm16;
/// let error = Imm16::try_new(70_000).unwrap_err();
/// assert_eq!(error.to_string(), "16-bit immediate 70000 is out of range: 0 to 65535");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EncodeError {
    operand: &'static str,
    value: i64,
    expected: &'static str,
}

impl EncodeError {
    pub(crate) const fn new(
        operand: &'static str,
        value: i64,
        expected: &'static str,
    ) -> EncodeError {
        EncodeError { operand, value, expected }
    }

    /// What the operand is, in words.
    #[must_use]
    pub const fn operand(&self) -> &'static str {
        self.operand
    }

    /// The value that does not fit.
    #[must_use]
    pub const fn value(&self) -> i64 {
        self.value
    }

    /// The values that fit, in words.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} is out of range: {}", self.operand, self.value, self.expected)
    }
}

impl core::error::Error for EncodeError {}
