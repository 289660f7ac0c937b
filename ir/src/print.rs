//! The text form of functions and modules. The grammar is in the crate's README; [`crate::parse`] reads it back.
//!
//! A function alone is printed with an `extern` line for each function that it calls, so that its text is complete.
//! Anything may be printed, also a function that breaks rules of the verifier.

use std::fmt::{self, Display, Formatter, Write};

use crate::entity::{Block, DataRef, Entity, FuncRef, Inst, SigRef, SwitchRef, Value};
use crate::func::Function;
use crate::inst::{BlockCall, ValueList};
use crate::module::{DataAddress, DataObject, Module};
use crate::types::Type;

/// Shorter runs of zero bytes are written in the string of a data object.
const MIN_ZERO_RUN: usize = 16;

/// Returns `true` if a name can be written without quotes.
pub(crate) fn is_bare_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_name_char)
}

/// Returns `true` if a character may stand in a name without quotes.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '.')
}

/// A name after `@`, quoted if need be. A digit at the start is quoted to keep it apart from a source place.
struct Global<'a>(&'a str);

impl Display for Global<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('@')?;
        if is_bare_name(self.0) && !self.0.starts_with(|c: char| c.is_ascii_digit()) {
            f.write_str(self.0)
        } else {
            Quoted(self.0).fmt(f)
        }
    }
}

/// `.name`, quoted if need be; nothing if there is no name.
struct Suffix<'a>(Option<&'a str>);

impl Display for Suffix<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(name) if is_bare_name(name) => write!(f, ".{name}"),
            Some(name) => write!(f, ".{}", Quoted(name)),
        }
    }
}

/// A string in quotes. Letters and printable ASCII stand for themselves, everything else is escaped byte by byte.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut bytes = [0; 4];
        for c in self.0.chars() {
            if c.is_alphanumeric() && !c.is_ascii() {
                f.write_char(c)?;
            } else {
                write_bytes(f, c.encode_utf8(&mut bytes).as_bytes())?;
            }
        }
        f.write_char('"')
    }
}

fn write_bytes(f: &mut Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => write!(f, "\\{byte:02x}")?,
            b' '..=b'~' => f.write_char(byte.into())?,
            _ => write!(f, "\\{byte:02x}")?,
        }
    }
    Ok(())
}

/// ` + 16`, ` - 8`, or nothing for 0.
pub(crate) struct Offset(pub(crate) i32);

impl Display for Offset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            offset if offset > 0 => write!(f, " + {offset}"),
            offset => write!(f, " - {}", offset.unsigned_abs()),
        }
    }
}

/// A float by its bits, so that reading it gives the same bits: the shortest decimal, `inf`, `nan` (the default one),
/// or `nan:0x…` with the bits of any other NaN.
struct FloatBits {
    bits: u64,
    ty: Type,
}

impl Display for FloatBits {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bits = self.bits;
        match self.ty {
            Type::F32 if bits > u32::MAX.into() => write!(f, "{bits:#x}"),
            Type::F32 => {
                let value = f32::from_bits(bits as u32);
                match (value.is_nan(), bits) {
                    (true, crate::eval::F32_DEFAULT_NAN) => f.write_str("nan"),
                    (true, _) => write!(f, "nan:{bits:#x}"),
                    (false, _) => write!(f, "{value:?}"),
                }
            }
            _ => {
                let value = f64::from_bits(bits);
                match (value.is_nan(), bits) {
                    (true, crate::eval::F64_DEFAULT_NAN) => f.write_str("nan"),
                    (true, _) => write!(f, "nan:{bits:#x}"),
                    (false, _) => write!(f, "{value:?}"),
                }
            }
        }
    }
}

fn comma_list<T: Display>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
    }
    Ok(())
}

/// An instruction whose fields are written: the function, and the first result if there is one.
pub(crate) struct Line<'a> {
    func: &'a Function,
    result: Option<Value>,
}

