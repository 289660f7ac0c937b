//! The order in which blocks are written, and which of them need not be written at all.
//!
//! The allocator sees blocks in reverse postorder with loops in one piece. Here a loop that is left from its header
//! is turned round: the header goes to the end, so that one branch a turn is left, and the blocks that are rarely
//! reached go to the end of the function.

use arm64_enc::Cond;
use regalloc::Allocation;

use crate::function::MachineFunction;
use crate::minst::{Op, Test};

/// The indices of the blocks in the order of writing, the entry first.
pub(crate) fn emission_order(mf: &MachineFunction) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(mf.blocks.len());
    // The blocks of a loop are contiguous and begin with the header; `open` are the loops around the current block.
    let mut open: Vec<(usize, u32)> = Vec::new();
    let mut cold = Vec::new();
    for index in 0..=mf.blocks.len() {
        let depth = mf.blocks.get(index).map_or(0, |block| block.depth);
        let header = mf.blocks.get(index).is_some_and(|block| block.loop_header);
        while let Some(&(at, loop_depth)) = open.last() {
            if depth > loop_depth || (depth == loop_depth && !header) {
                break;
            }
            open.pop();
            rotate(mf, &mut order, at, index);
        }
        let Some(block) = mf.blocks.get(index) else { break };
        if block.cold && index > 0 {
            cold.push(index);
            continue;
        }
        if header {
            open.push((order.len(), depth));
        }
        order.push(index);
    }
    order.extend(cold);
    order
}

/// Turns the loop that begins at `order[at]` and takes the rest round, if its last block jumps to its header: so that a
/// block which may leave the loop becomes the last, and its branch the only one at the end of a turn.
///
/// `end` is the first block behind the loop: all from the header up to it are in the loop.
fn rotate(mf: &MachineFunction, order: &mut [usize], at: usize, end: usize) {
    let (Some(&header), Some(&last)) = (order.get(at), order.last()) else { return };
    if at == 0 || header == last {
        return;
    }
    let depth = mf.blocks[header].depth;
    let tail = &mf.blocks[last];
    if tail.succs.len() != 1 || tail.succs.first().is_none_or(|succ| succ.index() != header) {
        return;
    }
    // In an inner loop the branch would tear that apart. The header is the best choice: it may be the only one.
    let leaves = |place: usize| {
        let block = &mf.blocks[order[place]];
        let stays = order.get(place + 1).copied();
        block.depth == depth
            && block.succs.len() == 2
            && block.succs.iter().any(|succ| Some(succ.index()) == stays)
            && block.succs.iter().any(|succ| !(header..end).contains(&succ.index()))
    };
    let found = std::iter::once(at).chain((at + 1..order.len()).rev()).find(|&place| leaves(place));
    if let Some(place) = found {
        order[at..].rotate_left(place + 1 - at);
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
