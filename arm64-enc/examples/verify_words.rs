//! Prints words for `cargo xtask verify-encodings` to compare with other assemblers, one a line:
//! `group name word text hexadecimal-text assembly`, separated by tabs.
//!
//! The text is `<unknown>` if the word does not decode. The assembly is the text with targets as `.+16`. Arguments:
//! the number of random words per encoding, the number of words without any plan, and the most values of a field (all).

use std::io::{self, Write};

use arm64_enc::Inst;

#[path = "../tests/common/mod.rs"]
mod common;
use common::{Random, Row, rows};

/// Fields up to this width are tried with all their values.
const EXHAUSTIVE_BITS: u32 = 16;
/// So many values of wider fields.
const SAMPLES: u32 = 4096;

fn main() -> io::Result<()> {
    let mut counts = std::env::args().skip(1).filter_map(|count| count.parse().ok());
    let per_row: u32 = counts.next().unwrap_or(400);
    let unplanned: u32 = counts.next().unwrap_or(100_000);
    let most: u32 = counts.next().unwrap_or(u32::MAX);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut random = Random::new(3);
    for row in rows() {
        for &field in &row.each_field {
            let bits = field.count_ones();
            let values = if bits <= EXHAUSTIVE_BITS { 1 << bits } else { SAMPLES };
            for value in 0..values.min(most) {
                let value = if values > most {
                    random.next() & ((1 << bits) - 1)
                } else if bits <= EXHAUSTIVE_BITS {
                    value
                } else {
                    sample(bits, value, &mut random)
                };
                let others = row.word(&mut random, value % 2 == 0);
                line(&mut out, &row.group, &row.name, others & !field | deposit(value, field))?;
            }
        }
        for i in 0..per_row {
            line(&mut out, &row.group, &row.name, biased(&row, i, &mut random))?;
        }
    }
    for _ in 0..unplanned {
        line(&mut out, "any", "any", random.next())?;
    }
    out.flush()
}

/// Values at both ends, around the middle, single bits, then random ones.
fn sample(bits: u32, index: u32, random: &mut Random) -> u32 {
    let (max, middle) = ((1 << bits) - 1, 1 << (bits - 1));
    match index {
        0..32 => index,
        32..64 => max - (index - 32),
        64..96 => middle + (index - 64),
        96..128 => middle - 1 - (index - 96),
        128..160 => 1 << ((index - 128) % bits),
        _ => random.next() & max,
    }
}

/// A random word of the row; every fourth with many registers 31, every fourth with two equal registers.
fn biased(row: &Row, index: u32, random: &mut Random) -> u32 {
    let word = row.word(random, index % 2 == 1);
    let changed = match index % 4 {
        1 => [0, 5, 10, 16].iter().fold(word, |word, shift| {
            if random.next() % 5 < 2 { word | 31 << shift } else { word }
        }),
        2 => word & !(31 << 16) | (word >> 5 & 31) << 16,
        _ => word,
    };
    word & !row.fields | changed & row.fields
}

/// Spreads the bits of `value` over the ones of `mask`.
fn deposit(value: u32, mask: u32) -> u32 {
    let mut rest = value;
    (0..32).filter(|bit| mask >> bit & 1 == 1).fold(0, |word, bit| {
        let word = word | (rest & 1) << bit;
        rest >>= 1;
        word
    })
}

fn line(out: &mut impl Write, group: &str, name: &str, word: u32) -> io::Result<()> {
    let Some(inst) = Inst::decode(word) else {
        return writeln!(out, "{group}\t{name}\t{word:08x}\t<unknown>\t<unknown>\t");
    };
    assert_eq!(inst.encode(), word, "{inst:?}");
    let text = inst.to_string();
    // A text that changes with the address has a target, and the target comes last.
    let has_target = inst.at(0).to_string() != text;
    let assembly = match text.rsplit_once('#') {
        Some((head, distance)) if has_target => {
            let sign = if distance.starts_with('-') { "" } else { "+" };
            format!("{head}.{sign}{distance}")
        }
        _ => text.clone(),
    };
    writeln!(out, "{group}\t{name}\t{word:08x}\t{text}\t{inst:#}\t{assembly}")
}
