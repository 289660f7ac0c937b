//! What happens when no register is free long enough: who gives way, and where intervals are cut.

use super::{PER_CLASS, Scan};
use crate::error::Error;
use crate::intervals::{Id, Place, latest_end};
use crate::operand::PReg;
use crate::pos::{Phase, Pos};

/// Added to the length of an interval when its uses are divided by it, so that very short intervals do not
/// look infinitely dense.
const LENGTH_BIAS: u32 = 32;

/// What it would take to have a register.
#[derive(Clone, Copy)]
struct Price {
    reg: PReg,
    density: f32,
}

impl Scan<'_> {
    /// Finds a place for `current` although no register is free for all of it.
    pub(super) fn contend(&mut self, current: Id) -> Result<(), Error> {
        let interval = *self.intervals.get(current);
        let pos = interval.from;
        let pinned = interval.is_pinned(self.live, pos);
        if !interval.humble {
            let own = self.density(current, self.horizon(pos));
            if let Some(price) = self.cheapest(current, interval.to)
                && price.density < own * 0.5
            {
                self.clear_register(price.reg, current, pos);
                self.assign(current, price.reg);
                return Ok(());
            }
        }
        if let Some((reg, until)) = self.free_longest()
            && let Some(cut) = self.useful_cut(current, until)
        {
            self.cut_after_head(current, cut);
            self.assign(current, reg);
            return Ok(());
        }
        if !pinned {
            self.spill(current, pos);
            return Ok(());
        }
        // An instruction needs the value in a register right now: somebody has to leave.
        let needed = self.pinned_until(current, pos);
        let Some(price) = self.cheapest(current, needed) else {
            return Err(Error::TooFewRegisters { inst: pos.inst(), class: self.class });
        };
        self.clear_register(price.reg, current, pos);
        let until = self.state.fixed_until[usize::from(price.reg.index())];
        if until < interval.to
            && let Some(cut) = self.useful_cut(current, until)
        {
            self.cut_after_head(current, cut);
        }
        self.assign(current, price.reg);
        Ok(())
    }

    /// Until when the instruction at `pos` needs `id` in its register.
    fn pinned_until(&self, id: Id, pos: Pos) -> Pos {
        let uses = self.intervals.get(id).uses(self.live).iter();
        uses.take_while(|touched| touched.pos.inst() == pos.inst())
            .filter(|touched| touched.must)
            .map(|touched| touched.end)
            .max()
            .unwrap_or(pos)
    }

    /// From where on uses count when it is decided at `pos` who is spilled: inside of loops those before `pos` come
    /// again.
    fn horizon(&self, pos: Pos) -> Pos {
        self.layout.outermost_from(self.layout.block_at(pos)).min(pos)
    }

    /// How much the uses of `id` from `loop_from` on cost per position if it had no register.
    fn density(&self, id: Id, loop_from: Pos) -> f32 {
        let interval = self.intervals.get(id);
        let from = loop_from.max(interval.from);
        let mut cost = interval.cost_from(self.live, from) as f32;
        if self.live.value(interval.vreg).remat.is_some() {
            cost *= 0.5;
        }
        cost / (interval.to.distance_from(from) + LENGTH_BIAS) as f32
    }

    /// The register whose intervals are cheapest to send away, among those that no instruction needs for
    /// itself before `until`.
    fn cheapest(&self, current: Id, until: Pos) -> Option<Price> {
        let interval = self.intervals.get(current);
        let pos = interval.from;
        let horizon = self.horizon(pos);
        // Those that nothing forbids, as bits, and what is in them now.
        let mut open = 0u64;
        let mut densities = [0.0; PER_CLASS];
        for &reg in self.env.order(self.class) {
            let index = usize::from(reg.index());
            if self.state.fixed_until[index] < until {
                continue;
            }
            if self.state.active_mask >> index & 1 != 0 {
                let holder = self.state.active[index];
                if self.intervals.get(holder).is_pinned(self.live, pos) {
                    continue;
                }
                densities[index] += self.density(holder, horizon);
            }
            open |= 1 << index;
        }
        for &(id, _) in &self.state.inactive {
            let other = self.intervals.get(id);
            if let Place::Reg(reg) = other.place
                && open >> reg.index() & 1 != 0
                && interval.intersection(other, self.live).is_some()
            {
                densities[usize::from(reg.index())] += self.density(id, horizon);
            }
        }
        let order = self.env.order(self.class).iter().copied();
        order
            .filter(|reg| open >> reg.index() & 1 != 0)
            .map(|reg| Price { reg, density: densities[usize::from(reg.index())] })
            .reduce(|best, price| if price.density < best.density { price } else { best })
    }

    /// Sends away everything in `reg` that `current` would meet.
    fn clear_register(&mut self, reg: PReg, current: Id, pos: Pos) {
        let index = usize::from(reg.index());
        if self.state.active_mask >> index & 1 != 0 {
            self.state.active_mask &= !(1 << index);
            self.evict(self.state.active[index], pos);
        }
        let mut n = 0;
        while n < self.state.inactive.len() {
            let (id, _) = self.state.inactive[n];
            let other = self.intervals.get(id);
            let meets = other.place == Place::Reg(reg)
                && self.intervals.get(current).intersection(other, self.live).is_some();
            if !meets {
                n += 1;
                continue;
            }
            self.state.inactive.swap_remove(n);
            // It is in a hole, so the rest starts at a block where it can be anywhere.
            if let Some(rest) = self.intervals.split(self.live, id, pos) {
                self.enqueue(rest);
            }
        }
    }

    /// Takes the register from `id` at `pos`, or earlier where that is outside of more loops.
    fn evict(&mut self, id: Id, pos: Pos) {
        let interval = *self.intervals.get(id);
        let last_use = interval.last_use_end(self.live, pos);
        let again = self.live.value(interval.vreg).remat.is_some();
        let cut = if again { last_use } else { self.shallowest(id, last_use, pos) };
        if !again && cut == pos && pos.phase() != Phase::Late {
            // Maybe another register is free; if not, it is spilled when its turn comes.
            if let Some(rest) = self.intervals.split(self.live, id, pos) {
                self.intervals.get_mut(rest).humble = true;
                self.enqueue(rest);
                return;
            }
        }
        let rest = self.intervals.split(self.live, id, cut).unwrap_or(id);
        self.spill(rest, pos);
    }

    /// Leaves `id` in its slot from its start, and cuts off what needs a register after `pos`.
    fn spill(&mut self, id: Id, pos: Pos) {
        self.intervals.get_mut(id).place = Place::Spilled;
        let interval = self.intervals.get(id);
        let Some(next) = interval.next_must(self.live, pos) else { return };
        let cut = self.shallowest(id, pos.next(), next.pos);
        if let Some(rest) = self.intervals.split(self.live, id, cut) {
            self.enqueue(rest);
        }
    }

    /// Cuts `current` at `cut`; what comes after needs its own place.
    fn cut_after_head(&mut self, current: Id, cut: Pos) {
        let Some(rest) = self.intervals.split(self.live, current, cut) else { return };
        // Between reading and writing there is no room for a move, but the slot may take over: the store
        // can be anywhere before.
        let interval = self.intervals.get(rest);
        let again = self.live.value(interval.vreg).remat.is_some();
        let moves_fit = cut.phase() != Phase::Late || interval.from != cut;
        if !moves_fit || again && !interval.is_pinned(self.live, interval.from) {
            self.spill(rest, cut);
        } else {
            self.enqueue(rest);
        }
    }

    /// Where to cut `current` if its register is free until `until` only; `None` if no instruction gains.
    fn useful_cut(&self, current: Id, until: Pos) -> Option<Pos> {
        let interval = self.intervals.get(current);
        if until <= interval.from {
            return None;
        }
        // No use may be cut in two. Those that would be are at the very last instruction.
        let uses = interval.uses(self.live);
        let before = uses.partition_point(|touched| touched.pos < until);
        let near = uses[..before].iter().rev();
        let until = near
            .take_while(|touched| touched.pos.inst() == until.inst())
            .filter(|touched| touched.end > until)
            .fold(until, |until, touched| until.min(touched.pos));
        let before = uses[..before].partition_point(|touched| touched.pos < until);
        let low = latest_end(&uses[..before])?;
        if !uses[..before].iter().rev().any(|touched| touched.must) {
            return None;
        }
        if self.live.value(interval.vreg).remat.is_some() {
            // Nothing is gained by keeping what can be made again.
            return (low > interval.from).then_some(low);
        }
        let mut high = until;
        if high.phase() == Phase::Late && Pos::early(high.inst()) >= low {
            high = Pos::early(high.inst());
        }
        let cut = self.shallowest(current, low, high);
        (cut > interval.from).then_some(cut)
    }

    /// The best place in `low..=high` to cut `id`: the latest in the fewest loops, `high` itself if nothing
    /// before is in fewer. Every block visited is in fewer loops than the one before, so this is short.
    fn shallowest(&self, id: Id, low: Pos, high: Pos) -> Pos {
        let interval = self.intervals.get(id);
        let mut best = high;
        let mut block = self.layout.block_at(high);
        while let Some(before) = self.layout.shallower_before(block) {
            let place = Pos::early(self.layout.terminator(before));
            if place < low {
                break;
            }
            if interval.covers(self.live, place) {
                best = place;
            }
            block = before;
        }
        best
    }
}
