//! What instructions work on, and the functions that execute them.

use crate::cpu::Cpu;
use crate::memory::Memory;
use crate::stop::Stop;

/// What an instruction that is not a branch works on.
pub(crate) struct Core {
    pub(crate) cpu: Cpu,
    pub(crate) mem: Memory,
}

/// Executes an instruction word of one encoding class, which the decoder has checked.
pub(crate) type Handler = fn(&mut Core, u32) -> Result<(), Stop>;

/// A stop is boxed, so that the answer comes back in a register.
pub(crate) type Outcome = Result<(), Box<Stop>>;

/// Moves register `r` to or from memory.
pub(crate) type One = fn(&mut Core, r: u8, address: u64) -> Outcome;

/// Moves registers `t` and `u` to or from memory, where they lie one behind the other.
pub(crate) type Two = fn(&mut Core, t: u8, u: u8, address: u64) -> Outcome;

/// An instruction that goes on to the next one: its function, and the operands that this looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Straight {
    pub(crate) run: fn(&mut Core, &Straight) -> Outcome,
    pub(crate) d: u8,
    pub(crate) n: u8,
    pub(crate) m: u8,
    pub(crate) imm: u32,
}
