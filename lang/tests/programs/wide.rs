//! 128-bit integers: every operator, method and conversion, on numbers of many lengths.

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn wide(&mut self) -> u128 {
        let value = (self.next() as u128) << 64 | self.next() as u128;
        let shift = self.next() % 128;
        match self.next() % 6 {
            0 => value >> shift,
            1 => !(value >> shift),
            2 => u128::MAX << shift,
            3 => value & 0xffff_ffff_ffff_ffff,
            4 => (value >> shift) << (self.next() % 128),
            _ => value,
        }
    }
}

const BIG: u128 = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210;
const MASK: u128 = (1 << 100) - 1;
const SMALL: i128 = -(1 << 90) / 7;
static TABLE: [i128; 4] = [1, -1, i128::MIN, i128::MAX];
const FACTS: (u32, u32, u128) = (BIG.leading_zeros(), BIG.count_ones(), BIG.rotate_left(20));

struct Pair {
    a: u8,
    b: i128,
    c: u128,
}

fn modmul(a: u64, b: u64, m: u64) -> u64 {
    (a as u128 * b as u128 % m as u128) as u64
}

fn modpow(mut base: u64, mut exponent: u64, m: u64) -> u64 {
    let mut result = 1;
    base %= m;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = modmul(result, base, m);
        }
        base = modmul(base, base, m);
        exponent >>= 1;
    }
    result
}

fn factorial(n: u32) -> u128 {
    (1..=n as u128).product::<u128>()
}

fn classify(x: i128) -> &'static str {
    match x {
        i128::MIN..=-1_000_000_000_000_000_000_000 => "very negative",
        -999_999_999_999_999_999_999..=-1 => "negative",
        0 => "zero",
        1 | 2 | 3 => "few",
        1_000_000_000_000_000_000_000.. => "huge",
        _ => "some",
    }
}

fn top(x: u128) -> u8 {
    match x {
        0..=9 => 1,
        u128::MAX => 2,
        0x1_0000_0000_0000_0000.. => 3,
        _ => 4,
    }
}

fn unsigned(a: u128, b: u128, n: u32) {
    println!("{} {} {}", a + b, a - b, a * b);
    if b != 0 {
        println!("{} {} {} {}", a / b, a % b, a.div_euclid(b), a.div_ceil(b));
    }
    println!("{:x} {:x} {:x} {:x} {:x}", a & b, a | b, a ^ b, !a, a << (n % 128));
    println!("{:x} {:x} {:x}", a >> (n % 128), a.rotate_left(n), a.rotate_right(n));
    println!("{} {} {}", a.count_ones(), a.leading_zeros(), a.trailing_zeros());
    println!("{} {} {}", a.count_zeros(), a.leading_ones(), a.trailing_ones());
    println!("{:x} {:x} {}", a.swap_bytes(), a.reverse_bits(), a.is_power_of_two());
    println!("{} {} {}", a < b, a >= b, a == b);
    println!("{} {} {}", a.min(b), a.max(b), a.abs_diff(b));
    println!("{:?} {:?} {:?}", a.overflowing_add(b), a.overflowing_sub(b), a.overflowing_mul(b));
    println!("{} {}", a.saturating_add(b), a.saturating_sub(b));
    println!("{} {}", a.saturating_mul(b), a.wrapping_mul(b));
    println!("{} {} {}", a as u64, a as i8, a as i128);
    println!("{:e} {:e}", a as f64, a as f32);
    println!("{} {}", a.pow(3), a.wrapping_shl(n));
    if a != 0 {
        println!("{} {}", a.ilog2(), a.next_power_of_two());
    }
}

