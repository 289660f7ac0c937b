//! Signed displacements: branch targets, literal addresses, load and store offsets.

use crate::error::EncodeError;
use crate::field::Field;
use crate::text::Kind;

/// Declares signed displacements: name, storage of the count of units, bits, bytes of one unit.
macro_rules! signed {
    ($( $(#[$meta:meta])* $name:ident($store:ty) as $kind:ident: $width:literal bits of $unit:literal, $what:literal, $range:literal; )*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name($store);

            impl $name {
                /// The instruction itself.
                pub const ZERO: $name = $name(0);

                /// The smallest displacement in bytes.
                pub const MIN_BYTES: i64 = -(1 << ($width - 1)) * $unit;
                /// The largest displacement in bytes.
                pub const MAX_BYTES: i64 = ((1 << ($width - 1)) - 1) * $unit;

                /// The displacement of this many bytes; `None` if it does not fit.
                #[inline]
                #[must_use]
                pub const fn new(bytes: i64) -> Option<Self> {
                    if bytes >= Self::MIN_BYTES && bytes <= Self::MAX_BYTES && (bytes as u64).is_multiple_of($unit) {
                        Some(Self((bytes / $unit) as $store))
                    } else {
                        None
                    }
                }

                /// The displacement of this many bytes.
                ///
                /// # Errors
                /// If it does not fit.
                pub const fn try_new(bytes: i64) -> Result<Self, EncodeError> {
                    match Self::new(bytes) {
                        Some(this) => Ok(this),
                        None => Err(EncodeError::new($what, bytes, $range)),
                    }
                }

                /// The displacement in bytes.
                #[inline]
                #[must_use]
                pub const fn bytes(self) -> i64 {
                    self.0 as i64 * $unit
                }
            }

            impl Field for $name {
                const WIDTH: u32 = $width;
    const KIND: Kind = Kind::$kind { bits: $width, unit: $unit };

                #[inline]
                fn bits(self) -> u32 {
                    self.0 as u32 & ((1 << $width) - 1)
                }

                #[inline]
                fn from_bits(bits: u32) -> Option<Self> {
                    // Sign extension: the field's top bit moves to bit 31 and back.
                    Some(Self(((bits << (32 - $width)) as i32 >> (32 - $width)) as $store))
                }
            }
        )*
    };
}

signed! {
    /// The displacement of `b` and `bl`: ±128 MiB.
    ///
    /// ```
    /// use arm64_enc::Offset26;
    /// assert_eq!(Offset26::new(-4).map(|offset| offset.bytes()), Some(-4));
    /// assert_eq!(Offset26::new(1 << 27), None);
    /// assert_eq!(Offset26::new(2), None);
    /// ```
    Offset26(i32) as Target: 26 bits of 4, "branch displacement", "a multiple of 4 from -134217728 to 134217724";
    /// The displacement of `b.cond`, `cbz`, `cbnz` and of literal loads: ±1 MiB.
    Offset19(i32) as Target: 19 bits of 4, "conditional branch or literal displacement", "a multiple of 4 from -1048576 to 1048572";
    /// The displacement of `tbz` and `tbnz`: ±32 KiB.
    Offset14(i16) as Target: 14 bits of 4, "test branch displacement", "a multiple of 4 from -32768 to 32764";
    /// The displacement of `adr`: ±1 MiB, any byte.
    AdrOffset(i32) as Target: 21 bits of 1, "adr displacement", "-1048576 to 1048575";
    /// The displacement of `adrp` in bytes, a multiple of 4096: ±4 GiB.
    PageOffset(i32) as Target: 21 bits of 4096, "adrp displacement", "a multiple of 4096 from -4294967296 to 4294963200";
    /// The unscaled offset of `ldur`, and of loads and stores that write the base back.
    ///
    /// ```
    /// use arm64_enc::Simm9;
    /// assert_eq!(Simm9::new(-256).map(|offset| offset.bytes()), Some(-256));
    /// assert_eq!(Simm9::new(256), None);
    /// ```
    Simm9(i16) as Signed: 9 bits of 1, "unscaled offset", "-256 to 255";
    /// The operand of a signed minimum or maximum.
    Simm8(i8) as Signed: 8 bits of 1, "8-bit immediate", "-128 to 127";
    /// The offset of `ldraa` and `ldrab`, in multiples of 8.
    Simm10(i16) as Signed: 10 bits of 8, "offset of an authenticated load", "a multiple of 8 from -4096 to 4088";
}

/// The width of a memory access.
///
/// ```
/// assert_eq!(arm64_enc::AccessSize::B8.bytes(), 8);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AccessSize {
    /// 1 byte.
    B1,
    /// 2 bytes.
    B2,
    /// 4 bytes.
    B4,
    /// 8 bytes.
    B8,
    /// 16 bytes.
    B16,
}

