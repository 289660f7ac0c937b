//! Three vectors, lane by lane, in exact integers: same widths, neighbours, long, wide, narrow, by element.

use super::machine::{Machine, QC, corners, cut, signed, unsigned, word};

/// Reads one lane.
pub(crate) fn lane(v: u128, size: u32, i: u32) -> u64 {
    cut((v >> (i * size)) as i128, size)
}

/// A vector of lanes.
pub(crate) fn vector(size: u32, lanes: impl IntoIterator<Item = u64>) -> u128 {
    lanes.into_iter().enumerate().fold(0, |v, (i, x)| v | u128::from(x) << (i as u32 * size))
}

pub(crate) fn number(is_signed: bool, v: u64, size: u32) -> i128 {
    if is_signed { signed(v, size) } else { unsigned(v, size) }
}

/// An exact result and what becomes of it.
#[derive(Clone, Copy)]
pub(crate) enum Exact {
    /// Its low bits.
    Wrap(i128),
    /// The nearest signed number.
    Signed(i128),
    /// The nearest unsigned number.
    Unsigned(i128),
}

pub(crate) fn sat(is_signed: bool, v: i128) -> Exact {
    if is_signed { Exact::Signed(v) } else { Exact::Unsigned(v) }
}

impl Exact {
    /// The lane, and is it saturated?
    pub(crate) fn lane(self, size: u32) -> (u64, bool) {
        let (v, least, most) = match self {
            Exact::Wrap(v) => return (cut(v, size), false),
            Exact::Signed(v) => (v, -(1i128 << (size - 1)), (1i128 << (size - 1)) - 1),
            Exact::Unsigned(v) => (v, 0, (1i128 << size) - 1),
        };
        let near = if v < least {
            least
        } else if v > most {
            most
        } else {
            v
        };
        (cut(near, size), near != v)
    }
}

/// Vectors in which all the values stand, at `count` lanes of each.
pub(crate) fn packed(values: &[u64], size: u32) -> Vec<u128> {
    let count = (128 / size) as usize;
    let all: Vec<u64> =
        values.iter().copied().cycle().take(values.len().next_multiple_of(count)).collect();
    all.chunks(count).map(|c| vector(size, c.iter().copied())).collect()
}

/// All pairs of two lists as pairs of vectors; lanes differ.
pub(crate) fn pairs(a: &[u64], b: &[u64], sizes: (u32, u32)) -> Vec<(u128, u128)> {
    let lanes = (128 / sizes.0.max(sizes.1)) as usize;
    let all: Vec<(u64, u64)> = a.iter().flat_map(|&x| b.iter().map(move |&y| (x, y))).collect();
    all.chunks(lanes)
        .map(|chunk| {
            // Narrow operands of long forms: the upper half has the same pairs, the other way round.
            let put = |size: u32, f: fn(&(u64, u64)) -> u64| {
                let count = (128 / size) as usize;
                vector(
                    size,
                    (0..count).map(|i| {
                        let turn = i / lanes;
                        f(&chunk[(i + turn) % chunk.len()])
                    }),
                )
            };
            (put(sizes.0, |p| p.0), put(sizes.1, |p| p.1))
        })
        .collect()
}

pub(crate) fn arrangement(size: u32, q: bool) -> String {
    let letter = match size {
        8 => 'b',
        16 => 'h',
        32 => 's',
        _ => 'd',
    };
    format!("{}{letter}", if q { 128 / size } else { 64 / size })
}

pub(crate) const LETTERS: [(u32, char); 4] = [(8, 'b'), (16, 'h'), (32, 's'), (64, 'd')];
const OLD: [u128; 3] = [
    0x8000_0000_0000_0000_7fff_ffff_ffff_ffff,
    0x7f80_81fe_0102_ffff_8001_7ffe_0000_0001,
    0xffff_ffff_ffff_ffff_8000_8000_8000_8080,
];

