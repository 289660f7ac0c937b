//! What is patched after an instruction is written: references to labels, relocations against symbols.

use core::fmt;

use crate::Label;
use crate::field::{Field, Layout};
use crate::offset::{AdrOffset, Offset14, Offset19, Offset26};

/// How an instruction holds the distance to its target.
///
/// ```
/// use arm64_enc::BranchKind;
/// assert_eq!(BranchKind::Conditional.range(), (-1 << 20, (1 << 20) - 4));
/// assert_eq!(BranchKind::Direct.patch(0x1400_0000, 8), Some(0x1400_0002));
/// assert_eq!(BranchKind::Direct.patch(0x1400_0000, 1 << 27), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum BranchKind {
    /// `b`, `bl`: ±128 MiB.
    Direct,
    /// `b.cond`, `cbz`, `cbnz`: ±1 MiB.
    Conditional,
    /// `tbz`, `tbnz`: ±32 KiB.
    Test,
    /// `adr`: ±1 MiB, any byte.
    Address,
    /// A load from a literal: ±1 MiB.
    Literal,
    /// The low half of a distance that `movz` and `movk` put into a register: up to 2 GiB forward.
    LongLow,
    /// The high half of such a distance.
    LongHigh,
    /// A word of a jump table: ±2 GiB from the beginning of the table.
    Table,
}

impl BranchKind {
    /// The least and the greatest distance in bytes, both reachable.
    #[must_use]
    pub const fn range(self) -> (i64, i64) {
        match self {
            BranchKind::Direct => (Offset26::MIN_BYTES, Offset26::MAX_BYTES),
            BranchKind::Conditional | BranchKind::Literal => {
                (Offset19::MIN_BYTES, Offset19::MAX_BYTES)
            }
            BranchKind::Test => (Offset14::MIN_BYTES, Offset14::MAX_BYTES),
            BranchKind::Address => (AdrOffset::MIN_BYTES, AdrOffset::MAX_BYTES),
            BranchKind::LongLow | BranchKind::LongHigh => (0, i32::MAX as i64),
            BranchKind::Table => (i32::MIN as i64, i32::MAX as i64),
        }
    }

    /// The number of words of code that carry the reference on when its target is beyond its own reach.
    ///
    /// A conditional branch goes to a `b`; a `b`, an address and a literal take the distance from a register.
    #[must_use]
    pub const fn veneer_words(self) -> u32 {
        match self {
            BranchKind::Conditional | BranchKind::Test => 1,
            BranchKind::Direct | BranchKind::Address => 5,
            BranchKind::Literal => 6,
            BranchKind::LongLow | BranchKind::LongHigh | BranchKind::Table => 0,
        }
    }

    /// `word` with its target `distance` bytes away; `None` if it cannot reach that far.
    #[inline]
    #[must_use]
    pub fn patch(self, word: u32, distance: i64) -> Option<u32> {
        const DIRECT: Layout = Layout::of("xxxxxx iiiiiiiiiiiiiiiiiiiiiiiiii", "i");
        const CONDITIONAL: Layout = Layout::of("xxxxxxxx iiiiiiiiiiiiiiiiiii xxxxx", "i");
        const TEST: Layout = Layout::of("xxxxxxxxxxxxx iiiiiiiiiiiiii xxxxx", "i");
        const MOVE: Layout = Layout::of("xxxxxxxxxxx iiiiiiiiiiiiiiii xxxxx", "i");
        const ADDRESS: Layout = Layout::of("x ll xxxxx hhhhhhhhhhhhhhhhhhh xxxxx", "hl");
        // Inlined into each arm, where the layout is a constant, it folds to a shift and a mask.
        #[inline(always)]
        fn fill(word: u32, layout: Layout, bits: u32) -> Option<u32> {
            Some(word & !layout.mask | layout.put(bits))
        }
        match self {
            BranchKind::Direct => fill(word, DIRECT, Offset26::new(distance)?.bits()),
            BranchKind::Conditional | BranchKind::Literal => {
                fill(word, CONDITIONAL, Offset19::new(distance)?.bits())
            }
            BranchKind::Test => fill(word, TEST, Offset14::new(distance)?.bits()),
            BranchKind::Address => fill(word, ADDRESS, AdrOffset::new(distance)?.bits()),
            BranchKind::LongLow | BranchKind::LongHigh => {
                let distance = u32::try_from(distance).ok().filter(|&d| d <= i32::MAX as u32)?;
                let high = matches!(self, BranchKind::LongHigh);
                fill(word, MOVE, if high { distance >> 16 } else { distance & 0xffff })
            }
            BranchKind::Table => Some(i32::try_from(distance).ok()? as u32),
        }
    }
}

