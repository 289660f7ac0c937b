//! Construction and all passes take time in line with the size of a function.

use std::time::{Duration, Instant};

use ir::{Block, Function, FunctionBuilder, IntCC, Type};
use opt::Level;

/// `count` pieces of code, each of about ten instructions, of one kind.
type Family = (&'static str, fn(usize) -> Function);

/// Each piece has a variable of its own that a branch may change, and that the end reads.
fn diamonds(count: usize) -> Function {
    let b = FunctionBuilder::new("diamonds");
    let x = b.param(Type::I64);
    let sum = b.var("sum", Type::I64);
    for n in 0..count {
        let var = b.var("x", Type::I64);
        let (then, join) = (b.block(""), b.block(""));
        b.set(var, x);
        b.branch(b.icmp(IntCC::Slt, x, n as i64), then, join);
        b.switch_to(then);
        b.set(var, b.mul(x, var));
        b.store(x, x, 8);
        b.jump(join);
        b.switch_to(join);
        b.set(sum, b.add(sum, var));
    }
    b.ret(sum);
    b.finish().expect("valid")
}

/// Loops one after the other, each with a counter and a bounds check.
fn loops(count: usize) -> Function {
    let b = FunctionBuilder::new("loops");
    let (p, n) = (b.param(Type::I64), b.param(Type::I64));
    let sum = b.var("sum", Type::I64);
    for _ in 0..count {
        let i = b.var("i", Type::I64);
        let (head, body, end) = (b.block(""), b.block(""), b.block(""));
        b.set(i, 0);
        b.jump(head);
        b.switch_to(head);
        b.branch(b.icmp(IntCC::Ult, i, n), body, end);
        b.switch_to(body);
        b.trap_if(b.icmp(IntCC::Uge, i, n), ir::TrapKind::IndexOutOfBounds);
        b.set(sum, b.add(sum, b.load(Type::I64, b.add(p, b.mul(i, 8)), 0)));
        b.set(i, b.add(i, 1));
        b.jump(head);
        b.switch_to(end);
    }
    b.ret(sum);
    b.finish().expect("valid")
}

/// One block with a long chain of instructions.
fn straight(count: usize) -> Function {
    let b = FunctionBuilder::new("straight");
    let x = b.param(Type::I64);
    let mut value = x;
    for n in 0..count {
        let product = b.mul(value, n as i64);
        value = b.xor(b.add(product, x), b.lshr(value, 7));
        b.store(value, x, 16);
        value = b.add(value, b.load(Type::I64, x, 16));
    }
    b.ret(value);
    b.finish().expect("valid")
}

/// A loop around a switch of many cases, as an interpreter has it, each with a variable of its own.
fn dispatch(count: usize) -> Function {
    let b = FunctionBuilder::new("dispatch");
    let x = b.param(Type::I64);
    let state = b.var("state", Type::I64);
    let (head, end) = (b.block("head"), b.block("end"));
    b.set(state, x);
    b.jump(head);
    let cases: Vec<Block> = (0..count).map(|_| b.block("")).collect();
    b.switch_to(head);
    let table: Vec<_> = cases.iter().enumerate().map(|(n, &case)| (n as i64, case)).collect();
    b.switch(state, end, &table);
    for case in cases {
        let var = b.var("x", Type::I64);
        b.switch_to(case);
        b.set(var, b.mul(x, state));
        b.set(state, b.xor(b.add(var, 5), b.lshr(var, 3)));
        b.jump(head);
    }
    b.switch_to(end);
    b.ret(state);
    b.finish().expect("valid")
}

/// Loops that test at the end, each inside the one before, with something to move out of all of them in the innermost.
fn nest(count: usize) -> Function {
    let b = FunctionBuilder::new("nest");
    let (x, y) = (b.param(Type::I64), b.param(Type::I64));
    let sum = b.var("sum", Type::I64);
    let heads: Vec<Block> = (0..count).map(|_| b.block("")).collect();
    for &head in &heads {
        b.jump(head);
        b.switch_to(head);
        b.set(sum, b.add(sum, 1));
    }
    b.set(sum, b.add(sum, b.mul(x, y)));
    for &head in heads.iter().rev() {
        let end = b.block("");
        b.branch(b.icmp(IntCC::Slt, sum, x), head, end);
        b.switch_to(end);
        b.set(sum, b.add(sum, b.xor(x, y)));
    }
    b.ret(sum);
    b.finish().expect("valid")
}

/// A switch that enters many loops, each of which needs a block before it.
fn entries(count: usize) -> Function {
    let b = FunctionBuilder::new("entries");
    let (x, y) = (b.param(Type::I64), b.param(Type::I64));
    let sum = b.var("sum", Type::I64);
    let end = b.block("end");
    let heads: Vec<Block> = (0..count).map(|_| b.block("")).collect();
    let table: Vec<_> = heads.iter().enumerate().map(|(n, &head)| (n as i64, head)).collect();
    b.switch(x, end, &table);
    for head in heads {
        b.switch_to(head);
        b.set(sum, b.add(sum, b.mul(x, y)));
        b.branch(b.icmp(IntCC::Slt, sum, y), head, end);
    }
    b.switch_to(end);
    b.ret(sum);
    b.finish().expect("valid")
}

const FAMILIES: &[Family] = &[
    ("diamonds", diamonds),
    ("loops", loops),
    ("straight", straight),
    ("dispatch", dispatch),
    ("nest", nest),
    ("entries", entries),
];

#[test]
fn time_grows_in_line_with_size() {
    // Quadratic work takes a hundred times as long for ten times the size.
    const BOUND: u32 = 50;
    const SIZE: usize = 200;
    for &(name, family) in FAMILIES {
        // The least times, as other programs can only lengthen them: for an algorithm in line with the size, one
        // undisturbed run of each is enough.
        let mut least = [[Duration::MAX; 2]; 2];
        for _ in 0..20 {
            for (times, count) in least.iter_mut().zip([SIZE, 10 * SIZE]) {
                let mut func = family(count);
                let start = Instant::now();
                ssa::construct(&mut func);
                let constructed = start.elapsed();
                opt::optimize(&mut func, Level::Speed);
                times[0] = times[0].min(constructed);
                times[1] = times[1].min(start.elapsed() - constructed);
            }
            if (0..2).all(|part| least[1][part] < least[0][part] * BOUND) {
                break;
            }
        }
        let [small, large] = least;
        assert!(large[0] < small[0] * BOUND, "{name}: construction {small:?}, then {large:?}");
        assert!(large[1] < small[1] * BOUND, "{name}: passes {small:?}, then {large:?}");
    }
}

/// Functions that call each other in a ring, or in a chain, each with so much of its own that a few of them make one that is
/// too large. Each keeps its body, so what is copied into it comes on top.
#[test]
fn inlining_at_most_doubles_a_module() {
    for is_ring in [true, false] {
        let count: usize = 6000;
        let mut module = ir::Module::new();
        for n in 0..count {
            let b = FunctionBuilder::new(&format!("f{n}"));
            let mut x = b.param(Type::I64);
            for k in 0..8 {
                x = b.xor(b.mul(x, x), b.load(Type::I64, x, 8 * k));
            }
            if is_ring || n + 1 < count {
                let signature = ir::Signature::new(&[Type::I64], &[Type::I64]);
                let next = b.import(&format!("f{}", (n + 1) % count), signature);
                x = b.call1(next, x);
            }
            b.ret(x);
            module.add_function(b.finish().expect("valid")).expect("a new name");
        }
        let size = |module: &ir::Module| -> usize {
            let functions = module.functions.values();
            let blocks =
                functions.flat_map(|func| func.layout().iter().map(|&b| func.block_insts(b)));
            blocks.map(<[_]>::len).sum()
        };
        let before = size(&module);
        let stats = opt::optimize_module(&mut module, Level::Speed);
        let inlined = stats.passes.iter().find(|report| report.pass == "inline");
        assert!(inlined.is_some_and(|report| report.changes > count / 10));
        let after = size(&module);
        assert!(after <= 2 * before + 20_000, "{before} instructions became {after}");
    }
}
