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
    (0..mf.blocks.len())
        .map(|start| {
            let mut at = start;
            // A cycle of empty blocks is an endless loop: any of its blocks will do.
            for _ in 0..mf.blocks.len() {
                match next(at) {
                    Some(to) if to != start => at = to,
                    _ => break,
                }
            }
            at
        })
        .collect()
}

/// The second branch of two that go to the same place if either condition holds, when that place is what follows and
/// the other target is not: it goes to the other target if its condition fails.
pub(crate) const fn split_either(test: Test) -> Option<(Cond, Cond)> {
    match test {
        Test::Either(a, b) => Some((a, b.invert())),
        _ => None,
    }
}
