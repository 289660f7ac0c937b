//! Operators, casts, methods and patterns on the values of constants, as `ir::eval` has them. As in Rust, arithmetic that
//! overflows here is an error, not a wrapped value.

use std::collections::HashMap;
use std::rc::Rc;

use ir::eval::{self, wide};
use ir::{BinaryOp, TrapKind, Type, UnaryOp};

use crate::methods::{Op, SliceOp};
use crate::tree::{BinOp, LocalId, Pat, PatKind, UnOp};
use crate::ty::{FloatTy, IntTy, Ty, TyKind, Types};
use crate::value::ConstValue;
use crate::words::{Scalar, cast_op, float_cc, float_op, int_cc, int_op, overflow_op};

/// A value, or the reason why there is none.
type Outcome<T = ConstValue> = Result<T, &'static str>;

const NOT_HERE: &str = "this is not supported in constants";

/// The reason why there is no value.
pub(super) const OVERFLOW: &str = "this arithmetic operation will overflow";

pub(super) fn int_of(types: &Types, ty: Ty) -> IntTy {
    let int = types.as_int(ty);
    int.unwrap_or_else(|| unreachable!("{:?} is no integer", types.kind(ty)))
}

pub(super) fn float_of(types: &Types, ty: Ty) -> FloatTy {
    let float = types.as_float(ty);
    float.unwrap_or_else(|| unreachable!("{:?} is no float", types.kind(ty)))
}

/// The bits of a scalar; those of an integer go on above its type as its sign does.
fn bits(value: &ConstValue) -> Outcome<u128> {
    match value {
        ConstValue::Int(value) => Ok(*value as u128),
        ConstValue::Bool(value) => Ok((*value).into()),
        ConstValue::Char(value) => Ok(u32::from(*value).into()),
        ConstValue::F32(value) => Ok(value.to_bits().into()),
        ConstValue::F64(value) => Ok(value.to_bits().into()),
        _ => Err(NOT_HERE),
    }
}

/// The scalar of a type that has these bits.
fn scalar(types: &Types, ty: Ty, bits: u128) -> ConstValue {
    match types.kind(ty) {
        TyKind::Int(int) => ConstValue::Int(int.wrap(bits as i128)),
        TyKind::Float(FloatTy::F32) => ConstValue::F32(f32::from_bits(bits as u32)),
        TyKind::Float(FloatTy::F64) => ConstValue::F64(f64::from_bits(bits as u64)),
        TyKind::Bool => ConstValue::Bool(bits & 1 != 0),
        TyKind::Char => match char::from_u32(bits as u32) {
            Some(char) => ConstValue::Char(char),
            None => unreachable!("only `char` and `u8` become characters"),
        },
        kind => unreachable!("{kind:?} is no scalar"),
    }
}

/// An operation of the IR on one value.
fn apply(op: UnaryOp, from: Type, to: Type, a: u128) -> Outcome<u128> {
    let result = match (from, to) {
        (Type::I128, Type::I128) => wide::unary(op, a),
        (Type::I128, _) => Some(wide::narrow(to, a).into()),
        (_, Type::I128) => wide::widen(op, from, eval::truncate(a as u64, from)),
        _ => eval::unary(op, from, to, eval::truncate(a as u64, from)).ok().map(u128::from),
    };
    result.ok_or(NOT_HERE)
}

/// An operation of the IR on two values of one type.
fn combine(op: BinaryOp, ty: Type, a: u128, b: u128) -> Outcome<u128> {
    if ty == Type::I128 {
        return wide::binary(op, a, b).ok_or(NOT_HERE);
    }
    let (a, b) = (eval::truncate(a as u64, ty), eval::truncate(b as u64, ty));
    eval::binary(op, ty, a, b).map(u128::from).map_err(|trap| match trap {
        TrapKind::DivisionByZero => "attempt to divide by zero",
        _ => OVERFLOW,
    })
}

/// `op value`, of the type of the value.
pub(super) fn unary(types: &Types, op: UnOp, value: ConstValue, ty: Ty) -> Outcome {
    let (kind, a) = (Scalar::of(types, ty), bits(&value)?);
    let op = match (op, kind) {
        (UnOp::Neg, Scalar::Int(int)) if a as i128 == int.min() => return Err(OVERFLOW),
        (UnOp::Neg, Scalar::Int(_)) => UnaryOp::Neg,
        (UnOp::Neg, Scalar::Float(_)) => UnaryOp::Fneg,
        (UnOp::Not, _) => UnaryOp::Not,
    };
    Ok(scalar(types, ty, apply(op, kind.to_ir(), kind.to_ir(), a)?))
}

