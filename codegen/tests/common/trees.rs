//! Random functions made of expression trees, whose values have one use each: what instruction selection folds. Constants
//! are those at the edges of immediates, shift amounts and masks.

use ir::{
    BinaryOp, Extend, FloatCC, Function, FunctionBuilder, IntCC, NarrowWidth, StackSlot, TrapKind,
    Type, UnaryOp, Value,
};
use testkit::Random;

const INTS: [Type; 4] = [Type::I8, Type::I16, Type::I32, Type::I64];

/// Bytes of the stack slot that addresses point into.
const SLOT: i32 = 4096;

struct Trees {
    random: Random,
    b: FunctionBuilder,
    params: Vec<(Value, Type)>,
    slot: StackSlot,
    result: Type,
}

/// A function with a few trees: the value of one is returned, others decide branches, traps and what is in memory.
pub(crate) fn function(seed: u64) -> Function {
    let mut random = Random::new(seed);
    let b = FunctionBuilder::new("trees");
    let mut params = Vec::new();
    for _ in 0..5 {
        let ty = random.pick(&Type::WORDS).unwrap_or(Type::I64);
        params.push((b.param(ty), ty));
    }
    let result = random.pick(&Type::WORDS).unwrap_or(Type::I64);
    b.returns(&[result.into()]);
    let slot = b.slot(SLOT as u64, 16);
    let (base, zero) =
        (b.stack_addr(slot, 0), b.iconst(Type::I64, 0x8182_8384_f5f6_f7f8_u64 as i64));
    // Only what the short offsets reach is filled; the rest is not read.
    (0..64).step_by(8).for_each(|offset| b.store(zero, base, offset));
    let mut trees = Trees { random, b, params, slot, result };
    for _ in 0..trees.random.below(3) {
        trees.statement();
    }
    let value = trees.tree(result, 5);
    trees.b.ret(value);
    trees.b.finish().expect("trees keep the rules")
}

impl Trees {
    fn int(&mut self) -> Type {
        self.random.pick(&INTS).unwrap_or(Type::I64)
    }

    fn statement(&mut self) {
        match self.random.below(4) {
            0 => {
                let cond = self.condition(3);
                self.b.trap_if(cond, TrapKind::Assertion);
            }
            1 => {
                let cond = self.condition(3);
                let (yes, no) = (self.b.block(""), self.b.block(""));
                self.b.branch(cond, yes, no);
                self.b.switch_to(yes);
                let value = self.tree(self.result, 2);
                self.b.ret(value);
                self.b.switch_to(no);
            }
            2 => {
                let ty = self.random.pick(&Type::WORDS).unwrap_or(Type::I64);
                let (value, (addr, offset)) = (self.tree(ty, 2), self.address());
                self.b.store(value, addr, offset);
            }
            _ => {
                let ty = self.int();
                let index = self.tree(ty, 3);
                let result = self.result;
                let blocks: Vec<_> = (0..6).map(|_| self.b.block("")).collect();
                let first = i64::from(self.random.bits() as i8);
                let step = 1 + self.random.below(9) as i64;
                let cases: Vec<_> = (0..self.random.below(6))
                    .map(|i| {
                        let value = first.wrapping_add(step * i as i64);
                        (ir::eval::sign_extend(value as u64 & ty.mask(), ty), blocks[i])
                    })
                    .collect();
                self.b.switch(index, blocks[5], &cases);
                for block in &blocks[..5] {
                    self.b.switch_to(*block);
                    let value = self.tree(result, 1);
                    self.b.ret(value);
                }
                self.b.switch_to(blocks[5]);
            }
        }
    }

    /// A number at the edge of something.
    fn number(&mut self, ty: Type) -> i64 {
        let shift = self.random.below(ty.bits() as usize) as u32;
        let bits = match self.random.below(8) {
            0 => self.random.bits() % 5,
            1 => (self.random.bits() % 5).wrapping_neg(),
            2 => 1 << shift,
            3 => (1 << shift) - 1,
            4 => !((1_u64 << shift) - 1),
            5 => 4095 + self.random.bits() % 3,
            6 => (4095 + self.random.bits() % 3).wrapping_neg() << (self.random.below(2) * 12),
            _ => self.random.word(ty),
        };
        ir::eval::sign_extend(bits & ty.mask(), ty)
    }

