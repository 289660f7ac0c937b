//! A function in machine IR: blocks of instructions over virtual registers, as the allocator sees it.
//!
//! Virtual registers below [`ir::Function::num_values`] stand for the IR value of the same index, so that a reader can
//! follow `v7` from the source to the machine code; the others are temporaries.

use ir::{Span, TrapKind};
use regalloc::{Block, Inst, InstRange, Operand, PRegSet, RegClass, VReg};
use smallvec::SmallVec;

use crate::Protection;
use crate::abi;
use crate::minst::{Op, TableRef, TrapRef};

/// A machine instruction: what it does, and the place of its operands in the function's list.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MInst {
    /// The operation.
    pub op: Op,
    pub(crate) first: u32,
    pub(crate) len: u32,
    /// The IR instruction that it comes from.
    pub source: Option<ir::Inst>,
}

/// A list in one of the function's pools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Range {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Range {
    pub(crate) fn of<T>(self, pool: &[T]) -> &[T] {
        &pool[self.start as usize..self.end as usize]
    }
}

/// A block of machine instructions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MBlock {
    pub(crate) insts: Range,
    pub(crate) params: Range,
    /// What is passed to each successor.
    pub(crate) args: SmallVec<[Range; 2]>,
    pub(crate) succs: SmallVec<[Block; 2]>,
    pub(crate) preds: SmallVec<[Block; 2]>,
    /// The block of the IR, unless this one stands on an edge.
    pub source: Option<ir::Block>,
    /// The number of loops that it is in.
    pub depth: u32,
    /// `true` if it heads a loop.
    pub loop_header: bool,
    /// `true` if it is rarely reached.
    pub cold: bool,
}

/// The place and reason of a trap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrapInfo {
    /// Why.
    pub kind: TrapKind,
    /// The place in the source.
    pub span: Option<Span>,
}

/// A function in machine IR, over virtual registers.
#[derive(Clone, Debug, Default)]
pub struct MachineFunction {
    /// The function's name.
    pub name: String,
    /// All instructions, in the order of the blocks.
    pub insts: Vec<MInst>,
    /// The blocks; the entry is the first.
    pub blocks: Vec<MBlock>,
    /// The trap sites.
    pub traps: Vec<TrapInfo>,
    /// The jump tables: for each value of the index, which successor of the block.
    pub tables: Vec<Vec<u32>>,
    /// Size in bytes of the arguments that the caller passes on the stack.
    pub incoming_bytes: u32,
    /// Size in bytes of the arguments that are passed on the stack to callees.
    pub outgoing_bytes: u32,
    /// Size in bytes of what a tail call takes at the top of the frame: room for arguments on the stack, and a frame record
    /// above it. 0 if each of them finds room enough where the function's own are.
    pub room_bytes: u32,
    /// `true` if there are calls.
    pub has_calls: bool,
    /// `true` if the code comes with a description of its frame.
    pub(crate) describe_frame: bool,
    pub(crate) protection: Protection,
    pub(crate) operands: Vec<Operand>,
    pub(crate) vregs: Vec<VReg>,
    /// For each virtual register its definition, if it may be run again.
    pub(crate) remat: Vec<Option<Inst>>,
    pub(crate) num_vregs: usize,
}

impl MachineFunction {
    /// The operands of an instruction.
    #[must_use]
    pub fn operands(&self, inst: &MInst) -> &[Operand] {
        &self.operands[inst.first as usize..(inst.first + inst.len) as usize]
    }

    /// A trap site.
    #[must_use]
    pub fn trap(&self, trap: TrapRef) -> TrapInfo {
        self.traps[trap.0 as usize]
    }

    /// A jump table.
    #[must_use]
    pub fn table(&self, table: TableRef) -> &[u32] {
        &self.tables[table.0 as usize]
    }

    /// The instructions of a block, by index.
    #[must_use]
    pub fn block_range(&self, block: &MBlock) -> std::ops::Range<usize> {
        block.insts.start as usize..block.insts.end as usize
    }
}

impl regalloc::Function for MachineFunction {
    fn num_vregs(&self) -> usize {
        self.num_vregs
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn block_insts(&self, block: Block) -> InstRange {
        let range = self.blocks[block.index()].insts;
        InstRange::new(Inst::new(range.start), Inst::new(range.end))
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].succs
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].preds
    }

    fn block_params(&self, block: Block) -> &[VReg] {
        self.blocks[block.index()].params.of(&self.vregs)
    }

    fn branch_args(&self, block: Block, succ_index: usize) -> &[VReg] {
        let args = &self.blocks[block.index()].args;
        args.get(succ_index).map_or(&[], |range| range.of(&self.vregs))
    }

    fn inst_operands(&self, inst: Inst) -> &[Operand] {
        self.operands(&self.insts[inst.index()])
    }

    fn inst_clobbers(&self, inst: Inst) -> PRegSet {
        match self.insts[inst.index()].op {
            Op::Call { .. } | Op::CallIndirect => abi::CALL_CLOBBERS,
            _ => PRegSet::EMPTY,
        }
    }

    fn is_ret(&self, inst: Inst) -> bool {
        self.insts[inst.index()].op.is_ret()
    }

    fn is_branch(&self, inst: Inst) -> bool {
        self.insts[inst.index()].op.is_branch()
    }

    fn inst_as_move(&self, inst: Inst) -> Option<(VReg, VReg)> {
        let inst = &self.insts[inst.index()];
        match (inst.op, self.operands(inst)) {
            (Op::Copy | Op::FpCopy, [to, from]) => Some((from.vreg(), to.vreg())),
            _ => None,
        }
    }

    fn block_depth(&self, block: Block) -> u32 {
        self.blocks[block.index()].depth
    }

    fn remat(&self, vreg: VReg) -> Option<Inst> {
        self.remat.get(vreg.index()).copied().flatten()
    }
}

/// The register file of a type.
pub(crate) const fn class_of(ty: ir::Type) -> RegClass {
    if ty.is_float() { RegClass::Float } else { RegClass::Int }
}
