//! Random instructions and operands that find the corners.

use arm64_sim::Registers;
use testkit::Random;

fn bits(word: u32, hi: u32, lo: u32) -> u32 {
    (word >> lo) & (u32::MAX >> (31 - (hi - lo)))
}

/// A pattern of bits out of an encoding class's diagram, the variable bits random.
pub(crate) fn from_diagram(diagram: &str, random: &mut Random) -> u32 {
    let noise = random.bits() as u32;
    let mut word = 0;
    for (i, c) in diagram.chars().filter(|c| !c.is_whitespace()).enumerate() {
        let at = 31 - i as u32;
        word |= match c {
            '0' => 0,
            '1' => 1,
            _ => noise >> at & 1,
        } << at;
    }
    word
}

/// What a word needs around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needs {
    /// Nothing: it works on registers.
    Nothing,
    /// Its base and index registers in range of the test's memory.
    Memory,
    /// A target that can be reached.
    Branch,
    /// To be the last: writes FPCR or FPSR, where bits that do nothing may be kept and could be read back.
    End,
    /// Not to be compared: reads what differs, or ends the program.
    Leave,
}

/// Loads and stores, branches, and words that are left out for a reason.
pub(crate) fn needs(word: u32) -> Needs {
    match bits(word, 28, 25) {
        // QEMU 7.2 takes the second register of CASP x30, xzr for SP.
        0b0100
            if word & 0xbfa0_7c00 == 0x0820_7c00
                && (bits(word, 20, 16) == 30 || bits(word, 4, 0) == 30) =>
        {
            Needs::Leave
        }
        // A base that is its own index would be twice the address.
        0b1100 | 0b1110
            if bits(word, 11, 10) == 2
                && bits(word, 21, 21) == 1
                && bits(word, 9, 5) == bits(word, 20, 16) =>
        {
            Needs::Leave
        }
        0b0100 | 0b0110 | 0b1100 | 0b1110 => Needs::Memory,
        0b1010 | 0b1011 => match bits(word, 31, 24) {
            // SVC, BRK, HLT end the test.
            0b1101_0100 => Needs::Leave,
            0b1101_0101 => {
                let register = bits(word, 20, 5);
                // NZCV and FPCR, FPSR; others are the machine's own. Hints may be pointer authentication, which the
                // simulator does not have; cache operations are memory accesses.
                let flags = register == 0b1101_1010_0001_0000;
                let fp = register >> 1 == 0b110_1101_0001_0000;
                let pstate = bits(word, 21, 12) == 0b00_0000_0100;
                let hint = bits(word, 31, 5) == 0xd503_201f >> 5;
                let barrier = bits(word, 31, 12) == 0xd503_3;
                if fp && bits(word, 21, 21) == 0 {
                    return Needs::End;
                }
                if flags || fp || pstate || hint || barrier { Needs::Nothing } else { Needs::Leave }
            }
            _ => Needs::Branch,
        },
        _ => Needs::Nothing,
    }
}

/// Keeps the offset of a load or store small, and branches to the next word but one.
pub(crate) fn tame(word: u32, random: &mut Random) -> u32 {
    match needs(word) {
        Needs::Memory => {
            let literal = bits(word, 29, 27) == 0b011 && bits(word, 25, 24) == 0;
            let scaled = bits(word, 29, 27) == 0b111 && bits(word, 25, 24) == 1;
            if literal {
                // Into the words themselves.
                word & !(0x7ffff << 5) | (random.below(8) as u32) << 5
            } else if scaled {
                word & !(0xfc0 << 10)
            } else {
                word
            }
        }
        Needs::Branch => match bits(word, 30, 26) {
            // B, BL.
            0b00101 => word & !0x3ff_ffff | 2,
            _ if bits(word, 30, 25) == 0b01_1011 => word & !(0x3fff << 5) | 2 << 5,
            _ if bits(word, 31, 25) == 0b110_1011 => word,
            _ => word & !(0x7ffff << 5) | 2 << 5,
        },
        _ => word,
    }
}

const F64: [u64; 16] = [
    0,
    0x8000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0001,
    0xfff8_1234_5678_9abc,
    0x7ff0_0000_0000_0001,
    0xfff4_5555_5555_5555,
    1,
    0x800f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x43e0_0000_0000_0000,
    0x41df_ffff_ffff_ffff,
];
const F32: [u32; 16] = [
    0,
    0x8000_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0001,
    0xffc1_2345,
    0x7f80_0001,
    0xffa5_5555,
    1,
    0x807f_ffff,
    0x0080_0000,
    0x7f7f_ffff,
    0x4f00_0000,
    0xcf00_0000,
];
const F16: [u16; 16] = [
    0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e01, 0xfe55, 0x7c01, 0xfd55, 1, 0x83ff, 0x0400,
    0x7bff, 0x7800, 0xf800,
];

/// An integer from a mixture of sizes.
fn integer(r: &mut Random) -> u64 {
    let v = r.bits();
    match r.below(8) {
        0 => v & 0xff,
        1 => v >> r.below(64),
        2 => !(v >> r.below(64)),
        3 => 1 << (v & 63),
        4 => (1u64 << (v & 63)).wrapping_neg(),
        5 => [
            0,
            1,
            u64::MAX,
            i64::MAX as u64,
            i64::MIN as u64,
            0x8000_0000,
            0x7fff_ffff,
            0xffff_ffff,
        ][(v & 7) as usize],
        _ => v,
    }
}

