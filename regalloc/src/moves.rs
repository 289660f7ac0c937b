//! Parallel moves: many copies that happen at once, put into an order that one can execute.
//!
//! Places and copies form a graph in which each place is written once, so it consists of trees that hang on
//! disjoint cycles. Trees are emitted from the leaves; what is left are cycles, each broken with one temporary.
//! Source: Rideau, Serpette, Leroy, "Tilting at Windmills with Coq: Formal Verification of a Compilation Algorithm
//! for Parallel Moves" (Journal of Automated Reasoning, 2008).

use crate::env::{Edit, Loc};
use crate::operand::{Inst, PReg, RegClass, SpillSlot};

/// The source of a copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    /// From a place that holds it.
    Loc(Loc),
    /// From running this instruction again.
    Remat(Inst),
}

/// One of the copies that happen at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParallelMove {
    /// The source.
    pub from: Source,
    /// The destination.
    pub to: Loc,
    /// The class of the value.
    pub class: RegClass,
}

/// Two copies of a set write the same place different things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrittenTwice {
    /// The place.
    pub to: Loc,
}

impl std::fmt::Display for WrittenTwice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "two moves that happen at once write {}", self.to)
    }
}

impl std::error::Error for WrittenTwice {}

/// Puts parallel moves in order. Keeps its memory from set to set.
///
/// ```
/// use regalloc::moves::{ParallelMove, Sequencer, Source};
/// use regalloc::{Loc, PReg, RegClass};
///
/// let [a, b] = [Loc::Reg(PReg::int(0)), Loc::Reg(PReg::int(1))];
/// let swap = [(a, b), (b, a)].map(|(from, to)| {
///     ParallelMove { from: Source::Loc(from), to, class: RegClass::Int }
/// });
/// let mut sequencer = Sequencer::new([PReg::int(16), PReg::float(31)]);
/// let mut edits = Vec::new();
/// sequencer.sequence(&swap, || unreachable!(), |edit| edits.push(edit.to_string())).unwrap();
/// assert_eq!(edits, ["r16 = r0", "r0 = r1", "r1 = r16"]);
/// ```
#[derive(Debug)]
pub struct Sequencer {
    scratch: [PReg; 2],
    moves: Vec<Pending>,
    ready: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    from: Loc,
    to: Loc,
    class: RegClass,
    /// How many moves that are not emitted yet read `to`.
    readers: u32,
    done: bool,
}

impl Pending {
    fn is_between_slots(&self) -> bool {
        matches!((self.from, self.to), (Loc::Stack(_), Loc::Stack(_)))
    }
}

impl Sequencer {
    /// A sequencer that may use these registers, one a class, between the moves. No set of moves mentions them.
    pub fn new(scratch: [PReg; 2]) -> Sequencer {
        Sequencer { scratch, moves: Vec::new(), ready: Vec::new() }
    }

    /// Changes the scratch registers.
    pub(crate) fn set_scratch(&mut self, scratch: [PReg; 2]) {
        self.scratch = scratch;
    }

    /// Emits edits that together do what all of `moves` do at once. `spare` gives a slot that nothing lives in; it is
    /// asked for only where a cycle goes from slot to slot, because then the scratch register is busy.
    ///
    /// # Errors
    /// [`WrittenTwice`] if two different moves have the same destination.
    pub fn sequence(
        &mut self,
        moves: &[ParallelMove],
        mut spare: impl FnMut() -> SpillSlot,
        mut emit: impl FnMut(Edit),
    ) -> Result<(), WrittenTwice> {
        self.moves.clear();
        self.moves.extend(moves.iter().filter_map(|parallel| match parallel.from {
            Source::Loc(from) if from != parallel.to => Some(Pending {
                from,
                to: parallel.to,
                class: parallel.class,
                readers: 0,
                done: false,
            }),
            _ => None,
        }));
        if self.moves.len() > 1 {
            self.moves.sort_unstable_by_key(|pending| (pending.to, pending.from));
            self.moves.dedup_by_key(|pending| (pending.to, pending.from));
            if let Some(pair) = self.moves.windows(2).find(|pair| pair[0].to == pair[1].to) {
                return Err(WrittenTwice { to: pair[0].to });
            }
        }
        self.emit_trees(&mut emit);
        for index in 0..self.moves.len() {
            if !self.moves[index].done {
                self.emit_cycle(index, &mut spare, &mut emit);
            }
        }
        for parallel in moves {
            let Source::Remat(inst) = parallel.from else { continue };
            match parallel.to {
                Loc::Reg(to) => emit(Edit::Remat { inst, to }),
                Loc::Stack(_) => {
                    let class = parallel.class;
                    let via = self.scratch[class.index()];
                    emit(Edit::Remat { inst, to: via });
                    emit(Edit::Move { from: Loc::Reg(via), to: parallel.to, class });
                }
            }
        }
        Ok(())
    }

    /// The move that writes `loc`.
    fn writer_of(&self, loc: Loc) -> Option<usize> {
        self.moves.binary_search_by_key(&loc, |pending| pending.to).ok()
    }

    fn emit_trees(&mut self, emit: &mut impl FnMut(Edit)) {
        for index in 0..self.moves.len() {
            if let Some(writer) = self.writer_of(self.moves[index].from) {
                self.moves[writer].readers += 1;
            }
        }
        self.ready.clear();
        for (index, pending) in self.moves.iter().enumerate() {
            if pending.readers == 0 {
                self.ready.push(index as u32);
            }
        }
        while let Some(index) = self.ready.pop() {
            let index = index as usize;
            self.moves[index].done = true;
            let Pending { from, to, class, .. } = self.moves[index];
            self.emit_move(from, to, class, emit);
            if let Some(writer) = self.writer_of(from) {
                self.moves[writer].readers -= 1;
                if self.moves[writer].readers == 0 {
                    self.ready.push(writer as u32);
                }
            }
        }
    }

    /// Emits the cycle that the move `start` is part of. Every place in it is read by exactly one move.
    fn emit_cycle(
        &mut self,
        start: usize,
        spare: &mut impl FnMut() -> SpillSlot,
        emit: &mut impl FnMut(Edit),
    ) {
        let Pending { to: saved, .. } = self.moves[start];
        // The value in `saved` is of the class of the move that reads it, the last of the cycle.
        let mut last = start;
        let mut between_slots = self.moves[start].is_between_slots();
        while self.moves[last].from != saved {
            let Some(writer) = self.writer_of(self.moves[last].from) else { return };
            last = writer;
            between_slots |= self.moves[last].is_between_slots();
        }
        let class = self.moves[last].class;
        let temporary =
            if between_slots { Loc::Stack(spare()) } else { Loc::Reg(self.scratch[class.index()]) };
        self.emit_move(saved, temporary, class, emit);
        let mut index = start;
        loop {
            let Pending { from, to, class, .. } = self.moves[index];
            self.moves[index].done = true;
            if from == saved {
                self.emit_move(temporary, to, class, emit);
                return;
            }
            self.emit_move(from, to, class, emit);
            let Some(writer) = self.writer_of(from) else { return };
            index = writer;
        }
    }

    fn emit_move(&self, from: Loc, to: Loc, class: RegClass, emit: &mut impl FnMut(Edit)) {
        if let (Loc::Stack(_), Loc::Stack(_)) = (from, to) {
            let via = Loc::Reg(self.scratch[class.index()]);
            emit(Edit::Move { from, to: via, class });
            emit(Edit::Move { from: via, to, class });
        } else {
            emit(Edit::Move { from, to, class });
        }
    }
}
