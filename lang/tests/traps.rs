//! Where Rust's release builds panic, the program traps, with the kind and the place; and nowhere else.

mod common;

/// What calling `f` with these arguments gives: the results, or the trap's kind and place.
fn outcome(source: &str, args: &[u64]) -> String {
    let module = match lang::compile(source, "trap.rs") {
        Ok(module) => module,
        Err(errors) => return errors[0].to_string(),
    };
    match common::run(&module, "f", args).result {
        Ok(results) => format!("{results:?}"),
        Err(trap) => trap,
    }
}

#[test]
fn traps_have_a_kind_and_a_place() {
    let cases: &[(&str, &[u64], &str)] = &[
        ("fn f(a: i32, b: i32) -> i32 { a / b }", &[7, 0], "division_by_zero"),
        ("fn f(a: i32, b: i32) -> i32 { a % b }", &[7, 0], "division_by_zero"),
        ("fn f(a: u8, b: u8) -> u8 { a / b }", &[7, 0], "division_by_zero"),
        ("fn f(a: u64, b: u64) -> u64 { a % b }", &[7, 0], "division_by_zero"),
        ("fn f(a: i32, b: i32) -> i32 { a / b }", &[1 << 31, 0xffff_ffff], "integer_overflow"),
        ("fn f(a: i32, b: i32) -> i32 { a % b }", &[1 << 31, 0xffff_ffff], "integer_overflow"),
        (
            "fn f(a: i64, b: i64) -> i64 { a.rem_euclid(b) }",
            &[1 << 63, u64::MAX],
            "integer_overflow",
        ),
        ("fn f(a: i8, b: i8) -> i8 { a.wrapping_rem(b) }", &[0x80, 0xff], "[0]"),
        ("fn f(a: i8, b: i8) -> i8 { a.wrapping_div(b) }", &[0x80, 0xff], "[128]"),
        ("fn f(a: i8, b: i8) -> i8 { a.wrapping_div(b) }", &[1, 0], "division_by_zero"),
        ("fn f(a: i32) -> i32 { -a }", &[1 << 31], "[2147483648]"),
        ("fn f(a: i32) -> i32 { a.abs() }", &[1 << 31], "[2147483648]"),
        ("fn f(a: u8) -> u8 { a + 1 }", &[255], "[0]"),
        ("fn f(a: u32, n: u32) -> u32 { a << n }", &[1, 33], "[2]"),
        ("fn f(a: i8, n: i64) -> i8 { a >> n }", &[0x80, 9], "[192]"),
        ("fn f(a: u16, n: u8) -> u16 { a << n }", &[1, 17], "[2]"),
        ("fn f(i: usize) -> i32 { let a = [1, 2, 3]; a[i] }", &[3], "index_out_of_bounds"),
        (
            "#![allow(unconditional_panic)] fn f() -> i32 { let a = [1, 2, 3]; a[3] }",
            &[],
            "index_out_of_bounds",
        ),
        ("fn f(n: usize) -> usize { let a = [1, 2, 3]; a[..n].len() }", &[3], "[3]"),
        (
            "fn f(n: usize) -> usize { let a = [1, 2, 3]; a[..n].len() }",
            &[4],
            "index_out_of_bounds",
        ),
        (
            "fn f(n: usize) -> usize { let a = [1, 2, 3]; a[1..n].len() }",
            &[4],
            "index_out_of_bounds",
        ),
        ("fn f(n: usize) -> usize { let a = [1, 2, 3]; a[..=n].len() }", &[2], "[3]"),
        (
            "fn f(n: usize) -> usize { let a = [1, 2, 3]; a[..=n].len() }",
            &[3],
            "index_out_of_bounds",
        ),
        ("fn f(n: usize) -> usize { let a = [1, 2, 3]; a[n..].len() }", &[3], "[0]"),
        (
            "fn f(n: usize) -> usize { let a = [1, 2, 3]; a[n..].len() }",
            &[4],
            "index_out_of_bounds",
        ),
        (
            "fn f(n: usize) -> usize { let a = [1, 2, 3]; a[n..1].len() }",
            &[2],
            "index_out_of_bounds",
        ),
        ("fn f(i: usize) -> i32 { let a = [1, 2, 3]; a[i] }", &[2], "[3]"),
        (
            "fn f(i: usize) -> i32 { let a = [1, 2, 3]; let s = &a[1..]; s[i] }",
            &[2],
            "index_out_of_bounds",
        ),
        (
            "fn f(i: usize) -> usize { let a = [1, 2, 3]; let s: &[i32] = &a[i..]; s.len() }",
            &[3],
            "[0]",
        ),
        (
            "fn f(i: usize) -> usize { let a = [1, 2, 3]; let s: &[i32] = &a[i..]; s.len() }",
            &[4],
            "index_out_of_bounds",
        ),
        (
            "fn f(i: usize) -> usize { let a = [1, 2, 3]; let s: &[i32] = &a[2..i]; s.len() }",
            &[1],
            "index_out_of_bounds",
        ),
        (
            "fn f(i: usize) -> usize { let a = [1, 2, 3]; let s: &[i32] = &a[..=i]; s.len() }",
            &[u64::MAX],
            "index_out_of_bounds",
        ),
        ("fn f(i: usize) { let mut a = [1, 2, 3]; a.swap(0, i); }", &[3], "index_out_of_bounds"),
        ("fn f(n: u32) { assert!(n > 3); }", &[3], "assertion"),
        ("fn f(n: u32) { assert_eq!(n, 3, \"n is {n}\"); }", &[4], "assertion"),
        ("fn f(n: u32) { debug_assert!(n > 3); }", &[3], "[]"),
        ("fn f(n: u32) { if n == 3 { panic!(\"three\") } }", &[3], "panic"),
        ("fn f(n: u32) -> u32 { match n { 0 => 1, _ => unreachable!() } }", &[3], "unreachable"),
        ("fn f(n: u32) -> u32 { n.ilog2() }", &[0], "panic"),
        ("fn f(n: i32, a: i32, b: i32) -> i32 { n.clamp(a, b) }", &[1, 5, 3], "assertion"),
        ("fn f(n: usize) { for _ in (0..10).step_by(n) {} }", &[0], "assertion"),
        ("fn f(n: u64) -> u64 { f(n + 1) + 1 }", &[0], "stack_overflow"),
        // The order in which things happen decides which trap it is.
        (
            "fn f(i: usize, d: i32) -> i32 { let mut a = [1]; a[i] = 1 / d; a[0] }",
            &[9, 0],
            "division_by_zero",
        ),
        (
            "fn f(i: usize, d: i32) -> i32 { let mut a = [1]; a[i] += 1 / d; a[0] }",
            &[9, 0],
            "division_by_zero",
        ),
        (
            "fn f(i: usize, d: i32) -> i32 { let mut a = [1]; a[i] += &(1 / d); a[0] }",
            &[9, 0],
            "index_out_of_bounds",
        ),
        (
            "fn f(i: usize, d: i32) -> i32 { let a = [1]; a[i] + 1 / d }",
            &[9, 0],
            "index_out_of_bounds",
        ),
        (
            "fn f(i: usize, d: usize) -> i32 { let a = [[1]]; a[i][1 / d] }",
            &[9, 0],
            "index_out_of_bounds",
        ),
        ("fn f(d: i32) -> bool { d == 0 || 1 / d > 0 }", &[0], "[1]"),
        ("fn f(d: i32) -> bool { d != 0 && 1 / d > 0 }", &[0], "[0]"),
    ];
    for (source, args, expected) in cases {
        let found = outcome(source, args);
        let fits =
            if expected.starts_with('[') { found == *expected } else { found.contains(expected) };
        assert!(fits, "{source}\n  with {args:?}: expected {expected}, got {found}");
    }
}

#[test]
fn a_trap_names_the_place_in_the_source() {
    let source = "fn f(a: i32, b: i32) -> i32 {\n    let c = a +\n        a / b;\n    c\n}";
    assert!(outcome(source, &[1, 0]).contains("3:9"), "{}", outcome(source, &[1, 0]));
}
