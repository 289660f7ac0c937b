//! Every operation against an oracle: integers bit by bit or in 128-bit arithmetic, floats against [`super::oracle`],
//! NaNs against the rules as the Arm manual states them.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::oracle::{DOUBLE, Direction, Format, SINGLE};
use super::*;
use crate::opcode::{TypeRule, WideOp};

const INTS: [Type; 4] = [Type::I8, Type::I16, Type::I32, Type::I64];
const FLOATS: [(Type, Format); 2] = [(Type::F32, SINGLE), (Type::F64, DOUBLE)];

fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config
}

/// The signed number that a word of this type stands for.
fn signed(ty: Type, a: u64) -> i128 {
    let a = i128::from(a);
    if a >> (ty.bits() - 1) == 1 { a - (1 << ty.bits()) } else { a }
}

fn wrap(ty: Type, a: i128) -> u64 {
    a.rem_euclid(1 << ty.bits()) as u64
}

/// The bits of a word, lowest first.
fn bits(ty: Type, a: u64) -> Vec<bool> {
    (0..ty.bits()).map(|i| (a >> i) & 1 == 1).collect()
}

fn from_bits(bits: impl IntoIterator<Item = bool>) -> u64 {
    bits.into_iter().enumerate().map(|(i, bit)| u64::from(bit) << i).sum()
}

fn expected_int_unary(op: UnaryOp, ty: Type, a: u64) -> u64 {
    let list = bits(ty, a);
    let run = |bits: &mut dyn Iterator<Item = &bool>, of: bool| {
        bits.take_while(|&&bit| bit == of).count() as u64
    };
    match op {
        UnaryOp::Neg => wrap(ty, -i128::from(a)),
        UnaryOp::Not => from_bits(list.iter().map(|bit| !bit)),
        UnaryOp::Abs => wrap(ty, signed(ty, a).abs()),
        UnaryOp::Clz => run(&mut list.iter().rev(), false),
        UnaryOp::Ctz => run(&mut list.iter(), false),
        UnaryOp::Cls => run(&mut list.iter().rev(), list[list.len() - 1]) - 1,
        UnaryOp::Popcnt => list.iter().filter(|&&bit| bit).count() as u64,
        UnaryOp::Bitrev => from_bits(list.into_iter().rev()),
        UnaryOp::Bswap => from_bits(list.chunks(8).rev().flatten().copied()),
        _ => unreachable!("{op:?} is no integer operation"),
    }
}

fn expected_int_binary(op: BinaryOp, ty: Type, a: u64, b: u64) -> Result<u64, TrapKind> {
    let (x, y) = (i128::from(a), i128::from(b));
    let (sx, sy) = (signed(ty, a), signed(ty, b));
    let width = ty.bits() as usize;
    let amount = (y % width as i128) as usize;
    let zero_divisor = if b == 0 { Err(TrapKind::DivisionByZero) } else { Ok(()) };
    let (left, right) = (bits(ty, a), bits(ty, b));
    let zip =
        |f: fn(bool, bool) -> bool| from_bits(left.iter().zip(&right).map(|(&l, &r)| f(l, r)));
    Ok(match op {
        BinaryOp::Add => wrap(ty, x + y),
        BinaryOp::Sub => wrap(ty, x - y),
        BinaryOp::Mul => wrap(ty, sx * sy),
        BinaryOp::Smulhi => wrap(ty, (sx * sy).div_euclid(1 << width)),
        BinaryOp::Umulhi => ((a as u128 * b as u128) / (1 << width)) as u64,
        BinaryOp::Sdiv => {
            zero_divisor?;
            let quotient = sx / sy;
            if quotient == 1 << (width - 1) {
                return Err(TrapKind::IntegerOverflow);
            }
            wrap(ty, quotient)
        }
        BinaryOp::Udiv => zero_divisor.map(|()| wrap(ty, x / y))?,
        BinaryOp::Srem => zero_divisor.map(|()| wrap(ty, sx % sy))?,
        BinaryOp::Urem => zero_divisor.map(|()| wrap(ty, x % y))?,
        BinaryOp::And => zip(|l, r| l && r),
        BinaryOp::Or => zip(|l, r| l || r),
        BinaryOp::Xor => zip(|l, r| l != r),
        BinaryOp::Shl => wrap(ty, x * (1 << amount)),
        BinaryOp::Lshr => wrap(ty, x.div_euclid(1 << amount)),
        BinaryOp::Ashr => wrap(ty, sx.div_euclid(1 << amount)),
        BinaryOp::Rotl => from_bits((0..width).map(|i| left[(i + width - amount) % width])),
        BinaryOp::Rotr => from_bits((0..width).map(|i| left[(i + amount) % width])),
        BinaryOp::Smin => wrap(ty, sx.min(sy)),
        BinaryOp::Smax => wrap(ty, sx.max(sy)),
        BinaryOp::Umin => wrap(ty, x.min(y)),
        BinaryOp::Umax => wrap(ty, x.max(y)),
        _ => unreachable!("{op:?} is no integer operation"),
    })
}

