//! Atomic accesses: machine code with and without LSE against `ir::eval`, every operation on every type.

#[allow(dead_code)] // each test uses its part
mod common;

use arm64_sim::{CallArgs, CodeKind, Config, Fault, Permission, Simulator, Stop};
use codegen::{Options, compile};
use ir::{Function, FunctionBuilder, RmwOp, TrapKind, Type, Value, eval};
use testkit::Random;

/// Code may lie anywhere, and so may memory.
const BASE: u64 = 0x10_0000;
const MEMORY: u64 = 0x20_0000;

const INTS: [Type; 4] = [Type::I8, Type::I16, Type::I32, Type::I64];

fn options(lse: bool) -> Options {
    Options::default().checked().with_lse(lse)
}

/// A function of an address and two values of a type. It returns what `body` does, and the aligned word of memory that
/// the address is in.
fn function(ty: Type, body: impl Fn(&FunctionBuilder, Value, [Value; 2]) -> Value) -> Function {
    let b = FunctionBuilder::new("f");
    let (addr, x, y) = (b.param(Type::I64), b.param(ty), b.param(ty));
    let result = body(&b, addr, [x, y]);
    // Extended, so that bits above the type count.
    let result = if ty == Type::I64 { result } else { b.zext(Type::I64, result) };
    let word = b.load(Type::I64, b.and(addr, b.iconst(Type::I64, -8)), 0);
    b.ret([result, word]);
    b.finish().expect("it keeps the rules")
}

/// Calls it: the address is so many bytes into a word.
fn run(
    func: &Function,
    lse: bool,
    ty: Type,
    word: u64,
    offset: u64,
    args: [u64; 2],
    noise: u64,
) -> Result<[u64; 2], TrapKind> {
    let code = compile(func, &options(lse)).unwrap_or_else(|error| panic!("{error}"));
    let mut sim = Simulator::new(Config::restricted());
    sim.publish(BASE, &code.words, CodeKind::Plain).expect("the space is free");
    sim.map(MEMORY, word.to_le_bytes().to_vec(), Permission::ReadWrite);
    let noise = noise & !ty.mask();
    let ints = [MEMORY + offset, args[0] | noise, args[1] | noise.rotate_left(7) & !ty.mask()];
    match sim.call(BASE, &CallArgs { ints: &ints, ..CallArgs::default() }) {
        Ok(found) => Ok([found.ints[0], found.ints[1]]),
        Err(Fault { stop: Stop::Breakpoint { imm, .. }, .. }) => {
            Err(TrapKind::from_code(imm).expect("only traps are breakpoints"))
        }
        Err(fault) => panic!("{fault}\n{}", common::disassemble(func, &code)),
    }
}

/// A word, a place in it, and two values; the first may be what is in that place.
struct Case {
    word: u64,
    offset: u64,
    args: [u64; 2],
}

impl Case {
    fn new(random: &mut Random, ty: Type) -> Case {
        let word = random.word(Type::I64);
        let bytes = u64::from(ty.bytes());
        let offset = random.below((8 / bytes) as usize) as u64 * bytes;
        let case = Case { word, offset, args: [random.word(ty), random.word(ty)] };
        let first = if random.once_in(2) { case.old(ty) } else { case.args[0] };
        Case { args: [first, case.args[1]], ..case }
    }

    fn old(&self, ty: Type) -> u64 {
        eval::truncate(self.word >> (8 * self.offset), ty)
    }

    /// The word with this in place.
    fn with(&self, ty: Type, new: u64) -> u64 {
        let shift = 8 * self.offset;
        self.word & !(ty.mask() << shift) | new << shift
    }
}

fn check(
    name: &str,
    ty: Type,
    func: &Function,
    expected: impl Fn(&Case) -> [u64; 2],
    random: &mut Random,
) {
    for lse in [false, true] {
        for _ in 0..8 {
            let case = Case::new(random, ty);
            let noise = random.bits();
            let found = run(func, lse, ty, case.word, case.offset, case.args, noise);
            let Case { word, offset, args } = case;
            assert_eq!(
                found,
                Ok(expected(&case)),
                "{name} {ty} lse {lse}: {word:#x} at {offset}, {args:x?}"
            );
        }
        if ty != Type::I8 {
            let found = run(func, lse, ty, 0, 1, [0; 2], 0);
            assert_eq!(found, Err(TrapKind::MemoryFault), "{name} {ty} lse {lse}");
        }
    }
}

