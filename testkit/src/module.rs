//! Makes random functions that keep every rule and always end, so that tests of any stage have something to chew on:
//! the same seed and shape give the same function on every host.
//!
//! A function reads and writes memory only in its own stack slots, which it first fills with zeros, and lets no
//! address out, so that its results are the same on every engine. It may trap.

mod chains;
mod families;

use ir::eval::sign_extend;
use ir::{
    BinaryOp, Block, Effect, Extend, FloatCC, FuncRef, Function, FunctionBuilder, IntCC, LoadKind,
    NarrowWidth, Signature, Span, StackSlot, StoreKind, TrapKind, Type, TypeRule, UnaryOp, Value,
    Var,
};

use crate::Random;
use crate::corners::corners;

pub use families::Families;

/// What a random function should be like.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    /// The name.
    pub name: String,
    /// The types of the parameters.
    pub params: Vec<Type>,
    /// The types of the results.
    pub results: Vec<Type>,
    /// How many blocks beside the entry.
    pub blocks: u32,
    /// About how many instructions a block has.
    pub insts: u32,
    /// How many mutable variables (one more counts the turns of loops, if there are blocks).
    pub vars: u32,
    /// How many stack slots.
    pub slots: u32,
    /// How many times loops may turn in all.
    pub turns: u32,
    /// The functions that may be called.
    pub callees: Vec<(String, Signature)>,
    /// `true` if values and blocks get names, and instructions source places.
    pub names: bool,
    /// The operations that not every engine has; none of them by default.
    pub families: Families,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            name: "random".to_owned(),
            params: vec![Type::I64, Type::I32, Type::F64],
            results: vec![Type::I64],
            blocks: 6,
            insts: 8,
            vars: 3,
            slots: 1,
            turns: 20,
            callees: Vec::new(),
            names: false,
            families: Families::NONE,
        }
    }
}

/// A random function. Called with any arguments, it ends after at most about `blocks * insts * turns` instructions.
#[must_use]
pub fn function(seed: u64, shape: &Shape) -> Function {
    let maker = Maker::new(seed, shape);
    maker.make()
}

/// Names that need quotes, and names that do not.
const NAMES: [&str; 8] = ["x", "acc", "a.b", "", "with space", "ünïcode", "quote\"\\", "0"];

/// A stack slot.
#[derive(Clone, Copy)]
struct Slot {
    slot: StackSlot,
    size: u64,
    align: u32,
}

struct Maker<'a> {
    shape: &'a Shape,
    random: Random,
    builder: FunctionBuilder,
    /// The values that may be used: those of the entry block, then those of the current block.
    values: Vec<(Value, Type)>,
    vars: Vec<(Var, Type)>,
    slots: Vec<Slot>,
    callees: Vec<(FuncRef, Signature)>,
    /// The blocks beside the entry, in order, with the types of their parameters.
    blocks: Vec<(Block, Vec<Type>)>,
    fuel: Option<Var>,
    /// Blocks without an end that nothing reaches, two by two: each leads to the other.
    endless: Vec<[Block; 2]>,
}

impl<'a> Maker<'a> {
    fn new(seed: u64, shape: &'a Shape) -> Self {
        let builder = FunctionBuilder::new(&shape.name);
        Self {
            shape,
            random: Random::new(seed),
            builder,
            values: Vec::new(),
            vars: Vec::new(),
            slots: Vec::new(),
            callees: Vec::new(),
            blocks: Vec::new(),
            fuel: None,
            endless: Vec::new(),
        }
    }

