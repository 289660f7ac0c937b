//! Functions of any size on which slow algorithms show, each about as many instructions long as asked for. Blocks have
//! about ten instructions, and there is about one variable for each ten instructions, unless the shape says otherwise.

use ir::{Block, Function, FunctionBuilder, IntCC, Type, Value, Var};

/// A name, what it stands for, and the function with about `n` instructions.
pub struct Shape {
    /// The name, without blanks.
    pub name: &'static str,
    /// Makes the function of about this many instructions.
    pub make: fn(usize) -> Function,
}

/// All shapes.
pub const SHAPES: &[Shape] = &[
    Shape { name: "straight", make: straight },
    Shape { name: "diamonds", make: diamonds },
    Shape { name: "live-everywhere", make: live_everywhere },
    Shape { name: "one-variable", make: one_variable },
    Shape { name: "nests-of-100", make: nests },
    Shape { name: "do-while-nest", make: do_while_nest },
    Shape { name: "do-while-shared", make: do_while_shared },
    Shape { name: "dispatch", make: dispatch },
    Shape { name: "fan-in", make: fan_in },
    Shape { name: "rungs", make: rungs },
    Shape { name: "irreducible-ladder", make: irreducible_ladder },
    Shape { name: "irreducible-nest", make: irreducible_nest },
];

/// Seven instructions that write `var` from itself and `x`.
fn work(b: &FunctionBuilder, var: Var, x: Value) {
    b.set(var, b.xor(b.add(b.mul(x, var), x), b.lshr(var, x)));
}

/// One block; a variable is written and read 100 times, then the next one is.
fn straight(n: usize) -> Function {
    let b = FunctionBuilder::new("straight");
    let x = b.param(Type::I64);
    for _ in 0..n / 14 {
        let var = b.var("", Type::I64);
        b.set(var, x);
        work(&b, var, x);
        work(&b, var, x);
    }
    b.ret(x);
    b.finish().expect("valid")
}

/// Ifs one after another, each with a variable of its own that one way changes and the join reads.
fn diamonds(n: usize) -> Function {
    let b = FunctionBuilder::new("diamonds");
    let x = b.param(Type::I64);
    let sum = b.var("", Type::I64);
    for _ in 0..n / 20 {
        let var = b.var("", Type::I64);
        let (then, join) = (b.block(""), b.block(""));
        b.set(var, x);
        b.branch(x, then, join);
        b.switch_to(then);
        work(&b, var, x);
        b.jump(join);
        b.switch_to(join);
        b.set(sum, b.add(sum, var));
        work(&b, sum, x);
    }
    b.ret(sum);
    b.finish().expect("valid")
}

/// A loop around a chain of ifs; the n-th block writes the n-th variable, so that all are live in the whole loop.
fn live_everywhere(n: usize) -> Function {
    let b = FunctionBuilder::new("live_everywhere");
    let x = b.param(Type::I64);
    let (head, end) = (b.block(""), b.block(""));
    b.jump(head);
    b.switch_to(head);
    for _ in 0..n / 20 {
        let (var, other) = (b.var("", Type::I64), b.var("", Type::I64));
        let (then, join) = (b.block(""), b.block(""));
        b.branch(x, then, join);
        b.switch_to(then);
        work(&b, var, x);
        b.jump(join);
        b.switch_to(join);
        work(&b, other, x);
    }
    b.branch(x, head, end);
    b.switch_to(end);
    b.ret(());
    b.finish().expect("valid")
}

/// Ifs one after another that all write the same variable, in a loop.
fn one_variable(n: usize) -> Function {
    let b = FunctionBuilder::new("one_variable");
    let x = b.param(Type::I64);
    let var = b.var("", Type::I64);
    let (head, end) = (b.block(""), b.block(""));
    b.jump(head);
    b.switch_to(head);
    for _ in 0..n / 20 {
        let (then, join) = (b.block(""), b.block(""));
        b.branch(x, then, join);
        b.switch_to(then);
        work(&b, var, x);
        b.jump(join);
        b.switch_to(join);
        work(&b, var, x);
    }
    b.branch(x, head, end);
    b.switch_to(end);
    b.ret(var);
    b.finish().expect("valid")
}

/// A loop that tests at the start, with a counter, up to its body: the counter, and the block after the loop.
fn open_loop(b: &FunctionBuilder, x: Value) -> (Var, Block, Block) {
    let i = b.var("", Type::I64);
    let (head, body, end) = (b.block(""), b.block(""), b.block(""));
    b.set(i, x);
    b.jump(head);
    b.switch_to(head);
    b.branch(b.icmp(IntCC::Ult, i, x), body, end);
    b.switch_to(body);
    (i, head, end)
}

/// Nests of a hundred loops that test at the start, one nest after another.
fn nests(n: usize) -> Function {
    const DEPTH: usize = 100;
    let b = FunctionBuilder::new("nests");
    let x = b.param(Type::I64);
    for _ in 0..n / (14 * DEPTH) {
        let loops: Vec<_> = (0..DEPTH).map(|_| open_loop(&b, x)).collect();
        for (i, head, end) in loops.into_iter().rev() {
            work(&b, i, x);
            b.jump(head);
            b.switch_to(end);
        }
    }
    b.ret(x);
    b.finish().expect("valid")
}

