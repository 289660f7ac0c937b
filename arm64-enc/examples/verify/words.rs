//! The words: each field of each listed encoding with its values, random words of each encoding, words without plan.

use arm64_enc::Inst;

use super::UNKNOWN;

#[path = "../../tests/common/mod.rs"]
mod common;
use common::{Random, Row, rows};

/// Fields up to this width are tried with all their values.
const EXHAUSTIVE_BITS: u32 = 16;
/// So many values of wider fields.
const SAMPLES: u32 = 4096;

/// How many words of each kind.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    /// Random words of each encoding.
    pub(crate) per_row: u32,
    /// Words without any plan.
    pub(crate) unplanned: u32,
    /// The most values of a field.
    pub(crate) most: u32,
}

/// One word with its texts.
pub(crate) struct Case {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) word: u32,
    /// Our text, or [`UNKNOWN`].
    pub(crate) text: String,
    pub(crate) hex_text: String,
    /// The text with targets relative to the instruction, as `.+16`; empty if it is no instruction.
    pub(crate) assembly: String,
}

/// Gives each word to `take`.
pub(crate) fn each<E>(
    numbers: Numbers,
    mut take: impl FnMut(Case) -> Result<(), E>,
) -> Result<(), E> {
    let Numbers { per_row, unplanned, most } = numbers;
    let mut random = Random::new(3);
    for row in rows() {
        let mut of_row = |word| take(case(&row.group, &row.name, word));
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
                of_row(others & !field | deposit(value, field))?;
            }
        }
        for i in 0..per_row {
            of_row(biased(&row, i, &mut random))?;
        }
    }
    (0..unplanned).try_for_each(|_| take(case("any", "any", random.next())))
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

fn case(group: &str, name: &str, word: u32) -> Case {
    let (group, name) = (group.to_owned(), name.to_owned());
    let Some(inst) = Inst::decode(word) else {
        let [text, hex_text] = [UNKNOWN, UNKNOWN].map(str::to_owned);
        return Case { group, name, word, text, hex_text, assembly: String::new() };
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
    Case { group, name, word, text, hex_text: format!("{inst:#}"), assembly }
}
