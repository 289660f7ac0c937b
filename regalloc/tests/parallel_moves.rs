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

/// What a place holds: the number of a value, and its class.
type Held = (usize, RegClass);

/// Registers and slots of the enumeration, and the numbers of their first values.
const PLACES: [Loc; 6] = [
    Loc::Reg(PReg::int(0)),
    Loc::Reg(PReg::int(1)),
    Loc::Reg(PReg::float(0)),
    Loc::Stack(SpillSlot::new(0)),
    Loc::Stack(SpillSlot::new(1)),
    Loc::Stack(SpillSlot::new(2)),
];

/// Executes the sequence for `moves` and compares every place with what they do at once.
fn check(sequencer: &mut Sequencer, moves: &[ParallelMove], before: &[Held; 6]) {
    let index = |loc: Loc| PLACES.iter().position(|&place| place == loc);
    let mut right = *before;
    for parallel in moves {
        if let (Source::Loc(from), Some(to)) = (parallel.from, index(parallel.to)) {
            right[to] = before[index(from).unwrap()];
        }
    }
    // Behind the places: the scratch registers and the spare slot.
    let all = |loc: Loc| match loc {
        Loc::Stack(SPARE) => 8,
        Loc::Reg(reg) if SCRATCH.contains(&reg) => 6 + reg.class().index(),
        _ => index(loc).unwrap_or_else(|| panic!("{loc} is nobody's: {moves:?}")),
    };
    let mut now: Vec<Option<Held>> = before.iter().copied().map(Some).chain([None; 3]).collect();
    let (mut asked, mut steps) = (0, 0);
    let mut edits = Vec::new();
    let mut spare = || {
        asked += 1;
        SPARE
    };
    sequencer.sequence(moves, &mut spare, |edit| edits.push(edit)).unwrap();
    for &edit in &edits {
        let Edit::Move { from, to, class } = edit else { panic!("{edit}: {moves:?}") };
        steps += 1;
        assert!(from.as_stack().is_none() || to.as_stack().is_none(), "{moves:?}: {edits:?}");
        let held = now[all(from)];
        let fits = held.is_some_and(|(_, held)| held == class)
            && [from, to].iter().all(|loc| loc.as_reg().is_none_or(|reg| reg.class() == class));
        assert!(fits, "{edit} moves {held:?}, {moves:?}: {edits:?}");
        now[all(to)] = held;
    }
    for (place, held) in right.into_iter().enumerate() {
        assert_eq!(now[place], Some(held), "{}, {moves:?}: {edits:?}", PLACES[place]);
    }
    let moving = moves.iter().filter(|m| m.from != Source::Loc(m.to));
    let between =
        |m: &&ParallelMove| matches!((m.from, m.to), (Source::Loc(Loc::Stack(_)), Loc::Stack(_)));
    let (count, slots) = (moving.clone().count(), moving.filter(between).count());
    // Two edits for a move from slot to slot; one more for each of up to three cycles, or two for one in slots.
    assert!(steps <= count + slots + 4, "{steps} steps for {moves:?}: {edits:?}");
    assert!(asked == 0 || slots > 0, "a slot is asked for without need: {moves:?}");
}

/// Every set of moves between two integer registers, a float register and three slots, whatever class is in those.
#[test]
fn all_small_sets_of_moves() {
    let mut sequencer = Sequencer::new(SCRATCH);
    let mut sets = 0;
    for classes in 0..8_usize {
        let class_in_slot = |n: usize| RegClass::ALL[classes >> n & 1];
        let mut before = [(0, RegClass::Int); 6];
        for (place, held) in before.iter_mut().enumerate() {
            let class =
                PLACES[place].as_reg().map_or_else(|| class_in_slot(place - 3), PReg::class);
            *held = (place, class);
        }
        // For each place, what can be moved there: nothing, or what is in a place that fits.
        let sources = PLACES.map(|to| {
            let fits = |from: &usize| to.as_reg().is_none_or(|reg| reg.class() == before[*from].1);
            let from = (0..6).filter(fits).map(Some);
            std::iter::once(None).chain(from).collect::<Vec<Option<usize>>>()
        });
        let total: usize = sources.iter().map(Vec::len).product();
        for mut code in 0..total {
            let mut moves = [None; 6];
            for (to, options) in sources.iter().enumerate() {
                moves[to] = options[code % options.len()].map(|from| (from, to));
                code /= options.len();
            }
            let moves: Vec<ParallelMove> = moves
                .iter()
                .flatten()
                .map(|&(from, to)| ParallelMove {
                    from: Source::Loc(PLACES[from]),
                    to: PLACES[to],
                    class: before[from].1,
                })
                .collect();
            check(&mut sequencer, &moves, &before);
            sets += 1;
        }
    }
    assert!(sets > 100_000, "{sets}");
}

/// Moves that are listed twice are done once.
#[test]
fn equal_moves_are_one() {
    let [a, b] = [0, 1].map(|n| Loc::Reg(PReg::int(n)));
    let one = ParallelMove { from: Source::Loc(a), to: b, class: RegClass::Int };
    let mut edits = Vec::new();
    let mut sequencer = Sequencer::new(SCRATCH);
    sequencer.sequence(&[one, one], || SPARE, |edit| edits.push(edit)).unwrap();
    assert_eq!(edits, [Edit::Move { from: a, to: b, class: RegClass::Int }]);
}

/// What is made again is made after all moves, because it may overwrite what they read.
#[test]
fn definitions_that_are_run_again_come_last() {
    let [a, b] = [0, 1].map(|n| Loc::Reg(PReg::int(n)));
    let slot = Loc::Stack(SpillSlot::new(0));
    for class in RegClass::ALL {
        let again = Source::Remat(Inst::new(3));
        let moves = [
            ParallelMove { from: again, to: a, class: RegClass::Int },
            ParallelMove { from: again, to: slot, class },
            ParallelMove { from: Source::Loc(a), to: b, class: RegClass::Int },
        ];
        let mut edits = Vec::new();
        Sequencer::new(SCRATCH).sequence(&moves, || SPARE, |edit| edits.push(edit)).unwrap();
        let via = SCRATCH[class.index()];
        let right = [
            Edit::Move { from: a, to: b, class: RegClass::Int },
            Edit::Remat { inst: Inst::new(3), to: PReg::int(0) },
            Edit::Remat { inst: Inst::new(3), to: via },
            Edit::Move { from: Loc::Reg(via), to: slot, class },
        ];
        assert_eq!(edits, right);
    }
}
