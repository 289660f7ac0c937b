//! Bits one at a time: counts, reversals, bit fields, checksums, flags; and the branches that look at bits.

use super::integer::{CONDITIONS, holds};
use super::machine::{CODE, Machine, corners, cut, signed, word};

fn bit(v: u64, i: u32) -> u64 {
    v >> i & 1
}

/// A value from its bits, the lowest first.
fn from_bits(bits: impl Iterator<Item = u64>) -> u64 {
    bits.enumerate().fold(0, |v, (i, b)| v | b << i)
}

#[test]
fn counts_and_reversals() {
    type One = fn(u32, u64) -> u64;
    let table: [(&str, One); 5] = [
        ("clz", |size, v| (0..size).rev().take_while(|&i| bit(v, i) == 0).count() as u64),
        ("cls", |size, v| {
            let sign = bit(v, size - 1);
            (0..size - 1).rev().take_while(|&i| bit(v, i) == sign).count() as u64
        }),
        ("rbit", |size, v| from_bits((0..size).map(|i| bit(v, size - 1 - i)))),
        ("rev16", |size, v| from_bits((0..size).map(|i| bit(v, i ^ 8)))),
        ("rev", |size, v| from_bits((0..size).map(|i| bit(v, (size / 8 - 1 - i / 8) * 8 + i % 8)))),
    ];
    let m = &mut Machine::new();
    let mut check = |text: &str, size, f: One| {
        m.load(text);
        for v in [corners(64), corners(32), corners(8)].concat() {
            m.regs.x[1] = v;
            let r = m.run().x[0];
            assert_eq!(r, f(size, cut(i128::from(v), size)), "`{text}` of {v:#x}");
        }
    };
    for (name, f) in table {
        check(&format!("{name} w0, w1"), 32, f);
        check(&format!("{name} x0, x1"), 64, f);
    }
    check("rev32 x0, x1", 64, |_, v| {
        from_bits((0..64).map(|i| bit(v, i & 32 | (24 - (i & 24)) | i & 7)))
    });
}

/// Every rotation and every width of each of the three, by the definition: a field of bits is copied, and what is
/// beside it is the sign, zero or the old destination.
#[test]
fn bit_fields() {
    let m = &mut Machine::new();
    for size in [32u32, 64] {
        for r in 0..size {
            for s in 0..size {
                for (op, name) in ["sbfm", "bfm", "ubfm"].iter().enumerate() {
                    let wide = u32::from(size == 64);
                    m.load_words(&[wide << 31
                        | (op as u32) << 29
                        | 0x1300_0000
                        | wide << 22
                        | r << 16
                        | s << 10
                        | 1 << 5]);
                    for v in [0x8123_4567_89ab_cdef, 0x7edc_ba98_7654_3211] {
                        let old = 0x3c3c_a5a5_c3c3_5a5a;
                        (m.regs.x[0], m.regs.x[1]) = (old, v);
                        // The field comes from bit `r` up to `s`, or from bit 0 and goes to `size - r`.
                        let (from, to, len) =
                            if s >= r { (r, 0, s - r + 1) } else { (0, size - r, s + 1) };
                        let want = from_bits((0..size).map(|i| match *name {
                            _ if (to..to + len).contains(&i) => bit(v, from + i - to),
                            "bfm" => bit(old, i),
                            "sbfm" if i >= to + len => bit(v, s),
                            _ => 0,
                        }));
                        let found = m.run().x[0];
                        assert_eq!(
                            found,
                            want,
                            "{name} {size} r={r} s={s} of {v:#x}: `{}`",
                            m.text()
                        );
                    }
                }
            }
            let (letter, a, b) =
                (if size == 64 { 'x' } else { 'w' }, 0x8123_4567_89ab_cdef, 0x7edc_ba98_7654_3211);
            m.load(&format!("extr {letter}0, {letter}1, {letter}2, #{r}"));
            (m.regs.x[1], m.regs.x[2]) = (a, b);
            let want = from_bits(
                (r..r + size).map(|i| if i < size { bit(b, i) } else { bit(a, i - size) }),
            );
            assert_eq!(m.run().x[0], want, "`{}`", m.text());
        }
    }
}

