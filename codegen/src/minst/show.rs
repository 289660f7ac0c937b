//! How machine instructions are written in dumps: mnemonics of the architecture, `v7` for virtual registers, the real
//! names once registers are given out.

use std::fmt::{self, Write};

use arm64_enc::{
    AddSub, ArithShift, AtomicSize, Bitfield, CompareZero, CondSelect, Flags, FpSize, IndexScale,
    MemExtend, MulAdd, Shift, Size, TestBit,
};
use ir::{Entity, Function};
use regalloc::{Loc, Operand, PReg, RegClass};

use super::{Addr, ArithRhs, CondRhs, Displacement, FramePlace, Op, Src, Test};
use crate::function::MachineFunction;

/// How an operand is written: a virtual register, or the place it was given.
fn operand(out: &mut String, operand: &Operand, loc: Option<Loc>) {
    match loc {
        None => {
            let _ = write!(out, "{}", operand.vreg());
            if let regalloc::Constraint::Fixed(reg) = operand.constraint() {
                let _ = write!(out, "@{}", register(reg));
            }
        }
        Some(loc) => out.push_str(&place(loc)),
    }
}

fn register(reg: PReg) -> String {
    let letter = if reg.class() == RegClass::Int { 'x' } else { 'd' };
    format!("{letter}{}", reg.index())
}

fn place(loc: Loc) -> String {
    match loc {
        Loc::Reg(reg) => register(reg),
        Loc::Stack(slot) => format!("spill{}", slot.index()),
    }
}

/// A move that the allocator inserted.
pub(crate) fn show_moved(from: Loc, to: Loc) -> String {
    format!("move {}, {}", place(to), place(from))
}

impl fmt::Display for FramePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FramePlace::Slot(slot, offset) => write!(f, "{slot}{offset:+}"),
            FramePlace::Incoming(offset) => write!(f, "incoming+{offset}"),
            FramePlace::Outgoing(offset) => write!(f, "outgoing+{offset}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Flags(cond) => write!(f, "{}", cond.name()),
            Test::Either(a, b) => write!(f, "{} or {}", a.name(), b.name()),
            Test::Zero(op, size) => {
                let sign = if *op == CompareZero::Cbz { "zero" } else { "nonzero" };
                write!(f, "{sign}.{}", size.name())
            }
            Test::Bit(op, bit) => {
                let sign = if *op == TestBit::Tbz { "clear" } else { "set" };
                write!(f, "bit {} {sign} of", bit.value())
            }
        }
    }
}

fn shift_text(shift: Shift) -> String {
    if shift.is_none() {
        String::new()
    } else {
        format!(" {} #{}", shift.kind().name(), shift.amount())
    }
}

fn arith(rhs: ArithRhs) -> (Option<String>, String) {
    match rhs {
        ArithRhs::Imm(imm) => (Some(format!("#{}", imm.value())), String::new()),
        ArithRhs::Shifted(shift) => (None, shift_text(shift.into())),
        ArithRhs::Extended(extend, amount) => {
            (None, format!(" {} #{}", extend.name(), amount.amount()))
        }
    }
}

fn fp_size(size: FpSize) -> &'static str {
    match size {
        FpSize::S => ".s",
        FpSize::D => ".d",
    }
}

/// The width of an atomic access, and of its registers.
fn atomic_size(size: AtomicSize) -> String {
    format!("{}{}", size.name(), gp_size(size.size()))
}

fn gp_size(size: Size) -> &'static str {
    match size {
        Size::W => ".w",
        Size::X => ".x",
    }
}

/// What is written before, between and after the operands of an instruction.
struct Shape {
    name: String,
    /// Stands after the operands: a constant, a condition.
    tail: String,
    /// Glued to the last operand: a shift or an extension.
    suffix: String,
    /// How many operands at the end are an address.
    address: Option<Addr>,
}

