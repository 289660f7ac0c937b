//! The one place that enters native code, the one that reads memory that compiled code points at, and the one that
//! opens memory to simulators.
#![allow(unsafe_code)]

use std::ops::Range;
use std::sync::Arc;

use jitmem::trap::{self, Fault, Recovery};

use crate::abi::{self, Places};
use crate::engine::Context;
use crate::host::Bound;
#[cfg(feature = "simulator")]
use crate::space::Space;
use crate::trampoline::CallBlock;

/// Whether this host runs ARM64 code.
pub(crate) const AVAILABLE: bool = cfg!(all(target_arch = "aarch64", unix));

/// Whether the CPU has the atomic instructions of Armv8.1 (LSE).
pub(crate) fn has_lse() -> bool {
    #[cfg(target_arch = "aarch64")]
    let has_lse = std::arch::is_aarch64_feature_detected!("lse");
    #[cfg(not(target_arch = "aarch64"))]
    let has_lse = false;
    has_lse
}

/// Where the code of an engine is.
#[derive(Clone, Debug)]
pub(crate) struct NativeCode {
    /// The addresses whose faults are traps.
    pub(crate) code: Range<u64>,
    /// The trampoline, and where a trap continues in it.
    pub(crate) trampoline: *const u8,
    pub(crate) recovery: u64,
}

// SAFETY: the pointer is to published code, which does not change.
unsafe impl Send for NativeCode {}
// SAFETY: as above.
unsafe impl Sync for NativeCode {}

impl NativeCode {
    /// Calls the published function at `entry`, which must take what `places` holds and belong to this code. The
    /// registers that return are left in `places`.
    pub(crate) fn call(&self, entry: u64, places: &mut Places) -> Result<(), Fault> {
        let recovery = Recovery::new(self.code.clone(), self.recovery);
        let mut block = CallBlock {
            entry,
            stack: places.stack.as_ptr().expose_provenance() as u64,
            stack_words: places.stack.len() as u64,
            stack_pointer: recovery.stack_pointer.as_ptr().expose_provenance() as u64,
            ints: places.ints,
            floats: places.floats,
        };
        type Entry = extern "C" fn(*mut CallBlock) -> u64;
        // SAFETY: the pointer is to the published trampoline, which is a function of this type and keeps every
        // register that C keeps. What it calls was compiled for the signature that `places` was made by.
        let enter: Entry = unsafe { std::mem::transmute(self.trampoline) };
        trap::guarded(&recovery, || enter(&raw mut block))?;
        places.ints = block.ints;
        places.floats = block.floats;
        Ok(())
    }
}

/// What machine code calls to have a function compiled: with the address of the context and that of the stub.
extern "C" fn compile(context: *const Context, stub: u64) -> u64 {
    // SAFETY: the code of an engine holds the address of the context that the engine keeps for as long as its code.
    unsafe { &*context }.compile(stub)
}

/// The address of [`compile`].
pub(crate) fn compile_entry() -> u64 {
    compile as extern "C" fn(*const Context, u64) -> u64 as usize as u64
}

/// What the veneer of a closure calls: with the address of the closure, that of its arguments, behind which the results
/// go, and where the code waits. It returns 0, or 1 if the call that it is part of ends.
extern "C" fn call_host(host: *const Bound, words: *mut u64, return_address: u64) -> u64 {
    // SAFETY: the code of an engine holds the addresses of functions of the host that the engine keeps.
    let host = unsafe { &*host };
    let signature = &host.function.signature;
    let (params, results) = (signature.params.len(), signature.results.len());
    // SAFETY: the veneer, made for this signature, has so many words in its frame.
    let words = unsafe { std::slice::from_raw_parts_mut(words, params + results) };
    let (args, results) = words.split_at_mut(params);
    args.iter_mut().zip(&signature.params).for_each(|(word, param)| *word &= param.ty.mask());
    if !host.call(args, results, Some(return_address)) {
        return 1;
    }
    let typed = results.iter_mut().zip(&signature.results);
    typed.for_each(|(word, &param)| *word = abi::extended(param, *word));
    0
}

/// The address of [`call_host`].
pub(crate) fn host_entry() -> u64 {
    call_host as extern "C" fn(*const Bound, *mut u64, u64) -> u64 as usize as u64
}

/// As code holds it.
pub(crate) fn address_of<T>(shared: &Arc<T>) -> u64 {
    Arc::as_ptr(shared).expose_provenance() as u64
}

/// The bytes that compiled code passes by address and length to a host function.
#[cfg(feature = "lang")]
pub(crate) fn bytes_at(address: u64, len: u64) -> Vec<u8> {
    let Ok(len) = usize::try_from(len) else { return Vec::new() };
    if len == 0 || address == 0 {
        return Vec::new();
    }
    let start = std::ptr::with_exposed_provenance::<u8>(address as usize);
    // SAFETY: the program passed a text that it can read itself, as the type of the parameter says; it is copied before
    // the program goes on.
    unsafe { std::slice::from_raw_parts(start, len) }.to_vec()
}

/// A simulator that works on this process's memory, as native code would.
#[cfg(feature = "simulator")]
pub(crate) fn open_simulator() -> arm64_sim::Config {
    // SAFETY: it runs what `codegen` makes of a module, on the same terms as `NativeCode::call`; published words stay
    // where they are for as long as the engine that owns both.
    unsafe { arm64_sim::Config::open() }
}

/// Lets a restricted simulator work on the data objects of its module, which all simulators of an engine share.
#[cfg(feature = "simulator")]
pub(crate) fn share_data(simulator: &mut arm64_sim::Simulator, data: &jitmem::DataMemory) -> bool {
    // SAFETY: whoever keeps the simulators of an engine keeps the data as well. The objects are there for machine code of
    // the module to read and write, which this is.
    unsafe { simulator.map_host(data.range(), arm64_sim::Permission::ReadWrite) }
}

/// Lets a restricted simulator read the code that it runs: constants and jump tables are in it.
#[cfg(feature = "simulator")]
pub(crate) fn share_code(simulator: &mut arm64_sim::Simulator, space: &Space) -> bool {
    // SAFETY: whoever keeps the simulators of an engine keeps its code space as well, all of which can be read.
    unsafe { simulator.map_host(space.range(), arm64_sim::Permission::Read) }
}
