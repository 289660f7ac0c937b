//! Reading what was printed gives the same again; what is wrong is reported in its place; nothing panics.

use super::*;

fn same_again(text: &str) -> Module {
    let first = module(text).unwrap_or_else(|errors| panic!("{}", show(text, &errors)));
    let printed = first.to_string();
    let second = module(&printed).unwrap_or_else(|errors| panic!("{}", show(&printed, &errors)));
    assert_eq!(first, second, "{printed}");
    assert_eq!(printed, second.to_string());
    second
}

fn show(text: &str, errors: &[ParseError]) -> String {
    errors.iter().map(|error| error.render(text, "test.ir") + "\n").collect()
}

const SAMPLE: &str = r#"
; everything once
source "dir/sample.rs"
extern @print_i64(i64, i8 sext) -> i32
data @table align 8 = "text\00\ff"
data mut @"big table" align 16 = "\01" zero 100 "a"
fn @name(i64, f64) -> i64 {
  var0.acc: i64
  slot0: size 16, align 8
block0.entry(v0.n: i64, v1: f64):
  v2: i64 = iconst 42 @12:5
  v3: i64 = add v0, v2
  v4: i8 = icmp slt v3, v2
  v5: i64 = load.u8 v0 + 16
  store.8 v3, v0 - 8
  store v1, v0
  v6: i64 = stack_addr slot0 + 4
  v7: i64 = data_addr @table
  v8.p: i64, v9."q r": i64 = call @pair(v3, v2)
  v20: i32 = call @print_i64(v3, v4)
  v10: i64 = get var0
  set var0, v3
  v11: f64 = fconst 0x1.8p0
  v22: f32 = fconst nan:0x7f800001
  v23: f32 = fconst -inf
  v24: f64 = fma v1, v11, v11
  v25: f64 = select v4, v1, v11
  v26: i8 = fcmp ueq v1, v24
  v27: i8 = iconst 255
  v28: i128 = iconst -1
  v29: i128 = iconcat v0, v3
  v30: i128 = shl v28, v29
  v31.low: i64, v32.high: i64 = isplit v30 @4:7
  v33: i64, v34: i8 = sadd_overflow v31, v32
  v35: i64, v36: i8 = usub_borrow v31, v32, v34
  store region 255 v30, v0 + 16
  v37: i16 = load.u8 readonly align 4096 region 1 v0 + 1
  store.8 align 1 v37, v0
  v38: i32 = atomic_load align 4 v6
  atomic_store v38, v6
  v39: i32 = atomic_rmw region 3 xchg v38, v6
  v40: i32 = atomic_cas v38, v39, v6
  fence
  v41: i64 = func_addr @pair
  v42: i64, v43: i64 = call_indirect v41(v3, v2) : (i64, i64) -> (i64, i64)
  v44: i64 = func_addr @print_i64
  v45: i32 = call_indirect v44(v3, v4) : (i64, i8 sext) -> i32
  trap_if v4, index_out_of_bounds
  branch v4, block7(v3), block2
block7(v12: i64):
  switch v3, block2, [
    0: block7(v3),
    -5: block2,
  9: block2 ]
block2 cold:
  ret v3
}
fn @pair(i64, i64) -> (i64, i64) { block0(v0: i64, v1: i64): ret v0, v1 }
fn @tail(i64) -> (i64, i64) { block0(v0: i64): tail_call @pair(v0, v0) }
fn @through(i64, i64) -> (i64, i64) {
block0(v0: i64, v1: i64):
  tail_call_indirect v0(v1, v1) : (i64, i64) -> (i64, i64) @1:2
}
fn @never() { block0: trap unreachable }
"#;

#[test]
fn the_sample_comes_back_the_same() {
    let module = same_again(SAMPLE);
    let function = &module.functions["name"];
    assert_eq!(function.num_values(), 46, "numbers stay as they are written");
    assert_eq!(function.callees.values().next().map(|c| c.signature.results.len()), Some(2));
    // The function alone declares what it calls.
    assert_eq!(super::function(&function.to_string()).as_ref(), Ok(function));
}

#[test]
fn empty_texts_are_empty_modules() {
    for text in ["", "\u{feff}", "; only this", "\r\n\r\n", "\u{feff}; x\r\n"] {
        assert_eq!(module(text), Ok(Module::new()), "{text:?}");
    }
}

#[test]
fn several_mistakes_are_reported_in_their_places() {
    let text = "extern @print(i64, i8 sxt)
fn @f(i64) -> i64 {
  block0.entry(v0.n: i64):
    v1: i64 = ad v0, v0
    v2: i46 = iconst 5
    v3: i64 = call @prnt(v0\t, v0 v0)
    trap_if v3, \"\u{1F980}
    ret v3
}
";
    insta::assert_snapshot!(show(text, &module(text).unwrap_err()));
}

