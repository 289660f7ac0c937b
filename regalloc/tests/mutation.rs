//! The checker must see what is broken: right allocations are damaged in every way there is, and what the checker says is
//! compared with the obvious data-flow analysis, and with executions of the program beside its allocation.

mod common;

use common::testing::{Shape, TestFunction, generate, machine};
use common::{dense, execute::execute};
use regalloc::{
    Allocation, Edit, Function, Inst, Loc, MachineEnv, Operand, Options, PReg, ProgPoint, RegClass,
    Side, SpillSlot, check, run,
};
use testkit::Random;

/// An allocation taken apart.
#[derive(Clone)]
struct Parts {
    function: TestFunction,
    env: MachineEnv,
    places: Vec<Vec<Loc>>,
    edits: Vec<(ProgPoint, Edit)>,
    slots: u32,
}

fn shape_of(seed: u64) -> Shape {
    Shape {
        blocks: 3 + seed as usize % 7,
        insts: 3 + seed as usize % 5,
        caller_saved: 5,
        callee_saved: 1 + (seed % 2) as u8,
        old_uses: 40,
        calls: 10,
        odd: 30,
        wild: seed.is_multiple_of(3),
    }
}

impl Parts {
    fn new(seed: u64) -> Parts {
        let shape = shape_of(seed);
        let function = generate(seed, &shape);
        let env = machine(shape.caller_saved, shape.callee_saved);
        let allocation = run(&function, &env, &Options::default()).unwrap();
        let insts = 0..function.num_insts() as u32;
        let places = insts.map(|n| allocation.inst_locs(Inst::new(n)).to_vec()).collect();
        let (edits, slots) = (allocation.edits().to_vec(), allocation.num_spill_slots());
        Parts { function, env, places, edits, slots }
    }

    fn allocation(&self) -> Allocation {
        Allocation::from_parts(&self.places, self.edits.clone(), self.slots)
    }

    /// An operand: its instruction, its number there, and itself.
    fn operand(&self, random: &mut Random) -> (usize, usize, Operand) {
        loop {
            let inst = random.below(self.places.len());
            let operands = self.function.inst_operands(Inst::new(inst as u32));
            if !operands.is_empty() {
                let n = random.below(operands.len());
                return (inst, n, operands[n]);
            }
        }
    }

    /// Any place: mostly one of the class.
    fn place(&self, class: RegClass, random: &mut Random) -> Loc {
        let other = if class == RegClass::Int { RegClass::Float } else { RegClass::Int };
        let class = if random.once_in(20) { other } else { class };
        if random.once_in(3) {
            return Loc::Stack(SpillSlot::new(random.below(self.slots as usize + 1) as u32));
        }
        let regs = self.env.order(class);
        let scratch = self.env.scratch(class);
        Loc::Reg(if random.once_in(12) { scratch } else { random.pick(regs).unwrap() })
    }
}

/// Does one small damage; `None` if there is nothing to damage in this way.
type Damage = fn(&mut Parts, &mut Random) -> Option<()>;

/// The place and the edits of a move that can be damaged.
fn an_edit(parts: &Parts, random: &mut Random) -> Option<usize> {
    (!parts.edits.is_empty()).then(|| random.below(parts.edits.len()))
}

fn move_parts(edit: &mut Edit) -> Option<(&mut Loc, &mut Loc, &mut RegClass)> {
    match edit {
        Edit::Move { from, to, class } => Some((from, to, class)),
        Edit::Remat { .. } => None,
    }
}

