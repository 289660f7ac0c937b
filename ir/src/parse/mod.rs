//! Reads the text form; the grammar is in the crate's README. It keeps the numbers of values, blocks, variables and
//! slots as written, so that `parse(print(f)) == f`, and goes on after a mistake to report several.
//!
//! The reader is total: any text gives a module or errors, in time and memory linear in its length. It checks that
//! everything that is named exists; [`verify`](crate::verify) checks the rest.

mod body;
mod error;
mod foreign;
mod inst;
mod items;
mod number;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Display;
use std::num::NonZeroU32;
use std::ops::Range;

use crate::entity::Entity;
use crate::func::Function;
use crate::inst::InstData;
use crate::lex::{Lexeme, Lexer, Token};
use crate::module::Module;
use crate::near::nearest;
use crate::types::{AbiParam, Extend, Signature, SliceParam, Type};
use crate::verify::VerifyError;

pub use error::{ParseCode, ParseError};

pub(crate) use body::Body;
pub(crate) use error::Parsed;
pub(crate) use inst::Head;

use error::{Fault, Locator, shorten};
use number::Refusal;

/// After so many errors the reader gives up: the rest is probably noise.
pub const MAX_ERRORS: usize = 20;

/// How many numbers of values and blocks a short text may leave out in all, because each costs memory. A longer one may
/// leave out one more for each of its bytes: passes remove many values from a long function.
pub const MAX_LEFT_OUT: usize = 1 << 16;

/// The greatest size of the data objects of a text, in bytes in all.
pub const MAX_DATA: u64 = 1 << 28;

/// Reads a module.
///
/// ```
/// let module = ir::parse::module("fn @id(i64) -> i64 {\nblock0(v0: i64):\n ret v0\n}").unwrap();
/// assert_eq!(module.functions["id"].layout().len(), 1);
///
/// let errors = ir::parse::module("fn @id(i63) {\n}").unwrap_err();
/// assert_eq!(errors[0].to_string(), "1:8: error[P009]: `i63` is no type (did you mean `i64`?)");
/// ```
///
/// # Errors
/// The mistakes in the text in their order, at most [`MAX_ERRORS`].
pub fn module(text: &str) -> Result<Module, Vec<ParseError>> {
    let mut parser = Parser::new(text);
    let module = parser.items();
    parser.finish(module)
}

/// Where a text has what an error of the verifier is about: the instruction, else the name of the function. For an error
/// about a module that was read from this text.
///
/// ```
/// let text = "fn @f() -> i64 {\nblock0:\n  ret\n}";
/// let module = ir::parse::module(text).unwrap();
/// let error = ir::verify_module(&module).unwrap_err();
/// let place = ir::parse::locate(text, &[error]).remove(0).unwrap();
/// assert_eq!((place.line, place.column), (3, 3));
/// ```
#[must_use]
pub fn locate(text: &str, errors: &[VerifyError]) -> Vec<Option<TextPlace>> {
    let mut parser = Parser::new(text);
    parser.items();
    let place = |error: &VerifyError| {
        let places = parser.places.get(&error.function)?;
        let at = error.inst.and_then(|inst| places.insts.get(inst.index()));
        let range = at.unwrap_or(&places.name).clone();
        // Each place is looked up anew: there are few, and not in the order of the text.
        let (line, column) = Locator::new(text).locate(range.start);
        Some(TextPlace { line, column, range })
    };
    errors.iter().map(place).collect()
}

/// A place in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextPlace {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The bytes.
    pub range: Range<usize>,
}

/// Where the parts of a function stand in the text.
#[derive(Debug)]
struct FunctionPlaces {
    name: Range<usize>,
    /// By the index of the instruction.
    insts: Vec<Range<usize>>,
}

/// Reads a module from bytes that should be UTF-8.
///
/// # Errors
/// As [`module`], and [`ParseCode::Encoding`] at the first byte that is not UTF-8.
pub fn module_from_bytes(bytes: &[u8]) -> Result<Module, Vec<ParseError>> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return module(text),
        Err(error) => error,
    };
    let offset = error.valid_up_to();
    let valid = bytes.get(..offset).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or("");
    let (line, column) = Locator::new(valid).locate(offset);
    let byte = bytes.get(offset).copied().unwrap_or(0);
    Err(vec![ParseError {
        code: ParseCode::Encoding,
        line,
        column,
        offset,
        length: 1,
        message: format!("byte {byte:#04x} at offset {offset} is not part of UTF-8 text"),
        help: Some("save the file as UTF-8".to_owned()),
    }])
}

