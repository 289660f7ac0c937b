//! The rules for a module: names resolve, and both sides of a call mean the same.

use super::{MAX_DATA_ALIGN, VerifyError, VerifyRule, verify_function};
use crate::func::Function;
use crate::inst::InstData;
use crate::module::{DataAddress, DataObject, Module};
use crate::types::Type;

/// Checks every function of a module, and that what they name is there.
///
/// # Errors
/// The first rule that is broken. An error about a data object or a name names it in the place of the function.
pub fn verify_module(module: &Module) -> Result<(), VerifyError> {
    module_errors(module).next().map_or(Ok(()), Err)
}

/// The first error of each data object, import and function of a module, in their order.
pub fn module_errors(module: &Module) -> impl Iterator<Item = VerifyError> {
    let data = module.data.iter().filter_map(|(name, data)| data_error(module, name, data));
    let externs = module.externs.iter().filter_map(|(name, signature)| {
        let mut types = signature.param_types().chain(signature.result_types());
        let message =
            "the host is to give it, but its signature has i128; pass two i64, the low one first";
        types
            .any(|ty| ty == Type::I128)
            .then(|| about(VerifyRule::HostTypes, name, message.to_owned()))
    });
    let functions = module
        .functions
        .iter()
        .filter_map(|(name, function)| check_function(module, name, function).err());
    data.chain(externs).chain(functions)
}

/// An error about a name.
fn about(rule: VerifyRule, name: &str, message: String) -> VerifyError {
    VerifyError { rule, function: name.to_owned(), block: None, inst: None, message }
}

fn data_error(module: &Module, name: &str, data: &DataObject) -> Option<VerifyError> {
    if !data.align.is_power_of_two() || data.align > MAX_DATA_ALIGN {
        let message = format!(
            "the data object has alignment {}; it must be a power of two up to {MAX_DATA_ALIGN}",
            data.align
        );
        return Some(about(VerifyRule::DataAlign, name, message));
    }
    let mut end = 0;
    for address in &data.addresses {
        if let Some(message) = address_error(module, data, address, end) {
            return Some(about(VerifyRule::Addresses, name, message));
        }
        end = address.place + DataAddress::BYTES;
    }
    let function = module.functions.contains_key(name) || module.externs.contains_key(name);
    function.then(|| {
        let message = "the name is both data and a function; rename one of them".to_owned();
        about(VerifyRule::UniqueNames, name, message)
    })
}

/// What is wrong with an address in a data object, where the one before it ends at `end`.
fn address_error(
    module: &Module,
    data: &DataObject,
    address: &DataAddress,
    end: usize,
) -> Option<String> {
    let DataAddress { place, ref name, offset } = *address;
    let is_inside =
        place.checked_add(DataAddress::BYTES).is_some_and(|end| end <= data.bytes.len());
    if place < end || !is_inside {
        let size = data.bytes.len();
        return Some(format!(
            "the address of @{name} at byte {place} does not lie behind byte {end} and inside of {size} bytes"
        ));
    }
    if module.data.contains_key(name) {
        return None;
    }
    match module.signature(name) {
        None => Some(format!("there is no @{name} whose address could be taken; add it")),
        Some(_) if offset != 0 => {
            Some(format!("@{name} is a function, whose address has no offset; leave it out"))
        }
        Some(_) => None,
    }
}

fn check_function(module: &Module, name: &str, function: &Function) -> Result<(), VerifyError> {
    if *name != function.name {
        let message = format!("the module lists it as @{name}; the two names must be equal");
        return Err(about(VerifyRule::UniqueNames, &function.name, message));
    }
    if module.externs.contains_key(name) {
        let message = "the host is to give it, but it has a body too; drop one".to_owned();
        return Err(about(VerifyRule::UniqueNames, name, message));
    }
    verify_function(function)?;
    names(module, function)
}

/// Checks that what a function names is in the module. Callees that no instruction calls do not count.
fn names(module: &Module, function: &Function) -> Result<(), VerifyError> {
    for &block in function.layout() {
        for &inst in function.block_insts(block) {
            let data = function.inst(inst);
            let problem = match (data.names_function(), *data) {
                (Some(callee), _) => {
                    let callee = &function.callees[callee];
                    match module.signature(&callee.name) {
                        None => Some((
                            VerifyRule::Callees,
                            format!(
                                "there is no function @{}; add it to the module or declare it as extern",
                                callee.name
                            ),
                        )),
                        Some(known) if *known != callee.signature => Some((
                            VerifyRule::Callees,
                            format!(
                                "@{} is {known}, but this function takes it for {}",
                                callee.name, callee.signature
                            ),
                        )),
                        Some(_) => None,
                    }
                }
                (None, InstData::DataAddr { data, .. }) => {
                    let name = &function.data[data];
                    let missing = !module.data.contains_key(name);
                    missing.then(|| {
                        (
                            VerifyRule::Data,
                            format!("there is no data object @{name}; add it to the module"),
                        )
                    })
                }
                _ => None,
            };
            if let Some((rule, message)) = problem {
                let function = function.name.clone();
                return Err(VerifyError {
                    rule,
                    function,
                    block: Some(block),
                    inst: Some(inst),
                    message,
                });
            }
        }
    }
    Ok(())
}
