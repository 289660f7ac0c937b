//! Scalar floating point on the host, where it gives what the architecture asks for: FPCR is zero, nobody looks at
//! FPSR's cumulative flags, and the result is not a NaN. Everything else is left to [`crate::fp`]. Each instruction is
//! written once for both formats; all are functions of a [`Straight`].

use crate::cpu::Cpu;
use crate::fp::{self, DOUBLE, Format, SINGLE};
use crate::state::{Core, Outcome, Straight};
use crate::width::Width;
use core::ops::{Add, Div, Mul, Sub};

/// `f64` or `f32`.
pub(crate) trait Float:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    const FORMAT: Format;
    /// The number in the low bits of a register.
    fn of(bits: u64) -> Self;
    fn bits(self) -> u64;
    fn root(self) -> Self;
    /// `self * factor + addend` with one rounding.
    fn fused(self, factor: Self, addend: Self) -> Self;
}

macro_rules! float {
    ($t:ident, $bits:ident, $format:expr) => {
        impl Float for $t {
            const FORMAT: Format = $format;
            #[inline(always)]
            fn of(bits: u64) -> Self {
                $t::from_bits(bits as $bits)
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                self.to_bits().into()
            }
            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn fused(self, factor: Self, addend: Self) -> Self {
                self.mul_add(factor, addend)
            }
        }
    };
}
float!(f64, u64, DOUBLE);
float!(f32, u32, SINGLE);

/// The bits of a register that `F` has.
#[inline(always)]
fn bits<F: Float>(cpu: &Cpu, r: u8) -> u64 {
    F::of(cpu.lo[usize::from(r)]).bits()
}

/// Functions of a [`Straight`]: the result of the host, and the exact one.
macro_rules! arithmetic {
    ($($name:ident = |$cpu:ident, $op:ident| $operands:tt = $bits:expr; $host:expr; $exact:expr;)*) => { $(
        pub(crate) fn $name<F: Float>(core: &mut Core, $op: &Straight) -> Outcome {
            /// Apart and from the beginning, so that the host's way is short.
            #[cold]
            fn exact<F: Float>(core: &mut Core, $op: &Straight) -> Outcome {
                let $cpu = &mut core.cpu;
                let $operands = $bits;
                let r = $exact;
                $cpu.set_scalar($op.d, r);
                Ok(())
            }
            let $cpu = &mut core.cpu;
            let $operands = $bits;
            let r: F = $host;
            // Only a NaN is not equal to itself.
            #[allow(clippy::eq_op)]
            if !$cpu.host_fp || r != r {
                return exact::<F>(core, $op);
            }
            $cpu.set_scalar($op.d, r.bits());
            Ok(())
        }
    )* };
}

/// Register `n` and register `m`.
#[inline(always)]
fn two<F: Float>(cpu: &Cpu, op: &Straight) -> (u64, u64) {
    (bits::<F>(cpu, op.n), bits::<F>(cpu, op.m))
}

arithmetic! {
    fadd = |cpu, op| (a, b) = two::<F>(cpu, op);
        F::of(a) + F::of(b);
        fp::add(F::FORMAT, a, b, &mut cpu.fp);
    fsub = |cpu, op| (a, b) = two::<F>(cpu, op);
        F::of(a) - F::of(b);
        fp::sub(F::FORMAT, a, b, &mut cpu.fp);
    fmul = |cpu, op| (a, b) = two::<F>(cpu, op);
        F::of(a) * F::of(b);
        fp::mul(F::FORMAT, a, b, &mut cpu.fp);
    fdiv = |cpu, op| (a, b) = two::<F>(cpu, op);
        F::of(a) / F::of(b);
        fp::div(F::FORMAT, a, b, &mut cpu.fp);
    fsqrt = |cpu, op| [a] = [bits::<F>(cpu, op.n)];
        F::of(a).root();
        fp::sqrt(F::FORMAT, a, &mut cpu.fp);
    fmadd = |cpu, op| (z, x, y) = addend_and_factors::<F>(cpu, op);
        F::of(x).fused(F::of(y), F::of(z));
        fp::mul_add(F::FORMAT, z, x, y, &mut cpu.fp);
}

