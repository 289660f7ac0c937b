//! Exclusives, ordered loads and stores, and the atomic instructions of LSE.
//!
//! In open memory all of them but the 16-byte ones are the host's sequentially consistent atomics, so they are at least
//! as strong as the architecture asks. The exclusive monitor is this thread's: a store-exclusive succeeds if memory
//! still holds what the load-exclusive saw.

use crate::field::{bit, bits};
use crate::memory::Monitor;
use crate::op::Op;
use crate::state::Core;
use crate::stop::Stop;

/// `size 001000 o2 L o1 Rs o0 Rt2 Rn Rt`.
pub(crate) fn decode_exclusive(word: u32) -> Option<Op> {
    let (o2, load, o1) = (bit(word, 23), bit(word, 22), bit(word, 21));
    let no_s = bits(word, 20, 16) == 31;
    let no_t2 = bits(word, 14, 10) == 31;
    let size = bits(word, 31, 30);
    let run = match (o2, o1) {
        (false, false) if load && no_s && no_t2 => load_exclusive,
        (false, false) if !load && no_t2 && !status_clashes(word, false) => store_exclusive,
        (false, true) if size < 2 => {
            // CASP: both pairs start at an even register.
            if !no_t2 || bit(word, 16) || bit(word, 0) {
                return None;
            }
            compare_and_swap_pair
        }
        (false, true) if load && no_s && bits(word, 4, 0) != bits(word, 14, 10) => load_exclusive,
        (false, true) if !load && !status_clashes(word, true) => store_exclusive,
        (true, false) if no_s && no_t2 => {
            if load {
                load_ordered
            } else {
                store_ordered
            }
        }
        (true, true) if no_t2 => compare_and_swap,
        _ => return None,
    };
    Some(Op::Cold { run, word })
}

/// A status register that is also the base or stored is constrained unpredictable.
fn status_clashes(word: u32, pair: bool) -> bool {
    let (s, t, t2, n) =
        (bits(word, 20, 16), bits(word, 4, 0), bits(word, 14, 10), bits(word, 9, 5));
    s == t || (pair && s == t2) || (s == n && n != 31)
}

/// `size 011001 opc 0 imm9 00 Rn Rt`: LDAPUR, STLUR.
pub(crate) fn decode_ordered_unscaled(word: u32) -> Option<Op> {
    let (size, opc) = (bits(word, 31, 30), bits(word, 23, 22));
    if bit(word, 21)
        || bits(word, 11, 10) != 0
        || (size == 3 && opc >= 2)
        || (size == 2 && opc == 3)
    {
        return None;
    }
    Some(Op::Cold { run: ordered_unscaled, word })
}

/// `size 111 0 00 A R 1 Rs o3 opc 00 Rn Rt`.
pub(crate) fn decode_atomic(word: u32) -> Option<Op> {
    if bit(word, 26) {
        return None;
    }
    let run = match (bit(word, 15), bits(word, 14, 12)) {
        (false, _) | (true, 0) => read_modify_write,
        (true, 4) if bits(word, 23, 22) == 0b10 && bits(word, 20, 16) == 31 => load_ordered,
        _ => return None,
    };
    Some(Op::Cold { run, word })
}

fn size(word: u32) -> u64 {
    1 << bits(word, 31, 30)
}

fn base(core: &Core, word: u32) -> u64 {
    core.cpu.r_sp(bits(word, 9, 5))
}

fn aligned(address: u64, size: u64) -> Result<(), Stop> {
    if address.is_multiple_of(size) { Ok(()) } else { Err(Stop::Unaligned { address, size }) }
}

fn low(v: u64, size: u64) -> u128 {
    u128::from(v & (u64::MAX >> (64 - size * 8)))
}

/// The value of a pair of registers of `half` bytes each, the first in the low half.
fn joined(core: &Core, first: u32, second: u32, half: u64) -> u128 {
    low(core.cpu.r(first), half) | low(core.cpu.r(second), half) << (half * 8)
}

fn split(core: &mut Core, first: u32, second: u32, half: u64, v: u128) {
    core.cpu.set_r(first, low(v as u64, half) as u64);
    core.cpu.set_r(second, low((v >> (half * 8)) as u64, half) as u64);
}