impl Line<'_> {
    fn list(&self, f: &mut Formatter<'_>, list: ValueList) -> fmt::Result {
        match self.func.checked_list(list) {
            Some(values) => comma_list(f, values),
            None => f.write_str("?"),
        }
    }

    /// `(v0, v1)`
    pub(crate) fn in_parentheses(&self, f: &mut Formatter<'_>, list: ValueList) -> fmt::Result {
        f.write_char('(')?;
        self.list(f, list)?;
        f.write_char(')')
    }

    /// ` v0, v1`, or nothing.
    pub(crate) fn after_space(&self, f: &mut Formatter<'_>, list: ValueList) -> fmt::Result {
        f.write_str(if list.is_empty() { "" } else { " " })?;
        self.list(f, list)
    }

    /// `block1(v2, v3)`, or `block1` alone.
    pub(crate) fn target(&self, f: &mut Formatter<'_>, call: BlockCall) -> fmt::Result {
        call.block.fmt(f)?;
        if call.args.is_empty() { Ok(()) } else { self.in_parentheses(f, call.args) }
    }

    /// `block2, [0: block1(v3), -5: block2]`
    pub(crate) fn table(&self, f: &mut Formatter<'_>, table: SwitchRef) -> fmt::Result {
        let Some(table) = self.func.switches.get(table) else { return write!(f, "{table}?") };
        self.target(f, table.default)?;
        f.write_str(", [")?;
        for (i, &(value, call)) in table.cases.iter().enumerate() {
            write!(f, "{}{value}: ", if i == 0 { "" } else { ", " })?;
            self.target(f, call)?;
        }
        f.write_char(']')
    }

    pub(crate) fn function(&self, f: &mut Formatter<'_>, callee: FuncRef) -> fmt::Result {
        Global(self.func.callees.get(callee).map_or("?", |callee| &callee.name)).fmt(f)
    }

    pub(crate) fn data(&self, f: &mut Formatter<'_>, data: DataRef) -> fmt::Result {
        Global(self.func.data.get(data).map_or("?", |name| name)).fmt(f)
    }

    pub(crate) fn signature(&self, f: &mut Formatter<'_>, signature: SigRef) -> fmt::Result {
        match self.func.signatures.get(signature) {
            Some(signature) => signature.fmt(f),
            None => write!(f, "{signature}?"),
        }
    }

    /// The bits of a float of the result's type.
    pub(crate) fn float(&self, f: &mut Formatter<'_>, bits: u64) -> fmt::Result {
        let known = self.result.filter(|&value| self.func.has_value(value));
        FloatBits { bits, ty: known.map_or(Type::F64, |value| self.func.value_type(value)) }.fmt(f)
    }
}

/// A function without the `extern` lines of its callees, as it stands in a module.
struct Body<'a>(&'a Function);

impl Body<'_> {
    fn definition(&self, f: &mut Formatter<'_>, value: Value) -> fmt::Result {
        let func = self.0;
        if !func.has_value(value) {
            return write!(f, "{value}: ?");
        }
        write!(f, "{value}{}: {}", Suffix(func.value_name(value)), func.value_type(value))
    }

    fn definitions(&self, f: &mut Formatter<'_>, values: &[Value]) -> fmt::Result {
        for (i, &value) in values.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            self.definition(f, value)?;
        }
        Ok(())
    }

    fn block(&self, f: &mut Formatter<'_>, block: Block, note: Note<'_>) -> fmt::Result {
        let func = self.0;
        write!(f, "  {block}{}", Suffix(func.block_name(block)))?;
        let params = func.block_params(block);
        if !params.is_empty() {
            f.write_char('(')?;
            self.definitions(f, params)?;
            f.write_char(')')?;
        }
        f.write_str(if func.is_cold(block) { " cold:\n" } else { ":\n" })?;
        note(f, block, None)?;
        for &inst in func.block_insts(block) {
            f.write_str("    ")?;
            if Entity::index(inst) < func.num_insts() {
                self.inst(f, inst)?;
            } else {
                write!(f, "; {inst} does not exist")?;
            }
            f.write_char('\n')?;
            note(f, block, Some(inst))?;
        }
        Ok(())
    }

    fn inst(&self, f: &mut Formatter<'_>, inst: Inst) -> fmt::Result {
        let func = self.0;
        let results = func.results(inst);
        if !results.is_empty() {
            self.definitions(f, results)?;
            f.write_str(" = ")?;
        }
        let data = func.inst(inst);
        data.opcode().fmt(f)?;
        data.write(f, &Line { func, result: func.result(inst) })?;
        match func.span(inst) {
            Some(span) => write!(f, " @{span}"),
            None => Ok(()),
        }
    }
}

impl Display for Body<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.with_note(f, &|_, _, _| Ok(()))
    }
}

/// Writes what belongs under a block (no instruction) or an instruction.
type Note<'a> = &'a dyn Fn(&mut Formatter<'_>, Block, Option<Inst>) -> fmt::Result;

impl Body<'_> {
    fn with_note(&self, f: &mut Formatter<'_>, note: Note<'_>) -> fmt::Result {
        let func = self.0;
        writeln!(f, "fn {}{} {{", Global(&func.name), func.signature)?;
        for (var, data) in func.vars.iter() {
            let name = (!data.name.is_empty()).then_some(data.name.as_str());
            writeln!(f, "    {var}{}: {}", Suffix(name), data.ty)?;
        }
        for (slot, data) in func.slots.iter() {
            writeln!(f, "    {slot}: size {}, align {}", data.size, data.align)?;
        }
        for &block in func.layout() {
            if Entity::index(block) >= func.num_blocks() {
                writeln!(f, "  {block}: ; does not exist")?;
                continue;
            }
            self.block(f, block, note)?;
        }
        writeln!(f, "}}")
    }
}

