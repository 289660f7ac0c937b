//! The instructions of each method in the table of [`crate::methods`].

use ir::{FloatCC, IntCC, TrapKind, Type, Value};

use super::ops::int_cc;
use super::{Addr, Flow, Lower};
use crate::methods::Op;
use crate::tree::{BinOp, Expr, ExprKind};
use crate::ty::{FloatTy, IntTy, Ty, TyKind};

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn method(&mut self, expr: &'p Expr, op: Op, args: &'p [Expr]) -> Flow<Vec<Value>> {
        let Some(first) = args.first() else { return Ok(Vec::new()) };
        let mut values = Vec::new();
        for arg in args {
            values.push(self.generate(arg, None)?);
        }
        self.at(expr.place);
        if let Some((_, to)) = self.types.as_ref(first.ty) {
            return Ok(self.slice_method(op, to, args, &values));
        }
        let flat: Vec<Value> =
            values.into_iter().filter_map(|leaves| leaves.first().copied()).collect();
        if op == Op::FromBits {
            let to = self
                .leaves(expr.ty)
                .and_then(|leaves| leaves.first().copied())
                .unwrap_or(Type::F64);
            return Ok(vec![self.b.bitcast(to, flat[0])]);
        }
        if let Op::InRange | Op::InRangeInclusive = op {
            let (above, below) = match op {
                Op::InRange => (BinOp::Le, BinOp::Lt),
                _ => (BinOp::Le, BinOp::Le),
            };
            let low = self.operate(above, flat[0], flat[2], first.ty, first.ty, None);
            let high = self.operate(below, flat[2], flat[1], first.ty, first.ty, None);
            return Ok(vec![self.b.and(low, high)]);
        }
        if let Some(float) = self.types.as_float(first.ty) {
            return Ok(vec![self.float_method(op, &flat, float)]);
        }
        let int = match self.types.kind(first.ty) {
            TyKind::Int(int) => *int,
            TyKind::Char => IntTy::U32,
            _ => IntTy::U8,
        };
        if let Op::OverflowingAdd | Op::OverflowingSub | Op::OverflowingMul = op {
            return Ok(self.overflowing(op, flat[0], flat[1], int));
        }
        let constant = args.get(1).filter(|arg| matches!(arg.kind, ExprKind::Int(_)));
        Ok(vec![self.int_method(op, &flat, int, first.ty, constant)])
    }

    fn int_method(
        &mut self,
        op: Op,
        v: &[Value],
        int: IntTy,
        ty: Ty,
        constant: Option<&'p Expr>,
    ) -> Value {
        let leaf = int.to_ir();
        let signed = int.signed();
        let u32 = self.types.u32;
        let x = v[0];
        let zero = |b: &ir::FunctionBuilder| b.iconst(leaf, 0);
        let b = &self.b;
        match op {
            Op::Binary(op) => {
                let right = if op.is_shift() { u32 } else { ty };
                self.operate(op, x, v[1], ty, right, None)
            }
            Op::Same => x,
            Op::Neg => b.neg(x),
            Op::WrappingDiv if int.is_wide() => self.divide_wrapping(BinOp::Div, x, v[1], int),
            Op::WrappingRem if int.is_wide() => self.divide_wrapping(BinOp::Rem, x, v[1], int),
            Op::WrappingDiv => {
                if !signed {
                    return b.udiv(x, v[1]);
                }
                // MIN / -1 wraps to MIN, which is what the negation of MIN is.
                let minus_one = b.icmp(IntCC::Eq, v[1], -1);
                let one = b.iconst(leaf, 1);
                let divisor = b.select(minus_one, one, v[1]);
                let quotient = b.sdiv(x, divisor);
                let negated = b.neg(x);
                b.select(minus_one, negated, quotient)
            }
            Op::WrappingRem if signed => b.srem(x, v[1]),
            Op::WrappingRem => b.urem(x, v[1]),
            Op::SaturatingAdd | Op::SaturatingSub | Op::SaturatingMul => {
                self.saturating(op, x, v[1], int)
            }
            Op::RotateLeft | Op::RotateRight => {
                let amount = self.resize_amount(v[1], u32, leaf);
                self.rotate(x, amount, leaf, op == Op::RotateLeft)
            }
            Op::CountOnes => self.to_u32(self.popcnt(x, leaf), leaf),
            Op::CountZeros => {
                let inverted = b.not(x);
                self.to_u32(self.popcnt(inverted, leaf), leaf)
            }
            Op::LeadingZeros => self.to_u32(self.clz(x, leaf), leaf),
            Op::LeadingOnes => {
                let inverted = b.not(x);
                self.to_u32(self.clz(inverted, leaf), leaf)
            }
            Op::TrailingZeros => self.to_u32(self.ctz(x, leaf), leaf),
            Op::TrailingOnes => {
                let inverted = b.not(x);
                self.to_u32(self.ctz(inverted, leaf), leaf)
            }
            Op::SwapBytes => self.reversed(x, leaf, false),
            Op::ReverseBits => self.reversed(x, leaf, true),
            Op::Pow => self.power(x, v[1], leaf),
            Op::Ilog2 => {
                let bad = b.icmp(if signed { IntCC::Sle } else { IntCC::Eq }, x, 0);
                b.trap_if(bad, TrapKind::Panic);
                let zeros = self.clz(x, leaf);
                let top = b.iconst(leaf, i64::from(int.bits() - 1));
                let log = b.sub(top, zeros);
                self.to_u32(log, leaf)
            }
            Op::Abs | Op::UnsignedAbs => self.abs(x, leaf),
            Op::Signum => {
                let positive = b.icmp(IntCC::Sgt, x, 0);
                let negative = b.icmp(IntCC::Slt, x, 0);
                let sign = b.sub(positive, negative);
                if leaf == Type::I8 { sign } else { b.sext(leaf, sign) }
            }
            Op::IsPositive => b.icmp(IntCC::Sgt, x, 0),
            Op::IsNegative => b.icmp(IntCC::Slt, x, 0),
            Op::Min => self.extreme(BinOp::Lt, x, v[1], int),
            Op::Max => self.extreme(BinOp::Gt, x, v[1], int),
            Op::Clamp => {
                let reversed = b.icmp(int_cc(BinOp::Gt, signed), v[1], v[2]);
                b.trap_if(reversed, TrapKind::Assertion);
                let raised = self.extreme(BinOp::Gt, x, v[1], int);
                self.extreme(BinOp::Lt, raised, v[2], int)
            }
            Op::RemEuclid => {
                let rest = self.operate(BinOp::Rem, x, v[1], ty, ty, constant);
                if !signed {
                    return rest;
                }
                let negative = self.b.icmp(IntCC::Slt, rest, 0);
                let size = self.abs(v[1], leaf);
                let raised = self.b.add(rest, size);
                self.b.select(negative, raised, rest)
            }
            Op::DivEuclid => {
                let quotient = self.operate(BinOp::Div, x, v[1], ty, ty, constant);
                if !signed {
                    return quotient;
                }
                let rest = if int.is_wide() {
                    self.divide_wrapping(BinOp::Rem, x, v[1], int)
                } else {
                    self.b.srem(x, v[1])
                };
                let negative = self.b.icmp(IntCC::Slt, rest, 0);
                let positive = self.b.icmp(IntCC::Sgt, v[1], 0);
                let below = self.b.sub(quotient, 1);
                let above = self.b.add(quotient, 1);
                let rounded = self.b.select(positive, below, above);
                self.b.select(negative, rounded, quotient)
            }
            Op::AbsDiff => {
                let less = b.icmp(int_cc(BinOp::Lt, signed), x, v[1]);
                let up = b.sub(v[1], x);
                let down = b.sub(x, v[1]);
                b.select(less, up, down)
            }
            Op::IsPowerOfTwo => {
                let ones = self.popcnt(x, leaf);
                b.icmp(IntCC::Eq, ones, 1)
            }
            Op::NextPowerOfTwo => {
                // One more than the ones below the top bit of x - 1. It wraps to 0, as in Rust's release builds.
                let small = b.icmp(IntCC::Ule, x, 1);
                let below = b.sub(x, 1);
                let zeros = self.clz(below, leaf);
                let ones = b.iconst(leaf, -1);
                let mask = b.lshr(ones, zeros);
                let next = b.add(mask, 1);
                let one = b.iconst(leaf, 1);
                b.select(small, one, next)
            }
            Op::DivCeil => {
                let quotient = self.operate(BinOp::Div, x, v[1], ty, ty, None);
                let rest = self.operate(BinOp::Rem, x, v[1], ty, ty, None);
                let more = self.b.icmp(IntCC::Ne, rest, 0);
                let up = self.b.add(quotient, 1);
                self.b.select(more, up, quotient)
            }
            Op::AsciiDigit => self.between(x, b'0', b'9'),
            Op::AsciiLower => self.between(x, b'a', b'z'),
            Op::AsciiUpper => self.between(x, b'A', b'Z'),
            Op::AsciiAlphabetic => self.alphabetic(x),
            Op::AsciiAlphanumeric => {
                let letter = self.alphabetic(x);
                let digit = self.between(x, b'0', b'9');
                self.b.or(letter, digit)
            }
            Op::AsciiWhitespace => {
                let space = b.icmp(IntCC::Eq, x, i64::from(b' '));
                // Tab, line feed, form feed, carriage return; not the vertical tab.
                let control = self.between(x, b'\t', b'\r');
                let not_vertical = self.b.icmp(IntCC::Ne, x, 0x0b);
                let control = self.b.and(control, not_vertical);
                self.b.or(space, control)
            }
            Op::ToAsciiLower => {
                let upper = self.between(x, b'A', b'Z');
                let lower = self.b.or(x, 0x20);
                self.b.select(upper, lower, x)
            }
            Op::ToAsciiUpper => {
                let lower = self.between(x, b'a', b'z');
                let upper = self.b.and(x, !0x20i64);
                self.b.select(lower, upper, x)
            }
            _ => zero(b),
        }
    }

    fn between(&mut self, x: Value, lo: u8, hi: u8) -> Value {
        let distance = self.b.sub(x, i64::from(lo));
        self.b.icmp(IntCC::Ule, distance, i64::from(hi - lo))
    }

    fn alphabetic(&mut self, x: Value) -> Value {
        let lower = self.b.or(x, 0x20);
        self.between(lower, b'a', b'z')
    }

    /// A count in the type of the value, as a `u32`.
    fn to_u32(&self, count: Value, leaf: Type) -> Value {
        match leaf {
            Type::I64 | Type::I128 => self.b.trunc(Type::I32, count),
            Type::I32 => count,
            _ => self.b.zext(Type::I32, count),
        }
    }

    /// Exponentiation by squaring; every intermediate value wraps, and so does the result.
    fn power(&mut self, base: Value, exponent: Value, leaf: Type) -> Value {
        let (result, square, left) =
            (self.b.var("", leaf), self.b.var("", leaf), self.b.var("", Type::I32));
        let (head, inside, odd, next, done) = (
            self.b.block("pow"),
            self.b.block("body"),
            self.b.block("odd"),
            self.b.block("next"),
            self.b.block("done"),
        );
        self.b.set(result, 1);
        self.b.set(square, base);
        self.b.set(left, exponent);
        self.b.jump(head);
        self.b.switch_to(head);
        let remaining = self.b.get(left);
        self.b.branch(remaining, inside, done);
        self.b.switch_to(inside);
        let bit = self.b.and(remaining, 1);
        self.b.branch(bit, odd, next);
        self.b.switch_to(odd);
        self.b.set(result, self.b.mul(result, square));
        self.b.jump(next);
        self.b.switch_to(next);
        self.b.set(square, self.b.mul(square, square));
        self.b.set(left, self.b.lshr(remaining, 1));
        self.b.jump(head);
        self.b.switch_to(done);
        self.b.get(result)
    }

    /// The wrapped result and whether it is wrong.
    fn overflowing(&mut self, op: Op, x: Value, y: Value, int: IntTy) -> Vec<Value> {
        let signed = int.signed();
        let leaf = int.to_ir();
        let b = &self.b;
        match op {
            Op::OverflowingAdd => {
                let sum = b.add(x, y);
                let over = if signed {
                    // Both operands have the sign that the sum has not.
                    let signs = b.and(b.xor(x, sum), b.xor(y, sum));
                    b.icmp(IntCC::Slt, signs, 0)
                } else {
                    b.icmp(IntCC::Ult, sum, x)
                };
                vec![sum, over]
            }
            Op::OverflowingSub => {
                let difference = b.sub(x, y);
                let over = if signed {
                    let signs = b.and(b.xor(x, y), b.xor(x, difference));
                    b.icmp(IntCC::Slt, signs, 0)
                } else {
                    b.icmp(IntCC::Ult, x, y)
                };
                vec![difference, over]
            }
            _ if int.is_wide() => self.multiply_overflowing(x, y, signed),
            _ => {
                let product = b.mul(x, y);
                let over = if signed {
                    let high = b.smulhi(x, y);
                    let sign = b.ashr(product, i64::from(leaf.bits() - 1));
                    b.icmp(IntCC::Ne, high, sign)
                } else {
                    let high = b.umulhi(x, y);
                    b.icmp(IntCC::Ne, high, 0)
                };
                vec![product, over]
            }
        }
    }

    fn saturating(&mut self, op: Op, x: Value, y: Value, int: IntTy) -> Value {
        let plain = match op {
            Op::SaturatingAdd => Op::OverflowingAdd,
            Op::SaturatingSub => Op::OverflowingSub,
            _ => Op::OverflowingMul,
        };
        let result = self.overflowing(plain, x, y, int);
        let leaf = int.to_ir();
        let (min, max) = (self.int_const(leaf, int.min()), self.int_const(leaf, int.max_bits()));
        let limit = match (op, int.signed()) {
            (Op::SaturatingSub, false) => min,
            (_, false) => max,
            (Op::SaturatingMul, true) => {
                let signs = self.b.xor(x, y);
                let negative = self.b.icmp(IntCC::Slt, signs, 0);
                self.b.select(negative, min, max)
            }
            (_, true) => {
                let negative = self.b.icmp(IntCC::Slt, x, 0);
                self.b.select(negative, min, max)
            }
        };
        self.b.select(result[1], limit, result[0])
    }

    // ---- Floats ----

    fn float_const(&self, value: f64, float: FloatTy) -> Value {
        match float {
            FloatTy::F32 => self.b.f32const(value as f32),
            FloatTy::F64 => self.b.f64const(value),
        }
    }

    fn float_method(&mut self, op: Op, v: &[Value], float: FloatTy) -> Value {
        let x = v[0];
        let leaf = float.to_ir();
        let b = &self.b;
        match op {
            Op::FloatAbs => b.fabs(x),
            Op::FloatSignum => {
                let one = self.float_const(1.0, float);
                let sign = b.fcopysign(one, x);
                let nan = b.fcmp(FloatCC::Uno, x, x);
                b.select(nan, x, sign)
            }
            Op::FloatMin => b.fminnum(x, v[1]),
            Op::FloatMax => b.fmaxnum(x, v[1]),
            Op::FloatClamp => {
                let fine = b.fcmp(FloatCC::Le, v[1], v[2]);
                let bad = b.xor(fine, 1);
                b.trap_if(bad, TrapKind::Panic);
                let low = b.fcmp(FloatCC::Lt, x, v[1]);
                let raised = b.select(low, v[1], x);
                let high = b.fcmp(FloatCC::Gt, raised, v[2]);
                b.select(high, v[2], raised)
            }
            Op::Sqrt => b.fsqrt(x),
            Op::Floor => b.ffloor(x),
            Op::Ceil => b.fceil(x),
            Op::Round => b.fround(x),
            Op::RoundTiesEven => b.fnearest(x),
            Op::Trunc => b.ftrunc(x),
            Op::Fract => {
                let whole = b.ftrunc(x);
                b.fsub(x, whole)
            }
            Op::MulAdd => b.fma(x, v[1], v[2]),
            Op::Copysign => b.fcopysign(x, v[1]),
            Op::Recip => {
                let one = self.float_const(1.0, float);
                self.b.fdiv(one, x)
            }
            Op::ToDegrees => {
                // The constants of the standard library, which for `f32` has one of its own.
                let factor = match float {
                    FloatTy::F32 => self.b.f32const(57.295_78_f32),
                    FloatTy::F64 => self.b.f64const(180.0 / std::f64::consts::PI),
                };
                self.b.fmul(x, factor)
            }
            Op::ToRadians => {
                let factor = match float {
                    FloatTy::F32 => self.b.f32const(std::f32::consts::PI / 180.0),
                    FloatTy::F64 => self.b.f64const(std::f64::consts::PI / 180.0),
                };
                self.b.fmul(x, factor)
            }
            Op::FloatRemEuclid => {
                let rest = self.fmod(x, v[1], float);
                let zero = self.float_const(0.0, float);
                let negative = self.b.fcmp(FloatCC::Lt, rest, zero);
                let size = self.b.fabs(v[1]);
                let raised = self.b.fadd(rest, size);
                self.b.select(negative, raised, rest)
            }
            Op::FloatDivEuclid => {
                let quotient = self.b.fdiv(x, v[1]);
                let quotient = self.b.ftrunc(quotient);
                let rest = self.fmod(x, v[1], float);
                let (zero, one) = (self.float_const(0.0, float), self.float_const(1.0, float));
                let negative = self.b.fcmp(FloatCC::Lt, rest, zero);
                let positive = self.b.fcmp(FloatCC::Gt, v[1], zero);
                let below = self.b.fsub(quotient, one);
                let above = self.b.fadd(quotient, one);
                let rounded = self.b.select(positive, below, above);
                self.b.select(negative, rounded, quotient)
            }
            Op::ToBits => b.bitcast(leaf.as_int(), x),
            Op::IsNan => b.fcmp(FloatCC::Uno, x, x),
            Op::IsInfinite | Op::IsFinite => {
                let size = b.fabs(x);
                let infinity = self.float_const(f64::INFINITY, float);
                let cc = if op == Op::IsInfinite { FloatCC::Eq } else { FloatCC::Lt };
                self.b.fcmp(cc, size, infinity)
            }
            Op::IsSignNegative | Op::IsSignPositive => {
                let bits = b.bitcast(leaf.as_int(), x);
                let cc = if op == Op::IsSignNegative { IntCC::Slt } else { IntCC::Sge };
                b.icmp(cc, bits, 0)
            }
            _ => x,
        }
    }

    // ---- Slices ----

    /// A method whose receiver is a reference to a slice, array or `str`.
    fn slice_method(
        &mut self,
        op: Op,
        to: Ty,
        args: &'p [Expr],
        values: &[Vec<Value>],
    ) -> Vec<Value> {
        let (base, item) = match self.types.kind(to) {
            TyKind::Slice(item) => (values[0][0], *item),
            _ => (values[0][0], to),
        };
        if op == Op::MemSwap {
            let (a, b) = (Addr { base, offset: 0 }, Addr { base: values[1][0], offset: 0 });
            self.swap(a, b, to);
            return Vec::new();
        }
        let Some(&len) = values[0].get(1) else { return Vec::new() };
        let size = self.size(item);
        let start = Addr { base, offset: 0 };
        match op {
            Op::Len => return vec![len],
            Op::IsEmpty => return vec![self.b.icmp(IntCC::Eq, len, 0)],
            Op::AsBytes => return values[0].clone(),
            Op::Swap => {
                let (i, j) = (values[1][0], values[2][0]);
                for index in [i, j] {
                    let outside = self.b.icmp(IntCC::Uge, index, len);
                    self.b.trap_if(outside, TrapKind::IndexOutOfBounds);
                }
                let (a, b) = (self.element(start, i, size), self.element(start, j, size));
                self.swap(a, b, item);
            }
            Op::Fill => {
                if self.leaves(item).is_some() {
                    self.fill_slice(base, len, item, &values[1]);
                } else if let Some(value) = args.get(1) {
                    // A large value: made once more in a temporary, which cannot fail a second time.
                    if let Ok(from) = self.address(value) {
                        let end = self.b.mul(len, size as i64);
                        self.counted(end, size.max(1) as i64, |lower, at| {
                            let to = Addr { base: lower.b.add(base, at), offset: 0 };
                            lower.copy(to, from, size);
                        });
                    }
                }
            }
            Op::Reverse => {
                let half = self.b.lshr(len, 1);
                let last = self.b.sub(len, 1);
                self.counted(half, 1, |lower, at| {
                    let mirrored = lower.b.sub(last, at);
                    let (a, b) =
                        (lower.element(start, at, size), lower.element(start, mirrored, size));
                    lower.swap(a, b, item);
                });
            }
            Op::CopyFromSlice => {
                let (from, from_len) = (values[1][0], values[1][1]);
                let different = self.b.icmp(IntCC::Ne, len, from_len);
                self.b.trap_if(different, TrapKind::Panic);
                let bytes = self.b.mul(len, size as i64);
                self.copy_dynamic(base, from, bytes);
            }
            Op::SplitAt => {
                let middle = values[1][0];
                let outside = self.b.icmp(IntCC::Ugt, middle, len);
                self.b.trap_if(outside, TrapKind::Panic);
                let second = self.element(start, middle, size);
                let rest = self.b.sub(len, middle);
                return vec![base, middle, second.base, rest];
            }
            _ => {}
        }
        Vec::new()
    }
}
