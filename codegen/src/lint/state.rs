//! What the linter knows before an instruction: where the stack pointer is, what registers hold, what is saved. Where ways meet,
//! what holds on all of them is kept.

use arm64_enc::{Reg, RegSp};

use super::Rule;
use super::effects::{Mask, SP_BIT};

/// How much a caller may leave untouched.
pub(super) const SLACK: i64 = 1024;
pub(super) const FP: usize = 29;
pub(super) const LR: usize = 30;

/// x19 to x30, and d8 to d15.
pub(super) const KEPT: Mask = 0x7ff8_0000 | 0xff00 << 32;

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value {
    Unknown,
    Const(u64),
    /// So far from where the stack pointer was at the entry. A realignment has made it less by a multiple of 16 that is
    /// not known, but not above `skip`.
    Stack {
        offset: i64,
        skip: i64,
    },
    /// The table at this word.
    Table(usize),
    /// What a jump by the table at this word goes to.
    Target(usize),
    /// The address of [`Runtime::FreeRoom`].
    FreeRoom,
}

impl Value {
    pub(super) fn plus(self, by: i64) -> Value {
        match self {
            Value::Const(value) => Value::Const(value.wrapping_add_signed(by)),
            Value::Stack { offset, skip } => Value::Stack { offset: offset.wrapping_add(by), skip },
            _ => Value::Unknown,
        }
    }
}

/// What is known before an instruction.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct State {
    pub(super) sp: i64,
    pub(super) skip: i64,
    pub(super) fp: Value,
    pub(super) link: Value,
    /// x16 and x17.
    pub(super) scratch: [Value; 2],
    /// The registers of [`KEPT`] that hold what they held at the entry.
    pub(super) intact: Mask,
    /// The return address is signed.
    pub(super) signed: bool,
    /// Where registers are saved.
    pub(super) saved: Vec<(i64, Mask)>,
    pub(super) flags: bool,
    /// At most so far above the stack pointer is the lowest byte that was accessed.
    pub(super) untouched: i64,
    /// The stack pointer was compared with this, and the flags are still from that.
    pub(super) limit: Option<i64>,
}

impl State {
    pub(super) fn at_entry() -> State {
        State {
            sp: 0,
            skip: 0,
            fp: Value::Unknown,
            link: Value::Unknown,
            scratch: [Value::Unknown; 2],
            intact: KEPT,
            signed: false,
            saved: Vec::new(),
            flags: false,
            untouched: SLACK,
            limit: None,
        }
    }

    /// Keeps what holds in both; `None` if the stack pointers differ, else whether anything was lost.
    pub(super) fn meet(&mut self, other: &State) -> Option<bool> {
        if (self.sp, self.skip, self.signed) != (other.sp, other.skip, other.signed) {
            return None;
        }
        let before = self.clone();
        let same = |a: &mut Value, b: Value| {
            if *a != b {
                *a = Value::Unknown;
            }
        };
        same(&mut self.fp, other.fp);
        same(&mut self.link, other.link);
        same(&mut self.scratch[0], other.scratch[0]);
        same(&mut self.scratch[1], other.scratch[1]);
        self.intact &= other.intact;
        self.saved.retain(|entry| other.saved.contains(entry));
        self.flags &= other.flags;
        self.untouched = self.untouched.max(other.untouched);
        if self.limit != other.limit {
            self.limit = None;
        }
        Some(*self != before)
    }

    /// Returns `true` if a register is saved in one of these bytes.
    pub(super) fn saves_in(&self, offset: i64, bytes: i64) -> bool {
        self.saved.iter().any(|&(place, _)| place < offset + bytes && offset < place + 8)
    }

    /// Returns `true` if a load asks what the caller's frame pointer or return address was, to see if it has made room.
    pub(super) fn asks_record(&self, offset: i64, size: i64, reg: Mask) -> bool {
        (size, reg) == (8, 1 << 17)
            && [1 << FP, 1 << LR].iter().any(|&of| self.saved.contains(&(offset, of)))
    }

    pub(super) fn get(&self, reg: RegSp) -> Value {
        if reg.is_sp() {
            return Value::Stack { offset: self.sp, skip: self.skip };
        }
        match usize::from(reg.number()) {
            FP => self.fp,
            at @ (16 | 17) => self.scratch[at - 16],
            _ => Value::Unknown,
        }
    }

    pub(super) fn get_x(&self, reg: Reg) -> Value {
        RegSp::try_from(reg).map_or(Value::Const(0), |reg| self.get(reg))
    }

    /// Sets what a written register holds; the stack pointer must be known.
    pub(super) fn set(&mut self, reg: Mask, value: Value) -> Result<(), Rule> {
        if reg == SP_BIT {
            let Value::Stack { offset, skip } = value else { return Err(Rule::StackUnknown) };
            if skip >= self.skip {
                self.untouched += self.sp - offset + skip - self.skip;
            } else {
                // Back from a realigned frame: everything above is in use.
                self.untouched = self.untouched.min(0);
            }
            (self.sp, self.skip) = (offset, skip);
            self.untouched = self.untouched.max(0);
        } else if reg == 1 << FP {
            self.fp = value;
        } else if reg == 1 << LR {
            self.link = value;
        } else if reg & 3 << 16 != 0 {
            self.scratch[usize::from(reg == 1 << 17)] = value;
        }
        Ok(())
    }
}
