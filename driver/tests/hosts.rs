//! Functions of the host: closures with state, errors, panics, calls back into the engine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use driver::ir::{Module, Signature, Type, parse};
use driver::{Caller, Engine, EngineKind, Error, Func, HostPanic, Hosts, Level, Options, Value};

fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// Every engine, with these functions of the host.
fn engines(hosts: &Hosts, text: &str) -> impl Iterator<Item = Engine> {
    let all = EngineKind::available();
    all.map(move |kind| Engine::new(module(text), hosts, &Options::default().engine(kind)).unwrap())
}

const CALLS_F: &str = "source \"a.src\"
extern @f(i64) -> i64
fn @run(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call @f(v0) @3:7
  v2: i64 = iconst 1
  v3: i64 = add v1, v2 @4:1
  ret v3
}";

#[test]
fn closures_have_state() {
    let total = Arc::new(AtomicI64::new(0));
    let mut hosts = Hosts::new();
    let adds = Arc::clone(&total);
    hosts.add_closure("f", move |_: &mut Caller<'_>, x: i64| {
        adds.fetch_add(x, Ordering::Relaxed) + x
    });
    let mut expected = 0;
    for engine in engines(&hosts, CALLS_F) {
        let run: Func<i64, i64> = engine.func("run").unwrap();
        for x in [1, 20, -3] {
            expected += x;
            assert_eq!(run.call(x).unwrap(), expected + 1, "{}", engine.kind());
        }
    }
    assert_eq!(total.load(Ordering::Relaxed), expected);
}

#[test]
fn an_error_ends_the_call_where_it_was_made() {
    let mut hosts = Hosts::new();
    hosts.add_closure("f", |_: &mut Caller<'_>, x: i64| -> Result<i64, String> {
        if x < 0 { Err(format!("{x} is negative")) } else { Ok(x) }
    });
    for engine in engines(&hosts, CALLS_F) {
        let run: Func<i64, i64> = engine.func("run").unwrap();
        for _ in 0..3 {
            assert_eq!(run.call(6).unwrap(), 7);
            let error = run.call(-5).unwrap_err();
            assert_eq!(
                error.to_string(),
                "`f`, called in `run` at a.src:3:7: -5 is negative",
                "{}",
                engine.kind()
            );
            let Error::Host(failure) = error else { panic!("{error}") };
            assert_eq!(
                (failure.host.as_str(), failure.source.to_string().as_str()),
                ("f", "-5 is negative")
            );
        }
    }
}

#[test]
fn a_panic_crosses_the_code_that_called() {
    const THROUGH_THREE: &str = "extern @f(i64) -> i64
fn @outer(i64) -> i64 {
  slot0: size 64, align 8
block0(v0: i64):
  v1: i64 = call @middle(v0)
  v2: i64 = stack_addr slot0
  store v1, v2
  v3: i64 = load v2
  ret v3
}
fn @middle(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call @inner(v0)
  v2: i64 = add v1, v0
  ret v2
}
fn @inner(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call @f(v0)
  v2: i64 = add v1, v0
  ret v2
}";
    let dropped = Arc::new(AtomicUsize::new(0));
    struct Counts(Arc<AtomicUsize>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let mut hosts = Hosts::new();
    let drops = Arc::clone(&dropped);
    hosts.add_closure("f", move |_: &mut Caller<'_>, x: i64| {
        let _counts = Counts(Arc::clone(&drops));
        assert!(x < 100, "{x} is too much");
        x
    });
    for kind in EngineKind::available() {
        for level in [Level::None, Level::Speed] {
            let options = Options::default().engine(kind).level(level);
            let engine = Engine::new(module(THROUGH_THREE), &hosts, &options).unwrap();
            let outer: Func<i64, i64> = engine.func("outer").unwrap();
            dropped.store(0, Ordering::Relaxed);
            for round in 0..3 {
                assert_eq!(outer.call(5).unwrap(), 15);
                let panic = catch_unwind(AssertUnwindSafe(|| outer.call(100))).unwrap_err();
                let text = panic.downcast_ref::<String>().unwrap();
                assert_eq!(
                    (text.as_str(), dropped.load(Ordering::Relaxed)),
                    ("100 is too much", 2 * round + 2)
                );
            }
            let options = options.host_panic(HostPanic::Trap);
            let engine = Engine::new(module(THROUGH_THREE), &hosts, &options).unwrap();
            let error = engine.call_values("outer", &[Value::I64(200)]).unwrap_err();
            assert!(error.to_string().contains(": it panicked: 200 is too much"), "{error}");
        }
    }
}

