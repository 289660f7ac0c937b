//! Text of AdvSIMD.

use core::fmt;

use super::emit;
use crate::{Simd, VectorLogical, VectorSize};

impl fmt::Display for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Simd::Logical { op: VectorLogical::Orr, q, rd, rn, rm } if rn == rm => {
                emit!(f, "mov {}.{}, {}.{}", rd, q, rn, q)
            }
            Simd::Logical { op, q, rd, rn, rm } => {
                emit!(f, "{} {}.{}, {}.{}, {}.{}", op, rd, q, rn, q, rm, q)
            }
            Simd::MoveByteMask { q: VectorSize::D, rd, imm } => {
                write!(f, "movi {}, #{:#018x}", rd.scalar('d'), imm.value())
            }
            Simd::MoveByteMask { q: VectorSize::Q, rd, imm } => {
                write!(f, "movi {rd}.2d, #{:#018x}", imm.value())
            }
            Simd::CountBits { q, rd, rn } => emit!(f, "cnt {}.{}, {}.{}", rd, q, rn, q),
            Simd::AddAcrossBytes { q, rd, rn } => emit!(f, "addv {}, {}.{}", rd.scalar('b'), rn, q),
            Simd::UaddlAcrossBytes { q, rd, rn } => {
                emit!(f, "uaddlv {}, {}.{}", rd.scalar('h'), rn, q)
            }
            Simd::DupD2 { rd, rn } => emit!(f, "dup {}.2d, {}", rd, rn),
        }
    }
}