/// `a op b`, where the type is that of `a`.
pub(super) fn binary(types: &Types, op: BinOp, a: ConstValue, b: ConstValue, ty: Ty) -> Outcome {
    let (Ok(x), Ok(y)) = (bits(&a), bits(&b)) else {
        return Err("this operator is not supported in constants");
    };
    let kind = Scalar::of(types, ty);
    let leaf = kind.to_ir();
    if op.is_comparison() {
        let word = |bits: u128| eval::truncate(bits as u64, leaf);
        return Ok(ConstValue::Bool(match kind {
            Scalar::Float(_) => eval::fcmp(float_cc(op), leaf, word(x), word(y)),
            Scalar::Int(int) if int.is_wide() => wide::icmp(int_cc(op, int.signed()), x, y),
            Scalar::Int(int) => eval::icmp(int_cc(op, int.signed()), leaf, word(x), word(y)),
        }));
    }
    let result = match (kind, a, b) {
        (Scalar::Int(int), ..) => checked(op, x, y, int)?,
        // The remainder is exact, so that of two `f32` may be computed as `f64`.
        (_, ConstValue::F32(a), ConstValue::F32(b)) if op == BinOp::Rem => {
            let rest = crate::runtime::fmod(a.into(), b.into()).to_bits();
            apply(UnaryOp::Fdemote, Type::F64, Type::F32, rest.into())?
        }
        (_, ConstValue::F64(a), ConstValue::F64(b)) if op == BinOp::Rem => {
            crate::runtime::fmod(a, b).to_bits().into()
        }
        _ => combine(float_op(op), leaf, x, y)?,
    };
    Ok(scalar(types, ty, result))
}

/// `a op b` of integers, where overflow is an error.
fn checked(op: BinOp, a: u128, b: u128, int: IntTy) -> Outcome<u128> {
    let (x, y, signed) = (a as i128, b as i128, int.signed());
    if op.is_shift() && !(0..int.bits().into()).contains(&y) {
        return Err(OVERFLOW);
    }
    if op == BinOp::Rem && signed && x == int.min() && y == -1 {
        return Err(OVERFLOW);
    }
    if !int.is_wide() {
        let Some(flagged) = overflow_op(op, signed) else {
            return combine(int_op(op, signed), int.to_ir(), a, b);
        };
        let word = |bits: u128| eval::truncate(bits as u64, int.to_ir());
        let (result, wrong) = eval::overflow(flagged, int.to_ir(), word(a), word(b));
        return if wrong { Err(OVERFLOW) } else { Ok(result.into()) };
    }
    // What the IR does not have of 128 bits.
    if b == 0 && matches!(op, BinOp::Div | BinOp::Rem) {
        return Err("attempt to divide by zero");
    }
    let result = match (op, signed) {
        (BinOp::Add, true) => x.checked_add(y).map(|value| value as u128),
        (BinOp::Add, false) => a.checked_add(b),
        (BinOp::Sub, true) => x.checked_sub(y).map(|value| value as u128),
        (BinOp::Sub, false) => a.checked_sub(b),
        (BinOp::Mul, true) => x.checked_mul(y).map(|value| value as u128),
        (BinOp::Mul, false) => a.checked_mul(b),
        (BinOp::Div, true) => x.checked_div(y).map(|value| value as u128),
        (BinOp::Div, false) => a.checked_div(b),
        (BinOp::Rem, true) => x.checked_rem(y).map(|value| value as u128),
        (BinOp::Rem, false) => a.checked_rem(b),
        _ => return combine(int_op(op, signed), Type::I128, a, b),
    };
    result.ok_or(OVERFLOW)
}

/// `value as to`; an enum's variant is its number already.
pub(super) fn cast(types: &Types, value: ConstValue, from: Ty, to: Ty) -> Outcome {
    const NO_CAST: &str = "this cast is not supported in constants";
    let a = bits(&value).map_err(|_| NO_CAST)?;
    if !matches!(types.kind(to), TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char) {
        return Err(NO_CAST);
    }
    let source = match types.kind(from) {
        TyKind::Enum(_) => Scalar::Int(IntTy::I128),
        _ => Scalar::of(types, from),
    };
    let target = Scalar::of(types, to);
    let result = match (source, target, &value) {
        (Scalar::Int(IntTy::U128), Scalar::Float(FloatTy::F32), _) => (a as f32).to_bits().into(),
        (Scalar::Int(IntTy::U128), Scalar::Float(FloatTy::F64), _) => (a as f64).to_bits().into(),
        (Scalar::Int(IntTy::I128), Scalar::Float(FloatTy::F32), _) => {
            (a as i128 as f32).to_bits().into()
        }
        (Scalar::Int(IntTy::I128), Scalar::Float(FloatTy::F64), _) => {
            (a as i128 as f64).to_bits().into()
        }
        (_, Scalar::Int(IntTy::U128), ConstValue::F32(value)) => *value as u128,
        (_, Scalar::Int(IntTy::U128), ConstValue::F64(value)) => *value as u128,
        (_, Scalar::Int(IntTy::I128), ConstValue::F32(value)) => *value as i128 as u128,
        (_, Scalar::Int(IntTy::I128), ConstValue::F64(value)) => *value as i128 as u128,
        _ => match cast_op(source, target) {
            Some(op) => apply(op, source.to_ir(), target.to_ir(), a)?,
            None => a,
        },
    };
    Ok(scalar(types, to, result))
}

