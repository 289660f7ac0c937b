//! Patterns that look through references.

#[derive(Clone, Copy)]
struct Point {
    x: i32,
    y: i32,
}

struct Named(Point, [u8; 3]);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Odd,
}

const LIMIT: i32 = 10;

fn grow(points: &mut [Point]) {
    for Point { x, y } in points.iter_mut() {
        *x += 1;
        *y *= *x;
    }
}

fn describe(p: &Point) -> i32 {
    match p {
        Point { x: 0, y } => *y,
        Point { x, y: 0 | 1 } => -x,
        Point { x: LIMIT, .. } => 77,
        Point { x: 20..=30, y } if *y > 3 => y * 100,
        Point { x, y } => x + y,
    }
}

fn swap(pair: &mut (i32, [i32; 2])) {
    let (a, b) = pair;
    let old = *a;
    *a = b[0];
    b[0] = old;
    if let (1..=5, _) | (7, _) = pair2(pair) {
        pair.1[1] += 1;
    }
}

fn pair2(pair: &(i32, [i32; 2])) -> &(i32, [i32; 2]) {
    pair
}

fn kind(k: &Kind, n: &&i32) -> i32 {
    match (k, n) {
        (Kind::Plain, 0) => 1,
        (Kind::Odd, 1..=9) => 2,
        (_, m) => **m,
    }
}

fn sum(items: &[(u8, (char, i64))]) -> i64 {
    let mut total = 0;
    for (a, (c, b)) in items {
        total += *a as i64 * b + *c as i64;
    }
    for (i, (a, _)) in items.iter().enumerate() {
        total += i as i64 * *a as i64;
    }
    total
}

fn parts(n: &Named) -> (i32, u8) {
    let Named(Point { x, .. }, bytes) = n;
    (*x, bytes[1])
}

fn parameter((a, b): &(i32, i32), Point { x, y }: &mut Point) -> i32 {
    *x = *a;
    *y = *b;
    *x - *y
}

fn large(t: &([i32; 40], i32)) -> i32 {
    let (array, index) = t;
    array[*index as usize] + array.len() as i32
}

fn main() {
    let mut points = [Point { x: 1, y: 2 }, Point { x: -3, y: 4 }];
    grow(&mut points);
    for p in &points {
        println!("{} {} {}", p.x, p.y, describe(p));
    }
    for (x, y) in [(0, 5), (4, 1), (10, 9), (25, 4), (25, 3)] {
        println!("{}", describe(&Point { x, y }));
    }
    let mut pair = (3, [7, 9]);
    swap(&mut pair);
    println!("{:?}", pair);
    println!("{} {} {}", kind(&Kind::Plain, &&0), kind(&Kind::Odd, &&5), kind(&Kind::Odd, &&50));
    println!("{}", sum(&[(1, ('a', 5)), (2, ('b', -7))]));
    println!("{:?}", parts(&Named(points[0], [4, 5, 6])));
    let mut p = points[1];
    println!("{} {}", parameter(&(5, 8), &mut p), p.x + p.y);
    println!("{}", large(&([3; 40], 39)));
    let word = &'x';
    println!("{}", matches!(word, 'a'..='z'));
    let flags = &(true, &false);
    if let (true, false) = flags {
        println!("both");
    }
    println!("{} {} {}", half('a'), half('\u{d7ff}'), half('\u{e000}'));
}

/// Every character there is: there are none between the two halves.
fn half(c: char) -> u8 {
    match c {
        '\0'..='\u{d7ff}' => 1,
        '\u{e000}'..='\u{10ffff}' => 2,
    }
}