/// Every argument comes where it belongs, in registers and on the stack, and several results go back.
#[test]
fn many_arguments_and_several_results() {
    let mut hosts = Hosts::new();
    #[rustfmt::skip]
    hosts.add_closure("f", |
        _: &mut Caller<'_>,
        a: i8, b: u16, c: f32, d: bool, e: i64, f: f64, g: i64, h: i64, i: i64, j: i64, k: u8, l: i32, m: f32, n: f64, o: bool,
        p: f64, q: f64, r: f64, s: f64, t: f64, u: f32, v: i16, w: i64, x: u32
    | -> (f64, i8, i64, f32) {
        let ints = [i64::from(a), i64::from(b), i64::from(d), e, g, h, i, j, i64::from(k), i64::from(l), i64::from(o), i64::from(v), w, i64::from(x)];
        let floats = [f64::from(c), f, f64::from(m), n, p, q, r, s, t, f64::from(u)];
        let weigh = |sum: i64, (at, value): (i64, &i64)| sum.wrapping_add((at + 1).wrapping_mul(*value));
        let sum = (0..).zip(&ints).fold(0, weigh);
        (floats.iter().zip(1..).map(|(x, at)| x * f64::from(at)).sum(), a, sum, c)
    });
    let types = "i8 sext, i16 zext, f32, i8 zext, i64, f64, i64, i64, i64, i64, i8 zext, i32 sext, f32, f64, i8 zext, f64, f64, f64, f64, f64, f32, i16 sext, i64, i32 zext";
    let plain = types.replace(" sext", "").replace(" zext", "");
    let params: Vec<String> =
        plain.split(", ").enumerate().map(|(n, ty)| format!("v{n}: {ty}")).collect();
    let args: Vec<String> = (0..24).map(|n| format!("v{n}")).collect();
    let text = format!(
        "extern @f({types}) -> (f64, i8 sext, i64, f32)
fn @run({plain}) -> (f64, i8, i64, f32) {{
block0({}):
  v24: f64, v25: i8, v26: i64, v27: f32 = call @f({})
  ret v24, v25, v26, v27
}}",
        params.join(", "),
        args.join(", ")
    );
    let ints: [i64; 14] = [-7, 65535, 1, -1, 5, 6, 7, 8, 250, -9, 0, -300, 1 << 40, 0xffff_fff0];
    let floats: [f64; 10] = [0.5, 2.25, -1.5, 1e10, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5];
    let [a, b, d, e, g, h, i, j, k, l, o, v, w, x] = ints;
    let [c, f, m, n, p, q, r, s, t, u] = floats;
    let byte = |x: i64| Value::I8(x as i8);
    #[rustfmt::skip]
    let values = [
        byte(a), Value::I16(b as i16), Value::F32(c as f32), byte(d), Value::I64(e), Value::F64(f), Value::I64(g), Value::I64(h),
        Value::I64(i), Value::I64(j), byte(k), Value::I32(l as i32), Value::F32(m as f32), Value::F64(n), byte(o), Value::F64(p),
        Value::F64(q), Value::F64(r), Value::F64(s), Value::F64(t), Value::F32(u as f32), Value::I16(v as i16), Value::I64(w),
        Value::I32(x as i32),
    ];
    let int_sum: i64 = ints.iter().zip(1..).map(|(x, at): (&i64, i64)| x * at).sum();
    let float_sum: f64 = floats.iter().zip(1..).map(|(x, at)| x * f64::from(at)).sum();
    let expected = [Value::F64(float_sum), byte(a), Value::I64(int_sum), Value::F32(0.5)];
    for engine in engines(&hosts, &text) {
        assert_eq!(engine.call_values("run", &values).unwrap(), expected, "{}", engine.kind());
    }
}

