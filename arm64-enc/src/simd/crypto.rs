//! Cryptography: AES, SHA-1, SHA-2, SHA-3, SM3, SM4. What came first is among the AdvSIMD classes, the rest has bit 31.
//!
//! ```text
//!  31                 21 20   16 15        10 9    5 4     0
//! +---------------------+-------+------------+------+-------+
//! |0 1 0 0 1 1 1 0 0 0 1|   as two registers |  Rn  |  Rd   |  AES
//! |0 1 0 1 1 1 1 0 0 0 0|  Rm   |0  op   0 0 |  Rn  |  Rd   |  SHA-1, SHA-256
//! |1 1 0 0 1 1 1 0  op  |  Rm   | op or Ra   |  Rn  |  Rd   |  SHA-512, SHA-3, SM3, SM4
//! +---------------------+-------+------------+------+-------+
//! ```

use super::ldst::WordLane;
use super::shape::VectorSize;
use crate::field::{encodings, ops};
use crate::{Imm6, VReg};

ops! {
    /// A step of AES.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::AesOp::Aese.name(), "aese");
    /// ```
    pub enum AesOp: 2 {
        /// Encrypts one round but for the mixing of columns.
        Aese = 0b00 "aese",
        /// Decrypts one round but for the mixing of columns.
        Aesd = 0b01 "aesd",
        /// Mixes columns.
        Aesmc = 0b10 "aesmc",
        /// Unmixes columns.
        Aesimc = 0b11 "aesimc",
    }
}

ops! {
    /// Four rounds of SHA-1, by the function of the rounds.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Sha1Op::Sha1c.name(), "sha1c");
    /// ```
    pub enum Sha1Op: 2 {
        /// Choose.
        Sha1c = 0b00 "sha1c",
        /// Parity.
        Sha1p = 0b01 "sha1p",
        /// Majority.
        Sha1m = 0b10 "sha1m",
    }
}

ops! {
    /// Four rounds of SHA-256.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Sha256Op::Sha256h.name(), "sha256h");
    /// ```
    pub enum Sha256Op: 1 {
        /// The first half of the state.
        Sha256h = 0 "sha256h",
        /// The second half of the state.
        Sha256h2 = 1 "sha256h2",
    }
}

ops! {
    /// Two rounds of SHA-512.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Sha512Op::Sha512h.name(), "sha512h");
    /// ```
    pub enum Sha512Op: 1 {
        /// The first half of the state.
        Sha512h = 0 "sha512h",
        /// The second half of the state.
        Sha512h2 = 1 "sha512h2",
    }
}

ops! {
    /// A logical operation on three registers.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::ThreeWayLogical::Eor3.name(), "eor3");
    /// ```
    pub enum ThreeWayLogical: 1 {
        /// The exclusive or of all.
        Eor3 = 0 "eor3",
        /// The exclusive or of the first with the second without the bits of the third.
        Bcax = 1 "bcax",
    }
}

ops! {
    /// A round of SM3.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Sm3Op::Sm3tt1a.name(), "sm3tt1a");
    /// ```
    pub enum Sm3Op: 2 {
        /// The first function, early rounds.
        Sm3tt1a = 0b00 "sm3tt1a",
        /// The first function, late rounds.
        Sm3tt1b = 0b01 "sm3tt1b",
        /// The second function, early rounds.
        Sm3tt2a = 0b10 "sm3tt2a",
        /// The second function, late rounds.
        Sm3tt2b = 0b11 "sm3tt2b",
    }
}

ops! {
    /// A part of the message expansion of SM3.
    ///
    /// ```
    /// assert_eq!(arm64_enc::simd::Sm3PartOp::Sm3partw1.name(), "sm3partw1");
    /// ```
    pub enum Sm3PartOp: 1 {
        /// The first.
        Sm3partw1 = 0 "sm3partw1",
        /// The second.
        Sm3partw2 = 1 "sm3partw2",
    }
}

