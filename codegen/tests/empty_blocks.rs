//! Blocks that are nothing but a jump: in chains, in cycles, in cycles with several entries, behind branches and
//! switches. All small graphs of them are compiled, at both levels, and run.

#[allow(dead_code)] // each test uses its part
mod common;

use std::fmt::Write;

use arm64_sim::{CallArgs, CodeKind, Config, Fault, Simulator, Stop};
use codegen::{Options, compile};

const BASE: u64 = 0x10_0000;

/// How a block ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Jump(usize),
    /// To the first if the argument is not zero.
    Branch(usize, usize),
    /// Returns the number of the block.
    Ret,
}

/// All ways in which one of `count` blocks can end.
fn ends(count: usize, branches: bool) -> Vec<End> {
    let jumps = (0..count).map(End::Jump).chain([End::Ret]);
    let pairs = (0..count).map(|at| End::Branch(at, (at + 1) % count));
    jumps.chain(pairs.filter(|_| branches)).collect()
}

/// A function that enters the graph at the block of its argument.
fn text(graph: &[End]) -> String {
    let mut text = String::from("fn @f(i64) -> i64 {\nblock0(v0: i64):\n  switch v0, block1, [");
    for at in 1..graph.len() {
        let comma = if at == 1 { "" } else { ", " };
        let _ = write!(text, "{comma}{at}: block{}", at + 1);
    }
    text.push_str("]\n");
    for (at, end) in graph.iter().enumerate() {
        let _ = writeln!(text, "block{}:", at + 1);
        let _ = match *end {
            End::Jump(to) => writeln!(text, "  jump block{}", to + 1),
            End::Branch(yes, no) => {
                writeln!(text, "  branch v0, block{}, block{}", yes + 1, no + 1)
            }
            End::Ret => {
                let value = at + 1;
                writeln!(text, "  v{value}: i64 = iconst {at}\n  ret v{value}")
            }
        };
    }
    text + "}\n"
}

/// Where a call ends; `None` if it does not.
fn walk(graph: &[End], arg: usize) -> Option<u64> {
    let mut at = arg;
    for _ in 0..=graph.len() {
        at = match graph[at] {
            End::Jump(to) => to,
            End::Branch(yes, no) => {
                if arg != 0 {
                    yes
                } else {
                    no
                }
            }
            End::Ret => return Some(at as u64),
        };
    }
    None
}

fn check(graph: &[End]) {
    let source = text(graph);
    let module = ir::parse::module(&source).unwrap_or_else(|error| panic!("{error:?}\n{source}"));
    for level in [None, Some(opt::Level::None), Some(opt::Level::Speed)] {
        let mut func = module.functions.values().next().expect("there is one").clone();
        if let Some(level) = level {
            opt::optimize(&mut func, level);
        }
        let code = compile(&func, &Options::default().checked());
        let code = code.unwrap_or_else(|error| panic!("{error}, {level:?}\n{source}"));
        let mut sim = Simulator::new(Config::restricted());
        sim.publish(BASE, &code.words, CodeKind::Plain).expect("the space is free");
        for arg in 0..graph.len() {
            let args = CallArgs { ints: &[arg as u64], ..CallArgs::default() };
            sim.set_fuel(Some(200));
            let found = match sim.call(BASE, &args) {
                Ok(results) => Some(results.ints[0]),
                Err(Fault { stop: Stop::OutOfFuel, .. }) => None,
                Err(fault) => panic!("{fault}, {level:?}\n{source}"),
            };
            assert_eq!(found, walk(graph, arg), "{level:?}, from {arg}:\n{source}");
        }
    }
}

/// All graphs of so many blocks.
fn check_all(count: usize, branches: bool) {
    let ends = ends(count, branches);
    for code in 0..ends.len().pow(count as u32) {
        let digit = |at: usize| code / ends.len().pow(at as u32) % ends.len();
        let graph: Vec<End> = (0..count).map(|at| ends[digit(at)]).collect();
        check(&graph);
    }
}

#[test]
fn all_graphs_of_jumps_and_returns() {
    (1..=3).for_each(|count| check_all(count, false));
}

#[test]
fn all_graphs_with_branches() {
    (2..=3).for_each(|count| check_all(count, true));
}

#[test]
fn long_chains_and_cycles() {
    for count in [5, 60] {
        let chain = |last: End| -> Vec<End> {
            (0..count).map(|at| if at + 1 < count { End::Jump(at + 1) } else { last }).collect()
        };
        check(&chain(End::Ret));
        check(&chain(End::Jump(0)));
        check(&chain(End::Jump(count / 2)));
        check(&chain(End::Branch(0, count / 2)));
        let mut backward: Vec<End> = (0..count).map(|at| End::Jump(at.saturating_sub(1))).collect();
        check(&backward);
        backward[0] = End::Ret;
        check(&backward);
    }
}

/// A branch both of whose ways come to the same place is none in the code.
#[test]
fn a_branch_to_one_place_is_no_branch() {
    let graph = [End::Branch(1, 2), End::Jump(3), End::Jump(3), End::Ret];
    check(&graph);
    let source = "fn @f(i64) -> i64 {\nblock0(v0: i64):\n  branch v0, block1, block2\nblock1:\n  jump block3\n\
                  block2:\n  jump block3\nblock3:\n  ret v0\n}\n";
    let module = ir::parse::module(source).expect("it parses");
    let func = module.functions.values().next().expect("there is one");
    let code = compile(func, &Options::default().checked()).expect("it compiles");
    assert_eq!(code.words, [0xd65f_03c0], "more than a `ret`");
}
