//! Every two operations, one on the result of the other, compiled and run in the simulator (under QEMU natively too) at
//! both levels and in the interpreter, against `ir::eval` on the function as written: what instruction selection and
//! predecoding make of operations that they fold into each other.
//!
//! A plain run takes a fixed part of the enumeration, `JITSU_PAIRS=1` all of it, `JITSU_PAIRS=n` one function of each `n`:
//!
//!     JITSU_PAIRS=1 cargo test --release -p driver --test pairs -- --nocapture

mod common;

use common::trusted;
use driver::{Engine, EngineKind, Func, Hosts, Level, Options};
use ir::{FunctionBuilder, IntCC, Module, Signature, TrapKind, Type};
use testkit::pairs::{self, Case, Slice};
use testkit::{Alarm, Evaluator, Random};

/// One function in so many is tried in a plain run.
const PART: u64 = if cfg!(debug_assertions) { 400_000 } else { 3200 };

/// Functions of a module.
const BATCH: usize = 400;

/// The first failure ends all tests of this file soon.
static ALARM: Alarm = Alarm::new();

/// A function of a batch with its arguments, and what it gives for them.
struct Tried {
    case: Case,
    /// Pairs of words, with those that trap left out.
    arguments: Vec<u64>,
    expected: Vec<u64>,
    /// Arguments that trap, and how.
    traps: Vec<([u64; 2], TrapKind)>,
}

impl Tried {
    fn new(case: Case, evaluator: &mut Evaluator, random: &mut Random) -> Self {
        let written = case.function("f");
        let mut tried =
            Self { case, arguments: Vec::new(), expected: Vec::new(), traps: Vec::new() };
        for args in case.arguments(random) {
            match evaluator.run(&written, &args, 16) {
                Ok(results) => {
                    tried.arguments.extend(args);
                    tried.expected.extend(results);
                }
                Err(kind) if tried.traps.len() < 3 => tried.traps.push((args, kind)),
                Err(_) => {}
            }
        }
        tried
    }
}

/// `sweep(f, in, n, out)`: writes `f(in[2i], in[2i + 1])` to `out[i]` for all `i` below `n`. It calls by address, so that
/// nothing is inlined.
fn sweep() -> ir::Function {
    let b = FunctionBuilder::new("sweep");
    let params = [(); 4].map(|()| b.param(Type::I64));
    let (head, body, end) = (b.block(""), b.block(""), b.block(""));
    let [from, left, to] = ["from", "left", "to"].map(|name| b.var(name, Type::I64));
    b.set(from, params[1]);
    b.set(left, params[2]);
    b.set(to, params[3]);
    b.jump(head);
    b.switch_to(head);
    b.branch(b.icmp(IntCC::Sgt, left, 0), body, end);
    b.switch_to(body);
    let (x, y) = (b.load(Type::I64, from, 0), b.load(Type::I64, from, 8));
    let signature = Signature::new(&[Type::I64, Type::I64], &[Type::I64]);
    let result = b.call_indirect(params[0], &signature, [x, y])[0];
    b.store(result, to, 0);
    b.set(from, b.add(from, 16));
    b.set(to, b.add(to, 8));
    b.set(left, b.sub(left, 1));
    b.jump(head);
    b.switch_to(end);
    b.ret(());
    b.finish().unwrap()
}

/// `addresses(out)`: writes the addresses of the functions of a batch.
fn addresses(count: usize) -> ir::Function {
    let b = FunctionBuilder::new("addresses");
    let out = b.param(Type::I64);
    for index in 0..count {
        let signature = Signature::new(&[Type::I64, Type::I64], &[Type::I64]);
        let address = b.func_addr(b.import(&name(index), signature));
        b.store(address, out, 8 * index as i32);
    }
    b.ret(());
    b.finish().unwrap()
}

fn name(index: usize) -> String {
    format!("f{index}")
}

fn address_of(words: &[u64]) -> i64 {
    words.as_ptr().expose_provenance() as i64
}

