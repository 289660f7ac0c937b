//! Memory that the caller supplies.

use std::any::Any;
use std::fmt;
use std::ptr;

use super::{View, store};
use crate::error::MapError;

/// Memory for code that the program has mapped by itself: two addresses of the same bytes. See
/// [`CodeArena::supplied`](crate::CodeArena::supplied).
pub struct SuppliedMemory {
    writable: *mut u8,
    executable: *const u8,
    len: usize,
    _keep: Box<dyn Any + Send + Sync>,
}

// SAFETY: whoever made it has promised that all threads may use it; bytes that others read change by atomic stores only.
unsafe impl Send for SuppliedMemory {}
// SAFETY: as above.
unsafe impl Sync for SuppliedMemory {}

impl fmt::Debug for SuppliedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes that run at {:?}", self.len, self.executable)
    }
}

impl SuppliedMemory {
    /// Memory that is written at one address and runs at another. `keep` is dropped when no code is in it any more.
    ///
    /// # Safety
    /// Both are addresses of the same `len` bytes, multiples of 16, for as long as `keep` lives; all threads may write at the
    /// first and read at the second, where code may run if that is to be called, and nobody else writes them.
    #[must_use]
    pub unsafe fn new(
        writable: *mut u8,
        executable: *const u8,
        len: usize,
        keep: impl Any + Send + Sync,
    ) -> Self {
        Self { writable, executable, len, _keep: Box::new(keep) }
    }
}

impl View for SuppliedMemory {
    fn len(&self) -> usize {
        self.len
    }

    fn executable(&self, offset: usize) -> *const u8 {
        self.executable.wrapping_add(offset)
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MapError> {
        let to = self.writable.wrapping_add(offset);
        // SAFETY: `publish` checked the range; the arena gave this place to one writer only, and the memory is as promised.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        Ok(())
    }

    fn write_word(&self, offset: usize, word: u32) -> Result<(), MapError> {
        // SAFETY: `set_word` checked place and alignment, and the memory is as promised.
        unsafe { store(self.writable.wrapping_add(offset), word) }
        Ok(())
    }
}
