//! Traps of native code: a `brk`, a bad address or an exhausted stack in published code ends the call, not the process.
//!
//! An *activation* says that this thread is inside an entry trampoline: which addresses are its code, and where to go
//! with which stack pointer when that code faults. The signal handler looks at the innermost activation of its thread;
//! a fault anywhere else goes on to whoever handled the signal before, and so does a signal that somebody sent. Control
//! that left the code for an address where nothing can be executed is a fault of the call that the link register tells.
//!
//! A thread that enters code the first time gets the signals unblocked: the kernel ends a process for a fault whose
//! signal is blocked. Who blocks SIGTRAP, SIGSEGV or SIGBUS on a thread after that must not call code on it.
//!
//! The trampoline saves the registers that belong to its caller in a frame, stores `sp` into
//! the place that [`guarded`] gives it, and has a recovery address that restores them from the frame at `sp` and returns 1.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::epoch::{LOCAL, Local};
use crate::spaces::CodeRanges;

/// Why native code stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// It reached a `brk`.
    Breakpoint,
    /// It accessed an address that may not be accessed so.
    Memory {
        /// The address.
        address: u64,
    },
    /// It ran into the end of the stack.
    StackOverflow,
    /// It called an address where no code is.
    Call {
        /// The address.
        address: u64,
    },
}

/// The place and the reason of a stop in native code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The address of the instruction, of a call that went astray the one that the link register tells: after a tail
    /// call, the call that it stands for.
    pub pc: u64,
    /// Why.
    pub kind: FaultKind,
}

/// The calls that were under way in a native call when it faulted, as the chain of frame records from `x29` to the entry's
/// tells them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calls {
    /// `x30`: where a function without a frame record returns to.
    pub link: u64,
    /// The return addresses of the innermost records.
    pub returns: Vec<u64>,
    /// Number of records.
    pub all: usize,
}

/// Those of the last native call on this thread that faulted.
#[must_use]
pub fn calls() -> Calls {
    LOCAL.with(|local| {
        let calls = &local.calls;
        let returns = calls.returns.iter().take(calls.all.get()).map(Cell::get).collect();
        Calls { link: calls.link.get(), returns, all: calls.all.get() }
    })
}

/// Return addresses that are kept of a call that faulted.
const KEPT_CALLS: usize = 64;

/// [`Calls`], where a signal handler can write them.
pub(crate) struct KeptCalls {
    link: Cell<u64>,
    returns: [Cell<u64>; KEPT_CALLS],
    all: Cell<usize>,
}

impl KeptCalls {
    pub(crate) const fn new() -> Self {
        Self {
            link: Cell::new(0),
            returns: [const { Cell::new(0) }; KEPT_CALLS],
            all: Cell::new(0),
        }
    }

    /// Follows the chain from the record at `record` to the one at `entry`, upwards from `sp`.
    ///
    /// # Safety
    /// What lies from `sp` to the record at `entry` can be read.
    #[cfg_attr(not(all(target_arch = "aarch64", unix)), allow(dead_code))]
    unsafe fn find(&self, link: u64, mut record: u64, sp: u64, entry: u64) {
        self.link.set(unsigned(link));
        let (mut all, mut least) = (0, sp);
        // The program may have written over a record.
        while (least..entry).contains(&record) && record.is_multiple_of(8) {
            // SAFETY: the caller's promise; the entry's own record ends above.
            let [next, back] =
                unsafe { *ptr::with_exposed_provenance::<[u64; 2]>(record as usize) };
            // The outermost function returns to the entry.
            if next == entry {
                break;
            }
            if let Some(kept) = self.returns.get(all) {
                kept.set(unsigned(back));
            }
            all += 1;
            (record, least) = (next, record + 16);
        }
        self.all.set(all);
    }
}

/// A return address without its signature (PAuth), which is above the 48 bits of a program's addresses.
fn unsigned(address: u64) -> u64 {
    address & ((1 << 48) - 1)
}

/// The code whose faults are caught, and the address at which the calls that they end go on.
#[derive(Clone, Debug)]
pub struct Catch {
    /// The code whose faults are caught: the arenas' ranges.
    pub code: Arc<CodeRanges>,
    /// The trampoline's recovery address.
    pub recovery: u64,
}

/// An entry trampoline: it takes two addresses that are the caller's business, the place of the address of the code to
/// call, and where to store its `sp`; it returns 0, or 1 through its recovery address.
pub type Trampoline = unsafe extern "C" fn(*const u64, *mut u64, *const AtomicU64, *mut u64) -> u64;

