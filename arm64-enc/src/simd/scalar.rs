//! AdvSIMD scalar: the vector classes with bits 31, 30 and 28 set, on one lane.
//!
//! ```text
//!  31 30 29 28       24 23 22 21                10 9    5 4     0
//! +-----+--+-----------+-----+--------------------+------+-------+
//! | 0 1 |U |1 1 1 1 x  |size |  as in the vector  |  Rn  |  Rd   |
//! +-----+--+-----------+-----+--------------------+------+-------+
//! ```

use super::indexed::{
    DoubleElement, HalfElement, IndexedDoublingLong, IndexedFp, IndexedHigh, WordElement,
};
use super::shape::{DoublingScalar, FpScalar, LETTERS, Lane, LaneSize, NarrowScalar};
use super::shift::{ConvertFixed, ShiftRight, lane_log2, left_bits, right_bits};
use super::three::{DoublingHigh, DoublingLong};
use crate::VReg;
use crate::field::{Field, encodings, ops};
use crate::text::Kind;
use crate::text::when;

ops! {
    /// An operation on double words: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarInt::Cmgt.name(), "cmgt");
    /// ```
    pub enum ScalarInt: 6 {
        /// All ones if signed greater.
        Cmgt = 0b0_00110 "cmgt",
        /// All ones if signed greater or equal.
        Cmge = 0b0_00111 "cmge",
        /// Signed shift by a register, right if negative.
        Sshl = 0b0_01000 "sshl",
        /// The same, rounding.
        Srshl = 0b0_01010 "srshl",
        /// Addition.
        Add = 0b0_10000 "add",
        /// All ones if a common bit is set.
        Cmtst = 0b0_10001 "cmtst",
        /// All ones if unsigned higher.
        Cmhi = 0b1_00110 "cmhi",
        /// All ones if unsigned higher or same.
        Cmhs = 0b1_00111 "cmhs",
        /// Unsigned shift by a register, right if negative.
        Ushl = 0b1_01000 "ushl",
        /// The same, rounding.
        Urshl = 0b1_01010 "urshl",
        /// Subtraction.
        Sub = 0b1_10000 "sub",
        /// All ones if equal.
        Cmeq = 0b1_10001 "cmeq",
    }
}

ops! {
    /// A saturating operation on any width: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarSaturating::Sqadd.name(), "sqadd");
    /// ```
    pub enum ScalarSaturating: 6 {
        /// Signed addition.
        Sqadd = 0b0_00001 "sqadd",
        /// Signed subtraction.
        Sqsub = 0b0_00101 "sqsub",
        /// Signed shift by a register, right if negative.
        Sqshl = 0b0_01001 "sqshl",
        /// The same, rounding.
        Sqrshl = 0b0_01011 "sqrshl",
        /// Unsigned addition.
        Uqadd = 0b1_00001 "uqadd",
        /// Unsigned subtraction.
        Uqsub = 0b1_00101 "uqsub",
        /// Unsigned shift by a register, right if negative.
        Uqshl = 0b1_01001 "uqshl",
        /// The same, rounding.
        Uqrshl = 0b1_01011 "uqrshl",
    }
}

ops! {
    /// An operation on two floats: `U`, bit 23 and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarFp::Fmulx.name(), "fmulx");
    /// ```
    pub enum ScalarFp: 7 {
        /// Multiplication in which 0 times infinity is 2.
        Fmulx = 0b0_0_11011 "fmulx",
        /// All ones if equal.
        Fcmeq = 0b0_0_11100 "fcmeq",
        /// Newton step of a reciprocal.
        Frecps = 0b0_0_11111 "frecps",
        /// Newton step of a reciprocal square root.
        Frsqrts = 0b0_1_11111 "frsqrts",
        /// All ones if greater or equal.
        Fcmge = 0b1_0_11100 "fcmge",
        /// All ones if greater or equal in absolute value.
        Facge = 0b1_0_11101 "facge",
        /// Absolute difference.
        Fabd = 0b1_1_11010 "fabd",
        /// All ones if greater.
        Fcmgt = 0b1_1_11100 "fcmgt",
        /// All ones if greater in absolute value.
        Facgt = 0b1_1_11101 "facgt",
    }
}

