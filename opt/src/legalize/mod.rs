//! Splits every `i128` into two `i64`, expands `slice_addr` and makes a branch of every guard, so that no other pass and no stage
//! below meets one.
//!
//! Requires: SSA form.
//! Preserves: blocks, edges, loops.
//! Breaks: the types of the function: signatures are [halved](ir::Signature::halved), its own and those of what it calls.
//!
//! Each `i128` value becomes a pair, the low half first; operations on it become operations on halves
//! (`arith`). This is the type expansion of LLVM's and Cranelift's legalisation, done once and before all
//! optimisation, so that every pass sees the halves and works on them. Functions without `i128` are left as they are.

mod arith;
mod guard;

use ir::{
    Block, BlockCall, Function, Inst, InstData, SecondaryMap, Span, Type, UnaryOp, Value, ValueList,
};

use crate::Context;
use crate::edit::{self, Aliases};

/// Splits all `i128` of a function and makes branches of its guards; returns how many values, signatures and guards.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let others = guard::run(func) + halve_signatures(func);
    if !has_wide_values(func) {
        return others;
    }
    // What cannot be reached may use what is not split yet.
    cfg::drop_unreachable(func, &mut context.analyses);
    let graph = context.analyses.graph(func);
    let mut split = Split::new(func);
    split.params();
    // A definition comes before its uses, but for parameters, which are split already.
    for block in graph.rpo() {
        let insts = split.func.take_block_insts(block);
        for inst in insts {
            split.span = split.func.span(inst);
            split.aliases.apply_to(split.func, inst);
            split.inst(inst);
        }
        let insts = std::mem::take(&mut split.out);
        split.func.set_block_insts(block, insts);
    }
    let Split { aliases, count, .. } = split;
    aliases.apply(func);
    others + count
}

fn halve_signatures(func: &mut Function) -> usize {
    let callees: Vec<_> = func.callees.keys().collect();
    let others: Vec<_> = func.signatures.keys().collect();
    let mut changed = 0;
    let mut halve = |signature: &mut ir::Signature| {
        let halved = signature.halved();
        changed += usize::from(halved != *signature);
        *signature = halved;
    };
    halve(&mut func.signature);
    callees.into_iter().for_each(|callee| halve(&mut func.callees[callee].signature));
    others.into_iter().for_each(|signature| halve(&mut func.signatures[signature]));
    changed
}

fn has_wide_values(func: &Function) -> bool {
    let is_wide = |&value: &Value| func.value_type(value) == Type::I128;
    func.layout().iter().any(|&block| {
        func.block_params(block).iter().any(is_wide)
            || func.block_insts(block).iter().any(|&inst| func.results(inst).iter().any(is_wide))
    })
}

/// The two halves of an `i128`.
#[derive(Clone, Copy)]
struct Halves {
    low: Value,
    high: Value,
}

/// A function that is being split.
struct Split<'a> {
    func: &'a mut Function,
    halves: SecondaryMap<Value, Option<Halves>>,
    /// Words that turned out to be other words, such as the results of `isplit`.
    aliases: Aliases,
    /// The new instructions of the current block.
    out: Vec<Inst>,
    /// The source place of the current instruction.
    span: Option<Span>,
    count: usize,
}

impl<'a> Split<'a> {
    fn new(func: &'a mut Function) -> Self {
        Self {
            func,
            halves: SecondaryMap::with_default(None),
            aliases: Aliases::new(),
            out: Vec::new(),
            span: None,
            count: 0,
        }
    }

    // ---- Values ----

    /// Says what an `i128` value is split into.
    fn define(&mut self, value: Value, low: Value, high: Value) {
        self.count += 1;
        if let Some(name) = self.func.value_name(value).map(str::to_owned) {
            for (half, end) in [(low, "lo"), (high, "hi")] {
                if self.func.value_name(half).is_none() {
                    self.func.set_value_name(half, &format!("{name}.{end}"));
                }
            }
        }
        self.halves[value] = Some(Halves { low, high });
    }

    /// The halves of an `i128` value, which a verified function defines before it is used.
    fn of(&self, value: Value) -> Halves {
        let Some(halves) = self.halves[value] else {
            unreachable!("{value} of type i128 is used before it is defined")
        };
        Halves { low: self.aliases.resolve(halves.low), high: self.aliases.resolve(halves.high) }
    }

    fn is_wide(&self, value: Value) -> bool {
        self.func.value_type(value) == Type::I128
    }

    /// Adds an instruction with one result.
    fn emit(&mut self, data: InstData, ty: Type) -> Value {
        edit::emit(self.func, &mut self.out, data, ty, self.span)
    }

    /// Adds an instruction with two results.
    fn emit_two(&mut self, data: InstData, types: [Type; 2]) -> (Value, Value) {
        let inst = self.func.create_inst(data, &types, self.span);
        self.out.push(inst);
        let results = self.func.results(inst);
        (results[0], results[1])
    }

    fn constant(&mut self, imm: i64) -> Value {
        self.emit(InstData::IntConst { imm }, Type::I64)
    }

    /// A list with halves in the place of each `i128`.
    fn list(&mut self, list: ValueList) -> ValueList {
        let values = self.func.list(list).to_vec();
        if !values.iter().any(|&value| self.is_wide(value)) {
            return list;
        }
        let mut words = Vec::with_capacity(values.len() + 1);
        for value in values {
            if self.is_wide(value) {
                let Halves { low, high } = self.of(value);
                words.extend([low, high]);
            } else {
                words.push(value);
            }
        }
        self.func.make_list(&words)
    }

    // ---- Blocks ----

