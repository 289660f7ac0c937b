//! The dump of `perf`: a header, and for each piece of code its lines and its bytes (*jitdump-specification.txt* in the
//! kernel's `tools/perf/Documentation`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jitmem::debug::{self, Marker};

use super::{Observer, Seen};
use crate::error::Error;

/// "JiTD" as a number, in the byte order of the writer.
const MAGIC: u32 = 0x4a69_5444;
const VERSION: u32 = 1;
const HEADER_BYTES: u32 = 40;
const EM_AARCH64: u32 = 183;
/// Numbers of records, and the bytes of what they all begin with.
const CODE_LOAD: u32 = 0;
const CODE_DEBUG_INFO: u32 = 2;
const PREFIX_BYTES: u32 = 16;

/// A file of this process, which its engines share; it stays open, as later engines go on in it.
struct Shared {
    file: File,
    /// `perf` knows the file by this map.
    _marker: Marker,
    /// Pieces in the file so far.
    count: u64,
}

/// The dump of this process.
pub(super) struct JitDump(Arc<Mutex<Shared>>);

impl JitDump {
    pub(super) fn open(directory: &Path) -> Result<Self, Error> {
        static OPEN: Mutex<BTreeMap<PathBuf, Arc<Mutex<Shared>>>> = Mutex::new(BTreeMap::new());
        let path = directory.join(format!("jit-{}.dump", std::process::id()));
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = open.get(&path) {
            return Ok(Self(Arc::clone(shared)));
        }
        let created =
            File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let written = created.and_then(|mut file| file.write_all(&header()).map(|()| file));
        let file = written.map_err(|error| Error::File { path: path.clone(), error })?;
        let marker = Marker::map(&file)?;
        let shared = Arc::new(Mutex::new(Shared { file, _marker: marker, count: 0 }));
        open.insert(path, Arc::clone(&shared));
        Ok(Self(shared))
    }
}

impl Observer for JitDump {
    fn published(&mut self, seen: &Seen<'_>) {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk costs names, not results.
        let _ = shared.write(seen);
    }
}

impl Shared {
    /// Writes the records of a piece, the lines first, as the format wants.
    fn write(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        if let Some(source) = seen.source
            && !seen.lines.is_empty()
        {
            record(&mut bytes, CODE_DEBUG_INFO, |bytes| {
                bytes.extend(seen.start.to_ne_bytes());
                bytes.extend((seen.lines.len() as u64).to_ne_bytes());
                for (offset, span) in seen.lines {
                    bytes.extend((seen.start + u64::from(*offset)).to_ne_bytes());
                    bytes.extend(span.line().to_ne_bytes());
                    // The discriminator: all of a line is one block.
                    bytes.extend(0u32.to_ne_bytes());
                    c_string(bytes, source);
                }
            });
        }
        record(&mut bytes, CODE_LOAD, |bytes| {
            bytes.extend(std::process::id().to_ne_bytes());
            bytes.extend(debug::thread_number().to_ne_bytes());
            // Where it runs, and where it is.
            for address in [seen.start, seen.start] {
                bytes.extend(address.to_ne_bytes());
            }
            bytes.extend((seen.words.len() as u64 * 4).to_ne_bytes());
            bytes.extend(self.count.to_ne_bytes());
            c_string(bytes, seen.name);
            bytes.extend(seen.words.iter().flat_map(|word| word.to_le_bytes()));
        });
        self.count += 1;
        self.file.write_all(&bytes)
    }
}

fn header() -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [MAGIC, VERSION, HEADER_BYTES, EM_AARCH64, 0, std::process::id()] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(debug::monotonic_nanoseconds().to_ne_bytes());
    bytes.extend(0u64.to_ne_bytes());
    bytes
}

/// A record whose contents are `fill`'s.
fn record(bytes: &mut Vec<u8>, number: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut contents = Vec::new();
    fill(&mut contents);
    bytes.extend(number.to_ne_bytes());
    bytes.extend((PREFIX_BYTES + contents.len() as u32).to_ne_bytes());
    bytes.extend(debug::monotonic_nanoseconds().to_ne_bytes());
    bytes.extend(contents);
}

/// A name that ends in a zero, and has no other.
pub(super) fn c_string(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.bytes().filter(|&byte| byte != 0));
    bytes.push(0);
}
