//! What each fuzz target asks of bytes. Each function panics when the answer is wrong, and says whether the bytes were
//! something that it could ask about.
//!
//! `cli/tests/fuzz.rs` has this file as a module, so that plain `cargo test` asks the same for a second.
#![forbid(unsafe_code)]

use arm64_enc::Inst;
use cli::{Verdict, judge};
use driver::pipeline;
use ir::{Function, Inst as IrInst, InstData, MemFacts, Module, Type, Value};

/// The largest text that is compiled, and the most bytes of data that it may ask for: beyond these the machine's memory is
/// what is tested.
const MOST_TEXT: usize = 1 << 16;
const MOST_DATA: usize = 1 << 20;
/// Instructions that a call may take in the interpreter.
const FUEL: u64 = 10_000;

/// The reader of the IR: an error lies in the text; a module comes back from its print; the verifier has an answer that
/// can be shown.
pub fn text(bytes: &[u8]) -> bool {
    match ir::parse::module_from_bytes(bytes) {
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(error.offset + error.length <= bytes.len() + 1, "{error}");
                assert!(error.line >= 1 && error.column >= 1, "{error}");
                let _ = error.render(&String::from_utf8_lossy(bytes), "fuzz.ir");
            }
            false
        }
        Ok(module) => {
            let printed = module.to_string();
            let again = ir::parse::module(&printed);
            let again = again.unwrap_or_else(|errors| panic!("{printed}{}", errors[0]));
            assert_eq!(module, again, "{printed}");
            assert_eq!(printed, again.to_string());
            let errors = pipeline::input_errors(&module);
            let places = ir::parse::locate(&String::from_utf8_lossy(bytes), &errors);
            assert!(places.iter().all(Option::is_some), "{errors:?}");
            true
        }
    }
}

/// The front end: an error lies in the text; what is accepted keeps the rules of the IR.
pub fn source(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    match lang::compile(&text, "fuzz.rs") {
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(error.span.start <= error.span.end, "{error}");
                assert!(error.span.end <= text.len(), "{error}");
            }
            false
        }
        Ok(module) => {
            let errors = pipeline::input_errors(&module);
            assert!(errors.is_empty(), "{}\n{module}", errors[0]);
            true
        }
    }
}

/// The decoder and the parser of instructions: a word that is one comes back from its encoding and from its text; what is
/// read from a text comes back from its word.
pub fn instructions(bytes: &[u8]) -> bool {
    let mut found = false;
    for word in bytes.as_chunks().0 {
        let word = u32::from_le_bytes(*word);
        let Some(inst) = Inst::decode(word) else { continue };
        found = true;
        assert_eq!(inst.encode(), word, "{inst}");
        let read: Inst = inst.to_string().parse().unwrap_or_else(|e| panic!("{inst}: {e}"));
        assert_eq!(read.to_string(), inst.to_string(), "{word:#010x}");
    }
    if let Ok(inst) = String::from_utf8_lossy(bytes).parse::<Inst>() {
        found = true;
        let again = Inst::decode(inst.encode());
        assert_eq!(again.map(|inst| inst.to_string()), Some(inst.to_string()));
    }
    found
}

/// The verifier and everything behind it: if a text of the IR is accepted, no stage fails, and every engine at every level
/// gives the answers of the IR as it is written.
pub fn engines(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if text.len() > MOST_TEXT {
        return false;
    }
    let Ok(module) = ir::parse::module(text) else { return false };
    let data = module.data.values().map(|object| object.bytes.len()).sum::<usize>();
    let functions = module.functions.values();
    if data > MOST_DATA
        || !pipeline::input_errors(&module).is_empty()
        || !functions.into_iter().all(|func| is_confined(func, &module))
    {
        return false;
    }
    match judge(module, FUEL) {
        Verdict::NoCase => false,
        Verdict::Right => true,
        Verdict::Wrong(how) => panic!("{how}\n{text}"),
    }
}

/// Whether nothing in a function depends on what is promised to nobody: every access is inside of a slot or an object that
/// its address names, and addresses serve for nothing else.
fn is_confined(func: &Function, module: &Module) -> bool {
    let insts = func.layout().iter().flat_map(|&block| func.block_insts(block));
    insts.copied().all(|inst| {
        let access = access(func, inst);
        let kept = access.as_ref().is_none_or(|access| access.is_inside(func, module));
        let operands = func.operands(inst);
        let only_address = |&value: &Value| {
            let is_address = matches!(
                func.def_inst(value),
                Some((_, InstData::StackAddr { .. } | InstData::DataAddr { .. }))
            );
            !is_address
                || access.as_ref().is_some_and(|access| access.addr == value)
                    && operands.iter().filter(|&&other| other == value).count() == 1
        };
        kept && operands.iter().all(only_address)
            && !matches!(
                func.inst(inst),
                InstData::FuncAddr { .. }
                    | InstData::CallIndirect { .. }
                    | InstData::TailCallIndirect { .. }
            )
    })
}

/// An access to memory, with the widest type that it may have.
struct Access {
    facts: MemFacts,
    addr: Value,
    offset: i32,
    ty: Type,
    /// What is written.
    value: Option<Value>,
    atomic: bool,
}

fn access(func: &Function, inst: IrInst) -> Option<Access> {
    let of = |value: Value| func.value_type(value);
    let read = || func.result(inst).map_or(Type::I128, of);
    let (facts, addr, offset, ty, value, atomic) = match *func.inst(inst) {
        InstData::Load { facts, addr, offset, .. } => (facts, addr, offset, read(), None, false),
        InstData::Store { facts, value, addr, offset, .. } => {
            (facts, addr, offset, of(value), Some(value), false)
        }
        InstData::AtomicLoad { facts, addr } => (facts, addr, 0, read(), None, true),
        InstData::AtomicStore { facts, value, addr } => {
            (facts, addr, 0, of(value), Some(value), true)
        }
        InstData::AtomicRmw { facts, value, addr, .. } => {
            (facts, addr, 0, of(value), Some(value), true)
        }
        InstData::AtomicCas { facts, new, addr, .. } => (facts, addr, 0, of(new), Some(new), true),
        _ => return None,
    };
    Some(Access { facts, addr, offset, ty, value, atomic })
}

impl Access {
    fn is_inside(&self, func: &Function, module: &Module) -> bool {
        let (start, size, align) = match func.def_inst(self.addr) {
            Some((_, &InstData::StackAddr { slot, offset })) => {
                (offset, func.slots[slot].size, func.slots[slot].align)
            }
            Some((_, &InstData::DataAddr { data, offset })) => {
                let Some(object) = module.data.get(&func.data[data]) else { return false };
                let writes_constant = self.value.is_some() && !object.mutable;
                if writes_constant || !object.addresses.is_empty() {
                    return false;
                }
                (offset, object.bytes.len() as u64, object.align)
            }
            _ => return false,
        };
        let (start, width) =
            (i64::from(start) + i64::from(self.offset), i64::from(self.ty.bytes()));
        self.facts == MemFacts::NONE
            && start >= 0
            && u64::try_from(start + width).is_ok_and(|end| end <= size)
            && (!self.atomic || (i64::from(align) % width == 0 && start % width == 0))
    }
}
