//! The simulator against qemu-user: both run the machine code that the same `jitsu` sources compile three programs to.
//!
//! User time of the whole process, from the kernel; what start-up and compiling take is subtracted, as the time of the
//! same program doing next to nothing. Before: `cargo build --release --bin jitsu` for the host and with
//! `--target aarch64-unknown-linux-musl`, both in the workspace. `simulate HOST_JITSU CROSS_JITSU` names other builds.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROUNDS: usize = 7;
/// `USER_HZ`, which Linux fixes for all that programs see.
const TICKS_PER_SECOND: f64 = 100.0;

const FIB: &str = "
fn fib(n: u32) -> u64 {
    if n < 2 { u64::from(n) } else { fib(n - 1) + fib(n - 2) }
}
fn main() {
    let mut total = 0;
    for _ in 0..TIMES * 3 {
        total += fib(33);
    }
    println!(\"{total}\");
}";

const SIEVE: &str = "
const LIMIT: usize = 200_000;
fn sieve(composite: &mut [bool]) -> u32 {
    let mut count = 0;
    for n in 2..composite.len() {
        if composite[n] {
            continue;
        }
        count += 1;
        let mut multiple = n * n;
        while multiple < composite.len() {
            composite[multiple] = true;
            multiple += n;
        }
    }
    count
}
fn primes() -> u32 {
    let mut composite = [false; LIMIT];
    sieve(&mut composite)
}
fn main() {
    let mut total = 0;
    for _ in 0..TIMES * 180 {
        total += primes();
    }
    println!(\"{total}\");
}";

const MANDELBROT: &str = "
fn escape(cx: f64, cy: f64) -> u32 {
    let (mut x, mut y) = (0.0, 0.0);
    let mut step = 0;
    while step < 200 {
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
fn main() {
    let mut total = 0;
    for row in 0..TIMES * 400 {
        let cy = (row as f64 / 399.0 - 0.5) * 2.4;
        for column in 0..800 {
            let cx = (column as f64 / 799.0) * 3.4 - 2.3;
            total += escape(cx, cy);
        }
    }
    println!(\"{total}\");
}";

/// Ticks of user time of all children so far: `cutime`, the 16th field of `/proc/self/stat`.
fn children() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in parentheses and may contain anything.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().nth(13).ok_or("no cutime in /proc/self/stat")?;
    Ok(ticks.parse::<f64>()? / TICKS_PER_SECOND)
}

/// Seconds of user time, and what the program printed.
fn run(command: &[&str], program: &Path, engine: &str) -> Result<(f64, Vec<u8>), Box<dyn Error>> {
    let before = children()?;
    let out = Command::new(command[0])
        .args(&command[1..])
        .arg("run")
        .arg(program)
        .args(["--engine", engine])
        .stderr(Stdio::null())
        .output()?;
    if !out.status.success() {
        return Err(format!("{command:?} on {}: {}", program.display(), out.status).into());
    }
    Ok((children()? - before, out.stdout))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or(format!("{workspace}/target/release/jitsu"));
    let cross = args
        .next()
        .unwrap_or(format!("{workspace}/target/aarch64-unknown-linux-musl/release/jitsu"));
    let ours: &[&str] = &[&host];
    let qemu: &[&str] = &["qemu-aarch64-static", "-cpu", "max", &cross];

    let folder = std::env::temp_dir().join(format!("simulate-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    println!("user time, start-up subtracted; median of {ROUNDS} runs in turns:");
    for (name, source) in [("fib", FIB), ("sieve", SIEVE), ("mandelbrot", MANDELBROT)] {
        let file = |times: &str| -> Result<PathBuf, Box<dyn Error>> {
            let path = folder.join(format!("{name}{times}.rs"));
            std::fs::write(&path, source.replace("TIMES", times))?;
            Ok(path)
        };
        let (nothing, all) = (file("0")?, file("1")?);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (ours_all, ours_said) = run(ours, &all, "sim")?;
            let (qemu_all, qemu_said) = run(qemu, &all, "native")?;
            if ours_said != qemu_said {
                return Err(format!("{name}: the simulator and QEMU print different things").into());
            }
            a.push(ours_all - run(ours, &nothing, "sim")?.0);
            b.push(qemu_all - run(qemu, &nothing, "native")?.0);
        }
        let (a, b) = (median(a), median(b));
        println!("  {name:10}  simulator {a:5.2} s   qemu-user {b:5.2} s   ratio {:5.2}", a / b);
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
