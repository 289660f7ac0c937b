//! Exclusives, ordered accesses and atomic operations: values, alignment, and when a store-exclusive succeeds.

use super::machine::{DATA, DATA_SIZE, Machine, byte, corners, signed, word};
use arm64_sim::{Registers, Stop};

/// Suffix of the name, letter of the register, bytes.
const WIDTHS: [(&str, char, usize); 4] = [("b", 'w', 1), ("h", 'w', 2), ("", 'w', 4), ("", 'x', 8)];
const AT: usize = 64;

fn machine(words: &[u32]) -> Machine {
    let mut m = Machine::new();
    m.map();
    m.load_words(words);
    m.regs.x[1] = DATA + AT as u64;
    m
}

fn memory(at: usize, size: usize) -> u64 {
    (0..size).fold(0, |v, i| v | u64::from(byte(at + i)) << (8 * i))
}

fn now(m: &Machine, at: usize, size: usize) -> u64 {
    (0..size).fold(0, |v, i| v | u64::from(m.data()[at + i]) << (8 * i))
}

/// Memory outside of the access is as before.
fn rest_is_whole(m: &Machine, at: usize, size: usize) {
    let whole = (0..DATA_SIZE).all(|i| (at..at + size).contains(&i) || m.data()[i] == byte(i));
    assert!(whole, "{}", m.text());
}

fn finished(m: &mut Machine) -> Registers {
    let after = m.run();
    assert_eq!(after.sp, m.regs.sp);
    after
}

#[test]
fn ordered_accesses() {
    for (suffix, r, size) in WIDTHS {
        for name in ["ldar", "ldlar", "ldapr", "ldxr", "ldaxr"] {
            let m = &mut machine(&[word(&format!("{name}{suffix} {r}0, [x1]"))]);
            assert_eq!(finished(m).x[0], memory(AT, size), "{}", m.text());
        }
        for name in ["stlr", "stllr"] {
            let m = &mut machine(&[word(&format!("{name}{suffix} {r}0, [x1]"))]);
            m.regs.x[0] = 0x1122_3344_5566_7788;
            finished(m);
            assert_eq!(
                now(m, AT, size),
                m.regs.x[0] & (u64::MAX >> (64 - 8 * size)),
                "{}",
                m.text()
            );
            rest_is_whole(m, AT, size);
        }
        for offset in [-256i64, -8, 0, 8, 248] {
            let base = (DATA + AT as u64).wrapping_sub(offset as u64);
            let m = &mut machine(&[word(&format!("stlur{suffix} {r}0, [x1, #{offset}]"))]);
            (m.regs.x[0], m.regs.x[1]) = (0x1122_3344_5566_7788, base);
            finished(m);
            assert_eq!(
                now(m, AT, size),
                m.regs.x[0] & (u64::MAX >> (64 - 8 * size)),
                "{}",
                m.text()
            );
            rest_is_whole(m, AT, size);
            for (name, r, width) in [("ldapur", r, 0), ("ldapurs", 'w', 32), ("ldapurs", 'x', 64)] {
                let suffix = if width == 64 && size == 4 { "w" } else { suffix };
                if width != 0 && 8 * size as u32 >= width || width == 32 && size == 4 {
                    continue;
                }
                let m = &mut machine(&[word(&format!("{name}{suffix} {r}0, [x1, #{offset}]"))]);
                m.regs.x[1] = base;
                let v = memory(AT, size);
                let want = match width {
                    0 => v,
                    32 => u64::from(signed(v, 8 * size as u32) as u32),
                    _ => signed(v, 8 * size as u32) as u64,
                };
                assert_eq!(finished(m).x[0], want, "{}", m.text());
            }
        }
    }
}

