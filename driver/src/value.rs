//! Values at the border of compiled code: dynamic ([`Value`]) and typed ([`Scalar`], [`Args`], [`Results`]).

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Range;

use ir::eval::wide;
use ir::{AbiParam, Extend, Signature, SliceParam, Type};

/// A value with its type, for calls whose signature is only known at run time.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(missing_docs)] // each is the type of its name
pub enum Value {
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    F32(f32),
    F64(f64),
}

impl Value {
    /// Its type.
    #[must_use]
    pub fn ty(self) -> Type {
        match self {
            Value::I8(_) => Type::I8,
            Value::I16(_) => Type::I16,
            Value::I32(_) => Type::I32,
            Value::I64(_) => Type::I64,
            Value::I128(_) => Type::I128,
            Value::F32(_) => Type::F32,
            Value::F64(_) => Type::F64,
        }
    }

    /// Its bits; those above its type are zero.
    #[must_use]
    pub fn bits(self) -> u128 {
        match self {
            Value::I8(x) => (x as u8).into(),
            Value::I16(x) => (x as u16).into(),
            Value::I32(x) => (x as u32).into(),
            Value::I64(x) => (x as u64).into(),
            Value::I128(x) => x as u128,
            Value::F32(x) => x.to_bits().into(),
            Value::F64(x) => x.to_bits().into(),
        }
    }

    /// Its words, as a call passes them.
    #[must_use]
    pub fn to_words(self) -> Words {
        let (low, high) = wide::split(self.bits());
        [low, high]
    }

    /// The value of type `ty` with these words; bits above the type do not matter.
    #[must_use]
    pub fn from_words(ty: Type, [low, high]: Words) -> Self {
        match ty {
            Type::I8 => Value::I8(low as i8),
            Type::I16 => Value::I16(low as i16),
            Type::I32 => Value::I32(low as i32),
            Type::I64 => Value::I64(low as i64),
            Type::I128 => Value::I128(wide::concat(low, high) as i128),
            Type::F32 => Value::F32(f32::from_bits(low as u32)),
            Type::F64 => Value::F64(f64::from_bits(low)),
        }
    }

    /// The value of type `ty` whose words come next: two of an `i128`, the low one first, one of the others. `None` if there
    /// are too few.
    #[must_use]
    pub fn from_bits(ty: Type, bits: &mut impl Iterator<Item = u64>) -> Option<Self> {
        let low = bits.next()?;
        let high = if ty == Type::I128 { bits.next()? } else { 0 };
        Some(Self::from_words(ty, [low, high]))
    }

    /// Reads a value of type `ty`: an integer (decimal or `0x…`, signed or unsigned, `true` or `false`), or a float as
    /// the text form of the IR has it (`1.5`, `0x1.8p0`, `inf`, `nan`, `nan:0x…` by its bits) or without a point.
    #[must_use]
    pub fn parse(ty: Type, text: &str) -> Option<Self> {
        let text = text.trim();
        if ty.is_float() {
            let spelled = text.trim_start_matches('-');
            // As people write them on a command line.
            let exact = if spelled.bytes().all(|b| b.is_ascii_digit()) && !spelled.is_empty() {
                format!("{text}.0")
            } else {
                text.to_owned()
            };
            let bits = ir::parse::constant(ty, &exact).ok()?;
            return Some(Value::from_words(ty, [bits, 0]));
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let magnitude = match digits {
            "true" if !negative => 1,
            "false" if !negative => 0,
            _ => match digits.strip_prefix("0x") {
                Some(hex) => u128::from_str_radix(hex, 16).ok()?,
                None => digits.replace('_', "").parse::<u128>().ok()?,
            },
        };
        let half = 1u128 << (ty.bits() - 1);
        let fits = if negative { magnitude <= half } else { magnitude <= half - 1 + half };
        let (low, high) = wide::split(if negative { magnitude.wrapping_neg() } else { magnitude });
        fits.then(|| Value::from_words(ty, [low, high]))
    }
}

/// Integers as signed; floats so that they read back the same, a NaN with its bits.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::I8(x) => x.fmt(f),
            Value::I16(x) => x.fmt(f),
            Value::I32(x) => x.fmt(f),
            Value::I64(x) => x.fmt(f),
            Value::I128(x) => x.fmt(f),
            Value::F32(x) if x.is_nan() => write!(f, "nan:{:#x}", x.to_bits()),
            Value::F32(x) => write!(f, "{x:?}"),
            Value::F64(x) if x.is_nan() => write!(f, "nan:{:#x}", x.to_bits()),
            Value::F64(x) => write!(f, "{x:?}"),
        }
    }
}

