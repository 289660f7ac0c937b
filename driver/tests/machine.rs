//! What machine code does that a text test cannot ask: threads, deep tail recursion, host functions by address.

mod common;

use common::trusted;
use driver::{Engine, EngineKind, Error, Func, Hosts, Level, Options};
use ir::{Module, TrapKind};

/// Machine code as it is made for this host, and for the simulator with and without LSE, at every level.
fn each(source: &str, hosts: &Hosts, check: impl Fn(&Engine)) {
    let module: Module = ir::parse::module(source).expect("the test's IR parses");
    let mut ways = vec![
        Options::default().engine(EngineKind::Simulator).lse(false),
        Options::default().engine(EngineKind::Simulator).lse(true),
    ];
    if EngineKind::machine_code() == EngineKind::Native {
        ways.push(Options::default());
        ways.push(Options::default().lse(false));
    }
    for options in ways {
        for level in [Level::None, Level::Speed] {
            let options = trusted(options.clone().level(level).verify(true));
            check(&Engine::new(module.clone(), hosts, &options).expect("it compiles"));
        }
    }
}

const THREADS: u64 = 4;
const TURNS: u64 = 1000;

/// Each turn adds to one counter by a read-modify-write and to the other by compare-and-swap.
const COUNTERS: &str = r#"
data mut @counters align 8 = "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
fn @count(i64) -> i64 {
block0(v0: i64):
  v1: i64 = data_addr @counters
  v2: i64 = data_addr @counters + 8
  v3: i64 = iconst 1
  jump block1(v0)
block1(v4: i64):
  v5: i64 = atomic_rmw add v3, v1
  jump block2
block2:
  v6: i64 = atomic_load v2
  v7: i64 = add v6, v3
  v8: i64 = atomic_cas v6, v7, v2
  v9: i8 = icmp eq v8, v6
  branch v9, block3, block2
block3:
  v10: i64 = sub v4, v3
  branch v10, block1(v10), block4
block4:
  ret v5
}
fn @difference() -> i64 {
block0:
  v1: i64 = data_addr @counters
  v2: i64 = data_addr @counters + 8
  v3: i64 = atomic_load v1
  v4: i64 = atomic_load v2
  fence
  v5: i64 = sub v3, v4
  ret v5
}
fn @counted() -> i64 {
block0:
  v1: i64 = data_addr @counters
  v2: i64 = atomic_load v1
  ret v2
}"#;

#[test]
fn threads_lose_no_count() {
    each(COUNTERS, &Hosts::new(), |engine| {
        let count: Func<i64, i64> = engine.func("count").expect("it is there");
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| count.call(TURNS as i64).expect("it returns"));
            }
        });
        let difference: Func<(), i64> = engine.func("difference").expect("it is there");
        let counted: Func<(), i64> = engine.func("counted").expect("it is there");
        assert_eq!(counted.call(()).expect("it returns"), (THREADS * TURNS) as i64);
        assert_eq!(difference.call(()).expect("it returns"), 0);
    });
}

#[test]
fn tail_recursion_takes_no_stack() {
    let source = "
fn @even(i64, i64) -> i64 {
  slot0: size 4000, align 8
block0(v0: i64, v1: i64):
  v2: i64 = iconst 1
  v3: i64 = sub v0, v2
  v4: i64 = stack_addr slot0
  store v1, v4
  v5: i64 = load v4
  branch v0, block1, block2
block1:
  v6: i64 = func_addr @odd
  tail_call_indirect v6(v3, v5) : (i64, i64) -> i64
block2:
  ret v1
}
fn @odd(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = iconst 1
  v3: i64 = sub v0, v2
  v4: i64 = add v1, v2
  branch v0, block1, block2
block1:
  tail_call @even(v3, v4)
block2:
  v5: i64 = neg v1
  ret v5
}";
    each(source, &Hosts::new(), |engine| {
        let even: Func<(i64, i64), i64> = engine.func("even").expect("it is there");
        assert_eq!(even.call((20_000, 5)).expect("it returns"), 10_005);
        assert_eq!(even.call((1_001, 5)).expect("it returns"), -505);
    });
}

#[test]
fn host_functions_have_addresses() {
    let source = "
extern @twice(i64) -> i64
fn @apply(i64) -> i64 {
block0(v0: i64):
  v1: i64 = func_addr @twice
  v2: i64 = call_indirect v1(v0) : (i64) -> i64
  tail_call @twice(v2)
}";
    extern "C" fn twice(x: i64) -> i64 {
        x * 2
    }
    let mut hosts = Hosts::new();
    hosts.add("twice", twice as extern "C" fn(i64) -> i64);
    each(source, &hosts, |engine| {
        let apply: Func<i64, i64> = engine.func("apply").expect("it is there");
        assert_eq!(apply.call(3).expect("it returns"), 12);
    });
}

#[test]
fn a_simulated_call_of_what_is_no_function_traps() {
    let source = "
fn @wild(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call_indirect v0() : () -> i64
  ret v1
}
fn @between(i64) -> i64 {
block0(v0: i64):
  v1: i64 = func_addr @wild
  v2: i64 = add v1, v0
  v3: i64 = call_indirect v2() : () -> i64
  ret v3
}";
    let module = ir::parse::module(source).expect("the test's IR parses");
    let options = Options::default().engine(EngineKind::Simulator).restricted(true);
    let engine = Engine::new(module, &Hosts::new(), &options).expect("it compiles");
    let wild: Func<i64, i64> = engine.func("wild").expect("it is there");
    let between: Func<i64, i64> = engine.func("between").expect("it is there");
    let check = |func: &Func<i64, i64>, number: i64| match func.call(number) {
        Err(Error::Trap(trap)) => assert_eq!(trap.kind, TrapKind::BadCall, "{number:#x}"),
        other => panic!("a trap was expected for {number:#x}, not {other:?}"),
    };
    [0, 8, 0x1235, i64::MAX].into_iter().for_each(|address| check(&wild, address));
    // In the code, but between two instructions.
    [1, 2, 7].into_iter().for_each(|distance| check(&between, distance));
}
