//! The types of numbers: names, widths, limits.

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

    pub(crate) const fn name(self) -> &'static str {
        match self {
            IntTy::I8 => "i8",
            IntTy::I16 => "i16",
            IntTy::I32 => "i32",
            IntTy::I64 => "i64",
            IntTy::I128 => "i128",
            IntTy::Isize => "isize",
            IntTy::U8 => "u8",
            IntTy::U16 => "u16",
            IntTy::U32 => "u32",
            IntTy::U64 => "u64",
            IntTy::U128 => "u128",
            IntTy::Usize => "usize",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|int| int.name() == name)
    }

    pub(crate) const fn bits(self) -> u32 {
        match self {
            IntTy::I8 | IntTy::U8 => 8,
            IntTy::I16 | IntTy::U16 => 16,
            IntTy::I32 | IntTy::U32 => 32,
            IntTy::I64 | IntTy::U64 | IntTy::Isize | IntTy::Usize => 64,
            IntTy::I128 | IntTy::U128 => 128,
        }
    }

    pub(crate) const fn signed(self) -> bool {
        matches!(
            self,
            IntTy::I8 | IntTy::I16 | IntTy::I32 | IntTy::I64 | IntTy::I128 | IntTy::Isize
        )
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
        match self {
            IntTy::I8 | IntTy::U8 => IntTy::U8,
            IntTy::I16 | IntTy::U16 => IntTy::U16,
            IntTy::I32 | IntTy::U32 => IntTy::U32,
            IntTy::I64 | IntTy::U64 => IntTy::U64,
            IntTy::I128 | IntTy::U128 => IntTy::U128,
            IntTy::Isize | IntTy::Usize => IntTy::Usize,
        }
    }

    pub(crate) const fn to_signed(self) -> IntTy {
        match self.unsigned() {
            IntTy::U8 => IntTy::I8,
            IntTy::U16 => IntTy::I16,
            IntTy::U32 => IntTy::I32,
            IntTy::U64 => IntTy::I64,
            IntTy::U128 => IntTy::I128,
            _ => IntTy::Isize,
        }
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
