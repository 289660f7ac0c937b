//! The methods of numbers, `bool` and `char`: their names, types and meaning, in one table.

use crate::tree::BinOp;
use crate::ty::{FloatTy, IntTy, Ty, TyKind, Types};

/// What a method computes. The lowering gives each its instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[rustfmt::skip]
pub(crate) enum Op {
    /// An operator, wrapping.
    Binary(BinOp),
    Neg,
    WrappingDiv, WrappingRem, SaturatingAdd, SaturatingSub, SaturatingMul,
    OverflowingAdd, OverflowingSub, OverflowingMul,
    RotateLeft, RotateRight, CountOnes, CountZeros, LeadingZeros, LeadingOnes, TrailingZeros, TrailingOnes,
    SwapBytes, ReverseBits, Pow, Abs, UnsignedAbs, Signum, Min, Max, Clamp, RemEuclid, DivEuclid, AbsDiff,
    IsPowerOfTwo, NextPowerOfTwo, IsPositive, IsNegative, Ilog2, DivCeil, Same,
    FloatAbs, FloatSignum, FloatMin, FloatMax, FloatClamp, Sqrt, Floor, Ceil, Round, RoundTiesEven, Trunc, Fract,
    MulAdd, Copysign, Recip, ToDegrees, ToRadians, FloatRemEuclid, FloatDivEuclid,
    ToBits, FromBits, IsNan, IsInfinite, IsFinite, IsSignPositive, IsSignNegative,
    AsciiDigit, AsciiLower, AsciiUpper, AsciiAlphabetic, AsciiAlphanumeric, AsciiWhitespace, ToAsciiLower, ToAsciiUpper,
    /// Slices.
    Len, IsEmpty, Swap, Fill, Reverse, CopyFromSlice, AsBytes, SplitAt,
    /// `mem::swap`, `(a..b).contains(&x)`.
    MemSwap, InRange, InRangeInclusive,
}

impl Op {
    /// Whether Rust allows it in constants. (Methods of floats it does not, whatever they are.)
    pub(crate) fn is_const(self) -> bool {
        !matches!(
            self,
            Op::Min
                | Op::Max
                | Op::Clamp
                | Op::Swap
                | Op::Fill
                | Op::Reverse
                | Op::CopyFromSlice
                | Op::SplitAt
                | Op::MemSwap
                | Op::InRange
                | Op::InRangeInclusive
                | Op::DivCeil
        )
    }
}