/// Why a native call has no results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// It faulted.
    Fault(Fault),
    /// Too many calls are under way on this thread.
    TooDeep,
}

/// Calls a trampoline with faults in the code of `catch` caught and this thread [inside](crate::epoch). No more than
/// `deepest` calls may be under way before it.
///
/// # Errors
/// The fault that ended the call: the trampoline has then returned through its recovery address. Or there are too many.
///
/// # Safety
/// The trampoline is as this module describes it, recovers at the address of `catch`, and may be called with these
/// arguments; what it calls does not unwind through it.
#[inline(always)]
pub unsafe fn guarded(
    catch: &Catch,
    deepest: usize,
    trampoline: Trampoline,
    (from, to): (*const u64, *mut u64),
    target: &AtomicU64,
) -> Result<(), Left> {
    // SAFETY: it lives as long as the thread, which does not end in here.
    let local = unsafe { &*LOCAL.with(ptr::from_ref) };
    let Some(quick) = local.enter_quickly() else {
        // SAFETY: the caller's promise.
        return unsafe { guarded_slowly(local, catch, deepest, trampoline, (from, to), target) };
    };
    local.catch.set(catch);
    // SAFETY: the caller's promise.
    let is_left = unsafe { trampoline(from, to, target, local.stack_pointer.as_ptr()) };
    local.leave_quickly(quick);
    if is_left == 0 { Ok(()) } else { Err(left(local)) }
}

/// The first call on a thread, and those inside of others.
#[cold]
#[inline(never)]
unsafe fn guarded_slowly(
    local: &Local,
    catch: &Catch,
    deepest: usize,
    trampoline: Trampoline,
    (from, to): (*const u64, *mut u64),
    target: &AtomicU64,
) -> Result<(), Left> {
    handler::install();
    local.is_guarded_now();
    let depth = local.enter();
    if depth > deepest {
        local.leave(depth);
        return Err(Left::TooDeep);
    }
    let outer = (local.catch.replace(catch), local.stack_pointer.replace(0));
    // SAFETY: the caller's promise.
    let is_left = unsafe { trampoline(from, to, target, local.stack_pointer.as_ptr()) };
    local.catch.set(outer.0);
    local.stack_pointer.set(outer.1);
    local.leave(depth);
    if is_left == 0 { Ok(()) } else { Err(left(local)) }
}

#[cold]
fn left(local: &Local) -> Left {
    match local.fault.take() {
        Some(fault) => Left::Fault(fault),
        None => unreachable!("a trampoline goes to its recovery address for a fault only"),
    }
}

#[cfg(not(all(target_arch = "aarch64", unix)))]
mod handler {
    /// Native code does not run here.
    pub(super) fn install() {}
}

#[cfg(all(target_arch = "aarch64", unix))]
mod handler {
    use std::cell::Cell;
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::OnceLock;

    use libc::{c_int, c_void, siginfo_t};

    use super::{Fault, FaultKind};
    use crate::epoch::LOCAL;

    const SIGNALS: [c_int; 3] = [libc::SIGTRAP, libc::SIGSEGV, libc::SIGBUS];

    /// A fault this near to the stack pointer is the end of the stack: frames are probed a page at a time.
    const STACK_REACH: u64 = 64 << 10;

    /// Enough for the handler, which calls nothing, and for the one it may pass a signal on to.
    const SIGNAL_STACK: usize = 64 << 10;

    /// How far the return address is behind a call.
    const CALL_BYTES: u64 = 4;

    /// Who handled each of [`SIGNALS`] before.
    static PREVIOUS: OnceLock<[Option<libc::sigaction>; 3]> = OnceLock::new();

    pub(super) fn install() {
        PREVIOUS.get_or_init(|| SIGNALS.map(replace));
        SIGNAL_STACK_OF_THREAD.with(|_| {});
    }

