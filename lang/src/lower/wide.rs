//! 128-bit integers. The IR adds, shifts and compares them; the rest calls a helper of [`crate::prelude`].

use ir::{IntCC, TrapKind, Type, Value, WideOp};

use super::Lower;
use crate::operator::BinOp;
use crate::ty::{FloatTy, IntTy};
use crate::words::int_cc;

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

    fn helper(&mut self, name: &str, args: &[Value]) -> Value {
        let Some(&id) = self.shared.program.helpers.get(name) else {
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
            self.trap_min_by_minus_one(x, y, int);
        }
        let helper = match (op, int.signed()) {
            (BinOp::Div, true) => "sdiv",
            (BinOp::Div, false) => "udiv",
            (_, true) => "srem",
            (_, false) => "urem",
        };
        self.helper(helper, &[x, y])
    }

    pub(super) fn wide_to_float(&mut self, value: Value, signed: bool, to: FloatTy) -> Value {
        let helper = match (signed, to) {
            (true, FloatTy::F32) => "i128_to_f32",
            (true, FloatTy::F64) => "i128_to_f64",
            (false, FloatTy::F32) => "u128_to_f32",
            (false, FloatTy::F64) => "u128_to_f64",
        };
        self.helper(helper, &[value])
    }

    pub(super) fn float_to_wide(&mut self, value: Value, from: FloatTy, signed: bool) -> Value {
        let value = match from {
            FloatTy::F32 => self.b.fpromote(Type::F64, value),
            FloatTy::F64 => value,
        };
        self.helper(if signed { "f64_to_i128" } else { "f64_to_u128" }, &[value])
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
