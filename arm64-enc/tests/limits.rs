//! The limits of every operand type: the last value that fits, and its neighbours that do not.

use arm64_enc::{
    AccessSize, AdrOffset, ArithImm, ArithShift, BitNumber, BitfieldImm, ExtendShift, ExtractLsb,
    FractionBits, HintNumber, Imm4, Imm5, Imm6, Imm16, Inst, MoveImm, Nzcv, Offset14, Offset19,
    Offset26, PageOffset, PairOffset, Reg, RegPair, RegSp, ScaledOffset, Shift, ShiftKind, Simm9,
    Simm10, Size, SysReg, VReg, X0, materialize,
};

#[test]
fn displacements_end_where_the_manual_says() {
    // Each type: constructor, first, last, step.
    let check = |name: &str, new: &dyn Fn(i64) -> Option<i64>, first: i64, last: i64, step: i64| {
        for near in -4..=4 {
            for end in [first, last] {
                let value = end + near;
                let fits = value >= first && value <= last && value % step == 0;
                assert_eq!(new(value), fits.then_some(value), "{name} {value}");
            }
        }
        assert_eq!(new(last + step), None, "{name}");
        assert_eq!(new(first - step), None, "{name}");
        for value in [i64::MIN, i64::MAX, 1 << 62, -1 << 62] {
            assert_eq!(new(value), None, "{name} {value}");
        }
    };
    let (kib, mib, gib) = (1 << 10, 1 << 20, 1 << 30);
    check("b", &|v| Offset26::new(v).map(Offset26::bytes), -128 * mib, 128 * mib - 4, 4);
    check("b.cond", &|v| Offset19::new(v).map(Offset19::bytes), -mib, mib - 4, 4);
    check("tbz", &|v| Offset14::new(v).map(Offset14::bytes), -32 * kib, 32 * kib - 4, 4);
    check("adr", &|v| AdrOffset::new(v).map(AdrOffset::bytes), -mib, mib - 1, 1);
    check("adrp", &|v| PageOffset::new(v).map(PageOffset::bytes), -4 * gib, 4 * gib - 4096, 4096);
    check("ldur", &|v| Simm9::new(v).map(Simm9::bytes), -256, 255, 1);
    check("ldraa", &|v| Simm10::new(v).map(Simm10::bytes), -4096, 4088, 8);
    let widths = [AccessSize::B1, AccessSize::B2, AccessSize::B4, AccessSize::B8, AccessSize::B16];
    for access in widths {
        let unit = i64::from(access.bytes());
        let scaled = |v| ScaledOffset::new(v, access).map(|offset| i64::from(offset.bytes(access)));
        check("ldr", &scaled, 0, 4095 * unit, unit);
        let pair = |v| PairOffset::new(v, access).map(|offset| i64::from(offset.bytes(access)));
        check("ldp", &pair, -64 * unit, 63 * unit, unit);
    }
}

#[test]
fn displacements_survive_encoding() {
    for distance in (Offset14::MIN_BYTES..=Offset14::MAX_BYTES).step_by(4) {
        let line = format!("tbz x3, #40, #{distance}");
        let inst: Inst = line.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Inst::decode(inst.encode()), Some(inst));
        assert_eq!(inst.to_string(), line);
    }
}

#[test]
fn unsigned_operands_end_at_a_power_of_two() {
    let check = |bits: u32, fits: &dyn Fn(u64) -> bool| {
        let end = 1u64 << bits;
        assert!(fits(0) && fits(end - 1));
        assert!(!fits(end) && !fits(end + 1) && !fits(u64::MAX));
    };
    check(16, &|v| Imm16::new(v).is_some());
    check(6, &|v| Imm6::new(v).is_some());
    check(5, &|v| Imm5::new(v).is_some());
    check(4, &|v| Imm4::new(v).is_some());
    check(4, &|v| Nzcv::new(v).is_some());
    check(6, &|v| BitNumber::new(v).is_some());
    check(7, &|v| HintNumber::new(v).is_some());
    let error = Imm5::try_new(32).expect_err("32 needs 6 bits");
    assert_eq!(
        (error.operand(), error.value(), error.expected()),
        ("5-bit immediate", 32, "0 to 31")
    );
}

#[test]
fn arithmetic_immediates() {
    for value in 0..1u64 << 25 {
        let fits = value < 4096 || (value % 4096 == 0 && value < 1 << 24);
        let imm = ArithImm::new(value);
        if imm.map(|imm| u64::from(imm.value())) != fits.then_some(value) {
            panic!("{value}: {imm:?}");
        }
    }
    assert_eq!(ArithImm::new(u64::MAX), None);
    assert_eq!(ArithImm::shifted(4096), None);
    assert_eq!(ArithImm::shifted(0).map(|imm| (imm.value(), imm.is_shifted())), Some((0, true)));
}

