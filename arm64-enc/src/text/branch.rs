//! Text of branches.

use core::fmt;

use super::{Imm, Target, emit};
use crate::{Branch, BranchReg, LR, Size};

pub(super) fn write(inst: Branch, address: Option<u64>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let target = |distance| Target { distance, base: address };
    match inst {
        Branch::Imm { op, offset } => emit!(f, "{} {}", op, target(offset.bytes())),
        Branch::Cond { cond, offset } => emit!(f, "b.{} {}", cond, target(offset.bytes())),
        Branch::CompareZero { op, size, rt, offset } => {
            emit!(f, "{} {}, {}", op, rt.sized(size), target(offset.bytes()))
        }
        Branch::TestBit { op, rt, bit, offset } => {
            // The register has the width that the bit needs.
            let size = if bit.value() < 32 { Size::W } else { Size::X };
            let bit = Imm(i64::from(bit.value()));
            emit!(f, "{} {}, {}, {}", op, rt.sized(size), bit, target(offset.bytes()))
        }
        Branch::Reg { op: BranchReg::Ret, rn: LR } => f.write_str("ret"),
        Branch::Reg { op, rn } => emit!(f, "{} {}", op, rn),
        Branch::Auth { op, rn, rm } => emit!(f, "{} {}, {}", op, rn, rm),
        Branch::AuthZero { op, rn } => emit!(f, "{} {}", op, rn),
        Branch::Return { op } => emit!(f, "{}", op),
    }
}