ops! {
    /// An operation on one double word: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarTwoInt::Cmgt.name(), "cmgt");
    /// ```
    pub enum ScalarTwoInt: 6 {
        /// All ones if greater than zero.
        Cmgt = 0b0_01000 "cmgt",
        /// All ones if zero.
        Cmeq = 0b0_01001 "cmeq",
        /// All ones if less than zero.
        Cmlt = 0b0_01010 "cmlt",
        /// Absolute value.
        Abs = 0b0_01011 "abs",
        /// All ones if greater than or equal to zero.
        Cmge = 0b1_01000 "cmge",
        /// All ones if less than or equal to zero.
        Cmle = 0b1_01001 "cmle",
        /// Negation.
        Neg = 0b1_01011 "neg",
    }
}

ops! {
    /// A saturating operation on one scalar of any width: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarTwoSaturating::Suqadd.name(), "suqadd");
    /// ```
    pub enum ScalarTwoSaturating: 6 {
        /// Signed accumulation of an unsigned value.
        Suqadd = 0b0_00011 "suqadd",
        /// Absolute value.
        Sqabs = 0b0_00111 "sqabs",
        /// Unsigned accumulation of a signed value.
        Usqadd = 0b1_00011 "usqadd",
        /// Negation.
        Sqneg = 0b1_00111 "sqneg",
    }
}

ops! {
    /// Makes a scalar half as wide, saturating: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarExtract::Sqxtn.name(), "sqxtn");
    /// ```
    pub enum ScalarExtract: 6 {
        /// Signed.
        Sqxtn = 0b0_10100 "sqxtn",
        /// Signed to unsigned.
        Sqxtun = 0b1_10010 "sqxtun",
        /// Unsigned.
        Uqxtn = 0b1_10100 "uqxtn",
    }
}

ops! {
    /// An operation on one float: `U`, bit 23 and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarTwoFp::Fcvtns.name(), "fcvtns");
    /// ```
    pub enum ScalarTwoFp: 7 {
        /// To signed integer, ties to even.
        Fcvtns = 0b0_0_11010 "fcvtns",
        /// To signed integer, downward.
        Fcvtms = 0b0_0_11011 "fcvtms",
        /// To signed integer, ties away.
        Fcvtas = 0b0_0_11100 "fcvtas",
        /// From signed integer.
        Scvtf = 0b0_0_11101 "scvtf",
        /// All ones if greater than zero.
        Fcmgt = 0b0_1_01100 "fcmgt",
        /// All ones if zero.
        Fcmeq = 0b0_1_01101 "fcmeq",
        /// All ones if less than zero.
        Fcmlt = 0b0_1_01110 "fcmlt",
        /// To signed integer, upward.
        Fcvtps = 0b0_1_11010 "fcvtps",
        /// To signed integer, toward zero.
        Fcvtzs = 0b0_1_11011 "fcvtzs",
        /// Estimate of the reciprocal.
        Frecpe = 0b0_1_11101 "frecpe",
        /// Exponent for a reciprocal.
        Frecpx = 0b0_1_11111 "frecpx",
        /// To unsigned integer, ties to even.
        Fcvtnu = 0b1_0_11010 "fcvtnu",
        /// To unsigned integer, downward.
        Fcvtmu = 0b1_0_11011 "fcvtmu",
        /// To unsigned integer, ties away.
        Fcvtau = 0b1_0_11100 "fcvtau",
        /// From unsigned integer.
        Ucvtf = 0b1_0_11101 "ucvtf",
        /// All ones if greater than or equal to zero.
        Fcmge = 0b1_1_01100 "fcmge",
        /// All ones if less than or equal to zero.
        Fcmle = 0b1_1_01101 "fcmle",
        /// To unsigned integer, upward.
        Fcvtpu = 0b1_1_11010 "fcvtpu",
        /// To unsigned integer, toward zero.
        Fcvtzu = 0b1_1_11011 "fcvtzu",
        /// Estimate of the reciprocal square root.
        Frsqrte = 0b1_1_11101 "frsqrte",
    }
}

ops! {
    /// A reduction of two floats: bit 23 and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarPair::Fmaxnmp.name(), "fmaxnmp");
    /// ```
    pub enum ScalarPair: 6 {
        /// Maximum number.
        Fmaxnmp = 0b0_01100 "fmaxnmp",
        /// Sum.
        Faddp = 0b0_01101 "faddp",
        /// Maximum.
        Fmaxp = 0b0_01111 "fmaxp",
        /// Minimum number.
        Fminnmp = 0b1_01100 "fminnmp",
        /// Minimum.
        Fminp = 0b1_01111 "fminp",
    }
}

