//! Loads and stores: each width, extension and way to say an address, against an array of bytes.

use super::machine::{DATA, DATA_SIZE, Machine, byte, cut, word};
use arm64_sim::Stop;

/// Where most accesses go.
const MIDDLE: usize = 256;
const VALUE: u128 = 0x8192_a3b4_c5d6_e7f8_796a_5b4c_3d2e_1f90;

/// An access: its name, the register, bytes of memory, whether it stores, and the width to which a load extends signs.
type Access = (&'static str, &'static str, usize, bool, u32);

const ACCESSES: &[Access] = &[
    ("ldrb", "w0", 1, false, 0),
    ("ldrh", "w0", 2, false, 0),
    ("ldr", "w0", 4, false, 0),
    ("ldr", "x0", 8, false, 0),
    ("ldrsb", "w0", 1, false, 32),
    ("ldrsh", "w0", 2, false, 32),
    ("ldrsb", "x0", 1, false, 64),
    ("ldrsh", "x0", 2, false, 64),
    ("ldrsw", "x0", 4, false, 64),
    ("ldr", "b0", 1, false, 0),
    ("ldr", "h0", 2, false, 0),
    ("ldr", "s0", 4, false, 0),
    ("ldr", "d0", 8, false, 0),
    ("ldr", "q0", 16, false, 0),
    ("strb", "w0", 1, true, 0),
    ("strh", "w0", 2, true, 0),
    ("str", "w0", 4, true, 0),
    ("str", "x0", 8, true, 0),
    ("str", "b0", 1, true, 0),
    ("str", "h0", 2, true, 0),
    ("str", "s0", 4, true, 0),
    ("str", "d0", 8, true, 0),
    ("str", "q0", 16, true, 0),
];

fn bytes(at: usize, size: usize) -> u128 {
    (0..size).fold(0, |v, i| v | u128::from(byte(at + i)) << (8 * i))
}

