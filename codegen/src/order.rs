//! The order in which blocks are written, and which of them need not be written at all.
//!
//! The allocator sees blocks in reverse postorder with loops in one piece. Here a loop that is left from its header
//! is turned round: the header goes to the end, so that one branch a turn is left, and the blocks that are rarely
//! reached go to the end of the function.

use arm64_enc::Cond;
use regalloc::Allocation;

use crate::function::MachineFunction;
use crate::minst::{Op, Test};

/// The blocks in the order of writing, as a list, so that to turn a loop round costs the same whatever is in it.
#[derive(Default)]
struct Order {
    /// By block, what is written next.
    next: Vec<Option<usize>>,
    last: Option<usize>,
    /// By block, the one before it in the same loop, and in no loop inside of that.
    above: Vec<Option<usize>>,
}

/// A loop around the current block. Its blocks are contiguous and begin with the header.
struct Open {
    /// What is written before it.
    before: Option<usize>,
    header: usize,
    depth: u32,
    /// The last of the blocks so far that are in no loop inside of it.
    last: usize,
}

/// The indices of the blocks in the order of writing, the entry first.
pub(crate) fn emission_order(mf: &MachineFunction) -> Vec<usize> {
    let count = mf.blocks.len();
    let mut order = Order { next: vec![None; count], last: None, above: vec![None; count] };
    let mut open: Vec<Open> = Vec::new();
    let mut cold = Vec::new();
    for index in 0..=count {
        let depth = mf.blocks.get(index).map_or(0, |block| block.depth);
        let header = mf.blocks.get(index).is_some_and(|block| block.loop_header);
        while let Some(around) =
            open.pop_if(|around| depth < around.depth || depth == around.depth && header)
        {
            order.rotate(mf, &around, index);
        }
        let Some(block) = mf.blocks.get(index) else { break };
        if block.cold && index > 0 {
            cold.push(index);
            continue;
        }
        let before = order.last.replace(index);
        if let Some(before) = before {
            order.next[before] = Some(index);
        }
        if header {
            open.push(Open { before, header: index, depth, last: index });
        } else if let Some(around) = open.last_mut().filter(|around| around.depth == depth) {
            order.above[index] = Some(std::mem::replace(&mut around.last, index));
        }
    }
    let written = std::iter::successors((count > 0).then_some(0), |&index| order.next[index]);
    written.chain(cold).collect()
}

impl Order {
    /// Turns the loop at the end round, if its last block jumps to its header: so that a block which may leave the loop
    /// becomes the last, and its branch the only one at the end of a turn.
    ///
    /// `end` is the first block behind the loop: all from the header up to it are in the loop.
    fn rotate(&mut self, mf: &MachineFunction, turned: &Open, end: usize) {
        let (Some(before), Some(last)) = (turned.before, self.last) else { return };
        let header = turned.header;
        let tail = &mf.blocks[last].succs;
        if header == last || tail.len() != 1 || tail.first().is_none_or(|to| to.index() != header) {
            return;
        }
        // In an inner loop the branch would tear that apart. The header is the best choice: it may be the only one.
        let leaves = |&block: &usize| {
            let succs = &mf.blocks[block].succs;
            succs.len() == 2
                && succs.iter().any(|succ| Some(succ.index()) == self.next[block])
                && succs.iter().any(|succ| !(header..end).contains(&succ.index()))
        };
        let upwards = std::iter::successors(Some(turned.last), |&block| self.above[block]);
        let found = std::iter::once(header).chain(upwards).find(leaves);
        if let Some(place) = found {
            let first = self.next[place].take();
            self.next[before] = first;
            self.next[last] = Some(header);
            self.last = Some(place);
        }
    }
}

/// Where each block really leads: through blocks that are nothing but a jump.
pub(crate) fn thread_jumps(mf: &MachineFunction, allocation: &Allocation) -> Vec<usize> {
    let mut edited = vec![false; mf.insts.len()];
    for (point, _) in allocation.edits() {
        if let Some(flag) = edited.get_mut(point.inst.index()) {
            *flag = true;
        }
    }
    let next = |index: usize| -> Option<usize> {
        let block = &mf.blocks[index];
        let range = mf.block_range(block);
        let only = range.len() == 1 && matches!(mf.insts[range.start].op, Op::Jump);
        (only && !edited[range.start] && index > 0)
            .then(|| block.succs.first().map(|succ| succ.index()))
            .flatten()
    };
    follow(mf.blocks.len(), next)
}

/// Where each of `count` chains of `next` ends. A cycle has no end: one of its members stands for all of it, so that an
/// endless loop stays one. Asks `next` once for each place.
fn follow(count: usize, mut next: impl FnMut(usize) -> Option<usize>) -> Vec<usize> {
    const UNKNOWN: usize = usize::MAX;
    let mut ends = vec![UNKNOWN; count];
    let mut path = Vec::new();
    for start in 0..count {
        let mut at = start;
        while ends[at] == UNKNOWN {
            // A path that comes back to a place of its own ends there.
            ends[at] = at;
            path.push(at);
            at = next(at).unwrap_or(at);
        }
        let end = ends[at];
        for place in path.drain(..) {
            ends[place] = end;
        }
    }
    ends
}

/// The second branch of two that go to the same place if either condition holds, when that place is what follows and
/// the other target is not: it goes to the other target if its condition fails.
pub(crate) const fn split_either(test: Test) -> Option<(Cond, Cond)> {
    match test {
        Test::Either(a, b) => Some((a, b.invert())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::follow;

    /// The obvious version: walks from each place until there is no way on, or a place comes up twice.
    fn check(next: &[Option<usize>]) {
        let mut asked = 0;
        let ends = follow(next.len(), |at| {
            asked += 1;
            next[at]
        });
        assert!(asked <= next.len(), "{asked} questions about {} places", next.len());
        for start in 0..next.len() {
            let mut seen = vec![start];
            while let Some(to) = next[seen[seen.len() - 1]]
                && !seen.contains(&to)
            {
                seen.push(to);
            }
            let last = seen[seen.len() - 1];
            let cycle = next[last].and_then(|to| seen.iter().position(|&place| place == to));
            let right = cycle.map_or(&seen[seen.len() - 1..], |first| &seen[first..]);
            let end = ends[start];
            assert!(right.contains(&end), "{next:?}: {start} leads to {end}, not to {right:?}");
            assert_eq!(ends[end], end, "{next:?}: the end of {start} is not written");
        }
    }

    #[test]
    fn every_chain_of_up_to_five_places_ends_where_a_walk_does() {
        for count in 1..=5_usize {
            for code in 0..(count + 1).pow(count as u32) {
                let digit = |at: usize| code / (count + 1).pow(at as u32) % (count + 1);
                let next: Vec<Option<usize>> =
                    (0..count).map(|at| digit(at).checked_sub(1)).collect();
                check(&next);
            }
        }
    }

    #[test]
    fn long_chains_are_walked_once() {
        let count = 100_000;
        let to_end = |at: usize| (at + 1 < count).then_some(at + 1);
        let to_start = |at: usize| at.checked_sub(1);
        let around = |at: usize| Some((at + 1) % count);
        for (next, end) in
            [(&to_end as &dyn Fn(usize) -> _, count - 1), (&to_start, 0), (&around, 0)]
        {
            let mut asked = 0;
            let ends = follow(count, |at| {
                asked += 1;
                next(at)
            });
            assert_eq!(asked, count);
            assert!(ends.iter().all(|&found| found == end));
        }
    }
}
