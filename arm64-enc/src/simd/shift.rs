//! AdvSIMD shift by immediate: `immh:immb` holds the width of a lane, by its highest one, and the amount.
//!
//! ```text
//!  31 30 29 28         23 22 19 18 16 15      11 10 9    5 4     0
//! +--+--+--+-------------+-----+-----+----------+--+------+-------+
//! |0 |Q |U |0 1 1 1 1 0  |immh |immb |  opcode  |1 |  Rn  |  Rd   |
//! +--+--+--+-------------+-----+-----+----------+--+------+-------+
//! ```

use super::shape::{FpShape, IntShape, NarrowShape};
use crate::VReg;
use crate::field::{Field, encodings, ops};
use crate::text::Kind;

/// The logarithm of the bytes of a lane that `immh:immb` names.
pub(super) fn lane_log2(imm: u32) -> Option<u32> {
    // `immh` of zero is the class of modified immediates.
    (imm >> 3).checked_ilog2()
}

/// `immh:immb` of a right shift: from 1 to the width of the lane, counted down.
pub(super) const fn right_bits(log2: u32, amount: u32) -> u32 {
    (16 << log2) - amount
}

/// `immh:immb` of a left shift: from 0 to below the width of the lane.
pub(super) const fn left_bits(log2: u32, amount: u32) -> u32 {
    (8 << log2) + amount
}

macro_rules! shift_amount {
    ($(#[$doc:meta])* $name:ident as $kind:ident, $shape:ident, $range:expr, $bits:ident, $amount:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name {
            shape: $shape,
            amount: u8,
        }

        impl $name {
            /// A shift of lanes of this shape by this many bits.
            #[must_use]
            pub fn new(shape: $shape, amount: u32) -> Option<$name> {
                let range: fn(u32) -> core::ops::RangeInclusive<u32> = $range;
                range(8 << (shape as u32 >> 1)).contains(&amount).then_some($name { shape, amount: amount as u8 })
            }

            /// The shape.
            #[must_use]
            pub const fn shape(self) -> $shape {
                self.shape
            }

            /// The amount in bits.
            #[must_use]
            pub const fn amount(self) -> u32 {
                self.amount as u32
            }
        }

        impl Field for $name {
            const WIDTH: u32 = 8;
            const NAMES: &'static [(u32, &'static str)] = $shape::NAMES;
    const KIND: Kind = Kind::$kind;

            #[inline]
            fn bits(self) -> u32 {
                let shape = self.shape as u32;
                $bits(shape >> 1, u32::from(self.amount)) << 1 | shape & 1
            }

            #[inline]
            fn from_bits(bits: u32) -> Option<Self> {
                let log2 = lane_log2(bits >> 1)?;
                let shape = $shape::from_bits(log2 << 1 | bits & 1)?;
                let amount: fn(u32, u32) -> u32 = $amount;
                Some($name { shape, amount: amount(log2, bits >> 1) as u8 })
            }
        }
    };
}

shift_amount! {
    /// A right shift: from 1 to the width of a lane.
    ///
    /// ```
    /// use arm64_enc::simd::{IntShape, RightShift};
    /// assert!(RightShift::new(IntShape::H8, 16).is_some());
    /// assert!(RightShift::new(IntShape::H8, 0).is_none());
    /// ```
    RightShift as Right, IntShape, |width| 1..=width, right_bits, |log2, imm| (16 << log2) - imm
}

shift_amount! {
    /// A left shift: from 0 to below the width of a lane.
    ///
    /// ```
    /// use arm64_enc::simd::{IntShape, LeftShift};
    /// assert!(LeftShift::new(IntShape::H8, 0).is_some());
    /// assert!(LeftShift::new(IntShape::H8, 16).is_none());
    /// ```
    LeftShift as Left, IntShape, |width| 0..=width - 1, left_bits, |log2, imm| imm - (8 << log2)
}

shift_amount! {
    /// A right shift that makes lanes half as wide; the shape is that of the result, whose width is the limit.
    NarrowingShift as Right, NarrowShape, |width| 1..=width, right_bits, |log2, imm| (16 << log2) - imm
}

shift_amount! {
    /// A left shift that makes lanes twice as wide; the shape is that of the operand, whose width is the limit.
    WideningShift as Left, NarrowShape, |width| 0..=width - 1, left_bits, |log2, imm| imm - (8 << log2)
}

/// The number of fraction bits of a fixed-point conversion: from 1 to the width of a lane.
///
/// ```
/// use arm64_enc::simd::{FpShape, VectorFractionBits};
/// assert!(VectorFractionBits::new(FpShape::S4, 32).is_some());
/// assert!(VectorFractionBits::new(FpShape::S4, 33).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VectorFractionBits {
    shape: FpShape,
    bits: u8,
}

impl VectorFractionBits {
    /// A conversion of lanes of this shape with this many fraction bits.
    #[must_use]
    pub const fn new(shape: FpShape, bits: u32) -> Option<VectorFractionBits> {
        let width = if matches!(shape, FpShape::D2) { 64 } else { 32 };
        if bits >= 1 && bits <= width {
            Some(VectorFractionBits { shape, bits: bits as u8 })
        } else {
            None
        }
    }

    /// The shape.
    #[must_use]
    pub const fn shape(self) -> FpShape {
        self.shape
    }

    /// The number of fraction bits.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.bits as u32
    }
}

