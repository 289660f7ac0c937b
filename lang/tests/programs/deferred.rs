//! Variables that are declared before they get their value.
fn branches(n: i32) -> i32 {
    let x;
    let y: i32;
    match n {
        0 => x = 1,
        1 => return -1,
        2..=5 if n % 2 == 0 => {
            x = 2;
        }
        _ => {
            if n > 10 { x = 10 } else { x = n }
        }
    }
    let found = 'block: {
        if n == 3 {
            y = 30;
            break 'block true;
        }
        y = 7;
        false
    };
    x + y + i32::from(found)
}

fn loops(n: i32) -> i32 {
    let x;
    let mut m;
    let mut i = 0;
    loop {
        i += 1;
        if i > n {
            x = i * 2;
            m = 1;
            break;
        }
    }
    while i > 0 {
        let each;
        if i % 2 == 0 {
            each = i;
        } else {
            i -= 1;
            continue;
        }
        m = each;
        i -= each.min(3);
    }
    x + m
}

fn diverges(n: i32) -> i32 {
    let x;
    if n < 0 {
        return n;
    } else {
        x = n;
    }
    let y;
    let 1..=9 = n else {
        y = 4;
        return y;
    };
    y = x * 3;
    y
}

fn main() {
    for n in -1..12 {
        println!("{} {} {}", branches(n), loops(n), diverges(n));
    }
}
