//! Data processing with an immediate: bits 28 to 26 are `100`.
//!
//! ```text
//!  31 30 29 28     26 25   23 22                                0
//! +--+-----+---------+-------+-----------------------------------+
//! |sf| opc | 1  0  0 |  op0  |            by class               |
//! +--+-----+---------+-------+-----------------------------------+
//! op0: 00x pc-relative, 010 add/sub, 100 logical, 101 move wide, 110 bitfield, 111 extract
//! ```

use crate::field::{encodings, ops};
use crate::text::when;
use crate::{
    AdrOffset, ArithImm, BitfieldImm, ExtractLsb, Imm8, LogicalImm, MoveImm, PageOffset, Reg,
    RegSp, Simm8, Size,
};

ops! {
    /// Addition or subtraction.
    ///
    /// ```
    /// assert_eq!(arm64_enc::AddSub::Add.name(), "add");
    /// ```
    pub enum AddSub: 1 {
        /// Addition.
        Add = 0 "add",
        /// Subtraction.
        Sub = 1 "sub",
    }
}

ops! {
    /// A logical operation with an immediate that leaves the flags alone.
    ///
    /// ```
    /// assert_eq!(arm64_enc::LogicalImmOp::And.name(), "and");
    /// ```
    pub enum LogicalImmOp: 2 {
        /// Bitwise and.
        And = 0b00 "and",
        /// Bitwise or.
        Orr = 0b01 "orr",
        /// Bitwise exclusive or.
        Eor = 0b10 "eor",
    }
}

ops! {
    /// A move of 16 bits.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MoveWide::Movn.name(), "movn");
    /// ```
    pub enum MoveWide: 2 {
        /// The complement of the shifted immediate.
        Movn = 0b00 "movn",
        /// The shifted immediate.
        Movz = 0b10 "movz",
        /// Replaces 16 bits and keeps the others.
        Movk = 0b11 "movk",
    }
}

ops! {
    /// A bit-field move.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Bitfield::Sbfm.name(), "sbfm");
    /// ```
    pub enum Bitfield: 2 {
        /// The rest of the destination becomes copies of the field's sign.
        Sbfm = 0b00 "sbfm",
        /// The rest of the destination is kept.
        Bfm = 0b01 "bfm",
        /// The rest of the destination becomes zero.
        Ubfm = 0b10 "ubfm",
    }
}

ops! {
    /// A signed minimum or maximum.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MinMaxSigned::Smax.name(), "smax");
    /// ```
    pub enum MinMaxSigned: 1 {
        /// The maximum.
        Smax = 0 "smax",
        /// The minimum.
        Smin = 1 "smin",
    }
}

ops! {
    /// An unsigned minimum or maximum.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MinMaxUnsigned::Umax.name(), "umax");
    /// ```
    pub enum MinMaxUnsigned: 1 {
        /// The maximum.
        Umax = 0 "umax",
        /// The minimum.
        Umin = 1 "umin",
    }
}

