//! Arithmetic that says whether its result fits, and with a carry in and out: the exact result in 128 bits, and whether
//! it lies between the ends of the type.

use super::int::{Int, TYPES, pairs};
use super::{File, Outcome};

/// The exact result.
type Exact = fn(i128, i128) -> i128;

/// Operation, whether its operands are signed, and what it computes.
const OVERFLOW: &[(&str, bool, Exact)] = &[
    ("sadd_overflow", true, |a, b| a + b),
    ("uadd_overflow", false, |a, b| a + b),
    ("ssub_overflow", true, |a, b| a - b),
    ("usub_overflow", false, |a, b| a - b),
    ("smul_overflow", true, |a, b| a * b),
    ("umul_overflow", false, umul),
];

/// The same with a carry, 0 or 1.
type ExactWithCarry = fn(i128, i128, i128) -> i128;

const CARRY: &[(&str, ExactWithCarry)] =
    &[("uadd_carry", |a, b, carry| a + b + carry), ("usub_borrow", |a, b, borrow| a - b - borrow)];

/// The whole product of two numbers below 2^64. Above the ends of `i128`, what comes out is only too large too.
fn umul(a: i128, b: i128) -> i128 {
    // The low 64 bits and some bit above them are all that the test needs.
    let product = a as u128 * b as u128;
    ((product & (u128::MAX >> 1)) | ((product >> 127) << 126)) as i128
}

fn outcome(width: u32, signed: bool, exact: i128) -> Outcome {
    let high = 1i128 << (width - u32::from(signed));
    let low = if signed { -high } else { 0 };
    let fits = (low..high).contains(&exact);
    Ok(format!("({}, {})", Int::new(width, exact).text(), i32::from(!fits)))
}

/// Beside the pairs of every operation, those around the square root of the greatest numbers, and odd factors of
/// numbers next to them.
fn products(width: u32) -> Vec<(Int, Int)> {
    let half = 1i128 << (width / 2);
    let root = match width {
        8 => 11,
        16 => 181,
        32 => 46_340,
        _ => 3_037_000_499,
    };
    let min = -(1i128 << (width - 1));
    [
        (root, root),
        (root + 1, root + 1),
        (root, -root - 1),
        (half, half),
        (half - 1, half + 1),
        (half, half - 1),
        (min / 2, 2),
        (min / 2, -2),
        (-min / 2, 2),
        (3, (1i128 << width) / 3),
        (3, (1i128 << width) / 3 + 1),
        (min, -1),
        (-1, min),
    ]
    .into_iter()
    .map(|(a, b)| (Int::new(width, a), Int::new(width, b)))
    .collect()
}

pub(super) fn files() -> Vec<File> {
    let mut files = Vec::new();
    for &(op, signed, exact) in OVERFLOW {
        let mut file = File::new(op);
        for (ty, width) in TYPES {
            let read = |a: Int| if signed { a.signed() } else { a.unsigned() };
            let row = |(a, b): (Int, Int)| {
                (vec![a.text(), b.text()], outcome(width, signed, exact(read(a), read(b))))
            };
            let mut operands = pairs(width);
            operands.extend(products(width));
            let rows: Vec<_> = operands.into_iter().map(row).collect();
            let result = format!("{ty}, i8");
            file.operation(op, &[ty, ty], &result, &rows, &[(0, 5, "vc"), (1, 8, "cv cc")]);
            only_one_result(&mut file, op, ty, &rows);
        }
        files.push(file);
    }
    for &(op, exact) in CARRY {
        let mut file = File::new(op);
        for (ty, width) in TYPES {
            // Any bit of the carry counts, also of a type that is wider or narrower.
            for (carry_type, carries) in
                [("i8", [0, 1, -128]), (ty, [0, 1, -2]), ("i64", [0, 2, 1 << 40])]
            {
                let mut rows = Vec::new();
                for (i, (a, b)) in pairs(width).into_iter().enumerate() {
                    let carry: i128 = carries[i % carries.len()];
                    let exact = exact(a.unsigned(), b.unsigned(), i128::from(carry != 0));
                    let operands = vec![a.text(), b.text(), carry.to_string()];
                    rows.push((operands, outcome(width, false, exact)));
                }
                let types = [ty, ty, carry_type];
                let result = format!("{ty}, i8");
                file.operation(op, &types, &result, &rows, &[(0, 6, "vvc vcv"), (1, 9, "cvv ccc")]);
            }
        }
        chains(&mut file, op);
        files.push(file);
    }
    files
}

