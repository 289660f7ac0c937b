//! Disassembles the hexadecimal words of standard input, one a line: `word<TAB>text`, or `word<TAB><unknown>`.
//!
//! With `-x` immediates are hexadecimal.

use std::io::{self, BufRead, Write};

use arm64_enc::Inst;

fn main() -> io::Result<()> {
    let hex = std::env::args().any(|arg| arg == "-x");
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let Ok(word) = u32::from_str_radix(line.trim(), 16) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("not a word: {line}")));
        };
        match Inst::decode(word) {
            None => writeln!(out, "{word:08x}\t<unknown>")?,
            Some(inst) if hex => writeln!(out, "{word:08x}\t{inst:#}")?,
            Some(inst) => writeln!(out, "{word:08x}\t{inst}")?,
        }
    }
    out.flush()
}