ops! {
    /// A left shift of a double word: `U`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarShl::Shl.name(), "shl");
    /// ```
    pub enum ScalarShl: 1 {
        /// Without more.
        Shl = 0 "shl",
        /// Inserted: the low bits of the destination stay.
        Sli = 1 "sli",
    }
}

ops! {
    /// A saturating left shift: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarShlSaturating::Sqshl.name(), "sqshl");
    /// ```
    pub enum ScalarShlSaturating: 6 {
        /// Signed.
        Sqshl = 0b0_01110 "sqshl",
        /// Signed to unsigned.
        Sqshlu = 0b1_01100 "sqshlu",
        /// Unsigned.
        Uqshl = 0b1_01110 "uqshl",
    }
}

ops! {
    /// A saturating right shift that makes a scalar half as wide: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ScalarShiftNarrow::Sqshrn.name(), "sqshrn");
    /// ```
    pub enum ScalarShiftNarrow: 6 {
        /// Signed.
        Sqshrn = 0b0_10010 "sqshrn",
        /// Signed, rounded.
        Sqrshrn = 0b0_10011 "sqrshrn",
        /// Signed to unsigned.
        Sqshrun = 0b1_10000 "sqshrun",
        /// Signed to unsigned, rounded.
        Sqrshrun = 0b1_10001 "sqrshrun",
        /// Unsigned.
        Uqshrn = 0b1_10010 "uqshrn",
        /// Unsigned, rounded.
        Uqrshrn = 0b1_10011 "uqrshrn",
    }
}

macro_rules! scalar_amount {
    ($(#[$doc:meta])* $name:ident as $kind:ident of $names:expr, $size:ident, $log2:expr, $range:expr, $bits:ident, $amount:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name {
            size: $size,
            amount: u8,
        }

        impl $name {
            /// The amount of this many bits for a scalar of this width.
            #[must_use]
            pub fn new(size: $size, amount: u32) -> Option<$name> {
                let log2: fn($size) -> u32 = $log2;
                let range: fn(u32) -> core::ops::RangeInclusive<u32> = $range;
                range(8 << log2(size)).contains(&amount).then_some($name { size, amount: amount as u8 })
            }

            /// The width of the scalar.
            #[must_use]
            pub const fn size(self) -> $size {
                self.size
            }

            /// The amount in bits.
            #[must_use]
            pub const fn amount(self) -> u32 {
                self.amount as u32
            }
        }

        impl Field for $name {
            const WIDTH: u32 = 7;
    const NAMES: &'static [(u32, &'static str)] = $names;
    const KIND: Kind = Kind::$kind;

            #[inline]
            fn bits(self) -> u32 {
                let log2: fn($size) -> u32 = $log2;
                $bits(log2(self.size), u32::from(self.amount))
            }

            #[inline]
            fn from_bits(bits: u32) -> Option<Self> {
                let log2 = lane_log2(bits)?;
                let size = $size::ALL.iter().copied().find(|&size| {
                    let of: fn($size) -> u32 = $log2;
                    of(size) == log2
                })?;
                let amount: fn(u32, u32) -> u32 = $amount;
                Some($name { size, amount: amount(log2, bits) as u8 })
            }
        }
    };
}

scalar_amount! {
    /// A left shift of a scalar: from 0 to below its width.
    ScalarLeftShift as Left of LETTERS, LaneSize, |size| size as u32, |width| 0..=width - 1, left_bits, |log2, imm| imm - (8 << log2)
}

scalar_amount! {
    /// A right shift that makes a scalar half as wide; the size is that of the result, whose width is the limit.
    ScalarNarrowingShift as Right of LETTERS.split_at(3).0, NarrowScalar, |size| size as u32, |width| 1..=width, right_bits, |log2, imm| (16 << log2) - imm
}

scalar_amount! {
    /// The number of fraction bits of a fixed-point conversion: from 1 to the width of the scalar.
    ScalarFractionBits as Right of LETTERS.split_at(2).1, FpScalar, |size| 2 + size as u32, |width| 1..=width, right_bits, |log2, imm| (16 << log2) - imm
}