mod sealed {
    /// Only this crate says what a scalar is: machine code hands its bits to Rust as they are.
    pub trait Sealed {}
    /// The same for all values.
    pub trait Typed {}
    /// The elements of slices: types without padding for which all bits are good.
    pub trait Element {}
    /// The type of one argument.
    pub trait Arg {}
    /// Only this crate says what arguments and results are: machine code reads and writes as many words as there are types.
    pub trait Tuple {}
}

/// A Rust type that a register holds.
pub trait Scalar: sealed::Sealed + Copy + Send + 'static {
    /// Its type in the IR.
    const TYPE: Type;
    /// How C extends it to a register.
    const EXTEND: Option<Extend>;
    /// Whether it is `bool`, which has two values only: the lowest bit of what a program passes counts.
    const IS_BOOL: bool = false;
    /// Its bits; those above its type are zero.
    fn to_bits(self) -> u64;
    /// The value with these bits; those above the type do not matter.
    fn from_bits(bits: u64) -> Self;

    /// Type and extension.
    #[must_use]
    fn param() -> AbiParam {
        AbiParam { extend: Self::EXTEND, ..Self::TYPE.into() }
    }
}

macro_rules! int_scalars {
    ($($rust:ty, $unsigned:ty, $ty:ident, $extend:expr;)*) => { $(
        impl sealed::Sealed for $rust {}
        impl Scalar for $rust {
            const TYPE: Type = Type::$ty;
            const EXTEND: Option<Extend> = $extend;
            fn to_bits(self) -> u64 {
                self as $unsigned as u64
            }
            fn from_bits(bits: u64) -> Self {
                bits as $rust
            }
        }
    )* };
}
int_scalars! {
    i8, u8, I8, Some(Extend::Sign);
    u8, u8, I8, Some(Extend::Zero);
    i16, u16, I16, Some(Extend::Sign);
    u16, u16, I16, Some(Extend::Zero);
    i32, u32, I32, Some(Extend::Sign);
    u32, u32, I32, Some(Extend::Zero);
    i64, u64, I64, None;
    u64, u64, I64, None;
    isize, usize, I64, None;
    usize, usize, I64, None;
}

impl sealed::Sealed for bool {}
impl Scalar for bool {
    const TYPE: Type = Type::I8;
    const EXTEND: Option<Extend> = Some(Extend::Zero);
    const IS_BOOL: bool = true;
    fn to_bits(self) -> u64 {
        self.into()
    }
    fn from_bits(bits: u64) -> Self {
        bits & 1 == 1
    }
}

impl sealed::Sealed for f32 {}
impl Scalar for f32 {
    const TYPE: Type = Type::F32;
    const EXTEND: Option<Extend> = None;
    fn to_bits(self) -> u64 {
        f32::to_bits(self).into()
    }
    fn from_bits(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
}

impl sealed::Sealed for f64 {}
impl Scalar for f64 {
    const TYPE: Type = Type::F64;
    const EXTEND: Option<Extend> = None;
    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }
    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}

/// A value on its way into a call or out of it: its bits, those above its type zero. Only an `i128` needs the second word.
pub type Words = [u64; 2];

/// A Rust type that one value of the IR stands for: a [`Scalar`], or `i128` and `u128`, which two registers hold.
pub trait Typed: sealed::Typed + Copy + Send + 'static {
    /// Its type in the IR.
    const TYPE: Type;
    /// Its words.
    fn to_words(self) -> Words;
    /// The value with these words; bits above the type do not matter.
    fn from_words(words: Words) -> Self;
}

impl<T: Scalar> sealed::Typed for T {}
impl<T: Scalar> Typed for T {
    const TYPE: Type = <T as Scalar>::TYPE;
    #[inline]
    fn to_words(self) -> Words {
        [self.to_bits(), 0]
    }
    #[inline]
    fn from_words([low, _]: Words) -> Self {
        <T as Scalar>::from_bits(low)
    }
}

macro_rules! wide_types {
    ($($rust:ty)*) => { $(
        impl sealed::Typed for $rust {}
        impl Typed for $rust {
            const TYPE: Type = Type::I128;
            #[inline]
            fn to_words(self) -> Words {
                let (low, high) = wide::split(self as u128);
                [low, high]
            }
            #[inline]
            fn from_words([low, high]: Words) -> Self {
                wide::concat(low, high) as $rust
            }
        }
    )* };
}
wide_types! { i128 u128 }

/// A type that slices may be of: numbers, and arrays of them.
pub trait Element: sealed::Element + 'static {
    /// Its bytes.
    const SIZE: NonZeroU32;
}

