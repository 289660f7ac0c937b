//! Why memory is not to be had.

use std::fmt;
use std::io;

/// Why memory is not to be had.
#[derive(Debug)]
#[non_exhaustive]
pub enum MapError {
    /// The operating system refused.
    System {
        /// What was asked of it.
        action: &'static str,
        /// How many bytes were wanted.
        bytes: usize,
        /// What it said.
        error: io::Error,
    },
    /// There is not so much memory.
    Memory {
        /// How many bytes were wanted.
        bytes: usize,
    },
    /// The arena has no room for so much more code.
    ArenaFull {
        /// Bytes that were wanted.
        wanted: usize,
        /// Bytes of the largest place that is left.
        left: usize,
        /// Bytes of the whole arena.
        capacity: usize,
    },
    /// This system has no memory for code of that kind.
    NoStrategy,
    /// The process was forked, and shares its code with its parent.
    Forked,
    /// What should be redirected, or what should stand there, is no `b` or `bl`.
    NoBranch {
        /// The place in the code, in bytes.
        offset: usize,
    },
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::System { action, bytes, error } => {
                write!(f, "the operating system would not {action} ({bytes} bytes): {error}")
            }
            MapError::Memory { bytes } => write!(f, "there is no memory for {bytes} bytes"),
            MapError::ArenaFull { wanted, left, capacity } => write!(
                f,
                "{wanted} bytes of code do not fit the arena: of its {capacity} bytes at most {left} are free in one place; drop code, or make it with a larger capacity"
            ),
            MapError::NoStrategy => f.write_str(
                "this system has no memory for code of that kind; without a strategy it chooses one",
            ),
            MapError::Forked => f.write_str(
                "a process that was forked shares its code with its parent and may not change it; with the strategy `Protect` each has its own",
            ),
            MapError::NoBranch { offset } => {
                write!(f, "at byte {offset}, a branch can only be put in the place of a branch")
            }
        }
    }
}

impl std::error::Error for MapError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            MapError::System { error, .. } => Some(error),
            _ => None,
        }
    }
}