/// Reads a text with one function and any number of `extern` and `data` lines, as a function alone is printed. Names
/// of data objects need not be declared.
///
/// # Errors
/// As [`module`], and [`ParseCode::Count`] if there is not exactly one function.
pub fn function(text: &str) -> Result<Function, Vec<ParseError>> {
    let mut parser = Parser::new(text);
    parser.data_declared = false;
    let mut module = parser.items();
    let count = module.functions.len();
    let function = module.functions.pop().map(|(_, function)| function);
    match function {
        Some(function) if count == 1 => parser.finish(function),
        _ => {
            if parser.faults.is_empty() {
                let end = text.len();
                let message = format!("one function is expected, but there are {count}");
                parser.report(Parser::fault(ParseCode::Count, end, end, message));
            }
            Err(parser.errors())
        }
    }
}

/// The bits of a constant of type `ty`, written as after `iconst` or `fconst`.
///
/// ```
/// use ir::{Type, parse};
///
/// assert_eq!(parse::constant(Type::F64, "0x1.8p0").ok(), Some(1.5f64.to_bits()));
/// assert_eq!(parse::constant(Type::I8, "-1").ok(), Some(0xff));
/// assert!(parse::constant(Type::I8, "256").is_err());
/// ```
///
/// # Errors
/// As [`module`]; the places are in a text around the constant.
pub fn constant(ty: Type, text: &str) -> Result<u64, Vec<ParseError>> {
    let op = if ty.is_int() { "iconst" } else { "fconst" };
    // A line of its own, so that nothing but a constant can follow.
    let line = text.lines().next().unwrap_or_default();
    let around = format!("fn @f() {{\nblock0:\n  v0: {ty} = {op} {line}\n  ret\n}}");
    let func = function(&around)?;
    let first = func.entry().and_then(|entry| func.block_insts(entry).first());
    Ok(match first.map(|&inst| *func.inst(inst)) {
        Some(InstData::IntConst { imm }) => imm as u64 & ty.mask(),
        Some(InstData::FloatConst { bits }) => bits,
        // Whatever else reads as a line is refused by the parser.
        _ => 0,
    })
}

