//! Functions of any size on which slow algorithms show, each about as many instructions long as asked for. Blocks have
//! about ten instructions, and there is about one variable for each ten instructions, unless the shape says otherwise.

use ir::{Block, Function, FunctionBuilder, IntCC, Signature, Type, Value, Var};

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
    Shape { name: "many-variables", make: many_variables },
    Shape { name: "live-to-the-end", make: live_to_the_end },
    Shape { name: "ladder", make: ladder },
    Shape { name: "loop-exits", make: loop_exits },
    Shape { name: "calls", make: calls },
    Shape { name: "reversed", make: reversed },
    Shape { name: "empty-blocks", make: empty_blocks },
    Shape { name: "endless-loops", make: endless_loops },
    Shape { name: "irreducible-live", make: irreducible_live },
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

/// `count` variables, each with a value of its own.
fn variables(b: &FunctionBuilder, x: Value, count: usize) -> Vec<Var> {
    let vars = (0..count).map(|n| {
        let var = b.var("", Type::I64);
        b.set(var, b.add(x, n as i64));
        var
    });
    vars.collect()
}

/// Reads all of them: their sum is what the function gives back.
fn give_back(b: &FunctionBuilder, x: Value, vars: &[Var]) {
    let sum = b.var("", Type::I64);
    b.set(sum, x);
    for &var in vars {
        b.set(sum, b.add(sum, var));
    }
    b.ret(sum);
}

/// A loop around a chain of ifs, each of which may write a variable of its own; all variables are set before the loop
/// and read after it, so that no pass can drop them and each is live in every block.
fn many_variables(n: usize) -> Function {
    let b = FunctionBuilder::new("many_variables");
    let x = b.param(Type::I64);
    let vars = variables(&b, x, n / 14);
    let (head, end) = (b.block(""), b.block(""));
    b.jump(head);
    b.switch_to(head);
    for &var in &vars {
        let (then, join) = (b.block(""), b.block(""));
        b.branch(b.icmp(IntCC::Ult, var, x), then, join);
        b.switch_to(then);
        work(&b, var, x);
        b.jump(join);
        b.switch_to(join);
    }
    b.branch(x, head, end);
    b.switch_to(end);
    give_back(&b, x, &vars);
    b.finish().expect("valid")
}

/// Ifs one after another, each with a variable of its own that is read at the very end.
fn live_to_the_end(n: usize) -> Function {
    let b = FunctionBuilder::new("live_to_the_end");
    let x = b.param(Type::I64);
    let mut vars = Vec::new();
    for n in 0..n / 14 {
        let var = b.var("", Type::I64);
        let (then, join) = (b.block(""), b.block(""));
        b.set(var, b.add(x, n as i64));
        b.branch(b.icmp(IntCC::Ult, var, x), then, join);
        b.switch_to(then);
        work(&b, var, x);
        b.jump(join);
        b.switch_to(join);
        vars.push(var);
    }
    give_back(&b, x, &vars);
    b.finish().expect("valid")
}

/// Ifs one after another that all lead to one exit, or on.
fn ladder(n: usize) -> Function {
    let b = FunctionBuilder::new("ladder");
    let x = b.param(Type::I64);
    let var = b.var("", Type::I64);
    let end = b.block("");
    b.set(var, x);
    for _ in 0..n / 10 {
        let next = b.block("");
        work(&b, var, x);
        b.branch(b.icmp(IntCC::Ult, var, x), end, next);
        b.switch_to(next);
    }
    b.jump(end);
    b.switch_to(end);
    b.ret(var);
    b.finish().expect("valid")
}

