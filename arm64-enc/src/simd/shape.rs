//! Shapes of vector operands. An operation that is not defined for every shape takes a type that has only those it is
//! defined for, so that the others cannot be written down.

use crate::field::{Field, ops};
use crate::text::Kind;

ops! {
    /// How much of a vector register an instruction works on, in bytes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::VectorSize::D.name(), "8b");
    /// ```
    pub enum VectorSize: 1 as Shape {
        /// The lower 64 bits.
        D = 0 "8b",
        /// All 128 bits.
        Q = 1 "16b",
    }
}

ops! {
    /// Every shape: width of a lane and their number; `size` and `Q`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Arrangement::B8.name(), "8b");
    /// ```
    pub enum Arrangement: 3 as Shape {
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
    /// Integers of any width, in at least two lanes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::IntShape::B8.name(), "8b");
    /// ```
    pub enum IntShape: 3 as Shape {
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
        /// 2 double words.
        D2 = 0b11_1 "2d",
    }
}

ops! {
    /// Integers of up to 32 bits: they have a wider counterpart.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::NarrowShape::B8.name(), "8b");
    /// ```
    pub enum NarrowShape: 3 as Shape {
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
    }
}

ops! {
    /// Bytes and half words.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::SmallShape::B8.name(), "8b");
    /// ```
    pub enum SmallShape: 3 as Shape {
        /// 8 bytes.
        B8 = 0b00_0 "8b",
        /// 16 bytes.
        B16 = 0b00_1 "16b",
        /// 4 half words.
        H4 = 0b01_0 "4h",
        /// 8 half words.
        H8 = 0b01_1 "8h",
    }
}

ops! {
    /// Half words and words: what doubling multiplications take.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::DoublingShape::H4.name(), "4h");
    /// ```
    pub enum DoublingShape: 3 as Shape {
        /// 4 half words.
        H4 = 0b01_0 "4h",
        /// 8 half words.
        H8 = 0b01_1 "8h",
        /// 2 words.
        S2 = 0b10_0 "2s",
        /// 4 words.
        S4 = 0b10_1 "4s",
    }
}

ops! {
    /// What a reduction over all lanes takes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::AcrossShape::B8.name(), "8b");
    /// ```
    pub enum AcrossShape: 3 as Shape {
        /// 8 bytes.
        B8 = 0b00_0 "8b",
        /// 16 bytes.
        B16 = 0b00_1 "16b",
        /// 4 half words.
        H4 = 0b01_0 "4h",
        /// 8 half words.
        H8 = 0b01_1 "8h",
        /// 4 words.
        S4 = 0b10_1 "4s",
    }
}

ops! {
    /// 32-bit lanes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::WordShape::S2.name(), "2s");
    /// ```
    pub enum WordShape: 1 as Shape {
        /// 2 words.
        S2 = 0 "2s",
        /// 4 words.
        S4 = 1 "4s",
    }
}

ops! {
    /// 16-bit lanes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::HalfShape::H4.name(), "4h");
    /// ```
    pub enum HalfShape: 1 as Shape {
        /// 4 half words.
        H4 = 0 "4h",
        /// 8 half words.
        H8 = 1 "8h",
    }
}

ops! {
    /// Floats, in at least two lanes; `sz` and `Q`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::FpShape::S2.name(), "2s");
    /// ```
    pub enum FpShape: 2 as Shape {
        /// 2 single-precision floats.
        S2 = 0b0_0 "2s",
        /// 4 single-precision floats.
        S4 = 0b0_1 "4s",
        /// 2 double-precision floats.
        D2 = 0b1_1 "2d",
    }
}

ops! {
    /// Width of a lane or of a scalar.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::LaneSize::B.name(), "b");
    /// ```
    pub enum LaneSize: 2 as Shape {
        /// 8 bits.
        B = 0b00 "b",
        /// 16 bits.
        H = 0b01 "h",
        /// 32 bits.
        S = 0b10 "s",
        /// 64 bits.
        D = 0b11 "d",
    }
}

ops! {
    /// Width of a scalar that has a wider counterpart.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::NarrowScalar::B.name(), "b");
    /// ```
    pub enum NarrowScalar: 2 as Shape {
        /// 8 bits.
        B = 0b00 "b",
        /// 16 bits.
        H = 0b01 "h",
        /// 32 bits.
        S = 0b10 "s",
    }
}

ops! {
    /// Width of a scalar of a doubling multiplication.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::DoublingScalar::H.name(), "h");
    /// ```
    pub enum DoublingScalar: 2 as Shape {
        /// 16 bits.
        H = 0b01 "h",
        /// 32 bits.
        S = 0b10 "s",
    }
}

ops! {
    /// Width of a floating-point scalar in a class of AdvSIMD.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::FpScalar::S.name(), "s");
    /// ```
    pub enum FpScalar: 1 as Shape {
        /// Single precision.
        S = 0 "s",
        /// Double precision.
        D = 1 "d",
    }
}

impl LaneSize {
    /// Bits in a lane.
    #[must_use]
    pub const fn bits(self) -> u32 {
        8 << self as u32
    }

    /// Every width from `b` on, by the logarithm of its bytes.
    pub(crate) const fn from_log2(log2: u32) -> Option<LaneSize> {
        match log2 {
            0 => Some(LaneSize::B),
            1 => Some(LaneSize::H),
            2 => Some(LaneSize::S),
            3 => Some(LaneSize::D),
            _ => None,
        }
    }
}

impl NarrowShape {
    /// Returns `true` if it fills the register, so that the mnemonic of a long or narrowing form has a `2`.
    #[must_use]
    pub const fn is_high(self) -> bool {
        self as u32 & 1 == 1
    }
}

impl DoublingShape {
    /// Returns `true` if it fills the register, so that the mnemonic of a long form has a `2`.
    #[must_use]
    pub const fn is_high(self) -> bool {
        self as u32 & 1 == 1
    }
}

/// The letters of scalars, as lanes of which bit 30 is set.
pub(crate) const LETTERS: &[(u32, &str)] =
    &[(0b00_1, "b"), (0b01_1, "h"), (0b10_1, "s"), (0b11_1, "d")];

/// One lane of a vector: its width and number, as `imm5` has them.
///
/// ```
/// use arm64_enc::simd::{Lane, LaneSize};
/// let lane = Lane::new(LaneSize::H, 7).unwrap();
/// assert_eq!((lane.size(), lane.index()), (LaneSize::H, 7));
/// assert_eq!(Lane::new(LaneSize::H, 8), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lane {
    size: LaneSize,
    index: u8,
}

impl Lane {
    /// The lane of this width and number, counted from 0.
    #[must_use]
    pub const fn new(size: LaneSize, index: u32) -> Option<Lane> {
        if index < 128 / size.bits() { Some(Lane { size, index: index as u8 }) } else { None }
    }

    /// Its width.
    #[must_use]
    pub const fn size(self) -> LaneSize {
        self.size
    }

    /// Its number.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index as u32
    }
}

impl Field for Lane {
    const WIDTH: u32 = 5;
    const NAMES: &'static [(u32, &'static str)] = LETTERS;
    const KIND: Kind = Kind::Lane;

    #[inline]
    fn bits(self) -> u32 {
        // The lowest one marks the width, the bits above it are the number.
        (u32::from(self.index) << 1 | 1) << self.size as u32
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let log2 = bits.trailing_zeros();
        Some(Lane { size: LaneSize::from_log2(log2)?, index: (bits >> (log2 + 1)) as u8 })
    }
}
