//! The addresses of several arenas, in a form that a signal handler can read.

use std::ops::Range;
use std::sync::OnceLock;

/// As many as there can be: eight gibibytes, if each is as large as a direct call reaches.
const MOST: usize = 64;

/// Ranges of addresses that grow in number while others read them, and never go.
#[derive(Debug)]
pub struct CodeRanges([OnceLock<Range<u64>>; MOST]);

impl Default for CodeRanges {
    fn default() -> Self {
        Self([const { OnceLock::new() }; MOST])
    }
}

impl CodeRanges {
    /// Adds one; false if there are too many.
    #[must_use]
    pub fn add(&self, range: &Range<u64>) -> bool {
        self.0.iter().any(|place| place.set(range.clone()).is_ok())
    }

    /// The ranges, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Range<u64>> {
        self.0.iter().map_while(OnceLock::get)
    }

    /// The number of the range that an address is in.
    #[must_use]
    pub fn find(&self, address: u64) -> Option<usize> {
        self.iter().position(|range| range.contains(&address))
    }

    /// Returns `true` if an address is in one of them.
    #[must_use]
    pub fn contains(&self, address: &u64) -> bool {
        self.find(*address).is_some()
    }
}