/// What has no register comes back in memory: here six integers and two floats of 24 results.
#[test]
fn as_many_results_as_arguments() {
    let mut hosts = Hosts::new();
    #[rustfmt::skip]
    hosts.add_closure("f", |_: &mut Caller<'_>, a: i8, b: u16, c: f32, d: bool, e: i64, f: f64, g: i64, h: i64, i: i64, j: i64, k: u8, l: i32, m: f32, n: f64, o: bool, p: f64, q: f64, r: f64, s: f64, t: f64, u: f32, v: i16, w: i64, x: u32|
        (x, w, v, u, t, s, r, q, p, o, n, m, l, k, j, i, h, g, f, e, d, c, b, a));
    let types = "i8 sext, i16 zext, f32, i8 zext, i64, f64, i64, i64, i64, i64, i8 zext, i32 sext, f32, f64, i8 zext, f64, f64, f64, f64, f64, f32, i16 sext, i64, i32 zext";
    let back: Vec<&str> = types.rsplit(", ").collect();
    let back = back.join(", ");
    let list = |types: &str, first: usize| {
        let values = types.split(", ").zip(first..).map(|(ty, n)| format!("v{n}: {ty}"));
        values.collect::<Vec<_>>().join(", ").replace(" sext", "").replace(" zext", "")
    };
    let backwards = |first: usize| {
        (first..first + 24).rev().map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ")
    };
    let all = (0..24).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ");
    // Each call gives them back to front.
    let text = format!(
        "extern @f({types}) -> ({back})
fn @twice({back}) -> ({types}) {{
block0({params}):
  {first} = call @through({reversed})
  {second} = call @through({firsts})
  ret {seconds}
}}
fn @through({types}) -> ({back}) {{
block0({forward}):
  tail_call @f({all})
}}",
        params = list(&back, 0),
        reversed = backwards(0),
        first = list(&back, 100),
        firsts = backwards(100),
        second = list(&back, 200),
        seconds = backwards(200),
        forward = list(types, 0),
    );
    #[rustfmt::skip]
    let values = [
        Value::I32(7), Value::I64(-3), Value::I16(-300), Value::F32(1.5), Value::F64(2.5), Value::F64(3.5), Value::F64(4.5),
        Value::F64(5.5), Value::F64(6.5), Value::I8(1), Value::F64(7.5), Value::F32(8.5), Value::I32(-8), Value::I8(-9),
        Value::I64(10), Value::I64(11), Value::I64(12), Value::I64(13), Value::F64(9.5), Value::I64(14), Value::I8(0),
        Value::F32(10.5), Value::I16(-15), Value::I8(-16),
    ];
    let mut expected = values;
    expected.reverse();
    for engine in engines(&hosts, &text) {
        assert_eq!(engine.call_values("twice", &values).unwrap(), expected, "{}", engine.kind());
    }
}

