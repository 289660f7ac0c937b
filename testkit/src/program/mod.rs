//! Random programs: well-typed, terminating, rarely trapping. What they compute flows into the `u64` they return.
//!
//! Two things are kept out of sight, because Rust leaves them open: the bits of a NaN, and the sign of the zero that
//! `min` and `max` of floats choose.

mod features;
mod leaning;

use std::fmt::Write as _;

use self::features::{Enum, Generic, Pointer, Struct};
use crate::Random;

/// The attributes that open every file: rustc must neither warn nor refuse what it can evaluate.
pub const ATTRIBUTES: &str =
    "#![allow(warnings, arithmetic_overflow, unconditional_panic, overflowing_literals)]\n";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Int { bits: u32, signed: bool },
    F32,
    F64,
    Bool,
}

const INTS: [Type; 10] = [
    Type::Int { bits: 8, signed: true },
    Type::Int { bits: 8, signed: false },
    Type::Int { bits: 16, signed: true },
    Type::Int { bits: 16, signed: false },
    Type::Int { bits: 32, signed: true },
    Type::Int { bits: 32, signed: false },
    Type::Int { bits: 64, signed: true },
    Type::Int { bits: 64, signed: false },
    Type::Int { bits: 128, signed: true },
    Type::Int { bits: 128, signed: false },
];

impl Type {
    fn name(self) -> String {
        match self {
            Type::Int { bits, signed } => format!("{}{bits}", if signed { 'i' } else { 'u' }),
            Type::F32 => "f32".to_owned(),
            Type::F64 => "f64".to_owned(),
            Type::Bool => "bool".to_owned(),
        }
    }

    fn is_float(self) -> bool {
        matches!(self, Type::F32 | Type::F64)
    }
}

#[derive(Clone)]
struct Local {
    name: String,
    ty: Type,
    /// The length, if it is an array.
    array: Option<usize>,
    mutable: bool,
}

#[derive(Clone)]
struct Helper {
    name: String,
    params: Vec<Type>,
    result: Type,
}

struct Generator {
    rng: Random,
    text: String,
    locals: Vec<Local>,
    helpers: Vec<Helper>,
    structs: Vec<Struct>,
    generics: Vec<Generic>,
    enums: Vec<Enum>,
    pointers: Vec<Pointer>,
    /// Names of the library that variables have already.
    library_names: Vec<&'static str>,
    indent: usize,
    names: usize,
    loops: usize,
}

/// One program: helper functions, which no other program shares, and `fn program() -> u64`.
#[must_use]
pub fn program(seed: u64) -> String {
    let mut g = Generator {
        rng: Random::new(seed),
        text: String::new(),
        locals: Vec::new(),
        helpers: Vec::new(),
        structs: Vec::new(),
        generics: Vec::new(),
        enums: Vec::new(),
        pointers: Vec::new(),
        library_names: Vec::new(),
        indent: 0,
        names: 0,
        loops: 0,
    };
    for _ in 0..g.rng.below(3) {
        g.helper();
    }
    g.items();
    g.line("fn program() -> u64 {");
    g.indent += 1;
    g.line("let mut h: u64 = 0;");
    let statements = 4 + g.rng.below(10);
    g.statements(statements, 3);
    for local in g.locals.clone() {
        g.observe(&local);
    }
    g.line("h");
    g.indent -= 1;
    g.line("}");
    g.text
}

impl Generator {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{:width$}{text}", "", width = self.indent * 4);
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn any_type(&mut self) -> Type {
        match self.rng.below(12) {
            0 => Type::F32,
            1 => Type::F64,
            2 => Type::Bool,
            _ => self.int_type(),
        }
    }

    fn int_type(&mut self) -> Type {
        INTS[self.rng.below(INTS.len())]
    }

