//! `i128`, overflow and carry, atomic accesses, function addresses and tail calls. The oracle is Rust's own arithmetic.

mod common;

use common::{call, call_with, module};
use interp::{Interpreter, Limits, LoadOptions, MemoryAccess, NoHost, Program};
use ir::TrapKind;

fn words(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

const WIDE: &[u128] = &[
    0,
    1,
    u128::MAX,
    1 << 63,
    1 << 64,
    (1 << 64) - 1,
    i128::MIN as u128,
    i128::MAX as u128,
    0x0123_4567_89ab_cdef_fedc_ba98_7654_3210,
    127,
    129,
];

#[test]
fn arithmetic_of_128_bits() {
    type Binary = fn(u128, u128) -> u128;
    let binary: [(&str, Binary); 9] = [
        ("add", u128::wrapping_add),
        ("sub", u128::wrapping_sub),
        ("mul", u128::wrapping_mul),
        ("and", |a, b| a & b),
        ("or", |a, b| a | b),
        ("xor", |a, b| a ^ b),
        ("shl", |a, b| a.wrapping_shl(b as u32)),
        ("lshr", |a, b| a.wrapping_shr(b as u32)),
        ("ashr", |a, b| (a as i128).wrapping_shr(b as u32) as u128),
    ];
    for (name, oracle) in binary {
        let module = module(&format!(
            "fn @f(i128, i128) -> i128 {{\nblock0(v0: i128, v1: i128):\n v2: i128 = {name} v0, v1\n ret v2\n}}\n"
        ));
        for &a in WIDE {
            for &b in WIDE {
                let args = [words(a), words(b)].concat();
                let expected = words(oracle(a, b)).to_vec();
                assert_eq!(call(&module, "f", &args), Ok(expected), "{name} {a:#x} {b:#x}");
            }
        }
    }
}

#[test]
fn comparisons_of_128_bits_as_values_and_in_branches() {
    type Compare = fn(u128, u128) -> bool;
    let compare: [(&str, Compare); 10] = [
        ("eq", |a, b| a == b),
        ("ne", |a, b| a != b),
        ("ult", |a, b| a < b),
        ("ule", |a, b| a <= b),
        ("ugt", |a, b| a > b),
        ("uge", |a, b| a >= b),
        ("slt", |a, b| (a as i128) < b as i128),
        ("sle", |a, b| a as i128 <= b as i128),
        ("sgt", |a, b| a as i128 > b as i128),
        ("sge", |a, b| a as i128 >= b as i128),
    ];
    for (name, oracle) in compare {
        let module = module(&format!(
            "fn @f(i128, i128) -> (i8, i128) {{
             block0(v0: i128, v1: i128):
               v2: i8 = icmp {name} v0, v1
               v3: i8 = icmp {name} v0, v1
               v4: i128 = select v2, v0, v1
               branch v3, block1(v4), block2
             block1(v5: i128):
               ret v2, v5
             block2:
               jump block1(v1)
             }}"
        ));
        for &a in WIDE {
            for &b in WIDE {
                let holds = oracle(a, b);
                let [low, high] = words(if holds { a } else { b });
                let args = [words(a), words(b)].concat();
                let expected = vec![holds.into(), low, high];
                assert_eq!(call(&module, "f", &args), Ok(expected), "{name} {a:#x} {b:#x}");
            }
        }
    }
}

