//! What must not fire: modules made for the side conditions of single passes, as written against what each pass alone and
//! all passes make of them, in the interpreter. Compared are results, traps with their places, what memory holds
//! afterwards, and what the host was told, in order.
//!
//! `JITSU_SEEDS=5000 cargo test --release -p opt --test guards` runs more of them.

use interp::{Interpreter, Limits, LoadOptions, Program};
use ir::{Module, Span, TrapKind};
use opt::{Context, Level, PASSES, Pass};
use testkit::guards::{Case, GENERATORS};
use testkit::{Alarm, Random};

/// Modules of each generator in a plain run.
const SEEDS: u64 = if cfg!(debug_assertions) { 60 } else { 1000 };

/// The first failure ends all tests of this file soon.
static ALARM: Alarm = Alarm::new();

/// The results or the trap, and what the host was told.
type Outcome = (Result<Vec<u64>, (TrapKind, Option<Span>)>, Vec<u64>);

fn outcomes(module: &Module, case: &Case) -> Vec<Outcome> {
    let options = LoadOptions { counted: true, ..LoadOptions::default() };
    let program = Program::load(module, &options).unwrap_or_else(|e| panic!("{e}\n{module}"));
    let mut interpreter = Interpreter::new(Limits { fuel: Some(1_000_000), ..Limits::default() });
    let mut call = |(name, args): &(String, Vec<u64>)| {
        let id = program.function(name).expect("it was written");
        let mut told = Vec::new();
        let mut host = |_: usize, args: &[u64], _: &mut [u64]| {
            told.push(args[0]);
            Ok(())
        };
        let outcome = interpreter.call(&program, id, args, &mut host);
        (outcome.map_err(|trap| (trap.kind, trap.place.span)), told)
    };
    case.calls.iter().map(&mut call).collect()
}

fn check(name: &str) {
    let generator = GENERATORS.iter().find(|(known, _)| *known == name).expect("it exists").1;
    let (mut ended, mut trapped) = (0, 0);
    // There are many operations to ask about, and each question is short.
    let times = if name == "ranges" { 16 } else { 1 };
    let _watch = ALARM.watch();
    for seed in testkit::seeds(SEEDS * times) {
        if ALARM.has_rung() {
            return;
        }
        let case = generator(&mut Random::new(seed));
        let written = ir::parse::module(&case.text)
            .unwrap_or_else(|e| panic!("seed {seed}: {e:?}\n{}", case.text));
        let expected = outcomes(&written, &case);
        assert!(
            expected.iter().all(|(result, _)| !matches!(result, Err((TrapKind::OutOfFuel, _)))),
            "seed {seed} does not end\n{}",
            case.text
        );
        ended += expected.iter().filter(|(result, _)| result.is_ok()).count();
        trapped += expected.iter().filter(|(result, _)| result.is_err()).count();
        let compare = |module: &Module, by: &str| {
            for ((call, expected), found) in
                case.calls.iter().zip(&expected).zip(outcomes(module, &case))
            {
                assert_eq!(
                    *expected,
                    found,
                    "{by}: {call:?}\n{module}\n{}",
                    testkit::keep(&format!("guards-{name}"), seed, &case.text, &[])
                );
            }
        };
        let verified = |func: &ir::Function, pass: &str| {
            if let Err(error) = ssa::verify(func) {
                panic!("seed {seed}, after {pass}: {error}\n{func}\n{}", case.text);
            }
        };
        // Each pass by itself, where what another would have tidied away is still there.
        let mut module = written.clone();
        module.functions.values_mut().for_each(ssa::construct);
        let ssa = module.clone();
        let again = |pass: &Pass| pass.name.ends_with("_rotated") || pass.name.ends_with("_late");
        for pass in PASSES.iter().filter(|pass| !again(pass)) {
            let mut alone = ssa.clone();
            for func in alone.functions.values_mut() {
                Context::default().run(pass, func);
                verified(func, pass.name);
            }
            compare(&alone, pass.name);
        }
        opt::optimize_module_with(&mut module, Level::Speed, |report, func| {
            verified(func, report.pass);
        });
        compare(&module, "all passes");
    }
    println!("{name}: {ended} calls ended, {trapped} trapped");
    assert!(ended * 5 > trapped, "{name}: {ended} calls ended, {trapped} trapped");
}

macro_rules! tests {
    ($($test:ident $name:literal;)*) => {
        $(#[test] fn $test() { check($name); })*

        #[test]
        fn every_generator_has_a_test() {
            let tested = [$($name),*];
            for (name, _) in GENERATORS {
                assert!(tested.contains(name), "{name}");
            }
        }
    };
}

tests! {
    guards_of_calls "calls";
    guards_of_conditions "conditions";
    guards_of_loops "loops";
    guards_of_memory "memory";
    guards_of_ranges "ranges";
    guards_of_switches "switches";
    guards_of_traps "traps";
}
