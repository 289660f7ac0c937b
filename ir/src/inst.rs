//! Instructions: one typed payload per format, each described by a row of one table: its fields and how it is written.
//! Everything that walks over, prints or reads an instruction derives from it. Everything is `Copy`; lists of values live in
//! the function's pool.

use std::convert::identity;
use std::fmt::{self, Formatter};
use std::num::NonZeroU32;
use std::ops::Range;

use crate::entity::{Block, DataRef, FuncRef, SigRef, StackSlot, SwitchRef, Value, Var};
use crate::field::Field;
use crate::memory::{LoadKind, MemFacts, StoreKind};
use crate::opcode::{BinaryOp, CarryOp, Opcode, OverflowOp, TernaryOp, UnaryOp, WideOp};
use crate::parse::{Body, Head, Parsed, Parser};
use crate::print::Line;
use crate::trap::TrapKind;
use crate::words::{FloatCC, IntCC, RmwOp};

/// A list of values in a function's pool. Read it with [`Function::list`](crate::Function::list).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ValueList {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl ValueList {
    /// The number of values in it.
    #[must_use]
    #[inline]
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Returns `true` if it holds none.
    #[must_use]
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Where in the pool it stands.
    #[inline]
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// A block and the arguments for its parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BlockCall {
    /// The block where control goes.
    pub block: Block,
    /// One value for each parameter of the block.
    pub args: ValueList,
}