encodings! {
    /// Data processing with an immediate.
    ///
    /// ```
    /// let inst = arm64_enc::DpImm::decode(0x91000420).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("add x0, x1, #1", 0x91000420));
    /// ```
    pub enum DpImm {
        /// `adr`: the address of a byte within 1 MiB.
        Adr "0 ll 10000 hhhhhhhhhhhhhhhhhhh ddddd" { rd: Reg = "d", offset: AdrOffset = "hl" } ["adr {rd}, {offset}"]
        /// `adrp`: the address of a 4 KiB page within 4 GiB.
        Adrp "1 ll 10000 hhhhhhhhhhhhhhhhhhh ddddd" { rd: Reg = "d", offset: PageOffset = "hl" } [
            "adrp {rd}, {offset}",
        ]
        /// `add`, `sub`.
        AddSub "z o 0 100010 siiiiiiiiiiii nnnnn ddddd" {
            op: AddSub = "o", size: Size = "z", rd: RegSp = "d", rn: RegSp = "n", imm: ArithImm = "si",
        } [
            "mov {rd}, {rn}; o=0 s=0 i=0" if when::beside_sp,
            "{op} {rd}, {rn}, {imm}",
            "sub {rd}, {rn}, {imm:negated}; o=0",
            "add {rd}, {rn}, {imm:negated}; o=1",
        ]
        /// `adds`, `subs`, and so `cmp`, `cmn`.
        AddSubFlags "z o 1 100010 siiiiiiiiiiii nnnnn ddddd" {
            op: AddSub = "o", size: Size = "z", rd: Reg = "d", rn: RegSp = "n", imm: ArithImm = "si",
        } [
            "cmn {rn}, {imm}; o=0 d=31",
            "cmp {rn}, {imm}; o=1 d=31",
            "{op}s {rd}, {rn}, {imm}",
            "cmp {rn}, {imm:negated}; o=0 d=31",
            "cmn {rn}, {imm:negated}; o=1 d=31",
            "subs {rd}, {rn}, {imm:negated}; o=0",
            "adds {rd}, {rn}, {imm:negated}; o=1",
        ]
        /// `smax`, `smin` with a small number.
        MinMaxSigned "z 00 1000111 00 o 0 iiiiiiii nnnnn ddddd" {
            op: MinMaxSigned = "o", size: Size = "z", rd: Reg = "d", rn: Reg = "n", imm: Simm8 = "i",
        } ["{op} {rd}, {rn}, {imm}"]: Cssc
        /// `umax`, `umin` with a small number.
        MinMaxUnsigned "z 00 1000111 00 o 1 iiiiiiii nnnnn ddddd" {
            op: MinMaxUnsigned = "o", size: Size = "z", rd: Reg = "d", rn: Reg = "n", imm: Imm8 = "i",
        } ["{op} {rd}, {rn}, {imm}"]: Cssc
        /// `and`, `orr`, `eor`.
        Logical "z oo 100100 krrrrrrssssss nnnnn ddddd" {
            op: LogicalImmOp = "o", rd: RegSp = "d", rn: Reg = "n", imm: LogicalImm = "zkrs",
        } [
            "mov {rd}, {imm:signed}; o=1 n=31" if when::not_wide,
            "{op} {rd}, {rn}, {imm}",
            "bic {rd}, {rn}, {imm:not}; o=0",
            "orn {rd}, {rn}, {imm:not}; o=1",
            "eon {rd}, {rn}, {imm:not}; o=2",
        ]
        /// `ands`, and so `tst`.
        LogicalFlags "z 11 100100 krrrrrrssssss nnnnn ddddd" {
            rd: Reg = "d", rn: Reg = "n", imm: LogicalImm = "zkrs",
        } ["tst {rn}, {imm}; d=31", "ands {rd}, {rn}, {imm}", "bics {rd}, {rn}, {imm:not}"]
        /// `movn`, `movz`, `movk`.
        MoveWide "z oo 100101 hh iiiiiiiiiiiiiiii ddddd" {
            op: MoveWide = "o", rd: Reg = "d", imm: MoveImm = "zhi",
        } [
            "mov {rd}, {imm:signed}; o=2" if when::movz_is_mov,
            "mov {rd}, {imm:inverse}; o=0" if when::movn_is_mov,
            "{op} {rd}, {imm}",
        ]
        /// `sbfm`, `bfm`, `ubfm`, and so the shifts by constants and the extensions.
        Bitfield "z oo 100110 krrrrrrssssss nnnnn ddddd" {
            op: Bitfield = "o", rd: Reg = "d", rn: Reg = "n", bits: BitfieldImm = "zkrs",
        } [
            "sxtb {rd}, {rn:w}; o=0 r=0 s=7",
            "sxth {rd}, {rn:w}; o=0 r=0 s=15",
            "sxtw {rd}, {rn:w}; z=1 o=0 r=0 s=31",
            "uxtb {rd}, {rn:w}; z=0 o=2 r=0 s=7",
            "uxth {rd}, {rn:w}; z=0 o=2 r=0 s=15",
            "lsl {rd}, {rn}, {bits:lsl}; o=2" if when::is_lsl,
            "lsr {rd}, {rn}, {bits:right}; o=2" if when::to_the_top,
            "asr {rd}, {rn}, {bits:right}; o=0" if when::to_the_top,
            "bfc {rd}, {bits:insert}; o=1 n=31" if when::inserts_or_starts,
            "bfi {rd}, {rn}, {bits:insert}; o=1" if when::inserts,
            "sbfiz {rd}, {rn}, {bits:insert}; o=0" if when::inserts,
            "ubfiz {rd}, {rn}, {bits:insert}; o=2" if when::inserts,
            "bfxil {rd}, {rn}, {bits:extract}; o=1",
            "sbfx {rd}, {rn}, {bits:extract}; o=0",
            "ubfx {rd}, {rn}, {bits:extract}; o=2",
            "{op} {rd}, {rn}, {bits}",
            "bfi {rd}, {rn}, {bits:insert}; o=1",
            "sbfiz {rd}, {rn}, {bits:insert}; o=0",
            "ubfiz {rd}, {rn}, {bits:insert}; o=2",
            "uxtb {rd}, {rn:w}; z=1 o=2 r=0 s=7",
            "uxth {rd}, {rn:w}; z=1 o=2 r=0 s=15",
            "uxtw {rd}, {rn:w}; z=1 o=2 r=0 s=31",
        ]
        /// `extr`, and so `ror` by a constant.
        Extract "z 00 100111 k 0 mmmmm ssssss nnnnn ddddd" {
            rd: Reg = "d", rn: Reg = "n", rm: Reg = "m", lsb: ExtractLsb = "zks",
        } ["ror {rd}, {rn}, {lsb}; m=n", "extr {rd}, {rn}, {rm}, {lsb}"]
    }
}
