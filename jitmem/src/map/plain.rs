//! Other systems: plain memory, for the simulator; nothing ever jumps to it.

use memmap2::{MmapOptions, MmapRaw};

use super::{View, store};
use crate::error::MapError;

/// The mapping.
pub(super) struct Plain {
    memory: MmapRaw,
}

impl Plain {
    /// No branch enters it.
    pub(super) fn reserve(len: usize, _landing_pads: bool) -> Result<Self, MapError> {
        match MmapOptions::new().len(len).map_anon() {
            Ok(memory) => Ok(Self { memory: memory.into() }),
            Err(error) => {
                Err(MapError::System { action: "map memory for code", bytes: len, error })
            }
        }
    }
}

impl View for Plain {
    fn len(&self) -> usize {
        self.memory.len()
    }

    fn executable(&self, offset: usize) -> *const u8 {
        self.memory.as_ptr().wrapping_add(offset)
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MapError> {
        let to = self.memory.as_mut_ptr().wrapping_add(offset);
        // SAFETY: `publish` checked the range; the arena gave this place to one writer only.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        Ok(())
    }

    fn write_word(&self, offset: usize, word: u32) -> Result<(), MapError> {
        let to = self.memory.as_mut_ptr().wrapping_add(offset);
        // SAFETY: `set_word` checked place and alignment; the word changes by atomic stores only.
        unsafe { store(to, word) }
        Ok(())
    }
}
