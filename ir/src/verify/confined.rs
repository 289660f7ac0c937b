//! The rule for modules that nobody vouches for: every address that such a module uses leads to memory of its own.

use super::{VerifyError, VerifyRule};
use crate::entity::{Inst, Value};
use crate::func::Function;
use crate::inst::InstData;
use crate::module::Module;
use crate::opcode::{Effect, Opcode};
use crate::types::Type;

/// Checks that a module that [`verify_module`](super::verify_module) accepts is *confined*: every access takes its address
/// directly from a `stack_addr` or `data_addr`, lies inside of the slot or data object and does not write what is read
/// only, and every function that is called by its address is named by a `func_addr`. Such a module touches no other memory,
/// whatever its arguments are. Accesses that cannot be reached count too.
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
            InstData::CallIndirect { callee, signature, .. }
            | InstData::TailCallIndirect { callee, signature, .. } => {
                match func.def_inst(callee).map(|(_, data)| data) {
                    Some(&InstData::FuncAddr { callee: named }) => {
                        let (named, used_as) = (&func.callees[named], &func.signatures[signature]);
                        (named.signature != *used_as).then(|| {
                            let (name, signature) = (&named.name, &named.signature);
                            format!("@{name} is {signature}, but is called as {used_as}")
                        })
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
            _ => {
                return Some(format!(
                    "nothing says where {addr} leads; take the address directly from a stack_addr or data_addr"
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
