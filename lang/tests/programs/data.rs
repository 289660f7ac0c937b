//! Structs in arrays in structs, tables, every kind of `match`, slices, shadowing, strings as data.
#![allow(dead_code, unused)]
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct P {
    x: i32,
    y: i32,
}
#[derive(Clone, Copy)]
struct Line {
    a: P,
    b: P,
    tag: char,
}
struct Grid {
    cells: [[P; 3]; 2],
    n: usize,
}
impl Grid {
    fn at(&self, r: usize, c: usize) -> &P {
        &self.cells[r][c]
    }
    fn at_mut(&mut self, r: usize, c: usize) -> &mut P {
        &mut self.cells[r][c]
    }
    fn row(&self, r: usize) -> &[P] {
        &self.cells[r]
    }
}
const fn square(x: u32) -> u32 {
    x * x
}
const SQUARES: [u32; 8] = {
    let mut t = [0; 8];
    let mut i = 0;
    while i < 8 {
        t[i] = square(i as u32);
        i += 1;
    }
    t
};
static LINES: [Line; 2] = [
    Line { a: P { x: 1, y: 2 }, b: P { x: 3, y: 4 }, tag: 'a' },
    Line { a: P { x: 5, y: 6 }, b: P { x: 7, y: 8 }, tag: 'b' },
];
fn ends(s: &[P]) -> (&P, &P) {
    (&s[0], &s[s.len() - 1])
}
fn mid(s: &[u8]) -> &[u8] {
    &s[1..s.len() - 1]
}
fn upper(s: &mut [u8]) {
    for b in s.iter_mut() {
        if b.is_ascii_lowercase() {
            *b = b.to_ascii_uppercase();
        }
    }
}
fn arr() -> [P; 2] {
    [P { x: 1, y: 1 }; 2]
}
fn tup(n: i32) -> (i32, [u8; 3], P) {
    (n, [1, 2, 3], P { x: n, y: n })
}
fn max_by(s: &[P], f: fn(&P) -> i32) -> P {
    let mut best = s[0];
    for p in s {
        if f(p) > f(&best) {
            best = *p;
        }
    }
    best
}
fn bool_match(a: bool, b: bool) -> u8 {
    match (a, b) {
        (true, true) => 3,
        (true, false) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}
fn range_match(x: u8) -> &'static str {
    match x {
        0 => "zero",
        1..=9 => "digit",
        10..100 => "two",
        100.. => "three",
    }
}
fn char_match(c: char) -> i32 {
    match c {
        'a' | 'e' | 'i' | 'o' | 'u' => 1,
        'a'..='z' => 2,
        '\n' => 3,
        _ => 0,
    }
}
fn byte_match(c: u8) -> i32 {
    match c {
        b'0'..=b'9' => (c - b'0') as i32,
        b'a'..=b'f' => (c - b'a') as i32 + 10,
        _ => -1,
    }
}
fn struct_match(p: P) -> i32 {
    match p {
        P { x: 0, y } => y,
        P { x, y: 0 } => x,
        P { x, .. } if x > 5 => -x,
        P { x, y } => x * y,
    }
}
fn refs<'a>(a: &'a mut i32, b: &'a mut i32) -> &'a mut i32 {
    if *a > *b { a } else { b }
}
fn labeled() -> i32 {
    let x = 'found: {
        for i in 0..10 {
            if i * i > 30 {
                break 'found i;
            }
        }
        -1
    };
    x
}
fn wh() -> (u32, u32) {
    let (mut a, mut b) = (48, 36);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (a, b)
}
fn opt(x: i32) -> i32 {
    let y = if x > 3 {
        let t = x * 2;
        t + 1
    } else {
        match x {
            1 => 5,
            _ => 6,
        }
    };
    let x = y;
    ({
        let x = x + 1;
        x
    }) + x
}
fn strings() -> usize {
    let s = "héllo";
    let b: &[u8] = s.as_bytes();
    let raw = br"\n";
    b.len() + raw.len() + b"ab\x00"[2] as usize + "".len()
}
fn c2(c: char) -> u32 {
    c as u32 + ('a' as u8 + 1) as char as u32 + '\u{1F600}' as u32
}
fn shadow(x: u8) -> u64 {
    let x = x as u16;
    let x = x as u32 * 2;
    let x = x as u64;
    x
}
fn chunk(a: &[i32]) -> i32 {
    let mut s = 0;
    let mut i = 0;
    while i + 2 <= a.len() {
        let c = &a[i..i + 2];
        s += c[0] * c[1];
        i += 2;
    }
    s
}
fn arrays_eq(a: &[i32], b: [i32; 2]) -> bool {
    a == b && a[..] == b[..] && b == [1, 2]
}
fn enumerate(a: &[i32]) -> i32 {
    let mut s = 0;
    for (i, x) in a.iter().enumerate() {
        s += i as i32 * x;
    }
    for (i, &x) in a.iter().skip(1).enumerate() {
        s += i as i32 * x;
    }
    s
}
fn main() {
    let mut g = Grid { cells: [[P { x: 1, y: 2 }; 3]; 2], n: 2 };
    g.at_mut(1, 2).x = 9;
    *g.at_mut(0, 0) = P { y: 7, ..*g.at(1, 1) };
    println!("{} {} {}", g.at(1, 2).x, g.row(0)[0].y, g.row(1).len());
    let (f, l) = ends(g.row(1));
    println!("{} {}", f.x, l.x);
    println!("{:?} {}", SQUARES, LINES[1].b.y);
    let line = &LINES[0];
    let Line { a: P { x, .. }, tag, .. } = *line;
    println!("{x} {tag}");
    println!("{:?}", mid(b"hello"));
    let mut b = *b"mixed Case";
    upper(&mut b[2..]);
    println!("{:?}", b);
    println!("{}", arr()[1].x + tup(4).2.y + tup(3).1[2] as i32);
    println!("{}", max_by(&[P { x: 1, y: 5 }, P { x: 2, y: 3 }], |p| p.x).y);
    for (a, b) in [(true, false), (false, true), (true, true)] {
        print!("{} ", bool_match(a, b));
    }
    for x in [0u8, 5, 50, 200] {
        print!("{} ", range_match(x));
    }
    for c in ['a', 'z', '\n', 'Q'] {
        print!("{} ", char_match(c));
    }
    for c in b"7fz" {
        print!("{} ", byte_match(*c));
    }
    for p in [P { x: 0, y: 4 }, P { x: 3, y: 0 }, P { x: 6, y: 1 }, P { x: 2, y: 2 }] {
        print!("{} ", struct_match(p));
    }
    let (mut a, mut c) = (1, 2);
    *refs(&mut a, &mut c) += 10;
    println!("{a} {c}");
    println!("{} {:?} {} {} {} {}", labeled(), wh(), opt(2), strings(), c2('x'), shadow(200));
    println!(
        "{} {} {}",
        chunk(&[1, 2, 3, 4, 5]),
        arrays_eq(&[1, 2], [1, 2]),
        enumerate(&[5, 6, 7])
    );
    let p = P::default();
    println!("{}", p == P { x: 0, y: 0 });
    let nested = [[[1u8; 2]; 3]; 2];
    let mut t = 0u32;
    for a in nested {
        for b in a {
            for c in b {
                t += c as u32;
            }
        }
    }
    println!("{t}");
    let ts = [(1, 'a'), (2, 'b')];
    for (n, c) in ts {
        print!("{n}{c} ");
    }
    let ((x, y), z) = ((1, 2), 3);
    println!("{}", x + y + z);
    let mut ps = [P { x: 3, y: 0 }, P { x: 1, y: 1 }];
    ps.swap(0, 1);
    let q = &mut ps[1];
    q.y += 5;
    println!("{} {}", ps[0].x, ps[1].y);
    let r = &ps;
    let rr = &r;
    println!("{}", rr[1].y + (*rr)[0].x);
    let s: &str = if t > 3 { "big" } else { "small" };
    println!("{s:>6}|{:<5}|{:^7}|", 'c', true);
    let z @ 1..=100 = t else {
        return;
    };
    println!("{z}");
}
