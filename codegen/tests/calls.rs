//! Calls by address, and tail calls: what they look like, and that they work.

#[allow(dead_code)] // each test uses its part
mod common;

use arm64_sim::{CallArgs, Config, Fault};
use codegen::{CallConv, Compiler, Options};
use common::assembly;
use common::link::{self, Linked};

/// A module of the text form, compiled and linked.
fn compile(source: &str) -> Linked {
    compile_for(source, CallConv::Aapcs64)
}

fn compile_for(source: &str, conv: CallConv) -> Linked {
    let module = ir::parse::module(source).expect("the test's IR parses");
    ir::verify_module(&module).expect("the test's IR is well-formed");
    let options = Options::default().checked().with_call_conv(conv);
    let mut compiler = Compiler::new(options).expect("registers");
    link::link(module.functions.values(), &mut compiler).unwrap_or_else(|error| panic!("{error}"))
}

fn call(linked: &Linked, stack_size: u64, name: &str, args: &[u64]) -> Result<u64, Fault> {
    let mut config = Config::restricted();
    config.stack_size = stack_size;
    let mut sim = linked.simulator(config);
    let (ints, stack) = args.split_at(args.len().min(8));
    let args = CallArgs { ints, stack, ..CallArgs::default() };
    sim.call(linked.address(name), &args).map(|results| results.ints[0])
}

/// The result of a call with plenty of stack.
fn result(linked: &Linked, name: &str, args: &[u64]) -> u64 {
    call(linked, 1 << 20, name, args).unwrap_or_else(|fault| panic!("{fault}"))
}

const MUTUAL: &str = "
fn @even(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = iconst -1
  v3: i64 = add v0, v2
  branch v0, block1, block2
block1:
  tail_call @odd(v3, v1)
block2:
  ret v1
}
fn @odd(i64, i64) -> i64 {
  slot0: size 400, align 16
block0(v0: i64, v1: i64):
  v2: i64 = iconst -1
  v3: i64 = add v0, v2
  v4: i64 = stack_addr slot0
  store v1, v4
  v5: i64 = call @step(v1)
  v6: i64 = load v4
  v7: i64 = xor v5, v6
  branch v0, block1, block2
block1:
  v8: i64 = func_addr @even
  tail_call_indirect v8(v3, v5) : (i64, i64) -> i64
block2:
  ret v7
}
fn @step(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 1
  v2: i64 = add v0, v1
  ret v2
}";

#[test]
fn a_million_tail_calls_take_the_stack_of_one() {
    let linked = compile(MUTUAL);
    let found = call(&linked, 4096, "even", &[1_000_000, 7]);
    assert_eq!(found.unwrap_or_else(|fault| panic!("{fault}")), 7 + 500_000);
}

#[test]
fn the_code_of_tail_calls() {
    insta::assert_snapshot!(assembly(MUTUAL));
}

#[test]
fn calls_by_address() {
    let source = "
fn @apply(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = call_indirect v0(v1) : (i64) -> i64
  v3: i64 = add v2, v1
  ret v3
}
fn @many(i64) -> i64 {
block0(v0: i64):
  v1: i64 = func_addr @weighted
  v2: i64 = call_indirect v1(v0, v0, v0, v0, v0, v0, v0, v0, v0, v0) : (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) -> i64
  ret v2
}
fn @weighted(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) -> i64 {
block0(v0: i64, v1: i64, v2: i64, v3: i64, v4: i64, v5: i64, v6: i64, v7: i64, v8: i64, v9: i64):
  v10: i64 = iconst 100
  v11: i64 = mul v9, v10
  v12: i64 = add v8, v11
  ret v12
}
fn @twice(i64) -> i64 {
block0(v0: i64):
  v1: i64 = add v0, v0
  ret v1
}
fn @run(i64) -> i64 {
block0(v0: i64):
  v1: i64 = func_addr @twice
  v2: i64 = call @apply(v1, v0)
  ret v2
}";
    let linked = compile(source);
    assert_eq!(result(&linked, "run", &[5]), 15);
    assert_eq!(result(&linked, "many", &[3]), 303);
    insta::assert_snapshot!(assembly(source));
}

