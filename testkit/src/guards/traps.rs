//! The order of traps and effects: divisions, checks, stores and calls of the host, in loops and in straight code, many of
//! them with operands that a loop does not change. Each has a source place of its own.

use ir::Type;

use super::{Case, Text};
use crate::Random;

const HEAD: &str = r#"extern @note(i64)
data mut @m align 8 = "\01\02\03\04\05\06\07\08"
fn @peek() -> i64 {
block0:
  v0: i64 = data_addr @m
  v1: i64 = load v0
  ret v1
}
"#;

const TY: Type = Type::I32;

pub(super) fn case(random: &mut Random) -> Case {
    let mut text =
        Text::new(&format!("{HEAD}fn @f(i32, i32, i32, f64) -> i32 {{\n  slot0: size 8, align 8"));
    let blocks: Vec<String> = (0..5).map(|_| text.block()).collect();
    let [entry, head, left, join, end] = &blocks[..] else {
        return Case { text: String::new(), calls: Vec::new() };
    };
    let args = text.begin(entry, &[TY, TY, TY, Type::F64]);
    let data = text.value(Type::I64, "data_addr @m");
    let slot = text.value(Type::I64, "stack_addr slot0");
    text.line(&format!("store {}, {slot}", args[1]));
    let zero = text.constant(TY, 0);
    let three = text.constant(TY, 3);
    let turns = text.value(TY, &format!("and {}, {three}", args[2]));
    let mut builder = Builder { random, text, args: args.clone(), data, slot };
    let mut pool = args[..3].to_vec();
    for _ in 0..builder.random.below(3) {
        builder.step(&mut pool);
    }
    builder.text.line(&format!("jump {head}({turns}, {zero})"));
    let params = builder.text.begin(head, &[TY, TY]);
    let outside = pool.clone();
    pool.extend(params.iter().cloned());
    for _ in 0..1 + builder.random.below(6) {
        // Mostly operands from outside, which invite to be moved.
        let mut part = if builder.random.once_in(3) { pool.clone() } else { outside.clone() };
        let known = part.len();
        builder.step(&mut part);
        pool.extend(part.drain(known..));
    }
    let test = builder.pick(&pool);
    builder.text.line(&format!("branch {test}, {left}, {join}"));
    builder.text.begin(left, &[]);
    let mut inside = pool.clone();
    for _ in 0..builder.random.below(4) {
        builder.step(&mut inside);
    }
    builder.text.line(&format!("jump {join}"));
    builder.text.begin(join, &[]);
    for _ in 0..builder.random.below(3) {
        builder.step(&mut pool);
    }
    let last = pool.last().cloned().unwrap_or_else(|| params[1].clone());
    let sum = builder.text.value(TY, &format!("add {}, {last}", params[1]));
    let one = builder.text.constant(TY, 1);
    let fewer = builder.text.value(TY, &format!("sub {}, {one}", params[0]));
    let more = builder.text.value(Type::I8, &format!("icmp sgt {fewer}, {zero}"));
    builder.text.line(&format!("branch {more}, {head}({fewer}, {sum}), {end}"));
    builder.text.begin(end, &[]);
    builder.text.line(&format!("ret {sum}"));
    let text = builder.text.end();
    let corners = [0, 0, 1, 2, -1, i64::from(i32::MIN), i64::from(i32::MAX), 3];
    let floats = [0.0, f64::NAN, 1.5, 1e300];
    let mut calls = Vec::new();
    for _ in 0..8 {
        let mut args: Vec<u64> =
            (0..3).map(|_| corners[random.below(8)] as u64 & TY.mask()).collect();
        args.push(floats[random.below(4)].to_bits());
        calls.push(("f".to_owned(), args));
        calls.push(("peek".to_owned(), Vec::new()));
    }
    Case { text, calls }
}

struct Builder<'a> {
    random: &'a mut Random,
    text: Text,
    args: Vec<String>,
    data: String,
    slot: String,
}

impl Builder<'_> {
    fn pick(&mut self, pool: &[String]) -> String {
        pool[self.random.below(pool.len())].clone()
    }

    /// One operation, which may trap or be seen.
    fn step(&mut self, pool: &mut Vec<String>) {
        let (a, b) = (self.pick(pool), self.pick(pool));
        match self.random.below(12) {
            0..=3 => {
                let op = ["udiv", "sdiv", "urem", "srem"][self.random.below(4)];
                pool.push(self.text.placed_value(TY, &format!("{op} {a}, {b}")));
            }
            4 => {
                let op = ["sadd", "ssub", "smul", "uadd", "usub", "umul"][self.random.below(6)];
                let (value, flag) = (self.text.name(), self.text.name());
                self.text.placed(&format!("{value}: i32, {flag}: i8 = {op}_overflow {a}, {b}"));
                self.text.placed(&format!("trap_if {flag}, integer_overflow"));
                pool.push(value);
            }
            5 | 6 => {
                let cc = ["eq", "slt", "ugt"][self.random.below(3)];
                let flag = self.text.value(Type::I8, &format!("icmp {cc} {a}, {b}"));
                let kind = ["panic", "assertion", "user 7"][self.random.below(3)];
                self.text.placed(&format!("trap_if {flag}, {kind}"));
            }
            7 => {
                let (data, at) = (&self.data, self.random.below(2) * 4);
                self.text.line(&format!("store {a}, {data} + {at}"));
            }
            8 => {
                let from = if self.random.once_in(2) { &self.data } else { &self.slot };
                let value = format!("load {from}");
                pool.push(self.text.value(TY, &value));
            }
            9 => {
                let wide = self.text.value(Type::I64, &format!("sext {a}"));
                self.text.placed(&format!("call @note({wide})"));
            }
            10 => {
                let op = ["float_to_sint", "float_to_uint"][self.random.below(2)];
                let arg = self.args[3].clone();
                pool.push(self.text.placed_value(TY, &format!("{op} {arg}")));
            }
            _ => {
                let op = ["add", "xor", "and", "mul"][self.random.below(4)];
                pool.push(self.text.value(TY, &format!("{op} {a}, {b}")));
            }
        }
    }
}
