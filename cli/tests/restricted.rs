//! Programs in restricted mode, where each touches only what is its own: a read or write beyond the end of an array,
//! even one whose result nobody uses, is a trap here, and no difference elsewhere.

use std::path::Path;
use std::sync::OnceLock;

#[path = "../../driver/tests/common/mod.rs"]
mod common;

use common::trusted;
use driver::{Engine, EngineKind, Func, Hosts, Level, Options, Output};

/// What `main` prints, and how it ends.
fn run(text: &str, name: &str, options: &Options) -> (Vec<u8>, String) {
    let module = lang::compile(text, name).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    let options = trusted(options.clone());
    let engine = Engine::new(module, &Hosts::for_lang(), &options).unwrap();
    let main: Func<(), ()> = engine.func("main").unwrap();
    let (result, printed) = Output::collect(|| main.call(()));
    let end = result.map_or_else(|error| error.to_string(), |()| "returned".to_owned());
    (printed.out, end)
}

#[test]
fn programs_touch_only_what_is_their_own() {
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new("../lang/tests/programs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let plain = Options::default().engine(EngineKind::Interpreter).verify(false);
        let expected = run(&text, &name, &plain);
        assert_eq!(expected.1, "returned", "{name}");
        for (kind, level) in [
            (EngineKind::Interpreter, Level::Speed),
            (EngineKind::Simulator, Level::None),
            (EngineKind::Simulator, Level::Speed),
        ] {
            let options = Options::default().engine(kind).level(level).restricted(true);
            let found = run(&text, &name, &options.verify(false));
            assert_eq!(found.1, "returned", "{name}, {kind}, {level:?}");
            assert!(found.0 == expected.0, "{name}, {kind}, {level:?}: prints something else");
        }
        count += 1;
    }
    assert!(count > 15, "{count}");
}

static SHARED: OnceLock<Vec<Engine>> = OnceLock::new();

/// Calls `bump` of an engine that is under way, which changes what is at the address.
extern "C" fn bump_again(engine: i64, address: i64) {
    let bump: Func<i64, ()> = SHARED.get().unwrap()[engine as usize].func("bump").unwrap();
    bump.call(address).unwrap();
}

/// Every call sees one memory: nested calls, calls from other threads, and host functions.
#[test]
fn all_calls_of_an_engine_share_its_data_and_host_functions_see_it() {
    let source = "
extern @bump_again(i64, i64)
extern @print.str(i64, i64, i64, i64, i64)
data @counter align 8 = zero 8
fn @bump(i64) {
block0(v0: i64):
  v1: i64 = iconst 1
  v2: i64 = atomic_rmw add v1, v0
  ret
}
fn @count(i64) -> i64 {
block0(v0: i64):
  v1: i64 = data_addr @counter
  call @bump_again(v0, v1)
  call @bump(v1)
  v2: i64 = load v1
  ret v2
}
fn @print() {
  slot0: size 8, align 8
block0:
  v0: i64 = stack_addr slot0
  v1: i64 = iconst 0x6f6c6c6568
  store v1, v0
  v2: i64 = iconst 5
  v3: i64 = iconst 0
  v4: i64 = iconst -1
  call @print.str(v0, v2, v3, v4, v4)
  ret
}";
    let module =
        ir::parse::module(source).unwrap_or_else(|e| panic!("{}", e[0].render(source, "test")));
    let mut hosts = Hosts::for_lang();
    hosts.add("bump_again", bump_again as extern "C" fn(i64, i64));
    let kinds = [EngineKind::Interpreter, EngineKind::Simulator];
    let options = |kind| trusted(Options::default().engine(kind).restricted(true));
    let made = kinds.map(|kind| Engine::new(module.clone(), &hosts, &options(kind)).unwrap());
    SHARED.set(made.into()).unwrap();
    for (index, engine) in SHARED.get().unwrap().iter().enumerate() {
        let count: Func<i64, i64> = engine.func("count").unwrap();
        for n in 1..4 {
            assert_eq!(count.call(index as i64).unwrap(), 2 * n, "{}", engine.kind());
        }
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| count.call(index as i64).unwrap())));
        });
        assert_eq!(count.call(index as i64).unwrap(), 16, "{}", engine.kind());
        let print: Func<(), ()> = engine.func("print").unwrap();
        let (result, printed) = Output::collect(|| print.call(()));
        result.unwrap();
        assert_eq!(printed.out, b"hello", "{}", engine.kind());
    }
}

/// The host reads a text where it is told to: not for modules that nobody vouches for, whatever else is restricted.
#[test]
fn hosts_that_believe_addresses_are_for_modules_that_somebody_vouches_for() {
    let text = "extern @print.str(i64, i64, i64, i64, i64)\nfn @f() {\nblock0:\n  ret\n}";
    let module = ir::parse::module(text).unwrap();
    let hosts = Hosts::for_lang();
    for restricted in [false, true] {
        let options = Options::default().engine(EngineKind::Simulator).restricted(restricted);
        let refused = Engine::new(module.clone(), &hosts, &options).unwrap_err();
        assert!(matches!(refused, driver::Error::NotConfined(_)), "{refused}");
        assert!(refused.to_string().contains("@print.str"), "{refused}");
        Engine::new(module.clone(), &hosts, &trusted(options)).unwrap();
    }
}