/// Arguments on the stack change places with each other and with registers; some stay.
#[test]
fn stack_arguments_of_tail_calls_do_not_overwrite_each_other() {
    let params: Vec<String> = (0..14).map(|index| format!("v{index}: i64")).collect();
    let types = vec!["i64"; 14].join(", ");
    let weights: String = (0..14)
        .map(|index| {
            let sum = if index == 0 { 0 } else { 200 + index };
            format!(
                "  v{w}: i64 = iconst {weight}\n  v{p}: i64 = mul v{index}, v{w}\n  v{s}: i64 = add v{p}, v{sum}\n",
                w = 20 + index,
                weight = 1_u64 << (4 * index),
                p = 100 + index,
                s = 201 + index,
            )
        })
        .collect();
    let weighted = weights.replacen("add v100, v0", "sub v100, v14", 1);
    for (index, order) in [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
        [0, 1, 2, 3, 4, 5, 6, 7, 9, 8, 10, 11, 12, 13],
        [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 8],
        [8, 9, 10, 11, 12, 13, 0, 1, 2, 3, 4, 5, 6, 7],
        [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8],
    ]
    .iter()
    .enumerate()
    {
        let args: Vec<String> = order.iter().map(|arg| format!("v{arg}")).collect();
        // Whatever the frame is like, it is gone before the callee starts.
        for (slot, body) in [
            ("", ""),
            ("  slot0: size 24, align 8\n", "  v20: i64 = stack_addr slot0\n  store v0, v20\n"),
            ("  slot0: size 5000, align 64\n", "  v20: i64 = stack_addr slot0\n  store v0, v20\n"),
            ("", "  v20: i64 = call @first(v0)\n"),
            (
                "",
                "  v20: i64 = call @weighted(v0, v0, v0, v0, v0, v0, v0, v0, v0, v0, v0, v0, v0, v0)\n",
            ),
        ] {
            let source = format!(
                "fn @weighted({types}) -> i64 {{\nblock0({params}):\n  v14: i64 = iconst 0\n{weighted}  ret v214\n}}\n\
                 fn @first(i64) -> i64 {{\nblock0(v0: i64):\n  ret v0\n}}\n\
                 fn @shuffled({types}) -> i64 {{\n{slot}block0({params}):\n{body}  tail_call @weighted({args})\n}}",
                params = params.join(", "),
                args = args.join(", "),
            );
            let linked = compile(&source);
            let values: Vec<u64> = (1..=14).collect();
            let expected = order
                .iter()
                .enumerate()
                .fold(0, |sum, (place, &arg)| sum + (values[arg] << (4 * place)));
            assert_eq!(result(&linked, "shuffled", &values), expected, "{index}\n{source}");
        }
    }
}

/// Apple's convention packs what lies on the stack, so that a store of a wrong width would hit a neighbour.
#[test]
fn packed_stack_arguments_of_tail_calls() {
    let registers = ["i64"; 8].join(", ");
    let rest = "i8, i16, i8, i32, i64, i8";
    let params: Vec<String> = (0..8).map(|index| format!("v{index}: i64")).collect();
    let params = params.join(", ");
    let source = format!(
        "
fn @start(i64) -> i64 {{
block0(v0: i64):
  v1: i8 = iconst 1
  v2: i16 = iconst 2
  v3: i8 = iconst 3
  v4: i32 = iconst 4
  v5: i64 = iconst 5
  v6: i8 = iconst 6
  v7: i64 = call @shuffle(v0, v0, v0, v0, v0, v0, v0, v0, v1, v2, v3, v4, v5, v6)
  ret v7
}}
fn @shuffle({registers}, {rest}) -> i64 {{
block0({params}, v8: i8, v9: i16, v10: i8, v11: i32, v12: i64, v13: i8):
  v14: i64 = zext v8
  v15: i32 = zext v9
  v16: i16 = zext v10
  tail_call @join(v0, v1, v2, v3, v4, v5, v6, v7, v13, v16, v8, v15, v14, v10)
}}
fn @join({registers}, {rest}) -> i64 {{
block0({params}, v8: i8, v9: i16, v10: i8, v11: i32, v12: i64, v13: i8):
  v14: i64 = iconst 10
  v15: i64 = zext v8
  v16: i64 = zext v9
  v17: i64 = zext v10
  v18: i64 = zext v11
  v19: i64 = zext v13
  v20: i64 = mul v15, v14
  v21: i64 = add v20, v16
  v22: i64 = mul v21, v14
  v23: i64 = add v22, v17
  v24: i64 = mul v23, v14
  v25: i64 = add v24, v18
  v26: i64 = mul v25, v14
  v27: i64 = add v26, v12
  v28: i64 = mul v27, v14
  v29: i64 = add v28, v19
  ret v29
}}"
    );
    for conv in [CallConv::Aapcs64, CallConv::Apple] {
        let linked = compile_for(&source, conv);
        assert_eq!(result(&linked, "start", &[0]), 631_213, "{conv:?}");
    }
}

