//! Memory that is safe to hand over: which modules an engine takes, and what they reach.

mod common;

use common::trusted;
use driver::ir::{Module, VerifyRule, parse};
use driver::{Engine, EngineKind, Error, Func, Hosts, Level, Options, Value};

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

/// Sums the first into the last element of the second, whose elements are three numbers.
const SLICES: &str = "
fn @sum(i128 slice 8, i128 slice mut 24, i64) -> i64 {
block0(v0: i128, v1: i128, v2: i64):
  v3: i64, v4: i64 = isplit v0
  v5: i64 = iconst 0
  jump block1(v5)
block1(v6: i64):
  v7: i8 = icmp ult v6, v4
  branch v7, block2, block3
block2:
  v8: i64 = slice_addr v0, v6, 8
  v9: i64 = load v8
  v10: i64 = call @add(v1, v2, v9)
  v11: i64 = iconst 1
  v12: i64 = add v6, v11
  jump block1(v12)
block3:
  ret v4
}
fn @add(i128 slice mut 24, i64, i64) -> i64 {
block0(v0: i128, v1: i64, v2: i64):
  v3: i64 = slice_addr v0, v1, 24
  v4: i64 = load v3 + 16
  v5: i64 = add v4, v2
  store v5, v3 + 16
  ret v5
}";

#[test]
fn slices_are_lent_for_a_call() {
    for restricted in [false, true] {
        for options in each().filter(|o| !restricted || !format!("{o:?}").contains("Native")) {
            let options = options.restricted(restricted);
            let engine = Engine::new(module(SLICES), &Hosts::new(), &options).unwrap();
            let sum = engine.func::<(&[i64], &mut [[i64; 3]], i64), i64>("sum").unwrap();
            let numbers = vec![5; 1000];
            let mut sums = [[1, 2, 3]; 2];
            assert_eq!(sum.call((&numbers, &mut sums, 1)).unwrap(), 1000, "{options:?}");
            assert_eq!(sums, [[1, 2, 3], [1, 2, 5003]]);
            assert_eq!(sum.call((&numbers[..2], &mut sums[..1], 0)).unwrap(), 2);
            assert_eq!(sums, [[1, 2, 13], [1, 2, 5003]]);
            // Of nothing, nothing is touched; beyond the end there is a trap.
            assert_eq!(sum.call((&[], &mut [], 7)).unwrap(), 0);
            for index in [1, 2, -1, i64::MAX, 1 << 60] {
                let error = sum.call((&numbers, &mut sums[..1], index)).unwrap_err();
                assert!(error.to_string().contains("index_out_of_bounds"), "{error}");
            }
            assert_eq!(sums[1], [1, 2, 5003], "{options:?}");
        }
    }
}

#[test]
fn a_slice_is_called_as_what_it_is() {
    let engine = Engine::new(module(SLICES), &Hosts::new(), &Options::default()).unwrap();
    let wrong = |error: Error, words: &str| {
        assert!(matches!(error, Error::WrongSignature { .. }) && error.to_string().contains(words));
    };
    let used = engine.func::<(i128, i128, i64), i64>("sum").unwrap_err();
    wrong(used, "not (i128, i128, i64)");
    let used = engine.func::<(&[i64], &[[i64; 3]], i64), i64>("sum").unwrap_err();
    wrong(used, "not (i128 slice 8, i128 slice 24, i64)");
    let used = engine.func::<(&[i64], &mut [i64], i64), i64>("sum").unwrap_err();
    wrong(used, "not (i128 slice 8, i128 slice mut 8, i64)");
    let values = [Value::I128(1 << 64 | 4096), Value::I64(0), Value::I64(1)];
    wrong(engine.call_values("add", &values).unwrap_err(), "not (i128, i64, i64)");
}

/// What was lent for reading is not written, and when the call ends it is nobody's any more: restricted memory checks it.
#[test]
fn restricted_programs_keep_to_what_is_lent() {
    let text = "
fn @keep(i128 slice 8) -> i64 {
block0(v0: i128):
  v1: i64, v2: i64 = isplit v0
  v3: i64 = load v1
  ret v1
}
fn @write(i128 slice 8) {
block0(v0: i128):
  v1: i64, v2: i64 = isplit v0
  store v2, v1
  ret
}
fn @behind(i128 slice 8) -> i64 {
block0(v0: i128):
  v1: i64, v2: i64 = isplit v0
  v3: i64 = load v1 + 8
  ret v3
}
fn @read(i64) -> i64 {
block0(v0: i64):
  v1: i64 = load v0
  ret v1
}";
    for options in each().map(|options| options.restricted(true)) {
        let Ok(engine) = Engine::new(module(text), &Hosts::new(), &options) else { continue };
        let numbers = [42_i64, 43];
        let faults = |result: Result<i64, Error>| {
            let error = result.expect_err("it is not lent").to_string();
            assert!(error.contains("memory_fault"), "{options:?}: {error}");
        };
        let keep: Func<&[i64], i64> = engine.func("keep").unwrap();
        let write: Func<&[i64], ()> = engine.func("write").unwrap();
        let behind: Func<&[i64], i64> = engine.func("behind").unwrap();
        let read: Func<i64, i64> = engine.func("read").unwrap();
        let address = keep.call(&numbers[..1]).unwrap();
        faults(read.call(address));
        faults(write.call(&numbers).map(|()| 0));
        faults(behind.call(&numbers[..1]));
        assert_eq!(behind.call(&numbers).unwrap(), 43);
        assert_eq!(numbers, [42, 43]);
    }
}

