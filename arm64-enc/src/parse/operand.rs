//! One operand by the kind of its field: names, numbers and what needs no file of its own.

use super::error::Expected;
use super::{Misfit, Parser};
use crate::field::{Field, Row};
use crate::text::{Kind, RANGE_OPS, View};
use crate::{BarrierOption, Prefetch, SysReg};

impl Parser<'_> {
    /// Reads the operand, or notes what is expected and leaves the cursor at what does not fit.
    pub(super) fn operand(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        self.place = self.cursor.at;
        let read = match row.kind {
            Kind::Reg | Kind::RegSp | Kind::RegPair => self.register(row, view),
            Kind::VReg => self.vector(row, view),
            Kind::Element(bits, lane) => self.register_and_lane(row, bits, lane),
            Kind::Shape if view == View::Bits => {
                self.resolve()?;
                let width = 8 << (row.layout.get(self.word) >> 1);
                self.integer(width, width, 1).map(|_| ())
            }
            Kind::Name | Kind::Count | Kind::Cond | Kind::Width | Kind::Shape => {
                self.name(row, view)
            }
            Kind::Prefetch | Kind::RangePrefetch | Kind::Barrier | Kind::SysReg => {
                self.system_name(row)
            }
            Kind::SysOp => self.sys_numbers(row),
            Kind::Post => self.post(row),
            _ => self.immediate(row, view),
        };
        if read.is_err() {
            self.cursor.at = self.place;
        }
        read
    }

    /// Notes what is expected next: if something else follows, it is what does not fit.
    pub(super) fn want(&mut self, expected: Expected) {
        self.cursor.blanks();
        self.expected = expected;
        self.place = self.cursor.at;
    }

    /// Sets the bits of a field.
    pub(super) fn set(&mut self, row: &Row, bits: u32) -> Result<(), Misfit> {
        self.put(row.layout.mask, row.layout.put(bits))
    }

    /// A whole number in a range.
    pub(super) fn integer(&mut self, min: i64, max: i64, unit: i64) -> Result<i64, Misfit> {
        self.want(Expected::Range { min, max, unit });
        let value = self.cursor.number().and_then(|value| i64::try_from(value).ok());
        value.filter(|value| (min..=max).contains(value) && value % unit == 0).ok_or(Misfit)
    }

    fn name(&mut self, row: &Row, view: View) -> Result<(), Misfit> {
        self.want(Expected::Kind(match row.kind {
            Kind::Cond if view == View::Inverse => "a condition but al and nv",
            Kind::Cond => "a condition: eq ne hs lo mi pl vs vc hi ls ge lt gt le al nv",
            _ => "a name",
        }));
        let word = self.cursor.word();
        let found = row.names.iter().find(|(_, name)| word.is(name)).ok_or(Misfit)?;
        let bits = match view {
            View::Inverse if found.0 >= 14 => return Err(Misfit),
            View::Inverse => found.0 ^ 1,
            _ => found.0,
        };
        self.set(row, bits)
    }

    /// A name of a table that is not the type's, or a number.
    fn system_name(&mut self, row: &Row) -> Result<(), Misfit> {
        let from = self.cursor;
        let word = self.cursor.word();
        let word = word.as_str();
        let bits = match row.kind {
            Kind::Prefetch => {
                self.expected =
                    Expected::Kind("a prefetch operation such as pldl1keep, or its number");
                prefetch(word)
            }
            Kind::RangePrefetch => {
                self.expected = Expected::Kind("pldkeep, pldstrm, pstkeep, pststrm or a number");
                RANGE_OPS.iter().find(|(_, name)| *name == word).map(|(bits, _)| *bits)
            }
            Kind::Barrier => {
                self.expected =
                    Expected::Kind("a barrier option such as ish, or a number from 0 to 15");
                let options = (0..16).filter_map(BarrierOption::new);
                let mut named = options.filter(|option| option.name() == Some(word));
                // `clrex` has only numbers.
                named.next().map(Field::bits).filter(|_| self.word >> 5 & 7 != 0b010)
            }
            _ => {
                self.expected = Expected::Kind("a system register by name or as s3_0_c0_c0_0");
                return self.set(row, system_register(word).ok_or(Misfit)?.bits());
            }
        };
        let bits = match bits {
            Some(bits) => bits,
            None => {
                self.cursor = from;
                let number = self.cursor.number().and_then(|number| u32::try_from(number).ok());
                number.filter(|number| *number < 1 << row.layout.width()).ok_or(Misfit)?
            }
        };
        self.set(row, bits)
    }

    /// `#op1, cN, cM, #op2`
    fn sys_numbers(&mut self, row: &Row) -> Result<(), Misfit> {
        let op1 = self.integer(0, 7, 1)? as u32;
        let mut numbers = [0; 2];
        for number in &mut numbers {
            self.literal(", ")?;
            self.want(Expected::Kind("c0 to c15"));
            let word = self.cursor.word();
            let digits = word.as_str().strip_prefix('c').filter(|digits| !digits.starts_with('+'));
            let value = digits.and_then(|digits| digits.parse().ok()).filter(|value| *value < 16);
            *number = value.ok_or(Misfit)?;
        }
        self.literal(", ")?;
        let op2 = self.integer(0, 7, 1)? as u32;
        let [crn, crm] = numbers;
        self.set(row, op1 << 11 | crn << 7 | crm << 3 | op2)
    }
}

fn prefetch(word: &str) -> Option<u32> {
    (0..24u64).filter_map(Prefetch::new).find_map(|op| {
        let [kind, level, policy] = op.name()?;
        let rest = word.strip_prefix(kind)?.strip_prefix(level)?;
        (rest == policy).then(|| op.bits())
    })
}

/// `s3_3_c4_c2_0` or a name.
fn system_register(name: &str) -> Option<SysReg> {
    if let Some(reg) = SysReg::from_name(name) {
        return Some(reg);
    }
    let mut parts = name.strip_prefix('s')?.split('_');
    let mut next = |prefix: &str| {
        let digits = parts.next()?.strip_prefix(prefix)?;
        digits.parse().ok().filter(|_| !digits.starts_with('+'))
    };
    let reg = SysReg::new(next("")?, next("")?, next("c")?, next("c")?, next("")?);
    parts.next().is_none().then_some(reg?)
}
