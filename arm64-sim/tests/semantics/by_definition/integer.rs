//! Arithmetic, logic, shifts, multiplication, division, selections and comparisons of general registers.

use super::machine::{Machine, corners, cut, signed, unsigned};

pub(crate) const CONDITIONS: [&str; 14] =
    ["eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"];

/// `ConditionHolds`, flags in the bits N Z C V.
pub(crate) fn holds(condition: usize, nzcv: u64) -> bool {
    let [n, z, c, v] = [3, 2, 1, 0].map(|bit| nzcv >> bit & 1 == 1);
    [z, !z, c, !c, n, !n, v, !v, c && !z, !c || z, n == v, n != v, !z && n == v, z || n != v]
        [condition]
}

/// `AddWithCarry`: the sum and NZCV.
fn add_with_carry(size: u32, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let unsigned_sum = unsigned(a, size) + unsigned(b, size) + i128::from(carry);
    let signed_sum = signed(a, size) + signed(b, size) + i128::from(carry);
    let r = cut(unsigned_sum, size);
    let (n, z) = (r >> (size - 1), u64::from(r == 0));
    let c = u64::from(i128::from(r) != unsigned_sum);
    let v = u64::from(signed(r, size) != signed_sum);
    (r, n << 3 | z << 2 | c << 1 | v)
}

fn logical_flags(size: u32, r: u64) -> u64 {
    r >> (size - 1) << 3 | u64::from(r == 0) << 2
}

/// Shifts one bit at a time.
fn shifted(size: u32, v: u64, kind: &str, amount: u32) -> u64 {
    let mut v = cut(i128::from(v), size);
    for _ in 0..amount {
        v = match kind {
            "lsl" => cut(i128::from(v) << 1, size),
            "lsr" => v >> 1,
            "asr" => v >> 1 | v >> (size - 1) << (size - 1),
            _ => v >> 1 | (v & 1) << (size - 1),
        };
    }
    v
}

fn extended(size: u32, v: u64, kind: usize, amount: u32) -> u64 {
    let from = 8 << (kind & 3);
    let v = if kind < 4 { unsigned(v, from) } else { signed(v, from) };
    cut(v << amount, size)
}

/// `%` stands for the registers' letter.
fn at(text: &str, size: u32) -> String {
    text.replace('%', if size == 64 { "x" } else { "w" })
}

/// Corners of 64 bits, and those of 32 with the upper half set.
pub(crate) fn mixed() -> Vec<u64> {
    let narrow = corners(32).into_iter().step_by(2).map(|v| v | 0xffff_fff0 << 32);
    corners(64).into_iter().chain(narrow).collect()
}

/// Runs a text with all pairs in registers 1 and 2, all of `carries` as NZCV, and compares register 0 and NZCV.
fn check(m: &mut Machine, text: &str, nzcvs: &[u64], f: impl Fn(u64, u64, u64) -> (u64, u64)) {
    m.load(text);
    // Wide values for narrow forms too: the upper halves must not count.
    let values = mixed();
    for &a in &values {
        for &b in &values {
            for &nzcv in nzcvs {
                (m.regs.x[0], m.regs.x[1], m.regs.x[2]) = (0x5a5a_5a5a_5a5a_5a5a, a, b);
                m.regs.nzcv = nzcv << 28;
                let after = m.run();
                let want = f(a, b, nzcv);
                assert_eq!(
                    (after.x[0], after.nzcv >> 28),
                    want,
                    "`{text}` of {a:#x}, {b:#x}, nzcv {nzcv:#x}"
                );
                assert_eq!((after.x[1], after.x[2]), (a, b), "`{text}` changes an operand");
            }
        }
    }
}

