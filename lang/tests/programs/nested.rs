//! Functions inside functions, `if let`, `while let`, `matches!`.

fn outer(x: i32) -> i32 {
    const K: i32 = 4;
    fn helper(y: i32) -> i32 {
        if y == 0 { K } else { other(y - 1) + 1 }
    }
    fn other(y: i32) -> i32 {
        helper(y) * 2
    }
    if x > 10 {
        fn helper(y: i32) -> i32 {
            y - K
        }
        return helper(x);
    }
    helper(x) + 1
}

const fn table() -> [u8; 4] {
    const fn square(i: u8) -> u8 {
        i * i
    }
    [square(1), square(2), square(3), square(4)]
}

fn generic<T: Copy>(x: T) -> (T, T) {
    fn swap<U: Copy>(a: (U, U)) -> (U, U) {
        (a.1, a.0)
    }
    swap((x, x))
}

fn classify(t: (i32, bool)) -> i32 {
    if let (1..=9, true) = t {
        1
    } else if let (x, false) = t {
        x * 2
    } else {
        -1
    }
}

fn effects(n: i32) -> i32 {
    let mut count = 0;
    if let 5 = n {
        count += 100;
    }
    let mut left = n;
    while let 1..=50 = left {
        left -= 7;
        if left % 2 == 0 {
            continue;
        }
        count += left;
        if let 30..=35 = left {
            break;
        }
    }
    let mut pair = (3, n);
    while let (x @ 1.., y) = pair {
        pair = (x - 1, y + x);
    }
    count + pair.1
}

fn diverging(n: i32) -> i32 {
    if let 3 = n { return 7 } else { n + 1 }
}

fn main() {
    println!("{} {} {}", outer(0), outer(3), outer(20));
    println!("{:?} {:?} {:?}", table(), generic(2.5), generic('x'));
    for t in [(1, true), (10, true), (4, false)] {
        println!("{}", classify(t));
    }
    for n in [0, 5, 33, 50, 51] {
        println!("{} {}", effects(n), diverging(n));
    }
    println!("{} {}", diverging(3), diverging(4));
    let c = 'k';
    println!("{} {}", matches!(c, 'a'..='m'), matches!(c, 'a'..='m' if c != 'k'));
    println!("{}", matches!((1, 2), (1, x) if x > 1));
}