fn signed(a: i128, b: i128, n: u32) {
    println!("{} {} {} {}", a + b, a - b, a * b, -a);
    if b != 0 && !(a == i128::MIN && b == -1) {
        println!("{} {} {} {}", a / b, a % b, a.div_euclid(b), a.rem_euclid(b));
    }
    if b != 0 {
        println!("{} {}", a.wrapping_div(b), a.wrapping_rem(b));
    }
    println!("{} {} {}", a >> (n % 128), a << (n % 128), !a);
    println!("{} {} {}", a < b, a <= b, a != b);
    println!("{} {} {}", a.min(b), a.max(b), a.abs_diff(b));
    println!("{} {} {}", a.abs(), a.signum(), a.unsigned_abs());
    println!("{:?} {:?} {:?}", a.overflowing_add(b), a.overflowing_sub(b), a.overflowing_mul(b));
    println!("{} {}", a.saturating_add(b), a.saturating_sub(b));
    println!("{} {}", a.saturating_mul(b), a.clamp(-5, 1 << 70));
    println!("{} {} {}", a as i64, a as u16, a as u128);
    println!("{:e} {:e}", a as f64, a as f32);
    println!("{} {}", a.is_negative(), a.is_positive());
}

fn sum<T: Copy + Default + std::ops::Add<Output = T>>(items: &[T]) -> T {
    let mut total = T::default();
    for &x in items {
        total = total + x;
    }
    total
}

fn many(a: u128, b: i128, c: u64, d: u128, e: i128, f: f64, g: u128, h: bool) -> (u128, i128) {
    let x = if h { a ^ d } else { g };
    (x + c as u128, b - e + f as i128)
}

fn main() {
    println!("{BIG} {MASK:x} {SMALL} {:?} {:?}", TABLE, FACTS);
    println!("{} {} {}", u128::MAX, i128::MIN, i128::MAX);
    println!("{:>45} {:<+8}| {:^#12b} {:045}", u128::MAX, 5i128, 5u128, -7i128);
    println!("{}", 340_282_366_920_938_463_463_374_607_431_768_211_455u128);
    println!("{} {}", modpow(3, 1 << 40, 0xffff_ffff_ffff_ffc5), factorial(33));
    for x in [0, 3, 50, -50, 1 << 80, -(1 << 80), i128::MIN, i128::MAX] {
        println!("{} {}", classify(x), top(x as u128));
    }
    println!("{} {}", top(u128::MAX), top(1 << 64));
    let mut random = Random(7);
    for _ in 0..60 {
        let (a, b, n) = (random.wide(), random.wide(), random.next() as u32);
        unsigned(a, b, n);
        signed(a as i128, b as i128, n);
        signed(b as i128, random.next() as i64 as i128, n);
        unsigned(a, random.next() as u128 >> (n % 64), n);
    }
    for f in [0.5, -1.5, 1e20, -1e20, 3e38, 1e39, -1e39, f64::NAN, 1.8446744073709552e19] {
        println!("{} {} {} {}", f as u128, f as i128, f as f32 as u128, f as f32 as i128);
    }
    println!("{} {} {}", true as u128, 'x' as u128, u128::from(7u64) + u128::from(true));
    println!("{} {}", i128::from(-3i8), i128::from(4u64));
    let mut pairs = [Pair { a: 1, b: -2, c: 3 }, Pair { a: 4, b: 1 << 100, c: u128::MAX }];
    for pair in pairs.iter_mut() {
        pair.b *= 3;
        pair.c >>= 1;
        pair.c += pair.a as u128;
    }
    println!("{} {} {}", pairs[0].b, pairs[1].b, pairs[1].c);
    println!("{} {}", sum(&[1u128 << 70, 5]), sum(&TABLE));
    let (x, y) = many(BIG, SMALL, 9, MASK, 1 << 66, -1e25, 3, true);
    println!("{x} {y}");
    let mut total = 0;
    for i in (1u128 << 70)..(1 << 70) + 4 {
        total += i;
    }
    for i in (-2..3i128).rev() {
        total ^= i as u128;
    }
    for i in i128::MAX - 2..=i128::MAX {
        total += i as u128 & 7;
    }
    println!("{total} {}", (5u128..1 << 90).contains(&(1 << 89)));
    let array = [u128::MAX; 9];
    println!("{}", array.iter().sum::<u128>());
}