    fn helper(&mut self) {
        let params: Vec<Type> = (0..self.rng.below(11)).map(|_| self.any_type()).collect();
        let result = self.any_type();
        let name = format!("HELPER_{}", self.helpers.len());
        let outer = std::mem::take(&mut self.locals);
        let mut header = format!("fn {name}(");
        for (i, &ty) in params.iter().enumerate() {
            let local = format!("a{i}");
            let mutable = self.rng.once_in(3);
            let keyword = if mutable { "mut " } else { "" };
            let _ = write!(header, "{keyword}{local}: {}, ", ty.name());
            self.locals.push(Local { name: local, ty, array: None, mutable });
        }
        let _ = write!(header, ") -> {} {{", result.name());
        self.line(&header);
        self.indent += 1;
        self.line("let mut h: u64 = 0;");
        let count = 1 + self.rng.below(4);
        self.statements(count, 2);
        if self.rng.once_in(3) {
            let (cond, value) = (self.expr(Type::Bool, 2), self.expr(result, 2));
            self.line(&format!("if {cond} {{ return {value}; }}"));
        }
        let value = self.expr(result, 3);
        self.line(&value);
        self.indent -= 1;
        self.line("}");
        self.locals = outer;
        self.pointers.clear();
        self.helpers.push(Helper { name, params, result });
    }

    fn statements(&mut self, count: usize, depth: usize) {
        for _ in 0..count {
            self.statement(depth);
        }
    }

    fn block(&mut self, depth: usize) {
        let (kept, pointers) = (self.locals.len(), self.pointers.len());
        self.indent += 1;
        let count = 1 + self.rng.below(3);
        self.statements(count, depth);
        self.indent -= 1;
        self.locals.truncate(kept);
        self.pointers.truncate(pointers);
    }

    fn statement(&mut self, depth: usize) {
        match self.rng.below(if depth == 0 { 11 } else { 15 }) {
            0..=2 => self.declare(),
            3 if self.write_slice() => {}
            3..=5 => self.assign(),
            6..=7 => {
                let ty = self.any_type();
                let value = self.expr(ty, 3);
                self.mix(&value, ty);
            }
            8 => self.declare_array(),
            9 | 10 => self.declare_aggregate(),
            11 | 12 => self.branch(depth - 1),
            _ if self.loops < 2 => self.repeat(depth - 1),
            _ => self.assign(),
        }
    }

    fn declare(&mut self) {
        let ty = self.any_type();
        let value = if self.rng.once_in(6) { self.bare_literal(ty) } else { self.expr(ty, 3) };
        let name = self.variable("v");
        let mutable = !self.rng.once_in(3);
        let keyword = if mutable { "mut " } else { "" };
        self.line(&format!("let {keyword}{name}: {} = {value};", ty.name()));
        self.locals.push(Local { name, ty, array: None, mutable });
    }

    fn declare_array(&mut self) {
        let ty = self.any_type();
        let len = 1 + self.rng.below(9);
        let value = self.expr(ty, 2);
        let name = self.variable("t");
        self.line(&format!("let mut {name}: [{}; {len}] = [{value}; {len}];", ty.name()));
        self.locals.push(Local { name, ty, array: Some(len), mutable: true });
    }

    fn assign(&mut self) {
        let targets: Vec<Local> = self.locals.iter().filter(|l| l.mutable).cloned().collect();
        let Some(target) = self.rng.pick(&targets) else { return self.declare() };
        let place = self.place(&target);
        let value = self.expr(target.ty, 3);
        let ops: &[&str] = match target.ty {
            Type::Int { .. } => &["=", "=", "+=", "-=", "*=", "^=", "|=", "&="],
            Type::Bool => &["=", "^=", "|=", "&="],
            _ => &["=", "+=", "-=", "*=", "/="],
        };
        let op = ops[self.rng.below(ops.len())];
        self.line(&format!("{place} {op} {value};"));
    }

    fn branch(&mut self, depth: usize) {
        let cond = self.expr(Type::Bool, 3);
        self.line(&format!("if {cond} {{"));
        self.block(depth);
        if self.rng.once_in(2) {
            self.line("} else {");
            self.block(depth);
        }
        self.line("}");
    }

