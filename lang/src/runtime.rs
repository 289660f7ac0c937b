//! The functions that compiled programs call on the host: those that print, their signatures, and the pure functions
//! that turn a value and a format into text exactly as Rust's `format!` does.
//!
//! `println!("{x:>8.3}!")` becomes a call of `print.f64` and one of `print.str`. Each takes a *style* (see [`Style`]),
//! a width and a precision. The host registers one function for each [`HostFunction`] and calls [`format_int`] and
//! its siblings to make the text.

use std::fmt::Write;

use ir::{Signature, Type};

/// A function that compiled programs may call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostFunction {
    /// `print.str(address, length, style, width, precision)`: UTF-8 text.
    PrintStr,
    /// `print.int(bits, style, width, precision)`: an integer, `bool` or `char`, extended to 64 bits by its sign.
    PrintInt,
    /// `print.int128(low, high, style, width, precision)`: an integer of 128 bits by its halves.
    PrintInt128,
    /// `print.f32(value, style, width, precision)`.
    PrintF32,
    /// `print.f64(value, style, width, precision)`.
    PrintF64,
    /// `math.fmod(a, b) -> f64`: Rust's `a % b`, which is exact.
    Fmod,
}

impl HostFunction {
    /// All of them.
    pub const ALL: [HostFunction; 6] = [
        HostFunction::PrintStr,
        HostFunction::PrintInt,
        HostFunction::PrintInt128,
        HostFunction::PrintF32,
        HostFunction::PrintF64,
        HostFunction::Fmod,
    ];

    /// Its name in `Module::externs`. The dot keeps it apart from every Rust identifier.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            HostFunction::PrintStr => "print.str",
            HostFunction::PrintInt => "print.int",
            HostFunction::PrintInt128 => "print.int128",
            HostFunction::PrintF32 => "print.f32",
            HostFunction::PrintF64 => "print.f64",
            HostFunction::Fmod => "math.fmod",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// The types of its arguments and results.
    #[must_use]
    pub fn signature(self) -> Signature {
        use Type::{F32, F64, I64};
        match self {
            HostFunction::PrintStr => Signature::new(&[I64, I64, I64, I64, I64], &[]),
            HostFunction::PrintInt => Signature::new(&[I64, I64, I64, I64], &[]),
            HostFunction::PrintInt128 => Signature::new(&[I64, I64, I64, I64, I64], &[]),
            HostFunction::PrintF32 => Signature::new(&[F32, I64, I64, I64], &[]),
            HostFunction::PrintF64 => Signature::new(&[F64, I64, I64, I64], &[]),
            HostFunction::Fmod => Signature::new(&[F64, F64], &[F64]),
        }
    }
}

/// The stream that printed text goes to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Stream {
    /// Standard output: `print!`.
    #[default]
    Out,
    /// Standard error: `eprint!`, and the message of a panic.
    Err,
}

/// One of Rust's formatting traits: the last part of `{:x}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Conversion {
    /// `{}`
    #[default]
    Display,
    /// `{:?}`
    Debug,
    /// `{:x}`
    LowerHex,
    /// `{:X}`
    UpperHex,
    /// `{:b}`
    Binary,
    /// `{:o}`
    Octal,
    /// `{:e}`
    LowerExp,
    /// `{:E}`
    UpperExp,
    /// `{:x?}`: as `{:?}`, with integers in hexadecimal.
    DebugLowerHex,
    /// `{:X?}`
    DebugUpperHex,
}

impl Conversion {
    /// Returns `true` if it is one of the trait `Debug`.
    #[must_use]
    pub const fn is_debug(self) -> bool {
        matches!(self, Self::Debug | Self::DebugLowerHex | Self::DebugUpperHex)
    }
}

const CONVERSIONS: [Conversion; 10] = [
    Conversion::Display,
    Conversion::Debug,
    Conversion::LowerHex,
    Conversion::UpperHex,
    Conversion::Binary,
    Conversion::Octal,
    Conversion::LowerExp,
    Conversion::UpperExp,
    Conversion::DebugLowerHex,
    Conversion::DebugUpperHex,
];

/// The source type of an integer argument of `print.int`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[allow(missing_docs)] // each is the Rust type of its name
pub enum IntKind {
    #[default]
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
    Char,
    I128,
    U128,
}

const INT_KINDS: [IntKind; 12] = [
    IntKind::I8,
    IntKind::I16,
    IntKind::I32,
    IntKind::I64,
    IntKind::U8,
    IntKind::U16,
    IntKind::U32,
    IntKind::U64,
    IntKind::Bool,
    IntKind::Char,
    IntKind::I128,
    IntKind::U128,
];

