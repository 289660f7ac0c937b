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

use std::num::NonZeroU32;

use arm64_enc::{
    AddSub, ArithImm, ArithShift, AtomicOp, AtomicSize, BitNumber, Bitfield, BitfieldImm,
    CompareZero, Cond, CondCompare, CondSelect, DataProc1, DataProc2, Extend, ExtendShift,
    ExtractLsb, Flags, FpBinary, FpConvert, FpMemOp, FpMove, FpSize, FpTernary, FpToInt, FpUnary,
    Imm5, IndexScale, IntToFp, LogicalImm, LogicalImmOp, LogicalReg, MemExtend, MemOp, MulAdd,
    MulAddLong, MulHigh, Nzcv, ScaledOffset, Shift, Simm9, Size, TestBit, X0, materialize,
};
use ir::{DataRef, Entity, FuncRef, Function, RmwOp, StackSlot};

use crate::function::MachineFunction;
use crate::runtime::Runtime;

pub(crate) use emit::{Emitter, inverse};
use show::{
    Text, arith_text, atomic_size, fp_size, fp_sized, gp_size, memory, plain, room_text, shifted,
    sized, with_tail, with_zeros,
};
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

/// The address of a load or store.
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
    /// The number of register operands.
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

/// The table of machine operations. A row is an operation without its registers, which its comment lists, what it does to
/// the flags, and its text. How it becomes words is in `emit.rs`, `access.rs` and `atomic.rs`; `tests.rs` holds the two
/// against each other.
macro_rules! operations {
    (
        ($func:ident, $mf:ident)
        $(
            $(#[$doc:meta])*
            $name:ident $({ $($field:ident: $ty:ty),* })? [$flags:expr] $text:expr;
        )*
    ) => {
        /// A machine instruction without its registers. The comment of each row lists the operands.
        #[derive(Clone, Copy, PartialEq, Debug)]
        #[non_exhaustive]
        #[allow(missing_docs)] // the comment of each row says what the fields are part of
        pub enum Op {
            $( $(#[$doc])* $name $({ $($field: $ty),* })?, )*
        }

        impl Op {
            /// Its effect on the flags.
            #[must_use]
            #[allow(unused_variables)] // most rows ask no field
            pub const fn flags(self) -> FlagsEffect {
                use FlagsEffect::{Destroys, None, Reads, Updates, Writes};
                match self {
                    $( Op::$name $({ $($field),* })? => $flags, )*
                }
            }
        }

        /// The text of an operation; the names in it are those of a function.
        fn text(op: Op, $func: &Function, $mf: &MachineFunction) -> Text {
            match op {
                $( Op::$name $({ $($field),* })? => $text, )*
            }
        }
    };
}

operations! {
    (func, mf)
    // ---- Integers ----
    /// `add`, `sub`: d, n\[, m\].
    AddSub { op: AddSub, size: Size, rhs: ArithRhs } [None]
        arith_text(format!("{}{}", op.name(), gp_size(size)), rhs);
    /// `neg`: d, m.
    Neg { shift: ArithShift } [None] shifted("neg", shift.into());
    /// `adds`, `subs`: d, n\[, m\].
    AddSubFlags { op: AddSub, size: Size, rhs: ArithRhs } [Writes]
        arith_text(format!("{}s{}", op.name(), gp_size(size)), rhs);
    /// `negs`: d, m.
    NegFlags { size: Size } [Writes] sized("negs", size);
    /// `adc`, `sbc`, and with flags `adcs`, `sbcs`: d\[, n\]\[, m\].
    AddSubCarry { op: AddSub, flags: Flags, size: Size, n: Src, m: Src }
        [if matches!(flags, Flags::Set) { Updates } else { Reads }] {
        let name = if op == AddSub::Add { "adc" } else { "sbc" };
        let s = if flags == Flags::Set { "s" } else { "" };
        with_zeros(format!("{name}{s}{}", gp_size(size)), n, m)
    };
    /// `and`, `orr`, `eor` and complementing forms: d, n, m.
    Logic { op: LogicalReg, shift: Shift } [None] shifted(op.name(), shift);
    /// `mvn`: d, m.
    Not { shift: Shift } [None] shifted("mvn", shift);
    /// `and`, `orr`, `eor` with a constant: d, n.
    LogicImm { op: LogicalImmOp, imm: LogicalImm } [None]
        with_tail(
            format!("{}{}", op.name(), gp_size(imm.size())),
            format!("#{:#x}", imm.value()),
        );
    /// Divisions and shifts by a register: d, n, m.
    Binary { op: DataProc2, size: Size } [None] sized(op.name(), size);
    /// `rbit`, `clz`, `cls`, `rev16`: d, n.
    Unary { op: DataProc1, size: Size } [None] sized(op.name(), size);
    /// `rev`: d, n.
    Reverse { size: Size } [None] sized("rev", size);
    /// `ubfm`, `sbfm`: d, n.
    Bitfield { op: Bitfield, bits: BitfieldImm } [None]
        with_tail(
            format!("{}{}", op.name(), gp_size(bits.size())),
            format!("#{}, #{}", bits.immr(), bits.imms()),
        );
    /// `bfm`: d, the old value of d, n.
    BitInsert { bits: BitfieldImm } [None]
        with_tail(
            format!("{}{}", Bitfield::Bfm.name(), gp_size(bits.size())),
            format!("#{}, #{}", bits.immr(), bits.imms()),
        );
    /// `extr`: d, n, m.
    Extract { lsb: ExtractLsb } [None]
        with_tail(format!("extr{}", gp_size(lsb.size())), format!("#{}", lsb.lsb()));
    /// `mul`, `mneg`: d, n, m.
    Mul { op: MulAdd, size: Size } [None] {
        let name = if op == MulAdd::Madd { "mul" } else { "mneg" };
        sized(name, size)
    };
    /// `madd`, `msub`: d, n, m, a.
    MulAdd { op: MulAdd, size: Size } [None] sized(op.name(), size);
    /// `smull`, `umull` and negating forms: d, n, m.
    MulLong { op: MulAddLong } [None] plain(format!("{} zero", op.name()));
    /// `smaddl`, `umaddl` and subtracting forms: d, n, m, a.
    MulAddLong { op: MulAddLong } [None] plain(op.name());
    /// `smulh`, `umulh`: d, n, m.
    MulHigh { op: MulHigh } [None] plain(op.name());
    /// A constant, by one to four moves: d.
    Const { size: Size, value: u64 } [None]
        with_tail(format!("mov{}", gp_size(size)), format!("#{:#x}", size.truncate(value)));
    /// `mov` between registers: d, n.
    Copy [None] plain("mov");

    // ---- Flags ----
    /// `cmp`, `cmn`: n\[, m\].
    Compare { op: AddSub, size: Size, rhs: ArithRhs } [Writes] {
        let name = if op == AddSub::Sub { "cmp" } else { "cmn" };
        arith_text(format!("{name}{}", gp_size(size)), rhs)
    };
    /// `adcs`, `sbcs` for the flags only: \[n\]\[, m\].
    CompareCarry { op: AddSub, size: Size, n: Src, m: Src } [Updates] {
        let name = if op == AddSub::Add { "adcs" } else { "sbcs" };
        with_zeros(format!("{name}{} zr", gp_size(size)), n, m)
    };
    /// Makes the carry flag say for the `adc` or `sbc` that follows whether a register is not zero: n.
    SetCarry { op: AddSub, size: Size } [Writes] {
        let name = if op == AddSub::Add { "carry" } else { "borrow" };
        sized(name, size)
    };
    /// `tst`: n, m.
    Test { shift: Shift } [Writes] shifted("tst", shift);
    /// `tst` with a constant: n.
    TestImm { imm: LogicalImm } [Writes]
        with_tail(format!("tst{}", gp_size(imm.size())), format!("#{:#x}", imm.value()));
    /// `ccmp`, `ccmn`: n\[, m\].
    CondCompare { op: CondCompare, size: Size, rhs: CondRhs, nzcv: Nzcv, cond: Cond } [Updates] {
        let rhs = match rhs {
            CondRhs::Reg => String::new(),
            CondRhs::Imm(imm) => format!("#{}, ", imm.value()),
        };
        with_tail(
            format!("{}{}", op.name(), gp_size(size)),
            format!("{rhs}#{}, {}", nzcv.value(), cond.name()),
        )
    };
    /// `csel`, `csinc`, `csinv`, `csneg`: d\[, n\]\[, m\].
    CondSelect { op: CondSelect, size: Size, cond: Cond, n: Src, m: Src } [Reads] {
        let name = format!("{}{}", op.name(), gp_size(size));
        match (n, m) {
            (Src::Zero, Src::Zero) if op == CondSelect::Csinc => {
                with_tail(format!("cset{}", gp_size(size)), cond.invert().name())
            }
            (Src::Reg, Src::Zero) => with_tail(name, format!("zr, {}", cond.name())),
            (Src::Zero, Src::Reg) => with_tail(format!("{name} zr"), cond.name()),
            (Src::Zero, Src::Zero) => with_tail(name, format!("zr, zr, {}", cond.name())),
            (Src::Reg, Src::Reg) => with_tail(name, cond.name()),
        }
    };

    // ---- Memory ----
    /// Load of an integer: d, address.
    Load { op: MemOp, addr: Addr } [None] memory(op.name(), addr);
    /// Store of an integer: value unless it is zero, address.
    Store { op: MemOp, value: Src, addr: Addr } [None] {
        let zero = if value == Src::Zero { " zr," } else { "" };
        memory(&format!("{}{zero}", op.name()), addr)
    };
    /// Load of a float: d, address.
    FpLoad { op: FpMemOp, addr: Addr } [None] memory(op.name(), addr);
    /// Store of a float: value, address.
    FpStore { op: FpMemOp, addr: Addr } [None] memory(op.name(), addr);
    /// Address of a place in the frame: d.
    FrameAddr { place: FramePlace } [None] with_tail("addr", place.to_string());
    /// Address of a data object plus an offset: d.
    DataAddr { data: DataRef, offset: i32 } [None]
        with_tail("addr", format!("@{}{offset:+}", func.data[data]));
    /// Address of a function: d.
    FuncAddr { callee: FuncRef } [None]
        with_tail("addr", format!("@{}", func.callees[callee].name));

    // ---- Atomic accesses ----
    /// `ldar`: d, address.
    LoadAcquire { size: AtomicSize } [None] plain(format!("ldar{}", atomic_size(size)));
    /// `stlr`: value unless it is zero, address.
    StoreRelease { size: AtomicSize, value: Src } [None] {
        let zero = if value == Src::Zero { " zr," } else { "" };
        plain(format!("stlr{}{zero}", atomic_size(size)))
    };
    /// `ldaddal` and its kin: d, value, address.
    AtomicRmw { op: AtomicOp, size: AtomicSize } [None]
        plain(format!("{}al{}", op.name(), atomic_size(size)));
    /// A loop with `ldaxr` and `stlxr`: d, a temporary, another unless it exchanges, value, address. For a minimum or
    /// maximum the value is extended.
    AtomicRmwLoop { op: RmwOp, size: AtomicSize } [if compares(op) { Destroys } else { None }]
        plain(format!("loop {op}{}", atomic_size(size)));
    /// `casal`: d, the old value of d, which is what is expected, the new value, address.
    CompareSwap { size: AtomicSize } [None] plain(format!("casal{}", atomic_size(size)));
    /// A loop with `ldaxr` and `stlxr`: d, a temporary, what is expected, the new value, address.
    CompareSwapLoop { size: AtomicSize } [Destroys] plain(format!("loop cas{}", atomic_size(size)));
    /// `dmb ish`.
    Fence [None] plain("dmb ish");

    // ---- Floats ----
    /// `fneg`, `fabs`, `fsqrt`, `frint*`: d, n.
    FpUnary { op: FpUnary, size: FpSize } [None] fp_sized(op.name(), size);
    /// `fcvt`: d, n.
    FpConvert { op: FpConvert } [None] plain(format!("{}.{op:?}", op.name()));
    /// `fadd`, `fmul`, …: d, n, m.
    FpBinary { op: FpBinary, size: FpSize } [None] fp_sized(op.name(), size);
    /// `fmadd`, …: d, n, m, a.
    FpTernary { op: FpTernary, size: FpSize } [None] fp_sized(op.name(), size);
    /// `fcmp`: n, m.
    FpCompare { size: FpSize } [Writes] fp_sized("fcmp", size);
    /// `fcmp` with zero: n.
    FpCompareZero { size: FpSize } [Writes]
        with_tail(format!("fcmp{}", fp_size(size)), "#0.0".to_owned());
    /// `fcsel`: d, n, m.
    FpSelect { size: FpSize, cond: Cond } [Reads]
        with_tail(format!("fcsel{}", fp_size(size)), cond.name());
    /// A constant, from `movi`, `fmov` or the literal pool: d.
    FpConst { size: FpSize, bits: u64 } [None] {
        let value = match size {
            FpSize::S => format!("{:?}", f32::from_bits(bits as u32)),
            FpSize::D => format!("{:?}", f64::from_bits(bits)),
        };
        let text = if value == "NaN" { format!("nan:{bits:#x}") } else { value };
        with_tail(format!("fmov{}", fp_size(size)), format!("#{text}"))
    };
    /// `fmov` between registers: d, n.
    FpCopy [None] plain("fmov");
    /// `fcvtzs`, `fcvtzu`: d, n.
    FpToInt { op: FpToInt, size: Size, from: FpSize } [None]
        plain(format!("{}{}{}", op.name(), gp_size(size), fp_size(from)));
    /// `scvtf`, `ucvtf`: d, n.
    IntToFp { op: IntToFp, size: Size, to: FpSize } [None]
        plain(format!("{}{}{}", op.name(), fp_size(to), gp_size(size)));
    /// `fmov` to a general-purpose register: d, n.
    MoveToGp { op: FpMove } [None] plain(format!("fmov.{op:?}"));
    /// `fmov` from a general-purpose register: d, n.
    MoveFromGp { op: FpMove } [None] plain(format!("fmov.{op:?}"));
    /// `cnt` of the lower eight bytes: d, n.
    VecCountBits [None] plain("cnt.8b");
    /// `addv` of the lower eight bytes: d, n.
    VecAddAcross [None] plain("addv.8b");
    /// `bit`: d, the old value of d, n, m: takes n where m has ones.
    VecInsertIfTrue [None] plain("bit.8b");

    // ---- Control ----
    /// The arguments that come in registers: one fixed definition each.
    Args [None] plain("args");
    /// `bl`: fixed uses, fixed definitions.
    Call { callee: FuncRef } [Destroys] plain(format!("call @{}", func.callees[callee].name));
    /// `blr`: address, fixed uses, fixed definitions.
    CallIndirect [Destroys] plain("call");
    /// The address of room for this many bytes of arguments of a tail call, where those of the function itself may have less:
    /// d. The tail call follows in the same block.
    MakeRoom { room: NonZeroU32 } [Destroys] with_tail("room", room.to_string());
    /// Epilogue and `b`: the address of the room if there is one, fixed uses.
    TailCall { callee: FuncRef, room: Option<NonZeroU32> }
        [if room.is_some() { Destroys } else { None }]
        plain(format!("tail_call @{}{}", func.callees[callee].name, room_text(room)));
    /// Epilogue and `br`: address, that of the room if there is one, fixed uses.
    TailCallIndirect { room: Option<NonZeroU32> } [if room.is_some() { Destroys } else { None }]
        plain(format!("tail_call{}", room_text(room)));
    /// Epilogue and `ret`: fixed uses.
    Ret [None] plain("ret");
    /// `b` to the only successor.
    Jump [None] plain("jump");
    /// To the first successor if the test holds, else to the second: operands of the test.
    Branch { test: Test } [test.flags()] plain(format!("branch {test}"));
    /// To the successor that the table has for n, which is below its length: n.
    JumpTable { table: TableRef } [None] with_tail("jump_table", format!("{:?}", mf.table(table)));
    /// Traps if the test holds: operands of the test.
    TrapIf { test: Test, trap: TrapRef } [test.flags()]
        with_tail(format!("trap_if {test}"), mf.trap(trap).kind.to_string());
    /// `brk`.
    Trap { trap: TrapRef } [None] with_tail("trap", mf.trap(trap).kind.to_string());
}

impl Op {
    /// Returns `true` if it leaves the function.
    #[must_use]
    pub const fn is_ret(self) -> bool {
        matches!(
            self,
            Op::Ret | Op::TailCall { .. } | Op::TailCallIndirect { .. } | Op::Trap { .. }
        )
    }

    /// Returns `true` if it goes to successors of its block.
    #[must_use]
    pub const fn is_branch(self) -> bool {
        matches!(self, Op::Jump | Op::Branch { .. } | Op::JumpTable { .. })
    }

    /// Returns `true` if it may be run again instead of being reloaded: it has no inputs and costs about as much as a
    /// load.
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
}

impl Test {
    const fn flags(self) -> FlagsEffect {
        match self {
            Test::Flags(_) | Test::Either(..) => FlagsEffect::Reads,
            Test::Zero(..) | Test::Bit(..) => FlagsEffect::None,
        }
    }
}

/// Returns `true` if a loop for an operation on memory compares.
const fn compares(op: RmwOp) -> bool {
    matches!(op, RmwOp::Smin | RmwOp::Smax | RmwOp::Umin | RmwOp::Umax)
}

/// The number of [`Runtime::FreeRoom`].
const FREE_ROOM: u32 = u32::MAX;

/// The target of a relocation: an entry of a table of the function, or code that all share.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Symbol {
    /// One of its [`callees`](Function::callees).
    Function(FuncRef),
    /// One of its [`data`](Function::data) objects.
    Data(DataRef),
    /// Code that whoever links functions has.
    Runtime(Runtime),
}

impl Symbol {
    /// Its name, if the function has such an entry.
    #[must_use]
    pub fn name(self, func: &Function) -> Option<&str> {
        match self {
            Symbol::Function(callee) => func.callees.get(callee).map(|callee| &*callee.name),
            Symbol::Data(data) => func.data.get(data).map(|name| &**name),
            Symbol::Runtime(code) => Some(code.name()),
        }
    }

    /// As the assembler knows it: those of functions are even, those of data odd; a function has fewer than 2³¹ of either.
    pub(crate) fn number(self) -> arm64_enc::Symbol {
        arm64_enc::Symbol(match self {
            Symbol::Function(callee) => (callee.index() as u32) << 1,
            Symbol::Data(data) => (data.index() as u32) << 1 | 1,
            Symbol::Runtime(Runtime::FreeRoom) => FREE_ROOM,
        })
    }

    /// The symbol of a number.
    pub(crate) fn from_number(number: arm64_enc::Symbol) -> Symbol {
        let index = (number.0 >> 1) as usize;
        match number.0 & 1 {
            _ if number.0 == FREE_ROOM => Symbol::Runtime(Runtime::FreeRoom),
            0 => Symbol::Function(FuncRef::from_index(index)),
            _ => Symbol::Data(DataRef::from_index(index)),
        }
    }
}

/// The effect of an instruction on the flags.
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
    /// Returns `true` if the flags are the same after it.
    #[must_use]
    pub const fn keeps(self) -> bool {
        matches!(self, FlagsEffect::None | FlagsEffect::Reads)
    }
}
