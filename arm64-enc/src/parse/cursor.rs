//! A place in a line, and the words and numbers from there on.

/// A place in a line.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    line: &'a [u8],
    pub(super) at: usize,
}

/// A word of a line, in lower case.
#[derive(Clone, Copy)]
pub(super) struct Word {
    letters: [u8; Word::MOST],
    length: u8,
}

impl Word {
    /// The longest word that means something has 18 letters.
    const MOST: usize = 23;

    pub(super) fn as_str(&self) -> &str {
        self.letters
            .get(..usize::from(self.length))
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
        let line = line.as_bytes();
        let end = line.windows(2).position(|two| two == b"//").unwrap_or(line.len());
        let code = line.get(..end).unwrap_or_default().trim_ascii_end();
        let mut cursor = Cursor { line: code, at: 0 };
        cursor.blanks();
        cursor
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// The bytes from here on for which the test holds.
    fn run(&self, test: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.line.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| !test(byte)).unwrap_or(rest.len());
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// The first word of the line, and the shape after its dot (`add.4s`, but `b.eq` is all name).
    pub(super) fn mnemonic(&mut self) -> (&'a [u8], Option<Word>) {
        let name = self.run(|byte| !byte.is_ascii_whitespace());
        self.at += name.len();
        self.blanks();
        match name.iter().position(|&byte| byte == b'.') {
            Some(dot) if !name.get(..dot).is_some_and(|name| name.eq_ignore_ascii_case(b"b")) => (
                name.get(..dot).unwrap_or_default(),
                Some(Cursor { line: name, at: dot + 1 }.word()),
            ),
            _ => (name, None),
        }
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.blanks();
        self.at >= self.line.len()
    }

    /// Takes the character if it is the next one.
    pub(super) fn take(&mut self, c: u8) -> bool {
        self.blanks();
        let is = self.peek() == Some(c);
        self.at += usize::from(is);
        is
    }

    /// The next word: letters, digits, `_`; nothing if there is none, or one that is too long for any.
    pub(super) fn word(&mut self) -> Word {
        self.blanks();
        let mut word = Word { letters: [0; Word::MOST], length: 0 };
        let letters = self.run(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if let Some(place) = word.letters.get_mut(..letters.len()) {
            for (place, letter) in place.iter_mut().zip(letters) {
                *place = letter.to_ascii_lowercase();
            }
            word.length = letters.len() as u8;
            self.at += letters.len();
        }
        word
    }

    /// The shape after the dot of a vector register.
    pub(super) fn shape(&mut self) -> Option<Word> {
        (self.peek() == Some(b'.')).then(|| {
            self.at += 1;
            self.word()
        })
    }

    /// What is given here, for an error: up to the next comma outside of a word.
    pub(super) fn given(mut self) -> &'a str {
        self.blanks();
        let rest = self.line.get(self.at..).unwrap_or_default();
        let ends = |&(i, &byte): &(usize, &u8)| i > 0 && matches!(byte, b',' | b']' | b'}');
        let end = rest.iter().enumerate().find(ends).map_or(rest.len(), |(i, _)| i);
        let given = rest.get(..end).unwrap_or_default().trim_ascii_end();
        str::from_utf8(given).unwrap_or_default()
    }

    /// `#5`, `5`, `#-0x5`, `+16`, `0b11`.
    pub(super) fn number(&mut self) -> Option<i128> {
        self.take(b'#');
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
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
        self.take(b'#');
        self.blanks();
        let mut before = b'e';
        let rest = self.line.get(self.at..).unwrap_or_default();
        let is_part = |byte: &&u8| {
            // A sign is the first character, or follows that of the exponent.
            let sign = matches!(byte, b'+' | b'-') && matches!(before, b'e' | b'E');
            before = **byte;
            byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E') || sign
        };
        let length = rest.iter().take_while(is_part).count();
        let value = str::from_utf8(rest.get(..length)?).ok()?.parse().ok()?;
        self.at += length;
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
