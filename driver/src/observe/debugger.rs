//! The JIT compilation interface of GDB (*Debugging with GDB*, 30): functions are told of as object files in memory.
//!
//! A debugger stops the process for each file, so functions that are compiled together share one, up to a number: when one of
//! them is freed, the file is made anew without it.

use std::collections::BTreeMap;

use codegen::FrameRow;
use ir::Span;
use jitmem::debug::DebugObject;

use super::cfi::FrameSection;
use super::dwarf::DebugSections;
use super::elf::ObjectFile;
use super::{Observer, Seen};

/// Functions of a file, at most.
const BATCH: usize = 32;

/// A piece of code that debuggers know of.
struct Known {
    name: String,
    words: Box<[u32]>,
    frame: Box<[FrameRow]>,
    lines: Box<[(u32, Span)]>,
    source: Option<Box<str>>,
}

/// A file and its pieces, by address.
struct Batch {
    pieces: BTreeMap<u64, Known>,
    object: Option<DebugObject>,
}

/// What debuggers are told.
#[derive(Default)]
pub(super) struct Debugger {
    pending: BTreeMap<u64, Known>,
    /// By the number of the batch.
    batches: BTreeMap<usize, Batch>,
    /// Batches by the addresses of their pieces.
    batch_of: BTreeMap<u64, usize>,
    next: usize,
}

impl Observer for Debugger {
    fn published(&mut self, seen: &Seen<'_>) {
        let known = Known {
            name: seen.name.to_owned(),
            words: seen.words.into(),
            frame: seen.frame.into(),
            lines: seen.lines.into(),
            source: seen.source.map(Box::from),
        };
        self.pending.insert(seen.start, known);
        if self.pending.len() == BATCH {
            self.flush();
        }
    }

    fn freed(&mut self, start: u64) {
        self.pending.remove(&start);
        let Some(number) = self.batch_of.remove(&start) else { return };
        let Some(batch) = self.batches.get_mut(&number) else {
            unreachable!("a batch stays as long as its pieces")
        };
        batch.pieces.remove(&start);
        batch.object = None;
        if batch.pieces.is_empty() {
            self.batches.remove(&number);
        } else {
            batch.object = Some(object(&batch.pieces));
        }
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let pieces = std::mem::take(&mut self.pending);
        let number = self.next;
        self.next += 1;
        self.batch_of.extend(pieces.keys().map(|&start| (start, number)));
        let object = Some(object(&pieces));
        self.batches.insert(number, Batch { pieces, object });
    }
}

/// The file of some pieces.
fn object(pieces: &BTreeMap<u64, Known>) -> DebugObject {
    let (mut file, mut frames) = (ObjectFile::new(), FrameSection::new());
    let mut debug = DebugSections::default();
    for (&start, known) in pieces {
        let seen = Seen {
            name: &known.name,
            start,
            words: &known.words,
            frame: &known.frame,
            lines: &known.lines,
            source: known.source.as_deref(),
        };
        let size = known.words.len() as u64 * 4;
        file.code(&known.name, start, size);
        frames.add(start, size, &known.frame);
        debug.add(&seen);
    }
    file.contents(".eh_frame", frames.finish().0);
    for (name, contents) in debug.finish() {
        file.contents(name, contents);
    }
    DebugObject::register(file.finish().into())
}