fn load_exclusive(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (half, pair) = (size(word), bit(word, 21));
    let total = if pair { half * 2 } else { half };
    let address = base(core, word);
    aligned(address, total)?;
    let value = core.mem.read_sized(address, total)?;
    core.mem.monitor = Some(Monitor { address, size: total, value });
    if pair {
        split(core, bits(word, 4, 0), bits(word, 14, 10), half, value);
    } else {
        core.cpu.set_r(bits(word, 4, 0), value as u64);
    }
    Ok(())
}

fn store_exclusive(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (half, pair) = (size(word), bit(word, 21));
    let total = if pair { half * 2 } else { half };
    let address = base(core, word);
    aligned(address, total)?;
    let value = if pair {
        joined(core, bits(word, 4, 0), bits(word, 14, 10), half)
    } else {
        low(core.cpu.r(bits(word, 4, 0)), half)
    };
    let failed = match core.mem.monitor.take() {
        Some(m) if m.address == address && m.size == total => {
            core.mem.compare_and_swap(address, total, m.value, value)? != m.value
        }
        _ => true,
    };
    core.cpu.set_r(bits(word, 20, 16), u64::from(failed));
    Ok(())
}

fn load_ordered(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, address) = (size(word), base(core, word));
    aligned(address, size)?;
    let value = core.mem.read_sized(address, size)?;
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    core.cpu.set_r(bits(word, 4, 0), value as u64);
    Ok(())
}

fn store_ordered(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, address) = (size(word), base(core, word));
    aligned(address, size)?;
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    let value = low(core.cpu.r(bits(word, 4, 0)), size);
    core.mem.write_sized(address, size, value)?;
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    Ok(())
}

fn ordered_unscaled(core: &mut Core, word: u32) -> Result<(), Stop> {
    let size = size(word);
    let address = base(core, word).wrapping_add(crate::field::signed(word, 20, 12) as u64);
    aligned(address, size)?;
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    let t = bits(word, 4, 0);
    if bits(word, 23, 22) == 0 {
        let value = low(core.cpu.r(t), size);
        core.mem.write_sized(address, size, value)?;
        core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
        return Ok(());
    }
    let value = core.mem.read_sized(address, size)? as u64;
    let unused = 64 - size * 8;
    let extended = ((value << unused) as i64 >> unused) as u64;
    core.cpu.set_r(
        t,
        match bits(word, 23, 22) {
            1 => value,
            2 => extended,
            _ => u64::from(extended as u32),
        },
    );
    Ok(())
}

fn compare_and_swap(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, address) = (size(word), base(core, word));
    let s = bits(word, 20, 16);
    let expected = low(core.cpu.r(s), size);
    let new = low(core.cpu.r(bits(word, 4, 0)), size);
    let old = core.mem.compare_and_swap(address, size, expected, new)?;
    core.cpu.set_r(s, old as u64);
    Ok(())
}

fn compare_and_swap_pair(core: &mut Core, word: u32) -> Result<(), Stop> {
    let half = if bit(word, 30) { 8 } else { 4 };
    let (s, t) = (bits(word, 20, 16), bits(word, 4, 0));
    let expected = joined(core, s, s + 1, half);
    let new = joined(core, t, t + 1, half);
    let address = base(core, word);
    let old = core.mem.compare_and_swap(address, half * 2, expected, new)?;
    split(core, s, s + 1, half, old);
    Ok(())
}

/// LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN, SWP.
fn read_modify_write(core: &mut Core, word: u32) -> Result<(), Stop> {
    let size = size(word);
    let address = base(core, word);
    let operand = low(core.cpu.r(bits(word, 20, 16)), size);
    let unused = 128 - size as u32 * 8;
    let signed = |v: u128| (v << unused) as i128;
    let code = if bit(word, 15) { 8 } else { bits(word, 14, 12) };
    let old = core.mem.update(address, size, |old| {
        let new = match code {
            0 => old.wrapping_add(operand),
            1 => old & !operand,
            2 => old ^ operand,
            3 => old | operand,
            4 => {
                if signed(old) > signed(operand) {
                    old
                } else {
                    operand
                }
            }
            5 => {
                if signed(old) < signed(operand) {
                    old
                } else {
                    operand
                }
            }
            6 => old.max(operand),
            7 => old.min(operand),
            _ => operand,
        };
        (new << unused) >> unused
    })?;
    core.cpu.set_r(bits(word, 4, 0), old as u64);
    Ok(())
}