/// A loop with many exits, each to a block of its own; variables set before the loop are read in it and after it.
fn loop_exits(n: usize) -> Function {
    let b = FunctionBuilder::new("loop_exits");
    let x = b.param(Type::I64);
    let vars = variables(&b, x, n / 24);
    let (head, end) = (b.block(""), b.block(""));
    b.jump(head);
    b.switch_to(head);
    let state = b.var("", Type::I64);
    let mut exits = Vec::new();
    for &var in &vars {
        let (exit, next) = (b.block(""), b.block(""));
        b.set(state, b.add(state, var));
        b.branch(b.icmp(IntCC::Ult, state, x), exit, next);
        b.switch_to(next);
        work(&b, state, x);
        exits.push((exit, var));
    }
    b.jump(head);
    for (exit, var) in exits {
        b.switch_to(exit);
        b.set(state, b.xor(state, var));
        b.jump(end);
    }
    b.switch_to(end);
    give_back(&b, b.get(state), &vars);
    b.finish().expect("valid")
}

/// Calls of itself in ifs one after another, with values that live across some of them and to the end.
fn calls(n: usize) -> Function {
    let b = FunctionBuilder::new("calls");
    let x = b.param(Type::I64);
    let callee = b.import("calls", Signature::new(&[Type::I64], &[Type::I64]));
    let mut vars = Vec::new();
    for n in 0..n / 16 {
        let var = b.var("", Type::I64);
        let (then, join) = (b.block(""), b.block(""));
        b.set(var, b.add(x, n as i64));
        b.branch(b.icmp(IntCC::Ult, var, x), then, join);
        b.switch_to(then);
        b.set(var, b.call1(callee, var));
        work(&b, var, x);
        b.jump(join);
        b.switch_to(join);
        b.set(var, b.add(var, b.call1(callee, var)));
        vars.push(var);
    }
    give_back(&b, x, &vars);
    b.finish().expect("valid")
}

/// A loop that turns the order of its variables round.
fn reversed(n: usize) -> Function {
    let b = FunctionBuilder::new("reversed");
    let x = b.param(Type::I64);
    let vars = variables(&b, x, n / 3);
    let (head, end) = (b.block(""), b.block(""));
    b.jump(head);
    b.switch_to(head);
    let values: Vec<Value> = vars.iter().map(|&var| b.get(var)).collect();
    for (&var, &value) in vars.iter().zip(values.iter().rev()) {
        b.set(var, value);
    }
    b.branch(x, head, end);
    b.switch_to(end);
    give_back(&b, x, &vars);
    b.finish().expect("valid")
}

/// Blocks that are nothing but a jump to the next one.
fn empty_blocks(n: usize) -> Function {
    let b = FunctionBuilder::new("empty_blocks");
    let x = b.param(Type::I64);
    for _ in 0..n {
        let next = b.block("");
        b.jump(next);
        b.switch_to(next);
    }
    b.ret(x);
    b.finish().expect("valid")
}

/// A switch each of whose cases is an endless loop.
fn endless_loops(n: usize) -> Function {
    let b = FunctionBuilder::new("endless_loops");
    let x = b.param(Type::I64);
    let end = b.block("");
    let cases: Vec<Block> = (0..n).map(|_| b.block("")).collect();
    let table: Vec<_> = cases.iter().enumerate().map(|(n, &case)| (n as i64, case)).collect();
    b.switch(x, end, &table);
    for case in cases {
        b.switch_to(case);
        b.jump(case);
    }
    b.switch_to(end);
    b.ret(x);
    b.finish().expect("valid")
}

/// Loops of two blocks that are both entered from outside, one after another, each with a variable that is set before
/// all of them and read at the end.
fn irreducible_live(n: usize) -> Function {
    let b = FunctionBuilder::new("irreducible_live");
    let x = b.param(Type::I64);
    let vars = variables(&b, x, n / 20);
    for &var in &vars {
        let (left, right, next) = (b.block(""), b.block(""), b.block(""));
        b.branch(x, left, right);
        b.switch_to(left);
        work(&b, var, x);
        b.jump(right);
        b.switch_to(right);
        work(&b, var, x);
        b.branch(b.icmp(IntCC::Ult, var, x), left, next);
        b.switch_to(next);
    }
    give_back(&b, x, &vars);
    b.finish().expect("valid")
}