impl AccessSize {
    /// The number of bytes.
    ///
    /// ```
    /// assert_eq!(arm64_enc::AccessSize::B16.bytes(), 16);
    /// ```
    #[inline]
    #[must_use]
    pub const fn bytes(self) -> u32 {
        1 << self.log2()
    }

    /// The base-two logarithm of the number of bytes.
    #[inline]
    #[must_use]
    pub const fn log2(self) -> u32 {
        self as u32
    }
}

/// The unsigned offset of `ldr` and `str`: 0 to 4095 *units*, a unit being the width of the access.
///
/// The same bits mean another distance with another access width, so both directions take it.
///
/// ```
/// use arm64_enc::{AccessSize, ScaledOffset};
/// let offset = ScaledOffset::new(32760, AccessSize::B8).unwrap();
/// assert_eq!((offset.units(), offset.bytes(AccessSize::B8)), (4095, 32760));
/// assert_eq!(ScaledOffset::new(32768, AccessSize::B8), None);
/// assert_eq!(ScaledOffset::new(4, AccessSize::B8), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ScaledOffset(u16);

impl ScaledOffset {
    /// No offset.
    pub const ZERO: ScaledOffset = ScaledOffset(0);

    /// The offset of this many bytes for an access of this width; `None` if it does not fit.
    #[inline]
    #[must_use]
    pub const fn new(bytes: i64, access: AccessSize) -> Option<ScaledOffset> {
        let units = bytes >> access.log2();
        if units >= 0 && units < 1 << 12 && units << access.log2() == bytes {
            Some(ScaledOffset(units as u16))
        } else {
            None
        }
    }

    /// The offset of this many bytes for an access of this width.
    ///
    /// # Errors
    /// If it does not fit.
    pub const fn try_new(bytes: i64, access: AccessSize) -> Result<ScaledOffset, EncodeError> {
        match Self::new(bytes, access) {
            Some(offset) => Ok(offset),
            None => Err(EncodeError::new(
                "scaled offset",
                bytes,
                "0 to 4095 times the width of the access",
            )),
        }
    }

    /// The count of units, 0 to 4095.
    #[must_use]
    pub const fn units(self) -> u16 {
        self.0
    }

    /// The distance in bytes for an access of this width.
    #[inline]
    #[must_use]
    pub const fn bytes(self, access: AccessSize) -> u32 {
        (self.0 as u32) << access.log2()
    }
}

impl Field for ScaledOffset {
    const WIDTH: u32 = 12;
    const KIND: Kind = Kind::Scaled;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Some(ScaledOffset(bits as u16))
    }
}

/// The offset of `ldp` and `stp`: -64 to 63 *units*, a unit being the width of one of the two registers.
///
/// ```
/// use arm64_enc::{AccessSize, PairOffset};
/// let offset = PairOffset::new(-512, AccessSize::B8).unwrap();
/// assert_eq!((offset.units(), offset.bytes(AccessSize::B8)), (-64, -512));
/// assert_eq!(PairOffset::new(512, AccessSize::B8), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PairOffset(i8);

impl PairOffset {
    /// No offset.
    pub const ZERO: PairOffset = PairOffset(0);

    /// The offset of this many bytes for registers of this width; `None` if it does not fit.
    #[inline]
    #[must_use]
    pub const fn new(bytes: i64, access: AccessSize) -> Option<PairOffset> {
        let units = bytes >> access.log2();
        if units >= -64 && units < 64 && units << access.log2() == bytes {
            Some(PairOffset(units as i8))
        } else {
            None
        }
    }

    /// The offset of this many bytes for registers of this width.
    ///
    /// # Errors
    /// If it does not fit.
    pub const fn try_new(bytes: i64, access: AccessSize) -> Result<PairOffset, EncodeError> {
        match Self::new(bytes, access) {
            Some(offset) => Ok(offset),
            None => Err(EncodeError::new(
                "pair offset",
                bytes,
                "-64 to 63 times the width of one register",
            )),
        }
    }

    /// The count of units, -64 to 63.
    #[must_use]
    pub const fn units(self) -> i8 {
        self.0
    }

    /// The distance in bytes for registers of this width.
    #[inline]
    #[must_use]
    pub const fn bytes(self, access: AccessSize) -> i32 {
        (self.0 as i32) << access.log2()
    }
}

impl Field for PairOffset {
    const WIDTH: u32 = 7;
    const KIND: Kind = Kind::PairOffset;

    #[inline]
    fn bits(self) -> u32 {
        self.0 as u32 & 0x7f
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Some(PairOffset((bits as i8) << 1 >> 1))
    }
}
