//! Which registers an instruction reads and writes, for the checks of stale registers. One bit each: x0 to x30 below,
//! the flags, then v0 to v31. Bit 18 is never x18, which has a check of its own, but "needs an aligned SP".
//!
//! A use that is not listed only misses a report; a definition that is not listed would invent one. So where a class
//! is not worth telling apart, its uses are left out and its definitions listed.

use crate::field::{bit, bits};

/// The bit of the flags.
pub(crate) const FLAGS: u64 = 1 << 31;
/// As a use: the instruction accesses memory through SP, or calls. As stale: SP is not aligned.
pub(crate) const STACK: u64 = 1 << 18;
/// x8 to x17.
const SCRATCH_X: u64 = 0x3_ff00;
/// v16 to v31.
const SCRATCH_V: u64 = 0xffff_0000 << 32;
/// What a call leaves unspecified, whatever it returns.
pub(crate) const AFTER_CALL: u64 = SCRATCH_X | SCRATCH_V | FLAGS;
/// What a call leaves unspecified if it returns nothing.
pub(crate) const CALLER_SAVED: u64 = AFTER_CALL | 0xff | 0xff << 32;

/// The register of a bit; `None` for the flags.
pub(crate) fn name(bit: u32) -> Option<String> {
    match bit {
        31 => None,
        0..31 => Some(format!("x{bit}")),
        _ => Some(format!("v{}", bit - 32)),
    }
}

/// The registers of an instruction.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Regs {
    pub(crate) uses: u64,
    pub(crate) defs: u64,
    /// Is x18 among the definitions?
    pub(crate) writes_platform: bool,
}

/// The general register in the field at `lo`; 31 is none.
fn x(word: u32, lo: u32) -> u64 {
    match bits(word, lo + 4, lo) {
        31 => 0,
        r => 1 << r,
    }
}

/// The vector register in the field at `lo`.
fn v(word: u32, lo: u32) -> u64 {
    1 << (32 + bits(word, lo + 4, lo))
}

/// The base register: its own use, or an aligned SP. Bit 63 of neither: told apart by [`Raw`].
struct Raw {
    uses: u64,
    defs: u64,
    stack: bool,
}

const fn raw(uses: u64, defs: u64) -> Raw {
    Raw { uses, defs, stack: false }
}

/// The registers of `word`, which is executed by the simulator.
pub(crate) fn regs(word: u32) -> Regs {
    let r = match bits(word, 28, 25) {
        0b1000 | 0b1001 => dp_imm(word),
        0b1010 | 0b1011 => branch(word),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => ldst(word),
        0b0101 | 0b1101 => dp_reg(word),
        _ => fp(word),
    };
    let platform = 1 << 18;
    let stack = if r.stack { STACK } else { 0 };
    Regs {
        uses: r.uses & !platform | stack,
        defs: r.defs & !platform,
        writes_platform: r.defs & platform != 0,
    }
}

fn flags_if(condition: bool) -> u64 {
    if condition { FLAGS } else { 0 }
}

fn dp_imm(word: u32) -> Raw {
    let (d, n) = (x(word, 0), x(word, 5));
    match bits(word, 25, 23) {
        0b000 | 0b001 => raw(0, d),
        0b010 => raw(n, d | flags_if(bit(word, 29))),
        0b100 => raw(n, d | flags_if(bits(word, 30, 29) == 3)),
        // MOVK and BFM keep part of the destination.
        0b101 => raw(if bits(word, 30, 29) == 3 { d } else { 0 }, d),
        0b110 => raw(if bits(word, 30, 29) == 1 { n | d } else { n }, d),
        _ => raw(n | x(word, 16), d),
    }
}

fn dp_reg(word: u32) -> Raw {
    let (d, n, m) = (x(word, 0), x(word, 5), x(word, 16));
    if !bit(word, 28) {
        let flags = if bit(word, 24) { bit(word, 29) } else { bits(word, 30, 29) == 3 };
        return raw(n | m, d | flags_if(flags));
    }
    match (bit(word, 24), bits(word, 23, 21)) {
        (true, _) => raw(n | m | x(word, 10), d),
        (false, 0b000) if bits(word, 15, 10) == 0 => {
            raw(n | m | FLAGS, d | flags_if(bit(word, 29)))
        }
        (false, 0b000) => raw(n, FLAGS),
        (false, 0b010) => raw(n | FLAGS | if bit(word, 11) { 0 } else { m }, FLAGS),
        (false, 0b100) => raw(n | m | FLAGS, d),
        _ if bit(word, 30) => raw(n, d),
        _ => raw(n | m, d),
    }
}

fn branch(word: u32) -> Raw {
    const LR: u64 = 1 << 30;
    match bits(word, 31, 25) {
        0b100_1010 | 0b100_1011 => Raw { uses: 0, defs: LR, stack: true },
        0b010_1010 => raw(FLAGS, 0),
        0b001_1010 | 0b101_1010 | 0b001_1011 | 0b101_1011 => raw(x(word, 0), 0),
        0b110_1011 => {
            let call = bits(word, 24, 21) == 1;
            Raw { uses: x(word, 5), defs: if call { LR } else { 0 }, stack: call }
        }
        0b110_1010 if bits(word, 24, 22) == 0b100 => {
            let t = x(word, 0);
            let nzcv = bits(word, 20, 5) == crate::exec::system::NZCV;
            match (bit(word, 21), bits(word, 20, 19)) {
                (true, _) => raw(flags_if(nzcv), t),
                (false, 1..) => raw(t, flags_if(nzcv)),
                _ => raw(0, 0),
            }
        }
        _ => raw(0, 0),
    }
}

