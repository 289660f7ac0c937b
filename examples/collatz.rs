//! The longest Collatz chain that starts below a limit.

fn chain_length(start: u64) -> u32 {
    let mut n = start;
    let mut length = 1;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        length += 1;
    }
    length
}

/// The start of the longest chain, and its length.
fn longest(limit: u64) -> (u64, u32) {
    let mut best = (1, 1);
    for start in 1..limit {
        let length = chain_length(start);
        if length > best.1 {
            best = (start, length);
        }
    }
    best
}

fn main() {
    let mut limit = 10;
    while limit <= 10_000 {
        let (start, length) = longest(limit);
        println!("below {limit:>6}: {start:>6} takes {length:>3} steps");
        limit *= 10;
    }
}
