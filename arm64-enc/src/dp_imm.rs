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
use crate::{
    AdrOffset, ArithImm, BitfieldImm, ExtractLsb, LogicalImm, MoveImm, PageOffset, Reg, RegSp, Size,
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

encodings! {
    /// Data processing with an immediate.
    ///
    /// ```
    /// let inst = arm64_enc::DpImm::decode(0x91000420).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("add x0, x1, #1", 0x91000420));
    /// ```
    pub enum DpImm {
        /// `adr`: the address of a byte within 1 MiB.
        Adr "0 ll 10000 hhhhhhhhhhhhhhhhhhh ddddd" { rd: Reg = "d", offset: AdrOffset = "hl" }
        /// `adrp`: the address of a 4 KiB page within 4 GiB.
        Adrp "1 ll 10000 hhhhhhhhhhhhhhhhhhh ddddd" { rd: Reg = "d", offset: PageOffset = "hl" }
        /// `add`, `sub`.
        AddSub "z o 0 100010 siiiiiiiiiiii nnnnn ddddd" {
            op: AddSub = "o", size: Size = "z", rd: RegSp = "d", rn: RegSp = "n", imm: ArithImm = "si",
        }
        /// `adds`, `subs`, and so `cmp`, `cmn`.
        AddSubFlags "z o 1 100010 siiiiiiiiiiii nnnnn ddddd" {
            op: AddSub = "o", size: Size = "z", rd: Reg = "d", rn: RegSp = "n", imm: ArithImm = "si",
        }
        /// `and`, `orr`, `eor`.
        Logical "z oo 100100 krrrrrrssssss nnnnn ddddd" {
            op: LogicalImmOp = "o", rd: RegSp = "d", rn: Reg = "n", imm: LogicalImm = "zkrs",
        }
        /// `ands`, and so `tst`.
        LogicalFlags "z 11 100100 krrrrrrssssss nnnnn ddddd" {
            rd: Reg = "d", rn: Reg = "n", imm: LogicalImm = "zkrs",
        }
        /// `movn`, `movz`, `movk`.
        MoveWide "z oo 100101 hh iiiiiiiiiiiiiiii ddddd" {
            op: MoveWide = "o", rd: Reg = "d", imm: MoveImm = "zhi",
        }
        /// `sbfm`, `bfm`, `ubfm`, and so the shifts by constants and the extensions.
        Bitfield "z oo 100110 krrrrrrssssss nnnnn ddddd" {
            op: Bitfield = "o", rd: Reg = "d", rn: Reg = "n", bits: BitfieldImm = "zkrs",
        }
        /// `extr`, and so `ror` by a constant.
        Extract "z 00 100111 k 0 mmmmm ssssss nnnnn ddddd" {
            rd: Reg = "d", rn: Reg = "n", rm: Reg = "m", lsb: ExtractLsb = "zks",
        }
    }
}
