//! Which instructions become part of the operation of the one that reads them, and where that one stands.
//!
//! An instruction is part of its reader if it is in the same block, pure, has no other reader, and the reader has a form
//! for the two: a comparison in a branch or a trap, the sum (and shift) of an address, the first of two float
//! operations. And the addition at the end of a counting loop, whose sum the branch compares and hands on.

use ir::{BinaryOp, Block, Entity, Function, Inst, InstData, Type, Value};

use crate::exec::{ChainEnd, chain};
use crate::program::MemoryAccess;

/// Places in a block are numbered so far apart: an instruction reads at its place, writes one after, and the
/// arguments of its edges are read two after.
const STEP: u32 = 4;
/// After the place of an instruction, where it writes.
pub(crate) const WRITES: u32 = 1;
/// After the place of an instruction, where the arguments of its edges are read.
pub(crate) const EDGE_READS: u32 = 2;

/// An address that an access computes itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indexed {
    pub(crate) base: Value,
    pub(crate) index: Value,
    pub(crate) shift: u8,
}

/// What [`plan`] found.
pub(crate) struct Plan {
    /// Instructions that have no operation of their own.
    fused: Vec<bool>,
    /// Additions that are done by the branch at the end of their block.
    steps: Vec<bool>,
    /// The place in its block where the operands of an instruction are read.
    place: Vec<u32>,
    block: Vec<Option<Block>>,
    uses: Vec<u32>,
}

impl Plan {
    pub(crate) fn is_fused(&self, inst: Inst) -> bool {
        self.fused[inst.index()]
    }

    /// Returns `true` if the branch of its block is to do this addition.
    pub(crate) fn is_step(&self, inst: Inst) -> bool {
        self.steps[inst.index()]
    }

    /// The block and the place in it where the operands of an instruction are read; `None` outside the layout.
    pub(crate) fn place(&self, inst: Inst) -> Option<(Block, u32)> {
        self.block[inst.index()].map(|block| (block, self.place[inst.index()]))
    }

    /// The instruction of this value, if it is part of its reader.
    pub(crate) fn fused_def<'f>(
        &self,
        func: &'f Function,
        value: Value,
    ) -> Option<(Inst, &'f InstData)> {
        func.def_inst(value).filter(|&(inst, _)| self.is_fused(inst))
    }

    /// How an access to `addr` computes its address, if it does so itself.
    pub(crate) fn indexed(&self, func: &Function, addr: Value) -> Option<Indexed> {
        match *self.fused_def(func, addr)?.1 {
            InstData::Binary { op: BinaryOp::Add, args: [base, index] } => {
                // The shifted one is the index, whichever side it is on.
                for (base, index) in [(base, index), (index, base)] {
                    if let Some((_, &InstData::Binary { op: BinaryOp::Shl, args: [of, by] })) =
                        self.fused_def(func, index)
                        && let Some(shift) = small_shift(func, by)
                    {
                        return Some(Indexed { base, index: of, shift });
                    }
                }
                Some(Indexed { base, index, shift: 0 })
            }
            _ => None,
        }
    }
}

/// The largest shift of an index that accesses have a form for.
const MAX_SHIFT: u64 = 3;

fn constant(func: &Function, value: Value) -> Option<i64> {
    match func.def_inst(value)?.1 {
        InstData::IntConst { imm } => Some(*imm),
        _ => None,
    }
}

fn small_shift(func: &Function, by: Value) -> Option<u8> {
    let bits = u64::try_from(constant(func, by)?).ok()?;
    (bits <= MAX_SHIFT).then_some(bits as u8)
}

/// Looks through a function.
pub(crate) fn plan(func: &Function, memory: MemoryAccess) -> Plan {
    let mut plan = Plan {
        fused: vec![false; func.num_insts()],
        steps: vec![false; func.num_insts()],
        place: vec![0; func.num_insts()],
        block: vec![None; func.num_insts()],
        uses: vec![0; func.num_values()],
    };
    for &block in func.layout() {
        let mut place = 0;
        for &inst in func.block_insts(block) {
            place += STEP;
            plan.block[inst.index()] = Some(block);
            plan.place[inst.index()] = place;
            func.for_each_operand(inst, |value| plan.uses[value.index()] += 1);
        }
    }
    for &block in func.layout() {
        // Readers first, so that the place of a chain is known before its parts.
        for &inst in func.block_insts(block).iter().rev() {
            plan.reader(func, block, inst, memory);
        }
    }
    plan
}

