//! The checker as it was first written: for every block the set of values that each place holds, met where paths meet. It
//! is slow and obvious, and is what the checker of the crate is compared with.

use std::collections::{BTreeMap, VecDeque};

use regalloc::{
    Allocation, Block, Constraint, Edit, Function, Inst, Loc, MachineEnv, Operand, OperandKind,
    OperandPos, PRegSet, ProgPoint, RegClass, Side, VReg,
};

/// The allocation is wrong.
#[derive(Debug)]
pub(crate) struct Wrong;

type Names = Vec<VReg>;

/// Where a value can be taken from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Loc(Loc),
    /// Running this instruction again; nothing but a new parameter can change what that gives.
    Rerun(Inst),
}

/// What each place holds; a place that is not listed holds nothing known. Names are sorted.
#[derive(Clone, PartialEq, Default)]
struct State(BTreeMap<Origin, Names>);

impl State {
    fn at(&self, origin: Origin) -> &[VReg] {
        self.0.get(&origin).map_or(&[], |names| names.as_slice())
    }

    fn holds(&self, origin: Origin, vreg: VReg) -> bool {
        self.at(origin).contains(&vreg)
    }

    fn set(&mut self, loc: Loc, names: Names) {
        if names.is_empty() {
            self.0.remove(&Origin::Loc(loc));
        } else {
            self.0.insert(Origin::Loc(loc), names);
        }
    }

    /// `inst` gives `vreg` a new value, which is in `loc` and nowhere else.
    fn define(&mut self, inst: Inst, loc: Loc, vreg: VReg) {
        self.0.retain(|&origin, names| {
            if origin != Origin::Rerun(inst) {
                names.retain(|name| *name != vreg);
            }
            !names.is_empty()
        });
        self.set(loc, vec![vreg]);
    }

    /// All of `params` get new values at once, those of `args`.
    fn pass(&mut self, args: &[VReg], params: &[VReg]) {
        if params.is_empty() {
            return;
        }
        let mut by_arg: Vec<(VReg, VReg)> =
            args.iter().copied().zip(params.iter().copied()).collect();
        by_arg.sort_unstable();
        let mut sorted_params = params.to_vec();
        sorted_params.sort_unstable();
        self.0.retain(|_, names| {
            let mut new: Names = names
                .iter()
                .copied()
                .filter(|name| sorted_params.binary_search(name).is_err())
                .collect();
            for name in names.iter() {
                let first = by_arg.partition_point(|(arg, _)| arg < name);
                let same = by_arg[first..].iter().take_while(|(arg, _)| arg == name);
                new.extend(same.map(|&(_, param)| param));
            }
            new.sort_unstable();
            *names = new;
            !names.is_empty()
        });
    }

    /// Keeps what also holds in `other`; says whether anything was lost.
    fn meet(&mut self, other: &State) -> bool {
        let mut lost = false;
        self.0.retain(|origin, names| {
            let before = names.len();
            names.retain(|name| other.holds(*origin, *name));
            lost |= names.len() != before;
            !names.is_empty()
        });
        lost
    }

    fn forget(&mut self, regs: PRegSet) {
        for reg in regs.iter() {
            self.set(Loc::Reg(reg), Names::new());
        }
    }
}

/// Whether the allocation is right.
pub(crate) fn check<F: Function + ?Sized>(
    function: &F,
    env: &MachineEnv,
    allocation: &Allocation,
) -> Result<(), Wrong> {
    let checker = Checker { function, env, allocation };
    checker.check_edits()?;
    let mut at_start: Vec<Option<State>> = vec![None; function.num_blocks()];
    let mut queued = vec![false; function.num_blocks()];
    let mut worklist = VecDeque::from([function.entry()]);
    if let Some(entry) = at_start.get_mut(function.entry().index()) {
        *entry = Some(checker.state_at_entry());
    }
    while let Some(block) = worklist.pop_front() {
        queued[block.index()] = false;
        let Some(mut state) = at_start[block.index()].clone() else { continue };
        checker.run_block(block, &mut state)?;
        for (n, &succ) in function.block_succs(block).iter().enumerate() {
            let mut passed = state.clone();
            passed.pass(function.branch_args(block, n), function.block_params(succ));
            let changed = match &mut at_start[succ.index()] {
                Some(known) => known.meet(&passed),
                slot => {
                    *slot = Some(passed);
                    true
                }
            };
            if changed && !queued[succ.index()] {
                queued[succ.index()] = true;
                worklist.push_back(succ);
            }
        }
    }
    Ok(())
}

struct Checker<'a, F: ?Sized> {
    function: &'a F,
    env: &'a MachineEnv,
    allocation: &'a Allocation,
}

