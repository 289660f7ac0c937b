//! Constants, amounts and widths.

use super::both::{Both, V};
use super::numbers;
use crate::matrix::File;
use crate::matrix::int::{self, Int};

const WIDTHS: [u32; 4] = [8, 16, 32, 64];
const SHIFTS: [&str; 5] = ["shl", "lshr", "ashr", "rotl", "rotr"];

fn max(width: u32) -> i128 {
    (1 << (width - 1)) - 1
}

/// More narrow values than there are registers, truncated from wider ones, live across a call, then extended or compared.
fn spilled() -> File {
    let mut file = File::written("02-spilled-narrow-values", "Bug 2: narrow values across a call.");
    file.line(
        "\nfn @clobber(i64) -> i64 {\nblock0(v0: i64):\n    v1: i64 = iconst 0\n    ret v1\n}",
    );
    let n = numbers(2);
    for width in [8, 16, 32] {
        let rows =
            [[-1, 0], [0, -1], [1 << (width - 1), max(64)], [n[0], n[1]], [max(width) << 32, 1]];
        for ext in ["zext", "sext", "icmp"] {
            let (mut f, [start, step]) = Both::new(&mut file, [64, 64], &rows);
            let mut wide = start;
            let narrow: Vec<V> = (0..34)
                .map(|_| {
                    wide = f.binary("add", wide, step);
                    f.resize("trunc", width, wide)
                })
                .collect();
            f.call("clobber", start);
            let mut sum = f.constant(64, 0);
            if ext == "icmp" {
                for (pair, cc) in narrow.chunks(2).zip(["ult", "slt", "ugt", "sge"].iter().cycle())
                {
                    let bit = f.binary(&format!("icmp {cc}"), pair[0], pair[1]);
                    let bit = f.resize("zext", 64, bit);
                    let twice = f.binary("add", sum, sum);
                    sum = f.binary("add", twice, bit);
                }
            } else {
                for (i, &value) in (1..).zip(&narrow) {
                    let (value, factor) = (f.resize(ext, 64, value), f.constant(64, i));
                    let product = f.binary("mul", value, factor);
                    sum = f.binary("add", sum, product);
                }
            }
            f.ret(&[sum]);
        }
    }
    file
}

/// `(a << n) op (b >> m)` and the same with one operand: rotations if `n + m` is the width, and pairs that are none.
fn extr() -> File {
    let mut file =
        File::written("04-extr-pairs", "Bug 4: two shifts that are `extr`, `ror`, or neither.");
    let r = numbers(2);
    for width in WIDTHS {
        let w = i128::from(width);
        let ops = ["or", "add", "xor"];
        let rotations = (0..w).map(|n| (ops[n as usize % 3], n, w - n));
        let others =
            [(1, 1), (3, w - 4), (5, w - 4), (w / 2, w / 2 - 1), (w - 1, w - 1), (0, 0), (w, 0)];
        let others = ops.into_iter().flat_map(|op| others.map(|(n, m)| (op, n, m)));
        for pairs in rotations.chain(others).collect::<Vec<_>>().chunks(4) {
            let (mut f, [a, b]) = Both::new(&mut file, [width, width], &[[r[0], r[1]], [-1, 0]]);
            let mut results = Vec::new();
            for (i, &(op, n, m)) in pairs.iter().enumerate() {
                let (n, m) = (f.constant(width, n), f.constant(width, m));
                for b in [b, a] {
                    let (high, low) = (f.binary("shl", a, n), f.binary("lshr", b, m));
                    let (x, y) = if i % 2 == 0 { (low, high) } else { (high, low) };
                    results.push(f.binary(op, x, y));
                }
            }
            f.ret(&results);
        }
    }
    file
}

fn division() -> File {
    let mut file =
        File::written("07-division-by-constants", "Bug 7: division by constants of every width.");
    let r = numbers(1)[0];
    for width in WIDTHS {
        let (max, half) = (max(width), 1 << (width / 2));
        for d in [1, -1, 2, -2, 3, -3, 7, 10, -16, max, -max - 1, -max, half, half + 1, 100, -128] {
            let rows = [-max - 1, -1, max, d, d - 1, d + 1, 7 * d + 1, 0, r].map(|x| [x]);
            let (mut f, [x]) = Both::new(&mut file, [width], &rows);
            let d = f.constant(width, d);
            let results = ["sdiv", "srem", "udiv", "urem"].map(|op| f.binary(op, x, d));
            f.ret(&results);
        }
    }
    file
}

