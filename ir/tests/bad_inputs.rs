//! Bad and extreme inputs by the numbers of the list that the project keeps of them: text (1 to 16) and rules (17 to
//! 34). What another test has already is named here and not repeated.
//!
//! | case | where |
//! |---|---|
//! | 1 to 5, 9 to 16 | here |
//! | 6 to 8 | `huge.rs` |
//! | 17, 18 | `ssa::verify`, `../tests/errors/` |
//! | 19 to 23, 25, 28 | `refused/`, each file a case; what they lack, here |
//! | 24 | `matrix.rs`: every operation, operand and type |
//! | 26, 31, 33 | here, `src/verify/tests.rs` |
//! | 27, 29, 30 | here, `huge.rs` |
//! | 32 | There are no types made of types, and nothing else that could contain itself. |
//! | 34 | here, and the link error in `../driver/tests/` |

use ir::parse::{module, module_from_bytes};
use ir::{
    BuildError, FunctionBuilder, IntCC, Module, ParseCode, ParseError, Signature, Type, VerifyRule,
    verify_module,
};
use testkit::{Families, Random, Shape};

/// A function of an `i64` and an `f64` with these lines in its entry block.
fn body(lines: &str) -> String {
    format!("fn @f(i64, f64) -> i64 {{\nblock0(v0: i64, v1: f64):\n{lines}\n}}\n")
}

/// The first error of the reader.
#[track_caller]
fn error(text: &str) -> ParseError {
    let errors = module(text).expect_err(text);
    for error in &errors {
        assert!(error.line > 0 && error.column > 0 && error.offset <= text.len(), "{error}");
        assert!(error.render(text, "file").contains(error.code.name()));
    }
    errors[0].clone()
}

/// The reader refuses a line of a function with this code; gives the error.
#[track_caller]
fn unreadable(line: &str, code: ParseCode) -> ParseError {
    let error = error(&body(line));
    assert_eq!(error.code, code, "{line}: {error}");
    assert_eq!(error.line, 3, "{line}: {error}");
    error
}

/// The verifier refuses lines of a function by this rule.
#[track_caller]
fn unruly(text: &str, rule: VerifyRule) {
    let module = module(text).unwrap_or_else(|errors| panic!("{text}{}", errors[0]));
    let error = verify_module(&module).expect_err(text);
    assert_eq!(error.rule, rule, "{text}{error}");
}

/// A good text, which comes back the same from its print.
#[track_caller]
fn good(text: &str) -> Module {
    let first = module(text).unwrap_or_else(|errors| panic!("{text}{}", errors[0]));
    verify_module(&first).unwrap();
    same_again(&first);
    first
}

#[track_caller]
fn same_again(module: &Module) {
    let printed = module.to_string();
    let again = ir::parse::module(&printed).unwrap_or_else(|e| panic!("{printed}{}", e[0]));
    assert_eq!(*module, again);
    assert_eq!(printed, again.to_string());
}

/// Any answer will do, but a good module must come back from its print.
fn answered(bytes: &[u8]) {
    if let Ok(module) = module_from_bytes(bytes) {
        same_again(&module);
        let _ = verify_module(&module);
    }
}

#[test]
fn case_01_and_02_nothing_is_an_empty_module() {
    for text in ["", ";", "; only a comment", "\u{feff}", "\r\n", "\u{feff}; x\r\n\r\n", " \t\n"] {
        assert_eq!(good(text), Module::new(), "{text:?}");
    }
}

