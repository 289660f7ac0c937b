//! Data processing with registers: bits 27 to 25 are `101`.
//!
//! ```text
//!  31 30 29 28 27   25 24    21 20   16 15    10 9    5 4     0
//! +--+--+--+--+-------+--------+-------+--------+------+-------+
//! |sf|op|S |o1| 1 0 1 |  op2   |  Rm   |  op3   |  Rn  |  Rd   |
//! +--+--+--+--+-------+--------+-------+--------+------+-------+
//! ```

use crate::field::{encodings, ops};
use crate::text::when;
use crate::{
    AddSub, ArithShift, Cond, Extend, ExtendShift, Imm5, Imm6, Nzcv, Reg, RegSp, Shift, Size,
};

ops! {
    /// Whether an instruction writes the flags.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Flags::Keep.name(), "");
    /// ```
    pub enum Flags: 1 {
        /// The flags stay as they are.
        Keep = 0 "",
        /// The flags tell about the result; the mnemonic ends in `s`.
        Set = 1 "s",
    }
}

ops! {
    /// A logical operation on registers.
    ///
    /// ```
    /// assert_eq!(arm64_enc::LogicalReg::And.name(), "and");
    /// ```
    pub enum LogicalReg: 3 {
        /// Bitwise and.
        And = 0b000 "and",
        /// And with the complement.
        Bic = 0b001 "bic",
        /// Bitwise or.
        Orr = 0b010 "orr",
        /// Or with the complement.
        Orn = 0b011 "orn",
        /// Exclusive or.
        Eor = 0b100 "eor",
        /// Exclusive or with the complement.
        Eon = 0b101 "eon",
        /// And that sets the flags.
        Ands = 0b110 "ands",
        /// And with the complement that sets the flags.
        Bics = 0b111 "bics",
    }
}

ops! {
    /// A conditional compare.
    ///
    /// ```
    /// assert_eq!(arm64_enc::CondCompare::Ccmn.name(), "ccmn");
    /// ```
    pub enum CondCompare: 1 {
        /// As `cmn`: flags of the sum.
        Ccmn = 0 "ccmn",
        /// As `cmp`: flags of the difference.
        Ccmp = 1 "ccmp",
    }
}

ops! {
    /// What a conditional select takes when the condition fails.
    ///
    /// ```
    /// assert_eq!(arm64_enc::CondSelect::Csel.name(), "csel");
    /// ```
    pub enum CondSelect: 2 {
        /// The second register.
        Csel = 0b00 "csel",
        /// The second register plus one.
        Csinc = 0b01 "csinc",
        /// The complement of the second register.
        Csinv = 0b10 "csinv",
        /// The second register negated.
        Csneg = 0b11 "csneg",
    }
}

ops! {
    /// An operation on two registers.
    ///
    /// ```
    /// assert_eq!(arm64_enc::DataProc2::Udiv.name(), "udiv");
    /// ```
    pub enum DataProc2: 6 {
        /// Unsigned quotient; 0 for a division by zero.
        Udiv = 0b000010 "udiv",
        /// Signed quotient, rounded to zero; 0 for a division by zero.
        Sdiv = 0b000011 "sdiv",
        /// Left shift, amount modulo the width.
        Lslv = 0b001000 "lsl",
        /// Logical right shift, amount modulo the width.
        Lsrv = 0b001001 "lsr",
        /// Arithmetic right shift, amount modulo the width.
        Asrv = 0b001010 "asr",
        /// Right rotation, amount modulo the width.
        Rorv = 0b001011 "ror",
    }
}

