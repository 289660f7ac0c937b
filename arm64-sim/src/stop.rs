//! Why the execution loop stopped, before a place is known; [`crate::Fault`] is this with its place.

/// What a memory access wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch.
    Execute,
}

impl core::fmt::Display for Access {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Execute => "execute",
        })
    }
}

/// A reason to stop, of the instruction that is being executed.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    Breakpoint(u16),
    Supervisor(u16),
    Halt(u16),
    Undefined,
    NotExecuted,
    Unpublished,
    Memory { address: u64, size: u64, access: Access },
    Unaligned { address: u64, size: u64 },
    StoreToCode { address: u64 },
    StackOverflow { address: u64 },
    OutOfFuel,
    OutOfMemory { bytes: u64 },
    PlatformRegister,
    StackAlignment { sp: u64 },
    Stale { bit: u32 },
    OutsideCode { target: u64 },
    MisalignedTarget { target: u64 },
    LandingPad { target: u64 },
    Changed { address: u64, published: u32, found: u32 },
    CalleeSaved { register: &'static str, before: u64, after: u64 },
    StackNotRestored { before: u64, after: u64 },
    ReturnAddress { expected: u64, target: u64 },
    Arguments { ints: usize, floats: usize },
}

impl From<Box<Stop>> for Stop {
    fn from(stop: Box<Stop>) -> Stop {
        *stop
    }
}