fn ldst(word: u32) -> Raw {
    let vector = bit(word, 26);
    let t = |lo| if vector { v(word, lo) } else { x(word, lo) };
    let n = x(word, 5);
    let through_sp = bits(word, 9, 5) == 31;
    let mem = |uses, defs| Raw { uses: uses | n, defs, stack: through_sp };
    match (bits(word, 29, 27), bits(word, 25, 24)) {
        (0b011, 0b00) => raw(0, if bits(word, 31, 30) == 3 { 0 } else { t(0) }),
        (0b011, _) => {
            if bits(word, 23, 22) == 0 {
                mem(t(0), 0)
            } else {
                mem(0, t(0))
            }
        }
        (0b101, _) => {
            let back = if bit(word, 23) { n } else { 0 };
            if bit(word, 22) { mem(0, t(0) | t(10) | back) } else { mem(t(0) | t(10), back) }
        }
        (0b111, 0b01) => single(word, mem, t(0), 0),
        (0b111, _) => match (bit(word, 21), bits(word, 11, 10)) {
            (false, mode) => single(word, mem, t(0), if mode & 1 == 1 { n } else { 0 }),
            (true, 0b10) => {
                let r = single(word, mem, t(0), 0);
                Raw { uses: r.uses | x(word, 16), ..r }
            }
            // Atomics; LDAPR names no source.
            _ => mem(x(word, 16), x(word, 0)),
        },
        (0b001, _) if vector => {
            let back = if bit(word, 23) { n } else { 0 };
            let index = if bit(word, 23) { x(word, 16) } else { 0 };
            // Up to four registers, wrapping round.
            let list = bits(word, 4, 0);
            let four = (0b1111u32.rotate_left(list) | (0b1111u64 << list >> 32) as u32) as u64;
            let loads = bit(word, 22);
            mem(index, back | if loads { four << 32 } else { 0 })
        }
        (0b001, _) => exclusive(word, mem),
        _ => raw(0, 0),
    }
}

fn single(word: u32, mem: impl Fn(u64, u64) -> Raw, t: u64, back: u64) -> Raw {
    let (vector, opc) = (bit(word, 26), bits(word, 23, 22));
    let prefetch = !vector && bits(word, 31, 30) == 3 && opc == 2;
    let store = if vector { opc & 1 == 0 } else { opc == 0 };
    if prefetch {
        raw(0, 0)
    } else if store {
        mem(t, back)
    } else {
        mem(0, t | back)
    }
}

fn exclusive(word: u32, mem: impl Fn(u64, u64) -> Raw) -> Raw {
    let (t, t2, s) = (x(word, 0), x(word, 10), x(word, 16));
    let (o2, load, o1) = (bit(word, 23), bit(word, 22), bit(word, 21));
    let next = |r: u64| r | r << 1;
    match (o2, o1) {
        (false, true) if !bit(word, 31) => mem(next(s) | next(t), next(s)),
        (false, _) if load => mem(0, t | if o1 { t2 } else { 0 }),
        (false, _) => mem(t | if o1 { t2 } else { 0 }, s),
        (true, false) if load => mem(0, t),
        (true, false) => mem(t, 0),
        (true, true) => mem(t | s, s),
    }
}

fn fp(word: u32) -> Raw {
    let (d, n, m) = (v(word, 0), v(word, 5), v(word, 16));
    if bits(word, 30, 24) == 0b001_1111 && !bit(word, 31) {
        return raw(n | m | v(word, 10), d);
    }
    if bits(word, 30, 24) != 0b001_1110 {
        return simd(word);
    }
    if !bit(word, 21) || bits(word, 15, 10) == 0 {
        let (mode, code) = (bits(word, 20, 19), bits(word, 18, 16));
        let to_float = matches!(code, 2 | 3 | 7);
        if to_float {
            // FMOV to the upper half keeps the lower.
            let keeps = mode == 1 && code == 7;
            return raw(x(word, 5) | if keeps { d } else { 0 }, d);
        }
        let flags = mode == 3 && code == 6;
        return raw(n, x(word, 0) | flags_if(flags));
    }
    match bits(word, 11, 10) {
        0b01 => raw(n | m | FLAGS, FLAGS),
        0b11 => raw(n | m | FLAGS, d),
        0b10 => raw(n | m, d),
        _ if bit(word, 12) => raw(0, d),
        _ if bit(word, 13) => raw(n | if bit(word, 3) { 0 } else { m }, FLAGS),
        _ => raw(n, d),
    }
}

/// AdvSIMD: sources that may be immediates or are kept destinations are left out.
fn simd(word: u32) -> Raw {
    let d = v(word, 0);
    // Copy: `0 Q op 01110000 imm5 0 imm4 1`, with SMOV, UMOV to and DUP, INS from general registers.
    let copy =
        !bit(word, 31) && bits(word, 28, 21) == 0b0111_0000 && !bit(word, 15) && bit(word, 10);
    if copy && !bit(word, 29) {
        return match bits(word, 14, 11) {
            0b0101 | 0b0111 => raw(v(word, 5), x(word, 0)),
            0b0001 | 0b0011 => raw(x(word, 5), d),
            _ => raw(v(word, 5), d),
        };
    }
    let immediate = bits(word, 28, 19) == 0b01_1110_0000 && bit(word, 10);
    raw(if immediate { 0 } else { v(word, 5) }, d)
}
