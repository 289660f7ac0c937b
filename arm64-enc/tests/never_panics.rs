//! Arbitrary words, texts, operands and orders of calls: an answer or an error, never a panic.

use arm64_enc::simd::{
    ByteLane, DoubleElement, DoubleLane, DupLane, ExtStart, FpShape, HalfElement, HalfLane,
    IntShape, Lane, LanePair, LaneSize, LeftShift, LeftShift64, NarrowShape, NarrowingShift,
    RightShift, RightShift64, ScalarLeftShift, SmovLane, UmovLane, VectorFractionBits,
    WideningShift, WordElement, WordLane,
};
use arm64_enc::{
    AccessSize, AdrOffset, ArithImm, ArithShift, Assembler, BarrierOption, BitNumber, BitfieldImm,
    ByteMask, Cond, Constant, ExtendShift, ExtractLsb, FpImm8, FractionBits, HintNumber, Imm4,
    Imm5, Imm6, Imm16, Inst, Label, LogicalImm, MoveImm, Nzcv, Offset14, Offset19, Offset26,
    PageOffset, PairOffset, Reg, RegPair, RegSp, ScaledOffset, Shift, ShiftKind, Simm9, Simm10,
    Size, Symbol, SysReg, V0, VReg, VectorSize, X0, materialize,
};
use proptest::prelude::{ProptestConfig, any, proptest};

/// Makes every operand that numbers make, from these; returns how many there were.
fn operands(a: u64, b: u32, c: u8) -> usize {
    let signed = a as i64;
    let mut made = 0;
    let mut note = |is_made: bool| made += usize::from(is_made);
    for size in [Size::W, Size::X] {
        note(LogicalImm::new(a, size).is_some() == LogicalImm::try_new(a, size).is_ok());
        note(MoveImm::new(size, a as u16, b).is_some());
        note(MoveImm::from_value(size, a).is_some());
        note(BitfieldImm::new(size, b, u32::from(c)).is_some());
        note(BitfieldImm::lsl(size, b).is_some());
        note(BitfieldImm::shift_right(size, b).is_some());
        note(BitfieldImm::extract(size, b, u32::from(c)).is_some());
        note(BitfieldImm::insert(size, b, u32::from(c)).is_some());
        note(ExtractLsb::new(size, b).is_some());
        note(FractionBits::new(size, b).is_some());
        for &kind in ShiftKind::ALL {
            note(Shift::new(size, kind, b).is_some());
            note(ArithShift::new(size, kind, b).is_some());
        }
        note(!materialize(X0, size, a).iter().any(|inst| inst.encode() == 0));
    }
    for access in [AccessSize::B1, AccessSize::B2, AccessSize::B4, AccessSize::B8, AccessSize::B16]
    {
        note(
            ScaledOffset::new(signed, access).is_some()
                == ScaledOffset::try_new(signed, access).is_ok(),
        );
        note(
            PairOffset::new(signed, access).is_some()
                == PairOffset::try_new(signed, access).is_ok(),
        );
    }
    note(ArithImm::new(a).is_some() == ArithImm::try_new(a).is_ok());
    note(FpImm8::new(f64::from_bits(a)).is_some());
    note(Imm4::new(a).is_some() || Imm5::new(a).is_some() || Imm6::new(a).is_some());
    note(Imm16::new(a).is_some() || Nzcv::new(a).is_some() || HintNumber::new(a).is_some());
    note(BitNumber::new(a).is_some() || ByteMask::new(a).is_some());
    note(Offset14::new(signed).is_some() || Offset19::new(signed).is_some());
    note(Offset26::new(signed).is_some() || AdrOffset::new(signed).is_some());
    note(
        PageOffset::new(signed).is_some()
            || Simm9::new(signed).is_some()
            || Simm10::new(signed).is_some(),
    );
    note(ExtendShift::new(b).is_some() || BarrierOption::new(c).is_some());
    note(SysReg::new(c, a as u8, b as u8, (b >> 8) as u8, (b >> 16) as u8).is_some());
    note(Reg::new(c).and_then(RegPair::new).is_some() || RegSp::new(c).is_some());
    for &shape in IntShape::ALL {
        note(DupLane::new(shape, b).is_some());
        note(LeftShift::new(shape, b).is_some() || RightShift::new(shape, b).is_some());
    }
    for &shape in NarrowShape::ALL {
        note(NarrowingShift::new(shape, b).is_some() || WideningShift::new(shape, b).is_some());
    }
    for &shape in FpShape::ALL {
        note(VectorFractionBits::new(shape, b).is_some());
    }
    for &size in LaneSize::ALL {
        note(
            LanePair::new(size, b, u32::from(c)).is_some()
                || ScalarLeftShift::new(size, b).is_some(),
        );
        if let Some(lane) = Lane::new(size, b) {
            note(SmovLane::new(Size::W, lane).is_some());
            note(UmovLane::new(lane).lane() == lane);
        }
    }
    for q in [VectorSize::D, VectorSize::Q] {
        note(ExtStart::new(q, b).is_some());
    }
    note(LeftShift64::new(b).is_some() || RightShift64::new(b).is_some());
    note(ByteLane::new(b).is_some() || HalfLane::new(b).is_some());
    note(WordLane::new(b).is_some() || DoubleLane::new(b).is_some());
    if let Some(register) = VReg::new(c) {
        note(HalfElement::new(register, b).is_some());
        note(WordElement::new(register, b).is_some() || DoubleElement::new(register, b).is_some());
    }
    for value in [signed, i64::from(b), i64::from(c)] {
        note(Inst::add_imm(Size::X, RegSp::X0, RegSp::X1, value).is_some());
        note(Inst::cmp_imm(Size::W, RegSp::X1, value).is_some());
        note(Inst::push_pair(X0, X0, value).is_some() || Inst::pop_pair(X0, X0, value).is_some());
    }
    made
}

