//! Why a function cannot be allocated.

use std::fmt;

use crate::operand::{Block, Inst, PReg, RegClass, VReg};

/// A function that breaks the rules of [`Function`](crate::Function), or does not fit the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The instructions of the block do not start where those of the block before it end, or there are none.
    BadBlockRange {
        /// The block.
        block: Block,
    },
    /// The entry block has parameters or predecessors, or does not exist.
    BadEntry {
        /// The block.
        block: Block,
    },
    /// An edge names a block that does not exist, or predecessors and successors disagree.
    BadEdge {
        /// Where the edge starts.
        from: Block,
        /// Where it goes.
        to: Block,
    },
    /// The edge leads from a block with several successors to one with several predecessors.
    CriticalEdge {
        /// Where the edge starts.
        from: Block,
        /// Where it goes.
        to: Block,
    },
    /// The branch passes another number or another class of values than the block takes.
    BranchArgs {
        /// Where the edge starts.
        from: Block,
        /// Where it goes.
        to: Block,
    },
    /// The terminator has operands or clobbers where moves for the successor must go before it, or a fixed
    /// definition.
    TerminatorOperands {
        /// The terminator.
        inst: Inst,
    },
    /// The index of the value is not below the number of values, or its class varies.
    BadVReg {
        /// The value.
        vreg: VReg,
    },
    /// The value is defined twice.
    DefinedTwice {
        /// The value.
        vreg: VReg,
    },
    /// The value is used where no definition reaches.
    Undefined {
        /// The value.
        vreg: VReg,
    },
    /// The operand at this index makes no sense: a reuse of something that is not a plain register use, a fixed
    /// register of another class, a late use in a clobbered register.
    BadOperand {
        /// The instruction.
        inst: Inst,
        /// Which operand.
        operand: usize,
    },
    /// Two operands of the instruction want the same register at the same time.
    FixedConflict {
        /// The instruction.
        inst: Inst,
        /// The register.
        reg: PReg,
    },
    /// The instruction needs more registers at once than there are.
    TooFewRegisters {
        /// The instruction.
        inst: Inst,
        /// The class that ran out.
        class: RegClass,
    },
    /// The function has more instructions or operands than 32-bit positions can number.
    TooLarge,
    /// The allocator does not do this yet.
    Unsupported(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::BadBlockRange { block } => {
                write!(f, "the instructions of {block} do not follow those of the block before it")
            }
            Error::BadEntry { block } => {
                write!(f, "the entry {block} is missing, has parameters or has predecessors")
            }
            Error::BadEdge { from, to } => {
                write!(f, "{from} and {to} disagree about the edge from one to the other")
            }
            Error::CriticalEdge { from, to } => {
                write!(f, "the edge from {from} to {to} is critical; split it first")
            }
            Error::BranchArgs { from, to } => {
                write!(f, "{from} does not pass what {to} takes")
            }
            Error::TerminatorOperands { inst } => {
                write!(f, "the terminator {inst} has operands where moves have to go around it")
            }
            Error::BadVReg { vreg } => write!(f, "{vreg} is out of range or of two classes"),
            Error::DefinedTwice { vreg } => write!(f, "{vreg} is defined twice"),
            Error::Undefined { vreg } => {
                write!(f, "{vreg} is used where no definition reaches")
            }
            Error::BadOperand { inst, operand } => {
                write!(f, "operand {operand} of {inst} asks for something impossible")
            }
            Error::FixedConflict { inst, reg } => {
                write!(f, "two operands of {inst} want {reg} at the same time")
            }
            Error::TooFewRegisters { inst, class } => {
                write!(f, "{inst} needs more {class} registers at once than there are")
            }
            Error::TooLarge => f.write_str("the function is too large for 32-bit positions"),
            Error::Unsupported(what) => write!(f, "not supported by the allocator yet: {what}"),
        }
    }
}

impl std::error::Error for Error {}
