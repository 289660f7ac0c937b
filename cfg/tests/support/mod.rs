//! Functions from bare graphs, for tests.
#![allow(dead_code)] // each test file uses a part

use ir::{Block, Entity, Function, FunctionBuilder, Type};
use proptest::prelude::{Strategy, prop};

/// A function whose block `n` has the successors `succs[n]`; block 0 is the entry.
pub(crate) fn function(succs: &[Vec<usize>]) -> Function {
    let b = FunctionBuilder::new("graph");
    let index = b.param(Type::I64);
    let mut blocks = vec![b.current_block()];
    blocks.extend((1..succs.len()).map(|_| b.block("")));
    for (block, succs) in blocks.iter().zip(succs) {
        b.switch_to(*block);
        match succs[..] {
            [] => b.ret(()),
            [one] => b.jump(blocks[one]),
            [one, two] => b.branch(index, blocks[one], blocks[two]),
            [default, ref cases @ ..] => {
                let cases: Vec<_> =
                    cases.iter().enumerate().map(|(n, &to)| (n as i64, blocks[to])).collect();
                b.switch(index, blocks[default], &cases);
            }
        }
    }
    b.finish().expect("a graph is a valid function")
}

/// Graphs of up to `max` blocks, reducible or not, with unreachable blocks; no edge leads to the entry.
pub(crate) fn graphs(max: usize) -> impl Strategy<Value = Vec<Vec<usize>>> {
    (2..=max).prop_flat_map(|count| {
        // Mostly short steps, so that deep structure appears, and some far ones.
        let step = prop::collection::vec((0..count, -3i64..5, 0u8..4), 0..4);
        prop::collection::vec(step, count).prop_map(move |blocks| {
            let target = |from: usize, (far, near, choice): (usize, i64, u8)| {
                let to = if choice == 0 { far as i64 } else { from as i64 + near };
                to.clamp(1, count as i64 - 1) as usize
            };
            let row = |(from, steps): (usize, Vec<_>)| {
                steps.into_iter().map(|step| target(from, step)).collect()
            };
            blocks.into_iter().enumerate().map(row).collect()
        })
    })
}

/// The block of this index.
pub(crate) fn block(index: usize) -> Block {
    Block::from_index(index)
}

/// The nodes that can be reached from the entry without going through `without`.
pub(crate) fn reachable(succs: &[Vec<usize>], without: Option<usize>) -> Vec<bool> {
    let mut seen = vec![false; succs.len()];
    let mut work = if without == Some(0) { vec![] } else { vec![0] };
    while let Some(node) = work.pop() {
        if !std::mem::replace(&mut seen[node], true) {
            work.extend(succs[node].iter().copied().filter(|&s| Some(s) != without));
        }
    }
    seen
}