/// The immediate of [`fmadd`], which is FMSUB, FNMADD and FNMSUB as well.
pub(crate) fn fused(addend: u8, negate_product: bool, negate_addend: bool) -> u32 {
    u32::from(addend) | u32::from(negate_product) << 8 | u32::from(negate_addend) << 9
}

#[inline(always)]
fn addend_and_factors<F: Float>(cpu: &Cpu, op: &Straight) -> (u64, u64, u64) {
    let sign = |bit: u32| if op.imm >> bit & 1 != 0 { F::FORMAT.sign_bit() } else { 0 };
    let (x, y) = two::<F>(cpu, op);
    (bits::<F>(cpu, op.imm as u8) ^ sign(9), x ^ sign(8), y)
}

pub(crate) fn fcmp<F: Float>(core: &mut Core, op: &Straight) -> Outcome {
    #[cold]
    fn exact<F: Float>(core: &mut Core, op: &Straight) -> Outcome {
        let (a, b) = two::<F>(&core.cpu, op);
        core.cpu.nzcv = fp::compare(F::FORMAT, a, b, false, &mut core.cpu.fp);
        Ok(())
    }
    if !core.cpu.host_fp {
        return exact::<F>(core, op);
    }
    let (a, b) = two::<F>(&core.cpu, op);
    let (a, b) = (F::of(a), F::of(b));
    let unordered = a.partial_cmp(&b).is_none();
    // Less: N. Equal: Z and C. Greater: C. Unordered: C and V.
    core.cpu.nzcv = u8::from(a < b) << 3
        | u8::from(a == b) << 2
        | u8::from(a >= b || unordered) << 1
        | u8::from(unordered);
    Ok(())
}

/// What is the same for both formats, or for both widths of general registers: the bits of the result.
macro_rules! moves {
    (|$cpu:ident, $op:ident| $($name:ident<$t:ident: $trait:ident> = $bits:expr;)*) => { $(
        pub(crate) fn $name<$t: $trait>(core: &mut Core, $op: &Straight) -> Outcome {
            let $cpu = &mut core.cpu;
            let r = $bits;
            $cpu.set_scalar($op.d, r);
            Ok(())
        }
    )* };
}
moves! { |cpu, op|
    fmov<F: Float> = bits::<F>(cpu, op.n);
    fabs<F: Float> = bits::<F>(cpu, op.n) & !F::FORMAT.sign_bit();
    fneg<F: Float> = bits::<F>(cpu, op.n) ^ F::FORMAT.sign_bit();
    // The immediate is the condition, as a set of flags.
    fcsel<F: Float> = bits::<F>(cpu, if cpu.is_in(op.imm) { op.n } else { op.m });
    fmov_from_general<W: Width> = W::of(cpu.x[usize::from(op.n)]).wide();
    // To double.
    scvtf<W: Width> = {
        let v = W::of(cpu.x[usize::from(op.n)]).number();
        if cpu.host_fp {
            (v as f64).to_bits()
        } else {
            let mode = cpu.fp.rounding();
            fp::int_to_float(DOUBLE, v < 0, v.unsigned_abs(), 0, mode, &mut cpu.fp)
        }
    };
}

pub(crate) fn fmov_to_general<W: Width>(core: &mut Core, op: &Straight) -> Outcome {
    core.cpu.x[usize::from(op.d)] = W::of(core.cpu.lo[usize::from(op.n)]).wide();
    Ok(())
}

/// FCVTZS from double: Rust's conversion saturates and turns NaN to zero as well.
pub(crate) fn fcvtzs<W: Width>(core: &mut Core, op: &Straight) -> Outcome {
    let cpu = &mut core.cpu;
    let a = cpu.lo[usize::from(op.n)];
    cpu.x[usize::from(op.d)] = if cpu.host_fp {
        W::from_float(f64::from_bits(a)).wide()
    } else {
        fp::float_to_int(DOUBLE, a, 0, true, W::BITS, fp::Rounding::Zero, &mut cpu.fp)
    };
    Ok(())
}
