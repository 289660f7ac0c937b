//! Arithmetic on vectors that later versions of the architecture brought: rounding doubling multiplication and addition,
//! dot products, products of matrices, rounding to integers of a width.
//!
//! ```text
//!  31 30 29 28       24 23 22 21 20   16 15      10 9    5 4     0
//! +--+--+--+-----------+-----+--+-------+----------+------+-------+
//! |0 |Q |U |0 1 1 1 0  |size |0 |  Rm   |1  opcode |  Rn  |  Rd   |  three registers
//! |0 |Q |U |0 1 1 1 1  |size |L  M  Rm  |opcode H 0|  Rn  |  Rd   |  by element
//! |0 1  |U |1 1 1 1 x  |    as in the vector       |  Rn  |  Rd   |  scalar
//! +--+--+--+-----------+-----+--+-------+----------+------+-------+
//! ```

use super::indexed::{BytesElement, ComplexElement, HalfElement, HalvesElement, WordElement};
use super::shape::{DoublingScalar, DoublingShape, FpShape, HalfShape, VectorSize, WordShape};
use crate::field::{encodings, ops};
use crate::{RoundTo, VReg};

ops! {
    /// The high half of a doubled product, rounded, saturating.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::RoundingDoubling::Sqrdmlah.name(), "sqrdmlah");
    /// ```
    pub enum RoundingDoubling: 1 {
        /// Added.
        Sqrdmlah = 0 "sqrdmlah",
        /// Subtracted.
        Sqrdmlsh = 1 "sqrdmlsh",
    }
}

ops! {
    /// A dot product of bytes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ByteDot::Sdot.name(), "sdot");
    /// ```
    pub enum ByteDot: 1 {
        /// Signed.
        Sdot = 0 "sdot",
        /// Unsigned.
        Udot = 1 "udot",
    }
}

ops! {
    /// A dot product of signed and unsigned bytes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::MixedDot::Usdot.name(), "usdot");
    /// ```
    pub enum MixedDot: 1 {
        /// Signed by unsigned.
        Sudot = 0 "sudot",
        /// Unsigned by signed.
        Usdot = 1 "usdot",
    }
}

ops! {
    /// A product of matrices of bytes: `U` and bit 11.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::MatrixMul::Smmla.name(), "smmla");
    /// ```
    pub enum MatrixMul: 2 {
        /// Signed.
        Smmla = 0b0_0 "smmla",
        /// Unsigned by signed.
        Usmmla = 0b0_1 "usmmla",
        /// Unsigned.
        Ummla = 0b1_0 "ummla",
    }
}

ops! {
    /// The rotation of a complex product, in degrees.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Rotation::Right90.name(), "90");
    /// ```
    pub enum Rotation: 2 {
        /// None.
        None = 0 "0",
        /// A quarter.
        Right90 = 1 "90",
        /// A half.
        Right180 = 2 "180",
        /// Three quarters.
        Right270 = 3 "270",
    }
}

ops! {
    /// The rotation of a complex sum, in degrees.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::HalfRotation::Right270.name(), "270");
    /// ```
    pub enum HalfRotation: 1 {
        /// A quarter.
        Right90 = 0 "90",
        /// Three quarters.
        Right270 = 1 "270",
    }
}

