//! Dominance frontiers: the blocks where the reach of a block ends.
//!
//! V. Sreedhar, G. Gao, *A Linear Time Algorithm for Placing φ-nodes*, 1995: the frontier of a block are the targets of
//! those edges out of its dominator subtree that lead to its own level of the tree or above; so no frontier needs to be
//! written down, which would take quadratic room for nests of loops that test at the end. They find the edges for one
//! set of blocks by a walk over the subtrees, which many variables would each repeat. Here the edges stand in the order
//! of the tree's preorder, so that those out of a subtree are a range, below a tree of minima of their targets' levels:
//! the cost follows the edges found. An edge that was found is taken out until the question is answered, so that
//! blocks below each other do not find it again.

use ir::{Block, Entity};

use crate::dom::DomTree;
use crate::flow::FlowGraph;

/// The known facts about a reachable block.
#[derive(Clone, Copy)]
struct Place {
    /// How far below the entry it is in the dominator tree.
    level: u32,
    /// The edges that leave blocks of its subtree are from here…
    start: u32,
    /// … to here.
    end: u32,
}

/// Answers questions about dominance frontiers. The frontier of a block: the blocks B such that it dominates a
/// predecessor of B, but does not strictly dominate B.
///
/// Takes room linear in blocks and edges, and time linear in them to make.
#[derive(Clone)]
pub struct DominanceFrontiers<'a> {
    dom: &'a DomTree,
    places: Vec<Option<Place>>,
    /// The target of each edge whose source is not the immediate dominator of its target.
    targets: Vec<Block>,
    /// A complete binary tree, the root at 1: the least level of the targets below, or [`GONE`].
    least: Vec<u32>,
    /// The edges by the level of their targets, and where those of each level start.
    by_level: Vec<u32>,
    level_start: Vec<u32>,
    /// Edges to levels above this one are out of the tree of minima.
    top: u32,
    /// The edges that this question took out.
    taken: Vec<u32>,
    /// The number of the last question, and that of the last one that each block was an answer to.
    question: u32,
    answered: Vec<u32>,
}

/// Deeper than any block: of an edge that is out of the tree of minima, and below nodes without edges.
const GONE: u32 = u32::MAX;

impl<'a> DominanceFrontiers<'a> {
    /// Prepares for questions about this graph, whose dominator tree is `dom`.
    #[must_use]
    pub fn new(graph: &FlowGraph, dom: &'a DomTree) -> Self {
        let preorder = dom.preorder();
        let mut places: Vec<Option<Place>> = vec![None; graph.num_blocks()];
        let mut targets: Vec<Block> = Vec::new();
        let mut levels = 0;
        for &block in preorder {
            let (level, start) = (dom.level(block).unwrap_or(0), targets.len() as u32);
            levels = levels.max(level + 1);
            places[block.index()] = Some(Place { level, start, end: start });
            targets.extend(graph.succs(block).iter().filter(|&&to| dom.idom(to) != Some(block)));
        }
        // A subtree's edges end where those of the first block after it start.
        let mut starts: Vec<u32> = Vec::with_capacity(preorder.len() + 1);
        starts.extend(preorder.iter().filter_map(|b| places[b.index()]).map(|place| place.start));
        starts.push(targets.len() as u32);
        for (index, block) in preorder.iter().enumerate() {
            if let Some(place) = &mut places[block.index()] {
                place.end = starts[index + dom.subtree(*block).len()];
            }
        }

        let level_of = |to: &Block| places[to.index()].map_or(0, |place| place.level);
        let mut level_start = vec![0u32; levels as usize + 1];
        for to in &targets {
            level_start[level_of(to) as usize + 1] += 1;
        }
        for level in 1..level_start.len() {
            level_start[level] += level_start[level - 1];
        }
        let mut fill = level_start.clone();
        let mut by_level = vec![0; targets.len()];
        for (edge, to) in targets.iter().enumerate() {
            let at = &mut fill[level_of(to) as usize];
            by_level[*at as usize] = edge as u32;
            *at += 1;
        }
        Self {
            dom,
            places,
            least: vec![GONE; 2 * targets.len().next_power_of_two()],
            targets,
            by_level,
            level_start,
            top: levels,
            taken: Vec::new(),
            question: 0,
            answered: vec![0; graph.num_blocks()],
        }
    }

