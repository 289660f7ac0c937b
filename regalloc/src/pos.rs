//! Positions: four to an instruction, so that "before", "reads", "writes" and "after" are different times.
//!
//! Moves are inserted at `gap` (before the instruction) and at `after`. All moves of one gap happen at once:
//! they read what holds at `gap` and establish what holds at `early`; likewise from `late` to `after`.

use std::fmt;

use crate::operand::Inst;

/// A point in the linear order of the function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Pos(u32);

/// Which of the four times of an instruction a position is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    Gap,
    Early,
    Late,
    After,
}

impl Pos {
    /// Later than everything.
    pub(crate) const END: Pos = Pos(u32::MAX);
    /// Before everything.
    pub(crate) const START: Pos = Pos(0);
    /// Instructions with a larger index have no positions.
    pub(crate) const MAX_INSTS: usize = (u32::MAX / 4 - 1) as usize;

    pub(crate) const fn gap(inst: Inst) -> Pos {
        Pos(inst.index() as u32 * 4)
    }

    pub(crate) const fn early(inst: Inst) -> Pos {
        Pos(inst.index() as u32 * 4 + 1)
    }

    pub(crate) const fn late(inst: Inst) -> Pos {
        Pos(inst.index() as u32 * 4 + 2)
    }

    pub(crate) const fn after(inst: Inst) -> Pos {
        Pos(inst.index() as u32 * 4 + 3)
    }

    /// The position that follows.
    pub(crate) const fn next(self) -> Pos {
        Pos(self.0 + 1)
    }

    /// The position before; the first has none and stays.
    pub(crate) const fn prev(self) -> Pos {
        Pos(self.0.saturating_sub(1))
    }

    pub(crate) const fn inst(self) -> Inst {
        Inst::new(self.0 / 4)
    }

    pub(crate) const fn phase(self) -> Phase {
        match self.0 % 4 {
            0 => Phase::Gap,
            1 => Phase::Early,
            2 => Phase::Late,
            _ => Phase::After,
        }
    }

    /// How far `self` lies after `earlier`.
    pub(crate) const fn distance_from(self, earlier: Pos) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Debug for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.phase() {
            Phase::Gap => "gap",
            Phase::Early => "early",
            Phase::Late => "late",
            Phase::After => "after",
        };
        write!(f, "{}.{phase}", self.0 / 4)
    }
}