#[test]
fn a_place_in_a_long_line_is_shown_alone() {
    let text = format!("fn @f() {{ {} block0: ret #{}", " ".repeat(100_000), "x".repeat(100_000));
    let errors = module(&text).unwrap_err();
    let shown = errors[0].render(&text, "long.ir");
    assert!(shown.len() < 500, "{shown}");
    assert_eq!((errors[0].line, errors[0].column), (1, 100_024));
    assert!(shown.contains("…") && shown.contains("block0: ret #x"), "{shown}");
}

#[test]
fn bytes_that_are_not_text_are_refused_at_their_offset() {
    let errors = module_from_bytes(b"; \xc3\xa9\n fn\xff").unwrap_err();
    assert_eq!(errors[0].code, ParseCode::Encoding);
    assert_eq!((errors[0].line, errors[0].column, errors[0].offset), (2, 4, 8));
    // A surrogate in the encoding of UTF-8.
    assert!(module_from_bytes(b"\xed\xa0\x80").is_err());
    assert_eq!(module_from_bytes(b"; fine"), Ok(Module::new()));
}

#[test]
fn one_function_is_wanted() {
    let count = |text: &str| super::function(text).unwrap_err()[0].clone();
    assert_eq!(count("").code, ParseCode::Count);
    let two = "fn @f() { block0: ret\n}\nfn @g() { block0: ret\n}";
    assert!(count(two).message.contains("there are 2"));
    let data = "fn @f() -> i64 { block0:\n v0: i64 = data_addr @of_the_module\n ret v0 }";
    assert!(super::function(data).is_ok(), "data need not be declared");
}

/// Every prefix of a text, and the text with bytes deleted and changed: an answer, and the same after printing.
#[test]
fn damaged_texts_get_an_answer() {
    let check = |text: &str| {
        if let Ok(module) = module(text) {
            same_again(text);
            let _ = crate::verify_module(&module);
        }
    };
    for end in (0..SAMPLE.len()).filter(|&end| SAMPLE.is_char_boundary(end)) {
        check(&SAMPLE[..end]);
    }
    let mut random = testkit::Random::new(1);
    for at in (0..SAMPLE.len()).step_by(2) {
        let mut bytes = SAMPLE.as_bytes().to_vec();
        bytes.remove(at);
        check(&String::from_utf8_lossy(&bytes));
        let likely = b"0123456789v@:,=-+(){}[]\" .;\nabx";
        let mut bytes = SAMPLE.as_bytes().to_vec();
        let any = random.bits() as u8;
        bytes[at] = if random.once_in(4) { any } else { likely[random.below(likely.len())] };
        check(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn large_texts_take_linear_time_and_little_stack() {
    let million = 1_000_000;
    for text in [
        "(".repeat(million),
        format!("fn @f{}", "(".repeat(million)),
        format!("fn @f() {{{}", "{".repeat(million)),
        format!("fn @{}() {{ block0: ret }}", "x".repeat(million)),
        format!("fn @f() {{ block0: v0: i64 = {}", "y".repeat(million)),
        format!("fn @f() {{ block0: v0: i64 = iconst {} }}", "9".repeat(million)),
        format!("fn @f() {{ block0: v0: f64 = fconst 0x{}p0 }}", "0".repeat(million)),
        "\n".repeat(million),
        "fn @f() { block0: ret }\n".repeat(10_000),
    ] {
        // Anything quadratic would take hours here.
        if let Err(errors) = module(&text) {
            assert!(errors.iter().all(|error| error.render(&text, "file").len() < 1000));
        }
    }
}

/// Numbers left out cost memory, so a text may not leave out many, in one function or in all together.
#[test]
fn numbers_left_out_are_counted_over_the_whole_text() {
    let one = |number: usize| format!("{{ block0:\n v{number}: i8 = iconst 1\n ret }}\n");
    let sparse = MAX_LEFT_OUT / 2;
    let text = format!("fn @f() {}fn @g() {}", one(sparse), one(sparse));
    assert_eq!(module(&text).map(|module| module.functions.len()), Ok(2));
    let text = format!("{text}fn @h() {}", one(sparse));
    assert_eq!(module(&text).unwrap_err()[0].code, ParseCode::Numbering);
}

#[test]
fn a_mistake_before_the_closing_brace_is_one_mistake() {
    let text = "fn @f() { block0:\n v0: i8 = iconst 999 }\nfn @g() { block0: rte }\n";
    let errors = module(text).unwrap_err();
    let codes: Vec<_> = errors.iter().map(|error| (error.line, error.code)).collect();
    assert_eq!(codes, [(2, ParseCode::Range), (3, ParseCode::Opcode)]);
}
