//! The macros: printing, assertions, panics; and format strings as Rust reads them.

use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;

use super::{Checker, Expect};
use crate::bounds::Bound;
use crate::diag::{Diagnostic, Place};
use crate::runtime::{Align, Conversion, IntKind, Stream, Style};
use crate::tree::{Arm, BinOp, Expr, ExprKind, Format, PanicKind, Piece, Size};
use crate::ty::{Ty, TyKind};
use crate::value::ConstValue;

/// The arguments of a macro: expressions, some with a name.
struct Args(Vec<(Option<syn::Ident>, syn::Expr)>);

impl Parse for Args {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut args = Vec::new();
        while !input.is_empty() {
            let named = input.peek(syn::Ident)
                && input.peek2(syn::Token![=])
                && !input.peek2(syn::Token![==]);
            let name = if named {
                let name = input.parse()?;
                input.parse::<syn::Token![=]>()?;
                Some(name)
            } else {
                None
            };
            args.push((name, input.parse()?));
            if input.is_empty() {
                break;
            }
            input.parse::<syn::Token![,]>()?;
        }
        Ok(Args(args))
    }
}

impl<'a> Checker<'a> {
    pub(super) fn macro_call(&mut self, mac: &syn::Macro) -> Expr {
        let place = self.place(mac.path.span());
        let name = mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        if name == "matches" {
            return self.matches_macro(mac, place);
        }
        let args = match syn::parse2::<Args>(mac.tokens.clone()) {
            Ok(Args(args)) => args,
            Err(error) => {
                let mut diag = self.source.syntax_error(&error);
                if diag.span.is_empty() {
                    diag = Diagnostic::new(
                        "J0001",
                        place,
                        format!("the arguments of `{name}!` cannot be read: {error}"),
                    );
                }
                self.report(diag);
                return self.error_expr(place);
            }
        };
        match (name.as_str(), self.prelude, &args[..]) {
            ("select", Some(_), [(_, cond), (_, a), (_, b)]) => {
                return self.select([cond, a, b], place);
            }
            ("panic_if", Some(_), [(_, cond)]) => {
                let cond = self.expr_coerce(cond, Ty::BOOL);
                return self.panic_if(cond, PanicKind::Panic, None, place);
            }
            _ => {}
        }
        let plain = matches!(name.as_str(), "assert" | "panic" | "unreachable" | "debug_assert");
        let message = usize::from(name.ends_with("assert"));
        if self.cx.in_const && (!plain || args.len() > message + 1) {
            let message = format!(
                "`{name}!` with values to format is not allowed in constants and `const fn`"
            );
            return self.error("E0015", place, message);
        }
        match name.as_str() {
            "print" | "println" | "eprint" | "eprintln" => {
                let stream = if name.starts_with('e') { Stream::Err } else { Stream::Out };
                let newline = name.ends_with("ln");
                let format = if args.is_empty() && newline {
                    Some(Format { pieces: vec![Piece::Text("\n".to_owned())], args: Vec::new() })
                } else {
                    self.format(&args, stream, newline, place)
                };
                match format {
                    Some(format) => self.make(ExprKind::Print(Box::new(format)), Ty::UNIT, place),
                    None => self.error_expr(place),
                }
            }
            "panic" | "unreachable" | "todo" | "unimplemented" => {
                let kind =
                    if name == "unreachable" { PanicKind::Unreachable } else { PanicKind::Panic };
                let format = if args.is_empty() {
                    None
                } else {
                    self.format(&args, Stream::Err, true, place).map(Box::new)
                };
                self.make(ExprKind::Panic(kind, format), Ty::NEVER, place)
            }
            "assert" | "debug_assert" => {
                let Some(((_, cond), message)) = args.split_first() else {
                    let message = "macro requires a boolean expression as an argument";
                    return self.error("J0001", place, message);
                };
                let cond = self.expr_coerce(cond, Ty::BOOL);
                let message = self.message(message, place);
                self.assertion(cond, message, name.starts_with("debug"), place)
            }
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => {
                let [(_, left), (_, right), message @ ..] = &args[..] else {
                    return self.error("J0001", place, format!("`{name}!` takes two arguments"));
                };
                let left = self.expr(left, Expect::Nothing);
                let right = self.expr(right, Expect::Nothing);
                let op = if name.ends_with("eq") { BinOp::Eq } else { BinOp::Ne };
                let cond = self.compare(op, left, right, place);
                let message = self.message(message, place);
                self.assertion(cond, message, name.starts_with("debug"), place)
            }
            "vec" | "format" | "write" | "writeln" => {
                self.error("J0002", place, format!("`{name}!` is not supported: there is no heap"))
            }
            _ => self.error("J0002", place, format!("the macro `{name}!` is not supported")),
        }
    }

