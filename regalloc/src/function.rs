//! The door: what the allocator asks of a program. Implement [`Function`] for a machine IR and call
//! [`run`](crate::run).

use crate::operand::{Block, Inst, InstRange, Operand, PRegSet, VReg};

/// A function in SSA form, seen as blocks of instructions with operands.
///
/// What must hold (the allocator returns an [`Error`](crate::Error) where it does not):
/// - Blocks are numbered in layout order, and the ranges of [`Function::block_insts`] follow one another from
///   `inst0` on without gaps. No block is empty; its last instruction is its terminator.
/// - Every value is defined once, by an operand or as a block parameter, and the definition dominates all uses.
/// - The entry block has no parameters and no predecessors. Arguments of the function are fixed definitions of
///   an instruction in it.
/// - Critical edges are split: a block with several successors leads to blocks with one predecessor only.
///   Predecessors and successors count with multiplicity.
/// - Where a successor has several predecessors, the moves for its parameters go before the terminator of each
///   of them, so that terminator has no operands and no clobbers.
/// - A terminator has no fixed definition: there is no place after it for a move.
pub trait Function {
    /// One more than the largest [`VReg::index`] in the function.
    fn num_vregs(&self) -> usize;

    /// The number of blocks.
    fn num_blocks(&self) -> usize;

    /// The block where execution starts. It may stand anywhere in the order; first is usual.
    fn entry(&self) -> Block {
        Block::new(0)
    }

    /// The instructions of `block`.
    fn block_insts(&self, block: Block) -> InstRange;

    /// Where the terminator of `block` can go.
    fn block_succs(&self, block: Block) -> &[Block];

    /// Which blocks end with a branch to `block`.
    fn block_preds(&self, block: Block) -> &[Block];

    /// The values that `block` receives from its predecessors.
    fn block_params(&self, block: Block) -> &[VReg];

    /// What the terminator of `block` passes to the parameters of its successor number `succ_index`, one
    /// value a parameter. These are uses at the end of `block`; they are not operands of the terminator.
    fn branch_args(&self, block: Block, succ_index: usize) -> &[VReg];

    /// The operands of `inst`.
    fn inst_operands(&self, inst: Inst) -> &[Operand];

    /// The registers that `inst` destroys, besides those it defines. They are destroyed after the early uses
    /// have been read, so an argument of a call may be in one of them.
    fn inst_clobbers(&self, inst: Inst) -> PRegSet {
        let _ = inst;
        PRegSet::EMPTY
    }

    /// Returns `true` if `inst` leaves the function.
    fn is_ret(&self, inst: Inst) -> bool;

    /// Returns `true` if `inst` is a branch to other blocks.
    fn is_branch(&self, inst: Inst) -> bool;

    /// If `inst` only copies a value, its source and destination: the two are given one register where that is
    /// possible. The operands still say what is read and written.
    fn inst_as_move(&self, inst: Inst) -> Option<(VReg, VReg)> {
        let _ = inst;
        None
    }

    /// How many loops `block` is in: what is in a deeper block is taken to run more often.
    fn block_depth(&self, block: Block) -> u32 {
        let _ = block;
        0
    }

    /// If the definition of `vreg` is cheaper to run again than to reload, the instruction that does it. It must
    /// have that definition as its only operand, clobber nothing, and give the same value wherever it is run.
    /// The allocation then has [`Edit::Remat`](crate::Edit::Remat) in place of reloads.
    fn remat(&self, vreg: VReg) -> Option<Inst> {
        let _ = vreg;
        None
    }
}
