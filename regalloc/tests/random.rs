//! Random functions, allocated and checked.

#[allow(dead_code)] // each test uses its part
mod common;

use common::execute::execute;
use regalloc::testing::{Shape, generate, machine};
use regalloc::{Allocation, Allocator, MachineEnv, Options, check, dump};
use testkit::Random;

/// Allocates the function of this seed and proves the result right.
fn allocate(
    seed: u64,
    shape: &Shape,
    options: &Options,
) -> Result<(Allocation, MachineEnv), String> {
    let function = generate(seed, shape);
    let env = machine(shape.caller_saved, shape.callee_saved);
    let allocation = Allocator::new()
        .run(&function, &env, options)
        .cloned()
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
    Ok((allocation, env))
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

#[test]
fn every_allocation_is_proved() {
    for seed in 0..500 {
        if let Err(report) = allocate(seed, &shape_of(seed), &Options::default()) {
            panic!("{report}");
        }
    }
}

/// Many more, for a long run by hand: `JITSU_SEEDS=20000 cargo test --release -p regalloc -- --ignored`.
#[test]
#[ignore = "takes as long as it is told to"]
fn many_seeds() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("JITSU_FIRST_SEED").unwrap_or(0);
    let seeds = first..first + number("JITSU_SEEDS").unwrap_or(20_000);
    let reports =
        seeds.filter_map(|seed| allocate(seed, &shape_of(seed), &Options::default()).err());
    if let Some(shortest) = reports.min_by_key(String::len) {
        panic!("the shortest of all failures:\n{shortest}");
    }
}
