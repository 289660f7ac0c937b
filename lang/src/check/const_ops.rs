//! Operators, casts, methods and patterns on the values of constants. As in Rust, arithmetic that overflows
//! here is an error, not a wrapped value.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::HashMap;
use std::rc::Rc;

use super::const_int;
use crate::methods::{Op, SliceOp};
use crate::tree::{BinOp, LocalId, Pat, PatKind, UnOp};
use crate::ty::{FloatTy, IntTy, Ty, TyKind, Types};
use crate::value::ConstValue;

/// A value, or the reason why there is none.
type Outcome = Result<ConstValue, &'static str>;

const NOT_HERE: &str = "this is not supported in constants";

pub(super) fn int_of(types: &Types, ty: Ty) -> IntTy {
    let int = types.as_int(ty);
    int.unwrap_or_else(|| unreachable!("{:?} is no integer", types.kind(ty)))
}

pub(super) fn float_of(types: &Types, ty: Ty) -> FloatTy {
    let float = types.as_float(ty);
    float.unwrap_or_else(|| unreachable!("{:?} is no float", types.kind(ty)))
}

/// `op value`, of the type of the value.
pub(super) fn unary(types: &Types, op: UnOp, value: ConstValue, ty: Ty) -> Outcome {
    use ConstValue as V;
    match (op, value) {
        (UnOp::Neg, V::Int(value)) => const_int::negate(value, int_of(types, ty)).map(V::Int),
        (UnOp::Neg, V::F32(value)) => Ok(V::F32(-value)),
        (UnOp::Neg, V::F64(value)) => Ok(V::F64(-value)),
        (UnOp::Not, V::Bool(value)) => Ok(V::Bool(!value)),
        (UnOp::Not, V::Int(value)) => Ok(V::Int(int_of(types, ty).wrap(!value))),
        (op, value) => unreachable!("there is no {op:?} of {value:?}"),
    }
}

/// `a op b`, where the type is that of `a`.
pub(super) fn binary(types: &Types, op: BinOp, a: ConstValue, b: ConstValue, ty: Ty) -> Outcome {
    use ConstValue as V;
    if op.is_comparison() {
        let ordering = match (&a, &b) {
            (V::Int(a), V::Int(b)) => Some(const_int::compare(types.as_int(ty), *a, *b)),
            (V::F32(a), V::F32(b)) => a.partial_cmp(b),
            (V::F64(a), V::F64(b)) => a.partial_cmp(b),
            (V::Bool(a), V::Bool(b)) => a.partial_cmp(b),
            (V::Char(a), V::Char(b)) => a.partial_cmp(b),
            _ => return Err("this operator is not supported in constants"),
        };
        return Ok(V::Bool(match op {
            BinOp::Eq => ordering == Some(Equal),
            BinOp::Ne => ordering != Some(Equal),
            BinOp::Lt => ordering == Some(Less),
            BinOp::Le => matches!(ordering, Some(Less | Equal)),
            BinOp::Gt => ordering == Some(Greater),
            _ => matches!(ordering, Some(Greater | Equal)),
        }));
    }
    match (a, b) {
        (V::Int(a), V::Int(b)) => const_int::binary(op, a, b, int_of(types, ty)).map(V::Int),
        // Each of these is exact or correctly rounded in the wider format, and rounding twice is harmless.
        (V::F32(a), V::F32(b)) => Ok(V::F32(float_op(op, a.into(), b.into()) as f32)),
        (V::F64(a), V::F64(b)) => Ok(V::F64(float_op(op, a, b))),
        (V::Bool(a), V::Bool(b)) => Ok(V::Bool(match op {
            BinOp::And => a & b,
            BinOp::Or => a | b,
            BinOp::Xor => a ^ b,
            _ => unreachable!("truth values have no `{}`", op.symbol()),
        })),
        (a, b) => unreachable!("there is no {a:?} {} {b:?}", op.symbol()),
    }
}

