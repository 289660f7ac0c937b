//! Text of scalar floating point.

use core::fmt;

use super::{Imm, emit};
use crate::{Fp, FpConvert, FpMove, FpSize, Size, VReg};

impl fmt::Display for Fp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fp::Unary { op, size, rd, rn } => {
                emit!(f, "{} {}, {}", op, sized(rd, size), sized(rn, size))
            }
            Fp::Convert { op, rd, rn } => {
                let (to, from) = match op {
                    FpConvert::SToD => ('d', 's'),
                    FpConvert::SToH => ('h', 's'),
                    FpConvert::DToS => ('s', 'd'),
                    FpConvert::DToH => ('h', 'd'),
                    FpConvert::HToS => ('s', 'h'),
                    FpConvert::HToD => ('d', 'h'),
                };
                emit!(f, "{} {}, {}", op, rd.scalar(to), rn.scalar(from))
            }
            Fp::Binary { op, size, rd, rn, rm } => {
                emit!(f, "{} {}, {}, {}", op, sized(rd, size), sized(rn, size), sized(rm, size))
            }
            Fp::Ternary { op, size, rd, rn, rm, ra } => {
                let (d, n) = (sized(rd, size), sized(rn, size));
                emit!(f, "{} {}, {}, {}, {}", op, d, n, sized(rm, size), sized(ra, size))
            }
            Fp::Compare { op, size, rn, rm } => {
                emit!(f, "{} {}, {}", op, sized(rn, size), sized(rm, size))
            }
            Fp::CompareZero { op, size, rn } => emit!(f, "{} {}, #0.0", op, sized(rn, size)),
            Fp::CondCompare { op, size, rn, rm, nzcv, cond } => {
                let flags = Imm(i64::from(nzcv.value()));
                emit!(f, "{} {}, {}, {}, {}", op, sized(rn, size), sized(rm, size), flags, cond)
            }
            Fp::CondSelect { size, rd, rn, rm, cond } => {
                emit!(
                    f,
                    "fcsel {}, {}, {}, {}",
                    sized(rd, size),
                    sized(rn, size),
                    sized(rm, size),
                    cond
                )
            }
            Fp::MoveImm { size, rd, imm } => {
                write!(f, "fmov {}, #{:.8}", sized(rd, size), imm.value())
            }
            Fp::ToInt { op, size, from, rd, rn } => {
                emit!(f, "{} {}, {}", op, rd.sized(size), sized(rn, from))
            }
            Fp::FromInt { op, size, to, rd, rn } => {
                emit!(f, "{} {}, {}", op, sized(rd, to), rn.sized(size))
            }
            Fp::ToFixed { op, from, rd, rn, fraction } => {
                let bits = Imm(i64::from(fraction.count()));
                emit!(f, "{} {}, {}, {}", op, rd.sized(fraction.size()), sized(rn, from), bits)
            }
            Fp::FromFixed { op, to, rd, rn, fraction } => {
                let bits = Imm(i64::from(fraction.count()));
                emit!(f, "{} {}, {}, {}", op, sized(rd, to), rn.sized(fraction.size()), bits)
            }
            Fp::MoveToGp { op, rd, rn } => match op {
                FpMove::WS => emit!(f, "fmov {}, {}", rd.sized(Size::W), rn.scalar('s')),
                FpMove::XD => emit!(f, "fmov {}, {}", rd, rn.scalar('d')),
                FpMove::XD1 => emit!(f, "fmov {}, {}.d[1]", rd, rn),
            },
            Fp::MoveFromGp { op, rd, rn } => match op {
                FpMove::WS => emit!(f, "fmov {}, {}", rd.scalar('s'), rn.sized(Size::W)),
                FpMove::XD => emit!(f, "fmov {}, {}", rd.scalar('d'), rn),
                FpMove::XD1 => emit!(f, "fmov {}.d[1], {}", rd, rn),
            },
            Fp::ToIntJavaScript { rd, rn } => {
                emit!(f, "fjcvtzs {}, {}", rd.sized(Size::W), rn.scalar('d'))
            }
        }
    }
}

fn sized(reg: VReg, size: FpSize) -> impl fmt::Display {
    reg.scalar(match size {
        FpSize::S => 's',
        FpSize::D => 'd',
    })
}
