//! Integer operators, casts and methods, with the values at the edges.

fn edges(i: usize) -> i64 {
    let values = [0, 1, -1, 2, 7, -8, 63, 64, 127, 128, 255, 256, -128, -129, 32767, 32768, 65535, 65536,
        2147483647, 2147483648, -2147483648, 4294967295, 4294967296, i64::MAX, i64::MIN, 0x0123_4567_89ab_cdef];
    values[i]
}
const EDGES: usize = 26;

fn bytes(a: i8, b: i8) {
    print!("i8 {a} {b}: {} {} {} ", a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b));
    print!("{} {} {} ", a.saturating_add(b), a.saturating_sub(b), a.saturating_mul(b));
    print!("{} {} {} {} ", a & b, a | b, a ^ b, !a);
    print!("{} {} {} ", a < b, a >= b, a == b);
    print!("{:?} {:?} {:?} ", a.overflowing_add(b), a.overflowing_sub(b), a.overflowing_mul(b));
    if b != 0 {
        print!("{} {} ", a.wrapping_div(b), a.wrapping_rem(b));
        if !(a == i8::MIN && b == -1) {
            print!("{} {} {} {} ", a / b, a % b, a.rem_euclid(b), a.div_euclid(b));
        }
    }
    print!("{} {} {} {} ", a.count_ones(), a.count_zeros(), a.leading_zeros(), a.trailing_zeros());
    print!("{} {} {} {} ", a.leading_ones(), a.trailing_ones(), a.swap_bytes(), a.reverse_bits());
    print!("{} {} {} {} ", a.wrapping_abs(), a.unsigned_abs(), a.signum(), a.abs_diff(b));
    print!("{} {} {} {} ", a.min(b), a.max(b), a.is_positive(), a.is_negative());
    println!("{} {} {}", a.wrapping_neg(), a.rotate_left(3), a.rotate_right(11));
}

fn words(a: u32, b: u32) {
    print!("u32 {a} {b}: {} {} {} ", a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b));
    print!("{} {} {} ", a.saturating_add(b), a.saturating_sub(b), a.saturating_mul(b));
    print!("{:?} {:?} {:?} ", a.overflowing_add(b), a.overflowing_sub(b), a.overflowing_mul(b));
    if b != 0 {
        print!("{} {} {} {} ", a / b, a % b, a.rem_euclid(b), a.div_ceil(b));
    }
    print!("{} {} {} {} ", a << (b % 32), a >> (b % 32), a.wrapping_shl(b), a.wrapping_shr(b));
    print!("{} {} {} ", a.is_power_of_two(), a.swap_bytes(), a.to_be());
    if a > 0 {
        print!("{} ", a.ilog2());
    }
    if a <= 1 << 31 {
        print!("{} ", a.next_power_of_two());
    }
    println!("{} {} {:x} {:#010b}", a.rotate_left(b), a.clamp(10, 1000), a, a & 0xff);
}

fn casts(x: i64) {
    print!("{x}: {} {} {} {} ", x as i8, x as i16, x as i32, x as isize);
    print!("{} {} {} {} {} ", x as u8, x as u16, x as u32, x as u64, x as usize);
    print!("{} {} ", x as f32, x as f64);
    print!("{} {} ", x as u64 as f32, x as u64 as f64);
    print!("{} {} {} ", x as i8 as u32, x as u8 as i32, x as i32 as u64);
    println!("{:?} {}", x as u8 as char, (x as i16) as f32);
}

fn longs(a: i64, b: i64) {
    print!("i64 {a} {b}: {} {} {} ", a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b));
    print!("{} {} {} ", a.saturating_add(b), a.saturating_sub(b), a.saturating_mul(b));
    print!("{:?} {:?} ", a.overflowing_mul(b), (a as u64).overflowing_mul(b as u64));
    if b != 0 && !(a == i64::MIN && b == -1) {
        print!("{} {} {} {} ", a / b, a % b, a.rem_euclid(b), a.div_euclid(b));
    }
    if b != 0 {
        print!("{} {} ", (a as u64) / (b as u64), (a as u64) % (b as u64));
    }
    print!("{} {} {} ", a << (b & 63), a >> (b & 63), (a as u64) >> (b & 63));
    print!("{} {} ", a.wrapping_pow(3), (a as i16).pow((b & 3) as u32));
    println!("{:x} {:o} {:b} {:X} {:e}", a, b, a as u8, b as u16, b);
}

fn main() {
    for i in 0..EDGES {
        casts(edges(i));
        for j in (0..EDGES).step_by(3) {
            bytes(edges(i) as i8, edges(j) as i8);
            words(edges(i) as u32, edges(j) as u32);
            longs(edges(i), edges(j));
        }
    }
    let mut x = 1u8;
    x <<= 7;
    x |= 3;
    x ^= 0xff;
    x &= 0x7c;
    x >>= 2;
    x += 200;
    x -= 5;
    x *= 3;
    x /= 2;
    x %= 100;
    println!("{x}");
    let y: i32 = -7;
    println!("{} {} {} {}", y / 2, y % 2, y >> 1, (y as u32) >> 1);
    println!("{} {} {}", i32::MAX.wrapping_add(1), u8::MAX, i16::MIN);
    println!("{} {} {}", u64::BITS, i8::BITS, usize::MAX);
    println!("{} {} {}", u32::from(7u8), i64::from(-3i32), u64::from(true));
    println!("{} {}", i32::pow(2, 10), u64::max(3, 9));
    println!("{} {}", std::cmp::min(3, 4), std::cmp::max(-1i8, 1));
    println!("{}", std::mem::size_of::<[u32; 5]>() + std::mem::size_of::<f64>());
}
