//! AdvSIMD, two registers: "two-register miscellaneous" (bits 21 to 17 are `10000`) and "across lanes" (`11000`).
//!
//! ```text
//!  31 30 29 28       24 23 22 21       17 16   12 11 10 9    5 4     0
//! +--+--+--+-----------+-----+-----------+-------+-----+------+-------+
//! |0 |Q |U |0 1 1 1 0  |size |1 x 0 0 0  |opcode | 1 0 |  Rn  |  Rd   |
//! +--+--+--+-----------+-----+-----------+-------+-----+------+-------+
//! ```

use super::shape::{
    AcrossShape, FpScalar, FpShape, IntShape, NarrowShape, SmallShape, VectorSize, WordShape,
};
use crate::VReg;
use crate::field::{encodings, ops};
use crate::text::when;

ops! {
    /// An operation on integers of any width: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TwoInt::Suqadd.name(), "suqadd");
    /// ```
    pub enum TwoInt: 6 {
        /// Signed saturating accumulation of unsigned values.
        Suqadd = 0b0_00011 "suqadd",
        /// Signed saturating absolute value.
        Sqabs = 0b0_00111 "sqabs",
        /// All ones where greater than zero.
        Cmgt = 0b0_01000 "cmgt",
        /// All ones where zero.
        Cmeq = 0b0_01001 "cmeq",
        /// All ones where less than zero.
        Cmlt = 0b0_01010 "cmlt",
        /// Absolute value.
        Abs = 0b0_01011 "abs",
        /// Unsigned saturating accumulation of signed values.
        Usqadd = 0b1_00011 "usqadd",
        /// Signed saturating negation.
        Sqneg = 0b1_00111 "sqneg",
        /// All ones where greater than or equal to zero.
        Cmge = 0b1_01000 "cmge",
        /// All ones where less than or equal to zero.
        Cmle = 0b1_01001 "cmle",
        /// Negation.
        Neg = 0b1_01011 "neg",
    }
}

ops! {
    /// An operation on integers of up to 32 bits: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TwoNarrow::Rev64.name(), "rev64");
    /// ```
    pub enum TwoNarrow: 6 {
        /// Reverses the order of lanes in each double word.
        Rev64 = 0b0_00000 "rev64",
        /// Counts leading sign bits.
        Cls = 0b0_00100 "cls",
        /// Counts leading zeros.
        Clz = 0b1_00100 "clz",
    }
}

ops! {
    /// A sum of neighbours in lanes twice as wide: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TwoPairLong::Saddlp.name(), "saddlp");
    /// ```
    pub enum TwoPairLong: 6 {
        /// Signed.
        Saddlp = 0b0_00010 "saddlp",
        /// Signed, accumulated.
        Sadalp = 0b0_00110 "sadalp",
        /// Unsigned.
        Uaddlp = 0b1_00010 "uaddlp",
        /// Unsigned, accumulated.
        Uadalp = 0b1_00110 "uadalp",
    }
}

ops! {
    /// Makes lanes half as wide: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TwoExtract::Xtn.name(), "xtn");
    /// ```
    pub enum TwoExtract: 6 {
        /// The low half.
        Xtn = 0b0_10010 "xtn",
        /// Signed, saturating.
        Sqxtn = 0b0_10100 "sqxtn",
        /// Signed to unsigned, saturating.
        Sqxtun = 0b1_10010 "sqxtun",
        /// Unsigned, saturating.
        Uqxtn = 0b1_10100 "uqxtn",
    }
}

ops! {
    /// An operation on bytes: `U`, `size` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TwoBytes::Rev16.name(), "rev16");
    /// ```
    pub enum TwoBytes: 8 {
        /// Reverses the bytes of each half word.
        Rev16 = 0b0_00_00001 "rev16",
        /// Counts the ones of each byte.
        Cnt = 0b0_00_00101 "cnt",
        /// The complement.
        Not = 0b1_00_00101 "mvn",
        /// Reverses the bits of each byte.
        Rbit = 0b1_01_00101 "rbit",
    }
}

