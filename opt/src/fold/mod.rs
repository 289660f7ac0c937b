//! Constant folding and algebraic simplification.
//!
//! Requires: SSA form, no unreachable blocks (they are left as they are).
//! Preserves: blocks, loops; the two edges of a branch may be swapped.
//! Breaks: nothing. Values that were replaced are detached.
//!
//! Constants are computed by `ir::eval`, the one definition of every operation; an operation that would trap stays. One
//! walk in reverse postorder meets definitions before uses, so what an operand became is known. Canonical forms, for
//! whoever comes later: a constant is the right operand of what commutes and of a comparison; `sub` of a constant is
//! `add`; a condition is not compared with 0 again. Float identities are only those that hold for every bit of every
//! NaN and for -0.

mod binary;
mod compare;
mod divide;
mod other;
mod overflow;

use ir::{FuncRef, Function, Inst, InstData, SigRef, Span, Type, Value, eval};

use crate::Context;
use crate::edit::{self, Aliases};

/// What is to become of an instruction.
enum Step {
    /// Nothing better is known.
    Keep,
    /// Its result is this value.
    Alias(Value),
    /// Its two results are these values.
    AliasTwo(Value, Value),
    /// It is this instruction instead.
    Become(InstData),
    /// It does nothing.
    Remove,
}

/// Each rewriting makes an instruction simpler in some order; the longest chain of rules is far shorter.
const MAX_STEPS: usize = 16;

/// Simplifies instructions; returns how many rewritings there were.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let graph = context.analyses.graph(func);
    let most = context.rewritings.unwrap_or(usize::MAX);
    let mut aliases = Aliases::new();
    let mut changes = 0;
    let mut edges_swapped = false;
    // The memory of one block's instructions serves the next block.
    let mut spare = Vec::new();
    for block in graph.rpo() {
        let mut insts = func.take_block_insts(block);
        let mut fold = Fold { func, out: std::mem::take(&mut spare), span: None };
        for &inst in &insts {
            aliases.apply_to(fold.func, inst);
            fold.span = fold.func.span(inst);
            let mut kept = true;
            for _ in 0..MAX_STEPS.min(most - changes) {
                match fold.step(inst) {
                    Step::Keep => break,
                    Step::Become(data) => {
                        edges_swapped |= data.is_terminator();
                        fold.func.replace(inst, data);
                    }
                    Step::Alias(value) => {
                        if let Some(result) = fold.func.result(inst) {
                            aliases.replace(result, value);
                        }
                        kept = false;
                    }
                    Step::AliasTwo(first, second) => {
                        if let &[one, other] = fold.func.results(inst) {
                            aliases.replace(one, first);
                            aliases.replace(other, second);
                        }
                        kept = false;
                    }
                    Step::Remove => kept = false,
                }
                changes += 1;
                if !kept {
                    break;
                }
            }
            if kept {
                fold.out.push(inst);
            } else {
                fold.func.detach(inst);
            }
        }
        let out = fold.out;
        func.set_block_insts(block, out);
        insts.clear();
        spare = insts;
    }
    aliases.apply(func);
    if edges_swapped {
        context.analyses.forget();
    }
    changes
}

/// A block that is being rewritten.
struct Fold<'a> {
    func: &'a mut Function,
    /// Its new instructions, up to the current one.
    out: Vec<Inst>,
    /// The source place of the current instruction.
    span: Option<Span>,
}