/// Drives an assembler by bytes: every kind of call in any order, also with labels of another assembler.
fn assemble(program: &[(u8, u64)]) {
    let mut asm = Assembler::new();
    let mut other = Assembler::new();
    let mut labels: Vec<Label> = (0..3).map(|_| asm.label()).collect();
    labels.extend((0..8).map(|_| other.label()));
    for &(op, value) in program {
        let label = labels[value as usize % labels.len()];
        let reg = Reg::new(value as u8 % 32).unwrap_or(X0);
        match op % 20 {
            0 => asm.b(label),
            1 => asm.bl(label),
            2 => asm.b_cond(Cond::Ne, label),
            3 => asm.cbz(Size::W, reg, label),
            4 => asm.tbnz(reg, BitNumber::new(value % 64).unwrap_or(BitNumber::MAX), label),
            5 => asm.adr(reg, label),
            6 => drop(asm.bind(label)),
            7 => asm.ldr_const(reg, Size::X, value),
            8 => asm.ldr_const_fp(V0, Constant::Quad(value.into())),
            9 => asm.flush_pool(),
            10 => drop(asm.align(value as u32)),
            11 => drop(asm.jump_table(label, &labels)),
            12 => asm.bl_symbol(Symbol(value as u32)),
            13 => asm.ldr_symbol(reg, Symbol(value as u32), value as i64),
            14 => asm.position(value as u32),
            15 => asm.room(value as usize),
            16 => asm.mov_imm(reg, Size::X, value),
            17 => (0..value % 3000).for_each(|_| asm.word(0)),
            18 => labels.push(asm.label()),
            _ => asm.push(Inst::nop()),
        }
    }
    match asm.finish() {
        Ok(code) => assert_eq!(code.to_bytes().len(), code.words().len() * 4),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words_decode_or_do_not(word in any::<u32>(), address in any::<u64>()) {
        if let Some(inst) = Inst::decode(word) {
            assert_eq!(inst.encode(), word);
            assert!(!format!("{inst} {inst:#} {} {inst:x} {inst:b}", inst.at(address)).is_empty());
        }
    }

    #[test]
    fn texts_parse_or_do_not(text in "[ -~\u{e9}\u{1f600}\t\n]{0,40}") {
        if let Err(error) = text.parse::<Inst>() {
            assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn operands_are_made_or_refused(a in any::<u64>(), b in any::<u32>(), c in any::<u8>(), shift in 0u32..64) {
        operands(a >> shift, b >> (shift % 32), c);
        operands((a as i64 >> shift) as u64, b, c % 33);
    }

    #[test]
    fn assemblers_take_calls_in_any_order(program in proptest::collection::vec(any::<(u8, u64)>(), 0..60)) {
        assemble(&program);
    }
}

#[test]
fn limits_of_numbers() {
    for a in [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, u64::from(u32::MAX)] {
        for b in [0, 1, 31, 32, 63, 64, 127, 128, u32::MAX] {
            for c in [0, 30, 31, 32, 255] {
                assert!(operands(a, b, c) > 0);
            }
        }
    }
}
