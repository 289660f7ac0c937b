//! The flow graph as the checker sees it: edges, and which block dominates which.
//!
//! Source: Lengauer, Tarjan, "A Fast Algorithm for Finding Dominators in a Flowgraph" (TOPLAS 1979), the simple version:
//! near-linear on every graph. The checker has its own, so that it shares nothing with those whom it checks.

use crate::function::Function;
use crate::operand::Block;

/// No block.
const NONE: usize = usize::MAX;

/// An edge: the block that it leaves, and which of its successors it leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) nth: usize,
}

/// Edges between reachable blocks, and the dominator tree.
#[derive(Default)]
pub(super) struct Graph {
    /// `edges[first_edge[b]..first_edge[b + 1]]` lead to block `b`.
    edges: Vec<Edge>,
    first_edge: Vec<usize>,
    /// For each edge, counted by the block that it leaves, its number among the edges of its target.
    rank: Vec<usize>,
    first_succ: Vec<usize>,
    /// The reachable blocks in preorder of the dominator tree.
    pub(super) preorder: Vec<usize>,
    /// The place of each block in `preorder`, and that of the last block that it dominates.
    span: Vec<(usize, usize)>,
    /// The depth in the dominator tree.
    pub(super) level: Vec<usize>,
    /// `children[first_child[b]..first_child[b + 1]]` are those of block `b` in the dominator tree.
    children: Vec<usize>,
    first_child: Vec<usize>,
}

/// Where each group begins, and room for the end of the last.
fn starts(counts: &[usize]) -> Vec<usize> {
    let mut sum = 0;
    let mut first = vec![0];
    first.extend(counts.iter().map(|count| {
        sum += count;
        sum
    }));
    first
}

impl Graph {
    pub(super) fn new<F: Function + ?Sized>(function: &F) -> Graph {
        let count = function.num_blocks();
        let entry = function.entry().index();
        let mut graph = Graph::default();
        if entry >= count {
            return graph;
        }
        let succs = |block: usize| function.block_succs(Block::new(block as u32));

        // Depth first: the order of arrival, and from where.
        let mut number = vec![NONE; count];
        let (mut vertex, mut parent) = (vec![entry], vec![NONE]);
        number[entry] = 0;
        let mut open = vec![(entry, 0)];
        while let Some((block, next)) = open.last_mut() {
            let Some(succ) = succs(*block).get(*next).map(|succ| succ.index()) else {
                open.pop();
                continue;
            };
            *next += 1;
            if number[succ] == NONE {
                number[succ] = vertex.len();
                parent.push(number[*block]);
                vertex.push(succ);
                open.push((succ, 0));
            }
        }

        let mut counts = vec![0; count];
        let mut degrees = vec![0; count];
        for &block in &vertex {
            degrees[block] = succs(block).len();
            succs(block).iter().for_each(|succ| counts[succ.index()] += 1);
        }
        graph.first_edge = starts(&counts);
        graph.first_succ = starts(&degrees);
        let total = graph.first_edge[count];
        graph.edges = vec![Edge { from: 0, nth: 0 }; total];
        graph.rank = vec![0; total];
        let mut filled = vec![0; count];
        for &block in &vertex {
            for (nth, succ) in succs(block).iter().map(|succ| succ.index()).enumerate() {
                graph.edges[graph.first_edge[succ] + filled[succ]] = Edge { from: block, nth };
                graph.rank[graph.first_succ[block] + nth] = filled[succ];
                filled[succ] += 1;
            }
        }
        let idom = graph.idoms(&number, &vertex, &parent);
        graph.grow_tree(&vertex, &idom, count);
        graph
    }

    /// The immediate dominators; blocks are named by their numbers.
    fn idoms(&self, number: &[usize], vertex: &[usize], parent: &[usize]) -> Vec<usize> {
        let count = vertex.len();
        let mut forest = Forest {
            semi: (0..count).collect(),
            label: (0..count).collect(),
            ancestor: vec![NONE; count],
            path: Vec::new(),
        };
        let mut idom = vec![0; count];
        // Lists of the blocks with the same semidominator.
        let (mut bucket, mut next) = (vec![NONE; count], vec![NONE; count]);
        for at in (1..count).rev() {
            for edge in self.edges_to(vertex[at]) {
                let best = forest.eval(number[edge.from]);
                forest.semi[at] = forest.semi[at].min(forest.semi[best]);
            }
            let semi = forest.semi[at];
            next[at] = bucket[semi];
            bucket[semi] = at;
            forest.ancestor[at] = parent[at];
            let mut member = std::mem::replace(&mut bucket[parent[at]], NONE);
            while member != NONE {
                let best = forest.eval(member);
                let nearer = forest.semi[best] < forest.semi[member];
                idom[member] = if nearer { best } else { parent[at] };
                member = next[member];
            }
        }
        for at in 1..count {
            if idom[at] != forest.semi[at] {
                idom[at] = idom[idom[at]];
            }
        }
        idom
    }