ops! {
    /// An operation on floats: `U`, bit 23 and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TwoFp::Frintn.name(), "frintn");
    /// ```
    pub enum TwoFp: 7 {
        /// Rounds to nearest, ties to even.
        Frintn = 0b0_0_11000 "frintn",
        /// Rounds downward.
        Frintm = 0b0_0_11001 "frintm",
        /// To signed integer, ties to even.
        Fcvtns = 0b0_0_11010 "fcvtns",
        /// To signed integer, downward.
        Fcvtms = 0b0_0_11011 "fcvtms",
        /// To signed integer, ties away.
        Fcvtas = 0b0_0_11100 "fcvtas",
        /// From signed integer.
        Scvtf = 0b0_0_11101 "scvtf",
        /// All ones where greater than zero.
        Fcmgt = 0b0_1_01100 "fcmgt",
        /// All ones where zero.
        Fcmeq = 0b0_1_01101 "fcmeq",
        /// All ones where less than zero.
        Fcmlt = 0b0_1_01110 "fcmlt",
        /// Absolute value.
        Fabs = 0b0_1_01111 "fabs",
        /// Rounds upward.
        Frintp = 0b0_1_11000 "frintp",
        /// Rounds toward zero.
        Frintz = 0b0_1_11001 "frintz",
        /// To signed integer, upward.
        Fcvtps = 0b0_1_11010 "fcvtps",
        /// To signed integer, toward zero.
        Fcvtzs = 0b0_1_11011 "fcvtzs",
        /// Estimate of the reciprocal.
        Frecpe = 0b0_1_11101 "frecpe",
        /// Rounds to nearest, ties away.
        Frinta = 0b1_0_11000 "frinta",
        /// Rounds as FPCR says, and signals inexactness.
        Frintx = 0b1_0_11001 "frintx",
        /// To unsigned integer, ties to even.
        Fcvtnu = 0b1_0_11010 "fcvtnu",
        /// To unsigned integer, downward.
        Fcvtmu = 0b1_0_11011 "fcvtmu",
        /// To unsigned integer, ties away.
        Fcvtau = 0b1_0_11100 "fcvtau",
        /// From unsigned integer.
        Ucvtf = 0b1_0_11101 "ucvtf",
        /// All ones where greater than or equal to zero.
        Fcmge = 0b1_1_01100 "fcmge",
        /// All ones where less than or equal to zero.
        Fcmle = 0b1_1_01101 "fcmle",
        /// Negation.
        Fneg = 0b1_1_01111 "fneg",
        /// Rounds as FPCR says.
        Frinti = 0b1_1_11001 "frinti",
        /// To unsigned integer, upward.
        Fcvtpu = 0b1_1_11010 "fcvtpu",
        /// To unsigned integer, toward zero.
        Fcvtzu = 0b1_1_11011 "fcvtzu",
        /// Estimate of the reciprocal square root.
        Frsqrte = 0b1_1_11101 "frsqrte",
        /// Square root.
        Fsqrt = 0b1_1_11111 "fsqrt",
    }
}

ops! {
    /// An estimate on unsigned integers: `U`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TwoEstimate::Urecpe.name(), "urecpe");
    /// ```
    pub enum TwoEstimate: 1 {
        /// Of the reciprocal.
        Urecpe = 0 "urecpe",
        /// Of the reciprocal square root.
        Ursqrte = 1 "ursqrte",
    }
}

ops! {
    /// A reduction of integers: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Across::Smaxv.name(), "smaxv");
    /// ```
    pub enum Across: 6 {
        /// Signed maximum.
        Smaxv = 0b0_01010 "smaxv",
        /// Signed minimum.
        Sminv = 0b0_11010 "sminv",
        /// Sum.
        Addv = 0b0_11011 "addv",
        /// Unsigned maximum.
        Umaxv = 0b1_01010 "umaxv",
        /// Unsigned minimum.
        Uminv = 0b1_11010 "uminv",
    }
}

ops! {
    /// A sum of all lanes, twice as wide as they: `U`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::AcrossLong::Saddlv.name(), "saddlv");
    /// ```
    pub enum AcrossLong: 1 {
        /// Signed.
        Saddlv = 0 "saddlv",
        /// Unsigned.
        Uaddlv = 1 "uaddlv",
    }
}

ops! {
    /// A reduction of floats: bit 23 and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::AcrossFp::Fmaxnmv.name(), "fmaxnmv");
    /// ```
    pub enum AcrossFp: 6 {
        /// Maximum number.
        Fmaxnmv = 0b0_01100 "fmaxnmv",
        /// Maximum.
        Fmaxv = 0b0_01111 "fmaxv",
        /// Minimum number.
        Fminnmv = 0b1_01100 "fminnmv",
        /// Minimum.
        Fminv = 0b1_01111 "fminv",
    }
}