/// Loads a text and compares v0 and QC for each pair in v1 and v2.
pub(crate) fn check(
    m: &mut Machine,
    text: &str,
    operands: &[(u128, u128)],
    f: impl Fn(u128, u128, u128) -> (u128, bool),
) {
    m.load(text);
    check_loaded(m, operands, f);
}

/// The same for what is loaded.
pub(crate) fn check_loaded(
    m: &mut Machine,
    operands: &[(u128, u128)],
    f: impl Fn(u128, u128, u128) -> (u128, bool),
) {
    for (i, &(a, b)) in operands.iter().enumerate() {
        let d = OLD[i % OLD.len()];
        (m.regs.v[0], m.regs.v[1], m.regs.v[2]) = (d, a, b);
        m.regs.fpsr = if i % 7 == 3 { QC } else { 0 };
        let (want, saturated) = f(d, a, b);
        let after = m.run();
        assert_eq!(
            after.v[0],
            want,
            "`{}` of {d:#034x}, {a:#034x}, {b:#034x}: {:#034x}, not {want:#034x}",
            m.text(),
            after.v[0]
        );
        let qc = saturated || m.regs.fpsr != 0;
        assert_eq!(
            after.fpsr & QC != 0,
            qc,
            "`{}` of {d:#034x}, {a:#034x}, {b:#034x}: QC",
            m.text()
        );
    }
}

/// Joins results of lanes and says whether any was saturated.
pub(crate) fn finish(size: u32, lanes: impl Iterator<Item = Exact>) -> (u128, bool) {
    let all: Vec<_> = lanes.map(|x| x.lane(size)).collect();
    (vector(size, all.iter().map(|x| x.0)), all.iter().any(|x| x.1))
}

type Lane = fn(u32, u64, u64, u64) -> Exact;

/// Which widths exist: a bit for each, of vectors and of scalars.
const NOT_D: (u32, u32) = (7, 0);
const ALL: (u32, u32) = (15, 0);
const AND_D: (u32, u32) = (15, 8);
const EACH: (u32, u32) = (15, 15);
const HS: (u32, u32) = (6, 6);

fn all_ones(is: bool) -> Exact {
    Exact::Wrap(-i128::from(is))
}

/// A product whose sums carry nothing.
fn no_carry(a: u64, b: u64) -> i128 {
    (0..64).filter(|i| b >> i & 1 == 1).fold(0, |product, i| product ^ i128::from(a) << i)
}

