//! What debuggers, profilers and unwinders of the system are told of code: the interfaces that are addresses and calls rather
//! than files. The tables themselves are made elsewhere.

use std::fs::File;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memmap2::{Mmap, MmapOptions};

use crate::error::MapError;

/// An object file in memory that debuggers know of as long as this lives, by the *JIT compilation interface* of GDB, which LLDB
/// has as well.
#[derive(Debug)]
pub struct DebugObject {
    entry: *mut Entry,
    _object: Box<[u8]>,
}

// SAFETY: the entry is only touched under the lock of the list; debuggers stop the process before they look.
unsafe impl Send for DebugObject {}
// SAFETY: a shared object is not touched at all.
unsafe impl Sync for DebugObject {}

/// `struct jit_code_entry`
#[repr(C)]
struct Entry {
    next: *mut Entry,
    previous: *mut Entry,
    object: *const u8,
    size: u64,
}

/// `struct jit_descriptor`
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

/// `JIT_REGISTER_FN` and `JIT_UNREGISTER_FN`
const REGISTER: u32 = 1;
const UNREGISTER: u32 = 2;

/// Found by its name.
#[unsafe(no_mangle)]
static mut __jit_debug_descriptor: Descriptor =
    Descriptor { version: 1, action: 0, relevant: ptr::null_mut(), first: ptr::null_mut() };

/// Debuggers stop the process here and look at the descriptor.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn __jit_debug_register_code() {
    // Without a body calls of it would be left out.
    std::hint::black_box(&raw const __jit_debug_descriptor);
}

/// Guards the descriptor and its list.
static LIST: Mutex<()> = Mutex::new(());

fn list() -> MutexGuard<'static, ()> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DebugObject {
    /// Tells debuggers of an object file (ELF) whose sections have the addresses of code.
    #[must_use]
    pub fn register(object: Box<[u8]>) -> Self {
        let (start, size) = (object.as_ptr(), object.len() as u64);
        let (next, previous) = (ptr::null_mut(), ptr::null_mut());
        let entry = Box::into_raw(Box::new(Entry { next, previous, object: start, size }));
        let lock = list();
        // SAFETY: the lock is held; entries of the list live until they are taken out of it.
        unsafe {
            let first = __jit_debug_descriptor.first;
            (*entry).next = first;
            if let Some(first) = first.as_mut() {
                first.previous = entry;
            }
            __jit_debug_descriptor.first = entry;
            tell(REGISTER, entry);
        }
        drop(lock);
        Self { entry, _object: object }
    }
}

impl Drop for DebugObject {
    fn drop(&mut self) {
        let _lock = list();
        // SAFETY: as in `register`; nobody else frees the entry.
        unsafe {
            let Entry { next, previous, .. } = *self.entry;
            match previous.as_mut() {
                Some(previous) => previous.next = next,
                None => __jit_debug_descriptor.first = next,
            }
            if let Some(next) = next.as_mut() {
                next.previous = previous;
            }
            tell(UNREGISTER, self.entry);
            drop(Box::from_raw(self.entry));
        }
    }
}

/// # Safety
/// The lock is held.
unsafe fn tell(action: u32, entry: *mut Entry) {
    // SAFETY: the caller's promise.
    unsafe {
        __jit_debug_descriptor.action = action;
        __jit_debug_descriptor.relevant = entry;
        __jit_debug_register_code();
        __jit_debug_descriptor.action = 0;
    }
}

/// Call frame information that the unwinder of this process knows of as long as this lives.
#[derive(Debug)]
pub struct UnwindTable {
    words: Box<[u64]>,
    /// Where its FDEs are, in bytes.
    descriptions: Box<[usize]>,
}

impl UnwindTable {
    /// Registers a section `.eh_frame`, which ends in an entry of length zero and whose FDEs are at these offsets.
    ///
    /// # Safety
    /// The section is well-formed, and true of code that runs while this lives.
    #[must_use]
    pub unsafe fn register(section: &[u8], descriptions: Box<[usize]>) -> Self {
        // Unwinders read it as aligned words.
        let words = section.chunks(8).map(|bytes| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_ne_bytes(word)
        });
        let table = Self { words: words.collect(), descriptions };
        table.each(unwinder::register);
        table
    }

    fn each(&self, act: unsafe fn(*const u8)) {
        let start = self.words.as_ptr().cast::<u8>();
        // SAFETY: as `register` was promised; the words stay where they are until `drop` has taken them back.
        let act = |at: usize| unsafe { act(start.wrapping_add(at)) };
        if unwinder::takes_sections() {
            act(0)
        } else {
            self.descriptions.iter().copied().for_each(act)
        }
    }
}

