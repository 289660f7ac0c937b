//! Executable memory: writable or executable, never both, and which of the two is its type.
//!
//! [`WritableCode`] is filled and then consumed by [`publish`](WritableCode::publish), the only way to
//! [`ExecutableCode`]. Both live in a [`CodeArena`], one reservation that many functions share. On a host that is not
//! ARM64 everything works the same but for the jump itself, which is the caller's, not this crate's. [`DataMemory`] holds
//! the data objects that the code works on, for every engine; [`epoch`] says when no thread can be in a piece of code any more,
//! and [`Shared`] is a place for a value that changes while threads read it.
//!
//! ```
//! use jitmem::WritableCode;
//!
//! // mov x0, #42; ret
//! let code = WritableCode::from_words(&[0xD280_0540, 0xD65F_03C0]).unwrap().publish().unwrap();
//! assert_eq!(code.words(), [0xD280_0540, 0xD65F_03C0]);
//! # #[cfg(target_arch = "aarch64")] {
//! // SAFETY: the words are a function without arguments that returns an integer.
//! let answer: extern "C" fn() -> u64 = unsafe { std::mem::transmute(code.as_ptr()) };
//! assert_eq!(answer(), 42);
//! # }
//! ```
#![allow(unsafe_code)]

mod arena;
mod data;
pub mod debug;
pub mod epoch;
mod error;
mod icache;
mod map;
mod shared;
mod spaces;
pub mod trap;

pub use arena::{CodeArena, ExecutableCode, WritableCode};
pub use data::{DataMemory, HostMemory};
pub use error::MapError;
pub use map::{CodeMemory, Strategy, SuppliedMemory};
pub use shared::{Replaced, Shared};
pub use spaces::CodeRanges;

/// Returns `true` if the CPU has landing pads for indirect branches (BTI, Armv8.5), and the system enforces them.
#[must_use]
pub fn has_landing_pads() -> bool {
    #[cfg(all(target_arch = "aarch64", any(target_os = "linux", target_os = "android")))]
    let has = std::arch::is_aarch64_feature_detected!("bti");
    #[cfg(not(all(target_arch = "aarch64", any(target_os = "linux", target_os = "android"))))]
    let has = false;
    has
}
