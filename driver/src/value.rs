//! Values at the border of compiled code: dynamic ([`Value`]) and typed ([`Scalar`], [`Args`], [`Results`]).

use std::fmt;

use ir::eval::wide;
use ir::{AbiParam, Extend, Type};

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

    /// Appends its bits as words: one, of an `i128` two, the low one first.
    pub fn push_bits(self, bits: &mut Vec<u64>) {
        let (low, high) = wide::split(self.bits());
        bits.push(low);
        if self.ty() == Type::I128 {
            bits.push(high);
        }
    }

    /// The value of type `ty` whose words come next, as [`push_bits`](Self::push_bits) gives them; bits above the type do not matter. `None` if there are too few.
    #[must_use]
    pub fn from_bits(ty: Type, bits: &mut impl Iterator<Item = u64>) -> Option<Self> {
        let first = bits.next()?;
        Some(match ty {
            Type::I8 => Value::I8(first as i8),
            Type::I16 => Value::I16(first as i16),
            Type::I32 => Value::I32(first as i32),
            Type::I64 => Value::I64(first as i64),
            Type::I128 => Value::I128(wide::concat(first, bits.next()?) as i128),
            Type::F32 => Value::F32(f32::from_bits(first as u32)),
            Type::F64 => Value::F64(f64::from_bits(first)),
        })
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
            return Value::from_bits(ty, &mut [bits].into_iter());
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
        Value::from_bits(ty, &mut [low, high].into_iter()).filter(|_| fits)
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
        AbiParam { ty: Self::TYPE, extend: Self::EXTEND }
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

/// A Rust type that one value of the IR stands for: a [`Scalar`], or `i128` and `u128`, which two registers hold.
pub trait Typed: Copy + Send + 'static {
    /// Its type in the IR.
    const TYPE: Type;
    /// Appends its bits as words, those of an `i128` the low one first.
    fn push_bits(self, bits: &mut Vec<u64>);
    /// The value whose words come next; `None` if there are too few.
    fn next_from(bits: &mut dyn Iterator<Item = u64>) -> Option<Self>;
}

impl<T: Scalar> Typed for T {
    const TYPE: Type = <T as Scalar>::TYPE;
    fn push_bits(self, bits: &mut Vec<u64>) {
        bits.push(self.to_bits());
    }
    fn next_from(bits: &mut dyn Iterator<Item = u64>) -> Option<Self> {
        bits.next().map(<T as Scalar>::from_bits)
    }
}

macro_rules! wide_types {
    ($($rust:ty)*) => { $(
        impl Typed for $rust {
            const TYPE: Type = Type::I128;
            fn push_bits(self, bits: &mut Vec<u64>) {
                let (low, high) = wide::split(self as u128);
                bits.extend([low, high]);
            }
            fn next_from(bits: &mut dyn Iterator<Item = u64>) -> Option<Self> {
                Some(wide::concat(bits.next()?, bits.next()?) as $rust)
            }
        }
    )* };
}
wide_types! { i128 u128 }

/// The arguments of a typed call: a value, or a tuple of up to twelve.
pub trait Args {
    /// Their types.
    fn types() -> Vec<Type>;
    /// Appends their bits.
    fn push_bits(self, bits: &mut Vec<u64>);
}

/// The results of a typed call: nothing, a value, or a tuple of up to four.
pub trait Results: Sized {
    /// Their types.
    fn types() -> Vec<Type>;
    /// The results whose words come next; `None` if there are too few.
    fn next_from(bits: &mut dyn Iterator<Item = u64>) -> Option<Self>;
}

impl<T: Typed> Args for T {
    fn types() -> Vec<Type> {
        vec![T::TYPE]
    }
    fn push_bits(self, bits: &mut Vec<u64>) {
        Typed::push_bits(self, bits);
    }
}

impl<T: Typed> Results for T {
    fn types() -> Vec<Type> {
        vec![T::TYPE]
    }
    fn next_from(bits: &mut dyn Iterator<Item = u64>) -> Option<Self> {
        Typed::next_from(bits)
    }
}

impl Args for () {
    fn types() -> Vec<Type> {
        Vec::new()
    }
    fn push_bits(self, _: &mut Vec<u64>) {}
}

impl Results for () {
    fn types() -> Vec<Type> {
        Vec::new()
    }
    fn next_from(_: &mut dyn Iterator<Item = u64>) -> Option<Self> {
        Some(())
    }
}

macro_rules! tuple_args {
    ($($t:ident)*) => {
        impl<$($t: Typed),*> Args for ($($t,)*) {
            fn types() -> Vec<Type> {
                vec![$($t::TYPE),*]
            }
            #[allow(non_snake_case)] // the variables are named after their types
            fn push_bits(self, bits: &mut Vec<u64>) {
                let ($($t,)*) = self;
                $( Typed::push_bits($t, bits); )*
            }
        }
    };
}
tuple_args!(A);
tuple_args!(A B);
tuple_args!(A B C);
tuple_args!(A B C D);
tuple_args!(A B C D E);
tuple_args!(A B C D E F);
tuple_args!(A B C D E F G);
tuple_args!(A B C D E F G H);
tuple_args!(A B C D E F G H I);
tuple_args!(A B C D E F G H I J);
tuple_args!(A B C D E F G H I J K);
tuple_args!(A B C D E F G H I J K L);

macro_rules! tuple_results {
    ($($t:ident)*) => {
        impl<$($t: Typed),*> Results for ($($t,)*) {
            fn types() -> Vec<Type> {
                vec![$($t::TYPE),*]
            }
            fn next_from(bits: &mut dyn Iterator<Item = u64>) -> Option<Self> {
                Some(($( <$t as Typed>::next_from(bits)?, )*))
            }
        }
    };
}
tuple_results!(A);
tuple_results!(A B);
tuple_results!(A B C);
tuple_results!(A B C D);

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
        let read =
            |words: &[u64]| <(i64, f32, u128) as Results>::next_from(&mut words.iter().copied());
        let bits = 1.5f32.to_bits().into();
        assert_eq!(read(&[3, bits, 7, 1]), Some((3, 1.5, 7 | 1 << 64)));
        assert_eq!(read(&[3, bits, 7]), None);
    }
}
