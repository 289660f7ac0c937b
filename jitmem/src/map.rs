//! The mapping itself, in one of several ways ([`Strategy`]). Each keeps the rule that no page is writable and executable
//! at the same time, and lets threads run neighbouring code while a function is published.

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod plain;
mod supplied;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::MapError;
use crate::icache;

pub use supplied::SuppliedMemory;

/// The ways of writing code where it must not be writable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Strategy {
    /// A memory file, mapped twice: code is written through one view and runs in the other, whose protection never changes.
    /// A process that was forked shares the file with its parent: it may run the code, and change none.
    DoubleMapping,
    /// Private memory, whose pages are exchanged by copies with the new code (`mprotect`, `mremap`): for systems without memory
    /// files, and for programs that fork. Every change costs some system calls.
    Protect,
    /// `MAP_JIT`: pages are writable for the thread that publishes, and executable for all others (Apple).
    JitToggle,
    /// Memory that nothing ever jumps to, for simulators.
    Plain,
}

impl Strategy {
    /// Those of this system, the best first; the first that works when it is tried is used.
    #[must_use]
    pub fn of_this_system() -> &'static [Strategy] {
        if cfg!(any(target_os = "linux", target_os = "android")) {
            &[Strategy::DoubleMapping, Strategy::Protect]
        } else if cfg!(target_vendor = "apple") {
            &[Strategy::JitToggle]
        } else {
            &[Strategy::Plain]
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strategy::DoubleMapping => "double mapping",
            Strategy::Protect => "mprotect",
            Strategy::JitToggle => "MAP_JIT",
            Strategy::Plain => "plain memory",
        })
    }
}

/// The properties of a reservation for code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CodeMemory {
    /// The way in which code gets into it; by default the first one that works.
    pub strategy: Option<Strategy>,
    /// Indirect branches may enter it at landing pads only (`PROT_BTI`), where the CPU and the system have that.
    pub landing_pads: bool,
}

/// One way of doing it. `write` and `write_word` get places inside of the mapping, of which the first belongs to one writer.
trait View: Send + Sync {
    fn len(&self) -> usize;

    /// Where code runs and is read.
    fn executable(&self, offset: usize) -> *const u8;

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MapError>;

    /// Replaces an aligned word of code that runs.
    fn write_word(&self, offset: usize, word: u32) -> Result<(), MapError>;

    /// For emulators that keep what was at a place.
    fn renew(&self, _offset: usize, _len: usize) {}

    /// Whether this process may change it.
    fn may_change(&self) -> Result<(), MapError> {
        Ok(())
    }
}

pub(crate) struct Map(Box<dyn View>);

impl Map {
    pub(crate) fn reserve(len: usize, memory: CodeMemory) -> Result<Self, MapError> {
        let all = Strategy::of_this_system();
        let Some(strategy) = memory.strategy else {
            let mut ways = all.iter();
            let mut attempt = || ways.next().map(|&way| reserve(way, len, memory.landing_pads));
            let mut first = attempt().unwrap_or(Err(MapError::NoStrategy));
            while first.is_err()
                && let Some(next) = attempt()
            {
                first = next.or(first);
            }
            return first.map(Self);
        };
        if !all.contains(&strategy) {
            return Err(MapError::NoStrategy);
        }
        reserve(strategy, len, memory.landing_pads).map(Self)
    }

    pub(crate) fn supplied(memory: SuppliedMemory) -> Self {
        Self(Box::new(memory))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn executable(&self, offset: usize) -> *const u8 {
        self.0.executable(offset)
    }

    pub(crate) fn may_change(&self) -> Result<(), MapError> {
        self.0.may_change()
    }

    pub(crate) fn range(&self) -> Range<u64> {
        let start = self.executable(0).expose_provenance() as u64;
        start..start + self.len() as u64
    }

    /// Copies code to its place and makes the instruction fetch of every core see it.
    ///
    /// The caller (the arena) has this place to itself: nothing runs or reads these bytes yet.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(crate) fn publish(
        &self,
        offset: usize,
        bytes: &[u8],
        contents: Contents,
    ) -> Result<(), MapError> {
        assert!(offset.checked_add(bytes.len()).is_some_and(|end| end <= self.len()));
        self.0.write(offset, bytes)?;
        icache::synchronize(self.executable(offset), bytes.len());
        icache::other_cores_fetch_anew();
        if contents == Contents::Old {
            self.0.renew(offset, bytes.len());
        }
        Ok(())
    }

    /// The word at a multiple of four.
    pub(crate) fn word(&self, offset: usize) -> u32 {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.len());
        // SAFETY: inside the mapping, readable and aligned; while it is shared, words change by atomic stores only.
        let word = unsafe { &*self.executable(offset).cast::<AtomicU32>() };
        u32::from_le(word.load(Ordering::Relaxed))
    }

    /// Replaces one word of published code.
    ///
    /// # Errors
    /// The operating system refuses.
    pub(crate) fn set_word(&self, offset: usize, word: u32) -> Result<(), MapError> {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.len());
        self.0.write_word(offset, word.to_le())?;
        icache::synchronize(self.executable(offset), 4);
        self.0.renew(offset, 4);
        Ok(())
    }
}

/// Stores a word that others may read or run.
///
/// # Safety
/// The place is writable, aligned, and changed by such stores only.
unsafe fn store(to: *mut u8, word: u32) {
    // SAFETY: the caller's promise.
    unsafe { &*to.cast::<AtomicU32>() }.store(word, Ordering::Release);
}

fn reserve(strategy: Strategy, len: usize, landing_pads: bool) -> Result<Box<dyn View>, MapError> {
    match strategy {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Strategy::DoubleMapping => Ok(Box::new(linux::Double::reserve(len, landing_pads)?)),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Strategy::Protect => Ok(Box::new(linux::Protect::reserve(len, landing_pads)?)),
        #[cfg(target_vendor = "apple")]
        Strategy::JitToggle => Ok(Box::new(apple::Jit::reserve(len, landing_pads)?)),
        #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
        Strategy::Plain => Ok(Box::new(plain::Plain::reserve(len, landing_pads)?)),
        _ => Err(MapError::NoStrategy),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn system_error(action: &'static str, bytes: usize) -> MapError {
    MapError::System { action, bytes, error: std::io::Error::last_os_error() }
}

/// What was at a place before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contents {
    /// Nothing that ever ran.
    Fresh,
    /// Code that was dropped.
    Old,
}
