//! What an engine is inside, and how its functions change: added, replaced, removed. How they get code is in `compile`.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};

#[cfg(feature = "simulator")]
use codegen::Runtime;
use ir::{Module, Signature, VerifyError, VerifyRule};
use jitmem::trap::Left;
use jitmem::{DataMemory, epoch};

use crate::engine::Engine;
use crate::error::{Error, READING};
#[cfg(feature = "interpreter")]
use crate::interpreter::Interpreters;
use crate::machine;
use crate::native;
use crate::options::{EngineKind, Options};
use crate::owned::{Ended, EndedList, Life};
use crate::pending::{self, Pending};
use crate::pipeline::{self, Settings};
#[cfg(feature = "simulator")]
use crate::simulator::{SimLimits, Simulators};
use crate::space::{HeldByData, Space};
use crate::stub::{CompileCall, Stubs};
use crate::table::{Body, FuncId, Slot, SlotNumber, Table, Target};
use crate::unit::{LinkedData, Unit};
use crate::value::Words;

/// The shared part of an engine.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) settings: Settings,
    pub(crate) backend: Backend,
    /// Taken by what changes the functions, never by a call.
    pub(crate) state: Mutex<State>,
    /// What is to go when the functions change next.
    pub(crate) ended: EndedList,
    /// Not zero if the functions are to stop; none if they do not look at it.
    pub(crate) flag: Option<Arc<DataMemory>>,
}

/// The functions, and what compiles them.
pub(crate) struct State {
    pub(crate) table: Table,
    pub(crate) compiler: codegen::Compiler,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}

/// What runs the functions.
#[derive(Debug)]
pub(crate) enum Backend {
    #[cfg(feature = "interpreter")]
    Interpreter(Box<Interpreters>),
    Machine {
        space: Arc<Space>,
        /// None where it runs natively.
        #[cfg(feature = "simulator")]
        simulators: Option<Box<Simulators>>,
        /// Code holds its address.
        _context: Arc<Context>,
    },
}

/// How machine code finds its engine, to have a function compiled.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) engine: OnceLock<WeakEngine>,
}

/// An engine that does not live because of this.
#[derive(Clone, Debug, Default)]
pub(crate) struct WeakEngine(pub(crate) Weak<Inner>);

impl WeakEngine {
    /// The engine, whose code runs.
    pub(crate) fn upgrade(&self) -> Engine {
        match self.0.upgrade() {
            Some(inner) => Engine { inner },
            None => unreachable!("an engine lives while its code runs"),
        }
    }
}

impl Context {
    /// Where the function of the stub at this address is to be entered. If it cannot be compiled, the address is one that
    /// traps, with the error.
    pub(crate) fn compile(&self, stub: u64) -> u64 {
        let Some(engine) = self.engine.get() else {
            unreachable!("an engine knows itself before it has code")
        };
        let inner = engine.upgrade().inner;
        let caught = catch_unwind(AssertUnwindSafe(|| inner.entry_of_stub(stub)));
        let entry = caught.unwrap_or_else(|panic| Err(Error::panicked(&*panic)));
        entry.unwrap_or_else(|error| {
            pending::set(Pending::Error(error.in_code()));
            inner.lock().table.removed_address()
        })
    }
}

/// How deeply host functions may call engines that call host functions, on one thread.
pub(crate) const MAX_NESTING: usize = 64;

/// Names the function whose handle leads to no code.
#[cold]
fn removed(error: Error, slot: &Slot) -> Error {
    match error {
        Error::Removed { .. } => Error::Removed { name: slot.name.to_string() },
        error => error,
    }
}

