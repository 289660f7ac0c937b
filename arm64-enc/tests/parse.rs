//! The parser reads back what the disassembler writes, and refuses the rest.

use arm64_enc::{Inst, ParseError};

mod common;
use common::{Random, rows};

/// Random words per encoding; AdvSIMD lines are found by search, which takes its time.
const WORDS: u32 = 10;
/// Of the encodings of AdvSIMD, one in so many.
const SIMD_STRIDE: usize = 11;

#[test]
fn text_parses_to_an_instruction_with_the_same_text() {
    let mut random = Random::new(7);
    let (simd, scalar): (Vec<_>, Vec<_>) = rows().into_iter().partition(|row| row.group == "simd");
    for row in scalar {
        for i in 0..WORDS {
            let Some(inst) = Inst::decode(row.word(&mut random, i % 2 == 0)) else { continue };
            check(&inst.to_string(), inst);
            check(&format!("{inst:#}"), inst);
            check(&inst.to_string().to_uppercase(), inst);
        }
    }
    for row in simd.iter().step_by(SIMD_STRIDE) {
        if let Some(inst) = (0..20).find_map(|_| Inst::decode(row.word(&mut random, false))) {
            check(&inst.to_string(), inst);
        }
    }
}

/// Several words may have one text; then the parser chooses among them.
fn check(text: &str, inst: Inst) {
    let again: Inst = text.parse().unwrap_or_else(|error| panic!("{inst:?}: {error}"));
    assert_eq!(again.to_string(), inst.to_string(), "`{text}`: {inst:?} and {again:?}");
}

#[test]
fn other_spellings() {
    for (line, text) in [
        ("add x0, x1, x2, lsl #0", "add x0, x1, x2"),
        ("subs xzr, x1, #1", "cmp x1, #1"),
        ("B.CS #8", "b.hs #8"),
        ("csel w0, w1, w2, cc", "csel w0, w1, w2, lo"),
        ("mov x0, 0x10000", "mov x0, #65536"),
        ("mov w0, #-1", "mov w0, #-1"),
        ("stp fp, lr, [sp, #-16]!", "stp x29, x30, [sp, #-16]!"),
        ("  ldr   x0,[x1 , #8]  // a comment", "ldr x0, [x1, #8]"),
        ("ldr x0, [x1, #-8]", "ldur x0, [x1, #-8]"),
        ("ubfm x0, x1, #3, #63", "lsr x0, x1, #3"),
        ("orr x0, xzr, x1", "mov x0, x1"),
        ("hint #34", "bti c"),
        ("sys #3, c7, c11, #1, x0", "dc cvau, x0"),
        ("mrs x0, S3_3_C0_C0_1", "mrs x0, CTR_EL0"),
    ] {
        match line.parse::<Inst>() {
            Ok(inst) => assert_eq!(inst.to_string(), text),
            Err(error) => panic!("{line}: {error}"),
        }
    }
}

#[test]
fn what_no_encoding_has_is_an_error() {
    assert_eq!("".parse::<Inst>(), Err(ParseError::Empty));
    assert_eq!("// comment".parse::<Inst>(), Err(ParseError::Empty));
    assert_eq!("b $4".parse::<Inst>(), Err(ParseError::BadOperand("$4".to_owned())));
    for line in [
        "frobnicate x0",
        "add",
        "add x0",
        "add x0, x1, #4097",
        "add x0, x1, #-1",
        "add x0, x1, w2",
        "add xzr, x1, #1",
        "add x0, xzr, #1",
        "add x0, x1, x2, ror #1",
        "add w0, w1, w2, lsl #32",
        "and x0, x1, #0",
        "and w0, w1, #0x100000000",
        "mov x0, #0x12345678",
        "movz w0, #1, lsl #32",
        "ldr x0, [x1, #4]!!",
        "ldr x0, [x1, #32768]",
        "ldr x0, [x1, #-257]",
        "ldr x0, [xzr]",
        "ldr x0, [x1, x2, lsl #2]",
        "ldp x0, x1, [x2, #512]",
        "ldp x0, w1, [x2]",
        "b #2",
        "b #134217728",
        "b.eq #1048576",
        "tbz w0, #32, #4",
        "tbz x0, #63, #32768",
        "lsl x0, x1, #64",
        "fmov d0, #0.1",
        "fadd d0, s1, d2",
        "ccmp x0, #32, #0, eq",
        "cset x0, al",
        "casp x1, x2, x4, x5, [x0]",
        "msr CTR_ELX, x0",
        "x0",
        "ldr x0, [x1",
        "add x00, x1, x2",
        "add x0, x1, x32",
    ] {
        assert!(line.parse::<Inst>().is_err(), "{line} became {:?}", line.parse::<Inst>());
    }
}

#[test]
fn no_line_makes_the_parser_panic() {
    const PIECES: &[&str] = &[
        "add",
        "ldr",
        "b.",
        "mov",
        "x0",
        "w31",
        "sp",
        "v0.4s",
        "{",
        "}",
        "[",
        "]",
        "!",
        "#",
        "-",
        "0x",
        "9",
        "1.5",
        ",",
        " ",
        "lsl",
        "é",
        "\t",
        "s3_",
        "c7",
        "sys",
        "ld1",
        "99999999999999999999999",
    ];
    let mut random = Random::new(11);
    for _ in 0..30 {
        let pieces = random.next() % 7;
        let line: String =
            (0..pieces).map(|_| PIECES[random.next() as usize % PIECES.len()]).collect();
        let _ = line.parse::<Inst>();
    }
}
