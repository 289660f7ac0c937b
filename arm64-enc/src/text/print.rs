//! Writes a word in the first form that is a text of it.

use core::fmt;

use super::Kind;
use super::form::{Form, Grammar, Piece, View};
use super::types::{Types, access_log2, atomic_is_x, fixed, letter, list_bytes, mem_is_x, viewed};
use crate::field::{Field, Row};
use crate::{
    AccessSize, ArithImm, BitfieldImm, ByteMask, Extend, FpImm8, IndexScale, LogicalImm, MemExtend,
    MoveImm, PairOffset, Prefetch, Shift, Size, SysOperand, SysReg,
};

/// The numbers of registers.
const NUMBERS: [&str; 32] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
];

impl Grammar {
    /// Writes the text of a word of this class; targets are addresses if the word's address is known.
    pub(crate) fn write(
        &self,
        word: u32,
        address: Option<u64>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        match self.forms.iter().find(|form| form.says(word)) {
            Some(form) => {
                Printer { grammar: self, word, address, hex: f.alternate(), f }.form(form)
            }
            None => unreachable!("one form of a class has no condition"),
        }
    }

    /// The number of registers in the list of a word.
    pub(crate) fn list_length(&self, word: u32) -> u32 {
        let row = self.fields.iter().find(|row| row.kind == Kind::Count);
        row.and_then(|row| name(row, word).parse().ok()).unwrap_or(1)
    }
}

/// The name of a field's value.
fn name(row: &Row, word: u32) -> &'static str {
    let bits = row.layout.get(word);
    row.names.iter().find(|(value, _)| *value == bits).map_or("", |(_, name)| name)
}

struct Printer<'a, 'f> {
    grammar: &'a Grammar,
    word: u32,
    address: Option<u64>,
    hex: bool,
    f: &'a mut fmt::Formatter<'f>,
}