/// What runs machine code of this kind, and the stubs that call back to it.
pub(crate) fn machine_of(
    kind: EngineKind,
    options: &Options,
    space: Arc<Space>,
    context: &Arc<Context>,
) -> Result<(Backend, Option<Stubs>), Error> {
    /// Stack that the compiler finds when code calls it.
    const COMPILER_STACK_PAGES: u16 = 128;
    let function = native::compile_entry();
    let call = match kind {
        EngineKind::Simulator if cfg!(feature = "simulator") => CompileCall::Simulated { function },
        EngineKind::Native if native::AVAILABLE => CompileCall::Native {
            function,
            context: native::address_of(context),
            stack_pages: COMPILER_STACK_PAGES,
        },
        _ => return Err(Error::NoEngine { kind }),
    };
    let stubs = Stubs::new(call, options.protection(), &space)?;
    let _ = options;
    #[cfg(feature = "simulator")]
    let simulators = (kind == EngineKind::Simulator).then(|| {
        let limits = SimLimits { fuel: options.fuel, restricted: options.restricted };
        Box::new(Simulators::new(limits, &space, context, stubs.runtime(Runtime::FreeRoom)))
    });
    let backend = Backend::Machine {
        space,
        #[cfg(feature = "simulator")]
        simulators,
        _context: Arc::clone(context),
    };
    Ok((backend, Some(stubs)))
}

/// A module whose names have been looked up, and the slots of its functions that exist.
struct Resolved {
    functions: Vec<Option<SlotNumber>>,
    externs: Vec<Target>,
    /// What has to live for these.
    keeps: Vec<Arc<Life>>,
}

impl Inner {
    fn flag_address(&self) -> Option<u64> {
        self.flag.as_ref()?.address(0)
    }

    /// A call that is not native.
    pub(crate) fn call(
        &self,
        slot: &Slot,
        args: &[Words],
        results: &mut [Words],
    ) -> Result<(), Error> {
        if epoch::depth() >= MAX_NESTING {
            return Err(Error::too_deep(&slot.name));
        }
        #[cfg(not(any(feature = "interpreter", feature = "simulator")))]
        let _ = (args, results);
        match &self.backend {
            #[cfg(feature = "simulator")]
            Backend::Machine { space, simulators: Some(simulators), .. } => {
                // From here on what the slot leads to stays.
                let _inside = epoch::enter();
                let outcome = simulators.call(slot, args, results, space);
                outcome.map_err(|error| removed(error, slot))
            }
            // A signature that no entry can be made for cannot be compiled either.
            Backend::Machine { .. } => {
                let mut state = self.lock();
                let found = state.table.find(slot.id);
                let number = found.ok_or_else(|| Error::Removed { name: slot.name.to_string() })?;
                self.compile(&mut state, number)?;
                Err(Error::Internal("a function has no native entry"))
            }
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(interpreters) => {
                interpreters.call(slot, args, results, |error| error(&self.lock().table))
            }
        }
    }

    #[cold]
    pub(crate) fn native_error(&self, left: Left, slot: &Slot) -> Error {
        match self.space() {
            Some(space) => removed(machine::native_error(left, slot, space), slot),
            None => Error::Internal("the interpreter has no native entries"),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.settle(&mut state);
        state
    }

    /// The same if nobody has it locked, this thread included.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, State>> {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        self.settle(&mut state);
        Some(state)
    }

    /// Takes notice of what has been freed, and of what nobody can reach any more.
    fn settle(&self, state: &mut State) {
        loop {
            if let Some(space) = self.space() {
                state.table.settle(space);
            }
            // What goes may have been the last to reach other modules.
            let ended = self.ended.take();
            if ended.is_empty() {
                return;
            }
            for ended in ended {
                let (Ended::Owner(functions) | Ended::Life(functions)) = &ended;
                for &id in &**functions {
                    let Some(slot) = state.table.find(id) else { continue };
                    state.table.withdraw(slot);
                    if matches!(ended, Ended::Life(_))
                        && let Err(error) = self.remove_slot(state, slot)
                    {
                        unreachable!("a function that is there can be removed: {error}");
                    }
                }
            }
        }
    }

    /// Its machine code; the interpreter has none.
    pub(crate) fn space(&self) -> Option<&Arc<Space>> {
        match &self.backend {
            Backend::Machine { space, .. } => Some(space),
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => None,
        }
    }

    /// Whoever looks at code from outside knows of what was published.
    pub(crate) fn flush_observers(&self) {
        if let Some(space) = self.space() {
            space.flush_observers();
        }
    }

    pub(crate) fn declare(
        &self,
        table: &mut Table,
        name: &str,
        signature: &Signature,
    ) -> Result<SlotNumber, Error> {
        let slot = table.declare(name, signature, self.space().map(|space| &**space))?;
        #[cfg(feature = "interpreter")]
        if let Backend::Interpreter(interpreters) = &self.backend {
            table.interpret(slot, interpreters.declare(signature));
        }
        Ok(slot)
    }