encodings! {
    /// Arithmetic on vectors of later versions of the architecture.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdExtension::decode(0x4e829420).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("sdot v0.4s, v1.16b, v2.16b", 0x4e829420));
    /// ```
    pub enum SimdExtension {
        /// `sqrdmlah`, `sqrdmlsh`.
        Doubling "0 q 1 01110 ss 0 mmmmm 1000 o 1 nnnnn ddddd" {
            op: RoundingDoubling = "o", shape: DoublingShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]: Rdm
        /// The same by a half word.
        DoublingHalf "0 q 1 01111 01 l m rrrr 11 o 1 h 0 nnnnn ddddd" {
            op: RoundingDoubling = "o", shape: HalfShape = "q", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op} {rd}, {rn}, {rm}"]: Rdm
        /// The same by a word.
        DoublingWord "0 q 1 01111 10 l rrrrr 11 o 1 h 0 nnnnn ddddd" {
            op: RoundingDoubling = "o", shape: WordShape = "q", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd}, {rn}, {rm}"]: Rdm
        /// The same on scalars.
        DoublingScalar "01 1 11110 ss 0 mmmmm 1000 o 1 nnnnn ddddd" {
            op: RoundingDoubling = "o", size: DoublingScalar = "s", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]: Rdm
        /// The same on scalars by a half word.
        DoublingScalarHalf "01 1 11111 01 l m rrrr 11 o 1 h 0 nnnnn ddddd" {
            op: RoundingDoubling = "o", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op} {rd:h}, {rn:h}, {rm}"]: Rdm
        /// The same on scalars by a word.
        DoublingScalarWord "01 1 11111 10 l rrrrr 11 o 1 h 0 nnnnn ddddd" {
            op: RoundingDoubling = "o", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd:s}, {rn:s}, {rm}"]: Rdm
        /// `sdot`, `udot`.
        Dot "0 q u 01110 10 0 mmmmm 100101 nnnnn ddddd" {
            op: ByteDot = "u", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd:words}, {rn:bytes}, {rm:bytes}"]: DotProd
        /// The same by four bytes.
        DotElement "0 q u 01111 10 l rrrrr 1110 h 0 nnnnn ddddd" {
            op: ByteDot = "u", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: BytesElement = "hlr",
        } ["{op} {rd:words}, {rn:bytes}, {rm}"]: DotProd
        /// `usdot`.
        MixedDot "0 q 0 01110 10 0 mmmmm 100111 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["usdot {rd:words}, {rn:bytes}, {rm:bytes}"]: I8mm
        /// `usdot`, `sudot` by four bytes.
        MixedDotElement "0 q 0 01111 o 0 l rrrrr 1111 h 0 nnnnn ddddd" {
            op: MixedDot = "o", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: BytesElement = "hlr",
        } ["{op} {rd:words}, {rn:bytes}, {rm}"]: I8mm
        /// `smmla`, `ummla`, `usmmla`: two by eight bytes times eight by two.
        MatrixMul "01 u 01110 10 0 mmmmm 1010 o 1 nnnnn ddddd" {
            op: MatrixMul = "uo", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd:4s}, {rn:16b}, {rm:16b}"]: I8mm
        /// `frint32z`, `frint32x`, `frint64z`, `frint64x`.
        RoundTo "0 q u 01110 0 z 10000 1111 o 10 nnnnn ddddd" {
            op: RoundTo = "ou", shape: FpShape = "zq", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}"]: Frintts
        /// `fcmla`: a complex multiplication and addition.
        ComplexMul "0 q 1 01110 1 z 0 mmmmm 110 rr 1 nnnnn ddddd" {
            shape: FpShape = "zq", rotation: Rotation = "r", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["fcmla {rd}, {rn}, {rm}, #{rotation}"]: Fcma
        /// The same by one complex number of single precision.
        ComplexMulElement "01 1 01111 10 0 rrrrr 0 tt 1 h 0 nnnnn ddddd" {
            rotation: Rotation = "t", rd: VReg = "d", rn: VReg = "n", rm: ComplexElement = "hr",
        } ["fcmla {rd:4s}, {rn:4s}, {rm}, #{rotation}"]: Fcma
        /// `fcadd`: a complex addition.
        ComplexAdd "0 q 1 01110 1 z 0 mmmmm 111 r 01 nnnnn ddddd" {
            shape: FpShape = "zq", rotation: HalfRotation = "r", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["fcadd {rd}, {rn}, {rm}, #{rotation}"]: Fcma
        /// `bfdot`.
        BfDot "0 q 1 01110 01 0 mmmmm 111111 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["bfdot {rd:words}, {rn:halves}, {rm:halves}"]: Bf16
        /// The same by two half words.
        BfDotElement "0 q 0 01111 01 l rrrrr 1111 h 0 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: HalvesElement = "hlr",
        } ["bfdot {rd:words}, {rn:halves}, {rm}"]: Bf16
        /// `bfmmla`: two by four half words times four by two.
        BfMatrixMul "01 1 01110 01 0 mmmmm 111011 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["bfmmla {rd:4s}, {rn:8h}, {rm:8h}"]: Bf16
        /// `bfmlalb`, `bfmlalt`: `Q` takes the odd lanes.
        BfMul "0 q 1 01110 11 0 mmmmm 111111 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["bfmlalb {rd:4s}, {rn:8h}, {rm:8h}; q=0", "bfmlalt {rd:4s}, {rn:8h}, {rm:8h}; q=1"]: Bf16
        /// The same by one half word.
        BfMulElement "0 q 0 01111 11 l m rrrr 1111 h 0 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["bfmlalb {rd:4s}, {rn:8h}, {rm}; q=0", "bfmlalt {rd:4s}, {rn:8h}, {rm}; q=1"]: Bf16
        /// `bfcvtn`: from single precision; `Q` writes the high half.
        BfNarrow "0 q 0 01110 10 10000 10110 10 nnnnn ddddd" { q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n" }
        ["bfcvtn{q:2} {rd:halves}, {rn:4s}"]: Bf16
    }
}
