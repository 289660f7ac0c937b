//! The edits that make a case smaller. Each says whether it applies; whether what comes out is valid, and still fails,
//! is asked by whoever tries it.

use cfg::Analyses;
use ir::{
    Block, BlockCall, Function, Inst, InstData, MemFacts, PrimaryMap, SwitchTable, Type, Value,
    ValueDef, WideOp, eval,
};

use super::Place;
use crate::case::Case;

/// All bits of a type.
pub(super) fn ones(ty: Type) -> u128 {
    u128::MAX >> (128 - ty.bits())
}

/// A value between 0 and this one.
pub(super) fn half(ty: Type, bits: u128) -> u128 {
    let shift = 128 - ty.bits();
    let signed = ((bits << shift) as i128) >> shift;
    (signed / 2) as u128 & ones(ty)
}

/// How large a constant is for a reader: its digits first, then its sign.
pub(super) fn size(ty: Type, bits: u128) -> (u128, bool) {
    let shift = 128 - ty.bits();
    let signed = ((bits << shift) as i128) >> shift;
    (signed.unsigned_abs(), signed < 0)
}

/// The constant of a type of at most 64 bits.
pub(super) fn constant(ty: Type, bits: u64) -> InstData {
    if ty.is_int() {
        InstData::IntConst { imm: eval::sign_extend(bits, ty) }
    } else {
        InstData::FloatConst { bits }
    }
}

/// Instructions that define `value`, which nothing defines any more, as a constant.
fn define(func: &mut Function, value: Value, bits: u128) -> Vec<Inst> {
    let ty = func.value_type(value);
    if ty != Type::I128 {
        return vec![func.create_inst_with(constant(ty, bits as u64), &[value], None)];
    }
    let mut half =
        |bits: u128| func.create_inst(constant(Type::I64, bits as u64), &[Type::I64], None);
    let (low, high) = (half(bits), half(bits >> 64));
    let args = [func.results(low)[0], func.results(high)[0]];
    let data = InstData::Wide { op: WideOp::Iconcat, args };
    vec![low, high, func.create_inst_with(data, &[value], None)]
}

pub(super) fn facts(data: &mut InstData) -> Option<&mut MemFacts> {
    match data {
        InstData::Load { facts, .. }
        | InstData::Store { facts, .. }
        | InstData::AtomicLoad { facts, .. }
        | InstData::AtomicStore { facts, .. }
        | InstData::AtomicRmw { facts, .. }
        | InstData::AtomicCas { facts, .. } => Some(facts),
        _ => None,
    }
}

pub(super) fn offset(data: &mut InstData) -> Option<&mut i32> {
    match data {
        InstData::Load { offset, .. }
        | InstData::Store { offset, .. }
        | InstData::StackAddr { offset, .. }
        | InstData::DataAddr { offset, .. } => Some(offset),
        _ => None,
    }
}

/// Variables become values.
pub(super) fn construct_ssa(case: &mut Case) -> bool {
    let mut changed = false;
    for func in case.module.functions.values_mut() {
        changed |= !func.vars.is_empty();
        ssa::construct(func);
        func.vars = PrimaryMap::new();
    }
    changed
}

/// Nothing says where in the source it comes from.
pub(super) fn forget_places(case: &mut Case) -> bool {
    case.module.source_name = None;
    for func in case.module.functions.values_mut() {
        for block in func.layout().to_vec() {
            for inst in func.block_insts(block).to_vec() {
                func.set_span(inst, None);
            }
        }
    }
    true
}

/// How many ways a block may go on.
pub(super) fn ways(func: &Function, block: Block) -> usize {
    let mut count = 0;
    if let Some(last) = func.terminator(block) {
        func.for_each_successor(last, |_| count += 1);
    }
    count
}

fn drop_unreachable(func: &mut Function) {
    cfg::drop_unreachable(func, &mut Analyses::new());
}

/// The block always goes on in the numbered way.
pub(super) fn go_one_way(func: &mut Function, block: Block, way: usize) -> bool {
    let Some(last) = func.terminator(block) else { return false };
    let mut calls = Vec::new();
    func.for_each_successor(last, |call| calls.push(call));
    let Some(call) = calls.get(way) else { return false };
    let args = func.list(call.args).to_vec();
    let target = func.block_call(call.block, &args);
    func.replace(last, InstData::Jump { target });
    drop_unreachable(func);
    true
}