/// A method, where the type is that of the first value.
pub(super) fn method(types: &Types, op: Op, args: &[ConstValue], ty: Ty) -> Outcome {
    use ConstValue as V;
    match (op, args) {
        (Op::Select, [V::Bool(first), a, b]) => Ok(if *first { a } else { b }.clone()),
        (Op::Slice(SliceOp::Len), [V::Str(text)]) => Ok(V::Int(text.len() as i128)),
        (Op::Slice(SliceOp::Len), [V::Ref(inner)]) => match &**inner {
            V::Aggregate(items) => Ok(V::Int(items.len() as i128)),
            other => unreachable!("{other:?} has no length"),
        },
        (Op::Abs, [V::Int(value)]) if *value == int_of(types, ty).min() => Err(OVERFLOW),
        (op, [first, rest @ ..]) => {
            let a = bits(first)?;
            let kind = Scalar::of(types, ty);
            let leaf = kind.to_ir();
            let b = rest.first().map_or(Ok(0), bits)?;
            let word = |bits: u128| eval::truncate(bits as u64, leaf);
            let result = match (op, kind) {
                (Op::Unary(op), _) => apply(op, leaf, leaf, a)?,
                (Op::Abs, _) => apply(UnaryOp::Abs, leaf, leaf, a)?,
                (Op::Binary(op), _) => combine(op, leaf, a, b)?,
                (Op::Wrapping(op), Scalar::Int(int)) => {
                    combine(int_op(op, int.signed()), leaf, a, b)?
                }
                (Op::Overflowing(op), _) => {
                    let (result, wrong) = eval::overflow(op, leaf, word(a), word(b));
                    let result = scalar(types, ty, result.into());
                    return Ok(V::Aggregate(vec![result, V::Bool(wrong)]));
                }
                _ => return Err(NOT_HERE),
            };
            Ok(scalar(types, ty, result))
        }
        _ => Err(NOT_HERE),
    }
}

/// The parts of an array, tuple or struct.
pub(super) fn items_of(value: ConstValue) -> Vec<ConstValue> {
    match value {
        ConstValue::Aggregate(items) => items,
        other => unreachable!("{other:?} has no parts"),
    }
}

/// Returns `true` if a value matches a pattern.
pub(super) fn matches(types: &Types, pat: &Pat, value: &ConstValue) -> bool {
    use ConstValue as V;
    let inside = |lo, hi, value| (lo..=hi).contains(&value);
    match (&pat.kind, value) {
        (PatKind::Wild | PatKind::BindRef(_) | PatKind::Bind(_, None), _) => true,
        (PatKind::Bind(_, Some(sub)), value) => matches(types, sub, value),
        (&PatKind::Range(lo, hi), &V::Int(value)) => match types.as_int(pat.ty) {
            Some(IntTy::U128) => {
                // The greatest `u128` is kept as the greatest `i128` in patterns, and as its bits here.
                let end = |end| if end == i128::MAX { u128::MAX } else { end as u128 };
                (end(lo)..=end(hi)).contains(&(value as u128))
            }
            _ => inside(lo, hi, value),
        },
        (&PatKind::Range(lo, hi), &V::Bool(value)) => inside(lo, hi, value.into()),
        (&PatKind::Range(lo, hi), &V::Char(value)) => inside(lo, hi, u32::from(value).into()),
        (PatKind::Or(cases), value) => cases.iter().any(|case| matches(types, case, value)),
        (PatKind::Parts(pats), V::Aggregate(items)) => {
            pats.iter().all(|(index, pat)| matches(types, pat, &items[*index]))
        }
        (PatKind::Deref(pat), V::Ref(value)) => matches(types, pat, value),
        // A string is its own reference.
        (PatKind::Deref(pat), V::Str(_)) => matches(types, pat, value),
        (pat, value) => unreachable!("{value:?} has not the type of {pat:?}"),
    }
}

/// Gives the variables of a pattern their values.
pub(super) fn bind(pat: &Pat, value: ConstValue, locals: &mut HashMap<LocalId, ConstValue>) {
    match (&pat.kind, value) {
        (PatKind::BindRef(id), value) => {
            locals.insert(*id, ConstValue::Ref(Rc::new(value)));
        }
        (PatKind::Deref(pat), ConstValue::Ref(value)) => bind(pat, (*value).clone(), locals),
        (PatKind::Bind(id, sub), value) => {
            sub.iter().for_each(|sub| bind(sub, value.clone(), locals));
            locals.insert(*id, value);
        }
        (PatKind::Parts(pats), value) => {
            let items = items_of(value);
            pats.iter().for_each(|(index, pat)| bind(pat, items[*index].clone(), locals));
        }
        // A string is its own reference and has no parts that could be bound.
        (PatKind::Wild | PatKind::Range(..) | PatKind::Or(_) | PatKind::Deref(_), _) => {}
    }
}