/// `x + c`, `x + -c`, `x - c` and `x - -c` around the immediates of 12 bits and of 12 shifted bits.
fn addition() -> File {
    let mut file =
        File::written("09-add-constants", "Bug 9: sums with constants and their negations.");
    let r = numbers(1)[0];
    for width in WIDTHS {
        let mut constants = vec![1, 2, 15, 16, max(width), -max(width) - 1];
        for power in [7, 8, 11, 12, 13, 15, 16, 23, 24, 31, 32].into_iter().filter(|&p| p < width) {
            constants.extend([(1i128 << power) - 1, 1 << power, (1 << power) + 1]);
        }
        constants.extend(
            [0xffe, 0xff_f000, 0xff_e000, 0xff_f001, 0x100_1000]
                .iter()
                .filter(|&&c| c <= max(width)),
        );
        for constants in constants.chunks(2) {
            let (mut f, [x]) = Both::new(&mut file, [width], &[[-1], [0], [r]]);
            let mut results = Vec::new();
            for &c in constants {
                for op in ["add", "sub"] {
                    for c in [c, -c] {
                        let c = f.constant(width, c);
                        results.push(f.binary(op, x, c));
                    }
                }
            }
            f.ret(&results);
        }
    }
    file
}

/// Every amount below the width, and beyond.
fn shifts() -> File {
    let mut file = File::written("14-shift-by-constants", "Bugs 14 and 15: shifts by constants.");
    for width in WIDTHS {
        let amounts = (0..i128::from(width) + 2).chain([2 * i128::from(width), -1]);
        for (amount, x) in amounts.zip(numbers(70)) {
            let (mut f, [x]) = Both::new(&mut file, [width], &[[x]]);
            let amount = f.constant(width, amount);
            let results = SHIFTS.map(|op| f.binary(op, x, amount));
            f.ret(&results);
        }
    }
    file
}

/// A function that sums up `h = 31 h + op` over the numbers from its second to its third parameter, with calls of it.
fn sum(
    file: &mut File,
    width: u32,
    op: &str,
    rows: &[(i128, i128, i128)],
    apply: &dyn Fn(Int, Int) -> i128,
) {
    let ty = format!("i{width}");
    let name =
        file.function(&format!("{ty}, i64, i64"), "i64", &format!("v0: {ty}, v1: i64, v2: i64"));
    // A value of 64 bits is neither truncated nor extended; an exclusive or with 0 takes the place.
    let [narrow, widen] =
        if width == 64 { ["xor v3, v20", "xor v6, v20"] } else { ["trunc v3", "sext v6"] };
    file.line(&format!(
        "    v20: i64 = iconst 0\n    v21: i64 = iconst 1\n    v22: i64 = iconst 31\n    jump block1(v1, v20)
block1(v3: i64, v4: i64):\n    v5: {ty} = {narrow}\n    v6: {ty} = {op}\n    v7: i64 = {widen}
    v8: i64 = mul v4, v22\n    v9: i64 = add v8, v7\n    v10: i64 = add v3, v21\n    v11: i8 = icmp slt v10, v2
    branch v11, block1(v10, v9), block2\nblock2:\n    ret v9\n}}"
    ));
    for &(x, first, end) in rows {
        let x = Int::new(width, x);
        let value = |i| Int::new(width, apply(x, Int::new(width, i))).signed();
        let sum =
            (first..end).fold(0i64, |sum, i| sum.wrapping_mul(31).wrapping_add(value(i) as i64));
        file.expect(&name, &format!("{}, {first}, {end}", x.text()), &Ok(sum.to_string()));
    }
}

/// Every amount below 256 in a register.
fn variable_shifts() -> File {
    let mut file =
        File::written("15-shift-by-variables", "Bug 15: shifts by amounts in registers.");
    let r = numbers(1)[0];
    for width in WIDTHS {
        for op in SHIFTS {
            let rows = [1, -1, -max(width) - 1, r].map(|x| (x, 0, 256));
            let apply = |x, i| int::binary(op, x, i).unwrap_or_default();
            sum(&mut file, width, &format!("{op} v0, v5"), &rows, &apply);
        }
    }
    file
}

