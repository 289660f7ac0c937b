//! Every kind of access at every kind of address that instruction selection knows: base, index that is shifted,
//! multiplied or extended, offsets at the ends of each immediate, added before and after. What is read and written is
//! computed here from the address; the code runs in the simulator at both levels (under QEMU natively too).

mod common;

use common::trusted;
use driver::{Engine, EngineKind, Func, Hosts, Level, Options};
use ir::{BinaryOp, Extend, Function, FunctionBuilder, LoadKind, Module, NarrowWidth, Type, Value};

/// Bytes of memory to either side of the base.
const REACH: usize = 1 << 20;

/// Offsets: the ends of what each instruction takes, and their neighbours.
const OFFSETS: [i64; 22] = [
    0, 1, -1, 8, 255, 256, -256, -257, 504, 512, 4095, 4096, 4097, 4104, 8190, 16380, 32760, 32768,
    65535, 65536, -4096, 500_000,
];

/// What the index is made of the second parameter.
#[derive(Clone, Copy, Debug)]
enum Index {
    None,
    Plain,
    Shifted(i64),
    Times(i64),
    Zext(Option<i64>),
    Sext(Option<i64>),
    /// Extended from fewer than 32 bits.
    Narrow(Type, Extend),
    /// A difference, and the sum of the two in the other order.
    Negated,
    Swapped,
}

const INDICES: [Index; 21] = [
    Index::None,
    Index::Plain,
    Index::Swapped,
    Index::Negated,
    Index::Shifted(1),
    Index::Shifted(2),
    Index::Shifted(3),
    Index::Shifted(4),
    Index::Times(2),
    Index::Times(8),
    Index::Times(3),
    Index::Zext(None),
    Index::Zext(Some(3)),
    Index::Zext(Some(2)),
    Index::Sext(None),
    Index::Sext(Some(3)),
    Index::Sext(Some(1)),
    Index::Narrow(Type::I16, Extend::Zero),
    Index::Narrow(Type::I16, Extend::Sign),
    Index::Narrow(Type::I8, Extend::Zero),
    Index::Narrow(Type::I8, Extend::Sign),
];

/// Small enough for every shift, negative in their low word, dirty above it and above narrower ones.
const XS: [i64; 7] = [0, 5, -7, 0x1_0000_0003, -0x1_0000_0009, 0x1_4567, 0x8_fe90];

impl Index {
    fn add(self, b: &FunctionBuilder, base: Value, x: Value) -> Value {
        let shifted = |value: Value, by: Option<i64>| match by {
            Some(by) => b.shl(value, by),
            None => value,
        };
        match self {
            Index::None => base,
            Index::Plain => b.add(base, x),
            Index::Swapped => b.add(x, base),
            Index::Negated => b.sub(base, x),
            Index::Shifted(by) => b.add(base, b.shl(x, by)),
            Index::Times(by) => b.add(base, b.mul(x, by)),
            Index::Zext(by) => b.add(base, shifted(b.zext(Type::I64, b.trunc(Type::I32, x)), by)),
            Index::Sext(by) => b.add(shifted(b.sext(Type::I64, b.trunc(Type::I32, x)), by), base),
            Index::Narrow(ty, extend) => b.add(base, extended(b, extend, b.trunc(ty, x))),
        }
    }

    /// How far from the base it leads.
    fn of(self, x: i64) -> i64 {
        let by = |value: i64, by: Option<i64>| value << by.unwrap_or(0);
        match self {
            Index::None => 0,
            Index::Plain | Index::Swapped => x,
            Index::Negated => x.wrapping_neg(),
            Index::Shifted(by) => x << by,
            Index::Times(by) => x.wrapping_mul(by),
            Index::Zext(shift) => by(i64::from(x as u32), shift),
            Index::Sext(shift) => by(i64::from(x as i32), shift),
            Index::Narrow(ty, Extend::Zero) => x & ty.mask() as i64,
            Index::Narrow(ty, Extend::Sign) => x << (64 - ty.bits()) >> (64 - ty.bits()),
        }
    }
}

fn extended(b: &FunctionBuilder, extend: Extend, value: Value) -> Value {
    match extend {
        Extend::Zero => b.zext(Type::I64, value),
        Extend::Sign => b.sext(Type::I64, value),
    }
}

/// Where the offset stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the access.
    Access,
    /// Added to the base before the index.
    Before,
    /// Added to the sum, half of it in the access.
    After,
}

