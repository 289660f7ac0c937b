//! Frame descriptions: how the registers of a function's caller are found from each of its instructions, for unwinders
//! and debuggers. They hold in prologue and epilogues too, so that a profiler may ask anywhere.
//!
//! The *canonical frame address* (CFA) is the stack pointer as it was when the function was called. Registers are numbered
//! as in DWARF for the Arm 64-bit Architecture: `x0` to `x30` are 0 to 30, the stack pointer is 31, `v0` to `v31` are 64 to 95.

use arm64_enc::{Assembler, FP, LR};

/// The stack pointer in [`FrameChange`].
pub const DWARF_SP: u8 = 31;
/// The first of the registers of floats and vectors there.
pub(crate) const DWARF_V0: u8 = 64;

/// A change at an offset, for the instruction there and those that follow it in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameRow {
    /// Offset of the instruction, in bytes.
    pub offset: u32,
    /// The rule that is different from here on.
    pub change: FrameChange,
}

/// What is known of the caller's frame. At a function's first instruction the CFA is the stack pointer, and the caller's
/// registers are as the caller left them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FrameChange {
    /// The CFA is so many bytes above a register.
    Cfa {
        /// The register.
        register: u8,
        /// The distance.
        bytes: u32,
    },
    /// The caller's value of a register is in memory.
    Saved {
        /// The register.
        register: u8,
        /// How many bytes below the CFA.
        below: u32,
    },
    /// What is known here holds again after [`Body`](FrameChange::Body): an epilogue begins.
    Epilogue,
    /// All is as at the function's first instruction, but for a signature: the epilogue is at its end.
    Return,
    /// The return address is signed now, or no longer.
    Signature,
    /// Code that the function runs with its frame: all is as it was at the last [`Epilogue`](FrameChange::Epilogue).
    Body,
}

/// The rows of a function that is being written, or of one whose rows nobody wants.
#[derive(Debug)]
pub(crate) struct Rows {
    wanted: bool,
    pub(crate) rows: Vec<FrameRow>,
}

impl Rows {
    pub(crate) fn new(wanted: bool) -> Self {
        Self { wanted, rows: Vec::new() }
    }

    /// Something changes for the next instruction.
    pub(crate) fn push(&mut self, asm: &Assembler, change: FrameChange) {
        if self.wanted {
            self.rows.push(FrameRow { offset: asm.offset() as u32, change });
        }
    }
}

/// The caller's frame pointer and return address are in a frame record right below the CFA.
pub(crate) fn record_above(mut push: impl FnMut(FrameChange)) {
    push(FrameChange::Saved { register: FP.number(), below: 16 });
    push(FrameChange::Saved { register: LR.number(), below: 8 });
}
