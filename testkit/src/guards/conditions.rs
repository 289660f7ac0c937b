//! Conditions: related comparisons joined by and, or, xor and negations, in nested branches, selects and checks.

use ir::Type;

use super::{Case, Text, arguments, comparison, near};
use crate::Random;

struct Builder<'a> {
    random: &'a mut Random,
    text: Text,
    ty: Type,
    /// The values that are compared; constants among them are neighbours.
    values: Vec<String>,
    /// Conditions that dominate the place.
    conditions: Vec<String>,
}

pub(super) fn case(random: &mut Random) -> Case {
    let ty = random.pick(&[Type::I8, Type::I8, Type::I32, Type::I64]).unwrap_or(Type::I8);
    let mut text = Text::new(&format!("fn @f({ty}, {ty}, {ty}) -> i64 {{"));
    let entry = text.block();
    let mut values = text.begin(&entry, &[ty, ty, ty]);
    let base = near(random, ty);
    for more in [-1, 0, 1] {
        values.push(text.constant(ty, base.wrapping_add(more)));
    }
    let zero = text.constant(Type::I64, 0);
    let mut builder = Builder { random, text, ty, values, conditions: Vec::new() };
    builder.tree(&zero, 3);
    let text = builder.text.end();
    let corner = |random: &mut Random| {
        let mut args = arguments(random, &[ty; 3]);
        for arg in &mut args {
            if random.once_in(2) {
                *arg = base.wrapping_add(random.below(5) as i64 - 2) as u64 & ty.mask();
            }
        }
        if random.once_in(3) {
            args[1] = args[0];
        }
        args
    };
    let calls = (0..16).map(|_| ("f".to_owned(), corner(random))).collect();
    Case { text, calls }
}

impl Builder<'_> {
    fn pick(&mut self, list: &[String]) -> String {
        list[self.random.below(list.len())].clone()
    }

    fn comparison(&mut self) -> String {
        let (a, b) = (self.random.below(3), self.random.below(self.values.len()));
        let (a, b) = if self.random.once_in(4) { (b, a) } else { (a, b) };
        let cc = comparison(self.random);
        let (a, b) = (&self.values[a], &self.values[b]);
        self.text.value(Type::I8, &format!("icmp {cc} {a}, {b}"))
    }

    fn condition(&mut self) -> String {
        let old = self.conditions.clone();
        let new = match self.random.below(8) {
            0..=2 => self.comparison(),
            kind if old.is_empty() || kind == 3 => {
                let (a, b) = (self.comparison(), self.comparison());
                let op = ["and", "or", "xor"][self.random.below(3)];
                self.text.value(Type::I8, &format!("{op} {a}, {b}"))
            }
            4 => {
                let a = self.pick(&old);
                let imm = self.random.below(2) as i64;
                let imm = self.text.constant(Type::I8, imm);
                let op = ["xor", "icmp eq", "icmp ne", "and", "or"][self.random.below(5)];
                self.text.value(Type::I8, &format!("{op} {a}, {imm}"))
            }
            _ => {
                let (a, b) = (self.pick(&old), self.comparison());
                let op = ["and", "or", "xor"][self.random.below(3)];
                self.text.value(Type::I8, &format!("{op} {a}, {b}"))
            }
        };
        self.conditions.push(new.clone());
        new
    }

    /// Asks something, and mixes the answer into the sum.
    fn ask(&mut self, sum: &str) -> String {
        let flag = if self.random.once_in(3) && !self.conditions.is_empty() {
            let old = self.conditions.clone();
            self.pick(&old)
        } else {
            self.condition()
        };
        match self.random.below(6) {
            0 => {
                let (a, b) = (self.values[self.random.below(6)].clone(), self.values[0].clone());
                let chosen = self.text.value(self.ty, &format!("select {flag}, {a}, {b}"));
                let cc = comparison(self.random);
                let c = self.values[1 + self.random.below(5)].clone();
                let flag = self.text.value(Type::I8, &format!("icmp {cc} {chosen}, {c}"));
                self.text.mix_flag(sum, &flag)
            }
            1 => {
                self.text.placed(&format!("trap_if {flag}, assertion"));
                sum.to_owned()
            }
            2 => {
                let (one, zero) =
                    (self.text.constant(Type::I64, 7), self.text.constant(Type::I64, 2));
                let part = self.text.value(Type::I64, &format!("select {flag}, {one}, {zero}"));
                self.text.mix(sum, &part)
            }
            _ => self.text.mix_flag(sum, &flag),
        }
    }

    fn tree(&mut self, sum: &str, depth: usize) {
        let known = self.conditions.len();
        let mut sum = sum.to_owned();
        for _ in 0..self.random.below(3) {
            sum = self.ask(&sum);
        }
        if depth == 0 {
            for _ in 0..4 {
                sum = self.ask(&sum);
            }
            self.text.line(&format!("ret {sum}"));
        } else {
            let cond = self.condition();
            let (left, right) = (self.text.block(), self.text.block());
            self.text.line(&format!("branch {cond}, {left}, {right}"));
            for block in [left, right] {
                self.text.begin(&block, &[]);
                self.tree(&sum, depth - 1);
            }
        }
        self.conditions.truncate(known);
    }
}
