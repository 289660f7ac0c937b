//! The ends of things: slices of every length copied, filled and compared, empty sums and products, ranges at the ends
//! of their types, shifts and casts at the ends of widths.

static SHORT: [u8; 3] = [0; 3];

fn copied(from: &[u8], to: &mut [u8], n: usize) -> u64 {
    to[..n].copy_from_slice(&from[..n]);
    let mut hash = 0_u64;
    for &byte in to.iter() {
        hash = hash.wrapping_mul(31).wrapping_add(byte as u64);
    }
    hash
}

fn copies() {
    let from = [9u8, 8, 7, 6, 5, 4, 3, 2, 1, 10, 11, 12, 13, 14, 15, 16, 17];
    for n in 0..18 {
        let mut to = [255u8; 17];
        print!("{} ", copied(&from, &mut to, n));
    }
    println!();
    let from = [-1i16, 2, -3, 4, -5];
    for n in 0..6 {
        let mut to = [7i16; 5];
        to[5 - n..].copy_from_slice(&from[..n]);
        println!("{} {} {} {} {}", to[0], to[1], to[2], to[3], to[4]);
    }
    let from = [1u32, 2, 3];
    for n in 0..4 {
        let mut to = [0u32; 3];
        to[..n].copy_from_slice(&from[3 - n..]);
        println!("{} {} {}", to[0], to[1], to[2]);
    }
}

fn fills() {
    for n in 0..6 {
        let mut bytes = [1u8; 5];
        bytes[..n].fill(200);
        let mut words = [1i64; 5];
        words[5 - n..].fill(-2);
        println!("{} {} {} {}", bytes[0], bytes[4], words[0], words[4]);
    }
}

fn compares() {
    let a = [1u8, 2, 3, 4, 5, 6, 7, 8, 9];
    let b = [1u8, 2, 3, 4, 5, 6, 7, 8, 0];
    let mut same = 0;
    for n in 0..10 {
        for m in 0..10 {
            if a[..n] == b[..m] {
                same += 1;
            }
            if a[n.min(m)..] != b[m..] {
                same += 100;
            }
        }
    }
    println!("{}", same);
    // Whoever compares beyond the shorter one leaves the memory of the program.
    let long = [0u8; 4096];
    println!("{} {} {}", long[..] == SHORT[..], SHORT[..] != long[..], long[..3] == SHORT[..]);
    let (x, y) = ([0.0f64, f64::NAN], [-0.0f64, f64::NAN]);
    println!("{} {} {}", x[..1] == y[..1], x == y, x[..0] == y[1..1]);
}

fn sums() {
    let floats = [1.5f64, -0.0, f64::NAN];
    let empty = floats[..0].iter().sum::<f64>();
    let zero = floats[1..2].iter().sum::<f64>();
    println!("{} {}", empty.to_bits(), zero.to_bits());
    println!("{} {}", floats[..0].iter().product::<f64>(), floats.iter().sum::<f64>().is_nan());
    let singles = [0.0f32; 2];
    println!("{}", singles[..0].iter().sum::<f32>().to_bits());
    let ints = [i64::MAX, 1];
    println!("{} {}", ints[..0].iter().sum::<i64>(), ints[..0].iter().product::<i64>());
}

fn ranges() {
    let mut count = 0;
    for i in 250..=u8::MAX {
        count += i as u32;
    }
    for i in (i8::MIN..=-126).rev() {
        count = count.wrapping_mul(3).wrapping_add(i as u32);
    }
    for i in i8::MAX..i8::MAX {
        count += i as u32;
    }
    for i in (0..=255u8).step_by(100) {
        count = count.wrapping_mul(7).wrapping_add(i as u32);
    }
    println!("{}", count);
    let mut last = 0;
    for i in u64::MAX - 2..=u64::MAX {
        last = i;
    }
    println!("{}", last);
}

fn widths() {
    for n in [0u32, 1, 7, 8, 31, 32, 63, 64, 65, 255] {
        println!(
            "{} {} {} {}",
            1u8.wrapping_shl(n),
            (-1i32).wrapping_shr(n),
            u64::MAX.wrapping_shl(n),
            0x1234u16.rotate_left(n)
        );
        let (value, over) = (n as u8).overflowing_sub(33);
        println!("{} {}", value, over);
    }
    for x in [-1i64, 127, 128, 255, 256, 65535, 65536, i64::MIN, i64::MAX] {
        println!("{} {} {} {} {}", x as i8, x as u8, x as i16, x as u32, x as f32);
    }
    for x in [-1.5f64, 255.9, 256.0, -129.0, 3e9, 1e20, f64::NAN, f64::NEG_INFINITY] {
        println!("{} {} {} {} {}", x as i8, x as u8, x as i32, x as u64, x as i64);
    }
}

fn main() {
    copies();
    fills();
    compares();
    sums();
    ranges();
    widths();
}
