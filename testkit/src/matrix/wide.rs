//! Operations of the matrix with `i128`: four digits of 32 bits, as on paper, so that no number here is wider than the
//! products of two digits.

use super::int::{Int, TYPES};
use super::{File, ONCE, Row};

/// A number of 128 bits, the lowest digit first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits([u32; 4]);

/// One bit of it.
fn bit(digits: Digits, index: u32) -> u32 {
    (digits.0[(index / 32) as usize] >> (index % 32)) & 1
}

/// The number whose bits `choose` gives.
fn from_bits(choose: impl Fn(u32) -> u32) -> Digits {
    let mut digits = [0; 4];
    for index in 0..128 {
        digits[(index / 32) as usize] |= choose(index) << (index % 32);
    }
    Digits(digits)
}

impl Digits {
    /// The number as the host reads it: only to write it down.
    pub(super) fn text(self) -> String {
        let value = self.0.iter().rev().fold(0u128, |sum, &digit| (sum << 32) | u128::from(digit));
        (value as i128).to_string()
    }

    pub(super) fn of(value: i128) -> Self {
        let value = value as u128;
        Digits([value as u32, (value >> 32) as u32, (value >> 64) as u32, (value >> 96) as u32])
    }

    pub(super) fn halves(self) -> (u64, u64) {
        let [a, b, c, d] = self.0.map(u64::from);
        (a | (b << 32), c | (d << 32))
    }

    fn from_halves(low: u64, high: u64) -> Self {
        Digits([low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32])
    }

    /// The number of `width` bits with this sign, filled up to 128.
    fn filled(low: u64, width: u32, sign: bool) -> Self {
        let top = if sign { (low >> (width - 1)) as u32 & 1 } else { 0 };
        from_bits(|index| if index < width { (low >> index) as u32 & 1 } else { top })
    }

    pub(super) fn sum(self, other: Self, carry: u32) -> Self {
        let mut carry = u64::from(carry);
        let mut digits = [0; 4];
        for (i, digit) in digits.iter_mut().enumerate() {
            let sum = u64::from(self.0[i]) + u64::from(other.0[i]) + carry;
            *digit = sum as u32;
            carry = sum >> 32;
        }
        Digits(digits)
    }

    fn complement(self) -> Self {
        Digits(self.0.map(|digit| u32::MAX - digit))
    }

    fn negated(self) -> Self {
        Digits([0; 4]).sum(self.complement(), 1)
    }

    fn product(self, other: Self) -> Self {
        let mut digits = [0u32; 4];
        for i in 0..4 {
            let mut carry = 0u64;
            for j in 0..4 - i {
                let sum =
                    u64::from(digits[i + j]) + u64::from(self.0[i]) * u64::from(other.0[j]) + carry;
                digits[i + j] = sum as u32;
                carry = sum >> 32;
            }
        }
        Digits(digits)
    }

    fn each(self, other: Self, op: fn(u32, u32) -> u32) -> Self {
        from_bits(|index| op(bit(self, index), bit(other, index)) & 1)
    }

    /// Shifted by the amount modulo 128; bits that come in at the top are `fill`.
    fn shifted(self, amount: Self, left: bool, fill: u32) -> Self {
        let amount = amount.0[0] % 128;
        from_bits(|index| match (left, amount) {
            (true, _) if index < amount => 0,
            (true, _) => bit(self, index - amount),
            (false, _) if index + amount > 127 => fill,
            (false, _) => bit(self, index + amount),
        })
    }

    /// Returns `true` if it is less as a number without sign, from the highest digit down.
    fn below(self, other: Self) -> bool {
        let differ = (0..4).rev().find(|&i| self.0[i] != other.0[i]);
        differ.is_some_and(|i| self.0[i] < other.0[i])
    }

    /// With the sign bit turned over, the order of numbers with sign is that of numbers without.
    fn turned(self) -> Self {
        let [a, b, c, d] = self.0;
        Digits([a, b, c, d ^ (1 << 31)])
    }
}

type Unary = fn(Digits) -> Digits;

type Binary = fn(Digits, Digits) -> Digits;

const BINARY: &[(&str, Binary)] = &[
    ("add", |a, b| a.sum(b, 0)),
    ("sub", |a, b| a.sum(b.complement(), 1)),
    ("mul", Digits::product),
    ("and", |a, b| a.each(b, |x, y| x * y)),
    ("or", |a, b| a.each(b, |x, y| x + y - x * y)),
    ("xor", |a, b| a.each(b, |x, y| x + y)),
    ("shl", |a, b| a.shifted(b, true, 0)),
    ("lshr", |a, b| a.shifted(b, false, 0)),
    ("ashr", |a, b| a.shifted(b, false, bit(a, 127))),
];

