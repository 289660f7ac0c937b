//! The methods of numbers, `bool` and `char`: their names, types and meaning, in one table.

use crate::tree::BinOp;
use crate::ty::{FloatTy, IntTy, Ty, TyKind, Types};

/// The meaning of a method. The lowering gives each its instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    Int(IntOp),
    Float(FloatOp),
    Slice(SliceOp),
    /// `f64::from_bits(x)`
    FromBits,
    /// `mem::swap(a, b)`
    MemSwap,
    /// `(a..b).contains(&x)`, of three values; `a..=b` if closed.
    InRange {
        closed: bool,
    },
}

/// The methods of integers, `bool` and `char`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[rustfmt::skip]
pub(crate) enum IntOp {
    /// An operator, wrapping.
    Binary(BinOp),
    Saturating(Arith), Overflowing(Arith),
    Neg, WrappingDiv, WrappingRem, WrappingPow, WrappingAbs,
    RotateLeft, RotateRight, CountOnes, CountZeros, LeadingZeros, LeadingOnes, TrailingZeros, TrailingOnes,
    SwapBytes, ReverseBits, Pow, Abs, UnsignedAbs, Signum, Min, Max, Clamp, RemEuclid, DivEuclid, AbsDiff,
    IsPowerOfTwo, NextPowerOfTwo, IsPositive, IsNegative, Ilog2, DivCeil, Same,
    /// The methods of `char` and `u8` that ask about ASCII.
    Ascii(Ascii),
}

/// Arithmetic that overflows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arith {
    Add,
    Sub,
    Mul,
}

/// Methods on ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[rustfmt::skip]
pub(crate) enum Ascii {
    IsDigit, IsLower, IsUpper, IsAlphabetic, IsAlphanumeric, IsWhitespace, ToLower, ToUpper,
}

/// The methods of floats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[rustfmt::skip]
pub(crate) enum FloatOp {
    Abs, Signum, Min, Max, Clamp, Sqrt, Floor, Ceil, Round, RoundTiesEven, Trunc, Fract,
    MulAdd, Copysign, Recip, ToDegrees, ToRadians, RemEuclid, DivEuclid,
    ToBits, IsNan, IsInfinite, IsFinite, IsSignPositive, IsSignNegative,
}

/// The methods of slices and strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[rustfmt::skip]
pub(crate) enum SliceOp {
    Len, IsEmpty, Swap, Fill, Reverse, CopyFromSlice, AsBytes, SplitAt,
}

impl Op {
    /// Whether Rust allows it in constants. (It allows no method of floats there.)
    pub(crate) fn is_const(self) -> bool {
        use {IntOp as I, SliceOp as S};
        match self {
            Op::Int(op) => !matches!(op, I::Min | I::Max | I::Clamp | I::DivCeil),
            Op::Slice(op) => matches!(op, S::Len | S::IsEmpty | S::AsBytes),
            Op::Float(_) | Op::FromBits => true,
            Op::MemSwap | Op::InRange { .. } => false,
        }
    }
}

/// The types that have a method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum On {
    Int,
    Signed,
    Unsigned,
    Float,
    /// `char` and `u8`.
    Ascii,
}

/// The type of an argument or result, seen from the type that has the method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Of {
    Same,
    U32,
    Bool,
    /// The unsigned integer of the same width.
    Unsigned,
    /// The signed integer of the same width.
    Signed,
    /// The unsigned integer that holds a float's bits.
    Bits,
    /// The value and whether it overflowed.
    Overflowing,
}

struct Row(On, &'static str, &'static [Of], Of, Op);

