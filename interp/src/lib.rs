//! Runs the IR: tier 0, the profiler and the oracle of the compiler.
//!
//! A [`Program`] is a set of functions predecoded into a compact register machine, which grows and changes while threads
//! run it; an [`Interpreter`] has the registers and the stack to run it. Calls do not recurse on the host's stack; nesting, stack memory and (on request) instructions have
//! budgets.
//!
//! ```
//! use interp::{Interpreter, LoadOptions, NoHost, Program};
//! use ir::{FunctionBuilder, Module, Type};
//!
//! let b = FunctionBuilder::new("muladd");
//! let (x, y, z) = (b.param(Type::I64), b.param(Type::I64), b.param(Type::I64));
//! b.ret(b.add(b.mul(x, y), z));
//! let mut module = Module::new();
//! module.add_function(b.finish().unwrap()).unwrap();
//!
//! let program = Program::load(&module, &LoadOptions::default()).unwrap();
//! let muladd = program.function("muladd").unwrap();
//! let mut interpreter = Interpreter::default();
//! assert_eq!(interpreter.call(&program, muladd, &[6, 7, 1], &mut NoHost), Ok(vec![43]));
//! ```
#![deny(unsafe_code)]

mod calls;
mod coalesce;
mod code;
mod emit;
mod error;
mod exec;
mod extended;
mod flow;
mod load;
mod memory;
mod module;
mod moves;
mod op;
mod plan;
mod profile;
mod program;
mod registers;
mod run;
mod select;
mod table;

pub use error::LoadError;
pub use module::LoadedModule;
pub use profile::{FunctionProfile, Profile};
pub use program::{Bindings, FuncId, HostId, LoadOptions, MemoryAccess, Program, Target};
pub use run::{Host, Interpreter, Limits, NoHost, Place, Trap};
