//! Small programs of the kind that compilers meet, with what the allocator makes of them, to be read.

mod common;

use common::testing::{machine, parse};
use regalloc::{Options, check, dump, run};

/// Allocates for a machine with `caller` and `callee` registers a class, proves and prints the result.
fn allocate(caller: u8, callee: u8, text: &str) -> String {
    let function = parse(text).unwrap();
    let env = machine(caller, callee);
    let allocation = run(&function, &env, &Options::default()).unwrap();
    let mut out = String::new();
    dump(&function, &allocation, &mut out).unwrap();
    check(&function, &env, &allocation).unwrap_or_else(|error| panic!("{error}\n{out}"));
    out
}

/// The loop swaps two values, and that takes a copy, but nothing else does.
#[test]
fn gcd() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1:r1
            jump -> block1(v0, v1)
        block1(v2, v3) depth 1:
            cbz use v3 -> block3, block2
        block2 depth 1:
            div use v2, use v3, def v4
            msub use v4, use v3, use v2, def v5
            jump -> block1(v3, v5)
        block3:
            ret use v2:r0
    "
    ));
}

/// A loop counter, a sum and an address: no moves in the loop.
#[test]
fn sum_of_array() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1:r1
            const def v2
            jump -> block1(v2, v2)
        block1(v3, v4) depth 1:
            cmp use v3, use v1 -> block2, block3
        block2 depth 1:
            load use v0, use v3, def v5
            add use v4, use v5, def v6
            add use v3, def v7
            jump -> block1(v7, v6)
        block3:
            ret use v4:r0
    "
    ));
}

/// Recursion: the argument and the first result live across calls.
#[test]
fn fibonacci() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0
            cmp use v0 -> block1, block2
        block1:
            ret use v0:r0
        block2:
            sub use v0, def v1
            call use v1:r0, def v2:r0 ! r0 r1 r2 r3 r4 r5
            sub use v0, def v3
            call use v3:r0, def v4:r0 ! r0 r1 r2 r3 r4 r5
            add use v2, use v4, def v5
            ret use v5:r0
    "
    ));
}

/// A call in a loop: what the loop needs is in callee-saved registers.
#[test]
fn call_in_loop() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1:r1
            const def v2
            jump -> block1(v2, v2)
        block1(v3, v4) depth 1:
            cmp use v3, use v1 -> block2, block3
        block2 depth 1:
            call use v0:r0, use v3:r1, def v5:r0 ! r0 r1 r2 r3 r4 r5
            add use v4, use v5, def v6
            add use v3, def v7
            jump -> block1(v7, v6)
        block3:
            ret use v4:r0
    "
    ));
}

/// More values live through the inner loop than registers, but the inner loop uses few: it must not spill.
#[test]
fn values_live_through_an_inner_loop() {
    insta::assert_snapshot!(allocate(
        4,
        2,
        "
        block0:
            args def v0:r0, def v1:r1, def v2:r2, def v3:r3
            op use v0, def v4
            op use v1, def v5
            op use v2, def v6
            op use v3, def v7
            const def v8
            jump -> block1(v8)
        block1(v9) depth 1:
            op use v4, use v5, def v10
            jump -> block2(v8, v10)
        block2(v11, v12) depth 2:
            load use v0, use v11, def v13
            add use v12, use v13, def v14
            add use v11, def v15
            cmp use v15, use v1 -> block3, block4
        block3 depth 2:
            jump -> block2(v15, v14)
        block4 depth 1:
            store use v6, use v7, use v14
            add use v9, def v16
            cmp use v16, use v2 -> block5, block6
        block5 depth 1:
            jump -> block1(v16)
        block6:
            op use v3, use v4, use v5, def v17
            ret use v17:r0
    "
    ));
}

/// The arms of an if compute the same parameter: both write where it is wanted.
#[test]
fn if_else() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1:r1
            cmp use v0, use v1 -> block1, block2
        block1:
            sub use v1, use v0, def v2
            jump -> block3(v2)
        block2:
            sub use v0, use v1, def v3
            jump -> block3(v3)
        block3(v4):
            mul use v4, use v4, def v5
            ret use v5:r0
    "
    ));
}