#[test]
fn case_03_bytes_that_are_no_text() {
    let places: [(&[u8], ParseCode, u32, u32, usize); 5] = [
        (b"\0", ParseCode::Character, 1, 1, 0),
        (b"fn @f() {\nblock0:\n  re\0t\n}", ParseCode::Opcode, 3, 3, 20),
        (b"; \xff", ParseCode::Encoding, 1, 3, 2),
        (b"\n\xc3\xa9 \xc3", ParseCode::Encoding, 2, 3, 4),
        // A surrogate alone, in the way that UTF-8 would write it.
        (b"fn @\"\xed\xa0\x80\"", ParseCode::Encoding, 1, 6, 5),
    ];
    for (bytes, code, line, column, offset) in places {
        let error = &module_from_bytes(bytes).unwrap_err()[0];
        let place = (error.code, error.line, error.column, error.offset);
        assert_eq!(place, (code, line, column, offset), "{error}");
    }
}

const SAMPLE: &str = include_str!("../../tests/ir/control.ir");

#[test]
fn case_04_every_prefix() {
    for end in 0..=SAMPLE.len() {
        answered(&SAMPLE.as_bytes()[..end]);
    }
}

/// The text with a byte deleted, changed and doubled.
fn damage(text: &str, at: usize, random: &mut Random) {
    let likely = b"0123456789v@:,=-+(){}[]\" .;\nabxif";
    let any = random.bits() as u8;
    let byte = if random.once_in(4) { any } else { likely[random.below(likely.len())] };
    let mut bytes = text.as_bytes().to_vec();
    bytes.insert(at, byte);
    answered(&bytes);
    bytes.remove(at);
    bytes[at] ^= 1 << (any % 8);
    answered(&bytes);
    bytes[at] = byte;
    answered(&bytes);
    bytes.remove(at);
    answered(&bytes);
}

fn random_texts() -> impl Iterator<Item = String> {
    (0..100).map(|seed| {
        let signature = Signature::new(&[Type::I128, Type::I8], &[Type::I64]);
        let shape = Shape {
            blocks: 2,
            insts: 4,
            names: seed % 2 == 0,
            callees: vec![("a callee".into(), signature)],
            families: Families::ALL,
            ..Shape::default()
        };
        testkit::function(seed, &shape).to_string()
    })
}

#[test]
fn case_05_bytes_deleted_and_changed() {
    let mut random = Random::new(5);
    for text in random_texts() {
        for _ in 0..8 {
            let at = random.below(text.len());
            damage(&text, at, &mut random);
        }
    }
}

/// The same at every byte, with `cargo test --release -- --ignored`.
#[test]
#[ignore = "minutes"]
fn case_05_every_byte() {
    let mut random = Random::new(6);
    for text in random_texts() {
        for at in 0..text.len() {
            damage(&text, at, &mut random);
        }
    }
}

#[test]
fn case_09_integers() {
    use ParseCode::{Number, Range, Syntax};
    for (ty, literal, code) in [
        ("i64", "18446744073709551616", Range),
        ("i64", "-9223372036854775809", Range),
        ("i64", "0x1ffffffffffffffff", Range),
        ("i8", "256", Range),
        ("i8", "-129", Range),
        ("i16", "65536", Range),
        ("i32", "-0x80000001", Range),
        ("i128", "9223372036854775808", Range),
        ("i8", "--1", Syntax),
        ("i8", "- -1", Syntax),
        ("i8", "+1", Syntax),
        ("i8", "0x", Number),
        ("i8", "1_", Number),
        ("i8", "1__0", Number),
        ("i8", "_1", Syntax),
        ("i8", "1.0", Number),
        ("i8", "1e2", Number),
        ("i8", "0b1", Number),
        ("i8", "", Syntax),
        ("i8", "1 2", Syntax),
        ("i8", "1f", Number),
    ] {
        let line = format!("v2: {ty} = iconst {literal}");
        let error = unreadable(&line, code);
        // Where the literal starts, or its sign, or the end of the line.
        assert!((17..21).contains(&error.column), "{error}");
    }
    for (ty, literal, value) in [
        ("i8", "255", -1),
        ("i8", "-128", -128),
        ("i8", "-0", 0),
        ("i16", "0xffff", -1),
        ("i64", "18446744073709551615", -1),
        ("i64", "-9223372036854775808", i64::MIN),
        ("i64", "0x7fff_ffff_ffff_ffff", i64::MAX),
        ("i128", "-9223372036854775808", i64::MIN),
    ] {
        let module = good(&body(&format!("v2: {ty} = iconst {literal}\nret v0")));
        assert!(module.to_string().contains(&format!("v2: {ty} = iconst {value}\n")), "{module}");
    }
}