/// All bytes and all values of 16 bits, with other bits above.
fn bits() -> File {
    let mut file =
        File::written("18-count-narrow-bits", "Bug 18: counts and reversals of narrow bits.");
    for width in [8, 16] {
        for op in ["clz", "ctz", "cls", "popcnt", "bitrev", "bswap"] {
            let all = 1 << width;
            let rows = [(0, 0, all), (0, -2 * all, -all)];
            sum(&mut file, width, &format!("{op} v5"), &rows, &|_, i| int::unary(op, i));
        }
    }
    file
}

/// Comparisons of a byte with each of the 256 constants, and of 16 bits with samples; the results mixed in order.
fn comparisons() -> File {
    let mut file =
        File::written("16-compare-narrow-with-constants", "Bug 16: narrow values and constants.");
    for width in [8, 16] {
        let constants: Vec<i128> = if width == 8 {
            (-128..128).collect()
        } else {
            (0..16).flat_map(|p| [-(1 << p), 1 - (1 << p), (1 << p) - 1, (1 << p) + 1]).collect()
        };
        for cc in ["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"] {
            let max = max(width);
            let rows = [-max - 1, -max, -129, -1, 0, 1, 5, 255, max - 1, max].map(|x| [x]);
            let (mut f, [x]) = Both::new(&mut file, [width], &rows);
            let one = f.constant(64, 1);
            let mut hash = one;
            for &c in &constants {
                let c = f.constant(width, c);
                let bit = f.binary(&format!("icmp {cc}"), x, c);
                let (bit, turned) = (f.resize("zext", 64, bit), f.binary("rotl", hash, one));
                hash = f.binary("xor", turned, bit);
            }
            f.ret(&[hash]);
        }
    }
    file
}

fn bitmasks() -> File {
    let mut file =
        File::written("23-inverted-bitmasks", "Bug 23: logical operations and inverted bitmasks.");
    for width in WIDTHS {
        let ones = |bits: u32| (1i128 << bits) - 1;
        let mut masks = vec![1, 0x11, 0x55, 0x77, 0x7f, 0x80, max(width), -max(width) - 1];
        for size in [2u32, 4, 8, 16, 32, 64].into_iter().filter(|&size| size <= width) {
            for bits in [1, size / 2, size - 1] {
                // Repeated over the width, from bit 0 and from the middle.
                let repeated = (0..width / size).fold(0, |mask, _| mask << size | ones(bits));
                masks.extend([repeated, repeated << (size / 4)]);
            }
        }
        // No bitmasks: two runs of ones.
        masks.extend([0b101, 0x1b, ones(width) ^ 0b101]);
        for (masks, x) in masks.chunks(2).zip(numbers(30)) {
            let (mut f, [x]) = Both::new(&mut file, [width], &[[x]]);
            let mut results = Vec::new();
            for &mask in masks {
                let mask = f.constant(width, mask);
                let inverted = f.unary("not", mask);
                results.extend(["and", "or", "xor"].map(|op| f.binary(op, x, inverted)));
                results.push(f.binary("and", x, mask));
            }
            f.ret(&results);
        }
    }
    file
}

/// Logical operations have no extended operand; sums and differences have. Each stands alone: an extension with several
/// uses is not folded.
fn extended() -> File {
    let mut file = File::written("30-extended-logical-operands", "Bug 30: extensions as operands.");
    let r = numbers(2);
    for (from, to) in [(8, 16), (8, 32), (8, 64), (16, 32), (16, 64), (32, 64)] {
        for ext in ["sext", "zext"] {
            for op in ["and", "or", "xor", "add", "sub"] {
                for shape in ["plain", "shl", "not"] {
                    let rows = [[-1, -max(from) - 1], [r[0], r[1]], [0, -1], [5, 3]];
                    let (mut f, [x, y]) = Both::new(&mut file, [to, from], &rows);
                    let y = f.resize(ext, to, y);
                    let y = match shape {
                        "shl" => {
                            let two = f.constant(to, 2);
                            f.binary("shl", y, two)
                        }
                        "not" => f.unary("not", y),
                        _ => y,
                    };
                    let result = f.binary(op, x, y);
                    f.ret(&[result]);
                }
            }
        }
    }
    file
}

pub(super) fn files() -> Vec<File> {
    vec![
        spilled(),
        extr(),
        division(),
        addition(),
        shifts(),
        variable_shifts(),
        bits(),
        comparisons(),
        bitmasks(),
        extended(),
    ]
}