/// One nest of loops that test at the end, `n / 20` deep, each with a counter of its own.
fn do_while_nest(n: usize) -> Function {
    let b = FunctionBuilder::new("do_while_nest");
    let x = b.param(Type::I64);
    let mut loops = Vec::new();
    for _ in 0..n / 20 {
        let (i, head) = (b.var("", Type::I64), b.block(""));
        b.set(i, x);
        b.jump(head);
        b.switch_to(head);
        work(&b, i, x);
        loops.push((i, head));
    }
    for (i, head) in loops.into_iter().rev() {
        let next = b.block("");
        work(&b, i, x);
        b.branch(i, head, next);
        b.switch_to(next);
    }
    b.ret(x);
    b.finish().expect("valid")
}

/// The same nest, with one variable that every block writes.
fn do_while_shared(n: usize) -> Function {
    let b = FunctionBuilder::new("do_while_shared");
    let x = b.param(Type::I64);
    let sum = b.var("", Type::I64);
    let mut heads = Vec::new();
    for _ in 0..n / 20 {
        let head = b.block("");
        b.jump(head);
        b.switch_to(head);
        work(&b, sum, x);
        heads.push(head);
    }
    for head in heads.into_iter().rev() {
        let next = b.block("");
        work(&b, sum, x);
        b.branch(sum, head, next);
        b.switch_to(next);
    }
    b.ret(sum);
    b.finish().expect("valid")
}

/// A loop around a switch, as an interpreter has it: each case has a variable of its own and writes the state.
fn dispatch(n: usize) -> Function {
    let b = FunctionBuilder::new("dispatch");
    let x = b.param(Type::I64);
    let state = b.var("", Type::I64);
    let (head, end) = (b.block(""), b.block(""));
    b.set(state, x);
    b.jump(head);
    let cases: Vec<Block> = (0..n / 17).map(|_| b.block("")).collect();
    b.switch_to(head);
    let table: Vec<_> = cases.iter().enumerate().map(|(n, &case)| (n as i64, case)).collect();
    b.switch(state, end, &table);
    for case in cases {
        let var = b.var("", Type::I64);
        b.switch_to(case);
        b.set(var, x);
        work(&b, var, x);
        b.set(state, var);
        work(&b, state, x);
        b.jump(head);
    }
    b.switch_to(end);
    b.ret(state);
    b.finish().expect("valid")
}

/// A switch whose cases all write the same variable and lead to one block.
fn fan_in(n: usize) -> Function {
    let b = FunctionBuilder::new("fan_in");
    let x = b.param(Type::I64);
    let var = b.var("", Type::I64);
    let end = b.block("");
    let cases: Vec<Block> = (0..n / 8).map(|_| b.block("")).collect();
    let table: Vec<_> = cases.iter().enumerate().map(|(n, &case)| (n as i64, case)).collect();
    b.switch(x, end, &table);
    for case in cases {
        b.switch_to(case);
        work(&b, var, x);
        b.jump(end);
    }
    b.switch_to(end);
    b.ret(var);
    b.finish().expect("valid")
}

/// Two chains side by side; each block of the first leads to the next one and to its neighbour in the second.
fn rungs(n: usize) -> Function {
    let b = FunctionBuilder::new("rungs");
    let x = b.param(Type::I64);
    let var = b.var("", Type::I64);
    let count = n / 18;
    let chains: Vec<[Block; 2]> = (0..count).map(|_| [b.block(""), b.block("")]).collect();
    let end = b.block("");
    b.set(var, x);
    b.jump(chains[0][0]);
    for (n, &[first, second]) in chains.iter().enumerate() {
        let next = chains.get(n + 1).copied().unwrap_or([end, end]);
        b.switch_to(first);
        work(&b, var, x);
        b.branch(var, next[0], second);
        b.switch_to(second);
        work(&b, var, x);
        b.jump(next[1]);
    }
    b.switch_to(end);
    b.ret(var);
    b.finish().expect("valid")
}

/// Loops of two blocks that are both entered from outside, one after another.
fn irreducible_ladder(n: usize) -> Function {
    let b = FunctionBuilder::new("irreducible_ladder");
    let x = b.param(Type::I64);
    for _ in 0..n / 20 {
        let var = b.var("", Type::I64);
        let (left, right, next) = (b.block(""), b.block(""), b.block(""));
        b.set(var, x);
        b.branch(x, left, right);
        b.switch_to(left);
        work(&b, var, x);
        b.jump(right);
        b.switch_to(right);
        work(&b, var, x);
        b.branch(var, left, next);
        b.switch_to(next);
    }
    b.ret(x);
    b.finish().expect("valid")
}

/// A chain down and a chain back up, block n of each leading to block n of the other: no loop has one entry. One
/// variable, as each that is live in the whole nest needs a φ in each block.
fn irreducible_nest(n: usize) -> Function {
    let b = FunctionBuilder::new("irreducible_nest");
    let x = b.param(Type::I64);
    let var = b.var("", Type::I64);
    let count = n / 18;
    let down: Vec<Block> = (0..count).map(|_| b.block("")).collect();
    let up: Vec<Block> = (0..count).map(|_| b.block("")).collect();
    b.branch(x, down[0], up[0]);
    for n in 0..count {
        b.switch_to(down[n]);
        work(&b, var, x);
        b.branch(var, down[(n + 1).min(count - 1)], up[n]);
        b.switch_to(up[n]);
        work(&b, var, x);
        b.branch(var, up[n.saturating_sub(1)], down[n]);
    }
    b.finish().expect("valid")
}
