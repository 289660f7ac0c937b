//! The machine blocks of a function, before anything is lowered: its blocks in an order that keeps loops together,
//! the steps of its switches, and a block on every critical edge.

use std::collections::HashMap;

use ::cfg::{DomTree, FlowGraph, Loop, LoopForest};
use ir::{Block, BlockCall, Entity, Function, InstData, SecondaryMap, SwitchTable, Value};
use smallvec::{SmallVec, smallvec};

use crate::error::Reason;

/// One step of a switch. Successors in parentheses.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Step {
    /// Is the index, less `min`, below `len`? (the table's node, the default)
    Range { min: i64, len: u64 },
    /// Jump by the index that the range check left. (each target once)
    Table { entries: Vec<u32> },
    /// Is the index equal? (the case, the rest)
    Equal { value: i64 },
    /// Is the index less, as signed? (the lower half, the upper half)
    Less { value: i64 },
}

/// Where a node goes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Target {
    /// To a block, with arguments.
    Block(BlockCall),
    /// To another node, which takes nothing.
    Node(usize),
}

/// What a machine block does.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Work {
    /// Takes the function's arguments and passes them on: only where the entry block is also a branch target.
    Entry,
    /// A block of the IR. With a step, its switch begins with that.
    Block(Block, Option<Step>),
    /// A further step of the switch at the end of a block.
    Step(Block, Step),
    /// The moves of an edge.
    Edge,
}

/// A machine block to be.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Node {
    pub(super) work: Work,
    pub(super) targets: SmallVec<[Target; 2]>,
    pub(super) depth: u32,
    pub(super) loop_header: bool,
    pub(super) cold: bool,
}

/// The machine blocks of a function in order, and which of them begins each block of the IR.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) nodes: Vec<Node>,
    pub(super) start: SecondaryMap<Block, Option<usize>>,
}

/// A switch becomes a table if it has at least this many cases …
const TABLE_MIN_CASES: usize = 4;
/// … and at most this many entries for each case.
const TABLE_MAX_SPREAD: u64 = 3;
/// Up to this many cases are compared one after the other.
const LINEAR_CASES: usize = 3;

impl Plan {
    /// Plans the blocks of a function.
    ///
    /// # Errors
    /// If there is no entry, or a reachable block has no terminator.
    pub(super) fn new(func: &Function) -> Result<Plan, (Option<Block>, Reason)> {
        let graph = FlowGraph::new(func);
        let entry = func.entry().ok_or((None, Reason::NoBody))?;
        let loops = Loops::new(&graph);
        let mut nodes = Vec::new();
        if graph.pred_edges(entry).iter().any(|edge| graph.is_reachable(edge.from)) {
            nodes.push(Node {
                work: Work::Entry,
                targets: smallvec![Target::Block(BlockCall {
                    block: entry,
                    args: ir::ValueList::default(),
                })],
                depth: 0,
                loop_header: false,
                cold: false,
            });
        }
        for block in loops.order(&graph) {
            let terminator = func.terminator(block).ok_or((Some(block), Reason::NoTerminator))?;
            let mut node = Node {
                work: Work::Block(block, None),
                targets: SmallVec::new(),
                depth: loops.depth(block),
                loop_header: loops.is_header(block),
                cold: func.is_cold(block) && block != entry,
            };
            if let InstData::Switch { table, .. } = *func.inst(terminator) {
                Switch::plan(&func.switches[table], func, block, node, &mut nodes);
            } else {
                func.for_each_successor(terminator, |call| node.targets.push(Target::Block(call)));
                nodes.push(node);
            }
        }
        Ok(Plan::finish(nodes, func.num_blocks()))
    }

