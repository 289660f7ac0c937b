//! What the allocator may hand out ([`MachineEnv`], [`Options`]) and what comes back ([`Allocation`]).

use std::fmt;

use crate::operand::{Inst, PReg, PRegSet, RegClass, SpillSlot};

/// The registers of one class that the allocator may use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClassRegs {
    /// Free to use, lost in calls; the first are preferred.
    pub caller_saved: Vec<PReg>,
    /// Kept by calls, but using one makes the function save it; preferred for values that live across calls.
    pub callee_saved: Vec<PReg>,
}

/// The registers of the machine.
///
/// ```
/// use regalloc::{ClassRegs, MachineEnv, PReg};
/// let int = ClassRegs {
///     caller_saved: (0..8).map(PReg::int).collect(),
///     callee_saved: (19..29).map(PReg::int).collect(),
/// };
/// let float = ClassRegs { caller_saved: (0..8).map(PReg::float).collect(), ..Default::default() };
/// let env = MachineEnv::new(int, float, PReg::int(16), PReg::float(31)).unwrap();
/// assert_eq!(env.scratch(regalloc::RegClass::Int), PReg::int(16));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MachineEnv {
    order: [Vec<PReg>; 2],
    allocatable: PRegSet,
    callee_saved: PRegSet,
    scratch: [PReg; 2],
}

impl MachineEnv {
    /// An environment with these registers. A scratch register belongs to the moves that the allocator
    /// inserts; nothing lives in it before or after them, so instructions may use it inside.
    ///
    /// # Errors
    /// [`EnvError`] if a register is listed twice, is in the list of the other class, or is also scratch.
    pub fn new(
        int: ClassRegs,
        float: ClassRegs,
        int_scratch: PReg,
        float_scratch: PReg,
    ) -> Result<MachineEnv, EnvError> {
        let scratch = [int_scratch, float_scratch];
        let mut allocatable = PRegSet::EMPTY;
        let mut callee_saved = PRegSet::EMPTY;
        let mut order = [Vec::new(), Vec::new()];
        for (class, regs) in RegClass::ALL.into_iter().zip([int, float]) {
            let scratch = scratch[class.index()];
            if scratch.class() != class {
                return Err(EnvError::WrongClass { reg: scratch, class });
            }
            for &reg in regs.caller_saved.iter().chain(&regs.callee_saved) {
                if reg.class() != class {
                    return Err(EnvError::WrongClass { reg, class });
                }
                if reg == scratch {
                    return Err(EnvError::ScratchAllocatable { reg });
                }
                if allocatable.contains(reg) {
                    return Err(EnvError::Repeated { reg });
                }
                allocatable.insert(reg);
                order[class.index()].push(reg);
            }
            callee_saved = callee_saved.union(regs.callee_saved.into_iter().collect());
        }
        Ok(MachineEnv { order, allocatable, callee_saved, scratch })
    }

    /// The allocatable registers of `class`, most preferred first.
    #[inline]
    pub fn order(&self, class: RegClass) -> &[PReg] {
        &self.order[class.index()]
    }

    /// The allocatable registers of both classes.
    #[inline]
    pub fn allocatable(&self) -> PRegSet {
        self.allocatable
    }

    /// Those of them that calls keep.
    #[inline]
    pub fn callee_saved(&self) -> PRegSet {
        self.callee_saved
    }

    /// The register that moves of `class` may go through.
    #[inline]
    pub fn scratch(&self, class: RegClass) -> PReg {
        self.scratch[class.index()]
    }
}

/// Why a list of registers is not an environment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EnvError {
    /// The register stands in the list of another class.
    WrongClass {
        /// The register.
        reg: PReg,
        /// The class of the list.
        class: RegClass,
    },
    /// The register is listed twice.
    Repeated {
        /// The register.
        reg: PReg,
    },
    /// The scratch register is also allocatable.
    ScratchAllocatable {
        /// The register.
        reg: PReg,
    },
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnvError::WrongClass { reg, class } => {
                write!(f, "{reg} is listed among the {class} registers")
            }
            EnvError::Repeated { reg } => write!(f, "{reg} is listed twice"),
            EnvError::ScratchAllocatable { reg } => {
                write!(f, "the scratch register {reg} is also allocatable")
            }
        }
    }
}

impl std::error::Error for EnvError {}

/// The options of the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Re-execute definitions for which [`Function::remat`](crate::Function::remat) names an instruction,
    /// instead of reloading them.
    pub rematerialise: bool,
    /// Follow hints: moves, block parameters, fixed and reused operands. Off only to measure what they give.
    pub hints: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { rematerialise: true, hints: true }
    }
}

/// The location of a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loc {
    /// In a register.
    Reg(PReg),
    /// In a spill slot.
    Stack(SpillSlot),
}

impl Loc {
    /// The register, if it is one.
    #[inline]
    pub const fn as_reg(self) -> Option<PReg> {
        match self {
            Loc::Reg(reg) => Some(reg),
            Loc::Stack(_) => None,
        }
    }

    /// The spill slot, if it is one.
    #[inline]
    pub const fn as_stack(self) -> Option<SpillSlot> {
        match self {
            Loc::Reg(_) => None,
            Loc::Stack(slot) => Some(slot),
        }
    }
}

impl fmt::Display for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loc::Reg(reg) => reg.fmt(f),
            Loc::Stack(slot) => slot.fmt(f),
        }
    }
}

impl fmt::Debug for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which side of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Right before it.
    Before,
    /// Right after it.
    After,
}

