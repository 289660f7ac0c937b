//! Exclusive, ordered and atomic memory accesses.
//!
//! ```text
//!  31  30 29          24 23 22 21 20  16 15 14   10 9    5 4     0
//! +------+--------------+--+--+--+------+--+-------+------+-------+
//! | size | 0 0 1 0 0 0  |o2|L |o1|  Rs  |o0|  Rt2  |  Rn  |  Rt   |  exclusive, ordered, cas
//! +------+--------------+--+--+--+------+--+-------+------+-------+
//! | size | 1 1 1 0 0 0  |A |R |1 |  Rs  |o3|opc| 00|  Rn  |  Rt   |  read, modify, write
//! +------+--------------+--+--+--+------+--+-------+------+-------+
//! ```

use crate::field::{encodings, ops};
use crate::{AccessSize, Reg, RegPair, RegSp, Size};

ops! {
    /// The width of an atomic access; the name is the end of the mnemonic.
    ///
    /// ```
    /// assert_eq!(arm64_enc::AtomicSize::B.name(), "b");
    /// ```
    pub enum AtomicSize: 2 {
        /// A byte.
        B = 0b00 "b",
        /// A half word.
        H = 0b01 "h",
        /// A word.
        W = 0b10 "",
        /// A double word.
        X = 0b11 "",
    }
}

impl AtomicSize {
    /// The width of the registers' names.
    #[must_use]
    pub const fn size(self) -> Size {
        match self {
            AtomicSize::X => Size::X,
            _ => Size::W,
        }
    }

    /// The width of the access.
    #[must_use]
    pub const fn access(self) -> AccessSize {
        match self {
            AtomicSize::B => AccessSize::B1,
            AtomicSize::H => AccessSize::B2,
            AtomicSize::W => AccessSize::B4,
            AtomicSize::X => AccessSize::B8,
        }
    }
}

ops! {
    /// Whether an exclusive load acquires.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Acquire::No.name(), "");
    /// ```
    pub enum Acquire: 1 {
        /// No.
        No = 0 "",
        /// Later accesses stay later.
        Yes = 1 "a",
    }
}

ops! {
    /// Whether an exclusive store releases.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Release::No.name(), "");
    /// ```
    pub enum Release: 1 {
        /// No.
        No = 0 "",
        /// Earlier accesses stay earlier.
        Yes = 1 "l",
    }
}

ops! {
    /// Ordering of an atomic access.
    ///
    /// ```
    /// assert_eq!(arm64_enc::AtomicOrder::Relaxed.name(), "");
    /// ```
    pub enum AtomicOrder: 2 {
        /// None.
        Relaxed = 0b00 "",
        /// The store releases.
        Release = 0b01 "l",
        /// The load acquires.
        Acquire = 0b10 "a",
        /// Both.
        AcquireRelease = 0b11 "al",
    }
}

ops! {
    /// An ordered load or store.
    ///
    /// ```
    /// assert_eq!(arm64_enc::OrderedOp::Stllr.name(), "stllr");
    /// ```
    pub enum OrderedOp: 2 {
        /// Store, releasing within a limited region.
        Stllr = 0b0_0 "stllr",
        /// Store, releasing.
        Stlr = 0b0_1 "stlr",
        /// Load, acquiring within a limited region.
        Ldlar = 0b1_0 "ldlar",
        /// Load, acquiring.
        Ldar = 0b1_1 "ldar",
    }
}

ops! {
    /// What an atomic access stores, given the old value and the register.
    ///
    /// ```
    /// assert_eq!(arm64_enc::AtomicOp::Add.name(), "ldadd");
    /// ```
    pub enum AtomicOp: 4 {
        /// The sum.
        Add = 0b0000 "ldadd",
        /// The old value without the register's bits.
        Clr = 0b0001 "ldclr",
        /// The exclusive or.
        Eor = 0b0010 "ldeor",
        /// The or.
        Set = 0b0011 "ldset",
        /// The signed maximum.
        Smax = 0b0100 "ldsmax",
        /// The signed minimum.
        Smin = 0b0101 "ldsmin",
        /// The unsigned maximum.
        Umax = 0b0110 "ldumax",
        /// The unsigned minimum.
        Umin = 0b0111 "ldumin",
        /// The register.
        Swp = 0b1000 "swp",
    }
}

