//! The interpreter: a pool of interpreters over one program.

use std::sync::{Arc, Mutex, PoisonError};

use interp::{Interpreter, Limits, LoadOptions, Program, Trap};
use ir::{Module, TrapKind};
use jitmem::DataMemory;

use crate::error::Error;
use crate::host::HostFunction;

/// Interpreters. A call takes an idle one, so that calls may nest and threads do not wait for each other.
#[derive(Debug)]
pub(crate) struct Interpreters {
    program: Program,
    hosts: Vec<HostFunction>,
    fuel: Option<u64>,
    idle: Mutex<Vec<Interpreter>>,
}

impl Interpreters {
    /// For calls of `module`, each with a budget of `fuel` instructions.
    pub(crate) fn new(
        module: &Module,
        load: &LoadOptions,
        data: Arc<DataMemory>,
        hosts: &[HostFunction],
        fuel: Option<u64>,
    ) -> Result<Self, Error> {
        let program = Program::load_with_data(module, load, data)?;
        Ok(Self { program, hosts: hosts.to_vec(), fuel, idle: Mutex::default() })
    }

    /// Calls a function with the bits of the arguments, which become those of the results.
    pub(crate) fn call(&self, name: &str, bits: &mut Vec<u64>) -> Result<Result<(), Trap>, Error> {
        let function = self.program.function(name);
        let function = function.ok_or(Error::Internal("a function was not loaded"))?;
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut interpreter = taken
            .unwrap_or_else(|| Interpreter::new(Limits { fuel: self.fuel, ..Limits::default() }));
        let mut host = |index: usize, args: &[u64], results: &mut [u64]| {
            let function = self.hosts.get(index).ok_or(TrapKind::Unreachable)?;
            results.fill((function.thunk)(args));
            Ok(())
        };
        let outcome = interpreter.call(&self.program, function, bits, &mut host);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(interpreter);
        Ok(outcome.map(|results| *bits = results))
    }
}
