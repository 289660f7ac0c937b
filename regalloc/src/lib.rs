//! Register allocation over a trait; knows no IR and no instruction set.
//!
//! Implement [`Function`] for a machine IR in SSA form, describe the registers in a [`MachineEnv`], and
//! [`run`] gives every operand a place and lists the moves to insert. [`check`] proves the outcome right
//! without trusting the allocator.
//!
//! ```
//! use regalloc::{Options, check, dump, run, testing};
//!
//! // A loop that adds up what it loads. `testing` has a text form for the trait.
//! let function = testing::parse("
//!     block0:
//!         args def v0:r0, def v1:r1
//!         const def v2
//!         jump -> block1(v2, v2)
//!     block1(v3, v4) depth 1:
//!         load use v0, use v3, def v5
//!         add use v4, use v5, def v6
//!         add use v3, def v7
//!         branch use v7, use v1 -> block2, block3
//!     block2 depth 1:
//!         jump -> block1(v7, v6)
//!     block3:
//!         ret use v6:r0
//! ")?;
//! let machine = testing::machine(6, 4);
//! let allocation = run(&function, &machine, &Options::default())?;
//! check(&function, &machine, &allocation)?;
//!
//! let mut text = String::new();
//! dump(&function, &allocation, &mut text)?;
//! // Nothing is moved inside of the loop, and nothing is in memory.
//! assert!(text.contains("    inst7: -> block1(v7, v6)\nblock3:"));
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
pub mod testing;

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
        live.wishes(layout, |vreg, reg, weight| hints.wish(vreg, reg, weight));
        hints.spread_wishes();
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
