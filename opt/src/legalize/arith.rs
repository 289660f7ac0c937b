//! What an operation on `i128` is on halves.

use ir::{
    BinaryOp, CarryOp, Inst, InstData, IntCC, LoadKind, MemFacts, OverflowOp, StoreKind, TernaryOp,
    TrapKind, Type, UnaryOp, Value, WideOp,
};

use super::{Halves, Split};
use crate::edit;

/// How far the high half is from the low one in memory, in bytes.
const HALF: i32 = 8;

impl Split<'_> {
    fn op(&mut self, op: BinaryOp, a: Value, b: Value) -> Value {
        self.emit(InstData::Binary { op, args: [a, b] }, Type::I64)
    }

    /// The same operation on both halves.
    fn both(&mut self, op: BinaryOp, a: Halves, b: Halves) -> Halves {
        Halves { low: self.op(op, a.low, b.low), high: self.op(op, a.high, b.high) }
    }

    pub(super) fn choose(&mut self, cond: Value, a: Value, b: Value) -> Value {
        let op = TernaryOp::Select;
        self.emit(InstData::Ternary { op, args: [cond, a, b] }, Type::I64)
    }

    pub(super) fn double(&mut self, op: WideOp, args: [Value; 2]) -> Halves {
        let [a, b] = args;
        let high = match op {
            WideOp::Iconcat => return Halves { low: a, high: b },
            WideOp::SmulWide => BinaryOp::Smulhi,
            WideOp::UmulWide => BinaryOp::Umulhi,
        };
        Halves { low: self.op(BinaryOp::Mul, a, b), high: self.op(high, a, b) }
    }

    /// The address of an element of a slice, whose halves are where it starts and how many elements it has.
    pub(super) fn element(&mut self, slice: Value, index: Value, size: u32) -> Value {
        let Halves { low: start, high: count } = self.of(slice);
        let check = InstData::IntCompare { cc: IntCC::Uge, args: [index, count] };
        let cond = self.emit(check, Type::I8);
        let trap = InstData::TrapIf { cond, kind: TrapKind::IndexOutOfBounds };
        let trap = self.func.create_inst(trap, &[], self.span);
        self.out.push(trap);
        let offset = match size {
            1 => index,
            _ if size.is_power_of_two() => {
                let amount = self.constant(size.trailing_zeros().into());
                self.op(BinaryOp::Shl, index, amount)
            }
            _ => {
                let size = self.constant(size.into());
                self.op(BinaryOp::Mul, index, size)
            }
        };
        self.op(BinaryOp::Add, start, offset)
    }

    pub(super) fn widen(&mut self, op: UnaryOp, arg: Value) -> Halves {
        let low = match self.func.value_type(arg) {
            Type::I64 => arg,
            _ => self.emit(InstData::Unary { op, arg }, Type::I64),
        };
        let high = match op {
            UnaryOp::Sext => {
                let amount = self.constant(63);
                self.op(BinaryOp::Ashr, low, amount)
            }
            _ => self.constant(0),
        };
        Halves { low, high }
    }

    /// `trunc` to a word, which is one of the low half.
    pub(super) fn trunc(&mut self, inst: Inst, arg: Value) {
        let low = self.of(arg).low;
        let Some(result) = self.func.result(inst) else { return };
        if self.func.value_type(result) == Type::I64 {
            self.aliases.replace(result, low);
            self.func.detach(inst);
        } else {
            self.keep(inst, InstData::Unary { op: UnaryOp::Trunc, arg: low });
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, a: Halves) -> Halves {
        if op == UnaryOp::Neg {
            let zero = self.constant(0);
            return self.subtract(Halves { low: zero, high: zero }, a).0;
        }
        let [low, high] =
            [a.low, a.high].map(|arg| self.emit(InstData::Unary { op, arg }, Type::I64));
        Halves { low, high }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, a: Halves, b: Halves) -> Halves {
        match op {
            BinaryOp::Add => {
                let args = [a.low, b.low];
                let add = InstData::Overflow { op: OverflowOp::UaddOverflow, args };
                let (low, carry) = self.emit_two(add, [Type::I64, Type::I8]);
                let args = [a.high, b.high, carry];
                let add = InstData::Carry { op: CarryOp::UaddCarry, args };
                Halves { low, high: self.emit_two(add, [Type::I64, Type::I8]).0 }
            }
            BinaryOp::Sub => self.subtract(a, b).0,
            BinaryOp::Mul => {
                // (aₗ + 2⁶⁴aₕ)(bₗ + 2⁶⁴bₕ), without what is 2¹²⁸ and above.
                let low = self.op(BinaryOp::Mul, a.low, b.low);
                let carried = self.op(BinaryOp::Umulhi, a.low, b.low);
                let one = self.op(BinaryOp::Mul, a.low, b.high);
                let other = self.op(BinaryOp::Mul, a.high, b.low);
                let high = self.op(BinaryOp::Add, carried, one);
                Halves { low, high: self.op(BinaryOp::Add, high, other) }
            }
            BinaryOp::Shl | BinaryOp::Lshr | BinaryOp::Ashr => self.shift(op, a, b.low),
            // And, or, exclusive or; the verifier lets no other operation have `i128` operands.
            _ => self.both(op, a, b),
        }
    }

    /// The difference, and whether it is below 0 as unsigned.
    fn subtract(&mut self, a: Halves, b: Halves) -> (Halves, Value) {
        let args = [a.low, b.low];
        let sub = InstData::Overflow { op: OverflowOp::UsubOverflow, args };
        let (low, borrow) = self.emit_two(sub, [Type::I64, Type::I8]);
        let args = [a.high, b.high, borrow];
        let sub = InstData::Carry { op: CarryOp::UsubBorrow, args };
        let (high, below) = self.emit_two(sub, [Type::I64, Type::I8]);
        (Halves { low, high }, below)
    }

    pub(super) fn compare(&mut self, cc: IntCC, a: Halves, b: Halves) -> Value {
        let truth =
            |split: &mut Self, cc, args| split.emit(InstData::IntCompare { cc, args }, Type::I8);
        match cc {
            IntCC::Eq | IntCC::Ne => {
                let differing = self.both(BinaryOp::Xor, a, b);
                let any = self.op(BinaryOp::Or, differing.low, differing.high);
                let zero = self.constant(0);
                truth(self, cc, [any, zero])
            }
            IntCC::Slt | IntCC::Sle | IntCC::Sgt | IntCC::Sge => {
                // With the sign bit flipped, signed order is unsigned order.
                let sign = self.constant(i64::MIN);
                let [a, b] = [a, b].map(|value| Halves {
                    high: self.op(BinaryOp::Xor, value.high, sign),
                    ..value
                });
                let cc = match cc {
                    IntCC::Slt => IntCC::Ult,
                    IntCC::Sle => IntCC::Ule,
                    IntCC::Sgt => IntCC::Ugt,
                    _ => IntCC::Uge,
                };
                self.compare(cc, a, b)
            }
            IntCC::Ult => self.subtract(a, b).1,
            IntCC::Ugt => self.subtract(b, a).1,
            IntCC::Ule | IntCC::Uge => {
                let opposite = self.compare(cc.inverse(), a, b);
                let zero = self.emit(InstData::IntConst { imm: 0 }, Type::I8);
                truth(self, IntCC::Eq, [opposite, zero])
            }
        }
    }

    /// A shift by `amount` modulo 128. Shifts of words count modulo 64, so that the same amount serves for the halves.
    fn shift(&mut self, op: BinaryOp, a: Halves, amount: Value) -> Halves {
        if let Some(amount) = edit::int_const(self.func, amount) {
            return self.shift_by(op, a, amount & 127);
        }
        let one = self.constant(1);
        let rest = self.emit(InstData::Unary { op: UnaryOp::Not, arg: amount }, Type::I64);
        let bit = self.constant(64);
        let far = self.op(BinaryOp::And, amount, bit);
        // What goes from one half to the other moves by 64 - amount, in two steps: 1, and 63 - amount, which is the
        // complement of the amount. So nothing goes over if the amount is 0.
        match op {
            BinaryOp::Shl => {
                let low = self.op(BinaryOp::Shl, a.low, amount);
                let over = self.op(BinaryOp::Lshr, a.low, one);
                let over = self.op(BinaryOp::Lshr, over, rest);
                let high = self.op(BinaryOp::Shl, a.high, amount);
                let high = self.op(BinaryOp::Or, high, over);
                let zero = self.constant(0);
                Halves { low: self.choose(far, zero, low), high: self.choose(far, low, high) }
            }
            _ => {
                let high = self.op(op, a.high, amount);
                let over = self.op(BinaryOp::Shl, a.high, one);
                let over = self.op(BinaryOp::Shl, over, rest);
                let low = self.op(BinaryOp::Lshr, a.low, amount);
                let low = self.op(BinaryOp::Or, low, over);
                let fill = self.fill(op, a);
                Halves { low: self.choose(far, high, low), high: self.choose(far, fill, high) }
            }
        }
    }

    /// What a shift right fills the high half with: zeros, or copies of the sign.
    fn fill(&mut self, op: BinaryOp, a: Halves) -> Value {
        if op == BinaryOp::Ashr {
            let most = self.constant(63);
            self.op(BinaryOp::Ashr, a.high, most)
        } else {
            self.constant(0)
        }
    }

    /// A shift by a constant below 128.
    fn shift_by(&mut self, op: BinaryOp, a: Halves, amount: i64) -> Halves {
        if amount == 0 {
            return a;
        }
        let far = amount >= 64;
        let by = self.constant(amount % 64);
        let rest = self.constant(64 - amount % 64);
        match (op, far) {
            (BinaryOp::Shl, true) => {
                Halves { low: self.constant(0), high: self.op(BinaryOp::Shl, a.low, by) }
            }
            (BinaryOp::Shl, false) => {
                let over = self.op(BinaryOp::Lshr, a.low, rest);
                let high = self.op(BinaryOp::Shl, a.high, by);
                Halves {
                    low: self.op(BinaryOp::Shl, a.low, by),
                    high: self.op(BinaryOp::Or, high, over),
                }
            }
            (_, true) => Halves { low: self.op(op, a.high, by), high: self.fill(op, a) },
            (_, false) => {
                let over = self.op(BinaryOp::Shl, a.high, rest);
                let low = self.op(BinaryOp::Lshr, a.low, by);
                Halves { low: self.op(BinaryOp::Or, low, over), high: self.op(op, a.high, by) }
            }
        }
    }

    // ---- Memory ----

    pub(super) fn load(&mut self, data: InstData) -> Halves {
        let InstData::Load { facts, addr, offset, .. } = data else {
            return Halves { low: self.constant(0), high: self.constant(0) };
        };
        let kind = LoadKind::Full;
        let low = self.emit(InstData::Load { kind, facts, addr, offset }, Type::I64);
        let (facts, addr, offset) = self.high_place(facts, addr, offset);
        Halves { low, high: self.emit(InstData::Load { kind, facts, addr, offset }, Type::I64) }
    }

    pub(super) fn store(&mut self, data: InstData) {
        let InstData::Store { facts, value, addr, offset, .. } = data else { return };
        let Halves { low, high } = self.of(value);
        let kind = StoreKind::Full;
        let store = |split: &mut Self, value, (facts, addr, offset)| {
            let data = InstData::Store { kind, facts, value, addr, offset };
            let inst = split.func.create_inst(data, &[], split.span);
            split.out.push(inst);
        };
        store(self, low, (facts, addr, offset));
        let place = self.high_place(facts, addr, offset);
        store(self, high, place);
    }

    /// Where the high half is, and what is known about an access to it.
    fn high_place(&mut self, facts: MemFacts, addr: Value, offset: i32) -> (MemFacts, Value, i32) {
        let half = ir::Align::new(HALF as u32);
        let facts = MemFacts { align: facts.align.min(half), ..facts };
        match offset.checked_add(HALF) {
            Some(offset) => (facts, addr, offset),
            None => {
                let by = self.constant(HALF.into());
                (facts, self.op(BinaryOp::Add, addr, by), offset)
            }
        }
    }
}
