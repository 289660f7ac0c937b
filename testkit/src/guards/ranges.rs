//! Ranges asked at their ends: operands whose ranges branches and operations limit, every operation on them, and the
//! result compared with what really comes out at the least and the most, and with the neighbours of these.

use ir::Type;

use super::{COMPARISONS, Case, Text, comparison, near};
use crate::{Evaluator, Random};

const BINARY: [&str; 17] = [
    "add", "sub", "mul", "shl", "lshr", "ashr", "and", "or", "xor", "urem", "udiv", "srem", "sdiv",
    "umin", "umax", "smin", "smax",
];

const OTHER: [&str; 11] = [
    "zext", "sext", "trunc", "clz", "ctz", "popcnt", "select", "load.u8", "load.s8", "load.u16",
    "load.s16",
];

/// The number of operations.
#[must_use]
pub fn operations() -> usize {
    BINARY.len() + OTHER.len()
}

pub(super) fn case(random: &mut Random) -> Case {
    // Those whose results may wrap around, or not, have more conditions than others.
    let often = ["add", "sub", "shl", "lshr", "ashr", "trunc", "trunc", "zext", "sext"];
    let all = || BINARY.iter().chain(&OTHER);
    let even = random.once_in(2);
    let wanted = random.pick(&often).filter(|_| even);
    let number = wanted
        .and_then(|wanted| all().position(|op| *op == wanted))
        .unwrap_or_else(|| random.below(operations()));
    let mut text = Text::new("fn @f(i8, i8) -> i64 {\n  slot0: size 8, align 8");
    let (entry, fail) = (text.block(), text.block());
    let args = text.begin(&entry, &[Type::I8, Type::I8]);
    // Half of the functions compute in a wider type, where nothing need wrap around.
    let ty = if random.once_in(2) { Type::I8 } else { Type::I32 };
    let mut operands = Vec::new();
    for arg in &args {
        let mut value = arg.clone();
        if ty != Type::I8 {
            value = text.value(ty, &format!("{} {arg}", ["zext", "sext"][random.below(2)]));
        }
        for _ in 0..random.below(3) {
            value = limited(random, &mut text, ty, value, &fail);
        }
        operands.push(value);
    }
    let (result, result_type) = match BINARY.get(number) {
        Some(op) => {
            let other = if op.starts_with("sh") || op.ends_with("shr") {
                // Modulo the width, whatever the amount.
                let amounts = [1, 2, 7, 8, 9, -1, -7, 31, 33];
                text.constant(ty, amounts[random.below(amounts.len())])
            } else if random.once_in(2) {
                let imm = near(random, ty);
                text.constant(ty, imm)
            } else {
                operands[1].clone()
            };
            let (a, b) =
                if random.once_in(4) { (&other, &operands[0]) } else { (&operands[0], &other) };
            (text.value(ty, &format!("{op} {a}, {b}")), ty)
        }
        None => other(random, &mut text, ty, &operands, OTHER[number - BINARY.len()]),
    };
    // What comes out, by evaluation of all first operands.
    let mut probe = Text { text: text.text.clone(), ..text };
    let wide = probe.value(Type::I64, &format!("sext {result}"));
    probe.line(&format!("ret {wide}"));
    close(&mut probe, &fail);
    let probe = probe.end();
    let ys = [0, 1, 7, 100, 128, 255];
    let all: Vec<Vec<u64>> = ys.iter().flat_map(|&y| (0..256).map(move |x| vec![x, y])).collect();
    let func = ir::parse::module(&probe).map(|module| module.functions.values().next().cloned());
    let Ok(Some(func)) = func else { return Case { text: probe, calls: Vec::new() } };
    let mut evaluator = Evaluator::default();
    // Each result with the arguments that first gave it.
    let mut seen: Vec<(i64, &Vec<u64>)> = all
        .iter()
        .filter_map(|args| Some((evaluator.run(&func, args, 20).ok()?[0] as i64, args)))
        .filter(|&(result, _)| result != MARK)
        .collect();
    seen.sort_by_key(|&(result, _)| result);
    let mut at_ends: Vec<(i64, &Vec<u64>)> =
        seen.first().into_iter().chain(seen.last()).copied().collect();
    seen.sort_by_key(|&(result, _)| ir::eval::truncate(result as u64, result_type));
    at_ends.extend(seen.first().into_iter().chain(seen.last()));
    let mut ends: Vec<i64> = at_ends.iter().map(|&(result, _)| result).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut sum = text.constant(Type::I64, 0);
    for end in ends {
        for more in [-1, 0, 1] {
            let imm = text.constant(result_type, end.wrapping_add(more));
            let signed = if random.once_in(2) { &COMPARISONS[..2] } else { &COMPARISONS[2..6] };
            for list in [signed, &COMPARISONS[6..]] {
                let cc = random.pick(list).unwrap_or("eq");
                let flag = text.value(Type::I8, &format!("icmp {cc} {result}, {imm}"));
                sum = text.mix_flag(&sum, &flag);
            }
        }
    }
    text.line(&format!("ret {sum}"));
    close(&mut text, &fail);
    // Those that give the ends, and a few others.
    let mut chosen: Vec<Vec<u64>> = at_ends.into_iter().map(|(_, args)| args.clone()).collect();
    chosen.extend((0..8).map(|_| all[random.below(all.len())].clone()));
    let calls = chosen.into_iter().map(|args| ("f".to_owned(), args)).collect();
    Case { text: text.end(), calls }
}