impl Fold<'_> {
    /// One rewriting of an instruction whose operands are simplified already.
    fn step(&mut self, inst: Inst) -> Step {
        let data = *self.func.inst(inst);
        if let Some(data) = self.constant_result(inst, &data) {
            return Step::Become(data);
        }
        let ty = self.func.result(inst).map(|value| self.func.value_type(value));
        match (data, ty) {
            (InstData::Binary { op, args }, Some(ty)) => self.binary(op, args, ty),
            (InstData::IntCompare { cc, args }, _) => self.int_compare(cc, args),
            (InstData::FloatCompare { cc, args }, _) => self.float_compare(cc, args),
            (InstData::Unary { op, arg }, Some(ty)) => self.unary(op, arg, ty),
            (InstData::Ternary { op, args }, Some(ty)) => self.ternary(op, args, ty),
            (InstData::Overflow { op, args }, _) => self.overflow(op, args),
            (InstData::Carry { op, args }, _) => self.carry(op, args),
            (InstData::CallIndirect { callee, signature, args }, _) => {
                match self.known_callee(callee, signature) {
                    Some(callee) => Step::Become(InstData::Call { callee, args }),
                    None => Step::Keep,
                }
            }
            (InstData::TailCallIndirect { callee, signature, args }, _) => {
                match self.known_callee(callee, signature) {
                    Some(callee) => Step::Become(InstData::TailCall { callee, args }),
                    None => Step::Keep,
                }
            }
            (InstData::Load { kind, facts, addr, offset }, _) => match self.address(addr, offset) {
                Some((addr, offset)) => Step::Become(InstData::Load { kind, facts, addr, offset }),
                None => Step::Keep,
            },
            (InstData::Store { kind, facts, value, addr, offset }, _) => {
                self.store(kind, facts, value, (addr, offset))
            }
            (InstData::TrapIf { cond, kind }, _) => match (self.int(cond), self.condition(cond)) {
                (Some(0), _) => Step::Remove,
                (_, Some(cond)) => Step::Become(InstData::TrapIf { cond, kind }),
                _ => Step::Keep,
            },
            (InstData::Branch { cond, then_to, else_to }, _) => {
                if let Some(cond) = self.condition(cond) {
                    return Step::Become(InstData::Branch { cond, then_to, else_to });
                }
                match self.negated_condition(cond) {
                    Some(cond) => {
                        Step::Become(InstData::Branch { cond, then_to: else_to, else_to: then_to })
                    }
                    None => Step::Keep,
                }
            }
            _ => Step::Keep,
        }
    }

    /// The constant that an instruction with constant operands computes, unless it is one or would trap.
    fn constant_result(&self, inst: Inst, data: &InstData) -> Option<InstData> {
        if matches!(data, InstData::IntConst { .. } | InstData::FloatConst { .. }) {
            return None;
        }
        let result = self.func.value_type(self.func.result(inst)?);
        let mut args = [0; 3];
        let mut count = 0;
        let mut all = true;
        let mut operand = result;
        self.func.for_each_operand(inst, |value| {
            match edit::const_bits(self.func, value) {
                Some(bits) if count < args.len() => args[count] = bits,
                _ => all = false,
            }
            count += 1;
            operand = self.func.value_type(value);
        });
        if !all || count == 0 {
            return None;
        }
        let bits = eval::inst(data, operand, result, &args[..count])?.ok()?;
        Some(edit::const_data(result, bits))
    }

    /// The function at an address, if it is known and has the signature that it is called with.
    fn known_callee(&self, addr: Value, signature: SigRef) -> Option<FuncRef> {
        let InstData::FuncAddr { callee } = self.def(addr)? else { return None };
        let same = self.func.callees[callee].signature == self.func.signatures[signature];
        same.then_some(callee)
    }

    /// The integer that a value is, sign-extended, if it is a constant.
    fn int(&self, value: Value) -> Option<i64> {
        edit::int_const(self.func, value)
    }

    /// The payload of the instruction that a value comes from.
    fn def(&self, value: Value) -> Option<InstData> {
        self.func.def_inst(value).map(|(_, data)| *data)
    }

    fn ty(&self, value: Value) -> Type {
        self.func.value_type(value)
    }

    /// Adds an instruction before the current one.
    fn emit(&mut self, data: InstData, ty: Type) -> Value {
        edit::emit(self.func, &mut self.out, data, ty, self.span)
    }

    /// Adds a constant before the current instruction. The bits above the type do not matter.
    fn constant(&mut self, ty: Type, imm: i64) -> Value {
        self.emit(int_data(ty, imm), ty)
    }
}

/// The integer constant of this type with the low bits of `imm`.
fn int_data(ty: Type, imm: i64) -> InstData {
    InstData::IntConst { imm: eval::sign_extend(imm as u64, ty) }
}
