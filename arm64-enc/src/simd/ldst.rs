//! AdvSIMD loads and stores of structures: whole registers, one lane of each, or one element for all lanes.
//!
//! ```text
//!  31 30 29           24 23 22 21 20   16 15      12 11 10 9    5 4     0
//! +--+--+---------------+--+--+--+-------+----------+-----+------+-------+
//! |0 |Q |0 0 1 1 0 0    |p |L | 0|  Rm   |  opcode  |size |  Rn  |  Rt   |  multiple structures
//! |0 |Q |0 0 1 1 0 1    |p |L | R|  Rm   |opc    S  |size |  Rn  |  Rt   |  single structure
//! +--+--+---------------+--+--+--+-------+----------+-----+------+-------+
//! p: post-index
//! ```

use super::shape::{Arrangement, IntShape};
use crate::field::{Field, encodings, ops};
use crate::text::Kind;
use crate::{Reg, RegSp, VReg};

ops! {
    /// The direction of an access.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Access::Store.name(), "st");
    /// ```
    pub enum Access: 1 {
        /// To memory.
        Store = 0 "st",
        /// From memory.
        Load = 1 "ld",
    }
}

ops! {
    /// How many consecutive registers are read or written without interleaving; after v31 comes v0.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Registers::Four.name(), "4");
    /// ```
    pub enum Registers: 4 as Count {
        /// Four.
        Four = 0b0010 "4",
        /// Three.
        Three = 0b0110 "3",
        /// One.
        One = 0b0111 "1",
        /// Two.
        Two = 0b1010 "2",
    }
}

ops! {
    /// How many registers an interleaved access has: the number of members of a structure.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Members::Four.name(), "4");
    /// ```
    pub enum Members: 4 as Count {
        /// Four.
        Four = 0b0000 "4",
        /// Three.
        Three = 0b0100 "3",
        /// Two.
        Two = 0b1000 "2",
    }
}

ops! {
    /// How many members a single structure has: `opcode<0>` and `R`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::SingleMembers::One.name(), "1");
    /// ```
    pub enum SingleMembers: 2 as Count {
        /// One.
        One = 0 "1",
        /// Two.
        Two = 1 "2",
        /// Three.
        Three = 2 "3",
        /// Four.
        Four = 3 "4",
    }
}

/// How the base register moves after an access.
///
/// ```
/// use arm64_enc::simd::PostIndex;
/// assert_ne!(PostIndex::register(arm64_enc::X1), Some(PostIndex::Size));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PostIndex {
    /// By a register, x0 to x30.
    Register(PostRegister),
    /// By the number of bytes that are read or written.
    Size,
}

/// A register that the base register moves by: x0 to x30.
///
/// ```
/// use arm64_enc::X1;
/// use arm64_enc::simd::PostIndex;
/// let Some(PostIndex::Register(register)) = PostIndex::register(X1) else { panic!() };
/// assert_eq!(register.reg(), X1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PostRegister(Reg);

impl PostIndex {
    /// By this register; `None` for the zero register, whose number means [`PostIndex::Size`].
    ///
    /// ```
    /// use arm64_enc::simd::PostIndex;
    /// use arm64_enc::{X1, XZR};
    /// assert!(PostIndex::register(X1).is_some());
    /// assert!(PostIndex::register(XZR).is_none());
    /// ```
    #[must_use]
    pub fn register(register: Reg) -> Option<PostIndex> {
        if register.is_zr() { None } else { Some(PostIndex::Register(PostRegister(register))) }
    }
}

impl PostRegister {
    /// The register.
    #[must_use]
    pub const fn reg(self) -> Reg {
        self.0
    }
}

impl Field for PostIndex {
    const WIDTH: u32 = 5;
    const KIND: Kind = Kind::Post;

    #[inline]
    fn bits(self) -> u32 {
        match self {
            PostIndex::Register(register) => register.0.bits(),
            PostIndex::Size => 31,
        }
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        let register = Reg::from_bits(bits)?;
        Some(PostIndex::register(register).unwrap_or(PostIndex::Size))
    }
}

