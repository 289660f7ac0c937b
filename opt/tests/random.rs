//! Random functions give the same results and the same traps before and after each pass, and after all of them.

mod support;

use ir::TrapKind;
use opt::{Context, Level, Limit, PASSES, Preserves};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_assert_eq, proptest};
use support::{generate, inputs, module_outcomes, outcomes};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: testkit::cases(64), ..ProptestConfig::default() })]

    #[test]
    fn construction_keeps_the_meaning(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut func = generate::function(&bytes);
        let before = outcomes(&func, &inputs());
        ssa::construct(&mut func);
        ssa::verify(&func).unwrap_or_else(|e| panic!("{e}\n{func}"));
        prop_assert_eq!(outcomes(&func, &inputs()), before);
    }

    #[test]
    fn each_pass_keeps_the_meaning(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut func = generate::function(&bytes);
        ssa::construct(&mut func);
        let before = outcomes(&func, &inputs());
        for pass in PASSES {
            let mut func = func.clone();
            Context::default().run(pass, &mut func);
            ssa::verify(&func).unwrap_or_else(|e| panic!("after {}: {e}\n{func}", pass.name));
            prop_assert_eq!(outcomes(&func, &inputs()), before.clone(), "after {}:\n{}", pass.name, func);
        }
    }

    /// What a pass says that it preserves is so, and what is kept after it holds.
    #[test]
    fn what_is_kept_of_the_flow_graph_holds(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut func = generate::function(&bytes);
        ssa::construct(&mut func);
        let mut context = Context::default();
        for pass in PASSES {
            // All of it is kept before each pass.
            context.analyses.loops(&func);
            let before = cfg::FlowGraph::new(&func);
            context.run(pass, &mut func);
            prop_assert!(context.analyses.holds_for(&func), "after {}:\n{}", pass.name, func);
            if pass.preserves == Preserves::Graph {
                prop_assert!(before == cfg::FlowGraph::new(&func), "{}:\n{}", pass.name, func);
            }
        }
    }

    #[test]
    fn all_passes_together_keep_the_meaning(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut func = generate::function(&bytes);
        ssa::construct(&mut func);
        let before = outcomes(&func, &inputs());
        opt::optimize_with(&mut func, Level::Speed, |report, func| {
            ssa::verify(func).unwrap_or_else(|e| panic!("after {}: {e}\n{func}", report.pass));
            assert_eq!(outcomes(func, &inputs()), before, "after {}:\n{func}", report.pass);
        });
    }

    /// Passes rely on no other pass: each can be left out.
    #[test]
    fn all_passes_but_one_keep_the_meaning(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut module = generate::module(&bytes);
        module.functions.values_mut().for_each(ssa::construct);
        let before = module_outcomes(&module, "random", &inputs());
        for pass in PASSES.iter().filter(|pass| !pass.is_needed()) {
            let mut module = module.clone();
            let mut limit = Limit::NONE;
            prop_assert!(limit.without.insert(pass.name));
            opt::optimize_module_limited(&mut module, Level::Speed, limit, |report, func| {
                assert_ne!(report.pass, pass.name);
                ssa::verify(func).unwrap_or_else(|e| panic!("without {}: {e}\n{func}", pass.name));
            });
            for (before, after) in before.iter().zip(module_outcomes(&module, "random", &inputs())) {
                if *before != Err(TrapKind::OutOfFuel) {
                    prop_assert_eq!(&after, before, "without {}: {}", pass.name, module);
                }
            }
        }
    }

    #[test]
    fn inlining_keeps_the_meaning(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut module = generate::module(&bytes);
        module.functions.values_mut().for_each(ssa::construct);
        let before = module_outcomes(&module, "random", &inputs());
        opt::optimize_module_with(&mut module, Level::Speed, |report, func| {
            ssa::verify(func).unwrap_or_else(|e| panic!("after {}: {e}\n{func}", report.pass));
        });
        let after = module_outcomes(&module, "random", &inputs());
        for (before, after) in before.into_iter().zip(after) {
            // Fuel is counted in instructions, of which there are fewer now.
            if before != Err(TrapKind::OutOfFuel) {
                prop_assert_eq!(after, before, "{}", module);
            }
        }
    }
}

/// The generator is of use only if most runs end with results, and if every pass finds something to do.
#[test]
fn random_functions_exercise_every_pass() {
    let mut state = 1u64;
    let mut byte = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let (mut ended, mut runs) = (0, 0);
    let mut changes = vec![0; PASSES.len()];
    let mut inlined = 0;
    for _ in 0..100 {
        let bytes: Vec<u8> = (0..300).map(|_| byte()).collect();
        let mut func = generate::function(&bytes);
        ssa::construct(&mut func);
        let all = outcomes(&func, &inputs());
        runs += all.len();
        ended += all.iter().filter(|outcome| outcome.is_ok()).count();
        let stats = opt::optimize(&mut func, Level::Speed);
        let mut module = generate::module(&bytes);
        module.functions.values_mut().for_each(ssa::construct);
        let stats_of_all = opt::optimize_module(&mut module, Level::Speed);
        let inline = stats_of_all.passes.iter().find(|report| report.pass == "inline");
        inlined += inline.map_or(0, |report| report.changes);
        for (sum, report) in changes.iter_mut().zip(stats.passes) {
            *sum += report.changes;
        }
    }
    assert!(ended * 2 > runs, "{ended} of {runs} runs end with results");
    assert!(inlined > 50, "{inlined} calls are inlined in 100 random modules");
    for (pass, changes) in PASSES.iter().zip(changes) {
        // The generator makes no i128, for which there are other tests, and a function alone has nothing to inline.
        let idle = ["legalize", "inline"].contains(&pass.name);
        assert!(idle || changes > 0, "{} changes nothing in 100 random functions", pass.name);
    }
}
