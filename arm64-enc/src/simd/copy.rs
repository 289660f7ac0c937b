//! AdvSIMD moves between lanes and registers: copies, table look-ups, permutations, extraction.
//!
//! ```text
//!  31 30 29 28           21 20   16 15 14   11 10 9    5 4     0
//! +--+--+--+---------------+-------+--+-------+--+------+-------+
//! |0 |Q |op|0 1 1 1 0 0 0 0| imm5  |0 | imm4  |1 |  Rn  |  Rd   |  copy
//! |0 |Q |0 |0 1 1 1 0 0 0 0|  Rm   |0 |len op 0 0|  Rn  |  Rd   |  table look-up
//! |0 |Q |0 |0 1 1 1 0 sz  0|  Rm   |0 |opcode 1 0|  Rn  |  Rd   |  permutation
//! |0 |Q |1 |0 1 1 1 0 0 0 0|  Rm   |0 | imm4  |0 |  Rn  |  Rd   |  extraction
//! +--+--+--+---------------+-------+--+-------+--+------+-------+
//! ```

use super::shape::{IntShape, Lane, LaneSize, VectorSize};
use crate::field::{Field, encodings, ops};
use crate::text::Kind;
use crate::text::when;
use crate::{Reg, Size, VReg};

/// The shape that a duplication fills, and for a duplicated lane its number.
///
/// ```
/// use arm64_enc::simd::{DupLane, IntShape};
/// assert!(DupLane::new(IntShape::S4, 3).is_some());
/// assert!(DupLane::new(IntShape::S4, 4).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DupLane {
    shape: IntShape,
    index: u8,
}

impl DupLane {
    /// The lane of this number in a register of 128 bits, to fill this shape.
    #[must_use]
    pub const fn new(shape: IntShape, index: u32) -> Option<DupLane> {
        if index < 16 >> (shape as u32 >> 1) {
            Some(DupLane { shape, index: index as u8 })
        } else {
            None
        }
    }

    /// The shape that is filled.
    #[must_use]
    pub const fn shape(self) -> IntShape {
        self.shape
    }

    /// The number of the lane.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index as u32
    }
}

impl Field for DupLane {
    const WIDTH: u32 = 6;
    const NAMES: &'static [(u32, &'static str)] = IntShape::NAMES;
    const KIND: Kind = Kind::Lane;

    #[inline]
    fn bits(self) -> u32 {
        let shape = self.shape as u32;
        ((u32::from(self.index) << 1 | 1) << (shape >> 1)) << 1 | shape & 1
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let lane = Lane::from_bits(bits >> 1)?;
        let shape = IntShape::from_bits((lane.size() as u32) << 1 | bits & 1)?;
        DupLane::new(shape, lane.index())
    }
}

/// The shape that a duplicated general-purpose register fills.
///
/// ```
/// use arm64_enc::simd::{DupShape, IntShape, SimdCopy};
/// use arm64_enc::{V0, X1};
/// let dup = SimdCopy::Dup { shape: DupShape(IntShape::S4), rd: V0, rn: X1 };
/// assert_eq!(dup.to_string(), "dup v0.4s, w1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DupShape(pub IntShape);

impl Field for DupShape {
    const WIDTH: u32 = 6;
    const NAMES: &'static [(u32, &'static str)] = IntShape::NAMES;
    const KIND: Kind = Kind::Lane;

    #[inline]
    fn bits(self) -> u32 {
        let shape = self.0 as u32;
        (1 << (shape >> 1)) << 1 | shape & 1
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let lane = DupLane::from_bits(bits)?;
        if lane.index == 0 { Some(DupShape(lane.shape)) } else { None }
    }
}

/// A lane that is moved to a general-purpose register with zeros above, and the register's width.
///
/// ```
/// use arm64_enc::simd::{Lane, LaneSize, UmovLane};
/// use arm64_enc::Size;
/// let lane = Lane::new(LaneSize::D, 1).unwrap();
/// assert_eq!(UmovLane::new(lane).size(), Size::X);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UmovLane(Lane);

impl UmovLane {
    /// The move of this lane.
    #[must_use]
    pub const fn new(lane: Lane) -> UmovLane {
        UmovLane(lane)
    }

    /// The lane.
    #[must_use]
    pub const fn lane(self) -> Lane {
        self.0
    }

    /// The width of the register: double words need all of it.
    #[must_use]
    pub const fn size(self) -> Size {
        if matches!(self.0.size(), LaneSize::D) { Size::X } else { Size::W }
    }
}

