//! The types of values, signatures, and source places.

use std::fmt;
use std::num::NonZeroU32;

/// The type of a value. Integers have no sign: the operation has it. Addresses are `I64`; truth is `I8`, 0 or 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Type {
    /// 8-bit integer.
    I8,
    /// 16-bit integer.
    I16,
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 128-bit integer, which a pair of 64-bit registers carries.
    I128,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

impl Type {
    /// Every type, narrow to wide, integers first.
    pub const ALL: [Type; 7] =
        [Type::I8, Type::I16, Type::I32, Type::I64, Type::I128, Type::F32, Type::F64];

    /// The types whose values fit a register.
    pub const WORDS: [Type; 6] = [Type::I8, Type::I16, Type::I32, Type::I64, Type::F32, Type::F64];

    /// Width in bits.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u32 {
        match self {
            Type::I8 => 8,
            Type::I16 => 16,
            Type::I32 | Type::F32 => 32,
            Type::I64 | Type::F64 => 64,
            Type::I128 => 128,
        }
    }

    /// The number of bits of a 64-bit word that a value has: its width, or of an `i128`, whose two words count one by
    /// one, 64.
    #[must_use]
    #[inline]
    pub const fn word_bits(self) -> u32 {
        self.mask().count_ones()
    }

    /// Width in bytes, which is also the natural alignment.
    #[must_use]
    #[inline]
    pub const fn bytes(self) -> u32 {
        self.bits() / 8
    }

    /// The same as the size of an element.
    #[must_use]
    pub const fn size(self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(self.bytes() - 1)
    }

    /// Returns `true` if this is an integer type.
    #[must_use]
    #[inline]
    pub const fn is_int(self) -> bool {
        matches!(self, Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::I128)
    }

    /// Returns `true` if this is an integer type whose values fit a register: any but `i128`.
    #[must_use]
    #[inline]
    pub const fn is_word_int(self) -> bool {
        self.is_int() && self.bits() <= 64
    }

    /// Returns `true` if this is a floating-point type.
    #[must_use]
    #[inline]
    pub const fn is_float(self) -> bool {
        matches!(self, Type::F32 | Type::F64)
    }

    /// The bits that a value of this type may have set, as a mask of a 64-bit word; of each of the two words of an
    /// `i128`.
    #[must_use]
    #[inline]
    pub const fn mask(self) -> u64 {
        match self {
            Type::I8 => 0xff,
            Type::I16 => 0xffff,
            Type::I32 | Type::F32 => 0xffff_ffff,
            Type::I64 | Type::F64 | Type::I128 => u64::MAX,
        }
    }

    /// The integer type of the same width.
    #[must_use]
    #[inline]
    pub const fn as_int(self) -> Type {
        match self {
            Type::F32 => Type::I32,
            Type::F64 => Type::I64,
            int => int,
        }
    }

    /// As the text form writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Type::I8 => "i8",
            Type::I16 => "i16",
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::I128 => "i128",
            Type::F32 => "f32",
            Type::F64 => "f64",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The way in which a narrow integer fills a wider register or word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Extend {
    /// With zeros.
    Zero,
    /// With copies of the sign bit.
    Sign,
}

/// Memory that a caller lends for as long as a call takes: elements side by side. The low half of the `i128` that stands
/// for it is the address of the first, the high half says how many there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SliceParam {
    /// Bytes of an element.
    pub size: NonZeroU32,
    /// `true` if the callee may write them.
    pub mutable: bool,
}

/// One parameter or result of a signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AbiParam {
    /// Its type.
    pub ty: Type,
    /// How the caller (for a result, the callee) must extend an `i8`, `i16` or `i32` to its register. Calls to C
    /// functions need it; between functions of the IR the bits above the type are undefined.
    pub extend: Option<Extend>,
    /// The memory that an `i128` parameter lends, if it does.
    pub slice: Option<SliceParam>,
}

impl From<Type> for AbiParam {
    fn from(ty: Type) -> Self {
        Self { ty, extend: None, slice: None }
    }
}

impl From<SliceParam> for AbiParam {
    fn from(slice: SliceParam) -> Self {
        Self { ty: Type::I128, extend: None, slice: Some(slice) }
    }
}

impl fmt::Display for AbiParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.fmt(f)?;
        match self.extend {
            None => {}
            Some(Extend::Zero) => f.write_str(" zext")?,
            Some(Extend::Sign) => f.write_str(" sext")?,
        }
        match self.slice {
            None => Ok(()),
            Some(SliceParam { size, mutable: false }) => write!(f, " slice {size}"),
            Some(SliceParam { size, mutable: true }) => write!(f, " slice mut {size}"),
        }
    }
}

/// The parameters and results of a function.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Signature {
    /// Parameters, in order.
    pub params: Vec<AbiParam>,
    /// Results, in order.
    pub results: Vec<AbiParam>,
}

impl Signature {
    /// The signature with these parameter and result types.
    #[must_use]
    pub fn new(params: &[Type], results: &[Type]) -> Self {
        Self {
            params: params.iter().copied().map(AbiParam::from).collect(),
            results: results.iter().copied().map(AbiParam::from).collect(),
        }
    }

    /// The signature with the two halves of each `i128` in its place: two `i64`, the low one first. So machine code
    /// passes them.
    #[must_use]
    pub fn halved(&self) -> Self {
        let halves = |params: &[AbiParam]| {
            let mut halved = Vec::with_capacity(params.len());
            for &param in params {
                match param.ty {
                    Type::I128 => halved.extend([AbiParam::from(Type::I64); 2]),
                    _ => halved.push(param),
                }
            }
            halved
        };
        Self { params: halves(&self.params), results: halves(&self.results) }
    }

    /// The types of the parameters.
    #[inline]
    pub fn param_types(&self) -> impl ExactSizeIterator<Item = Type> + '_ {
        self.params.iter().map(|p| p.ty)
    }

    /// The types of the results.
    #[inline]
    pub fn result_types(&self) -> impl ExactSizeIterator<Item = Type> + '_ {
        self.results.iter().map(|p| p.ty)
    }
}

/// `(i64, f64) -> i64`; several results are written `-> (i64, i64)`, none leaves the arrow out.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[AbiParam]| {
            for (i, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
            }
            Ok(())
        };
        f.write_str("(")?;
        list(f, &self.params)?;
        f.write_str(")")?;
        match self.results.as_slice() {
            [] => Ok(()),
            [one] => write!(f, " -> {one}"),
            many => {
                f.write_str(" -> (")?;
                list(f, many)?;
                f.write_str(")")
            }
        }
    }
}

/// A place in the source text that an instruction came from. Line and column count from 1, the column in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    line: NonZeroU32,
    column: u32,
}

impl Span {
    /// The place at this line and column, or `None` if the line is 0.
    #[must_use]
    pub fn new(line: u32, column: u32) -> Option<Self> {
        Some(Self { line: NonZeroU32::new(line)?, column })
    }

    /// The line, from 1.
    #[must_use]
    #[inline]
    pub fn line(self) -> u32 {
        self.line.get()
    }

    /// The column, from 1.
    #[must_use]
    #[inline]
    pub fn column(self) -> u32 {
        self.column
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
