//! Assembly of small functions, pattern by pattern. The allocation of each is proven by the checker.

#[allow(dead_code)] // each test uses its part
mod common;

use codegen::{CompiledCode, Options, compile};
use common::assembly;
use ir::{Function, FunctionBuilder, Signature, Span, Type, Value};

#[test]
fn a_recursive_function_saves_what_lives_across_calls() {
    insta::assert_snapshot!(assembly(
        "
fn @fib(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 2
  v2: i8 = icmp slt v0, v1
  branch v2, block1, block2
block1:
  ret v0
block2:
  v3: i64 = iconst 1
  v4: i64 = sub v0, v3
  v5: i64 = call @fib(v4)
  v6: i64 = sub v0, v1
  v7: i64 = call @fib(v6)
  v8: i64 = add v5, v7
  ret v8
}"
    ));
}

#[test]
fn a_loop_has_one_branch_a_turn() {
    insta::assert_snapshot!(assembly(
        "
fn @sum(i64, i64) -> i64 {
  var0.i: i64
  var1.acc: i64
block0(v0: i64, v1: i64):
  v2: i64 = iconst 0
  set var0, v2
  set var1, v2
  jump block1
block1:
  v3: i64 = get var0
  v4: i8 = icmp ult v3, v1
  branch v4, block2, block3
block2:
  v5: i64 = get var0
  v6: i64 = iconst 3
  v7: i64 = shl v5, v6
  v8: i64 = add v0, v7
  v9: i64 = load v8
  v10: i64 = get var1
  v11: i64 = add v10, v9
  set var1, v11
  v12: i64 = iconst 1
  v13: i64 = add v5, v12
  set var0, v13
  jump block1
block3:
  v14: i64 = get var1
  ret v14
}"
    ));
}

#[test]
fn a_comparison_in_three_ways_is_made_once() {
    insta::assert_snapshot!(assembly(
        "
fn @sign(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i8 = icmp slt v0, v1
  branch v2, block1, block2
block1:
  v3: i64 = iconst -1
  ret v3
block2:
  v4: i8 = icmp eq v0, v1
  branch v4, block3, block4
block3:
  v5: i64 = iconst 0
  ret v5
block4:
  v6: i64 = iconst 1
  ret v6
}"
    ));
}

/// A function that has a constant at its beginning and uses it at its end, with more values between than registers that
/// a call keeps.
fn crowded(value: i64) -> Function {
    let b = FunctionBuilder::new("crowded");
    let address = b.param(Type::I64);
    b.returns(&[Type::I64.into()]);
    b.at(Span::new(1, 1));
    let constant = b.iconst(Type::I64, value);
    b.at(Span::new(2, 2));
    let values: Vec<Value> = (0..20).map(|n| b.load(Type::I64, address, 8 * n)).collect();
    b.call(b.import("use", Signature::default()), ());
    let sum = values.iter().fold(address, |sum, &value| b.add(sum, value));
    b.ret(b.mul(sum, constant));
    b.finish().expect("it keeps the rules")
}

fn compiled(func: &Function) -> CompiledCode {
    compile(func, &Options::default().checked()).unwrap_or_else(|error| panic!("{error}"))
}

/// Where registers are short, a constant that takes more moves than a load takes time is spilled; others are made where
/// they are used, and only there.
#[test]
fn long_constants_are_spilled_and_short_ones_are_made_where_they_are_used() {
    for (value, is_long) in [
        (0xabcd_i64, false),
        (0x1_abcd, false),
        (0x5678_0000_abcd, false),
        (0x5678_9abc_abcd, true),
        (0x1234_5678_9abc_abcd, true),
    ] {
        let func = crowded(value);
        let text = common::disassemble(&func, &compiled(&func));
        let made: Vec<bool> = text
            .lines()
            .take_while(|line| !line.contains(" mul "))
            .filter(|line| line.contains("#43981") || line.contains(" bl "))
            .map(|line| line.contains(" bl "))
            .collect();
        assert_eq!(made, if is_long { [false, true] } else { [true, false] }, "{value:#x}\n{text}");
    }
}

/// An instruction without a word of its own leaves its place in the source to the next one.
#[test]
fn what_is_no_code_has_no_place_in_the_source() {
    let code = compiled(&crowded(5));
    assert!(code.spans.iter().all(|&(_, span)| span == Span::new(2, 2)), "{:?}", code.spans);
    let code = compiled(&crowded(0x1234_5678_9abc_abcd));
    assert_eq!(code.spans[0].1, Span::new(1, 1));
    assert_eq!(code.spans.len(), 2);
}

/// A constant in memory is as long as its type.
#[test]
fn constants_in_memory_are_as_long_as_their_type() {
    let func = |ty, number: &dyn Fn(&FunctionBuilder) -> Value| {
        let b = FunctionBuilder::new("more");
        let x = b.param(ty);
        b.ret(b.fadd(x, number(&b)));
        b.finish().expect("it keeps the rules")
    };
    let single = compiled(&func(Type::F32, &|b| b.f32const(0.1)));
    assert_eq!(single.words[single.code_bytes as usize / 4..], [0.1_f32.to_bits()]);
    let double = compiled(&func(Type::F64, &|b| b.f64const(0.1)));
    let bits = 0.1_f64.to_bits();
    assert!(double.words.ends_with(&[bits as u32, (bits >> 32) as u32]), "{:x?}", double.words);
}

/// What is done on the way to a block that is rarely reached is out of the way too.
#[test]
fn the_ways_to_rare_blocks_are_at_the_end() {
    let text = assembly(
        "
fn @f(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = iconst 7
  branch v0, block3(v2), block1
block1:
  v3: i64 = add v0, v1
  v4: i64 = iconst 8
  branch v3, block3(v4), block2
block2:
  ret v1
block3(v5: i64) cold:
  v6: i64 = mul v5, v1
  ret v6
}",
    );
    let often: Vec<&str> = text.lines().take_while(|line| !line.contains("ret")).collect();
    let others = often
        .iter()
        .filter(|line| line.contains("#7") || line.contains("#8") || line.contains(" b "));
    assert_eq!(others.count(), 0, "{text}");
}