/// Every instruction that asks for alignment, at every address that is not: a fault, and nothing changed.
#[test]
fn misaligned() {
    for (suffix, r, size) in WIDTHS {
        let mut texts: Vec<(String, usize)> = Vec::new();
        for name in ["ldar", "ldlar", "ldapr", "ldxr", "ldaxr", "stlr", "stllr", "ldapur", "stlur"]
        {
            texts.push((format!("{name}{suffix} {r}0, [x1]"), size));
        }
        for name in ["stxr", "stlxr"] {
            texts.push((format!("{name}{suffix} w2, {r}0, [x1]"), size));
        }
        for name in [
            "ldadd", "ldclr", "ldeor", "ldset", "ldsmax", "ldsmin", "ldumax", "ldumin", "swp",
            "cas",
        ] {
            for order in ["", "a", "l", "al"] {
                texts.push((format!("{name}{order}{suffix} {r}2, {r}0, [x1]"), size));
            }
        }
        if suffix.is_empty() {
            texts.push((format!("ldxp {r}0, {r}2, [x1]"), 2 * size));
            texts.push((format!("ldaxp {r}0, {r}2, [x1]"), 2 * size));
            texts.push((format!("stxp w4, {r}0, {r}2, [x1]"), 2 * size));
            texts.push((format!("stlxp w4, {r}0, {r}2, [x1]"), 2 * size));
            texts.push((format!("casp {r}2, {r}3, {r}4, {r}5, [x1]"), 2 * size));
        }
        for (text, size) in texts {
            for off in 0..size as u64 {
                let m = &mut machine(&[word(&text)]);
                m.regs.x[1] += off;
                let (after, fault) = m.end();
                if off == 0 {
                    assert!(matches!(fault.stop, Stop::Breakpoint { .. }), "`{text}`: {fault}");
                    continue;
                }
                assert!(
                    matches!(fault.stop, Stop::Unaligned { address, size: s, .. } if address == m.regs.x[1] && s == size as u64),
                    "`{text}` at {off}: {fault}"
                );
                assert_eq!(after.x, m.regs.x, "`{text}`");
                rest_is_whole(m, AT, 0);
            }
        }
    }
}

/// A load-exclusive and a store-exclusive of every two widths, at the same and at other addresses, with something in
/// between: it succeeds for the same bytes only, once, and not after CLREX or another's change.
#[test]
fn exclusives() {
    let all: Vec<(String, String, usize)> = WIDTHS
        .iter()
        .map(|&(s, r, n)| (format!("ldxr{s} {r}8, [x1]"), format!("stxr{s} w9, {r}0, [x2]"), n))
        .chain([('w', 8), ('x', 16)].map(|(r, n)| {
            (format!("ldxp {r}8, {r}10, [x1]"), format!("stxp w9, {r}0, {r}3, [x2]"), n)
        }))
        .collect();
    let store = word("str x7, [x6]");
    for (load, _, loaded) in &all {
        for (_, stored_text, stored) in &all {
            for off in [0usize, 16] {
                for between in ["nop", "clrex", "same", "other"] {
                    let middle = match between {
                        "same" | "other" => store,
                        text => word(text),
                    };
                    // Zeros everywhere: the values alone never tell widths and places apart.
                    let m = &mut Machine::new();
                    m.map_zeros();
                    m.regs.x[1] = DATA + AT as u64;
                    m.load_words(&[
                        word(load),
                        middle,
                        word(stored_text),
                        word(stored_text).wrapping_add(1 << 16),
                    ]);
                    // The second store's status is in w10.
                    m.regs.x[2] = m.regs.x[1] + off as u64;
                    (m.regs.x[0], m.regs.x[3]) = (0x1122_3344_5566_7788, 0x99aa_bbcc_ddee_ff00);
                    m.regs.x[6] = DATA + if between == "same" { AT as u64 } else { 256 };
                    m.regs.x[7] = 0x0102_0304_0506_0708;
                    let after = finished(m);
                    // Two pieces of the same bytes: a pair of words and a doubleword are alike here.
                    let want = loaded == stored && off == 0 && matches!(between, "nop" | "other");
                    let text = m.text();
                    assert_eq!(after.x[9], u64::from(!want), "{text} at +{off}");
                    assert_eq!(after.x[10], 1, "{text} at +{off}: again");
                    let at = AT + off;
                    let written: Vec<u8> = match *stored {
                        8 if stored_text.starts_with("stxp") => {
                            [&0x5566_7788u32.to_le_bytes()[..], &0xddee_ff00u32.to_le_bytes()]
                                .concat()
                        }
                        16 => [m.regs.x[0].to_le_bytes(), m.regs.x[3].to_le_bytes()].concat(),
                        n => m.regs.x[0].to_le_bytes()[..n].to_vec(),
                    };
                    let holds = m.data()[at..at + stored] == written[..];
                    assert_eq!(holds, want, "{text} at +{off}: memory");
                }
            }
        }
    }
}

