//! The way back from text: one line of assembly to one instruction.
//!
//! It reads what `Display` writes (decimal or hexadecimal, any case, `#` optional), base forms where `Display` prefers an
//! alias, and other spellings that assemblers take: each is a form in the tables, see [`crate::text`]. A target is a
//! distance in bytes, as `Display` writes it. Labels, expressions and directives are the business of the
//! [`Assembler`](crate::Assembler).
//!
//! There is no search: an [index] from mnemonics to forms is made when the crate is compiled, and each of the few forms
//! of a mnemonic is followed once, from left to right. Every operand sets its bits of the word, or must agree with bits
//! that are set already; so one word decides what all operands are.

use core::str::FromStr;

use crate::text::{Form, Grammar, Kind, Piece, Types, View};
use crate::{Class, Inst};

mod cursor;
mod error;
mod immediate;
mod index;
mod operand;
mod register;

use cursor::Cursor;
pub use error::ParseError;
use error::{Expected, Miss};
use register::{Start, Suffix};

impl FromStr for Inst {
    type Err = ParseError;

    /// Reads one line of assembly.
    ///
    /// ```
    /// use arm64_enc::Inst;
    /// let inst: Inst = "add x0, x1, #1".parse()?;
    /// assert_eq!(inst.encode(), 0x9100_0420);
    /// assert_eq!("LDR w3, [sp, #0x10]".parse::<Inst>()?.to_string(), "ldr w3, [sp, #16]");
    ///
    /// let error = "add x0, x1, #5000".parse::<Inst>().unwrap_err();
    /// assert_eq!((error.column(), error.given()), (13, "#5000"));
    /// # Ok::<(), arm64_enc::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// If the line is not an instruction, or an operand does not fit.
    fn from_str(line: &str) -> Result<Inst, ParseError> {
        let mut cursor = Cursor::new(line);
        let (name, suffix) = cursor.mnemonic();
        if name.is_empty() {
            return Err(ParseError::empty());
        }
        let start = Start::new(suffix, cursor);
        let mut miss = Miss::default();
        // Forms whose first operand is of another kind only matter for the error, if it is the first operand's.
        for all in [false, true] {
            for (class, form) in index::forms(name) {
                if !all && !start.may_be(class.text.first_kind(form)) {
                    continue;
                }
                let parser = Parser::new(&class.text, form, cursor, &start);
                if let Some(inst) = parser.mnemonic(form.code, name, class, form, &mut miss) {
                    return Ok(inst);
                }
            }
            if miss.is_after(cursor) {
                break;
            }
        }
        Err(miss.error(line, name))
    }
}

/// An operand does not fit: the parser has noted what would.
struct Misfit;

/// A form that is being followed, and what is known of the word so far.
#[derive(Clone, Copy)]
struct Parser<'a> {
    grammar: &'static Grammar,
    cursor: Cursor<'a>,
    word: u32,
    /// The bits of the word that are decided.
    known: u32,
    /// Which of the class's types the vectors may still be of, by their place in the list.
    types: u32,
    /// What is expected, and where what does not fit would stand.
    expected: Expected,
    place: usize,
    start: &'a Start<'a>,
    suffix: Suffix,
}

