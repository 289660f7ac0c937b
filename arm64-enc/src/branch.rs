//! Branches: bits 28 to 26 are `101`, but for the system instructions.
//!
//! ```text
//!  31   29 28   26 25                                           0
//! +-------+-------+----------------------------------------------+
//! |  op0  | 1 0 1 |                 by class                     |
//! +-------+-------+----------------------------------------------+
//! op0: x00 immediate, x01 compare or test, 010 conditional, 110 register and system
//! ```

use crate::field::{encodings, ops};
use crate::{BitNumber, Cond, Offset14, Offset19, Offset26, Reg, RegSp, Size};

ops! {
    /// Whether a direct branch is a call.
    ///
    /// ```
    /// assert_eq!(arm64_enc::BranchImm::B.name(), "b");
    /// ```
    pub enum BranchImm: 1 {
        /// Branch.
        B = 0 "b",
        /// Branch and put the return address into `x30`.
        Bl = 1 "bl",
    }
}

ops! {
    /// Which outcome of a test a branch wants.
    ///
    /// ```
    /// assert_eq!(arm64_enc::CompareZero::Cbz.name(), "cbz");
    /// ```
    pub enum CompareZero: 1 {
        /// Branches if zero.
        Cbz = 0 "cbz",
        /// Branches if not zero.
        Cbnz = 1 "cbnz",
    }
}

ops! {
    /// Which value of a bit a branch wants.
    ///
    /// ```
    /// assert_eq!(arm64_enc::TestBit::Tbz.name(), "tbz");
    /// ```
    pub enum TestBit: 1 {
        /// Branches if the bit is zero.
        Tbz = 0 "tbz",
        /// Branches if the bit is one.
        Tbnz = 1 "tbnz",
    }
}

ops! {
    /// A branch to an address in a register.
    ///
    /// ```
    /// assert_eq!(arm64_enc::BranchReg::Br.name(), "br");
    /// ```
    pub enum BranchReg: 2 {
        /// Branch.
        Br = 0b00 "br",
        /// Call.
        Blr = 0b01 "blr",
        /// Return.
        Ret = 0b10 "ret",
    }
}

ops! {
    /// A branch to a signed address in a register.
    ///
    /// ```
    /// assert_eq!(arm64_enc::BranchAuth::Braa.name(), "braa");
    /// ```
    pub enum BranchAuth: 2 {
        /// Branch, key A.
        Braa = 0b00 "braa",
        /// Branch, key B.
        Brab = 0b01 "brab",
        /// Call, key A.
        Blraa = 0b10 "blraa",
        /// Call, key B.
        Blrab = 0b11 "blrab",
    }
}

ops! {
    /// A branch to an address signed with zero as the modifier.
    ///
    /// ```
    /// assert_eq!(arm64_enc::BranchAuthZero::Braaz.name(), "braaz");
    /// ```
    pub enum BranchAuthZero: 2 {
        /// Branch, key A.
        Braaz = 0b00 "braaz",
        /// Branch, key B.
        Brabz = 0b01 "brabz",
        /// Call, key A.
        Blraaz = 0b10 "blraaz",
        /// Call, key B.
        Blrabz = 0b11 "blrabz",
    }
}

ops! {
    /// A return to a signed address, or from an exception.
    ///
    /// ```
    /// assert_eq!(arm64_enc::ReturnSpecial::Retaa.name(), "retaa");
    /// ```
    pub enum ReturnSpecial: 11 {
        /// Return to a signed `x30`, key A.
        Retaa = 0b0010_1_0_11111 "retaa",
        /// Return to a signed `x30`, key B.
        Retab = 0b0010_1_1_11111 "retab",
        /// Return from an exception.
        Eret = 0b0100_0_0_00000 "eret",
        /// Return from an exception to a signed address, key A.
        Eretaa = 0b0100_1_0_11111 "eretaa",
        /// Return from an exception to a signed address, key B.
        Eretab = 0b0100_1_1_11111 "eretab",
        /// Leave debug state.
        Drps = 0b0101_0_0_00000 "drps",
    }
}

encodings! {
    /// Branches.
    ///
    /// ```
    /// let inst = arm64_enc::Branch::decode(0xd61f0200).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("br x16", 0xd61f0200));
    /// ```
    pub enum Branch {
        /// `b`, `bl`.
        Imm "o 00101 iiiiiiiiiiiiiiiiiiiiiiiiii" { op: BranchImm = "o", offset: Offset26 = "i" } ["{op} {offset}"]
        /// `b.cond`.
        Cond "01010100 iiiiiiiiiiiiiiiiiii 0 cccc" { cond: Cond = "c", offset: Offset19 = "i" } [
            "b.{cond} {offset}",
            "b{cond} {offset}",
        ]
        /// `cbz`, `cbnz`.
        CompareZero "z 011010 o iiiiiiiiiiiiiiiiiii ttttt" {
            op: CompareZero = "o", size: Size = "z", rt: Reg = "t", offset: Offset19 = "i",
        } ["{op} {rt}, {offset}"]
        /// `tbz`, `tbnz`.
        TestBit "h 011011 o bbbbb iiiiiiiiiiiiii ttttt" {
            op: TestBit = "o", rt: Reg = "t", bit: BitNumber = "hb", offset: Offset14 = "i",
        } ["{op} {rt:bit}, {bit}, {offset}"]
        /// `br`, `blr`, `ret`.
        Reg "1101011 00 oo 11111 000000 nnnnn 00000" { op: BranchReg = "o", rn: Reg = "n" } [
            "ret; o=2 n=30",
            "{op} {rn}",
        ]
        /// `braa` to `blrab`.
        Auth "1101011 100 o 11111 00001 k nnnnn mmmmm" { op: BranchAuth = "ok", rn: Reg = "n", rm: RegSp = "m" } [
            "{op} {rn}, {rm}",
        ]: PAuth
        /// `braaz` to `blrabz`.
        AuthZero "1101011 000 o 11111 00001 k nnnnn 11111" { op: BranchAuthZero = "ok", rn: Reg = "n" } ["{op} {rn}"]: PAuth
        /// `retaa`, `retab`, `eret`, `eretaa`, `eretab`, `drps`.
        Return "1101011 oooo 11111 0000 p k 11111 qqqqq" { op: ReturnSpecial = "opkq" } ["{op}"]
    }
}
