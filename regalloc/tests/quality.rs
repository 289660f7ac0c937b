//! How good allocations are, as the cost of what they insert: each edit counts as often as its block is taken to
//! run, eight times more for each loop around it, and memory counts three times a register move.

mod common;

use common::testing::{Shape, TestFunction, generate, machine};
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

/// The average over many programs of a kind, per million of what it costs to use memory only: with hints and without; and
/// the spill slots of all those programs, with hints.
fn measure(shape: &Shape) -> [u64; 3] {
    let env = machine(shape.caller_saved, shape.callee_saved);
    let mut allocator = Allocator::new();
    let seeds = 200;
    let [(hinted, slots), (unhinted, _)] = [true, false].map(|hints| {
        let mut slots = 0;
        let mut options = Options::default();
        options.hints = hints;
        let share = |seed| {
            let function = generate(seed, shape);
            let allocation = allocator.run(&function, &env, &options).unwrap();
            slots += u64::from(allocation.num_spill_slots());
            cost(&function, allocation) * 1_000_000 / cost_in_memory(&function)
        };
        ((0..seeds).map(share).sum::<u64>() / seeds, slots)
    });
    [hinted, unhinted, slots]
}

/// Sizes, registers, pressure, calls, odd instructions; the costs and the slots. What is measured is exactly
/// this: a change that moves a figure says so here, and why if it is upwards.
#[rustfmt::skip]
const KINDS: &[(&str, Shape, [u64; 3])] = &[
    ("roomy", shape(16, 8, (16, 10), 20, 0, 0), [73_264, 78_916, 1_562]),
    ("with calls", shape(16, 8, (16, 10), 20, 10, 0), [273_100, 278_865, 5_142]),
    ("cramped", shape(16, 8, (5, 3), 30, 3, 0), [417_001, 418_215, 7_707]),
    ("straight", shape(2, 30, (8, 4), 20, 5, 0), [90_378, 97_877, 569]),
    ("odd", shape(12, 6, (8, 4), 20, 0, 40), [185_500, 191_427, 2_730]),
    ("odd and cramped", shape(12, 6, (5, 2), 40, 5, 40), [438_693, 440_946, 5_919]),
    ("no callee-saved", shape(12, 8, (8, 0), 20, 8, 10), [475_955, 481_724, 7_485]),
];

const fn shape(
    blocks: usize,
    insts: usize,
    (caller_saved, callee_saved): (u8, u8),
    old_uses: u32,
    calls: u32,
    odd: u32,
) -> Shape {
    Shape { blocks, insts, caller_saved, callee_saved, old_uses, calls, odd, wild: false }
}

#[test]
fn costs_are_what_was_measured_last() {
    let measured: Vec<_> = KINDS.iter().map(|(name, shape, _)| (name, measure(shape))).collect();
    let expected: Vec<_> = KINDS.iter().map(|(name, _, cost)| (name, *cost)).collect();
    assert_eq!(measured, expected);
}