    fn grow_tree(&mut self, vertex: &[usize], idom: &[usize], count: usize) {
        let mut counts = vec![0; count];
        (1..vertex.len()).for_each(|at| counts[vertex[idom[at]]] += 1);
        self.first_child = starts(&counts);
        self.children = vec![0; self.first_child[count]];
        let mut filled = vec![0; count];
        self.level = vec![0; count];
        for at in 1..vertex.len() {
            let above = vertex[idom[at]];
            self.children[self.first_child[above] + filled[above]] = vertex[at];
            filled[above] += 1;
            // A dominator has a smaller number than what it dominates.
            self.level[vertex[at]] = self.level[above] + 1;
        }
        self.span = vec![(NONE, 0); count];
        let mut open = vec![(vertex[0], false)];
        while let Some((block, done)) = open.pop() {
            if done {
                self.span[block].1 = self.preorder.len() - 1;
                continue;
            }
            self.span[block].0 = self.preorder.len();
            self.preorder.push(block);
            open.push((block, true));
            open.extend(self.children(block).iter().map(|&child| (child, false)));
        }
    }

    pub(super) fn edges_to(&self, block: usize) -> &[Edge] {
        &self.edges[self.first_edge[block]..self.first_edge[block + 1]]
    }

    /// The number of the edge from `block` to its successor `nth` among the edges of that.
    pub(super) fn rank(&self, block: usize, nth: usize) -> usize {
        self.rank[self.first_succ[block] + nth]
    }

    pub(super) fn children(&self, block: usize) -> &[usize] {
        &self.children[self.first_child[block]..self.first_child[block + 1]]
    }

    /// Returns `true` if every path to `b` leads over `a`. Both can be reached.
    pub(super) fn dominates(&self, a: usize, b: usize) -> bool {
        (self.span[a].0..=self.span[a].1).contains(&self.span[b].0)
    }
}

/// The forest of the algorithm, with compressed paths.
struct Forest {
    semi: Vec<usize>,
    label: Vec<usize>,
    ancestor: Vec<usize>,
    path: Vec<usize>,
}

impl Forest {
    /// The block with the least semidominator on the way to the root of the tree, without that.
    fn eval(&mut self, at: usize) -> usize {
        let mut below = at;
        while self.ancestor[below] != NONE && self.ancestor[self.ancestor[below]] != NONE {
            self.path.push(below);
            below = self.ancestor[below];
        }
        while let Some(place) = self.path.pop() {
            let above = self.ancestor[place];
            if self.semi[self.label[above]] < self.semi[self.label[place]] {
                self.label[place] = self.label[above];
            }
            self.ancestor[place] = self.ancestor[above];
        }
        self.label[at]
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;
    use crate::function::Function;
    use crate::operand::Block;
    use crate::testing::{Shape, generate};

    /// The definition: without `a`, nothing leads from the entry to `b`.
    fn dominates(function: &dyn Function, a: usize, b: usize) -> bool {
        let mut seen = vec![false; function.num_blocks()];
        let mut open = vec![function.entry().index()];
        while let Some(block) = open.pop() {
            if block != a && !std::mem::replace(&mut seen[block], true) {
                let succs = function.block_succs(Block::new(block as u32));
                open.extend(succs.iter().map(|succ| succ.index()));
            }
        }
        !seen[b]
    }

    #[test]
    fn dominators_are_what_the_definition_says() {
        for seed in 0..60 {
            let shape = Shape {
                blocks: 2 + seed as usize % 30,
                insts: 1,
                caller_saved: 6,
                callee_saved: 2,
                old_uses: 0,
                calls: 0,
                odd: 0,
                wild: seed % 3 != 0,
            };
            let function = generate(seed, &shape);
            let graph = Graph::new(&function);
            assert_eq!(graph.preorder.len(), function.num_blocks(), "seed {seed}");
            for a in 0..function.num_blocks() {
                for b in 0..function.num_blocks() {
                    let right = dominates(&function, a, b);
                    assert_eq!(graph.dominates(a, b), right, "seed {seed}, {a} {b}\n{function}");
                }
            }
        }
    }
}