/// The bits of a float literal.
#[track_caller]
fn float(ty: Type, literal: &str) -> u64 {
    ir::parse::constant(ty, literal).unwrap_or_else(|errors| panic!("{literal}: {}", errors[0]))
}

#[test]
fn case_10_floats() {
    use ParseCode::{Number, Range, Syntax};
    for (ty, literal, code) in [
        ("f64", "1e400", Range),
        ("f64", "-1e309", Range),
        ("f32", "3.5e38", Range),
        ("f64", "0x1p-1075", Range),
        ("f32", "0x1.0000001p0", Range),
        ("f64", "nan:0x7ff0000000000000", Range),
        ("f64", "nan:0", Range),
        ("f32", "nan:0x17fc00000", Range),
        ("f64", "nan:", Syntax),
        ("f64", "infinity", Syntax),
        ("f64", "1.2.3", Number),
        ("f64", "0x1.8", Number),
        ("f64", "--1.0", Syntax),
        ("f64", ".5", Syntax),
        ("f64", "1e", Number),
    ] {
        unreadable(&format!("v2: {ty} = fconst {literal}"), code);
    }
    let f64 = |literal| f64::from_bits(float(Type::F64, literal));
    assert_eq!(f64("1e-400").to_bits(), 0);
    assert_eq!(f64("-1e-400").to_bits(), 1 << 63);
    assert_eq!(f64("0x1p-1074").to_bits(), 1);
    // Signalling and quiet NaNs keep their bits.
    for bits in [0x7ff0_0000_0000_0001, 0xfff8_0000_0000_0000, 0x7fff_ffff_ffff_ffff_u64] {
        assert_eq!(float(Type::F64, &format!("nan:{bits:#x}")), bits);
        good(&body(&format!("v2: f64 = fconst nan:{bits:#x}\nret v0")));
    }
    assert_eq!(float(Type::F32, "nan:0x7f800001"), 0x7f80_0001);
    assert_eq!(f64("nan").to_bits(), 0x7ff8_0000_0000_0000);
}

/// `factor * times` in decimal digits, the lowest first.
fn multiply(digits: &mut Vec<u8>, factor: u32) {
    let mut carry = 0;
    for digit in digits.iter_mut() {
        carry += u32::from(*digit) * factor;
        *digit = (carry % 10) as u8;
        carry /= 10;
    }
    while carry > 0 {
        digits.push((carry % 10) as u8);
        carry /= 10;
    }
}

/// `mantissa * 2^exponent` in decimal, exactly, as digits, the lowest first, and how many of them stand behind the point.
fn exact_decimal(mantissa: u64, exponent: i32) -> (Vec<u8>, usize) {
    let mut digits: Vec<u8> = mantissa.to_string().bytes().rev().map(|b| b - b'0').collect();
    // A half is five tenths.
    let factor = if exponent < 0 { 5 } else { 2 };
    (0..exponent.abs()).for_each(|_| multiply(&mut digits, factor));
    (digits, (-exponent).max(0) as usize)
}

fn written(digits: &[u8], behind: usize) -> String {
    let mut text: String = digits.iter().rev().map(|&digit| char::from(b'0' + digit)).collect();
    if text.len() <= behind {
        text = "0".repeat(behind + 1 - text.len()) + &text;
    }
    let (whole, part) = text.split_at(text.len() - behind);
    format!("{whole}.{part}0")
}

