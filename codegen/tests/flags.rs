//! Comparisons that are made once and used twice: whatever stands between the two must not change what the second says.

#[allow(dead_code)] // each test uses its part
mod common;

use std::collections::BTreeSet;

use arm64_sim::{CallArgs, Config};
use codegen::{Compiler, Options, compile};
use common::link;

/// What stands between: it may use `v0`, `v1` and the address `v2`, and leaves an `i64` in `v20`.
const BETWEEN: &[(&str, &str)] = &[
    ("nothing", "v20: i64 = iconst 0"),
    ("a sum", "v20: i64 = add v0, v1"),
    ("a call", "v20: i64 = call @other(v1, v0)"),
    (
        "a call by address",
        "v10: i64 = func_addr @other\n  v20: i64 = call_indirect v10(v1, v0) : (i64, i64) -> i64",
    ),
    ("compare and swap", "v20: i64 = atomic_cas align 8 v0, v1, v2"),
    ("exchange", "v20: i64 = atomic_rmw align 8 xchg v1, v2"),
    ("an atomic sum", "v20: i64 = atomic_rmw align 8 add v1, v2"),
    ("smin", "v20: i64 = atomic_rmw align 8 smin v1, v2"),
    ("smax", "v20: i64 = atomic_rmw align 8 smax v1, v2"),
    ("umin", "v20: i64 = atomic_rmw align 8 umin v1, v2"),
    ("umax", "v20: i64 = atomic_rmw align 8 umax v1, v2"),
    ("a sum with its overflow", "v10: i64, v11: i8 = sadd_overflow v1, v1\n  v20: i64 = zext v11"),
    (
        "a difference with its borrow",
        "v10: i64, v11: i8 = usub_overflow v0, v1\n  v20: i64 = zext v11",
    ),
    ("another comparison", "v11: i8 = icmp ult v1, v0\n  v20: i64 = zext v11"),
    ("the opposite comparison", "v11: i8 = icmp slt v1, v0\n  v20: i64 = zext v11"),
    (
        "the same of another width",
        "v9: i32 = trunc v0\n  v10: i32 = trunc v1\n  v11: i8 = icmp slt v9, v10\n  v20: i64 = zext v11",
    ),
    (
        "a test for bits",
        "v10: i64 = and v0, v1\n  v12: i64 = iconst 0\n  v11: i8 = icmp eq v10, v12\n  v20: i64 = zext v11",
    ),
    (
        "a float comparison",
        "v9: f64 = bitcast v0\n  v10: f64 = bitcast v1\n  v11: i8 = fcmp lt v9, v10\n  v20: i64 = zext v11",
    ),
    (
        "two comparisons joined",
        "v9: i8 = icmp sgt v0, v2\n  v10: i8 = icmp sgt v1, v0\n  v11: i8 = and v9, v10\n  v20: i64 = zext v11",
    ),
    ("a select", "v9: i8 = icmp ugt v0, v1\n  v20: i64 = select v9, v0, v1"),
    ("a minimum", "v20: i64 = smin v0, v1"),
];

/// What is asked before and after.
const ASKED: &[&str] = &["icmp slt v0, v1", "icmp ult v0, v1", "icmp eq v0, v1", "icmp sge v0, v1"];

const VALUES: [u64; 7] = [0, 1, 5, u64::MAX, 1 << 63, (1 << 63) - 1, 0x1_0000_0000];

/// The module: `@f` asks, branches, does what stands between, and asks again; on a way with one predecessor, or on one
/// that a second leads to, where nothing is known of the flags.
fn source(asked: &str, between: &str, joins: bool) -> String {
    let entry = if joins {
        format!(
            "  v4: i8 = {asked}\n  branch v4, block4, block2\nblock4:\n  branch v0, block1, block5\nblock5:\n  jump block1\n"
        )
    } else {
        format!("  v4: i8 = {asked}\n  branch v4, block1, block2\n")
    };
    let mut text = format!(
        "fn @other(i64, i64) -> i64 {{\nblock0(v0: i64, v1: i64):\n  v2: i8 = icmp ugt v0, v1\n  v3: i64 = zext v2\n  ret v3\n}}\n\
         fn @f(i64, i64) -> (i64, i64) {{\n  slot0: size 8, align 8\nblock0(v0: i64, v1: i64):\n  \
         v2: i64 = stack_addr slot0\n  store v0, v2\n{entry}"
    );
    for (block, first) in [("block1", 0), ("block2", 40)] {
        // Values of the second copy have numbers of their own.
        let renumber = |text: &str| {
            let mut out = String::new();
            let mut rest = text;
            while let Some(at) = rest.find('v') {
                let digits = rest[at + 1..].chars().take_while(char::is_ascii_digit).count();
                let number: Option<u32> = rest[at + 1..at + 1 + digits].parse().ok();
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1 + digits..];
                if let Some(number) = number {
                    out += &(if number > 4 { number + first } else { number }).to_string();
                }
            }
            out + rest
        };
        let body = format!(
            "{block}:\n  {between}\n  v30: i8 = {asked}\n  v31: i64 = iconst 111\n  v32: i64 = iconst 222\n  \
             v33: i64 = select v30, v31, v32\n  ret v33, v20\n"
        );
        text += &renumber(&body);
    }
    text + "}\n"
}

