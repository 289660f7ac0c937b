//! The wrong uses: a name, what is done, and a part of what the error says.

use std::fmt::Display;
use std::num::NonZero;

use driver::ir::{Signature, Type};
use driver::{Caller, Engine, EngineKind, Func, FuncId, Hosts, Options, Value};
use jitmem::{CodeArena, HostMemory, WritableCode};

use crate::{World, asks, constant, module};

/// A wrong use.
pub(crate) type Row = (&'static str, fn(&World) -> Option<String>, &'static str);

/// What an error says.
fn error<T, E: Display>(result: Result<T, E>) -> Option<String> {
    result.err().map(|error| error.to_string())
}

/// Of a use that only machine code minds, what the others would say.
fn machine(world: &World, says: &str, wrong: impl FnOnce() -> Option<String>) -> Option<String> {
    if world.engine.kind() == EngineKind::Interpreter { Some(says.to_owned()) } else { wrong() }
}

const UNVERIFIED: &str = "fn @new() -> i64 {\nblock0:\n  v0: i32 = iconst 1\n  ret v0\n}";
const RAW: &str = "fn @new(i64) -> i64 {\nblock0(v0: i64):\n  v1: i64 = load v0\n  ret v1\n}";
const OTHER_F: &str = "extern @f(i64) -> i64\nfn @new() -> i64 {\nblock0:\n  v0: i64 = iconst 1\n  v1: i64 = call @f(v0)\n  ret v1\n}";
const OTHER_HOST: &str = "extern @host(f64) -> i64\nfn @new(f64) -> i64 {\nblock0(v0: f64):\n  v1: i64 = call @host(v0)\n  ret v1\n}";
const TAKES_ONE: &str = "fn @f(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}";
const GIVES_FLOAT: &str = "fn @f() -> f64 {\nblock0:\n  v0: f64 = fconst 1.0\n  ret v0\n}";
const TWO: &str = "fn @a() {\nblock0:\n  ret\n}\nfn @b() {\nblock0:\n  ret\n}";
const NEW_AND_F: &str = "fn @new() -> i64 {\nblock0:\n  v0: i64 = iconst 1\n  ret v0\n}\nfn @f() -> i64 {\nblock0:\n  v0: i64 = iconst 1\n  ret v0\n}";

fn two_threads(world: &World, functions: &[FuncId]) -> Option<String> {
    error(world.engine.prepare_all(functions, NonZero::new(2).unwrap()))
}

/// Adds a function, calls it, removes it; the error of the call.
fn call(world: &World, name: &str, text: &str, args: &[Value]) -> Option<String> {
    let ids = world.engine.add(module(text)).unwrap();
    let says = error(world.engine.call_values(name, args));
    ids.into_iter().for_each(|id| world.engine.remove(id).unwrap());
    says
}

fn of_host(name: &str) -> String {
    format!(
        "extern @{name}() -> i64\nfn @new() -> i64 {{\nblock0:\n  v0: i64 = call @{name}()\n  ret v0\n}}"
    )
}

fn value(world: &World, name: &str, args: &[Value]) -> Option<String> {
    error(world.engine.call_values(name, args))
}

fn words(words: &[u32]) -> jitmem::ExecutableCode {
    WritableCode::from_words(words).unwrap().publish().unwrap()
}

const B: u32 = 0x1400_0000;
const NOP: u32 = 0xd503_201f;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = making();
    rows.extend(adding());
    rows.extend(changing());
    rows.extend(finding());
    rows.extend(calling());
    rows.extend(memory());
    rows
}

