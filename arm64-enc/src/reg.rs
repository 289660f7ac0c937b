//! Registers. The encoding's register 31 is the zero register in some operands and the stack pointer in others, so
//! these are two types.

use core::fmt;

use crate::field::{Field, ops};
use crate::text::Kind;

ops! {
    /// The width of a general-purpose operation.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Size::W.name(), "w");
    /// ```
    pub enum Size: 1 as Width {
        /// 32 bits: the `w` names; the upper half of the destination becomes zero.
        W = 0 "w",
        /// 64 bits: the `x` names.
        X = 1 "x",
    }
}

impl Size {
    /// Width in bits: 32 or 64.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Size::W.bits(), 32);
    /// ```
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Size::W => 32,
            Size::X => 64,
        }
    }

    /// `value` cut to this width.
    #[must_use]
    pub const fn truncate(self, value: u64) -> u64 {
        match self {
            Size::W => value as u32 as u64,
            Size::X => value,
        }
    }
}

ops! {
    /// The width of a scalar floating-point operation; the encoding's `ptype`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpSize::S.name(), "s");
    /// ```
    pub enum FpSize: 2 as Shape {
        /// Single precision, 32 bits.
        S = 0b00 "s",
        /// Double precision, 64 bits.
        D = 0b01 "d",
    }
}

impl FpSize {
    /// Width in bits: 32 or 64.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            FpSize::S => 32,
            FpSize::D => 64,
        }
    }
}

/// A register type: a number below 32 that is valid by construction.
macro_rules! register {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u8);

        impl $name {
            /// The register with this number, 0 to 31.
            #[inline]
            #[must_use]
            pub const fn new(number: u8) -> Option<Self> {
                if number < 32 { Some(Self(number)) } else { None }
            }

            /// The number in the encoding, 0 to 31.
            #[inline]
            #[must_use]
            pub const fn number(self) -> u8 {
                self.0
            }
        }

        impl Field for $name {
            const WIDTH: u32 = 5;
    const KIND: Kind = Kind::$name;

            #[inline]
            fn bits(self) -> u32 {
                u32::from(self.0)
            }

            #[inline]
            fn from_bits(bits: u32) -> Option<Self> {
                Self::new(bits as u8)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

register! {
    /// A general-purpose register or the zero register: `x0` to `x30`, `xzr`.
    ///
    /// Width is not in the register; see [`Size`]. `Display` writes the 64-bit name.
    ///
    /// ```
    /// use arm64_enc::{Reg, X3, XZR};
    /// assert_eq!(Reg::new(3), Some(X3));
    /// assert_eq!(Reg::new(31), Some(XZR));
    /// assert_eq!(Reg::new(32), None);
    /// ```
    Reg
}

register! {
    /// A general-purpose register or the stack pointer: `x0` to `x30`, `sp`.
    ///
    /// ```
    /// use arm64_enc::{RegSp, SP, X3, XZR};
    /// assert_eq!(RegSp::new(31), Some(SP));
    /// assert_eq!(RegSp::try_from(X3), Ok(RegSp::X3));
    /// assert!(RegSp::try_from(XZR).is_err());
    /// ```
    RegSp
}

register! {
    /// A floating-point and SIMD register, `v0` to `v31`.
    ///
    /// ```
    /// use arm64_enc::{V8, VReg};
    /// assert_eq!(VReg::new(8), Some(V8));
    /// ```
    VReg
}

impl Reg {
    /// Returns `true` if this is the zero register.
    #[inline]
    #[must_use]
    pub const fn is_zr(self) -> bool {
        self.0 == 31
    }

    /// Writes as `w3`/`x3`/`wzr`/`xzr`.
    pub(crate) const fn sized(self, size: Size) -> Named {
        Named { number: self.0, size, r31: R31::Zero }
    }
}

impl RegSp {
    /// Returns `true` if this is the stack pointer.
    #[inline]
    #[must_use]
    pub const fn is_sp(self) -> bool {
        self.0 == 31
    }

    /// Writes as `w3`/`x3`/`wsp`/`sp`.
    pub(crate) const fn sized(self, size: Size) -> Named {
        Named { number: self.0, size, r31: R31::Stack }
    }
}

impl VReg {
    /// Writes as a scalar of the given letter: `s3`, `d3`.
    pub(crate) const fn scalar(self, letter: char) -> NamedScalar {
        NamedScalar { number: self.0, letter }
    }
}

/// The register is the zero register or the stack pointer, which the other type does not have.
///
/// ```
/// use arm64_enc::{Reg, RegSp, SP};
/// assert!(Reg::try_from(SP).is_err());
/// assert!(Reg::try_from(RegSp::X0).is_ok());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Register31Error;

impl fmt::Display for Register31Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "register 31 is the zero register in one operand and the stack pointer in the other",
        )
    }
}

