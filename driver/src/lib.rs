//! The library that programs embed: engines, typed functions, host functions.
//!
//! ```
//! use driver::ir::{FunctionBuilder, Module, Type};
//! use driver::{Engine, Func, Hosts, Options};
//!
//! let b = FunctionBuilder::new("add");
//! let (x, y) = (b.param(Type::I64), b.param(Type::I64));
//! b.ret(b.add(x, y));
//! let mut module = Module::new();
//! module.add_function(b.finish()?)?;
//!
//! let engine = Engine::new(module, &Hosts::new(), &Options::default())?;
//! let add: Func<(i64, i64), i64> = engine.func("add")?;
//! assert_eq!(add.call((40, 2))?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A program needs no other crate of Jitsu: [`ir`] has the builder, the text form ([`ir::parse`]) and the verifier.
//!
//! # Features
//! `interpreter` and `simulator`, on by default, are the engines beside native code. `lang` adds what programs of the
//! source language ask of their host ([`Hosts`], `Output`); the front end is the crate `lang`.
//!
//! # Trust
//! Compiled code does what its IR says, also to memory: whoever makes the IR vouches for the addresses that it
//! computes. For IR from elsewhere there is [`Options::restricted`] with the interpreter or the simulator.
#![deny(unsafe_code)]
// What only the engines use whose features are off is not worth a condition at each place.
#![cfg_attr(not(all(feature = "interpreter", feature = "simulator")), allow(dead_code))]

mod abi;
mod closure;
mod configuration;
mod engine;
mod entry;
mod error;
mod host;
mod inner;
#[cfg(feature = "interpreter")]
mod interpreter;
mod link;
mod machine;
mod native;
mod options;
mod pending;
pub mod pipeline;
#[cfg(feature = "lang")]
mod print;
#[cfg(feature = "simulator")]
mod simulator;
mod space;
mod statistics;
mod stub;
mod table;
mod unit;
mod value;
mod veneer;

pub use closure::{ClosureOutcome, ClosureResults, HostClosure, HostError};
pub use configuration::Configuration;
pub use engine::{Engine, Func};
pub use error::{Error, HostFailure, LinkProblem, Trap};
pub use host::{Caller, HostFn, HostResult, Hosts, Thunk};
pub use ir;
pub use opt::{Level, Limit};
pub use options::{EngineKind, HostPanic, Options};
#[cfg(feature = "lang")]
pub use print::{Output, Printed, Sink};
pub use statistics::{FunctionStatistics, Statistics};
pub use table::FuncId;
pub use value::{Args, Results, Scalar, Typed, Value, Words};