/// Which types have a method.
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
    use self::On::{Ascii, Float, Int, Signed, Unsigned};
    &[
        Row(Int, "wrapping_add", &[Same], Same, Op::Binary(BinOp::Add)),
        Row(Int, "wrapping_sub", &[Same], Same, Op::Binary(BinOp::Sub)),
        Row(Int, "wrapping_mul", &[Same], Same, Op::Binary(BinOp::Mul)),
        Row(Int, "wrapping_div", &[Same], Same, Op::WrappingDiv),
        Row(Int, "wrapping_rem", &[Same], Same, Op::WrappingRem),
        Row(Int, "wrapping_shl", &[U32], Same, Op::Binary(BinOp::Shl)),
        Row(Int, "wrapping_shr", &[U32], Same, Op::Binary(BinOp::Shr)),
        Row(Int, "wrapping_neg", &[], Same, Op::Neg),
        Row(Int, "wrapping_pow", &[U32], Same, Op::Pow),
        Row(Signed, "wrapping_abs", &[], Same, Op::Abs),
        Row(Int, "saturating_add", &[Same], Same, Op::SaturatingAdd),
        Row(Int, "saturating_sub", &[Same], Same, Op::SaturatingSub),
        Row(Int, "saturating_mul", &[Same], Same, Op::SaturatingMul),
        Row(Int, "overflowing_add", &[Same], Overflowing, Op::OverflowingAdd),
        Row(Int, "overflowing_sub", &[Same], Overflowing, Op::OverflowingSub),
        Row(Int, "overflowing_mul", &[Same], Overflowing, Op::OverflowingMul),
        Row(Int, "rotate_left", &[U32], Same, Op::RotateLeft),
        Row(Int, "rotate_right", &[U32], Same, Op::RotateRight),
        Row(Int, "count_ones", &[], U32, Op::CountOnes),
        Row(Int, "count_zeros", &[], U32, Op::CountZeros),
        Row(Int, "leading_zeros", &[], U32, Op::LeadingZeros),
        Row(Int, "leading_ones", &[], U32, Op::LeadingOnes),
        Row(Int, "trailing_zeros", &[], U32, Op::TrailingZeros),
        Row(Int, "trailing_ones", &[], U32, Op::TrailingOnes),
        Row(Int, "swap_bytes", &[], Same, Op::SwapBytes),
        Row(Int, "to_be", &[], Same, Op::SwapBytes),
        Row(Int, "to_le", &[], Same, Op::Same),
        Row(Int, "reverse_bits", &[], Same, Op::ReverseBits),
        Row(Int, "pow", &[U32], Same, Op::Pow),
        Row(Int, "ilog2", &[], U32, Op::Ilog2),
        Row(Int, "min", &[Same], Same, Op::Min),
        Row(Int, "max", &[Same], Same, Op::Max),
        Row(Int, "clamp", &[Same, Same], Same, Op::Clamp),
        Row(Int, "rem_euclid", &[Same], Same, Op::RemEuclid),
        Row(Int, "div_euclid", &[Same], Same, Op::DivEuclid),
        Row(Int, "abs_diff", &[Same], Of::Unsigned, Op::AbsDiff),
        Row(Signed, "abs", &[], Same, Op::Abs),
        Row(Signed, "unsigned_abs", &[], Of::Unsigned, Op::UnsignedAbs),
        Row(Signed, "signum", &[], Same, Op::Signum),
        Row(Signed, "is_positive", &[], Bool, Op::IsPositive),
        Row(Signed, "is_negative", &[], Bool, Op::IsNegative),
        Row(Signed, "cast_unsigned", &[], Of::Unsigned, Op::Same),
        Row(Unsigned, "cast_signed", &[], Of::Signed, Op::Same),
        Row(Unsigned, "is_power_of_two", &[], Bool, Op::IsPowerOfTwo),
        Row(Unsigned, "next_power_of_two", &[], Same, Op::NextPowerOfTwo),
        Row(Unsigned, "div_ceil", &[Same], Same, Op::DivCeil),

        Row(Float, "abs", &[], Same, Op::FloatAbs),
        Row(Float, "signum", &[], Same, Op::FloatSignum),
        Row(Float, "min", &[Same], Same, Op::FloatMin),
        Row(Float, "max", &[Same], Same, Op::FloatMax),
        Row(Float, "clamp", &[Same, Same], Same, Op::FloatClamp),
        Row(Float, "sqrt", &[], Same, Op::Sqrt),
        Row(Float, "floor", &[], Same, Op::Floor),
        Row(Float, "ceil", &[], Same, Op::Ceil),
        Row(Float, "round", &[], Same, Op::Round),
        Row(Float, "round_ties_even", &[], Same, Op::RoundTiesEven),
        Row(Float, "trunc", &[], Same, Op::Trunc),
        Row(Float, "fract", &[], Same, Op::Fract),
        Row(Float, "mul_add", &[Same, Same], Same, Op::MulAdd),
        Row(Float, "copysign", &[Same], Same, Op::Copysign),
        Row(Float, "recip", &[], Same, Op::Recip),
        Row(Float, "to_degrees", &[], Same, Op::ToDegrees),
        Row(Float, "to_radians", &[], Same, Op::ToRadians),
        Row(Float, "rem_euclid", &[Same], Same, Op::FloatRemEuclid),
        Row(Float, "div_euclid", &[Same], Same, Op::FloatDivEuclid),
        Row(Float, "to_bits", &[], Bits, Op::ToBits),
        Row(Float, "is_nan", &[], Bool, Op::IsNan),
        Row(Float, "is_infinite", &[], Bool, Op::IsInfinite),
        Row(Float, "is_finite", &[], Bool, Op::IsFinite),
        Row(Float, "is_sign_positive", &[], Bool, Op::IsSignPositive),
        Row(Float, "is_sign_negative", &[], Bool, Op::IsSignNegative),

        Row(Ascii, "is_ascii_digit", &[], Bool, Op::AsciiDigit),
        Row(Ascii, "is_ascii_lowercase", &[], Bool, Op::AsciiLower),
        Row(Ascii, "is_ascii_uppercase", &[], Bool, Op::AsciiUpper),
        Row(Ascii, "is_ascii_alphabetic", &[], Bool, Op::AsciiAlphabetic),
        Row(Ascii, "is_ascii_alphanumeric", &[], Bool, Op::AsciiAlphanumeric),
        Row(Ascii, "is_ascii_whitespace", &[], Bool, Op::AsciiWhitespace),
        Row(Ascii, "to_ascii_lowercase", &[], Same, Op::ToAsciiLower),
        Row(Ascii, "to_ascii_uppercase", &[], Same, Op::ToAsciiUpper),
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

/// Why Jitsu does not have a method that Rust has.
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
    let int = types.as_int(receiver);
    match of {
        Of::Same => receiver,
        Of::U32 => types.u32,
        Of::Bool => types.bool,
        Of::Unsigned => int.map_or(receiver, |int| types.int(int.unsigned())),
        Of::Signed => int.map_or(receiver, |int| types.int(int.to_signed())),
        Of::Bits => match types.as_float(receiver) {
            Some(float) => bits_type(types, float),
            None => receiver,
        },
        Of::Overflowing => {
            let bool = types.bool;
            types.make(TyKind::Tuple(vec![receiver, bool]))
        }
    }
}