#[test]
fn sums() {
    let m = &mut Machine::new();
    for size in [32, 64] {
        for (op, subtracts) in [("add", false), ("sub", true)] {
            for sets in [false, true] {
                let name = format!("{op}{}", if sets { "s" } else { "" });
                let sum = |a: u64, b: u64, old: u64| {
                    let (r, flags) = if subtracts {
                        add_with_carry(size, a, !b, 1)
                    } else {
                        add_with_carry(size, a, b, 0)
                    };
                    (r, if sets { flags } else { old })
                };
                check(m, &at(&format!("{name} %0, %1, %2"), size), &[0, 15], sum);
                for kind in ["lsl", "lsr", "asr"] {
                    for amount in [1, size / 2, size - 1] {
                        let text = at(&format!("{name} %0, %1, %2, {kind} #{amount}"), size);
                        check(m, &text, &[5], |a, b, old| {
                            sum(a, shifted(size, b, kind, amount), old)
                        });
                    }
                }
                let extends = ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"];
                for (kind, extend) in extends.iter().enumerate() {
                    let from = if kind & 3 == 3 { "x" } else { "w" };
                    if size == 32 && from == "x" {
                        continue;
                    }
                    for amount in [0, 1, 4] {
                        let text = at(&format!("{name} %0, %1, {from}2, {extend} #{amount}"), size);
                        check(m, &text, &[10], |a, b, old| {
                            sum(a, extended(size, b, kind, amount), old)
                        });
                    }
                }
                for (imm, shift) in [(0, 0), (1, 0), (4095, 0), (1, 12), (4095, 12), (0x800, 0)] {
                    let text = at(&format!("{name} %0, %1, #{imm}, lsl #{shift}"), size);
                    check(m, &text, &[3], |a, _, old| sum(a, imm << shift, old));
                }
            }
        }
        for (name, subtracts, sets) in [
            ("adc", false, false),
            ("adcs", false, true),
            ("sbc", true, false),
            ("sbcs", true, true),
        ] {
            check(m, &at(&format!("{name} %0, %1, %2"), size), &[0, 2, 13, 15], |a, b, old| {
                let b = if subtracts { !b } else { b };
                let (r, flags) = add_with_carry(size, a, b, old >> 1 & 1);
                (r, if sets { flags } else { old })
            });
        }
    }
}

#[test]
fn logic() {
    type Logic = fn(u64, u64) -> u64;
    let ops: [(&str, bool, Logic); 8] = [
        ("and", false, |a, b| a & b),
        ("bic", false, |a, b| a & !b),
        ("orr", false, |a, b| a | b),
        ("orn", false, |a, b| a | !b),
        ("eor", false, |a, b| a ^ b),
        ("eon", false, |a, b| a ^ !b),
        ("ands", true, |a, b| a & b),
        ("bics", true, |a, b| a & !b),
    ];
    let m = &mut Machine::new();
    for size in [32, 64] {
        for (name, sets, f) in ops {
            let finish = |r: u64, old| {
                let r = cut(i128::from(r), size);
                (r, if sets { logical_flags(size, r) } else { old })
            };
            check(m, &at(&format!("{name} %0, %1, %2"), size), &[0, 15], |a, b, old| {
                finish(f(a, b), old)
            });
            for kind in ["lsl", "lsr", "asr", "ror"] {
                for amount in [1, size / 2, size - 1] {
                    let text = at(&format!("{name} %0, %1, %2, {kind} #{amount}"), size);
                    check(m, &text, &[6], |a, b, old| {
                        finish(f(a, shifted(size, b, kind, amount)), old)
                    });
                }
            }
            if !matches!(name, "and" | "orr" | "eor" | "ands") {
                continue;
            }
            let masks = [1, 0x8000_0000, 0x5555_5555, 0xff00_ff00, 0xfffe_0001, 0x7fff_ffff];
            for mask in masks {
                let mask = if size == 64 { mask << 32 | mask } else { mask };
                let text = at(&format!("{name} %0, %1, #{mask:#x}"), size);
                check(m, &text, &[9], |a, _, old| finish(f(a, mask), old));
            }
        }
        for kind in ["lsl", "lsr", "asr", "ror"] {
            check(m, &at(&format!("{kind} %0, %1, %2"), size), &[4], |a, b, old| {
                (shifted(size, a, kind, b as u32 & (size - 1)), old)
            });
        }
    }
}

/// Division by repeated doubling, for magnitudes.
fn divide(a: u128, b: u128) -> u128 {
    let (mut quotient, mut rest) = (0, a);
    if b == 0 {
        return 0;
    }
    for bit in (0..64).rev() {
        if rest >= b << bit {
            rest -= b << bit;
            quotient |= 1 << bit;
        }
    }
    quotient
}

