//! One vector in, one out: counts, signs, comparisons with zero, narrowing, sums of neighbours and of all lanes.

use super::lanes::{Exact, LETTERS, arrangement, check, finish, lane, number, packed};
use super::machine::{Machine, corners, signed};

type One = fn(u32, u64, u64) -> Exact;
/// Name, widths of vectors, widths of scalars (a bit for each, from bytes on), whether a zero is written after it.
type Row = (&'static str, u32, u32, bool, One);

fn truth(is: bool) -> Exact {
    Exact::Wrap(-i128::from(is))
}

const SAME: &[Row] = &[
    ("abs", 15, 8, false, |s, _, x| Exact::Wrap(signed(x, s).abs())),
    ("neg", 15, 8, false, |s, _, x| Exact::Wrap(-signed(x, s))),
    ("sqabs", 15, 15, false, |s, _, x| Exact::Signed(signed(x, s).abs())),
    ("sqneg", 15, 15, false, |s, _, x| Exact::Signed(-signed(x, s))),
    ("suqadd", 15, 15, false, |s, d, x| Exact::Signed(signed(d, s) + i128::from(x))),
    ("usqadd", 15, 15, false, |s, d, x| Exact::Unsigned(i128::from(d) + signed(x, s))),
    ("cmgt", 15, 8, true, |s, _, x| truth(signed(x, s) > 0)),
    ("cmge", 15, 8, true, |s, _, x| truth(signed(x, s) >= 0)),
    ("cmeq", 15, 8, true, |_, _, x| truth(x == 0)),
    ("cmle", 15, 8, true, |s, _, x| truth(signed(x, s) <= 0)),
    ("cmlt", 15, 8, true, |s, _, x| truth(signed(x, s) < 0)),
    ("clz", 7, 0, false, |s, _, x| {
        Exact::Wrap((0..s).rev().take_while(|i| x >> i & 1 == 0).count() as i128)
    }),
    ("cls", 7, 0, false, |s, _, x| {
        Exact::Wrap((0..s - 1).rev().take_while(|i| x >> i & 1 == x >> (s - 1)).count() as i128)
    }),
    ("cnt", 1, 0, false, |s, _, x| Exact::Wrap((0..s).map(|i| i128::from(x >> i & 1)).sum())),
    ("mvn", 1, 0, false, |_, _, x| Exact::Wrap(-1 - i128::from(x))),
    ("rbit", 1, 0, false, |_, _, x| {
        Exact::Wrap((0..8).map(|i| i128::from(x >> i & 1) << (7 - i)).sum())
    }),
];

#[test]
fn same_widths() {
    let m = &mut Machine::new();
    for (k, (size, letter)) in LETTERS.into_iter().enumerate() {
        let mut values = corners(size);
        if size == 8 {
            values = (0..256).collect();
        }
        let operands: Vec<_> = packed(&values, size)
            .into_iter()
            .flat_map(|v| (0..3).map(move |i| (v.rotate_right(i * size), 0)))
            .collect();
        for &(name, vectors, scalars, zero, f) in SAME {
            let end = if zero { ", #0" } else { "" };
            let run = |bits: u32| {
                move |d: u128, a: u128, _| {
                    finish(
                        size,
                        (0..bits / size).map(|i| f(size, lane(d, size, i), lane(a, size, i))),
                    )
                }
            };
            for q in [false, true] {
                if vectors >> k & 1 == 1 && (q || size != 64) {
                    let t = arrangement(size, q);
                    check(
                        m,
                        &format!("{name} v0.{t}, v1.{t}{end}"),
                        &operands,
                        run(if q { 128 } else { 64 }),
                    );
                }
            }
            if scalars >> k & 1 == 1 {
                check(m, &format!("{name} {letter}0, {letter}1{end}"), &operands, run(size));
            }
        }
        for (name, group) in [("rev16", 16), ("rev32", 32), ("rev64", 64)] {
            for q in [false, true] {
                if size < group {
                    let t = arrangement(size, q);
                    check(m, &format!("{name} v0.{t}, v1.{t}"), &operands, |_, a, _| {
                        let per = group / size;
                        finish(
                            size,
                            (0..if q { 128 } else { 64 } / size).map(|i| {
                                Exact::Wrap(i128::from(lane(
                                    a,
                                    size,
                                    i / per * per + per - 1 - i % per,
                                )))
                            }),
                        )
                    });
                }
            }
        }
    }
}

#[test]
fn narrowing() {
    // Reads signed numbers; saturates: to signed, to unsigned or not at all.
    let table: [(&str, bool, Option<bool>); 4] = [
        ("xtn", false, None),
        ("sqxtn", true, Some(true)),
        ("uqxtn", false, Some(false)),
        ("sqxtun", true, Some(false)),
    ];
    let m = &mut Machine::new();
    for ((size, letter), (wide, w)) in LETTERS.into_iter().zip(LETTERS.into_iter().skip(1)) {
        let values = [corners(wide), corners(size)].concat();
        let operands: Vec<_> = packed(&values, wide).into_iter().map(|v| (v, 0)).collect();
        for (name, is_signed, to) in table {
            let run = |count: u32, q: bool| {
                move |d: u128, a: u128, _| {
                    let (v, saturated) = finish(
                        size,
                        (0..count).map(|i| {
                            let x = number(is_signed, lane(a, wide, i), wide);
                            match to {
                                None => Exact::Wrap(x),
                                Some(true) => Exact::Signed(x),
                                Some(false) => Exact::Unsigned(x),
                            }
                        }),
                    );
                    (if q { d & u128::from(u64::MAX) | v << 64 } else { v }, saturated)
                }
            };
            for q in [false, true] {
                let (suffix, tn, tw) =
                    (if q { "2" } else { "" }, arrangement(size, q), arrangement(wide, true));
                check(m, &format!("{name}{suffix} v0.{tn}, v1.{tw}"), &operands, run(64 / size, q));
            }
            if to.is_some() {
                check(m, &format!("{name} {letter}0, {w}1"), &operands, run(1, false));
            }
        }
    }
}

#[test]
fn sums() {
    let m = &mut Machine::new();
    for (k, (size, letter)) in LETTERS.into_iter().enumerate() {
        let operands: Vec<_> = packed(&corners(size), size)
            .into_iter()
            .flat_map(|v| (0..5).map(move |i| (v.rotate_right(i * size), 0)))
            .collect();
        if size == 64 {
            check(m, "addp d0, v1.2d", &operands, |_, a, _| {
                finish(
                    64,
                    [Exact::Wrap(i128::from(lane(a, 64, 0)) + i128::from(lane(a, 64, 1)))]
                        .into_iter(),
                )
            });
            continue;
        }
        let (wide, w) = (2 * size, LETTERS[k + 1].1);
        for q in [false, true] {
            let (tn, count) = (arrangement(size, q), if q { 128 } else { 64 } / size);
            let tw = if wide == 64 && !q { "1d".to_owned() } else { arrangement(wide, q) };
            for (is_signed, sign) in [(true, 's'), (false, 'u')] {
                for (name, adds) in [("addlp", false), ("adalp", true)] {
                    check(m, &format!("{sign}{name} v0.{tw}, v1.{tn}"), &operands, |d, a, _| {
                        finish(
                            wide,
                            (0..count / 2).map(|i| {
                                let n = |i| number(is_signed, lane(a, size, i), size);
                                let old = if adds { i128::from(lane(d, wide, i)) } else { 0 };
                                Exact::Wrap(old + n(2 * i) + n(2 * i + 1))
                            }),
                        )
                    });
                }
                if size == 32 && !q {
                    continue;
                }
                let all =
                    |a: u128| (0..count).map(move |i| number(is_signed, lane(a, size, i), size));
                check(m, &format!("{sign}addlv {w}0, v1.{tn}"), &operands, |_, a, _| {
                    finish(wide, [Exact::Wrap(all(a).sum())].into_iter())
                });
                check(m, &format!("{sign}maxv {letter}0, v1.{tn}"), &operands, |_, a, _| {
                    finish(size, all(a).max().map(Exact::Wrap).into_iter())
                });
                check(m, &format!("{sign}minv {letter}0, v1.{tn}"), &operands, |_, a, _| {
                    finish(size, all(a).min().map(Exact::Wrap).into_iter())
                });
                check(m, &format!("addv {letter}0, v1.{tn}"), &operands, |_, a, _| {
                    finish(size, [Exact::Wrap(all(a).sum())].into_iter())
                });
            }
        }
    }
    let operands: Vec<_> = packed(&corners(32), 32).into_iter().map(|v| (v, 0)).collect();
    // Estimates by the manual's own steps, in doubles.
    check(m, "urecpe v0.4s, v1.4s", &operands, |_, a, _| {
        finish(
            32,
            (0..4).map(|i| {
                let x = lane(a, 32, i);
                if x >> 31 == 0 {
                    return Exact::Wrap(0xffff_ffff);
                }
                let q = (x >> 23) as f64;
                let r = (256.0 / ((q + 0.5) / 512.0) + 0.5).floor();
                Exact::Wrap((r as i128) << 23)
            }),
        )
    });
    check(m, "ursqrte v0.4s, v1.4s", &operands, |_, a, _| {
        finish(
            32,
            (0..4).map(|i| {
                let x = lane(a, 32, i);
                if x >> 30 == 0 {
                    return Exact::Wrap(0xffff_ffff);
                }
                let middle = if x >> 31 == 0 {
                    ((x >> 23) as f64 + 0.5) / 512.0
                } else {
                    ((x >> 24) as f64 + 0.5) / 256.0
                };
                let r = (256.0 / middle.sqrt() + 0.5).floor();
                Exact::Wrap((r as i128) << 23)
            }),
        )
    });
}
