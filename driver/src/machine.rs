//! What enters machine code, and what its faults are for the caller of an engine.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use ir::TrapKind;
use jitmem::DataMemory;
use jitmem::trap::FaultKind;

use crate::abi::Places;
use crate::error::{Error, Trap};
use crate::host::HostFunction;
use crate::space::{Piece, Space};
use crate::statistics::Statistics;

/// A processor for machine code: this machine's own, or a simulated one.
pub(crate) trait Machine: fmt::Debug + Send + Sync {
    /// Calls the function at `entry` of `space`, which takes what `places` holds; the registers that return are left in
    /// `places`.
    fn call(&self, entry: u64, places: &mut Places, space: &Space) -> Result<(), Error>;

    /// Takes notice of a function of the host before code calls it.
    fn add_host(&self, _: &HostFunction) {}

    /// Takes notice of data objects before code touches them.
    fn add_data(&self, _: &Arc<DataMemory>) {}

    /// Instructions that all calls that have ended executed, if it counts them.
    fn instructions(&self) -> Option<u64> {
        None
    }

    /// What all calls that have ended executed, if it counts that.
    fn statistics(&self, _: &Space) -> Option<Statistics> {
        None
    }
}

/// Why machine code stopped.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A `brk`: one of the code's own traps.
    Breakpoint,
    /// What is a trap of this kind wherever it happens, and more for a person.
    Trap(TrapKind, Option<String>),
    /// What correct machine code never does.
    Wrong(String),
}

impl Fault {
    /// A trap about an address.
    pub(crate) fn at(kind: TrapKind, address: u64) -> Self {
        Fault::Trap(kind, Some(format!("address {address:#x}")))
    }

    /// As the caller of an engine sees a fault of the instruction at `pc`: with the function and the place in the source.
    pub(crate) fn into_error(self, pc: u64, space: &Space) -> Error {
        let (function, name) = match space.piece_at(pc) {
            Some(Piece::Function(function)) => (Some(Arc::clone(&function)), function.name.clone()),
            Some(Piece::Helper(_)) => (None, "a veneer".to_owned()),
            None => (None, "no function".to_owned()),
        };
        let ((kind, span), detail) = match (self, &function) {
            (Fault::Wrong(what), _) => return Error::Machine(format!("in `{name}`: {what}")),
            (Fault::Trap(kind, detail), function) => {
                ((kind, function.as_ref().and_then(|function| function.span_at(pc))), detail)
            }
            (Fault::Breakpoint, None) => return take_pending(),
            (Fault::Breakpoint, Some(function)) => match function.trap_at(pc) {
                Some(site) => (site, None),
                None => return Error::Internal("a `brk` that is no trap site was reached"),
            },
        };
        let file = function.and_then(|function| Some(function.source.as_deref()?.to_owned()));
        Trap { kind, function: name, file, span, detail }.into()
    }
}

thread_local! {
    /// Why machine code of this thread goes to the `brk` that belongs to no function.
    static PENDING: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// The error that the next `brk` outside of all functions stands for.
pub(crate) fn set_pending(error: Error) {
    PENDING.set(Some(error));
}

/// Without a reason it is where the handles of removed functions lead.
fn take_pending() -> Error {
    PENDING.take().unwrap_or(Error::Removed { name: String::new() })
}

/// This machine's processor.
#[derive(Debug)]
pub(crate) struct Native;

impl Machine for Native {
    fn call(&self, entry: u64, places: &mut Places, space: &Space) -> Result<(), Error> {
        space.native().call(entry, places).map_err(|fault| {
            let reason = match fault.kind {
                FaultKind::Breakpoint => Fault::Breakpoint,
                FaultKind::StackOverflow => Fault::Trap(TrapKind::StackOverflow, None),
                FaultKind::Memory { address } => Fault::at(TrapKind::MemoryFault, address),
                FaultKind::Call { address } => Fault::at(TrapKind::BadCall, address),
            };
            reason.into_error(fault.pc, space)
        })
    }
}
