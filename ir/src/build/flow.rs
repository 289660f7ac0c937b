//! Terminators but for tail calls: where control goes at the end of a block.

use super::{FunctionBuilder, Operand, Operands};
use crate::entity::{Block, Value};
use crate::inst::{InstData, SwitchTable};
use crate::opcode::Opcode;
use crate::trap::TrapKind;
use crate::types::Type;

impl FunctionBuilder {
    /// Continues at a block without parameters.
    pub fn jump(&self, block: Block) {
        self.jump_with(block, ());
    }

    /// Continues at a block with arguments for its parameters.
    pub fn jump_with(&self, block: Block, args: impl Operands) {
        let target = self.target(Opcode::Jump, block, args);
        self.none(InstData::Jump { target });
    }

    /// Continues at `then_block` if `cond` is not zero, else at `else_block`; neither has parameters.
    pub fn branch(&self, cond: impl Into<Operand>, then_block: Block, else_block: Block) {
        self.branch_with(cond, then_block, (), else_block, ());
    }

    /// Continues at `then_block` if `cond` is not zero, else at `else_block`, each with its arguments.
    pub fn branch_with(
        &self,
        cond: impl Into<Operand>,
        then_block: Block,
        then_args: impl Operands,
        else_block: Block,
        else_args: impl Operands,
    ) {
        let cond = self.typed(Opcode::Branch, cond.into(), None);
        let then_to = self.target(Opcode::Branch, then_block, then_args);
        let else_to = self.target(Opcode::Branch, else_block, else_args);
        self.none(InstData::Branch { cond, then_to, else_to });
    }

    /// Continues at `then_block` if `cond` is not zero, else at the block `resume`, which is rarely reached, each with its
    /// arguments.
    pub fn guard(
        &self,
        cond: impl Into<Operand>,
        then_block: Block,
        then_args: impl Operands,
        resume: Block,
        resume_args: impl Operands,
    ) {
        let cond = self.typed(Opcode::Guard, cond.into(), None);
        let then_to = self.target(Opcode::Guard, then_block, then_args);
        let resume = self.target(Opcode::Guard, resume, resume_args);
        self.none(InstData::Guard { cond, then_to, resume });
    }

    /// Continues at the block of the case equal to `index` (as a signed integer of its type), else at `default`; no
    /// block has parameters.
    pub fn switch(&self, index: impl Into<Operand>, default: Block, cases: &[(i64, Block)]) {
        let cases: Vec<_> = cases.iter().map(|&(value, block)| (value, block, &[][..])).collect();
        self.switch_with(index, default, &[], &cases);
    }

    /// Continues at the block of the case equal to `index` (as a signed integer of its type), else at `default`, each
    /// with its arguments.
    pub fn switch_with(
        &self,
        index: impl Into<Operand>,
        default: Block,
        default_args: &[Value],
        cases: &[(i64, Block, &[Value])],
    ) {
        let index = self.typed(Opcode::Switch, index.into(), None);
        let default = self.target(Opcode::Switch, default, default_args);
        let cases = cases
            .iter()
            .map(|&(value, block, args)| (value, self.target(Opcode::Switch, block, args)))
            .collect();
        let table = self.func.borrow_mut().switches.push(SwitchTable { default, cases });
        self.none(InstData::Switch { index, table });
    }

    /// Ends the call with these results: `()`, one operand, or an array.
    pub fn ret(&self, results: impl Operands) {
        let known: Vec<Type> = self.func.borrow().signature.result_types().collect();
        let results = self.values(Opcode::Return, results, &known);
        let mut func = self.func.borrow_mut();
        if !self.results_known.replace(true) {
            func.signature.results =
                results.iter().map(|&value| func.value_type(value).into()).collect();
        }
        let args = func.make_list(&results);
        drop(func);
        self.none(InstData::Return { args });
    }

    /// Ends the call with a trap.
    pub fn trap(&self, kind: TrapKind) {
        self.none(InstData::Trap { kind });
    }
}
