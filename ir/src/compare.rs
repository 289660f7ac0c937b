//! Equality of functions and modules: they are equal if their text is. Numbers of values and blocks count, because the
//! text has them; numbers of instructions and lists, and anything that is no longer part of the function, do not.

use smallvec::SmallVec;

use crate::entity::{Block, DataRef, Entity, FuncRef, Inst, SigRef, SwitchRef, Value};
use crate::func::Function;
use crate::inst::{BlockCall, InstData, Role, SwitchTable, ValueList};
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
}

/// The payload without what is a number inside the function: lists and references.
fn shape(mut data: InstData) -> InstData {
    data.fields(|role| match role {
        Role::List(list) => *list = ValueList::default(),
        Role::Target(call) => call.args = ValueList::default(),
        Role::Table(table) => *table = SwitchRef::from_index(0),
        Role::Data(data) => *data = DataRef::from_index(0),
        Role::Function(callee) => *callee = FuncRef::from_index(0),
        Role::Signature(signature) => *signature = SigRef::from_index(0),
        Role::Values(_) | Role::Slot(_) | Role::Var(_) | Role::Plain => {}
    });
    data
}

/// Returns `true` if the lists and references of two payloads of one shape stand for the same.
fn same_references(a: &Function, mut data: InstData, b: &Function, mut other: InstData) -> bool {
    let mut others: SmallVec<[Role<'_>; 5]> = SmallVec::new();
    other.fields(|role| others.push(role));
    let mut others = others.into_iter();
    let same_list = |list: ValueList, other: ValueList| a.list(list) == b.list(other);
    let same_target = |call: BlockCall, other: BlockCall| {
        call.block == other.block && same_list(call.args, other.args)
    };
    let same_table = |table: &SwitchTable, other: &SwitchTable| {
        same_target(table.default, other.default)
            && table.cases.len() == other.cases.len()
            && (table.cases.iter().zip(&other.cases))
                .all(|(case, other)| case.0 == other.0 && same_target(case.1, other.1))
    };
    let mut same = true;
    data.fields(|role| {
        same &= match (role, others.next()) {
            (Role::List(list), Some(Role::List(other))) => same_list(*list, *other),
            (Role::Target(call), Some(Role::Target(other))) => same_target(*call, *other),
            (Role::Table(table), Some(Role::Table(other))) => {
                match (a.switches.get(*table), b.switches.get(*other)) {
                    (Some(table), Some(other)) => same_table(table, other),
                    (table, other) => table.is_none() && other.is_none(),
                }
            }
            (Role::Data(data), Some(Role::Data(other))) => a.data.get(*data) == b.data.get(*other),
            (Role::Function(callee), Some(Role::Function(other))) => {
                a.callees.get(*callee) == b.callees.get(*other)
            }
            (Role::Signature(signature), Some(Role::Signature(other))) => {
                a.signatures.get(*signature) == b.signatures.get(*other)
            }
            // The shape said it.
            _ => true,
        }
    });
    same
}
