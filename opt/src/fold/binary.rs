//! Operations on two integers, and the few float operations that have an exact other form.

use ir::{BinaryOp, InstData, Type, UnaryOp, Value, eval};

use super::divide;
use super::{Fold, Step, int_data};

impl Fold<'_> {
    pub(super) fn binary(&mut self, op: BinaryOp, args: [Value; 2], ty: Type) -> Step {
        let [a, b] = args;
        if op.info().commutative && self.int(a).is_some() && self.int(b).is_none() {
            return Step::Become(InstData::Binary { op, args: [b, a] });
        }
        if a == b
            && let Some(step) = self.of_equal(op, a, ty)
        {
            return step;
        }
        if !ty.is_int() {
            return self.float_binary(op, a, b, ty);
        }
        match self.int(b) {
            Some(c) => self.with_constant(op, a, b, c, ty),
            None => self.without_constant(op, a, b, ty),
        }
    }

    /// Both operands are the same value.
    fn of_equal(&mut self, op: BinaryOp, a: Value, ty: Type) -> Option<Step> {
        match op {
            BinaryOp::Sub | BinaryOp::Xor => Some(Step::Become(int_data(ty, 0))),
            BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Smin
            | BinaryOp::Smax
            | BinaryOp::Umin
            | BinaryOp::Umax => Some(Step::Alias(a)),
            _ => None,
        }
    }

    fn without_constant(&mut self, op: BinaryOp, a: Value, b: Value, ty: Type) -> Step {
        let become_ = |op, args| Step::Become(InstData::Binary { op, args });
        match (op, self.def(a), self.def(b)) {
            (BinaryOp::Sub, Some(InstData::IntConst { imm: 0 }), _) => {
                Step::Become(InstData::Unary { op: UnaryOp::Neg, arg: b })
            }
            (BinaryOp::Add, _, Some(InstData::Unary { op: UnaryOp::Neg, arg })) => {
                become_(BinaryOp::Sub, [a, arg])
            }
            (BinaryOp::Add, Some(InstData::Unary { op: UnaryOp::Neg, arg }), _) => {
                become_(BinaryOp::Sub, [b, arg])
            }
            (BinaryOp::Sub, _, Some(InstData::Unary { op: UnaryOp::Neg, arg })) => {
                become_(BinaryOp::Add, [a, arg])
            }
            // (x + y) - y, (x + y) - x, (x - y) + y.
            (BinaryOp::Sub, Some(InstData::Binary { op: BinaryOp::Add, args: [x, y] }), _)
                if y == b =>
            {
                Step::Alias(x)
            }
            (BinaryOp::Sub, Some(InstData::Binary { op: BinaryOp::Add, args: [x, y] }), _)
                if x == b =>
            {
                Step::Alias(y)
            }
            (BinaryOp::Add, Some(InstData::Binary { op: BinaryOp::Sub, args: [x, y] }), _)
                if y == b =>
            {
                Step::Alias(x)
            }
            (BinaryOp::Add, _, Some(InstData::Binary { op: BinaryOp::Sub, args: [x, y] }))
                if y == a =>
            {
                Step::Alias(x)
            }
            // A shift counts modulo the width anyway.
            (
                BinaryOp::Shl | BinaryOp::Lshr | BinaryOp::Ashr | BinaryOp::Rotl | BinaryOp::Rotr,
                _,
                Some(InstData::Binary { op: BinaryOp::And, args: [amount, mask] }),
            ) if self.int(mask).is_some_and(|mask| {
                let width = i64::from(ty.bits()) - 1;
                mask & width == width
            }) =>
            {
                become_(op, [a, amount])
            }
            _ => Step::Keep,
        }
    }

    fn with_constant(&mut self, op: BinaryOp, a: Value, b: Value, c: i64, ty: Type) -> Step {
        if let Some(step) = self.with_special(op, a, c, ty) {
            return step;
        }
        if let Some(step) = self.reassociated(op, a, c, ty) {
            return step;
        }
        match op {
            BinaryOp::Add => match self.add_to_address(a, c) {
                Some(data) => Step::Become(data),
                None => Step::Keep,
            },
            BinaryOp::Sub => {
                let negated = self.constant(ty, c.wrapping_neg());
                Step::Become(InstData::Binary { op: BinaryOp::Add, args: [a, negated] })
            }
            BinaryOp::Mul => self.multiply(a, c, ty),
            BinaryOp::Udiv | BinaryOp::Urem | BinaryOp::Sdiv | BinaryOp::Srem => {
                self.divide(op, a, b, c, ty)
            }
            BinaryOp::Shl | BinaryOp::Lshr | BinaryOp::Ashr | BinaryOp::Rotl | BinaryOp::Rotr => {
                let width = i64::from(ty.bits());
                if (0..width).contains(&c) {
                    return Step::Keep;
                }
                let amount = self.constant(ty, c.rem_euclid(width));
                Step::Become(InstData::Binary { op, args: [a, amount] })
            }
            _ => Step::Keep,
        }
    }

    /// Constants that make an operation trivial.
    fn with_special(&mut self, op: BinaryOp, a: Value, c: i64, ty: Type) -> Option<Step> {
        let (least, greatest) = (signed_min(ty), signed_max(ty));
        let unary = |op| Some(Step::Become(InstData::Unary { op, arg: a }));
        match (op, c) {
            (
                BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::Or
                | BinaryOp::Xor
                | BinaryOp::Shl
                | BinaryOp::Lshr
                | BinaryOp::Ashr
                | BinaryOp::Rotl
                | BinaryOp::Rotr
                | BinaryOp::Umax,
                0,
            )
            | (BinaryOp::Mul | BinaryOp::Sdiv | BinaryOp::Udiv, 1)
            | (BinaryOp::And | BinaryOp::Umin, -1) => Some(Step::Alias(a)),
            (BinaryOp::Mul | BinaryOp::And | BinaryOp::Umin | BinaryOp::Smulhi, 0)
            | (BinaryOp::Umulhi, 0 | 1)
            | (BinaryOp::Srem, 1 | -1)
            | (BinaryOp::Urem, 1) => Some(Step::Become(int_data(ty, 0))),
            (BinaryOp::Or | BinaryOp::Umax, -1) => Some(Step::Become(int_data(ty, -1))),
            (BinaryOp::Xor, -1) => unary(UnaryOp::Not),
            (BinaryOp::Mul, -1) => unary(UnaryOp::Neg),
            (BinaryOp::Smin, c) if c == greatest => Some(Step::Alias(a)),
            (BinaryOp::Smax, c) if c == least => Some(Step::Alias(a)),
            (BinaryOp::Smin, c) if c == least => Some(Step::Become(int_data(ty, least))),
            (BinaryOp::Smax, c) if c == greatest => Some(Step::Become(int_data(ty, greatest))),
            // A comparison is 0 or 1.
            (BinaryOp::And, 1) if self.is_truth(a) => Some(Step::Alias(a)),
            (BinaryOp::Xor, 1) => match self.def(a) {
                Some(InstData::IntCompare { cc, args }) => {
                    Some(Step::Become(InstData::IntCompare { cc: cc.inverse(), args }))
                }
                Some(InstData::FloatCompare { cc, args }) => {
                    Some(Step::Become(InstData::FloatCompare { cc: cc.inverse(), args }))
                }
                _ => None,
            },
            (BinaryOp::And, mask) => match self.def(a) {
                // The bits that the mask clears are clear.
                Some(InstData::Unary { op: UnaryOp::Zext, arg })
                    if mask as u64 & self.ty(arg).mask() == self.ty(arg).mask() =>
                {
                    Some(Step::Alias(a))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// (x op c1) op c2 is x op (c1 op c2).
    fn reassociated(&mut self, op: BinaryOp, a: Value, c: i64, ty: Type) -> Option<Step> {
        let Some(InstData::Binary { op: inner, args: [x, y] }) = self.def(a) else { return None };
        let width = i64::from(ty.bits());
        // c1 - x, plus or minus a constant.
        if let (BinaryOp::Sub, BinaryOp::Add, Some(c1)) = (inner, op, self.int(x)) {
            let sum = self.constant(ty, c1.wrapping_add(c));
            return Some(Step::Become(InstData::Binary { op: BinaryOp::Sub, args: [sum, y] }));
        }
        let c1 = self.int(y)?;
        let combined = match (inner, op) {
            (BinaryOp::Add, BinaryOp::Add) => c1.wrapping_add(c),
            (BinaryOp::Add, BinaryOp::Sub) => {
                let sum = self.constant(ty, c1.wrapping_sub(c));
                return Some(Step::Become(InstData::Binary { op: inner, args: [x, sum] }));
            }
            (BinaryOp::Mul, BinaryOp::Mul) => c1.wrapping_mul(c),
            (BinaryOp::And, BinaryOp::And) => c1 & c,
            (BinaryOp::Or, BinaryOp::Or) => c1 | c,
            (BinaryOp::Xor, BinaryOp::Xor) => c1 ^ c,
            (BinaryOp::Shl, BinaryOp::Shl) | (BinaryOp::Lshr, BinaryOp::Lshr) => {
                let (c1, c) = (c1.rem_euclid(width), c.rem_euclid(width));
                if c1 + c >= width {
                    return Some(Step::Become(int_data(ty, 0)));
                }
                c1 + c
            }
            (BinaryOp::Ashr, BinaryOp::Ashr) => {
                (c1.rem_euclid(width) + c.rem_euclid(width)).min(width - 1)
            }
            // A multiple of a power of two.
            (BinaryOp::Shl, BinaryOp::Mul) => {
                let factor = c.wrapping_shl(c1.rem_euclid(width) as u32);
                let factor = self.constant(ty, factor);
                return Some(Step::Become(InstData::Binary { op, args: [x, factor] }));
            }
            (BinaryOp::Mul, BinaryOp::Shl) => {
                let factor = self.constant(ty, c1.wrapping_shl(c.rem_euclid(width) as u32));
                return Some(Step::Become(InstData::Binary { op: inner, args: [x, factor] }));
            }
            // Clearing low or high bits.
            (BinaryOp::Lshr, BinaryOp::Shl) if c1 == c && (1..width).contains(&c) => {
                let mask = self.constant(ty, -1i64 << c);
                return Some(Step::Become(InstData::Binary { op: BinaryOp::And, args: [x, mask] }));
            }
            (BinaryOp::Shl, BinaryOp::Lshr) if c1 == c && (1..width).contains(&c) => {
                let mask = self.constant(ty, (ty.mask() >> c) as i64);
                return Some(Step::Become(InstData::Binary { op: BinaryOp::And, args: [x, mask] }));
            }
            _ => return None,
        };
        let combined = self.constant(ty, combined);
        Some(Step::Become(InstData::Binary { op, args: [x, combined] }))
    }

    fn multiply(&mut self, a: Value, c: i64, ty: Type) -> Step {
        let bits = eval::truncate(c as u64, ty);
        if !bits.is_power_of_two() {
            return Step::Keep;
        }
        let amount = self.constant(ty, bits.trailing_zeros().into());
        Step::Become(InstData::Binary { op: BinaryOp::Shl, args: [a, amount] })
    }

    /// Division by a constant that is not 0 or ±1 (those that trap stay, the others are gone).
    fn divide(&mut self, op: BinaryOp, a: Value, b: Value, c: i64, ty: Type) -> Step {
        let width = ty.bits();
        if c == 0 || (c == -1 && op == BinaryOp::Sdiv) {
            return Step::Keep;
        }
        let binary = |op, args| Step::Become(InstData::Binary { op, args });
        let unsigned = eval::truncate(c as u64, ty);
        match op {
            BinaryOp::Udiv if unsigned.is_power_of_two() => {
                let amount = self.constant(ty, unsigned.trailing_zeros().into());
                binary(BinaryOp::Lshr, [a, amount])
            }
            BinaryOp::Urem if unsigned.is_power_of_two() => {
                let mask = self.constant(ty, (unsigned - 1) as i64);
                binary(BinaryOp::And, [a, mask])
            }
            BinaryOp::Sdiv if c.unsigned_abs().is_power_of_two() && c != signed_min(ty) => {
                let log = c.unsigned_abs().trailing_zeros();
                let biased = self.biased(a, log, ty);
                let amount = self.constant(ty, log.into());
                if c > 0 {
                    return binary(BinaryOp::Ashr, [biased, amount]);
                }
                let args = [biased, amount];
                let quotient = self.emit(InstData::Binary { op: BinaryOp::Ashr, args }, ty);
                Step::Become(InstData::Unary { op: UnaryOp::Neg, arg: quotient })
            }
            // The remainder has the sign of the dividend, whatever the divisor's.
            BinaryOp::Srem if c.unsigned_abs().is_power_of_two() && c != signed_min(ty) => {
                let log = c.unsigned_abs().trailing_zeros();
                let biased = self.biased(a, log, ty);
                let mask = self.constant(ty, -1i64 << log);
                let args = [biased, mask];
                let multiple = self.emit(InstData::Binary { op: BinaryOp::And, args }, ty);
                binary(BinaryOp::Sub, [a, multiple])
            }
            _ if width < 32 || c == signed_min(ty) => Step::Keep,
            BinaryOp::Udiv => self.unsigned_quotient(a, unsigned, ty),
            BinaryOp::Sdiv => self.signed_quotient(a, c, ty),
            BinaryOp::Urem | BinaryOp::Srem => {
                let data = if op == BinaryOp::Urem {
                    self.unsigned_quotient(a, unsigned, ty)
                } else {
                    self.signed_quotient(a, c, ty)
                };
                let Step::Become(data) = data else { return Step::Keep };
                let quotient = self.emit(data, ty);
                let args = [quotient, b];
                let multiple = self.emit(InstData::Binary { op: BinaryOp::Mul, args }, ty);
                binary(BinaryOp::Sub, [a, multiple])
            }
            _ => Step::Keep,
        }
    }

    /// A dividend plus 2^log - 1 if it is negative, so that a shift rounds toward zero.
    fn biased(&mut self, a: Value, log: u32, ty: Type) -> Value {
        let width = ty.bits();
        let mut sign = a;
        if log > 1 {
            let last = self.constant(ty, (width - 1).into());
            sign = self.emit(InstData::Binary { op: BinaryOp::Ashr, args: [a, last] }, ty);
        }
        let amount = self.constant(ty, (width - log).into());
        let bias = self.emit(InstData::Binary { op: BinaryOp::Lshr, args: [sign, amount] }, ty);
        self.emit(InstData::Binary { op: BinaryOp::Add, args: [a, bias] }, ty)
    }

    fn unsigned_quotient(&mut self, a: Value, divisor: u64, ty: Type) -> Step {
        let width = ty.bits();
        let mut dividend = a;
        let mut magic = divide::unsigned(divisor, width);
        let twos = divisor.trailing_zeros();
        if magic.add && twos > 0 {
            // Halving first leaves room for the multiplier.
            let amount = self.constant(ty, twos.into());
            let args = [a, amount];
            dividend = self.emit(InstData::Binary { op: BinaryOp::Lshr, args }, ty);
            magic = divide::unsigned_below(divisor >> twos, width, width - twos);
        }
        let multiplier = self.constant(ty, magic.multiplier as i64);
        let args = [dividend, multiplier];
        if !magic.add && magic.shift == 0 {
            return Step::Become(InstData::Binary { op: BinaryOp::Umulhi, args });
        }
        let mut high = self.emit(InstData::Binary { op: BinaryOp::Umulhi, args }, ty);
        let mut shift = magic.shift;
        if magic.add {
            // The product's carry: (high + dividend) / 2 without overflow.
            let args = [dividend, high];
            let rest = self.emit(InstData::Binary { op: BinaryOp::Sub, args }, ty);
            let one = self.constant(ty, 1);
            let half = self.emit(InstData::Binary { op: BinaryOp::Lshr, args: [rest, one] }, ty);
            high = self.emit(InstData::Binary { op: BinaryOp::Add, args: [half, high] }, ty);
            shift -= 1;
        }
        let amount = self.constant(ty, shift.into());
        Step::Become(InstData::Binary { op: BinaryOp::Lshr, args: [high, amount] })
    }

    fn signed_quotient(&mut self, a: Value, divisor: i64, ty: Type) -> Step {
        let width = ty.bits();
        let magic = divide::signed(divisor, width);
        let multiplier = self.constant(ty, magic.multiplier);
        let args = [a, multiplier];
        let mut high = self.emit(InstData::Binary { op: BinaryOp::Smulhi, args }, ty);
        let correction = match (divisor > 0, magic.multiplier > 0) {
            (true, false) => Some(BinaryOp::Add),
            (false, true) => Some(BinaryOp::Sub),
            _ => None,
        };
        if let Some(op) = correction {
            high = self.emit(InstData::Binary { op, args: [high, a] }, ty);
        }
        if magic.shift > 0 {
            let amount = self.constant(ty, magic.shift.into());
            high = self.emit(InstData::Binary { op: BinaryOp::Ashr, args: [high, amount] }, ty);
        }
        let last = self.constant(ty, (width - 1).into());
        let sign = self.emit(InstData::Binary { op: BinaryOp::Lshr, args: [high, last] }, ty);
        Step::Become(InstData::Binary { op: BinaryOp::Add, args: [high, sign] })
    }

    fn float_binary(&mut self, op: BinaryOp, a: Value, b: Value, ty: Type) -> Step {
        let Some(InstData::FloatConst { bits }) = self.def(b) else { return Step::Keep };
        match op {
            // The reciprocal of a power of two is exact, so both round the same number; NaN come out alike, as the
            // constant is none.
            BinaryOp::Fdiv => match exact_reciprocal(bits, ty) {
                Some(bits) => {
                    let factor = self.emit(InstData::FloatConst { bits }, ty);
                    Step::Become(InstData::Binary { op: BinaryOp::Fmul, args: [a, factor] })
                }
                None => Step::Keep,
            },
            BinaryOp::Fmul if is_two(bits, ty) => {
                Step::Become(InstData::Binary { op: BinaryOp::Fadd, args: [a, a] })
            }
            _ => Step::Keep,
        }
    }
}

pub(super) fn signed_min(ty: Type) -> i64 {
    i64::MIN >> (64 - ty.bits())
}

pub(super) fn signed_max(ty: Type) -> i64 {
    i64::MAX >> (64 - ty.bits())
}

/// The bits of 1 / x, if x is a power of two and both are normal.
fn exact_reciprocal(bits: u64, ty: Type) -> Option<u64> {
    // The exponent field of 1.0 is `bias`; that of 1 / 2^e is 2 · bias minus that of 2^e.
    let (fraction, bias, sign) =
        if ty == Type::F32 { (23, 127, 1 << 31) } else { (52, 1023, 1u64 << 63) };
    let exponent = (bits & !sign) >> fraction;
    let normal = 1..2 * bias;
    (bits & ((1 << fraction) - 1) == 0 && normal.contains(&exponent))
        .then(|| (bits & sign) | ((2 * bias - exponent) << fraction))
}

fn is_two(bits: u64, ty: Type) -> bool {
    bits == if ty == Type::F32 { 2f32.to_bits().into() } else { 2f64.to_bits() }
}
