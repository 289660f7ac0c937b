//! The types of numbers: names, widths, limits.

use crate::runtime::IntKind;

/// Declares the integer types: name, width, sign, the type of the same width and the other sign, and the type as it is
/// printed.
macro_rules! ints {
    ($($int:ident $name:literal $bits:literal $signed:literal $other:ident $kind:ident)*) => {
        /// An integer type.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub(crate) enum IntTy { $($int,)* }

        impl IntTy {
            pub(crate) const ALL: [IntTy; 12] = [$(IntTy::$int,)*];

            const fn row(self) -> (&'static str, u32, bool, IntTy, IntKind) {
                match self {
                    $(IntTy::$int => ($name, $bits, $signed, IntTy::$other, IntKind::$kind),)*
                }
            }
        }
    };
}

ints! {
    I8 "i8" 8 true U8 I8
    I16 "i16" 16 true U16 I16
    I32 "i32" 32 true U32 I32
    I64 "i64" 64 true U64 I64
    I128 "i128" 128 true U128 I128
    Isize "isize" 64 true Usize I64
    U8 "u8" 8 false I8 U8
    U16 "u16" 16 false I16 U16
    U32 "u32" 32 false I32 U32
    U64 "u64" 64 false I64 U64
    U128 "u128" 128 false I128 U128
    Usize "usize" 64 false Isize U64
}

impl IntTy {
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
