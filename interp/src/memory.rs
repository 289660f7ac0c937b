//! The one place of this crate that touches raw memory.
//!
//! **Invariant that every `unsafe` block here leans on:** the program that runs may touch the address. In restricted
//! mode the interpreter proves it before each access (an own stack slot, a data object, or a range that the embedder
//! handed in, all of which live as long as the call). Otherwise whoever gave the IR vouches for it, as for the machine
//! code that the same IR becomes; addresses that no process owns (the first page, what is above user space) trap.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

/// No object lives in the first page.
const FIRST_ADDRESS: u64 = 4096;
/// User space ends here or below on every host.
const END_ADDRESS: u64 = 1 << 48;

/// An address that nothing can live at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BadAddress;

#[inline(always)]
fn plausible(address: u64) -> Result<usize, BadAddress> {
    if address.wrapping_sub(FIRST_ADDRESS) < END_ADDRESS - FIRST_ADDRESS {
        Ok(address as usize)
    } else {
        Err(BadAddress)
    }
}

macro_rules! accesses {
    ($($read:ident $write:ident $ty:ty;)*) => { $(
        #[inline(always)]
        pub(crate) fn $read(address: u64) -> Result<$ty, BadAddress> {
            let address = plausible(address)?;
            // SAFETY: the module's invariant: the program may touch the address. No alignment is assumed.
            Ok(<$ty>::from_le(unsafe {
                ptr::with_exposed_provenance::<$ty>(address).read_unaligned()
            }))
        }

        #[inline(always)]
        pub(crate) fn $write(address: u64, value: $ty) -> Result<(), BadAddress> {
            let address = plausible(address)?;
            // SAFETY: the module's invariant: the program may touch the address. No alignment is assumed.
            unsafe {
                ptr::with_exposed_provenance_mut::<$ty>(address).write_unaligned(value.to_le());
            }
            Ok(())
        }
    )* };
}
accesses! {
    read8 write8 u8;
    read16 write16 u16;
    read32 write32 u32;
    read64 write64 u64;
}

/// Whether sixteen bytes from here are where something may be.
#[inline(always)]
fn plausible_wide(address: u64) -> Result<(), BadAddress> {
    plausible(address)?;
    plausible(address.wrapping_add(15)).map(|_| ())
}

#[inline(always)]
pub(crate) fn read128(address: u64) -> Result<u128, BadAddress> {
    plausible_wide(address)?;
    let (low, high) = (read64(address)?, read64(address + 8)?);
    Ok(u128::from(low) | u128::from(high) << 64)
}

#[inline(always)]
pub(crate) fn write128(address: u64, value: u128) -> Result<(), BadAddress> {
    plausible_wide(address)?;
    write64(address, value as u64)?;
    write64(address + 8, (value >> 64) as u64)
}

macro_rules! atomics {
    ($($load:ident $store:ident $update:ident $cas:ident $place:ident $atomic:ident $ty:ty;)*) => { $(
        /// An address that is a multiple of the width.
        #[inline(always)]
        fn $place<'m>(address: u64) -> Result<&'m $atomic, BadAddress> {
            let address = plausible(address)?;
            if address % size_of::<$ty>() != 0 {
                return Err(BadAddress);
            }
            // SAFETY: the module's invariant: the program may touch the address for as long as the call lives, which is
            // longer than the reference is used; it is aligned; and other accesses to it are atomic ones or the
            // program's own affair, as in the machine code of the same IR.
            Ok(unsafe { $atomic::from_ptr(ptr::with_exposed_provenance_mut::<$ty>(address)) })
        }

        #[inline(always)]
        pub(crate) fn $load(address: u64) -> Result<$ty, BadAddress> {
            Ok(<$ty>::from_le($place(address)?.load(Ordering::SeqCst)))
        }

        #[inline(always)]
        pub(crate) fn $store(address: u64, value: $ty) -> Result<(), BadAddress> {
            $place(address)?.store(value.to_le(), Ordering::SeqCst);
            Ok(())
        }

        /// Writes what `update` makes of the old value, which it gives.
        #[inline(always)]
        pub(crate) fn $update(
            address: u64,
            update: impl Fn($ty) -> $ty,
        ) -> Result<$ty, BadAddress> {
            let place = $place(address)?;
            let mut found = place.load(Ordering::SeqCst);
            loop {
                let new = update(<$ty>::from_le(found)).to_le();
                match place.compare_exchange(found, new, Ordering::SeqCst, Ordering::SeqCst) {
                    Ok(found) => return Ok(<$ty>::from_le(found)),
                    Err(other) => found = other,
                }
            }
        }

        /// Writes `new` if the old value, which it gives, is `expected`.
        #[inline(always)]
        pub(crate) fn $cas(address: u64, expected: $ty, new: $ty) -> Result<$ty, BadAddress> {
            let (expected, new) = (expected.to_le(), new.to_le());
            let place = $place(address)?;
            let found = place.compare_exchange(expected, new, Ordering::SeqCst, Ordering::SeqCst);
            Ok(<$ty>::from_le(found.unwrap_or_else(|found| found)))
        }
    )* };
}
atomics! {
    atomic_load8 atomic_store8 atomic_update8 atomic_cas8 place8 AtomicU8 u8;
    atomic_load16 atomic_store16 atomic_update16 atomic_cas16 place16 AtomicU16 u16;
    atomic_load32 atomic_store32 atomic_update32 atomic_cas32 place32 AtomicU32 u32;
    atomic_load64 atomic_store64 atomic_update64 atomic_cas64 place64 AtomicU64 u64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use jitmem::HostMemory;

    #[test]
    fn memory_holds_what_is_written() {
        let memory = HostMemory::new(16, 64).unwrap();
        let start = memory.range().start;
        assert_eq!(start % 64, 0);
        write16(start + 14, 0x0201).unwrap();
        assert_eq!(read8(start + 15).unwrap(), 2);
        write64(start + 3, 0x1122_3344_5566_7788).unwrap();
        assert_eq!(read8(start + 3).unwrap(), 0x88);
    }

    #[test]
    fn addresses_that_nobody_owns_are_refused() {
        for address in [0, 8, 4095, 1 << 48, u64::MAX] {
            assert!(read8(address).is_err(), "{address:#x}");
            assert!(write64(address, 1).is_err(), "{address:#x}");
        }
    }
}
