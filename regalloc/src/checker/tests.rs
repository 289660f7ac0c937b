//! That the work of the checker is in proportion to the function, on the shapes where a state for each block is not; and
//! what only this crate can write down wrongly.

use super::{CheckError, check, prove};
use crate::env::{Allocation, Options};
use crate::function::Function;
use crate::operand::{Block, Inst, Operand, PReg, PRegSet, RegClass, VReg};
use crate::testing::{TestBlock, TestFunction, TestInst, machine, parse};

fn v(index: usize) -> VReg {
    VReg::new(index as u32, RegClass::Int)
}

fn inst(operands: Vec<Operand>) -> TestInst {
    TestInst { name: "op".to_owned(), operands, ..TestInst::default() }
}

fn block(params: Vec<VReg>, insts: Vec<TestInst>, succs: &[(usize, Vec<VReg>)]) -> TestBlock {
    let succs = succs.iter().map(|(to, args)| (Block::new(*to as u32), args.clone())).collect();
    TestBlock { params, insts, succs, depth: 0 }
}

fn jump(to: usize, args: Vec<VReg>) -> TestBlock {
    block(vec![], vec![inst(vec![])], &[(to, args)])
}

/// Blocks that only jump to the next.
fn empty(count: usize) -> Vec<TestBlock> {
    let mut blocks =
        vec![block(vec![], vec![inst(vec![Operand::def_reg(v(0))]), inst(vec![])], &[(1, vec![])])];
    blocks.extend((1..count).map(|at| jump(at + 1, vec![])));
    blocks.push(block(vec![], vec![inst(vec![Operand::use_reg(v(0))])], &[]));
    blocks
}

/// Ifs that all leave to one exit, each with a value of its own.
fn ladder(count: usize) -> Vec<TestBlock> {
    let mut blocks =
        vec![block(vec![], vec![inst(vec![Operand::def_reg(v(0))]), inst(vec![])], &[(1, vec![])])];
    for at in 0..count {
        let own = v(2 + at);
        let test = vec![
            inst(vec![Operand::use_reg(v(0)), Operand::def_reg(own)]),
            inst(vec![Operand::use_reg(own)]),
        ];
        let next = if at + 1 < count { 3 + 2 * at } else { 2 + 2 * at };
        blocks.push(block(
            vec![],
            test,
            &[(2 + 2 * at, vec![]), (next, vec![])][..1 + usize::from(at + 1 < count)],
        ));
        blocks.push(jump(2 * count + 1, vec![own]));
    }
    blocks.push(block(vec![v(1)], vec![inst(vec![Operand::use_reg(v(1))])], &[]));
    blocks
}

/// Ifs one after another whose values all live to the end.
fn diamonds(count: usize) -> Vec<TestBlock> {
    let mut blocks =
        vec![block(vec![], vec![inst(vec![Operand::def_reg(v(0))]), inst(vec![])], &[(1, vec![])])];
    for at in 0..count {
        let (head, own) = (1 + 4 * at, 1 + 3 * at);
        let test = vec![inst(vec![Operand::use_reg(v(0))])];
        blocks.push(block(vec![], test, &[(head + 1, vec![]), (head + 2, vec![])]));
        for value in [v(own), v(own + 1)] {
            let arm = vec![inst(vec![Operand::def_reg(value)]), inst(vec![])];
            blocks.push(block(vec![], arm, &[(head + 3, vec![value])]));
        }
        blocks.push(block(vec![v(own + 2)], vec![inst(vec![])], &[(head + 4, vec![])]));
    }
    let uses = (0..count).map(|at| inst(vec![Operand::use_reg(v(3 + 3 * at))]));
    blocks.push(block(vec![], uses.collect(), &[]));
    blocks
}

/// A loop that reverses its parameters.
fn reversal(count: usize) -> Vec<TestBlock> {
    let defs = (0..count).map(|at| inst(vec![Operand::def_reg(v(at))])).chain([inst(vec![])]);
    let params: Vec<VReg> = (count..2 * count).map(v).collect();
    let test = vec![inst(vec![Operand::use_reg(v(count))])];
    vec![
        block(vec![], defs.collect(), &[(1, (0..count).map(v).collect())]),
        block(params.clone(), test, &[(2, vec![]), (3, vec![])]),
        jump(1, params.iter().rev().copied().collect()),
        block(
            vec![],
            params.iter().map(|&param| inst(vec![Operand::use_reg(param)])).collect(),
            &[],
        ),
    ]
}

/// Loops inside of each other, each with a counter.
fn nest(count: usize) -> Vec<TestBlock> {
    let mut blocks = vec![block(
        vec![],
        vec![inst(vec![Operand::def_reg(v(0))]), inst(vec![])],
        &[(1, vec![v(0)])],
    )];
    // Headers 1..=count, then the latch and the exit of each, from the innermost out.
    for at in 1..=count {
        let next = if at < count { (at + 1, vec![v(at)]) } else { (count + 1, vec![]) };
        blocks.push(block(vec![v(at)], vec![inst(vec![])], &[next]));
    }
    for at in (1..=count).rev() {
        let here = blocks.len();
        let test = vec![inst(vec![Operand::use_reg(v(at))])];
        blocks.push(block(vec![], test, &[(here + 1, vec![]), (here + 2, vec![])]));
        blocks.push(jump(at, vec![v(at)]));
        blocks.push(jump(here + 3, vec![]));
    }
    blocks.push(block(vec![], vec![inst(vec![Operand::use_reg(v(0))])], &[]));
    blocks
}

