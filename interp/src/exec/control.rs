//! Moves, jumps, calls, traps and counters.

use ir::TrapKind;

use super::branch::kind_of;
use super::{Exit, come_back, go, handler, next, trap};
use crate::code::SwitchTargets;
use crate::op::Handler;

macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident = |$op:ident, $rest:ident, $r:ident, $machine:ident| $body:expr;)*) => {
        $($(#[$doc])* pub(crate) fn $name() -> Handler {
            handler!(|$op, $rest, $r, $machine| $body)
        })*
    };
}

handlers! {
    /// After the last operation, which goes on elsewhere.
    end = |_op, rest, _r, machine| trap(rest, machine, TrapKind::Unreachable);
    /// `d = a`.
    move_register = |op, rest, r, machine| {
        r[usize::from(op.d)] = r[usize::from(op.a)];
        next!(op, rest, r, machine)
    };
    /// `d = wide`, sign-extended.
    constant = |op, rest, r, machine| {
        r[usize::from(op.d)] = i64::from(op.wide() as i32) as u64;
        next!(op, rest, r, machine)
    };
    /// `d` = the constant `wide` of the function's pool.
    long_constant = |op, rest, r, machine| {
        let Some(&bits) = machine.code.pool.get(op.wide() as usize) else {
            return trap(rest, machine, TrapKind::Unreachable);
        };
        r[usize::from(op.d)] = bits;
        next!(op, rest, r, machine)
    };
    /// `d` = the address of the stack slots plus `wide`.
    stack_addr = |op, rest, r, machine| {
        r[usize::from(op.d)] = machine.slots.wrapping_add(op.wide().into());
        next!(op, rest, r, machine)
    };
    /// `d` = the register `wide` above the window: for frames of functions with very many values at once.
    wide_get = |op, rest, r, machine| {
        let index = machine.wide_base + op.wide() as usize;
        r[usize::from(op.d)] = machine.wide[index];
        next!(op, rest, r, machine)
    };
    /// The register `wide` above the window = `d`.
    wide_set = |op, rest, r, machine| {
        let index = machine.wide_base + op.wide() as usize;
        machine.wide[index] = r[usize::from(op.d)];
        next!(op, rest, r, machine)
    };

    /// Comes back if it is time to.
    yield_point = |op, rest, r, machine| {
        machine.yield_budget -= 1;
        if machine.yield_budget == 0 {
            return come_back(op, rest, machine);
        }
        next!(op, rest, r, machine)
    };
    /// Jump to `wide`.
    jump = |op, _rest, r, machine| go!(op.wide() as usize, r, machine);
    /// Jump to `wide` if `d` is not zero.
    branch_nonzero = |op, rest, r, machine| {
        if r[usize::from(op.d)] != 0 {
            return go!(op.wide() as usize, r, machine);
        }
        next!(op, rest, r, machine)
    };
    /// Jump to `wide` if `d` is zero.
    branch_zero = |op, rest, r, machine| {
        if r[usize::from(op.d)] == 0 {
            return go!(op.wide() as usize, r, machine);
        }
        next!(op, rest, r, machine)
    };
    /// Jump to where the table `wide` says for `d`.
    switch = |op, rest, r, machine| {
        let value = r[usize::from(op.d)];
        let Some(table) = machine.code.tables.get(op.wide() as usize) else {
            return trap(rest, machine, TrapKind::Unreachable);
        };
        let target = match table {
            SwitchTargets::Dense { first, mask, targets, default } => {
                let index = value.wrapping_sub(*first) & mask;
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                targets.get(index).copied().unwrap_or(*default)
            }
            SwitchTargets::Sparse { values, targets, default } => values
                .binary_search(&value)
                .ok()
                .and_then(|index| targets.get(index).copied())
                .unwrap_or(*default),
        };
        go!(target as usize, r, machine)
    };

    /// Call of the site `wide`.
    call = |op, rest, _r, machine| {
        machine.op = op;
        machine.rest = rest;
        machine.detail = op.wide().into();
        Exit::Call
    };
    /// The same of the function at the address `d`.
    call_indirect = |op, rest, r, machine| {
        machine.op = op;
        machine.rest = rest;
        machine.detail = op.wide().into();
        machine.address = r[usize::from(op.d)];
        Exit::Call
    };
    /// Call of the site `wide` in the place of this function.
    tail_call = |op, rest, _r, machine| {
        machine.op = op;
        machine.rest = rest;
        machine.detail = op.wide().into();
        Exit::TailCall
    };
    /// The same of the function at the address `d`.
    tail_call_indirect = |op, rest, r, machine| {
        machine.op = op;
        machine.rest = rest;
        machine.detail = op.wide().into();
        machine.address = r[usize::from(op.d)];
        Exit::TailCall
    };
    /// Return of `d`.
    return_one = |op, _rest, r, machine| {
        machine.detail = r[usize::from(op.d)];
        Exit::ReturnOne
    };
    /// Return of the registers of the list `wide`.
    return_list = |op, _rest, _r, machine| {
        machine.detail = op.wide().into();
        Exit::ReturnList
    };

    /// Trap of the kind `c`.
    trap_always = |op, rest, _r, machine| trap(rest, machine, kind_of(op));
    /// Trap of the kind `c` if `d` is not zero.
    trap_nonzero = |op, rest, r, machine| {
        if r[usize::from(op.d)] != 0 {
            return trap(rest, machine, kind_of(op));
        }
        next!(op, rest, r, machine)
    };

    /// In counted programs, at the start of each block: counts it and takes its instructions from the budget.
    count_block = |op, rest, r, machine| {
        let index = op.wide() as usize;
        let code = machine.code;
        let count = machine.counts.of(code).and_then(|counts| counts.blocks.get_mut(index));
        let (Some(&(_, weight)), Some(count)) = (code.counters.blocks.get(index), count) else {
            unreachable!("every block of the code that runs has a count");
        };
        *count += 1;
        match machine.fuel.checked_sub(weight) {
            Some(left) => {
                machine.fuel = left;
                next!(op, rest, r, machine)
            }
            None => trap(rest, machine, TrapKind::OutOfFuel),
        }
    };
    /// In counted programs, on each edge.
    count_edge = |op, rest, r, machine| {
        let index = op.wide() as usize;
        let count = machine.counts.of(machine.code).and_then(|counts| counts.edges.get_mut(index));
        let Some(count) = count else {
            unreachable!("every edge of the code that runs has a count");
        };
        *count += 1;
        next!(op, rest, r, machine)
    };
}
