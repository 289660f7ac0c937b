//! Generic functions: bounds, inference, turbofish, constant parameters.

use std::fmt::Display;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

fn max_of<T: PartialOrd + Copy>(a: T, b: T) -> T {
    if a > b { a } else { b }
}
fn sum<T>(items: &[T]) -> T
where
    T: Add<Output = T> + Copy + Default,
{
    let mut total = T::default();
    for &x in items {
        total = total + x;
    }
    total
}
fn dot<T: Mul<Output = T> + AddAssign + Copy + Default, const N: usize>(
    a: &[T; N],
    b: &[T; N],
) -> T {
    let mut total = T::default();
    let mut i = 0;
    while i < N {
        total += a[i] * b[i];
        i += 1;
    }
    total
}
fn pair<A: Copy, B: Copy>(a: A, b: B) -> (B, A) {
    (b, a)
}
fn poly<T: From<u8> + Mul<Output = T> + Add<Output = T> + Copy>(x: T) -> T {
    T::from(3u8) * x * x + T::from(2) * x
}
fn main() {
    println!("{} {} {}", max_of(1, 2), max_of(1.5, -2.0), max_of('a', 'z'));
    all();
}
fn mean<T: Into<f64> + Copy>(a: &[T]) -> f64 {
    let mut s = 0.0;
    for x in a.iter() {
        let v: f64 = (*x).into();
        s += v;
        s += f64::from(0u8);
    }
    s / a.len() as f64
}
fn show<T: Display>(x: T) {
    println!("<{x:>6}>");
}
fn filled<T: Copy, const N: usize>(x: T) -> [T; N] {
    [x; N]
}
fn transpose<T: Copy + Default, const R: usize, const C: usize>(m: [[T; C]; R]) -> [[T; R]; C] {
    let mut t = [[T::default(); R]; C];
    for i in 0..R {
        for j in 0..C {
            t[j][i] = m[i][j];
        }
    }
    t
}
fn gcd<T>(a: T, b: T) -> T
where
    T: Copy + PartialEq + Default + std::ops::Rem<Output = T>,
{
    if b == T::default() { a } else { gcd(b, a % b) }
}
fn absdiff<T: Sub<Output = T> + PartialOrd + Copy>(a: T, b: T) -> T {
    if a < b { b - a } else { a - b }
}
fn negate<T: Neg<Output = T>>(a: T) -> T {
    -a
}
fn swap<T: Copy>(a: &mut T, b: &mut T) {
    let t = *a;
    *a = *b;
    *b = t;
}
fn sort<T: Ord + Copy>(a: &mut [T]) {
    for i in 1..a.len() {
        let mut j = i;
        while j > 0 && a[j - 1] > a[j] {
            a.swap(j - 1, j);
            j -= 1;
        }
    }
}
fn lim<T: Ord>(x: T, lo: T, hi: T) -> T {
    x.max(lo).min(hi)
}
struct P {
    x: i32,
}
impl P {
    fn scaled<T: Into<i64>>(&self, k: T) -> i64 {
        let k: i64 = k.into();
        k * self.x as i64
    }
    fn make<T: Into<i32>>(x: T) -> P {
        P { x: x.into() }
    }
}
fn ave<T: Div<Output = T> + Add<Output = T> + From<u8>>(a: T, b: T) -> T {
    (a + b) / T::from(2)
}
#[allow(dead_code)]
pub fn all() {
    println!("{} {:.2} {}", sum(&[1, 2, 3]), sum(&[1.5f32, 2.5]), sum::<u8>(&[200, 100]));
    println!("{} {}", dot(&[1u64, 2, 3], &[4, 5, 6]), dot(&[0.5], &[4.0]));
    println!("{:?} {}", pair(1u8, 'x'), poly(5i64));
    println!("{}", poly(1.5));
    println!("{} {}", mean(&[1u8, 2, 4]), mean(&[1.5f32]));
    show("abc");
    show(5);
    show(1.25);
    let z: [u16; 4] = filled(7);
    println!("{:?} {:?}", z, filled::<i8, 2>(-1));
    println!("{:?}", transpose([[1, 2, 3], [4, 5, 6]]));
    println!("{} {}", gcd(48u32, 36), gcd(-12i64, 8));
    println!("{} {}", absdiff(3u8, 9), absdiff(1.0, 0.5));
    println!("{} {}", negate(5), negate(2.5));
    let (mut a, mut b) = ((1, 2.0), (3, 4.0));
    swap(&mut a, &mut b);
    println!("{:?} {:?}", a, b);
    let mut v = [5, 3, 9, -1];
    sort(&mut v);
    let mut w = ['q', 'a', 'z'];
    sort(&mut w[..2]);
    println!("{:?} {:?} {}", v, w, lim(5, 7, 9));
    println!("{} {}", P::make(4i16).scaled(3u32), ave(3.0, 4.0));
    println!("{}", ave(250u8, 10));
}
