//! Structs, tuples, methods, matches.

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

impl Point {
    const ORIGIN: Point = Point { x: 0.0, y: 0.0 };

    fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    fn dot(self, other: Point) -> f64 {
        self.x * other.x + self.y * other.y
    }

    fn length(&self) -> f64 {
        self.dot(*self).sqrt()
    }

    fn scale(&mut self, factor: f64) {
        self.x *= factor;
        self.y *= factor;
    }

    fn add(&self, other: &Point) -> Point {
        Point { x: self.x + other.x, ..*other }
    }
}

#[derive(Clone, Copy)]
struct Pair(i32, u8);

struct Unit;

impl Unit {
    fn answer(&self) -> i32 {
        42
    }
}

struct Counter {
    counts: [u32; 8],
    total: u64,
    last: Pair,
}

impl Counter {
    fn new() -> Counter {
        Counter { counts: [0; 8], total: 0, last: Pair(-1, 0) }
    }

    fn count(&mut self, n: usize) -> &mut Self {
        self.counts[n % 8] += 1;
        self.total += n as u64;
        self.last.0 = n as i32;
        self.last.1 = self.last.1.wrapping_add(100);
        self
    }

    fn most(&self) -> (usize, u32) {
        let mut best = (0, 0);
        for (i, &count) in self.counts.iter().enumerate() {
            if count > best.1 {
                best = (i, count);
            }
        }
        best
    }
}

fn divide(a: i32, b: i32) -> (i32, i32) {
    (a / b, a % b)
}

fn describe(n: i32) -> &'static str {
    match n {
        i32::MIN..=-1 => "negative",
        0 => "zero",
        1 | 3 | 5 | 7 | 9 => "small odd",
        2 | 4 | 6 | 8 => "small even",
        x if x > 1000 => "huge",
        _ => "large",
    }
}

fn letters(c: char) -> u32 {
    match c {
        'a'..='z' => c as u32 - 'a' as u32,
        'A'..='Z' => c as u32 - 'A' as u32 + 100,
        '0'..='9' => 1000,
        _ => 0,
    }
}

fn logic(a: bool, b: bool) -> u8 {
    match (a, b) {
        (true, true) => 3,
        (true, false) => 2,
        (false, x) => x as u8,
    }
}

fn quadrant(p: Point, n: (i32, i32)) -> i32 {
    let Point { x, y: height } = p;
    let bonus = match n {
        (0, _) => 100,
        (_, 0) => 200,
        (a, b) if a == b => 300,
        (a @ 1..=9, b) => a * 10 + b,
        (a, ..) => a,
    };
    bonus + if x > 0.0 && height > 0.0 { 1 } else { 2 }
}

fn bytes(b: u8) -> i8 {
    match b {
        200 => 1,
        128 => 2,
        255 => 3,
        0..100 => 4,
        _ => -5,
    }
}

fn main() {
    let mut p = Point::new(3.0, 4.0);
    p.scale(2.0);
    let q = p.add(&Point::new(1.0, -1.0));
    println!("{} {} {} {}", p.length(), q.x, q.y, p == q);
    println!("{} {}", Point::ORIGIN.length(), Point::ORIGIN == Point { x: 0.0, y: -0.0 });
    let mut points = [Point::ORIGIN; 3];
    points[1].x = 5.0;
    points[2] = p;
    points[2].scale(0.5);
    for point in &mut points {
        point.y += 1.0;
    }
    for point in points.iter() {
        print!("({}, {}) ", point.x, point.y);
    }
    println!();
    let mut counter = Counter::new();
    for i in 0..20 {
        counter.count(i * i).count(i);
    }
    let (index, most) = counter.most();
    println!("{index} {most} {} {} {}", counter.total, counter.last.0, counter.last.1);
    let unit = Unit;
    println!("{}", unit.answer() + Unit.answer());
    let (quotient, rest) = divide(17, 5);
    let pair = divide(-17, 5);
    println!("{quotient} {rest} {} {} {:?}", pair.0, pair.1, pair);
    for n in [-5, 0, 3, 4, 100, 5000] {
        print!("{} ", describe(n));
    }
    for c in ['b', 'C', '5', '-'] {
        print!("{} ", letters(c));
    }
    println!("{} {} {} {}", logic(true, true), logic(true, false), logic(false, true), logic(false, false));
    println!("{} {} {} {} {}", quadrant(p, (0, 1)), quadrant(p, (1, 0)), quadrant(q, (5, 5)), quadrant(p, (3, 4)), quadrant(p, (50, 2)));
    println!("{} {} {} {} {}", bytes(200), bytes(128), bytes(255), bytes(99), bytes(100));
    let nested = ((1, 2.5), [3, 4], (true, 'x', ()));
    let ((a, b), c, (d, e, _)) = nested;
    println!("{a} {b} {c:?} {d} {e} {:?}", nested);
    let mut swap = (1, 2);
    swap = (swap.1, swap.0);
    (swap.0, _) = (swap.1 * 10, 0);
    let &(x, y) = &swap;
    println!("{x} {y} {:?} {:?}", swap, (1,));
    let Pair(first, _) = counter.last;
    println!("{first}");
    let letter = match first { 361 => 'y', _ => 'n' };
    let n = match letter { 'y' if first > 1000 => 1, 'y' => 2, _ => 3 };
    println!("{letter} {n} {}", 'z' as u32 + u32::from('a') + u64::from(b'0' as char) as u32);
    println!("{} {} {}", b'A'.is_ascii_uppercase(), 'x'.is_ascii_digit(), b'q'.to_ascii_uppercase());
}
