//! Conditions that diverge, wholly or in part.
#![allow(unreachable_code, unused)]
fn f(x: i32) -> i32 {
    let mut n = x;
    'a: while {
        n += 1;
        if n > 5 {
            break 'a;
        }
        true
    } {
        n += 1;
    }
    n
}
fn g(x: i32) -> i32 {
    let mut n = x;
    'a: while {
        n += 1;
        break 'a;
    } {
        n += 100;
    }
    n
}
fn h(x: i32) -> i32 {
    let mut n = x;
    if {
        n += 1;
        return n;
    } {
        n += 100;
    }
    n
}
fn k(x: i32) -> i32 {
    let mut n = x;
    if n > 3 && {
        n += 1;
        return n;
    } {
        n += 100;
    }
    n
}
fn m(x: i32) -> i32 {
    let mut n = x;
    loop {
        if n > 3 || {
            n += 1;
            continue;
        } {
            break;
        }
    }
    n
}
fn p(x: i32) -> bool {
    x > 3 && return x > 5
}
fn q(x: i32) -> i32 {
    match x {
        1 if { return 9 } => 4,
        2 => 5,
        _ => 7,
    }
}
fn r(x: i32) -> i32 {
    let mut t = 0;
    for i in 0..x {
        if {
            t += i;
            continue;
        } {
            t += 1000;
        }
    }
    t
}
fn main() {
    for x in 0..8 {
        println!("{} {} {} {} {} {} {} {}", f(x), g(x), h(x), k(x), m(x), p(x), q(x), r(x));
    }
}
