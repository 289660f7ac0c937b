//! Plain immediates: unsigned numbers, arithmetic immediates, move immediates, floating-point constants.

use crate::error::EncodeError;
use crate::field::Field;
use crate::reg::Size;
use crate::text::Kind;

/// Declares unsigned immediates: name, storage, bits, what errors call them.
macro_rules! unsigned {
    ($( $(#[$meta:meta])* $name:ident($store:ty) as $kind:ident: $width:literal, $what:literal, $range:literal; )*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name($store);

            impl $name {
                /// Zero.
                pub const ZERO: $name = $name(0);
                /// The largest value.
                pub const MAX: $name = $name(((1u32 << $width) - 1) as $store);

                /// The immediate with this value; `None` if it does not fit.
                #[inline]
                #[must_use]
                pub const fn new(value: u64) -> Option<Self> {
                    if value < 1 << $width { Some(Self(value as $store)) } else { None }
                }

                /// The immediate with a value that the program says. One that does not fit ends the build.
                #[inline]
                #[must_use]
                pub const fn of<const VALUE: u64>() -> Self {
                    const { assert!(VALUE < 1 << $width, "the value does not fit") };
                    Self(VALUE as $store)
                }

                /// The immediate with this value.
                ///
                /// # Errors
                /// If the value does not fit.
                pub const fn try_new(value: u64) -> Result<Self, EncodeError> {
                    match Self::new(value) {
                        Some(this) => Ok(this),
                        None => Err(EncodeError::new($what, value as i64, $range)),
                    }
                }

                /// The value.
                #[inline]
                #[must_use]
                pub const fn value(self) -> $store {
                    self.0
                }
            }

            impl Field for $name {
                const WIDTH: u32 = $width;
    const KIND: Kind = Kind::$kind;

                #[inline]
                fn bits(self) -> u32 {
                    u32::from(self.0)
                }

                #[inline]
                fn from_bits(bits: u32) -> Option<Self> {
                    Self::new(u64::from(bits))
                }
            }
        )*
    };
}

unsigned! {
    /// A 16-bit immediate: `brk`, `svc`, `udf`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Imm16::new(0xffff).map(|imm| imm.value()), Some(0xffff));
    /// assert_eq!(arm64_enc::Imm16::new(0x10000), None);
    /// ```
    Imm16(u16) as Number: 16, "16-bit immediate", "0 to 65535";
    /// The operand of a conditional compare, 5 bits.
    Imm5(u8) as Number: 5, "5-bit immediate", "0 to 31";
    /// The rotation of `rmif`, 6 bits.
    Imm6(u8) as Number: 6, "6-bit immediate", "0 to 63";
    /// The operand of an unsigned minimum or maximum, 8 bits.
    Imm8(u8) as Number: 8, "8-bit immediate", "0 to 255";
    /// A 4-bit immediate of `msr` to a PSTATE field.
    Imm4(u8) as Number: 4, "4-bit immediate", "0 to 15";
    /// The flags N, Z, C, V as bits 3 to 0: what a conditional compare leaves when its condition fails.
    Nzcv(u8) as Number: 4, "flag value", "0 to 15";
    /// The number of the bit that `tbz` and `tbnz` test.
    BitNumber(u8) as Number: 6, "bit number", "0 to 63";
    /// The number of a `hint`.
    HintNumber(u8) as Number: 7, "hint number", "0 to 127";
    /// An operand of `sys`, `op1`, `CRn`, `CRm`, `op2` together (14 bits).
    SysOperand(u16) as SysOp: 14, "sys operand", "0 to 16383";
    /// A prefetch operation, as its 5-bit number: type, target level, policy.
    Prefetch(u8) as Prefetch: 5, "prefetch operation", "0 to 31";
    /// An operation of `rprfm`, as its 6-bit number.
    RangePrefetch(u8) as RangePrefetch: 6, "range prefetch operation", "0 to 63";
}

impl Prefetch {
    /// Kind, level and policy, which together are the name, if there is one.
    pub(crate) fn name(self) -> Option<[&'static str; 3]> {
        let op = self.value();
        let kind = match op >> 3 {
            0b00 => "pld",
            0b01 => "pli",
            0b10 => "pst",
            _ => return None,
        };
        let level = match op >> 1 & 0b11 {
            0b00 => "l1",
            0b01 => "l2",
            0b10 => "l3",
            _ => return None,
        };
        Some([kind, level, if op & 1 == 0 { "keep" } else { "strm" }])
    }
}

/// The immediate of `add` and `sub`: 12 bits, optionally shifted left by 12.
///
/// ```
/// use arm64_enc::ArithImm;
/// assert_eq!(ArithImm::new(4095).map(|imm| imm.value()), Some(4095));
/// assert_eq!(ArithImm::new(0xfff000).map(|imm| imm.value()), Some(0xfff000));
/// assert_eq!(ArithImm::new(4097), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ArithImm(u16);

impl ArithImm {
    /// Zero.
    pub const ZERO: ArithImm = ArithImm(0);

    /// The encoding's shift bit.
    const SHIFTED: u16 = 1 << 12;

    /// The immediate with this value, without a shift if possible; `None` if it does not fit.
    #[inline]
    #[must_use]
    pub const fn new(value: u64) -> Option<ArithImm> {
        if value < 1 << 12 {
            Some(ArithImm(value as u16))
        } else if value < 1 << 24 && value & 0xfff == 0 {
            Some(ArithImm((value >> 12) as u16 | Self::SHIFTED))
        } else {
            None
        }
    }

    /// The immediate with this value.
    ///
    /// # Errors
    /// If the value does not fit.
    pub const fn try_new(value: u64) -> Result<ArithImm, EncodeError> {
        match Self::new(value) {
            Some(imm) => Ok(imm),
            None => Err(EncodeError::new(
                "arithmetic immediate",
                value as i64,
                "0 to 4095, or a multiple of 4096 up to 16773120",
            )),
        }
    }

    /// `imm12` shifted left by 12, even when the value would fit unshifted.
    #[must_use]
    pub const fn shifted(imm12: u16) -> Option<ArithImm> {
        if imm12 < 1 << 12 { Some(ArithImm(imm12 | Self::SHIFTED)) } else { None }
    }

    /// The value, shift applied.
    #[inline]
    #[must_use]
    pub const fn value(self) -> u32 {
        if self.is_shifted() { (self.imm12() as u32) << 12 } else { self.imm12() as u32 }
    }

    /// The 12 bits before the shift.
    #[must_use]
    pub const fn imm12(self) -> u16 {
        self.0 & 0xfff
    }

    /// Returns `true` if the 12 bits are shifted left by 12.
    #[must_use]
    pub const fn is_shifted(self) -> bool {
        self.0 & Self::SHIFTED != 0
    }
}

impl Field for ArithImm {
    const WIDTH: u32 = 13;
    const KIND: Kind = Kind::Arith;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Some(ArithImm(bits as u16))
    }
}

