//! The rule for modules that nobody vouches for: every address that such a module uses leads to memory of its own.

use super::{VerifyError, VerifyRule};
use crate::entity::{Inst, Value};
use crate::func::{Function, ValueDef};
use crate::inst::{InstData, ValueList};
use crate::module::Module;
use crate::opcode::{Effect, Opcode};
use crate::types::{Signature, SliceParam, Type};

/// Checks that a module that [`verify_module`](super::verify_module) accepts is *confined*: every access takes its address
/// directly from a `stack_addr` or `data_addr`, or from a `slice_addr` of a parameter that is a slice; it lies inside of the
/// slot, data object or element and does not write what is read only; every function that is called by its address is named by
/// a `func_addr`; and every slice that it passes on is a parameter of the same kind. Such a module touches no memory but its own and
/// what its slices lend, whatever its other arguments are. Accesses that cannot be reached count too.
///
/// # Errors
/// The first access or call that is not so, as [`VerifyRule::Confined`].
pub fn verify_confined(module: &Module) -> Result<(), VerifyError> {
    for func in module.functions.values() {
        for &block in func.layout() {
            for &inst in func.block_insts(block) {
                if let Some(message) = (Use { module, func, inst }).escapes() {
                    return Err(VerifyError {
                        rule: VerifyRule::Confined,
                        function: func.name.clone(),
                        block: Some(block),
                        inst: Some(inst),
                        message,
                    });
                }
            }
        }
    }
    Ok(())
}

/// An instruction that may use an address.
struct Use<'a> {
    module: &'a Module,
    func: &'a Function,
    inst: Inst,
}

impl Use<'_> {
    /// What lets it leave the module's own memory or code.
    fn escapes(&self) -> Option<String> {
        let func = self.func;
        let result = || func.result(self.inst).map_or(Type::I128, |value| func.value_type(value));
        let data = func.inst(self.inst);
        match *data {
            InstData::Load { kind, addr, offset, .. } => {
                self.access(addr, offset, kind.memory_type(result()), false)
            }
            InstData::Store { kind, value, addr, offset, .. } => {
                self.access(addr, offset, kind.memory_type(func.value_type(value)), true)
            }
            InstData::AtomicLoad { addr, .. } => self.access(addr, 0, result(), false),
            InstData::AtomicStore { value, addr, .. } | InstData::AtomicRmw { value, addr, .. } => {
                self.access(addr, 0, func.value_type(value), true)
            }
            InstData::AtomicCas { new, addr, .. } => {
                self.access(addr, 0, func.value_type(new), true)
            }
            InstData::Call { callee, args } | InstData::TailCall { callee, args } => {
                self.passes(&func.callees[callee].signature, args)
            }
            InstData::CallIndirect { callee, signature, args }
            | InstData::TailCallIndirect { callee, signature, args } => {
                match func.def_inst(callee).map(|(_, data)| data) {
                    Some(&InstData::FuncAddr { callee: named }) => {
                        let (named, used_as) = (&func.callees[named], &func.signatures[signature]);
                        if named.signature == *used_as {
                            return self.passes(used_as, args);
                        }
                        let (name, signature) = (&named.name, &named.signature);
                        Some(format!("@{name} is {signature}, but is called as {used_as}"))
                    }
                    _ => Some(format!(
                        "nothing says which function {callee} is; take it directly from a func_addr"
                    )),
                }
            }
            _ => {
                let op = data.opcode();
                let memory =
                    matches!(op.info().effect, Effect::Reads | Effect::Writes | Effect::Atomic);
                (memory && op != Opcode::Fence).then(|| format!("nothing confines a {op}"))
            }
        }
    }

    /// What is lent by a value, which must be a parameter of the function.
    fn slice(&self, value: Value) -> Option<SliceParam> {
        match self.func.value_def(value) {
            ValueDef::Param(block, index) if self.func.entry() == Some(block) => {
                self.func.signature.params[index as usize].slice
            }
            _ => None,
        }
    }

    /// What is wrong with the slices among the arguments of a call.
    fn passes(&self, signature: &Signature, args: ValueList) -> Option<String> {
        let args = signature.params.iter().zip(self.func.list(args));
        let mut slices = args.filter(|(param, _)| param.slice.is_some());
        let (param, value) = slices.find(|&(param, &value)| self.slice(value) != param.slice)?;
        Some(format!("{value} is passed as `{param}`, but no parameter that is such a slice"))
    }

    /// What is wrong with an access to as many bytes as `ty` has at `addr + offset`.
    fn access(&self, addr: Value, offset: i32, ty: Type, writes: bool) -> Option<String> {
        let func = self.func;
        let (memory, start, size) = match func.def_inst(addr).map(|(_, data)| data) {
            Some(&InstData::StackAddr { slot, offset }) => {
                (slot.to_string(), offset, func.slots[slot].size)
            }
            Some(&InstData::DataAddr { data, offset }) => {
                let name = &func.data[data];
                let object = self.module.data.get(name)?;
                if writes && !object.mutable {
                    return Some(format!("@{name} is read only; declare it as mutable"));
                }
                (format!("@{name}"), offset, object.bytes.len() as u64)
            }
            Some(&InstData::SliceAddr { slice, size, .. }) => {
                let Some(lent) = self.slice(slice) else {
                    return Some(format!(
                        "nothing says what {slice} lends; take it directly from the parameters, as a slice"
                    ));
                };
                if lent.size != size {
                    let wanted = lent.size;
                    return Some(format!("elements of {slice} have {wanted} bytes, not {size}"));
                }
                if writes && !lent.mutable {
                    return Some(format!("{slice} is lent for reading; make it a `slice mut`"));
                }
                (format!("an element of {slice}"), 0, size.get().into())
            }
            _ => {
                return Some(format!(
                    "nothing says where {addr} leads; take the address directly from a stack_addr, data_addr or slice_addr"
                ));
            }
        };
        let start = i64::from(start) + i64::from(offset);
        let end = start + i64::from(ty.bytes());
        let is_inside = start >= 0 && u64::try_from(end).is_ok_and(|end| end <= size);
        (!is_inside).then(|| {
            format!("bytes {start} to {end} are not inside of {memory}, which has {size} bytes")
        })
    }
}
