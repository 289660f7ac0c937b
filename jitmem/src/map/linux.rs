//! Linux and Android: a memory file that is mapped twice, or pages that are exchanged by changed copies.

use std::fs::File;
use std::io::Error;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use libc::c_int;
use memmap2::{Mmap, MmapOptions, MmapRaw};

use super::{View, store, system_error};
use crate::error::MapError;

/// The protection of code; with `landing_pads`, indirect branches enter it at `bti` only, if the CPU can be told so.
fn protection_of_code(landing_pads: bool) -> c_int {
    /// `PROT_BTI` (asm/mman.h of arm64).
    const PROT_BTI: c_int = 0x10;
    let has_bti = landing_pads && crate::has_landing_pads();
    libc::PROT_READ | libc::PROT_EXEC | if has_bti { PROT_BTI } else { 0 }
}

fn page_size() -> usize {
    // SAFETY: asks for a number.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

/// A memory file, mapped twice.
pub(super) struct Double {
    writable: MmapRaw,
    executable: Mmap,
    protection: c_int,
    /// Both views are of this file.
    file: File,
    /// The process that made it. Others share the file, and do not know what this one changes.
    owner: u32,
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

impl Double {
    pub(super) fn reserve(len: usize, landing_pads: bool) -> Result<Self, MapError> {
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
        let protection = protection_of_code(landing_pads);
        if protection != protection_of_code(false) {
            let start = executable.as_ptr().cast_mut().cast();
            // SAFETY: the mapping is ours, and nothing is in it.
            if unsafe { libc::mprotect(start, len, protection) } != 0 {
                return Err(system_error("protect code by landing pads", len));
            }
        }
        Ok(Self { writable, executable, protection, file, owner: std::process::id() })
    }
}

impl View for Double {
    fn len(&self) -> usize {
        self.executable.len()
    }

    fn executable(&self, offset: usize) -> *const u8 {
        self.executable.as_ptr().wrapping_add(offset)
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MapError> {
        let to = self.writable.as_mut_ptr().wrapping_add(offset);
        // SAFETY: `publish` checked the range; the arena gave this place to one writer only.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        Ok(())
    }

    fn write_word(&self, offset: usize, word: u32) -> Result<(), MapError> {
        // SAFETY: `set_word` checked place and alignment; the word changes by atomic stores only.
        unsafe { store(self.writable.as_mut_ptr().wrapping_add(offset), word) }
        Ok(())
    }

    /// For emulators that translate code once and look for changes in the page that is written only, not in the file
    /// behind it (QEMU's user mode before 8.1): mapping the pages anew makes them look again.
    fn renew(&self, offset: usize, len: usize) {
        if !emulator::keeps_old_code() || len == 0 {
            return;
        }
        let page = page_size();
        let first = offset / page * page;
        let end = (offset + len).next_multiple_of(page).min(self.len().next_multiple_of(page));
        // SAFETY: the same part of the same file with the same protection in the same place: no byte changes.
        let mapped = unsafe {
            libc::mmap(
                self.executable(first).cast_mut().cast(),
                end - first,
                self.protection,
                libc::MAP_SHARED | libc::MAP_FIXED,
                self.file.as_raw_fd(),
                first as libc::off_t,
            )
        };
        assert!(mapped != libc::MAP_FAILED, "{}", Error::last_os_error());
    }

    fn may_change(&self) -> Result<(), MapError> {
        if std::process::id() == self.owner { Ok(()) } else { Err(MapError::Forked) }
    }
}

/// Private memory that is never writable: pages are exchanged by copies.
pub(super) struct Protect {
    start: NonNull<u8>,
    len: usize,
    page: usize,
    protection: c_int,
    /// One thread at a time copies pages.
    exchange: Mutex<()>,
}

// SAFETY: the mapping is owned; its pages are exchanged under a lock.
unsafe impl Send for Protect {}
// SAFETY: as above.
unsafe impl Sync for Protect {}

impl Protect {
    pub(super) fn reserve(len: usize, landing_pads: bool) -> Result<Self, MapError> {
        let page = page_size();
        let protection = protection_of_code(landing_pads);
        let start =
            map_private(len, protection).ok_or_else(|| system_error("map memory for code", len))?;
        Ok(Self { start, len, page, protection, exchange: Mutex::new(()) })
    }

    /// Puts copies of the pages of some bytes in their place, after `change` has had the bytes.
    ///
    /// The kernel exchanges pages in one step for all threads: those that run code there run the old page or the new one,
    /// which differ in the changed bytes only. What is writable is not yet there where code runs.
    fn exchange(
        &self,
        offset: usize,
        len: usize,
        change: impl FnOnce(*mut u8),
    ) -> Result<(), MapError> {
        let first = offset / self.page * self.page;
        let bytes = (offset + len).next_multiple_of(self.page) - first;
        let refused = || system_error("exchange pages of code", bytes);
        let _lock = self.exchange.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = map_private(bytes, libc::PROT_READ | libc::PROT_WRITE).ok_or_else(refused)?;
        let place = self.executable(first);
        // SAFETY: both are mapped for so many bytes, and under the lock nobody changes the pages. The copy is ours alone until
        // it takes their place, with their protection.
        unsafe {
            ptr::copy_nonoverlapping(place, copy.as_ptr(), bytes);
            change(copy.as_ptr().wrapping_add(offset - first));
            crate::icache::synchronize(copy.as_ptr(), bytes);
            let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
            let copy = copy.as_ptr().cast();
            if libc::mprotect(copy, bytes, self.protection) != 0
                || libc::mremap(copy, bytes, bytes, flags, place) == libc::MAP_FAILED
            {
                let error = refused();
                libc::munmap(copy, bytes);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Private memory of the system's choice.
fn map_private(len: usize, protection: c_int) -> Option<NonNull<u8>> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new anonymous mapping.
    let start = unsafe { libc::mmap(ptr::null_mut(), len, protection, flags, -1, 0) };
    if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast()) }
}

impl View for Protect {
    fn len(&self) -> usize {
        self.len
    }

    fn executable(&self, offset: usize) -> *const u8 {
        self.start.as_ptr().wrapping_add(offset)
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), MapError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.exchange(offset, bytes.len(), |to| {
            // SAFETY: `exchange` gives room for so many bytes, which nobody else has.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        })
    }

    fn write_word(&self, offset: usize, word: u32) -> Result<(), MapError> {
        // SAFETY: `exchange` gives room for the word, which nobody else has; `set_word` checked the alignment.
        self.exchange(offset, 4, |to| unsafe { store(to, word) })
    }
}

impl Drop for Protect {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no code in it can be named any more.
        unsafe {
            libc::munmap(self.start.as_ptr().cast(), self.len);
        }
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

    use super::{Double, View};
    use crate::icache;

    /// Returns `true` if code that was replaced by the book still runs: tried once.
    pub(super) fn keeps_old_code() -> bool {
        static KEEPS: OnceLock<bool> = OnceLock::new();
        *KEEPS.get_or_init(|| try_it().unwrap_or(false))
    }

    /// `None` if there is no memory to try it in.
    fn try_it() -> Option<bool> {
        let map = Double::reserve(8, false).ok()?;
        let run = |number: u32| {
            let mov_x0 = 0xd280_0000 | number << 5;
            let ret = 0xd65f_03c0_u32;
            map.write(0, [mov_x0, ret].map(u32::to_le_bytes).as_flattened()).ok()?;
            icache::synchronize(map.executable(0), 8);
            // SAFETY: the two words are a function that returns a number.
            let function: extern "C" fn() -> u64 =
                unsafe { std::mem::transmute(map.executable(0)) };
            Some(function())
        };
        Some((run(1)?, run(2)?) != (1, 2))
    }
}
