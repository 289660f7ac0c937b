//! Single and double precision against the host's own arithmetic, which is IEEE 754 as well: results that are numbers,
//! rounded to nearest even. The simulator computes with FPSR exact, so by its integers, and once more the quick way.

use super::machine::Machine;

/// Mantissas whose sums, products, quotients and roots have long tails: a sticky bit far below decides the rounding.
const MANTISSAS: [u64; 10] = [
    0,
    1,
    2,
    3,
    0x5_5555_5555_5555,
    0x8_0000_0000_0000,
    0x8_0000_0000_0001,
    0xf_ffff_ffff_fffe,
    0xf_ffff_ffff_ffff,
    0x3_1415_9265_3589,
];

const EXPONENTS: [u64; 12] = [0, 1, 2, 970, 1021, 1022, 1023, 1024, 1075, 1077, 2045, 2046];

fn doubles() -> Vec<u64> {
    let all = EXPONENTS.iter().flat_map(|e| MANTISSAS.iter().map(move |m| e << 52 | m));
    all.enumerate().map(|(i, bits)| bits | (i as u64 & 1) << 63).collect()
}

/// The same for singles: the exponents near their own ends, the mantissas by their upper and their lower bits.
fn singles() -> Vec<u64> {
    let exponents = [0_u64, 1, 2, 100, 125, 126, 127, 128, 151, 253, 254];
    let mantissas = MANTISSAS.iter().flat_map(|m| [m >> 29, m & 0x7f_ffff]);
    let all = mantissas.flat_map(|m| exponents.map(|e| e << 23 | m));
    all.enumerate().map(|(i, bits)| bits | (i as u64 & 1) << 31).collect()
}

/// What an instruction gives for words in `v1`, `v2`, `v3`.
type Expected = fn(u64, u64, u64) -> u64;

fn check(values: &[u64], table: &[(&str, Expected)], is_nan: fn(u64) -> bool) {
    for exact in [true, false] {
        let m = &mut Machine::with(exact);
        for &(text, expected) in table {
            m.load(text);
            for (i, &a) in values.iter().enumerate() {
                for (j, &b) in values.iter().enumerate() {
                    let c = values[(7 * i + 3 * j) % values.len()];
                    let want = expected(a, b, c);
                    if is_nan(want) {
                        continue;
                    }
                    (m.regs.v[1], m.regs.v[2], m.regs.v[3]) = (a.into(), b.into(), c.into());
                    let found = m.run().v[0];
                    assert_eq!(
                        found,
                        want.into(),
                        "`{text}` of {a:#x}, {b:#x}, {c:#x}: {found:#x}"
                    );
                }
            }
        }
    }
}

#[test]
fn doubles_as_the_host_computes() {
    let table: [(&str, Expected); 9] = [
        ("fadd d0, d1, d2", |a, b, _| (f64::from_bits(a) + f64::from_bits(b)).to_bits()),
        ("fsub d0, d1, d2", |a, b, _| (f64::from_bits(a) - f64::from_bits(b)).to_bits()),
        ("fmul d0, d1, d2", |a, b, _| (f64::from_bits(a) * f64::from_bits(b)).to_bits()),
        ("fdiv d0, d1, d2", |a, b, _| (f64::from_bits(a) / f64::from_bits(b)).to_bits()),
        ("fsqrt d0, d1", |a, _, _| f64::from_bits(a).sqrt().to_bits()),
        ("fmadd d0, d1, d2, d3", |a, b, c| {
            f64::from_bits(a).mul_add(f64::from_bits(b), f64::from_bits(c)).to_bits()
        }),
        ("fcvt s0, d1", |a, _, _| (f64::from_bits(a) as f32).to_bits().into()),
        ("frintz d0, d1", |a, _, _| f64::from_bits(a).trunc().to_bits()),
        ("frintn d0, d1", |a, _, _| f64::from_bits(a).round_ties_even().to_bits()),
    ];
    check(&doubles(), &table, |bits| f64::from_bits(bits).is_nan());
}

#[test]
fn singles_as_the_host_computes() {
    let table: [(&str, Expected); 7] = [
        ("fadd s0, s1, s2", |a, b, _| (single(a) + single(b)).to_bits().into()),
        ("fsub s0, s1, s2", |a, b, _| (single(a) - single(b)).to_bits().into()),
        ("fmul s0, s1, s2", |a, b, _| (single(a) * single(b)).to_bits().into()),
        ("fdiv s0, s1, s2", |a, b, _| (single(a) / single(b)).to_bits().into()),
        ("fsqrt s0, s1", |a, _, _| single(a).sqrt().to_bits().into()),
        ("fmadd s0, s1, s2, s3", |a, b, c| {
            single(a).mul_add(single(b), single(c)).to_bits().into()
        }),
        ("fcvt d0, s1", |a, _, _| f64::from(single(a)).to_bits()),
    ];
    check(&singles(), &table, |bits| bits <= 0xffff_ffff && single(bits).is_nan());
}

