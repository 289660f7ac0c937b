//! A process that adds, calls and removes functions for ever does not grow. Alone in its process, whose memory it measures.
#![cfg(target_os = "linux")]

use driver::ir::{Module, parse};
use driver::{Engine, EngineKind, Hosts, Options};

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

#[test]
fn functions_that_come_and_go_leave_nothing() {
    let cycles = std::env::var("JITSU_CYCLES").map_or(3000, |n| n.parse().unwrap());
    for kind in EngineKind::available() {
        let engine = Engine::empty(&Hosts::new(), &Options::default().engine(kind)).unwrap();
        let cycle = |n: i64| {
            let f = engine.add(constant(n)).unwrap()[0];
            assert_eq!(engine.func::<(), i64>("f").unwrap().call(()).unwrap(), n);
            engine.remove(f).unwrap();
        };
        (0..1000).for_each(cycle);
        let before = (resident(), count("maps"), count("fd"));
        (0..cycles).for_each(cycle);
        let after = (resident(), count("maps"), count("fd"));
        println!(
            "{kind}: {cycles} cycles, resident bytes, mappings, files: {before:?}, then {after:?}"
        );
        // A few wait for their batch.
        assert!(engine.code_bytes().unwrap_or(0) < 64 * 16, "{:?}", engine.code_bytes());
        // An emulator keeps translations, which count as this process's memory.
        if cfg!(not(target_arch = "aarch64")) {
            assert!(after.0 < before.0 + (512 << 10), "{before:?}, then {after:?}");
        }
        assert!(after.1 <= before.1 + 2 && after.2 == before.2, "{before:?}, then {after:?}");
    }
}