/// The text of a function with a message under a block or instruction, or at the end.
pub(crate) fn annotated(
    func: &Function,
    block: Option<Block>,
    inst: Option<Inst>,
    message: &str,
) -> String {
    struct Annotated<'a>(&'a Function, Option<Block>, Option<Inst>, &'a str);
    impl Display for Annotated<'_> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            let &Annotated(func, block, inst, message) = self;
            let here = |f: &mut Formatter<'_>, at: Block, at_inst: Option<Inst>| {
                if Some(at) != block || at_inst != inst {
                    return Ok(());
                }
                let indent = if inst.is_some() { "    " } else { "  " };
                writeln!(f, "{indent}; ^ {message}")
            };
            Body(func).with_note(f, &here)?;
            if block.is_none() { writeln!(f, "; ^ {message}") } else { Ok(()) }
        }
    }
    Annotated(func, block, inst, message).to_string()
}

/// The functions other than itself that a function names, each once, in the order of their first uses.
fn called(func: &Function) -> Vec<FuncRef> {
    let mut seen = vec![false; func.callees.len()];
    let mut called = Vec::new();
    let blocks = func.layout().iter().filter(|block| Entity::index(**block) < func.num_blocks());
    let insts = blocks.flat_map(|&block| func.block_insts(block));
    for &inst in insts.filter(|inst| Entity::index(**inst) < func.num_insts()) {
        if let Some(callee) = func.inst(inst).names_function()
            && let Some(seen) = seen.get_mut(Entity::index(callee))
            && !std::mem::replace(seen, true)
            && func.callees[callee].name != func.name
        {
            called.push(callee);
        }
    }
    called
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for callee in called(self) {
            let callee = &self.callees[callee];
            writeln!(f, "extern {}{}", Global(&callee.name), callee.signature)?;
        }
        Body(self).fmt(f)
    }
}

impl Display for DataObject {
    /// What follows the name: `align 8 = "text\00" zero 100`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "align {} =", self.align)?;
        let mut at = 0;
        for address in &self.addresses {
            write_data(f, self.bytes.get(at..address.place).unwrap_or_default())?;
            at = address.place.saturating_add(DataAddress::BYTES);
            write!(f, " i64 {}{}", Global(&address.name), Offset(address.offset))?;
        }
        write_data(f, self.bytes.get(at..).unwrap_or_default())?;
        if self.bytes.is_empty() { f.write_str(" \"\"") } else { Ok(()) }
    }
}

/// Strings, and runs of zeros.
fn write_data(f: &mut Formatter<'_>, mut rest: &[u8]) -> fmt::Result {
    while !rest.is_empty() {
        let (text, zeros) = split_at_zeros(rest);
        rest = &rest[text.len() + zeros..];
        if !text.is_empty() {
            f.write_str(" \"")?;
            write_bytes(f, text)?;
            f.write_char('"')?;
        }
        if zeros > 0 {
            write!(f, " zero {zeros}")?;
        }
    }
    Ok(())
}

/// The bytes before the first long run of zeros, and the length of that run.
fn split_at_zeros(bytes: &[u8]) -> (&[u8], usize) {
    let mut run = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        if byte == 0 {
            run += 1;
        } else if run >= MIN_ZERO_RUN {
            return (&bytes[..i - run], run);
        } else {
            run = 0;
        }
    }
    if run >= MIN_ZERO_RUN { (&bytes[..bytes.len() - run], run) } else { (bytes, 0) }
}

impl Display for Module {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.source_name {
            writeln!(f, "source {}", Quoted(name))?;
        }
        for (name, signature) in &self.externs {
            writeln!(f, "extern {}{signature}", Global(name))?;
        }
        for (name, data) in &self.data {
            let mutable = if data.mutable { "mut " } else { "" };
            writeln!(f, "data {mutable}{} {data}", Global(name))?;
        }
        let mut first =
            self.source_name.is_none() && self.externs.is_empty() && self.data.is_empty();
        for function in self.functions.values() {
            if !std::mem::replace(&mut first, false) {
                f.write_char('\n')?;
            }
            Body(function).fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AbiParam, Align, CarryOp, Extend, FunctionBuilder, IntCC, LoadKind, MemFacts, NarrowWidth,
        OverflowOp, RmwOp, Signature, Span, StoreKind, TrapKind, WideOp,
    };
    use std::num::NonZeroU8;

