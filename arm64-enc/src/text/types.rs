//! What registers are in a word: widths of registers, shapes of vectors, sizes of accesses.

use super::form::Grammar;
use super::{Kind, View};

/// Returns `true` if the general-purpose register of a load or store has 64 bits: `size` and `opc`.
pub(crate) fn mem_is_x(word: u32) -> bool {
    word >> 30 == 3 || word >> 22 & 3 == 2
}

/// Returns `true` if an atomic access has 64 bits.
pub(crate) fn atomic_is_x(word: u32) -> bool {
    word >> 30 == 3
}

/// The logarithm of the bytes of a load or store: `size`, and `opc` of 16 bytes.
pub(crate) fn access_log2(word: u32) -> u32 {
    let is_quad = word >> 26 & 1 == 1 && word >> 30 == 0 && word >> 23 & 1 == 1;
    if is_quad { 4 } else { word >> 30 }
}

/// The letter of the floating-point register of a load or store.
pub(crate) fn memory_letter(word: u32) -> &'static str {
    letter(access_log2(word))
}

/// The letter of the floating-point registers of a pair or literal.
pub(crate) fn pair_letter(word: u32) -> &'static str {
    letter(2 + (word >> 30))
}

/// The letter of a scalar by the logarithm of its bytes.
pub(crate) fn letter(log2: u32) -> &'static str {
    match log2 {
        0 => "b",
        1 => "h",
        2 => "s",
        3 => "d",
        _ => "q",
    }
}

/// The bytes that a load or store of `count` registers moves.
pub(crate) fn list_bytes(word: u32, count: u32) -> u32 {
    let is_single = word >> 24 & 1 == 1;
    let (scale, size) = (word >> 14 & 3, word >> 10 & 3);
    count
        * match (is_single, scale) {
            (false, _) => 8 << (word >> 30 & 1),
            (true, 3) => 1 << size,
            (true, 2) => 4 << (size & 1),
            (true, scale) => 1 << scale,
        }
}

/// The names that a class has for what its vectors consist of.
#[derive(Clone, Copy)]
pub(crate) struct Types {
    pub(crate) names: &'static [(u32, &'static str)],
    pub(crate) kind: Kind,
    pub(crate) layout: crate::field::Layout,
}

impl Types {
    pub(crate) fn of(grammar: &Grammar) -> Option<Types> {
        let row = grammar.fields.get(usize::from(grammar.types?))?;
        Some(Types { names: row.names, kind: row.kind, layout: row.layout })
    }

    /// The bits by which a word has the type: which, and their values.
    pub(crate) fn bits(&self, bits: u32) -> (u32, u32) {
        let quad = (1 << 30, (bits & 1) << 30);
        match self.kind {
            // The lowest one of `imm5` marks the width.
            Kind::Lane => {
                let one = 1 << (bits >> 1);
                (quad.0 | (2 * one - 1) << 16, quad.1 | one << 16)
            }
            Kind::Left | Kind::Right | Kind::Start => quad,
            _ => (self.layout.mask, self.layout.put(bits)),
        }
    }

    /// The name in a word.
    pub(crate) fn name(&self, word: u32) -> &'static str {
        let q = word >> 30 & 1;
        let bits = match self.kind {
            Kind::Lane => (word >> 16 & 31).trailing_zeros() << 1 | q,
            Kind::Left | Kind::Right => (word >> 19 & 15).checked_ilog2().unwrap_or(0) << 1 | q,
            Kind::Start => q,
            _ => self.layout.get(word),
        };
        self.names.iter().find(|(value, _)| *value == bits).map_or("", |(_, name)| name)
    }
}

/// A type name in another view.
pub(crate) fn viewed(name: &'static str, view: View) -> &'static str {
    match (view, name) {
        (View::Wide, "8b" | "16b") => "8h",
        (View::Wide, "4h" | "8h") => "4s",
        (View::Wide, "2s" | "4s") => "2d",
        (View::Wide | View::WideLane, "b") => "h",
        (View::Wide | View::WideLane, "h") => "s",
        (View::Wide | View::WideLane, "s") => "d",
        (View::Paired, "8b") => "4h",
        (View::Paired, "16b") => "8h",
        (View::Paired, "4h") => "2s",
        (View::Paired, "8h") => "4s",
        (View::Paired, "2s") => "1d",
        (View::Paired, "4s") => "2d",
        (View::Lane, name) => name.get(name.len().saturating_sub(1)..).unwrap_or_default(),
        (View::WideLane, name) => viewed(viewed(name, View::Lane), View::Wide),
        (_, name) => name,
    }
}

/// The type of a register whose view does not depend on the types of the class.
pub(crate) fn fixed(view: View, word: u32) -> Option<&'static str> {
    let is_quad = word >> 30 & 1 == 1;
    Some(match view {
        View::H | View::ListH => "h",
        View::S | View::ListS => "s",
        View::D | View::ListD => "d",
        View::ListB => "b",
        View::Q => "q",
        View::B16 => "16b",
        View::Q1 => "1q",
        View::V => "",
        View::D2 => "2d",
        View::S2 => "2s",
        View::S4 => "4s",
        View::H8 => "8h",
        View::Table => "16b",
        View::Bytes => {
            if is_quad {
                "16b"
            } else {
                "8b"
            }
        }
        View::Doubles => {
            if is_quad {
                "2d"
            } else {
                "1d"
            }
        }
        View::Halves => {
            if is_quad {
                "8h"
            } else {
                "4h"
            }
        }
        View::Words => {
            if is_quad {
                "4s"
            } else {
                "2s"
            }
        }
        View::Mem => memory_letter(word),
        View::Pair => pair_letter(word),
        _ => return None,
    })
}
