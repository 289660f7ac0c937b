//! Instructions: one typed payload per format. Everything is `Copy`; lists of values live in the function's pool.

use crate::entity::{Block, DataRef, FuncRef, SigRef, StackSlot, SwitchRef, Value, Var};
use crate::memory::{LoadKind, MemFacts, StoreKind};
use crate::opcode::{BinaryOp, CarryOp, Opcode, OverflowOp, TernaryOp, UnaryOp, WideOp};
use crate::words::{FloatCC, IntCC, RmwOp, TrapKind};

/// A list of values in a function's pool. Read it with [`Function::list`](crate::Function::list).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ValueList {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl ValueList {
    /// How many values it holds.
    #[must_use]
    #[inline]
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether it holds none.
    #[must_use]
    #[inline]
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
    /// Two operands, and whether the result fits.
    Overflow { op: OverflowOp, args: [Value; 2] },
    /// Two operands and a carry in, and the carry out.
    Carry { op: CarryOp, args: [Value; 3] },
    /// Two `i64` that make an `i128`.
    Wide { op: WideOp, args: [Value; 2] },
    /// The halves of an `i128`.
    Split { arg: Value },
    /// Integer comparison.
    IntCompare { cc: IntCC, args: [Value; 2] },
    /// Float comparison.
    FloatCompare { cc: FloatCC, args: [Value; 2] },
    /// Read at `addr + offset`.
    Load { kind: LoadKind, facts: MemFacts, addr: Value, offset: i32 },
    /// Write at `addr + offset`.
    Store { kind: StoreKind, facts: MemFacts, value: Value, addr: Value, offset: i32 },
    /// Atomically read at `addr`, as many bytes as the result type has.
    AtomicLoad { facts: MemFacts, addr: Value },
    /// Atomically write at `addr`.
    AtomicStore { facts: MemFacts, value: Value, addr: Value },
    /// Atomically read, compute and write at `addr`.
    AtomicRmw { op: RmwOp, facts: MemFacts, value: Value, addr: Value },
    /// Atomically compare with `expected` at `addr` and write `new` there if equal.
    AtomicCas { facts: MemFacts, expected: Value, new: Value, addr: Value },
    /// Order memory accesses.
    Fence,
    /// Address of a stack slot plus an offset.
    StackAddr { slot: StackSlot, offset: i32 },
    /// Address of a data object plus an offset.
    DataAddr { data: DataRef, offset: i32 },
    /// Address of a function.
    FuncAddr { callee: FuncRef },
    /// Read a variable.
    VarGet { var: Var },
    /// Write a variable.
    VarSet { var: Var, value: Value },
    /// Call a function.
    Call { callee: FuncRef, args: ValueList },
    /// Call the function at an address.
    CallIndirect { callee: Value, signature: SigRef, args: ValueList },
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
    /// End the call with the results of a function.
    TailCall { callee: FuncRef, args: ValueList },
    /// End the call with the results of the function at an address.
    TailCallIndirect { callee: Value, signature: SigRef, args: ValueList },
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
            InstData::Overflow { op, .. } => op.opcode(),
            InstData::Carry { op, .. } => op.opcode(),
            InstData::Wide { op, .. } => op.opcode(),
            InstData::Split { .. } => Opcode::Isplit,
            InstData::IntCompare { .. } => Opcode::Icmp,
            InstData::FloatCompare { .. } => Opcode::Fcmp,
            InstData::Load { .. } => Opcode::Load,
            InstData::Store { .. } => Opcode::Store,
            InstData::AtomicLoad { .. } => Opcode::AtomicLoad,
            InstData::AtomicStore { .. } => Opcode::AtomicStore,
            InstData::AtomicRmw { .. } => Opcode::AtomicRmw,
            InstData::AtomicCas { .. } => Opcode::AtomicCas,
            InstData::Fence => Opcode::Fence,
            InstData::StackAddr { .. } => Opcode::StackAddr,
            InstData::DataAddr { .. } => Opcode::DataAddr,
            InstData::FuncAddr { .. } => Opcode::FuncAddr,
            InstData::VarGet { .. } => Opcode::VarGet,
            InstData::VarSet { .. } => Opcode::VarSet,
            InstData::Call { .. } => Opcode::Call,
            InstData::CallIndirect { .. } => Opcode::CallIndirect,
            InstData::TrapIf { .. } => Opcode::TrapIf,
            InstData::Jump { .. } => Opcode::Jump,
            InstData::Branch { .. } => Opcode::Branch,
            InstData::Switch { .. } => Opcode::Switch,
            InstData::Return { .. } => Opcode::Return,
            InstData::TailCall { .. } => Opcode::TailCall,
            InstData::TailCallIndirect { .. } => Opcode::TailCallIndirect,
            InstData::Trap { .. } => Opcode::Trap,
        }
    }

    /// The function that it calls or takes the address of by name, if it does.
    #[must_use]
    #[inline]
    pub const fn names_function(&self) -> Option<FuncRef> {
        match *self {
            InstData::Call { callee, .. }
            | InstData::TailCall { callee, .. }
            | InstData::FuncAddr { callee } => Some(callee),
            _ => None,
        }
    }

    /// Whether it ends a block.
    #[must_use]
    #[inline]
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
