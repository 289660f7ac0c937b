//! The dominator tree: block A dominates B if every way from the entry to B goes through A.
//!
//! T. Lengauer and R. E. Tarjan, *A Fast Algorithm for Finding Dominators in a Flowgraph*, TOPLAS 1979, in the version
//! without balancing: semidominators come from a path-compressing forest over the depth-first tree, and so does, for
//! each block, another one with the same immediate dominator. (Semi-NCA, which walks up the tree instead, is quadratic on
//! a ladder: two chains with a rung at each block.) Questions are answered in constant time by entry and exit numbers
//! of a walk over the tree.

use ir::{Block, Entity};

use crate::flow::FlowGraph;

/// The entry and exit number of a block in a walk over the dominator tree, and how far below the root it is.
#[derive(Clone, Copy)]
struct Interval {
    enter: u32,
    exit: u32,
    level: u32,
}

/// The dominator tree of the reachable blocks.
#[derive(Clone, Default)]
pub struct DomTree {
    idom: Vec<Option<Block>>,
    interval: Vec<Option<Interval>>,
    child_start: Vec<u32>,
    children: Vec<Block>,
    preorder: Vec<Block>,
}

impl DomTree {
    /// The dominator tree of a graph.
    #[must_use]
    pub fn new(graph: &FlowGraph) -> Self {
        let count = graph.num_blocks();
        let mut idom = vec![None; count];
        let blocks = graph.preorder();
        for (number, &parent) in immediate_dominators(graph).iter().enumerate().skip(1) {
            idom[blocks[number].index()] = Some(blocks[parent as usize]);
        }
        Self::from_idoms(graph, idom)
    }

    /// The tree with these parents, with children in reverse postorder.
    fn from_idoms(graph: &FlowGraph, idom: Vec<Option<Block>>) -> Self {
        let count = idom.len();
        let mut child_start = vec![0u32; count + 1];
        for parent in idom.iter().flatten() {
            child_start[parent.index() + 1] += 1;
        }
        for index in 0..count {
            child_start[index + 1] += child_start[index];
        }
        let mut children = Vec::new();
        let mut preorder = Vec::with_capacity(graph.postorder().len());
        let mut interval: Vec<Option<Interval>> = vec![None; count];
        if let Some(entry) = graph.entry() {
            let mut fill = child_start.clone();
            children.resize(child_start[count] as usize, entry);
            for block in graph.rpo() {
                if let Some(parent) = idom[block.index()] {
                    let at = &mut fill[parent.index()];
                    children[*at as usize] = block;
                    *at += 1;
                }
            }
            // Children pushed in reverse come off the stack in order. A block's subtree ends where the walk returns to
            // a block that is not below it, so the exit number is set when everything below has its number.
            let mut stack = vec![(entry, false)];
            while let Some((block, done)) = stack.pop() {
                let index = block.index();
                let next = preorder.len() as u32;
                if done {
                    if let Some(interval) = &mut interval[index] {
                        interval.exit = next;
                    }
                    continue;
                }
                let above = idom[index].and_then(|above| interval[above.index()]);
                let level = above.map_or(0, |above| above.level + 1);
                interval[index] = Some(Interval { enter: next, exit: next, level });
                preorder.push(block);
                stack.push((block, true));
                let range = child_start[index] as usize..child_start[index + 1] as usize;
                stack.extend(children[range].iter().rev().map(|&child| (child, false)));
            }
        }
        Self { idom, interval, child_start, children, preorder }
    }

    /// The immediate dominator of a block; the entry and unreachable blocks have none.
    #[must_use]
    #[inline]
    pub fn idom(&self, block: Block) -> Option<Block> {
        self.idom[block.index()]
    }

