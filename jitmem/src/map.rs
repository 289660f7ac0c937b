//! The mapping itself, one way for each operating system. Each keeps the rule that no address is writable and
//! executable at the same time.
//!
//! - Linux: one memory file, mapped twice. Code is written through one view and runs in the other, whose protection
//!   never changes, so that threads may run neighbouring code while a function is published.
//! - Apple: `MAP_JIT`, whose pages are writable for the publishing thread and executable for all others.
//! - Elsewhere: plain memory, for the simulator; nothing ever jumps to it.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

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
    /// The caller (the arena) has this place to itself: nothing runs or reads these bytes yet.
    pub(crate) fn publish(&self, offset: usize, bytes: &[u8], contents: Contents) {
        assert!(offset.checked_add(bytes.len()).is_some_and(|end| end <= self.len()));
        self.write(offset, bytes);
        icache::synchronize(self.executable(offset), bytes.len());
        icache::other_cores_fetch_anew();
        if contents == Contents::Old {
            self.renew(offset, bytes.len());
        }
    }

    /// The word at a multiple of four.
    pub(crate) fn word(&self, offset: usize) -> u32 {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.len());
        // SAFETY: inside the mapping, readable and aligned; while it is shared, words change by atomic stores only.
        let word = unsafe { &*self.executable(offset).cast::<AtomicU32>() };
        u32::from_le(word.load(Ordering::Relaxed))
    }

    /// Replaces one word of published code.
    pub(crate) fn set_word(&self, offset: usize, word: u32) {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.len());
        self.write_word(offset, word.to_le());
        icache::synchronize(self.executable(offset), 4);
        self.renew(offset, 4);
    }
}

/// What was at a place before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contents {
    /// Nothing that ever ran.
    Fresh,
    /// Code that was dropped.
    Old,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::fs::File;
    use std::io::Error;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd, FromRawFd};
    use std::sync::atomic::{AtomicU32, Ordering};

    use memmap2::{Mmap, MmapOptions, MmapRaw};

    use super::{MapError, system_error};

    pub(crate) struct Map {
        writable: MmapRaw,
        executable: Mmap,
        /// Both views are of this file.
        file: File,
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
            // SAFETY: only this map writes to the file, and bytes that somebody may read by atomic stores only.
            let executable = unsafe { MmapOptions::new().len(len).map_exec(&file) }
                .map_err(failed("map memory for running code"))?;
            Ok(Self { writable, executable, file })
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

        pub(super) fn write_word(&self, offset: usize, word: u32) {
            let to = self.writable.as_mut_ptr().wrapping_add(offset).cast::<AtomicU32>();
            // SAFETY: `set_word` checked place and alignment; the word changes by atomic stores only.
            unsafe { &*to }.store(word, Ordering::Release);
        }

        /// For emulators that translate code once and look for changes in the page that is written only, not in the file
        /// behind it (QEMU's user mode before 8.1): mapping the pages anew makes them look again.
        pub(super) fn renew(&self, offset: usize, len: usize) {
            if !emulator::keeps_old_code() || len == 0 {
                return;
            }
            // SAFETY: asks for a number.
            let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
            let first = offset / page * page;
            let end = (offset + len).next_multiple_of(page).min(self.len().next_multiple_of(page));
            // SAFETY: the same part of the same file with the same protection in the same place: no byte changes.
            let mapped = unsafe {
                libc::mmap(
                    self.executable(first).cast_mut().cast(),
                    end - first,
                    libc::PROT_READ | libc::PROT_EXEC,
                    libc::MAP_SHARED | libc::MAP_FIXED,
                    self.file.as_raw_fd(),
                    first as libc::off_t,
                )
            };
            assert!(mapped != libc::MAP_FAILED, "{}", Error::last_os_error());
        }
    }

    #[cfg(not(target_arch = "aarch64"))]
    mod emulator {
        /// Nothing runs the code.
        pub(super) fn keeps_old_code() -> bool {
            false
        }
    }

    #[cfg(target_arch = "aarch64")]
    mod emulator {
        use std::sync::OnceLock;

        use super::Map;
        use crate::icache;

        /// Whether code that was replaced by the book still runs: tried once.
        pub(super) fn keeps_old_code() -> bool {
            static KEEPS: OnceLock<bool> = OnceLock::new();
            *KEEPS.get_or_init(|| try_it().unwrap_or(false))
        }

        /// `None` if there is no memory to try it in.
        fn try_it() -> Option<bool> {
            let map = Map::reserve(8).ok()?;
            let run = |number: u32| {
                let mov_x0 = 0xd280_0000 | number << 5;
                let ret = 0xd65f_03c0_u32;
                map.write(0, [mov_x0, ret].map(u32::to_le_bytes).as_flattened());
                icache::synchronize(map.executable(0), 8);
                // SAFETY: the two words are a function that returns a number.
                let function: extern "C" fn() -> u64 =
                    unsafe { std::mem::transmute(map.executable(0)) };
                function()
            };
            Some((run(1), run(2)) != (1, 2))
        }
    }
}

#[cfg(target_vendor = "apple")]
mod system {
    use std::ptr::{self, NonNull};
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{MapError, system_error};

    pub(crate) struct Map {
        start: NonNull<u8>,
        len: usize,
    }

    // SAFETY: the mapping is owned; bytes that others may read change by atomic stores only.
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

        pub(super) fn write_word(&self, offset: usize, word: u32) {
            let to = self.start.as_ptr().wrapping_add(offset).cast::<AtomicU32>();
            // SAFETY: `set_word` checked place and alignment; the word changes by atomic stores only. Writable as in `write`.
            unsafe {
                libc::pthread_jit_write_protect_np(0);
                (*to).store(word, Ordering::Release);
                libc::pthread_jit_write_protect_np(1);
            }
        }

        /// Processors see what was written.
        pub(super) fn renew(&self, _: usize, _: usize) {}
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
    use std::sync::atomic::{AtomicU32, Ordering};

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

        pub(super) fn write_word(&self, offset: usize, word: u32) {
            let to = self.memory.as_mut_ptr().wrapping_add(offset).cast::<AtomicU32>();
            // SAFETY: `set_word` checked place and alignment; the word changes by atomic stores only.
            unsafe { &*to }.store(word, Ordering::Release);
        }

        /// Nothing runs the code.
        pub(super) fn renew(&self, _: usize, _: usize) {}
    }
}
