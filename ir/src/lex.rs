//! Cuts the text form into tokens. It never fails: what is no token is handed on as [`Token::Stray`], so that the
//! parser can report it in its place and go on.

use crate::print::is_name_char;

/// A piece of text. Newlines count, because an instruction ends with its line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token<'a> {
    /// The end of a line.
    Newline,
    /// Letters, digits, `_`, `$` and `.`, not starting with a digit: a keyword, an entity with its name, an operation.
    Word(&'a str),
    /// Starts with a digit: an integer or a float.
    Number(&'a str),
    /// `@` and what follows it of a word; the name of a function or data object, or the line of a source place.
    At(&'a str),
    /// `@` and a string, escapes not resolved.
    AtString(&'a str),
    /// What is between quotes, escapes not resolved.
    String(&'a str),
    /// `->`
    Arrow,
    /// One of `( ) { } [ ] , : = + -`.
    Punct(char),
    /// A quote without its partner on the same line.
    OpenString,
    /// A character that starts no token.
    Stray(char),
    /// The end of the text.
    End,
}

/// A token and where it is, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lexeme<'a> {
    pub(crate) token: Token<'a>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Gives the tokens of a text one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// Some editors begin a file with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let at = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        Self { text, at }
    }

    /// The next token. At the end of the text it is [`Token::End`], again and again.
    pub(crate) fn next(&mut self) -> Lexeme<'a> {
        self.skip_blanks();
        let start = self.at;
        let token = self.token();
        Lexeme { token, start, end: self.at }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or("")
    }

    /// The characters of a name. Nearly all are ASCII, which is quick to tell.
    fn name(&mut self) -> &'a str {
        let start = self.at;
        let ascii = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.');
        self.at += self.rest().bytes().take_while(ascii).count();
        if !matches!(self.text.as_bytes().get(self.at), None | Some(..=0x7f)) {
            self.take_while(is_name_char);
        }
        self.text.get(start..self.at).unwrap_or("")
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        if self.peek() == Some(';') {
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self) -> Token<'a> {
        let Some(c) = self.peek() else { return Token::End };
        if c.is_ascii_digit() {
            return Token::Number(self.number());
        }
        if is_name_char(c) {
            return Token::Word(self.name());
        }
        self.at += c.len_utf8();
        match c {
            '\n' => Token::Newline,
            '-' if self.peek() == Some('>') => {
                self.at += 1;
                Token::Arrow
            }
            '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '=' | '+' | '-' => Token::Punct(c),
            '"' => self.string().map_or(Token::OpenString, Token::String),
            '@' => match self.peek() {
                Some('"') => {
                    self.at += 1;
                    self.string().map_or(Token::OpenString, Token::AtString)
                }
                Some(c) if is_name_char(c) => Token::At(self.name()),
                _ => Token::Stray('@'),
            },
            _ => Token::Stray(c),
        }
    }

    /// Digits, letters and dots, and a sign after the letter of an exponent.
    fn number(&mut self) -> &'a str {
        let start = self.at;
        let hex = self.rest().starts_with("0x") || self.rest().starts_with("0X");
        loop {
            let part = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
            let exponent =
                if hex { part.ends_with(['p', 'P']) } else { part.ends_with(['e', 'E']) };
            if exponent && matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            } else {
                return self.text.get(start..self.at).unwrap_or("");
            }
        }
    }

    /// Up to the closing quote, which an escape never is: escapes are two hexadecimal digits.
    fn string(&mut self) -> Option<&'a str> {
        let content = self.take_while(|c| !matches!(c, '"' | '\n'));
        if self.peek() != Some('"') {
            return None;
        }
        self.at += 1;
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            match lexer.next().token {
                Token::End => return tokens,
                token => tokens.push(token),
            }
        }
    }

    #[test]
    fn an_instruction() {
        let text = "\u{feff}v1.x: f64 = fconst -0x1.8p-3 @12:5 ; why\r\n";
        use Token::*;
        let expected = vec![
            Word("v1.x"),
            Punct(':'),
            Word("f64"),
            Punct('='),
            Word("fconst"),
            Punct('-'),
            Number("0x1.8p-3"),
            At("12"),
            Punct(':'),
            Number("5"),
            Newline,
        ];
        assert_eq!(tokens(text), expected);
    }

    #[test]
    fn signs_belong_to_exponents_only() {
        use Token::*;
        assert_eq!(tokens("1e-3"), [Number("1e-3")]);
        assert_eq!(tokens("0x1e-3"), [Number("0x1e"), Punct('-'), Number("3")]);
        assert_eq!(tokens("v0-8"), [Word("v0"), Punct('-'), Number("8")]);
    }

    #[test]
    fn what_is_no_token_is_handed_on() {
        use Token::*;
        assert_eq!(tokens("a\0 \"b\nc"), [Word("a"), Stray('\0'), OpenString, Newline, Word("c")]);
        assert_eq!(tokens("@ @\"x y\""), [Stray('@'), AtString("x y")]);
    }
}
