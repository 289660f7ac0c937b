//! Slots of functions and places of host functions: tables that grow while threads read them without a lock.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ir::Signature;
use jitmem::Shared;

use crate::code::FuncCode;
use crate::program::FuncId;

/// As many entries has the first chunk; each one has twice as many as the one before.
const FIRST: usize = 64;
/// Chunks for every number of 32 bits.
const CHUNKS: usize = 27;
const _: () = assert!((FIRST << CHUNKS) - FIRST > u32::MAX as usize);

/// A table whose entries never move. One that nobody has made is not there.
pub(crate) struct Table<T> {
    chunks: [OnceLock<Box<[T]>>; CHUNKS],
}

/// The chunk of an entry, and its place there.
#[inline(always)]
fn place(index: u32) -> (usize, usize) {
    let number = index as usize + FIRST;
    let chunk = (number / FIRST).ilog2() as usize;
    (chunk, number - (FIRST << chunk))
}

impl<T: Default> Table<T> {
    pub(crate) fn new() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS] }
    }

    #[inline(always)]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (chunk, place) = place(index);
        self.chunks.get(chunk)?.get()?.get(place)
    }

    /// The entry, with a chunk for it if there is none.
    pub(crate) fn make(&self, index: u32) -> &T {
        let (chunk, place) = place(index);
        let entries = || (0..FIRST << chunk).map(|_| T::default()).collect();
        &self.chunks[chunk].get_or_init(entries)[place]
    }

    /// The entries that were made, and more that are as they began.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().map_while(OnceLock::get).flatten()
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }
}

/// A function as its callers know it, from its declaration to its removal. Those who call it hold it, so that they never
/// reach another one of the same number.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) id: FuncId,
    pub(crate) signature: Arc<Signature>,
    /// The number of the signature.
    pub(crate) shape: u32,
    pub(crate) body: Shared<FuncCode>,
}

/// A host function.
#[derive(Debug)]
pub(crate) struct HostSlot {
    pub(crate) signature: Arc<Signature>,
    pub(crate) shape: u32,
    /// The bits that each result may have set.
    pub(crate) results: Box<[u64]>,
}

#[cfg(test)]
mod tests {
    use super::{CHUNKS, FIRST, Table, place};
    use std::sync::OnceLock;

    #[test]
    fn entries_have_places_of_their_own() {
        let mut expected = (0, 0);
        for index in 0..100_000 {
            assert_eq!(place(index), expected, "{index}");
            expected.1 += 1;
            if expected.1 == FIRST << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(place(u32::MAX).0 < CHUNKS);
    }

    #[test]
    fn entries_stay_where_they_are_while_the_table_grows() {
        let table: Table<OnceLock<u32>> = Table::new();
        assert!(table.get(0).is_none());
        let first = table.make(0);
        for index in 0..1000 {
            table.make(index).set(index).unwrap();
        }
        assert_eq!(first.get(), Some(&0));
        assert!((0..1000).all(|index| table.get(index).and_then(OnceLock::get) == Some(&index)));
        let values = table.entries().map_while(OnceLock::get);
        assert!(values.copied().eq(0..1000));
    }
}
