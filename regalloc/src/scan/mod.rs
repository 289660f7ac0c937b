//! Linear scan over live intervals with holes.
//!
//! Intervals are taken in order of their start. Each gets a register that is free for all of its life if there is
//! one, preferably one that saves a move; otherwise it takes the register of cheaper intervals, or is cut where
//! the register ends, or lives in its slot until its next use. Cuts are moved out of loops.
//!
//! Sources: Wimmer, Mössenböck, "Optimized Interval Splitting in a Linear Scan Register Allocator" (VEE 2005);
//! Wimmer, Franz, "Linear Scan Register Allocation on SSA Form" (CGO 2010). Unlike there, fixed registers are not
//! intervals but masks at instructions, and who is spilled is decided by use density rather than by the
//! distance of the next use, which keeps loops stable.

mod choose;
mod spill;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::env::{MachineEnv, Options};
use crate::error::Error;
use crate::hints::Hints;
use crate::intervals::{Id, Intervals, Place};
use crate::layout::Layout;
use crate::liveness::Liveness;
use crate::operand::{PReg, RegClass};
use crate::pos::Pos;

const PER_CLASS: usize = PReg::PER_CLASS as usize;

/// So many intervals keep their registers while they are in a hole: each newcomer has to be held against all of them.
/// The rest of a further one looks for a register again when its hole ends.
const MAX_INACTIVE: usize = 64;

/// The memory of the scan, kept from run to run.
pub(crate) struct ScanState {
    /// The intervals of one class in order of start, and how far the scan has come.
    initial: Vec<Id>,
    next_initial: usize,
    /// Up to where the intervals that start together are in their final order.
    siblings_end: usize,
    /// Pieces that were cut off and still need a place.
    queue: BinaryHeap<Reverse<(Pos, Id)>>,
    /// Which interval is live in each register now, for the registers in `active_mask`...
    active: [Id; PER_CLASS],
    active_mask: u64,
    /// ...and when its current range ends.
    active_end: [Pos; PER_CLASS],
    /// Nothing in `active_end` is earlier.
    next_expiry: Pos,
    /// Intervals in a hole, with the end of the hole.
    inactive: Vec<(Id, Pos)>,
    next_revival: Pos,
    /// Which registers the instructions from this index of the fixed list on need.
    suffix: Vec<u64>,
    /// Which registers fixed operands anywhere in the function name.
    passed: u64,
    /// The first entry of the fixed list that is not in the past.
    fixed_cursor: usize,
    /// Per register, how long it is free for the current interval as far as instructions are concerned...
    fixed_until: [Pos; PER_CLASS],
    /// ...and as far as anybody is.
    free_until: [Pos; PER_CLASS],
}

impl Default for ScanState {
    fn default() -> ScanState {
        ScanState {
            initial: Vec::new(),
            next_initial: 0,
            siblings_end: 0,
            queue: BinaryHeap::new(),
            active: [0; PER_CLASS],
            active_mask: 0,
            active_end: [Pos::END; PER_CLASS],
            next_expiry: Pos::END,
            inactive: Vec::new(),
            next_revival: Pos::END,
            suffix: Vec::new(),
            passed: 0,
            fixed_cursor: 0,
            fixed_until: [Pos::END; PER_CLASS],
            free_until: [Pos::END; PER_CLASS],
        }
    }
}

/// One scan over the intervals of one class.
pub(crate) struct Scan<'a> {
    pub(crate) live: &'a Liveness,
    pub(crate) layout: &'a Layout,
    pub(crate) env: &'a MachineEnv,
    pub(crate) options: &'a Options,
    pub(crate) hints: &'a mut Hints,
    pub(crate) intervals: &'a mut Intervals,
    pub(crate) state: &'a mut ScanState,
    pub(crate) class: RegClass,
}

/// The registers in a mask, as indices.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let index = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        Some(index)
    })
}

