//! `jitsu asm`: the machine code with the source line beside it.

use std::fmt::Write as _;
use std::io::{self, Write};

use arm64_enc::Inst;
use codegen::{CompiledCode, Reloc, RelocKind};
use driver::pipeline::{self, Settings};
use ir::Function;

use crate::Failure;
use crate::args::{Args, Choice, LEVEL, WITHOUT};
use crate::input::{self, Program};
use crate::source::Language;

pub(crate) const OPTIONS: &[Choice] = &[LEVEL, WITHOUT];

/// Where the source stands.
const SOURCE_COLUMN: usize = 52;

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let path = args.file("asm")?;
    let function = args.function()?;
    let settings = Settings { level: args.level()?, limit: args.limit()?, ..Settings::default() };
    let program = input::load(&path)?;
    let wanted = functions(&program, function.as_deref())?;
    let mut text = String::new();
    let (module, compiled) = pipeline::compile(program.module.clone(), &settings, &mut ())
        .map_err(|error| input::failed(error, &program))?;
    for (func, code) in module.functions.values().zip(&compiled) {
        if !wanted.contains(&code.name.as_str()) {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}: {} instructions, {} bytes of stack",
            code.name,
            code.code_bytes / 4,
            code.frame_bytes
        );
        text.push_str(&listing(func, code, &program));
        text.push('\n');
    }
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// The functions that are meant: all, or the one of this name.
pub(crate) fn functions<'p>(
    program: &'p Program,
    name: Option<&str>,
) -> Result<Vec<&'p str>, Failure> {
    match name {
        None => Ok(program.module.functions.keys().map(String::as_str).collect()),
        Some(name) => Ok(vec![program.function(name)?.name.as_str()]),
    }
}

/// The instructions of a function, one a line, with offsets and the source where it changes.
pub(crate) fn listing(func: &Function, code: &CompiledCode, program: &Program) -> String {
    let name = |reloc: &Reloc| match reloc.symbol.name(func) {
        Some(name) => name,
        None => unreachable!("code refers to what its function declares"),
    };
    let source: Vec<&str> = match program.language {
        Language::Rust => program.text.lines().collect(),
        Language::Ir => Vec::new(),
    };
    let mut text = String::new();
    let mut shown_line = 0;
    for (index, &word) in code.words.iter().enumerate() {
        let offset = index as u32 * 4;
        let reloc = code.relocs.iter().find(|reloc| reloc.offset == offset);
        let mut line = format!("{offset:6x}: {word:08x}  ");
        if offset >= code.code_bytes {
            line.push_str(&match reloc {
                Some(reloc) if reloc.addend != 0 => {
                    format!(".quad {}{:+}", name(reloc), reloc.addend)
                }
                Some(reloc) => format!(".quad {}", name(reloc)),
                None => format!(".word {word:#x}"),
            });
        } else {
            let inst = match Inst::decode(word) {
                Some(inst) => inst.at(offset.into()).to_string(),
                None => format!(".inst {word:#010x}"),
            };
            match reloc {
                Some(reloc) if reloc.kind == RelocKind::Call26 => {
                    let _ = write!(line, "bl {}", name(reloc));
                }
                Some(reloc) if reloc.kind == RelocKind::Jump26 => {
                    let _ = write!(line, "b {}", name(reloc));
                }
                _ => line.push_str(&inst),
            }
            if let Ok(site) = code.traps.binary_search_by_key(&offset, |site| site.offset) {
                let _ = write!(line, "  ; {}", code.traps[site].kind);
            }
        }
        if let Some(span) = code
            .spans
            .binary_search_by_key(&offset, |&(start, _)| start)
            .ok()
            .and_then(|index| code.spans[index].1)
            && span.line() != shown_line
        {
            shown_line = span.line();
            let beside = match source.get(shown_line as usize - 1) {
                Some(source) => format!("{shown_line}: {}", source.trim()),
                None => span.to_string(),
            };
            let _ = write!(
                line,
                "{:1$} ; {beside}",
                "",
                SOURCE_COLUMN.saturating_sub(line.chars().count())
            );
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}
