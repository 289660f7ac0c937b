//! Functions and modules of extreme shapes. Each has a function `f` of one `i64`, and a second definition in plain Rust
//! that says what it gives.

use ir::{Block, Function, FunctionBuilder, IntCC, Module, Signature, Type, Value};

/// A shape of any size.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// Makes the module of this size.
    pub(crate) make: fn(usize) -> Module,
    /// What `f` of this argument is at this size.
    pub(crate) expected: fn(usize, i64) -> i64,
    pub(crate) args: &'static [i64],
    /// The size in every run of the tests.
    pub(crate) size: usize,
    /// The size that the list of cases asks for.
    pub(crate) large: usize,
}

fn module(functions: impl IntoIterator<Item = Function>) -> Module {
    let mut module = Module::new();
    for function in functions {
        module.add_function(function).expect("names differ");
    }
    module
}

fn finish(b: FunctionBuilder) -> Module {
    module([b.finish().expect("the shape is valid")])
}

/// A function `f` with its parameter.
fn function() -> (FunctionBuilder, Value) {
    let b = FunctionBuilder::new("f");
    let x = b.param(Type::I64);
    (b, x)
}

/// 35: blocks one after another.
pub(crate) fn chain(size: usize) -> Module {
    let (b, x) = function();
    let sum = b.var("sum", Type::I64);
    b.set(sum, x);
    for n in 0..size {
        let next = b.block("");
        b.set(sum, b.xor(b.add(sum, n as i64), x));
        b.jump(next);
        b.switch_to(next);
    }
    b.ret(sum);
    finish(b)
}

pub(crate) fn chain_expected(size: usize, x: i64) -> i64 {
    (0..size).fold(x, |sum, n| sum.wrapping_add(n as i64) ^ x)
}

/// 35: ifs one after another.
pub(crate) fn diamonds(size: usize) -> Module {
    let (b, x) = function();
    let sum = b.var("sum", Type::I64);
    b.set(sum, x);
    for n in 0..size {
        let (then, other, join) = (b.block(""), b.block(""), b.block(""));
        b.branch(b.icmp(IntCC::Slt, sum, x), then, other);
        b.switch_to(then);
        b.set(sum, b.add(b.mul(sum, 3), n as i64));
        b.jump(join);
        b.switch_to(other);
        b.set(sum, b.sub(sum, n as i64 + 1));
        b.jump(join);
        b.switch_to(join);
    }
    b.ret(sum);
    finish(b)
}

pub(crate) fn diamonds_expected(size: usize, x: i64) -> i64 {
    (0..size as i64).fold(x, |sum, n| {
        if sum < x { sum.wrapping_mul(3).wrapping_add(n) } else { sum.wrapping_sub(n + 1) }
    })
}

/// 36: one block of instructions that all count.
pub(crate) fn straight(size: usize) -> Module {
    let (b, x) = function();
    let mut value = x;
    for n in 0..size / 4 {
        value = b.xor(b.add(value, n as i64 * 0x1001), b.lshr(value, 7));
    }
    b.ret(value);
    finish(b)
}

pub(crate) fn straight_expected(size: usize, x: i64) -> i64 {
    (0..(size / 4) as i64)
        .fold(x, |value, n| value.wrapping_add(n * 0x1001) ^ (value as u64 >> 7) as i64)
}

/// 37: each block dominates the next, and a way out of each ends the function.
pub(crate) fn deep_dominators(size: usize) -> Module {
    let (b, x) = function();
    for n in 0..size {
        let (out, next) = (b.block(""), b.block(""));
        b.branch(b.icmp(IntCC::Eq, x, n as i64), out, next);
        b.switch_to(out);
        b.ret(b.mul(x, 3));
        b.switch_to(next);
    }
    b.ret(b.neg(x));
    finish(b)
}

pub(crate) fn deep_dominators_expected(size: usize, x: i64) -> i64 {
    if (0..size as i64).contains(&x) { x * 3 } else { -x }
}

/// 38: a function of as many parameters as a signature may have, called by `f`.
pub(crate) fn parameters(size: usize) -> Module {
    let b = FunctionBuilder::new("many");
    let params: Vec<Value> =
        (0..size).map(|n| b.param(if n % 3 == 2 { Type::F64 } else { Type::I64 })).collect();
    let mut sum = b.iconst(Type::I64, 0);
    for (n, param) in params.into_iter().enumerate() {
        let int = if n % 3 == 2 { b.float_to_sint_sat(Type::I64, param) } else { param };
        sum = b.add(sum, b.mul(int, n as i64 + 1));
    }
    b.ret(sum);
    let many = b.finish().expect("the shape is valid");
    let (b, x) = function();
    let callee = b.import("many", many.signature.clone());
    let args: Vec<Value> = (0..size)
        .map(|n| {
            let int = b.add(x, n as i64);
            if n % 3 == 2 { b.sint_to_float(Type::F64, int) } else { int }
        })
        .collect();
    b.ret(b.call1(callee, &args[..]));
    module([many, b.finish().expect("the shape is valid")])
}

