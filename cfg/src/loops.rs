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
#[derive(Clone)]
pub struct LoopForest {
    loops: Vec<LoopData>,
    innermost: Vec<Option<Loop>>,
    blocks: Vec<Block>,
}

impl LoopForest {
    /// The loops of a graph, whose dominator tree is `dom`.
    #[must_use]
    pub fn new(graph: &FlowGraph, dom: &DomTree) -> Self {
        let search = Search::new(graph);
        let nest = Nest::new(graph, &search);
        nest.forest(graph, dom, &search)
    }

    /// All loops, each before the loops inside it.
    pub fn loops(&self) -> impl DoubleEndedIterator<Item = Loop> + ExactSizeIterator + use<> {
        (0..self.loops.len()).map(Loop::from_index)
    }

    /// The innermost loop that a block is in.
    #[must_use]
    pub fn loop_of(&self, block: Block) -> Option<Loop> {
        self.innermost[block.index()]
    }

    /// How many loops a block is in.
    #[must_use]
    pub fn depth(&self, block: Block) -> u32 {
        self.loop_of(block).map_or(0, |l| self.loops[l.index()].depth)
    }

    /// How many loops a loop is in, itself included.
    #[must_use]
    pub fn loop_depth(&self, l: Loop) -> u32 {
        self.loops[l.index()].depth
    }

    /// The header of a loop.
    #[must_use]
    pub fn header(&self, l: Loop) -> Block {
        self.loops[l.index()].header
    }

    /// The loop directly around a loop.
    #[must_use]
    pub fn parent(&self, l: Loop) -> Option<Loop> {
        self.loops[l.index()].parent
    }

    /// Whether a loop can be entered elsewhere than at its header.
    #[must_use]
    pub fn is_irreducible(&self, l: Loop) -> bool {
        self.loops[l.index()].irreducible
    }

    /// The blocks of a loop, those of the loops inside it included: the header first, otherwise grouped by loop.
    #[must_use]
    pub fn blocks(&self, l: Loop) -> &[Block] {
        let data = &self.loops[l.index()];
        &self.blocks[data.first_block as usize..data.last_block as usize]
    }

    /// Whether a block is in a loop or in a loop inside it.
    #[must_use]
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

/// A depth-first search: numbers in order of first visit, and edges by kind.
struct Search {
    blocks: Vec<Block>,
    /// Tail of each back edge, by head.
    back: Vec<Vec<u32>>,
    /// The tree edge's tail.
    parent: Vec<u32>,
    /// Forward and cross edges (from, to), by the lowest common ancestor of their ends.
    side: Vec<Vec<(u32, u32)>>,
}

impl Search {
    fn new(graph: &FlowGraph) -> Self {
        let count = graph.postorder().len();
        let mut number: Vec<Option<u32>> = vec![None; graph.num_blocks()];
        let mut search = Self {
            blocks: Vec::with_capacity(count),
            back: vec![Vec::new(); count],
            parent: Vec::with_capacity(count),
            side: vec![Vec::new(); count],
        };
        // A finished block is joined to its parent, so that the name of its set is its nearest unfinished ancestor.
        let mut ancestors = Sets::new(count);
        let mut finished = vec![false; count];
        let mut stack: Vec<(u32, usize)> = Vec::new();
        if let Some(entry) = graph.entry() {
            number[entry.index()] = Some(0);
            search.blocks.push(entry);
            search.parent.push(0);
            stack.push((0, 0));
        }
        while let Some((from, next)) = stack.last_mut() {
            let from = *from;
            let Some(&succ) = graph.succs(search.blocks[from as usize]).get(*next) else {
                finished[from as usize] = true;
                ancestors.join(from, search.parent[from as usize]);
                stack.pop();
                continue;
            };
            *next += 1;
            match number[succ.index()] {
                None => {
                    let new = search.blocks.len() as u32;
                    number[succ.index()] = Some(new);
                    search.blocks.push(succ);
                    search.parent.push(from);
                    stack.push((new, 0));
                }
                Some(to) if finished[to as usize] => {
                    let common = ancestors.find(to);
                    search.side[common as usize].push((from, to));
                }
                Some(to) => search.back[to as usize].push(from),
            }
        }
        search
    }
}

/// What the search for loops finds, by depth-first number.
struct Nest {
    /// Whether the number heads a loop.
    heads: Vec<bool>,
    /// The head of the innermost loop around the number, other than its own.
    around: Vec<Option<u32>>,
}

impl Nest {
    fn new(graph: &FlowGraph, search: &Search) -> Self {
        let count = graph.postorder().len();
        let mut nest = Self { heads: vec![false; count], around: vec![None; count] };
        let mut collapsed = Sets::new(count);
        // Predecessors of each set, as they become known: the tree edge first.
        let mut preds: Vec<Vec<u32>> =
            (0..count).map(|n| if n == 0 { Vec::new() } else { vec![search.parent[n]] }).collect();
        let mut in_body: Vec<Option<u32>> = vec![None; count];
        for head in (0..count as u32).rev() {
            for &(from, to) in &search.side[head as usize] {
                let to = collapsed.find(to);
                preds[to as usize].push(from);
            }
            let mut work: Vec<u32> = Vec::new();
            let mut body: Vec<u32> = Vec::new();
            let mut reach = |number: u32, work: &mut Vec<u32>, collapsed: &mut Sets| {
                let set = collapsed.find(number);
                if set != head && in_body[set as usize] != Some(head) {
                    in_body[set as usize] = Some(head);
                    work.push(set);
                }
            };
            nest.heads[head as usize] = !search.back[head as usize].is_empty();
            for &tail in &search.back[head as usize] {
                reach(tail, &mut work, &mut collapsed);
            }
            while let Some(set) = work.pop() {
                body.push(set);
                for pred in std::mem::take(&mut preds[set as usize]) {
                    reach(pred, &mut work, &mut collapsed);
                }
            }
            for set in body {
                nest.around[set as usize] = Some(head);
                collapsed.join(set, head);
            }
        }
        nest
    }