type Compare = fn(Digits, Digits) -> bool;

const COMPARE: &[(&str, Compare)] = &[
    ("eq", |a, b| a == b),
    ("ne", |a, b| a != b),
    ("slt", |a, b| a.turned().below(b.turned())),
    ("sle", |a, b| !b.turned().below(a.turned())),
    ("sgt", |a, b| b.turned().below(a.turned())),
    ("sge", |a, b| !a.turned().below(b.turned())),
    ("ult", |a, b| a.below(b)),
    ("ule", |a, b| !b.below(a)),
    ("ugt", |a, b| b.below(a)),
    ("uge", |a, b| !a.below(b)),
];

const MIXED: i128 = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3211;

/// 0, 1, -1, MIN, MAX, where the halves meet, and a mixed pattern.
pub(super) fn corners() -> Vec<Digits> {
    let half = 1i128 << 64;
    [
        0,
        1,
        -1,
        i128::MIN,
        i128::MAX,
        half,
        half - 1,
        half + 1,
        -half,
        i128::from(i64::MIN),
        i128::from(i64::MIN) - 1,
        half / 2,
        -(half / 2) - half,
        MIXED,
    ]
    .into_iter()
    .map(Digits::of)
    .collect()
}

fn pairs() -> Vec<(Digits, Digits)> {
    let corners = corners();
    let mut pairs = Vec::new();
    for (i, &a) in corners.iter().enumerate() {
        for (j, &b) in corners.iter().enumerate() {
            if (i < 4 && j < 4) || i == j || (i + 3) % corners.len() == j || (i + 8) % 13 == j {
                pairs.push((a, b));
            }
        }
    }
    // The same in one half and not in the other.
    pairs.push((Digits::of(MIXED), Digits::of(MIXED + 1)));
    pairs.push((Digits::of(MIXED), Digits::of(MIXED ^ (1 << 127))));
    pairs
}

/// Shift amounts in either half, around the width, and with bits above the seven that count.
fn amounts() -> Vec<(Digits, Digits)> {
    let mut pairs = Vec::new();
    let amounts = [0, 1, 31, 63, 64, 65, 96, 127, 128, 129, -1, 1 << 64, (1 << 100) + 5, -64];
    for value in [MIXED, i128::MIN, -1, i128::MAX, 1] {
        for amount in amounts {
            pairs.push((Digits::of(value), Digits::of(amount)));
        }
    }
    pairs
}

const I128: &str = "i128";

type Rows = Vec<Row>;

/// Variables, then constants on either side.
fn two_operands(file: &mut File, op: &str, result: &str, rows: &Rows) {
    file.operation(op, &[I128, I128], result, rows, &[(0, 5, "vc"), (1, 9, "cv"), (2, 9, "cc")]);
}

fn arithmetic() -> File {
    let mut file = File::written("i128", "Arithmetic, logic and shifts of i128.");
    for &(op, apply) in BINARY {
        let operands = if matches!(op, "shl" | "lshr" | "ashr") { amounts() } else { pairs() };
        let row = |(a, b): (Digits, Digits)| (vec![a.text(), b.text()], Ok(apply(a, b).text()));
        let rows: Rows = operands.into_iter().map(row).collect();
        two_operands(&mut file, op, I128, &rows);
    }
    let unary: [(&str, Unary); 2] = [("neg", Digits::negated), ("not", Digits::complement)];
    for (op, apply) in unary {
        let row = |a: Digits| (vec![a.text()], Ok(apply(a).text()));
        let rows: Rows = corners().into_iter().map(row).collect();
        file.operation(op, &[I128], I128, &rows, &[(0, 3, "c")]);
    }
    file
}