pub(crate) fn parameters_expected(size: usize, x: i64) -> i64 {
    (0..size as i64).map(|n| (x + n) * (n + 1)).sum()
}

/// 39: values that are all made before any is used, and used again after a call.
pub(crate) fn live_values(size: usize) -> Module {
    let b = FunctionBuilder::new("g");
    let x = b.param(Type::I64);
    b.ret(b.add(x, 1));
    let g = b.finish().expect("the shape is valid");
    let (b, x) = function();
    let callee = b.import("g", g.signature.clone());
    let values: Vec<Value> = (0..size).map(|n| b.mul(x, n as i64 * 2 + 1)).collect();
    let mut sum = x;
    for round in 0..2 {
        for (n, &value) in values.iter().enumerate().rev() {
            sum = b.xor(b.add(sum, value), n as i64);
        }
        if round == 0 {
            sum = b.call1(callee, sum);
        }
    }
    b.ret(sum);
    module([g, b.finish().expect("the shape is valid")])
}

pub(crate) fn live_values_expected(size: usize, x: i64) -> i64 {
    let round = |sum: i64| {
        (0..size as i64).rev().fold(sum, |sum, n| sum.wrapping_add(x.wrapping_mul(n * 2 + 1)) ^ n)
    };
    round(round(x).wrapping_add(1))
}

/// 40: a loop that exchanges and rotates its parameters.
pub(crate) fn rotation(size: usize) -> Module {
    let (b, x) = function();
    let (head, end) = (b.block("head"), b.block("end"));
    let initial: Vec<Value> = (0..=size).map(|n| b.add(x, n as i64)).collect();
    b.jump_with(head, &initial[..]);
    b.switch_to(head);
    let params: Vec<Value> = (0..=size).map(|_| b.block_param(head, Type::I64)).collect();
    let left = b.sub(params[0], 1);
    // The first two are exchanged, the rest goes one place around.
    let mut next = vec![left, params[2], params[1]];
    next.extend_from_slice(&params[4..]);
    next.push(params[3]);
    b.branch_with(b.icmp(IntCC::Sgt, left, 0), head, &next[..], end, ());
    b.switch_to(end);
    let mut sum = b.iconst(Type::I64, 0);
    for (n, &param) in params[1..].iter().enumerate() {
        sum = b.add(sum, b.mul(param, n as i64 * n as i64));
    }
    b.ret(sum);
    finish(b)
}

pub(crate) fn rotation_expected(size: usize, x: i64) -> i64 {
    let mut values: Vec<i64> = (1..=size as i64).map(|n| x + n).collect();
    for _ in 1..x.max(1) {
        values.swap(0, 1);
        values[2..].rotate_left(1);
    }
    values.iter().enumerate().map(|(n, value)| value * (n * n) as i64).sum()
}

/// 41: critical edges, and branches both of whose ways lead to one block.
pub(crate) fn critical_edges(size: usize) -> Module {
    let (b, x) = function();
    let mut sum = x;
    for n in 0..size as i64 {
        let (middle, join) = (b.block(""), b.block(""));
        let carried = b.block_param(join, Type::I64);
        let odd = b.and(sum, 1);
        // The edge to `join` is critical, and the second branch leads there twice.
        b.branch_with(odd, middle, (), join, b.add(sum, n));
        b.switch_to(middle);
        b.branch_with(b.and(sum, 2), join, b.mul(sum, 5), join, b.sub(sum, 3));
        b.switch_to(join);
        sum = carried;
    }
    b.ret(sum);
    finish(b)
}

pub(crate) fn critical_edges_expected(size: usize, x: i64) -> i64 {
    (0..size as i64).fold(x, |sum, n| match sum & 3 {
        3 => sum.wrapping_mul(5),
        1 => sum.wrapping_sub(3),
        _ => sum.wrapping_add(n),
    })
}