/// The size of an element.
const fn size_of_element<T>() -> NonZeroU32 {
    let size = size_of::<T>();
    assert!(size >= 1 && size <= u32::MAX as usize, "an element has 1 byte to 4 GiB");
    NonZeroU32::MIN.saturating_add(size as u32 - 1)
}

macro_rules! elements {
    ($($rust:ty)*) => { $(
        impl sealed::Element for $rust {}
        impl Element for $rust {
            const SIZE: NonZeroU32 = size_of_element::<$rust>();
        }
    )* };
}
elements! { i8 u8 i16 u16 i32 u32 i64 u64 isize usize i128 u128 f32 f64 }

impl<T: Element, const N: usize> sealed::Element for [T; N] {}
impl<T: Element, const N: usize> Element for [T; N] {
    const SIZE: NonZeroU32 = size_of_element::<[T; N]>();
}

/// An argument of a typed call: a value, or memory that is lent for as long as the call takes: `&[T]` for a parameter that is a
/// `slice`, `&mut [T]` for one that is a `slice mut`, of elements as large as `T`.
///
/// ```
/// use driver::{Engine, Func, Hosts, Options, ir};
///
/// let text = "
/// fn @double(i128 slice mut 8, i64) {
/// block0(v0: i128, v1: i64):
///   v2: i64 = slice_addr v0, v1, 8
///   v3: f64 = load v2
///   v4: f64 = fadd v3, v3
///   store v4, v2
///   ret
/// }";
/// let module = ir::parse::module(text).map_err(|errors| errors[0].clone())?;
/// let engine = Engine::new(module, &Hosts::new(), &Options::default())?;
/// let double: Func<(&mut [f64], i64), ()> = engine.func("double")?;
/// let mut numbers = [1.5, 2.5];
/// double.call((&mut numbers, 1))?;
/// assert_eq!(numbers, [1.5, 5.0]);
/// assert!(double.call((&mut numbers, 2)).unwrap_err().to_string().contains("index_out_of_bounds"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Arg: sealed::Arg {
    /// What a call is given: itself, or a slice that is lent for `'a`.
    type Lent<'a>;
    /// Its type in the IR, and the slice that it is.
    fn param() -> AbiParam;
    /// Its words.
    fn to_words(lent: Self::Lent<'_>) -> Words;
}

impl<T: Typed> sealed::Arg for T {}
impl<T: Typed> Arg for T {
    type Lent<'a> = T;
    fn param() -> AbiParam {
        T::TYPE.into()
    }
    #[inline]
    fn to_words(value: T) -> Words {
        Typed::to_words(value)
    }
}

impl<T: Element> sealed::Arg for &[T] {}
impl<T: Element> Arg for &[T] {
    type Lent<'a> = &'a [T];
    fn param() -> AbiParam {
        SliceParam { size: T::SIZE, mutable: false }.into()
    }
    #[inline]
    fn to_words(lent: &[T]) -> Words {
        [lent.as_ptr().expose_provenance() as u64, lent.len() as u64]
    }
}

impl<T: Element> sealed::Arg for &mut [T] {}
impl<T: Element> Arg for &mut [T] {
    type Lent<'a> = &'a mut [T];
    fn param() -> AbiParam {
        SliceParam { size: T::SIZE, mutable: true }.into()
    }
    #[inline]
    fn to_words(lent: &mut [T]) -> Words {
        [lent.as_mut_ptr().expose_provenance() as u64, lent.len() as u64]
    }
}

/// Memory that is lent for a call.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) range: Range<u64>,
    pub(crate) mutable: bool,
}

/// What a call with these words lends.
pub(crate) fn lent(signature: &Signature, args: &[Words]) -> impl Iterator<Item = Lent> {
    let slices = signature.params.iter().zip(args).filter_map(|(param, &words)| {
        let ([start, count], SliceParam { size, mutable }) = (words, param.slice?);
        let bytes = count.saturating_mul(size.get().into());
        Some(Lent { range: start..start.saturating_add(bytes), mutable })
    });
    slices.filter(|lent| !lent.range.is_empty())
}