impl Field for UmovLane {
    const WIDTH: u32 = 6;
    const KIND: Kind = Kind::Lane;

    #[inline]
    fn bits(self) -> u32 {
        self.0.bits() << 1 | self.size() as u32
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let lane = UmovLane(Lane::from_bits(bits >> 1)?);
        if lane.size() as u32 == bits & 1 { Some(lane) } else { None }
    }
}

/// A lane that is moved to a wider general-purpose register with its sign.
///
/// ```
/// use arm64_enc::simd::{Lane, LaneSize, SmovLane};
/// use arm64_enc::Size;
/// let word = Lane::new(LaneSize::S, 1).unwrap();
/// assert!(SmovLane::new(Size::X, word).is_some());
/// assert!(SmovLane::new(Size::W, word).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SmovLane {
    size: Size,
    lane: Lane,
}

impl SmovLane {
    /// The move of this lane into a register of this width, which must be wider.
    #[must_use]
    pub const fn new(size: Size, lane: Lane) -> Option<SmovLane> {
        if lane.size().bits() < size.bits() { Some(SmovLane { size, lane }) } else { None }
    }

    /// The width of the register.
    #[must_use]
    pub const fn size(self) -> Size {
        self.size
    }

    /// The lane.
    #[must_use]
    pub const fn lane(self) -> Lane {
        self.lane
    }
}

impl Field for SmovLane {
    const WIDTH: u32 = 6;
    const KIND: Kind = Kind::Lane;

    #[inline]
    fn bits(self) -> u32 {
        self.lane.bits() << 1 | self.size as u32
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        SmovLane::new(Size::from_bits(bits & 1)?, Lane::from_bits(bits >> 1)?)
    }
}

/// Two lanes of one width: where a lane is written and where it comes from.
///
/// ```
/// use arm64_enc::simd::{LanePair, LaneSize};
/// assert!(LanePair::new(LaneSize::S, 3, 0).is_some());
/// assert!(LanePair::new(LaneSize::S, 3, 4).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LanePair {
    to: Lane,
    from: u8,
}

impl LanePair {
    /// From lane `from` to lane `to`.
    #[must_use]
    pub const fn new(size: LaneSize, to: u32, from: u32) -> Option<LanePair> {
        match (Lane::new(size, to), Lane::new(size, from)) {
            (Some(to), Some(_)) => Some(LanePair { to, from: from as u8 }),
            _ => None,
        }
    }

    /// The lane that is written.
    #[must_use]
    pub const fn to(self) -> Lane {
        self.to
    }

    /// The number of the lane that is read; it has the same width.
    #[must_use]
    pub const fn from(self) -> u32 {
        self.from as u32
    }
}

impl Field for LanePair {
    const WIDTH: u32 = 9;
    const KIND: Kind = Kind::Lane;

    #[inline]
    fn bits(self) -> u32 {
        self.to.bits() << 4 | u32::from(self.from) << self.to.size() as u32
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let to = Lane::from_bits(bits >> 4)?;
        let (imm4, log2) = (bits & 0xf, to.size() as u32);
        // Bits below the number mean nothing; only zeros are taken.
        if imm4 & ((1 << log2) - 1) != 0 {
            return None;
        }
        Some(LanePair { to, from: (imm4 >> log2) as u8 })
    }
}

/// Where an extraction of 8 or 16 bytes begins.
///
/// ```
/// use arm64_enc::simd::{ExtStart, VectorSize};
/// assert!(ExtStart::new(VectorSize::D, 7).is_some());
/// assert!(ExtStart::new(VectorSize::D, 8).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExtStart {
    q: VectorSize,
    byte: u8,
}

impl ExtStart {
    /// Begins at this byte of the first register.
    #[must_use]
    pub const fn new(q: VectorSize, byte: u32) -> Option<ExtStart> {
        if byte < 8 << q as u32 { Some(ExtStart { q, byte: byte as u8 }) } else { None }
    }

    /// How much is extracted.
    #[must_use]
    pub const fn size(self) -> VectorSize {
        self.q
    }

    /// The first byte.
    #[must_use]
    pub const fn byte(self) -> u32 {
        self.byte as u32
    }
}

impl Field for ExtStart {
    const WIDTH: u32 = 5;
    const NAMES: &'static [(u32, &'static str)] = VectorSize::NAMES;
    const KIND: Kind = Kind::Start;

    #[inline]
    fn bits(self) -> u32 {
        (self.q as u32) << 4 | u32::from(self.byte)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        ExtStart::new(VectorSize::from_bits(bits >> 4)?, bits & 0xf)
    }
}

