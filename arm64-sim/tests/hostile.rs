//! Words that nobody meant to be code: restricted runs end in a fault or return, and touch only what was mapped.

use arm64_sim::{CallArgs, Checks, CodeKind, Config, Permission, Simulator, Stop};
use proptest::prelude::*;

const BASE: u64 = 0x40_0000;
const DATA: u64 = 0x50_0000;

fn run(words: &[u32], ints: &[u64], checks: Checks) -> (bool, Vec<u8>) {
    let mut config = Config::restricted();
    config.checks = checks;
    config.stack_size = 1 << 14;
    config.budget = Some(10_000);
    let mut sim = Simulator::new(config);
    sim.publish(BASE, words, CodeKind::Plain).unwrap();
    assert!(sim.map(DATA, vec![7; 256], Permission::ReadWrite));
    assert!(sim.map(DATA + 0x1000, vec![8; 256], Permission::Read));
    let outcome = sim.call(BASE, &CallArgs { ints, ..CallArgs::default() });
    if let Err(fault) = &outcome {
        // Its text can always be made.
        assert!(!fault.to_string().is_empty());
    }
    assert_eq!(sim.mapped(DATA + 0x1000).unwrap(), [8; 256]);
    (outcome.is_ok(), sim.mapped(DATA).unwrap().to_vec())
}

/// Words of the executed kind are rare among all: keep some that are.
fn executed() -> impl Strategy<Value = u32> {
    any::<u32>().prop_filter("executed", |&w| arm64_sim::executes(w))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_words_end_well(
        words in prop::collection::vec(any::<u32>(), 1..40),
        ints in prop::collection::vec(any::<u64>(), 0..8),
    ) {
        run(&words, &ints, Checks::ALL);
    }

    #[test]
    fn random_instructions_end_well(
        words in prop::collection::vec(executed(), 1..40),
        offsets in prop::collection::vec(0u64..512, 8),
    ) {
        let ints: Vec<u64> = offsets.iter().map(|o| DATA - 128 + o).collect();
        let first = run(&words, &ints, Checks::NONE);
        // The same again: nothing depends on where the host keeps things.
        prop_assert_eq!(first, run(&words, &ints, Checks::NONE));
    }

    /// What the encoder calls an instruction is one here, or faults as not executed; nothing else is executed twice.
    #[test]
    fn the_encoder_and_the_simulator_agree_on_what_exists(word in any::<u32>()) {
        if !arm64_sim::executes(word) && arm64_enc::Inst::decode(word).is_some() {
            let text = arm64_sim::disassemble(word);
            let mut sim = Simulator::new(Config::restricted());
            sim.publish(BASE, &[word], CodeKind::Plain).unwrap();
            let fault = sim.call(BASE, &CallArgs::default()).unwrap_err();
            let named = matches!(fault.stop, Stop::NotExecuted);
            prop_assert!(named, "{}: {}", text, fault);
        }
    }
}
