//! Backtraces: every compiled frame with its place, the same on every engine.

mod common;

use common::trusted;
use driver::ir::{Module, TrapKind, parse};
use driver::{
    Backtrace, Caller, Engine, EngineKind, Error, Func, Hosts, Level, Limit, Options, Trap,
};

fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// Every engine at every level, without inlining, with memory in which address 8 is nobody's.
fn each(hosts: &Hosts, text: &str, mut check: impl FnMut(&Engine)) {
    let mut limit = Limit::NONE;
    assert!(limit.without.insert("inline"));
    for kind in EngineKind::available() {
        for level in [Level::None, Level::Speed] {
            let options = Options::default().engine(kind).level(level).limit(limit);
            let options = match kind {
                EngineKind::Native => trusted(options),
                _ => options.restricted(true),
            };
            check(&Engine::new(module(text), hosts, &options).unwrap());
        }
    }
}

fn trap(error: Error) -> Trap {
    match error {
        Error::Trap(trap) => trap,
        other => panic!("a trap was expected, not {other}"),
    }
}

/// `@run(n)` calls `@middle(n)`, which calls one of the others.
const CHAIN: &str = "source \"a.src\"
extern @host(i64) -> i64
fn @run(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 5 @1:1
  v2: i64 = mul v0, v1 @1:2
  v3: i64 = call @middle(v0) @1:3
  v4: i64 = add v3, v2 @1:4
  v5: i8 = icmp eq v0, v1
  branch v5, block1, block2
block1:
  v6: i64 = call @run(v4)
  ret v6
block2:
  ret v4
}
fn @middle(i64) -> i64 {
  slot0: size 6000, align 8
block0(v0: i64):
  v1: i64 = stack_addr slot0
  store v0, v1 @2:1
  switch v0, block1, [0: block2, 1: block3, 2: block4, 3: block5]
block1:
  v2: i64 = call @host(v0) @2:2
  v3: i64 = call @middle(v2)
  ret v3
block2:
  v4: i64 = call @leaf(v0) @2:4
  v5: i64 = add v4, v0
  ret v5
block3:
  v6: i64 = add v0, v0 @2:5
  v7: i64 = call @leaf(v0)
  v8: i64 = add v7, v6
  ret v8
block4:
  tail_call @leaf(v0) @2:6
block5:
  v9: i64 = call_indirect v0(v0) : (i64) -> i64 @2:7
  v10: i64 = add v9, v0
  ret v10
}
fn @leaf(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 8
  switch v0, block1, [0: block2, 1: block3]
block1:
  trap user 9 @3:1
block2:
  v2: i64 = udiv v1, v0 @3:2
  v3: i8 = icmp eq v2, v0
  branch v3, block4, block1
block3:
  v4: i64 = load v1 @3:3
  v5: i8 = icmp eq v4, v0
  branch v5, block4, block1
block4:
  v6: i64 = call @run(v0)
  ret v6
}";

const IN_RUN: &str = "\n  called from `run` at a.src:1:3";

#[test]
fn traps_tell_every_frame() {
    let mut hosts = Hosts::new();
    hosts.add_closure("host", |_: &mut Caller<'_>, n: i64| -> Result<i64, String> {
        Err(format!("no {n}"))
    });
    for (n, kind, expected) in [
        (0, "division_by_zero", "in `leaf` at a.src:3:2\n  called from `middle` at a.src:2:4"),
        (1, "memory_fault", "in `leaf` at a.src:3:3 (address 0x8)\n  called from `middle`"),
        (2, "user 9", "in `leaf` at a.src:3:1"),
        (3, "bad_call", "in `middle` at a.src:2:7 (address 0x3)"),
    ] {
        each(&hosts, CHAIN, |engine| {
            let run: Func<i64, i64> = engine.func("run").unwrap();
            let mut expected = format!("trap: {kind} {expected}{IN_RUN}");
            if engine.kind() == EngineKind::Interpreter {
                expected = expected.replace(" (address 0x8)", "").replace(" (address 0x3)", "");
            }
            assert_eq!(run.call(n).unwrap_err().to_string(), expected, "{}", engine.kind());
        });
    }
    each(&hosts, CHAIN, |engine| {
        let run: Func<i64, i64> = engine.func("run").unwrap();
        let expected = format!("`host`, called in `middle` at a.src:2:2: no 7{IN_RUN}");
        assert_eq!(run.call(7).unwrap_err().to_string(), expected, "{}", engine.kind());
    });
}

