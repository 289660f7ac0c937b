//! Random modules with every operation of the IR through the whole pipeline: the interpreter on the IR as it is written
//! is what optimised IR and machine code at every level are compared with.
//!
//! `JITSU_SEEDS=100000 cargo test --release -p driver --test random` runs more of them.

mod common;

use common::trusted;
use driver::{Configuration, Engine, EngineKind, Error, Hosts, Value};
use ir::{Module, Signature, TrapKind, Type};
use testkit::{Families, Random, Shape};

/// Modules in a plain run.
const SEEDS: u64 = if cfg!(debug_assertions) { 100 } else { 2000 };

/// Instructions that a call may take, far more than any of these functions does.
const FUEL: u64 = 20_000_000;

/// Functions that call those before them.
fn random_module(seed: u64) -> Module {
    let mut random = Random::new(seed ^ 0xd21e);
    let mut module = Module::new();
    let mut callees: Vec<(String, Signature)> = Vec::new();
    for index in 0..1 + random.below(3) {
        let types = |random: &mut Random, most: usize| -> Vec<Type> {
            // Now and then more than registers hold.
            let most = if most > 5 && random.once_in(8) { 25 } else { most };
            (0..random.below(most)).filter_map(|_| random.pick(&Type::ALL)).collect()
        };
        let params = types(&mut random, 7);
        // Tail calls need callees with the same results, so half of the functions have those of another.
        let mut results = types(&mut random, 6);
        if random.once_in(2)
            && let Some((_, other)) = callees.last()
        {
            results = other.result_types().collect();
        }
        let shape = Shape {
            name: format!("f{index}"),
            params,
            results,
            blocks: random.below(9) as u32,
            insts: 1 + random.below(24) as u32,
            vars: random.below(6) as u32,
            slots: random.below(3) as u32,
            turns: 12,
            callees: callees.clone(),
            names: false,
            families: Families::ALL,
        };
        let func = testkit::function(random.bits(), &shape);
        callees.push((shape.name.clone(), func.signature.clone()));
        module.add_function(func).unwrap();
    }
    module
}

fn arguments(random: &mut Random, signature: &Signature) -> Vec<Value> {
    let value = |ty: Type| {
        let mut words = [random.word(ty), random.word(Type::I64)].into_iter();
        Value::from_bits(ty, &mut words).unwrap()
    };
    signature.param_types().map(value).collect()
}

/// The bits of the results, or why there are none.
fn outcome(engine: &Engine, name: &str, args: &[Value]) -> Result<Vec<u128>, TrapKind> {
    match engine.call_values(name, args) {
        Ok(values) => Ok(values.into_iter().map(Value::bits).collect()),
        Err(Error::Trap(trap)) => Err(trap.kind),
        Err(error) => panic!("{error}"),
    }
}

/// How to look into a failure.
fn keep(seed: u64, module: &Module, call: Option<&(String, Vec<Value>)>) -> String {
    let call = call.map(|(name, args)| {
        let args: Vec<String> = args.iter().map(Value::to_string).collect();
        format!("@{name}({})", args.join(", "))
    });
    testkit::keep("random", seed, &module.to_string(), call.as_slice())
}

/// What happened to the calls and modules of some seeds.
#[derive(Clone, Copy, Default)]
struct Count {
    functions: usize,
    ended: usize,
    trapped: usize,
}

/// One module on every engine at every level.
fn check(seed: u64, count: &mut Count) {
    let module = random_module(seed);
    let mut random = Random::new(seed);
    let calls: Vec<(String, Vec<Value>)> = module
        .functions
        .values()
        .flat_map(|func| std::iter::repeat_n(func, 2))
        .map(|func| (func.name.clone(), arguments(&mut random, &func.signature)))
        .collect();
    count.functions += module.functions.len();
    let mut first: Option<Vec<Result<Vec<u128>, TrapKind>>> = None;
    for configuration in Configuration::all() {
        let fuel = configuration.engine.keeps_limits().then_some(FUEL);
        let mut options = trusted(configuration.options().verify(true).fuel(fuel));
        // Both ways to do an atomic operation have their turn.
        if configuration.engine == EngineKind::Simulator {
            options = options.lse(random.once_in(2));
        }
        let engine = Engine::new(module.clone(), &Hosts::new(), &options).unwrap_or_else(|error| {
            panic!("{configuration}: {error}\n{}", keep(seed, &module, None))
        });
        let outcomes: Vec<_> =
            calls.iter().map(|(name, args)| outcome(&engine, name, args)).collect();
        let Some(first) = &first else {
            count.ended += outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            count.trapped += outcomes.iter().filter(|outcome| outcome.is_err()).count();
            first = Some(outcomes);
            continue;
        };
        for ((call, expected), found) in calls.iter().zip(first).zip(&outcomes) {
            let same = expected == found;
            assert!(
                same,
                "{configuration}: {call:?} gives {found:x?}, not {expected:x?}\n{}",
                keep(seed, &module, Some(call))
            );
        }
    }
}

#[test]
fn every_engine_does_what_the_ir_says() {
    let seeds: Vec<u64> = testkit::seeds(SEEDS).collect();
    let counts: Vec<Count> = testkit::in_parallel(|thread, threads| {
        let mut count = Count::default();
        let ours = seeds.iter().filter(|&&seed| seed % threads == thread);
        ours.for_each(|&seed| check(seed, &mut count));
        count
    });
    let sum = |of: fn(&Count) -> usize| counts.iter().map(of).sum::<usize>();
    let (ended, trapped) = (sum(|count| count.ended), sum(|count| count.trapped));
    println!(
        "{} functions, {ended} calls ended with results, {trapped} trapped, 0 differences",
        sum(|count| count.functions)
    );
    assert!(ended > trapped, "{ended} {trapped}");
}
