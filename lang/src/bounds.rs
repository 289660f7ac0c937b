//! Trait bounds of generic parameters: the traits of the standard library that Jitsu knows, by name.

use crate::ids::Ty;
use crate::operator::BinOp;

/// One bound of a parameter `T`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    /// A trait without parameters.
    Named(&'static str),
    /// `Add<R, Output = T>` and its like: the operator and `R`.
    Op(BinOp, Ty),
    /// `AddAssign<R>` and its like.
    Assign(BinOp, Ty),
    /// `Neg<Output = T>`
    Neg,
    /// `Not<Output = T>`
    Not,
    /// `From<U>`
    From(Ty),
    /// `Into<U>`
    Into(Ty),
    /// `Fn(A, B) -> R`, as a pointer's type.
    Call(Ty),
}

/// The form of a trait as a bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trait {
    /// A trait that every type of Jitsu has: `Sized`, `Send`.
    Always,
    Named(&'static str),
    Op(BinOp),
    Assign(BinOp),
    Neg,
    Not,
    From,
    Into,
    Call,
}

/// The traits, with the module of `std` that they are in, and whether they are known without `use`.
#[rustfmt::skip]
const TRAITS: &[(&str, &str, bool, Trait)] = &[
    ("marker", "Copy", true, Trait::Named("Copy")),
    ("marker", "Sized", true, Trait::Always),
    ("marker", "Send", true, Trait::Always),
    ("marker", "Sync", true, Trait::Always),
    ("clone", "Clone", true, Trait::Named("Clone")),
    ("cmp", "PartialEq", true, Trait::Named("PartialEq")),
    ("cmp", "Eq", true, Trait::Named("Eq")),
    ("cmp", "PartialOrd", true, Trait::Named("PartialOrd")),
    ("cmp", "Ord", true, Trait::Named("Ord")),
    ("default", "Default", true, Trait::Named("Default")),
    ("convert", "From", true, Trait::From),
    ("convert", "Into", true, Trait::Into),
    ("ops", "Fn", true, Trait::Call),
    ("ops", "FnMut", true, Trait::Call),
    ("ops", "FnOnce", true, Trait::Call),
    ("fmt", "Debug", false, Trait::Named("Debug")),
    ("fmt", "Display", false, Trait::Named("Display")),
    ("fmt", "LowerHex", false, Trait::Named("LowerHex")),
    ("fmt", "UpperHex", false, Trait::Named("UpperHex")),
    ("fmt", "Binary", false, Trait::Named("Binary")),
    ("fmt", "Octal", false, Trait::Named("Octal")),
    ("fmt", "LowerExp", false, Trait::Named("LowerExp")),
    ("fmt", "UpperExp", false, Trait::Named("UpperExp")),
    ("ops", "Add", false, Trait::Op(BinOp::Add)),
    ("ops", "Sub", false, Trait::Op(BinOp::Sub)),
    ("ops", "Mul", false, Trait::Op(BinOp::Mul)),
    ("ops", "Div", false, Trait::Op(BinOp::Div)),
    ("ops", "Rem", false, Trait::Op(BinOp::Rem)),
    ("ops", "BitAnd", false, Trait::Op(BinOp::And)),
    ("ops", "BitOr", false, Trait::Op(BinOp::Or)),
    ("ops", "BitXor", false, Trait::Op(BinOp::Xor)),
    ("ops", "Shl", false, Trait::Op(BinOp::Shl)),
    ("ops", "Shr", false, Trait::Op(BinOp::Shr)),
    ("ops", "Neg", false, Trait::Neg),
    ("ops", "Not", false, Trait::Not),
    ("ops", "AddAssign", false, Trait::Assign(BinOp::Add)),
    ("ops", "SubAssign", false, Trait::Assign(BinOp::Sub)),
    ("ops", "MulAssign", false, Trait::Assign(BinOp::Mul)),
    ("ops", "DivAssign", false, Trait::Assign(BinOp::Div)),
    ("ops", "RemAssign", false, Trait::Assign(BinOp::Rem)),
    ("ops", "BitAndAssign", false, Trait::Assign(BinOp::And)),
    ("ops", "BitOrAssign", false, Trait::Assign(BinOp::Or)),
    ("ops", "BitXorAssign", false, Trait::Assign(BinOp::Xor)),
    ("ops", "ShlAssign", false, Trait::Assign(BinOp::Shl)),
    ("ops", "ShrAssign", false, Trait::Assign(BinOp::Shr)),
];

/// The trait that a path means, without its `std::`.
pub(crate) fn find_trait(path: &[&str]) -> Option<Trait> {
    let row = match *path {
        [name] => TRAITS.iter().find(|row| row.1 == name && row.2),
        [module, name] => TRAITS.iter().find(|row| row.0 == module && row.1 == name),
        _ => None,
    };
    row.map(|row| row.3)
}

/// Returns `true` if `path` is a module of `std` that has one of the traits, or one of them.
pub(crate) fn is_trait_path(path: &[&str]) -> bool {
    match *path {
        [module] => TRAITS.iter().any(|row| row.0 == module),
        [_, _] => find_trait(path).is_some(),
        _ => false,
    }
}

/// The trait that gives an operator, or its form that assigns.
pub(crate) fn operator_trait(op: BinOp, assigns: bool) -> &'static str {
    let of = |row: &&(&str, &'static str, bool, Trait)| match row.3 {
        Trait::Op(other) => !assigns && other == op,
        Trait::Assign(other) => assigns && other == op,
        _ => false,
    };
    match op {
        BinOp::Eq | BinOp::Ne => "PartialEq",
        BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => "PartialOrd",
        _ => TRAITS.iter().find(of).map_or("", |row| row.1),
    }
}

/// Returns `true` if the trait `name` implies the trait `wanted`.
pub(crate) fn implies(name: &str, wanted: &str) -> bool {
    name == wanted
        || match name {
            "Copy" => wanted == "Clone",
            "Eq" | "PartialOrd" => wanted == "PartialEq",
            "Ord" => matches!(wanted, "Eq" | "PartialOrd" | "PartialEq"),
            _ => false,
        }
}
