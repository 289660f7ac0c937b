//! Assembly text of instructions: standard syntax, preferred aliases, as LLVM's disassembler writes it.
//!
//! Immediates are decimal; `{:#}` writes them in hexadecimal, as `llvm-objdump` does by default. Shift amounts and
//! bit positions are decimal in both. A branch target is a distance, `#16`; [`Inst::at`] writes an address instead.

use core::fmt;

use crate::{Branch, DpImm, Inst, LdSt};

mod atomic;
mod branch;
mod dp_imm;
mod dp_reg;
mod fp;
mod ldst;
mod system;

/// A number after `#`: decimal, or hexadecimal in the alternate form.
struct Imm(i64);

impl fmt::Display for Imm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Imm(value) = *self;
        match (f.alternate(), value < 0) {
            (false, _) => write!(f, "#{value}"),
            (true, false) => write!(f, "#{value:#x}"),
            (true, true) => write!(f, "#-{:#x}", value.unsigned_abs()),
        }
    }
}

/// A small number in the style of the formatter, for `write!`, which does not hand its style on.
pub(crate) fn imm(f: &fmt::Formatter<'_>, value: u8) -> impl fmt::Display + use<> {
    Styled { value, hexadecimal: f.alternate() }
}

struct Styled {
    value: u8,
    hexadecimal: bool,
}

impl fmt::Display for Styled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        if self.hexadecimal { write!(f, "#{value:#x}") } else { write!(f, "#{value}") }
    }
}

/// Where a branch goes: a distance, or with the instruction's address the target's address.
#[derive(Clone, Copy)]
struct Target {
    distance: i64,
    /// The address that the distance counts from.
    base: Option<u64>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            None => fmt::Display::fmt(&Imm(self.distance), f),
            Some(base) => write!(f, "{:#x}", base.wrapping_add_signed(self.distance)),
        }
    }
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
        let base = Some(self.address);
        match self.inst {
            Inst::Branch(inst) => branch::write(inst, base, f),
            Inst::DpImm(inst) => dp_imm::write(inst, base, f),
            Inst::LdSt(inst) => ldst::write(inst, base, f),
            inst => inst.fmt(f),
        }
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        branch::write(*self, None, f)
    }
}

impl fmt::Display for DpImm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        dp_imm::write(*self, None, f)
    }
}

impl fmt::Display for LdSt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ldst::write(*self, None, f)
    }
}

/// Writes `template` with the immediates in the style that the formatter asks for.
///
/// `write!` starts each argument with a fresh style, so the alternate flag has to be handed on by hand.
macro_rules! emit {
    ($f:expr, $template:literal $(, $arg:expr)* $(,)?) => {
        if $f.alternate() {
            write!($f, $template $(, $crate::text::Hex(&$arg))*)
        } else {
            write!($f, $template $(, $arg)*)
        }
    };
}

/// Hands the alternate style on.
struct Hex<'a, T>(&'a T);

impl<T: fmt::Display> fmt::Display for Hex<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

use emit;
