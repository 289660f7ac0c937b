//! Integer instructions, each written once for both widths.

use crate::cpu::{C, Cpu};
use crate::field::{bit, bit_mask, bits};
use crate::state::{Core, Outcome, Straight};
use crate::stop::Stop;
use crate::width::{Shift, Width};

/// A second operand that is shifted, extended or inverted, as the immediate of a row.
pub(crate) fn shifted(shift: Shift, by: u32, invert: bool) -> u32 {
    shift.pack(by) | u32::from(invert) << 16
}

/// What [`shifted`] says, done.
#[inline(always)]
fn operand<W: Width>(b: W, imm: u32) -> W {
    let b = Shift::apply_packed(b, imm);
    if imm >> 16 & 1 != 0 { !b } else { b }
}

/// A register named by an immediate.
#[inline(always)]
fn third<W: Width>(cpu: &Cpu, imm: u32) -> W {
    W::of(cpu.x[usize::from(imm as u8)])
}

/// An immediate with a sign.
#[inline(always)]
fn with_sign<W: Width>(imm: u32) -> W {
    W::of(i64::from(imm as i32) as u64)
}

/// What a row gives: a result, or a result and flags.
trait Put {
    fn put(self, cpu: &mut Cpu, d: u8);
}

impl<W: Width> Put for W {
    #[inline(always)]
    fn put(self, cpu: &mut Cpu, d: u8) {
        cpu.x[usize::from(d)] = self.wide();
    }
}

impl<W: Width> Put for (W, u8) {
    #[inline(always)]
    fn put(self, cpu: &mut Cpu, d: u8) {
        (cpu.x[usize::from(d)], cpu.nzcv) = (self.0.wide(), self.1);
    }
}

/// The result of a logical operation, and the flags that it sets.
#[inline(always)]
fn with_flags<W: Width>(result: W) -> (W, u8) {
    (result, result.logical_flags())
}

/// Functions of [`Straight`]: what comes of two registers and an immediate.
macro_rules! rows {
    ($(|$cpu:ident, $a:ident, $b:ident, $imm:ident| $($name:ident = $result:expr;)*)*) => { $($(
        pub(crate) fn $name<W: Width>(core: &mut Core, op: &Straight) -> Outcome {
            let ($cpu, $imm) = (&mut core.cpu, op.imm);
            let ($a, $b) = (W::of($cpu.x[usize::from(op.n)]), W::of($cpu.x[usize::from(op.m)]));
            $result.put($cpu, op.d);
            // Which of them a row looks at is its own affair.
            let _ = ($a, $b, $imm);
            Ok(())
        }
    )*)* };
}