/// 43: loops of two blocks, both entered from outside, one after another and all in a third one.
pub(crate) fn irreducible(size: usize) -> Module {
    let (b, x) = function();
    let sum = b.var("sum", Type::I64);
    b.set(sum, x);
    let again = b.var("again", Type::I64);
    b.set(again, 2);
    let (first, last) = (b.block("first"), b.block("last"));
    b.jump(first);
    b.switch_to(first);
    for n in 0..size as i64 {
        let (left, right, next) = (b.block(""), b.block(""), b.block(""));
        b.branch(b.and(sum, 1), left, right);
        b.switch_to(left);
        b.set(sum, b.add(sum, n % 20));
        b.jump(right);
        b.switch_to(right);
        b.set(sum, b.lshr(sum, 1));
        b.branch(b.icmp(IntCC::Ugt, sum, 50), left, next);
        b.switch_to(next);
    }
    b.set(again, b.sub(again, 1));
    b.set(sum, b.add(sum, x));
    b.branch(again, first, last);
    b.switch_to(last);
    b.ret(sum);
    finish(b)
}

pub(crate) fn irreducible_expected(size: usize, x: i64) -> i64 {
    let mut sum = x;
    for _ in 0..2 {
        for n in 0..size as i64 {
            let mut left = sum & 1 != 0;
            loop {
                if left {
                    sum = sum.wrapping_add(n % 20);
                }
                sum = (sum as u64 >> 1) as i64;
                left = sum > 50;
                if !left {
                    break;
                }
            }
        }
        sum = sum.wrapping_add(x);
    }
    sum
}

/// 44: loops inside each other, the inner ones once around, the outer three twice; they test at the start and at the
/// end in turns.
pub(crate) fn nest(size: usize) -> Module {
    let (b, x) = function();
    let sum = b.var("sum", Type::I64);
    b.set(sum, x);
    let mut loops = Vec::new();
    for depth in 0..size {
        let i = b.var("i", Type::I64);
        let (head, end) = (b.block(""), b.block(""));
        b.set(i, if depth < 3 { 2 } else { 1 });
        b.jump(head);
        b.switch_to(head);
        if depth % 2 == 0 {
            let body = b.block("");
            b.branch(b.icmp(IntCC::Sgt, i, 0), body, end);
            b.switch_to(body);
        }
        b.set(sum, b.add(b.xor(sum, depth as i64), i));
        loops.push((i, head, end));
    }
    for (depth, (i, head, end)) in loops.into_iter().enumerate().rev() {
        b.set(i, b.sub(i, 1));
        if depth % 2 == 0 {
            b.jump(head);
        } else {
            b.branch(b.icmp(IntCC::Sgt, i, 0), head, end);
        }
        b.switch_to(end);
    }
    b.ret(sum);
    finish(b)
}

pub(crate) fn nest_expected(size: usize, x: i64) -> i64 {
    let mut sum = x;
    let mut counters: Vec<i64> = vec![0; size];
    let mut depth = 0;
    // Goes down to the innermost loop, then up to the nearest that has another turn.
    loop {
        for (inner, counter) in counters.iter_mut().enumerate().skip(depth) {
            if inner > depth || *counter == 0 {
                *counter = if inner < 3 { 2 } else { 1 };
            }
            sum = (sum ^ inner as i64).wrapping_add(*counter);
        }
        let mut at = size;
        loop {
            if at == 0 {
                return sum;
            }
            at -= 1;
            counters[at] -= 1;
            if counters[at] > 0 {
                break;
            }
        }
        depth = at;
    }
}

/// 45: a switch whose cases all lead to one block, each with another argument.
pub(crate) fn fan_in(size: usize) -> Module {
    let (b, x) = function();
    let end = b.block("end");
    let result = b.block_param(end, Type::I64);
    let cases: Vec<Block> = (0..size).map(|_| b.block("")).collect();
    let table: Vec<_> = cases.iter().zip(0..).map(|(&case, n)| (n * 3, case)).collect();
    let default = b.block("");
    b.switch(x, default, &table);
    for (n, case) in cases.into_iter().enumerate() {
        b.switch_to(case);
        b.jump_with(end, b.mul(x, n as i64 + 7));
    }
    b.switch_to(default);
    b.jump_with(end, b.iconst(Type::I64, -1));
    b.switch_to(end);
    b.ret(result);
    finish(b)
}

pub(crate) fn fan_in_expected(size: usize, x: i64) -> i64 {
    let case = x / 3;
    if x % 3 == 0 && (0..size as i64).contains(&case) { x.wrapping_mul(case + 7) } else { -1 }
}

/// How many calls are active at once at most in [`functions`].
const CALL_DEPTH: usize = 1000;

