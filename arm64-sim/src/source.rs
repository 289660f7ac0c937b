//! Code that the simulator asks for when it gets there, and that may change while it runs.

use core::ops::Range;
use core::sync::atomic::AtomicU64;
use std::sync::Arc;

/// Where a [`Simulator`](crate::Simulator) finds code that was not published to it: a set of functions that others add to,
/// replace and free. It is asked when control first comes to an address.
pub trait CodeSource: Send {
    /// Grows each time after words at known addresses have changed or gone. The simulator looks at it whenever control
    /// leaves a page of code.
    fn version(&self) -> Arc<AtomicU64>;

    /// The addresses at which words have changed or gone between version `since` and the version that it returns; `None`
    /// instead of the addresses if that is not known any more, so that everything is asked for again.
    fn changes(&mut self, since: u64) -> (u64, Option<Vec<Range<u64>>>);

    /// The piece of code at `address`: where it starts, and its words.
    fn code_at(&mut self, address: u64) -> Option<(u64, Vec<u32>)>;
}