fn comparison() -> File {
    let mut file = File::written("i128_compare", "Comparison and choice of i128.");
    for &(cc, holds) in COMPARE {
        let row = |(a, b): (Digits, Digits)| {
            (vec![a.text(), b.text()], Ok(i32::from(holds(a, b)).to_string()))
        };
        let rows: Rows = pairs().into_iter().map(row).collect();
        two_operands(&mut file, &format!("icmp {cc}"), "i8", &rows);
        // A branch on it.
        let name = file.function("i128, i128", "i64", "v0: i128, v1: i128");
        file.line(&format!(
            "    v2: i8 = icmp {cc} v0, v1\n    branch v2, block1, block2\nblock1:\n    v3: i64 = iconst 10\n    ret v3\nblock2:\n    v4: i64 = iconst 20\n    ret v4\n}}"
        ));
        for (operands, outcome) in rows.iter().step_by(4) {
            let taken = if *outcome == Ok("1".to_owned()) { "10" } else { "20" };
            file.expect(&name, &operands.join(", "), &Ok(taken.to_owned()));
        }
    }
    for (cond, width) in TYPES {
        let mut rows: Rows = Vec::new();
        for (c, (a, b)) in [0, 1, -1, 1 << (width - 1)].into_iter().zip(pairs().into_iter().skip(9))
        {
            let chosen = if c == 0 { b } else { a };
            let c = Int::new(width, c).text();
            rows.push((vec![c, a.text(), b.text()], Ok(chosen.text())));
        }
        file.operation(
            "select",
            &[cond, I128, I128],
            I128,
            &rows,
            &[(0, ONCE, "cvv"), (1, ONCE, "vcc")],
        );
    }
    file
}

type Product<'a> = &'a dyn Fn(u64, u64) -> Digits;

fn words() -> Vec<u64> {
    [0, 1, -1, i64::MIN, i64::MAX, 1 << 32, (1 << 32) - 1, 0x1234_5678_9abc_def5]
        .map(|word: i64| word as u64)
        .to_vec()
}

fn signed(word: u64) -> String {
    (word as i64).to_string()
}