impl Drop for UnwindTable {
    fn drop(&mut self) {
        self.each(unwinder::deregister);
    }
}

#[cfg(all(target_arch = "aarch64", unix))]
mod unwinder {
    unsafe extern "C" {
        fn __register_frame(begin: *const u8);
        fn __deregister_frame(begin: *const u8);
    }

    pub(super) unsafe fn register(begin: *const u8) {
        // SAFETY: the caller's promise.
        unsafe { __register_frame(begin) }
    }

    pub(super) unsafe fn deregister(begin: *const u8) {
        // SAFETY: the caller's promise.
        unsafe { __deregister_frame(begin) }
    }

    // Stable Rust has no weak symbols; the assembler does.
    #[cfg(not(target_vendor = "apple"))]
    std::arch::global_asm!(
        ".weak __unw_add_dynamic_fde",
        ".pushsection .data.rel.ro.jitmem_unwinder, \"aw\"",
        ".p2align 3",
        ".hidden jitmem_unw_add_dynamic_fde",
        ".globl jitmem_unw_add_dynamic_fde",
        "jitmem_unw_add_dynamic_fde: .xword __unw_add_dynamic_fde",
        ".popsection",
    );

    #[cfg(not(target_vendor = "apple"))]
    unsafe extern "C" {
        static jitmem_unw_add_dynamic_fde: usize;
    }

    /// The functions of these names take a whole section in libgcc, one FDE in LLVM's libunwind, which is known by a function
    /// that only it has.
    pub(super) fn takes_sections() -> bool {
        #[cfg(target_vendor = "apple")]
        return false;
        // SAFETY: the word above; the linker has put the function's address or zero there.
        #[cfg(not(target_vendor = "apple"))]
        return unsafe { jitmem_unw_add_dynamic_fde } == 0;
    }
}

/// Nothing unwinds through ARM64 code on such a host.
#[cfg(not(all(target_arch = "aarch64", unix)))]
mod unwinder {
    pub(super) unsafe fn register(_: *const u8) {}

    pub(super) unsafe fn deregister(_: *const u8) {}

    pub(super) fn takes_sections() -> bool {
        true
    }
}

/// A page of a file that is mapped, which tells profilers that the process has this file.
#[derive(Debug)]
pub struct Marker {
    _map: Mmap,
}

impl Marker {
    /// Maps the first page of `file`, as code, which is what `perf` looks for.
    ///
    /// # Errors
    /// The operating system refuses, for instance on a file system without programs.
    pub fn map(file: &File) -> Result<Self, MapError> {
        // SAFETY: nobody reads the map.
        let map = unsafe { MmapOptions::new().len(1).map_exec(file) };
        let map = map.map_err(|error| {
            let action = "map a page of the file that tells profilers of code";
            MapError::System { action, bytes: 1, error }
        })?;
        Ok(Self { _map: map })
    }
}

/// Nanoseconds of the monotonic clock, which `perf record -k mono` has as well.
#[must_use]
pub fn monotonic_nanoseconds() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a `timespec` for the time of the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    assert!(result == 0, "every system has a monotonic clock");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The number of this thread, where threads have numbers; else that of the process.
#[must_use]
pub fn thread_number() -> u32 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: asks for a number.
        unsafe { libc::syscall(libc::SYS_gettid) as u32 }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    std::process::id()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects() -> Vec<u64> {
        let _lock = list();
        let mut sizes = Vec::new();
        // SAFETY: the lock is held.
        unsafe {
            let mut entry = __jit_debug_descriptor.first;
            let mut previous = ptr::null_mut();
            while let Some(here) = entry.as_ref() {
                assert_eq!(here.previous, previous);
                sizes.push(here.size);
                (previous, entry) = (entry, here.next);
            }
        }
        sizes
    }

    #[test]
    fn debuggers_find_what_lives() {
        let mut all: Vec<DebugObject> =
            (1..4).map(|len| DebugObject::register(vec![0; len].into())).collect();
        assert_eq!(objects(), [3, 2, 1]);
        drop(all.remove(1));
        assert_eq!(objects(), [3, 1]);
        drop(all.remove(1));
        assert_eq!(objects(), [1]);
        drop(all);
        assert_eq!(objects(), []);
    }
}
