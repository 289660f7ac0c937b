//! Engines whose functions are added, replaced and removed while they run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use driver::ir::{Module, Signature, TrapKind, Type, parse};
use driver::{Engine, EngineKind, Error, Func, Hosts, Level, Options};

/// How much is repeated: QEMU takes long for what runs natively there.
const SCALE: i64 = if cfg!(target_arch = "aarch64") { 10 } else { 1 };

fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

fn options() -> impl Iterator<Item = Options> {
    EngineKind::available().map(|kind| Options::default().engine(kind))
}

fn engines() -> impl Iterator<Item = Engine> {
    options().map(|options| Engine::empty(&Hosts::new(), &options).unwrap())
}

fn constant(name: &str, value: i64) -> Module {
    module(&format!("fn @{name}() -> i64 {{\nblock0:\n  v0: i64 = iconst {value}\n  ret v0\n}}"))
}

fn trap(error: &Error) -> Option<TrapKind> {
    match error {
        Error::Trap(trap) => Some(trap.kind),
        _ => None,
    }
}

/// One half of a pair that ask each other.
fn parity(name: &str, other: &str, of_zero: u8) -> Module {
    module(&format!(
        "extern @{other}(i64) -> i8
fn @{name}(i64) -> i8 {{
block0(v0: i64):
  branch v0, block1, block2
block1:
  v1: i64 = iconst 1
  v2: i64 = sub v0, v1
  v3: i8 = call @{other}(v2)
  ret v3
block2:
  v4: i8 = iconst {of_zero}
  ret v4
}}"
    ))
}

/// Functions that call `f` in every way.
const CALLERS: &str = "extern @f() -> i64
fn @direct() -> i64 {
block0:
  v0: i64 = call @f()
  ret v0
}
fn @tail() -> i64 {
block0:
  tail_call @f()
}
fn @by_address() -> i64 {
block0:
  v0: i64 = func_addr @f
  v1: i64 = call_indirect v0() : () -> i64
  ret v1
}";

/// How much `f` has grown between two calls.
const TWICE: &str = "extern @f() -> i64
fn @twice() -> i64 {
block0:
  v0: i64 = call @f()
  v1: i64 = call @f()
  v2: i64 = sub v1, v0
  ret v2
}";

/// Calls `more` until it says no.
const RUN: &str = "extern @more() -> i64
fn @run() -> i64 {
block0:
  v0: i64 = iconst 0
  jump block1(v0)
block1(v1: i64):
  v2: i64 = call @more()
  v3: i64 = iconst 1
  v4: i64 = add v1, v3
  branch v2, block1(v4), block2
block2:
  ret v1
}";

#[test]
fn modules_call_each_other_in_both_directions() {
    for engine in engines() {
        let add_one = parity("even", "odd", 1);
        let missing = engine.add(add_one.clone()).unwrap_err();
        assert!(matches!(missing, Error::MissingHost { .. }), "{missing}");
        let signature = add_one.functions["even"].signature.clone();
        let odd = engine.declare("odd", &signature).unwrap();
        engine.add(add_one).unwrap();
        let even: Func<i64, i8> = engine.func("even").unwrap();
        assert_eq!(even.call(0).unwrap(), 1);
        let error = even.call(3).unwrap_err();
        assert_eq!(trap(&error), Some(TrapKind::BadCall), "{error}");
        assert!(error.to_string().contains("`odd`"), "{error}");
        engine.add(parity("odd", "even", 0)).unwrap();
        assert_eq!(engine.id("odd"), Some(odd));
        for n in 0..20 {
            assert_eq!(even.call(n).unwrap(), i8::from(n % 2 == 0), "{n}");
        }
    }
}

