//! The interpreter: a pool of interpreters over the functions of an engine.

use std::iter;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use interp::{Bindings, FuncId, Interpreter, Limits, LoadOptions, MemoryAccess, Program};
use ir::{Function, Signature, TrapKind, Type};

use crate::abi;
use crate::backtrace::{Calls, Frame};
use crate::error::{Error, Trap};
use crate::host::Bound;
use crate::options::Options;
use crate::pending;
use crate::table::{Body, Slot, Table, Target};
use crate::unit::{Origin, Unit};
use crate::value::{self, Lent, Words};

/// Interpreters. A call takes an idle one, so that calls may nest and threads do not wait for each other.
#[derive(Debug)]
pub(crate) struct Interpreters {
    program: Arc<Program>,
    /// In the order of the table's imports.
    hosts: RwLock<Vec<(interp::HostId, Arc<Bound>)>>,
    fuel: Option<u64>,
    is_optimized: bool,
    idle: Mutex<Vec<Interpreter>>,
}

/// What the functions of a module share while the interpreter has them.
#[derive(Debug)]
pub(crate) struct Loaded {
    program: Arc<Program>,
    origin: Arc<Origin>,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        self.origin.data.iter().for_each(|data| self.program.forget_data(data));
    }
}

impl Interpreters {
    /// No functions yet.
    pub(crate) fn new(options: &Options) -> Self {
        let memory = if options.restricted { MemoryAccess::Restricted } else { MemoryAccess::Host };
        let load = LoadOptions { memory, counted: options.fuel.is_some() };
        Self {
            program: Arc::new(Program::new(&load)),
            hosts: RwLock::default(),
            fuel: options.fuel,
            is_optimized: options.optimize_for_interpreter,
            idle: Mutex::default(),
        }
    }

    /// The functions.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// A new function without a body.
    pub(crate) fn declare(&self, signature: &Signature) -> FuncId {
        self.program.declare(&self.loaded(signature))
    }

    /// What becomes of a signature: optimising halves each `i128`.
    fn loaded(&self, signature: &Signature) -> Signature {
        if self.is_optimized { signature.halved() } else { signature.clone() }
    }

    /// Takes notice of a function of the host.
    pub(crate) fn add_host(&self, host: &Arc<Bound>) {
        let id = self.program.declare_host(&self.loaded(&host.function.signature));
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        hosts.push((id, Arc::clone(host)));
    }

    /// What the functions of a unit share, made before they are defined.
    pub(crate) fn load(&self, unit: &Unit) -> Arc<Loaded> {
        unit.origin.data.iter().for_each(|data| self.program.allow_data(Arc::clone(data)));
        let (program, origin) = (Arc::clone(&self.program), Arc::clone(&unit.origin));
        Arc::new(Loaded { program, origin })
    }

    /// The address of a function as a value.
    pub(crate) fn address_of(
        &self,
        target: Target,
        function: Option<FuncId>,
    ) -> Result<u64, Error> {
        let unknown = Error::Internal("the interpreter does not know a function");
        let target = match target {
            Target::Function(_) => interp::Target::Function(function.ok_or(unknown)?),
            Target::Host(index) => {
                let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
                interp::Target::Host(hosts.get(index).ok_or(unknown)?.0)
            }
        };
        Ok(self.program.address_of(target))
    }

    /// Gives a slot the body of a function of a unit.
    pub(crate) fn define(
        &self,
        slot: &Slot,
        func: &Function,
        unit: &Unit,
        table: &Table,
    ) -> Result<(), Error> {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        let target = |name: &str| match unit.target(name)? {
            Target::Function(id) => {
                let slot = table.slot(table.find(id)?);
                Some(interp::Target::Function(slot.interpreted?))
            }
            Target::Host(index) => Some(interp::Target::Host(hosts.get(index)?.0)),
        };
        let unknown = || Error::Internal("a function refers to nothing");
        let callees = func.callees.values().map(|callee| target(&callee.name));
        let callees = callees.collect::<Option<Vec<_>>>().ok_or_else(unknown)?;
        let data = func.data.values().map(|name| unit.object(name));
        let data = data.collect::<Option<Vec<_>>>().ok_or_else(unknown)?;
        let bindings = Bindings { callees: &callees, data: &data };
        Ok(self.program.define(slot.interpreted.ok_or_else(unknown)?, func, &bindings)?)
    }

    /// Calls a function, with as many words as it has parameters and results.
    pub(crate) fn call(
        &self,
        slot: &Slot,
        args: &[Words],
        results: &mut [Words],
        table: impl FnOnce(&dyn Fn(&Table) -> Error) -> Error,
    ) -> Result<(), Error> {
        let function = slot.interpreted.ok_or(Error::Internal("a function was not loaded"))?;
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut interpreter = taken
            .unwrap_or_else(|| Interpreter::new(Limits { fuel: self.fuel, ..Limits::default() }));
        let mut host = |index: usize, args: &[u64], results: &mut [u64]| {
            let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
            let host = hosts.get(index).map(|(_, host)| Arc::clone(host));
            drop(hosts);
            let host = host.ok_or(TrapKind::Unreachable)?;
            if host.call(args, results) { Ok(()) } else { Err(TrapKind::Unreachable) }
        };
        for Lent { range, mutable } in value::lent(&slot.signature, args) {
            match mutable {
                true => interpreter.allow(range),
                false => interpreter.allow_reading(range),
            }
        }
        let args = abi::flat(&slot.signature, args);
        let outcome = interpreter.call(&self.program, function, &args, &mut host);
        interpreter.forget();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(interpreter);
        let words = match outcome {
            Ok(words) => words,
            Err(trap) => return Err(table(&|table| error(&trap, slot, table))),
        };
        let mut words = words.into_iter();
        let mut next = || words.next().ok_or(Error::Internal("a call gave too few results"));
        for (ty, result) in slot.signature.result_types().zip(results) {
            *result = [next()?, if ty == Type::I128 { next()? } else { 0 }];
        }
        Ok(())
    }
}

/// As the caller of an engine sees a trap of a call of `slot`.
fn error(trap: &interp::Trap, slot: &Slot, table: &Table) -> Error {
    let known = |id: FuncId| table.interpreted(id);
    let frame = |place: &interp::Place| {
        let function = place.name.clone().unwrap_or_else(|| slot.name.to_string());
        let file = match known(place.function) {
            Some((_, Body::Interpreted(loaded))) => {
                loaded.origin.source.as_deref().map(str::to_owned)
            }
            _ => None,
        };
        Frame { function, file, span: place.span }
    };
    let calls = || {
        let frames = iter::once(&trap.place).chain(&trap.callers).map(frame).collect();
        Calls { frames, left_out: trap.left_out }
    };
    if let Some(missing) = trap.missing {
        let error = match known(missing) {
            Some((slot, _)) => Error::no_body(&slot.name).in_code(),
            None if Some(missing) == slot.interpreted => {
                Error::Removed { name: slot.name.to_string() }
            }
            None => Error::Removed { name: trap.place.name.clone().unwrap_or_default() }.in_code(),
        };
        return match error {
            // Unless Rust has called it.
            Error::Trap(of_call) if trap.place.name.is_some() => {
                Trap { callers: calls().into_backtrace(), ..of_call }.into()
            }
            error => error,
        };
    }
    if let Some(error) = pending::take(calls) {
        return error;
    }
    let (Frame { function, file, span }, callers) = calls().split();
    Trap { kind: trap.kind, function, file, span, detail: None, callers }.into()
}
