//! Code space: the machine code of an engine, what is known of each piece of it, and what simulators have to hear when it
//! changes.
//!
//! Invariant: a piece is in the list from before it can be reached until no thread can be in it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use ir::{Span, TrapKind};
use jitmem::{CodeArena, ExecutableCode, MapError, WritableCode, epoch};

use crate::error::Error;
use crate::table::SlotNumber;
use crate::unit::Origin;

/// Addresses of a code space: as far as a `bl` reaches, so that every function can call every other.
const SPACE_BYTES: usize = 128 << 20;
/// The least that is tried where the system has not so many addresses to give.
const LEAST_SPACE_BYTES: usize = 1 << 20;

/// The changes that are kept for simulators; one that missed more asks for all of its code again.
const KEPT_CHANGES: usize = 1024;

/// A function in its place. What is by offset is in order.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) name: String,
    pub(crate) code: ExecutableCode,
    pub(crate) code_bytes: u32,
    pub(crate) slot: SlotNumber,
    pub(crate) traps: Vec<codegen::TrapSite>,
    pub(crate) spans: Vec<(u32, Span)>,
    /// The functions that it calls or whose address it has, each once.
    pub(crate) refers_to: Box<[SlotNumber]>,
    /// What it has from its module.
    pub(crate) origin: Arc<Origin>,
}

impl Code {
    /// Why the `brk` at `pc` traps, and where that is in the source.
    pub(crate) fn trap_at(&self, pc: u64) -> Option<(TrapKind, Option<Span>)> {
        let offset = u32::try_from(pc - self.code.address()).ok()?;
        let index = self.traps.binary_search_by_key(&offset, |site| site.offset).ok()?;
        Some((self.traps[index].kind, self.traps[index].span))
    }

    /// The file that its module was written in.
    pub(crate) fn source(&self) -> Option<&str> {
        self.origin.source.as_deref()
    }

    /// The place in the source of the instruction at `pc`.
    pub(crate) fn span_at(&self, pc: u64) -> Option<Span> {
        let offset = u32::try_from(pc - self.code.address()).ok()?;
        let after = self.spans.partition_point(|&(start, _)| start <= offset);
        after.checked_sub(1).map(|index| self.spans[index].1)
    }
}

/// A piece of code.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// A function of a module.
    Function(Arc<Code>),
    /// What the engine needs beside: stubs, veneers, entries. It stays as long as the engine.
    Helper(Arc<ExecutableCode>),
}

impl Piece {
    pub(crate) fn code(&self) -> &ExecutableCode {
        match self {
            Piece::Function(function) => &function.code,
            Piece::Helper(code) => code,
        }
    }
}

/// The machine code of an engine.
#[derive(Debug)]
pub(crate) struct Space {
    arena: CodeArena,
    /// By address.
    pieces: RwLock<BTreeMap<u64, Piece>>,
    /// The addresses whose words have changed or gone, the last ones.
    changes: Mutex<VecDeque<Range<u64>>>,
    /// How many changes there have been.
    version: Arc<AtomicU64>,
    /// Functions that code referred to which is gone; [`Table::settle`](crate::table::Table::settle) takes them.
    released: Mutex<Vec<SlotNumber>>,
    /// Slots that nobody can call any more.
    recycled: Mutex<Vec<SlotNumber>>,
}

