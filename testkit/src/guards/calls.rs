//! Calls: callees with slots, loops, traps, several results, tail calls and recursion, called twice, through their
//! addresses, and from loops.

use ir::Type;

use super::{Case, Text, arguments};
use crate::Random;

const SIGNATURE: &str = "(i64, i64) -> (i64, i64)";

const HEAD: &str = r#"extern @note(i64)
data mut @m align 8 = "\01\02\03\04\05\06\07\08"
data @c align 8 = "\11\12\13\14\15\16\17\18"
fn @peek() -> i64 {
block0:
  v0: i64 = data_addr @m
  v1: i64 = load v0
  ret v1
}
"#;

pub(super) fn case(random: &mut Random) -> Case {
    let mut all = HEAD.to_owned();
    let count = 2 + random.below(4);
    for index in 0..count {
        all.push_str(&function(random, index));
    }
    let mut calls = Vec::new();
    for _ in 0..4 {
        for index in (0..count).rev().take(2) {
            calls.push((format!("f{index}"), arguments(random, &[Type::I64, Type::I64])));
            calls.push(("peek".to_owned(), Vec::new()));
        }
    }
    Case { text: all, calls }
}

fn function(random: &mut Random, index: usize) -> String {
    let mut text = Text::new(&format!(
        "fn @f{index}{SIGNATURE} {{\n  slot0: size 8, align 8\n  slot1: size 16, align 16"
    ));
    let blocks: Vec<String> = (0..4).map(|_| text.block()).collect();
    let [entry, head, end, out] = &blocks[..] else { return String::new() };
    let args = text.begin(entry, &[Type::I64; 2]);
    let mut pool = args.clone();
    let zero = text.constant(Type::I64, 0);
    let one = text.constant(Type::I64, 1);
    let three = text.constant(Type::I64, 3);
    if random.once_in(2) {
        let slot = text.value(Type::I64, "stack_addr slot0");
        text.line(&format!("store {}, {slot}", args[1]));
        pool.push(text.value(Type::I64, &format!("load {slot}")));
    }
    for _ in 0..1 + random.below(3) {
        step(random, &mut text, index, &mut pool);
    }
    let turns = text.value(Type::I64, &format!("and {}, {three}", args[0]));
    let looping = random.once_in(2);
    let last = pool.last().cloned().unwrap_or(zero);
    if looping {
        text.line(&format!("jump {head}({turns}, {last}, {})", args[1]));
        let params = text.begin(head, &[Type::I64; 3]);
        pool.extend(params.iter().cloned());
        for _ in 0..1 + random.below(2) {
            step(random, &mut text, index, &mut pool);
        }
        let fewer = text.value(Type::I64, &format!("sub {}, {one}", params[0]));
        let zero = text.constant(Type::I64, 0);
        let more = text.value(Type::I8, &format!("icmp sgt {fewer}, {zero}"));
        let (a, b) = (pool[pool.len() - 1].clone(), pool[random.below(pool.len())].clone());
        text.line(&format!("branch {more}, {head}({fewer}, {b}, {a}), {end}"));
        text.begin(end, &[]);
    }
    match random.below(4) {
        0 if index > 0 => {
            let callee = random.below(index);
            let test = text.value(Type::I64, &format!("and {last}, {one}"));
            let tail = text.block();
            text.line(&format!("branch {test}, {tail}, {out}"));
            text.begin(&tail, &[]);
            if random.once_in(2) {
                text.line(&format!("tail_call @f{callee}({}, {last})", args[1]));
            } else {
                let by = text.value(Type::I64, &format!("func_addr @f{callee}"));
                text.line(&format!("tail_call_indirect {by}({last}, {}) : {SIGNATURE}", args[0]));
            }
        }
        1 => {
            // Recursion, one level less deep each time.
            let mask = text.constant(Type::I64, 7);
            let depth = text.value(Type::I64, &format!("and {}, {mask}", args[1]));
            let deeper = text.block();
            text.line(&format!("branch {depth}, {deeper}, {out}"));
            text.begin(&deeper, &[]);
            let less = text.value(Type::I64, &format!("sub {depth}, {one}"));
            let (a, b) = (text.name(), text.name());
            text.line(&format!("{a}: i64, {b}: i64 = call @f{index}({}, {less})", args[0]));
            text.line(&format!("ret {b}, {a}"));
        }
        _ => text.line(&format!("jump {out}")),
    }
    text.begin(out, &[]);
    let first = pool[random.below(pool.len())].clone();
    text.line(&format!("ret {first}, {last}"));
    text.end()
}

fn step(random: &mut Random, text: &mut Text, index: usize, pool: &mut Vec<String>) {
    let pick = |random: &mut Random, pool: &[String]| pool[random.below(pool.len())].clone();
    let (a, b) = (pick(random, pool), pick(random, pool));
    match random.below(12) {
        0..=3 if index > 0 => {
            let callee = random.below(index);
            let (x, y) = (text.name(), text.name());
            if random.once_in(3) {
                let by = text.value(Type::I64, &format!("func_addr @f{callee}"));
                text.line(&format!(
                    "{x}: i64, {y}: i64 = call_indirect {by}({a}, {b}) : {SIGNATURE}"
                ));
            } else {
                text.line(&format!("{x}: i64, {y}: i64 = call @f{callee}({a}, {b})"));
            }
            pool.extend([x, y]);
        }
        4 => {
            let imm = text.constant(Type::I64, random.below(4) as i64);
            let test = text.value(Type::I8, &format!("icmp eq {a}, {imm}"));
            text.placed(&format!("trap_if {test}, panic"));
        }
        5 => {
            let op = ["udiv", "srem"][random.below(2)];
            pool.push(text.placed_value(Type::I64, &format!("{op} {a}, {b}")));
        }
        6 => {
            let data = text.value(Type::I64, "data_addr @m");
            text.line(&format!("store {a}, {data}"));
        }
        7 => {
            let data = text.value(Type::I64, ["data_addr @m", "data_addr @c"][random.below(2)]);
            pool.push(text.value(Type::I64, &format!("load {data}")));
        }
        8 => text.line(&format!("call @note({a})")),
        9 => {
            // A switch whose ways meet again.
            let ways: Vec<String> = (0..3).map(|_| text.block()).collect();
            text.line(&format!(
                "switch {a}, {}, [0: {}, 1: {}({b}), -1: {}({a})]",
                ways[0], ways[1], ways[2], ways[2]
            ));
            text.begin(&ways[0], &[]);
            text.line(&format!("jump {}({a})", ways[2]));
            text.begin(&ways[1], &[]);
            let sum = text.value(Type::I64, &format!("add {b}, {a}"));
            text.line(&format!("jump {}({sum})", ways[2]));
            pool.extend(text.begin(&ways[2], &[Type::I64]));
        }
        10 => {
            let slot = text.value(Type::I64, "stack_addr slot1");
            text.line(&format!("store {a}, {slot} + 8"));
            text.line(&format!("store.8 {b}, {slot} + 9"));
            pool.push(text.value(Type::I64, &format!("load {slot} + 8")));
        }
        _ => {
            let op = ["add", "sub", "xor", "mul"][random.below(4)];
            pool.push(text.value(Type::I64, &format!("{op} {a}, {b}")));
        }
    }
}
