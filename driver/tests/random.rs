//! Random modules with every operation of the IR through the whole pipeline: the interpreter on the IR as it is written
//! is what optimised IR and machine code at every level are compared with.
//!
//! `JITSU_SEEDS=100000 cargo test --release -p driver --test random` runs more of them.

use driver::filetest::Configuration;
use driver::{Engine, EngineKind, Error, Hosts, Options, Value};
use ir::{Module, Signature, TrapKind, Type};
use opt::Level;
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
            (0..random.below(most)).filter_map(|_| random.pick(&Type::ALL)).collect()
        };
        let params = types(&mut random, 7);
        // Machine code has eight registers for results, of which an i128 takes two. Tail calls need callees with the
        // same results, so half of the functions have those of another.
        let mut results = types(&mut random, 5);
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

#[test]
fn every_engine_does_what_the_ir_says() {
    let (mut ended, mut trapped, mut refused) = (0, 0, 0);
    for seed in testkit::seeds(SEEDS) {
        let module = random_module(seed);
        let mut random = Random::new(seed);
        let calls: Vec<(String, Vec<Value>)> = module
            .functions
            .values()
            .flat_map(|func| std::iter::repeat_n(func, 4))
            .map(|func| (func.name.clone(), arguments(&mut random, &func.signature)))
            .collect();
        let mut first: Option<Vec<Result<Vec<u128>, TrapKind>>> = None;
        for configuration in Configuration::all() {
            let mut options = Options::default()
                .engine(configuration.engine)
                .level(configuration.level.unwrap_or(Level::None))
                .optimize_for_interpreter(configuration.level.is_some())
                .verify(true)
                .fuel(Some(FUEL));
            // Both ways to do an atomic operation have their turn.
            if configuration.engine == EngineKind::Simulator {
                options = options.lse(random.once_in(2));
            }
            let engine = match Engine::new(module.clone(), &Hosts::new(), &options) {
                Ok(engine) => engine,
                // A tail call with more arguments in memory than its caller was given.
                Err(Error::Compile(error)) if !error.reason.is_defect() => {
                    refused += 1;
                    continue;
                }
                Err(error) => panic!("{configuration}: {error}\n{}", keep(seed, &module, None)),
            };
            let outcomes: Vec<_> =
                calls.iter().map(|(name, args)| outcome(&engine, name, args)).collect();
            match &first {
                None => {
                    ended += outcomes.iter().filter(|outcome| outcome.is_ok()).count();
                    trapped += outcomes.iter().filter(|outcome| outcome.is_err()).count();
                    first = Some(outcomes);
                }
                Some(first) => {
                    for ((call, expected), found) in calls.iter().zip(first).zip(&outcomes) {
                        assert_eq!(
                            expected,
                            found,
                            "{configuration}: {call:?}\n{}",
                            keep(seed, &module, Some(call))
                        );
                    }
                }
            }
        }
    }
    println!("{ended} calls ended with results, {trapped} trapped, {refused} compilations refused");
    assert!(ended > trapped && refused * 4 < ended, "{ended} {trapped} {refused}");
}
