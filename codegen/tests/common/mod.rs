//! From text IR to assembly text.

pub(crate) mod link;
pub(crate) mod trees;

use std::fmt::Write;

use ir::{Module, Signature, Type};
use testkit::{Families, Random, Shape};

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

/// A module of functions that call those before them.
pub(crate) fn random_module(seed: u64) -> Module {
    let mut random = Random::new(seed ^ 0x5eed);
    let mut module = Module::new();
    let mut callees: Vec<(String, Signature)> = Vec::new();
    for index in 0..1 + random.below(3) {
        let types = |random: &mut Random, most: usize| -> Vec<Type> {
            (0..random.below(most)).filter_map(|_| random.pick(&Type::WORDS)).collect()
        };
        // Every third function has more than registers hold.
        let most = if random.once_in(3) { 25 } else { 6 };
        let shape = Shape {
            name: format!("f{index}"),
            params: types(&mut random, most),
            results: types(&mut random, most),
            blocks: random.below(9) as u32,
            insts: 1 + random.below(24) as u32,
            vars: random.below(6) as u32,
            slots: random.below(3) as u32,
            turns: 12,
            callees: callees.clone(),
            names: false,
            families: if seed.is_multiple_of(2) { Families::ALL } else { Families::NONE },
        };
        let func = testkit::function(random.bits(), &shape);
        callees.push((shape.name.clone(), func.signature.clone()));
        module.add_function(func).expect("names differ");
    }
    module
}
