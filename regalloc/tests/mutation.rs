//! The checker must see what is broken: right allocations are damaged at random, and it has to complain.

use regalloc::testing::{Shape, TestFunction, generate, machine};
use regalloc::{
    Allocation, Edit, Function, Inst, Loc, MachineEnv, Operand, Options, PReg, PRegSet, ProgPoint,
    RegClass, SpillSlot, check, run,
};

const SHAPE: Shape = Shape {
    blocks: 8,
    insts: 8,
    caller_saved: 5,
    callee_saved: 2,
    old_uses: 40,
    calls: 15,
    wild: false,
};

/// An allocation taken apart.
struct Parts {
    function: TestFunction,
    env: MachineEnv,
    places: Vec<Vec<Loc>>,
    edits: Vec<(ProgPoint, Edit)>,
    slots: u32,
}

impl Parts {
    fn new(seed: u64) -> Parts {
        let function = generate(seed, &SHAPE);
        let env = machine(SHAPE.caller_saved, SHAPE.callee_saved);
        let allocation = run(&function, &env, &Options::default()).unwrap();
        let insts = 0..function.num_insts() as u32;
        let places = insts.map(|n| allocation.inst_locs(Inst::new(n)).to_vec()).collect();
        let (edits, slots) = (allocation.edits().to_vec(), allocation.num_spill_slots());
        let parts = Parts { function, env, places, edits, slots };
        assert!(parts.passes(), "seed {seed} before any damage");
        parts
    }

    fn passes(&self) -> bool {
        let allocation = Allocation::from_parts(&self.places, self.edits.clone(), self.slots);
        check(&self.function, &self.env, &allocation).is_ok()
    }

    fn operands(&self) -> impl Iterator<Item = (usize, usize, Operand)> + '_ {
        (0..self.places.len()).flat_map(move |inst| {
            let operands = self.function.inst_operands(Inst::new(inst as u32));
            operands.iter().enumerate().map(move |(n, &operand)| (inst, n, operand))
        })
    }
}

/// A place of the class that nothing is ever in: allocatable, unused, and not fixed by any operand.
fn unused_place(parts: &Parts, class: RegClass) -> Loc {
    let used: PRegSet = parts.places.iter().flatten().filter_map(|loc| loc.as_reg()).collect();
    let free = parts.env.order(class).iter().find(|reg| !used.contains(**reg));
    free.map_or(Loc::Stack(SpillSlot::new(parts.slots)), |&reg| Loc::Reg(reg))
}

#[test]
fn an_operand_in_a_place_that_holds_nothing_is_noticed() {
    for seed in 0..8 {
        let mut parts = Parts::new(seed);
        let operands: Vec<_> = parts.operands().collect();
        let slots = parts.slots;
        for (inst, n, operand) in operands.into_iter().filter(|(.., op)| !op.is_def()) {
            let wrong = unused_place(&parts, operand.class());
            parts.slots = slots + 1;
            let right = std::mem::replace(&mut parts.places[inst][n], wrong);
            assert!(!parts.passes(), "seed {seed}: inst{inst} operand {n} in {wrong}");
            parts.places[inst][n] = right;
            parts.slots = slots;
        }
    }
}

#[test]
fn a_use_in_another_register_is_noticed_unless_that_holds_the_value_too() {
    let (mut noticed, mut total) = (0, 0);
    for seed in 0..8 {
        let mut parts = Parts::new(seed);
        let operands: Vec<_> = parts.operands().collect();
        for (inst, n, operand) in operands.into_iter().filter(|(.., op)| !op.is_def()) {
            for index in 0..3 {
                let reg = PReg::new(index, operand.class()).unwrap();
                if parts.places[inst][n] == Loc::Reg(reg) {
                    continue;
                }
                let right = std::mem::replace(&mut parts.places[inst][n], Loc::Reg(reg));
                total += 1;
                noticed += usize::from(!parts.passes());
                parts.places[inst][n] = right;
            }
        }
    }
    // Copies in two registers at a time are made for fixed operands and for reloads only.
    assert!(noticed * 100 > total * 95, "{noticed} of {total}");
}

#[test]
fn a_missing_edit_is_noticed() {
    let (mut noticed, mut total) = (0, 0);
    for seed in 0..8 {
        let mut parts = Parts::new(seed);
        for n in 0..parts.edits.len() {
            let edit = parts.edits.remove(n);
            total += 1;
            noticed += usize::from(!parts.passes());
            parts.edits.insert(n, edit);
        }
    }
    // An edit that can go without notice is a wasted instruction, or the program itself has two names for one value.
    assert!(noticed * 100 > total * 90, "{noticed} of {total}");
}

#[test]
fn exchanged_edits_are_noticed_where_order_matters() {
    let mut noticed = 0;
    for seed in 0..10 {
        let mut parts = Parts::new(seed);
        for n in 1..parts.edits.len() {
            parts.edits.swap(n - 1, n);
            noticed += usize::from(!parts.passes());
            parts.edits.swap(n - 1, n);
        }
    }
    assert!(noticed > 100, "{noticed}");
}

#[test]
fn a_definition_in_the_place_of_another_live_value_is_noticed() {
    let (mut noticed, mut total) = (0, 0);
    for seed in 0..8 {
        let mut parts = Parts::new(seed);
        let operands: Vec<_> = parts.operands().collect();
        let defs = operands.into_iter().filter(|(.., op)| op.is_def());
        for (inst, n, operand) in defs {
            let reg = Loc::Reg(PReg::new(1, operand.class()).unwrap());
            if parts.places[inst][n] == reg {
                continue;
            }
            let right = std::mem::replace(&mut parts.places[inst][n], reg);
            total += 1;
            noticed += usize::from(!parts.passes());
            parts.places[inst][n] = right;
        }
    }
    // Values that are never read can be written anywhere that is free.
    assert!(noticed * 100 > total * 50, "{noticed} of {total}");
}
