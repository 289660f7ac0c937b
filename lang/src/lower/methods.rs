//! The instructions of each method in the table of [`crate::methods`].

use ir::{BinaryOp, IntCC, TrapKind, Value};

use super::ops::Right;
use super::{Addr, Flow, Lower, one};
use crate::methods::{Op, SliceOp};
use crate::tree::{BinOp, Expr};
use crate::ty::{FloatTy, Ty};
use crate::words::Scalar;

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn method(&mut self, expr: &'p Expr, op: Op, args: &'p [Expr]) -> Flow<Vec<Value>> {
        let mut values = Vec::new();
        for arg in args {
            values.push(match self.leaves(arg.ty) {
                Some(_) => self.generate(arg, None)?,
                None => {
                    let temp = self.temp(arg.ty);
                    self.generate(arg, Some(temp))?;
                    vec![temp.base]
                }
            });
        }
        self.at(expr.place);
        let ty = args[0].ty;
        let v = |index: usize| one(&values[index]);
        let value = match op {
            Op::Slice(op) => {
                let of = self.pointee_of(ty);
                let lens = (values[0][0], values[0][1]);
                return Ok(self.slice_method(op, of, lens, &values[1..]));
            }
            Op::MemSwap => {
                let of = self.pointee_of(ty);
                let at = |index: usize| Addr { base: v(index), offset: 0 };
                self.swap(at(0), at(1), of);
                return Ok(Vec::new());
            }
            Op::Overflowing(op) => {
                let (result, wrong) = self.b.overflow(op, v(0), v(1));
                return Ok(vec![result, wrong]);
            }
            Op::Wrapping(op) => self.operate(op, v(0), Right::any(v(1), args[1].ty), ty),
            Op::Unary(op) => self.b.unary(op, Scalar::of(self.types, ty).to_ir(), v(0)),
            Op::Binary(op @ (BinaryOp::Rotl | BinaryOp::Rotr)) => {
                let amount = self.resize_amount(v(1), args[1].ty, self.int_of(ty).to_ir());
                self.b.binary(op, v(0), amount)
            }
            Op::Binary(op) => self.b.binary(op, v(0), v(1)),
            Op::Abs => self.b.abs(v(0)),
            Op::Min => self.extreme(BinOp::Lt, v(0), v(1), self.int_of(ty)),
            Op::Max => self.extreme(BinOp::Gt, v(0), v(1), self.int_of(ty)),
            Op::MulAdd => self.b.fma(v(0), v(1), v(2)),
            Op::Bits => self.b.bitcast(Scalar::of(self.types, expr.ty).to_ir(), v(0)),
            Op::Select => self.b.select(v(0), v(1), v(2)),
        };
        Ok(vec![value])
    }

    /// The type that references of a type refer to.
    pub(super) fn pointee_of(&self, ty: Ty) -> Ty {
        let pointee = self.types.as_ref(ty);
        pointee.unwrap_or_else(|| unreachable!("the checker borrows what this works on")).1
    }

    pub(super) fn float_of(&self, ty: Ty) -> FloatTy {
        let float = self.types.as_float(ty);
        float.unwrap_or_else(|| unreachable!("{:?} is no float", self.types.kind(ty)))
    }

    // ---- Slices ----

    /// A method of a slice or `str` at an address and of a length; the values are those of the other arguments.
    fn slice_method(
        &mut self,
        op: SliceOp,
        of: Ty,
        (base, len): (Value, Value),
        values: &[Vec<Value>],
    ) -> Vec<Value> {
        let start = Addr { base, offset: 0 };
        let item = || self.item_of(of);
        match op {
            SliceOp::Len => return vec![len],
            SliceOp::IsEmpty => return vec![self.b.icmp(IntCC::Eq, len, 0)],
            SliceOp::AsBytes => return vec![base, len],
            SliceOp::Swap => {
                let (i, j) = (one(&values[0]), one(&values[1]));
                for index in [i, j] {
                    let outside = self.b.icmp(IntCC::Uge, index, len);
                    self.b.trap_if(outside, TrapKind::IndexOutOfBounds);
                }
                let item = item();
                let size = self.size(item);
                let (a, b) = (self.element(start, i, size), self.element(start, j, size));
                self.swap(a, b, item);
            }
            SliceOp::Fill => {
                let item = item();
                let size = self.size(item);
                let end = self.b.mul(len, size as i64);
                self.counted(end, size.max(1) as i64, |lower, at| {
                    let to = Addr { base: lower.b.add(base, at), offset: 0 };
                    match lower.leaves(item) {
                        Some(_) => lower.store_leaves(item, &values[0], to),
                        None => lower.copy(to, Addr { base: one(&values[0]), offset: 0 }, size),
                    }
                });
            }
            SliceOp::Reverse => {
                let item = item();
                let size = self.size(item);
                let half = self.b.lshr(len, 1);
                let last = self.b.sub(len, 1);
                self.counted(half, 1, |lower, at| {
                    let mirrored = lower.b.sub(last, at);
                    let (a, b) =
                        (lower.element(start, at, size), lower.element(start, mirrored, size));
                    lower.swap(a, b, item);
                });
            }
            SliceOp::CopyFromSlice => {
                let (from, from_len) = (values[0][0], values[0][1]);
                let different = self.b.icmp(IntCC::Ne, len, from_len);
                self.b.trap_if(different, TrapKind::Panic);
                let bytes = self.b.mul(len, self.size(item()) as i64);
                self.copy_dynamic(base, from, bytes);
            }
            SliceOp::SplitAt => {
                let middle = one(&values[0]);
                let outside = self.b.icmp(IntCC::Ugt, middle, len);
                self.b.trap_if(outside, TrapKind::Panic);
                let second = self.element(start, middle, self.size(item()));
                let rest = self.b.sub(len, middle);
                return vec![base, middle, second.base, rest];
            }
        }
        Vec::new()
    }
}
