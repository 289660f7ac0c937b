//! AdvSIMD modified immediate: constants of 8 bits, spread over the lanes in the ways that `cmode` and `op` name.
//!
//! ```text
//!  31 30 29 28                 19 18 16 15   12 11 10 9     5 4     0
//! +--+--+--+---------------------+-----+-------+-----+-------+-------+
//! |0 |Q |op|0 1 1 1 1 0 0 0 0 0  | abc | cmode | 0 1 | defgh |  Rd   |
//! +--+--+--+---------------------+-----+-------+-----+-------+-------+
//! ```

use super::shape::{FpShape, HalfShape, VectorSize, WordShape};
use crate::VReg;
use crate::field::{Field, encodings, ops};
use crate::imm::FpImm8;
use crate::text::Kind;

ops! {
    /// What is done with a shifted constant: `op` and the low bit of `cmode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ModifiedImm::Movi.name(), "movi");
    /// ```
    pub enum ModifiedImm: 2 {
        /// Moved.
        Movi = 0b00 "movi",
        /// Ored.
        Orr = 0b01 "orr",
        /// Its complement moved.
        Mvni = 0b10 "mvni",
        /// Its complement anded.
        Bic = 0b11 "bic",
    }
}

ops! {
    /// What is done with a constant above ones: `op`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::OnesImm::Movi.name(), "movi");
    /// ```
    pub enum OnesImm: 1 {
        /// Moved.
        Movi = 0 "movi",
        /// Its complement moved.
        Mvni = 1 "mvni",
    }
}

ops! {
    /// By how many bits a constant is shifted in a word.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::WordShift::Lsl0.name(), "0");
    /// ```
    pub enum WordShift: 2 as Lsl {
        /// Not at all.
        Lsl0 = 0 "0",
        /// By one byte.
        Lsl8 = 1 "8",
        /// By two bytes.
        Lsl16 = 2 "16",
        /// By three bytes.
        Lsl24 = 3 "24",
    }
}

ops! {
    /// By how many bits a constant is shifted in a half word.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::HalfShift::Lsl0.name(), "0");
    /// ```
    pub enum HalfShift: 1 as Lsl {
        /// Not at all.
        Lsl0 = 0 "0",
        /// By one byte.
        Lsl8 = 1 "8",
    }
}

ops! {
    /// By how many bits a constant is shifted when ones come in.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::OnesShift::Msl8.name(), "8");
    /// ```
    pub enum OnesShift: 1 {
        /// By one byte.
        Msl8 = 0 "8",
        /// By two bytes.
        Msl16 = 1 "16",
    }
}

/// A constant of 8 bits.
///
/// ```
/// use arm64_enc::simd::{Byte, SimdImm, VectorSize};
/// let ones = SimdImm::Bytes { q: VectorSize::Q, rd: arm64_enc::V0, imm: Byte(1) };
/// assert_eq!(ones.to_string(), "movi v0.16b, #1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Byte(pub u8);

impl Field for Byte {
    const WIDTH: u32 = 8;
    const KIND: Kind = Kind::Number;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Some(Byte(bits as u8))
    }
}

/// A constant of 64 bits whose bytes are all zeros or all ones: one bit per byte.
///
/// ```
/// use arm64_enc::simd::ByteMask;
/// assert_eq!(ByteMask::new(0xff00_0000_0000_00ff).map(|mask| mask.imm8()), Some(0x81));
/// assert_eq!(ByteMask::new(1), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ByteMask(u8);

impl ByteMask {
    /// The mask with this value.
    #[must_use]
    pub const fn new(value: u64) -> Option<ByteMask> {
        let bytes = value.to_le_bytes();
        let mut imm8 = 0;
        let mut i = 0;
        while i < 8 {
            match bytes[i] {
                0 => {}
                0xff => imm8 |= 1 << i,
                _ => return None,
            }
            i += 1;
        }
        Some(ByteMask(imm8))
    }

    /// One bit per byte.
    #[must_use]
    pub const fn imm8(self) -> u8 {
        self.0
    }

    /// The value.
    #[must_use]
    pub const fn value(self) -> u64 {
        let mut bytes = [0; 8];
        let mut i = 0;
        while i < 8 {
            if self.0 >> i & 1 != 0 {
                bytes[i] = 0xff;
            }
            i += 1;
        }
        u64::from_le_bytes(bytes)
    }
}

impl Field for ByteMask {
    const WIDTH: u32 = 8;
    const KIND: Kind = Kind::ByteMask;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Some(ByteMask(bits as u8))
    }
}

encodings! {
    /// AdvSIMD constants.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdImm::decode(0x4f00e4e0).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("movi v0.16b, #7", 0x4f00e4e0));
    /// ```
    pub enum SimdImm {
        /// A byte somewhere in each word.
        Words "0 q u 0111100000 aaa 0 hh o 01 bbbbb ddddd" {
            op: ModifiedImm = "uo", shape: WordShape = "q", rd: VReg = "d", imm: Byte = "ab", shift: WordShift = "h",
        } ["{op} {rd}, {imm}{shift}"]
        /// A byte somewhere in each half word.
        Halves "0 q u 0111100000 aaa 10 h o 01 bbbbb ddddd" {
            op: ModifiedImm = "uo", shape: HalfShape = "q", rd: VReg = "d", imm: Byte = "ab", shift: HalfShift = "h",
        } ["{op} {rd}, {imm}{shift}"]
        /// A byte in each word, with ones below.
        Ones "0 q u 0111100000 aaa 110 h 01 bbbbb ddddd" {
            op: OnesImm = "u", shape: WordShape = "q", rd: VReg = "d", imm: Byte = "ab", shift: OnesShift = "h",
        } ["{op} {rd}, {imm}, msl #{shift}"]
        /// `movi` of one byte into all bytes.
        Bytes "0 q 0 0111100000 aaa 1110 01 bbbbb ddddd" { q: VectorSize = "q", rd: VReg = "d", imm: Byte = "ab" } [
            "movi {rd}, {imm}",
        ]
        /// `movi` of 64 bits, once (`d`) or twice (`v.2d`).
        ByteMask "0 q 1 0111100000 aaa 1110 01 bbbbb ddddd" { q: VectorSize = "q", rd: VReg = "d", imm: ByteMask = "ab" } [
            "movi {rd:d}, {imm}; q=0",
            "movi {rd:2d}, {imm}; q=1",
        ]
        /// `fmov` of a float into all lanes.
        Fmov "0 q u 0111100000 aaa 1111 01 bbbbb ddddd" { shape: FpShape = "uq", rd: VReg = "d", imm: FpImm8 = "ab" } [
            "fmov {rd}, {imm}",
        ]
    }
}