fn shape(op: &Op, func: &Function, mf: &MachineFunction) -> Shape {
    let plain =
        |name: String| Shape { name, tail: String::new(), suffix: String::new(), address: None };
    let with_tail = |name: String, tail: String| Shape { tail, ..plain(name) };
    let shifted = |name: &str, shift: Shift| Shape {
        suffix: shift_text(shift),
        ..plain(format!("{name}{}", gp_size(shift.size())))
    };
    let negated = |op: AddSub, shift: ArithShift| {
        shifted(if op == AddSub::Sub { "neg" } else { "mov" }, shift.into())
    };
    // The zero register is written last, wherever it stands, with the operand that it is.
    let with_zeros = |name: String, n: Src, m: Src| {
        let zero = |src, text: &'static str| if src == Src::Zero { text } else { "" };
        with_tail(name, format!("{}{}", zero(n, "n=zr"), zero(m, "m=zr")))
    };
    let memory = |name: &str, addr: Addr| Shape { address: Some(addr), ..plain(name.to_owned()) };
    let arith_shape = |name: String, rhs: ArithRhs| {
        let (tail, suffix) = arith(rhs);
        Shape { tail: tail.unwrap_or_default(), suffix, ..plain(name) }
    };
    match *op {
        Op::AddSub { op, size, rhs } => arith_shape(format!("{}{}", op.name(), gp_size(size)), rhs),
        Op::Neg { shift } => negated(AddSub::Sub, shift),
        Op::AddSubFlags { op, size, rhs } => {
            arith_shape(format!("{}s{}", op.name(), gp_size(size)), rhs)
        }
        Op::NegFlags { size } => plain(format!("negs{}", gp_size(size))),
        Op::AddSubCarry { op, flags, size, n, m } => {
            let name = if op == AddSub::Add { "adc" } else { "sbc" };
            let s = if flags == Flags::Set { "s" } else { "" };
            with_zeros(format!("{name}{s}{}", gp_size(size)), n, m)
        }
        Op::CompareCarry { op, size, n, m } => {
            let name = if op == AddSub::Add { "adcs" } else { "sbcs" };
            with_zeros(format!("{name}{} zr", gp_size(size)), n, m)
        }
        Op::SetCarry { op, size } => {
            let name = if op == AddSub::Add { "carry" } else { "borrow" };
            plain(format!("{name}{}", gp_size(size)))
        }
        Op::Logic { op, shift } => shifted(op.name(), shift),
        Op::Not { shift } => shifted("mvn", shift),
        Op::LogicImm { op, imm } => with_tail(
            format!("{}{}", op.name(), gp_size(imm.size())),
            format!("#{:#x}", imm.value()),
        ),
        Op::Binary { op, size } => plain(format!("{}{}", op.name(), gp_size(size))),
        Op::Unary { op, size } => plain(format!("{}{}", op.name(), gp_size(size))),
        Op::Reverse { size } => plain(format!("rev{}", gp_size(size))),
        Op::Bitfield { op, bits } => with_tail(
            format!("{}{}", op.name(), gp_size(bits.size())),
            format!("#{}, #{}", bits.immr(), bits.imms()),
        ),
        Op::BitInsert { bits } => with_tail(
            format!("{}{}", Bitfield::Bfm.name(), gp_size(bits.size())),
            format!("#{}, #{}", bits.immr(), bits.imms()),
        ),
        Op::Extract { lsb } => {
            with_tail(format!("extr{}", gp_size(lsb.size())), format!("#{}", lsb.lsb()))
        }
        Op::Mul { op, size } => {
            let name = if op == MulAdd::Madd { "mul" } else { "mneg" };
            plain(format!("{name}{}", gp_size(size)))
        }
        Op::MulAdd { op, size } => plain(format!("{}{}", op.name(), gp_size(size))),
        Op::MulLong { op } => plain(format!("{} zero", op.name())),
        Op::MulAddLong { op } => plain(op.name().to_owned()),
        Op::MulHigh { op } => plain(op.name().to_owned()),
        Op::Const { size, value } => {
            with_tail(format!("mov{}", gp_size(size)), format!("#{:#x}", size.truncate(value)))
        }
        Op::Copy => plain("mov".to_owned()),
        Op::Compare { op, size, rhs } => {
            let name = if op == AddSub::Sub { "cmp" } else { "cmn" };
            arith_shape(format!("{name}{}", gp_size(size)), rhs)
        }
        Op::Test { shift } => shifted("tst", shift),
        Op::TestImm { imm } => {
            with_tail(format!("tst{}", gp_size(imm.size())), format!("#{:#x}", imm.value()))
        }
        Op::CondCompare { op, size, rhs, nzcv, cond } => {
            let rhs = match rhs {
                CondRhs::Reg => String::new(),
                CondRhs::Imm(imm) => format!("#{}, ", imm.value()),
            };
            with_tail(
                format!("{}{}", op.name(), gp_size(size)),
                format!("{rhs}#{}, {}", nzcv.value(), cond.name()),
            )
        }
        Op::CondSelect { op, size, cond, n, m } => {
            let name = format!("{}{}", op.name(), gp_size(size));
            match (n, m) {
                (Src::Zero, Src::Zero) if op == CondSelect::Csinc => {
                    with_tail(format!("cset{}", gp_size(size)), cond.invert().name().to_owned())
                }
                (Src::Reg, Src::Zero) => with_tail(name, format!("zr, {}", cond.name())),
                (Src::Zero, Src::Reg) => with_tail(format!("{name} zr"), cond.name().to_owned()),
                (Src::Zero, Src::Zero) => with_tail(name, format!("zr, zr, {}", cond.name())),
                (Src::Reg, Src::Reg) => with_tail(name, cond.name().to_owned()),
            }
        }
        Op::Load { op, addr } => memory(op.name(), addr),
        Op::Store { op, value, addr } => {
            let zero = if value == Src::Zero { " zr," } else { "" };
            memory(&format!("{}{zero}", op.name()), addr)
        }
        Op::FpLoad { op, addr } | Op::FpStore { op, addr } => memory(op.name(), addr),
        Op::FrameAddr { place } => with_tail("addr".to_owned(), place.to_string()),
        Op::DataAddr { data, offset } => {
            with_tail("addr".to_owned(), format!("@{}{offset:+}", func.data[data]))
        }
        Op::FuncAddr { callee } => {
            with_tail("addr".to_owned(), format!("@{}", func.callees[callee].name))
        }
        Op::LoadAcquire { size } => plain(format!("ldar{}", atomic_size(size))),
        Op::StoreRelease { size, value } => {
            let zero = if value == Src::Zero { " zr," } else { "" };
            plain(format!("stlr{}{zero}", atomic_size(size)))
        }
        Op::AtomicRmw { op, size } => plain(format!("{}al{}", op.name(), atomic_size(size))),
        Op::AtomicRmwLoop { op, size } => plain(format!("loop {op}{}", atomic_size(size))),
        Op::CompareSwap { size } => plain(format!("casal{}", atomic_size(size))),
        Op::CompareSwapLoop { size } => plain(format!("loop cas{}", atomic_size(size))),
        Op::Fence => plain("dmb ish".to_owned()),
        Op::FpUnary { op, size } => plain(format!("{}{}", op.name(), fp_size(size))),
        Op::FpConvert { op } => plain(format!("{}.{op:?}", op.name())),
        Op::FpBinary { op, size } => plain(format!("{}{}", op.name(), fp_size(size))),
        Op::FpTernary { op, size } => plain(format!("{}{}", op.name(), fp_size(size))),
        Op::FpCompare { size } => plain(format!("fcmp{}", fp_size(size))),
        Op::FpCompareZero { size } => {
            with_tail(format!("fcmp{}", fp_size(size)), "#0.0".to_owned())
        }
        Op::FpSelect { size, cond } => {
            with_tail(format!("fcsel{}", fp_size(size)), cond.name().to_owned())
        }
        Op::FpConst { size, bits } => {
            let value = match size {
                FpSize::S => format!("{:?}", f32::from_bits(bits as u32)),
                FpSize::D => format!("{:?}", f64::from_bits(bits)),
            };
            let text = if value == "NaN" { format!("nan:{bits:#x}") } else { value };
            with_tail(format!("fmov{}", fp_size(size)), format!("#{text}"))
        }
        Op::FpCopy => plain("fmov".to_owned()),
        Op::FpToInt { op, size, from } => {
            plain(format!("{}{}{}", op.name(), gp_size(size), fp_size(from)))
        }
        Op::IntToFp { op, size, to } => {
            plain(format!("{}{}{}", op.name(), fp_size(to), gp_size(size)))
        }
        Op::MoveToGp { op } => plain(format!("fmov.{op:?}")),
        Op::MoveFromGp { op } => plain(format!("fmov.{op:?}")),
        Op::VecCountBits => plain("cnt.8b".to_owned()),
        Op::VecAddAcross => plain("addv.8b".to_owned()),
        Op::VecInsertIfTrue => plain("bit.8b".to_owned()),
        Op::Args => plain("args".to_owned()),
        Op::Call { callee } => plain(format!("call @{}", func.callees[callee].name)),
        Op::CallIndirect => plain("call".to_owned()),
        Op::TailCall { callee } => plain(format!("tail_call @{}", func.callees[callee].name)),
        Op::TailCallIndirect => plain("tail_call".to_owned()),
        Op::Ret => plain("ret".to_owned()),
        Op::Jump => plain("jump".to_owned()),
        Op::Branch { test } => plain(format!("branch {test}")),
        Op::JumpTable { table } => {
            with_tail("jump_table".to_owned(), format!("{:?}", mf.table(table)))
        }
        Op::TrapIf { test, trap } => {
            with_tail(format!("trap_if {test}"), mf.trap(trap).kind.to_string())
        }
        Op::Trap { trap } => with_tail("trap".to_owned(), mf.trap(trap).kind.to_string()),
    }
}

