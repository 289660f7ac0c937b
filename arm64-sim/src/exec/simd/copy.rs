//! Moving lanes: DUP, INS, SMOV, UMOV, EXT, TBL, TBX, ZIP, UZP, TRN.

use super::lanes::{bit, bits, is_scalar, join, lane, ones, operands, signed, width, write};
use crate::state::{Core, Handler};
use crate::stop::Stop;

/// The handler of a word with bits 28 to 24 `.1110`, bit 21 and bit 15 zero.
pub(super) fn find(word: u32) -> Option<Handler> {
    let (q, op, scalar) = (bit(word, 30), bit(word, 29), is_scalar(word));
    let top = bits(word, 23, 22);
    if bit(word, 10) {
        let imm5 = bits(word, 20, 16);
        if top != 0 || imm5 & 15 == 0 {
            return None;
        }
        let doubles = imm5 & 7 == 0;
        if scalar {
            return (!op && bits(word, 14, 11) == 0).then_some(duplicate as Handler);
        }
        if op {
            return q.then_some(insert_lane as Handler);
        }
        return match bits(word, 14, 11) {
            0b0000 => (q || !doubles).then_some(duplicate as Handler),
            0b0001 => (q || !doubles).then_some(duplicate_general as Handler),
            0b0011 => q.then_some(insert_general as Handler),
            // Signed: of less than the register; unsigned: only a doubleword fills an X register.
            0b0101 => (imm5 & 3 != 0 || (q && !doubles)).then_some(move_signed as Handler),
            0b0111 => (q == doubles).then_some(move_unsigned as Handler),
            _ => None,
        };
    }
    if scalar {
        return None;
    }
    if op {
        let fits = top == 0 && (q || !bit(word, 14));
        return fits.then_some(extract as Handler);
    }
    if bit(word, 11) {
        let exists = !matches!(bits(word, 14, 12), 0 | 4) && (q || top != 3);
        return exists.then_some(permute as Handler);
    }
    (top == 0).then_some(table as Handler)
}

/// The lane size and the index of `imm5`.
fn element(imm5: u32) -> (u32, u32) {
    let size = imm5.trailing_zeros();
    (8 << size, imm5 >> (size + 1))
}

fn duplicate(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, index) = element(bits(word, 20, 16));
    let v = lane(core.cpu.v(bits(word, 9, 5)), size, index);
    write(core, word, join(size, (0..width(word, size) / size).map(|_| v)));
    Ok(())
}

fn duplicate_general(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, _) = element(bits(word, 20, 16));
    let v = core.cpu.r(bits(word, 9, 5));
    write(core, word, join(size, (0..width(word, size) / size).map(|_| v)));
    Ok(())
}

fn insert(core: &mut Core, word: u32, v: u64) {
    let (size, index) = element(bits(word, 20, 16));
    let d = core.cpu.v(bits(word, 4, 0));
    let mask = u128::from(ones(size)) << (index * size);
    write(core, word, d & !mask | u128::from(v & ones(size)) << (index * size));
}

fn insert_general(core: &mut Core, word: u32) -> Result<(), Stop> {
    let v = core.cpu.r(bits(word, 9, 5));
    insert(core, word, v);
    Ok(())
}

fn insert_lane(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, _) = element(bits(word, 20, 16));
    let from = bits(word, 14, 11) >> (size / 8).trailing_zeros();
    let v = lane(core.cpu.v(bits(word, 9, 5)), size, from);
    insert(core, word, v);
    Ok(())
}

fn move_signed(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, index) = element(bits(word, 20, 16));
    let v = signed(lane(core.cpu.v(bits(word, 9, 5)), size, index), size) as u64;
    core.cpu.set_r(bits(word, 4, 0), if bit(word, 30) { v } else { u64::from(v as u32) });
    Ok(())
}

fn move_unsigned(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (size, index) = element(bits(word, 20, 16));
    let v = lane(core.cpu.v(bits(word, 9, 5)), size, index);
    core.cpu.set_r(bits(word, 4, 0), v);
    Ok(())
}

fn extract(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (_, a, b) = operands(core, word);
    let from = bits(word, 14, 11) * 8;
    let v = if bit(word, 30) {
        if from == 0 { a } else { a >> from | b << (128 - from) }
    } else {
        let joined = a & u128::from(u64::MAX) | b << 64;
        joined >> from & u128::from(u64::MAX)
    };
    write(core, word, v);
    Ok(())
}

fn permute(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (_, a, b) = operands(core, word);
    let size = 8 << bits(word, 23, 22);
    let count = width(word, size) / size;
    let second = bits(word, 14, 14);
    let pick = |v, i| lane(v, size, i);
    let v = join(
        size,
        (0..count).map(|i| match bits(word, 13, 12) {
            // UZP: every other lane of both end to end.
            0b01 => {
                let at = 2 * i + second;
                if at < count { pick(a, at) } else { pick(b, at - count) }
            }
            // TRN: lanes of equal parity, in turn.
            0b10 => pick(if i % 2 == 0 { a } else { b }, i / 2 * 2 + second),
            // ZIP: the lanes of one half, in turn.
            _ => pick(if i % 2 == 0 { a } else { b }, i / 2 + second * count / 2),
        }),
    );
    write(core, word, v);
    Ok(())
}

fn table(core: &mut Core, word: u32) -> Result<(), Stop> {
    let (d, _, indices) = operands(core, word);
    let registers = bits(word, 14, 13) + 1;
    let n = bits(word, 9, 5);
    let keeps = bit(word, 12);
    let cpu = &core.cpu;
    let v = join(
        8,
        (0..width(word, 8) / 8).map(|i| {
            let at = lane(indices, 8, i) as u32;
            if at < registers * 16 {
                lane(cpu.v((n + at / 16) & 31), 8, at % 16)
            } else if keeps {
                lane(d, 8, i)
            } else {
                0
            }
        }),
    );
    write(core, word, v);
    Ok(())
}