    /// Appends the dominance frontier of a block, in no particular order, to `found`.
    pub fn of(&mut self, block: Block, found: &mut Vec<Block>) {
        self.ask(None);
        self.find(block, found);
        self.put_back();
    }

    /// Appends the iterated dominance frontier of some blocks, in no particular order, to `found`: the least set that
    /// has the frontiers of these blocks and of its own.
    ///
    /// With a `scope`, only what it strictly dominates counts: other blocks are ignored, in `blocks` and in frontiers.
    /// Questions whose scopes are less and less deep in the dominator tree cost least; to go from one level to another
    /// costs time in line with the edges that lead to the levels between.
    pub fn iterated(
        &mut self,
        blocks: impl IntoIterator<Item = Block>,
        scope: Option<Block>,
        found: &mut Vec<Block>,
    ) {
        self.ask(scope);
        let mut next = found.len();
        for block in blocks {
            if scope.is_none_or(|scope| self.dom.strictly_dominates(scope, block)) {
                self.find(block, found);
            }
        }
        while let Some(&block) = found.get(next) {
            next += 1;
            self.find(block, found);
        }
        self.put_back();
    }

    /// Starts a question about what a block strictly dominates, or about all.
    ///
    /// An edge out of that block's subtree leads to a level below the block exactly if it leads to a block that it
    /// strictly dominates.
    fn ask(&mut self, scope: Option<Block>) {
        let scope = scope.and_then(|scope| self.places[scope.index()]);
        let top = scope.map_or(0, |scope| scope.level + 1);
        while self.top > top {
            self.top -= 1;
            for at in self.level_start[self.top as usize]..self.level_start[self.top as usize + 1] {
                self.put(self.by_level[at as usize]);
            }
        }
        while self.top < top {
            for at in self.level_start[self.top as usize]..self.level_start[self.top as usize + 1] {
                self.take(self.by_level[at as usize]);
            }
            self.top += 1;
        }
        if self.question == u32::MAX {
            self.question = 0;
            self.answered.fill(0);
        }
        self.question += 1;
    }

    /// Appends the frontier of a block, without what this question found before.
    fn find(&mut self, block: Block, found: &mut Vec<Block>) {
        let Some(place) = self.places[block.index()] else { return };
        let leaves = self.least.len() / 2;
        // The nodes that together stand for the range: at most two on each level of the tree of minima.
        let (mut low, mut high) = (place.start as usize + leaves, place.end as usize + leaves);
        while low < high {
            if low % 2 == 1 {
                self.find_below(low, place.level, found);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                self.find_below(high, place.level, found);
            }
            low /= 2;
            high /= 2;
        }
    }

    /// Takes out the edges below a node of the tree of minima whose targets are at this level or above.
    fn find_below(&mut self, root: usize, level: u32, found: &mut Vec<Block>) {
        let leaves = self.least.len() / 2;
        while self.least[root] <= level {
            let mut node = root;
            while node < leaves {
                node = if self.least[2 * node] <= level { 2 * node } else { 2 * node + 1 };
            }
            let edge = (node - leaves) as u32;
            self.take(edge);
            self.taken.push(edge);
            let to = self.targets[edge as usize];
            if std::mem::replace(&mut self.answered[to.index()], self.question) != self.question {
                found.push(to);
            }
        }
    }

    fn put_back(&mut self) {
        while let Some(edge) = self.taken.pop() {
            self.put(edge);
        }
    }

    /// Takes an edge out of the tree of minima.
    fn take(&mut self, edge: u32) {
        let mut node = self.least.len() / 2 + edge as usize;
        self.least[node] = GONE;
        while node > 1 {
            node /= 2;
            let least = self.least[2 * node].min(self.least[2 * node + 1]);
            if std::mem::replace(&mut self.least[node], least) == least {
                break;
            }
        }
    }

    /// Puts an edge into the tree of minima.
    fn put(&mut self, edge: u32) {
        let to = self.targets[edge as usize];
        let Some(place) = self.places[to.index()] else { return };
        let mut node = self.least.len() / 2 + edge as usize;
        while node > 0 && self.least[node] > place.level {
            self.least[node] = place.level;
            node /= 2;
        }
    }
}