#[test]
fn halves_and_conversions_of_128_bits() {
    let module = module(
        "fn @f(i64, i64, i8) -> (i128, i128, i128, i128, i64, i64, i16, i128, i128, i128) {
         block0(v0: i64, v1: i64, v2: i8):
           v3: i128 = iconcat v0, v1
           v4: i128 = smul_wide v0, v1
           v5: i128 = umul_wide v0, v1
           v6: i128 = sext v2
           v7: i128 = zext v2
           v8: i64, v9: i64 = isplit v4
           v10: i16 = trunc v5
           v11: i128 = neg v3
           v12: i128 = not v3
           v13: i128 = iconst -2
           v14: i128 = add v13, v6
           ret v3, v4, v5, v7, v8, v9, v10, v11, v12, v14
         }",
    );
    for (a, b, c) in [(1u64, 2u64, 0x80u64), (u64::MAX, u64::MAX, 0x7f), (1 << 63, 3, 0xff)] {
        let pair = u128::from(a) | u128::from(b) << 64;
        let signed = (i128::from(a as i64) * i128::from(b as i64)) as u128;
        let unsigned = u128::from(a) * u128::from(b);
        let [low, high] = words(signed);
        let mut expected = [words(pair), words(signed), words(unsigned), words(c.into())].concat();
        expected.extend([low, high, unsigned as u64 & 0xffff]);
        expected.extend(words(pair.wrapping_neg()));
        expected.extend(words(!pair));
        expected.extend(words((i128::from(c as i8) - 2) as u128));
        assert_eq!(call(&module, "f", &[a, b, c]), Ok(expected));
    }
}

#[test]
fn values_of_128_bits_in_memory_variables_loops_and_calls() {
    // Fibonacci numbers, which grow beyond 64 bits; the pair turns round in each iteration.
    let module = module(
        "fn @fib(i64) -> i128 {
         block0(v0: i64):
           v1: i128 = iconst 0
           v2: i128 = iconst 1
           jump block1(v0, v1, v2)
         block1(v3: i64, v4: i128, v5: i128):
           v6: i128 = add v4, v5
           v7: i64 = iconst -1
           v8: i64 = add v3, v7
           branch v8, block1(v8, v5, v6), block2
         block2:
           ret v5
         }
         fn @kept(i64) -> (i128, i64, i64) {
           var0.x: i128
           slot0: size 40, align 16
         block0(v0: i64):
           v1: i128 = call @fib(v0)
           set var0, v1
           v2: i128 = get var0
           v3: i64 = stack_addr slot0
           store align 16 v2, v3 + 16
           v4: i128 = load v3 + 16
           v5: i64 = load v3 + 16
           v6: i64 = load v3 + 24
           ret v4, v5, v6
         }",
    );
    let (mut a, mut b) = (0u128, 1u128);
    for _ in 0..150 {
        (a, b) = (b, a + b);
    }
    let [low, high] = words(a);
    assert_eq!(call(&module, "fib", &[150]), Ok(vec![low, high]));
    assert_eq!(call(&module, "kept", &[150]), Ok(vec![low, high, low, high]));
}