    /// `matches!(value, pattern if guard)`
    fn matches_macro(&mut self, mac: &syn::Macro, place: Place) -> Expr {
        let parser = |input: ParseStream<'_>| {
            let value: syn::Expr = input.parse()?;
            input.parse::<syn::Token![,]>()?;
            let pat = syn::Pat::parse_multi_with_leading_vert(input)?;
            let guard: Option<syn::Expr> = match input.parse::<Option<syn::Token![if]>>()? {
                Some(_) => Some(input.parse()?),
                None => None,
            };
            input.parse::<Option<syn::Token![,]>>()?;
            Ok((value, pat, guard))
        };
        let (value, pat, guard) = match mac.parse_body_with(parser) {
            Ok(parts) => parts,
            Err(error) => {
                let diag = self.source.syntax_error(&error);
                self.report(diag);
                return self.error_expr(place);
            }
        };
        let value = self.expr(&value, Expect::Nothing);
        let scope = self.cx.scope.len();
        let pat = self.pattern(&pat, value.ty);
        let diverges = self.cx.diverges;
        let guard = guard.map(|guard| self.expr_coerce(&guard, Ty::BOOL));
        self.cx.diverges = diverges;
        self.cx.scope.truncate(scope);
        let rest = self.wild(value.ty, place);
        let yes = self.known(ConstValue::Bool(true), Ty::BOOL, place);
        let no = self.known(ConstValue::Bool(false), Ty::BOOL, place);
        let arms = vec![Arm { pat, guard, body: yes }, Arm { pat: rest, guard: None, body: no }];
        self.make(ExprKind::Match { value: Box::new(value), arms }, Ty::BOOL, place)
    }

    fn message(
        &mut self,
        args: &[(Option<syn::Ident>, syn::Expr)],
        place: Place,
    ) -> Option<Box<Format>> {
        if args.is_empty() {
            None
        } else {
            self.format(args, Stream::Err, true, place).map(Box::new)
        }
    }

    fn assertion(
        &mut self,
        cond: Expr,
        message: Option<Box<Format>>,
        debug: bool,
        place: Place,
    ) -> Expr {
        if self.types.is_error(cond.ty) {
            return cond;
        }
        let cond = self.not(cond);
        let check = self.panic_if(cond, PanicKind::Assertion, message, place);
        if !debug {
            return check;
        }
        // It is checked, but not run: debug assertions are off.
        let no = self.known(ConstValue::Bool(false), Ty::BOOL, place);
        let kind = ExprKind::If { cond: Box::new(no), then: Box::new(check), otherwise: None };
        self.make(kind, Ty::UNIT, place)
    }

    fn panic_if(
        &mut self,
        cond: Expr,
        kind: PanicKind,
        message: Option<Box<Format>>,
        place: Place,
    ) -> Expr {
        let panic = self.make(ExprKind::Panic(kind, message), Ty::NEVER, place);
        let then = Box::new(self.coerce(panic, Ty::UNIT));
        let kind = ExprKind::If { cond: Box::new(cond), then, otherwise: None };
        self.make(kind, Ty::UNIT, place)
    }

    // ---- Format strings ----

    fn format(
        &mut self,
        args: &[(Option<syn::Ident>, syn::Expr)],
        stream: Stream,
        newline: bool,
        place: Place,
    ) -> Option<Format> {
        let literal = match args.first() {
            Some((None, syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }))) => text,
            _ => {
                self.error("J0001", place, "format argument must be a string literal");
                return None;
            }
        };
        let at = self.place(literal.span());
        let mut values = Vec::new();
        let mut names = Vec::new();
        for (name, value) in &args[1..] {
            values.push(self.expr(value, Expect::Nothing));
            names.push(name.as_ref().map(ToString::to_string));
        }
        if values.iter().any(|value| self.types.is_error(value.ty)) {
            return None;
        }
        let explicit = values.len();
        let mut reader = Reader { values, names, used: vec![false; explicit], next: 0, at };
        let text = literal.value();
        let mut pieces = Vec::new();
        let parsed = self.pieces(&text, &mut reader, stream, &mut pieces);
        if let Err(message) = parsed {
            self.error("J0001", at, message);
            return None;
        }
        if let Some(index) = (0..explicit).find(|&index| !reader.used[index]) {
            let place = reader.values[index].place;
            let what = if reader.names[index].is_some() {
                "named argument never used"
            } else {
                "argument never used"
            };
            self.error("J0001", place, what);
            return None;
        }
        if newline {
            match pieces.last_mut() {
                Some(Piece::Text(text)) => text.push('\n'),
                _ => pieces.push(Piece::Text("\n".to_owned())),
            }
        }
        let mut format = Format { pieces, args: reader.values };
        self.stream_texts(&mut format, stream);
        Some(format)
    }

    /// Texts carry no style of their own; on the error stream they become arguments that do.
    fn stream_texts(&mut self, format: &mut Format, stream: Stream) {
        if stream == Stream::Out {
            return;
        }
        let str = self.types.reference(false, Ty::STR);
        for piece in &mut format.pieces {
            if let Piece::Text(text) = piece {
                let index = format.args.len();
                let text = ConstValue::Str(std::mem::take(text).into());
                format.args.push(self.known(text, str, Place::default()));
                let style = Style { stream, ..Style::default() };
                *piece =
                    Piece::Arg { index, style, width: Size::Fixed(0), precision: Size::Fixed(0) };
            }
        }
    }

    fn pieces(
        &mut self,
        text: &str,
        reader: &mut Reader,
        stream: Stream,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), String> {
        let mut chars = text.chars().peekable();
        let mut literal = String::new();
        while let Some(c) = chars.next() {
            match c {
                '{' if chars.peek() == Some(&'{') => {
                    chars.next();
                    literal.push('{');
                }
                '}' if chars.peek() == Some(&'}') => {
                    chars.next();
                    literal.push('}');
                }
                '}' => return Err("invalid format string: unmatched `}` found".to_owned()),
                '{' => {
                    let mut inside = String::new();
                    loop {
                        match chars.next() {
                            Some('}')
                                if !inside.ends_with(':')
                                    || chars.peek().is_none_or(|c| !"<^>".contains(*c)) =>
                            {
                                break;
                            }
                            Some(c) => inside.push(c),
                            None => {
                                return Err(
                                    "invalid format string: expected `}` but string was terminated"
                                        .to_owned(),
                                );
                            }
                        }
                    }
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    }
                    pieces.push(self.placeholder(&inside, reader, stream)?);
                }
                c => literal.push(c),
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(())
    }

    /// The text between `{` and `}`.
    fn placeholder(
        &mut self,
        inside: &str,
        reader: &mut Reader,
        stream: Stream,
    ) -> Result<Piece, String> {
        let (argument, spec) = inside.split_once(':').unwrap_or((inside, ""));
        let argument = argument.trim();
        let spec = spec.trim_end();
        let mut chars: Vec<char> = spec.chars().collect();
        let mut style = Style { stream, ..Style::default() };
        let align = |c: char| match c {
            '<' => Some(Align::Left),
            '^' => Some(Align::Center),
            '>' => Some(Align::Right),
            _ => None,
        };
        if chars.len() > 1 && align(chars[1]).is_some() {
            style.fill = chars[0];
            style.align = align(chars[1]);
            chars.drain(..2);
        } else if let Some(first) = chars.first().copied().and_then(align) {
            style.align = Some(first);
            chars.remove(0);
        }
        let mut take = |wanted: char| {
            let found = chars.first() == Some(&wanted);
            if found {
                chars.remove(0);
            }
            found
        };
        style.plus = take('+');
        let _ = !style.plus && take('-');
        style.alternate = take('#');
        // `0$` would be a width given by argument 0.
        if chars.first() == Some(&'0') && chars.get(1) != Some(&'$') {
            chars.remove(0);
            style.zero = true;
        }
        let rest: String = chars.into_iter().collect();
        let (rest, conversion) = conversion(&rest)?;
        style.conversion = conversion;
        let (width, precision) = rest.split_once('.').map_or((rest, None), |(w, p)| (w, Some(p)));
        // `.*` takes its precision before the value.
        let mut fixed = Size::Fixed(0);
        if let Some(precision) = precision {
            style.has_precision = true;
            fixed = match precision {
                "*" => {
                    let index = reader.positional()?;
                    Size::Arg(self.size_argument(index, reader)?)
                }
                "" => return Err("invalid format string: missing precision".to_owned()),
                other => self.size(other, reader)?,
            };
        }
        let width = if width.is_empty() { Size::Fixed(0) } else { self.size(width, reader)? };
        let index = if argument.is_empty() {
            reader.positional()?
        } else {
            self.argument(argument, reader)?
        };
        let ty = reader.values[index].ty;
        self.check_printable(ty, &mut style, reader.values[index].place)?;
        Ok(Piece::Arg { index, style, width, precision: fixed })
    }

    fn size(&mut self, text: &str, reader: &mut Reader) -> Result<Size, String> {
        match text.strip_suffix('$') {
            Some(argument) => {
                let index = self.argument(argument, reader)?;
                Ok(Size::Arg(self.size_argument(index, reader)?))
            }
            None => text.parse::<u16>().map(Size::Fixed).map_err(|_| {
                format!("invalid format string: `{text}` is not a width or precision")
            }),
        }
    }

    fn size_argument(&mut self, index: usize, reader: &Reader) -> Result<usize, String> {
        if self.types.unify(reader.values[index].ty, Ty::USIZE) {
            Ok(index)
        } else {
            Err("a width or precision must be a `usize`".to_owned())
        }
    }

    /// The argument that a number or name means; a name that is no argument is a variable of the program.
    fn argument(&mut self, text: &str, reader: &mut Reader) -> Result<usize, String> {
        if let Ok(index) = text.parse::<usize>() {
            if index >= reader.used.len() {
                return Err(format!("invalid reference to positional argument {index}"));
            }
            reader.used[index] = true;
            return Ok(index);
        }
        if let Some(index) = reader.names.iter().position(|name| name.as_deref() == Some(text)) {
            if index < reader.used.len() {
                reader.used[index] = true;
            }
            return Ok(index);
        }
        let path: syn::ExprPath = syn::parse_str(text)
            .map_err(|_| format!("invalid format string: `{text}` is not an argument"))?;
        if path.path.get_ident().is_none() {
            return Err(format!(
                "invalid format string: `{text}` is not a name; only names can be captured"
            ));
        }
        let mut value = self.path_expr(&path);
        value.place = reader.at;
        if self.types.is_error(value.ty) {
            // The lexer does not know the name's place in the string: report it at the string.
            if let Some(diag) = self.diags.last_mut() {
                let at = reader.at;
                (diag.line, diag.column) = (at.line, at.column);
                diag.span = at.start as usize..at.end as usize;
                diag.suggestion = None;
            }
        }
        reader.values.push(value);
        reader.names.push(Some(text.to_owned()));
        Ok(reader.values.len() - 1)
    }

    /// Whether a value has the formatting trait; integers tell the style their type when they are lowered.
    fn check_printable(&mut self, ty: Ty, style: &mut Style, place: Place) -> Result<(), String> {
        if self.types.is_error(ty) {
            return Ok(());
        }
        let inner = {
            let mut inner = ty;
            while let Some((_, to)) = self.types.as_ref(inner) {
                inner = to;
            }
            inner
        };
        let conversion = style.conversion;
        let aggregate = conversion.is_debug();
        let fits = match self.types.kind(inner).clone() {
            TyKind::Int(_) => true,
            TyKind::Infer(_) => match self.types.literal_var(inner) {
                Some(true) => true,
                Some(false) => !is_radix(conversion),
                None => {
                    self.needs_annotation(place);
                    true
                }
            },
            TyKind::Float(_) => !is_radix(conversion),
            TyKind::Bool | TyKind::Char | TyKind::Str => {
                conversion == Conversion::Display || conversion.is_debug()
            }
            TyKind::Param(_) => {
                let wanted = Bound::Named(words_of(conversion).1);
                self.has_bound(inner, wanted)
            }
            TyKind::Array(..) | TyKind::Slice(_) | TyKind::Tuple(_) if aggregate => {
                if style.alternate {
                    return Err("`{:#?}` of arrays and tuples is not supported".to_owned());
                }
                if !self.implements(inner, "Debug") {
                    false
                } else if self.mentions_struct(inner) {
                    return Err("`{:?}` of structs is not supported".to_owned());
                } else {
                    true
                }
            }
            TyKind::Enum(_) if aggregate => self.implements(inner, "Debug"),
            TyKind::Struct(_) if aggregate => {
                return Err("`{:?}` of structs is not supported".to_owned());
            }
            _ => false,
        };
        if !fits {
            let (name, end) = (self.types.name(inner), words_of(conversion).0);
            let colon = if end.is_empty() { "" } else { ":" };
            let message = format!("`{name}` cannot be formatted with `{{{colon}{end}}}`");
            self.error("E0277", place, message);
        }
        style.kind = IntKind::default();
        Ok(())
    }

    pub(super) fn mentions_struct(&self, ty: Ty) -> bool {
        self.types.any(ty, &|kind| matches!(kind, TyKind::Struct(_)))
    }
}

