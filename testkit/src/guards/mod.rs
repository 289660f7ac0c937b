//! Random modules that lean on the side conditions of single passes: one generator for each kind of thing that a pass
//! must not do. They are written as text, so that a failing one is read and reduced as it stands.

mod calls;
mod conditions;
mod loops;
mod memory;
mod ranges;
mod switches;
mod traps;

pub use ranges::operations as range_operations;

use crate::Random;
use ir::Type;

/// A module and calls to compare. What it writes to memory is told by calls of `@peek`.
#[derive(Clone, Debug)]
pub struct Case {
    /// The text of the module.
    pub text: String,
    /// The name of a function, and the bits of its arguments.
    pub calls: Vec<(String, Vec<u64>)>,
}

/// A generator.
pub type Generator = fn(&mut Random) -> Case;

/// Every generator, by its name.
pub const GENERATORS: &[(&str, Generator)] = &[
    ("calls", calls::case),
    ("conditions", conditions::case),
    ("loops", loops::case),
    ("memory", memory::case),
    ("ranges", ranges::case),
    ("switches", switches::case),
    ("traps", traps::case),
];

const COMPARISONS: [&str; 10] =
    ["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"];

/// A function that is being written.
struct Text {
    text: String,
    values: u32,
    blocks: u32,
    /// The line of the source place that the next instruction with one gets.
    line: u32,
}

impl Text {
    fn new(head: &str) -> Self {
        Self { text: format!("{head}\n"), values: 0, blocks: 0, line: 0 }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str("  ");
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line with a source place of its own.
    fn placed(&mut self, line: &str) {
        self.line += 1;
        let line = format!("{line} @{}:1", self.line);
        self.line(&line);
    }

    fn name(&mut self) -> String {
        self.values += 1;
        format!("v{}", self.values - 1)
    }

    fn value(&mut self, ty: Type, text: &str) -> String {
        let name = self.name();
        self.line(&format!("{name}: {ty} = {text}"));
        name
    }

    /// A value whose instruction has a source place of its own.
    fn placed_value(&mut self, ty: Type, text: &str) -> String {
        let name = self.name();
        self.placed(&format!("{name}: {ty} = {text}"));
        name
    }

    fn constant(&mut self, ty: Type, imm: i64) -> String {
        let imm = ir::eval::sign_extend(ir::eval::truncate(imm as u64, ty), ty);
        self.value(ty, &format!("iconst {imm}"))
    }

    /// A new block, which is written later.
    fn block(&mut self) -> String {
        self.blocks += 1;
        format!("block{}", self.blocks - 1)
    }

    /// Begins a block with parameters of these types.
    fn begin(&mut self, block: &str, params: &[Type]) -> Vec<String> {
        let names: Vec<String> = params.iter().map(|_| self.name()).collect();
        let list: Vec<String> =
            names.iter().zip(params).map(|(name, ty)| format!("{name}: {ty}")).collect();
        let list = if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) };
        self.text.push_str(&format!("{block}{list}:\n"));
        names
    }

    /// `3 * sum + part`, where the part is an i8 and the sum an i64.
    fn mix_flag(&mut self, sum: &str, flag: &str) -> String {
        let part = self.value(Type::I64, &format!("zext {flag}"));
        self.mix(sum, &part)
    }

    /// `3 * sum + part`.
    fn mix(&mut self, sum: &str, part: &str) -> String {
        let three = self.constant(Type::I64, 3);
        let product = self.value(Type::I64, &format!("mul {sum}, {three}"));
        self.value(Type::I64, &format!("add {product}, {part}"))
    }

    fn end(mut self) -> String {
        self.text.push_str("}\n");
        self.text
    }
}

fn comparison(random: &mut Random) -> &'static str {
    random.pick(&COMPARISONS).unwrap_or("eq")
}

/// A small number, an end of the type, or a neighbour of one.
fn near(random: &mut Random, ty: Type) -> i64 {
    let middle = (ty.mask() >> 1) as i64;
    let base = [0, 0, 5, 10, -3, middle, middle.wrapping_add(1), middle / 2];
    random.pick(&base).unwrap_or(0).wrapping_add(random.below(5) as i64 - 2)
}

/// Arguments of these types, corners for the most part.
fn arguments(random: &mut Random, types: &[Type]) -> Vec<u64> {
    let word = |&ty: &Type| match random.below(3) {
        0 => random.word(ty),
        _ => near(random, ty) as u64 & ty.mask(),
    };
    types.iter().map(word).collect()
}
