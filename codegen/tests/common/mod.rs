//! From text IR to assembly text.

pub(crate) mod link;
pub(crate) mod trees;

use std::fmt::Write;

/// The assembly of all functions of a module in the text form, checked allocation included.
pub(crate) fn assembly(source: &str) -> String {
    assembly_with(source, &codegen::Options::default().checked())
}

/// The same with other options.
pub(crate) fn assembly_with(source: &str, options: &codegen::Options) -> String {
    let module = ir::parse::module(source).expect("the test's IR parses");
    let mut out = String::new();
    for func in module.functions.values() {
        ir::verify_function(func).expect("the test's IR is well-formed");
        let mut func = func.clone();
        ssa::construct(&mut func);
        ssa::verify(&func).expect("the test's IR is in SSA form");
        let code = match codegen::compile(&func, options) {
            Ok(code) => code,
            Err(error) => {
                let machine = codegen::lower(&func, options).expect("lowers");
                let dump = codegen::Lowered { func: &func, machine: &machine };
                panic!("{error}\n{dump}");
            }
        };
        if module.functions.len() > 1 {
            let _ = writeln!(out, "@{}:", code.name);
        }
        out.push_str(&disassemble(&func, &code));
    }
    out
}

/// The words of a function as text, relocations and traps beside them.
pub(crate) fn disassemble(func: &ir::Function, code: &codegen::CompiledCode) -> String {
    let mut out = String::new();
    for (index, &word) in code.words.iter().enumerate() {
        let offset = index as u32 * 4;
        let text = match arm64_enc::Inst::decode(word) {
            Some(inst) if offset < code.code_bytes => inst.to_string(),
            _ => format!(".word {word:#010x}"),
        };
        let _ = write!(out, "{offset:4x}  {text}");
        for reloc in code.relocs.iter().filter(|reloc| reloc.offset == offset) {
            let symbol = reloc.symbol.name(func).expect("the function declares it");
            let _ = write!(out, "  ; {:?} @{symbol}+{}", reloc.kind, reloc.addend);
        }
        for trap in code.traps.iter().filter(|trap| trap.offset == offset) {
            let _ = write!(out, "  ; {}", trap.kind);
        }
        out.push('\n');
    }
    out
}
