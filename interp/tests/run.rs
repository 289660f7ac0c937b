//! Whole functions through the interpreter.

use interp::{Interpreter, Limits, LoadOptions, MemoryAccess, NoHost, Program, Trap};
use ir::{
    BinaryOp, FloatCC, Function, FunctionBuilder, IntCC, Module, Signature, TrapKind, Type, eval,
};
use proptest::prelude::*;

fn module(functions: impl IntoIterator<Item = Function>) -> Module {
    let mut module = Module::new();
    for function in functions {
        module.add_function(function).unwrap();
    }
    module
}

fn call(module: &Module, name: &str, args: &[u64]) -> Result<Vec<u64>, Trap> {
    let program = Program::load(module, &LoadOptions::default()).unwrap();
    let function = program.function(name).unwrap();
    Interpreter::default().call(&program, function, args, &mut NoHost)
}

fn fib() -> Function {
    let b = FunctionBuilder::new("fib");
    let n = b.param(Type::I64);
    b.returns(&[Type::I64.into()]);
    let (base, step) = (b.block("base"), b.block("step"));
    b.branch(b.icmp(IntCC::Slt, n, 2), base, step);
    b.switch_to(base);
    b.ret(n);
    b.switch_to(step);
    let fib = b.import("fib", Signature::new(&[Type::I64], &[Type::I64]));
    let (x, y) = (b.call1(fib, b.sub(n, 1)), b.call1(fib, b.sub(n, 2)));
    b.ret(b.add(x, y));
    b.finish().unwrap()
}

fn sum_of_squares() -> Function {
    let b = FunctionBuilder::new("sum_of_squares");
    let n = b.param(Type::I64);
    let (i, acc) = (b.var("i", Type::I64), b.var("acc", Type::I64));
    let (head, body, done) = (b.block("head"), b.block("body"), b.block("done"));
    b.jump(head);
    b.switch_to(head);
    b.branch(b.icmp(IntCC::Slt, i, n), body, done);
    b.switch_to(body);
    b.set(acc, b.add(acc, b.mul(i, i)));
    b.set(i, b.add(i, 1));
    b.jump(head);
    b.switch_to(done);
    b.ret(acc);
    b.finish().unwrap()
}

#[test]
fn recursion_and_loops() {
    assert_eq!(call(&module([fib()]), "fib", &[20]), Ok(vec![6765]));
    assert_eq!(call(&module([sum_of_squares()]), "sum_of_squares", &[10]), Ok(vec![285]));
}

#[test]
fn block_arguments_are_copied_all_at_once() {
    // Each turn swaps the two, so that an odd count gives them exchanged.
    let b = FunctionBuilder::new("swap");
    let (n, x, y) = (b.param(Type::I64), b.param(Type::I64), b.param(Type::I64));
    let (head, done) = (b.block("head"), b.block("done"));
    let (i, p, q) = (
        b.block_param(head, Type::I64),
        b.block_param(head, Type::I64),
        b.block_param(head, Type::I64),
    );
    b.jump_with(head, [n, x, y]);
    b.switch_to(head);
    let next = b.sub(i, 1);
    b.branch_with(b.icmp(IntCC::Eq, i, 0), done, (), head, [next, q, p]);
    b.switch_to(done);
    b.ret([p, q]);
    let module = module([b.finish().unwrap()]);
    assert_eq!(call(&module, "swap", &[3, 7, 8]), Ok(vec![8, 7]));
    assert_eq!(call(&module, "swap", &[4, 7, 8]), Ok(vec![7, 8]));
}

#[test]
fn endless_recursion_is_a_trap_with_its_callers() {
    let b = FunctionBuilder::new("down");
    let n = b.param(Type::I64);
    b.at(ir::Span::new(3, 5));
    let down = b.import("down", Signature::new(&[Type::I64], &[Type::I64]));
    b.ret(b.call1(down, b.add(n, 1)));
    let trap = call(&module([b.finish().unwrap()]), "down", &[0]).unwrap_err();
    assert_eq!(trap.kind, TrapKind::StackOverflow);
    assert_eq!(trap.to_string(), "trap: stack_overflow in @down at 3:5");
    assert_eq!(trap.callers.len(), 64);
}