/// Decimals halfway between two floats go to the even one; a digit more or less far behind decides otherwise.
#[test]
fn case_10_halfway() {
    let mut random = Random::new(10);
    for (ty, fraction, least, steps) in [(Type::F64, 52, -1074, 40), (Type::F32, 23, -149, 60)] {
        for step in 0..steps {
            // Subnormal numbers, those around 1, and large ones.
            let (bits, exponent) = match step % 4 {
                0 => (random.bits() % (1 << fraction), least),
                1 => (0, least),
                _ => {
                    let stored = 1 + random.bits() % 200;
                    let low = random.bits() % (1 << fraction);
                    (stored << fraction | low, least + stored as i32 - 1)
                }
            };
            let bits = if step % 4 == 3 { bits | 1 } else { bits };
            let mantissa = if exponent == least && bits >> fraction == 0 {
                bits
            } else {
                (bits & ((1 << fraction) - 1)) | 1 << fraction
            };
            let (half, behind) = exact_decimal(2 * mantissa + 1, exponent - 1);
            let even = if bits % 2 == 0 { bits } else { bits + 1 };
            assert_eq!(float(ty, &written(&half, behind)), even);
            assert_eq!(float(ty, &(written(&half, behind) + "0001")), bits + 1);
            // One less in the last place.
            let mut below = half.clone();
            for digit in &mut below {
                *digit = digit.checked_sub(1).unwrap_or(9);
                if *digit < 9 {
                    break;
                }
            }
            assert_eq!(float(ty, &written(&below, behind)), bits);
        }
    }
}

#[test]
fn case_11_defined_twice() {
    let twice = [
        ("fn @f() {\nblock0:\n ret\n}\nfn @f() {\nblock0:\n ret\n}", "1:4", (5, 4)),
        ("extern @f()\n\nextern @f()", "1:8", (3, 8)),
        ("data @d align 1 = zero 1\nextern @d()", "1:6", (2, 8)),
        ("fn @f() {\nblock0:\n ret\nblock0:\n ret\n}", "2:1", (4, 1)),
        ("fn @f() {\nblock0:\n v0: i8 = iconst 1\n v0: i8 = iconst 1\n ret\n}", "3:2", (4, 2)),
        ("fn @f(i8, i8) {\nblock0(v0: i8, v0: i8):\n ret\n}", "2:8", (2, 16)),
        ("fn @f() {\n slot0: size 1, align 1\n slot0: size 1, align 1\n}", "2:2", (3, 2)),
        ("fn @f() {\n var0: i8\n var1.x: i8\n var1: i8\nblock0:\n ret\n}", "3:2", (4, 2)),
    ];
    for (text, first, place) in twice {
        let error = error(text);
        assert_eq!(error.code, ParseCode::Duplicate, "{error}");
        assert_eq!((error.line, error.column), place, "{error}");
        let help = error.help.unwrap_or_default();
        assert!(help.contains(&format!("the first is at {first}")), "{text}\n{help}");
    }
    // Names are there to be read, and may be the same.
    good("fn @f() {\nblock0.x:\n v0.x: i8 = iconst 1\n v1.x: i8 = iconst 1\n ret\n}");
}

#[test]
fn case_12_numbers_that_are_too_large() {
    for number in ["4294967296", "18446744073709551616", "99999999999999999999999", "4294967295"] {
        for line in [
            format!("block{number}:"),
            format!("v{number}: i8 = iconst 1"),
            format!("slot{number}: size 1, align 1"),
            format!("var{number}: i8"),
        ] {
            unreadable(&line, ParseCode::Numbering);
        }
    }
    for line in ["jump block4294967296", "v2: i64 = add v0, v4294967296"] {
        unreadable(line, ParseCode::Numbering);
    }
    // A number that could be one is only not defined.
    unreadable("v2: i64 = add v0, v4294967295\nret v2", ParseCode::Undefined);
}

