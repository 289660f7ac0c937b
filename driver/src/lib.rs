//! The wiring of Jitsu: engines, typed functions, host functions, and (with the feature `cli`) the `jitsu` program.
//!
//! ```
//! use driver::{Engine, Func, Hosts, Options};
//! use ir::{FunctionBuilder, Module, Type};
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
//! # Trust
//! Compiled code does what its IR says, also to memory: whoever makes the IR vouches for the addresses that it
//! computes. For IR from elsewhere there is [`Options::restricted`] with the interpreter or the simulator.
#![deny(unsafe_code)]

mod abi;
#[cfg(feature = "cli")]
pub mod cli;
mod engine;
mod error;
pub mod filetest;
mod host;
mod link;
mod native;
mod pipeline;
#[cfg(feature = "lang")]
mod print;
mod simulator;
mod statistics;
mod trampoline;
mod value;
mod veneer;

pub use engine::{Engine, EngineKind, Func, Options};
pub use error::{Error, LinkProblem, Trap};
pub use host::{HostFn, HostResult, Hosts, Thunk};
pub use opt::Level;
#[cfg(feature = "lang")]
pub use print::{Output, Printed, Sink};
pub use statistics::{FunctionStatistics, Statistics};
pub use value::{Args, Results, Scalar, Typed, Value};