/// The end of a placeholder, its conversion and the trait that it calls.
#[rustfmt::skip]
const CONVERSIONS: [(&str, Conversion, &str); 10] = [
    ("", Conversion::Display, "Display"),
    ("?", Conversion::Debug, "Debug"),
    ("x?", Conversion::DebugLowerHex, "Debug"),
    ("X?", Conversion::DebugUpperHex, "Debug"),
    ("x", Conversion::LowerHex, "LowerHex"),
    ("X", Conversion::UpperHex, "UpperHex"),
    ("b", Conversion::Binary, "Binary"),
    ("o", Conversion::Octal, "Octal"),
    ("e", Conversion::LowerExp, "LowerExp"),
    ("E", Conversion::UpperExp, "UpperExp"),
];

/// The end of the placeholder and the trait of a conversion.
fn words_of(conversion: Conversion) -> (&'static str, &'static str) {
    let row = CONVERSIONS.iter().find(|row| row.1 == conversion);
    row.map_or_else(|| unreachable!("all conversions are in the table"), |row| (row.0, row.2))
}

/// The arguments while a format string is read.
struct Reader {
    values: Vec<Expr>,
    names: Vec<Option<String>>,
    /// Of the arguments that were written, not captured.
    used: Vec<bool>,
    next: usize,
    at: Place,
}

