//! Operations: the name and what follows it, by format.

use std::num::NonZeroU8;

use super::body::Body;
use super::error::{Parsed, shorten};
use super::number::{self, Refusal};
use super::{ParseCode, Parser, foreign};
use crate::entity::{SwitchRef, Value};
use crate::eval;
use crate::inst::{BlockCall, InstData, SwitchTable, ValueList};
use crate::lex::{Lexeme, Token};
use crate::memory::{Align, LoadKind, MemFacts, NarrowWidth, StoreKind};
use crate::near::nearest;
use crate::opcode::Opcode;
use crate::trap::{TrapKind, UserTrap};
use crate::types::{Extend, Type};

const LOAD_KINDS: [(&str, LoadKind); 6] = [
    ("u8", LoadKind::Narrow(NarrowWidth::W8, Extend::Zero)),
    ("s8", LoadKind::Narrow(NarrowWidth::W8, Extend::Sign)),
    ("u16", LoadKind::Narrow(NarrowWidth::W16, Extend::Zero)),
    ("s16", LoadKind::Narrow(NarrowWidth::W16, Extend::Sign)),
    ("u32", LoadKind::Narrow(NarrowWidth::W32, Extend::Zero)),
    ("s32", LoadKind::Narrow(NarrowWidth::W32, Extend::Sign)),
];

const STORE_KINDS: [(&str, StoreKind); 3] = [
    ("8", StoreKind::Narrow(NarrowWidth::W8)),
    ("16", StoreKind::Narrow(NarrowWidth::W16)),
    ("32", StoreKind::Narrow(NarrowWidth::W32)),
];

/// What stands before the fields of an instruction.
pub(crate) struct Head<'a> {
    /// The name of the operation as it is written, and what follows its dot.
    word: &'a str,
    suffix: Option<&'a str>,
    /// Where the name stands.
    lexeme: Lexeme<'a>,
    /// The type of the first result.
    ty: Type,
}

impl<'a> Head<'a> {
    /// What stands before the numbers of a data object.
    pub(super) fn of_data(ty: Type, lexeme: Lexeme<'a>) -> Self {
        Head { word: ty.name(), suffix: None, lexeme, ty }
    }
}

