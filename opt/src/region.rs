//! Which instructions may write what a load reads, for all that the facts on accesses say.

use ir::{Function, InstData, MemFacts};

/// Returns `true` if an instruction may write memory that a load with these facts reads.
pub(crate) fn writes(data: &InstData, read: MemFacts) -> bool {
    match *data {
        _ if read.readonly => false,
        InstData::Store { facts, .. } => facts.may_overlap(read),
        // Atomic accesses also order those of other threads, whose region nobody names.
        _ => data.opcode().info().effect.may_write(),
    }
}

/// The regions that loads name, each once, in the order in which they first come.
pub(crate) fn named(func: &Function) -> Vec<MemFacts> {
    let mut seen = [false; 1 << u8::BITS];
    let mut named = Vec::new();
    for &inst in func.layout().iter().flat_map(|&block| func.block_insts(block)) {
        if let InstData::Load { facts: MemFacts { region: Some(region), .. }, .. }
        | InstData::Store { facts: MemFacts { region: Some(region), .. }, .. } = *func.inst(inst)
            && !std::mem::replace(&mut seen[usize::from(region.get())], true)
        {
            named.push(MemFacts { region: Some(region), ..MemFacts::NONE });
        }
    }
    named
}