fn int_ops<T: Copy>(all: &[T], rule: impl Fn(T) -> TypeRule) -> Vec<T> {
    let is_int = |&op: &T| matches!(rule(op), TypeRule::Int | TypeRule::AnyInt);
    all.iter().copied().filter(is_int).collect()
}

fn check_ints(ty: Type, a: u64, b: u64) {
    for op in int_ops(UnaryOp::ALL, |op| op.info().rule) {
        let expected = Ok(expected_int_unary(op, ty, a));
        assert_eq!(unary(op, ty, ty, a), expected, "{op:?} {ty} {a:#x}");
    }
    for op in int_ops(BinaryOp::ALL, |op| op.info().rule) {
        let expected = expected_int_binary(op, ty, a, b);
        assert_eq!(binary(op, ty, a, b), expected, "{op:?} {ty} {a:#x} {b:#x}");
    }
    let (unsigned, signed) = (a.cmp(&b), signed(ty, a).cmp(&signed(ty, b)));
    for &cc in IntCC::ALL {
        let expected = match cc {
            IntCC::Eq => unsigned.is_eq(),
            IntCC::Ne => unsigned.is_ne(),
            IntCC::Slt => signed.is_lt(),
            IntCC::Sle => signed.is_le(),
            IntCC::Sgt => signed.is_gt(),
            IntCC::Sge => signed.is_ge(),
            IntCC::Ult => unsigned.is_lt(),
            IntCC::Ule => unsigned.is_le(),
            IntCC::Ugt => unsigned.is_gt(),
            IntCC::Uge => unsigned.is_ge(),
        };
        assert_eq!(icmp(cc, ty, a, b), expected, "{cc} {ty} {a:#x} {b:#x}");
    }
    for to in INTS {
        let expected =
            if to.bits() > ty.bits() { wrap(to, self::signed(ty, a)) } else { a & to.mask() };
        let op = if to.bits() > ty.bits() { UnaryOp::Sext } else { UnaryOp::Trunc };
        assert_eq!(unary(op, ty, to, a), Ok(expected), "{op:?} {ty} {to} {a:#x}");
        if to.bits() > ty.bits() {
            assert_eq!(unary(UnaryOp::Zext, ty, to, a), Ok(a));
        }
    }
    for (to, format) in FLOATS {
        let x = self::signed(ty, a);
        let expected = format.integer(x < 0, x.unsigned_abs());
        assert_eq!(unary(UnaryOp::SintToFloat, ty, to, a), Ok(expected), "{ty} {to} {a:#x}");
        let expected = format.integer(false, a.into());
        assert_eq!(unary(UnaryOp::UintToFloat, ty, to, a), Ok(expected), "{ty} {to} {a:#x}");
    }
}

/// The corners of an integer type: small, extreme, powers of two and their neighbours.
fn int_corners(ty: Type) -> Vec<u64> {
    let mut corners = vec![0x5555_5555_5555_5555 & ty.mask(), 0xaaaa_aaaa_aaaa_aaaa & ty.mask()];
    for shift in [0, 1, 2, 7, 8, 15, 16, 24, 31, 32, 33, 52, 53, 54, 62, 63] {
        let power = 1_u64 << shift;
        corners.extend([power.wrapping_sub(1), power, power + 1].map(|x| x & ty.mask()));
        corners.extend([power.wrapping_neg() & ty.mask(), !power & ty.mask()]);
    }
    corners.sort_unstable();
    corners.dedup();
    corners
}

