//! Drops moves that change nothing and stores that nobody reads, and turns loads into register moves where a register still has the value.
//!
//! Pieces are placed one by one, so a value may be moved to a place where an older copy of it still is: an argument
//! that is kept for later and passed on at once, for example. A walk over each block with a number for what each
//! place holds finds such moves. The walk goes on into a block whose only predecessor is the block above it.

use crate::env::{Allocation, Edit, Loc, MachineEnv, ProgPoint};
use crate::function::Function;
use crate::operand::{Block, Inst, PReg, RegClass};

const NUM_REGS: usize = 2 * PReg::PER_CLASS as usize;

/// What a place holds. Equal numbers are equal values; a place with 0 holds nobody knows what.
type Number = u64;

/// The memory of the walk, kept from run to run.
#[derive(Default)]
pub(crate) struct Cleanup {
    /// By index of the place, registers first, then slots: the stretch of code in which the entry was made,
    /// and what it says. In another stretch it says nothing.
    numbers: Vec<(u32, Number)>,
    stretch: u32,
    last: Number,
    /// Edits to drop, by index.
    dead: Vec<usize>,
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
        let scratch = RegClass::ALL.map(|class| env.scratch(class));
        if allocation.edits.is_empty() {
            return;
        }
        let mut edits = std::mem::take(&mut allocation.edits);
        self.numbers.clear();
        self.numbers.resize(NUM_REGS + allocation.num_spill_slots as usize, (0, 0));
        self.stretch = 1;
        self.last = 0;
        let mut kept = 0;
        let mut next = 0;
        for number in 0..function.num_blocks() {
            let block = Block::new(number as u32);
            if number == 0 || function.block_preds(block) != [Block::new(number as u32 - 1)] {
                self.stretch += 1;
            }
            let insts = function.block_insts(block);
            if edits.get(next).is_none_or(|(at, _)| at.inst >= insts.end) {
                // Nothing to clean up here, so it is not worth knowing what happens.
                self.stretch += 1;
                continue;
            }
            for inst in insts.iter() {
                for point in [ProgPoint::before(inst), ProgPoint::after(inst)] {
                    if point == ProgPoint::after(inst) {
                        self.run_inst(function, allocation, inst);
                    }
                    let first = next;
                    while let Some(&(at, edit)) = edits.get(next).filter(|(at, _)| *at == point) {
                        next += 1;
                        if let Some(edit) = self.run_edit(edit) {
                            edits[kept] = (at, edit);
                            kept += 1;
                        }
                    }
                    if next > first {
                        // They belong to the moves of one point; what comes between points may use them.
                        scratch.iter().for_each(|&reg| self.set(Loc::Reg(reg), 0));
                    }
                }
            }
        }
        edits.truncate(kept);
        allocation.edits = edits;
        self.drop_unread_stores(allocation);
        self.drop_unread_at_exits(function, allocation);
    }

    /// Drops what is moved in blocks that leave the function, but not read there. That happens where a value changes
    /// places on the way into the block, and the copy it leaves behind serves after all.
    fn drop_unread_at_exits<F: Function + ?Sized>(
        &mut self,
        function: &F,
        allocation: &mut Allocation,
    ) {
        self.dead.clear();
        for number in 0..function.num_blocks() {
            let block = Block::new(number as u32);
            if !function.block_succs(block).is_empty() {
                continue;
            }
            let insts = function.block_insts(block);
            let edits = &allocation.edits;
            let first = edits.partition_point(|(at, _)| at.inst < insts.start);
            let mut next = first + edits[first..].partition_point(|(at, _)| at.inst < insts.end);
            if next == first {
                continue;
            }
            // A stretch of its own, walked backwards: 1 means that the place is read further down.
            self.stretch += 1;
            for inst in insts.iter().rev() {
                for point in [ProgPoint::after(inst), ProgPoint::before(inst)] {
                    if point == ProgPoint::before(inst) {
                        let operands = function.inst_operands(inst).iter();
                        let places = operands.zip(allocation.inst_locs(inst));
                        let (defs, uses) = (places.clone(), places);
                        defs.filter(|(op, _)| op.is_def()).for_each(|(_, &loc)| self.set(loc, 0));
                        uses.filter(|(op, _)| !op.is_def()).for_each(|(_, &loc)| self.set(loc, 1));
                    }
                    while next > first && allocation.edits[next - 1].0 == point {
                        next -= 1;
                        let (from, to) = match allocation.edits[next].1 {
                            Edit::Move { from, to, .. } => (Some(from), to),
                            Edit::Remat { to, .. } => (None, Loc::Reg(to)),
                        };
                        if self.number(to) != 1 {
                            self.dead.push(next);
                            continue;
                        }
                        self.set(to, 0);
                        if let Some(from) = from {
                            self.set(from, 1);
                        }
                    }
                }
            }
        }
        self.dead.sort_unstable();
        let dead = &self.dead;
        let mut index = 0;
        allocation.edits.retain(|_| {
            index += 1;
            dead.binary_search(&(index - 1)).is_err()
        });
    }

    /// Drops the stores to slots that nothing reads any more.
    fn drop_unread_stores(&mut self, allocation: &mut Allocation) {
        // A stretch of its own: an entry in it means that the place is read.
        self.stretch += 1;
        for (_, edit) in &allocation.edits {
            if let Edit::Move { from, .. } = edit {
                self.set(*from, 1);
            }
        }
        for &loc in &allocation.locs {
            self.set(loc, 1);
        }
        allocation.edits.retain(|(_, edit)| match *edit {
            Edit::Move { to: to @ Loc::Stack(_), .. } => self.number(to) == 1,
            _ => true,
        });
    }

    fn number(&self, loc: Loc) -> Number {
        let (stretch, number) = self.numbers[index(loc)];
        if stretch == self.stretch { number } else { 0 }
    }

    fn set(&mut self, loc: Loc, number: Number) {
        self.numbers[index(loc)] = (self.stretch, number);
    }

    fn fresh(&mut self) -> Number {
        self.last += 2;
        self.last
    }

    fn run_inst<F: Function + ?Sized>(
        &mut self,
        function: &F,
        allocation: &Allocation,
        inst: Inst,
    ) {
        for reg in function.inst_clobbers(inst).iter() {
            self.set(Loc::Reg(reg), 0);
        }
        let operands = function.inst_operands(inst);
        for (operand, &loc) in operands.iter().zip(allocation.inst_locs(inst)) {
            if operand.is_def() {
                let again = function.remat(operand.vreg()) == Some(inst);
                let number = match (allocation.is_needless(inst), again) {
                    // The caller may leave it in or out.
                    (true, _) => 0,
                    (false, true) => rerun_number(inst),
                    (false, false) => self.fresh(),
                };
                self.set(loc, number);
            }
        }
    }

    /// What to do instead of `edit`; `None` if nothing has to be done.
    fn run_edit(&mut self, edit: Edit) -> Option<Edit> {
        match edit {
            Edit::Remat { inst, to } => {
                let number = rerun_number(inst);
                let held = self.number(Loc::Reg(to));
                self.set(Loc::Reg(to), number);
                (held != number).then_some(edit)
            }
            Edit::Move { from, to, class } => {
                if self.number(from) == 0 {
                    let number = self.fresh();
                    self.set(from, number);
                }
                let number = self.number(from);
                if self.number(to) == number {
                    return None;
                }
                let copy = match from {
                    Loc::Stack(_) => self.register_with(number, class),
                    Loc::Reg(_) => None,
                };
                self.set(to, number);
                let from = copy.map_or(from, Loc::Reg);
                Some(Edit::Move { from, to, class })
            }
        }
    }

    fn register_with(&self, number: Number, class: RegClass) -> Option<PReg> {
        let first = class.index() * PReg::PER_CLASS as usize;
        let regs = &self.numbers[first..first + PReg::PER_CLASS as usize];
        let at = regs.iter().position(|&held| held == (self.stretch, number))?;
        PReg::new(at as u8, class)
    }
}
