//! The methods of numbers and `char`: their names and types in one table, with an operation or a text of the source
//! language as their meaning. A text stands in the place of the call, with `a` for the receiver and `b` and `c` for the
//! arguments, so that it costs what the same text in the program would; it is read when something calls it.

use ir::{BinaryOp, OverflowOp, UnaryOp};

use crate::operator::BinOp;
use crate::ty::{FloatTy, IntTy, Ty, TyKind, Types};

/// An operation that no text can say: the lowering gives it its instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    /// An operator on integers, also in constants without an error when it overflows.
    Wrapping(BinOp),
    Unary(UnaryOp),
    Binary(BinaryOp),
    /// The wrapped result, and whether it is wrong.
    Overflowing(OverflowOp),
    /// Of the least number, an error in constants.
    Abs,
    /// The lesser and the greater of two integers, or of two values of a type parameter.
    Min,
    Max,
    MulAdd,
    /// The bits of a float, or the float of these bits.
    Bits,
    /// `select!(condition, a, b)` in a text: one of two values, both of which are computed.
    Select,
    /// `mem::swap(a, b)`
    MemSwap,
    Slice(SliceOp),
}

/// The methods of slices and strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[rustfmt::skip]
pub(crate) enum SliceOp {
    Len, IsEmpty, Swap, Fill, Reverse, CopyFromSlice, AsBytes, SplitAt,
}

impl Op {
    /// Returns `true` if Rust allows it in constants.
    pub(crate) fn is_const(self) -> bool {
        use SliceOp as S;
        match self {
            Op::Slice(op) => matches!(op, S::Len | S::IsEmpty | S::AsBytes),
            op => !matches!(op, Op::MemSwap | Op::Min | Op::Max),
        }
    }
}

/// The meaning of a method.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    Op(Op),
    Text(&'static str),
}

/// The types that have a method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum On {
    Int,
    Signed,
    Unsigned,
    /// Integers of 128 bits; their rows come before those of all integers.
    Wide,
    WideSigned,
    WideUnsigned,
    Float,
    /// `char` and `u8`.
    Ascii,
}

/// The type of an argument or result, seen from the type that has the method. A result of another type is converted.
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

struct Row(On, &'static str, &'static [Of], Of, Meaning);

/// `clamp` of anything that has an order.
pub(crate) const CLAMP: &str = "{ assert!(b <= c); a.max(b).min(c) }";

/// Methods of integers that Rust does not allow in constants; it allows none of floats.
const NOT_CONST: [&str; 4] = ["min", "max", "clamp", "div_ceil"];

