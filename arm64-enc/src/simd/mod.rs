//! AdvSIMD, one file per encoding class: operations, shapes and operands. Half precision is not here
//! yet: its rows belong in these tables.

mod copy;
mod crypto;
mod extension;
mod imm;
mod indexed;
mod ldst;
mod scalar;
mod shape;
mod shift;
mod three;
mod two;

pub use copy::{
    DupLane, DupShape, ExtStart, LanePair, Permute, SimdCopy, SmovLane, Table, TableLen, UmovLane,
};
pub use crypto::{
    AesOp, Sha1Op, Sha256Op, Sha512Op, SimdCrypto, Sm3Op, Sm3PartOp, ThreeWayLogical,
};
pub use extension::{
    ByteDot, HalfRotation, MatrixMul, MixedDot, Rotation, RoundingDoubling, SimdExtension,
};
pub use imm::{Byte, ByteMask, HalfShift, ModifiedImm, OnesImm, OnesShift, SimdImm, WordShift};
pub use indexed::{
    BytesElement, ComplexElement, DoubleElement, HalfElement, HalvesElement, IndexedDoublingLong,
    IndexedFp, IndexedHigh, IndexedInt, IndexedLong, SimdIndexed, WordElement,
};
pub use ldst::{
    Access, ByteLane, DoubleLane, HalfLane, Members, PostIndex, PostRegister, Registers, SimdLdSt,
    SingleMembers, WordLane,
};
pub use scalar::{
    LeftShift64, RightShift64, ScalarExtract, ScalarFp, ScalarFractionBits, ScalarInt,
    ScalarLeftShift, ScalarNarrowingShift, ScalarPair, ScalarSaturating, ScalarShiftNarrow,
    ScalarShl, ScalarShlSaturating, ScalarTwoFp, ScalarTwoInt, ScalarTwoSaturating, SimdScalar,
};
pub use shape::{
    AcrossShape, Arrangement, DoublingScalar, DoublingShape, FpScalar, FpShape, HalfShape,
    IntShape, Lane, LaneSize, NarrowScalar, NarrowShape, SmallShape, VectorSize, WordShape,
};
pub use shift::{
    ConvertFixed, LeftShift, NarrowingShift, RightShift, ShiftLeft, ShiftLong, ShiftNarrow,
    ShiftRight, SimdShift, VectorFractionBits, WideningShift,
};
pub use three::{
    DoublingHigh, DoublingLong, SimdThree, ThreeFp, ThreeHigh, ThreeInt, ThreeLong, ThreeNarrow,
    ThreeWide, VectorLogical,
};
pub use two::{
    Across, AcrossFp, AcrossLong, SimdTwo, TwoBytes, TwoEstimate, TwoExtract, TwoFp, TwoInt,
    TwoNarrow, TwoPairLong,
};

use crate::Class;

macro_rules! groups {
    ($($(#[$doc:meta])* $variant:ident($group:ident)),* $(,)?) => {
        /// An AdvSIMD instruction.
        ///
        /// ```
        /// let inst = arm64_enc::simd::Simd::decode(0x0e205820).unwrap();
        /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("cnt v0.8b, v1.8b", 0x0e205820));
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Simd {
            $($(#[$doc])* $variant($group)),*
        }

        impl Simd {
            /// The instruction word.
            #[inline]
            #[must_use]
            pub fn encode(self) -> u32 {
                match self {
                    $(Simd::$variant(inst) => inst.encode()),*
                }
            }

            /// The encoding class.
            pub(crate) fn class(&self) -> &'static Class {
                match self {
                    $(Simd::$variant(inst) => inst.class()),*
                }
            }
        }

        impl core::fmt::Display for Simd {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.class().text.write(self.encode(), None, f)
            }
        }

        $(
            impl From<$group> for Simd {
                #[inline]
                fn from(inst: $group) -> Simd {
                    Simd::$variant(inst)
                }
            }

            impl crate::Encode for $group {
                #[cfg_attr(not(debug_assertions), inline(always))]
                fn word(self) -> u32 {
                    self.encode()
                }
            }

            impl From<$group> for crate::Inst {
                #[inline]
                fn from(inst: $group) -> crate::Inst {
                    crate::Inst::Simd(Simd::$variant(inst))
                }
            }
        )*
    };
}

groups! {
    /// Three registers.
    Three(SimdThree),
    /// Two registers.
    Two(SimdTwo),
    /// Moves between lanes and registers.
    Copy(SimdCopy),
    /// Constants.
    Imm(SimdImm),
    /// Shifts by constants.
    Shift(SimdShift),
    /// One lane as the second operand.
    Indexed(SimdIndexed),
    /// Scalars.
    Scalar(SimdScalar),
    /// Loads and stores of structures.
    LdSt(SimdLdSt),
    /// Cryptography.
    Crypto(SimdCrypto),
    /// Arithmetic of later versions of the architecture.
    Extension(SimdExtension),
}

impl Simd {
    /// The AdvSIMD instruction that `word` stands for, if there is one.
    #[must_use]
    pub fn decode(word: u32) -> Option<Simd> {
        // Bit 31 is 0 but for some of cryptography; bits 30 and 28 tell scalars from vectors, 27 to 24 the class.
        match (word >> 24 & 0x1f, word >> 31) {
            (0b01110, 1) => SimdCrypto::decode(word).map(Simd::Crypto),
            (_, 1) => None,
            (0b01100 | 0b01101, _) => SimdLdSt::decode(word).map(Simd::LdSt),
            (0b01110, _) => SimdThree::decode(word)
                .map(Simd::Three)
                .or_else(|| SimdTwo::decode(word).map(Simd::Two))
                .or_else(|| SimdCopy::decode(word).map(Simd::Copy))
                .or_else(|| SimdExtension::decode(word).map(Simd::Extension))
                .or_else(|| SimdCrypto::decode(word).map(Simd::Crypto)),
            (0b01111, _) => SimdShift::decode(word)
                .map(Simd::Shift)
                .or_else(|| SimdImm::decode(word).map(Simd::Imm))
                .or_else(|| SimdIndexed::decode(word).map(Simd::Indexed))
                .or_else(|| SimdExtension::decode(word).map(Simd::Extension)),
            (0b11110 | 0b11111, _) => SimdScalar::decode(word)
                .map(Simd::Scalar)
                .or_else(|| SimdExtension::decode(word).map(Simd::Extension))
                .or_else(|| SimdCrypto::decode(word).map(Simd::Crypto)),
            _ => None,
        }
    }
}