    /// Every rule of the IR, and that what it reaches is its own or somebody vouches for it.
    fn verify(&self, module: &Module) -> Result<(), Error> {
        if let Some(error) = pipeline::input_errors(module).into_iter().next() {
            return Err(Error::Verify { stage: READING, error });
        }
        if self.options.trusted || self.options.restricted {
            return Ok(());
        }
        ir::verify_confined(module).map_err(Error::NotConfined)
    }

    /// Adds a module; `owner` tells what its functions live as long as, if not for ever.
    pub(crate) fn add(
        &self,
        module: Module,
        owner: Option<&WeakEngine>,
    ) -> Result<(Vec<FuncId>, Option<Arc<Life>>), Error> {
        self.verify(&module)?;
        let data = data_of(&module)?;
        let mut state = self.lock();
        let table = &state.table;
        let mut resolved = self.resolve_externs(table, &module)?;
        for (name, func) in &module.functions {
            resolved.functions.push(match table.function(name) {
                None => None,
                Some(slot) if matches!(table.body(slot), Body::Declared) => {
                    same_signature(name, &table.slot(slot).signature, &func.signature)?;
                    Some(slot)
                }
                Some(_) => return Err(Error::NameTaken { name: name.clone() }),
            });
        }
        let mut new = Vec::new();
        let added = self.add_resolved(&mut state.table, module, resolved, data, &mut new);
        if added.is_err() {
            for slot in new {
                self.remove_slot(&mut state, slot)?;
            }
        }
        let functions = added?;
        let ids: Vec<FuncId> = functions.iter().map(|&slot| state.table.slot(slot).id).collect();
        let life = owner.map(|engine| Arc::new(Life::new(&ids, engine.clone())));
        if let Some(life) = &life {
            functions.iter().for_each(|&slot| state.table.give_life(slot, life));
        }
        Ok((ids, life))
    }

    /// Declares what is not declared, which it notes in `new`, and fills it all.
    fn add_resolved(
        &self,
        table: &mut Table,
        module: Module,
        resolved: Resolved,
        data: Option<DataMemory>,
        new: &mut Vec<SlotNumber>,
    ) -> Result<Vec<SlotNumber>, Error> {
        let mut functions = Vec::with_capacity(module.functions.len());
        for ((name, func), slot) in module.functions.iter().zip(resolved.functions) {
            functions.push(match slot {
                Some(slot) => slot,
                None => {
                    let slot = self.declare(table, name, &func.signature)?;
                    new.push(slot);
                    slot
                }
            });
        }
        let ids: Vec<FuncId> = functions.iter().map(|&slot| table.slot(slot).id).collect();
        let data = self.link_data(table, &module, &ids, &resolved.externs, data)?;
        let unit =
            Unit::new(module, ids, resolved.externs, data, resolved.keeps, self.flag_address());
        let bodies = self.bodies(unit, table)?;
        for (&slot, body) in functions.iter().zip(bodies) {
            self.fill(table, slot, body)?;
        }
        Ok(functions)
    }

    /// Puts the addresses of functions and data into the data objects of a module, and says which functions these hold.
    fn link_data(
        &self,
        table: &mut Table,
        module: &Module,
        functions: &[FuncId],
        externs: &[Target],
        data: Option<DataMemory>,
    ) -> Result<LinkedData, Error> {
        let Some(mut data) = data else { return Ok((None, None)) };
        let (mut slots, mut failed) = (Vec::new(), None);
        let mut function = |name: &str| {
            let own = module.functions.get_index_of(name).map(|n| Target::Function(functions[n]));
            let target = own.or_else(|| Some(externs[module.externs.get_index_of(name)?]))?;
            let address = self.address_of(table, target, &mut slots);
            address.map_err(|error| failed = Some(error)).ok()
        };
        let links = module.data_links(|name| match module.data.get_index_of(name) {
            Some(index) => data.address(index),
            None => function(name),
        });
        let nothing = Error::Internal("a data object refers to nothing");
        let links = links.ok_or_else(|| failed.unwrap_or(nothing))?;
        for (object, place, bytes) in links {
            if !data.set(object, place, &bytes) {
                return Err(Error::Internal("an address is not inside of its data object"));
            }
        }
        let held = self.space().filter(|_| !slots.is_empty()).map(|space| {
            slots.iter().for_each(|&slot| table.hold(slot));
            Box::new(HeldByData { space: Arc::clone(space), slots })
        });
        let data = Arc::new(data);
        table.name_data(module, &data);
        Ok((Some(data), held))
    }

