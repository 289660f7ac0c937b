//! Memory and control flow of the matrix: every type at every width, bytes computed one by one.

use super::File;
use super::int::{Int, TYPES, corners};

/// Floats as bits and text: zeros, halves, infinities, NaNs of both kinds with payloads, subnormals.
const F32: &[&str] = &[
    "0.0",
    "-0.0",
    "1.5",
    "-inf",
    "nan:0x7fc00005",
    "nan:0xff800003",
    "0x1p-149",
    "0x1.fffffep127",
];
const F64: &[&str] = &[
    "0.0",
    "-0.0",
    "-2.5",
    "inf",
    "nan:0x7ff8000000000005",
    "nan:0xfff0000000000003",
    "0x1p-1074",
    "0x1.fffffffffffffp1023",
];

/// The corner values of a type as text.
fn values(ty: &str) -> Vec<String> {
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    match TYPES.iter().find(|(name, _)| *name == ty) {
        Some(&(_, width)) => corners(width).into_iter().map(Int::text).collect(),
        None if ty == "f32" => texts(F32),
        None => texts(F64),
    }
}

const SLOT: &str = "    slot0: size 24, align 8\n";

/// The slot filled with ones, its address in `v11`.
const FILLED: &str = "    v10: i64 = iconst -1
    v11: i64 = stack_addr slot0
    store v10, v11
    store v10, v11 + 8
    store v10, v11 + 16";

/// The bytes from the start of the slot, and of the two words behind.
const LOOK: &str =
    "    v20: i64 = load v11\n    v21: i64 = load v11 + 8\n    v22: i64 = load v11 + 16";

/// The words of 24 bytes of ones in which `bytes` stand at `at`.
fn words(at: usize, bytes: &[u8]) -> String {
    let mut memory = [0xff; 24];
    memory[at..at + bytes.len()].copy_from_slice(bytes);
    let word = |chunk: &[u8]| {
        let digits = chunk.iter().rev().fold(0u64, |sum, &byte| (sum << 8) | u64::from(byte));
        (digits as i64).to_string()
    };
    memory.chunks(8).map(word).collect::<Vec<_>>().join(", ")
}

/// Stores and loads of whole values, aligned and not, with the offset in the access and in the address.
fn whole() -> File {
    let mut file = File::written("memory", "Loads and stores of every type at every width.");
    for ty in ["i8", "i16", "i32", "i64", "f32", "f64"] {
        for (at, base) in [(0, 0), (1, 0), (8, 0), (3, 7), (12, 16)] {
            let name = file.function_with(SLOT, ty, ty, &format!("v0: {ty}"));
            let offset = at - base;
            let offset = if offset < 0 { format!("- {}", -offset) } else { format!("+ {offset}") };
            file.line(&format!(
                "{FILLED}\n    v12: i64 = stack_addr slot0 + {base}\n    store v0, v12 {offset}\n    v1: {ty} = load v12 {offset}\n    ret v1\n}}"
            ));
            for value in values(ty) {
                file.expect(&name, &value, &Ok(value.clone()));
            }
        }
        for value in values(ty).iter().step_by(3) {
            // A constant, stored and read back as a whole and as zero bytes beside.
            let name = file.function_with(SLOT, "", &format!("{ty}, i8"), "");
            let op = if ty.starts_with('f') { "fconst" } else { "iconst" };
            file.line(&format!(
                "    v9: i64 = stack_addr slot0\n    v8: i8 = iconst 0\n    store v8, v9 + 8\n    v0: {ty} = {op} {value}\n    store v0, v9\n    v1: {ty} = load v9\n    v2: i8 = load v9 + 8\n    ret v1, v2\n}}"
            ));
            file.expect(&name, "", &Ok(format!("({value}, 0)")));
        }
    }
    narrow(&mut file);
    file
}

fn narrow(file: &mut File) {
    // Each byte with its sign bit set stands before one without.
    let bytes: [u8; 16] = [
        0x01, 0x80, 0x7f, 0xff, 0x00, 0x00, 0x80, 0x7f, 0xfe, 0x12, 0x34, 0xd6, 0x78, 0x9a, 0xff,
        0xff,
    ];
    let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    file.line(&format!("\ndata @bytes align 8 = \"{text}\""));
    for (ty, width) in TYPES {
        for (_, memory) in TYPES.into_iter().filter(|&(_, memory)| memory < width) {
            let count = memory as usize / 8;
            for (letter, sign) in [('u', false), ('s', true)] {
                for constant in [false, true] {
                    let (types, params) = if constant { ("", "") } else { ("i64", "v0: i64") };
                    let starts = 0..=bytes.len() - count;
                    for at in starts.step_by(if constant { 5 } else { bytes.len() }) {
                        let name = file.function(types, ty, params);
                        let access = if constant {
                            format!("load.{letter}{memory} v1 + {at}")
                        } else {
                            format!("load.{letter}{memory} v2")
                        };
                        let sum = if constant { "" } else { "    v2: i64 = add v1, v0\n" };
                        file.line(&format!(
                            "    v1: i64 = data_addr @bytes\n{sum}    v3: {ty} = {access}\n    ret v3\n}}"
                        ));
                        let read = |at: usize| {
                            let digits = bytes[at..at + count].iter().rev();
                            let value = digits.fold(0i128, |sum, &b| (sum << 8) | i128::from(b));
                            let read = Int::new(memory, value);
                            Int::new(width, if sign { read.signed() } else { read.unsigned() })
                        };
                        if constant {
                            file.expect(&name, "", &Ok(read(at).text()));
                            continue;
                        }
                        for at in 0..=bytes.len() - count {
                            file.expect(&name, &at.to_string(), &Ok(read(at).text()));
                        }
                    }
                }
            }
            for at in [0usize, 8, 11] {
                let name = file.function_with(SLOT, ty, "i64, i64, i64", &format!("v0: {ty}"));
                file.line(&format!(
                    "{FILLED}\n    store.{memory} v0, v11 + {at}\n{LOOK}\n    ret v20, v21, v22\n}}"
                ));
                for value in corners(width) {
                    let low = (value.unsigned() as u64).to_le_bytes();
                    file.expect(
                        &name,
                        &value.text(),
                        &Ok(format!("({})", words(at, &low[..count]))),
                    );
                }
            }
            let constant = corners(width)[8];
            let name = file.function_with(SLOT, "", "i64, i64, i64", "");
            file.line(&format!(
                "{FILLED}\n    v0: {ty} = iconst {}\n    store.{memory} v0, v11 + 5\n{LOOK}\n    ret v20, v21, v22\n}}",
                constant.text()
            ));
            let low = (constant.unsigned() as u64).to_le_bytes();
            file.expect(&name, "", &Ok(format!("({})", words(5, &low[..count]))));
        }
    }
}

