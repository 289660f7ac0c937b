//! Assembly of small functions, pattern by pattern. The allocation of each is proven by the checker.

#[allow(dead_code)] // each test uses its part
mod common;

use common::assembly;

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