/// The kinds of damage, and out of 100 how many are wrong at least: the others change nothing, or what nobody reads.
const KINDS: &[(&str, usize, Damage)] = &[
    ("a use in another place", 80, |parts, random| {
        let (inst, n, operand) = parts.operand(random);
        parts.places[inst][n] =
            (!operand.is_def()).then(|| parts.place(operand.class(), random))?;
        Some(())
    }),
    ("a definition in another place", 50, |parts, random| {
        let (inst, n, operand) = parts.operand(random);
        parts.places[inst][n] = operand.is_def().then(|| parts.place(operand.class(), random))?;
        Some(())
    }),
    ("a value moved through another register all the time", 30, |parts, random| {
        let class = RegClass::ALL[random.below(2)];
        let (old, new) = (parts.place(class, random), parts.place(class, random));
        let swap = |loc: &mut Loc| {
            if *loc == old {
                *loc = new
            }
        };
        parts.places.iter_mut().flatten().for_each(swap);
        for (_, edit) in &mut parts.edits {
            match edit {
                Edit::Move { from, to, .. } => [from, to].into_iter().for_each(swap),
                Edit::Remat { to, .. } => {
                    *to = if old == Loc::Reg(*to) { new.as_reg()? } else { *to }
                }
            }
        }
        Some(())
    }),
    ("two operands exchanged", 40, |parts, random| {
        let (inst, n, _) = parts.operand(random);
        let other = random.below(parts.places[inst].len());
        parts.places[inst].swap(n, other);
        Some(())
    }),
    ("an operand without a place", 100, |parts, random| {
        let (inst, n, _) = parts.operand(random);
        parts.places[inst].remove(n);
        Some(())
    }),
    ("an edit left out", 90, |parts, random| {
        let n = an_edit(parts, random)?;
        parts.edits.remove(n);
        Some(())
    }),
    ("an edit twice", 0, |parts, random| {
        let n = an_edit(parts, random)?;
        parts.edits.insert(n, parts.edits[n]);
        Some(())
    }),
    ("an edit in the order of the one behind it", 10, |parts, random| {
        let n = an_edit(parts, random)?;
        let next = parts.edits.get(n + 1)?.1;
        parts.edits[n + 1].1 = std::mem::replace(&mut parts.edits[n].1, next);
        Some(())
    }),
    ("a move from another place", 85, |parts, random| {
        let n = an_edit(parts, random)?;
        let class = *move_parts(&mut parts.edits[n].1)?.2;
        let place = parts.place(class, random);
        *move_parts(&mut parts.edits[n].1)?.0 = place;
        Some(())
    }),
    ("a move to another place", 85, |parts, random| {
        let n = an_edit(parts, random)?;
        let class = *move_parts(&mut parts.edits[n].1)?.2;
        let place = parts.place(class, random);
        *move_parts(&mut parts.edits[n].1)?.1 = place;
        Some(())
    }),
    ("a move the other way", 85, |parts, random| {
        let n = an_edit(parts, random)?;
        let (from, to, _) = move_parts(&mut parts.edits[n].1)?;
        std::mem::swap(from, to);
        Some(())
    }),
    ("a move of the other class", 100, |parts, random| {
        let n = an_edit(parts, random)?;
        let (_, _, class) = move_parts(&mut parts.edits[n].1)?;
        *class = if *class == RegClass::Int { RegClass::Float } else { RegClass::Int };
        Some(())
    }),
    ("another definition run again", 40, |parts, random| {
        let is_const = |n: &usize| parts.function.inst(Inst::new(*n as u32)).name == "const";
        let others: Vec<usize> = (0..parts.places.len()).filter(is_const).collect();
        let other = Inst::new(random.pick(&others)? as u32);
        let first = an_edit(parts, random)?;
        let mut edits = parts.edits[first..].iter_mut();
        let inst = edits.find_map(|(_, edit)| match edit {
            Edit::Remat { inst, .. } => Some(inst),
            Edit::Move { .. } => None,
        });
        *inst? = other;
        Some(())
    }),
    ("an edit on the other side, or at the next instruction", 15, |parts, random| {
        let n = an_edit(parts, random)?;
        let point = &mut parts.edits[n].0;
        *point = match point.side {
            Side::Before => ProgPoint::after(point.inst),
            Side::After => ProgPoint::before(point.inst.next()),
        };
        parts.edits.sort_by_key(|(point, _)| *point);
        Some(())
    }),
    ("edits out of order", 100, |parts, random| {
        let n = an_edit(parts, random)?;
        let other = an_edit(parts, random)?;
        let differ = parts.edits[n].0 != parts.edits[other].0;
        parts.edits.swap(n, other);
        differ.then_some(())
    }),
    ("an edit again, behind those of later instructions", 100, |parts, random| {
        let n = an_edit(parts, random)?;
        let again = parts.edits[n];
        parts.edits.push(again);
        (again.0 < parts.edits[parts.edits.len() - 2].0).then_some(())
    }),
    ("an operand in a register that the instruction clobbers", 60, |parts, random| {
        let clobbers = |n: &usize| parts.function.inst_clobbers(Inst::new(*n as u32));
        let insts: Vec<usize> =
            (0..parts.places.len()).filter(|n| !clobbers(n).is_empty()).collect();
        let inst = random.pick(&insts)?;
        let operands = parts.function.inst_operands(Inst::new(inst as u32));
        let n = (!operands.is_empty()).then(|| random.below(operands.len()))?;
        let regs: Vec<PReg> =
            clobbers(&inst).iter().filter(|reg| reg.class() == operands[n].class()).collect();
        parts.places[inst][n] = Loc::Reg(random.pick(&regs)?);
        Some(())
    }),
    ("two slots made one", 30, |parts, random| {
        let slots = parts.slots as usize;
        let [a, b] = [0, 1].map(|_| Loc::Stack(SpillSlot::new(random.below(slots) as u32)));
        let join = |loc: &mut Loc| {
            if *loc == a {
                *loc = b
            }
        };
        parts.places.iter_mut().flatten().for_each(join);
        let moves = parts.edits.iter_mut().filter_map(|(_, edit)| move_parts(edit));
        moves.for_each(|(from, to, _)| [from, to].into_iter().for_each(join));
        Some(())
    }),
    ("a slot too few", 75, |parts, _| {
        parts.slots = parts.slots.checked_sub(1)?;
        Some(())
    }),
];

