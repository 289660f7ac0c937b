//! Shifts of lanes, by a register and by every immediate: one bit at a time.

use super::lanes::{
    Exact, LETTERS, arrangement, check, check_loaded, finish, lane, number, packed, pairs, sat,
    vector,
};
use super::machine::{Machine, corners, word};

/// Up or down by that many bits. What leaves every range upwards stays out of it.
fn moved(mut v: i128, by: i32, round: bool) -> i128 {
    for _ in 0..by {
        // 64 zeros at the end, and out of every range.
        v = if v.unsigned_abs() < 1 << 126 { v * 2 } else { v.signum() << 126 };
    }
    for i in 0..-by {
        // The last bit that is lost rounds.
        let half = i128::from(round && i == -by - 1);
        v = (v + half).div_euclid(2);
    }
    v
}

#[test]
fn by_a_register() {
    let m = &mut Machine::new();
    for (size, letter) in LETTERS {
        let s = size as i32;
        let mut amounts: Vec<u64> = [0, 1, 2, s - 1, s, s + 1, 63, 64, 65, 127]
            .into_iter()
            .flat_map(|n| [n, -n])
            .chain([-128])
            .map(|n| u64::from(n as i8 as u8))
            .collect();
        // Only the low byte counts.
        amounts.extend([
            0x0100_0000_0000_0001 & (u64::MAX >> (64 - size)),
            (0x55 << (size - 8)) | (3 * u64::from(size > 8)),
        ]);
        let operands = pairs(&corners(size), &amounts, (size, size));
        for (name, round, saturates) in [
            ("shl", false, false),
            ("rshl", true, false),
            ("qshl", false, true),
            ("qrshl", true, true),
        ] {
            for (is_signed, sign) in [(true, 's'), (false, 'u')] {
                let run = |bits: u32| {
                    move |_, a: u128, b: u128| {
                        finish(
                            size,
                            (0..bits / size).map(|i| {
                                let x = number(is_signed, lane(a, size, i), size);
                                let v = moved(x, i32::from(lane(b, size, i) as i8), round);
                                if saturates { sat(is_signed, v) } else { Exact::Wrap(v) }
                            }),
                        )
                    }
                };
                for q in [false, true] {
                    if q || size != 64 {
                        let t = arrangement(size, q);
                        check(
                            m,
                            &format!("{sign}{name} v0.{t}, v1.{t}, v2.{t}"),
                            &operands,
                            run(if q { 128 } else { 64 }),
                        );
                    }
                }
                if saturates || size == 64 {
                    check(
                        m,
                        &format!("{sign}{name} {letter}0, {letter}1, {letter}2"),
                        &operands,
                        run(size),
                    );
                }
            }
        }
    }
}

/// An instruction with an amount: parsed once, and the field of seven bits that says width and amount put in.
struct Shifts {
    base: u32,
}

impl Shifts {
    /// The text ends where the amount follows; `first` is one that exists.
    fn new(text: &str, first: i32) -> Shifts {
        Shifts { base: word(&format!("{text}, #{first}")) }
    }

    fn load(&self, m: &mut Machine, size: u32, right: bool, n: i32) {
        let field = if right { 2 * size as i32 - n } else { size as i32 + n };
        m.load_words(&[self.base & !(0x7f << 16) | (field as u32) << 16]);
    }
}

