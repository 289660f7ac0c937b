//! References to constant expressions live as long as the program: large ones, those of instances, and nested ones.
const TABLE: [u16; 300] = [9; 300];
const NAMES: [&str; 3] = ["a", "bc", "def"];

fn zeros<const N: usize>() -> &'static [i32; N] {
    &[0; N]
}

fn large() -> &'static [u8] {
    &[7; 200_000]
}

fn table() -> &'static [u16; 300] {
    &TABLE
}

fn rows() -> &'static [&'static [i32]; 2] {
    &[&[1, 2, 3], &[-4]]
}

fn number() -> &'static i64 {
    &(-(1 << 40) + 5)
}

fn clobber(depth: u32) -> u64 {
    let mut a = [u64::from(depth); 64];
    a[depth as usize % 64] += 1;
    if depth == 0 { a[1] } else { a[2] + clobber(depth - 1) }
}

fn main() {
    let (z3, z5, big, t, r, n) = (zeros::<3>(), zeros::<5>(), large(), table(), rows(), number());
    println!("{}", clobber(50));
    println!("{z3:?} {z5:?} {} {} {}", big.len(), big[0], big[199_999]);
    println!("{} {} {:?} {:?} {n}", t[0], t[299], r[0], r[1]);
    for _ in 0..2 {
        let copy = &mut [1, 2, 3];
        copy[0] += 5;
        println!("{copy:?}");
    }
    for (i, name) in NAMES.iter().enumerate() {
        println!("{i} {name}");
    }
    let third = &NAMES[2];
    println!("{third} {}", &TABLE[7..9].len());
}