/// A right shift of a double word: from 1 to 64.
///
/// ```
/// use arm64_enc::simd::RightShift64;
/// assert!(RightShift64::new(64).is_some());
/// assert!(RightShift64::new(0).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RightShift64(u8);

impl RightShift64 {
    /// A shift by this many bits.
    #[must_use]
    pub const fn new(amount: u32) -> Option<RightShift64> {
        if amount >= 1 && amount <= 64 { Some(RightShift64(amount as u8)) } else { None }
    }

    /// The amount in bits.
    #[must_use]
    pub const fn amount(self) -> u32 {
        self.0 as u32
    }
}

impl Field for RightShift64 {
    const WIDTH: u32 = 6;
    const KIND: Kind = Kind::Right;

    #[inline]
    fn bits(self) -> u32 {
        64 - u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        RightShift64::new(64 - bits)
    }
}

/// A left shift of a double word: from 0 to 63.
///
/// ```
/// use arm64_enc::simd::LeftShift64;
/// assert!(LeftShift64::new(63).is_some());
/// assert!(LeftShift64::new(64).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LeftShift64(u8);

impl LeftShift64 {
    /// A shift by this many bits.
    #[must_use]
    pub const fn new(amount: u32) -> Option<LeftShift64> {
        if amount < 64 { Some(LeftShift64(amount as u8)) } else { None }
    }

    /// The amount in bits.
    #[must_use]
    pub const fn amount(self) -> u32 {
        self.0 as u32
    }
}

impl Field for LeftShift64 {
    const WIDTH: u32 = 6;
    const KIND: Kind = Kind::Left;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        LeftShift64::new(bits)
    }
}

