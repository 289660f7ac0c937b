//! AdvSIMD vector by element: the second operand is one lane of `rm`, whose number is in `H`, `L` and `M`.
//!
//! ```text
//!  31 30 29 28       24 23 22 21 20 19 16 15    12 11 10 9    5 4     0
//! +--+--+--+-----------+-----+--+--+-----+--------+--+--+------+-------+
//! |0 |Q |U |0 1 1 1 1  |size |L |M | Rm  | opcode |H |0 |  Rn  |  Rd   |
//! +--+--+--+-----------+-----+--+--+-----+--------+--+--+------+-------+
//! ```

use super::shape::{HalfShape, VectorSize, WordShape};
use crate::VReg;
use crate::field::{Field, encodings, ops};
use crate::text::Kind;

macro_rules! element {
    ($(#[$doc:meta])* $name:ident: $register_bits:literal and $index_bits:literal bits of $lane:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name {
            index: u8,
            register: VReg,
        }

        impl $name {
            /// Lane `index` of `register`.
            #[must_use]
            pub const fn new(register: VReg, index: u32) -> Option<$name> {
                if register.number() >> $register_bits == 0 && index >> $index_bits == 0 {
                    Some($name { index: index as u8, register })
                } else {
                    None
                }
            }

            /// The register.
            #[must_use]
            pub const fn register(self) -> VReg {
                self.register
            }

            /// The number of the lane.
            #[must_use]
            pub const fn index(self) -> u32 {
                self.index as u32
            }
        }

        impl Field for $name {
            const WIDTH: u32 = $register_bits + $index_bits;
            const KIND: Kind = Kind::Element($register_bits, $lane);

            #[inline]
            fn bits(self) -> u32 {
                u32::from(self.index) << $register_bits | u32::from(self.register.number())
            }

            #[inline]
            fn from_bits(bits: u32) -> Option<Self> {
                let register = bits & ((1 << $register_bits) - 1);
                $name::new(VReg::new(register as u8)?, bits >> $register_bits)
            }
        }
    };
}

element! {
    /// A half word of one of the registers v0 to v15.
    ///
    /// ```
    /// use arm64_enc::simd::HalfElement;
    /// use arm64_enc::VReg;
    /// assert!(HalfElement::new(VReg::new(15).unwrap(), 7).is_some());
    /// assert!(HalfElement::new(VReg::new(16).unwrap(), 0).is_none());
    /// ```
    HalfElement: 4 and 3 bits of "h"
}
element! {
    /// A word of a register.
    ///
    /// ```
    /// use arm64_enc::V9;
    /// use arm64_enc::simd::WordElement;
    /// assert!(WordElement::new(V9, 3).is_some());
    /// assert!(WordElement::new(V9, 4).is_none());
    /// ```
    WordElement: 5 and 2 bits of "s"
}
element! {
    /// A double word of a register.
    ///
    /// ```
    /// use arm64_enc::V9;
    /// use arm64_enc::simd::DoubleElement;
    /// assert!(DoubleElement::new(V9, 1).is_some());
    /// assert!(DoubleElement::new(V9, 2).is_none());
    /// ```
    DoubleElement: 5 and 1 bits of "d"
}
element! {
    /// Four bytes of a register.
    ///
    /// ```
    /// use arm64_enc::V9;
    /// use arm64_enc::simd::BytesElement;
    /// assert!(BytesElement::new(V9, 3).is_some());
    /// assert!(BytesElement::new(V9, 4).is_none());
    /// ```
    BytesElement: 5 and 2 bits of "4b"
}
element! {
    /// Two half words of a register.
    ///
    /// ```
    /// use arm64_enc::V9;
    /// use arm64_enc::simd::HalvesElement;
    /// assert!(HalvesElement::new(V9, 3).is_some());
    /// assert!(HalvesElement::new(V9, 4).is_none());
    /// ```
    HalvesElement: 5 and 2 bits of "2h"
}
element! {
    /// A complex number of two words of a register.
    ///
    /// ```
    /// use arm64_enc::V9;
    /// use arm64_enc::simd::ComplexElement;
    /// assert!(ComplexElement::new(V9, 1).is_some());
    /// assert!(ComplexElement::new(V9, 2).is_none());
    /// ```
    ComplexElement: 5 and 1 bits of "s"
}

ops! {
    /// A multiplication by a lane: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::IndexedInt::Mul.name(), "mul");
    /// ```
    pub enum IndexedInt: 5 {
        /// Multiplication.
        Mul = 0b0_1000 "mul",
        /// Multiply and add.
        Mla = 0b1_0000 "mla",
        /// Multiply and subtract.
        Mls = 0b1_0100 "mls",
    }
}

