//! Sequences of moves against what "all at once" means.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, proptest};
use regalloc::moves::{ParallelMove, Sequencer, Source};
use regalloc::{Edit, Inst, Loc, PReg, RegClass, SpillSlot};

const SCRATCH: [PReg; 2] = [PReg::int(63), PReg::float(63)];
const SPARE: SpillSlot = SpillSlot::new(1000);

/// Place number `n` of a class: half registers, half slots. Slots are shared by the classes.
fn place(n: usize, class: RegClass) -> Loc {
    if n < 6 {
        Loc::Reg(PReg::new(n as u8, class).unwrap())
    } else {
        Loc::Stack(SpillSlot::new(n as u32 - 6))
    }
}

fn any_moves() -> impl Strategy<Value = Vec<ParallelMove>> {
    let one = (0usize..12, 0usize..13, prop::bool::ANY);
    prop::collection::vec(one, 0..16).prop_map(|moves| {
        let mut written = BTreeMap::new();
        let mut class_of_slot = BTreeMap::new();
        for (to, from, float) in moves {
            let class = if float { RegClass::Float } else { RegClass::Int };
            let to = place(to, class);
            let from = if from == 12 {
                Source::Remat(Inst::new(7))
            } else {
                Source::Loc(place(from, class))
            };
            // One slot holds a value of one class before the moves.
            if let Source::Loc(Loc::Stack(slot)) = from
                && *class_of_slot.entry(slot).or_insert(class) != class
            {
                continue;
            }
            written.entry(to).or_insert(ParallelMove { from, to, class });
        }
        written.into_values().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_sequence_does_what_the_moves_do_at_once(moves in any_moves()) {
        // Every place starts with its own name in it.
        let mut memory: BTreeMap<Loc, String> = BTreeMap::new();
        let read = |memory: &BTreeMap<Loc, String>, loc: Loc| {
            memory.get(&loc).cloned().unwrap_or_else(|| loc.to_string())
        };
        let mut expected = BTreeMap::new();
        for parallel in &moves {
            let value = match parallel.from {
                Source::Loc(from) => from.to_string(),
                Source::Remat(inst) => inst.to_string(),
            };
            expected.insert(parallel.to, value);
        }
        let mut edits = Vec::new();
        let mut sequencer = Sequencer::new(SCRATCH);
        sequencer.sequence(&moves, || SPARE, |edit| edits.push(edit)).unwrap();
        for edit in &edits {
            match *edit {
                Edit::Move { from, to, class } => {
                    assert!(from.as_reg().is_none_or(|reg| reg.class() == class), "{edits:?}");
                    assert!(to.as_reg().is_none_or(|reg| reg.class() == class), "{edits:?}");
                    assert!(from.as_stack().is_none() || to.as_stack().is_none(), "{edits:?}");
                    let value = read(&memory, from);
                    memory.insert(to, value);
                }
                Edit::Remat { inst, to } => {
                    memory.insert(Loc::Reg(to), inst.to_string());
                }
            }
        }
        for index in 0..12 {
            for class in RegClass::ALL {
                let loc = place(index, class);
                let wanted = expected.get(&loc).cloned().unwrap_or_else(|| loc.to_string());
                prop_assert_eq!(read(&memory, loc), wanted, "{} after {:?}", loc, &edits);
            }
        }
        // One edit a move, one more for each cycle and for each move between slots, two for a cycle of slots.
        prop_assert!(edits.len() <= 3 * moves.len());
    }
}

#[test]
fn two_moves_into_one_place_are_refused() {
    let [a, b, c] = [0, 1, 2].map(|n| Loc::Reg(PReg::int(n)));
    let moves =
        [a, b].map(|from| ParallelMove { from: Source::Loc(from), to: c, class: RegClass::Int });
    let error = Sequencer::new(SCRATCH).sequence(&moves, || SPARE, |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "two moves that happen at once write r2");
}
