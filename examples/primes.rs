//! Primes beyond 64-bit products: Miller and Rabin's test with `u128`, generic functions, and tables of functions.

use std::ops::{Mul, Rem, Sub};

fn gcd<T>(a: T, b: T) -> T
where
    T: Copy + PartialEq + Default + Rem<Output = T>,
{
    if b == T::default() { a } else { gcd(b, a % b) }
}

/// `base` to the power of `exponent`, modulo `m`, in a type in which the product of two such numbers fits.
fn power<T>(mut base: T, mut exponent: u64, m: T) -> T
where
    T: Copy + From<u8> + Mul<Output = T> + Rem<Output = T>,
{
    let mut result = T::from(1) % m;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % m;
        }
        base = base * base % m;
        exponent >>= 1;
    }
    result
}

fn distance<T: Copy + PartialOrd + Sub<Output = T>>(a: T, b: T) -> T {
    if a < b { b - a } else { a - b }
}

/// These bases decide every number of 64 bits.
const WITNESSES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

fn by_witnesses(n: u64) -> bool {
    if n < 2 {
        return false;
    }
    for p in WITNESSES {
        if n % p == 0 {
            return n == p;
        }
    }
    let twos = (n - 1).trailing_zeros();
    let odd = (n - 1) >> twos;
    let wide = n as u128;
    'witness: for p in WITNESSES {
        let mut x = power(p as u128, odd, wide);
        if x == 1 || x == wide - 1 {
            continue;
        }
        for _ in 1..twos {
            x = x * x % wide;
            if x == wide - 1 {
                continue 'witness;
            }
        }
        return false;
    }
    true
}

fn by_division(n: u64) -> bool {
    let mut d = 2;
    while d * d <= n {
        if n % d == 0 {
            return false;
        }
        d += 1;
    }
    n > 1
}

struct Test {
    name: &'static str,
    is_prime: fn(u64) -> bool,
    limit: u64,
}

static TESTS: [Test; 3] = [
    Test { name: "witnesses", is_prime: by_witnesses, limit: 3000 },
    Test { name: "division", is_prime: by_division, limit: 3000 },
    Test { name: "last digit", is_prime: |n| matches!(n % 10, 1 | 3 | 7 | 9), limit: 100 },
];

fn count<F: Fn(u64) -> bool>(limit: u64, accept: F) -> usize {
    let mut found = 0;
    for n in 0..limit {
        if accept(n) {
            found += 1;
        }
    }
    found
}

fn main() {
    for test in &TESTS {
        println!("{:>10}: {} of {}", test.name, count(test.limit, test.is_prime), test.limit);
    }
    println!("twins: {}", count(3000, |n| by_witnesses(n) && by_witnesses(n + 2)));

    let mut n = u64::MAX;
    let mut last = n;
    for _ in 0..5 {
        while !by_witnesses(n) {
            n -= 2;
        }
        println!("{n} is prime, {} below", distance(last, n));
        last = n;
        n -= 2;
    }
    println!("{} {}", gcd(1_000_000_007u64 * 48, 36), gcd(-84i32, 30).abs());
    println!("{} {}", power(3u32, 20, 1000), power(7u128, u64::MAX, (1 << 61) - 1));
}
