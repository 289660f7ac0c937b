//! Drops moves that change nothing and stores that nobody reads, and turns loads into register moves where a register still has the value.
//!
//! Pieces are placed one by one, so a value may be moved to a place where an older copy of it still is: an argument
//! that is kept for later and passed on at once, for example. A walk over each block with a number for what each
//! place holds finds such moves. The walk goes on into a block whose only predecessor is the block above it.

use crate::env::{Allocation, Edit, Loc, MachineEnv, ProgPoint};
use crate::function::Function;
use crate::operand::{Block, Inst, PReg, PRegSet, RegClass};

const NUM_REGS: usize = 2 * PReg::PER_CLASS as usize;

/// What a place holds. Equal numbers are equal values; a place with 0 holds nobody knows what.
type Number = u64;

/// The memory of the walk, kept from run to run.
#[derive(Default)]
pub(crate) struct Cleanup {
    /// By index of the place: registers first, then slots.
    numbers: Vec<Number>,
    last: Number,
}

fn index(loc: Loc) -> usize {
    match loc {
        Loc::Reg(reg) => reg.class().index() * PReg::PER_CLASS as usize + usize::from(reg.index()),
        Loc::Stack(slot) => NUM_REGS + slot.index(),
    }
}

/// The number of what `inst` gives whenever it is run again. Others are even.
fn rerun_number(inst: Inst) -> Number {
    inst.index() as Number * 2 + 1
}

impl Cleanup {
    pub(crate) fn run<F: Function + ?Sized>(
        &mut self,
        function: &F,
        env: &MachineEnv,
        allocation: &mut Allocation,
    ) {
        let scratch = RegClass::ALL.map(|class| env.scratch(class)).into_iter().collect();
        let mut edits = std::mem::take(&mut allocation.edits);
        self.numbers.clear();
        self.numbers.resize(NUM_REGS + allocation.num_spill_slots as usize, 0);
        self.last = 0;
        let mut kept = 0;
        let mut next = 0;
        for number in 0..function.num_blocks() {
            let block = Block::new(number as u32);
            if number == 0 || function.block_preds(block) != [Block::new(number as u32 - 1)] {
                self.numbers.fill(0);
            }
            // Beyond the last edit, nothing in the block matters, unless the walk goes on after it.
            let insts = function.block_insts(block);
            for inst in insts.iter() {
                for point in [ProgPoint::before(inst), ProgPoint::after(inst)] {
                    if point == ProgPoint::after(inst) {
                        self.run_inst(function, allocation, scratch, inst);
                    }
                    while let Some(&(at, edit)) = edits.get(next).filter(|(at, _)| *at == point) {
                        next += 1;
                        if let Some(edit) = self.run_edit(edit) {
                            edits[kept] = (at, edit);
                            kept += 1;
                        }
                    }
                }
            }
        }
        edits.truncate(kept);
        allocation.edits = edits;
        self.drop_unread_stores(allocation);
    }

    /// Drops the stores to slots that nothing reads any more.
    fn drop_unread_stores(&mut self, allocation: &mut Allocation) {
        self.numbers.fill(0);
        for (_, edit) in &allocation.edits {
            if let Edit::Move { from, .. } = edit {
                self.numbers[index(*from)] = 1;
            }
        }
        for &loc in &allocation.locs {
            self.numbers[index(loc)] = 1;
        }
        let numbers = &self.numbers;
        allocation.edits.retain(|(_, edit)| match *edit {
            Edit::Move { to: to @ Loc::Stack(_), .. } => numbers[index(to)] == 1,
            _ => true,
        });
    }

    fn fresh(&mut self) -> Number {
        self.last += 2;
        self.last
    }

    fn run_inst<F: Function + ?Sized>(
        &mut self,
        function: &F,
        allocation: &Allocation,
        scratch: PRegSet,
        inst: Inst,
    ) {
        // The instruction may use the scratch registers for itself.
        for reg in function.inst_clobbers(inst).union(scratch).iter() {
            self.numbers[index(Loc::Reg(reg))] = 0;
        }
        if allocation.is_needless(inst) {
            return;
        }
        let operands = function.inst_operands(inst);
        for (operand, &loc) in operands.iter().zip(allocation.inst_locs(inst)) {
            if operand.is_def() {
                let again = function.remat(operand.vreg()) == Some(inst);
                let number = if again { rerun_number(inst) } else { self.fresh() };
                self.numbers[index(loc)] = number;
            }
        }
    }

    /// What to do instead of `edit`; `None` if nothing has to be done.
    fn run_edit(&mut self, edit: Edit) -> Option<Edit> {
        match edit {
            Edit::Remat { inst, to } => {
                let number = rerun_number(inst);
                let held = std::mem::replace(&mut self.numbers[index(Loc::Reg(to))], number);
                (held != number).then_some(edit)
            }
            Edit::Move { from, to, class } => {
                if self.numbers[index(from)] == 0 {
                    self.numbers[index(from)] = self.fresh();
                }
                let number = self.numbers[index(from)];
                if self.numbers[index(to)] == number {
                    return None;
                }
                let copy = match from {
                    Loc::Stack(_) => self.register_with(number, class),
                    Loc::Reg(_) => None,
                };
                self.numbers[index(to)] = number;
                let from = copy.map_or(from, Loc::Reg);
                Some(Edit::Move { from, to, class })
            }
        }
    }

    fn register_with(&self, number: Number, class: RegClass) -> Option<PReg> {
        let first = class.index() * PReg::PER_CLASS as usize;
        let regs = &self.numbers[first..first + PReg::PER_CLASS as usize];
        let at = regs.iter().position(|&held| held == number)?;
        PReg::new(at as u8, class)
    }
}
