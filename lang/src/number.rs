//! The types of numbers: names, widths, limits.

use crate::runtime::IntKind;

/// An integer type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum IntTy {
    I8,
    I16,
    I32,
    I64,
    I128,
    Isize,
    U8,
    U16,
    U32,
    U64,
    U128,
    Usize,
}

impl IntTy {
    pub(crate) const ALL: [IntTy; 12] = [
        IntTy::I8,
        IntTy::I16,
        IntTy::I32,
        IntTy::I64,
        IntTy::I128,
        IntTy::Isize,
        IntTy::U8,
        IntTy::U16,
        IntTy::U32,
        IntTy::U64,
        IntTy::U128,
        IntTy::Usize,
    ];

    /// Its name, width, sign, the type of the same width and the other sign, and the type as it is printed.
    const fn row(self) -> (&'static str, u32, bool, IntTy, IntKind) {
        match self {
            IntTy::I8 => ("i8", 8, true, IntTy::U8, IntKind::I8),
            IntTy::I16 => ("i16", 16, true, IntTy::U16, IntKind::I16),
            IntTy::I32 => ("i32", 32, true, IntTy::U32, IntKind::I32),
            IntTy::I64 => ("i64", 64, true, IntTy::U64, IntKind::I64),
            IntTy::I128 => ("i128", 128, true, IntTy::U128, IntKind::I128),
            IntTy::Isize => ("isize", 64, true, IntTy::Usize, IntKind::I64),
            IntTy::U8 => ("u8", 8, false, IntTy::I8, IntKind::U8),
            IntTy::U16 => ("u16", 16, false, IntTy::I16, IntKind::U16),
            IntTy::U32 => ("u32", 32, false, IntTy::I32, IntKind::U32),
            IntTy::U64 => ("u64", 64, false, IntTy::I64, IntKind::U64),
            IntTy::U128 => ("u128", 128, false, IntTy::I128, IntKind::U128),
            IntTy::Usize => ("usize", 64, false, IntTy::Isize, IntKind::U64),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        self.row().0
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|int| int.name() == name)
    }

    pub(crate) const fn bits(self) -> u32 {
        self.row().1
    }

    pub(crate) const fn signed(self) -> bool {
        self.row().2
    }

    /// As it is printed: words are 64 bits wide.
    pub(crate) const fn kind(self) -> IntKind {
        self.row().4
    }

    pub(crate) const fn min(self) -> i128 {
        if self.signed() { i128::MIN >> (128 - self.bits()) } else { 0 }
    }

    /// The greatest value; of `u128`, whose values are kept as their bits, the greatest that is not negative as an
    /// `i128`. Patterns use it as if it were the greatest.
    pub(crate) const fn max(self) -> i128 {
        match self {
            IntTy::U128 => i128::MAX,
            _ if self.signed() => i128::MAX >> (128 - self.bits()),
            _ => (1 << self.bits()) - 1,
        }
    }

    /// The bits of the greatest value.
    pub(crate) const fn max_bits(self) -> i128 {
        match self {
            IntTy::U128 => -1,
            _ => self.max(),
        }
    }

    pub(crate) const fn is_wide(self) -> bool {
        self.bits() == 128
    }

    /// `value` modulo the width, as a number of this type.
    pub(crate) const fn wrap(self, value: i128) -> i128 {
        let unused = 128 - self.bits();
        if self.signed() {
            value << unused >> unused
        } else {
            ((value as u128) << unused >> unused) as i128
        }
    }

    pub(crate) const fn unsigned(self) -> IntTy {
        if self.signed() { self.row().3 } else { self }
    }

    pub(crate) const fn to_signed(self) -> IntTy {
        if self.signed() { self } else { self.row().3 }
    }

    pub(crate) const fn to_ir(self) -> ir::Type {
        match self.bits() {
            8 => ir::Type::I8,
            16 => ir::Type::I16,
            32 => ir::Type::I32,
            64 => ir::Type::I64,
            _ => ir::Type::I128,
        }
    }
}

/// `f32` or `f64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum FloatTy {
    F32,
    F64,
}

impl FloatTy {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FloatTy::F32 => "f32",
            FloatTy::F64 => "f64",
        }
    }

    pub(crate) const fn to_ir(self) -> ir::Type {
        match self {
            FloatTy::F32 => ir::Type::F32,
            FloatTy::F64 => ir::Type::F64,
        }
    }
}
