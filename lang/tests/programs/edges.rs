//! The ends of everything: ranges and patterns of all types, every byte in the methods for bytes, every value of the narrow
//! integers in theirs.

fn mix(h: u64, v: u64) -> u64 {
    (h.rotate_left(5) ^ v).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[derive(Clone, Copy, PartialEq)]
enum Signed {
    Low = -3,
    Next,
    Zero = 0,
    High = 100,
}

#[derive(Clone, Copy, PartialEq)]
enum Later {
    First = 5,
    Second,
    Tenth = 10,
}

#[derive(Clone, Copy)]
enum Run {
    A = -1,
    B,
    C,
}

#[derive(Clone, Copy)]
enum Digits {
    Zero = b'0' as isize,
    One,
    Two,
}

fn numbers() {
    for value in [Run::A, Run::B, Run::C] {
        print!("{} {} ", value as i32, value as u16);
    }
    for value in [Digits::Zero, Digits::One, Digits::Two] {
        print!("{} ", value as u8 as char);
    }
    println!();
    let signed = [Signed::Low, Signed::Next, Signed::Zero, Signed::High];
    for value in signed {
        println!("{} {} {}", value as i32, value as i8 as u8, value as i64);
    }
    let later = [Later::First, Later::Second, Later::Tenth];
    for value in later {
        let name = match value {
            Later::First => "first",
            Later::Second => "second",
            Later::Tenth => "tenth",
        };
        println!("{name} {} {}", value as u64, value as u8);
    }
}

fn ranges() {
    let mut h = 0;
    for x in 250..=255u8 {
        h = mix(h, x as u64);
    }
    for x in 120..=127i8 {
        h = mix(h, x as u64);
    }
    for x in -128..-120i8 {
        h = mix(h, x as u64);
    }
    println!("{h:x}");
    for (lo, hi) in [(0u8, 200u8), (100, 200), (200, 100), (7, 7), (0, 0), (255, 255), (0, 255), (254, 255)] {
        let (mut open, mut closed, mut back, mut back_closed) = (0, 0, 0, 0);
        for x in lo..hi {
            open = mix(open, x as u64);
        }
        for x in lo..=hi {
            closed = mix(closed, x as u64);
        }
        for x in (lo..hi).rev() {
            back = mix(back, x as u64);
        }
        for x in (lo..=hi).rev() {
            back_closed = mix(back_closed, x as u64);
        }
        println!("{lo} {hi}: {open:x} {closed:x} {back:x} {back_closed:x}");
    }
    let top = u64::MAX;
    for (lo, hi) in [(top - 3, top), (1 << 63, (1 << 63) + 2), ((1 << 63) - 1, (1 << 63) + 1), (top, 0)] {
        let (mut open, mut closed, mut back) = (0, 0, 0);
        for x in lo..hi {
            open = mix(open, x);
        }
        for x in lo..=hi {
            closed = mix(closed, x);
        }
        for x in (lo..hi).rev() {
            back = mix(back, x);
        }
        println!("{lo} {hi}: {open:x} {closed:x} {back:x}");
    }
    for (lo, hi) in [(-2i64, 2i64), (i64::MAX - 1, i64::MAX), (i64::MIN, i64::MIN + 1), (3, -3), (-1, -1)] {
        let mut h = 0;
        for x in lo..hi {
            h = mix(h, x as u64);
        }
        for x in (lo..=hi).rev() {
            h = mix(h, x as u64);
        }
        println!("{lo} {hi}: {h:x}");
    }
    let items = [3, 1, 4, 1, 5];
    for n in 0..7 {
        let mut h = 1;
        for x in items.iter().skip(n) {
            h = mix(h, *x as u64);
        }
        for x in items.iter().take(n) {
            h = mix(h, *x as u64);
        }
        for (i, x) in items.iter().skip(n).enumerate() {
            h = mix(h, (i + *x as usize) as u64);
        }
        for x in (0..5u32).skip(n) {
            h = mix(h, x as u64);
        }
        for x in (0..=5u32).rev().skip(n) {
            h = mix(h, x as u64);
        }
        for x in (0..20u8).step_by(n + 1) {
            h = mix(h, x as u64);
        }
        println!("{n} {h:x}");
    }
}

fn byte_pattern(x: u8) -> u32 {
    match x {
        0..=9 => 1,
        10 | 12 | 14 => 2,
        11 => 3,
        100..=199 => 4,
        200.. => 5,
        n @ 20..=29 => 100 + n as u32,
        _ => 6,
    }
}

fn signed_pattern(x: i8) -> u32 {
    match x {
        i8::MIN..=-100 => 1,
        -99..=-1 => 2,
        0 => 3,
        1..=126 => 4,
        i8::MAX => 5,
    }
}

fn wide_pattern(x: u64) -> u32 {
    match x {
        0 => 1,
        1..=0x7fff_ffff_ffff_ffff => 2,
        0x8000_0000_0000_0000..=0xffff_ffff_ffff_fffe => 3,
        u64::MAX => 4,
    }
}

fn guarded(x: i32, y: i32) -> i32 {
    match x {
        0 if y > 0 => 1,
        0 if y < 0 => 2,
        0 => 3,
        1 | 2 if y == 5 => 4,
        1 => 5,
        _ if y == 7 => 6,
        _ => 7,
    }
}

/// Too many numbers for a table.
fn sparse(x: i64) -> u32 {
    match x {
        -1_000_000..=-1 => 1,
        0..=999_999 => 2,
        1_000_000 => 3,
        5_000_000..=5_000_009 => 4,
        _ => 5,
    }
}

fn patterns() {
    let (mut bytes, mut signed) = (0, 0);
    for x in 0..=255u8 {
        bytes = mix(bytes, byte_pattern(x) as u64);
        signed = mix(signed, signed_pattern(x as i8) as u64);
    }
    println!("{bytes:x} {signed:x}");
    for x in [0, 1, 2, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX] {
        print!("{} ", wide_pattern(x));
    }
    println!();
    for x in [-1_000_001, -1_000_000, -1, 0, 1, 999_999, 1_000_000, 1_000_001, 4_999_999, 5_000_000, 5_000_009, 5_000_010] {
        print!("{} ", sparse(x));
    }
    println!();
    for x in 0..4 {
        for y in [-1, 0, 1, 5, 7] {
            print!("{} ", guarded(x, y));
        }
    }
    println!();
}

fn ascii() {
    let (mut classes, mut lower, mut upper) = (0, 0, 0);
    for x in 0..=255u8 {
        let class = [
            x.is_ascii_digit(),
            x.is_ascii_lowercase(),
            x.is_ascii_uppercase(),
            x.is_ascii_alphabetic(),
            x.is_ascii_alphanumeric(),
            x.is_ascii_whitespace(),
        ];
        for yes in class {
            classes = mix(classes, yes as u64);
        }
        lower = mix(lower, x.to_ascii_lowercase() as u64);
        upper = mix(upper, x.to_ascii_uppercase() as u64);
    }
    println!("{classes:x} {lower:x} {upper:x}");
}

fn narrow() {
    let (mut one, mut two) = (0, 0);
    for n in 0..=255u8 {
        let (u, i) = (n, n as i8);
        for v in [u.count_ones(), u.count_zeros(), u.leading_zeros(), u.leading_ones(), u.trailing_zeros(), u.trailing_ones()] {
            one = mix(one, v as u64);
        }
        for v in [i.count_ones(), i.count_zeros(), i.leading_zeros(), i.leading_ones(), i.trailing_zeros(), i.trailing_ones()] {
            one = mix(one, v as u64);
        }
        one = mix(one, i.signum() as u64);
        one = mix(one, i.wrapping_abs() as u64);
        one = mix(one, i.unsigned_abs() as u64);
        one = mix(one, u.reverse_bits() as u64);
        one = mix(one, u.is_power_of_two() as u64);
        if u > 0 {
            one = mix(one, u.ilog2() as u64);
        }
        if i > 0 {
            one = mix(one, i.ilog2() as u64);
        }
        if u <= 128 {
            one = mix(one, u.next_power_of_two() as u64);
        }
        for m in [0u8, 1, 2, 3, 7, 100, 127, 128, 129, 200, 254, 255] {
            let (v, j) = (m, m as i8);
            for w in [u.wrapping_add(v), u.wrapping_sub(v), u.wrapping_mul(v), u.saturating_add(v), u.saturating_sub(v)] {
                two = mix(two, w as u64);
            }
            for w in [i.wrapping_add(j), i.wrapping_sub(j), i.saturating_add(j), i.saturating_sub(j), i.saturating_mul(j)] {
                two = mix(two, w as u64);
            }
            two = mix(two, u.abs_diff(v) as u64);
            two = mix(two, i.abs_diff(j) as u64);
            two = mix(two, u.overflowing_sub(v).1 as u64);
            two = mix(two, i.overflowing_add(j).1 as u64);
            two = mix(two, i.overflowing_sub(j).1 as u64);
            two = mix(two, i.overflowing_mul(j).1 as u64);
            if v > 0 {
                two = mix(two, u.div_ceil(v) as u64);
                two = mix(two, u.rem_euclid(v) as u64);
                two = mix(two, i.wrapping_div(j) as u64);
                two = mix(two, i.wrapping_rem(j) as u64);
                if !(i == i8::MIN && j == -1) {
                    two = mix(two, i.rem_euclid(j) as u64);
                    two = mix(two, i.div_euclid(j) as u64);
                    two = mix(two, (i / j) as u64);
                }
            }
            two = mix(two, u.clamp(v / 2, v) as u64);
            if j >= 0 {
                two = mix(two, i.clamp(-j, j) as u64);
            }
            two = mix(two, u.rotate_left(m as u32 & 31) as u64);
            two = mix(two, i.rotate_right(m as u32 & 31) as u64);
        }
    }
    println!("{one:x} {two:x}");
}

fn equality() {
    let pairs = [(1, 2u8), (1, 3), (2, 2), (1, 2)];
    for a in pairs {
        for b in pairs {
            print!("{} {} ", a == b, a != b);
        }
    }
    println!();
    let (s, t) = ((1.5, true, 'x'), (1.5, true, 'y'));
    println!("{} {} {}", s == t, s == s, (0.0, f64::NAN) == (0.0, f64::NAN));
}

fn main() {
    numbers();
    ranges();
    patterns();
    ascii();
    narrow();
    equality();
}