/// A reference to a label that was not bound when the instruction was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixup {
    /// Byte offset of the word that is patched.
    pub(crate) offset: u32,
    /// Byte offset from which the distance counts: that of the instruction itself, unless several make up the distance.
    pub(crate) origin: u32,
    pub(crate) label: Label,
    pub(crate) kind: BranchKind,
}

/// A name outside the code, given out by the user: an address that is known only when the code is placed.
///
/// ```
/// let mut asm = arm64_enc::Assembler::new();
/// asm.bl_symbol(arm64_enc::Symbol(7));
/// assert_eq!(asm.finish()?.relocations()[0].symbol, arm64_enc::Symbol(7));
/// # Ok::<(), arm64_enc::AsmError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol(pub u32);

/// What a relocation asks for.
///
/// ```
/// let mut asm = arm64_enc::Assembler::new();
/// asm.bl_symbol(arm64_enc::Symbol(7));
/// assert_eq!(asm.finish()?.relocations()[0].kind, arm64_enc::RelocKind::Call26);
/// # Ok::<(), arm64_enc::AsmError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum RelocKind {
    /// The distance to the symbol goes into a `bl` (`R_AARCH64_CALL26`).
    Call26,
    /// The distance to the symbol goes into a `b` (`R_AARCH64_JUMP26`).
    Jump26,
    /// The 8 bytes at the offset become the symbol's address (`R_AARCH64_ABS64`).
    Abs64,
}

/// A place in the code that depends on an address which the assembler does not know.
///
/// ```
/// let mut asm = arm64_enc::Assembler::new();
/// asm.push(arm64_enc::Inst::nop());
/// asm.b_symbol(arm64_enc::Symbol(7));
/// assert_eq!(asm.finish()?.relocations()[0].offset, 4);
/// # Ok::<(), arm64_enc::AsmError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Relocation {
    /// Byte offset in the code.
    pub offset: u32,
    /// What to put there.
    pub kind: RelocKind,
    /// Whose address.
    pub symbol: Symbol,
    /// A number to add to the address.
    pub addend: i64,
}

/// Why code could not be assembled.
///
/// ```
/// let mut asm = arm64_enc::Assembler::new();
/// let label = asm.label();
/// asm.b(label);
/// let error = asm.finish().unwrap_err();
/// assert_eq!(error, arm64_enc::AsmError::Unbound { label, offset: 0 });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AsmError {
    /// The label was not given out by this assembler.
    UnknownLabel(Label),
    /// The label has a place already.
    AlreadyBound(Label),
    /// The code refers to the label, which was never bound.
    Unbound {
        /// The label.
        label: Label,
        /// Byte offset of the first instruction that refers to it.
        offset: u32,
    },
    /// The target is too far for the instruction.
    OutOfRange {
        /// How the instruction holds the distance.
        kind: BranchKind,
        /// Byte offset of the instruction.
        offset: u32,
        /// The distance to the target in bytes.
        distance: i64,
    },
    /// The alignment is not a power of two of at least 4, or is larger than 65536.
    BadAlignment(u32),
    /// The code is larger than 2 GiB.
    TooLarge,
}

impl fmt::Display for AsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AsmError::UnknownLabel(label) => write!(f, "{label} belongs to another assembler"),
            AsmError::AlreadyBound(label) => write!(f, "{label} is bound twice"),
            AsmError::Unbound { label, offset } => {
                write!(
                    f,
                    "the instruction at offset {offset:#x} refers to {label}, which was never bound"
                )
            }
            AsmError::OutOfRange { kind, offset, distance } => {
                let (low, high) = kind.range();
                write!(
                    f,
                    "the target of the instruction at offset {offset:#x} is {distance} bytes away, \
                     but it reaches only from {low} to {high}"
                )
            }
            AsmError::BadAlignment(bytes) => {
                write!(f, "cannot align to {bytes} bytes: need a power of two from 4 to 65536")
            }
            AsmError::TooLarge => f.write_str("the code is larger than 2 GiB"),
        }
    }
}

impl core::error::Error for AsmError {}
