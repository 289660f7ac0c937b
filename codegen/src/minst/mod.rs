//! Machine instructions, grouped by shape. An [`Op`] says everything but the registers; these are the operands of the
//! instruction, definition first, in the order that each row of the enum states. Before allocation they are virtual,
//! after it the allocator's answer has a place for each, in the same order.
//!
//! Operations and immediates are those of `arm64-enc`, so whatever can be written down here can be encoded.

mod access;
mod atomic;
mod emit;
mod show;
#[cfg(test)]
mod tests;

use arm64_enc::{
    AddSub, ArithImm, ArithShift, AtomicOp, AtomicSize, BitNumber, Bitfield, BitfieldImm,
    CompareZero, Cond, CondCompare, CondSelect, DataProc1, DataProc2, Extend, ExtendShift,
    ExtractLsb, Flags, FpBinary, FpConvert, FpMemOp, FpMove, FpSize, FpTernary, FpToInt, FpUnary,
    Imm5, IndexScale, IntToFp, LogicalImm, LogicalImmOp, LogicalReg, MemExtend, MemOp, MulAdd,
    MulAddLong, MulHigh, Nzcv, ScaledOffset, Shift, Simm9, Size, Symbol, TestBit, X0, materialize,
};
use ir::{DataRef, Entity, FuncRef, RmwOp, StackSlot};

pub(crate) use emit::{Emitter, inverse};
pub(crate) use show::{block_name, show_moved, show_op};

/// The last operand of an addition, subtraction or comparison.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ArithRhs {
    /// A constant; no register operand.
    Imm(ArithImm),
    /// A register, shifted by a constant.
    Shifted(ArithShift),
    /// A register, extended and then shifted left.
    Extended(Extend, ExtendShift),
}

/// An operand that is a register or the zero register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    /// The next register operand.
    Reg,
    /// `wzr` or `xzr`; no register operand.
    Zero,
}

/// The last operand of a conditional compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CondRhs {
    /// A register.
    Reg,
    /// A small constant; no register operand.
    Imm(Imm5),
}

/// Bytes added to a base register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Displacement {
    /// Unsigned, a multiple of the access.
    Scaled(ScaledOffset),
    /// Signed, any.
    Unscaled(Simm9),
}

/// A place in the frame. Where it is relative to the stack pointer is known only after allocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FramePlace {
    /// So many bytes into a stack slot.
    Slot(StackSlot, i32),
    /// So many bytes into the arguments that the caller left on the stack.
    Incoming(u32),
    /// So many bytes into the arguments for the functions that are called.
    Outgoing(u32),
}

/// Where a load or store goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Addr {
    /// A register plus a constant: one operand.
    Base(Displacement),
    /// Two registers: base and index.
    Index(MemExtend, IndexScale),
    /// A place in the frame: no operand.
    Frame(FramePlace),
}

impl Addr {
    /// How many register operands it has.
    #[must_use]
    pub const fn operands(self) -> usize {
        match self {
            Addr::Base(_) => 1,
            Addr::Index(..) => 2,
            Addr::Frame(_) => 0,
        }
    }
}

/// A trap site of a function: an index into [`MachineFunction::traps`](crate::MachineFunction::traps).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrapRef(pub(crate) u32);

/// A jump table of a function: an index into [`MachineFunction::tables`](crate::MachineFunction::tables).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TableRef(pub(crate) u32);

/// A branch that depends on flags or a register: all of it but the targets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    /// If the condition holds. No operand.
    Flags(Cond),
    /// If either condition holds. No operand.
    Either(Cond, Cond),
    /// If a register is zero, or not. Operand: n.
    Zero(CompareZero, Size),
    /// If a bit of a register is zero, or not. Operand: n.
    Bit(TestBit, BitNumber),
}

/// A machine instruction without its registers. The comment of each row lists the operands.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
#[allow(missing_docs)] // the comment of each row says what the fields are part of
pub enum Op {
    // ---- Integers ----
    /// `add`, `sub`: d, n\[, m\].
    AddSub { op: AddSub, size: Size, rhs: ArithRhs },
    /// `neg`: d, m.
    Neg { shift: ArithShift },
    /// `adds`, `subs`: d, n\[, m\].
    AddSubFlags { op: AddSub, size: Size, rhs: ArithRhs },
    /// `negs`: d, m.
    NegFlags { size: Size },
    /// `adc`, `sbc`, and with flags `adcs`, `sbcs`: d\[, n\]\[, m\].
    AddSubCarry { op: AddSub, flags: Flags, size: Size, n: Src, m: Src },
    /// `and`, `orr`, `eor` and complementing forms: d, n, m.
    Logic { op: LogicalReg, shift: Shift },
    /// `mvn`: d, m.
    Not { shift: Shift },
    /// `and`, `orr`, `eor` with a constant: d, n.
    LogicImm { op: LogicalImmOp, imm: LogicalImm },
    /// Divisions and shifts by a register: d, n, m.
    Binary { op: DataProc2, size: Size },
    /// `rbit`, `clz`, `cls`, `rev16`: d, n.
    Unary { op: DataProc1, size: Size },
    /// `rev`: d, n.
    Reverse { size: Size },
    /// `ubfm`, `sbfm`: d, n.
    Bitfield { op: Bitfield, bits: BitfieldImm },
    /// `bfm`: d, the old value of d, n.
    BitInsert { bits: BitfieldImm },
    /// `extr`: d, n, m.
    Extract { lsb: ExtractLsb },
    /// `mul`, `mneg`: d, n, m.
    Mul { op: MulAdd, size: Size },
    /// `madd`, `msub`: d, n, m, a.
    MulAdd { op: MulAdd, size: Size },
    /// `smull`, `umull` and negating forms: d, n, m.
    MulLong { op: MulAddLong },
    /// `smaddl`, `umaddl` and subtracting forms: d, n, m, a.
    MulAddLong { op: MulAddLong },
    /// `smulh`, `umulh`: d, n, m.
    MulHigh { op: MulHigh },
    /// A constant, by one to four moves: d.
    Const { size: Size, value: u64 },
    /// `mov` between registers: d, n.
    Copy,