impl Scan<'_> {
    /// Gives every interval of the class a place.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        self.prepare();
        while let Some(current) = self.next() {
            let from = self.intervals.get(current).from;
            self.advance(from);
            self.allocate(current)?;
        }
        Ok(())
    }

    fn prepare(&mut self) {
        let state = &mut *self.state;
        state.initial.clear();
        state.next_initial = 0;
        state.siblings_end = 0;
        let class = self.class;
        let ids = self.intervals.list.iter().enumerate();
        let ids = ids.filter(|(_, interval)| {
            interval.vreg.class() == class && interval.place == Place::Open
        });
        state.initial.extend(ids.map(|(id, _)| id as Id));
        let intervals = &*self.intervals;
        state.initial.sort_unstable_by_key(|&id| (intervals.get(id).from, id));
        state.queue.clear();
        state.active_mask = 0;
        state.next_expiry = Pos::END;
        state.inactive.clear();
        state.next_revival = Pos::END;
        state.fixed_cursor = 0;
        let fixed = &self.live.fixed[class.index()];
        state.suffix.clear();
        state.suffix.resize(fixed.len(), 0);
        state.passed = self.live.passed.bits(class);
        let mut needed = 0;
        for (slot, entry) in state.suffix.iter_mut().zip(fixed).rev() {
            needed |= entry.early | entry.late;
            *slot = needed;
        }
    }

    /// The next interval without a place, in order of start.
    fn next(&mut self) -> Option<Id> {
        let state = &mut *self.state;
        let initial = state.initial.get(state.next_initial).copied();
        let queued = state.queue.peek().map(|&Reverse((from, _))| from);
        let first = initial.filter(|&id| queued.is_none_or(|at| self.intervals.get(id).from <= at));
        match first {
            Some(id) => {
                self.sort_siblings();
                let id = self.state.initial.get(self.state.next_initial).copied().unwrap_or(id);
                self.state.next_initial += 1;
                Some(id)
            }
            None => state.queue.pop().map(|Reverse((_, id))| id),
        }
    }

    /// Brings the intervals that start together, like the parameters of a block, into the order of how much they
    /// would gain from a certain register, so that those without a reason do not take it from them.
    fn sort_siblings(&mut self) {
        let first = self.state.next_initial;
        if first < self.state.siblings_end {
            return;
        }
        let from = |id: &Id| self.intervals.get(*id).from;
        let rest = &self.state.initial[first..];
        let count = rest.iter().take_while(|id| from(id) == from(&rest[0])).count();
        self.state.siblings_end = first + count;
        if count == 1 {
            return;
        }
        let mut initial = std::mem::take(&mut self.state.initial);
        initial[first..first + count].sort_by_cached_key(|&id| {
            Reverse(self.hinted(id).iter().map(|&(_, score)| score).max())
        });
        self.state.initial = initial;
    }

    fn enqueue(&mut self, id: Id) {
        self.state.queue.push(Reverse((self.intervals.get(id).from, id)));
    }

    /// Brings `active` and `inactive` up to `pos`.
    fn advance(&mut self, pos: Pos) {
        let state = &mut *self.state;
        if state.next_expiry <= pos {
            state.next_expiry = Pos::END;
            for reg in bits(state.active_mask) {
                if state.active_end[reg] <= pos {
                    let id = state.active[reg];
                    match self.intervals.get_mut(id).advance(self.live, pos) {
                        Some(range) if range.from <= pos => state.active_end[reg] = range.to,
                        Some(_) if state.inactive.len() >= MAX_INACTIVE => {
                            state.active_mask &= !(1 << reg);
                            let rest = self.intervals.split(self.live, id, pos);
                            state.queue.extend(
                                rest.map(|rest| Reverse((self.intervals.get(rest).from, rest))),
                            );
                            continue;
                        }
                        Some(range) => {
                            state.active_mask &= !(1 << reg);
                            state.inactive.push((id, range.from));
                            state.next_revival = state.next_revival.min(range.from);
                            continue;
                        }
                        None => {
                            state.active_mask &= !(1 << reg);
                            continue;
                        }
                    }
                }
                state.next_expiry = state.next_expiry.min(state.active_end[reg]);
            }
        }
        if state.next_revival <= pos {
            state.next_revival = Pos::END;
            let mut kept = 0;
            for index in 0..state.inactive.len() {
                let (id, mut from) = state.inactive[index];
                if from <= pos {
                    let interval = self.intervals.get_mut(id);
                    let Some(range) = interval.advance(self.live, pos) else { continue };
                    let Place::Reg(reg) = interval.place else { continue };
                    if range.from <= pos {
                        let reg = usize::from(reg.index());
                        debug_assert_eq!(state.active_mask >> reg & 1, 0);
                        state.active_mask |= 1 << reg;
                        state.active[reg] = id;
                        state.active_end[reg] = range.to;
                        state.next_expiry = state.next_expiry.min(range.to);
                        continue;
                    }
                    from = range.from;
                }
                state.next_revival = state.next_revival.min(from);
                state.inactive[kept] = (id, from);
                kept += 1;
            }
            state.inactive.truncate(kept);
        }
    }

    /// Puts `id`, which starts now, into `reg`.
    fn assign(&mut self, id: Id, reg: PReg) {
        let interval = self.intervals.get_mut(id);
        interval.place = Place::Reg(reg);
        let end = interval.range(self.live, interval.cursor).to;
        self.hints.give(interval.vreg, reg);
        let index = usize::from(reg.index());
        let state = &mut *self.state;
        debug_assert_eq!(state.active_mask >> index & 1, 0);
        state.active_mask |= 1 << index;
        state.active[index] = id;
        state.active_end[index] = end;
        state.next_expiry = state.next_expiry.min(end);
    }

    fn allocate(&mut self, current: Id) -> Result<(), Error> {
        self.find_free(current);
        let Some(reg) = self.free_throughout(current) else { return self.contend(current) };
        if let Some((first, cut)) = self.stay_until(current, reg)
            && let Some(rest) = self.intervals.split(self.live, current, cut)
        {
            self.enqueue(rest);
            self.assign(current, first);
        } else {
            self.assign(current, reg);
        }
        Ok(())
    }

    /// A value that is defined in a fixed register and cannot stay there has to be moved once. It can stay until the
    /// block in which the register is wanted: paths that do not come there save the move, and perhaps the saving of
    /// the callee-saved register that it would move to.
    fn stay_until(&self, current: Id, reg: PReg) -> Option<(PReg, Pos)> {
        let interval = self.intervals.get(current);
        let defined = interval.uses(self.live).first()?;
        let first = defined.hint.filter(|_| defined.pos == interval.from)?;
        let until = self.state.free_until[usize::from(first.index())];
        if first == reg || !self.env.allocatable().contains(first) || until >= interval.to {
            return None;
        }
        let block = self.layout.block_at(until);
        let cut = self.layout.block_from(block);
        let not_dearer = self.layout.weight(block) <= self.layout.weight(defined.block);
        (cut > interval.from && not_dearer && interval.covers(self.live, cut))
            .then_some((first, cut))
    }
}