#[test]
fn what_replaces_a_function_is_what_everybody_calls() {
    for engine in engines() {
        let f = engine.add(constant("f", 1)).unwrap()[0];
        let mut callers = vec![engine.func::<(), i64>("f").unwrap()];
        for value in [1, 2, 3, 4] {
            // Those that were there before the last replacements, and some that come after them.
            let mut text = CALLERS.to_owned();
            for name in ["direct", "tail", "by_address"] {
                text = text.replace(&format!("@{name}("), &format!("@{name}_{value}("));
            }
            engine.add(module(&text)).unwrap();
            callers.extend(
                ["direct", "tail", "by_address"]
                    .map(|name| engine.func::<(), i64>(&format!("{name}_{value}")).unwrap()),
            );
            for caller in &callers {
                assert_eq!(caller.call(()).unwrap(), value, "{caller:?}");
            }
            engine.replace(f, constant("f", value + 1)).unwrap();
        }
        let wrong = module("fn @f(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}");
        let error = engine.replace(f, wrong).unwrap_err();
        assert!(matches!(error, Error::WrongSignature { .. }), "{error}");
        let error = engine.replace(f, Module::new()).unwrap_err();
        assert!(matches!(error, Error::NotOneFunction { count: 0 }), "{error}");
        let error = engine.add(constant("f", 0)).unwrap_err();
        assert!(matches!(error, Error::NameTaken { .. }), "{error}");
        engine.remove(f).unwrap();
        assert!(matches!(callers[0].call(()), Err(Error::Removed { .. })));
        for caller in &callers[1..] {
            let error = caller.call(()).unwrap_err();
            assert_eq!(trap(&error), Some(TrapKind::BadCall), "{error}");
        }
        assert!(matches!(engine.remove(f), Err(Error::UnknownId { .. })));
        // The name is free, and what called the old function does not call the new one.
        engine.add(constant("f", 7)).unwrap();
        assert_eq!(engine.func::<(), i64>("f").unwrap().call(()).unwrap(), 7);
        assert!(callers[0].call(()).is_err() && callers[1].call(()).is_err());
    }
}

/// A function that waits to be compiled has the number of a slot in its module; what gets that slot meanwhile is not called.
#[test]
fn what_takes_the_place_of_a_removed_function_is_not_called_for_it() {
    for options in options().map(|options| options.level(Level::None)) {
        let engine = Engine::empty(&Hosts::new(), &options).unwrap();
        let f = engine.add(constant("f", 1)).unwrap()[0];
        engine.add(module(CALLERS)).unwrap();
        engine.remove(f).unwrap();
        for n in 0..300 {
            let g = engine.add(constant("g", 1000 + n)).unwrap()[0];
            assert_eq!(engine.func::<(), i64>("g").unwrap().call(()).unwrap(), 1000 + n);
            if n % 2 == 0 {
                engine.remove(g).unwrap();
                continue;
            }
            for name in ["direct", "tail", "by_address"] {
                let error = engine.func::<(), i64>(name).unwrap().call(()).unwrap_err();
                assert_eq!(trap(&error), Some(TrapKind::BadCall), "{}: {error}", engine.kind());
            }
            engine.remove(g).unwrap();
        }
    }
}

/// One of the callers of a removed function goes as well, and its code is freed: the others still call what is gone.
#[test]
fn what_takes_the_place_of_a_removed_function_waits_for_all_its_callers() {
    for engine in engines() {
        let f = engine.add(constant("f", 1)).unwrap()[0];
        let callers = engine.add(module(CALLERS)).unwrap();
        let names = ["direct", "tail", "by_address"];
        let funcs = names.map(|name| engine.func::<(), i64>(name).unwrap());
        funcs.iter().for_each(|caller| assert_eq!(caller.call(()).unwrap(), 1));
        engine.remove(f).unwrap();
        engine.remove(callers[1]).unwrap();
        for n in 0..300 {
            let g = engine.add(constant("g", 1000 + n)).unwrap()[0];
            assert_eq!(engine.func::<(), i64>("g").unwrap().call(()).unwrap(), 1000 + n);
            for caller in [&funcs[0], &funcs[2]] {
                let error = caller.call(()).unwrap_err();
                assert_eq!(trap(&error), Some(TrapKind::BadCall), "{}: {error}", engine.kind());
            }
            engine.remove(g).unwrap();
        }
    }
}