encodings! {
    /// Cryptography.
    ///
    /// ```
    /// let inst = arm64_enc::simd::SimdCrypto::decode(0x4e284820).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("aese v0.16b, v1.16b", 0x4e284820));
    /// ```
    pub enum SimdCrypto {
        /// AES.
        Aes "0100111000101000 01 oo 10 nnnnn ddddd" { op: AesOp = "o", rd: VReg = "d", rn: VReg = "n" }
        ["{op} {rd:16b}, {rn:16b}"]: Aes
        /// `pmull` of 64-bit polynomials; `Q` takes the high half.
        PolynomialLong "0 q 0 01110 11 1 mmmmm 1110 00 nnnnn ddddd" {
            q: VectorSize = "q", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["pmull{q:2} {rd:1q}, {rn:doubles}, {rm:doubles}"]: Aes
        /// Rounds of SHA-1.
        Sha1 "01011110000 mmmmm 00 oo 00 nnnnn ddddd" { op: Sha1Op = "o", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["{op} {rd:q}, {rn:s}, {rm:4s}"]: Sha1
        /// `sha1h`: a rotation.
        Sha1Fixed "0101111000101000 0000 10 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" }
        ["sha1h {rd:s}, {rn:s}"]: Sha1
        /// `sha1su1`: the message schedule.
        Sha1Schedule1 "0101111000101000 0001 10 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" }
        ["sha1su1 {rd:4s}, {rn:4s}"]: Sha1
        /// Rounds of SHA-256.
        Sha256 "01011110000 mmmmm 010 o 00 nnnnn ddddd" { op: Sha256Op = "o", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["{op} {rd:q}, {rn:q}, {rm:4s}"]: Sha256
        /// `sha256su0`: the message schedule.
        Sha256Schedule0 "0101111000101000 0010 10 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" }
        ["sha256su0 {rd:4s}, {rn:4s}"]: Sha256
        /// `sha1su0`: the message schedule.
        Sha1Schedule0 "01011110000 mmmmm 001100 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["sha1su0 {rd:4s}, {rn:4s}, {rm:4s}"]: Sha1
        /// `sha256su1`: the message schedule.
        Sha256Schedule1 "01011110000 mmmmm 011000 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["sha256su1 {rd:4s}, {rn:4s}, {rm:4s}"]: Sha256
        /// Rounds of SHA-512.
        Sha512 "11001110011 mmmmm 10000 o nnnnn ddddd" { op: Sha512Op = "o", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["{op} {rd:q}, {rn:q}, {rm:2d}"]: Sha512
        /// `sha512su0`: the message schedule.
        Sha512Schedule0 "1100111011000000100000 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" }
        ["sha512su0 {rd:2d}, {rn:2d}"]: Sha512
        /// `sha512su1`: the message schedule.
        Sha512Schedule1 "11001110011 mmmmm 100010 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["sha512su1 {rd:2d}, {rn:2d}, {rm:2d}"]: Sha512
        /// `eor3`, `bcax`.
        ThreeWay "11001110 00 o mmmmm 0 aaaaa nnnnn ddddd" {
            op: ThreeWayLogical = "o", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m", ra: VReg = "a",
        } ["{op} {rd:16b}, {rn:16b}, {rm:16b}, {ra:16b}"]: Sha3
        /// `rax1`: rotates by one, then exclusive or.
        RotateXor "11001110011 mmmmm 100011 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["rax1 {rd:2d}, {rn:2d}, {rm:2d}"]: Sha3
        /// `xar`: exclusive or, then rotates right.
        XorRotate "11001110100 mmmmm iiiiii nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n", rm: VReg = "m", imm: Imm6 = "i" }
        ["xar {rd:2d}, {rn:2d}, {rm:2d}, {imm}"]: Sha3
        /// `sm3ss1`.
        Sm3Rotate "11001110010 mmmmm 0 aaaaa nnnnn ddddd" {
            rd: VReg = "d", rn: VReg = "n", rm: VReg = "m", ra: VReg = "a",
        } ["sm3ss1 {rd:4s}, {rn:4s}, {rm:4s}, {ra:4s}"]: Sm3
        /// `sm3tt1a` and its kin.
        Sm3 "11001110010 mmmmm 10 ii oo nnnnn ddddd" {
            op: Sm3Op = "o", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m", lane: WordLane = "i",
        } ["{op} {rd:4s}, {rn:4s}, {rm:v}.s[{lane}]"]: Sm3
        /// `sm3partw1`, `sm3partw2`.
        Sm3Part "11001110011 mmmmm 11000 o nnnnn ddddd" {
            op: Sm3PartOp = "o", rd: VReg = "d", rn: VReg = "n", rm: VReg = "m",
        } ["{op} {rd:4s}, {rn:4s}, {rm:4s}"]: Sm3
        /// `sm4e`: four rounds.
        Sm4 "1100111011000000100001 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n" }
        ["sm4e {rd:4s}, {rn:4s}"]: Sm4
        /// `sm4ekey`: four round keys.
        Sm4Key "11001110011 mmmmm 110010 nnnnn ddddd" { rd: VReg = "d", rn: VReg = "n", rm: VReg = "m" }
        ["sm4ekey {rd:4s}, {rn:4s}, {rm:4s}"]: Sm4
    }
}