/// `<`, `^` or `>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Align {
    Left,
    Center,
    Right,
}

const ALIGNS: [Option<Align>; 4] =
    [None, Some(Align::Left), Some(Align::Center), Some(Align::Right)];

/// Everything about a format but its width and precision. It travels through compiled code as one `i64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Style {
    /// The stream that the text goes to.
    pub stream: Stream,
    /// The formatting trait.
    pub conversion: Conversion,
    /// The type of an integer argument.
    pub kind: IntKind,
    /// The alignment, if it is stated.
    pub align: Option<Align>,
    /// The character that fills up to the width.
    pub fill: char,
    /// `+`
    pub plus: bool,
    /// `#`
    pub alternate: bool,
    /// `0`
    pub zero: bool,
    /// `true` if the precision counts.
    pub has_precision: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            stream: Stream::Out,
            conversion: Conversion::Display,
            kind: IntKind::I8,
            align: None,
            fill: ' ',
            plus: false,
            alternate: false,
            zero: false,
            has_precision: false,
        }
    }
}

// Bits of the packed form: conversion, kind, align, five flags, fill.
const KIND_SHIFT: u32 = 4;
const ALIGN_SHIFT: u32 = 8;
const FLAG_SHIFT: u32 = 10;
const FILL_SHIFT: u32 = 16;

impl Style {
    /// As compiled code passes it.
    #[must_use]
    pub fn pack(self) -> i64 {
        let align = ALIGNS.iter().position(|&a| a == self.align).unwrap_or(0);
        let flags =
            [self.stream == Stream::Err, self.plus, self.alternate, self.zero, self.has_precision];
        let flags = flags.iter().enumerate().map(|(i, &on)| i64::from(on) << i).sum::<i64>();
        self.conversion as i64
            | (self.kind as i64) << KIND_SHIFT
            | (align as i64) << ALIGN_SHIFT
            | flags << FLAG_SHIFT
            | i64::from(u32::from(self.fill)) << FILL_SHIFT
    }

    /// The reverse of [`pack`](Self::pack). Bits that it never makes are read as the default.
    #[must_use]
    pub fn unpack(bits: i64) -> Self {
        let field = |shift: u32, width: u32| (bits >> shift) as usize & ((1 << width) - 1);
        let flag = |i: u32| field(FLAG_SHIFT + i, 1) == 1;
        Self {
            stream: if flag(0) { Stream::Err } else { Stream::Out },
            conversion: CONVERSIONS.get(field(0, 4)).copied().unwrap_or_default(),
            kind: INT_KINDS.get(field(KIND_SHIFT, 4)).copied().unwrap_or_default(),
            align: ALIGNS[field(ALIGN_SHIFT, 2)],
            fill: u32::try_from(bits >> FILL_SHIFT).ok().and_then(char::from_u32).unwrap_or(' '),
            plus: flag(1),
            alternate: flag(2),
            zero: flag(3),
            has_precision: flag(4),
        }
    }
}

/// Formats with Rust's own machinery; `$conv` is the last part of the placeholder. Zeros up to a width of 0 are none.
macro_rules! with_flags {
    ($value:expr, $style:expr, $width:expr, $precision:expr, $conv:literal) => {{
        let (value, precision) = ($value, $precision);
        let zeros = if $style.zero { $width } else { 0 };
        match ($style.plus, $style.alternate, $style.has_precision) {
            (false, false, false) => format!(concat!("{:01$", $conv, "}"), value, zeros),
            (false, false, true) => {
                format!(concat!("{:01$.2$", $conv, "}"), value, zeros, precision)
            }
            (false, true, false) => format!(concat!("{:#01$", $conv, "}"), value, zeros),
            (false, true, true) => {
                format!(concat!("{:#01$.2$", $conv, "}"), value, zeros, precision)
            }
            (true, false, false) => format!(concat!("{:+01$", $conv, "}"), value, zeros),
            (true, false, true) => {
                format!(concat!("{:+01$.2$", $conv, "}"), value, zeros, precision)
            }
            (true, true, false) => format!(concat!("{:+#01$", $conv, "}"), value, zeros),
            (true, true, true) => {
                format!(concat!("{:+#01$.2$", $conv, "}"), value, zeros, precision)
            }
        }
    }};
}

macro_rules! float_text {
    ($value:expr, $style:expr, $width:expr, $precision:expr) => {
        match $style.conversion {
            conversion if conversion.is_debug() => {
                with_flags!($value, $style, $width, $precision, "?")
            }
            Conversion::LowerExp => with_flags!($value, $style, $width, $precision, "e"),
            Conversion::UpperExp => with_flags!($value, $style, $width, $precision, "E"),
            _ => with_flags!($value, $style, $width, $precision, ""),
        }
    };
}