    fn make(mut self) -> Function {
        let shape = self.shape;
        for &ty in &shape.params {
            let param = self.builder.param(ty);
            self.keep(param);
        }
        let results: Vec<_> = shape.results.iter().map(|&ty| ty.into()).collect();
        self.builder.returns(&results);
        for (name, signature) in &shape.callees {
            let callee = self.builder.import(name, signature.clone());
            self.callees.push((callee, signature.clone()));
        }
        for _ in 0..shape.vars {
            let (name, ty) = (self.name(), self.ty());
            self.vars.push((self.builder.var(name, ty), ty));
        }
        for _ in 0..shape.slots {
            let size = 8 + 8 * self.random.below(4) as u64;
            let align = 1 << self.random.below(5);
            let slot = self.builder.slot(size, align);
            self.slots.push(Slot { slot, size, align });
            let (address, zero) =
                (self.builder.stack_addr(slot, 0), self.builder.iconst(Type::I64, 0));
            (0..size as i32)
                .step_by(8)
                .for_each(|offset| self.builder.store(zero, address, offset));
        }
        for _ in 0..shape.blocks {
            let name = self.name();
            let block = self.builder.block(name);
            let types = (0..self.random.below(4)).map(|_| self.ty()).collect();
            self.blocks.push((block, types));
        }
        if shape.blocks > 0 {
            let fuel = self.builder.var("fuel", Type::I64);
            self.builder.set(fuel, i64::from(shape.turns));
            self.fuel = Some(fuel);
        }
        self.body();
        self.end(0);
        let entry_values = self.values.len();
        for index in 0..self.blocks.len() {
            let (block, types) = self.blocks[index].clone();
            self.values.truncate(entry_values);
            for ty in types {
                let param = self.builder.block_param(block, ty);
                self.keep(param);
            }
            self.builder.switch_to(block);
            if self.random.once_in(6) {
                self.builder.cold(block);
            }
            self.body();
            self.end(index + 1);
        }
        for [one, other] in std::mem::take(&mut self.endless) {
            for (block, to) in [(one, other), (other, one)] {
                self.builder.switch_to(block);
                self.builder.jump(to);
            }
        }
        match self.builder.finish() {
            Ok(function) => function,
            // Not reached: the test of this module makes thousands.
            Err(_) => Function::new(&shape.name, Signature::default()),
        }
    }

