//! Patterns and control flow where constants are evaluated.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Side {
    Left,
    Right,
}

const fn top(x: u128) -> u8 {
    match x {
        u128::MAX => 1,
        0..=9 => 2,
        10.. => 3,
    }
}

const fn sign(x: i8) -> i8 {
    match x {
        i8::MIN..=-1 => -1,
        0 => 0,
        1.. => 1,
    }
}

const fn whole(pair: (u8, bool)) -> u8 {
    match pair {
        all @ (n, true) => n + all.0,
        (n, false) if n > 9 => 9,
        (n, _) => n,
    }
}

const fn of(c: char, side: Side) -> u32 {
    match (c, side) {
        ('a'..='z', Side::Left) => 1,
        ('a'..='z' | '0'..='9', Side::Right) => 2,
        (_, _) => 3,
    }
}

const fn collatz(mut n: u64) -> u32 {
    let mut steps = 0;
    'all: loop {
        while n % 2 == 0 {
            n /= 2;
            steps += 1;
            if n == 1 {
                break 'all;
            }
        }
        if n == 1 {
            break;
        }
        n = 3 * n + 1;
        steps += 1;
        continue 'all;
    }
    let extra = 'block: {
        if steps > 100 {
            break 'block 1000;
        }
        7
    };
    steps + extra
}

const TOPS: [u8; 5] = [top(u128::MAX), top(u128::MAX - 1), top(1 << 127), top(9), top(10)];
const SIGNS: (i8, i8, i8) = (sign(-128), sign(0), sign(127));
const WHOLES: [u8; 3] = [whole((4, true)), whole((40, false)), whole((4, false))];
const OF: [u32; 4] = [of('q', Side::Left), of('q', Side::Right), of('7', Side::Left), of('7', Side::Right)];
const STEPS: [u32; 3] = [collatz(6), collatz(27), collatz(1)];

const EURO: char = '€' as char;
const NUMBERS: (u32, char, u8, i16) = (EURO as u32, 233u8 as char, Side::Right as u8, true as i16);

fn main() {
    println!("{EURO} {NUMBERS:?}");
    println!("{TOPS:?} {SIGNS:?} {WHOLES:?} {OF:?} {STEPS:?}");
}
