//! The least of DWARF 4 that a debugger shows names and source lines from: for each function a compilation unit with one
//! subprogram and a line number program (6.2, 7.5).

use super::Seen;
use super::cfi::uleb;
use super::jitdump::c_string;

const VERSION: u16 = 4;
const ADDRESS_BYTES: u8 = 8;
const LANGUAGE_C: u16 = 2;

/// Two kinds of entries: 1 is a compilation unit, with children, 2 a subprogram, without. Each has attributes with their
/// forms.
#[rustfmt::skip]
const ABBREVIATIONS: &[u8] = &[
    1, 0x11, 1, // DW_TAG_compile_unit
        0x03, 0x08, // DW_AT_name, DW_FORM_string
        0x13, 0x05, // DW_AT_language, DW_FORM_data2
        0x11, 0x01, // DW_AT_low_pc, DW_FORM_addr
        0x12, 0x07, // DW_AT_high_pc, DW_FORM_data8: the size
        0x10, 0x17, // DW_AT_stmt_list, DW_FORM_sec_offset
        0, 0,
    2, 0x2e, 0, // DW_TAG_subprogram
        0x03, 0x08,
        0x3f, 0x19, // DW_AT_external, DW_FORM_flag_present
        0x11, 0x01,
        0x12, 0x07,
        0, 0,
    0,
];

/// The sections of debugging information of some functions.
#[derive(Default)]
pub(super) struct DebugSections {
    info: Vec<u8>,
    line: Vec<u8>,
}

impl DebugSections {
    /// Adds a function, if its lines are known.
    pub(super) fn add(&mut self, seen: &Seen<'_>) {
        let (Some(source), Some(_)) = (seen.source, seen.lines.first()) else { return };
        let lines_at = self.line.len() as u32;
        sized(&mut self.line, |bytes| line_unit(bytes, seen, source));
        sized(&mut self.info, |bytes| {
            bytes.extend(VERSION.to_le_bytes());
            // The abbreviations begin their section.
            bytes.extend(0u32.to_le_bytes());
            bytes.push(ADDRESS_BYTES);
            let range = seen.range();
            let range = [range.start, range.end - range.start].map(u64::to_le_bytes);
            bytes.push(1);
            c_string(bytes, source);
            bytes.extend(LANGUAGE_C.to_le_bytes());
            bytes.extend(range.as_flattened());
            bytes.extend(lines_at.to_le_bytes());
            bytes.push(2);
            c_string(bytes, seen.name);
            bytes.extend(range.as_flattened());
            // No more children.
            bytes.push(0);
        });
    }

    /// The sections by their names.
    pub(super) fn finish(self) -> [(&'static str, Vec<u8>); 3] {
        let abbreviations = ABBREVIATIONS.to_vec();
        [(".debug_info", self.info), (".debug_abbrev", abbreviations), (".debug_line", self.line)]
    }
}

/// A unit behind its length.
fn sized(bytes: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let at = bytes.len();
    bytes.extend([0; 4]);
    fill(bytes);
    let len = (bytes.len() - at - 4) as u32;
    bytes[at..at + 4].copy_from_slice(&len.to_le_bytes());
}

/// Operands of the standard opcodes, from 1 on.
const OPCODE_OPERANDS: [u8; 12] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
const COPY: u8 = 1;
const ADVANCE_PC: u8 = 2;
const ADVANCE_LINE: u8 = 3;
const SET_COLUMN: u8 = 5;
/// Behind a zero and their length.
const END_SEQUENCE: u8 = 1;
const SET_ADDRESS: u8 = 2;
const INSTRUCTION_BYTES: u8 = 4;

fn line_unit(bytes: &mut Vec<u8>, seen: &Seen<'_>, source: &str) {
    bytes.extend(VERSION.to_le_bytes());
    sized(bytes, |bytes| {
        let (operations, is_statement) = (1, 1);
        // Special opcodes are not used: their first line and their range may be anything.
        let (line_base, line_range) = (0, 1);
        bytes.extend([INSTRUCTION_BYTES, operations, is_statement, line_base, line_range]);
        bytes.push(OPCODE_OPERANDS.len() as u8 + 1);
        bytes.extend(OPCODE_OPERANDS);
        // No directories; one file, in directory 0, of unknown time and length; no more.
        bytes.push(0);
        c_string(bytes, source);
        bytes.extend([0, 0, 0, 0]);
    });
    bytes.extend([0, 1 + ADDRESS_BYTES, SET_ADDRESS]);
    bytes.extend(seen.start.to_le_bytes());
    let (mut line, mut at) = (1, 0);
    // The prologue belongs to the first line.
    let first = seen.lines.first().filter(|(offset, _)| *offset > 0).map(|&(_, span)| (0, span));
    for (offset, span) in first.into_iter().chain(seen.lines.iter().copied()) {
        bytes.push(ADVANCE_PC);
        uleb(bytes, (offset - at) / u32::from(INSTRUCTION_BYTES));
        bytes.push(ADVANCE_LINE);
        sleb(bytes, i64::from(span.line()) - line);
        bytes.push(SET_COLUMN);
        uleb(bytes, span.column());
        bytes.push(COPY);
        (at, line) = (offset, span.line().into());
    }
    bytes.push(ADVANCE_PC);
    uleb(bytes, seen.words.len() as u32 - at / u32::from(INSTRUCTION_BYTES));
    bytes.extend([0, 1, END_SEQUENCE]);
}

/// A signed number in groups of seven bits, the lowest first.
fn sleb(bytes: &mut Vec<u8>, mut value: i64) {
    while !(-0x40..0x40).contains(&value) {
        bytes.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8 & 0x7f);
}
