//! A query filter: `price * (1 - discount) > limit && starts_with(name, prefix)` is compiled once and runs over columns that it is
//! lent as slices. The module is confined, so that nothing here is `unsafe`.
//!
//! `filter ROWS` runs it, and the same in Rust, over so many rows. `filter ROWS rust` runs Rust's alone and says nothing: the
//! instructions that it executes for each row are the difference of two runs, counted one by one under QEMU (the lines of
//! `qemu-aarch64-static -singlestep -d nochain,exec`), less what making the rows takes (`filter ROWS rows`).
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use driver::ir::eval::sign_extend;
use driver::ir::{Block, FloatCC, FunctionBuilder, IntCC, Module, NarrowWidth, Type, Value};
use driver::{Engine, EngineKind, Func, Hosts, Options};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A name, filled up with zeros: as large as an `i128`.
type Name = [u8; 16];
const NAME: Type = Type::I128;

/// Prices, discounts, names, and where the numbers of the rows go that are found. Returns how many these are.
type Filter<'a> = Func<(&'a [f64], &'a [f64], &'a [Name], &'a mut [u32]), u64>;

/// A number of a row.
enum Number {
    Price,
    Discount,
    Constant(f64),
    Sub(Box<Number>, Box<Number>),
    Mul(Box<Number>, Box<Number>),
}

/// What holds of a row or not.
enum Condition {
    Greater(Number, Number),
    NameStartsWith(&'static str),
    And(Box<Condition>, Box<Condition>),
}

/// The code for a row, and where it finds the row.
struct Row<'a> {
    b: &'a FunctionBuilder,
    columns: [Value; 3],
    index: Value,
}

impl Row<'_> {
    fn number(&self, number: &Number) -> Value {
        let (b, [prices, discounts, _]) = (self.b, self.columns);
        match number {
            Number::Price => b.element(Type::F64, prices, self.index),
            Number::Discount => b.element(Type::F64, discounts, self.index),
            Number::Constant(value) => b.f64const(*value),
            Number::Sub(x, y) => b.fsub(self.number(x), self.number(y)),
            Number::Mul(x, y) => b.fmul(self.number(x), self.number(y)),
        }
    }

    /// Goes on if the condition holds, else at `no`.
    fn condition(&self, condition: &Condition, no: Block) {
        let b = self.b;
        let go_on_if = |holds: Value| {
            let yes = b.block("");
            b.branch(holds, yes, no);
            b.switch_to(yes);
        };
        match condition {
            Condition::Greater(x, y) => {
                go_on_if(b.fcmp(FloatCC::Gt, self.number(x), self.number(y)));
            }
            // The prefix is part of the code: eight, four, two bytes and one of it at a time.
            Condition::NameStartsWith(prefix) => {
                let name = b.slice_addr(self.columns[2], self.index, NAME.size());
                let (mut rest, mut at) = (prefix.as_bytes(), 0);
                for ty in [Type::I64, Type::I32, Type::I16, Type::I8] {
                    while let Some((part, behind)) = rest.split_at_checked(ty.bytes() as usize) {
                        let bits =
                            part.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
                        let found = b.load(ty, name, at);
                        go_on_if(b.icmp(IntCC::Eq, found, b.iconst(ty, sign_extend(bits, ty))));
                        (rest, at) = (behind, at + ty.bytes() as i32);
                    }
                }
            }
            Condition::And(first, second) => {
                self.condition(first, no);
                self.condition(second, no);
            }
        }
    }
}

/// A function that finds the rows for which the condition holds.
fn compile(condition: &Condition) -> Result<Engine> {
    let b = FunctionBuilder::new("filter");
    let columns = [Type::F64, Type::F64, NAME].map(|ty| b.slice_param(ty));
    let found = b.slice_mut_param(Type::I32);
    let (index, count) = (b.var("index", Type::I64), b.var("count", Type::I64));
    let (head, body, next, done) =
        (b.block("head"), b.block("body"), b.block("next"), b.block("done"));
    let (_, rows) = b.isplit(columns[0]);
    b.jump(head);
    b.switch_to(head);
    b.branch(b.icmp(IntCC::Ult, index, rows), body, done);
    b.switch_to(body);
    let row = Row { b: &b, columns, index: b.get(index) };
    row.condition(condition, next);
    b.store_narrow(NarrowWidth::W32, row.index, b.slice_addr(found, count, Type::I32.size()), 0);
    b.set(count, b.add(count, 1));
    b.jump(next);
    b.switch_to(next);
    b.set(index, b.add(index, 1));
    b.jump(head);
    b.switch_to(done);
    b.ret(count);
    let mut module = Module::new();
    module.add_function(b.finish()?)?;
    Ok(Engine::new(module, &Hosts::new(), &Options::default())?)
}

