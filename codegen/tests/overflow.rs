//! Arithmetic with a second result: machine code against `ir::eval`, each operation on each type, with the second result
//! used in every way that has a code of its own.

#[allow(dead_code)] // each test uses its part
mod common;

use arm64_sim::{CallArgs, CodeKind, Config, Fault, Simulator, Stop};
use codegen::{Options, compile};
use ir::{
    BinaryOp, CarryOp, Function, FunctionBuilder, IntCC, OverflowOp, TrapKind, Type, Value, eval,
};
use testkit::Random;

/// Code may lie anywhere.
const BASE: u64 = 0x10_0000;

const INTS: [Type; 4] = [Type::I8, Type::I16, Type::I32, Type::I64];

/// An operation of either format.
#[derive(Clone, Copy, Debug)]
enum Op {
    Overflow(OverflowOp),
    Carry(CarryOp),
}

impl Op {
    fn all() -> impl Iterator<Item = Op> {
        let overflow = OverflowOp::ALL.iter().map(|&op| Op::Overflow(op));
        overflow.chain(CarryOp::ALL.iter().map(|&op| Op::Carry(op)))
    }

    fn build(self, b: &FunctionBuilder, x: Value, y: Value, carry: Value) -> (Value, Value) {
        match self {
            Op::Overflow(op) => b.overflow(op, x, y),
            Op::Carry(op) => b.carry(op, x, y, carry),
        }
    }

    fn eval(self, ty: Type, x: u64, y: u64, carry: u64) -> (u64, u64) {
        let (value, flag) = match self {
            Op::Overflow(op) => eval::overflow(op, ty, x, y),
            Op::Carry(op) => eval::carry(op, ty, x, y, carry != 0),
        };
        (value, flag.into())
    }
}

/// How the two results are used.
#[derive(Clone, Copy, Debug)]
enum Use {
    Both,
    Value,
    Flag,
    Trap,
    TrapUnless,
    Branch,
    Select,
    /// With instructions between that keep the flags.
    Far,
    /// With one between that does not.
    Blocked,
    Twice,
}

const USES: [Use; 10] = [
    Use::Both,
    Use::Value,
    Use::Flag,
    Use::Trap,
    Use::TrapUnless,
    Use::Branch,
    Use::Select,
    Use::Far,
    Use::Blocked,
    Use::Twice,
];

/// What an operand is made of.
#[derive(Clone, Copy, Debug)]
enum Arg {
    Param,
    Shifted(i64),
    Const(i64),
}

const KIND: TrapKind = TrapKind::IntegerOverflow;

/// Parameters x, y, carry; results: the value and the flag, or what the use makes of them.
fn function(op: Op, ty: Type, how: Use, args: [Arg; 2]) -> Function {
    let b = FunctionBuilder::new("f");
    let params = [b.param(ty), b.param(ty)];
    let carry = b.param(Type::I8);
    let slot = b.slot(8, 8);
    let operand = |index: usize| match args[index] {
        Arg::Param => params[index],
        Arg::Shifted(by) => b.shl(params[index], b.iconst(ty, by)),
        Arg::Const(imm) => b.iconst(ty, eval::sign_extend(imm as u64, ty)),
    };
    let (x, y) = (operand(0), operand(1));
    let (value, flag) = op.build(&b, x, y, carry);
    let zero = b.iconst(Type::I8, 0);
    match how {
        Use::Both => b.ret([value, flag]),
        Use::Value => b.ret(value),
        Use::Flag => b.ret(flag),
        Use::Trap => {
            b.trap_if(flag, KIND);
            b.ret(value);
        }
        Use::TrapUnless => {
            b.trap_if(b.icmp(IntCC::Eq, flag, zero), KIND);
            b.ret(value);
        }
        Use::Branch => {
            let (yes, no) = (b.block(""), b.block(""));
            let passed = b.block_param(yes, ty);
            b.branch_with(flag, yes, value, no, ());
            b.switch_to(yes);
            b.ret(b.not(passed));
            b.switch_to(no);
            b.ret(value);
        }
        Use::Select => b.ret(b.select(flag, params[0], value)),
        Use::Far => {
            let address = b.stack_addr(slot, 0);
            b.store(value, address, 0);
            let back = b.load(ty, address, 0);
            let sum = b.add(back, params[1]);
            b.trap_if(flag, KIND);
            b.ret(sum);
        }
        Use::Blocked => {
            let least = b.smin(value, params[1]);
            let most = b.umax(least, params[0]);
            b.trap_if(flag, KIND);
            b.ret(most);
        }
        Use::Twice => {
            let chosen = b.select(flag, params[0], params[1]);
            let sum = b.add(chosen, if ty == Type::I8 { flag } else { b.zext(ty, flag) });
            b.trap_if(flag, KIND);
            b.ret(sum);
        }
    }
    b.finish().expect("it keeps the rules")
}

