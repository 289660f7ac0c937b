//! Every two operations, one on the result of the other: the function as written against what `fold` alone and all passes
//! make of it, by `ir::eval`, for all values at 8 bits and the corners of wider types.
//!
//! A plain run takes a fixed part of the enumeration, `JITSU_PAIRS=1` all of it, `JITSU_PAIRS=n` one function of each `n`
//! (`JITSU_PAIRS_PART` says which):
//!
//!     JITSU_PAIRS=1 cargo test --release -p opt --test pairs -- --nocapture

use ir::{Function, TrapKind, Type};
use opt::{Context, Level, Pass};
use testkit::pairs::{self, Case, Slice};
use testkit::{Alarm, Evaluator, Random};

/// One function in so many is tried in a plain run.
const PART: u64 = if cfg!(debug_assertions) { 20_000 } else { 3200 };

/// Blocks that a function may run through: none has a loop.
const FUEL: usize = 16;

/// The first failure ends all tests of this file soon.
static ALARM: Alarm = Alarm::new();

fn slice() -> Slice {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let of = number("JITSU_PAIRS").unwrap_or(PART).max(1);
    Slice { part: number("JITSU_PAIRS_PART").unwrap_or(0) % of, of }
}

/// Functions, and evaluations of them.
#[derive(Default)]
struct Count {
    functions: u64,
    evaluations: u64,
}

fn check(case: &Case, evaluator: &mut Evaluator, count: &mut Count) {
    let written = case.function("f");
    let arguments = case.arguments(&mut Random::new(count.functions));
    let mut results = |func: &Function| -> Vec<Result<Vec<u64>, TrapKind>> {
        arguments.iter().map(|args| evaluator.run(func, args, FUEL)).collect()
    };
    let expected = results(&written);
    let mut compare = |func: &Function, by: &str| {
        for ((args, expected), found) in arguments.iter().zip(&expected).zip(results(func)) {
            if *expected != found {
                panic!("{by}, {args:x?}: {expected:x?}, not {found:x?}\n{written}{func}");
            }
        }
    };
    let mut folded = written.clone();
    let fold = Pass::named("fold").expect("a pass");
    Context::default().run(fold, &mut folded);
    verify(&folded, "fold", &written);
    compare(&folded, "fold");

    let mut optimized = written.clone();
    opt::optimize_with(&mut optimized, Level::Speed, |report, func| {
        verify(func, report.pass, &written);
    });
    compare(&optimized, "all passes");
    count.functions += 1;
    count.evaluations += arguments.len() as u64;
}

fn verify(func: &Function, pass: &str, written: &Function) {
    if let Err(error) = ssa::verify(func) {
        panic!("after {pass}: {error}\n{written}{func}");
    }
}

/// All cases of a type, by as many threads as there are processors.
fn all_of(ty: Type) {
    let counts: Vec<Count> = testkit::in_parallel(|thread, threads| {
        let _watch = ALARM.watch();
        let (mut count, mut evaluator) = (Count::default(), Evaluator::default());
        let mut number = 0;
        pairs::cases(ty, slice(), &mut |case| {
            number += 1;
            let ours = number % threads == thread && !ALARM.has_rung();
            // Values of 128 bits are split before everything else; machine code tests them.
            if ours && !case.is_wide() {
                check(&case, &mut evaluator, &mut count);
            }
        });
        count
    });
    let functions: u64 = counts.iter().map(|count| count.functions).sum();
    let evaluations: u64 = counts.iter().map(|count| count.evaluations).sum();
    println!(
        "{ty}: {functions} functions, {evaluations} evaluations of each as written, folded, optimised"
    );
    assert!(functions > 0 || ALARM.has_rung());
}

#[test]
fn pairs_of_i8() {
    all_of(Type::I8);
}

#[test]
fn pairs_of_i16() {
    all_of(Type::I16);
}

#[test]
fn pairs_of_i32() {
    all_of(Type::I32);
}

#[test]
fn pairs_of_i64() {
    all_of(Type::I64);
}

#[test]
fn pairs_of_f32() {
    all_of(Type::F32);
}

#[test]
fn pairs_of_f64() {
    all_of(Type::F64);
}
