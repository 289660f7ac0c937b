//! Assembly text of instructions: standard syntax, preferred aliases, as LLVM's disassembler writes it.
//!
//! Each class has its *forms* beside its bit diagram (see [`form`]). The printer takes the first form that says the
//! word, the parser the first form that the line fits. So what is printed is read again, and forms below the first
//! that is always true are spellings that are only read.
//!
//! Immediates are decimal; `{:#}` writes them in hexadecimal, as `llvm-objdump` does by default. Shift amounts and
//! bit positions are decimal in both. A branch target is a distance, `#16`; [`Inst::at`] writes an address instead.

use core::fmt;

use crate::Inst;

pub(crate) mod form;
mod print;
mod types;
pub(crate) mod when;

pub(crate) use form::{Form, Grammar, Piece, View};
pub(crate) use print::{RANGE_OPS, pair_access};
pub(crate) use types::{
    Types, access_log2, atomic_is_x, fixed, letter, list_bytes, mem_is_x, viewed,
};

/// How text has a field: what is written, what is read, and how both become bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// One of the type's names.
    Name,
    /// A condition.
    Cond,
    /// The width of the general-purpose registers.
    Width,
    /// The lanes of vectors or the width of scalars.
    Shape,
    /// The number of registers in a list.
    Count,
    /// A left shift by one of the type's names.
    Lsl,
    /// A general-purpose register or the zero register.
    Reg,
    /// A general-purpose register or the stack pointer.
    RegSp,
    /// A floating-point and SIMD register.
    VReg,
    /// The first of two consecutive registers.
    RegPair,
    /// An unsigned number as wide as the field.
    Number,
    /// The number of a lane.
    Index,
    /// A distance from the instruction.
    Target {
        /// Width of the field.
        bits: u32,
        /// Bytes that one counts for.
        unit: i64,
    },
    /// A signed offset in bytes.
    Signed {
        /// Width of the field.
        bits: u32,
        /// Bytes that one counts for.
        unit: i64,
    },
    /// An unsigned offset in units of the access.
    Scaled,
    /// A signed offset in units of one register of a pair.
    PairOffset,
    /// The immediate of `add`.
    Arith,
    /// The immediate of `and`.
    Mask,
    /// The immediate of `movz`.
    Move,
    /// Positions of a bit-field move.
    Bits,
    /// The position of `extr`.
    Lsb,
    /// The shift of a logical operation.
    Shift,
    /// The shift of an addition.
    ArithShift,
    /// A number of fraction bits.
    Fraction,
    /// An operation of `prfm`.
    Prefetch,
    /// An operation of `rprfm`.
    RangePrefetch,
    /// What a barrier waits for.
    Barrier,
    /// A system register.
    SysReg,
    /// Four numbers of `sys`.
    SysOp,
    /// A floating-point constant of eight bits.
    Float,
    /// A constant whose bytes are 0 or 255.
    ByteMask,
    /// A lane, as `imm5` has it.
    Lane,
    /// A left shift, as `immh:immb` has it.
    Left,
    /// A right shift, as `immh:immb` has it.
    Right,
    /// The first byte that `ext` takes.
    Start,
    /// A register, in so many bits, and one of its lanes of this width.
    Element(u32, &'static str),
    /// How the base moves after an access.
    Post,
}

/// An instruction at an address; `Display` writes the addresses of branch targets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    inst: Inst,
    address: u64,
}

impl Inst {
    /// This instruction as it reads at `address`: targets are written as addresses.
    ///
    /// ```
    /// let branch = arm64_enc::Inst::decode(0x1400_0004).unwrap();
    /// assert_eq!(branch.to_string(), "b #16");
    /// assert_eq!(branch.at(0x1000).to_string(), "b 0x1010");
    /// ```
    #[must_use]
    pub const fn at(self, address: u64) -> At {
        At { inst: self, address }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inst.class().text.write(self.inst.encode(), Some(self.address), f)
    }
}

impl fmt::Display for Inst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.class().text.write(self.encode(), None, f)
    }
}
