//! [`Profile`]: how often each block was entered and each edge taken.

use ir::Block;

use crate::program::{Counters, Program};

/// Counts of a counted program, in the order of functions and blocks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    /// The functions, in the order of the module.
    pub functions: Vec<FunctionProfile>,
    /// Instructions of the IR that ran, terminators included.
    pub instructions: u64,
}

/// The counts of one function.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FunctionProfile {
    /// Its name.
    pub name: String,
    /// How often each block was entered.
    pub blocks: Vec<(Block, u64)>,
    /// How often each edge was taken; two edges between the same blocks count apart.
    pub edges: Vec<(Block, Block, u64)>,
}

impl Profile {
    pub(crate) fn new(program: &Program, blocks: &[u64], edges: &[u64]) -> Self {
        let mut functions: Vec<FunctionProfile> = program
            .functions
            .iter()
            .map(|code| FunctionProfile { name: code.name.clone(), ..Default::default() })
            .collect();
        let Counters { blocks: block_rows, edges: edge_rows } = &program.counters;
        let mut instructions = 0u64;
        for (&(id, block, weight), &count) in block_rows.iter().zip(blocks) {
            functions[id.0 as usize].blocks.push((block, count));
            instructions = instructions.saturating_add(weight.saturating_mul(count));
        }
        for (&(id, from, to), &count) in edge_rows.iter().zip(edges) {
            functions[id.0 as usize].edges.push((from, to, count));
        }
        Profile { functions, instructions }
    }
}
