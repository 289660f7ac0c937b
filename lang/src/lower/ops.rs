//! Operators and casts.

use ir::{IntCC, TrapKind, Type, Value};

use super::{Flow, Lower};
use crate::runtime::HostFunction;
use crate::tree::{BinOp, Expr, ExprKind, UnOp};
use crate::ty::{EnumId, FloatTy, IntTy, Ty, TyKind};
use crate::words::{Scalar, cast_op, float_cc, float_op, int_cc, int_op};

/// The right operand of an operator.
#[derive(Clone, Copy)]
pub(super) struct Right {
    value: Value,
    ty: Ty,
    /// `true` if it is written as a number other than 0, and so is not -1 either.
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
        let int = match Scalar::of(self.types, ty) {
            Scalar::Float(float) if op == BinOp::Rem => return self.fmod(x, y, float),
            Scalar::Float(_) if op.is_comparison() => return self.b.fcmp(float_cc(op), x, y),
            Scalar::Float(_) => return self.b.binary(float_op(op), x, y),
            Scalar::Int(int) => int,
        };
        let signed = int.signed();
        if op.is_comparison() {
            return self.b.icmp(int_cc(op, signed), x, y);
        }
        let y = if op.is_shift() { self.resize_amount(y, right.ty, int.to_ir()) } else { y };
        if int.is_wide() && matches!(op, BinOp::Div | BinOp::Rem) {
            return self.divide(op, x, y, int);
        }
        if op == BinOp::Rem && signed && !right.positive {
            // Rust panics on MIN % -1, where the IR gives 0.
            self.trap_min_by_minus_one(x, y, int);
        }
        self.b.binary(int_op(op, signed), x, y)
    }

    pub(super) fn trap_min_by_minus_one(&mut self, x: Value, y: Value, int: IntTy) {
        let minus_one = self.b.icmp(IntCC::Eq, y, -1);
        let min = self.int_const(int.to_ir(), int.min());
        let min = self.b.icmp(IntCC::Eq, x, min);
        let overflows = self.b.and(minus_one, min);
        self.b.trap_if(overflows, TrapKind::IntegerOverflow);
    }

    /// A shift or rotate amount in the type of the value: only its low bits count, and those are kept.
    pub(super) fn resize_amount(&mut self, amount: Value, from: Ty, to: Type) -> Value {
        match self.int_of(from).bits().cmp(&to.bits()) {
            std::cmp::Ordering::Less => self.b.zext(to, amount),
            std::cmp::Ordering::Equal => amount,
            std::cmp::Ordering::Greater => self.b.trunc(to, amount),
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
        let to = Scalar::of(self.types, to);
        let (value, from) = match *self.types.kind(from) {
            // Discriminants are words.
            TyKind::Enum(id) => (self.discriminant(id, value), Scalar::Int(IntTy::I64)),
            _ => (value, Scalar::of(self.types, from)),
        };
        match (from, to) {
            (Scalar::Int(from), Scalar::Float(to)) if from.is_wide() => {
                self.wide_to_float(value, from.signed(), to)
            }
            (Scalar::Float(from), Scalar::Int(to)) if to.is_wide() => {
                self.float_to_wide(value, from, to.signed())
            }
            _ => match cast_op(from, to) {
                Some(op) => self.b.unary(op, to.to_ir(), value),
                None => value,
            },
        }
    }
}