impl core::error::Error for Register31Error {}

impl TryFrom<Reg> for RegSp {
    type Error = Register31Error;

    fn try_from(reg: Reg) -> Result<RegSp, Register31Error> {
        if reg.is_zr() { Err(Register31Error) } else { Ok(RegSp(reg.0)) }
    }
}

impl TryFrom<RegSp> for Reg {
    type Error = Register31Error;

    fn try_from(reg: RegSp) -> Result<Reg, Register31Error> {
        if reg.is_sp() { Err(Register31Error) } else { Ok(Reg(reg.0)) }
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sized(Size::X).fmt(f)
    }
}

impl fmt::Display for RegSp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sized(Size::X).fmt(f)
    }
}

impl fmt::Display for VReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scalar('v').fmt(f)
    }
}

#[derive(Clone, Copy)]
enum R31 {
    Zero,
    Stack,
}

/// A general-purpose register as assembly writes it.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    number: u8,
    size: Size,
    r31: R31,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.r31, self.size) {
            (31, R31::Zero, size) => write!(f, "{}zr", size.name()),
            (31, R31::Stack, Size::X) => f.write_str("sp"),
            (31, R31::Stack, Size::W) => f.write_str("wsp"),
            (number, _, size) => write!(f, "{}{number}", size.name()),
        }
    }
}

/// A scalar floating-point register as assembly writes it.
#[derive(Clone, Copy)]
pub(crate) struct NamedScalar {
    number: u8,
    letter: char,
}

impl fmt::Display for NamedScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.letter, self.number)
    }
}

macro_rules! names {
    ($($number:literal $x:ident $v:ident),* $(,)?) => {
        $(
            #[doc = concat!("Register `x", stringify!($number), "`.")]
            pub const $x: Reg = Reg($number);
            #[doc = concat!("Register `v", stringify!($number), "`.")]
            pub const $v: VReg = VReg($number);
        )*

        impl RegSp {
            $(
                #[doc = concat!("Register `x", stringify!($number), "`.")]
                pub const $x: RegSp = RegSp($number);
            )*
        }
    };
}

names! {
    0 X0 V0, 1 X1 V1, 2 X2 V2, 3 X3 V3, 4 X4 V4, 5 X5 V5, 6 X6 V6, 7 X7 V7, 8 X8 V8, 9 X9 V9, 10 X10 V10,
    11 X11 V11, 12 X12 V12, 13 X13 V13, 14 X14 V14, 15 X15 V15, 16 X16 V16, 17 X17 V17, 18 X18 V18, 19 X19 V19,
    20 X20 V20, 21 X21 V21, 22 X22 V22, 23 X23 V23, 24 X24 V24, 25 X25 V25, 26 X26 V26, 27 X27 V27, 28 X28 V28,
    29 X29 V29, 30 X30 V30,
}

/// Register `v31`.
pub const V31: VReg = VReg(31);
/// The zero register.
pub const XZR: Reg = Reg(31);
/// The stack pointer.
pub const SP: RegSp = RegSp(31);
/// First register that veneers may overwrite, `x16`.
pub const IP0: Reg = X16;
/// Second register that veneers may overwrite, `x17`.
pub const IP1: Reg = X17;
/// The frame pointer, `x29`.
pub const FP: Reg = X29;
/// The link register, `x30`.
pub const LR: Reg = X30;

/// An even-numbered general-purpose register, the first of a consecutive pair (`casp`).
///
/// ```
/// use arm64_enc::{RegPair, X2, X3};
/// assert_eq!(RegPair::new(X2).map(RegPair::second), Some(X3));
/// assert_eq!(RegPair::new(X3), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RegPair(Reg);

impl RegPair {
    /// The pair that begins at `first`; `None` if its number is odd.
    ///
    /// ```
    /// use arm64_enc::{RegPair, X2, X3};
    /// assert!(RegPair::new(X2).is_some());
    /// assert!(RegPair::new(X3).is_none());
    /// ```
    #[must_use]
    pub const fn new(first: Reg) -> Option<RegPair> {
        if first.0.is_multiple_of(2) { Some(RegPair(first)) } else { None }
    }

    /// The register with the even number.
    #[must_use]
    pub const fn first(self) -> Reg {
        self.0
    }

    /// The register after it.
    #[must_use]
    pub const fn second(self) -> Reg {
        Reg(self.0.0 + 1)
    }
}

impl Field for RegPair {
    const WIDTH: u32 = 5;
    const KIND: Kind = Kind::RegPair;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Reg::new(bits as u8).and_then(RegPair::new)
    }
}
