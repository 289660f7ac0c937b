//! Slot promotion: a piece of the stack frame whose address is only loaded from and stored to becomes values.
//!
//! Requires: SSA form, no unreachable blocks; `fold` before, so that constant offsets stand in the loads and stores.
//! Preserves: blocks, edges, loops.
//! Breaks: nothing. Slots that were promoted stay declared, but nothing takes their address.
//!
//! Each place in such a slot that is always accessed with one type becomes a variable, loads and stores its reads and
//! writes, and SSA construction does the rest (R. Cytron et al. 1991, via `ssa::construct`). A place that is read before it
//! is written is 0.

use std::collections::BTreeMap;

use ir::{
    Entity, Function, Inst, InstData, LoadKind, StackSlot, StoreKind, Type, Value, Var, VarData,
};

use crate::Context;

/// The accesses to one slot: the type at each offset, unless something else is done with its address.
#[derive(Clone, Default)]
struct Slot {
    keeps_address: bool,
    places: BTreeMap<i64, Type>,
}

/// Promotes slots; returns how many loads and stores went.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    if func.slots.is_empty() {
        return 0;
    }
    let mut slots = vec![Slot::default(); func.slots.len()];
    let mut any = false;
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            let access = access(func, inst);
            if let Some((slot, offset, ty)) = access {
                any = true;
                let known = slots[slot.index()].places.entry(offset).or_insert(ty);
                if *known != ty {
                    slots[slot.index()].keeps_address = true;
                }
            }
            // Any other use of an address, storing it included: another slot's access keeps what it stores.
            let mut keep = |value: Value| {
                if let Some((slot, _)) = slot_address(func, value) {
                    slots[slot.index()].keeps_address = true;
                }
            };
            match (access, func.inst(inst)) {
                (Some(_), &InstData::Store { value, .. }) => keep(value),
                (Some(_), _) => {}
                (None, _) => func.for_each_operand(inst, keep),
            }
        }
    }
    if !any {
        return 0;
    }
    let mut vars: Vec<BTreeMap<i64, Var>> = Vec::with_capacity(slots.len());
    for slot in &slots {
        let mut of_slot = BTreeMap::new();
        if !slot.keeps_address && !overlap(&slot.places) {
            for (&offset, &ty) in &slot.places {
                of_slot.insert(offset, func.vars.push(VarData { name: String::new(), ty }));
            }
        }
        vars.push(of_slot);
    }
    let changes = rewrite(func, &vars);
    if changes > 0 {
        ssa::construct_with(func, &mut context.analyses);
    } else {
        func.vars = ir::PrimaryMap::new();
    }
    changes
}

/// The slot and offset that a value is the address of.
fn slot_address(func: &Function, value: Value) -> Option<(StackSlot, i64)> {
    match func.def_inst(value)? {
        (_, &InstData::StackAddr { slot, offset }) => Some((slot, offset.into())),
        _ => None,
    }
}

/// The place in a slot that a load or store of a whole value accesses, with the value's type.
fn access(func: &Function, inst: Inst) -> Option<(StackSlot, i64, Type)> {
    let (addr, offset, ty) = match *func.inst(inst) {
        InstData::Load { kind: LoadKind::Full, addr, offset, .. } => {
            (addr, offset, func.value_type(func.result(inst)?))
        }
        InstData::Store { kind: StoreKind::Full, value, addr, offset, .. } => {
            (addr, offset, func.value_type(value))
        }
        _ => return None,
    };
    let (slot, base) = slot_address(func, addr)?;
    let at = base + i64::from(offset);
    let end = at + i64::from(ty.bytes());
    // What is outside of the slot is another's memory.
    (at >= 0 && u64::try_from(end).ok()? <= func.slots[slot].size).then_some((slot, at, ty))
}

fn overlap(places: &BTreeMap<i64, Type>) -> bool {
    let ends = places.iter().map(|(at, ty)| at + i64::from(ty.bytes()));
    ends.zip(places.keys().skip(1)).any(|(end, next)| end > *next)
}

fn rewrite(func: &mut Function, vars: &[BTreeMap<i64, Var>]) -> usize {
    let mut changes = 0;
    for block in func.layout().to_vec() {
        for index in 0..func.block_insts(block).len() {
            let inst = func.block_insts(block)[index];
            let Some((slot, at, _)) = access(func, inst) else { continue };
            let Some(&var) = vars[slot.index()].get(&at) else { continue };
            let data = match *func.inst(inst) {
                InstData::Store { value, .. } => InstData::VarSet { var, value },
                _ => InstData::VarGet { var },
            };
            func.replace(inst, data);
            changes += 1;
        }
    }
    changes
}
