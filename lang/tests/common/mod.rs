//! Runs a program of the source language in the interpreter and collects what it prints.

use interp::{Interpreter, LoadOptions, MemoryAccess, Program};
use lang::runtime::{
    HostFunction, Stream, Style, fmod, format_f32, format_f64, format_int, format_int128,
    format_str,
};

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Run {
    /// What was printed to standard output.
    #[allow(dead_code)] // not every test looks at it
    pub(crate) out: String,
    /// The results, or the trap as text.
    pub(crate) result: Result<Vec<u64>, String>,
}

/// Runs a function.
pub(crate) fn run(module: &ir::Module, function: &str, args: &[u64]) -> Run {
    let options = LoadOptions { memory: MemoryAccess::Restricted, ..LoadOptions::default() };
    let program = Program::load(module, &options).unwrap_or_else(|e| panic!("{e}"));
    let entry = program.function(function).unwrap_or_else(|| panic!("no function {function}"));
    // A text lies in one of the objects, and no program writes it.
    let text_at = |address: u64, len: u64| {
        let mut objects = module.data.values().enumerate();
        let bytes = objects.find_map(|(index, object)| {
            let at = address.checked_sub(program.data().address(index)?)? as usize;
            object.bytes.get(at..at + len as usize)
        });
        std::str::from_utf8(bytes.expect("an object")).expect("UTF-8")
    };
    let hosts: Vec<Option<HostFunction>> =
        module.externs.keys().map(|name| HostFunction::from_name(name)).collect();
    let mut out = String::new();
    let mut host = |index: usize, args: &[u64], results: &mut [u64]| {
        let style = |at: usize| (args[at] as i64, args[at + 1] as i64, args[at + 2] as i64);
        let (text, style) = match hosts[index] {
            Some(HostFunction::PrintStr) => {
                let (s, w, p) = style(2);
                (format_str(text_at(args[0], args[1]), s, w, p), s)
            }
            Some(HostFunction::PrintInt) => {
                let (s, w, p) = style(1);
                (format_int(args[0] as i64, s, w, p), s)
            }
            Some(HostFunction::PrintInt128) => {
                let (s, w, p) = style(2);
                (format_int128(args[0] as i64, args[1] as i64, s, w, p), s)
            }
            Some(HostFunction::PrintF32) => {
                let (s, w, p) = style(1);
                (format_f32(f32::from_bits(args[0] as u32), s, w, p), s)
            }
            Some(HostFunction::PrintF64) => {
                let (s, w, p) = style(1);
                (format_f64(f64::from_bits(args[0]), s, w, p), s)
            }
            Some(HostFunction::Fmod) => {
                results[0] = fmod(f64::from_bits(args[0]), f64::from_bits(args[1])).to_bits();
                return Ok(());
            }
            None => return Err(ir::TrapKind::Unreachable),
        };
        if Style::unpack(style).stream == Stream::Out {
            out.push_str(&text);
        }
        Ok(())
    };
    let result = Interpreter::default().call(&program, entry, args, &mut host);
    Run { out, result: result.map_err(|trap| trap.to_string()) }
}
