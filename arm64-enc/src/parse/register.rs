//! Registers: with the width, shape or lane that the operand wants.

use super::cursor::{Cursor, Gp, Word};
use super::error::Expected;
use super::{Misfit, Parser};
use crate::field::{Field, Row};
use crate::text::{
    Kind, View, access_log2, atomic_is_x, fixed, letter, list_bytes, mem_is_x, viewed,
};
use crate::{Extend, MemExtend, Size};

/// What is expected where a general-purpose register is wanted, by width and the meaning of number 31.
const REGISTERS: [[&str; 2]; 3] = [
    ["a register w0 to w30 or wzr", "a register w0 to w30 or wsp"],
    ["a register x0 to x30 or xzr", "a register x0 to x30 or sp"],
    ["a register w0 to w30, x0 to x30, wzr or xzr", "a register w0 to w30, x0 to x30, wsp or sp"],
];

/// What has become of the shape after the mnemonic, as Apple's syntax has it: `add.4s v0, v1, v2`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    New,
    Used,
}

/// What a line begins with. Many forms of a mnemonic look at its first operand; it is read once.
pub(super) struct Start<'a> {
    /// The shape after the mnemonic.
    suffix: Option<Word>,
    /// Where the first operand stands, and the register that it is, if it is one.
    first: Cursor<'a>,
    gp: (Option<Gp>, Cursor<'a>),
    vector: (Option<(char, u32)>, Cursor<'a>),
}

impl<'a> Start<'a> {
    pub(super) fn new(suffix: Option<Word>, first: Cursor<'a>) -> Start<'a> {
        let (mut after_gp, mut after_vector) = (first, first);
        let (gp, vector) = (after_gp.register(), after_vector.vector());
        Start { suffix, first, gp: (gp, after_gp), vector: (vector, after_vector) }
    }

    /// Returns `true` if the first operand may be of this kind.
    pub(super) fn may_be(&self, kind: Option<Kind>) -> bool {
        match kind {
            Some(Kind::Reg | Kind::RegSp | Kind::RegPair) => self.gp.0.is_some(),
            Some(Kind::VReg) => self.gp.0.is_none(),
            _ => true,
        }
    }

    pub(super) fn has_suffix(&self) -> bool {
        self.suffix.is_some()
    }
}

/// The shape that is given for a vector.
#[derive(Clone, Copy)]
enum Shape {
    Written(Word),
    Suffix(Word),
    /// Any that the form has; the mnemonic's for lanes.
    Any(Word),
}

impl Shape {
    fn is_any(&self) -> bool {
        matches!(self, Shape::Any(_))
    }

    fn is(&self, shape: &str) -> bool {
        match self {
            Shape::Written(word) | Shape::Suffix(word) => word.is(shape),
            Shape::Any(_) => true,
        }
    }

    fn is_lane(&self, lane: &str) -> bool {
        match self {
            Shape::Written(word) => word.is(lane),
            Shape::Suffix(word) | Shape::Any(word) => word.as_str().ends_with(lane),
        }
    }
}

impl Parser<'_> {
    /// A general-purpose register of one width, or of any; returns number and width.
    fn gp(&mut self, kind: Kind, wide: Option<bool>) -> Result<(u32, bool), Misfit> {
        let stack = kind == Kind::RegSp;
        let row = wide.map_or(2, usize::from);
        self.want(Expected::Kind(REGISTERS[row][usize::from(stack)]));
        let gp = self.read_gp().ok_or(Misfit)?;
        let fits =
            (gp.number != 31 || gp.stack == stack) && wide.is_none_or(|wide| wide == gp.wide);
        if fits { Ok((gp.number, gp.wide)) } else { Err(Misfit) }
    }

    pub(super) fn register(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        let word = self.word;
        let wide = match view {
            View::W => Some(false),
            View::X | View::Base => Some(true),
            View::Mem => Some(mem_is_x(word)),
            View::Top => Some(word >> 31 == 1),
            View::Atomic => Some(atomic_is_x(word)),
            View::Quad | View::Bit => None,
            View::Element => {
                self.resolve()?;
                Some(self.word >> 16 & 15 == 8)
            }
            View::Extended => return self.extended(row),
            View::Index => return self.index(row),
            _ => match self.grammar.width {
                None => Some(true),
                Some(width) if self.known & width.mask == width.mask => Some(width.get(word) == 1),
                Some(_) => None,
            },
        };
        let (number, is_wide) = self.gp(row.kind, wide)?;
        match (view, wide, self.grammar.width) {
            (View::Quad, ..) => self.put(1 << 30, u32::from(is_wide) << 30)?,
            // The number of the bit decides, and a word has no high ones.
            (View::Bit, ..) if !is_wide => self.put(1 << 31, 0)?,
            (View::Plain | View::Next, None, Some(width)) => {
                self.put(width.mask, width.put(is_wide.into()))?;
            }
            _ => {}
        }
        match (row.kind, view) {
            (Kind::RegPair, View::Next) => {
                self.expected = Expected::Kind("the register after the one before");
                if row.layout.get(self.word) + 1 == number { Ok(()) } else { Err(Misfit) }
            }
            (Kind::RegPair, _) if number % 2 == 1 => {
                self.expected = Expected::Kind("a register with an even number");
                Err(Misfit)
            }
            (_, View::Base) => {
                self.set(row, number)?;
                if self.cursor.take(b',') { self.integer(0, 0, 1).map(|_| ()) } else { Ok(()) }
            }
            _ => self.set(row, number),
        }
    }

    /// A register with the extension that `add` gives it.
    fn extended(&mut self, row: &Row) -> Result<(), Misfit> {
        let is_x = self.word >> 31 == 1;
        let from = self.cursor;
        let (number, is_wide) = self.gp(Kind::Reg, if is_x { None } else { Some(false) })?;
        self.set(row, number)?;
        let whole = if is_x { Extend::Uxtx } else { Extend::Uxtw };
        let (extend, amount) = if self.cursor.take(b',') {
            self.want(Expected::Kind("`lsl` or an extension such as `uxtw`"));
            let word = self.cursor.word();
            let is_shift = word.is("lsl");
            let named = Extend::ALL.iter().copied().find(|extend| word.is(extend.name()));
            let extend = named.or(is_shift.then_some(whole)).ok_or(Misfit)?;
            let amount = if is_shift || !self.cursor.at_end() { self.integer(0, 4, 1)? } else { 0 };
            (extend, amount as u32)
        } else {
            (whole, 0)
        };
        // Whatever the extension reads, a word is named by its word register.
        if is_wide != (is_x && extend.source() == Size::X) {
            self.cursor = from;
            self.want(Expected::Kind(if is_wide {
                "a register w0 to w30 or wzr"
            } else {
                "a word with an extension such as `uxtw`"
            }));
            return Err(Misfit);
        }
        self.put(0x3f << 10, extend.bits() << 13 | amount << 10)
    }

    /// An index register with its extension.
    fn index(&mut self, row: &Row) -> Result<(), Misfit> {
        let (number, is_wide) = self.gp(Kind::Reg, None)?;
        self.set(row, number)?;
        let log2 = access_log2(self.word);
        let (extend, units) = if self.cursor.take(b',') {
            self.want(Expected::Kind(if is_wide { "`lsl` or `sxtx`" } else { "`uxtw` or `sxtw`" }));
            let word = self.cursor.word();
            let source = if is_wide { Size::X } else { Size::W };
            let mut extends =
                MemExtend::ALL.iter().copied().filter(|extend| extend.source() == source);
            let extend = extends.find(|extend| word.is(extend.name())).ok_or(Misfit)?;
            let mut after = self.cursor;
            if extend != MemExtend::Lsl && after.take(b']') {
                (extend, 0)
            } else {
                // A byte is its own unit: the text `#0` asks for the form with a shift.
                let amount = self.integer(0, log2.into(), log2.max(1).into())? as u32;
                (extend, u32::from(amount == log2))
            }
        } else if is_wide {
            (MemExtend::Lsl, 0)
        } else {
            self.want(Expected::Kind("`, uxtw` or `, sxtw`"));
            return Err(Misfit);
        };
        self.put(0xf << 12, extend.bits() << 13 | units << 12)
    }

    pub(super) fn vector(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        match view {
            View::Element | View::From => return self.lane(row, view),
            View::List | View::Table | View::ListB | View::ListH | View::ListS | View::ListD => {
                return self.list(row, view);
            }
            View::V => self.want(Expected::Shape("")),
            _ => {}
        }
        let number = self.vector_of(view, view == View::V)?;
        self.set(row, number)
    }

    /// The shape that is written after a register, or once for all registers after the mnemonic. That is the shape of the
    /// first vector; what shape the others have, the form says.
    fn shape(&mut self) -> Option<Shape> {
        if let Some(word) = self.cursor.shape() {
            return Some(Shape::Written(word));
        }
        let word = self.start.suffix?;
        match core::mem::replace(&mut self.suffix, Suffix::Used) {
            Suffix::New => Some(Shape::Suffix(word)),
            Suffix::Used => Some(Shape::Any(word)),
        }
    }

    /// A general-purpose register, as it is written.
    fn read_gp(&mut self) -> Option<Gp> {
        if self.cursor.at != self.start.first.at {
            return self.cursor.register();
        }
        self.cursor = self.start.gp.1;
        self.start.gp.0
    }

    /// A floating-point and SIMD register, as it is written: its letter and number.
    fn read_vector(&mut self) -> Option<(char, u32)> {
        if self.cursor.at != self.start.first.at {
            return self.cursor.vector();
        }
        self.cursor = self.start.vector.1;
        self.start.vector.0
    }

    /// A register of the shape or letter that the view asks for: one that the bits decide, or one of those that the class
    /// has, which it narrows down.
    fn vector_of(&mut self, view: View, plain: bool) -> Result<u32, Misfit> {
        if let Some(shape) = fixed(view, self.word) {
            let (known, other) = (self.known >> 30 & 1 == 1, fixed(view, self.word | 1 << 30));
            self.want(Expected::Shape(shape));
            let (letter, number) = self.read_vector().ok_or(Misfit)?;
            if plain {
                return if letter == 'v' { Ok(number) } else { Err(Misfit) };
            }
            if shape.len() == 1
                && !matches!(view, View::ListB | View::ListH | View::ListS | View::ListD)
            {
                return if shape.starts_with(letter) { Ok(number) } else { Err(Misfit) };
            }
            let given = self.shape().filter(|_| letter == 'v').ok_or(Misfit)?;
            if given.is_any() {
                return Ok(number);
            }
            let is_other =
                !known && other.is_some_and(|other| given.is(other)) && other != Some(shape);
            if other != Some(shape) {
                self.put(1 << 30, u32::from(is_other) << 30)?;
            }
            return if is_other || given.is(shape) { Ok(number) } else { Err(Misfit) };
        }
        let (first, several) = {
            let mut shapes = self.possible().map(|(_, _, name)| viewed(name, view));
            let first = shapes.next();
            (first, shapes.any(|shape| Some(shape) != first))
        };
        self.want(match first {
            Some(shape) if !several => Expected::Shape(shape),
            Some(shape) if shape.len() == 1 => Expected::Kind("a scalar register such as d0"),
            _ => Expected::Kind("a vector register with its shape, such as v0.4s"),
        });
        let (letter, number) = self.read_vector().ok_or(Misfit)?;
        let given = self.shape();
        let mut types = 0;
        for (i, _, name) in self.possible() {
            let shape = viewed(name, view);
            let fits = match given {
                Some(given) if letter == 'v' => shape.len() > 1 && given.is(shape),
                _ => shape.len() == 1 && shape.starts_with(letter),
            };
            types |= u32::from(fits) << i;
        }
        if types == 0 {
            return Err(Misfit);
        }
        self.types &= types;
        Ok(number)
    }

    /// `v3.h[7]`, as `imm5` or `imm4` have the lane.
    fn lane(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        let from = self.cursor;
        self.want(Expected::Kind("a lane of a vector, such as v0.s[1]"));
        let ('v', number) = self.read_vector().ok_or(Misfit)? else { return Err(Misfit) };
        let shape = self.shape().ok_or(Misfit)?;
        let log2 = (0..4).find(|log2| shape.is_lane(letter(*log2))).ok_or(Misfit)?;
        self.set(row, number)?;
        let index = self.bracketed(i64::from(16u32 >> log2) - 1)?;
        self.place = from.at;
        self.expected = Expected::Kind("a lane as wide as the other operand");
        if view == View::From {
            if self.word >> 16 & ((2 << log2) - 1) != 1 << log2 {
                return Err(Misfit);
            }
            return self.put(0xf << 11, index << log2 << 11);
        }
        self.put(0x1f << 16, (index << 1 | 1) << log2 << 16)?;
        self.resolve()
    }

    /// `v3.h[7]`, as the second operand of a product.
    pub(super) fn register_and_lane(
        &mut self,
        row: &Row,
        register_bits: u32,
        lane: &'static str,
    ) -> Result<(), Misfit> {
        let lanes = 1 << (row.layout.width() - register_bits);
        self.want(Expected::Kind(match (lane, register_bits) {
            ("h", 4) => "a half word of v0 to v15, such as v2.h[7]",
            ("h", _) => "a half word of a vector, such as v2.h[1]",
            ("2h", _) => "two half words of a vector, such as v2.2h[3]",
            ("4b", _) => "four bytes of a vector, such as v2.4b[3]",
            ("s", _) => "a word of a vector, such as v2.s[1]",
            _ => "a double word of a vector, such as v2.d[1]",
        }));
        let ('v', number) = self.read_vector().ok_or(Misfit)? else { return Err(Misfit) };
        let shape = self.shape().ok_or(Misfit)?;
        let is_lane = shape.is_any() || shape.is(lane);
        if !is_lane || number >> register_bits != 0 {
            return Err(Misfit);
        }
        let index = self.bracketed(lanes - 1)?;
        self.set(row, index << register_bits | number)
    }

    /// `[3]`
    fn bracketed(&mut self, max: i64) -> Result<u32, Misfit> {
        self.literal("[")?;
        let index = self.integer(0, max, 1)?;
        self.literal("]")?;
        Ok(index as u32)
    }

    /// `{ v0.16b, v1.16b }` or `{v0.16b-v1.16b}`.
    fn list(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        let from = self.cursor;
        self.literal("{")?;
        let first = self.vector_of(view, false)?;
        let mut count = 1;
        if self.cursor.take(b'-') {
            let last = self.vector_of(view, false)?;
            count = (last + 32 - first) % 32 + 1;
        } else {
            while self.cursor.take(b',') {
                let next = self.vector_of(view, false)?;
                if next != (first + count) % 32 {
                    self.expected = Expected::Kind("registers one after the other");
                    return Err(Misfit);
                }
                count += 1;
            }
        }
        self.literal("}")?;
        self.set(row, first)?;
        self.place = from.at;
        self.expected =
            Expected::Kind("a list of as many registers as the mnemonic says, at most four");
        let counter =
            self.grammar.fields.iter().find(|row| row.kind == Kind::Count).ok_or(Misfit)?;
        let has_count = |name: &str| name.parse() == Ok(count);
        let (bits, _) = counter.names.iter().find(|(_, name)| has_count(name)).ok_or(Misfit)?;
        self.set(counter, *bits)
    }

    /// What moves the base after an access of a list: a register, or the number of bytes.
    pub(super) fn post(&mut self, row: &Row) -> Result<(), Misfit> {
        let from = self.cursor;
        if let Some(gp) = self.cursor.register() {
            self.expected =
                Expected::Kind("a register x0 to x30, or the number of bytes that are moved");
            return if gp.wide && gp.number != 31 { self.set(row, gp.number) } else { Err(Misfit) };
        }
        self.cursor = from;
        self.resolve()?;
        let bytes = list_bytes(self.word, self.grammar.list_length(self.word)).into();
        self.integer(bytes, bytes, 1)?;
        self.set(row, 31)
    }
}
