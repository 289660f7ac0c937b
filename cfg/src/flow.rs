//! The flow graph: who follows whom, who can be reached, and in which order.

use ir::{Block, Entity, Function};

use crate::order;

/// One way from a block to another: the block it leaves and which successor of that block's terminator it is. Two ways
/// between the same two blocks are two edges.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Edge {
    /// The block whose terminator it leaves.
    pub from: Block,
    /// Its place among the successors, in the order of [`Function::for_each_successor`].
    pub index: u32,
}

/// Part of a vector.
#[derive(Clone, Copy, Default)]
struct Range {
    start: u32,
    len: u32,
}

impl Range {
    fn of<T>(self, items: &[T]) -> &[T] {
        &items[self.start as usize..(self.start + self.len) as usize]
    }
}

/// Successors, predecessors and orders of the blocks in a function's layout.
///
/// Edges are counted with multiplicity: a block that a branch names twice is two successors, and its two edges come
/// twice among the predecessors. Edges that leave unreachable blocks are edges.
#[derive(Clone)]
pub struct FlowGraph {
    entry: Option<Block>,
    succ_ranges: Vec<Range>,
    succs: Vec<Block>,
    pred_ranges: Vec<Range>,
    preds: Vec<Edge>,
    postorder: Vec<Block>,
    /// The place in reverse postorder of each reachable block.
    rpo_index: Vec<Option<u32>>,
}

impl FlowGraph {
    /// The flow graph of a function as it is now. Takes time linear in blocks and edges.
    #[must_use]
    pub fn new(func: &Function) -> Self {
        let count = func.num_blocks();
        let mut succ_ranges = vec![Range::default(); count];
        let mut pred_ranges = vec![Range::default(); count];
        let mut succs = Vec::with_capacity(func.layout().len() * 2);
        for &block in func.layout() {
            let start = succs.len() as u32;
            if let Some(terminator) = func.terminator(block) {
                func.for_each_successor(terminator, |call| {
                    succs.push(call.block);
                    pred_ranges[call.block.index()].len += 1;
                });
            }
            succ_ranges[block.index()] = Range { start, len: succs.len() as u32 - start };
        }

        let mut start = 0;
        for range in &mut pred_ranges {
            range.start = start;
            start += std::mem::take(&mut range.len);
        }
        let mut preds: Vec<Edge> = Vec::new();
        if let Some(&from) = func.layout().first() {
            preds.resize(succs.len(), Edge { from, index: 0 });
        }
        for &from in func.layout() {
            for (index, &to) in succ_ranges[from.index()].of(&succs).iter().enumerate() {
                let range = &mut pred_ranges[to.index()];
                preds[(range.start + range.len) as usize] = Edge { from, index: index as u32 };
                range.len += 1;
            }
        }

        let successor = |node: usize, n: usize| -> Option<usize> {
            succ_ranges[node].of(&succs).get(n).map(|b| b.index())
        };
        let postorder: Vec<Block> = func
            .entry()
            .map(|entry| order::postorder(count, entry.index(), successor))
            .unwrap_or_default()
            .into_iter()
            .map(Block::from_index)
            .collect();
        let mut rpo_index = vec![None; count];
        for (index, block) in postorder.iter().rev().enumerate() {
            rpo_index[block.index()] = Some(index as u32);
        }
        Self { entry: func.entry(), succ_ranges, succs, pred_ranges, preds, postorder, rpo_index }
    }

    /// The entry block, unless the function has no blocks.
    #[must_use]
    pub fn entry(&self) -> Option<Block> {
        self.entry
    }

    /// The size for a table over blocks: [`Function::num_blocks`] when the graph was made.
    #[must_use]
    pub fn num_blocks(&self) -> usize {
        self.succ_ranges.len()
    }

    /// The successors of a block, in the order of its terminator, with multiplicity.
    #[must_use]
    pub fn succs(&self, block: Block) -> &[Block] {
        self.succ_ranges[block.index()].of(&self.succs)
    }

    /// The edges into a block: those of blocks earlier in the layout first.
    #[must_use]
    pub fn pred_edges(&self, block: Block) -> &[Edge] {
        self.pred_ranges[block.index()].of(&self.preds)
    }

    /// The block at the other end of each edge into a block: a block may come more than once.
    pub fn preds(
        &self,
        block: Block,
    ) -> impl ExactSizeIterator<Item = Block> + DoubleEndedIterator + '_ {
        self.pred_edges(block).iter().map(|edge| edge.from)
    }

    /// Whether control can come from the entry to a block.
    #[must_use]
    pub fn is_reachable(&self, block: Block) -> bool {
        self.rpo_index[block.index()].is_some()
    }

    /// The reachable blocks, each after those first reached through it.
    #[must_use]
    pub fn postorder(&self) -> &[Block] {
        &self.postorder
    }

    /// The reachable blocks, each before those first reached through it: but for back edges, a block comes after all
    /// its predecessors.
    pub fn rpo(&self) -> impl ExactSizeIterator<Item = Block> + DoubleEndedIterator + '_ {
        self.postorder.iter().rev().copied()
    }

    /// The place of a reachable block in [`rpo`](Self::rpo).
    #[must_use]
    pub fn rpo_index(&self, block: Block) -> Option<u32> {
        self.rpo_index[block.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::{FunctionBuilder, Type};

    #[test]
    fn edges_are_counted_with_multiplicity() {
        let b = FunctionBuilder::new("f");
        let c = b.param(Type::I8);
        let (twice, dead) = (b.block("twice"), b.block("dead"));
        let entry = b.current_block();
        b.branch(c, twice, twice);
        b.switch_to(twice);
        b.ret(());
        b.switch_to(dead);
        b.jump(twice);
        let graph = FlowGraph::new(&b.finish().unwrap());
        assert_eq!(graph.succs(entry), [twice, twice]);
        assert_eq!(
            graph.pred_edges(twice),
            [
                Edge { from: entry, index: 0 },
                Edge { from: entry, index: 1 },
                Edge { from: dead, index: 0 }
            ]
        );
        assert!(!graph.is_reachable(dead));
        assert_eq!(graph.rpo().collect::<Vec<_>>(), [entry, twice]);
        assert_eq!((graph.rpo_index(twice), graph.rpo_index(dead)), (Some(1), None));
    }

    #[test]
    fn a_function_without_blocks_has_an_empty_graph() {
        let graph = FlowGraph::new(&Function::new("f", ir::Signature::default()));
        assert_eq!((graph.entry(), graph.postorder().len()), (None, 0));
    }
}
