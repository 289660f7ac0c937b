//! Spill slots: values whose lives do not overlap share one.
//!
//! A value keeps one slot for all of its life. Lives are taken as one stretch from start to end in layout order,
//! which is coarse, but never wrong, and needs a single sweep.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::hints::Hints;
use crate::operand::{SpillSlot, VReg};
use crate::pos::Pos;

/// Gives out slots in one sweep over values in order of their start.
#[derive(Default)]
pub(crate) struct Slots {
    wanted: Vec<(Pos, Pos, VReg)>,
    of: Vec<Option<SpillSlot>>,
    /// Until when each slot is taken.
    taken_until: Vec<Pos>,
    /// Slots by the end of what is in them; entries that do not agree with `taken_until` are stale.
    free: BinaryHeap<Reverse<(Pos, u32)>>,
}

impl Slots {
    pub(crate) fn clear(&mut self, num_vregs: usize) {
        self.wanted.clear();
        self.of.clear();
        self.of.resize(num_vregs, None);
        self.taken_until.clear();
        self.free.clear();
    }

    /// States that `vreg` needs a slot from `from` to `to`.
    pub(crate) fn want(&mut self, vreg: VReg, from: Pos, to: Pos) {
        self.wanted.push((from, to, vreg));
    }

    pub(crate) fn count(&self) -> u32 {
        self.taken_until.len() as u32
    }

    /// The slot of `vreg`, if it has been assigned one.
    pub(crate) fn get(&self, vreg: VReg) -> Option<SpillSlot> {
        self.of[vreg.index()]
    }

    /// A slot that is shared with nothing.
    pub(crate) fn fresh(&mut self) -> SpillSlot {
        self.taken_until.push(Pos::END);
        SpillSlot::new(self.taken_until.len() as u32 - 1)
    }

    /// Gives each value that wants one a slot, the slot of a relative where that is free.
    pub(crate) fn assign(&mut self, hints: &Hints) {
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.sort_unstable();
        for &(from, to, vreg) in &wanted {
            let mut slot = None;
            hints.for_relatives(vreg, |other| {
                let candidate = self.of[other.index()];
                if let Some(candidate) = candidate
                    && self.taken_until[candidate.index()] <= from
                {
                    slot.get_or_insert(candidate);
                }
            });
            let slot = slot.unwrap_or_else(|| self.first_free(from));
            self.taken_until[slot.index()] = to;
            self.free.push(Reverse((to, slot.index() as u32)));
            self.of[vreg.index()] = Some(slot);
        }
        self.wanted = wanted;
    }

    fn first_free(&mut self, from: Pos) -> SpillSlot {
        while let Some(&Reverse((until, index))) = self.free.peek() {
            if until > from {
                break;
            }
            self.free.pop();
            if self.taken_until[index as usize] == until {
                return SpillSlot::new(index);
            }
        }
        self.fresh()
    }
}
