//! 128-bit integers. The IR adds, shifts and compares them; counting bits works on halves, and the rest calls a helper
//! of [`crate::prelude`].

use ir::{IntCC, TrapKind, Type, Value, WideOp};

use super::Lower;
use super::ops::int_cc;
use crate::prelude::Helper;
use crate::tree::BinOp;
use crate::ty::{FloatTy, IntTy};

impl<'m, 'p> Lower<'m, 'p> {
    /// An integer constant of any width, by its bits.
    pub(super) fn int_const(&self, leaf: Type, value: i128) -> Value {
        let low = value as i64;
        if leaf != Type::I128 || i128::from(low) == value {
            return self.b.iconst(leaf, low);
        }
        let low = self.b.iconst(Type::I64, low);
        let high = self.b.iconst(Type::I64, (value >> 64) as i64);
        self.b.wide(WideOp::Iconcat, low, high)
    }

    fn helper(&mut self, helper: Helper, args: &[Value]) -> Value {
        let Some(&id) = self.shared.program.helpers.get(helper.name()) else {
            unreachable!("helpers are there wherever the source can name a 128-bit integer")
        };
        let callee = self.import(id);
        self.b.call1(callee, args)
    }

    /// `x / y` or `x % y`, with the checks that Rust makes.
    pub(super) fn divide(&mut self, op: BinOp, x: Value, y: Value, int: IntTy) -> Value {
        let zero = self.b.icmp(IntCC::Eq, y, 0);
        self.b.trap_if(zero, TrapKind::DivisionByZero);
        if int.signed() {
            let minus_one = self.b.icmp(IntCC::Eq, y, -1);
            let min = self.int_const(Type::I128, int.min());
            let min = self.b.icmp(IntCC::Eq, x, min);
            let overflows = self.b.and(minus_one, min);
            self.b.trap_if(overflows, TrapKind::IntegerOverflow);
        }
        self.divide_unchecked(op, x, y, int)
    }

    /// The same of what is known to be fine; the least value by -1 wraps.
    fn divide_unchecked(&mut self, op: BinOp, x: Value, y: Value, int: IntTy) -> Value {
        let helper = match (op, int.signed()) {
            (BinOp::Div, true) => Helper::Sdiv,
            (BinOp::Div, false) => Helper::Udiv,
            (_, true) => Helper::Srem,
            (_, false) => Helper::Urem,
        };
        self.helper(helper, &[x, y])
    }

    pub(super) fn divide_wrapping(&mut self, op: BinOp, x: Value, y: Value, int: IntTy) -> Value {
        let zero = self.b.icmp(IntCC::Eq, y, 0);
        self.b.trap_if(zero, TrapKind::DivisionByZero);
        self.divide_unchecked(op, x, y, int)
    }

    /// The wrapped product, and whether it is wrong.
    pub(super) fn multiply_overflowing(
        &mut self,
        x: Value,
        y: Value,
        signed: bool,
    ) -> (Value, Value) {
        let helper = if signed { Helper::SmulOverflows } else { Helper::UmulOverflows };
        let wrong = self.helper(helper, &[x, y]);
        (self.b.mul(x, y), wrong)
    }

    pub(super) fn wide_to_float(&mut self, value: Value, signed: bool, to: FloatTy) -> Value {
        let helper = match (signed, to) {
            (true, FloatTy::F32) => Helper::I128ToF32,
            (true, FloatTy::F64) => Helper::I128ToF64,
            (false, FloatTy::F32) => Helper::U128ToF32,
            (false, FloatTy::F64) => Helper::U128ToF64,
        };
        self.helper(helper, &[value])
    }

    pub(super) fn float_to_wide(&mut self, value: Value, from: FloatTy, signed: bool) -> Value {
        let value = match from {
            FloatTy::F32 => self.b.fpromote(Type::F64, value),
            FloatTy::F64 => value,
        };
        self.helper(if signed { Helper::F64ToI128 } else { Helper::F64ToU128 }, &[value])
    }

    // ---- Operations of every width ----

    /// `low + high` as a count in the type of the value that has these halves.
    fn sum(&self, low: Value, high: Value) -> Value {
        let sum = self.b.add(low, high);
        self.b.zext(Type::I128, sum)
    }

    pub(super) fn popcnt(&self, x: Value, leaf: Type) -> Value {
        if leaf != Type::I128 {
            return self.b.popcnt(x);
        }
        let (low, high) = self.b.isplit(x);
        self.sum(self.b.popcnt(low), self.b.popcnt(high))
    }

    /// Zeros before the first one from one end, of which `first` and `second` are the halves in order.
    fn leading(&self, first: Value, second: Value) -> Value {
        let empty = self.b.icmp(IntCC::Eq, first, 0);
        let zero = self.b.iconst(Type::I64, 0);
        let more = self.b.clz(second);
        let more = self.b.select(empty, more, zero);
        // A word of zeros has 64 of them.
        self.sum(self.b.clz(first), more)
    }

    pub(super) fn clz(&self, x: Value, leaf: Type) -> Value {
        if leaf != Type::I128 {
            return self.b.clz(x);
        }
        let (low, high) = self.b.isplit(x);
        self.leading(high, low)
    }

    pub(super) fn ctz(&self, x: Value, leaf: Type) -> Value {
        if leaf != Type::I128 {
            return self.b.ctz(x);
        }
        let (low, high) = self.b.isplit(x);
        self.leading(self.b.bitrev(low), self.b.bitrev(high))
    }

    /// Bytes or bits in the reverse order.
    pub(super) fn reversed(&self, x: Value, leaf: Type, bits: bool) -> Value {
        let of = |word| if bits { self.b.bitrev(word) } else { self.b.bswap(word) };
        if leaf != Type::I128 {
            return of(x);
        }
        let (low, high) = self.b.isplit(x);
        self.b.wide(WideOp::Iconcat, of(high), of(low))
    }

    pub(super) fn rotate(&self, x: Value, amount: Value, leaf: Type, left: bool) -> Value {
        match (leaf == Type::I128, left) {
            (false, true) => self.b.rotl(x, amount),
            (false, false) => self.b.rotr(x, amount),
            (true, _) => {
                // Amounts of shifts count modulo the width.
                let back = self.b.neg(amount);
                let (up, down) = if left { (amount, back) } else { (back, amount) };
                let (high, low) = (self.b.shl(x, up), self.b.lshr(x, down));
                self.b.or(high, low)
            }
        }
    }

    pub(super) fn abs(&self, x: Value, leaf: Type) -> Value {
        if leaf != Type::I128 {
            return self.b.abs(x);
        }
        let sign = self.b.ashr(x, 127);
        let flipped = self.b.xor(x, sign);
        self.b.sub(flipped, sign)
    }

    /// The lesser or the greater of two.
    pub(super) fn extreme(&self, op: BinOp, x: Value, y: Value, int: IntTy) -> Value {
        if int.is_wide() {
            let first = self.b.icmp(int_cc(op, int.signed()), x, y);
            return self.b.select(first, x, y);
        }
        match (op, int.signed()) {
            (BinOp::Lt, true) => self.b.smin(x, y),
            (BinOp::Lt, false) => self.b.umin(x, y),
            (_, true) => self.b.smax(x, y),
            (_, false) => self.b.umax(x, y),
        }
    }
}
