//! The shape of the function: where blocks start, how deep in loops they are, and whether the flow graph
//! keeps the rules that [`Function`] states.

use std::ops::Range;

use crate::error::Error;
use crate::function::Function;
use crate::operand::{Block, Inst};
use crate::pos::Pos;

/// How much more often a block is taken to run than one that is in one loop less.
const LOOP_FACTOR_LOG2: u32 = 3;
/// Loops nested deeper than this count as this deep, so that sums of weights fit 64 bits.
const MAX_DEPTH: u32 = 8;

/// What the allocator remembers of the blocks.
#[derive(Default)]
pub(crate) struct Layout {
    /// Where each block starts; one entry more for the end of the last.
    from: Vec<Pos>,
    depth: Vec<u8>,
    /// The first block of the run of blocks around this one that are at least as deep.
    run_start: Vec<u32>,
    /// The same for the outermost loop, the block itself outside of loops.
    outer_start: Vec<u32>,
    /// Marks and counts while edges are checked.
    seen: Vec<u32>,
    stack: Vec<(u8, u32)>,
}

impl Layout {
    pub(crate) fn num_blocks(&self) -> usize {
        self.depth.len()
    }

    pub(crate) fn num_insts(&self) -> usize {
        self.from.last().map_or(0, |end| end.inst().index())
    }

    pub(crate) fn block_from(&self, block: Block) -> Pos {
        self.from[block.index()]
    }

    pub(crate) fn block_to(&self, block: Block) -> Pos {
        self.from[block.index() + 1]
    }

    /// The last instruction of the block: blocks are not empty.
    pub(crate) fn terminator(&self, block: Block) -> Inst {
        self.block_to(block).prev().inst()
    }

    /// The block that `pos` lies in.
    pub(crate) fn block_at(&self, pos: Pos) -> Block {
        let after = self.from.partition_point(|&from| from <= pos);
        Block::new(after.saturating_sub(1).min(self.num_blocks() - 1) as u32)
    }

    /// The blocks that start in `from..to`, by index.
    pub(crate) fn starts_in(&self, from: Pos, to: Pos) -> Range<usize> {
        let starts = &self.from[..self.num_blocks()];
        let first = starts.partition_point(|&start| start < from);
        first..first + starts[first..].partition_point(|&start| start < to)
    }

    /// The blocks whose last position is in `from..to`, by index.
    pub(crate) fn ends_in(&self, from: Pos, to: Pos) -> Range<usize> {
        let ends = &self.from[1..];
        let first = ends.partition_point(|&end| end <= from);
        first..first + ends[first..].partition_point(|&end| end <= to)
    }

    /// How often the block is taken to run.
    pub(crate) fn weight(&self, block: Block) -> u32 {
        1 << (LOOP_FACTOR_LOG2 * u32::from(self.depth[block.index()]))
    }

    /// The nearest block above `block` in layout order that is in fewer loops.
    pub(crate) fn shallower_before(&self, block: Block) -> Option<Block> {
        self.run_start[block.index()].checked_sub(1).map(Block::new)
    }

    /// Where the outermost loop around `block` starts, or the block itself does.
    pub(crate) fn outermost_from(&self, block: Block) -> Pos {
        self.from[self.outer_start[block.index()] as usize]
    }

    /// Returns `true` if moves for the edge from `from` to `to` belong to the start of `to`, and not to the end of
    /// `from`.
    pub(crate) fn moves_at_start<F: Function + ?Sized>(function: &F, to: Block) -> bool {
        function.block_preds(to).len() == 1
    }

    /// Checks the flow graph and fills the tables.
    pub(crate) fn build<F: Function + ?Sized>(&mut self, function: &F) -> Result<(), Error> {
        self.from.clear();
        self.depth.clear();
        let num_blocks = function.num_blocks();
        let entry = function.entry();
        if entry.index() >= num_blocks
            || !function.block_params(entry).is_empty()
            || !function.block_preds(entry).is_empty()
        {
            return Err(Error::BadEntry { block: entry });
        }
        let mut next = Inst::new(0);
        for index in 0..num_blocks {
            let block = Block::new(index as u32);
            let insts = function.block_insts(block);
            if insts.start != next || insts.is_empty() {
                return Err(Error::BadBlockRange { block });
            }
            next = insts.end;
            if next.index() > Pos::MAX_INSTS {
                return Err(Error::TooLarge);
            }
            self.from.push(Pos::gap(insts.start));
            self.depth.push(function.block_depth(block).min(MAX_DEPTH) as u8);
        }
        self.from.push(Pos::gap(next));
        self.find_runs();
        self.check_edges(function)
    }

    fn find_runs(&mut self) {
        self.run_start.clear();
        self.outer_start.clear();
        self.stack.clear();
        for (index, &depth) in self.depth.iter().enumerate() {
            let mut start = index as u32;
            while let Some(&(top, top_start)) = self.stack.last() {
                if top < depth {
                    break;
                }
                start = top_start;
                self.stack.pop();
            }
            self.stack.push((depth, start));
            self.run_start.push(start);
            let outer = self.stack.iter().find(|&&(depth, _)| depth > 0);
            self.outer_start.push(outer.map_or(index as u32, |&(_, start)| start));
        }
    }

    fn check_edges<F: Function + ?Sized>(&mut self, function: &F) -> Result<(), Error> {
        // First by successors: `seen` counts the edges into each block.
        self.seen.clear();
        self.seen.resize(self.num_blocks(), 0);
        for index in 0..self.num_blocks() {
            let from = Block::new(index as u32);
            let succs = function.block_succs(from);
            for (succ_index, &to) in succs.iter().enumerate() {
                if to.index() >= self.num_blocks() {
                    return Err(Error::BadEdge { from, to });
                }
                self.seen[to.index()] += 1;
                let preds = function.block_preds(to);
                if preds.len() > 1 && succs.len() > 1 {
                    return Err(Error::CriticalEdge { from, to });
                }
                if preds.is_empty() || preds.len() == 1 && preds[0] != from {
                    return Err(Error::BadEdge { from, to });
                }
                let args = function.branch_args(from, succ_index);
                let params = function.block_params(to);
                if args.len() != params.len()
                    || args.iter().zip(params).any(|(arg, param)| arg.class() != param.class())
                {
                    return Err(Error::BranchArgs { from, to });
                }
                let terminator = self.terminator(from);
                if preds.len() > 1
                    && !(function.inst_operands(terminator).is_empty()
                        && function.inst_clobbers(terminator).is_empty())
                {
                    return Err(Error::TerminatorOperands { inst: terminator });
                }
            }
        }
        // Then by predecessors: there are as many, and where there are several, each leads here.
        for index in 0..self.num_blocks() {
            let to = Block::new(index as u32);
            let preds = function.block_preds(to);
            if preds.len() != self.seen[index] as usize {
                return Err(Error::BadEdge { from: preds.first().copied().unwrap_or(to), to });
            }
            let astray = preds.iter().find(|from| {
                from.index() >= self.num_blocks()
                    || preds.len() > 1 && function.block_succs(**from) != [to]
            });
            if let Some(&from) = astray {
                return Err(Error::BadEdge { from, to });
            }
        }
        // And no predecessor is listed twice in place of another; `seen` now says for which block one was.
        self.seen.fill(0);
        for index in 0..self.num_blocks() {
            let to = Block::new(index as u32);
            for &from in function.block_preds(to) {
                let seen = std::mem::replace(&mut self.seen[from.index()], index as u32 + 1);
                if seen == index as u32 + 1 {
                    return Err(Error::BadEdge { from, to });
                }
            }
        }
        Ok(())
    }
}