ops! {
    /// A checksum step: polynomial and width of the datum.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Crc32::B.name(), "crc32b");
    /// ```
    pub enum Crc32: 4 {
        /// CRC-32, a byte.
        B = 0b0000 "crc32b",
        /// CRC-32, a half word.
        H = 0b0001 "crc32h",
        /// CRC-32, a word.
        W = 0b0010 "crc32w",
        /// CRC-32, a double word.
        X = 0b1011 "crc32x",
        /// CRC-32C, a byte.
        Cb = 0b0100 "crc32cb",
        /// CRC-32C, a half word.
        Ch = 0b0101 "crc32ch",
        /// CRC-32C, a word.
        Cw = 0b0110 "crc32cw",
        /// CRC-32C, a double word.
        Cx = 0b1111 "crc32cx",
    }
}

ops! {
    /// An operation on one register.
    ///
    /// ```
    /// assert_eq!(arm64_enc::DataProc1::Rbit.name(), "rbit");
    /// ```
    pub enum DataProc1: 6 {
        /// Bits in reverse order.
        Rbit = 0b000000 "rbit",
        /// Bytes swapped within each half word.
        Rev16 = 0b000001 "rev16",
        /// Count of leading zeros.
        Clz = 0b000100 "clz",
        /// Count of leading bits equal to the sign, without the sign.
        Cls = 0b000101 "cls",
    }
}

ops! {
    /// Multiply and add or subtract.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MulAdd::Madd.name(), "madd");
    /// ```
    pub enum MulAdd: 1 {
        /// Adds the product.
        Madd = 0 "madd",
        /// Subtracts the product.
        Msub = 1 "msub",
    }
}

ops! {
    /// Multiply two words and add the double word to a double word, or subtract it.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MulAddLong::Smaddl.name(), "smaddl");
    /// ```
    pub enum MulAddLong: 2 {
        /// Signed, adds.
        Smaddl = 0b00 "smaddl",
        /// Signed, subtracts.
        Smsubl = 0b01 "smsubl",
        /// Unsigned, adds.
        Umaddl = 0b10 "umaddl",
        /// Unsigned, subtracts.
        Umsubl = 0b11 "umsubl",
    }
}

ops! {
    /// The upper half of a 128-bit product.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MulHigh::Smulh.name(), "smulh");
    /// ```
    pub enum MulHigh: 1 {
        /// Signed.
        Smulh = 0 "smulh",
        /// Unsigned.
        Umulh = 1 "umulh",
    }
}

ops! {
    /// The width of the value whose flags `setf8` and `setf16` compute.
    ///
    /// ```
    /// assert_eq!(arm64_enc::SetF::Setf8.name(), "setf8");
    /// ```
    pub enum SetF: 1 {
        /// A byte.
        Setf8 = 0 "setf8",
        /// A half word.
        Setf16 = 1 "setf16",
    }
}

ops! {
    /// Signs or authenticates a pointer; instruction or data key, A or B.
    ///
    /// ```
    /// assert_eq!(arm64_enc::PacOp::Pacia.name(), "pacia");
    /// ```
    pub enum PacOp: 3 {
        /// Signs with instruction key A.
        Pacia = 0b000 "pacia",
        /// Signs with instruction key B.
        Pacib = 0b001 "pacib",
        /// Signs with data key A.
        Pacda = 0b010 "pacda",
        /// Signs with data key B.
        Pacdb = 0b011 "pacdb",
        /// Authenticates with instruction key A.
        Autia = 0b100 "autia",
        /// Authenticates with instruction key B.
        Autib = 0b101 "autib",
        /// Authenticates with data key A.
        Autda = 0b110 "autda",
        /// Authenticates with data key B.
        Autdb = 0b111 "autdb",
    }
}

ops! {
    /// Signs or authenticates a pointer with zero as the modifier.
    ///
    /// ```
    /// assert_eq!(arm64_enc::PacZeroOp::Paciza.name(), "paciza");
    /// ```
    pub enum PacZeroOp: 3 {
        /// Signs with instruction key A.
        Paciza = 0b000 "paciza",
        /// Signs with instruction key B.
        Pacizb = 0b001 "pacizb",
        /// Signs with data key A.
        Pacdza = 0b010 "pacdza",
        /// Signs with data key B.
        Pacdzb = 0b011 "pacdzb",
        /// Authenticates with instruction key A.
        Autiza = 0b100 "autiza",
        /// Authenticates with instruction key B.
        Autizb = 0b101 "autizb",
        /// Authenticates with data key A.
        Autdza = 0b110 "autdza",
        /// Authenticates with data key B.
        Autdzb = 0b111 "autdzb",
    }
}

