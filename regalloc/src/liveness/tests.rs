//! Liveness against the data-flow equations, solved as they stand, position by position.

use super::{Liveness, Range};
use crate::function::Function;
use crate::hints::Hints;
use crate::layout::Layout;
use crate::operand::{
    Block, Constraint, Inst, Operand, OperandKind, OperandPos, PRegSet, RegClass, VReg,
};
use crate::pos::Pos;
use crate::spans::Reach;
use crate::testing::{Shape, TestFunction, generate, machine};

/// Where an operand's value has to be live: from, until.
fn touched(inst: Inst, operands: &[Operand], n: usize) -> (Pos, Pos) {
    let operand = operands[n];
    let reused = operands.iter().any(|op| op.constraint() == Constraint::Reuse(n as u8));
    let copied = matches!(operand.constraint(), Constraint::Fixed(_) | Constraint::Stack);
    match (operand.kind(), operand.pos()) {
        // The instruction reads a copy, which is made before it.
        (OperandKind::Use, _) if copied || reused => (Pos::gap(inst), Pos::early(inst)),
        (OperandKind::Use, OperandPos::Early) => (Pos::early(inst), Pos::late(inst)),
        (OperandKind::Use, OperandPos::Late) => (Pos::early(inst), Pos::after(inst)),
        (OperandKind::Def, _) if copied => (Pos::after(inst), Pos::after(inst).next()),
        (OperandKind::Def, pos) => {
            let shares = matches!(operand.constraint(), Constraint::Reuse(_));
            let early = pos == OperandPos::Early || shares;
            (if early { Pos::early(inst) } else { Pos::late(inst) }, Pos::after(inst))
        }
    }
}

/// Whether the value lives at each position of each block, by iteration to a fixed point.
fn live_positions(function: &TestFunction, vreg: VReg, again: bool) -> Vec<bool> {
    let blocks = function.num_blocks();
    // What an instruction wants in its slot is kept there, and not made again.
    let mut insts = (0..function.num_insts()).map(|n| function.inst_operands(Inst::new(n as u32)));
    let in_slot = Operand::use_stack(vreg);
    let wants_slot = insts.any(|operands| operands.contains(&in_slot));
    let remat = again && function.remat(vreg).is_some() && !wants_slot;
    let mut live = vec![false; function.num_insts() * 4 + 1];
    let index = |pos: Pos| pos.distance_from(Pos::START) as usize;
    let mut live_in = vec![false; blocks];
    let mut changed = true;
    while changed {
        changed = false;
        for number in (0..blocks).rev() {
            let block = Block::new(number as u32);
            let insts = function.block_insts(block);
            let (from, to) = (Pos::gap(insts.start), Pos::gap(insts.end));
            let mut is_live = false;
            for (n, succ) in function.block_succs(block).iter().enumerate() {
                is_live |= live_in[succ.index()];
                is_live |= !remat && function.branch_args(block, n).contains(&vreg);
            }
            // Backwards over the positions of the block.
            let mut at = index(to);
            while at > index(from) {
                at -= 1;
                let inst = Inst::new(at as u32 / 4);
                let operands = function.inst_operands(inst);
                let mine = || (0..operands.len()).filter(|&n| operands[n].vreg() == vreg);
                let spans = || mine().map(|n| touched(inst, operands, n));
                is_live |= spans().any(|(start, end)| index(start) <= at && at < index(end));
                live[at] |= is_live;
                let defined = mine().find(|&n| operands[n].is_def());
                if defined.is_some_and(|n| index(touched(inst, operands, n).0) == at) {
                    is_live = false;
                }
            }
            let is_param = function.block_params(block).contains(&vreg);
            let enters = is_live && !is_param;
            if enters != live_in[number] {
                live_in[number] = enters;
                changed = true;
            }
        }
    }
    live
}

fn check(seed: u64, blocks: usize, again: bool) {
    let shape = Shape {
        blocks,
        insts: 1 + seed as usize % 9,
        caller_saved: 6,
        callee_saved: 2,
        old_uses: 30,
        calls: 10,
        odd: 30,
        wild: seed.is_multiple_of(2),
    };
    let function = generate(seed, &shape);
    let env = machine(shape.caller_saved, shape.callee_saved);
    let (mut layout, mut reach, mut live, mut hints) =
        <(Layout, Reach, Liveness, Hints)>::default();
    layout.build(&function).expect("the graph keeps the rules");
    reach.build(&function);
    live.build(&function, &env, &layout, &reach, again, &mut hints).expect("it keeps the rules");
    for value in &live.values {
        let Some(vreg) = value.vreg else { continue };
        let mut right = live_positions(&function, vreg, again);
        // What a fixed definition leaves unused needs no place; it would live for one position.
        let alone = right.iter().filter(|live| **live).count() == 1;
        if alone && value.def.phase() == crate::pos::Phase::After {
            right.fill(false);
        }
        let ranges = &live.ranges[value.first_range as usize..value.end_range as usize];
        let mut found = vec![false; right.len()];
        for &Range { from, to } in ranges {
            let span = from.distance_from(Pos::START)..to.distance_from(Pos::START);
            span.for_each(|at| found[at as usize] = true);
        }
        let differs = (0..right.len()).find(|&at| found[at] != right[at]);
        let phase = differs.map(|at| (Inst::new(at as u32 / 4), at % 4));
        assert_eq!(phase, None, "seed {seed}, {vreg}: {ranges:?}\n{function}");
        for number in value.def_block().index() + 1..function.num_blocks() {
            let block = Block::new(number as u32);
            let index = |pos: Pos| pos.distance_from(Pos::START) as usize;
            if !right[index(layout.block_from(block))] {
                continue;
            }
            let Some(stretch) = reach.stretch(value.def_block(), block) else { continue };
            let from = layout.block_from(stretch.first).max(value.def);
            let last = layout.block_from(stretch.last);
            let to = if stretch.through { layout.block_to(stretch.last) } else { last.next() };
            let all = right[index(from)..index(to)].iter().all(|&live| live);
            assert!(all, "seed {seed}, {vreg} up to {block}: {stretch:?}\n{function}");
        }
        let apart = ranges.windows(2).all(|pair| pair[0].to < pair[1].from);
        assert!(apart, "seed {seed}, {vreg}: {ranges:?} are not in order, or touch");
    }
    for class in RegClass::ALL {
        for number in 0..function.num_insts() {
            let inst = Inst::new(number as u32);
            let (mut early, mut late) = (PRegSet::EMPTY, function.inst_clobbers(inst));
            for operand in function.inst_operands(inst) {
                let Constraint::Fixed(reg) = operand.constraint() else { continue };
                // Early uses are read, late definitions written; all else is there for both.
                if operand.is_def() != (operand.pos() == OperandPos::Early) || !operand.is_def() {
                    if operand.is_def() { late.insert(reg) } else { early.insert(reg) }
                }
            }
            let found = live.fixed[class.index()].iter().find(|fixed| fixed.inst == inst);
            let found = found.map_or((0, 0), |fixed| (fixed.early, fixed.late));
            let right = (early.bits(class), late.bits(class));
            assert_eq!(found, right, "seed {seed}, {inst}\n{function}");
        }
    }
}

#[test]
fn liveness_is_what_the_equations_say() {
    for seed in 0..150 {
        check(seed, 2 + seed as usize % 14, seed % 3 != 0);
    }
}

/// Enough blocks for stretches of several levels.
#[test]
fn liveness_over_many_blocks_is_what_the_equations_say() {
    for seed in 0..16 {
        check(9 * seed + seed % 2, 40 + 6 * seed as usize, seed % 3 != 0);
    }
}
