//! What stands where a builder method takes an operand, so that calls read as formulas.

use crate::entity::{Value, Var};

/// An operand of a builder method: a value, a variable (which is read), or a literal, which takes
/// the type of the other operand.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Operand {
    /// A value.
    Value(Value),
    /// A variable: its value at this point.
    Var(Var),
    /// An integer literal.
    Int(i64),
    /// A float literal.
    Float(f64),
}

macro_rules! operand_from {
    ($($source:ty => $variant:ident),*) => { $(
        impl From<$source> for Operand {
            fn from(source: $source) -> Self {
                Operand::$variant(source.into())
            }
        }
    )* };
}
operand_from!(Value => Value, Var => Var, i64 => Int, i32 => Int, f64 => Float);

/// A list of operands: nothing `()`, one operand, or an array or slice of values.
pub trait Operands {
    /// Calls `visit` with each operand.
    fn visit(self, visit: &mut dyn FnMut(Operand));
}

impl Operands for () {
    fn visit(self, _: &mut dyn FnMut(Operand)) {}
}

impl<T: Into<Operand>> Operands for T {
    fn visit(self, visit: &mut dyn FnMut(Operand)) {
        visit(self.into());
    }
}

impl<T: Into<Operand>, const N: usize> Operands for [T; N] {
    fn visit(self, visit: &mut dyn FnMut(Operand)) {
        self.into_iter().for_each(|item| visit(item.into()));
    }
}

impl<T: Into<Operand> + Copy> Operands for &[T] {
    fn visit(self, visit: &mut dyn FnMut(Operand)) {
        self.iter().for_each(|&item| visit(item.into()));
    }
}
