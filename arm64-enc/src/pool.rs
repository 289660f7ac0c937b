//! Constants that are loaded from memory next to the code, each kept once.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::{Label, Symbol};

/// A constant of 4, 8 or 16 bytes.
///
/// ```
/// assert_eq!(arm64_enc::Constant::Double(5).words(), 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Constant {
    /// 4 bytes.
    Word(u32),
    /// 8 bytes.
    Double(u64),
    /// 16 bytes.
    Quad(u128),
}

impl Constant {
    /// The number of 4-byte words.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Constant::Quad(1).words(), 4);
    /// ```
    #[must_use]
    pub const fn words(self) -> usize {
        match self {
            Constant::Word(_) => 1,
            Constant::Double(_) => 2,
            Constant::Quad(_) => 4,
        }
    }

    /// The value, zero-extended.
    #[must_use]
    pub const fn value(self) -> u128 {
        match self {
            Constant::Word(value) => value as u128,
            Constant::Double(value) => value as u128,
            Constant::Quad(value) => value,
        }
    }
}

/// What stands in the pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Entry {
    Constant(Constant),
    /// The address of a symbol plus a number: 8 bytes with a relocation.
    Address(Symbol, i64),
}

impl Entry {
    pub(crate) const fn words(self) -> usize {
        match self {
            Entry::Constant(constant) => constant.words(),
            Entry::Address(..) => 2,
        }
    }
}

/// The constants that wait to be placed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    known: BTreeMap<Entry, Label>,
    waiting: Vec<(Entry, Label)>,
    words: usize,
}

impl Pool {
    /// The label of `entry`, if it waits in the pool.
    pub(crate) fn get(&self, entry: Entry) -> Option<Label> {
        self.known.get(&entry).copied()
    }

    pub(crate) fn insert(&mut self, entry: Entry, label: Label) {
        self.known.insert(entry, label);
        self.waiting.push((entry, label));
        self.words += entry.words();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes that the pool will take at most, alignment included.
    pub(crate) fn bytes(&self) -> usize {
        if self.is_empty() { 0 } else { self.words * 4 + 12 }
    }

    /// Takes all entries, the largest first, so that each is aligned if the first one is.
    pub(crate) fn take(&mut self) -> Vec<(Entry, Label)> {
        self.known.clear();
        self.words = 0;
        let mut taken = core::mem::take(&mut self.waiting);
        taken.sort_by_key(|(entry, _)| core::cmp::Reverse(entry.words()));
        taken
    }
}
