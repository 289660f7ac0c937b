//! Blocks that control cannot come to.

use ir::{Block, Function};

use crate::analyses::Analyses;

/// Takes the blocks that cannot be reached out of the layout and detaches what they define. Returns how many.
pub fn drop_unreachable(func: &mut Function, analyses: &mut Analyses) -> usize {
    let graph = analyses.graph(func);
    if graph.all_reachable() {
        return 0;
    }
    let (keep, dropped): (Vec<Block>, Vec<Block>) =
        func.layout().iter().partition(|&&block| graph.is_reachable(block));
    for &block in &dropped {
        for inst in func.take_block_insts(block) {
            func.detach(inst);
        }
        func.retain_block_params(block, |_, _| false);
    }
    func.set_layout(keep);
    analyses.forget();
    dropped.len()
}
