//! Integer operations of the matrix, in 128-bit arithmetic.

use super::{File, ONCE, Outcome, Row};

pub(crate) const TYPES: [(&str, u32); 4] = [("i8", 8), ("i16", 16), ("i32", 32), ("i64", 64)];

/// An integer of some width: its bits, and how they read with and without sign.
#[derive(Clone, Copy)]
pub(crate) struct Int {
    width: u32,
    bits: u128,
}

impl Int {
    pub(crate) fn new(width: u32, value: i128) -> Self {
        Self { width, bits: value as u128 & ((1u128 << width) - 1) }
    }

    pub(crate) fn signed(self) -> i128 {
        let unused = 128 - self.width;
        ((self.bits << unused) as i128) >> unused
    }

    pub(crate) fn unsigned(self) -> i128 {
        self.bits as i128
    }

    fn amount(self) -> u32 {
        (self.bits % u128::from(self.width)) as u32
    }

    pub(crate) fn text(self) -> String {
        self.signed().to_string()
    }
}

type Binary = fn(Int, Int) -> Result<i128, &'static str>;

const BINARY: &[(&str, Binary)] =
    &[
        ("add", |a, b| Ok(a.signed() + b.signed())),
        ("sub", |a, b| Ok(a.signed() - b.signed())),
        ("mul", |a, b| Ok(a.signed() * b.signed())),
        ("smulhi", |a, b| Ok((a.signed() * b.signed()) >> a.width)),
        ("umulhi", |a, b| Ok(((a.bits * b.bits) >> a.width) as i128)),
        ("sdiv", |a, b| match (a.signed(), b.signed()) {
            (_, 0) => Err("division_by_zero"),
            (x, -1) if x == -(1i128 << (a.width - 1)) => Err("integer_overflow"),
            (x, y) => Ok(x / y),
        }),
        ("udiv", |a, b| {
            if b.bits == 0 { Err("division_by_zero") } else { Ok(a.unsigned() / b.unsigned()) }
        }),
        (
            "srem",
            |a, b| if b.bits == 0 { Err("division_by_zero") } else { Ok(a.signed() % b.signed()) },
        ),
        ("urem", |a, b| {
            if b.bits == 0 { Err("division_by_zero") } else { Ok(a.unsigned() % b.unsigned()) }
        }),
        ("and", |a, b| Ok((a.bits & b.bits) as i128)),
        ("or", |a, b| Ok((a.bits | b.bits) as i128)),
        ("xor", |a, b| Ok((a.bits ^ b.bits) as i128)),
        ("shl", |a, b| Ok((a.bits << b.amount()) as i128)),
        ("lshr", |a, b| Ok((a.bits >> b.amount()) as i128)),
        ("ashr", |a, b| Ok(a.signed() >> b.amount())),
        ("rotl", |a, b| Ok(rotate_left(a, b.amount()))),
        ("rotr", |a, b| Ok(rotate_left(a, (a.width - b.amount()) % a.width))),
        ("smin", |a, b| Ok(a.signed().min(b.signed()))),
        ("smax", |a, b| Ok(a.signed().max(b.signed()))),
        ("umin", |a, b| Ok(a.unsigned().min(b.unsigned()))),
        ("umax", |a, b| Ok(a.unsigned().max(b.unsigned()))),
    ];

fn rotate_left(a: Int, amount: u32) -> i128 {
    ((a.bits << amount) | (a.bits >> (a.width - amount))) as i128
}

type Unary = fn(Int) -> i128;

const UNARY: &[(&str, Unary)] = &[
    ("neg", |a| -a.signed()),
    ("not", |a| !a.signed()),
    ("abs", |a| a.signed().abs()),
    ("clz", |a| i128::from(a.bits.leading_zeros() - (128 - a.width))),
    ("ctz", |a| i128::from(a.bits.trailing_zeros().min(a.width))),
    ("cls", |a| {
        let differs = |i: u32| (a.bits >> i) & 1 != (a.bits >> (a.width - 1)) & 1;
        (0..a.width - 1).rev().take_while(|&i| !differs(i)).count() as i128
    }),
    ("popcnt", |a| i128::from(a.bits.count_ones())),
    ("bswap", |a| (a.bits.swap_bytes() >> (128 - a.width)) as i128),
    ("bitrev", |a| (a.bits.reverse_bits() >> (128 - a.width)) as i128),
];

type Compare = fn(Int, Int) -> bool;

const COMPARE: &[(&str, Compare)] = &[
    ("eq", |a, b| a.bits == b.bits),
    ("ne", |a, b| a.bits != b.bits),
    ("slt", |a, b| a.signed() < b.signed()),
    ("sle", |a, b| a.signed() <= b.signed()),
    ("sgt", |a, b| a.signed() > b.signed()),
    ("sge", |a, b| a.signed() >= b.signed()),
    ("ult", |a, b| a.bits < b.bits),
    ("ule", |a, b| a.bits <= b.bits),
    ("ugt", |a, b| a.bits > b.bits),
    ("uge", |a, b| a.bits >= b.bits),
];

/// The result of an operation of two operands, or of `icmp CC`.
pub(crate) fn binary(op: &str, a: Int, b: Int) -> Result<i128, &'static str> {
    if let Some(cc) = op.strip_prefix("icmp ") {
        return Ok(row(COMPARE, cc)(a, b).into());
    }
    row(BINARY, op)(a, b)
}

/// The result of an operation of one operand.
pub(crate) fn unary(op: &str, a: Int) -> i128 {
    row(UNARY, op)(a)
}

