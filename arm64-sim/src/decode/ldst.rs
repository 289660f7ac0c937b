//! Loads and stores: `1.0` in bits 27 to 25.

use super::*;
use crate::exec::{atomic, simd_ldst};
use crate::op::{Index, Kind, Shift};

pub(super) fn decode(word: u32, pc: u64) -> Option<Op> {
    match (bits(word, 29, 27), bits(word, 25, 24)) {
        (0b001, _) if bit(word, 26) => simd_ldst::decode(word),
        (0b001, 0b00) => atomic::decode_exclusive(word),
        (0b011, 0b00) => literal(word, pc),
        (0b011, 0b01) if !bit(word, 26) => atomic::decode_ordered_unscaled(word),
        (0b101, 0b00 | 0b01) => pair(word),
        (0b111, 0b00) => match (bit(word, 21), bits(word, 11, 10)) {
            (false, mode) => unscaled(word, mode),
            (true, 0b00) => atomic::decode_atomic(word),
            (true, 0b10) => register_offset(word),
            _ => None,
        },
        (0b111, 0b01) => scaled(word),
        _ => None,
    }
}

/// What `size`, `V` and `opc` of the single-register forms mean.
fn kind(word: u32) -> Option<Kind> {
    let (size, vector, opc) = (bits(word, 31, 30), bit(word, 26), bits(word, 23, 22));
    Some(match (vector, size, opc) {
        (false, 0, 0) => Kind::StoreB,
        (false, 1, 0) => Kind::StoreH,
        (false, 2, 0) => Kind::StoreW,
        (false, 3, 0) => Kind::StoreX,
        (false, 0, 1) => Kind::LoadB,
        (false, 1, 1) => Kind::LoadH,
        (false, 2, 1) => Kind::LoadW,
        (false, 3, 1) => Kind::LoadX,
        (false, 0, 2) => Kind::LoadSbX,
        (false, 1, 2) => Kind::LoadShX,
        (false, 2, 2) => Kind::LoadSwX,
        (false, 3, 2) => Kind::Prefetch,
        (false, 0, 3) => Kind::LoadSbW,
        (false, 1, 3) => Kind::LoadShW,
        (true, 0, 0) => Kind::StoreVb,
        (true, 1, 0) => Kind::StoreVh,
        (true, 2, 0) => Kind::StoreVs,
        (true, 3, 0) => Kind::StoreVd,
        (true, 0, 1) => Kind::LoadVb,
        (true, 1, 1) => Kind::LoadVh,
        (true, 2, 1) => Kind::LoadVs,
        (true, 3, 1) => Kind::LoadVd,
        (true, 0, 2) => Kind::StoreVq,
        (true, 0, 3) => Kind::LoadVq,
        _ => return None,
    })
}

/// Register `Rt` of a general load discards into the sink; a store of 31 stores zero; vectors have no such register.
fn transfer(word: u32, lo: u32, kind: Kind) -> u8 {
    let load = matches!(
        kind,
        Kind::LoadB
            | Kind::LoadH
            | Kind::LoadW
            | Kind::LoadX
            | Kind::LoadSbX
            | Kind::LoadShX
            | Kind::LoadSwX
            | Kind::LoadSbW
            | Kind::LoadShW
    );
    if load { dest(word, lo) } else { source(word, lo) }
}

/// Writing the base back to a register that is also transferred is constrained unpredictable.
fn clashes(word: u32, kind: Kind, second: Option<u8>) -> bool {
    let vector = matches!(
        kind,
        Kind::StoreVb
            | Kind::StoreVh
            | Kind::StoreVs
            | Kind::StoreVd
            | Kind::StoreVq
            | Kind::LoadVb
            | Kind::LoadVh
            | Kind::LoadVs
            | Kind::LoadVd
            | Kind::LoadVq
    );
    let base = source(word, 5);
    !vector && base != 31 && (source(word, 0) == base || second == Some(base))
}

fn scaled(word: u32) -> Option<Op> {
    let kind = kind(word)?;
    let (t, n) = (transfer(word, 0, kind), or_sp(word, 5));
    // A prefetch has the scale of a doubleword.
    let scale = if kind == Kind::Prefetch { 8 } else { kind.size() as i32 };
    let offset = bits(word, 21, 10) as i32 * scale;
    Some(plain(kind, t, n, offset))
}

/// No write-back.
fn plain(kind: Kind, t: u8, n: u8, offset: i32) -> Op {
    match kind {
        Kind::LoadX => Op::LdrX { t, n, offset },
        Kind::LoadW => Op::LdrW { t, n, offset },
        Kind::LoadH => Op::LdrH { t, n, offset },
        Kind::LoadB => Op::LdrB { t, n, offset },
        Kind::LoadSwX => Op::LdrSwX { t, n, offset },
        Kind::StoreX => Op::StrX { t, n, offset },
        Kind::StoreW => Op::StrW { t, n, offset },
        Kind::StoreH => Op::StrH { t, n, offset },
        Kind::StoreB => Op::StrB { t, n, offset },
        Kind::LoadVd => Op::LdrD { t, n, offset },
        Kind::StoreVd => Op::StrD { t, n, offset },
        Kind::Prefetch => Op::Nop,
        _ => Op::Access { kind, t, n, index: Index::Offset, offset },
    }
}

