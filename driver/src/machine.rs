//! What enters machine code, and what its faults are for the caller of an engine.

use std::fmt;

use ir::TrapKind;
use jitmem::trap::FaultKind;

use crate::abi::Places;
use crate::error::{Error, Trap};
use crate::link::Linked;
use crate::statistics::Statistics;

/// A processor for machine code: this machine's own, or a simulated one.
pub(crate) trait Machine: fmt::Debug + Send + Sync {
    /// Calls the function at `entry` of `code`, which takes what `places` holds; the registers that return are left in
    /// `places`.
    fn call(&self, entry: u64, places: &mut Places, code: &Linked) -> Result<(), Error>;

    /// Instructions that all calls that have ended executed, if it counts them.
    fn instructions(&self) -> Option<u64> {
        None
    }

    /// What all calls that have ended executed, if it counts that.
    fn statistics(&self, _: &Linked) -> Option<Statistics> {
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
    pub(crate) fn into_error(self, pc: u64, code: &Linked) -> Error {
        let placed = code.function_at(pc);
        let function = placed.map_or("a veneer", |placed| placed.name.as_str()).to_owned();
        let ((kind, span), detail) = match self {
            Fault::Wrong(what) => return Error::Machine(format!("in `{function}`: {what}")),
            Fault::Trap(kind, detail) => {
                ((kind, placed.and_then(|placed| placed.span_at(pc))), detail)
            }
            Fault::Breakpoint => match placed.and_then(|placed| placed.trap_at(pc)) {
                Some(site) => (site, None),
                None => return Error::Internal("a `brk` that is no trap site was reached"),
            },
        };
        Trap { kind, function, file: code.source().map(str::to_owned), span, detail }.into()
    }
}

/// This machine's processor.
#[derive(Debug)]
pub(crate) struct Native;

impl Machine for Native {
    fn call(&self, entry: u64, places: &mut Places, code: &Linked) -> Result<(), Error> {
        code.native().call(entry, places).map_err(|fault| {
            let reason = match fault.kind {
                FaultKind::Breakpoint => Fault::Breakpoint,
                FaultKind::StackOverflow => Fault::Trap(TrapKind::StackOverflow, None),
                FaultKind::Memory { address } => Fault::at(TrapKind::MemoryFault, address),
                FaultKind::Call { address } => Fault::at(TrapKind::BadCall, address),
            };
            reason.into_error(fault.pc, code)
        })
    }
}
