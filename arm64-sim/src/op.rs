//! Predecoded instructions: what the execution loop sees. Operands are indices into [`crate::cpu::Cpu`]'s files with
//! the zero register, SP and discarded results already told apart; immediates are expanded; direct branches hold the
//! index of their target.

use crate::cpu::Cpu;
use crate::state::{Handler, One, Straight, Two};

/// When a pair of loads or stores writes its base register back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Index {
    /// Never.
    Offset,
    /// Before the access.
    Pre,
    /// After the access.
    Post,
}

/// A load or store of registers `t` and `u`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) t: u8,
    pub(crate) u: u8,
    pub(crate) n: u8,
    pub(crate) index: Index,
    pub(crate) offset: i16,
    pub(crate) run: Two,
}

/// One predecoded instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Nothing was published here.
    Unpublished,
    /// Goes on elsewhere: at the end of a page, and for branches that leave their page.
    Far {
        address: u64,
    },
    // Refused by a check or by the decoder.
    Undefined,
    NotExecuted,
    PlatformRegister,

    B {
        target: u32,
    },
    Bl {
        target: u32,
        next: u64,
    },
    Br {
        n: u8,
    },
    Blr {
        n: u8,
        next: u64,
    },
    Ret {
        n: u8,
    },
    /// Branches if the flags are in the set.
    Bcond {
        mask: u16,
        target: u32,
    },
    /// CBZ, TBZ: branches if none of these bits is set.
    BranchClear {
        t: u8,
        target: u32,
        mask: u64,
    },
    /// CBNZ, TBNZ: branches if one of these bits is set.
    BranchSet {
        t: u8,
        target: u32,
        mask: u64,
    },
    Brk {
        imm: u16,
    },
    Svc {
        imm: u16,
    },
    Hlt {
        imm: u16,
    },
    Nop,

    /// An instruction on registers with an immediate of 64 bits.
    Wide {
        d: u8,
        n: u8,
        v: u64,
        run: fn(&mut Cpu, d: u8, n: u8, v: u64),
    },
    /// Most instructions that go on to the next one.
    Straight(Straight),
    /// The same and the [`Op::Bcond`] behind it, which also stands by itself for those who branch there.
    Then {
        first: Straight,
        mask: u16,
        target: u32,
    },
    /// Leaves in register `d` what becomes SP.
    ToSp(Straight),
    /// A load or store that writes its base back, before or after the access.
    Back {
        t: u8,
        n: u8,
        post: bool,
        offset: i32,
        run: One,
    },
    /// A load from an address that is known.
    Literal {
        t: u8,
        address: u64,
        run: One,
    },
    Pair(Pair),

    /// Any other instruction.
    Cold {
        run: Handler,
        word: u32,
    },
    /// Any other instruction that may write SP.
    ColdSp {
        run: Handler,
        word: u32,
    },
}

const _: () = assert!(size_of::<Op>() == 24);

impl Op {
    /// Does control never go on to the next instruction of itself?
    pub(crate) const fn is_jump(&self) -> bool {
        matches!(
            self,
            Op::Unpublished
                | Op::Far { .. }
                | Op::B { .. }
                | Op::Bl { .. }
                | Op::Br { .. }
                | Op::Blr { .. }
                | Op::Ret { .. }
                | Op::Brk { .. }
                | Op::Svc { .. }
                | Op::Hlt { .. }
                | Op::Undefined
                | Op::NotExecuted
                | Op::PlatformRegister
        )
    }

    /// May control go on elsewhere than at the next instruction?
    pub(crate) const fn may_leave(&self) -> bool {
        let branches =
            matches!(self, Op::Bcond { .. } | Op::BranchClear { .. } | Op::BranchSet { .. });
        branches || self.is_jump()
    }

    /// This with `next`, the instruction after it, if the loop has the two as one.
    pub(crate) fn with_branch(self, next: Op) -> Op {
        match (self, next) {
            (Op::Straight(first), Op::Bcond { mask, target }) => Op::Then { first, mask, target },
            _ => self,
        }
    }

    /// The first of the instructions that [`Op::with_branch`] made one.
    pub(crate) fn alone(self) -> Op {
        match self {
            Op::Then { first, .. } => Op::Straight(first),
            other => other,
        }
    }
}