/// A call in one thread sees only whole functions, and what it calls after a replacement is the new one.
#[test]
fn threads_call_a_function_while_it_is_replaced() {
    for engine in engines() {
        let f = engine.add(constant("f", 0)).unwrap()[0];
        engine.add(module(TWICE)).unwrap();
        let rounds = std::env::var("JITSU_ROUNDS").map_or(2000 / SCALE, |n| n.parse().unwrap());
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for n in 0..8 {
                let (engine, done) = (engine.clone(), &done);
                scope.spawn(move || {
                    let f: Func<(), i64> = engine.func("f").unwrap();
                    let twice: Func<(), i64> = engine.func("twice").unwrap();
                    let mut last = 0;
                    while !done.load(Ordering::Relaxed) {
                        let now = if n % 2 == 0 { f.call(()).unwrap() } else { last };
                        assert!((last..=rounds).contains(&now), "{now} after {last}");
                        last = now;
                        let step = twice.call(()).unwrap();
                        assert!((0..=rounds).contains(&step), "{step}");
                    }
                });
            }
            for value in 1..=rounds {
                engine.replace(f, constant("f", value)).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        println!("{}: {rounds} replacements while 8 threads call", engine.kind());
        assert_eq!(engine.func::<(), i64>("f").unwrap().call(()).unwrap(), rounds);
    }
}

/// A loop that is never left from outside sees the new function.
#[test]
fn a_running_loop_calls_the_new_function() {
    for engine in engines() {
        let f = engine.add(constant("more", 1)).unwrap()[0];
        engine.add(module(RUN)).unwrap();
        let run: Func<(), i64> = engine.func("run").unwrap();
        thread::scope(|scope| {
            let running = scope.spawn(move || run.call(()).unwrap());
            thread::sleep(std::time::Duration::from_millis(50));
            engine.replace(f, constant("more", 0)).unwrap();
            // It ends: a loop that went on calling the old function would not.
            assert!(running.join().unwrap() >= 0);
        });
    }
}

#[test]
fn what_has_no_body_is_told_when_it_is_called() {
    for engine in engines() {
        engine.declare("big", &Signature::new(&[], &[Type::I64])).unwrap();
        let text = "extern @big() -> i64
fn @good() -> i64 {
block0:
  v0: i64 = iconst 5
  ret v0
}
fn @calls_big() -> i64 {
block0:
  v0: i64 = call @big()
  ret v0
}";
        engine.add(module(text)).unwrap();
        assert_eq!(engine.func::<(), i64>("good").unwrap().call(()).unwrap(), 5);
        for name in ["big", "calls_big"] {
            let error = engine.call_values(name, &[]).unwrap_err();
            assert!(error.to_string().contains("big"), "{error}");
        }
        assert_eq!(engine.func::<(), i64>("good").unwrap().call(()).unwrap(), 5);
    }
}

#[test]
fn ids_belong_to_their_engine_and_their_function() {
    let all: Vec<Engine> = engines().chain(engines()).collect();
    let ids: Vec<_> = all.iter().map(|engine| engine.add(constant("f", 1)).unwrap()[0]).collect();
    for (n, engine) in all.iter().enumerate() {
        for (m, &id) in ids.iter().enumerate() {
            assert_eq!(engine.prepare(id).is_ok(), n == m);
            assert_eq!(engine.replace(id, constant("g", 2)).is_ok(), n == m);
        }
        engine.remove(ids[n]).unwrap();
        let next = engine.add(constant("f", 3)).unwrap()[0];
        assert_ne!(next, ids[n]);
        assert!(matches!(engine.prepare(ids[n]), Err(Error::UnknownId { .. })));
    }
}
