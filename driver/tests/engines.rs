//! Modules through every engine that this machine has; under QEMU that includes native code.

mod common;

use common::trusted;
use driver::{Caller, Engine, EngineKind, Error, Func, Hosts, Level, Options, Value};
use ir::{FunctionBuilder, IntCC, Module, NarrowWidth, Signature, TrapKind, Type};

/// The module on every engine at every level.
fn each(module: &Module, hosts: &Hosts, check: impl Fn(&Engine)) {
    for engine in EngineKind::available() {
        for level in [Level::None, Level::Speed] {
            let options = trusted(Options::default().engine(engine).level(level).verify(true));
            check(&Engine::new(module.clone(), hosts, &options).unwrap());
        }
    }
}

fn parse(text: &str) -> Module {
    ir::parse::module(text).unwrap_or_else(|errors| panic!("{}", errors[0].render(text, "test")))
}

fn trap(result: Result<impl std::fmt::Debug, Error>) -> driver::Trap {
    match result {
        Err(Error::Trap(trap)) => trap,
        other => panic!("a trap was expected, not {other:?}"),
    }
}

fn fib() -> Module {
    parse(
        "fn @fib(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = iconst 2
           v2: i8 = icmp slt v0, v1
           branch v2, block1, block2
         block1:
           ret v0
         block2:
           v3: i64 = iconst 1
           v4: i64 = sub v0, v3
           v5: i64 = call @fib(v4)
           v6: i64 = sub v0, v1
           v7: i64 = call @fib(v6)
           v8: i64 = add v5, v7
           ret v8
         }",
    )
}

#[test]
fn recursion() {
    each(&fib(), &Hosts::new(), |engine| {
        let fib: Func<i64, i64> = engine.func("fib").unwrap();
        assert_eq!(fib.call(20).unwrap(), 6765, "{}", engine.kind());
    });
}

#[test]
fn variables_and_loops() {
    let b = FunctionBuilder::new("sum_of_squares");
    let n = b.param(Type::I64);
    let (i, acc) = (b.var("i", Type::I64), b.var("acc", Type::I64));
    let (head, body, done) = (b.block("head"), b.block("body"), b.block("done"));
    b.set(i, 0);
    b.set(acc, 0);
    b.jump(head);
    b.switch_to(head);
    b.branch(b.icmp(IntCC::Slt, i, n), body, done);
    b.switch_to(body);
    b.set(acc, b.add(acc, b.mul(i, i)));
    b.set(i, b.add(i, 1));
    b.jump(head);
    b.switch_to(done);
    b.ret(acc);
    let mut module = Module::new();
    module.add_function(b.finish().unwrap()).unwrap();
    each(&module, &Hosts::new(), |engine| {
        let sum: Func<i64, i64> = engine.func("sum_of_squares").unwrap();
        assert_eq!(sum.call(10).unwrap(), 285, "{}", engine.kind());
    });
}

#[test]
fn arguments_in_registers_and_on_the_stack() {
    // 10 integers and 10 floats, mixed; the sum weighs each by its place.
    let b = FunctionBuilder::new("many");
    let mut total = None;
    for place in 1..=10 {
        let (int, float) = (b.param(Type::I64), b.param(Type::F64));
        let float = b.float_to_sint_sat(Type::I64, float);
        let sum = b.add(b.mul(int, place), b.mul(float, place * 100));
        total = Some(match total {
            Some(total) => b.add(total, sum),
            None => sum,
        });
    }
    b.ret(total.unwrap());
    let mut module = Module::new();
    module.add_function(b.finish().unwrap()).unwrap();
    let args: Vec<Value> = (1..=10).flat_map(|n| [Value::I64(n), Value::F64(n as f64)]).collect();
    let expected: i64 = (1..=10).map(|n| n * n + 100 * n * n).sum();
    each(&module, &Hosts::new(), |engine| {
        let results = engine.call_values("many", &args).unwrap();
        assert_eq!(results, [Value::I64(expected)], "{}", engine.kind());
    });
}

extern "C" fn weigh(a: i8, b: u16, c: f32, d: i64, e: i64, f: i64, g: i64, h: i64, i: i64) -> f64 {
    f64::from(a) + f64::from(b) + f64::from(c) + (d + 2 * e + 3 * f + 4 * g + 5 * h + 6 * i) as f64
}

