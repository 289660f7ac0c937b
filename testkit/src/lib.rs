//! What only tests use: random numbers, generators of IR and of programs, the matrix of operations. A dev-dependency of
//! the other crates, never a dependency.
//!
//! ```
//! use testkit::Shape;
//!
//! let func = testkit::function(7, &Shape { blocks: 3, ..Shape::default() });
//! assert!(ir::verify_function(&func).is_ok());
//! ```
#![forbid(unsafe_code)]

pub mod bugs;
mod corners;
mod evaluate;
pub mod guards;
mod keep;
pub mod matrix;
mod module;
mod mutate;
pub mod pairs;
pub mod program;
mod rng;
mod seeds;
mod threads;

pub use corners::{corners, main_corners};
pub use evaluate::Evaluator;
pub use keep::keep;
pub use module::{Families, Shape, function};
pub use mutate::mutated;
pub use rng::Random;
pub use seeds::{cases, seeds};
pub use threads::{Alarm, in_parallel};
