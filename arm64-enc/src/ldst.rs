//! Loads and stores: bit 27 is `1` and bit 25 is `0`. Exclusive and atomic accesses are in `atomic.rs`.
//!
//! ```text
//!  31  30 29   27 26 25 24 23 22 21            10 9    5 4     0
//! +------+-------+--+-----+-----+----------------+------+-------+
//! | size | 1 1 1 |V | op0 | opc |    by class    |  Rn  |  Rt   |
//! +------+-------+--+-----+-----+----------------+------+-------+
//! op0: 01 unsigned offset; 00 register offset (bit 21), unscaled and indexed
//! |opc 0 1 1 V 0 0| literal          |opc 1 0 1 V 0 mode L imm7 Rt2 Rn Rt| pair
//! ```

use crate::field::{Field, encodings, ops};
use crate::text::Kind;
use crate::text::when;
use crate::{
    AccessSize, Offset19, PairOffset, Prefetch, RangePrefetch, Reg, RegSp, ScaledOffset, Simm9,
    Simm10, Size, VReg,
};

ops! {
    /// A load or store of a general-purpose register: `size` and `opc`. The name is that of the plain addressing forms.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MemOp::Strb.name(), "strb");
    /// ```
    pub enum MemOp: 4 {
        /// Stores a byte.
        Strb = 0b00_00 "strb",
        /// Loads a byte, zero-extended.
        Ldrb = 0b00_01 "ldrb",
        /// Loads a byte, sign-extended to 64 bits.
        LdrsbX = 0b00_10 "ldrsb",
        /// Loads a byte, sign-extended to 32 bits.
        LdrsbW = 0b00_11 "ldrsb",
        /// Stores a half word.
        Strh = 0b01_00 "strh",
        /// Loads a half word, zero-extended.
        Ldrh = 0b01_01 "ldrh",
        /// Loads a half word, sign-extended to 64 bits.
        LdrshX = 0b01_10 "ldrsh",
        /// Loads a half word, sign-extended to 32 bits.
        LdrshW = 0b01_11 "ldrsh",
        /// Stores a word.
        StrW = 0b10_00 "str",
        /// Loads a word, zero-extended.
        LdrW = 0b10_01 "ldr",
        /// Loads a word, sign-extended to 64 bits.
        Ldrsw = 0b10_10 "ldrsw",
        /// Stores a double word.
        StrX = 0b11_00 "str",
        /// Loads a double word.
        LdrX = 0b11_01 "ldr",
    }
}

impl MemOp {
    /// The width of the access.
    ///
    /// ```
    /// use arm64_enc::{AccessSize, MemOp};
    /// assert_eq!(MemOp::Ldrsw.access(), AccessSize::B4);
    /// ```
    #[inline]
    #[must_use]
    pub const fn access(self) -> AccessSize {
        match self as u16 >> 2 {
            0 => AccessSize::B1,
            1 => AccessSize::B2,
            2 => AccessSize::B4,
            _ => AccessSize::B8,
        }
    }

    /// The width of the register's name.
    #[must_use]
    pub const fn size(self) -> Size {
        match self {
            MemOp::LdrsbX | MemOp::LdrshX | MemOp::Ldrsw | MemOp::StrX | MemOp::LdrX => Size::X,
            _ => Size::W,
        }
    }

    /// Returns `true` if the access is a load.
    #[must_use]
    pub const fn is_load(self) -> bool {
        self as u16 & 3 != 0
    }
}

