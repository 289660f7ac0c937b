//! Register allocation over a trait; knows no IR and no instruction set.
//!
//! Implement [`Function`] for a machine IR in SSA form, describe the registers in a [`MachineEnv`], and
//! [`run`] gives every operand a place and lists the moves to insert. [`check`] proves the outcome right
//! without trusting the allocator.
//!
//! ```
//! use regalloc::{
//!     Block, ClassRegs, Function, Inst, InstRange, MachineEnv, Operand, Options, PReg, PRegSet, RegClass, VReg, check, run,
//! };
//!
//! /// One block: arguments in registers 0 and 1, an addition, and a return in register 0.
//! struct Add(Vec<Vec<Operand>>);
//!
//! impl Function for Add {
//!     fn num_vregs(&self) -> usize { 3 }
//!     fn num_blocks(&self) -> usize { 1 }
//!     fn entry(&self) -> Block { Block::new(0) }
//!     fn block_insts(&self, _: Block) -> InstRange { InstRange::new(Inst::new(0), Inst::new(3)) }
//!     fn block_succs(&self, _: Block) -> &[Block] { &[] }
//!     fn block_preds(&self, _: Block) -> &[Block] { &[] }
//!     fn block_params(&self, _: Block) -> &[VReg] { &[] }
//!     fn branch_args(&self, _: Block, _: usize) -> &[VReg] { &[] }
//!     fn inst_operands(&self, inst: Inst) -> &[Operand] { &self.0[inst.index()] }
//!     fn inst_clobbers(&self, _: Inst) -> PRegSet { PRegSet::EMPTY }
//!     fn is_ret(&self, inst: Inst) -> bool { inst.index() == 2 }
//!     fn is_branch(&self, _: Inst) -> bool { false }
//! }
//!
//! let [a, b, sum] = [0, 1, 2].map(|n| VReg::new(n, RegClass::Int));
//! let function = Add(vec![
//!     vec![Operand::def_fixed(a, PReg::int(0)), Operand::def_fixed(b, PReg::int(1))],
//!     vec![Operand::use_reg(a), Operand::use_reg(b), Operand::def_reg(sum)],
//!     vec![Operand::use_fixed(sum, PReg::int(0))],
//! ]);
//! let regs = |reg: fn(u8) -> PReg| ClassRegs {
//!     caller_saved: (0..8).map(reg).collect(),
//!     callee_saved: (8..16).map(reg).collect(),
//! };
//! let machine = MachineEnv::new(regs(PReg::int), regs(PReg::float), PReg::int(63), PReg::float(63))?;
//! let allocation = run(&function, &machine, &Options::default())?;
//! check(&function, &machine, &allocation)?;
//! // Nothing is moved: the sum is made where it is returned.
//! assert!(allocation.edits().is_empty());
//! assert_eq!(allocation.num_spill_slots(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The stages, in the order in which [`Allocator::run`] calls them: `layout` checks the flow graph; `spans` says how far
//! its edges reach; `liveness` finds
//! where each value lives; `hints` relates values that would save a move; `intervals` are the pieces that
//! `scan` places and cuts; `resolve` finds the moves between pieces, `slots` the places in the frame, and
//! [`moves`] the order of moves that happen at once; `cleanup` drops what turns out to change nothing.
#![forbid(unsafe_code)]

mod checker;
mod cleanup;
mod dump;
mod env;
mod error;
mod function;
mod hints;
mod intervals;
mod layout;
mod liveness;
pub mod moves;
mod operand;
mod pos;
mod resolve;
mod scan;
mod slots;
mod spans;
#[cfg(test)]
#[path = "../tests/common/testing/mod.rs"]
mod testing;

pub use checker::{CheckError, check};
pub use dump::dump;
pub use env::{
    Allocation, ClassRegs, Edit, EnvError, Loc, MachineEnv, Options, ProgPoint, Side, Stats,
};
pub use error::Error;
pub use function::Function;
pub use operand::{
    Block, Constraint, Inst, InstRange, Operand, OperandKind, OperandPos, PReg, PRegSet, RegClass,
    SpillSlot, VReg,
};

// The functions to test with name this crate from outside, as the tests in `tests/` do.
#[cfg(test)]
extern crate self as regalloc;

use cleanup::Cleanup;
use hints::Hints;
use intervals::Intervals;
use layout::Layout;
use liveness::Liveness;
use resolve::{Resolver, Scanned};
use scan::{Scan, ScanState};
use spans::Reach;

/// Allocates registers for `function`.
///
/// # Errors
/// [`Error`] if the function breaks a rule of [`Function`] or cannot fit the machine.
pub fn run<F: Function + ?Sized>(
    function: &F,
    env: &MachineEnv,
    options: &Options,
) -> Result<Allocation, Error> {
    Allocator::new().run(function, env, options).cloned()
}

/// The allocator with its working memory, for callers that compile many functions: nothing is allocated from
/// the second function of a size on.
#[derive(Default)]
pub struct Allocator {
    layout: Layout,
    reach: Reach,
    live: Liveness,
    hints: Hints,
    intervals: Intervals,
    scan: ScanState,
    resolver: Resolver,
    cleanup: Cleanup,
    allocation: Allocation,
}

impl Allocator {
    /// An allocator with no memory yet.
    pub fn new() -> Allocator {
        Allocator::default()
    }

    /// Allocates registers for `function`. The outcome stays valid until the next run.
    ///
    /// # Errors
    /// [`Error`] if the function breaks a rule of [`Function`] or cannot fit the machine.
    pub fn run<F: Function + ?Sized>(
        &mut self,
        function: &F,
        env: &MachineEnv,
        options: &Options,
    ) -> Result<&Allocation, Error> {
        let Allocator {
            layout,
            reach,
            live,
            hints,
            intervals,
            scan,
            resolver,
            cleanup,
            allocation,
        } = self;
        allocation.clear();
        hints.clear();
        layout.build(function)?;
        reach.build(function);
        live.build(function, env, layout, reach, options.rematerialise, hints)?;
        hints.retain(
            live.values.len(),
            |a, b| live.interfere(a, b),
            |param| live.block_of_param(layout, param),
        );
        hints.index(live.values.len());
        live.hints(layout, |vreg, reg, weight| hints.add(vreg, reg, weight));
        hints.spread();
        intervals.build(live);
        for class in RegClass::ALL {
            Scan { live, layout, env, options, hints, intervals, state: scan, class }.run()?;
        }
        let scanned = Scanned { function, env, layout, reach, live, hints, intervals };
        resolver.run(&scanned, allocation)?;
        cleanup.run(function, env, allocation);
        allocation.summarise();
        allocation.stats.intervals = intervals.list.len() as u32;
        allocation.stats.splits = intervals.splits;
        Ok(allocation)
    }
}