    fn every_format() -> Function {
        let b = FunctionBuilder::new("sample");
        let n = b.name(b.param(Type::I64), "n");
        let x = b.param(Type::F64);
        let acc = b.var("acc", Type::I64);
        let slot = b.slot(16, 8);
        let param = AbiParam { extend: Some(Extend::Sign), ..Type::I8.into() };
        let print = b.import("print", Signature { params: vec![param], results: vec![] });
        let pair = b.import("pair", Signature::new(&[], &[Type::I64, Type::F32]));
        let (head, done) = (b.block("loop head"), b.block("done"));
        let i = b.block_param(head, Type::I64);
        b.at(Span::new(12, 5));
        b.set(acc, 0);
        b.at(None);
        let addr = b.stack_addr(slot, 4);
        b.store_narrow(NarrowWidth::W16, n, addr, -8);
        let loaded = b.load_narrow(Type::I64, NarrowWidth::W8, Extend::Zero, addr, 16);
        b.data_addr("0 table", 0);
        b.f64const(f64::from_bits(0x7ff0_0000_0000_0001));
        b.f64const(-0.0);
        b.fma(x, x, 0.1);
        b.jump_with(head, loaded);
        b.switch_to(head);
        let cond = b.icmp(IntCC::Slt, i, n);
        b.trap_if(cond, TrapKind::Assertion);
        b.call(print, cond);
        b.call(pair, ());
        b.branch_with(b.select(cond, cond, 1), head, n, done, ());
        b.cold(done);
        b.switch_to(done);
        b.ret(acc);
        b.finish().unwrap()
    }

    fn wide_atomic_and_indirect() -> Function {
        let b = FunctionBuilder::new("sample");
        let (n, wide) = (b.param(Type::I64), b.name(b.param(Type::I128), "wide"));
        let slot = b.slot(16, 16);
        let signature = Signature::new(&[Type::I128, Type::I64], &[Type::I64]);
        let callee = b.import("callee", signature.clone());
        let (low, high) = b.isplit(b.shl(wide, -3));
        let (sum, carry) = b.overflow(OverflowOp::UaddOverflow, low, high);
        b.at(Span::new(4, 9));
        let (difference, _) = b.carry(CarryOp::UsubBorrow, sum, n, carry);
        b.at(None);
        let product = b.wide(WideOp::SmulWide, difference, sum);
        let (addr, region) = (b.stack_addr(slot, 0), NonZeroU8::new(2));
        let facts = MemFacts { readonly: false, align: Align::new(16), region };
        b.store_with(StoreKind::Full, facts, product, addr, 0);
        let facts = MemFacts { readonly: true, align: Align::new(1), region: None };
        let kind = LoadKind::Narrow(NarrowWidth::W16, Extend::Sign);
        let loaded = b.load_with(Type::I32, kind, facts, n, -2);
        let old = b.atomic_rmw(RmwOp::Umax, loaded, addr);
        b.atomic_store(b.atomic_cas(old, 0, addr), addr);
        b.fence();
        let sum = b.add(b.atomic_load(Type::I64, addr), b.iconst(Type::I64, -1));
        let results = b.call_indirect(b.func_addr(callee), &signature, [product, sum]);
        let (direct, by_address) = (b.block("direct"), b.block(""));
        b.branch(n, direct, by_address);
        b.switch_to(direct);
        b.tail_call(callee, [product, sum]);
        b.switch_to(by_address);
        b.tail_call_indirect(results[0], &signature, [wide, n]);
        b.finish().unwrap()
    }

    #[test]
    fn a_function_of_the_other_formats() {
        insta::assert_snapshot!(wide_atomic_and_indirect());
    }

    #[test]
    fn a_function_of_many_formats() {
        insta::assert_snapshot!(every_format());
    }

    #[test]
    fn a_module() {
        let mut module = Module { source_name: Some("a.rs".into()), ..Module::default() };
        let object = |bytes: &[u8], mutable| DataObject {
            bytes: bytes.to_vec(),
            align: 8,
            mutable,
            ..DataObject::default()
        };
        module.add_extern("print", Signature::new(&[Type::I8], &[])).unwrap();
        module.add_data("text", object(b"a\"\\\0\xff", false)).unwrap();
        module.add_data("zeros", object(&[&[1; 1][..], &[0; 20], &[2, 0]].concat(), true)).unwrap();
        module.add_data("empty", object(&[], false)).unwrap();
        let b = FunctionBuilder::new("f::g");
        b.ret(());
        module.add_function(b.finish().unwrap()).unwrap();
        insta::assert_snapshot!(module);
    }
}
