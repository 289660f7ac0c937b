//! Addresses and offsets.

use std::fmt::Write as _;

use super::numbers;
use crate::matrix::File;
use crate::matrix::int::Int;

/// Bytes of a table, each with its own neighbours.
fn table() -> Vec<u8> {
    (0..24u8).map(|i| 0x81u8.wrapping_add(i.wrapping_mul(37))).collect()
}

fn define_table(file: &mut File) {
    let text: String = table().iter().map(|byte| format!("\\{byte:02x}")).collect();
    file.line(&format!("\ndata @table align 16 = \"{text}\""));
}

/// `bits` of the bytes from `at` on.
fn read(bytes: &[u8], at: usize, bits: u32) -> Int {
    let bytes = bytes[at..at + bits as usize / 8].iter().rev();
    Int::new(bits, bytes.fold(0, |value, &byte| value << 8 | i128::from(byte)))
}

/// A narrow constant is extended as its extension says before it is added to an address. The arguments are the extended
/// constant, so that every sum is the table.
fn extended_constants() -> File {
    let mut file = File::written(
        "01-address-of-extended-constant",
        "Bug 1: addresses with extended constants.",
    );
    define_table(&mut file);
    let bytes = table();
    let expected = [read(&bytes, 0, 8), read(&bytes, 8, 64), read(&bytes, 3, 16)].map(Int::text);
    for width in [8, 16, 32] {
        let max = (1i128 << (width - 1)) - 1;
        for constant in [-1, -2, -128, -max - 1, max, 1, 127] {
            let constant = Int::new(width, constant);
            for (ext, value) in [("zext", constant.unsigned()), ("sext", constant.signed())] {
                let name = file.function("i64, i64", "i8, i64, i64", "v0: i64, v1: i64");
                file.line(&format!(
                    "    v2: i64 = data_addr @table\n    v3: i64 = sub v2, v0\n    v4: i{width} = iconst {}
    v5: i64 = {ext} v4\n    v6: i64 = add v3, v5\n    v7: i8 = load v6\n    v8: i64 = load v6 + 8
    v9: i64 = sub v2, v1\n    v10: i64 = add v5, v9\n    v11: i64 = load.s16 v10 + 3\n    ret v7, v8, v11\n}}",
                    constant.text()
                ));
                file.expect(
                    &name,
                    &format!("{value}, {value}"),
                    &Ok(format!("({})", expected.join(", "))),
                );
            }
        }
    }
    file
}

/// An index shifted left by every amount under loads of every width. The second argument of each pair is the shifted index,
/// which is subtracted again, so that each load is of the table's beginning.
fn shifted_index() -> File {
    let mut file = File::written("03-shifted-index", "Bug 3: indices shifted by every amount.");
    define_table(&mut file);
    let widths = [8, 16, 32, 64];
    let expected = widths.map(|width| read(&table(), 0, width).text()).join(", ");
    let random = numbers(128);
    for amount in 0..128u32 {
        let params: Vec<String> = (0..8).map(|i| format!("v{i}: i64")).collect();
        let name = file.function(&["i64"; 8].join(", "), "i8, i16, i32, i64", &params.join(", "));
        let mut text = format!("    v8: i64 = data_addr @table\n    v9: i64 = iconst {amount}\n");
        let mut arguments = Vec::new();
        for (i, index) in [3, -1, random[amount as usize], 1].into_iter().enumerate() {
            let (width, at, n) = (widths[i], 2 * i, 10 + 4 * i);
            let _ = writeln!(
                text,
                "    v{n}: i64 = shl v{at}, v9\n    v{}: i64 = sub v8, v{}\n    v{}: i64 = add v{}, v{n}\n    v{}: i{width} = load v{}",
                n + 1,
                at + 1,
                n + 2,
                n + 1,
                n + 3,
                n + 2
            );
            arguments
                .extend([Int::new(64, index), Int::new(64, index << (amount % 64))].map(Int::text));
        }
        file.line(&format!("{text}    ret v13, v17, v21, v25\n}}"));
        file.expect(&name, &arguments.join(", "), &Ok(format!("({expected})")));
    }
    file
}

/// Offsets around the limits of scaled and unscaled immediates.
const OFFSETS: [u32; 44] = [
    0, 1, 7, 8, 127, 128, 248, 252, 255, 256, 257, 263, 504, 512, 1016, 2040, 4087, 4088, 4089,
    4092, 4094, 4095, 4096, 4097, 4103, 4104, 5451, 8184, 8190, 16379, 16380, 16384, 32752, 32760,
    32761, 32768, 32776, 36856, 39992, 65520, 65535, 65536, 65537, 69992,
];

