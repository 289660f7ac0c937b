//! The product of two matrices, and a check of a few of its elements.

const N: usize = 96;

fn fill(matrix: &mut [f64], seed: f64) {
    for row in 0..N {
        for column in 0..N {
            let (r, c) = (row as f64, column as f64);
            matrix[row * N + column] = seed * (r - c) * (r + c) / (N * N) as f64;
        }
    }
}

fn multiply(a: &[f64], b: &[f64], product: &mut [f64]) {
    for row in 0..N {
        for column in 0..N {
            product[row * N + column] = 0.0;
        }
        for k in 0..N {
            let factor = a[row * N + k];
            for column in 0..N {
                product[row * N + column] += factor * b[k * N + column];
            }
        }
    }
}

fn trace(matrix: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..N {
        sum += matrix[i * N + i];
    }
    sum
}

fn main() {
    let mut a = [0.0; N * N];
    let mut b = [0.0; N * N];
    let mut product = [0.0; N * N];
    fill(&mut a, 1.0);
    fill(&mut b, 2.0);
    multiply(&a, &b, &mut product);
    println!("trace  {:12.6}", trace(&product));
    println!("corner {:12.6} {:12.6}", product[0], product[N * N - 1]);
    println!("middle {:12.6}", product[N / 2 * N + N / 2]);
}
