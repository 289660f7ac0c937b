//! What can go wrong, each with its place, what happened, and where to look.

use crate::stop::{Access, Stop};
use core::fmt;

/// The instruction that a fault is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its address.
    pub pc: u64,
    /// Its encoding, as published; `None` where no code was published.
    pub word: Option<u32>,
}

impl Place {
    /// The instruction in assembly language.
    #[must_use]
    pub fn instruction(&self) -> String {
        self.word.map_or_else(|| "no published instruction".into(), crate::disassemble)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}: `{}`", self.pc, self.instruction())
    }
}

/// Why simulated code did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the fields are named after what they hold; `what` says it in prose"
)]
pub enum Fault {
    /// `brk`, with its immediate.
    Breakpoint { at: Place, imm: u16 },
    /// `svc`: there is no operating system below.
    SupervisorCall { at: Place, imm: u16 },
    /// `hlt`.
    Halt { at: Place, imm: u16 },
    /// An unallocated encoding, `udf` among them, or one that EL0 may not execute.
    Undefined { at: Place },
    /// An instruction that exists, but that this simulator does not execute.
    NotExecuted { at: Place },
    /// Execution came to a place in a page of code where nothing was published.
    UnpublishedCode { at: Place },
    /// A word in memory is not the one that was published.
    ChangedCode { at: Place, published: u32, found: u32 },
    /// A jump to a place where no code is.
    OutsideCode { at: Place, target: u64 },
    /// A jump to an address that is not a multiple of four.
    MisalignedTarget { at: Place, target: u64 },
    /// An indirect jump to an instruction that is no landing pad for it (BTI).
    MissingLandingPad { at: Place, target: u64 },
    /// An access to memory that is not there or does not permit it.
    Memory { at: Place, address: u64, size: u64, access: Access },
    /// An atomic or exclusive access whose address is not a multiple of its size.
    Unaligned { at: Place, address: u64, size: u64 },
    /// A store to published code.
    StoreToCode { at: Place, address: u64 },
    /// The stack pointer went below its limit, or an access hit the guard below it.
    StackOverflow { at: Place, address: u64 },
    /// The instruction budget is used up.
    OutOfFuel { at: Place },
    /// The host has no memory for the stack.
    OutOfMemory { at: Place, bytes: u64 },
    /// SP was not a multiple of 16 at an access through it or at a call.
    MisalignedStack { at: Place, sp: u64 },
    /// x18 was written: it belongs to the platform.
    PlatformRegister { at: Place },
    /// A function returned without restoring a callee-saved register.
    CalleeSaved { at: Place, register: &'static str, before: u64, after: u64 },
    /// A function returned with another SP than it was called with.
    StackNotRestored { at: Place, before: u64, after: u64 },
    /// `ret` to another place than the one after the call.
    ReturnAddress { at: Place, expected: u64, target: u64 },
    /// The flags were read after a call, which leaves them unspecified.
    StaleFlags { at: Place },
    /// A register was read that a call leaves unspecified, or that nothing has written since the entry.
    StaleRegister { at: Place, register: String },
    /// More than eight arguments were to be passed in registers of a kind.
    Arguments { at: Place, ints: usize, floats: usize },
    /// A host function gave up; `code` and `message` are its own.
    Host { at: Place, code: u64, message: String },
}

impl Fault {
    /// The instruction it happened at.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Fault::Breakpoint { at, .. }
            | Fault::SupervisorCall { at, .. }
            | Fault::Halt { at, .. }
            | Fault::Undefined { at }
            | Fault::NotExecuted { at }
            | Fault::UnpublishedCode { at }
            | Fault::ChangedCode { at, .. }
            | Fault::OutsideCode { at, .. }
            | Fault::MisalignedTarget { at, .. }
            | Fault::MissingLandingPad { at, .. }
            | Fault::Memory { at, .. }
            | Fault::Unaligned { at, .. }
            | Fault::StoreToCode { at, .. }
            | Fault::StackOverflow { at, .. }
            | Fault::OutOfFuel { at }
            | Fault::OutOfMemory { at, .. }
            | Fault::MisalignedStack { at, .. }
            | Fault::PlatformRegister { at }
            | Fault::CalleeSaved { at, .. }
            | Fault::StackNotRestored { at, .. }
            | Fault::ReturnAddress { at, .. }
            | Fault::StaleFlags { at }
            | Fault::StaleRegister { at, .. }
            | Fault::Arguments { at, .. }
            | Fault::Host { at, .. } => *at,
        }
    }

    /// The address of that instruction.
    #[must_use]
    pub fn pc(&self) -> u64 {
        self.place().pc
    }

    /// That instruction in assembly language.
    #[must_use]
    pub fn instruction(&self) -> String {
        self.place().instruction()
    }

    /// What happened, without the place.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Fault::Breakpoint { imm, .. } => format!("breakpoint {imm:#x}"),
            Fault::SupervisorCall { imm, .. } => format!("supervisor call {imm:#x}"),
            Fault::Halt { imm, .. } => format!("halt {imm:#x}"),
            Fault::Undefined { .. } => "undefined instruction".into(),
            Fault::NotExecuted { .. } => "the simulator does not execute this instruction".into(),
            Fault::UnpublishedCode { .. } => "execution of a word that was never published".into(),
            Fault::ChangedCode { published, found, .. } => {
                format!(
                    "code changed after it was published: {published:#010x} is now {found:#010x}"
                )
            }
            Fault::OutsideCode { target, .. } => format!("jump to {target:#x}, where no code is"),
            Fault::MisalignedTarget { target, .. } => {
                format!("jump to {target:#x}, which is not a multiple of 4")
            }
            Fault::MissingLandingPad { target, .. } => {
                format!("indirect jump to {target:#x}, which is not a landing pad for it")
            }
            Fault::Memory { address, size, access, .. } => {
                format!("cannot {access} {size} bytes at {address:#x}")
            }
            Fault::Unaligned { address, size, .. } => {
                format!("atomic access of {size} bytes at {address:#x}, which is not aligned")
            }
            Fault::StoreToCode { address, .. } => {
                format!("store to published code at {address:#x}")
            }
            Fault::StackOverflow { address, .. } => format!("stack overflow at {address:#x}"),
            Fault::OutOfFuel { .. } => "the instruction budget is used up".into(),
            Fault::MisalignedStack { sp, .. } => format!("sp is {sp:#x}, not a multiple of 16"),
            Fault::OutOfMemory { bytes, .. } => format!("no memory for {bytes} bytes of stack"),
            Fault::PlatformRegister { .. } => "x18 is written".into(),
            Fault::CalleeSaved { register, before, after, .. } => {
                format!(
                    "callee-saved {register} was {before:#x} at the call and is {after:#x} at the return"
                )
            }
            Fault::StackNotRestored { before, after, .. } => {
                format!("sp was {before:#x} at the call and is {after:#x} at the return")
            }
            Fault::ReturnAddress { expected, target, .. } => {
                format!("return to {target:#x}, but the call came from before {expected:#x}")
            }
            Fault::StaleFlags { .. } => "the flags are read, but a call has clobbered them".into(),
            Fault::StaleRegister { register, .. } => {
                format!("{register} is read, but nothing has written it since the last call")
            }
            Fault::Arguments { ints, floats, .. } => {
                format!("called with {ints} integers and {floats} floats in registers")
            }
            Fault::Host { message, .. } => message.clone(),
        }
    }

    /// What usually causes it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Fault::Breakpoint { .. } => {
                "a trap of the compiled code: look the pc up in its trap sites"
            }
            Fault::SupervisorCall { .. } => {
                "compiled code must not call the operating system itself"
            }
            Fault::Halt { .. } => "`hlt` is for debuggers",
            Fault::Undefined { .. } => "execution ran into data, or the encoding is wrong",
            Fault::NotExecuted { .. } => "run it natively or under QEMU",
            Fault::UnpublishedCode { .. } => {
                "a function without a terminator, a wrong branch offset, or no publish"
            }
            Fault::ChangedCode { .. } => {
                "patch code only by publishing it again: a CPU may run the old word"
            }
            Fault::OutsideCode { .. } => {
                "a relocation was not applied, or a host function was not registered"
            }
            Fault::MisalignedTarget { .. } => {
                "a return address was overwritten, or an address is really data"
            }
            Fault::MissingLandingPad { .. } => {
                "indirect call targets open with `bti c`, jump table targets with `bti j`"
            }
            Fault::Memory { .. } => "a null or wild pointer, or a range that was not mapped",
            Fault::Unaligned { .. } => "atomics and exclusives need natural alignment",
            Fault::StoreToCode { .. } => "published code is not writable",
            Fault::StackOverflow { .. } => "unbounded recursion, or a frame larger than the stack",
            Fault::OutOfFuel { .. } => "an endless loop, or a budget that is too small",
            Fault::MisalignedStack { .. } => "frame sizes are multiples of 16",
            Fault::OutOfMemory { .. } => "a smaller stack, or fewer simulators at a time",
            Fault::PlatformRegister { .. } => {
                "macOS and Windows own x18: the allocator must not hand it out"
            }
            Fault::CalleeSaved { .. } => {
                "the prologue saves every callee-saved register that the function writes"
            }
            Fault::StackNotRestored { .. } => "prologue and epilogue disagree on the frame size",
            Fault::ReturnAddress { .. } => "x30 was clobbered by a call and not saved",
            Fault::StaleFlags { .. } => "compare again after the call",
            Fault::StaleRegister { .. } => {
                "a value that lives across a call needs a callee-saved register or the stack"
            }
            Fault::Arguments { .. } => "the ninth argument of a kind goes on the stack",
            Fault::Host { .. } => "see the host function",
        }
    }

    pub(crate) fn from_stop(stop: Stop, at: Place) -> Fault {
        match stop {
            Stop::Breakpoint(imm) => Fault::Breakpoint { at, imm },
            Stop::Supervisor(imm) => Fault::SupervisorCall { at, imm },
            Stop::Halt(imm) => Fault::Halt { at, imm },
            Stop::Undefined => Fault::Undefined { at },
            Stop::NotExecuted => Fault::NotExecuted { at },
            Stop::Unpublished => Fault::UnpublishedCode { at },
            Stop::Memory { address, size, access } => Fault::Memory { at, address, size, access },
            Stop::Unaligned { address, size } => Fault::Unaligned { at, address, size },
            Stop::StoreToCode { address } => Fault::StoreToCode { at, address },
            Stop::StackOverflow { address } => Fault::StackOverflow { at, address },
            Stop::OutOfFuel => Fault::OutOfFuel { at },
            Stop::OutOfMemory { bytes } => Fault::OutOfMemory { at, bytes },
            Stop::PlatformRegister => Fault::PlatformRegister { at },
            Stop::StackAlignment { sp } => Fault::MisalignedStack { at, sp },
            Stop::Stale { bit } => match crate::operands::name(bit) {
                Some(register) => Fault::StaleRegister { at, register },
                None => Fault::StaleFlags { at },
            },
            Stop::OutsideCode { target } => Fault::OutsideCode { at, target },
            Stop::MisalignedTarget { target } => Fault::MisalignedTarget { at, target },
            Stop::LandingPad { target } => Fault::MissingLandingPad { at, target },
            Stop::Changed { address, published, found } => {
                let at = Place { pc: address, word: Some(found) };
                Fault::ChangedCode { at, published, found }
            }
            Stop::CalleeSaved { register, before, after } => {
                Fault::CalleeSaved { at, register, before, after }
            }
            Stop::StackNotRestored { before, after } => {
                Fault::StackNotRestored { at, before, after }
            }
            Stop::ReturnAddress { expected, target } => {
                Fault::ReturnAddress { at, expected, target }
            }
            Stop::Arguments { ints, floats } => Fault::Arguments { at, ints, floats },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ({})", self.what(), self.place(), self.hint())
    }
}

impl std::error::Error for Fault {}