/// What a function gives that a branch turned away.
const MARK: i64 = 0x7777_7777_7777;

fn close(text: &mut Text, fail: &str) {
    text.begin(fail, &[]);
    let mark = text.constant(Type::I64, MARK);
    text.line(&format!("ret {mark}"));
}

/// Limits the range of a value, by an operation or by a branch.
fn limited(random: &mut Random, text: &mut Text, ty: Type, value: String, fail: &str) -> String {
    let imm = near(random, Type::I8);
    let constant = text.constant(ty, imm);
    match random.below(8) {
        0 => {
            let mask = text.constant(ty, [1, 7, 15, 63, 127][random.below(5)]);
            text.value(ty, &format!("and {value}, {mask}"))
        }
        1 => {
            let divisor = text.constant(ty, [2, 10, 3, 100, -3][random.below(5)]);
            text.value(ty, &format!("urem {value}, {divisor}"))
        }
        2 => {
            let op = ["umin", "umax", "smin", "smax"][random.below(4)];
            text.value(ty, &format!("{op} {value}, {constant}"))
        }
        3 => {
            let amount = text.constant(ty, 1 + random.below(6) as i64);
            let op = ["lshr", "ashr"][random.below(2)];
            text.value(ty, &format!("{op} {value}, {amount}"))
        }
        4 => {
            let cc = comparison(random);
            let flag = text.value(Type::I8, &format!("icmp {cc} {value}, {constant}"));
            text.line(&format!("trap_if {flag}, assertion"));
            value
        }
        _ => {
            let cc = comparison(random);
            let flag = text.value(Type::I8, &format!("icmp {cc} {value}, {constant}"));
            let (next, fails) = (text.block(), fail);
            if random.once_in(2) {
                text.line(&format!("branch {flag}, {next}, {fails}"));
            } else {
                text.line(&format!("branch {flag}, {fails}, {next}"));
            }
            text.begin(&next, &[]);
            value
        }
    }
}

fn other(
    random: &mut Random,
    text: &mut Text,
    ty: Type,
    operands: &[String],
    op: &str,
) -> (String, Type) {
    let x = &operands[0];
    match op {
        "zext" | "sext" => {
            let to = if ty == Type::I8 { Type::I16 } else { Type::I64 };
            // The generator sign-extends the result to an i64, so that one is kept below it.
            let wide = text.value(to, &format!("{op} {x}"));
            if to == Type::I64 {
                (text.value(Type::I32, &format!("trunc {wide}")), Type::I32)
            } else {
                (wide, to)
            }
        }
        "trunc" => {
            // Around the ends of the narrow type, so that one end of the range fits and the other does not.
            let extend = ["zext", "sext"][random.below(2)];
            let wide = text.value(Type::I64, &format!("{extend} {x}"));
            let imm = text.constant(Type::I64, [100, 200, -100, 0, 1000][random.below(5)]);
            let wide = text.value(Type::I64, &format!("add {wide}, {imm}"));
            let to = [Type::I8, Type::I8, Type::I16][random.below(3)];
            (text.value(to, &format!("trunc {wide}")), to)
        }
        "select" => {
            let imm = near(random, ty);
            let imm = text.constant(ty, imm);
            let flag = text.value(Type::I8, &format!("icmp {} {x}, {imm}", comparison(random)));
            (text.value(ty, &format!("select {flag}, {x}, {}", operands[1])), ty)
        }
        load if load.starts_with("load") => {
            let slot = text.value(Type::I64, "stack_addr slot0");
            let whole = as_i32(text, ty, x);
            let wide = text.value(Type::I64, &format!("sext {whole}"));
            text.line(&format!("store {wide}, {slot}"));
            (text.value(Type::I32, &format!("{load} {slot}")), Type::I32)
        }
        _ => (text.value(ty, &format!("{op} {x}")), ty),
    }
}

fn as_i32(text: &mut Text, ty: Type, value: &str) -> String {
    if ty == Type::I8 { text.value(Type::I32, &format!("sext {value}")) } else { value.to_owned() }
}
