//! How good allocations are, as the cost of what they insert: each edit counts as often as its block is taken to
//! run, eight times more for each loop around it, and memory counts three times a register move. The limits are what
//! was measured last: whoever makes it better makes them lower.

use regalloc::testing::{Shape, TestFunction, generate, machine};
use regalloc::{Allocation, Allocator, Block, Constraint, Edit, Function, Loc, Options};

fn weight(function: &TestFunction, block: Block) -> u64 {
    1 << (3 * function.block_depth(block).min(8))
}

/// The cost of the edits of an allocation.
fn cost(function: &TestFunction, allocation: &Allocation) -> u64 {
    let mut sum = 0;
    let mut edits = allocation.edits().iter().peekable();
    for index in 0..function.num_blocks() {
        let block = Block::new(index as u32);
        let end = function.block_insts(block).end;
        while let Some((_, edit)) = edits.next_if(|(point, _)| point.inst < end) {
            let one = match edit {
                Edit::Move { from: Loc::Reg(_), to: Loc::Reg(_), .. } | Edit::Remat { .. } => 1,
                Edit::Move { .. } => 3,
            };
            sum += one * weight(function, block);
        }
    }
    sum
}

/// What it costs to keep every value in memory: load each use, store each definition and each argument.
fn cost_in_memory(function: &TestFunction) -> u64 {
    let mut sum = 0;
    for index in 0..function.num_blocks() {
        let block = Block::new(index as u32);
        for inst in function.block_insts(block).iter() {
            let operands = function.inst_operands(inst).iter();
            let in_registers = operands
                .filter(|op| !matches!(op.constraint(), Constraint::Any | Constraint::Stack));
            sum += 3 * in_registers.count() as u64 * weight(function, block);
        }
        let passed = (0..function.block_succs(block).len())
            .map(|n| function.branch_args(block, n).len() as u64);
        sum += 6 * passed.sum::<u64>() * weight(function, block);
    }
    sum
}

/// The average over many programs of a kind, per million of what it costs to use memory only.
fn per_million(name: &str, shape: Shape) -> u64 {
    let env = machine(shape.caller_saved, shape.callee_saved);
    let mut allocator = Allocator::new();
    let (mut ours, mut unhinted) = (0, 0);
    let seeds = 200;
    for seed in 0..seeds {
        let function = generate(seed, &shape);
        let memory = cost_in_memory(&function);
        let mut share = |options: &Options| {
            let allocation = allocator.run(&function, &env, options).unwrap();
            cost(&function, allocation) * 1_000_000 / memory
        };
        ours += share(&Options::default());
        let mut options = Options::default();
        options.hints = false;
        unhinted += share(&options);
    }
    println!("{name}: {} without hints {}", ours / seeds, unhinted / seeds);
    ours / seeds
}

#[test]
fn roomy() {
    let shape = Shape {
        blocks: 16,
        insts: 8,
        caller_saved: 16,
        callee_saved: 10,
        old_uses: 20,
        calls: 0,
        odd: 0,
        wild: false,
    };
    let cost = per_million("roomy", shape);
    assert!(cost <= 79_105, "{cost}");
}

#[test]
fn with_calls() {
    let shape = Shape {
        blocks: 16,
        insts: 8,
        caller_saved: 16,
        callee_saved: 10,
        old_uses: 20,
        calls: 10,
        odd: 0,
        wild: false,
    };
    let cost = per_million("with calls", shape);
    assert!(cost <= 277_236, "{cost}");
}

#[test]
fn cramped() {
    let shape = Shape {
        blocks: 16,
        insts: 8,
        caller_saved: 5,
        callee_saved: 3,
        old_uses: 30,
        calls: 3,
        odd: 0,
        wild: false,
    };
    let cost = per_million("cramped", shape);
    assert!(cost <= 414_083, "{cost}");
}
