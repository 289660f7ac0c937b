//! Random modules against the slow and obvious interpreter: results, traps, counts of blocks and the exact budget, in
//! every way to load them, with variables and in SSA form.

mod slow;

use interp::{Interpreter, Limits, LoadOptions, MemoryAccess, NoHost, Program};
use ir::{Module, Signature, TrapKind, Type};
use proptest::prelude::*;
use slow::{Slow, counts};
use testkit::{Families, Random, Shape};

/// Three functions, of which each may call those before it.
fn random_module(seed: u64) -> Module {
    let mut random = Random::new(seed);
    let types = [Type::I8, Type::I16, Type::I32, Type::I64, Type::I128, Type::F32, Type::F64];
    let mut module = Module::new();
    let mut callees: Vec<(String, Signature)> = Vec::new();
    for name in ["first", "second", "third"] {
        let mut some = |least: usize, more: usize| -> Vec<Type> {
            let count = least + random.below(more);
            (0..count).map(|_| random.pick(&types).unwrap()).collect()
        };
        let (params, mut results) = (some(0, 6), some(0, 4));
        // So that there is something to tail-call.
        if let Some((_, signature)) = callees.last()
            && random.once_in(2)
        {
            results = signature.result_types().collect();
        }
        let shape = Shape {
            name: name.to_owned(),
            params: params.clone(),
            results: results.clone(),
            blocks: random.below(8) as u32,
            insts: 2 + random.below(10) as u32,
            turns: random.below(30) as u32,
            callees: callees.clone(),
            families: Families::ALL,
            ..Shape::default()
        };
        let func = testkit::function(random.bits(), &shape);
        callees.push((name.to_owned(), func.signature.clone()));
        module.add_function(func).unwrap();
    }
    module
}

fn check(module: &Module, name: &str, args: &[u64]) -> Result<(), TestCaseError> {
    let mut slow = Slow::new(module);
    let expected = slow.call(name, args);
    for memory in [MemoryAccess::Restricted, MemoryAccess::Host] {
        let mut interpreter = Interpreter::default();
        let mut run = |counted: bool, fuel: Option<u64>| {
            let program = Program::load(module, &LoadOptions { memory, counted }).unwrap();
            let function = program.function(name).unwrap();
            interpreter.reset_profile();
            interpreter.set_limits(Limits { fuel, ..Limits::default() });
            let outcome = interpreter.call(&program, function, args, &mut NoHost);
            (outcome.map_err(|trap| trap.kind), interpreter.profile(&program))
        };
        let (plain, _) = run(false, None);
        prop_assert_eq!(&plain, &expected, "{:?}\n{}", memory, module);
        let (counted, profile) = run(true, Some(slow.instructions));
        prop_assert_eq!(&counted, &expected, "{:?} counted\n{}", memory, module);
        prop_assert_eq!(profile.instructions, slow.instructions, "{}", module);
        for (func, profile) in module.functions.values().zip(&profile.functions) {
            prop_assert_eq!(&profile.name, &func.name);
            let mut blocks = profile.blocks.clone();
            blocks.sort_by_key(|&(block, _)| ir::Entity::index(block));
            prop_assert_eq!(blocks, counts(&slow, func), "{}", module);
            // What comes into a block by its edges enters it; the first block is entered by calls alone.
            for &(block, entered) in profile.blocks.iter().skip(1) {
                let edges = profile.edges.iter().filter(|edge| edge.1 == block);
                prop_assert_eq!(edges.map(|edge| edge.2).sum::<u64>(), entered);
            }
        }
        let (short, _) = run(true, slow.instructions.checked_sub(1));
        prop_assert_eq!(short, Err(TrapKind::OutOfFuel), "{}", module);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(testkit::cases(96)) })]

    #[test]
    fn random_modules_do_what_the_slow_interpreter_does(
        seed: u64,
        words in proptest::collection::vec(
            prop_oneof![any::<u64>(), 0u64..20, (0u64..20).prop_map(u64::wrapping_neg)],
            10,
        ),
    ) {
        let mut module = random_module(seed);
        let count = module.functions["third"].signature.halved().params.len();
        check(&module, "third", &words[..count])?;
        module.functions.values_mut().for_each(ssa::construct);
        check(&module, "third", &words[..count])?;
    }
}