const DATA: &str = r#"
extern @twice(i64) -> i64
data @numbers align 8 = i32 1, -2, 3 i8 255 "abc" f64 1.5, -inf i128 -1
data @table align 8 = i64 @one, @numbers + 4, 7, @two zero 3 i64 @twice
data mut @counter align 4 = i32 40
fn @one(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 1
  v2: i64 = add v0, v1
  ret v2
}
fn @two(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 2
  v2: i64 = add v0, v1
  ret v2
}
fn @call(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = data_addr @table
  v3: i64 = add v2, v0
  v4: i64 = load v3
  v5: i64 = call_indirect v4(v1) : (i64) -> i64
  ret v5
}
fn @second() -> i32 {
block0:
  v0: i64 = data_addr @table
  v1: i64 = load v0 + 8
  v2: i32 = load v1
  ret v2
}
fn @count() -> i32 {
block0:
  v0: i64 = data_addr @counter
  v1: i32 = iconst 1
  v2: i32 = atomic_rmw add v1, v0
  ret v2
}"#;

extern "C" fn twice(x: i64) -> i64 {
    2 * x
}

#[test]
fn data_hold_numbers_and_addresses() {
    let mut hosts = Hosts::new();
    hosts.add("twice", twice as extern "C" fn(i64) -> i64);
    for options in each() {
        let engine = Engine::new(module(DATA), &hosts, &trusted(options.clone())).unwrap();
        let call: Func<(i64, i64), i64> = engine.func("call").unwrap();
        assert_eq!(call.call((0, 10)).unwrap(), 11, "{options:?}");
        assert_eq!(call.call((24, 10)).unwrap(), 12, "{options:?}");
        assert_eq!(call.call((35, 10)).unwrap(), 20, "{options:?}");
        let second: Func<(), i32> = engine.func("second").unwrap();
        assert_eq!(second.call(()).unwrap(), -2, "{options:?}");
        let mut numbers = [0; 48];
        engine.read_data("numbers", 0, &mut numbers).unwrap();
        let mut expected = Vec::new();
        [1, -2, 3].iter().for_each(|n: &i32| expected.extend(n.to_le_bytes()));
        expected.extend(b"\xffabc");
        [1.5, f64::NEG_INFINITY].iter().for_each(|x| expected.extend(x.to_le_bytes()));
        expected.extend([0xff; 16]);
        assert_eq!(numbers[..], expected);

        // A function that is replaced is the new one, by its old address too; one that is removed is not called.
        let one = engine.id("one").unwrap();
        let new = "fn @one(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}";
        engine.replace(one, module(new)).unwrap();
        assert_eq!(call.call((0, 10)).unwrap(), 10, "{options:?}");
        engine.remove(one).unwrap();
        for n in 0..20 {
            let other = format!("fn @other{n}(f64) -> f64 {{\nblock0(v0: f64):\n  ret v0\n}}");
            engine.add(module(&other)).unwrap();
            let error = call.call((0, 10)).unwrap_err().to_string();
            assert!(error.contains("bad_call"), "{options:?}: {error}");
        }
    }
}

#[test]
fn data_are_read_and_written_by_name() {
    let mut hosts = Hosts::new();
    hosts.add("twice", twice as extern "C" fn(i64) -> i64);
    for options in each() {
        let engine = Engine::new(module(DATA), &hosts, &trusted(options.clone())).unwrap();
        let count: Func<(), i32> = engine.func("count").unwrap();
        assert_eq!(count.call(()).unwrap(), 40);
        let mut bytes = [0; 4];
        engine.read_data("counter", 0, &mut bytes).unwrap();
        assert_eq!(i32::from_le_bytes(bytes), 41, "{options:?}");
        engine.write_data("counter", 1, &[1]).unwrap();
        assert_eq!(count.call(()).unwrap(), 41 + 256, "{options:?}");

        let says = |result: Result<(), Error>, words: &str| {
            let error = result.unwrap_err();
            assert!(error.to_string().contains(words) && !error.is_defect(), "{error}");
        };
        says(engine.read_data("counters", 0, &mut bytes), "is `counter` meant?");
        says(engine.read_data("counter", 1, &mut bytes), "has 4 bytes, not 4 from byte 1 on");
        says(engine.read_data("counter", usize::MAX, &mut bytes), "has 4 bytes");
        says(engine.write_data("counter", 4, &[0]), "has 4 bytes, not 1 from byte 4 on");
        says(engine.write_data("numbers", 0, &[0]), "declare it as `data mut`");
        engine.read_data("counter", 4, &mut []).unwrap();

        // The last module's hides that of others.
        let again = "data @counter align 1 = i8 7\nfn @g() {\nblock0:\n  ret\n}";
        engine.add(module(again)).unwrap();
        engine.read_data("counter", 0, &mut bytes[..1]).unwrap();
        assert_eq!(bytes[0], 7);
    }
}
