//! [`LoadedModule`]: a program that is one module, with its names.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use ir::{FuncRef, Function, InstData, Module};
use jitmem::DataMemory;

use crate::error::LoadError;
use crate::program::{Bindings, FuncId, LoadOptions, Program, Target};

/// A [`Program`] that has the functions and data objects of a module.
#[derive(Debug)]
pub struct LoadedModule {
    program: Program,
    by_name: HashMap<String, FuncId>,
    data: Arc<DataMemory>,
}

impl Deref for LoadedModule {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl LoadedModule {
    /// The function of this name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<FuncId> {
        self.by_name.get(name).copied()
    }

    /// Its data objects.
    #[must_use]
    pub fn data(&self) -> &Arc<DataMemory> {
        &self.data
    }
}

impl Program {
    /// A program that is a module. Host functions have the places of the module's `externs`.
    ///
    /// # Errors
    /// The first thing that the module lacks or does wrong.
    pub fn load(module: &Module, options: &LoadOptions) -> Result<LoadedModule, LoadError> {
        let objects = module.data.values().map(|object| (&*object.bytes, object.align.into()));
        let data = DataMemory::new(objects).map_err(|_| LoadError::OutOfMemory)?;
        Self::load_with_data(module, options, Arc::new(data))
    }

    /// The same with data objects that are placed already, in the order of the module, so that several engines see one
    /// memory. What addresses they hold is up to who placed them, unless nobody else has them yet.
    ///
    /// # Errors
    /// The first thing that the module lacks or does wrong.
    pub fn load_with_data(
        module: &Module,
        options: &LoadOptions,
        mut data: Arc<DataMemory>,
    ) -> Result<LoadedModule, LoadError> {
        let program = Program::new(options);
        let declared = module.functions.values().map(|func| program.declare(&func.signature));
        let functions: Vec<FuncId> = declared.collect();
        let hosts: Vec<_> =
            module.externs.values().map(|signature| program.declare_host(signature)).collect();
        let named = |name: &str| match module.functions.get_index_of(name) {
            Some(index) => Some(Target::Function(functions[index])),
            None => module.externs.get_index_of(name).map(|index| Target::Host(hosts[index])),
        };
        if let Some(own) = Arc::get_mut(&mut data) {
            let start = |name: &str| match module.data.get_index_of(name) {
                Some(index) => own.address(index),
                None => Some(program.address_of(named(name)?)),
            };
            let links = module.data_links(start);
            let set =
                |(object, place, bytes): (usize, usize, [u8; 8])| own.set(object, place, &bytes);
            if !links.is_some_and(|links| links.into_iter().all(set)) {
                return Err(LoadError::UnknownAddress);
            }
        }
        let address = |name: &String| data.address(module.data.get_index_of(name)?);
        for (&id, func) in functions.iter().zip(module.functions.values()) {
            let callees = func.callees.iter().map(|(callee, used)| match named(&used.name) {
                Some(target) => Ok(target),
                // Passes leave names behind that nobody uses.
                None if !calls(func, callee) => {
                    Ok(Target::Function(program.declare(&used.signature)))
                }
                None => Err(LoadError::UnknownCallee {
                    function: func.name.clone(),
                    callee: used.name.clone(),
                }),
            });
            let callees = callees.collect::<Result<Vec<_>, _>>()?;
            let objects = func.data.values().map(|name| {
                address(name).ok_or_else(|| LoadError::UnknownData {
                    function: func.name.clone(),
                    data: name.clone(),
                })
            });
            let objects = objects.collect::<Result<Vec<_>, _>>()?;
            program.define(id, func, &Bindings { callees: &callees, data: &objects })?;
        }
        program.allow_data(Arc::clone(&data));
        let by_name = module.functions.keys().cloned().zip(functions).collect();
        Ok(LoadedModule { program, by_name, data })
    }
}

/// Returns `true` if a function calls another one or takes its address.
fn calls(func: &Function, wanted: FuncRef) -> bool {
    let insts = func.layout().iter().flat_map(|&block| func.block_insts(block));
    insts.into_iter().any(|&inst| match *func.inst(inst) {
        InstData::Call { callee, .. }
        | InstData::TailCall { callee, .. }
        | InstData::FuncAddr { callee } => callee == wanted,
        _ => false,
    })
}
