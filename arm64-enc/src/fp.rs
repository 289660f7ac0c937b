//! Scalar floating point: bits 28 to 25 are `1111`, bit 30 and (but for conversions) bits 31 and 29 are `0`.
//!
//! ```text
//!  31 30 29 28      24 23 22 21 20   16 15      10 9    5 4     0
//! +--+--+--+----------+-----+--+-------+----------+------+-------+
//! |sf|0 |S |1 1 1 1 x |ptype| 1|  Rm   |    op    |  Rn  |  Rd   |
//! +--+--+--+----------+-----+--+-------+----------+------+-------+
//! ```

use crate::field::{encodings, ops};
use crate::{Cond, FpImm8, FpSize, FractionBits, Nzcv, Reg, Size, VReg};

ops! {
    /// An operation on one register.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpUnary::Fmov.name(), "fmov");
    /// ```
    pub enum FpUnary: 6 {
        /// Copy.
        Fmov = 0b000000 "fmov",
        /// Absolute value.
        Fabs = 0b000001 "fabs",
        /// Negation.
        Fneg = 0b000010 "fneg",
        /// Square root.
        Fsqrt = 0b000011 "fsqrt",
        /// Rounds to an integral value, ties to even.
        Frintn = 0b001000 "frintn",
        /// Rounds up.
        Frintp = 0b001001 "frintp",
        /// Rounds down.
        Frintm = 0b001010 "frintm",
        /// Rounds to zero.
        Frintz = 0b001011 "frintz",
        /// Rounds to nearest, ties away from zero.
        Frinta = 0b001100 "frinta",
        /// Rounds as FPCR says and reports inexact results.
        Frintx = 0b001110 "frintx",
        /// Rounds as FPCR says.
        Frinti = 0b001111 "frinti",
    }
}

ops! {
    /// A conversion between floating-point formats: destination and source.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpConvert::SToD.name(), "fcvt");
    /// ```
    pub enum FpConvert: 8 {
        /// Single to double.
        SToD = 0b00_000101 "fcvt",
        /// Single to half.
        SToH = 0b00_000111 "fcvt",
        /// Double to single.
        DToS = 0b01_000100 "fcvt",
        /// Double to half.
        DToH = 0b01_000111 "fcvt",
        /// Half to single.
        HToS = 0b11_000100 "fcvt",
        /// Half to double.
        HToD = 0b11_000101 "fcvt",
    }
}

ops! {
    /// An operation on two registers.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpBinary::Fmul.name(), "fmul");
    /// ```
    pub enum FpBinary: 4 {
        /// Product.
        Fmul = 0b0000 "fmul",
        /// Quotient.
        Fdiv = 0b0001 "fdiv",
        /// Sum.
        Fadd = 0b0010 "fadd",
        /// Difference.
        Fsub = 0b0011 "fsub",
        /// Maximum; NaN if an operand is NaN.
        Fmax = 0b0100 "fmax",
        /// Minimum; NaN if an operand is NaN.
        Fmin = 0b0101 "fmin",
        /// Maximum; the number if one operand is a quiet NaN.
        Fmaxnm = 0b0110 "fmaxnm",
        /// Minimum; the number if one operand is a quiet NaN.
        Fminnm = 0b0111 "fminnm",
        /// Product, negated.
        Fnmul = 0b1000 "fnmul",
    }
}

ops! {
    /// A fused multiply-add.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpTernary::Fmadd.name(), "fmadd");
    /// ```
    pub enum FpTernary: 2 {
        /// `a + n*m`
        Fmadd = 0b00 "fmadd",
        /// `a - n*m`
        Fmsub = 0b01 "fmsub",
        /// `-a - n*m`
        Fnmadd = 0b10 "fnmadd",
        /// `-a + n*m`
        Fnmsub = 0b11 "fnmsub",
    }
}

ops! {
    /// A comparison.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpCompare::Fcmp.name(), "fcmp");
    /// ```
    pub enum FpCompare: 1 {
        /// Signals only for signalling NaNs.
        Fcmp = 0 "fcmp",
        /// Signals for all NaNs.
        Fcmpe = 1 "fcmpe",
    }
}

ops! {
    /// A conditional comparison.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpCondCompare::Fccmp.name(), "fccmp");
    /// ```
    pub enum FpCondCompare: 1 {
        /// Signals only for signalling NaNs.
        Fccmp = 0 "fccmp",
        /// Signals for all NaNs.
        Fccmpe = 1 "fccmpe",
    }
}

