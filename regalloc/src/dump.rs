//! An allocation as text: every instruction with the places of its operands, every edit where it goes.
//! The text depends on nothing but its input, so snapshots can be made of it.

use std::fmt::{self, Write};

use crate::env::{Allocation, ProgPoint};
use crate::function::Function;
use crate::operand::{Block, VReg};

/// Writes `function` with `allocation` to `out`.
///
/// # Errors
/// Whatever `out` returns.
pub fn dump<F: Function + ?Sized>(
    function: &F,
    allocation: &Allocation,
    out: &mut impl Write,
) -> fmt::Result {
    let edits = allocation.edits();
    let mut next = 0;
    let mut write_edits = |out: &mut dyn Write, until: ProgPoint| {
        while let Some((_, edit)) = edits.get(next).filter(|(point, _)| *point <= until) {
            writeln!(out, "            {edit}")?;
            next += 1;
        }
        Ok(())
    };
    for index in 0..function.num_blocks() {
        let block = Block::new(index as u32);
        write!(out, "{block}")?;
        write_list(out, function.block_params(block))?;
        writeln!(out, ":")?;
        for inst in function.block_insts(block).iter() {
            write_edits(out, ProgPoint::before(inst))?;
            write!(out, "    {inst}:")?;
            if allocation.is_needless(inst) {
                write!(out, " needless")?;
            }
            let locs = allocation.inst_locs(inst);
            for (n, (operand, loc)) in function.inst_operands(inst).iter().zip(locs).enumerate() {
                write!(out, "{} {operand} = {loc}", if n == 0 { "" } else { "," })?;
            }
            if function.block_insts(block).last() == Some(inst) {
                for (n, succ) in function.block_succs(block).iter().enumerate() {
                    write!(out, "{} {succ}", if n == 0 { " ->" } else { "," })?;
                    write_list(out, function.branch_args(block, n))?;
                }
            }
            writeln!(out)?;
            write_edits(out, ProgPoint::after(inst))?;
        }
    }
    let slots = allocation.num_spill_slots();
    writeln!(out, "{slots} slots, uses {}", allocation.used_regs())
}

fn write_list(out: &mut dyn Write, vregs: &[VReg]) -> fmt::Result {
    for (n, vreg) in vregs.iter().enumerate() {
        write!(out, "{}{vreg}", if n == 0 { "(" } else { ", " })?;
    }
    out.write_str(if vregs.is_empty() { "" } else { ")" })
}
