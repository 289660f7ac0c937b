//! Pure operations: [`ir::eval`] with a constant operation and type, which is straight code.

use ir::{BinaryOp, TernaryOp, Type, UnaryOp, eval};

use super::{handler, next, rarely, value};
use crate::op::Handler;

/// The same expression with `$ty` as each integer type; `None` for a float.
macro_rules! each_int {
    ($ty:expr, |$const:ident| $handler:expr) => {
        match $ty {
            Type::I8 => {
                const $const: Type = Type::I8;
                Some($handler)
            }
            Type::I16 => {
                const $const: Type = Type::I16;
                Some($handler)
            }
            Type::I32 => {
                const $const: Type = Type::I32;
                Some($handler)
            }
            Type::I64 => {
                const $const: Type = Type::I64;
                Some($handler)
            }
            _ => None,
        }
    };
}

/// The same for the float types.
macro_rules! each_float {
    ($ty:expr, |$const:ident| $handler:expr) => {
        match $ty {
            Type::F32 => {
                const $const: Type = Type::F32;
                Some($handler)
            }
            Type::F64 => {
                const $const: Type = Type::F64;
                Some($handler)
            }
            _ => None,
        }
    };
}

/// Host arithmetic whose result is no NaN means what [`eval`] says.
macro_rules! quick {
    (Fadd, $a:expr, $b:expr) => {
        $a + $b
    };
    (Fsub, $a:expr, $b:expr) => {
        $a - $b
    };
    (Fmul, $a:expr, $b:expr) => {
        $a * $b
    };
    (Fdiv, $a:expr, $b:expr) => {
        $a / $b
    };
}

macro_rules! arithmetic {
    ($op:ident, $ty:ident, $float:ident, $bits:ident) => {
        handler!(|op, rest, r, machine, cells| {
            let a = $float::from_bits(r[usize::from(op.a)] as $bits);
            let b = $float::from_bits(r[usize::from(op.b)] as $bits);
            let result = quick!($op, a, b);
            if result.is_nan() {
                let by_the_rules = value!(|op, r, machine| {
                    let (a, b) = (r[usize::from(op.a)], r[usize::from(op.b)]);
                    eval::binary(BinaryOp::$op, Type::$ty, a, b)
                });
                return rarely(by_the_rules)(cells, r, machine);
            }
            r[usize::from(op.d)] = result.to_bits().into();
            next!(op, rest, r, machine)
        })
    };
}

/// `d = op(a, b)`; `None` if the operation has no such type.
pub(crate) fn binary(op: BinaryOp, ty: Type) -> Option<Handler> {
    macro_rules! table {
        (
            each_int { $($op:ident)* }
            each_float { $($other_op:ident)* }
            arithmetic { $($arithmetic:ident)* }
        ) => {
            match op {
                $(BinaryOp::$op => each_int!(ty, |TY| value!(|op, r, machine| {
                    eval::binary(BinaryOp::$op, TY, r[usize::from(op.a)], r[usize::from(op.b)])
                })),)*
                $(BinaryOp::$other_op => each_float!(ty, |TY| value!(|op, r, machine| {
                    eval::binary(BinaryOp::$other_op, TY, r[usize::from(op.a)], r[usize::from(op.b)])
                })),)*
                $(BinaryOp::$arithmetic => match ty {
                    Type::F32 => Some(arithmetic!($arithmetic, F32, f32, u32)),
                    Type::F64 => Some(arithmetic!($arithmetic, F64, f64, u64)),
                    _ => None,
                },)*
            }
        };
    }
    table! {
        each_int {
            Add Sub Mul Smulhi Umulhi Sdiv Udiv Srem Urem And Or Xor Shl Lshr Ashr Rotl Rotr Smin Smax Umin Umax
        }
        each_float { Fmin Fmax Fminnum Fmaxnum Fcopysign }
        arithmetic { Fadd Fsub Fmul Fdiv }
    }
}

