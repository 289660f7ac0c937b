//! The parser reads back what the disassembler writes, and refuses the rest.

use arm64_enc::Inst;

mod common;
use common::{Random, rows};

/// Random words per encoding.
const WORDS: u32 = 10;

#[test]
fn text_parses_to_an_instruction_with_the_same_text() {
    let mut random = Random::new(7);
    for row in rows() {
        for i in 0..WORDS {
            let Some(inst) = Inst::decode(row.word(&mut random, i % 2 == 0)) else { continue };
            check(&inst.to_string(), inst);
            check(&format!("{inst:#}"), inst);
            check(&inst.to_string().to_uppercase(), inst);
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
    for line in [
        "",
        "// comment",
        "b $4",
        "frobnicate x0",
        "add",
        "add x0",
        "add x0, x1, #4097",
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
fn lines_as_people_write_them() {
    let lines = include_str!("data/written.txt").lines().filter(|line| !line.starts_with('#'));
    let mut read = 0;
    for line in lines {
        let (word, text) = line.split_once(' ').expect("a word and a line");
        match text.parse::<Inst>() {
            Ok(inst) => assert_eq!(format!("{inst:08x}"), word, "`{text}` became `{inst}`"),
            Err(error) => panic!("`{text}`: {error}"),
        }
        read += 1;
    }
    assert!(read > 200);
}

#[test]
fn errors_say_where_and_what() {
    for (line, column, given, message) in [
        ("add x0, x1, #5000", 13, "#5000", "0 to 4095, or a multiple of 4096 up to 16773120"),
        ("ldr x0, [x1, #32768]", 14, "#32768", "a multiple of 8 from 0 to 32760, or -256 to 255"),
        ("ldr  x0, [x1, x2, lsl #2]", 23, "#2", "0 or 3"),
        ("add w0, w1, x2", 13, "x2", "a register w0 to w30 or wzr"),
        ("fadd v0.4s, v1.4s, v2.2s", 20, "v2.2s", "v0.4s to v31.4s"),
        ("ld1 {v0.16b, v2.16b}, [x0]", 14, "v2.16b", "registers one after the other"),
        ("st1 {v0.4s}, [x0], #8", 20, "#8", "expected 16"),
        ("movz w0, #1, lsl #32", 18, "#32", "0 or 16"),
        ("tbz w0, #33, #4", 9, "#33", "0 to 31"),
        ("cset x0, al", 10, "al", "a condition but al and nv"),
        ("casp x1, x2, x4, x5, [x0]", 6, "x1", "an even number"),
        ("mrs x0, FOO", 9, "FOO", "a system register"),
        ("add x0, x1, x2, ror #1", 17, "ror #1", "`lsl`, `lsr` or `asr`"),
        ("add x0", 7, "", "the line ends too early: expected `,`"),
        ("nop x1", 5, "x1", "the end of the line"),
        ("  frobnicate x0", 3, "frobnicate", "no instruction is called `frobnicate`"),
        ("umov w0, v1.d[0]", 17, "", "no instruction has these operands together"),
        ("add.4s x0, x1, x2", 18, "", "a vector that the shape"),
        ("", 1, "", "the line is empty"),
    ] {
        let Err(error) = line.parse::<Inst>() else { panic!("`{line}` is an instruction") };
        assert_eq!((error.column(), error.given()), (column, given), "{line}: {error}");
        assert!(error.to_string().contains(message), "{line}: {error}");
    }
    // The forms are those of the mnemonic, as a person would write them.
    let error = "lsl x0, x1, #64".parse::<Inst>().unwrap_err().to_string();
    assert!(error.ends_with("valid: `lsl <rd>, <rn>, <bits>`, `lsl <rd>, <rn>, <rm>`"), "{error}");
}

/// A changed, lost, doubled or strange character in a line that is right.
#[test]
fn changed_lines_are_read_or_refused_at_a_column() {
    const STRANGE: [char; 12] = ['#', ',', '[', ']', '{', '.', ' ', 'x', '9', '-', '\u{e9}', '!'];
    let mut random = Random::new(12);
    let rows = rows();
    let mut refused = 0;
    while refused < 10_000 {
        let row = &rows[random.next() as usize % rows.len()];
        let Some(inst) = Inst::decode(row.word(&mut random, false)) else { continue };
        let mut line: Vec<char> = inst.to_string().chars().collect();
        let at = random.next() as usize % line.len();
        let strange = STRANGE[random.next() as usize % STRANGE.len()];
        match random.next() % 4 {
            0 => line[at] = strange,
            1 => line.insert(at, strange),
            2 => drop(line.remove(at)),
            _ => line.insert(at, line[at]),
        }
        let line: String = line.into_iter().collect();
        if let Err(error) = line.parse::<Inst>() {
            assert!((1..=line.len() + 1).contains(&error.column()), "`{line}`: {error}");
            assert!(!error.to_string().is_empty());
            refused += 1;
        }
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
    for _ in 0..100_000 {
        let pieces = random.next() % 7;
        let line: String =
            (0..pieces).map(|_| PIECES[random.next() as usize % PIECES.len()]).collect();
        let _ = line.parse::<Inst>();
    }
}
