//! Constants: pools of every mix of widths, sequences of moves for every kind of value, bitmasks against their definition.

use std::collections::BTreeSet;

use arm64_enc::{
    Assembler, Cond, Constant, DpImm, FpLiteralOp, Inst, LdSt, LiteralOp, LogicalImm, LogicalImmOp,
    MoveWide, Nzcv, RelocKind, Size, Symbol, VReg, X3, materialize,
};

const NOP: u32 = 0xd503_201f;
const RET: u32 = 0xd65f_03c0;
const SYMBOL: Symbol = Symbol(7);

/// One of five loads of the pool.
fn load(asm: &mut Assembler, kind: usize, salt: u64) {
    let v = VReg::new(9).unwrap();
    let value = 0x8899_aabb_ccdd_ee00 | salt;
    match kind {
        0 => asm.ldr_const_fp(v, Constant::Word(value as u32)),
        1 => asm.ldr_const_fp(v, Constant::Double(value)),
        2 => asm.ldr_const_fp(v, Constant::Quad(u128::from(value) << 64 | 0x0123_4567_89ab_cdef)),
        3 => asm.ldr_const(X3, Size::W, value & 0xffff_ffff),
        4 => asm.ldr_const(X3, Size::X, value),
        _ => asm.ldr_symbol(X3, SYMBOL, salt as i64),
    }
}

/// What a load at an offset reads: its bytes and their address.
fn read(words: &[u32], at: usize) -> (usize, usize, u128) {
    let (offset, size) = match Inst::decode(words[at / 4]) {
        Some(Inst::LdSt(LdSt::Literal { op, offset, .. })) => {
            (offset, if op == LiteralOp::LdrW { 4 } else { 8 })
        }
        Some(Inst::LdSt(LdSt::FpLiteral { op, offset, .. })) => (
            offset,
            match op {
                FpLiteralOp::LdrS => 4,
                FpLiteralOp::LdrD => 8,
                _ => 16,
            },
        ),
        other => panic!("{other:?}"),
    };
    let place = at + offset.bytes() as usize;
    let value = (0..size / 4).fold(0, |v, i| v | u128::from(words[place / 4 + i]) << (32 * i));
    (place, size, value)
}

/// All orders of up to four loads of six kinds, after none to three instructions, with equal values and with others:
/// each constant is whole, aligned to its width, and equal ones of a width are kept once.
#[test]
fn pools_of_every_mix() {
    for count in 1..=4u32 {
        for number in 0..6usize.pow(count) {
            for before in 0..4 {
                for salted in [false, true] {
                    let kinds: Vec<usize> =
                        (0..count).map(|i| number / 6usize.pow(i) % 6).collect();
                    let mut asm = Assembler::new();
                    (0..before).for_each(|_| asm.word(NOP));
                    for (i, &kind) in kinds.iter().enumerate() {
                        load(&mut asm, kind, if salted { i as u64 } else { 0 });
                    }
                    asm.word(RET);
                    let code = asm.finish().unwrap();
                    let mut places = BTreeSet::new();
                    for (i, &kind) in kinds.iter().enumerate() {
                        let (place, size, value) = read(code.words(), (before + i) * 4);
                        assert!(
                            place.is_multiple_of(size),
                            "{kinds:?} after {before}: {place} for {size} bytes"
                        );
                        let salt = if salted { i as u128 } else { 0 };
                        let want = match kind {
                            0 | 3 => 0xccdd_ee00 | salt,
                            1 | 4 => 0x8899_aabb_ccdd_ee00 | salt,
                            2 => (0x8899_aabb_ccdd_ee00 | salt) << 64 | 0x0123_4567_89ab_cdef,
                            _ => 0,
                        };
                        assert_eq!(value, want, "{kinds:?} after {before}");
                        if kind == 5 {
                            let found = code.relocations().iter().any(|r| {
                                (r.offset as usize, r.kind, r.symbol, r.addend)
                                    == (place, RelocKind::Abs64, SYMBOL, salt as i64)
                            });
                            assert!(found, "{kinds:?} after {before}");
                        }
                        places.insert((place, size));
                    }
                    // No two overlap, and only the largest is padded to.
                    let all: Vec<_> = places.iter().collect();
                    assert!(all.windows(2).all(|w| w[0].0 + w[0].1 <= w[1].0), "{all:?}");
                    let bytes: usize = all.iter().map(|p| p.1).sum();
                    let end = all.last().map_or(0, |p| p.0 + p.1);
                    assert_eq!(end, code.words().len() * 4);
                    assert_eq!(end - all[0].0, bytes, "{kinds:?}: holes");
                    if !salted {
                        // `w` and `s`, `x` and `d` share.
                        let shared =
                            kinds.iter().map(|k| [0, 1, 2, 0, 1, 5][*k]).collect::<BTreeSet<_>>();
                        assert!(all.len() == shared.len(), "{kinds:?}: {all:?}");
                    } else {
                        assert_eq!(all.len(), kinds.len());
                    }
                }
            }
        }
    }
}

