//! Machine IR as text, before and after allocation: deterministic, for `jitsu stages` and snapshots.

use std::fmt;

use ir::Function;
use regalloc::{Allocation, Block, Edit, Function as _, Inst, ProgPoint};

use crate::function::MachineFunction;
use crate::minst::{Op, block_name, show_moved, show_op};

/// Machine IR over virtual registers: `Lowered { func, machine }` displays as text.
#[derive(Clone, Copy, Debug)]
pub struct Lowered<'a> {
    /// The function that it comes from, for names.
    pub func: &'a Function,
    /// The machine IR.
    pub machine: &'a MachineFunction,
}

/// Machine IR with registers, and the moves that the allocator inserted.
#[derive(Clone, Copy, Debug)]
pub struct Allocated<'a> {
    /// The function that it comes from, for names.
    pub func: &'a Function,
    /// The machine IR.
    pub machine: &'a MachineFunction,
    /// The allocator's answer.
    pub allocation: &'a Allocation,
}

impl fmt::Display for Lowered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.func, self.machine, None)
    }
}

impl fmt::Display for Allocated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.func, self.machine, Some(self.allocation))
    }
}

fn show(
    f: &mut fmt::Formatter<'_>,
    func: &Function,
    mf: &MachineFunction,
    allocation: Option<&Allocation>,
) -> fmt::Result {
    writeln!(f, "machine fn @{} {{", mf.name)?;
    for (index, block) in mf.blocks.iter().enumerate() {
        let id = Block::new(index as u32);
        write!(f, "{}", block_name(mf, index))?;
        // After allocation the parameters are wherever the moves put them.
        if allocation.is_none() && !mf.block_params(id).is_empty() {
            write!(f, "(")?;
            for (i, param) in mf.block_params(id).iter().enumerate() {
                write!(f, "{}{param}", if i == 0 { "" } else { ", " })?;
            }
            write!(f, ")")?;
        }
        writeln!(f, ":{}", if block.cold { " ; cold" } else { "" })?;
        for at in mf.block_range(block) {
            let inst = Inst::new(at as u32);
            edits(f, func, mf, allocation, ProgPoint::before(inst))?;
            let machine = &mf.insts[at];
            if allocation.is_some_and(|allocation| allocation.is_needless(inst)) {
                edits(f, func, mf, allocation, ProgPoint::after(inst))?;
                continue;
            }
            let locs = allocation.map(|allocation| allocation.inst_locs(inst));
            write!(f, "    {}", show_op(&machine.op, mf.operands(machine), locs, func, mf))?;
            if machine.op.is_branch() {
                targets(f, mf, id, allocation.is_none())?;
            }
            writeln!(f)?;
            edits(f, func, mf, allocation, ProgPoint::after(inst))?;
        }
    }
    writeln!(f, "}}")
}

fn targets(
    f: &mut fmt::Formatter<'_>,
    mf: &MachineFunction,
    block: Block,
    args: bool,
) -> fmt::Result {
    for (index, succ) in mf.block_succs(block).iter().enumerate() {
        write!(f, "{} b{}", if index == 0 { " ->" } else { "," }, succ.index())?;
        let passed = mf.branch_args(block, index);
        if args && !passed.is_empty() {
            write!(f, "(")?;
            for (i, arg) in passed.iter().enumerate() {
                write!(f, "{}{arg}", if i == 0 { "" } else { ", " })?;
            }
            write!(f, ")")?;
        }
    }
    Ok(())
}

fn edits(
    f: &mut fmt::Formatter<'_>,
    func: &Function,
    mf: &MachineFunction,
    allocation: Option<&Allocation>,
    at: ProgPoint,
) -> fmt::Result {
    let Some(allocation) = allocation else { return Ok(()) };
    let all = allocation.edits();
    let first = all.partition_point(|(point, _)| *point < at);
    for (point, edit) in &all[first..] {
        if *point != at {
            break;
        }
        match *edit {
            Edit::Move { from, to, .. } => writeln!(f, "  + {}", show_moved(from, to))?,
            Edit::Remat { inst, to } => {
                let machine = &mf.insts[inst.index()];
                let locs = [regalloc::Loc::Reg(to)];
                let op: &Op = &machine.op;
                let text = show_op(op, mf.operands(machine), Some(&locs), func, mf);
                writeln!(f, "  + {text}")?;
            }
        }
    }
    Ok(())
}
