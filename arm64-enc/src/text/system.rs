//! Text of system instructions.

use core::fmt;

use super::{Imm, emit};
use crate::{Barrier, BarrierOption, Exception, HintNumber, Imm16, Reg, SysOperand, System};

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            System::Udf { imm } => emit!(f, "udf {}", Imm(imm.value().into())),
            System::Exception { op, imm } => {
                let optional = matches!(op, Exception::Dcps1 | Exception::Dcps2 | Exception::Dcps3);
                if optional && imm == Imm16::ZERO {
                    emit!(f, "{}", op)
                } else if imm == Imm16::ZERO {
                    emit!(f, "{} #0", op)
                } else {
                    write!(f, "{op} #{:#x}", imm.value())
                }
            }
            System::Hint { number } => match hint(number.value()) {
                Some(name) => f.write_str(name),
                None => emit!(f, "hint {}", Imm(number.value().into())),
            },
            System::Barrier { op, option } => match (op, option.name()) {
                (Barrier::Clrex | Barrier::Isb, _) if option == BarrierOption::SY => {
                    emit!(f, "{}", op)
                }
                (Barrier::Dsb, _) if option.value() == 0b0000 => f.write_str("ssbb"),
                (Barrier::Dsb, _) if option.value() == 0b0100 => f.write_str("pssbb"),
                (Barrier::Dsb | Barrier::Dmb, Some(name)) => emit!(f, "{} {}", op, name),
                (Barrier::Clrex, _) => emit!(f, "{} {}", op, Imm(option.value().into())),
                _ => emit!(f, "{} #{}", op, option.value()),
            },
            System::SpeculationBarrier {} => f.write_str("sb"),
            System::Flags { op } => emit!(f, "{}", op),
            System::MsrImm { field, imm } => emit!(f, "msr {}, {}", field, Imm(imm.value().into())),
            System::Streaming { op, state } => {
                let space = if state.name().is_empty() { "" } else { " " };
                emit!(f, "{}{}{}", op, space, state)
            }
            System::Msr { reg, rt } if reg.is_read_only() => {
                f.write_str("msr ")?;
                reg.write_numbers(f)?;
                write!(f, ", {rt}")
            }
            System::Msr { reg, rt } => emit!(f, "msr {}, {}", reg, rt),
            System::Mrs { rt, reg } => emit!(f, "mrs {}, {}", rt, reg),
            System::Sys { op, rt } => write_sys(op, rt, f),
            System::Sysl { rt, op } => emit!(f, "sysl {}, {}", rt, SysNumbers(op)),
        }
    }
}

/// Hints with a name.
const HINTS: &[(u8, &str)] = &[
    (0, "nop"),
    (1, "yield"),
    (2, "wfe"),
    (3, "wfi"),
    (4, "sev"),
    (5, "sevl"),
    (6, "dgh"),
    (7, "xpaclri"),
    (8, "pacia1716"),
    (10, "pacib1716"),
    (12, "autia1716"),
    (14, "autib1716"),
    (16, "esb"),
    (17, "psb csync"),
    (18, "tsb csync"),
    (20, "csdb"),
    (24, "paciaz"),
    (25, "paciasp"),
    (26, "pacibz"),
    (27, "pacibsp"),
    (28, "autiaz"),
    (29, "autiasp"),
    (30, "autibz"),
    (31, "autibsp"),
    (32, "bti"),
    (34, "bti c"),
    (36, "bti j"),
    (38, "bti jc"),
    // Without a name in the versions this crate covers, but decimal like the names' numbers.
    (39, "hint #39"),
    (40, "hint #40"),
];

fn hint(number: u8) -> Option<&'static str> {
    HINTS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// Whether an operation of `sys` takes a register.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Register,
}

/// Operations of `sys` with a name: `op1`, `CRn`, `CRm`, `op2`.
const OPERATIONS: &[([u16; 4], &str, Takes)] = &[
    ([0, 7, 1, 0], "ic ialluis", Takes::Nothing),
    ([0, 7, 5, 0], "ic iallu", Takes::Nothing),
    ([3, 7, 5, 1], "ic ivau", Takes::Register),
    ([3, 7, 4, 1], "dc zva", Takes::Register),
    ([0, 7, 6, 1], "dc ivac", Takes::Register),
    ([0, 7, 6, 2], "dc isw", Takes::Register),
    ([3, 7, 10, 1], "dc cvac", Takes::Register),
    ([0, 7, 10, 2], "dc csw", Takes::Register),
    ([3, 7, 11, 1], "dc cvau", Takes::Register),
    ([3, 7, 12, 1], "dc cvap", Takes::Register),
    ([3, 7, 13, 1], "dc cvadp", Takes::Register),
    ([3, 7, 14, 1], "dc civac", Takes::Register),
    ([0, 7, 14, 2], "dc cisw", Takes::Register),
    ([0, 7, 8, 0], "at s1e1r", Takes::Register),
    ([0, 7, 8, 1], "at s1e1w", Takes::Register),
    ([0, 7, 8, 2], "at s1e0r", Takes::Register),
    ([0, 7, 8, 3], "at s1e0w", Takes::Register),
];

fn write_sys(op: SysOperand, rt: Reg, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let named = OPERATIONS.iter().find(|(numbers, _, _)| *numbers == sys_numbers(op));
    match named {
        Some((_, name, Takes::Register)) => emit!(f, "{}, {}", name, rt),
        Some((_, name, Takes::Nothing)) if rt.is_zr() => f.write_str(name),
        _ if rt.is_zr() => emit!(f, "sys {}", SysNumbers(op)),
        _ => emit!(f, "sys {}, {}", SysNumbers(op), rt),
    }
}

fn sys_numbers(op: SysOperand) -> [u16; 4] {
    let bits = op.value();
    [bits >> 11 & 7, bits >> 7 & 15, bits >> 3 & 15, bits & 7]
}

/// `#op1, cN, cM, #op2`
struct SysNumbers(SysOperand);

impl fmt::Display for SysNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [op1, crn, crm, op2] = sys_numbers(self.0);
        emit!(f, "{}, c{}, c{}, {}", Imm(op1.into()), crn, crm, Imm(op2.into()))
    }
}

impl System {
    /// The operation of `sys` that `dc`, `ic` and `at` name, if it takes a register as asked.
    pub(crate) fn from_operation(
        class: &str,
        name: &str,
        with_register: bool,
    ) -> Option<SysOperand> {
        let takes = if with_register { Takes::Register } else { Takes::Nothing };
        let ([op1, crn, crm, op2], _, _) = OPERATIONS.iter().find(|(_, known, needs)| {
            *needs == takes && known.split_once(' ') == Some((class, name))
        })?;
        SysOperand::new(u64::from(op1 << 11 | crn << 7 | crm << 3 | op2))
    }

    /// The hint of this name.
    pub(crate) fn hint_by_name(name: &str, second: Option<&str>) -> Option<HintNumber> {
        let (number, _) = HINTS.iter().find(|(_, known)| match second {
            None => *known == name,
            Some(second) => known.split_once(' ') == Some((name, second)),
        })?;
        HintNumber::new(u64::from(*number))
    }
}