/// What is accessed.
#[derive(Clone, Copy, Debug)]
enum Access {
    Load(LoadKind, Type),
    /// A load of an `i8`, `i16` or `i32` that is extended afterwards.
    Extended(Type, Extend),
    /// A load of fewer bits, as an `i32` that is extended afterwards.
    Twice(NarrowWidth, Extend, Extend),
    Store(Type),
    StoreNarrow(NarrowWidth),
    /// Of the bits of a float.
    StoreBits(NarrowWidth),
    StoreZero(Type),
}

fn accesses() -> Vec<Access> {
    let mut list = Vec::new();
    for width in [NarrowWidth::W8, NarrowWidth::W16, NarrowWidth::W32] {
        for extend in [Extend::Zero, Extend::Sign] {
            for ty in [Type::I16, Type::I32, Type::I64] {
                if width.as_type().bits() < ty.bits() {
                    list.push(Access::Load(LoadKind::Narrow(width, extend), ty));
                }
            }
            list.push(Access::Extended(width.as_type(), extend));
            if width != NarrowWidth::W32 {
                let twice = |then| Access::Twice(width, extend, then);
                list.extend([Extend::Zero, Extend::Sign].map(twice));
            }
        }
        list.push(Access::StoreNarrow(width));
        list.push(Access::StoreBits(width));
    }
    for ty in [Type::I8, Type::I16, Type::I32, Type::I64, Type::F32, Type::F64] {
        list.push(Access::Load(LoadKind::Full, ty));
        list.push(Access::Store(ty));
        list.push(Access::StoreZero(ty));
    }
    list
}

impl Access {
    /// Bytes of memory.
    fn bytes(self) -> usize {
        let ty = match self {
            Access::Load(kind, ty) => kind.memory_type(ty),
            Access::Extended(ty, _) | Access::Store(ty) | Access::StoreZero(ty) => ty,
            Access::Twice(width, ..) | Access::StoreNarrow(width) | Access::StoreBits(width) => {
                width.as_type()
            }
        };
        ty.bytes() as usize
    }

    fn is_store(self) -> bool {
        use Access::{Store, StoreBits, StoreNarrow, StoreZero};
        matches!(self, Store(_) | StoreNarrow(_) | StoreBits(_) | StoreZero(_))
    }

    /// What a load gives as a zero-extended word, of the bytes in memory.
    fn loaded(self, word: u64) -> u64 {
        let sign = |from: u32, to: u32| {
            let wide = ((word << (64 - from)) as i64 >> (64 - from)) as u64;
            if to == 64 { wide } else { wide & ((1 << to) - 1) }
        };
        let bits = 8 * self.bytes() as u32;
        match self {
            Access::Load(LoadKind::Narrow(_, Extend::Sign), ty) => sign(bits, ty.bits()),
            Access::Extended(_, Extend::Sign) | Access::Twice(_, Extend::Sign, Extend::Sign) => {
                sign(bits, 64)
            }
            Access::Twice(_, Extend::Sign, Extend::Zero) => sign(bits, 32),
            _ => word,
        }
    }

    /// `f(base, x, value) -> word`: the access, a store giving its value back.
    fn build(self, b: &FunctionBuilder, addr: Value, offset: i32, value: Value) -> Value {
        let word = |ty: Type, value: Value| match ty {
            Type::I64 => value,
            Type::F32 => b.zext(Type::I64, b.bitcast(Type::I32, value)),
            Type::F64 => b.bitcast(Type::I64, value),
            _ => b.zext(Type::I64, value),
        };
        match self {
            Access::Load(LoadKind::Narrow(width, extend), ty) => {
                word(ty, b.load_narrow(ty, width, extend, addr, offset))
            }
            Access::Load(LoadKind::Full, ty) => word(ty, b.load(ty, addr, offset)),
            Access::Extended(ty, extend) => extended(b, extend, b.load(ty, addr, offset)),
            Access::Twice(width, first, then) => {
                extended(b, then, b.load_narrow(Type::I32, width, first, addr, offset))
            }
            Access::Store(ty) => {
                let stored = match ty {
                    Type::I64 => value,
                    Type::F64 => b.bitcast(Type::F64, value),
                    Type::F32 => b.bitcast(Type::F32, b.trunc(Type::I32, value)),
                    _ => b.trunc(ty, value),
                };
                b.store(stored, addr, offset);
                value
            }
            Access::StoreNarrow(width) => {
                b.store_narrow(width, value, addr, offset);
                value
            }
            Access::StoreBits(width) => {
                let bits = b.bitcast(Type::I64, b.fabs(b.bitcast(Type::F64, value)));
                b.store_narrow(width, bits, addr, offset);
                value
            }
            Access::StoreZero(ty) => {
                let zero = match ty {
                    Type::F32 => b.f32const(0.0),
                    Type::F64 => b.f64const(0.0),
                    _ => b.iconst(ty, 0),
                };
                b.store(zero, addr, offset);
                value
            }
        }
    }
}

