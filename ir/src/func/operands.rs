//! What an instruction uses and where it goes: visiting and replacing operands and successors, whatever the format.

use smallvec::SmallVec;

use crate::entity::{Inst, Value};

use crate::inst::{BlockCall, InstData, SwitchTable, ValueList};

use super::Function;

impl Function {
    /// Calls `visit` with each operand of an instruction, in order, block arguments included.
    pub fn for_each_operand(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        let mut list = |values: ValueList| self.list(values).iter().copied().for_each(&mut visit);
        match *self.inst(inst) {
            InstData::IntConst { .. }
            | InstData::FloatConst { .. }
            | InstData::StackAddr { .. }
            | InstData::DataAddr { .. }
            | InstData::FuncAddr { .. }
            | InstData::VarGet { .. }
            | InstData::Fence
            | InstData::Trap { .. } => {}
            InstData::Unary { arg, .. } | InstData::Split { arg } => visit(arg),
            InstData::Binary { args, .. }
            | InstData::Overflow { args, .. }
            | InstData::Wide { args, .. }
            | InstData::IntCompare { args, .. }
            | InstData::FloatCompare { args, .. } => args.into_iter().for_each(visit),
            InstData::Ternary { args, .. } | InstData::Carry { args, .. } => {
                args.into_iter().for_each(visit);
            }
            InstData::Load { addr, .. } | InstData::AtomicLoad { addr, .. } => visit(addr),
            InstData::Store { value, addr, .. }
            | InstData::AtomicStore { value, addr, .. }
            | InstData::AtomicRmw { value, addr, .. } => {
                [value, addr].into_iter().for_each(visit);
            }
            InstData::AtomicCas { expected, new, addr, .. } => {
                [expected, new, addr].into_iter().for_each(visit);
            }
            InstData::VarSet { value, .. } => visit(value),
            InstData::TrapIf { cond, .. } => visit(cond),
            InstData::Call { args, .. }
            | InstData::TailCall { args, .. }
            | InstData::Return { args } => list(args),
            InstData::CallIndirect { callee, args, .. }
            | InstData::TailCallIndirect { callee, args, .. } => {
                visit(callee);
                self.list(args).iter().copied().for_each(&mut visit);
            }
            InstData::Jump { target } => list(target.args),
            InstData::Branch { cond, then_to, else_to } => {
                visit(cond);
                self.list(then_to.args).iter().copied().for_each(&mut visit);
                self.list(else_to.args).iter().copied().for_each(&mut visit);
            }
            InstData::Switch { index, table } => {
                visit(index);
                let table = &self.switches[table];
                self.list(table.default.args).iter().copied().for_each(&mut visit);
                for (_, call) in &table.cases {
                    self.list(call.args).iter().copied().for_each(&mut visit);
                }
            }
        }
    }

    /// The operands of an instruction, in order, block arguments included.
    #[must_use]
    #[inline]
    pub fn operands(&self, inst: Inst) -> SmallVec<[Value; 8]> {
        let mut operands = SmallVec::new();
        self.for_each_operand(inst, |value| operands.push(value));
        operands
    }

    /// Replaces each operand of an instruction by what `map` makes of it, block arguments included.
    pub fn map_operands(&mut self, inst: Inst, mut map: impl FnMut(Value) -> Value) {
        let mut data = *self.inst(inst);
        let pool = &mut self.pool;
        let mut list = |values: ValueList, map: &mut dyn FnMut(Value) -> Value| {
            for value in &mut pool[values.start as usize..(values.start + values.len) as usize] {
                *value = map(*value);
            }
        };
        match &mut data {
            InstData::IntConst { .. }
            | InstData::FloatConst { .. }
            | InstData::StackAddr { .. }
            | InstData::DataAddr { .. }
            | InstData::FuncAddr { .. }
            | InstData::VarGet { .. }
            | InstData::Fence
            | InstData::Trap { .. } => {}
            InstData::Unary { arg, .. } | InstData::Split { arg } => *arg = map(*arg),
            InstData::Binary { args, .. }
            | InstData::Overflow { args, .. }
            | InstData::Wide { args, .. }
            | InstData::IntCompare { args, .. }
            | InstData::FloatCompare { args, .. } => *args = args.map(map),
            InstData::Ternary { args, .. } | InstData::Carry { args, .. } => *args = args.map(map),
            InstData::Load { addr, .. } | InstData::AtomicLoad { addr, .. } => *addr = map(*addr),
            InstData::Store { value, addr, .. }
            | InstData::AtomicStore { value, addr, .. }
            | InstData::AtomicRmw { value, addr, .. } => {
                *value = map(*value);
                *addr = map(*addr);
            }
            InstData::AtomicCas { expected, new, addr, .. } => {
                *expected = map(*expected);
                *new = map(*new);
                *addr = map(*addr);
            }
            InstData::VarSet { value, .. } => *value = map(*value),
            InstData::TrapIf { cond, .. } => *cond = map(*cond),
            InstData::Call { args, .. }
            | InstData::TailCall { args, .. }
            | InstData::Return { args } => list(*args, &mut map),
            InstData::CallIndirect { callee, args, .. }
            | InstData::TailCallIndirect { callee, args, .. } => {
                *callee = map(*callee);
                list(*args, &mut map);
            }
            InstData::Jump { target } => list(target.args, &mut map),
            InstData::Branch { cond, then_to, else_to } => {
                *cond = map(*cond);
                list(then_to.args, &mut map);
                list(else_to.args, &mut map);
            }
            InstData::Switch { index, table } => {
                *index = map(*index);
                let table = &self.switches[*table];
                list(table.default.args, &mut map);
                for (_, call) in &table.cases {
                    list(call.args, &mut map);
                }
            }
        }
        self.replace(inst, data);
    }

    /// Calls `visit` with each successor of a terminator, in order; a block may come more than once. Other instructions
    /// have none.
    pub fn for_each_successor(&self, inst: Inst, mut visit: impl FnMut(BlockCall)) {
        match *self.inst(inst) {
            InstData::Jump { target } => visit(target),
            InstData::Branch { then_to, else_to, .. } => {
                visit(then_to);
                visit(else_to);
            }
            InstData::Switch { table, .. } => {
                let table = &self.switches[table];
                visit(table.default);
                table.cases.iter().for_each(|&(_, call)| visit(call));
            }
            _ => {}
        }
    }

    /// Replaces each successor of a terminator, in the order of
    /// [`for_each_successor`](Function::for_each_successor), by what `map` makes of it; `map` may make lists, and
    /// does not ask for the table of the switch at hand.
    pub fn map_successors(
        &mut self,
        inst: Inst,
        mut map: impl FnMut(&mut Function, BlockCall) -> BlockCall,
    ) {
        match *self.inst(inst) {
            InstData::Jump { target } => {
                let target = map(self, target);
                self.replace(inst, InstData::Jump { target });
            }
            InstData::Branch { cond, then_to, else_to } => {
                let then_to = map(self, then_to);
                let else_to = map(self, else_to);
                self.replace(inst, InstData::Branch { cond, then_to, else_to });
            }
            InstData::Switch { table, .. } => {
                let default = map(self, self.switches[table].default);
                let mut cases = std::mem::take(&mut self.switches[table].cases);
                for (_, call) in &mut cases {
                    *call = map(self, *call);
                }
                self.switches[table] = SwitchTable { default, cases };
            }
            _ => {}
        }
    }
}
