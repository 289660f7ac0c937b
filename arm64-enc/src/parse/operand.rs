//! Operands as text has them.

use crate::{Cond, Extend, Reg, RegSp, ShiftKind, Size, VReg};

/// One operand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand<'a> {
    /// `x3`, `w3`, `xzr`, `sp`.
    Gp(Gp),
    /// `d3` and the other scalars, by their letter.
    Fp(char, VReg),
    /// `#5`, `5`.
    Number(i128),
    /// `#1.5`
    Float(f64),
    /// `lsl #3`, `uxtw`, `sxtx #2`.
    Modifier(&'a str, Option<u32>),
    /// `[…]` or `[…]!`.
    Address { base: RegSp, offset: Offset<'a>, pre: bool },
    /// Any other word: a condition, the name of a register or operation; also vectors and lists.
    Word(&'a str),
}

/// What is added to the base of an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Offset<'a> {
    None,
    Number(i64),
    Register(Gp, Option<(&'a str, Option<u32>)>),
}

/// A general-purpose register with its width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gp {
    number: u8,
    pub(super) size: Size,
    stack: bool,
}

impl Gp {
    fn parse(text: &str) -> Option<Gp> {
        let plain = |number, size| Some(Gp { number, size, stack: false });
        match text {
            "sp" => return Some(Gp { number: 31, size: Size::X, stack: true }),
            "wsp" => return Some(Gp { number: 31, size: Size::W, stack: true }),
            "xzr" => return plain(31, Size::X),
            "wzr" => return plain(31, Size::W),
            "fp" => return plain(29, Size::X),
            "lr" => return plain(30, Size::X),
            _ => {}
        }
        let size = match text.chars().next()? {
            'x' => Size::X,
            'w' => Size::W,
            _ => return None,
        };
        plain(register_number(text.get(1..)?, 31)?, size)
    }

    /// As an operand in which number 31 is the zero register.
    pub(super) fn zr(self) -> Option<Reg> {
        if self.stack { None } else { Reg::new(self.number) }
    }

    /// As an operand in which number 31 is the stack pointer.
    pub(super) fn sp(self) -> Option<RegSp> {
        if self.number == 31 && !self.stack { None } else { RegSp::new(self.number) }
    }

    pub(super) fn is_sp(self) -> bool {
        self.stack
    }
}

/// A decimal number below the limit, without sign or leading zeros.
fn register_number(text: &str, limit: u8) -> Option<u8> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|&number| plain && number < limit)
}

/// Splits at the commas outside of brackets and braces.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut depth = 0u32;
        let end = rest.find(|c| {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        });
        let (first, after) = match end {
            Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
            None => (rest, ""),
        };
        rest = after.trim();
        Some(first.trim())
    })
}

/// `#5`, `5`, `#-0x5`, `+16`.
pub(super) fn number(text: &str) -> Option<i128> {
    let text = text.strip_prefix('#').unwrap_or(text);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let value = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative { -i128::from(value) } else { i128::from(value) })
}

/// `lsl #3`, `uxtw`.
fn modifier(text: &str) -> Option<(&str, Option<u32>)> {
    let (name, amount) = match text.split_once(|c: char| c.is_whitespace() || c == '#') {
        Some((name, amount)) => (name, Some(u32::try_from(number(amount.trim())?).ok()?)),
        None => (text, None),
    };
    let known = ShiftKind::ALL.iter().any(|kind| kind.name() == name)
        || Extend::ALL.iter().any(|extend| extend.name() == name)
        || name == "msl";
    known.then_some((name, amount))
}

fn address<'a>(text: &'a str, pre: bool) -> Option<Operand<'a>> {
    let mut parts = split(text.strip_prefix('[')?.strip_suffix(']')?);
    let base = Gp::parse(parts.next()?).filter(|base| base.size == Size::X)?.sp()?;
    let offset = match (parts.next(), parts.next()) {
        (None, _) => Offset::None,
        (Some(text), None) => match Gp::parse(text) {
            Some(index) => Offset::Register(index, None),
            None => Offset::Number(i64::try_from(number(text)?).ok()?),
        },
        (Some(index), Some(how)) => Offset::Register(Gp::parse(index)?, Some(modifier(how)?)),
    };
    parts.next().is_none().then_some(Operand::Address { base, offset, pre })
}

impl<'a> Operand<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Operand<'a>> {
        if let Some(inner) = text.strip_suffix('!') {
            return address(inner.trim_end(), true);
        }
        if text.starts_with('[') {
            return address(text, false);
        }
        if let Some(gp) = Gp::parse(text) {
            return Some(Operand::Gp(gp));
        }
        if let Some(letter @ ('b' | 'h' | 's' | 'd' | 'q')) = text.chars().next()
            && let Some(reg) =
                text.get(1..).and_then(|number| register_number(number, 32)).and_then(VReg::new)
        {
            return Some(Operand::Fp(letter, reg));
        }
        if let Some(value) = number(text) {
            return Some(Operand::Number(value));
        }
        if let Some((name, amount)) = modifier(text) {
            return Some(Operand::Modifier(name, amount));
        }
        let digits = text.strip_prefix('#').unwrap_or(text);
        if text.contains('.')
            && digits.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && let Ok(value) = digits.parse()
        {
            return Some(Operand::Float(value));
        }
        let word = |c: char| c.is_ascii_alphanumeric() || "._{}[], -".contains(c);
        (!text.is_empty() && text.chars().all(word)).then_some(Operand::Word(text))
    }
}

/// A condition by any of its names.
pub(super) fn cond(name: &str) -> Option<Cond> {
    match name {
        "cs" => Some(Cond::Hs),
        "cc" => Some(Cond::Lo),
        _ => super::named(Cond::ALL, name, Cond::name),
    }
}
