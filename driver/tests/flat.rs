//! A process that adds, calls and removes functions for ever does not grow, nor does one whose calls trap. Alone in its
//! process, whose memory it measures, one test at a time.
#![cfg(target_os = "linux")]

use std::sync::{Mutex, PoisonError};

use driver::ir::{Module, TrapKind, UserTrap, parse};
use driver::{Engine, EngineKind, Error, Func, Hosts, Options};

/// Held by the test that measures.
static ALONE: Mutex<()> = Mutex::new(());

fn constant(value: i64) -> Module {
    let text = format!("fn @f() -> i64 {{\nblock0:\n  v0: i64 = iconst {value}\n  ret v0\n}}");
    parse::module(&text).unwrap()
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    4096 * statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap()
}

/// Lines of a file of `/proc/self`, or entries of a directory.
fn count(name: &str) -> usize {
    let path = format!("/proc/self/{name}");
    match std::fs::read_dir(&path) {
        Ok(entries) => entries.count(),
        Err(_) => std::fs::read_to_string(path).unwrap().lines().count(),
    }
}

/// How often, unless the environment says otherwise.
fn rounds(variable: &str, usual: i64) -> i64 {
    std::env::var(variable).map_or(usual, |n| n.parse().unwrap())
}

/// Measures, works, and measures again: memory, mappings and files stay.
fn stays_flat(what: &str, work: impl FnOnce()) {
    let now = || (resident(), count("maps"), count("fd"));
    let before = now();
    work();
    let after = now();
    println!("{what}, resident bytes, mappings, files: {before:?}, then {after:?}");
    // An emulator keeps translations, which count as this process's memory.
    if cfg!(not(target_arch = "aarch64")) {
        assert!(after.0 < before.0 + (512 << 10), "{before:?}, then {after:?}");
    }
    assert!(after.1 <= before.1 + 2 && after.2 == before.2, "{before:?}, then {after:?}");
}

#[test]
fn functions_that_come_and_go_leave_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let cycles = rounds("JITSU_CYCLES", 3000);
    for kind in EngineKind::available() {
        let engine = Engine::empty(&Hosts::new(), &Options::default().engine(kind)).unwrap();
        let cycle = |n: i64| {
            let f = engine.add(constant(n)).unwrap()[0];
            assert_eq!(engine.func::<(), i64>("f").unwrap().call(()).unwrap(), n);
            engine.remove(f).unwrap();
        };
        (0..1000).for_each(cycle);
        stays_flat(&format!("{kind}: {cycles} cycles"), || (0..cycles).for_each(cycle));
        // A few wait for their batch.
        assert!(engine.code_bytes().unwrap_or(0) < 64 * 16, "{:?}", engine.code_bytes());
    }
}

/// One trap of each kind that a confined program can have, by number.
const TRAPS: &str = "\
fn @f(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  switch v0, block9, [0: block1, 1: block2, 2: block3, 3: block4, 4: block5, 5: block6, 6: block7, 7: block8]
block1:
  v2: i64 = sdiv v0, v1
  ret v2
block2:
  v3: i64 = iconst -1
  v4: i64 = iconst -9223372036854775808
  v5: i64 = add v3, v1
  v6: i64 = sdiv v4, v5
  ret v6
block3:
  v7: i64 = iconst 0
  v8: f64 = bitcast v7
  v9: f64 = fdiv v8, v8
  v10: i64 = float_to_sint v9
  ret v10
block4:
  trap index_out_of_bounds
block5:
  trap user 7
block6:
  trap_if v0, panic
  ret v0
block7:
  trap unreachable
block8:
  v11: i64 = call @g(v1)
  ret v11
block9:
  v12: i64 = call @deep(v0)
  ret v12
}
fn @g(i64) -> i64 {
block0(v0: i64):
  trap assertion
}
fn @deep(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call @deep(v0)
  v2: i64 = add v1, v0
  ret v2
}
";

#[test]
fn traps_leave_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let expected = [
        Some(TrapKind::DivisionByZero),
        Some(TrapKind::IntegerOverflow),
        Some(TrapKind::BadConversion),
        Some(TrapKind::IndexOutOfBounds),
        UserTrap::new(7).map(TrapKind::User),
        Some(TrapKind::Panic),
        Some(TrapKind::Unreachable),
        Some(TrapKind::Assertion),
        Some(TrapKind::StackOverflow),
    ];
    let traps = rounds("JITSU_TRAPS", 2000);
    for kind in EngineKind::available() {
        let module = parse::module(TRAPS).unwrap();
        let engine = Engine::new(module, &Hosts::new(), &Options::default().engine(kind)).unwrap();
        let f: Func<(i64, i64), i64> = engine.func("f").unwrap();
        let trap = |n: i64| {
            // A stack takes long to overflow.
            let number = if n % 1000 == 999 { 8 } else { n % 8 };
            match f.call((number, 0)) {
                Err(Error::Trap(trap)) => {
                    assert_eq!(Some(trap.kind), expected[number as usize], "{kind}: {trap}");
                }
                other => panic!("{kind}: {number}: {other:?}"),
            }
        };
        (0..1000).for_each(trap);
        stays_flat(&format!("{kind}: {traps} traps"), || (0..traps).for_each(trap));
    }
}
