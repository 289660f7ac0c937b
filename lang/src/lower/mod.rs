//! From the typed tree to IR. Scalars live in IR variables; arrays, and whatever has its address taken, live in stack
//! slots; small structs and tuples are taken apart into their scalars, a slice is a pointer and a length.

mod calls;
mod constant;
mod expr;
mod flow;
mod iter;
mod matching;
mod memory;
mod methods;
mod ops;
mod place;
mod print;
mod wide;

use std::collections::{HashMap, HashSet};

use ir::{AbiParam, Extend, FuncRef, FunctionBuilder, Signature, StackSlot, Type, Value, Var};

use crate::program::{FnInfo, Program};
use crate::runtime::HostFunction;
use crate::tree::{Body, ExprKind, FnId, LocalId, LoopId};
use crate::ty::{IntTy, Ty, TyKind, Types};
use crate::value::layout;

/// The code here comes after a `return`, `break`, endless loop or panic, and is not generated.
#[derive(Debug)]
struct Unreachable;

type Flow<T> = Result<T, Unreachable>;

/// A place in memory: an address and a constant offset.
#[derive(Clone, Copy, Debug)]
struct Addr {
    base: Value,
    offset: i64,
}

impl Addr {
    fn plus(self, offset: u64) -> Addr {
        Addr { offset: self.offset + offset as i64, ..self }
    }
}

/// The place of a local variable.
#[derive(Clone, Debug)]
enum Storage {
    Nowhere,
    Vars(Vec<Var>),
    Slot(StackSlot),
}

/// The targets of `break` and `continue` of a loop. Blocks are made when they are first needed.
struct LoopTarget {
    /// With the parameters that take the loop's value.
    exit: Option<(ir::Block, Vec<Value>)>,
    again: Option<ir::Block>,
    /// The type of the loop's value.
    ty: Ty,
    dest: Option<Addr>,
}

/// The value of an expression that is one scalar.
fn one(values: &[Value]) -> Value {
    match values {
        [value] => *value,
        _ => unreachable!("a scalar is one value, and here are {}", values.len()),
    }
}

/// The most scalars that a struct or tuple is taken apart into; larger ones stay in memory.
const MAX_LEAVES: usize = 8;

/// The state that all functions of the module share.
struct Shared<'p> {
    program: &'p Program,
    module: ir::Module,
    /// Names of read-only data by its bytes and alignment.
    data: HashMap<(Vec<u8>, u32), String>,
    /// Names of data for constants that hold addresses, by the constant's address and type.
    pointer_data: HashMap<(usize, Ty), String>,
    /// The number of data objects that such constants have.
    tables: usize,
    /// Helpers that are called; some may be there already.
    helpers: Vec<FnId>,
}

/// One function while it is lowered.
struct Lower<'m, 'p> {
    shared: &'m mut Shared<'p>,
    types: &'p Types,
    b: FunctionBuilder,
    body: &'p Body,
    storage: Vec<Storage>,
    loops: HashMap<LoopId, LoopTarget>,
    result: Ty,
    /// The address that the caller wants a large result at.
    result_at: Option<Var>,
    /// Constants with addresses that have been written at the start of the function.
    written: HashSet<(usize, Ty)>,
}

/// Lowers a checked program.
///
/// # Errors
/// The message of the builder, if the lowering misuses it: a mistake of the lowering, not of the program.
pub(crate) fn lower(program: &Program, file_name: &str) -> Result<ir::Module, String> {
    let module = ir::Module { source_name: Some(file_name.to_owned()), ..ir::Module::new() };
    let mut shared = Shared {
        program,
        module,
        data: HashMap::new(),
        pointer_data: HashMap::new(),
        tables: 0,
        helpers: Vec::new(),
    };
    // Functions of the host have no body, and neither have generic ones, only their instances.
    let wanted = program.fns.iter().filter(|info| !info.is_helper && info.body.is_some());
    for info in wanted {
        shared.function(info)?;
    }
    // Helpers may need others.
    while let Some(id) = shared.helpers.pop() {
        let info = &program.fns[id.0 as usize];
        if !shared.module.functions.contains_key(&info.name) {
            shared.function(info)?;
        }
    }
    Ok(shared.module)
}