    fn forest(self, graph: &FlowGraph, dom: &DomTree, search: &Search) -> LoopForest {
        let count = search.blocks.len();
        // A head's own loop is directly inside the loop that `around` names; depth-first numbers of outer heads are
        // lower, so loops made in order of their heads' numbers find their parents made. That order is not grouped by
        // nesting yet.
        let mut loop_at: Vec<Option<u32>> = vec![None; count];
        let mut heads: Vec<u32> = Vec::new();
        let mut inside: Vec<Vec<u32>> = Vec::new();
        let mut outermost: Vec<u32> = Vec::new();
        for number in 0..count as u32 {
            if !self.heads[number as usize] {
                continue;
            }
            let index = heads.len() as u32;
            loop_at[number as usize] = Some(index);
            heads.push(number);
            inside.push(Vec::new());
            let outer = self.around[number as usize].and_then(|head| loop_at[head as usize]);
            outer.map_or(&mut outermost, |outer| &mut inside[outer as usize]).push(index);
        }

        let mut loops: Vec<LoopData> = Vec::with_capacity(heads.len());
        let mut final_of: Vec<Option<Loop>> = vec![None; heads.len()];
        let mut stack: Vec<(u32, Option<Loop>, bool)> =
            outermost.iter().rev().map(|&l| (l, None, false)).collect();
        while let Some((index, parent, done)) = stack.pop() {
            if done {
                if let Some(own) = final_of[index as usize] {
                    loops[own.index()].end = loops.len() as u32;
                }
                continue;
            }
            let own = Loop::from_index(loops.len());
            final_of[index as usize] = Some(own);
            let number = heads[index as usize];
            let header = search.blocks[number as usize];
            let irreducible = search.back[number as usize]
                .iter()
                .any(|&tail| !dom.dominates(header, search.blocks[tail as usize]));
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
            stack.extend(inside[index as usize].iter().rev().map(|&l| (l, Some(own), false)));
        }

        let mut innermost: Vec<Option<Loop>> = vec![None; graph.num_blocks()];
        let mut members: Vec<(Loop, u32)> = Vec::new();
        for number in 0..count as u32 {
            let head = if self.heads[number as usize] {
                Some(number)
            } else {
                self.around[number as usize]
            };
            let own = head.and_then(|head| loop_at[head as usize]);
            if let Some(own) = own.and_then(|index| final_of[index as usize]) {
                innermost[search.blocks[number as usize].index()] = Some(own);
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
        let blocks = members.iter().map(|&(_, number)| search.blocks[number as usize]).collect();
        LoopForest { loops, innermost, blocks }
    }
}