/// Where values that share a register with others could be read too late, because what reads them became part of a
/// later operation.
#[test]
fn operands_of_what_is_done_later_are_still_there() {
    for text in [
        // The address of the load is the old pointer.
        "fn @f(i64) -> i64 {
           slot0: size 80, align 8
         block0(v0: i64):
           v1: i64 = stack_addr slot0
           v2: i64 = iconst 0
           v3: i64 = iconst 8
           v4: i64 = iconst 10
           jump block1(v2, v2)
         block1(v5: i64, v6: i64):
           v7: i64 = add v1, v5
           v8: i64 = add v5, v3
           v9: i64 = mul v6, v6
           v10: i64 = add v9, v0
           store v10, v7
           v11: i64 = iconst 1
           v12: i64 = add v6, v11
           v13: i8 = icmp ult v12, v4
           branch v13, block1(v8, v12), block2(v2, v2, v2)
         block2(v14: i64, v15: i64, v16: i64):
           v17: i64 = iconst 3
           v18: i64 = shl v14, v17
           v19: i64 = add v18, v1
           v20: i64 = add v14, v11
           v21: i64 = load v19
           v22: i64 = add v15, v21
           v23: i8 = icmp ult v20, v4
           branch v23, block2(v20, v22, v21), block3
         block3:
           ret v22
         }",
        // The product is of the old factor.
        "fn @f(i64) -> f64 {
         block0(v0: i64):
           v1: f64 = fconst 1.5
           v2: f64 = fconst 0.0
           v3: i64 = iconst 1
           jump block1(v0, v1, v2)
         block1(v4: i64, v5: f64, v6: f64):
           v7: f64 = fmul v5, v5
           v8: f64 = fadd v5, v1
           v9: f64 = fsub v6, v7
           v10: i64 = sub v4, v3
           v11: i64 = iconst 0
           v12: i8 = icmp sgt v10, v11
           branch v12, block1(v10, v8, v9), block2
         block2:
           ret v9
         }",
        // What the sum is compared with shares a register with the parameter that takes the sum.
        "fn @f(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = iconst 100
           v10: i64 = iconst 1
           jump block1(v0)
         block1(v2: i64):
           v3: i64 = iconst 7
           v4: i64 = mul v2, v3
           v5: i64 = and v4, v1
           jump block2(v2)
         block2(v6: i64):
           v7: i64 = add v5, v10
           v8: i8 = icmp ult v7, v6
           branch v8, block1(v7), block3(v7)
         block3(v9: i64):
           ret v9
         }",
        // The sum is compared with its own addend, and the comparison is the other way round.
        "fn @f(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = iconst 3
           v2: i64 = iconst 0
           jump block1(v0, v2)
         block1(v3: i64, v4: i64):
           v5: i64 = add v1, v4
           v6: i8 = icmp sge v3, v5
           branch v6, block1(v3, v5), block2
         block2:
           ret v5
         }",
        "fn @f(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = iconst 1
           jump block1(v0)
         block1(v2: i64):
           v3: i64 = add v2, v2
           v4: i8 = icmp sgt v3, v2
           branch v4, block1(v3), block2
         block2:
           ret v3
         }",
        // The condition of a trap is decided after the value it reads has a successor.
        "fn @f(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = iconst 1
           v2: i64 = iconst 5
           jump block1(v0)
         block1(v3: i64):
           v4: i8 = icmp eq v3, v2
           v5: i64 = add v3, v1
           trap_if v4, assertion
           v6: i8 = icmp slt v5, v2
           branch v6, block1(v5), block2
         block2:
           ret v5
         }",
    ] {
        let module = ir::parse::module(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        for arg in [0, 1, 2, 3, 5, 8, 100, 255, u64::MAX] {
            check(&module, "f", &[arg]).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