/// The table. A receiver is not among the arguments; the first row that suits counts.
#[rustfmt::skip]
const METHODS: &[Row] = {
    use self::Of::{Bits, Bool, Overflowing, Same, U32};
    use self::On::{Ascii, Float, Int, Signed, Unsigned, Wide, WideSigned, WideUnsigned};
    use {BinaryOp as B, Meaning::Text as T, OverflowOp as V, UnaryOp as U};
    const fn op(op: Op) -> Meaning { Meaning::Op(op) }
    const fn wraps(op: BinOp) -> Meaning { Meaning::Op(Op::Wrapping(op)) }
    const fn unary(op: UnaryOp) -> Meaning { Meaning::Op(Op::Unary(op)) }
    const fn binary(op: BinaryOp) -> Meaning { Meaning::Op(Op::Binary(op)) }
    const fn flagged(op: OverflowOp) -> Meaning { Meaning::Op(Op::Overflowing(op)) }
    &[
        Row(Int, "wrapping_add", &[Same], Same, wraps(BinOp::Add)),
        Row(Int, "wrapping_sub", &[Same], Same, wraps(BinOp::Sub)),
        Row(Int, "wrapping_mul", &[Same], Same, wraps(BinOp::Mul)),
        // The least number by -1 wraps to itself, which is what its negation is.
        Row(Signed, "wrapping_div", &[Same], Same,
            T("select!(b == -1, a.wrapping_neg(), a / select!(b == -1, 1, b))")),
        Row(Unsigned, "wrapping_div", &[Same], Same, T("a / b")),
        Row(WideSigned, "wrapping_rem", &[Same], Same, T("a % select!(b == -1, 1, b)")),
        Row(Signed, "wrapping_rem", &[Same], Same, binary(B::Srem)),
        Row(Unsigned, "wrapping_rem", &[Same], Same, T("a % b")),
        Row(Int, "wrapping_shl", &[U32], Same, wraps(BinOp::Shl)),
        Row(Int, "wrapping_shr", &[U32], Same, wraps(BinOp::Shr)),
        Row(Int, "wrapping_neg", &[], Same, unary(U::Neg)),
        // By squaring. It wraps as `*` does, which in constants is an error.
        Row(Int, "pow", &[U32], Same,
            T("{ let (mut power, mut square, mut left) = (1 as Self, a, b); \
                if left != 0 { loop { if left & 1 != 0 { power *= square; } left >>= 1; \
                if left == 0 { break; } square *= square; } } power }")),
        Row(Int, "wrapping_pow", &[U32], Same,
            T("{ let (mut power, mut square, mut left) = (1 as Self, a, b); \
                while left != 0 { if left & 1 != 0 { power = power.wrapping_mul(square); } \
                square = square.wrapping_mul(square); left >>= 1; } power }")),
        Row(WideSigned, "wrapping_abs", &[], Same, T("select!(a < 0, a.wrapping_neg(), a)")),
        Row(Signed, "wrapping_abs", &[], Same, unary(U::Abs)),
        Row(Unsigned, "saturating_sub", &[Same], Same,
            T("{ let (wrapped, wrong) = a.overflowing_sub(b); select!(wrong, 0, wrapped) }")),
        Row(Unsigned, "saturating_add", &[Same], Same,
            T("{ let (wrapped, wrong) = a.overflowing_add(b); select!(wrong, Self::MAX, wrapped) }")),
        Row(Unsigned, "saturating_mul", &[Same], Same,
            T("{ let (wrapped, wrong) = a.overflowing_mul(b); select!(wrong, Self::MAX, wrapped) }")),
        Row(Signed, "saturating_add", &[Same], Same,
            T("{ let (wrapped, wrong) = a.overflowing_add(b); \
                select!(wrong, select!(a < 0, Self::MIN, Self::MAX), wrapped) }")),
        Row(Signed, "saturating_sub", &[Same], Same,
            T("{ let (wrapped, wrong) = a.overflowing_sub(b); \
                select!(wrong, select!(a < 0, Self::MIN, Self::MAX), wrapped) }")),
        Row(Signed, "saturating_mul", &[Same], Same,
            T("{ let (wrapped, wrong) = a.overflowing_mul(b); \
                select!(wrong, select!(a ^ b < 0, Self::MIN, Self::MAX), wrapped) }")),
        // The IR's own operations end at 64 bits. A sum of two of one sign must have that sign, and so must the
        // difference of two of different signs have the first's.
        Row(WideUnsigned, "overflowing_add", &[Same], Overflowing,
            T("{ let sum = a.wrapping_add(b); (sum, sum < a) }")),
        Row(WideUnsigned, "overflowing_sub", &[Same], Overflowing, T("(a.wrapping_sub(b), a < b)")),
        Row(WideUnsigned, "overflowing_mul", &[Same], Overflowing, T("(a.wrapping_mul(b), umul_overflows(a, b))")),
        Row(WideSigned, "overflowing_add", &[Same], Overflowing,
            T("{ let sum = a.wrapping_add(b); (sum, (a ^ sum) & (b ^ sum) < 0) }")),
        Row(WideSigned, "overflowing_sub", &[Same], Overflowing,
            T("{ let rest = a.wrapping_sub(b); (rest, (a ^ rest) & (a ^ b) < 0) }")),
        Row(WideSigned, "overflowing_mul", &[Same], Overflowing, T("(a.wrapping_mul(b), smul_overflows(a, b))")),
        Row(Signed, "overflowing_add", &[Same], Overflowing, flagged(V::SaddOverflow)),
        Row(Signed, "overflowing_sub", &[Same], Overflowing, flagged(V::SsubOverflow)),
        Row(Signed, "overflowing_mul", &[Same], Overflowing, flagged(V::SmulOverflow)),
        Row(Unsigned, "overflowing_add", &[Same], Overflowing, flagged(V::UaddOverflow)),
        Row(Unsigned, "overflowing_sub", &[Same], Overflowing, flagged(V::UsubOverflow)),
        Row(Unsigned, "overflowing_mul", &[Same], Overflowing, flagged(V::UmulOverflow)),

        Row(WideSigned, "rotate_left", &[U32], Same,
            T("a.wrapping_shl(b) | (a as u128).wrapping_shr(b.wrapping_neg()) as i128")),
        Row(WideSigned, "rotate_right", &[U32], Same,
            T("(a as u128).wrapping_shr(b) as i128 | a.wrapping_shl(b.wrapping_neg())")),
        Row(WideUnsigned, "rotate_left", &[U32], Same, T("a.wrapping_shl(b) | a.wrapping_shr(b.wrapping_neg())")),
        Row(WideUnsigned, "rotate_right", &[U32], Same, T("a.wrapping_shr(b) | a.wrapping_shl(b.wrapping_neg())")),
        Row(Int, "rotate_left", &[U32], Same, binary(B::Rotl)),
        Row(Int, "rotate_right", &[U32], Same, binary(B::Rotr)),
        Row(Wide, "count_ones", &[], U32, T("(a as u64).count_ones() + ((a >> 64) as u64).count_ones()")),
        Row(Int, "count_ones", &[], U32, unary(U::Popcnt)),
        Row(Int, "count_zeros", &[], U32, T("(!a).count_ones()")),
        // A word of zeros has 64 of them.
        Row(Wide, "leading_zeros", &[], U32,
            T("{ let high = (a >> 64) as u64; \
                high.leading_zeros() + select!(high == 0, (a as u64).leading_zeros(), 0) }")),
        Row(Wide, "trailing_zeros", &[], U32,
            T("{ let low = a as u64; \
                low.trailing_zeros() + select!(low == 0, ((a >> 64) as u64).trailing_zeros(), 0) }")),
        Row(Int, "leading_zeros", &[], U32, unary(U::Clz)),
        Row(Int, "leading_ones", &[], U32, T("(!a).leading_zeros()")),
        Row(Int, "trailing_zeros", &[], U32, unary(U::Ctz)),
        Row(Int, "trailing_ones", &[], U32, T("(!a).trailing_zeros()")),
        Row(Wide, "swap_bytes", &[], Same,
            T("((a as u64).swap_bytes() as Self) << 64 | ((a >> 64) as u64).swap_bytes() as Self")),
        Row(Wide, "reverse_bits", &[], Same,
            T("((a as u64).reverse_bits() as Self) << 64 | ((a >> 64) as u64).reverse_bits() as Self")),
        Row(Int, "swap_bytes", &[], Same, unary(U::Bswap)),
        Row(Int, "reverse_bits", &[], Same, unary(U::Bitrev)),
        Row(Int, "to_be", &[], Same, T("a.swap_bytes()")),
        Row(Int, "to_le", &[], Same, T("a")),
        Row(Int, "ilog2", &[], U32, T("{ panic_if!(a <= 0); Self::BITS - 1 - a.leading_zeros() }")),
        Row(Int, "min", &[Same], Same, op(Op::Min)),
        Row(Int, "max", &[Same], Same, op(Op::Max)),
        Row(Int, "clamp", &[Same, Same], Same, T(CLAMP)),
        Row(Signed, "rem_euclid", &[Same], Same,
            T("{ let rest = a % b; select!(rest < 0, rest.wrapping_add(b.wrapping_abs()), rest) }")),
        Row(Unsigned, "rem_euclid", &[Same], Same, T("a % b")),
        Row(Signed, "div_euclid", &[Same], Same,
            T("{ let down = a / b; let up = select!(b > 0, down.wrapping_sub(1), down.wrapping_add(1)); \
                select!(a.wrapping_rem(b) < 0, up, down) }")),
        Row(Unsigned, "div_euclid", &[Same], Same, T("a / b")),
        Row(Int, "abs_diff", &[Same], Of::Unsigned, T("select!(a < b, b.wrapping_sub(a), a.wrapping_sub(b))")),
        Row(WideSigned, "abs", &[], Same, T("select!(a < 0, -a, a)")),
        Row(Signed, "abs", &[], Same, op(Op::Abs)),
        Row(Signed, "unsigned_abs", &[], Of::Unsigned, T("a.wrapping_abs()")),
        Row(Signed, "signum", &[], Same, T("(a > 0) as i8 - (a < 0) as i8")),
        Row(Signed, "is_positive", &[], Bool, T("a > 0")),
        Row(Signed, "is_negative", &[], Bool, T("a < 0")),
        Row(Signed, "cast_unsigned", &[], Of::Unsigned, T("a")),
        Row(Unsigned, "cast_signed", &[], Of::Signed, T("a")),
        Row(Unsigned, "is_power_of_two", &[], Bool, T("a.count_ones() == 1")),
        // One more than the ones below the top bit of `a - 1`.
        Row(Unsigned, "next_power_of_two", &[], Same,
            T("select!(a <= 1, 0, Self::MAX.wrapping_shr(a.wrapping_sub(1).leading_zeros())) + 1")),
        Row(Unsigned, "div_ceil", &[Same], Same, T("a / b + (a % b != 0) as Self")),

        Row(Float, "abs", &[], Same, unary(U::Fabs)),
        Row(Float, "signum", &[], Same, T("select!(a.is_nan(), a, (1.0 as Self).copysign(a))")),
        Row(Float, "min", &[Same], Same, binary(B::Fminnum)),
        Row(Float, "max", &[Same], Same, binary(B::Fmaxnum)),
        Row(Float, "clamp", &[Same, Same], Same,
            T("{ panic_if!(!(b <= c)); let raised = select!(a < b, b, a); select!(raised > c, c, raised) }")),
        Row(Float, "sqrt", &[], Same, unary(U::Fsqrt)),
        Row(Float, "floor", &[], Same, unary(U::Ffloor)),
        Row(Float, "ceil", &[], Same, unary(U::Fceil)),
        Row(Float, "round", &[], Same, unary(U::Fround)),
        Row(Float, "round_ties_even", &[], Same, unary(U::Fnearest)),
        Row(Float, "trunc", &[], Same, unary(U::Ftrunc)),
        Row(Float, "fract", &[], Same, T("a - a.trunc()")),
        Row(Float, "mul_add", &[Same, Same], Same, op(Op::MulAdd)),
        Row(Float, "copysign", &[Same], Same, binary(B::Fcopysign)),
        Row(Float, "recip", &[], Same, T("1.0 / a")),
        // 180 by pi and pi by 180, as both types round them.
        Row(Float, "to_degrees", &[], Same, T("a * 57.29577951308232")),
        Row(Float, "to_radians", &[], Same, T("a * 0.017453292519943295")),
        Row(Float, "rem_euclid", &[Same], Same,
            T("{ let rest = a % b; select!(rest < 0.0, rest + b.abs(), rest) }")),
        Row(Float, "div_euclid", &[Same], Same,
            T("{ let down = (a / b).trunc(); \
                select!(a % b < 0.0, select!(b > 0.0, down - 1.0, down + 1.0), down) }")),
        Row(Float, "to_bits", &[], Bits, op(Op::Bits)),
        Row(Float, "is_nan", &[], Bool, T("a != a")),
        Row(Float, "is_infinite", &[], Bool, T("a.abs() == Self::INFINITY")),
        Row(Float, "is_finite", &[], Bool, T("a.abs() < Self::INFINITY")),
        Row(Float, "is_sign_positive", &[], Bool, T("a.to_bits().cast_signed() >= 0")),
        Row(Float, "is_sign_negative", &[], Bool, T("a.to_bits().cast_signed() < 0")),

        Row(Ascii, "is_ascii_digit", &[], Bool, T("(a as u32).wrapping_sub(48) < 10")),
        Row(Ascii, "is_ascii_lowercase", &[], Bool, T("(a as u32).wrapping_sub(97) < 26")),
        Row(Ascii, "is_ascii_uppercase", &[], Bool, T("(a as u32).wrapping_sub(65) < 26")),
        Row(Ascii, "is_ascii_alphabetic", &[], Bool, T("(a as u32 | 32).wrapping_sub(97) < 26")),
        Row(Ascii, "is_ascii_alphanumeric", &[], Bool, T("a.is_ascii_alphabetic() | a.is_ascii_digit()")),
        // A space, or from the tab to the carriage return, but for the vertical tab.
        Row(Ascii, "is_ascii_whitespace", &[], Bool,
            T("{ let code = a as u32; (code == 32) | (code.wrapping_sub(9) < 5) & (code != 11) }")),
        Row(Ascii, "to_ascii_lowercase", &[], Same, T("a as u32 | (a.is_ascii_uppercase() as u32) << 5")),
        Row(Ascii, "to_ascii_uppercase", &[], Same, T("a as u32 & !((a.is_ascii_lowercase() as u32) << 5)")),
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
    pub(crate) meaning: Meaning,
    /// The types of the receiver and the arguments.
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Ty,
    /// `true` if it takes its receiver by reference: those that ask about ASCII do.
    pub(crate) by_reference: bool,
    pub(crate) is_const: bool,
}

fn applies(on: On, types: &Types, receiver: Ty) -> bool {
    match types.kind(receiver) {
        TyKind::Int(int) => match on {
            On::Int => true,
            On::Signed => int.signed(),
            On::Unsigned => !int.signed(),
            On::Wide => int.is_wide(),
            On::WideSigned => int.is_wide() && int.signed(),
            On::WideUnsigned => int.is_wide() && !int.signed(),
            On::Ascii => *int == IntTy::U8,
            On::Float => false,
        },
        TyKind::Float(_) => on == On::Float,
        TyKind::Char => on == On::Ascii,
        _ => false,
    }
}

/// The method `name` of a number or `char`.
pub(crate) fn find(types: &mut Types, receiver: Ty, name: &str) -> Option<Found> {
    let row = METHODS.iter().find(|row| row.1 == name && applies(row.0, types, receiver))?;
    let of = [Of::Same].iter().chain(row.2);
    Some(Found {
        meaning: row.4,
        params: of.map(|&of| type_of(types, receiver, of)).collect(),
        result: type_of(types, receiver, row.3),
        by_reference: row.0 == On::Ascii,
        is_const: row.0 != On::Float && !NOT_CONST.contains(&name),
    })
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