type Weigh = extern "C" fn(i8, u16, f32, i64, i64, i64, i64, i64, i64) -> f64;

#[test]
fn host_functions_get_what_c_passes() {
    let module = parse(
        "extern @weigh(i8 sext, i16 zext, f32, i64, i64, i64, i64, i64, i64) -> f64
         fn @go(i64) -> f64 {
         block0(v0: i64):
           v1: i8 = trunc v0
           v2: i16 = trunc v0
           v3: f32 = fconst 0.5
           v4: f64 = call @weigh(v1, v2, v3, v0, v0, v0, v0, v0, v0)
           ret v4
         }",
    );
    let mut hosts = Hosts::new();
    hosts.add("weigh", weigh as Weigh);
    let expected = weigh(-1, 0xffff, 0.5, -1, -1, -1, -1, -1, -1);
    each(&module, &hosts, |engine| {
        let go: Func<i64, f64> = engine.func("go").unwrap();
        assert_eq!(go.call(-1).unwrap(), expected, "{}", engine.kind());
    });
}

#[test]
fn traps_name_kind_function_and_place_and_the_engine_goes_on() {
    let module = parse(
        "fn @divide(i64, i64) -> i64 {
         block0(v0: i64, v1: i64):
           v2: i64 = sdiv v0, v1 @7:9
           ret v2
         }
         fn @outer(i64, i64) -> i64 {
         block0(v0: i64, v1: i64):
           v2: i64 = call @divide(v0, v1)
           v3: i64 = add v2, v0
           ret v3
         }
         fn @check(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = iconst 10
           v2: i8 = icmp uge v0, v1
           trap_if v2, index_out_of_bounds @3:4
           ret v0
         }",
    );
    each(&module, &Hosts::new(), |engine| {
        let outer: Func<(i64, i64), i64> = engine.func("outer").unwrap();
        for _ in 0..3 {
            let zero = trap(outer.call((1, 0)));
            // `divide` may have become a part of `outer`; the place in the source stays.
            assert_eq!((zero.kind, zero.span), (TrapKind::DivisionByZero, ir::Span::new(7, 9)));
            assert!(["divide", "outer"].contains(&zero.function.as_str()), "{zero}");
            let overflow = trap(outer.call((i64::MIN, -1)));
            assert_eq!(overflow.kind, TrapKind::IntegerOverflow);
            assert_eq!(outer.call((84, 2)).unwrap(), 126);
        }
        let check: Func<i64, i64> = engine.func("check").unwrap();
        let bounds = trap(check.call(-1));
        assert_eq!(bounds.to_string(), "trap: index_out_of_bounds in `check` at 3:4");
        assert_eq!(check.call(9).unwrap(), 9);
    });
}

#[test]
fn endless_recursion_is_a_trap() {
    let module = parse(
        "fn @down(i64) -> i64 {
         slot0: size 64, align 8
         block0(v0: i64):
           v1: i64 = iconst 1
           v2: i64 = add v0, v1
           v3: i64 = stack_addr slot0
           store v2, v3
           v4: i64 = call @down(v2)
           v5: i64 = add v4, v2
           ret v5
         }",
    );
    each(&module, &Hosts::new(), |engine| {
        let down: Func<i64, i64> = engine.func("down").unwrap();
        for _ in 0..2 {
            let overflow = trap(down.call(0));
            assert_eq!(overflow.kind, TrapKind::StackOverflow, "{}", engine.kind());
            assert_eq!(overflow.function, "down");
        }
    });
}

#[test]
fn addresses_that_nobody_owns_are_a_trap() {
    let module = parse(
        "fn @read(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = load v0 @2:2
           ret v1
         }",
    );
    each(&module, &Hosts::new(), |engine| {
        let read: Func<i64, i64> = engine.func("read").unwrap();
        let fault = trap(read.call(8));
        assert_eq!(fault.kind, TrapKind::MemoryFault, "{}", engine.kind());
        assert_eq!((fault.function.as_str(), fault.span), ("read", ir::Span::new(2, 2)));
        let number = 77i64;
        let address = std::ptr::from_ref(&number).expose_provenance() as i64;
        assert_eq!(read.call(address).unwrap(), 77);
    });
}