/// Writes one instruction. `locs` are the places of its operands once they are known.
pub(crate) fn show_op(
    op: &Op,
    operands: &[Operand],
    locs: Option<&[Loc]>,
    func: &Function,
    mf: &MachineFunction,
) -> String {
    let shape = shape(op, func, mf);
    let in_address = shape.address.map_or(0, Addr::operands);
    let plain = operands.len().saturating_sub(in_address);
    let mut out = shape.name;
    let mut sep = " ";
    for (index, op) in operands.iter().enumerate() {
        // A reused input is the destination itself: written once before allocation, hidden after it.
        if index == plain {
            break;
        }
        out.push_str(sep);
        sep = ", ";
        operand(&mut out, op, locs.and_then(|locs| locs.get(index).copied()));
    }
    out.push_str(&shape.suffix);
    if let Some(addr) = shape.address {
        out.push_str(sep);
        sep = ", ";
        out.push('[');
        for (index, op) in operands.iter().enumerate().skip(plain) {
            if index > plain {
                out.push_str(", ");
            }
            operand(&mut out, op, locs.and_then(|locs| locs.get(index).copied()));
        }
        match addr {
            Addr::Base(Displacement::Scaled(offset)) if offset.units() == 0 => {}
            Addr::Base(Displacement::Scaled(offset)) => {
                let _ = write!(out, " + {} units", offset.units());
            }
            Addr::Base(Displacement::Unscaled(offset)) => {
                let _ = write!(out, " + {}", offset.bytes());
            }
            Addr::Index(extend, scale) => {
                if extend != MemExtend::Lsl {
                    let _ = write!(out, " {}", extend.name());
                }
                if scale == IndexScale::Units {
                    out.push_str(" scaled");
                }
            }
            Addr::Frame(place) => {
                let _ = write!(out, "{place}");
            }
        }
        out.push(']');
    }
    if !shape.tail.is_empty() {
        out.push_str(sep);
        out.push_str(&shape.tail);
    }
    out
}

/// The block's name in dumps: its number here, and the block of the IR that it comes from.
pub(crate) fn block_name(mf: &MachineFunction, index: usize) -> String {
    match mf.blocks[index].source {
        Some(block) => format!("b{index} ({})", ir::Block::from_index(block.index())),
        None => format!("b{index} (edge)"),
    }
}
