//! Atomic accesses of the matrix: every operation on every type, in 128-bit arithmetic; what stands beside stays as it
//! is; an address that is no multiple of the width is a fault.

use super::int::{Int, TYPES, pairs};
use super::{File, Outcome};

type Apply = fn(Int, Int) -> i128;

const RMW: &[(&str, Apply)] = &[
    ("add", |a, b| a.signed() + b.signed()),
    ("sub", |a, b| a.signed() - b.signed()),
    ("and", |a, b| a.unsigned() & b.unsigned()),
    ("or", |a, b| a.unsigned() | b.unsigned()),
    ("xor", |a, b| a.unsigned() ^ b.unsigned()),
    ("xchg", |_, b| b.signed()),
    ("smin", |a, b| a.signed().min(b.signed())),
    ("smax", |a, b| a.signed().max(b.signed())),
    ("umin", |a, b| a.unsigned().min(b.unsigned())),
    ("umax", |a, b| a.unsigned().max(b.unsigned())),
];

/// Memory full of ones around the place, which is the second of its width in the slot.
fn prepared(file: &mut File, types: &str, results: &str, params: &str, ty: &str) -> String {
    let slots = "    slot0: size 24, align 8\n";
    let name = file.function_with(slots, types, results, params);
    let bytes = ty[1..].parse::<u32>().unwrap_or(64) / 8;
    file.line(&format!(
        "    v10: i64 = iconst -1
    v11: i64 = stack_addr slot0
    v12: i64 = stack_addr slot0 + {bytes}
    store v10, v11
    store v10, v11 + 8
    store v10, v11 + 16"
    ));
    name
}

/// The first 64 bits of the slot and the next, when the place has these bits.
fn around(width: u32, place: Int) -> [String; 2] {
    let width_bits = u64::MAX >> (64 - width);
    if width == 64 {
        return ["-1".to_owned(), place.text()];
    }
    let rest = !(width_bits << width);
    let first = rest | (place.unsigned() as u64) << width;
    [(first as i64).to_string(), "-1".to_owned()]
}

const LOOK: &str = "    v20: i64 = load v11\n    v21: i64 = load v11 + 8";

fn rmw() -> File {
    let mut file = File::new("atomic_rmw");
    for &(op, apply) in RMW {
        for (ty, width) in TYPES {
            let name = prepared(
                &mut file,
                &format!("{ty}, {ty}"),
                &format!("{ty}, {ty}, i64, i64"),
                &format!("v0: {ty}, v1: {ty}"),
                ty,
            );
            file.line(&format!(
                "    store v0, v12\n    v2: {ty} = atomic_rmw {op} v1, v12\n    v3: {ty} = load v12\n{LOOK}\n    ret v2, v3, v20, v21\n}}"
            ));
            let rows: Vec<_> = pairs(width).into_iter().step_by(2).collect();
            for &(a, b) in &rows {
                let new = Int::new(width, apply(a, b));
                let [first, second] = around(width, new);
                let results = format!("({}, {}, {first}, {second})", a.text(), new.text());
                file.expect(&name, &format!("{}, {}", a.text(), b.text()), &Ok(results));
            }
            for &(a, b) in rows.iter().step_by(6) {
                // The operand is a constant, and nobody asks for what was there.
                let name = prepared(&mut file, ty, ty, &format!("v0: {ty}"), ty);
                file.line(&format!(
                    "    store v0, v12\n    v1: {ty} = iconst {}\n    v2: {ty} = atomic_rmw {op} v1, v12\n    v3: {ty} = atomic_load v12\n    ret v3\n}}",
                    b.text()
                ));
                let new = Int::new(width, apply(a, b));
                file.expect(&name, &a.text(), &Ok(new.text()));
            }
        }
    }
    file
}

