//! The intermediate representation of Jitsu: types, the opcode table, functions and modules, the builder, the text
//! form, the structural verifier, and the meaning of every pure operation.
//!
//! A function is a list of basic blocks whose parameters play the role of φ. Front ends may use mutable variables
//! (`get`, `set`); the `ssa` crate turns them into block parameters.
//!
//! ```
//! use ir::{FunctionBuilder, Type};
//!
//! let b = FunctionBuilder::new("muladd");
//! let (x, y, z) = (b.param(Type::I64), b.param(Type::I64), b.param(Type::I64));
//! b.ret(b.add(b.mul(x, y), z));
//! let muladd = b.finish().unwrap();
//! assert_eq!(muladd.layout().len(), 1);
//! ```
#![forbid(unsafe_code)]

pub mod build;
mod compare;
pub mod entity;
pub mod eval;
mod field;
pub mod func;
pub mod inst;
mod lex;
pub mod memory;
pub mod module;
mod near;
pub mod opcode;
pub mod parse;
mod print;
pub mod trap;
mod types;
pub mod verify;
pub mod words;

pub use build::{BuildError, FunctionBuilder, Operand, Operands};
pub use entity::{
    Block, DataRef, Entity, FuncRef, Inst, PrimaryMap, SecondaryMap, SigRef, StackSlot, SwitchRef,
    Value, Var,
};
pub use func::{Callee, Function, SlotData, ValueDef, VarData};
pub use inst::{BlockCall, InstData, Role, SwitchTable, ValueList};
pub use memory::{Align, LoadKind, MemFacts, NarrowWidth, StoreKind};
pub use module::{DataAddress, DataObject, DuplicateName, Module};
pub use near::nearest;
pub use opcode::{
    BinaryOp, CarryOp, Effect, OpInfo, Opcode, OverflowOp, TernaryOp, TypeRule, UnaryOp, WideOp,
};
pub use parse::{ParseCode, ParseError};
pub use trap::{TrapKind, UserTrap};
pub use types::{AbiParam, Extend, Signature, SliceParam, Span, Type};
pub use verify::{
    MAX_FRAME, VerifyError, VerifyRule, verify_confined, verify_function, verify_module,
};
pub use words::{FloatCC, IntCC, RmwOp};