const SAME: &[(&str, (u32, u32), Lane)] = &[
    ("add", AND_D, |_, _, a, b| Exact::Wrap(i128::from(a) + i128::from(b))),
    ("sub", AND_D, |_, _, a, b| Exact::Wrap(i128::from(a) - i128::from(b))),
    ("mul", NOT_D, |s, _, a, b| Exact::Wrap(signed(a, s) * signed(b, s))),
    ("mla", NOT_D, |s, d, a, b| Exact::Wrap(i128::from(d) + signed(a, s) * signed(b, s))),
    ("mls", NOT_D, |s, d, a, b| Exact::Wrap(i128::from(d) - signed(a, s) * signed(b, s))),
    ("pmul", (1, 0), |_, _, a, b| Exact::Wrap(no_carry(a, b))),
    ("cmgt", AND_D, |s, _, a, b| all_ones(signed(a, s) > signed(b, s))),
    ("cmge", AND_D, |s, _, a, b| all_ones(signed(a, s) >= signed(b, s))),
    ("cmhi", AND_D, |_, _, a, b| all_ones(a > b)),
    ("cmhs", AND_D, |_, _, a, b| all_ones(a >= b)),
    ("cmeq", AND_D, |_, _, a, b| all_ones(a == b)),
    ("cmtst", AND_D, |_, _, a, b| all_ones(a & b != 0)),
    ("sqadd", EACH, |s, _, a, b| Exact::Signed(signed(a, s) + signed(b, s))),
    ("uqadd", EACH, |s, _, a, b| Exact::Unsigned(unsigned(a, s) + unsigned(b, s))),
    ("sqsub", EACH, |s, _, a, b| Exact::Signed(signed(a, s) - signed(b, s))),
    ("uqsub", EACH, |s, _, a, b| Exact::Unsigned(unsigned(a, s) - unsigned(b, s))),
    ("shadd", NOT_D, |s, _, a, b| Exact::Wrap((signed(a, s) + signed(b, s)).div_euclid(2))),
    ("uhadd", NOT_D, |s, _, a, b| Exact::Wrap((unsigned(a, s) + unsigned(b, s)).div_euclid(2))),
    ("srhadd", NOT_D, |s, _, a, b| Exact::Wrap((signed(a, s) + signed(b, s) + 1).div_euclid(2))),
    ("urhadd", NOT_D, |s, _, a, b| {
        Exact::Wrap((unsigned(a, s) + unsigned(b, s) + 1).div_euclid(2))
    }),
    ("shsub", NOT_D, |s, _, a, b| Exact::Wrap((signed(a, s) - signed(b, s)).div_euclid(2))),
    ("uhsub", NOT_D, |s, _, a, b| Exact::Wrap((unsigned(a, s) - unsigned(b, s)).div_euclid(2))),
    ("smax", NOT_D, |s, _, a, b| Exact::Wrap(signed(a, s).max(signed(b, s)))),
    ("smin", NOT_D, |s, _, a, b| Exact::Wrap(signed(a, s).min(signed(b, s)))),
    ("umax", NOT_D, |_, _, a, b| Exact::Wrap(i128::from(a.max(b)))),
    ("umin", NOT_D, |_, _, a, b| Exact::Wrap(i128::from(a.min(b)))),
    ("sabd", NOT_D, |s, _, a, b| Exact::Wrap((signed(a, s) - signed(b, s)).abs())),
    ("uabd", NOT_D, |_, _, a, b| Exact::Wrap((i128::from(a) - i128::from(b)).abs())),
    ("saba", NOT_D, |s, d, a, b| Exact::Wrap(i128::from(d) + (signed(a, s) - signed(b, s)).abs())),
    ("uaba", NOT_D, |_, d, a, b| {
        Exact::Wrap(i128::from(d) + (i128::from(a) - i128::from(b)).abs())
    }),
    ("sqdmulh", HS, |s, _, a, b| {
        Exact::Signed((2 * signed(a, s) * signed(b, s)).div_euclid(1 << s))
    }),
    ("sqrdmulh", HS, |s, _, a, b| {
        Exact::Signed((2 * signed(a, s) * signed(b, s) + (1 << (s - 1))).div_euclid(1 << s))
    }),
];

#[test]
fn same_widths() {
    let m = &mut Machine::new();
    for &(name, (vectors, scalars), f) in SAME {
        for (i, (size, letter)) in LETTERS.into_iter().enumerate() {
            let values = corners(size);
            let operands = pairs(&values, &values, (size, size));
            let run = |bits: u32| {
                move |d: u128, a: u128, b: u128| {
                    finish(
                        size,
                        (0..bits / size)
                            .map(|i| f(size, lane(d, size, i), lane(a, size, i), lane(b, size, i))),
                    )
                }
            };
            for q in [false, true] {
                if vectors >> i & 1 == 1 && (q || size != 64) {
                    let t = arrangement(size, q);
                    check(
                        m,
                        &format!("{name} v0.{t}, v1.{t}, v2.{t}"),
                        &operands,
                        run(if q { 128 } else { 64 }),
                    );
                }
            }
            if scalars >> i & 1 == 1 {
                let turned: Vec<_> = operands
                    .iter()
                    .flat_map(|&(a, b)| {
                        (0..128 / size)
                            .step_by(3)
                            .map(move |i| (a.rotate_right(i * size), b.rotate_right(i * size)))
                    })
                    .collect();
                check(m, &format!("{name} {letter}0, {letter}1, {letter}2"), &turned, run(size));
            }
        }
    }
}

