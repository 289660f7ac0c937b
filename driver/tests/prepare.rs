//! Whole modules compiled on several threads.

use std::num::NonZero;
use std::thread;

use driver::ir::{Module, parse};
use driver::{Engine, EngineKind, Error, Hosts, Level, Options};

const FUNCTIONS: i64 = 120;

fn threads(count: usize) -> NonZero<usize> {
    NonZero::new(count).unwrap()
}

/// Functions of which each calls the one before it, or none that is called so.
fn chain() -> Module {
    let mut text = "fn @f0() -> i64 {\nblock0:\n  v0: i64 = iconst 1\n  ret v0\n}\n".to_owned();
    for n in 1..FUNCTIONS {
        text += &format!(
            "fn @f{n}() -> i64 {{\nblock0:\n  v0: i64 = call @f{}()\n  v1: i64 = iconst {n}\n  v2: i64 = add v0, v1\n  ret v2\n}}\n",
            n - 1
        );
    }
    parse::module(&text).unwrap()
}

fn engines(level: Level) -> impl Iterator<Item = Engine> {
    let options = EngineKind::available().map(|kind| Options::default().engine(kind));
    options.map(move |options| Engine::empty(&Hosts::new(), &options.level(level)).unwrap())
}

fn sum(n: i64) -> i64 {
    1 + n * (n + 1) / 2
}

fn check(engine: &Engine) {
    for n in 0..FUNCTIONS {
        let f = engine.func::<(), i64>(&format!("f{n}")).unwrap();
        assert_eq!(f.call(()).unwrap(), sum(n), "{n} on {}", engine.kind());
    }
}

#[test]
fn the_threads_make_the_code_that_one_makes() {
    for level in [Level::None, Level::Speed] {
        let mut bytes = Vec::new();
        for count in [1, 2, 7, 10_000] {
            for engine in engines(level) {
                let functions = engine.add(chain()).unwrap();
                engine.prepare_all(&functions, threads(count)).unwrap();
                let prepared = engine.code_bytes();
                check(&engine);
                assert_eq!(engine.code_bytes(), prepared, "nothing was left to compile");
                bytes.extend(prepared);
                // Again, and with what was taken away.
                engine.prepare_all(&functions, threads(count)).unwrap();
                engine.remove(functions[3]).unwrap();
                let error = engine.prepare_all(&functions, threads(count)).unwrap_err();
                assert!(matches!(error, Error::UnknownId { id } if id == functions[3]), "{error}");
            }
        }
        assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]), "{bytes:?}");
    }
}

#[test]
fn what_cannot_be_compiled_leaves_the_others() {
    for engine in engines(Level::None) {
        if engine.kind() == EngineKind::Interpreter {
            continue;
        }
        let functions = engine.add(chain()).unwrap();
        engine.remove(functions[50]).unwrap();
        let rest: Vec<_> = functions.iter().copied().filter(|&id| id != functions[50]).collect();
        let error = engine.prepare_all(&rest, threads(4)).unwrap_err();
        assert!(error.to_string().contains("`f50`"), "{error}");
        assert_eq!(engine.func::<(), i64>("f49").unwrap().call(()).unwrap(), sum(49));
        let error = engine.func::<(), i64>("f119").unwrap().call(()).unwrap_err();
        assert!(error.to_string().contains("`f50`"), "{error}");
    }
}

#[test]
fn code_runs_and_changes_meanwhile() {
    for engine in engines(Level::Speed) {
        let functions = engine.add(chain()).unwrap();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| engine.prepare_all(&functions, threads(2)).unwrap());
            }
            scope.spawn(|| engine.func::<(), i64>("f7").unwrap().call(()).unwrap());
            let text = "fn @f() -> i64 {\nblock0:\n  v0: i64 = iconst 1\n  ret v0\n}";
            let last = functions[FUNCTIONS as usize - 1];
            engine.replace(last, parse::module(text).unwrap()).unwrap();
            engine
                .replace(last, {
                    let n = FUNCTIONS - 1;
                    let text = format!(
                        "fn @f() -> i64 {{\nblock0:\n  v0: i64 = iconst {}\n  ret v0\n}}",
                        sum(n)
                    );
                    parse::module(&text).unwrap()
                })
                .unwrap();
        });
        let last = format!("f{}", FUNCTIONS - 1);
        assert_eq!(engine.func::<(), i64>(&last).unwrap().call(()).unwrap(), sum(FUNCTIONS - 1));
    }
}