    /// The address of a function as a value; of one of the engine's, its slot goes to `slots`.
    fn address_of(
        &self,
        table: &mut Table,
        target: Target,
        slots: &mut Vec<SlotNumber>,
    ) -> Result<u64, Error> {
        let slot = match target {
            Target::Function(id) => Some(table.find(id).ok_or(Error::UnknownId { id })?),
            Target::Host(_) => None,
        };
        match (&self.backend, target) {
            #[cfg(feature = "interpreter")]
            (Backend::Interpreter(interpreters), _) => {
                let interpreted = slot.map(|slot| table.slot(slot).interpreted);
                interpreters.address_of(target, interpreted.flatten())
            }
            (Backend::Machine { space, .. }, Target::Host(index)) => {
                self.veneer_of(&mut table.imports[index], space)
            }
            (Backend::Machine { .. }, Target::Function(_)) => {
                let slot = slot.ok_or(Error::Internal("a function has no slot"))?;
                slots.push(slot);
                Ok(table.stub_address(slot))
            }
        }
    }

    /// What goes into the slots of the functions of a unit: the interpreter has them at once, machine code waits.
    fn bodies(&self, mut unit: Unit, table: &Table) -> Result<Vec<Body>, Error> {
        #[cfg(feature = "interpreter")]
        if let Backend::Interpreter(interpreters) = &self.backend {
            if self.options.optimize_for_interpreter {
                unit.optimize(&self.settings)?;
            } else {
                unit.check_flag();
            }
            let loaded = interpreters.load(&unit);
            for (func, &id) in unit.module.functions.values().zip(&unit.functions) {
                let slot = table.find(id).ok_or(Error::UnknownId { id })?;
                interpreters.define(table.slot(slot), func, &unit, table)?;
            }
            let body = |_: &FuncId| Body::Interpreted(Arc::clone(&loaded));
            return Ok(unit.functions.iter().map(body).collect());
        }
        #[cfg(feature = "simulator")]
        if let Backend::Machine { simulators: Some(simulators), .. } = &self.backend {
            unit.origin.data.iter().for_each(|data| simulators.add_data(data));
        }
        let _ = (table, &mut unit);
        let count = u32::try_from(unit.functions.len());
        let count = count.map_err(|_| Error::Internal("more functions than numbers"))?;
        let unit = Arc::new(Mutex::new(unit));
        Ok((0..count).map(|index| Body::Waiting(Arc::clone(&unit), index)).collect())
    }

    fn resolve_externs(&self, table: &Table, module: &Module) -> Result<Resolved, Error> {
        let mut externs = Vec::with_capacity(module.externs.len());
        let mut keeps: Vec<Arc<Life>> = Vec::new();
        for (name, declared) in &module.externs {
            let named = table.named(name);
            let found = named.and_then(|target| Some((target, table.signature(target)?)));
            let (target, actual) = found.ok_or_else(|| Error::MissingHost {
                name: name.clone(),
                signature: declared.clone(),
                similar: ir::nearest(name, table.all_names()).map(str::to_owned),
            })?;
            match target {
                Target::Function(id) => {
                    same_signature(name, actual, declared)?;
                    let life = table.find(id).and_then(|slot| table.life(slot));
                    keeps.extend(life.ok_or(Error::UnknownId { id })?);
                }
                Target::Host(index) => {
                    let host = &table.imports[index].host;
                    if host.function.takes_addresses && !self.options.trusted {
                        return Err(Error::NotConfined(VerifyError {
                            rule: VerifyRule::Confined,
                            function: name.clone(),
                            block: None,
                            inst: None,
                            message: "the host reads memory at the address that it is given".into(),
                        }));
                    }
                    if !same_types(actual, declared) {
                        return Err(Error::HostSignature {
                            name: name.clone(),
                            declared: Box::new(declared.clone()),
                            actual: Box::new(actual.clone()),
                        });
                    }
                }
            }
            externs.push(target);
        }
        keeps.sort_unstable_by_key(|life| Arc::as_ptr(life).addr());
        keeps.dedup_by(|a, b| Arc::ptr_eq(a, b));
        let functions = Vec::with_capacity(module.functions.len());
        Ok(Resolved { functions, externs, keeps })
    }