/// The table. A receiver is not among the arguments; `from_bits` has none.
#[rustfmt::skip]
const METHODS: &[Row] = {
    use self::Of::{Bits, Bool, Overflowing, Same, U32};
    use {self::Ascii as A, FloatOp as F, IntOp as I};
    use self::On::{Ascii, Float, Int, Signed, Unsigned};
    &[
        Row(Int, "wrapping_add", &[Same], Same, Op::Int(I::Binary(BinOp::Add))),
        Row(Int, "wrapping_sub", &[Same], Same, Op::Int(I::Binary(BinOp::Sub))),
        Row(Int, "wrapping_mul", &[Same], Same, Op::Int(I::Binary(BinOp::Mul))),
        Row(Int, "wrapping_div", &[Same], Same, Op::Int(I::WrappingDiv)),
        Row(Int, "wrapping_rem", &[Same], Same, Op::Int(I::WrappingRem)),
        Row(Int, "wrapping_shl", &[U32], Same, Op::Int(I::Binary(BinOp::Shl))),
        Row(Int, "wrapping_shr", &[U32], Same, Op::Int(I::Binary(BinOp::Shr))),
        Row(Int, "wrapping_neg", &[], Same, Op::Int(I::Neg)),
        Row(Int, "wrapping_pow", &[U32], Same, Op::Int(I::WrappingPow)),
        Row(Signed, "wrapping_abs", &[], Same, Op::Int(I::WrappingAbs)),
        Row(Int, "saturating_add", &[Same], Same, Op::Int(I::Saturating(Arith::Add))),
        Row(Int, "saturating_sub", &[Same], Same, Op::Int(I::Saturating(Arith::Sub))),
        Row(Int, "saturating_mul", &[Same], Same, Op::Int(I::Saturating(Arith::Mul))),
        Row(Int, "overflowing_add", &[Same], Overflowing, Op::Int(I::Overflowing(Arith::Add))),
        Row(Int, "overflowing_sub", &[Same], Overflowing, Op::Int(I::Overflowing(Arith::Sub))),
        Row(Int, "overflowing_mul", &[Same], Overflowing, Op::Int(I::Overflowing(Arith::Mul))),
        Row(Int, "rotate_left", &[U32], Same, Op::Int(I::RotateLeft)),
        Row(Int, "rotate_right", &[U32], Same, Op::Int(I::RotateRight)),
        Row(Int, "count_ones", &[], U32, Op::Int(I::CountOnes)),
        Row(Int, "count_zeros", &[], U32, Op::Int(I::CountZeros)),
        Row(Int, "leading_zeros", &[], U32, Op::Int(I::LeadingZeros)),
        Row(Int, "leading_ones", &[], U32, Op::Int(I::LeadingOnes)),
        Row(Int, "trailing_zeros", &[], U32, Op::Int(I::TrailingZeros)),
        Row(Int, "trailing_ones", &[], U32, Op::Int(I::TrailingOnes)),
        Row(Int, "swap_bytes", &[], Same, Op::Int(I::SwapBytes)),
        Row(Int, "to_be", &[], Same, Op::Int(I::SwapBytes)),
        Row(Int, "to_le", &[], Same, Op::Int(I::Same)),
        Row(Int, "reverse_bits", &[], Same, Op::Int(I::ReverseBits)),
        Row(Int, "pow", &[U32], Same, Op::Int(I::Pow)),
        Row(Int, "ilog2", &[], U32, Op::Int(I::Ilog2)),
        Row(Int, "min", &[Same], Same, Op::Int(I::Min)),
        Row(Int, "max", &[Same], Same, Op::Int(I::Max)),
        Row(Int, "clamp", &[Same, Same], Same, Op::Int(I::Clamp)),
        Row(Int, "rem_euclid", &[Same], Same, Op::Int(I::RemEuclid)),
        Row(Int, "div_euclid", &[Same], Same, Op::Int(I::DivEuclid)),
        Row(Int, "abs_diff", &[Same], Of::Unsigned, Op::Int(I::AbsDiff)),
        Row(Signed, "abs", &[], Same, Op::Int(I::Abs)),
        Row(Signed, "unsigned_abs", &[], Of::Unsigned, Op::Int(I::UnsignedAbs)),
        Row(Signed, "signum", &[], Same, Op::Int(I::Signum)),
        Row(Signed, "is_positive", &[], Bool, Op::Int(I::IsPositive)),
        Row(Signed, "is_negative", &[], Bool, Op::Int(I::IsNegative)),
        Row(Signed, "cast_unsigned", &[], Of::Unsigned, Op::Int(I::Same)),
        Row(Unsigned, "cast_signed", &[], Of::Signed, Op::Int(I::Same)),
        Row(Unsigned, "is_power_of_two", &[], Bool, Op::Int(I::IsPowerOfTwo)),
        Row(Unsigned, "next_power_of_two", &[], Same, Op::Int(I::NextPowerOfTwo)),
        Row(Unsigned, "div_ceil", &[Same], Same, Op::Int(I::DivCeil)),

        Row(Float, "abs", &[], Same, Op::Float(F::Abs)),
        Row(Float, "signum", &[], Same, Op::Float(F::Signum)),
        Row(Float, "min", &[Same], Same, Op::Float(F::Min)),
        Row(Float, "max", &[Same], Same, Op::Float(F::Max)),
        Row(Float, "clamp", &[Same, Same], Same, Op::Float(F::Clamp)),
        Row(Float, "sqrt", &[], Same, Op::Float(F::Sqrt)),
        Row(Float, "floor", &[], Same, Op::Float(F::Floor)),
        Row(Float, "ceil", &[], Same, Op::Float(F::Ceil)),
        Row(Float, "round", &[], Same, Op::Float(F::Round)),
        Row(Float, "round_ties_even", &[], Same, Op::Float(F::RoundTiesEven)),
        Row(Float, "trunc", &[], Same, Op::Float(F::Trunc)),
        Row(Float, "fract", &[], Same, Op::Float(F::Fract)),
        Row(Float, "mul_add", &[Same, Same], Same, Op::Float(F::MulAdd)),
        Row(Float, "copysign", &[Same], Same, Op::Float(F::Copysign)),
        Row(Float, "recip", &[], Same, Op::Float(F::Recip)),
        Row(Float, "to_degrees", &[], Same, Op::Float(F::ToDegrees)),
        Row(Float, "to_radians", &[], Same, Op::Float(F::ToRadians)),
        Row(Float, "rem_euclid", &[Same], Same, Op::Float(F::RemEuclid)),
        Row(Float, "div_euclid", &[Same], Same, Op::Float(F::DivEuclid)),
        Row(Float, "to_bits", &[], Bits, Op::Float(F::ToBits)),
        Row(Float, "is_nan", &[], Bool, Op::Float(F::IsNan)),
        Row(Float, "is_infinite", &[], Bool, Op::Float(F::IsInfinite)),
        Row(Float, "is_finite", &[], Bool, Op::Float(F::IsFinite)),
        Row(Float, "is_sign_positive", &[], Bool, Op::Float(F::IsSignPositive)),
        Row(Float, "is_sign_negative", &[], Bool, Op::Float(F::IsSignNegative)),

        Row(Ascii, "is_ascii_digit", &[], Bool, Op::Int(I::Ascii(A::IsDigit))),
        Row(Ascii, "is_ascii_lowercase", &[], Bool, Op::Int(I::Ascii(A::IsLower))),
        Row(Ascii, "is_ascii_uppercase", &[], Bool, Op::Int(I::Ascii(A::IsUpper))),
        Row(Ascii, "is_ascii_alphabetic", &[], Bool, Op::Int(I::Ascii(A::IsAlphabetic))),
        Row(Ascii, "is_ascii_alphanumeric", &[], Bool, Op::Int(I::Ascii(A::IsAlphanumeric))),
        Row(Ascii, "is_ascii_whitespace", &[], Bool, Op::Int(I::Ascii(A::IsWhitespace))),
        Row(Ascii, "to_ascii_lowercase", &[], Same, Op::Int(I::Ascii(A::ToLower))),
        Row(Ascii, "to_ascii_uppercase", &[], Same, Op::Int(I::Ascii(A::ToUpper))),
    ]
};