/// 46: functions that call each other, a thousand deep.
pub(crate) fn functions(size: usize) -> Module {
    let signature = Signature::new(&[Type::I64], &[Type::I64]);
    let one = |n: usize| {
        let b = FunctionBuilder::new(&if n == 0 { "f".to_owned() } else { format!("f{n}") });
        let x = b.param(Type::I64);
        if n % CALL_DEPTH == CALL_DEPTH - 1 || n + 1 == size {
            b.ret(b.xor(x, n as i64));
        } else {
            let callee = b.import(&format!("f{}", n + 1), signature.clone());
            b.ret(b.add(b.call1(callee, b.mul(x, 3)), n as i64));
        }
        b.finish().expect("the shape is valid")
    };
    module((0..size).map(one))
}

pub(crate) fn functions_expected(size: usize, x: i64) -> i64 {
    let last = size.min(CALL_DEPTH) as i64 - 1;
    let innermost = (0..last).fold(x, |x, _| x.wrapping_mul(3)) ^ last;
    innermost.wrapping_add((0..last).sum())
}

/// 47: each value is used twice by the next: a tree of two to the power of the size.
pub(crate) fn shared(size: usize) -> Module {
    let (b, x) = function();
    let mut value = x;
    for n in 0..size {
        value = match n % 4 {
            0 => b.add(value, value),
            1 => b.sub(b.mul(value, 3), value),
            2 => b.xor(value, b.lshr(value, 1)),
            _ => b.select(b.icmp(IntCC::Slt, value, x), b.add(value, 1), b.sub(value, 1)),
        };
    }
    b.ret(value);
    finish(b)
}

pub(crate) fn shared_expected(size: usize, x: i64) -> i64 {
    (0..size).fold(x, |value, n| match n % 4 {
        0 => value.wrapping_add(value),
        1 => value.wrapping_mul(3).wrapping_sub(value),
        2 => value ^ (value as u64 >> 1) as i64,
        _ if value < x => value.wrapping_add(1),
        _ => value.wrapping_sub(1),
    })
}

/// 48: a loop whose parameters only feed each other.
pub(crate) fn dead_web(size: usize) -> Module {
    let (b, x) = function();
    let (head, end) = (b.block("head"), b.block("end"));
    let initial: Vec<Value> = std::iter::repeat_n(x, size + 1).collect();
    b.jump_with(head, &initial[..]);
    b.switch_to(head);
    let params: Vec<Value> = (0..=size).map(|_| b.block_param(head, Type::I64)).collect();
    let mut next = vec![b.sub(params[0], 1)];
    next.extend((1..=size).map(|n| {
        let other = params[if n == size { 1 } else { n + 1 }];
        if n % 2 == 0 { other } else { b.add(other, n as i64) }
    }));
    b.branch_with(b.icmp(IntCC::Sgt, params[0], 0), head, &next[..], end, ());
    b.switch_to(end);
    b.ret(params[0]);
    finish(b)
}

pub(crate) fn dead_web_expected(_: usize, x: i64) -> i64 {
    x.min(0)
}

/// 50: code and constants so far apart that branches and loads of literals do not reach.
pub(crate) fn far(size: usize) -> Module {
    let (b, x) = function();
    let (middle, end) = (b.block("middle"), b.block("end"));
    let result = b.var("result", Type::I64);
    let float = |value: f64| {
        let int = b
            .float_to_sint_sat(Type::I64, b.fmul(b.sint_to_float(Type::F64, x), b.f64const(value)));
        b.add(int, b.load(Type::I64, b.data_addr("table", 8), 0))
    };
    b.set(result, float(3.125));
    b.branch(b.icmp(IntCC::Slt, x, 0), end, middle);
    b.switch_to(middle);
    for n in 0..size as i64 / 4 {
        b.trap_if(b.icmp(IntCC::Eq, result, i64::MIN + n), ir::TrapKind::Unreachable);
        b.set(result, b.xor(b.add(result, n * 0x1001), b.lshr(result, 7)));
    }
    b.set(result, b.add(result, float(7.375)));
    b.jump(end);
    b.switch_to(end);
    b.ret(b.sub(result, float(-11.0625)));
    let mut module = finish(b);
    let bytes = [5i64, 1234].into_iter().flat_map(i64::to_le_bytes).collect();
    module
        .add_data("table", ir::DataObject { bytes, align: 8, ..ir::DataObject::default() })
        .expect("it is the first");
    module
}

pub(crate) fn far_expected(size: usize, x: i64) -> i64 {
    let float = |value: f64| ((x as f64 * value) as i64).wrapping_add(1234);
    let mut result = float(3.125);
    if x >= 0 {
        for n in 0..size as i64 / 4 {
            result = result.wrapping_add(n * 0x1001) ^ (result as u64 >> 7) as i64;
        }
        result = result.wrapping_add(float(7.375));
    }
    result.wrapping_sub(float(-11.0625))
}
