//! Float operations of the matrix: the host's arithmetic where no NaN is involved, AArch64's rules where one is (Arm
//! Architecture Reference Manual, shared/functions/float, `FPProcessNaNs`; FPCR = 0).

use super::{File, ONCE, Outcome, Row};

/// What the code below needs to know of `f32` and `f64`.
trait Float: Copy + PartialOrd + 'static {
    const TYPE: &'static str;
    const WIDTH: u32;
    const MANTISSA: u32;
    const DEFAULT_NAN: u64;
    fn from_bits(bits: u64) -> Self;
    fn bits(self) -> u64;
    fn binary(op: &str, a: Self, b: Self) -> Self;
    fn unary(op: &str, a: Self) -> Self;
    fn fused(a: Self, b: Self, c: Self) -> Self;
    fn from_int(value: i128) -> Self;
    /// Toward zero, saturating at the ends of `i128`.
    fn to_int(self) -> i128;
}

macro_rules! float {
    ($f:ty, $bits:ty, $name:literal, $mantissa:literal) => {
        impl Float for $f {
            const TYPE: &'static str = $name;
            const WIDTH: u32 = <$bits>::BITS;
            const MANTISSA: u32 = $mantissa;
            const DEFAULT_NAN: u64 = ((1 << (<$bits>::BITS - $mantissa)) - 1) << ($mantissa - 1);
            fn from_bits(bits: u64) -> Self {
                <$f>::from_bits(bits as $bits)
            }
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }
            fn binary(op: &str, a: Self, b: Self) -> Self {
                let lesser =
                    |a: $f, b: $f| if a < b || (a == b && a.is_sign_negative()) { a } else { b };
                match op {
                    "fadd" => a + b,
                    "fsub" => a - b,
                    "fmul" => a * b,
                    "fdiv" => a / b,
                    "fmin" | "fminnum" => lesser(a, b),
                    _ => -lesser(-a, -b),
                }
            }
            fn unary(op: &str, a: Self) -> Self {
                match op {
                    "fsqrt" => a.sqrt(),
                    "fceil" => a.ceil(),
                    "ffloor" => a.floor(),
                    "ftrunc" => a.trunc(),
                    "fnearest" => a.round_ties_even(),
                    _ => a.round(),
                }
            }
            fn fused(a: Self, b: Self, c: Self) -> Self {
                a.mul_add(b, c)
            }
            fn from_int(value: i128) -> Self {
                value as $f
            }
            fn to_int(self) -> i128 {
                self as i128
            }
        }
    };
}
float!(f32, u32, "f32", 23);
float!(f64, u64, "f64", 52);

fn is_nan<F: Float>(a: F) -> bool {
    a.partial_cmp(&a).is_none()
}

fn quiet_bit<F: Float>() -> u64 {
    1 << (F::MANTISSA - 1)
}

fn is_signalling<F: Float>(a: F) -> bool {
    is_nan(a) && a.bits() & quiet_bit::<F>() == 0
}

fn quieted<F: Float>(a: F) -> F {
    F::from_bits(a.bits() | quiet_bit::<F>())
}

fn sign_bit<F: Float>() -> u64 {
    1 << (F::WIDTH - 1)
}

/// The NaN that comes out because one goes in: the first signalling one quieted, else the first quiet one.
fn processed<F: Float>(operands: &[F]) -> Option<F> {
    let signalling = operands.iter().copied().find(|&a| is_signalling(a)).map(quieted);
    signalling.or_else(|| operands.iter().copied().find(|&a| is_nan(a)))
}

/// A NaN that arithmetic makes is the default one, whatever the host makes.
fn canonical<F: Float>(a: F) -> F {
    if is_nan(a) { F::from_bits(F::DEFAULT_NAN) } else { a }
}