macro_rules! lane_number {
    ($(#[$doc:meta])* $name:ident, $width:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(u8);

        impl $name {
            /// The lane of this number.
            #[must_use]
            pub const fn new(index: u32) -> Option<$name> {
                if index < 1 << $width { Some($name(index as u8)) } else { None }
            }

            /// The number.
            #[must_use]
            pub const fn index(self) -> u32 {
                self.0 as u32
            }
        }

        impl Field for $name {
            const WIDTH: u32 = $width;
    const KIND: Kind = Kind::Index;

            #[inline]
            fn bits(self) -> u32 {
                u32::from(self.0)
            }

            #[inline]
            fn from_bits(bits: u32) -> Option<Self> {
                $name::new(bits)
            }
        }
    };
}

lane_number! {
    /// The number of a byte in a register, below 16.
    ByteLane, 4
}
lane_number! {
    /// The number of a half word in a register, below 8.
    HalfLane, 3
}
lane_number! {
    /// The number of a word in a register, below 4.
    WordLane, 2
}
lane_number! {
    /// The number of a double word in a register, below 2.
    DoubleLane, 1
}

encodings! {
    /// AdvSIMD loads and stores of structures.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdLdSt::decode(0x4c407000).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("ld1 { v0.16b }, [x0]", 0x4c407000));
    /// ```
    pub enum SimdLdSt {
        /// `ld1`, `st1` of consecutive registers.
        Registers "0 q 0011000 l 0 00000 oooo ss nnnnn ttttt" {
            access: Access = "l", count: Registers = "o", shape: Arrangement = "sq", rt: VReg = "t", rn: RegSp = "n",
        } ["{access}1 {rt:list}, [{rn:x}]"]
        /// The same, with post-index.
        RegistersPost "0 q 0011001 l 0 mmmmm oooo ss nnnnn ttttt" {
            access: Access = "l", count: Registers = "o", shape: Arrangement = "sq", rt: VReg = "t", rn: RegSp = "n",
            post: PostIndex = "m",
        } ["{access}1 {rt:list}, [{rn:x}], {post}"]
        /// `ld2` to `ld4`, `st2` to `st4`: each register gets one member of every structure.
        Structures "0 q 0011000 l 0 00000 oooo ss nnnnn ttttt" {
            access: Access = "l", count: Members = "o", shape: IntShape = "sq", rt: VReg = "t", rn: RegSp = "n",
        } ["{access}{count} {rt:list}, [{rn:x}]"]
        /// The same, with post-index.
        StructuresPost "0 q 0011001 l 0 mmmmm oooo ss nnnnn ttttt" {
            access: Access = "l", count: Members = "o", shape: IntShape = "sq", rt: VReg = "t", rn: RegSp = "n",
            post: PostIndex = "m",
        } ["{access}{count} {rt:list}, [{rn:x}], {post}"]
        /// One byte of each register.
        Byte "0 q 0011010 l r 00000 00 o s zz nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: ByteLane = "qsz", rn: RegSp = "n",
        } ["{access}{count} {rt:list_b}[{lane}], [{rn:x}]"]
        /// The same, with post-index.
        BytePost "0 q 0011011 l r mmmmm 00 o s zz nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: ByteLane = "qsz", rn: RegSp = "n",
            post: PostIndex = "m",
        } ["{access}{count} {rt:list_b}[{lane}], [{rn:x}], {post}"]
        /// One half word of each register.
        Half "0 q 0011010 l r 00000 01 o s z 0 nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: HalfLane = "qsz", rn: RegSp = "n",
        } ["{access}{count} {rt:list_h}[{lane}], [{rn:x}]"]
        /// The same, with post-index.
        HalfPost "0 q 0011011 l r mmmmm 01 o s z 0 nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: HalfLane = "qsz", rn: RegSp = "n",
            post: PostIndex = "m",
        } ["{access}{count} {rt:list_h}[{lane}], [{rn:x}], {post}"]
        /// One word of each register.
        Word "0 q 0011010 l r 00000 10 o s 00 nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: WordLane = "qs", rn: RegSp = "n",
        } ["{access}{count} {rt:list_s}[{lane}], [{rn:x}]"]
        /// The same, with post-index.
        WordPost "0 q 0011011 l r mmmmm 10 o s 00 nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: WordLane = "qs", rn: RegSp = "n",
            post: PostIndex = "m",
        } ["{access}{count} {rt:list_s}[{lane}], [{rn:x}], {post}"]
        /// One double word of each register.
        Double "0 q 0011010 l r 00000 10 o 0 01 nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: DoubleLane = "q", rn: RegSp = "n",
        } ["{access}{count} {rt:list_d}[{lane}], [{rn:x}]"]
        /// The same, with post-index.
        DoublePost "0 q 0011011 l r mmmmm 10 o 0 01 nnnnn ttttt" {
            access: Access = "l", count: SingleMembers = "or", rt: VReg = "t", lane: DoubleLane = "q", rn: RegSp = "n",
            post: PostIndex = "m",
        } ["{access}{count} {rt:list_d}[{lane}], [{rn:x}], {post}"]
        /// `ld1r` to `ld4r`: one element for all lanes of each register.
        Replicate "0 q 0011010 1 r 00000 11 o 0 ss nnnnn ttttt" {
            count: SingleMembers = "or", shape: Arrangement = "sq", rt: VReg = "t", rn: RegSp = "n",
        } ["ld{count}r {rt:list}, [{rn:x}]"]
        /// The same, with post-index.
        ReplicatePost "0 q 0011011 1 r mmmmm 11 o 0 ss nnnnn ttttt" {
            count: SingleMembers = "or", shape: Arrangement = "sq", rt: VReg = "t", rn: RegSp = "n", post: PostIndex = "m",
        } ["ld{count}r {rt:list}, [{rn:x}], {post}"]
    }
}
