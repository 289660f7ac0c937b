//! Proves an allocation right, knowing only the interface: it shares no code with the allocator.
//!
//! The program is executed symbolically. For each register and slot the checker keeps the set of values that it
//! holds on every path; where paths meet, the sets are intersected. A read is right if the value it wants is in the
//! set. A definition removes the value from everywhere else, so that copies of an earlier loop iteration do not
//! pass for the new one. The idea is that of translation validation with a data-flow analysis: Rideau, Leroy,
//! "Validating Register Allocation and Spilling" (CC 2010).

use std::collections::BTreeMap;
use std::fmt;

use smallvec::SmallVec;

use crate::env::{Allocation, Edit, Loc, MachineEnv, ProgPoint, Side};
use crate::function::Function;
use crate::operand::{
    Block, Constraint, Inst, Operand, OperandKind, OperandPos, PRegSet, RegClass, VReg,
};

/// What is wrong with an allocation.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CheckError {
    /// The instruction reads its operand from a place that does not hold the value on every path.
    WrongValue {
        /// The instruction.
        inst: Inst,
        /// Which operand.
        operand: usize,
        /// The value that it wants.
        vreg: VReg,
        /// Where it looks.
        loc: Loc,
        /// What is there.
        holds: Vec<VReg>,
    },
    /// The place of the operand does not satisfy its constraint, or cannot be used at all.
    Constraint {
        /// The instruction.
        inst: Inst,
        /// Which operand.
        operand: usize,
        /// Its place.
        loc: Loc,
    },
    /// Two operands of the instruction, or an operand and a clobber, are in the same place at the same time.
    Overlap {
        /// The instruction.
        inst: Inst,
        /// The place.
        loc: Loc,
    },
    /// The instruction has another number of places than of operands.
    Places {
        /// The instruction.
        inst: Inst,
    },
    /// The instruction is said to be needless, but cannot be left out.
    Needless {
        /// The instruction.
        inst: Inst,
    },
    /// The edit is out of order, at a place that does not exist, between two slots, or between classes.
    Edit {
        /// Where it stands.
        point: ProgPoint,
        /// Which edit of the list.
        index: usize,
    },
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::WrongValue { inst, operand, vreg, loc, holds } => {
                write!(f, "operand {operand} of {inst} reads {vreg} from {loc}, which holds ")?;
                match holds.as_slice() {
                    [] => f.write_str("nothing known"),
                    [first, rest @ ..] => {
                        write!(f, "{first}")?;
                        rest.iter().try_for_each(|vreg| write!(f, " = {vreg}"))
                    }
                }
            }
            CheckError::Constraint { inst, operand, loc } => {
                write!(f, "operand {operand} of {inst} cannot be in {loc}")
            }
            CheckError::Overlap { inst, loc } => {
                write!(f, "{inst} needs {loc} for two things at the same time")
            }
            CheckError::Places { inst } => {
                write!(f, "{inst} has another number of places than of operands")
            }
            CheckError::Needless { inst } => write!(f, "{inst} cannot be left out"),
            CheckError::Edit { point, index } => {
                write!(f, "edit {index}, {point}, is out of order or impossible")
            }
        }
    }
}

impl std::error::Error for CheckError {}

type Names = SmallVec<[VReg; 2]>;

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
        self.set(loc, SmallVec::from_elem(vreg, 1));
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

/// Proves that `allocation` gives every instruction of `function` the values it wants, where it wants them.
///
/// Blocks that cannot be reached are not looked at. The function is taken to keep the rules of [`Function`].
///
/// # Errors
/// The first [`CheckError`] found.
pub fn check<F: Function + ?Sized>(
    function: &F,
    env: &MachineEnv,
    allocation: &Allocation,
) -> Result<(), CheckError> {
    let checker = Checker { function, env, allocation };
    checker.check_edits()?;
    let mut at_start: Vec<Option<State>> = vec![None; function.num_blocks()];
    let mut queued = vec![false; function.num_blocks()];
    let mut worklist = std::collections::VecDeque::from([function.entry()]);
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
    fn check_edits(&self) -> Result<(), CheckError> {
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
                return Err(CheckError::Edit { point, index });
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

    fn run_block(&self, block: Block, state: &mut State) -> Result<(), CheckError> {
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

    fn run_inst(&self, inst: Inst, state: &mut State) -> Result<(), CheckError> {
        let operands = self.function.inst_operands(inst);
        let locs = self.allocation.inst_locs(inst);
        if operands.len() != locs.len() {
            return Err(CheckError::Places { inst });
        }
        if self.allocation.is_needless(inst) {
            // It may be left out or not, so it must do nothing but define what can be made again.
            let [only] = operands else { return Err(CheckError::Needless { inst }) };
            if !only.is_def() || self.function.remat(only.vreg()) != Some(inst) {
                return Err(CheckError::Needless { inst });
            }
            locs.iter().for_each(|&loc| state.set(loc, Names::new()));
            return Ok(());
        }
        for (n, (&operand, &loc)) in operands.iter().zip(locs).enumerate() {
            if !self.is_allowed(operand, loc, locs) {
                return Err(CheckError::Constraint { inst, operand: n, loc });
            }
            // What a reused register held before the definition is checked as the use that is reused.
            if operand.kind() == OperandKind::Use && !state.holds(Origin::Loc(loc), operand.vreg())
            {
                return Err(CheckError::WrongValue {
                    inst,
                    operand: n,
                    vreg: operand.vreg(),
                    loc,
                    holds: state.at(Origin::Loc(loc)).to_vec(),
                });
            }
        }
        let clobbers = self.function.inst_clobbers(inst);
        self.check_overlaps(inst, operands, locs, clobbers)?;
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
        inst: Inst,
        operands: &[Operand],
        locs: &[Loc],
        clobbers: PRegSet,
    ) -> Result<(), CheckError> {
        for (n, (written, &loc)) in operands.iter().zip(locs).enumerate() {
            let overlap = Err(CheckError::Overlap { inst, loc });
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
