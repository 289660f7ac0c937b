//! AdvSIMD, three registers: "three same" (bit 10 is 1) and "three different" (bits 11 and 10 are 0).
//!
//! ```text
//!  31 30 29 28       24 23 22 21 20   16 15      10 9    5 4     0
//! +--+--+--+-----------+-----+--+-------+----------+------+-------+
//! |0 |Q |U |0 1 1 1 0  |size | 1|  Rm   |  opcode  |  Rn  |  Rd   |
//! +--+--+--+-----------+-----+--+-------+----------+------+-------+
//! ```

use super::shape::{DoublingShape, FpShape, IntShape, NarrowShape, VectorSize};
use crate::VReg;
use crate::field::{encodings, ops};

ops! {
    /// A lane-wise operation on integers of any width: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ThreeInt::Sqadd.name(), "sqadd");
    /// ```
    pub enum ThreeInt: 6 {
        /// Signed saturating addition.
        Sqadd = 0b0_00001 "sqadd",
        /// Signed saturating subtraction.
        Sqsub = 0b0_00101 "sqsub",
        /// All ones where signed greater.
        Cmgt = 0b0_00110 "cmgt",
        /// All ones where signed greater or equal.
        Cmge = 0b0_00111 "cmge",
        /// Signed shift by a register, right if negative.
        Sshl = 0b0_01000 "sshl",
        /// The same, saturating.
        Sqshl = 0b0_01001 "sqshl",
        /// The same, rounding.
        Srshl = 0b0_01010 "srshl",
        /// The same, saturating and rounding.
        Sqrshl = 0b0_01011 "sqrshl",
        /// Addition.
        Add = 0b0_10000 "add",
        /// All ones where a common bit is set.
        Cmtst = 0b0_10001 "cmtst",
        /// Addition of neighbours.
        Addp = 0b0_10111 "addp",
        /// Unsigned saturating addition.
        Uqadd = 0b1_00001 "uqadd",
        /// Unsigned saturating subtraction.
        Uqsub = 0b1_00101 "uqsub",
        /// All ones where unsigned higher.
        Cmhi = 0b1_00110 "cmhi",
        /// All ones where unsigned higher or same.
        Cmhs = 0b1_00111 "cmhs",
        /// Unsigned shift by a register, right if negative.
        Ushl = 0b1_01000 "ushl",
        /// The same, saturating.
        Uqshl = 0b1_01001 "uqshl",
        /// The same, rounding.
        Urshl = 0b1_01010 "urshl",
        /// The same, saturating and rounding.
        Uqrshl = 0b1_01011 "uqrshl",
        /// Subtraction.
        Sub = 0b1_10000 "sub",
        /// All ones where equal.
        Cmeq = 0b1_10001 "cmeq",
    }
}

ops! {
    /// A lane-wise operation on integers of up to 32 bits: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ThreeNarrow::Shadd.name(), "shadd");
    /// ```
    pub enum ThreeNarrow: 6 {
        /// Signed halving addition.
        Shadd = 0b0_00000 "shadd",
        /// The same, rounding.
        Srhadd = 0b0_00010 "srhadd",
        /// Signed halving subtraction.
        Shsub = 0b0_00100 "shsub",
        /// Signed maximum.
        Smax = 0b0_01100 "smax",
        /// Signed minimum.
        Smin = 0b0_01101 "smin",
        /// Signed absolute difference.
        Sabd = 0b0_01110 "sabd",
        /// The same, accumulated.
        Saba = 0b0_01111 "saba",
        /// Multiply and add.
        Mla = 0b0_10010 "mla",
        /// Multiplication.
        Mul = 0b0_10011 "mul",
        /// Signed maximum of neighbours.
        Smaxp = 0b0_10100 "smaxp",
        /// Signed minimum of neighbours.
        Sminp = 0b0_10101 "sminp",
        /// Unsigned halving addition.
        Uhadd = 0b1_00000 "uhadd",
        /// The same, rounding.
        Urhadd = 0b1_00010 "urhadd",
        /// Unsigned halving subtraction.
        Uhsub = 0b1_00100 "uhsub",
        /// Unsigned maximum.
        Umax = 0b1_01100 "umax",
        /// Unsigned minimum.
        Umin = 0b1_01101 "umin",
        /// Unsigned absolute difference.
        Uabd = 0b1_01110 "uabd",
        /// The same, accumulated.
        Uaba = 0b1_01111 "uaba",
        /// Multiply and subtract.
        Mls = 0b1_10010 "mls",
        /// Unsigned maximum of neighbours.
        Umaxp = 0b1_10100 "umaxp",
        /// Unsigned minimum of neighbours.
        Uminp = 0b1_10101 "uminp",
    }
}