impl<F: Function + ?Sized> Checker<'_, F> {
    /// The edits are sorted, at places that exist, and each is a thing that a machine can do.
    fn check_edits(&self) -> Result<(), Wrong> {
        let mut last_of_block = vec![];
        for index in 0..self.function.num_blocks() {
            last_of_block.extend(self.function.block_insts(Block::new(index as u32)).last());
        }
        let end = last_of_block.last().map_or(0, |last| last.index() + 1);
        let edits = self.allocation.edits();
        for (index, &(point, edit)) in edits.iter().enumerate() {
            let sorted = index == 0 || edits[index - 1].0 <= point;
            let after_block =
                point.side == Side::After && last_of_block.binary_search(&point.inst).is_ok();
            let possible = match edit {
                Edit::Move { from: Loc::Stack(_), to: Loc::Stack(_), .. } => false,
                Edit::Move { from, to, class } => {
                    self.exists(from, class) && self.exists(to, class)
                }
                Edit::Remat { inst, to } => {
                    inst.index() < end
                        && matches!(self.function.inst_operands(inst), [op]
                            if op.is_def()
                                && self.exists(Loc::Reg(to), op.class())
                                && self.function.remat(op.vreg()) == Some(inst))
                }
            };
            if !sorted || after_block || !possible || point.inst.index() >= end {
                return Err(Wrong);
            }
        }
        Ok(())
    }

    /// Nothing is known but what instructions give that can be run again.
    fn state_at_entry(&self) -> State {
        let mut state = State::default();
        for (_, edit) in self.allocation.edits() {
            if let Edit::Remat { inst, .. } = *edit {
                let defined = self.function.inst_operands(inst).iter().map(|op| op.vreg());
                state.0.insert(Origin::Rerun(inst), defined.collect());
            }
        }
        state
    }

    fn exists(&self, loc: Loc, class: RegClass) -> bool {
        match loc {
            Loc::Reg(reg) => reg.class() == class,
            Loc::Stack(slot) => slot.index() < self.allocation.num_spill_slots() as usize,
        }
    }

    fn run_block(&self, block: Block, state: &mut State) -> Result<(), Wrong> {
        let edits = self.allocation.edits();
        let insts = self.function.block_insts(block);
        let mut next = edits.partition_point(|(at, _)| *at < ProgPoint::before(insts.start));
        for inst in insts.iter() {
            for side in [Side::Before, Side::After] {
                if side == Side::After {
                    self.run_inst(inst, state)?;
                }
                while let Some(&(point, edit)) = edits.get(next) {
                    if point != (ProgPoint { inst, side }) {
                        break;
                    }
                    Self::run_edit(edit, state);
                    next += 1;
                }
                // What is left in a scratch register is nobody's.
                for class in RegClass::ALL {
                    state.set(Loc::Reg(self.env.scratch(class)), Names::new());
                }
            }
        }
        Ok(())
    }

    fn run_edit(edit: Edit, state: &mut State) {
        let (origin, to) = match edit {
            Edit::Move { from, to, .. } => (Origin::Loc(from), to),
            Edit::Remat { inst, to } => (Origin::Rerun(inst), Loc::Reg(to)),
        };
        state.set(to, state.at(origin).into());
    }

    fn run_inst(&self, inst: Inst, state: &mut State) -> Result<(), Wrong> {
        let operands = self.function.inst_operands(inst);
        let locs = self.allocation.inst_locs(inst);
        if operands.len() != locs.len() {
            return Err(Wrong);
        }
        if self.allocation.is_needless(inst) {
            // It may be left out or not, so it must do nothing but define what can be made again.
            let [only] = operands else { return Err(Wrong) };
            if !only.is_def() || self.function.remat(only.vreg()) != Some(inst) {
                return Err(Wrong);
            }
            locs.iter().for_each(|&loc| state.set(loc, Names::new()));
            return Ok(());
        }
        for (&operand, &loc) in operands.iter().zip(locs) {
            if !self.is_allowed(operand, loc, locs) {
                return Err(Wrong);
            }
            // What a reused register held before the definition is checked as the use that is reused.
            if operand.kind() == OperandKind::Use && !state.holds(Origin::Loc(loc), operand.vreg())
            {
                return Err(Wrong);
            }
        }
        let clobbers = self.function.inst_clobbers(inst);
        self.check_overlaps(operands, locs, clobbers)?;
        state.forget(clobbers);
        for (operand, &loc) in operands.iter().zip(locs).filter(|(operand, _)| operand.is_def()) {
            state.define(inst, loc, operand.vreg());
        }
        Ok(())
    }

    fn is_allowed(&self, operand: Operand, loc: Loc, locs: &[Loc]) -> bool {
        let allocatable = match loc {
            Loc::Reg(reg) => self.env.allocatable().contains(reg),
            Loc::Stack(_) => true,
        };
        let fits = match operand.constraint() {
            Constraint::Any => allocatable,
            Constraint::Reg => allocatable && matches!(loc, Loc::Reg(_)),
            Constraint::Stack => matches!(loc, Loc::Stack(_)),
            Constraint::Fixed(reg) => loc == Loc::Reg(reg),
            Constraint::Reuse(input) => allocatable && locs.get(usize::from(input)) == Some(&loc),
        };
        fits && self.exists(loc, operand.class())
    }

    /// Nothing is written while something else in the same place is still needed.
    fn check_overlaps(
        &self,
        operands: &[Operand],
        locs: &[Loc],
        clobbers: PRegSet,
    ) -> Result<(), Wrong> {
        for (n, (written, &loc)) in operands.iter().zip(locs).enumerate() {
            let overlap = Err(Wrong);
            let is_clobbered = matches!(loc, Loc::Reg(reg) if clobbers.contains(reg));
            let late_use = !written.is_def() && written.pos() == OperandPos::Late;
            let fixed = matches!(written.constraint(), Constraint::Fixed(_));
            if is_clobbered && (late_use || written.is_def() && !fixed) {
                return overlap;
            }
            if !written.is_def() {
                continue;
            }
            for (m, (other, _)) in
                operands.iter().zip(locs).enumerate().filter(|(_, (_, other))| **other == loc)
            {
                let read_before = !other.is_def()
                    && other.pos() == OperandPos::Early
                    && written.pos() == OperandPos::Late;
                if m != n && !read_before {
                    return overlap;
                }
            }
        }
        Ok(())
    }
}
