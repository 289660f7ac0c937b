//! Counted loops: up and down, every kind of test, at the top, in the middle and at the bottom; bounds that change inside,
//! counters that overflow, other ways out and around, and the counter asked about everywhere.

use ir::Type;

use super::{COMPARISONS, Case, Text, arguments, comparison, near};
use crate::Random;

const TYPES: [Type; 4] = [Type::I8, Type::I8, Type::I32, Type::I64];

pub(super) fn case(random: &mut Random) -> Case {
    let ty = random.pick(&TYPES).unwrap_or(Type::I8);
    let mut text = Text::new(&format!("fn @f({ty}, {ty}, i64) -> i64 {{"));
    let blocks: Vec<String> = (0..9).map(|_| text.block()).collect();
    let [entry, head, body, turn, other, exit, again, out, last] = &blocks[..] else {
        return Case { text: String::new(), calls: Vec::new() };
    };
    let args = text.begin(entry, &[ty, ty, Type::I64]);
    let zero = text.constant(Type::I64, 0);
    let one = text.constant(Type::I64, 1);
    let turns = text.constant(Type::I64, 3 + random.below(40) as i64);
    let steps = [1, -1, 1, -1, 2, 3, -2, 7, -9, 100];
    let step_by = random.pick(&steps).unwrap_or(1);
    let step = text.constant(ty, step_by);
    let other_by = if random.once_in(2) { step_by } else { random.pick(&steps).unwrap_or(1) };
    let other_step = text.constant(ty, other_by);
    let start_imm = near(random, ty);
    let start = limited(random, &mut text, ty, &args[0], start_imm);
    // Often at the end of the type that the counter goes to, which a step may lead beyond.
    let bound_imm = if random.once_in(3) {
        let offset = random.below(10) as i64 * step_by.signum();
        let ends = if step_by > 0 { [signed_max(ty), -1] } else { [-signed_max(ty) - 1, 0] };
        ends[random.below(2)].wrapping_sub(if random.once_in(3) { 0 } else { offset })
    } else {
        near(random, ty)
    };
    let bound = limited(random, &mut text, ty, &args[1], bound_imm);
    let begin = format!("{head}({start}, {bound}, {turns}, {zero})");
    if random.once_in(4) {
        let second = near(random, ty);
        let second = text.constant(ty, second);
        text.line(&format!(
            "branch {}, {begin}, {head}({second}, {bound}, {turns}, {zero})",
            args[2]
        ));
    } else {
        text.line(&format!("jump {begin}"));
    }
    let params = text.begin(head, &[ty, ty, Type::I64, Type::I64]);
    let [i, n, left, sum] = [&params[0], &params[1], &params[2], &params[3]];
    // The test of the counter: at the top, or in the middle or at the bottom after questions about it.
    let mut sum = sum.clone();
    let place = random.below(4);
    if place == 3 {
        for _ in 0..1 + random.below(2) {
            sum = question(random, &mut text, ty, i, &sum, bound_imm);
        }
    }
    // Mostly the comparison that goes with the direction of the step.
    let up: &[&str] = if step_by > 0 {
        &["slt", "sle", "ult", "ule", "ne"]
    } else {
        &["sgt", "sge", "ugt", "uge", "ne"]
    };
    let any = random.once_in(5);
    let to_zero = bound_imm == 0 && step_by < 0 && random.once_in(2);
    let cc = match random.pick(if any { &COMPARISONS } else { up }) {
        Some(cc) if !to_zero => cc,
        _ => "ne",
    };
    // Sometimes what was read of the bound before the loop, sometimes what comes around, sometimes after the step.
    let limit = match random.below(5) {
        0 => n.clone(),
        1 if bound_imm != 0 => text.constant(ty, bound_imm),
        _ => bound.clone(),
    };
    let test = match random.below(4) {
        0 => text.value(Type::I8, &format!("icmp {} {limit}, {i}", swapped(cc))),
        1 if place == 3 => {
            let next = text.value(ty, &format!("add {i}, {step}"));
            text.value(Type::I8, &format!("icmp {cc} {next}, {limit}"))
        }
        _ => text.value(Type::I8, &format!("icmp {cc} {i}, {limit}")),
    };
    if random.once_in(4) {
        let inverse = text.constant(Type::I8, 0);
        let test = text.value(Type::I8, &format!("icmp eq {test}, {inverse}"));
        text.line(&format!("branch {test}, {exit}({i}, {left}, {sum}), {body}"));
    } else {
        text.line(&format!("branch {test}, {body}, {exit}({i}, {left}, {sum})"));
    }
    text.begin(body, &[]);
    let mut inside = sum.clone();
    for _ in 0..1 + random.below(3) {
        inside = question(random, &mut text, ty, i, &inside, bound_imm);
    }
    let fewer = text.value(Type::I64, &format!("sub {left}, {one}"));
    text.line(&format!("branch {fewer}, {turn}, {out}({i}, {inside})"));

    text.begin(turn, &[]);
    let next = if step_by == -1 && random.once_in(2) {
        let positive = text.constant(ty, 1);
        text.value(ty, &format!("sub {i}, {positive}"))
    } else {
        // Now and then it is another value that is stepped, which makes no counter.
        let others = [n, &args[0], &args[1]];
        let from = if random.once_in(6) { others[random.below(3)] } else { i };
        text.value(ty, &format!("add {from}, {step}"))
    };
    let limit = match random.below(3) {
        0 => text.value(ty, &format!("add {n}, {other_step}")),
        _ => n.clone(),
    };
    let around = format!("{head}({next}, {limit}, {fewer}, {inside})");
    if random.once_in(3) {
        let even = text.value(Type::I64, &format!("and {inside}, {one}"));
        text.line(&format!("branch {even}, {around}, {other}"));
    } else {
        text.line(&format!("branch {}, {around}, {other}", args[2]));
    }
    // Another way around, perhaps with another step, or out.
    text.begin(other, &[]);
    let jump = text.value(ty, &format!("add {i}, {other_step}"));
    text.line(&match random.below(3) {
        0 => format!("jump {head}({jump}, {n}, {fewer}, {inside})"),
        1 => format!("jump {head}({i}, {n}, {fewer}, {inside})"),
        _ => format!("jump {around}"),
    });
    // Where the test leads out; perhaps back in, without having passed it.
    let left_over = text.begin(exit, &[ty, Type::I64, Type::I64]);
    let [i, left, sum] = [&left_over[0], &left_over[1], &left_over[2]];
    let sum = question(random, &mut text, ty, i, sum, bound_imm);
    let back = random.once_in(3);
    let fewer = text.value(Type::I64, &format!("sub {left}, {one}"));
    text.line(&if back {
        format!("branch {fewer}, {again}, {out}({i}, {sum})")
    } else {
        format!("jump {out}({i}, {sum})")
    });
    if back {
        text.begin(again, &[]);
        let next = text.value(ty, &format!("add {i}, {step}"));
        text.line(&format!("jump {head}({next}, {bound}, {fewer}, {sum})"));
    }
    let ended = text.begin(out, &[ty, Type::I64]);
    let sum = question(random, &mut text, ty, &ended[0], &ended[1], bound_imm);
    text.line(&format!("jump {last}"));
    text.begin(last, &[]);
    text.line(&format!("ret {sum}"));
    let mut calls = Vec::new();
    for _ in 0..6 {
        calls.push(("f".to_owned(), arguments(random, &[ty, ty, Type::I64])));
    }
    Case { text: text.end(), calls }
}