impl Reader {
    /// The next argument for `{}`.
    fn positional(&mut self) -> Result<usize, String> {
        let index = self.next;
        self.next += 1;
        if index >= self.used.len() {
            return Err(format!(
                "{} positional argument{} in format string, but there {} {} argument{}",
                index + 1,
                if index == 0 { "" } else { "s" },
                if self.used.len() == 1 { "is" } else { "are" },
                self.used.len(),
                if self.used.len() == 1 { "" } else { "s" },
            ));
        }
        self.used[index] = true;
        Ok(index)
    }
}

fn is_radix(conversion: Conversion) -> bool {
    matches!(
        conversion,
        Conversion::LowerHex | Conversion::UpperHex | Conversion::Binary | Conversion::Octal
    )
}

/// Splits the trait off the end of a format: `08.3e` is `08.3` and `e`.
fn conversion(spec: &str) -> Result<(&str, Conversion), String> {
    // A width or precision given by a name ends with `$`: what follows is the trait.
    let start = spec.rfind(['$', '*']).map_or(0, |at| at + 1);
    let end = spec[start..]
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .map_or(spec.len(), |at| start + at);
    match CONVERSIONS.iter().find(|row| row.0 == &spec[end..]) {
        Some(row) => Ok((&spec[..end], row.1)),
        None => Err(format!("unknown format trait `{}`", &spec[end..])),
    }
}