#[test]
fn data_objects_and_stack_slots() {
    let b = FunctionBuilder::new("count");
    let (table, counter) = (b.data_addr("table", 2), b.data_addr("counter", 0));
    let old = b.load(Type::I64, counter, 0);
    b.store(b.add(old, 1), counter, 0);
    let byte = b.load_narrow(Type::I64, NarrowWidth::W8, ir::Extend::Zero, table, 1);
    let slot = b.slot(40, 16);
    b.store(byte, b.stack_addr(slot, 24), 8);
    b.ret([old, b.load(Type::I64, b.stack_addr(slot, 32), 0)]);
    let mut module = Module::new();
    module.add_function(b.finish().unwrap()).unwrap();
    let table = ir::DataObject { bytes: vec![1, 2, 3, 200], align: 1, ..ir::DataObject::default() };
    module.add_data("table", table).unwrap();
    let counter = ir::DataObject {
        bytes: vec![5, 0, 0, 0, 0, 0, 0, 0],
        align: 8,
        mutable: true,
        ..ir::DataObject::default()
    };
    module.add_data("counter", counter).unwrap();
    each(&module, &Hosts::new(), |engine| {
        let count: Func<(), (i64, i64)> = engine.func("count").unwrap();
        assert_eq!(count.call(()).unwrap(), (5, 200), "{}", engine.kind());
        assert_eq!(count.call(()).unwrap(), (6, 200), "{}", engine.kind());
    });
}

mod reentrant {
    use super::{Engine, Func};
    use std::sync::OnceLock;

    pub(super) static ENGINES: OnceLock<Vec<Engine>> = OnceLock::new();

    /// Calls `factorial` of an engine again, from inside a call of it.
    pub(super) extern "C" fn again(engine: i64, n: i64) -> i64 {
        let engine = &ENGINES.get().unwrap()[engine as usize];
        let factorial: Func<(i64, i64), i64> = engine.func("factorial").unwrap();
        // A trap of the inner call does not disturb the outer one.
        let divide: Func<(i64, i64), i64> = engine.func("divide").unwrap();
        assert!(divide.call((1, 0)).is_err());
        factorial.call((engine_index(engine), n)).unwrap_or(-1)
    }

    fn engine_index(engine: &Engine) -> i64 {
        let engines = ENGINES.get().unwrap();
        engines.iter().position(|other| other.kind() == engine.kind()).unwrap() as i64
    }
}

#[test]
fn host_functions_may_call_the_engine_again() {
    let module = parse(
        "extern @again(i64, i64) -> i64
         fn @factorial(i64, i64) -> i64 {
         block0(v0: i64, v1: i64):
           branch v1, block1, block2
         block1:
           v2: i64 = iconst 1
           v3: i64 = sub v1, v2
           v4: i64 = call @again(v0, v3)
           v5: i64 = mul v4, v1
           ret v5
         block2:
           v6: i64 = iconst 1
           ret v6
         }
         fn @divide(i64, i64) -> i64 {
         block0(v0: i64, v1: i64):
           v2: i64 = sdiv v0, v1
           ret v2
         }
         fn @behind(i64, i64) -> i64 {
         block0(v0: i64, v1: i64):
           v2: i64 = call @again(v0, v1)
           v3: i64 = sub v1, v1
           v4: i64 = sdiv v2, v3
           ret v4
         }",
    );
    let mut hosts = Hosts::new();
    hosts.add("again", reentrant::again as extern "C" fn(i64, i64) -> i64);
    let made = EngineKind::available()
        .map(|kind| Engine::new(module.clone(), &hosts, &Options::default().engine(kind)).unwrap())
        .collect();
    reentrant::ENGINES.set(made).unwrap();
    for (index, engine) in reentrant::ENGINES.get().unwrap().iter().enumerate() {
        let factorial: Func<(i64, i64), i64> = engine.func("factorial").unwrap();
        assert_eq!(factorial.call((index as i64, 10)).unwrap(), 3_628_800, "{}", engine.kind());
        // What the calls inside have left is out of the way.
        let behind: Func<(i64, i64), i64> = engine.func("behind").unwrap();
        assert_eq!(trap(behind.call((index as i64, 3))).kind, TrapKind::DivisionByZero);
    }
}

