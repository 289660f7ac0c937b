//! Additions, logical operations, moves: the instructions that come with an immediate or a register.

use super::operand::{Gp, Operand};
use super::{Line, named};
use crate::{
    AddSub, ArithImm, ArithShift, DpImm, DpReg, Extend, ExtendShift, Flags, Inst, LogicalImm,
    LogicalImmOp, LogicalReg, MoveImm, MoveWide, Reg, RegSp, Shift, ShiftKind, Size, XZR,
};

pub(super) fn parse(line: &Line<'_>) -> Option<Inst> {
    add_sub(line).or_else(|| logical(line)).or_else(|| moves(line)).or_else(|| carry(line))
}

/// The zero register in the width of another register.
fn zero_like(other: &Operand<'_>) -> Option<Operand<'static>> {
    match other {
        Operand::Gp(gp) if gp.size == Size::X => Operand::parse("xzr"),
        Operand::Gp(_) => Operand::parse("wzr"),
        _ => None,
    }
}

/// Undoes the aliases that leave out a zero register: first operand, or second.
fn expand<'a, 'b>(line: &'b Line<'a>) -> Option<(&'b str, [Option<Operand<'a>>; 4])> {
    let at = |index: usize| line.operands.get(index).copied();
    let (first, second, third) = (at(0)?, at(1), at(2));
    if at(4).is_some() {
        return None;
    }
    let zero = zero_like(&first);
    let before = |name| Some((name, [zero, Some(first), second, third]));
    let between = |name| Some((name, [Some(first), zero, second, third]));
    match line.name {
        "cmp" | "cmn" | "tst" | "neg" | "negs" | "mvn" if at(3).is_some() => None,
        "cmp" => before("subs"),
        "cmn" => before("adds"),
        "tst" => before("ands"),
        "neg" => between("sub"),
        "negs" => between("subs"),
        "mvn" => between("orn"),
        name => Some((name, [Some(first), second, third, at(3)])),
    }
}

fn add_sub(line: &Line<'_>) -> Option<Inst> {
    let (name, operands) = expand(line)?;
    let (op, flags) = match name {
        "add" => (AddSub::Add, Flags::Keep),
        "adds" => (AddSub::Add, Flags::Set),
        "sub" => (AddSub::Sub, Flags::Keep),
        "subs" => (AddSub::Sub, Flags::Set),
        _ => return None,
    };
    let [Some(Operand::Gp(d)), Some(Operand::Gp(n)), Some(last), modifier] = operands else {
        return None;
    };
    let size = d.size;
    if n.size != size {
        return None;
    }
    match (last, modifier) {
        (Operand::Number(value), modifier) => {
            let value = u64::try_from(value).ok()?;
            let imm = match modifier {
                None => ArithImm::new(value)?,
                Some(Operand::Modifier("lsl", Some(0))) => {
                    ArithImm::new(value).filter(|imm| !imm.is_shifted())?
                }
                Some(Operand::Modifier("lsl", Some(12))) => {
                    ArithImm::shifted(u16::try_from(value).ok()?)?
                }
                Some(_) => return None,
            };
            Some(match flags {
                Flags::Keep => DpImm::AddSub { op, size, rd: d.sp()?, rn: n.sp()?, imm }.into(),
                Flags::Set => DpImm::AddSubFlags { op, size, rd: d.zr()?, rn: n.sp()?, imm }.into(),
            })
        }
        (Operand::Gp(m), None) if !d.is_sp() && !n.is_sp() && m.size == size => {
            shifted(op, flags, [d, n, m], ShiftKind::Lsl, 0)
        }
        (Operand::Gp(m), None) => {
            let extend = if size == Size::X { Extend::Uxtx } else { Extend::Uxtw };
            extended(op, flags, [d, n, m], extend, 0)
        }
        (Operand::Gp(m), Some(Operand::Modifier(name, amount))) => {
            if let Some(extend) = named(Extend::ALL, name, Extend::name) {
                return extended(op, flags, [d, n, m], extend, amount.unwrap_or(0));
            }
            if d.is_sp() || n.is_sp() {
                let extend = if size == Size::X { Extend::Uxtx } else { Extend::Uxtw };
                return if name == "lsl" {
                    extended(op, flags, [d, n, m], extend, amount?)
                } else {
                    None
                };
            }
            shifted(op, flags, [d, n, m], named(ShiftKind::ALL, name, ShiftKind::name)?, amount?)
        }
        _ => None,
    }
}

fn shifted(
    op: AddSub,
    flags: Flags,
    [d, n, m]: [Gp; 3],
    kind: ShiftKind,
    amount: u32,
) -> Option<Inst> {
    if m.size != d.size {
        return None;
    }
    let shift = ArithShift::new(d.size, kind, amount)?;
    Some(DpReg::AddSubShifted { op, flags, rd: d.zr()?, rn: n.zr()?, rm: m.zr()?, shift }.into())
}

fn extended(
    op: AddSub,
    flags: Flags,
    [d, n, m]: [Gp; 3],
    extend: Extend,
    amount: u32,
) -> Option<Inst> {
    let size = d.size;
    let width = if size == Size::X { extend.source() } else { Size::W };
    // Whatever the extension reads, a word may be named by its word register.
    if m.size != width {
        return None;
    }
    let (rn, rm, amount) = (n.sp()?, m.zr()?, ExtendShift::new(amount)?);
    Some(match flags {
        Flags::Keep => {
            DpReg::AddSubExtended { op, size, rd: d.sp()?, rn, rm, extend, amount }.into()
        }
        Flags::Set => {
            DpReg::AddSubFlagsExtended { op, size, rd: d.zr()?, rn, rm, extend, amount }.into()
        }
    })
}

