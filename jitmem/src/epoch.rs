//! Threads inside code, and what is freed when they have left it.
//!
//! Code that was replaced may still run: a thread that is in it holds its address in registers and on its stack, where
//! nobody can look. So a call marks its thread as inside ([`enter`]), and what nothing refers to any more is *retired*
//! ([`retire`]): it is dropped once each thread that was inside at that time has been outside. This is reclamation by
//! epochs (K. Fraser, *Practical lock freedom*, 2004), with an asymmetric fence: entering is two plain stores, because
//! the rare thread that frees asks the kernel to put a barrier into all the others (`membarrier(2)`). Where the kernel has
//! none, entering has a fence of its own.
//!
//! Invariant: garbage of epoch *e* is dropped only when no thread is inside since an epoch of *e* or before. A thread
//! writes its epoch before it reads what code to run, and what is retired was made unreachable before its epoch began.

use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, compiler_fence, fence};
use std::sync::{Mutex, PoisonError};

use crate::trap::{Catch, Fault, KeptCalls};

/// So much garbage waits before [`retire`] looks whether some of it can go: looking costs a system call.
const BATCH: usize = 64;

/// The epoch of a thread that is outside.
const OUTSIDE: u64 = 0;

static EPOCH: AtomicU64 = AtomicU64::new(1);
static STATE: Mutex<State> = Mutex::new(State { threads: Vec::new(), garbage: Vec::new() });

struct State {
    threads: Vec<&'static Thread>,
    /// With the epoch in which it was retired, oldest first.
    garbage: Vec<(u64, Box<dyn Any + Send>)>,
}

/// What others see of a thread. When the thread ends, the next one takes it over, so there are as many as there were
/// threads at the same time.
struct Thread {
    /// The epoch in which it went inside, or [`OUTSIDE`].
    since: AtomicU64,
    is_taken: AtomicBool,
}

/// What a thread knows of itself, in one place, so that a call finds all of it by one address. Without a destructor, so that
/// there is no check for one, and a signal handler may read it at any time.
pub(crate) struct Local {
    thread: Cell<Option<&'static Thread>>,
    depth: Cell<usize>,
    /// The `sp` of the innermost native call; 0 if there is none, or it is not complete.
    pub(crate) stack_pointer: Cell<u64>,
    needs_fence: Cell<bool>,
    /// The thread, once faults of native code are caught on it, if entering needs no fence: then calls are quick.
    guarded: Cell<Option<&'static Thread>>,
    /// Where faults of the innermost native call are caught.
    pub(crate) catch: Cell<*const Catch>,
    /// The fault that ended it, and the calls that were under way in it.
    pub(crate) fault: Cell<Option<Fault>>,
    pub(crate) calls: KeptCalls,
}

thread_local! {
    pub(crate) static LOCAL: Local = const {
        Local {
            thread: Cell::new(None),
            depth: Cell::new(0),
            stack_pointer: Cell::new(0),
            needs_fence: Cell::new(true),
            guarded: Cell::new(None),
            catch: Cell::new(std::ptr::null()),
            fault: Cell::new(None),
            calls: KeptCalls::new(),
        }
    };
    static LEAVE_AT_END: LeaveAtEnd = const { LeaveAtEnd };
}

/// Gives the thread's entry to the next thread.
struct LeaveAtEnd;

impl Drop for LeaveAtEnd {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.guarded.set(None);
            if local.depth.get() == 0
                && let Some(thread) = local.thread.take()
            {
                thread.is_taken.store(false, Ordering::Release);
            }
        });
    }
}

/// Marks its thread as inside until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Inside(PhantomData<*const ()>);

/// A thread that has entered quickly.
pub(crate) struct Quick(&'static Thread);

impl Local {
    /// Marks the thread as inside; gives how many times it was before.
    #[inline(always)]
    pub(crate) fn enter(&self) -> usize {
        let depth = self.depth.get();
        self.depth.set(depth + 1);
        if depth == 0 {
            let thread = self.thread.get().unwrap_or_else(|| register(self));
            // Acquire: who sees an epoch sees what was made unreachable before it began.
            thread.since.store(EPOCH.load(Ordering::Acquire), Ordering::Relaxed);
            if self.needs_fence.get() {
                fence(Ordering::SeqCst);
            } else {
                compiler_fence(Ordering::SeqCst);
            }
        }
        depth
    }

    /// What [`enter`](Self::enter) does, for a thread that is outside and guarded; `None`, and nothing done, for others.
    #[inline(always)]
    pub(crate) fn enter_quickly(&self) -> Option<Quick> {
        let thread = self.guarded.get()?;
        if self.depth.get() != 0 {
            return None;
        }
        self.depth.set(1);
        thread.since.store(EPOCH.load(Ordering::Acquire), Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        Some(Quick(thread))
    }

    /// Undoes an [`enter_quickly`](Self::enter_quickly), at the end of a native call.
    #[inline(always)]
    pub(crate) fn leave_quickly(&self, Quick(thread): Quick) {
        self.depth.set(0);
        self.stack_pointer.set(0);
        thread.since.store(OUTSIDE, Ordering::Release);
    }

    /// Says that faults of native code are caught on this thread.
    pub(crate) fn is_guarded_now(&self) {
        let thread = self.thread.get().unwrap_or_else(|| register(self));
        if !self.needs_fence.get() {
            self.guarded.set(Some(thread));
        }
    }

    /// Undoes an [`enter`](Self::enter) that gave this.
    #[inline(always)]
    pub(crate) fn leave(&self, depth: usize) {
        self.depth.set(depth);
        if depth == 0
            && let Some(thread) = self.thread.get()
        {
            thread.since.store(OUTSIDE, Ordering::Release);
        }
    }
}

/// Marks this thread as inside: what it can reach from now on is not dropped before it leaves. Nests.
#[inline]
pub fn enter() -> Inside {
    LOCAL.with(|local| local.enter());
    Inside(PhantomData)
}

/// The number of [`Inside`]s and native calls that this thread has.
#[must_use]
#[inline]
pub fn depth() -> usize {
    LOCAL.with(|local| local.depth.get())
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        LOCAL.with(|local| local.leave(local.depth.get() - 1));
    }
}

#[cold]
fn register(local: &Local) -> &'static Thread {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let free = state.threads.iter().find(|thread| {
        thread.is_taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    });
    let thread = match free {
        Some(thread) => thread,
        None => {
            let thread: &'static Thread = Box::leak(Box::new(Thread {
                since: AtomicU64::new(OUTSIDE),
                is_taken: AtomicBool::new(true),
            }));
            state.threads.push(thread);
            thread
        }
    };
    drop(state);
    local.thread.set(Some(thread));
    local.needs_fence.set(!barrier::is_there());
    // A thread that is ending has no destructors any more; its entry then stays taken.
    let _ = LEAVE_AT_END.try_with(|_| {});
    thread
}