#[test]
fn wide_moves() {
    let m = &mut Machine::new();
    for (letter, size) in [('w', 32), ('x', 64)] {
        for at in (0..size).step_by(16) {
            for imm in [0u64, 1, 0x8000, 0xffff, 0x1234] {
                let old = 0x89ab_cdef_0123_4567u64;
                for name in ["movz", "movn", "movk"] {
                    let text = format!("{name} {letter}0, #{imm}, lsl #{at}");
                    m.load(&text);
                    m.regs.x[0] = old;
                    let v = match name {
                        "movz" => imm << at,
                        "movn" => !(imm << at),
                        _ => old & !(0xffff << at) | imm << at,
                    };
                    assert_eq!(m.run().x[0], cut(i128::from(v), size), "`{text}`");
                }
            }
        }
    }
}

/// `Poly32Mod2` by long division; the architecture reverses the bits before and after.
fn checksum(polynomial: u64, crc: u32, data: u64, size: u32) -> u64 {
    let reversed = from_bits((0..size).map(|i| bit(data, size - 1 - i)));
    let mut rest = u128::from(crc.reverse_bits()) << size ^ u128::from(reversed) << 32;
    for i in (32..32 + size).rev() {
        if rest >> i & 1 == 1 {
            rest ^= u128::from(polynomial | 1 << 32) << (i - 32);
        }
    }
    u64::from((rest as u32).reverse_bits())
}

#[test]
fn checksums() {
    let m = &mut Machine::new();
    for (name, polynomial) in [("crc32", 0x04c1_1db7), ("crc32c", 0x1edc_6f41)] {
        for (suffix, size) in [("b", 8), ("h", 16), ("w", 32), ("x", 64)] {
            let data = if size == 64 { "x2" } else { "w2" };
            m.load(&format!("{name}{suffix} w0, w1, {data}"));
            for crc in corners(32) {
                for v in [corners(64), corners(8)].concat() {
                    (m.regs.x[1], m.regs.x[2]) = (crc | 0xdead << 32, v);
                    let want = checksum(polynomial, crc as u32, v, size);
                    assert_eq!(m.run().x[0], want, "`{}` of {crc:#x}, {v:#x}", m.text());
                }
            }
        }
    }
    // The published check value of "123456789".
    for (name, want) in [("crc32b", 0xcbf4_3926u64), ("crc32cb", 0xe306_9283)] {
        m.load(&format!("{name} w1, w1, w2"));
        m.regs.x[1] = u64::from(u32::MAX);
        for byte in b"123456789" {
            m.regs.x[2] = u64::from(*byte);
            m.regs.x[1] = m.run().x[1];
        }
        assert_eq!(m.regs.x[1] ^ 0xffff_ffff, want, "{name}");
    }
}

#[test]
fn flags_alone() {
    let m = &mut Machine::new();
    for (name, size) in [("setf8", 8), ("setf16", 16)] {
        m.load(&format!("{name} w1"));
        for v in [corners(64), corners(32), corners(16), corners(8), (0..1024).collect()].concat() {
            for nzcv in 0..16 {
                (m.regs.x[1], m.regs.nzcv) = (v, nzcv << 28);
                let n = bit(v, size - 1);
                let z = u64::from(cut(i128::from(v), size) == 0);
                let overflow = bit(v, size) ^ bit(v, size - 1);
                let want = n << 3 | z << 2 | nzcv & 2 | overflow;
                assert_eq!(m.run().nzcv >> 28, want, "`{}` of {v:#x}, {nzcv:#x}", m.text());
            }
        }
    }
    for shift in 0..64 {
        for mask in 0..16 {
            m.load(&format!("rmif x1, #{shift}, #{mask}"));
            for nzcv in [0, 15, 6] {
                let v = 0x8123_4567_89ab_cdef;
                (m.regs.x[1], m.regs.nzcv) = (v, nzcv << 28);
                let want = from_bits((0..4).map(|i| {
                    if mask >> i & 1 == 1 { bit(v, (shift + i) % 64) } else { bit(nzcv, i) }
                }));
                assert_eq!(m.run().nzcv >> 28, want, "`{}`", m.text());
            }
        }
    }
    for nzcv in 0..16u64 {
        let [z, c, v] = [2, 1, 0].map(|i| bit(nzcv, i));
        let (not_c, not_z) = (1 - c, 1 - z);
        for (name, want) in [
            ("cfinv", nzcv ^ 2),
            ("xaflag", (not_c & not_z) << 3 | (z & c) << 2 | (c | z) << 1 | not_c & z),
            ("axflag", (z | v) << 2 | (c & (1 - v)) << 1),
        ] {
            m.load(name);
            m.regs.nzcv = nzcv << 28;
            assert_eq!(m.run().nzcv >> 28, want, "{name} of {nzcv:#x}");
        }
        m.load("mrs x0, nzcv");
        assert_eq!(m.run().x[0], nzcv << 28);
        m.load("msr nzcv, x1");
        m.regs.x[1] = !(nzcv << 28);
        assert_eq!(m.run().nzcv >> 28, 15 - nzcv);
    }
}

