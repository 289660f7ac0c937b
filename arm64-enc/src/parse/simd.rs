//! AdvSIMD text, by search: the instruction is the one whose text is the line.
//!
//! The registers of the line go to their places in the diagrams of the AdvSIMD classes, all other bits are tried.
//! Nearly all of those words print another name, and the comparison ends at the first letter that differs; so a line
//! takes some milliseconds and no table of its own.

use core::fmt::{self, Write};

use crate::{Class, Inst, Simd};

/// A register field of a diagram: its letter, and which register of the line it holds.
#[derive(Clone, Copy)]
struct Place {
    shift: u32,
    width: u32,
}

pub(super) fn parse(line: &str) -> Option<Inst> {
    let registers = registers(line);
    let decimal = |inst: Inst| matches(line, inst, false);
    let hexadecimal = |inst: Inst| matches(line, inst, true);
    // Two operands may name one register where the encoding has two fields (`mov` of a vector).
    let second = registers[2].or(registers[1]);
    let choices = [registers[0], registers[1], second];
    Simd::CLASSES.iter().copied().flatten().find_map(|class| {
        candidates(class, choices).find(|&inst| decimal(inst) || hexadecimal(inst))
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

/// The instructions of a class with these registers.
fn candidates(class: &'static Class, registers: [Option<u32>; 3]) -> impl Iterator<Item = Inst> {
    // Destination and first source have one letter each in all classes, or two with the destination read as well.
    let places = [place(class, b"dt"), place(class, b"n"), place(class, b"mx")];
    let fixed = crate::field::fixed_value(class.diagram);
    let mut mask = crate::field::fixed_mask(class.diagram);
    let mut word = fixed;
    let mut fits = true;
    for (place, register) in places.into_iter().zip(registers) {
        let Some(place) = place else { continue };
        let low = (1 << place.width) - 1;
        // A field of four bits holds the lower half of the registers.
        fits &= register.is_some_and(|register| register <= low);
        word |= (register.unwrap_or_default() & low) << place.shift;
        mask |= low << place.shift;
    }
    let free = !mask;
    let count = if fits { 1u64 << free.count_ones() } else { 0 };
    let mut bits = 0u32;
    (0..count).filter_map(move |_| {
        let candidate = word | bits;
        // The next number among the free bits (the carry runs through the fixed ones).
        bits = (bits | !free).wrapping_add(1) & free;
        Simd::decode(candidate).map(Inst::Simd)
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
