//! What compiling costs: exact counts of host instructions, from callgrind.
//!
//! `cargo run --release --bin compile` prints two tables: the programs of `examples/`, and growing functions of each
//! shape, per IR instruction. `--svg FILE` draws the second. A program is read before counting begins; what is counted is
//! `Engine::new` with the simulator: verification, construction, all passes, code generation, linking.

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::{fs, path::Path};

use bench::callgrind;
use bench::shapes::SHAPES;
use driver::{Engine, EngineKind, Hosts, Level, Options};
use ir::Module;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const LEVELS: [(&str, Level); 2] = [("none", Level::None), ("speed", Level::Speed)];
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

#[inline(never)]
fn counted_compile(module: Module, hosts: &Hosts, options: &Options) -> Engine {
    Engine::new(black_box(module), hosts, options).expect("it compiles")
}

/// Compiles a program or, with a size, a shape. Returns how many IR instructions it has.
fn child(name: &str, size: Option<usize>, level: Level) -> Result<usize, Box<dyn Error>> {
    let module = match size {
        None => {
            let text = fs::read_to_string(Path::new(EXAMPLES).join(name))?;
            lang::compile(&text, name).map_err(|errors| errors[0].to_string())?
        }
        Some(size) => {
            let shape = SHAPES.iter().find(|shape| shape.name == name).ok_or("no such shape")?;
            let mut module = Module::new();
            module.add_function((shape.make)(size))?;
            module
        }
    };
    let insts = |func: &ir::Function| -> usize {
        func.layout().iter().map(|&block| func.block_insts(block).len()).sum()
    };
    let count = module.functions.values().map(insts).sum();
    // SAFETY: nothing is called.
    let options = unsafe { Options::default().trusted() };
    let options = options.engine(EngineKind::Simulator).level(level).verify(false);
    black_box(counted_compile(module, &Hosts::for_lang(), &options));
    Ok(count)
}

/// The IR instructions of a program or shape, and the host instructions that compile it.
fn counted(name: &str, size: usize, level: &str) -> Result<(u64, u64), Box<dyn Error>> {
    let words = ["--child", name, &size.to_string(), level];
    let (text, [count]) = callgrind::counts(&words, ["counted_compile"])?;
    Ok((text.trim().parse()?, count))
}

fn examples() -> Result<(), Box<dyn Error>> {
    let mut names: Vec<String> = fs::read_dir(EXAMPLES)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, std::io::Error>>()?;
    names.retain(|name| name.ends_with(".rs"));
    names.sort();
    println!("| program | IR instructions | level none | level speed |\n|---|---|---|---|");
    let mut totals = [0; 3];
    for name in names {
        let (insts, none) = counted(&name, 0, "none")?;
        let (_, speed) = counted(&name, 0, "speed")?;
        println!("| {name} | {insts} | {none} | {speed} |");
        totals = [totals[0] + insts, totals[1] + none, totals[2] + speed];
    }
    println!("| all | {} | {} | {} |\n", totals[0], totals[1], totals[2]);
    Ok(())
}

/// A row for each shape and level: the cost per IR instruction at each size.
fn shapes(wanted: &[String]) -> Result<Vec<(String, [f64; 3])>, Box<dyn Error>> {
    let mut rows = Vec::new();
    println!("Host instructions per IR instruction, and the growth from 10^3 to 10^5.\n");
    println!("| shape | level | 10^3 | 10^4 | 10^5 | growth |\n|---|---|---|---|---|---|");
    for shape in SHAPES {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == shape.name) {
            continue;
        }
        for (level, _) in LEVELS {
            let mut per = [0.0; 3];
            for (per, size) in per.iter_mut().zip(SIZES) {
                let (insts, count) = counted(shape.name, size, level)?;
                *per = count as f64 / insts as f64;
            }
            let growth = per[2] / per[0];
            println!(
                "| {} | {level} | {:.0} | {:.0} | {:.0} | ×{growth:.2} |",
                shape.name, per[0], per[1], per[2]
            );
            rows.push((format!("{} {level}", shape.name), per));
        }
    }
    Ok(rows)
}

/// Three bars for each row: 10^3, 10^4 and 10^5 instructions.
fn svg(rows: &[(String, [f64; 3])]) -> String {
    const WIDTH: f64 = 640.0;
    const LEFT: f64 = 170.0;
    const ROW: f64 = 42.0;
    const BAR: f64 = 11.0;
    let most = rows.iter().flat_map(|(_, per)| per).fold(1.0, |most: f64, &per| most.max(per));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" font-family=\"sans-serif\" font-size=\"11\">\n",
        LEFT + WIDTH + 80.0,
        rows.len() as f64 * ROW + 20.0
    );
    for (index, (name, per)) in rows.iter().enumerate() {
        let top = index as f64 * ROW + 10.0;
        let _ = writeln!(out, "<text x=\"4\" y=\"{}\">{name}</text>", top + 20.0);
        for (n, (per, color)) in per.iter().zip(["#bcd", "#79b", "#357"]).enumerate() {
            let (y, width) = (top + n as f64 * BAR, per / most * WIDTH);
            let _ = writeln!(
                out,
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{}\" fill=\"{color}\"/><text x=\"{:.1}\" y=\"{}\">{per:.0}</text>",
                BAR - 1.0,
                LEFT + width + 4.0,
                y + 9.0
            );
        }
    }
    out + "</svg>\n"
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [flag, name, size, level] if flag == "--child" => {
            let level = LEVELS.iter().find(|(known, _)| known == level).ok_or("no such level")?;
            println!("{}", child(name, size.parse().ok().filter(|&size| size > 0), level.1)?);
        }
        [flag, file, wanted @ ..] if flag == "--svg" => {
            examples()?;
            fs::write(file, svg(&shapes(wanted)?))?;
        }
        wanted => {
            if wanted.is_empty() {
                examples()?;
            }
            shapes(wanted)?;
        }
    }
    Ok(())
}
