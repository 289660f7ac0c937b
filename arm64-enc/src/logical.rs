//! Bitmask immediates of `and`, `orr`, `eor`, `ands`: a rotated run of ones, repeated over the register.

use crate::error::EncodeError;
use crate::field::Field;
use crate::reg::Size;
use crate::text::Kind;

/// A bitmask immediate with the width it is meant for.
///
/// The value is a run of ones, neither empty nor full, rotated within an element of 2, 4, 8, 16, 32 or 64 bits that
/// is repeated over the register: 5,334 values of 64 bits and 1,302 of 32.
///
/// ```
/// use arm64_enc::{LogicalImm, Size};
/// assert_eq!(LogicalImm::new(0x00ff_00ff, Size::W).map(|imm| imm.value()), Some(0x00ff_00ff));
/// assert_eq!(LogicalImm::new(0, Size::X), None);
/// assert_eq!(LogicalImm::new(5, Size::X), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LogicalImm {
    size: Size,
    /// `N:immr:imms` as in the encoding.
    fields: u16,
}

impl LogicalImm {
    /// The encoding of `value`, whose bits above the width must be zero; `None` if it has none.
    #[must_use]
    pub const fn new(value: u64, size: Size) -> Option<LogicalImm> {
        let wide = match size {
            Size::X => value,
            Size::W if value >> 32 == 0 => value | value << 32,
            Size::W => return None,
        };
        if wide == 0 || wide == u64::MAX {
            return None;
        }
        // Rotate so that the value begins with the low end of a run: bit 0 set, bit 63 clear.
        // (`wide` is not all ones, so a clear bit exists; the run above the first clear bit moves to bit 0.)
        let clear_low = wide.trailing_ones();
        let shifted = wide.rotate_right(clear_low);
        let rotation = (clear_low + shifted.trailing_zeros()) % 64;
        let normal = wide.rotate_right(rotation);
        let ones = normal.trailing_ones();
        let zeros = (normal >> ones).trailing_zeros();
        // The period is one run of ones and one of zeros; the last run of zeros ends with the register.
        let period = if normal >> ones == 0 { 64 } else { ones + zeros };
        if !period.is_power_of_two() || normal.rotate_right(period % 64) != normal {
            return None;
        }
        // `immr` rotates right the run at bit 0; we rotated the value right to get there.
        let immr = (period - rotation % period) % period;
        let n = if period == 64 { 1 } else { 0 };
        let imms = (period.wrapping_mul(2).wrapping_neg() & 0x3f) | (ones - 1);
        Some(LogicalImm { size, fields: (n << 12 | immr << 6 | imms) as u16 })
    }

    /// The encoding of `value`.
    ///
    /// # Errors
    /// If it has none.
    pub const fn try_new(value: u64, size: Size) -> Result<LogicalImm, EncodeError> {
        match Self::new(value, size) {
            Some(imm) => Ok(imm),
            None => Err(EncodeError::new(
                "bitmask immediate",
                value as i64,
                "a rotated run of ones, repeated every 2, 4, 8, 16, 32 or 64 bits",
            )),
        }
    }

    /// The immediate with these fields (`N:immr:imms`, 13 bits); `None` if they are reserved.
    #[must_use]
    pub const fn from_fields(fields: u16, size: Size) -> Option<LogicalImm> {
        if fields >> 13 != 0 {
            return None;
        }
        let n = fields >> 12;
        if n == 1 && matches!(size, Size::W) {
            return None;
        }
        let imm = LogicalImm { size, fields };
        // One element bit is too few, and an element of only ones is reserved.
        match imm.element_bits() {
            Some(element) if (fields as u32 & (element - 1)) != element - 1 => Some(imm),
            _ => None,
        }
    }

    /// Bits of one element: the highest set bit of `N:NOT(imms)`.
    const fn element_bits(self) -> Option<u32> {
        let key = (self.fields >> 12 & 1) << 6 | (!self.fields & 0x3f);
        if key < 2 { None } else { Some(1 << (15 - key.leading_zeros())) }
    }

    /// `N:immr:imms`, 13 bits.
    #[must_use]
    pub const fn fields(self) -> u16 {
        self.fields
    }

    /// The width of the operation.
    #[inline]
    #[must_use]
    pub const fn size(self) -> Size {
        self.size
    }

    /// The value, zero-extended: the manual's `DecodeBitMasks`.
    #[must_use]
    pub const fn value(self) -> u64 {
        let Some(element) = self.element_bits() else { return 0 };
        let ones = (self.fields as u32 & (element - 1)) + 1;
        let rotation = (self.fields >> 6) as u32 & (element - 1);
        let mut value = (1u64 << ones) - 1;
        if rotation != 0 {
            value = value >> rotation | value << (element - rotation);
        }
        if element < 64 {
            value &= (1 << element) - 1;
        }
        let mut width = element;
        while width < 64 {
            value |= value << width;
            width *= 2;
        }
        self.size.truncate(value)
    }
}

impl Field for LogicalImm {
    const WIDTH: u32 = 14;
    const KIND: Kind = Kind::Mask;

    #[inline]
    fn bits(self) -> u32 {
        (self.size as u32) << 13 | u32::from(self.fields)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        LogicalImm::from_fields(bits as u16 & 0x1fff, Size::from_bits(bits >> 13)?)
    }
}
