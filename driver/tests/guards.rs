//! What must not fire, in machine code: the modules of `testkit::guards` on every engine, against the interpreter on the
//! IR as it is written. `opt/tests/guards.rs` asks the passes one by one.
//!
//! `JITSU_SEEDS=2000 cargo test --release -p driver --test guards` runs more of them.

mod common;

use common::trusted;
use driver::{Configuration, Engine, Error, Hosts, Value};
use ir::{Module, Span, TrapKind};
use testkit::Random;
use testkit::guards::GENERATORS;

/// Modules of each generator in a plain run.
const SEEDS: u64 = if cfg!(debug_assertions) { 8 } else { 200 };

const FUEL: u64 = 2_000_000;

type Outcome = Result<Vec<u128>, (TrapKind, Option<Span>)>;

fn outcome(engine: &Engine, name: &str, args: &[Value]) -> Outcome {
    match engine.call_values(name, args) {
        Ok(values) => Ok(values.into_iter().map(Value::bits).collect()),
        Err(Error::Trap(trap)) => Err((trap.kind, trap.span)),
        Err(error) => panic!("{error}"),
    }
}

extern "C" fn note(_: i64) {}

#[test]
fn guarded_modules_do_what_the_ir_says() {
    let mut hosts = Hosts::new();
    hosts.add("note", note as extern "C" fn(i64));
    for (generator, make) in GENERATORS {
        for seed in testkit::seeds(SEEDS) {
            let case = make(&mut Random::new(seed ^ 0x5eed));
            let module: Module = ir::parse::module(&case.text).expect("a module");
            let mut calls: Vec<(&str, Vec<Value>)> = Vec::new();
            for (name, args) in &case.calls {
                let types = module.functions[name].signature.param_types();
                let value = |(ty, &bits)| Value::from_bits(ty, &mut [bits].into_iter()).unwrap();
                calls.push((name, types.zip(args).map(value).collect()));
            }
            let mut first: Option<Vec<Outcome>> = None;
            for configuration in Configuration::all() {
                let options = trusted(configuration.options())
                    .verify(true)
                    .restricted(configuration.engine.keeps_limits())
                    .fuel(configuration.engine.keeps_limits().then_some(FUEL));
                let engine = Engine::new(module.clone(), &hosts, &options).unwrap_or_else(|e| {
                    panic!("{generator}, seed {seed}, {configuration}: {e}\n{}", case.text)
                });
                let found: Vec<Outcome> =
                    calls.iter().map(|(name, args)| outcome(&engine, name, args)).collect();
                let Some(first) = &first else {
                    first = Some(found);
                    continue;
                };
                for ((call, expected), found) in calls.iter().zip(first).zip(&found) {
                    let test = format!("guards-{generator}");
                    let keep = || testkit::keep(&test, seed, &case.text, &[]);
                    assert_eq!(expected, found, "{configuration}: {call:?}\n{}", keep());
                }
            }
        }
    }
}
