//! The structural verifier: every rule of the IR that needs no dominators. (That a definition dominates its uses is
//! checked by the `ssa` crate.)

use std::fmt;

use crate::entity::{Block, Inst};
use crate::func::Function;

/// A rule of the IR that a function breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The function's name.
    pub function: String,
    /// The block, if the error is in one.
    pub block: Option<Block>,
    /// The instruction, if the error is at one.
    pub inst: Option<Inst>,
    /// What is wrong and what to do, naming the values.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.function)?;
        if let Some(block) = self.block {
            write!(f, ", {block}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for VerifyError {}

/// Checks that every block ends in its only terminator.
///
/// # Errors
/// The first rule that is broken.
pub fn verify_function(func: &Function) -> Result<(), VerifyError> {
    for &block in func.layout() {
        let insts = func.block_insts(block);
        let error = |inst: Option<Inst>, message: &str| VerifyError {
            function: func.name.clone(),
            block: Some(block),
            inst,
            message: message.to_owned(),
        };
        if func.terminator(block).is_none() {
            return Err(error(
                insts.last().copied(),
                "the block has no terminator; end it with a jump, branch, switch, ret or trap",
            ));
        }
        for &inst in &insts[..insts.len() - 1] {
            if func.inst(inst).is_terminator() {
                return Err(error(
                    Some(inst),
                    "an instruction follows a terminator; start a new block for it",
                ));
            }
        }
    }
    Ok(())
}
