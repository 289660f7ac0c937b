//! Random numbers by xorshift*, a mixing function, and a look at how even they are.

struct Rng {
    state: u64,
}

impl Rng {
    fn new(seed: u64) -> Rng {
        Rng { state: mix(seed) | 1 }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to 1, without 1.
    fn next_float(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The finaliser of splitmix64.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Approximates pi by throwing darts.
fn darts(count: u32, seed: u64) -> f64 {
    let mut rng = Rng::new(seed);
    let mut inside = 0u32;
    for _ in 0..count {
        let (x, y) = (rng.next_float(), rng.next_float());
        if x * x + y * y < 1.0 {
            inside += 1;
        }
    }
    4.0 * f64::from(inside) / f64::from(count)
}

fn main() {
    let mut rng = Rng::new(42);
    let mut buckets = [0u32; 16];
    let mut ones = 0;
    for _ in 0..50_000 {
        let value = rng.next();
        buckets[(value >> 60) as usize] += 1;
        ones += value.count_ones();
    }
    for (bucket, count) in buckets.iter().enumerate() {
        println!("{bucket:2}: {count}");
    }
    println!("ones: {:.3} of 64", f64::from(ones) / 50_000.0);
    println!("pi is about {:.4}", darts(50_000, 7));
    println!("last state {:#018x}", rng.next());
}
