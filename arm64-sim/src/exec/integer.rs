//! Integer instructions that are too rare for the loop.

use crate::cpu::{add_with_carry64, logical_flags32};
use crate::decode::{bit, bit_mask, bits};
use crate::op::{Core, Shift};
use crate::stop::Stop;

/// ADD and SUB (immediate) with WSP as the destination.
pub(crate) fn add_immediate_wsp(core: &mut Core, word: u32) -> Result<(), Stop> {
    let imm = bits(word, 21, 10) << if bit(word, 22) { 12 } else { 0 };
    let a = core.cpu.r_sp(bits(word, 9, 5)) as u32;
    let r = if bit(word, 30) { a.wrapping_sub(imm) } else { a.wrapping_add(imm) };
    core.cpu.set_r_sp(31, u64::from(r));
    Ok(())
}

/// ADD and SUB (extended register) with WSP as the destination.
pub(crate) fn add_extended_wsp(core: &mut Core, word: u32) -> Result<(), Stop> {
    let a = core.cpu.r_sp(bits(word, 9, 5)) as u32;
    let shift = Shift::EXTENDS[bits(word, 15, 13) as usize];
    let b = shift.apply32(core.cpu.r(bits(word, 20, 16)) as u32, bits(word, 12, 10) as u8);
    let r = if bit(word, 30) { a.wrapping_sub(b) } else { a.wrapping_add(b) };
    core.cpu.set_r_sp(31, u64::from(r));
    Ok(())
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
    core.cpu.nzcv = logical_flags32(top) | (core.cpu.nzcv & crate::cpu::C) | overflow;
    Ok(())
}

/// ADC, SBC and their flag-setting forms.
pub(crate) fn carry(a: u64, b: u64, carry: bool, wide: bool) -> (u64, u8) {
    if wide {
        add_with_carry64(a, b, carry)
    } else {
        crate::cpu::add_with_carry32(a as u32, b as u32, carry)
    }
}