#[test]
fn overflow_and_carry() {
    type Oracle = fn(i128, i128) -> i128;
    let ops: [(&str, bool, Oracle); 6] = [
        ("sadd_overflow", true, |a, b| a + b),
        ("uadd_overflow", false, |a, b| a + b),
        ("ssub_overflow", true, |a, b| a - b),
        ("usub_overflow", false, |a, b| a - b),
        ("smul_overflow", true, |a, b| a * b),
        ("umul_overflow", false, |a, b| (a as u128).wrapping_mul(b as u128) as i128),
    ];
    for bits in [8u32, 16, 32, 64] {
        let mask = u64::MAX >> (64 - bits);
        let samples = [0, 1, 2, mask, mask - 1, mask >> 1, (mask >> 1) + 1, 3 << (bits / 2)];
        let signed = |x: u64| i128::from(((x << (64 - bits)) as i64) >> (64 - bits));
        for (name, is_signed, oracle) in ops {
            let module = module(&format!(
                "fn @f(i{bits}, i{bits}) -> (i{bits}, i8) {{
                 block0(v0: i{bits}, v1: i{bits}):
                   v2: i{bits}, v3: i8 = {name} v0, v1
                   ret v2, v3
                 }}"
            ));
            for a in samples {
                for b in samples {
                    let exact = if is_signed {
                        oracle(signed(a), signed(b))
                    } else {
                        oracle(a.into(), b.into())
                    };
                    let wrapped = exact as u64 & mask;
                    // An unsigned product fills 128 bits, so that it may look negative.
                    let fits =
                        if is_signed { signed(wrapped) == exact } else { exact == wrapped.into() };
                    let expected = vec![wrapped, u64::from(!fits)];
                    assert_eq!(call(&module, "f", &[a, b]), Ok(expected), "{name} i{bits} {a} {b}");
                }
            }
        }
        for name in ["uadd_carry", "usub_borrow"] {
            let module = module(&format!(
                "fn @f(i{bits}, i{bits}, i8) -> (i{bits}, i8) {{
                 block0(v0: i{bits}, v1: i{bits}, v2: i8):
                   v3: i{bits}, v4: i8 = {name} v0, v1, v2
                   ret v3, v4
                 }}"
            ));
            for a in samples {
                for b in samples {
                    for carry in [0u64, 1, 2] {
                        let (x, y, c) = (i128::from(a), i128::from(b), i128::from(carry != 0));
                        let exact = if name == "uadd_carry" { x + y + c } else { x - y - c };
                        let wrapped = exact as u64 & mask;
                        let expected = vec![wrapped, u64::from(exact != wrapped.into())];
                        let got = call(&module, "f", &[a, b, carry]);
                        assert_eq!(got, Ok(expected), "{name} i{bits} {a} {b} {carry}");
                    }
                }
            }
        }
    }
}

#[test]
fn two_results_keep_out_of_the_way_of_their_operands() {
    // Each turn hands both results on in the places of both operands.
    let module = module(
        "fn @f(i64, i64) -> (i64, i64) {
         block0(v0: i64, v1: i64):
           v2: i64 = iconst 10
           jump block1(v2, v0, v1)
         block1(v3: i64, v4: i64, v5: i64):
           v6: i64, v7: i8 = umul_overflow v4, v5
           v8: i64 = zext v7
           v9: i64 = add v8, v4
           v10: i64 = iconst -1
           v11: i64 = add v3, v10
           branch v11, block1(v11, v6, v9), block2
         block2:
           ret v6, v9
         }",
    );
    let (mut x, mut y) = (7u64, 9u64);
    for _ in 0..10 {
        let (product, over) = x.overflowing_mul(y);
        (x, y) = (product, u64::from(over).wrapping_add(x));
    }
    assert_eq!(call(&module, "f", &[7, 9]), Ok(vec![x, y]));
}

#[test]
fn atomic_accesses() {
    for bits in [8u32, 16, 32, 64] {
        let mask = u64::MAX >> (64 - bits);
        let signed = |x: u64| ((x << (64 - bits)) as i64) >> (64 - bits);
        let (start, by) = (0x8182_8384_8586_8788u64 & mask, 0x0123_4567_89ab_cd93u64 & mask);
        let ops: [(&str, u64); 10] = [
            ("add", start.wrapping_add(by)),
            ("sub", start.wrapping_sub(by)),
            ("and", start & by),
            ("or", start | by),
            ("xor", start ^ by),
            ("xchg", by),
            ("smin", signed(start).min(signed(by)) as u64),
            ("smax", signed(start).max(signed(by)) as u64),
            ("umin", start.min(by)),
            ("umax", start.max(by)),
        ];
        for (name, new) in ops {
            let module = module(&format!(
                "fn @f(i{bits}, i{bits}) -> (i{bits}, i{bits}, i64) {{
                   slot0: size 24, align 8
                 block0(v0: i{bits}, v1: i{bits}):
                   v2: i64 = stack_addr slot0 + 8
                   v3: i64 = iconst 0
                   store v3, v2
                   atomic_store v0, v2
                   fence
                   v4: i{bits} = atomic_rmw {name} v1, v2
                   v5: i{bits} = atomic_load v2
                   v6: i64 = load v2
                   ret v4, v5, v6
                 }}"
            ));
            let new = new & mask;
            // No more bytes than the type has.
            assert_eq!(
                call(&module, "f", &[start, by]),
                Ok(vec![start, new, new]),
                "{name} {bits}"
            );
        }
        let module = module(&format!(
            "fn @f(i{bits}, i{bits}, i{bits}) -> (i{bits}, i{bits}) {{
               slot0: size 8, align 8
             block0(v0: i{bits}, v1: i{bits}, v2: i{bits}):
               v3: i64 = stack_addr slot0
               atomic_store v0, v3
               v4: i{bits} = atomic_cas v1, v2, v3
               v5: i{bits} = atomic_load v3
               ret v4, v5
             }}"
        ));
        assert_eq!(call(&module, "f", &[5, 5, mask]), Ok(vec![5, mask]), "{bits}");
        assert_eq!(call(&module, "f", &[5, 6, mask]), Ok(vec![5, 5]), "{bits}");
    }
}

