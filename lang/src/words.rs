//! Operators and casts on scalars in the words of the IR: the lowering emits what this says, and constants are evaluated
//! with it by `ir::eval`.

use ir::{BinaryOp, FloatCC, IntCC, OverflowOp, Type, UnaryOp};

use crate::operator::BinOp;
use crate::ty::{FloatTy, IntTy, Ty, TyKind, Types};

/// A number, or what is one for the IR: `bool`, `char` and variants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scalar {
    Int(IntTy),
    Float(FloatTy),
}

impl Scalar {
    pub(crate) fn of(types: &Types, ty: Ty) -> Self {
        match types.kind(ty) {
            TyKind::Int(int) => Scalar::Int(*int),
            TyKind::Float(float) => Scalar::Float(*float),
            TyKind::Char => Scalar::Int(IntTy::U32),
            TyKind::Bool | TyKind::Enum(_) => Scalar::Int(IntTy::U8),
            kind => unreachable!("{kind:?} is no scalar"),
        }
    }

    pub(crate) fn to_ir(self) -> Type {
        match self {
            Scalar::Int(int) => int.to_ir(),
            Scalar::Float(float) => float.to_ir(),
        }
    }
}

/// Arithmetic on integers. The IR has no division of 128 bits.
pub(crate) fn int_op(op: BinOp, signed: bool) -> BinaryOp {
    match op {
        BinOp::Add => BinaryOp::Add,
        BinOp::Sub => BinaryOp::Sub,
        BinOp::Mul => BinaryOp::Mul,
        BinOp::Div if signed => BinaryOp::Sdiv,
        BinOp::Div => BinaryOp::Udiv,
        BinOp::Rem if signed => BinaryOp::Srem,
        BinOp::Rem => BinaryOp::Urem,
        BinOp::And => BinaryOp::And,
        BinOp::Or => BinaryOp::Or,
        BinOp::Xor => BinaryOp::Xor,
        BinOp::Shl => BinaryOp::Shl,
        BinOp::Shr if signed => BinaryOp::Ashr,
        BinOp::Shr => BinaryOp::Lshr,
        _ => unreachable!("`{}` is a comparison", op.symbol()),
    }
}

/// The same with a flag, for operators that overflow.
pub(crate) fn overflow_op(op: BinOp, signed: bool) -> Option<OverflowOp> {
    Some(match (op, signed) {
        (BinOp::Add, true) => OverflowOp::SaddOverflow,
        (BinOp::Add, false) => OverflowOp::UaddOverflow,
        (BinOp::Sub, true) => OverflowOp::SsubOverflow,
        (BinOp::Sub, false) => OverflowOp::UsubOverflow,
        (BinOp::Mul, true) => OverflowOp::SmulOverflow,
        (BinOp::Mul, false) => OverflowOp::UmulOverflow,
        _ => return None,
    })
}

/// Arithmetic on floats. The IR has no remainder.
pub(crate) fn float_op(op: BinOp) -> BinaryOp {
    match op {
        BinOp::Add => BinaryOp::Fadd,
        BinOp::Sub => BinaryOp::Fsub,
        BinOp::Mul => BinaryOp::Fmul,
        BinOp::Div => BinaryOp::Fdiv,
        _ => unreachable!("floats have no `{}`", op.symbol()),
    }
}

/// The comparison that an operator makes on integers.
pub(crate) fn int_cc(op: BinOp, signed: bool) -> IntCC {
    match (op, signed) {
        (BinOp::Eq, _) => IntCC::Eq,
        (BinOp::Ne, _) => IntCC::Ne,
        (BinOp::Lt, true) => IntCC::Slt,
        (BinOp::Lt, false) => IntCC::Ult,
        (BinOp::Le, true) => IntCC::Sle,
        (BinOp::Le, false) => IntCC::Ule,
        (BinOp::Gt, true) => IntCC::Sgt,
        (BinOp::Gt, false) => IntCC::Ugt,
        (BinOp::Ge, true) => IntCC::Sge,
        (BinOp::Ge, false) => IntCC::Uge,
        _ => unreachable!("`{}` is no comparison", op.symbol()),
    }
}

/// The comparison that an operator makes on floats.
pub(crate) fn float_cc(op: BinOp) -> FloatCC {
    match op {
        BinOp::Eq => FloatCC::Eq,
        BinOp::Ne => FloatCC::Ne,
        BinOp::Lt => FloatCC::Lt,
        BinOp::Le => FloatCC::Le,
        BinOp::Gt => FloatCC::Gt,
        BinOp::Ge => FloatCC::Ge,
        _ => unreachable!("`{}` is no comparison", op.symbol()),
    }
}

/// The conversion that `as` makes, if it changes any bits. Between floats and 128 bits the IR has none.
pub(crate) fn cast_op(from: Scalar, to: Scalar) -> Option<UnaryOp> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    Some(match (from, to) {
        (Scalar::Int(from), Scalar::Int(to)) => match from.bits().cmp(&to.bits()) {
            Less if from.signed() => UnaryOp::Sext,
            Less => UnaryOp::Zext,
            Equal => return None,
            Greater => UnaryOp::Trunc,
        },
        (Scalar::Int(from), Scalar::Float(_)) if from.signed() => UnaryOp::SintToFloat,
        (Scalar::Int(_), Scalar::Float(_)) => UnaryOp::UintToFloat,
        (Scalar::Float(_), Scalar::Int(to)) if to.signed() => UnaryOp::FloatToSintSat,
        (Scalar::Float(_), Scalar::Int(_)) => UnaryOp::FloatToUintSat,
        (Scalar::Float(FloatTy::F32), Scalar::Float(FloatTy::F64)) => UnaryOp::Fpromote,
        (Scalar::Float(FloatTy::F64), Scalar::Float(FloatTy::F32)) => UnaryOp::Fdemote,
        (Scalar::Float(_), Scalar::Float(_)) => return None,
    })
}