/// Functions that use only one of the two results, and one that branches on the second.
fn only_one_result(file: &mut File, op: &str, ty: &str, rows: &[(Vec<String>, Outcome)]) {
    let split = |outcome: &Outcome| -> Option<(String, String)> {
        let text = outcome.as_ref().ok()?;
        let (first, second) = text.strip_prefix('(')?.strip_suffix(')')?.split_once(", ")?;
        Some((first.to_owned(), second.to_owned()))
    };
    for (index, result) in [(2, ty), (3, "i8")] {
        let name = file.function(&format!("{ty}, {ty}"), result, &format!("v0: {ty}, v1: {ty}"));
        file.line(&format!("    v2: {ty}, v3: i8 = {op} v0, v1\n    ret v{index}\n}}"));
        for (operands, outcome) in rows.iter().step_by(7) {
            if let Some((first, second)) = split(outcome) {
                let chosen = if index == 2 { first } else { second };
                file.expect(&name, &operands.join(", "), &Ok(chosen));
            }
        }
    }
    let name = file.function(&format!("{ty}, {ty}"), ty, &format!("v0: {ty}, v1: {ty}"));
    file.line(&format!(
        "    v2: {ty}, v3: i8 = {op} v0, v1\n    branch v3, block1, block2\nblock1:\n    trap integer_overflow\nblock2:\n    ret v2\n}}"
    ));
    for (operands, outcome) in rows.iter().skip(1).step_by(5) {
        if let Some((first, second)) = split(outcome) {
            let outcome = if second == "1" { Err("integer_overflow") } else { Ok(first) };
            file.expect(&name, &operands.join(", "), &outcome);
        }
    }
}

/// Sums and differences of four words: the carry of one is that of the next.
fn chains(file: &mut File, op: &str) {
    let names =
        |start: usize| -> Vec<String> { (start..start + 4).map(|i| format!("v{i}")).collect() };
    let params: Vec<String> = (0..8).map(|i| format!("v{i}: i64")).collect();
    let name = file.function(&["i64"; 8].join(", "), "i64, i64, i64, i64, i8", &params.join(", "));
    file.line("    v8: i8 = iconst 0");
    let (a, b) = (names(0), names(4));
    let mut carry = "v8".to_owned();
    for i in 0..4 {
        let (sum, out) = (10 + 2 * i, 11 + 2 * i);
        file.line(&format!("    v{sum}: i64, v{out}: i8 = {op} {}, {}, {carry}", a[i], b[i]));
        carry = format!("v{out}");
    }
    file.line(&format!("    ret v10, v12, v14, v16, {carry}\n}}"));
    let adds = op == "uadd_carry";
    for (a, b) in [
        ([u64::MAX; 4], [1, 0, 0, 0]),
        ([0; 4], [1, 0, 0, 0]),
        ([u64::MAX; 4], [u64::MAX; 4]),
        ([1 << 63; 4], [1 << 63; 4]),
        ([5, u64::MAX, 7, 1], [u64::MAX, 0, u64::MAX, 3]),
        ([0, 1, 0, 0], [1, 0, 0, 0]),
    ] {
        // Word by word, as on paper.
        let mut carry = 0i128;
        let mut results = Vec::new();
        for (a, b) in a.into_iter().zip(b) {
            let (a, b) = (i128::from(a), i128::from(b));
            let exact = if adds { a + b + carry } else { a - b - carry };
            carry = i128::from(!(0..1i128 << 64).contains(&exact));
            results.push(Int::new(64, exact).text());
        }
        results.push(carry.to_string());
        let words: Vec<String> =
            a.iter().chain(&b).map(|&word| (word as i64).to_string()).collect();
        file.expect(&name, &words.join(", "), &Ok(format!("({})", results.join(", "))));
    }
}
