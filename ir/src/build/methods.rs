//! A method per operation: `b.add(x, y)` for `b.binary(BinaryOp::Add, x, y)`.

use super::{FunctionBuilder, Operand};
use crate::entity::Value;
use crate::opcode::{BinaryOp, UnaryOp};
use crate::types::Type;

macro_rules! binary_methods {
    ($($method:ident $op:ident)*) => {
        /// One method per binary operation of the table; see [`Opcode`](crate::Opcode) for what each means.
        #[allow(missing_docs)]
        impl FunctionBuilder {
            $( pub fn $method(&self, a: impl Into<Operand>, b: impl Into<Operand>) -> Value {
                self.binary(BinaryOp::$op, a, b)
            } )*
        }
    };
}
binary_methods! {
    add Add sub Sub mul Mul smulhi Smulhi umulhi Umulhi sdiv Sdiv udiv Udiv srem Srem urem Urem
    and And or Or xor Xor shl Shl lshr Lshr ashr Ashr rotl Rotl rotr Rotr
    smin Smin smax Smax umin Umin umax Umax
    fadd Fadd fsub Fsub fmul Fmul fdiv Fdiv fmin Fmin fmax Fmax fminnum Fminnum fmaxnum Fmaxnum
    fcopysign Fcopysign
}

macro_rules! unary_methods {
    ($($method:ident $op:ident)*) => {
        /// One method per unary operation whose result has the type of its operand.
        #[allow(missing_docs)]
        impl FunctionBuilder {
            $( pub fn $method(&self, arg: impl Into<Operand>) -> Value {
                self.unary_same(UnaryOp::$op, arg.into())
            } )*
        }
    };
}
unary_methods! {
    neg Neg not Not abs Abs clz Clz ctz Ctz cls Cls popcnt Popcnt bswap Bswap bitrev Bitrev
    fneg Fneg fabs Fabs fsqrt Fsqrt fceil Fceil ffloor Ffloor ftrunc Ftrunc fnearest Fnearest
    fround Fround
}

macro_rules! conversion_methods {
    ($($method:ident $op:ident)*) => {
        /// One method per conversion; `to` is the result type.
        #[allow(missing_docs)]
        impl FunctionBuilder {
            $( pub fn $method(&self, to: Type, arg: impl Into<Operand>) -> Value {
                self.unary(UnaryOp::$op, to, arg)
            } )*
        }
    };
}
conversion_methods! {
    sext Sext zext Zext trunc Trunc fpromote Fpromote fdemote Fdemote
    sint_to_float SintToFloat uint_to_float UintToFloat
    float_to_sint_sat FloatToSintSat float_to_uint_sat FloatToUintSat
    float_to_sint FloatToSint float_to_uint FloatToUint bitcast Bitcast
}
