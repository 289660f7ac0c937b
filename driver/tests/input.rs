//! What an engine is given is verified, whatever the options.

mod common;

use common::trusted;
use driver::{Engine, EngineKind, Error, Hosts, Options};
use ir::{Entity, Inst, Module, Value, VerifyRule};
use testkit::{Random, Shape};

/// A build that verifies no stage still refuses every module that breaks a rule, dominance included: operands are
/// replaced by other values of the same type, which may not be defined yet where they are used.
#[test]
fn dominance_is_verified_always() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..300 {
        let mut func = testkit::function(seed, &Shape { blocks: 4, insts: 3, ..Shape::default() });
        let mut random = Random::new(seed);
        let types: Vec<_> =
            (0..func.num_values()).map(|v| func.value_type(Value::from_index(v))).collect();
        for _ in 0..4 {
            let other = Value::from_index(random.below(func.num_values()));
            let inst = Inst::from_index(random.below(func.num_insts()));
            let same = |old: Value| types[old.index()] == types[other.index()];
            func.map_operands(inst, |old| if same(old) { other } else { old });
        }

        let right = ir::verify_function(&func).is_ok() && ssa::verify_dominance(&func).is_ok();
        let mut module = Module::new();
        module.add_function(func).unwrap();
        let kinds = [EngineKind::Interpreter, EngineKind::Simulator];
        for (kind, optimized) in kinds.into_iter().zip([random.once_in(2), true]) {
            let options = trusted(Options::default().engine(kind).verify(false));
            let options = options.optimize_for_interpreter(optimized);
            match Engine::new(module.clone(), &Hosts::new(), &options) {
                Ok(_) => assert!(right, "seed {seed}: accepted\n{module}"),
                Err(Error::Verify { error, .. }) => {
                    assert!(!right, "seed {seed}: {error}\n{module}");
                    refused += usize::from(error.rule == VerifyRule::Dominance);
                }
                Err(error) => panic!("seed {seed}: {error}\n{module}"),
            }
        }
        accepted += usize::from(right);
    }
    assert!(accepted > 50 && refused > 50, "{accepted} accepted, {refused} refused");
}
