//! What the benchmarks share: timing in turns, and medians.
#![forbid(unsafe_code)]

pub mod callgrind;
pub mod shapes;

use std::time::{Duration, Instant};

/// The middle one of the times.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Runs each contender in turn, `rounds` times after one round that is not counted, and returns the times of each.
pub fn in_turns<const N: usize>(
    rounds: usize,
    contenders: &mut [&mut dyn FnMut(); N],
) -> [Vec<Duration>; N] {
    let mut times = [const { Vec::new() }; N];
    for round in 0..=rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            contender();
            if round > 0 {
                times.push(start.elapsed());
            }
        }
    }
    times
}
