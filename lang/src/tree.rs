//! The typed tree: what the checker makes of a function and the lowering reads. Coercions, dereferences and borrows
//! that the source leaves out are explicit here.

use std::rc::Rc;

use ir::TrapKind;

use crate::diag::Place;
pub(crate) use crate::ids::{ConstId, FnId, LocalId, LoopId};
pub(crate) use crate::operator::{BinOp, UnOp};
use crate::runtime::Style;
use crate::ty::Ty;
use crate::value::ConstValue;

/// A local variable.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) mutable: bool,
    /// `true` if a reference to it is taken, so that it must live in memory.
    pub(crate) addressed: bool,
    /// `let x;`
    pub(crate) deferred: bool,
    pub(crate) place: Place,
}

/// The body of a function.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) params: Vec<LocalId>,
    pub(crate) locals: Vec<Local>,
    pub(crate) value: Expr,
}

/// An expression with its type.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) ty: Ty,
    pub(crate) place: Place,
}

/// The reason of a panic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PanicKind {
    Panic,
    Unreachable,
    Assertion,
}

impl PanicKind {
    pub(crate) const fn trap(self) -> TrapKind {
        match self {
            PanicKind::Panic => TrapKind::Panic,
            PanicKind::Unreachable => TrapKind::Unreachable,
            PanicKind::Assertion => TrapKind::Assertion,
        }
    }
}

/// The base of an iterator of a `for` loop, which its adapters change.
#[derive(Clone, Debug)]
pub(crate) enum IterBase {
    /// `a..b` or `a..=b`
    Range { start: Box<Expr>, end: Box<Expr>, inclusive: bool },
    /// `&slice`, `slice.iter()`, `&mut slice`: a reference to a slice or array; gives references to its elements.
    Slice(Box<Expr>),
    /// An array by value.
    Array(Box<Expr>),
}

/// An adapter, which changes the order or number of the steps.
#[derive(Clone, Debug)]
pub(crate) enum Adapter {
    Rev,
    StepBy(Box<Expr>),
    Take(Box<Expr>),
    Skip(Box<Expr>),
}

/// An iterator: elements are numbered by a base and adapters.
#[derive(Clone, Debug)]
pub(crate) struct Iter {
    pub(crate) base: IterBase,
    pub(crate) adapters: Vec<Adapter>,
    /// `.copied()`, or `&x` over references: the element, not a reference to it.
    pub(crate) copied: bool,
    /// `.enumerate()`: pairs of the number and the item.
    pub(crate) enumerate: bool,
    /// The type of an item.
    pub(crate) item: Ty,
}

/// A pattern with its type.
#[derive(Clone, Debug)]
pub(crate) struct Pat {
    pub(crate) kind: PatKind,
    pub(crate) ty: Ty,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) enum PatKind {
    Wild,
    Bind(LocalId, Option<Box<Pat>>),
    /// A reference to the value, not the value: of a pattern that has looked through a reference.
    BindRef(LocalId),
    /// Integers, `bool` (0 and 1) and `char`, by value; both ends belong to it.
    Range(i128, i128),
    /// Parts of a tuple or struct, by their place in it.
    Parts(Vec<(usize, Pat)>),
    Deref(Box<Pat>),
    Or(Vec<Pat>),
}

/// An arm of a `match`.
#[derive(Clone, Debug)]
pub(crate) struct Arm {
    pub(crate) pat: Pat,
    pub(crate) guard: Option<Expr>,
    pub(crate) body: Expr,
}

/// A width or precision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Size {
    Fixed(u16),
    /// The argument of this index, a `usize`.
    Arg(usize),
}

/// A piece of a format string.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Text(String),
    Arg { index: usize, style: Style, width: Size, precision: Size },
}

