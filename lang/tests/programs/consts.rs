//! Constants: evaluated when the program is compiled.

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

const fn table() -> [u32; 16] {
    let mut t = [0; 16];
    let mut i = 0;
    while i < t.len() {
        let mut c = i as u32;
        let mut k = 0;
        loop {
            if k == 4 {
                break;
            }
            c = if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 };
            k += 1;
        }
        t[i] = c;
        i += 1;
    }
    t
}

const CRC: [u32; 16] = table();
const G: u32 = gcd(48, 36);
const LEN: usize = G as usize / 2;
const MASK: u64 = !0 >> 8;
const NEG: i8 = -128;
const HASH: u64 = 0xcbf29ce484222325u64.wrapping_mul(0x100000001b3).rotate_left(5);
const RATIO: f64 = 1.0 / 3.0;
const SMALL: f32 = 0.1 + 0.2;
const BIG: u64 = 1e300 as u64;
const PAIR: (i32, bool) = (LEN as i32 - 10, LEN > 3);
const GRID: [[i16; 2]; 3] = [[1, 2], [3, 4], [5, 6 * 7]];
const TEXT: &str = "constant text";
const BYTES: &[u8] = b"bytes";
const SLICE: &[i32] = &[3, 1, 4];
const LETTER: char = 'x';
const POWER: i32 = 3i32.pow(4) - 1;
const BITS: u32 = 0xf0u8.count_ones() + 1u16.leading_zeros() + 8u64.trailing_zeros();
static STATIC: [f64; 2] = [RATIO * 2.0, -0.0];

struct Config {
    size: usize,
    scale: f32,
}

impl Config {
    const DEFAULT: Config = Config { size: LEN * 2, scale: SMALL };
    const SIZE: usize = Self::DEFAULT.size + 1;
}

const WRAPPED: (i8, i32, u8, i128, i16) = (
    (-128i8).wrapping_abs(),
    (-7i32).wrapping_abs(),
    7u8.wrapping_pow(9),
    i128::MIN.wrapping_abs(),
    (-3i16).wrapping_pow(11),
);

const METHODS: [i64; 12] = [
    100i8.saturating_add(100) as i64,
    5u16.saturating_sub(9) as i64,
    (-7i32).rem_euclid(4) as i64,
    7i64.div_euclid(-2),
    (-128i8).unsigned_abs() as i64,
    3u32.abs_diff(10) as i64,
    1000u64.next_power_of_two() as i64,
    77u128.ilog2() as i64,
    (-9i16).signum() as i64,
    i32::MIN.wrapping_div(-1) as i64,
    (1u128 << 90).trailing_zeros() as i64,
    b'q'.to_ascii_uppercase() as i64,
];
const FLAGGED: (u8, bool) = 200u8.overflowing_mul(2);
const WIDE: (i128, bool) = i128::MAX.overflowing_add(1);

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= byte as u32;
        crc = CRC[(crc & 15) as usize] ^ (crc >> 4);
        crc = CRC[(crc & 15) as usize] ^ (crc >> 4);
    }
    !crc
}

fn main() {
    const LOCAL: i32 = POWER + 1;
    let a = [7u8; LEN];
    println!("{G} {LEN} {MASK:x} {NEG} {HASH:x} {RATIO} {SMALL} {BIG}");
    println!("{PAIR:?} {GRID:?} {TEXT} {BYTES:?} {SLICE:?} {LETTER} {POWER} {BITS} {LOCAL}");
    println!("{:?} {} {} {}", STATIC, Config::SIZE, Config::DEFAULT.scale, a.len());
    println!("{:08x} {}", crc(b"123456789"), SLICE.len() + BYTES.len() + TEXT.len());
    println!("{} {}", GRID[2][1], gcd(1071, 462));
    println!("{WRAPPED:?} {METHODS:?} {FLAGGED:?} {WIDE:?}");
    match POWER {
        LOCAL => println!("equal"),
        0..LOCAL => println!("below"),
        _ => println!("above"),
    }
}
