//! System registers of EL0, cache maintenance, exclusives' monitor, flag manipulation.

use crate::cpu::{C, N, V, Z};
use crate::field::{bit, bits};
use crate::state::Core;
use crate::stop::Stop;

/// `op0 op1 CRn CRm op2` as the word holds them, bits 20 to 5.
const fn register(op0: u32, op1: u32, crn: u32, crm: u32, op2: u32) -> u32 {
    op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
}

pub(crate) const NZCV: u32 = register(3, 3, 4, 2, 0);
const FPCR: u32 = register(3, 3, 4, 4, 0);
const FPSR: u32 = register(3, 3, 4, 4, 1);
const TPIDR_EL0: u32 = register(3, 3, 13, 0, 2);
const TPIDRRO_EL0: u32 = register(3, 3, 13, 0, 3);
const CTR_EL0: u32 = register(3, 3, 0, 0, 1);
const DCZID_EL0: u32 = register(3, 3, 0, 0, 7);
const CNTFRQ_EL0: u32 = register(3, 3, 14, 0, 0);
const CNTVCT_EL0: u32 = register(3, 3, 14, 0, 2);

/// CTR_EL0: 64-byte lines, and both caches need no maintenance for what a simulator sees (IDC = DIC = 0 all the same,
/// so that code takes the long way).
const CTR_VALUE: u64 = 0x8444_c004;
/// DCZID_EL0: 64-byte blocks, DC ZVA permitted.
const DCZID_VALUE: u64 = 4;
/// Bytes that DC ZVA zeroes.
const ZERO_BLOCK: u64 = 64;

/// Is this an MRS or MSR of a register that is implemented, and may it be written?
pub(crate) fn known_register(word: u32) -> bool {
    let read = bit(word, 21);
    match bits(word, 20, 5) {
        NZCV | FPCR | FPSR | TPIDR_EL0 => true,
        TPIDRRO_EL0 | CTR_EL0 | DCZID_EL0 | CNTFRQ_EL0 | CNTVCT_EL0 => read,
        _ => false,
    }
}

/// Does this word read FPSR?
pub(crate) fn reads_fpsr(word: u32) -> bool {
    bits(word, 31, 21) == 0b110_1010_1001 && bits(word, 20, 5) == FPSR
}

/// MRS, MSR (register).
pub(crate) fn move_register(core: &mut Core, word: u32) -> Result<(), Stop> {
    let t = bits(word, 4, 0);
    let cpu = &mut core.cpu;
    if bit(word, 21) {
        let v = match bits(word, 20, 5) {
            NZCV => u64::from(cpu.nzcv & 15) << 28,
            FPCR => u64::from(cpu.fp.fpcr),
            FPSR => u64::from(cpu.fp.fpsr),
            TPIDR_EL0 => cpu.tpidr,
            CTR_EL0 => CTR_VALUE,
            DCZID_EL0 => DCZID_VALUE,
            // Nobody set the kernel's thread pointer, and simulated time stands still.
            TPIDRRO_EL0 | CNTFRQ_EL0 | CNTVCT_EL0 => 0,
            _ => return Err(Stop::Undefined),
        };
        cpu.set_r(t, v);
        return Ok(());
    }
    let v = cpu.r(t);
    match bits(word, 20, 5) {
        NZCV => cpu.nzcv = (v >> 28) as u8 & 15,
        FPCR => cpu.set_fpcr(v as u32),
        FPSR => cpu.set_fpsr(v as u32),
        TPIDR_EL0 => cpu.tpidr = v,
        _ => return Err(Stop::Undefined),
    }
    Ok(())
}

/// Is this a cache operation that EL0 may use? IC IVAU, DC CVAC, CVAP, CVAU, CIVAC, ZVA.
pub(crate) fn cache_operation(word: u32) -> bool {
    if bit(word, 21) {
        return false;
    }
    matches!(
        (bits(word, 11, 8), bits(word, 7, 5)),
        (5, 1) | (10, 1) | (12, 1) | (11, 1) | (14, 1) | (4, 1)
    )
}

/// Cache maintenance has nothing to do here, but it faults where it would; DC ZVA zeroes its block.
pub(crate) fn cache(core: &mut Core, word: u32) -> Result<(), Stop> {
    let address = core.cpu.r(bits(word, 4, 0));
    if (bits(word, 11, 8), bits(word, 7, 5)) == (4, 1) {
        let block = address & !(ZERO_BLOCK - 1);
        for i in 0..ZERO_BLOCK / 16 {
            core.mem.write::<u128>(block + i * 16, 0)?;
        }
        return Ok(());
    }
    if core.mem.is_open() || core.mem.is_code(address) {
        return Ok(());
    }
    core.mem.read::<u8>(address)?;
    Ok(())
}

/// CLREX.
pub(crate) fn clear_exclusive(core: &mut Core, _word: u32) -> Result<(), Stop> {
    core.mem.monitor = None;
    Ok(())
}

/// CFINV, XAFLAG, AXFLAG.
pub(crate) fn flag_manipulation(core: &mut Core, word: u32) -> Result<(), Stop> {
    let f = core.cpu.nzcv;
    let (z, c, v) = (f & Z != 0, f & C != 0, f & V != 0);
    let pack = |n, z, c, v| {
        (if n { N } else { 0 })
            | (if z { Z } else { 0 })
            | (if c { C } else { 0 })
            | (if v { V } else { 0 })
    };
    core.cpu.nzcv = match bits(word, 7, 5) {
        0 => f ^ C,
        1 => pack(!c && !z, z && c, c || z, !c && z),
        _ => pack(false, z || v, c && !v, false),
    };
    Ok(())
}