fn single(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

/// Integers to floats and back, at the ends and at halves of each format's last place.
#[test]
fn conversions_as_the_host_computes() {
    let words: Vec<u64> = (0..64)
        .flat_map(|bit| {
            let one = 1_u64 << bit;
            [one, one - 1, one + 1, !one, one | one >> 24, one | one >> 25, one | one >> 53 | 1]
        })
        .collect();
    type To = fn(u64) -> u64;
    let table: [(&str, To); 8] = [
        ("scvtf d0, x1", |w| (w as i64 as f64).to_bits()),
        ("ucvtf d0, x1", |w| (w as f64).to_bits()),
        ("scvtf s0, x1", |w| (w as i64 as f32).to_bits().into()),
        ("ucvtf s0, x1", |w| (w as f32).to_bits().into()),
        ("scvtf d0, w1", |w| f64::from(w as i32).to_bits()),
        ("ucvtf d0, w1", |w| f64::from(w as u32).to_bits()),
        ("scvtf s0, w1", |w| (w as i32 as f32).to_bits().into()),
        ("ucvtf s0, w1", |w| (w as u32 as f32).to_bits().into()),
    ];
    // Rust's casts to integers saturate and take NaN for 0, as the instructions do.
    let back: [(&str, To); 8] = [
        ("fcvtzs x0, d1", |w| f64::from_bits(w) as i64 as u64),
        ("fcvtzu x0, d1", |w| f64::from_bits(w) as u64),
        ("fcvtzs w0, d1", |w| (f64::from_bits(w) as i32 as u32).into()),
        ("fcvtzu w0, d1", |w| (f64::from_bits(w) as u32).into()),
        ("fcvtzs x0, s1", |w| single(w) as i64 as u64),
        ("fcvtzu x0, s1", |w| single(w) as u64),
        ("fcvtzs w0, s1", |w| (single(w) as i32 as u32).into()),
        ("fcvtzu w0, s1", |w| (single(w) as u32).into()),
    ];
    let m = &mut Machine::new();
    for (text, expected) in table {
        m.load(text);
        for &word in &words {
            m.regs.x[1] = word;
            assert_eq!(m.run().v[0], expected(word).into(), "`{text}` of {word:#x}");
        }
    }
    for (text, expected) in back {
        m.load(text);
        let near: Vec<u64> = words.iter().map(|&w| (w as f64).to_bits()).collect();
        let small: Vec<u64> = words.iter().map(|&w| u64::from((w as f32).to_bits())).collect();
        for word in [near, small, doubles(), singles()].concat() {
            m.regs.v[1] = word.into();
            assert_eq!(m.run().x[0], expected(word), "`{text}` of {word:#x}");
        }
    }
}

/// A root is inexact unless its square is the operand, however many zeros follow its last place.
#[test]
fn roots_tell_what_they_lose() {
    const INEXACT: u64 = 16;
    let m = &mut Machine::new();
    m.load("fsqrt d0, d1");
    let mut word = 1_u64;
    let (mut exact, mut inexact) = (0, 0);
    for n in 0..30_000_u64 {
        // Knuth's linear congruential generator; the exponent stays even and near 1.
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = match n % 3 {
            0 => ((1 + (word >> 40)) as f64).powi(2).to_bits(),
            _ => 0x3ff0_0000_0000_0000 | word >> 12,
        };
        (m.regs.v[1], m.regs.fpsr) = (bits.into(), 0);
        let after = m.run();
        let root = f64::from_bits(after.v[0] as u64);
        // 53 bits squared are exact in 106.
        let mantissa = |x: f64| u128::from(x.to_bits() & ((1 << 52) - 1) | 1 << 52);
        let odd = |x: u128| x >> x.trailing_zeros();
        let same = odd(mantissa(root).pow(2)) == odd(mantissa(f64::from_bits(bits)));
        assert_eq!(after.fpsr & INEXACT == 0, same, "root of {bits:#x}");
        if same { exact += 1 } else { inexact += 1 }
    }
    assert!(exact > 1000 && inexact > 1000, "{exact} {inexact}");
}