/// Name, by which bits it exists as a scalar (1: doublewords only, 2: all), and what becomes of a lane.
type Immediate = (&'static str, bool, u32, fn(u32, i32, u64, u64) -> Exact);

const RIGHT: &[Immediate] = &[
    ("sshr", true, 1, |s, n, _, x| Exact::Wrap(moved(number(true, x, s), -n, false))),
    ("ushr", true, 1, |s, n, _, x| Exact::Wrap(moved(number(false, x, s), -n, false))),
    ("srshr", true, 1, |s, n, _, x| Exact::Wrap(moved(number(true, x, s), -n, true))),
    ("urshr", true, 1, |s, n, _, x| Exact::Wrap(moved(number(false, x, s), -n, true))),
    ("ssra", true, 1, |s, n, d, x| {
        Exact::Wrap(i128::from(d) + moved(number(true, x, s), -n, false))
    }),
    ("usra", true, 1, |s, n, d, x| {
        Exact::Wrap(i128::from(d) + moved(number(false, x, s), -n, false))
    }),
    ("srsra", true, 1, |s, n, d, x| {
        Exact::Wrap(i128::from(d) + moved(number(true, x, s), -n, true))
    }),
    ("ursra", true, 1, |s, n, d, x| {
        Exact::Wrap(i128::from(d) + moved(number(false, x, s), -n, true))
    }),
    ("sri", true, 1, |s, n, d, x| {
        let kept = (i128::from(d) >> (s as i32 - n)) << (s as i32 - n);
        Exact::Wrap(kept | i128::from(x) >> n)
    }),
    ("shl", false, 1, |_, n, _, x| Exact::Wrap(i128::from(x) << n)),
    ("sli", false, 1, |_, n, d, x| {
        Exact::Wrap(i128::from(x) << n | i128::from(d) & ((1 << n) - 1))
    }),
    ("sqshl", false, 2, |s, n, _, x| Exact::Signed(number(true, x, s) << n)),
    ("uqshl", false, 2, |s, n, _, x| Exact::Unsigned(number(false, x, s) << n)),
    ("sqshlu", false, 2, |s, n, _, x| Exact::Unsigned(number(true, x, s) << n)),
];

#[test]
fn by_every_immediate() {
    let m = &mut Machine::new();
    for (size, letter) in LETTERS {
        let operands: Vec<_> = packed(&corners(size), size).into_iter().map(|v| (v, 0)).collect();
        for &(name, right, scalars, f) in RIGHT {
            let first = i32::from(right);
            let mut texts: Vec<(u32, String)> = Vec::new();
            for q in [false, true] {
                if q || size != 64 {
                    let t = arrangement(size, q);
                    texts.push((if q { 128 } else { 64 }, format!("{name} v0.{t}, v1.{t}")));
                }
            }
            if scalars == 2 || size == 64 {
                texts.push((size, format!("{name} {letter}0, {letter}1")));
            }
            for (bits, text) in texts {
                let shifts = Shifts::new(&text, first);
                for n in first..first + size as i32 {
                    shifts.load(m, size, right, n);
                    check_loaded(m, &operands, |d, a, _| {
                        let one = |i| f(size, n, lane(d, size, i), lane(a, size, i));
                        finish(size, (0..bits / size).map(one))
                    });
                }
            }
        }
    }
}

#[test]
fn narrowing_and_widening() {
    // Rounds, reads signed numbers, saturates: to signed, to unsigned or not at all.
    let table: [(&str, bool, bool, Option<bool>); 8] = [
        ("shrn", false, false, None),
        ("rshrn", true, false, None),
        ("sqshrn", false, true, Some(true)),
        ("sqrshrn", true, true, Some(true)),
        ("uqshrn", false, false, Some(false)),
        ("uqrshrn", true, false, Some(false)),
        ("sqshrun", false, true, Some(false)),
        ("sqrshrun", true, true, Some(false)),
    ];
    let m = &mut Machine::new();
    for ((size, letter), (wide, w)) in LETTERS.into_iter().zip(LETTERS.into_iter().skip(1)) {
        let count = 64 / size;
        let mut values = corners(wide);
        values.extend(corners(size).iter().map(|v| v << (size / 2)));
        let operands: Vec<_> = packed(&values, wide).into_iter().map(|v| (v, 0)).collect();
        for (name, round, is_signed, to) in table {
            let (low, high, tw) =
                (arrangement(size, false), arrangement(size, true), arrangement(wide, true));
            let mut texts = vec![
                (count, false, format!("{name} v0.{low}, v1.{tw}")),
                (count, true, format!("{name}2 v0.{high}, v1.{tw}")),
            ];
            if to.is_some() {
                texts.push((1, false, format!("{name} {letter}0, {w}1")));
            }
            for (count, q, text) in texts {
                let shifts = Shifts::new(&text, 1);
                for n in 1..=size as i32 {
                    shifts.load(m, size, true, n);
                    check_loaded(m, &operands, |d, a, _| {
                        let one = |i| {
                            let v = moved(number(is_signed, lane(a, wide, i), wide), -n, round);
                            to.map_or(Exact::Wrap(v), |to| sat(to, v))
                        };
                        let (v, saturated) = finish(size, (0..count).map(one));
                        (if q { d & u128::from(u64::MAX) | v << 64 } else { v }, saturated)
                    });
                }
            }
        }
        let operands: Vec<_> = packed(&corners(size), size).into_iter().map(|v| (v, 0)).collect();
        for q in [false, true] {
            let (suffix, tn, tw) =
                (if q { "2" } else { "" }, arrangement(size, q), arrangement(wide, true));
            let first = if q { count } else { 0 };
            for n in 0..=size {
                let kinds: &[(&str, bool)] = if n == size {
                    &[("shll", false)]
                } else {
                    &[("sshll", true), ("ushll", false)]
                };
                for &(name, is_signed) in kinds {
                    check(
                        m,
                        &format!("{name}{suffix} v0.{tw}, v1.{tn}, #{n}"),
                        &operands,
                        |_, a, _| {
                            finish(
                                wide,
                                (0..count).map(|i| {
                                    Exact::Wrap(moved(
                                        number(is_signed, lane(a, size, first + i), size),
                                        n as i32,
                                        false,
                                    ))
                                }),
                            )
                        },
                    );
                }
            }
        }
    }
}

/// MOVI and its kin: every form, by what its text says.
#[test]
fn immediates() {
    let m = &mut Machine::new();
    for imm in [0u64, 1, 0x80, 0xff, 0xa5] {
        for q in [false, true] {
            for (size, shifts, ones) in
                [(8, 1, false), (16, 2, false), (32, 4, false), (32, 3, true)]
            {
                for k in (if ones { 1 } else { 0 })..shifts {
                    let t = arrangement(size, q);
                    let kind = if ones { "msl" } else { "lsl" };
                    let shift = if k == 0 { String::new() } else { format!(", {kind} #{}", 8 * k) };
                    let v = imm << (8 * k) | if ones { (1 << (8 * k)) - 1 } else { 0 };
                    let all = |v: u64| {
                        vector(
                            size,
                            (0..if q { 128 } else { 64 } / size)
                                .map(|_| v & (u64::MAX >> (64 - size))),
                        )
                    };
                    let mask = if q { u128::MAX } else { u128::from(u64::MAX) };
                    check(m, &format!("movi v0.{t}, #{imm}{shift}"), &[(0, 0)], |_, _, _| {
                        (all(v), false)
                    });
                    if size == 8 {
                        continue;
                    }
                    check(m, &format!("mvni v0.{t}, #{imm}{shift}"), &[(0, 0)], |_, _, _| {
                        (all(!v), false)
                    });
                    if !ones {
                        let two = [(0, 0), (1, 1)];
                        check(m, &format!("orr v0.{t}, #{imm}{shift}"), &two, |d, _, _| {
                            ((d & mask) | all(v), false)
                        });
                        check(m, &format!("bic v0.{t}, #{imm}{shift}"), &two, |d, _, _| {
                            (d & mask & !all(v), false)
                        });
                    }
                }
            }
        }
        if imm == 0 {
            continue;
        }
        let bytes = (0..8).filter(|i| imm >> i & 1 == 1).fold(0u64, |v, i| v | 0xff << (8 * i));
        check(m, &format!("movi d0, #{bytes:#016x}"), &[(0, 0)], |_, _, _| {
            (u128::from(bytes), false)
        });
        check(m, &format!("movi v0.2d, #{bytes:#016x}"), &[(0, 0)], |_, _, _| {
            (vector(64, [bytes, bytes]), false)
        });
    }
}
