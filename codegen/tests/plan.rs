//! Switches of all kinds against the list of their cases, and entry blocks that are branched to.

#[allow(dead_code)] // each test uses its part
mod common;

use std::fmt::Write;

use arm64_sim::{CallArgs, CodeKind, Config, Simulator};
use codegen::{Options, compile};
use testkit::Random;

const BASE: u64 = 0x10_0000;

/// A case goes to one of a few blocks, with an argument.
#[derive(Clone, Copy, Debug)]
struct To {
    block: usize,
    arg: usize,
}

/// How many blocks cases go to, and how many different arguments there are.
const BLOCKS: usize = 5;
const ARGS: usize = 3;

fn random_to(random: &mut Random) -> To {
    To { block: random.below(BLOCKS), arg: random.below(ARGS) }
}

fn text(bits: u32, default: To, cases: &[(i64, To)]) -> String {
    let mut text = format!(
        "fn @f(i64) -> i64 {{\nblock0(v0: i64):\n  v1: i64 = iconst 1\n  v2: i64 = iconst 2\n  v3: i64 = iconst 3\n{}  switch v4, ",
        if bits == 64 {
            "  v4: i64 = or v0, v0\n".to_owned()
        } else {
            format!("  v4: i{bits} = trunc v0\n")
        }
    );
    let call = |to: To| format!("block{}(v{})", to.block + 1, to.arg + 1);
    let _ = write!(text, "{}, [", call(default));
    for (at, &(value, to)) in cases.iter().enumerate() {
        let _ = write!(text, "{}{value}: {}", if at == 0 { "" } else { ", " }, call(to));
    }
    text.push_str("]\n");
    for block in 0..BLOCKS {
        let (param, ten, sum) = (10 + 3 * block, 11 + 3 * block, 12 + 3 * block);
        let _ = writeln!(
            text,
            "block{}(v{param}: i64):\n  v{ten}: i64 = iconst {}\n  v{sum}: i64 = add v{param}, v{ten}\n  ret v{sum}",
            block + 1,
            10 * block
        );
    }
    text + "}\n"
}

fn check(bits: u32, default: To, cases: &[(i64, To)], random: &mut Random) {
    let source = text(bits, default, cases);
    let module = ir::parse::module(&source).unwrap_or_else(|e| panic!("{e:?}\n{source}"));
    let func = module.functions.values().next().expect("there is one");
    let code =
        compile(func, &Options::default().checked()).unwrap_or_else(|e| panic!("{e}\n{source}"));
    let mut sim = Simulator::new(Config::restricted());
    sim.publish(BASE, &code.words, CodeKind::Plain).expect("the space is free");
    let sign = |value: u64| ((value << (64 - bits)) as i64) >> (64 - bits);
    let around = cases.iter().flat_map(|&(value, _)| [-1, 0, 1].map(|by| value.wrapping_add(by)));
    let mut asked: Vec<i64> = around.collect();
    asked.extend([0, -1, i64::MIN, i64::MAX, i64::MIN >> (64 - bits), i64::MAX >> (64 - bits)]);
    asked.extend((0..8).map(|_| random.bits() as i64));
    for value in asked {
        // What is above the type does not count.
        let word = value as u64 ^ if bits < 64 { random.bits() << bits } else { 0 };
        let found = cases.iter().find(|&&(case, _)| case == sign(word));
        let to = found.map_or(default, |&(_, to)| to);
        let args = CallArgs { ints: &[word], ..CallArgs::default() };
        let found = sim.call(BASE, &args).unwrap_or_else(|fault| panic!("{fault}\n{source}"));
        assert_eq!(found.ints[0], (10 * to.block + to.arg + 1) as u64, "{word:#x}\n{source}");
    }
}

/// Dense and sparse, with holes, at the ends of the type, few and many, in any order.
#[test]
fn switches_go_where_their_cases_say() {
    let mut random = Random::new(11);
    for round in 0..400 {
        let bits = [8, 16, 32, 64][round % 4];
        let (least, most) = (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits));
        let count = [0, 1, 2, 3, 4, 5, 7, 12, 30][random.below(9)];
        let span = [count, count + 3, 2 * count + 1, 3 * count + 2, 100][random.below(5)].max(1);
        let origin = match random.below(5) {
            0 => least,
            1 => most.wrapping_sub(span as i64 - 1),
            2 => 0,
            3 => -(span as i64) / 2,
            _ => random.bits() as i64 >> (64 - bits),
        };
        let mut cases: Vec<(i64, To)> = Vec::new();
        let spread = random.below(3);
        // All cases may lead to one place: without holes between them no table is needed.
        let only = random.once_in(4).then(|| random_to(&mut random));
        for at in 0..count {
            let value = match spread {
                0 => random.bits() as i64 >> (64 - bits),
                1 => origin.saturating_add(at as i64),
                _ => origin.saturating_add(random.below(span) as i64),
            };
            let value = value.clamp(least, most);
            if cases.iter().all(|&(case, _)| case != value) {
                cases.push((value, only.unwrap_or_else(|| random_to(&mut random))));
            }
        }
        let default = random_to(&mut random);
        check(bits as u32, default, &cases, &mut random);
    }
}

/// Cases that lead where the default does, but with another argument.
#[test]
fn cases_like_the_default_pass_their_own_argument() {
    let mut random = Random::new(12);
    for count in 1..9 {
        let cases: Vec<(i64, To)> =
            (0..count).map(|at| (at, To { block: 0, arg: at as usize % ARGS })).collect();
        check(64, To { block: 0, arg: 1 }, &cases, &mut random);
    }
}

#[test]
fn the_entry_block_can_be_branched_to() {
    let source = "
fn @f(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = iconst -1
  v3: i64 = add v0, v2
  v4: i64 = add v1, v0
  branch v0, block0(v3, v4), block1
block1:
  ret v1
}";
    let module = ir::parse::module(source).expect("it parses");
    let func = module.functions.values().next().expect("there is one");
    let code = compile(func, &Options::default().checked()).unwrap_or_else(|e| panic!("{e}"));
    let mut sim = Simulator::new(Config::restricted());
    sim.publish(BASE, &code.words, CodeKind::Plain).expect("the space is free");
    for count in [0, 1, 2, 10] {
        let args = CallArgs { ints: &[count, 100], ..CallArgs::default() };
        let found = sim.call(BASE, &args).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(found.ints[0], 100 + count * (count + 1) / 2);
    }
}
