//! Making instruction fetch see what was written as data (Arm ARM, B2.7.4: "Concurrent modification and execution of
//! instructions", and the sequence of K11.5).

/// Makes instruction fetch find the `len` bytes at `start` as they are in memory now; a core that has fetched them before
/// may still run those, until it [fetches anew](other_cores_fetch_anew).
pub(crate) fn synchronize(start: *const u8, len: usize) {
    if len > 0 {
        sequence::run(start, len);
    }
}

/// What `isb` does here, on every core that runs a thread of this process. A kernel that cannot leaves it to the cores,
/// which fetch anew at the latest when they take an interrupt.
pub(crate) fn other_cores_fetch_anew() {
    #[cfg(all(target_arch = "aarch64", any(target_os = "linux", target_os = "android")))]
    {
        let barrier = |command: libc::c_int| {
            // SAFETY: the call takes numbers only and changes no memory.
            unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) }
        };
        // It fails until the process has registered, once.
        if barrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) != 0
            && barrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) == 0
        {
            barrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
        }
    }
}

#[cfg(all(target_arch = "aarch64", not(target_vendor = "apple")))]
mod sequence {
    use std::arch::asm;

    pub(super) fn run(start: *const u8, len: usize) {
        let (first, end) = (start.addr(), start.addr() + len);
        let (data_line, instruction_line) = line_sizes();
        let lines = |size: usize| (first & !(size - 1)..end).step_by(size);
        // Clean the data cache to the point of unification, so that instruction fetch can find the words there.
        for line in lines(data_line) {
            // SAFETY: cleaning a line changes no value; the address is mapped.
            unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) }
        }
        // The cleaning must be complete on all cores before anything is invalidated.
        // SAFETY: a barrier.
        unsafe { asm!("dsb ish", options(nostack, preserves_flags)) }
        // Drop what instruction caches hold of these lines.
        for line in lines(instruction_line) {
            // SAFETY: invalidating a line changes no value; the address is mapped.
            unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) }
        }
        // The invalidation must be complete on all cores, and this one must fetch anew.
        // SAFETY: barriers.
        unsafe { asm!("dsb ish", "isb", options(nostack, preserves_flags)) }
    }

    /// The smallest lines of the data and instruction caches in bytes. Read each time: cores of one machine may differ.
    fn line_sizes() -> (usize, usize) {
        let ctr: usize;
        // SAFETY: CTR_EL0 may be read in user mode.
        unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack, preserves_flags)) }
        // DminLine and IminLine: log2 of the number of words.
        let bytes = |log2_words: usize| 4 << (log2_words & 0xf);
        (bytes(ctr >> 16), bytes(ctr))
    }
}

#[cfg(all(target_arch = "aarch64", target_vendor = "apple"))]
mod sequence {
    unsafe extern "C" {
        // libkern/OSCacheControl.h
        fn sys_icache_invalidate(start: *mut libc::c_void, len: libc::size_t);
    }

    pub(super) fn run(start: *const u8, len: usize) {
        // SAFETY: the range is mapped.
        unsafe { sys_icache_invalidate(start.cast_mut().cast(), len) }
    }
}

/// Nothing jumps to ARM64 code on such a host.
#[cfg(not(target_arch = "aarch64"))]
mod sequence {
    pub(super) fn run(_: *const u8, _: usize) {}
}
