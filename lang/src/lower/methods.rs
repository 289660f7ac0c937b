//! The instructions of each method in the table of [`crate::methods`].

use ir::{FloatCC, IntCC, OverflowOp, TrapKind, Type, Value};

use super::ops::{Right, int_cc};
use super::{Addr, Flow, Lower, one};
use crate::methods::{Arith, Ascii, FloatOp, IntOp, Op, SliceOp};
use crate::tree::{BinOp, Expr};
use crate::ty::{FloatTy, IntTy, Ty};

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
        let scalars = || values.iter().map(|values| one(values)).collect::<Vec<Value>>();
        match op {
            Op::Slice(op) => {
                let of = self.pointee_of(ty);
                let lens = (values[0][0], values[0][1]);
                Ok(self.slice_method(op, of, lens, &values[1..]))
            }
            Op::MemSwap => {
                let of = self.pointee_of(ty);
                let at = |values: &[Value]| Addr { base: values[0], offset: 0 };
                self.swap(at(&values[0]), at(&values[1]), of);
                Ok(Vec::new())
            }
            Op::FromBits => {
                let to = self.float_of(expr.ty).to_ir();
                Ok(vec![self.b.bitcast(to, one(&values[0]))])
            }
            Op::InRange { closed } => {
                let v = scalars();
                let below = if closed { BinOp::Le } else { BinOp::Lt };
                let low = self.operate(BinOp::Le, v[0], Right::any(v[2], ty), ty);
                let high = self.operate(below, v[2], Right::any(v[1], ty), ty);
                Ok(vec![self.b.and(low, high)])
            }
            Op::Float(op) => Ok(vec![self.float_method(op, &scalars(), self.float_of(ty))]),
            Op::Int(IntOp::Overflowing(op)) => {
                let v = scalars();
                let (result, wrong) = self.overflowing(op, v[0], v[1], self.int_of(ty));
                Ok(vec![result, wrong])
            }
            Op::Int(op) => Ok(vec![self.int_method(op, &scalars(), args)]),
        }
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

    /// A method whose result is one scalar, of values `v` of these expressions.
    fn int_method(&mut self, op: IntOp, v: &[Value], args: &'p [Expr]) -> Value {
        use IntOp as I;
        let ty = args[0].ty;
        let int = self.int_of(ty);
        let leaf = int.to_ir();
        let signed = int.signed();
        let x = v[0];
        let b = &self.b;
        let inverted_if = |inverted: bool| if inverted { b.not(x) } else { x };
        match op {
            I::Binary(op) => {
                let right = if op.is_shift() { Ty::U32 } else { ty };
                self.operate(op, x, Right::any(v[1], right), ty)
            }
            I::Overflowing(_) => unreachable!("it has two results"),
            I::Same => x,
            I::Neg => b.neg(x),
            I::WrappingDiv if int.is_wide() => self.divide_wrapping(BinOp::Div, x, v[1], int),
            I::WrappingRem if int.is_wide() => self.divide_wrapping(BinOp::Rem, x, v[1], int),
            I::WrappingDiv if !signed => b.udiv(x, v[1]),
            I::WrappingDiv => {
                // MIN / -1 wraps to MIN, which is what the negation of MIN is.
                let minus_one = b.icmp(IntCC::Eq, v[1], -1);
                let one = b.iconst(leaf, 1);
                let divisor = b.select(minus_one, one, v[1]);
                let quotient = b.sdiv(x, divisor);
                let negated = b.neg(x);
                b.select(minus_one, negated, quotient)
            }
            I::WrappingRem if signed => b.srem(x, v[1]),
            I::WrappingRem => b.urem(x, v[1]),
            I::Saturating(op) => self.saturating(op, x, v[1], int),
            I::RotateLeft | I::RotateRight => {
                let amount = self.resize_amount(v[1], Ty::U32, leaf);
                self.rotate(x, amount, leaf, op == I::RotateLeft)
            }
            I::CountOnes | I::CountZeros => {
                let x = inverted_if(op == I::CountZeros);
                self.to_u32(self.popcnt(x, leaf), leaf)
            }
            I::LeadingZeros | I::LeadingOnes => {
                let x = inverted_if(op == I::LeadingOnes);
                self.to_u32(self.clz(x, leaf), leaf)
            }
            I::TrailingZeros | I::TrailingOnes => {
                let x = inverted_if(op == I::TrailingOnes);
                self.to_u32(self.ctz(x, leaf), leaf)
            }
            I::SwapBytes => self.reversed(x, leaf, false),
            I::ReverseBits => self.reversed(x, leaf, true),
            I::Pow | I::WrappingPow => self.power(x, v[1], leaf),
            I::Ilog2 => {
                let bad = b.icmp(if signed { IntCC::Sle } else { IntCC::Eq }, x, 0);
                b.trap_if(bad, TrapKind::Panic);
                let zeros = self.clz(x, leaf);
                let top = b.iconst(leaf, i64::from(int.bits() - 1));
                let log = b.sub(top, zeros);
                self.to_u32(log, leaf)
            }
            I::Abs | I::WrappingAbs | I::UnsignedAbs => self.abs(x, leaf),
            I::Signum => {
                let positive = b.icmp(IntCC::Sgt, x, 0);
                let negative = b.icmp(IntCC::Slt, x, 0);
                let sign = b.sub(positive, negative);
                if leaf == Type::I8 { sign } else { b.sext(leaf, sign) }
            }
            I::IsPositive => b.icmp(IntCC::Sgt, x, 0),
            I::IsNegative => b.icmp(IntCC::Slt, x, 0),
            I::Min => self.extreme(BinOp::Lt, x, v[1], int),
            I::Max => self.extreme(BinOp::Gt, x, v[1], int),
            I::Clamp => {
                let reversed = b.icmp(int_cc(BinOp::Gt, signed), v[1], v[2]);
                b.trap_if(reversed, TrapKind::Assertion);
                let raised = self.extreme(BinOp::Gt, x, v[1], int);
                self.extreme(BinOp::Lt, raised, v[2], int)
            }
            I::RemEuclid | I::DivEuclid => self.euclidean(op == I::DivEuclid, x, v[1], args),
            I::AbsDiff => {
                let less = b.icmp(int_cc(BinOp::Lt, signed), x, v[1]);
                let up = b.sub(v[1], x);
                let down = b.sub(x, v[1]);
                b.select(less, up, down)
            }
            I::IsPowerOfTwo => {
                let ones = self.popcnt(x, leaf);
                b.icmp(IntCC::Eq, ones, 1)
            }
            I::NextPowerOfTwo => self.next_power_of_two(x, leaf),
            I::DivCeil => {
                let quotient = self.operate(BinOp::Div, x, Right::any(v[1], ty), ty);
                let rest = self.operate(BinOp::Rem, x, Right::any(v[1], ty), ty);
                let more = self.b.icmp(IntCC::Ne, rest, 0);
                let up = self.b.add(quotient, 1);
                self.b.select(more, up, quotient)
            }
            I::Ascii(op) => self.ascii(op, x),
        }
    }

    fn next_power_of_two(&mut self, x: Value, leaf: Type) -> Value {
        let b = &self.b;
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

    /// `div_euclid` or `rem_euclid`.
    fn euclidean(&mut self, quotient: bool, x: Value, y: Value, args: &'p [Expr]) -> Value {
        let ty = args[0].ty;
        let int = self.int_of(ty);
        let op = if quotient { BinOp::Div } else { BinOp::Rem };
        let truncated = self.operate(op, x, Right::new(y, &args[1]), ty);
        if !int.signed() {
            return truncated;
        }
        let rest = match (quotient, int.is_wide()) {
            (false, _) => truncated,
            (true, true) => self.divide_wrapping(BinOp::Rem, x, y, int),
            (true, false) => self.b.srem(x, y),
        };
        let negative = self.b.icmp(IntCC::Slt, rest, 0);
        let rounded = if quotient {
            let positive = self.b.icmp(IntCC::Sgt, y, 0);
            let below = self.b.sub(truncated, 1);
            let above = self.b.add(truncated, 1);
            self.b.select(positive, below, above)
        } else {
            let size = self.abs(y, int.to_ir());
            self.b.add(rest, size)
        };
        self.b.select(negative, rounded, truncated)
    }

    fn ascii(&mut self, op: Ascii, x: Value) -> Value {
        match op {
            Ascii::IsDigit => self.between(x, b'0', b'9'),
            Ascii::IsLower => self.between(x, b'a', b'z'),
            Ascii::IsUpper => self.between(x, b'A', b'Z'),
            Ascii::IsAlphabetic => self.alphabetic(x),
            Ascii::IsAlphanumeric => {
                let letter = self.alphabetic(x);
                let digit = self.between(x, b'0', b'9');
                self.b.or(letter, digit)
            }
            Ascii::IsWhitespace => {
                let space = self.b.icmp(IntCC::Eq, x, i64::from(b' '));
                // Tab, line feed, form feed, carriage return; not the vertical tab.
                let control = self.between(x, b'\t', b'\r');
                let not_vertical = self.b.icmp(IntCC::Ne, x, 0x0b);
                let control = self.b.and(control, not_vertical);
                self.b.or(space, control)
            }
            Ascii::ToLower => {
                let upper = self.between(x, b'A', b'Z');
                let lower = self.b.or(x, 0x20);
                self.b.select(upper, lower, x)
            }
            Ascii::ToUpper => {
                let lower = self.between(x, b'a', b'z');
                let upper = self.b.and(x, !0x20i64);
                self.b.select(lower, upper, x)
            }
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
    fn overflowing(&mut self, op: Arith, x: Value, y: Value, int: IntTy) -> (Value, Value) {
        let signed = int.signed();
        let b = &self.b;
        if !int.is_wide() {
            let op = match (op, signed) {
                (Arith::Add, true) => OverflowOp::SaddOverflow,
                (Arith::Add, false) => OverflowOp::UaddOverflow,
                (Arith::Sub, true) => OverflowOp::SsubOverflow,
                (Arith::Sub, false) => OverflowOp::UsubOverflow,
                (Arith::Mul, true) => OverflowOp::SmulOverflow,
                (Arith::Mul, false) => OverflowOp::UmulOverflow,
            };
            return b.overflow(op, x, y);
        }
        // The IR's own operations end at 64 bits.
        let result = match op {
            Arith::Add => b.add(x, y),
            Arith::Sub => b.sub(x, y),
            Arith::Mul => return self.multiply_overflowing(x, y, signed),
        };
        let wrong = match (op, signed) {
            (Arith::Add, false) => b.icmp(IntCC::Ult, result, x),
            (_, false) => b.icmp(IntCC::Ult, x, y),
            // The result has another sign than `x`, as a sum of two of one sign must not, and a difference of two of
            // different signs neither.
            (_, true) => {
                let other = if op == Arith::Add { b.xor(y, result) } else { b.xor(x, y) };
                let signs = b.and(b.xor(x, result), other);
                b.icmp(IntCC::Slt, signs, 0)
            }
        };
        (result, wrong)
    }

    fn saturating(&mut self, op: Arith, x: Value, y: Value, int: IntTy) -> Value {
        let (result, wrong) = self.overflowing(op, x, y, int);
        let leaf = int.to_ir();
        let (min, max) = (self.int_const(leaf, int.min()), self.int_const(leaf, int.max_bits()));
        let limit = match (op, int.signed()) {
            (Arith::Sub, false) => min,
            (_, false) => max,
            (_, true) => {
                let signs = if op == Arith::Mul { self.b.xor(x, y) } else { x };
                let negative = self.b.icmp(IntCC::Slt, signs, 0);
                self.b.select(negative, min, max)
            }
        };
        self.b.select(wrong, limit, result)
    }

    // ---- Floats ----

    fn float_const(&self, value: f64, float: FloatTy) -> Value {
        match float {
            FloatTy::F32 => self.b.f32const(value as f32),
            FloatTy::F64 => self.b.f64const(value),
        }
    }

    fn float_method(&mut self, op: FloatOp, v: &[Value], float: FloatTy) -> Value {
        use FloatOp as F;
        let x = v[0];
        let leaf = float.to_ir();
        let b = &self.b;
        match op {
            F::Abs => b.fabs(x),
            F::Signum => {
                let one = self.float_const(1.0, float);
                let sign = b.fcopysign(one, x);
                let nan = b.fcmp(FloatCC::Uno, x, x);
                b.select(nan, x, sign)
            }
            F::Min => b.fminnum(x, v[1]),
            F::Max => b.fmaxnum(x, v[1]),
            F::Clamp => {
                let fine = b.fcmp(FloatCC::Le, v[1], v[2]);
                let bad = b.xor(fine, 1);
                b.trap_if(bad, TrapKind::Panic);
                let low = b.fcmp(FloatCC::Lt, x, v[1]);
                let raised = b.select(low, v[1], x);
                let high = b.fcmp(FloatCC::Gt, raised, v[2]);
                b.select(high, v[2], raised)
            }
            F::Sqrt => b.fsqrt(x),
            F::Floor => b.ffloor(x),
            F::Ceil => b.fceil(x),
            F::Round => b.fround(x),
            F::RoundTiesEven => b.fnearest(x),
            F::Trunc => b.ftrunc(x),
            F::Fract => {
                let whole = b.ftrunc(x);
                b.fsub(x, whole)
            }
            F::MulAdd => b.fma(x, v[1], v[2]),
            F::Copysign => b.fcopysign(x, v[1]),
            F::Recip => {
                let one = self.float_const(1.0, float);
                self.b.fdiv(one, x)
            }
            F::ToDegrees => {
                // The constants of the standard library, which for `f32` has one of its own.
                let factor = match float {
                    FloatTy::F32 => self.b.f32const(57.295_78_f32),
                    FloatTy::F64 => self.b.f64const(180.0 / std::f64::consts::PI),
                };
                self.b.fmul(x, factor)
            }
            F::ToRadians => {
                let factor = match float {
                    FloatTy::F32 => self.b.f32const(std::f32::consts::PI / 180.0),
                    FloatTy::F64 => self.b.f64const(std::f64::consts::PI / 180.0),
                };
                self.b.fmul(x, factor)
            }
            F::RemEuclid => {
                let rest = self.fmod(x, v[1], float);
                let zero = self.float_const(0.0, float);
                let negative = self.b.fcmp(FloatCC::Lt, rest, zero);
                let size = self.b.fabs(v[1]);
                let raised = self.b.fadd(rest, size);
                self.b.select(negative, raised, rest)
            }
            F::DivEuclid => {
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
            F::ToBits => b.bitcast(leaf.as_int(), x),
            F::IsNan => b.fcmp(FloatCC::Uno, x, x),
            F::IsInfinite | F::IsFinite => {
                let size = b.fabs(x);
                let infinity = self.float_const(f64::INFINITY, float);
                let cc = if op == F::IsInfinite { FloatCC::Eq } else { FloatCC::Lt };
                self.b.fcmp(cc, size, infinity)
            }
            F::IsSignNegative | F::IsSignPositive => {
                let bits = b.bitcast(leaf.as_int(), x);
                let cc = if op == F::IsSignNegative { IntCC::Slt } else { IntCC::Sge };
                b.icmp(cc, bits, 0)
            }
        }
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