fn logical(line: &Line<'_>) -> Option<Inst> {
    let (name, operands) = expand(line)?;
    let op = named(LogicalReg::ALL, name, LogicalReg::name)?;
    let [Some(Operand::Gp(d)), Some(Operand::Gp(n)), Some(last), modifier] = operands else {
        return None;
    };
    let size = d.size;
    if n.size != size {
        return None;
    }
    match (last, modifier) {
        (Operand::Number(value), None) => {
            let imm = LogicalImm::new(bits(value, size)?, size)?;
            if op == LogicalReg::Ands {
                return Some(DpImm::LogicalFlags { rd: d.zr()?, rn: n.zr()?, imm }.into());
            }
            let op = named(LogicalImmOp::ALL, name, LogicalImmOp::name)?;
            Some(DpImm::Logical { op, rd: d.sp()?, rn: n.zr()?, imm }.into())
        }
        (Operand::Gp(m), modifier) if m.size == size => {
            let shift = match modifier {
                None => Shift::none(size),
                Some(Operand::Modifier(name, Some(amount))) => {
                    Shift::new(size, named(ShiftKind::ALL, name, ShiftKind::name)?, amount)?
                }
                Some(_) => return None,
            };
            Some(DpReg::LogicalShifted { op, rd: d.zr()?, rn: n.zr()?, rm: m.zr()?, shift }.into())
        }
        _ => None,
    }
}

/// A number as the bits of a register; a negative one stands for its complement in the register's width.
fn bits(value: i128, size: Size) -> Option<u64> {
    match size {
        Size::X if value < 0 => i64::try_from(value).ok().map(|value| value as u64),
        Size::X => u64::try_from(value).ok(),
        Size::W if value < 0 => i32::try_from(value).ok().map(|value| u64::from(value as u32)),
        Size::W => u32::try_from(value).ok().map(u64::from),
    }
}

fn moves(line: &Line<'_>) -> Option<Inst> {
    let op = named(MoveWide::ALL, line.name, MoveWide::name);
    match (line.name, line.operands) {
        ("mov", [Operand::Gp(d), Operand::Gp(m)]) if d.size == m.size => {
            let size = d.size;
            if d.is_sp() || m.is_sp() {
                let (op, imm) = (AddSub::Add, ArithImm::ZERO);
                return Some(DpImm::AddSub { op, size, rd: d.sp()?, rn: m.sp()?, imm }.into());
            }
            let (op, rn, shift) = (LogicalReg::Orr, XZR, Shift::none(size));
            Some(DpReg::LogicalShifted { op, rd: d.zr()?, rn, rm: m.zr()?, shift }.into())
        }
        ("mov", [Operand::Gp(d), Operand::Number(value)]) => mov_number(*d, bits(*value, d.size)?),
        (_, [Operand::Gp(d), Operand::Number(value), rest @ ..]) => {
            let shift = match rest {
                [] => 0,
                [Operand::Modifier("lsl", Some(shift))] => *shift,
                _ => return None,
            };
            let imm = MoveImm::new(d.size, u16::try_from(*value).ok()?, shift)?;
            Some(DpImm::MoveWide { op: op?, rd: d.zr()?, imm }.into())
        }
        _ => None,
    }
}

/// The one instruction that `mov` of a number stands for.
fn mov_number(d: Gp, value: u64) -> Option<Inst> {
    let size = d.size;
    let wide = |op, value| {
        let rd: Reg = d.zr()?;
        Some(DpImm::MoveWide { op, rd, imm: MoveImm::from_value(size, value)? }.into())
    };
    let mask = || {
        let rd: RegSp = d.sp()?;
        Some(
            DpImm::Logical {
                op: LogicalImmOp::Orr,
                rd,
                rn: XZR,
                imm: LogicalImm::new(value, size)?,
            }
            .into(),
        )
    };
    wide(MoveWide::Movz, value)
        .or_else(|| wide(MoveWide::Movn, size.truncate(!value)))
        .or_else(mask)
}

fn carry(line: &Line<'_>) -> Option<Inst> {
    let (op, flags) = match line.name {
        "adc" => (AddSub::Add, Flags::Keep),
        "adcs" => (AddSub::Add, Flags::Set),
        "sbc" | "ngc" => (AddSub::Sub, Flags::Keep),
        "sbcs" | "ngcs" => (AddSub::Sub, Flags::Set),
        _ => return None,
    };
    let (d, n, m) = match line.operands {
        [Operand::Gp(d), Operand::Gp(m)] if line.name.starts_with("ngc") => (*d, XZR, *m),
        [Operand::Gp(d), Operand::Gp(n), Operand::Gp(m)]
            if n.size == d.size && !line.name.starts_with("ngc") =>
        {
            (*d, n.zr()?, *m)
        }
        _ => return None,
    };
    let same = d.size == m.size;
    same.then_some(
        DpReg::AddSubCarry { op, flags, size: d.size, rd: d.zr()?, rn: n, rm: m.zr()? }.into(),
    )
}