/// As many as a signature may have: the words are further apart than an immediate reaches, and take more than a page.
#[test]
fn a_thousand_arguments_and_results() {
    let mut random = testkit::Random::new(7);
    let types: Vec<Type> = (0..1000).filter_map(|_| random.pick(&Type::WORDS)).collect();
    let back: Vec<Type> = types.iter().rev().copied().collect();
    let reverse = |_: &mut Caller<'_>, args: &[u64], results: &mut [u64]| {
        results.iter_mut().zip(args.iter().rev()).for_each(|(result, &arg)| *result = arg);
        Ok(())
    };
    let mut hosts = Hosts::new();
    hosts.add_dynamic("f", &Signature::new(&types, &back), Arc::new(reverse));
    let list = |types: &[Type], first: usize| {
        let values = types.iter().zip(first..).map(|(ty, n)| format!("v{n}: {ty}"));
        values.collect::<Vec<_>>().join(", ")
    };
    let text = |types: &[Type]| types.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
    let backwards = |first: usize| {
        (first..first + 1000).rev().map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ")
    };
    let source = format!(
        "extern @f({forward}) -> ({back})
fn @run({back}) -> ({forward}) {{
block0({params}):
  {results} = call @f({args})
  ret {returned}
}}",
        forward = text(&types),
        back = text(&back),
        params = list(&back, 0),
        args = backwards(0),
        results = list(&back, 1000),
        returned = backwards(1000),
    );
    let values: Vec<Value> =
        back.iter().map(|&ty| Value::from_words(ty, [random.word(ty), 0])).collect();
    let bits = |values: &[Value]| values.iter().map(|value| value.bits()).collect::<Vec<_>>();
    let expected: Vec<u128> = bits(&values).into_iter().rev().collect();
    for engine in engines(&hosts, &source) {
        let found = engine.call_values("run", &values).unwrap();
        assert_eq!(bits(&found), expected, "{}", engine.kind());
    }
}

/// Engine, host, engine, host … with a trap at the bottom: everything is unwound, and the engines work as before.
#[test]
fn host_and_engine_call_each_other() {
    const DEEP: i64 = 60;
    let dropped = Arc::new(AtomicI64::new(0));
    struct Counts(Arc<AtomicI64>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let mut hosts = Hosts::new();
    let drops = Arc::clone(&dropped);
    hosts.add_closure("f", move |caller: &mut Caller<'_>, x: i64| -> Result<i64, Error> {
        let _counts = Counts(Arc::clone(&drops));
        match x {
            0 => caller.engine().func::<(), i64>("trap")?.call(()),
            -1 => Ok(0),
            _ => caller.engine().func::<i64, i64>("run")?.call(x - 1),
        }
    });
    let text = format!("{CALLS_F}\nfn @trap() -> i64 {{\nblock0:\n  trap assertion @9:9\n}}");
    for engine in engines(&hosts, &text) {
        dropped.store(0, Ordering::Relaxed);
        let run: Func<i64, i64> = engine.func("run").unwrap();
        let error = run.call(DEEP).unwrap_err();
        assert_eq!(dropped.load(Ordering::Relaxed), DEEP + 1);
        let text = error.to_string();
        assert!(
            text.starts_with("`f`, called in `run` at a.src:3:7: `f`, called in `run`"),
            "{text}"
        );
        assert!(text.ends_with("trap: assertion in `trap` at a.src:9:9"), "{text}");
        assert_eq!(run.call(-1).unwrap(), 1, "{}", engine.kind());
    }
}

/// A function replaces the one that calls it, which ends as it began.
#[test]
fn a_host_function_changes_what_calls_it() {
    for kind in EngineKind::available() {
        let engine = Engine::empty(&Hosts::new(), &Options::default().engine(kind)).unwrap();
        engine.import("f", |caller: &mut Caller<'_>, x: i64| -> Result<i64, Error> {
            let engine = caller.engine();
            let run =
                engine.id("run").ok_or(Error::NoFunction { name: "run".into(), similar: None })?;
            let text =
                "fn @run(i64) -> i64 {\nblock0(v0: i64):\n  v1: i64 = iconst -1\n  ret v1\n}";
            engine.replace(run, module(text))?;
            Ok(x)
        });
        engine.add(module(CALLS_F)).unwrap();
        let run: Func<i64, i64> = engine.func("run").unwrap();
        assert_eq!((run.call(5).unwrap(), run.call(5).unwrap()), (6, -1), "{kind}");
        // Modules that are added later get the function that has the name then.
        engine.import("f", |_: &mut Caller<'_>, x: i64| x * 2);
        engine.add(module(&CALLS_F.replace("@run", "@again"))).unwrap();
        assert_eq!(engine.func::<i64, i64>("again").unwrap().call(21).unwrap(), 43);
    }
}
