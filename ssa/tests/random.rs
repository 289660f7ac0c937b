//! Random functions against what SSA form means and where φ must be.
//!
//! The oracle walks random ways through the graph, before and after construction, and compares what every instruction
//! is given. Where parameters must be is found by iterating the definitions of liveness and of dominance frontiers.

use std::collections::{BTreeMap, BTreeSet};

use cfg::{DomTree, FlowGraph};
use ir::{Block, Entity, Function, FunctionBuilder, InstData, Opcode, Type, Value, Var};
use proptest::prelude::{
    ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, proptest,
};

const VARS: usize = 4;

/// What a block does: reads (0 of a pair) and writes (1) of variables, and the blocks it leads to.
type Plan = Vec<(Vec<(bool, usize)>, Vec<usize>)>;

fn plans() -> impl Strategy<Value = Plan> {
    (2..10usize).prop_flat_map(|count| {
        let access = (any::<bool>(), 0..VARS);
        let accesses = prop::collection::vec(access, 0..5);
        // No edge leads to the entry.
        let succs = prop::collection::vec(1..count, 0..4);
        prop::collection::vec((accesses, succs), count)
    })
}

/// The function of a plan: what is read is stored, and what is written is a value of its own.
fn function(plan: &Plan) -> Function {
    let b = FunctionBuilder::new("random");
    let x = b.param(Type::I64);
    let vars: Vec<Var> = (0..VARS).map(|_| b.var("x", Type::I64)).collect();
    let mut blocks = vec![b.current_block()];
    blocks.extend((1..plan.len()).map(|_| b.block("")));
    for (block, (accesses, succs)) in blocks.iter().zip(plan) {
        b.switch_to(*block);
        for (n, &(write, var)) in accesses.iter().enumerate() {
            if write {
                b.set(vars[var], b.add(x, (block.index() * 10 + n) as i64));
            } else {
                b.store(vars[var], x, 0);
            }
        }
        match succs[..] {
            [] => b.ret(()),
            [one] => b.jump(blocks[one]),
            [one, two] => b.branch(x, blocks[one], blocks[two]),
            [default, ref cases @ ..] => {
                let cases: Vec<_> = cases.iter().zip(0..).map(|(&to, n)| (n, blocks[to])).collect();
                b.switch(x, blocks[default], &cases);
            }
        }
    }
    b.finish().expect("a plan is a valid function")
}

/// What a value is when an instruction runs.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Token {
    Zero,
    /// The value that this one stands for was made by an instruction or given to the function.
    Made(Value),
}

/// Walks from the entry, at each block along the successor that `choices` says, and returns what was stored.
fn walk(func: &Function, choices: &[u8]) -> Vec<Token> {
    let mut vars = [Token::Zero; VARS];
    let mut values: BTreeMap<Value, Token> = BTreeMap::new();
    let mut stored = Vec::new();
    let mut at = func.entry();
    for &choice in choices {
        let Some(block) = at else { break };
        for &inst in func.block_insts(block) {
            let token = |value: Value, values: &BTreeMap<Value, Token>| {
                values.get(&value).copied().unwrap_or(Token::Made(value))
            };
            match *func.inst(inst) {
                InstData::VarGet { var } => {
                    values.insert(func.results(inst)[0], vars[var.index()]);
                }
                InstData::VarSet { var, value } => vars[var.index()] = token(value, &values),
                InstData::Store { value, .. } => stored.push(token(value, &values)),
                InstData::IntConst { imm: 0 } => {
                    values.insert(func.results(inst)[0], Token::Zero);
                }
                _ => {}
            }
        }
        let mut targets = Vec::new();
        let last = func.terminator(block).expect("a block ends in a terminator");
        func.for_each_successor(last, |call| targets.push(call));
        at = None;
        if !targets.is_empty() {
            let call = targets[choice as usize % targets.len()];
            let args = func.list(call.args).iter();
            let args: Vec<Token> =
                args.map(|v| values.get(v).copied().unwrap_or(Token::Made(*v))).collect();
            values.extend(func.block_params(call.block).iter().copied().zip(args));
            at = Some(call.block);
        }
    }
    stored
}

/// How many variables are live into each block that is in the iterated dominance frontier of the variable's writes.
fn expected_params(func: &Function) -> BTreeMap<Block, usize> {
    let graph = FlowGraph::new(func);
    let dom = DomTree::new(&graph);
    let mut expected = BTreeMap::new();
    for var in func.vars.keys() {
        let accesses = |block: Block| {
            func.block_insts(block).iter().filter_map(move |&inst| match *func.inst(inst) {
                InstData::VarGet { var: other } if other == var => Some(Opcode::VarGet),
                InstData::VarSet { var: other, .. } if other == var => Some(Opcode::VarSet),
                _ => None,
            })
        };
        let writes = |block: Block| accesses(block).any(|op| op == Opcode::VarSet);
        let mut live: BTreeSet<Block> = BTreeSet::new();
        let mut joins: BTreeSet<Block> = BTreeSet::new();
        loop {
            let before = (live.len(), joins.len());
            for b in graph.rpo() {
                let goes_on = !writes(b) && graph.succs(b).iter().any(|to| live.contains(to));
                if accesses(b).next() == Some(Opcode::VarGet)
                    || (accesses(b).next().is_none() && goes_on)
                {
                    live.insert(b);
                }
                let in_frontier = |&a: &Block| {
                    !dom.strictly_dominates(a, b)
                        && graph.preds(b).any(|p| graph.is_reachable(p) && dom.dominates(a, p))
                };
                let mut sources = graph.rpo().filter(|&a| writes(a) || joins.contains(&a));
                if sources.any(|a| in_frontier(&a)) {
                    joins.insert(b);
                }
            }
            if before == (live.len(), joins.len()) {
                break;
            }
        }
        for block in live.intersection(&joins) {
            *expected.entry(*block).or_insert(0) += 1;
        }
    }
    expected
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: testkit::cases(400), ..ProptestConfig::default() })]

    #[test]
    fn every_way_stores_the_same(plan in plans(), ways in prop::collection::vec(prop::collection::vec(any::<u8>(), 20), 8)) {
        let func = function(&plan);
        let mut ssa = func.clone();
        ssa::construct(&mut ssa);
        ssa::verify(&ssa).unwrap();
        for choices in ways {
            prop_assert_eq!(walk(&func, &choices), walk(&ssa, &choices), "{}\n{}", func, ssa);
        }
    }

    #[test]
    fn parameters_are_where_live_variables_meet(plan in plans()) {
        let func = function(&plan);
        let mut ssa = func.clone();
        ssa::construct(&mut ssa);
        let expected = expected_params(&func);
        for &block in &ssa.layout()[1..] {
            let params = ssa.block_params(block).len();
            prop_assert_eq!(params, expected.get(&block).copied().unwrap_or(0), "{} {}\n{}", block, func, ssa);
        }
        prop_assert!(ssa.vars.is_empty());
    }
}