type Outcome = Result<Vec<u64>, TrapKind>;

/// What [`function`] comes to.
fn expected(op: Op, ty: Type, how: Use, args: [Arg; 2], params: [u64; 2], carry: u64) -> Outcome {
    let binary = |op, a, b| eval::binary(op, ty, a, b).expect("it does not trap");
    let operand = |index: usize| match args[index] {
        Arg::Param => params[index],
        Arg::Shifted(by) => binary(BinaryOp::Shl, params[index], by as u64),
        Arg::Const(imm) => eval::truncate(imm as u64, ty),
    };
    let (value, flag) = op.eval(ty, operand(0), operand(1), carry);
    let chosen = |a, b| if flag == 1 { a } else { b };
    let trap = |when: bool, value: u64| if when { Err(KIND) } else { Ok(vec![value]) };
    match how {
        Use::Both => Ok(vec![value, flag]),
        Use::Value => Ok(vec![value]),
        Use::Flag => Ok(vec![flag]),
        Use::Trap => trap(flag == 1, value),
        Use::TrapUnless => trap(flag == 0, value),
        Use::Branch => Ok(vec![chosen(eval::truncate(!value, ty), value)]),
        Use::Select => Ok(vec![chosen(params[0], value)]),
        Use::Far => trap(flag == 1, binary(BinaryOp::Add, value, params[1])),
        Use::Blocked => {
            let least = binary(BinaryOp::Smin, value, params[1]);
            trap(flag == 1, binary(BinaryOp::Umax, least, params[0]))
        }
        Use::Twice => trap(flag == 1, binary(BinaryOp::Add, chosen(params[0], params[1]), flag)),
    }
}

/// Calls machine code with noise in the undefined bits above each argument.
fn simulate(sim: &mut Simulator, results: &[Type], args: &[(Type, u64)], noise: u64) -> Outcome {
    let ints: Vec<u64> = args.iter().map(|(ty, arg)| arg | noise & !ty.mask()).collect();
    match sim.call(BASE, &CallArgs { ints: &ints, ..CallArgs::default() }) {
        Ok(found) => Ok(results.iter().zip(found.ints).map(|(ty, int)| int & ty.mask()).collect()),
        Err(Fault { stop: Stop::Breakpoint { imm, .. }, .. }) => {
            Err(TrapKind::from_code(imm).expect("only traps are breakpoints"))
        }
        Err(fault) => panic!("{fault}"),
    }
}

fn simulator(func: &Function) -> (Simulator, String) {
    let code =
        compile(func, &Options::default().checked()).unwrap_or_else(|error| panic!("{error}"));
    let mut sim = Simulator::new(Config::restricted());
    sim.publish(BASE, &code.words, CodeKind::Plain).expect("the space is free");
    (sim, common::disassemble(func, &code))
}

/// Values at the edges of a type, or any.
fn corner(random: &mut Random, ty: Type) -> u64 {
    let least = 1_u64 << (ty.bits() - 1);
    let root = 1_u64 << (ty.bits() / 2);
    let corners = [0, 1, 2, least - 1, least, least + 1, u64::MAX, u64::MAX - 1, root, root - 1];
    let value = match random.below(3) {
        0 => random.bits(),
        _ => random.pick(&corners).unwrap_or(0),
    };
    eval::truncate(value, ty)
}

