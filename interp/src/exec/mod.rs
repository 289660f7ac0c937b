//! Running operations: each is a function that ends by calling the next one.
//!
//! An optimising compiler makes a jump of such a call (all handlers have one signature and leave nothing behind), so
//! that every operation has a dispatch of its own, which branch prediction likes, and the state stays in the host's
//! registers. Nothing relies on that: where it stays a call, the host's stack grows by a frame an operation, so a run of
//! operations comes back to [`Interpreter::run`](crate::Interpreter) after [`RUN`] of them in a row at the latest
//! (the loader puts a [`control::yield_point`] there) and after [`YIELD_BUDGET`] jumps or yield points, and starts afresh.

mod access;
mod atomic;
mod branch;
mod chain;
mod control;
mod pure;
mod wide;

pub(crate) use access::{Mode, check, load, store};
pub(crate) use atomic::{atomic_cas, atomic_load, atomic_rmw, atomic_store, fence};
pub(crate) use branch::{Shape, compare_immediate, float_compare, int_compare, step_and_branch};
pub(crate) use chain::{ChainEnd, chain};
pub(crate) use control::{
    branch_nonzero, branch_zero, call, call_indirect, constant, count_block, count_edge, end, jump,
    long_constant, move_register, return_list, return_one, stack_addr, switch, tail_call,
    tail_call_indirect, trap_always, trap_nonzero, wide_get, wide_set, yield_point,
};
pub(crate) use pure::{binary, binary_immediate, ternary, unary};
pub(crate) use wide::{
    carry, double, overflow, slice_addr, split, wide_binary, wide_compare, wide_load, wide_select,
    wide_store, wide_unary,
};

use std::ops::Range;

use ir::TrapKind;
use jitmem::epoch::Inside;

use crate::code::FuncCode;
use crate::op::{Cell, Cells, Handler};
use crate::profile::Counts;
use crate::program::Program;

/// Operations in a row after which the loader puts a yield point.
pub(crate) const RUN: usize = 32;
/// Jumps and yield points after which a run of operations comes back.
pub(crate) const YIELD_BUDGET: u32 = if cfg!(debug_assertions) { 12 } else { 48 };

/// Why a run of operations came back; the rest is in the [`Machine`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Exit {
    /// To yield: continue where `op` and `rest` say.
    Yield,
    /// A call of the site `detail`, if it is an indirect one of the function at `address`.
    Call,
    /// The same in the place of this function.
    TailCall,
    /// With the value `detail`.
    ReturnOne,
    /// With the registers of the list `detail`.
    ReturnList,
    /// Of the kind `trap`.
    Trap,
}

/// What operations see beside the registers of the window.
pub(crate) struct Machine<'c> {
    pub(crate) program: &'c Program,
    /// Keeps what the program had when it was read.
    pub(crate) inside: &'c Inside,
    /// The function that runs, and its operations.
    pub(crate) code: &'c FuncCode,
    pub(crate) cells: Cells<'c>,
    /// The address of the frame's stack slots.
    pub(crate) slots: u64,
    /// Registers above the window, of all frames.
    pub(crate) wide: &'c mut Vec<u64>,
    pub(crate) wide_base: usize,
    /// What a restricted program may touch: the first ones are the interpreter's, the others those of the program's data
    /// objects that it touched last.
    pub(crate) touchable: &'c mut Vec<Range<u64>>,
    pub(crate) own_ranges: usize,
    /// What may be read beside that.
    pub(crate) readable: &'c [Range<u64>],
    pub(crate) fuel: u64,
    pub(crate) counts: &'c mut Counts,
    /// Jumps and yield points left until the next way back.
    pub(crate) yield_budget: u32,
    /// Where to go on: the operation that came back, and those after it.
    pub(crate) op: &'c Cell,
    pub(crate) rest: Cells<'c>,
    pub(crate) detail: u64,
    pub(crate) address: u64,
    pub(crate) trap: TrapKind,
}

/// Goes on with the next operation.
macro_rules! next {
    ($op:ident, $rest:ident, $r:ident, $machine:ident) => {
        ($op.next)($rest, $r, $machine)
    };
}
pub(crate) use next;

/// Goes on after the cell `target`.
macro_rules! go {
    ($target:expr, $r:ident, $machine:ident) => {{
        let target: usize = $target;
        let mut rest = $machine.cells.clone();
        let Some(before) = rest.nth(target) else {
            return crate::exec::trap(rest, $machine, ir::TrapKind::Unreachable);
        };
        $machine.yield_budget -= 1;
        if $machine.yield_budget == 0 {
            return crate::exec::come_back(before, rest, $machine);
        }
        (before.next)(rest, $r, $machine)
    }};
}
pub(crate) use go;

/// A handler by its body; with a fifth name, for its cells from the current one on.
macro_rules! handler {
    (|$op:ident, $rest:ident, $r:ident, $machine:ident| $body:expr) => {
        crate::exec::handler!(|$op, $rest, $r, $machine, _cells| $body)
    };
    (|$op:ident, $rest:ident, $r:ident, $machine:ident, $cells:ident| $body:expr) => {{
        fn handler<'c>(
            $cells: crate::op::Cells<'c>,
            $r: &mut crate::op::Window,
            $machine: &mut crate::exec::Machine<'c>,
        ) -> crate::exec::Exit {
            let mut $rest = $cells.clone();
            let Some($op) = $rest.next() else {
                return crate::exec::trap($rest, $machine, ir::TrapKind::Unreachable);
            };
            $body
        }
        handler as crate::op::Handler
    }};
}
pub(crate) use handler;

/// A handler that writes the value of an expression, which may be an error, to `d`.
macro_rules! value {
    (|$op:ident, $r:ident, $machine:ident| $value:expr) => {
        crate::exec::handler!(|$op, rest, $r, $machine| {
            let value: Result<u64, ir::TrapKind> = $value;
            match value {
                Ok(value) => {
                    $r[usize::from($op.d)] = value;
                    crate::exec::next!($op, rest, $r, $machine)
                }
                Err(kind) => crate::exec::trap(rest, $machine, kind),
            }
        })
    };
}
pub(crate) use value;

/// Comes back with a trap in the operation before `rest`.
#[cold]
#[inline(never)]
pub(crate) fn trap<'c>(rest: Cells<'c>, machine: &mut Machine<'c>, kind: TrapKind) -> Exit {
    machine.rest = rest;
    machine.trap = kind;
    Exit::Trap
}

/// Comes back to start afresh after `op`.
#[inline(never)]
pub(crate) fn come_back<'c>(op: &'c Cell, rest: Cells<'c>, machine: &mut Machine<'c>) -> Exit {
    machine.op = op;
    machine.rest = rest;
    Exit::Yield
}

/// Says that a handler is seldom wanted, so that it is not made part of the one that asks for it.
#[cold]
#[inline(never)]
pub(crate) fn rarely(handler: Handler) -> Handler {
    handler
}
