//! Cases shared out to all processors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Runs `work(n, of)` for each of as many threads as there are processors, `n` below `of`; what they return. A panic of one
/// is that of the caller.
pub fn in_parallel<T: Send>(work: impl Fn(u64, u64) -> T + Sync) -> Vec<T> {
    let of = thread::available_parallelism().map_or(1, usize::from) as u64;
    let work = &work;
    thread::scope(|scope| {
        let handles: Vec<_> = (0..of).map(|n| scope.spawn(move || work(n, of))).collect();
        let join = |handle: thread::ScopedJoinHandle<'_, T>| {
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        handles.into_iter().map(join).collect()
    })
}

/// Tells the long tests of a file that one of them has failed, so that the others end soon.
#[derive(Debug, Default)]
pub struct Alarm(AtomicBool);

impl Alarm {
    /// One that has not rung.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Returns `true` if a thread has panicked that watched.
    #[must_use]
    pub fn has_rung(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Rings if this thread panics before what is returned is dropped.
    #[must_use]
    pub fn watch(&self) -> impl Drop + '_ {
        Watch(self)
    }
}

struct Watch<'a>(&'a Alarm);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.0.store(true, Ordering::Relaxed);
        }
    }
}