fn check(op: Op, ty: Type, how: Use, args: [Arg; 2], random: &mut Random) {
    let func = function(op, ty, how, args);
    let (mut sim, text) = simulator(&func);
    let results: Vec<Type> = func.signature.result_types().collect();
    for _ in 0..24 {
        let params = [corner(random, ty), corner(random, ty)];
        let carry = random.pick(&[0, 0, 1, 1, 2, 0x80]).unwrap_or(0);
        let found = simulate(
            &mut sim,
            &results,
            &[(ty, params[0]), (ty, params[1]), (Type::I8, carry)],
            random.bits(),
        );
        let expected = expected(op, ty, how, args, params, carry);
        assert_eq!(
            found, expected,
            "{op:?} {ty} {how:?} {args:?} {params:x?} {carry}\n{func}\n{text}"
        );
    }
}

#[test]
fn every_operation_in_every_use() {
    let mut random = Random::new(1);
    for op in Op::all() {
        for ty in INTS {
            for how in USES {
                check(op, ty, how, [Arg::Param; 2], &mut random);
                let imm = corner(&mut random, ty) as i64;
                check(op, ty, how, [Arg::Param, Arg::Const(imm)], &mut random);
                check(op, ty, how, [Arg::Const(imm), Arg::Param], &mut random);
                let imm = random.pick(&[0, 1, 4095, -1, 64]).unwrap_or(0);
                check(op, ty, how, [Arg::Param, Arg::Const(imm)], &mut random);
                check(op, ty, how, [Arg::Const(imm), Arg::Param], &mut random);
                check(op, ty, how, [Arg::Param, Arg::Shifted(3)], &mut random);
                check(op, ty, how, [Arg::Shifted(5), Arg::Param], &mut random);
            }
        }
    }
}

/// A straight line of arithmetic, carries and selections on a type, built and evaluated side by side.
struct Line {
    b: FunctionBuilder,
    ty: Type,
    /// Values of the type, and truth values.
    values: Vec<(Value, u64)>,
    flags: Vec<(Value, u64)>,
    trapped: bool,
    address: Value,
}

impl Line {
    fn value(&mut self, random: &mut Random) -> (Value, u64) {
        // Late values are asked for more often, so that chains form.
        let near = random.below(4.min(self.values.len()));
        let index = match random.once_in(3) {
            true => random.below(self.values.len()),
            false => self.values.len() - 1 - near,
        };
        match random.below(12) {
            0 => {
                let imm = eval::sign_extend(corner(random, self.ty), self.ty);
                (self.b.iconst(self.ty, imm), eval::truncate(imm as u64, self.ty))
            }
            1 => {
                let sign = eval::sign_extend(1 << (self.ty.bits() - 1), self.ty);
                let (value, bits) = self.values[index];
                let flipped = self.b.xor(value, self.b.iconst(self.ty, sign));
                (flipped, eval::truncate(bits ^ sign as u64, self.ty))
            }
            _ => self.values[index],
        }
    }

    fn flag(&self, random: &mut Random) -> (Value, u64) {
        let last = self.flags.len() - 1;
        self.flags[if random.once_in(4) { random.below(last + 1) } else { last }]
    }