/// Closures have no code: each is called as itself, also after another was replaced, and native code gets none.
#[test]
fn the_last_function_of_a_name_is_called() {
    let module = parse(
        "extern @a() -> i64
         extern @b() -> i64
         extern @c() -> i64
         fn @f() -> i64 {
         block0:
           v0: i64 = call @a()
           v1: i64 = call @b()
           v2: i64 = call @c()
           v3: i64 = iconst 10
           v4: i64 = mul v0, v3
           v5: i64 = add v4, v1
           v6: i64 = mul v5, v3
           v7: i64 = add v6, v2
           ret v7
         }",
    );
    let mut hosts = Hosts::new();
    for (name, result) in [("a", 9_i64), ("b", 2), ("a", 1), ("c", 3)] {
        hosts.add_closure(name, move |_: &mut Caller<'_>| result);
    }
    for kind in EngineKind::available() {
        let engine = Engine::new(module.clone(), &hosts, &Options::default().engine(kind));
        let f: Func<(), i64> = engine.unwrap().func("f").unwrap();
        assert_eq!(f.call(()).unwrap(), 123, "{kind}");
    }
}

#[test]
fn engines_are_shared_by_threads() {
    each(&fib(), &Hosts::new(), |engine| {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let fib: Func<i64, i64> = engine.func("fib").unwrap();
                scope.spawn(move || assert_eq!(fib.call(12).unwrap(), 144));
            }
        });
    });
}

#[test]
fn wrong_uses_are_errors() {
    let hosts = Hosts::new();
    let engine = Engine::new(fib(), &hosts, &Options::default()).unwrap();
    let message = |error: Option<Error>| error.map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(
        message(engine.func::<i64, i64>("fbi").err()),
        "there is no function `fbi`; is `fib` meant?"
    );
    assert_eq!(
        message(engine.func::<(i64, i64), i64>("fib").err()),
        "`fib` is (i64) -> i64, not (i64, i64) -> i64"
    );
    assert_eq!(
        message(engine.call_values("fib", &[]).err()),
        "`fib` takes 1 argument, but 0 were given"
    );
    let module = parse("extern @log(i64)\nfn @f() {\nblock0:\n  ret\n}");
    let missing = Engine::new(module.clone(), &hosts, &Options::default()).err();
    assert_eq!(
        message(missing),
        "the module wants the host function `log` (i64); add it to the `Hosts`"
    );
    extern "C" fn log(_: f64) {}
    let mut hosts = Hosts::new();
    hosts.add("log", log as extern "C" fn(f64));
    let wrong = Engine::new(module, &hosts, &Options::default()).err();
    assert_eq!(
        message(wrong),
        "the module declares the host function `log` as (i64), but it is (f64)"
    );
}

#[test]
fn a_call_of_nowhere_is_told_at_the_call() {
    let module = parse(
        "fn @wild(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = call_indirect v0() : () -> i64 @3:3
           v2: i64 = udiv v1, v0 @4:4
           ret v2
         }",
    );
    each(&module, &Hosts::new(), |engine| {
        let wild: Func<i64, i64> = engine.func("wild").unwrap();
        for address in [0, 8] {
            let fault = trap(wild.call(address));
            assert_eq!(fault.kind, TrapKind::BadCall, "{}", engine.kind());
            assert_eq!((fault.function.as_str(), fault.span), ("wild", ir::Span::new(3, 3)));
        }
    });
}

#[test]
fn a_misaligned_atomic_access_is_a_trap() {
    let module = parse(
        "fn @odd(i64) -> i32 {
           slot0: size 16, align 8
         block0(v0: i64):
           v1: i64 = stack_addr slot0
           v2: i32 = iconst 5
           store v2, v1
           v3: i64 = add v1, v0
           v4: i32 = atomic_load v3 @6:6
           ret v4
         }",
    );
    each(&module, &Hosts::new(), |engine| {
        let odd: Func<i64, i32> = engine.func("odd").unwrap();
        assert_eq!(odd.call(0).unwrap(), 5);
        let fault = trap(odd.call(1));
        assert_eq!((fault.kind, fault.span), (TrapKind::MemoryFault, ir::Span::new(6, 6)));
    });
}