fn cas() -> File {
    let mut file = File::new("atomic_cas");
    for (ty, width) in TYPES {
        let name = prepared(
            &mut file,
            &format!("{ty}, {ty}, {ty}"),
            &format!("{ty}, {ty}, i64, i64"),
            &format!("v0: {ty}, v1: {ty}, v2: {ty}"),
            ty,
        );
        file.line(&format!(
            "    store v0, v12\n    v3: {ty} = atomic_cas v1, v2, v12\n    v4: {ty} = load v12\n{LOOK}\n    ret v3, v4, v20, v21\n}}"
        ));
        let rows: Vec<_> = pairs(width).into_iter().step_by(3).collect();
        for (i, &(a, b)) in rows.iter().enumerate() {
            // Every second time what is expected is there.
            for expected in if i % 2 == 0 { vec![a, b] } else { vec![a] } {
                let new = if expected.unsigned() == a.unsigned() { b } else { a };
                let [first, second] = around(width, new);
                let results = format!("({}, {}, {first}, {second})", a.text(), new.text());
                let operands = [a, expected, b].map(Int::text).join(", ");
                file.expect(&name, &operands, &Ok(results));
            }
        }
        for (expected, outcome) in [(-1, "(-1, 5)"), (0, "(-1, -1)")] {
            let name = prepared(&mut file, "", &format!("{ty}, {ty}"), "", ty);
            file.line(&format!(
                "    v0: {ty} = iconst {expected}\n    v1: {ty} = iconst 5\n    v2: {ty} = atomic_cas v0, v1, v12\n    v3: {ty} = load v12\n    ret v2, v3\n}}"
            ));
            file.expect(&name, "", &Ok(outcome.to_owned()));
        }
    }
    counters(&mut file);
    file
}

/// A counter that a loop raises by compare-and-swap, and a lock.
fn counters(file: &mut File) {
    file.line(
        "
data mut @counter align 8 = zero 8
fn @raise(i64) -> i64 {
block0(v0: i64):
    v1: i64 = data_addr @counter
    v2: i64 = iconst 1
    v13: i64 = iconst 0
    atomic_store v13, v1
    jump block1(v0)
block1(v3: i64):
    branch v3, block2, block4
block2:
    v4: i64 = atomic_load v1
    v5: i64 = add v4, v2
    v6: i64 = atomic_cas v4, v5, v1
    v7: i8 = icmp eq v6, v4
    branch v7, block3, block2
block3:
    v8: i64 = sub v3, v2
    jump block1(v8)
block4:
    fence
    v9: i64 = load v1
    ret v9
}",
    );
    file.expect("raise", "0", &Ok("0".to_owned()));
    file.expect("raise", "1000", &Ok("1000".to_owned()));
}

fn load_store() -> File {
    let mut file =
        File::written("atomic", "Atomic loads and stores, fences, misaligned addresses.");
    for (ty, width) in TYPES {
        let name = prepared(&mut file, ty, &format!("{ty}, i64, i64"), &format!("v0: {ty}"), ty);
        file.line(&format!(
            "    atomic_store v0, v12\n    fence\n    v1: {ty} = atomic_load v12\n{LOOK}\n    ret v1, v20, v21\n}}"
        ));
        for (a, _) in pairs(width).into_iter().step_by(2) {
            let [first, second] = around(width, a);
            file.expect(&name, &a.text(), &Ok(format!("({}, {first}, {second})", a.text())));
        }
    }
    for (ty, width) in TYPES {
        let accesses = [
            ("atomic_load", format!("v2: {ty} = atomic_load v1\n    ret v2")),
            ("atomic_store", format!("atomic_store v0, v1\n    v2: {ty} = load v1\n    ret v2")),
            ("atomic_rmw", format!("v2: {ty} = atomic_rmw add v0, v1\n    ret v2")),
            ("atomic_cas", format!("v2: {ty} = atomic_cas v0, v0, v1\n    ret v2")),
        ];
        for (op, access) in accesses {
            file.line(&format!(
                "
fn @{op}_{ty}({ty}, i64) -> {ty} {{
    slot0: size 24, align 16
block0(v0: {ty}, v9: i64):
    v3: i64 = iconst 0
    v4: i64 = stack_addr slot0
    store v3, v4
    store v3, v4 + 8
    store v3, v4 + 16
    v1: i64 = add v4, v9
    {access}
}}"
            ));
            let name = format!("{op}_{ty}");
            for offset in [0, 1, 2, 3, 4, 6, 8, 13, 15, 16] {
                let after = if op == "atomic_store" { "9" } else { "0" };
                let aligned = offset % (width / 8) == 0;
                let outcome: Outcome =
                    if aligned { Ok(after.to_owned()) } else { Err("memory_fault") };
                file.expect(&name, &format!("9, {offset}"), &outcome);
            }
        }
    }
    file
}

pub(super) fn files() -> Vec<File> {
    vec![load_store(), rmw(), cas()]
}
