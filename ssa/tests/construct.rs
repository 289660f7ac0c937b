//! What construction makes of small functions, and that it does not look at blocks × variables.

use std::time::Instant;

use ir::{FunctionBuilder, Type};

fn constructed(text: &str) -> String {
    let mut func = ir::parse::function(text).unwrap_or_else(|e| panic!("{e:?}"));
    ssa::construct(&mut func);
    ssa::verify(&func).unwrap_or_else(|e| panic!("{e}\n{func}"));
    func.to_string()
}

#[test]
fn a_read_before_any_write_is_zero_and_made_once() {
    insta::assert_snapshot!(constructed(
        "fn @f(i8) -> (i64, i64, f64) {
          var0.x: i64
          var1.y: i64
          var2.z: f64
        block0(v0: i8):
          branch v0, block1, block2
        block1:
          v1: i64 = get var1
          set var0, v1
          jump block2
        block2:
          v2: i64 = get var0
          v3: i64 = get var1
          v4: f64 = get var2
          ret v2, v3, v4
        }"
    ));
}

#[test]
fn a_parameter_is_made_only_where_the_variable_is_read_again() {
    insta::assert_snapshot!(constructed(
        "fn @f(i8, i64) -> i64 {
          var0.dead: i64
          var1.live: i64
        block0(v0: i8, v1: i64):
          set var0, v1
          set var1, v1
          branch v0, block1, block2
        block1:
          v2: i64 = get var0
          v3: i64 = add v2, v2
          set var0, v3
          set var1, v3
          jump block2
        block2:
          v4: i64 = get var1
          set var0, v4
          v5: i64 = get var0
          ret v5
        }"
    ));
}

#[test]
fn both_ways_of_a_branch_and_all_of_a_switch_may_lead_to_one_block() {
    insta::assert_snapshot!(constructed(
        "fn @f(i64) -> i64 {
          var0.x: i64
        block0(v0: i64):
          switch v0, block1(v0), [0: block1(v0), 7: block2]
        block1(v1: i64):
          set var0, v1
          branch v1, block2, block2
        block2:
          v2: i64 = get var0
          ret v2
        block3:
          v3: i64 = get var0
          set var0, v3
          jump block2
        }"
    ));
}

#[test]
fn a_loop_with_two_entries() {
    insta::assert_snapshot!(constructed(
        "fn @f(i8, i64) -> i64 {
          var0.x: i64
        block0(v0: i8, v1: i64):
          set var0, v1
          branch v0, block1, block2
        block1:
          v2: i64 = get var0
          v3: i64 = add v2, v1
          set var0, v3
          jump block2
        block2:
          v4: i64 = get var0
          v5: i64 = mul v4, v1
          set var0, v5
          branch v5, block1, block3
        block3:
          v6: i64 = get var0
          ret v6
        }"
    ));
}

/// A chain of blocks, each with a variable that only the last reads: what is live everywhere costs nothing.
#[test]
fn variables_times_blocks_is_not_the_cost() {
    let time = |count: usize| {
        let b = FunctionBuilder::new("chain");
        let c = b.param(Type::I8);
        let vars: Vec<_> = (0..count).map(|_| b.var("x", Type::I8)).collect();
        vars.iter().for_each(|&var| b.set(var, c));
        for _ in 0..count {
            let (side, next) = (b.block(""), b.block(""));
            b.branch(c, side, next);
            b.switch_to(side);
            b.jump(next);
            b.switch_to(next);
        }
        let sum = vars.iter().fold(c, |sum, &var| b.add(sum, var));
        b.ret(sum);
        let func = b.finish().expect("valid");
        let once = |_| {
            let mut func = func.clone();
            let start = Instant::now();
            ssa::construct(&mut func);
            start.elapsed()
        };
        (0..3).map(once).min().unwrap_or_default()
    };
    let (small, large) = (time(2_000), time(20_000));
    // Ten times both: in line with either is ten times the time, with the product a hundred.
    assert!(large < small * 60, "{small:?}, then {large:?}");
}
