//! The Mandelbrot set as text.

const WIDTH: usize = 100;
const HEIGHT: usize = 40;
const LIMIT: u32 = 200;

/// How many steps `z = z * z + c` takes to leave the circle of radius 2; `LIMIT` if it does not.
fn escape(cx: f64, cy: f64) -> u32 {
    let (mut x, mut y) = (0.0, 0.0);
    let mut step = 0;
    while step < LIMIT {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 4.0 {
            break;
        }
        y = 2.0 * x * y + cy;
        x = xx - yy + cx;
        step += 1;
    }
    step
}

fn shade(steps: u32) -> char {
    match steps {
        0..=3 => ' ',
        4..=5 => '.',
        6..=8 => ':',
        9..=14 => '+',
        15..=30 => '*',
        31..LIMIT => '%',
        _ => '#',
    }
}

fn main() {
    let mut total = 0;
    for row in 0..HEIGHT {
        let cy = (row as f64 / (HEIGHT - 1) as f64 - 0.5) * 2.4;
        for column in 0..WIDTH {
            let cx = (column as f64 / (WIDTH - 1) as f64) * 3.4 - 2.3;
            let steps = escape(cx, cy);
            total += steps;
            print!("{}", shade(steps));
        }
        println!();
    }
    println!("{total} steps");
}
