//! Floats: arithmetic, comparisons, methods, casts, and how they print.

use std::f64::consts::{PI, SQRT_2};

fn value(i: usize) -> f64 {
    let values = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 1e-310, 1e300, -1e300, 123456.789, 255.5,
        2147483648.0, -9.3e18, 1.8446744073709552e19, f64::INFINITY, f64::NEG_INFINITY, f64::EPSILON, f64::MAX];
    values[i]
}

fn one(x: f64) {
    print!("{x} {x:?} {x:e} {x:.3} {x:+.1} {x:10.2}| {x:<10.2}| {x:^+10.1}| {x:010.2} ");
    print!("{} {} {} {} {} ", x.floor(), x.ceil(), x.round(), x.trunc(), x.round_ties_even());
    print!("{} {} {} {} ", x.abs(), x.signum(), x.sqrt().to_bits() == x.sqrt().to_bits(), x.fract() == x.fract());
    print!("{} {} {} ", x.is_nan(), x.is_infinite(), x.is_finite());
    print!("{} {} {:016x} ", x.is_sign_positive(), x.is_sign_negative(), x.to_bits());
    print!("{} {} {} {} ", x as i8, x as u8, x as i16, x as u16);
    print!("{} {} {} {} ", x as i32, x as u32, x as i64, x as u64);
    println!("{} {} {}", x as f32, x.recip(), -x);
}

fn two(x: f64, y: f64) {
    print!("{} {} {} {:?} ", x + y, x - y, x * y, (x / y).is_nan());
    print!("{} {} {} {} {} {} ", x < y, x <= y, x > y, x >= y, x == y, x != y);
    print!("{} {} ", x.copysign(y), x.mul_add(y, 1.0) == x.mul_add(y, 1.0));
    if x != y && !(x == 0.0 && y == 0.0) {
        print!("{} {} ", x.min(y), x.max(y));
    }
    let rest = x % y;
    if rest.is_nan() {
        println!("NaN");
    } else {
        println!("{rest} {} {}", x.rem_euclid(y), x.div_euclid(y));
    }
}

fn single(x: f32) {
    println!("{x} {x:?} {:e} {} {} {} {:08x} {}", x, x * x, x + 0.1, x.sqrt().is_nan(), x.to_bits(), x % 0.3);
}

fn main() {
    for i in 0..22 {
        one(value(i));
        single(value(i) as f32);
        for j in 0..22 {
            two(value(i), value(j));
        }
    }
    let nan = f64::NAN;
    println!("{} {} {} {}", nan, nan == nan, nan != nan, nan < 1.0);
    println!("{} {} {}", nan.max(2.0), 3.0f64.min(nan), nan as i32);
    println!("{} {} {}", PI, SQRT_2, std::f32::consts::E);
    println!("{} {}", f64::from_bits(0x400921fb54442d18), f32::from_bits(0x3f800000));
    println!("{} {}", 90f64.to_radians(), 1f64.to_degrees());
    println!("{} {}", f64::from(1.5f32), f64::from(7i32));
    println!("{} {}", 5.5f64.clamp(1.0, 3.0), (-0.5f32).clamp(0.0, 1.0));
    println!("{:?} {:?} {:?}", 1e16, 1e15, 1e-7);
    println!("{:?} {} {:?}", f64::MIN_POSITIVE, f32::MAX, 0.1f32 + 0.2f32);
    let mut sum = 0.0;
    for i in 1..=100 {
        sum += 1.0 / i as f64;
    }
    println!("{sum}");
    let mut y = 10.0;
    y -= 2.5;
    y *= 2.0;
    y /= 3.0;
    y %= 1.7;
    println!("{y:.15}");
}