fn signed_max(ty: Type) -> i64 {
    (ty.mask() >> 1) as i64
}

/// A constant, an argument, or an argument made small, so that something is known of it.
fn limited(random: &mut Random, text: &mut Text, ty: Type, arg: &str, imm: i64) -> String {
    match random.below(5) {
        0 => arg.to_owned(),
        1 => {
            let mask = text.constant(ty, [7, 15, 63][random.below(3)]);
            text.value(ty, &format!("and {arg}, {mask}"))
        }
        2 => {
            let low = text.constant(ty, -20);
            let high = text.constant(ty, 20);
            let part = text.value(ty, &format!("smax {arg}, {low}"));
            text.value(ty, &format!("smin {part}, {high}"))
        }
        _ => text.constant(ty, imm),
    }
}

fn swapped(cc: &str) -> &str {
    match cc {
        "slt" => "sgt",
        "sle" => "sge",
        "sgt" => "slt",
        "sge" => "sle",
        "ult" => "ugt",
        "ule" => "uge",
        "ugt" => "ult",
        "uge" => "ule",
        same => same,
    }
}

/// Asks how a value compares, as it is, after an extension or a sum, or to trap.
fn question(
    random: &mut Random,
    text: &mut Text,
    ty: Type,
    value: &str,
    sum: &str,
    bound: i64,
) -> String {
    let near_bound = bound.wrapping_add(random.below(9) as i64 - 4);
    let imm = if random.once_in(3) { near(random, ty) } else { near_bound };
    let cc = comparison(random);
    match random.below(8) {
        0 if ty.bits() < 64 => {
            let (extend, imm) = if random.once_in(2) {
                ("zext", ir::eval::truncate(imm as u64, ty) as i64)
            } else {
                ("sext", ir::eval::sign_extend(ir::eval::truncate(imm as u64, ty), ty))
            };
            let wide = text.value(Type::I64, &format!("{extend} {value}"));
            let imm = text.constant(Type::I64, imm);
            let flag = text.value(Type::I8, &format!("icmp {cc} {wide}, {imm}"));
            text.mix_flag(sum, &flag)
        }
        1 => {
            let imm_value = text.constant(ty, imm);
            let cc = ["eq", "slt", "ugt", "uge", "sgt"][random.below(5)];
            let flag = text.value(Type::I8, &format!("icmp {cc} {value}, {imm_value}"));
            text.placed(&format!("trap_if {flag}, index_out_of_bounds"));
            text.mix(sum, sum)
        }
        2 => {
            let more = text.constant(ty, 1 + random.below(3) as i64);
            let next = text.value(ty, &format!("add {value}, {more}"));
            let imm = text.constant(ty, imm);
            let flag = text.value(Type::I8, &format!("icmp {cc} {next}, {imm}"));
            text.mix_flag(sum, &flag)
        }
        3 => {
            let wide = if ty.bits() < 64 {
                text.value(Type::I64, &format!("sext {value}"))
            } else {
                value.to_owned()
            };
            text.mix(sum, &wide)
        }
        _ => {
            let imm = text.constant(ty, imm);
            let flag = text.value(Type::I8, &format!("icmp {cc} {value}, {imm}"));
            text.mix_flag(sum, &flag)
        }
    }
}
