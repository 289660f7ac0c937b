//! AdvSIMD: bits 28 to 25 are `0111` or `1111` with a vector form.
//!
//! ```text
//!  31 30 29 28       24 23 22 21 20   16 15      10 9    5 4     0
//! +--+--+--+-----------+-----+--+-------+----------+------+-------+
//! |0 |Q |U |0 1 1 1 0  |size | 1|  Rm   |    op    |  Rn  |  Rd   |
//! +--+--+--+-----------+-----+--+-------+----------+------+-------+
//! ```

use crate::field::{Field, encodings, ops};
use crate::{Reg, VReg};

ops! {
    /// How much of a vector register an instruction works on.
    pub enum VectorSize: 1 {
        /// The lower 64 bits.
        D = 0 "8b",
        /// All 128 bits.
        Q = 1 "16b",
    }
}

ops! {
    /// Shape of a vector operand: width of a lane and their number; `size` and `Q`.
    pub enum Arrangement: 3 {
        /// 8 bytes.
        B8 = 0b00_0 "8b",
        /// 16 bytes.
        B16 = 0b00_1 "16b",
        /// 4 half words.
        H4 = 0b01_0 "4h",
        /// 8 half words.
        H8 = 0b01_1 "8h",
        /// 2 words.
        S2 = 0b10_0 "2s",
        /// 4 words.
        S4 = 0b10_1 "4s",
        /// 1 double word.
        D1 = 0b11_0 "1d",
        /// 2 double words.
        D2 = 0b11_1 "2d",
    }
}

ops! {
    /// A bitwise operation on vectors: `U` and `size`.
    pub enum VectorLogical: 3 {
        /// And.
        And = 0b0_00 "and",
        /// And with the complement.
        Bic = 0b0_01 "bic",
        /// Or.
        Orr = 0b0_10 "orr",
        /// Or with the complement.
        Orn = 0b0_11 "orn",
        /// Exclusive or.
        Eor = 0b1_00 "eor",
        /// Takes `rn` where `rd` has ones and `rm` elsewhere.
        Bsl = 0b1_01 "bsl",
        /// Inserts `rn` where `rm` has ones.
        Bit = 0b1_10 "bit",
        /// Inserts `rn` where `rm` has zeros.
        Bif = 0b1_11 "bif",
    }
}

/// A constant of 64 bits whose bytes are all zeros or all ones: one bit per byte.
///
/// ```
/// use arm64_enc::ByteMask;
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
    /// AdvSIMD.
    pub enum Simd {
        /// `and`, `orr`, `eor`, `bsl` and their kin; so `mov` of a vector.
        Logical "0 q u 01110 ss 1 mmmmm 000111 nnnnn ddddd" {
            op: VectorLogical = "us", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        }
        /// `movi` of 64 bits, once (`d`) or twice (`v.2d`).
        MoveByteMask "0 q 1 0111100000 aaa 1110 01 bbbbb ddddd" {
            q: VectorSize = "q", rd: VReg = "d", imm: ByteMask = "ab",
        }
        /// `cnt`: population count of each byte.
        CountBits "0 q 0 01110 00 10000 00101 10 nnnnn ddddd" { q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n" }
        /// `addv` of bytes: the sum of all lanes, as a byte.
        AddAcrossBytes "0 q 0 01110 00 11000 11011 10 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n",
        }
        /// `uaddlv` of bytes: the sum of all lanes, as a half word.
        UaddlAcrossBytes "0 q 1 01110 00 11000 00011 10 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n",
        }
        /// `dup` of a general-purpose register into two double words.
        DupD2 "0 1 0 01110000 01000 0 0001 1 nnnnn ddddd" { rd: VReg = "d", rn: Reg = "n" }
    }
}
