//! Live intervals: the pieces that values are cut into, each with one place.
//!
//! A piece is a window on the ranges and uses of its value, so cutting one in two copies nothing.

use crate::liveness::{Liveness, Range, Use};
use crate::operand::{PReg, VReg};
use crate::pos::Pos;

/// Where a piece lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Not decided yet.
    Open,
    /// In a register.
    Reg(PReg),
    /// In the slot of the value; for a value that can be rematerialised, nowhere.
    Spilled,
}

/// A part of the life of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    pub(crate) vreg: VReg,
    pub(crate) from: Pos,
    pub(crate) to: Pos,
    /// The ranges that overlap `from..to`; the first and the last may stick out.
    pub(crate) first_range: u32,
    pub(crate) end_range: u32,
    /// The uses in `from..to`.
    pub(crate) first_use: u32,
    pub(crate) end_use: u32,
    pub(crate) place: Place,
    /// The range that the scan has come to.
    pub(crate) cursor: u32,
    /// It has lost its register to a denser interval: it may look for a free one, but drive nobody away.
    pub(crate) humble: bool,
}

/// The number of a piece.
pub(crate) type Id = u32;

/// All pieces of all values.
#[derive(Default)]
pub(crate) struct Intervals {
    pub(crate) list: Vec<Interval>,
    pub(crate) splits: u32,
}

impl Intervals {
    /// One interval for each value that is live anywhere.
    pub(crate) fn build(&mut self, live: &Liveness) {
        self.list.clear();
        self.splits = 0;
        for value in &live.values {
            let ranges = &live.ranges[value.first_range as usize..value.end_range as usize];
            let (Some(vreg), Some(first), Some(last)) = (value.vreg, ranges.first(), ranges.last())
            else {
                continue;
            };
            self.list.push(Interval {
                vreg,
                from: first.from,
                to: last.to,
                first_range: value.first_range,
                end_range: value.end_range,
                first_use: value.first_use,
                end_use: value.end_use,
                place: Place::Open,
                cursor: value.first_range,
                humble: false,
            });
        }
    }

    pub(crate) fn get(&self, id: Id) -> &Interval {
        &self.list[id as usize]
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> &mut Interval {
        &mut self.list[id as usize]
    }

    /// Cuts `id` at `at`: it keeps what is before, the new piece takes the rest. If one side would be empty,
    /// nothing happens.
    pub(crate) fn split(&mut self, live: &Liveness, id: Id, at: Pos) -> Option<Id> {
        let old = *self.get(id);
        if at <= old.from || at >= old.to {
            return None;
        }
        let new_id = Id::try_from(self.list.len()).ok()?;
        let ranges = &live.ranges[old.first_range as usize..old.end_range as usize];
        // The first range that reaches beyond the cut belongs to the new piece.
        let beyond = old.first_range + ranges.partition_point(|range| range.to <= at) as u32;
        let head = live.ranges[beyond as usize];
        let cuts_range = head.from < at;
        let uses = &live.uses[old.first_use as usize..old.end_use as usize];
        let middle_use = old.first_use + uses.partition_point(|touched| touched.pos < at) as u32;
        let new = Interval {
            from: head.from.max(at),
            first_range: beyond,
            first_use: middle_use,
            place: Place::Open,
            cursor: beyond,
            humble: false,
            ..old
        };
        let kept = self.get_mut(id);
        kept.end_use = middle_use;
        kept.end_range = if cuts_range { beyond + 1 } else { beyond };
        kept.to = if cuts_range { at } else { live.ranges[beyond as usize - 1].to };
        self.list.push(new);
        self.splits += 1;
        Some(new_id)
    }
}

impl Interval {
    /// The uses in this piece, in order.
    pub(crate) fn uses<'a>(&self, live: &'a Liveness) -> &'a [Use] {
        &live.uses[self.first_use as usize..self.end_use as usize]
    }

    /// Range number `index` of the value, cut to this piece.
    pub(crate) fn range(&self, live: &Liveness, index: u32) -> Range {
        let range = live.ranges[index as usize];
        Range { from: range.from.max(self.from), to: range.to.min(self.to) }
    }

    /// Moves the cursor to the first range that ends after `pos` and returns that range.
    pub(crate) fn advance(&mut self, live: &Liveness, pos: Pos) -> Option<Range> {
        while self.cursor < self.end_range {
            let range = self.range(live, self.cursor);
            if range.to > pos {
                return Some(range);
            }
            self.cursor += 1;
        }
        None
    }

    /// Returns `true` if the value is live at `pos`, which lies in this piece.
    pub(crate) fn covers(&self, live: &Liveness, pos: Pos) -> bool {
        if pos < self.from || pos >= self.to {
            return false;
        }
        let ranges = &live.ranges[self.first_range as usize..self.end_range as usize];
        let index = ranges.partition_point(|range| range.to <= pos);
        ranges.get(index).is_some_and(|range| range.from <= pos)
    }

    /// The first position, from the cursors on, at which both pieces are live.
    pub(crate) fn intersection(&self, other: &Interval, live: &Liveness) -> Option<Pos> {
        let (mut a, mut b) = (self.cursor, other.cursor);
        while a < self.end_range && b < other.end_range {
            let (ra, rb) = (self.range(live, a), other.range(live, b));
            let from = ra.from.max(rb.from);
            if from < ra.to.min(rb.to) {
                return Some(from);
            }
            if ra.to <= rb.to {
                a += 1;
            } else {
                b += 1;
            }
        }
        None
    }

    /// The sum of the weights of the uses at or after `pos`.
    pub(crate) fn cost_from(&self, live: &Liveness, pos: Pos) -> u64 {
        let first = self.first_use as usize;
        let middle = first + self.uses(live).partition_point(|touched| touched.pos < pos);
        live.cost[self.end_use as usize] - live.cost[middle]
    }

    /// The first use at or after `pos` that needs a register.
    pub(crate) fn next_must<'a>(&self, live: &'a Liveness, pos: Pos) -> Option<&'a Use> {
        let uses = self.uses(live);
        let middle = uses.partition_point(|touched| touched.pos < pos);
        uses[middle..].iter().find(|touched| touched.must)
    }

    /// Returns `true` if an instruction needs the piece in its register at `pos`.
    pub(crate) fn is_pinned(&self, live: &Liveness, pos: Pos) -> bool {
        let uses = self.uses(live);
        let middle = uses.partition_point(|touched| touched.pos <= pos);
        // Uses of one value at one instruction are few and lie side by side.
        uses[..middle]
            .iter()
            .rev()
            .take_while(|touched| touched.pos.inst() == pos.inst())
            .any(|touched| touched.must && touched.end > pos)
    }

    /// When the last use before `pos` is over; the start of the piece if there is none.
    pub(crate) fn last_use_end(&self, live: &Liveness, pos: Pos) -> Pos {
        let uses = self.uses(live);
        let middle = uses.partition_point(|touched| touched.pos < pos);
        latest_end(&uses[..middle]).map_or(self.from, |end| end.max(self.from))
    }
}

/// When the last of `uses` is over. They are in order of start; only those at one instruction can end in another
/// order.
pub(crate) fn latest_end(uses: &[Use]) -> Option<Pos> {
    let inst = uses.last()?.pos.inst();
    let last = uses.iter().rev().take_while(|touched| touched.pos.inst() == inst);
    last.map(|touched| touched.end).max()
}