/// Every kind of trap.
const TRAPS: &[&str] = &[
    "division_by_zero",
    "integer_overflow",
    "bad_conversion",
    "index_out_of_bounds",
    "assertion",
    "panic",
    "unreachable",
    "memory_fault",
    "user 0",
    "user 65279",
];

fn control() -> File {
    let mut file =
        File::written("control", "Conditions and cases of every type; every kind of trap.");
    for (ty, width) in TYPES {
        let values = corners(width);
        let params = format!("v0: {ty}");
        // Constants of the code instead of the parameter, which leave one way.
        let mut bodies = vec![(ty.to_owned(), params.clone(), String::new(), values.clone())];
        for &value in values.iter().take(3) {
            let constant = format!("    v0: {ty} = iconst {}\n", value.text());
            bodies.push((String::new(), String::new(), constant, vec![value]));
        }
        for (types, params, constant, values) in &bodies {
            let expect = |file: &mut File, name: &str, outcome: &dyn Fn(Int) -> super::Outcome| {
                for &value in values {
                    let operand = if types.is_empty() { String::new() } else { value.text() };
                    file.expect(name, &operand, &outcome(value));
                }
            };
            let name = file.function(types, "i64", params);
            file.line(&format!(
                "{constant}    branch v0, block1, block2\nblock1:\n    v1: i64 = iconst 7\n    ret v1\nblock2:\n    v2: i64 = iconst 9\n    ret v2\n}}"
            ));
            expect(&mut file, &name, &|value| {
                Ok(if value.unsigned() == 0 { "9" } else { "7" }.into())
            });
            let name = file.function(types, ty, params);
            file.line(&format!(
                "{constant}    v1: {ty} = iconst 3\n    branch v0, block1(v1), block1(v0)\nblock1(v2: {ty}):\n    ret v2\n}}"
            ));
            expect(&mut file, &name, &|value| {
                Ok(if value.unsigned() == 0 { "0" } else { "3" }.into())
            });
            let name = file.function(types, ty, params);
            file.line(&format!(
                "{constant}    v1: {ty} = iconst 3\n    guard v0, block1(v1), resume block2(v0)\nblock1(v2: {ty}):\n    ret v2\nblock2(v3: {ty}):\n    ret v3\n}}"
            ));
            expect(&mut file, &name, &|value| {
                Ok(if value.unsigned() == 0 { "0" } else { "3" }.into())
            });
            let name = file.function(types, ty, params);
            file.line(&format!("{constant}    trap_if v0, assertion\n    ret v0\n}}"));
            expect(&mut file, &name, &|value| {
                if value.unsigned() == 0 { Ok("0".to_owned()) } else { Err("assertion") }
            });
            // A table without holes, and one of far cases; 3 is in neither.
            for cases in [vec![-2, -1, 0, 1, 2], values_of(&corners(width))] {
                let name = file.function(types, "i64", params);
                let list: Vec<String> = cases
                    .iter()
                    .enumerate()
                    .map(|(i, case)| format!("{case}: block{}", 2 + i % 3))
                    .collect();
                let mut blocks = String::new();
                for i in 1..5 {
                    blocks +=
                        &format!("block{i}:\n    v{i}: i64 = iconst {}\n    ret v{i}\n", 10 * i);
                }
                file.line(&format!(
                    "{constant}    switch v0, block1, [{}]\n{blocks}}}",
                    list.join(", ")
                ));
                expect(&mut file, &name, &|value| {
                    let case = cases.iter().position(|&case| case == value.signed());
                    Ok(case.map_or(10, |i| 10 * (2 + i % 3)).to_string())
                });
                if !types.is_empty() {
                    file.expect(&name, "3", &Ok("10".to_owned()));
                }
            }
        }
    }
    for trap in TRAPS {
        let name = file.function("i8", "i8", "v0: i8");
        file.line(&format!(
            "    v1: i8 = iconst 1\n    v2: i8 = icmp eq v0, v1\n    trap_if v2, {trap}\n    branch v0, block1, block2\nblock1:\n    trap {trap}\nblock2:\n    ret v0\n}}"
        ));
        file.expect(&name, "0", &Ok("0".to_owned()));
        file.expect(&name, "1", &Err(trap));
        file.expect(&name, "2", &Err(trap));
    }
    file
}

fn values_of(values: &[Int]) -> Vec<i128> {
    let mut cases: Vec<i128> = values.iter().map(|value| value.signed()).collect();
    cases.sort_unstable();
    cases.dedup();
    cases
}

pub(super) fn files() -> Vec<File> {
    vec![whole(), control()]
}