fn making() -> Vec<Row> {
    vec![
        (
            "new: a module that breaks a rule",
            |w| error(Engine::new(module(UNVERIFIED), &Hosts::new(), &w.options)),
            "i32",
        ),
        (
            "new: raw addresses",
            |w| error(Engine::new(module(RAW), &Hosts::new(), &w.options)),
            "trusted",
        ),
        (
            "new: a host function that is not given",
            |w| error(Engine::new(asks("new", "host"), &Hosts::new(), &w.options)),
            "add it to the `Hosts`",
        ),
        (
            "new: a host function of other types",
            |w| {
                let mut hosts = Hosts::new();
                hosts.add_closure("host", |_: &mut Caller<'_>, x: i32| x);
                error(Engine::new(asks("new", "host"), &hosts, &w.options))
            },
            "declares the host function `host`",
        ),
        (
            "new: fuel natively",
            |w| {
                error(Engine::new(
                    constant("new", 1),
                    &Hosts::new(),
                    &w.options.clone().engine(EngineKind::Native).fuel(Some(1)),
                ))
            },
            "`fuel`; the simulator",
        ),
        (
            "empty: fuel natively",
            |_| {
                error(Engine::empty(
                    &Hosts::new(),
                    &Options::default().engine(EngineKind::Native).fuel(Some(0)),
                ))
            },
            "`fuel`; the simulator",
        ),
        (
            "empty: restricted natively",
            |_| {
                error(Engine::empty(
                    &Hosts::new(),
                    &Options::default().engine(EngineKind::Native).restricted(true),
                ))
            },
            "`restricted`; the simulator",
        ),
        (
            "empty: native on another machine",
            |_| {
                if cfg!(target_arch = "aarch64") {
                    return Some("simulator".to_owned());
                }
                error(Engine::empty(&Hosts::new(), &Options::default().engine(EngineKind::Native)))
            },
            "simulator",
        ),
        (
            "options: no fuel at all",
            |w| {
                if !w.engine.kind().keeps_limits() {
                    return Some("fuel".to_owned());
                }
                let engine = Engine::new(
                    constant("new", 1),
                    &Hosts::new(),
                    &w.options.clone().fuel(Some(0)),
                )
                .unwrap();
                error(engine.call_values("new", &[]))
            },
            "fuel",
        ),
        (
            "options: the least space for code",
            |w| {
                let engine =
                    Engine::empty(&Hosts::new(), &w.options.clone().code_space_bytes(0)).unwrap();
                error(engine.func::<(), i64>("new"))
            },
            "there is no function `new`",
        ),
    ]
}

fn adding() -> Vec<Row> {
    vec![
        ("add: a module that breaks a rule", |w| error(w.engine.add(module(UNVERIFIED))), "i32"),
        ("add: raw addresses", |w| error(w.engine.add(module(RAW))), "trusted"),
        (
            "add: an unknown function",
            |w| error(w.engine.add(asks("new", "nothing"))),
            "add it to the `Hosts`",
        ),
        (
            "add: nearly a host function",
            |w| error(w.engine.add(asks("new", "hots"))),
            "is `host` meant? If not, add it",
        ),
        (
            "add: nearly a function",
            |w| error(w.engine.add(asks("new", "declard"))),
            "is `declared` meant?",
        ),
        (
            "add: a function that was removed",
            |w| error(w.engine.add(asks("new", "removed"))),
            "`removed`",
        ),
        ("add: a function that is gone", |w| error(w.engine.add(asks("new", "gone"))), "`gone`"),
        (
            "add: a function as another type",
            |w| error(w.engine.add(module(OTHER_F))),
            "`f` is () -> i64, not (i64) -> i64",
        ),
        (
            "add: a host function as another type",
            |w| error(w.engine.add(module(OTHER_HOST))),
            "but it is (i64) -> i64",
        ),
        (
            "add: a name that is taken",
            |w| error(w.engine.add(constant("f", 1))),
            "replace it, remove it, or give",
        ),
        (
            "add: the second name is taken",
            |w| error(w.engine.add(module(NEW_AND_F))),
            "`f`; replace it",
        ),
        (
            "add: twice",
            |w| {
                let id = w.engine.add(constant("new", 1)).unwrap()[0];
                let says = error(w.engine.add(constant("new", 1)));
                w.engine.remove(id).unwrap();
                says
            },
            "replace it",
        ),
        (
            "add: a declared function of another type",
            |w| error(w.engine.add(module(&GIVES_FLOAT.replace("@f", "@declared")))),
            "`declared` is () -> i64, not () -> f64",
        ),
        (
            "add_owned: a module that breaks a rule",
            |w| error(w.engine.add_owned(module(UNVERIFIED))),
            "i32",
        ),
        ("add_owned: raw addresses", |w| error(w.engine.add_owned(module(RAW))), "trusted"),
        (
            "add_owned: an unknown function",
            |w| error(w.engine.add_owned(asks("new", "nothing"))),
            "`nothing`",
        ),
        (
            "add_owned: a function that is gone",
            |w| error(w.engine.add_owned(asks("new", "gone"))),
            "`gone`",
        ),
        (
            "add_owned: a name that is taken",
            |w| error(w.engine.add_owned(constant("f", 1))),
            "replace it",
        ),
        (
            "add_owned: twice",
            |w| {
                let _first = w.engine.add_owned(constant("new", 1)).unwrap();
                error(w.engine.add_owned(constant("new", 1)))
            },
            "replace it",
        ),
        (
            "add_owned: a function as another type",
            |w| error(w.engine.add_owned(module(OTHER_F))),
            "not (i64) -> i64",
        ),
        (
            "declare: a name that is taken",
            |w| error(w.engine.declare("f", &Signature::default())),
            "`f`; replace it",
        ),
        (
            "declare: twice",
            |w| error(w.engine.declare("declared", &Signature::default())),
            "`declared`; replace it",
        ),
        (
            "declare: a name of an owned module",
            |w| {
                let _new = w.engine.add_owned(constant("new", 1)).unwrap();
                error(w.engine.declare("new", &Signature::default()))
            },
            "`new`; replace it",
        ),
        (
            "import: what is used as another type",
            |w| {
                w.engine.import("host", |_: &mut Caller<'_>, x: i64| x);
                error(w.engine.add(module(OTHER_HOST)))
            },
            "declares the host function `host`",
        ),
    ]
}

fn changing() -> Vec<Row> {
    vec![
        (
            "replace: a removed function",
            |w| error(w.engine.replace(w.removed, constant("f", 1))),
            "it was removed, or",
        ),
        (
            "replace: a function that is gone",
            |w| error(w.engine.replace(w.gone, constant("f", 1))),
            "it was removed, or",
        ),
        (
            "replace: another engine's",
            |w| error(w.engine.replace(w.foreign, constant("f", 1))),
            "the id is of another engine",
        ),
        ("replace: by nothing", |w| error(w.engine.replace(w.f, module(""))), "this one has 0"),
        ("replace: by two", |w| error(w.engine.replace(w.f, module(TWO))), "this one has 2"),
        (
            "replace: other parameters",
            |w| error(w.engine.replace(w.f, module(TAKES_ONE))),
            "`f` is () -> i64, not (i64) -> i64",
        ),
        (
            "replace: another result",
            |w| error(w.engine.replace(w.f, module(GIVES_FLOAT))),
            "`f` is () -> i64, not () -> f64",
        ),
        (
            "replace: by what breaks a rule",
            |w| error(w.engine.replace(w.f, module(UNVERIFIED))),
            "i32",
        ),
        ("replace: by raw addresses", |w| error(w.engine.replace(w.f, module(RAW))), "trusted"),
        (
            "replace: by what calls nothing",
            |w| error(w.engine.replace(w.f, asks("f", "nothing"))),
            "`nothing`",
        ),
        (
            "replace: by what calls a removed function",
            |w| error(w.engine.replace(w.f, asks("f", "removed"))),
            "`removed`",
        ),
        (
            "replace: by what calls another type",
            |w| error(w.engine.replace(w.f, module(OTHER_F))),
            "not (i64) -> i64",
        ),
        (
            "replace: by what calls the host wrongly",
            |w| error(w.engine.replace(w.f, module(OTHER_HOST))),
            "`host`",
        ),
        (
            "remove: twice",
            |w| {
                let id = w.engine.add(constant("new", 1)).unwrap()[0];
                w.engine.remove(id).unwrap();
                error(w.engine.remove(id))
            },
            "it was removed, or",
        ),
        (
            "remove: a function that is gone",
            |w| error(w.engine.remove(w.gone)),
            "it was removed, or",
        ),
        (
            "remove: another engine's",
            |w| error(w.engine.remove(w.foreign)),
            "the id is of another engine",
        ),
        (
            "remove: whose slot is another's",
            |w| {
                let old = w.engine.add(constant("new", 1)).unwrap()[0];
                w.engine.remove(old).unwrap();
                let new = w.engine.add(constant("new", 2)).unwrap()[0];
                let says = error(w.engine.remove(old));
                w.engine.remove(new).unwrap();
                says
            },
            "it was removed, or",
        ),
        (
            "prepare: a removed function",
            |w| error(w.engine.prepare(w.removed)),
            "it was removed, or",
        ),
        (
            "prepare: a function that is gone",
            |w| error(w.engine.prepare(w.gone)),
            "it was removed, or",
        ),
        (
            "prepare: another engine's",
            |w| error(w.engine.prepare(w.foreign)),
            "the id is of another engine",
        ),
        (
            "prepare: without a body",
            |w| error(w.engine.prepare(w.declared)),
            "add a module that has it",
        ),
        (
            "prepare: what calls a removed function",
            |w| {
                machine(w, "`a`", || {
                    let a = w.engine.add(constant("a", 1)).unwrap()[0];
                    let new = w.engine.add(asks("new", "a")).unwrap()[0];
                    w.engine.remove(a).unwrap();
                    let says = error(w.engine.prepare(new));
                    w.engine.remove(new).unwrap();
                    says
                })
            },
            "`a`",
        ),
        (
            "prepare_all: a removed function",
            |w| two_threads(w, &[w.f, w.removed]),
            "it was removed, or",
        ),
        (
            "prepare_all: a function that is gone",
            |w| two_threads(w, &[w.gone, w.f]),
            "it was removed, or",
        ),
        (
            "prepare_all: another engine's",
            |w| two_threads(w, &[w.f, w.g, w.foreign]),
            "the id is of another engine",
        ),
        (
            "prepare_all: without a body",
            |w| two_threads(w, &[w.declared, w.declared]),
            "add a module that has it",
        ),
    ]
}

fn finding() -> Vec<Row> {
    vec![
        (
            "func: an unknown name",
            |w| error(w.engine.func::<(), i64>("nothing")),
            "there is no function `nothing`",
        ),
        (
            "func: nearly a name",
            |w| error(w.engine.func::<(), i64>("declered")),
            "is `declared` meant?",
        ),
        ("func: no name", |w| error(w.engine.func::<(), i64>("")), "there is no function ``"),
        (
            "func: a removed function",
            |w| error(w.engine.func::<(), i64>("removed")),
            "there is no function `removed`",
        ),
        (
            "func: a function that is gone",
            |w| error(w.engine.func::<(), i64>("gone")),
            "there is no function `gone`",
        ),
        (
            "func: a function of the host",
            |w| error(w.engine.func::<i64, i64>("host")),
            "there is no function `host`",
        ),
        (
            "func: a parameter too many",
            |w| error(w.engine.func::<i64, i64>("f")),
            "`f` is () -> i64, not (i64) -> i64",
        ),
        (
            "func: a parameter too few",
            |w| error(w.engine.func::<i64, i64>("g")),
            "`g` is (i64, f64) -> i64",
        ),
        (
            "func: a float for an integer",
            |w| error(w.engine.func::<(f64, f64), i64>("g")),
            "not (f64, f64) -> i64",
        ),
        (
            "func: a narrower parameter",
            |w| error(w.engine.func::<(i32, f64), i64>("g")),
            "not (i32, f64) -> i64",
        ),
        (
            "func: a wider parameter",
            |w| error(w.engine.func::<(i128, f64), i64>("g")),
            "not (i128, f64) -> i64",
        ),
        (
            "func: parameters in another order",
            |w| error(w.engine.func::<(f64, i64), i64>("g")),
            "not (f64, i64) -> i64",
        ),
        ("func: another result", |w| error(w.engine.func::<(), f64>("f")), "not () -> f64"),
        ("func: a narrower result", |w| error(w.engine.func::<(), bool>("f")), "not () -> i8"),
        ("func: no result", |w| error(w.engine.func::<(), ()>("f")), "`f` is () -> i64"),
        (
            "func: a result too many",
            |w| error(w.engine.func::<(), (i64, i64)>("f")),
            "not () -> (i64, i64)",
        ),
        (
            "as_ptr: a removed function, or not native",
            |w| {
                // SAFETY: nobody calls it.
                error(unsafe { w.handle.as_ptr() })
            },
            if cfg!(target_arch = "aarch64") { "" } else { "use native code" },
        ),
    ]
}

fn calling() -> Vec<Row> {
    vec![
        ("call: a removed function", |w| error(w.handle.call(())), "`removed` was removed"),
        (
            "call: a removed function, again",
            |w| error(w.handle.clone().call(())),
            "`removed` was removed",
        ),
        (
            "call: without a body",
            |w| error(w.engine.func::<(), i64>("declared").unwrap().call(())),
            "has no body yet; add a module",
        ),
        (
            "call: a division by zero",
            |w| {
                let g: Func<(i64, f64), i64> = w.engine.func("g").unwrap();
                error(g.call((0, 1.0)))
            },
            "in `g`",
        ),
        (
            "call: what calls a removed function",
            |w| {
                let a = w.engine.add(constant("a", 1)).unwrap()[0];
                let new = w.engine.add(asks("new", "a")).unwrap()[0];
                w.engine.remove(a).unwrap();
                let says = error(w.engine.call_values("new", &[]));
                w.engine.remove(new).unwrap();
                says
            },
            "removed",
        ),
        (
            "call: what calls a function without a body",
            |w| {
                let new = w.engine.add(asks("new", "declared")).unwrap()[0];
                let says = error(w.engine.call_values("new", &[]));
                w.engine.remove(new).unwrap();
                says
            },
            "`declared`",
        ),
        (
            "call: itself for ever",
            |w| {
                let text = "fn @new(i64) -> i64 {\nblock0(v0: i64):\n  v1: i64 = call @new(v0)\n  v2: i64 = add v1, v0\n  ret v2\n}";
                call(w, "new", text, &[Value::I64(1)])
            },
            "stack",
        ),
        (
            "call: an address that is no function's",
            |w| {
                let text = "fn @new() -> i64 {\nblock0:\n  v0: i64 = iconst 0\n  v1: i64 = call_indirect v0() : () -> i64\n  ret v1\n}";
                let options = trusted(&w.options);
                let engine = Engine::new(module(text), &Hosts::new(), &options).unwrap();
                error(engine.call_values("new", &[]))
            },
            "in `new`",
        ),
        (
            "call: a host function that fails",
            |w| call(w, "new", &of_host("fails"), &[]),
            "`fails`, called in `new`: the disk is full",
        ),
        (
            "call: a host function that panics",
            |w| call(w, "new", &of_host("panics"), &[]),
            "it panicked: out of paper",
        ),
        (
            "call_values: an unknown name",
            |w| value(w, "nothing", &[]),
            "there is no function `nothing`",
        ),
        ("call_values: nearly a name", |w| value(w, "declare", &[]), "is `declared` meant?"),
        (
            "call_values: a function of the host",
            |w| value(w, "host", &[Value::I64(1)]),
            "there is no function `host`",
        ),
        (
            "call_values: a removed function",
            |w| value(w, "removed", &[]),
            "there is no function `removed`",
        ),
        ("call_values: without a body", |w| value(w, "declared", &[]), "add a module that has it"),
        (
            "call_values: one too many",
            |w| value(w, "f", &[Value::I64(1)]),
            "`f` takes 0 arguments, but 1 were given",
        ),
        ("call_values: one too few", |w| value(w, "g", &[Value::I64(1)]), "`g` takes 2 arguments"),
        (
            "call_values: far too many",
            |w| value(w, "g", &[Value::I64(1); 1000]),
            "but 1000 were given",
        ),
        (
            "call_values: another type",
            |w| value(w, "g", &[Value::I64(1), Value::I64(1)]),
            "not (i64, i64) -> i64",
        ),
        (
            "call_values: a narrower type",
            |w| value(w, "g", &[Value::I8(1), Value::F64(1.0)]),
            "not (i8, f64) -> i64",
        ),
        (
            "restricted: an address that is not the program's",
            |w| {
                if !w.engine.kind().keeps_limits() {
                    return Some("memory".to_owned());
                }
                let engine =
                    Engine::new(module(RAW), &Hosts::new(), &w.options.clone().restricted(true))
                        .unwrap();
                error(engine.call_values("new", &[Value::I64(8)]))
            },
            "memory",
        ),
        (
            "add_dynamic: a wide parameter",
            |w| {
                let mut hosts = Hosts::new();
                let signature = Signature::new(&[Type::I64, Type::I64], &[]);
                hosts.add_dynamic("host", &signature, std::sync::Arc::new(|_, _, _| Ok(())));
                let text = "extern @host(i128)\nfn @new(i128) {\nblock0(v0: i128):\n  call @host(v0)\n  ret\n}";
                error(Engine::new(module(text), &hosts, &w.options))
            },
            "pass two i64",
        ),
    ]
}

/// Options that take raw addresses.
pub(crate) fn trusted(options: &Options) -> Options {
    // SAFETY: what is called is no address of anybody, so that the call traps.
    unsafe { options.clone().trusted() }
}

fn memory() -> Vec<Row> {
    vec![
        ("CodeArena::new: too large", |_| error(CodeArena::new(usize::MAX)), "no memory for"),
        (
            "CodeArena::new: too large for the system",
            |_| error(CodeArena::new(1 << 62)),
            "the operating system would not",
        ),
        (
            "allocate: more than there is",
            |_| error(CodeArena::new(4096).unwrap().allocate(5000)),
            "drop code, or make it with a larger capacity",
        ),
        (
            "allocate: too large",
            |_| error(CodeArena::new(4096).unwrap().allocate(usize::MAX)),
            "do not fit the arena",
        ),
        (
            "redirect: what is no branch",
            |_| error(words(&[NOP]).redirect(0, B)),
            "in the place of a branch",
        ),
        (
            "redirect: to what is no branch",
            |_| error(words(&[B]).redirect(0, NOP)),
            "in the place of a branch",
        ),
        ("redirect: within an instruction", |_| error(words(&[B, B]).redirect(2, B)), "at byte 2"),
        ("redirect: after the end", |_| error(words(&[B]).redirect(4, B)), "at byte 4"),
        (
            "redirect: far after the end",
            |_| error(words(&[B]).redirect(usize::MAX - 3, B)),
            "a branch can only",
        ),
        ("HostMemory::new: too large", |_| error(HostMemory::new(usize::MAX, 1)), "no memory for"),
        (
            "HostMemory::new: an alignment of zero",
            |_| error(HostMemory::new(1, 0)),
            "no memory for 1",
        ),
        (
            "HostMemory::new: an alignment of three",
            |_| error(HostMemory::new(1, 3)),
            "no memory for 1",
        ),
    ]
}