/// Methods of Rust's numbers that Jitsu refuses, with the reason.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &[
            "powi", "powf", "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "cbrt",
            "hypot", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sin_cos", "sinh",
            "cosh", "tanh", "asinh", "acosh", "atanh",
        ],
        "Rust leaves its precision open, so that no two platforms need to agree on the result",
    ),
    (
        &[
            "checked_add",
            "checked_sub",
            "checked_mul",
            "checked_div",
            "checked_rem",
            "checked_neg",
            "checked_pow",
            "checked_shl",
            "checked_shr",
            "checked_abs",
            "try_into",
            "partial_cmp",
            "get",
            "get_mut",
            "first",
            "last",
            "to_digit",
        ],
        "it returns an `Option` or `Result`, and enums are not supported",
    ),
    (
        &["into", "clone", "cmp", "to_string", "to_owned", "eq", "ne", "lt", "add", "sub"],
        "it is a method of a trait, and traits are not supported",
    ),
    (
        &["to_vec", "sort", "sort_by", "join", "concat", "push", "collect"],
        "it allocates, and there is no heap",
    ),
];

/// A method found.
pub(crate) struct Found {
    pub(crate) op: Op,
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Ty,
}

fn applies(on: On, types: &Types, receiver: Ty) -> bool {
    match (on, types.kind(receiver)) {
        (On::Int, TyKind::Int(_)) | (On::Float, TyKind::Float(_)) | (On::Ascii, TyKind::Char) => {
            true
        }
        (On::Signed, TyKind::Int(int)) => int.signed(),
        (On::Unsigned, TyKind::Int(int)) => !int.signed(),
        (On::Ascii, TyKind::Int(int)) => *int == IntTy::U8,
        _ => false,
    }
}

/// The method `name` of a number or `char`.
pub(crate) fn find(types: &mut Types, receiver: Ty, name: &str) -> Option<Found> {
    let row = METHODS.iter().find(|row| row.1 == name && applies(row.0, types, receiver))?;
    let params = row.2.iter().map(|&of| type_of(types, receiver, of)).collect();
    Some(Found { op: row.4, params, result: type_of(types, receiver, row.3) })
}

/// The names of the methods that a type has.
pub(crate) fn names<'a>(types: &'a Types, receiver: Ty) -> impl Iterator<Item = &'static str> + 'a {
    METHODS.iter().filter(move |row| applies(row.0, types, receiver)).map(|row| row.1)
}

/// The reason why Jitsu does not have a method that Rust has.
pub(crate) fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(names, _)| names.contains(&name)).map(|&(_, reason)| reason)
}

/// The type of the bits of a float.
pub(crate) fn bits_type(types: &mut Types, float: FloatTy) -> Ty {
    types.int(match float {
        FloatTy::F32 => IntTy::U32,
        FloatTy::F64 => IntTy::U64,
    })
}

fn type_of(types: &mut Types, receiver: Ty, of: Of) -> Ty {
    let int = || match types.as_int(receiver) {
        Some(int) => int,
        None => unreachable!("the table gives this method to integers"),
    };
    match of {
        Of::Same => receiver,
        Of::U32 => Ty::U32,
        Of::Bool => Ty::BOOL,
        Of::Unsigned => types.int(int().unsigned()),
        Of::Signed => types.int(int().to_signed()),
        Of::Bits => match types.as_float(receiver) {
            Some(float) => bits_type(types, float),
            None => unreachable!("only floats have `to_bits`"),
        },
        Of::Overflowing => types.make(TyKind::Tuple(vec![receiver, Ty::BOOL])),
    }
}