fn text<F: Float>(a: F) -> String {
    let bits = a.bits();
    let sign = if bits & sign_bit::<F>() == 0 { "" } else { "-" };
    let exponent_bits = F::WIDTH - 1 - F::MANTISSA;
    let exponent = (bits >> F::MANTISSA) & ((1 << exponent_bits) - 1);
    let mantissa = bits & ((1 << F::MANTISSA) - 1);
    let bias = (1i64 << (exponent_bits - 1)) - 1;
    if exponent == (1 << exponent_bits) - 1 {
        return if mantissa == 0 { format!("{sign}inf") } else { format!("nan:0x{bits:x}") };
    }
    // Hexadecimal digits stand for four bits each, so the fraction is aligned to them.
    let digits = F::MANTISSA.div_ceil(4) as usize;
    let fraction = format!("{:0digits$x}", mantissa << (digits as u32 * 4 - F::MANTISSA));
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    match (exponent, mantissa) {
        (0, 0) => format!("{sign}0.0"),
        (0, _) => format!("{sign}0x0{fraction}p{}", 1 - bias),
        _ => format!("{sign}0x1{fraction}p{}", exponent as i64 - bias),
    }
}

/// Zeros, ones, infinities, NaNs quiet and signalling with payload and sign, subnormals, the greatest, halves.
fn corners<F: Float>() -> Vec<F> {
    let one = F::from_int(1).bits();
    let infinity = F::DEFAULT_NAN & !quiet_bit::<F>();
    [
        0,
        sign_bit::<F>(),
        one,
        one | sign_bit::<F>(),
        infinity,
        infinity | sign_bit::<F>(),
        F::DEFAULT_NAN | 5,
        sign_bit::<F>() | infinity | 3,
        1,
        infinity - 1,
        // 1.5 and -2.5: halves, for rounding
        one + quiet_bit::<F>(),
        F::from_int(-2).bits() | (1 << (F::MANTISSA - 2)),
    ]
    .into_iter()
    .map(F::from_bits)
    .collect()
}

fn pairs<F: Float>() -> Vec<(F, F)> {
    let corners = corners::<F>();
    let mut pairs = Vec::new();
    for (i, &a) in corners.iter().enumerate() {
        for (j, &b) in corners.iter().enumerate() {
            if i == j
                || (i + 1) % corners.len() == j
                || (j + 5) % corners.len() == i
                || (i + j) % 7 == 6
                // Both zeros, in this order too.
                || (i, j) == (1, 0)
            {
                pairs.push((a, b));
            }
        }
    }
    pairs
}

fn binary<F: Float>(op: &str, a: F, b: F) -> F {
    match op {
        "fcopysign" => F::from_bits((a.bits() & !sign_bit::<F>()) | (b.bits() & sign_bit::<F>())),
        // A quiet NaN counts as a missing number.
        "fminnum" | "fmaxnum" if is_nan(a) && !is_nan(b) && !is_signalling(a) => b,
        "fminnum" | "fmaxnum" if is_nan(b) && !is_nan(a) && !is_signalling(b) => a,
        _ => processed(&[a, b]).unwrap_or_else(|| canonical(F::binary(op, a, b))),
    }
}

fn unary<F: Float>(op: &str, a: F) -> F {
    match op {
        "fneg" => F::from_bits(a.bits() ^ sign_bit::<F>()),
        "fabs" => F::from_bits(a.bits() & !sign_bit::<F>()),
        _ => processed(&[a]).unwrap_or_else(|| canonical(F::unary(op, a))),
    }
}

/// `a * b + c`. The manual's order of operands is addend first; an invalid product beats a quiet NaN addend.
fn fused<F: Float>(a: F, b: F, c: F) -> F {
    let infinite =
        |x: F| !is_nan(x) && x.bits() & !sign_bit::<F>() == F::DEFAULT_NAN & !quiet_bit::<F>();
    let zero = |x: F| x.bits() & !sign_bit::<F>() == 0;
    let invalid = (infinite(a) && zero(b)) || (zero(a) && infinite(b));
    if invalid && is_nan(c) && !is_signalling(c) {
        return F::from_bits(F::DEFAULT_NAN);
    }
    processed(&[c, a, b]).unwrap_or_else(|| canonical(F::fused(a, b, c)))
}

pub(crate) type Compare = fn(Option<std::cmp::Ordering>) -> bool;

pub(crate) const COMPARE: &[(&str, Compare)] = {
    use std::cmp::Ordering::{Equal, Greater, Less};
    &[
        ("eq", |o| o == Some(Equal)),
        ("ne", |o| o != Some(Equal)),
        ("lt", |o| o == Some(Less)),
        ("le", |o| matches!(o, Some(Less | Equal))),
        ("gt", |o| o == Some(Greater)),
        ("ge", |o| matches!(o, Some(Greater | Equal))),
        ("ord", |o| o.is_some()),
        ("uno", |o| o.is_none()),
        ("ueq", |o| matches!(o, None | Some(Equal))),
        ("one", |o| matches!(o, Some(Less | Greater))),
        ("ult", |o| matches!(o, None | Some(Less))),
        ("ule", |o| o != Some(Greater)),
        ("ugt", |o| matches!(o, None | Some(Greater))),
        ("uge", |o| o != Some(Less)),
    ]
};

