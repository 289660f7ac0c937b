//! Block arguments that share the register of their parameter, so that most edges copy nothing.
//!
//! After Boissinot, Darte, Rastello, Dupont de Dinechin and Guillon, *Revisiting Out-of-SSA Translation for Correctness,
//! Code Quality, and Efficiency* (2009): values that meet at a parameter become one class unless two of them interfere,
//! which two values do if one is alive where the other is written. Only parameters and their arguments are looked at.
//! What would take too much time or memory is left apart, which costs copies and nothing else.

use ir::{Block, Entity, Function, Value, ValueDef};

use crate::plan::{EDGE_READS, Plan, WRITES};

/// Classes with more members stay apart.
const MAX_MEMBERS: usize = 64;
/// Words of the sets of blocks where candidates are alive, in all.
const MAX_SET_WORDS: usize = 1 << 21;

/// Classes of values with one register each.
pub(crate) struct Classes {
    /// The value that stands for the class of each.
    representative: Vec<Value>,
}

impl Classes {
    /// The value that stands for the class of `value`.
    pub(crate) fn find(&self, value: Value) -> Value {
        self.representative[value.index()]
    }
}

/// A value that is a parameter or an argument of an edge.
struct Candidate {
    value: Value,
    block: Block,
    /// Where in its block it is written.
    written: u32,
    /// Where it is read, in the order of blocks and places.
    reads: Vec<(Block, u32)>,
    /// The blocks at whose end it is alive, once somebody asked.
    alive_out: Option<Vec<u64>>,
    class: usize,
}

/// An argument and its parameter, by their places in the table of candidates.
type Pair = (usize, usize);

struct Coalescer {
    candidates: Vec<Candidate>,
    /// The members of each class, by the number of the candidate that it began with.
    members: Vec<Vec<usize>>,
    predecessors: Vec<Vec<Block>>,
    set_words: usize,
    words_left: usize,
}

/// Finds the classes. `is_constant` says which values are no registers of their own on an edge.
pub(crate) fn coalesce(
    func: &Function,
    plan: &Plan,
    is_constant: impl Fn(Value) -> bool,
) -> Classes {
    let mut classes = Classes { representative: func_values(func) };
    let mut number: Vec<Option<usize>> = vec![None; func.num_values()];
    let mut predecessors = vec![Vec::new(); func.num_blocks()];
    let mut order = vec![usize::MAX; func.num_blocks()];
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut loop_pairs: Vec<Pair> = Vec::new();
    let mut other_pairs: Vec<Pair> = Vec::new();
    let mut candidate = |value: Value| -> Option<usize> {
        if number[value.index()].is_none() {
            let (block, written) = match func.value_def(value) {
                ValueDef::Param(block, _) => (block, 0),
                ValueDef::Result(inst, _) => {
                    let (block, place) = plan.place(inst)?;
                    (block, place + WRITES)
                }
                ValueDef::Detached => return None,
            };
            let class = candidates.len();
            number[value.index()] = Some(class);
            candidates.push(Candidate {
                value,
                block,
                written,
                reads: Vec::new(),
                alive_out: None,
                class,
            });
        }
        number[value.index()]
    };
    for (index, &block) in func.layout().iter().enumerate() {
        order[block.index()] = index;
        let Some(terminator) = func.terminator(block) else { continue };
        func.for_each_successor(terminator, |call| {
            let before: &mut Vec<Block> = &mut predecessors[call.block.index()];
            if before.last() != Some(&block) {
                before.push(block);
            }
            let back = order[call.block.index()] <= index;
            let params = func.block_params(call.block);
            for (&param, &arg) in params.iter().zip(func.list(call.args)) {
                if is_constant(arg) || func.value_type(arg) != func.value_type(param) {
                    continue;
                }
                if let (Some(arg), Some(param)) = (candidate(arg), candidate(param)) {
                    let pairs = if back { &mut loop_pairs } else { &mut other_pairs };
                    pairs.push((arg, param));
                }
            }
        });
    }
    if candidates.is_empty() {
        return classes;
    }
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            let Some((_, place)) = plan.place(inst) else { continue };
            // Branches read their condition at their place, which matters to nobody.
            let place = if func.inst(inst).is_terminator() { place + EDGE_READS } else { place };
            func.for_each_operand(inst, |value| {
                if let Some(number) = number[value.index()] {
                    candidates[number].reads.push((block, place));
                }
            });
        }
    }
    // Operands of what became part of a later operation are read there.
    for candidate in &mut candidates {
        candidate.reads.sort_unstable();
    }
    let set_words = func.num_blocks().div_ceil(64);
    let members = (0..candidates.len()).map(|index| vec![index]).collect();
    let mut coalescer =
        Coalescer { candidates, members, predecessors, set_words, words_left: MAX_SET_WORDS };
    // Copies in loops cost most.
    for &(arg, param) in loop_pairs.iter().chain(&other_pairs) {
        coalescer.unite(arg, param);
    }
    for class in &coalescer.members {
        if let Some(&first) = class.first() {
            let representative = coalescer.candidates[first].value;
            for &member in class {
                let value = coalescer.candidates[member].value;
                classes.representative[value.index()] = representative;
            }
        }
    }
    classes
}

