//! [`Profile`]: how often each block was entered and each edge taken.

use std::sync::Arc;

use ir::Block;
use jitmem::epoch;

use crate::code::{Counters, FuncCode};
use crate::program::{FuncId, Program};

/// Counts of a counted program, in the order of functions and blocks. What was counted in a body is forgotten when
/// another one takes its place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    /// The functions that have a body, in the order in which they were declared unless slots were used again.
    pub functions: Vec<FunctionProfile>,
    /// Instructions of the IR that ran in them, terminators included.
    pub instructions: u64,
}

/// The counts of one function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionProfile {
    /// The function.
    pub function: FuncId,
    /// Its name.
    pub name: String,
    /// How often each block was entered.
    pub blocks: Vec<(Block, u64)>,
    /// How often each edge was taken; two edges between the same blocks count apart.
    pub edges: Vec<(Block, Block, u64)>,
}

/// The counts of an interpreter, by the slots of the functions.
#[derive(Debug, Default)]
pub(crate) struct Counts(Vec<FunctionCounts>);

/// Counts of one body.
#[derive(Debug, Default)]
pub(crate) struct FunctionCounts {
    of: Arc<Counters>,
    pub(crate) blocks: Vec<u64>,
    pub(crate) edges: Vec<u64>,
}

impl Counts {
    /// Makes room for the counts of a body, which is about to run. Those of another one in its slot are forgotten.
    pub(crate) fn enter(&mut self, code: &FuncCode) {
        let index = code.id.index as usize;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, FunctionCounts::default);
        }
        let counts = &mut self.0[index];
        if !Arc::ptr_eq(&counts.of, &code.counters) {
            counts.of = Arc::clone(&code.counters);
            for (counts, len) in [
                (&mut counts.blocks, code.counters.blocks.len()),
                (&mut counts.edges, code.counters.edges.len()),
            ] {
                counts.clear();
                counts.resize(len, 0);
            }
        }
    }

    /// The counts of a body that runs.
    #[inline(always)]
    pub(crate) fn of(&mut self, code: &FuncCode) -> Option<&mut FunctionCounts> {
        self.0.get_mut(code.id.index as usize)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn profile(&self, program: &Program) -> Profile {
        let mut profile = Profile::default();
        let inside = epoch::enter();
        for slot in program.slots(&inside) {
            let Some(code) = slot.body.get(&inside) else { continue };
            let counters = &code.counters;
            let counts = self.0.get(slot.id.index as usize);
            let counts = counts.filter(|counts| Arc::ptr_eq(&counts.of, counters));
            // A body that has not run has no counts.
            let count = |of: fn(&FunctionCounts) -> &[u64], index: usize| {
                counts.map_or(0, |counts| of(counts)[index])
            };
            let mut function = FunctionProfile {
                function: slot.id,
                name: code.name.clone(),
                blocks: Vec::with_capacity(counters.blocks.len()),
                edges: Vec::with_capacity(counters.edges.len()),
            };
            for (index, &(block, weight)) in counters.blocks.iter().enumerate() {
                let count = count(|counts| &counts.blocks, index);
                function.blocks.push((block, count));
                let instructions = weight.saturating_mul(count);
                profile.instructions = profile.instructions.saturating_add(instructions);
            }
            for (index, &(from, to)) in counters.edges.iter().enumerate() {
                function.edges.push((from, to, count(|counts| &counts.edges, index)));
            }
            profile.functions.push(function);
        }
        profile
    }
}