/// What has no register comes back in memory of the caller: of twelve integers four, of nine floats one. It is passed on by
/// tail calls, kept across calls, and beside arguments on the stack.
#[test]
fn results_beyond_the_registers() {
    const RESULTS: &str = "(i64, i64, i64, i64, i64, i64, i64, i64, i16, i8, i64, i64, f64, f64, f64, f64, f64, f64, f64, \
                           f64, f64)";
    const PARAMS: &str = "(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64)";
    let mut many = String::new();
    let mut sum = String::from("  v100: i64 = iconst 0\n");
    for n in 0..21 {
        many +=
            &format!("  v{}: i64 = iconst {}\n  v{}: i64 = mul v0, v{0}\n", 20 + n, n + 1, 50 + n);
        many += &match n {
            8 => format!("  v{}: i16 = trunc v{}\n", 80 + n, 50 + n),
            9 => format!("  v{}: i8 = trunc v{}\n", 80 + n, 50 + n),
            12.. => format!("  v{}: f64 = sint_to_float v{}\n", 80 + n, 50 + n),
            _ => format!("  v{}: i64 = add v{}, v9\n", 80 + n, 50 + n),
        };
        let (word, weight, part) = (200 + n, 230 + n, 260 + n);
        sum += &match n {
            8 | 9 => format!("  v{word}: i64 = zext v{}\n", 50 + n),
            12.. => format!("  v{word}: i64 = float_to_sint_sat v{}\n", 50 + n),
            _ => format!("  v{word}: i64 = sub v{}, v2\n", 50 + n),
        };
        sum += &format!(
            "  v{weight}: i64 = iconst {}\n  v{part}: i64 = mul v{word}, v{weight}\n  v{}: i64 = add v{}, v{part}\n",
            3_i64.pow(n),
            101 + n,
            100 + n,
        );
    }
    let list =
        |first: usize| (0..21).map(|n| format!("v{}", first + n)).collect::<Vec<_>>().join(", ");
    let params = (0..10).map(|n| format!("v{n}: i64")).collect::<Vec<_>>().join(", ");
    let typed: Vec<String> = RESULTS
        .trim_matches(['(', ')'])
        .split(", ")
        .zip(50..)
        .map(|(ty, n)| format!("v{n}: {ty}"))
        .collect();
    let typed = typed.join(", ");
    let args = "v0, v0, v0, v0, v0, v0, v0, v0, v0, v2";
    let source = format!(
        "fn @many{PARAMS} -> {RESULTS} {{
block0({params}):
  v10: i64 = call @nothing(v0)
{many}  ret {returned}
}}
fn @nothing(i64) -> i64 {{
block0(v0: i64):
  ret v0
}}
fn @passes{PARAMS} -> {RESULTS} {{
  slot0: size 5000, align 64
block0({params}):
  v20: i64 = stack_addr slot0
  store v0, v20
  v21: i64 = call @nothing(v0)
  tail_call @many(v21, v0, v0, v0, v0, v0, v0, v0, v0, v9)
}}
fn @passes_by_address{PARAMS} -> {RESULTS} {{
block0({params}):
  v20: i64 = func_addr @passes
  tail_call_indirect v20(v0, v0, v0, v0, v0, v0, v0, v0, v0, v9) : {PARAMS} -> {RESULTS}
}}
fn @direct(i64) -> i64 {{
block0(v0: i64):
  v2: i64 = iconst 77
  {typed} = call @many({args})
{sum}  ret v121
}}
fn @indirect(i64) -> i64 {{
block0(v0: i64):
  v2: i64 = iconst 78
  v3: i64 = func_addr @passes_by_address
  {typed} = call_indirect v3({args}) : {PARAMS} -> {RESULTS}
{sum}  ret v121
}}
fn @one(i64) -> i64 {{
block0(v0: i64):
  v2: i64 = iconst 79
  {typed} = call @passes({args})
  ret v61
}}",
        returned = list(80),
    );
    let linked = compile(&source);
    let x = 1000_u64;
    let expected = (0..21).fold(0_u64, |sum, n| {
        let product = x * (u64::from(n) + 1);
        let word = if n == 9 { product & 0xff } else { product };
        sum.wrapping_add(word * 3_u64.pow(n))
    });
    assert_eq!(result(&linked, "direct", &[x]), expected, "{source}");
    assert_eq!(result(&linked, "indirect", &[x]), expected, "{source}");
    assert_eq!(result(&linked, "one", &[x]), 12 * x + 79, "{source}");
}

