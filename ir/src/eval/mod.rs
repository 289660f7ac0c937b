//! What every pure operation means: the one definition that the interpreter, the constant folder and every test share.
//!
//! Values are 64-bit words: an integer or the bits of a float in the low bits, zeros above the type. Results keep to
//! that. Types must suit the operation as [`verify`](crate::verify) demands; if they do not, the result is unspecified,
//! but nothing panics. Everything is `#[inline]`, so that a call with a constant operation and type is straight code.
//!
//! Floats are IEEE 754 with round to nearest even. The host's arithmetic is used where its result is a number, which
//! every host computes alike; which NaN comes out is decided here, by the rules of AArch64 with FPCR = 0.

mod float;
mod fma;
mod int;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
pub mod wide;

use crate::inst::InstData;
use crate::memory::{LoadKind, StoreKind};
use crate::opcode::{BinaryOp, CarryOp, OverflowOp, TernaryOp, UnaryOp};
use crate::trap::TrapKind;
use crate::types::{Extend, Type};
use crate::words::{FloatCC, IntCC, RmwOp};

pub use int::{sign_extend, truncate};

/// The bits of the NaN that an `f32` operation without NaN operands gives: positive, quiet, no payload.
pub const F32_DEFAULT_NAN: u64 = 0x7fc0_0000;
/// The bits of the NaN that an `f64` operation without NaN operands gives: positive, quiet, no payload.
pub const F64_DEFAULT_NAN: u64 = 0x7ff8_0000_0000_0000;

/// Calls a function of `float` for the type that `$ty` says.
macro_rules! by_float {
    ($ty:expr, $function:ident($($arg:expr),*)) => {
        match $ty {
            Type::F32 => float::$function::<f32>($($arg),*),
            _ => float::$function::<f64>($($arg),*),
        }
    };
}

/// A unary operation on `a` of type `from` with a result of type `to`; the two differ only for conversions.
///
/// # Errors
/// The trap that the operation ends in.
#[inline]
pub fn unary(op: UnaryOp, from: Type, to: Type, a: u64) -> Result<u64, TrapKind> {
    Ok(match op {
        UnaryOp::Neg
        | UnaryOp::Not
        | UnaryOp::Abs
        | UnaryOp::Clz
        | UnaryOp::Ctz
        | UnaryOp::Cls
        | UnaryOp::Popcnt
        | UnaryOp::Bswap
        | UnaryOp::Bitrev => int::unary(op, from, a),
        UnaryOp::Fneg => by_float!(from, neg(a)),
        UnaryOp::Fabs => by_float!(from, abs(a)),
        UnaryOp::Fsqrt => by_float!(from, sqrt(a)),
        UnaryOp::Fceil
        | UnaryOp::Ffloor
        | UnaryOp::Ftrunc
        | UnaryOp::Fnearest
        | UnaryOp::Fround => by_float!(from, round(op, a)),
        UnaryOp::Sext => truncate(sign_extend(a, from) as u64, to),
        UnaryOp::Zext | UnaryOp::Trunc => truncate(a, to),
        UnaryOp::Fpromote => float::promote(a),
        UnaryOp::Fdemote => float::demote(a),
        UnaryOp::SintToFloat => float::from_signed(to, sign_extend(a, from)),
        UnaryOp::UintToFloat => float::from_unsigned(to, a),
        UnaryOp::FloatToSintSat => float::to_signed(from, to, a),
        UnaryOp::FloatToUintSat => float::to_unsigned(from, to, a),
        UnaryOp::FloatToSint => {
            float::signed_in_range(from, to, a)?;
            float::to_signed(from, to, a)
        }
        UnaryOp::FloatToUint => {
            float::unsigned_in_range(from, to, a)?;
            float::to_unsigned(from, to, a)
        }
        UnaryOp::Bitcast => a,
    })
}

/// A binary operation on two values of type `ty`.
///
/// # Errors
/// The trap that the operation ends in.
#[inline]
pub fn binary(op: BinaryOp, ty: Type, a: u64, b: u64) -> Result<u64, TrapKind> {
    match op {
        BinaryOp::Fadd | BinaryOp::Fsub | BinaryOp::Fmul | BinaryOp::Fdiv => {
            Ok(by_float!(ty, arithmetic(op, a, b)))
        }
        BinaryOp::Fmin => Ok(by_float!(ty, min(a, b))),
        BinaryOp::Fmax => Ok(by_float!(ty, max(a, b))),
        BinaryOp::Fminnum => Ok(by_float!(ty, min_num(a, b))),
        BinaryOp::Fmaxnum => Ok(by_float!(ty, max_num(a, b))),
        BinaryOp::Fcopysign => Ok(by_float!(ty, copysign(a, b))),
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Smulhi
        | BinaryOp::Umulhi
        | BinaryOp::Sdiv
        | BinaryOp::Udiv
        | BinaryOp::Srem
        | BinaryOp::Urem
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor
        | BinaryOp::Shl
        | BinaryOp::Lshr
        | BinaryOp::Ashr
        | BinaryOp::Rotl
        | BinaryOp::Rotr
        | BinaryOp::Smin
        | BinaryOp::Smax
        | BinaryOp::Umin
        | BinaryOp::Umax => int::binary(op, ty, a, b),
    }
}