    fn repeat(&mut self, depth: usize) {
        self.loops += 1;
        let counter = self.fresh("i");
        let ty = self.int_type();
        let times = self.rng.below(9);
        let kept = self.locals.len();
        match self.rng.below(3) {
            0 => {
                let dots = if self.rng.once_in(3) { "..=" } else { ".." };
                self.line(&format!("for {counter} in 0{dots}{times} as {} {{", ty.name()));
                self.locals.push(Local { name: counter, ty, array: None, mutable: false });
            }
            1 => {
                self.line(&format!("let mut {counter}: {} = 0;", ty.name()));
                self.line(&format!("while {counter} < {times} {{"));
                self.line(&format!("    {counter} += 1;"));
                self.locals.push(Local { name: counter, ty, array: None, mutable: false });
            }
            _ => {
                self.line(&format!("let mut {counter}: {} = {times};", ty.name()));
                self.line("loop {");
                self.line(&format!("    if {counter} == 0 {{ break; }}"));
                self.line(&format!("    {counter} -= 1;"));
                self.locals.push(Local { name: counter, ty, array: None, mutable: false });
            }
        }
        self.block(depth);
        self.indent += 1;
        if self.rng.once_in(3) {
            let (cond, word) =
                (self.expr(Type::Bool, 2), if self.rng.once_in(2) { "break" } else { "continue" });
            self.line(&format!("if {cond} {{ {word}; }}"));
            let count = 1 + self.rng.below(2);
            let (inner, pointers) = (self.locals.len(), self.pointers.len());
            self.statements(count, 0);
            self.locals.truncate(inner);
            self.pointers.truncate(pointers);
        }
        self.indent -= 1;
        self.line("}");
        self.locals.truncate(kept);
        self.loops -= 1;
    }

    fn observe(&mut self, local: &Local) {
        match local.array {
            None => self.mix(&local.name, local.ty),
            Some(len) => {
                for i in 0..len {
                    self.mix(&format!("{}[{i}]", local.name), local.ty);
                }
            }
        }
    }

    /// Lets a value flow into the result. A NaN counts as one, whatever its bits.
    fn mix(&mut self, value: &str, ty: Type) {
        let bits = match ty {
            Type::Int { bits: 128, .. } => {
                let name = self.fresh("w");
                self.line(&format!("let {name} = ({value}) as u128;"));
                format!("({name} ^ {name} >> 64) as u64")
            }
            Type::Int { .. } | Type::Bool => format!("({value}) as u64"),
            Type::F32 | Type::F64 => {
                let name = self.fresh("f");
                self.line(&format!("let {name}: {} = {value};", ty.name()));
                format!("(if {name}.is_nan() {{ 1 }} else {{ {name}.to_bits() as u64 }})")
            }
        };
        self.line(&format!("h = h.rotate_left(7).wrapping_mul(0x9e3779b97f4a7c15) ^ {bits};"));
    }

    fn place(&mut self, local: &Local) -> String {
        match local.array {
            None => local.name.clone(),
            Some(len) => {
                let index = self.index(len);
                format!("{}[{index}]", local.name)
            }
        }
    }

    /// An index that is nearly always below `len`.
    fn index(&mut self, len: usize) -> String {
        let ty = self.int_type();
        let value = self.expr(ty, 1);
        if self.rng.once_in(15) {
            format!("(({value}) & 15) as usize")
        } else {
            format!("({value}) as usize % {len}")
        }
    }

    fn expr(&mut self, ty: Type, depth: usize) -> String {
        if depth == 0 || self.rng.once_in(6) {
            return self.leaf(ty);
        }
        match self.rng.below(12) {
            10 | 11 => self.feature(ty, depth - 1),
            0 => {
                let (c, a, b) = (
                    self.expr(Type::Bool, depth - 1),
                    self.expr(ty, depth - 1),
                    self.expr(ty, depth - 1),
                );
                format!("(if {c} {{ {a} }} else {{ {b} }})")
            }
            1 => self.call(ty, depth - 1),
            2 => self.side_effect(ty, depth - 1),
            _ => match ty {
                Type::Int { bits, signed } => self.int_expr(ty, bits, signed, depth - 1),
                Type::Bool => self.bool_expr(depth - 1),
                Type::F32 | Type::F64 => self.float_expr(ty, depth - 1),
            },
        }
    }

