//! Dominance frontiers: the blocks where the reach of a block ends.
//!
//! K. Cooper, T. Harvey, K. Kennedy, *A Simple, Fast Dominance Algorithm*, 2001, section 4: a join is in the frontier of
//! each predecessor, and of its dominators below the join's own immediate dominator.

use ir::{Block, Entity};

use crate::dom::DomTree;
use crate::flow::FlowGraph;

/// The dominance frontier of every block: the blocks B such that the block dominates a predecessor of B, but does not
/// strictly dominate B. Their total size is linear for most programs, quadratic for deep nests of loops that test at the
/// end.
#[derive(Clone)]
pub struct DominanceFrontiers {
    start: Vec<u32>,
    blocks: Vec<Block>,
}

impl DominanceFrontiers {
    /// The frontiers of all reachable blocks; those of others are empty.
    #[must_use]
    pub fn new(graph: &FlowGraph, dom: &DomTree) -> Self {
        // Which join a block was last found in front of: a block is found at most once per join.
        let mut last: Vec<Option<Block>> = vec![None; graph.num_blocks()];
        let mut pairs: Vec<(Block, Block)> = Vec::new();
        for join in graph.rpo() {
            let entry_again = graph.entry() == Some(join) && !graph.pred_edges(join).is_empty();
            if graph.pred_edges(join).len() < 2 && !entry_again {
                continue;
            }
            let stop = dom.idom(join);
            for pred in graph.preds(join).filter(|&pred| graph.is_reachable(pred)) {
                let mut runner = Some(pred);
                while let Some(block) = runner.filter(|_| runner != stop) {
                    if last[block.index()] == Some(join) {
                        break;
                    }
                    last[block.index()] = Some(join);
                    pairs.push((block, join));
                    runner = dom.idom(block);
                }
            }
        }
        let mut start = vec![0u32; graph.num_blocks() + 1];
        for (block, _) in &pairs {
            start[block.index() + 1] += 1;
        }
        for index in 1..start.len() {
            start[index] += start[index - 1];
        }
        let mut fill = start.clone();
        let mut blocks: Vec<Block> = pairs.iter().map(|&(_, join)| join).collect();
        for (block, join) in pairs {
            let at = &mut fill[block.index()];
            blocks[*at as usize] = join;
            *at += 1;
        }
        Self { start, blocks }
    }

    /// The dominance frontier of a block, in reverse postorder.
    #[must_use]
    pub fn of(&self, block: Block) -> &[Block] {
        let index = block.index();
        &self.blocks[self.start[index] as usize..self.start[index + 1] as usize]
    }
}
