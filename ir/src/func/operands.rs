//! What an instruction uses and where it goes: visiting and replacing operands and successors, whatever the format.

use smallvec::SmallVec;

use crate::entity::{Inst, Value};
use crate::inst::{BlockCall, InstData, Role, SwitchTable, ValueList};

use super::Function;

impl Function {
    /// Calls `visit` with each operand of an instruction, in order, block arguments included.
    pub fn for_each_operand(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        let mut data = *self.inst(inst);
        data.fields(|role| match role {
            Role::Values(values) => values.iter().copied().for_each(&mut visit),
            Role::List(list) => self.list(*list).iter().copied().for_each(&mut visit),
            Role::Target(call) => self.list(call.args).iter().copied().for_each(&mut visit),
            Role::Table(table) => {
                for call in self.switches[*table].targets() {
                    self.list(call.args).iter().copied().for_each(&mut visit);
                }
            }
            _ => {}
        });
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
        let Function { insts, pool, switches, .. } = self;
        let mut map_all = |values: &mut [Value]| {
            for value in values {
                *value = map(*value);
            }
        };
        insts[inst].data.fields(|role| match role {
            Role::Values(values) => map_all(values),
            Role::List(list) => map_all(&mut pool[list.range()]),
            Role::Target(call) => map_all(&mut pool[call.args.range()]),
            Role::Table(table) => {
                for call in switches[*table].targets() {
                    map_all(&mut pool[call.args.range()]);
                }
            }
            _ => {}
        });
    }

    /// Calls `visit` with each successor of a terminator, in order; a block may come more than once. Other instructions
    /// have none.
    pub fn for_each_successor(&self, inst: Inst, mut visit: impl FnMut(BlockCall)) {
        let mut data = *self.inst(inst);
        data.fields(|role| match role {
            Role::Target(call) => visit(*call),
            Role::Table(table) => self.switches[*table].targets().for_each(&mut visit),
            _ => {}
        });
    }

    /// Replaces each successor of a terminator, in the order of
    /// [`for_each_successor`](Function::for_each_successor), by what `map` makes of it; `map` may make lists, and
    /// does not ask for the table of the switch at hand.
    pub fn map_successors(
        &mut self,
        inst: Inst,
        mut map: impl FnMut(&mut Function, BlockCall) -> BlockCall,
    ) {
        let mut data = *self.inst(inst);
        data.fields(|role| match role {
            Role::Target(call) => *call = map(self, *call),
            Role::Table(table) => {
                let empty =
                    SwitchTable { default: self.switches[*table].default, cases: Vec::new() };
                let mut targets = std::mem::replace(&mut self.switches[*table], empty);
                targets.targets_mut().for_each(|call| *call = map(self, *call));
                self.switches[*table] = targets;
            }
            _ => {}
        });
        self.replace(inst, data);
    }

    /// A payload like `data`, with lists and tables of its own: a copy to change while the original stays.
    pub fn copy_data(&mut self, mut data: InstData) -> InstData {
        let copy = |func: &mut Function, list: &mut ValueList| {
            let range = list.range();
            list.start = func.pool.len() as u32;
            func.pool.extend_from_within(range);
        };
        data.fields(|role| match role {
            Role::List(list) => copy(self, list),
            Role::Target(call) => copy(self, &mut call.args),
            Role::Table(table) => {
                let mut own = self.switches[*table].clone();
                own.targets_mut().for_each(|call| copy(self, &mut call.args));
                *table = self.switches.push(own);
            }
            _ => {}
        });
        data
    }
}