#[test]
fn constants_that_are_returned_on_some_edges_are_there_on_the_others() {
    let b = FunctionBuilder::new("sign");
    let x = b.param(Type::I64);
    b.returns(&[Type::I64.into(), Type::I64.into()]);
    let one = b.iconst(Type::I64, 1);
    let big = b.iconst(Type::I64, 1 << 40);
    // In this order, so that no branch goes back: a function with loops has its constants ready from the start.
    let (first, other) = (b.block("first"), b.block("other"));
    let blocks: Vec<_> = (0..4).map(|_| b.block("")).collect();
    let params: Vec<_> = blocks.iter().map(|&block| b.block_param(block, Type::I64)).collect();
    b.branch(b.icmp(IntCC::Slt, x, 0), first, other);
    b.switch_to(first);
    b.branch_with(b.icmp(IntCC::Eq, x, -1), blocks[0], one, blocks[1], one);
    b.switch_to(other);
    b.branch_with(b.icmp(IntCC::Eq, x, 0), blocks[2], one, blocks[3], big);
    for (index, (&block, &param)) in blocks.iter().zip(&params).enumerate() {
        b.switch_to(block);
        b.ret(if index % 2 == 0 { [param, big] } else { [big, param] });
    }
    let module = module([b.finish().unwrap()]);
    for (x, expected) in
        [(-1i64, [1, 1 << 40]), (-2, [1 << 40, 1]), (0, [1, 1 << 40]), (1, [1 << 40; 2])]
    {
        assert_eq!(call(&module, "sign", &[x as u64]), Ok(expected.to_vec()), "{x}");
    }
}

#[test]
fn as_many_calls_may_be_active_as_the_limit_says() {
    let b = FunctionBuilder::new("count");
    let n = b.param(Type::I64);
    b.returns(&[Type::I64.into()]);
    let (more, done) = (b.block("more"), b.block("done"));
    b.branch(n, more, done);
    b.switch_to(done);
    b.ret(n);
    b.switch_to(more);
    let count = b.import("count", Signature::new(&[Type::I64], &[Type::I64]));
    b.ret(b.add(b.call1(count, b.sub(n, 1)), 1));
    let module = module([b.finish().unwrap()]);
    let program = Program::load(&module, &LoadOptions::default()).unwrap();
    let count = program.function("count").unwrap();
    for depth in [1, 2, 3, 100, 5000] {
        let mut interpreter = Interpreter::new(Limits { depth, ..Default::default() });
        // With the argument 0 one call is active.
        let most = depth as u64 - 1;
        assert_eq!(interpreter.call(&program, count, &[most], &mut NoHost), Ok(vec![most]));
        let trap = interpreter.call(&program, count, &[most + 1], &mut NoHost).unwrap_err();
        assert_eq!(trap.kind, TrapKind::StackOverflow);
        assert_eq!(trap.callers.len(), (depth - 1).min(64));
    }
}

/// Frames of slots end where the stack does, to the byte: the outer one takes 48.
#[test]
fn slots_end_where_the_stack_does() {
    let frames = |inner: u64| {
        let b = FunctionBuilder::new("outer");
        b.slot(40, 8);
        b.returns(&[Type::I64.into()]);
        b.ret(b.call1(b.import("inner", Signature::new(&[], &[Type::I64])), ()));
        let outer = b.finish().unwrap();
        let b = FunctionBuilder::new("inner");
        let slot = b.slot(inner, 8);
        b.ret(b.sub(b.stack_addr(slot, 1), b.stack_addr(slot, 0)));
        module([outer, b.finish().unwrap()])
    };
    let run = |inner: u64, stack_bytes: usize| {
        let program = Program::load(&frames(inner), &LoadOptions::default()).unwrap();
        let outer = program.function("outer").unwrap();
        let mut interpreter = Interpreter::new(Limits { stack_bytes, ..Default::default() });
        interpreter.call(&program, outer, &[], &mut NoHost).map_err(|trap| trap.kind)
    };
    for (inner, stack) in [(24, 72), (16, 64), (1000, 1048), (1, 49)] {
        assert_eq!(run(inner, stack), Ok(vec![1]), "{inner} {stack}");
    }
    for (inner, stack) in [(25, 72), (24, 71), (1000, 1047), (1 << 20, 4096), (1, 48), (1, 39)] {
        assert_eq!(run(inner, stack), Err(TrapKind::StackOverflow), "{inner} {stack}");
    }
}

