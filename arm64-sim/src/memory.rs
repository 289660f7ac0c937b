//! The memory that simulated code sees, and the only unsafe code of this crate.
//!
//! *Open* memory is the host's at the host's addresses: an access does what the same access of native code would do,
//! a crash of the process for a wild address included. *Restricted* memory is a list of buffers that the simulator
//! owns, mapped at any addresses: nothing else can be touched.
//!
//! **Invariant**: a host address is dereferenced only while `direct_span` is not zero, and it is set to that only by
//! [`Memory::open`], whose caller has promised that the code may do with the process's memory what it does.
#![allow(unsafe_code)]

use crate::stop::{Access, Stop};
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

/// Addresses below this are never valid on any host: a null pointer with a field offset.
const LOWEST: u64 = 0x1_0000;
/// The user half of the address space of every 64-bit host is below this.
const HIGHEST: u64 = 1 << 48;
/// Bytes under the stack that count as a stack overflow when touched.
const GUARD: u64 = 0x1_0000;
/// Where the stack of a restricted simulator ends.
const RESTRICTED_STACK_TOP: u64 = 0x7f00_0000_0000;

/// What code may do with a range of a restricted simulator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Loads only.
    Read,
    /// Loads and stores.
    ReadWrite,
}

#[derive(Debug)]
struct Range {
    start: u64,
    bytes: Vec<u8>,
    permission: Permission,
}

impl Range {
    fn holds(&self, address: u64, size: u64) -> bool {
        let offset = address.wrapping_sub(self.start);
        let len = self.bytes.len() as u64;
        address >= self.start && offset <= len && len - offset >= size
    }
}

/// A plain integer in memory; sealed by being private to the crate.
pub(crate) trait Raw: Copy {
    const SIZE: u64;
    fn from_bytes(bytes: u128) -> Self;
    fn into_bytes(self) -> u128;
}

macro_rules! raw {
    ($($t:ty),*) => {$(
        impl Raw for $t {
            const SIZE: u64 = size_of::<$t>() as u64;
            #[inline]
            fn from_bytes(bytes: u128) -> Self { bytes as $t }
            #[inline]
            fn into_bytes(self) -> u128 { u128::from(self) }
        }
    )*};
}
raw!(u8, u16, u32, u64, u128);

/// Memory, with the stack of the simulated thread.
pub(crate) struct Memory {
    /// Addresses from [`LOWEST`] that are the host's: zero in restricted mode.
    direct_span: u64,
    guard: u64,
    /// The span of published code, where stores are looked at.
    code_low: u64,
    code_span: u64,
    ranges: Vec<Range>,
    last: usize,
    /// Lowest address that SP may have.
    pub(crate) stack_limit: u64,
    /// The initial SP.
    pub(crate) stack_top: u64,
    /// Keeps the stack of open mode alive.
    _stack: Vec<u128>,
    /// The local monitor: what the last load-exclusive saw.
    pub(crate) monitor: Option<Monitor>,
}

/// An address claimed by a load-exclusive, with the value it saw: a store-exclusive is a compare-and-swap with that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Monitor {
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) value: u128,
}

impl Memory {
    /// # Safety
    /// Simulated code reads and writes the process's memory: the caller promises that every access of the code that
    /// will run is one that native code of this process could make.
    pub(crate) unsafe fn open(stack_size: u64) -> Memory {
        let bytes = stack_size.next_multiple_of(16) + GUARD;
        let stack = vec![0u128; (bytes / 16) as usize];
        let low = stack.as_ptr().expose_provenance() as u64;
        Memory {
            direct_span: HIGHEST - LOWEST,
            guard: low,
            code_low: 0,
            code_span: 0,
            ranges: Vec::new(),
            last: 0,
            stack_limit: low + GUARD,
            stack_top: low + bytes,
            _stack: stack,
            monitor: None,
        }
    }

    /// Memory with nothing in it but a stack.
    pub(crate) fn restricted(stack_size: u64) -> Memory {
        let bytes = stack_size.next_multiple_of(16);
        let low = RESTRICTED_STACK_TOP - bytes;
        let stack =
            Range { start: low, bytes: vec![0; bytes as usize], permission: Permission::ReadWrite };
        Memory {
            direct_span: 0,
            guard: low - GUARD,
            code_low: 0,
            code_span: 0,
            ranges: vec![stack],
            last: 0,
            stack_limit: low,
            stack_top: RESTRICTED_STACK_TOP,
            _stack: Vec::new(),
            monitor: None,
        }
    }

