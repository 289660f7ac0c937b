//! Control flow: loops with labels and values, blocks, early returns, short circuits, shadowing.
#![allow(unused_labels, clippy::all)]

fn say(text: &str, value: bool) -> bool {
    print!("{text} ");
    value
}

fn number(text: &str, value: i32) -> i32 {
    print!("{text} ");
    value
}

fn classify(n: i32) -> &'static str {
    if n < 0 {
        return "negative";
    }
    if n == 0 { "zero" } else if n % 2 == 0 { "even" } else { "odd" }
}

fn find(data: &[i32], wanted: i32) -> usize {
    let mut i = 0;
    loop {
        if i == data.len() {
            break usize::MAX;
        }
        if data[i] == wanted {
            break i;
        }
        i += 1;
    }
}

fn nested() -> i32 {
    let mut count = 0;
    'outer: for i in 0..10 {
        for j in 0..10 {
            if j == i {
                continue 'outer;
            }
            if i + j > 12 {
                break 'outer;
            }
            if j == 7 {
                break;
            }
            count += i * j;
        }
        count += 1000;
    }
    count
}

fn labelled(n: i32) -> i32 {
    let found = 'search: {
        if n < 3 {
            break 'search 1;
        }
        for i in 0..n {
            if i * i > n {
                break 'search i;
            }
        }
        -1
    };
    found * 10
}

fn never(n: i32) -> i32 {
    let x: i32 = if n > 0 { n } else { return -1 };
    let y = match x {
        1 => return 100,
        2 => 20,
        _ => loop {
            break 30;
        },
    };
    x + y
}

fn ranges() {
    for i in 3..3 {
        print!("empty {i}");
    }
    for i in 0..=3u8 {
        print!("{i} ");
    }
    for i in 250..=255u8 {
        print!("{i} ");
    }
    for i in (-3..3i8).rev() {
        print!("{i} ");
    }
    for i in (0..=4).rev() {
        print!("{i} ");
    }
    for i in (1..20).step_by(6) {
        print!("{i} ");
    }
    for i in (1..20).step_by(6).rev() {
        print!("{i} ");
    }
    for i in (1..20).rev().step_by(6) {
        print!("{i} ");
    }
    for i in (0..=u64::MAX).rev().step_by(1 << 62) {
        print!("{i} ");
    }
    for i in (0..100).skip(10).take(4) {
        print!("{i} ");
    }
    for (n, i) in (5..8).enumerate() {
        print!("{n}:{i} ");
    }
    for _ in 10..5 {
        print!("never");
    }
    println!();
    println!("{} {}", (1..=10).sum::<i32>(), (1..=5u64).product::<u64>());
    println!("{} {}", (3..7).contains(&5), (3..=7).contains(&8));
}

fn continues() -> i32 {
    let mut sum = 0;
    for i in 0..10 {
        if i % 3 == 0 {
            continue;
        }
        sum += i;
    }
    let mut i = 0;
    while i < 10 {
        i += 1;
        if i == 5 {
            continue;
        }
        sum += i * 100;
    }
    for x in &[1, 2, 3] {
        if *x == 2 {
            continue;
        }
        sum += x * 10000;
    }
    sum
}

fn deferred(flag: bool) -> i32 {
    let x;
    let y: i32;
    if flag {
        x = 1;
        y = 2;
    } else {
        x = 10;
        y = x + 1;
    }
    let z;
    loop {
        z = x * y;
        break;
    }
    z
}

fn order() {
    let mut a = [0; 4];
    a[number("index", 1) as usize] = number("value", 5);
    a[number("index", 2) as usize] += number("value", 6);
    let i = number("left", 1) + number("right", 2) * number("more", 3);
    println!("{a:?} {i}");
    let mut x = 1;
    let y = x + { x = 10; x } + x;
    println!("{x} {y}");
    if say("a", false) && say("b", true) || say("c", true) && !say("d", false) {
        println!("yes");
    }
    let b = say("e", true) | say("f", true) & say("g", false) ^ true;
    println!("{b}");
}

fn main() {
    for n in -1..4 {
        println!("{} {} {}", classify(n), never(n), labelled(n * 5));
    }
    println!("{} {}", find(&[3, 1, 4, 1, 5], 4), find(&[3, 1], 9) == usize::MAX);
    println!("{} {}", nested(), continues());
    ranges();
    println!("{} {}", deferred(true), deferred(false));
    order();
    let x = 5;
    let x = { let x = x * 2; x + 1 };
    { let x = "inner"; print!("{x} "); }
    println!("{x}");
    let unit = ();
    println!("{unit:?} {:?}", { });
    let mut n = 27u64;
    let mut steps = 0;
    while n != 1 { n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }; steps += 1; }
    println!("{steps}");
}
