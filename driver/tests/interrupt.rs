//! Calls that are ended from outside.

use std::thread;
use std::time::Duration;

use driver::ir::{Module, TrapKind, parse};
use driver::{Caller, Engine, EngineKind, Error, Func, Hosts, Level, Options};

fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// Ways of never returning: a loop, one with two entries, tail calls, calls of a function that returns. The data object has
/// the name that the flag would have.
const ENDLESS: &str = "source \"a.src\"
extern @tick()
data @interrupt align 8 = \"\\01\\00\\00\\00\\00\\00\\00\\00\"
fn @loop(i64) -> i64 {
block0(v0: i64):
  call @tick()
  jump block1(v0)
block1(v1: i64):
  v2: i64 = iconst 1 @1:1
  v3: i64 = add v1, v2 @1:2
  jump block1(v3)
}
fn @crossed(i64) -> i64 {
block0(v0: i64):
  call @tick()
  branch v0, block1, block2
block1:
  jump block2 @2:1
block2:
  jump block1 @2:2
}
fn @tail(i64) -> i64 {
block0(v0: i64):
  call @tick()
  tail_call @tail(v0) @3:1
}
fn @finite(i64) -> i64 {
block0(v0: i64):
  v1: i64 = data_addr @interrupt
  v2: i64 = load v1
  v3: i64 = add v0, v2
  ret v3
}";

fn options(kind: EngineKind) -> Options {
    Options::default().engine(kind).interruptible(true)
}

#[test]
fn endless_calls_end_when_asked_on_every_engine() {
    let mut hosts = Hosts::new();
    hosts.add_closure("tick", |_: &mut Caller<'_>| {});
    for kind in EngineKind::available() {
        for options in [
            options(kind),
            options(kind).level(Level::None),
            options(kind).optimize_for_interpreter(false),
            options(kind).restricted(kind != EngineKind::Native),
        ] {
            let engine = Engine::new(module(ENDLESS), &hosts, &options).unwrap();
            let finite: Func<i64, i64> = engine.func("finite").unwrap();
            for name in ["loop", "crossed", "tail"] {
                let call: Func<i64, i64> = engine.func(name).unwrap();
                assert_eq!(finite.call(4).unwrap(), 5, "{kind}");
                let watched = engine.clone();
                let outcome = thread::scope(|scope| {
                    let running = scope.spawn(|| call.call(1));
                    thread::sleep(Duration::from_millis(5));
                    watched.interrupt().unwrap();
                    running.join().unwrap()
                });
                let Err(Error::Trap(trap)) = outcome else { panic!("{kind}: {outcome:?}") };
                assert_eq!((trap.kind, &*trap.function), (TrapKind::Interrupted, name), "{kind}");
                // What begins is interrupted too, until that is taken back.
                assert!(finite.call(4).is_err());
                engine.clear_interrupt().unwrap();
            }
        }
    }
}

#[test]
fn an_engine_that_does_not_look_says_so() {
    for kind in EngineKind::available() {
        let options = Options::default().engine(kind);
        let engine = Engine::empty(&Hosts::new(), &options).unwrap();
        let error = engine.interrupt().unwrap_err();
        assert!(matches!(error, Error::NotKept { option: "interruptible", .. }), "{error}");
    }
}
