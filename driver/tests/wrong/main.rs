//! Wrong uses: each parameter of each public function, unknown, of another engine, of another type, twice, after the end, too large,
//! zero. Each ends in an error that says what to do, and leaves the engine as it was. What a process with little memory gets is
//! in `memory`.
#![allow(unsafe_code)] // memory is counted and limited

mod counted;
#[cfg(all(target_os = "linux", not(target_arch = "aarch64")))] // emulators have memory of their own
mod memory;
mod rows;
mod size;

use driver::ir::{Module, parse};
use driver::{Caller, Engine, EngineKind, Func, FuncId, HostPanic, Hosts, Options};

pub(crate) fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

pub(crate) fn constant(name: &str, value: i64) -> Module {
    module(&format!("fn @{name}() -> i64 {{\nblock0:\n  v0: i64 = iconst {value}\n  ret v0\n}}"))
}

/// Calls another one.
pub(crate) fn asks(name: &str, other: &str) -> Module {
    module(&format!(
        "extern @{other}() -> i64\nfn @{name}() -> i64 {{\nblock0:\n  v0: i64 = call @{other}()\n  ret v0\n}}"
    ))
}

/// What the wrong uses use.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) engine: Engine,
    /// `f() -> i64`, 7.
    pub(crate) f: FuncId,
    /// `g(i64, f64) -> i64`.
    pub(crate) g: FuncId,
    /// `declared() -> i64`, without a body.
    pub(crate) declared: FuncId,
    /// A function that was removed, and its handle.
    pub(crate) removed: FuncId,
    pub(crate) handle: Func<(), i64>,
    /// Of an owned module that is gone.
    pub(crate) gone: FuncId,
    /// `f` of another engine.
    pub(crate) foreign: FuncId,
    _other: Engine,
}

fn hosts() -> Hosts {
    let mut hosts = Hosts::new();
    hosts.add_closure("host", |_: &mut Caller<'_>, x: i64| x);
    hosts.add_closure("fails", |_: &mut Caller<'_>| Err::<i64, _>("the disk is full".to_owned()));
    hosts.add_closure("panics", |_: &mut Caller<'_>| -> i64 {
        // Not told by the hook, which keeps what it has read of this program.
        std::panic::resume_unwind(Box::new("out of paper".to_owned()))
    });
    hosts
}

impl World {
    fn new(kind: EngineKind) -> Self {
        let options = Options::default().engine(kind).host_panic(HostPanic::Trap);
        let engine = Engine::empty(&hosts(), &options).unwrap();
        let f = engine.add(constant("f", 7)).unwrap()[0];
        let text = "fn @g(i64, f64) -> i64 {\nblock0(v0: i64, v1: f64):\n  v2: i64 = sdiv v0, v0\n  ret v2\n}";
        let g = engine.add(module(text)).unwrap()[0];
        let signature = &constant("f", 0).functions["f"].signature;
        let declared = engine.declare("declared", signature).unwrap();
        let removed = engine.add(constant("removed", 1)).unwrap()[0];
        let handle = engine.func("removed").unwrap();
        engine.remove(removed).unwrap();
        let gone = engine.add_owned(constant("gone", 1)).unwrap().functions()[0];
        let other = Engine::empty(&Hosts::new(), &options).unwrap();
        let foreign = other.add(constant("f", 8)).unwrap()[0];
        engine.prepare(f).unwrap();
        engine.prepare(g).unwrap();
        Self { options, engine, f, g, declared, removed, handle, gone, foreign, _other: other }
    }

    /// It is as it was.
    fn check(&self, row: &str) {
        let engine = &self.engine;
        let ids = ["f", "g", "declared"].map(|name| engine.id(name));
        assert_eq!(ids, [Some(self.f), Some(self.g), Some(self.declared)], "{row}");
        for name in ["removed", "gone", "new", "a", "b"] {
            assert_eq!(engine.id(name), None, "{row}: `{name}` is left");
        }
        assert_eq!(engine.func::<(), i64>("f").unwrap().call(()).unwrap(), 7, "{row}");
        let g = engine.func::<(i64, f64), i64>("g").unwrap();
        assert_eq!(g.call((3, 0.5)).unwrap(), 1, "{row}");
    }
}

#[test]
fn each_ends_in_an_error_that_says_what_to_do() {
    let rows = rows::rows();
    assert!(rows.len() >= 80, "{}", rows.len());
    for kind in EngineKind::available() {
        let world = World::new(kind);
        let round = || {
            for &(name, wrong, says) in &rows {
                let text = wrong(&world);
                let text = text.unwrap_or_else(|| panic!("{name} on {kind}: there is no error"));
                assert!(text.contains(says), "{name} on {kind}: {text}");
                assert!(!text.contains("defect"), "{name} on {kind}: {text}");
                world.check(name);
            }
            jitmem::epoch::collect();
            world.check("the end");
        };
        // What is kept from call to call is there after some rounds.
        round();
        round();
        let (before, code) = (counted::live_bytes(), world.engine.code_bytes());
        (0..4).for_each(|_| round());
        let after = counted::live_bytes();
        println!(
            "{kind}: {} wrong uses, {before} bytes before four rounds of them, {after} after",
            rows.len()
        );
        // What was imported stays, as code may call it.
        assert!(after <= before + 4 * 2048, "{kind}: {before} bytes, then {after}");
        assert_eq!(world.engine.code_bytes(), code);
    }
}
