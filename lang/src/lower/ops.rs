//! Operators and casts.

use ir::{FloatCC, IntCC, TrapKind, Type, Value};

use super::{Flow, Lower};
use crate::runtime::HostFunction;
use crate::tree::{BinOp, Expr, ExprKind, UnOp};
use crate::ty::{EnumId, FloatTy, IntTy, Ty, TyKind};

/// The right operand of an operator.
#[derive(Clone, Copy)]
pub(super) struct Right {
    value: Value,
    ty: Ty,
    /// Whether it is written as a number other than 0, and so is not -1 either.
    positive: bool,
}

impl Right {
    /// The value of an expression.
    pub(super) fn new(value: Value, expr: &Expr) -> Self {
        let positive = matches!(expr.kind, ExprKind::Int(value) if value != 0);
        Self { value, ty: expr.ty, positive }
    }

    /// A value of which nothing else is known.
    pub(super) fn any(value: Value, ty: Ty) -> Self {
        Self { value, ty, positive: false }
    }
}

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn unary(&mut self, expr: &'p Expr, op: UnOp, inner: &'p Expr) -> Flow<Value> {
        let value = self.scalar(inner)?;
        self.at(expr.place);
        Ok(match (op, self.types.kind(inner.ty)) {
            (UnOp::Neg, TyKind::Float(_)) => self.b.fneg(value),
            (UnOp::Neg, _) => self.b.neg(value),
            (UnOp::Not, TyKind::Bool) => self.b.xor(value, 1),
            (UnOp::Not, _) => self.b.not(value),
        })
    }

    pub(super) fn binary(
        &mut self,
        expr: &'p Expr,
        op: BinOp,
        a: &'p Expr,
        b: &'p Expr,
    ) -> Flow<Vec<Value>> {
        let scalar = self.leaves(a.ty).is_some_and(|leaves| leaves.len() == 1)
            && !matches!(self.types.kind(a.ty), TyKind::Tuple(_) | TyKind::Struct(_));
        if op.is_comparison() && !scalar {
            return self.compare_aggregates(expr, op, a, b);
        }
        let x = self.scalar(a)?;
        let y = self.scalar(b)?;
        self.at(expr.place);
        Ok(vec![self.operate(op, x, Right::new(y, b), a.ty)])
    }

    /// `==` and `!=` of arrays, slices, tuples and structs.
    fn compare_aggregates(
        &mut self,
        expr: &'p Expr,
        op: BinOp,
        a: &'p Expr,
        b: &'p Expr,
    ) -> Flow<Vec<Value>> {
        let is_sequence = |kind: &TyKind| matches!(kind, TyKind::Array(..) | TyKind::Slice(_));
        let same = if is_sequence(self.types.kind(a.ty)) {
            let (a_addr, a_len) = self.sequence(a)?;
            let (b_addr, b_len) = self.sequence(b)?;
            self.at(expr.place);
            let item = self.item_of(a.ty);
            let (x, y) = (self.offset(a_addr), self.offset(b_addr));
            // Different lengths: nothing is compared, and the answer is no.
            let same_len = self.b.icmp(IntCC::Eq, a_len, b_len);
            let zero = self.b.iconst(Type::I64, 0);
            let count = self.b.select(same_len, a_len, zero);
            let same = self.equal_items(item, x, y, count);
            self.b.and(same, same_len)
        } else if self.leaves(a.ty).is_some() {
            let x = self.generate(a, None)?;
            let y = self.generate(b, None)?;
            self.at(expr.place);
            self.equal_leaves(&x, &y)
        } else {
            let x = self.address(a)?;
            let y = self.address(b)?;
            self.at(expr.place);
            self.equal(a.ty, x, y)
        };
        Ok(vec![if op == BinOp::Ne { self.b.xor(same, 1) } else { same }])
    }

    /// `x op right`, where `x` is of type `ty`.
    pub(super) fn operate(&mut self, op: BinOp, x: Value, right: Right, ty: Ty) -> Value {
        let y = right.value;
        if let Some(float) = self.types.as_float(ty) {
            return self.float_operate(op, x, y, float);
        }
        let int = self.int_of(ty);
        let signed = int.signed();
        let b = &self.b;
        match op {
            BinOp::Add => b.add(x, y),
            BinOp::Sub => b.sub(x, y),
            BinOp::Mul => b.mul(x, y),
            BinOp::Div | BinOp::Rem if int.is_wide() => self.divide(op, x, y, int),
            BinOp::Div => {
                if signed {
                    b.sdiv(x, y)
                } else {
                    b.udiv(x, y)
                }
            }
            BinOp::Rem => {
                if !signed {
                    return b.urem(x, y);
                }
                // Rust panics on MIN % -1, where the IR gives 0.
                if !right.positive {
                    let minus_one = b.icmp(IntCC::Eq, y, -1);
                    let min = b.icmp(IntCC::Eq, x, b.iconst(int.to_ir(), int.min() as i64));
                    let overflows = b.and(minus_one, min);
                    b.trap_if(overflows, TrapKind::IntegerOverflow);
                }
                b.srem(x, y)
            }
            BinOp::And => b.and(x, y),
            BinOp::Or => b.or(x, y),
            BinOp::Xor => b.xor(x, y),
            BinOp::Shl | BinOp::Shr => {
                let amount = self.resize_amount(y, right.ty, int.to_ir());
                match (op, signed) {
                    (BinOp::Shl, _) => self.b.shl(x, amount),
                    (_, true) => self.b.ashr(x, amount),
                    (_, false) => self.b.lshr(x, amount),
                }
            }
            BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => {
                b.icmp(int_cc(op, signed), x, y)
            }
        }
    }

    /// A shift or rotate amount in the type of the value: only its low bits count, and those are kept.
    pub(super) fn resize_amount(&mut self, amount: Value, from: Ty, to: Type) -> Value {
        match self.int_of(from).bits().cmp(&to.bits()) {
            std::cmp::Ordering::Less => self.b.zext(to, amount),
            std::cmp::Ordering::Equal => amount,
            std::cmp::Ordering::Greater => self.b.trunc(to, amount),
        }
    }

    fn float_operate(&mut self, op: BinOp, x: Value, y: Value, float: FloatTy) -> Value {
        match op {
            BinOp::Add => self.b.fadd(x, y),
            BinOp::Sub => self.b.fsub(x, y),
            BinOp::Mul => self.b.fmul(x, y),
            BinOp::Div => self.b.fdiv(x, y),
            BinOp::Rem => self.fmod(x, y, float),
            BinOp::Eq => self.b.fcmp(FloatCC::Eq, x, y),
            BinOp::Ne => self.b.fcmp(FloatCC::Ne, x, y),
            BinOp::Lt => self.b.fcmp(FloatCC::Lt, x, y),
            BinOp::Le => self.b.fcmp(FloatCC::Le, x, y),
            BinOp::Gt => self.b.fcmp(FloatCC::Gt, x, y),
            BinOp::Ge => self.b.fcmp(FloatCC::Ge, x, y),
            BinOp::And | BinOp::Or | BinOp::Xor | BinOp::Shl | BinOp::Shr => {
                unreachable!("floats have no `{}`", op.symbol())
            }
        }
    }

    /// The remainder is exact, so that of two `f32` fits an `f32` and may be computed as `f64`.
    pub(super) fn fmod(&mut self, x: Value, y: Value, float: FloatTy) -> Value {
        let callee = self.host(HostFunction::Fmod);
        match float {
            FloatTy::F64 => self.b.call1(callee, [x, y]),
            FloatTy::F32 => {
                let (x, y) = (self.b.fpromote(Type::F64, x), self.b.fpromote(Type::F64, y));
                let wide = self.b.call1(callee, [x, y]);
                self.b.fdemote(Type::F32, wide)
            }
        }
    }

    /// The number that a variant is, as an `i64`: its place in the list, or that and some more, or from a table.
    fn discriminant(&mut self, id: EnumId, value: Value) -> Value {
        let index = self.b.zext(Type::I64, value);
        let numbers: Vec<i128> =
            self.types.enums[id.0 as usize].variants.iter().map(|&(_, number)| number).collect();
        let Some(&first) = numbers.first() else { unreachable!("an enum has a variant") };
        if (first..).zip(&numbers).all(|(expected, &number)| expected == number) {
            return if first == 0 { index } else { self.b.add(index, first as i64) };
        }
        let bytes = numbers.iter().flat_map(|&number| (number as i64).to_le_bytes()).collect();
        let table = self.data(bytes, 8);
        let at = self.b.shl(index, 3);
        self.b.load(Type::I64, self.b.add(table, at), 0)
    }

    /// `value as to`.
    pub(super) fn cast(&mut self, value: Value, from: Ty, to: Ty) -> Value {
        enum Kind {
            Int(IntTy),
            Float(FloatTy),
        }
        if let TyKind::Enum(id) = *self.types.kind(from) {
            let number = self.discriminant(id, value);
            // Discriminants are words.
            return match self.int_of(to) {
                int if int.is_wide() => self.b.sext(Type::I128, number),
                int if int.bits() < 64 => self.b.trunc(int.to_ir(), number),
                _word => number,
            };
        }
        let kind = |ty: Ty| match self.types.as_float(ty) {
            Some(float) => Kind::Float(float),
            None => Kind::Int(self.int_of(ty)),
        };
        let b = &self.b;
        match (kind(from), kind(to)) {
            (Kind::Int(from), Kind::Float(to)) if from.is_wide() => {
                self.wide_to_float(value, from.signed(), to)
            }
            (Kind::Float(from), Kind::Int(to)) if to.is_wide() => {
                self.float_to_wide(value, from, to.signed())
            }
            (Kind::Int(from), Kind::Int(to)) => match from.bits().cmp(&to.bits()) {
                std::cmp::Ordering::Less if from.signed() => b.sext(to.to_ir(), value),
                std::cmp::Ordering::Less => b.zext(to.to_ir(), value),
                std::cmp::Ordering::Equal => value,
                std::cmp::Ordering::Greater => b.trunc(to.to_ir(), value),
            },
            (Kind::Int(from), Kind::Float(to)) if from.signed() => {
                b.sint_to_float(to.to_ir(), value)
            }
            (Kind::Int(_), Kind::Float(to)) => b.uint_to_float(to.to_ir(), value),
            (Kind::Float(_), Kind::Int(to)) if to.signed() => {
                b.float_to_sint_sat(to.to_ir(), value)
            }
            (Kind::Float(_), Kind::Int(to)) => b.float_to_uint_sat(to.to_ir(), value),
            (Kind::Float(FloatTy::F32), Kind::Float(FloatTy::F64)) => b.fpromote(Type::F64, value),
            (Kind::Float(FloatTy::F64), Kind::Float(FloatTy::F32)) => b.fdemote(Type::F32, value),
            (Kind::Float(_), Kind::Float(_)) => value,
        }
    }
}

/// The comparison that an operator makes on integers.
pub(super) fn int_cc(op: BinOp, signed: bool) -> IntCC {
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