macro_rules! int_text {
    ($value:expr, $style:expr, $width:expr, $precision:expr) => {
        match $style.conversion {
            Conversion::LowerHex => with_flags!($value, $style, $width, $precision, "x"),
            Conversion::UpperHex => with_flags!($value, $style, $width, $precision, "X"),
            Conversion::Binary => with_flags!($value, $style, $width, $precision, "b"),
            Conversion::Octal => with_flags!($value, $style, $width, $precision, "o"),
            Conversion::DebugLowerHex => with_flags!($value, $style, $width, $precision, "x?"),
            Conversion::DebugUpperHex => with_flags!($value, $style, $width, $precision, "X?"),
            _ => float_text!($value, $style, $width, $precision),
        }
    };
}

/// The text of an integer, `bool` or `char` (by `style.kind`; only the low bits of that type count).
#[must_use]
pub fn format_int(bits: i64, style: i64, width: i64, precision: i64) -> String {
    let style = Style::unpack(style);
    let (width, precision) = sizes(width, precision);
    let core = match style.kind {
        IntKind::I8 => int_text!(bits as i8, style, width, precision),
        IntKind::I16 => int_text!(bits as i16, style, width, precision),
        IntKind::I32 => int_text!(bits as i32, style, width, precision),
        IntKind::I64 => int_text!(bits, style, width, precision),
        IntKind::U8 => int_text!(bits as u8, style, width, precision),
        IntKind::U16 => int_text!(bits as u16, style, width, precision),
        IntKind::U32 => int_text!(bits as u32, style, width, precision),
        IntKind::U64 => int_text!(bits as u64, style, width, precision),
        IntKind::I128 => int_text!(i128::from(bits), style, width, precision),
        IntKind::U128 => int_text!(i128::from(bits) as u128, style, width, precision),
        IntKind::Bool => {
            return text(if bits & 1 == 1 { "true" } else { "false" }, style, width, precision);
        }
        IntKind::Char => {
            let c = char::from_u32(bits as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
            return match style.conversion {
                conversion if conversion.is_debug() => format!("{c:?}"),
                _ => text(c.encode_utf8(&mut [0; 4]), style, width, precision),
            };
        }
    };
    pad(core, style, width, Align::Right)
}

/// The text of an `i128` or `u128` (by `style.kind`).
#[must_use]
pub fn format_int128(low: i64, high: i64, style: i64, width: i64, precision: i64) -> String {
    let style = Style::unpack(style);
    let (width, precision) = sizes(width, precision);
    let bits = (high as u128) << 64 | u128::from(low as u64);
    let core = match style.kind {
        IntKind::I128 => int_text!(bits as i128, style, width, precision),
        _ => int_text!(bits, style, width, precision),
    };
    pad(core, style, width, Align::Right)
}

/// The text of an `f32`.
#[must_use]
pub fn format_f32(value: f32, style: i64, width: i64, precision: i64) -> String {
    let style = Style::unpack(style);
    let (width, precision) = sizes(width, precision);
    pad(float_text!(value, style, width, precision), style, width, Align::Right)
}

/// The text of an `f64`.
#[must_use]
pub fn format_f64(value: f64, style: i64, width: i64, precision: i64) -> String {
    let style = Style::unpack(style);
    let (width, precision) = sizes(width, precision);
    pad(float_text!(value, style, width, precision), style, width, Align::Right)
}

/// The text of a `str`.
#[must_use]
pub fn format_str(value: &str, style: i64, width: i64, precision: i64) -> String {
    let style = Style::unpack(style);
    let (width, precision) = sizes(width, precision);
    match style.conversion {
        conversion if conversion.is_debug() => format!("{value:?}"),
        _ => text(value, style, width, precision),
    }
}

/// Rust's `a % b`.
#[must_use]
pub fn fmod(a: f64, b: f64) -> f64 {
    a % b
}

/// Rust's limit for a width or precision, above which it panics.
pub const MAX_SIZE: u16 = u16::MAX;

fn sizes(width: i64, precision: i64) -> (usize, usize) {
    let clamp = |n: i64| n.clamp(0, i64::from(MAX_SIZE)) as usize;
    (clamp(width), clamp(precision))
}

fn text(value: &str, style: Style, width: usize, precision: usize) -> String {
    let shown = if style.has_precision {
        value.chars().take(precision).collect()
    } else {
        value.to_owned()
    };
    // Text has no sign to pad after: the flag `0` does nothing to it.
    pad(shown, Style { zero: false, ..style }, width, Align::Left)
}

fn pad(core: String, style: Style, width: usize, default: Align) -> String {
    let missing = width.saturating_sub(core.chars().count());
    if missing == 0 {
        return core;
    }
    // With the flag `0` the core is as wide as it should be already, but for infinities and NaN.
    let (align, fill) =
        if style.zero { (Align::Right, ' ') } else { (style.align.unwrap_or(default), style.fill) };
    let before = match align {
        Align::Left => 0,
        Align::Center => missing / 2,
        Align::Right => missing,
    };
    let mut out = String::with_capacity(core.len() + missing);
    (0..before).for_each(|_| out.push(fill));
    // Writing to a string cannot fail.
    let _ = out.write_str(&core);
    (before..missing).for_each(|_| out.push(fill));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_survive_packing() {
        for conversion in CONVERSIONS {
            for kind in INT_KINDS {
                for align in ALIGNS {
                    for bits in 0..32 {
                        let on = |i: u32| bits >> i & 1 == 1;
                        let style = Style {
                            stream: if on(0) { Stream::Err } else { Stream::Out },
                            conversion,
                            kind,
                            align,
                            fill: if on(1) { '\u{10FFFF}' } else { '*' },
                            plus: on(1),
                            alternate: on(2),
                            zero: on(3),
                            has_precision: on(4),
                        };
                        assert_eq!(Style::unpack(style.pack()), style);
                    }
                }
            }
        }
    }

    #[test]
    fn any_bits_are_a_style() {
        for bits in [i64::MIN, i64::MAX, -1, 0, 0xffff] {
            let _ = format_int(-1, bits & !(i64::MAX << 16), i64::MAX, i64::MIN).len();
            let _ = Style::unpack(bits);
        }
    }

    #[test]
    fn text_is_what_rust_prints() {
        let plain = Style::default();
        let int =
            |kind, style: Style, width| format_int(-5, Style { kind, ..style }.pack(), width, 0);
        assert_eq!(int(IntKind::I32, plain, 0), format!("{}", -5));
        assert_eq!(int(IntKind::I32, plain, 6), format!("{:6}", -5));
        assert_eq!(int(IntKind::I32, Style { zero: true, ..plain }, 6), format!("{:06}", -5));
        let hex = Style { conversion: Conversion::LowerHex, alternate: true, zero: true, ..plain };
        assert_eq!(int(IntKind::I8, hex, 10), format!("{:#010x}", -5i8));
        let star = Style { align: Some(Align::Center), fill: '*', ..plain };
        assert_eq!(int(IntKind::U8, star, 8), format!("{:*^8}", -5i8 as u8));
        assert_eq!(
            int(IntKind::U8, Style { plus: true, ..plain }, 8),
            format!("{:+8}", -5i8 as u8)
        );

        let precise = Style { has_precision: true, ..plain };
        for value in [0.0, -0.0, 1.5, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1, 2.5] {
            let style = |s: Style, w, p| format_f64(value, s.pack(), w, p);
            assert_eq!(style(plain, 0, 0), format!("{value}"));
            assert_eq!(style(precise, 12, 3), format!("{value:12.3}"));
            assert_eq!(style(Style { zero: true, ..precise }, 12, 3), format!("{value:012.3}"));
            assert_eq!(style(Style { plus: true, ..precise }, 0, 1), format!("{value:+.1}"));
            assert_eq!(
                style(Style { align: Some(Align::Left), ..plain }, 9, 0),
                format!("{value:<9}")
            );
            assert_eq!(
                style(Style { conversion: Conversion::Debug, ..plain }, 0, 0),
                format!("{value:?}")
            );
            assert_eq!(
                style(Style { conversion: Conversion::LowerExp, ..plain }, 0, 0),
                format!("{value:e}")
            );
            assert_eq!(format_f32(value as f32, plain.pack(), 9, 0), format!("{:9}", value as f32));
        }
        for wide in [i128::MIN, -1, 0, 5, i128::MAX] {
            let text = |kind, style: Style, width| {
                let style = Style { kind, ..style }.pack();
                format_int128(wide as i64, (wide >> 64) as i64, style, width, 0)
            };
            assert_eq!(text(IntKind::I128, plain, 50), format!("{wide:50}"));
            assert_eq!(text(IntKind::U128, plain, 0), format!("{}", wide as u128));
            assert_eq!(text(IntKind::U128, hex, 40), format!("{:#040x}", wide as u128));
        }
        assert_eq!(format_str("häß", precise.pack(), 5, 2), format!("{:5.2}", "häß"));
        assert_eq!(
            format_str("a\"", Style { conversion: Conversion::Debug, ..plain }.pack(), 9, 0),
            format!("{:9?}", "a\"")
        );
        assert_eq!(int(IntKind::Bool, plain, 7), format!("{:7}", true));
    }
}