/// What a sequence of moves leaves in its register.
fn value_of(sequence: &[Inst], size: Size) -> u64 {
    let mut value = 0xdead_beef_dead_beef;
    for inst in sequence {
        value = match *inst {
            Inst::DpImm(DpImm::MoveWide { op, imm, .. }) => match op {
                MoveWide::Movz => imm.value(),
                MoveWide::Movn => !imm.value(),
                MoveWide::Movk => value & !(0xffff << imm.shift()) | imm.value(),
            },
            Inst::DpImm(DpImm::Logical { op: LogicalImmOp::Orr, imm, .. }) => imm.value(),
            other => panic!("{other:?}"),
        };
        value &= if size == Size::W { 0xffff_ffff } else { u64::MAX };
    }
    value
}

#[test]
fn moves_of_every_kind_of_value() {
    let chunks = [0u64, 0xffff, 1, 0x8000, 0x5555, 0x00ff, 0x1234];
    let masks = bitmasks();
    for number in 0..chunks.len().pow(4) {
        let value =
            (0..4).fold(0, |v, i| v << 16 | chunks[number / chunks.len().pow(i) % chunks.len()]);
        for size in [Size::W, Size::X] {
            let value = if size == Size::W { value & 0xffff_ffff } else { value };
            let sequence: Vec<Inst> = materialize(X3, size, value).iter().collect();
            assert_eq!(value_of(&sequence, size), value, "{value:#x}: {sequence:?}");
            let parts: Vec<u64> =
                (0..size.bits() / 16).map(|i| value >> (16 * i) & 0xffff).collect();
            let least = |background| parts.iter().filter(|&&c| c != background).count().max(1);
            let mut most = least(0).min(least(0xffff));
            let wide = if size == Size::W { value << 32 | value } else { value };
            if masks.contains(&wide) {
                most = 1;
            }
            assert!(sequence.len() <= most, "{value:#x}: {sequence:?}");
        }
    }
}

/// Elements of 2 to 64 bits with a run of ones, turned, repeated.
fn bitmasks() -> BTreeSet<u64> {
    let mut all = BTreeSet::new();
    for element in [2u32, 4, 8, 16, 32, 64] {
        for ones in 1..element {
            for turn in 0..element {
                let bit = |i: u32| (i + turn) % element < ones;
                all.insert((0..64).fold(0, |v, i| v | u64::from(bit(i % element)) << i));
            }
        }
    }
    all
}

#[test]
fn bitmasks_are_those_of_the_definition() {
    let all = bitmasks();
    assert_eq!(all.len(), 5334);
    for &value in &all {
        let imm = LogicalImm::new(value, Size::X).unwrap_or_else(|| panic!("{value:#x}"));
        assert_eq!(imm.value(), value);
        assert_eq!(LogicalImm::from_fields(imm.fields(), Size::X), Some(imm));
        let near = (0..64).map(|i| value ^ 1 << i).chain([
            value.wrapping_add(1),
            value.wrapping_sub(1),
            value.wrapping_mul(3),
        ]);
        for near in near {
            assert_eq!(LogicalImm::new(near, Size::X).is_some(), all.contains(&near), "{near:#x}");
        }
        let low = value & 0xffff_ffff;
        let fits = all.contains(&(low << 32 | low));
        assert_eq!(
            LogicalImm::new(low, Size::W).map(LogicalImm::value),
            fits.then_some(low),
            "{low:#x}"
        );
        assert_eq!(LogicalImm::new(low | 1 << 32, Size::W), None);
    }
    // Every set of fields: the ones with a value make it, all others are reserved.
    let made: BTreeSet<u64> = (0..1 << 13)
        .filter_map(|f| LogicalImm::from_fields(f, Size::X))
        .map(LogicalImm::value)
        .collect();
    assert_eq!(made, all);
    assert!((0..1 << 13).all(|f| LogicalImm::from_fields(f, Size::W).is_none() || f >> 12 == 0));
    assert_eq!(LogicalImm::from_fields(1 << 13, Size::X), None);
}

#[test]
fn a_condition_and_its_inverse_share_the_flags() {
    for bits in 0..14 {
        let cond = Cond::ALL[bits];
        for flags in 0..16 {
            let flags = Nzcv::new(flags).unwrap();
            assert_ne!(cond.holds(flags), cond.invert().holds(flags), "{cond}");
        }
        assert_eq!(cond.invert().invert(), cond);
    }
}
