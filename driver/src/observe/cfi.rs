//! Call frame information (DWARF 4, 6.4) as a section `.eh_frame` (Linux Standard Base, 10.6.1) holds it.

use codegen::{DWARF_SP, FrameChange, FrameRow};

/// Of an AArch64 instruction.
const CODE_ALIGN: u8 = 4;
/// Of a saved register, as signed LEB128: -8.
const DATA_ALIGN: u8 = 0x78;
const SAVED_BYTES: u32 = 8;
const LINK_REGISTER: u8 = 30;
/// Addresses are absolute and of 8 bytes (`DW_EH_PE_absptr`).
const ABSOLUTE: u8 = 0;

const ADVANCE_LOC: u8 = 0x40;
const OFFSET: u8 = 0x80;
const RESTORE: u8 = 0xc0;
const NOP: u8 = 0x00;
const ADVANCE_LOC1: u8 = 0x02;
const ADVANCE_LOC2: u8 = 0x03;
const ADVANCE_LOC4: u8 = 0x04;
const OFFSET_EXTENDED: u8 = 0x05;
const RESTORE_EXTENDED: u8 = 0x06;
const REMEMBER_STATE: u8 = 0x0a;
const RESTORE_STATE: u8 = 0x0b;
const DEF_CFA: u8 = 0x0c;
/// `DW_CFA_AARCH64_negate_ra_state` (DWARF for the Arm 64-bit Architecture, 4.4).
const NEGATE_RA_STATE: u8 = 0x2d;
/// What the short forms have no room for.
const SHORT: u8 = 0x40;

/// A section that is being made.
pub(super) struct FrameSection {
    bytes: Vec<u8>,
    /// Where the FDEs are.
    descriptions: Vec<usize>,
}

impl FrameSection {
    pub(super) fn new() -> Self {
        let mut section = Self { bytes: Vec::new(), descriptions: Vec::new() };
        // The CIE, which all FDEs share.
        section.entry(|bytes, _| {
            bytes.extend(0u32.to_ne_bytes());
            bytes.push(1);
            bytes.extend(b"zR\0");
            bytes.extend([CODE_ALIGN, DATA_ALIGN, LINK_REGISTER, 1, ABSOLUTE]);
            bytes.extend([DEF_CFA, DWARF_SP, 0]);
        });
        section
    }

    /// Describes the code of so many bytes at `start`.
    pub(super) fn add(&mut self, start: u64, len: u64, rows: &[FrameRow]) {
        self.descriptions.push(self.bytes.len());
        self.entry(|bytes, at| {
            // How far back the CIE is.
            bytes.extend((at as u32).to_ne_bytes());
            bytes.extend(start.to_ne_bytes());
            bytes.extend(len.to_ne_bytes());
            // No augmentation data.
            bytes.push(0);
            program(bytes, rows);
        });
    }

    /// The section, and where its FDEs are.
    pub(super) fn finish(mut self) -> (Vec<u8>, Vec<usize>) {
        self.bytes.extend(0u32.to_ne_bytes());
        (self.bytes, self.descriptions)
    }

    /// An entry whose contents `fill` writes, given where they begin; it is filled up to a multiple of 8 bytes.
    fn entry(&mut self, fill: impl FnOnce(&mut Vec<u8>, usize)) {
        let mut contents = Vec::new();
        fill(&mut contents, self.bytes.len() + 4);
        contents.resize((contents.len() + 4).next_multiple_of(8) - 4, NOP);
        self.bytes.extend((contents.len() as u32).to_ne_bytes());
        self.bytes.extend(contents);
    }
}

fn program(bytes: &mut Vec<u8>, rows: &[FrameRow]) {
    let mut at = 0;
    let mut saved: Vec<u8> = Vec::new();
    for row in rows {
        advance(bytes, (row.offset - at) / u32::from(CODE_ALIGN));
        at = row.offset;
        match row.change {
            FrameChange::Cfa { register, bytes: distance } => cfa(bytes, register, distance),
            FrameChange::Saved { register, below } => {
                saved.push(register);
                match register {
                    0..SHORT => bytes.push(OFFSET | register),
                    _ => bytes.extend([OFFSET_EXTENDED, register]),
                }
                uleb(bytes, below / SAVED_BYTES);
            }
            FrameChange::Epilogue => bytes.push(REMEMBER_STATE),
            FrameChange::Return => {
                cfa(bytes, DWARF_SP, 0);
                for &register in &saved {
                    match register {
                        0..SHORT => bytes.push(RESTORE | register),
                        _ => bytes.extend([RESTORE_EXTENDED, register]),
                    }
                }
            }
            FrameChange::Body => bytes.push(RESTORE_STATE),
            FrameChange::Signature => bytes.push(NEGATE_RA_STATE),
            _ => unreachable!("every change of a frame is written"),
        }
    }
}

fn cfa(bytes: &mut Vec<u8>, register: u8, distance: u32) {
    bytes.extend([DEF_CFA, register]);
    uleb(bytes, distance);
}

fn advance(bytes: &mut Vec<u8>, instructions: u32) {
    match (instructions, u8::try_from(instructions), u16::try_from(instructions)) {
        (0, ..) => {}
        (_, Ok(few @ 0..SHORT), _) => bytes.push(ADVANCE_LOC | few),
        (_, Ok(few), _) => bytes.extend([ADVANCE_LOC1, few]),
        (_, _, Ok(some)) => {
            bytes.push(ADVANCE_LOC2);
            bytes.extend(some.to_ne_bytes());
        }
        (many, ..) => {
            bytes.push(ADVANCE_LOC4);
            bytes.extend(many.to_ne_bytes());
        }
    }
}

/// An unsigned number in groups of seven bits, the lowest first.
pub(super) fn uleb(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
