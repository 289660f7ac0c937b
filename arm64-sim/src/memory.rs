//! The memory that simulated code sees, and the only unsafe code of this crate.
//!
//! *Open* memory is the host's at the host's addresses: an access does what the same access of native code would do,
//! a crash of the process for a wild address included. *Restricted* memory is a list of ranges, at any addresses:
//! nothing else can be touched.
//!
//! **Invariant**: a host address is dereferenced only if one of two things holds. The memory is open: only
//! [`Memory::open`] makes it so, whose caller has promised that the code may do with the process's memory what it does.
//! Or it is in a [`Range`]: that of the stack, of a buffer that the range owns, or of memory whose owner has promised in
//! [`Memory::map_host`] that it stays. A [`Window`] holds such addresses only.
#![allow(unsafe_code)]

use crate::stop::{Access, Stop};
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::collections::BTreeMap;

use memmap2::{MmapMut, MmapOptions};

/// Addresses below this are never valid on any host: a null pointer with a field offset.
const LOWEST: u64 = 0x1_0000;
/// The user half of the address space of every 64-bit host is below this.
const HIGHEST: u64 = 1 << 48;
/// Bytes under the stack that count as a stack overflow when touched.
const GUARD: u64 = 0x1_0000;
/// Where the stack of a restricted simulator ends, unless it lies where the host has it.
const RESTRICTED_STACK_TOP: u64 = 0x7f00_0000_0000;
/// Bytes of the widest access.
const WIDEST: u64 = 16;
/// Bytes of the stack that are kept from call to call. A call that went deeper gives the stack back.
const KEPT_STACK: u64 = 256 << 10;

/// What code may do with a range of a restricted simulator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Loads only.
    Read,
    /// Loads and stores.
    ReadWrite,
}

/// Addresses of a restricted simulator, and the host's memory behind them.
#[derive(Debug)]
struct Range {
    start: u64,
    len: u64,
    /// The host's address of the first byte.
    host: u64,
    permission: Permission,
    /// The memory itself, if it is the range's own.
    own: Vec<u8>,
    /// `true` if it is there for a call only.
    lent: bool,
}

impl Range {
    fn owning(start: u64, mut own: Vec<u8>, permission: Permission) -> Range {
        let host = own.as_mut_ptr().expose_provenance() as u64;
        Range { start, len: own.len() as u64, host, permission, own, lent: false }
    }

    fn holds(&self, address: u64, size: u64) -> bool {
        let offset = address.wrapping_sub(self.start);
        let len = self.len;
        address >= self.start && offset <= len && len - offset >= size
    }
}

/// Addresses that are the host's, where accesses of up to [`WIDEST`] bytes need no more questions.
#[derive(Clone, Copy, Default)]
struct Window {
    low: u64,
    span: u64,
}

impl Window {
    /// The addresses in a range that has room for the widest access behind them.
    fn of(range: &Range) -> Window {
        let direct = range.host == range.start && range.permission == Permission::ReadWrite;
        let span = if direct { (range.len + 1).saturating_sub(WIDEST) } else { 0 };
        Window { low: range.start, span }
    }

    #[inline(always)]
    fn holds(self, address: u64) -> bool {
        address.wrapping_sub(self.low) < self.span
    }
}

/// A plain integer in memory; sealed by being private to the crate.
pub(crate) trait Raw: Copy {
    const SIZE: u64;
    fn into_bytes(self) -> u128;
}

macro_rules! raw {
    ($($t:ty),*) => {$(
        impl Raw for $t {
            const SIZE: u64 = size_of::<$t>() as u64;
            #[inline]
            fn into_bytes(self) -> u128 { u128::from(self) }
        }
    )*};
}
raw!(u8, u16, u32, u64, u128);

