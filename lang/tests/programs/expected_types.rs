//! What the place of an expression says about its type, and where rustc forgets it; names of the standard library.

const SHIFTED: u64 = (if SWITCH { 1 << 20 } else { 0 }) as u64;
const SWITCH: bool = true;
static CHOSEN: i64 = (match SHIFTED { 0 => 7, _ => -1 }) as i64;

fn shift(c: bool, n: u32) -> u64 {
    (if c { 1 << n } else { 0 }) as u64
}

fn arms(c: i32) -> u64 {
    (match c {
        0 => 1 << 20,
        1 => !0,
        _ => -1,
    }) as u64
}

fn narrowed(c: bool, x: i32) -> u8 {
    (if c { x } else { 0 }) as u8
}

fn nested(c: bool) -> i64 {
    ({ if c { !0 } else { 255 } }) as i64
}

// Through parentheses, blocks and unary operators the hint stays.
fn kept() -> (u64, u8, i64) {
    ((!0) as u64, { 255 } as u8, (-(1 << 20)) as i64)
}

fn cmp(mem: i64) -> i64 {
    let hint = mem + 1;
    hint
}

const MEM: i64 = 4;

fn main() {
    println!("{} {}", SHIFTED, CHOSEN);
    println!("{} {} {}", shift(true, 4), shift(true, 30), shift(false, 5));
    println!("{} {} {}", arms(0), arms(1), arms(2));
    println!("{} {}", narrowed(true, 300), narrowed(false, 1));
    println!("{} {}", nested(true), nested(false));
    let (a, b, c) = kept();
    println!("{} {} {}", a, b, c);
    let mem = cmp(MEM);
    let cmp = mem + cmp(1);
    println!("{} {}", mem, cmp);
}
