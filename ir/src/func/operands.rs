//! What an instruction uses and where it goes: visiting and replacing operands and successors, whatever the format.

use smallvec::SmallVec;

use crate::entity::{Inst, PrimaryMap, SwitchRef, Value};
use crate::inst::{BlockCall, InstData, Role, SwitchTable, ValueList, Visitor};

use super::Function;

struct EachOperand<'f, F>(&'f Function, F);

impl<F: FnMut(Value)> Visitor<'_> for EachOperand<'_, F> {
    #[inline(always)]
    fn see(&mut self, role: Role<'_>) {
        let EachOperand(func, visit) = self;
        match role {
            Role::Values(values) => values.iter().copied().for_each(visit),
            Role::List(list) => func.list(*list).iter().copied().for_each(visit),
            Role::Target(call) => func.list(call.args).iter().copied().for_each(visit),
            Role::Table(table) => {
                func.switches[*table].for_each_target(|call| {
                    func.list(call.args).iter().copied().for_each(&mut *visit);
                });
            }
            _ => {}
        }
    }
}

struct MapOperands<'f, F>(&'f mut [Value], &'f PrimaryMap<SwitchRef, SwitchTable>, F);

impl<F: FnMut(Value) -> Value> Visitor<'_> for MapOperands<'_, F> {
    #[inline(always)]
    fn see(&mut self, role: Role<'_>) {
        let MapOperands(pool, switches, map) = self;
        match role {
            Role::Values(values) => map_all(values, map),
            Role::List(list) => map_all(&mut pool[list.range()], map),
            Role::Target(call) => map_all(&mut pool[call.args.range()], map),
            Role::Table(table) => {
                switches[*table].for_each_target(|call| map_all(&mut pool[call.args.range()], map));
            }
            _ => {}
        }
    }
}

#[inline(always)]
fn map_all(values: &mut [Value], map: &mut impl FnMut(Value) -> Value) {
    for value in values {
        *value = map(*value);
    }
}

struct EachSuccessor<'f, F>(&'f Function, F);

impl<F: FnMut(BlockCall)> Visitor<'_> for EachSuccessor<'_, F> {
    #[inline(always)]
    fn see(&mut self, role: Role<'_>) {
        let EachSuccessor(func, visit) = self;
        match role {
            Role::Target(call) => visit(*call),
            Role::Table(table) => func.switches[*table].for_each_target(visit),
            _ => {}
        }
    }
}

impl Function {
    /// Calls `visit` with each operand of an instruction, in order, block arguments included.
    pub fn for_each_operand(&self, inst: Inst, visit: impl FnMut(Value)) {
        self.inst(inst).visit(EachOperand(self, visit));
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
    pub fn map_operands(&mut self, inst: Inst, map: impl FnMut(Value) -> Value) {
        let Function { insts, pool, switches, .. } = self;
        insts[inst].data.visit_mut(MapOperands(pool, switches, map));
    }

    /// Calls `visit` with each successor of a terminator, in order; a block may come more than once. Other instructions
    /// have none.
    pub fn for_each_successor(&self, inst: Inst, visit: impl FnMut(BlockCall)) {
        self.inst(inst).visit(EachSuccessor(self, visit));
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
                targets.map_targets(|call| map(self, call));
                self.switches[*table] = targets;
            }
            _ => {}
        });
        self.replace(inst, data);
    }

    /// A payload like `data`, with lists and tables of its own: a copy to change while the original stays.
    pub fn copy_data(&mut self, mut data: InstData) -> InstData {
        let copy = |func: &mut Function, list: ValueList| {
            let start = func.pool.len() as u32;
            func.pool.extend_from_within(list.range());
            ValueList { start, ..list }
        };
        let copy_call = |func: &mut Function, call: BlockCall| BlockCall {
            block: call.block,
            args: copy(func, call.args),
        };
        data.fields(|role| match role {
            Role::List(list) => *list = copy(self, *list),
            Role::Target(call) => *call = copy_call(self, *call),
            Role::Table(table) => {
                let mut own = self.switches[*table].clone();
                own.map_targets(|call| copy_call(self, call));
                *table = self.switches.push(own);
            }
            _ => {}
        });
        data
    }
}
