//! Random functions, allocated and checked. `JITSU_SEEDS=500000 cargo test --release -p regalloc --test random` runs more.

mod common;

use common::execute::execute;
use common::testing::{Shape, TestFunction, generate, machine};
use regalloc::{Allocation, Edit, Inst, Loc, Options, PRegSet, check, dump, run};
use testkit::Random;

/// Allocates the function of this seed and proves the result right.
fn allocate(seed: u64, shape: &Shape) -> Result<(), String> {
    let function = generate(seed, shape);
    let env = machine(shape.caller_saved, shape.callee_saved);
    let allocation = run(&function, &env, &Options::default())
        .map_err(|error| format!("{error}\nseed {seed}, {shape:?}\n{function}"))?;
    check(&function, &env, &allocation).map_err(|error| {
        let mut text = String::new();
        dump(&function, &allocation, &mut text).unwrap();
        format!("{error}\nseed {seed}, {shape:?}\n{function}\n{text}")
    })?;
    let mut random = Random::new(seed);
    execute(&function, &env, &allocation, &mut random, 200).map_err(|error| {
        format!("{error}, which the checker does not see\nseed {seed}, {shape:?}\n{function}")
    })?;
    if allocation.used_regs() != mentioned(&function, &allocation) {
        return Err(format!("{:?} are used\nseed {seed}, {shape:?}", allocation.used_regs()));
    }
    Ok(())
}

/// The registers that operands and edits mention.
fn mentioned(function: &TestFunction, allocation: &Allocation) -> PRegSet {
    let insts = (0..function.num_insts()).map(|n| Inst::new(n as u32));
    let operands = insts.flat_map(|inst| allocation.inst_locs(inst)).copied();
    let edits = allocation.edits().iter().flat_map(|(_, edit)| match *edit {
        Edit::Move { from, to, .. } => vec![from, to],
        Edit::Remat { to, .. } => vec![Loc::Reg(to)],
    });
    operands.chain(edits).filter_map(Loc::as_reg).collect()
}

/// A shape for every seed: from roomy to cramped, from straight to wild.
fn shape_of(seed: u64) -> Shape {
    let n = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let (caller_saved, callee_saved) = [(4, 2), (6, 0), (8, 4), (5, 1), (16, 10)][(n % 5) as usize];
    Shape {
        blocks: 2 + (n / 5 % 17) as usize,
        insts: 1 + (n / 85 % 12) as usize,
        caller_saved,
        callee_saved,
        old_uses: [10, 30, 60][(n / 1020 % 3) as usize],
        calls: [0, 5, 30][(n / 3060 % 3) as usize],
        odd: [0, 15, 50][(n / 18_360 % 3) as usize],
        wild: (n / 9180).is_multiple_of(2),
    }
}

/// A debug build tries some, the release build that `cargo xtask test` runs beside it very many.
const SEEDS: u64 = if cfg!(debug_assertions) { 500 } else { 20_000 };

#[test]
fn every_allocation_is_proved() {
    let failures = testkit::in_parallel(|part, parts| {
        let ours = testkit::seeds(SEEDS).filter(|seed| seed % parts == part);
        let reports = ours.filter_map(|seed| allocate(seed, &shape_of(seed)).err());
        reports.min_by_key(String::len)
    });
    if let Some(shortest) = failures.into_iter().flatten().min_by_key(String::len) {
        panic!("the shortest of all failures:\n{shortest}");
    }
}
