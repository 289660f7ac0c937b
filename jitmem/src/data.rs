//! Memory that programs and their host share: plain bytes at addresses that stay for as long as the memory lives.

use std::alloc::{self, Layout};
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::MapError;

/// Zeroed bytes with an address that stays. Programs write them through it while the block is shared.
#[derive(Debug)]
pub struct HostMemory {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the block owns its memory; it is only accessed by address, and what programs do to the memory that they share
// is theirs to order.
unsafe impl Send for HostMemory {}
// SAFETY: as above.
unsafe impl Sync for HostMemory {}

impl HostMemory {
    /// `size` bytes, at least one, at a multiple of `align`.
    ///
    /// # Errors
    /// The machine has no such piece of memory, or `align` is not a power of two.
    pub fn new(size: usize, align: usize) -> Result<Self, MapError> {
        let refused = || MapError::Memory { bytes: size };
        let layout = Layout::from_size_align(size.max(1), align).map_err(|_| refused())?;
        // SAFETY: the layout's size is at least 1.
        let start = NonNull::new(unsafe { alloc::alloc_zeroed(layout) }).ok_or_else(refused)?;
        Ok(Self { start, layout })
    }

    /// The addresses of its bytes.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        let start = self.start.as_ptr().expose_provenance() as u64;
        start..start + self.layout.size() as u64
    }

    /// Copies bytes in, which must fit.
    fn fill(&mut self, offset: usize, bytes: &[u8]) {
        assert!(offset.checked_add(bytes.len()).is_some_and(|end| end <= self.layout.size()));
        // SAFETY: `offset + len` is within the block, which `&mut self` has to itself.
        unsafe {
            let place = self.start.as_ptr().add(offset);
            ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
        }
    }
}