    /// Lets the signals through on this thread.
    fn unblock() {
        // SAFETY: all-zero is a valid set of signals; the pointers are to one for the time of the calls.
        unsafe {
            let mut set: libc::sigset_t = MaybeUninit::zeroed().assume_init();
            libc::sigemptyset(&raw mut set);
            for signal in SIGNALS {
                libc::sigaddset(&raw mut set, signal);
            }
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, ptr::null_mut());
        }
    }

    /// Puts the handler in place of what `signal` has, which it returns.
    fn replace(signal: c_int) -> Option<libc::sigaction> {
        // SAFETY: all-zero is a valid `sigaction`; both pointers are to such structs for the time of the call.
        unsafe {
            let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
            let mut previous: libc::sigaction = MaybeUninit::zeroed().assume_init();
            action.sa_sigaction = handle as extern "C" fn(_, _, _) as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            let result = libc::sigaction(signal, &raw const action, &raw mut previous);
            (result == 0).then_some(previous)
        }
    }

    struct SignalStack(Cell<*mut c_void>);

    thread_local! {
        /// A stack for the handler, when the thread's own is exhausted. Rust's threads have one already. When it is made, the
        /// signals are unblocked on the thread.
        static SIGNAL_STACK_OF_THREAD: SignalStack = SignalStack::new();
    }

    impl SignalStack {
        fn new() -> Self {
            unblock();
            let none = Self(Cell::new(ptr::null_mut()));
            // SAFETY: all-zero is a valid `stack_t`; the new stack is mapped and stays until the thread ends.
            unsafe {
                let mut current: libc::stack_t = MaybeUninit::zeroed().assume_init();
                if libc::sigaltstack(ptr::null(), &raw mut current) != 0
                    || current.ss_flags & libc::SS_DISABLE == 0
                {
                    return none;
                }
                let memory = libc::mmap(
                    ptr::null_mut(),
                    SIGNAL_STACK,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANON,
                    -1,
                    0,
                );
                if memory == libc::MAP_FAILED {
                    return none;
                }
                let mut stack: libc::stack_t = MaybeUninit::zeroed().assume_init();
                stack.ss_sp = memory;
                stack.ss_size = SIGNAL_STACK;
                libc::sigaltstack(&raw const stack, ptr::null_mut());
                none.0.set(memory);
            }
            none
        }
    }

    impl Drop for SignalStack {
        fn drop(&mut self) {
            let memory = self.0.get();
            if !memory.is_null() {
                // SAFETY: the stack is ours; it is switched off before it is unmapped.
                unsafe {
                    let mut off: libc::stack_t = MaybeUninit::zeroed().assume_init();
                    off.ss_flags = libc::SS_DISABLE;
                    libc::sigaltstack(&raw const off, ptr::null_mut());
                    libc::munmap(memory, SIGNAL_STACK);
                }
            }
        }
    }

    extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the kernel passes valid pointers to a handler that was installed with SA_SIGINFO.
        unsafe {
            if !recover(signal, info, context) {
                pass_on(signal, info, context);
            }
        }
    }

    /// Sends the thread to the recovery address of its innermost activation, if the fault is in its code.
    unsafe fn recover(signal: c_int, info: *mut siginfo_t, context: *mut c_void) -> bool {
        // SAFETY: the kernel's.
        if unsafe { was_sent(info) } {
            return false;
        }
        // SAFETY: the thread lives.
        let local = unsafe { &*LOCAL.with(ptr::from_ref) };
        // SAFETY: `guarded`, which runs while there is an `sp`, borrows what it catches; the context is the kernel's.
        let (catch, Some(mut registers)) =
            (unsafe { local.catch.get().as_ref() }, unsafe { Registers::of(context) })
        else {
            return false;
        };
        let (stack_pointer, Some(catch)) = (local.stack_pointer.get(), catch) else { return false };
        if stack_pointer == 0 {
            return false;
        }
        let (pc, sp) = (registers.pc(), registers.sp());
        // SAFETY: the kernel sets the address for SIGSEGV and SIGBUS.
        let address = || unsafe { (*info).si_addr() }.addr() as u64;
        let call = registers.lr().wrapping_sub(CALL_BYTES);
        let fault = if !catch.code.contains(&pc) {
            // A call of our code went where no code is; anything else is none of ours.
            if signal == libc::SIGTRAP || address() != pc || !catch.code.contains(&call) {
                return false;
            }
            Fault { pc: call, kind: FaultKind::Call { address: pc } }
        } else if signal == libc::SIGTRAP {
            Fault { pc, kind: FaultKind::Breakpoint }
        } else if address().abs_diff(sp) < STACK_REACH {
            Fault { pc, kind: FaultKind::StackOverflow }
        } else {
            Fault { pc, kind: FaultKind::Memory { address: address() } }
        };
        // SAFETY: this is the stack of the call, which the entry's frame is in.
        unsafe { local.calls.find(registers.lr(), registers.fp(), sp, stack_pointer) };
        local.fault.set(Some(fault));
        registers.go_to(catch.recovery, stack_pointer);
        true
    }

    /// Returns `true` if a process or a thread has sent the signal, rather than the kernel for a fault.
    ///
    /// # Safety
    /// What the kernel passed to the handler.
    unsafe fn was_sent(info: *mut siginfo_t) -> bool {
        // SAFETY: the kernel's.
        let code = unsafe { (*info).si_code };
        // Linux: codes of the kernel's own are positive (sigaction(2)). Apple: SI_USER and what follows it (sys/signal.h).
        if cfg!(target_vendor = "apple") { code >= 0x1_0001 } else { code <= 0 }
    }

    /// Does what would have been done without us.
    unsafe fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        let place = SIGNALS.iter().position(|&other| other == signal);
        let previous =
            PREVIOUS.get().zip(place).and_then(|(previous, place)| previous[place].as_ref());
        let action = previous.map_or(libc::SIG_DFL, |previous| previous.sa_sigaction);
        // SAFETY: the kernel's.
        let sent = unsafe { was_sent(info) };
        match (action, previous) {
            (libc::SIG_IGN, _) if sent => {}
            // An ignored fault would fault again for ever.
            (libc::SIG_DFL | libc::SIG_IGN, _) | (_, None) => {
                // SAFETY: as in `replace`. The instruction faults again on return, then with the default action, which ends
                // the process; what was sent is sent again for that.
                unsafe {
                    let mut default: libc::sigaction = MaybeUninit::zeroed().assume_init();
                    default.sa_sigaction = libc::SIG_DFL;
                    libc::sigaction(signal, &raw const default, ptr::null_mut());
                    if sent {
                        libc::raise(signal);
                    }
                }
            }
            (function, Some(previous)) if previous.sa_flags & libc::SA_SIGINFO != 0 => {
                // SAFETY: whoever installed it with SA_SIGINFO gave a function of this type.
                unsafe {
                    let function: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                        std::mem::transmute(function);
                    function(signal, info, context);
                }
            }
            (function, _) => {
                // SAFETY: whoever installed it without SA_SIGINFO gave a function of this type.
                unsafe {
                    let function: extern "C" fn(c_int) = std::mem::transmute(function);
                    function(signal);
                }
            }
        }
    }

    /// The registers of the interrupted thread.
    struct Registers {
        #[cfg(not(target_vendor = "apple"))]
        context: *mut libc::mcontext_t,
        #[cfg(target_vendor = "apple")]
        context: *mut libc::__darwin_mcontext64,
    }

    impl Registers {
        unsafe fn of(context: *mut c_void) -> Option<Self> {
            let context = context.cast::<libc::ucontext_t>();
            // SAFETY: the kernel's context.
            #[cfg(not(target_vendor = "apple"))]
            let context = unsafe { &raw mut (*context).uc_mcontext };
            // SAFETY: the kernel's context.
            #[cfg(target_vendor = "apple")]
            let context = unsafe { (*context).uc_mcontext };
            (!context.is_null()).then_some(Self { context })
        }

        fn pc(&self) -> u64 {
            // SAFETY: the kernel's context.
            #[cfg(not(target_vendor = "apple"))]
            return unsafe { (*self.context).pc };
            // SAFETY: the kernel's context.
            #[cfg(target_vendor = "apple")]
            return unsafe { (*self.context).__ss.__pc };
        }

        /// The link register: where the last call returns to.
        fn lr(&self) -> u64 {
            // SAFETY: the kernel's context.
            #[cfg(not(target_vendor = "apple"))]
            return unsafe { (*self.context).regs[30] };
            // SAFETY: the kernel's context.
            #[cfg(target_vendor = "apple")]
            return unsafe { (*self.context).__ss.__lr };
        }

        /// The frame pointer: where the innermost frame record is.
        fn fp(&self) -> u64 {
            // SAFETY: the kernel's context.
            #[cfg(not(target_vendor = "apple"))]
            return unsafe { (*self.context).regs[29] };
            // SAFETY: the kernel's context.
            #[cfg(target_vendor = "apple")]
            return unsafe { (*self.context).__ss.__fp };
        }

        fn sp(&self) -> u64 {
            // SAFETY: the kernel's context.
            #[cfg(not(target_vendor = "apple"))]
            return unsafe { (*self.context).sp };
            // SAFETY: the kernel's context.
            #[cfg(target_vendor = "apple")]
            return unsafe { (*self.context).__ss.__sp };
        }

        fn go_to(&mut self, pc: u64, sp: u64) {
            // SAFETY: the kernel's context, which it restores on return from the handler.
            #[cfg(not(target_vendor = "apple"))]
            unsafe {
                (*self.context).pc = pc;
                (*self.context).sp = sp;
            }
            // SAFETY: the kernel's context, which it restores on return from the handler.
            #[cfg(target_vendor = "apple")]
            unsafe {
                (*self.context).__ss.__pc = pc;
                (*self.context).__ss.__sp = sp;
            }
        }
    }
}
