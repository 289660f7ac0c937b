//! Random functions in SSA form: any flow graph, any constraint, reproducible from a seed.

use super::{TestBlock, TestFunction, TestInst};
use regalloc::{Block, Operand, PReg, PRegSet, RegClass, VReg};
use testkit::Random;

/// Registers above those of any machine here: only operands that name them can be in them.
const UNALLOCATABLE: [u8; 2] = [61, 62];

/// What random functions look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// How many blocks there are before critical edges are split.
    pub blocks: usize,
    /// The most instructions in a block, besides its terminator.
    pub insts: usize,
    /// How many caller-saved registers calls destroy in each class: those with the lowest numbers. At least 4.
    pub caller_saved: u8,
    /// How many registers calls keep. Calls have operands that need one only if there are two or more.
    pub callee_saved: u8,
    /// Out of 100 uses, how many read one of the oldest values: more of them, more is live at once.
    pub old_uses: u32,
    /// Out of 100 instructions, how many are calls.
    pub calls: u32,
    /// Out of 100 instructions, how many are of the kinds that few machines have: one register clobbered alone, registers
    /// exchanged, two results, late uses beside clobbers, the second input reused, a value in two registers at once, copies
    /// between classes, registers that nothing else can be in, terminators with a result.
    pub odd: u32,
    /// Whether edges go anywhere, so that loops are irreducible, or the blocks nest like source code.
    pub wild: bool,
}

/// The random function of this seed and shape. It keeps the rules of [`Function`](regalloc::Function), and every
/// instruction fits a [`machine`](super::machine) with at least 6 registers a class, of which `shape` says how many
/// are caller-saved.
pub fn generate(seed: u64, shape: &Shape) -> TestFunction {
    let mut random = Random::new(seed);
    let mut graph = if shape.wild {
        wild_graph(&mut random, shape.blocks.max(2))
    } else {
        nested_graph(&mut random, shape.blocks.max(2))
    };
    graph.split_critical_edges();
    let mut filler = Filler {
        shape,
        random,
        next_vreg: 0,
        idom: graph.dominators(),
        blocks: vec![TestBlock::default(); graph.succs.len()],
        defined: vec![Vec::new(); graph.succs.len()],
        unstorable: Vec::new(),
        graph,
    };
    filler.fill();
    let Filler { mut random, graph, blocks, .. } = filler;
    lay_out(blocks, &graph, shape.wild && random.percent(30), &mut random)
}

/// A flow graph by numbers; 0 is the entry.
struct Graph {
    succs: Vec<Vec<usize>>,
    depth: Vec<u32>,
}

fn wild_graph(random: &mut Random, count: usize) -> Graph {
    let mut succs = vec![Vec::new(); count];
    for to in 1..count {
        // Every block can be reached from an earlier one.
        let mut from = random.below(to);
        while succs[from].len() >= 4 {
            from = random.below(to);
        }
        succs[from].push(to);
    }
    for succs in &mut succs {
        while random.percent(40) && succs.len() < 4 {
            let to = 1 + random.below(count - 1);
            if !succs.contains(&to) {
                succs.push(to);
            }
        }
    }
    // Depths that have nothing to do with the loops must not do harm.
    let depth = (0..count).map(|_| random.below(3) as u32).collect();
    Graph { succs, depth }
}