ops! {
    /// A load or store of a floating-point and SIMD register: `size` and `opc`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpMemOp::StrB.name(), "str");
    /// ```
    pub enum FpMemOp: 4 {
        /// Stores a byte.
        StrB = 0b00_00 "str",
        /// Loads a byte.
        LdrB = 0b00_01 "ldr",
        /// Stores 16 bytes.
        StrQ = 0b00_10 "str",
        /// Loads 16 bytes.
        LdrQ = 0b00_11 "ldr",
        /// Stores a half word.
        StrH = 0b01_00 "str",
        /// Loads a half word.
        LdrH = 0b01_01 "ldr",
        /// Stores a word.
        StrS = 0b10_00 "str",
        /// Loads a word.
        LdrS = 0b10_01 "ldr",
        /// Stores a double word.
        StrD = 0b11_00 "str",
        /// Loads a double word.
        LdrD = 0b11_01 "ldr",
    }
}

impl FpMemOp {
    /// The width of the access, which is that of the register's name.
    #[inline]
    #[must_use]
    pub const fn access(self) -> AccessSize {
        match self {
            FpMemOp::StrB | FpMemOp::LdrB => AccessSize::B1,
            FpMemOp::StrH | FpMemOp::LdrH => AccessSize::B2,
            FpMemOp::StrS | FpMemOp::LdrS => AccessSize::B4,
            FpMemOp::StrD | FpMemOp::LdrD => AccessSize::B8,
            FpMemOp::StrQ | FpMemOp::LdrQ => AccessSize::B16,
        }
    }

    /// Returns `true` if the access is a load.
    #[must_use]
    pub const fn is_load(self) -> bool {
        self as u16 & 1 != 0
    }
}

ops! {
    /// What a signed 9-bit offset does.
    ///
    /// ```
    /// assert_eq!(arm64_enc::IndexMode::Unscaled.name(), "unscaled");
    /// ```
    pub enum IndexMode: 2 {
        /// Is added for the access only (`ldur`).
        Unscaled = 0b00 "unscaled",
        /// Is added to the base after the access.
        Post = 0b01 "post",
        /// Is added to the base before the access.
        Pre = 0b11 "pre",
    }
}

ops! {
    /// What the offset of a pair does.
    ///
    /// ```
    /// assert_eq!(arm64_enc::PairMode::NonTemporal.name(), "nontemporal");
    /// ```
    pub enum PairMode: 2 {
        /// Is added for the access only; the data will not be used soon (`ldnp`).
        NonTemporal = 0b00 "nontemporal",
        /// Is added to the base after the access.
        Post = 0b01 "post",
        /// Is added for the access only.
        Offset = 0b10 "offset",
        /// Is added to the base before the access.
        Pre = 0b11 "pre",
    }
}

ops! {
    /// What the offset of `ldpsw` does.
    ///
    /// ```
    /// assert_eq!(arm64_enc::PairSignedMode::Post.name(), "post");
    /// ```
    pub enum PairSignedMode: 2 {
        /// Is added to the base after the access.
        Post = 0b01 "post",
        /// Is added for the access only.
        Offset = 0b10 "offset",
        /// Is added to the base before the access.
        Pre = 0b11 "pre",
    }
}

ops! {
    /// A load or store of two general-purpose registers.
    ///
    /// ```
    /// assert_eq!(arm64_enc::PairOp::StpW.name(), "stp");
    /// ```
    pub enum PairOp: 3 {
        /// Stores two words.
        StpW = 0b00_0 "stp",
        /// Loads two words.
        LdpW = 0b00_1 "ldp",
        /// Stores two double words.
        StpX = 0b10_0 "stp",
        /// Loads two double words.
        LdpX = 0b10_1 "ldp",
    }
}

impl PairOp {
    /// The width of one of the two accesses.
    #[inline]
    #[must_use]
    pub const fn access(self) -> AccessSize {
        match self {
            PairOp::StpW | PairOp::LdpW => AccessSize::B4,
            PairOp::StpX | PairOp::LdpX => AccessSize::B8,
        }
    }

    /// The width of the registers.
    #[must_use]
    pub const fn size(self) -> Size {
        match self {
            PairOp::StpW | PairOp::LdpW => Size::W,
            PairOp::StpX | PairOp::LdpX => Size::X,
        }
    }

