//! Code spaces: the machine code of an engine, what is known of each piece of it, and what simulators have to hear when it
//! changes.
//!
//! A space is as large as a direct call reaches. When one is full there is another, somewhere: what is called in another space is
//! called through a [far jump](FAR_JUMP_BYTES) in the caller's.
//!
//! Invariant: a piece is in the list from before it can be reached until no thread can be in it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use codegen::FrameRow;
use ir::{Span, TrapKind};
use jitmem::{CodeArena, CodeMemory, CodeRanges, ExecutableCode, MapError, WritableCode, epoch};

use crate::error::Error;
use crate::helper::Helper;
use crate::observe::{Observed, Observers, Seen};
use crate::table::SlotNumber;
use crate::unit::Origin;

/// Addresses of a code space: as far as a `bl` reaches, so that every function in it can call every other.
pub(crate) const SPACE_BYTES: usize = 128 << 20;
/// The least that is tried where the system has not so many addresses to give.
const LEAST_SPACE_BYTES: usize = 1 << 20;
/// For each byte of stubs so many are kept for far jumps: as stubs stay where they are, there must be room for what leads from them
/// to code elsewhere, and for what led to code that is still to be freed.
const KEPT_FOR_STUBS: usize = 2;

/// Bytes of a jump to any address.
pub(crate) const FAR_JUMP_BYTES: usize = 16;

/// A jump to any address. It changes `x17`, as whatever stands between a call and its callee may do; what leads to the compiler
/// has the stub in `x16`.
pub(crate) fn far_jump(target: u64) -> [u32; FAR_JUMP_BYTES / 4] {
    /// `ldr x17, 8 bytes on`
    const LDR_X17: u32 = 0x5800_0051;
    /// `br x17`
    const BR_X17: u32 = 0xd61f_0220;
    [LDR_X17, BR_X17, target as u32, (target >> 32) as u32]
}

/// The changes that are kept for simulators; one that missed more asks for all of its code again.
const KEPT_CHANGES: usize = 1024;

/// A function in its place. What is by offset is in order.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) name: Arc<str>,
    pub(crate) code: ExecutableCode,
    pub(crate) code_bytes: u32,
    pub(crate) slot: SlotNumber,
    pub(crate) spans: Box<[(u32, Option<Span>)]>,
    pub(crate) record_from: Option<u32>,
    /// The jump to it in the space of its stub, if that is another.
    pub(crate) far: Option<Arc<ExecutableCode>>,
    /// The functions that it calls or whose address it has, each once.
    pub(crate) refers_to: Box<[SlotNumber]>,
    /// What it has from its module.
    pub(crate) origin: Arc<Origin>,
}

impl Code {
    /// Where a call in the space of the function's stub goes.
    pub(crate) fn entry_for_stub(&self) -> u64 {
        self.far.as_ref().map_or(self.code.address(), |far| far.address())
    }

    /// Why the `brk` at `pc` traps.
    pub(crate) fn trap_at(&self, pc: u64) -> Option<TrapKind> {
        /// `brk` without its immediate.
        const BRK: u32 = 0xd420_0000;
        let word = self.code.word(usize::try_from(pc - self.code.address()).ok()?)?;
        let is_trap = word & !(0xffff << 5) == BRK;
        TrapKind::from_code((word >> 5) as u16).filter(|_| is_trap)
    }

    /// Returns `true` if `x29` points to the frame record of its call at `pc`, unless that is in an epilogue.
    pub(crate) fn has_record_at(&self, pc: u64) -> bool {
        self.record_from.is_some_and(|from| pc - self.code.address() >= from.into())
    }

    /// The file that its module was written in.
    pub(crate) fn source(&self) -> Option<&str> {
        self.origin.source.as_deref()
    }