/// Compiles a batch and runs it on an engine.
fn check(batch: &[Tried], kind: EngineKind, level: Level) {
    let mut module = Module::new();
    for (index, tried) in batch.iter().enumerate() {
        module.add_function(tried.case.function(&name(index))).unwrap();
    }
    module.add_function(addresses(batch.len())).unwrap();
    module.add_function(sweep()).unwrap();
    let options = trusted(Options::default().engine(kind).level(level).verify(true));
    let engine = Engine::new(module, &Hosts::new(), &options)
        .unwrap_or_else(|error| panic!("{kind}, {level:?}: {error}"));
    let mut entries = vec![0_u64; batch.len()];
    let of_all: Func<i64, ()> = engine.func("addresses").unwrap();
    of_all.call(entries.as_mut_ptr().expose_provenance() as i64).unwrap();
    let sweep: Func<(i64, i64, i64, i64), ()> = engine.func("sweep").unwrap();
    for (index, (tried, entry)) in batch.iter().zip(entries).enumerate() {
        let fail = |what: String| -> ! {
            let written = tried.case.function(&name(index));
            let calls = [format!("@{} …", name(index))];
            let told = testkit::keep("pairs", index as u64, &written.to_string(), &calls);
            panic!("{kind}, {level:?}: {what}\n{told}")
        };
        let count = tried.expected.len();
        let mut found = vec![0_u64; count];
        let out = found.as_mut_ptr().expose_provenance() as i64;
        let args = (entry as i64, address_of(&tried.arguments), count as i64, out);
        if let Err(error) = sweep.call(args) {
            fail(error.to_string());
        }
        if let Some(at) = (0..count).find(|&at| found[at] != tried.expected[at]) {
            let args = &tried.arguments[2 * at..2 * at + 2];
            fail(format!("{args:x?}: {:#x}, not {:#x}", found[at], tried.expected[at]));
        }
        let one: Func<(u64, u64), u64> = engine.func(&name(index)).unwrap();
        for &(args, kind) in &tried.traps {
            match one.call((args[0], args[1])) {
                Err(driver::Error::Trap(trap)) if trap.kind == kind => {}
                other => fail(format!("{args:x?}: {other:?}, not {kind}")),
            }
        }
    }
}

/// The cases of a type, by as many threads as there are processors.
fn all_of(ty: Type) {
    let wanted = std::env::var("JITSU_PAIRS").ok().and_then(|text| text.parse().ok());
    let slice = Slice { part: 1, of: wanted.unwrap_or(PART).max(2) };
    let mut engines = vec![(EngineKind::Interpreter, Level::None)];
    engines.extend([Level::None, Level::Speed].map(|level| (EngineKind::Simulator, level)));
    if EngineKind::machine_code() == EngineKind::Native {
        engines.extend([Level::None, Level::Speed].map(|level| (EngineKind::Native, level)));
    }
    let counts: Vec<(usize, usize)> = testkit::in_parallel(|thread, threads| {
        let _watch = ALARM.watch();
        let (mut batch, mut number) = (Vec::new(), 0);
        let (mut functions, mut evaluations) = (0, 0);
        let (mut evaluator, mut random) = (Evaluator::default(), Random::new(thread));
        let mut run = |batch: &mut Vec<Tried>| {
            functions += batch.len();
            for &(kind, level) in &engines {
                check(batch, kind, level);
                evaluations += batch.iter().map(|tried| tried.expected.len()).sum::<usize>();
            }
            batch.clear();
        };
        pairs::cases(ty, slice, &mut |case| {
            number += 1;
            if number % threads == thread && !case.is_wide() && !ALARM.has_rung() {
                batch.push(Tried::new(case, &mut evaluator, &mut random));
                if batch.len() == BATCH {
                    run(&mut batch);
                }
            }
        });
        run(&mut batch);
        (functions, evaluations)
    });
    let functions: usize = counts.iter().map(|(functions, _)| functions).sum();
    let evaluations: usize = counts.iter().map(|(_, evaluations)| evaluations).sum();
    println!("{ty}: {functions} functions, {evaluations} evaluations by engines");
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
