//! Why simulated code stops.

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

/// Why simulated code did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the fields are named after what they hold; `what_and_hint` says it in prose"
)]
pub enum Stop {
    /// `brk`, with its immediate.
    Breakpoint { imm: u16 },
    /// `svc`: there is no operating system below.
    SupervisorCall { imm: u16 },
    /// `hlt`.
    Halt { imm: u16 },
    /// An unallocated encoding, `udf` among them, or one that EL0 may not execute.
    Undefined,
    /// An instruction that exists, but that this simulator does not execute.
    NotExecuted,
    /// Execution came to a place in a page of code where nothing was published.
    UnpublishedCode,
    /// A word in memory is not the one that was published.
    ChangedCode { address: u64, published: u32, found: u32 },
    /// A jump to a place where no code is.
    OutsideCode { target: u64 },
    /// A jump to an address that is not a multiple of four.
    MisalignedTarget { target: u64 },
    /// An indirect jump to an instruction that is no landing pad for it (BTI).
    MissingLandingPad { target: u64 },
    /// An access to memory that is not there or does not permit it.
    Memory { address: u64, size: u64, access: Access },
    /// An atomic or exclusive access whose address is not a multiple of its size.
    Unaligned { address: u64, size: u64 },
    /// A store to published code.
    StoreToCode { address: u64 },
    /// The stack pointer went below its limit, or an access hit the guard below it.
    StackOverflow { address: u64 },
    /// The instruction budget is used up.
    OutOfFuel,
    /// The host has no memory for the stack.
    OutOfMemory { bytes: u64 },
    /// SP was not a multiple of 16 at an access through it or at a call.
    MisalignedStack { sp: u64 },
    /// x18 was written: it belongs to the platform.
    PlatformRegister,
    /// A function returned without restoring a callee-saved register.
    CalleeSaved { register: &'static str, before: u64, after: u64 },
    /// A function returned with another SP than it was called with.
    StackNotRestored { before: u64, after: u64 },
    /// `ret` to another place than the one after the call.
    ReturnAddress { expected: u64, target: u64 },
    /// The flags were read after a call, which leaves them unspecified.
    StaleFlags,
    /// A register was read that a call leaves unspecified, or that nothing has written since the entry.
    StaleRegister { register: String },
    /// More than eight arguments were to be passed in registers of a kind.
    Arguments { ints: usize, floats: usize },
    /// A host function gave up; `code` and `message` are its own.
    Host { code: u64, message: String },
}

impl From<Box<Stop>> for Stop {
    fn from(stop: Box<Stop>) -> Stop {
        *stop
    }
}

impl Stop {
    /// What happened, without the place, and what usually causes it.
    #[must_use]
    pub fn what_and_hint(&self) -> (String, &'static str) {
        match self {
            Stop::Breakpoint { imm } => (
                format!("breakpoint {imm:#x}"),
                "a trap of the compiled code: look the pc up in its trap sites",
            ),
            Stop::SupervisorCall { imm } => (
                format!("supervisor call {imm:#x}"),
                "compiled code must not call the operating system itself",
            ),
            Stop::Halt { imm } => (format!("halt {imm:#x}"), "`hlt` is for debuggers"),
            Stop::Undefined => (
                "undefined instruction".into(),
                "execution ran into data, or the encoding is wrong",
            ),
            Stop::NotExecuted => (
                "the simulator does not execute this instruction".into(),
                "run it natively or under QEMU",
            ),
            Stop::UnpublishedCode => (
                "execution of a word that was never published".into(),
                "a function without a terminator, a wrong branch offset, or no publish",
            ),
            Stop::ChangedCode { published, found, .. } => (
                format!(
                    "code changed after it was published: {published:#010x} is now {found:#010x}"
                ),
                "patch code only by publishing it again: a CPU may run the old word",
            ),
            Stop::OutsideCode { target } => (
                format!("jump to {target:#x}, where no code is"),
                "a relocation was not applied, or a host function was not registered",
            ),
            Stop::MisalignedTarget { target } => (
                format!("jump to {target:#x}, which is not a multiple of 4"),
                "a return address was overwritten, or an address is really data",
            ),
            Stop::MissingLandingPad { target } => (
                format!("indirect jump to {target:#x}, which is not a landing pad for it"),
                "indirect call targets open with `bti c`, jump table targets with `bti j`",
            ),
            Stop::Memory { address, size, access } => (
                format!("cannot {access} {size} bytes at {address:#x}"),
                "a null or wild pointer, or a range that was not mapped",
            ),
            Stop::Unaligned { address, size } => (
                format!("atomic access of {size} bytes at {address:#x}, which is not aligned"),
                "atomics and exclusives need natural alignment",
            ),
            Stop::StoreToCode { address } => (
                format!("store to published code at {address:#x}"),
                "published code is not writable",
            ),
            Stop::StackOverflow { address } => (
                format!("stack overflow at {address:#x}"),
                "unbounded recursion, or a frame larger than the stack",
            ),
            Stop::OutOfFuel => (
                "the instruction budget is used up".into(),
                "an endless loop, or a budget that is too small",
            ),
            Stop::MisalignedStack { sp } => {
                (format!("sp is {sp:#x}, not a multiple of 16"), "frame sizes are multiples of 16")
            }
            Stop::OutOfMemory { bytes } => (
                format!("no memory for {bytes} bytes of stack"),
                "a smaller stack, or fewer simulators at a time",
            ),
            Stop::PlatformRegister => (
                "x18 is written".into(),
                "macOS and Windows own x18: the allocator must not hand it out",
            ),
            Stop::CalleeSaved { register, before, after } => (
                format!(
                    "callee-saved {register} was {before:#x} at the call and is {after:#x} at the return"
                ),
                "the prologue saves every callee-saved register that the function writes",
            ),
            Stop::StackNotRestored { before, after } => (
                format!("sp was {before:#x} at the call and is {after:#x} at the return"),
                "prologue and epilogue disagree on the frame size",
            ),
            Stop::ReturnAddress { expected, target } => (
                format!("return to {target:#x}, but the call came from before {expected:#x}"),
                "x30 was clobbered by a call and not saved",
            ),
            Stop::StaleFlags => (
                "the flags are read, but a call has clobbered them".into(),
                "compare again after the call",
            ),
            Stop::StaleRegister { register } => (
                format!("{register} is read, but nothing has written it since the last call"),
                "a value that lives across a call needs a callee-saved register or the stack",
            ),
            Stop::Arguments { ints, floats } => (
                format!("called with {ints} integers and {floats} floats in registers"),
                "the ninth argument of a kind goes on the stack",
            ),
            Stop::Host { message, .. } => (message.clone(), "see the host function"),
        }
    }
}