impl Plan {
    /// The instruction of `value` if `reader`, in `block`, is its only reader and could contain it.
    fn part<'f>(
        &self,
        func: &'f Function,
        block: Block,
        value: Value,
    ) -> Option<(Inst, &'f InstData)> {
        let (inst, data) = func.def_inst(value)?;
        let here = self.block[inst.index()] == Some(block);
        (here && self.uses[value.index()] == 1).then_some((inst, data))
    }

    fn fuse(&mut self, inst: Inst, reader: Inst) {
        self.fused[inst.index()] = true;
        self.place[inst.index()] = self.place[reader.index()];
    }

    fn reader(&mut self, func: &Function, block: Block, reader: Inst, memory: MemoryAccess) {
        match *func.inst(reader) {
            InstData::Branch { cond, .. } | InstData::Guard { cond, .. } => {
                if let Some(compare) = self.compare(func, block, cond) {
                    self.fuse(compare, reader);
                    self.step(func, block, compare, reader);
                }
            }
            InstData::TrapIf { cond, .. } => {
                if let Some(compare) = self.compare(func, block, cond) {
                    self.fuse(compare, reader);
                }
            }
            // Restricted programs check the address before the access.
            // Accesses of two words have no form that computes its address.
            InstData::Load { addr, offset, .. }
                if memory == MemoryAccess::Host
                    && func
                        .result(reader)
                        .is_some_and(|value| func.value_type(value) != Type::I128) =>
            {
                self.address(func, block, addr, offset, reader);
            }
            InstData::Store { value, addr, offset, .. }
                if memory == MemoryAccess::Host && func.value_type(value) != Type::I128 =>
            {
                self.address(func, block, addr, offset, reader);
            }
            InstData::Binary { op: second, args } if !self.is_fused(reader) => {
                let ty = func.result(reader).map(|value| func.value_type(value));
                for (end, arg) in [(ChainEnd::Left, args[0]), (ChainEnd::Right, args[1])] {
                    if let Some((inst, &InstData::Binary { op: first, .. })) =
                        self.part(func, block, arg)
                        && ty.is_some_and(|ty| chain([first, second], end, ty).is_some())
                    {
                        self.fuse(inst, reader);
                        break;
                    }
                }
            }
            _ => {}
        }
    }

    /// The comparison of a condition that only its reader reads.
    fn compare(&self, func: &Function, block: Block, cond: Value) -> Option<Inst> {
        let (inst, data) = self.part(func, block, cond)?;
        let fits = match data {
            InstData::IntCompare { args, .. } => func.value_type(args[0]) != Type::I128,
            InstData::FloatCompare { .. } => true,
            _ => false,
        };
        fits.then_some(inst)
    }

    /// The sum that a comparison in the branch of its block compares, if nothing but the comparison and the edges of
    /// the branch read it.
    fn step(&mut self, func: &Function, block: Block, compare: Inst, branch: Inst) {
        let InstData::IntCompare { args: compared, .. } = *func.inst(compare) else { return };
        for sum in compared {
            let Some((inst, &InstData::Binary { op: BinaryOp::Add, .. })) = func.def_inst(sum)
            else {
                continue;
            };
            let mut on_edges = 0;
            func.for_each_operand(branch, |value| on_edges += u32::from(value == sum));
            if self.block[inst.index()] == Some(block)
                && self.uses[sum.index()] == 1 + on_edges
                && matches!(func.value_type(sum), Type::I32 | Type::I64)
            {
                self.steps[inst.index()] = true;
                self.place[inst.index()] = self.place[branch.index()];
                // What the sum is compared with is read after the sum is written.
                self.place[compare.index()] += EDGE_READS;
                return;
            }
        }
    }

    fn address(&mut self, func: &Function, block: Block, addr: Value, offset: i32, reader: Inst) {
        let Some((sum, &InstData::Binary { op: BinaryOp::Add, args })) =
            self.part(func, block, addr)
        else {
            return;
        };
        let by_constant = args.into_iter().any(|arg| constant(func, arg).is_some());
        if by_constant || i16::try_from(offset).is_err() {
            return;
        }
        self.fuse(sum, reader);
        for arg in [args[1], args[0]] {
            if let Some((shift, &InstData::Binary { op: BinaryOp::Shl, args: [_, by] })) =
                self.part(func, block, arg)
                && small_shift(func, by).is_some()
            {
                self.fuse(shift, reader);
                return;
            }
        }
    }
}
