//! The cases that meet a limit or do not end: each is answered by an error or a trap that says which.

use driver::{Configuration, Engine, Error, Hosts, Options, Value};
use ir::{Block, FunctionBuilder, IntCC, Module, StackSlot, TrapKind, Type};

use super::configurations;

fn module(b: FunctionBuilder) -> Module {
    let mut module = Module::new();
    module.add_function(b.finish().expect("the shape is valid")).expect("it is the first");
    module
}

/// What each configuration makes of `f(x)`.
fn run(module: &Module, x: i64) -> Vec<(Options, Result<Vec<Value>, Error>)> {
    let all = configurations().into_iter();
    all.map(|options| {
        let engine = Engine::new(module.clone(), &Hosts::new(), &options);
        let result = engine.and_then(|engine| engine.call_values("f", &[Value::I64(x)]));
        (options, result)
    })
    .collect()
}

fn returning(ints: usize, floats: usize) -> Module {
    let b = FunctionBuilder::new("f");
    let x = b.param(Type::I64);
    let float = b.sint_to_float(Type::F64, x);
    let ints = (0..ints).map(|n| b.add(x, n as i64));
    let floats = (0..floats).map(|n| b.fadd(float, n as f64));
    let results: Vec<_> = ints.chain(floats).collect();
    b.ret(&results[..]);
    module(b)
}

#[test]
fn case_38_as_many_results_as_a_signature_has() {
    for (ints, floats) in [(8, 8), (9, 0), (3, 9), (1000, 0), (0, 1000), (500, 500)] {
        let ints_of = (5..5 + ints).map(Value::I64);
        let floats_of = (5..5 + floats).map(|n| Value::F64(n as f64));
        let expected: Vec<Value> = ints_of.chain(floats_of).collect();
        for (options, result) in run(&returning(ints as usize, floats as usize), 5) {
            assert_eq!(result.expect("it has results"), expected, "{options:?}");
        }
    }
}

#[test]
fn case_38_a_signature_has_a_limit() {
    let b = FunctionBuilder::new("f");
    let params: Vec<_> = (0..=ir::verify::MAX_SIGNATURE).map(|_| b.param(Type::I64)).collect();
    b.ret(params[0]);
    let error = b.finish().expect_err("one too many").to_string();
    assert!(error.contains("1000"), "{error}");
}

/// What ends calls of a module that never end by themselves; natively there is no budget, so it is compiled only.
fn endless(module: &Module, ends_at: i64) {
    for configuration in Configuration::all() {
        let has_budget = configuration.engine.keeps_limits();
        let options = configuration.options().fuel(has_budget.then_some(10_000));
        let engine = Engine::new(module.clone(), &Hosts::new(), &options).expect("it compiles");
        let call = |x: i64| engine.call_values("f", &[Value::I64(x)]);
        assert_eq!(call(ends_at).expect("it ends"), [Value::I64(ends_at)], "{options:?}");
        if has_budget {
            match call(ends_at + 1) {
                Err(Error::Trap(trap)) => assert_eq!(trap.kind, TrapKind::OutOfFuel),
                other => panic!("{other:?}: {options:?}"),
            }
        }
    }
}

/// A function that returns 0, and for other arguments goes to a block from which `rest` goes on.
fn endless_function(rest: impl FnOnce(&FunctionBuilder, ir::Value)) -> Module {
    let b = FunctionBuilder::new("f");
    let x = b.param(Type::I64);
    let (forever, done) = (b.block("forever"), b.block("done"));
    b.branch(x, forever, done);
    b.switch_to(done);
    b.ret(x);
    b.switch_to(forever);
    rest(&b, x);
    module(b)
}

#[test]
fn case_42_an_empty_block_that_leads_to_itself() {
    endless(&endless_function(|b, _| b.jump(b.current_block())), 0);
}

#[test]
fn case_42_both_ways_of_a_branch_lead_back() {
    endless(&endless_function(|b, x| b.branch(x, b.current_block(), b.current_block())), 0);
}

#[test]
fn case_42_a_loop_without_exit_that_does_something() {
    let module = endless_function(|b, x| {
        let (slot, n) = (b.slot(8, 8), b.var("n", Type::I64));
        let head = b.block("head");
        b.jump(head);
        b.switch_to(head);
        b.set(n, b.add(n, x));
        b.store(n, b.stack_addr(slot, 0), 0);
        b.jump(head);
    });
    endless(&module, 0);
}

#[test]
fn case_42_loops_inside_each_other_without_exit() {
    let module = endless_function(|b, x| {
        let blocks: Vec<Block> = (0..5).map(|_| b.block("")).collect();
        b.switch(x, blocks[0], &[(1, blocks[1]), (2, blocks[3])]);
        for (n, &block) in blocks.iter().enumerate() {
            b.switch_to(block);
            b.branch(b.icmp(IntCC::Slt, x, n as i64), blocks[(n * 2 + 1) % 5], blocks[(n + 3) % 5]);
        }
    });
    endless(&module, 0);
}