/// Is the branch at the first of the words taken? It jumps over one word.
fn taken(m: &mut Machine, words: &[u32]) -> bool {
    m.load_words(&[words, &[word("brk #1"), word("brk #2")]].concat());
    let at = m.end().1.pc() - CODE;
    assert!(at == words.len() as u64 * 4 || at == words.len() as u64 * 4 + 4, "{}", m.text());
    at != words.len() as u64 * 4
}

#[test]
fn branches() {
    let m = &mut Machine::new();
    for nzcv in 0..16 {
        m.regs.nzcv = nzcv << 28;
        for condition in 0..16u32 {
            let want =
                CONDITIONS.get(condition as usize).is_none_or(|_| holds(condition as usize, nzcv));
            assert_eq!(taken(m, &[0x5400_0040 | condition]), want, "{condition} {nzcv:#x}");
        }
    }
    // A comparison before it, which may be run as one with the branch.
    for (i, condition) in CONDITIONS.iter().enumerate() {
        for (compare, size, b) in [
            ("cmp x1, x2", 64, None),
            ("cmp w1, w2", 32, None),
            ("cmp x1, #5", 64, Some(5)),
            ("cmp w1, #5", 32, Some(5)),
        ] {
            let words = [word(compare), 0x5400_0040 | i as u32];
            for x in corners(64) {
                for y in corners(size) {
                    (m.regs.x[1], m.regs.x[2]) = (x, y);
                    let (x, y) = (cut(i128::from(x), size), b.unwrap_or(cut(i128::from(y), size)));
                    let (sx, sy) = (signed(x, size), signed(y, size));
                    let d = signed(x.wrapping_sub(y), size);
                    let overflow = d != sx - sy;
                    let want = match *condition {
                        "eq" => x == y,
                        "ne" => x != y,
                        "hs" => x >= y,
                        "lo" => x < y,
                        "mi" => d < 0,
                        "pl" => d >= 0,
                        "vs" => overflow,
                        "vc" => !overflow,
                        "hi" => x > y,
                        "ls" => x <= y,
                        "ge" => sx >= sy,
                        "lt" => sx < sy,
                        "gt" => sx > sy,
                        _ => sx <= sy,
                    };
                    assert_eq!(taken(m, &words), want, "{compare}; b.{condition} {x:#x} {y:#x}");
                }
            }
        }
    }
    for v in [corners(64), corners(32), vec![1 << 32, 1 << 63, 1 << 31]].concat() {
        m.regs.x[1] = v;
        let zeros = [v as u32 == 0, v as u32 != 0, v == 0, v != 0];
        for (base, want) in
            [0x3400_0041u32, 0x3500_0041, 0xb400_0041, 0xb500_0041].into_iter().zip(zeros)
        {
            assert_eq!(taken(m, &[base]), want, "{} of {v:#x}", m.text());
        }
        for i in 0..64u32 {
            let word = 0x3600_0041 | i >> 5 << 31 | (i & 31) << 19;
            assert_eq!(taken(m, &[word]), bit(v, i) == 0, "{} of {v:#x}", m.text());
            assert_eq!(taken(m, &[word | 1 << 24]), bit(v, i) == 1, "{} of {v:#x}", m.text());
        }
    }
}

#[test]
fn addresses_of_code() {
    let m = &mut Machine::new();
    for low in 0..4u32 {
        for high in [0u32, 1, 2, 0x3_ffff, 0x4_0000, 0x7_ffff] {
            let offset = signed(u64::from(high << 2 | low), 21);
            let word = low << 29 | high << 5;
            m.load_words(&[word | 0x1000_0000]);
            assert_eq!(m.run().x[0], cut(i128::from(CODE) + offset, 64), "adr");
            m.load_words(&[word | 0x9000_0000]);
            assert_eq!(m.run().x[0], cut(i128::from(CODE & !0xfff) + offset * 4096, 64), "adrp");
        }
    }
}
