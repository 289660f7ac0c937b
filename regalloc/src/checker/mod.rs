//! Proves an allocation right, knowing only the interface: it shares no code with the allocator.
//!
//! A read is right if on every path what was last written to its place is the value that it wants. Places are put into
//! static single assignment form (`places`), so the version that reaches a read is known, and *version holds value* is
//! shown by going back: a version that a definition wrote holds what that defines; one where versions meet holds what
//! each of them holds; the parameter of a block is held by what holds its argument on every way in. A claim that is
//! met again on the way is taken as shown: whatever path is executed, it begins somewhere else.
//!
//! Copies of an earlier turn of a loop do not pass for the new one, because a definition dominates what is made of it:
//! on the way from a definition to a read of the value, the version that the read gets is written again.
//!
//! Time and memory are in proportion to the operands, edits, clobbers and meets, not to blocks times values. The idea is
//! that of translation validation: Rideau, Leroy, "Validating Register Allocation and Spilling" (CC 2010).

mod graph;
mod places;
mod proof;
#[cfg(test)]
mod tests;

use std::fmt;

use graph::Graph;
use places::{NOTHING, Origin, Places, Touched, Version};
use proof::Proof;

use crate::env::{Allocation, Edit, Loc, MachineEnv, ProgPoint, Side};
use crate::function::Function;
use crate::operand::{
    Block, Constraint, Inst, Operand, OperandKind, OperandPos, PRegSet, RegClass, VReg,
};

/// A fault of an allocation.
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
        /// What was last written there, on one path or another.
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
                        rest.iter().try_for_each(|vreg| write!(f, " or {vreg}"))
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
    prove(function, env, allocation).map(|_| ())
}

/// A read that is still to be shown right.
struct Read {
    version: Version,
    vreg: VReg,
    inst: Inst,
    operand: u32,
    loc: Loc,
}

/// What happens in a block, in order.
enum Event {
    Edit(Edit),
    Inst(Inst),
    /// What is left in a scratch register is nobody's.
    Settle,
}

/// The same as [`check`]; says how many steps it took and how many things it remembered, together.
fn prove<F: Function + ?Sized>(
    function: &F,
    env: &MachineEnv,
    allocation: &Allocation,
) -> Result<usize, CheckError> {
    let mut usable = env.allocatable();
    RegClass::ALL.iter().for_each(|&class| usable.insert(env.scratch(class)));
    let mut checker = Checker { function, env, allocation, usable };
    checker.find_usable();
    checker.check_edits()?;
    let graph = Graph::new(function);
    let mut touched = Touched::new(places::count(allocation.num_spill_slots()));
    for &block in &graph.preorder {
        checker.touch(block, &mut touched);
    }
    let mut places = Places::new(function, &graph, touched);
    let reads = checker.walk(&graph, &mut places)?;
    let mut proof = Proof::new(function, &graph, &places);
    for read in &reads {
        if !proof.holds(read.version, read.vreg) {
            return Err(CheckError::WrongValue {
                inst: read.inst,
                operand: read.operand as usize,
                vreg: read.vreg,
                loc: read.loc,
                holds: proof.written(read.version),
            });
        }
    }
    Ok(reads.len() + places.size() + places.steps + proof.size())
}

