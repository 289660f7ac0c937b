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
fn @never() { block0: trap unreachable }
"#;

#[test]
fn the_sample_comes_back_the_same() {
    let module = same_again(SAMPLE);
    let function = &module.functions["name"];
    assert_eq!(function.num_values(), 28, "numbers stay as they are written");
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

/// Random functions, with blocks out of order and numbers left out.
#[test]
fn random_functions_come_back_the_same() {
    use crate::random::{Shape, function};
    for seed in 0..300 {
        let callee = Signature::new(&[Type::I64], &[Type::I64, Type::F32]);
        let shape = Shape {
            name: ["f", "a b", "7up", "é.x", ""][seed as usize % 5].to_owned(),
            blocks: (seed % 9) as u32,
            names: seed % 3 > 0,
            callees: vec![("callee".into(), callee), ("λ → x".into(), Signature::default())],
            ..Shape::default()
        };
        let mut func = function(seed, &shape);
        let mut layout = func.layout().to_vec();
        layout[1..].reverse();
        func.set_layout(layout);
        for _ in 0..seed % 4 {
            func.detached_value(Type::F64);
        }
        if let Some(&last) = func.layout().last().filter(|_| shape.blocks > 0) {
            // A number far above the others.
            func.append_block_param(last, Type::I16);
        }
        let text = func.to_string();
        let again = super::function(&text)
            .unwrap_or_else(|errors| panic!("{text}{}", show(&text, &errors)));
        assert_eq!(func, again, "seed {seed}\n{text}{again}");
        assert_eq!(text, again.to_string());
    }
}

/// `PartialEq` is no weaker than the text: whatever one line says differently makes functions differ.
#[test]
fn functions_differ_if_a_line_differs() {
    let text = crate::random::function(3, &crate::random::Shape::default()).to_string();
    let original = super::function(&text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut changed = 0;
    for skipped in 0..lines.len() {
        let rest: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|&(i, _)| i != skipped)
            .map(|(_, line)| *line)
            .collect();
        if let Ok(other) = super::function(&rest.join("\n")) {
            assert_ne!(original, other, "without `{}`", lines[skipped]);
            changed += 1;
        }
    }
    assert!(changed > 10);
}
