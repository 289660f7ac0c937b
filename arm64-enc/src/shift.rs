//! Shifted and extended register operands, bit-field positions, fixed-point scales.

use crate::field::{Field, ops};
use crate::reg::Size;
use crate::text::Kind;

ops! {
    /// How a register operand is shifted.
    ///
    /// ```
    /// assert_eq!(arm64_enc::ShiftKind::Lsl.name(), "lsl");
    /// ```
    pub enum ShiftKind: 2 {
        /// Left.
        Lsl = 0b00 "lsl",
        /// Right, zeros come in.
        Lsr = 0b01 "lsr",
        /// Right, copies of the sign come in.
        Asr = 0b10 "asr",
        /// Right, what leaves comes in; logical instructions only.
        Ror = 0b11 "ror",
    }
}

/// The shift of the last operand of a logical instruction, with the width of the operation.
///
/// ```
/// use arm64_enc::{Shift, ShiftKind, Size};
/// let shift = Shift::new(Size::W, ShiftKind::Ror, 31).unwrap();
/// assert_eq!((shift.size(), shift.kind(), shift.amount()), (Size::W, ShiftKind::Ror, 31));
/// assert_eq!(Shift::new(Size::W, ShiftKind::Ror, 32), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Shift {
    size: Size,
    kind: ShiftKind,
    amount: u8,
}

impl Shift {
    /// A shift by less than the width.
    #[inline]
    #[must_use]
    pub const fn new(size: Size, kind: ShiftKind, amount: u32) -> Option<Shift> {
        if amount < size.bits() { Some(Shift { size, kind, amount: amount as u8 }) } else { None }
    }

    /// No shift: `lsl #0`.
    #[inline]
    #[must_use]
    pub const fn none(size: Size) -> Shift {
        Shift { size, kind: ShiftKind::Lsl, amount: 0 }
    }

    /// The width of the operation.
    #[inline]
    #[must_use]
    pub const fn size(self) -> Size {
        self.size
    }

    /// How the operand is shifted.
    #[inline]
    #[must_use]
    pub const fn kind(self) -> ShiftKind {
        self.kind
    }

    /// By how many bits.
    #[inline]
    #[must_use]
    pub const fn amount(self) -> u32 {
        self.amount as u32
    }

    /// Returns `true` if the operand stays as it is and is written without a shift.
    #[must_use]
    pub const fn is_none(self) -> bool {
        matches!(self.kind, ShiftKind::Lsl) && self.amount == 0
    }
}

impl Field for Shift {
    const WIDTH: u32 = 9;
    const KIND: Kind = Kind::Shift;

    #[inline]
    fn bits(self) -> u32 {
        (self.size as u32) << 8 | self.kind.bits() << 6 | u32::from(self.amount)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Shift::new(Size::from_bits(bits >> 8)?, ShiftKind::from_bits(bits >> 6 & 3)?, bits & 63)
    }
}

/// The shift of the last operand of `add` and `sub`, with the width of the operation: any but [`ShiftKind::Ror`].
///
/// ```
/// use arm64_enc::{ArithShift, ShiftKind, Size};
/// assert!(ArithShift::new(Size::X, ShiftKind::Lsl, 63).is_some());
/// assert!(ArithShift::new(Size::X, ShiftKind::Ror, 1).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ArithShift(Shift);

impl ArithShift {
    /// A shift by less than the width.
    #[inline]
    #[must_use]
    pub const fn new(size: Size, kind: ShiftKind, amount: u32) -> Option<ArithShift> {
        match (kind, Shift::new(size, kind, amount)) {
            (ShiftKind::Ror, _) | (_, None) => None,
            (_, Some(shift)) => Some(ArithShift(shift)),
        }
    }

    /// No shift: `lsl #0`.
    #[inline]
    #[must_use]
    pub const fn none(size: Size) -> ArithShift {
        ArithShift(Shift::none(size))
    }

    /// The width of the operation.
    #[inline]
    #[must_use]
    pub const fn size(self) -> Size {
        self.0.size
    }

    /// How the operand is shifted.
    #[inline]
    #[must_use]
    pub const fn kind(self) -> ShiftKind {
        self.0.kind
    }

    /// By how many bits.
    #[inline]
    #[must_use]
    pub const fn amount(self) -> u32 {
        self.0.amount as u32
    }

    /// Returns `true` if the operand stays as it is and is written without a shift.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0.is_none()
    }
}

impl From<ArithShift> for Shift {
    fn from(shift: ArithShift) -> Shift {
        shift.0
    }
}

