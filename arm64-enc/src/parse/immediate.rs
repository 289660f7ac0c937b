//! Numbers: plain ones, offsets, immediates of arithmetic, logic, moves, bit fields and shifts.

use super::error::Expected;
use super::{Misfit, Parser};
use crate::field::{Field, Row};
use crate::text::{Kind, Types, View, access_log2, pair_access};
use crate::{
    ArithImm, BitfieldImm, ByteMask, ExtractLsb, FpImm8, FractionBits, LogicalImm, MoveImm, Shift,
    ShiftKind, Size,
};

impl Parser<'_> {
    pub(super) fn immediate(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        match row.kind {
            Kind::Target { bits, unit } => self.offset(row, bits, unit),
            Kind::Signed { .. } | Kind::Scaled | Kind::PairOffset => {
                if view == View::Optional && !self.cursor.take(b',') {
                    return self.set(row, 0);
                }
                match row.kind {
                    Kind::Signed { bits, unit } => self.offset(row, bits, unit),
                    Kind::Scaled => {
                        let unit = 1 << access_log2(self.word);
                        let bytes = self.integer(0, 4095 * unit, unit)?;
                        self.set(row, (bytes / unit) as u32)
                    }
                    _ => self.offset(row, 7, pair_access(self.word).bytes().into()),
                }
            }
            Kind::Arith => self.arithmetic(row, view),
            Kind::Mask => {
                self.want(Expected::Kind(
                    "a bitmask: a rotated run of ones, repeated every 2, 4, 8, 16, 32 or 64 bits",
                ));
                let size = self.size();
                let value = self.register_bits(size)?;
                let value = if view == View::Not { size.truncate(!value) } else { value };
                self.set(row, LogicalImm::new(value, size).ok_or(Misfit)?.bits())
            }
            Kind::Move => self.move_immediate(row, view),
            Kind::Bits => self.bit_field(row, view),
            Kind::Lsb => {
                let size = self.size();
                let lsb = self.integer(0, i64::from(size.bits()) - 1, 1)? as u32;
                self.set(row, ExtractLsb::new(size, lsb).ok_or(Misfit)?.bits())
            }
            Kind::Shift | Kind::ArithShift => self.shift(row),
            Kind::Fraction => {
                let size = self.size();
                let count = self.integer(1, size.bits().into(), 1)? as u32;
                self.set(row, FractionBits::new(size, count).ok_or(Misfit)?.bits())
            }
            Kind::Lsl => self.named_shift(row),
            Kind::Float => {
                self.want(Expected::Kind(
                    "a float of 8 bits: 1 to 31 sixteenths times a power of two from 1/8 to 16",
                ));
                let value = self.cursor.float().and_then(FpImm8::new).ok_or(Misfit)?;
                self.set(row, value.bits())
            }
            Kind::ByteMask => {
                self.want(Expected::Kind("a number whose bytes are 0x00 or 0xff"));
                let value = self.cursor.number().and_then(|value| u64::try_from(value).ok());
                self.set(row, value.and_then(ByteMask::new).ok_or(Misfit)?.bits())
            }
            Kind::Left | Kind::Right => self.amount(row, view),
            Kind::Start => {
                self.resolve()?;
                let q = self.word >> 30 & 1;
                let byte = self.integer(0, (8 << q) - 1, 1)? as u32;
                self.set(row, q << 4 | byte)
            }
            _ => {
                // A bit that is decided already halves the range (`tbz` of a word).
                let top = row.layout.put(1 << (row.layout.width() - 1));
                let halved = u32::from(self.known & top == top && self.word & top == 0);
                let value = self.integer(0, (1 << (row.layout.width() - halved)) - 1, 1)?;
                self.set(row, value as u32)
            }
        }
    }

    /// The width of the operation.
    fn size(&self) -> Size {
        match self.grammar.width {
            Some(width) if width.get(self.word) == 0 => Size::W,
            _ => Size::X,
        }
    }

    fn offset(&mut self, row: &Row, bits: u32, unit: i64) -> Result<(), Misfit> {
        let limit = 1i64 << (bits - 1);
        let bytes = self.integer(-limit * unit, (limit - 1) * unit, unit)?;
        self.set(row, (bytes / unit) as u32 & ((1u64 << bits) - 1) as u32)
    }

    /// A number as the bits of a register; a negative one stands for its complement in the register's width.
    fn register_bits(&mut self, size: Size) -> Result<u64, Misfit> {
        let value = self.cursor.number().ok_or(Misfit)?;
        let bits = match size {
            Size::X if value < 0 => i64::try_from(value).ok().map(|value| value as u64),
            Size::X => u64::try_from(value).ok(),
            Size::W if value < 0 => i32::try_from(value).ok().map(|value| u64::from(value as u32)),
            Size::W => u32::try_from(value).ok().map(u64::from),
        };
        bits.ok_or(Misfit)
    }

    /// Returns `true` if the modifier follows: a comma and the word.
    fn modifier(&mut self, name: &str) -> bool {
        let before = self.cursor;
        let is = self.cursor.take(b',') && self.cursor.word().is(name);
        if !is {
            self.cursor = before;
        }
        is
    }

    fn arithmetic(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        self.want(Expected::Kind("0 to 4095, or a multiple of 4096 up to 16773120"));
        let value = self.cursor.number().ok_or(Misfit)?;
        if view == View::Negated && value >= 0 {
            return Err(Misfit);
        }
        let value = u64::try_from(if view == View::Negated { -value } else { value });
        let value = value.map_err(|_| Misfit)?;
        let imm = if self.modifier("lsl") {
            match self.integer(0, 12, 12)? {
                0 => ArithImm::new(value).filter(|imm| !imm.is_shifted()),
                _ => u16::try_from(value).ok().and_then(ArithImm::shifted),
            }
        } else {
            ArithImm::new(value)
        };
        self.set(row, imm.ok_or(Misfit)?.bits())
    }

    fn move_immediate(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        let size = self.size();
        let imm = match view {
            View::Signed | View::Inverse => {
                self.want(Expected::Kind("a number that one movz, movn or orr makes"));
                let value = self.register_bits(size)?;
                let value = if view == View::Inverse { size.truncate(!value) } else { value };
                MoveImm::from_value(size, value)
            }
            _ => {
                let value = self.integer(0, 0xffff, 1)? as u16;
                let has_shift = self.modifier("lsl");
                let shift =
                    if has_shift { self.integer(0, i64::from(size.bits()) - 16, 16)? } else { 0 };
                MoveImm::new(size, value, shift as u32)
            }
        };
        self.set(row, imm.ok_or(Misfit)?.bits())
    }

    fn bit_field(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        let size = self.size();
        let width = i64::from(size.bits());
        let first = self.integer(0, width - 1, 1)? as u32;
        let mut second = |min: i64, max: i64| {
            self.literal(", ")?;
            self.integer(min, max, 1).map(|second| second as u32)
        };
        let bits = match view {
            View::Lsl => BitfieldImm::lsl(size, first),
            View::Right => BitfieldImm::shift_right(size, first),
            View::Insert => BitfieldImm::insert(size, first, second(1, width - i64::from(first))?),
            View::Extract => {
                BitfieldImm::extract(size, first, second(1, width - i64::from(first))?)
            }
            _ => BitfieldImm::new(size, first, second(0, width - 1)?),
        };
        self.set(row, bits.ok_or(Misfit)?.bits())
    }

    fn shift(&mut self, row: &Row) -> Result<(), Misfit> {
        let size = self.size();
        if !self.cursor.take(b',') {
            return self.set(row, Shift::none(size).bits());
        }
        let is_arithmetic = row.kind == Kind::ArithShift;
        let words =
            if is_arithmetic { "`lsl`, `lsr` or `asr`" } else { "`lsl`, `lsr`, `asr` or `ror`" };
        self.want(Expected::Kind(words));
        let word = self.cursor.word();
        let kind = ShiftKind::ALL.iter().copied().find(|kind| word.is(kind.name()));
        let kind = kind.filter(|kind| !is_arithmetic || *kind != ShiftKind::Ror).ok_or(Misfit)?;
        let amount = self.integer(0, i64::from(size.bits()) - 1, 1)? as u32;
        self.set(row, Shift::new(size, kind, amount).ok_or(Misfit)?.bits())
    }

    /// `, lsl #8`, or nothing for zero.
    fn named_shift(&mut self, row: &Row) -> Result<(), Misfit> {
        if !self.modifier("lsl") {
            return self.set(row, 0);
        }
        let amount = self.integer(0, 8 * ((1 << row.layout.width()) - 1), 8)?;
        self.set(row, amount as u32 / 8)
    }

    /// The amount of a shift by a constant, as `immh:immb` has it.
    fn amount(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        let log2 = if Types::of(self.grammar).is_some() {
            let (_, bits, _) = self.possible().next().ok_or(Misfit)?;
            self.resolve()?;
            bits >> 1
        } else {
            3
        };
        let width = 8i64 << log2;
        let bits = match (row.kind, view) {
            (Kind::Left, View::Zero) => width,
            (Kind::Left, _) => width + self.integer(0, width - 1, 1)?,
            _ => 2 * width - self.integer(1, width, 1)?,
        };
        self.put(0x7f << 16, (bits as u32) << 16)
    }
}
