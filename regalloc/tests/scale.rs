//! Large and lopsided functions: nothing may take quadratic time.

mod common;

use std::time::{Duration, Instant};

use common::testing::{TestBlock, TestFunction, TestInst, machine};
use regalloc::{
    Allocator, Block, MachineEnv, Operand, Options, PReg, PRegSet, RegClass, Stats, VReg,
};

fn v(index: usize) -> VReg {
    VReg::new(index as u32, RegClass::Int)
}

fn inst(operands: Vec<Operand>) -> TestInst {
    TestInst { name: "op".to_owned(), operands, ..TestInst::default() }
}

fn call(operands: Vec<Operand>) -> TestInst {
    let clobbers: PRegSet = (0..16).map(PReg::int).collect();
    TestInst { name: "call".to_owned(), operands, clobbers }
}

fn block(params: Vec<VReg>, insts: Vec<TestInst>, succs: Vec<(usize, Vec<VReg>)>) -> TestBlock {
    let succs = succs.into_iter().map(|(to, args)| (Block::new(to as u32), args)).collect();
    TestBlock { params, insts, succs, depth: 0 }
}

fn arm_like() -> MachineEnv {
    machine(16, 10)
}

/// Allocates and says how long it took, and what was inserted.
fn time(name: &str, blocks: Vec<TestBlock>) -> (Duration, Stats) {
    let function = TestFunction::new(blocks, Block::new(0));
    let env = arm_like();
    let start = Instant::now();
    let mut allocator = Allocator::new();
    let stats = match allocator.run(&function, &env, &Options::default()) {
        Ok(allocation) => allocation.stats(),
        Err(error) => panic!("{name}: {error}"),
    };
    let elapsed = start.elapsed();
    println!("{name}: {} instructions, {elapsed:?}, {stats:?}", function.num_insts());
    (elapsed, stats)
}

/// One block, each instruction reading the results of two before it.
fn chain(count: usize) -> Vec<TestBlock> {
    let mut insts = vec![inst(vec![Operand::def_reg(v(0)), Operand::def_reg(v(1))])];
    for n in 2..count {
        insts.push(inst(vec![
            Operand::use_reg(v(n - 1)),
            Operand::use_reg(v(n - 2)),
            Operand::def_reg(v(n)),
        ]));
    }
    insts.push(inst(vec![]));
    vec![block(vec![], insts, vec![])]
}

/// `width` values that are all defined before any is used, `rounds` times over in a loop.
fn wide(width: usize, rounds: usize) -> Vec<TestBlock> {
    let entry = (0..width).map(|n| inst(vec![Operand::def_reg(v(n))]));
    let entry = entry.chain([inst(vec![])]).collect();
    let mut body = Vec::new();
    for _ in 0..rounds {
        body.extend((0..width).map(|n| inst(vec![Operand::use_reg(v(n * 7 % width))])));
    }
    body.push(inst(vec![Operand::use_reg(v(0))]));
    vec![
        block(vec![], entry, vec![(1, vec![])]),
        TestBlock { depth: 1, ..block(vec![], body, vec![(2, vec![]), (3, vec![])]) },
        block(vec![], vec![inst(vec![])], vec![(1, vec![])]),
        block(vec![], vec![inst(vec![])], vec![]),
    ]
}

/// A switch with `arms` arms that all pass another value to one block.
fn switch(arms: usize) -> Vec<TestBlock> {
    let head = vec![inst(vec![Operand::def_reg(v(0))]), inst(vec![Operand::use_reg(v(0))])];
    let mut blocks = vec![block(vec![], head, (1..=arms).map(|n| (n, vec![])).collect())];
    for n in 1..=arms {
        let body = vec![inst(vec![Operand::def_reg(v(n))]), inst(vec![])];
        blocks.push(block(vec![], body, vec![(arms + 1, vec![v(n)])]));
    }
    let end = vec![inst(vec![Operand::use_reg(v(arms + 1)), Operand::use_reg(v(0))])];
    blocks.push(block(vec![v(arms + 1)], end, vec![]));
    blocks
}

/// Ifs one after another, with `live` values that are live through all of them.
fn diamonds(count: usize, live: usize) -> Vec<TestBlock> {
    let mut next = live;
    let defs = (0..live).map(|n| inst(vec![Operand::def_reg(v(n))])).chain([inst(vec![])]);
    let mut blocks = vec![block(vec![], defs.collect(), vec![(1, vec![])])];
    for n in 0..count {
        let head = 1 + 4 * n;
        let (a, b, join) = (v(next), v(next + 1), v(next + 2));
        next += 3;
        let used = Operand::use_reg(v(n % live));
        blocks.push(block(
            vec![],
            vec![inst(vec![used])],
            vec![(head + 1, vec![]), (head + 2, vec![])],
        ));
        for def in [a, b] {
            let insts = vec![inst(vec![used, Operand::def_reg(def)]), inst(vec![])];
            blocks.push(block(vec![], insts, vec![(head + 3, vec![def])]));
        }
        let insts = vec![inst(vec![Operand::use_reg(join)]), inst(vec![])];
        blocks.push(block(vec![join], insts, vec![(head + 4, vec![])]));
    }
    let uses = (0..live).map(|n| inst(vec![Operand::use_reg(v(n))]));
    blocks.push(block(vec![], uses.collect(), vec![]));
    blocks
}

