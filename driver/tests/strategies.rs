//! Code in every kind of memory that this system has, and with every protection of it.

mod common;

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

/// The machine-code engine of this host in each kind of memory, with each protection.
fn options() -> impl Iterator<Item = Options> {
    let all = Strategy::of_this_system().iter();
    all.flat_map(|&strategy| {
        let options = Options::default().engine(EngineKind::machine_code());
        [(false, false), (true, false), (false, true), (true, true)].map(|(pads, signs)| {
            options.clone().code_strategy(strategy).landing_pads(pads).sign_returns(signs)
        })
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
    let interpreted = || Options::default().engine(EngineKind::Interpreter);
    let error = Engine::empty(&Hosts::new(), &interpreted().landing_pads(true));
    assert!(matches!(error, Err(Error::NotKept { option: "landing_pads", .. })), "{error:?}");
    let error = Engine::empty(&Hosts::new(), &interpreted().sign_returns(true));
    assert!(matches!(error, Err(Error::NotKept { option: "sign_returns", .. })), "{error:?}");
}

/// What indirect branches lead to: functions by their addresses, jump tables, tail calls by address, functions of the host
/// both ways, the compiler; and what traps do with a return address that is signed.
const BRANCHES: &str = "extern @plain(i64) -> i64
extern @closure(i64) -> i64
fn @twice(i64) -> i64 {
block0(v0: i64):
  v1: i64 = add v0, v0
  ret v1
}
fn @by_address(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = func_addr @twice
  v3: i64 = func_addr @plain
  v4: i64 = func_addr @closure
  switch v1, block5, [0: block1, 1: block2, 2: block3, 3: block4, 4: block6, 5: block7, 6: block8, 7: block9]
block1:
  v5: i64 = call_indirect v2(v0) : (i64) -> i64
  ret v5
block2:
  v6: i64 = call_indirect v3(v0) : (i64) -> i64
  ret v6
block3:
  v7: i64 = call_indirect v4(v0) : (i64) -> i64
  ret v7
block4:
  v8: i64 = call @closure(v0)
  v9: i64 = call @plain(v8)
  ret v9
block5:
  ret v0
block6:
  v10: i64 = sdiv v0, v0
  ret v10
block7:
  v11: i64 = iconst 64
  v12: i64 = call_indirect v11(v0) : (i64) -> i64
  ret v12
block8:
  ret v1
block9:
  v13: i64 = iconst 9
  ret v13
}
";

#[test]
fn indirect_branches_and_traps_under_every_protection() {
    extern "C" fn plain(x: i64) -> i64 {
        x + 100
    }
    let mut hosts = Hosts::new();
    hosts.add("plain", plain as extern "C" fn(i64) -> i64);
    hosts.add_closure("closure", |_: &mut driver::Caller<'_>, x: i64| -> Result<i64, String> {
        if x < 0 { Err("negative".to_owned()) } else { Ok(x + 1000) }
    });
    for options in options() {
        for level in [driver::Level::None, driver::Level::Speed] {
            let options = common::trusted(options.clone().level(level));
            let engine = Engine::empty(&hosts, &options).unwrap();
            engine.add(module(BRANCHES)).unwrap();
            let f: Func<(i64, i64), i64> = engine.func("by_address").unwrap();
            for (arguments, expected) in [
                ((5, 0), 10),
                ((5, 1), 105),
                ((5, 2), 1005),
                ((5, 3), 1105),
                ((5, 9), 5),
                ((5, 4), 1),
                ((5, 6), 6),
                ((5, 7), 9),
            ] {
                assert_eq!(f.call(arguments).unwrap(), expected, "{arguments:?}, {options:?}");
            }
            for turn in 0..100 {
                for arguments in [(0, 4), (5, 5), (-1, 2), (-1, 3)] {
                    f.call(arguments).expect_err("it ends the call");
                }
                assert_eq!(f.call((turn, 0)).unwrap(), 2 * turn);
            }
        }
    }
}
