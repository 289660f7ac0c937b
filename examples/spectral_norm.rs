//! The spectral norm of the infinite matrix 1/((i+j)(i+j+1)/2+i+1), by the power method.

const N: usize = 100;

fn element(i: usize, j: usize) -> f64 {
    let diagonal = (i + j) * (i + j + 1) / 2;
    1.0 / (diagonal + i + 1) as f64
}

fn multiply(v: &[f64], out: &mut [f64]) {
    for i in 0..out.len() {
        let mut sum = 0.0;
        for j in 0..v.len() {
            sum += element(i, j) * v[j];
        }
        out[i] = sum;
    }
}

fn multiply_transposed(v: &[f64], out: &mut [f64]) {
    for i in 0..out.len() {
        let mut sum = 0.0;
        for j in 0..v.len() {
            sum += element(j, i) * v[j];
        }
        out[i] = sum;
    }
}

fn spectral_norm(rounds: u32) -> f64 {
    let mut u = [1.0; N];
    let mut v = [0.0; N];
    let mut temp = [0.0; N];
    for _ in 0..rounds {
        multiply(&u, &mut temp);
        multiply_transposed(&temp, &mut v);
        multiply(&v, &mut temp);
        multiply_transposed(&temp, &mut u);
    }
    let (mut uv, mut vv) = (0.0, 0.0);
    for i in 0..N {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    (uv / vv).sqrt()
}

fn main() {
    println!("{:.9}", spectral_norm(10));
}