/// The role of a field of an instruction. Whoever walks over an instruction sees its [fields](InstData::fields) by role.
#[derive(Debug)]
pub enum Role<'a> {
    /// Values that it uses.
    Values(&'a mut [Value]),
    /// A list of values that it uses.
    List(&'a mut ValueList),
    /// A block where control may go, and the values that it gives it.
    Target(&'a mut BlockCall),
    /// A table of such blocks.
    Table(&'a mut SwitchRef),
    /// A piece of the stack frame.
    Slot(&'a mut StackSlot),
    /// A variable.
    Var(&'a mut Var),
    /// A data object.
    Data(&'a mut DataRef),
    /// A function.
    Function(&'a mut FuncRef),
    /// The signature of a function that is given by its address.
    Signature(&'a mut SigRef),
    /// What means the same in every function: a constant, a condition, a kind.
    Plain,
}

/// What walks over the fields of an instruction. An implementation that is always inlined leaves of each format what
/// concerns it, which a closure does not.
pub(crate) trait Visitor<'a> {
    /// Sees a field.
    fn see(&mut self, role: Role<'a>);
}

impl<'a, F: FnMut(Role<'a>)> Visitor<'a> for F {
    fn see(&mut self, role: Role<'a>) {
        self(role);
    }
}

/// The table of formats. A row is a payload with its fields, in the order in which they are used, and how they are written
/// after the name of the operation: text for itself, `field` as its type says (`field.rs`), `(field)` as a list in
/// parentheses. `= Iconst` says which operation has the format; `: UnaryOp` that each of those has it, and that a field
/// `op` says which.
macro_rules! formats {
    ($(
        $(#[$doc:meta])*
        $name:ident $(= $op:ident)? $(: $ops:ident)? { $($field:ident: $ty:ty),* } [$($piece:tt)*]
    )*) => {
        /// The payload of an instruction. The types of its results are those of its result values.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)] // the fields say what the opcode table says
        pub enum InstData {
            $( $(#[$doc])* $name { $(op: $ops,)? $($field: $ty),* }, )*
        }

        impl InstData {
            /// Its operation.
            #[must_use]
            pub const fn opcode(&self) -> Opcode {
                match self {
                    $( $(InstData::$name { .. } => Opcode::$op,)? )*
                    $( $(InstData::$name { op, .. } => $ops::opcode(*op),)? )*
                }
            }

            /// Shows each field to `visitor`, in order, which may change them.
            #[inline(always)]
            pub(crate) fn visit_mut<'a>(&'a mut self, mut visitor: impl Visitor<'a>) {
                match self {
                    $( InstData::$name { $($field,)* .. } => { $( visitor.see(Field::role($field)); )* } )*
                }
            }

            /// Shows a copy of each field to `visitor`, in order.
            #[inline(always)]
            pub(crate) fn visit(&self, mut visitor: impl for<'a> Visitor<'a>) {
                match *self {
                    $( InstData::$name { $(mut $field,)* .. } => { $( visitor.see(Field::role(&mut $field)); )* } )*
                }
            }

            /// Writes what follows the name of the operation.
            pub(crate) fn write(&self, f: &mut Formatter<'_>, line: &Line<'_>) -> fmt::Result {
                match *self {
                    $( InstData::$name { $($field,)* .. } => { $( write_piece!(f line $piece); )* } )*
                }
                Ok(())
            }

            /// Reads what follows the name of the operation.
            pub(crate) fn read(
                op: Opcode,
                parser: &mut Parser<'_>,
                body: &mut Body,
                head: &Head<'_>,
            ) -> Parsed<Self> {
                $(
                    $( let is_it = (op == Opcode::$op).then_some(()); )?
                    $( let is_it = $ops::from_opcode(op); )?
                    if let Some(_op) = is_it {
                        $( read_piece!(parser body head $piece); )*
                        return Ok(InstData::$name { $(op: identity::<$ops>(_op),)? $($field),* });
                    }
                )*
                unreachable!("every operation has a format")
            }
        }
    };
}

macro_rules! write_piece {
    ($f:ident $line:ident $text:literal) => {
        $f.write_str($text)?
    };
    ($f:ident $line:ident ($list:ident)) => {
        $line.in_parentheses($f, $list)?
    };
    ($f:ident $line:ident $field:ident) => {
        Field::write($field, $f, $line)?
    };
}

macro_rules! read_piece {
    ($parser:ident $body:ident $head:ident $text:literal) => {
        $parser.text($text)?
    };
    ($parser:ident $body:ident $head:ident ($list:ident)) => {
        let $list = $parser.in_parentheses($body)?;
    };
    ($parser:ident $body:ident $head:ident $field:ident) => {
        let $field = Field::read($parser, $body, $head)?;
    };
}

formats! {
    /// An integer constant: the value, sign-extended from its type.
    IntConst = Iconst { imm: i64 } [" " imm]
    /// A float constant: its bits, an `f32` in the low half.
    FloatConst = Fconst { bits: u64 } [" " bits]
    /// One operand.
    Unary: UnaryOp { arg: Value } [" " arg]
    /// Two operands of one type.
    Binary: BinaryOp { args: [Value; 2] } [" " args]
    /// Three operands.
    Ternary: TernaryOp { args: [Value; 3] } [" " args]
    /// Two operands, and whether the result fits.
    Overflow: OverflowOp { args: [Value; 2] } [" " args]
    /// Two operands and a carry in, and the carry out.
    Carry: CarryOp { args: [Value; 3] } [" " args]
    /// Two `i64` that make an `i128`.
    Wide: WideOp { args: [Value; 2] } [" " args]
    /// The halves of an `i128`.
    Split = Isplit { arg: Value } [" " arg]
    /// Integer comparison.
    IntCompare = Icmp { cc: IntCC, args: [Value; 2] } [" " cc " " args]
    /// Float comparison.
    FloatCompare = Fcmp { cc: FloatCC, args: [Value; 2] } [" " cc " " args]
    /// Read at `addr + offset`.
    Load = Load { kind: LoadKind, facts: MemFacts, addr: Value, offset: i32 }
        [kind facts " " addr offset]
    /// Write at `addr + offset`.
    Store = Store { kind: StoreKind, facts: MemFacts, value: Value, addr: Value, offset: i32 }
        [kind facts " " value ", " addr offset]
    /// Atomically read at `addr`, as many bytes as the result type has.
    AtomicLoad = AtomicLoad { facts: MemFacts, addr: Value } [facts " " addr]
    /// Atomically write at `addr`.
    AtomicStore = AtomicStore { facts: MemFacts, value: Value, addr: Value }
        [facts " " value ", " addr]
    /// Atomically read, compute and write at `addr`.
    AtomicRmw = AtomicRmw { op: RmwOp, facts: MemFacts, value: Value, addr: Value }
        [facts " " op " " value ", " addr]
    /// Atomically compare with `expected` at `addr` and write `new` there if equal.
    AtomicCas = AtomicCas { facts: MemFacts, expected: Value, new: Value, addr: Value }
        [facts " " expected ", " new ", " addr]
    /// Order memory accesses.
    Fence = Fence {} []
    /// Address of a stack slot plus an offset.
    StackAddr = StackAddr { slot: StackSlot, offset: i32 } [" " slot offset]
    /// Address of a data object plus an offset.
    DataAddr = DataAddr { data: DataRef, offset: i32 } [" " data offset]
    /// Address of an element of a slice, whose elements have `size` bytes.
    SliceAddr = SliceAddr { slice: Value, index: Value, size: NonZeroU32 } [" " slice ", " index ", " size]
    /// Address of a function.
    FuncAddr = FuncAddr { callee: FuncRef } [" " callee]
    /// Read a variable.
    VarGet = VarGet { var: Var } [" " var]
    /// Write a variable.
    VarSet = VarSet { var: Var, value: Value } [" " var ", " value]
    /// Call a function.
    Call = Call { callee: FuncRef, args: ValueList } [" " callee (args)]
    /// Call the function at an address.
    CallIndirect = CallIndirect { callee: Value, signature: SigRef, args: ValueList }
        [" " callee (args) " : " signature]
    /// Trap if `cond` is not zero.
    TrapIf = TrapIf { cond: Value, kind: TrapKind } [" " cond ", " kind]
    /// Continue at a block.
    Jump = Jump { target: BlockCall } [" " target]
    /// Continue at `then_to` if `cond` is not zero, else at `else_to`.
    Branch = Branch { cond: Value, then_to: BlockCall, else_to: BlockCall }
        [" " cond ", " then_to ", " else_to]
    /// Continue at `then_to` if `cond` is not zero, else at `resume`, which is rarely reached.
    Guard = Guard { cond: Value, then_to: BlockCall, resume: BlockCall }
        [" " cond ", " then_to ", resume " resume]
    /// Continue at the case equal to `index` as a signed integer of its type, else at the default.
    Switch = Switch { index: Value, table: SwitchRef } [" " index ", " table]
    /// End the call.
    Return = Return { args: ValueList } [args]
    /// End the call with the results of a function.
    TailCall = TailCall { callee: FuncRef, args: ValueList } [" " callee (args)]
    /// End the call with the results of the function at an address.
    TailCallIndirect = TailCallIndirect { callee: Value, signature: SigRef, args: ValueList }
        [" " callee (args) " : " signature]
    /// End the call with a trap.
    Trap = Trap { kind: TrapKind } [" " kind]
}

impl InstData {
    /// Calls `visit` with the role of each field, in order; it may change the fields.
    pub fn fields<'a>(&'a mut self, visit: impl FnMut(Role<'a>)) {
        self.visit_mut(visit);
    }

    /// The function that it calls or takes the address of by name, if it does.
    #[must_use]
    #[inline]
    pub fn names_function(&self) -> Option<FuncRef> {
        struct Named(Option<FuncRef>);
        impl Visitor<'_> for &mut Named {
            #[inline(always)]
            fn see(&mut self, role: Role<'_>) {
                if let Role::Function(callee) = role {
                    self.0 = Some(*callee);
                }
            }
        }
        let mut named = Named(None);
        self.visit(&mut named);
        named.0
    }

    /// Returns `true` if it ends a block.
    #[must_use]
    #[inline]
    pub const fn is_terminator(&self) -> bool {
        self.opcode().is_terminator()
    }
}

/// The table of a `switch`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwitchTable {
    /// The target if no case is equal.
    pub default: BlockCall,
    /// Case values (sign-extended, each at most once, in any order) and where they go.
    pub cases: Vec<(i64, BlockCall)>,
}

impl SwitchTable {
    /// Calls `visit` with the default, then with the block of each case.
    #[inline]
    pub fn for_each_target(&self, mut visit: impl FnMut(BlockCall)) {
        visit(self.default);
        self.cases.iter().for_each(|&(_, call)| visit(call));
    }

    /// Replaces the default, then the block of each case, by what `map` makes of it.
    #[inline]
    pub fn map_targets(&mut self, mut map: impl FnMut(BlockCall) -> BlockCall) {
        self.default = map(self.default);
        self.cases.iter_mut().for_each(|(_, call)| *call = map(*call));
    }
}