fn float_op(op: BinOp, a: f64, b: f64) -> f64 {
    match op {
        BinOp::Add => a + b,
        BinOp::Sub => a - b,
        BinOp::Mul => a * b,
        BinOp::Div => a / b,
        BinOp::Rem => a % b,
        _ => unreachable!("floats have no `{}`", op.symbol()),
    }
}

/// `value as to`; an enum's variant is its number already.
pub(super) fn cast(types: &Types, value: ConstValue, from: Ty, to: Ty) -> Outcome {
    use ConstValue as V;
    let to = types.kind(to);
    let number = match value {
        V::Int(value) => value,
        V::Bool(value) => value.into(),
        V::Char(value) => u32::from(value).into(),
        V::F32(value) => return Ok(cast_float(value.into(), to)),
        V::F64(value) => return Ok(cast_float(value, to)),
        _ => return Err("this cast is not supported in constants"),
    };
    let unsigned = types.as_int(from) == Some(IntTy::U128);
    Ok(match (to, unsigned) {
        (TyKind::Int(int), _) => V::Int(int.wrap(number)),
        (TyKind::Float(FloatTy::F32), false) => V::F32(number as f32),
        (TyKind::Float(FloatTy::F32), true) => V::F32(number as u128 as f32),
        (TyKind::Float(FloatTy::F64), false) => V::F64(number as f64),
        (TyKind::Float(FloatTy::F64), true) => V::F64(number as u128 as f64),
        (TyKind::Char, _) => match u32::try_from(number).ok().and_then(char::from_u32) {
            Some(char) => V::Char(char),
            None => unreachable!("only `char` and `u8` become characters"),
        },
        (TyKind::Bool, _) => V::Bool(number != 0),
        _ => return Err("this cast is not supported in constants"),
    })
}

fn cast_float(value: f64, to: &TyKind) -> ConstValue {
    match to {
        TyKind::Float(FloatTy::F32) => ConstValue::F32(value as f32),
        TyKind::Float(FloatTy::F64) => ConstValue::F64(value),
        TyKind::Int(IntTy::U128) => ConstValue::Int(value as u128 as i128),
        // The cast to `i128` saturates, and so does the clamp.
        TyKind::Int(int) => ConstValue::Int((value as i128).clamp(int.min(), int.max())),
        kind => unreachable!("no float becomes {kind:?}"),
    }
}

/// A method, where the type is that of the first value.
pub(super) fn method(types: &Types, op: Op, args: &[ConstValue], ty: Ty) -> Outcome {
    use ConstValue as V;
    match (op, args, types.as_int(ty)) {
        (Op::Slice(SliceOp::Len), [V::Str(text)], _) => Ok(V::Int(text.len() as i128)),
        (Op::Slice(SliceOp::Len), [V::Ref(inner)], _) => match &**inner {
            V::Aggregate(items) => Ok(V::Int(items.len() as i128)),
            other => unreachable!("{other:?} has no length"),
        },
        (Op::Int(op), args, Some(int)) => {
            let numbers = args.iter().map(|arg| match arg {
                V::Int(value) => *value,
                other => unreachable!("{other:?} is no integer"),
            });
            const_int::method(op, &numbers.collect::<Vec<_>>(), int).map(V::Int)
        }
        _ => Err(NOT_HERE),
    }
}

/// The value of a float literal, rounded once to its type.
pub(crate) fn float_value(digits: &str, float: FloatTy) -> ConstValue {
    let parsed = match float {
        FloatTy::F32 => digits.parse().map(ConstValue::F32),
        FloatTy::F64 => digits.parse().map(ConstValue::F64),
    };
    parsed.unwrap_or_else(|error| unreachable!("`{digits}` is a float literal: {error}"))
}

/// The parts of an array, tuple or struct.
pub(super) fn items_of(value: ConstValue) -> Vec<ConstValue> {
    match value {
        ConstValue::Aggregate(items) => items,
        other => unreachable!("{other:?} has no parts"),
    }
}

/// Whether a value matches a pattern.
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
