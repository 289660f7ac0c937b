//! Instructions: one typed payload per format. Everything is `Copy`; lists of values live in the function's pool.

use std::fmt;

use crate::entity::{Block, DataRef, FuncRef, StackSlot, SwitchRef, Value, Var};
use crate::opcode::{BinaryOp, FloatCC, IntCC, Opcode, TernaryOp, TrapKind, UnaryOp};
use crate::types::{Extend, Type};

/// A list of values in a function's pool. Read it with [`Function::list`](crate::Function::list).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ValueList {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl ValueList {
    /// How many values it holds.
    #[must_use]
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A block and the arguments for its parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BlockCall {
    /// Where control goes.
    pub block: Block,
    /// One value for each parameter of the block.
    pub args: ValueList,
}

/// How much a load reads, and how a narrow one fills the result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LoadKind {
    /// As many bytes as the result type has. Written `load`.
    Full,
    /// Fewer bytes (1, 2 or 4) than the integer result type has. Written `load.u8`, `load.s16`, ….
    Narrow(NarrowWidth, Extend),
}

/// How much a store writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoreKind {
    /// As many bytes as the value's type has. Written `store`.
    Full,
    /// The low bytes of a wider integer. Written `store.8`, `store.16`, `store.32`.
    Narrow(NarrowWidth),
}

/// The width of a narrow load or store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NarrowWidth {
    /// One byte.
    W8,
    /// Two bytes.
    W16,
    /// Four bytes.
    W32,
}

impl NarrowWidth {
    /// The integer type of this width.
    #[must_use]
    pub const fn as_type(self) -> Type {
        match self {
            NarrowWidth::W8 => Type::I8,
            NarrowWidth::W16 => Type::I16,
            NarrowWidth::W32 => Type::I32,
        }
    }
}

impl LoadKind {
    /// The type in memory of a load with this result type.
    #[must_use]
    pub const fn memory_type(self, result: Type) -> Type {
        match self {
            LoadKind::Full => result,
            LoadKind::Narrow(width, _) => width.as_type(),
        }
    }
}

impl StoreKind {
    /// The type in memory of a store of a value of this type.
    #[must_use]
    pub const fn memory_type(self, value: Type) -> Type {
        match self {
            StoreKind::Full => value,
            StoreKind::Narrow(width) => width.as_type(),
        }
    }
}

/// The suffix of `load`: empty, `.u8`, `.s8`, `.u16`, `.s16`, `.u32`, `.s32`.
impl fmt::Display for LoadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadKind::Full => Ok(()),
            LoadKind::Narrow(width, Extend::Zero) => write!(f, ".u{}", width.as_type().bits()),
            LoadKind::Narrow(width, Extend::Sign) => write!(f, ".s{}", width.as_type().bits()),
        }
    }
}

/// The suffix of `store`: empty, `.8`, `.16`, `.32`.
impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreKind::Full => Ok(()),
            StoreKind::Narrow(width) => write!(f, ".{}", width.as_type().bits()),
        }
    }
}

/// What an instruction is. The types of its results are those of its result values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // the fields say what the opcode table says
pub enum InstData {
    /// An integer constant: the value, sign-extended from its type.
    IntConst { imm: i64 },
    /// A float constant: its bits, an `f32` in the low half.
    FloatConst { bits: u64 },
    /// One operand.
    Unary { op: UnaryOp, arg: Value },
    /// Two operands of one type.
    Binary { op: BinaryOp, args: [Value; 2] },
    /// Three operands.
    Ternary { op: TernaryOp, args: [Value; 3] },
    /// Integer comparison.
    IntCompare { cc: IntCC, args: [Value; 2] },
    /// Float comparison.
    FloatCompare { cc: FloatCC, args: [Value; 2] },
    /// Read at `addr + offset`.
    Load { kind: LoadKind, addr: Value, offset: i32 },
    /// Write at `addr + offset`.
    Store { kind: StoreKind, value: Value, addr: Value, offset: i32 },
    /// Address of a stack slot plus an offset.
    StackAddr { slot: StackSlot, offset: i32 },
    /// Address of a data object plus an offset.
    DataAddr { data: DataRef, offset: i32 },
    /// Read a variable.
    VarGet { var: Var },
    /// Write a variable.
    VarSet { var: Var, value: Value },
    /// Call a function.
    Call { callee: FuncRef, args: ValueList },
    /// Trap if `cond` is not zero.
    TrapIf { cond: Value, kind: TrapKind },
    /// Continue at a block.
    Jump { target: BlockCall },
    /// Continue at `then_to` if `cond` is not zero, else at `else_to`.
    Branch { cond: Value, then_to: BlockCall, else_to: BlockCall },
    /// Continue at the case equal to `index` as a signed integer of its type, else at the default.
    Switch { index: Value, table: SwitchRef },
    /// End the call.
    Return { args: ValueList },
    /// End the call with a trap.
    Trap { kind: TrapKind },
}

impl InstData {
    /// Its operation.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        match self {
            InstData::IntConst { .. } => Opcode::Iconst,
            InstData::FloatConst { .. } => Opcode::Fconst,
            InstData::Unary { op, .. } => op.opcode(),
            InstData::Binary { op, .. } => op.opcode(),
            InstData::Ternary { op, .. } => op.opcode(),
            InstData::IntCompare { .. } => Opcode::Icmp,
            InstData::FloatCompare { .. } => Opcode::Fcmp,
            InstData::Load { .. } => Opcode::Load,
            InstData::Store { .. } => Opcode::Store,
            InstData::StackAddr { .. } => Opcode::StackAddr,
            InstData::DataAddr { .. } => Opcode::DataAddr,
            InstData::VarGet { .. } => Opcode::VarGet,
            InstData::VarSet { .. } => Opcode::VarSet,
            InstData::Call { .. } => Opcode::Call,
            InstData::TrapIf { .. } => Opcode::TrapIf,
            InstData::Jump { .. } => Opcode::Jump,
            InstData::Branch { .. } => Opcode::Branch,
            InstData::Switch { .. } => Opcode::Switch,
            InstData::Return { .. } => Opcode::Return,
            InstData::Trap { .. } => Opcode::Trap,
        }
    }

    /// Whether it ends a block.
    #[must_use]
    pub const fn is_terminator(&self) -> bool {
        self.opcode().is_terminator()
    }
}

/// The table of a `switch`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwitchTable {
    /// Where control goes if no case is equal.
    pub default: BlockCall,
    /// Case values (sign-extended, each at most once, in any order) and where they go.
    pub cases: Vec<(i64, BlockCall)>,
}
