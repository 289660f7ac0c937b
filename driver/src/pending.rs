//! Why a call ends that machine code or the interpreter leaves in the middle: told on the thread that does, taken by the
//! engine's call on the same thread that it leaves for.

use std::any::Any;
use std::cell::RefCell;
use std::panic::resume_unwind;

use crate::backtrace::{Calls, Frame};
use crate::error::{Error, HostFailure, Trap};

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
    },
    /// A function of the host panicked.
    Panicked(Box<dyn Any + Send>),
}

thread_local! {
    static PENDING: RefCell<Option<Pending>> = const { RefCell::new(None) };
}

/// What the innermost call on this thread ends with.
pub(crate) fn set(pending: Pending) {
    PENDING.set(Some(pending));
}

/// The error that a call which was left ends with, if it was left for one; `calls` were under way. If a function of the host
/// panicked, the panic goes on here.
pub(crate) fn take(calls: impl FnOnce() -> Calls) -> Option<Error> {
    Some(match PENDING.take()? {
        Pending::Error(Error::Trap(trap)) => {
            Trap { callers: calls().into_backtrace(), ..trap }.into()
        }
        Pending::Error(error) => error,
        Pending::Failed { host, source } => {
            let (Frame { function, file, span }, callers) = calls().split();
            Error::Host(Box::new(HostFailure { host, function, file, span, callers, source }))
        }
        Pending::Panicked(payload) => resume_unwind(payload),
    })
}
