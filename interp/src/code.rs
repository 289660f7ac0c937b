//! [`FuncCode`]: a function predecoded, ready to run.

use std::ops::Range;
use std::sync::Arc;

use ir::{Block, Span};

use crate::op::Cell;
use crate::program::{FuncId, HostId};
use crate::table::Slot;

/// A predecoded function.
#[derive(Debug)]
pub(crate) struct FuncCode {
    pub(crate) id: FuncId,
    pub(crate) name: String,
    /// The bits that each word of the parameters may have set.
    pub(crate) params: Vec<u64>,
    pub(crate) cells: Vec<Cell>,
    /// The source place of each operation.
    pub(crate) spans: Vec<Option<Span>>,
    pub(crate) pool: Vec<u64>,
    pub(crate) sites: Vec<CallSite>,
    pub(crate) returns: Vec<Box<[u32]>>,
    pub(crate) tables: Vec<SwitchTargets>,
    /// Registers of the window and above it.
    pub(crate) registers: u32,
    pub(crate) wide: u32,
    /// Constants that are put into registers at each call.
    pub(crate) preset: Vec<(u32, u64)>,
    /// Registers that start as 0: the variables.
    pub(crate) zeroed: Range<u32>,
    /// Stack slots: bytes and alignment.
    pub(crate) frame_size: u64,
    pub(crate) frame_align: u64,
    /// What is counted, in a counted program.
    pub(crate) counters: Arc<Counters>,
    /// `true` if a call of it needs registers of the window and nothing else.
    pub(crate) plain: bool,
}

/// What a counted function counts, in the order of the numbers of its counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// The blocks, and how many instructions each has.
    pub(crate) blocks: Vec<(Block, u64)>,
    pub(crate) edges: Vec<(Block, Block)>,
}

/// Where a call's arguments come from and its results go to.
#[derive(Clone, Debug)]
pub(crate) struct CallSite {
    /// `None` if it is an indirect call.
    pub(crate) target: Option<Bound>,
    /// The number of the signature that it is called with.
    pub(crate) shape: u32,
    pub(crate) args: Box<[u32]>,
    pub(crate) results: Box<[u32]>,
    /// `true` if all arguments are in the window, and will be.
    pub(crate) near: bool,
}

/// What a function is bound to call.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    Function(Arc<Slot>),
    Host(HostId),
}

/// The targets of a `switch`.
#[derive(Clone, Debug)]
pub(crate) enum SwitchTargets {
    /// Target by value minus `first`, modulo the type.
    Dense { first: u64, mask: u64, targets: Vec<u32>, default: u32 },
    /// Values in order.
    Sparse { values: Vec<u64>, targets: Vec<u32>, default: u32 },
}