#[test]
fn budgets_end_endless_loops() {
    let module = parse(
        "fn @forever() {\nblock0:\n  jump block1\nblock1:\n  jump block1\n}\n\
         fn @soon() {\nblock0:\n  ret\n}",
    );
    for engine in [EngineKind::Interpreter, EngineKind::Simulator] {
        let options = Options::default().engine(engine).fuel(Some(10_000));
        let engine = Engine::new(module.clone(), &Hosts::new(), &options).unwrap();
        let forever: Func<(), ()> = engine.func("forever").unwrap();
        assert_eq!(trap(forever.call(())).kind, TrapKind::OutOfFuel);
        // Each call has the whole budget.
        let soon: Func<(), ()> = engine.func("soon").unwrap();
        soon.call(()).unwrap();
        assert_eq!(trap(forever.call(())).kind, TrapKind::OutOfFuel);
    }
}

/// An option that native code cannot keep is refused, also where there is no native code.
#[test]
fn limits_that_native_code_cannot_keep_are_refused() {
    let native = || Options::default().engine(EngineKind::Native);
    for (options, name) in
        [(native().fuel(Some(1)), "fuel"), (native().restricted(true), "restricted")]
    {
        match Engine::new(fib(), &Hosts::new(), &options) {
            Err(Error::NotKept { kind: EngineKind::Native, option }) => assert_eq!(option, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_hosts_values_survive_traps() {
    // So many values alive across a call that trap that every callee-saved register is in use below.
    let b = FunctionBuilder::new("busy");
    let (x, y) = (b.param(Type::I64), b.param(Type::I64));
    let ints: Vec<_> = (1..=12).map(|n| b.mul(x, n * 77)).collect();
    let float = b.sint_to_float(Type::F64, x);
    let floats: Vec<_> = (1..=10).map(|n| b.fmul(float, f64::from(n) * 0.37)).collect();
    let divide = b.import("divide", Signature::new(&[Type::I64, Type::I64], &[Type::I64]));
    let mut sum = b.call1(divide, [x, y]);
    for int in ints {
        sum = b.add(sum, int);
    }
    for float in floats {
        sum = b.add(sum, b.float_to_sint_sat(Type::I64, float));
    }
    b.ret(sum);
    let divide = FunctionBuilder::new("divide");
    let (x, y) = (divide.param(Type::I64), divide.param(Type::I64));
    divide.ret(divide.sdiv(x, y));
    let mut module = Module::new();
    module.add_function(b.finish().unwrap()).unwrap();
    module.add_function(divide.finish().unwrap()).unwrap();
    each(&module, &Hosts::new(), |engine| {
        let busy: Func<(i64, i64), i64> = engine.func("busy").unwrap();
        let mut floats: [f64; 8] = std::hint::black_box([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let mut ints: [i64; 10] = std::hint::black_box([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        for turn in 0..20 {
            let divisor = turn % 2;
            assert_eq!(busy.call((turn, divisor)).is_err(), divisor == 0, "{}", engine.kind());
            floats.iter_mut().for_each(|value| *value *= 1.5);
            ints.iter_mut().for_each(|value| *value *= 3);
        }
        for (index, value) in floats.iter().enumerate() {
            assert_eq!(*value, (index + 1) as f64 * 1.5f64.powi(20));
        }
        for (index, value) in ints.iter().enumerate() {
            assert_eq!(*value, (index as i64 + 1) * 3i64.pow(20));
        }
    });
}

/// Bits of `bool`s, as numbers: Rust may take any byte but 0 and 1 for undefined behaviour.
#[allow(clippy::too_many_arguments)] // the last ones are on the stack
extern "C" fn bools(
    a: bool,
    x: f64,
    b: bool,
    c: i64,
    d: i64,
    e: i64,
    f: i64,
    g: i64,
    h: bool,
    i: bool,
    j: i8,
    k: bool,
) -> i64 {
    let _ = (x, c, d, e, f, g, j);
    let byte = |b: bool| i64::from(std::hint::black_box(b) as u8);
    [a, b, h, i, k].into_iter().fold(0, |bits, b| bits << 8 | byte(b))
}

#[test]
fn every_engine_normalises_what_enters_a_bool() {
    type F = extern "C" fn(bool, f64, bool, i64, i64, i64, i64, i64, bool, bool, i8, bool) -> i64;
    let module = parse(
        "extern @bools(i8, f64, i8, i64, i64, i64, i64, i64, i8, i8, i8, i8) -> i64
         fn @f(i8, i8, i8, i8, i8) -> i64 {
         block0(v0: i8, v1: i8, v2: i8, v3: i8, v4: i8):
           v5: f64 = fconst 1.0
           v6: i64 = iconst -1
           v7: i8 = iconst -1
           v8: i64 = call @bools(v0, v5, v1, v6, v6, v6, v6, v6, v2, v3, v7, v4)
           ret v8
         }",
    );
    let mut hosts = Hosts::new();
    hosts.add("bools", bools as F);
    each(&module, &hosts, |engine| {
        let f: Func<(u8, u8, u8, u8, u8), i64> = engine.func("f").unwrap();
        for bytes in [[0, 1, 0, 1, 1], [2, 3, 254, 255, 4], [1, 0, 129, 128, 0]] {
            let [a, b, h, i, k] = bytes;
            let expected = bytes.iter().fold(0, |bits, byte| bits << 8 | i64::from(byte & 1));
            assert_eq!(f.call((a, b, h, i, k)).unwrap(), expected, "{bytes:?}");
        }
    });
}

/// Without a budget, nothing is counted on the edges of the interpreter's code, so that the end of a counting loop is one
/// operation. The text tests, whose calls have budgets, do not see that.
#[test]
fn loops_without_a_budget() {
    let module = parse(include_str!("../../tests/ir/edges.ir"));
    let calls: [(&str, &[i64], &[i64]); 12] = [
        ("shift_register", &[3], &[9, 9, 1]),
        ("one_value_twice", &[3, 5], &[8, 35]),
        ("one_is_not_read", &[4, 100], &[104]),
        ("far_steps", &[250_000], &[300_000]),
        ("far_steps", &[100_000], &[100_000]),
        ("far_steps", &[-5], &[100_000]),
        ("near_steps", &[10], &[12]),
        ("near_steps", &[9], &[9]),
        ("sum_on_the_right", &[10], &[12]),
        ("sum_on_the_right", &[9], &[9]),
        ("down", &[5, 1], &[0, 5]),
        ("down", &[12, 4], &[0, 3]),
    ];
    each(&module, &Hosts::new(), |engine| {
        for (name, args, expected) in calls {
            let of_type = |&word: &i64| match name {
                "down" => Value::I32(word as i32),
                _ => Value::I64(word),
            };
            let [args, expected] =
                [args, expected].map(|words| words.iter().map(of_type).collect::<Vec<Value>>());
            assert_eq!(engine.call_values(name, &args).unwrap(), expected, "@{name} {args:?}");
        }
    });
}

/// Two functions that call each other so take the stack of a few calls, whoever has more arguments.
#[test]
fn a_million_tail_calls_between_two_and_24_arguments() {
    let params: String = (2..24).map(|n| format!(", v{n}: i64")).collect();
    let text = format!(
        "fn @few(i64, i64) -> (i64, i64) {{
block0(v0: i64, v1: i64):
  v2: i64 = add v1, v0
  branch v0, block1, block2
block1:
  tail_call @many(v0, v2{args})
block2:
  ret v0, v2
}}
fn @many(i64, i64{types}) -> (i64, i64) {{
block0(v0: i64, v1: i64{params}):
  v30: i64 = iconst -1
  v31: i64 = add v0, v30
  v32: i64 = sub v1, v8
  v33: i64 = add v32, v23
  tail_call @few(v31, v33)
}}",
        args = ", v1".repeat(22),
        types = ", i64".repeat(22),
    );
    let rounds = 500_000_i64;
    for kind in EngineKind::available() {
        let options = Options::default().engine(kind);
        let module = driver::ir::parse::module(&text).expect("it parses");
        let engine = Engine::new(module, &Hosts::new(), &options).expect("it compiles");
        let few = engine.func::<(i64, i64), (i64, i64)>("few").expect("it has this signature");
        assert_eq!(few.call((rounds, 0)).unwrap(), (0, rounds * (rounds + 1) / 2), "{kind}");
    }
}