/// The operand of `movz`, `movn`, `movk`: 16 bits at a multiple of 16, with the width it is meant for.
///
/// ```
/// use arm64_enc::{MoveImm, Size};
/// let imm = MoveImm::new(Size::X, 0x1234, 48).unwrap();
/// assert_eq!((imm.imm16(), imm.shift(), imm.value()), (0x1234, 48, 0x1234_0000_0000_0000));
/// assert_eq!(MoveImm::new(Size::W, 0x1234, 32), None);
/// assert_eq!(MoveImm::from_value(Size::X, 0x1234_0000_0000_0000), Some(imm));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MoveImm {
    size: Size,
    /// The shift divided by 16.
    hw: u8,
    imm16: u16,
}

impl MoveImm {
    /// `imm16` shifted left by `shift`: 0 or 16, for [`Size::X`] also 32 or 48.
    #[inline]
    #[must_use]
    pub const fn new(size: Size, imm16: u16, shift: u32) -> Option<MoveImm> {
        if shift.is_multiple_of(16) && shift < size.bits() {
            Some(MoveImm { size, hw: (shift / 16) as u8, imm16 })
        } else {
            None
        }
    }

    /// The operand whose shifted value is `value`, with the smallest shift; `None` if there is none.
    #[must_use]
    pub const fn from_value(size: Size, value: u64) -> Option<MoveImm> {
        let hw = if value == 0 { 0 } else { value.trailing_zeros() / 16 };
        let chunk = value >> (hw * 16);
        if chunk <= 0xffff { Self::new(size, chunk as u16, hw * 16) } else { None }
    }

    /// The width of the move.
    #[inline]
    #[must_use]
    pub const fn size(self) -> Size {
        self.size
    }

    /// The 16 bits before the shift.
    #[inline]
    #[must_use]
    pub const fn imm16(self) -> u16 {
        self.imm16
    }

    /// The shift in bits.
    #[inline]
    #[must_use]
    pub const fn shift(self) -> u32 {
        self.hw as u32 * 16
    }

    /// The 16 bits, shifted.
    #[inline]
    #[must_use]
    pub const fn value(self) -> u64 {
        (self.imm16 as u64) << self.shift()
    }
}

impl Field for MoveImm {
    const WIDTH: u32 = 19;
    const KIND: Kind = Kind::Move;

    #[inline]
    fn bits(self) -> u32 {
        (self.size as u32) << 18 | u32::from(self.hw) << 16 | u32::from(self.imm16)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        MoveImm::new(Size::from_bits(bits >> 18)?, bits as u16, (bits >> 16 & 3) * 16)
    }
}

/// A floating-point constant of `fmov`: ±n/16 × 2^r with n from 16 to 31 and r from -3 to 4, in 8 bits.
///
/// ```
/// use arm64_enc::FpImm8;
/// assert_eq!(FpImm8::new(1.0).map(|imm| imm.value()), Some(1.0));
/// assert_eq!(FpImm8::new(0.0), None);
/// assert_eq!(FpImm8::new(0.1), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FpImm8(u8);

impl FpImm8 {
    /// The encoding of this value; `None` if it has none. Every value it has is exact in single precision too.
    #[must_use]
    pub fn new(value: f64) -> Option<FpImm8> {
        // VFPExpandImm backwards: sign, exponent NOT(b) bbbbbbbb cd, fraction efgh and zeros.
        let bits = value.to_bits();
        let candidate = FpImm8((bits >> 56 & 0x80) as u8 | (bits >> 48 & 0x7f) as u8);
        (candidate.value().to_bits() == bits).then_some(candidate)
    }

    /// The constant with these bits.
    #[must_use]
    pub const fn from_imm8(imm8: u8) -> FpImm8 {
        FpImm8(imm8)
    }

    /// The bits in the encoding, `abcdefgh`.
    #[must_use]
    pub const fn imm8(self) -> u8 {
        self.0
    }

    /// The value: the manual's `VFPExpandImm`.
    #[must_use]
    pub const fn value(self) -> f64 {
        let imm8 = self.0 as u64;
        let sign = imm8 >> 7;
        let b = imm8 >> 6 & 1;
        let exponent = (b ^ 1) << 10 | (b * 0xff) << 2 | imm8 >> 4 & 3;
        f64::from_bits(sign << 63 | exponent << 52 | (imm8 & 0xf) << 48)
    }
}

impl Field for FpImm8 {
    const WIDTH: u32 = 8;
    const KIND: Kind = Kind::Float;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Some(FpImm8(bits as u8))
    }
}