#[test]
fn case_13_words_that_do_not_exist() {
    use ParseCode::{Opcode, Type, Word};
    for (line, code, wanted) in [
        ("v2: i64 = ad v0, v0", Opcode, "did you mean `add`?"),
        ("v2: i64 = icpm eq v0, v0", Opcode, "did you mean `icmp`?"),
        ("v2: i64 = sadd_overflw v0, v0", Opcode, "did you mean `sadd_overflow`?"),
        ("v2: i63 = iconst 1", Type, "did you mean `i64`?"),
        ("v2: i129 = iconst 1", Type, "did you mean `i128`?"),
        ("v2: i8 = icmp sltt v0, v0", Word, "did you mean `slt`?"),
        ("v2: i8 = fcmp ordd v1, v1", Word, "did you mean `ord`?"),
        ("trap unreachabel", Word, "did you mean `unreachable`?"),
        ("trap usr 7", Word, "did you mean `user`?"),
        ("v2: i64 = atomic_rmw xchng v0, v0", Word, "did you mean `xchg`?"),
    ] {
        let error = unreadable(line, code);
        assert_eq!(error.help.as_deref(), Some(wanted), "{line}: {error}");
    }
    assert_eq!(error("fnn @f() {\n}").help.as_deref(), Some("did you mean `fn`?"));
    let near = error(&format!("extern @print(i64)\n{}", body("call @prnt(v0)\nret v0")));
    assert_eq!(near.help.as_deref(), Some("did you mean `@print`?"), "{near}");
}

#[test]
fn case_14_operands_too_many_and_too_few() {
    for line in [
        "v2: i64 = add v0",
        "v2: i64 = add v0, v0, v0",
        "v2: i64 = neg",
        "v2: i64 = neg v0 v0",
        "v2: i64 = select v0, v0",
        "v2: i64, v3: i8 = uadd_carry v0, v0",
        "v2: i64, v3: i8 = sadd_overflow v0, v0, v0",
        "v2: i8 = icmp eq v0",
        "v2: i64 = load",
        "v2: i64 = load v0, v0",
        "store v0",
        "v2: i64 = atomic_cas v0, v0",
        "v2: i64 = atomic_rmw add v0",
        "fence v0",
        "branch v0, block0",
        "jump",
        "jump block0, block0",
        "switch v0",
        "trap",
        "trap user",
        "trap user unreachable",
        "trap_if v0",
        "set var0",
    ] {
        unreadable(line, ParseCode::Syntax);
    }
    unreadable("trap user 65280", ParseCode::Range);
    unreadable("add v0, v0", ParseCode::Results);
    unreadable("v2: i64, v3: i64 = add v0, v0", ParseCode::Results);
    unreadable("v2: i64 = store v0, v0", ParseCode::Results);
}

#[test]
fn case_15_text_after_the_end() {
    let whole = "fn @f() {\nblock0:\n ret\n}";
    for (tail, code) in [
        (" fn @g() {\nblock0:\n ret\n}", ParseCode::Syntax),
        ("}", ParseCode::Syntax),
        ("\n}", ParseCode::Syntax),
        ("\nret", ParseCode::Item),
        (" x", ParseCode::Syntax),
    ] {
        assert_eq!(error(&format!("{whole}{tail}")).code, code, "{tail:?}");
    }
    good(&format!("{whole} ; a comment"));
}

#[test]
fn case_16_every_file_comes_back_the_same() {
    let mut files = 0;
    for folder in ["ir", "bugs", "conditions", "planted"] {
        for entry in std::fs::read_dir(format!("../tests/{folder}")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ext| ext == "ir") {
                good(&std::fs::read_to_string(path).unwrap());
                files += 1;
            }
        }
    }
    assert!(files > 40, "{files}");
}

#[test]
fn case_18_a_block_that_cannot_be_reached_may_use_anything() {
    good(&body("v2: i64 = add v0, v0\nret v2\nblock1:\nv3: i64 = add v2, v3\nret v3"));
}

