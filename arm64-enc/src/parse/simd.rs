//! AdvSIMD text, by search: the instruction is the one whose text is the line.
//!
//! The registers of the line go to their places in the diagrams of the AdvSIMD classes, the other bits are tried:
//! first in the classes whose operation and shape have names that are in the line, then, for the sake of aliases, in all.
//! Most of those words print another name, and the comparison ends at the first letter that differs. So a line takes a
//! part of a millisecond, an alias or an error some milliseconds, and none of them a table.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::{Class, Inst, Simd};

/// The number that a missing register has where the encoding wants one (the immediate form of a post-index).
const NO_REGISTER: u32 = 31;

/// Which values of named fields are tried, if a line has no name of the field: none, or all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unnamed {
    None,
    All,
}

/// Where a register sits in a word.
#[derive(Clone, Copy)]
struct Place {
    shift: u32,
    width: u32,
}

pub(super) fn parse(line: &str) -> Option<Inst> {
    let [first, second, third] = registers(line);
    let (first, second) = (first?, second.unwrap_or(NO_REGISTER));
    // Two operands may name one register where the encoding has two fields (`mov` of a vector).
    let thirds = match third {
        Some(third) => [third, third],
        None => [second, NO_REGISTER],
    };
    [Unnamed::None, Unnamed::All].into_iter().find_map(|unnamed| {
        thirds.into_iter().find_map(|third| {
            Simd::CLASSES
                .iter()
                .copied()
                .flatten()
                .find_map(|class| search(class, line, [first, second, third], unnamed))
        })
    })
}

/// The first three registers of the line; of a list in braces only the first counts.
fn registers(line: &str) -> [Option<u32>; 3] {
    let mut found = [None; 3];
    let mut count = 0;
    let mut in_list = 0;
    let mut previous = ' ';
    let operands = line.split_once(char::is_whitespace).map_or("", |(_, operands)| operands);
    for (at, c) in operands.char_indices() {
        match c {
            '{' => in_list = 1,
            '}' => in_list = 0,
            'a'..='z' if !previous.is_ascii_alphanumeric() && previous != '.' => {
                let name = operands.get(at..).unwrap_or_default();
                let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
                if let Some(number) = register(name.get(..end).unwrap_or_default())
                    && in_list < 2
                    && count < found.len()
                {
                    found[count] = Some(number);
                    count += 1;
                }
                in_list *= 2;
            }
            _ => {}
        }
        previous = c;
    }
    found
}

fn register(name: &str) -> Option<u32> {
    match name {
        "sp" | "wsp" | "wzr" | "xzr" => Some(31),
        _ => {
            let number = name.strip_prefix(['b', 'h', 's', 'd', 'q', 'v', 'w', 'x'])?;
            number.parse().ok().filter(|&number| number < 32)
        }
    }
}

/// The instruction of this class with these registers whose text is the line.
fn search(class: &Class, line: &str, registers: [u32; 3], unnamed: Unnamed) -> Option<Inst> {
    let places = [place(class, b"dt"), place(class, b"n"), place(class, b"mx")];
    let mut mask = crate::field::fixed_mask(class.diagram);
    let mut word = crate::field::fixed_value(class.diagram);
    for (place, register) in places.into_iter().zip(registers) {
        let Some(place) = place else { continue };
        let low = (1 << place.width) - 1;
        if register > low {
            // A field of four bits holds the lower half of the registers.
            return None;
        }
        word |= register << place.shift;
        mask |= low << place.shift;
    }
    let mut words = Vec::from([word]);
    for choice in class.choices {
        // A bare number, such as an amount, may be anywhere in the line by chance.
        let is_name = |name: &str| name.contains(|c: char| c.is_ascii_alphabetic());
        let in_line = || choice.names.iter().filter(|(_, name)| line.contains(name));
        let has_names =
            choice.names.iter().all(|(_, name)| is_name(name)) && !choice.names.is_empty();
        if !has_names || (unnamed == Unnamed::All && in_line().next().is_none()) {
            continue;
        }
        mask |= choice.layout.mask();
        let named = |word: u32| in_line().map(move |(bits, _)| word | choice.layout.put(*bits));
        words = words.into_iter().flat_map(named).collect();
    }
    let free = !mask;
    words.into_iter().find_map(|word| {
        let mut bits = 0u32;
        (0..1u64 << free.count_ones()).find_map(|_| {
            let inst = Simd::decode(word | bits).map(Inst::Simd);
            // The next number among the free bits (the carry runs through the others).
            bits = (bits | !free).wrapping_add(1) & free;
            inst.filter(|&inst| matches(line, inst, false) || matches(line, inst, true))
        })
    })
}

/// The run of one of these letters in the diagram.
fn place(class: &Class, letters: &[u8]) -> Option<Place> {
    let mut shift = 32;
    let mut found: Option<Place> = None;
    for &byte in class.diagram.as_bytes().iter().filter(|&&byte| byte != b' ') {
        shift -= 1;
        if letters.contains(&byte) {
            let width = found.map_or(0, |place| place.width) + 1;
            found = Some(Place { shift, width });
        }
    }
    found.filter(|place| place.width >= 4)
}

/// Whether the instruction's text is the line, blanks apart.
fn matches(line: &str, inst: Inst, hexadecimal: bool) -> bool {
    let mut rest = Rest(line);
    let written = if hexadecimal { write!(rest, "{inst:#}") } else { write!(rest, "{inst}") };
    written.is_ok() && rest.0.trim().is_empty()
}

/// What is left of the line after the text so far; writing what differs is an error.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            let rest = self.0.trim_start();
            self.0 = rest.strip_prefix(c).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}
