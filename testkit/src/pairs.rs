//! Every two operations, one on the result of the other, with constants from the corners of the types: small functions
//! `(i64, i64) -> i64` whose optimised forms must do what the functions say. Enumerated, so that no rule about two
//! operations is left to chance.
//!
//! The parameters are truncated to the type in question: what a caller leaves in the bits above must not matter.

use ir::{BinaryOp, Function, FunctionBuilder, IntCC, NarrowWidth, TrapKind, Type, Value};

use crate::corners::corners;
use crate::rng::Random;

mod enumerate;
mod form;

pub use enumerate::cases;
use form::result_type;
pub use form::{Form, Result};

/// Where an operand comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Leaf {
    X,
    Y,
    Const(u64),
    /// The result of the inner operation, and of the second one.
    Inner,
    Second,
}

/// What the function does with the result of the last operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wrap {
    /// Returns it.
    Value,
    /// Compares it with the second parameter, cut to its type.
    Compare,
    /// Branches on it.
    Branch,
    /// Chooses between these by it.
    Choose(Leaf, Leaf),
    /// Traps if it is not zero.
    Trap,
    /// Stores its low bytes into zeros and returns what is there.
    Store(NarrowWidth),
}

/// An operation and its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Node {
    form: Form,
    args: [Leaf; 3],
}

impl Node {
    /// Its first constant.
    fn constant(&self) -> Option<u64> {
        self.args.into_iter().take(self.form.arity()).find_map(|arg| match arg {
            Leaf::Const(bits) => Some(bits),
            _ => None,
        })
    }

    /// Returns `true` if its constant is the amount of a shift or rotation.
    fn is_shift(&self) -> bool {
        use BinaryOp::{Ashr, Lshr, Rotl, Rotr, Shl};
        matches!(self.form, Form::Binary(Shl | Lshr | Ashr | Rotl | Rotr))
            && matches!(self.args[1], Leaf::Const(_))
    }
}

/// A function of the enumeration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// The type of the parameters.
    pub ty: Type,
    inner: Node,
    second: Option<Node>,
    /// An operation on the result of the inner one.
    outer: Option<Node>,
    /// One more operation, on the result of the outer one.
    last: Option<Node>,
    wrap: Wrap,
    /// `true` if the operands are loaded from memory, else they are cut from the parameters.
    loaded: bool,
}

/// A part of the enumeration: every case whose number, scrambled, leaves `part` when divided by `of`, and more of those
/// that stand alone for a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    /// Below `of`.
    pub part: u64,
    /// In how many parts the enumeration is cut; 1 for all of it.
    pub of: u64,
}

impl Case {
    /// The function of the case.
    ///
    /// # Panics
    /// Never: the enumeration makes only what the builder accepts.
    #[must_use]
    pub fn function(&self, name: &str) -> Function {
        let b = FunctionBuilder::new(name);
        let (wide_x, wide_y) = (b.param(Type::I64), b.param(Type::I64));
        let (x, y) = if self.loaded {
            let slot = b.slot(16, 8);
            let at = b.stack_addr(slot, 0);
            b.store(wide_x, at, 0);
            b.store(wide_y, at, 8);
            (b.load(self.ty, at, 0), b.load(self.ty, at, 8))
        } else {
            (from_word(&b, self.ty, wide_x), from_word(&b, self.ty, wide_y))
        };
        let leaf = |leaf: Leaf, ty: Type, inner: Option<Value>, second: Option<Value>| match leaf {
            Leaf::X => x,
            Leaf::Y => y,
            Leaf::Const(bits) => constant(&b, ty, bits),
            Leaf::Inner => inner.expect("an inner result"),
            Leaf::Second => second.expect("a second result"),
        };
        let build = |node: Node, ty: Type, inner, second| {
            let args: Vec<Value> = node.args[..node.form.arity()]
                .iter()
                .map(|&operand| leaf(operand, ty, inner, second))
                .collect();
            node.form.build(&b, &args)
        };
        let inner = build(self.inner, self.ty, None, None);
        let second = self.second.map(|second| build(second, self.ty, None, None));
        let mid = result_type(self.inner.form, self.ty);
        let (mut result, mut out) = (inner, mid);
        if let Some(outer) = self.outer {
            result = build(outer, mid, Some(inner), second);
            out = result_type(outer.form, mid);
        }
        if let Some(last) = self.last {
            result = build(last, out, Some(result), second);
            out = result_type(last.form, out);
        }
        self.finish(&b, result, out, [x, y, wide_y]);
        b.finish().expect("pairs are well-formed")
    }