#[test]
fn integers_of_8_bits_exhaustively() {
    for a in 0..=255 {
        // Every pair for the operations on two; the step keeps the others from being repeated too often.
        for b in 0..=255 {
            for op in int_ops(BinaryOp::ALL, |op| op.info().rule) {
                let expected = expected_int_binary(op, Type::I8, a, b);
                assert_eq!(binary(op, Type::I8, a, b), expected, "{op:?} {a:#x} {b:#x}");
            }
        }
        check_ints(Type::I8, a, a);
    }
}

#[test]
fn integer_corners() {
    for ty in INTS {
        let corners = int_corners(ty);
        for &a in &corners {
            corners.iter().step_by(3).for_each(|&b| check_ints(ty, a, b));
        }
    }
}

fn float_corners(format: Format) -> Vec<u64> {
    let one = format.integer(false, 1);
    let (quiet, infinity) = (format.default_nan(), format.infinity(false));
    let quiet_bit = quiet & !infinity;
    let max = infinity - 1;
    let least_normal = format.integer(false, 1) & quiet_bit.wrapping_mul(2);
    let mut corners =
        vec![0, 1, 2, one, one - 1, one + 1, infinity, max, max - 1, quiet, quiet | 5];
    corners.extend([infinity | 1, infinity | 3, quiet_bit * 2, quiet_bit * 2 - 1, least_normal]);
    for integer in [2, 3, 5, 127, 128, 255, 256, 1 << 31, 1 << 32, 1 << 52, 1 << 63, 1 << 64_u32] {
        let bits = format.integer(false, integer);
        corners.extend([bits, bits - 1, bits + 1]);
    }
    // Halves, whose rounding is the question.
    for twice in [1_u64, 3, 5, 9_007_199_254_740_991, 8_388_609] {
        let half = format.integer(false, 2);
        corners.extend(format.div(format.integer(false, twice.into()), half));
    }
    corners.extend(corners.clone().iter().map(|bits| bits ^ format.sign(true)));
    corners.sort_unstable();
    corners.dedup();
    corners
}

/// What the NaN rules of the manual give, or `None` if they leave the result to arithmetic.
fn nan_rule(format: Format, operands: &[u64]) -> Option<u64> {
    let quiet_bit = format.default_nan() & !format.infinity(false);
    let is_nan = |a: &&u64| format.unpack(**a).is_none();
    let nans: Vec<u64> = operands.iter().filter(is_nan).copied().collect();
    let signalling = nans.iter().find(|&&a| a & quiet_bit == 0);
    signalling.or(nans.first()).map(|&a| a | quiet_bit)
}

fn check_float_unary(ty: Type, format: Format, a: u64) {
    let (sign, one) = (format.sign(true), |op| unary(op, ty, ty, a));
    assert_eq!(one(UnaryOp::Fneg), Ok(a ^ sign));
    assert_eq!(one(UnaryOp::Fabs), Ok(a & !sign));
    let with_nan = |exact: Option<u64>| Ok(exact.or(nan_rule(format, &[a])).unwrap());
    assert_eq!(one(UnaryOp::Fsqrt), with_nan(format.sqrt(a)), "sqrt {ty} {a:#x}");
    for (op, direction) in [
        (UnaryOp::Fceil, Direction::Up),
        (UnaryOp::Ffloor, Direction::Down),
        (UnaryOp::Ftrunc, Direction::Zero),
        (UnaryOp::Fnearest, Direction::Even),
        (UnaryOp::Fround, Direction::Away),
    ] {
        assert_eq!(one(op), with_nan(format.integral(direction, a)), "{op:?} {ty} {a:#x}");
    }
    for to in INTS {
        let integer = format.to_integer(a);
        for (saturating, trapping, least, most) in [
            (
                UnaryOp::FloatToSintSat,
                UnaryOp::FloatToSint,
                -(1 << (to.bits() - 1)),
                (1_i128 << (to.bits() - 1)) - 1,
            ),
            (UnaryOp::FloatToUintSat, UnaryOp::FloatToUint, 0, (1_i128 << to.bits()) - 1),
        ] {
            let saturated = wrap(to, integer.unwrap_or(0).clamp(least, most));
            assert_eq!(
                unary(saturating, ty, to, a),
                Ok(saturated),
                "{saturating:?} {ty} {to} {a:#x}"
            );
            let fits = integer.is_some_and(|x| (least..=most).contains(&x));
            let expected = if fits { Ok(saturated) } else { Err(TrapKind::BadConversion) };
            assert_eq!(unary(trapping, ty, to, a), expected, "{trapping:?} {ty} {to} {a:#x}");
        }
    }
    assert_eq!(unary(UnaryOp::Bitcast, ty, ty.as_int(), a), Ok(a));
}

