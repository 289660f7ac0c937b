//! Text of data processing with an immediate.

use core::fmt;

use super::{Imm, Target, emit};
use crate::{
    AddSub, ArithImm, Bitfield, BitfieldImm, DpImm, LogicalImm, LogicalImmOp, MoveImm, MoveWide,
    Reg, Size,
};

pub(super) fn write(inst: DpImm, address: Option<u64>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match inst {
        DpImm::Adr { rd, offset } => {
            emit!(f, "adr {}, {}", rd, Target { distance: offset.bytes(), base: address })
        }
        DpImm::Adrp { rd, offset } => {
            // Pages count from the page of the instruction.
            let base = address.map(|address| address & !0xfff);
            emit!(f, "adrp {}, {}", rd, Target { distance: offset.bytes(), base })
        }
        DpImm::AddSub { op: AddSub::Add, size, rd, rn, imm }
            if imm == ArithImm::ZERO && (rd.is_sp() || rn.is_sp()) =>
        {
            emit!(f, "mov {}, {}", rd.sized(size), rn.sized(size))
        }
        DpImm::AddSub { op, size, rd, rn, imm } => {
            emit!(f, "{} {}, {}, {}", op, rd.sized(size), rn.sized(size), Arith(imm))
        }
        DpImm::AddSubFlags { op, size, rd, rn, imm } if rd.is_zr() => {
            let name = if op == AddSub::Sub { "cmp" } else { "cmn" };
            emit!(f, "{} {}, {}", name, rn.sized(size), Arith(imm))
        }
        DpImm::AddSubFlags { op, size, rd, rn, imm } => {
            emit!(f, "{}s {}, {}, {}", op, rd.sized(size), rn.sized(size), Arith(imm))
        }
        DpImm::Logical { op: LogicalImmOp::Orr, rd, rn, imm }
            if rn.is_zr() && !is_wide_move(imm.value(), imm.size()) =>
        {
            emit!(f, "mov {}, {}", rd.sized(imm.size()), Imm(signed(imm.value(), imm.size())))
        }
        DpImm::Logical { op, rd, rn, imm } => {
            emit!(f, "{} {}, {}, {}", op, rd.sized(imm.size()), rn.sized(imm.size()), Mask(imm))
        }
        DpImm::LogicalFlags { rd, rn, imm } if rd.is_zr() => {
            emit!(f, "tst {}, {}", rn.sized(imm.size()), Mask(imm))
        }
        DpImm::LogicalFlags { rd, rn, imm } => {
            emit!(f, "ands {}, {}, {}", rd.sized(imm.size()), rn.sized(imm.size()), Mask(imm))
        }
        DpImm::MoveWide { op, rd, imm } => write_move(op, rd, imm, f),
        DpImm::Bitfield { op, rd, rn, bits } => write_bitfield(op, rd, rn, bits, f),
        DpImm::Extract { rd, rn, rm, lsb } if rn == rm => {
            emit!(
                f,
                "ror {}, {}, {}",
                rd.sized(lsb.size()),
                rn.sized(lsb.size()),
                Imm(lsb.lsb().into())
            )
        }
        DpImm::Extract { rd, rn, rm, lsb } => {
            let size = lsb.size();
            emit!(
                f,
                "extr {}, {}, {}, {}",
                rd.sized(size),
                rn.sized(size),
                rm.sized(size),
                Imm(lsb.lsb().into())
            )
        }
    }
}

/// An arithmetic immediate: the 12 bits, then the shift.
struct Arith(ArithImm);

impl fmt::Display for Arith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        emit!(f, "{}", Imm(i64::from(self.0.imm12())))?;
        if self.0.is_shifted() { f.write_str(", lsl #12") } else { Ok(()) }
    }
}

/// A bitmask is hexadecimal always.
struct Mask(LogicalImm);

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:#x}", self.0.value())
    }
}

/// The value with the sign that its width gives it.
fn signed(value: u64, size: Size) -> i64 {
    match size {
        Size::W => i64::from(value as u32 as i32),
        Size::X => value as i64,
    }
}

/// Whether `movz` can make the value.
fn is_movz(value: u64, size: Size) -> bool {
    MoveImm::from_value(size, value).is_some()
}

/// Whether one `movz` or `movn` can make the value; they have the name `mov` for it, and no bitmask has.
fn is_wide_move(value: u64, size: Size) -> bool {
    is_movz(value, size) || is_movz(size.truncate(!value), size)
}

fn write_move(op: MoveWide, rd: Reg, imm: MoveImm, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let size = imm.size();
    let rd = rd.sized(size);
    // A shifted zero has no other name, nor has `movn` of what `movz` can make.
    let unnamed = imm.imm16() == 0 && imm.shift() != 0;
    let complement = size.truncate(!imm.value());
    match op {
        MoveWide::Movz if !unnamed => emit!(f, "mov {}, {}", rd, Imm(signed(imm.value(), size))),
        MoveWide::Movn if !unnamed && !is_movz(complement, size) => {
            emit!(f, "mov {}, {}", rd, Imm(signed(complement, size)))
        }
        _ => {
            emit!(f, "{} {}, {}", op, rd, Imm(i64::from(imm.imm16())))?;
            if imm.shift() != 0 { write!(f, ", lsl #{}", imm.shift()) } else { Ok(()) }
        }
    }
}

fn write_bitfield(
    op: Bitfield,
    rd: Reg,
    rn: Reg,
    bits: BitfieldImm,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let (size, immr, imms) = (bits.size(), bits.immr(), bits.imms());
    let top = size.bits() - 1;
    // Extensions read the word register.
    let extension = match (op, immr, imms, size) {
        (Bitfield::Sbfm, 0, 7, _) => Some("sxtb"),
        (Bitfield::Sbfm, 0, 15, _) => Some("sxth"),
        (Bitfield::Sbfm, 0, 31, Size::X) => Some("sxtw"),
        (Bitfield::Ubfm, 0, 7, Size::W) => Some("uxtb"),
        (Bitfield::Ubfm, 0, 15, Size::W) => Some("uxth"),
        _ => None,
    };
    if let Some(name) = extension {
        return emit!(f, "{} {}, {}", name, rd.sized(size), rn.sized(Size::W));
    }
    let shift = match op {
        Bitfield::Ubfm if imms != top && imms + 1 == immr => Some(("lsl", top - imms)),
        Bitfield::Ubfm if imms == top => Some(("lsr", immr)),
        Bitfield::Sbfm if imms == top => Some(("asr", immr)),
        _ => None,
    };
    let (rd, source) = (rd.sized(size), rn.sized(size));
    if let Some((name, amount)) = shift {
        return emit!(f, "{} {}, {}, #{}", name, rd, source, amount);
    }
    // The field goes up to bit `lsb`, or comes down from it.
    let inserts = imms < immr;
    let (lsb, width) =
        if inserts { (size.bits() - immr, imms + 1) } else { (immr, imms + 1 - immr) };
    let name = match (op, inserts) {
        (Bitfield::Bfm, _) if rn.is_zr() && (inserts || immr == 0) => {
            return emit!(f, "bfc {}, #{}, #{}", rd, lsb, width);
        }
        (Bitfield::Bfm, true) => "bfi",
        (Bitfield::Bfm, false) => "bfxil",
        (Bitfield::Sbfm, true) => "sbfiz",
        (Bitfield::Sbfm, false) => "sbfx",
        (Bitfield::Ubfm, true) => "ubfiz",
        (Bitfield::Ubfm, false) => "ubfx",
    };
    emit!(f, "{} {}, {}, #{}, #{}", name, rd, source, lsb, width)
}