    pub(crate) fn replace(&self, function: FuncId, module: Module) -> Result<(), Error> {
        if module.functions.len() != 1 {
            return Err(Error::NotOneFunction { count: module.functions.len() });
        }
        self.verify(&module)?;
        let data = data_of(&module)?;
        let mut state = self.lock();
        let slot = state.table.find(function).ok_or(Error::UnknownId { id: function })?;
        let mut resolved = self.resolve_externs(&state.table, &module)?;
        // A function does not keep its own module, or that would never go.
        let own = state.table.life(slot).flatten();
        resolved.keeps.retain(|life| !own.as_ref().is_some_and(|own| Arc::ptr_eq(own, life)));
        let name = &state.table.slot(slot).name;
        for func in module.functions.values() {
            same_signature(name, &state.table.slot(slot).signature, &func.signature)?;
        }
        let table = &mut state.table;
        let data = self.link_data(table, &module, &[function], &resolved.externs, data)?;
        let unit = Unit::new(
            module,
            vec![function],
            resolved.externs,
            data,
            resolved.keeps,
            self.flag_address(),
        );
        let Some(body) = self.bodies(unit, table)?.pop() else {
            return Err(Error::Internal("a unit has no function"));
        };
        // Who calls it all the time is not to wait for the compiler, nor to meet its errors.
        if let (Body::Compiled(_), Body::Waiting(unit, index)) = (state.table.body(slot), &body) {
            return self.compile_unit(&mut state, slot, unit, *index).map(|_| ());
        }
        let old = self.fill(&mut state.table, slot, body)?;
        self.retire(old);
        Ok(())
    }

    pub(crate) fn remove(&self, function: FuncId) -> Result<(), Error> {
        let mut state = self.lock();
        let slot = state.table.find(function).ok_or(Error::UnknownId { id: function })?;
        self.remove_slot(&mut state, slot)
    }

    fn remove_slot(&self, state: &mut State, slot: SlotNumber) -> Result<(), Error> {
        #[cfg(feature = "interpreter")]
        if let Backend::Interpreter(interpreters) = &self.backend
            && let Some(id) = state.table.slot(slot).interpreted
        {
            interpreters.program().remove(id);
        }
        let old = state.table.remove(slot, self.space())?;
        self.retire(old);
        Ok(())
    }

    /// What was in a slot goes when no thread is in it, and lets go then of what it kept.
    pub(crate) fn retire(&self, old: Body) {
        match (old, self.space()) {
            (Body::Compiled(code), Some(space)) => space.retire(&code),
            #[cfg(feature = "interpreter")]
            (Body::Interpreted(loaded), _) => epoch::retire(loaded),
            _ => {}
        }
    }

    fn fill(&self, table: &mut Table, slot: SlotNumber, body: Body) -> Result<Body, Error> {
        match self.space() {
            Some(space) => table.fill(slot, body, space),
            None => Ok(table.set_body(slot, body)),
        }
    }
}

fn data_of(module: &Module) -> Result<Option<DataMemory>, Error> {
    if module.data.is_empty() {
        return Ok(None);
    }
    let objects = module.data.values().map(|object| (&*object.bytes, object.align.into()));
    Ok(Some(DataMemory::new(objects)?))
}

fn same_types(a: &Signature, b: &Signature) -> bool {
    a.param_types().eq(b.param_types()) && a.result_types().eq(b.result_types())
}

fn same_signature(name: &str, actual: &Signature, used_as: &Signature) -> Result<(), Error> {
    if actual == used_as {
        return Ok(());
    }
    Err(Error::WrongSignature {
        name: name.to_owned(),
        actual: Box::new(actual.clone()),
        used_as: Box::new(used_as.clone()),
    })
}