    // ---- Flags ----
    /// `cmp`, `cmn`: n\[, m\].
    Compare { op: AddSub, size: Size, rhs: ArithRhs },
    /// `adcs`, `sbcs` for the flags only: \[n\]\[, m\].
    CompareCarry { op: AddSub, size: Size, n: Src, m: Src },
    /// Makes the carry flag say for the `adc` or `sbc` that follows whether a register is not zero: n.
    SetCarry { op: AddSub, size: Size },
    /// `tst`: n, m.
    Test { shift: Shift },
    /// `tst` with a constant: n.
    TestImm { imm: LogicalImm },
    /// `ccmp`, `ccmn`: n\[, m\].
    CondCompare { op: CondCompare, size: Size, rhs: CondRhs, nzcv: Nzcv, cond: Cond },
    /// `csel`, `csinc`, `csinv`, `csneg`: d\[, n\]\[, m\].
    CondSelect { op: CondSelect, size: Size, cond: Cond, n: Src, m: Src },

    // ---- Memory ----
    /// Load of an integer: d, address.
    Load { op: MemOp, addr: Addr },
    /// Store of an integer: value unless it is zero, address.
    Store { op: MemOp, value: Src, addr: Addr },
    /// Load of a float: d, address.
    FpLoad { op: FpMemOp, addr: Addr },
    /// Store of a float: value, address.
    FpStore { op: FpMemOp, addr: Addr },
    /// Address of a place in the frame: d.
    FrameAddr { place: FramePlace },
    /// Address of a data object plus an offset: d.
    DataAddr { data: DataRef, offset: i32 },
    /// Address of a function: d.
    FuncAddr { callee: FuncRef },

    // ---- Atomic accesses ----
    /// `ldar`: d, address.
    LoadAcquire { size: AtomicSize },
    /// `stlr`: value unless it is zero, address.
    StoreRelease { size: AtomicSize, value: Src },
    /// `ldaddal` and its kin: d, value, address.
    AtomicRmw { op: AtomicOp, size: AtomicSize },
    /// A loop with `ldaxr` and `stlxr`: d, a temporary, another unless it exchanges, value, address. For a minimum or
    /// maximum the value is extended.
    AtomicRmwLoop { op: RmwOp, size: AtomicSize },
    /// `casal`: d, the old value of d, which is what is expected, the new value, address.
    CompareSwap { size: AtomicSize },
    /// A loop with `ldaxr` and `stlxr`: d, a temporary, what is expected, the new value, address.
    CompareSwapLoop { size: AtomicSize },
    /// `dmb ish`.
    Fence,

    // ---- Floats ----
    /// `fneg`, `fabs`, `fsqrt`, `frint*`: d, n.
    FpUnary { op: FpUnary, size: FpSize },
    /// `fcvt`: d, n.
    FpConvert { op: FpConvert },
    /// `fadd`, `fmul`, …: d, n, m.
    FpBinary { op: FpBinary, size: FpSize },
    /// `fmadd`, …: d, n, m, a.
    FpTernary { op: FpTernary, size: FpSize },
    /// `fcmp`: n, m.
    FpCompare { size: FpSize },
    /// `fcmp` with zero: n.
    FpCompareZero { size: FpSize },
    /// `fcsel`: d, n, m.
    FpSelect { size: FpSize, cond: Cond },
    /// A constant, from `movi`, `fmov` or the literal pool: d.
    FpConst { size: FpSize, bits: u64 },
    /// `fmov` between registers: d, n.
    FpCopy,
    /// `fcvtzs`, `fcvtzu`: d, n.
    FpToInt { op: FpToInt, size: Size, from: FpSize },
    /// `scvtf`, `ucvtf`: d, n.
    IntToFp { op: IntToFp, size: Size, to: FpSize },
    /// `fmov` to a general-purpose register: d, n.
    MoveToGp { op: FpMove },
    /// `fmov` from a general-purpose register: d, n.
    MoveFromGp { op: FpMove },
    /// `cnt` of the lower eight bytes: d, n.
    VecCountBits,
    /// `addv` of the lower eight bytes: d, n.
    VecAddAcross,
    /// `bit`: d, the old value of d, n, m: takes n where m has ones.
    VecInsertIfTrue,

