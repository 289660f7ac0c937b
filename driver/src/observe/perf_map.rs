//! The map of `perf`: a line for each piece of code, with its address and size in hexadecimal digits and its name.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::{Observer, Seen};
use crate::error::Error;

/// The map of this process.
pub(super) struct PerfMap(File);

impl PerfMap {
    pub(super) fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(format!("perf-{}.map", std::process::id()));
        let file = OpenOptions::new().create(true).append(true).open(&path);
        Ok(Self(file.map_err(|error| Error::File { path, error })?))
    }
}

impl Observer for PerfMap {
    fn published(&mut self, seen: &Seen<'_>) {
        let size = seen.words.len() * 4;
        // A newline would end the entry.
        let name = seen.name.replace('\n', " ");
        let line = format!("{:x} {size:x} {name}\n", seen.start);
        // One write at the end of the file for each line, as others write there too. A full disk costs names, not results.
        let _ = self.0.write_all(line.as_bytes());
    }
}
