//! Functions that are declared, defined, replaced and removed one by one, while others run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use interp::{
    Bindings, FuncId, Interpreter, Limits, LoadError, LoadOptions, MemoryAccess, NoHost, Program,
    Target, Trap,
};
use ir::{Function, Signature, TrapKind, Type};
use jitmem::{DataMemory, epoch};

/// The last function of a module in text form.
fn func(text: &str) -> Function {
    let module = ir::parse::module(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    module.functions.into_values().next_back().unwrap()
}

fn unary() -> Signature {
    Signature::new(&[Type::I64], &[Type::I64])
}

/// A function of one argument that calls another one with it, and adds `more` to the result.
fn caller(more: i64) -> Function {
    func(&format!(
        "extern @callee(i64) -> i64
         fn @caller(i64) -> i64 {{
         block0(v0: i64):
           v1: i64 = call @callee(v0)
           v2: i64 = iconst {more}
           v3: i64 = add v1, v2
           ret v3
         }}"
    ))
}

/// A function that returns a number, whatever its argument.
fn constant(number: i64) -> Function {
    func(&format!(
        "fn @constant(i64) -> i64 {{\nblock0(v0: i64):\n  v1: i64 = iconst {number}\n  ret v1\n}}"
    ))
}

fn define(program: &Program, id: FuncId, func: &Function, callees: &[Target]) {
    program.define(id, func, &Bindings { callees, data: &[] }).unwrap();
}

fn call(program: &Program, function: FuncId, args: &[u64]) -> Result<Vec<u64>, Trap> {
    Interpreter::default().call(program, function, args, &mut NoHost)
}

#[track_caller]
fn expect_missing(outcome: Result<Vec<u64>, Trap>, id: Option<FuncId>) {
    let trap = outcome.unwrap_err();
    assert_eq!((trap.kind, trap.missing), (TrapKind::BadCall, id));
}

#[test]
fn functions_that_call_each_other_are_defined_one_by_one() {
    let program = Program::new(&LoadOptions::default());
    let (even, odd) = (program.declare(&unary()), program.declare(&unary()));
    let half = |name: &str, other: &str, at_zero: u64| {
        func(&format!(
            "extern @{other}(i64) -> i64
             fn @{name}(i64) -> i64 {{
             block0(v0: i64):
               branch v0, block1, block2
             block1:
               v1: i64 = iconst -1
               v2: i64 = add v0, v1
               v3: i64 = call @{other}(v2)
               ret v3
             block2:
               v4: i64 = iconst {at_zero}
               ret v4
             }}"
        ))
    };
    define(&program, even, &half("even", "odd", 1), &[Target::Function(odd)]);
    assert_eq!(call(&program, even, &[0]), Ok(vec![1]));
    let trap = call(&program, even, &[7]).unwrap_err();
    assert_eq!((trap.kind, trap.missing), (TrapKind::BadCall, Some(odd)));
    assert_eq!((trap.place.function, trap.place.name.as_deref()), (even, Some("even")));
    define(&program, odd, &half("odd", "even", 0), &[Target::Function(even)]);
    for n in 0..50 {
        assert_eq!(call(&program, even, &[n]), Ok(vec![(n + 1) % 2]));
        assert_eq!(call(&program, odd, &[n]), Ok(vec![n % 2]));
    }
}

#[test]
fn what_was_removed_is_missed_by_all_who_call_it() {
    let program = Program::new(&LoadOptions::default());
    let [direct, indirect, address, callee] = [0; 4].map(|_| program.declare(&unary()));
    let target = Target::Function(callee);
    define(&program, direct, &caller(0), &[target]);
    let by_address = func(
        "fn @indirect(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = call_indirect v0(v0) : (i64) -> i64
           ret v1
         }",
    );
    define(&program, indirect, &by_address, &[]);
    let its_address = func(
        "extern @callee(i64) -> i64
         fn @address(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = func_addr @callee
           ret v1
         }",
    );
    define(&program, address, &its_address, &[target]);
    define(&program, callee, &constant(5), &[]);
    let place = call(&program, address, &[0]).unwrap()[0];
    assert_eq!(place, program.address_of(target));
    assert_eq!(program.target_at(place), Some(target));
    assert_eq!(call(&program, direct, &[0]), Ok(vec![5]));
    assert_eq!(call(&program, indirect, &[place]), Ok(vec![5]));

    assert!(program.remove(callee));
    assert!(!program.remove(callee), "it is gone");
    let all_miss_it = || {
        expect_missing(call(&program, direct, &[0]), Some(callee));
        expect_missing(call(&program, indirect, &[place]), None);
        expect_missing(call(&program, callee, &[0]), Some(callee));
        assert_eq!((program.target_at(place), program.signature(callee)), (None, None));
        let unknown = program.define(callee, &constant(6), &Bindings::default()).unwrap_err();
        assert_eq!(unknown, LoadError::UnknownFunction { function: "constant".into() });
    };
    all_miss_it();
    // Another one in its slot, even with its signature, is another one.
    let other = program.declare(&unary());
    define(&program, other, &constant(7), &[]);
    assert_ne!(other, callee);
    all_miss_it();
    assert_eq!(
        call(&program, indirect, &[program.address_of(Target::Function(other))]),
        Ok(vec![7])
    );
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let program = Program::new(&LoadOptions::default());
    let [id, callee] = [0; 2].map(|_| program.declare(&unary()));
    let binary = program.declare(&Signature::new(&[Type::I64; 2], &[Type::I64]));
    let host = program.declare_host(&Signature::new(&[], &[]));
    let gone = program.declare(&unary());
    program.remove(gone);
    define(&program, id, &constant(1), &[]);
    let narrow =
        func("fn @narrow(i32) -> i64 {\nblock0(v0: i32):\n  v1: i64 = sext v0\n  ret v1\n}");
    let stranger = func(
        "data @d align 1 = zero 1
         fn @stranger(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = data_addr @d
           ret v1
         }",
    );
    let calling = caller(0);
    let function = Target::Function;
    let cases: [(&Function, &[Target], &str); 7] = [
        (&narrow, &[], "@narrow is (i32) -> i64, but was declared as (i64) -> i64"),
        (&calling, &[], "@caller calls @callee, which the module does not have"),
        (&calling, &[function(gone)], "@caller calls @callee, which the module does not have"),
        (
            &calling,
            &[function(binary)],
            "@caller calls @callee as (i64) -> i64, but it is (i64, i64) -> i64",
        ),
        (&calling, &[Target::Host(host)], "@caller calls @callee as (i64) -> i64, but it is ()"),
        (&stranger, &[], "@stranger takes the address of @d, which the module does not have"),
        (&Function::new("empty", unary()), &[], "empty"),
    ];
    for (func, callees, expected) in cases {
        let refused = program.define(id, func, &Bindings { callees, data: &[] }).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
        assert_eq!(call(&program, id, &[0]), Ok(vec![1]));
    }
    define(&program, id, &calling, &[function(callee)]);
    expect_missing(call(&program, id, &[0]), Some(callee));
}