ops! {
    /// A multiplication by a lane into lanes twice as wide: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::IndexedLong::Smlal.name(), "smlal");
    /// ```
    pub enum IndexedLong: 5 {
        /// Signed multiply and add.
        Smlal = 0b0_0010 "smlal",
        /// Signed multiply and subtract.
        Smlsl = 0b0_0110 "smlsl",
        /// Signed multiplication.
        Smull = 0b0_1010 "smull",
        /// Unsigned multiply and add.
        Umlal = 0b1_0010 "umlal",
        /// Unsigned multiply and subtract.
        Umlsl = 0b1_0110 "umlsl",
        /// Unsigned multiplication.
        Umull = 0b1_1010 "umull",
    }
}

ops! {
    /// The high half of a doubled product, saturating: bit 12.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::IndexedHigh::Sqdmulh.name(), "sqdmulh");
    /// ```
    pub enum IndexedHigh: 1 {
        /// Truncated.
        Sqdmulh = 0 "sqdmulh",
        /// Rounded.
        Sqrdmulh = 1 "sqrdmulh",
    }
}

ops! {
    /// A doubled product, saturating, in lanes twice as wide: `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::IndexedDoublingLong::Sqdmlal.name(), "sqdmlal");
    /// ```
    pub enum IndexedDoublingLong: 4 {
        /// Added.
        Sqdmlal = 0b0011 "sqdmlal",
        /// Subtracted.
        Sqdmlsl = 0b0111 "sqdmlsl",
        /// As it is.
        Sqdmull = 0b1011 "sqdmull",
    }
}

ops! {
    /// A multiplication of floats by a lane: `U` and `opcode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::IndexedFp::Fmla.name(), "fmla");
    /// ```
    pub enum IndexedFp: 5 {
        /// Multiply and add, fused.
        Fmla = 0b0_0001 "fmla",
        /// Multiply and subtract, fused.
        Fmls = 0b0_0101 "fmls",
        /// Multiplication.
        Fmul = 0b0_1001 "fmul",
        /// Multiplication in which 0 times infinity is 2.
        Fmulx = 0b1_1001 "fmulx",
    }
}

encodings! {
    /// AdvSIMD operations with one lane as the second operand.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdIndexed::decode(0x4fa29820).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("fmul v0.4s, v1.4s, v2.s[3]", 0x4fa29820));
    /// ```
    pub enum SimdIndexed {
        /// Half words.
        HalfInt "0 q u 01111 01 l m rrrr oooo h 0 nnnnn ddddd" {
            op: IndexedInt = "uo", shape: HalfShape = "q", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op} {rd}, {rn}, {rm}"]
        /// Words.
        WordInt "0 q u 01111 10 l rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedInt = "uo", shape: WordShape = "q", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd}, {rn}, {rm}"]
        /// The high half of doubled products of half words.
        HalfHigh "0 q 0 01111 01 l m rrrr 110 o h 0 nnnnn ddddd" {
            op: IndexedHigh = "o", shape: HalfShape = "q", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op} {rd}, {rn}, {rm}"]
        /// The high half of doubled products of words.
        WordHigh "0 q 0 01111 10 l rrrrr 110 o h 0 nnnnn ddddd" {
            op: IndexedHigh = "o", shape: WordShape = "q", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd}, {rn}, {rm}"]
        /// Half words into words; `Q` takes the high half.
        HalfLong "0 q u 01111 01 l m rrrr oooo h 0 nnnnn ddddd" {
            op: IndexedLong = "uo", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op}{q:2} {rd:4s}, {rn:halves}, {rm}"]
        /// Words into double words; `Q` takes the high half.
        WordLong "0 q u 01111 10 l rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedLong = "uo", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op}{q:2} {rd:2d}, {rn:words}, {rm}"]
        /// Doubled products of half words; `Q` takes the high half.
        HalfDoublingLong "0 q 0 01111 01 l m rrrr oooo h 0 nnnnn ddddd" {
            op: IndexedDoublingLong = "o", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: HalfElement = "hlmr",
        } ["{op}{q:2} {rd:4s}, {rn:halves}, {rm}"]
        /// Doubled products of words; `Q` takes the high half.
        WordDoublingLong "0 q 0 01111 10 l rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedDoublingLong = "o", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op}{q:2} {rd:2d}, {rn:words}, {rm}"]
        /// Single-precision floats.
        SingleFp "0 q u 01111 10 l rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedFp = "uo", shape: WordShape = "q", rd: VReg = "d", rn: VReg = "n", rm: WordElement = "hlr",
        } ["{op} {rd}, {rn}, {rm}"]
        /// Double-precision floats.
        DoubleFp "0 1 u 01111 11 0 rrrrr oooo h 0 nnnnn ddddd" {
            op: IndexedFp = "uo", rd: VReg = "d", rn: VReg = "n", rm: DoubleElement = "hr",
        } ["{op} {rd:2d}, {rn:2d}, {rm}"]
    }
}