    /// Returns `true` if the access is a load.
    #[must_use]
    pub const fn is_load(self) -> bool {
        matches!(self, PairOp::LdpW | PairOp::LdpX)
    }
}

ops! {
    /// A load or store of two floating-point and SIMD registers.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpPairOp::StpS.name(), "stp");
    /// ```
    pub enum FpPairOp: 3 {
        /// Stores two words.
        StpS = 0b00_0 "stp",
        /// Loads two words.
        LdpS = 0b00_1 "ldp",
        /// Stores two double words.
        StpD = 0b01_0 "stp",
        /// Loads two double words.
        LdpD = 0b01_1 "ldp",
        /// Stores two times 16 bytes.
        StpQ = 0b10_0 "stp",
        /// Loads two times 16 bytes.
        LdpQ = 0b10_1 "ldp",
    }
}

impl FpPairOp {
    /// The width of one of the two accesses.
    #[inline]
    #[must_use]
    pub const fn access(self) -> AccessSize {
        match self {
            FpPairOp::StpS | FpPairOp::LdpS => AccessSize::B4,
            FpPairOp::StpD | FpPairOp::LdpD => AccessSize::B8,
            FpPairOp::StpQ | FpPairOp::LdpQ => AccessSize::B16,
        }
    }

    /// Returns `true` if the access is a load.
    #[must_use]
    pub const fn is_load(self) -> bool {
        self as u16 & 1 != 0
    }
}

ops! {
    /// How an index register is widened.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MemExtend::Uxtw.name(), "uxtw");
    /// ```
    pub enum MemExtend: 3 {
        /// A word, zero-extended.
        Uxtw = 0b010 "uxtw",
        /// A double word.
        Lsl = 0b011 "lsl",
        /// A word, sign-extended.
        Sxtw = 0b110 "sxtw",
        /// A double word.
        Sxtx = 0b111 "sxtx",
    }
}

impl MemExtend {
    /// The width of the index register.
    #[must_use]
    pub const fn source(self) -> Size {
        match self {
            MemExtend::Uxtw | MemExtend::Sxtw => Size::W,
            MemExtend::Lsl | MemExtend::Sxtx => Size::X,
        }
    }
}

ops! {
    /// Whether an index register counts bytes or units of the access.
    ///
    /// ```
    /// assert_eq!(arm64_enc::IndexScale::Bytes.name(), "bytes");
    /// ```
    pub enum IndexScale: 1 {
        /// Bytes.
        Bytes = 0 "bytes",
        /// Units: shifted left by the logarithm of the access width.
        Units = 1 "units",
    }
}

ops! {
    /// A load from an address near the instruction.
    ///
    /// ```
    /// assert_eq!(arm64_enc::LiteralOp::LdrW.name(), "ldr");
    /// ```
    pub enum LiteralOp: 2 {
        /// A word.
        LdrW = 0b00 "ldr",
        /// A double word.
        LdrX = 0b01 "ldr",
        /// A word, sign-extended to 64 bits.
        Ldrsw = 0b10 "ldrsw",
    }
}

impl LiteralOp {
    /// The width of the register's name.
    #[must_use]
    pub const fn size(self) -> Size {
        match self {
            LiteralOp::LdrW => Size::W,
            LiteralOp::LdrX | LiteralOp::Ldrsw => Size::X,
        }
    }
}

ops! {
    /// A load of a floating-point and SIMD register from an address near the instruction.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpLiteralOp::LdrS.name(), "ldr");
    /// ```
    pub enum FpLiteralOp: 2 {
        /// A word.
        LdrS = 0b00 "ldr",
        /// A double word.
        LdrD = 0b01 "ldr",
        /// 16 bytes.
        LdrQ = 0b10 "ldr",
    }
}

impl FpLiteralOp {
    /// The width of the access.
    #[must_use]
    pub const fn access(self) -> AccessSize {
        match self {
            FpLiteralOp::LdrS => AccessSize::B4,
            FpLiteralOp::LdrD => AccessSize::B8,
            FpLiteralOp::LdrQ => AccessSize::B16,
        }
    }
}