fn check_float_binary(ty: Type, format: Format, a: u64, b: u64) {
    let two = |op| binary(op, ty, a, b);
    let with_nan = |exact: Option<u64>| Ok(exact.or(nan_rule(format, &[a, b])).unwrap());
    assert_eq!(two(BinaryOp::Fadd), with_nan(format.add(a, b)), "{ty} {a:#x} + {b:#x}");
    assert_eq!(two(BinaryOp::Fsub), with_nan(format.sub(a, b)), "{ty} {a:#x} - {b:#x}");
    assert_eq!(two(BinaryOp::Fmul), with_nan(format.mul(a, b)), "{ty} {a:#x} * {b:#x}");
    assert_eq!(two(BinaryOp::Fdiv), with_nan(format.div(a, b)), "{ty} {a:#x} / {b:#x}");
    let sign = format.sign(true);
    assert_eq!(two(BinaryOp::Fcopysign), Ok((a & !sign) | (b & sign)));

    let order = format.compare(a, b);
    let below = |x: u64, y: u64| match format.compare(x, y) {
        Some(Ordering::Equal) => x & sign != 0,
        order => order == Some(Ordering::Less),
    };
    let lesser = |x, y| if below(x, y) { x } else { y };
    let greater = |x, y| if below(x, y) { y } else { x };
    assert_eq!(two(BinaryOp::Fmin), Ok(nan_rule(format, &[a, b]).unwrap_or(lesser(a, b))));
    assert_eq!(two(BinaryOp::Fmax), Ok(nan_rule(format, &[a, b]).unwrap_or(greater(a, b))));
    // A lone quiet NaN counts as the infinity that loses; then the rules of fmin and fmax hold.
    let quiet_bit = format.default_nan() & !format.infinity(false);
    let quiet = |x: u64| format.unpack(x).is_none() && x & quiet_bit != 0;
    let stand_in = |x: u64, y: u64, infinity: u64| if quiet(x) && !quiet(y) { infinity } else { x };
    for (op, negative, choose) in [
        (BinaryOp::Fminnum, false, &lesser as &dyn Fn(u64, u64) -> u64),
        (BinaryOp::Fmaxnum, true, &greater),
    ] {
        let infinity = format.infinity(negative);
        let (x, y) = (stand_in(a, b, infinity), stand_in(b, a, infinity));
        let expected = nan_rule(format, &[x, y]).unwrap_or_else(|| choose(x, y));
        assert_eq!(two(op), Ok(expected), "{op:?} {ty} {a:#x} {b:#x}");
    }
    for &cc in FloatCC::ALL {
        let expected = match (cc, order) {
            (FloatCC::Eq, order) => order == Some(Ordering::Equal),
            (FloatCC::Ne, order) => order != Some(Ordering::Equal),
            (FloatCC::Lt, order) => order == Some(Ordering::Less),
            (FloatCC::Le, order) => order.is_some_and(Ordering::is_le),
            (FloatCC::Gt, order) => order == Some(Ordering::Greater),
            (FloatCC::Ge, order) => order.is_some_and(Ordering::is_ge),
            (FloatCC::Ord, order) => order.is_some(),
            (FloatCC::Uno, order) => order.is_none(),
            (FloatCC::Ueq, order) => order.is_none_or(Ordering::is_eq),
            (FloatCC::One, order) => order.is_some_and(Ordering::is_ne),
            (FloatCC::Ult, order) => order.is_none_or(Ordering::is_lt),
            (FloatCC::Ule, order) => order.is_none_or(Ordering::is_le),
            (FloatCC::Ugt, order) => order.is_none_or(Ordering::is_gt),
            (FloatCC::Uge, order) => order.is_none_or(Ordering::is_ge),
        };
        assert_eq!(fcmp(cc, ty, a, b), expected, "{cc} {ty} {a:#x} {b:#x}");
    }
}

