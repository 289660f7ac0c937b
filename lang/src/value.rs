//! Values that are known when the program is compiled, and the constants of Rust's standard library.

use std::rc::Rc;

use crate::ids::FnId;
use crate::ty::{FloatTy, IntTy, Ty, TyKind, Types};

/// The most stack, in bytes, that the variables of one function may take: half of the IR's limit, because temporaries
/// take some, too.
pub(crate) const MAX_VARIABLES: u64 = ir::MAX_FRAME / 2;

/// A value of any type.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ConstValue {
    /// Also a variant of an enum, by its number.
    Int(i128),
    F32(f32),
    F64(f64),
    Bool(bool),
    Char(char),
    Str(Rc<str>),
    /// An array, tuple or struct.
    Aggregate(Vec<ConstValue>),
    /// A pointer to a function.
    Fn(FnId),
    /// A reference, also one to a slice.
    Ref(Rc<ConstValue>),
}

/// The constant that a path names, without its `std::`: `i32::MAX`, `f64::consts::PI`.
pub(crate) fn std_constant(types: &mut Types, path: &[&str]) -> Option<(ConstValue, Ty)> {
    match *path {
        [ty, "consts", name] => {
            let index = FLOAT_CONSTS.iter().position(|&(other, _, _)| other == name)?;
            let (_, f32, f64) = FLOAT_CONSTS[index];
            match ty {
                "f32" => Some((ConstValue::F32(f32), types.float(FloatTy::F32))),
                "f64" => Some((ConstValue::F64(f64), Ty::F64)),
                _ => None,
            }
        }
        [ty, name] => {
            if let Some(int) = IntTy::from_name(ty) {
                let self_ty = types.int(int);
                return match name {
                    "MAX" => Some((ConstValue::Int(int.max_bits()), self_ty)),
                    "MIN" => Some((ConstValue::Int(int.min()), self_ty)),
                    "BITS" => Some((ConstValue::Int(int.bits().into()), Ty::U32)),
                    _ => None,
                };
            }
            match ty {
                "f32" => float32(types, name),
                "f64" => float64(types, name),
                "char" => match name {
                    "MAX" => Some((ConstValue::Char(char::MAX), Ty::CHAR)),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

macro_rules! float_constants {
    ($function:ident, $float:ident, $variant:ident, $ty:expr) => {
        fn $function(types: &mut Types, name: &str) -> Option<(ConstValue, Ty)> {
            let value = match name {
                "MAX" => $float::MAX,
                "MIN" => $float::MIN,
                "MIN_POSITIVE" => $float::MIN_POSITIVE,
                "EPSILON" => $float::EPSILON,
                "INFINITY" => $float::INFINITY,
                "NEG_INFINITY" => $float::NEG_INFINITY,
                "NAN" => $float::NAN,
                "DIGITS" => return Some((ConstValue::Int($float::DIGITS.into()), Ty::U32)),
                "MANTISSA_DIGITS" => {
                    return Some((ConstValue::Int($float::MANTISSA_DIGITS.into()), Ty::U32));
                }
                "RADIX" => return Some((ConstValue::Int($float::RADIX.into()), Ty::U32)),
                _ => return None,
            };
            Some((ConstValue::$variant(value), types.float($ty)))
        }
    };
}
float_constants!(float32, f32, F32, FloatTy::F32);
float_constants!(float64, f64, F64, FloatTy::F64);

macro_rules! consts {
    ($($name:ident)*) => {
        &[ $( (stringify!($name), std::f32::consts::$name, std::f64::consts::$name), )* ]
    };
}

const FLOAT_CONSTS: &[(&str, f32, f64)] = consts! {
    PI TAU E SQRT_2 LN_2 LN_10 LOG2_E LOG10_E LOG2_10 LOG10_2
    FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8 FRAC_1_PI FRAC_2_PI FRAC_1_SQRT_2 FRAC_2_SQRT_PI
};

/// The value of a float literal, rounded once to its type.
pub(crate) fn float_value(digits: &str, float: FloatTy) -> ConstValue {
    let parsed = match float {
        FloatTy::F32 => digits.parse().map(ConstValue::F32),
        FloatTy::F64 => digits.parse().map(ConstValue::F64),
    };
    parsed.unwrap_or_else(|error| unreachable!("`{digits}` is a float literal: {error}"))
}

/// Size and alignment of a type in memory: arrays as in Rust, structs and tuples in the order of their fields.
pub(crate) fn layout(types: &Types, ty: Ty) -> (u64, u32) {
    match types.kind(ty) {
        TyKind::Int(int) => (u64::from(int.bits() / 8), int.bits() / 8),
        TyKind::Float(FloatTy::F32) | TyKind::Char => (4, 4),
        TyKind::Float(FloatTy::F64) => (8, 8),
        TyKind::Bool | TyKind::Enum(_) => (1, 1),
        TyKind::Fn(..) => (8, 8),
        TyKind::Ref { to, .. } => match types.kind(*to) {
            TyKind::Slice(_) | TyKind::Str => (16, 8),
            _ => (8, 8),
        },
        TyKind::Array(item, len) => {
            let (size, align) = layout(types, *item);
            (size.saturating_mul(types.len_value(*len).unwrap_or(0)), align)
        }
        TyKind::Tuple(items) => {
            let end = fields(types, items);
            (end.1, end.2)
        }
        TyKind::Struct(id) => {
            let end = fields(types, &types.field_types(*id));
            (end.1, end.2)
        }
        _ => (0, 1),
    }
}

/// Offsets of the fields, then the size and alignment of the whole.
pub(crate) fn fields(types: &Types, items: &[Ty]) -> (Vec<u64>, u64, u32) {
    let (mut offsets, mut end, mut align) = (Vec::with_capacity(items.len()), 0u64, 1u32);
    for &item in items {
        let (item_size, item_align) = layout(types, item);
        end = end.next_multiple_of(item_align.into());
        offsets.push(end);
        end = end.saturating_add(item_size);
        align = align.max(item_align);
    }
    let size = end.checked_next_multiple_of(align.into()).unwrap_or(u64::MAX);
    (offsets, size, align)
}
