//! The decoder against words of the manual, and against `arm64-enc`'s reading of the same fields.

use super::{decode, is_executed};
use crate::cpu::{SINK, SP, ZR};
use crate::field::bit_mask;
use crate::op::Op;
use crate::state::Straight;
use arm64_enc::{LogicalImm, Size};

/// What a word at 0x1000 becomes. Branch targets stand for themselves.
fn read(word: u32) -> String {
    format!("{:?}", decode(word, 0x1000, &mut |target| target as u32))
}

/// The registers and the immediate of an instruction on registers.
fn operands(word: u32) -> (u8, u8, u8, u32) {
    match decode(word, 0x1000, &mut |target| target as u32) {
        Op::Straight(Straight { d, n, m, imm, .. }) => (d, n, m, imm),
        Op::ToSp(Straight { n, m, imm, .. }) => (SP, n, m, imm),
        other => panic!("{word:#x} became {other:?}"),
    }
}

#[test]
fn registers_are_told_apart() {
    assert_eq!(operands(0x8b02_0020), (0, 1, 2, 0), "add x0, x1, x2");
    assert_eq!(operands(0x9100_43ff), (SP, SP, ZR, 16), "add sp, sp, #16");
    assert_eq!(operands(0xeb02_003f), (SINK, 1, 2, 0), "cmp x1, x2");
    assert_eq!(operands(0x4b02_03e0), (0, ZR, 2, 0), "neg w0, w2");
}

#[test]
fn branches_hold_their_target() {
    assert_eq!(read(0x1400_0002), "B { target: 4104 }", "b .+8");
    assert_eq!(read(0x97ff_ffff), "Bl { target: 4092, next: 4100 }", "bl .-4");
    assert_eq!(read(0xd65f_03c0), "Ret { n: 30 }", "ret");
    assert_eq!(
        read(0x3707_fff5),
        "BranchSet { t: 21, target: 4092, mask: 1 }",
        "tbnz w21, #0, .-4"
    );
}

#[test]
fn what_is_not_an_instruction_is_undefined() {
    assert_eq!(read(0), "NotExecuted", "udf #0");
    assert_eq!(read(0xffff_ffff), "Undefined");
    assert!(!is_executed(0));
}

#[test]
fn logical_immediates_are_those_of_the_encoder() {
    for fields in 0..1 << 13 {
        let (n, immr, imms) = (fields >> 12 & 1 == 1, fields >> 6 & 0x3f, fields & 0x3f);
        let theirs = LogicalImm::from_fields(fields as u16, Size::X).map(LogicalImm::value);
        assert_eq!(bit_mask(n, imms, immr), theirs, "{fields:#x}");
    }
}