/// The function ends at the end of the block, with zeros.
pub(super) fn end_here(func: &mut Function, block: Block) -> bool {
    let Some(last) = func.terminator(block) else { return false };
    if matches!(func.inst(last), InstData::Return { .. } | InstData::Trap { .. }) {
        return false;
    }
    let mut insts = func.take_block_insts(block);
    insts.pop();
    let types: Vec<Type> = func.signature.result_types().collect();
    let mut values = Vec::new();
    for ty in types {
        let value = func.detached_value(ty);
        insts.extend(define(func, value, 0));
        values.push(value);
    }
    let args = func.make_list(&values);
    insts.push(func.create_inst(InstData::Return { args }, &[], None));
    func.set_block_insts(block, insts);
    drop_unreachable(func);
    true
}

/// The switch has not these cases (counted from 1).
pub(super) fn drop_cases(func: &mut Function, block: Block, cases: &[usize]) -> bool {
    let Some(last) = func.terminator(block) else { return false };
    let InstData::Switch { table, .. } = *func.inst(last) else { return false };
    let SwitchTable { cases: old, .. } = &func.switches[table];
    let dropped: Vec<i64> =
        cases.iter().filter_map(|&at| old.get(at - 1)).map(|&(value, _)| value).collect();
    // Numbers of cases change as they go: those at the end are safe.
    func.switches[table].cases.retain(|(value, _)| !dropped.contains(value));
    drop_unreachable(func);
    !dropped.is_empty()
}

/// Where a block is gone to from, as often as there are ways.
fn ways_into(func: &Function, block: Block) -> usize {
    let mut count = 0;
    for &other in func.layout() {
        if let Some(last) = func.terminator(other) {
            func.for_each_successor(last, |call| count += usize::from(call.block == block));
        }
    }
    count
}

pub(super) fn replace_uses(func: &mut Function, value: Value, by: Value) -> bool {
    let mut changed = false;
    for block in func.layout().to_vec() {
        for inst in func.block_insts(block).to_vec() {
            func.map_operands(inst, |operand| {
                changed |= operand == value;
                if operand == value { by } else { operand }
            });
        }
    }
    changed
}

fn is_used(func: &Function, value: Value) -> bool {
    let mut used = false;
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            func.for_each_operand(inst, |operand| used |= operand == value);
        }
    }
    used
}

/// A block and the only one behind it become one.
pub(super) fn merge_with_next(func: &mut Function, block: Block) -> bool {
    let Some(last) = func.layout().contains(&block).then(|| func.terminator(block)).flatten()
    else {
        return false;
    };
    let InstData::Jump { target } = *func.inst(last) else { return false };
    let next = target.block;
    if next == block || Some(next) == func.entry() || ways_into(func, next) != 1 {
        return false;
    }
    let params = func.block_params(next).to_vec();
    let args = func.list(target.args).to_vec();
    for (param, arg) in params.into_iter().zip(args) {
        replace_uses(func, param, arg);
    }
    func.retain_block_params(next, |_, _| false);
    let mut insts = func.take_block_insts(block);
    insts.pop();
    insts.extend(func.take_block_insts(next));
    func.set_block_insts(block, insts);
    let layout = func.layout().iter().copied().filter(|&other| other != next).collect();
    func.set_layout(layout);
    true
}

/// Who goes to a block that only jumps on goes there at once.
pub(super) fn pass_by(func: &mut Function, block: Block) -> bool {
    if !func.layout().contains(&block) || Some(block) == func.entry() {
        return false;
    }
    let &[last] = func.block_insts(block) else { return false };
    let InstData::Jump { target } = *func.inst(last) else { return false };
    if target.block == block {
        return false;
    }
    let params = func.block_params(block).to_vec();
    let onward = func.list(target.args).to_vec();
    for other in func.layout().to_vec() {
        let Some(last) = func.terminator(other) else { continue };
        func.map_successors(last, |func, call| {
            if call.block != block {
                return call;
            }
            let given = func.list(call.args).to_vec();
            let args: Vec<Value> = onward
                .iter()
                .map(|arg| match params.iter().position(|param| param == arg) {
                    Some(index) => given[index],
                    None => *arg,
                })
                .collect();
            func.block_call(target.block, &args)
        });
    }
    drop_unreachable(func);
    true
}