fn conversion() -> File {
    let mut file =
        File::written("i128_convert", "To and from i128, and the products that need it.");
    for (ty, width) in TYPES {
        for (op, sign) in [("sext", true), ("zext", false)] {
            let row = |word: u64| {
                let a = Int::new(width, i128::from(word as i64));
                let result = Digits::filled(a.unsigned() as u64, width, sign);
                (vec![a.text()], Ok(result.text()))
            };
            let mut values = words();
            values.push(1 << (width - 1));
            let rows: Rows = values.into_iter().map(row).collect();
            file.operation(op, &[ty], I128, &rows, &[(2, ONCE, "c"), (8, ONCE, "c")]);
        }
        let row = |a: Digits| {
            let low = i128::from(a.halves().0 as i64);
            (vec![a.text()], Ok(Int::new(width, low).text()))
        };
        let rows: Rows = corners().into_iter().map(row).collect();
        file.operation("trunc", &[I128], ty, &rows, &[(13, ONCE, "c")]);
    }
    let mut splits: Rows = Vec::new();
    for a in corners() {
        let (low, high) = a.halves();
        splits.push((vec![a.text()], Ok(format!("({}, {})", signed(low), signed(high)))));
    }
    file.operation("isplit", &[I128], "i64, i64", &splits, &[(13, ONCE, "c")]);

    let words = words();
    let mut operands = Vec::new();
    for (i, &a) in words.iter().enumerate() {
        for (j, &b) in words.iter().enumerate() {
            if i == j || i < 4 || (i + 2) % words.len() == j {
                operands.push((a, b));
            }
        }
    }
    // 64 bits times 64 bits: with both operands filled up to 128 by their signs or zeros, the low 128 bits are all.
    let multiply = |sign: bool| {
        move |a: u64, b: u64| Digits::filled(a, 64, sign).product(Digits::filled(b, 64, sign))
    };
    let products: [(&str, Product<'_>); 3] = [
        ("iconcat", &Digits::from_halves),
        ("smul_wide", &multiply(true)),
        ("umul_wide", &multiply(false)),
    ];
    for (op, apply) in products {
        let row = |&(a, b): &(u64, u64)| (vec![signed(a), signed(b)], Ok(apply(a, b).text()));
        let rows: Rows = operands.iter().map(row).collect();
        file.operation(op, &["i64", "i64"], I128, &rows, &[(0, 6, "vc cv"), (7, ONCE, "cc")]);
    }
    elements(&mut file);
    // Only one half of a product is used.
    for (op, sign) in [("smul_wide", true), ("umul_wide", false)] {
        for half in ["v3", "v4"] {
            let name = file.function("i64, i64", "i64", "v0: i64, v1: i64");
            file.line(&format!(
                "    v2: i128 = {op} v0, v1\n    v3: i64, v4: i64 = isplit v2\n    ret {half}\n}}"
            ));
            for &(a, b) in operands.iter().step_by(3) {
                let (low, high) = multiply(sign)(a, b).halves();
                let chosen = if half == "v3" { low } else { high };
                file.expect(&name, &format!("{}, {}", signed(a), signed(b)), &Ok(signed(chosen)));
            }
        }
    }
    file
}

/// Addresses of elements of slices.
fn elements(file: &mut File) {
    let most = u64::MAX;
    let counts = [0, 1, 2, 7, 1 << 32, 1 << 63, most];
    for size in [1, 2, 3, 8, 24, 1 << 31, u32::MAX] {
        let rows = counts.iter().flat_map(|&count| {
            let indices =
                [0, 1, count.wrapping_sub(1), count, count.wrapping_add(1), 1 << 63, most];
            indices.into_iter().map(move |index| {
                let start = 0x1000_0000_0000_0008_u64.wrapping_mul(count | 1);
                let address = u128::from(start) + u128::from(index) * u128::from(size);
                let there = index < count;
                let outcome =
                    if there { Ok(signed(address as u64)) } else { Err("index_out_of_bounds") };
                (vec![Digits::from_halves(start, count).text(), signed(index)], outcome)
            })
        });
        let rows: Vec<_> = rows.collect();
        let name = file.function("i128, i64", "i64", "v0: i128, v1: i64");
        file.line(&format!("    v2: i64 = slice_addr v0, v1, {size}\n    ret v2\n}}"));
        for (operands, outcome) in &rows {
            file.expect(&name, &operands.join(", "), outcome);
        }
        // With an index that is known.
        for (operands, outcome) in rows.iter().step_by(5) {
            let name = file.function("i128", "i64", "v0: i128");
            file.line(&format!(
                "    v1: i64 = iconst {}\n    v2: i64 = slice_addr v0, v1, {size}\n    ret v2\n}}",
                operands[1]
            ));
            file.expect(&name, &operands[0], outcome);
        }
    }
}

/// Loads, stores, variables, block parameters, parameters and results.
fn places() -> File {
    let mut file = File::written(
        "i128_places",
        "Where values of i128 stand: memory, variables, parameters and results.",
    );
    let line = |file: &mut File, text: &str| file.line(text);
    for offset in [0, 1, 8, 16, 24] {
        // What is around it stays, and the low half comes first.
        let slots = "    slot0: size 64, align 16\n";
        let results = "i128, i64, i64, i64";
        let name = file.function_with(slots, "i128", results, "v0: i128");
        let text = format!(
            "    v1: i64 = iconst -1
    v2: i64 = stack_addr slot0
    store v1, v2 + {before}
    store v1, v2 + {after}
    store v0, v2 + {at}
    v3: i128 = load v2 + {at}
    v4: i64 = load v2 + {at}
    v5: i64 = load v2 + {high}
    v6: i64 = load v2 + {after}
    ret v3, v4, v5, v6\n}}",
            before = offset,
            at = offset + 8,
            high = offset + 16,
            after = offset + 24,
        );
        line(&mut file, &text);
        for a in corners() {
            let (low, high) = a.halves();
            let results = format!("({}, {}, {}, -1)", a.text(), signed(low), signed(high));
            file.expect(&name, &a.text(), &Ok(results));
        }
    }
    line(
        &mut file,
        "
data @d align 16 = \"\\01\\23\\45\\67\\89\\ab\\cd\\ef\\10\\32\\54\\76\\98\\ba\\dc\\fe\\11\"
data mut @m align 16 = zero 32
fn @from_data() -> (i128, i128) {
block0:
    v0: i64 = data_addr @d
    v1: i128 = load readonly align 16 v0
    v2: i128 = load v0 + 1
    ret v1, v2
}",
    );
    // Digit by digit from the bytes above.
    let whole = Digits([0x6745_2301, 0xefcd_ab89, 0x7654_3210, 0xfedc_ba98]);
    let next = Digits([0x8967_4523, 0x10ef_cdab, 0x9876_5432, 0x11fe_dcba]);
    file.expect("from_data", "", &Ok(format!("({}, {})", whole.text(), next.text())));
    line(
        &mut file,
        "
fn @to_data(i128, i128) -> (i128, i64) {
block0(v0: i128, v1: i128):
    v2: i64 = data_addr @m
    store region 1 v0, v2
    store region 1 v1, v2 + 8
    v3: i128 = load region 1 v2
    v4: i64 = load region 1 v2 + 16
    ret v3, v4
}",
    );
    let corners = corners();
    for (&a, &b) in corners.iter().zip(corners.iter().rev()) {
        let ((low, _), (middle, high)) = (a.halves(), b.halves());
        let whole = Digits::from_halves(low, middle);
        let operands = format!("{}, {}", a.text(), b.text());
        file.expect("to_data", &operands, &Ok(format!("({}, {})", whole.text(), signed(high))));
    }
    loops(&mut file);
    signatures(&mut file);
    file
}

