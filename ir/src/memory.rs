//! What loads, stores and atomic accesses say beside their address: width, extension, and facts about the memory.

use std::fmt;
use std::num::NonZeroU8;

use crate::types::{Extend, Type};

/// The width that a load reads, and the way in which a narrow one fills the result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LoadKind {
    /// As many bytes as the result type has. Written `load`.
    Full,
    /// Fewer bytes (1, 2 or 4) than the integer result type has. Written `load.u8`, `load.s16`, ….
    Narrow(NarrowWidth, Extend),
}

/// The width that a store writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoreKind {
    /// As many bytes as the value's type has. Written `store`.
    Full,
    /// The low bytes of a wider integer. Written `store.8`, `store.16`, `store.32`.
    Narrow(NarrowWidth),
}

/// The width of a narrow load or store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NarrowWidth {
    /// One byte.
    W8,
    /// Two bytes.
    W16,
    /// Four bytes.
    W32,
}

impl NarrowWidth {
    /// The integer type of this width.
    #[must_use]
    #[inline]
    pub const fn as_type(self) -> Type {
        match self {
            NarrowWidth::W8 => Type::I8,
            NarrowWidth::W16 => Type::I16,
            NarrowWidth::W32 => Type::I32,
        }
    }
}

impl LoadKind {
    /// The type in memory of a load with this result type.
    #[must_use]
    #[inline]
    pub const fn memory_type(self, result: Type) -> Type {
        match self {
            LoadKind::Full => result,
            LoadKind::Narrow(width, _) => width.as_type(),
        }
    }
}

impl StoreKind {
    /// The type in memory of a store of a value of this type.
    #[must_use]
    #[inline]
    pub const fn memory_type(self, value: Type) -> Type {
        match self {
            StoreKind::Full => value,
            StoreKind::Narrow(width) => width.as_type(),
        }
    }
}

/// The suffix of `load`: empty, `.u8`, `.s8`, `.u16`, `.s16`, `.u32`, `.s32`.
impl fmt::Display for LoadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadKind::Full => Ok(()),
            LoadKind::Narrow(width, Extend::Zero) => write!(f, ".u{}", width.as_type().bits()),
            LoadKind::Narrow(width, Extend::Sign) => write!(f, ".s{}", width.as_type().bits()),
        }
    }
}

/// The suffix of `store`: empty, `.8`, `.16`, `.32`.
impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreKind::Full => Ok(()),
            StoreKind::Narrow(width) => write!(f, ".{}", width.as_type().bits()),
        }
    }
}

/// What the front end promises about an access. A promise that does not hold leaves open what the access gives and
/// what later accesses find; it never makes code that stays within its memory leave it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct MemFacts {
    /// Nothing writes the memory while the function runs, so that equal loads give equal values.
    pub readonly: bool,
    /// The address is a multiple of this.
    pub align: Option<Align>,
    /// The access is to this region of memory: accesses to two different regions never overlap. One without region
    /// may overlap with all.
    pub region: Option<NonZeroU8>,
}

impl MemFacts {
    /// No promises.
    pub const NONE: Self = Self { readonly: false, align: None, region: None };

    /// Returns `true` if the two accesses may overlap, for all that their regions say.
    #[must_use]
    #[inline]
    pub fn may_overlap(self, other: Self) -> bool {
        match (self.region, other.region) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }
}

/// An alignment: a power of two from 1 to [`Align::MAX`] bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Align(u8);

impl Align {
    /// The largest alignment that an access may promise: a page.
    pub const MAX: u32 = 4096;

    /// The alignment to `bytes`, or `None` if that is no power of two or above [`Align::MAX`].
    #[must_use]
    pub const fn new(bytes: u32) -> Option<Self> {
        if bytes.is_power_of_two() && bytes <= Self::MAX {
            Some(Self(bytes.trailing_zeros() as u8))
        } else {
            None
        }
    }

    /// In bytes.
    #[must_use]
    #[inline]
    pub const fn bytes(self) -> u32 {
        1 << self.0
    }
}

/// ` readonly align 8 region 1`: each with a space before it, nothing without facts.
impl fmt::Display for MemFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.readonly {
            f.write_str(" readonly")?;
        }
        if let Some(align) = self.align {
            write!(f, " align {}", align.bytes())?;
        }
        if let Some(region) = self.region {
            write!(f, " region {region}")?;
        }
        Ok(())
    }
}