/// Stores and loads of every width in slots of odd sizes; each loaded value is the argument with the offset mixed in.
fn slots() -> File {
    let mut file =
        File::written("25-stack-slot-offsets", "Bugs 25 and 37: offsets in slots of odd sizes.");
    for (size, argument) in [5459, 40_000, 70_000].into_iter().zip(numbers(3)) {
        let offsets: Vec<u32> = OFFSETS.into_iter().filter(|offset| offset + 8 <= size).collect();
        for (group, offsets) in offsets.chunks(8).enumerate() {
            let slots = format!(
                "    slot0: size 8, align 8\n    slot1: size {size}, align 16\n    slot2: size 3, align 1\n"
            );
            let name = file.function_with(
                &slots,
                "i64",
                &vec!["i64"; offsets.len()].join(", "),
                "v0: i64",
            );
            let (mut text, mut results, mut expected) = (String::new(), Vec::new(), Vec::new());
            for (i, &offset) in offsets.iter().enumerate() {
                let width = [8, 16, 32, 64][(i + group) % 4];
                let (store, load) = match width {
                    64 => ("store".to_owned(), "load".to_owned()),
                    _ => (format!("store.{width}"), format!("load.u{width}")),
                };
                let n = 1 + 5 * i;
                let _ = writeln!(
                    text,
                    "    v{n}: i64 = stack_addr slot1 + {offset}\n    v{}: i64 = iconst {offset}
    v{}: i64 = xor v0, v{}\n    {store} v{}, v{n}\n    v{}: i64 = stack_addr slot1\n    v{}: i64 = {load} v{} + {offset}",
                    n + 1, n + 2, n + 1, n + 2, n + 3, n + 4, n + 3
                );
                results.push(format!("v{}", n + 4));
                let value = Int::new(width, argument ^ i128::from(offset));
                expected.push(Int::new(64, value.unsigned()).text());
            }
            file.line(&format!("{text}    ret {}\n}}", results.join(", ")));
            let expected = expected.join(", ");
            let expected = if results.len() == 1 { expected } else { format!("({expected})") };
            file.expect(&name, &argument.to_string(), &Ok(expected));
        }
    }
    file
}

/// Neighbouring and overlapping stores and loads, aligned or not, in both orders.
fn neighbours() -> File {
    let mut file =
        File::written("28-neighbouring-accesses", "Bug 28: accesses beside and over each other.");
    let pairs = [
        (0, 8),
        (8, 0),
        (0, 4),
        (4, 8),
        (0, 1),
        (1, 9),
        (3, 11),
        (0, 16),
        (8, 16),
        (504, 512),
        (512, 520),
        (248, 256),
        (252, 260),
        (1016, 1024),
        (0, 7),
    ];
    for (&(first, second), values) in pairs.iter().zip(numbers(2 * pairs.len()).chunks(2)) {
        for (store, load, width) in [("store", "load.s16", 16), ("store.32", "load.s32", 32)] {
            let bytes = if width == 16 { 8 } else { 4 };
            let name = file.function_with(
                "    slot0: size 1040, align 8\n",
                "i64, i64",
                "i64, i64, i64, i64",
                "v0: i64, v1: i64",
            );
            let mut text = String::from("    v2: i64 = stack_addr slot0\n    v3: i64 = iconst 0\n");
            for at in (first.min(second) / 8 * 8..first.max(second) + 8).step_by(8) {
                let _ = writeln!(text, "    store v3, v2 + {at}");
            }
            file.line(&format!(
                "{text}    {store} v0, v2 + {first}\n    v4: i64 = load v2 + {second}\n    {store} v1, v2 + {second}
    v5: i64 = load v2 + {first}\n    v6: i64 = load v2 + {second}\n    v7: i64 = {load} v2 + {first}\n    ret v5, v6, v4, v7\n}}"
            ));
            let mut memory = [0; 1040];
            let write = |memory: &mut [u8], at: usize, value: i128| {
                memory[at..at + bytes].copy_from_slice(&value.to_le_bytes()[..bytes]);
            };
            write(&mut memory, first, values[0]);
            let between = read(&memory, second, 64);
            write(&mut memory, second, values[1]);
            let last = Int::new(64, read(&memory, first, width).signed());
            let results = [read(&memory, first, 64), read(&memory, second, 64), between, last];
            file.expect(
                &name,
                &format!("{}, {}", values[0], values[1]),
                &Ok(format!("({})", results.map(Int::text).join(", "))),
            );
        }
    }
    // A slot whose address another slot holds is read and written through it.
    file.line(
        "
fn @chase(i64) -> (i64, i64) {
    slot0: size 16, align 8
    slot1: size 16, align 8
block0(v0: i64):
    v1: i64 = stack_addr slot0
    v2: i64 = stack_addr slot1
    v3: i64 = iconst 5
    v4: i64 = iconst 6
    store v2, v1
    store v0, v1 + 8
    store v3, v2
    store v4, v2 + 8
    v5: i64 = load v1
    v6: i64 = load v5 + 8
    v7: i64 = load v1 + 8
    v8: i64 = add v6, v7
    ret v6, v8
}",
    );
    file.expect("chase", "100", &Ok("(6, 106)".to_owned()));
    file
}

pub(super) fn files() -> Vec<File> {
    vec![extended_constants(), shifted_index(), slots(), neighbours()]
}