ops! {
    /// Removes the signature of a pointer.
    ///
    /// ```
    /// assert_eq!(arm64_enc::PacStrip::Xpaci.name(), "xpaci");
    /// ```
    pub enum PacStrip: 1 {
        /// Of a code pointer.
        Xpaci = 0 "xpaci",
        /// Of a data pointer.
        Xpacd = 1 "xpacd",
    }
}

ops! {
    /// Minimum or maximum.
    ///
    /// ```
    /// assert_eq!(arm64_enc::MinMax::Umax.name(), "umax");
    /// ```
    pub enum MinMax: 2 {
        /// The signed maximum.
        Smax = 0b00 "smax",
        /// The unsigned maximum.
        Umax = 0b01 "umax",
        /// The signed minimum.
        Smin = 0b10 "smin",
        /// The unsigned minimum.
        Umin = 0b11 "umin",
    }
}

ops! {
    /// An operation on one register, of FEAT_CSSC.
    ///
    /// ```
    /// assert_eq!(arm64_enc::DataProc1Cssc::Ctz.name(), "ctz");
    /// ```
    pub enum DataProc1Cssc: 6 {
        /// Counts trailing zeros.
        Ctz = 0b000110 "ctz",
        /// Counts ones.
        Cnt = 0b000111 "cnt",
        /// Absolute value.
        Abs = 0b001000 "abs",
    }
}