struct Checker<'a, F: ?Sized> {
    function: &'a F,
    env: &'a MachineEnv,
    allocation: &'a Allocation,
    /// The registers that edits may mention.
    usable: PRegSet,
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

    /// Adds the registers that operands name.
    fn find_usable(&mut self) {
        for index in 0..self.function.num_blocks() {
            for inst in self.function.block_insts(Block::new(index as u32)).iter() {
                for operand in self.function.inst_operands(inst) {
                    if let Constraint::Fixed(reg) = operand.constraint() {
                        self.usable.insert(reg);
                    }
                }
            }
        }
    }

    fn exists(&self, loc: Loc, class: RegClass) -> bool {
        match loc {
            Loc::Reg(reg) => reg.class() == class && self.usable.contains(reg),
            Loc::Stack(slot) => slot.index() < self.allocation.num_spill_slots() as usize,
        }
    }

    fn events(
        &self,
        block: usize,
        mut see: impl FnMut(Event) -> Result<(), CheckError>,
    ) -> Result<(), CheckError> {
        let edits = self.allocation.edits();
        let insts = self.function.block_insts(Block::new(block as u32));
        let mut next = edits.partition_point(|(at, _)| *at < ProgPoint::before(insts.start));
        for inst in insts.iter() {
            for side in [Side::Before, Side::After] {
                if side == Side::After {
                    see(Event::Inst(inst))?;
                }
                while let Some(&(_, edit)) =
                    edits.get(next).filter(|(at, _)| *at == ProgPoint { inst, side })
                {
                    see(Event::Edit(edit))?;
                    next += 1;
                }
                see(Event::Settle)?;
            }
        }
        Ok(())
    }

    /// Notes what `block` reads and writes, right or wrong.
    fn touch(&self, block: usize, touched: &mut Touched) {
        let scratch = RegClass::ALL.map(|class| Loc::Reg(self.env.scratch(class)));
        let noted = self.events(block, |event| {
            match event {
                Event::Edit(Edit::Move { from, to, .. }) => {
                    touched.read(places::number(from), block);
                    touched.write(places::number(to), block);
                }
                Event::Edit(Edit::Remat { to, .. }) => {
                    touched.write(places::number(Loc::Reg(to)), block);
                }
                Event::Inst(inst) => {
                    let operands = self.function.inst_operands(inst).iter();
                    let placed = operands.zip(self.allocation.inst_locs(inst));
                    for (_, &loc) in placed.clone().filter(|(operand, _)| !operand.is_def()) {
                        touched.read(places::number(loc), block);
                    }
                    for reg in self.function.inst_clobbers(inst).iter() {
                        touched.write(places::number(Loc::Reg(reg)), block);
                    }
                    for (_, &loc) in placed.filter(|(operand, _)| operand.is_def()) {
                        touched.write(places::number(loc), block);
                    }
                }
                Event::Settle => {
                    scratch.iter().for_each(|&loc| touched.write(places::number(loc), block));
                }
            }
            Ok(())
        });
        debug_assert!(noted.is_ok(), "noting never fails");
    }

    /// Follows every place down the dominator tree, and returns the reads that are not plainly right.
    fn walk(&self, graph: &Graph, places: &mut Places) -> Result<Vec<Read>, CheckError> {
        let mut reads = Vec::new();
        let mut open: Vec<(usize, usize)> = Vec::new();
        for &block in &graph.preorder {
            while let Some(&(above, mark)) = open.last()
                && !graph.dominates(above, block)
            {
                places.undo(mark);
                open.pop();
            }
            open.push((block, places.mark()));
            places.enter(block);
            self.events(block, |event| match event {
                Event::Edit(Edit::Move { from, to, .. }) => {
                    let version = places.get(places::number(from));
                    places.set(places::number(to), version);
                    Ok(())
                }
                Event::Edit(Edit::Remat { inst, to }) => {
                    let version = places.add(Origin::Rerun(inst));
                    places.set(places::number(Loc::Reg(to)), version);
                    Ok(())
                }
                Event::Inst(inst) => self.run_inst(block, inst, places, &mut reads),
                Event::Settle => {
                    for class in RegClass::ALL {
                        places.set(places::number(Loc::Reg(self.env.scratch(class))), NOTHING);
                    }
                    Ok(())
                }
            })?;
            let succs = self.function.block_succs(Block::new(block as u32));
            for (nth, succ) in succs.iter().enumerate() {
                places.pass(succ.index(), graph.rank(block, nth));
            }
        }
        Ok(reads)
    }

    fn run_inst(
        &self,
        block: usize,
        inst: Inst,
        places: &mut Places,
        reads: &mut Vec<Read>,
    ) -> Result<(), CheckError> {
        let operands = self.function.inst_operands(inst);
        let locs = self.allocation.inst_locs(inst);
        if operands.len() != locs.len() {
            return Err(CheckError::Places { inst });
        }
        let is_needless = self.allocation.is_needless(inst);
        if is_needless {
            // It may be left out or not, so it must do nothing but define what can be made again.
            let [only] = operands else { return Err(CheckError::Needless { inst }) };
            if !only.is_def() || self.function.remat(only.vreg()) != Some(inst) {
                return Err(CheckError::Needless { inst });
            }
        }
        for (n, (&operand, &loc)) in operands.iter().zip(locs).enumerate() {
            if !self.is_allowed(operand, loc, locs) {
                return Err(CheckError::Constraint { inst, operand: n, loc });
            }
            // What a reused register held before the definition is checked as the use that is reused.
            if operand.kind() == OperandKind::Use {
                let (version, vreg) = (places.get(places::number(loc)), operand.vreg());
                let plain = matches!(places.versions[version as usize], Origin::Def { vreg: held, .. } if held == vreg);
                if !plain {
                    reads.push(Read { version, vreg, inst, operand: n as u32, loc });
                }
            }
        }
        let clobbers = self.function.inst_clobbers(inst);
        self.check_overlaps(inst, operands, locs, clobbers)?;
        for reg in clobbers.iter() {
            places.set(places::number(Loc::Reg(reg)), NOTHING);
        }
        for (operand, &loc) in operands.iter().zip(locs).filter(|(operand, _)| operand.is_def()) {
            let version = if is_needless {
                NOTHING
            } else {
                places.add(Origin::Def { vreg: operand.vreg(), block: block as u32 })
            };
            places.set(places::number(loc), version);
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