impl Field for VectorFractionBits {
    const WIDTH: u32 = 8;
    const NAMES: &'static [(u32, &'static str)] = &[(0b10_0, "2s"), (0b10_1, "4s"), (0b11_1, "2d")];
    const KIND: Kind = Kind::Right;

    #[inline]
    fn bits(self) -> u32 {
        let shape = self.shape as u32;
        right_bits(2 + (shape >> 1), u32::from(self.bits)) << 1 | shape & 1
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let log2 = lane_log2(bits >> 1)?;
        let shape = FpShape::from_bits(log2.checked_sub(2)? << 1 | bits & 1)?;
        Some(VectorFractionBits { shape, bits: ((16 << log2) - (bits >> 1)) as u8 })
    }
}

ops! {
    /// A right shift: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ShiftRight::Sshr.name(), "sshr");
    /// ```
    pub enum ShiftRight: 6 {
        /// Signed.
        Sshr = 0b0_00000 "sshr",
        /// Signed, accumulated.
        Ssra = 0b0_00010 "ssra",
        /// Signed, rounded.
        Srshr = 0b0_00100 "srshr",
        /// Signed, rounded, accumulated.
        Srsra = 0b0_00110 "srsra",
        /// Unsigned.
        Ushr = 0b1_00000 "ushr",
        /// Unsigned, accumulated.
        Usra = 0b1_00010 "usra",
        /// Unsigned, rounded.
        Urshr = 0b1_00100 "urshr",
        /// Unsigned, rounded, accumulated.
        Ursra = 0b1_00110 "ursra",
        /// Inserted: the high bits of the destination stay.
        Sri = 0b1_01000 "sri",
    }
}

ops! {
    /// A left shift: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ShiftLeft::Shl.name(), "shl");
    /// ```
    pub enum ShiftLeft: 6 {
        /// Without more.
        Shl = 0b0_01010 "shl",
        /// Signed, saturating.
        Sqshl = 0b0_01110 "sqshl",
        /// Inserted: the low bits of the destination stay.
        Sli = 0b1_01010 "sli",
        /// Signed to unsigned, saturating.
        Sqshlu = 0b1_01100 "sqshlu",
        /// Unsigned, saturating.
        Uqshl = 0b1_01110 "uqshl",
    }
}

ops! {
    /// A right shift that makes lanes half as wide: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ShiftNarrow::Shrn.name(), "shrn");
    /// ```
    pub enum ShiftNarrow: 6 {
        /// Truncated.
        Shrn = 0b0_10000 "shrn",
        /// Rounded.
        Rshrn = 0b0_10001 "rshrn",
        /// Signed, saturating.
        Sqshrn = 0b0_10010 "sqshrn",
        /// Signed, saturating, rounded.
        Sqrshrn = 0b0_10011 "sqrshrn",
        /// Signed to unsigned, saturating.
        Sqshrun = 0b1_10000 "sqshrun",
        /// Signed to unsigned, saturating, rounded.
        Sqrshrun = 0b1_10001 "sqrshrun",
        /// Unsigned, saturating.
        Uqshrn = 0b1_10010 "uqshrn",
        /// Unsigned, saturating, rounded.
        Uqrshrn = 0b1_10011 "uqrshrn",
    }
}

ops! {
    /// A left shift that makes lanes twice as wide: `U`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ShiftLong::Sshll.name(), "sshll");
    /// ```
    pub enum ShiftLong: 1 {
        /// Signed.
        Sshll = 0 "sshll",
        /// Unsigned.
        Ushll = 1 "ushll",
    }
}

ops! {
    /// A conversion between floats and fixed point: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ConvertFixed::Scvtf.name(), "scvtf");
    /// ```
    pub enum ConvertFixed: 6 {
        /// From signed.
        Scvtf = 0b0_11100 "scvtf",
        /// To signed, toward zero.
        Fcvtzs = 0b0_11111 "fcvtzs",
        /// From unsigned.
        Ucvtf = 0b1_11100 "ucvtf",
        /// To unsigned, toward zero.
        Fcvtzu = 0b1_11111 "fcvtzu",
    }
}

encodings! {
    /// AdvSIMD shifts by constants.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdShift::decode(0x4f3d0420).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("sshr v0.4s, v1.4s, #3", 0x4f3d0420));
    /// ```
    pub enum SimdShift {
        /// To the right.
        Right "0 q u 011110 iiiiiii ooooo 1 nnnnn ddddd" {
            op: ShiftRight = "uo", shift: RightShift = "iq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, {shift}"]
        /// To the left.
        Left "0 q u 011110 iiiiiii ooooo 1 nnnnn ddddd" {
            op: ShiftLeft = "uo", shift: LeftShift = "iq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, {shift}"]
        /// To the right, into narrower lanes.
        Narrow "0 q u 011110 iiiiiii ooooo 1 nnnnn ddddd" {
            op: ShiftNarrow = "uo", shift: NarrowingShift = "iq", rd: VReg = "d", rn: VReg = "n",
        } ["{op}{shift:2} {rd}, {rn:wide}, {shift}"]
        /// To the left, into wider lanes.
        Long "0 q u 011110 iiiiiii 10100 1 nnnnn ddddd" {
            op: ShiftLong = "u", shift: WideningShift = "iq", rd: VReg = "d", rn: VReg = "n",
        } [
            "{op}{shift:2} {rd:wide}, {rn}, {shift}",
            "sxtl{shift:2} {rd:wide}, {rn}{shift:zero}; u=0",
            "uxtl{shift:2} {rd:wide}, {rn}{shift:zero}; u=1",
        ]
        /// Between floats and fixed point.
        Fixed "0 q u 011110 iiiiiii ooooo 1 nnnnn ddddd" {
            op: ConvertFixed = "uo", fraction: VectorFractionBits = "iq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, {fraction}"]
    }
}
