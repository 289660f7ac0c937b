//! Operations on what was just computed, as programs chain them and as rules about two operations expect them.

use ir::{BinaryOp, IntCC, LoadKind, NarrowWidth, Type, TypeRule, UnaryOp, Value};

use super::Maker;
use crate::corners::corners;

const INTS: [Type; 4] = [Type::I8, Type::I16, Type::I32, Type::I64];

impl Maker<'_> {
    /// Adds a chain of operations.
    pub(super) fn chain(&mut self) -> bool {
        match self.random.below(8) {
            0 => self.compared_again(),
            1 => self.masked(),
            2 => self.joined(),
            3 => self.narrowed(),
            4 => self.sum_compared(),
            5 => self.shifted_twice(),
            6 if self.random.once_in(6) => self.pressure(),
            _ => self.loaded(),
        }
        true
    }

    fn any_int(&mut self) -> Type {
        INTS[self.random.below(INTS.len())]
    }

    fn cc(&mut self) -> IntCC {
        self.random.pick(IntCC::ALL).unwrap_or(IntCC::Eq)
    }

    fn corner(&mut self, ty: Type) -> Value {
        let word = self.random.pick(&corners(ty)).unwrap_or(0);
        self.builder.iconst(ty, ir::eval::sign_extend(word, ty))
    }

    fn compare(&mut self) -> Value {
        let (ty, cc) = (self.any_int(), self.cc());
        let a = self.value(ty);
        let b = if self.random.once_in(2) { self.corner(ty) } else { self.value(ty) };
        self.builder.icmp(cc, a, b)
    }

    /// An integer value as one of another type.
    fn converted(&mut self, value: Value, from: Type, to: Type) -> Value {
        let op = match from.bits().cmp(&to.bits()) {
            std::cmp::Ordering::Equal => return value,
            std::cmp::Ordering::Greater => UnaryOp::Trunc,
            std::cmp::Ordering::Less if self.random.once_in(2) => UnaryOp::Sext,
            std::cmp::Ordering::Less => UnaryOp::Zext,
        };
        self.builder.unary(op, to, value)
    }

    /// Compare, extend, compare, and that as a condition.
    fn compared_again(&mut self) {
        let first = self.compare();
        self.keep(first);
        let to = self.any_int();
        let wide = self.converted(first, Type::I8, to);
        let (cc, small) = (self.cc(), self.random.below(3) as i64);
        let again = self.builder.icmp(cc, wide, small - i64::from(self.random.once_in(4)));
        self.keep(again);
        if self.random.once_in(2) {
            let ty = self.any_int();
            let (a, b) = (self.value(ty), self.value(ty));
            let chosen = self.builder.select(again, a, b);
            self.keep(chosen);
        }
    }

    /// Shift or extend, then a mask.
    fn masked(&mut self) {
        let (from, ty) = (self.any_int(), self.any_int());
        let value = self.value(from);
        let value = self.converted(value, from, ty);
        let op =
            [BinaryOp::Shl, BinaryOp::Lshr, BinaryOp::Ashr, BinaryOp::Or][self.random.below(4)];
        let amount = self.corner(ty);
        let shifted = self.builder.binary(op, value, amount);
        let bits = self.random.below(ty.bits() as usize + 1) as u32;
        let mask = match self.random.once_in(4) {
            true => self.random.word(ty),
            false => 1_u64.checked_shl(bits).unwrap_or(0).wrapping_sub(1) & ty.mask(),
        };
        let mask = self.builder.iconst(ty, ir::eval::sign_extend(mask, ty));
        let masked = self.builder.and(shifted, mask);
        self.keep(masked);
    }

    /// Conditions joined.
    fn joined(&mut self) {
        let (a, b) = (self.compare(), self.compare());
        let op = [BinaryOp::And, BinaryOp::Or, BinaryOp::Xor][self.random.below(3)];
        let joined = self.builder.binary(op, a, b);
        self.keep(joined);
        if self.random.once_in(3) {
            let inverse = self.builder.xor(joined, 1);
            self.keep(inverse);
        }
    }

    /// The low part of a wider value, whose upper bits are anything.
    fn narrowed(&mut self) {
        let ty = INTS[self.random.below(3)];
        let wide = self.value(Type::I64);
        let narrow = self.builder.trunc(ty, wide);
        self.keep(narrow);
        let op = self.random.pick(BinaryOp::ALL).unwrap_or(BinaryOp::Add);
        let traps = op.info().effect != ir::Effect::Pure;
        if !traps && matches!(op.info().rule, TypeRule::Int | TypeRule::AnyInt) {
            let other = self.corner(ty);
            let result = self.builder.binary(op, narrow, other);
            self.keep(result);
        }
    }

    /// A sum or difference, compared.
    fn sum_compared(&mut self) {
        let (ty, cc) = (self.any_int(), self.cc());
        let (x, c, d) = (self.value(ty), self.corner(ty), self.corner(ty));
        let op = [BinaryOp::Add, BinaryOp::Sub, BinaryOp::And][self.random.below(3)];
        let sum = self.builder.binary(op, x, c);
        self.keep(sum);
        let compared = self.builder.icmp(cc, sum, d);
        self.keep(compared);
    }

    /// Shifts of the same value, and what joins them.
    fn shifted_twice(&mut self) {
        let ty = self.any_int();
        let (x, y) = (self.value(ty), self.value(ty));
        let amount = self.random.below(ty.bits() as usize + 2) as i64;
        let rest = i64::from(ty.bits()) - amount;
        let left = self.builder.shl(x, amount);
        let right = self.builder.lshr(y, rest.max(0));
        let op = [BinaryOp::Or, BinaryOp::Xor, BinaryOp::Add][self.random.below(3)];
        let joined = self.builder.binary(op, left, right);
        self.keep(joined);
        let back = self.builder.ashr(left, amount);
        self.keep(back);
    }

    /// A narrow load of a slot, extended and masked.
    fn loaded(&mut self) {
        let Some(slot) = self.random.pick(&self.slots) else { return };
        let widths = [NarrowWidth::W8, NarrowWidth::W16, NarrowWidth::W32];
        let width = widths[self.random.below(3)];
        let at = self.random.below(slot.size as usize - 3) as i32;
        let address = self.builder.stack_addr(slot.slot, at);
        let ty = width.as_type();
        let loaded =
            self.builder.load_with(ty, LoadKind::Full, ir::MemFacts::default(), address, 0);
        let to = self.any_int();
        let extended = self.converted(loaded, ty, to);
        self.keep(extended);
        let mask = self.corner(to);
        let masked = self.builder.and(extended, mask);
        self.keep(masked);
    }

    /// More values alive at once than there are registers, across a call if there is one.
    fn pressure(&mut self) {
        let (int, float) = (self.any_int(), [Type::F32, Type::F64][self.random.below(2)]);
        let count = 20 + self.random.below(16);
        let ints: Vec<Value> = (0..count)
            .map(|n| {
                let (x, c) = (self.value(int), self.corner(int));
                let x = self.builder.mul(x, n as i64 * 2 + 1);
                self.builder.add(x, c)
            })
            .collect();
        let floats: Vec<Value> = (0..count)
            .map(|_| {
                let (x, y) = (self.value(float), self.value(float));
                self.builder.fsub(x, y)
            })
            .collect();
        self.call();
        let sum = ints.into_iter().reduce(|a, b| self.builder.xor(a, b));
        let total = floats.into_iter().reduce(|a, b| self.builder.fmin(a, b));
        sum.into_iter().chain(total).for_each(|value| self.keep(value));
    }
}