/// The state of reading: the token that comes next, and the mistakes so far.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    next: Lexeme<'a>,
    /// Where the token before ended.
    last_end: usize,
    faults: Vec<Fault>,
    /// `true` if names of data objects are checked.
    data_declared: bool,
    /// How many numbers were left out by the functions that are read.
    left_out: usize,
    /// How many bytes the data objects so far have.
    data_bytes: u64,
    /// Where the functions and data objects stand.
    places: HashMap<String, FunctionPlaces>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let next = lexer.next();
        Self {
            text,
            lexer,
            next,
            last_end: 0,
            faults: Vec::new(),
            data_declared: true,
            left_out: 0,
            data_bytes: 0,
            places: HashMap::new(),
        }
    }

    // ---- Mistakes ----

    fn fault(code: ParseCode, start: usize, end: usize, message: impl Into<String>) -> Box<Fault> {
        Box::new(Fault { code, start, end, message: message.into(), help: None })
    }

    #[allow(clippy::boxed_local)] // faults travel boxed; unboxing is for the end of the way
    fn report(&mut self, fault: Box<Fault>) {
        if !self.is_full() {
            self.faults.push(*fault);
        }
    }

    /// Returns `true` if so much is wrong that reading ends.
    fn is_full(&self) -> bool {
        self.faults.len() >= MAX_ERRORS
    }

    fn finish<T>(self, whole: T) -> Result<T, Vec<ParseError>> {
        if self.faults.is_empty() { Ok(whole) } else { Err(self.errors()) }
    }

    fn errors(mut self) -> Vec<ParseError> {
        self.faults.sort_by_key(|fault| fault.start);
        let mut locator = Locator::new(self.text);
        let place = |fault: Fault| {
            let (line, column) = locator.locate(fault.start);
            let Fault { code, start, end, message, help } = fault;
            ParseError { code, line, column, offset: start, length: end - start, message, help }
        };
        self.faults.into_iter().map(place).collect()
    }

    /// The mistake that the next token is not what is expected.
    fn unexpected<T>(&self, expected: impl Display) -> Parsed<T> {
        let Lexeme { token, start, end } = self.next;
        let found = match token {
            Token::Newline => "the end of the line".to_owned(),
            Token::End => "the end of the text".to_owned(),
            Token::OpenString => {
                let message = "the string has no closing quote on its line";
                return Err(Self::fault(ParseCode::String, start, start + 1, message));
            }
            Token::Stray(c) => {
                let message = match c {
                    '@' => "a name must follow `@`".to_owned(),
                    _ if c.is_control() => {
                        format!("the character U+{:04X} means nothing here", u32::from(c))
                    }
                    _ => format!("the character `{c}` means nothing here"),
                };
                return Err(Self::fault(ParseCode::Character, start, end, message));
            }
            _ => format!("`{}`", shorten(self.text.get(start..end).unwrap_or(""))),
        };
        // The mark stands under the newline itself, or at the end.
        let message = format!("expected {expected}, found {found}");
        Err(Self::fault(ParseCode::Syntax, start, end, message))
    }

    // ---- Tokens ----

    fn advance(&mut self) -> Lexeme<'a> {
        let lexeme = std::mem::replace(&mut self.next, self.lexer.next());
        self.last_end = lexeme.end;
        lexeme
    }

    fn at(&self, punct: char) -> bool {
        self.next.token == Token::Punct(punct)
    }

    fn eat(&mut self, punct: char) -> bool {
        let found = self.at(punct);
        if found {
            self.advance();
        }
        found
    }

    fn require(&mut self, punct: char) -> Parsed<()> {
        if self.eat(punct) { Ok(()) } else { self.unexpected(format_args!("`{punct}`")) }
    }

    fn skip_newlines(&mut self) {
        while self.next.token == Token::Newline {
            self.advance();
        }
    }

    /// Goes to the end of the line, after a mistake in it.
    fn skip_line(&mut self) {
        while !matches!(self.next.token, Token::Newline | Token::End) {
            self.advance();
        }
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.next.token == Token::Word(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { self.unexpected(format_args!("`{word}`")) }
    }

    /// Items between commas up to the closing bracket, which is taken too. Lines may end after the opening bracket,
    /// commas and items.
    fn list(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        self.skip_newlines();
        if self.eat(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.skip_newlines();
            if self.eat(close) {
                return Ok(());
            }
            if !self.eat(',') {
                return self.unexpected(format_args!("`,` or `{close}`"));
            }
            self.skip_newlines();
        }
    }

    // ---- Words ----

    /// One of a closed set of words; `what` names the set with its article.
    fn choice<T>(
        &mut self,
        code: ParseCode,
        what: &str,
        find: impl Fn(&str) -> Option<T>,
        all: impl IntoIterator<Item = &'static str>,
    ) -> Parsed<T> {
        let Token::Word(word) = self.next.token else { return self.unexpected(what) };
        let lexeme = self.advance();
        find(word).ok_or_else(|| {
            let message = format!(
                "`{}` is no {}",
                shorten(word),
                what.split_once(' ').unwrap_or(("", what)).1
            );
            let mut fault = Self::fault(code, lexeme.start, lexeme.end, message);
            fault.help = nearest(word, all).map(|near| format!("did you mean `{near}`?"));
            fault
        })
    }

    fn ty(&mut self) -> Parsed<Type> {
        let find = |word: &str| Type::ALL.into_iter().find(|ty| ty.name() == word);
        self.choice(ParseCode::Type, "a type", find, Type::ALL.into_iter().map(Type::name))
    }

    fn abi_param(&mut self) -> Parsed<AbiParam> {
        let ty = self.ty()?;
        let extend = if self.eat_word("sext") {
            Some(Extend::Sign)
        } else if self.eat_word("zext") {
            Some(Extend::Zero)
        } else {
            None
        };
        let slice = match self.eat_word("slice") {
            true => {
                let mutable = self.eat_word("mut");
                Some(SliceParam { size: self.size()?, mutable })
            }
            false => None,
        };
        Ok(AbiParam { ty, extend, slice })
    }

    /// Bytes of an element.
    pub(crate) fn size(&mut self) -> Parsed<NonZeroU32> {
        let lexeme = self.next;
        let size = self.natural(u32::MAX.into())? as u32;
        NonZeroU32::new(size).ok_or_else(|| {
            let message = "an element has at least 1 byte";
            Self::fault(ParseCode::Range, lexeme.start, lexeme.end, message)
        })
    }

    fn abi_params(&mut self) -> Parsed<Vec<AbiParam>> {
        let mut params = Vec::new();
        self.list(')', |parser| {
            params.push(parser.abi_param()?);
            Ok(())
        })?;
        Ok(params)
    }

    /// `(i64, f64) -> i64`
    pub(crate) fn signature(&mut self) -> Parsed<Signature> {
        self.require('(')?;
        let params = self.abi_params()?;
        let mut results = Vec::new();
        if self.next.token == Token::Arrow {
            self.advance();
            if self.eat('(') {
                results = self.abi_params()?;
            } else {
                results.push(self.abi_param()?);
            }
        }
        Ok(Signature { params, results })
    }

    /// `@name` or `@"name"`, with where it stands.
    pub(crate) fn global(&mut self) -> Parsed<(String, Lexeme<'a>)> {
        let lexeme = self.next;
        let name = match lexeme.token {
            Token::At(name) => name.to_owned(),
            Token::AtString(raw) => self.quoted_name(raw, lexeme.start + 2)?,
            _ => return self.unexpected("a name such as `@f`"),
        };
        self.advance();
        Ok((name, lexeme))
    }

    /// The name in a string whose content starts at byte `start`.
    fn quoted_name(&self, raw: &str, start: usize) -> Parsed<String> {
        String::from_utf8(self.unescape(raw, start)?).map_err(|_| {
            let message = "the bytes of the name are not UTF-8";
            Self::fault(ParseCode::String, start, start + raw.len(), message)
        })
    }

    /// The bytes of a string whose content starts at byte `start`: `\xx` is the byte with that number.
    fn unescape(&self, raw: &str, start: usize) -> Parsed<Vec<u8>> {
        let mut bytes = Vec::with_capacity(raw.len());
        let mut rest = raw.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'\\' {
                bytes.push(byte);
                continue;
            }
            let digit = |i: usize| char::from(*after.get(i)?).to_digit(16);
            let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                let at = start + (raw.len() - after.len()) - 1;
                let message = "two hexadecimal digits must follow `\\`";
                let mut fault = Self::fault(ParseCode::String, at, at + 1, message);
                fault.help = Some("write a backslash as `\\5c`, a quote as `\\22`".to_owned());
                return Err(fault);
            };
            bytes.push((high << 4 | low) as u8);
            rest = after.get(2..).unwrap_or(&[]);
        }
        Ok(bytes)
    }

    // ---- Numbers ----

    /// Gives the next token, which must be a number, to `read`; `range` says what fits.
    fn number<T>(
        &mut self,
        what: &str,
        range: impl Display,
        read: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Parsed<T> {
        let lexeme = self.next;
        let Token::Number(text) = lexeme.token else { return self.unexpected(what) };
        self.advance();
        read(text).map_err(|refusal| {
            let shown = shorten(text);
            let (code, message) = match refusal {
                Refusal::Malformed => (ParseCode::Number, format!("`{shown}` is not {what}")),
                Refusal::Range => {
                    (ParseCode::Range, format!("`{shown}` does not fit: {what} here is {range}"))
                }
                Refusal::Inexact => {
                    (ParseCode::Range, format!("`{shown}` has more digits than the type can hold"))
                }
            };
            Self::fault(code, lexeme.start, lexeme.end, message)
        })
    }

    /// A natural number up to `most`.
    fn natural(&mut self, most: u64) -> Parsed<u64> {
        let read = |text: &str| {
            number::natural(text).and_then(|n| if n <= most { Ok(n) } else { Err(Refusal::Range) })
        };
        self.number("a number", format_args!("at most {most}"), read)
    }
}
