//! What the faults of machine code are for the caller of an engine: the same for native and simulated code.

use ir::TrapKind;
use jitmem::trap::{FaultKind, Left};

use crate::error::{Error, Trap};
use crate::pending::{self, CallPlace};
use crate::space::{Piece, Space};
use crate::table::Slot;

/// Why machine code stopped.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A `brk`: one of the code's own traps.
    Breakpoint,
    /// It was left for what is [pending].
    Left,
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
        let code = match space.piece_at(pc) {
            Some(Piece::Function(code)) => Some(code),
            _ => None,
        };
        let ((kind, span), detail) = match (self, &code) {
            (Fault::Left, _) | (Fault::Breakpoint, None) => {
                // Without a reason it is where the handles of removed functions lead.
                let place = |call| place_of(call, space);
                return pending::take(place).unwrap_or(Error::Removed { name: String::new() });
            }
            (Fault::Wrong(what), code) => {
                let name = code.as_ref().map_or(NO_FUNCTION, |code| &*code.name);
                return Error::Machine(format!("in `{name}`: {what}"));
            }
            (Fault::Trap(kind, detail), code) => {
                ((kind, code.as_ref().and_then(|code| code.span_at(pc))), detail)
            }
            (Fault::Breakpoint, Some(code)) => match code.trap_at(pc) {
                Some(site) => (site, None),
                None => return Error::Internal("a `brk` that is no trap site was reached"),
            },
        };
        let function = code.as_ref().map_or(NO_FUNCTION, |code| &*code.name).to_owned();
        let file = code.and_then(|code| Some(code.source()?.to_owned()));
        Trap { kind, function, file, span, detail }.into()
    }
}

/// What is told of code that belongs to no function of a module.
const NO_FUNCTION: &str = "a veneer";

/// Where the call is that returns to this address.
fn place_of(return_address: Option<u64>, space: &Space) -> CallPlace {
    let call = return_address.and_then(|address| address.checked_sub(4));
    match call.and_then(|pc| Some((pc, space.piece_at(pc)?))) {
        Some((pc, Piece::Function(code))) => {
            (code.name.to_string(), code.source().map(str::to_owned), code.span_at(pc))
        }
        _ => (NO_FUNCTION.to_owned(), None, None),
    }
}

/// The error of a native call of `slot`'s function.
#[cold]
pub(crate) fn native_error(left: Left, slot: &Slot, space: &Space) -> Error {
    let fault = match left {
        Left::Fault(fault) => fault,
        Left::TooDeep => return Error::too_deep(&slot.name),
    };
    let reason = match fault.kind {
        FaultKind::Breakpoint => Fault::Breakpoint,
        FaultKind::StackOverflow => Fault::Trap(TrapKind::StackOverflow, None),
        FaultKind::Memory { address } => Fault::at(TrapKind::MemoryFault, address),
        FaultKind::Call { address } => Fault::at(TrapKind::BadCall, address),
    };
    reason.into_error(fault.pc, space)
}
