//! Narrow arguments and results in registers: extended where the signature says so, by those who pass them. Who takes them
//! reads the whole register here, which the machine code of another compiler might do.

#[allow(dead_code)] // each test uses its part
mod common;

use arm64_sim::{CallArgs, Config};
use codegen::{Compiler, Options};
use common::link;

/// What is passed: bits above the type are set and cleared.
const VALUES: [u64; 8] =
    [0, 1, 0x7f, 0x80, 0x1234_5678_9abc_def0, 0xffff_ffff_7fff_7f7f, 0x8000_8080, u64::MAX];

/// The value of the type, extended to 64 bits.
fn extended(value: u64, bits: u32, extend: &str) -> u64 {
    let up = value << (64 - bits);
    if extend == "sext" { (up as i64 >> (64 - bits)) as u64 } else { up >> (64 - bits) }
}

/// Calls `@caller` with each value: what comes out must be the extension of it, or its low bits where none is asked for.
fn check(callee: &str, caller: &str, bits: u32, extend: &str) {
    // Each side believes another signature of the callee, so they are modules of their own.
    let modules = [callee, caller]
        .map(|source| ir::parse::module(source).unwrap_or_else(|e| panic!("{e:?}\n{source}")));
    let functions = modules.iter().flat_map(|module| module.functions.values());
    let mut compiler = Compiler::new(Options::default().checked()).expect("registers");
    let linked = link::link(functions, &mut compiler);
    let linked = linked.unwrap_or_else(|e| panic!("{e}\n{callee}{caller}"));
    let mut sim = linked.simulator(Config::restricted());
    for value in VALUES {
        let args = CallArgs { ints: &[value], ..CallArgs::default() };
        let found = sim.call(linked.address("caller"), &args);
        let found = found.unwrap_or_else(|fault| panic!("{fault}\n{caller}")).ints[0];
        // AAPCS64 asks for 32 bits of what is narrower; a signature that says nothing leaves all above undefined.
        let (kept, right) = match (extend, bits) {
            ("", _) => (bits, value),
            (_, 32) => (64, extended(value, bits, extend)),
            _ => (32, extended(value, bits, extend)),
        };
        let mask = u64::MAX >> (64 - kept);
        assert_eq!(found & mask, right & mask, "{value:#x}\n{callee}{caller}");
    }
}

/// What the value is computed from: an argument with any bits above, and what an addition leaves there.
const SOURCES: [&str; 3] = [
    "v2: TY = trunc v0",
    "v1: TY = trunc v0\n  v3: TY = iconst 0\n  v2: TY = add v1, v3",
    "v1: TY = trunc v0\n  v3: TY = iconst -1\n  v4: TY = xor v1, v3\n  v2: TY = xor v4, v3",
];

/// The ways to pass: the callee, which reads the whole register, and the caller.
const WAYS: [(&str, &str); 5] = [
    (
        "fn @callee(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}\n",
        "extern @callee(TY EXT) -> i64\nfn @caller(i64) -> i64 {\nblock0(v0: i64):\n  SOURCE\n  \
         v9: i64 = call @callee(v2)\n  ret v9\n}\n",
    ),
    (
        "fn @callee(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}\n",
        "extern @callee(TY EXT) -> i64\nfn @caller(i64) -> i64 {\nblock0(v0: i64):\n  SOURCE\n  \
         tail_call @callee(v2)\n}\n",
    ),
    (
        "fn @callee(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}\n",
        "extern @callee(TY EXT) -> i64\nfn @caller(i64) -> i64 {\nblock0(v0: i64):\n  SOURCE\n  \
         v8: i64 = func_addr @callee\n  v9: i64 = call_indirect v8(v2) : (TY EXT) -> i64\n  ret v9\n}\n",
    ),
    (
        "fn @callee(i64) -> TY EXT {\nblock0(v0: i64):\n  SOURCE\n  ret v2\n}\n",
        "extern @callee(i64) -> i64\nfn @caller(i64) -> i64 {\nblock0(v0: i64):\n  \
         v9: i64 = call @callee(v0)\n  ret v9\n}\n",
    ),
    (
        "fn @callee(i64) -> (i64, TY EXT) {\nblock0(v0: i64):\n  SOURCE\n  ret v0, v2\n}\n",
        "extern @callee(i64) -> (i64, i64)\nfn @caller(i64) -> i64 {\nblock0(v0: i64):\n  \
         v8: i64, v9: i64 = call @callee(v0)\n  ret v9\n}\n",
    ),
];