/// Ifs and loops inside of each other: a stack of what is open, closed at random.
fn nested_graph(random: &mut Random, count: usize) -> Graph {
    enum Open {
        Loop { header: usize },
        If { head: usize, then_end: Option<usize> },
    }
    let mut graph = Graph { succs: vec![Vec::new(), Vec::new()], depth: vec![0, 0] };
    graph.succs[0].push(1);
    let mut open = Vec::new();
    let mut current = 1;
    let mut depth = 0;
    while graph.succs.len() < count || !open.is_empty() {
        let new = graph.succs.len();
        let may_open = graph.succs.len() < count;
        let choice = if may_open { random.below(4) } else { 2 };
        graph.succs.push(Vec::new());
        match (choice, open.last_mut()) {
            (0, _) => {
                depth += 1;
                open.push(Open::Loop { header: new });
                graph.succs[current].push(new);
            }
            (1, _) => {
                open.push(Open::If { head: current, then_end: None });
                graph.succs[current].push(new);
            }
            (2, Some(Open::If { head, then_end: then_end @ None })) if may_open => {
                *then_end = Some(current);
                graph.succs[*head].push(new);
            }
            (2 | 3, Some(Open::If { head, then_end })) if choice == 2 || !may_open => {
                graph.succs[current].push(new);
                graph.succs[then_end.unwrap_or(*head)].push(new);
                open.pop();
            }
            (2, Some(Open::Loop { header })) => {
                depth -= 1;
                graph.succs[current].push(*header);
                graph.succs[current].push(new);
                open.pop();
            }
            _ => graph.succs[current].push(new),
        }
        graph.depth.push(depth);
        current = new;
    }
    graph
}

impl Graph {
    fn preds(&self) -> Vec<Vec<usize>> {
        let mut preds = vec![Vec::new(); self.succs.len()];
        for (from, succs) in self.succs.iter().enumerate() {
            succs.iter().for_each(|&to| preds[to].push(from));
        }
        preds
    }

    fn split_critical_edges(&mut self) {
        let preds = self.preds();
        for from in 0..self.succs.len() {
            if self.succs[from].len() < 2 {
                continue;
            }
            for n in 0..self.succs[from].len() {
                let to = self.succs[from][n];
                if preds[to].len() > 1 {
                    let middle = self.succs.len();
                    self.succs[from][n] = middle;
                    self.succs.push(vec![to]);
                    self.depth.push(self.depth[from].min(self.depth[to]));
                }
            }
        }
    }

    /// The immediate dominator of each block, by the obvious iteration over sets of dominators.
    fn dominators(&self) -> Vec<usize> {
        let count = self.succs.len();
        let preds = self.preds();
        let order = self.reverse_postorder();
        let mut rank = vec![0; count];
        order.iter().enumerate().for_each(|(n, &block)| rank[block] = n);
        let mut idom: Vec<Option<usize>> = vec![None; count];
        idom[0] = Some(0);
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &order[1..] {
                let mut new: Option<usize> = None;
                for &pred in preds[block].iter().filter(|&&pred| idom[pred].is_some()) {
                    new = Some(match new {
                        None => pred,
                        Some(mut a) => {
                            let mut b = pred;
                            while a != b {
                                if rank[a] > rank[b] {
                                    a = idom[a].unwrap_or(0);
                                } else {
                                    b = idom[b].unwrap_or(0);
                                }
                            }
                            a
                        }
                    });
                }
                if new != idom[block] {
                    idom[block] = new;
                    changed = true;
                }
            }
        }
        idom.into_iter().map(|block| block.unwrap_or(0)).collect()
    }

    fn reverse_postorder(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut visited = vec![false; self.succs.len()];
        let mut stack = vec![(0, 0)];
        visited[0] = true;
        while let Some((block, next)) = stack.last_mut() {
            match self.succs[*block].get(*next) {
                Some(&succ) => {
                    *next += 1;
                    if !visited[succ] {
                        visited[succ] = true;
                        stack.push((succ, 0));
                    }
                }
                None => {
                    order.push(*block);
                    stack.pop();
                }
            }
        }
        order.reverse();
        order
    }
}

struct Filler<'a> {
    shape: &'a Shape,
    random: Random,
    next_vreg: u32,
    graph: Graph,
    idom: Vec<usize>,
    blocks: Vec<TestBlock>,
    /// What each block defines.
    defined: Vec<Vec<VReg>>,
    /// What terminators define: behind them is no room to store it, so nothing may want it in its slot.
    unstorable: Vec<VReg>,
}