impl<'p> Shared<'p> {
    fn function(&mut self, info: &'p FnInfo) -> Result<(), String> {
        let Some(body) = &info.body else { unreachable!("`{}` has no body", info.name) };
        let mut lower = Lower {
            types: &self.program.types,
            b: FunctionBuilder::new(&info.name),
            body,
            storage: vec![Storage::Nowhere; body.locals.len()],
            loops: HashMap::new(),
            result: info.result,
            result_at: None,
            written: HashSet::new(),
            shared: self,
        };
        lower.function();
        let function = lower.b.finish().map_err(|error| error.to_string())?;
        self.module.add_function(function).map_err(|error| error.to_string())?;
        Ok(())
    }
}

impl<'m, 'p> Lower<'m, 'p> {
    fn function(&mut self) {
        let results = self.leaves(self.result);
        let result_at = match results {
            Some(leaves) => {
                let results: Vec<AbiParam> = leaves.into_iter().map(AbiParam::from).collect();
                self.b.returns(&results);
                None
            }
            // All parameters first: the builder wants them before anything else.
            None => Some(self.b.param(Type::I64)),
        };
        let mut params = Vec::new();
        for &id in &self.body.params {
            let local = &self.body.locals[id.0 as usize];
            let values: Vec<Value> = match self.leaves(local.ty) {
                Some(leaves) => leaves.into_iter().map(|ty| self.b.param(ty)).collect(),
                None => vec![self.b.param(Type::I64)],
            };
            if let [value] = values[..]
                && !local.name.is_empty()
            {
                self.b.name(value, &local.name);
            }
            params.push((id, values));
        }
        if let Some(value) = result_at {
            let var = self.b.var("result", Type::I64);
            self.b.set(var, value);
            self.result_at = Some(var);
        }
        for (id, values) in params {
            let ty = self.body.locals[id.0 as usize].ty;
            if self.leaves(ty).is_some() {
                self.bind_local(id, &values);
            } else {
                // The caller made a copy for us, so it may be used in place.
                let var = self.b.var(&self.body.locals[id.0 as usize].name, Type::I64);
                self.b.set(var, values[0]);
                self.storage[id.0 as usize] = Storage::Vars(vec![var]);
            }
        }
        let body = self.body;
        self.write_tables(&body.value, false);
        // A failure only says that the end is not reached.
        let _ = self.return_value(Some(&body.value));
    }

    /// `return value`.
    fn return_value(&mut self, value: Option<&'p crate::tree::Expr>) -> Flow<()> {
        match (self.result_at, value) {
            (Some(var), Some(value)) => {
                // The result may be computed from what the caller still sees there, so it is made elsewhere first.
                let (size, _) = layout(self.types, value.ty);
                let source = match value.kind {
                    ExprKind::Local(_) => self.address(value)?,
                    _ => {
                        let temp = self.temp(value.ty);
                        self.generate(value, Some(temp))?;
                        temp
                    }
                };
                let target = Addr { base: self.b.get(var), offset: 0 };
                self.copy(target, source, size);
                self.b.ret(());
            }
            (_, Some(value)) => {
                let values = self.generate(value, None)?;
                self.b.ret(&values[..]);
            }
            (_, None) => self.b.ret(()),
        }
        Err(Unreachable)
    }

    fn at(&self, place: crate::diag::Place) {
        self.b.at(place.to_ir());
    }

    // ---- Types ----

    /// The scalars that a type is taken apart into, or `None` if it stays in memory.
    fn leaves(&self, ty: Ty) -> Option<Vec<Type>> {
        let mut leaves = Vec::new();
        let mut offsets = Vec::new();
        (self.add_leaves(ty, 0, &mut leaves, &mut offsets) && leaves.len() <= MAX_LEAVES)
            .then_some(leaves)
    }