/// A host function that calls the engine again and passes on what ended that call.
#[test]
fn nested_calls_tell_the_frames_of_both() {
    let mut hosts = Hosts::new();
    hosts.add_closure("host", |caller: &mut Caller<'_>, n: i64| -> Result<i64, Error> {
        let run: Func<i64, i64> = caller.engine().func("run")?;
        run.call(n - 7)
    });
    each(&hosts, CHAIN, |engine| {
        let run: Func<i64, i64> = engine.func("run").unwrap();
        let host = "`host`, called in `middle` at a.src:2:2: ";
        let inner =
            "trap: division_by_zero in `leaf` at a.src:3:2\n  called from `middle` at a.src:2:4";
        let expected = format!("{host}{host}{inner}{IN_RUN}{IN_RUN}{IN_RUN}");
        assert_eq!(run.call(14).unwrap_err().to_string(), expected, "{}", engine.kind());
    });
}

/// No more than 64 frames are kept; the others are counted.
#[test]
fn deep_stacks_are_told_in_part() {
    let text = "fn @down(i64, i64) -> i64 {
        block0(v0: i64, v1: i64):
          v2: i64 = iconst 1
          v3: i64 = sub v0, v2
          v4: i64 = udiv v1, v0 @4:1
          v5: i64 = call @down(v3, v4) @5:1
          v6: i64 = add v5, v4
          ret v6
        }";
    let frames = |callers: &Backtrace| -> Vec<String> {
        let place = |frame: &driver::Frame| format!("{} {}", frame.function, frame.span.unwrap());
        callers.frames().iter().map(place).collect()
    };
    for (depth, kept, left_out) in [(0, 0, 0), (1, 1, 0), (64, 64, 0), (65, 64, 1), (1000, 64, 936)]
    {
        each(&Hosts::new(), text, |engine| {
            let down: Func<(i64, i64), i64> = engine.func("down").unwrap();
            let trap = trap(down.call((depth, 1)).unwrap_err());
            assert_eq!((trap.kind, trap.callers.left_out()), (TrapKind::DivisionByZero, left_out));
            assert_eq!(frames(&trap.callers), vec!["down 5:1"; kept], "{}", engine.kind());
            let more = format!("\n  and {left_out} more");
            assert_eq!(trap.to_string().ends_with(&more), left_out > 0, "{trap}");
        });
    }
    // Endless: how deep is each engine's own affair.
    each(&Hosts::new(), text, |engine| {
        let down: Func<(i64, i64), i64> = engine.func("down").unwrap();
        let trap = trap(down.call((-1, 1)).unwrap_err());
        assert_eq!((trap.kind, &*trap.function), (TrapKind::StackOverflow, "down"));
        assert_eq!(frames(&trap.callers), vec!["down 5:1"; 64], "{}", engine.kind());
        assert!(trap.callers.left_out() > 10_000, "{}", trap.callers.left_out());
    });
}

/// What is not there is told with those that called it.
#[test]
fn calls_of_missing_functions_tell_who_called() {
    let text = "fn @run(i64) -> i64 {
        block0(v0: i64):
          v1: i64 = call @missing(v0) @2:1
          v2: i64 = add v1, v0
          ret v2
        }";
    for kind in EngineKind::available() {
        let engine = Engine::empty(&Hosts::new(), &Options::default().engine(kind)).unwrap();
        let callee = module("fn @missing(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}");
        let signature = callee.functions["missing"].signature.clone();
        engine.declare("missing", &signature).unwrap();
        let text = format!("extern @missing(i64) -> i64\n{text}");
        engine.add(module(&text)).unwrap();
        let run: Func<i64, i64> = engine.func("run").unwrap();
        let missing: Func<i64, i64> = engine.func("missing").unwrap();
        let error = run.call(1).unwrap_err().to_string();
        assert!(error.starts_with("trap: bad_call in `missing`"), "{kind}: {error}");
        assert!(error.ends_with(")\n  called from `run` at 2:1"), "{kind}: {error}");
        assert_eq!(trap(missing.call(1).unwrap_err()).callers, Backtrace::default(), "{kind}");
    }
}
