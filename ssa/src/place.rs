//! Where variables may need a φ: the candidates.
//!
//! The iterated dominance frontier of a variable's writes, but only where the variable may be live. If one write
//! dominates every block that reads the variable before writing it, the variable is live only in blocks which that
//! write dominates (a way from elsewhere to such a read goes through the write). Variables that a source language
//! declares where they are written first so get candidates in their own scope, not in each loop around it.

use cfg::{DomTree, DominanceFrontiers, FlowGraph};
use ir::{Block, Entity, Function, InstData, SecondaryMap, Var};

/// A candidate for a block parameter.
#[derive(Clone, Copy)]
pub(crate) struct Phi {
    pub(crate) block: Block,
    pub(crate) var: Var,
}

/// The candidates, those of one block next to each other, by variable.
pub(crate) struct Phis {
    pub(crate) all: Vec<Phi>,
    /// Where those of each block start; one entry more than there are blocks.
    start: Vec<u32>,
}

impl Phis {
    /// All candidates of a function.
    pub(crate) fn place(func: &Function, graph: &FlowGraph, dom: &DomTree) -> Self {
        let accesses = Accesses::of(func, dom);
        // Questions about frontiers cost least in this order: scopes from the deepest to the whole function.
        let mut scopes: Vec<(Var, u32, Option<Block>)> = Vec::new();
        for var in func.vars.keys() {
            let scope = match accesses.vars[var].live {
                Live::Nowhere => continue,
                Live::Anywhere => None,
                Live::Below(write) => Some(accesses.writes[write as usize].block),
            };
            let level = scope.and_then(|scope| dom.level(scope)).map_or(0, |level| level + 1);
            scopes.push((var, level, scope));
        }
        let levels = scopes.iter().map(|&(_, level, _)| level as usize + 1).max().unwrap_or(0);
        let (scopes, _) = sorted(&scopes, levels, |&(_, level, _)| level as usize);

        let mut frontiers = DominanceFrontiers::new(graph, dom);
        let mut found: Vec<Phi> = Vec::new();
        let mut joins: Vec<Block> = Vec::new();
        for (var, _, scope) in scopes.into_iter().rev() {
            frontiers.iterated(accesses.writes(var), scope, &mut joins);
            found.extend(joins.drain(..).map(|block| Phi { block, var }));
        }
        let (found, _) = sorted(&found, func.vars.len(), |phi| phi.var.index());
        let (all, start) = sorted(&found, graph.num_blocks(), |phi| phi.block.index());
        Self { all, start }
    }

    /// The numbers of a block's candidates.
    pub(crate) fn of(&self, block: Block) -> std::ops::Range<u32> {
        self.start[block.index()]..self.start[block.index() + 1]
    }
}

/// The items by key, equal ones in the order in which they came, and where those of each key start; one entry more than
/// there are keys. Takes time in line with both.
fn sorted<T: Copy>(items: &[T], keys: usize, key: impl Fn(&T) -> usize) -> (Vec<T>, Vec<u32>) {
    let mut start = vec![0u32; keys + 1];
    for item in items {
        start[key(item) + 1] += 1;
    }
    for index in 1..start.len() {
        start[index] += start[index - 1];
    }
    let mut fill = start.clone();
    let mut all = items.to_vec();
    for item in items {
        let at = &mut fill[key(item)];
        all[*at as usize] = *item;
        *at += 1;
    }
    (all, start)
}

/// Where a variable is live at the start of blocks, at most.
#[derive(Clone, Copy)]
enum Live {
    /// No block reads it before writing it.
    Nowhere,
    /// Blocks that the block of this write strictly dominates.
    Below(u32),
    Anywhere,
}

/// A block that writes a variable.
struct Write {
    block: Block,
    /// The nearest of the other writes to the variable whose block dominates this one.
    above: Option<u32>,
    /// The write to the variable that was met before this one.
    before: Option<u32>,
}

/// What is known of a variable.
#[derive(Clone, Copy)]
struct Accessed {
    /// The block that was last seen reading or writing it, and the one last seen writing it.
    block: Option<Block>,
    written_in: Option<Block>,
    /// The write that was met last.
    last: Option<u32>,
    /// The nearest write whose block dominates the block that was met last.
    above: Option<u32>,
    live: Live,
}

/// The writes to each variable, one for each block.
struct Accesses {
    writes: Vec<Write>,
    vars: SecondaryMap<Var, Accessed>,
}

impl Accesses {
    fn of(func: &Function, dom: &DomTree) -> Self {
        let none = Accessed {
            block: None,
            written_in: None,
            last: None,
            above: None,
            live: Live::Nowhere,
        };
        let mut accesses = Self { writes: Vec::new(), vars: SecondaryMap::with_default(none) };
        // In this order, a write that does not dominate the next block dominates none that is still to come.
        for &block in dom.preorder() {
            for &inst in func.block_insts(block) {
                match *func.inst(inst) {
                    InstData::VarGet { var } => accesses.read(var, block, dom),
                    InstData::VarSet { var, .. } => accesses.write(var, block, dom),
                    _ => {}
                }
            }
        }
        accesses
    }

    fn read(&mut self, var: Var, block: Block, dom: &DomTree) {
        let Self { writes, vars } = self;
        let known = &mut vars[var];
        if known.block.replace(block) == Some(block) {
            return;
        }
        let mut at = match known.live {
            Live::Nowhere => known.above,
            Live::Below(write) => Some(write),
            Live::Anywhere => None,
        };
        leave(&mut at, writes, block, dom);
        known.live = at.map_or(Live::Anywhere, Live::Below);
    }

    fn write(&mut self, var: Var, block: Block, dom: &DomTree) {
        let Self { writes, vars } = self;
        let known = &mut vars[var];
        known.block = Some(block);
        if known.written_in.replace(block) == Some(block) {
            return;
        }
        leave(&mut known.above, writes, block, dom);
        let own = writes.len() as u32;
        writes.push(Write { block, above: known.above, before: known.last });
        (known.above, known.last) = (Some(own), Some(own));
    }

    /// The blocks that write a variable.
    fn writes(&self, var: Var) -> impl Iterator<Item = Block> + '_ {
        let at = |number: u32| &self.writes[number as usize];
        std::iter::successors(self.vars[var].last.map(at), move |write| write.before.map(at))
            .map(|write| write.block)
    }
}

/// Goes up to the nearest write whose block dominates this one.
fn leave(at: &mut Option<u32>, writes: &[Write], block: Block, dom: &DomTree) {
    while let Some(number) = *at {
        let write = &writes[number as usize];
        if dom.dominates(write.block, block) {
            break;
        }
        *at = write.above;
    }
}