#[test]
fn the_budget_of_instructions_ends_an_endless_loop() {
    let b = FunctionBuilder::new("forever");
    let block = b.block("again");
    b.jump(block);
    b.switch_to(block);
    b.jump(block);
    let module = module([b.finish().unwrap()]);
    let options = LoadOptions { counted: true, ..Default::default() };
    let program = Program::load(&module, &options).unwrap();
    let mut interpreter = Interpreter::new(Limits { fuel: Some(1000), ..Default::default() });
    let function = program.function("forever").unwrap();
    let trap = interpreter.call(&program, function, &[], &mut NoHost).unwrap_err();
    assert_eq!(trap.kind, TrapKind::OutOfFuel);
    let profile = interpreter.profile(&program);
    // The entry, and 999 turns, and the one that was refused.
    let counts: Vec<u64> = profile.functions[0].blocks.iter().map(|&(_, count)| count).collect();
    assert_eq!(counts, [1, 1000]);
    assert_eq!(profile.functions[0].edges[1].2, 999);
}

#[test]
fn memory_that_is_not_the_programs_is_a_trap() {
    let b = FunctionBuilder::new("read");
    let address = b.param(Type::I64);
    b.ret(b.load(Type::I64, address, 8));
    let module = module([b.finish().unwrap()]);
    let bytes = [1u64, 2, 3];
    let start = bytes.as_ptr().expose_provenance() as u64;
    let program = Program::load(&module, &LoadOptions::default()).unwrap();
    let read = program.function("read").unwrap();
    let mut interpreter = Interpreter::default();
    let fault = interpreter.call(&program, read, &[start], &mut NoHost).unwrap_err();
    assert_eq!(fault.kind, TrapKind::MemoryFault);
    interpreter.allow(start..start + 24);
    assert_eq!(interpreter.call(&program, read, &[start], &mut NoHost), Ok(vec![2]));
    let fault = interpreter.call(&program, read, &[start + 9], &mut NoHost).unwrap_err();
    assert_eq!(fault.kind, TrapKind::MemoryFault);
    let options = LoadOptions { memory: MemoryAccess::Host, ..Default::default() };
    let program = Program::load(&module, &options).unwrap();
    let fault = interpreter.call(&program, read, &[0], &mut NoHost).unwrap_err();
    assert_eq!(fault.kind, TrapKind::MemoryFault);
}

#[test]
fn stack_slots_and_data_objects_hold_values() {
    let b = FunctionBuilder::new("slots");
    let x = b.param(Type::I32);
    let (small, large) = (b.slot(3, 1), b.slot(64, 32));
    b.store(x, b.stack_addr(large, 0), 60);
    b.store_narrow(ir::NarrowWidth::W8, x, b.stack_addr(small, 2), 0);
    let again = b.load(Type::I32, b.stack_addr(large, 60), 0);
    let byte =
        b.load_narrow(Type::I32, ir::NarrowWidth::W8, ir::Extend::Sign, b.stack_addr(small, 0), 2);
    let table = b.data_addr("table", 2);
    let data = b.load_narrow(Type::I32, ir::NarrowWidth::W16, ir::Extend::Sign, table, 0);
    b.ret([again, byte, data]);
    let mut module = module([b.finish().unwrap()]);
    let bytes = vec![1, 2, 0xfe, 0xff];
    module
        .add_data("table", ir::DataObject { bytes, align: 2, ..ir::DataObject::default() })
        .unwrap();
    let results = call(&module, "slots", &[0x1234_5680]).unwrap();
    assert_eq!(results, [0x1234_5680, 0xffff_ff80, 0xffff_fffe]);
}