#[test]
fn neighbours() {
    type Pair = fn(u32, u64, u64) -> i128;
    let table: [(&str, (u32, u32), Pair); 5] = [
        ("addp", ALL, |_, a, b| i128::from(a) + i128::from(b)),
        ("smaxp", NOT_D, |s, a, b| signed(a, s).max(signed(b, s))),
        ("sminp", NOT_D, |s, a, b| signed(a, s).min(signed(b, s))),
        ("umaxp", NOT_D, |_, a, b| i128::from(a.max(b))),
        ("uminp", NOT_D, |_, a, b| i128::from(a.min(b))),
    ];
    let m = &mut Machine::new();
    for (name, (vectors, _), f) in table {
        for (i, (size, _)) in LETTERS.into_iter().enumerate() {
            for q in [false, true] {
                if vectors >> i & 1 == 0 || (!q && size == 64) {
                    continue;
                }
                let values = corners(size);
                let (t, count) = (arrangement(size, q), if q { 128 } else { 64 } / size);
                check(
                    m,
                    &format!("{name} v0.{t}, v1.{t}, v2.{t}"),
                    &pairs(&values, &values, (size, size)),
                    |_, a, b| {
                        let all: Vec<u64> = [a, b]
                            .iter()
                            .flat_map(|&v| (0..count).map(move |i| lane(v, size, i)))
                            .collect();
                        finish(size, all.chunks(2).map(|p| Exact::Wrap(f(size, p[0], p[1]))))
                    },
                );
            }
        }
    }
}

#[test]
fn bits() {
    type Bits = fn(u128, u128, u128) -> u128;
    let table: [(&str, Bits); 8] = [
        ("and", |_, a, b| a & b),
        ("bic", |_, a, b| a & !b),
        ("orr", |_, a, b| a | b),
        ("orn", |_, a, b| a | !b),
        ("eor", |_, a, b| a ^ b),
        ("bsl", |d, a, b| d & a | !d & b),
        ("bit", |d, a, b| b & a | !b & d),
        ("bif", |d, a, b| !b & a | b & d),
    ];
    let m = &mut Machine::new();
    let values = corners(64);
    for (name, f) in table {
        for (t, mask) in [("8b", u128::from(u64::MAX)), ("16b", u128::MAX)] {
            check(
                m,
                &format!("{name} v0.{t}, v1.{t}, v2.{t}"),
                &pairs(&values, &values, (64, 64)),
                |d, a, b| (f(d, a, b) & mask, false),
            );
        }
    }
}

/// Long results: the name without its letter, the widths of the narrow lanes, and what becomes of two numbers.
type Long = fn(u32, bool, i128, i128, i128) -> Exact;

const LONG: &[(&str, Long)] = &[
    ("addl", |_, _, _, a, b| Exact::Wrap(a + b)),
    ("subl", |_, _, _, a, b| Exact::Wrap(a - b)),
    ("abdl", |_, _, _, a, b| Exact::Wrap((a - b).abs())),
    ("abal", |_, _, d, a, b| Exact::Wrap(d + (a - b).abs())),
    ("mull", |_, _, _, a, b| Exact::Wrap(a * b)),
    ("mlal", |_, _, d, a, b| Exact::Wrap(d + a * b)),
    ("mlsl", |_, _, d, a, b| Exact::Wrap(d - a * b)),
];

/// Doubled products saturate before they are added, and the sum does again.
fn doubled(wide: u32, sign: Option<i128>, d: u64, a: i128, b: i128) -> [Exact; 2] {
    let product = Exact::Signed(2 * a * b);
    let p = signed(product.lane(wide).0, wide);
    match sign {
        None => [product, product],
        Some(sign) => [product, Exact::Signed(signed(d, wide) + sign * p)],
    }
}

const DOUBLED: [(&str, Option<i128>); 3] =
    [("sqdmull", None), ("sqdmlal", Some(1)), ("sqdmlsl", Some(-1))];