/// Writes to the first and last bytes of a slot and reads them again.
fn with_slot(size: u64) -> Result<Module, String> {
    let b = FunctionBuilder::new("f");
    let x = b.param(Type::I64);
    let (before, slot, after) = (b.slot(8, 8), b.slot(size, 8), b.slot(8, 8));
    b.store(b.mul(x, 3), b.stack_addr(before, 0), 0);
    b.store(b.mul(x, 5), b.stack_addr(after, 0), 0);
    b.store(x, b.stack_addr(slot, 0), 0);
    // As a computed address: an offset in an instruction has 32 bits.
    let last = b.add(b.stack_addr(slot, 0), b.iconst(Type::I64, (size as i64).wrapping_sub(8)));
    b.store(b.mul(x, 7), last, 0);
    let read = |slot: StackSlot| b.load(Type::I64, b.stack_addr(slot, 0), 0);
    let sum =
        b.add(b.add(read(before), read(slot)), b.add(read(after), b.load(Type::I64, last, 0)));
    b.ret(sum);
    let mut module = Module::new();
    module.add_function(b.finish().map_err(|error| error.to_string())?).expect("it is the first");
    Ok(module)
}

#[test]
fn case_49_frames_of_every_size() {
    for size in [4 << 10, 32 << 10, 1 << 20] {
        for (options, result) in run(&with_slot(size).expect("it is valid"), 11) {
            let result = result.unwrap_or_else(|error| panic!("{size}: {options:?}: {error}"));
            assert_eq!(result, [Value::I64(11 * 16)], "{size}: {options:?}");
        }
    }
}

/// Of the largest size that the IR allows, with the other slots of the function: every engine runs it, and runs out of stack.
#[test]
fn case_49_a_frame_larger_than_the_stack_is_a_trap() {
    for (options, result) in run(&with_slot(ir::MAX_FRAME - 16).expect("it is valid"), 11) {
        match result {
            Err(Error::Trap(trap)) => assert_eq!(trap.kind, TrapKind::StackOverflow, "{options:?}"),
            other => panic!("{other:?}: {options:?}"),
        }
    }
}

/// Inlining does not add up what would be too large together.
#[test]
fn case_49_frames_that_are_too_large_together_stay_apart() {
    let half = format!("size {}, align 8", ir::MAX_FRAME / 2 + 8);
    let text = format!(
        "fn @inner(i64) -> i64 {{\n  slot0: {half}\nblock0(v0: i64):\n  v1: i64 = stack_addr slot0\n  \
         store v0, v1\n  v2: i64 = load v1\n  ret v2\n}}\n\
         fn @f(i64) -> i64 {{\n  slot0: {half}\nblock0(v0: i64):\n  v1: i64 = stack_addr slot0\n  \
         v2: i64 = call @inner(v0)\n  store v2, v1\n  v3: i64 = load v1\n  ret v3\n}}\n"
    );
    let module = ir::parse::module(&text).expect("it is valid");
    for options in configurations() {
        Engine::new(module.clone(), &Hosts::new(), &options).expect("it compiles");
    }
}

#[test]
fn case_49_what_no_frame_can_be_is_refused() {
    for size in [ir::MAX_FRAME + 1, 2 << 30, 1 << 63, u64::MAX] {
        let error = with_slot(size).expect_err("it is too large");
        assert!(error.contains("frame") || error.contains("slot"), "{error}");
    }
    // Each fits, together they do not.
    let b = FunctionBuilder::new("f");
    let x = b.param(Type::I64);
    for _ in 0..4 {
        b.slot(ir::MAX_FRAME / 4 + 8, 8);
    }
    b.ret(x);
    assert!(b.finish().is_err());
}

#[test]
fn case_52_recursion_with_frames_of_many_pages() {
    let b = FunctionBuilder::new("f");
    let x = b.param(Type::I64);
    let slot = b.slot(100_000, 16);
    let f = b.import("f", ir::Signature::new(&[Type::I64], &[Type::I64]));
    let (again, done) = (b.block("again"), b.block("done"));
    b.store(x, b.stack_addr(slot, 50_000), 0);
    b.branch(x, again, done);
    b.switch_to(again);
    let below = b.call1(f, b.sub(x, 1));
    b.ret(b.add(below, b.load(Type::I64, b.stack_addr(slot, 50_000), 0)));
    b.switch_to(done);
    b.ret(x);
    let module = module(b);
    for options in configurations() {
        let engine = Engine::new(module.clone(), &Hosts::new(), &options).expect("it compiles");
        let call = |x: i64| engine.call_values("f", &[Value::I64(x)]);
        for _ in 0..2 {
            assert_eq!(call(4).expect("it is shallow"), [Value::I64(10)], "{options:?}");
            match call(-1) {
                Err(Error::Trap(trap)) => assert_eq!(trap.kind, TrapKind::StackOverflow),
                other => panic!("{other:?}: {options:?}"),
            }
        }
    }
}

#[test]
fn case_53_an_access_that_starts_inside_and_ends_outside() {
    // Of all data, which is what a restricted program may touch.
    let text = "data @only align 16 = \"0123456789abcdef\"
        fn @f(i64) -> i64 {
        block0(v0: i64):
          v1: i64 = data_addr @only
          v2: i64 = add v1, v0
          v3: i64 = load v2
          ret v3
        }";
    let module = ir::parse::module(text).expect("it is valid");
    for configuration in Configuration::all() {
        if !configuration.engine.keeps_limits() {
            continue;
        }
        let options = configuration.options().restricted(true);
        let engine = Engine::new(module.clone(), &Hosts::new(), &options).expect("it compiles");
        let call = |x: i64| engine.call_values("f", &[Value::I64(x)]);
        let last = Value::I64(i64::from_le_bytes(*b"89abcdef"));
        assert_eq!(call(8).expect("it is inside"), [last], "{options:?}");
        for outside in [-1, -7, 9, 12, 15, 16] {
            match call(outside) {
                Err(Error::Trap(trap)) => assert_eq!(trap.kind, TrapKind::MemoryFault),
                other => panic!("{outside}: {other:?}: {options:?}"),
            }
        }
    }
}
