//! References to constants live as long as the program, also those with addresses inside and those of expressions.

static WORDS: [&str; 3] = ["one", "two", "three"];
static NESTED: &[&[&str]] = &[&["a", "b"], &[], &["c"]];
static PAIRS: [(&str, i32); 2] = [("x", 1), ("y", 2)];
const LIST: &[(&str, &[u8])] = &[("p", b"12"), ("q", &[3, 4, 5])];
const BASE: i32 = 40;

fn words() -> &'static [&'static str; 3] {
    &WORDS
}

fn second() -> &'static &'static str {
    &WORDS[1]
}

fn sum() -> &'static i32 {
    &(1 + 2 * BASE)
}

fn part(n: usize) -> &'static [i32] {
    match n {
        0 => &[],
        1 => &[BASE + 1],
        2 => &[1, -BASE, !3],
        _ => &[0; 7],
    }
}

fn names(n: bool) -> &'static [&'static str] {
    if n { &["yes", "ja"] } else { &["no"] }
}

fn tuple() -> &'static (i32, &'static str, [f64; 2]) {
    &(7, "seven", [0.5, 1.0 / 4.0])
}

fn deep() -> &'static &'static &'static bool {
    &&&((1 < 2) & (BASE == 40))
}

/// Writes over the stack that the functions above have used.
fn clobber(n: u64) -> u64 {
    let mut a = [n; 64];
    for i in 1..64 {
        a[i] = a[i - 1].wrapping_mul(6364136223846793005).wrapping_add(i as u64);
    }
    if n > 3 { a[63] } else { clobber(n + 1) ^ a[62] }
}

fn main() {
    let (words, second, sum, tuple, deep) = (words(), second(), sum(), tuple(), deep());
    let parts = [part(0), part(1), part(2), part(3)];
    let names = [names(true), names(false)];
    println!("{}", clobber(0));
    println!("{} {} {} {}", words[0], words[1], words[2], second);
    println!("{} {} {} {:?} {}", sum, tuple.0, tuple.1, tuple.2, deep);
    for part in parts {
        println!("{:?}", part);
    }
    for name in names {
        println!("{} {}", name.len(), name[name.len() - 1]);
    }
    for row in NESTED {
        for word in *row {
            print!("{word} ");
        }
        println!("{}", row.len());
    }
    for &(name, number) in &PAIRS {
        println!("{name} {number}");
    }
    for (name, bytes) in LIST.iter().copied() {
        println!("{name} {:?}", bytes);
    }
    let kept = PAIRS[1].0;
    println!("{}", clobber(1));
    println!("{kept} {}", LIST[1].1[2]);
}
