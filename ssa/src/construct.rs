//! SSA construction: variables become values and block parameters.
//!
//! R. Cytron, J. Ferrante, B. Rosen, M. Wegman, K. Zadeck, *Efficiently Computing Static Single Assignment Form and the
//! Control Dependence Graph*, 1991: a variable that is written in some blocks needs a φ at their iterated dominance
//! frontier (`place`); a walk over the dominator tree then finds which definition each read sees. The form is pruned
//! without a liveness analysis: candidates for φ are only numbers while the walk runs, and those that no instruction
//! needs, directly or through others, never become block parameters. (A variable is live into a block exactly if its φ
//! there is needed.) So the cost follows the candidates and their edges, not blocks × variables.

use cfg::{Analyses, DomTree, FlowGraph};
use ir::{Block, Entity, Function, Inst, InstData, PrimaryMap, SecondaryMap, Type, Value, Var};

use crate::place::Phis;

/// Removes every variable, with its reads and writes.
///
/// - Reading a variable that was not written on the way gives 0.
/// - Blocks that cannot be reached are dropped from the layout.
/// - Block parameters and unnamed values get the name of the variable that they were the value of.
///
/// The function must pass [`ir::verify_function`].
pub fn construct(func: &mut Function) {
    construct_with(func, &mut Analyses::new());
}

/// As [`construct`], with what is known of the function's flow graph.
pub fn construct_with(func: &mut Function, analyses: &mut Analyses) {
    cfg::drop_unreachable(func, analyses);
    if func.vars.is_empty() {
        return;
    }
    let (graph, dom) = analyses.dominators(func);
    let phis = Phis::place(func, graph, dom);
    let mut walk = Walk::new(func, &phis);
    walk.run(func, graph, dom);
    let needed = walk.needed_phis(graph);
    rewrite(func, &phis, &walk, &needed);
    func.vars = PrimaryMap::new();
}

/// What a variable holds at some point.
#[derive(Clone, Copy)]
enum Def {
    /// 0: it was not written yet.
    Zero,
    /// A value of the function before construction.
    Value(Value),
    /// The candidate of this number.
    Phi(u32),
}

/// The walk over the dominator tree that finds what each read sees.
struct Walk<'a> {
    phis: &'a Phis,
    /// What each variable holds now.
    current: Vec<Def>,
    /// What each read of a variable saw.
    seen: SecondaryMap<Value, Option<Def>>,
    /// What flows over each edge to the candidates of its target.
    args: Vec<Def>,
    /// Where the arguments of each edge start: [`edge_start`](Self::edge_start).
    edges: Vec<u32>,
    /// Where the edges of each block start in `edges`.
    block_edges: Vec<u32>,
    /// Which candidates some instruction other than a write to a variable uses.
    used: Vec<bool>,
}

impl<'a> Walk<'a> {
    fn new(func: &Function, phis: &'a Phis) -> Self {
        Self {
            phis,
            current: vec![Def::Zero; func.vars.len()],
            seen: SecondaryMap::with_default(None),
            args: Vec::new(),
            edges: Vec::new(),
            block_edges: vec![0; func.num_blocks()],
            used: vec![false; phis.all.len()],
        }
    }

    fn run(&mut self, func: &mut Function, graph: &FlowGraph, dom: &DomTree) {
        enum Step {
            Enter(Block),
            Leave(usize),
        }
        // The variables that were changed, with what they held: undone when a subtree is left.
        let mut changed: Vec<(Var, Def)> = Vec::new();
        let mut stack: Vec<Step> = graph.entry().map(Step::Enter).into_iter().collect();
        while let Some(step) = stack.pop() {
            match step {
                Step::Leave(length) => {
                    for (var, def) in changed.drain(length..).rev() {
                        self.current[var.index()] = def;
                    }
                }
                Step::Enter(block) => {
                    stack.push(Step::Leave(changed.len()));
                    self.block(func, graph, block, &mut changed);
                    stack.extend(dom.children(block).iter().rev().map(|&child| Step::Enter(child)));
                }
            }
        }
    }

    fn block(
        &mut self,
        func: &mut Function,
        graph: &FlowGraph,
        block: Block,
        changed: &mut Vec<(Var, Def)>,
    ) {
        let mut set = |current: &mut Vec<Def>, var: Var, def: Def| {
            changed.push((var, std::mem::replace(&mut current[var.index()], def)));
        };
        for number in self.phis.of(block) {
            let var = self.phis.all[number as usize].var;
            set(&mut self.current, var, Def::Phi(number));
        }
        for index in 0..func.block_insts(block).len() {
            let inst = func.block_insts(block)[index];
            match *func.inst(inst) {
                InstData::VarGet { var } => {
                    if let Some(result) = func.result(inst) {
                        self.seen[result] = Some(self.current[var.index()]);
                    }
                }
                InstData::VarSet { var, value } => {
                    let def = self.seen[value].unwrap_or(Def::Value(value));
                    set(&mut self.current, var, def);
                    if let Def::Value(value) = def {
                        name_after(func, value, var);
                    }
                }
                _ => func.for_each_operand(inst, |value| {
                    if let Some(Def::Phi(number)) = self.seen[value] {
                        self.used[number as usize] = true;
                    }
                }),
            }
        }
        self.block_edges[block.index()] = self.edges.len() as u32;
        for &succ in graph.succs(block) {
            self.edges.push(self.args.len() as u32);
            for number in self.phis.of(succ) {
                let var = self.phis.all[number as usize].var;
                self.args.push(self.current[var.index()]);
            }
        }
    }

