//! Why a function cannot be compiled.

use std::fmt;

use ir::{Block, Inst};

/// A function that cannot be compiled: which, where in it, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Error {
    /// The function's name.
    pub function: String,
    /// The block, if the reason is in one.
    pub block: Option<Block>,
    /// The instruction, if the reason is one.
    pub inst: Option<Inst>,
    /// The instruction's first result, as the text form writes it.
    pub value: Option<ir::Value>,
    /// The reason.
    pub reason: Reason,
}

/// Why a function cannot be compiled.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The function has no blocks.
    NoBody,
    /// The block does not end with a terminator.
    NoTerminator,
    /// Variables are still there: SSA construction has to come first.
    NotSsa,
    /// The instruction does not have the operands, results or types that its operation asks for.
    Malformed(&'static str),
    /// The stack frame is larger than [`MAX_FRAME_BYTES`](crate::MAX_FRAME_BYTES).
    FrameTooLarge {
        /// What the function asks for, in bytes.
        bytes: u64,
    },
    /// The alignment of a stack slot is not a power of two or exceeds 4096.
    SlotAlignment {
        /// The slot.
        slot: ir::StackSlot,
        /// Its alignment.
        align: u32,
    },
    /// Code generation does not do this yet.
    Unsupported(&'static str),
    /// No registers could be found.
    Allocation(regalloc::Error),
    /// The allocation was proven wrong.
    Check(String),
    /// The linter objects to the words.
    Lint(crate::lint::LintError),
    /// The code could not be assembled.
    Assembly(String),
    /// Something that the stages agree on does not hold: a defect of this crate.
    Internal(&'static str),
}

impl Reason {
    /// Returns `true` if the compiler is to blame, not the function.
    #[must_use]
    pub fn is_defect(&self) -> bool {
        matches!(
            self,
            Reason::Allocation(_)
                | Reason::Check(_)
                | Reason::Lint(_)
                | Reason::Assembly(_)
                | Reason::Internal(_)
                | Reason::Malformed(_)
                | Reason::NoTerminator
                | Reason::NotSsa
        )
    }

    /// The error with only the function known.
    pub(crate) fn in_function(self, function: &str) -> Error {
        Error { function: function.to_owned(), block: None, inst: None, value: None, reason: self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoBody => f.write_str("the function has no blocks"),
            Reason::NoTerminator => {
                f.write_str("the block does not end with a jump, branch, switch, ret or trap")
            }
            Reason::NotSsa => f.write_str(
                "variables are read or written; construct SSA form before code generation",
            ),
            Reason::Malformed(what) => write!(f, "the instruction is malformed: {what}"),
            Reason::FrameTooLarge { bytes } => write!(
                f,
                "the stack frame takes {bytes} bytes, the limit is {}",
                crate::MAX_FRAME_BYTES
            ),
            Reason::SlotAlignment { slot, align } => {
                write!(f, "{slot} asks for an alignment of {align}; use a power of two up to 4096")
            }
            Reason::Unsupported(what) => write!(f, "not supported by code generation yet: {what}"),
            Reason::Allocation(error) => write!(f, "register allocation failed: {error}"),
            Reason::Check(text) => write!(f, "the register allocation is wrong: {text}"),
            Reason::Lint(error) => write!(f, "the code is wrong: {error}"),
            Reason::Assembly(text) => write!(f, "the code cannot be assembled: {text}"),
            Reason::Internal(what) => write!(f, "a defect of code generation: {what}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.function)?;
        if let Some(block) = self.block {
            write!(f, ", {block}")?;
        }
        match (self.value, self.inst) {
            (Some(value), _) => write!(f, ", {value}")?,
            (None, Some(inst)) => write!(f, ", {inst}")?,
            (None, None) => {}
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for Error {}

/// An operand or immediate that the stages have agreed to be valid.
pub(crate) fn valid<T>(option: Option<T>, what: &'static str) -> Result<T, Reason> {
    option.ok_or(Reason::Internal(what))
}