#[test]
fn shifts_stay_below_the_width() {
    for size in [Size::W, Size::X] {
        let bits = size.bits();
        for amount in 0..bits {
            assert!(Shift::new(size, ShiftKind::Ror, amount).is_some());
            assert!(ArithShift::new(size, ShiftKind::Asr, amount).is_some());
            assert_eq!(ArithShift::new(size, ShiftKind::Ror, amount), None);
            assert!(ExtractLsb::new(size, amount).is_some());
            assert!(BitfieldImm::new(size, amount, bits - 1 - amount).is_some());
            assert!(FractionBits::new(size, amount + 1).is_some());
            assert_eq!(MoveImm::new(size, 1, amount).is_some(), amount % 16 == 0);
            // A field of `width` bits at `amount` must end inside the register.
            for width in 0..=bits + 1 {
                let inside = width > 0 && amount + width <= bits;
                assert_eq!(BitfieldImm::extract(size, amount, width).is_some(), inside);
                assert_eq!(BitfieldImm::insert(size, amount, width).is_some(), inside);
            }
        }
        for amount in [bits, bits + 1, u32::MAX] {
            assert_eq!(Shift::new(size, ShiftKind::Lsl, amount), None);
            assert_eq!(ArithShift::new(size, ShiftKind::Lsl, amount), None);
            assert_eq!(ExtractLsb::new(size, amount), None);
            assert_eq!(BitfieldImm::new(size, amount, 0), None);
            assert_eq!(BitfieldImm::new(size, 0, amount), None);
            assert_eq!(BitfieldImm::lsl(size, amount), None);
            assert_eq!(BitfieldImm::shift_right(size, amount), None);
            assert_eq!(BitfieldImm::extract(size, amount, 1), None);
            assert_eq!(MoveImm::new(size, 1, amount), None);
        }
        assert_eq!(FractionBits::new(size, 0), None);
        assert_eq!(FractionBits::new(size, bits + 1), None);
    }
    assert!(ExtendShift::new(4).is_some());
    assert_eq!(ExtendShift::new(5), None);
}

#[test]
fn registers_end_at_31() {
    for number in 0..=u8::MAX {
        let fits = number < 32;
        assert_eq!(Reg::new(number).is_some(), fits);
        assert_eq!(RegSp::new(number).is_some(), fits);
        assert_eq!(VReg::new(number).is_some(), fits);
        if let (Some(reg), Some(sp)) = (Reg::new(number), RegSp::new(number)) {
            assert_eq!(RegSp::try_from(reg).is_ok(), number < 31);
            assert_eq!(Reg::try_from(sp).is_ok(), number < 31);
            assert_eq!(RegPair::new(reg).is_some(), number % 2 == 0);
        }
    }
    assert_eq!(SysReg::new(3, 8, 0, 0, 0), None);
    assert_eq!(SysReg::new(3, 0, 16, 0, 0), None);
    assert_eq!(SysReg::new(3, 0, 0, 16, 0), None);
    assert_eq!(SysReg::new(3, 0, 0, 0, 8), None);
    assert_eq!(SysReg::new(4, 0, 0, 0, 0), None);
}

/// What a sequence of moves leaves in `x0`, by the manual's words.
fn execute(size: Size, value: u64) -> (u64, usize) {
    use arm64_enc::{DpImm, MoveWide};
    let mut x0: u64 = 0xdead_beef_dead_beef;
    let sequence = materialize(X0, size, value);
    for inst in sequence.iter() {
        x0 = match inst {
            Inst::DpImm(DpImm::MoveWide { op, imm, .. }) => imm.size().truncate(match op {
                MoveWide::Movz => imm.value(),
                MoveWide::Movn => !imm.value(),
                MoveWide::Movk => x0 & !(0xffff << imm.shift()) | imm.value(),
            }),
            Inst::DpImm(DpImm::Logical { imm, .. }) => imm.value(),
            other => panic!("{other}"),
        };
    }
    (x0, sequence.len())
}

#[test]
fn constants_are_made_exactly_and_briefly() {
    let mut random = common::Random::new(9);
    for i in 0..20_000u64 {
        let wide = u64::from(random.next()) << 32 | u64::from(random.next());
        // Constants of few kinds of chunks, where the short sequences are.
        let chunk = |index: u64| match wide >> (3 * index) & 7 {
            0 | 1 => 0,
            2 | 3 => 0xffff,
            4 => 0x5555,
            5 => 0x00ff,
            _ => wide >> 16 & 0xffff,
        };
        let value =
            if i % 4 == 0 { wide } else { (0..4).fold(0, |v, index| v << 16 | chunk(index)) };
        for size in [Size::W, Size::X] {
            let (made, length) = execute(size, value);
            assert_eq!(made, size.truncate(value), "{value:#x}");
            let zeros =
                (0..size.bits() / 16).filter(|i| value >> (16 * i) & 0xffff != 0).count().max(1);
            let ones = (0..size.bits() / 16)
                .filter(|i| value >> (16 * i) & 0xffff != 0xffff)
                .count()
                .max(1);
            assert!(length <= zeros.min(ones), "{value:#x} takes {length}");
        }
    }
}

mod common;
