//! What `interpret` runs: read as a module of the benchmark by rustc and as source by Jitsu.

pub fn fib(n: u32) -> u64 {
    if n < 2 { n as u64 } else { fib(n - 1) + fib(n - 2) }
}

pub fn sieve(rounds: u32) -> u64 {
    let mut composite = [false; 200_000];
    let mut total = 0;
    for _ in 0..rounds {
        let mut i = 0;
        while i < 200_000 {
            composite[i] = false;
            i += 1;
        }
        let mut n = 2;
        while n < 200_000 {
            if !composite[n] {
                total += 1;
                let mut multiple = n * n;
                while multiple < 200_000 {
                    composite[multiple] = true;
                    multiple += n;
                }
            }
            n += 1;
        }
    }
    total
}

fn escape(cx: f64, cy: f64) -> u32 {
    let (mut x, mut y) = (0.0, 0.0);
    let mut step = 0;
    while step < 200 {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 4.0 {
            break;
        }
        y = 2.0 * x * y + cy;
        x = xx - yy + cx;
        step += 1;
    }
    step
}

pub fn mandelbrot(size: u32) -> u64 {
    let mut total = 0;
    let mut row = 0;
    while row < size {
        let cy = (row as f64 / size as f64 - 0.5) * 2.4;
        let mut column = 0;
        while column < size {
            let cx = (column as f64 / size as f64) * 3.4 - 2.3;
            total += escape(cx, cy) as u64;
            column += 1;
        }
        row += 1;
    }
    total
}