impl Field for ArithShift {
    const WIDTH: u32 = Shift::WIDTH;
    const KIND: Kind = Kind::ArithShift;

    #[inline]
    fn bits(self) -> u32 {
        self.0.bits()
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let shift = Shift::from_bits(bits)?;
        ArithShift::new(shift.size, shift.kind, shift.amount())
    }
}

ops! {
    /// How a register operand is widened before a shift of up to 4 bits.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Extend::Uxtb.name(), "uxtb");
    /// ```
    pub enum Extend: 3 {
        /// Zero-extended byte.
        Uxtb = 0b000 "uxtb",
        /// Zero-extended half word.
        Uxth = 0b001 "uxth",
        /// Zero-extended word.
        Uxtw = 0b010 "uxtw",
        /// All 64 bits; `lsl` where a stack pointer is the other operand.
        Uxtx = 0b011 "uxtx",
        /// Sign-extended byte.
        Sxtb = 0b100 "sxtb",
        /// Sign-extended half word.
        Sxth = 0b101 "sxth",
        /// Sign-extended word.
        Sxtw = 0b110 "sxtw",
        /// All 64 bits.
        Sxtx = 0b111 "sxtx",
    }
}

impl Extend {
    /// The width of the register that is read: [`Size::X`] only for `uxtx` and `sxtx`.
    #[must_use]
    pub const fn source(self) -> Size {
        match self {
            Extend::Uxtx | Extend::Sxtx => Size::X,
            _ => Size::W,
        }
    }
}

/// The left shift after an extension, 0 to 4.
///
/// ```
/// use arm64_enc::ExtendShift;
/// assert!(ExtendShift::new(4).is_some());
/// assert!(ExtendShift::new(5).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExtendShift(u8);

impl ExtendShift {
    /// No shift.
    pub const ZERO: ExtendShift = ExtendShift(0);

    /// A shift by 0 to 4 bits.
    ///
    /// ```
    /// assert!(arm64_enc::ExtendShift::new(4).is_some());
    /// assert!(arm64_enc::ExtendShift::new(5).is_none());
    /// ```
    #[inline]
    #[must_use]
    pub const fn new(amount: u32) -> Option<ExtendShift> {
        if amount <= 4 { Some(ExtendShift(amount as u8)) } else { None }
    }

    /// By how many bits.
    #[inline]
    #[must_use]
    pub const fn amount(self) -> u32 {
        self.0 as u32
    }
}

impl Field for ExtendShift {
    const WIDTH: u32 = 3;
    const KIND: Kind = Kind::Number;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        ExtendShift::new(bits)
    }
}

/// `immr` and `imms` of a bit-field move, with the width of the operation.
///
/// ```
/// use arm64_enc::{BitfieldImm, Size};
/// assert!(BitfieldImm::new(Size::X, 63, 0).is_some());
/// assert!(BitfieldImm::new(Size::W, 32, 0).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BitfieldImm {
    size: Size,
    immr: u8,
    imms: u8,
}

impl BitfieldImm {
    /// Both numbers must be below the width.
    #[inline]
    #[must_use]
    pub const fn new(size: Size, immr: u32, imms: u32) -> Option<BitfieldImm> {
        if immr < size.bits() && imms < size.bits() {
            Some(BitfieldImm { size, immr: immr as u8, imms: imms as u8 })
        } else {
            None
        }
    }

    /// The operand by which `ubfm` shifts left (`lsl`); `None` if the amount is not below the width.
    ///
    /// ```
    /// use arm64_enc::{BitfieldImm, Size};
    /// let lsl = BitfieldImm::lsl(Size::X, 4).unwrap();
    /// assert_eq!((lsl.immr(), lsl.imms()), (60, 59));
    /// ```
    #[must_use]
    pub const fn lsl(size: Size, amount: u32) -> Option<BitfieldImm> {
        if amount < size.bits() {
            Self::new(size, (size.bits() - amount) % size.bits(), size.bits() - 1 - amount)
        } else {
            None
        }
    }

    /// The operand by which `ubfm` or `sbfm` shifts right (`lsr`, `asr`).
    #[must_use]
    pub const fn shift_right(size: Size, amount: u32) -> Option<BitfieldImm> {
        Self::new(size, amount, size.bits() - 1)
    }

    /// The operand by which `ubfm`, `sbfm`, `bfm` extract `width` bits from bit `lsb` on (`ubfx`, `sbfx`, `bfxil`).
    #[must_use]
    pub const fn extract(size: Size, lsb: u32, width: u32) -> Option<BitfieldImm> {
        if width == 0 || lsb >= size.bits() || width > size.bits() - lsb {
            return None;
        }
        Self::new(size, lsb, lsb + width - 1)
    }

