//! A module that was added to an engine: what its names stand for, its functions until they are compiled, and what these keep
//! alive.

use std::sync::Arc;

use ir::{DataRef, Entity, FuncRef, Function, Module};
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
    ) -> Self {
        let source = module.source_name.as_deref().map(Box::from);
        let origin = Arc::new(Origin { source, data, _held: held, _keeps: keeps });
        let module = Arc::new(module);
        Self { module, is_optimized: false, functions, externs, origin }
    }

    /// Optimises it, if that has not been done.
    pub(crate) fn optimize(&mut self, settings: &Settings) -> Result<(), Error> {
        if !self.is_optimized {
            let Some(module) = Arc::get_mut(&mut self.module) else {
                unreachable!("a module is shared when it is optimised")
            };
            let module = pipeline::optimized(std::mem::take(module), settings, &mut ())?;
            self.module = Arc::new(module);
            self.is_optimized = true;
        }
        Ok(())
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
        self.origin.data.as_ref()?.address(self.module.data.get_index_of(name)?)
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
