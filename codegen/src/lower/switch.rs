//! The steps of a switch.

use arm64_enc::{AddSub, ArithImm, ArithShift, Cond, Size};
use ir::{Extend, InstData, Type, Value};
use regalloc::{Operand, VReg};

use super::plan::Step;
use super::{Lower, Result, int_size};
use crate::error::Reason;
use crate::minst::{ArithRhs, Op, TableRef, Test};

impl Lower<'_> {
    pub(super) fn switch_step(&mut self, step: &Step) -> Result {
        let index = self.switch_index()?;
        match step {
            Step::Table { entries } => {
                let table = TableRef(self.mf.tables.len() as u32);
                self.mf.tables.push(entries.clone());
                let index = self.int_temp();
                self.table_index = Some(index);
                self.emit(Op::JumpTable { table }, &[Operand::use_reg(index)]);
            }
            Step::Range { min, len } => self.range_check(index, *min, *len)?,
            Step::Equal { value } => self.compare_step(index, *value, Cond::Eq)?,
            Step::Less { value } => self.compare_step(index, *value, Cond::Lt)?,
        }
        Ok(())
    }

    fn switch_index(&self) -> Result<Value> {
        let inst = self.inst.ok_or(Reason::NoTerminator)?;
        match *self.func.inst(inst) {
            InstData::Switch { index, .. } => Ok(index),
            _ => Err(Reason::Internal("a step without a switch")),
        }
    }

    /// The index less `min`, zero-extended to 64 bits, and whether it is below `len`.
    fn range_check(&mut self, index: Value, min: i64, len: u64) -> Result {
        // There is no table if all cases lead to one place.
        let out = self.table_index.take().unwrap_or_else(|| self.int_temp());
        let ty = self.func.value_type(index);
        let size = int_size(ty);
        let value = self.extended(index, Extend::Sign, size)?;
        if let Some((op, imm)) = Self::arith_imm(size, AddSub::Sub, min) {
            if min == 0 && (size == Size::X || self.used_bits(index) < ty.bits()) {
                self.emit_def(Op::Copy, out, &[value]);
            } else {
                let rhs = ArithRhs::Imm(imm);
                self.emit_def(Op::AddSub { op, size, rhs }, out, &[value]);
            }
        } else {
            let min = self.const_temp(size, min as u64);
            let rhs = ArithRhs::Shifted(ArithShift::none(size));
            self.emit_def(Op::AddSub { op: AddSub::Sub, size, rhs }, out, &[value, min]);
        }
        self.compare_constant(size, out, len as i64);
        self.emit(Op::Branch { test: Test::Flags(Cond::Lo) }, &[]);
        Ok(())
    }

    fn compare_step(&mut self, index: Value, value: i64, cond: Cond) -> Result {
        let ty: Type = self.func.value_type(index);
        let size = int_size(ty);
        let index = self.extended(index, Extend::Sign, size)?;
        self.compare_constant(size, index, value);
        self.emit(Op::Branch { test: Test::Flags(cond) }, &[]);
        Ok(())
    }

    fn compare_constant(&mut self, size: Size, reg: VReg, value: i64) {
        if let Some(imm) = ArithImm::new(size.truncate(value as u64)) {
            let rhs = ArithRhs::Imm(imm);
            self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[reg]);
        } else if let Some(imm) = ArithImm::new(size.truncate(value.wrapping_neg() as u64)) {
            let rhs = ArithRhs::Imm(imm);
            self.emit_use(Op::Compare { op: AddSub::Add, size, rhs }, &[reg]);
        } else {
            let value = self.const_temp(size, value as u64);
            let rhs = ArithRhs::Shifted(ArithShift::none(size));
            self.emit_use(Op::Compare { op: AddSub::Sub, size, rhs }, &[reg, value]);
        }
    }
}