#[test]
fn an_atomic_access_to_a_crooked_address_is_a_memory_fault() {
    for bits in [16u64, 32, 64] {
        for access in [
            format!("v4: i{bits} = atomic_load v3"),
            "atomic_store v0, v3".to_owned(),
            format!("v4: i{bits} = atomic_rmw add v0, v3"),
            format!("v4: i{bits} = atomic_cas v0, v0, v3"),
        ] {
            let module = module(&format!(
                "fn @f(i{bits}, i64) -> i64 {{
                   slot0: size 32, align 16
                 block0(v0: i{bits}, v1: i64):
                   v2: i64 = stack_addr slot0
                   v3: i64 = add v2, v1
                   {access}
                   ret v1
                 }}"
            ));
            assert_eq!(call(&module, "f", &[0, bits / 8]), Ok(vec![bits / 8]), "{access}");
            for crooked in 1..bits / 8 {
                let got = call(&module, "f", &[0, crooked]);
                assert_eq!(got, Err(TrapKind::MemoryFault), "{access} {crooked}");
            }
        }
    }
}

#[test]
fn atomic_additions_of_two_threads_all_count() {
    const TIMES: u64 = 20_000;
    let module = module(
        "data mut @counter align 4 = zero 4
         fn @count(i64) {
         block0(v0: i64):
           v1: i64 = data_addr @counter
           v2: i32 = iconst 1
           jump block1(v0)
         block1(v3: i64):
           v4: i32 = atomic_rmw add v2, v1
           v5: i64 = iconst -1
           v6: i64 = add v3, v5
           branch v6, block1(v6), block2
         block2:
           ret
         }
         fn @counted() -> i32 {
         block0:
           v0: i64 = data_addr @counter
           v1: i32 = atomic_load v0
           ret v1
         }",
    );
    let program = Program::load(&module.module, &LoadOptions::default()).unwrap();
    let run = |name: &str, args: &[u64]| {
        let function = program.function(name).unwrap();
        Interpreter::default().call(&program, function, args, &mut NoHost).unwrap()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| run("count", &[TIMES]));
        scope.spawn(|| run("count", &[TIMES]));
    });
    assert_eq!(run("counted", &[]), [2 * TIMES]);
}

const INDIRECT: &str = "
extern @host(i64) -> i64
fn @twice(i64) -> i64 {
block0(v0: i64):
  v1: i64 = add v0, v0
  ret v1
}
fn @square(i64) -> i64 {
block0(v0: i64):
  v1: i64 = mul v0, v0
  ret v1
}
fn @narrow(i32) -> i64 {
block0(v0: i32):
  v1: i64 = zext v0
  ret v1
}
fn @address(i64) -> i64 {
block0(v0: i64):
  v1: i64 = func_addr @twice
  v2: i64 = func_addr @square
  v3: i64 = func_addr @narrow
  v4: i64 = func_addr @host
  switch v0, block1(v1), [1: block1(v2), 2: block1(v3), 3: block1(v4)]
block1(v5: i64):
  ret v5
}
fn @apply(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = call @address(v0)
  v3: i64 = call_indirect v2(v1) : (i64) -> i64
  v4: i64 = iconst 1
  v5: i64 = add v3, v4
  ret v5
}
fn @tail(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = call @address(v0)
  tail_call_indirect v2(v1) : (i64) -> i64
}
fn @at(i64) -> i64 {
block0(v0: i64):
  v1: i64 = call_indirect v0(v0) : (i64) -> i64 @7:3
  ret v1
}
fn @peek(i64) -> i8 {
block0(v0: i64):
  v1: i64 = call @address(v0)
  v2: i8 = load v1
  ret v2
}
";