/// Functions of so many parameters that call each other in turn, each from another kind of frame, until `v0` is 0.
/// All parameters come through: the last is the sum of all before, of which each adds one of its own.
fn ring(sizes: &[usize], frames: &[&str]) -> String {
    let mut source = String::from("fn @same(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}\n");
    for (index, &size) in sizes.iter().enumerate() {
        let next = (index + 1) % sizes.len();
        let list = |item: &dyn Fn(usize) -> String, size: usize| {
            (0..size).map(item).collect::<Vec<_>>().join(", ")
        };
        let (slots, body) = frames[index % frames.len()].split_once('|').expect("two parts");
        let last = size - 1;
        let mut sum = format!("  v5000: i64 = add v{last}, v4999\n");
        for n in 1..last {
            sum += &format!("  v{}: i64 = add v{}, v{n}\n", 5000 + n, 4999 + n);
        }
        let total = 5000 + last.max(1) - 1;
        let target = sizes[next];
        let params = list(&|n| format!("v{n}: i64"), size);
        let args = list(
            &|n| match n {
                0 => "v2000".to_owned(),
                n if n == target - 1 => format!("v{total}"),
                n if n % 3 == 0 => "v4998".to_owned(),
                _ => "v4999".to_owned(),
            },
            target,
        );
        let types = list(&|_| "i64".to_owned(), target);
        let call = match index % 2 {
            0 => format!("  tail_call @f{next}({args})\n"),
            _ => format!(
                "  v2001: i64 = func_addr @f{next}\n  tail_call_indirect v2001({args}) : ({types}) -> i64\n"
            ),
        };
        source += &format!(
            "fn @f{index}({}) -> i64 {{\n{slots}block0({params}):\n  v4998: i64 = iconst 0\n  v4999: i64 = iconst 1\n{body}{sum}  \
             v2002: i64 = iconst -1\n  v2000: i64 = add v0, v2002\n  branch v0, block1, block2\nblock1:\n{call}block2:\n  \
             ret v{total}\n}}\n",
            list(&|_| "i64".to_owned(), size),
        );
    }
    source
}

/// Frames of all kinds: none, small, with saved registers, with a record, of pages, realigned.
const FRAMES: [&str; 7] = [
    "|",
    "|  v3000: i64 = call @same(v4998)\n",
    "  slot0: size 24, align 8\n|  v3000: i64 = stack_addr slot0\n  store v0, v3000\n",
    "  slot0: size 9000, align 8\n|  v3000: i64 = stack_addr slot0\n  store v0, v3000\n",
    "  slot0: size 100000, align 64\n|  v3000: i64 = stack_addr slot0\n  store v0, v3000\n",
    "  slot0: size 400, align 16\n|  v3000: i64 = stack_addr slot0\n  store v0, v3000\n  v3001: i64 = call @same(v4998)\n",
    "  slot0: size 5000, align 4096\n|  v3000: i64 = stack_addr slot0\n  store v0, v3000\n  v3001: i64 = call @same(v4998)\n",
];