#[test]
fn long_results() {
    let m = &mut Machine::new();
    for (size, letter) in LETTERS.into_iter().take(3) {
        let values = corners(size);
        let operands = pairs(&values, &values, (size, size));
        let (wide, count) = (2 * size, 64 / size);
        for q in [false, true] {
            let (suffix, first) = if q { ("2", count) } else { ("", 0) };
            let (tn, tw) = (arrangement(size, q), arrangement(wide, true));
            for (is_signed, sign) in [(true, 's'), (false, 'u')] {
                for (name, f) in LONG {
                    check(
                        m,
                        &format!("{sign}{name}{suffix} v0.{tw}, v1.{tn}, v2.{tn}"),
                        &operands,
                        |d, a, b| {
                            finish(
                                wide,
                                (0..count).map(|i| {
                                    let n = |v| number(is_signed, lane(v, size, first + i), size);
                                    f(size, is_signed, i128::from(lane(d, wide, i)), n(a), n(b))
                                }),
                            )
                        },
                    );
                }
                for (name, factor) in [("addw", 1), ("subw", -1)] {
                    let operands = pairs(&corners(wide), &values, (wide, size));
                    check(
                        m,
                        &format!("{sign}{name}{suffix} v0.{tw}, v1.{tw}, v2.{tn}"),
                        &operands,
                        |_, a, b| {
                            finish(
                                wide,
                                (0..count).map(|i| {
                                    Exact::Wrap(
                                        i128::from(lane(a, wide, i))
                                            + factor
                                                * number(is_signed, lane(b, size, first + i), size),
                                    )
                                }),
                            )
                        },
                    );
                }
            }
            for (name, factor, round) in
                [("addhn", 1, 0), ("subhn", -1, 0), ("raddhn", 1, 1), ("rsubhn", -1, 1)]
            {
                let operands = pairs(&corners(wide), &corners(wide), (wide, wide));
                check(
                    m,
                    &format!("{name}{suffix} v0.{tn}, v1.{tw}, v2.{tw}"),
                    &operands,
                    |d, a, b| {
                        let upper = vector(
                            size,
                            (0..count).map(|i| {
                                let sum = i128::from(lane(a, wide, i))
                                    + factor * i128::from(lane(b, wide, i))
                                    + (round << (size - 1));
                                cut(sum >> size, size)
                            }),
                        );
                        (if q { d & u128::from(u64::MAX) | upper << 64 } else { upper }, false)
                    },
                );
            }
            if size == 8 {
                check(
                    m,
                    &format!("pmull{suffix} v0.{tw}, v1.{tn}, v2.{tn}"),
                    &operands,
                    |_, a, b| {
                        finish(
                            wide,
                            (0..count).map(|i| {
                                Exact::Wrap(no_carry(lane(a, 8, first + i), lane(b, 8, first + i)))
                            }),
                        )
                    },
                );
                continue;
            }
            for (name, sign) in DOUBLED {
                let run = |count: u32, first: u32| {
                    move |d: u128, a: u128, b: u128| {
                        let all: Vec<_> = (0..count)
                            .map(|i| {
                                let n = |v| signed(lane(v, size, first + i), size);
                                doubled(wide, sign, lane(d, wide, i), n(a), n(b))
                            })
                            .collect();
                        let (v, sum) = finish(wide, all.iter().map(|x| x[1]));
                        (v, sum | finish(wide, all.iter().map(|x| x[0])).1)
                    }
                };
                check(
                    m,
                    &format!("{name}{suffix} v0.{tw}, v1.{tn}, v2.{tn}"),
                    &operands,
                    run(count, first),
                );
                if !q {
                    let w = if size == 16 { 's' } else { 'd' };
                    check(m, &format!("{name} {w}0, {letter}1, {letter}2"), &operands, run(1, 0));
                }
            }
        }
    }
}