#[test]
fn indirect_calls_find_functions_of_the_program_and_of_the_host() {
    let module = module(INDIRECT);
    let mut host = |_: usize, args: &[u64], results: &mut [u64]| {
        results[0] = args[0] + 1000;
        Ok(())
    };
    let mut run = |name: &str, args: &[u64]| {
        call_with(&module, name, args, &mut host).map_err(|trap| trap.kind)
    };
    for (name, more) in [("apply", 1), ("tail", 0)] {
        assert_eq!(run(name, &[0, 21]), Ok(vec![42 + more]));
        assert_eq!(run(name, &[1, 21]), Ok(vec![441 + more]));
        assert_eq!(run(name, &[2, 21]), Err(TrapKind::BadCall));
        assert_eq!(run(name, &[3, 21]), Ok(vec![1021 + more]));
    }
}

#[test]
fn what_is_no_function_cannot_be_called_and_a_function_cannot_be_read() {
    let module = module(INDIRECT);
    let first = call(&module, "address", &[0]).unwrap()[0];
    let all: Vec<u64> = (0..4).map(|i| call(&module, "address", &[i]).unwrap()[0]).collect();
    for address in [0, 1, first - 1, first + 1, first + 1600, u64::MAX] {
        assert!(!all.contains(&address));
        let trap = call_with(&module, "at", &[address], &mut NoHost).unwrap_err();
        assert_eq!(trap.kind, TrapKind::BadCall, "{address:#x}");
        assert_eq!(trap.to_string(), "trap: bad_call in @at at 7:3");
    }
    for which in 0..4 {
        assert_eq!(call(&module, "peek", &[which]), Err(TrapKind::MemoryFault));
    }
}

#[test]
fn tail_calls_take_the_place_of_their_caller() {
    // Deeper than calls may nest; each has a stack slot, so that those must be given back too.
    let text = "
    extern @host(i64, i64) -> i64
    fn @even(i64, i64) -> (i64, i64) {
      slot0: size 4096, align 16
    block0(v0: i64, v1: i64):
      v2: i64 = stack_addr slot0
      store v0, v2
      branch v0, block1, block2
    block1:
      v3: i64 = iconst -1
      v4: i64 = add v0, v3
      tail_call @odd(v1, v4)
    block2:
      v5: i64 = load v2
      ret v5, v1
    }
    fn @odd(i64, i64) -> (i64, i64) {
    block0(v0: i64, v1: i64):
      branch v1, block1, block2
    block1:
      v2: i64 = iconst -1
      v3: i64 = add v1, v2
      v4: i64 = func_addr @even
      tail_call_indirect v4(v3, v0) : (i64, i64) -> (i64, i64)
    block2:
      v5: i64 = iconst 1
      ret v5, v0
    }
    fn @start(i64, i64) -> i64 {
      slot0: size 8, align 8
    block0(v0: i64, v1: i64):
      v2: i64 = stack_addr slot0
      store v1, v2
      v3: i64, v4: i64 = call @even(v0, v1)
      v5: i64 = load v2
      v6: i64 = add v3, v4
      v7: i64 = mul v6, v5
      ret v7
    }
    fn @outside(i64, i64) -> i64 {
    block0(v0: i64, v1: i64):
      tail_call @host(v1, v0)
    }
    fn @around(i64, i64) -> i64 {
    block0(v0: i64, v1: i64):
      v2: i64 = call @outside(v0, v1)
      ret v2
    }";
    let module = module(text);
    assert_eq!(call(&module, "even", &[200_000, 5]), Ok(vec![0, 5]));
    assert_eq!(call(&module, "even", &[200_001, 5]), Ok(vec![1, 5]));
    assert_eq!(call(&module, "start", &[200_001, 5]), Ok(vec![30]));
    let mut host = |_: usize, args: &[u64], results: &mut [u64]| {
        results[0] = 10 * args[0] + args[1];
        Ok(())
    };
    for name in ["outside", "around"] {
        assert_eq!(call_with(&module, name, &[3, 4], &mut host), Ok(vec![43]));
    }
    // And with the least depth that lets one function run.
    let program = Program::load(&module.module, &LoadOptions::default()).unwrap();
    let mut interpreter = Interpreter::new(Limits { depth: 1, ..Limits::default() });
    let even = program.function("even").unwrap();
    assert_eq!(interpreter.call(&program, even, &[1000, 5], &mut NoHost), Ok(vec![0, 5]));
}