/// Removes instructions; results that are needed become 0.
pub(super) fn remove_insts(case: &mut Case, places: &[Place]) -> bool {
    let mut changed = false;
    for (index, func) in case.module.functions.values_mut().enumerate() {
        let gone: Vec<Inst> =
            places.iter().filter(|(func, _)| *func == index).map(|&(_, inst)| inst).collect();
        if gone.is_empty() {
            continue;
        }
        let mut used = std::collections::HashSet::new();
        for &block in func.layout() {
            for &inst in func.block_insts(block) {
                // What goes too needs nothing.
                if !gone.contains(&inst) {
                    func.for_each_operand(inst, |value| {
                        used.insert(value);
                    });
                }
            }
        }
        for block in func.layout().to_vec() {
            let mut kept = Vec::new();
            for inst in func.take_block_insts(block) {
                let results = func.results(inst).to_vec();
                let needed: Vec<Value> =
                    results.iter().copied().filter(|value| used.contains(value)).collect();
                let is_constant = matches!(
                    func.inst(inst),
                    InstData::IntConst { .. } | InstData::FloatConst { .. }
                );
                // The constant of an i128 is made of its halves: that gains nothing again.
                let is_wide = matches!(func.inst(inst), InstData::Wide { op: WideOp::Iconcat, .. });
                if !gone.contains(&inst) || ((is_constant || is_wide) && !needed.is_empty()) {
                    kept.push(inst);
                    continue;
                }
                func.detach(inst);
                for value in needed {
                    kept.extend(define(func, value, 0));
                }
                changed = true;
            }
            func.set_block_insts(block, kept);
        }
    }
    changed
}

/// Values of the same type that may stand for a value: operands of the instruction, then parameters of the function.
pub(super) fn others(func: &Function, value: Value, inst: Option<Inst>) -> Vec<Value> {
    let mut others = Vec::new();
    if let Some(inst) = inst {
        func.for_each_operand(inst, |operand| others.push(operand));
    }
    if let Some(entry) = func.entry() {
        others.extend(func.block_params(entry));
    }
    let ty = func.value_type(value);
    others.retain(|&other| func.value_type(other) == ty && other != value);
    others.dedup();
    others
}

/// The list of values without one of them.
fn shorter(func: &mut Function, list: ir::ValueList, index: usize) -> ir::ValueList {
    let mut values = func.list(list).to_vec();
    values.remove(index);
    func.make_list(&values)
}

/// A parameter of a block becomes the value that all pass, else 0.
pub(super) fn remove_block_param(func: &mut Function, block: Block, index: usize) -> bool {
    let Some(&param) = func.block_params(block).get(index) else { return false };
    let mut passed = Vec::new();
    for other in func.layout().to_vec() {
        let Some(last) = func.terminator(other) else { continue };
        func.map_successors(last, |func, call| {
            if call.block != block {
                return call;
            }
            passed.push(func.list(call.args)[index]);
            BlockCall { block, args: shorter(func, call.args, index) }
        });
    }
    passed.retain(|&value| value != param);
    passed.dedup();
    func.retain_block_params(block, |at, _| at != index);
    // An argument of the only way in stands before the block.
    match passed.as_slice() {
        &[one] if ways_into(func, block) == 1 => {
            replace_uses(func, param, one);
        }
        _ => start_with(func, block, param, 0),
    }
    true
}

/// Defines a value as a constant at the start of a block.
fn start_with(func: &mut Function, block: Block, value: Value, bits: u128) {
    debug_assert_eq!(func.value_def(value), ValueDef::Detached);
    if is_used(func, value) {
        let mut insts = define(func, value, bits);
        insts.extend(func.take_block_insts(block));
        func.set_block_insts(block, insts);
    }
}

/// Returns `true` if the address of a function is taken, so that its signature must stay.
fn has_address(case: &Case, name: &str) -> bool {
    case.module.functions.values().any(|func| {
        func.layout().iter().flat_map(|&block| func.block_insts(block)).any(|&inst| {
            matches!(func.inst(inst), InstData::FuncAddr { callee } if func.callees[*callee].name == name)
        })
    })
}

/// Every call of a function in the module, for a change of its signature.
fn for_each_call(
    case: &mut Case,
    name: &str,
    signature: &ir::Signature,
    mut edit: impl FnMut(&mut Function, Inst, InstData) -> Vec<Inst>,
) {
    for func in case.module.functions.values_mut() {
        let callees: Vec<_> =
            func.callees.iter().filter(|(_, c)| c.name == name).map(|(key, _)| key).collect();
        for &callee in &callees {
            func.callees[callee].signature = signature.clone();
        }
        for block in func.layout().to_vec() {
            let mut edited = Vec::new();
            for inst in func.take_block_insts(block) {
                match *func.inst(inst) {
                    data @ (InstData::Call { callee, .. } | InstData::TailCall { callee, .. })
                        if callees.contains(&callee) =>
                    {
                        edited.extend(edit(func, inst, data));
                    }
                    _ => edited.push(inst),
                }
            }
            func.set_block_insts(block, edited);
        }
    }
}