struct Case {
    access: Access,
    index: Index,
    place: Place,
    offset: i64,
}

impl Case {
    fn function(&self, name: &str) -> Function {
        let b = FunctionBuilder::new(name);
        let [base, x, value] = [(); 3].map(|()| b.param(Type::I64));
        let (addr, offset) = match self.place {
            Place::Access => (self.index.add(&b, base, x), self.offset),
            Place::Before => {
                let base = b.binary(BinaryOp::Add, base, self.offset);
                (self.index.add(&b, base, x), 0)
            }
            Place::After => {
                let half = self.offset / 2;
                (b.sub(self.index.add(&b, base, x), -half), self.offset - half)
            }
        };
        b.ret(self.access.build(&b, addr, offset as i32, value));
        b.finish().unwrap()
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for access in accesses() {
        for index in INDICES {
            for offset in OFFSETS {
                for place in [Place::Access, Place::Before, Place::After] {
                    cases.push(Case { access, index, place, offset });
                }
            }
        }
    }
    cases
}

/// Runs a batch; returns how many accesses were made.
fn check(batch: &[Case], kind: EngineKind, level: Level, memory: &mut [u8]) -> usize {
    let mut module = Module::new();
    for (number, case) in batch.iter().enumerate() {
        module.add_function(case.function(&format!("f{number}"))).unwrap();
    }
    let options = trusted(Options::default().engine(kind).level(level).verify(true));
    let engine = Engine::new(module, &Hosts::new(), &options).unwrap();
    let base = memory.as_mut_ptr().expose_provenance() as i64 + REACH as i64;
    let mut count = 0;
    for (number, case) in batch.iter().enumerate() {
        let f: Func<(i64, i64, u64), u64> = engine.func(&format!("f{number}")).unwrap();
        for x in XS {
            let far = case.index.of(x).wrapping_add(case.offset);
            let inside = far.unsigned_abs() < (REACH - 8) as u64;
            if !inside {
                continue;
            }
            let at = (REACH as i64 + far) as usize;
            let (bytes, value) = (case.access.bytes(), 0xf1e2_d3c4_b5a6_9788 ^ x as u64);
            let before = memory[at - 8..at + 16].to_vec();
            let mut expected = before.clone();
            let result = if case.access.is_store() {
                let stored = if let Access::StoreZero(_) = case.access { 0 } else { value };
                expected[8..8 + bytes].copy_from_slice(&stored.to_le_bytes()[..bytes]);
                value
            } else {
                let mut word = [0; 8];
                word[..bytes].copy_from_slice(&before[8..8 + bytes]);
                case.access.loaded(u64::from_le_bytes(word))
            };
            let found = f.call((base, x, value)).unwrap();
            let after = memory[at - 8..at + 16].to_vec();
            let Case { access, index, place, offset } = case;
            let what = format!(
                "{kind}, {level:?}: {access:?} {index:?} {place:?} {offset}, x = {x:#x}\n{}",
                case.function("f")
            );
            assert_eq!(found, result, "{what}");
            assert_eq!(after, expected, "{what}");
            count += 1;
        }
    }
    count
}

#[test]
fn every_access_at_every_address() {
    let all = cases();
    // A debug build takes one case of 31, which meets each of the lists' entries with each other.
    let step = if cfg!(debug_assertions) { 31 } else { 1 };
    let part: Vec<Case> = all.into_iter().step_by(step).collect();
    let mut memory: Vec<u8> = (0..2 * REACH).map(|at| (at * 167 / 3 + at / 251) as u8).collect();
    let mut count = 0;
    for kind in EngineKind::available().filter(|&kind| kind != EngineKind::Interpreter) {
        for level in [Level::None, Level::Speed] {
            for batch in part.chunks(500) {
                count += check(batch, kind, level, &mut memory);
            }
        }
    }
    println!("{} functions, {count} accesses", part.len());
    assert!(count > 2 * part.len());
}