    // ---- Control ----
    /// The arguments that come in registers: one fixed definition each.
    Args,
    /// `bl`: fixed uses, fixed definitions.
    Call { callee: FuncRef },
    /// `blr`: address, fixed uses, fixed definitions.
    CallIndirect,
    /// Epilogue and `b`: fixed uses.
    TailCall { callee: FuncRef },
    /// Epilogue and `br`: address, fixed uses.
    TailCallIndirect,
    /// Epilogue and `ret`: fixed uses.
    Ret,
    /// `b` to the only successor.
    Jump,
    /// To the first successor if the test holds, else to the second: operands of the test.
    Branch { test: Test },
    /// To the successor that the table has for n, which is below its length: n.
    JumpTable { table: TableRef },
    /// Traps if the test holds: operands of the test.
    TrapIf { test: Test, trap: TrapRef },
    /// `brk`.
    Trap { trap: TrapRef },
}

impl Op {
    /// Whether it leaves the function.
    #[must_use]
    pub const fn is_ret(self) -> bool {
        matches!(self, Op::Ret | Op::TailCall { .. } | Op::TailCallIndirect | Op::Trap { .. })
    }

    /// Whether it goes to successors of its block.
    #[must_use]
    pub const fn is_branch(self) -> bool {
        matches!(self, Op::Jump | Op::Branch { .. } | Op::JumpTable { .. })
    }

    /// Whether it may be run again instead of being reloaded: it has no inputs and costs about as much as a load.
    #[must_use]
    pub fn is_remat(self) -> bool {
        /// More moves than this take longer than a load.
        const CHEAP_MOVES: usize = 2;
        match self {
            Op::Const { size, value } => materialize(X0, size, value).len() <= CHEAP_MOVES,
            Op::FpConst { .. }
            | Op::FrameAddr { .. }
            | Op::DataAddr { .. }
            | Op::FuncAddr { .. } => true,
            _ => false,
        }
    }

    /// What it does with the flags.
    #[must_use]
    pub const fn flags(self) -> FlagsEffect {
        match self {
            Op::Compare { .. }
            | Op::SetCarry { .. }
            | Op::AddSubFlags { .. }
            | Op::NegFlags { .. }
            | Op::Test { .. }
            | Op::TestImm { .. }
            | Op::FpCompare { .. }
            | Op::FpCompareZero { .. } => FlagsEffect::Writes,
            Op::CondCompare { .. }
            | Op::CompareCarry { .. }
            | Op::AddSubCarry { flags: Flags::Set, .. } => FlagsEffect::Updates,
            Op::CondSelect { .. }
            | Op::FpSelect { .. }
            | Op::AddSubCarry { flags: Flags::Keep, .. } => FlagsEffect::Reads,
            Op::Branch { test } | Op::TrapIf { test, .. } => match test {
                Test::Flags(_) | Test::Either(..) => FlagsEffect::Reads,
                Test::Zero(..) | Test::Bit(..) => FlagsEffect::None,
            },
            Op::Call { .. } | Op::CallIndirect | Op::CompareSwapLoop { .. } => {
                FlagsEffect::Destroys
            }
            Op::AtomicRmwLoop {
                op: RmwOp::Smin | RmwOp::Smax | RmwOp::Umin | RmwOp::Umax, ..
            } => FlagsEffect::Destroys,
            _ => FlagsEffect::None,
        }
    }
}

/// What a relocation names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    Function(FuncRef),
    Data(DataRef),
}

/// The symbol of a function: even, where those of data are odd.
pub(crate) fn function_symbol(function: FuncRef) -> Symbol {
    Symbol((function.index() as u32) << 1)
}

/// The symbol of a data object.
pub(crate) fn data_symbol(data: DataRef) -> Symbol {
    Symbol((data.index() as u32) << 1 | 1)
}

/// What a symbol of this crate names.
pub(crate) fn named(symbol: Symbol) -> Named {
    let index = (symbol.0 >> 1) as usize;
    match symbol.0 & 1 {
        0 => Named::Function(FuncRef::from_index(index)),
        _ => Named::Data(DataRef::from_index(index)),
    }
}

/// What an instruction does with the flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagsEffect {
    /// Neither reads nor writes them.
    None,
    /// Reads them.
    Reads,
    /// Sets them.
    Writes,
    /// Reads and sets them.
    Updates,
    /// Leaves them in no known state.
    Destroys,
}

impl FlagsEffect {
    /// Whether the flags are the same after it.
    #[must_use]
    pub const fn keeps(self) -> bool {
        matches!(self, FlagsEffect::None | FlagsEffect::Reads)
    }
}