/// `d = op(a, b)` with `b` as a sign-extended immediate; `None` if there is no such operation.
pub(crate) fn binary_immediate(op: BinaryOp, ty: Type) -> Option<Handler> {
    macro_rules! table {
        ($($op:ident)*) => {
            match op {
                $(BinaryOp::$op => each_int!(ty, |TY| value!(|op, r, machine| {
                    let immediate = i64::from(op.b as i16) as u64 & TY.mask();
                    eval::binary(BinaryOp::$op, TY, r[usize::from(op.a)], immediate)
                })),)*
                _ => None,
            }
        };
    }
    table!(Add Mul Sdiv Udiv Srem Urem And Or Xor Shl Lshr Ashr Rotl Rotr)
}

/// `d = op(a)`; `None` if the operation has no such types.
pub(crate) fn unary(op: UnaryOp, from: Type, to: Type) -> Option<Handler> {
    macro_rules! one {
        ($op:ident, $from:expr, $to:expr) => {
            value!(|op, r, machine| eval::unary(UnaryOp::$op, $from, $to, r[usize::from(op.a)]))
        };
    }
    macro_rules! table {
        (
            same int { $($int:ident)* }
            same float { $($float:ident)* }
            int to int { $($resize:ident)* }
            int to float { $($to_float:ident)* }
            float to int { $($to_int:ident)* }
        ) => {
            match op {
                $(UnaryOp::$int => each_int!(from, |TY| one!($int, TY, TY)),)*
                $(UnaryOp::$float => each_float!(from, |TY| one!($float, TY, TY)),)*
                $(UnaryOp::$resize => {
                    each_int!(from, |FROM| each_int!(to, |TO| one!($resize, FROM, TO))).flatten()
                })*
                $(UnaryOp::$to_float => {
                    each_int!(from, |FROM| each_float!(to, |TO| one!($to_float, FROM, TO))).flatten()
                })*
                $(UnaryOp::$to_int => {
                    each_float!(from, |FROM| each_int!(to, |TO| one!($to_int, FROM, TO))).flatten()
                })*
                UnaryOp::Fpromote => Some(one!(Fpromote, Type::F32, Type::F64)),
                UnaryOp::Fdemote => Some(one!(Fdemote, Type::F64, Type::F32)),
                // The bits stay, whatever the types are.
                UnaryOp::Bitcast => Some(one!(Bitcast, Type::I64, Type::F64)),
            }
        };
    }
    table! {
        same int { Neg Not Abs Clz Ctz Cls Popcnt Bswap Bitrev }
        same float { Fneg Fabs Fsqrt Fceil Ffloor Ftrunc Fnearest Fround }
        int to int { Sext Zext Trunc }
        int to float { SintToFloat UintToFloat }
        float to int { FloatToSintSat FloatToUintSat FloatToSint FloatToUint }
    }
}

/// `d = op(a, b, c)`.
pub(crate) fn ternary(op: TernaryOp, ty: Type) -> Option<Handler> {
    match op {
        TernaryOp::Select => Some(handler!(|op, rest, r, machine| {
            let from = if r[usize::from(op.a)] != 0 { op.b } else { op.c };
            r[usize::from(op.d)] = r[usize::from(from)];
            next!(op, rest, r, machine)
        })),
        TernaryOp::Fma => each_float!(ty, |TY| value!(|op, r, machine| {
            let [a, b, c] = [op.a, op.b, op.c].map(|register| r[usize::from(register)]);
            Ok(eval::ternary(TernaryOp::Fma, TY, a, b, c))
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_handler_for_each_of_its_types() {
        for ty in Type::WORDS {
            for &op in BinaryOp::ALL {
                let valid = (op.info().rule == ir::TypeRule::Float) == ty.is_float();
                assert_eq!(binary(op, ty).is_some(), valid, "{} {ty}", op.info().name);
            }
        }
    }
}