ops! {
    /// A look-up of bytes in a table.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Table::Tbl.name(), "tbl");
    /// ```
    pub enum Table: 1 {
        /// Zero where the index is beyond the table.
        Tbl = 0 "tbl",
        /// Unchanged where the index is beyond the table.
        Tbx = 1 "tbx",
    }
}

ops! {
    /// How many consecutive registers a table has; after v31 comes v0.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::TableLen::One.name(), "1");
    /// ```
    pub enum TableLen: 2 as Count {
        /// 16 bytes.
        One = 0 "1",
        /// 32 bytes.
        Two = 1 "2",
        /// 48 bytes.
        Three = 2 "3",
        /// 64 bytes.
        Four = 3 "4",
    }
}

ops! {
    /// A permutation of the lanes of two registers.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Permute::Uzp1.name(), "uzp1");
    /// ```
    pub enum Permute: 3 {
        /// Even lanes.
        Uzp1 = 0b001 "uzp1",
        /// Even lanes of both, in turns.
        Trn1 = 0b010 "trn1",
        /// Low lanes of both, in turns.
        Zip1 = 0b011 "zip1",
        /// Odd lanes.
        Uzp2 = 0b101 "uzp2",
        /// Odd lanes of both, in turns.
        Trn2 = 0b110 "trn2",
        /// High lanes of both, in turns.
        Zip2 = 0b111 "zip2",
    }
}

encodings! {
    /// AdvSIMD moves between lanes and registers.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdCopy::decode(0x4e040c20).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("dup v0.4s, w1", 0x4e040c20));
    /// ```
    pub enum SimdCopy {
        /// `dup` of a lane into all lanes.
        DupLane "0 q 0 01110000 iiiii 0 0000 1 nnnnn ddddd" { lane: DupLane = "iq", rd: VReg = "d", rn: VReg = "n" } [
            "dup {rd}, {rn:element}",
            "mov {rd}, {rn:element}",
        ]
        /// `dup` of a general-purpose register into all lanes.
        Dup "0 q 0 01110000 iiiii 0 0001 1 nnnnn ddddd" { shape: DupShape = "iq", rd: VReg = "d", rn: Reg = "n" } [
            "dup {rd}, {rn:element}",
        ]
        /// `smov`: a lane into a general-purpose register, with its sign.
        Smov "0 q 0 01110000 iiiii 0 0101 1 nnnnn ddddd" { lane: SmovLane = "iq", rd: Reg = "d", rn: VReg = "n" } [
            "smov {rd:quad}, {rn:element}",
        ]
        /// `umov`: a lane into a general-purpose register, with zeros above.
        Umov "0 q 0 01110000 iiiii 0 0111 1 nnnnn ddddd" { lane: UmovLane = "iq", rd: Reg = "d", rn: VReg = "n" } [
            "mov {rd:quad}, {rn:element}" if when::whole_lane,
            "umov {rd:quad}, {rn:element}",
        ]
        /// `ins` of a general-purpose register into a lane.
        Insert "0 1 0 01110000 iiiii 0 0011 1 nnnnn ddddd" { lane: Lane = "i", rd: VReg = "d", rn: Reg = "n" } [
            "mov {rd:element}, {rn:element}",
            "ins {rd:element}, {rn:element}",
        ]
        /// `ins` of a lane into a lane.
        InsertLane "0 1 1 01110000 iiiii 0 jjjj 1 nnnnn ddddd" { lanes: LanePair = "ij", rd: VReg = "d", rn: VReg = "n" } [
            "mov {rd:element}, {rn:from}",
            "ins {rd:element}, {rn:from}",
        ]
        /// `tbl`, `tbx`.
        Table "0 q 0 01110000 mmmmm 0 ll o 00 nnnnn ddddd" {
            op: Table = "o", len: TableLen = "l", q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn:table}, {rm}"]
        /// `zip1`, `uzp1`, `trn1` and their second halves.
        Permute "0 q 0 01110 ss 0 mmmmm 0 ooo 10 nnnnn ddddd" {
            op: Permute = "o", shape: IntShape = "sq", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]
        /// `ext`: consecutive bytes of `rn` followed by `rm`.
        Ext "0 q 1 01110000 mmmmm 0 iiii 0 nnnnn ddddd" {
            start: ExtStart = "qi", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["ext {rd}, {rn}, {rm}, {start}"]
    }
}
