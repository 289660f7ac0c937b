//! Why a call ends that machine code or the interpreter leaves in the middle: told on the thread that does, taken by the
//! engine's call on the same thread that it leaves for.

use std::any::Any;
use std::cell::RefCell;
use std::panic::resume_unwind;

use ir::Span;

use crate::error::{Error, HostFailure};

/// Why a call ends.
pub(crate) enum Pending {
    /// A function that it calls cannot be compiled, or is not there.
    Error(Error),
    /// A function of the host returned an error.
    Failed {
        /// Its name.
        host: String,
        /// What it returned.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Where machine code waits for it.
        return_address: Option<u64>,
    },
    /// A function of the host panicked.
    Panicked(Box<dyn Any + Send>),
}

thread_local! {
    static PENDING: RefCell<Option<Pending>> = const { RefCell::new(None) };
}

/// Where a call was made: the function, its file and the place in it.
pub(crate) type CallPlace = (String, Option<String>, Option<Span>);

/// What the innermost call on this thread ends with.
pub(crate) fn set(pending: Pending) {
    PENDING.set(Some(pending));
}

/// The error that a call which was left ends with, if it was left for one; `place` tells where a return address is. If a
/// function of the host panicked, the panic goes on here.
pub(crate) fn take(place: impl FnOnce(Option<u64>) -> CallPlace) -> Option<Error> {
    Some(match PENDING.take()? {
        Pending::Error(error) => error,
        Pending::Failed { host, source, return_address } => {
            let (function, file, span) = place(return_address);
            Error::Host(Box::new(HostFailure { host, function, file, span, source }))
        }
        Pending::Panicked(payload) => resume_unwind(payload),
    })
}
