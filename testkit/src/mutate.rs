//! Texts that are nearly right: those of a corpus with words, lines and bytes changed.

use std::ops::Range;

use crate::rng::Random;

/// Numbers that readers and types have their limits at.
const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "2",
    "7",
    "63",
    "64",
    "127",
    "255",
    "256",
    "65536",
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "18446744073709551616",
];

/// One of the texts of `corpus` after a few changes: a word, a number or a line in the place of another, of the same text
/// or of another one, left out or doubled; now and then a byte, or the end cut off. Words and numbers are exchanged
/// with their like, so that many of the texts are right.
#[must_use]
pub fn mutated(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let Some(first) = corpus.get(random.below(corpus.len())) else { return Vec::new() };
    let mut text = first.clone();
    // Half of them have one change only: these are the ones that are right most often.
    for _ in 0..1 + random.below(2) * random.below(5) {
        let at = random.below(text.len());
        match random.below(16) {
            0 => {
                let likely = b"0123456789v@:,=-+(){}[]\" .;\nabxif\xff\0";
                let byte = random.pick(likely).unwrap_or(b' ');
                text.splice(at..(at + random.below(2)).min(text.len()), [byte]);
            }
            1 => text.truncate(at),
            2 | 3 => {
                text.splice(line(&text, at), []);
            }
            4 | 5 => {
                let other = corpus.get(random.below(corpus.len())).unwrap_or(first);
                let new = other[line(other, random.below(other.len()))].to_vec();
                let start = line(&text, at).start;
                text.splice(start..start, new);
            }
            6..=8 => {
                let place = word(&text, at);
                let new = random.pick(&NUMBERS).unwrap_or("0").bytes();
                if kind(&text[place.clone()]) == Kind::Number {
                    text.splice(place, new);
                }
            }
            other => {
                let from = if other < 13 { first } else { &corpus[random.below(corpus.len())] };
                let place = word(&text, at);
                let wanted = kind(&text[place.clone()]);
                // Words of the kind are common; where they are not, nothing happens.
                let found = (0..8).map(|_| word(from, random.below(from.len())));
                let like = found.into_iter().find(|found| kind(&from[found.clone()]) == wanted);
                if let Some(like) = like {
                    text.splice(place, from[like].iter().copied());
                }
            }
        }
    }
    text
}

/// What a word can stand in for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    /// A letter or a name and a number: values, blocks, types.
    Numbered(u8),
    Name,
    Other,
}

fn kind(word: &[u8]) -> Kind {
    match word {
        [first, ..] if first.is_ascii_digit() => Kind::Number,
        [first, .., last] if first.is_ascii_alphabetic() && last.is_ascii_digit() => {
            Kind::Numbered(*first)
        }
        [first, ..] if first.is_ascii_alphabetic() => Kind::Name,
        _ => Kind::Other,
    }
}

/// The letters and digits, or else the one byte, around a place.
fn word(text: &[u8], at: usize) -> Range<usize> {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if !text.get(at).is_some_and(inside) {
        return at..(at + 1).min(text.len());
    }
    let before = text[..at].iter().rev().take_while(|byte| inside(byte)).count();
    let behind = text[at..].iter().take_while(|byte| inside(byte)).count();
    at - before..at + behind
}

/// The line around a place, with its end.
fn line(text: &[u8], at: usize) -> Range<usize> {
    let start = text[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let end = text[at..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |n| at + n + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_change_and_stay_alike() {
        let corpus: Vec<Vec<u8>> =
            ["v1: i64 = add v0, 2\nret v1\n", "", "x"].map(|text| text.into()).into();
        let (mut same, mut longest) = (0, 0);
        for seed in 0..1000 {
            let text = mutated(&mut Random::new(seed), &corpus);
            assert_eq!(text, mutated(&mut Random::new(seed), &corpus));
            same += usize::from(corpus.contains(&text));
            longest = longest.max(text.len());
        }
        assert!(same < 700 && (30..400).contains(&longest), "{same} {longest}");
        assert_eq!(mutated(&mut Random::new(1), &[]), []);
    }

    #[test]
    fn words_and_lines_are_found_at_every_place() {
        let text = b"ab, v12\n\nx";
        let words = [0..2, 0..2, 2..3, 3..4, 4..7, 4..7, 4..7, 7..8, 8..9, 9..10, 10..10];
        for (at, expected) in words.into_iter().enumerate() {
            assert_eq!(word(text, at), expected);
        }
        assert_eq!(
            [line(text, 0), line(text, 7), line(text, 8), line(text, 10)],
            [0..8, 0..8, 8..9, 9..10]
        );
    }
}