/// The arguments of a typed call: nothing, one, or a tuple of up to 24.
pub trait Args: sealed::Tuple {
    /// What a call is given: themselves, with slices that are lent for `'a`.
    type Lent<'a>;
    /// Their types, and the slices among them.
    fn params() -> Vec<AbiParam>;
    /// Calls with their words.
    fn with_words<T>(args: Self::Lent<'_>, call: impl FnOnce(&[Words]) -> T) -> T;
}

/// The results of a typed call: nothing, a value, or a tuple of up to 24.
pub trait Results: sealed::Tuple + Sized {
    /// Their types.
    fn types() -> Vec<Type>;
    /// What a call leaves in words that are zero before it.
    ///
    /// # Errors
    /// The call's.
    fn of_call<E>(call: impl FnOnce(&mut [Words]) -> Result<(), E>) -> Result<Self, E>;
}

impl<T: Arg> sealed::Tuple for T {}
impl<T: Arg> Args for T {
    type Lent<'a> = T::Lent<'a>;
    fn params() -> Vec<AbiParam> {
        vec![T::param()]
    }
    #[inline]
    fn with_words<R>(arg: Self::Lent<'_>, call: impl FnOnce(&[Words]) -> R) -> R {
        call(&[T::to_words(arg)])
    }
}

impl<T: Typed> Results for T {
    fn types() -> Vec<Type> {
        vec![T::TYPE]
    }
    #[inline]
    fn of_call<E>(call: impl FnOnce(&mut [Words]) -> Result<(), E>) -> Result<Self, E> {
        let mut words = [[0; 2]];
        call(&mut words)?;
        Ok(T::from_words(words[0]))
    }
}

macro_rules! tuples {
    ([$($t:ident $n:tt)*]) => {
        impl<$($t: Arg),*> sealed::Tuple for ($($t,)*) {}
        impl<$($t: Arg),*> Args for ($($t,)*) {
            type Lent<'a> = ($($t::Lent<'a>,)*);
            fn params() -> Vec<AbiParam> {
                vec![$($t::param()),*]
            }
            #[inline]
            #[allow(unused_variables)] // no arguments
            fn with_words<T>(args: Self::Lent<'_>, call: impl FnOnce(&[Words]) -> T) -> T {
                call(&[$($t::to_words(args.$n)),*])
            }
        }
        impl<$($t: Typed),*> Results for ($($t,)*) {
            fn types() -> Vec<Type> {
                vec![$($t::TYPE),*]
            }
            #[inline]
            #[allow(clippy::unused_unit)] // of no results
            fn of_call<E>(call: impl FnOnce(&mut [Words]) -> Result<(), E>) -> Result<Self, E> {
                let mut words = [$([0; 2 + 0 * $n]),*];
                call(&mut words)?;
                Ok(($($t::from_words(words[$n]),)*))
            }
        }
    };
    ([$($done:tt)*] $t:ident $n:tt $($rest:tt)*) => {
        tuples!([$($done)*]);
        tuples!([$($done)* $t $n] $($rest)*);
    };
}
tuples!(
    [] P0 0 P1 1 P2 2 P3 3 P4 4 P5 5 P6 6 P7 7 P8 8 P9 9 P10 10 P11 11 P12 12 P13 13 P14 14 P15 15 P16 16 P17 17 P18 18
    P19 19 P20 20 P21 21 P22 22 P23 23
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_what_they_print() {
        for (ty, text) in [
            (Type::I8, "-128"),
            (Type::I64, "-9223372036854775808"),
            (Type::I128, "-170141183460469231731687303715884105728"),
            (Type::F64, "-0.0"),
            (Type::F64, "1e-300"),
            (Type::F64, "2.0"),
            (Type::F32, "0.1"),
            (Type::F64, "inf"),
            (Type::F64, "nan:0x7ff8000000000001"),
        ] {
            assert_eq!(Value::parse(ty, text).map(|v| v.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Value::parse(Type::I8, "255"), Some(Value::I8(-1)));
        assert_eq!(Value::parse(Type::I8, "0xff"), Some(Value::I8(-1)));
        let most = "340282366920938463463374607431768211455";
        assert_eq!(Value::parse(Type::I128, most), Some(Value::I128(-1)));
        assert_eq!(Value::parse(Type::I128, "340282366920938463463374607431768211456"), None);
        for text in ["256", "-129", "1.5", "", "x", "--1"] {
            assert_eq!(Value::parse(Type::I8, text), None, "{text}");
        }
    }

    #[test]
    fn scalars_survive_their_bits() {
        assert_eq!(<i8 as Scalar>::from_bits((-1i8).to_bits()), -1);
        assert_eq!((-1i8).to_bits(), 0xff);
        let bits = 1.5f32.to_bits().into();
        let read = <(i64, f32, u128) as Results>::of_call(|words| {
            words.copy_from_slice(&[[3, 0], [bits, 0], [7, 1]]);
            Ok::<(), ()>(())
        });
        assert_eq!(read, Ok((3, 1.5, 7 | 1 << 64)));
    }
}
