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

impl Node {
    /// The block of the IR that it is, or is a part of.
    fn block(&self) -> Option<Block> {
        match self.work {
            Work::Block(block, _) | Work::Step(block, _) => Some(block),
            Work::Entry | Work::Edge => None,
        }
    }
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
        let mut ends = Vec::new();
        for item in loops.order(&graph) {
            let block = match item {
                Item::Block(block) => block,
                Item::End(l) => {
                    ends.push((nodes.len(), l));
                    continue;
                }
            };
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
        Ok(Plan::finish(nodes, &ends, &loops, &graph))
    }

    /// Puts a node on each edge from a node with several targets to a block with several predecessors, where reverse
    /// postorder would have it: before the block, if the search came to the block by it; else behind the node that it
    /// leaves, or, so that loops stay in one piece, behind the loops that it leaves.
    ///
    /// `ends` are the loops by the number of nodes up to their end.
    fn finish(nodes: Vec<Node>, ends: &[(usize, Loop)], loops: &Loops, graph: &FlowGraph) -> Plan {
        let mut preds = vec![0u32; graph.num_blocks()];
        let mut cold = vec![false; graph.num_blocks()];
        for node in &nodes {
            if let Work::Block(block, _) = node.work {
                cold[block.index()] = node.cold;
            }
            for target in &node.targets {
                if let Target::Block(call) = target {
                    preds[call.block.index()] += 1;
                }
            }
        }

        let mut order: Vec<Place> = Vec::with_capacity(nodes.len());
        let mut moved = Vec::with_capacity(nodes.len());
        let mut before: Vec<Option<Place>> = vec![None; graph.num_blocks()];
        let mut waiting: Vec<Vec<Place>> = vec![Vec::new(); loops.0.loops().len()];
        let mut ends = ends.iter().peekable();
        for (index, node) in nodes.iter().enumerate() {
            if let Work::Block(block, _) = node.work {
                order.extend(before[block.index()].take());
            }
            moved.push(order.len());
            order.push(Place::Node(index));
            let several = node.targets.len() > 1;
            for (number, target) in node.targets.iter().enumerate() {
                let Target::Block(call) = *target else { continue };
                if !several || preds[call.block.index()] <= 1 {
                    continue;
                }
                let (left, around) = loops.left(node, call.block);
                let depth = around.map_or(0, |l| loops.0.loop_depth(l));
                let edge = Place::Edge { from: index, number, depth };
                let first = &mut before[call.block.index()];
                let found = first.is_none() && graph.came_from(call.block) == node.block();
                if found && loops.around(call.block) == around {
                    *first = Some(edge);
                } else {
                    left.map_or(&mut order, |left| &mut waiting[left.index()]).push(edge);
                }
            }
            while let Some((_, l)) = ends.next_if(|(end, _)| *end == index + 1) {
                order.append(&mut waiting[l.index()]);
            }
        }

        let mut plan = Plan {
            nodes: Vec::with_capacity(order.len()),
            start: SecondaryMap::with_default(None),
        };
        for place in &order {
            plan.nodes.push(match *place {
                Place::Node(index) => {
                    let mut node = nodes[index].clone();
                    for target in &mut node.targets {
                        if let Target::Node(to) = target {
                            *to = moved[*to];
                        }
                    }
                    if let Work::Block(block, _) = node.work {
                        plan.start[block] = Some(plan.nodes.len());
                    }
                    node
                }
                Place::Edge { from, number, depth } => {
                    let target = nodes[from].targets[number];
                    let rare = matches!(target, Target::Block(to) if cold[to.block.index()]);
                    Node {
                        work: Work::Edge,
                        targets: smallvec![target],
                        depth,
                        loop_header: false,
                        cold: rare || nodes[from].cold,
                    }
                }
            });
        }
        for (at, place) in order.iter().enumerate() {
            if let Place::Edge { from, number, .. } = *place {
                plan.nodes[moved[from]].targets[number] = Target::Node(at);
            }
        }
        plan
    }
}

/// What stands at a place of the plan.
#[derive(Clone, Copy)]
enum Place {
    /// A node that was there before edges got theirs.
    Node(usize),
    /// An edge: the node that it leaves, which of its targets it goes to, and how many loops it is in.
    Edge { from: usize, number: usize, depth: u32 },
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
        let targets: SmallVec<_> = calls.into_iter().map(Target::Block).collect();
        if targets.len() > 1 {
            self.set(nodes, table, Step::Table { entries }, targets);
        } else if let Some(node) = nodes.get_mut(table) {
            // All entries are the same: the range check says it all.
            node.targets = targets;
        }
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

    /// The innermost loop around a block and, if it is the header of one, around that.
    fn around(&self, block: Block) -> Option<Loop> {
        let own = self.0.loop_of(block)?;
        if self.0.header(own) == block { self.0.parent(own) } else { Some(own) }
    }

    /// The outermost loop that an edge leaves, and the innermost one that it is in.
    fn left(&self, from: &Node, to: Block) -> (Option<Loop>, Option<Loop>) {
        let mut around = from.block().and_then(|block| self.0.loop_of(block));
        let mut left = None;
        while let Some(l) = around.filter(|&l| !self.0.contains(l, to)) {
            left = Some(l);
            around = self.0.parent(l);
        }
        (left, around)
    }

    /// Reverse postorder, but with the blocks of each loop in one piece: a loop stands where its header does.
    fn order(&self, graph: &FlowGraph) -> Vec<Item> {
        #[derive(Clone, Copy)]
        enum Inside {
            Block(Block),
            Loop(Loop),
        }
        // What is directly in each loop, and last what is in none.
        let outside = self.0.loops().len();
        let mut inside: Vec<Vec<Inside>> = vec![Vec::new(); outside + 1];
        for block in graph.rpo() {
            let own = self.0.loop_of(block);
            if let Some(l) = own.filter(|&l| self.0.header(l) == block) {
                inside[self.0.parent(l).map_or(outside, Loop::index)].push(Inside::Loop(l));
            }
            inside[own.map_or(outside, Loop::index)].push(Inside::Block(block));
        }
        let mut order = Vec::with_capacity(graph.postorder().len() + outside);
        let mut stack: Vec<(Inside, bool)> =
            inside[outside].iter().rev().map(|&item| (item, false)).collect();
        while let Some((item, done)) = stack.pop() {
            match item {
                Inside::Block(block) => order.push(Item::Block(block)),
                Inside::Loop(l) if done => order.push(Item::End(l)),
                Inside::Loop(l) => {
                    stack.push((item, true));
                    stack.extend(inside[l.index()].iter().rev().map(|&item| (item, false)));
                }
            }
        }
        order
    }
}

/// What comes next in the order of blocks.
#[derive(Clone, Copy)]
enum Item {
    Block(Block),
    /// The loop ends before the next block.
    End(Loop),
}
