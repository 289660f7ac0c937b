//! A small stack bytecode, interpreted and compiled: the same expression both ways, and how much faster one is.
//!
//! On a machine that is not ARM64 the compiled code runs in the simulator; then the times say nothing about the code,
//! and the numbers to look at are the instructions executed.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

use driver::{Engine, EngineKind, Func, Hosts, Options};
use ir::{FunctionBuilder, Module, Type, Value};

/// An instruction of the stack machine.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// Pushes a constant.
    Push(i64),
    /// Pushes an argument.
    Load(usize),
    Add,
    Sub,
    Mul,
    /// Ends with the value on top.
    Return,
}

/// Why bytecode cannot be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bad {
    EmptyStack,
    NoReturn,
    NoArgument,
}

/// Looks at each instruction again every time.
fn interpret(code: &[Op], args: &[i64]) -> Result<i64, Bad> {
    let mut stack = Vec::with_capacity(16);
    for &op in code {
        let value = match op {
            Op::Push(value) => value,
            Op::Load(index) => *args.get(index).ok_or(Bad::NoArgument)?,
            Op::Return => return stack.pop().ok_or(Bad::EmptyStack),
            Op::Add | Op::Sub | Op::Mul => {
                let b: i64 = stack.pop().ok_or(Bad::EmptyStack)?;
                let a: i64 = stack.pop().ok_or(Bad::EmptyStack)?;
                match op {
                    Op::Add => a.wrapping_add(b),
                    Op::Sub => a.wrapping_sub(b),
                    _ => a.wrapping_mul(b),
                }
            }
        };
        stack.push(value);
    }
    Err(Bad::NoReturn)
}

/// Looks at each instruction once: the stack is only there while compiling.
fn compile(code: &[Op], args: &[Value], b: &FunctionBuilder) -> Result<Value, Bad> {
    let mut stack: Vec<Value> = Vec::new();
    for &op in code {
        let value = match op {
            Op::Push(value) => b.iconst(Type::I64, value),
            Op::Load(index) => *args.get(index).ok_or(Bad::NoArgument)?,
            Op::Return => return stack.pop().ok_or(Bad::EmptyStack),
            Op::Add | Op::Sub | Op::Mul => {
                let y = stack.pop().ok_or(Bad::EmptyStack)?;
                let x = stack.pop().ok_or(Bad::EmptyStack)?;
                match op {
                    Op::Add => b.add(x, y),
                    Op::Sub => b.sub(x, y),
                    _ => b.mul(x, y),
                }
            }
        };
        stack.push(value);
    }
    Err(Bad::NoReturn)
}

/// `(x + y) * (x - y) + 3 * x * x - 7`
const EXPRESSION: &[Op] = &[
    Op::Load(0),
    Op::Load(1),
    Op::Add,
    Op::Load(0),
    Op::Load(1),
    Op::Sub,
    Op::Mul,
    Op::Push(3),
    Op::Load(0),
    Op::Mul,
    Op::Load(0),
    Op::Mul,
    Op::Add,
    Op::Push(7),
    Op::Sub,
    Op::Return,
];

/// How often the expression is computed each way.
const TIMES: i64 = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The compiled function computes the sum over x = 0..n, so that the loop is compiled as well.
    let b = FunctionBuilder::new("sum");
    let (n, y) = (b.param(Type::I64), b.param(Type::I64));
    let (x, sum) = (b.var("x", Type::I64), b.var("sum", Type::I64));
    let (head, body, done) = (b.block("head"), b.block("body"), b.block("done"));
    b.jump(head);
    b.switch_to(head);
    b.branch(b.icmp(ir::IntCC::Slt, x, n), body, done);
    b.switch_to(body);
    let value = compile(EXPRESSION, &[b.get(x), y], &b).map_err(|bad| format!("{bad:?}"))?;
    b.set(sum, b.add(sum, value));
    b.set(x, b.add(x, 1));
    b.jump(head);
    b.switch_to(done);
    b.ret(sum);
    let mut module = Module::new();
    module.add_function(b.finish()?)?;
    let engine = Engine::new(module, &Hosts::new(), &Options::default())?;
    let compiled: Func<(i64, i64), i64> = engine.func("sum")?;

    let start = Instant::now();
    let mut interpreted_sum = 0i64;
    for x in 0..TIMES {
        let value = interpret(black_box(EXPRESSION), &[x, 5]).map_err(|bad| format!("{bad:?}"))?;
        interpreted_sum = interpreted_sum.wrapping_add(value);
    }
    let interpreted_time = start.elapsed();

    let start = Instant::now();
    let compiled_sum = compiled.call((TIMES, 5))?;
    let compiled_time = start.elapsed();

    assert_eq!(interpreted_sum, compiled_sum);
    println!("{TIMES} times (x + y) * (x - y) + 3 * x * x - 7, summed: {compiled_sum} both ways");
    println!("interpreted: {interpreted_time:?}");
    let ratio = interpreted_time.as_secs_f64() / compiled_time.as_secs_f64();
    match engine.kind() {
        EngineKind::Native => {
            println!("compiled:    {compiled_time:?}, {ratio:.1} times as fast");
        }
        kind => {
            let count = engine.instructions().unwrap_or_default();
            println!(
                "compiled:    {compiled_time:?} in {kind}, which simulates each of {count} instructions ({:.1} an expression);\n             \
                 ratio of the times {ratio:.2}: of the simulator, not of the code",
                count as f64 / TIMES as f64
            );
        }
    }
    Ok(())
}