#[test]
fn wide_accesses_are_checked_whole() {
    let module = module(
        "fn @read(i64) -> i128 {
         block0(v0: i64):
           v1: i128 = load v0 + 16
           ret v1
         }
         fn @write(i64) {
         block0(v0: i64):
           v1: i128 = iconst -1
           store v1, v0 + 16
           ret
         }",
    );
    let mut bytes = [1u64, 2, 3, 4, 5];
    let start = bytes.as_mut_ptr().expose_provenance() as u64;
    let program = Program::load(&module.module, &LoadOptions::default()).unwrap();
    let mut interpreter = Interpreter::default();
    interpreter.allow(start..start + 32);
    let read = program.function("read").unwrap();
    let write = program.function("write").unwrap();
    assert_eq!(interpreter.call(&program, read, &[start], &mut NoHost), Ok(vec![3, 4]));
    for function in [read, write] {
        let trap = interpreter.call(&program, function, &[start + 1], &mut NoHost).unwrap_err();
        assert_eq!(trap.kind, TrapKind::MemoryFault);
    }
    assert_eq!(interpreter.call(&program, write, &[start], &mut NoHost), Ok(vec![]));
    assert_eq!(bytes, [1, 2, u64::MAX, u64::MAX, 5]);
    let options = LoadOptions { memory: MemoryAccess::Host, ..LoadOptions::default() };
    let program = Program::load(&module.module, &options).unwrap();
    for address in [0, (1 << 48) - 24, u64::MAX - 15] {
        let read = program.function("read").unwrap();
        let trap = interpreter.call(&program, read, &[address], &mut NoHost).unwrap_err();
        assert_eq!(trap.kind, TrapKind::MemoryFault, "{address:#x}");
    }
}

/// Accesses of one word compute their address themselves where memory is the host's; those of two words do not.
#[test]
fn indexed_accesses_of_two_words_in_host_memory() {
    let module = module(
        "fn @f(i64) -> i64 {
           slot0: size 96, align 16
         block0(v0: i64):
           v1: i64 = stack_addr slot0
           v2: i128 = sext v0
           v3: i64 = iconst 4
           v4: i64 = shl v0, v3
           v5: i64 = add v1, v4
           store v2, v5 + 16
           v6: i64 = add v1, v4
           v7: i128 = load v6 + 16
           v8: i64 = trunc v7
           ret v8
         }",
    );
    for memory in [MemoryAccess::Restricted, MemoryAccess::Host] {
        let options = LoadOptions { memory, ..LoadOptions::default() };
        let program = Program::load(&module.module, &options).unwrap();
        let function = program.function("f").unwrap();
        let result = Interpreter::default().call(&program, function, &[3], &mut NoHost);
        assert_eq!(result, Ok(vec![3]), "{memory:?}");
    }
}