    /// The operand by which `ubfm`, `sbfm`, `bfm` insert `width` bits at bit `lsb` (`ubfiz`, `sbfiz`, `bfi`).
    #[must_use]
    pub const fn insert(size: Size, lsb: u32, width: u32) -> Option<BitfieldImm> {
        if width == 0 || lsb >= size.bits() || width > size.bits() - lsb {
            return None;
        }
        Self::new(size, (size.bits() - lsb) % size.bits(), width - 1)
    }

    /// The width of the operation.
    #[inline]
    #[must_use]
    pub const fn size(self) -> Size {
        self.size
    }

    /// The right rotation.
    #[inline]
    #[must_use]
    pub const fn immr(self) -> u32 {
        self.immr as u32
    }

    /// The number of the leftmost bit that moves.
    #[inline]
    #[must_use]
    pub const fn imms(self) -> u32 {
        self.imms as u32
    }
}

impl Field for BitfieldImm {
    /// `sf`, `N`, `immr`, `imms`; `N` repeats `sf`.
    const WIDTH: u32 = 14;
    const KIND: Kind = Kind::Bits;

    #[inline]
    fn bits(self) -> u32 {
        ((self.size as u32) * 0b11) << 12 | u32::from(self.immr) << 6 | u32::from(self.imms)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let size = size_twice(bits >> 12)?;
        BitfieldImm::new(size, bits >> 6 & 63, bits & 63)
    }
}

/// The position from which `extr` takes its result, with the width of the operation.
///
/// ```
/// use arm64_enc::{ExtractLsb, Size};
/// assert!(ExtractLsb::new(Size::W, 31).is_some());
/// assert!(ExtractLsb::new(Size::W, 32).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExtractLsb {
    size: Size,
    lsb: u8,
}

impl ExtractLsb {
    /// A position below the width.
    #[inline]
    #[must_use]
    pub const fn new(size: Size, lsb: u32) -> Option<ExtractLsb> {
        if lsb < size.bits() { Some(ExtractLsb { size, lsb: lsb as u8 }) } else { None }
    }

    /// The width of the operation.
    #[inline]
    #[must_use]
    pub const fn size(self) -> Size {
        self.size
    }

    /// The position.
    #[inline]
    #[must_use]
    pub const fn lsb(self) -> u32 {
        self.lsb as u32
    }
}

impl Field for ExtractLsb {
    /// `sf`, `N`, `imms`; `N` repeats `sf`.
    const WIDTH: u32 = 8;
    const KIND: Kind = Kind::Lsb;

    #[inline]
    fn bits(self) -> u32 {
        ((self.size as u32) * 0b11) << 6 | u32::from(self.lsb)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        ExtractLsb::new(size_twice(bits >> 6)?, bits & 63)
    }
}

/// The number of fraction bits of a fixed-point conversion, 1 to the width of the general-purpose register.
///
/// ```
/// use arm64_enc::{FractionBits, Size};
/// assert!(FractionBits::new(Size::W, 32).is_some());
/// assert!(FractionBits::new(Size::W, 0).is_none());
/// assert!(FractionBits::new(Size::W, 33).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FractionBits {
    size: Size,
    bits: u8,
}

impl FractionBits {
    /// From 1 to the width.
    #[must_use]
    pub const fn new(size: Size, bits: u32) -> Option<FractionBits> {
        if bits >= 1 && bits <= size.bits() {
            Some(FractionBits { size, bits: bits as u8 })
        } else {
            None
        }
    }

    /// The width of the general-purpose register.
    #[inline]
    #[must_use]
    pub const fn size(self) -> Size {
        self.size
    }

    /// The number of fraction bits.
    #[inline]
    #[must_use]
    pub const fn count(self) -> u32 {
        self.bits as u32
    }
}

impl Field for FractionBits {
    /// `sf` and `scale`, which is 64 minus the number of bits.
    const WIDTH: u32 = 7;
    const KIND: Kind = Kind::Fraction;

    #[inline]
    fn bits(self) -> u32 {
        (self.size as u32) << 6 | (64 - u32::from(self.bits))
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        FractionBits::new(Size::from_bits(bits >> 6)?, 64 - (bits & 63))
    }
}

/// A width that is encoded in two bits which must agree.
fn size_twice(bits: u32) -> Option<Size> {
    match bits {
        0b00 => Some(Size::W),
        0b11 => Some(Size::X),
        _ => None,
    }
}
