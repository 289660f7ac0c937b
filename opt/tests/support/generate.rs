//! Random functions, made of a stream of bytes: well typed, always ending, with loops, traps, memory and calls of
//! variables. The same bytes make the same function, and fewer or smaller bytes a simpler one, so that a failure shrinks.

use ir::{
    BinaryOp, Block, Extend, FloatCC, FuncRef, Function, FunctionBuilder, IntCC, Module,
    NarrowWidth, Signature, StackSlot, TrapKind, Type, UnaryOp, Value, Var,
};

/// Bytes as choices; zeros when they are used up.
struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    fn below(&mut self, limit: usize) -> usize {
        self.byte() as usize % limit
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn is_used_up(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

const TYPES: [Type; 6] = Type::WORDS;
const VARS_PER_TYPE: usize = 3;
/// Words of 8 bytes in the stack slot.
const SLOT_WORDS: i64 = 8;
/// How often all loops together may go around.
const FUEL: i64 = 60;

struct Generator<'a> {
    choices: Choices<'a>,
    b: FunctionBuilder,
    vars: Vec<(Type, Vec<Var>)>,
    fuel: Var,
    slot: StackSlot,
    out_of_fuel: Block,
    callee: Option<FuncRef>,
    /// The loops around this place: where `continue` and `break` lead.
    loops: Vec<(Block, Block)>,
    /// Values that dominate this place, by nesting; used without variables.
    values: Vec<Value>,
}

/// The parameters of every generated function.
pub(crate) const PARAMS: [Type; 6] =
    [Type::I64, Type::I64, Type::I32, Type::I8, Type::F64, Type::F32];

/// A function with variables, whose results are what all variables and the stack slot hold at the end.
pub(crate) fn function(bytes: &[u8]) -> Function {
    named("random", bytes, None)
}

/// A module of which each function may call the one before it; the last is called `random`.
pub(crate) fn module(bytes: &[u8]) -> Module {
    let mut module = Module::new();
    let (first, rest) = bytes.split_at(bytes.len() / 8);
    let (second, rest) = rest.split_at(rest.len() / 4);
    for func in [
        named("first", first, None),
        named("second", second, Some("first")),
        named("random", rest, Some("second")),
    ] {
        module.add_function(func).expect("names differ");
    }
    module
}

fn named(name: &str, bytes: &[u8], callee: Option<&str>) -> Function {
    let b = FunctionBuilder::new(name);
    let signature = Signature::new(&PARAMS, &[&TYPES[..], &[Type::I64]].concat());
    let callee = callee.map(|callee| b.import(callee, signature));
    let params: Vec<Value> = PARAMS.iter().map(|&ty| b.param(ty)).collect();
    let vars = TYPES
        .iter()
        .map(|&ty| (ty, (0..VARS_PER_TYPE).map(|n| b.var(&format!("{ty}_{n}"), ty)).collect()))
        .collect();
    let fuel = b.var("fuel", Type::I64);
    let slot = b.slot(SLOT_WORDS as u64 * 8, 8);
    let out_of_fuel = b.block("out_of_fuel");
    b.set(fuel, FUEL);
    let base = b.stack_addr(slot, 0);
    for word in 0..SLOT_WORDS {
        b.store(params[word as usize % 2], base, word as i32 * 8);
    }
    let choices = Choices { bytes, at: 0 };
    let values = params.clone();
    let mut generator =
        Generator { choices, b, vars, fuel, slot, out_of_fuel, callee, loops: Vec::new(), values };
    for (index, &param) in params.iter().enumerate() {
        let var = generator.var(PARAMS[index]);
        generator.b.set(var, param);
    }
    let mut soup = generator.choices.below(3) == 2;
    while !generator.choices.is_used_up() {
        if std::mem::take(&mut soup) {
            generator.goto_soup();
        } else {
            generator.statement(0);
        }
    }
    generator.finish()
}

impl Generator<'_> {
    fn finish(self) -> Function {
        let b = self.b;
        b.jump(self.out_of_fuel);
        b.switch_to(self.out_of_fuel);
        let mut results: Vec<Value> = self
            .vars
            .iter()
            .map(|(ty, vars)| {
                // All variables of a type, mixed so that each matters.
                vars[1..].iter().fold(b.get(vars[0]), |all, &var| {
                    if ty.is_float() {
                        let bits = b.bitcast(ty.as_int(), var);
                        let all = b.bitcast(ty.as_int(), all);
                        b.bitcast(*ty, b.xor(b.rotl(all, 7), bits))
                    } else {
                        b.xor(b.rotl(all, 3), var)
                    }
                })
            })
            .collect();
        let base = b.stack_addr(self.slot, 0);
        let memory = (0..SLOT_WORDS).fold(b.iconst(Type::I64, 0), |all, word| {
            b.xor(b.rotl(all, 5), b.load(Type::I64, base, word as i32 * 8))
        });
        results.push(memory);
        b.ret(&results[..]);
        b.finish().expect("generated functions are valid")
    }

    fn var(&mut self, ty: Type) -> Var {
        let n = self.choices.below(VARS_PER_TYPE);
        self.vars.iter().find(|(t, _)| *t == ty).expect("every type has variables").1[n]
    }

    /// A value of a type: a variable, a constant, a value at hand, or something computed.
    fn value(&mut self, ty: Type, depth: usize) -> Value {
        match self.choices.below(if depth < 3 { 10 } else { 4 }) {
            0 => {
                let var = self.var(ty);
                self.b.get(var)
            }
            1 => self.constant(ty),
            2 => {
                let fitting: Vec<Value> = self
                    .values
                    .iter()
                    .copied()
                    .filter(|&v| self.b.value_type(v) == Some(ty))
                    .collect();
                if fitting.is_empty() { self.constant(ty) } else { self.choices.of(&fitting) }
            }
            3 => {
                let var = self.var(ty);
                self.b.get(var)
            }
            4 | 5 => self.binary(ty, depth),
            6 => self.unary(ty, depth),
            7 => {
                let cond = self.condition(depth + 1);
                let (a, b) = (self.value(ty, depth + 1), self.value(ty, depth + 1));
                self.b.select(cond, a, b)
            }
            8 if ty == Type::I8 => self.condition(depth + 1),
            8 if ty.is_float() => {
                let args = [(); 3].map(|()| self.value(ty, depth + 1));
                self.b.fma(args[0], args[1], args[2])
            }
            _ => self.load(ty, depth),
        }
    }

    fn constant(&mut self, ty: Type) -> Value {
        const INTS: [i64; 18] =
            [0, 1, -1, 2, 3, 4, 5, 7, 8, 10, 60, 63, 255, 100, 641, -7, i64::MIN, i64::MAX];
        const FLOATS: [f64; 9] = [0.0, -0.0, 1.0, 2.0, 0.5, 3.25, f64::INFINITY, f64::NAN, -1e300];
        let choice = self.choices.byte() as usize;
        if ty.is_int() {
            let imm = INTS[choice % INTS.len()];
            self.b.iconst(
                ty,
                imm >> if imm.unsigned_abs() > 1000 { 64 - ty.bits() } else { 0 } as i64
                    | if ty == Type::I8 && imm > 127 { -128 } else { 0 },
            )
        } else if ty == Type::F32 {
            self.b.f32const(FLOATS[choice % FLOATS.len()] as f32)
        } else {
            self.b.f64const(FLOATS[choice % FLOATS.len()])
        }
    }

    fn binary(&mut self, ty: Type, depth: usize) -> Value {
        let ops: Vec<BinaryOp> = BinaryOp::ALL
            .iter()
            .copied()
            .filter(|op| {
                matches!(op.info().rule, ir::TypeRule::Int | ir::TypeRule::AnyInt) == ty.is_int()
            })
            .collect();
        let mut op = self.choices.of(&ops);
        let a = self.value(ty, depth + 1);
        let b = self.value(ty, depth + 1);
        // Division by what is not a constant traps often; do it seldom.
        if op.info().effect != ir::Effect::Pure && self.choices.below(4) == 0 {
            op = BinaryOp::Add;
        }
        let b = if op.info().effect != ir::Effect::Pure && self.choices.below(8) != 0 {
            self.constant(ty)
        } else {
            b
        };
        self.b.binary(op, a, b)
    }

    fn unary(&mut self, ty: Type, depth: usize) -> Value {
        let op = self.choices.of(UnaryOp::ALL);
        let from = self.choices.of(&TYPES);
        let fits = match op.info().rule {
            ir::TypeRule::Int | ir::TypeRule::AnyInt => ty.is_int().then_some(ty),
            ir::TypeRule::Float => ty.is_float().then_some(ty),
            ir::TypeRule::Widen => {
                (ty.is_int() && from.is_int() && from.bits() < ty.bits()).then_some(from)
            }
            ir::TypeRule::Narrow => {
                (ty.is_int() && from.is_int() && from.bits() > ty.bits()).then_some(from)
            }
            ir::TypeRule::Promote => (ty == Type::F64).then_some(Type::F32),
            ir::TypeRule::Demote => (ty == Type::F32).then_some(Type::F64),
            ir::TypeRule::IntToFloat => (ty.is_float() && from.is_int()).then_some(from),
            ir::TypeRule::FloatToInt => (ty.is_int() && from.is_float()).then_some(from),
            ir::TypeRule::Bitcast => (ty.bits() >= 32).then_some(match ty {
                Type::I32 => Type::F32,
                Type::F32 => Type::I32,
                Type::I64 => Type::F64,
                _ => Type::I64,
            }),
            _ => None,
        };
        match fits {
            Some(from) => {
                let arg = self.value(from, depth + 1);
                self.b.unary(op, ty, arg)
            }
            None => self.constant(ty),
        }
    }

    fn condition(&mut self, depth: usize) -> Value {
        let ty = self.choices.of(&TYPES);
        let (a, b) = (self.value(ty, depth + 1), self.value(ty, depth + 1));
        if ty.is_int() {
            let cc = self.choices.of(IntCC::ALL);
            self.b.icmp(cc, a, b)
        } else {
            let cc = self.choices.of(FloatCC::ALL);
            self.b.fcmp(cc, a, b)
        }
    }

    /// An address inside the slot where 8 bytes can be accessed, by a checked or a constant index.
    fn address(&mut self, depth: usize) -> (Value, i32) {
        let b = &self.b;
        let base = b.stack_addr(self.slot, 0);
        if self.choices.below(2) == 0 {
            return (base, self.choices.below(SLOT_WORDS as usize) as i32 * 8);
        }
        let index = self.value(Type::I64, depth + 1);
        let b = &self.b;
        let index = if self.choices.below(3) == 0 {
            b.trap_if(b.icmp(IntCC::Uge, index, SLOT_WORDS), TrapKind::IndexOutOfBounds);
            index
        } else {
            b.and(index, SLOT_WORDS - 1)
        };
        (b.add(base, b.mul(index, 8)), 0)
    }

    fn load(&mut self, ty: Type, depth: usize) -> Value {
        let (addr, offset) = self.address(depth);
        if ty.is_int() && ty.bits() > 8 && self.choices.below(2) == 0 {
            let extend = self.choices.of(&[Extend::Zero, Extend::Sign]);
            return self.b.load_narrow(ty, NarrowWidth::W8, extend, addr, offset);
        }
        self.b.load(ty, addr, offset)
    }

    fn statement(&mut self, depth: usize) {
        match self.choices.below(if depth < 3 { 15 } else { 6 }) {
            0..=2 => {
                let ty = self.choices.of(&TYPES);
                let value = self.value(ty, 0);
                let var = self.var(ty);
                self.b.set(var, value);
                if self.values.len() < 40 {
                    self.values.push(value);
                }
            }
            3 | 4 => {
                let ty = self.choices.of(&TYPES);
                let value = self.value(ty, 1);
                let (addr, offset) = self.address(1);
                self.b.store(value, addr, offset);
            }
            5 => {
                // Mostly not taken, so that something comes after it.
                let (x, c) = (self.value(Type::I64, 2), self.choices.byte());
                let cond = self.b.icmp(IntCC::Eq, x, i64::from(c) + 1000);
                let cond = if c < 8 { self.condition(2) } else { cond };
                self.b.trap_if(cond, self.choices.of(&[TrapKind::Assertion, TrapKind::Panic]));
            }
            6 | 7 => self.if_statement(depth),
            8 | 9 => self.counted_loop(depth),
            10 => self.while_loop(depth),
            11 if !self.loops.is_empty() => {
                let (next, end) = self.choices.of(&self.loops.clone());
                let cond = self.condition(1);
                let on = self.b.block("");
                let target = if self.choices.below(2) == 0 { end } else { next };
                self.b.branch(cond, target, on);
                self.b.switch_to(on);
            }
            12 => self.switch(depth),
            13 if self.callee.is_some() => self.call(),
            _ => self.body(depth + 1),
        }
    }

    fn body(&mut self, depth: usize) {
        let values = self.values.len();
        for _ in 0..1 + self.choices.below(4) {
            if self.choices.is_used_up() {
                break;
            }
            self.statement(depth);
        }
        self.values.truncate(values);
    }

    fn if_statement(&mut self, depth: usize) {
        let cond = self.condition(1);
        let (then, other, join) = (self.b.block("then"), self.b.block("else"), self.b.block(""));
        self.b.branch(cond, then, other);
        self.b.switch_to(then);
        self.body(depth + 1);
        self.b.jump(join);
        self.b.switch_to(other);
        if self.choices.below(2) == 1 {
            self.body(depth + 1);
        }
        self.b.jump(join);
        self.b.switch_to(join);
    }

    fn call(&mut self) {
        let Some(callee) = self.callee else { return };
        let args = PARAMS.map(|ty| self.value(ty, 2));
        let results = self.b.call(callee, args);
        for (&ty, result) in TYPES.iter().zip(results) {
            let var = self.var(ty);
            self.b.set(var, result);
        }
    }

    fn switch(&mut self, depth: usize) {
        let index = self.value(Type::I32, 1);
        let (join, first) = (self.b.block(""), self.b.block("case"));
        let second = self.b.block("case");
        self.b.switch(index, join, &[(0, first), (1, second), (7, first), (-1, join)]);
        for case in [first, second] {
            self.b.switch_to(case);
            self.body(depth + 1);
            self.b.jump(join);
        }
        self.b.switch_to(join);
    }

    /// Leaves the function if the fuel is used up; goes on in a new block.
    fn burn(&mut self) {
        let b = &self.b;
        let left = b.sub(self.fuel, 1);
        b.set(self.fuel, left);
        let on = b.block("");
        b.branch(b.icmp(IntCC::Slt, left, 0), self.out_of_fuel, on);
        b.switch_to(on);
    }

    /// `for i in 0..n`, with `i` at hand, over a constant or a variable length.
    fn counted_loop(&mut self, depth: usize) {
        let i = self.b.var("i", Type::I64);
        let n = if self.choices.below(2) == 0 {
            self.b.iconst(Type::I64, SLOT_WORDS)
        } else {
            self.value(Type::I64, 2)
        };
        let (head, body, next, end) =
            (self.b.block("head"), self.b.block("body"), self.b.block("next"), self.b.block("end"));
        self.b.set(i, 0);
        self.b.jump(head);
        self.b.switch_to(head);
        let cc = self.choices.of(&[IntCC::Slt, IntCC::Ult]);
        self.b.branch(self.b.icmp(cc, i, n), body, end);
        self.b.switch_to(body);
        self.burn();
        self.loops.push((next, end));
        let at_hand = self.values.len();
        let now = self.b.get(i);
        self.values.push(now);
        if self.choices.below(2) == 0 {
            // What a loop over an array does.
            let b = &self.b;
            b.trap_if(b.icmp(IntCC::Uge, i, SLOT_WORDS), TrapKind::IndexOutOfBounds);
            let addr = b.add(b.stack_addr(self.slot, 0), b.mul(i, 8));
            let var = self.var(Type::I64);
            self.b.set(var, self.b.add(var, self.b.load(Type::I64, addr, 0)));
            let value = self.value(Type::I64, 2);
            self.b.store(value, addr, 0);
        }
        self.body(depth + 1);
        self.values.truncate(at_hand);
        self.loops.pop();
        self.b.jump(next);
        self.b.switch_to(next);
        self.b.set(i, self.b.add(i, 1));
        self.b.jump(head);
        self.b.switch_to(end);
    }

    fn while_loop(&mut self, depth: usize) {
        let (head, body, end) = (self.b.block("head"), self.b.block("body"), self.b.block("end"));
        self.b.jump(head);
        self.b.switch_to(head);
        self.burn();
        let cond = self.condition(1);
        self.b.branch(cond, body, end);
        self.b.switch_to(body);
        self.loops.push((head, end));
        self.body(depth + 1);
        self.loops.pop();
        self.b.jump(head);
        self.b.switch_to(end);
    }

    /// Blocks that jump anywhere among each other: irreducible loops, unreachable blocks, critical edges.
    fn goto_soup(&mut self) {
        let count = 2 + self.choices.below(6);
        let blocks: Vec<Block> = (0..=count).map(|_| self.b.block("soup")).collect();
        self.b.jump(blocks[0]);
        let (end, values) = (blocks[count], self.values.len());
        for &block in &blocks[..count] {
            self.b.switch_to(block);
            self.burn();
            for _ in 0..self.choices.below(4) {
                self.statement(3);
            }
            self.values.truncate(values);
            let (to, other) = (self.choices.of(&blocks), self.choices.of(&blocks));
            match self.choices.below(4) {
                0 => self.b.jump(to),
                1 | 2 => {
                    let cond = self.condition(2);
                    self.b.branch(cond, to, other);
                }
                _ => {
                    let index = self.value(Type::I64, 2);
                    self.b.switch(index, to, &[(0, other), (1, end), (2, other)]);
                }
            }
        }
        self.b.switch_to(end);
    }
}