/// What the three oracles say of damaged allocations.
#[test]
fn damage_of_every_kind_is_noticed() {
    for &(kind, at_least, damage) in KINDS {
        let (mut wrong, mut total) = (0, 0);
        for seed in 0..24 {
            let right = Parts::new(seed);
            assert!(check(&right.function, &right.env, &right.allocation()).is_ok(), "seed {seed}");
            let mut random = Random::new(seed);
            for _ in 0..24 {
                let mut parts = right.clone();
                if damage(&mut parts, &mut random).is_none()
                    || (parts.places == right.places
                        && parts.edits == right.edits
                        && parts.slots == right.slots)
                {
                    continue;
                }
                let Parts { function, env, .. } = &parts;
                let allocation = parts.allocation();
                let found = check(function, env, &allocation);
                let context = || {
                    let mut text = String::new();
                    let _ = regalloc::dump(function, &allocation, &mut text);
                    format!("seed {seed}, {kind}:\n{text}")
                };
                let slow = dense::check(function, env, &allocation);
                assert_eq!(found.is_ok(), slow.is_ok(), "{found:?}, {}", context());
                if found.is_ok() {
                    for _ in 0..3 {
                        let run = execute(function, env, &allocation, &mut random, 150);
                        assert_eq!(run, Ok(()), "{}", context());
                    }
                }
                total += 1;
                wrong += usize::from(found.is_err());
            }
        }
        println!("{kind}: {wrong} of {total}");
        assert!(total > 50, "{kind}: {total}");
        assert!(wrong * 100 >= total * at_least, "{kind}: {wrong} of {total} are noticed");
    }
}

/// No edit may write a register that neither the allocator owns nor an operand names.
#[test]
fn registers_that_belong_to_nobody_are_refused() {
    let mut parts = Parts::new(1);
    let stranger = PReg::int(50);
    for n in 0..parts.edits.len() {
        let right = parts.edits[n];
        match &mut parts.edits[n].1 {
            Edit::Move { to, class: RegClass::Int, .. } => *to = Loc::Reg(stranger),
            Edit::Remat { to, .. } if to.class() == RegClass::Int => *to = stranger,
            _ => continue,
        }
        let found = check(&parts.function, &parts.env, &parts.allocation());
        assert!(matches!(found, Err(regalloc::CheckError::Edit { .. })), "{found:?}");
        parts.edits[n] = right;
    }
}

/// One instruction, the places of its operands, and whether it can have all of them at the same time.
const AT_ONCE: &[(&str, &[u8], bool)] = &[
    ("op use v0 ! r0", &[0], true),
    ("op use-late v0 ! r0", &[0], false),
    ("op use-late v0 ! r1", &[0], true),
    ("op use-late v0:any ! r0", &[0], false),
    ("op def v2 ! r2", &[2], false),
    ("op def v2 ! r3", &[2], true),
    ("op def v2:r2 ! r2", &[2], true),
    ("op def-early v2 ! r2", &[2], false),
    ("op use v0, def v2", &[0, 0], true),
    ("op use-late v0, def v2", &[0, 0], false),
    ("op use v0, def-early v2", &[0, 0], false),
    ("op use v0, def-early v2", &[0, 2], true),
    ("op def v2, def v3", &[2, 2], false),
    ("op def-early v2, def v3", &[2, 2], false),
    ("op use v0, use v0", &[0, 0], true),
    ("op use v0, use v1, def v2:reuse(0)", &[0, 1, 0], true),
    ("op use v0, use v1, def v2:reuse(0)", &[0, 1, 2], false),
    ("op use v0, use-late v0, def v2:reuse(0)", &[0, 0, 0], false),
];

#[test]
fn what_an_instruction_needs_at_once_is_apart() {
    let reg = |&index: &u8| Loc::Reg(PReg::int(index));
    for &(inst, places, right) in AT_ONCE {
        let text = format!("block0:\nargs def v0:r0, def v1:r1\n{inst}\nret");
        let function = common::testing::parse(&text).unwrap();
        let places = [vec![reg(&0), reg(&1)], places.iter().map(reg).collect(), vec![]];
        let allocation = Allocation::from_parts(&places, vec![], 0);
        let env = machine(4, 2);
        let found = check(&function, &env, &allocation);
        assert_eq!(found.is_ok(), right, "{inst}: {found:?}");
        assert_eq!(dense::check(&function, &env, &allocation).is_ok(), right, "{inst}");
    }
}
