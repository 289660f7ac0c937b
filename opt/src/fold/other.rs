//! Operations on one and on three values, and addresses.

use ir::{BinaryOp, InstData, IntCC, MemFacts, StoreKind, TernaryOp, Type, UnaryOp, Value};

use super::{Fold, Step};

impl Fold<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, arg: Value, ty: Type) -> Step {
        let become_ = |op, arg| Step::Become(InstData::Unary { op, arg });
        let Some(inner) = self.def(arg) else { return Step::Keep };
        match (op, inner) {
            (UnaryOp::Neg, InstData::Binary { op: BinaryOp::Sub, args: [x, y] }) => {
                Step::Become(InstData::Binary { op: BinaryOp::Sub, args: [y, x] })
            }
            (_, InstData::Unary { op: inner, arg: x }) => match (op, inner) {
                (UnaryOp::Neg, UnaryOp::Neg)
                | (UnaryOp::Not, UnaryOp::Not)
                | (UnaryOp::Bswap, UnaryOp::Bswap)
                | (UnaryOp::Bitrev, UnaryOp::Bitrev)
                | (UnaryOp::Fneg, UnaryOp::Fneg) => Step::Alias(x),
                (UnaryOp::Abs, UnaryOp::Abs) | (UnaryOp::Fabs, UnaryOp::Fabs) => Step::Alias(arg),
                (UnaryOp::Abs, UnaryOp::Neg) => become_(UnaryOp::Abs, x),
                (UnaryOp::Fabs, UnaryOp::Fneg) => become_(UnaryOp::Fabs, x),
                (UnaryOp::Bitcast, UnaryOp::Bitcast) if self.ty(x) == ty => Step::Alias(x),
                (UnaryOp::Zext, UnaryOp::Zext)
                | (UnaryOp::Sext, UnaryOp::Sext)
                | (UnaryOp::Trunc, UnaryOp::Trunc) => become_(op, x),
                // The sign is clear already.
                (UnaryOp::Sext, UnaryOp::Zext) => become_(UnaryOp::Zext, x),
                (UnaryOp::Trunc, UnaryOp::Zext | UnaryOp::Sext) => {
                    match self.ty(x).bits().cmp(&ty.bits()) {
                        std::cmp::Ordering::Equal => Step::Alias(x),
                        std::cmp::Ordering::Less => become_(inner, x),
                        std::cmp::Ordering::Greater => become_(UnaryOp::Trunc, x),
                    }
                }
                (UnaryOp::Zext, UnaryOp::Trunc) if self.ty(x) == ty => {
                    let mask = self.constant(ty, self.ty(arg).mask() as i64);
                    Step::Become(InstData::Binary { op: BinaryOp::And, args: [x, mask] })
                }
                (UnaryOp::SintToFloat, UnaryOp::Sext) | (UnaryOp::UintToFloat, UnaryOp::Zext)
                    if self.ty(x).bits() >= 32 =>
                {
                    become_(op, x)
                }
                _ => Step::Keep,
            },
            // Truncation looks at low bits only, which a mask of them does not change.
            (UnaryOp::Trunc, InstData::Binary { op: BinaryOp::And, args: [x, mask] })
                if self.int(mask).is_some_and(|mask| mask as u64 & ty.mask() == ty.mask()) =>
            {
                become_(UnaryOp::Trunc, x)
            }
            _ => Step::Keep,
        }
    }

    pub(super) fn ternary(&mut self, op: TernaryOp, args: [Value; 3], ty: Type) -> Step {
        let TernaryOp::Select = op else { return Step::Keep };
        let [cond, a, b] = args;
        if a == b {
            return Step::Alias(a);
        }
        if let Some(cond) = self.int(cond) {
            return Step::Alias(if cond != 0 { a } else { b });
        }
        if let Some(cond) = self.condition(cond) {
            return Step::Become(InstData::Ternary { op, args: [cond, a, b] });
        }
        if let Some(cond) = self.negated_condition(cond) {
            return Step::Become(InstData::Ternary { op, args: [cond, b, a] });
        }
        // The condition itself, as a number.
        if (self.int(a), self.int(b)) == (Some(1), Some(0)) && self.is_truth(cond) {
            let from = self.ty(cond);
            return match from.bits().cmp(&ty.bits()) {
                std::cmp::Ordering::Equal => Step::Alias(cond),
                std::cmp::Ordering::Less => {
                    Step::Become(InstData::Unary { op: UnaryOp::Zext, arg: cond })
                }
                std::cmp::Ordering::Greater => {
                    Step::Become(InstData::Unary { op: UnaryOp::Trunc, arg: cond })
                }
            };
        }
        let Some(InstData::IntCompare { cc, args: [x, y] }) = self.def(cond) else {
            return Step::Keep;
        };
        // Its inverse, as a number.
        if (self.int(a), self.int(b)) == (Some(0), Some(1)) {
            let data = InstData::IntCompare { cc: cc.inverse(), args: [x, y] };
            if ty == Type::I8 {
                return Step::Become(data);
            }
            let inverse = self.emit(data, Type::I8);
            return Step::Become(InstData::Unary { op: UnaryOp::Zext, arg: inverse });
        }
        if self.ty(x) != ty || !ty.is_int() {
            return Step::Keep;
        }
        let (lesser, greater) = match cc {
            IntCC::Slt | IntCC::Sle => (BinaryOp::Smin, BinaryOp::Smax),
            IntCC::Sgt | IntCC::Sge => (BinaryOp::Smax, BinaryOp::Smin),
            IntCC::Ult | IntCC::Ule => (BinaryOp::Umin, BinaryOp::Umax),
            IntCC::Ugt | IntCC::Uge => (BinaryOp::Umax, BinaryOp::Umin),
            IntCC::Eq if (x, y) == (a, b) || (x, y) == (b, a) => return Step::Alias(b),
            IntCC::Ne if (x, y) == (a, b) || (x, y) == (b, a) => return Step::Alias(a),
            IntCC::Eq | IntCC::Ne => return Step::Keep,
        };
        if (x, y) == (a, b) {
            Step::Become(InstData::Binary { op: lesser, args: [a, b] })
        } else if (x, y) == (b, a) {
            Step::Become(InstData::Binary { op: greater, args: [b, a] })
        } else {
            Step::Keep
        }
    }

    /// An address without the constant that was added to it, which goes to the offset.
    pub(super) fn address(&self, addr: Value, offset: i32) -> Option<(Value, i32)> {
        let InstData::Binary { op: BinaryOp::Add, args: [x, y] } = self.def(addr)? else {
            return None;
        };
        let sum = self.int(y)?.checked_add(offset.into())?;
        Some((x, i32::try_from(sum).ok()?))
    }

    pub(super) fn store(
        &mut self,
        kind: StoreKind,
        facts: MemFacts,
        value: Value,
        (addr, offset): (Value, i32),
    ) -> Step {
        if let Some((addr, offset)) = self.address(addr, offset) {
            return Step::Become(InstData::Store { kind, facts, value, addr, offset });
        }
        let StoreKind::Narrow(width) = kind else { return Step::Keep };
        let written = width.as_type();
        match self.def(value) {
            Some(InstData::Unary { op: UnaryOp::Zext | UnaryOp::Sext, arg })
                if self.ty(arg) == written =>
            {
                Step::Become(InstData::Store {
                    kind: StoreKind::Full,
                    facts,
                    value: arg,
                    addr,
                    offset,
                })
            }
            Some(InstData::Binary { op: BinaryOp::And, args: [x, mask] })
                if self
                    .int(mask)
                    .is_some_and(|mask| mask as u64 & written.mask() == written.mask()) =>
            {
                Step::Become(InstData::Store { kind, facts, value: x, addr, offset })
            }
            _ => Step::Keep,
        }
    }

    /// The address of a slot or data object plus a constant, as one address.
    pub(super) fn add_to_address(&self, addr: Value, c: i64) -> Option<InstData> {
        match self.def(addr)? {
            InstData::StackAddr { slot, offset } => {
                let offset = i32::try_from(c.checked_add(offset.into())?).ok()?;
                let inside = u64::try_from(offset).ok()? <= self.func.slots[slot].size;
                inside.then_some(InstData::StackAddr { slot, offset })
            }
            InstData::DataAddr { data, offset } => {
                let offset = i32::try_from(c.checked_add(offset.into())?).ok()?;
                Some(InstData::DataAddr { data, offset })
            }
            _ => None,
        }
    }
}
