//! What construction makes of small functions, and that it does not look at blocks × variables.

use std::time::{Duration, Instant};

use ir::{Function, FunctionBuilder, Type};

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

/// The least time for a size and for ten times that, measured until the large one is in line with the small one, or too
/// often. Other programs can only lengthen a time, so this fails for an algorithm, not for a busy machine.
fn least_times(bound: u32, size: usize, time: impl Fn(usize) -> Duration) -> (Duration, Duration) {
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..20 {
        (small, large) = (small.min(time(size)), large.min(time(10 * size)));
        if large < small * bound {
            break;
        }
    }
    (small, large)
}

/// A chain of blocks, each with a variable that only the last reads: what is live everywhere costs nothing.
fn chain(count: usize) -> Function {
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
    b.finish().expect("valid")
}

/// A nest of loops that test at the end, each with a variable of its own and one that all share: frontiers are long.
fn nest(count: usize) -> Function {
    let b = FunctionBuilder::new("nest");
    let c = b.param(Type::I8);
    let sum = b.var("sum", Type::I8);
    let mut loops = Vec::new();
    for _ in 0..count {
        let (own, head) = (b.var("x", Type::I8), b.block(""));
        b.set(own, c);
        b.jump(head);
        b.switch_to(head);
        loops.push((own, head));
    }
    for (own, head) in loops.into_iter().rev() {
        let next = b.block("");
        b.set(own, b.add(own, c));
        b.set(sum, b.add(sum, own));
        b.branch(own, head, next);
        b.switch_to(next);
    }
    b.ret(sum);
    b.finish().expect("valid")
}

#[test]
fn variables_times_blocks_is_not_the_cost() {
    // In line with either is ten times the time, with the product a hundred.
    const BOUND: u32 = 40;
    for (make, size) in [(chain as fn(usize) -> Function, 2_000), (nest, 1_000)] {
        let time = |count: usize| {
            let mut func = make(count);
            let start = Instant::now();
            ssa::construct(&mut func);
            start.elapsed()
        };
        let (small, large) = least_times(BOUND, size, time);
        assert!(large < small * BOUND, "{small:?}, then {large:?}");
    }
}