    /// Splits the parameters of all blocks.
    fn params(&mut self) {
        for block in self.func.layout().to_vec() {
            let params = self.func.block_params(block).to_vec();
            if !params.iter().any(|&param| self.is_wide(param)) {
                continue;
            }
            self.func.retain_block_params(block, |_, _| false);
            for param in params {
                if self.is_wide(param) {
                    let [low, high] =
                        [(); 2].map(|()| self.func.append_block_param(block, Type::I64));
                    self.define(param, low, high);
                } else {
                    self.func.attach_block_param(block, param);
                }
            }
        }
    }

    // ---- Instructions ----

    /// Puts what an instruction becomes into the block.
    fn inst(&mut self, inst: Inst) {
        let data = *self.func.inst(inst);
        let result = self.func.result(inst);
        let wide_result = result.filter(|&value| self.is_wide(value));
        match data {
            InstData::Jump { .. } | InstData::Branch { .. } | InstData::Switch { .. } => {
                self.successors(inst);
                self.out.push(inst);
            }
            InstData::Return { args } => {
                let args = self.list(args);
                self.keep(inst, InstData::Return { args });
            }
            InstData::TailCall { callee, args } => {
                let args = self.list(args);
                self.keep(inst, InstData::TailCall { callee, args });
            }
            InstData::TailCallIndirect { callee, signature, args } => {
                let args = self.list(args);
                self.keep(inst, InstData::TailCallIndirect { callee, signature, args });
            }
            InstData::Call { callee, args } => {
                let args = self.list(args);
                self.call(inst, InstData::Call { callee, args });
            }
            InstData::CallIndirect { callee, signature, args } => {
                let args = self.list(args);
                self.call(inst, InstData::CallIndirect { callee, signature, args });
            }
            InstData::SliceAddr { slice, index, size } => {
                let by = self.element(slice, index, size.get());
                if let Some(value) = result {
                    self.aliases.replace(value, by);
                }
                self.func.detach(inst);
            }
            InstData::Split { arg } => {
                let Halves { low, high } = self.of(arg);
                let results = self.func.results(inst).to_vec();
                for (value, by) in results.into_iter().zip([low, high]) {
                    self.aliases.replace(value, by);
                }
                self.func.detach(inst);
            }
            InstData::Store { value, .. } if self.is_wide(value) => {
                self.store(data);
                self.func.detach(inst);
            }
            InstData::Unary { op: UnaryOp::Trunc, arg } if self.is_wide(arg) => {
                self.trunc(inst, arg);
            }
            InstData::IntCompare { cc, args } if self.is_wide(args[0]) => {
                let [a, b] = args.map(|arg| self.of(arg));
                let by = self.compare(cc, a, b);
                if let Some(value) = result {
                    self.aliases.replace(value, by);
                }
                self.func.detach(inst);
            }
            data => match wide_result {
                None => self.out.push(inst),
                Some(value) => {
                    let Halves { low, high } = self.wide(data);
                    self.define(value, low, high);
                    self.func.detach(inst);
                }
            },
        }
    }

    /// The halves that an instruction with an `i128` result computes.
    fn wide(&mut self, data: InstData) -> Halves {
        match data {
            InstData::IntConst { imm } => {
                Halves { low: self.constant(imm), high: self.constant(imm >> 63) }
            }
            InstData::Wide { op, args } => self.double(op, args),
            InstData::Unary { op: op @ (UnaryOp::Sext | UnaryOp::Zext), arg } => {
                self.widen(op, arg)
            }
            InstData::Unary { op, arg } => {
                let a = self.of(arg);
                self.unary(op, a)
            }
            InstData::Binary { op, args } => {
                let [a, b] = args.map(|arg| self.of(arg));
                self.binary(op, a, b)
            }
            InstData::Ternary { args: [cond, a, b], .. } => {
                let (a, b) = (self.of(a), self.of(b));
                let low = self.choose(cond, a.low, b.low);
                Halves { low, high: self.choose(cond, a.high, b.high) }
            }
            InstData::Load { .. } => self.load(data),
            _ => unreachable!("the verifier lets no {} have an i128 result", data.opcode()),
        }
    }

    fn keep(&mut self, inst: Inst, data: InstData) {
        self.func.replace(inst, data);
        self.out.push(inst);
    }

    /// A call, whose results may have to be split.
    fn call(&mut self, inst: Inst, data: InstData) {
        let results = self.func.results(inst).to_vec();
        if !results.iter().any(|&value| self.is_wide(value)) {
            self.keep(inst, data);
            return;
        }
        let mut types = Vec::with_capacity(results.len() + 1);
        for &value in &results {
            match self.func.value_type(value) {
                Type::I128 => types.extend([Type::I64; 2]),
                ty => types.push(ty),
            }
        }
        let new = self.func.create_inst(data, &types, self.span);
        self.out.push(new);
        let mut words = self.func.results(new).to_vec().into_iter();
        for value in results {
            let Some(low) = words.next() else { break };
            if self.is_wide(value) {
                let Some(high) = words.next() else { break };
                self.define(value, low, high);
            } else {
                self.aliases.replace(value, low);
            }
        }
        self.func.detach(inst);
    }

    fn successors(&mut self, inst: Inst) {
        let mut calls: Vec<BlockCall> = Vec::new();
        self.func.for_each_successor(inst, |call| calls.push(call));
        let targets: Vec<(Block, ValueList)> =
            calls.into_iter().map(|call| (call.block, self.list(call.args))).collect();
        let mut targets = targets.into_iter();
        self.func.map_successors(inst, |_, call| match targets.next() {
            Some((block, args)) => BlockCall { block, args },
            None => call,
        });
    }
}
