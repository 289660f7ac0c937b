//! Apple: `MAP_JIT`, whose pages are writable for the publishing thread and executable for all others.

use std::ptr::{self, NonNull};

use super::{View, store, system_error};
use crate::error::MapError;

/// The mapping.
pub(super) struct Jit {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is owned; bytes that others may read change by atomic stores only.
unsafe impl Send for Jit {}
// SAFETY: as above.
unsafe impl Sync for Jit {}

impl Jit {
    /// Landing pads are the system's business here.
    pub(super) fn reserve(len: usize, _landing_pads: bool) -> Result<Self, MapError> {
        let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_JIT;
        // SAFETY: a new anonymous mapping at an address of the system's choice.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, protection, flags, -1, 0) };
        match NonNull::new(start.cast::<u8>()) {
            Some(start) if start.as_ptr().cast() != libc::MAP_FAILED => Ok(Self { start, len }),
            _ => Err(system_error("map memory for code", len)),
        }
    }
}

impl View for Jit {
    fn len(&self) -> usize {
        self.len
    }

    fn executable(&self, offset: usize) -> *const u8 {
        self.start.as_ptr().wrapping_add(offset)
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MapError> {
        let to = self.start.as_ptr().wrapping_add(offset);
        // SAFETY: `publish` checked the range; the arena gave this place to one writer only. Between the two calls
        // the pages are writable, for this thread alone, which runs none of them.
        unsafe {
            libc::pthread_jit_write_protect_np(0);
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            libc::pthread_jit_write_protect_np(1);
        }
        Ok(())
    }

    fn write_word(&self, offset: usize, word: u32) -> Result<(), MapError> {
        let to = self.start.as_ptr().wrapping_add(offset);
        // SAFETY: `set_word` checked place and alignment; the word changes by atomic stores only. Writable as in `write`.
        unsafe {
            libc::pthread_jit_write_protect_np(0);
            store(to, word);
            libc::pthread_jit_write_protect_np(1);
        }
        Ok(())
    }
}

impl Drop for Jit {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no code in it can be named any more.
        unsafe {
            libc::munmap(self.start.as_ptr().cast(), self.len);
        }
    }
}