#[test]
fn what_stands_between_two_comparisons_does_not_change_the_second() {
    for (name, between) in BETWEEN {
        for asked in ASKED {
            for joins in [false, true] {
                let source = source(asked, between, joins);
                let module =
                    ir::parse::module(&source).unwrap_or_else(|e| panic!("{e:?}\n{source}"));
                for lse in [false, true] {
                    let options = Options::default().checked().with_lse(lse);
                    let mut compiler = Compiler::new(options).expect("registers");
                    let linked = link::link(module.functions.values(), &mut compiler);
                    let linked = linked.unwrap_or_else(|e| panic!("{name}: {e}\n{source}"));
                    let mut sim = linked.simulator(Config::restricted());
                    for (x, y) in VALUES.iter().flat_map(|&x| VALUES.map(|y| (x, y))) {
                        let holds = match *asked {
                            "icmp slt v0, v1" => (x as i64) < y as i64,
                            "icmp ult v0, v1" => x < y,
                            "icmp eq v0, v1" => x == y,
                            _ => x as i64 >= y as i64,
                        };
                        let args = CallArgs { ints: &[x, y], ..CallArgs::default() };
                        let found = sim.call(linked.address("f"), &args);
                        let found =
                            found.unwrap_or_else(|fault| panic!("{name}: {fault}\n{source}"));
                        let right = if holds { 111 } else { 222 };
                        assert_eq!(
                            found.ints[0], right,
                            "{name}, {asked}, {x:#x} {y:#x}\n{source}"
                        );
                    }
                }
            }
        }
    }
}

/// Under pressure every register is used that may be, and across a call those that it keeps.
#[test]
fn every_register_is_used_when_they_are_short() {
    let values = 64;
    let mut text =
        String::from("extern @g()\nfn @f(i64, f64) -> (i64, f64) {\nblock0(v0: i64, v1: f64):\n");
    for at in 0..values {
        let (int, float) = (10 + 2 * at, 11 + 2 * at);
        text += &format!(
            "  v{int}: i64 = load v0 + {}\n  v{float}: f64 = load v0 + {}\n",
            16 * at,
            16 * at + 8
        );
    }
    for (part, call) in [(0, "  call @g()\n"), (1, "")] {
        text += call;
        for at in 0..values {
            let (int, float) = (10 + 2 * at, 11 + 2 * at);
            let offset = 4096 + 2048 * part + 16 * at;
            text +=
                &format!("  store v{int}, v0 + {offset}\n  store v{float}, v0 + {}\n", offset + 8);
        }
    }
    text += "  ret v0, v1\n}\n";
    let module = ir::parse::module(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let func = module.functions.values().next().expect("there is one");
    let code = compile(func, &Options::default().checked()).unwrap_or_else(|e| panic!("{e}"));
    let listing = common::disassemble(func, &code);
    let words: BTreeSet<&str> = listing.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let ints = (0..16).chain(19..29).map(|n| format!("x{n}"));
    let floats = (0..31).map(|n| format!("d{n}"));
    let missing: Vec<String> =
        ints.chain(floats).filter(|reg| !words.contains(reg.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?} are not used:\n{listing}");
    assert!(!words.contains("x18"), "{listing}");
}

/// Blocks that are said to be cold come last, and the others do not jump over them.
#[test]
fn cold_blocks_come_last() {
    for (one, other, cold, warm) in [(" cold", "", "#77", "#88"), ("", " cold", "#88", "#77")] {
        let text = format!(
            "fn @f(i64) -> i64 {{
block0(v0: i64):
  branch v0, block1, block2
block1{one}:
  v1: i64 = iconst 77
  ret v1
block2{other}:
  v2: i64 = iconst 88
  ret v2
}}"
        );
        let listing = common::assembly(&text);
        let at = |what: &str| listing.find(what).unwrap_or_else(|| panic!("no {what}:\n{listing}"));
        assert!(at(warm) < at(cold), "{listing}");
        assert!(at(cold) > at("ret"), "{listing}");
    }
}