#[test]
fn the_host_is_called_with_raw_values() {
    let b = FunctionBuilder::new("twice");
    let x = b.param(Type::I8);
    let host = b.import("host", Signature::new(&[Type::I8, Type::I8], &[Type::I8]));
    b.ret(b.call1(host, [x, x]));
    let mut module = module([b.finish().unwrap()]);
    module.add_extern("host", Signature::new(&[Type::I8, Type::I8], &[Type::I8])).unwrap();
    let program = Program::load(&module, &LoadOptions::default()).unwrap();
    let function = program.function("twice").unwrap();
    let mut host = |index: usize, args: &[u64], results: &mut [u64]| {
        assert_eq!(index, 0);
        results[0] = args[0] + args[1];
        if results[0] == 0 { Err(TrapKind::Panic) } else { Ok(()) }
    };
    let mut interpreter = Interpreter::default();
    assert_eq!(interpreter.call(&program, function, &[0x1f0], &mut host), Ok(vec![0xe0]));
    let trap = interpreter.call(&program, function, &[0], &mut host).unwrap_err();
    assert_eq!(trap.kind, TrapKind::Panic);
}

#[test]
fn a_switch_finds_its_case() {
    for far in [100i64, i64::MIN] {
        let b = FunctionBuilder::new("switch");
        let x = b.param(Type::I64);
        let blocks: Vec<_> = (0..5).map(|_| b.block("")).collect();
        b.switch(
            x,
            blocks[4],
            &[(-2, blocks[0]), (3, blocks[1]), (0, blocks[2]), (far, blocks[3])],
        );
        for (index, &block) in blocks.iter().enumerate() {
            b.switch_to(block);
            b.ret(b.iconst(Type::I64, index as i64));
        }
        let module = module([b.finish().unwrap()]);
        for (value, expected) in [(-2, 0), (3, 1), (0, 2), (far, 3), (1, 4), (-3, 4), (i64::MAX, 4)]
        {
            assert_eq!(call(&module, "switch", &[value as u64]), Ok(vec![expected]), "{value}");
        }
    }
}

#[test]
fn functions_with_more_values_than_a_window() {
    // All 70,000 values are alive at the end.
    let b = FunctionBuilder::new("wide");
    let x = b.param(Type::I64);
    let mut values = vec![x];
    for _ in 0..70_000 {
        values.push(b.add(values[values.len() - 1], 1));
    }
    let mut sum = b.iconst(Type::I64, 0);
    for &value in &values {
        sum = b.add(sum, value);
    }
    b.ret(sum);
    let n = 70_000u64;
    assert_eq!(
        call(&module([b.finish().unwrap()]), "wide", &[5]),
        Ok(vec![5 * (n + 1) + n * (n + 1) / 2])
    );
}

/// One function per operation, with both operands variable, and with each constant.
fn binary_functions(op: BinaryOp, ty: Type, a: u64, b_bits: u64) -> Vec<Function> {
    let constant = |b: &FunctionBuilder, bits: u64| match ty {
        Type::F32 => b.f32const(f32::from_bits(bits as u32)),
        Type::F64 => b.f64const(f64::from_bits(bits)),
        _ => {
            let unused = 64 - ty.bits();
            b.iconst(ty, ((bits << unused) as i64) >> unused)
        }
    };
    (0..3)
        .map(|form| {
            let b = FunctionBuilder::new(&format!("f{form}"));
            let (x, y) = (b.param(ty), b.param(ty));
            let x = if form == 1 { constant(&b, a) } else { x };
            let y = if form == 2 { constant(&b, b_bits) } else { y };
            b.ret(b.binary(op, x, y));
            b.finish().unwrap()
        })
        .collect()
}

