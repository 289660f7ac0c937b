//! The flow graph: who follows whom, who can be reached, and in which order.

use ir::{Block, Entity, Function};

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
#[derive(Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Clone, PartialEq, Eq, Default)]
pub struct FlowGraph {
    entry: Option<Block>,
    blocks: usize,
    succ_ranges: Vec<Range>,
    succs: Vec<Block>,
    pred_ranges: Vec<Range>,
    preds: Vec<Edge>,
    /// The number of each reachable block: its place in `preorder`.
    numbers: Vec<Option<u32>>,
    preorder: Vec<Block>,
    postorder: Vec<Block>,
    /// By number.
    visits: Vec<Visit>,
    /// The way to where the search is, by numbers, with the next successor to look at; empty when it is over.
    path: Vec<(u32, usize)>,
}

/// How depth-first search came to a block, and when it left it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Visit {
    /// The number of the block that it came from; its own for the entry.
    parent: u32,
    /// The block's place in `postorder`; 0 while the search is below it.
    post: u32,
}

impl FlowGraph {
    /// The flow graph of a function as it is now. Takes time linear in blocks and edges.
    #[must_use]
    pub fn new(func: &Function) -> Self {
        let mut graph = Self::default();
        graph.rebuild(func);
        graph
    }

    /// Makes it the flow graph of a function as it is now, in the same memory.
    pub(crate) fn rebuild(&mut self, func: &Function) {
        let count = func.num_blocks();
        self.entry = func.entry();
        self.blocks = func.layout().len();
        reset(&mut self.succ_ranges, count, Range::default());
        reset(&mut self.pred_ranges, count, Range::default());
        self.succs.clear();
        for &block in func.layout() {
            let start = self.succs.len() as u32;
            if let Some(terminator) = func.terminator(block) {
                func.for_each_successor(terminator, |call| {
                    self.succs.push(call.block);
                    self.pred_ranges[call.block.index()].len += 1;
                });
            }
            let len = self.succs.len() as u32 - start;
            self.succ_ranges[block.index()] = Range { start, len };
        }

        let mut start = 0;
        for range in &mut self.pred_ranges {
            range.start = start;
            start += std::mem::take(&mut range.len);
        }
        self.preds.clear();
        if let Some(from) = self.entry {
            self.preds.resize(self.succs.len(), Edge { from, index: 0 });
        }
        for &from in func.layout() {
            let succs = self.succ_ranges[from.index()].of(&self.succs);
            for (index, &to) in succs.iter().enumerate() {
                let range = &mut self.pred_ranges[to.index()];
                self.preds[(range.start + range.len) as usize] = Edge { from, index: index as u32 };
                range.len += 1;
            }
        }
        self.search();
    }

    /// Depth-first search from the entry, without recursion: successors in order.
    fn search(&mut self) {
        reset(&mut self.numbers, self.succ_ranges.len(), None);
        self.preorder.clear();
        self.postorder.clear();
        self.visits.clear();
        let Some(entry) = self.entry else { return };
        self.meet(entry, 0);
        while let Some((number, next)) = self.path.last_mut() {
            let (number, block) = (*number, self.preorder[*number as usize]);
            match self.succ_ranges[block.index()].of(&self.succs).get(*next).copied() {
                Some(succ) => {
                    *next += 1;
                    if self.numbers[succ.index()].is_none() {
                        self.meet(succ, number);
                    }
                }
                None => {
                    self.visits[number as usize].post = self.postorder.len() as u32;
                    self.postorder.push(block);
                    self.path.pop();
                }
            }
        }
    }

    /// Depth-first search comes to a block for the first time.
    fn meet(&mut self, block: Block, parent: u32) {
        let number = self.preorder.len() as u32;
        self.numbers[block.index()] = Some(number);
        self.preorder.push(block);
        self.visits.push(Visit { parent, post: 0 });
        self.path.push((number, 0));
    }

    /// The entry block, unless the function has no blocks.
    #[must_use]
    #[inline]
    pub fn entry(&self) -> Option<Block> {
        self.entry
    }

    /// The size for a table over blocks: [`Function::num_blocks`] when the graph was made.
    #[must_use]
    #[inline]
    pub fn num_blocks(&self) -> usize {
        self.succ_ranges.len()
    }

    /// The successors of a block, in the order of its terminator, with multiplicity.
    #[must_use]
    #[inline]
    pub fn succs(&self, block: Block) -> &[Block] {
        self.succ_ranges[block.index()].of(&self.succs)
    }