#[test]
fn narrow_values_are_extended_as_the_signature_says() {
    for bits in [8, 16, 32] {
        for extend in ["", "sext", "zext"] {
            for (callee, caller) in WAYS {
                for source in SOURCES {
                    let fill = |text: &str| {
                        let text =
                            text.replace("SOURCE", source).replace("TY", &format!("i{bits}"));
                        text.replace(" EXT", format!(" {extend}").trim_end())
                    };
                    check(&fill(callee), &fill(caller), bits, extend);
                }
            }
        }
    }
}

/// Arguments of each type on the stack, in either layout: they come out as they went in.
#[test]
fn arguments_on_the_stack_come_through() {
    let types = ["i8", "i16", "i32", "i64"];
    for conv in [codegen::CallConv::Aapcs64, codegen::CallConv::Apple] {
        for code in 0..4_usize.pow(4) {
            let extra: Vec<&str> = (0..4).map(|at| types[code >> (2 * at) & 3]).collect();
            let fillers = "v0, v0, v0, v0, v0, v0, v0, v0";
            let declared = format!("i64, i64, i64, i64, i64, i64, i64, i64, {}", extra.join(", "));
            let mut params: Vec<String> = (0..8).map(|at| format!("v{at}: i64")).collect();
            let (mut sum, mut made) = (String::from("  v30: i64 = iconst 0\n"), String::new());
            for (at, ty) in extra.iter().enumerate() {
                params.push(format!("v{}: {ty}", 8 + at));
                let (value, wide, shift) = (8 + at, 12 + at, 20 + at);
                if *ty == "i64" {
                    sum += &format!("  v{wide}: i64 = or v{value}, v{value}\n");
                } else {
                    sum += &format!("  v{wide}: i64 = zext v{value}\n");
                }
                sum += &format!(
                    "  v{shift}: i64 = iconst {}\n  v{}: i64 = rotl v{wide}, v{shift}\n",
                    13 * at + 1,
                    40 + at
                );
                sum += &format!("  v{}: i64 = xor v{}, v{}\n", 31 + at, 30 + at, 40 + at);
                let value = 2 * at + 1;
                made += &format!(
                    "  v{value}: i64 = iconst {}\n  v{}: i64 = mul v0, v{value}\n",
                    2 * at + 3,
                    value + 1
                );
                made += &if *ty == "i64" {
                    format!("  v{}: i64 = or v{}, v{}\n", 20 + at, value + 1, value + 1)
                } else {
                    format!("  v{}: {ty} = trunc v{}\n", 20 + at, value + 1)
                };
            }
            let source = format!(
                "fn @callee({declared}) -> i64 {{\nblock0({}):\n{sum}  ret v34\n}}\n\
                 fn @caller(i64) -> i64 {{\nblock0(v0: i64):\n{made}  v50: i64 = call @callee({fillers}, v20, v21, v22, v23)\n  ret v50\n}}\n",
                params.join(", ")
            );
            let module = ir::parse::module(&source).unwrap_or_else(|e| panic!("{e:?}\n{source}"));
            let options = Options::default().checked().with_call_conv(conv);
            let mut compiler = Compiler::new(options).expect("registers");
            let linked = link::link(module.functions.values(), &mut compiler);
            let linked = linked.unwrap_or_else(|e| panic!("{e}\n{source}"));
            let mut sim = linked.simulator(Config::restricted());
            let x = 0x9e37_79b9_7f4a_7c15_u64;
            let right = extra.iter().enumerate().fold(0, |sum, (at, ty)| {
                let bits: u32 = ty[1..].parse().expect("a width");
                let value = x.wrapping_mul(2 * at as u64 + 3) & (u64::MAX >> (64 - bits));
                sum ^ value.rotate_left(13 * at as u32 + 1)
            });
            let args = CallArgs { ints: &[x], ..CallArgs::default() };
            let found = sim.call(linked.address("caller"), &args);
            let found = found.unwrap_or_else(|fault| panic!("{fault}\n{source}")).ints[0];
            assert_eq!(found, right, "{conv:?}\n{source}");
        }
    }
}
