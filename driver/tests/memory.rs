//! Memory that is safe to hand over: which modules an engine takes, and what they reach.

mod common;

use common::trusted;
use driver::ir::{Module, VerifyRule, parse};
use driver::{Engine, EngineKind, Error, Func, Hosts, Level, Options};

fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{}", errors[0].render(text, "test")))
}

/// Options of each engine at each level, with nothing restricted.
fn each() -> impl Iterator<Item = Options> {
    let levels = [Level::None, Level::Speed];
    EngineKind::available()
        .flat_map(move |kind| levels.map(|level| Options::default().engine(kind).level(level)))
}

fn is_refused<T>(result: Result<T, Error>, words: &str) {
    let error = result.err().expect("nobody vouches for it");
    assert!(
        matches!(&error, Error::NotConfined(error) if error.rule == VerifyRule::Confined),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains(words) && text.contains("Options::trusted"), "{text}");
    assert!(!error.is_defect());
}

const RAW: &str = "fn @f(i64) -> i64 {\nblock0(v0: i64):\n  v1: i64 = load v0\n  ret v1\n}";

#[test]
fn raw_addresses_need_somebody_who_vouches_or_memory_that_is_restricted() {
    for options in each() {
        let (raw, hosts) = (module(RAW), Hosts::new());
        is_refused(Engine::new(raw.clone(), &hosts, &options), "@f, block0: nothing says where v0");
        let engine = Engine::empty(&hosts, &options).unwrap();
        let good = "fn @f(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}";
        let f = engine.add(module(good)).unwrap()[0];
        is_refused(engine.replace(f, raw.clone()), "nothing says where v0 leads");
        let call: Func<i64, i64> = engine.func("f").unwrap();
        assert_eq!(call.call(5).unwrap(), 5);

        let number = Box::new(42_i64);
        let address = std::ptr::from_ref(&*number).expose_provenance() as i64;
        let engine = Engine::new(raw.clone(), &hosts, &trusted(options.clone())).unwrap();
        let call: Func<i64, i64> = engine.func("f").unwrap();
        assert_eq!(call.call(address).unwrap(), 42);
        if engine.kind().keeps_limits() {
            let engine = Engine::new(raw, &hosts, &options.restricted(true)).unwrap();
            let call: Func<i64, i64> = engine.func("f").unwrap();
            assert!(call.call(address).unwrap_err().to_string().contains("memory_fault"));
        }
    }
}

/// Up to the first and the last byte of slots and data, and functions by their address.
#[test]
fn confined_modules_run_without_anybody_who_vouches() {
    let text = r#"
data @read align 8 = "\01\02\03\04\05\06\07\08"
data mut @written align 16 = zero 16
fn @f(i64) -> (i64, i64) {
  slot0: size 12, align 8
block0(v0: i64):
  v1: i64 = stack_addr slot0 + 12
  store.32 v0, v1 - 4
  v2: i64 = load.u32 v1 - 4
  v3: i64 = data_addr @read + 9
  v4: i64 = load.u8 v3 - 2
  v5: i64 = data_addr @written + 8
  v6: i64 = atomic_rmw add v2, v5
  v7: i128 = iconcat v6, v4
  v8: i64 = data_addr @written
  store v7, v8
  v9: i64 = func_addr @g
  v10: i64 = call_indirect v9(v4) : (i64) -> i64
  v11: i64 = atomic_load v5
  ret v10, v11
}
fn @g(i64) -> i64 {
block0(v0: i64):
  v1: i64 = func_addr @h
  tail_call_indirect v1(v0) : (i64) -> i64
}
fn @h(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 100
  v2: i64 = add v0, v1
  ret v2
}"#;
    for options in each() {
        let engine = Engine::new(module(text), &Hosts::new(), &options).unwrap();
        let f: Func<i64, (i64, i64)> = engine.func("f").unwrap();
        assert_eq!(f.call(0x1_0000_0007).unwrap(), (108, 8), "{options:?}");
        assert_eq!(f.call(9).unwrap(), (108, 8), "{options:?}");
    }
}