encodings! {
    /// Data processing with registers.
    ///
    /// ```
    /// let inst = arm64_enc::DpReg::decode(0x9b027c20).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("mul x0, x1, x2", 0x9b027c20));
    /// ```
    pub enum DpReg {
        /// `and`, `orr`, `eor`, `ands` and their complementing forms; so `mov`, `mvn`, `tst`.
        LogicalShifted "z oo 01010 kk p mmmmm iiiiii nnnnn ddddd" {
            op: LogicalReg = "op", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m", shift: Shift = "zki",
        } [
            "mov {rd}, {rm}; o=1 p=0 n=31 k=0 i=0",
            "mvn {rd}, {rm}{shift}; o=1 p=1 n=31",
            "tst {rn}, {rm}{shift}; o=3 p=0 d=31",
            "{op} {rd}, {rn}, {rm}{shift}",
        ]
        /// `add`, `adds`, `sub`, `subs` with a shifted register; so `neg`, `negs`, `cmp`, `cmn`.
        AddSubShifted "z o f 01011 kk 0 mmmmm iiiiii nnnnn ddddd" {
            op: AddSub = "o", flags: Flags = "f", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m",
            shift: ArithShift = "zki",
        } [
            "cmn {rn}, {rm}{shift}; o=0 f=1 d=31",
            "cmp {rn}, {rm}{shift}; o=1 f=1 d=31",
            "neg{flags} {rd}, {rm}{shift}; o=1 n=31",
            "{op}{flags} {rd}, {rn}, {rm}{shift}",
        ]
        /// `add`, `sub` with an extended register, the form that takes the stack pointer.
        AddSubExtended "z o 0 01011 001 mmmmm eee iii nnnnn ddddd" {
            op: AddSub = "o", size: Size = "z", rd: RegSp = "d", rn: RegSp = "n", rm: Reg = "m",
            extend: Extend = "e", amount: ExtendShift = "i",
        } ["{op} {rd}, {rn}, {rm:extended}"]
        /// `adds`, `subs` with an extended register; so `cmp`, `cmn`.
        AddSubFlagsExtended "z o 1 01011 001 mmmmm eee iii nnnnn ddddd" {
            op: AddSub = "o", size: Size = "z", rd: Reg = "d", rn: RegSp = "n", rm: Reg = "m",
            extend: Extend = "e", amount: ExtendShift = "i",
        } [
            "cmn {rn}, {rm:extended}; o=0 d=31",
            "cmp {rn}, {rm:extended}; o=1 d=31",
            "{op}s {rd}, {rn}, {rm:extended}",
        ]
        /// `adc`, `adcs`, `sbc`, `sbcs`; so `ngc`, `ngcs`.
        AddSubCarry "z o f 11010000 mmmmm 000000 nnnnn ddddd" {
            op: AddSub = "o", flags: Flags = "f", size: Size = "z", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m",
        } ["ngc{flags} {rd}, {rm}; o=1 n=31", "adc{flags} {rd}, {rn}, {rm}; o=0", "sbc{flags} {rd}, {rn}, {rm}; o=1"]
        /// `rmif`: rotates right and moves bits 3 to 0 into the flags that the mask names.
        RotateIntoFlags "101 11010000 iiiiii 00001 nnnnn 0 kkkk" {
            rn: Reg = "n", rotate: Imm6 = "i", mask: Nzcv = "k",
        } ["rmif {rn}, {rotate}, {mask}"]: FlagM
        /// `setf8`, `setf16`.
        SetFlags "001 11010000 000000 o 0010 nnnnn 01101" { op: SetF = "o", rn: Reg = "n" } ["{op} {rn:w}"]: FlagM
        /// `ccmn`, `ccmp` with a register.
        CondCompareReg "z o 1 11010010 mmmmm cccc 00 nnnnn 0 ffff" {
            op: CondCompare = "o", size: Size = "z", rn: Reg = "n", rm: Reg = "m", nzcv: Nzcv = "f", cond: Cond = "c",
        } ["{op} {rn}, {rm}, {nzcv}, {cond}"]
        /// `ccmn`, `ccmp` with a small number.
        CondCompareImm "z o 1 11010010 iiiii cccc 10 nnnnn 0 ffff" {
            op: CondCompare = "o", size: Size = "z", rn: Reg = "n", imm: Imm5 = "i", nzcv: Nzcv = "f", cond: Cond = "c",
        } ["{op} {rn}, {imm}, {nzcv}, {cond}"]
        /// `csel`, `csinc`, `csinv`, `csneg`; so `cset`, `csetm`, `cinc`, `cinv`, `cneg`.
        CondSelect "z o 0 11010100 mmmmm cccc 0 p nnnnn ddddd" {
            op: CondSelect = "op", size: Size = "z", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m", cond: Cond = "c",
        } [
            "cset {rd}, {cond:inverse}; o=0 p=1 n=31 m=31" if when::invertible,
            "csetm {rd}, {cond:inverse}; o=1 p=0 n=31 m=31" if when::invertible,
            "cinc {rd}, {rn}, {cond:inverse}; o=0 p=1 m=n" if when::invertible,
            "cinv {rd}, {rn}, {cond:inverse}; o=1 p=0 m=n" if when::invertible,
            "cneg {rd}, {rn}, {cond:inverse}; o=1 p=1 m=n" if when::invertible,
            "{op} {rd}, {rn}, {rm}, {cond}",
        ]
        /// Divisions and shifts by a register.
        DataProc2 "z 00 11010110 mmmmm oooooo nnnnn ddddd" {
            op: DataProc2 = "o", size: Size = "z", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m",
        } ["{op} {rd}, {rn}, {rm}", "{op}v {rd}, {rn}, {rm}" if when::is_shift]
        /// `smax`, `umax`, `smin`, `umin`.
        MinMax "z 00 11010110 mmmmm 0110 oo nnnnn ddddd" {
            op: MinMax = "o", size: Size = "z", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m",
        } ["{op} {rd}, {rn}, {rm}"]: Cssc
        /// `crc32b` to `crc32cx`; `rd` and `rn` are words.
        Crc32 "z 00 11010110 mmmmm 010 ooo nnnnn ddddd" {
            op: Crc32 = "zo", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m",
        } ["{op} {rd:w}, {rn:w}, {rm}"]: Crc32
        /// `pacga`: a generic signature of a register.
        PacGeneric "100 11010110 mmmmm 001100 nnnnn ddddd" { rd: Reg = "d", rn: Reg = "n", rm: RegSp = "m" } [
            "pacga {rd}, {rn}, {rm}",
        ]: PAuth
        /// `rbit`, `rev16`, `clz`, `cls`.
        DataProc1 "z 10 11010110 00000 oooooo nnnnn ddddd" {
            op: DataProc1 = "o", size: Size = "z", rd: Reg = "d", rn: Reg = "n",
        } ["{op} {rd}, {rn}"]
        /// `ctz`, `cnt`, `abs`.
        Cssc "z 10 11010110 00000 oooooo nnnnn ddddd" {
            op: DataProc1Cssc = "o", size: Size = "z", rd: Reg = "d", rn: Reg = "n",
        } ["{op} {rd}, {rn}"]: Cssc
        /// `rev`: all bytes of the register in reverse order.
        Reverse "z 10 11010110 00000 00001 Z nnnnn ddddd" { size: Size = "z", rd: Reg = "d", rn: Reg = "n" } [
            "rev {rd}, {rn}",
            "rev64 {rd}, {rn}; z=1",
        ]
        /// `rev32`: the bytes of each word in reverse order.
        Rev32 "110 11010110 00000 000010 nnnnn ddddd" { rd: Reg = "d", rn: Reg = "n" } ["rev32 {rd}, {rn}"]
        /// `pacia` to `autdb`: signs or authenticates a pointer.
        Pac "110 11010110 00001 000 ooo nnnnn ddddd" { op: PacOp = "o", rd: Reg = "d", rn: RegSp = "n" } [
            "{op} {rd}, {rn}",
        ]: PAuth
        /// `paciza` to `autdzb`: the same with zero as the modifier.
        PacZero "110 11010110 00001 001 ooo 11111 ddddd" { op: PacZeroOp = "o", rd: Reg = "d" } ["{op} {rd}"]: PAuth
        /// `xpaci`, `xpacd`: removes a signature.
        PacStrip "110 11010110 00001 01000 o 11111 ddddd" { op: PacStrip = "o", rd: Reg = "d" } ["{op} {rd}"]: PAuth
        /// `madd`, `msub`; so `mul`, `mneg`.
        MulAdd "z 00 11011000 mmmmm o aaaaa nnnnn ddddd" {
            op: MulAdd = "o", size: Size = "z", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m", ra: Reg = "a",
        } ["mul {rd}, {rn}, {rm}; o=0 a=31", "mneg {rd}, {rn}, {rm}; o=1 a=31", "{op} {rd}, {rn}, {rm}, {ra}"]
        /// `smaddl`, `smsubl`, `umaddl`, `umsubl`; so `smull`, `smnegl`, `umull`, `umnegl`.
        MulAddLong "100 11011 u01 mmmmm o aaaaa nnnnn ddddd" {
            op: MulAddLong = "uo", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m", ra: Reg = "a",
        } [
            "smull {rd}, {rn:w}, {rm:w}; u=0 o=0 a=31",
            "smnegl {rd}, {rn:w}, {rm:w}; u=0 o=1 a=31",
            "umull {rd}, {rn:w}, {rm:w}; u=1 o=0 a=31",
            "umnegl {rd}, {rn:w}, {rm:w}; u=1 o=1 a=31",
            "{op} {rd}, {rn:w}, {rm:w}, {ra}",
        ]
        /// `smulh`, `umulh`.
        MulHigh "100 11011 o10 mmmmm 0 11111 nnnnn ddddd" {
            op: MulHigh = "o", rd: Reg = "d", rn: Reg = "n", rm: Reg = "m",
        } ["{op} {rd}, {rn}, {rm}"]
    }
}
