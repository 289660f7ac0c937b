//! From mutable variables to SSA form, and the SSA verifier.
//!
//! ```
//! use ir::{FunctionBuilder, IntCC, Type};
//!
//! let b = FunctionBuilder::new("abs");
//! let n = b.param(Type::I64);
//! let x = b.var("x", Type::I64);
//! let (flip, done) = (b.block("flip"), b.block("done"));
//! b.set(x, n);
//! b.branch(b.icmp(IntCC::Slt, x, 0), flip, done);
//! b.switch_to(flip);
//! b.set(x, b.neg(x));
//! b.jump(done);
//! b.switch_to(done);
//! b.ret(x);
//! let mut func = b.finish().unwrap();
//!
//! ssa::construct(&mut func);
//! ssa::verify(&func).unwrap();
//! assert_eq!(func.block_params(done).len(), 1);
//! ```
#![forbid(unsafe_code)]

pub mod construct;
mod place;
pub mod verify;

pub use construct::{construct, construct_with};
pub use verify::{verify, verify_dominance};