fn unscaled(word: u32, mode: u32) -> Option<Op> {
    let kind = kind(word)?;
    let (t, n) = (transfer(word, 0, kind), or_sp(word, 5));
    let offset = signed(word, 20, 12) as i32;
    let index = match mode {
        0b00 => return Some(plain(kind, t, n, offset)),
        0b01 => Index::Post,
        // LDTR and STTR: at EL0 they are what they seem.
        0b10 if !bit(word, 26) && kind != Kind::Prefetch => return Some(plain(kind, t, n, offset)),
        0b11 => Index::Pre,
        _ => return None,
    };
    if kind == Kind::Prefetch || clashes(word, kind, None) {
        return None;
    }
    Some(Op::Access { kind, t, n, index, offset })
}

fn register_offset(word: u32) -> Option<Op> {
    let kind = kind(word)?;
    let (t, n, m) = (transfer(word, 0, kind), or_sp(word, 5), source(word, 16));
    // Sub-word extensions are unallocated here.
    let option = bits(word, 15, 13);
    if option & 0b010 == 0 {
        return None;
    }
    let shift = Shift::EXTENDS[option as usize];
    let by = if bit(word, 12) { kind.size().max(1).trailing_zeros() as u8 } else { 0 };
    Some(match kind {
        Kind::LoadX => Op::LdrXR { t, n, m, shift, by },
        Kind::LoadW => Op::LdrWR { t, n, m, shift, by },
        Kind::LoadB => Op::LdrBR { t, n, m, shift, by },
        Kind::StoreX => Op::StrXR { t, n, m, shift, by },
        Kind::StoreW => Op::StrWR { t, n, m, shift, by },
        Kind::StoreB => Op::StrBR { t, n, m, shift, by },
        Kind::LoadVd => Op::LdrDR { t, n, m, shift, by },
        Kind::StoreVd => Op::StrDR { t, n, m, shift, by },
        Kind::Prefetch => Op::Nop,
        _ => Op::AccessR { kind, t, n, m, shift, by },
    })
}

fn literal(word: u32, pc: u64) -> Option<Op> {
    let kind = match (bit(word, 26), bits(word, 31, 30)) {
        (false, 0) => Kind::LoadW,
        (false, 1) => Kind::LoadX,
        (false, 2) => Kind::LoadSwX,
        (false, _) => return Some(Op::Nop),
        (true, 0) => Kind::LoadVs,
        (true, 1) => Kind::LoadVd,
        (true, 2) => Kind::LoadVq,
        (true, _) => return None,
    };
    let address = pc.wrapping_add((signed(word, 23, 5) << 2) as u64);
    Some(Op::Literal { kind, t: transfer(word, 0, kind), address })
}

fn pair(word: u32) -> Option<Op> {
    let (load, mode) = (bit(word, 22), bits(word, 24, 23));
    let kind = match (bit(word, 26), bits(word, 31, 30), load) {
        (false, 0, true) => Kind::LoadW,
        (false, 0, false) => Kind::StoreW,
        // LDPSW has no form without allocation.
        (false, 1, true) if mode != 0 => Kind::LoadSwX,
        (false, 2, true) => Kind::LoadX,
        (false, 2, false) => Kind::StoreX,
        (true, 0, true) => Kind::LoadVs,
        (true, 0, false) => Kind::StoreVs,
        (true, 1, true) => Kind::LoadVd,
        (true, 1, false) => Kind::StoreVd,
        (true, 2, true) => Kind::LoadVq,
        (true, 2, false) => Kind::StoreVq,
        _ => return None,
    };
    let index = match mode {
        0b01 => Index::Post,
        0b11 => Index::Pre,
        _ => Index::Offset,
    };
    if load && source(word, 0) == source(word, 10) {
        // Two loads into one register: constrained unpredictable.
        return None;
    }
    if index != Index::Offset && clashes(word, kind, Some(source(word, 10))) {
        return None;
    }
    let (t, u, n) = (transfer(word, 0, kind), transfer(word, 10, kind), or_sp(word, 5));
    let offset = signed(word, 21, 15) as i32 * kind.size() as i32;
    Some(match kind {
        Kind::LoadX => Op::LdpX { t, u, n, index, offset },
        Kind::StoreX => Op::StpX { t, u, n, index, offset },
        _ => Op::Pair { kind, t, u, n, index, offset },
    })
}