fn check_fma(ty: Type, format: Format, a: u64, b: u64, c: u64) {
    // FPMulAdd: the addend is the first operand; an invalid product beats a quiet NaN there.
    let signalling = |x: u64| nan_rule(format, &[x]).is_some_and(|quieted| quieted != x);
    let product_invalid = format.mul(a, b) == Some(format.default_nan());
    let expected = match format.fma(a, b, c) {
        Some(exact) => exact,
        None if product_invalid && !signalling(c) => format.default_nan(),
        None => nan_rule(format, &[c, a, b]).unwrap(),
    };
    assert_eq!(ternary(TernaryOp::Fma, ty, a, b, c), expected, "fma {ty} {a:#x} {b:#x} {c:#x}");
}

fn check_conversions(single: u64, double: u64) {
    let nan = |sign: u64, payload: u64, base: u64| sign | base | payload;
    let expected = SINGLE
        .convert(DOUBLE, single)
        .unwrap_or_else(|| nan((single >> 31) << 63, (single & 0x3f_ffff) << 29, F64_DEFAULT_NAN));
    assert_eq!(unary(UnaryOp::Fpromote, Type::F32, Type::F64, single), Ok(expected), "{single:#x}");
    let expected = DOUBLE
        .convert(SINGLE, double)
        .unwrap_or_else(|| nan((double >> 63) << 31, (double >> 29) & 0x3f_ffff, F32_DEFAULT_NAN));
    assert_eq!(unary(UnaryOp::Fdemote, Type::F64, Type::F32, double), Ok(expected), "{double:#x}");
}

#[test]
fn float_corners_against_exact_arithmetic() {
    for (ty, format) in FLOATS {
        let corners = float_corners(format);
        for (i, &a) in corners.iter().enumerate() {
            check_float_unary(ty, format, a);
            // A third of the pairs: over the signs and neighbours in the list, every kind of pair is still there.
            for (j, &b) in corners.iter().enumerate().skip(i % 3).step_by(3) {
                check_float_binary(ty, format, a, b);
                check_fma(ty, format, a, b, corners[(i * 7 + j * 13) % corners.len()]);
            }
        }
    }
    let (singles, doubles) = (float_corners(SINGLE), float_corners(DOUBLE));
    singles.iter().for_each(|&a| check_conversions(a, 0));
    doubles.iter().for_each(|&a| check_conversions(0, a));
}

#[test]
fn nan_rules_by_hand() {
    let f64_op = |op, a, b| binary(op, Type::F64, a, b).unwrap();
    let (quiet, other, signalling, one) =
        (0x7ff8_0000_0000_0011, 0xfff8_0000_0000_0022, 0xfff0_0000_0000_0033, 1.0_f64.to_bits());
    let quieted = 0xfff8_0000_0000_0033;
    let (infinity, zero) = (f64::INFINITY.to_bits(), 0);
    assert_eq!(f64_op(BinaryOp::Fadd, quiet, other), quiet);
    assert_eq!(f64_op(BinaryOp::Fadd, other, quiet), other);
    assert_eq!(f64_op(BinaryOp::Fadd, quiet, signalling), quieted);
    assert_eq!(f64_op(BinaryOp::Fsub, infinity, infinity), F64_DEFAULT_NAN);
    assert_eq!(f64_op(BinaryOp::Fsub, one, other), other, "a subtracted NaN keeps its sign");
    assert_eq!(f64_op(BinaryOp::Fdiv, zero, zero), F64_DEFAULT_NAN);
    assert_eq!(f64_op(BinaryOp::Fmaxnum, quiet, one), one);
    assert_eq!(f64_op(BinaryOp::Fmaxnum, one, signalling), quieted);
    assert_eq!(f64_op(BinaryOp::Fmaxnum, quiet, other), quiet);
    let fma = |a, b, c| ternary(TernaryOp::Fma, Type::F64, a, b, c);
    assert_eq!(fma(quiet, one, other), other, "the addend comes first");
    assert_eq!(fma(infinity, zero, quiet), F64_DEFAULT_NAN);
    assert_eq!(fma(infinity, zero, signalling), quieted);
    assert_eq!(unary(UnaryOp::Fsqrt, Type::F32, Type::F32, 0xbf80_0000), Ok(F32_DEFAULT_NAN));
    assert_eq!(
        unary(UnaryOp::Fpromote, Type::F32, Type::F64, 0xff80_0001),
        Ok(0xfff8_0000_2000_0000)
    );
    assert_eq!(
        unary(UnaryOp::Fdemote, Type::F64, Type::F32, 0x7ff0_0000_0000_0001),
        Ok(F32_DEFAULT_NAN)
    );
}