/// Memory, with the stack of the simulated thread.
pub(crate) struct Memory {
    open: bool,
    /// What is direct: in open mode everything above the guard and everything below it, otherwise the stack and the first
    /// memory of the host that was mapped.
    windows: [Window; 2],
    /// The lowest of the [`GUARD`] bytes below the stack.
    guard: u64,
    /// The span of published code, where stores are looked at.
    code_low: u64,
    code_span: u64,
    /// Ends by start of what in it is code. They do not touch each other.
    code: BTreeMap<u64, u64>,
    /// In restricted mode the first is the stack.
    ranges: Vec<Range>,
    last: usize,
    /// Lowest address that SP may have without a question: [`Memory::deepen`] lowers it.
    pub(crate) stack_limit: u64,
    /// The initial SP.
    pub(crate) stack_top: u64,
    /// Bytes from the lowest SP to the highest.
    stack_size: u64,
    /// Does the stack lie where the host has it?
    host_stack: bool,
    /// The stack with its guard below; `None` if there is no memory for it. Mapped, not allocated, so that
    /// only what was touched takes memory, and what is given back goes back.
    stack: Option<MmapMut>,
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
        let mut memory = Memory::restricted(stack_size, true);
        memory.open = true;
        memory.open_windows();
        memory
    }

    /// Memory with nothing in it but a stack: where the host has it, or else at an address that is always the same.
    pub(crate) fn restricted(stack_size: u64, host_stack: bool) -> Memory {
        let stack = Range::owning(0, Vec::new(), Permission::ReadWrite);
        let mut memory = Memory {
            open: false,
            windows: [Window::default(); 2],
            guard: 0,
            code_low: 0,
            code_span: 0,
            code: BTreeMap::new(),
            ranges: vec![stack],
            last: 0,
            stack_limit: 0,
            stack_top: 0,
            stack_size,
            host_stack,
            stack: None,
            monitor: None,
        };
        // A call asks again, and tells it if there is none.
        let _ = memory.renew_stack();
        memory
    }

    /// The lowest SP and the highest.
    pub(crate) fn stack(&self) -> (u64, u64) {
        (self.guard + GUARD, self.stack_top)
    }

    pub(crate) fn has_stack(&self) -> bool {
        self.stack.is_some()
    }

    /// May SP be this address, which [`Memory::stack_limit`] did not expect?
    #[cold]
    pub(crate) fn deepen(&mut self, sp: u64) -> bool {
        let (end, top) = self.stack();
        let inside = (end..=top).contains(&sp);
        if inside {
            self.stack_limit = end;
        }
        inside
    }

    /// Was more of the stack used than is worth keeping?
    pub(crate) fn is_deep(&self) -> bool {
        self.stack_top - self.stack_limit > KEPT_STACK
    }

    /// Gives the stack back and takes a new one, all zeros; an error if there is no memory for it.
    pub(crate) fn renew_stack(&mut self) -> Result<(), Stop> {
        self.stack = None;
        self.stack = self.map_stack();
        let (host, size) = match &mut self.stack {
            Some(map) => (map.as_mut_ptr().expose_provenance() as u64, map.len() as u64 - GUARD),
            None => (0, 0),
        };
        let end = if self.host_stack { host + GUARD } else { RESTRICTED_STACK_TOP - size };
        self.guard = end - GUARD;
        self.stack_top = end + size;
        self.stack_limit = self.stack_top - size.min(KEPT_STACK);
        let range = &mut self.ranges[0];
        (range.start, range.len, range.host) = (end, size, host + GUARD);
        if self.open {
            self.open_windows();
        } else {
            self.windows[0] = Window::of(&self.ranges[0]);
        }
        if host == 0 { Err(Stop::OutOfMemory { bytes: self.stack_size }) } else { Ok(()) }
    }

    fn open_windows(&mut self) {
        let above = self.guard + GUARD;
        self.windows = [
            Window { low: above, span: HIGHEST - above },
            Window { low: LOWEST, span: self.guard.saturating_sub(LOWEST) },
        ];
    }

    fn map_stack(&self) -> Option<MmapMut> {
        let bytes = self.stack_size.checked_next_multiple_of(16)?.checked_add(GUARD)?;
        // A stack that ends at the fixed address begins above zero.
        let bytes = usize::try_from(bytes).ok().filter(|_| bytes < RESTRICTED_STACK_TOP)?;
        MmapOptions::new().len(bytes).no_reserve_swap().map_anon().ok()
    }

    /// Is this address in the span of published code?
    #[inline(always)]
    pub(crate) fn is_code(&self, address: u64) -> bool {
        address.wrapping_sub(self.code_low) < self.code_span
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Maps a buffer; false if it overlaps another, or the memory is the host's.
    pub(crate) fn map(&mut self, start: u64, bytes: Vec<u8>, permission: Permission) -> bool {
        self.add(Range::owning(start, bytes, permission))
    }

    /// Maps memory of the host where the host has it; false as for [`Memory::map`].
    ///
    /// # Safety
    /// For as long as this memory lives, simulated code may do with the range what `permission` says.
    pub(crate) unsafe fn map_host(
        &mut self,
        range: core::ops::Range<u64>,
        permission: Permission,
    ) -> bool {
        let (start, len) = (range.start, range.end.saturating_sub(range.start));
        self.add(Range { start, len, host: start, permission, own: Vec::new(), lent: false })
    }

    /// Maps memory of the host until [`Memory::take_back`]. Ranges that are only read may overlap.
    ///
    /// # Safety
    /// Until then, simulated code may do with the range what `permission` says.
    pub(crate) unsafe fn lend(&mut self, range: core::ops::Range<u64>, permission: Permission) {
        let (start, len) = (range.start, range.end.saturating_sub(range.start));
        self.ranges.push(Range {
            start,
            len,
            host: start,
            permission,
            own: Vec::new(),
            lent: true,
        });
    }

    /// Forgets what was lent.
    pub(crate) fn take_back(&mut self) {
        self.ranges.retain(|range| !range.lent);
        self.last = 0;
    }

    fn add(&mut self, range: Range) -> bool {
        let Some(end) = range.start.checked_add(range.len) else { return false };
        let clash = |r: &Range| range.start < r.start + r.len && r.start < end;
        if self.is_open() || self.ranges.iter().any(clash) {
            return false;
        }
        if self.windows[1].span == 0 {
            self.windows[1] = Window::of(&range);
        }
        self.ranges.push(range);
        true
    }

    /// Maps a copy of published code, so that its literals can be read, unless the host's own code is mapped there; false
    /// if something else is there.
    pub(crate) fn map_code(&mut self, start: u64, words: &[u32]) -> bool {
        let len = words.len() as u64 * 4;
        let holds = |r: &Range| r.start <= start && start - r.start + len <= r.len;
        if self
            .ranges
            .iter()
            .any(|r| r.own.is_empty() && r.permission == Permission::Read && holds(r))
        {
            return true;
        }
        let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let range = Range::owning(start, bytes, Permission::Read);
        let same = |r: &&mut Range| r.start == start && r.own.len() == range.own.len();
        if let Some(before) = self.ranges.iter_mut().find(same) {
            *before = range;
            return true;
        }
        self.add(range)
    }

    /// The contents of a mapped buffer.
    pub(crate) fn mapped(&self, start: u64) -> Option<&[u8]> {
        self.ranges.iter().find(|r| r.start == start).map(|r| &*r.own)
    }

    /// Looks at stores in this range, which holds published code.
    pub(crate) fn watch_code(&mut self, low: u64, high: u64) {
        let (mut start, mut end) = (low, high);
        while let Some((&before, &until)) = self.code.range(..=end).next_back()
            && until >= start
        {
            self.code.remove(&before);
            (start, end) = (start.min(before), end.max(until));
        }
        self.code.insert(start, end);
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
        self.windows[0].holds(address) || self.windows[1].holds(address)
    }

    /// Is this the host's at the host's address, and is that all there is to it?
    #[inline(always)]
    pub(crate) fn reaches(&self, address: u64, access: Access) -> bool {
        self.is_direct(address) && (access == Access::Read || !self.is_code(address))
    }

    /// Reads what is the host's at the host's address, if that is all there is to it.
    #[inline(always)]
    pub(crate) fn read_direct<T: Raw>(&self, address: u64) -> Option<T> {
        // SAFETY: the module's invariant.
        self.reaches(address, Access::Read).then(|| unsafe { host::<T>(address).read_unaligned() })
    }

    /// Writes what is the host's at the host's address, if that is all there is to it.
    #[inline(always)]
    pub(crate) fn write_direct<T: Raw>(&mut self, address: u64, value: T) -> Option<()> {
        // SAFETY: the module's invariant.
        self.reaches(address, Access::Write)
            .then(|| unsafe { host::<T>(address).write_unaligned(value) })
    }

    #[inline(always)]
    pub(crate) fn read<T: Raw>(&mut self, address: u64) -> Result<T, Box<Stop>> {
        match self.read_direct(address) {
            Some(value) => Ok(value),
            None => self.read_slow(address),
        }
    }

    #[inline(always)]
    pub(crate) fn write<T: Raw>(&mut self, address: u64, value: T) -> Result<(), Box<Stop>> {
        match self.write_direct(address, value) {
            Some(()) => Ok(()),
            None => self.write_slow(address, value),
        }
    }

    #[cold]
    #[inline(never)]
    fn read_slow<T: Raw>(&mut self, address: u64) -> Result<T, Box<Stop>> {
        let at = self.place(address, T::SIZE, Access::Read)?;
        // SAFETY: the module's invariant.
        Ok(unsafe { host::<T>(at).read_unaligned() })
    }

    #[cold]
    #[inline(never)]
    fn write_slow<T: Raw>(&mut self, address: u64, value: T) -> Result<(), Box<Stop>> {
        let at = self.place(address, T::SIZE, Access::Write)?;
        // SAFETY: the module's invariant.
        unsafe { host::<T>(at).write_unaligned(value) };
        Ok(())
    }

    /// The host's address of what simulated code wants to access.
    pub(crate) fn place(&mut self, address: u64, size: u64, access: Access) -> Result<u64, Stop> {
        let is_code = |address| {
            self.code.range(..=address).next_back().is_some_and(|(_, &end)| address < end)
        };
        if access == Access::Write && self.is_code(address) && is_code(address) {
            return Err(Stop::StoreToCode { address });
        }
        if self.is_direct(address) {
            return Ok(address);
        }
        let refused = if address.wrapping_sub(self.guard) < GUARD {
            Stop::StackOverflow { address }
        } else {
            Stop::Memory { address, size, access }
        };
        if self.is_open() {
            return Err(refused);
        }
        if !self.ranges.get(self.last).is_some_and(|r| r.holds(address, size)) {
            let Some(found) = self.ranges.iter().position(|r| r.holds(address, size)) else {
                return Err(refused);
            };
            self.last = found;
        }
        let r = &self.ranges[self.last];
        if access == Access::Read || r.permission == Permission::ReadWrite {
            Ok(r.host + (address - r.start))
        } else {
            Err(refused)
        }
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
            1 => self.write(address, value as u8)?,
            2 => self.write(address, value as u16)?,
            4 => self.write(address, value as u32)?,
            8 => self.write(address, value as u64)?,
            _ => self.write(address, value)?,
        }
        Ok(())
    }

    /// Compares and swaps; the old value comes back. It is the host's sequentially consistent atomic, so that simulated
    /// code may share data with other threads, unless it has 16 bytes or is in a buffer that the host has not aligned.
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
        let at = self.place(address, size, Access::Write)?;
        macro_rules! swap {
            ($atomic:ty, $t:ty) => {{
                // SAFETY: the module's invariant; the match looks at the alignment.
                let cell = unsafe { <$atomic>::from_ptr(host::<$t>(at)) };
                let order = (Ordering::SeqCst, Ordering::SeqCst);
                match cell.compare_exchange(expected as $t, new as $t, order.0, order.1) {
                    Ok(old) | Err(old) => u128::from(old),
                }
            }};
        }
        Ok(match size {
            1 => swap!(AtomicU8, u8),
            2 if at.is_multiple_of(2) => swap!(AtomicU16, u16),
            4 if at.is_multiple_of(4) => swap!(AtomicU32, u32),
            8 if at.is_multiple_of(8) => swap!(AtomicU64, u64),
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
        self.place(address, size, Access::Write)?;
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
