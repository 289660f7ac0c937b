//! From text to a syntax tree, without trusting the text: the lexer works without recursion, so tokens are counted
//! before the parser, which recurses, may see them.

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};

use crate::diag::{Diagnostic, Place};

/// The depth to which expressions may nest. Each parenthesis, bracket, brace and operator of an expression counts,
/// because a chain of operators is a tree as deep as it is long.
pub(crate) const MAX_DEPTH: usize = 1000;

/// Stack that one level of [`MAX_DEPTH`] may need in the parser and in each pass, in an unoptimised build.
const STACK_PER_LEVEL: usize = 128 * 1024;

/// Stack for the thread that compiles.
pub(crate) const STACK: usize = MAX_DEPTH * STACK_PER_LEVEL;

/// The source as places refer to it: a byte order mark and an interpreter line are not seen by the lexer.
pub(crate) struct Source<'a> {
    text: &'a str,
    skipped_bytes: usize,
    skipped_lines: u32,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut skipped_lines = 0;
        if rest.starts_with("#!") && !rest[2..].trim_start().starts_with('[') {
            rest = rest.find('\n').map_or("", |end| &rest[end + 1..]);
            skipped_lines = 1;
        }
        Self { text: rest, skipped_bytes: text.len() - rest.len(), skipped_lines }
    }

    /// Returns `true` if the text contains this.
    pub(crate) fn mentions(&self, what: &str) -> bool {
        self.text.contains(what)
    }

    /// The place of a span of the lexer.
    pub(crate) fn place(&self, span: Span) -> Place {
        let (start, bytes) = (span.start(), span.byte_range());
        Place {
            line: start.line as u32 + self.skipped_lines,
            column: start.column as u32 + 1,
            start: (bytes.start + self.skipped_bytes) as u32,
            end: (bytes.end + self.skipped_bytes) as u32,
        }
    }

    /// Lexes and parses.
    pub(crate) fn parse(&self) -> Result<syn::File, Vec<Diagnostic>> {
        if u32::try_from(self.text.len() + self.skipped_bytes).is_err() {
            let place = Place::default();
            return Err(vec![Diagnostic::new("J0003", place, "the file is larger than 4 GiB")]);
        }
        if let Some(at) = self.text.find('\0') {
            let place = self.place_at(at);
            return Err(vec![Diagnostic::new("J0001", place, "unknown start of token: \\0")]);
        }
        let tokens: TokenStream = self.text.parse().map_err(|error: proc_macro2::LexError| {
            let place = self.place(error.span());
            let message = "this is not a token of Rust, or a delimiter is missing";
            let error = Diagnostic::new("J0001", place, message);
            vec![error.note("strings, comments and brackets must be closed")]
        })?;
        self.check_depth(&tokens)?;
        syn::parse2(tokens).map_err(|error| vec![self.syntax_error(&error)])
    }

    /// A syntax error as `syn` reports it.
    pub(crate) fn syntax_error(&self, error: &syn::Error) -> Diagnostic {
        let mut place = self.place(error.span());
        if error.to_string().starts_with("unexpected end of input") && place.start == place.end {
            // At the end of the file `syn` knows no place.
            place = self.place_at(self.text.trim_end().len());
        }
        Diagnostic::new("J0001", place, error.to_string())
    }

    fn place_at(&self, byte: usize) -> Place {
        let before = &self.text[..byte];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let start = (byte + self.skipped_bytes) as u32;
        Place {
            line: before.matches('\n').count() as u32 + 1 + self.skipped_lines,
            column: before[line_start..].chars().count() as u32 + 1,
            start,
            end: start + self.text[byte..].chars().next().map_or(0, |c| c.len_utf8() as u32),
        }
    }

    /// Checks the depth that the tree of any expression can have.
    fn check_depth(&self, tokens: &TokenStream) -> Result<(), Vec<Diagnostic>> {
        struct Level {
            tokens: std::iter::Peekable<proc_macro2::token_stream::IntoIter>,
            /// Depth at the start of this group, and at this point of the expression.
            base: usize,
            depth: usize,
            /// `true` if the last token was a `=` that may begin `=>`, which ends a pattern.
            after_equals: bool,
        }
        let level = |tokens: TokenStream, base: usize| Level {
            tokens: tokens.into_iter().peekable(),
            base,
            depth: base,
            after_equals: false,
        };
        let mut stack = vec![level(tokens.clone(), 0)];
        while let Some(top) = stack.last_mut() {
            let Some(token) = top.tokens.next() else {
                stack.pop();
                continue;
            };
            let span = token.span();
            match token {
                TokenTree::Group(group) => {
                    top.depth += 1;
                    let inside = top.depth;
                    // A block ends a statement, unless the expression goes on.
                    let goes_on = match top.tokens.peek() {
                        Some(TokenTree::Ident(next)) => next == "else",
                        Some(TokenTree::Punct(next)) => next.as_char() != '#',
                        Some(TokenTree::Group(_)) => true,
                        _ => false,
                    };
                    if group.delimiter() == Delimiter::Brace && !goes_on {
                        top.depth = top.base;
                    }
                    stack.push(level(group.stream(), inside));
                }
                TokenTree::Punct(punct) => match punct.as_char() {
                    ';' | ',' => top.depth = top.base,
                    '>' if top.after_equals => {
                        top.depth = top.base;
                        top.after_equals = false;
                    }
                    c => {
                        top.depth += 1;
                        top.after_equals = c == '=' && punct.spacing() == Spacing::Joint;
                    }
                },
                TokenTree::Ident(_) => top.depth += usize::from(is_prefix_keyword(&token)),
                TokenTree::Literal(_) => {}
            }
            if stack.last().is_some_and(|top| top.depth > MAX_DEPTH) {
                let place = self.place(span);
                let error = Diagnostic::new("J0003", place, "the expression is nested too deeply")
                    .label(format!("more than {MAX_DEPTH} levels of brackets and operators"))
                    .note("split it with `let`");
                return Err(vec![error]);
            }
        }
        Ok(())
    }
}

/// Words after which an expression continues inside.
fn is_prefix_keyword(token: &TokenTree) -> bool {
    const WORDS: [&str; 14] = [
        "as", "break", "dyn", "else", "fn", "if", "impl", "in", "let", "match", "move", "mut",
        "return", "unsafe",
    ];
    matches!(token, TokenTree::Ident(word) if WORDS.iter().any(|other| word == other))
}