/// A loop with `count` exits; `count` values are read in it and after it, and another for each exit is read there only.
fn exits(count: usize) -> Vec<TestBlock> {
    let defs = (0..count).map(|n| inst(vec![Operand::def_reg(v(n))])).chain([inst(vec![])]);
    let mut blocks = vec![block(vec![], defs.collect(), vec![(1, vec![])])];
    for n in 0..count {
        let insts = vec![inst(vec![Operand::use_reg(v(n)), Operand::def_reg(v(count + n))])];
        let succs = vec![(n + 2, vec![]), (count + 2 + n, vec![])];
        blocks.push(TestBlock { depth: 1, ..block(vec![], insts, succs) });
    }
    let back = block(vec![], vec![inst(vec![])], vec![(1, vec![])]);
    blocks.push(TestBlock { depth: 1, ..back });
    for n in 0..count {
        let insts = vec![inst(vec![Operand::use_reg(v(count + n))]), inst(vec![])];
        blocks.push(block(vec![], insts, vec![(2 * count + 2, vec![])]));
    }
    let uses = (0..count).map(|n| inst(vec![Operand::use_reg(v(n))]));
    blocks.push(block(vec![], uses.collect(), vec![]));
    blocks
}

/// Calls one after another across which `live` values are live.
fn calls(count: usize, live: usize) -> Vec<TestBlock> {
    let mut insts: Vec<_> = (0..live).map(|n| inst(vec![Operand::def_reg(v(n))])).collect();
    for n in 0..count {
        let result = v(live + n);
        insts.push(call(vec![
            Operand::use_fixed(v(n % live), PReg::int(0)),
            Operand::use_fixed(v((n + 1) % live), PReg::int(1)),
            Operand::def_fixed(result, PReg::int(0)),
        ]));
        insts.push(inst(vec![Operand::use_reg(result), Operand::use_reg(v(n * 3 % live))]));
    }
    insts.extend((0..live).map(|n| inst(vec![Operand::use_reg(v(n))])));
    vec![block(vec![], insts, vec![])]
}

/// A loop that rotates `width` parameters.
fn rotation(width: usize) -> Vec<TestBlock> {
    let entry = (0..width).map(|n| inst(vec![Operand::def_reg(v(n))])).chain([inst(vec![])]);
    let params: Vec<_> = (width..2 * width).map(v).collect();
    let rotated = (width..2 * width).map(|n| v(width + (n + 1 - width) % width)).collect();
    vec![
        block(vec![], entry.collect(), vec![(1, (0..width).map(v).collect())]),
        TestBlock {
            depth: 1,
            ..block(
                params,
                vec![inst(vec![Operand::use_reg(v(width))])],
                vec![(2, vec![]), (3, vec![])],
            )
        },
        TestBlock { depth: 1, ..block(vec![], vec![inst(vec![])], vec![(1, rotated)]) },
        block(vec![], vec![inst(vec![])], vec![]),
    ]
}

/// Ten times the size may take thirty times as long, which quadratic work would not keep. The least times count, as other
/// programs can only lengthen them: for an algorithm in line with the size, one undisturbed run of each is enough.
#[test]
fn time_grows_about_linearly() {
    type Make = fn(usize) -> Vec<TestBlock>;
    let cases: [(&str, usize, Make); 8] = [
        ("chain", 1000, chain),
        ("wide", 100, |n| wide(n, 10)),
        ("switch", 500, switch),
        ("diamonds", 200, |n| diamonds(n, 40)),
        ("all live in all diamonds", 100, |n| diamonds(n, n)),
        ("exits", 100, exits),
        ("calls", 300, |n| calls(n, 30)),
        ("rotation", 200, rotation),
    ];
    for (name, size, make) in cases {
        let (mut small, mut large) = (Duration::MAX, Duration::MAX);
        for _ in 0..20 {
            small = small.min(time(name, make(size)).0);
            large = large.min(time(name, make(10 * size)).0);
            if large < 30 * small {
                break;
            }
        }
        assert!(large < 30 * small, "{name}: {small:?}, ten times as large {large:?}");
    }
}

/// The sizes at which bad algorithms are noticed; by hand, with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "large"]
fn the_worst_cases_finish_in_seconds() {
    let cases = [
        ("chain", chain(100_000)),
        ("wide", wide(1000, 50)),
        ("switch", switch(100_000)),
        ("diamonds", diamonds(25_000, 40)),
        ("diamonds", diamonds(2_500, 1000)),
        ("calls", calls(30_000, 50)),
        ("rotation", rotation(20_000)),
    ];
    for (name, blocks) in cases {
        assert!(time(name, blocks).0 < Duration::from_secs(5), "{name}");
    }
}
