//! A fast hash for keys that a program cannot choose to collide to any gain: multiply and rotate, one word at a time,
//! the same on every host and in every run.

use std::hash::{BuildHasherDefault, Hasher};

/// For `HashMap`s whose order is never looked at.
pub(crate) type FastState = BuildHasherDefault<FastHasher>;

/// Odd, with well-mixed bits: 2^64 divided by the golden ratio (D. Knuth, *The Art of Computer Programming* 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Clone, Copy, Default)]
pub(crate) struct FastHasher {
    state: u64,
}

impl FastHasher {
    fn add(&mut self, word: u64) {
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(GOLDEN);
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        // The table takes its bucket from the low bits, which a product mixes least.
        self.state ^ (self.state >> 32)
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.add(byte.into()));
    }
    fn write_u8(&mut self, value: u8) {
        self.add(value.into());
    }
    fn write_u16(&mut self, value: u16) {
        self.add(value.into());
    }
    fn write_u32(&mut self, value: u32) {
        self.add(value.into());
    }
    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }
    fn write_i32(&mut self, value: i32) {
        self.add(value as u32 as u64);
    }
    fn write_i64(&mut self, value: i64) {
        self.add(value as u64);
    }
    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }
    fn write_isize(&mut self, value: isize) {
        self.add(value as u64);
    }
}