    /// The same with the offset of each in memory.
    fn leaf_offsets(&self, ty: Ty) -> Vec<(Type, u64)> {
        let mut leaves = Vec::new();
        let mut offsets = Vec::new();
        self.add_leaves(ty, 0, &mut leaves, &mut offsets);
        leaves.into_iter().zip(offsets).collect()
    }

    fn add_leaves(&self, ty: Ty, at: u64, leaves: &mut Vec<Type>, offsets: &mut Vec<u64>) -> bool {
        let mut push = |leaf, offset| {
            leaves.push(leaf);
            offsets.push(offset);
            true
        };
        match self.types.kind(ty) {
            TyKind::Int(int) => push(int.to_ir(), at),
            TyKind::Float(float) => push(float.to_ir(), at),
            TyKind::Bool | TyKind::Enum(_) => push(Type::I8, at),
            TyKind::Fn(..) => push(Type::I64, at),
            TyKind::Char => push(Type::I32, at),
            TyKind::Ref { to, .. } => {
                push(Type::I64, at);
                !matches!(self.types.kind(*to), TyKind::Slice(_) | TyKind::Str)
                    || push(Type::I64, at + 8)
            }
            TyKind::Tuple(_) | TyKind::Struct(_) => {
                let items = self.parts(ty);
                let (field_offsets, _, _) = crate::value::fields(self.types, &items);
                items
                    .iter()
                    .zip(field_offsets)
                    .all(|(&item, offset)| self.add_leaves(item, at + offset, leaves, offsets))
            }
            TyKind::Array(..) => false,
            // Without a size, or without a value.
            TyKind::Slice(_) | TyKind::Str | TyKind::FnItem(..) | TyKind::Never => true,
            kind @ (TyKind::Len(_) | TyKind::Param(_) | TyKind::Infer(_) | TyKind::Error) => {
                unreachable!("the types of a checked program are known, and {kind:?} is not")
            }
        }
    }

    /// The scalars of a type that is taken apart.
    fn scalars(&self, ty: Ty) -> Vec<Type> {
        self.leaves(ty).unwrap_or_else(|| unreachable!("what stays in memory has a destination"))
    }

    /// The types of the fields of a tuple or struct; a function item is as empty as `()`.
    fn parts(&self, ty: Ty) -> Vec<Ty> {
        match self.types.kind(ty) {
            TyKind::Tuple(items) => items.clone(),
            TyKind::Struct(id) => self.types.field_types(*id),
            TyKind::FnItem(..) => Vec::new(),
            kind => unreachable!("{kind:?} has no fields"),
        }
    }

    /// The type of the elements of an array or slice.
    fn item_of(&self, ty: Ty) -> Ty {
        match self.types.kind(ty) {
            TyKind::Array(item, _) | TyKind::Slice(item) => *item,
            kind => unreachable!("{kind:?} has no elements"),
        }
    }

    /// The number of elements of an array.
    fn len_of(&self, ty: Ty) -> u64 {
        let len = self.types.array_len(ty);
        len.unwrap_or_else(|| unreachable!("{:?} is no array", self.types.kind(ty)))
    }

    /// The integer type that values of a scalar type are computed as.
    fn int_of(&self, ty: Ty) -> IntTy {
        match self.types.kind(ty) {
            TyKind::Int(int) => *int,
            TyKind::Char => IntTy::U32,
            TyKind::Bool | TyKind::Enum(_) => IntTy::U8,
            kind => unreachable!("{kind:?} is no integer"),
        }
    }

    /// The range that one part has among the scalars of all these parts.
    fn leaf_range(&self, parts: &[Ty], index: usize) -> std::ops::Range<usize> {
        let count = |ty: &Ty| self.leaf_offsets(*ty).len();
        let start = parts[..index].iter().map(count).sum();
        start..start + count(&parts[index])
    }

