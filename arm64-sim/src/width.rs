//! The two widths of general registers, and how a second operand is shifted.

use core::ops::{BitAnd, BitOr, BitXor, Not, Shl, Shr};

/// The trait, and what it is for both widths. In a body `Signed` and `Double` are the types that belong to the width.
macro_rules! widths {
    ($($(#[$doc:meta])* fn $name:ident($self:ident $(, $arg:ident: $ty:ty)*) -> $out:ty = $body:expr;)*) => {
        /// A general register as instructions of one width see it: `u64` or `u32`.
        pub(crate) trait Width:
            Copy
            + Eq
            + BitAnd<Output = Self>
            + BitOr<Output = Self>
            + BitXor<Output = Self>
            + Not<Output = Self>
            + Shl<u32, Output = Self>
            + Shr<u32, Output = Self>
        {
            const BITS: u32;
            /// The low bits of a register.
            fn of(x: u64) -> Self;
            /// Rounds towards zero and saturates; NaN is zero.
            fn from_float(x: f64) -> Self;
            $($(#[$doc])* fn $name($self $(, $arg: $ty)*) -> $out;)*
        }
        widths!(@impl u64, i64, u128; $($name($self $(, $arg: $ty)*) -> $out = $body;)*);
        widths!(@impl u32, i32, u64; $($name($self $(, $arg: $ty)*) -> $out = $body;)*);
    };
    (@impl $unsigned:ident, $signed:ident, $double:ident;
     $($name:ident($self:ident $(, $arg:ident: $ty:ty)*) -> $out:ty = $body:expr;)*) => {
        #[allow(clippy::unnecessary_cast, reason = "not for the other width")]
        impl Width for $unsigned {
            const BITS: u32 = $unsigned::BITS;
            #[inline(always)]
            fn of(x: u64) -> Self {
                x as $unsigned
            }
            #[inline(always)]
            fn from_float(x: f64) -> Self {
                x as $signed as $unsigned
            }
            $(
                #[inline(always)]
                fn $name($self $(, $arg: $ty)*) -> $out {
                    #[allow(unused)]
                    type Signed = $signed;
                    #[allow(unused)]
                    type Double = $double;
                    $body
                }
            )*
        }
    };
}

widths! {
    /// The register, with zeros above.
    fn wide(self) -> u64 = self as u64;
    /// The number, signed.
    fn number(self) -> i64 = self as Signed as i64;
    fn plus(self, other: Self) -> Self = self.wrapping_add(other);
    fn minus(self, other: Self) -> Self = self.wrapping_sub(other);
    fn times(self, other: Self) -> Self = self.wrapping_mul(other);
    /// Rounds towards zero; by zero is zero.
    fn udiv(self, other: Self) -> Self = self.checked_div(other).unwrap_or(0);
    /// Rounds towards zero; by zero is zero.
    fn sdiv(self, other: Self) -> Self = match other as Signed {
        0 => 0,
        other => (self as Signed).wrapping_div(other) as Self,
    };
    /// Shifts right; the sign comes in.
    fn sar(self, by: u32) -> Self = (self as Signed >> by) as Self;
    fn rotate(self, by: u32) -> Self = self.rotate_right(by);
    /// `self` above `low`, shifted right.
    fn extract(self, low: Self, by: u32) -> Self =
        ((Double::from(self) << Self::BITS | Double::from(low)) >> by) as Self;
    fn reversed(self) -> Self = self.reverse_bits();
    fn bytes_reversed(self) -> Self = self.swap_bytes();
    fn zeros_above(self) -> u32 = self.leading_zeros();
    /// `AddWithCarry`: the sum and the flags.
    fn add_with_carry(self, other: Self, carry: bool) -> (Self, u8) = {
        let (s, c0) = self.overflowing_add(other);
        let (s, c1) = s.overflowing_add(carry.into());
        let v = ((self ^ s) & (other ^ s)) >> (Self::BITS - 1);
        (s, s.logical_flags() | u8::from(c0 | c1) << 1 | v as u8)
    };
    /// The difference and its flags.
    fn compare(self, other: Self) -> (Self, u8) = {
        let d = self.wrapping_sub(other);
        let v = ((self ^ other) & (self ^ d)) >> (Self::BITS - 1);
        (d, d.logical_flags() | u8::from(self >= other) << 1 | v as u8)
    };
    /// The flags of this as the result of a logical operation.
    fn logical_flags(self) -> u8 =
        ((self >> (Self::BITS - 1)) as u8) << 3 | u8::from(self == 0) << 2;
}

/// How a second operand is shifted or extended before use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Shift {
    Lsl,
    Lsr,
    Asr,
    Ror,
    Uxtb,
    Uxth,
    Uxtw,
    Sxtb,
    Sxth,
    Sxtw,
}

impl Shift {
    /// The shifts of shifted-register forms, by their field.
    pub(crate) const SHIFTS: [Shift; 4] = [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror];
    /// The extensions of extended-register forms, by their field; the 64-bit ones change nothing.
    pub(crate) const EXTENDS: [Shift; 8] = [
        Shift::Uxtb,
        Shift::Uxth,
        Shift::Uxtw,
        Shift::Lsl,
        Shift::Sxtb,
        Shift::Sxth,
        Shift::Sxtw,
        Shift::Lsl,
    ];

    /// The operand `v` shifted by less than its width.
    #[inline(always)]
    pub(crate) fn apply<W: Width>(self, v: W, by: u32) -> W {
        match self {
            Shift::Lsl => v << by,
            Shift::Lsr => v >> by,
            Shift::Asr => v.sar(by),
            Shift::Ror => v.rotate(by),
            Shift::Uxtb => W::of(u64::from(v.wide() as u8)) << by,
            Shift::Uxth => W::of(u64::from(v.wide() as u16)) << by,
            Shift::Uxtw => W::of(u64::from(v.wide() as u32)) << by,
            Shift::Sxtb => W::of(v.wide() as i8 as u64) << by,
            Shift::Sxth => W::of(v.wide() as i16 as u64) << by,
            Shift::Sxtw => W::of(v.wide() as i32 as u64) << by,
        }
    }

    /// The shift and its amount as a number.
    pub(crate) fn pack(self, by: u32) -> u32 {
        self as u32 | by << 4
    }

    /// Applies what [`Shift::pack`] made.
    #[inline(always)]
    pub(crate) fn apply_packed<W: Width>(v: W, packed: u32) -> W {
        use Shift::{Asr, Lsl, Lsr, Ror, Sxtb, Sxth, Sxtw, Uxtb, Uxth, Uxtw};
        const SHIFTS: [Shift; 16] =
            [Lsl, Lsr, Asr, Ror, Uxtb, Uxth, Uxtw, Sxtb, Sxth, Sxtw, Lsl, Lsl, Lsl, Lsl, Lsl, Lsl];
        SHIFTS[(packed & 15) as usize].apply(v, packed >> 4 & (W::BITS - 1))
    }
}