rows! { |cpu, a, b, imm|
    add = a.plus(b);
    sub = a.minus(b);
    add_immediate = a.plus(with_sign(imm));
    add_lsl = a.plus(b << (imm & (W::BITS - 1)));
    sub_lsl = a.minus(b << (imm & (W::BITS - 1)));
    add_shifted = a.plus(operand(b, imm));
    sub_shifted = a.minus(operand(b, imm));
    adc = a.add_with_carry(b, cpu.carry()).0;
    sbc = a.add_with_carry(!b, cpu.carry()).0;
    and = a & b;
    orr = a | b;
    eor = a ^ b;
    and_shifted = a & operand(b, imm);
    orr_shifted = a | operand(b, imm);
    eor_shifted = a ^ operand(b, imm);
    // `ORR` with the zero register.
    mov = b;
    constant = W::of(imm.into());
    // The field of `a` is the destination's.
    movk = {
        let shift = imm >> 16 & (W::BITS - 1);
        a & !(W::of(0xffff) << shift) | W::of(u64::from(imm & 0xffff)) << shift
    };
    // Shifts to the left and to the right: `imm` is the first and, from bit 8, the second.
    sbfm = (a << (imm & (W::BITS - 1))).sar(imm >> 8 & (W::BITS - 1));
    ubfm = (a << (imm & (W::BITS - 1))) >> (imm >> 8 & (W::BITS - 1));
    // The field of `b` is the destination's.
    bfm = {
        let field = |v: W| (v << (imm & (W::BITS - 1))) >> (imm >> 8 & (W::BITS - 1));
        b & !field(!W::of(0)) | field(a)
    };
    extr = a.extract(b, imm & (W::BITS - 1));
    lslv = a << (b.wide() as u32 & (W::BITS - 1));
    lsrv = a >> (b.wide() as u32 & (W::BITS - 1));
    asrv = a.sar(b.wide() as u32 & (W::BITS - 1));
    rorv = a.rotate(b.wide() as u32 & (W::BITS - 1));
    udiv = a.udiv(b);
    sdiv = a.sdiv(b);
    // The immediate is the register of the addend, the minuend.
    madd = third::<W>(cpu, imm).plus(a.times(b));
    msub = third::<W>(cpu, imm).minus(a.times(b));
    // Products of words, and upper halves of products: for 64 bits only.
    smaddl = third::<W>(cpu, imm).plus(W::of(signed_product(a, b)));
    smsubl = third::<W>(cpu, imm).minus(W::of(signed_product(a, b)));
    umaddl = third::<W>(cpu, imm).plus(W::of(unsigned_product(a, b)));
    umsubl = third::<W>(cpu, imm).minus(W::of(unsigned_product(a, b)));
    smulh = W::of(((i128::from(a.number()) * i128::from(b.number())) >> 64) as u64);
    umulh = W::of(((u128::from(a.wide()) * u128::from(b.wide())) >> 64) as u64);
    rbit = a.reversed();
    rev = a.bytes_reversed();
    rev32 = a.bytes_reversed().rotate(32);
    rev16 = {
        let odd = W::of(0x00ff_00ff_00ff_00ff);
        (a & odd) << 8 | a >> 8 & odd
    };
    clz = W::of(a.zeros_above().into());
    // The bits after the first that are equal to it.
    cls = W::of((a ^ a.sar(W::BITS - 1)).zeros_above().into()).minus(W::of(1));
    // The immediate is the condition, as a set of flags.
    csel = if cpu.is_in(imm) { a } else { b };
    csinc = if cpu.is_in(imm) { a } else { b.plus(W::of(1)) };
    csinv = if cpu.is_in(imm) { a } else { !b };
    csneg = if cpu.is_in(imm) { a } else { W::of(0).minus(b) };
    // With flags.
    adds = a.add_with_carry(b, false);
    subs = a.compare(b);
    adds_immediate = a.add_with_carry(W::of(imm.into()), false);
    subs_immediate = a.compare(W::of(imm.into()));
    adds_shifted = a.add_with_carry(operand(b, imm), false);
    subs_shifted = a.compare(operand(b, imm));
    adcs = a.add_with_carry(b, cpu.carry());
    sbcs = a.add_with_carry(!b, cpu.carry());
    ands = with_flags(a & b);
    ands_shifted = with_flags(a & operand(b, imm));
}

fn signed_product<W: Width>(a: W, b: W) -> u64 {
    (i64::from(a.wide() as i32) * i64::from(b.wide() as i32)) as u64
}

fn unsigned_product<W: Width>(a: W, b: W) -> u64 {
    u64::from(a.wide() as u32) * u64::from(b.wide() as u32)
}

/// The immediate of [`ccmn`] and [`ccmp`]: the condition as a set of flags, the flags if it does not hold, and what is
/// added to the second register.
pub(crate) fn conditional(mask: u16, nzcv: u32, imm: u32) -> u32 {
    u32::from(mask) | nzcv << 16 | imm << 20
}

pub(crate) fn ccmn<W: Width>(core: &mut Core, op: &Straight) -> Outcome {
    conditional_compare::<W>(&mut core.cpu, op, |b| b, false)
}

