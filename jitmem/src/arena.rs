//! One reservation of address space that many functions share, allocated and freed in pieces.
//!
//! Invariants: a published byte does not change while its code lives, but for branches that are
//! [redirected](ExecutableCode::redirect); no two pieces overlap; a place is handed out again only after the code that was
//! there has been dropped, and whoever drops code answers for no thread being in it (see [`epoch`](crate::epoch)).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::MapError;
use crate::icache;
use crate::map::{CodeMemory, Contents, Map, SuppliedMemory};

/// Code starts at multiples of this, as instruction fetch likes it.
const CODE_ALIGN: usize = 16;

/// A reservation for code. Clones share it; it lives as long as any code in it.
#[derive(Clone, Debug)]
pub struct CodeArena {
    shared: Arc<Shared>,
}

struct Shared {
    map: Map,
    room: Mutex<Room>,
}

/// What is not handed out.
#[derive(Default)]
struct Room {
    /// Lengths by offset. No two of them touch each other.
    free: BTreeMap<usize, usize>,
    /// The same as (length, offset), to find the smallest that is large enough.
    by_size: BTreeSet<(usize, usize)>,
    used: usize,
    /// Nothing at or above this offset was ever handed out.
    fresh: usize,
}

impl Room {
    fn new(capacity: usize) -> Self {
        let mut room = Room::default();
        room.put(0, capacity);
        room
    }

    fn put(&mut self, offset: usize, len: usize) {
        self.free.insert(offset, len);
        self.by_size.insert((len, offset));
    }

    fn take(&mut self, offset: usize, len: usize) {
        self.free.remove(&offset);
        self.by_size.remove(&(len, offset));
    }

    /// The smallest place that is large enough, the first of those.
    fn allocate(&mut self, len: usize) -> Option<(usize, Contents)> {
        let &(found, offset) = self.by_size.range((len, 0)..).next()?;
        self.take(offset, found);
        if found > len {
            self.put(offset + len, found - len);
        }
        self.used += len;
        let contents = if offset < self.fresh { Contents::Old } else { Contents::Fresh };
        self.fresh = self.fresh.max(offset + len);
        Some((offset, contents))
    }

    fn release(&mut self, mut offset: usize, mut len: usize) {
        self.used -= len;
        let before = self.free.range(..offset).next_back().map(|(&at, &size)| (at, size));
        if let Some((at, size)) = before
            && at + size == offset
        {
            self.take(at, size);
            (offset, len) = (at, size + len);
        }
        if let Some(&size) = self.free.get(&(offset + len)) {
            self.take(offset + len, size);
            len += size;
        }
        self.put(offset, len);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("range", &self.map.range()).finish()
    }
}

impl Shared {
    fn room(&self) -> std::sync::MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CodeArena {
    /// Reserves `capacity` bytes of address space; memory is used as code is published. Direct calls reach 128 MiB.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn new(capacity: usize) -> Result<Self, MapError> {
        Self::with(capacity, CodeMemory::default())
    }

    /// The same in memory of a certain kind.
    ///
    /// # Errors
    /// The operating system refuses, or the strategy is not one of this system.
    pub fn with(capacity: usize, memory: CodeMemory) -> Result<Self, MapError> {
        let wanted = capacity.max(1).checked_next_multiple_of(CODE_ALIGN);
        let capacity = wanted.ok_or(MapError::Memory { bytes: capacity })?;
        Ok(Self::of(Map::reserve(capacity, memory)?, capacity))
    }

    /// An arena in memory that the caller has mapped.
    #[must_use]
    pub fn supplied(memory: SuppliedMemory) -> Self {
        let map = Map::supplied(memory);
        let capacity = map.len() / CODE_ALIGN * CODE_ALIGN;
        Self::of(map, capacity)
    }

    fn of(map: Map, capacity: usize) -> Self {
        Self { shared: Arc::new(Shared { map, room: Mutex::new(Room::new(capacity)) }) }
    }

    /// Room for `len` bytes of code: where code was dropped if it fits there, else where none has been.
    ///
    /// # Errors
    /// [`MapError::ArenaFull`], [`MapError::Forked`].
    pub fn allocate(&self, len: usize) -> Result<WritableCode, MapError> {
        self.shared.map.may_change()?;
        let capacity = self.shared.map.len();
        let mut room = self.shared.room();
        let size = len.max(1).checked_next_multiple_of(CODE_ALIGN);
        match size.and_then(|size| Some((size, room.allocate(size)?))) {
            Some((size, (offset, contents))) => {
                let piece = Piece { shared: Arc::clone(&self.shared), offset, size };
                Ok(WritableCode { piece, contents, bytes: vec![0; len] })
            }
            None => {
                let left = room.by_size.last().map_or(0, |&(len, _)| len);
                Err(MapError::ArenaFull { wanted: len, left, capacity })
            }
        }
    }

    /// Makes every thread of this process run from now on what was published and redirected before.
    pub fn synchronize() {
        icache::other_cores_fetch_anew();
    }

    /// The addresses of the reservation, used or not.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.shared.map.range()
    }

    /// Bytes that are handed out.
    #[must_use]
    pub fn used(&self) -> usize {
        self.shared.room().used
    }
}

/// A place in an arena, which is free again when this is dropped.
struct Piece {
    shared: Arc<Shared>,
    offset: usize,
    size: usize,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at {:#x}", self.size, self.address())
    }
}