    fn leaf(&mut self, ty: Type) -> Value {
        let fitting: Vec<Value> =
            self.params.iter().filter(|(_, other)| *other == ty).map(|&(value, _)| value).collect();
        match self.random.pick(&fitting) {
            Some(value) if !self.random.once_in(4) => value,
            _ if ty == Type::F32 => {
                let bits = self.random.word(ty) as u32;
                self.b.f32const(f32::from_bits(bits))
            }
            _ if ty == Type::F64 => {
                let bits = self.random.word(ty);
                self.b.f64const(f64::from_bits(bits))
            }
            _ if self.random.once_in(2) => {
                // Any parameter, converted.
                let (value, from) = self.random.pick(&self.params).expect("there are parameters");
                self.converted(value, from, ty)
            }
            _ => {
                let number = self.number(ty);
                self.b.iconst(ty, number)
            }
        }
    }

    fn converted(&mut self, value: Value, from: Type, to: Type) -> Value {
        if from == to {
            return value;
        }
        let op = match (from.is_float(), to.is_float()) {
            (false, false) if from.bits() > to.bits() => UnaryOp::Trunc,
            (false, false) if self.random.once_in(2) => UnaryOp::Sext,
            (false, false) => UnaryOp::Zext,
            (true, false) if from.bits() == to.bits() => UnaryOp::Bitcast,
            (true, false) if self.random.once_in(2) => UnaryOp::FloatToSintSat,
            (true, false) => UnaryOp::FloatToUintSat,
            (false, true) if self.random.once_in(2) => UnaryOp::SintToFloat,
            (false, true) => UnaryOp::UintToFloat,
            (true, true) if from == Type::F32 => UnaryOp::Fpromote,
            (true, true) => UnaryOp::Fdemote,
        };
        self.b.unary(op, to, value)
    }

    fn tree(&mut self, ty: Type, depth: u32) -> Value {
        if depth == 0 || self.random.once_in(8) {
            return self.leaf(ty);
        }
        if ty.is_float() {
            return self.float_tree(ty, depth - 1);
        }
        let depth = depth - 1;
        use BinaryOp::{Add, And, Ashr, Lshr, Mul, Or, Rotl, Rotr, Shl, Smax, Sub, Umin, Xor};
        match self.random.below(13) {
            12 => {
                // Bits of two values side by side, or almost.
                let left = self.random.below(ty.bits() as usize + 1) as i64;
                let right = i64::from(ty.bits()) - left + i64::from(self.random.once_in(6));
                let (a, b) = (self.tree(ty, depth), self.tree(ty, depth));
                let high = self.b.shl(a, self.b.iconst(ty, left));
                let low = self.b.binary(Lshr, b, self.b.iconst(ty, right));
                self.b.or(high, low)
            }
            0..5 => {
                let ops = [Add, Add, Sub, Sub, Mul, And, Or, Xor, Smax, Umin];
                let op = self.random.pick(&ops).unwrap_or(Add);
                let (a, b) = (self.tree(ty, depth), self.tree(ty, depth));
                self.b.binary(op, a, b)
            }
            5..7 => {
                let op = self.random.pick(&[Shl, Shl, Lshr, Ashr, Rotl, Rotr]).unwrap_or(Shl);
                let a = self.tree(ty, depth);
                let amount = if self.random.once_in(4) {
                    self.tree(ty, depth)
                } else {
                    let amount = self.random.below(2 * ty.bits() as usize) as i64;
                    self.b.iconst(ty, ir::eval::sign_extend(amount as u64 & ty.mask(), ty))
                };
                self.b.binary(op, a, amount)
            }
            7 => {
                let ops = [
                    UnaryOp::Neg,
                    UnaryOp::Not,
                    UnaryOp::Abs,
                    UnaryOp::Clz,
                    UnaryOp::Ctz,
                    UnaryOp::Cls,
                    UnaryOp::Bswap,
                    UnaryOp::Bitrev,
                ];
                let op = self.random.pick(&ops).unwrap_or(UnaryOp::Neg);
                let a = self.tree(ty, depth);
                self.b.unary(op, ty, a)
            }
            8 => {
                let from = self.int();
                let a = self.tree(from, depth);
                self.converted(a, from, ty)
            }
            9 => {
                let (cond, a, b) =
                    (self.condition(depth), self.tree(ty, depth), self.tree(ty, depth));
                self.b.select(cond, a, b)
            }
            10 => {
                let (addr, offset) = self.address();
                let widths = [(NarrowWidth::W8, 8), (NarrowWidth::W16, 16), (NarrowWidth::W32, 32)];
                let extend = if self.random.once_in(2) { Extend::Zero } else { Extend::Sign };
                match self.random.pick(&widths) {
                    Some((width, bits)) if bits < ty.bits() => {
                        self.b.load_narrow(ty, width, extend, addr, offset)
                    }
                    _ => self.b.load(ty, addr, offset),
                }
            }
            _ => {
                let ops = [BinaryOp::Sdiv, BinaryOp::Udiv, BinaryOp::Srem, BinaryOp::Urem];
                let op = self.random.pick(&ops).unwrap_or(BinaryOp::Udiv);
                let a = self.tree(ty, depth);
                let number = self.number(ty);
                self.b.binary(op, a, self.b.iconst(ty, number))
            }
        }
    }