/// Fibonacci numbers in block parameters and in variables; products that grow over both halves.
fn loops(file: &mut File) {
    file.line(
        "
fn @fib(i64) -> i128 {
block0(v0: i64):
    v1: i128 = iconst 0
    v2: i128 = iconst 1
    jump block1(v0, v1, v2)
block1(v3: i64, v4: i128, v5: i128):
    branch v3, block2, block3
block2:
    v6: i128 = add v4, v5
    v7: i64 = iconst 1
    v8: i64 = sub v3, v7
    jump block1(v8, v5, v6)
block3:
    ret v4
}

fn @fib_of_variables(i64) -> i128 {
    var0.a: i128
    var1.b: i128
    var2.n: i64
block0(v0: i64):
    v1: i128 = iconst 1
    set var1, v1
    set var2, v0
    jump block1
block1:
    v2: i64 = get var2
    branch v2, block2, block3
block2:
    v3: i128 = get var0
    v4: i128 = get var1
    v5: i128 = add v3, v4
    set var0, v4
    set var1, v5
    v6: i64 = iconst 1
    v7: i64 = sub v2, v6
    set var2, v7
    jump block1
block3:
    v8: i128 = get var0
    ret v8
}

fn @factorial(i64) -> i128 {
block0(v0: i64):
    v1: i128 = iconst 1
    branch v0, block1, block2
block1:
    v2: i64 = iconst 1
    v3: i64 = sub v0, v2
    v4: i128 = call @factorial(v3)
    v5: i128 = zext v0
    v6: i128 = mul v4, v5
    ret v6
block2:
    ret v1
}",
    );
    for n in [0, 1, 2, 93, 94, 150, 186, 200] {
        let (mut a, mut b) = (Digits::of(0), Digits::of(1));
        for _ in 0..n {
            (a, b) = (b, a.sum(b, 0));
        }
        for name in ["fib", "fib_of_variables"] {
            file.expect(name, &n.to_string(), &Ok(a.text()));
        }
    }
    for n in [0, 1, 5, 20, 21, 33, 34, 40] {
        let mut product = Digits::of(1);
        for i in 1..=n {
            product = product.product(Digits::of(i));
        }
        file.expect("factorial", &n.to_string(), &Ok(product.text()));
    }
}

/// Parameters and results at every place: behind an odd number of others, where only one register is left, in memory.
fn signatures(file: &mut File) {
    for before in 0..11usize {
        let mut types = vec!["i64"; before];
        types.extend([I128, "i64", "f64", I128]);
        let params: Vec<String> =
            types.iter().enumerate().map(|(i, ty)| format!("v{i}: {ty}")).collect();
        let (first, last) = (before, before + 3);
        let name = file.function(&types.join(", "), "i128, i64, f64, i128", &params.join(", "));
        file.line(&format!("    ret v{last}, v{}, v{}, v{first}\n}}", before + 1, before + 2));
        let caller = file.function(&types.join(", "), "i128, i128, i64", &params.join(", "));
        let arguments: Vec<String> = (0..types.len()).map(|i| format!("v{i}")).collect();
        file.line(&format!(
            "    v20: i128, v21: i64, v22: f64, v23: i128 = call @{name}({})
    v24: i128 = sub v23, v{first}
    v25: i128 = xor v20, v{last}
    ret v24, v25, v21\n}}",
            arguments.join(", ")
        ));
        let corners = corners();
        let (a, b) = (corners[before], Digits::of(MIXED));
        let mut values: Vec<String> = (0..before).map(|i| (i * 1000).to_string()).collect();
        values.extend([a.text(), "-7".to_owned(), "1.5".to_owned(), b.text()]);
        let results = format!("({}, -7, 1.5, {})", b.text(), a.text());
        file.expect(&name, &values.join(", "), &Ok(results));
        file.expect(&caller, &values.join(", "), &Ok("(0, 0, -7)".to_owned()));
    }
}

pub(super) fn files() -> Vec<File> {
    vec![arithmetic(), comparison(), conversion(), places()]
}