impl Printer<'_, '_> {
    fn form(&mut self, form: &Form) -> fmt::Result {
        for piece in form.code {
            match *piece {
                Piece::Text(from, to) => self.f.write_str(form.part(from, to))?,
                Piece::Gap => self.f.write_str(" ")?,
                Piece::Field(index, view) => {
                    if let Some(row) = self.grammar.fields.get(usize::from(index)) {
                        self.field(row, view)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, row: &Row, view: View) -> fmt::Result {
        let (word, bits) = (self.word, row.layout.get(self.word));
        match (row.kind, view) {
            (_, View::Two) => self.f.write_str(if word >> 30 & 1 == 1 { "2" } else { "" }),
            (_, View::Zero | View::Any) => Ok(()),
            (Kind::Name | Kind::Count, View::Kind) => self.tail(name(row, word), 2),
            (Kind::Name | Kind::Count, View::Tail) => self.tail(name(row, word), 3),
            (Kind::Cond, View::Inverse) => {
                let inverse = row.names.iter().find(|(value, _)| *value == bits ^ 1);
                self.f.write_str(inverse.map_or("", |(_, name)| name))
            }
            (Kind::Shape, View::Bits) => write!(self.f, "#{}", 8 << (bits >> 1)),
            (Kind::Name | Kind::Count | Kind::Cond | Kind::Width | Kind::Shape, _) => {
                self.f.write_str(name(row, word))
            }
            (Kind::Lsl, _) if bits == 0 => Ok(()),
            (Kind::Lsl, _) => write!(self.f, ", lsl #{}", name(row, word)),
            (Kind::Reg | Kind::RegSp | Kind::RegPair, view) => self.register(row, view),
            (Kind::VReg, view) => self.vector(bits, view),
            (Kind::Number, View::Hex) if bits == 0 => self.f.write_str("#0"),
            (Kind::Number, View::Hex) => write!(self.f, "#{bits:#x}"),
            (Kind::Number, _) => self.number(bits.into()),
            (Kind::Index, _) => write!(self.f, "{bits}"),
            (Kind::Target { bits: width, unit }, _) => {
                self.target(signed(bits, width) * unit, unit)
            }
            (Kind::Signed { .. } | Kind::Scaled | Kind::PairOffset, view) => self.offset(row, view),
            (Kind::Arith | Kind::Mask | Kind::Move | Kind::Bits, view) => {
                self.immediate(row.kind, bits, view)
            }
            (Kind::Lsb, _) => self.number((bits & 63).into()),
            (Kind::Shift | Kind::ArithShift, _) => match Shift::from_bits(bits) {
                Some(shift) if !shift.is_none() => {
                    write!(self.f, ", {} #{}", shift.kind(), shift.amount())
                }
                _ => Ok(()),
            },
            (Kind::Fraction, _) => self.number((64 - (bits & 63)).into()),
            (Kind::Prefetch, _) => match Prefetch::from_bits(bits).and_then(Prefetch::name) {
                Some(parts) => parts.iter().try_for_each(|part| self.f.write_str(part)),
                None => self.number(bits.into()),
            },
            (Kind::RangePrefetch, _) => match RANGE_OPS.iter().find(|(value, _)| *value == bits) {
                Some((_, name)) => self.f.write_str(name),
                None => self.number(bits.into()),
            },
            (Kind::Barrier, _) => self.barrier(bits),
            (Kind::SysReg, view) => match SysReg::from_bits(bits) {
                Some(reg) if view == View::Write && reg.is_read_only() => reg.write_numbers(self.f),
                Some(reg) => write!(self.f, "{reg}"),
                None => Ok(()),
            },
            (Kind::SysOp, _) => {
                let [op1, crn, crm, op2] = SysOperand::from_bits(bits).map_or([0; 4], sys_numbers);
                self.number(op1.into())?;
                write!(self.f, ", c{crn}, c{crm}, ")?;
                self.number(op2.into())
            }
            (Kind::Float, _) => write!(self.f, "#{:.8}", FpImm8::from_imm8(bits as u8).value()),
            (Kind::ByteMask, _) => match ByteMask::from_bits(bits).map_or(0, ByteMask::value) {
                // As C's `%#016llx` does it, which gives zero no `0x`.
                0 => write!(self.f, "#{:016}", 0),
                value => write!(self.f, "#{value:#016x}"),
            },
            (Kind::Left | Kind::Right, _) => {
                let imm = word >> 16 & 0x7f;
                let base = 8 << (imm >> 3).checked_ilog2().unwrap_or(0);
                let left = row.kind == Kind::Left;
                self.number(if left { imm - base } else { 2 * base - imm }.into())
            }
            (Kind::Start, _) => self.number((bits & 15).into()),
            (Kind::Element(register_bits, lane), _) => {
                let (register, index) = (bits & ((1 << register_bits) - 1), bits >> register_bits);
                write!(self.f, "v{register}.{lane}[{index}]")
            }
            (Kind::Post, _) if bits == 31 => {
                write!(self.f, "#{}", list_bytes(word, self.grammar.list_length(word)))
            }
            (Kind::Post, _) => self.named("x", bits),
            (Kind::Lane, _) => Ok(()),
        }
    }

    fn tail(&mut self, name: &str, skip: usize) -> fmt::Result {
        self.f.write_str(name.get(skip..).unwrap_or_default())
    }

    /// A number after `#`: decimal, or hexadecimal in the alternate form.
    fn number(&mut self, value: i64) -> fmt::Result {
        match (self.hex, value) {
            (false, 0..=31) => self.named("#", value as u32),
            (false, _) => write!(self.f, "#{value}"),
            (true, 0..) => write!(self.f, "#{value:#x}"),
            (true, _) => write!(self.f, "#-{:#x}", value.unsigned_abs()),
        }
    }

    /// A letter and a number below 32.
    fn named(&mut self, letter: &str, number: u32) -> fmt::Result {
        self.f.write_str(letter)?;
        self.f.write_str(NUMBERS.get(number as usize).copied().unwrap_or_default())
    }

    fn register(&mut self, row: &Row, view: View) -> fmt::Result {
        let (word, number) = (self.word, row.layout.get(self.word));
        let wide = match view {
            View::W => false,
            View::X | View::Base => true,
            View::Mem => mem_is_x(word),
            View::Top | View::Bit => word >> 31 == 1,
            View::Atomic => atomic_is_x(word),
            View::Quad => word >> 30 & 1 == 1,
            View::Element => word >> 16 & 15 == 8,
            View::Extended => return self.extended(number),
            View::Index => return self.index(number),
            _ => self.grammar.width.is_none_or(|width| width.get(word) == 1),
        };
        let number = number + u32::from(view == View::Next);
        self.sized(number, wide, row.kind)
    }

    fn sized(&mut self, number: u32, wide: bool, kind: Kind) -> fmt::Result {
        match (number, kind, wide) {
            (31, Kind::RegSp, true) => self.f.write_str("sp"),
            (31, Kind::RegSp, false) => self.f.write_str("wsp"),
            (31, _, true) => self.f.write_str("xzr"),
            (31, _, false) => self.f.write_str("wzr"),
            (_, _, wide) => self.named(if wide { "x" } else { "w" }, number),
        }
    }

    /// A register with the extension that `add` gives it.
    fn extended(&mut self, number: u32) -> fmt::Result {
        let word = self.word;
        let (is_x, amount) = (word >> 31 == 1, word >> 10 & 7);
        let extend = Extend::from_bits(word >> 13 & 7).unwrap_or(Extend::Uxtx);
        self.sized(number, is_x && extend.source() == Size::X, Kind::Reg)?;
        // Beside the stack pointer, the extension that takes the register whole is a plain shift.
        let sets_flags = word >> 29 & 1 == 1;
        let beside_sp = word >> 5 & 31 == 31 || (!sets_flags && word & 31 == 31);
        let plain = extend == if is_x { Extend::Uxtx } else { Extend::Uxtw };
        match (plain && beside_sp, amount) {
            (true, 0) => Ok(()),
            (true, _) => write!(self.f, ", lsl #{amount}"),
            (false, 0) => write!(self.f, ", {}", extend.name()),
            (false, _) => write!(self.f, ", {} #{amount}", extend.name()),
        }
    }

    /// An index register with its extension.
    fn index(&mut self, number: u32) -> fmt::Result {
        let extend = MemExtend::from_bits(self.word >> 13 & 7).unwrap_or(MemExtend::Lsl);
        self.sized(number, extend.source() == Size::X, Kind::Reg)?;
        let scale = if self.word >> 12 & 1 == 1 { IndexScale::Units } else { IndexScale::Bytes };
        match (extend, scale) {
            (MemExtend::Lsl, IndexScale::Bytes) => Ok(()),
            (extend, IndexScale::Bytes) => write!(self.f, ", {}", extend.name()),
            (extend, IndexScale::Units) => {
                write!(self.f, ", {} #{}", extend.name(), access_log2(self.word))
            }
        }
    }

    fn vector(&mut self, number: u32, view: View) -> fmt::Result {
        let word = self.word;
        match view {
            View::Element | View::From => {
                let log2 = (word >> 16 & 15).trailing_zeros().min(3);
                let index = if view == View::From { word >> 11 & 15 } else { word >> 17 & 15 };
                self.named("v", number)?;
                return write!(self.f, ".{}[{}]", letter(log2), index >> log2);
            }
            View::V => return self.named("v", number),
            _ => {}
        }
        let shape = fixed(view, word).unwrap_or_else(|| {
            Types::of(self.grammar).map_or("", |types| viewed(types.name(word), view))
        });
        match view {
            View::List | View::Table | View::ListB | View::ListH | View::ListS | View::ListD => {
                self.f.write_str("{ ")?;
                for i in 0..self.grammar.list_length(word) {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(self.f, "{comma}v{}.{shape}", (number + i) % 32)?;
                }
                self.f.write_str(" }")
            }
            _ if shape.len() == 1 => self.named(shape, number),
            _ => {
                self.named("v", number)?;
                self.f.write_str(".")?;
                self.f.write_str(shape)
            }
        }
    }

    /// A distance, or with the instruction's address the target's address.
    fn target(&mut self, distance: i64, unit: i64) -> fmt::Result {
        match self.address {
            None => self.number(distance),
            // Pages count from the page of the instruction.
            Some(address) => {
                let base = if unit == 4096 { address & !0xfff } else { address };
                write!(self.f, "{:#x}", base.wrapping_add_signed(distance))
            }
        }
    }

    fn offset(&mut self, row: &Row, view: View) -> fmt::Result {
        let (word, bits) = (self.word, row.layout.get(self.word));
        let bytes = match row.kind {
            Kind::Signed { bits: width, unit } => signed(bits, width) * unit,
            Kind::Scaled => i64::from(bits) << access_log2(word),
            _ => PairOffset::from_bits(bits)
                .map_or(0, |offset| offset.bytes(pair_access(word)).into()),
        };
        match (view, bytes) {
            (View::Optional, 0) => Ok(()),
            (View::Optional, _) => {
                self.f.write_str(", ")?;
                self.number(bytes)
            }
            _ => self.number(bytes),
        }
    }

    fn immediate(&mut self, kind: Kind, bits: u32, view: View) -> fmt::Result {
        match kind {
            Kind::Arith => {
                let imm = ArithImm::from_bits(bits).unwrap_or(ArithImm::ZERO);
                self.number(imm.imm12().into())?;
                self.f.write_str(if imm.is_shifted() { ", lsl #12" } else { "" })
            }
            Kind::Mask => match (LogicalImm::from_bits(bits), view) {
                (Some(imm), View::Signed) => self.number(with_sign(imm.value(), imm.size())),
                (Some(imm), _) => write!(self.f, "#{:#x}", imm.value()),
                (None, _) => Ok(()),
            },
            Kind::Move => match (MoveImm::from_bits(bits), view) {
                (Some(imm), View::Signed) => self.number(with_sign(imm.value(), imm.size())),
                (Some(imm), View::Inverse) => {
                    self.number(with_sign(imm.size().truncate(!imm.value()), imm.size()))
                }
                (Some(imm), _) => {
                    self.number(imm.imm16().into())?;
                    if imm.shift() != 0 { write!(self.f, ", lsl #{}", imm.shift()) } else { Ok(()) }
                }
                (None, _) => Ok(()),
            },
            _ => match BitfieldImm::from_bits(bits) {
                Some(bits) => self.bit_field(bits, view),
                None => Ok(()),
            },
        }
    }

    fn bit_field(&mut self, bits: BitfieldImm, view: View) -> fmt::Result {
        let (width, immr, imms) = (bits.size().bits(), bits.immr(), bits.imms());
        match view {
            View::Lsl => write!(self.f, "#{}", width - 1 - imms),
            View::Right => write!(self.f, "#{immr}"),
            View::Insert => write!(self.f, "#{}, #{}", (width - immr) % width, imms + 1),
            View::Extract => write!(self.f, "#{immr}, #{}", (imms + 1).wrapping_sub(immr)),
            _ => write!(self.f, "#{immr}, #{imms}"),
        }
    }

    fn barrier(&mut self, bits: u32) -> fmt::Result {
        let option = crate::BarrierOption::from_bits(bits);
        match (self.word >> 5 & 7, option.and_then(crate::BarrierOption::name)) {
            (0b100 | 0b101, Some(name)) => self.f.write_str(name),
            (0b010, _) => self.number(bits.into()),
            _ => write!(self.f, "#{bits}"),
        }
    }
}

/// Operations of `rprfm` with a name.
pub(crate) const RANGE_OPS: [(u32, &str); 4] =
    [(0, "pldkeep"), (1, "pstkeep"), (4, "pldstrm"), (5, "pststrm")];

/// The numbers of an operation of `sys`: `op1`, `CRn`, `CRm`, `op2`.
fn sys_numbers(op: SysOperand) -> [u16; 4] {
    let bits = op.value();
    [bits >> 11 & 7, bits >> 7 & 15, bits >> 3 & 15, bits & 7]
}

/// The width of one register of a pair.
pub(crate) fn pair_access(word: u32) -> AccessSize {
    let is_vector = word >> 26 & 1 == 1;
    match (is_vector, word >> 30) {
        (false, 2..) | (true, 1) => AccessSize::B8,
        (false, _) | (true, 0) => AccessSize::B4,
        (true, _) => AccessSize::B16,
    }
}

/// The number that `width` bits are.
fn signed(bits: u32, width: u32) -> i64 {
    i64::from((bits << (32 - width)) as i32 >> (32 - width))
}

/// The value with the sign that its width gives it.
fn with_sign(value: u64, size: Size) -> i64 {
    match size {
        Size::W => i64::from(value as u32 as i32),
        Size::X => value as i64,
    }
}