impl Piece {
    fn address(&self) -> u64 {
        self.shared.map.range().start + self.offset as u64
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.shared.room().release(self.offset, self.size);
    }
}

/// Code that is being made: it can be written, not run. It knows where it will run, so that it can be linked.
#[derive(Debug)]
pub struct WritableCode {
    piece: Piece,
    contents: Contents,
    bytes: Vec<u8>,
}

impl WritableCode {
    /// Code with these words, in an arena of its own.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn from_words(words: &[u32]) -> Result<Self, MapError> {
        let mut code = CodeArena::new(words.len() * 4)?.allocate(words.len() * 4)?;
        code.set_words(0, words);
        Ok(code)
    }

    /// The address that the first byte will run at.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.piece.address()
    }

    /// The bytes, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Writes words from the byte `offset` on; what does not fit is left out.
    pub fn set_words(&mut self, offset: usize, words: &[u32]) {
        let room = self.bytes.get_mut(offset..).unwrap_or_default();
        for (to, word) in room.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
    }

    /// Makes the code executable and, from now on, unchangeable. Other threads may run code of the same arena meanwhile.
    ///
    /// # Errors
    /// The operating system refuses, which it may for [`Strategy::Protect`](crate::Strategy::Protect); [`MapError::Forked`].
    pub fn publish(self) -> Result<ExecutableCode, MapError> {
        let Self { piece, contents, bytes } = self;
        piece.shared.map.may_change()?;
        piece.shared.map.publish(piece.offset, &bytes, contents)?;
        Ok(ExecutableCode { piece, len: bytes.len() })
    }
}

/// Code that can be run and no longer be written. Dropping it frees its place: what was there must not run then, nor later.
#[derive(Debug)]
pub struct ExecutableCode {
    piece: Piece,
    len: usize,
}

impl ExecutableCode {
    /// The address of the first instruction.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.piece.address()
    }

    /// The address of the first instruction, as a pointer that may be made a function of the right type.
    #[must_use]
    pub fn as_ptr(&self) -> *const u8 {
        self.piece.shared.map.executable(self.piece.offset)
    }

    /// The addresses of the code.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.address()..self.address() + self.len as u64
    }

    /// The instructions, read back from memory.
    #[must_use]
    pub fn words(&self) -> Vec<u32> {
        (0..self.len / 4).map(|n| self.piece.shared.map.word(self.piece.offset + 4 * n)).collect()
    }

    /// The instruction at the byte `offset`, which must be that of an instruction of this code.
    #[must_use]
    pub fn word(&self, offset: usize) -> Option<u32> {
        let is_inside = offset.is_multiple_of(4) && offset < self.len;
        is_inside.then(|| self.piece.shared.map.word(self.piece.offset + offset))
    }

    /// Puts another `b` or `bl` in the place of the one at the byte `offset`, while other threads may run it: each runs the
    /// old one or the new one. The architecture allows it for these instructions only (Arm ARM, B2.7.4: "Concurrent modification and
    /// execution of instructions").
    ///
    /// # Errors
    /// [`MapError::NoBranch`] if one of the two is another instruction, or `offset` is not that of an instruction; what
    /// [`publish`](WritableCode::publish) says.
    pub fn redirect(&self, offset: usize, branch: u32) -> Result<(), MapError> {
        /// `b` and `bl` (C6.2.26, C6.2.35): the top bit tells them apart.
        const IS_BRANCH: u32 = 0x7c00_0000;
        const BRANCH: u32 = 0x1400_0000;
        let (map, at) = (&self.piece.shared.map, self.piece.offset + offset);
        let is_branch = |word: u32| word & IS_BRANCH == BRANCH;
        if !is_branch(branch) || !self.word(offset).is_some_and(is_branch) {
            return Err(MapError::NoBranch { offset });
        }
        map.may_change()?;
        map.set_word(at, branch)
    }

    /// The arena that the code lives in.
    #[must_use]
    pub fn arena(&self) -> CodeArena {
        CodeArena { shared: Arc::clone(&self.piece.shared) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a map of bytes: pieces do not overlap, what is freed is found again, neighbours become one.
    #[test]
    fn rooms_are_allocated_and_released() {
        const CAPACITY: usize = 4096;
        let mut room = Room::new(CAPACITY);
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut random = 1u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        for _ in 0..20_000 {
            if next(2) == 0 && !taken.is_empty() {
                let (offset, len) = taken.swap_remove(next(taken.len() as u64) as usize);
                room.release(offset, len);
            } else {
                let len = 16 * (1 + next(40) as usize);
                let largest = room.by_size.last().map_or(0, |&(len, _)| len);
                match room.allocate(len) {
                    Some((offset, _)) => taken.push((offset, len)),
                    None => assert!(largest < len),
                }
            }
            let mut owners = [0u8; CAPACITY / 16];
            let free = room.free.iter().map(|(&offset, &len)| (offset, len));
            for (offset, len) in taken.iter().copied().chain(free) {
                owners[offset / 16..(offset + len) / 16].iter_mut().for_each(|n| *n += 1);
            }
            assert!(owners.iter().all(|&n| n == 1), "{owners:?}");
            assert_eq!(room.used, taken.iter().map(|&(_, len)| len).sum::<usize>());
            assert_eq!(room.free.len(), room.by_size.len());
        }
        taken.into_iter().for_each(|(offset, len)| room.release(offset, len));
        assert_eq!(room.free, BTreeMap::from([(0, CAPACITY)]));
    }
}
