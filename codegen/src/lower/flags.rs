//! Comparisons whose flags are there already: a comparison is made where it is used, so that two users in a row, or the
//! branches of a three-way comparison, make it twice.
//!
//! Nothing between two machine instructions but what is seen here writes flags: moves, reloads and constants do not.

use crate::function::MachineFunction;
use crate::minst::FlagsEffect;

/// Drops each comparison that repeats the one which the flags come from, in its block or in the only predecessor.
pub(super) fn drop_repeated_compares(mf: &mut MachineFunction) {
    // The comparison that the flags come from at the end of each block done, by its new place.
    let mut at_end: Vec<Option<usize>> = vec![None; mf.blocks.len()];
    let mut kept = 0;
    for index in 0..mf.blocks.len() {
        let block = &mf.blocks[index];
        let mut flags = match block.preds.as_slice() {
            // Blocks that come later have not been looked at.
            [only] => at_end.get(only.index()).copied().flatten(),
            _ => None,
        };
        let start = kept;
        for at in mf.block_range(block) {
            let inst = mf.insts[at];
            match inst.op.flags() {
                FlagsEffect::None | FlagsEffect::Reads => {}
                FlagsEffect::Updates | FlagsEffect::Destroys => flags = None,
                FlagsEffect::Writes => {
                    let repeated = flags.is_some_and(|flags| {
                        let earlier = &mf.insts[flags];
                        earlier.op == inst.op && mf.operands(earlier) == mf.operands(&inst)
                    });
                    if repeated {
                        continue;
                    }
                    flags = Some(kept);
                }
            }
            mf.insts[kept] = inst;
            kept += 1;
        }
        at_end[index] = flags;
        let insts = &mut mf.blocks[index].insts;
        insts.start = start as u32;
        insts.end = kept as u32;
    }
    mf.insts.truncate(kept);
}
