//! One reservation of address space that many functions share.
//!
//! Invariants: a published byte never changes while the arena lives; no two pieces of code overlap; places are handed
//! out once and not reused, so that no thread can run what replaced the code that it looked up.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::MapError;
use crate::map::Map;

/// Code starts at multiples of this, as instruction fetch likes it.
const CODE_ALIGN: usize = 16;

/// A reservation for code. Clones share it; it lives as long as any code in it.
#[derive(Clone, Debug)]
pub struct CodeArena {
    shared: Arc<Shared>,
}

struct Shared {
    map: Map,
    /// Bytes handed out.
    used: Mutex<usize>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("range", &self.map.range()).finish()
    }
}

impl CodeArena {
    /// Reserves `capacity` bytes of address space; memory is used as code is published. Direct calls reach 128 MiB.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn new(capacity: usize) -> Result<Self, MapError> {
        let map = Map::reserve(capacity.max(1).next_multiple_of(CODE_ALIGN))?;
        Ok(Self { shared: Arc::new(Shared { map, used: Mutex::new(0) }) })
    }

    /// Room for `len` bytes of code.
    ///
    /// # Errors
    /// [`MapError::ArenaFull`].
    pub fn allocate(&self, len: usize) -> Result<WritableCode, MapError> {
        let mut used = self.shared.used.lock().unwrap_or_else(PoisonError::into_inner);
        let capacity = self.shared.map.len();
        let end = len
            .checked_next_multiple_of(CODE_ALIGN)
            .and_then(|room| room.checked_add(*used))
            .filter(|&end| end <= capacity);
        let Some(end) = end else {
            return Err(MapError::ArenaFull { wanted: len, left: capacity - *used, capacity });
        };
        let offset = std::mem::replace(&mut *used, end);
        Ok(WritableCode { arena: self.clone(), offset, bytes: vec![0; len] })
    }

    /// The addresses of the reservation, used or not.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.shared.map.range()
    }

    /// Bytes handed out so far.
    #[must_use]
    pub fn used(&self) -> usize {
        *self.shared.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Code that is being made: it can be written, not run. It knows where it will run, so that it can be linked.
#[derive(Debug)]
pub struct WritableCode {
    arena: CodeArena,
    offset: usize,
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
        self.arena.range().start + self.offset as u64
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
    #[must_use]
    pub fn publish(self) -> ExecutableCode {
        self.arena.shared.map.publish(self.offset, &self.bytes);
        ExecutableCode { arena: self.arena, offset: self.offset, len: self.bytes.len() }
    }
}

/// Code that can be run and no longer be written.
#[derive(Clone, Debug)]
pub struct ExecutableCode {
    arena: CodeArena,
    offset: usize,
    len: usize,
}

impl ExecutableCode {
    /// The address of the first instruction.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.arena.range().start + self.offset as u64
    }

    /// The address of the first instruction, as a pointer that may be made a function of the right type.
    #[must_use]
    pub fn as_ptr(&self) -> *const u8 {
        self.arena.shared.map.executable(self.offset)
    }

    /// The addresses of the code.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.address()..self.address() + self.len as u64
    }

    /// The instructions, read back from memory.
    #[must_use]
    pub fn words(&self) -> Vec<u32> {
        let bytes = self.arena.shared.map.read(self.offset, self.len);
        bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    /// The arena that the code lives in.
    #[must_use]
    pub fn arena(&self) -> &CodeArena {
        &self.arena
    }
}
