//! One instruction of any class.

use core::fmt;

use crate::simd::{
    SimdCopy, SimdCrypto, SimdExtension, SimdImm, SimdIndexed, SimdLdSt, SimdScalar, SimdShift,
    SimdThree, SimdTwo,
};
use crate::text::Grammar;
use crate::{Atomic, Branch, DpImm, DpReg, Feature, Fp, LdSt, Simd, System};

/// An A64 instruction. Every value of this type has exactly one encoding.
///
/// ```
/// use arm64_enc::{ArithImm, AddSub, DpImm, Inst, RegSp, Size};
///
/// let add = Inst::from(DpImm::AddSub {
///     op: AddSub::Add,
///     size: Size::X,
///     rd: RegSp::X0,
///     rn: RegSp::X1,
///     imm: ArithImm::new(1).unwrap(),
/// });
/// assert_eq!(add.encode(), 0x9100_0420);
/// assert_eq!(Inst::decode(0x9100_0420), Some(add));
/// assert_eq!(add.to_string(), "add x0, x1, #1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Inst {
    /// Data processing with an immediate.
    DpImm(DpImm),
    /// Data processing with registers.
    DpReg(DpReg),
    /// Branches.
    Branch(Branch),
    /// Loads and stores.
    LdSt(LdSt),
    /// Exclusive, ordered and atomic memory accesses.
    Atomic(Atomic),
    /// Scalar floating point.
    Fp(Fp),
    /// AdvSIMD.
    Simd(Simd),
    /// System instructions.
    System(System),
}

/// One encoding class: the bit diagram that all of its instructions share.
///
/// ```
/// let add = arm64_enc::Inst::classes().find(|class| class.name == "AddSub").unwrap();
/// assert_eq!(add.diagram, "z o 0 100010 siiiiiiiiiiii nnnnn ddddd");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Class {
    /// The enum that has the class as a variant.
    pub group: &'static str,
    /// The variant.
    pub name: &'static str,
    /// 32 characters, most significant bit first, blanks apart: `0`, `1`, or the letter of a field.
    pub diagram: &'static str,
    /// The extension that all of its instructions need.
    pub feature: Option<Feature>,
    /// Its texts.
    pub(crate) text: Grammar,
}

impl PartialEq for Class {
    fn eq(&self, other: &Class) -> bool {
        (self.group, self.name) == (other.group, other.name)
    }
}

impl Eq for Class {}

/// What [`Assembler::push`](crate::Assembler::push) takes: an instruction of any class or group.
///
/// ```
/// use arm64_enc::{Encode, Inst};
/// fn bytes(inst: impl Encode) -> [u8; 4] {
///     inst.word().to_le_bytes()
/// }
/// assert_eq!(bytes(Inst::nop()), [0x1f, 0x20, 0x03, 0xd5]);
/// ```
pub trait Encode {
    /// The instruction word.
    fn word(self) -> u32;
}

macro_rules! groups {
    ($($group:ident),* $(,)?) => {
        impl Inst {
            /// The instruction word.
            #[inline]
            #[must_use]
            pub fn encode(self) -> u32 {
                match self {
                    $(Inst::$group(inst) => inst.encode()),*
                }
            }

            /// The encoding class.
            pub(crate) fn class(&self) -> &'static Class {
                match self {
                    $(Inst::$group(inst) => inst.class()),*
                }
            }
        }

        impl Encode for Inst {
            #[inline]
            fn word(self) -> u32 {
                self.encode()
            }
        }

        $(
            impl Encode for $group {
                #[cfg_attr(not(debug_assertions), inline(always))]
                fn word(self) -> u32 {
                    self.encode()
                }
            }

            impl From<$group> for Inst {
                #[inline]
                fn from(inst: $group) -> Inst {
                    Inst::$group(inst)
                }
            }
        )*
    };
}

groups! { DpImm, DpReg, Branch, LdSt, Atomic, Fp, Simd, System }

/// The classes of each group.
pub(crate) const GROUPS: &[&[Class]] = &[
    DpImm::CLASSES,
    DpReg::CLASSES,
    Branch::CLASSES,
    LdSt::CLASSES,
    Atomic::CLASSES,
    Fp::CLASSES,
    System::CLASSES,
    SimdThree::CLASSES,
    SimdTwo::CLASSES,
    SimdCopy::CLASSES,
    SimdImm::CLASSES,
    SimdShift::CLASSES,
    SimdIndexed::CLASSES,
    SimdScalar::CLASSES,
    SimdLdSt::CLASSES,
    SimdCrypto::CLASSES,
    SimdExtension::CLASSES,
];

impl Inst {
    /// All encoding classes.
    pub fn classes() -> impl Iterator<Item = &'static Class> {
        GROUPS.iter().copied().flatten()
    }

    /// The instruction that `word` stands for; `None` if it is undefined, or not among those this crate knows.
    ///
    /// What decodes encodes to the same word again. Words in which a bit that the manual asks to be 0 or 1 is not
    /// what it should be do not decode.
    ///
    /// ```
    /// use arm64_enc::Inst;
    /// assert_eq!(Inst::decode(0xd65f_03c0).unwrap().to_string(), "ret");
    /// assert_eq!(Inst::decode(0xffff_ffff), None);
    /// ```
    #[must_use]
    pub fn decode(word: u32) -> Option<Inst> {
        // The top level of the manual's table: bits 28 to 25.
        match word >> 25 & 0xf {
            0b0000 => System::decode(word).map(Inst::System),
            0b1000 | 0b1001 => DpImm::decode(word).map(Inst::DpImm),
            0b1010 | 0b1011 => Branch::decode(word)
                .map(Inst::Branch)
                .or_else(|| System::decode(word).map(Inst::System)),
            0b0100 | 0b0110 | 0b1100 | 0b1110 => LdSt::decode(word)
                .map(Inst::LdSt)
                .or_else(|| Atomic::decode(word).map(Inst::Atomic))
                .or_else(|| Simd::decode(word).map(Inst::Simd)),
            0b0101 | 0b1101 => DpReg::decode(word).map(Inst::DpReg),
            0b0111 | 0b1111 => {
                Fp::decode(word).map(Inst::Fp).or_else(|| Simd::decode(word).map(Inst::Simd))
            }
            _ => None,
        }
    }
}

impl From<Inst> for u32 {
    #[inline]
    fn from(inst: Inst) -> u32 {
        inst.encode()
    }
}

impl fmt::LowerHex for Inst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.encode(), f)
    }
}

impl fmt::UpperHex for Inst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::UpperHex::fmt(&self.encode(), f)
    }
}

impl fmt::Binary for Inst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Binary::fmt(&self.encode(), f)
    }
}