/// The kind that a suffix names, or the full width without one.
fn kind<T: Copy>(kinds: &[(&'static str, T)], full: T, suffix: Option<&str>) -> Option<T> {
    let Some(suffix) = suffix else { return Some(full) };
    kinds.iter().find(|(name, _)| *name == suffix).map(|&(_, kind)| kind)
}

impl<'a> Parser<'a> {
    /// The name of an operation and its operands; `results` is what stands before it.
    pub(super) fn operation(
        &mut self,
        body: &mut Body,
        results: &[(Value, Type)],
    ) -> Parsed<InstData> {
        let Token::Word(word) = self.next.token else { return self.unexpected("an operation") };
        let lexeme = self.advance();
        let (name, suffix) = match word.split_once('.') {
            Some((name, suffix)) => (name, Some(suffix)),
            None => (word, None),
        };
        let op = Opcode::from_name(name);
        let known_suffix = match op {
            Some(Opcode::Load) => kind(&LOAD_KINDS, LoadKind::Full, suffix).is_some(),
            Some(Opcode::Store) => kind(&STORE_KINDS, StoreKind::Full, suffix).is_some(),
            _ => suffix.is_none(),
        };
        let Some(op) = op.filter(|_| known_suffix) else { return Err(Self::unknown(word, lexeme)) };
        self.check_results(op, results.len(), lexeme)?;
        let ty = results.first().map_or(Type::I64, |&(_, ty)| ty);
        InstData::read(op, self, body, &Head { word, suffix, lexeme, ty })
    }

    fn unknown(word: &str, lexeme: Lexeme<'_>) -> Box<super::Fault> {
        let message = format!("there is no operation `{}`", shorten(word));
        let mut fault = Self::fault(ParseCode::Opcode, lexeme.start, lexeme.end, message);
        let with_suffix = [
            "load.u8", "load.s8", "load.u16", "load.s16", "load.u32", "load.s32", "store.8",
            "store.16", "store.32",
        ];
        let names = Opcode::ALL.iter().map(|op| op.name()).chain(with_suffix);
        fault.help = foreign::instead(word)
            .or_else(|| nearest(word, names).map(|near| format!("did you mean `{near}`?")));
        fault
    }

    fn check_results(&self, op: Opcode, written: usize, lexeme: Lexeme<'_>) -> Parsed<()> {
        let Some(count) = op.result_count().filter(|&count| count != written) else {
            return Ok(());
        };
        let (message, help) = match (count, written) {
            (0, _) => (format!("`{op}` has no result"), format!("begin the line with `{op}`")),
            (1, 0) => (
                format!("`{op}` has a result"),
                format!("write it with its type: `v0: i64 = {op} …`"),
            ),
            (1, _) => (format!("`{op}` has only one result"), "leave out the others".to_owned()),
            _ => (
                format!("`{op}` has {count} results"),
                format!("write them all: `v0: i64, v1: i8 = {op} …`"),
            ),
        };
        let mut fault = Self::fault(ParseCode::Results, lexeme.start, lexeme.end, message);
        fault.help = Some(help);
        Err(fault)
    }

    // ---- Operands ----

    /// What a format writes around its fields: marks and words. Space does not matter.
    pub(crate) fn text(&mut self, text: &str) -> Parsed<()> {
        for word in text.split_whitespace() {
            match word.parse() {
                Ok(mark) => self.require(mark)?,
                Err(_) => self.expect_word(word)?,
            }
        }
        Ok(())
    }

    /// `(v0, v1)`
    pub(crate) fn in_parentheses(&mut self, body: &mut Body) -> Parsed<ValueList> {
        self.require('(')?;
        self.values(body)
    }

    /// Values up to the closing parenthesis.
    fn values(&mut self, body: &mut Body) -> Parsed<ValueList> {
        let mut values = Vec::new();
        self.list(')', |parser| {
            values.push(parser.value(body)?);
            Ok(())
        })?;
        Ok(body.function.make_list(&values))
    }

    /// `v0, v1`, or nothing.
    pub(crate) fn values_to_the_end(&mut self, body: &mut Body) -> Parsed<ValueList> {
        let mut values = Vec::new();
        if matches!(self.next.token, Token::Word(_)) {
            values.push(self.value(body)?);
            while self.eat(',') {
                values.push(self.value(body)?);
            }
        }
        Ok(body.function.make_list(&values))
    }

    pub(crate) fn load_kind(&self, head: &Head<'_>) -> Parsed<LoadKind> {
        let known = kind(&LOAD_KINDS, LoadKind::Full, head.suffix);
        known.ok_or_else(|| Self::unknown(head.word, head.lexeme))
    }

    pub(crate) fn store_kind(&self, head: &Head<'_>) -> Parsed<StoreKind> {
        let known = kind(&STORE_KINDS, StoreKind::Full, head.suffix);
        known.ok_or_else(|| Self::unknown(head.word, head.lexeme))
    }

    /// One of a closed set of words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        what: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Parsed<T> {
        let find = |word: &str| all.iter().copied().find(|&item| name(item) == word);
        self.choice(ParseCode::Word, what, find, all.iter().copied().map(&name))
    }

    /// `assertion`, `user 7`.
    pub(crate) fn trap_kind(&mut self) -> Parsed<TrapKind> {
        let named = |word: &str| TrapKind::NAMED.iter().find(|kind| kind.name() == word);
        let find = |word: &str| (word == TrapKind::USER).then_some(None).or(named(word).map(Some));
        let names = TrapKind::NAMED.iter().map(|kind| kind.name()).chain([TrapKind::USER]);
        if let Some(&kind) = self.choice(ParseCode::Word, "a trap kind", find, names)? {
            return Ok(kind);
        }
        let user = |text: &str| {
            let number = u16::try_from(number::natural(text)?).map_err(|_| Refusal::Range)?;
            UserTrap::new(number).map(TrapKind::User).ok_or(Refusal::Range)
        };
        self.number("the number of a trap", format_args!("at most {}", UserTrap::MAX), user)
    }

    /// `readonly align 8 region 1`, each at most once and in this order.
    pub(crate) fn facts(&mut self) -> Parsed<MemFacts> {
        let mut facts = MemFacts { readonly: self.eat_word("readonly"), ..MemFacts::NONE };
        if self.eat_word("align") {
            let align = |text: &str| {
                let bytes = u32::try_from(number::natural(text)?).map_err(|_| Refusal::Range)?;
                Align::new(bytes).ok_or(Refusal::Range)
            };
            let range = format!("a power of two up to {}", Align::MAX);
            facts.align = Some(self.number("an alignment", range, align)?);
        }
        if self.eat_word("region") {
            let region = |text: &str| {
                let region = u8::try_from(number::natural(text)?).map_err(|_| Refusal::Range)?;
                NonZeroU8::new(region).ok_or(Refusal::Range)
            };
            facts.region = Some(self.number("a region", "from 1 to 255", region)?);
        }
        Ok(facts)
    }

    /// `block1(v2, v3)`, or `block1` alone.
    pub(crate) fn block_call(&mut self, body: &mut Body) -> Parsed<BlockCall> {
        let block = self.block(body)?;
        let args = if self.eat('(') { self.values(body)? } else { ValueList::default() };
        Ok(BlockCall { block, args })
    }

    /// `block2, [0: block1(v3), -5: block2]`; the cases have the type of the value before it.
    pub(crate) fn table(&mut self, body: &mut Body) -> Parsed<SwitchRef> {
        let index = body.last_used().and_then(|index| Self::known_type(body, index));
        let ty = index.filter(|ty| ty.is_int() && *ty != Type::I128);
        let default = self.block_call(body)?;
        self.require(',')?;
        self.require('[')?;
        let mut cases = Vec::new();
        self.list(']', |parser| {
            let negative = parser.eat('-');
            let value = match ty {
                Some(ty) => {
                    let range = Self::range_of(ty);
                    let read = |text: &str| number::constant(text, negative, ty);
                    parser.number("an integer", &range, read)?
                }
                // The value is defined further down: its type is not known yet.
                None => {
                    let range = "a signed number of 64 bits";
                    parser.number("an integer", range, |text| number::integer(text, negative))?
                }
            };
            parser.require(':')?;
            cases.push((value, parser.block_call(body)?));
            Ok(())
        })?;
        Ok(body.function.switches.push(SwitchTable { default, cases }))
    }

    /// ` + 16`, ` - 8`, or nothing.
    pub(crate) fn offset(&mut self) -> Parsed<i32> {
        let negative = self.at('-');
        if !self.eat('-') && !self.eat('+') {
            return Ok(0);
        }
        let read = |text: &str| {
            let offset = number::integer(text, negative)?;
            i32::try_from(offset).map_err(|_| Refusal::Range)
        };
        self.number("an offset", "a signed number of 32 bits", read)
    }

    pub(crate) fn int_constant(&mut self, head: &Head<'_>) -> Parsed<i64> {
        let &Head { ty, lexeme: op, .. } = head;
        if !ty.is_int() {
            return Err(Self::wrong_constant(op, "iconst", "an integer", "fconst"));
        }
        let negative = self.eat('-');
        let range = Self::range_of(ty);
        self.number("an integer", range, |text| number::constant(text, negative, ty))
    }

    /// What a constant of an integer type may be.
    fn range_of(ty: Type) -> String {
        match ty {
            // A constant has 64 bits; any other i128 is made of two by `iconcat`.
            Type::I128 => format!("from {} to {}", i64::MIN, i64::MAX),
            _ => format!("from {} to {}", -(1_i128 << (ty.bits() - 1)), ty.mask()),
        }
    }

    pub(crate) fn float_constant(&mut self, head: &Head<'_>) -> Parsed<u64> {
        let &Head { ty, lexeme: op, .. } = head;
        if !ty.is_float() {
            return Err(Self::wrong_constant(op, "fconst", "a float", "iconst"));
        }
        let negative = self.eat('-');
        let sign = u64::from(negative) << (ty.bits() - 1);
        let (infinity, default_nan) = match ty {
            Type::F32 => (f32::INFINITY.to_bits().into(), eval::F32_DEFAULT_NAN),
            _ => (f64::INFINITY.to_bits(), eval::F64_DEFAULT_NAN),
        };
        if self.eat_word("inf") {
            return Ok(infinity | sign);
        }
        if !negative && self.eat_word("nan") {
            if !self.eat(':') {
                return Ok(default_nan);
            }
            let range = format!("the bits of a NaN of type {ty}");
            return self.number("a number", range, |text| number::nan_bits(text, ty));
        }
        let range = format!("within the range of {ty} (or `inf`)");
        self.number("a float such as 1.5, 0x1.8p0, inf or nan", range, |text| {
            number::float(text, negative, ty)
        })
    }

    fn wrong_constant(op: Lexeme<'_>, name: &str, gives: &str, other: &str) -> Box<super::Fault> {
        let message = format!("`{name}` gives {gives}, but the type of the result is not one");
        let mut fault = Self::fault(ParseCode::Type, op.start, op.end, message);
        fault.help = Some(format!("change the type, or use `{other}`"));
        fault
    }
}
