//! Loops and how they nest, irreducible ones included.
//!
//! G. Ramalingam, *Identifying Loops in Almost Linear Time*, 1999, section 4: P. Havlak's nesting forest (1997), which
//! extends R. Tarjan's test of reducibility (1974) to irreducible graphs. Headers are met in reverse depth-first order;
//! a finished loop is collapsed into its header by union-find. An edge that enters from the side joins the graph only
//! when the lowest common ancestor of its ends is met, so that no edge is looked at twice.

use std::fmt;

use ir::{Block, Entity};

use crate::dom::DomTree;
use crate::flow::FlowGraph;

/// A loop of a [`LoopForest`]. Outer loops have lower numbers than those inside. Prints as `loop2`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Loop(u32);

impl Entity for Loop {
    fn from_index(index: usize) -> Self {
        Self(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loop{}", self.0)
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Clone)]
struct LoopData {
    header: Block,
    parent: Option<Loop>,
    depth: u32,
    irreducible: bool,
    /// One more than the number of the last loop inside this one.
    end: u32,
    /// Where its blocks, with those of the loops inside, are in `LoopForest::blocks`.
    first_block: u32,
    last_block: u32,
}

/// The loops of a function's reachable blocks.
///
/// A loop is a set of blocks that can all reach each other inside the set. It has one header: the first of its blocks
/// that depth-first search meets. If the header does not dominate the others, the loop is irreducible: it has other
/// entries.
#[derive(Clone, Default)]
pub struct LoopForest {
    loops: Vec<LoopData>,
    innermost: Vec<Option<Loop>>,
    blocks: Vec<Block>,
}

impl LoopForest {
    /// The loops of a graph, whose dominator tree is `dom`.
    #[must_use]
    pub fn new(graph: &FlowGraph, dom: &DomTree) -> Self {
        match Edges::new(graph) {
            Some(edges) => Nest::new(graph, dom, edges).forest(graph),
            None => Self { innermost: vec![None; graph.num_blocks()], ..Self::default() },
        }
    }

    /// All loops, each before the loops inside it.
    #[inline]
    pub fn loops(&self) -> impl DoubleEndedIterator<Item = Loop> + ExactSizeIterator + use<> {
        (0..self.loops.len()).map(Loop::from_index)
    }

    /// The innermost loop that a block is in.
    #[must_use]
    #[inline]
    pub fn loop_of(&self, block: Block) -> Option<Loop> {
        self.innermost[block.index()]
    }

    /// The number of loops that a block is in.
    #[must_use]
    #[inline]
    pub fn depth(&self, block: Block) -> u32 {
        self.loop_of(block).map_or(0, |l| self.loops[l.index()].depth)
    }

    /// The number of loops that a loop is in, itself included.
    #[must_use]
    #[inline]
    pub fn loop_depth(&self, l: Loop) -> u32 {
        self.loops[l.index()].depth
    }

    /// The header of a loop.
    #[must_use]
    #[inline]
    pub fn header(&self, l: Loop) -> Block {
        self.loops[l.index()].header
    }

    /// The loop directly around a loop.
    #[must_use]
    #[inline]
    pub fn parent(&self, l: Loop) -> Option<Loop> {
        self.loops[l.index()].parent
    }

    /// Returns `true` if a loop can be entered elsewhere than at its header.
    #[must_use]
    #[inline]
    pub fn is_irreducible(&self, l: Loop) -> bool {
        self.loops[l.index()].irreducible
    }

    /// The blocks of a loop, those of the loops inside it included: the header first, otherwise grouped by loop.
    #[must_use]
    #[inline]
    pub fn blocks(&self, l: Loop) -> &[Block] {
        let data = &self.loops[l.index()];
        &self.blocks[data.first_block as usize..data.last_block as usize]
    }

    /// Returns `true` if a block is in a loop or in a loop inside it.
    #[must_use]
    #[inline]
    pub fn contains(&self, l: Loop, block: Block) -> bool {
        self.loop_of(block).is_some_and(|inner| inner >= l && inner.0 < self.loops[l.index()].end)
    }
}

/// Sets of depth-first numbers, each with the least number of the set as its name.
struct Sets {
    parent: Vec<u32>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self { parent: (0..count as u32).collect() }
    }