    /// Is this address in the span of published code?
    pub(crate) fn is_code(&self, address: u64) -> bool {
        address.wrapping_sub(self.code_low) < self.code_span
    }

    pub(crate) fn is_open(&self) -> bool {
        self.direct_span != 0
    }

    /// Maps a buffer; false if it overlaps another, or the memory is the host's.
    pub(crate) fn map(&mut self, start: u64, bytes: Vec<u8>, permission: Permission) -> bool {
        let Some(end) = start.checked_add(bytes.len() as u64) else { return false };
        let clash = |r: &Range| start < r.start + r.bytes.len() as u64 && r.start < end;
        if self.is_open() || self.ranges.iter().any(clash) {
            return false;
        }
        self.ranges.push(Range { start, bytes, permission });
        true
    }

    /// Maps a copy of published code, so that its literals can be read; false if something else is there.
    pub(crate) fn map_code(&mut self, start: u64, words: &[u32]) -> bool {
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let same = |r: &&mut Range| r.start == start && r.bytes.len() == bytes.len();
        if let Some(range) = self.ranges.iter_mut().find(same) {
            range.bytes = bytes;
            return true;
        }
        self.map(start, bytes, Permission::Read)
    }

    /// The contents of a mapped buffer.
    pub(crate) fn mapped(&self, start: u64) -> Option<&[u8]> {
        self.ranges.iter().find(|r| r.start == start).map(|r| &*r.bytes)
    }

    /// Looks at stores in this span, which holds published code.
    pub(crate) fn watch_code(&mut self, low: u64, high: u64) {
        if self.code_span == 0 {
            (self.code_low, self.code_span) = (low, high - low);
        } else {
            let end = high.max(self.code_low + self.code_span);
            self.code_low = low.min(self.code_low);
            self.code_span = end - self.code_low;
        }
    }

    #[inline(always)]
    fn is_direct(&self, address: u64) -> bool {
        address.wrapping_sub(LOWEST) < self.direct_span && address.wrapping_sub(self.guard) >= GUARD
    }

    #[inline(always)]
    pub(crate) fn read<T: Raw>(&mut self, address: u64) -> Result<T, Stop> {
        if self.is_direct(address) {
            // SAFETY: the module's invariant.
            return Ok(unsafe { host::<T>(address).read_unaligned() });
        }
        self.read_slow(address, T::SIZE).map(T::from_bytes)
    }

    #[inline(always)]
    pub(crate) fn write<T: Raw>(&mut self, address: u64, value: T) -> Result<(), Stop> {
        if self.is_direct(address) && address.wrapping_sub(self.code_low) >= self.code_span {
            // SAFETY: the module's invariant.
            unsafe { host::<T>(address).write_unaligned(value) };
            return Ok(());
        }
        self.write_slow(address, T::SIZE, value.into_bytes())
    }

    fn refuse(&self, address: u64, size: u64, access: Access) -> Stop {
        if address.wrapping_sub(self.guard) < GUARD {
            return Stop::StackOverflow { address };
        }
        Stop::Memory { address, size, access }
    }

    /// The mapped range of a restricted access.
    fn range(&mut self, address: u64, size: u64, access: Access) -> Result<&mut Range, Stop> {
        if !self.ranges.get(self.last).is_some_and(|r| r.holds(address, size)) {
            let Some(found) = self.ranges.iter().position(|r| r.holds(address, size)) else {
                return Err(self.refuse(address, size, access));
            };
            self.last = found;
        }
        let stop = self.refuse(address, size, access);
        match self.ranges.get_mut(self.last) {
            Some(r) if access == Access::Read || r.permission == Permission::ReadWrite => Ok(r),
            _ => Err(stop),
        }
    }

    #[cold]
    #[inline(never)]
    fn read_slow(&mut self, address: u64, size: u64) -> Result<u128, Stop> {
        if self.is_open() {
            return Err(self.refuse(address, size, Access::Read));
        }
        let range = self.range(address, size, Access::Read)?;
        let at = (address - range.start) as usize;
        let mut bytes = [0; 16];
        bytes[..size as usize].copy_from_slice(&range.bytes[at..at + size as usize]);
        Ok(u128::from_le_bytes(bytes))
    }

