//! Text of data processing with registers.

use core::fmt;

use super::{Imm, emit};
use crate::{
    AddSub, Cond, CondSelect, Crc32, DpReg, Extend, ExtendShift, Flags, LogicalReg, MulAdd,
    MulAddLong, Reg, Shift, Size,
};

impl fmt::Display for DpReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DpReg::LogicalShifted { op, rd, rn, rm, shift } => {
                let size = shift.size();
                let (d, n, m) = (rd.sized(size), rn.sized(size), rm.sized(size));
                match op {
                    LogicalReg::Orr if rn.is_zr() && shift.is_none() => {
                        emit!(f, "mov {}, {}", d, m)
                    }
                    LogicalReg::Orn if rn.is_zr() => emit!(f, "mvn {}, {}{}", d, m, Shifted(shift)),
                    LogicalReg::Ands if rd.is_zr() => {
                        emit!(f, "tst {}, {}{}", n, m, Shifted(shift))
                    }
                    _ => emit!(f, "{} {}, {}, {}{}", op, d, n, m, Shifted(shift)),
                }
            }
            DpReg::AddSubShifted { op, flags, rd, rn, rm, shift } => {
                let size = shift.size();
                let (d, n, m) = (rd.sized(size), rn.sized(size), rm.sized(size));
                let shift = Shifted(shift.into());
                match (op, flags) {
                    (_, Flags::Set) if rd.is_zr() => {
                        emit!(f, "{} {}, {}{}", compare(op), n, m, shift)
                    }
                    (AddSub::Sub, _) if rn.is_zr() => {
                        emit!(f, "neg{} {}, {}{}", flags, d, m, shift)
                    }
                    _ => emit!(f, "{}{} {}, {}, {}{}", op, flags, d, n, m, shift),
                }
            }
            DpReg::AddSubExtended { op, size, rd, rn, rm, extend, amount } => {
                let m = extended(size, rm, extend, amount, rd.is_sp() || rn.is_sp());
                emit!(f, "{} {}, {}, {}", op, rd.sized(size), rn.sized(size), m)
            }
            DpReg::AddSubFlagsExtended { op, size, rd, rn, rm, extend, amount } => {
                let m = extended(size, rm, extend, amount, rn.is_sp());
                if rd.is_zr() {
                    emit!(f, "{} {}, {}", compare(op), rn.sized(size), m)
                } else {
                    emit!(f, "{}s {}, {}, {}", op, rd.sized(size), rn.sized(size), m)
                }
            }
            DpReg::AddSubCarry { op, flags, size, rd, rn, rm } => {
                let (d, n, m) = (rd.sized(size), rn.sized(size), rm.sized(size));
                match op {
                    AddSub::Sub if rn.is_zr() => emit!(f, "ngc{} {}, {}", flags, d, m),
                    AddSub::Sub => emit!(f, "sbc{} {}, {}, {}", flags, d, n, m),
                    AddSub::Add => emit!(f, "adc{} {}, {}, {}", flags, d, n, m),
                }
            }
            DpReg::RotateIntoFlags { rn, rotate, mask } => {
                emit!(
                    f,
                    "rmif {}, {}, {}",
                    rn,
                    Imm(i64::from(rotate.value())),
                    Imm(i64::from(mask.value()))
                )
            }
            DpReg::SetFlags { op, rn } => emit!(f, "{} {}", op, rn.sized(Size::W)),
            DpReg::CondCompareReg { op, size, rn, rm, nzcv, cond } => {
                let flags = Imm(i64::from(nzcv.value()));
                emit!(f, "{} {}, {}, {}, {}", op, rn.sized(size), rm.sized(size), flags, cond)
            }
            DpReg::CondCompareImm { op, size, rn, imm, nzcv, cond } => {
                let (imm, flags) = (Imm(i64::from(imm.value())), Imm(i64::from(nzcv.value())));
                emit!(f, "{} {}, {}, {}, {}", op, rn.sized(size), imm, flags, cond)
            }
            DpReg::CondSelect { op, size, rd, rn, rm, cond } => {
                select(op, size, [rd, rn, rm], cond, f)
            }
            DpReg::DataProc2 { op, size, rd, rn, rm } => {
                emit!(f, "{} {}, {}, {}", op, rd.sized(size), rn.sized(size), rm.sized(size))
            }
            DpReg::Crc32 { op, rd, rn, rm } => {
                let datum = if matches!(op, Crc32::X | Crc32::Cx) { Size::X } else { Size::W };
                emit!(f, "{} {}, {}, {}", op, rd.sized(Size::W), rn.sized(Size::W), rm.sized(datum))
            }
            DpReg::PacGeneric { rd, rn, rm } => emit!(f, "pacga {}, {}, {}", rd, rn, rm),
            DpReg::DataProc1 { op, size, rd, rn } => {
                emit!(f, "{} {}, {}", op, rd.sized(size), rn.sized(size))
            }
            DpReg::Reverse { size, rd, rn } => {
                emit!(f, "rev {}, {}", rd.sized(size), rn.sized(size))
            }
            DpReg::Rev32 { rd, rn } => emit!(f, "rev32 {}, {}", rd, rn),
            DpReg::Pac { op, rd, rn } => emit!(f, "{} {}, {}", op, rd, rn),
            DpReg::PacZero { op, rd } => emit!(f, "{} {}", op, rd),
            DpReg::PacStrip { op, rd } => emit!(f, "{} {}", op, rd),
            DpReg::MulAdd { op, size, rd, rn, rm, ra } => {
                let (d, n, m) = (rd.sized(size), rn.sized(size), rm.sized(size));
                match op {
                    MulAdd::Madd if ra.is_zr() => emit!(f, "mul {}, {}, {}", d, n, m),
                    MulAdd::Msub if ra.is_zr() => emit!(f, "mneg {}, {}, {}", d, n, m),
                    _ => emit!(f, "{} {}, {}, {}, {}", op, d, n, m, ra.sized(size)),
                }
            }
            DpReg::MulAddLong { op, rd, rn, rm, ra } => {
                let (n, m) = (rn.sized(Size::W), rm.sized(Size::W));
                if ra.is_zr() {
                    let name = match op {
                        MulAddLong::Smaddl => "smull",
                        MulAddLong::Smsubl => "smnegl",
                        MulAddLong::Umaddl => "umull",
                        MulAddLong::Umsubl => "umnegl",
                    };
                    emit!(f, "{} {}, {}, {}", name, rd, n, m)
                } else {
                    emit!(f, "{} {}, {}, {}, {}", op, rd, n, m, ra)
                }
            }
            DpReg::MulHigh { op, rd, rn, rm } => emit!(f, "{} {}, {}, {}", op, rd, rn, rm),
        }
    }
}