#[test]
fn atomic_operations() {
    type New = fn(u32, u64, u64) -> u64;
    let table: [(&str, New); 9] = [
        ("ldadd", |_, old, v| old.wrapping_add(v)),
        ("ldclr", |_, old, v| old & !v),
        ("ldeor", |_, old, v| old ^ v),
        ("ldset", |_, old, v| old | v),
        ("ldsmax", |s, old, v| if signed(old, s) >= signed(v, s) { old } else { v }),
        ("ldsmin", |s, old, v| if signed(old, s) <= signed(v, s) { old } else { v }),
        ("ldumax", |_, old, v| old.max(v)),
        ("ldumin", |_, old, v| old.min(v)),
        ("swp", |_, _, v| v),
    ];
    let put = |r, suffix: &str| word(&format!("str{suffix} {r}3, [x1]"));
    for (suffix, r, size) in WIDTHS {
        let (bits, mask) = (8 * size as u32, u64::MAX >> (64 - 8 * size));
        let mut texts: Vec<(String, Option<New>)> = Vec::new();
        for order in ["", "a", "l", "al"] {
            for (name, f) in table {
                texts.push((format!("{name}{order}{suffix} {r}2, {r}0, [x1]"), Some(f)));
            }
            texts.push((format!("cas{order}{suffix} {r}2, {r}0, [x1]"), None));
        }
        for (text, f) in texts {
            let m = &mut machine(&[put(r, suffix), word(&text)]);
            for old in corners(bits) {
                for v in corners(bits) {
                    // Upper halves of registers must not count.
                    m.regs.x[3] = old;
                    m.regs.x[2] = v | 0xa5a5_a5a5_a5a5_a5a5 & !mask;
                    m.regs.x[0] = 0x1234_5678_9abc_def0;
                    let after = finished(m);
                    let (loaded, want) = match f {
                        Some(f) => (after.x[0], f(bits, old, v) & mask),
                        None => (after.x[2], if old == v { m.regs.x[0] & mask } else { old }),
                    };
                    assert_eq!(loaded, old, "`{text}` of {old:#x}, {v:#x}");
                    assert_eq!(now(m, AT, size), want, "`{text}` of {old:#x}, {v:#x}: memory");
                }
            }
            rest_is_whole(m, AT, size);
        }
    }
    for (r, size) in [('w', 4usize), ('x', 8)] {
        let mask = u64::MAX >> (64 - 8 * size);
        for differs in [None, Some(2), Some(3)] {
            let m = &mut machine(&[word(&format!("casp {r}2, {r}3, {r}4, {r}5, [x1]"))]);
            let old = [memory(AT, size), memory(AT + size, size)];
            (m.regs.x[2], m.regs.x[3]) = (old[0], old[1]);
            (m.regs.x[4], m.regs.x[5]) = (0x1122_3344_5566_7788, 0x99aa_bbcc_ddee_ff00);
            if let Some(r) = differs {
                m.regs.x[r] ^= 1 << 20;
            }
            let after = finished(m);
            assert_eq!([after.x[2], after.x[3]], old, "{}", m.text());
            let want =
                if differs.is_none() { [m.regs.x[4] & mask, m.regs.x[5] & mask] } else { old };
            assert_eq!([now(m, AT, size), now(m, AT + size, size)], want, "{}", m.text());
        }
    }
}

/// One load-exclusive allows one store-exclusive, even if that stores what was there.
#[test]
fn an_exclusive_is_used_up() {
    for (suffix, r, _) in WIDTHS {
        let store = word(&format!("stxr{suffix} w9, {r}0, [x1]"));
        let m =
            &mut machine(&[word(&format!("ldxr{suffix} {r}0, [x1]")), store, store + (1 << 16)]);
        let after = finished(m);
        assert_eq!((after.x[9], after.x[10]), (0, 1), "{}", m.text());
    }
}