/// The result of `format_args!`: arguments (evaluated once, in order) and pieces.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) args: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Int(u128),
    /// The value of `const N: usize`.
    ConstParam(Ty),
    /// `T::default()`: all bytes are zero.
    Zero,
    /// A literal whose type is known, a variant, a constant of the standard library, or what a constant expression is.
    Value(Rc<ConstValue>),
    /// The digits, which are read when the type is known.
    Float(String),
    Local(LocalId),
    Const(ConstId),
    Static(ConstId),
    Unary(UnOp, Box<Expr>),
    Binary(BinOp, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Cast(Box<Expr>),
    /// `T::from(x)`, `x.into()`: computed as a cast is, but not checked as one.
    Convert(Box<Expr>),
    Assign(Box<Expr>, Box<Expr>),
    /// `_ = value`
    Discard(Box<Expr>),
    /// `place op= value`. `value_first` as for primitives; a reference as operand makes it a call of the operator's
    /// trait, which evaluates the place first.
    AssignOp {
        op: BinOp,
        place: Box<Expr>,
        value: Box<Expr>,
        value_first: bool,
    },
    If {
        cond: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    Match {
        value: Box<Expr>,
        arms: Vec<Arm>,
    },
    /// `loop`, and a labelled block (which does not repeat).
    Loop {
        id: LoopId,
        body: Box<Expr>,
        repeats: bool,
    },
    While {
        id: LoopId,
        cond: Box<Expr>,
        body: Box<Expr>,
    },
    For {
        id: LoopId,
        iter: Box<Iter>,
        pat: Box<Pat>,
        body: Box<Expr>,
    },
    Break(LoopId, Option<Box<Expr>>),
    Continue(LoopId),
    Return(Option<Box<Expr>>),
    Block(Vec<Stmt>, Option<Box<Expr>>),
    /// With the types for the parameters of a generic function; none once it has been replaced by its instance.
    Call(FnId, Vec<Ty>, Vec<Expr>),
    /// A function as a value; its type says which.
    FnItem,
    /// A pointer to the function that a value's type says.
    Reify(Box<Expr>),
    /// A call of a value: a function item or a pointer.
    CallValue(Box<Expr>, Vec<Expr>),
    Method(crate::methods::Op, Vec<Expr>),
    Index(Box<Expr>, Box<Expr>),
    /// `base[lo..hi]`, a place of slice type.
    SliceRange {
        base: Box<Expr>,
        lo: Option<Box<Expr>>,
        hi: Option<Box<Expr>>,
        inclusive: bool,
    },
    Field(Box<Expr>, usize),
    Deref(Box<Expr>),
    Ref {
        mutable: bool,
        place: Box<Expr>,
    },
    /// `&[T; N]` to `&[T]`.
    Unsize(Box<Expr>),
    Tuple(Vec<Expr>),
    /// Values of fields in the order of the source, then what `..base` gives the rest.
    Struct {
        fields: Vec<(usize, Expr)>,
        base: Option<Box<Expr>>,
    },
    Array(Vec<Expr>),
    /// As often as its type says.
    Repeat(Box<Expr>),
    Print(Box<Format>),
    /// Text for standard error, and the trap.
    Panic(PanicKind, Option<Box<Format>>),
    /// A value of type `!` where another type is expected.
    NeverTo(Box<Expr>),
    /// Reported already.
    Error,
}

#[derive(Clone, Debug)]
pub(crate) enum Stmt {
    Let { pat: Pat, init: Option<Expr>, otherwise: Option<Expr> },
    Expr(Expr),
}

impl Expr {
    /// The truth value, of a literal.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            ExprKind::Value(value) => match **value {
                ConstValue::Bool(value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns `true` if it denotes a place in memory or a variable, not a fresh value.
    pub(crate) fn is_place(&self) -> bool {
        matches!(
            self.kind,
            ExprKind::Local(_)
                | ExprKind::Static(_)
                | ExprKind::Index(..)
                | ExprKind::SliceRange { .. }
                | ExprKind::Field(..)
                | ExprKind::Deref(_)
        )
    }
}
