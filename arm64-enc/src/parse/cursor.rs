//! A place in a line, and the words and numbers from there on.

use super::register::Suffix;

/// A place in a line.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    pub(super) at: usize,
}

/// A word of a line, in lower case.
#[derive(Clone, Copy)]
pub(super) struct Word {
    letters: [u8; 32],
    length: usize,
}

impl Word {
    pub(super) fn as_str(&self) -> &str {
        self.letters
            .get(..self.length)
            .and_then(|word| str::from_utf8(word).ok())
            .unwrap_or_default()
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(text)
    }
}

/// A general-purpose register as text has it.
#[derive(Clone, Copy)]
pub(super) struct Gp {
    pub(super) number: u32,
    pub(super) wide: bool,
    /// The stack pointer, if the number is 31.
    pub(super) stack: bool,
}

impl<'a> Cursor<'a> {
    /// The start of a line; a comment ends it.
    pub(super) fn new(line: &'a str) -> Cursor<'a> {
        let code = line.split_once("//").map_or(line, |(code, _)| code).trim_end();
        let mut cursor = Cursor { rest: code, at: 0 };
        cursor.blanks();
        cursor
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.at += bytes;
    }

    /// Goes to a byte of the line.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.advance(at.saturating_sub(self.at));
    }

    fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    pub(super) fn blanks(&mut self) {
        let blanks = self.rest.len() - self.rest.trim_start().len();
        self.advance(blanks);
    }

    /// The first word of the line, and the shape after its dot (`add.4s`, but `b.eq` is all name).
    pub(super) fn mnemonic(&mut self) -> (&'a str, Suffix) {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let name = self.rest.get(..end).unwrap_or_default();
        self.advance(end);
        self.blanks();
        match name.split_once('.') {
            Some((name, shape)) if !name.eq_ignore_ascii_case("b") => {
                (name, Suffix::New(Cursor { rest: shape, at: 0 }.word()))
            }
            _ => (name, Suffix::None),
        }
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.blanks();
        self.rest.is_empty()
    }

    /// Takes the character if it is the next one.
    pub(super) fn take(&mut self, c: char) -> bool {
        self.blanks();
        let is = self.rest.starts_with(c);
        if is {
            self.advance(c.len_utf8());
        }
        is
    }

    /// The next word: letters, digits, `_`; nothing if there is none, or one that is too long for any.
    pub(super) fn word(&mut self) -> Word {
        self.blanks();
        let mut word = Word { letters: [0; 32], length: 0 };
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = self.rest.as_bytes().iter().take_while(|byte| is_part(byte)).count();
        if let Some(letters) = self.rest.as_bytes().get(..length)
            && let Some(place) = word.letters.get_mut(..length)
        {
            place.copy_from_slice(letters);
            place.make_ascii_lowercase();
            word.length = length;
            self.advance(length);
        }
        word
    }

    /// The shape after the dot of a vector register.
    pub(super) fn shape(&mut self) -> Option<Word> {
        (self.peek() == Some(b'.')).then(|| {
            self.advance(1);
            self.word()
        })
    }

    /// What is given here, for an error: up to the next comma outside of a word.
    pub(super) fn given(mut self) -> &'a str {
        self.blanks();
        let rest = self.rest;
        let end = rest.char_indices().find(|&(i, c)| i > 0 && matches!(c, ',' | ']' | '}'));
        rest.get(..end.map_or(rest.len(), |(i, _)| i)).unwrap_or_default().trim_end()
    }

    /// `#5`, `5`, `#-0x5`, `+16`, `0b11`.
    pub(super) fn number(&mut self) -> Option<i128> {
        self.take('#');
        let negative = self.take('-');
        if !negative {
            self.take('+');
        }
        if !self.peek()?.is_ascii_digit() {
            return None;
        }
        let word = self.word();
        let text = word.as_str();
        let value = match text.split_at_checked(2) {
            Some(("0x", digits)) => digits_of(digits, 16)?,
            Some(("0b", digits)) => digits_of(digits, 2)?,
            _ => digits_of(text, 10)?,
        };
        // What is left of a float is not a number.
        if self.peek() == Some(b'.') {
            return None;
        }
        Some(if negative { -i128::from(value) } else { i128::from(value) })
    }

    /// A float or a whole number.
    pub(super) fn float(&mut self) -> Option<f64> {
        self.take('#');
        self.blanks();
        let is_part = |&(i, byte): &(usize, &u8)| {
            let sign = matches!(byte, b'+' | b'-');
            let exponent = || {
                let before = i.checked_sub(1).and_then(|i| self.rest.as_bytes().get(i));
                matches!(before, Some(b'e' | b'E'))
            };
            byte.is_ascii_digit()
                || matches!(byte, b'.' | b'e' | b'E')
                || (sign && (i == 0 || exponent()))
        };
        let length = self.rest.as_bytes().iter().enumerate().take_while(is_part).count();
        let value = self.rest.get(..length)?.parse().ok()?;
        self.advance(length);
        Some(value)
    }

    /// A general-purpose register.
    pub(super) fn register(&mut self) -> Option<Gp> {
        let word = self.word();
        let plain = |number, wide| Some(Gp { number, wide, stack: false });
        match word.as_str() {
            "sp" => Some(Gp { number: 31, wide: true, stack: true }),
            "wsp" => Some(Gp { number: 31, wide: false, stack: true }),
            "xzr" => plain(31, true),
            "wzr" => plain(31, false),
            "fp" => plain(29, true),
            "lr" => plain(30, true),
            name => match name.split_at_checked(1)? {
                ("x", number) => plain(register_number(number, 31)?, true),
                ("w", number) => plain(register_number(number, 31)?, false),
                _ => None,
            },
        }
    }

    /// A floating-point and SIMD register: its letter and number.
    pub(super) fn vector(&mut self) -> Option<(char, u32)> {
        let word = self.word();
        let (letter, number) = word.as_str().split_at_checked(1)?;
        let letter = letter.chars().next().filter(|letter| "bhsdqv".contains(*letter))?;
        Some((letter, register_number(number, 32)?))
    }
}

fn digits_of(digits: &str, radix: u32) -> Option<u64> {
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// A decimal number below the limit, without sign or leading zeros.
fn register_number(text: &str, limit: u32) -> Option<u32> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|&number| plain && number < limit)
}