/// A place between instructions, in layout order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProgPoint {
    /// The instruction.
    pub inst: Inst,
    /// The side of it.
    pub side: Side,
}

impl ProgPoint {
    /// The place right before `inst`.
    #[inline]
    pub const fn before(inst: Inst) -> ProgPoint {
        ProgPoint { inst, side: Side::Before }
    }

    /// The place right after `inst`.
    #[inline]
    pub const fn after(inst: Inst) -> ProgPoint {
        ProgPoint { inst, side: Side::After }
    }
}

impl fmt::Display for ProgPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.side == Side::Before { "before" } else { "after" };
        write!(f, "{side} {}", self.inst)
    }
}

/// Something the caller must insert into the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Edit {
    /// Copy a value. At most one of the two places is a spill slot: a register move, a load or a store.
    Move {
        /// The place that is read.
        from: Loc,
        /// The place that is written.
        to: Loc,
        /// The class of the value.
        class: RegClass,
    },
    /// Run the one-operand instruction `inst` again, with `to` as its destination.
    Remat {
        /// The instruction that defines the value.
        inst: Inst,
        /// Where to put the value.
        to: PReg,
    },
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edit::Move { from, to, .. } => write!(f, "{to} = {from}"),
            Edit::Remat { inst, to } => write!(f, "{to} = remat {inst}"),
        }
    }
}

/// Counts of what was inserted, each edit once, whatever how often it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Values and pieces of values that were allocated one by one.
    pub intervals: u32,
    /// The number of times that an interval was cut in two.
    pub splits: u32,
    /// Moves from register to register.
    pub moves: u32,
    /// Moves from register to spill slot.
    pub stores: u32,
    /// Moves from spill slot to register.
    pub loads: u32,
    /// Definitions that are run again.
    pub remats: u32,
}

/// The outcome: a place for every operand, and the edits that make the places agree.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Allocation {
    pub(crate) locs: Vec<Loc>,
    /// `locs[first[i]..first[i + 1]]` belongs to instruction `i`.
    pub(crate) first: Vec<u32>,
    pub(crate) edits: Vec<(ProgPoint, Edit)>,
    pub(crate) num_spill_slots: u32,
    pub(crate) needless: Vec<Inst>,
    pub(crate) used: PRegSet,
    pub(crate) stats: Stats,
}

impl Allocation {
    /// The size of a spill slot, in bytes, for either class.
    pub const SPILL_SLOT_BYTES: u32 = 8;

    /// An allocation that comes from somewhere else, to have it [checked](crate::check): the places of the operands
    /// of each instruction, the edits in order, and how many spill slots there are.
    pub fn from_parts(
        places: &[Vec<Loc>],
        edits: Vec<(ProgPoint, Edit)>,
        num_spill_slots: u32,
    ) -> Allocation {
        let mut allocation = Allocation { edits, num_spill_slots, ..Allocation::default() };
        allocation.first.push(0);
        for locs in places {
            allocation.locs.extend(locs);
            allocation.first.push(allocation.locs.len() as u32);
        }
        allocation.summarise();
        allocation
    }

    /// Counts the edits and collects the registers.
    pub(crate) fn summarise(&mut self) {
        let mut used: PRegSet = self.locs.iter().filter_map(|loc| loc.as_reg()).collect();
        for (_, edit) in &self.edits {
            match *edit {
                Edit::Move { from, to, .. } => {
                    match (from, to) {
                        (Loc::Reg(_), Loc::Stack(_)) => self.stats.stores += 1,
                        (Loc::Stack(_), _) => self.stats.loads += 1,
                        (Loc::Reg(_), Loc::Reg(_)) => self.stats.moves += 1,
                    }
                    for reg in [from, to].into_iter().filter_map(Loc::as_reg) {
                        used.insert(reg);
                    }
                }
                Edit::Remat { to, .. } => {
                    self.stats.remats += 1;
                    used.insert(to);
                }
            }
        }
        self.used = used;
    }

    /// Forgets the outcome, keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.locs.clear();
        self.first.clear();
        self.edits.clear();
        self.needless.clear();
        self.num_spill_slots = 0;
        self.used = PRegSet::EMPTY;
        self.stats = Stats::default();
    }

    /// The locations of the operands of `inst`, in their order. Empty for an instruction that does not exist.
    #[inline]
    pub fn inst_locs(&self, inst: Inst) -> &[Loc] {
        match (self.first.get(inst.index()), self.first.get(inst.index() + 1)) {
            (Some(&start), Some(&end)) => &self.locs[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The edits to insert, sorted by place. Edits at the same place run in the order of the list.
    #[inline]
    pub fn edits(&self) -> &[(ProgPoint, Edit)] {
        &self.edits
    }

    /// The number of spill slots that the frame needs, each of [`Allocation::SPILL_SLOT_BYTES`].
    #[inline]
    pub fn num_spill_slots(&self) -> u32 {
        self.num_spill_slots
    }

    /// Returns `true` if the caller can, but need not, leave `inst` out, because its only result is made again wherever
    /// it is wanted.
    #[inline]
    pub fn is_needless(&self, inst: Inst) -> bool {
        self.needless.binary_search(&inst).is_ok()
    }

    /// The registers that operands or edits mention, scratch included; what is callee-saved among them, the
    /// prologue has to save. Clobbers of instructions are not counted.
    #[inline]
    pub fn used_regs(&self) -> PRegSet {
        self.used
    }

    /// Counts of what was inserted.
    #[inline]
    pub fn stats(&self) -> Stats {
        self.stats
    }
}
