//! What passes have in common: replacing values by others, reading constants, counting uses.

use cfg::Edge;
use ir::{Block, BlockCall, Function, Inst, InstData, SecondaryMap, Span, Type, Value, eval};

/// Values that are to be replaced by others.
#[derive(Debug)]
pub(crate) struct Aliases {
    to: SecondaryMap<Value, Option<Value>>,
    count: usize,
}

impl Aliases {
    pub(crate) fn new() -> Self {
        Self { to: SecondaryMap::with_default(None), count: 0 }
    }

    /// Says that every use of `value` is to become one of `by`. A value that would replace itself is left alone.
    pub(crate) fn replace(&mut self, value: Value, by: Value) {
        let by = self.resolve(by);
        if by != value && self.to[value].is_none() {
            self.to[value] = Some(by);
            self.count += 1;
        }
    }

    /// What a use of `value` is to become.
    pub(crate) fn resolve(&self, value: Value) -> Value {
        let mut at = value;
        while let Some(next) = self.to[at] {
            at = next;
        }
        at
    }

    /// Returns `true` if `value` itself is to be replaced.
    pub(crate) fn replaces(&self, value: Value) -> bool {
        self.to[value].is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Replaces the operands of one instruction.
    pub(crate) fn apply_to(&self, func: &mut Function, inst: Inst) {
        if !self.is_empty() {
            func.map_operands(inst, |value| self.resolve(value));
        }
    }

    /// Replaces the operands of all instructions.
    pub(crate) fn apply(&self, func: &mut Function) {
        if self.is_empty() {
            return;
        }
        for place in 0..func.layout().len() {
            let block = func.layout()[place];
            for index in 0..func.block_insts(block).len() {
                let inst = func.block_insts(block)[index];
                func.map_operands(inst, |value| self.resolve(value));
            }
        }
    }
}

/// The integer that a value is, sign-extended, if it is a constant.
pub(crate) fn int_const(func: &Function, value: Value) -> Option<i64> {
    match func.def_inst(value)? {
        (_, &InstData::IntConst { imm }) => Some(imm),
        _ => None,
    }
}

/// The raw bits of a constant.
pub(crate) fn const_bits(func: &Function, value: Value) -> Option<u64> {
    match func.def_inst(value)? {
        (_, &InstData::IntConst { imm }) => {
            Some(eval::truncate(imm as u64, func.value_type(value)))
        }
        (_, &InstData::FloatConst { bits }) => Some(bits),
        _ => None,
    }
}

/// The constant of this type and these bits.
pub(crate) fn const_data(ty: Type, bits: u64) -> InstData {
    if ty.is_int() {
        InstData::IntConst { imm: eval::sign_extend(bits, ty) }
    } else {
        InstData::FloatConst { bits }
    }
}

/// Creates an instruction with one result at the end of a list.
pub(crate) fn emit(
    func: &mut Function,
    out: &mut Vec<Inst>,
    data: InstData,
    ty: Type,
    span: Option<Span>,
) -> Value {
    let inst = func.create_inst(data, &[ty], span);
    out.push(inst);
    func.results(inst)[0]
}

/// How many operands, block arguments included, each value is.
pub(crate) fn use_counts(func: &Function) -> SecondaryMap<Value, u32> {
    let mut counts = SecondaryMap::with_memory(0, func.num_values());
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            func.for_each_operand(inst, |value| counts[value] += 1);
        }
    }
    counts
}

/// The target and arguments of every edge, so that one edge of a large switch is found in constant time.
pub(crate) struct EdgeCalls {
    start: SecondaryMap<Block, u32>,
    calls: Vec<BlockCall>,
}

impl EdgeCalls {
    pub(crate) fn new(func: &Function) -> Self {
        let mut edges = Self { start: SecondaryMap::with_default(0), calls: Vec::new() };
        for &block in func.layout() {
            edges.start[block] = edges.calls.len() as u32;
            if let Some(terminator) = func.terminator(block) {
                func.for_each_successor(terminator, |call| edges.calls.push(call));
            }
        }
        edges
    }

    /// The target and arguments of an edge of the graph of the same function.
    pub(crate) fn of(&self, edge: Edge) -> BlockCall {
        self.calls[(self.start[edge.from] + edge.index) as usize]
    }
}
