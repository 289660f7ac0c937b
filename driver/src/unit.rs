//! A module that was added to an engine: what its names stand for, its functions until they are compiled, and what these keep
//! alive.

use std::sync::Arc;

use ir::{DataObject, DataRef, Entity, FuncRef, Function, Module};
use jitmem::DataMemory;

use crate::error::Error;
use crate::owned::Life;
use crate::pipeline::{self, Settings};
use crate::space::HeldByData;
use crate::table::{FuncId, Target};

/// Data objects, and the functions whose addresses are in them.
pub(crate) type LinkedData = (Option<Arc<DataMemory>>, Option<Box<HeldByData>>);

/// What the functions of a module share for as long as there is one of them, compiled or not.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The file that it was written in, if it names one.
    pub(crate) source: Option<Box<str>>,
    /// Code holds the addresses of these objects, if there are some.
    pub(crate) data: Option<Arc<DataMemory>>,
    /// The functions whose addresses are in them.
    _held: Option<Box<HeldByData>>,
    /// The modules whose functions it calls, of those that go when nobody can reach them.
    _keeps: Vec<Arc<Life>>,
}

/// A module of an engine. It is optimised as a whole, when the first of its functions is wanted.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Shared by the threads that compile its functions, once it is optimised.
    pub(crate) module: Arc<Module>,
    is_optimized: bool,
    /// The flag of the engine at which its functions look, if they do.
    flag: Option<u64>,
    /// In the order of the module. By their ids: until its functions are compiled, any of these may be removed.
    pub(crate) functions: Vec<FuncId>,
    pub(crate) externs: Vec<Target>,
    pub(crate) origin: Arc<Origin>,
}

impl Unit {
    /// A verified module, whose names have been looked up.
    pub(crate) fn new(
        module: Module,
        functions: Vec<FuncId>,
        externs: Vec<Target>,
        (data, held): LinkedData,
        keeps: Vec<Arc<Life>>,
        flag: Option<u64>,
    ) -> Self {
        let source = module.source_name.as_deref().map(Box::from);
        let origin = Arc::new(Origin { source, data, _held: held, _keeps: keeps });
        let module = Arc::new(module);
        Self { module, is_optimized: false, flag, functions, externs, origin }
    }

    /// Optimises it, if that has not been done, and makes it interruptible.
    pub(crate) fn optimize(&mut self, settings: &Settings) -> Result<(), Error> {
        if !self.is_optimized {
            let module = pipeline::optimized(self.take_module(), settings, &mut ())?;
            self.module = Arc::new(module);
            self.is_optimized = true;
            self.check_flag();
        }
        Ok(())
    }

    /// Lets the functions look at the flag, if they are to.
    pub(crate) fn check_flag(&mut self) {
        if self.flag.is_none() {
            return;
        }
        let mut module = self.take_module();
        let mut name = "interrupt".to_owned();
        while module.data.contains_key(&name) {
            name.push('_');
        }
        for func in module.functions.values_mut() {
            opt::add_interrupt_checks(func, &name);
        }
        // It comes after those that have memory of their own.
        let bytes = vec![0; opt::FLAG_BYTES as usize];
        let flag = DataObject { bytes, align: opt::FLAG_BYTES, ..DataObject::default() };
        module.data.insert(name, flag);
        self.module = Arc::new(module);
    }

    /// The module, as long as nobody else has it.
    fn take_module(&mut self) -> Module {
        match Arc::get_mut(&mut self.module) {
            Some(module) => std::mem::take(module),
            None => unreachable!("a module is shared when it is optimised"),
        }
    }

    /// What a name in one of its functions stands for.
    pub(crate) fn target(&self, name: &str) -> Option<Target> {
        let own =
            self.module.functions.get_index_of(name).map(|n| Target::Function(self.functions[n]));
        own.or_else(|| Some(self.externs[self.module.externs.get_index_of(name)?]))
    }

    /// What the tables of one of its functions stand for.
    pub(crate) fn referents(&self, func: &Function) -> Referents {
        Referents {
            callees: func.callees.values().map(|callee| self.target(&callee.name)).collect(),
            data: func.data.values().map(|name| self.object(name)).collect(),
        }
    }

    /// The address of a data object.
    pub(crate) fn object(&self, name: &str) -> Option<u64> {
        let index = self.module.data.get_index_of(name)?;
        let own = self.origin.data.as_ref().and_then(|data| data.address(index));
        own.or(self.flag)
    }
}

/// What the names in the tables of a function stand for, each looked up once.
#[derive(Debug)]
pub(crate) struct Referents {
    callees: Vec<Option<Target>>,
    data: Vec<Option<u64>>,
}

impl Referents {
    /// A callee.
    pub(crate) fn target(&self, callee: FuncRef) -> Option<Target> {
        self.callees.get(callee.index()).copied().flatten()
    }

    /// The address of a data object.
    pub(crate) fn object(&self, data: DataRef) -> Option<u64> {
        self.data.get(data.index()).copied().flatten()
    }
}