/// The same in Rust, for any limit and prefix.
#[inline(never)]
fn filter_in_rust(
    (prices, discounts, names): (&[f64], &[f64], &[Name]),
    found: &mut [u32],
    (limit, prefix): (f64, &[u8]),
) -> u64 {
    let mut count = 0;
    for index in 0..prices.len() {
        if prices[index] * (1.0 - discounts[index]) > limit && names[index].starts_with(prefix) {
            found[count] = index as u32;
            count += 1;
        }
    }
    count as u64
}

/// Rows: prices to 100, discounts to a half, and names of three kinds.
fn rows(count: usize) -> (Vec<f64>, Vec<f64>, Vec<Name>) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let names = [b"gadget, large\0\0\0", b"gauge\0\0\0\0\0\0\0\0\0\0\0", b"widget, small\0\0\0"];
    let row = |_| {
        let bits = random();
        let name = *names[(bits >> 32) as usize % names.len()];
        ((bits % 10_000) as f64 / 100.0, ((bits >> 16) % 50) as f64 / 100.0, name)
    };
    let (prices, others): (Vec<_>, Vec<_>) =
        (0..count).map(row).map(|(price, discount, name)| (price, (discount, name))).unzip();
    let (discounts, names) = others.into_iter().unzip();
    (prices, discounts, names)
}

/// Instructions of Rust's code for each row, counted with Rust 1.95 as said at the top: 10,000 rows more take 194,674 more.
const RUST: f64 = 19.47;

/// What is asked.
const LIMIT: f64 = 60.0;
const PREFIX: &str = "gadget";

/// Runs both ways and says what they found and cost.
pub(crate) fn run(count: usize) -> Result<String> {
    let (prices, discounts, names) = rows(count);
    let discounted = Number::Sub(Box::new(Number::Constant(1.0)), Box::new(Number::Discount));
    let price = Number::Mul(Box::new(Number::Price), Box::new(discounted));
    let greater = Condition::Greater(price, Number::Constant(LIMIT));
    let query = Condition::And(Box::new(greater), Box::new(Condition::NameStartsWith(PREFIX)));
    let start = Instant::now();
    let engine = compile(&query)?;
    let filter: Filter<'_> = engine.func("filter")?;
    let compiled = start.elapsed();

    let (mut found, mut expected) = (vec![0; count], vec![0; count]);
    let start = Instant::now();
    let ours = filter.call((&prices, &discounts, &names, &mut found))?;
    let our_time = start.elapsed();
    let start = Instant::now();
    let asked = black_box((LIMIT, PREFIX.as_bytes()));
    let theirs = filter_in_rust((&prices, &discounts, &names), &mut expected, asked);
    let their_time = start.elapsed();
    assert_eq!((ours, found), (theirs, expected));

    let mut report = format!("{ours} of {count} rows found; compiled in {compiled:?}\n");
    report += &match engine.instructions() {
        Some(executed) => format!(
            "compiled: {:.2} ARM64 instructions for each row, all counted by the simulator\n",
            executed as f64 / count as f64
        ),
        None => format!("compiled: {our_time:?} on the engine `{}`\n", engine.kind()),
    };
    Ok(report
        + &format!(
            "in Rust: {RUST} ARM64 instructions for each row, counted under QEMU; {their_time:?} on this machine\n"
        ))
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let native = EngineKind::machine_code() == EngineKind::Native;
    let count = match words.next() {
        Some(word) => word.parse()?,
        None if native => 10_000_000,
        None => 100_000,
    };
    match words.next().as_deref() {
        Some("rust") => {
            let ((prices, discounts, names), mut found) = (rows(count), vec![0; count]);
            let asked = black_box((LIMIT, PREFIX.as_bytes()));
            black_box(filter_in_rust((&prices, &discounts, &names), &mut found, asked));
        }
        Some(_) => drop(black_box((rows(count), vec![0_u32; count]))),
        None => print!("{}", run(count)?),
    }
    Ok(())
}
