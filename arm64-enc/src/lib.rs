//! ARM64 (A64) encoder, decoder, disassembler and assembler. No dependencies, no_std, no unsafe code.
//!
//! - [`Inst`] is one instruction, made of operands that are valid by construction: [`Inst::encode`] cannot fail.
//! - [`Inst::decode`] takes any 32-bit word; what it returns encodes to the same word again.
//! - `Display` of an instruction is its assembly text, and `FromStr` reads a line of it.
//! - [`Assembler`] is a buffer of instructions with labels, branches and a pool of constants.
//!
//! ```
//! use arm64_enc::{Assembler, Inst, Size, X0, X1};
//!
//! let mut asm = Assembler::new();
//! asm.push(Inst::add(Size::X, X0, X0, X1));
//! asm.push(Inst::ret());
//! let code = asm.finish()?;
//! assert_eq!(code.words(), [0x8b01_0000, 0xd65f_03c0]);
//! assert_eq!(Inst::decode(0x8b01_0000).unwrap().to_string(), "add x0, x0, x1");
//! # Ok::<(), arm64_enc::AsmError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]
// Binary literals are grouped by the fields of the encoding, not by digits.
#![allow(clippy::unusual_byte_groupings)]

extern crate alloc;

mod asm;
mod atomic;
mod branch;
mod cond;
mod dp_imm;
mod dp_reg;
mod error;
mod feature;
mod field;
mod fixup;
mod fp;
mod imm;
mod inst;
mod island;
mod label;
mod ldst;
mod logical;
mod materialize;
mod offset;
mod parse;
mod pool;
mod reg;
mod shift;
mod short;
pub mod simd;
mod system;
mod text;

pub use asm::{Assembler, Code};
pub use atomic::{Acquire, Atomic, AtomicOp, AtomicOrder, AtomicSize, OrderedOp, Release};
pub use branch::{
    Branch, BranchAuth, BranchAuthZero, BranchImm, BranchReg, CompareZero, ReturnSpecial, TestBit,
};
pub use cond::Cond;
pub use dp_imm::{AddSub, Bitfield, DpImm, LogicalImmOp, MinMaxSigned, MinMaxUnsigned, MoveWide};
pub use dp_reg::{
    CondCompare, CondSelect, Crc32, DataProc1, DataProc1Cssc, DataProc2, DpReg, Flags, LogicalReg,
    MinMax, MulAdd, MulAddLong, MulHigh, PacOp, PacStrip, PacZeroOp, SetF,
};
pub use error::EncodeError;
pub use feature::Feature;
pub use fixup::{AsmError, BranchKind, RelocKind, Relocation, Symbol};
pub use fp::{
    Fp, FpBinary, FpCompare, FpCondCompare, FpConvert, FpMove, FpTernary, FpToFixed, FpToInt,
    FpUnary, IntToFp, RoundTo,
};
pub use imm::{
    ArithImm, BitNumber, FpImm8, HintNumber, Imm4, Imm5, Imm6, Imm8, Imm16, MoveImm, Nzcv,
    Prefetch, RangePrefetch, SysOperand,
};
pub use inst::{Class, Encode, Inst};
pub use label::Label;
pub use ldst::{
    AuthMode, FpLiteralOp, FpMemOp, FpPairOp, IndexMode, IndexScale, IndexedPrefetch, LdSt,
    LiteralOp, LoadAuth, MemExtend, MemOp, PairMode, PairOp, PairSignedMode,
};
pub use logical::LogicalImm;
pub use materialize::{MoveSequence, materialize};
pub use offset::{
    AccessSize, AdrOffset, Offset14, Offset19, Offset26, PageOffset, PairOffset, ScaledOffset,
    Simm8, Simm9, Simm10,
};
pub use parse::ParseError;
pub use pool::Constant;
pub use reg::*;
pub use shift::{
    ArithShift, BitfieldImm, Extend, ExtendShift, ExtractLsb, FractionBits, Shift, ShiftKind,
};
pub use simd::{
    Arrangement, ByteMask, Simd, SimdCopy, SimdCrypto, SimdExtension, SimdImm, SimdIndexed,
    SimdLdSt, SimdScalar, SimdShift, SimdThree, SimdTwo, VectorLogical, VectorSize,
};
pub use system::{
    Barrier, BarrierOption, Exception, FlagOp, PStateField, StreamingState, StreamingSwitch,
    SysReg, System,
};
pub use text::At;

/// The programs of the README are tested, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
