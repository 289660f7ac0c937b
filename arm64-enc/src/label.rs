//! Labels: places in the code that branches name before or after they are known.

use core::fmt;

/// A place in the code of one [`Assembler`](crate::Assembler).
///
/// ```
/// let mut asm = arm64_enc::Assembler::new();
/// let label = asm.label();
/// assert_eq!(label.to_string(), "label0");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Label(pub(crate) u32);

impl Label {
    /// The position in the order in which the assembler gave out its labels.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "label{}", self.0)
    }
}
