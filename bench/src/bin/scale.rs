//! What the flow graph, dominators, loops and SSA construction cost as functions grow: exact counts of host instructions,
//! from callgrind, for each instruction of the IR.
//!
//! `cargo run --release --bin scale` prints the table; words select shapes. The program runs itself under `valgrind`,
//! once for each shape and size, with counting on in the functions of [`STAGES`] only.

use bench::callgrind;
use bench::shapes::{SHAPES, Shape};
use cfg::{DomTree, FlowGraph, LoopForest};
use ir::Function;
use std::error::Error;
use std::hint::black_box;

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

/// The functions that are counted, and what they do.
const STAGES: [(&str, &str); 4] = [
    ("stage_flow", "flow graph"),
    ("stage_dominators", "dominators"),
    ("stage_loops", "loops"),
    ("stage_construction", "construction"),
];

#[inline(never)]
fn stage_flow(func: &Function) -> FlowGraph {
    FlowGraph::new(black_box(func))
}

#[inline(never)]
fn stage_dominators(graph: &FlowGraph) -> DomTree {
    DomTree::new(black_box(graph))
}

#[inline(never)]
fn stage_loops(graph: &FlowGraph, dom: &DomTree) -> LoopForest {
    LoopForest::new(black_box(graph), black_box(dom))
}

#[inline(never)]
fn stage_construction(func: &mut Function) {
    ssa::construct(black_box(func));
}

/// Runs the stages on one function; what it is like, in numbers: instructions, blocks and edges, variables.
fn child(shape: &Shape, size: usize) -> [usize; 3] {
    let mut func = (shape.make)(size);
    let graph = stage_flow(&func);
    let dom = stage_dominators(&graph);
    let loops = stage_loops(&graph, &dom);
    black_box(&loops);
    let insts = func.layout().iter().map(|&b| func.block_insts(b).len()).sum();
    let edges: usize = func.layout().iter().map(|&b| graph.succs(b).len()).sum();
    let numbers = [insts, func.layout().len() + edges, func.vars.len()];
    stage_construction(&mut func);
    numbers
}

/// The numbers of [`child`], and the host instructions of each stage with all that it calls.
fn counted(shape: &Shape, size: usize) -> Result<([u64; 3], [u64; 4]), Box<dyn Error>> {
    let words = ["--child", shape.name, &size.to_string()];
    let (text, counts) = callgrind::counts(&words, STAGES.map(|(function, _)| function))?;
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let numbers = numbers.try_into().map_err(|_| format!("{}: {text}", shape.name))?;
    Ok((numbers, counts))
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let find = |name: &str| SHAPES.iter().find(|shape| shape.name == name).ok_or("no such shape");
    if let [flag, name, size] = &words[..]
        && flag == "--child"
    {
        let [insts, graph, vars] = child(find(name)?, size.parse()?);
        println!("{insts} {graph} {vars}");
        return Ok(());
    }
    let shapes: Vec<&Shape> = match words.len() {
        0 => SHAPES.iter().collect(),
        _ => words.iter().map(|word| find(word)).collect::<Result<_, _>>()?,
    };
    println!(
        "Host instructions (callgrind), and how they grow from 10^5 to 10^6: of the flow graph, dominators and"
    );
    println!("loops per block and edge, of construction per IR instruction.\n");
    println!(
        "| shape | IR instructions | blocks + edges | variables | {} |",
        STAGES.map(|(_, name)| name).join(" | ")
    );
    println!("|---|---|---|---|---|---|---|---|");
    for shape in shapes {
        let mut last = [0.0; 4];
        let mut growth = String::new();
        for size in SIZES {
            let ([insts, graph, vars], counts) = counted(shape, size)?;
            let units = [graph, graph, graph, insts];
            let per: [f64; 4] = std::array::from_fn(|n| counts[n] as f64 / units[n] as f64);
            // A cost per block says nothing where there is one block.
            let row = |form: fn(f64, f64) -> String| -> String {
                let cell =
                    |n: usize| if units[n] > 1 { form(per[n], last[n]) } else { "–".to_owned() };
                [0, 1, 2, 3].map(cell).join(" | ")
            };
            let figures = row(|per, _| format!("{per:.1}"));
            println!("| {} | {insts} | {graph} | {vars} | {figures} |", shape.name);
            growth = row(|per, last| format!("×{:.3}", per / last));
            last = per;
        }
        println!("| | | | growth | {growth} |");
    }
    Ok(())
}
