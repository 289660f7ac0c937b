//! A linter for machine code: reads the words of a function, follows every way through them, and proves what holds of
//! all code that this crate writes. It knows nothing of how the code was made; what it goes by are the words, read with
//! the decoder of `arm64-enc`, and what [`CompiledCode`] says of them.
//!
//! - The stack pointer is known at each instruction, the same on every way to it, and a multiple of 16 where memory is
//!   accessed through it and at calls. Nothing below it is accessed. Its depth is what `frame_bytes` says.
//!   What the program itself accesses, beyond its slots or where it pleases, goes through registers that are not followed.
//! - From one access to the next the stack grows by at most a page, whatever the caller left untouched, and at calls
//!   at most a kilobyte is untouched.
//! - Each return and tail call finds the stack pointer and all callee-saved registers as they were at the entry, on every
//!   way. Or a tail call leaves room below a frame record of the caller's at the top of the frame, to which `x29` points, and
//!   `x30` has the address of who frees it. What was saved is not overwritten. At calls, `x29` points to a frame record. `x18` is not used.
//! - Flags are read only where they were set on every way, and no call is in between.
//! - Every way ends in a return, a tail call, a trap or a loop. Branches lead to instructions of the function; nothing
//!   runs into constants or tables. Constants are aligned. All words are reached, or are data that something reads.
//! - Stack slots are aligned as the IR says, whatever the stack pointer was at the entry, and share no byte with one
//!   another or with a saved register. What else lies in the frame is accessed where it is aligned for its size.
//!   Of the caller's stack only the arguments are accessed.
//! - `brk` stands where `traps` says, with the code of the trap, and nowhere else; the same for calls and `relocs`.

mod effects;
mod state;
mod walk;

use std::fmt;

use arm64_enc::Inst;

use crate::emit::{CompiledCode, RelocKind, SlotPlace};
use crate::error::{Error, Reason};
use crate::pads;
use walk::Walk;

/// A finding of the linter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LintError {
    /// Offset of the instruction, in bytes.
    pub offset: u32,
    /// The word there.
    pub word: u32,
    /// The rule that is broken.
    pub rule: Rule,
}

macro_rules! rules {
    ($($name:ident: $text:literal,)*) => {
        /// A rule of the linter. Its text is what the code does against it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $text] $name,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Rule] = &[$(Rule::$name,)*];
        }

        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Rule::$name => $text,)*
                })
            }
        }
    };
}

rules! {
    Undefined: "the word is no instruction that code generation writes",
    FallsOff: "control leaves the code of the function",
    IntoData: "control runs into a constant or a table",
    Unreached: "nothing leads to the instruction",
    Platform: "x18 is used",
    StackUnknown: "the stack pointer gets a value that is not known",
    StackDiffers: "the stack pointer depends on the way to here",
    StackAlignment: "the stack pointer is not a multiple of 16",
    BelowStack: "memory below the stack pointer is accessed",
    Probe: "the stack grows by more than a page without an access",
    Untouched: "too much at the bottom of the frame is untouched at a call",
    FrameBytes: "the frame is not as large as the description says",
    SaveLost: "the place of a saved register is overwritten",
    SaveRead: "the place of a saved register is read as something else",
    NotRestored: "a callee-saved register is not as it was at the entry",
    StackNotRestored: "the stack pointer is not as it was at the entry",
    Room: "the callee returns to who frees room, and there is none below a frame record",
    FrameRecord: "the frame pointer does not point to a frame record at a call",
    Incoming: "the caller's stack is accessed beyond the arguments",
    Slot: "a stack slot is not aligned, or shares memory with something else",
    FrameAlignment: "the access is not aligned for its size, and in no stack slot",
    AboveFrame: "the caller's stack is written in a function without tail calls",
    Flags: "flags are read that were not set on every way to here",
    ReturnRegister: "the return is not by x30, or the jump not by x16",
    Literal: "a constant is out of the code or misaligned",
    Signature: "the return address is signed, or a signature taken off, where that may not be",
    LandingPad: "an indirect call or jump leads here, and it is no landing pad",
    TrapSite: "trap sites and brk do not agree",
    Relocation: "relocations and the instructions that need them do not agree",
    Order: "a table by offset is out of order or out of the code",
    Endless: "the stack probes do not end",
}