    #[cold]
    #[inline(never)]
    fn write_slow(&mut self, address: u64, size: u64, value: u128) -> Result<(), Stop> {
        if address.wrapping_sub(self.code_low) < self.code_span {
            return Err(Stop::StoreToCode { address });
        }
        if self.is_open() {
            return Err(self.refuse(address, size, Access::Write));
        }
        let range = self.range(address, size, Access::Write)?;
        let at = (address - range.start) as usize;
        range.bytes[at..at + size as usize].copy_from_slice(&value.to_le_bytes()[..size as usize]);
        Ok(())
    }

    /// Reads `size` bytes, 1 to 16.
    pub(crate) fn read_sized(&mut self, address: u64, size: u64) -> Result<u128, Stop> {
        Ok(match size {
            1 => self.read::<u8>(address)?.into_bytes(),
            2 => self.read::<u16>(address)?.into_bytes(),
            4 => self.read::<u32>(address)?.into_bytes(),
            8 => self.read::<u64>(address)?.into_bytes(),
            _ => self.read::<u128>(address)?,
        })
    }

    /// Writes `size` bytes, 1 to 16.
    pub(crate) fn write_sized(&mut self, address: u64, size: u64, value: u128) -> Result<(), Stop> {
        match size {
            1 => self.write(address, value as u8),
            2 => self.write(address, value as u16),
            4 => self.write(address, value as u32),
            8 => self.write(address, value as u64),
            _ => self.write(address, value),
        }
    }

    /// Would a store here be allowed? Read-modify-write instructions ask first.
    fn check_write(&mut self, address: u64, size: u64) -> Result<(), Stop> {
        if address.wrapping_sub(self.code_low) < self.code_span {
            return Err(Stop::StoreToCode { address });
        }
        if self.is_open() {
            return if self.is_direct(address) {
                Ok(())
            } else {
                Err(self.refuse(address, size, Access::Write))
            };
        }
        self.range(address, size, Access::Write).map(|_| ())
    }

    /// Compares and swaps; the old value comes back. With the host's memory it is the host's sequentially consistent
    /// atomic, so that simulated code may share data with other threads; 16 bytes are not atomic.
    pub(crate) fn compare_and_swap(
        &mut self,
        address: u64,
        size: u64,
        expected: u128,
        new: u128,
    ) -> Result<u128, Stop> {
        if !address.is_multiple_of(size) {
            return Err(Stop::Unaligned { address, size });
        }
        self.check_write(address, size)?;
        macro_rules! swap {
            ($atomic:ty, $t:ty) => {{
                // SAFETY: the module's invariant; the alignment was checked above.
                let cell = unsafe { <$atomic>::from_ptr(host::<$t>(address)) };
                let order = (Ordering::SeqCst, Ordering::SeqCst);
                match cell.compare_exchange(expected as $t, new as $t, order.0, order.1) {
                    Ok(old) | Err(old) => u128::from(old),
                }
            }};
        }
        Ok(match size {
            1 if self.is_open() => swap!(AtomicU8, u8),
            2 if self.is_open() => swap!(AtomicU16, u16),
            4 if self.is_open() => swap!(AtomicU32, u32),
            8 if self.is_open() => swap!(AtomicU64, u64),
            _ => {
                let old = self.read_sized(address, size)?;
                if old == expected {
                    self.write_sized(address, size, new)?;
                }
                old
            }
        })
    }

    /// Reads, applies `f`, writes, atomically as [`Memory::compare_and_swap`] is; the old value comes back.
    pub(crate) fn update(
        &mut self,
        address: u64,
        size: u64,
        f: impl Fn(u128) -> u128,
    ) -> Result<u128, Stop> {
        if !address.is_multiple_of(size) {
            return Err(Stop::Unaligned { address, size });
        }
        self.check_write(address, size)?;
        let mut old = self.read_sized(address, size)?;
        loop {
            let seen = self.compare_and_swap(address, size, old, f(old))?;
            if seen == old {
                return Ok(old);
            }
            old = seen;
        }
    }

    /// The first word at `address` that is not the one published, as its index and what is there now.
    pub(crate) fn first_difference(&self, address: u64, words: &[u32]) -> Option<(usize, u32)> {
        if !self.is_open() {
            return None;
        }
        // SAFETY: the module's invariant: published words are code in memory that can be read while it is published.
        let now =
            unsafe { core::slice::from_raw_parts(host::<u32>(address).cast_const(), words.len()) };
        if now == words {
            return None;
        }
        let at = now.iter().zip(words).position(|(a, b)| a != b)?;
        Some((at, now[at]))
    }
}

/// A host pointer out of a register of simulated code.
#[inline(always)]
fn host<T>(address: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut(address as usize)
}