ops! {
    /// The key of an authenticated load.
    ///
    /// ```
    /// assert_eq!(arm64_enc::LoadAuth::Ldraa.name(), "ldraa");
    /// ```
    pub enum LoadAuth: 1 {
        /// Data key A.
        Ldraa = 0 "ldraa",
        /// Data key B.
        Ldrab = 1 "ldrab",
    }
}

ops! {
    /// What the offset of an authenticated load does.
    ///
    /// ```
    /// assert_eq!(arm64_enc::AuthMode::Offset.name(), "offset");
    /// ```
    pub enum AuthMode: 1 {
        /// Is added for the access only.
        Offset = 0 "offset",
        /// Is added to the base before the access.
        Pre = 1 "pre",
    }
}

/// A prefetch operation beside an index register: below 24, for what lies above is `rprfm`.
///
/// ```
/// use arm64_enc::{IndexedPrefetch, Prefetch};
/// let [store, range] = [16, 24].map(|number| Prefetch::new(number).unwrap());
/// assert!(IndexedPrefetch::new(store).is_some());
/// assert!(IndexedPrefetch::new(range).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IndexedPrefetch(Prefetch);

impl IndexedPrefetch {
    /// The operation, if its number is below 24.
    #[must_use]
    pub const fn new(op: Prefetch) -> Option<IndexedPrefetch> {
        if op.value() < 24 { Some(IndexedPrefetch(op)) } else { None }
    }

    /// The operation.
    #[must_use]
    pub const fn get(self) -> Prefetch {
        self.0
    }
}

impl Field for IndexedPrefetch {
    const WIDTH: u32 = Prefetch::WIDTH;
    const KIND: Kind = Kind::Prefetch;

    #[inline]
    fn bits(self) -> u32 {
        self.0.bits()
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Prefetch::from_bits(bits).and_then(IndexedPrefetch::new)
    }
}

