//! What was executed, exactly.

use crate::field::{bit, bits};

/// What an instruction mainly does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum Class {
    /// Reads memory; atomics count here.
    Load,
    /// Writes memory.
    Store,
    /// May go elsewhere than to the next instruction.
    Branch,
    /// Copies a register or makes a constant, in either file.
    Move,
    /// Other work on general registers.
    Integer,
    /// Scalar floating point.
    Float,
    /// AdvSIMD arithmetic.
    Simd,
    /// Hints, barriers, system registers, traps.
    System,
}

impl Class {
    /// All classes, in the order of their declaration.
    pub const ALL: [Class; 8] = [
        Class::Load,
        Class::Store,
        Class::Branch,
        Class::Move,
        Class::Integer,
        Class::Float,
        Class::Simd,
        Class::System,
    ];

    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Class::Load => "load",
            Class::Store => "store",
            Class::Branch => "branch",
            Class::Move => "move",
            Class::Integer => "integer",
            Class::Float => "float",
            Class::Simd => "simd",
            Class::System => "system",
        }
    }

    /// The class of an instruction word.
    #[must_use]
    pub fn of(word: u32) -> Class {
        let integer_or_move = |moves| if moves { Class::Move } else { Class::Integer };
        match bits(word, 28, 25) {
            // ADR, ADRP, move wide; ORR with the zero register.
            0b1000 | 0b1001 => integer_or_move(match bits(word, 25, 23) {
                0b000 | 0b001 | 0b101 => true,
                0b100 => bits(word, 30, 29) == 1 && bits(word, 9, 5) == 31,
                // MOV to or from SP.
                0b010 => {
                    let sp = bits(word, 9, 5) == 31 || bits(word, 4, 0) == 31;
                    sp && bits(word, 30, 29) == 0 && bits(word, 22, 10) == 0
                }
                _ => false,
            }),
            0b0101 | 0b1101 => {
                let shift = bits(word, 15, 10) == 0 && bits(word, 23, 21) == 0;
                let orr = bits(word, 30, 24) == 0b010_1010;
                integer_or_move(orr && shift && bits(word, 9, 5) == 31)
            }
            0b1010 | 0b1011 => match bits(word, 31, 24) {
                0b1101_0100 | 0b1101_0101 => Class::System,
                _ => Class::Branch,
            },
            0b0100 | 0b0110 | 0b1100 | 0b1110 => memory(word),
            _ => {
                let scalar = bits(word, 30, 24) & 0b111_1110 == 0b001_1110;
                if !scalar {
                    return Class::Simd;
                }
                let fmov_general =
                    bits(word, 21, 21) == 1 && bits(word, 15, 10) == 0 && bits(word, 18, 17) == 3;
                let fmov_register = bit(word, 21) && bits(word, 20, 10) == 0b000_0001_0000;
                let fmov_immediate = bit(word, 21) && bits(word, 12, 10) == 0b100;
                let two_sources = !bit(word, 24);
                if two_sources && (fmov_general || fmov_register || fmov_immediate) {
                    Class::Move
                } else {
                    Class::Float
                }
            }
        }
    }
}

fn memory(word: u32) -> Class {
    let vector = bit(word, 26);
    let load = match (bits(word, 29, 27), bits(word, 25, 24)) {
        (0b011, 0b00) => true,
        (0b101, _) => bit(word, 22),
        // CAS and CASP read as well.
        (0b001, _) if !vector && bit(word, 21) && (bit(word, 23) || !bit(word, 31)) => true,
        (0b001, _) => bit(word, 22),
        (0b111, 0b00) if bit(word, 21) && bits(word, 11, 10) == 0 => true,
        _ if vector => bit(word, 22),
        _ => bits(word, 23, 22) != 0,
    };
    if load { Class::Load } else { Class::Store }
}

/// Counts of a simulator since it was made, or since they were reset.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Instructions executed, one that faulted included.
    pub instructions: u64,
    /// The same by class, in the order of [`Class::ALL`].
    pub by_class: [u64; 8],
    /// Branches that went elsewhere than to the next instruction, calls and returns among them.
    pub taken_branches: u64,
}

impl Stats {
    /// Instructions of one class.
    #[must_use]
    pub fn class(&self, class: Class) -> u64 {
        self.by_class[class as usize]
    }

    pub(crate) fn add(&mut self, word: u32, executed: u64, taken: u64) {
        self.instructions += executed;
        let class = Class::of(word);
        self.by_class[class as usize] += executed;
        if class == Class::Branch {
            self.taken_branches += taken;
        }
    }
}

impl core::fmt::Display for Stats {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} instructions executed:", self.instructions)?;
        for class in Class::ALL {
            if self.class(class) != 0 {
                write!(f, " {} {},", self.class(class), class.name())?;
            }
        }
        write!(f, " {} taken branches", self.taken_branches)
    }
}
