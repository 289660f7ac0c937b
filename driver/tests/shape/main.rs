//! Shapes that break compilers: cases 35 to 53 of `README.md` in this folder, by number. Every module must compile and give
//! the right answer on every engine at every level, or be refused with an error that names the limit.
//!
//! The sizes of the list are for a release build, by hand: `cargo test --release -p driver --test shape -- --ignored`.

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod limits;

use std::time::Instant;

use cases::Case;
use common::trusted;
use driver::{Configuration, Engine, Hosts, Options, Value};

macro_rules! cases {
    ($($name:ident: $make:ident, $expected:ident, $args:expr, $size:expr, $large:expr;)*) => {
        /// Every case and its name.
        const CASES: &[(&str, Case)] = &[$((
            stringify!($name),
            Case {
                make: cases::$make,
                expected: cases::$expected,
                args: &$args,
                size: $size,
                large: $large,
            },
        )),*];

        $(#[test]
        fn $name() {
            if let Some((name, case)) = CASES.iter().find(|(name, _)| *name == stringify!($name)) {
                check(name, case, case.size);
            }
        })*
    };
}

// Name, shape, what it gives, arguments, size, and the size of the list.
cases! {
    case_35_chain_of_blocks: chain, chain_expected, [0, 5, -77], 500, 100_000;
    case_35_diamonds: diamonds, diamonds_expected, [0, 5, -77], 300, 100_000;
    case_36_straight_instructions: straight, straight_expected, [0, 5, -77], 4_000, 1_000_000;
    case_37_deep_dominator_tree: deep_dominators, deep_dominators_expected, [0, 299, 300, -1], 300, 100_000;
    case_38_parameters: parameters, parameters_expected, [0, 3, -3], 300, 1_000;
    case_39_live_values: live_values, live_values_expected, [0, 5, -77], 300, 1_000;
    case_40_rotation: rotation, rotation_expected, [1, 2, 3, 8], 40, 1_000;
    case_41_critical_edges: critical_edges, critical_edges_expected, [0, 1, 2, 3, -77], 200, 50_000;
    case_43_irreducible: irreducible, irreducible_expected, [0, 5, 77], 100, 30_000;
    case_44_loop_nest: nest, nest_expected, [0, -77], 30, 100;
    case_45_fan_in: fan_in, fan_in_expected, [0, 3, 4, 597, 600, -3], 200, 100_000;
    case_46_functions: functions, functions_expected, [0, 5], 300, 100_000;
    case_47_shared: shared, shared_expected, [0, 5, -77], 200, 20_000;
    case_48_dead_web: dead_web, dead_web_expected, [0, 3], 200, 10_000;
    case_50_far: far, far_expected, [0, 5, -77], 2_000, 400_000;
}

/// Every engine that runs here, at every level, with and without what the interpreter's IR is optimised by.
fn configurations() -> Vec<Options> {
    Configuration::all().into_iter().map(|configuration| trusted(configuration.options())).collect()
}

/// Compiles and runs a case on a stack that recursion over the input would overflow.
fn check(name: &'static str, case: &Case, size: usize) {
    let case = *case;
    let run = move || {
        let module = (case.make)(size);
        for options in configurations() {
            let start = Instant::now();
            let engine = match Engine::new(module.clone(), &Hosts::new(), &options) {
                Ok(engine) => engine,
                Err(error) => panic!("{name}: {options:?}: {error}"),
            };
            let compiled = start.elapsed();
            for &arg in case.args {
                let result = engine.call_values("f", &[Value::I64(arg)]);
                let result =
                    result.unwrap_or_else(|error| panic!("{name}({arg}): {options:?}: {error}"));
                let expected = (case.expected)(size, arg);
                assert_eq!(result, [Value::I64(expected)], "{name}({arg}): {options:?}");
            }
            println!(
                "{name} {size}: compiled in {compiled:?}, ran in {:?}: {options:?}",
                start.elapsed() - compiled
            );
        }
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(1 << 20).spawn(run);
    thread.expect("a thread starts").join().unwrap_or_else(|_| panic!("{name} failed"));
}

/// The sizes of the list. In the environment, `SHAPE=case_35` selects cases by a part of their name, and `SIZE=10000` is
/// another size.
#[test]
#[ignore = "large: for a release build"]
fn the_sizes_of_the_list() {
    let chosen = std::env::var("SHAPE").unwrap_or_default();
    for (name, case) in CASES.iter().filter(|(name, _)| name.contains(&chosen)) {
        let start = Instant::now();
        let size = std::env::var("SIZE").map_or(case.large, |s| s.parse().unwrap());
        check(name, case, size);
        println!("{name}: {:?} in all", start.elapsed());
    }
}
