//! What functions, variables, types and the like are known by: numbers.

/// A local variable of a function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct LocalId(pub(crate) u32);

/// A loop or labelled block of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct LoopId(pub(crate) u32);

/// A function, of the program or of the host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FnId(pub(crate) u32);

/// A `const` or `static`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ConstId(pub(crate) u32);

/// A `struct` of the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct StructId(pub(crate) u32);

/// An `enum` of the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct EnumId(pub(crate) u32);

/// A parameter of a generic function. Each function has its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ParamId(pub(crate) u32);

/// A type: an index into [`Types`](crate::ty::Types).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Ty(pub(crate) u32);

/// The types that every program has, in the order in which they are made.
impl Ty {
    /// The type of something that has been reported already.
    pub(crate) const ERROR: Ty = Ty(0);
    pub(crate) const UNIT: Ty = Ty(1);
    pub(crate) const NEVER: Ty = Ty(2);
    pub(crate) const BOOL: Ty = Ty(3);
    pub(crate) const CHAR: Ty = Ty(4);
    pub(crate) const STR: Ty = Ty(5);
    pub(crate) const I32: Ty = Ty(6);
    pub(crate) const U8: Ty = Ty(7);
    pub(crate) const U32: Ty = Ty(8);
    pub(crate) const USIZE: Ty = Ty(9);
    pub(crate) const F64: Ty = Ty(10);
}