    fn find(&mut self, number: u32) -> u32 {
        let mut at = number as usize;
        // Halving the way: R. Tarjan, J. van Leeuwen, 1984.
        while self.parent[at] as usize != at {
            let up = self.parent[at] as usize;
            self.parent[at] = self.parent[up];
            at = self.parent[at] as usize;
        }
        at as u32
    }

    fn join(&mut self, number: u32, into: u32) {
        self.parent[number as usize] = into;
    }
}

/// A list of items for each number, all in one vector.
struct Lists<T> {
    first: Vec<Option<u32>>,
    items: Vec<(T, Option<u32>)>,
}

impl<T: Copy> Lists<T> {
    fn new(count: usize) -> Self {
        Self { first: vec![None; count], items: Vec::new() }
    }

    fn push(&mut self, list: u32, item: T) {
        let place = self.items.len() as u32;
        let next = self.first[list as usize].replace(place);
        self.items.push((item, next));
    }

    /// Takes the item that came last out of a list.
    fn pop(&mut self, list: u32) -> Option<T> {
        let (item, next) = self.items[self.first[list as usize]? as usize];
        self.first[list as usize] = next;
        Some(item)
    }
}

/// The edges that are not in the tree of a depth-first search, between blocks by their numbers in the order of first
/// visits.
struct Edges {
    /// Tail of each back edge, by head.
    back: Lists<u32>,
    /// Forward and cross edges (from, to), by the lowest common ancestor of their ends.
    side: Lists<(u32, u32)>,
}

impl Edges {
    /// The edges of a graph, unless it has no back edges and so no loops.
    fn new(graph: &FlowGraph) -> Option<Self> {
        let count = graph.postorder().len();
        // All blocks here are reachable.
        let number = |block: Block| match graph.number(block) {
            Some(number) => number,
            None => unreachable!("control comes to {block}"),
        };
        // A block that the search met before another one and left after it has that below it.
        let is_back = |from: Block, to: Block| {
            graph.rpo_index(to) <= graph.rpo_index(from) && number(to) <= number(from)
        };
        let mut blocks = graph.postorder().iter();
        if !blocks.any(|&from| graph.succs(from).iter().any(|&to| is_back(from, to))) {
            return None;
        }
        let mut edges = Self { back: Lists::new(count), side: Lists::new(count) };
        // A block that the search has left is joined to its parent, so that the name of its set is its nearest ancestor
        // that the search has not left.
        let mut ancestors = Sets::new(count);
        for &block in graph.postorder() {
            let from = number(block);
            for &succ in graph.succs(block) {
                let to = number(succ);
                if is_back(block, succ) {
                    edges.back.push(to, from);
                } else {
                    edges.side.push(ancestors.find(to), (from, to));
                }
            }
            ancestors.join(from, graph.search_parent(from));
        }
        Some(edges)
    }
}

/// What the search for loops finds, by number in the order of first visits.
struct Nest {
    heads: Vec<Option<Head>>,
    /// The head of the innermost loop around the number, other than its own.
    around: Vec<Option<u32>>,
}

/// That a number heads a loop.
#[derive(Clone, Copy)]
struct Head {
    irreducible: bool,
}

impl Nest {
    fn new(graph: &FlowGraph, dom: &DomTree, mut edges: Edges) -> Self {
        let blocks = graph.preorder();
        let count = blocks.len();
        let mut nest = Self { heads: vec![None; count], around: vec![None; count] };
        let mut collapsed = Sets::new(count);
        // Predecessors of each set, as they become known, but for the one in the tree.
        let mut preds: Lists<u32> = Lists::new(count);
        let mut in_body: Vec<Option<u32>> = vec![None; count];
        let (mut work, mut body): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for head in (0..count as u32).rev() {
            while let Some((from, to)) = edges.side.pop(head) {
                let to = collapsed.find(to);
                preds.push(to, from);
            }
            let mut reach = |number: u32, work: &mut Vec<u32>, collapsed: &mut Sets| {
                let set = collapsed.find(number);
                if set != head && in_body[set as usize] != Some(head) {
                    in_body[set as usize] = Some(head);
                    work.push(set);
                }
            };
            while let Some(tail) = edges.back.pop(head) {
                let [head_block, tail_block] = [head, tail].map(|number| blocks[number as usize]);
                let sideways = !dom.dominates(head_block, tail_block);
                let known = &mut nest.heads[head as usize];
                let irreducible = sideways || known.is_some_and(|known| known.irreducible);
                *known = Some(Head { irreducible });
                reach(tail, &mut work, &mut collapsed);
            }
            while let Some(set) = work.pop() {
                body.push(set);
                reach(graph.search_parent(set), &mut work, &mut collapsed);
                while let Some(pred) = preds.pop(set) {
                    reach(pred, &mut work, &mut collapsed);
                }
            }
            for set in body.drain(..) {
                nest.around[set as usize] = Some(head);
                collapsed.join(set, head);
            }
        }
        nest
    }