/// Arguments of a call that are in each other's registers.
#[test]
fn swapped_arguments() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1:r1, def v2:r2
            call use v1:r0, use v2:r1, use v0:r2, def v3:r0 ! r0 r1 r2 r3 r4 r5
            ret use v3:r0
    "
    ));
}

/// A slow path with a call should not cost the fast path anything.
#[test]
fn slow_path() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1:r1
            jump -> block1(v0, v1)
        block1(v2, v3) depth 1:
            load use v2, def v4
            cmp use v4 -> block2, block4
        block2 depth 1:
            add use v2, use v4, def v5
            add use v3, use v4, def v6
            cmp use v6 -> block5, block3
        block3 depth 1:
            jump -> block1(v5, v6)
        block4:
            call use v2:r0, use v4:r1, def v7:r0 ! r0 r1 r2 r3 r4 r5
            jump -> block6(v3)
        block5:
            jump -> block6(v6)
        block6(v8):
            ret use v8:r0
    "
    ));
}

/// Tied operands: the sum stays in one register.
#[test]
fn tied() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1f:f0
            const def v2f
            jump -> block1(v0, v2f)
        block1(v3, v4f) depth 1:
            load use v3, def v5f
            fma use v4f, use v5f, use v1f, def v6f:reuse(0)
            add use v3, def v7
            cmp use v7 -> block2, block3
        block2 depth 1:
            jump -> block1(v7, v6f)
        block3:
            ret use v6f:f0
    "
    ));
}

/// Arms of an if inside of a loop: all names of the running value share a register.
#[test]
fn collatz() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0
            const def v1
            jump -> block1(v0, v1)
        block1(v2, v3) depth 1:
            cmp use v2 -> block2, block7
        block2 depth 1:
            tbz use v2 -> block3, block4
        block3 depth 1:
            lsr use v2, def v4
            jump -> block5(v4)
        block4 depth 1:
            add use v2, use v2, def v5
            jump -> block5(v5)
        block5(v6) depth 1:
            add use v3, def v7
            jump -> block1(v6, v7)
        block7:
            ret use v3:r0
    "
        .replace("block7", "block6")
        .as_str()
    ));
}

/// Two values that move along: one copy in the loop.
#[test]
fn iterative_fibonacci() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0
            const def v1
            const def v2
            jump -> block1(v0, v1, v2)
        block1(v3, v4, v5) depth 1:
            add use v4, use v5, def v6
            sub use v3, def v7
            cbz use v7 -> block3, block2
        block2 depth 1:
            jump -> block1(v7, v5, v6)
        block3:
            ret use v5:r0
    "
    ));
}

/// A maximum: the old value or the new one.
#[test]
fn maximum() {
    insta::assert_snapshot!(allocate(
        6,
        4,
        "
        block0:
            args def v0:r0, def v1:r1
            const def v2
            jump -> block1(v0, v2)
        block1(v3, v4) depth 1:
            load use v3, def v5
            cmp use v5, use v4 -> block2, block3
        block2 depth 1:
            jump -> block4(v5)
        block3 depth 1:
            jump -> block4(v4)
        block4(v6) depth 1:
            add use v3, def v7
            cmp use v7, use v1 -> block5, block6
        block5 depth 1:
            jump -> block1(v7, v6)
        block6:
            ret use v6:r0
    "
    ));
}

/// Eight values that rotate, as in a hash, with a call that none of them survives in a caller-saved register.
#[test]
fn rotating_state() {
    insta::assert_snapshot!(allocate(
        8,
        2,
        "
        block0:
            args def v0:r0, def v1:r1, def v2:r2, def v3:r3
            jump -> block1(v0, v1, v2, v3)
        block1(v4, v5, v6, v7) depth 1:
            op use v4, use v5, def v8
            op use v8, use v6, def v9
            op use v9, use v7, def v10
            cmp use v10 -> block2, block3
        block2 depth 1:
            jump -> block1(v10, v4, v5, v6)
        block3:
            ret use v10:r0
    "
    ));
}