    fn call(&mut self, ty: Type, depth: usize) -> String {
        let fitting: Vec<Helper> =
            self.helpers.iter().filter(|helper| helper.result == ty).cloned().collect();
        // Calls stay out of loops inside loops, so that the running time stays small.
        if self.loops > 1 {
            return self.leaf(ty);
        }
        let Some(helper) = self.rng.pick(&fitting) else { return self.leaf(ty) };
        let args: Vec<String> =
            helper.params.iter().map(|&param| self.expr(param, depth.min(1))).collect();
        format!("{}({})", helper.name, args.join(", "))
    }

    /// A block expression that assigns before it gives its value: shows the order of evaluation.
    fn side_effect(&mut self, ty: Type, depth: usize) -> String {
        let targets: Vec<Local> = self
            .locals
            .iter()
            .filter(|l| l.mutable && l.array.is_none() && l.ty == ty)
            .cloned()
            .collect();
        let Some(target) = self.rng.pick(&targets) else { return self.leaf(ty) };
        let value = self.expr(ty, depth);
        format!("{{ {0} = {value}; {0} }}", target.name)
    }

    fn leaf(&mut self, ty: Type) -> String {
        let fitting: Vec<Local> = self.locals.iter().filter(|l| l.ty == ty).cloned().collect();
        if !self.rng.once_in(3)
            && let Some(local) = self.rng.pick(&fitting)
        {
            return match local.array {
                None => local.name,
                Some(len) => format!("{}[{}]", local.name, self.rng.below(len)),
            };
        }
        self.literal(ty)
    }

    fn literal(&mut self, ty: Type) -> String {
        match ty {
            Type::Int { bits, signed } => {
                let max = u128::MAX >> (128 - bits + u32::from(signed));
                let power = 1u128 << self.rng.below(bits as usize);
                let value = match self.rng.below(8) {
                    0 => 0,
                    1 => 1,
                    2 => max,
                    3 => power.min(max),
                    4 => (power - 1).min(max),
                    5 => (u128::from(self.rng.bits()) << 64 | u128::from(self.rng.bits())) & max,
                    _ => self.rng.below(100) as u128,
                };
                let name = ty.name();
                if signed && self.rng.once_in(3) {
                    let lowest = value == max && self.rng.once_in(2);
                    if lowest { format!("{name}::MIN") } else { format!("(-{value}{name})") }
                } else {
                    format!("{value}{name}")
                }
            }
            Type::Bool => if self.rng.once_in(2) { "true" } else { "false" }.to_owned(),
            Type::F32 | Type::F64 => {
                let name = ty.name();
                let texts = ["0.0", "1.0", "0.5", "3.25", "1e10", "1e-10", "123456.789", "0.1"];
                let text = texts[self.rng.below(texts.len())];
                match self.rng.below(10) {
                    0 => format!("{name}::MAX"),
                    1 => format!("{name}::INFINITY"),
                    2 if self.rng.once_in(2) => format!("{name}::NAN"),
                    2 => format!("{name}::MIN_POSITIVE"),
                    3..=5 => format!("(-{text}{name})"),
                    _ => format!("{text}{name}"),
                }
            }
        }
    }