fn add_binary<F: Float>(file: &mut File, op: &str) {
    let row = |(a, b): (F, F)| {
        let outcome: Outcome = Ok(text(binary(op, a, b)));
        (vec![text(a), text(b)], outcome)
    };
    let rows: Vec<_> = pairs::<F>().into_iter().map(row).collect();
    file.operation(op, &[F::TYPE, F::TYPE], F::TYPE, &rows, &[(0, 5, "vc"), (1, 9, "cv cc")]);
}

fn add_unary<F: Float>(file: &mut File, op: &str) {
    let row = |a: F| {
        let outcome: Outcome = Ok(text(unary(op, a)));
        (vec![text(a)], outcome)
    };
    let rows: Vec<_> = corners::<F>().into_iter().map(row).collect();
    file.operation(op, &[F::TYPE], F::TYPE, &rows, &[(1, 3, "c")]);
}

fn add_compare<F: Float>(file: &mut File, cc: &str, holds: Compare) {
    let op = format!("fcmp {cc}");
    let row = |(a, b): (F, F)| {
        let outcome: Outcome = Ok(i32::from(holds(a.partial_cmp(&b))).to_string());
        (vec![text(a), text(b)], outcome)
    };
    let rows: Vec<_> = pairs::<F>().into_iter().step_by(3).map(row).collect();
    file.operation(&op, &[F::TYPE, F::TYPE], "i8", &rows, &[(0, 6, "vc cc")]);
}

fn add_fma<F: Float>(file: &mut File) {
    let corners = corners::<F>();
    let mut rows = Vec::new();
    for (i, &(a, b)) in pairs::<F>().iter().enumerate() {
        let c = corners[(i * 5) % corners.len()];
        let outcome: Outcome = Ok(text(fused(a, b, c)));
        rows.push((vec![text(a), text(b), text(c)], outcome));
    }
    file.operation("fma", &[F::TYPE, F::TYPE, F::TYPE], F::TYPE, &rows, &[(0, 8, "vcc ccc")]);
}

const INTS: [(&str, u32); 4] = [("i8", 8), ("i16", 16), ("i32", 32), ("i64", 64)];

/// Floats at and around the ends of the integer type, beside the corners.
fn around<F: Float>(width: u32, signed: bool) -> Vec<F> {
    let high = 1i128 << (width - u32::from(signed));
    let low = if signed { -high } else { 0 };
    let mut values = corners::<F>();
    for end in [low, high] {
        let end = F::from_int(end);
        values.push(end);
        // The next floats on either side, if the end is not zero.
        if end.bits() & !sign_bit::<F>() != 0 {
            values.push(F::from_bits(end.bits() + 1));
            values.push(F::from_bits(end.bits() - 1));
        }
    }
    values
}

fn add_float_to_int<F: Float>(file: &mut File, op: &str, signed: bool, traps: bool) {
    for (ty, width) in INTS {
        let high = (1i128 << (width - u32::from(signed))) - 1;
        let low = if signed { -high - 1 } else { 0 };
        let row = |a: F| {
            let value = a.to_int();
            let outcome: Outcome = if traps && (is_nan(a) || value < low || value > high) {
                Err("bad_conversion")
            } else {
                let value = value.clamp(low, high);
                // Integers are written with their sign.
                let written =
                    if value >= 1i128 << (width - 1) { value - (1i128 << width) } else { value };
                Ok(written.to_string())
            };
            (vec![text(a)], outcome)
        };
        let rows: Vec<_> = around::<F>(width, signed).into_iter().map(row).collect();
        file.operation(op, &[F::TYPE], ty, &rows, &[(0, 5, "c")]);
    }
}