    /// Puts a node on each edge from a node with several targets to a block with several predecessors.
    fn finish(nodes: Vec<Node>, num_blocks: usize) -> Plan {
        let mut preds = vec![0u32; num_blocks];
        let mut facts = vec![(0, false); num_blocks];
        for node in &nodes {
            if let Work::Block(block, _) = node.work {
                facts[block.index()] = (node.depth, node.cold);
            }
            for target in &node.targets {
                if let Target::Block(call) = target {
                    preds[call.block.index()] += 1;
                }
            }
        }
        let critical = |several: bool, target: &Target| match target {
            Target::Block(call) => several && preds[call.block.index()] > 1,
            Target::Node(_) => false,
        };
        // Where each node will be once the edges stand behind the nodes they leave.
        let mut moved = Vec::with_capacity(nodes.len());
        let mut next = 0;
        for node in &nodes {
            moved.push(next);
            let several = node.targets.len() > 1;
            next += 1 + node.targets.iter().filter(|target| critical(several, target)).count();
        }
        let mut plan =
            Plan { nodes: Vec::with_capacity(next), start: SecondaryMap::with_default(None) };
        for mut node in nodes {
            let several = node.targets.len() > 1;
            let mut edges = Vec::new();
            for target in &mut node.targets {
                match *target {
                    Target::Node(to) => *target = Target::Node(moved[to]),
                    Target::Block(call) if critical(several, target) => {
                        // An edge is as deep in loops as the shallower of its ends, and cold if one of them is.
                        let (depth, cold) = facts[call.block.index()];
                        edges.push(Node {
                            work: Work::Edge,
                            targets: smallvec![Target::Block(call)],
                            depth: depth.min(node.depth),
                            loop_header: false,
                            cold: cold || node.cold,
                        });
                        *target = Target::Node(plan.nodes.len() + edges.len());
                    }
                    Target::Block(_) => {}
                }
            }
            if let Work::Block(block, _) = node.work {
                plan.start[block] = Some(plan.nodes.len());
            }
            plan.nodes.push(node);
            plan.nodes.extend(edges);
        }
        plan
    }
}

/// A switch on its way to becoming nodes.
struct Switch<'a> {
    block: Block,
    default: BlockCall,
    cases: &'a [(i64, BlockCall)],
    depth: u32,
    cold: bool,
}