/// Drops `garbage` when each thread that is inside now has left. Nothing that a thread could still find may lead to it.
pub fn retire(garbage: impl Send + 'static) {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let epoch = EPOCH.fetch_add(1, Ordering::SeqCst);
    state.garbage.push((epoch, Box::new(garbage)));
    let is_due = state.garbage.len().is_multiple_of(BATCH);
    drop(state);
    if is_due {
        collect();
    }
}

/// Drops what can be dropped now; gives how much still waits.
pub fn collect() -> usize {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    barrier::all_threads();
    let since = state.threads.iter().map(|thread| thread.since.load(Ordering::Acquire));
    let oldest = since.filter(|&since| since != OUTSIDE).min().unwrap_or(u64::MAX);
    let free = state.garbage.partition_point(|&(epoch, _)| epoch < oldest);
    let free: Vec<_> = state.garbage.drain(..free).collect();
    let waiting = state.garbage.len();
    // Dropping it may retire more.
    drop(state);
    drop(free);
    waiting
}

/// A fence in every thread of the process, at the expense of the one that asks.
mod barrier {
    use std::sync::atomic::{Ordering, fence};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: the call has no memory arguments.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn is_there() -> bool {
        use std::sync::OnceLock;
        static REGISTERED: OnceLock<bool> = OnceLock::new();
        *REGISTERED.get_or_init(|| membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn is_there() -> bool {
        false
    }

    /// Orders what each thread has done before this against what this thread does next.
    pub(super) fn all_threads() {
        fence(Ordering::SeqCst);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if is_there() {
            let done = membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED);
            assert!(done, "a registered process has this barrier");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::channel;
    use std::thread;

    /// The tests of a process share its epochs.
    static ALONE: Mutex<()> = Mutex::new(());

    struct Counted(Arc<AtomicUsize>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn garbage_waits_for_who_was_inside_and_for_nobody_else() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = Arc::new(AtomicUsize::new(0));
        let dropped_now = || {
            collect();
            dropped.load(Ordering::SeqCst)
        };
        let inside = enter();
        retire(Counted(Arc::clone(&dropped)));
        assert_eq!(dropped_now(), 0, "this thread is inside");
        let nested = enter();
        drop(nested);
        assert_eq!((dropped_now(), depth()), (0, 1), "leaving the inner one is not leaving");
        // Whoever comes later does not hold it up.
        let (entered, has_entered) = channel();
        let (leave, may_leave) = channel::<()>();
        let later = thread::spawn(move || {
            let _inside = enter();
            entered.send(()).unwrap();
            may_leave.recv().unwrap();
        });
        has_entered.recv().unwrap();
        drop(inside);
        assert_eq!(dropped_now(), 1);
        retire(Counted(Arc::clone(&dropped)));
        assert_eq!(dropped_now(), 1, "the other thread is inside");
        leave.send(()).unwrap();
        later.join().unwrap();
        assert_eq!(dropped_now(), 2);
    }

    /// A value that is replaced all the time while threads use it: each sees one that has not been dropped.
    #[test]
    fn nobody_sees_what_was_dropped() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        const DEAD: usize = usize::MAX;
        struct Cleared(&'static AtomicUsize);
        impl Drop for Cleared {
            fn drop(&mut self) {
                self.0.store(DEAD, Ordering::SeqCst);
            }
        }
        let cell = |n| -> &'static AtomicUsize { Box::leak(Box::new(AtomicUsize::new(n))) };
        let current = Mutex::new(cell(0));
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let _inside = enter();
                        let seen = *current.lock().unwrap();
                        for _ in 0..20 {
                            assert_ne!(seen.load(Ordering::SeqCst), DEAD);
                        }
                    }
                });
            }
            for n in 1..20_000 {
                let old = std::mem::replace(&mut *current.lock().unwrap(), cell(n));
                retire(Cleared(old));
            }
            done.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn threads_that_end_leave_their_place_to_others() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let count = || STATE.lock().unwrap().threads.len();
        thread::spawn(|| drop(enter())).join().unwrap();
        let before = count();
        for _ in 0..100 {
            thread::spawn(|| drop(enter())).join().unwrap();
        }
        assert!(count() <= before + 2, "{} threads for {before}", count());
    }
}