fn add_int_to_float<F: Float>(file: &mut File, op: &str, signed: bool) {
    for (ty, width) in INTS {
        let min = -(1i128 << (width - 1));
        let values = [0, 1, -1, min, -min - 1, min + 1, (1 << (width / 2)) + 1];
        let row = |value: i128| {
            let read = if signed || value >= 0 { value } else { value + (1i128 << width) };
            let outcome: Outcome = Ok(text(F::from_int(read)));
            (vec![value.to_string()], outcome)
        };
        let rows: Vec<_> = values.into_iter().map(row).collect();
        file.operation(op, &[ty], F::TYPE, &rows, &[(4, ONCE, "c")]);
    }
}

fn conversions() -> Vec<File> {
    let mut files = Vec::new();
    for (op, signed, traps) in [
        ("float_to_sint_sat", true, false),
        ("float_to_uint_sat", false, false),
        ("float_to_sint", true, true),
        ("float_to_uint", false, true),
    ] {
        let mut file = File::new(op);
        add_float_to_int::<f32>(&mut file, op, signed, traps);
        add_float_to_int::<f64>(&mut file, op, signed, traps);
        files.push(file);
    }
    for (op, signed) in [("sint_to_float", true), ("uint_to_float", false)] {
        let mut file = File::new(op);
        add_int_to_float::<f32>(&mut file, op, signed);
        add_int_to_float::<f64>(&mut file, op, signed);
        files.push(file);
    }
    files.push(change_width::<f32, f64>("fpromote", f64::from, |bits| (bits & 0x007f_ffff) << 29));
    files.push(change_width::<f64, f32>(
        "fdemote",
        |a| a as f32,
        |bits| (bits & 0x000f_ffff_ffff_ffff) >> 29,
    ));
    files.push(bitcast());
    files
}

/// A NaN keeps its sign and the high bits of its payload, and becomes quiet.
fn change_width<A: Float, B: Float>(
    op: &str,
    convert: fn(A) -> B,
    payload: fn(u64) -> u64,
) -> File {
    let mut file = File::new(op);
    let row = |a: A| {
        let result = if is_nan(a) {
            let sign = if a.bits() & sign_bit::<A>() == 0 { 0 } else { sign_bit::<B>() };
            B::from_bits(sign | B::DEFAULT_NAN | payload(a.bits()))
        } else {
            convert(a)
        };
        let outcome: Outcome = Ok(text(result));
        (vec![text(a)], outcome)
    };
    let rows: Vec<_> = corners::<A>().into_iter().map(row).collect();
    file.operation(op, &[A::TYPE], B::TYPE, &rows, &[(1, 4, "c")]);
    file
}

fn bitcast() -> File {
    let mut file = File::new("bitcast");
    fn add<F: Float>(file: &mut File, int: &str) {
        let written = |a: F| {
            let unused = 64 - F::WIDTH;
            (((a.bits() << unused) as i64) >> unused).to_string()
        };
        let corners = corners::<F>();
        let to_int: Vec<Row> = corners.iter().map(|&a| (vec![text(a)], Ok(written(a)))).collect();
        let to_float: Vec<Row> = corners.iter().map(|&a| (vec![written(a)], Ok(text(a)))).collect();
        file.operation("bitcast", &[F::TYPE], int, &to_int, &[(7, ONCE, "c")]);
        file.operation("bitcast", &[int], F::TYPE, &to_float, &[(7, ONCE, "c")]);
    }
    add::<f32>(&mut file, "i32");
    add::<f64>(&mut file, "i64");
    file
}

pub(super) fn files() -> Vec<File> {
    let mut files = Vec::new();
    for op in ["fadd", "fsub", "fmul", "fdiv", "fmin", "fmax", "fminnum", "fmaxnum", "fcopysign"] {
        let mut file = File::new(op);
        add_binary::<f32>(&mut file, op);
        add_binary::<f64>(&mut file, op);
        files.push(file);
    }
    for op in ["fneg", "fabs", "fsqrt", "fceil", "ffloor", "ftrunc", "fnearest", "fround"] {
        let mut file = File::new(op);
        add_unary::<f32>(&mut file, op);
        add_unary::<f64>(&mut file, op);
        files.push(file);
    }
    for &(cc, holds) in COMPARE {
        let mut file = File::new(&format!("fcmp_{cc}"));
        add_compare::<f32>(&mut file, cc, holds);
        add_compare::<f64>(&mut file, cc, holds);
        files.push(file);
    }
    let mut fma = File::new("fma");
    add_fma::<f32>(&mut fma);
    add_fma::<f64>(&mut fma);
    files.push(fma);
    files.extend(conversions());
    files
}
