//! LD1 to LD4 and ST1 to ST4: whole registers, single lanes, and one element to all lanes.

use crate::field::{bit, bits};
use crate::op::Op;
use crate::state::Core;
use crate::stop::Stop;

/// `0 Q 00110 single post L R ...`.
pub(crate) fn decode(word: u32) -> Option<Op> {
    if bit(word, 31) {
        return None;
    }
    let post = bit(word, 23);
    if !post && bits(word, 20, 16) != 0 {
        return None;
    }
    let run = if bit(word, 24) {
        single(word)?;
        run_single
    } else {
        if bit(word, 21) {
            return None;
        }
        multiple(word)?;
        run_multiple
    };
    Some(if post && bits(word, 9, 5) == 31 {
        Op::ColdSp { run, word }
    } else {
        Op::Cold { run, word }
    })
}

/// Registers of a whole-register form, and how many of them make a structure.
fn multiple(word: u32) -> Option<(u32, u32)> {
    let shape = match bits(word, 15, 12) {
        0b0000 => (4, 4),
        0b0010 => (4, 1),
        0b0100 => (3, 3),
        0b0110 => (3, 1),
        0b0111 => (1, 1),
        0b1000 => (2, 2),
        0b1010 => (2, 1),
        _ => return None,
    };
    // Structures of one doubleword each need no interleaving.
    let doubles = bits(word, 11, 10) == 3;
    (!(doubles && !bit(word, 30) && shape.1 != 1)).then_some(shape)
}

/// A single structure.
struct Single {
    registers: u32,
    /// Bytes of an element.
    size: u32,
    /// The lane; `None` for all of them.
    lane: Option<u32>,
}

fn single(word: u32) -> Option<Single> {
    let (q, s) = (bits(word, 30, 30), bits(word, 12, 12));
    let (opcode, size) = (bits(word, 15, 13), bits(word, 11, 10));
    let registers = ((opcode & 1) << 1 | bits(word, 21, 21)) + 1;
    let (size, lane) = match opcode >> 1 {
        0 => (1, Some(q << 3 | s << 2 | size)),
        1 if size & 1 == 0 => (2, Some(q << 2 | s << 1 | size >> 1)),
        2 if size == 0 => (4, Some(q << 1 | s)),
        2 if size == 1 && s == 0 => (8, Some(q)),
        // LDnR loads only.
        3 if bit(word, 22) && s == 0 => (1 << size, None),
        _ => return None,
    };
    Some(Single { registers, size, lane })
}

/// The address, and the base after the access if it is written back.
fn addresses(core: &Core, word: u32, total: u64) -> (u64, Option<u64>) {
    let base = core.cpu.r_sp(bits(word, 9, 5));
    let step = match bits(word, 20, 16) {
        31 => total,
        m => core.cpu.r(m),
    };
    (base, bit(word, 23).then(|| base.wrapping_add(step)))
}

fn move_element(
    core: &mut Core,
    load: bool,
    register: u32,
    lane: u32,
    size: u32,
    address: u64,
) -> Result<(), Stop> {
    let shift = lane * size * 8;
    let mask = (u128::from(u64::MAX) >> (64 - size * 8)) << shift;
    let v = core.cpu.v(register);
    if load {
        let element = core.mem.read_sized(address, u64::from(size))?;
        core.cpu.set_v(register, v & !mask | element << shift);
    } else {
        core.mem.write_sized(address, u64::from(size), (v & mask) >> shift)?;
    }
    Ok(())
}

fn run_multiple(core: &mut Core, word: u32) -> Result<(), Stop> {
    let Some((registers, structure)) = multiple(word) else { return Err(Stop::Undefined) };
    let load = bit(word, 22);
    let bytes = if bit(word, 30) { 16 } else { 8 };
    let size = 1 << bits(word, 11, 10);
    let (base, after) = addresses(core, word, u64::from(registers * bytes));
    let first = bits(word, 4, 0);
    let mut address = base;
    if load {
        // The upper half of a short register becomes zero.
        for r in 0..registers {
            let r = (first + r) & 31;
            let d = core.cpu.d(r);
            core.cpu.set_d(r, d);
        }
    }
    for group in 0..registers / structure {
        for lane in 0..bytes / size {
            for i in 0..structure {
                let register = (first + group * structure + i) & 31;
                move_element(core, load, register, lane, size, address)?;
                address = address.wrapping_add(u64::from(size));
            }
        }
    }
    if let Some(after) = after {
        core.cpu.set_r_sp(bits(word, 9, 5), after);
    }
    Ok(())
}

fn run_single(core: &mut Core, word: u32) -> Result<(), Stop> {
    let Some(Single { registers, size, lane }) = single(word) else { return Err(Stop::Undefined) };
    let load = bit(word, 22);
    let (base, after) = addresses(core, word, u64::from(registers * size));
    for i in 0..registers {
        let register = (bits(word, 4, 0) + i) & 31;
        let address = base.wrapping_add(u64::from(i * size));
        match lane {
            Some(lane) => move_element(core, load, register, lane, size, address)?,
            None => {
                let element = core.mem.read_sized(address, u64::from(size))?;
                let count = if bit(word, 30) { 16 } else { 8 } / size;
                let v = (0..count).fold(0u128, |v, i| v | element << (i * size * 8));
                core.cpu.set_v(register, v);
            }
        }
    }
    if let Some(after) = after {
        core.cpu.set_r_sp(bits(word, 9, 5), after);
    }
    Ok(())
}