    fn step(&mut self, random: &mut Random) {
        let ty = self.ty;
        let ((x, a), (y, b)) = (self.value(random), self.value(random));
        match random.below(12) {
            0..5 => {
                let (carry, c) = self.flag(random);
                let op = match random.once_in(3) {
                    true => random.pick(&Op::all().collect::<Vec<_>>()).expect("there are some"),
                    false => Op::Carry(CarryOp::ALL[usize::from(random.once_in(2))]),
                };
                let (value, flag) = op.build(&self.b, x, y, carry);
                let (value_bits, flag_bits) = op.eval(ty, a, b, c);
                if !random.once_in(4) {
                    self.values.push((value, value_bits));
                }
                self.flags.push((flag, flag_bits));
            }
            5 | 6 => {
                let (cond, c) = self.flag(random);
                let chosen = if c != 0 { a } else { b };
                self.values.push((self.b.select(cond, x, y), chosen));
            }
            7 => {
                let op = random.pick(&[BinaryOp::Add, BinaryOp::Xor, BinaryOp::Smin]);
                let op = op.expect("there are some");
                let bits = eval::binary(op, ty, a, b).expect("it does not trap");
                self.values.push((self.b.binary(op, x, y), bits));
            }
            8 => {
                self.b.store(x, self.address, 0);
                self.values.push((self.b.load(ty, self.address, 0), a));
            }
            9 if random.once_in(2) => {
                let cc = if random.once_in(2) { IntCC::Eq } else { IntCC::Ne };
                let imm = eval::sign_extend(1 << random.below(ty.bits() as usize), ty);
                let bit = self.b.iconst(ty, imm);
                let imm = eval::truncate(imm as u64, ty);
                let found = self.b.icmp(cc, self.b.and(x, bit), bit);
                self.flags.push((found, eval::icmp(cc, ty, a & imm, imm).into()));
            }
            9 => {
                let cc = random.pick(IntCC::ALL).expect("there are some");
                self.flags.push((self.b.icmp(cc, x, y), eval::icmp(cc, ty, a, b).into()));
            }
            10 => {
                let ((z, c), (w, d)) = (self.value(random), self.value(random));
                let pairs = self.b.or(self.b.xor(x, y), self.b.xor(z, w));
                let equal = self.b.icmp(IntCC::Eq, pairs, self.b.iconst(ty, 0));
                self.flags.push((equal, (a == b && c == d).into()));
            }
            _ => {
                let (cond, c) = self.flag(random);
                // A trap on what does not hold, so that most lines go on to their end.
                let holds = if random.once_in(20) { 1 } else { c };
                let zero = self.b.iconst(Type::I8, 0);
                let cc = if holds == 0 { IntCC::Ne } else { IntCC::Eq };
                self.b.trap_if(self.b.icmp(cc, cond, zero), KIND);
                self.trapped |= (cc == IntCC::Eq) == (c == 0);
            }
        }
    }
}

/// The line is evaluated while it is built, for one set of arguments; other constants come with other seeds.
fn line(seed: u64) -> (Function, Vec<(Type, u64)>, Outcome) {
    let mut random = Random::new(seed);
    let ty = random.pick(&[Type::I64, Type::I64, Type::I32, Type::I16, Type::I8]);
    let ty = ty.expect("there are some");
    let b = FunctionBuilder::new("line");
    let args: Vec<(Type, u64)> = (0..5).map(|_| (ty, corner(&mut random, ty))).collect();
    let mut values: Vec<(Value, u64)> = args.iter().map(|&(ty, arg)| (b.param(ty), arg)).collect();
    let carry = (b.param(Type::I8), random.pick(&[0, 1, 0x40]).unwrap_or(0));
    values.rotate_left(random.below(5));
    let slot = b.slot(8, 8);
    let address = b.stack_addr(slot, 0);
    let mut line = Line { b, ty, values, flags: vec![carry], trapped: false, address };
    for _ in 0..2 + random.below(24) {
        line.step(&mut random);
    }
    let flag = line.flag(&mut random);
    let results: Vec<(Value, u64)> = (0..3)
        .map(|_| line.values[line.values.len() - 1 - random.below(4)])
        .chain([flag])
        .collect();
    let list: Vec<Value> = results.iter().map(|&(value, _)| value).collect();
    line.b.ret(&list[..]);
    let func = line.b.finish().expect("it keeps the rules");
    let outcome = match line.trapped {
        true => Err(KIND),
        false => Ok(results.iter().map(|&(_, bits)| bits).collect()),
    };
    let args = args.into_iter().chain([(Type::I8, carry.1)]).collect();
    (func, args, outcome)
}

#[test]
fn random_lines_agree_with_the_evaluator() {
    for seed in 0..1500 {
        let (func, args, expected) = line(seed);
        let (mut sim, text) = simulator(&func);
        let results: Vec<Type> = func.signature.result_types().collect();
        let noise = Random::new(!seed).bits();
        let found = simulate(&mut sim, &results, &args, noise);
        assert_eq!(
            found,
            expected,
            "seed {seed}: {args:x?}\n{text}\n{}",
            testkit::keep("overflow", seed, &func.to_string(), &[])
        );
    }
}