    fn name(&mut self) -> &'static str {
        if self.shape.names { self.random.pick(&NAMES).unwrap_or("") } else { "" }
    }

    fn ty(&mut self) -> Type {
        let types: &[Type] = if self.shape.families.wide { &Type::ALL } else { &Type::WORDS };
        self.random.pick(types).unwrap_or(Type::I64)
    }

    fn keep(&mut self, value: Value) {
        if let Some(ty) = self.builder.value_type(value) {
            if self.shape.names && self.random.once_in(4) {
                let name = self.name();
                self.builder.name(value, name);
            }
            self.values.push((value, ty));
        }
    }

    /// A constant, most often from the corners of the type.
    fn constant(&mut self, ty: Type) -> Value {
        let word = match self.random.once_in(3) {
            true => self.random.word(ty),
            false => self.random.pick(&corners(ty)).unwrap_or(0),
        };
        match ty {
            Type::F32 => self.builder.f32const(f32::from_bits(word as u32)),
            Type::F64 => self.builder.f64const(f64::from_bits(word)),
            Type::I128 => self.wide_constant(),
            _ => self.builder.iconst(ty, sign_extend(word, ty)),
        }
    }

    /// A value of this type: most often one of the last that were made, else any, or a new constant.
    fn value(&mut self, ty: Type) -> Value {
        let fitting: Vec<Value> =
            self.values.iter().filter(|(_, other)| *other == ty).map(|&(value, _)| value).collect();
        let recent = match self.random.below(4) {
            0 | 1 => fitting.len().saturating_sub(2),
            _ => 0,
        };
        match self.random.pick(&fitting[recent..]) {
            Some(value) if !self.random.once_in(6) => value,
            _ => self.constant(ty),
        }
    }

    fn list(&mut self, types: &[Type]) -> Vec<Value> {
        types.iter().map(|&ty| self.value(ty)).collect()
    }

    fn body(&mut self) {
        // Some blocks stay empty.
        let count = match self.random.once_in(4) {
            true => 0,
            false => 1 + self.random.below(2 * self.shape.insts as usize),
        };
        for _ in 0..count {
            if self.shape.names {
                let (line, column) = (self.random.below(3) as u32, self.random.below(90) as u32);
                self.builder.at(Span::new(line, column));
            }
            self.inst();
        }
    }

    fn inst(&mut self) {
        if self.special() || (self.random.once_in(5) && self.chain()) {
            return;
        }
        let int = [Type::I8, Type::I16, Type::I32, Type::I64][self.random.below(4)];
        let float = [Type::F32, Type::F64][self.random.below(2)];
        let value = match self.random.below(16) {
            0..5 => self.binary(int, float),
            5..8 => self.unary(int, float),
            8 => {
                let cc = self.random.pick(IntCC::ALL).unwrap_or(IntCC::Eq);
                let (a, b) = (self.value(int), self.value(int));
                self.builder.icmp(cc, a, b)
            }
            9 => {
                let cc = self.random.pick(FloatCC::ALL).unwrap_or(FloatCC::Eq);
                let (a, b) = (self.value(float), self.value(float));
                self.builder.fcmp(cc, a, b)
            }
            10 => {
                let ty = self.ty();
                let (cond, a, b) = (self.value(int), self.value(ty), self.value(ty));
                self.builder.select(cond, a, b)
            }
            11 => {
                let (a, b, c) = (self.value(float), self.value(float), self.value(float));
                self.builder.fma(a, b, c)
            }
            12 => return self.variable(),
            13 => return self.memory(),
            14 => return self.call(),
            _ if self.random.once_in(8) => {
                let cond = self.value(int);
                let (zero, kind) = (self.constant(int), TrapKind::Assertion);
                return self.builder.trap_if(self.builder.icmp(IntCC::Eq, cond, zero), kind);
            }
            _ => {
                let ty = self.ty();
                self.constant(ty)
            }
        };
        self.keep(value);
    }

    fn binary(&mut self, int: Type, float: Type) -> Value {
        let op = self.random.pick(BinaryOp::ALL).unwrap_or(BinaryOp::Add);
        let ty = if op.info().rule == TypeRule::Float { float } else { int };
        let (a, mut b) = (self.value(ty), self.value(ty));
        // Most divisions should go well.
        if op.info().effect == Effect::MayTrap && !self.random.once_in(10) {
            b = self.builder.or(b, 1);
        }
        self.builder.binary(op, a, b)
    }

    fn unary(&mut self, int: Type, float: Type) -> Value {
        let mut op = self.random.pick(UnaryOp::ALL).unwrap_or(UnaryOp::Neg);
        if op.info().effect == Effect::MayTrap && !self.random.once_in(10) {
            op = UnaryOp::FloatToSintSat;
        }
        let narrower =
            |ty: Type| Type::WORDS.into_iter().filter(move |t| t.is_int() && t.bits() < ty.bits());
        let (from, to) = match op.info().rule {
            TypeRule::Int | TypeRule::AnyInt => (int, int),
            TypeRule::Float => (float, float),
            TypeRule::Widen if int == Type::I8 => (int, Type::I32),
            TypeRule::Widen => (narrower(int).next().unwrap_or(Type::I8), int),
            TypeRule::Narrow if int == Type::I8 => (Type::I64, int),
            TypeRule::Narrow => (int, narrower(int).next().unwrap_or(Type::I8)),
            TypeRule::Promote => (Type::F32, Type::F64),
            TypeRule::Demote => (Type::F64, Type::F32),
            TypeRule::IntToFloat => (int, float),
            TypeRule::FloatToInt => (float, int),
            _ if self.random.once_in(2) => (float, float.as_int()),
            _ => (float.as_int(), float),
        };
        let arg = self.value(from);
        self.builder.unary(op, to, arg)
    }

    fn variable(&mut self) {
        let Some((var, ty)) = self.random.pick(&self.vars) else { return };
        if self.random.once_in(2) {
            let value = self.builder.get(var);
            self.keep(value);
        } else {
            let value = self.value(ty);
            self.builder.set(var, value);
        }
    }

    /// A load or store inside a slot, some of its offset in the address, some in the access.
    fn memory(&mut self) {
        let Some(Slot { slot, size, align }) = self.random.pick(&self.slots) else { return };
        let ty = self.ty();
        let widths = [NarrowWidth::W8, NarrowWidth::W16, NarrowWidth::W32];
        let narrow = self.random.pick(&widths).filter(|width| {
            ty.is_word_int() && width.as_type().bits() < ty.bits() && self.random.once_in(2)
        });
        let bytes = narrow.map_or(ty, NarrowWidth::as_type).bytes();
        if u64::from(bytes) > size {
            return;
        }
        let at = self.random.below(size as usize + 1 - bytes as usize) as i32;
        let base = self.random.below(size as usize + 1) as i32;
        let address = self.builder.stack_addr(slot, base);
        let extend = if self.random.once_in(2) { Extend::Sign } else { Extend::Zero };
        let facts = self.facts(slot, align, at);
        if self.random.once_in(2) {
            let kind = narrow.map_or(LoadKind::Full, |width| LoadKind::Narrow(width, extend));
            let value = self.builder.load_with(ty, kind, facts, address, at - base);
            self.keep(value);
        } else {
            let value = self.value(ty);
            let kind = narrow.map_or(StoreKind::Full, StoreKind::Narrow);
            self.builder.store_with(kind, facts, value, address, at - base);
        }
    }

    fn call(&mut self) {
        let index = self.random.below(self.callees.len());
        let Some((callee, signature)) = self.callees.get(index).cloned() else { return };
        let types: Vec<Type> = signature.param_types().collect();
        let args = self.list(&types);
        for result in self.builder.call(callee, args.as_slice()) {
            self.keep(result);
        }
    }

    /// The terminator of the block `index`, where 0 is the entry: mostly to later blocks, sometimes back.
    fn end(&mut self, index: usize) {
        let later = self.blocks.len() - index;
        if later == 0 || self.random.once_in(12) {
            if self.tail_call() {
                return;
            }
            let results = self.list(&self.shape.results);
            return self.builder.ret(results.as_slice());
        }
        if self.random.once_in(16) {
            return self.end_beside_endless(index, later);
        }
        let int = [Type::I8, Type::I16, Type::I32, Type::I64][self.random.below(4)];
        // Close blocks more often than far ones, so that most are reached.
        let (next, other) =
            (index + self.random.below(later.min(2)), index + self.random.below(later));
        match self.random.below(5) {
            0 => {
                let (block, args) = self.target(next);
                self.builder.jump_with(block, args.as_slice());
            }
            1 | 2 => {
                let cond = self.value(int);
                let ((a, a_args), (b, b_args)) = (self.target(next), self.target(other));
                let (a_args, b_args) = (a_args.as_slice(), b_args.as_slice());
                match int {
                    Type::I16 => self.builder.guard(cond, a, a_args, b, b_args),
                    _ => self.builder.branch_with(cond, a, a_args, b, b_args),
                }
            }
            3 => {
                let Some(fuel) = self.fuel else { return self.builder.trap(TrapKind::Unreachable) };
                let any = self.random.below(self.blocks.len());
                let ((back, back_args), (on, on_args)) = (self.target(any), self.target(next));
                let left = self.builder.sub(fuel, 1);
                self.builder.set(fuel, left);
                let cond = self.builder.icmp(IntCC::Sgt, left, 0);
                self.builder.branch_with(cond, back, back_args.as_slice(), on, on_args.as_slice());
            }
            _ => {
                let index = self.value(int);
                let mut values = [(); 4].map(|()| sign_extend(self.random.word(int), int)).to_vec();
                values.sort_unstable();
                values.dedup();
                let (default, default_args) = self.target(other);
                let mut cases = Vec::new();
                for value in values {
                    let to = next + self.random.below(self.blocks.len() - next);
                    let (block, args) = self.target(to);
                    cases.push((value, block, args));
                }
                let cases: Vec<_> =
                    cases.iter().map(|(value, block, args)| (*value, *block, &args[..])).collect();
                self.builder.switch_with(index, default, &default_args, &cases);
            }
        }
    }

    /// A branch whose condition never holds leads to blocks that never end.
    fn end_beside_endless(&mut self, index: usize, later: usize) {
        let pair = [(); 2].map(|()| self.builder.block(""));
        self.endless.push(pair);
        let next = index + self.random.below(later);
        let (next, args) = self.target(next);
        let x = self.value(Type::I64);
        let never = self.builder.icmp(IntCC::Ult, x, 0);
        if self.random.once_in(2) {
            return self.builder.branch_with(never, pair[0], (), next, args.as_slice());
        }
        // Two ways in.
        let between = self.builder.block("");
        self.builder.branch_with(never, between, (), next, args.as_slice());
        self.builder.switch_to(between);
        let cond = self.value(Type::I8);
        self.builder.branch(cond, pair[0], pair[1]);
    }

    /// The block of this index after the entry, with arguments.
    fn target(&mut self, index: usize) -> (Block, Vec<Value>) {
        let (block, types) = self.blocks[index].clone();
        // Its parameters may not exist yet, so the types come from here.
        (block, self.list(&types))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_functions_keep_the_rules() {
        for seed in 0..600 {
            let types = [Type::F32, Type::I128];
            let shape = Shape {
                blocks: (seed % 12) as u32,
                names: seed % 2 == 0,
                callees: vec![
                    ("callee".into(), Signature::new(&types[..1], &[Type::I8, Type::F64])),
                    ("wide".into(), Signature::new(&types, &[Type::I64])),
                ],
                families: if seed % 3 == 0 { Families::NONE } else { Families::ALL },
                ..Shape::default()
            };
            let function = super::function(seed, &shape);
            assert!(function.layout().len() as u32 > shape.blocks, "seed {seed}");
            ir::verify_function(&function).unwrap();
            assert_eq!(function, super::function(seed, &shape));
        }
    }
}
