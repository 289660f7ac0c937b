//! Fibonacci numbers, by recursion and by iteration.

fn fib(n: u32) -> u64 {
    if n < 2 { u64::from(n) } else { fib(n - 1) + fib(n - 2) }
}

fn fib_fast(n: u32) -> u64 {
    let (mut a, mut b) = (0, 1);
    for _ in 0..n {
        (a, b) = (b, a + b);
    }
    a
}

fn main() {
    for n in (0..=25).step_by(5) {
        println!("fib({n:2}) = {:6}", fib(n));
        assert_eq!(fib(n), fib_fast(n));
    }
    println!("fib(90) = {}", fib_fast(90));
}