/// A ternary operation with a result of type `ty`.
#[inline]
#[must_use]
pub fn ternary(op: TernaryOp, ty: Type, a: u64, b: u64, c: u64) -> u64 {
    match op {
        TernaryOp::Select => {
            if a != 0 {
                b
            } else {
                c
            }
        }
        TernaryOp::Fma => by_float!(ty, fma(a, b, c)),
    }
}

/// Integer arithmetic on two values of type `ty`: the wrapped result, and whether the exact one does not fit.
#[inline]
#[must_use]
pub fn overflow(op: OverflowOp, ty: Type, a: u64, b: u64) -> (u64, bool) {
    int::overflow(op, ty, a, b)
}

/// Integer arithmetic on two values of type `ty` and a carry in: the wrapped result, and the carry out.
#[inline]
#[must_use]
pub fn carry(op: CarryOp, ty: Type, a: u64, b: u64, carry: bool) -> (u64, bool) {
    int::carry(op, ty, a, b, carry)
}

/// The value that an `atomic_rmw` writes that found `memory` and has the operand `value`, both of type `ty`.
#[inline]
#[must_use]
pub fn rmw(op: RmwOp, ty: Type, memory: u64, value: u64) -> u64 {
    let op = match op {
        RmwOp::Add => BinaryOp::Add,
        RmwOp::Sub => BinaryOp::Sub,
        RmwOp::And => BinaryOp::And,
        RmwOp::Or => BinaryOp::Or,
        RmwOp::Xor => BinaryOp::Xor,
        RmwOp::Smin => BinaryOp::Smin,
        RmwOp::Smax => BinaryOp::Smax,
        RmwOp::Umin => BinaryOp::Umin,
        RmwOp::Umax => BinaryOp::Umax,
        RmwOp::Xchg => return value,
    };
    // None of these traps.
    int::binary(op, ty, memory, value).unwrap_or(value)
}

/// Returns `true` if the integer comparison holds for two values of type `ty`.
#[inline]
#[must_use]
pub fn icmp(cc: IntCC, ty: Type, a: u64, b: u64) -> bool {
    int::compare(cc, ty, a, b)
}

/// Returns `true` if the float comparison holds for two values of type `ty`.
#[inline]
#[must_use]
pub fn fcmp(cc: FloatCC, ty: Type, a: u64, b: u64) -> bool {
    by_float!(ty, compare(cc, a, b))
}

/// An instruction that computes one result of at most 64 bits from such operands alone, with operands of type `operand` (of a `select`: its
/// last two) and a result of type `result`. `None` for any other instruction, and if there are too few operands.
/// Operations on `i128` are in [`wide`].
#[inline]
#[must_use]
pub fn inst(
    data: &InstData,
    operand: Type,
    result: Type,
    args: &[u64],
) -> Option<Result<u64, TrapKind>> {
    if operand == Type::I128 || result == Type::I128 {
        return None;
    }
    Some(match (*data, args) {
        (InstData::IntConst { imm }, _) => Ok(truncate(imm as u64, result)),
        (InstData::FloatConst { bits }, _) => Ok(truncate(bits, result)),
        (InstData::Unary { op, .. }, &[a]) => unary(op, operand, result, a),
        (InstData::Binary { op, .. }, &[a, b]) => binary(op, operand, a, b),
        (InstData::Ternary { op, .. }, &[a, b, c]) => Ok(ternary(op, operand, a, b, c)),
        (InstData::IntCompare { cc, .. }, &[a, b]) => Ok(icmp(cc, operand, a, b).into()),
        (InstData::FloatCompare { cc, .. }, &[a, b]) => Ok(fcmp(cc, operand, a, b).into()),
        _ => return None,
    })
}

/// The result of a load that read `memory`: as many bytes, little-endian, as
/// [`LoadKind::memory_type`] says, zero-extended to 64 bits.
#[inline]
#[must_use]
pub fn loaded(kind: LoadKind, result: Type, memory: u64) -> u64 {
    match kind {
        LoadKind::Narrow(width, Extend::Sign) => {
            truncate(sign_extend(memory, width.as_type()) as u64, result)
        }
        LoadKind::Full | LoadKind::Narrow(_, Extend::Zero) => memory,
    }
}

/// The bytes, in the low bits and zero-extended, that a store of `value` of type `ty` writes.
#[inline]
#[must_use]
pub fn stored(kind: StoreKind, ty: Type, value: u64) -> u64 {
    truncate(value, kind.memory_type(ty))
}

/// `value` of type `ty` extended to a whole register, as an [`AbiParam`](crate::AbiParam) may demand.
#[inline]
#[must_use]
pub fn extended(extend: Extend, ty: Type, value: u64) -> u64 {
    match extend {
        Extend::Zero => truncate(value, ty),
        Extend::Sign => sign_extend(value, ty) as u64,
    }
}