encodings! {
    /// AdvSIMD operations on two registers.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdTwo::decode(0x4e600820).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("rev64 v0.8h, v1.8h", 0x4e600820));
    /// ```
    pub enum SimdTwo {
        /// Integers of any width.
        Int "0 q u 01110 ss 10000 ooooo 10 nnnnn ddddd" {
            op: TwoInt = "uo", shape: IntShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, #0" if when::compares_with_zero, "{op} {rd}, {rn}" if when::compares_nothing]
        /// Integers of up to 32 bits.
        Narrow "0 q u 01110 ss 10000 ooooo 10 nnnnn ddddd" {
            op: TwoNarrow = "uo", shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}"]
        /// Sums of neighbours; the shape is that of the operand.
        PairLong "0 q u 01110 ss 10000 ooooo 10 nnnnn ddddd" {
            op: TwoPairLong = "uo", shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd:paired}, {rn}"]
        /// Narrower lanes; the shape is that of the result.
        Extract "0 q u 01110 ss 10000 ooooo 10 nnnnn ddddd" {
            op: TwoExtract = "uo", shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["{op}{shape:2} {rd}, {rn:wide}"]
        /// `shll`: shift left by the width of a lane, into lanes twice as wide; the shape is that of the operand.
        ShiftLong "0 q 1 01110 ss 10000 10011 10 nnnnn ddddd" {
            shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["shll{shape:2} {rd:wide}, {rn}, {shape:bits}"]
        /// `rev32`: reverses the order of lanes in each word.
        Rev32 "0 q 1 01110 ss 10000 00000 10 nnnnn ddddd" {
            shape: SmallShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["rev32 {rd}, {rn}"]
        /// Bytes.
        Bytes "0 q u 01110 ss 10000 ooooo 10 nnnnn ddddd" {
            op: TwoBytes = "uso", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}", "not {rd}, {rn}; u=1 s=0 o=5"]
        /// Floats.
        Fp "0 q u 01110 a z 10000 ooooo 10 nnnnn ddddd" {
            op: TwoFp = "uao", shape: FpShape = "zq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}, #0.0" if when::fp_compares_with_zero, "{op} {rd}, {rn}" if when::fp_compares_nothing]
        /// `urecpe`, `ursqrte`.
        Estimate "0 q u 01110 10 10000 11100 10 nnnnn ddddd" {
            op: TwoEstimate = "u", shape: WordShape = "q", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}"]
        /// `fcvtl`: to the next precision; `from` is the wider of the two after it. `Q` takes the high half.
        FpLong "0 q 0 01110 0 z 10000 10111 10 nnnnn ddddd" {
            to: FpScalar = "z", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n",
        } ["fcvtl{q:2} {rd:4s}, {rn:halves}; z=0", "fcvtl{q:2} {rd:2d}, {rn:words}; z=1"]
        /// `fcvtn`: to the precision below `from`. `Q` writes the high half.
        FpNarrow "0 q 0 01110 0 z 10000 10110 10 nnnnn ddddd" {
            from: FpScalar = "z", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n",
        } ["fcvtn{q:2} {rd:halves}, {rn:4s}; z=0", "fcvtn{q:2} {rd:words}, {rn:2d}; z=1"]
        /// `fcvtxn`: from double to single precision, rounded to odd. `Q` writes the high half.
        FpNarrowOdd "0 q 1 01110 01 10000 10110 10 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n",
        } ["fcvtxn{q:2} {rd:words}, {rn:2d}"]
        /// A reduction of integers.
        Across "0 q u 01110 ss 11000 ooooo 10 nnnnn ddddd" {
            op: Across = "uo", shape: AcrossShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd:lane}, {rn}"]
        /// A wider sum of integers.
        AcrossLong "0 q u 01110 ss 11000 00011 10 nnnnn ddddd" {
            op: AcrossLong = "u", shape: AcrossShape = "sq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd:widelane}, {rn}"]
        /// A reduction of four single-precision floats.
        AcrossFp "0 1 1 01110 a 0 11000 ooooo 10 nnnnn ddddd" {
            op: AcrossFp = "ao", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd:s}, {rn:4s}"]
    }
}