/// The host replaces and removes a function while it waits for the host.
#[test]
fn an_activation_ends_as_it_began() {
    for counted in [false, true] {
        let program = Program::new(&LoadOptions { counted, ..Default::default() });
        let id = program.declare(&unary());
        let change = Target::Host(program.declare_host(&unary()));
        define(&program, id, &caller(1000), &[change]);
        let mut changes = 0;
        let mut host = |_: usize, args: &[u64], results: &mut [u64]| {
            changes += 1;
            if args[0] == 0 {
                assert!(program.remove(id));
            } else {
                define(&program, id, &caller(2000), &[change]);
                // A call of the new one, while the old one waits.
                let inner = Interpreter::default().call(
                    &program,
                    id,
                    &[8],
                    &mut |_: usize, _: &[u64], results: &mut [u64]| {
                        results[0] = 8;
                        Ok(())
                    },
                );
                assert_eq!(inner, Ok(vec![2008]));
            }
            for _ in 0..100 {
                epoch::collect();
            }
            results[0] = args[0];
            Ok(())
        };
        let mut interpreter = Interpreter::default();
        assert_eq!(interpreter.call(&program, id, &[1], &mut host), Ok(vec![1001]));
        assert_eq!(interpreter.call(&program, id, &[2], &mut host), Ok(vec![2002]));
        assert_eq!(interpreter.call(&program, id, &[0], &mut host), Ok(vec![2000]));
        expect_missing(interpreter.call(&program, id, &[0], &mut host), Some(id));
        assert_eq!(changes, 3);
    }
}

/// Each body says the same number at its start and, after a call, at its end.
#[test]
fn threads_call_a_function_while_it_is_replaced() {
    const TIMES: u64 = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
    const THREADS: usize = 8;
    let program = Program::new(&LoadOptions::default());
    let pair = program.declare(&Signature::new(&[Type::I64], &[Type::I64; 2]));
    let helper = program.declare(&unary());
    define(&program, helper, &constant(0), &[]);
    // Large numbers are in the pool of the body.
    let version = |number: u64| number << 40 | number;
    let body = |number: u64| {
        func(&format!(
            "extern @helper(i64) -> i64
             fn @pair(i64) -> (i64, i64) {{
             block0(v0: i64):
               v1: i64 = iconst {0}
               v2: i64 = call @helper(v0)
               v3: i64 = iconst {0}
               v4: i64 = add v2, v3
               ret v1, v4
             }}",
            version(number)
        ))
    };
    // To read the text each time would take longer than all the rest.
    let bodies: Vec<Function> = (0..64).map(body).collect();
    let bindings = Bindings { callees: &[Target::Function(helper)], data: &[] };
    program.define(pair, &bodies[0], &bindings).unwrap();
    let (done, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut interpreter =
                    Interpreter::new(Limits { stack_bytes: 4096, ..Limits::default() });
                while !done.load(Ordering::Relaxed) {
                    let results = interpreter.call(&program, pair, &[0], &mut NoHost).unwrap();
                    assert_eq!(results[0], results[1]);
                    assert_eq!(results[0], version(results[0] >> 40), "no body says this");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for time in 1..=TIMES {
            program.define(pair, &bodies[(time % 64) as usize], &bindings).unwrap();
        }
        // Whoever calls from now on finds the last one.
        assert_eq!(call(&program, pair, &[0]), Ok(vec![version(TIMES % 64); 2]));
        done.store(true, Ordering::Relaxed);
    });
    println!("{TIMES} replacements, {} calls of {THREADS} threads", calls.into_inner());
}