pub(crate) fn ccmp<W: Width>(core: &mut Core, op: &Straight) -> Outcome {
    conditional_compare::<W>(&mut core.cpu, op, |b| !b, true)
}

#[inline(always)]
fn conditional_compare<W: Width>(
    cpu: &mut Cpu,
    op: &Straight,
    second: impl Fn(W) -> W,
    carry: bool,
) -> Outcome {
    cpu.nzcv = if cpu.is_in(op.imm) {
        let a = W::of(cpu.x[usize::from(op.n)]);
        // One of the two is zero.
        let b = W::of(cpu.x[usize::from(op.m)] + u64::from(op.imm >> 20));
        a.add_with_carry(second(b), carry).1
    } else {
        (op.imm >> 16) as u8 & 15
    };
    Ok(())
}

/// The logical instructions with an immediate of 64 bits, and a constant.
macro_rules! wide {
    (|$a:ident, $v:ident| $($name:ident = $result:expr;)*) => { $(
        pub(crate) fn $name<W: Width>(cpu: &mut Cpu, d: u8, n: u8, v: u64) {
            let ($a, $v) = (W::of(cpu.x[usize::from(n)]), W::of(v));
            $result.put(cpu, d);
            let _ = $a;
        }
    )* };
}

wide! { |a, v|
    and_immediate = a & v;
    orr_immediate = a | v;
    eor_immediate = a ^ v;
    ands_immediate = with_flags(a & v);
    wide_constant = v;
}

/// AND, ORR, EOR (immediate) with SP as the destination.
pub(crate) fn logical_immediate_sp(core: &mut Core, word: u32) -> Result<(), Stop> {
    let Some(mask) = bit_mask(bit(word, 22), bits(word, 15, 10), bits(word, 21, 16)) else {
        return Err(Stop::Undefined);
    };
    let a = core.cpu.r(bits(word, 9, 5));
    let r = match bits(word, 30, 29) {
        0 => a & mask,
        1 => a | mask,
        _ => a ^ mask,
    };
    core.cpu.set_r_sp(31, if bit(word, 31) { r } else { u64::from(r as u32) });
    Ok(())
}

/// CRC32 and CRC32C of 8 to 64 bits.
pub(crate) fn crc32(core: &mut Core, word: u32) -> Result<(), Stop> {
    let size = 8 << bits(word, 11, 10);
    // The polynomials 0x04C11DB7 and 0x1EDC6F41, bits reversed.
    let polynomial = if bit(word, 12) { 0x82f6_3b78 } else { 0xedb8_8320 };
    let mut crc = core.cpu.r(bits(word, 9, 5)) as u32;
    let data = core.cpu.r(bits(word, 20, 16));
    for i in 0..size {
        let out = (crc ^ (data >> i) as u32) & 1;
        crc = (crc >> 1) ^ (polynomial * out);
    }
    core.cpu.set_r(bits(word, 4, 0), u64::from(crc));
    Ok(())
}

/// RMIF.
pub(crate) fn rotate_into_flags(core: &mut Core, word: u32) -> Result<(), Stop> {
    let turned = core.cpu.r(bits(word, 9, 5)).rotate_right(bits(word, 20, 15)) as u8 & 15;
    let mask = bits(word, 3, 0) as u8;
    core.cpu.nzcv = (core.cpu.nzcv & !mask) | (turned & mask);
    Ok(())
}

/// SETF8, SETF16.
pub(crate) fn set_flags(core: &mut Core, word: u32) -> Result<(), Stop> {
    let v = core.cpu.r(bits(word, 9, 5)) as u32;
    let size = if bit(word, 14) { 16 } else { 8 };
    let top = v << (32 - size);
    let overflow = (v >> size ^ v >> (size - 1)) as u8 & 1;
    core.cpu.nzcv = top.logical_flags() | (core.cpu.nzcv & C) | overflow;
    Ok(())
}