/// The addend counts only for its sign, the product only for its sign, or both for a bit.
#[test]
fn fma_where_libraries_go_wrong() {
    let f64_fma = |a: f64, b: f64, c: f64| {
        let bits = [a, b, c].map(f64::to_bits);
        check_fma(Type::F64, DOUBLE, bits[0], bits[1], bits[2]);
        f64::from_bits(ternary(TernaryOp::Fma, Type::F64, bits[0], bits[1], bits[2]))
    };
    let tiny = f64::from_bits(1);
    assert_eq!(f64_fma(tiny, -tiny, 0.0).to_bits(), (-0.0_f64).to_bits());
    assert_eq!(f64_fma(tiny, tiny, -tiny), -tiny);
    assert_eq!(f64_fma(f64::MAX, 2.0, -f64::MAX), f64::MAX);
    assert_eq!(f64_fma(1.0, 1.0, -1.0).to_bits(), 0);
    // Just above, at, and just below half of the least number.
    let half = f64::MIN_POSITIVE * 0.5;
    for a in [half, half * (1.0 + f64::EPSILON), half * (1.0 - f64::EPSILON)] {
        f64_fma(a, f64::EPSILON, tiny);
        f64_fma(a, -f64::EPSILON, tiny);
        f64_fma(a, f64::EPSILON, -tiny);
    }
    // A product half way between two numbers: the addend, however small, decides. All of its bits are shifted out.
    let (even, next) = (9_007_199_254_740_992.0, 9_007_199_254_740_994.0);
    assert_eq!(f64_fma(3.0, 3_002_399_751_580_331.0, f64::MIN_POSITIVE), next);
    for exponent in 60..100 {
        for fraction in [1.0, 1.5, 1.0 + f64::EPSILON] {
            let small = fraction * 0.5_f64.powi(exponent);
            assert_eq!(f64_fma(3.0, 3_002_399_751_580_331.0, small), next, "{exponent}");
            assert_eq!(f64_fma(3.0, 3_002_399_751_580_331.0, -small), even, "{exponent}");
        }
    }
    // A product of 106 bits against an addend at every distance.
    let ones = f64::from_bits(0x3fff_ffff_ffff_ffff);
    for exponent in 1..2046_u64 {
        f64_fma(ones, ones, f64::from_bits(exponent << 52));
        f64_fma(ones, -ones, f64::from_bits(exponent << 52 | 1));
    }
}

#[test]
fn loads_and_stores_extend_and_cut() {
    use crate::memory::NarrowWidth;
    let signed = LoadKind::Narrow(NarrowWidth::W8, Extend::Sign);
    let unsigned = LoadKind::Narrow(NarrowWidth::W8, Extend::Zero);
    assert_eq!(loaded(signed, Type::I32, 0x80), 0xffff_ff80);
    assert_eq!(loaded(unsigned, Type::I32, 0x80), 0x80);
    assert_eq!(loaded(LoadKind::Full, Type::F64, u64::MAX), u64::MAX);
    assert_eq!(stored(StoreKind::Narrow(NarrowWidth::W16), Type::I64, 0x1_2345), 0x2345);
    assert_eq!(stored(StoreKind::Full, Type::I64, u64::MAX), u64::MAX);
    assert_eq!(extended(Extend::Sign, Type::I16, 0x8000), 0xffff_ffff_ffff_8000);
    assert_eq!(extended(Extend::Zero, Type::I16, 0x8000), 0x8000);
}

