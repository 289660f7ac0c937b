//! The one place that enters native code or gives its address away, the one that reads memory that compiled code points at, and the one that
//! opens memory to simulators.
#![allow(unsafe_code)]

#[cfg(feature = "simulator")]
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ir::Signature;
use jitmem::debug::UnwindTable;
use jitmem::trap::{self, Catch, Left, Trampoline};
use jitmem::{CodeRanges, ExecutableCode};

use crate::abi;
use crate::engine::Func;
use crate::error::Error;
use crate::host::{Bound, HostResult};
use crate::inner::{Context, MAX_NESTING};
#[cfg(feature = "simulator")]
use crate::value::Lent;
use crate::value::{Args, Results, Scalar, Words};

/// Whether this host runs ARM64 code.
pub(crate) const AVAILABLE: bool = cfg!(all(target_arch = "aarch64", unix));

/// Returns `true` if the CPU has the atomic instructions of Armv8.1 (LSE).
pub(crate) fn has_lse() -> bool {
    #[cfg(target_arch = "aarch64")]
    let has_lse = std::arch::is_aarch64_feature_detected!("lse");
    #[cfg(not(target_arch = "aarch64"))]
    let has_lse = false;
    has_lse
}

/// How functions of one signature are entered.
#[derive(Clone, Debug)]
pub(crate) struct NativeEntry {
    trampoline: Trampoline,
    catch: Catch,
    /// Words of arguments and results.
    params: usize,
    results: usize,
}

impl NativeEntry {
    /// The entry that `code` is, made for `signature`, whose recovery address is so many bytes in it. Faults of `space` are
    /// traps.
    pub(crate) fn new(
        code: &ExecutableCode,
        recovery: usize,
        signature: &Signature,
        space: Arc<CodeRanges>,
    ) -> Self {
        let (params, results) = (signature.params.len(), signature.results.len());
        let catch = Catch { code: space, recovery: code.address() + recovery as u64 };
        // SAFETY: the pointer is to a published entry, which is a function of this type and keeps every register that C keeps.
        let trampoline = unsafe { std::mem::transmute::<*const u8, Trampoline>(code.as_ptr()) };
        Self { trampoline, catch, params, results }
    }

    /// Calls the published function whose address is in `target`, which must be of the signature and of the code space of
    /// this entry, with as many words as it has parameters and results.
    #[inline(always)]
    pub(crate) fn call(
        &self,
        target: &AtomicU64,
        args: &[Words],
        results: &mut [Words],
    ) -> Result<(), Left> {
        debug_assert!(args.len() == self.params && results.len() == self.results);
        let words = (args.as_ptr().cast(), results.as_mut_ptr().cast());
        // SAFETY: the trampoline recovers at the address of `catch`. There are as many words as it reads and writes. What it
        // calls was compiled for its signature and stays while this thread is inside.
        unsafe { trap::guarded(&self.catch, MAX_NESTING, self.trampoline, words, target) }
    }
}

/// Arguments of a C function with the result `R`: no more than twelve scalars.
pub trait CFunction<R>: Args {
    /// The function.
    type Pointer: Copy;
    /// The function at an address, which whoever calls it vouches for.
    #[doc(hidden)]
    fn pointer(address: u64) -> Self::Pointer;
}

macro_rules! c_function {
    ($args:ty; $($t:ident)*) => {
        impl<R: HostResult, $($t: Scalar),*> CFunction<R> for $args {
            type Pointer = unsafe extern "C" fn($($t),*) -> R;
            fn pointer(address: u64) -> Self::Pointer {
                let code = std::ptr::with_exposed_provenance::<u8>(address as usize);
                // SAFETY: a pointer to a function has the size of one to a byte and no other invariant than not to be null, which
                // the address of a stub is not; to call it is `unsafe`.
                unsafe { std::mem::transmute::<*const u8, Self::Pointer>(code) }
            }
        }
    };
}
macro_rules! c_functions {
    ($($first:ident $($rest:ident)*)?) => {
        c_function!(($($first, $($rest),*)?); $($first $($rest)*)?);
        $( c_functions!($($rest)*); )?
    };
}
c_function!(T; T);
c_functions!(A B C D E F G H I J K L);