    fn int_expr(&mut self, ty: Type, bits: u32, signed: bool, depth: usize) -> String {
        let name = ty.name();
        let a = self.expr(ty, depth);
        match self.rng.below(16) {
            0..=3 => {
                let bare = self.rng.once_in(5);
                let b = if bare { self.bare_literal(ty) } else { self.expr(ty, depth) };
                let op = ["+", "-", "*", "&", "|", "^"][self.rng.below(6)];
                format!("({a} {op} {b})")
            }
            4 => {
                // A divisor that is zero or -1 is rare.
                let (b, op) = (self.expr(ty, depth), ["/", "%"][self.rng.below(2)]);
                if self.rng.once_in(8) {
                    format!("({a} {op} {b})")
                } else {
                    format!("({a} {op} (({b} & 63) | 1))")
                }
            }
            5 => {
                let constant = 2 + self.rng.below(120);
                let sign = if signed && self.rng.once_in(3) { "-" } else { "" };
                let op = ["/", "%"][self.rng.below(2)];
                format!("({a} {op} ({sign}{constant}{name}))")
            }
            6 => {
                let amount = self.rng.below(bits as usize + 4);
                let op = ["<<", ">>"][self.rng.below(2)];
                format!("({a} {op} ({amount}u32 & {}))", bits - 1)
            }
            7 => {
                let amount_type = self.int_type();
                let amount = self.expr(amount_type, depth);
                let op = ["<<", ">>"][self.rng.below(2)];
                format!("({a} {op} ({amount} & 7))")
            }
            8 => {
                let amount = self.expr(Type::Int { bits: 32, signed: false }, depth);
                let method = ["rotate_left", "rotate_right", "wrapping_shl", "wrapping_shr"]
                    [self.rng.below(4)];
                format!("({a}).{method}({amount})")
            }
            9 => {
                let b = self.expr(ty, depth);
                let methods = ["wrapping_add", "wrapping_sub", "wrapping_mul", "min", "max"];
                format!("({a}).{}({b})", methods[self.rng.below(methods.len())])
            }
            10 => {
                let methods = ["count_ones", "leading_zeros", "trailing_zeros", "count_zeros"];
                format!("(({a}).{}() as {name})", methods[self.rng.below(methods.len())])
            }
            11 => {
                let methods = ["swap_bytes", "wrapping_neg", "reverse_bits"];
                format!("({a}).{}()", methods[self.rng.below(methods.len())])
            }
            12 if signed => format!("(-{a})"),
            12 => format!("(!{a})"),
            13 if self.rng.once_in(2) => self.cast_of_arms(ty, depth),
            14 => self.of_a_slice(ty).unwrap_or(a),
            _ => {
                let from = if self.rng.once_in(4) { Type::F64 } else { self.any_type() };
                let value = self.expr(from, depth);
                format!("(({value}) as {name})")
            }
        }
    }

    fn bool_expr(&mut self, depth: usize) -> String {
        match self.rng.below(7) {
            0 => format!("(!{})", self.expr(Type::Bool, depth)),
            6 => self.equal_slices().unwrap_or_else(|| "false".to_owned()),
            1 | 2 => {
                let (a, b) = (self.expr(Type::Bool, depth), self.expr(Type::Bool, depth));
                format!("({a} {} {b})", ["&&", "||", "&", "|", "^", "==", "!="][self.rng.below(7)])
            }
            _ => {
                let ty = if self.rng.once_in(5) { Type::F64 } else { self.int_type() };
                let a = self.expr(ty, depth);
                let bare = self.rng.once_in(5);
                let b = if bare { self.bare_literal(ty) } else { self.expr(ty, depth) };
                format!("({a} {} {b})", ["<", "<=", ">", ">=", "==", "!="][self.rng.below(6)])
            }
        }
    }

    fn float_expr(&mut self, ty: Type, depth: usize) -> String {
        let a = self.expr(ty, depth);
        match self.rng.below(10) {
            8 => self.cast_of_arms(ty, depth),
            9 => self.of_a_slice(ty).unwrap_or(a),
            0..=3 => {
                let bare = self.rng.once_in(5);
                let b = if bare { self.bare_literal(ty) } else { self.expr(ty, depth) };
                format!("({a} {} {b})", ["+", "-", "*", "/"][self.rng.below(4)])
            }
            4 => {
                let methods = ["abs", "sqrt", "floor", "ceil", "trunc", "round"];
                format!("({a}).{}()", methods[self.rng.below(methods.len())])
            }
            5 => format!("(-{a})"),
            6 => {
                let from = if ty.is_float() && self.rng.once_in(3) {
                    if ty == Type::F32 { Type::F64 } else { Type::F32 }
                } else {
                    self.int_type()
                };
                let value = self.expr(from, depth);
                format!("(({value}) as {})", ty.name())
            }
            _ => {
                let (b, c) = (self.expr(ty, depth), self.expr(ty, depth));
                format!("({a}).mul_add({b}, {c})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn a_seed_gives_one_program() {
        assert_eq!(program(7), program(7));
        assert_ne!(program(7), program(8));
    }
}