    fn size(&self, ty: Ty) -> u64 {
        layout(self.types, ty).0
    }

    // ---- Locals ----

    /// Decides where a local lives, if that has not been done.
    fn declare(&mut self, id: LocalId) {
        if !matches!(self.storage[id.0 as usize], Storage::Nowhere) {
            return;
        }
        let local = &self.body.locals[id.0 as usize];
        self.storage[id.0 as usize] = match self.leaves(local.ty) {
            Some(leaves) if !local.addressed => {
                Storage::Vars(leaves.into_iter().map(|ty| self.b.var(&local.name, ty)).collect())
            }
            _ => Storage::Slot(self.slot(local.ty)),
        };
    }

    fn slot(&mut self, ty: Ty) -> StackSlot {
        let (size, align) = layout(self.types, ty);
        // Eight, so that copies go word by word.
        self.b.slot(size.max(1), align.max(8))
    }

    /// A piece of frame for a value that has no name.
    fn temp(&mut self, ty: Ty) -> Addr {
        let slot = self.slot(ty);
        Addr { base: self.b.stack_addr(slot, 0), offset: 0 }
    }

    /// Writes a new value of a local that is made of scalars.
    fn bind_local(&mut self, id: LocalId, values: &[Value]) {
        self.declare(id);
        match self.storage[id.0 as usize].clone() {
            Storage::Vars(vars) => {
                vars.iter().zip(values).for_each(|(&var, &value)| self.b.set(var, value))
            }
            Storage::Slot(slot) => {
                let addr = Addr { base: self.b.stack_addr(slot, 0), offset: 0 };
                self.store_leaves(self.body.locals[id.0 as usize].ty, values, addr);
            }
            Storage::Nowhere => unreachable!("a declared variable lives somewhere"),
        }
    }

    // ---- Functions and data ----

    /// The signature of a function with these parameters and this result.
    fn signature(&self, params: &[Ty], result: Ty) -> Signature {
        let mut signature = Signature::default();
        match self.leaves(result) {
            Some(leaves) => signature.results.extend(leaves.into_iter().map(AbiParam::from)),
            None => signature.params.push(Type::I64.into()),
        }
        for &param in params {
            match self.leaves(param) {
                Some(leaves) => signature.params.extend(leaves.into_iter().map(AbiParam::from)),
                None => signature.params.push(Type::I64.into()),
            }
        }
        signature
    }

    fn fn_signature(&self, id: FnId) -> Signature {
        let info = &self.shared.program.fns[id.0 as usize];
        let mut signature = self.signature(&info.params, info.result);
        if info.host {
            // C wants narrow integers extended by their sign.
            let extend = |types: &Types, ty: Ty| match types.kind(ty) {
                TyKind::Int(int) if int.bits() < 64 => {
                    Some(if int.signed() { Extend::Sign } else { Extend::Zero })
                }
                TyKind::Bool | TyKind::Char => Some(Extend::Zero),
                _ => None,
            };
            for (param, &ty) in signature.params.iter_mut().zip(&info.params) {
                param.extend = extend(self.types, ty);
            }
            for result in &mut signature.results {
                result.extend = extend(self.types, info.result);
            }
        }
        signature
    }

    fn import(&mut self, id: FnId) -> FuncRef {
        let signature = self.fn_signature(id);
        let info = &self.shared.program.fns[id.0 as usize];
        if info.is_helper {
            self.shared.helpers.push(id);
        }
        if info.host {
            self.shared.module.externs.insert(info.name.clone(), signature.clone());
        }
        self.b.import(&info.name, signature)
    }

    fn host(&mut self, function: HostFunction) -> FuncRef {
        let signature = function.signature();
        self.shared
            .module
            .externs
            .entry(function.name().to_owned())
            .or_insert_with(|| signature.clone());
        self.b.import(function.name(), signature)
    }
}