    /// Returns `true` if `a` dominates `b`; every block dominates itself. Unreachable blocks neither dominate others
    /// nor are dominated by others.
    #[must_use]
    #[inline]
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        match (self.interval[a.index()], self.interval[b.index()]) {
            (Some(a), Some(b)) => a.enter <= b.enter && b.exit <= a.exit,
            _ => a == b,
        }
    }

    /// Returns `true` if `a` dominates `b` and is another block.
    #[must_use]
    #[inline]
    pub fn strictly_dominates(&self, a: Block, b: Block) -> bool {
        a != b && self.dominates(a, b)
    }

    /// The blocks whose immediate dominator is `block`, in reverse postorder.
    #[must_use]
    #[inline]
    pub fn children(&self, block: Block) -> &[Block] {
        let index = block.index();
        &self.children[self.child_start[index] as usize..self.child_start[index + 1] as usize]
    }

    /// The reachable blocks, each after its immediate dominator, and the blocks that a block dominates directly
    /// after it.
    #[must_use]
    #[inline]
    pub fn preorder(&self) -> &[Block] {
        &self.preorder
    }

    /// The place of a reachable block in [`preorder`](Self::preorder).
    #[must_use]
    #[inline]
    pub fn preorder_index(&self, block: Block) -> Option<u32> {
        self.interval[block.index()].map(|interval| interval.enter)
    }

    /// The number of blocks that strictly dominate a reachable block.
    #[must_use]
    #[inline]
    pub fn level(&self, block: Block) -> Option<u32> {
        self.interval[block.index()].map(|interval| interval.level)
    }

    /// The blocks that a block dominates, itself first, in [`preorder`](Self::preorder); none for a block that cannot be
    /// reached.
    #[must_use]
    #[inline]
    pub fn subtree(&self, block: Block) -> &[Block] {
        match self.interval[block.index()] {
            Some(interval) => &self.preorder[interval.enter as usize..interval.exit as usize],
            None => &[],
        }
    }

    /// The nearest block that dominates both, if both are reachable.
    #[must_use]
    #[inline]
    pub fn common_dominator(&self, a: Block, b: Block) -> Option<Block> {
        self.interval[b.index()]?;
        let mut at = a;
        self.interval[a.index()]?;
        while !self.dominates(at, b) {
            at = self.idom(at)?;
        }
        Some(at)
    }
}

/// The known facts about a reachable block. Blocks are told by their numbers in depth-first search.
#[derive(Clone, Copy)]
struct Node {
    /// Its parent in the depth-first tree.
    parent: u32,
    /// Its semidominator, once it is known.
    semi: u32,
    /// A node above it in the forest: the way to the root, compressed.
    ancestor: u32,
    /// The node with the least semidominator on the compressed way.
    best: u32,
    /// The first of those that have it as semidominator and wait for their dominator.
    waiting: Option<u32>,
    /// The next of those that wait where it does.
    next: Option<u32>,
}

/// The number of the immediate dominator of each reachable block, by number; that of the entry says nothing.
fn immediate_dominators(graph: &FlowGraph) -> Vec<u32> {
    let blocks = graph.preorder();
    let count = blocks.len();
    let mut forest: Vec<Node> = Vec::with_capacity(count);
    for number in 0..count as u32 {
        let parent = graph.search_parent(number);
        let (semi, best) = (number, number);
        forest.push(Node { parent, semi, ancestor: parent, best, waiting: None, next: None });
    }
    let mut path = Vec::new();
    let mut idom = vec![0; count];
    for w in (1..count as u32).rev() {
        let (index, parent) = (w as usize, forest[w as usize].parent);
        let mut least = parent;
        for pred in graph.preds(blocks[index]) {
            let Some(v) = graph.number(pred) else { continue };
            // Numbers up to w are not in the forest yet: each stands for itself.
            let u = if v <= w { v } else { evaluate(v, w, &mut forest, &mut path) };
            least = least.min(forest[u as usize].semi);
        }
        forest[index].semi = least;
        forest[index].next = forest[least as usize].waiting.replace(w);
        // From here on w is in the forest. What waits at its parent lies below w, so that the way from the semidominator
        // down is in the forest: the dominator is the semidominator, if nothing on the way has a lesser one, else the same
        // as that of the least there (theorems 2 and 3).
        let mut list = forest[parent as usize].waiting.take();
        while let Some(v) = list {
            let u = evaluate(v, w - 1, &mut forest, &mut path);
            idom[v as usize] = if forest[u as usize].semi < parent { u } else { parent };
            list = forest[v as usize].next;
        }
    }
    for w in 1..count {
        if idom[w] != forest[w].semi {
            idom[w] = idom[idom[w] as usize];
        }
    }
    idom
}

/// The number with the least semidominator on the way from `v` up to, and without, the roots of the forest: the
/// numbers that are at most `last`. Compresses the way.
fn evaluate(v: u32, last: u32, forest: &mut [Node], path: &mut Vec<u32>) -> u32 {
    path.clear();
    let mut at = v;
    while forest[at as usize].ancestor > last {
        path.push(at);
        at = forest[at as usize].ancestor;
    }
    let mut above = at;
    while let Some(node) = path.pop() {
        let Node { best, ancestor, .. } = forest[above as usize];
        let own = forest[node as usize].best;
        if forest[best as usize].semi < forest[own as usize].semi {
            forest[node as usize].best = best;
        }
        forest[node as usize].ancestor = ancestor;
        above = node;
    }
    forest[v as usize].best
}