impl<A: CFunction<R>, R: Results> Func<A, R> {
    /// The function as a C function, for those who want to pass it on as such: a function with one scalar result or none, natively
    /// compiled, which is done now if need be. The pointer stays the same when the function is replaced.
    ///
    /// # Safety
    /// Whoever calls it has to see to what a call of the engine sees to otherwise:
    /// - There is a `Func` of the function, and it has not been removed.
    /// - No trap happens in it, and no host function that it calls fails: that ends the process.
    /// - While a thread is in it, but not in a call of an engine, nothing that it runs is replaced or removed.
    /// - The floating-point control register is zero, as programs have it that leave it alone.
    /// - A result for `bool` is 0 or 1.
    ///
    /// # Errors
    /// [`Error::NoPointer`] but for native engines; what keeps the function from being compiled.
    pub unsafe fn as_ptr(&self) -> Result<A::Pointer, Error> {
        if self.slot.native.is_none() {
            return Err(Error::NoPointer {
                name: self.slot.name.to_string(),
                kind: self.engine.kind(),
            });
        }
        self.engine.prepare(self.slot.id)?;
        let address = self.engine.guarded(|inner| {
            let state = inner.lock();
            let slot = state.table.find(self.slot.id);
            let slot = slot.ok_or(Error::UnknownId { id: self.slot.id })?;
            Ok(state.table.stub_address(slot))
        })?;
        Ok(A::pointer(address))
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

/// What the veneer of a closure calls: with the address of the closure and that of its arguments, behind which the results
/// go. It returns 0, or 1 if the call that it is part of ends.
extern "C" fn call_host(host: *const Bound, words: *mut u64) -> u64 {
    // SAFETY: the code of an engine holds the addresses of functions of the host that the engine keeps.
    let host = unsafe { &*host };
    let signature = &host.function.signature;
    let (params, results) = (signature.params.len(), signature.results.len());
    // SAFETY: the veneer, made for this signature, has so many words in its frame.
    let words = unsafe { std::slice::from_raw_parts_mut(words, params + results) };
    let (args, results) = words.split_at_mut(params);
    args.iter_mut().zip(&signature.params).for_each(|(word, param)| *word &= param.ty.mask());
    if !host.call(args, results) {
        return 1;
    }
    let typed = results.iter_mut().zip(&signature.results);
    typed.for_each(|(word, &param)| *word = abi::extended(param, *word));
    0
}

/// The address of [`call_host`].
pub(crate) fn host_entry() -> u64 {
    call_host as extern "C" fn(*const Bound, *mut u64) -> u64 as usize as u64
}

/// Writes the flag that compiled code looks at.
pub(crate) fn set_flag(flag: &jitmem::DataMemory, value: u64) {
    let Some(address) = flag.address(0) else { unreachable!("the flag is one object") };
    let place = std::ptr::with_exposed_provenance_mut(address as usize);
    // SAFETY: the memory is one aligned word that lives as long as the borrow; code only reads it, atomically.
    unsafe { AtomicU64::from_ptr(place) }.store(value, Ordering::Release);
}

/// As code holds it.
pub(crate) fn address_of<T>(shared: &Arc<T>) -> u64 {
    Arc::as_ptr(shared).expose_provenance() as u64
}

/// Tells the unwinder of this process of the frames that a section describes, whose FDEs are at these offsets.
pub(crate) fn register_frames(section: &[u8], descriptions: Vec<usize>) -> UnwindTable {
    // SAFETY: `observe` makes the section of what the assembler of the code says of it, and drops the table before the code
    // is freed.
    unsafe { UnwindTable::register(section, descriptions.into()) }
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

/// Lets a restricted simulator work on what the caller lends for a call, until it is taken back.
#[cfg(feature = "simulator")]
pub(crate) fn lend(simulator: &mut arm64_sim::Simulator, lent: &Lent) {
    use arm64_sim::Permission::{Read, ReadWrite};
    let permission = if lent.mutable { ReadWrite } else { Read };
    // SAFETY: the caller of the function has a reference to the memory, unique if it is to be written, until the call ends; then
    // it is taken back.
    unsafe { simulator.lend(lent.range.clone(), permission) };
}

/// Lets a restricted simulator read the code that it runs, which is in this range of its engine's spaces: constants and jump
/// tables are in it.
#[cfg(feature = "simulator")]
pub(crate) fn share_code(simulator: &mut arm64_sim::Simulator, range: Range<u64>) -> bool {
    // SAFETY: whoever keeps the simulators of an engine keeps its code space as well, all of which can be read.
    unsafe { simulator.map_host(range, arm64_sim::Permission::Read) }
}

#[cfg(target_arch = "aarch64")]
#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU32, Ordering};

    use crate::{Engine, Hosts, Level, Options};

    static DROPPED: AtomicU32 = AtomicU32::new(0);

    extern "C-unwind" fn panics(x: i64) -> i64 {
        struct Counts;
        impl Drop for Counts {
            fn drop(&mut self) {
                DROPPED.fetch_add(1, Ordering::Relaxed);
            }
        }
        let _counts = Counts;
        std::panic::panic_any(x)
    }

    /// A panic unwinds through three compiled frames, and finds the registers of its catcher as they were.
    #[test]
    fn a_panic_crosses_compiled_frames() {
        const CHAIN: &str = "extern @panics(i64) -> i64
fn @outer(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call @middle(v0)
  v2: i64 = add v1, v0
  ret v2
}
fn @middle(i64) -> i64 {
  slot0: size 20000, align 64
block0(v0: i64):
  v1: i64 = stack_addr slot0
  store v0, v1
  v2: i64 = call @inner(v0)
  v3: i64 = load v1
  v4: i64 = add v2, v3
  ret v4
}
fn @inner(i64) -> i64 {
block0(v0: i64):
  v1: i64 = add v0, v0
  v2: i64 = call @panics(v1)
  v3: i64 = mul v2, v0
  ret v3
}
";
        // SAFETY: compiled code, not Rust, calls it, and what it unwinds through is that code and the catcher below.
        let host = unsafe {
            std::mem::transmute::<extern "C-unwind" fn(i64) -> i64, extern "C" fn(i64) -> i64>(
                panics,
            )
        };
        let mut hosts = Hosts::new();
        hosts.add("panics", host);
        let options = Options::default().level(Level::None).unwinder(true);
        let engine = Engine::new(ir::parse::module(CHAIN).unwrap(), &hosts, &options).unwrap();
        let space = engine.inner.space().unwrap();
        let outer = space.functions().into_iter().find(|code| &*code.name == "outer").unwrap();
        // SAFETY: this is the function's signature.
        let call = unsafe {
            std::mem::transmute::<*const u8, extern "C-unwind" fn(i64) -> i64>(outer.code.as_ptr())
        };
        for turn in 1..100 {
            // Values that the catcher keeps over the call.
            let kept: [i64; 12] = std::array::from_fn(|n| std::hint::black_box(turn + n as i64));
            let caught = catch_unwind(AssertUnwindSafe(|| call(turn)));
            assert_eq!(*caught.unwrap_err().downcast::<i64>().unwrap(), 2 * turn);
            assert_eq!(kept, std::array::from_fn(|n| turn + n as i64));
        }
        assert_eq!(DROPPED.load(Ordering::Relaxed), 99);
    }
}