    /// The place in the source of the instruction at `pc`.
    pub(crate) fn span_at(&self, pc: u64) -> Option<Span> {
        let offset = u32::try_from(pc - self.code.address()).ok()?;
        let after = self.spans.partition_point(|&(start, _)| start <= offset);
        self.spans[after.checked_sub(1)?].1
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

/// One of the spaces.
#[derive(Debug)]
struct Arena {
    code: CodeArena,
    /// Bytes that are only for far jumps.
    kept: usize,
}

/// What is allocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Code,
    Stubs,
}

/// The machine code of an engine.
#[derive(Debug)]
pub(crate) struct Space {
    /// Dropped before the code that they were told of.
    observers: Option<Observers>,
    /// The spaces in the order in which they were needed.
    arenas: Mutex<Vec<Arena>>,
    /// Their addresses.
    ranges: Arc<CodeRanges>,
    /// Addresses of the next one; none if there is to be no other.
    space_bytes: Option<usize>,
    memory: CodeMemory,
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
    /// No code yet, in spaces of so many bytes; in one only, if that has to be.
    pub(crate) fn new(
        space_bytes: Option<usize>,
        memory: CodeMemory,
        observed: &Observed,
    ) -> Result<Self, Error> {
        let space = Self {
            observers: Observers::new(observed)?,
            arenas: Mutex::default(),
            ranges: Arc::default(),
            space_bytes,
            memory,
            pieces: RwLock::default(),
            changes: Mutex::default(),
            version: Arc::default(),
            released: Mutex::default(),
            recycled: Mutex::default(),
        };
        space.add_arena(space_bytes.unwrap_or(SPACE_BYTES))?;
        Ok(space)
    }

    /// Room for so many bytes of code, in any space.
    pub(crate) fn allocate(&self, bytes: usize) -> Result<WritableCode, MapError> {
        self.allocate_for(bytes, Purpose::Code)
    }

    /// Room for stubs.
    pub(crate) fn allocate_stubs(&self, bytes: usize) -> Result<WritableCode, MapError> {
        self.allocate_for(bytes, Purpose::Stubs)
    }

    fn allocate_for(&self, bytes: usize, purpose: Purpose) -> Result<WritableCode, MapError> {
        if let Some(code) = self.allocate_in_one(bytes, purpose) {
            return Ok(code);
        }
        // Perhaps some code waits for a thread that has left it.
        epoch::collect();
        if let Some(code) = self.allocate_in_one(bytes, purpose) {
            return Ok(code);
        }
        let full = MapError::ArenaFull { wanted: bytes, left: 0, capacity: SPACE_BYTES };
        let Some(space_bytes) = self.space_bytes else { return Err(full) };
        self.add_arena(space_bytes.max(bytes.saturating_mul(1 + KEPT_FOR_STUBS)))?;
        self.allocate_in_one(bytes, purpose).ok_or(full)
    }

    /// Room in the spaces that there are, without what is kept.
    fn allocate_in_one(&self, bytes: usize, purpose: Purpose) -> Option<WritableCode> {
        let mut arenas = self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        let keep = if purpose == Purpose::Stubs { KEPT_FOR_STUBS * bytes } else { 0 };
        arenas.iter_mut().find_map(|arena| {
            let range = arena.code.range();
            let kept = arena.kept + keep;
            let used = arena.code.used().saturating_add(bytes).saturating_add(kept);
            let has_room = used <= (range.end - range.start) as usize;
            let code = has_room.then(|| arena.code.allocate(bytes).ok()).flatten()?;
            arena.kept = kept;
            Some(code)
        })
    }

    /// One more space, of so many bytes if that is not too much.
    fn add_arena(&self, bytes: usize) -> Result<(), MapError> {
        let mut arenas = self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        let code = reserve(bytes.min(SPACE_BYTES).next_multiple_of(4096), self.memory)?;
        if !self.ranges.add(&code.range()) {
            return Err(MapError::ArenaFull { wanted: bytes, left: 0, capacity: SPACE_BYTES });
        }
        arenas.push(Arena { code, kept: 0 });
        Ok(())
    }

