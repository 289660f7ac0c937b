//! An object file in memory, as debuggers read it: sections and symbols, no segments (ELF-64, little-endian).

use super::jitdump::c_string;

const EHDR_BYTES: usize = 64;
const SHDR_BYTES: u16 = 64;
const SYMBOL_BYTES: u64 = 24;
/// `ET_EXEC`: addresses are final.
const EXECUTABLE: u16 = 2;
const EM_AARCH64: u16 = 183;
const ALLOC_EXEC: u64 = 2 | 4;
/// A function that every file sees.
const GLOBAL_FUNCTION: u8 = 1 << 4 | 2;

/// `sh_type`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null = 0,
    Contents = 1,
    Symbols = 2,
    Strings = 3,
    /// It is in memory, not in the file.
    Elsewhere = 8,
}

struct Section {
    name: u32,
    kind: Kind,
    address: u64,
    size: u64,
    contents: Vec<u8>,
    /// What the header tells of symbols: their strings, and the first that is global.
    link: u32,
    info: u32,
}

/// A file that is being made.
pub(super) struct ObjectFile {
    sections: Vec<Section>,
    section_names: Vec<u8>,
    symbols: Vec<u8>,
    symbol_names: Vec<u8>,
}

impl ObjectFile {
    pub(super) fn new() -> Self {
        let mut file = Self {
            sections: Vec::new(),
            section_names: Vec::new(),
            // The first symbol is none.
            symbols: vec![0; SYMBOL_BYTES as usize],
            symbol_names: vec![0],
        };
        file.section("", Kind::Null, Vec::new());
        file
    }

    /// Code that is in memory, with a symbol over it.
    pub(super) fn code(&mut self, name: &str, address: u64, size: u64) {
        let index = self.sections.len() as u16;
        let section = self.section(".text", Kind::Elsewhere, Vec::new());
        (section.address, section.size) = (address, size);
        self.symbols.extend((self.symbol_names.len() as u32).to_le_bytes());
        self.symbols.extend([GLOBAL_FUNCTION, 0]);
        self.symbols.extend(index.to_le_bytes());
        self.symbols.extend(address.to_le_bytes());
        self.symbols.extend(size.to_le_bytes());
        c_string(&mut self.symbol_names, name);
    }

    /// A section whose contents are in the file.
    pub(super) fn contents(&mut self, name: &str, contents: Vec<u8>) {
        self.section(name, Kind::Contents, contents);
    }

    fn section(&mut self, name: &str, kind: Kind, contents: Vec<u8>) -> &mut Section {
        let at = self.section_names.len() as u32;
        c_string(&mut self.section_names, name);
        let size = contents.len() as u64;
        let section = Section { name: at, kind, address: 0, size, contents, link: 0, info: 0 };
        self.sections.push(section);
        let last = self.sections.len() - 1;
        &mut self.sections[last]
    }

    /// The bytes of the file: its header, what is in the sections, the headers of these.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let (symbols, names) = (self.symbols.split_off(0), self.symbol_names.split_off(0));
        let strings = self.sections.len() as u32;
        self.section(".strtab", Kind::Strings, names);
        let table = self.section(".symtab", Kind::Symbols, symbols);
        (table.link, table.info) = (strings, 1);
        let section_names = self.sections.len() as u16;
        self.section(".shstrtab", Kind::Strings, Vec::new());
        let last = self.sections.len() - 1;
        self.sections[last].size = self.section_names.len() as u64;
        self.sections[last].contents = self.section_names.split_off(0);

        let mut body = vec![0; EHDR_BYTES];
        let mut headers = Vec::new();
        for section in &self.sections {
            body.resize(body.len().next_multiple_of(8), 0);
            let flags = if section.kind == Kind::Elsewhere { ALLOC_EXEC } else { 0 };
            let entry = if section.kind == Kind::Symbols { SYMBOL_BYTES } else { 0 };
            headers.extend(section.name.to_le_bytes());
            headers.extend((section.kind as u32).to_le_bytes());
            for word in [flags, section.address, body.len() as u64, section.size] {
                headers.extend(word.to_le_bytes());
            }
            headers.extend(section.link.to_le_bytes());
            headers.extend(section.info.to_le_bytes());
            // Alignment, and the size of what it has many of.
            headers.extend(8u64.to_le_bytes());
            headers.extend(entry.to_le_bytes());
            body.extend(&section.contents);
        }
        body.resize(body.len().next_multiple_of(8), 0);
        let header = header(body.len() as u64, self.sections.len() as u16, section_names);
        body[..EHDR_BYTES].copy_from_slice(&header);
        body.extend(headers);
        body
    }
}

fn header(headers_at: u64, sections: u16, section_names: u16) -> [u8; EHDR_BYTES] {
    let mut bytes = Vec::with_capacity(EHDR_BYTES);
    // 64 bits, little-endian, version 1.
    bytes.extend(b"\x7fELF\x02\x01\x01");
    bytes.resize(16, 0);
    bytes.extend([EXECUTABLE, EM_AARCH64].map(u16::to_le_bytes).as_flattened());
    bytes.extend(1u32.to_le_bytes());
    // No entry, no segments.
    bytes.extend([0, 0, headers_at].map(u64::to_le_bytes).as_flattened());
    bytes.extend(0u32.to_le_bytes());
    let sizes = [EHDR_BYTES as u16, 0, 0, SHDR_BYTES, sections, section_names];
    bytes.extend(sizes.map(u16::to_le_bytes).as_flattened());
    let mut header = [0; EHDR_BYTES];
    header.copy_from_slice(&bytes);
    header
}