    /// The edges into a block: those of blocks earlier in the layout first.
    #[must_use]
    #[inline]
    pub fn pred_edges(&self, block: Block) -> &[Edge] {
        self.pred_ranges[block.index()].of(&self.preds)
    }

    /// The block at the other end of each edge into a block: a block may come more than once.
    #[inline]
    pub fn preds(
        &self,
        block: Block,
    ) -> impl ExactSizeIterator<Item = Block> + DoubleEndedIterator + '_ {
        self.pred_edges(block).iter().map(|edge| edge.from)
    }

    /// Returns `true` if control can come from the entry to a block.
    #[must_use]
    #[inline]
    pub fn is_reachable(&self, block: Block) -> bool {
        self.numbers[block.index()].is_some()
    }

    /// Returns `true` if control can come to every block of the layout.
    #[must_use]
    #[inline]
    pub fn all_reachable(&self) -> bool {
        self.postorder.len() == self.blocks
    }

    /// The reachable blocks in the order in which depth-first search first meets them.
    pub(crate) fn preorder(&self) -> &[Block] {
        &self.preorder
    }

    /// The number of a reachable block: its place in [`preorder`](Self::preorder).
    pub(crate) fn number(&self, block: Block) -> Option<u32> {
        self.numbers[block.index()]
    }

    /// The block that depth-first search, which makes [`postorder`](Self::postorder), first came from to a reachable
    /// block that is not the entry.
    #[must_use]
    #[inline]
    pub fn came_from(&self, block: Block) -> Option<Block> {
        let number = self.number(block).filter(|&number| number > 0)?;
        Some(self.preorder[self.search_parent(number) as usize])
    }

    /// The number of the block that depth-first search came from to the block of this number; its own for the entry.
    pub(crate) fn search_parent(&self, number: u32) -> u32 {
        self.visits[number as usize].parent
    }

    /// The reachable blocks, each after those first reached through it.
    #[must_use]
    #[inline]
    pub fn postorder(&self) -> &[Block] {
        &self.postorder
    }

    /// The reachable blocks, each before those first reached through it: but for back edges, a block comes after all
    /// its predecessors.
    #[inline]
    pub fn rpo(&self) -> impl ExactSizeIterator<Item = Block> + DoubleEndedIterator + '_ {
        self.postorder.iter().rev().copied()
    }

    /// The place of a reachable block in [`rpo`](Self::rpo).
    #[must_use]
    #[inline]
    pub fn rpo_index(&self, block: Block) -> Option<u32> {
        let post = self.visits[self.number(block)? as usize].post;
        Some(self.postorder.len() as u32 - 1 - post)
    }
}

/// Makes `items` so many copies of `value`.
fn reset<T: Clone>(items: &mut Vec<T>, count: usize, value: T) {
    items.clear();
    items.resize(count, value);
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
        assert!(!graph.all_reachable());
    }

    #[test]
    fn a_function_without_blocks_has_an_empty_graph() {
        let graph = FlowGraph::new(&Function::new("f", ir::Signature::default()));
        assert_eq!((graph.entry(), graph.postorder().len()), (None, 0));
    }

    #[test]
    fn orders_are_those_of_a_depth_first_search() {
        let b = FunctionBuilder::new("f");
        let c = b.param(Type::I8);
        let blocks: Vec<_> =
            ["one", "two", "three"].into_iter().map(|name| b.block(name)).collect();
        let entry = b.current_block();
        b.branch(c, blocks[0], blocks[1]);
        b.switch_to(blocks[0]);
        b.jump(blocks[2]);
        b.switch_to(blocks[1]);
        b.branch(c, blocks[2], blocks[1]);
        b.switch_to(blocks[2]);
        b.ret(());
        let graph = FlowGraph::new(&b.finish().unwrap());
        assert_eq!(graph.preorder(), [entry, blocks[0], blocks[2], blocks[1]]);
        assert_eq!(graph.postorder(), [blocks[2], blocks[0], blocks[1], entry]);
        assert_eq!(graph.came_from(blocks[2]), Some(blocks[0]));
        assert_eq!(graph.came_from(blocks[1]), Some(entry));
        assert_eq!(graph.came_from(entry), None);
    }

    #[test]
    fn a_deep_chain_needs_no_deep_stack() {
        let b = FunctionBuilder::new("f");
        for _ in 0..200_000 {
            let next = b.block("");
            b.jump(next);
            b.switch_to(next);
        }
        b.ret(());
        let graph = FlowGraph::new(&b.finish().unwrap());
        assert_eq!(graph.postorder().len(), 200_001);
        assert_eq!(graph.rpo().next(), graph.entry());
    }
}
