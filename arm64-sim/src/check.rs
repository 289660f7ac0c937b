//! The shadow of the call stack: what a function must leave as it found it.

use crate::cpu::{Cpu, SP};
use crate::stop::Stop;

/// Which checks are made. All of them report through [`crate::Fault`]; those on memory, stack limit and unpublished
/// code are always made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checks {
    /// SP is a multiple of 16 at every access through it and at every call.
    pub stack_alignment: bool,
    /// x18 is not written.
    pub platform_register: bool,
    /// x19 to x29, SP and the low halves of v8 to v15 are at a return what they were at the call, and the return goes
    /// to the place after the call.
    pub callee_saved: bool,
    /// Published words are not changed behind the simulator's back.
    pub changed_code: bool,
    /// The flags are not read after a call before something sets them.
    pub stale_flags: bool,
    /// Caller-saved registers that cannot be results are not read after a call before something writes them.
    pub stale_registers: bool,
    /// In code published with [`crate::CodeKind::Guarded`], indirect branches find landing pads.
    pub landing_pads: bool,
}

impl Checks {
    /// Everything, the default.
    pub const ALL: Checks = Checks {
        stack_alignment: true,
        platform_register: true,
        callee_saved: true,
        changed_code: true,
        stale_flags: true,
        stale_registers: true,
        landing_pads: true,
    };
    /// What a CPU does: nothing.
    pub const NONE: Checks = Checks {
        stack_alignment: false,
        platform_register: false,
        callee_saved: false,
        changed_code: false,
        stale_flags: false,
        stale_registers: false,
        landing_pads: false,
    };

    /// The bits of [`crate::operands`] that the loop looks at.
    pub(crate) fn watched(&self) -> u64 {
        use crate::operands::{FLAGS, STACK};
        let mut mask = 0;
        if self.stack_alignment {
            mask |= STACK;
        }
        if self.stale_flags {
            mask |= FLAGS;
        }
        if self.stale_registers {
            mask |= !(STACK | FLAGS);
        }
        mask
    }
}

impl Default for Checks {
    fn default() -> Checks {
        Checks::ALL
    }
}

/// x19 is the first callee-saved general register, x29 the last.
const SAVED_X: core::ops::Range<usize> = 19..30;
/// v8 to v15.
const SAVED_V: core::ops::Range<usize> = 8..16;

/// Names for reports.
const SAVED_X_NAMES: [&str; 11] =
    ["x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29"];
const SAVED_V_NAMES: [&str; 8] = ["d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15"];

/// The callee-saved state at a call.
#[derive(Clone, Default, Debug)]
pub(crate) struct Saved {
    x: [u64; 11],
    v: [u64; 8],
    sp: u64,
}

impl Saved {
    #[inline]
    pub(crate) fn of(cpu: &Cpu) -> Saved {
        let mut saved = Saved::default();
        saved.take(cpu);
        saved
    }

    #[inline]
    fn take(&mut self, cpu: &Cpu) {
        self.x.copy_from_slice(&cpu.x[SAVED_X]);
        self.v.copy_from_slice(&cpu.lo[SAVED_V]);
        self.sp = cpu.x[usize::from(SP)];
    }

    pub(crate) fn restore(&self, cpu: &mut Cpu) {
        cpu.x[SAVED_X].copy_from_slice(&self.x);
        cpu.lo[SAVED_V].copy_from_slice(&self.v);
        cpu.x[usize::from(SP)] = self.sp;
    }

    #[inline]
    fn same(&self, cpu: &Cpu) -> bool {
        // All differences at once, without a branch for each: this is done at every return.
        let x = self.x.iter().zip(&cpu.x[SAVED_X]);
        let v = self.v.iter().zip(&cpu.lo[SAVED_V]);
        let sp = self.sp ^ cpu.x[usize::from(SP)];
        x.chain(v).fold(sp, |all, (before, after)| all | before ^ after) == 0
    }

    #[cold]
    fn difference(&self, cpu: &Cpu) -> Stop {
        let x = SAVED_X_NAMES.iter().zip(self.x.iter().zip(&cpu.x[SAVED_X]));
        let v = SAVED_V_NAMES.iter().zip(self.v.iter().zip(&cpu.lo[SAVED_V]));
        match x.chain(v).find(|(_, (before, after))| before != after) {
            Some((register, (&before, &after))) => Stop::CalleeSaved { register, before, after },
            None => Stop::StackNotRestored { before: self.sp, after: cpu.x[usize::from(SP)] },
        }
    }
}

/// Calls that there is room for from the first on.
const FIRST_FRAMES: usize = 64;
/// Calls that there stays room for when all have returned.
const KEPT_FRAMES: usize = 1024;

/// A call that has not returned.
#[derive(Clone, Default, Debug)]
struct Frame {
    next: u64,
    saved: Saved,
}

/// The calls that have not returned.
#[derive(Debug, Default)]
pub(crate) struct Shadow {
    /// The first `depth` are under way. Those above are kept, so that a call writes into one instead of moving one in.
    frames: Vec<Frame>,
    depth: usize,
    /// What returns for others.
    pub(crate) returns_for_others: Option<u64>,
}

impl Shadow {
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
    pub(crate) fn truncate(&mut self, depth: usize) {
        self.depth = self.depth.min(depth);
    }

    /// A call that will come back to `next`. More calls than `most` cannot all have saved their return address.
    #[inline]
    pub(crate) fn enter(&mut self, cpu: &Cpu, next: u64, most: usize) -> Result<(), Stop> {
        if self.depth >= most {
            return Err(Stop::StackOverflow { address: cpu.x[usize::from(SP)] });
        }
        if self.depth >= self.frames.len() {
            self.grow()?;
        }
        if let Some(frame) = self.frames.get_mut(self.depth) {
            frame.next = next;
            frame.saved.take(cpu);
            self.depth += 1;
        }
        Ok(())
    }

    #[cold]
    fn grow(&mut self) -> Result<(), Stop> {
        let more = self.depth.max(FIRST_FRAMES);
        let bytes = (more * size_of::<Frame>()) as u64;
        self.frames.try_reserve_exact(more).map_err(|_| Stop::OutOfMemory { bytes })?;
        self.frames.resize(self.frames.len() + more, Frame::default());
        Ok(())
    }

    /// Gives back the room of many calls.
    pub(crate) fn shrink(&mut self) {
        if self.frames.len() > KEPT_FRAMES && self.depth < KEPT_FRAMES {
            self.frames.truncate(KEPT_FRAMES);
            self.frames.shrink_to_fit();
        }
    }

    /// A return to `target`.
    #[inline]
    pub(crate) fn leave(&mut self, cpu: &Cpu, target: u64) -> Result<(), Stop> {
        let Some(top) = self.depth.checked_sub(1) else { return Ok(()) };
        let Some(frame) = self.frames.get(top) else { return Ok(()) };
        if frame.next != target {
            if self.returns_for_others == Some(target) {
                return Ok(());
            }
            return Err(Stop::ReturnAddress { expected: frame.next, target });
        }
        if !frame.saved.same(cpu) {
            return Err(frame.saved.difference(cpu));
        }
        self.depth = top;
        Ok(())
    }
}