impl Switch<'_> {
    /// Plans the node of `block`, which ends with a switch, and those of the further steps.
    fn plan(table: &SwitchTable, func: &Function, block: Block, node: Node, nodes: &mut Vec<Node>) {
        let mut cases = table.cases.clone();
        cases.sort_by_key(|(value, _)| *value);
        // Cases that do what the default does need no step.
        let same = |a: BlockCall, b: BlockCall| {
            a.block == b.block && func.list(a.args) == func.list(b.args)
        };
        cases.retain(|(_, call)| !same(*call, table.default));
        let switch = Switch {
            block,
            default: table.default,
            cases: &cases,
            depth: node.depth,
            cold: node.cold,
        };
        let root = nodes.len();
        nodes.push(node);
        if let (Some(&(first, _)), Some(&(last, _))) = (cases.first(), cases.last())
            && cases.len() >= TABLE_MIN_CASES
            && last.wrapping_sub(first) as u64 / TABLE_MAX_SPREAD < cases.len() as u64
        {
            switch.table(func, first, last, root, nodes);
        } else {
            switch.tree(root, nodes);
        }
    }

    fn set(&self, nodes: &mut [Node], at: usize, step: Step, targets: SmallVec<[Target; 2]>) {
        let Some(node) = nodes.get_mut(at) else { return };
        node.work = match node.work {
            Work::Block(block, _) => Work::Block(block, Some(step)),
            _ => Work::Step(self.block, step),
        };
        node.targets = targets;
    }

    fn push(&self, nodes: &mut Vec<Node>) -> usize {
        nodes.push(Node {
            work: Work::Edge,
            targets: SmallVec::new(),
            depth: self.depth,
            loop_header: false,
            cold: self.cold,
        });
        nodes.len() - 1
    }

    fn table(&self, func: &Function, first: i64, last: i64, root: usize, nodes: &mut Vec<Node>) {
        let len = last.wrapping_sub(first) as u64 + 1;
        let table = self.push(nodes);
        let targets = smallvec![Target::Node(table), Target::Block(self.default)];
        self.set(nodes, root, Step::Range { min: first, len }, targets);

        let mut calls: Vec<BlockCall> = Vec::new();
        let mut known: HashMap<(Block, &[Value]), u32> = HashMap::new();
        let mut number = |call: BlockCall| -> u32 {
            *known.entry((call.block, func.list(call.args))).or_insert_with(|| {
                calls.push(call);
                calls.len() as u32 - 1
            })
        };
        let mut entries: Vec<u32> = Vec::with_capacity(len as usize);
        for &(value, call) in self.cases {
            let at = value.wrapping_sub(first) as usize;
            if at > entries.len() {
                let default = number(self.default);
                entries.resize(at, default);
            }
            entries.push(number(call));
        }
        let targets = calls.into_iter().map(Target::Block).collect();
        self.set(nodes, table, Step::Table { entries }, targets);
    }

    /// Halves the cases until few are left, which are compared one by one. Works off a list, not the host's stack.
    fn tree(&self, root: usize, nodes: &mut Vec<Node>) {
        let mut work = vec![(root, self.cases)];
        while let Some((at, cases)) = work.pop() {
            match cases {
                [] => {
                    // Only the whole switch can be empty: it is a jump.
                    if let Some(node) = nodes.get_mut(at) {
                        node.targets = smallvec![Target::Block(self.default)];
                    }
                }
                [(value, call)] => {
                    let targets = smallvec![Target::Block(*call), Target::Block(self.default)];
                    self.set(nodes, at, Step::Equal { value: *value }, targets);
                }
                [(value, call), rest @ ..] if cases.len() <= LINEAR_CASES => {
                    let next = self.push(nodes);
                    let targets = smallvec![Target::Block(*call), Target::Node(next)];
                    self.set(nodes, at, Step::Equal { value: *value }, targets);
                    work.push((next, rest));
                }
                _ => {
                    let (low, high) = cases.split_at(cases.len() / 2);
                    let (left, right) = (self.push(nodes), self.push(nodes));
                    let targets = smallvec![Target::Node(left), Target::Node(right)];
                    let value = high.first().map_or(0, |(value, _)| *value);
                    self.set(nodes, at, Step::Less { value }, targets);
                    work.push((right, high));
                    work.push((left, low));
                }
            }
        }
    }
}

/// Loop facts of all blocks, and the order that keeps loops together.
struct Loops(LoopForest);

impl Loops {
    fn new(graph: &FlowGraph) -> Loops {
        Loops(LoopForest::new(graph, &DomTree::new(graph)))
    }

    fn depth(&self, block: Block) -> u32 {
        self.0.depth(block)
    }

    fn is_header(&self, block: Block) -> bool {
        self.0.loop_of(block).is_some_and(|l| self.0.header(l) == block)
    }

    /// Reverse postorder, but with the blocks of each loop in one piece: a loop stands where its header does.
    fn order(&self, graph: &FlowGraph) -> Vec<Block> {
        #[derive(Clone, Copy)]
        enum Item {
            Block(Block),
            Loop(Loop),
        }
        // What is directly in each loop, and last what is in none.
        let outside = self.0.loops().len();
        let mut inside: Vec<Vec<Item>> = vec![Vec::new(); outside + 1];
        for block in graph.rpo() {
            let own = self.0.loop_of(block);
            if let Some(l) = own.filter(|&l| self.0.header(l) == block) {
                inside[self.0.parent(l).map_or(outside, Loop::index)].push(Item::Loop(l));
            }
            inside[own.map_or(outside, Loop::index)].push(Item::Block(block));
        }
        let mut order = Vec::with_capacity(graph.postorder().len());
        let mut stack = std::mem::take(&mut inside[outside]);
        stack.reverse();
        while let Some(item) = stack.pop() {
            match item {
                Item::Block(block) => order.push(block),
                Item::Loop(l) => stack.extend(inside[l.index()].iter().rev()),
            }
        }
        order
    }
}