ops! {
    /// A saturating conversion to an integer: rounding and sign (`rmode` and `opcode`).
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpToInt::Fcvtns.name(), "fcvtns");
    /// ```
    pub enum FpToInt: 5 {
        /// To nearest, ties to even, signed.
        Fcvtns = 0b00_000 "fcvtns",
        /// To nearest, ties to even, unsigned.
        Fcvtnu = 0b00_001 "fcvtnu",
        /// To nearest, ties away from zero, signed.
        Fcvtas = 0b00_100 "fcvtas",
        /// To nearest, ties away from zero, unsigned.
        Fcvtau = 0b00_101 "fcvtau",
        /// Up, signed.
        Fcvtps = 0b01_000 "fcvtps",
        /// Up, unsigned.
        Fcvtpu = 0b01_001 "fcvtpu",
        /// Down, signed.
        Fcvtms = 0b10_000 "fcvtms",
        /// Down, unsigned.
        Fcvtmu = 0b10_001 "fcvtmu",
        /// To zero, signed.
        Fcvtzs = 0b11_000 "fcvtzs",
        /// To zero, unsigned.
        Fcvtzu = 0b11_001 "fcvtzu",
    }
}

ops! {
    /// A conversion from an integer.
    ///
    /// ```
    /// assert_eq!(arm64_enc::IntToFp::Scvtf.name(), "scvtf");
    /// ```
    pub enum IntToFp: 1 {
        /// Signed.
        Scvtf = 0 "scvtf",
        /// Unsigned.
        Ucvtf = 1 "ucvtf",
    }
}

ops! {
    /// A conversion to a fixed-point number, rounding to zero.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpToFixed::Fcvtzs.name(), "fcvtzs");
    /// ```
    pub enum FpToFixed: 1 {
        /// Signed.
        Fcvtzs = 0 "fcvtzs",
        /// Unsigned.
        Fcvtzu = 1 "fcvtzu",
    }
}

ops! {
    /// A move of bits between a general-purpose and a floating-point register: `sf`, `ptype`, `rmode`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FpMove::WS.name(), "w, s");
    /// ```
    pub enum FpMove: 5 {
        /// A word: `w` and `s`.
        WS = 0b0_00_00 "w, s",
        /// A double word: `x` and `d`.
        XD = 0b1_01_00 "x, d",
        /// The upper double word: `x` and `v.d[1]`.
        XD1 = 0b1_10_01 "x, d[1]",
    }
}

ops! {
    /// Rounds to an integral value that an integer of a width holds.
    ///
    /// ```
    /// assert_eq!(arm64_enc::RoundTo::Frint32z.name(), "frint32z");
    /// ```
    pub enum RoundTo: 2 {
        /// 32 bits, to zero.
        Frint32z = 0b00 "frint32z",
        /// 32 bits, as FPCR says.
        Frint32x = 0b01 "frint32x",
        /// 64 bits, to zero.
        Frint64z = 0b10 "frint64z",
        /// 64 bits, as FPCR says.
        Frint64x = 0b11 "frint64x",
    }
}