impl Filler<'_> {
    fn fill(&mut self) {
        let preds = self.graph.preds();
        for block in self.graph.reverse_postorder() {
            self.blocks[block].depth = self.graph.depth[block];
            let mut known = self.known_at_start(block);
            if block == 0 {
                self.function_args(&mut known);
            } else {
                let most = match preds[block].len() {
                    0 | 1 => 2,
                    _ if self.shape.odd > 0 => 10,
                    _ => 4,
                };
                for _ in 0..self.random.below(most) {
                    let param = self.new_vreg();
                    self.blocks[block].params.push(param);
                    self.defined[block].push(param);
                    known.push(param);
                }
            }
            for _ in 0..self.random.below(self.shape.insts + 1) {
                self.inst(block, &mut known);
            }
            self.terminator(block, &preds, &known);
        }
        for block in 0..self.blocks.len() {
            let mut known = self.known_at_start(block);
            known.extend(&self.defined[block]);
            for n in 0..self.graph.succs[block].len() {
                let succ = self.graph.succs[block][n];
                let params = self.blocks[succ].params.clone();
                let args = params.iter().map(|param| self.pick(&known, param.class())).collect();
                self.blocks[block].succs.push((Block::new(succ as u32), args));
            }
        }
    }

    /// What is defined in the blocks that dominate this one.
    fn known_at_start(&self, block: usize) -> Vec<VReg> {
        let mut chain = Vec::new();
        let mut at = block;
        while at != 0 {
            at = self.idom[at];
            chain.push(at);
        }
        chain.iter().rev().flat_map(|&block| self.defined[block].iter().copied()).collect()
    }

    fn new_vreg(&mut self) -> VReg {
        let class = if self.random.percent(70) { RegClass::Int } else { RegClass::Float };
        self.new_of(class)
    }

    fn new_of(&mut self, class: RegClass) -> VReg {
        self.next_vreg += 1;
        VReg::new(self.next_vreg - 1, class)
    }

    fn reg(class: RegClass, index: u8) -> PReg {
        match class {
            RegClass::Int => PReg::int(index),
            RegClass::Float => PReg::float(index),
        }
    }

    /// A known value of the class, mostly a recent one. The entry defines values of both classes.
    fn pick(&mut self, known: &[VReg], class: RegClass) -> VReg {
        let of_class: Vec<VReg> = known.iter().copied().filter(|v| v.class() == class).collect();
        let count = of_class.len();
        let index = if self.random.percent(self.shape.old_uses) {
            self.random.below(count.div_ceil(2))
        } else {
            count - 1 - self.random.below(count.min(8))
        };
        of_class[index]
    }

    /// The same, of those that can be stored.
    fn pick_storable(&mut self, known: &[VReg], class: RegClass) -> VReg {
        let unstorable = &self.unstorable;
        let storable = known.iter().copied().filter(|vreg| !unstorable.contains(vreg));
        let storable: Vec<VReg> = storable.collect();
        self.pick(&storable, class)
    }

    fn push(&mut self, block: usize, name: &str, operands: Vec<Operand>, clobbers: PRegSet) {
        self.blocks[block].insts.push(TestInst { name: name.to_owned(), operands, clobbers });
    }

    fn function_args(&mut self, known: &mut Vec<VReg>) {
        let mut operands = Vec::new();
        for class in RegClass::ALL {
            for index in 0..1 + self.random.below(4) as u8 {
                let vreg = self.new_of(class);
                operands.push(Operand::def_fixed(vreg, Self::reg(class, index)));
                self.defined[0].push(vreg);
                known.push(vreg);
            }
        }
        self.push(0, "args", operands, PRegSet::EMPTY);
    }

    fn inst(&mut self, block: usize, known: &mut Vec<VReg>) {
        if self.random.percent(self.shape.calls) {
            self.call(block, known);
            return;
        }
        if self.shape.odd > 0 && self.random.percent(self.shape.odd) {
            self.odd_inst(block, known);
            return;
        }
        let class = if self.random.percent(70) { RegClass::Int } else { RegClass::Float };
        let def = self.new_of(class);
        let a = self.pick(known, class);
        let b = self.pick(known, class);
        let other = if self.random.percent(50) { RegClass::Int } else { RegClass::Float };
        let c = self.pick(known, other);
        let (name, operands) = match self.random.below(16) {
            0 | 1 => ("const", vec![Operand::def_reg(def)]),
            2 => ("copy", vec![Operand::use_reg(a), Operand::def_reg(def)]),
            3 | 4 => {
                ("tied", vec![Operand::use_reg(a), Operand::use_reg(b), Operand::reuse(def, 0)])
            }
            5 => {
                let temp = self.new_of(class);
                let temp = Operand::def_early(temp);
                (
                    "temp",
                    vec![Operand::use_reg(a), temp, Operand::use_any(c), Operand::def_reg(def)],
                )
            }
            6 => ("late", vec![Operand::use_late(a), Operand::use_reg(c), Operand::def_reg(def)]),
            7 => ("any", vec![Operand::use_any(a), Operand::use_any(b), Operand::def_any(def)]),
            8 => {
                let index = self.random.below(usize::from(self.shape.caller_saved.max(1))) as u8;
                let fixed = Self::reg(class, index);
                (
                    "fixed",
                    vec![
                        Operand::use_fixed(a, fixed),
                        Operand::use_reg(c),
                        Operand::def_fixed(def, fixed),
                    ],
                )
            }
            9 if self.random.percent(30) => {
                let a = self.pick_storable(known, class);
                ("stack", vec![Operand::use_stack(a), Operand::use_reg(c), Operand::def_stack(def)])
            }
            _ => (
                "op",
                vec![
                    Operand::use_reg(a),
                    Operand::use_reg(b),
                    Operand::use_reg(c),
                    Operand::def_reg(def),
                ],
            ),
        };
        self.push(block, name, operands, PRegSet::EMPTY);
        self.defined[block].push(def);
        known.push(def);
    }

    /// An instruction of a kind that few machines have.
    fn odd_inst(&mut self, block: usize, known: &mut Vec<VReg>) {
        let class = if self.random.percent(50) { RegClass::Int } else { RegClass::Float };
        let other = if self.random.percent(50) { RegClass::Int } else { RegClass::Float };
        let (def, second) = (self.new_of(class), self.new_of(other));
        let (a, b, c) = (self.pick(known, class), self.pick(known, class), self.pick(known, other));
        let count = usize::from(self.shape.caller_saved);
        let (low, high) = (self.random.below(count - 1) as u8, count as u8 - 1);
        let lone = PRegSet::from_iter([Self::reg(class, low)]);
        let (name, operands, clobbers) = match self.random.below(13) {
            0 => ("lone", vec![], lone),
            1 => ("lone-use", vec![Operand::use_reg(a), Operand::def_any(def)], lone),
            // The late use must not be in the register that is lost.
            2 => ("lone-late", vec![Operand::use_late(a), Operand::use_any(c)], lone),
            3 => {
                let (low, high) = (Self::reg(class, low), Self::reg(class, high));
                let uses = [Operand::use_fixed(a, low), Operand::use_fixed(b, high)];
                let defs = [Operand::def_fixed(def, high)];
                ("exchange", uses.into_iter().chain(defs).collect(), PRegSet::EMPTY)
            }
            4 => {
                let uses = [low, high].map(|reg| Operand::use_fixed(a, Self::reg(class, reg)));
                ("twice", uses.into_iter().chain([Operand::use_any(a)]).collect(), PRegSet::EMPTY)
            }
            5 => {
                let operands = vec![
                    Operand::use_reg(a),
                    Operand::def_reg(second),
                    Operand::use_any(c),
                    Operand::def_any(def),
                ];
                ("two", operands, PRegSet::EMPTY)
            }
            6 => {
                let operands =
                    vec![Operand::use_any(c), Operand::use_reg(a), Operand::reuse(def, 1)];
                ("tied-second", operands, PRegSet::EMPTY)
            }
            7 => {
                let a = self.pick_storable(known, class);
                let operands =
                    vec![Operand::use_stack(a), Operand::use_reg(a), Operand::def_early(def)];
                ("both", operands, PRegSet::EMPTY)
            }
            8 => {
                let operands = vec![Operand::use_reg(c), Operand::def_reg(def)];
                ("copy", operands, PRegSet::EMPTY)
            }
            9 | 10 => {
                let [from, to] = UNALLOCATABLE.map(|index| Self::reg(class, index));
                let operands = vec![Operand::use_fixed(a, from), Operand::def_fixed(def, to)];
                ("outside", operands, PRegSet::EMPTY)
            }
            _ => {
                let fixed = Self::reg(class, low);
                let operands = vec![Operand::def_fixed(def, fixed), Operand::use_late(c)];
                ("fixed-late", operands, PRegSet::EMPTY)
            }
        };
        for operand in operands.iter().filter(|operand| operand.is_def()) {
            self.defined[block].push(operand.vreg());
            known.push(operand.vreg());
        }
        self.push(block, name, operands, clobbers);
    }

    /// A call: some arguments in registers, some anywhere, one result, everything caller-saved lost.
    fn call(&mut self, block: usize, known: &mut Vec<VReg>) {
        let mut operands = Vec::new();
        for class in RegClass::ALL {
            for index in 0..self.random.below(4) as u8 {
                let arg = self.pick(known, class);
                operands.push(Operand::use_fixed(arg, Self::reg(class, index)));
            }
        }
        if self.random.percent(30) {
            let arg = self.pick(known, RegClass::Int);
            operands.push(Operand::use_any(arg));
        }
        if self.random.percent(20) && self.shape.callee_saved >= 2 {
            let arg = self.pick(known, RegClass::Int);
            operands.push(Operand::use_late(arg));
        } else if self.random.percent(20) {
            let arg = self.pick(known, RegClass::Int);
            operands.push(Operand::use_reg(arg));
        }
        if self.random.percent(80) {
            let def = self.new_vreg();
            operands.push(Operand::def_fixed(def, Self::reg(def.class(), 0)));
            self.defined[block].push(def);
            known.push(def);
        }
        if !operands.is_empty() {
            let first = self.random.below(operands.len());
            operands.rotate_left(first);
        }
        let clobbers = (0..self.shape.caller_saved)
            .flat_map(|index| RegClass::ALL.map(|class| Self::reg(class, index)));
        let clobbers = clobbers.collect();
        self.push(block, "call", operands, clobbers);
    }

    fn terminator(&mut self, block: usize, preds: &[Vec<usize>], known: &[VReg]) {
        let (name, mut operands) = match self.graph.succs[block].as_slice() {
            [] => ("ret", vec![Operand::use_fixed(self.pick(known, RegClass::Int), PReg::int(0))]),
            &[only] if preds[only].len() > 1 => ("jump", vec![]),
            &[_] => ("jump", vec![Operand::use_reg(self.pick(known, RegClass::Int))]),
            _ => ("branch", vec![Operand::use_reg(self.pick(known, RegClass::Int))]),
        };
        if name == "branch" && self.random.percent(20) {
            let temp = self.new_of(RegClass::Int);
            operands.push(Operand::def_early(temp));
        }
        let alone = self.graph.succs[block].iter().all(|&succ| preds[succ].len() == 1);
        if self.shape.odd > 0 && name != "ret" && alone && self.random.percent(30) {
            let def = self.new_vreg();
            operands.push(Operand::def_reg(def));
            self.defined[block].push(def);
            self.unstorable.push(def);
        }
        self.push(block, name, operands, PRegSet::EMPTY);
    }
}

/// Numbers the blocks in layout order: reverse postorder, or any order at all.
fn lay_out(
    blocks: Vec<TestBlock>,
    graph: &Graph,
    shuffle: bool,
    random: &mut Random,
) -> TestFunction {
    let mut order = graph.reverse_postorder();
    if shuffle {
        for n in (1..order.len()).rev() {
            order.swap(n, random.below(n + 1));
        }
    }
    let mut number = vec![0; blocks.len()];
    order.iter().enumerate().for_each(|(n, &block)| number[block] = n);
    let mut laid_out: Vec<TestBlock> = order.iter().map(|&block| blocks[block].clone()).collect();
    for block in &mut laid_out {
        for (succ, _) in &mut block.succs {
            *succ = Block::new(number[succ.index()] as u32);
        }
    }
    TestFunction::new(laid_out, Block::new(number[0] as u32))
}