ops! {
    /// The high half of a doubled product, saturating: `U`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::DoublingHigh::Sqdmulh.name(), "sqdmulh");
    /// ```
    pub enum DoublingHigh: 1 {
        /// Truncated.
        Sqdmulh = 0 "sqdmulh",
        /// Rounded.
        Sqrdmulh = 1 "sqrdmulh",
    }
}

ops! {
    /// A bitwise operation on vectors: `U` and `size`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::VectorLogical::And.name(), "and");
    /// ```
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

ops! {
    /// A lane-wise operation on floats: `U`, bit 23 and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ThreeFp::Fmaxnm.name(), "fmaxnm");
    /// ```
    pub enum ThreeFp: 7 {
        /// Maximum number.
        Fmaxnm = 0b0_0_11000 "fmaxnm",
        /// Multiply and add, fused.
        Fmla = 0b0_0_11001 "fmla",
        /// Addition.
        Fadd = 0b0_0_11010 "fadd",
        /// Multiplication in which 0 times infinity is 2.
        Fmulx = 0b0_0_11011 "fmulx",
        /// All ones where equal.
        Fcmeq = 0b0_0_11100 "fcmeq",
        /// Maximum.
        Fmax = 0b0_0_11110 "fmax",
        /// Newton step of a reciprocal.
        Frecps = 0b0_0_11111 "frecps",
        /// Minimum number.
        Fminnm = 0b0_1_11000 "fminnm",
        /// Multiply and subtract, fused.
        Fmls = 0b0_1_11001 "fmls",
        /// Subtraction.
        Fsub = 0b0_1_11010 "fsub",
        /// Minimum.
        Fmin = 0b0_1_11110 "fmin",
        /// Newton step of a reciprocal square root.
        Frsqrts = 0b0_1_11111 "frsqrts",
        /// Maximum number of neighbours.
        Fmaxnmp = 0b1_0_11000 "fmaxnmp",
        /// Addition of neighbours.
        Faddp = 0b1_0_11010 "faddp",
        /// Multiplication.
        Fmul = 0b1_0_11011 "fmul",
        /// All ones where greater or equal.
        Fcmge = 0b1_0_11100 "fcmge",
        /// All ones where greater or equal in absolute value.
        Facge = 0b1_0_11101 "facge",
        /// Maximum of neighbours.
        Fmaxp = 0b1_0_11110 "fmaxp",
        /// Division.
        Fdiv = 0b1_0_11111 "fdiv",
        /// Minimum number of neighbours.
        Fminnmp = 0b1_1_11000 "fminnmp",
        /// Absolute difference.
        Fabd = 0b1_1_11010 "fabd",
        /// All ones where greater.
        Fcmgt = 0b1_1_11100 "fcmgt",
        /// All ones where greater in absolute value.
        Facgt = 0b1_1_11101 "facgt",
        /// Minimum of neighbours.
        Fminp = 0b1_1_11110 "fminp",
    }
}

ops! {
    /// An operation whose result has lanes twice as wide: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ThreeLong::Saddl.name(), "saddl");
    /// ```
    pub enum ThreeLong: 5 {
        /// Signed addition.
        Saddl = 0b0_0000 "saddl",
        /// Signed subtraction.
        Ssubl = 0b0_0010 "ssubl",
        /// Signed absolute difference, accumulated.
        Sabal = 0b0_0101 "sabal",
        /// Signed absolute difference.
        Sabdl = 0b0_0111 "sabdl",
        /// Signed multiply and add.
        Smlal = 0b0_1000 "smlal",
        /// Signed multiply and subtract.
        Smlsl = 0b0_1010 "smlsl",
        /// Signed multiplication.
        Smull = 0b0_1100 "smull",
        /// Unsigned addition.
        Uaddl = 0b1_0000 "uaddl",
        /// Unsigned subtraction.
        Usubl = 0b1_0010 "usubl",
        /// Unsigned absolute difference, accumulated.
        Uabal = 0b1_0101 "uabal",
        /// Unsigned absolute difference.
        Uabdl = 0b1_0111 "uabdl",
        /// Unsigned multiply and add.
        Umlal = 0b1_1000 "umlal",
        /// Unsigned multiply and subtract.
        Umlsl = 0b1_1010 "umlsl",
        /// Unsigned multiplication.
        Umull = 0b1_1100 "umull",
    }
}

ops! {
    /// An operation whose result and first operand have lanes twice as wide: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ThreeWide::Saddw.name(), "saddw");
    /// ```
    pub enum ThreeWide: 5 {
        /// Signed addition.
        Saddw = 0b0_0001 "saddw",
        /// Signed subtraction.
        Ssubw = 0b0_0011 "ssubw",
        /// Unsigned addition.
        Uaddw = 0b1_0001 "uaddw",
        /// Unsigned subtraction.
        Usubw = 0b1_0011 "usubw",
    }
}

ops! {
    /// An operation that keeps the high half of each lane: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ThreeHigh::Addhn.name(), "addhn");
    /// ```
    pub enum ThreeHigh: 5 {
        /// Addition.
        Addhn = 0b0_0100 "addhn",
        /// Subtraction.
        Subhn = 0b0_0110 "subhn",
        /// Addition, rounded.
        Raddhn = 0b1_0100 "raddhn",
        /// Subtraction, rounded.
        Rsubhn = 0b1_0110 "rsubhn",
    }
}

ops! {
    /// A doubled product, saturating, in lanes twice as wide: `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::DoublingLong::Sqdmlal.name(), "sqdmlal");
    /// ```
    pub enum DoublingLong: 4 {
        /// Added.
        Sqdmlal = 0b1001 "sqdmlal",
        /// Subtracted.
        Sqdmlsl = 0b1011 "sqdmlsl",
        /// As it is.
        Sqdmull = 0b1101 "sqdmull",
    }
}

encodings! {
    /// AdvSIMD operations on three registers.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdThree::decode(0x4ea28420).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("add v0.4s, v1.4s, v2.4s", 0x4ea28420));
    /// ```
    pub enum SimdThree {
        /// Integers of any width.
        Int "0 q u 01110 ss 1 mmmmm ooooo 1 nnnnn ddddd" {
            op: ThreeInt = "uo", shape: IntShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } [
            "{op} {rd}, {rn}, {rm}",
            "cmlt {rd}, {rm}, {rn}; u=0 o=6",
            "cmle {rd}, {rm}, {rn}; u=0 o=7",
            "cmlo {rd}, {rm}, {rn}; u=1 o=6",
            "cmls {rd}, {rm}, {rn}; u=1 o=7",
        ]
        /// Integers of up to 32 bits.
        Narrow "0 q u 01110 ss 1 mmmmm ooooo 1 nnnnn ddddd" {
            op: ThreeNarrow = "uo", shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]
        /// `sqdmulh`, `sqrdmulh`.
        DoublingHigh "0 q u 01110 ss 1 mmmmm 10110 1 nnnnn ddddd" {
            op: DoublingHigh = "u", shape: DoublingShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]
        /// `pmul`: polynomial multiplication of bytes over {0, 1}.
        PolynomialMul "0 q 1 01110 00 1 mmmmm 10011 1 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["pmul {rd}, {rn}, {rm}"]
        /// `and`, `orr`, `eor`, `bsl` and their kin; so `mov` of a vector.
        Logical "0 q u 01110 ss 1 mmmmm 00011 1 nnnnn ddddd" {
            op: VectorLogical = "us", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } [
            "mov {rd}, {rn}; u=0 s=2 m=n",
            "{op} {rd}, {rn}, {rm}",
            "mov {rd:halves}, {rn:halves}; u=0 s=2 m=n",
            "mov {rd:words}, {rn:words}; u=0 s=2 m=n",
            "mov {rd:2d}, {rn:2d}; u=0 s=2 q=1 m=n",
        ]
        /// Floats.
        Fp "0 q u 01110 a z 1 mmmmm ooooo 1 nnnnn ddddd" {
            op: ThreeFp = "uao", shape: FpShape = "zq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } [
            "{op} {rd}, {rn}, {rm}",
            "fcmle {rd}, {rm}, {rn}; u=1 a=0 o=28",
            "fcmlt {rd}, {rm}, {rn}; u=1 a=1 o=28",
            "facle {rd}, {rm}, {rn}; u=1 a=0 o=29",
            "faclt {rd}, {rm}, {rn}; u=1 a=1 o=29",
        ]
        /// A result with wider lanes; the shape is that of the operands.
        Long "0 q u 01110 ss 1 mmmmm oooo 00 nnnnn ddddd" {
            op: ThreeLong = "uo", shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op}{shape:2} {rd:wide}, {rn}, {rm}"]
        /// A result and first operand with wider lanes; the shape is that of the second operand.
        Wide "0 q u 01110 ss 1 mmmmm oooo 00 nnnnn ddddd" {
            op: ThreeWide = "uo", shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op}{shape:2} {rd:wide}, {rn:wide}, {rm}"]
        /// Operands with wider lanes; the shape is that of the result.
        High "0 q u 01110 ss 1 mmmmm oooo 00 nnnnn ddddd" {
            op: ThreeHigh = "uo", shape: NarrowShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op}{shape:2} {rd}, {rn:wide}, {rm:wide}"]
        /// `sqdmlal`, `sqdmlsl`, `sqdmull`; the shape is that of the operands.
        DoublingLong "0 q 0 01110 ss 1 mmmmm oooo 00 nnnnn ddddd" {
            op: DoublingLong = "o", shape: DoublingShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op}{shape:2} {rd:wide}, {rn}, {rm}"]
        /// `pmull` of bytes.
        PolynomialLong "0 q 0 01110 00 1 mmmmm 1110 00 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["pmull{q:2} {rd:8h}, {rn}, {rm}"]
    }
}
