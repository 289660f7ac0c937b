//! What went wrong, and where.

use crate::stop::Stop;
use core::fmt;

/// The instruction that a fault is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its address.
    pub pc: u64,
    /// Its encoding, as published; `None` where no code was published.
    pub word: Option<u32>,
}

impl Place {
    /// The instruction in assembly language.
    #[must_use]
    pub fn instruction(&self) -> String {
        self.word.map_or_else(|| "no published instruction".into(), crate::disassemble)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}: `{}`", self.pc, self.instruction())
    }
}

/// Why simulated code did not come to its end, and where that was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The instruction it happened at.
    pub at: Place,
    /// What happened.
    pub stop: Stop,
}

impl Fault {
    pub(crate) fn new(stop: Stop, at: Place) -> Fault {
        match stop {
            Stop::ChangedCode { address, found, .. } => {
                Fault { at: Place { pc: address, word: Some(found) }, stop }
            }
            _ => Fault { at, stop },
        }
    }

    /// The address of that instruction.
    #[must_use]
    pub fn pc(&self) -> u64 {
        self.at.pc
    }

    /// That instruction in assembly language.
    #[must_use]
    pub fn instruction(&self) -> String {
        self.at.instruction()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, hint) = self.stop.what_and_hint();
        write!(f, "{what} at {} ({hint})", self.at)
    }
}

impl std::error::Error for Fault {}