impl Drop for HostMemory {
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc_zeroed` with this layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

/// The data objects of a module, placed side by side. Engines of one module may share it.
#[derive(Debug)]
pub struct DataMemory {
    /// Of each object, its address and its bytes.
    objects: Vec<Range<u64>>,
    memory: HostMemory,
}

impl DataMemory {
    /// Places the objects in their order, each at a multiple of its alignment, and fills in their bytes. An empty object
    /// still has an address of its own.
    ///
    /// # Errors
    /// The machine has not that much memory.
    pub fn new<'a>(objects: impl IntoIterator<Item = (&'a [u8], u64)>) -> Result<Self, MapError> {
        /// The least that an operating system hands out. Zeros of this size are not written, so that large arrays of
        /// them cost addresses only.
        const PAGE: usize = 4096;
        let too_large = || MapError::Memory { bytes: usize::MAX };
        let (mut size, mut block_align) = (0usize, 16);
        let mut places = Vec::new();
        for (bytes, align) in objects {
            let align = usize::try_from(align.max(1)).map_err(|_| too_large())?;
            block_align = block_align.max(align);
            size = size.checked_next_multiple_of(align).ok_or_else(too_large)?;
            places.push((size, bytes));
            size = size.checked_add(bytes.len().max(1)).ok_or_else(too_large)?;
        }
        let mut memory = HostMemory::new(size, block_align)?;
        let start = memory.range().start;
        for &(offset, bytes) in &places {
            for (piece, bytes) in bytes.chunks(PAGE).enumerate() {
                if bytes.iter().any(|&byte| byte != 0) {
                    memory.fill(offset + piece * PAGE, bytes);
                }
            }
        }
        let object = |(offset, bytes): (usize, &[u8])| {
            let start = start + offset as u64;
            start..start + bytes.len() as u64
        };
        let objects = places.into_iter().map(object).collect();
        Ok(Self { objects, memory })
    }

    /// The address of an object, by its place in the order.
    #[must_use]
    pub fn address(&self, object: usize) -> Option<u64> {
        self.objects.get(object).map(|range| range.start)
    }

    /// The size of an object, in bytes.
    #[must_use]
    pub fn size(&self, object: usize) -> Option<usize> {
        self.objects.get(object).map(|range| (range.end - range.start) as usize)
    }

    /// Puts bytes into an object before anybody else knows of it; false if they do not fit.
    #[must_use]
    pub fn set(&mut self, object: usize, offset: usize, bytes: &[u8]) -> bool {
        let Some(place) = self.place(object, offset, bytes.len()) else { return false };
        self.memory.fill((place - self.memory.range().start) as usize, bytes);
        true
    }

    /// Copies bytes of an object, each as it is now, while programs may write them; false if it has not that many.
    #[must_use]
    pub fn read(&self, object: usize, offset: usize, bytes: &mut [u8]) -> bool {
        let Some(place) = self.place(object, offset, bytes.len()) else { return false };
        for (byte, at) in bytes.iter_mut().zip(place..) {
            *byte = self.byte(at).load(Ordering::Relaxed);
        }
        true
    }

    /// Writes bytes of an object, one by one, while programs may read them; false if it has not that many.
    #[must_use]
    pub fn write(&self, object: usize, offset: usize, bytes: &[u8]) -> bool {
        let Some(place) = self.place(object, offset, bytes.len()) else { return false };
        for (&byte, at) in bytes.iter().zip(place..) {
            self.byte(at).store(byte, Ordering::Relaxed);
        }
        true
    }

    /// The address of `len` bytes of an object, if it has that many.
    fn place(&self, object: usize, offset: usize, len: usize) -> Option<u64> {
        let range = self.objects.get(object)?;
        let size = (range.end - range.start) as usize;
        (offset <= size && len <= size - offset).then(|| range.start + offset as u64)
    }

    /// A byte of the memory, which [`place`](Self::place) found in an object.
    fn byte(&self, address: u64) -> &AtomicU8 {
        debug_assert!(self.range().contains(&address));
        // SAFETY: the byte lies in an object, so in the memory, which lives as long as this. It is accessed by address only;
        // what programs do to it at the same time is theirs to order, as the host would order it with atomics.
        unsafe { AtomicU8::from_ptr(ptr::with_exposed_provenance_mut::<u8>(address as usize)) }
    }

    /// The addresses that the objects lie in.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.memory.range()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes at an address of `data`.
    fn read(data: &DataMemory, address: u64, len: usize) -> Vec<u8> {
        assert!(data.range().contains(&address) && address + len as u64 <= data.range().end);
        let start = ptr::with_exposed_provenance::<u8>(address as usize);
        // SAFETY: the bytes lie in the block, and nobody writes them.
        unsafe { std::slice::from_raw_parts(start, len) }.to_vec()
    }

    #[test]
    fn objects_lie_apart_each_at_its_alignment_with_its_bytes() {
        let mut large = vec![0; 5 << 12];
        large[(3 << 12) - 1] = 7;
        let objects: [(&[u8], u64); 7] =
            [(b"a", 1), (b"", 0), (b"b", 1), (b"c", 64), (b"", 1), (&large, 8), (b"last", 4096)];
        let data = DataMemory::new(objects).unwrap();
        let mut end = data.range().start;
        for (index, (bytes, align)) in objects.into_iter().enumerate() {
            let address = data.address(index).unwrap();
            assert_eq!(address % align.max(1), 0, "{index}");
            assert!(address >= end, "{index}");
            assert_eq!(read(&data, address, bytes.len()), bytes, "{index}");
            end = address + bytes.len().max(1) as u64;
        }
        assert_eq!((data.range().end, data.address(7)), (end, None));
    }

    #[test]
    fn objects_are_read_and_written_within_their_bytes() {
        let objects: [(&[u8], u64); 3] = [(b"abc", 1), (b"defg", 8), (b"", 1)];
        let mut data = DataMemory::new(objects).unwrap();
        assert!(data.set(1, 2, b"XY") && !data.set(1, 3, b"XY") && !data.set(3, 0, b""));
        let mut bytes = [0; 3];
        assert!(data.read(1, 1, &mut bytes) && bytes == *b"eXY");
        assert!(data.write(0, 1, b"__") && data.read(0, 0, &mut bytes) && bytes == *b"a__");
        assert!(!data.read(0, 1, &mut bytes) && !data.read(1, usize::MAX, &mut bytes));
        assert!(!data.write(2, 0, b"z") && data.write(2, 0, b"") && !data.write(0, 4, b""));
        assert!(data.read(1, 0, &mut bytes) && bytes == *b"deX");
    }

    #[test]
    fn what_no_machine_has_is_an_error() {
        assert!(HostMemory::new(usize::MAX, 1).is_err());
        assert!(HostMemory::new(8, 3).is_err());
        let objects: [(&[u8], u64); 2] = [(b"a", 1), (b"b", 1 << 63)];
        let error = DataMemory::new(objects).unwrap_err().to_string();
        assert!(error.contains("memory"), "{error}");
    }
}