/// The name of an addition or subtraction whose result is only flags.
fn compare(op: AddSub) -> &'static str {
    match op {
        AddSub::Add => "cmn",
        AddSub::Sub => "cmp",
    }
}

/// A shift after a comma, unless it does nothing.
struct Shifted(Shift);

impl fmt::Display for Shifted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_none() {
            Ok(())
        } else {
            write!(f, ", {} #{}", self.0.kind(), self.0.amount())
        }
    }
}

/// An extended register.
struct Extended {
    rm: Reg,
    width: Size,
    /// The extension's name, or nothing where it does nothing.
    name: Option<&'static str>,
    amount: u32,
}

fn extended(size: Size, rm: Reg, extend: Extend, amount: ExtendShift, beside_sp: bool) -> Extended {
    let width = if size == Size::X { extend.source() } else { Size::W };
    let amount = amount.amount();
    // Beside the stack pointer, the extension that takes the register whole is a plain shift.
    let plain = matches!((size, extend), (Size::X, Extend::Uxtx) | (Size::W, Extend::Uxtw));
    let name = match (plain && beside_sp, amount) {
        (true, 0) => None,
        (true, _) => Some("lsl"),
        (false, _) => Some(extend.name()),
    };
    Extended { rm, width, name, amount }
}

impl fmt::Display for Extended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rm.sized(self.width))?;
        match (self.name, self.amount) {
            (None, _) => Ok(()),
            (Some(name), 0) => write!(f, ", {name}"),
            (Some(name), amount) => write!(f, ", {name} #{amount}"),
        }
    }
}

fn select(
    op: CondSelect,
    size: Size,
    [rd, rn, rm]: [Reg; 3],
    cond: Cond,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let (d, n, m) = (rd.sized(size), rn.sized(size), rm.sized(size));
    let invertible = !matches!(cond, Cond::Al | Cond::Nv);
    if rn == rm && invertible {
        let cond = cond.invert();
        match (op, rn.is_zr()) {
            (CondSelect::Csinc, true) => return emit!(f, "cset {}, {}", d, cond),
            (CondSelect::Csinv, true) => return emit!(f, "csetm {}, {}", d, cond),
            (CondSelect::Csinc, false) => return emit!(f, "cinc {}, {}, {}", d, n, cond),
            (CondSelect::Csinv, false) => return emit!(f, "cinv {}, {}, {}", d, n, cond),
            (CondSelect::Csneg, _) => return emit!(f, "cneg {}, {}, {}", d, n, cond),
            (CondSelect::Csel, _) => {}
        }
    }
    emit!(f, "{} {}, {}, {}, {}", op, d, n, m, cond)
}
