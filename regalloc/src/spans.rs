//! How far edges reach in layout order, for all blocks of a stretch at once.
//!
//! A value may be live in each of many blocks, and so may each of many others: to look at every block for every value
//! is quadratic. But most values are live in one stretch of the layout, and nothing happens to them on most edges in
//! it. Both can be seen from the ends of the edges alone, and [`Spans`] finds the first edge of a stretch that leaves
//! it without looking at each: over the blocks stands a tree of their summaries, as in J. L. Bentley, "Solutions to
//! Klee's rectangle problems" (1977), with four children to a node.

use std::ops::Range;

use crate::function::Function;
use crate::operand::Block;

/// Four children to a node.
const SHIFT: usize = 2;
/// How far a way out of a loop is followed before it counts as unknown.
const MAX_STEPS: usize = 16;

/// The lowest and the highest block that something reaches, by index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    low: u32,
    high: u32,
}

impl Span {
    /// In no stretch.
    const ANYWHERE: Span = Span { low: 0, high: u32::MAX };
    /// In every stretch.
    const NOWHERE: Span = Span { low: u32::MAX, high: 0 };

    fn of(blocks: &[Block]) -> Option<Span> {
        let ends = blocks.iter().map(|end| end.index() as u32);
        ends.map(|end| Span { low: end, high: end }).reduce(Span::join)
    }

