//! Scalar floating point: what the loop leaves over, and the entry to exact arithmetic for what it does not.

use crate::cpu::Cpu;
use crate::field::{bit, bits};
use crate::fp::{self, DOUBLE, Env, Format, HALF, Rounding, SINGLE};
use crate::state::Core;
use crate::stop::Stop;

/// The format of the `type` field.
pub(crate) const fn format(word: u32) -> Format {
    format_of(bits(word, 23, 22))
}

const fn format_of(ty: u32) -> Format {
    match ty {
        0 => SINGLE,
        1 => DOUBLE,
        _ => HALF,
    }
}

/// A scalar operand.
fn operand(cpu: &Cpu, n: u32, f: Format) -> u64 {
    cpu.d(n) & (u64::MAX >> (64 - f.bits()))
}

/// `VFPExpandImm`.
pub(crate) fn expand_immediate(imm: u32, f: Format) -> u64 {
    let imm = u64::from(imm);
    let sign = imm >> 7 & 1;
    let (low_exp, fraction) = (imm >> 4 & 3, imm & 15);
    let high = if imm >> 6 & 1 == 1 { (1 << (f.exp - 3)) - 1 } else { 1 << (f.exp - 3) };
    sign << (f.exp + f.frac) | (high << 2 | low_exp) << f.frac | fraction << (f.frac - 4)
}

/// The two-operand arithmetic of scalars and vectors.
pub(crate) type Binary = fn(Format, u64, u64, &mut Env) -> u64;

/// FNMUL.
fn negated_mul(f: Format, a: u64, b: u64, env: &mut Env) -> u64 {
    fp::mul(f, a, b, env) ^ f.sign_bit()
}

/// FMUL to FNMUL, by opcode.
const TWO_SOURCES: [Binary; 9] =
    [fp::mul, fp::div, fp::add, fp::sub, fp::max, fp::min, fp::max_num, fp::min_num, negated_mul];

pub(crate) fn two_sources(core: &mut Core, word: u32) -> Result<(), Stop> {
    let f = format(word);
    let Some(run) = TWO_SOURCES.get(bits(word, 15, 12) as usize) else {
        return Err(Stop::Undefined);
    };
    let a = operand(&core.cpu, bits(word, 9, 5), f);
    let b = operand(&core.cpu, bits(word, 20, 16), f);
    let r = run(f, a, b, &mut core.cpu.fp);
    core.cpu.set_d(bits(word, 4, 0), r);
    Ok(())
}

/// FMADD and its kin, exactly.
pub(crate) fn fused(
    cpu: &mut Cpu,
    f: Format,
    regs: [u8; 4],
    negate_product: bool,
    negate_addend: bool,
) {
    let [d, n, m, a] = regs.map(u32::from);
    let (x, y, z) = (operand(cpu, n, f), operand(cpu, m, f), operand(cpu, a, f));
    let x = if negate_product { x ^ f.sign_bit() } else { x };
    let z = if negate_addend { z ^ f.sign_bit() } else { z };
    let r = fp::mul_add(f, z, x, y, &mut cpu.fp);
    cpu.set_d(d, r);
}

pub(crate) fn three_sources_half(core: &mut Core, word: u32) -> Result<(), Stop> {
    let regs = [bits(word, 4, 0), bits(word, 9, 5), bits(word, 20, 16), bits(word, 14, 10)]
        .map(|r| r as u8);
    let negate_product = bit(word, 21) != bit(word, 15);
    fused(&mut core.cpu, HALF, regs, negate_product, bit(word, 21));
    Ok(())
}

pub(crate) fn compare(core: &mut Core, word: u32) -> Result<(), Stop> {
    let f = format(word);
    let a = operand(&core.cpu, bits(word, 9, 5), f);
    let b = if bit(word, 3) { 0 } else { operand(&core.cpu, bits(word, 20, 16), f) };
    core.cpu.nzcv = fp::compare(f, a, b, bit(word, 4), &mut core.cpu.fp);
    Ok(())
}

pub(crate) fn conditional_compare(core: &mut Core, word: u32) -> Result<(), Stop> {
    if core.cpu.holds(bits(word, 15, 12)) {
        let f = format(word);
        let a = operand(&core.cpu, bits(word, 9, 5), f);
        let b = operand(&core.cpu, bits(word, 20, 16), f);
        core.cpu.nzcv = fp::compare(f, a, b, bit(word, 4), &mut core.cpu.fp);
    } else {
        core.cpu.nzcv = bits(word, 3, 0) as u8;
    }
    Ok(())
}

pub(crate) fn select(core: &mut Core, word: u32) -> Result<(), Stop> {
    let from =
        if core.cpu.holds(bits(word, 15, 12)) { bits(word, 9, 5) } else { bits(word, 20, 16) };
    let v = operand(&core.cpu, from, format(word));
    core.cpu.set_d(bits(word, 4, 0), v);
    Ok(())
}

/// Is the opcode of a one-source instruction allocated for its type?
pub(crate) fn allocated_one_source(word: u32) -> bool {
    match (bits(word, 20, 15), bits(word, 23, 22)) {
        (0..=3 | 8..=12 | 14 | 15, _) => true,
        // FCVT: to another format than the source's.
        (op @ (4 | 5 | 7), ty) => op & 3 != ty,
        // FRINT32Z to FRINT64X.
        (16..=19, ty) => ty < 2,
        _ => false,
    }
}

