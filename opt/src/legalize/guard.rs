//! Guards become branches to blocks that are cold.

use ir::{Block, Function, Inst, InstData, SecondaryMap};

/// Makes a branch of each guard; returns how many. A resume block is cold unless other edges reach it too.
pub(super) fn run(func: &mut Function) -> usize {
    let is_guard = |inst: &Inst| matches!(func.inst(*inst), InstData::Guard { .. });
    let ends = || func.layout().iter().filter_map(|&block| func.terminator(block));
    let guards: Vec<Inst> = ends().filter(is_guard).collect();
    if guards.is_empty() {
        return 0;
    }
    let mut warm: SecondaryMap<Block, bool> = SecondaryMap::with_default(false);
    for inst in ends() {
        match *func.inst(inst) {
            InstData::Guard { then_to, .. } => warm[then_to.block] = true,
            _ => func.for_each_successor(inst, |call| warm[call.block] = true),
        }
    }
    for &inst in &guards {
        let InstData::Guard { cond, then_to, resume } = *func.inst(inst) else { continue };
        if !warm[resume.block] {
            func.set_cold(resume.block, true);
        }
        func.replace(inst, InstData::Branch { cond, then_to, else_to: resume });
    }
    guards.len()
}
