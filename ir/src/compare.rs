//! Equality of functions and modules: they are equal if their text is. Numbers of values and blocks count, because the
//! text has them; numbers of instructions and lists, and anything that is no longer part of the function, do not.

use crate::entity::{Block, DataRef, Entity, FuncRef, Inst, SigRef, SwitchRef, Value};
use crate::func::Function;
use crate::inst::{BlockCall, InstData, ValueList};
use crate::module::Module;

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.signature == other.signature
            && self.slots == other.slots
            && self.vars == other.vars
            && self.layout() == other.layout()
            && self.layout().iter().all(|&block| same_block(self, other, block))
    }
}

/// The order of items counts.
impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        self.source_name == other.source_name
            && self.externs.iter().eq(&other.externs)
            && self.data.iter().eq(&other.data)
            && self.functions.iter().eq(&other.functions)
    }
}

fn same_block(a: &Function, b: &Function, block: Block) -> bool {
    let (insts, others) = (a.block_insts(block), b.block_insts(block));
    a.block_name(block) == b.block_name(block)
        && a.is_cold(block) == b.is_cold(block)
        && same_definitions(a, b, a.block_params(block), b.block_params(block))
        && insts.len() == others.len()
        && insts.iter().zip(others).all(|(&inst, &other)| same_inst(a, inst, b, other))
}

fn same_definitions(a: &Function, b: &Function, values: &[Value], others: &[Value]) -> bool {
    values == others
        && values.iter().all(|&value| {
            a.value_type(value) == b.value_type(value) && a.value_name(value) == b.value_name(value)
        })
}

fn same_inst(a: &Function, inst: Inst, b: &Function, other: Inst) -> bool {
    let (data, other_data) = (*a.inst(inst), *b.inst(other));
    a.span(inst) == b.span(other)
        && same_definitions(a, b, a.results(inst), b.results(other))
        && shape(data) == shape(other_data)
        && same_references(a, data, b, other_data)
        && a.operands(inst) == b.operands(other)
        && targets(a, inst) == targets(b, other)
}

/// The payload without what is a number inside the function: lists and references.
fn shape(mut data: InstData) -> InstData {
    let forget = |call: &mut BlockCall| call.args = ValueList::default();
    match &mut data {
        InstData::Call { callee, args } | InstData::TailCall { callee, args } => {
            *callee = FuncRef::from_index(0);
            *args = ValueList::default();
        }
        InstData::FuncAddr { callee } => *callee = FuncRef::from_index(0),
        InstData::CallIndirect { signature, args, .. }
        | InstData::TailCallIndirect { signature, args, .. } => {
            *signature = SigRef::from_index(0);
            *args = ValueList::default();
        }
        InstData::Return { args } => *args = ValueList::default(),
        InstData::DataAddr { data, .. } => *data = DataRef::from_index(0),
        InstData::Jump { target } => forget(target),
        InstData::Branch { then_to, else_to, .. } => {
            forget(then_to);
            forget(else_to);
        }
        InstData::Switch { table, .. } => *table = SwitchRef::from_index(0),
        _ => {}
    }
    data
}

/// What the references of two payloads of one shape stand for.
fn same_references(a: &Function, data: InstData, b: &Function, other: InstData) -> bool {
    match (data, other) {
        (InstData::Call { callee, .. }, InstData::Call { callee: other, .. })
        | (InstData::TailCall { callee, .. }, InstData::TailCall { callee: other, .. })
        | (InstData::FuncAddr { callee }, InstData::FuncAddr { callee: other }) => {
            a.callees.get(callee) == b.callees.get(other)
        }
        (
            InstData::CallIndirect { signature, .. },
            InstData::CallIndirect { signature: other, .. },
        )
        | (
            InstData::TailCallIndirect { signature, .. },
            InstData::TailCallIndirect { signature: other, .. },
        ) => a.signatures.get(signature) == b.signatures.get(other),
        (InstData::DataAddr { data, .. }, InstData::DataAddr { data: other, .. }) => {
            a.data.get(data) == b.data.get(other)
        }
        (InstData::Switch { table, .. }, InstData::Switch { table: other, .. }) => {
            let values = |func: &Function, table| -> Vec<i64> {
                let cases = func.switches.get(table).map(|table| table.cases.as_slice());
                cases.unwrap_or(&[]).iter().map(|case| case.0).collect()
            };
            values(a, table) == values(b, other)
        }
        _ => true,
    }
}

/// The successors and how many arguments each gets; the arguments themselves are among the operands.
fn targets(func: &Function, inst: Inst) -> Vec<(Block, usize)> {
    let mut targets = Vec::new();
    func.for_each_successor(inst, |call| targets.push((call.block, call.args.len())));
    targets
}