    fn float_tree(&mut self, ty: Type, depth: u32) -> Value {
        match self.random.below(6) {
            0..3 => {
                let ops = [BinaryOp::Fadd, BinaryOp::Fsub, BinaryOp::Fmul, BinaryOp::Fmin];
                let op = self.random.pick(&ops).unwrap_or(BinaryOp::Fadd);
                let (a, b) = (self.tree(ty, depth), self.tree(ty, depth));
                self.b.binary(op, a, b)
            }
            3 => {
                let a = self.tree(ty, depth);
                self.b.unary(UnaryOp::Fneg, ty, a)
            }
            4 => {
                let (a, b, c) = (self.tree(ty, depth), self.tree(ty, depth), self.tree(ty, depth));
                self.b.fma(a, b, c)
            }
            _ => {
                let (cond, a, b) =
                    (self.condition(depth), self.tree(ty, depth), self.tree(ty, depth));
                self.b.select(cond, a, b)
            }
        }
    }

    /// What a branch looks at.
    fn condition(&mut self, depth: u32) -> Value {
        let int = self.int();
        match self.random.below(7) {
            0 => {
                let cc = self.random.pick(FloatCC::ALL).unwrap_or(FloatCC::Eq);
                let ty = if self.random.once_in(2) { Type::F32 } else { Type::F64 };
                let a = self.tree(ty, depth.min(1));
                let b = if self.random.once_in(3) {
                    self.b.binary(BinaryOp::Fsub, a, a)
                } else {
                    self.tree(ty, depth.min(1))
                };
                self.b.fcmp(cc, a, b)
            }
            1 => self.tree(int, depth),
            2 => {
                let cond = self.condition(depth.saturating_sub(1));
                let cc = if self.random.once_in(2) { IntCC::Eq } else { IntCC::Ne };
                let zero = self.zero_of(cond);
                self.b.icmp(cc, cond, zero)
            }
            3 => {
                let (a, number) = (self.tree(int, depth), self.number(int));
                let masked = self.b.and(a, self.b.iconst(int, number));
                let cc = if self.random.once_in(2) { IntCC::Eq } else { IntCC::Ne };
                self.b.icmp(cc, masked, self.b.iconst(int, 0))
            }
            _ => {
                let cc = self.random.pick(IntCC::ALL).unwrap_or(IntCC::Eq);
                let a = self.tree(int, depth);
                let b = if self.random.once_in(2) {
                    let number = self.number(int);
                    self.b.iconst(int, number)
                } else {
                    self.tree(int, depth)
                };
                self.b.icmp(cc, a, b)
            }
        }
    }

    fn zero_of(&mut self, value: Value) -> Value {
        let ty = self.b.value_type(value).unwrap_or(Type::I8);
        self.b.iconst(ty, 0)
    }

    /// An address inside the filled part of the slot, computed in ways that addressing modes know.
    fn address(&mut self) -> (Value, i32) {
        const REACH: i64 = 48;
        let base = self.b.stack_addr(self.slot, 0);
        // An index from 0 to 3.
        let narrow = if self.random.once_in(2) { Type::I32 } else { Type::I64 };
        let raw = self.tree(narrow, 1);
        let index = self.b.and(raw, self.b.iconst(narrow, 3));
        let index = match narrow {
            Type::I64 => index,
            _ if self.random.once_in(2) => self.b.unary(UnaryOp::Sext, Type::I64, index),
            _ => self.b.unary(UnaryOp::Zext, Type::I64, index),
        };
        let index = match self.random.below(5) {
            shift @ 0..4 => self.b.shl(index, self.b.iconst(Type::I64, shift as i64 % 4)),
            _ => self.b.mul(index, self.b.iconst(Type::I64, 8)),
        };
        let sum = match self.random.below(4) {
            0 => base,
            1 => self.b.add(index, base),
            _ => self.b.add(base, index),
        };
        // The way to the place may lead far away and back.
        let far = match self.random.below(4) {
            0 => 0,
            1 => self.number(Type::I32),
            2 => 4096 * self.random.below(9) as i64,
            _ => self.random.below(24) as i64,
        };
        let near = self.random.below(8) as i64;
        match i32::try_from(near - far) {
            Ok(offset) if far != 0 => (self.b.add(sum, self.b.iconst(Type::I64, far)), offset),
            _ => (sum, near.min(REACH) as i32),
        }
    }
}
