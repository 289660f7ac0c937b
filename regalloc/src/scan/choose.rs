//! Which registers are free for an interval, how long, and which of them it should take.

use smallvec::SmallVec;

use super::{PER_CLASS, Scan, bits};
use crate::intervals::{Id, Place};
use crate::operand::{PReg, PRegSet};
use crate::pos::Pos;

/// How many uses of an interval are looked at for registers that it should be in.
const USES_ASKED: usize = 16;

impl Scan<'_> {
    /// Fills `fixed_until` and `free_until` for `current`, which starts now.
    pub(super) fn find_free(&mut self, current: Id) {
        self.find_fixed(current);
        let interval = self.intervals.get(current);
        let state = &mut *self.state;
        state.free_until = state.fixed_until;
        for reg in bits(state.active_mask) {
            state.free_until[reg] = Pos::START;
        }
        for &(id, from) in &state.inactive {
            let other = self.intervals.get(id);
            let Place::Reg(reg) = other.place else { continue };
            let until = &mut state.free_until[usize::from(reg.index())];
            if from < *until
                && from < interval.to
                && let Some(pos) = interval.intersection(other, self.live)
            {
                *until = (*until).min(pos);
            }
        }
    }

    /// Until when no instruction needs each register for itself while `current` is live.
    fn find_fixed(&mut self, current: Id) {
        let interval = self.intervals.get(current);
        let state = &mut *self.state;
        let fixed = &self.live.fixed[self.class.index()];
        state.fixed_until = [Pos::END; PER_CLASS];
        while fixed.get(state.fixed_cursor).is_some_and(|f| f.inst < interval.from.inst()) {
            state.fixed_cursor += 1;
        }
        let mut remaining = self.env.allocatable().bits(self.class);
        let mut index = state.fixed_cursor;
        for range_index in interval.cursor..interval.end_range {
            let range = interval.range(self.live, range_index);
            if range_index > interval.cursor {
                let inst = range.from.inst();
                index += fixed[index..].partition_point(|entry| entry.inst < inst);
            }
            while let Some(entry) = fixed.get(index) {
                if Pos::early(entry.inst) >= range.to || remaining & state.suffix[index] == 0 {
                    break;
                }
                for (pos, mask) in
                    [(Pos::early(entry.inst), entry.early), (Pos::late(entry.inst), entry.late)]
                {
                    if range.from <= pos && pos < range.to {
                        for reg in bits(mask & remaining) {
                            state.fixed_until[reg] = pos;
                        }
                        remaining &= !mask;
                    }
                }
                index += 1;
            }
            // The next range is in another block, so behind this instruction.
            if fixed.get(index).is_none_or(|_| remaining & state.suffix[index] == 0) {
                break;
            }
        }
    }

    /// A register that is free for the whole of `current`: the one with the strongest reason, else the first in
    /// the order of the environment.
    pub(super) fn free_throughout(&self, current: Id) -> Option<PReg> {
        let interval = self.intervals.get(current);
        let order = self.env.order(self.class);
        let fits = |reg: PReg| self.state.free_until[usize::from(reg.index())] >= interval.to;
        if !self.options.hints {
            return order.iter().copied().find(|&reg| fits(reg));
        }
        let mut best: Option<(u32, PReg)> = None;
        for (reg, score) in self.hinted(current) {
            let better = best.is_none_or(|(most, _)| score > most);
            if better && fits(reg) && self.env.allocatable().contains(reg) {
                best = Some((score, reg));
            }
        }
        if let Some((_, reg)) = best {
            return Some(reg);
        }
        // Without a reason, stay out of the way of those that will have one.
        let mut rivals = PRegSet::EMPTY;
        if let Some(block) = self.hints.rival(interval.vreg) {
            let params = self.live.params(block).iter().take(PER_CLASS);
            rivals = params.filter_map(|&param| self.hints.given(param)).collect();
        }
        let quiet = |reg: PReg| {
            !rivals.contains(reg)
                && self.state.passed >> reg.index() & 1 == 0
                && !self.env.callee_saved().contains(reg)
        };
        let mut fitting = order.iter().copied().filter(|&reg| fits(reg));
        fitting.clone().find(|&reg| quiet(reg)).or_else(|| fitting.next())
    }

    /// The registers that `current` has reasons to be in, with the sum of the reasons.
    pub(super) fn hinted(&self, current: Id) -> SmallVec<[(PReg, u32); 8]> {
        let mut hinted = SmallVec::<[(PReg, u32); 8]>::new();
        let mut hint =
            |reg: PReg, weight: u32| match hinted.iter_mut().find(|(other, _)| *other == reg) {
                Some((_, score)) => *score = score.saturating_add(weight),
                None => hinted.push((reg, weight)),
            };
        let interval = self.intervals.get(current);
        for touched in interval.uses(self.live).iter().take(USES_ASKED) {
            if let Some(reg) = touched.hint {
                hint(reg, 4 * self.layout.weight(touched.block));
            }
        }
        self.hints.of(interval.vreg, &mut hint);
        hinted
    }

    /// The register that stays free longest, and until when; the first in order among equals.
    pub(super) fn free_longest(&self) -> Option<(PReg, Pos)> {
        let mut best: Option<(PReg, Pos)> = None;
        for &reg in self.env.order(self.class) {
            let until = self.state.free_until[usize::from(reg.index())];
            if best.is_none_or(|(_, longest)| until > longest) {
                best = Some((reg, until));
            }
        }
        best
    }
}