pub(crate) fn one_source(core: &mut Core, word: u32) -> Result<(), Stop> {
    let f = format(word);
    let cpu = &mut core.cpu;
    let a = operand(cpu, bits(word, 9, 5), f);
    let env = &mut cpu.fp;
    let current = env.rounding();
    let r = match bits(word, 20, 15) {
        0 => a,
        1 => a & !f.sign_bit(),
        2 => a ^ f.sign_bit(),
        3 => fp::sqrt(f, a, env),
        op @ (4 | 5 | 7) => fp::float_to_float(f, format_of(op & 3), a, current, env),
        op @ 8..=11 => fp::round_to_integral(f, a, Rounding::from_field(op), false, env),
        12 => fp::round_to_integral(f, a, Rounding::Away, false, env),
        14 => fp::round_to_integral(f, a, current, true, env),
        15 => fp::round_to_integral(f, a, current, false, env),
        op @ 16..=19 => {
            let mode = if op & 1 == 0 { Rounding::Zero } else { current };
            fp::round_to_sized_integral(f, a, mode, if op < 18 { 32 } else { 64 }, env)
        }
        _ => return Err(Stop::Undefined),
    };
    cpu.set_d(bits(word, 4, 0), r);
    Ok(())
}

/// Is this conversion or move between the files allocated?
pub(crate) fn allocated_integer(word: u32) -> bool {
    let (wide, ty, mode, code) =
        (bit(word, 31), bits(word, 23, 22), bits(word, 20, 19), bits(word, 18, 16));
    if bit(word, 29) {
        return false;
    }
    match (mode, code) {
        // FCVTNS .. FCVTZU in all modes, SCVTF, UCVTF, FCVTAS, FCVTAU in the first.
        (_, 0 | 1) | (0, 2..=5) => ty != 0b10,
        // FMOV of halves, of the upper half of a vector; FJCVTZS.
        (0, 6 | 7) => match ty {
            0 => !wide,
            1 => wide,
            3 => true,
            _ => false,
        },
        (1, 6 | 7) => wide && ty == 0b10,
        (3, 6) => !wide && ty == 1,
        _ => false,
    }
}

/// Converts an integer register to a float.
fn from_integer(cpu: &mut Cpu, word: u32, f: Format, signed: bool, fraction_bits: u32) -> u64 {
    let v = cpu.r(bits(word, 9, 5));
    let v = match (bit(word, 31), signed) {
        (true, _) => v,
        (false, true) => v as i32 as i64 as u64,
        (false, false) => u64::from(v as u32),
    };
    let negative = signed && (v as i64) < 0;
    let magnitude = if negative { v.wrapping_neg() } else { v };
    let mode = cpu.fp.rounding();
    fp::int_to_float(f, negative, magnitude, fraction_bits, mode, &mut cpu.fp)
}

pub(crate) fn integer(core: &mut Core, word: u32) -> Result<(), Stop> {
    let f = format(word);
    let (n, d) = (bits(word, 9, 5), bits(word, 4, 0));
    let (mode, code) = (bits(word, 20, 19), bits(word, 18, 16));
    let width = if bit(word, 31) { 64 } else { 32 };
    let cpu = &mut core.cpu;
    match code {
        0 | 1 | 4 | 5 => {
            let a = operand(cpu, n, f);
            let rounding = if code >= 4 { Rounding::Away } else { Rounding::from_field(mode) };
            let r = fp::float_to_int(f, a, 0, code & 1 == 0, width, rounding, &mut cpu.fp);
            cpu.set_r(d, r);
        }
        2 | 3 => {
            let r = from_integer(cpu, word, f, code == 2, 0);
            cpu.set_d(d, r);
        }
        6 if mode == 3 => {
            let (r, exact) = fp::javascript_to_int(cpu.d(n), &mut cpu.fp);
            cpu.set_r(d, u64::from(r));
            cpu.nzcv = if exact { crate::cpu::Z } else { 0 };
        }
        6 if mode == 1 => {
            let high = (cpu.v(n) >> 64) as u64;
            cpu.set_r(d, high);
        }
        7 if mode == 1 => {
            let v = u128::from(cpu.r(n)) << 64 | u128::from(cpu.d(d));
            cpu.set_v(d, v);
        }
        6 => {
            let v = operand(cpu, n, f);
            cpu.set_r(d, v);
        }
        _ => {
            let v = cpu.r(n) & (u64::MAX >> (64 - f.bits()));
            cpu.set_d(d, v);
        }
    }
    Ok(())
}

/// Is this fixed-point conversion allocated?
pub(crate) fn allocated_fixed(word: u32) -> bool {
    let (wide, ty, mode, code) =
        (bit(word, 31), bits(word, 23, 22), bits(word, 20, 19), bits(word, 18, 16));
    let scale = bits(word, 15, 10);
    !bit(word, 29)
        && ty != 0b10
        && (wide || scale >= 32)
        && matches!((mode, code), (3, 0 | 1) | (0, 2 | 3))
}

pub(crate) fn fixed(core: &mut Core, word: u32) -> Result<(), Stop> {
    let f = format(word);
    let fraction_bits = 64 - bits(word, 15, 10);
    let (n, d, code) = (bits(word, 9, 5), bits(word, 4, 0), bits(word, 18, 16));
    let cpu = &mut core.cpu;
    if code >= 2 {
        let r = from_integer(cpu, word, f, code == 2, fraction_bits);
        cpu.set_d(d, r);
    } else {
        let width = if bit(word, 31) { 64 } else { 32 };
        let a = operand(cpu, n, f);
        let r =
            fp::float_to_int(f, a, fraction_bits, code == 0, width, Rounding::Zero, &mut cpu.fp);
        cpu.set_r(d, r);
    }
    Ok(())
}