/// Runs a text that accesses `at` and compares registers and memory; `base` is what x1 is afterwards.
fn check(text: &str, access: &Access, at: usize, base: u64, x: [u64; 2]) {
    let &(_, register, size, stores, extends) = access;
    let m = &mut Machine::new();
    m.map();
    m.load(text);
    (m.regs.x[0], m.regs.v[0]) = (VALUE as u64, VALUE);
    (m.regs.x[1], m.regs.x[2]) = (x[0], x[1]);
    let after = m.run();
    let mut memory: Vec<u8> = (0..DATA_SIZE).map(byte).collect();
    let vector = !register.starts_with(['w', 'x']);
    if stores {
        let value = if vector { VALUE } else { u128::from(VALUE as u64) };
        memory[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
    } else {
        let v = bytes(at, size);
        if vector {
            assert_eq!(after.v[0], v, "`{text}`");
        } else {
            let top = 8 * size as u32 - 1;
            let negative = extends != 0 && v >> top & 1 == 1;
            let v = if negative { v as i128 - (1i128 << (top + 1)) } else { v as i128 };
            assert_eq!(after.x[0], cut(v, if extends == 0 { 64 } else { extends }), "`{text}`");
        }
    }
    assert!(m.data() == memory, "`{text}`: memory");
    assert_eq!(after.x[1], base, "`{text}`: base");
}

#[test]
fn every_address() {
    // Of two neighbours, values of each size are negative at one and not at the other.
    for (access, at) in ACCESSES.iter().flat_map(|access| [(access, MIDDLE), (access, MIDDLE + 1)])
    {
        let middle = DATA + at as u64;
        let &(name, t, size, ..) = access;
        let s = size as u64;
        let shift = size.trailing_zeros();
        check(&format!("{name} {t}, [x1]"), access, at, middle, [middle, 0]);
        for n in [1, 4, 4095] {
            let offset = n * s;
            check(
                &format!("{name} {t}, [x1, #{offset}]"),
                access,
                at,
                middle - offset,
                [middle - offset, 0],
            );
        }
        let unscaled = name.replacen("ldr", "ldur", 1).replacen("str", "stur", 1);
        for offset in [-256i64, -1, 1, 3, 255] {
            let base = middle.wrapping_sub(offset as u64);
            check(&format!("{unscaled} {t}, [x1, #{offset}]"), access, at, base, [base, 0]);
            check(&format!("{name} {t}, [x1, #{offset}]!"), access, at, middle, [base, 0]);
            check(
                &format!("{name} {t}, [x1], #{offset}"),
                access,
                at,
                middle.wrapping_add(offset as u64),
                [middle, 0],
            );
        }
        for by in [0, shift] {
            let amount = if by == 0 { String::new() } else { format!(" #{by}") };
            for index in [0i64, 3, -2] {
                let base = middle.wrapping_sub((index << by) as u64);
                let dirty = (index as u64 & 0xffff_ffff) | 0xabcd_ef01 << 32;
                let plain = if by == 0 { String::new() } else { format!(", lsl #{by}") };
                check(
                    &format!("{name} {t}, [x1, x2{plain}]"),
                    access,
                    at,
                    base,
                    [base, index as u64],
                );
                check(
                    &format!("{name} {t}, [x1, x2, sxtx{amount}]"),
                    access,
                    at,
                    base,
                    [base, index as u64],
                );
                check(
                    &format!("{name} {t}, [x1, w2, sxtw{amount}]"),
                    access,
                    at,
                    base,
                    [base, dirty],
                );
                let base = middle.wrapping_sub((index as u64 & 0xffff_ffff) << by);
                check(
                    &format!("{name} {t}, [x1, w2, uxtw{amount}]"),
                    access,
                    at,
                    base,
                    [base, dirty],
                );
            }
        }
    }
}

#[test]
fn pairs() {
    // Name, registers, bytes of each, of a vector?, sign-extended?
    for (letter, size) in [('w', 4usize), ('x', 8), ('s', 4), ('d', 8), ('q', 16)] {
        for name in ["ldp", "stp", "ldpsw", "ldnp", "stnp"] {
            if name == "ldpsw" && letter != 'x' {
                continue;
            }
            let bytes_each = if name == "ldpsw" { 4 } else { size };
            for n in [-64i64, -1, 0, 1, 63] {
                let offset = n * bytes_each as i64;
                for mode in 0..3 {
                    if name.contains("np") && mode != 0 {
                        continue;
                    }
                    // 1024 bytes back or forth: only what is near the middle is mapped, the address is.
                    let at = DATA + MIDDLE as u64;
                    let base = if mode == 2 { at } else { at.wrapping_sub(offset as u64) };
                    let operand = ["[x1, #N]", "[x1, #N]!", "[x1], #N"][mode]
                        .replace('N', &offset.to_string());
                    let text = format!("{name} {letter}0, {letter}3, {operand}");
                    let m = &mut Machine::new();
                    m.map();
                    m.load(&text);
                    let other = VALUE.rotate_left(36);
                    (m.regs.x[0], m.regs.x[3], m.regs.x[1]) = (VALUE as u64, other as u64, base);
                    (m.regs.v[0], m.regs.v[3]) = (VALUE, other);
                    let after = m.run();
                    let mut memory: Vec<u8> = (0..DATA_SIZE).map(byte).collect();
                    let vector = "sdq".contains(letter);
                    if name.starts_with('s') {
                        for (i, v) in [VALUE, other].into_iter().enumerate() {
                            let to = MIDDLE + i * size;
                            memory[to..to + size].copy_from_slice(&v.to_le_bytes()[..size]);
                        }
                    } else {
                        for (i, r) in [0usize, 3].into_iter().enumerate() {
                            let v = bytes(MIDDLE + i * bytes_each, bytes_each);
                            let found = if vector { after.v[r] } else { u128::from(after.x[r]) };
                            let v = if name == "ldpsw" {
                                u128::from(v as u32 as i32 as u64)
                            } else {
                                v
                            };
                            assert_eq!(found, v, "`{text}`: register {r}");
                        }
                    }
                    assert!(m.data() == memory, "`{text}`: memory");
                    let moved = [base, at, at.wrapping_add(offset as u64)][mode];
                    assert_eq!(after.x[1], moved, "`{text}`: base");
                }
            }
        }
    }
}

/// The first and last bytes of the buffer, and one beyond: nothing is read or written outside, nothing half.
#[test]
fn ends_of_the_buffer() {
    let end = DATA + DATA_SIZE as u64;
    for &(name, t, size, stores, _) in ACCESSES {
        let s = size as u64;
        for (address, fits) in [
            (DATA, true),
            (end - s, true),
            (DATA - 1, false),
            (DATA - s, false),
            (end - s + 1, false),
            (end, false),
            (0u64.wrapping_sub(s), false),
            (u64::MAX, false),
            (0, false),
        ] {
            let m = &mut Machine::new();
            m.map();
            m.load(&format!("{name} {t}, [x1]"));
            (m.regs.x[0], m.regs.v[0], m.regs.x[1]) = (VALUE as u64, VALUE, address);
            let (after, fault) = m.end();
            if fits {
                assert!(
                    matches!(fault.stop, Stop::Breakpoint { .. }),
                    "`{}` at {address:#x}: {fault}",
                    m.text()
                );
                continue;
            }
            assert!(
                matches!(fault.stop, Stop::Memory { address: a, size: n, .. } if a == address && n == s),
                "`{}` at {address:#x}: {fault}",
                m.text()
            );
            assert_eq!((after.x[0], after.v[0], after.x[1]), (VALUE as u64, VALUE, address));
            let unchanged = m.data().iter().enumerate().all(|(i, &b)| b == byte(i));
            assert!(unchanged || !stores, "`{}` at {address:#x} writes", m.text());
        }
    }
}

/// LD1 to LD4 and ST1 to ST4, whole registers and single lanes, all arrangements: structures of `n` elements each.
#[test]
fn structures() {
    for (size, letter) in [(1usize, 'b'), (2, 'h'), (4, 's'), (8, 'd')] {
        for q in [false, true] {
            let count = if q { 16 } else { 8 } / size;
            let t = format!("{count}{letter}");
            // The name's number and how many registers.
            let forms: &[(usize, usize)] = if size == 8 && !q {
                &[(1, 1), (1, 2), (1, 3), (1, 4)]
            } else {
                &[(1, 1), (1, 2), (1, 3), (1, 4), (2, 2), (3, 3), (4, 4)]
            };
            for &(n, registers) in forms {
                let list: Vec<_> =
                    (0..registers).map(|i| format!("v{}.{t}", (30 + i) % 32)).collect();
                let total = registers * count * size;
                for post in ["", ", x2", ", #"] {
                    let post = if post == ", #" { format!(", #{total}") } else { post.to_owned() };
                    for stores in [false, true] {
                        let text = format!(
                            "{}{n} {{ {} }}, [x1]{post}",
                            if stores { "st" } else { "ld" },
                            list.join(", ")
                        );
                        // Element `e` of register `r` lies where its structure is, one after the other.
                        let place = |r: usize, e: usize| {
                            if n == 1 { (r * count + e) * size } else { (e * n + r) * size }
                        };
                        let m = &mut run_structures(&text);
                        let after = m.run();
                        let mut memory: Vec<u8> = (0..DATA_SIZE).map(byte).collect();
                        for r in 0..registers {
                            let register = (30 + r) % 32;
                            let old = m.regs.v[register].to_le_bytes();
                            let mut want = [0; 16];
                            for e in 0..count {
                                let (from, to) = (e * size, MIDDLE + place(r, e));
                                if stores {
                                    memory[to..to + size].copy_from_slice(&old[from..from + size]);
                                } else {
                                    want[from..from + size].copy_from_slice(&memory[to..to + size]);
                                }
                            }
                            let want = if stores { old } else { want };
                            assert_eq!(
                                after.v[register].to_le_bytes(),
                                want,
                                "`{text}`: register {register}"
                            );
                        }
                        assert!(m.data() == memory, "`{text}`: memory");
                        let step = if post.is_empty() {
                            0
                        } else if post.ends_with('2') && post.contains('x') {
                            0x1357
                        } else {
                            total as u64
                        };
                        assert_eq!(after.x[1], DATA + MIDDLE as u64 + step, "`{text}`: base");
                    }
                }
            }
        }
        for n in 1..=4usize {
            for lane in [0, 16 / size / 2, 16 / size - 1] {
                let list: Vec<_> = (0..n).map(|i| format!("v{}.{letter}", (30 + i) % 32)).collect();
                for stores in [false, true] {
                    let text = format!(
                        "{}{n} {{ {} }}[{lane}], [x1]",
                        if stores { "st" } else { "ld" },
                        list.join(", ")
                    );
                    let m = &mut run_structures(&text);
                    let after = m.run();
                    let mut memory: Vec<u8> = (0..DATA_SIZE).map(byte).collect();
                    for r in 0..n {
                        let (from, to, register) = (lane * size, MIDDLE + r * size, (30 + r) % 32);
                        let mut want = m.regs.v[register].to_le_bytes();
                        if stores {
                            memory[to..to + size].copy_from_slice(&want[from..from + size]);
                        } else {
                            want[from..from + size].copy_from_slice(&memory[to..to + size]);
                        }
                        assert_eq!(
                            after.v[register].to_le_bytes(),
                            want,
                            "`{text}`: register {register}"
                        );
                    }
                    assert!(m.data() == memory, "`{text}`: memory");
                }
            }
            for q in [false, true] {
                let count = if q { 16 } else { 8 } / size;
                let list: Vec<_> =
                    (0..n).map(|i| format!("v{}.{count}{letter}", (30 + i) % 32)).collect();
                let text = format!("ld{n}r {{ {} }}, [x1]", list.join(", "));
                let after = run_structures(&text).run();
                for r in 0..n {
                    let one = bytes(MIDDLE + r * size, size);
                    let want = (0..count).fold(0u128, |v, e| v | one << (8 * e * size));
                    assert_eq!(after.v[(30 + r) % 32], want, "`{text}`");
                }
            }
        }
    }
}

fn run_structures(text: &str) -> Machine {
    let mut m = Machine::new();
    m.map();
    m.load_words(&[word(text)]);
    (m.regs.x[1], m.regs.x[2]) = (DATA + MIDDLE as u64, 0x1357);
    for (i, v) in m.regs.v.iter_mut().enumerate() {
        *v = VALUE.rotate_left(i as u32 * 8);
    }
    m
}
