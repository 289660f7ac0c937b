//! Interruption: each function looks at a flag when it is entered and wherever control goes back, and traps if it is set.
//!
//! *Requires* nothing: variables and `i128` may still be there. *Preserves* the blocks and the edges. Run it last: what moves
//! loads and merges blocks knows nothing of it, and a body that was inlined needs no check of its own.
//!
//! Control goes back to a block where an edge comes from a block that is not before it in reverse postorder. Every cycle has
//! such an edge, also one with several entries, so no execution is endless without a check: it goes round a cycle of blocks or
//! enters functions. The load is atomic, because another thread writes the flag.

use cfg::FlowGraph;
use ir::{Align, Block, Function, InstData, MemFacts, TrapKind, Type};

/// Bytes and alignment of the flag: an integer of 64 bits that is zero as long as the program may run.
pub const FLAG_BYTES: u32 = 8;

/// Adds the checks of the flag, which is the data object of this name.
pub fn add_interrupt_checks(func: &mut Function, flag: &str) {
    let graph = FlowGraph::new(func);
    let goes_back = |to: Block| {
        let place = graph.rpo_index(to);
        graph.preds(to).any(|from| graph.rpo_index(from) >= place)
    };
    let checked: Vec<Block> =
        graph.rpo().filter(|&block| graph.entry() == Some(block) || goes_back(block)).collect();
    let data = func.data.push(flag.to_owned());
    let facts = MemFacts { align: Align::new(FLAG_BYTES), ..MemFacts::NONE };
    for block in checked {
        let rest = func.take_block_insts(block);
        // A trap is told with the place of what would have come next.
        let span = rest.iter().find_map(|&inst| func.span(inst));
        let mut define = |data, ty| {
            let inst = func.append_inst(block, data, &[ty], span);
            func.results(inst)[0]
        };
        let addr = define(InstData::DataAddr { data, offset: 0 }, Type::I64);
        let cond = define(InstData::AtomicLoad { facts, addr }, Type::I64);
        func.append_inst(block, InstData::TrapIf { cond, kind: TrapKind::Interrupted }, &[], span);
        let mut insts = func.take_block_insts(block);
        insts.extend(rest);
        func.set_block_insts(block, insts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_every_cycle_have_a_check() {
        let module = ir::parse::module(
            "fn @f(i64) {
             block0(v0: i64):
               branch v0, block1, block2
             block1:
               branch v0, block2, block3
             block2:
               branch v0, block1, block3
             block3:
               branch v0, block3, block4
             block4:
               ret @7:7
             }",
        );
        let mut func = module.unwrap().functions["f"].clone();
        add_interrupt_checks(&mut func, "flag");
        ssa::verify(&func).unwrap();
        let checked = |block: &Block| {
            let mut insts = func.block_insts(*block).iter();
            insts.any(|&inst| matches!(func.inst(inst), InstData::TrapIf { .. }))
        };
        let checked: Vec<String> =
            func.layout().iter().filter(|block| checked(block)).map(Block::to_string).collect();
        // One of the two blocks of the cycle that has two entries is enough.
        assert_eq!(checked.len(), 3, "{checked:?}\n{func}");
        assert!(checked.contains(&"block0".to_owned()) && checked.contains(&"block3".to_owned()));
    }
}