/// Loads a text with element 0, puts the index into its three bits, and compares.
fn check_at(
    m: &mut Machine,
    (size, index): (u32, u32),
    text: &str,
    operands: &[(u128, u128)],
    f: impl Fn(u128, u128, u128) -> (u128, bool),
) {
    if index == 0 {
        m.elements.insert(text.to_owned(), word(text));
    }
    let field = if size == 16 { index } else { index << 1 };
    let bits = field >> 2 << 11 | (field >> 1 & 1) << 21 | (field & 1) << 20;
    m.load_words(&[m.elements[text] | bits]);
    check_loaded(m, operands, f);
}

/// Each index, each register that can be named, vectors and scalars.
#[test]
fn by_element() {
    let m = &mut Machine::new();
    for (size, letter) in [(16, 'h'), (32, 's')] {
        let values = corners(size);
        let operands = pairs(&values, &values, (size, size));
        let (wide, w) = (2 * size, if size == 16 { 's' } else { 'd' });
        for index in 0..128 / size {
            let operands: Vec<_> = operands
                .iter()
                .step_by(3)
                .map(|&(a, b)| (a, b.rotate_left(index * size)))
                .collect();
            for name in ["mul", "mla", "mls", "sqdmulh", "sqrdmulh"] {
                let Some(&(_, (_, scalars), f)) = SAME.iter().find(|row| row.0 == name) else {
                    continue;
                };
                let run = |count: u32| {
                    move |d: u128, a: u128, b: u128| {
                        finish(
                            size,
                            (0..count).map(|i| {
                                f(size, lane(d, size, i), lane(a, size, i), lane(b, size, index))
                            }),
                        )
                    }
                };
                for q in [false, true] {
                    let t = arrangement(size, q);
                    check_at(
                        m,
                        (size, index),
                        &format!("{name} v0.{t}, v1.{t}, v2.{letter}[0]"),
                        &operands,
                        run(if q { 128 } else { 64 } / size),
                    );
                }
                if scalars != 0 {
                    check_at(
                        m,
                        (size, index),
                        &format!("{name} {letter}0, {letter}1, v2.{letter}[0]"),
                        &operands,
                        run(1),
                    );
                }
            }
            for q in [false, true] {
                let (count, suffix) = (64 / size, if q { "2" } else { "" });
                let first = if q { count } else { 0 };
                let (tn, tw) = (arrangement(size, q), arrangement(wide, true));
                for (is_signed, s) in [(true, 's'), (false, 'u')] {
                    for (name, f) in
                        LONG.iter().filter(|row| matches!(row.0, "mull" | "mlal" | "mlsl"))
                    {
                        check_at(
                            m,
                            (size, index),
                            &format!("{s}{name}{suffix} v0.{tw}, v1.{tn}, v2.{letter}[0]"),
                            &operands,
                            |d, a, b| {
                                let y = number(is_signed, lane(b, size, index), size);
                                finish(
                                    wide,
                                    (0..count).map(|i| {
                                        let x = number(is_signed, lane(a, size, first + i), size);
                                        f(size, is_signed, i128::from(lane(d, wide, i)), x, y)
                                    }),
                                )
                            },
                        );
                    }
                }
                for (name, sign) in DOUBLED {
                    let run = |count: u32, first: u32| {
                        move |d: u128, a: u128, b: u128| {
                            let y = signed(lane(b, size, index), size);
                            let all: Vec<_> = (0..count)
                                .map(|i| {
                                    doubled(
                                        wide,
                                        sign,
                                        lane(d, wide, i),
                                        signed(lane(a, size, first + i), size),
                                        y,
                                    )
                                })
                                .collect();
                            let (v, sum) = finish(wide, all.iter().map(|x| x[1]));
                            (v, sum | finish(wide, all.iter().map(|x| x[0])).1)
                        }
                    };
                    check_at(
                        m,
                        (size, index),
                        &format!("{name}{suffix} v0.{tw}, v1.{tn}, v2.{letter}[0]"),
                        &operands,
                        run(count, first),
                    );
                    if !q {
                        check_at(
                            m,
                            (size, index),
                            &format!("{name} {w}0, {letter}1, v2.{letter}[0]"),
                            &operands,
                            run(1, 0),
                        );
                    }
                }
            }
        }
    }
}