impl Space {
    /// An empty space.
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self {
            arena: reserve()?,
            pieces: RwLock::default(),
            changes: Mutex::default(),
            version: Arc::default(),
            released: Mutex::default(),
            recycled: Mutex::default(),
        })
    }

    /// Room for so many bytes of code.
    pub(crate) fn allocate(&self, bytes: usize) -> Result<WritableCode, MapError> {
        self.arena.allocate(bytes).or_else(|_| {
            // Perhaps some code waits for a thread that has left it.
            epoch::collect();
            self.arena.allocate(bytes)
        })
    }

    /// Publishes words that belong to no function.
    pub(crate) fn add_helper(&self, words: &[u32]) -> Result<Arc<ExecutableCode>, MapError> {
        let mut code = self.allocate(words.len() * 4)?;
        code.set_words(0, words);
        Ok(self.insert_helper(code.publish()))
    }

    /// Makes code known that belongs to no function.
    pub(crate) fn insert_helper(&self, code: ExecutableCode) -> Arc<ExecutableCode> {
        let code = Arc::new(code);
        self.insert(Piece::Helper(Arc::clone(&code)));
        code
    }

    /// Makes a piece known. It can be reached only after this.
    pub(crate) fn insert(&self, piece: Piece) {
        let start = piece.code().address();
        self.pieces.write().unwrap_or_else(PoisonError::into_inner).insert(start, piece);
    }

    /// Frees a function when no thread can be in it. Nothing may lead to it any more.
    pub(crate) fn retire(self: &Arc<Self>, code: &Code) {
        epoch::retire(Retired { space: Arc::clone(self), start: code.code.address() });
    }

    /// Gives a slot away again when no thread can know its number.
    pub(crate) fn recycle(self: &Arc<Self>, slot: SlotNumber) {
        epoch::retire(Recycled { space: Arc::clone(self), slot });
    }

    /// The functions that freed code referred to, once for each of its pieces.
    pub(crate) fn take_released(&self) -> Vec<SlotNumber> {
        std::mem::take(&mut *self.released.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The slots that can be given to other functions.
    pub(crate) fn take_recycled(&self) -> Vec<SlotNumber> {
        std::mem::take(&mut *self.recycled.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another `b` or `bl` at `at`, which is in `code`, while threads run it.
    pub(crate) fn redirect(&self, code: &ExecutableCode, at: u64, word: u32) -> Result<(), Error> {
        code.redirect((at - code.address()) as usize, word)?;
        self.changed(at..at + 4);
        Ok(())
    }

    /// Every thread runs what has been redirected before this.
    pub(crate) fn synchronize(&self) {
        self.arena.synchronize();
    }

    fn changed(&self, range: Range<u64>) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() == KEPT_CHANGES {
            changes.pop_front();
        }
        changes.push_back(range);
        self.version.fetch_add(1, Ordering::Release);
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<u64, Piece>> {
        self.pieces.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The piece that `pc` is in.
    pub(crate) fn piece_at(&self, pc: u64) -> Option<Piece> {
        let pieces = self.read();
        let (_, piece) = pieces.range(..=pc).next_back()?;
        piece.code().range().contains(&pc).then(|| piece.clone())
    }

    /// The functions that have code, by slot.
    pub(crate) fn functions(&self) -> Vec<Arc<Code>> {
        let pieces = self.read();
        let functions = pieces.values().filter_map(|piece| match piece {
            Piece::Function(function) => Some(Arc::clone(function)),
            Piece::Helper(_) => None,
        });
        let mut functions: Vec<_> = functions.collect();
        functions.sort_by_key(|function| function.slot);
        functions
    }

    /// Every address that code can have.
    pub(crate) fn range(&self) -> Range<u64> {
        self.arena.range()
    }
}

/// As many addresses as the system gives.
fn reserve() -> Result<CodeArena, MapError> {
    let mut bytes = SPACE_BYTES;
    loop {
        match CodeArena::new(bytes) {
            Err(_) if bytes > LEAST_SPACE_BYTES => bytes /= 4,
            arena => return arena,
        }
    }
}

/// A function that nothing leads to.
struct Retired {
    space: Arc<Space>,
    start: u64,
}

impl Drop for Retired {
    fn drop(&mut self) {
        let mut pieces = self.space.pieces.write().unwrap_or_else(PoisonError::into_inner);
        let Some(piece) = pieces.remove(&self.start) else { return };
        drop(pieces);
        // Simulators hear of it before its place can be used again.
        self.space.changed(piece.code().range());
        if let Piece::Function(function) = piece {
            let mut released = self.space.released.lock().unwrap_or_else(PoisonError::into_inner);
            released.extend_from_slice(&function.refers_to);
        }
    }
}

/// A slot that nothing refers to.
struct Recycled {
    space: Arc<Space>,
    slot: SlotNumber,
}

impl Drop for Recycled {
    fn drop(&mut self) {
        let recycled = &self.space.recycled;
        recycled.lock().unwrap_or_else(PoisonError::into_inner).push(self.slot);
    }
}

/// How a simulator sees a space.
#[cfg(feature = "simulator")]
pub(crate) struct Follow(pub(crate) Arc<Space>);

#[cfg(feature = "simulator")]
impl arm64_sim::CodeSource for Follow {
    fn version(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.0.version)
    }

    fn changes(&mut self, since: u64) -> (u64, Option<Vec<Range<u64>>>) {
        let changes = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.version.load(Ordering::Acquire);
        let missed = usize::try_from(now - since).unwrap_or(usize::MAX);
        let first = changes.len().checked_sub(missed);
        (now, first.map(|first| changes.range(first..).cloned().collect()))
    }

    fn code_at(&mut self, address: u64) -> Option<(u64, Vec<u32>)> {
        let piece = self.0.piece_at(address)?;
        Some((piece.code().address(), piece.code().words()))
    }
}