impl fmt::Display for LintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {:#x}, ", self.offset)?;
        match Inst::decode(self.word) {
            Some(inst) => write!(f, "`{inst}`")?,
            None => write!(f, "word {:#010x}", self.word)?,
        }
        write!(f, ": {}", self.rule)
    }
}

impl std::error::Error for LintError {}

/// Proves the rules of this page for the code of a function.
///
/// # Errors
/// [`Reason::Lint`] with the first offence.
pub fn lint(code: &CompiledCode) -> Result<(), Error> {
    check(code).map_err(|error| Reason::Lint(error).in_function(&code.name))
}

fn check(code: &CompiledCode) -> Result<(), LintError> {
    let error = |offset: u32, rule| LintError {
        offset,
        word: code.words.get(offset as usize / 4).copied().unwrap_or(0),
        rule,
    };
    let in_code = |offset: u32| offset.is_multiple_of(4) && offset < code.code_bytes;
    if code.code_bytes as usize > code.words.len() * 4 || !code.code_bytes.is_multiple_of(4) {
        return Err(error(code.code_bytes, Rule::Order));
    }
    let in_words =
        |offset: u32| offset.is_multiple_of(4) && (offset as usize) < code.words.len() * 4;
    let to_end = |offset: u32| offset.is_multiple_of(4) && offset <= code.code_bytes;
    let unordered = unordered(code.traps.iter().map(|trap| trap.offset), in_code)
        .or_else(|| unordered(code.relocs.iter().map(|reloc| reloc.offset), in_words))
        .or_else(|| unordered(code.spans.iter().map(|&(offset, _)| offset), to_end));
    if let Some(offset) = unordered {
        return Err(error(offset, Rule::Order));
    }

    let apart = |pair: &[SlotPlace]| {
        u64::from(pair[0].offset)
            .checked_add(pair[0].size)
            .is_some_and(|end| end <= pair[1].offset.into())
    };
    if !code.slots.windows(2).all(apart) {
        return Err(error(0, Rule::Slot));
    }
    let entries = [pads::BTI_C, pads::PACIASP].map(|pad| pad.encode());
    if code.protection.landing_pads
        && !code.words.first().is_some_and(|first| entries.contains(first))
    {
        return Err(error(0, Rule::LandingPad));
    }
    let mut walk = Walk::new(code);
    walk.run().map_err(|(at, rule)| error(at as u32 * 4, rule))?;

    for (at, seen) in walk.seen.iter().enumerate() {
        let rule = match (seen.executed, seen.data) {
            (true, true) => Rule::IntoData,
            // What islands are padded with.
            (false, false)
                if at < code.code_bytes as usize / 4 && code.words[at] != Inst::nop().encode() =>
            {
                Rule::Unreached
            }
            _ => continue,
        };
        return Err(error(at as u32 * 4, rule));
    }
    for trap in &code.traps {
        if !walk.seen[trap.offset as usize / 4].executed {
            return Err(error(trap.offset, Rule::TrapSite));
        }
    }
    for reloc in &code.relocs {
        let seen = walk.seen[reloc.offset as usize / 4];
        let right = match reloc.kind {
            RelocKind::Call26 | RelocKind::Jump26 => seen.relocated,
            RelocKind::Abs64 => seen.data && reloc.offset.is_multiple_of(8),
        };
        if !right {
            return Err(error(reloc.offset, Rule::Relocation));
        }
    }
    if walk.deepest != i64::from(code.frame_bytes) {
        return Err(error(0, Rule::FrameBytes));
    }
    if !code.slots.iter().all(|slot| walk.is_right(slot)) {
        return Err(error(0, Rule::Slot));
    }
    match walk.above_frame {
        Some(at) if !walk.tail_calls => Err(error(at as u32 * 4, Rule::AboveFrame)),
        _ => Ok(()),
    }
}

/// The first offset that is not above the one before it, or not where it may be.
fn unordered(mut offsets: impl Iterator<Item = u32>, may_be: impl Fn(u32) -> bool) -> Option<u32> {
    let mut last = None;
    offsets.find(|&offset| last.replace(offset) >= Some(offset) || !may_be(offset))
}