    fn finish(&self, b: &FunctionBuilder, result: Value, out: Type, [x, y, wide_y]: [Value; 3]) {
        let returned = match self.wrap {
            Wrap::Value => to_word(b, out, result),
            Wrap::Compare => {
                let other = from_word(b, out, wide_y);
                to_word(b, Type::I8, b.icmp(IntCC::Ule, result, other))
            }
            Wrap::Branch => {
                let (yes, no) = (b.block(""), b.block(""));
                b.branch(result, yes, no);
                b.switch_to(yes);
                b.ret(to_word(b, self.ty, x));
                b.switch_to(no);
                to_word(b, self.ty, y)
            }
            Wrap::Choose(yes, no) => {
                let value = |leaf| match leaf {
                    Leaf::X => x,
                    Leaf::Const(bits) => constant(b, self.ty, bits),
                    _ => y,
                };
                to_word(b, self.ty, b.select(result, value(yes), value(no)))
            }
            Wrap::Trap => {
                b.trap_if(result, TrapKind::Assertion);
                to_word(b, self.ty, x)
            }
            Wrap::Store(width) => {
                let slot = b.slot(8, 8);
                let at = b.stack_addr(slot, 0);
                b.store(b.iconst(Type::I64, 0), at, 0);
                b.store_narrow(width, result, at, 1);
                b.load(Type::I64, at, 0)
            }
        };
        b.ret(returned);
    }

    fn nodes(&self) -> impl Iterator<Item = Node> {
        [Some(self.inner), self.second, self.outer, self.last].into_iter().flatten()
    }

    fn num_constants(&self) -> usize {
        let args = self.nodes().flat_map(|node| node.args.into_iter().take(node.form.arity()));
        args.filter(|arg| matches!(arg, Leaf::Const(_))).count()
    }

    /// Returns `true` if it reads its second parameter.
    #[must_use]
    pub fn has_two(&self) -> bool {
        let both = match self.wrap {
            Wrap::Compare | Wrap::Branch => true,
            Wrap::Choose(yes, no) => [yes, no].contains(&Leaf::Y),
            _ => false,
        };
        both || self.nodes().any(|n| n.args[..n.form.arity()].contains(&Leaf::Y))
    }

    /// Arguments that tell functions apart: for an `i8` all values of the first parameter, else its corners and some
    /// others; with a few values of the second. The bits above the type are set at random.
    #[must_use]
    pub fn arguments(&self, random: &mut Random) -> Vec<[u64; 2]> {
        let ty = self.ty;
        let xs: Vec<u64> = match ty {
            Type::I8 => (0..256).collect(),
            _ => {
                let random = (0..12).map(|_| random.word(ty)).collect();
                [corners(ty), self.constants(), random].concat()
            }
        };
        let all_ys = [corners(ty), self.constants()].concat();
        let count = if !self.has_two() {
            1
        } else if ty == Type::I8 {
            2
        } else {
            4
        };
        let mut arguments = Vec::with_capacity(xs.len() * count);
        for &x in &xs {
            for _ in 0..count {
                let y = match random.below(4) {
                    0 => x,
                    1 => random.word(ty),
                    _ => random.pick(&all_ys).unwrap_or(x),
                };
                let dirty = |word: u64, random: &mut Random| word | random.bits() & !ty.mask();
                arguments.push([dirty(x, random), dirty(y, random)]);
            }
        }
        arguments
    }

    /// The constants of the case and their neighbours.
    fn constants(&self) -> Vec<u64> {
        let leaves = self.nodes().flat_map(|node| node.args);
        let constants = leaves.filter_map(|leaf| match leaf {
            Leaf::Const(bits) => Some(bits),
            _ => None,
        });
        let near = |c: u64| [c, c.wrapping_add(1), c.wrapping_sub(1), c.wrapping_neg(), !c];
        constants.flat_map(near).map(|word| word & self.ty.mask()).collect()
    }

    /// Returns `true` if the interpreter is needed to run it: it has values of 128 bits.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.nodes().any(|node| matches!(node.form, Form::Wide(..)))
    }
}

fn constant(b: &FunctionBuilder, ty: Type, bits: u64) -> Value {
    match ty {
        Type::F32 => b.f32const(f32::from_bits(bits as u32)),
        Type::F64 => b.f64const(f64::from_bits(bits)),
        _ => b.iconst(ty, ir::eval::sign_extend(bits, ty)),
    }
}

/// A value of type `ty` from the low bits of an `i64`.
fn from_word(b: &FunctionBuilder, ty: Type, word: Value) -> Value {
    let int = match ty {
        Type::I64 | Type::F64 => word,
        Type::F32 => b.trunc(Type::I32, word),
        _ => b.trunc(ty, word),
    };
    if ty.is_float() { b.bitcast(ty, int) } else { int }
}

/// The bits of a value of type `ty`, zero-extended to an `i64`.
fn to_word(b: &FunctionBuilder, ty: Type, value: Value) -> Value {
    let (int, value) = match ty {
        Type::F32 => (Type::I32, b.bitcast(Type::I32, value)),
        Type::F64 => (Type::I64, b.bitcast(Type::I64, value)),
        _ => (ty, value),
    };
    if int == Type::I64 { value } else { b.zext(Type::I64, value) }
}