/// What the standard library says of one type, signed and unsigned.
macro_rules! check_overflow {
    ($signed:ty, $unsigned:ty, $ty:ident, $a:expr, $b:expr) => {{
        let (a, b) = ($a as $unsigned, $b as $unsigned);
        let (sa, sb) = (a as $signed, b as $signed);
        let word = |x: $unsigned| u64::from(x);
        let signed = |(x, over): ($signed, bool)| (word(x as $unsigned), over);
        let unsigned = |(x, over): ($unsigned, bool)| (word(x), over);
        for &op in OverflowOp::ALL {
            let expected = match op {
                OverflowOp::SaddOverflow => signed(sa.overflowing_add(sb)),
                OverflowOp::UaddOverflow => unsigned(a.overflowing_add(b)),
                OverflowOp::SsubOverflow => signed(sa.overflowing_sub(sb)),
                OverflowOp::UsubOverflow => unsigned(a.overflowing_sub(b)),
                OverflowOp::SmulOverflow => signed(sa.overflowing_mul(sb)),
                OverflowOp::UmulOverflow => unsigned(a.overflowing_mul(b)),
            };
            assert_eq!(overflow(op, Type::$ty, word(a), word(b)), expected, "{op:?} {a} {b}");
        }
        for carry_in in [false, true] {
            let chained =
                |first: ($unsigned, bool),
                 second: fn($unsigned, $unsigned) -> ($unsigned, bool)| {
                    let (x, over) = second(first.0, carry_in.into());
                    (word(x), first.1 || over)
                };
            let sum = chained(a.overflowing_add(b), <$unsigned>::overflowing_add);
            assert_eq!(carry(CarryOp::UaddCarry, Type::$ty, word(a), word(b), carry_in), sum);
            let difference = chained(a.overflowing_sub(b), <$unsigned>::overflowing_sub);
            assert_eq!(
                carry(CarryOp::UsubBorrow, Type::$ty, word(a), word(b), carry_in),
                difference
            );
        }
    }};
}

#[test]
fn overflow_and_carry_are_those_of_the_standard_library() {
    for a in 0..=255u64 {
        for b in 0..=255u64 {
            check_overflow!(i8, u8, I8, a, b);
        }
    }
    let words: Vec<u64> = [0, 1, 2, 3, 0x7f, 0xff, 0xb504, 0xb505, 0xb504_f333, 0xb504_f334]
        .into_iter()
        .chain([16, 32, 64].into_iter().flat_map(|width| {
            let half = 1u64 << (width - 1);
            [half - 1, half, half + 1, half - 1 + half]
        }))
        .flat_map(|word: u64| [word, word.wrapping_neg()])
        .collect();
    for &a in &words {
        for &b in &words {
            check_overflow!(i16, u16, I16, a, b);
            check_overflow!(i32, u32, I32, a, b);
            check_overflow!(i64, u64, I64, a, b);
        }
    }
}

/// Long multiplication and shifting by single bits, on halves.
#[test]
fn wide_operations_are_those_on_halves() {
    let halves = [0, 1, 2, 0x7fff_ffff_ffff_ffff, 1 << 63, u64::MAX, 0x0123_4567_89ab_cdef];
    let pairs = || halves.iter().flat_map(|&low| halves.iter().map(move |&high| (low, high)));
    for (a, b) in pairs() {
        let product = wide::double(WideOp::UmulWide, a, b);
        let high = binary(BinaryOp::Umulhi, Type::I64, a, b);
        assert_eq!(wide::split(product), (a.wrapping_mul(b), high.unwrap_or(0)));
        let product = wide::double(WideOp::SmulWide, a, b);
        let high = binary(BinaryOp::Smulhi, Type::I64, a, b);
        assert_eq!(wide::split(product), (a.wrapping_mul(b), high.unwrap_or(0)));
        let value = wide::double(WideOp::Iconcat, a, b);
        assert_eq!(wide::split(value), (a, b));
        let (mut left, mut logical, mut arithmetic) = ((a, b), (a, b), (a, b));
        for amount in 0..128 {
            let by = wide::concat(amount | 128, 5);
            assert_eq!(wide::binary(BinaryOp::Shl, value, by).map(wide::split), Some(left));
            assert_eq!(wide::binary(BinaryOp::Lshr, value, by).map(wide::split), Some(logical));
            assert_eq!(wide::binary(BinaryOp::Ashr, value, by).map(wide::split), Some(arithmetic));
            left = (left.0 << 1, left.1 << 1 | left.0 >> 63);
            logical = (logical.0 >> 1 | logical.1 << 63, logical.1 >> 1);
            let sign = arithmetic.1 & 1 << 63;
            arithmetic = (arithmetic.0 >> 1 | arithmetic.1 << 63, arithmetic.1 >> 1 | sign);
        }
        for (c, d) in pairs() {
            let other = wide::concat(c, d);
            let (low, carried) = overflow(OverflowOp::UaddOverflow, Type::I64, a, c);
            let (high, _) = carry(CarryOp::UaddCarry, Type::I64, b, d, carried);
            assert_eq!(
                wide::binary(BinaryOp::Add, value, other).map(wide::split),
                Some((low, high))
            );
            let (low, borrowed) = overflow(OverflowOp::UsubOverflow, Type::I64, a, c);
            let (high, below) = carry(CarryOp::UsubBorrow, Type::I64, b, d, borrowed);
            assert_eq!(
                wide::binary(BinaryOp::Sub, value, other).map(wide::split),
                Some((low, high))
            );
            assert_eq!(wide::icmp(IntCC::Ult, value, other), below);
            let signed = wide::icmp(IntCC::Ult, value ^ 1 << 127, other ^ 1 << 127);
            assert_eq!(wide::icmp(IntCC::Slt, value, other), signed);
            let cross = a.wrapping_mul(d).wrapping_add(b.wrapping_mul(c));
            let product = wide::double(WideOp::UmulWide, a, c);
            let product = product.wrapping_add(wide::concat(0, cross));
            assert_eq!(wide::binary(BinaryOp::Mul, value, other), Some(product));
        }
    }
}

