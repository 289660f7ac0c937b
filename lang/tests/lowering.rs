//! What IR comes out, for a few small functions.

fn ir_of(source: &str) -> String {
    match lang::compile(source, "l.rs") {
        Ok(module) => module.functions.values().map(|function| format!("{function}\n")).collect(),
        Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
    }
}

#[test]
fn a_bounds_check_and_a_loop() {
    insta::assert_snapshot!(ir_of(
        "fn sum(a: &[i32], n: usize) -> i32 {\n    let mut s = 0;\n    for i in 0..n { s += a[i]; }\n    s\n}"
    ));
}

#[test]
fn conditions_branch_without_truth_values() {
    insta::assert_snapshot!(ir_of(
        "fn f(a: u8, b: bool) -> u8 {\n    if a > 3 && !b { a } else { 0 }\n}"
    ));
}

#[test]
fn a_match_is_a_switch() {
    insta::assert_snapshot!(ir_of(
        "fn f(a: i8) -> i8 {\n    match a { 0 => 5, 1 | 2 => 6, -1 => 7, _ => a }\n}"
    ));
}

#[test]
fn the_remainder_of_min_by_minus_one_traps() {
    insta::assert_snapshot!(ir_of("fn f(a: i32, b: i32) -> i32 { a % b + a % 10 }"));
}