encodings! {
    /// Exclusive, ordered and atomic memory accesses.
    ///
    /// ```
    /// let inst = arm64_enc::Atomic::decode(0xc8dffc20).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("ldar x0, [x1]", 0xc8dffc20));
    /// ```
    pub enum Atomic {
        /// `stxr`, `stlxr`: stores if the monitor still holds; `rs` becomes 0 if it did, 1 if not.
        StoreExclusive "ss 001000 000 rrrrr o 11111 nnnnn ttttt" {
            size: AtomicSize = "s", release: Release = "o", rs: Reg = "r", rt: Reg = "t", rn: RegSp = "n",
        } ["st{release}xr{size} {rs:w}, {rt:atomic}, [{rn:base}]"]
        /// `ldxr`, `ldaxr`.
        LoadExclusive "ss 001000 010 11111 o 11111 nnnnn ttttt" {
            size: AtomicSize = "s", acquire: Acquire = "o", rt: Reg = "t", rn: RegSp = "n",
        } ["ld{acquire}xr{size} {rt:atomic}, [{rn:base}]"]
        /// `stxp`, `stlxp`.
        StoreExclusivePair "1 z 001000 001 rrrrr o uuuuu nnnnn ttttt" {
            size: Size = "z", release: Release = "o", rs: Reg = "r", rt: Reg = "t", rt2: Reg = "u", rn: RegSp = "n",
        } ["st{release}xp {rs:w}, {rt}, {rt2}, [{rn:base}]"]
        /// `ldxp`, `ldaxp`.
        LoadExclusivePair "1 z 001000 011 11111 o uuuuu nnnnn ttttt" {
            size: Size = "z", acquire: Acquire = "o", rt: Reg = "t", rt2: Reg = "u", rn: RegSp = "n",
        } ["ld{acquire}xp {rt}, {rt2}, [{rn:base}]"]
        /// `ldar`, `stlr`, `ldlar`, `stllr`.
        Ordered "ss 001000 1 l 0 11111 o 11111 nnnnn ttttt" {
            op: OrderedOp = "lo", size: AtomicSize = "s", rt: Reg = "t", rn: RegSp = "n",
        } ["{op}{size} {rt:atomic}, [{rn:base}]"]
        /// `ldapr`: acquires, weaker than `ldar`.
        LoadAcquireRcpc "ss 111000 101 11111 1100 00 nnnnn ttttt" {
            size: AtomicSize = "s", rt: Reg = "t", rn: RegSp = "n",
        } ["ldapr{size} {rt:atomic}, [{rn:base}]"]: Lrcpc
        /// `cas` and its ordered forms: stores `rt` if memory equals `rs`; `rs` becomes the old value.
        CompareSwap "ss 001000 1 a 1 rrrrr l 11111 nnnnn ttttt" {
            size: AtomicSize = "s", order: AtomicOrder = "al", rs: Reg = "r", rt: Reg = "t", rn: RegSp = "n",
        } ["cas{order}{size} {rs:atomic}, {rt:atomic}, [{rn:base}]"]: Lse
        /// `casp` and its ordered forms.
        CompareSwapPair "0 z 001000 0 a 1 rrrrr l 11111 nnnnn ttttt" {
            size: Size = "z", order: AtomicOrder = "al", rs: RegPair = "r", rt: RegPair = "t", rn: RegSp = "n",
        } ["casp{order} {rs}, {rs:next}, {rt}, {rt:next}, [{rn:base}]"]: Lse
        /// `ldadd`, `swp` and their kin: `rt` becomes the old value; so `stadd` and its kin.
        ReadModifyWrite "ss 111000 o r 1 mmmmm p ccc 00 nnnnn ttttt" {
            op: AtomicOp = "pc", size: AtomicSize = "s", order: AtomicOrder = "or", rs: Reg = "m", rt: Reg = "t",
            rn: RegSp = "n",
        } [
            "st{op:kind}{order}{size} {rs:atomic}, [{rn:base}]; p=0 o=0 t=31",
            "{op}{order}{size} {rs:atomic}, {rt:atomic}, [{rn:base}]",
        ]: Lse
    }
}
