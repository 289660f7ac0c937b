//! Observers of code: what tools outside of the engine are told when code is published and when it is freed. One file for
//! each format; each is an option, off by default, and an engine without observers does nothing for them.
//!
//! An observer hears of code before it can be reached, and of its end when no thread can be in it and before its place can
//! be used again.

mod cfi;
mod debugger;
mod dwarf;
mod elf;
mod jitdump;
mod perf_map;
mod unwinder;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use codegen::FrameRow;
use ir::Span;

use crate::error::Error;
use crate::options::{EngineKind, Options};

/// Who is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    perf_map: Option<PathBuf>,
    jitdump: Option<PathBuf>,
    debugger: bool,
    unwinder: bool,
}

impl Options {
    /// Names code in the file `perf-PID.map` of this directory, which `perf` looks for in `/tmp`. The engines of a process share
    /// the file. It cannot say that code was freed; a [dump](Options::jitdump) can tell which code was where at what time.
    #[must_use]
    pub fn perf_map(mut self, directory: impl Into<PathBuf>) -> Self {
        self.observed.perf_map = Some(directory.into());
        self
    }

    /// Writes code, its names and the lines of its source into the file `jit-PID.dump` of this directory, for `perf inject
    /// --jit` after `perf record -k mono`. The engines of a process share the file.
    #[must_use]
    pub fn jitdump(mut self, directory: impl Into<PathBuf>) -> Self {
        self.observed.jitdump = Some(directory.into());
        self
    }

    /// Whether GDB and LLDB are told of functions, of the lines of their source and of their frames, by the JIT compilation
    /// interface of GDB. Native code only: others are [refused](crate::Error::NotKept).
    #[must_use]
    pub fn debugger(mut self, debugger: bool) -> Self {
        self.observed.debugger = debugger;
        self
    }

    /// Whether the unwinder of this process is told of frames, so that backtraces go through compiled functions to their
    /// callers. Native code only: others are [refused](crate::Error::NotKept).
    #[must_use]
    pub fn unwinder(mut self, unwinder: bool) -> Self {
        self.observed.unwinder = unwinder;
        self
    }
}

impl Observed {
    /// Returns `true` if anybody asks for descriptions of frames.
    pub(crate) fn needs_frames(&self) -> bool {
        self.debugger || self.unwinder
    }

    /// The first option that an engine of this kind cannot keep.
    pub(crate) fn not_kept_by(&self, kind: EngineKind) -> Option<&'static str> {
        let has_code = kind != EngineKind::Interpreter;
        let is_native = kind == EngineKind::Native;
        let wanted = [
            ("perf_map", self.perf_map.is_some() && !has_code),
            ("jitdump", self.jitdump.is_some() && !has_code),
            ("debugger", self.debugger && !is_native),
            ("unwinder", self.unwinder && !is_native),
        ];
        wanted.into_iter().find(|&(_, is)| is).map(|(option, _)| option)
    }
}

/// A piece of code as observers see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) name: &'a str,
    pub(crate) start: u64,
    /// Instructions, and constants behind them.
    pub(crate) words: &'a [u32],
    /// By offset; none where the stack pointer never moves.
    pub(crate) frame: &'a [FrameRow],
    /// By offset.
    pub(crate) lines: &'a [(u32, Span)],
    /// The file that the lines are of.
    pub(crate) source: Option<&'a str>,
}

impl Seen<'_> {
    pub(crate) fn range(&self) -> Range<u64> {
        self.start..self.start + self.words.len() as u64 * 4
    }
}

/// One of those who are told.
trait Observer: Send {
    /// Code is there, and will be run.
    fn published(&mut self, seen: &Seen<'_>);

    /// What began at this address is freed.
    fn freed(&mut self, _start: u64) {}

    /// What was published must be known now.
    fn flush(&mut self) {}
}

/// All who are told of the code of an engine.
pub(crate) struct Observers(Mutex<Vec<Box<dyn Observer>>>);

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observers")
    }
}

impl Observers {
    /// Those that the options name; `None` if there are none.
    pub(crate) fn new(observed: &Observed) -> Result<Option<Self>, Error> {
        let mut all: Vec<Box<dyn Observer>> = Vec::new();
        if observed.unwinder {
            all.push(Box::<unwinder::Unwinder>::default());
        }
        if observed.debugger {
            all.push(Box::<debugger::Debugger>::default());
        }
        if let Some(directory) = &observed.perf_map {
            all.push(Box::new(perf_map::PerfMap::open(directory)?));
        }
        if let Some(directory) = &observed.jitdump {
            all.push(Box::new(jitdump::JitDump::open(directory)?));
        }
        Ok((!all.is_empty()).then(|| Self(Mutex::new(all))))
    }

    fn each(&self, tell: impl FnMut(&mut Box<dyn Observer>)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter_mut().for_each(tell);
    }

    pub(crate) fn published(&self, seen: &Seen<'_>) {
        self.each(|observer| observer.published(seen));
    }

    pub(crate) fn freed(&self, start: u64) {
        self.each(|observer| observer.freed(start));
    }

    pub(crate) fn flush(&self) {
        self.each(|observer| observer.flush());
    }
}