#[test]
fn restricted_functions_touch_what_is_allowed_now() {
    let read = func(
        "fn @read(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = load v0
           ret v1
         }",
    );
    let twice = func(
        "extern @change(i64) -> i64
         fn @twice(i64) -> i64 {
         block0(v0: i64):
           v1: i64 = load v0
           v2: i64 = call @change(v0)
           v3: i64 = load v2
           v4: i64 = add v1, v3
           ret v4
         }",
    );
    let program = Program::new(&LoadOptions { memory: MemoryAccess::Restricted, counted: false });
    let (id, between) = (program.declare(&unary()), program.declare(&unary()));
    define(&program, id, &read, &[]);
    let change = Target::Host(program.declare_host(&unary()));
    define(&program, between, &twice, &[change]);
    let object = |number: u64| {
        let bytes = number.to_le_bytes();
        Arc::new(DataMemory::new([(&bytes[..], 8)]).unwrap())
    };
    let objects: Vec<_> = (0..40).map(object).collect();
    let place = |index: usize| objects[index].address(0).unwrap();
    let fault = |outcome: Result<Vec<u64>, Trap>| outcome.unwrap_err().kind;
    assert_eq!(fault(call(&program, id, &[place(0)])), TrapKind::MemoryFault);
    objects.iter().for_each(|object| program.allow_data(Arc::clone(object)));
    for index in 0..objects.len() {
        assert_eq!(call(&program, id, &[place(index)]), Ok(vec![index as u64]));
        for beside in [place(index) - 1, place(index) + 1] {
            assert_eq!(fault(call(&program, id, &[beside])), TrapKind::MemoryFault);
        }
    }
    program.forget_data(&objects[7]);
    assert_eq!(fault(call(&program, id, &[place(7)])), TrapKind::MemoryFault);
    assert_eq!(call(&program, id, &[place(8)]), Ok(vec![8]));
    // A call that has begun sees what is allowed meanwhile, and keeps what it could touch.
    let mut host = |_: usize, args: &[u64], results: &mut [u64]| {
        if args[0] == place(1) {
            program.allow_data(Arc::clone(&objects[7]));
            results[0] = place(7);
        } else {
            program.forget_data(&objects[2]);
            results[0] = place(2);
        }
        Ok(())
    };
    let mut interpreter = Interpreter::default();
    assert_eq!(interpreter.call(&program, between, &[place(1)], &mut host), Ok(vec![8]));
    assert_eq!(interpreter.call(&program, between, &[place(2)], &mut host), Ok(vec![4]));
    assert_eq!(
        fault(interpreter.call(&program, between, &[place(2)], &mut host)),
        TrapKind::MemoryFault
    );
}

#[test]
fn data_that_is_forgotten_lives_while_a_call_may_touch_it() {
    let program = Program::new(&LoadOptions::default());
    let data = Arc::new(DataMemory::new([(&[1u8][..], 1)]).unwrap());
    let held = Arc::downgrade(&data);
    program.allow_data(Arc::clone(&data));
    let inside = epoch::enter();
    program.forget_data(&data);
    drop(data);
    epoch::collect();
    assert_eq!(held.strong_count(), 1);
    drop(inside);
    // Other tests of this process may be inside.
    while held.strong_count() > 0 {
        epoch::collect();
        thread::yield_now();
    }
}

#[test]
fn counts_are_those_of_the_body_that_is_there() {
    let program = Program::new(&LoadOptions { counted: true, ..Default::default() });
    let [first, second, third] = [0; 3].map(|_| program.declare(&unary()));
    define(&program, first, &caller(0), &[Target::Function(second)]);
    define(&program, second, &constant(3), &[]);
    let mut interpreter = Interpreter::default();
    let mut counts = |times: usize| {
        for _ in 0..times {
            interpreter.call(&program, first, &[0], &mut NoHost).unwrap();
        }
        let profile = interpreter.profile(&program);
        let rows = profile.functions.iter();
        let rows: Vec<_> = rows.map(|row| (row.function, row.blocks[0].1)).collect();
        (rows, profile.instructions)
    };
    assert_eq!(counts(3), (vec![(first, 3), (second, 3)], 3 * (4 + 2)));
    define(&program, second, &constant(4), &[]);
    assert_eq!(counts(0), (vec![(first, 3), (second, 0)], 3 * 4));
    assert_eq!(counts(2), (vec![(first, 5), (second, 2)], 5 * 4 + 2 * 2));
    define(&program, third, &constant(5), &[]);
    define(&program, first, &caller(1), &[Target::Function(third)]);
    program.remove(second);
    assert_eq!(counts(1), (vec![(first, 1), (third, 1)], 4 + 2));
}
