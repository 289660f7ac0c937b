//! The interpreter: a pool of interpreters over one program.

use std::sync::{Arc, Mutex, PoisonError};

use interp::{Interpreter, Limits, LoadOptions, LoadedModule, MemoryAccess, Program, Trap};
use ir::{Module, TrapKind};
use jitmem::DataMemory;

use crate::error::Error;
use crate::host::Bound;
use crate::options::Options;
use crate::pipeline::{self, Settings};

/// Interpreters. A call takes an idle one, so that calls may nest and threads do not wait for each other.
#[derive(Debug)]
pub(crate) struct Interpreters {
    program: LoadedModule,
    hosts: Vec<Arc<Bound>>,
    fuel: Option<u64>,
    idle: Mutex<Vec<Interpreter>>,
    source: Option<String>,
}

impl Interpreters {
    /// For calls of `module`, whose externs are `hosts`.
    pub(crate) fn of(
        module: &Module,
        hosts: &[Arc<Bound>],
        data: &Arc<DataMemory>,
        options: &Options,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let memory = if options.restricted { MemoryAccess::Restricted } else { MemoryAccess::Host };
        let load = LoadOptions { memory, counted: options.fuel.is_some() };
        let data = Arc::clone(data);
        let program = if options.optimize_for_interpreter {
            let optimized = pipeline::optimized(module.clone(), settings, &mut ())?;
            Program::load_with_data(&optimized, &load, data)?
        } else {
            Program::load_with_data(module, &load, data)?
        };
        let (hosts, source) = (hosts.to_vec(), module.source_name.clone());
        Ok(Self { program, hosts, fuel: options.fuel, idle: Mutex::default(), source })
    }

    /// The source file, if the module names one.
    pub(crate) fn source(&self) -> Option<String> {
        self.source.clone()
    }

    /// Calls a function with the bits of the arguments, which become those of the results.
    pub(crate) fn call(&self, name: &str, bits: &mut Vec<u64>) -> Result<Result<(), Trap>, Error> {
        let function = self.program.function(name);
        let function = function.ok_or(Error::Internal("a function was not loaded"))?;
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut interpreter = taken
            .unwrap_or_else(|| Interpreter::new(Limits { fuel: self.fuel, ..Limits::default() }));
        let mut host = |index: usize, args: &[u64], results: &mut [u64]| {
            let host = self.hosts.get(index).ok_or(TrapKind::Unreachable)?;
            if host.call(args, results, None) { Ok(()) } else { Err(TrapKind::Unreachable) }
        };
        let outcome = interpreter.call(&self.program, function, bits, &mut host);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(interpreter);
        Ok(outcome.map(|results| *bits = results))
    }
}