#[test]
fn products_and_quotients() {
    let m = &mut Machine::new();
    for size in [32, 64] {
        for (name, sign) in [("madd", 1), ("msub", -1)] {
            for c in corners(64) {
                m.regs.x[3] = c;
                check(m, &at(&format!("{name} %0, %1, %2, %3"), size), &[1], |a, b, old| {
                    // The low bits of a product are those of any of its factors' signs.
                    let p = signed(a, size).wrapping_mul(signed(b, size));
                    (cut(signed(c, size).wrapping_add(p.wrapping_mul(sign)), size), old)
                });
            }
        }
        check(m, &at("udiv %0, %1, %2", size), &[0], |a, b, old| {
            (divide(unsigned(a, size) as u128, unsigned(b, size) as u128) as u64, old)
        });
        check(m, &at("sdiv %0, %1, %2", size), &[0], |a, b, old| {
            let (a, b) = (signed(a, size), signed(b, size));
            let q = divide(a.unsigned_abs(), b.unsigned_abs()) as i128;
            (cut(if (a < 0) == (b < 0) { q } else { -q }, size), old)
        });
    }
    type Number = fn(u64, u32) -> i128;
    let kinds: [(&str, Number); 2] = [("s", signed), ("u", unsigned)];
    for (letter, number) in kinds {
        for (name, sign) in [("addl", 1), ("subl", -1)] {
            for c in corners(64) {
                m.regs.x[3] = c;
                check(m, &format!("{letter}m{name} x0, w1, w2, x3"), &[1], |a, b, old| {
                    (cut(i128::from(c) + sign * number(a, 32) * number(b, 32), 64), old)
                });
            }
        }
        check(m, &format!("{letter}mulh x0, x1, x2"), &[1], |a, b, old| {
            // Schoolbook: four products of halves.
            let (a, b) = (number(a, 64), number(b, 64));
            let (ah, al, bh, bl) = (a >> 32, a & 0xffff_ffff, b >> 32, b & 0xffff_ffff);
            let middle = ah * bl + ((al * bl) >> 32);
            let other = al * bh + (middle & 0xffff_ffff);
            (cut(ah * bh + (middle >> 32) + (other >> 32), 64), old)
        });
    }
}

#[test]
fn selections() {
    let m = &mut Machine::new();
    for size in [32, 64] {
        for (name, change) in [("csel", 0), ("csinc", 1), ("csinv", 2), ("csneg", 3)] {
            for (i, condition) in CONDITIONS.iter().enumerate() {
                m.load(&at(&format!("{name} %0, %1, %2, {condition}"), size));
                for nzcv in 0..16 {
                    for b in corners(64) {
                        let a = 0xfedc_ba98_7654_3210;
                        (m.regs.x[1], m.regs.x[2], m.regs.nzcv) = (a, b, nzcv << 28);
                        let other = match change {
                            0 => i128::from(b),
                            1 => i128::from(b) + 1,
                            2 => -1 - i128::from(b),
                            _ => -i128::from(b),
                        };
                        let v = if holds(i, nzcv) { i128::from(a) } else { other };
                        let after = m.run();
                        assert_eq!(after.x[0], cut(v, size), "`{}` {nzcv:#x} {b:#x}", m.text());
                        assert_eq!(after.nzcv, nzcv << 28);
                    }
                }
            }
        }
    }
}

#[test]
fn conditional_comparisons() {
    let m = &mut Machine::new();
    for size in [32, 64] {
        for (name, subtracts) in [("ccmp", true), ("ccmn", false)] {
            for (i, condition) in CONDITIONS.iter().enumerate() {
                for (operand, imm) in [("%2", None), ("#0", Some(0)), ("#31", Some(31))] {
                    let otherwise = (i as u64 * 5 + 1) & 15;
                    let text = format!("{name} %1, {operand}, #{otherwise}, {condition}");
                    m.load(&at(&text, size));
                    for nzcv in 0..16 {
                        for a in corners(size) {
                            for b in [0, 31, a, u64::MAX, 1 << (size - 1)] {
                                (m.regs.x[1], m.regs.x[2], m.regs.nzcv) = (a, b, nzcv << 28);
                                let b = imm.unwrap_or(b);
                                let flags = if subtracts {
                                    add_with_carry(size, a, !b, 1).1
                                } else {
                                    add_with_carry(size, a, b, 0).1
                                };
                                let want = if holds(i, nzcv) { flags } else { otherwise };
                                let after = m.run();
                                assert_eq!(
                                    after.nzcv >> 28,
                                    want,
                                    "`{}` of {a:#x}, {b:#x}, nzcv {nzcv:#x}",
                                    m.text()
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