impl<'a> Parser<'a> {
    fn new(
        grammar: &'static Grammar,
        form: &Form,
        cursor: Cursor<'a>,
        start: &'a Start<'a>,
    ) -> Parser<'a> {
        Parser {
            grammar,
            cursor,
            word: grammar.value | form.value,
            known: grammar.mask | form.mask,
            types: u32::MAX,
            expected: Expected::End,
            place: cursor.at,
            start,
            suffix: Suffix::New,
        }
    }

    /// Follows the form's mnemonic over what is left of the line's, then the operands. A mnemonic may be made in several
    /// ways (`ldr` is that of words and double words): each is tried.
    fn mnemonic(
        self,
        code: &[Piece],
        name: &[u8],
        class: &Class,
        form: &Form,
        miss: &mut Miss,
    ) -> Option<Inst> {
        let rest = |skip: &str| {
            let (head, rest) = name.split_at_checked(skip.len())?;
            head.eq_ignore_ascii_case(skip.as_bytes()).then_some(rest)
        };
        let (first, code) = match code.split_first() {
            None | Some((Piece::Gap, _)) => {
                return if name.is_empty() { self.operands(code, class, form, miss) } else { None };
            }
            Some((first, code)) => (*first, code),
        };
        let (index, view) = match first {
            Piece::Text(from, to) => {
                return self.mnemonic(code, rest(form.part(from, to))?, class, form, miss);
            }
            Piece::Field(index, view) => (index, view),
            Piece::Gap => return None,
        };
        let row = self.grammar.fields.get(usize::from(index))?;
        if view == View::Two {
            let (high, rest) = name.strip_prefix(b"2").map_or((0, name), |rest| (1, rest));
            let mut next = self;
            next.put(1 << 30, high << 30).ok()?;
            return next.mnemonic(code, rest, class, form, miss);
        }
        row.names.iter().find_map(|&(bits, full)| {
            let rest = rest(full.get(index::skipped(view, full)..)?)?;
            let mut next = self;
            next.put(row.layout.mask, row.layout.put(bits)).ok()?;
            next.mnemonic(code, rest, class, form, miss)
        })
    }

    /// Follows the operands to the end of the line.
    fn operands(
        mut self,
        code: &[Piece],
        class: &Class,
        form: &Form,
        miss: &mut Miss,
    ) -> Option<Inst> {
        for piece in code {
            let read = match *piece {
                Piece::Gap => Ok(()),
                Piece::Text(from, to) => {
                    self.literal(form.part(from, to)).inspect_err(|_| self.cursor.at = self.place)
                }
                Piece::Field(index, view) => match self.grammar.fields.get(usize::from(index)) {
                    Some(row) => self.operand(row, view),
                    None => Err(Misfit),
                },
            };
            if read.is_err() {
                miss.note(self.cursor, self.expected, form);
                return None;
            }
        }
        if self.suffix == Suffix::New && self.start.has_suffix() {
            miss.note(
                self.cursor,
                Expected::Kind("a vector that the shape of the mnemonic is for"),
                form,
            );
            return None;
        }
        if !self.cursor.at_end() {
            miss.note(self.cursor, Expected::End, form);
            return None;
        }
        let inst = self.finish(form).and_then(Inst::decode);
        // A form whose condition the word does not meet is another instruction's: it has its own form.
        let meets = |inst: &Inst| inst.class() == class && form.says(inst.encode());
        let inst = inst.filter(meets);
        if inst.is_none() {
            miss.note(self.cursor, Expected::Encodable, form);
        }
        inst
    }

    /// The word, once all operands are read.
    fn finish(&mut self, form: &Form) -> Option<u32> {
        self.resolve().ok()?;
        // The width of a bit-field move is in a second bit, too.
        if self.grammar.fields.iter().any(|row| matches!(row.kind, Kind::Bits | Kind::Lsb)) {
            self.word |= (self.word >> 31) << 22;
        }
        Some(form.repeat(self.word))
    }

    /// Decides bits of the word, or compares them with what is decided.
    fn put(&mut self, mask: u32, bits: u32) -> Result<(), Misfit> {
        if (self.word ^ bits) & mask & self.known != 0 {
            return Err(Misfit);
        }
        self.word |= bits;
        self.known |= mask;
        Ok(())
    }

    /// The class's types, those that are still possible.
    fn possible(&self) -> impl Iterator<Item = (usize, u32, &'static str)> + use<> {
        let (word, known, types) = (self.word, self.known, self.types);
        let all = Types::of(self.grammar);
        all.into_iter().flat_map(move |all| {
            let fits = move |bits: u32| {
                let (mask, value) = all.bits(bits);
                (word ^ value) & mask & known == 0
            };
            let names = all.names.iter().enumerate();
            names
                .filter(move |&(i, &(bits, _))| types >> i & 1 == 1 && fits(bits))
                .map(|(i, &(bits, name))| (i, bits, name))
        })
    }

    /// Decides what the vectors consist of.
    fn resolve(&mut self) -> Result<(), Misfit> {
        let Some(all) = Types::of(self.grammar) else { return Ok(()) };
        let Some((_, bits, _)) = self.possible().next() else { return Err(Misfit) };
        let (mask, value) = all.bits(bits);
        self.put(mask, value)
    }

    /// Reads what the form has between its fields.
    fn literal(&mut self, text: &'static str) -> Result<(), Misfit> {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let mut next = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                ' ' => self.cursor.blanks(),
                '#' => {
                    let end = next.find(|c: char| !c.is_ascii_digit() && c != '.');
                    let (number, after) = next.split_at(end.unwrap_or(next.len()));
                    if number.is_empty() {
                        self.cursor.take(b'#');
                    } else {
                        self.want(Expected::Text(rest));
                        let given =
                            self.cursor.float().filter(|value| Ok(*value) == number.parse());
                        given.ok_or(Misfit)?;
                    }
                    next = after;
                }
                c if c.is_ascii_alphanumeric() => {
                    let end = next.find(|c: char| !c.is_ascii_alphanumeric());
                    let word = rest.get(..1 + end.unwrap_or(next.len())).unwrap_or_default();
                    self.want(Expected::Text(word));
                    if !self.cursor.word().is(word) {
                        return Err(Misfit);
                    }
                    next = rest.get(word.len()..).unwrap_or_default();
                }
                _ => {
                    self.want(Expected::Char(c));
                    if !self.cursor.take(c as u8) {
                        return Err(Misfit);
                    }
                }
            }
            rest = next;
        }
        Ok(())
    }
}
