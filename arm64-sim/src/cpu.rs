//! The registers, and which flags each condition holds for.

use crate::fp::Env;

/// Index of the zero register among [`Cpu::x`]: never written.
pub(crate) const ZR: u8 = 31;
/// Index of the stack pointer.
pub(crate) const SP: u8 = 32;
/// Where a result that names the zero register goes.
pub(crate) const SINK: u8 = 33;
/// The link register.
pub(crate) const LR: u8 = 30;
/// The index of the frame pointer.
pub(crate) const FP: u8 = 29;
/// As many as a `u8` can name, so that no index needs a bounds check.
const FILE: usize = 256;

/// Flag N in the four-bit value that [`Cpu::nzcv`] holds.
pub(crate) const N: u8 = 8;
/// Flag Z.
pub(crate) const Z: u8 = 4;
/// Flag C.
pub(crate) const C: u8 = 2;
/// Flag V.
pub(crate) const V: u8 = 1;

/// The architectural state of one thread.
#[derive(Clone, Debug)]
pub(crate) struct Cpu {
    /// x0 to x30, then [`ZR`], [`SP`] and [`SINK`].
    pub(crate) x: [u64; FILE],
    /// Bits 63 to 0 of v0 to v31.
    pub(crate) lo: [u64; FILE],
    /// Bits 127 to 64 of v0 to v31.
    pub(crate) hi: [u64; FILE],
    /// The flags, in the order N Z C V from bit 3.
    pub(crate) nzcv: u8,
    /// FPCR and FPSR.
    pub(crate) fp: Env,
    /// Are the cumulative flags of FPSR kept exact? If not, and with FPCR = 0, the host's arithmetic does.
    pub(crate) exact_fpsr: bool,
    /// [`Cpu::exact_fpsr`] is off and FPCR is zero.
    pub(crate) host_fp: bool,
    /// TPIDR_EL0.
    pub(crate) tpidr: u64,
}

impl Cpu {
    pub(crate) fn new(exact_fpsr: bool) -> Cpu {
        let mut cpu = Cpu {
            x: [0; FILE],
            lo: [0; FILE],
            hi: [0; FILE],
            nzcv: 0,
            fp: Env::default(),
            exact_fpsr,
            host_fp: false,
            tpidr: 0,
        };
        cpu.set_fpcr(0);
        cpu
    }

    /// Register `n` of an instruction word, where 31 is the zero register.
    pub(crate) fn r(&self, n: u32) -> u64 {
        self.x[(n & 31) as usize]
    }
    /// Register `n` of an instruction word, where 31 is the stack pointer.
    pub(crate) fn r_sp(&self, n: u32) -> u64 {
        self.x[if n & 31 == 31 { usize::from(SP) } else { (n & 31) as usize }]
    }
    /// Writes register `n`, where 31 is the zero register.
    pub(crate) fn set_r(&mut self, n: u32, v: u64) {
        if n & 31 != 31 {
            self.x[(n & 31) as usize] = v;
        }
    }
    /// Writes register `n`, where 31 is the stack pointer.
    pub(crate) fn set_r_sp(&mut self, n: u32, v: u64) {
        self.x[if n & 31 == 31 { usize::from(SP) } else { (n & 31) as usize }] = v;
    }
    /// All of vector register `n`.
    pub(crate) fn v(&self, n: u32) -> u128 {
        let n = (n & 31) as usize;
        u128::from(self.lo[n]) | u128::from(self.hi[n]) << 64
    }
    pub(crate) fn set_v(&mut self, n: u32, v: u128) {
        let n = (n & 31) as usize;
        self.lo[n] = v as u64;
        self.hi[n] = (v >> 64) as u64;
    }
    /// The low half of vector register `n`.
    pub(crate) fn d(&self, n: u32) -> u64 {
        self.lo[(n & 31) as usize]
    }
    /// Writes a scalar: the bits above are zero.
    pub(crate) fn set_d(&mut self, n: u32, v: u64) {
        self.set_v(n, u128::from(v));
    }
    /// Writes a scalar to the register with this index.
    #[inline(always)]
    pub(crate) fn set_scalar(&mut self, d: u8, v: u64) {
        self.lo[usize::from(d)] = v;
        self.hi[usize::from(d)] = 0;
    }
    pub(crate) fn set_fpcr(&mut self, v: u32) {
        self.fp.fpcr = v & crate::fp::FPCR_BITS;
        self.host_fp = self.fp.fpcr == 0 && !self.exact_fpsr;
    }
    pub(crate) fn set_exact_fpsr(&mut self) {
        self.exact_fpsr = true;
        self.host_fp = false;
    }
    pub(crate) fn set_fpsr(&mut self, v: u32) {
        self.fp.fpsr = v & crate::fp::FPSR_BITS;
    }
    /// `ConditionHolds`.
    pub(crate) fn holds(&self, cond: u32) -> bool {
        self.is_in(CONDITION[(cond & 15) as usize].into())
    }
    /// Are the flags in this set, which has a bit for each of their 16 values?
    #[inline(always)]
    pub(crate) fn is_in(&self, set: u32) -> bool {
        set >> (self.nzcv & 15) & 1 != 0
    }
    /// The carry flag.
    pub(crate) fn carry(&self) -> bool {
        self.nzcv & C != 0
    }
}

/// For each condition a set of flag values: bit `nzcv` is one where the condition holds.
pub(crate) const CONDITION: [u16; 16] = {
    let mut table = [0u16; 16];
    let mut cond = 0;
    while cond < 16 {
        let mut nzcv = 0u8;
        while nzcv < 16 {
            let (n, z, c, v) = (nzcv & N != 0, nzcv & Z != 0, nzcv & C != 0, nzcv & V != 0);
            let base = match cond >> 1 {
                0 => z,
                1 => c,
                2 => n,
                3 => v,
                4 => c && !z,
                5 => n == v,
                6 => n == v && !z,
                _ => true,
            };
            // 0b1111 is "always" as well.
            let holds = if cond & 1 == 1 && cond != 15 { !base } else { base };
            if holds {
                table[cond] |= 1 << nzcv;
            }
            nzcv += 1;
        }
        cond += 1;
    }
    table
};