    fn join(self, other: Span) -> Span {
        Span { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// A span for each block.
#[derive(Default)]
pub(crate) struct Spans {
    /// Those of the blocks, then those of each four of them, and so on.
    spans: Vec<Span>,
    /// Where each level starts.
    levels: Vec<usize>,
}

impl Spans {
    fn build(&mut self, blocks: impl Iterator<Item = Span>) {
        self.spans.clear();
        self.levels.clear();
        self.spans.extend(blocks);
        let mut level = 0..self.spans.len();
        self.levels.push(0);
        while level.len() > 1 {
            for at in level.clone().step_by(1 << SHIFT) {
                let children = &self.spans[at..level.end.min(at + (1 << SHIFT))];
                let node = children.iter().copied().reduce(Span::join);
                self.spans.extend(node);
            }
            self.levels.push(level.end);
            level = level.end..self.spans.len();
        }
    }

    /// How many blocks from the boundary `at` on, in the direction of `block` beside it, can be seen at once to stay
    /// `within`; `None` if `block` itself does not.
    fn stride(&self, at: usize, block: usize, within: &Range<usize>) -> Option<usize> {
        let inside = |level: usize| {
            let span = self.spans[self.levels[level] + (block >> (SHIFT * level))];
            within.start <= span.low as usize && (span.high as usize) < within.end
        };
        let aligned = |level: usize| at.trailing_zeros() as usize >= SHIFT * level;
        if !inside(0) {
            return None;
        }
        let levels = 1..self.levels.len();
        let more = levels.take_while(|&level| aligned(level) && inside(level)).last();
        Some(1 << (SHIFT * more.unwrap_or(0)))
    }

    /// The first of `blocks` that reaches out of `within`.
    fn first_outside(&self, blocks: Range<usize>, within: Range<usize>) -> Option<usize> {
        let mut at = blocks.start;
        while at < blocks.end {
            match self.stride(at, at, &within) {
                Some(stride) => at += stride,
                None => return Some(at),
            }
        }
        None
    }

    /// All of `blocks` that reach out of `within`.
    pub(crate) fn outside(
        &self,
        mut blocks: Range<usize>,
        within: &Range<usize>,
    ) -> impl Iterator<Item = Block> {
        std::iter::from_fn(move || {
            let block = self.first_outside(blocks.clone(), within.clone())?;
            blocks.start = block + 1;
            Some(Block::new(block as u32))
        })
    }

    /// The last of `blocks` that reaches out of `within`.
    fn last_outside(&self, blocks: Range<usize>, within: Range<usize>) -> Option<usize> {
        let mut at = blocks.end;
        while at > blocks.start {
            match self.stride(at, at - 1, &within) {
                Some(stride) => at -= stride,
                None => return Some(at - 1),
            }
        }
        None
    }
}

/// The edges of a function as spans.
#[derive(Default)]
pub(crate) struct Reach {
    /// The predecessors and successors of each block.
    pub(crate) preds: Spans,
    pub(crate) succs: Spans,
    /// A way from each block to one behind it: where that ends, and the lowest block on it.
    ahead: Spans,
    ways: Vec<Span>,
}

impl Reach {
    pub(crate) fn build<F: Function + ?Sized>(&mut self, function: &F) {
        let blocks = || (0..function.num_blocks() as u32).map(Block::new);
        self.preds.build(
            blocks().map(|block| Span::of(function.block_preds(block)).unwrap_or(Span::ANYWHERE)),
        );
        self.succs.build(
            blocks().map(|block| Span::of(function.block_succs(block)).unwrap_or(Span::NOWHERE)),
        );
        self.ways.clear();
        for block in blocks() {
            let way = self.way_ahead(function, block);
            self.ways.push(way);
        }
        self.ahead.build(self.ways.iter().copied());
    }

    /// A way from `block` to a block behind it: to a successor, or back and out of the loop that it is the last of.
    fn way_ahead<F: Function + ?Sized>(&self, function: &F, block: Block) -> Span {
        let index = |block: Block| block.index() as u32;
        // Most values are not live where the function ends early.
        let ends = |at: Block| function.block_succs(at).is_empty();
        let behind = |at: Block| {
            let succs = function.block_succs(at).iter().copied().filter(|&succ| succ > block);
            succs.min_by_key(|&succ| (ends(succ), succ))
        };
        if let Some(end) = behind(block) {
            return Span { low: index(block), high: index(end) };
        }
        let Some(header) = function.block_succs(block).iter().copied().max() else {
            return Span::ANYWHERE;
        };
        let around = header.index()..block.index() + 1;
        let out = |end: Block| Span { low: index(header), high: index(end) };
        // Each block that no edge but from the header and from the others leads to can be reached from the header.
        if self.preds.first_outside(around.start + 1..around.end, around.clone()).is_none() {
            let near = around.rev().take(MAX_STEPS).map(|at| Block::new(at as u32));
            if let Some(end) = near.chain([header]).filter_map(behind).min() {
                return out(end);
            }
        }
        // As far ahead in the loop as edges lead, until one leaves it.
        let mut at = header;
        for _ in 0..MAX_STEPS {
            if let Some(end) = behind(at) {
                return out(end);
            }
            let next = function.block_succs(at).iter().copied().filter(|&succ| succ != block).max();
            match next.filter(|&next| next > at) {
                Some(next) => at = next,
                None => break,
            }
        }
        Span::ANYWHERE
    }

    /// Blocks up to `last` and, if they are in loops with later ones, up to those, in all of which a value is live that is
    /// defined in `def` and live at the start of `last`: from `def` on, or from a block behind it, whose predecessors
    /// then have to be looked at. Also says whether it is live at the end of the last of them. `None` if no such blocks
    /// can be seen.
    ///
    /// If no edge comes into the stretch behind its first block but from the stretch, then its blocks come into question
    /// only: liveness goes backwards along edges. And if each block has a way to a later one that does not leave the
    /// stretch and does not come to `def` again, then each leads to the last block, so that the value is live in all.
    pub(crate) fn stretch(&self, def: Block, last: Block) -> Option<Stretch> {
        let (def, least) = (def.index(), last.index());
        let (mut first, mut last) = (def, least);
        for _ in 0..MAX_STEPS {
            if let Some(block) = self.preds.last_outside(first + 1..last + 1, first..last + 1) {
                let span = self.preds.spans[block];
                (first, last) = if (span.low as usize) < first || span == Span::ANYWHERE {
                    (block, least)
                } else {
                    (first, span.high as usize)
                };
            } else if let Some(block) =
                self.ahead.last_outside(first.max(def + 1)..last, def + 1..last + 1)
            {
                (first, last) = (block + 1, least);
            } else {
                let edge_to_last = first.max(def + 1)..last + 1;
                let through = self.preds.first_outside(edge_to_last, 0..last).is_some();
                return Some(Stretch {
                    first: Block::new(first as u32),
                    last: Block::new(last as u32),
                    through,
                });
            }
            if first >= least {
                return None;
            }
        }
        None
    }
}

/// Blocks in all of which a value is live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stretch {
    pub(crate) first: Block,
    pub(crate) last: Block,
    /// It is live at the end of the last one, too.
    pub(crate) through: bool,
}

#[cfg(test)]
mod tests {
    use super::{Reach, Span, Spans, Stretch};
    use crate::operand::Block;
    use crate::testing::parse;
    use testkit::Random;

    fn stretch(text: &str, def: u32, last: u32) -> Option<Stretch> {
        let mut reach = Reach::default();
        reach.build(&parse(text).expect("the graph is written well"));
        reach.stretch(Block::new(def), Block::new(last))
    }

    /// Block 3 leads on to where the value is read, but control does not come to it from the loop around it.
    #[test]
    fn a_way_out_of_a_loop_starts_at_its_header() {
        let text = "
            block0:
                branch def v0 -> block1, block3
            block1:
                jump -> block2
            block2:
                jump -> block4
            block3:
                jump -> block5
            block4:
                jump -> block2
            block5:
                ret use v0";
        assert_eq!(stretch(text, 0, 5), None);
    }

    /// Block 5 leads back to block 1, but the value is not live there.
    #[test]
    fn only_blocks_that_are_in_it_lengthen_a_stretch() {
        let text = "
            block0:
                jump def v0 -> block3
            block1:
                jump -> block2
            block2:
                ret
            block3:
                jump -> block4
            block4:
                jump use v0 -> block5
            block5:
                jump -> block1";
        let (first, last) = (Block::new(3), Block::new(4));
        assert_eq!(stretch(text, 0, 4), Some(Stretch { first, last, through: false }));
    }

    /// Against a look at each block.
    #[test]
    fn the_first_and_the_last_that_reach_out_are_found() {
        let mut rng = Random::new(1);
        let mut spans = Spans::default();
        for round in 0..400 {
            let count = 1 + rng.below(if round % 8 == 0 { 700 } else { 90 });
            // Most reach no further than their neighbours.
            let reach =
                |rng: &mut Random| if rng.below(20) == 0 { rng.below(count) } else { rng.below(3) };
            let blocks: Vec<Span> = (0..count)
                .map(|at: usize| {
                    let (low, high) = (at.saturating_sub(reach(&mut rng)), at + reach(&mut rng));
                    Span { low: low as u32, high: high as u32 }
                })
                .collect();
            spans.build(blocks.iter().copied());
            for _ in 0..40 {
                let mut ends = [rng.below(count + 1), rng.below(count + 1)];
                ends.sort_unstable();
                let within = ends[0].saturating_sub(rng.below(4))..ends[1] + rng.below(4);
                let outside = |at: &usize| {
                    let Span { low, high } = blocks[*at];
                    !within.contains(&(low as usize)) || !within.contains(&(high as usize))
                };
                let range = || ends[0]..ends[1];
                assert_eq!(spans.first_outside(range(), within.clone()), range().find(outside));
                assert_eq!(spans.last_outside(range(), within.clone()), range().rfind(outside));
                let all = spans.outside(range(), &within).map(|block| block.index());
                assert!(all.eq(range().filter(outside)));
            }
        }
    }
}
