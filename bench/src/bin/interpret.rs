//! The interpreter against `wasmi`, and both against rustc -O: one source, as optimised IR, as WebAssembly and natively.
//!
//! `interpret ENGINE KERNEL SIZE` runs one of them alone and nothing else, for `valgrind --tool=callgrind`: SIZE 0 is
//! start-up, to be subtracted.

use std::error::Error;
use std::hint::black_box;

use bench::{in_turns, median};
use driver::{Engine, EngineKind, Func, Hosts, Options};

/// The same source that Jitsu reads.
#[path = "../kernels.rs"]
mod kernels;

/// The kernels by name, as rustc compiles them, each with its argument.
const KERNELS: [(&str, fn(u32) -> u64, u32); 3] = [
    ("fib", kernels::fib, 27),
    ("sieve", kernels::sieve, 10),
    ("mandelbrot", kernels::mandelbrot, 200),
];

const SOURCE: &str = include_str!("../kernels.rs");
const WAT: &str = include_str!("../kernels.wat");
const ROUNDS: usize = 15;

fn ours(kernel: &str) -> Result<Func<(u32,), u64>, Box<dyn Error>> {
    let module = lang::compile(SOURCE, "kernels.rs").map_err(|problems| format!("{problems:?}"))?;
    // SAFETY: the front end compiled it; its safe source only touches what is its own.
    let options = unsafe { Options::default().trusted() }.engine(EngineKind::Interpreter);
    Ok(Engine::new(module, &Hosts::new(), &options)?.func(kernel)?)
}

type Theirs = (wasmi::Store<()>, wasmi::TypedFunc<u32, u64>);

fn theirs(kernel: &str) -> Result<Theirs, Box<dyn Error>> {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, &wat::parse_str(WAT)?)?;
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    let function = instance.get_typed_func(&store, kernel)?;
    Ok((store, function))
}

fn one(engine: &str, kernel: &str, size: u32) -> Result<u64, Box<dyn Error>> {
    Ok(match engine {
        "jitsu" => ours(kernel)?.call((size,))?,
        "wasmi" => {
            let (mut store, function) = theirs(kernel)?;
            function.call(&mut store, size)?
        }
        "native" => {
            let row = KERNELS.iter().find(|row| row.0 == kernel).ok_or("no such kernel")?;
            black_box(row.1)(size)
        }
        _ => return Err("the engines are jitsu, wasmi and native".into()),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [engine, kernel, size] = args.as_slice() {
        println!("{}", one(engine, kernel, size.parse()?)?);
        return Ok(());
    }
    println!("median of {ROUNDS} runs in turns, milliseconds");
    println!(
        "{:12}{:>10}{:>10}{:>10}{:>14}{:>14}",
        "", "jitsu", "wasmi", "rustc -O", "jitsu/wasmi", "jitsu/rustc"
    );
    for (kernel, native, size) in KERNELS {
        let ours = ours(kernel)?;
        let (mut store, function) = theirs(kernel)?;
        let expected = native(size);
        let times = in_turns(
            ROUNDS,
            &mut [
                &mut || assert_eq!(ours.call((size,)).ok(), Some(expected)),
                &mut || assert_eq!(function.call(&mut store, size).ok(), Some(expected)),
                &mut || assert_eq!(black_box(native)(black_box(size)), expected),
            ],
        );
        let [ours, theirs, native] = times.map(|times| median(times).as_secs_f64() * 1e3);
        println!(
            "{kernel:12}{ours:>10.2}{theirs:>10.2}{native:>10.2}{:>14.2}{:>14.1}",
            ours / theirs,
            ours / native
        );
    }
    Ok(())
}