#[test]
fn case_20_blocks_that_do_not_exist() {
    unreadable("jump block7", ParseCode::Undefined);
    unreadable("branch v0, block7, block7", ParseCode::Undefined);
    unreadable("switch v0, block7, [1: block8]", ParseCode::Undefined);
    unruly(&body("jump block0(v0, v1)"), VerifyRule::Entry);
}

#[test]
fn case_23_calls_of_what_does_not_exist() {
    unreadable("call @g()\nret v0", ParseCode::Unknown);
    unreadable("v2: i64 = func_addr @g\nret v0", ParseCode::Unknown);
    unreadable("v2: i64 = data_addr @g\nret v0", ParseCode::Unknown);
    // Data is not called, and functions are not data.
    let data = format!("data @d align 1 = zero 1\n{}", body("call @d()\nret v0"));
    assert_eq!(error(&data).code, ParseCode::Unknown);
    unreadable("v2: i64 = data_addr @f\nret v0", ParseCode::Unknown);
    // A function of the host that takes something else.
    let call =
        |args: &str| format!("extern @g(i64)\n{}", body(&format!("call @g({args})\nret v0")));
    good(&call("v0"));
    for args in ["", "v1", "v0, v0"] {
        unruly(&call(args), VerifyRule::CallTypes);
    }
}

#[test]
fn case_27_stack_slots() {
    let slot = |size: &str, align: &str, offset: &str| {
        format!(
            "fn @f() {{\nslot0: size {size}, align {align}\nblock0:\nv0: i64 = stack_addr slot0 {offset}\nret\n}}"
        )
    };
    good(&slot("8", "8", "+ 8"));
    good(&slot("67108864", "1", "+ 67108864"));
    good(&slot("1", "4096", ""));
    for (size, align) in [
        ("0", "8"),
        ("67108865", "8"),
        ("2147483648", "8"),
        ("9223372036854775808", "8"),
        ("18446744073709551615", "4096"),
        ("8", "0"),
        ("8", "3"),
        ("8", "8192"),
        ("8", "1048576"),
        ("8", "4294967295"),
    ] {
        unruly(&slot(size, align, ""), VerifyRule::Slots);
    }
    for offset in ["+ 9", "- 1", "- 2147483648", "+ 2147483647"] {
        unruly(&slot("8", "8", offset), VerifyRule::SlotOffset);
    }
    assert_eq!(error(&slot("18446744073709551616", "8", "")).code, ParseCode::Range);
    assert_eq!(error(&slot("8", "4294967296", "")).code, ParseCode::Range);
    assert_eq!(error(&slot("8", "8", "+ 2147483648")).code, ParseCode::Range);
    assert_eq!(error(&slot("8", "8", "- 2147483649")).code, ParseCode::Range);
    unreadable("v2: i64 = stack_addr slot0\nret v0", ParseCode::Undefined);
}

#[test]
fn case_28_addresses_are_integers() {
    for line in ["v2: i64 = load v1", "store v0, v1", "v2: f64 = load v1 + 8", "store.8 v0, v1"] {
        unruly(&body(&format!("{line}\nret v0")), VerifyRule::OperandTypes);
    }
}

#[test]
fn case_29_switches() {
    good(&body("switch v0, block1, []\nblock1:\nret v0"));
    unruly(&body("switch v0, block1, [1: block1, 1: block1]\nblock1:\nret v0"), VerifyRule::Switch);
    unruly(&body("switch v1, block1, []\nblock1:\nret v0"), VerifyRule::OperandTypes);
}

#[test]
fn case_30_one_value_has_one_type() {
    unruly(&body("v2: i64 = add v0, v0\nv3: f64 = fadd v2, v1\nret v2"), VerifyRule::OperandTypes);
    unruly(
        &body("v2: i32 = trunc v0\njump block1(v2)\nblock1(v3: i64):\nret v3"),
        VerifyRule::BlockArgs,
    );
}

