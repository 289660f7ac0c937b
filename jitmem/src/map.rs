//! The mapping itself, one way for each operating system. Each keeps the rule that no address is writable and
//! executable at the same time.
//!
//! - Linux: one memory file, mapped twice. Code is written through one view and runs in the other, whose protection
//!   never changes, so that threads may run neighbouring code while a function is published.
//! - Apple: `MAP_JIT`, whose pages are writable for the publishing thread and executable for all others.
//! - Elsewhere: plain memory, for the simulator; nothing ever jumps to it.

use std::ops::Range;

use crate::error::MapError;
use crate::icache;

pub(crate) use system::Map;

fn system_error(action: &'static str, bytes: usize) -> MapError {
    MapError::System { action, bytes, error: std::io::Error::last_os_error() }
}

impl Map {
    pub(crate) fn range(&self) -> Range<u64> {
        let start = self.executable(0).expose_provenance() as u64;
        start..start + self.len() as u64
    }

    /// Copies code to its place and makes the instruction fetch of every core see it.
    ///
    /// The caller (the arena) hands out each place once, so nothing runs or reads these bytes yet.
    pub(crate) fn publish(&self, offset: usize, bytes: &[u8]) {
        assert!(offset.checked_add(bytes.len()).is_some_and(|end| end <= self.len()));
        self.write(offset, bytes);
        icache::synchronize(self.executable(offset), bytes.len());
    }

    pub(crate) fn read(&self, offset: usize, len: usize) -> &[u8] {
        assert!(offset.checked_add(len).is_some_and(|end| end <= self.len()));
        // SAFETY: the range is inside the mapping, readable, and published, so it does not change any more.
        unsafe { std::slice::from_raw_parts(self.executable(offset), len) }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::fs::File;
    use std::io::Error;
    use std::mem::MaybeUninit;
    use std::os::fd::FromRawFd;

    use memmap2::{Mmap, MmapOptions, MmapRaw};

    use super::{MapError, system_error};

    pub(crate) struct Map {
        writable: MmapRaw,
        executable: Mmap,
    }

    /// How large a file of this process may be, in bytes, if it has such a limit. It holds for memory files too, and who
    /// asks for more gets a signal (SIGXFSZ) that ends the process.
    fn largest_file() -> Option<u64> {
        // SAFETY: all-zero is a valid `rlimit`; the pointer is to one for the time of the call.
        let limit = unsafe {
            let mut limit: libc::rlimit = MaybeUninit::zeroed().assume_init();
            (libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) == 0).then_some(limit)?
        };
        (limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
    }

    impl Map {
        pub(crate) fn reserve(len: usize) -> Result<Self, MapError> {
            // SAFETY: the name is a C string; the result is checked.
            let fd = unsafe { libc::memfd_create(c"jitsu-code".as_ptr(), libc::MFD_CLOEXEC) };
            if fd < 0 {
                return Err(system_error("create a memory file", len));
            }
            // SAFETY: the descriptor was just made and nobody else has it.
            let file = unsafe { File::from_raw_fd(fd) };
            let failed = |action| move |error| MapError::System { action, bytes: len, error };
            if largest_file().is_some_and(|largest| len as u64 > largest) {
                let error = Error::from_raw_os_error(libc::EFBIG);
                return Err(failed("give the memory file a size")(error));
            }
            file.set_len(len as u64).map_err(failed("give the memory file a size"))?;
            let writable = MmapOptions::new()
                .len(len)
                .map_raw(&file)
                .map_err(failed("map memory for writing code"))?;
            // SAFETY: only this map writes to the file, each byte once, before anybody reads it.
            let executable = unsafe { MmapOptions::new().len(len).map_exec(&file) }
                .map_err(failed("map memory for running code"))?;
            Ok(Self { writable, executable })
        }

        pub(crate) fn len(&self) -> usize {
            self.executable.len()
        }

        pub(crate) fn executable(&self, offset: usize) -> *const u8 {
            self.executable.as_ptr().wrapping_add(offset)
        }

        pub(super) fn write(&self, offset: usize, bytes: &[u8]) {
            let to = self.writable.as_mut_ptr().wrapping_add(offset);
            // SAFETY: `publish` checked the range; the arena gave this place to one writer only.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        }
    }
}

#[cfg(target_vendor = "apple")]
mod system {
    use std::ptr::{self, NonNull};

    use super::{MapError, system_error};

    pub(crate) struct Map {
        start: NonNull<u8>,
        len: usize,
    }

    // SAFETY: the mapping is owned; each byte is written once, by one thread, before others may read it.
    unsafe impl Send for Map {}
    // SAFETY: as above.
    unsafe impl Sync for Map {}

    impl Map {
        pub(crate) fn reserve(len: usize) -> Result<Self, MapError> {
            let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_JIT;
            // SAFETY: a new anonymous mapping at an address of the system's choice.
            let start = unsafe { libc::mmap(ptr::null_mut(), len, protection, flags, -1, 0) };
            match NonNull::new(start.cast::<u8>()) {
                Some(start) if start.as_ptr().cast() != libc::MAP_FAILED => Ok(Self { start, len }),
                _ => Err(system_error("map memory for code", len)),
            }
        }

        pub(crate) fn len(&self) -> usize {
            self.len
        }

        pub(crate) fn executable(&self, offset: usize) -> *const u8 {
            self.start.as_ptr().wrapping_add(offset)
        }

        pub(super) fn write(&self, offset: usize, bytes: &[u8]) {
            let to = self.start.as_ptr().wrapping_add(offset);
            // SAFETY: `publish` checked the range; the arena gave this place to one writer only. Between the two calls
            // the pages are writable, for this thread alone, which runs none of them.
            unsafe {
                libc::pthread_jit_write_protect_np(0);
                ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
                libc::pthread_jit_write_protect_np(1);
            }
        }
    }

    impl Drop for Map {
        fn drop(&mut self) {
            // SAFETY: the mapping is ours, and no code in it can be named any more.
            unsafe {
                libc::munmap(self.start.as_ptr().cast(), self.len);
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod system {
    use memmap2::{MmapOptions, MmapRaw};

    use super::MapError;

    pub(crate) struct Map {
        memory: MmapRaw,
    }

    impl Map {
        pub(crate) fn reserve(len: usize) -> Result<Self, MapError> {
            match MmapOptions::new().len(len).map_anon() {
                Ok(memory) => Ok(Self { memory: memory.into() }),
                Err(error) => {
                    Err(MapError::System { action: "map memory for code", bytes: len, error })
                }
            }
        }

        pub(crate) fn len(&self) -> usize {
            self.memory.len()
        }

        pub(crate) fn executable(&self, offset: usize) -> *const u8 {
            self.memory.as_ptr().wrapping_add(offset)
        }

        pub(super) fn write(&self, offset: usize, bytes: &[u8]) {
            let to = self.memory.as_mut_ptr().wrapping_add(offset);
            // SAFETY: `publish` checked the range; the arena gave this place to one writer only.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        }
    }
}