/// A double with an exponent near that of one, or any.
fn double(r: &mut Random) -> u64 {
    let v = r.bits();
    match r.below(4) {
        0 => F64[(v & 15) as usize],
        1 => (v & 0x800f_ffff_ffff_ffff) | (1023 - 32 + r.below(100) as u64) << 52,
        2 => {
            (v & 0x800f_ffff_ffff_ffff & u64::MAX << r.below(52))
                | (1023 - 4 + r.below(70) as u64) << 52
        }
        _ => v,
    }
}

fn single(r: &mut Random) -> u32 {
    let v = r.bits() as u32;
    match r.below(4) {
        0 => F32[(v & 15) as usize],
        1 => (v & 0x807f_ffff) | ((127 - 32 + r.below(100)) as u32) << 23,
        2 => (v & 0x807f_ffff & u32::MAX << r.below(23)) | ((127 - 4 + r.below(70)) as u32) << 23,
        _ => v,
    }
}

fn half(r: &mut Random) -> u16 {
    let v = r.bits() as u16;
    if r.once_in(2) { F16[(v & 15) as usize] } else { v }
}

fn vector(r: &mut Random) -> u128 {
    let lanes = |n: u32, mut lane: Box<dyn FnMut() -> u128>| {
        (0..128 / n).fold(0u128, |v, _| v.checked_shl(n).unwrap_or(0) | lane())
    };
    let mut own = Random::new(r.bits());
    match r.below(6) {
        0 => u128::from(double(r)) | u128::from(double(r)) << 64,
        1 => lanes(32, Box::new(move || u128::from(single(&mut own)))),
        2 => lanes(16, Box::new(move || u128::from(half(&mut own)))),
        3 => u128::from(integer(r)) | u128::from(integer(r)) << 64,
        4 => lanes(
            8,
            Box::new(move || {
                u128::from([0u8, 1, 0x7f, 0x80, 0xff, own.bits() as u8][own.below(6) as usize])
            }),
        ),
        _ => u128::from(r.bits()) | u128::from(r.bits()) << 64,
    }
}

/// Registers for a run whose stack pointer and memory are around `middle`.
pub(crate) fn registers(r: &mut Random, middle: u64) -> Registers {
    let mut regs = Registers::default();
    for x in &mut regs.x {
        *x = integer(r);
    }
    for v in &mut regs.v {
        *v = vector(r);
    }
    regs.sp = middle;
    regs.nzcv = (r.below(16) as u64) << 28;
    if r.once_in(3) {
        // AHP, DN, FZ, RMode, FZ16.
        regs.fpcr = r.bits() & (0x07c8_0000);
        // The alternative half precision format is rare; so it is here.
        if !r.once_in(4) {
            regs.fpcr &= !(1 << 26);
        }
    }
    regs
}

/// Points the base register of a load or store into memory, and makes its index small.
pub(crate) fn point(word: u32, regs: &mut Registers, middle: u64, r: &mut Random) {
    let (n, m) = (bits(word, 9, 5) as usize, bits(word, 20, 16) as usize);
    let exclusive_or_atomic = bits(word, 29, 27) == 0b001 && bits(word, 26, 26) == 0
        || bits(word, 29, 27) == 0b111
            && bits(word, 25, 24) == 0
            && bits(word, 21, 21) == 1
            && bits(word, 11, 10) == 0
        || bits(word, 29, 27) == 0b011 && bits(word, 25, 24) == 1;
    let register_offset = bits(word, 29, 27) == 0b111
        && bits(word, 25, 24) == 0
        && bits(word, 21, 21) == 1
        && bits(word, 11, 10) == 2;
    if register_offset && m != 31 {
        regs.x[m] = r.below(64) as u64;
        if r.once_in(3) {
            regs.x[m] = regs.x[m].wrapping_neg();
        }
        if r.once_in(3) {
            regs.x[m] ^= r.bits() << 32;
            // With a 64-bit index that would be wild.
            if bits(word, 13, 13) == 1 {
                regs.x[m] = regs.x[m] as i32 as i64 as u64;
            }
        }
        // A zero-extended negative index is wild as well.
        if bits(word, 15, 13) == 0b010 {
            regs.x[m] &= !0xffff_ffc0;
        }
    }
    // Store-multiple with a register increment.
    if bits(word, 29, 27) == 0b001 && bits(word, 26, 26) == 1 && bits(word, 23, 23) == 1 && m != 31
    {
        regs.x[m] = r.bits();
    }
    if n != 31 {
        let offset = if exclusive_or_atomic { r.below(16) * 16 } else { r.below(256) } as u64;
        let unscaled = bits(word, 29, 27) == 0b011;
        let offset =
            if unscaled { offset.wrapping_sub(crate::generate::imm9(word)) } else { offset };
        regs.x[n] = middle.wrapping_add(offset);
    }
}

fn imm9(word: u32) -> u64 {
    (i64::from((word << 11) as i32) >> 23) as u64
}
