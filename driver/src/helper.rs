//! Machine code of the engine's own: stubs, veneers and entries. How it is put together, and how unwinders get through it.

use arm64_enc::{Assembler, Label};
use codegen::{DWARF_SP, FrameChange, FrameRow, Protection, pads};

/// The frame pointer and the link register, as [`FrameRow`] numbers them.
const FP: u8 = 29;
const LR: u8 = 30;

/// Code with the description of its frame.
#[derive(Debug, Default)]
pub(crate) struct Helper {
    pub(crate) words: Vec<u32>,
    pub(crate) frame: Vec<FrameRow>,
}

/// The description of a frame that is being made, beside its code.
#[derive(Debug, Default)]
pub(crate) struct FrameRows(Vec<FrameRow>);

impl FrameRows {
    /// Begins code that is entered by calls; `saves` tells that it saves its return address.
    pub(crate) fn enter(&mut self, asm: &mut Assembler, protection: Protection, saves: bool) {
        if saves && protection.sign_returns {
            asm.push(pads::PACIASP);
            self.push(asm, FrameChange::Signature);
        } else if protection.landing_pads {
            asm.push(pads::BTI_C);
        }
    }

    /// Something changes for the next instruction.
    pub(crate) fn push(&mut self, asm: &Assembler, change: FrameChange) {
        self.0.push(FrameRow { offset: asm.offset() as u32, change });
    }

    /// The stack pointer has been moved down by so many bytes.
    pub(crate) fn allocated(&mut self, asm: &Assembler, bytes: i64) {
        self.push(asm, FrameChange::Cfa { register: DWARF_SP, bytes: bytes as u32 });
    }

    /// From here on the frame is found from the frame pointer.
    pub(crate) fn has_frame_pointer(&mut self, asm: &Assembler, bytes: i64) {
        self.push(asm, FrameChange::Cfa { register: FP, bytes: bytes as u32 });
    }

    /// The frame record is at the bottom of a frame of so many bytes.
    pub(crate) fn has_record(&mut self, asm: &Assembler, bytes: i64) {
        self.saved(asm, FP, bytes);
        self.saved(asm, LR, bytes - 8);
    }

    /// A register has been saved so many bytes below the caller's stack pointer.
    pub(crate) fn saved(&mut self, asm: &Assembler, register: u8, below: i64) {
        self.push(asm, FrameChange::Saved { register, below: below as u32 });
    }

    /// The frame is given back, and control leaves with the next instruction.
    pub(crate) fn leaves(&mut self, asm: &mut Assembler, protection: Protection) {
        self.push(asm, FrameChange::Epilogue);
        self.push(asm, FrameChange::Return);
        if protection.sign_returns {
            asm.push(pads::AUTIASP);
            self.push(asm, FrameChange::Signature);
        }
    }

    /// What follows in memory has the frame again.
    pub(crate) fn body(&mut self, asm: &Assembler) {
        self.push(asm, FrameChange::Body);
    }

    /// The code with its description.
    pub(crate) fn with(self, words: Vec<u32>) -> Helper {
        Helper { words, frame: self.0 }
    }
}

/// Puts constants behind the code.
pub(crate) fn literals<const N: usize>(
    asm: &mut Assembler,
    all: [(Label, u64); N],
) -> Option<Vec<u32>> {
    if !asm.offset().is_multiple_of(8) {
        asm.word(0);
    }
    for (label, value) in all {
        asm.bind(label).ok()?;
        asm.word(value as u32);
        asm.word((value >> 32) as u32);
    }
    Some(std::mem::take(asm).finish().ok()?.words().to_vec())
}