    /// Where the arguments for the candidates of the target of an edge start in `args`.
    fn edge_start(&self, from: Block, index: u32) -> usize {
        self.edges[(self.block_edges[from.index()] + index) as usize] as usize
    }

    /// The candidates that an instruction uses, directly or as arguments of needed ones.
    fn needed_phis(&self, graph: &FlowGraph) -> Vec<bool> {
        let mut needed = self.used.clone();
        let mut work: Vec<u32> =
            (0..needed.len() as u32).filter(|&number| needed[number as usize]).collect();
        while let Some(number) = work.pop() {
            let block = self.phis.all[number as usize].block;
            let place = (number - self.phis.of(block).start) as usize;
            for edge in graph.pred_edges(block) {
                let arg = self.args[self.edge_start(edge.from, edge.index) + place];
                if let Def::Phi(arg) = arg
                    && !std::mem::replace(&mut needed[arg as usize], true)
                {
                    work.push(arg);
                }
            }
        }
        needed
    }
}

fn name_after(func: &mut Function, value: Value, var: Var) {
    if func.value_name(value).is_none() && !func.vars[var].name.is_empty() {
        let name = func.vars[var].name.clone();
        func.set_value_name(value, &name);
    }
}

/// The constants that reads before any write see, made when they are first needed.
#[derive(Default)]
struct Zeros {
    values: [Option<Value>; Type::ALL.len()],
    insts: Vec<Inst>,
}

impl Zeros {
    fn value(&mut self, func: &mut Function, ty: Type) -> Value {
        let known = &mut self.values[ty as usize];
        if let Some(value) = *known {
            return value;
        }
        let data = if ty.is_int() {
            InstData::IntConst { imm: 0 }
        } else {
            InstData::FloatConst { bits: 0 }
        };
        let inst = func.create_inst(data, &[ty], None);
        self.insts.push(inst);
        let value = func.results(inst)[0];
        *known = Some(value);
        value
    }
}

/// Makes the needed candidates block parameters, and replaces what reads of variables saw.
fn rewrite(func: &mut Function, phis: &Phis, walk: &Walk<'_>, needed: &[bool]) {
    let mut params: Vec<Option<Value>> = Vec::with_capacity(phis.all.len());
    for (phi, needed) in phis.all.iter().zip(needed) {
        params.push(needed.then(|| {
            let param = func.append_block_param(phi.block, func.vars[phi.var].ty);
            name_after(func, param, phi.var);
            param
        }));
    }
    let mut zeros = Zeros::default();
    let mut resolve = |func: &mut Function, def: Def, ty: Type| match def {
        Def::Value(value) => value,
        // A candidate that is used is needed, so the parameter is there.
        Def::Phi(number) => params[number as usize].unwrap_or_else(|| zeros.value(func, ty)),
        Def::Zero => zeros.value(func, ty),
    };
    let mut args = Vec::new();
    for block in func.layout().to_vec() {
        let mut insts = func.take_block_insts(block);
        insts.retain(|&inst| match *func.inst(inst) {
            InstData::VarGet { .. } => {
                func.detach(inst);
                false
            }
            InstData::VarSet { .. } => false,
            _ => {
                let mut reads = false;
                func.for_each_operand(inst, |value| reads |= walk.seen[value].is_some());
                if reads {
                    // In two steps, as a constant cannot be made while operands are mapped.
                    let mut new = func.operands(inst);
                    for value in &mut new {
                        if let Some(def) = walk.seen[*value] {
                            *value = resolve(func, def, func.value_type(*value));
                        }
                    }
                    let mut new = new.into_iter();
                    func.map_operands(inst, |old| new.next().unwrap_or(old));
                }
                true
            }
        });
        func.set_block_insts(block, insts);
        let Some(terminator) = func.terminator(block) else { continue };
        let mut index = 0;
        func.map_successors(terminator, |func, call| {
            let start = walk.edge_start(block, index);
            index += 1;
            let numbers = phis.of(call.block);
            if !numbers.clone().any(|number| needed[number as usize]) {
                return call;
            }
            args.clear();
            args.extend_from_slice(func.list(call.args));
            for (place, number) in numbers.enumerate() {
                if needed[number as usize] {
                    let ty = func.vars[phis.all[number as usize].var].ty;
                    let value = resolve(func, walk.args[start + place], ty);
                    args.push(value);
                }
            }
            func.block_call(call.block, &args)
        });
    }
    if let Some(entry) = func.entry()
        && !zeros.insts.is_empty()
    {
        let mut insts = zeros.insts;
        insts.extend(func.take_block_insts(entry));
        func.set_block_insts(entry, insts);
    }
}