/// Calls one after another, in a loop.
fn calls(count: usize) -> Vec<TestBlock> {
    let clobbers: PRegSet = (0..16).map(PReg::int).collect();
    let call =
        TestInst { name: "call".to_owned(), operands: vec![Operand::use_any(v(0))], clobbers };
    let mut body = vec![call; count];
    body.push(inst(vec![Operand::use_reg(v(0))]));
    vec![
        block(vec![], vec![inst(vec![Operand::def_reg(v(0))]), inst(vec![])], &[(1, vec![])]),
        block(vec![], body, &[(2, vec![]), (3, vec![])]),
        jump(1, vec![]),
        block(vec![], vec![inst(vec![])], &[]),
    ]
}

/// Allocates and checks; the size of the function with its edits, and the work of the checker.
fn measure(blocks: Vec<TestBlock>) -> (usize, usize) {
    let function = TestFunction::new(blocks, Block::new(0));
    let env = machine(10, 6);
    let allocation = crate::run(&function, &env, &Options::default()).expect("it can be allocated");
    let operands: usize =
        (0..function.num_insts()).map(|n| function.inst_operands(Inst::new(n as u32)).len()).sum();
    let size = operands + function.num_insts() + function.num_blocks() + allocation.edits().len();
    let work = prove(&function, &env, &allocation).expect("it is right");
    (size, work)
}

/// Counted, not timed.
#[test]
fn work_is_in_proportion_to_the_function() {
    type Make = fn(usize) -> Vec<TestBlock>;
    let shapes: [(&str, Make, usize); 6] = [
        ("empty blocks", empty, 1000),
        ("ladder", ladder, 300),
        ("diamonds", diamonds, 60),
        ("reversal", reversal, 100),
        ("nest", nest, 30),
        ("calls", calls, 300),
    ];
    for (name, make, count) in shapes {
        let (small, large) = (measure(make(count)), measure(make(10 * count)));
        println!("{name}: {small:?}, ten times as large {large:?}");
        let per_unit = |(size, work): (usize, usize)| work as f64 / size as f64;
        assert!(per_unit(large) < 1.2 * per_unit(small) + 0.5, "{name}: {small:?} {large:?}");
        assert!(large.1 < 20 * large.0, "{name}: {large:?}");
    }
}

/// The sizes that once took gigabytes; by hand, with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "large"]
fn large_shapes_are_checked_in_seconds() {
    let shapes = [
        ("empty blocks", empty(100_000)),
        ("ladder", ladder(30_000)),
        ("diamonds", diamonds(4000)),
        ("reversal", reversal(4000)),
        ("nest", nest(2000)),
        ("calls", calls(30_000)),
    ];
    for (name, blocks) in shapes {
        let function = TestFunction::new(blocks, Block::new(0));
        let env = machine(10, 6);
        let start = std::time::Instant::now();
        let allocation = crate::run(&function, &env, &Options::default()).expect("it fits");
        let allocated = start.elapsed();
        let work = prove(&function, &env, &allocation).expect("it is right");
        println!(
            "{name}: allocated in {allocated:?}, checked in {:?}, work {work}",
            start.elapsed() - allocated
        );
    }
}

const NEEDLESS: &str = "
    block0:
        args def v0:r0
        const def v1
        op use v0, use v1, def v2
        ret use v2:r0
";

/// What may be left out must be what can be made again, and nobody may read it where it was.
#[test]
fn what_may_be_left_out_is_nothing_but_a_constant() {
    let function = parse(NEEDLESS).expect("it parses");
    let env = machine(6, 2);
    let right = crate::run(&function, &env, &Options::default()).expect("it can be allocated");
    assert_eq!(check(&function, &env, &right), Ok(()));
    let needless = |insts: &[u32]| Allocation {
        needless: insts.iter().copied().map(Inst::new).collect(),
        ..right.clone()
    };
    for inst in [0, 2, 3] {
        let found = check(&function, &env, &needless(&[inst]));
        assert_eq!(found, Err(CheckError::Needless { inst: Inst::new(inst) }));
    }
    // The constant can be left out if it is made again where it is read, and not otherwise.
    let constant = Inst::new(1);
    let mut without = needless(&[1]);
    without.edits.clear();
    let found = check(&function, &env, &without);
    assert!(matches!(found, Err(CheckError::WrongValue { vreg, .. }) if vreg == v(1)), "{found:?}");
    let to = right.inst_locs(Inst::new(2))[1].as_reg().expect("it is in a register");
    without.edits =
        vec![(crate::ProgPoint::before(Inst::new(2)), crate::Edit::Remat { inst: constant, to })];
    assert_eq!(check(&function, &env, &without), Ok(()));
    // Even what is left out has to have a place that exists.
    without.locs[without.first[1] as usize] = crate::Loc::Stack(crate::SpillSlot::new(7));
    let found = check(&function, &env, &without);
    assert!(matches!(found, Err(CheckError::Constraint { .. })), "{found:?}");
}