    fn forest(self, graph: &FlowGraph) -> LoopForest {
        let blocks = graph.preorder();
        let count = blocks.len();
        // A head's own loop is directly inside the loop that `around` names; numbers of outer heads are lower, so loops
        // made in order of their heads' numbers find their parents made. That order is not grouped by nesting yet.
        let mut loop_at: Vec<Option<u32>> = vec![None; count];
        let mut heads: Vec<(u32, Head)> = Vec::new();
        for (number, head) in self.heads.iter().enumerate() {
            if let Some(head) = head {
                loop_at[number] = Some(heads.len() as u32);
                heads.push((number as u32, *head));
            }
        }
        // The loops directly inside each loop, and last those inside none: from the last to the first, as lists give
        // back first what came last.
        let outermost = heads.len() as u32;
        let mut inside: Lists<u32> = Lists::new(heads.len() + 1);
        for (index, &(number, _)) in heads.iter().enumerate() {
            let outer = self.around[number as usize].and_then(|head| loop_at[head as usize]);
            inside.push(outer.unwrap_or(outermost), index as u32);
        }

        let mut loops: Vec<LoopData> = Vec::with_capacity(heads.len());
        let mut final_of: Vec<Option<Loop>> = vec![None; heads.len()];
        let mut stack: Vec<(u32, Option<Loop>, bool)> = Vec::new();
        let mut enter = |outer: u32, parent: Option<Loop>, stack: &mut Vec<_>| {
            while let Some(index) = inside.pop(outer) {
                stack.push((index, parent, false));
            }
        };
        enter(outermost, None, &mut stack);
        while let Some((index, parent, done)) = stack.pop() {
            if done {
                if let Some(own) = final_of[index as usize] {
                    loops[own.index()].end = loops.len() as u32;
                }
                continue;
            }
            let own = Loop::from_index(loops.len());
            final_of[index as usize] = Some(own);
            let (number, Head { irreducible }) = heads[index as usize];
            let header = blocks[number as usize];
            let depth = 1 + parent.map_or(0, |p: Loop| loops[p.index()].depth);
            let (first_block, last_block) = (0, 0);
            loops.push(LoopData {
                header,
                parent,
                depth,
                irreducible,
                end: own.0 + 1,
                first_block,
                last_block,
            });
            stack.push((index, parent, true));
            enter(index, Some(own), &mut stack);
        }

        let mut innermost: Vec<Option<Loop>> = vec![None; graph.num_blocks()];
        let mut members: Vec<(Loop, u32)> = Vec::new();
        for number in 0..count as u32 {
            let head = match self.heads[number as usize] {
                Some(_) => Some(number),
                None => self.around[number as usize],
            };
            let own = head.and_then(|head| loop_at[head as usize]);
            if let Some(own) = own.and_then(|index| final_of[index as usize]) {
                innermost[blocks[number as usize].index()] = Some(own);
                members.push((own, number));
            }
        }
        members.sort_unstable();
        for (place, (own, _)) in members.iter().enumerate() {
            let data = &mut loops[own.index()];
            if data.last_block == 0 {
                data.first_block = place as u32;
            }
            data.last_block = place as u32 + 1;
        }
        for index in (0..loops.len()).rev() {
            if let Some(parent) = loops[index].parent {
                let last = loops[index].last_block;
                let outer = &mut loops[parent.index()];
                outer.last_block = outer.last_block.max(last);
            }
        }
        let blocks = members.iter().map(|&(_, number)| blocks[number as usize]).collect();
        LoopForest { loops, innermost, blocks }
    }
}