fn func_values(func: &Function) -> Vec<Value> {
    (0..func.num_values()).map(Value::from_index).collect()
}

impl Coalescer {
    /// Makes one class of two if no members interfere.
    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.candidates[a].class, self.candidates[b].class);
        if a == b || self.members[a].len() * self.members[b].len() > MAX_MEMBERS {
            return;
        }
        for i in 0..self.members[a].len() {
            for j in 0..self.members[b].len() {
                let (x, y) = (self.members[a][i], self.members[b][j]);
                if self.interfere(x, y) {
                    return;
                }
            }
        }
        let joined = std::mem::take(&mut self.members[b]);
        for &member in &joined {
            self.candidates[member].class = a;
        }
        self.members[a].extend(joined);
    }

    fn interfere(&mut self, x: usize, y: usize) -> bool {
        let place = |candidate: &Candidate| (candidate.block, candidate.written);
        let (of_x, of_y) = (place(&self.candidates[x]), place(&self.candidates[y]));
        // Parameters of one block are written at once, and so are the results of an instruction.
        of_x == of_y || self.alive_after(x, of_y) || self.alive_after(y, of_x)
    }

    /// Returns `true` if a value is alive after what is written at this place; yes if that would take too much to find
    /// out.
    fn alive_after(&mut self, number: usize, (block, place): (Block, u32)) -> bool {
        if self.candidates[number].block == block && self.candidates[number].written > place {
            return false;
        }
        if !self.find_alive(number) {
            return true;
        }
        let candidate = &self.candidates[number];
        let (word, bit) = (block.index() / 64, block.index() % 64);
        let out = candidate.alive_out.as_ref().is_none_or(|set| set[word] >> bit & 1 == 1);
        let after = candidate.reads.partition_point(|&read| read <= (block, place));
        out || candidate.reads.get(after).is_some_and(|&(at, _)| at == block)
    }

    /// Finds the blocks at whose end a value is alive; false if there is no memory left for them.
    fn find_alive(&mut self, number: usize) -> bool {
        let candidate = &mut self.candidates[number];
        if candidate.alive_out.is_some() {
            return true;
        }
        if self.words_left < self.set_words {
            return false;
        }
        self.words_left -= self.set_words;
        let mut set = vec![0u64; self.set_words];
        let mut alive_in: Vec<Block> = Vec::new();
        for &(block, _) in &candidate.reads {
            if block != candidate.block && alive_in.last() != Some(&block) {
                alive_in.push(block);
            }
        }
        while let Some(block) = alive_in.pop() {
            for &before in &self.predecessors[block.index()] {
                let (word, bit) = (before.index() / 64, before.index() % 64);
                if set[word] >> bit & 1 == 0 {
                    set[word] |= 1 << bit;
                    if before != candidate.block {
                        alive_in.push(before);
                    }
                }
            }
        }
        candidate.alive_out = Some(set);
        true
    }
}