/// What a ring of functions returns: what each of them adds in a round.
fn ring_result(sizes: &[usize], rounds: usize, first: usize) -> u64 {
    let of_args = |size: usize| (1..size - 1).map(|n| u64::from(n % 3 != 0)).sum::<u64>();
    (0..rounds).fold(first as u64, |sum, round| {
        sum + 1 + if round == 0 { 0 } else { of_args(sizes[round % sizes.len()]) }
    })
}

#[test]
fn tail_calls_that_pass_more_on_the_stack() {
    for sizes in
        [&[2, 9][..], &[2, 24], &[2, 10, 24, 100], &[3, 1000, 2, 17, 600], &[9, 10, 11, 12]]
    {
        for turn in 0..FRAMES.len() {
            let mut frames = FRAMES;
            frames.rotate_left(turn);
            let source = ring(sizes, &frames);
            let linked = compile(&source);
            let args: Vec<u64> = (0..sizes[0]).map(|n| if n == 0 { 50 } else { 0 }).collect();
            let found = result(&linked, "f0", &args);
            assert_eq!(found, ring_result(sizes, 51, 0), "{sizes:?}, {turn}\n{source}");
        }
    }
}

#[test]
fn many_tail_calls_that_pass_more_take_little_stack() {
    for (sizes, rounds, stack) in
        [(&[2, 24][..], 100_000, 4096), (&[2, 24, 3, 100, 12], 100_000, 8192)]
    {
        let linked = compile(&ring(sizes, &FRAMES[..3]));
        let found = call(&linked, stack, "f0", &[rounds as u64, 0]);
        let found = found.unwrap_or_else(|fault| panic!("{sizes:?}: {fault}"));
        assert_eq!(found, ring_result(sizes, rounds + 1, 0), "{sizes:?}");
    }
}

#[test]
fn the_code_of_tail_calls_that_make_room() {
    let few = "
extern @wide(i64, i64, i64, i64, i64, i64, i64, i64, f64, i64) -> i64
extern @wider(i64, i64, i64, i64, i64, i64, i64, i64, f64, i64, i64, i64, i64, i64, i64, i64, i64, i64) -> i64
extern @other(i64)
fn @leaf(i64, f64) -> i64 {
block0(v0: i64, v1: f64):
  tail_call @wide(v0, v0, v0, v0, v0, v0, v0, v0, v1, v0)
}
fn @calls(i64, f64) -> i64 {
  slot0: size 600, align 8
block0(v0: i64, v1: f64):
  v2: i64 = stack_addr slot0
  store v0, v2
  call @other(v0)
  v3: i64 = iconst 0
  tail_call @wider(v0, v0, v0, v0, v0, v0, v0, v0, v1, v0, v3, v3, v3, v3, v3, v3, v3, v3)
}
fn @by_address(i64, f64) -> i64 {
block0(v0: i64, v1: f64):
  tail_call_indirect v0(v0, v0, v0, v0, v0, v0, v0, v0, v1, v0) : (i64, i64, i64, i64, i64, i64, i64, i64, f64, i64) -> i64
}";
    insta::assert_snapshot!(assembly(few));
}

#[test]
fn a_frame_has_the_room_of_its_largest_tail_call() {
    let list = |count: usize, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(", ")
    };
    let callee = |name: &str, count: usize| {
        let params = list(count, &|n| format!("v{n}: i64"));
        let types = list(count, &|_| "i64".to_owned());
        format!("fn @{name}({types}) -> i64 {{\nblock0({params}):\n  ret v{}\n}}\n", count - 1)
    };
    for counts in [[10, 40], [40, 10]] {
        let args = counts.map(|count| list(count, &|n| format!("v{}", n % 2)));
        let source = format!(
            "{}{}fn @f(i64, i64) -> i64 {{\nblock0(v0: i64, v1: i64):\n  branch v0, block1, block2\nblock1:\n  \
             tail_call @first({})\nblock2:\n  tail_call @second({})\n}}\n",
            callee("first", counts[0]),
            callee("second", counts[1]),
            args[0],
            args[1],
        );
        let linked = compile(&source);
        assert_eq!(result(&linked, "f", &[1, 77]), 77, "{source}");
        assert_eq!(result(&linked, "f", &[0, 78]), 78, "{source}");
    }
}