#[test]
fn every_operation_on_every_type() {
    let mut random = Random::new(1);
    for ty in INTS {
        let func = function(ty, |b, addr, _| b.atomic_load(ty, addr));
        check("load", ty, &func, |case| [case.old(ty), case.word], &mut random);

        let func = function(ty, |b, addr, [x, _]| {
            b.atomic_store(x, addr);
            x
        });
        let stored = |case: &Case| [case.args[0], case.with(ty, case.args[0])];
        check("store", ty, &func, stored, &mut random);

        let func = function(ty, |b, addr, _| {
            let zero = b.iconst(ty, 0);
            b.atomic_store(zero, addr);
            b.fence();
            zero
        });
        check("store of zero", ty, &func, |case| [0, case.with(ty, 0)], &mut random);

        let func = function(ty, |b, addr, [x, y]| b.atomic_cas(x, y, addr));
        let swapped = |case: &Case| {
            let equal = case.old(ty) == case.args[0];
            [case.old(ty), if equal { case.with(ty, case.args[1]) } else { case.word }]
        };
        check("cas", ty, &func, swapped, &mut random);

        for &op in RmwOp::ALL {
            let func = function(ty, |b, addr, [x, _]| b.atomic_rmw(op, x, addr));
            let updated = |case: &Case| {
                let old = case.old(ty);
                [old, case.with(ty, eval::rmw(op, ty, old, case.args[0]))]
            };
            check(op.name(), ty, &func, updated, &mut random);

            let imm = eval::sign_extend(random.word(ty), ty);
            let func = function(ty, |b, addr, _| b.atomic_rmw(op, b.iconst(ty, imm), addr));
            let updated = |case: &Case| {
                let old = case.old(ty);
                [old, case.with(ty, eval::rmw(op, ty, old, eval::truncate(imm as u64, ty)))]
            };
            check(op.name(), ty, &func, updated, &mut random);
        }
    }
}

const SOURCE: &str = "
fn @checked(i64, i32) -> i32 {
block0(v0: i64, v1: i32):
  v2: i32 = atomic_rmw add v1, v0
  fence
  ret v2
}
fn @promised(i64, i64, i64) -> i64 {
block0(v0: i64, v1: i64, v2: i64):
  v3: i64 = atomic_cas align 8 v1, v2, v0
  ret v3
}
fn @least(i64, i8) -> i8 {
block0(v0: i64, v1: i8):
  v2: i8 = atomic_rmw smin v1, v0
  ret v2
}
fn @known(i64) -> i64 {
  slot0: size 16, align 16
block0(v0: i64):
  v1: i64 = stack_addr slot0 + 8
  atomic_store v0, v1
  v2: i64 = atomic_rmw and v0, v1
  v3: i64 = atomic_load v1
  ret v3
}";

#[test]
fn the_code_with_exclusive_accesses() {
    insta::assert_snapshot!(common::assembly_with(SOURCE, &options(false)));
}

#[test]
fn the_code_with_lse() {
    insta::assert_snapshot!(common::assembly_with(SOURCE, &options(true)));
}

/// An access is tested unless its address is known to be a multiple of its size: by what is said of it, or by the slot, the
/// place in the slot and what is added to that, all three.
#[test]
fn only_what_is_known_to_be_aligned_is_not_tested() {
    // The alignment that is said, that of the slot, the place in it, what is added, and whether the access is tested.
    let cases = [
        (None, 8, 0, 0, false),
        (None, 16, 8, 24, false),
        (None, 8, 8, -8, false),
        (None, 4, 0, 0, true),
        (None, 4, 8, 8, true),
        (None, 8, 4, 0, true),
        (None, 16, 1, 8, true),
        (None, 8, 0, 4, true),
        (None, 8, 8, 2, true),
        (Some(8), 4, 3, 1, false),
        (Some(16), 1, 0, 0, false),
        (Some(4), 4, 0, 0, true),
        (Some(1), 8, 4, 0, true),
    ];
    for (said, align, place, added, is_tested) in cases {
        let said = said.map_or(String::new(), |align| format!("align {align} "));
        let source = format!(
            "fn @f() -> i64 {{\n  slot0: size 64, align {align}\nblock0:\n  v0: i64 = stack_addr slot0 + {place}\n  \
             v1: i64 = iconst {added}\n  v2: i64 = add v0, v1\n  v3: i64 = atomic_load {said}v2\n  ret v3\n}}"
        );
        let module = ir::parse::module(&source).unwrap_or_else(|e| panic!("{e:?}\n{source}"));
        let code = compile(&module.functions["f"], &options(false)).expect("it compiles");
        assert_eq!(code.traps.len(), usize::from(is_tested), "{source}");
    }
}
