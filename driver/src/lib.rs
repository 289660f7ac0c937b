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
//! # The life of an engine
//! [`Engine::new`] compiles a module whole. [`Engine::empty`] begins with nothing; [`add`](Engine::add), [`declare`](Engine::declare),
//! [`replace`](Engine::replace) and [`remove`](Engine::remove) change what is there while other threads call it, and a function is compiled
//! when it is first called. A [`Func`] stays valid: after a replacement it calls the new function, after a removal it gives
//! [`Error::Removed`]. What [`add`](Engine::add) adds is there until it is removed; what [`add_owned`](Engine::add_owned) adds goes when
//! nobody can reach it any more. Functions of the host are closures ([`Engine::import`]) or plain C functions ([`Hosts::add`]).
//!
//! ```
//! use driver::{Engine, Func, Hosts, Options, ir};
//!
//! let constant = |value: i64| {
//!     let b = ir::FunctionBuilder::new("answer");
//!     b.ret(b.iconst(ir::Type::I64, value));
//!     let mut module = ir::Module::new();
//!     module.add_function(b.finish()?)?;
//!     Ok::<_, Box<dyn std::error::Error>>(module)
//! };
//! let engine = Engine::empty(&Hosts::new(), &Options::default())?;
//! let answer = engine.add(constant(41)?)?[0];
//! let call: Func<(), i64> = engine.func("answer")?;
//! assert_eq!(call.call(())?, 41);
//! engine.replace(answer, constant(42)?)?;
//! assert_eq!(call.call(())?, 42);
//! engine.remove(answer)?;
//! assert!(call.call(()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Threads
//! An engine may be used by any number of threads. A call takes no lock; what changes functions takes one. Code that was replaced or
//! removed is freed when no thread can be in it.
//!
//! A program needs no other crate of Jitsu: [`ir`] has the builder, the text form ([`ir::parse`]) and the verifier.
//!
//! # Features
//! `interpreter` and `simulator`, on by default, are the engines beside native code. `lang` adds what programs of the
//! source language ask of their host ([`Hosts`], `Output`); the front end is the crate `lang`.
//!
//! # Tools
//! [`Options::perf_map`] and [`Options::jitdump`] name code for profilers, [`Options::debugger`] for GDB and LLDB, and with
//! [`Options::unwinder`] the backtrace of a host function goes through compiled functions to their callers. All are off by default.
//!
//! # Trust
//! A module is *confined* if every access takes its address directly from a stack slot or data object and lies inside of it
//! ([`ir::verify_confined`]). To add and call such a module is safe, wherever it comes from. One that computes addresses is
//! refused unless somebody vouches for it, which is `unsafe` and done once, by [`Options::trusted`]; or the memory of the engine is
//! [restricted](Options::restricted), which the interpreter and the simulator can do, at the cost of a check for each access.
//!
//! # Memory
//! A confined module works on its own stack slots and data objects, and on slices: `&[T]` and `&mut [T]` are lent to it for a call
//! ([`Arg`]), and an index beyond their end is a trap. Data objects hold bytes, numbers and addresses ([`ir::DataObject`]); the host
//! reads and writes them by name ([`Engine::read_data`], [`Engine::write_data`]). Each module has its own, which live as long as
//! its functions. `examples/filter.rs` runs a query over columns that it lends.
#![deny(unsafe_code)]
// What only the engines use whose features are off is not worth a condition at each place.
#![cfg_attr(not(all(feature = "interpreter", feature = "simulator")), allow(dead_code))]

mod abi;
mod assemble;
mod backtrace;
mod closure;
mod compile;
mod configuration;
mod engine;
mod entry;
mod error;
mod helper;
mod host;
mod inner;
#[cfg(feature = "interpreter")]
mod interpreter;
mod link;
mod machine;
mod native;
mod observe;
mod options;
mod owned;
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

pub use backtrace::{Backtrace, Frame};
pub use closure::{ClosureOutcome, ClosureResults, HostClosure, HostError};
pub use configuration::Configuration;
pub use engine::{Engine, Func};
pub use error::{Error, HostFailure, LinkProblem, Trap};
pub use host::{Caller, HostFn, HostResult, Hosts, Thunk};
pub use ir;
pub use jitmem::Strategy;
pub use native::CFunction;
pub use opt::{Level, Limit};
pub use options::{EngineKind, HostPanic, Options};
pub use owned::Owned;
#[cfg(feature = "lang")]
pub use print::{Output, Printed, Sink};
pub use statistics::{FunctionStatistics, Statistics};
pub use table::FuncId;
pub use value::{Arg, Args, Element, Results, Scalar, Typed, Value, Words};