/// A parameter of a function becomes what the first call passes.
pub(super) fn remove_param(case: &mut Case, func: usize, index: usize) -> bool {
    let Some((name, function)) = case.module.functions.get_index_mut(func) else { return false };
    let name = name.clone();
    function.signature.params.remove(index);
    let signature = function.signature.clone();
    let (Some(entry), false) = (function.entry(), has_address(case, &name)) else { return false };
    let mut bits = None;
    for call in case.calls.iter_mut().filter(|call| call.function == name) {
        let value = call.args.remove(index);
        bits.get_or_insert(value.bits());
    }
    let function = &mut case.module.functions[func];
    let param = function.block_params(entry)[index];
    function.retain_block_params(entry, |at, _| at != index);
    start_with(function, entry, param, bits.unwrap_or(0));
    for_each_call(case, &name, &signature, |func, inst, data| {
        let data = match data {
            InstData::Call { callee, args } => {
                InstData::Call { callee, args: shorter(func, args, index) }
            }
            InstData::TailCall { callee, args } => {
                InstData::TailCall { callee, args: shorter(func, args, index) }
            }
            other => other,
        };
        func.replace(inst, data);
        vec![inst]
    });
    // A loop to the entry block would pass it too.
    ways_into(&case.module.functions[func], entry) == 0
}

/// A result of a function is not returned any more.
pub(super) fn remove_result(case: &mut Case, func: usize, index: usize) -> bool {
    let Some((name, function)) = case.module.functions.get_index_mut(func) else { return false };
    let name = name.clone();
    function.signature.results.remove(index);
    let signature = function.signature.clone();
    for block in function.layout().to_vec() {
        let Some(last) = function.terminator(block) else { continue };
        if let InstData::Return { args } = *function.inst(last) {
            let args = shorter(function, args, index);
            function.replace(last, InstData::Return { args });
        }
    }
    if has_address(case, &name) {
        return false;
    }
    for_each_call(case, &name, &signature, |func, inst, data| {
        if !matches!(data, InstData::Call { .. }) {
            return vec![inst];
        }
        let mut results = func.results(inst).to_vec();
        let dropped = results.remove(index);
        func.detach(inst);
        let mut insts = vec![func.create_inst_with(data, &results, None)];
        insts.extend(define(func, dropped, 0));
        insts
    });
    true
}

/// Slots that no instruction names go.
pub(super) fn drop_slots(func: &mut Function) -> bool {
    let mut places = Vec::new();
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            if let InstData::StackAddr { slot, offset } = *func.inst(inst) {
                places.push((inst, slot, offset));
            }
        }
    }
    let mut slots = PrimaryMap::new();
    let before = func.slots.len();
    for (old, data) in func.slots.iter().map(|(slot, data)| (slot, *data)).collect::<Vec<_>>() {
        let users = places.iter().filter(|(_, slot, _)| *slot == old);
        if users.clone().next().is_some() {
            let slot = slots.push(data);
            users.for_each(|&(inst, _, offset)| {
                func.replace(inst, InstData::StackAddr { slot, offset });
            });
        }
    }
    func.slots = slots;
    func.slots.len() < before
}

/// A slot becomes as large as the accesses to it need, if they are all by its own address.
pub(super) fn fit_slot(func: &mut Function, slot: ir::StackSlot) -> bool {
    let mut needed = 1;
    let base = |value: Value| match func.def_inst(value) {
        Some((_, &InstData::StackAddr { slot: of, offset })) if of == slot => Some(offset),
        _ => None,
    };
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            let mut uses = 0;
            func.for_each_operand(inst, |operand| uses += usize::from(base(operand).is_some()));
            let (addr, offset, ty) = match *func.inst(inst) {
                InstData::Load { addr, offset, kind, .. } => {
                    let Some(result) = func.result(inst) else { return false };
                    (addr, offset, kind.memory_type(func.value_type(result)))
                }
                InstData::Store { addr, offset, kind, value, .. } => {
                    (addr, offset, kind.memory_type(func.value_type(value)))
                }
                _ if uses > 0 => return false,
                _ => continue,
            };
            match base(addr) {
                Some(base) if uses == 1 => {
                    let end = i64::from(base) + i64::from(offset) + i64::from(ty.bytes());
                    needed = needed.max(u64::try_from(end).unwrap_or(u64::MAX));
                }
                _ if uses > 0 => return false,
                _ => {}
            }
        }
    }
    let data = &mut func.slots[slot];
    let changed = needed < data.size;
    data.size = data.size.min(needed);
    changed
}
