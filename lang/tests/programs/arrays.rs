//! Arrays and slices: values, copies, references, bounds, nesting, iteration.

const SIZE: usize = 2 * 3;
const TABLE: [u16; SIZE] = [1, 10, 100, 1000, 10000, 60000];
static PRIMES: [i32; 5] = [2, 3, 5, 7, 11];
const NAMES: [&str; 3] = ["zero", "one", "two"];
const GRID: [[u8; 3]; 2] = [[1, 2, 3], [4, 5, 6]];

fn sum(data: &[i32]) -> i32 {
    let mut total = 0;
    for x in data {
        total += x;
    }
    total
}

fn change(mut data: [i32; 4]) -> [i32; 4] {
    data[0] = 99;
    data.swap(1, 3);
    data
}

fn clear(data: &mut [i32]) {
    for x in data.iter_mut() {
        *x = 0;
    }
}

fn double(data: &mut [i32; 4]) {
    for i in 0..data.len() {
        data[i] *= 2;
    }
}

fn transpose(m: &[[i32; 3]; 3]) -> [[i32; 3]; 3] {
    let mut t = [[0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            t[j][i] = m[i][j];
        }
    }
    t
}

fn identity(n: usize) -> [[f64; 4]; 4] {
    let mut m = [[0.0; 4]; 4];
    for i in 0..n {
        m[i][i] = 1.0;
    }
    m
}

fn first_word(text: &[u8]) -> &[u8] {
    let mut end = 0;
    while end < text.len() && text[end] != b' ' {
        end += 1;
    }
    &text[..end]
}

fn constant() -> &'static [i32] {
    &[10, 20, 30]
}

fn pick(m: &mut [[i32; 2]], i: usize) -> &mut [i32; 2] {
    &mut m[i]
}

fn main() {
    let a = [1, 2, 3, 4];
    let mut b = a;
    b[2] = 30;
    let c = change(b);
    println!("{a:?} {b:?} {c:?} {}", a == b);
    println!("{} {} {}", sum(&a), sum(&b[1..3]), sum(&c[..]));
    println!("{} {} {}", sum(&PRIMES), sum(&PRIMES[2..]), sum(&PRIMES[..=1]));
    clear(&mut b[1..]);
    println!("{b:?}");
    let mut d = [5; 4];
    double(&mut d);
    clear(&mut d[2..3]);
    println!("{d:?} {}", d.len());
    let m = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];
    println!("{:?} {:?}", transpose(&m), m[1]);
    println!("{:?}", identity(2));
    println!("{} {} {}", TABLE[3], TABLE.len(), GRID[1][2]);
    for name in NAMES {
        print!("{name} ");
    }
    println!("{}", NAMES[1]);
    for &p in PRIMES.iter().rev() {
        print!("{p} ");
    }
    for (i, p) in PRIMES.iter().enumerate() {
        print!("{i}={p} ");
    }
    for x in m {
        print!("{} ", x[0]);
    }
    for row in &m {
        for x in row.iter().skip(1) {
            print!("{x} ");
        }
    }
    println!();
    println!("{} {}", PRIMES.iter().sum::<i32>(), a.iter().copied().product::<i32>());
    let word = first_word(b"hello world");
    println!("{} {:?}", word.len(), word);
    println!("{:?}", constant());
    let mut e = [0u8; 300];
    e.fill(7);
    e[10..20].fill(1);
    e[100..110].copy_from_slice(&[9; 10]);
    e[..12].reverse();
    let mut total = 0;
    for x in e { total += x as u32; }
    println!("{total} {:?} {}", &e[..14], e.is_empty());
    let (left, right) = e.split_at(150);
    println!("{} {}", left.len(), right.len());
    let mut pairs = [[1, 2], [3, 4]];
    pick(&mut pairs, 1)[0] += 10;
    pairs.swap(0, 1);
    println!("{pairs:?}");
    pairs = [pairs[1], pairs[0]];
    println!("{pairs:?}");
    let mut big = [[7i64; 20]; 5];
    big[2] = [1; 20];
    big[3][4] = -1;
    let copy = big;
    big[2][0] = 100;
    println!("{} {} {} {}", copy[2][0], big[2][0], copy == big, copy[3] == big[3]);
    let mut x = 3;
    let mut y = 4;
    std::mem::swap(&mut x, &mut y);
    { let r = &mut x; *r += 1; *r *= 10; }
    println!("{x} {y}");
    let empty: [i32; 0] = [];
    println!("{:?} {} {}", empty, empty.len(), sum(&empty));
    let s: &[i32] = &a;
    let t = s;
    println!("{} {:?} {}", t[1], &t[1..], s == [1, 2, 3, 4]);
    assert_eq!(a, [1, 2, 3, 4]);
    assert_ne!(s[0], 5, "message {}", 1);
    assert!(s.len() == 4);
    let bools = [true, false, true];
    println!("{bools:?} {:?}", ['a', '\n', 'ß']);
}
