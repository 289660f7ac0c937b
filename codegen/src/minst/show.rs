//! How machine instructions are written in dumps: mnemonics of the architecture, `v7` for virtual registers, the real
//! names once registers are given out.

use std::fmt::{self, Write};

use arm64_enc::{AtomicSize, CompareZero, FpSize, IndexScale, MemExtend, Shift, Size, TestBit};
use ir::{Entity, Function};
use regalloc::{Loc, Operand, PReg, RegClass};

use super::{Addr, ArithRhs, Displacement, FramePlace, Op, Src, Test, text};
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

pub(super) fn fp_size(size: FpSize) -> &'static str {
    match size {
        FpSize::S => ".s",
        FpSize::D => ".d",
    }
}

/// The width of an atomic access, and of its registers.
pub(super) fn atomic_size(size: AtomicSize) -> String {
    format!("{}{}", size.name(), gp_size(size.size()))
}

pub(super) fn gp_size(size: Size) -> &'static str {
    match size {
        Size::W => ".w",
        Size::X => ".x",
    }
}

/// What is written before, between and after the operands of an instruction.
pub(super) struct Text {
    name: String,
    /// Stands after the operands: a constant, a condition.
    tail: String,
    /// Glued to the last operand: a shift or an extension.
    suffix: String,
    /// How many operands at the end are an address.
    address: Option<Addr>,
}

pub(super) fn plain(name: impl Into<String>) -> Text {
    Text { name: name.into(), tail: String::new(), suffix: String::new(), address: None }
}

pub(super) fn sized(name: &str, size: Size) -> Text {
    plain(format!("{name}{}", gp_size(size)))
}

pub(super) fn fp_sized(name: &str, size: FpSize) -> Text {
    plain(format!("{name}{}", fp_size(size)))
}

pub(super) fn with_tail(name: impl Into<String>, tail: impl Into<String>) -> Text {
    Text { tail: tail.into(), ..plain(name) }
}

pub(super) fn shifted(name: &str, shift: Shift) -> Text {
    Text { suffix: shift_text(shift), ..plain(format!("{name}{}", gp_size(shift.size()))) }
}

/// The zero register is written last, wherever it stands, with the operand that it is.
pub(super) fn with_zeros(name: String, n: Src, m: Src) -> Text {
    let zero = |src, text: &'static str| if src == Src::Zero { text } else { "" };
    with_tail(name, format!("{}{}", zero(n, "n=zr"), zero(m, "m=zr")))
}

pub(super) fn memory(name: &str, addr: Addr) -> Text {
    Text { address: Some(addr), ..plain(name) }
}

pub(super) fn arith_text(name: String, rhs: ArithRhs) -> Text {
    let (tail, suffix) = arith(rhs);
    Text { tail: tail.unwrap_or_default(), suffix, ..plain(name) }
}

/// Writes one instruction. `locs` are the places of its operands once they are known.
pub(crate) fn show_op(
    op: &Op,
    operands: &[Operand],
    locs: Option<&[Loc]>,
    func: &Function,
    mf: &MachineFunction,
) -> String {
    let shape = text(*op, func, mf);
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

/// The room that a tail call makes.
pub(super) fn room_text(room: Option<std::num::NonZeroU32>) -> String {
    room.map_or(String::new(), |room| format!(" in room of {room}"))
}
