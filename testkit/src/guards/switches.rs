//! Switches and branches on parameters, threaded through joins: constants known on some edges, values without a case,
//! targets that occur twice, defaults, chains of empty blocks and loops of them.

use ir::Type;

use super::{Case, Text};
use crate::Random;

/// Values of cases, arguments and constants.
const VALUES: [i64; 8] = [0, 1, 2, 3, -1, 9, 127, -128];

pub(super) fn case(random: &mut Random) -> Case {
    let ty = random.pick(&[Type::I8, Type::I64, Type::I32]).unwrap_or(Type::I8);
    let mut text = Text::new("fn @f(i64, i64, i64) -> i64 {");
    let count = 4 + random.below(5);
    let blocks: Vec<String> = (0..count + 2).map(|_| text.block()).collect();
    let args = text.begin(&blocks[0], &[Type::I64; 3]);
    let cut = |arg: &String| match ty {
        Type::I64 => arg.clone(),
        _ => text.value(ty, &format!("trunc {arg}")),
    };
    let mut pool: Vec<String> = args[..2].iter().map(cut).collect();
    for _ in 0..4 {
        let imm = VALUES[random.below(8)];
        pool.push(text.constant(ty, imm));
    }
    let turns = text.constant(Type::I64, 12);
    let zero = text.constant(Type::I64, 0);
    let last = blocks[count + 1].clone();
    let mut builder = Builder { random, text, ty, blocks, count, pool };
    builder.terminator(&turns, &zero, None);
    for index in 1..=count {
        let block = builder.blocks[index].clone();
        let params = builder.text.begin(&block, &[ty, Type::I64, Type::I64]);
        let [index_value, left, sum] = [&params[0], &params[1], &params[2]];
        if builder.random.once_in(3) {
            // A block with a body, and the only ones that may lead back.
            let one = builder.text.constant(Type::I64, 1);
            let fewer = builder.text.value(Type::I64, &format!("sub {left}, {one}"));
            let own = builder.text.constant(Type::I64, index as i64 * 5);
            let sum = builder.text.mix(sum, &own);
            let next = builder.text.block();
            builder
                .text
                .line(&format!("branch {fewer}, {next}, {last}({index_value}, {fewer}, {sum})"));
            builder.text.begin(&next, &[]);
            let known = builder.pool.len();
            if builder.random.once_in(2) {
                let step = builder.text.constant(ty, 1);
                let new = builder.text.value(ty, &format!("add {index_value}, {step}"));
                builder.pool.push(new);
            }
            builder.pool.push(index_value.clone());
            builder.terminator(&fewer, &sum, None);
            builder.pool.truncate(known);
        } else {
            let known = builder.pool.len();
            builder.pool.push(index_value.clone());
            builder.terminator(left, sum, Some((index, index_value.clone())));
            builder.pool.truncate(known);
        }
    }
    let params = builder.text.begin(&last, &[ty, Type::I64, Type::I64]);
    let wide = if ty == Type::I64 {
        params[0].clone()
    } else {
        builder.text.value(Type::I64, &format!("sext {}", params[0]))
    };
    let sum = builder.text.mix(&params[2], &wide);
    builder.text.line(&format!("ret {sum}"));
    let text = builder.text.end();
    let calls = (0..12)
        .map(|_| {
            // What stands above the type must not matter.
            let mut word = || {
                let value = VALUES[random.below(8)] as u64 & ty.mask();
                value | random.bits() & !ty.mask()
            };
            ("f".to_owned(), vec![word(), word(), 1])
        })
        .collect();
    Case { text, calls }
}

struct Builder<'a> {
    random: &'a mut Random,
    text: Text,
    ty: Type,
    blocks: Vec<String>,
    count: usize,
    /// What may be given on.
    pool: Vec<String>,
}

impl Builder<'_> {
    /// An edge to a block; an empty block leads only forward, so that every call ends.
    fn edge(&mut self, left: &str, sum: &str, after: usize) -> String {
        let to = after + 1 + self.random.below(self.count + 1 - after);
        let value = if self.random.once_in(3) {
            self.pool.last().cloned().unwrap_or_default()
        } else {
            self.pool[self.random.below(self.pool.len())].clone()
        };
        format!("{}({value}, {left}, {sum})", self.blocks[to])
    }

    fn terminator(&mut self, left: &str, sum: &str, empty: Option<(usize, String)>) {
        let after = empty.as_ref().map_or(0, |&(index, _)| index);
        let on = match empty {
            Some((_, param)) => param,
            None => self.pool[self.random.below(self.pool.len())].clone(),
        };
        let first = self.edge(left, sum, after);
        match self.random.below(5) {
            0 => self.text.line(&format!("jump {first}")),
            1 => {
                let second = self.edge(left, sum, after);
                self.text.line(&format!("branch {on}, {first}, {second}"));
            }
            _ => {
                let mut used = Vec::new();
                let mut cases = Vec::new();
                for _ in 0..self.random.below(5) {
                    let imm = VALUES[self.random.below(8)];
                    if used.contains(&imm) {
                        continue;
                    }
                    used.push(imm);
                    // The same target, with the same or other arguments, is common.
                    let target = match self.random.below(4) {
                        0 => first.clone(),
                        _ => self.edge(left, sum, after),
                    };
                    cases.push(format!("{imm}: {target}"));
                }
                debug_assert!(self.ty.is_int());
                self.text.line(&format!("switch {on}, {first}, [{}]", cases.join(", ")));
            }
        }
    }
}