encodings! {
    /// Loads and stores.
    ///
    /// ```
    /// let inst = arm64_enc::LdSt::decode(0xf9400420).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("ldr x0, [x1, #8]", 0xf9400420));
    /// ```
    pub enum LdSt {
        /// Base plus unsigned scaled offset.
        Unsigned "ss 111 0 01 oo iiiiiiiiiiii nnnnn ttttt" {
            op: MemOp = "so", rt: Reg = "t", rn: RegSp = "n", offset: ScaledOffset = "i",
        } ["{op} {rt:mem}, [{rn}{offset:optional}]"]
        /// The same for a floating-point and SIMD register.
        FpUnsigned "ss 111 1 01 oo iiiiiiiiiiii nnnnn ttttt" {
            op: FpMemOp = "so", rt: VReg = "t", rn: RegSp = "n", offset: ScaledOffset = "i",
        } ["{op} {rt:mem}, [{rn}{offset:optional}]"]
        /// `prfm` with a scaled offset in units of 8 bytes.
        PrefetchUnsigned "11 111 0 01 10 iiiiiiiiiiii nnnnn ttttt" {
            op: Prefetch = "t", rn: RegSp = "n", offset: ScaledOffset = "i",
        } ["prfm {op}, [{rn}{offset:optional}]"]
        /// Base plus signed byte offset, or base that moves.
        Indexed "ss 111 0 00 oo 0 iiiiiiiii mm nnnnn ttttt" {
            op: MemOp = "so", mode: IndexMode = "m", rt: Reg = "t", rn: RegSp = "n", offset: Simm9 = "i",
        } [
            "stur{op:tail} {rt:mem}, [{rn}{offset:optional}]; m=0 o=0",
            "ldur{op:tail} {rt:mem}, [{rn}{offset:optional}]; m=0" if when::loads,
            "{op} {rt:mem}, [{rn}], {offset}; m=1",
            "{op} {rt:mem}, [{rn}, {offset}]!; m=3",
            "{op} {rt:mem}, [{rn}{offset:optional}]; m=0",
        ]
        /// The same for a floating-point and SIMD register.
        FpIndexed "ss 111 1 00 oo 0 iiiiiiiii mm nnnnn ttttt" {
            op: FpMemOp = "so", mode: IndexMode = "m", rt: VReg = "t", rn: RegSp = "n", offset: Simm9 = "i",
        } [
            "stur{op:any} {rt:mem}, [{rn}{offset:optional}]; m=0" if when::fp_stores,
            "ldur{op:any} {rt:mem}, [{rn}{offset:optional}]; m=0" if when::fp_loads,
            "{op} {rt:mem}, [{rn}], {offset}; m=1",
            "{op} {rt:mem}, [{rn}, {offset}]!; m=3",
            "{op} {rt:mem}, [{rn}{offset:optional}]; m=0",
        ]
        /// `ldtr`, `sttr`: as if the program ran at the lowest exception level.
        Unprivileged "ss 111 0 00 oo 0 iiiiiiiii 10 nnnnn ttttt" {
            op: MemOp = "so", rt: Reg = "t", rn: RegSp = "n", offset: Simm9 = "i",
        } [
            "sttr{op:tail} {rt:mem}, [{rn}{offset:optional}]; o=0",
            "ldtr{op:tail} {rt:mem}, [{rn}{offset:optional}]" if when::loads,
        ]
        /// `ldapur`, `stlur`: acquires or releases, at a signed byte offset.
        OrderedUnscaled "ss 011 0 01 oo 0 iiiiiiiii 00 nnnnn ttttt" {
            op: MemOp = "so", rt: Reg = "t", rn: RegSp = "n", offset: Simm9 = "i",
        } [
            "stlur{op:tail} {rt:mem}, [{rn}{offset:optional}]; o=0",
            "ldapur{op:tail} {rt:mem}, [{rn}{offset:optional}]" if when::loads,
        ]: Lrcpc2
        /// `prfum`.
        PrefetchUnscaled "11 111 0 00 10 0 iiiiiiiii 00 nnnnn ttttt" {
            op: Prefetch = "t", rn: RegSp = "n", offset: Simm9 = "i",
        } ["prfum {op}, [{rn}{offset:optional}]", "prfm {op}, [{rn}{offset:optional}]"]
        /// Base plus index register.
        Register "ss 111 0 00 oo 1 mmmmm eee k 10 nnnnn ttttt" {
            op: MemOp = "so", rt: Reg = "t", rn: RegSp = "n", rm: Reg = "m",
            extend: MemExtend = "e", scale: IndexScale = "k",
        } ["{op} {rt:mem}, [{rn}, {rm:index}]"]
        /// The same for a floating-point and SIMD register.
        FpRegister "ss 111 1 00 oo 1 mmmmm eee k 10 nnnnn ttttt" {
            op: FpMemOp = "so", rt: VReg = "t", rn: RegSp = "n", rm: Reg = "m",
            extend: MemExtend = "e", scale: IndexScale = "k",
        } ["{op} {rt:mem}, [{rn}, {rm:index}]"]
        /// `rprfm`: prefetch of a range.
        PrefetchRange "11 111 0 00 10 1 mmmmm e 1 oo 10 nnnnn 11 ttt" {
            op: RangePrefetch = "eot", rn: RegSp = "n", rm: Reg = "m",
        } ["rprfm {op}, {rm}, [{rn}]"]
        /// `prfm` with an index register in bytes or units of 8 bytes.
        PrefetchRegister "11 111 0 00 10 1 mmmmm eee k 10 nnnnn ttttt" {
            op: IndexedPrefetch = "t", rn: RegSp = "n", rm: Reg = "m", extend: MemExtend = "e", scale: IndexScale = "k",
        } ["prfm {op}, [{rn}, {rm:index}]"]
        /// A load from near the instruction.
        Literal "oo 011 0 00 iiiiiiiiiiiiiiiiiii ttttt" {
            op: LiteralOp = "o", rt: Reg = "t", offset: Offset19 = "i",
        } ["ldr {rt:w}, {offset}; o=0", "ldr {rt:x}, {offset}; o=1", "ldrsw {rt:x}, {offset}; o=2"]
        /// The same for a floating-point and SIMD register.
        FpLiteral "oo 011 1 00 iiiiiiiiiiiiiiiiiii ttttt" {
            op: FpLiteralOp = "o", rt: VReg = "t", offset: Offset19 = "i",
        } ["{op} {rt:pair}, {offset}"]
        /// `prfm` near the instruction.
        PrefetchLiteral "11 011 0 00 iiiiiiiiiiiiiiiiiii ttttt" { op: Prefetch = "t", offset: Offset19 = "i" } [
            "prfm {op}, {offset}",
        ]
        /// `ldp`, `stp`, `ldnp`, `stnp`.
        Pair "oo 101 0 0 mm l iiiiiii uuuuu nnnnn ttttt" {
            op: PairOp = "ol", mode: PairMode = "m", rt: Reg = "t", rt2: Reg = "u", rn: RegSp = "n",
            offset: PairOffset = "i",
        } [
            "stnp{op:any} {rt:top}, {rt2:top}, [{rn}{offset:optional}]; m=0 l=0",
            "ldnp{op:any} {rt:top}, {rt2:top}, [{rn}{offset:optional}]; m=0 l=1",
            "{op} {rt:top}, {rt2:top}, [{rn}], {offset}; m=1",
            "{op} {rt:top}, {rt2:top}, [{rn}{offset:optional}]; m=2",
            "{op} {rt:top}, {rt2:top}, [{rn}, {offset}]!; m=3",
        ]
        /// `ldpsw`.
        PairSigned "01 101 0 0 mm 1 iiiiiii uuuuu nnnnn ttttt" {
            mode: PairSignedMode = "m", rt: Reg = "t", rt2: Reg = "u", rn: RegSp = "n", offset: PairOffset = "i",
        } [
            "ldpsw {rt}, {rt2}, [{rn}], {offset}; m=1",
            "ldpsw {rt}, {rt2}, [{rn}{offset:optional}]; m=2",
            "ldpsw {rt}, {rt2}, [{rn}, {offset}]!; m=3",
        ]
        /// `ldp`, `stp`, `ldnp`, `stnp` of floating-point and SIMD registers.
        FpPair "oo 101 1 0 mm l iiiiiii uuuuu nnnnn ttttt" {
            op: FpPairOp = "ol", mode: PairMode = "m", rt: VReg = "t", rt2: VReg = "u", rn: RegSp = "n",
            offset: PairOffset = "i",
        } [
            "stnp{op:any} {rt:pair}, {rt2:pair}, [{rn}{offset:optional}]; m=0 l=0",
            "ldnp{op:any} {rt:pair}, {rt2:pair}, [{rn}{offset:optional}]; m=0 l=1",
            "{op} {rt:pair}, {rt2:pair}, [{rn}], {offset}; m=1",
            "{op} {rt:pair}, {rt2:pair}, [{rn}{offset:optional}]; m=2",
            "{op} {rt:pair}, {rt2:pair}, [{rn}, {offset}]!; m=3",
        ]
        /// `ldraa`, `ldrab`.
        Auth "11 111 0 00 o h 1 iiiiiiiii m 1 nnnnn ttttt" {
            op: LoadAuth = "o", mode: AuthMode = "m", rt: Reg = "t", rn: RegSp = "n", offset: Simm10 = "hi",
        } ["{op} {rt}, [{rn}{offset:optional}]; m=0", "{op} {rt}, [{rn}, {offset}]!; m=1"]: PAuth
    }
}
