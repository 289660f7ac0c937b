//! The extensions of the architecture, by the names of the manual without `FEAT_`.

use crate::{Atomic, Branch, Inst, OrderedOp, ReturnSpecial};

macro_rules! features {
    ($( $(#[$doc:meta])* $feature:ident $name:literal ),* $(,)?) => {
        /// An extension of the architecture that a processor may lack.
        ///
        /// ```
        /// use arm64_enc::{Feature, Inst};
        /// let inst: Inst = "sdot v0.4s, v1.16b, v2.16b".parse()?;
        /// assert_eq!(inst.feature(), Some(Feature::DotProd));
        /// assert_eq!(Feature::DotProd.name(), "DotProd");
        /// assert_eq!(Inst::ret().feature(), None);
        /// # Ok::<(), arm64_enc::ParseError>(())
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Feature {
            $( $(#[$doc])* $feature ),*
        }

        impl Feature {
            /// All extensions that the crate knows.
            pub const ALL: &'static [Feature] = &[$(Feature::$feature),*];

            /// The manual's name without `FEAT_`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Feature::$feature => $name),*
                }
            }
        }
    };
}

features! {
    /// AES and the multiplication of 64-bit polynomials.
    Aes "AES",
    /// Brain floats.
    Bf16 "BF16",
    /// Checksums.
    Crc32 "CRC32",
    /// Minimum, maximum, absolute value, counts of bits.
    Cssc "CSSC",
    /// Dot products of bytes.
    DotProd "DotProd",
    /// Complex numbers.
    Fcma "FCMA",
    /// Manipulation of flags.
    FlagM "FlagM",
    /// Rounding to integers of 32 and 64 bits.
    Frintts "FRINTTS",
    /// Products of matrices of bytes.
    I8mm "I8MM",
    /// The conversion of JavaScript.
    Jscvt "JSCVT",
    /// Regions of limited ordering.
    Lor "LOR",
    /// Weaker acquiring loads.
    Lrcpc "LRCPC",
    /// The same with an offset.
    Lrcpc2 "LRCPC2",
    /// Atomic operations in one instruction.
    Lse "LSE",
    /// Signed pointers.
    PAuth "PAuth",
    /// Rounding doubling multiplication and addition.
    Rdm "RDM",
    /// The speculation barrier.
    Sb "SB",
    /// SHA-1.
    Sha1 "SHA1",
    /// SHA-2 of 256 bits.
    Sha256 "SHA256",
    /// SHA-3.
    Sha3 "SHA3",
    /// SHA-2 of 512 bits.
    Sha512 "SHA512",
    /// SM3.
    Sm3 "SM3",
    /// SM4.
    Sm4 "SM4",
    /// The switches of streaming mode.
    Sme "SME",
}

impl Inst {
    /// The extension that a processor needs for this instruction; `None` if every one has it, or if processors without
    /// the extension execute it as `nop` (hints).
    ///
    /// ```
    /// use arm64_enc::{Feature, Inst};
    /// assert_eq!("ldadd x0, x1, [x2]".parse::<Inst>()?.feature(), Some(Feature::Lse));
    /// assert_eq!("retaa".parse::<Inst>()?.feature(), Some(Feature::PAuth));
    /// assert_eq!("add x0, x1, x2".parse::<Inst>()?.feature(), None);
    /// # Ok::<(), arm64_enc::ParseError>(())
    /// ```
    #[must_use]
    pub fn feature(&self) -> Option<Feature> {
        // Two classes have operations of different age.
        match *self {
            Inst::Branch(Branch::Return { op: ReturnSpecial::Eret | ReturnSpecial::Drps }) => None,
            Inst::Branch(Branch::Return { .. }) => Some(Feature::PAuth),
            Inst::Atomic(Atomic::Ordered { op: OrderedOp::Stllr | OrderedOp::Ldlar, .. }) => {
                Some(Feature::Lor)
            }
            _ => self.class().feature,
        }
    }
}
