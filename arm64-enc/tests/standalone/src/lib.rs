//! A library without the standard library that makes and reads instructions.
#![no_std]

use arm64_enc::{Assembler, AsmError, Branch, BranchReg, Code, Inst, LR, Size, X0};

/// A function that returns a constant.
pub fn constant(value: u64) -> Result<Code, AsmError> {
    let mut asm = Assembler::new();
    asm.mov_imm(X0, Size::X, value);
    asm.push(Branch::Reg { op: BranchReg::Ret, rn: LR });
    asm.finish()
}

/// Whether the word is an instruction.
pub fn is_known(word: u32) -> bool {
    Inst::decode(word).is_some()
}