#[test]
fn case_31_no_blocks_and_no_entry() {
    unruly("fn @f() {\n}", VerifyRule::Layout);
    assert_eq!(error("fn @f() {\nblock0:\nret\nblock0:\nret\n}").code, ParseCode::Duplicate);
    // The first in the text is the entry, whatever its number.
    good("fn @f() {\nblock5:\njump block0\nblock0:\nret\n}");
}

#[test]
fn case_33_the_builder() {
    let finish = |b: FunctionBuilder| b.finish().expect_err("a mistake");
    // A value, block or callee of another function.
    let other = FunctionBuilder::new("other");
    let values: Vec<_> = (0..9).map(|_| other.param(Type::I64)).collect();
    let blocks: Vec<_> = (0..9).map(|_| other.block("x")).collect();
    let callees: Vec<_> =
        (0..9).map(|i| other.import(&format!("c{i}"), Signature::default())).collect();
    let b = FunctionBuilder::new("f");
    b.ret(b.add(values[8], 1));
    assert!(matches!(finish(b), BuildError::Unknown { .. }));
    let b = FunctionBuilder::new("f");
    b.jump(blocks[8]);
    assert!(matches!(finish(b), BuildError::Unknown { .. }));
    let b = FunctionBuilder::new("f");
    b.switch_to(blocks[8]);
    b.ret(());
    assert!(matches!(finish(b), BuildError::Unknown { .. }));
    for tail in [false, true] {
        let b = FunctionBuilder::new("f");
        if tail {
            b.tail_call(callees[8], ());
        } else {
            b.call(callees[8], ());
            b.ret(());
        }
        assert!(matches!(finish(b), BuildError::Unknown { .. }));
        let b = FunctionBuilder::new("f");
        b.func_addr(callees[8]);
        b.ret(());
        assert!(matches!(finish(b), BuildError::Unknown { .. }));
    }
    // A block that is never filled, or never ended.
    let b = FunctionBuilder::new("f");
    let empty = b.block("empty");
    b.jump(empty);
    let BuildError::Invalid(error) = finish(b) else { panic!("another error") };
    assert_eq!(error.rule, VerifyRule::Terminators);
    let b = FunctionBuilder::new("f");
    b.iconst(Type::I8, 1);
    let BuildError::Invalid(error) = finish(b) else { panic!("another error") };
    assert_eq!(error.rule, VerifyRule::Terminators);
    // After the end of a block.
    let b = FunctionBuilder::new("f");
    b.ret(());
    b.iconst(Type::I8, 1);
    assert!(matches!(finish(b), BuildError::AfterTerminator { .. }));
    let b = FunctionBuilder::new("f");
    let next = b.block("next");
    b.jump(next);
    b.switch_to(next);
    b.param(Type::I8);
    b.ret(());
    assert!(matches!(finish(b), BuildError::LateParam { .. }));
    // Literals alone have no type.
    let b = FunctionBuilder::new("f");
    b.ret(b.icmp(IntCC::Eq, 1, 2));
    assert!(matches!(finish(b), BuildError::UntypedLiteral { .. }));
    // Whatever comes after the first mistake changes nothing.
    let b = FunctionBuilder::new("f");
    let x = b.add(values[8], values[7]);
    let (low, high) = b.isplit(b.sext(Type::I128, x));
    b.store(low, high, 0);
    b.branch(x, blocks[7], blocks[8]);
    b.tail_call_indirect(x, &Signature::default(), [low, high]);
    assert!(matches!(finish(b), BuildError::Unknown { .. }));
}

#[test]
fn case_34_modules() {
    let function = || {
        let b = FunctionBuilder::new("f");
        b.ret(());
        b.finish().unwrap()
    };
    let mut module = Module::new();
    module.add_function(function()).unwrap();
    assert!(module.add_function(function()).is_err());
    assert!(module.add_extern("f", Signature::default()).is_err());
    verify_module(&module).unwrap();
    // Declared only: good here, and for whoever runs it to find.
    good("extern @g()\nfn @f() {\nblock0:\ncall @g()\nret\n}");
}