/// The operations are total: ill-typed use gives some result, not a panic.
#[test]
fn no_operation_panics_on_any_type() {
    for from in Type::ALL {
        for to in Type::ALL {
            for a in [0, 1, u64::MAX, 1 << 63, F64_DEFAULT_NAN, 0x80] {
                for &op in UnaryOp::ALL {
                    let _ = unary(op, from, to, a);
                }
                for b in [0, 1, u64::MAX, 0x80] {
                    for &op in BinaryOp::ALL {
                        let _ = binary(op, from, a, b);
                    }
                    for &op in OverflowOp::ALL {
                        let _ = overflow(op, from, a, b);
                    }
                    for &op in CarryOp::ALL {
                        let _ = carry(op, from, a, b, true);
                    }
                    for &op in RmwOp::ALL {
                        let _ = rmw(op, from, a, b);
                    }
                }
            }
        }
    }
}

/// Words of a type, with corners far more often than chance would have them.
fn int_word() -> impl Strategy<Value = (Type, u64, u64)> {
    (0..4_usize, any::<u64>(), any::<u64>(), 0..64_u32, 0..64_u32).prop_map(
        |(ty, a, b, cut_a, cut_b)| {
            let ty = INTS[ty];
            (ty, (a >> cut_a) & ty.mask(), (b >> cut_b) & ty.mask())
        },
    )
}

/// Three floats of a format; the second and third often close to the first in magnitude, where cancellation is.
fn float_words() -> impl Strategy<Value = ((Type, Format), [u64; 3])> {
    (0..2_usize, any::<[u64; 3]>(), any::<[u8; 3]>(), any::<[u64; 3]>()).prop_map(
        |(ty, random, choice, small)| {
            let (ty, format) = FLOATS[ty];
            let corners = float_corners(format);
            let mut words = [0; 3];
            for i in 0..3 {
                words[i] = match choice[i] % 4 {
                    0 => corners[random[i] as usize % corners.len()],
                    1 if i > 0 => words[0] ^ (small[i] >> (small[i] % 64)) ^ format.sign(i == 1),
                    _ => random[i],
                } & ty.mask();
            }
            ((ty, format), words)
        },
    )
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn random_integers((ty, a, b) in int_word()) {
        check_ints(ty, a, b);
    }

    #[test]
    fn random_floats(((ty, format), [a, b, c]) in float_words()) {
        check_float_unary(ty, format, a);
        check_float_binary(ty, format, a, b);
        check_fma(ty, format, a, b, c);
        check_conversions(a & Type::F32.mask(), b);
    }

    /// A sum that nearly cancels the product is where a twice-rounded `fma` shows.
    #[test]
    fn fma_near_cancellation(((ty, format), [a, b, c]) in float_words()) {
        if let Some(product) = format.mul(a, b) {
            let near = product ^ format.sign(true) ^ (c & 3);
            check_fma(ty, format, a, b, near);
        }
    }
}
