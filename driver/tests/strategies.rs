//! Code in every kind of memory that this system has, and with every protection of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use driver::{Engine, EngineKind, Error, Func, Hosts, Options, Strategy, ir};

fn module(text: &str) -> ir::Module {
    ir::parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

fn constant(value: i64) -> ir::Module {
    module(&format!("fn @f() -> i64 {{\nblock0:\n  v0: i64 = iconst {value}\n  ret v0\n}}"))
}

fn no_page_is_writable_and_executable(step: &str) {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return };
    for line in maps.lines() {
        let protection = line.split(' ').nth(1).unwrap();
        assert!(!(protection.contains('w') && protection.contains('x')), "{step}: {line}");
    }
}

/// The machine-code engine of this host in each kind of memory.
fn options() -> impl Iterator<Item = Options> {
    let all = Strategy::of_this_system().iter();
    all.map(|&strategy| {
        Options::default().engine(EngineKind::machine_code()).code_strategy(strategy)
    })
}

#[test]
fn functions_live_in_every_kind_of_memory() {
    let mut hosts = Hosts::new();
    hosts.add_closure("more", |_: &mut driver::Caller<'_>, x: i64| x + 1);
    for options in options() {
        let step = |name: &str| no_page_is_writable_and_executable(&format!("{options:?}, {name}"));
        let engine = Engine::empty(&hosts, &options).unwrap();
        step("empty");
        let f = engine.add(constant(1)).unwrap()[0];
        let callers = "extern @f() -> i64\nextern @more(i64) -> i64\nfn @g() -> i64 {\nblock0:\n  \
                       v0: i64 = call @f()\n  v1: i64 = call @more(v0)\n  ret v1\n}";
        engine.add(module(callers)).unwrap();
        step("added");
        let g: Func<(), i64> = engine.func("g").unwrap();
        assert_eq!(g.call(()).unwrap(), 2);
        step("called");
        let ends = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut last = 2;
                while !ends.load(Ordering::Relaxed) {
                    let now = g.call(()).unwrap();
                    assert!(now >= last, "{now} after {last}");
                    last = now;
                }
            });
            for value in 2..30 {
                engine.replace(f, constant(value)).unwrap();
                step("replaced");
            }
            ends.store(true, Ordering::Relaxed);
        });
        assert_eq!(g.call(()).unwrap(), 30);
        engine.remove(f).unwrap();
        assert!(matches!(g.call(()), Err(Error::Trap(_))));
        step("removed");
    }
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let other = Options::default().engine(EngineKind::machine_code());
    let none = Strategy::of_this_system();
    let foreign =
        [Strategy::Plain, Strategy::JitToggle].into_iter().find(|way| !none.contains(way));
    let error = Engine::empty(&Hosts::new(), &other.code_strategy(foreign.unwrap()));
    assert!(matches!(error, Err(Error::Memory(_))), "{error:?}");
    let interpreted = Options::default().engine(EngineKind::Interpreter);
    let error = Engine::empty(&Hosts::new(), &interpreted.code_strategy(none[0]));
    assert!(matches!(error, Err(Error::NotKept { option: "code_strategy", .. })), "{error:?}");
}
