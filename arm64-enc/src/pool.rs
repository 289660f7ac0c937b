//! Constants that are loaded from memory next to the code, each kept once.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::Label;

/// A constant of 4, 8 or 16 bytes.
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

/// The constants that wait to be placed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    known: BTreeMap<Constant, Label>,
    waiting: Vec<(Constant, Label)>,
}

impl Pool {
    /// The label of `constant`, if it is in the pool.
    pub(crate) fn get(&self, constant: Constant) -> Option<Label> {
        self.known.get(&constant).copied()
    }

    pub(crate) fn insert(&mut self, constant: Constant, label: Label) {
        self.known.insert(constant, label);
        self.waiting.push((constant, label));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes all constants, the largest first, so that each is aligned if the first one is.
    pub(crate) fn take(&mut self) -> Vec<(Constant, Label)> {
        self.known.clear();
        let mut taken = core::mem::take(&mut self.waiting);
        taken.sort_by_key(|(constant, _)| core::cmp::Reverse(constant.words()));
        taken
    }
}