    /// A jump to `target` in the space that `near` is in.
    pub(crate) fn add_far_jump(
        &self,
        near: u64,
        target: u64,
    ) -> Result<Arc<ExecutableCode>, MapError> {
        let arenas = self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        let arena = self.ranges.find(near).and_then(|number| arenas.get(number));
        let Some(arena) = arena.map(|arena| arena.code.clone()) else {
            unreachable!("a stub is in a space")
        };
        drop(arenas);
        let mut code = arena.allocate(FAR_JUMP_BYTES).or_else(|_| {
            epoch::collect();
            arena.allocate(FAR_JUMP_BYTES)
        })?;
        code.set_words(0, &far_jump(target));
        Ok(self.insert_helper("jitsu: far jump", code.publish()?, &[]))
    }

    /// Returns `true` if two addresses are in one space, so that direct calls reach from one to the other.
    pub(crate) fn is_one_space(&self, a: u64, b: u64) -> bool {
        self.ranges.find(a).is_some_and(|space| self.ranges.find(b) == Some(space))
    }

    /// Publishes code that belongs to no function.
    pub(crate) fn add_helper(
        &self,
        name: &str,
        helper: &Helper,
    ) -> Result<Arc<ExecutableCode>, MapError> {
        let mut code = self.allocate(helper.words.len() * 4)?;
        code.set_words(0, &helper.words);
        Ok(self.insert_helper(name, code.publish()?, &helper.frame))
    }

    /// Makes code known that belongs to no function.
    pub(crate) fn insert_helper(
        &self,
        name: &str,
        code: ExecutableCode,
        frame: &[FrameRow],
    ) -> Arc<ExecutableCode> {
        let code = Arc::new(code);
        self.insert(Piece::Helper(Arc::clone(&code)), name, frame);
        code
    }

    /// Makes a piece known, with its name and the description of its frame. It can be reached only after this.
    pub(crate) fn insert(&self, piece: Piece, name: &str, frame: &[FrameRow]) {
        let start = piece.code().address();
        if let Some(observers) = &self.observers {
            let words = piece.code().words();
            let (spans, source) = match &piece {
                Piece::Function(code) => (&*code.spans, code.origin.source.as_deref()),
                Piece::Helper(_) => (&[][..], None),
            };
            let lines = spans.iter().filter_map(|&(offset, span)| Some((offset, span?)));
            let lines = &*lines.collect::<Vec<(u32, Span)>>();
            observers.published(&Seen { name, start, words: &words, frame, lines, source });
        }
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
        CodeArena::synchronize();
    }

    /// Whoever looks at code from outside knows from now on what was published before.
    pub(crate) fn flush_observers(&self) {
        if let Some(observers) = &self.observers {
            observers.flush();
        }
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

    /// Every address that code can have, by space.
    pub(crate) fn ranges(&self) -> &Arc<CodeRanges> {
        &self.ranges
    }
}

/// As many addresses as the system gives.
fn reserve(mut bytes: usize, memory: CodeMemory) -> Result<CodeArena, MapError> {
    loop {
        match CodeArena::with(bytes, memory) {
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
        let far = match &piece {
            Piece::Function(function) => function.far.as_ref(),
            Piece::Helper(_) => None,
        };
        if let Some(far) = far {
            pieces.remove(&far.address());
        }
        drop(pieces);
        // Simulators and observers hear of it before its place can be used again.
        for code in std::iter::once(piece.code()).chain(far.map(|far| &**far)) {
            self.space.changed(code.range());
            if let Some(observers) = &self.space.observers {
                observers.freed(code.address());
            }
        }
        if let Piece::Function(function) = piece {
            let mut released = self.space.released.lock().unwrap_or_else(PoisonError::into_inner);
            released.extend_from_slice(&function.refers_to);
        }
    }
}

/// The functions whose addresses data hold, until these are gone.
#[derive(Debug)]
pub(crate) struct HeldByData {
    pub(crate) space: Arc<Space>,
    pub(crate) slots: Vec<SlotNumber>,
}

impl Drop for HeldByData {
    fn drop(&mut self) {
        let mut released = self.space.released.lock().unwrap_or_else(PoisonError::into_inner);
        released.append(&mut self.slots);
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