fn row<T: Copy>(table: &[(&str, T)], op: &str) -> T {
    let found = table.iter().find(|(name, _)| *name == op);
    found.unwrap_or_else(|| panic!("`{op}` is no operation of the matrix")).1
}

/// 0, 1, -1, MIN, MAX, a power of two and its neighbours, and a mixed pattern.
pub(crate) fn corners(width: u32) -> Vec<Int> {
    let power = 1i128 << (width / 2);
    let min = -(1i128 << (width - 1));
    let mixed = 0x1234_5678_9abc_def5u128 as i128 >> (64 - width);
    [0, 1, -1, min, -min - 1, power, power - 1, power + 1, mixed]
        .into_iter()
        .map(|value| Int::new(width, value))
        .collect()
}

/// Pairs of corners: each with itself, its neighbours in the list, and with 0, 1, -1 and MIN on either side.
pub(crate) fn pairs(width: u32) -> Vec<(Int, Int)> {
    let corners = corners(width);
    let mut pairs = Vec::new();
    for (i, &a) in corners.iter().enumerate() {
        for (j, &b) in corners.iter().enumerate() {
            if (i < 4 && j < 4) || (i + 3) % corners.len() == j {
                pairs.push((a, b));
            }
        }
    }
    for amount in [3, i128::from(width) - 1, i128::from(width), i128::from(width) + 1] {
        pairs.push((corners[8], Int::new(width, amount)));
    }
    pairs
}

pub(super) fn files() -> Vec<File> {
    let mut files = Vec::new();
    for &(op, apply) in BINARY {
        let rows = |width: u32| {
            let row = |(a, b): (Int, Int)| {
                let outcome: Outcome = apply(a, b).map(|value| Int::new(width, value).text());
                (vec![a.text(), b.text()], outcome)
            };
            pairs(width).into_iter().map(row).collect::<Vec<_>>()
        };
        files.push(two_operands(op, op, &rows, None));
    }
    for &(cc, holds) in COMPARE {
        let rows = |width: u32| {
            let row = |(a, b): (Int, Int)| {
                let outcome: Outcome = Ok(i32::from(holds(a, b)).to_string());
                (vec![a.text(), b.text()], outcome)
            };
            pairs(width).into_iter().map(row).collect::<Vec<_>>()
        };
        files.push(two_operands(&format!("icmp_{cc}"), &format!("icmp {cc}"), &rows, Some("i8")));
    }
    for &(op, apply) in UNARY {
        let mut file = File::new(op);
        for (ty, width) in TYPES {
            let row = |a: Int| {
                let outcome: Outcome = Ok(Int::new(width, apply(a)).text());
                (vec![a.text()], outcome)
            };
            let rows: Vec<_> = corners(width).into_iter().map(row).collect();
            file.operation(op, &[ty], ty, &rows, &[(3, ONCE, "c"), (8, ONCE, "c")]);
        }
        files.push(file);
    }
    files.push(resize("sext", |from, to| from < to, |a| a.signed()));
    files.push(resize("zext", |from, to| from < to, |a| a.unsigned()));
    files.push(resize("trunc", |from, to| from > to, |a| a.signed()));
    files.push(select());
    files
}

type Rows<'a> = &'a dyn Fn(u32) -> Vec<Row>;

fn two_operands(name: &str, op: &str, rows: Rows<'_>, result: Option<&str>) -> File {
    let mut file = File::new(name);
    for (ty, width) in TYPES {
        let rows = rows(width);
        let result = result.unwrap_or(ty);
        // A different stretch of the rows for each place of the constant.
        file.operation(op, &[ty, ty], result, &rows, &[(0, 6, "vc"), (1, 12, "cv"), (2, 12, "cc")]);
    }
    file
}

fn resize(op: &str, fits: fn(u32, u32) -> bool, read: fn(Int) -> i128) -> File {
    let mut file = File::new(op);
    for (from, from_width) in TYPES {
        for (to, to_width) in TYPES {
            if fits(from_width, to_width) {
                let row = |a: Int| {
                    let outcome: Outcome = Ok(Int::new(to_width, read(a)).text());
                    (vec![a.text()], outcome)
                };
                let rows: Vec<_> = corners(from_width).into_iter().map(row).collect();
                file.operation(op, &[from], to, &rows, &[(2, ONCE, "c")]);
            }
        }
    }
    file
}

fn select() -> File {
    let mut file = File::new("select");
    for (cond, cond_width) in TYPES {
        for (ty, width) in TYPES {
            let (a, b) = (Int::new(width, 5), Int::new(width, -1));
            let row = |c: Int| {
                let chosen = if c.bits == 0 { b } else { a };
                let outcome: Outcome = Ok(chosen.text());
                (vec![c.text(), a.text(), b.text()], outcome)
            };
            let rows: Vec<_> = corners(cond_width).into_iter().take(6).map(row).collect();
            file.operation(
                "select",
                &[cond, ty, ty],
                ty,
                &rows,
                &[(0, ONCE, "cvv"), (1, ONCE, "vcc")],
            );
        }
        // Floats are chosen as they are, signalling NaNs too.
        for (ty, a, b) in
            [("f32", "nan:0x7f800001", "-0.0"), ("f64", "nan:0xfff0000000000001", "0x1p-1074")]
        {
            let row = |c: Int| {
                let chosen = if c.bits == 0 { b } else { a };
                (vec![c.text(), a.to_owned(), b.to_owned()], Ok(chosen.to_owned()))
            };
            let rows: Vec<_> = corners(cond_width).into_iter().take(6).map(row).collect();
            file.operation(
                "select",
                &[cond, ty, ty],
                ty,
                &rows,
                &[(0, ONCE, "cvv"), (1, ONCE, "vcc")],
            );
        }
    }
    file
}
