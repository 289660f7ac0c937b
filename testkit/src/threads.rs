//! Cases shared out to all processors.

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