fn interesting(ty: Type) -> BoxedStrategy<u64> {
    let mask = ty.mask();
    if ty.is_float() {
        let specials: Vec<u64> = if ty == Type::F64 {
            [0.0, -0.0, 1.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE]
                .map(f64::to_bits)
                .into_iter()
                .chain([0x7ff0_0000_0000_0001, 0xfff8_0000_0000_1234, 1])
                .collect()
        } else {
            [0.0f32, -0.0, 1.0, f32::INFINITY, f32::NEG_INFINITY]
                .map(|x| x.to_bits().into())
                .into_iter()
                .chain([0x7f80_0001, 0xffc0_1234, 1])
                .collect()
        };
        prop_oneof![proptest::sample::select(specials), any::<u64>().prop_map(move |x| x & mask)]
            .boxed()
    } else {
        prop_oneof![
            (-130i64..130).prop_map(move |x| x as u64 & mask),
            (0u32..64, -1i64..2)
                .prop_map(move |(shift, by)| (1i64 << shift).wrapping_add(by) as u64 & mask),
            any::<u64>().prop_map(move |x| x & mask),
        ]
        .boxed()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(testkit::cases(600)) })]

    #[test]
    fn every_binary_operation_is_what_eval_says(
        (op, ty, a, b) in proptest::sample::select(BinaryOp::ALL).prop_flat_map(|op| {
            let float = op.info().rule == ir::TypeRule::Float;
            let types: Vec<Type> = Type::WORDS.into_iter().filter(|ty| ty.is_float() == float).collect();
            proptest::sample::select(types)
                .prop_flat_map(move |ty| (Just(op), Just(ty), interesting(ty), interesting(ty)))
        })
    ) {
        let module = module(binary_functions(op, ty, a, b));
        let expected = eval::binary(op, ty, a, b);
        for name in ["f0", "f1", "f2"] {
            let got = call(&module, name, &[a, b]).map_err(|trap| trap.kind);
            prop_assert_eq!(got, expected.map(|bits| vec![bits]), "{} {} {:#x} {:#x} {}", op.info().name, ty, a, b, name);
        }
    }

    #[test]
    fn every_comparison_is_what_eval_says_as_a_value_and_in_a_branch(
        (ty, a, b) in proptest::sample::select(Type::WORDS.to_vec())
            .prop_flat_map(|ty| (Just(ty), interesting(ty), interesting(ty))),
        which in 0usize..14,
        constant in 0u32..3,
    ) {
        let builder = FunctionBuilder::new("compare");
        let (x, y) = (builder.param(ty), builder.param(ty));
        let unused = 64 - ty.bits();
        let literal = |bits: u64| builder.iconst(ty, ((bits << unused) as i64) >> unused);
        let x = if constant == 1 && ty.is_int() { literal(a) } else { x };
        let y = if constant == 2 && ty.is_int() { literal(b) } else { y };
        let compare = |builder: &FunctionBuilder| if ty.is_int() {
            builder.icmp(IntCC::ALL[which % 10], x, y)
        } else {
            builder.fcmp(FloatCC::ALL[which], x, y)
        };
        let value = compare(&builder);
        let (yes, no, other) = (builder.block("yes"), builder.block("no"), builder.block("other"));
        let result = builder.block_param(other, Type::I64);
        builder.branch(compare(&builder), yes, no);
        builder.switch_to(yes);
        builder.jump_with(other, 1);
        builder.switch_to(no);
        builder.branch_with(compare(&builder), other, 2, other, 0);
        builder.switch_to(other);
        builder.ret([builder.zext(Type::I64, value), result]);
        let expected = u64::from(if ty.is_int() {
            eval::icmp(IntCC::ALL[which % 10], ty, a, b)
        } else {
            eval::fcmp(FloatCC::ALL[which], ty, a, b)
        });
        let got = call(&module([builder.finish().unwrap()]), "compare", &[a, b]).unwrap();
        prop_assert_eq!(got, vec![expected, expected]);
    }
}
