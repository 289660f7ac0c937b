//! Runs ARM64 code on any host, counts it exactly, checks what hardware forgives.
//!
//! Code is published as words at the address it believes to be at, and called with the registers of AAPCS64. In *open*
//! mode it works on the host's memory at the host's addresses and calls host functions by address, like native code; in
//! *restricted* mode it sees only buffers that were mapped for it, so that hostile code can be run.
//!
//! ```
//! use arm64_sim::{CallArgs, CodeKind, Config, Simulator};
//!
//! let mut sim = Simulator::new(Config::restricted());
//! // add x0, x0, x1; ret
//! sim.publish(0x1_0000, &[0x8b01_0000, 0xd65f_03c0], CodeKind::Plain)?;
//! let results = sim.call(0x1_0000, &CallArgs { ints: &[40, 2], ..CallArgs::default() })?;
//! assert_eq!(results.ints[0], 42);
//! assert_eq!(sim.stats().instructions, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a program may see is the architecture's EL0 without pointer authentication, SVE and the crypto extensions;
//! an instruction that is not executed faults with its disassembly. Constrained unpredictable forms are undefined here.

mod check;
mod code;
mod cpu;
mod decode;
mod exec;
mod fault;
mod field;
mod fp;
mod memory;
mod op;
mod operands;
mod run;
mod sim;
mod source;
mod state;
mod stats;
mod stop;
mod width;

pub use check::Checks;
pub use code::PublishError;
pub use fault::{Fault, Place};
pub use memory::Permission;
pub use sim::{CallArgs, CallResults, Calls, CodeKind, Config, HostCall, Registers, Simulator};
pub use source::CodeSource;
pub use stats::{Class, Stats};
pub use stop::{Access, Stop};

/// The instruction in assembly language; `.inst` with the word if it is unknown.
#[must_use]
pub fn disassemble(word: u32) -> String {
    arm64_enc::Inst::decode(word)
        .map_or_else(|| format!(".inst {word:#010x}"), |inst| inst.to_string())
}

/// Does the simulator execute this word? If not it faults as undefined, or as not executed.
#[must_use]
pub fn executes(word: u32) -> bool {
    decode::is_executed(word)
}