encodings! {
    /// AdvSIMD operations on scalars.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdScalar::decode(0x5ef1b820).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("addp d0, v1.2d", 0x5ef1b820));
    /// ```
    pub enum SimdScalar {
        /// Two double words.
        Int "01 u 11110 11 1 mmmmm ooooo 1 nnnnn ddddd" {
            op: ScalarInt = "uo", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } [
            "{op} {rd:d}, {rn:d}, {rm:d}",
            "cmlt {rd:d}, {rm:d}, {rn:d}; u=0 o=6",
            "cmle {rd:d}, {rm:d}, {rn:d}; u=0 o=7",
            "cmlo {rd:d}, {rm:d}, {rn:d}; u=1 o=6",
            "cmls {rd:d}, {rm:d}, {rn:d}; u=1 o=7",
        ]
        /// Two integers of any width, saturating.
        Saturating "01 u 11110 ss 1 mmmmm ooooo 1 nnnnn ddddd" {
            op: ScalarSaturating = "uo", size: LaneSize = "s", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]
        /// `sqdmulh`, `sqrdmulh`.
        DoublingHigh "01 u 11110 ss 1 mmmmm 10110 1 nnnnn ddddd" {
            op: DoublingHigh = "u", size: DoublingScalar = "s", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]
        /// Two floats.
        Fp "01 u 11110 a z 1 mmmmm ooooo 1 nnnnn ddddd" {
            op: ScalarFp = "uao", size: FpScalar = "z", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } [
            "{op} {rd}, {rn}, {rm}",
            "fcmle {rd}, {rm}, {rn}; u=1 a=0 o=28",
            "fcmlt {rd}, {rm}, {rn}; u=1 a=1 o=28",
            "facle {rd}, {rm}, {rn}; u=1 a=0 o=29",
            "faclt {rd}, {rm}, {rn}; u=1 a=1 o=29",
        ]
        /// `sqdmlal`, `sqdmlsl`, `sqdmull`; the size is that of the operands.
        DoublingLong "01 0 11110 ss 1 mmmmm oooo 00 nnnnn ddddd" {
            op: DoublingLong = "o", size: DoublingScalar = "s", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd:wide}, {rn}, {rm}"]
        /// One double word.
        TwoInt "01 u 11110 11 10000 ooooo 10 nnnnn ddddd" { op: ScalarTwoInt = "uo", rd: VReg = "d", rn: VReg = "n" } [
            "{op} {rd:d}, {rn:d}, #0" if when::compares_with_zero,
            "{op} {rd:d}, {rn:d}" if when::compares_nothing,
        ]
        /// One integer of any width, saturating.
        TwoSaturating "01 u 11110 ss 10000 ooooo 10 nnnnn ddddd" {
            op: ScalarTwoSaturating = "uo", size: LaneSize = "s", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}"]
        /// A narrower integer; the size is that of the result.
        Extract "01 u 11110 ss 10000 ooooo 10 nnnnn ddddd" {
            op: ScalarExtract = "uo", size: NarrowScalar = "s", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn:wide}"]
        /// One float.
        TwoFp "01 u 11110 a z 10000 ooooo 10 nnnnn ddddd" {
            op: ScalarTwoFp = "uao", size: FpScalar = "z", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, #0.0" if when::fp_compares_with_zero, "{op} {rd}, {rn}" if when::fp_compares_nothing]
        /// `fcvtxn`: from double to single precision, rounded to odd.
        FpNarrowOdd "01 1 11110 01 10000 10110 10 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" } [
            "fcvtxn {rd:s}, {rn:d}",
        ]
        /// `addp`: the sum of two double words.
        AddPair "01 0 11110 11 11000 11011 10 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" } ["addp {rd:d}, {rn:2d}"]
        /// A reduction of two floats.
        Pair "01 1 11110 a z 11000 ooooo 10 nnnnn ddddd" {
            op: ScalarPair = "ao", size: FpScalar = "z", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd:s}, {rn:2s}; z=0", "{op} {rd:d}, {rn:2d}; z=1"]
        /// `mov` of a lane.
        DupLane "01 0 11110000 iiiii 0 0000 1 nnnnn ddddd" { lane: Lane = "i", rd: VReg = "d", rn: VReg = "n" } [
            "mov {rd}, {rn:element}",
            "dup {rd}, {rn:element}",
        ]
        /// A right shift.
        ShiftRight "01 u 111110 1 iiiiii ooooo 1 nnnnn ddddd" {
            op: ShiftRight = "uo", shift: RightShift64 = "i", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd:d}, {rn:d}, {shift}"]
        /// `shl`, `sli`.
        ShiftLeft "01 u 111110 1 iiiiii 01010 1 nnnnn ddddd" {
            op: ScalarShl = "u", shift: LeftShift64 = "i", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd:d}, {rn:d}, {shift}"]
        /// A left shift, saturating.
        ShiftLeftSaturating "01 u 111110 iiiiiii ooooo 1 nnnnn ddddd" {
            op: ScalarShlSaturating = "uo", shift: ScalarLeftShift = "i", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, {shift}"]
        /// A right shift that narrows, saturating.
        ShiftNarrow "01 u 111110 iiiiiii ooooo 1 nnnnn ddddd" {
            op: ScalarShiftNarrow = "uo", shift: ScalarNarrowingShift = "i", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn:wide}, {shift}"]
        /// Between floats and fixed point.
        Fixed "01 u 111110 iiiiiii ooooo 1 nnnnn ddddd" {
            op: ConvertFixed = "uo", fraction: ScalarFractionBits = "i", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, {fraction}"]
        /// The high half of a doubled product by a half word.
        HalfHigh "01 0 11111 01 l m rrrr 110 o h 0 nnnnn ddddd" {
            op: IndexedHigh = "o", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op} {rd:h}, {rn:h}, {rm}"]
        /// The high half of a doubled product by a word.
        WordHigh "01 0 11111 10 l rrrrr 110 o h 0 nnnnn ddddd" {
            op: IndexedHigh = "o", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd:s}, {rn:s}, {rm}"]
        /// A doubled product by a half word.
        HalfDoublingLong "01 0 11111 01 l m rrrr oooo h 0 nnnnn ddddd" {
            op: IndexedDoublingLong = "o", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op} {rd:s}, {rn:h}, {rm}"]
        /// A doubled product by a word.
        WordDoublingLong "01 0 11111 10 l rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedDoublingLong = "o", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd:d}, {rn:s}, {rm}"]
        /// A product of single-precision floats by a lane.
        SingleFp "01 u 11111 10 l rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedFp = "uo", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd:s}, {rn:s}, {rm}"]
        /// A product of double-precision floats by a lane.
        DoubleFp "01 u 11111 11 0 rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedFp = "uo", rd: VReg = "d", rn: VReg = "n", rm: DoubleElement = "hr",
        } ["{op} {rd:d}, {rn:d}, {rm}"]
    }
}
