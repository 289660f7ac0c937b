//! What the faults of machine code are for the caller of an engine: the same for native and simulated code.

use ir::TrapKind;
use jitmem::trap::{FaultKind, Left};

use crate::backtrace::{Calls, Frame};
use crate::error::{Error, Trap};
use crate::pending;
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

    /// As the caller of an engine sees it: with the functions that were under way and their places in the source.
    pub(crate) fn into_error(self, place: Place<'_>, space: &Space) -> Error {
        let is_overflow = matches!(self, Fault::Trap(TrapKind::StackOverflow, _));
        let calls = || place.calls(is_overflow, space);
        let (kind, detail) = match self {
            Fault::Left => return left(calls),
            Fault::Wrong(what) => {
                let (innermost, _) = calls().split();
                return Error::Machine(format!("in `{}`: {what}", innermost.function));
            }
            Fault::Breakpoint => match space.piece_at(place.pc) {
                Some(Piece::Function(code)) => match code.trap_at(place.pc) {
                    Some(kind) => (kind, None),
                    None => return Error::Internal("a `brk` that is no trap was reached"),
                },
                _ => return left(calls),
            },
            Fault::Trap(kind, detail) => (kind, detail),
        };
        let (Frame { function, file, span }, callers) = calls().split();
        Trap { kind, function, file, span, detail, callers }.into()
    }
}

/// The error of a call that was left for what is [pending].
fn left(calls: impl FnOnce() -> Calls) -> Error {
    // Without a reason it is where the handles of removed functions lead.
    pending::take(calls).unwrap_or(Error::Removed { name: String::new() })
}

/// Where machine code stopped.
pub(crate) struct Place<'a> {
    pub(crate) pc: u64,
    /// The function at `pc` has taken its frame down.
    pub(crate) has_left: bool,
    pub(crate) calls: &'a jitmem::trap::Calls,
}

impl Place<'_> {
    /// The functions that were under way.
    fn calls(&self, is_overflow: bool, space: &Space) -> Calls {
        let jitmem::trap::Calls { link, ref returns, all } = *self.calls;
        let piece = space.piece_at(self.pc);
        // Whether the innermost record is that of the code at `pc`. If not, the link register is where that returns to.
        let has_record = match &piece {
            Some(Piece::Function(code)) => !self.has_left && code.has_record_at(self.pc),
            // The lazy entry, which has called nothing when it finds the end of the stack, or the veneer of a closure.
            Some(Piece::Helper(code)) => {
                code.range().contains(&link) || is_overflow && returns.first() == Some(&link)
            }
            None => false,
        };
        let innermost = piece.and_then(|piece| frame(&piece, self.pc));
        let link = (!has_record).then_some(link);
        let returns = link.into_iter().chain(returns.iter().copied());
        // A call is an instruction long.
        let calls = returns.map_while(|address| {
            let pc = address.checked_sub(4)?;
            Some((space.piece_at(pc)?, pc))
        });
        let calls = calls.filter_map(|(piece, pc)| frame(&piece, pc));
        let frames = innermost.into_iter().chain(calls).collect();
        Calls { frames, left_out: all - self.calls.returns.len() }
    }
}

/// The function at `pc`, if it is one of a module.
fn frame(piece: &Piece, pc: u64) -> Option<Frame> {
    let Piece::Function(code) = piece else { return None };
    let file = code.source().map(str::to_owned);
    Some(Frame { function: code.name.to_string(), file, span: code.span_at(pc) })
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
    let place = Place { pc: fault.pc, has_left: false, calls: &jitmem::trap::calls() };
    reason.into_error(place, space)
}