encodings! {
    /// Scalar floating point.
    ///
    /// ```
    /// let inst = arm64_enc::Fp::decode(0x1e622820).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("fadd d0, d1, d2", 0x1e622820));
    /// ```
    pub enum Fp {
        /// `fmov` between registers, `fabs`, `fneg`, `fsqrt`, `frint*`.
        Unary "000 11110 tt 1 oooooo 10000 nnnnn ddddd" {
            op: FpUnary = "o", size: FpSize = "t", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}"]
        /// `frint32z`, `frint32x`, `frint64z`, `frint64x`.
        RoundTo "000 11110 tt 1 0100 oo 10000 nnnnn ddddd" {
            op: RoundTo = "o", size: FpSize = "t", rd: VReg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}"]: Frintts
        /// `bfcvt`: from single precision to brain float.
        ConvertBf "000 11110 01 1 000110 10000 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" }
        ["bfcvt {rd:h}, {rn:s}"]: Bf16
        /// `fcvt`.
        Convert "000 11110 tt 1 oooooo 10000 nnnnn ddddd" { op: FpConvert = "to", rd: VReg = "d", rn: VReg = "n" } [
            "fcvt {rd:d}, {rn:s}; t=0 o=5",
            "fcvt {rd:h}, {rn:s}; t=0 o=7",
            "fcvt {rd:s}, {rn:d}; t=1 o=4",
            "fcvt {rd:h}, {rn:d}; t=1 o=7",
            "fcvt {rd:s}, {rn:h}; t=3 o=4",
            "fcvt {rd:d}, {rn:h}; t=3 o=5",
        ]
        /// `fadd`, `fmul` and their kin.
        Binary "000 11110 tt 1 mmmmm oooo 10 nnnnn ddddd" {
            op: FpBinary = "o", size: FpSize = "t", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd}, {rn}, {rm}"]
        /// `fmadd`, `fmsub`, `fnmadd`, `fnmsub`.
        Ternary "000 11111 tt o mmmmm p aaaaa nnnnn ddddd" {
            op: FpTernary = "op", size: FpSize = "t", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m", ra: VReg = "a",
        } ["{op} {rd}, {rn}, {rm}, {ra}"]
        /// `fcmp`, `fcmpe`.
        Compare "000 11110 tt 1 mmmmm 001000 nnnnn o 0000" {
            op: FpCompare = "o", size: FpSize = "t", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rn}, {rm}"]
        /// `fcmp`, `fcmpe` with zero.
        CompareZero "000 11110 tt 1 00000 001000 nnnnn o 1000" {
            op: FpCompare = "o", size: FpSize = "t", rn: VReg = "n",
        } ["{op} {rn}, #0.0"]
        /// `fccmp`, `fccmpe`.
        CondCompare "000 11110 tt 1 mmmmm cccc 01 nnnnn o ffff" {
            op: FpCondCompare = "o", size: FpSize = "t", rn: VReg = "n", rm: VReg = "m", nzcv: Nzcv = "f",
            cond: Cond = "c",
        } ["{op} {rn}, {rm}, {nzcv}, {cond}"]
        /// `fcsel`.
        CondSelect "000 11110 tt 1 mmmmm cccc 11 nnnnn ddddd" {
            size: FpSize = "t", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m", cond: Cond = "c",
        } ["fcsel {rd}, {rn}, {rm}, {cond}"]
        /// `fmov` of a constant.
        MoveImm "000 11110 tt 1 iiiiiiii 100 00000 ddddd" { size: FpSize = "t", rd: VReg = "d", imm: FpImm8 = "i" } [
            "fmov {rd}, {imm}",
        ]
        /// `fcvtns` and its kin.
        ToInt "z 00 11110 tt 1 rr ooo 000000 nnnnn ddddd" {
            op: FpToInt = "ro", size: Size = "z", from: FpSize = "t", rd: Reg = "d", rn: VReg = "n",
        } ["{op} {rd}, {rn}"]
        /// `scvtf`, `ucvtf`.
        FromInt "z 00 11110 tt 1 00 01 o 000000 nnnnn ddddd" {
            op: IntToFp = "o", size: Size = "z", to: FpSize = "t", rd: VReg = "d", rn: Reg = "n",
        } ["{op} {rd}, {rn}"]
        /// `fcvtzs`, `fcvtzu` to fixed point.
        ToFixed "z 00 11110 tt 0 11 00 o kkkkkk nnnnn ddddd" {
            op: FpToFixed = "o", from: FpSize = "t", rd: Reg = "d", rn: VReg = "n", fraction: FractionBits = "zk",
        } ["{op} {rd}, {rn}, {fraction}"]
        /// `scvtf`, `ucvtf` from fixed point.
        FromFixed "z 00 11110 tt 0 00 01 o kkkkkk nnnnn ddddd" {
            op: IntToFp = "o", to: FpSize = "t", rd: VReg = "d", rn: Reg = "n", fraction: FractionBits = "zk",
        } ["{op} {rd}, {rn}, {fraction}"]
        /// `fmov` to a general-purpose register.
        MoveToGp "z 00 11110 tt 1 rr 110 000000 nnnnn ddddd" { op: FpMove = "ztr", rd: Reg = "d", rn: VReg = "n" } [
            "fmov {rd:w}, {rn:s}; z=0 t=0 r=0",
            "fmov {rd:x}, {rn:d}; z=1 t=1 r=0",
            "fmov {rd:x}, {rn:v}.d[1]; z=1 t=2 r=1",
        ]
        /// `fmov` from a general-purpose register.
        MoveFromGp "z 00 11110 tt 1 rr 111 000000 nnnnn ddddd" { op: FpMove = "ztr", rd: VReg = "d", rn: Reg = "n" } [
            "fmov {rd:s}, {rn:w}; z=0 t=0 r=0",
            "fmov {rd:d}, {rn:x}; z=1 t=1 r=0",
            "fmov {rd:v}.d[1], {rn:x}; z=1 t=2 r=1",
            "fmov {rd:s}, #0.0; z=0 t=0 r=0 n=31",
            "fmov {rd:d}, #0.0; z=1 t=1 r=0 n=31",
        ]
        /// `fjcvtzs`: to a word as JavaScript does, and the flags tell whether it was exact.
        ToIntJavaScript "000 11110 01 1 11 110 000000 nnnnn ddddd" { rd: Reg = "d", rn: VReg = "n" } [
            "fjcvtzs {rd:w}, {rn:d}",
        ]: Jscvt
    }
}
